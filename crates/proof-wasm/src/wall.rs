//! The wall between a browser's script and the desk: numbers and bytes, nothing else.
//!
//! A script writes into the input, calls, and reads the output. Exporting a name is
//! the only thing here that Rust calls unsafe; no pointer is followed on this side.
#![expect(unsafe_code, reason = "export_name: the names are only these, and only in this file")]

use crate::desk::Desk;
use crate::page::{self, Json, Place};
use crate::words::Word;
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm, Hasher, from_hex};
use proof::report::Language;
use proof::tsp::TimeStampReq;
use serde_json::json;
use std::cell::RefCell;

#[derive(Default)]
struct Wall {
    input: Vec<u8>,
    output: Vec<u8>,
    desk: Desk,
    hashers: Vec<Hasher>,
}

thread_local! {
    static WALL: RefCell<Wall> = RefCell::default();
}

fn with<T>(act: impl FnOnce(&mut Wall) -> T) -> T {
    WALL.with_borrow_mut(act)
}

fn language(code: u32) -> Language {
    if code == 0 { Language::Zh } else { Language::En }
}

fn algorithm(name: &str) -> Option<DigestAlgorithm> {
    DigestAlgorithm::ALL.into_iter().find(|a| a.name() == name)
}

impl Wall {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.input).unwrap_or_default()
    }

    fn say(&mut self, value: &serde_json::Value) {
        self.output = value.to_string().into_bytes();
    }
}

/// Room for `length` bytes of input; the address is good until the next call.
#[unsafe(export_name = "input")]
extern "C" fn input(length: usize) -> *mut u8 {
    with(|wall| {
        wall.input.resize(length, 0);
        wall.input.as_mut_ptr()
    })
}

/// Where the output is.
#[unsafe(export_name = "output")]
extern "C" fn output() -> *const u8 {
    with(|wall| wall.output.as_ptr())
}

/// How long the output is.
#[unsafe(export_name = "output_length")]
extern "C" fn output_length() -> usize {
    with(|wall| wall.output.len())
}

/// Clears the desk.
#[unsafe(export_name = "clear")]
extern "C" fn clear() {
    with(|wall| wall.desk = Desk::new());
}

/// Trusts the certificates in the input; gives how many.
#[unsafe(export_name = "anchor")]
extern "C" fn anchor() -> usize {
    with(|wall| wall.desk.trust(&wall.input))
}

/// Adds the revocation list or OCSP response in the input.
#[unsafe(export_name = "list")]
extern "C" fn list() {
    with(|wall| {
        let der = wall.input.clone();
        wall.desk.add_list(der);
    });
}

/// Offers an item: its name stands first in the input, then its bytes where `has_bytes`. 0 where the desk is full.
#[unsafe(export_name = "offer")]
extern "C" fn offer(name_length: usize, size: f64, has_bytes: u32) -> u32 {
    with(|wall| {
        let Some((name, bytes)) = wall.input.split_at_checked(name_length) else { return 0 };
        let name = String::from_utf8_lossy(name);
        let Some(kind) = wall.desk.offer(&name, size as u64, (has_bytes != 0).then_some(bytes)) else { return 0 };
        wall.output = kind.name().as_bytes().to_vec();
        1
    })
}

/// The certificates among the items, as JSON.
#[unsafe(export_name = "certificates")]
extern "C" fn certificates() {
    with(|wall| {
        let found: Vec<_> = wall.desk.offered().iter().map(|c| {
            json!({ "fingerprint": c.fingerprint, "subject": c.subject, "until": c.until.to_string(), "trusted": c.is_trusted })
        }).collect();
        wall.say(&json!(found));
    });
}

/// Trusts the certificate whose fingerprint is the input, or no longer.
#[unsafe(export_name = "trust")]
extern "C" fn trust(is_trusted: u32) {
    with(|wall| {
        let fingerprint = wall.text().to_owned();
        wall.desk.set_trusted(&fingerprint, is_trusted != 0);
    });
}

/// What must be hashed, as JSON.
#[unsafe(export_name = "plan")]
extern "C" fn plan() {
    with(|wall| {
        let jobs: Vec<_> = wall
            .desk
            .plan()
            .iter()
            .map(|job| {
                let names: Vec<&str> = job.algorithms.iter().map(|a| a.name()).collect();
                json!({ "item": job.item, "salt": job.salt.map(|s| proof::digest::hex(&s)), "algorithms": names })
            })
            .collect();
        wall.say(&json!(jobs));
    });
}

/// Takes the digests of an item out of the input, a line each: `SHA-256:HEX`, over its salt too where
/// `is_salted`. 0 where one cannot be read.
#[unsafe(export_name = "hashed")]
extern "C" fn hashed(item: usize, is_salted: u32) -> u32 {
    with(|wall| {
        let read = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Digest::new(algorithm(name)?, &from_hex(value)?)
        };
        let Some(digests) = wall.text().lines().map(read).collect::<Option<Vec<_>>>() else { return 0 };
        digests.into_iter().for_each(|digest| wall.desk.hashed(item, is_salted != 0, digest));
        1
    })
}

/// Notes that an item could not be read; the input says why.
#[unsafe(export_name = "unreadable")]
extern "C" fn unreadable(item: usize) {
    with(|wall| {
        let cause = wall.text().to_owned();
        wall.desk.unreadable(item, &cause);
    });
}

/// Checks everything as of `now_s`, seconds since 1970: JSON with the verdict, the page, and the data.
#[unsafe(export_name = "judge")]
extern "C" fn judge(now_s: f64, language_code: u32, is_offline: u32) -> u32 {
    with(|wall| {
        let Some(now) = Time::checked_from_unix(now_s as i64) else { return 0 };
        let language = language(language_code);
        let place = if is_offline == 0 { Place::Served } else { Place::Offline };
        let outcome = wall.desk.judge(now);
        let html = page::html(&outcome, language, place);
        let data = Json::new(&outcome, language);
        wall.say(&json!({ "verdict": outcome.verdict().name(), "html": html, "data": data }));
        1
    })
}

/// Every word that the page needs, as JSON.
#[unsafe(export_name = "words")]
extern "C" fn words(language_code: u32) {
    with(|wall| {
        let language = language(language_code);
        let all: serde_json::Map<_, _> =
            Word::ALL.iter().map(|w| (w.name().to_owned(), w.text(language).into())).collect();
        wall.say(&serde_json::Value::Object(all));
    });
}

/// Begins digests under the algorithms named in the input, a line each. 0 where one is not known.
#[unsafe(export_name = "hash_begin")]
extern "C" fn hash_begin() -> u32 {
    with(|wall| {
        let Some(algorithms) = wall.text().lines().map(algorithm).collect::<Option<Vec<_>>>() else { return 0 };
        wall.hashers = algorithms.into_iter().map(DigestAlgorithm::hasher).collect();
        1
    })
}

/// Adds the input.
#[unsafe(export_name = "hash_update")]
extern "C" fn hash_update() {
    // Pieces that stay in the fastest cache while each algorithm goes over them.
    const PIECE_BYTES: usize = 16 << 10;
    with(|wall| {
        for piece in wall.input.chunks(PIECE_BYTES) {
            wall.hashers.iter_mut().for_each(|hasher| hasher.update(piece));
        }
    });
}

/// Ends them: a line each, `SHA-256:HEX`.
#[unsafe(export_name = "hash_finish")]
extern "C" fn hash_finish() {
    with(|wall| {
        let lines: Vec<String> = std::mem::take(&mut wall.hashers)
            .into_iter()
            .map(|hasher| {
                let digest = hasher.finish();
                format!("{}:{digest}", digest.algorithm().name())
            })
            .collect();
        wall.output = lines.join("\n").into_bytes();
    });
}

/// A request for a timestamp over the SHA-256 that the input holds in hexadecimal. 0 where it does not.
#[unsafe(export_name = "request")]
extern "C" fn request() -> u32 {
    with(|wall| {
        let digest = from_hex(wall.text()).and_then(|bytes| Digest::new(DigestAlgorithm::Sha256, &bytes));
        let Some(digest) = digest else { return 0 };
        wall.output = TimeStampReq::encode(&digest, None, None, true);
        1
    })
}

/// What the response or token in the input was issued for: `SHA-256:HEX`. 0 where it holds no token.
#[unsafe(export_name = "imprint")]
extern "C" fn imprint() -> u32 {
    with(|wall| {
        let Some(digest) = proof::verify::imprint(&wall.input) else { return 0 };
        wall.output = format!("{}:{digest}", digest.algorithm().name()).into_bytes();
        1
    })
}

//! The wall between a browser's script and the desk: numbers and bytes, nothing else.
//!
//! A script writes into the input, calls, and reads the output. Exporting a name is
//! the only thing here that Rust calls unsafe; no pointer is followed on this side.
#![expect(unsafe_code, reason = "export_name: the names are only these, and only in this file")]

use crate::desk::Desk;
use crate::judge::Outcome;
use crate::page::{self, Json, Place};
use crate::words::Word;
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm, Hasher, from_hex};
use proof::report::Language;
use proof::tsp::TimeStampReq;
use proof::zip::{Decoder, ReadError, Source};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;

#[derive(Default)]
struct Wall {
    input: Vec<u8>,
    output: Vec<u8>,
    desk: Desk,
    hashers: Vec<Hasher>,
    /// What is hashed is a part of an archive: none where it turned out to be spoilt.
    decoder: Option<Option<Decoder>>,
    archive: Fetched,
    /// What was said last.
    outcome: Option<Outcome>,
}

/// As much of an archive as was fetched: pieces by their offsets.
#[derive(Default)]
struct Fetched {
    size: u64,
    pieces: BTreeMap<u64, Vec<u8>>,
}

impl Source for Fetched {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        if offset.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(ReadError::Failed("the archive ends too early".to_owned()));
        }
        let missing = ReadError::Missing { offset, length };
        let Some((at, piece)) = self.pieces.range(..=offset).next_back() else { return Err(missing) };
        let from = usize::try_from(offset - at).unwrap_or(usize::MAX);
        piece.get(from..).and_then(|rest| rest.get(..length)).map(<[u8]>::to_vec).ok_or(missing)
    }
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
    with(|wall| {
        wall.desk = Desk::new();
        wall.outcome = None;
    });
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

/// Begins to open the archive of `size` bytes that was offered.
#[unsafe(export_name = "archive_begin")]
extern "C" fn archive_begin(size: f64) {
    with(|wall| wall.archive = Fetched { size: size as u64, pieces: BTreeMap::new() });
}

/// Takes the bytes of the archive from `offset` on.
#[unsafe(export_name = "archive_piece")]
extern "C" fn archive_piece(offset: f64) {
    with(|wall| {
        let piece = wall.input.clone();
        wall.archive.pieces.insert(offset as u64, piece);
    });
}

/// Opens the archive or certificate that is this item, as JSON: the `parts` that were laid on the desk, or
/// which bytes are `missing`. A part that is `attached` needs no hashing.
#[unsafe(export_name = "archive_open")]
extern "C" fn archive_open(item: usize) {
    with(|wall| {
        let said = match wall.desk.open(item, &wall.archive) {
            Err(ReadError::Missing { offset, length }) => json!({ "missing": [offset, length] }),
            Err(ReadError::Failed(_)) => json!({ "parts": [] }),
            Ok(laid) => {
                let part = |one: crate::archive::Laid| match one.entry {
                    Some(entry) => json!({
                        "name": one.name, "kind": one.kind, "size": one.size, "offset": entry.offset,
                        "packed": entry.packed, "deflated": entry.is_deflated, "crc": entry.crc,
                    }),
                    None => json!({ "name": one.name, "kind": one.kind, "size": one.size, "attached": true }),
                };
                json!({ "parts": laid.into_iter().map(part).collect::<Vec<_>>() })
            }
        };
        if said.get("parts").is_some() {
            wall.archive = Fetched::default();
        }
        wall.say(&said);
    });
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
        wall.outcome = Some(outcome);
        1
    })
}

/// What a signed report about one subject of the last outcome is asked for with, as JSON; 0 where there
/// can be none.
#[unsafe(export_name = "docket")]
extern "C" fn docket(subject: usize) -> u32 {
    with(|wall| {
        let docket = wall
            .outcome
            .as_ref()
            .and_then(|outcome| wall.desk.docket(outcome.subjects.get(subject)?, outcome.subjects.len() == 1));
        let Some(docket) = docket else { return 0 };
        wall.say(&json!(docket));
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
        wall.decoder = None;
        1
    })
}

/// What follows is a part of an archive: as its directory says, deflated or not, of this size, with this CRC.
#[unsafe(export_name = "hash_part")]
extern "C" fn hash_part(is_deflated: u32, size: f64, crc: u32) {
    with(|wall| wall.decoder = Some(Some(Decoder::new(is_deflated != 0, size as u64, crc))));
}

/// Adds the input.
#[unsafe(export_name = "hash_update")]
extern "C" fn hash_update() {
    // Pieces that stay in the fastest cache while each algorithm goes over them.
    const PIECE_BYTES: usize = 16 << 10;
    with(|wall| {
        let Wall { input, hashers, decoder, .. } = wall;
        let mut hash = |bytes: &[u8]| {
            for piece in bytes.chunks(PIECE_BYTES) {
                hashers.iter_mut().for_each(|hasher| hasher.update(piece));
            }
        };
        match decoder {
            None => hash(input),
            Some(part) => {
                let is_spoilt = part.as_mut().is_some_and(|decoder| decoder.push(input, &mut hash).is_err());
                if is_spoilt {
                    *part = None;
                }
            }
        }
    });
}

/// Ends them: a line each, `SHA-256:HEX`. Nothing where what was hashed is a part that is spoilt.
#[unsafe(export_name = "hash_finish")]
extern "C" fn hash_finish() {
    with(|wall| {
        let decoder = wall.decoder.take();
        if decoder.is_some_and(|part| part.is_none_or(|decoder| decoder.finish().is_err())) {
            wall.output.clear();
            return;
        }
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

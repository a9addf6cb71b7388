//! Makes records of items, and believes nothing that comes back unchecked.
//!
//! A record counts once its list of files has our digests under our names, its root is that of the list,
//! and its token is over the record and valid under a pinned root. The key of a request is derived from
//! all that it says, so that whatever dies, asking again gives the same record.

use super::application::Application;
use super::item::Item;
use super::{Manner, Mode, deposit};
use crate::exit::{Exit, Failure};
use crate::node::refusal::Refusal;
use crate::node::{Node, wait};
use crate::show;
use crate::words::Words;
use base64ct::{Base64, Encoding as _};
use proof::crypto::RustCrypto;
use proof::digest::{Digest, DigestAlgorithm, hex};
use proof::record::{Content, Files, Opened, Openings, Part, Record};
use proof::report::{Report, Verdict};
use proof::verify::{self, Context};
use serde_json::Value;
use trust::clock::{Clock as _, SystemClock};

/// Records that one request makes; more take longer than a server answers.
const EACH_MAX: usize = 200;
/// Files of one record.
const FILES_MAX: usize = 10_000;
/// How often it is looked whether a record that waits was stamped meanwhile, and how far apart.
const LOOKS: u32 = 5;
const LOOK_S: u64 = 2;

/// A record that was made and checked.
pub struct Made {
    pub number: String,
    /// `kept`, `waiting` or `asked`.
    pub state: String,
    pub work: String,
    /// The places of its files among the items.
    pub items: Vec<usize>,
    /// Its files, by the names that they have in the receipt.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// What was found; none where it is not stamped yet.
    pub report: Option<Report>,
    /// What it cost, as the API says it; null where nothing costs anything.
    pub charge: Value,
}

/// Makes one record of all items, or one of each.
pub fn submit(
    node: &Node,
    application: &Application,
    manner: Manner,
    items: &[Item],
    words: &Words,
) -> Result<Vec<Made>, Refusal> {
    let Manner { mode, is_each, .. } = manner;
    if !is_each && items.len() > FILES_MAX {
        let values = [("count", &*items.len().to_string()), ("limit", &*FILES_MAX.to_string())];
        return Err(Failure::new(Exit::Usage, words.say("protect-many", &values)).into());
    }
    let at_once = if is_each { EACH_MAX } else { FILES_MAX };
    let (mut made, mut application) = (Vec::with_capacity(items.len()), application.clone());
    for (begin, items) in items.chunks(at_once).enumerate().map(|(number, items)| (number * at_once, items)) {
        let entries = request(node, &application, manner, items, words)?;
        let wanted = if is_each { items.len() } else { 1 };
        if entries.len() != wanted {
            return Err(odd(node, "records", words).into());
        }
        for (place, entry) in entries.iter().enumerate() {
            let places = if is_each { vec![begin + place] } else { (begin..begin + items.len()).collect() };
            let own = if is_each { &items[place..=place] } else { items };
            made.push(fetch(node, entry, (mode, places), own, words)?);
        }
        // What is left belongs to the same work.
        if let Some(first) = made.first().filter(|first: &&Made| !first.work.is_empty()) {
            application.work.clone_from(&first.work);
        }
    }
    Ok(made)
}

/// Asks for records; originals that are not there yet are sent in between.
fn request(
    node: &Node,
    application: &Application,
    Manner { mode, is_each, price }: Manner,
    items: &[Item],
    words: &Words,
) -> Result<Vec<Value>, Refusal> {
    let files: Vec<Value> = items.iter().map(Item::json).collect();
    let body = application.body(mode.name(), is_each, &files);
    let text = serde_json::to_vec(&body).unwrap_or_default();
    let idem = format!("cli-{}", DigestAlgorithm::Sha256.digest(&text));
    let ask = || node.client.post("/api/v1/works", &body, (&idem, price), words);
    let answer = match ask() {
        Err(refusal) if mode == Mode::Deposit && refusal.status == 422 && refusal.field == "files" => {
            deposit::send(&node.client, items, words)?;
            ask()?
        }
        other => other?,
    };
    if mode == Mode::Deposit {
        deposit::forget(&node.client, items);
    }
    match answer.get("records").and_then(Value::as_array) {
        Some(records) => Ok(records.clone()),
        None => Err(odd(node, "records", words).into()),
    }
}

/// An answer that is not what was asked for.
pub fn odd(node: &Node, what: &str, words: &Words) -> Failure {
    let values = [("server", &*node.client.base), ("what", what)];
    Failure::new(Exit::Answer, words.say("protect-odd", &values))
}

/// Reads a record back and checks all of it.
fn fetch(
    node: &Node,
    entry: &Value,
    (mode, places): (Mode, Vec<usize>),
    items: &[Item],
    words: &Words,
) -> Result<Made, Refusal> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let number = text(entry, "number");
    if number.parse::<proof::record::EvidenceNumber>().is_err() {
        return Err(odd(node, "number", words).into());
    }
    let path = format!("/api/v1/records/{number}");
    let mut told = node.client.get(&path, words)?;
    for _ in 0..LOOKS {
        if text(&told, "state") != "waiting" {
            break;
        }
        wait(LOOK_S);
        told = node.client.get(&path, words)?;
    }
    // Keys of a value stand in their order: these are the canonical bytes, or parsing refuses them.
    let bytes = |name: &str| serde_json::to_vec(&told[name]).unwrap_or_default();
    let (record, list, openings) = (bytes("record"), bytes("list"), bytes("openings"));
    check(&number, mode, items, (&record, &list, &openings)).map_err(|what| odd(node, what, words))?;
    let mut files = vec![("record.json", record.clone()), ("files.json", list), ("openings.json", openings)];
    let token = told["token"].as_str().and_then(|text| Base64::decode_vec(text).ok());
    let report = match &token {
        None => None,
        Some(token) => Some(judge(node, &number, &record, token, words)?),
    };
    files.extend(token.map(|token| ("record.tsr", token)));
    let (state, work, charge) = (text(&told, "state"), text(&told, "work"), entry["charge"].clone());
    Ok(Made { number, state, work, items: places, files, report, charge })
}

/// The token against the record, under the pinned roots.
fn judge(node: &Node, number: &str, record: &[u8], token: &[u8], words: &Words) -> Result<Report, Failure> {
    let now = SystemClock.now().map_err(|_| Failure::new(Exit::Instance, words.say("err-clock", &[])))?;
    let algorithm = verify::imprint_algorithm(token).unwrap_or(DigestAlgorithm::Sha256);
    let content: Vec<Digest> = vec![algorithm.digest(record)];
    let cx = Context { content: &content, anchors: &node.anchors, ..Context::new(&RustCrypto, now.time) };
    let report = verify::verify(token, &cx);
    match report.verdict {
        Verdict::Valid => Ok(report),
        Verdict::Unconfirmed if node.keep_unconfirmed => Ok(report),
        verdict => {
            let exit = if verdict == Verdict::Unconfirmed { Exit::Unconfirmed } else { Exit::Answer };
            let message = words.say("protect-token", &[("number", number)]);
            Err(Failure::new(exit, format!("{message}\n{}", show::faults(&report, words))))
        }
    }
}

/// Whether a record is of these items and no others; what is wrong with it.
fn check(
    number: &str,
    mode: Mode,
    items: &[Item],
    (record, list, openings): (&[u8], &[u8], &[u8]),
) -> Result<(), &'static str> {
    let record = Record::parse(record).map_err(|_| "record.json")?;
    let files = Files::parse(list).map_err(|_| "files.json")?;
    let openings = Openings::parse(openings).map_err(|_| "openings.json")?;
    if record.number.to_string() != number || record.files != files.head() || files.all().len() != items.len() {
        return Err("record.json");
    }
    for (file, item) in files.all().iter().zip(items) {
        let digest = match (file.content, mode) {
            (Content::Salted(commitment), Mode::Salted) => commitment.to_string(),
            (Content::Digests { sha256, sm3 }, Mode::Digest | Mode::Deposit) => {
                if sm3.is_some_and(|sm3| hex(&sm3) != item.sm3) {
                    return Err("files.json");
                }
                hex(&sha256)
            }
            _ => return Err("files.json"),
        };
        if digest != item.digest() || file.size != item.size {
            return Err("files.json");
        }
    }
    let mut named = vec![false; items.len()];
    for opened in openings.check(&record, &files) {
        match opened {
            Opened::Differs(_) => return Err("openings.json"),
            Opened::Text(Part::Name(place), name) => {
                let item = items.get(place).ok_or("openings.json")?;
                named[place] = item.name == name;
            }
            _ => {}
        }
    }
    if named.iter().all(|is_ours| *is_ours) { Ok(()) } else { Err("openings.json") }
}

//! `shiyin works`, `certificate` and `package`: what a node has, and taking it away.
//!
//! A download has its name only once it is whole and was judged by the same desk as `shiyin verify`. What was cut goes on
//! where it stopped, where the node can say that it is the same content still (RFC 9110 sections 13.1.5 and 14); a package
//! is written while it is sent, and begun anew.

use crate::exit::{Exit, Failure};
use crate::node::client::{Client, Sending, encoded, patiently};
use crate::node::refusal::Refusal;
use crate::node::{self, Node};
use crate::words::{Words, visible};
use crate::{input, tell, verify};
use clap::ArgMatches;
use proof::record::EvidenceNumber;
use proof::report::{Code, Report, Verdict};
use proof_wasm::judge::Outcome;
use proof_wasm::sentences::headline;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Pages of a list that are asked for, one after another.
const PAGES_MAX: usize = 1_000;

/// `shiyin works`
pub fn works(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let (node, json) = (node::open(matches, words)?, matches.get_flag("json"));
    match matches.subcommand() {
        Some(("show", m)) => show(&node, m, json || m.get_flag("json"), words),
        Some(("search", m)) => search(&node, m, json || m.get_flag("json"), words),
        Some((_, m)) => list(&node, json || m.get_flag("json"), words),
        None => list(&node, json, words),
    }
}

/// The list of works.
const WORKS: &str = "/api/v1/works";

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn list(node: &Node, json: bool, words: &Words) -> Result<Exit, Failure> {
    let mut path = String::from(WORKS);
    for page in 0..PAGES_MAX {
        let answer = node.client.get(&path, words)?;
        let works = answer["works"].as_array().cloned().unwrap_or_default();
        if works.is_empty() && page == 0 && !json {
            tell(&words.say("works-none", &[]));
        }
        for work in &works {
            match json {
                true => tell(&work.to_string()),
                false => {
                    let (id, changed) = (visible(text(work, "id")), visible(text(work, "changed")));
                    tell(&format!(
                        "{id}  {changed}  {:<12} {}",
                        visible(text(work, "type")),
                        visible(text(work, "title"))
                    ));
                }
            }
        }
        match answer["next"].as_str() {
            Some(next) => path = format!("{WORKS}?after={}", encoded(next)),
            None => break,
        }
    }
    Ok(Exit::Valid)
}

fn row(record: &Value) {
    let time = record["no_later_than"].as_str().unwrap_or_else(|| text(record, "state"));
    let about =
        [text(record, "about"), text(record, "type")].into_iter().find(|one| !one.is_empty()).unwrap_or_default();
    let line = format!("{}  {}  {}  {}", text(record, "number"), time, text(record, "title"), about);
    tell(&visible(line.trim_end()));
}

fn show(node: &Node, matches: &ArgMatches, json: bool, words: &Words) -> Result<Exit, Failure> {
    let id = matches.get_one::<String>("id").cloned().unwrap_or_default();
    // A record's number, or a work's id.
    let (path, is_record) = match id.parse::<EvidenceNumber>() {
        Ok(number) => (format!("/api/v1/records/{number}"), true),
        Err(_) => (format!("/api/v1/works/{}", encoded(&id)), false),
    };
    let found = node.client.get(&path, words)?;
    if json {
        tell(&found.to_string());
        return Ok(Exit::Valid);
    }
    if is_record {
        row(&found);
        tell(&format!("  SHA-256 {}", visible(text(&found, "sha256"))));
        tell(&format!("  {}", words.say("works-of", &[("work", text(&found, "work"))])));
        tell(&format!("  {}", words.say("works-files", &[("count", &found["files"].to_string())])));
        return Ok(Exit::Valid);
    }
    tell(&visible(&format!("{}  {}", text(&found, "title"), text(&found, "type"))));
    for record in found["records"].as_array().into_iter().flatten() {
        row(record);
    }
    Ok(Exit::Valid)
}

fn search(node: &Node, matches: &ArgMatches, json: bool, words: &Words) -> Result<Exit, Failure> {
    let asked: Vec<String> = matches.get_many::<String>("words").unwrap_or_default().cloned().collect();
    let first = format!("/api/v1/records?q={}", encoded(&asked.join(" ")));
    let (mut path, mut count) = (first.clone(), 0);
    for _ in 0..PAGES_MAX {
        let answer = node.client.get(&path, words)?;
        for record in answer["records"].as_array().into_iter().flatten() {
            count += 1;
            if json { tell(&record.to_string()) } else { row(record) }
        }
        match answer["next"].as_str() {
            Some(next) => path = format!("{first}&after={}", encoded(next)),
            None => break,
        }
    }
    if count == 0 && !json {
        tell(&words.say("works-nothing", &[]));
    }
    Ok(Exit::Valid)
}

/// `shiyin certificate NUMBER`
pub fn certificate(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let node = node::open(matches, words)?;
    let number = number(&matches.get_one::<String>("number").cloned().unwrap_or_default(), words)?;
    take(&node, matches, &number, ("certificate.pdf", "pdf"), words)
}

/// `shiyin package NUMBER…`
pub fn package(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let node = node::open(matches, words)?;
    let names = if matches.get_flag("no-names") { "package.zip?names=no" } else { "package.zip" };
    let asked: Vec<String> = matches.get_many::<String>("numbers").unwrap_or_default().cloned().collect();
    let numbers = asked.iter().map(|text| number(text, words)).collect::<Result<Vec<_>, _>>()?;
    let is_file = matches.get_one::<PathBuf>("out").is_some_and(|out| !out.is_dir());
    if numbers.len() > 1 && is_file {
        return Err(Failure::new(Exit::Usage, words.say("take-folder", &[])));
    }
    let mut worst = Exit::Valid;
    for number in &numbers {
        match take(&node, matches, number, (names, "zip"), words) {
            Ok(exit) => worst = worst.max(exit),
            Err(failure) => {
                crate::complain(&failure.message);
                worst = worst.max(failure.exit);
            }
        }
    }
    Ok(worst)
}

fn number(text: &str, words: &Words) -> Result<String, Failure> {
    let read = text.parse::<EvidenceNumber>().map(|number| number.to_string());
    read.map_err(|_| Failure::new(Exit::Usage, words.say("take-number", &[("number", text)])))
}

/// Downloads, judges, and gives it its name.
fn take(
    node: &Node,
    matches: &ArgMatches,
    number: &str,
    (what, ending): (&str, &str),
    words: &Words,
) -> Result<Exit, Failure> {
    let name = format!("{number}.{ending}");
    let target = match matches.get_one::<PathBuf>("out") {
        Some(out) if out.is_dir() => out.join(name),
        Some(out) => out.clone(),
        None => PathBuf::from(name),
    };
    let is_forced = matches.get_flag("force");
    let taken = || input::cannot_write(&target, &io::ErrorKind::AlreadyExists.into(), words);
    if target.exists() && !is_forced {
        return Err(taken());
    }
    let arriving = Arriving::beside(&target, ending);
    let mut come = Come::default();
    patiently(|| fetch(&node.client, &format!("/api/v1/records/{number}/{what}"), (&arriving.0, &mut come), words))?;
    let outcome = verify::judge(&arriving.0, &node.anchors, words)?;
    let verdict = verdict(&outcome);
    let is_good = verdict == Verdict::Valid || (verdict == Verdict::Unconfirmed && node.keep_unconfirmed);
    // What is in it must be the record that was asked for.
    if !is_good || !holds(&outcome, number) {
        let message = words.say("take-wrong", &[("number", number), ("server", &node.client.base)]);
        let said = headline(&outcome, words.language());
        let exit = if verdict == Verdict::Unconfirmed { Exit::Unconfirmed } else { Exit::Answer };
        return Err(Failure::new(
            exit,
            format!("{message}\n{}", said.iter().map(|one| visible(one)).collect::<Vec<_>>().join("\n")),
        ));
    }
    let failed = |error: io::Error| input::cannot_write(&target, &error, words);
    match is_forced {
        true => std::fs::rename(&arriving.0, &target).map_err(failed)?,
        // A hard link fails where the name was taken meanwhile, which a rename does not.
        false => std::fs::hard_link(&arriving.0, &target).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => taken(),
            _ => failed(error),
        })?,
    }
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    let shown = target.to_string_lossy();
    match matches.get_flag("json") {
        true => tell(&json!({ "number": number, "path": shown, "verdict": verdict.name() }).to_string()),
        false => tell(&words.say("take-done", &[("number", number), ("path", &shown)])),
    }
    Ok(if verdict == Verdict::Valid { Exit::Valid } else { Exit::Unconfirmed })
}

/// The verdict of what came, whatever files lie elsewhere: a certificate is whole without them.
fn verdict(outcome: &Outcome) -> Verdict {
    let of = |report: &Report| {
        let found = report.findings.iter().filter(|finding| finding.code != Code::RecordFilesNotGiven);
        Report::new(found.cloned().collect(), report.facts.clone()).verdict
    };
    let is_covered = outcome.loose.is_empty() && outcome.extras() == 0 && !outcome.subjects.is_empty();
    let subjects = || outcome.subjects.iter().filter(|subject| !subject.is_aside());
    let has_tokens = subjects().all(|subject| !subject.tokens.is_empty());
    let rest = if is_covered && has_tokens { Verdict::Valid } else { Verdict::Incomplete };
    subjects().flat_map(|subject| &subject.tokens).map(|(_, report)| of(report)).fold(rest, Verdict::max)
}

/// Whether what was judged is the stamped record of this number, and of no other.
fn holds(outcome: &Outcome, number: &str) -> bool {
    let mut records = outcome.subjects.iter().filter_map(|subject| subject.record.as_ref()).peekable();
    records.peek().is_some() && records.all(|record| record.number == number && record.is_stamped)
}

/// A download on its way: hidden beside its target, and gone unless it got its name.
struct Arriving(PathBuf);

impl Arriving {
    fn beside(target: &Path, ending: &str) -> Self {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let short: String = name.chars().take(60).collect();
        Self(target.with_file_name(format!(".{short}.{}.part.{ending}", std::process::id())))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What has come of a content so far.
#[derive(Default)]
struct Come {
    /// By what the node knows the content again; none where it cannot give parts of it.
    tag: Option<String>,
    bytes: u64,
}

/// All of an answer into a file, which goes on where an earlier attempt was cut.
fn fetch(client: &Client, address: &str, (to, come): (&Path, &mut Come), words: &Words) -> Result<(), Refusal> {
    let mut headers = Vec::new();
    if let Some(tag) = come.tag.clone().filter(|_| come.bytes > 0) {
        headers = vec![("Range", format!("bytes={}-", come.bytes)), ("If-Range", tag)];
    }
    let mut response = match client.send(&Sending { method: "GET", path: address, headers: &headers, body: &[] }, words)
    {
        // Nothing lies behind what came: it is another content now.
        Err(refusal) if refusal.status == 416 && !headers.is_empty() => {
            *come = Come::default();
            client.send(&Sending { method: "GET", path: address, headers: &[], body: &[] }, words)?
        }
        other => other?,
    };
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (tag, gives_parts) = (text("etag").to_owned(), text("accept-ranges") == "bytes");
    let goes_on = response.status() == 206
        && come.tag.as_ref() == Some(&tag)
        && text("content-range").starts_with(&format!("bytes {}-", come.bytes));
    if response.status() == 206 && !goes_on {
        *come = Come::default();
        return Err(Refusal::unreached(&client.base, &words.say("take-other-part", &[]), words));
    }
    let failed = |error: io::Error| Refusal::from(input::cannot_write(to, &error, words));
    let open = OpenOptions::new().write(true).create(true).truncate(!goes_on).append(goes_on).mode(0o644).open(to);
    let mut file = open.map_err(failed)?;
    if !goes_on {
        // A weak tag may stand for other bytes.
        *come = Come { tag: Some(tag).filter(|tag| gives_parts && tag.starts_with('"')), bytes: 0 };
    }
    let mut from = response.body_mut().as_reader();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                file.write_all(&buffer[..read]).map_err(failed)?;
                come.bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Refusal::unreached(&client.base, &error.to_string(), words)),
        }
    }
    file.sync_all().map_err(failed)
}

//! `shiyin stamp`: hash here, send digests, check the answers, keep the tokens.
//!
//! No byte of content leaves this computer. A token is kept only after it was
//! verified in full, and written whole or not at all. One input that fails does
//! not stop the others; the worst outcome gives the exit code.

pub mod client;

use crate::exit::{Exit, Failure};
use crate::hashing::{self, Hashed, Job};
use crate::manifest::{self, Manifest};
use crate::words::Words;
use crate::{cli, complain, input, program, tell, trust_store};
use clap::ArgMatches;
use client::Client;
use proof::digest::DigestAlgorithm;
use proof::report::Report;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::files;
use trust::keys::KeyAlgorithm;

/// What is to be stamped with one token.
struct Unit {
    /// What the user calls it.
    name: PathBuf,
    /// Where its token goes.
    token: PathBuf,
    /// Further suites of the same server, and where their tokens go.
    also: Vec<(KeyAlgorithm, PathBuf)>,
    digest: proof::digest::Digest,
    /// Files to write with the token: a salt, a manifest.
    with: Vec<(PathBuf, Vec<u8>, u32)>,
    /// Files that belong to an earlier token and would make this one look wrong: a salt.
    stale: Vec<PathBuf>,
}

struct Options<'m> {
    algorithm: DigestAlgorithm,
    salted: bool,
    per_file: bool,
    force: bool,
    out: Option<&'m Path>,
    json: bool,
    also: Vec<KeyAlgorithm>,
}

/// Runs the command.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let options = options(matches, words)?;
    let anchors = trust_store::anchors(matches, words)?;
    let servers = client::servers(matches);
    if anchors.is_empty() && !matches.get_flag("unconfirmed") {
        let server = servers.first().map_or(cli::DEFAULT_SERVER, String::as_str);
        let values = [("program", &*program()), ("server", server)];
        return Err(Failure::new(Exit::Unconfirmed, words.say("stamp-no-trust", &values)));
    }
    let mut ledger = Outcomes { words, worst: Exit::Valid, json: options.json };
    let paths = input::paths(matches, "paths");
    refuse_inside(options.out, &paths, words)?;
    let sources = hashing::sources(&paths, words, &mut |f| ledger.failed(&f));
    let units = prepare(sources, &options, &mut ledger);
    let client = Client {
        servers,
        anchors,
        keep_unconfirmed: matches.get_flag("unconfirmed"),
        timeout_s: matches.get_one::<u64>("timeout").copied().unwrap_or(30),
    };
    let next = AtomicUsize::new(0);
    let ledger = Mutex::new(ledger);
    std::thread::scope(|scope| {
        for _ in 0..hashing::threads().min(units.len()) {
            scope.spawn(|| {
                let agent = client.agent();
                while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = stamp(unit, &client, &agent, options.force, words);
                    let mut ledger = ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match result {
                        Ok(report) => ledger.stamped(unit, &report),
                        Err(failure) => ledger.failed(&failure),
                    }
                }
            });
        }
    });
    let ledger = ledger.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(ledger.worst)
}

fn options<'m>(matches: &'m ArgMatches, words: &Words) -> Result<Options<'m>, Failure> {
    let salted = matches.get_flag("salted");
    let name = matches.get_one::<String>("digest");
    if salted && name.is_some() {
        return Err(Failure::new(Exit::Usage, words.say("err-salted-digest", &[])));
    }
    let algorithm = match name.map_or("sha256", String::as_str) {
        "sha256" => DigestAlgorithm::Sha256,
        "sha384" => DigestAlgorithm::Sha384,
        "sha512" => DigestAlgorithm::Sha512,
        "sha3-256" => DigestAlgorithm::Sha3_256,
        "sha3-512" => DigestAlgorithm::Sha3_512,
        "sm3" => DigestAlgorithm::Sm3,
        other => return Err(Failure::new(Exit::Usage, words.say("err-digest", &[("name", other)]))),
    };
    let also = matches.get_one::<String>("also").map(String::as_str).unwrap_or_default();
    let also = also.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::parse);
    let also =
        also.collect::<Result<_, _>>().map_err(|e: trust::TrustError| Failure::new(Exit::Usage, e.to_string()))?;
    Ok(Options {
        also,
        algorithm,
        salted,
        per_file: matches.get_flag("per-file"),
        force: matches.get_flag("force"),
        out: matches.get_one::<PathBuf>("out").map(PathBuf::as_path),
        json: matches.get_flag("json"),
    })
}

/// A folder for tokens inside a folder that is stamped would make the next stamp cover them.
fn refuse_inside(out: Option<&Path>, paths: &[&Path], words: &Words) -> Result<(), Failure> {
    let Some(Ok(out)) = out.map(std::fs::canonicalize) else { return Ok(()) };
    let inside = |path: &&&Path| std::fs::canonicalize(path).is_ok_and(|p| p.is_dir() && out.starts_with(p));
    match paths.iter().find(inside) {
        None => Ok(()),
        Some(path) => {
            let values = [("out", &*out.to_string_lossy()), ("path", &*path.to_string_lossy())];
            Err(Failure::new(Exit::Usage, words.say("err-out-inside", &values)))
        }
    }
}

/// Hashes everything and says what is to be stamped.
fn prepare(sources: Vec<hashing::Source>, options: &Options<'_>, ledger: &mut Outcomes<'_>) -> Vec<Unit> {
    let mut jobs = Vec::new();
    let mut source_of = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let splits = options.per_file || source.folder.is_none();
        for file in &source.files {
            if source.folder.is_some() && splits && is_our_output(&file.path) {
                continue;
            }
            let token = output(options, &beside(&file.path, ".tsr"));
            if splits && !options.force && token.exists() {
                let error = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
                ledger.failed(&input::cannot_write(&token, &error, ledger.words));
                continue;
            }
            let salt = match options.salted.then(trust::keys::random).transpose() {
                Ok(salt) => salt,
                Err(error) => {
                    ledger.failed(&Failure::new(Exit::Instance, error.to_string()));
                    return Vec::new();
                }
            };
            let algorithm = if splits { options.algorithm } else { DigestAlgorithm::Sha256 };
            jobs.push(Job { file: file.clone(), algorithm, salt });
            source_of.push(index);
        }
    }
    let mut by_source: Vec<Vec<Hashed>> = sources.iter().map(|_| Vec::new()).collect();
    let mut spoilt = vec![false; sources.len()];
    for (source, result) in source_of.into_iter().zip(hashing::run(&jobs, ledger.words)) {
        match result {
            Ok(hashed) => by_source[source].push(hashed),
            Err(failure) => {
                spoilt[source] = true;
                ledger.failed(&failure);
            }
        }
    }
    let mut units = Vec::new();
    for ((source, hashed), spoilt) in sources.iter().zip(by_source).zip(spoilt) {
        match &source.folder {
            Some(folder) if !options.per_file => {
                // A manifest that lacks a file would claim that the folder was smaller than it is.
                if !spoilt && !source.incomplete {
                    units.extend(manifest_unit(folder, hashed, options, ledger));
                }
            }
            _ => units.extend(hashed.into_iter().map(|h| file_unit(h, options, ledger))),
        }
    }
    let mut tokens = HashSet::new();
    units.retain(|unit| {
        let is_first = tokens.insert(unit.token.clone());
        if !is_first {
            let message = ledger.words.say("err-same-output", &[("path", &unit.token.to_string_lossy())]);
            ledger.failed(&Failure::new(Exit::Output, message));
        }
        is_first
    });
    units
}

/// A token or salt beside the file it belongs to: made by an earlier run, and not content.
fn is_our_output(path: &Path) -> bool {
    let is_ours = path.extension().is_some_and(|ending| ending == "tsr" || ending == "salt");
    let file = path.with_extension("");
    // The token of a further suite has the suite's name before its ending.
    let suite = file.extension().and_then(|e| e.to_str()).is_some_and(|e| e.parse::<KeyAlgorithm>().is_ok());
    is_ours && (file.is_file() || (suite && file.with_extension("").is_file()))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = if path == Path::new("-") { "stdin".into() } else { path.as_os_str().to_owned() };
    name.push(ending);
    PathBuf::from(name)
}

/// Beside the file, or in the folder given with `--out`.
fn output(options: &Options<'_>, beside: &Path) -> PathBuf {
    match (options.out, beside.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => beside.to_owned(),
    }
}

/// Where the tokens of further suites go: `NAME.sm2.tsr` beside `NAME.tsr`.
fn further(path: &Path, options: &Options<'_>) -> Vec<(KeyAlgorithm, PathBuf)> {
    let place = |suite: &KeyAlgorithm| (*suite, output(options, &beside(path, &format!(".{suite}.tsr"))));
    options.also.iter().map(place).collect()
}

fn file_unit(hashed: Hashed, options: &Options<'_>, ledger: &Outcomes<'_>) -> Unit {
    if hashed.size == 0 {
        ledger.note("stamp-empty", &hashed.path);
    }
    let salt = output(options, &beside(&hashed.path, ".salt"));
    let (with, stale) = match hashed.salt {
        Some(bytes) => (vec![(salt, bytes.to_vec(), files::SECRET)], Vec::new()),
        None => (Vec::new(), vec![salt]),
    };
    let token = output(options, &beside(&hashed.path, ".tsr"));
    let also = further(&hashed.path, options);
    Unit { token, also, name: hashed.path, digest: hashed.digest, with, stale }
}

fn manifest_unit(folder: &Path, hashed: Vec<Hashed>, options: &Options<'_>, ledger: &mut Outcomes<'_>) -> Option<Unit> {
    let mut entries = Vec::new();
    let mut salts = BTreeMap::new();
    for file in hashed {
        let Some(path) = manifest::relative(folder, &file.path) else {
            let message = ledger.words.say("err-name", &[("path", &file.path.to_string_lossy())]);
            ledger.failed(&Failure::new(Exit::Input, message));
            return None;
        };
        salts.extend(file.salt.map(|salt| (path.clone(), proof::digest::hex(&salt))));
        entries.push(manifest::Entry::new(path, file.size, file.digest.as_bytes(), file.salt.is_some()));
    }
    let bytes = Manifest::new(entries).to_canonical_json();
    let name = beside(folder, manifest::SUFFIX);
    let token = output(options, &beside(&name, ".tsr"));
    let digest = options.algorithm.digest(&bytes);
    let mut with = vec![(output(options, &name), bytes, files::PUBLIC)];
    // A salt beside the manifest itself would be taken for one that goes before it.
    let stale = vec![output(options, &beside(&name, ".salt"))];
    if !salts.is_empty() {
        let path = output(options, &beside(folder, manifest::SALTS_SUFFIX));
        with.push((path, serde_json::to_vec(&salts).unwrap_or_default(), files::SECRET));
    }
    let also = further(&name, options);
    Some(Unit { name, token, also, digest, with, stale })
}

/// Gets one token and writes it with what belongs to it: all of that, or nothing. A token whose
/// salt was lost would be worth nothing.
fn stamp(unit: &Unit, client: &Client, agent: &ureq::Agent, force: bool, words: &Words) -> Result<Report, Failure> {
    let mut outputs = unit
        .with
        .iter()
        .map(|(path, ..)| path)
        .chain(&unit.stale)
        .chain([&unit.token])
        .chain(unit.also.iter().map(|(_, path)| path));
    if let Some(taken) = outputs.find(|path| !force && path.exists()) {
        return Err(input::cannot_write(taken, &std::io::ErrorKind::AlreadyExists.into(), words));
    }
    let (response, report) = client.stamp(agent, None, &unit.digest, words)?;
    let mut further = Vec::new();
    for (suite, path) in &unit.also {
        further.push((path, client.stamp(agent, Some(*suite), &unit.digest, words)?.0));
    }
    let mut batch = files::Batch::default();
    let token = (&unit.token, &response, files::PUBLIC);
    let further = further.iter().map(|(path, response)| (*path, response, files::PUBLIC));
    let mut all = unit.with.iter().map(|(path, bytes, mode)| (path, bytes, *mode)).chain([token]).chain(further);
    let written = all.try_for_each(|(path, bytes, mode)| batch.write(path, bytes, mode));
    let written = written.and_then(|()| match force {
        true => {
            // Only what is a salt by its size; another file of that name is somebody's own.
            let is_salt = |path: &&PathBuf| path.metadata().is_ok_and(|m| m.len() == hashing::SALT_BYTES as u64);
            unit.stale.iter().filter(is_salt).for_each(|path| batch.remove(path));
            batch.commit_replacing()
        }
        false => batch.commit_new(),
    });
    written.map_err(|fault| input::cannot_write(&fault.path, &fault.error, words))?;
    Ok(report)
}

/// Says what happened, and remembers the worst.
struct Outcomes<'w> {
    words: &'w Words,
    worst: Exit,
    json: bool,
}

#[derive(Serialize)]
struct Stamped<'a> {
    path: &'a str,
    token: &'a str,
    digest: String,
    time: String,
    verdict: &'static str,
}

/// What was not stamped, and why; with exit 0 only a note about something left out.
#[derive(Serialize)]
struct NotStamped<'a> {
    error: &'a str,
    exit: u8,
}

impl Outcomes<'_> {
    fn failed(&mut self, failure: &Failure) {
        self.worst = self.worst.max(failure.exit);
        if failure.message.is_empty() {
            return;
        }
        complain(&failure.message);
        if self.json {
            let line = NotStamped { error: &failure.message, exit: failure.exit.number() };
            tell(&serde_json::to_string(&line).unwrap_or_default());
        }
    }

    fn note(&self, id: &str, path: &Path) {
        complain(&self.words.say(id, &[("path", &path.to_string_lossy())]));
    }

    fn stamped(&mut self, unit: &Unit, report: &Report) {
        let time = report.facts.as_ref().map(|f| f.gen_time.to_string()).unwrap_or_default();
        let (path, token) = (unit.name.to_string_lossy(), unit.token.to_string_lossy());
        if self.json {
            let digest = format!("{}:{}", unit.digest.algorithm(), unit.digest);
            let line = Stamped { path: &path, token: &token, digest, time, verdict: report.verdict.name() };
            tell(&serde_json::to_string(&line).unwrap_or_default());
            return;
        }
        let values = [("path", &*path), ("output", &*token), ("time", &*time)];
        let id = if report.verdict == proof::report::Verdict::Valid { "stamp-done" } else { "stamp-unconfirmed" };
        tell(&self.words.say(id, &values));
        for (suite, path) in &unit.also {
            let values = [("suite", suite.name()), ("output", &*path.to_string_lossy())];
            tell(&format!("  {}", self.words.say("stamp-also", &values)));
        }
        for (salt, _, mode) in &unit.with {
            if *mode == files::SECRET {
                tell(&format!("  {}", self.words.say("stamp-salt", &[("salt", &salt.to_string_lossy())])));
            }
        }
        if path != "-" {
            tell(&format!("  {}", self.words.say("stamp-sealed", &[("path", &path)])));
        }
    }
}

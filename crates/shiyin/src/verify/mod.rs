//! `shiyin verify`: files against their timestamps, offline.
//!
//! Opens no socket. A folder or a manifest is checked file by file beside the
//! token over the manifest itself, and all of it makes one report. Packages,
//! records and certificates go to the desk ([`evidence`]).

mod evidence;

pub use evidence::judge;

use crate::exit::{Exit, Failure};
use crate::hashing::{self, Found, Job, SALT_BYTES, Salt};
use crate::manifest::{self, Manifest};
use crate::show;
use crate::words::Words;
use crate::{input, tell, trust_store};
use clap::ArgMatches;
use proof::crypto::RustCrypto;
use proof::digest::{Digest, DigestAlgorithm};
use proof::report::{Code, Finding, JsonReport, Report};
use proof::verify::{self, Context};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use trust::clock::{Clock as _, SystemClock};
use trust::keys::KeyAlgorithm;

/// Runs the command.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let path = input::path(matches, "path");
    let is_named = matches.contains_id("token") || matches.contains_id("salt");
    let has_own_token = with_suffix(path, ".tsr").exists() && !path.to_string_lossy().ends_with("record.json");
    let has_manifest = path.is_dir() && with_suffix(&path.components().collect::<PathBuf>(), manifest::SUFFIX).exists();
    let has_files = matches.contains_id("files") || matches.contains_id("git");
    if has_files || (!is_named && !has_own_token && !has_manifest && evidence::is_evidence(path)) {
        return evidence::run(matches, path, words);
    }
    let folder = path.is_dir().then(|| path.components().collect::<PathBuf>());
    let target = folder.as_ref().map_or(path.to_path_buf(), |f| with_suffix(f, manifest::SUFFIX));
    let token_path = matches.get_one("token").cloned().unwrap_or_else(|| with_suffix(&target, ".tsr"));
    if !token_path.exists() {
        let values = [("path", &*path.to_string_lossy()), ("token", &*token_path.to_string_lossy())];
        return Err(Failure::new(Exit::Input, words.say("err-no-token", &values)));
    }
    let token = input::read(&token_path, input::SMALL_BYTES_MAX, words)?;
    let salt = salt(matches, &target, words)?;
    let report = if target.to_string_lossy().ends_with(manifest::SUFFIX) {
        // Read once: what is checked file by file is what the token was compared with.
        let bytes = input::read(&target, input::LARGE_BYTES_MAX, words)?;
        let algorithm = verify::imprint_algorithm(&token);
        let salted = [salt.as_ref().map_or(&[][..], Salt::as_slice), &bytes].concat();
        let content = algorithm.map(|a| a.digest(&salted));
        let report = check(matches, &token, content, words)?;
        let root = folder.unwrap_or_else(|| without_suffix(&target));
        let files = check_files(&bytes, &root, words);
        Report::new([report.findings, files].concat(), report.facts)
    } else {
        let content = digest(&target, verify::imprint_algorithm(&token), salt, words)?;
        check(matches, &token, content, words)?
    };
    let further = match matches.get_one::<PathBuf>("token") {
        Some(_) => Vec::new(),
        None => further(matches, &target, salt, words)?,
    };
    let exits = further.iter().map(|(_, report)| show::exit(report.verdict));
    let exit = exits.fold(show::exit(report.verdict), Exit::max);
    if matches.get_flag("json") {
        let further = further.iter().map(|(path, report)| Json::new(path, report, Vec::new(), words)).collect();
        tell(&serde_json::to_string_pretty(&Json::new(path, &report, further, words)).unwrap_or_default());
    } else {
        tell(show::text(&report, words).trim_end());
        for (path, report) in &further {
            tell(&format!("\n{}", words.say("verify-further", &[("path", &path.to_string_lossy())])));
            tell(show::text(report, words).trim_end());
        }
    }
    Ok(exit)
}

/// A report and the path it is about.
#[derive(Serialize)]
struct Json {
    path: String,
    #[serde(flatten)]
    report: JsonReport,
    /// Tokens of further suites over the same content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    further: Vec<Json>,
}

impl Json {
    fn new(path: &Path, report: &Report, further: Vec<Self>, words: &Words) -> Self {
        let report = JsonReport::new(report, words.language());
        Self { path: path.to_string_lossy().into_owned(), report, further }
    }
}

/// The tokens of further suites beside the main one, each with a report of its own.
fn further(
    matches: &ArgMatches,
    target: &Path,
    salt: Option<Salt>,
    words: &Words,
) -> Result<Vec<(PathBuf, Report)>, Failure> {
    let mut reports = Vec::new();
    for suite in KeyAlgorithm::ALL {
        let path = with_suffix(target, &format!(".{suite}.tsr"));
        if !path.exists() {
            continue;
        }
        let token = input::read(&path, input::SMALL_BYTES_MAX, words)?;
        let content = digest(target, verify::imprint_algorithm(&token), salt, words)?;
        reports.push((path, check(matches, &token, content, words)?));
    }
    Ok(reports)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn without_suffix(manifest: &Path) -> PathBuf {
    let name = manifest.to_string_lossy();
    PathBuf::from(name.strip_suffix(manifest::SUFFIX).unwrap_or(&name))
}

/// The salt named, or the one beside the file.
fn salt(matches: &ArgMatches, target: &Path, words: &Words) -> Result<Option<Salt>, Failure> {
    let named = matches.get_one::<PathBuf>("salt").cloned();
    let Some(path) = named.or_else(|| Some(with_suffix(target, ".salt")).filter(|p| p.exists())) else {
        return Ok(None);
    };
    let salt = input::read(&path, input::SMALL_BYTES_MAX, words)?;
    let salt = Salt::try_from(salt.as_slice());
    let refused = |_| Failure::new(Exit::Input, words.say("err-salt", &[("path", &path.to_string_lossy())]));
    salt.map(Some).map_err(refused)
}

/// The digest of salt and file; none where the token cannot be read, which the report will say.
fn digest(
    path: &Path,
    algorithm: Option<DigestAlgorithm>,
    salt: Option<Salt>,
    words: &Words,
) -> Result<Option<Digest>, Failure> {
    let size = match path.metadata() {
        _ if path == Path::new("-") => 0,
        Ok(about) => about.len(),
        Err(error) => return Err(input::cannot_read(path, &error, words)),
    };
    let Some(algorithm) = algorithm else { return Ok(None) };
    let job = Job { file: Found { path: path.to_path_buf(), size }, algorithm, salt };
    hashing::run(&[job], words).pop().transpose().map(|hashed| hashed.map(|h| h.digest))
}

fn check(matches: &ArgMatches, token: &[u8], content: Option<Digest>, words: &Words) -> Result<Report, Failure> {
    let mut certificates = Vec::new();
    for path in input::paths(matches, "certificate") {
        certificates.extend(input::certificates(path, words)?);
    }
    let mut crls = Vec::new();
    for path in input::paths(matches, "crl") {
        crls.extend(input::revocation_lists(path, words)?);
    }
    let anchors = trust_store::anchors(matches, words)?;
    let now = SystemClock.now().map_err(|_| Failure::new(Exit::Instance, words.say("err-clock", &[])))?;
    let content: Vec<Digest> = content.into_iter().collect();
    let cx = Context {
        content: &content,
        anchors: &anchors,
        certificates: &certificates,
        crls: &crls,
        ..Context::new(&RustCrypto, now.time)
    };
    Ok(verify::verify(token, &cx))
}

fn finding<const N: usize>(code: Code, values: [(&'static str, String); N]) -> Finding {
    Finding { code, values: values.into() }
}

/// Compares a folder with its manifest, on all cores.
fn check_files(manifest: &[u8], root: &Path, words: &Words) -> Vec<Finding> {
    let manifest = match Manifest::parse(manifest) {
        Ok(manifest) => manifest,
        Err(cause) => return vec![finding(Code::ManifestMalformed, [("cause", cause)])],
    };
    let salts = match salts(root, &manifest, words) {
        Ok(salts) => salts,
        Err(failure) => return vec![finding(Code::SaltsMissing, [("cause", failure.message)])],
    };
    let mut findings = Vec::new();
    let mut entries = Vec::new();
    let mut jobs = Vec::new();
    for entry in &manifest.files {
        let path = root.join(&entry.path);
        // A salt counts only where one was stamped: else bytes of the file could pass for it.
        let salt = salts.get(&entry.path).copied().filter(|_| entry.is_salted());
        if !path.is_file() {
            findings.push(finding(Code::FileMissing, [("path", entry.path.clone())]));
        } else if entry.is_salted() && salt.is_none() {
            findings.push(finding(Code::SaltsMissing, [("cause", entry.path.clone())]));
        } else {
            entries.push(entry);
            jobs.push(Job { file: Found { path, size: entry.size }, algorithm: DigestAlgorithm::Sha256, salt });
        }
    }
    let mut same = 0usize;
    for (entry, result) in entries.into_iter().zip(hashing::run(&jobs, words)) {
        let path = ("path", entry.path.clone());
        match result {
            Ok(hashed) if hashed.digest.to_string() == entry.value() && hashed.size == entry.size => same += 1,
            Ok(_) => findings.push(finding(Code::FileChanged, [path])),
            Err(failure) => findings.push(finding(Code::FileUnreadable, [path, ("cause", failure.message)])),
        }
    }
    let known: BTreeSet<&str> = manifest.files.iter().map(|e| e.path.as_str()).collect();
    let extra = files_below(root).into_iter().filter(|path| !known.contains(path.as_str()));
    findings.extend(extra.map(|path| finding(Code::FileExtra, [("path", path)])));
    if same > 0 || manifest.files.is_empty() {
        findings.push(finding(Code::FilesSame, [("count", same.to_string())]));
    }
    findings
}

/// The salts of a salted manifest, by path.
fn salts(root: &Path, manifest: &Manifest, words: &Words) -> Result<BTreeMap<String, Salt>, Failure> {
    if !manifest.files.iter().any(manifest::Entry::is_salted) {
        return Ok(BTreeMap::new());
    }
    let path = with_suffix(root, manifest::SALTS_SUFFIX);
    let bytes = input::read(&path, input::LARGE_BYTES_MAX, words)?;
    let refused = || Failure::new(Exit::Input, words.say("err-salt", &[("path", &path.to_string_lossy())]));
    let texts: BTreeMap<String, String> = serde_json::from_slice(&bytes).map_err(|_| refused())?;
    let decode = |text: &str| <[u8; SALT_BYTES]>::try_from(proof::digest::from_hex(text)?).ok();
    texts.into_iter().map(|(name, text)| Ok((name, decode(&text).ok_or_else(refused)?))).collect()
}

fn files_below(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => found.extend(manifest::relative(root, &entry.path())),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

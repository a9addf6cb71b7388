//! `shiyin verify`: files against their timestamps, offline.
//!
//! Opens no socket. A folder or a manifest is checked file by file after the
//! token over the manifest itself.

use crate::exit::{Exit, Failure};
use crate::manifest::{self, Manifest};
use crate::show::{self, JsonReport};
use crate::stamp::SALT_BYTES;
use crate::words::Words;
use crate::{complain, input, tell, trust_store};
use clap::ArgMatches;
use proof::crypto::RustCrypto;
use proof::digest::{Digest, DigestAlgorithm};
use proof::report::Report;
use proof::verify::{self, Context};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use trust::clock::{Clock as _, SystemClock};

/// Runs the command.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let path = input::path(matches, "path");
    let folder = path.is_dir().then(|| path.components().collect::<PathBuf>());
    let target = folder.as_ref().map_or(path.to_path_buf(), |f| with_suffix(f, manifest::SUFFIX));
    let token_path = matches.get_one("token").cloned().unwrap_or_else(|| with_suffix(&target, ".tsr"));
    if !token_path.exists() {
        let values = [("path", &*path.to_string_lossy()), ("token", &*token_path.to_string_lossy())];
        return Err(Failure::new(Exit::Input, words.say("err-no-token", &values)));
    }
    let token = input::read(&token_path, input::SMALL_BYTES_MAX, words)?;
    let salt = salt(matches, &target, words)?;
    let content = digest(&target, verify::imprint_algorithm(&token), salt.as_deref(), words)?;
    let report = check(matches, &token, content, words)?;
    if matches.get_flag("json") {
        let report = JsonReport::new(&path.to_string_lossy(), &report, words.language());
        tell(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        tell(show::text(&report, words).trim_end());
    }
    let mut exit = show::exit(report.verdict);
    if target.to_string_lossy().ends_with(manifest::SUFFIX) {
        let root = folder.unwrap_or_else(|| without_suffix(&target));
        exit = exit.max(check_files(&target, &root, words)?);
    }
    Ok(exit)
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
fn salt(matches: &ArgMatches, target: &Path, words: &Words) -> Result<Option<Vec<u8>>, Failure> {
    let named = matches.get_one::<PathBuf>("salt").cloned();
    let Some(path) = named.or_else(|| Some(with_suffix(target, ".salt")).filter(|p| p.exists())) else {
        return Ok(None);
    };
    let salt = input::read(&path, input::SMALL_BYTES_MAX, words)?;
    if salt.len() != SALT_BYTES {
        return Err(Failure::new(Exit::Input, words.say("err-salt", &[("path", &path.to_string_lossy())])));
    }
    Ok(Some(salt))
}

/// The digest of salt and file; none where the token cannot be read, which the report will say.
fn digest(
    path: &Path,
    algorithm: Option<DigestAlgorithm>,
    salt: Option<&[u8]>,
    words: &Words,
) -> Result<Option<Digest>, Failure> {
    let unreadable = |e: std::io::Error| input::cannot_read(path, &e, words);
    let mut file: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let Some(algorithm) = algorithm else { return Ok(None) };
    let mut hasher = algorithm.hasher();
    hasher.update(salt.unwrap_or_default());
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Some(hasher.finish())),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
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
    let now = SystemClock.now().map_err(|_| Failure::new(Exit::Instance, "the clock is before 1970".to_owned()))?;
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

/// Compares a folder with its manifest; the manifest's own token was checked before.
fn check_files(manifest_path: &Path, root: &Path, words: &Words) -> Result<Exit, Failure> {
    let bytes = input::read(manifest_path, input::LARGE_BYTES_MAX, words)?;
    let manifest = Manifest::parse(&bytes).map_err(|cause| {
        let values = [("path", &*manifest_path.to_string_lossy()), ("cause", &*cause)];
        Failure::new(Exit::Input, words.say("err-manifest", &values))
    })?;
    let salts = salts(root, &manifest, words)?;
    let mut exit = Exit::Valid;
    let mut same = 0usize;
    for entry in &manifest.files {
        let path = root.join(&entry.path);
        let mut say = |id: &str, worst: Exit| {
            exit = exit.max(worst);
            complain(&words.say(id, &[("path", &entry.path)]));
        };
        if !path.is_file() {
            say("manifest-missing", Exit::Incomplete);
            continue;
        }
        let salt = salts.get(&entry.path).map(Vec::as_slice);
        let actual = digest(&path, Some(DigestAlgorithm::Sha256), salt, words)?;
        if actual.is_some_and(|d| d.to_string() == entry.value()) {
            same += 1;
        } else {
            say("manifest-changed", Exit::Invalid);
        }
    }
    let known: BTreeSet<&str> = manifest.files.iter().map(|e| e.path.as_str()).collect();
    for extra in files_below(root).iter().filter(|path| !known.contains(path.as_str())) {
        complain(&words.say("manifest-extra", &[("path", extra)]));
    }
    tell(&words.say("manifest-same", &[("count", &same.to_string())]));
    Ok(exit)
}

/// The salts of a salted manifest, by path.
fn salts(root: &Path, manifest: &Manifest, words: &Words) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    if !manifest.files.iter().any(manifest::Entry::is_salted) {
        return Ok(BTreeMap::new());
    }
    let path = with_suffix(root, manifest::SALTS_SUFFIX);
    let bytes = input::read(&path, input::LARGE_BYTES_MAX, words)?;
    let refused = || Failure::new(Exit::Input, words.say("err-salt", &[("path", &path.to_string_lossy())]));
    let texts: BTreeMap<String, String> = serde_json::from_slice(&bytes).map_err(|_| refused())?;
    let decode = |text: &str| proof::digest::from_hex(text).filter(|salt| salt.len() == SALT_BYTES);
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

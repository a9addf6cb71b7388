//! The authorities this user trusts: root certificates pinned by an explicit act.
//!
//! Whoever can write the folder decides whose timestamps pass here. Looked up:
//! `--trust`, else `$SHIYIN_TRUST`, else the user's folder; and the root of the
//! instance that `--data` names. What arrives with a token, or lies beside it, is
//! never looked at (DESIGN section 1.4).

use crate::exit::{Exit, Failure};
use crate::stamp::client;
use crate::words::{Words, visible};
use crate::{complain, input, program, tell};
use clap::ArgMatches;
use proof::digest::DigestAlgorithm;
use proof::x509::Certificate;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use store::files;

/// The pinned certificates for a command with `--trust` and `--data`.
pub fn anchors(matches: &ArgMatches, words: &Words) -> Result<Vec<Vec<u8>>, Failure> {
    let given = input::paths(matches, "trust");
    let listed: Vec<PathBuf> = match std::env::var_os("SHIYIN_TRUST") {
        _ if !given.is_empty() => given.into_iter().map(Path::to_path_buf).collect(),
        Some(list) => std::env::split_paths(&list).collect(),
        None => pinned_files(),
    };
    let own = matches.get_one::<PathBuf>("data").map(|data| own_roots(data)).unwrap_or_default();
    read_all(listed.iter().chain(&own).map(PathBuf::as_path), words)
}

/// The roots of an instance: of its main suite, and of further ones.
fn own_roots(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data.join("public")).into_iter().flatten().flatten();
    let is_further = |path: &PathBuf| {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("root-") && name.ends_with(".pem")
    };
    let main = data.join("public/root.pem");
    std::iter::once(main).chain(entries.map(|e| e.path()).filter(is_further)).collect()
}

fn read_all<'p>(paths: impl Iterator<Item = &'p Path>, words: &Words) -> Result<Vec<Vec<u8>>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(input::certificates(path, words)?);
    }
    all.sort();
    all.dedup();
    Ok(all)
}

fn folder() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".config")));
    base.map(|b| b.join("shiyin/trust"))
}

fn pinned_files() -> Vec<PathBuf> {
    let entries = folder().and_then(|f| std::fs::read_dir(f).ok());
    let mut paths: Vec<PathBuf> = entries.into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "pem"));
    paths.sort();
    paths
}

/// `shiyin trust add|list`
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    match matches.subcommand() {
        Some(("add", m)) => add(m, words),
        Some(("remove", m)) => remove(m, words),
        _ => list(words),
    }
}

fn list(words: &Words) -> Result<Exit, Failure> {
    let files = pinned_files();
    if files.is_empty() {
        tell(&words.say("trust-none", &[("program", &program())]));
    }
    for path in files {
        for der in input::certificates(&path, words)? {
            tell(&format!("{}  {}  {}", DigestAlgorithm::Sha256.digest(&der), subject(&der), path.display()));
        }
    }
    Ok(Exit::Valid)
}

fn subject(der: &[u8]) -> String {
    visible(&Certificate::parse(der).map(|c| c.subject.to_string()).unwrap_or_default())
}

fn add(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let source = matches.get_one::<String>("source").cloned().unwrap_or_default();
    let found = if source.starts_with("http://") || source.starts_with("https://") {
        proof::pem::blocks(&client::fetch_root(&source, words)?, "CERTIFICATE")
    } else {
        input::certificates(Path::new(&source), words)?
    };
    let der = match found.as_slice() {
        [der] if Certificate::parse(der).is_ok() => der,
        [] | [_] => return Err(Failure::new(Exit::Input, words.say("err-not-certificate", &[("path", &source)]))),
        _ => return Err(Failure::new(Exit::Input, words.say("err-many-certificates", &[("path", &source)]))),
    };
    let fingerprint = DigestAlgorithm::Sha256.digest(der).to_string();
    confirm(matches, &subject(der), &fingerprint, words)?;
    let folder = folder().ok_or_else(|| Failure::new(Exit::Output, "HOME is not set".to_owned()))?;
    std::fs::create_dir_all(&folder).map_err(|e| input::cannot_write(&folder, &e, words))?;
    let path = folder.join(format!("{}.pem", &fingerprint[..16]));
    let pem = trust::instance::pem(der);
    files::replace(&path, pem.as_bytes(), files::PUBLIC).map_err(|e| input::cannot_write(&path, &e, words))?;
    let values = [("subject", &*subject(der)), ("fingerprint", &fingerprint), ("path", &path.to_string_lossy())];
    tell(&words.say("trust-added", &values));
    Ok(Exit::Valid)
}

/// `shiyin trust remove HEX`: what was pinned under this fingerprint is trusted no more.
fn remove(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let wanted =
        matches.get_one::<String>("fingerprint").map(|f| f.replace(':', "").to_lowercase()).unwrap_or_default();
    let is_it = |path: &PathBuf| {
        let found = input::certificates(path, words).unwrap_or_default();
        let fits = |der: &Vec<u8>| DigestAlgorithm::Sha256.digest(der).to_string().starts_with(&wanted);
        wanted.len() >= 8 && found.len() == 1 && found.iter().all(fits)
    };
    let found: Vec<PathBuf> = pinned_files().into_iter().filter(is_it).collect();
    let [path] = found.as_slice() else {
        return Err(Failure::new(Exit::Input, words.say("trust-not-pinned", &[("fingerprint", &wanted)])));
    };
    std::fs::remove_file(path).map_err(|e| input::cannot_write(path, &e, words))?;
    tell(&words.say("trust-removed", &[("fingerprint", &wanted)]));
    Ok(Exit::Valid)
}

/// Pinning needs a fingerprint that fits, or a person who says yes to one.
fn confirm(matches: &ArgMatches, subject: &str, fingerprint: &str, words: &Words) -> Result<(), Failure> {
    if let Some(expected) = matches.get_one::<String>("fingerprint") {
        let plain: String = expected.chars().filter(|c| *c != ':').collect::<String>().to_lowercase();
        if plain == fingerprint {
            return Ok(());
        }
        let values = [("actual", fingerprint), ("expected", expected)];
        return Err(Failure::new(Exit::Usage, words.say("trust-mismatch", &values)));
    }
    complain(&words.say("trust-ask", &[("subject", subject), ("fingerprint", fingerprint)]));
    let mut answer = String::new();
    if io::stdin().is_terminal() {
        let _ = io::stdin().lock().read_line(&mut answer);
    }
    if answer.trim() == "yes" { Ok(()) } else { Err(Failure::new(Exit::Usage, words.say("trust-not-asked", &[]))) }
}

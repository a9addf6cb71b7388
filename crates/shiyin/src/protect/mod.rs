//! `shiyin protect`: files become records of a node, made for whoever holds the key.
//!
//! Files are hashed here; what is sent are digests, or commitments, and the originals only where they are
//! deposited. What dies half-way is begun again with the same command: the same content under the same words
//! is one record. The salts of a salted record are kept before anything is sent.

pub mod application;
pub mod cost;
mod deposit;
mod git;
pub mod item;
mod list;
mod receipt;
pub mod send;
mod tsr;

pub use git::{HOOK, files_of as git_files};

use crate::exit::{Exit, Failure};
use crate::hashing::{self, SALT_BYTES, Salt};
use crate::node::{self, Node, state_folder};
use crate::words::Words;
use crate::{complain, input, tell};
use application::Application;
use clap::ArgMatches;
use cost::Terms;
use item::Item;
use proof::digest::{from_hex, hex};
use proof::report::Verdict;
use send::Made;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use store::files;

/// How the content is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Digests alone.
    Digest,
    /// Commitments under salts that stay here.
    Salted,
    /// Digests, and the originals at the node.
    Deposit,
}

impl Mode {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Salted => "salted",
            Self::Deposit => "deposit",
        }
    }

    /// That of the command's flags.
    pub fn of(matches: &ArgMatches) -> Self {
        match (matches.get_flag("salted"), matches.get_flag("deposit")) {
            (true, _) => Self::Salted,
            (_, true) => Self::Deposit,
            _ => Self::Digest,
        }
    }
}

/// How records are made.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// How their content is kept.
    pub mode: Mode,
    /// Whether each file is a record.
    pub is_each: bool,
    /// The list of prices that was agreed to.
    pub price: Option<i64>,
}

/// Runs the command.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    if matches.get_flag("hook") {
        tell(HOOK.trim_end());
        return Ok(Exit::Valid);
    }
    if matches.get_flag("list") {
        return list::run(&node::open(matches, words)?, matches.get_flag("json"), words);
    }
    let (mode, is_each) = (Mode::of(matches), matches.get_flag("each"));
    let mut application = Application::of(matches, words)?;
    let paths = input::paths(matches, "paths");
    // Before hours of hashing: whether there is anybody to send it to.
    let node = node::open(matches, words)?;
    node.has_anchor(words)?;
    let (mut begun, mut missing) = (None, Vec::new());
    let (items, beside) = match matches.get_one::<String>("git") {
        Some(revision) => {
            let repository = matches.get_one::<PathBuf>("repository").map_or(Path::new("."), PathBuf::as_path);
            let found = git::read(repository, revision, words)?;
            if application.title.is_empty() {
                application.title.clone_from(&found.title);
            }
            application.complete(words)?;
            found.notes.iter().for_each(|note| complain(note));
            let line = found.line.clone();
            let items = found.items(matches.get_flag("sm3"));
            let mark = item::mark(&node.client.base, mode, &items, &application);
            if application.work.is_empty() {
                application.work = line.work_for(&node.client.base, &mark);
            }
            begun = Some((line, mark));
            (items, repository.to_owned())
        }
        None if paths.is_empty() => {
            return Err(Failure::new(Exit::Usage, words.say("protect-nothing", &[("program", &crate::program())])));
        }
        None => {
            application.complete(words)?;
            let beside = beside(paths.first().copied().unwrap_or(Path::new(".")));
            let items = files_of(&paths, matches.get_flag("sm3"), words)?;
            if matches.get_flag("tsr") {
                missing = tsr::missing(&node, &paths, &items, words)?;
            }
            (items, beside)
        }
    };
    let out = matches.get_one::<PathBuf>("out").cloned().unwrap_or(beside);
    refuse_inside(&out, &paths, words)?;
    let price = cost::agree(&node, &Terms::of(matches), (mode, is_each), &items, words)?;
    let done = protect(&node, &application, Manner { mode, is_each, price }, items, &out, words)?;
    if let Some(((line, mark), first)) = begun.zip(done.first()) {
        line.remember(&node.client.base, &first.made.work, &mark, words);
    }
    let mut worst = Exit::Valid;
    for one in &done {
        worst = worst.max(one.exit());
        one.tell(matches.get_flag("json"), words);
    }
    tsr::write(&node, &missing, matches.get_flag("json"), words)?;
    Ok(worst)
}

/// A folder beside a path: the one that it lies in.
fn beside(path: &Path) -> PathBuf {
    let plain = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match (path.parent(), plain.parent()) {
        (Some(parent), _) if path.file_name().is_some() && !parent.as_os_str().is_empty() => parent.to_owned(),
        (Some(_), _) if path.file_name().is_some() => PathBuf::from("."),
        (_, Some(parent)) => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A receipt inside a folder that is protected would make the next record hold it.
fn refuse_inside(out: &Path, paths: &[&Path], words: &Words) -> Result<(), Failure> {
    let Ok(real) = std::fs::canonicalize(out) else { return Ok(()) };
    let inside = |path: &&&Path| std::fs::canonicalize(path).is_ok_and(|p| p.is_dir() && real.starts_with(p));
    match paths.iter().find(inside) {
        None => Ok(()),
        Some(path) => {
            let values = [("out", &*out.to_string_lossy()), ("path", &*path.to_string_lossy())];
            Err(Failure::new(Exit::Usage, words.say("err-out-inside", &values)))
        }
    }
}

/// What these paths hold, hashed.
pub fn files_of(paths: &[&Path], sm3: bool, words: &Words) -> Result<Vec<Item>, Failure> {
    if paths.contains(&Path::new("-")) {
        return Err(Failure::new(Exit::Usage, words.say("protect-stdin", &[])));
    }
    let mut worst: Option<Failure> = None;
    let sources = hashing::sources(paths, words, &mut |failure| {
        complain(&failure.message);
        if failure.exit != Exit::Valid {
            worst = Some(Failure::new(failure.exit, words.say("protect-not", &[])));
        }
    });
    match worst {
        Some(failure) => Err(failure),
        None => item::hashed(&sources, sm3, words),
    }
}

/// A record with the place of its receipt.
pub struct Done {
    pub made: Made,
    pub receipt: PathBuf,
    names: Vec<String>,
    has_salts: bool,
}

/// Makes the records and writes their receipts.
pub fn protect(
    node: &Node,
    application: &Application,
    manner: Manner,
    mut items: Vec<Item>,
    out: &Path,
    words: &Words,
) -> Result<Vec<Done>, crate::node::refusal::Refusal> {
    if manner.mode == Mode::Salted {
        salted(node, &mut items, words)?;
    }
    let made = send::submit(node, application, manner, &items, words)?;
    let mut done = Vec::with_capacity(made.len());
    for made in made {
        let receipt = receipt::write(out, &made, &items, words)?;
        let names = made.items.iter().filter_map(|place| Some(items.get(*place)?.name.clone())).collect();
        done.push(Done { made, receipt, names, has_salts: manner.mode == Mode::Salted });
    }
    Ok(done)
}

/// Salts the items, with the salts of an earlier attempt at the same content where there was one. They are
/// kept before they are used: a record whose salts are lost is worth nothing.
fn salted(node: &Node, items: &mut [Item], words: &Words) -> Result<(), Failure> {
    let folder = state_folder(words)?.join("salts");
    let path = folder.join(format!("{}.json", item::content_id(&node.client.base, Mode::Salted, items)));
    let known: HashMap<String, Salt> = match path.exists() {
        false => HashMap::new(),
        true => {
            let bytes = input::read(&path, input::LARGE_BYTES_MAX, words)?;
            let refused = || Failure::new(Exit::Input, words.say("err-salt", &[("path", &path.to_string_lossy())]));
            let texts: BTreeMap<String, String> = serde_json::from_slice(&bytes).map_err(|_| refused())?;
            let read = |text: &str| <[u8; SALT_BYTES]>::try_from(from_hex(text)?).ok();
            let salts = texts.into_iter().map(|(name, text)| read(&text).map(|salt| (name, salt)));
            salts.collect::<Option<_>>().ok_or_else(refused)?
        }
    };
    item::salt(items, &known, words)?;
    if known.is_empty() {
        let failed = |error: std::io::Error| input::cannot_write(&path, &error, words);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let salts: BTreeMap<&str, String> = items
            .iter()
            .filter_map(|item| item.salted.as_ref().map(|(salt, _)| (item.name.as_str(), hex(salt))))
            .collect();
        files::replace(&path, &serde_json::to_vec(&salts).unwrap_or_default(), files::SECRET).map_err(failed)?;
    }
    Ok(())
}

impl Done {
    /// How it ended: a record that waits has no token yet.
    pub fn exit(&self) -> Exit {
        match &self.made.report {
            None => Exit::Incomplete,
            Some(report) if report.verdict == Verdict::Valid => Exit::Valid,
            Some(_) => Exit::Unconfirmed,
        }
    }

    /// The time in its token.
    pub fn time(&self) -> String {
        let facts = self.made.report.as_ref().and_then(|report| report.facts.as_ref());
        facts.map(|facts| facts.gen_time.to_string()).unwrap_or_default()
    }

    /// As one line of JSON.
    pub fn json(&self) -> serde_json::Value {
        let made = &self.made;
        let mut value = json!({
            "number": made.number, "state": made.state, "work": made.work, "files": made.items.len(),
            "path": if self.names.len() == 1 { self.names.first() } else { None },
            "receipt": self.receipt.to_string_lossy(), "time": self.time(),
            "verdict": made.report.as_ref().map(|report| report.verdict.name()), "salted": self.has_salts,
        });
        // Where nothing costs anything there is no word of it.
        if !made.charge.is_null() {
            value["charge"] = made.charge.clone();
        }
        value
    }

    fn tell(&self, json: bool, words: &Words) {
        if json {
            return tell(&self.json().to_string());
        }
        let (time, count) = (self.time(), self.made.items.len().to_string());
        let what = match self.names.as_slice() {
            [name] => name.clone(),
            _ => words.say("protect-files", &[("count", &count)]),
        };
        let values = [("what", &*what), ("number", &self.made.number), ("time", &time)];
        match (&self.made.report, self.made.state.as_str()) {
            (Some(_), _) => tell(&words.say("protect-done", &values)),
            (None, "asked") => tell(&words.say("protect-asked", &values[..2])),
            (None, _) => tell(&words.say("protect-waits", &values[..2])),
        }
        tell(&format!("  {}", words.say("protect-receipt", &[("path", &self.receipt.to_string_lossy())])));
        if self.has_salts {
            tell(&format!("  {}", words.say("protect-salts", &[])));
        }
    }
}

//! `shiyin watch`: protects files of a folder as they are finished (ipr-50).
//!
//! What is told by the system only wakes it; what is to be done is always found by looking at the folder and
//! at what is noted of it, so that nothing is missed while it was off, and nothing is done twice. A file is
//! finished once its size and time have not moved for a while and nobody is seen writing to it. A known path
//! that changed is the next record of the same work. The note is written whole after every record.

mod look;
mod notes;
mod wake;

use crate::exit::{Exit, Failure};
use crate::node::refusal::Refusal;
use crate::node::{self, Node, state_folder};
use crate::protect::application::Application;
use crate::protect::cost::{self, Terms};
use crate::protect::{self, Manner, Mode};
use crate::words::Words;
use crate::{complain, input, tell};
use clap::ArgMatches;
use look::Rules;
use notes::{Note, Notes};
use proof::digest::DigestAlgorithm;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use trust::clock::host::{Host as _, Machine};
use wake::Wake;

/// Looks at a folder are this far apart at the least, and at the most where nothing woke it.
const LOOK_S: u64 = 1;
const IDLE_S: u64 = 60;
/// Breaks while a node is away.
const AWAY_S: [u64; 6] = [5, 10, 30, 60, 120, 300];
/// A file that cannot be protected is tried again after so long.
const REFUSED_S: i64 = 600;

/// A file on its way to be finished.
struct Pending {
    size: u64,
    changed_ns: i64,
    since_s: i64,
}

struct Watch<'w> {
    folder: PathBuf,
    rules: Rules,
    settle_s: i64,
    application: Application,
    mode: Mode,
    terms: Terms,
    out: PathBuf,
    notes: Notes,
    pending: HashMap<String, Pending>,
    /// Files that were refused, and when to try again.
    refused: HashMap<String, (u64, i64, i64)>,
    /// How long a look takes; what is large is looked at less often.
    look_s: u64,
    is_dry: bool,
    json: bool,
    worst: Exit,
    words: &'w Words,
}

/// Why a round ended.
enum Round {
    /// All that is finished was done; some may still wait to be.
    Done,
    /// The node is away.
    Away(Refusal),
}

/// Runs until it is told to end, or once.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let given = input::path(matches, "folder");
    let folder = std::fs::canonicalize(given).map_err(|error| input::cannot_read(given, &error, words))?;
    if !folder.is_dir() {
        return Err(Failure::new(Exit::Input, words.say("watch-no-folder", &[("path", &given.to_string_lossy())])));
    }
    let ignore: Vec<String> = matches.get_many::<String>("ignore").unwrap_or_default().cloned().collect();
    let (is_dry, is_once) = (matches.get_flag("dry-run"), matches.get_flag("once"));
    let mut application = Application::of(matches, words)?;
    let title = std::mem::take(&mut application.title);
    // Each file is called by its name; the rest must be there before anything is begun.
    Application { title: "-".to_owned(), ..application.clone() }.complete(words)?;
    application.title = title;
    let own = DigestAlgorithm::Sha256.digest(folder.as_os_str().as_encoded_bytes()).to_string();
    let state = match matches.get_one::<PathBuf>("state") {
        Some(path) => path.clone(),
        None => state_folder(words)?.join("watch").join(format!("{own}.json")),
    };
    let out = match matches.get_one::<PathBuf>("out") {
        Some(path) => path.clone(),
        None => state_folder(words)?.join("records"),
    };
    for place in [&state, &out] {
        refuse_within(place, &folder, words)?;
    }
    let node = if is_dry { None } else { Some(node::open(matches, words)?) };
    if let Some(node) = &node {
        node.has_anchor(words)?;
    }
    let server = node.as_ref().map(|node| node.client.base.clone()).unwrap_or_default();
    let mut watch = Watch {
        rules: Rules::new(&ignore),
        settle_s: i64::try_from(matches.get_one::<u64>("settle").copied().unwrap_or(10)).unwrap_or(10),
        application,
        mode: Mode::of(matches),
        terms: Terms::unasked(matches),
        out,
        notes: Notes::open(&state, &server, is_dry, words)?,
        pending: HashMap::new(),
        refused: HashMap::new(),
        look_s: 0,
        is_dry,
        json: matches.get_flag("json"),
        worst: Exit::Valid,
        words,
        folder,
    };
    let mut wake = Wake::new(&watch.folder, matches.get_flag("poll"), words)?;
    watch.say("watch-begins", json!({ "event": "begins" }), &[("path", &watch.folder.to_string_lossy())]);
    let mut away = 0;
    loop {
        let round = watch.round(node.as_ref(), is_once || is_dry, &mut wake)?;
        if wake.is_ending() {
            break;
        }
        match round {
            Round::Away(refusal) => {
                if is_once {
                    return Err(refusal.into());
                }
                let wait_s = refusal.wait_s.unwrap_or(AWAY_S[away.min(AWAY_S.len() - 1)]);
                away += 1;
                complain(&refusal.failure.message);
                let event = json!({ "event": "away", "wait_s": wait_s, "cause": refusal.failure.message });
                watch.say("watch-away", event, &[("seconds", &wait_s.to_string())]);
                wake.rest(wait_s);
            }
            Round::Done => {
                if away > 0 {
                    watch.say("watch-back", json!({ "event": "back" }), &[]);
                }
                away = 0;
                let least_s = (watch.look_s * 10).clamp(LOOK_S, IDLE_S);
                match (watch.pending.is_empty(), is_dry) {
                    (true, _) if is_once || is_dry => break,
                    (_, true) => break,
                    (true, _) => wake.wait(&watch.folder, &watch.rules, least_s, IDLE_S),
                    (false, _) => wake.rest(least_s),
                }
            }
        }
        if wake.is_ending() {
            break;
        }
    }
    watch.say("watch-ends", json!({ "event": "ends" }), &[]);
    Ok(watch.worst)
}

/// What is written there must not be watched.
fn refuse_within(place: &Path, folder: &Path, words: &Words) -> Result<(), Failure> {
    let mut real = std::path::absolute(place).unwrap_or_else(|_| place.to_owned());
    while !real.exists() {
        match real.parent() {
            Some(parent) => real = parent.to_owned(),
            None => return Ok(()),
        }
    }
    let real = std::fs::canonicalize(&real).unwrap_or(real);
    match real.starts_with(folder) {
        false => Ok(()),
        true => {
            let values = [("out", &*place.to_string_lossy()), ("path", &*folder.to_string_lossy())];
            Err(Failure::new(Exit::Usage, words.say("err-out-inside", &values)))
        }
    }
}

fn now_s() -> i64 {
    Machine.raw_ns() / 1_000_000_000
}

impl Watch<'_> {
    /// One line for a person, or for a program.
    fn say(&self, id: &str, event: Value, values: &[(&str, &str)]) {
        match self.json {
            true => tell(&event.to_string()),
            false => tell(&self.words.say(id, values)),
        }
    }

    /// Looks, and does what is finished. `is_settled`: what is there and not being written counts as finished
    /// once its time is old enough by the clock on the wall; else it must have been seen unmoved.
    fn round(&mut self, node: Option<&Node>, is_settled: bool, wake: &mut Wake) -> Result<Round, Failure> {
        let begun_ns = Machine.raw_ns();
        let (found, faults) = look::look(&self.folder, &self.rules);
        self.look_s = u64::try_from((Machine.raw_ns() - begun_ns) / 1_000_000_000).unwrap_or(0);
        for path in faults {
            self.fault(&path, now_s());
        }
        self.notes.forget_gone(&found);
        self.pending.retain(|path, _| found.contains_key(path));
        self.refused.retain(|path, _| found.contains_key(path));
        let finished = self.finished(&found, is_settled);
        for path in finished {
            if wake.is_ending() {
                break;
            }
            let Some(seen) = found.get(&path) else { continue };
            match self.file(node, &path, *seen) {
                Ok(()) => {}
                Err(refusal) if refusal.passes() || refusal.status == 401 => return Ok(Round::Away(refusal)),
                Err(refusal) => {
                    self.worst = self.worst.max(refusal.failure.exit);
                    complain(&refusal.failure.message);
                    let event = json!({ "event": "refused", "path": path, "cause": refusal.failure.message });
                    self.say("watch-refused", event, &[("path", &path)]);
                    self.refused.insert(path.clone(), (seen.0, seen.1, now_s() + REFUSED_S));
                }
            }
            self.pending.remove(&path);
        }
        Ok(Round::Done)
    }

    /// A folder or file that cannot be read: told once in a while.
    fn fault(&mut self, path: &str, now: i64) {
        let is_told = self.refused.get(path).is_some_and(|(_, _, until)| *until > now);
        if !is_told {
            self.worst = self.worst.max(Exit::Input);
            self.refused.insert(path.to_owned(), (0, 0, now + REFUSED_S));
            self.say("watch-unreadable", json!({ "event": "unreadable", "path": path }), &[("path", path)]);
        }
    }

    /// What is new or other than noted, and finished.
    fn finished(&mut self, found: &BTreeMap<String, (u64, i64)>, is_settled: bool) -> Vec<String> {
        let (now, wall_ns) = (now_s(), Machine.wall_ns());
        let mut finished = Vec::new();
        for (path, &(size, changed_ns)) in found {
            let is_noted = self.notes.get(path).is_some_and(|note| note.size == size && note.changed_ns == changed_ns);
            let is_refused =
                self.refused.get(path).is_some_and(|(s, c, until)| *s == size && *c == changed_ns && *until > now);
            // An empty file says nothing, and is commonly the beginning of one.
            if is_noted || is_refused || size == 0 {
                self.pending.remove(path);
                continue;
            }
            let fresh = || Pending { size, changed_ns, since_s: now };
            let pending = self.pending.entry(path.clone()).or_insert_with(fresh);
            if pending.size != size || pending.changed_ns != changed_ns {
                *pending = fresh();
            }
            let is_old = wall_ns.saturating_sub(changed_ns) >= self.settle_s * 1_000_000_000;
            if now - pending.since_s >= self.settle_s || (is_settled && is_old) {
                finished.push(path.clone());
            }
        }
        // Looking through all processes is dear; only for what is about to be done.
        if !finished.is_empty() {
            let written = look::written(&self.folder);
            for path in written.iter().filter(|path| finished.contains(path)) {
                if let Some(pending) = self.pending.get_mut(path.as_str()) {
                    pending.since_s = now;
                }
            }
            finished.retain(|path| !written.contains(path));
        }
        finished
    }

    /// Protects one finished file.
    fn file(&mut self, node: Option<&Node>, path: &str, (size, changed_ns): (u64, i64)) -> Result<(), Refusal> {
        let whole = self.folder.join(path);
        // Gone or grown since it was seen: the next look says.
        if look::seen(&whole) != Some((size, changed_ns)) {
            return Ok(());
        }
        let mut items = protect::files_of(&[&whole], false, self.words)?;
        let Some(item) = items.first_mut() else { return Ok(()) };
        path.clone_into(&mut item.name);
        if look::seen(&whole) != Some((size, changed_ns)) || item.size != size {
            return Ok(());
        }
        let sha256 = item.sha256.clone();
        let before = self.notes.get(path).cloned();
        let note = |number: &str, work: &str, version: u64| Note {
            size,
            changed_ns,
            sha256: sha256.clone(),
            number: number.to_owned(),
            work: work.to_owned(),
            version,
        };
        // Touched, not changed; or moved; or a copy of what is protected.
        let known = match &before {
            Some(before) if before.sha256 == sha256 => Some((path.to_owned(), before.clone())),
            Some(_) => None,
            None => self.notes.same(&sha256),
        };
        if let Some((other, known)) = known {
            if other != path {
                let event = json!({ "event": "same", "path": path, "as": other, "number": known.number });
                self.say("watch-same", event, &[("path", path), ("other", &other), ("number", &known.number)]);
            }
            if !self.is_dry {
                self.notes.put(path, note(&known.number, &known.work, known.version), self.words)?;
            }
            return Ok(());
        }
        let version = before.as_ref().map_or(1, |before| before.version + 1);
        let mut application = self.application.clone();
        let name = path.rsplit('/').next().unwrap_or(path);
        let title =
            if application.title.is_empty() { name.to_owned() } else { format!("{} · {name}", application.title) };
        application.title = title.chars().take(200).collect();
        application.version = version.to_string();
        if let Some(before) = &before {
            application.work.clone_from(&before.work);
        }
        let Some(node) = node else {
            let event = json!({ "event": "would", "path": path, "sha256": sha256, "version": version });
            self.say("watch-would", event, &[("path", path), ("version", &version.to_string())]);
            return Ok(());
        };
        let price = cost::agree(node, &self.terms, (self.mode, false), &items, self.words)?;
        let manner = Manner { mode: self.mode, is_each: false, price };
        let done = protect::protect(node, &application, manner, items, &self.out, self.words)?;
        for one in &done {
            let made = &one.made;
            self.notes.put(path, note(&made.number, &made.work, version), self.words)?;
            // One that waits is confirmed; the node stamps it as soon as it can.
            let mut event = one.json();
            event["event"] = "protected".into();
            event["path"] = path.into();
            event["version"] = version.into();
            let time = one.time();
            let values = [("path", path), ("number", &made.number), ("version", &version.to_string()), ("time", &time)];
            match made.report {
                Some(_) => self.say("watch-done", event, &values),
                None => self.say("watch-waits", event, &values[..3]),
            }
        }
        Ok(())
    }
}

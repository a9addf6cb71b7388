//! What is noted of a folder: each path as it was when it was protected. Written whole after every record.
//!
//! A note that is lost costs nothing but work: the same content under the same words is the same record.

use crate::exit::{Exit, Failure};
use crate::input;
use crate::words::Words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use store::files;

const KIND: &str = "shiyin.watch/1";

/// A path, as it was protected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub size: u64,
    pub changed_ns: i64,
    pub sha256: String,
    pub number: String,
    pub work: String,
    pub version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    kind: String,
    server: String,
    paths: BTreeMap<String, Note>,
    /// What was protected and is not there now; a file that comes back, or turns up elsewhere, is known by it.
    #[serde(default)]
    gone: BTreeMap<String, Note>,
}

/// The notes of a folder, held by one program at a time.
pub struct Notes {
    path: PathBuf,
    stored: Stored,
    /// Its lock goes with the program, however that ends.
    _lock: Option<File>,
}

impl Notes {
    /// Reads them, or begins them.
    pub fn open(path: &Path, server: &str, is_dry: bool, words: &Words) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| input::cannot_write(path, &error, words);
        let shown = path.to_string_lossy();
        let lock = match is_dry {
            true => None,
            false => {
                if let Some(folder) = path.parent() {
                    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
                }
                let mut name = path.as_os_str().to_owned();
                name.push(".lock");
                let lock = File::create(&name).map_err(failed)?;
                let taken = || Failure::new(Exit::Output, words.say("watch-locked", &[("path", &shown)]));
                lock.try_lock().map_err(|_| taken())?;
                Some(lock)
            }
        };
        let fresh = || Stored {
            kind: KIND.to_owned(),
            server: server.to_owned(),
            paths: BTreeMap::new(),
            gone: BTreeMap::new(),
        };
        let stored = match path.exists() {
            false => fresh(),
            true => {
                let bytes = input::read(path, input::LARGE_BYTES_MAX, words)?;
                let broken = || Failure::new(Exit::Input, words.say("watch-notes", &[("path", &shown)]));
                let stored: Stored = serde_json::from_slice(&bytes).map_err(|_| broken())?;
                if stored.kind != KIND {
                    return Err(broken());
                }
                if !is_dry && stored.server != server {
                    let values = [("path", &*shown), ("other", &stored.server), ("server", server)];
                    return Err(Failure::new(Exit::Usage, words.say("watch-server", &values)));
                }
                stored
            }
        };
        Ok(Self { path: path.to_owned(), stored, _lock: lock })
    }

    pub fn get(&self, path: &str) -> Option<&Note> {
        self.stored.paths.get(path).or_else(|| self.stored.gone.get(path))
    }

    /// Another path with the same content.
    pub fn same(&self, sha256: &str) -> Option<(String, Note)> {
        let all = self.stored.paths.iter().chain(&self.stored.gone);
        all.filter(|(_, note)| note.sha256 == sha256).map(|(path, note)| (path.clone(), note.clone())).next()
    }

    /// Sets aside what is not there any more.
    pub fn forget_gone(&mut self, found: &BTreeMap<String, (u64, i64)>) {
        let gone: Vec<String> = self.stored.paths.keys().filter(|path| !found.contains_key(*path)).cloned().collect();
        for path in gone {
            if let Some(note) = self.stored.paths.remove(&path) {
                self.stored.gone.insert(path, note);
            }
        }
    }

    pub fn put(&mut self, path: &str, note: Note, words: &Words) -> Result<(), Failure> {
        self.stored.gone.remove(path);
        self.stored.paths.insert(path.to_owned(), note);
        let bytes = serde_json::to_vec(&self.stored).unwrap_or_default();
        files::replace(&self.path, &bytes, files::SECRET)
            .map_err(|error| input::cannot_write(&self.path, &error, words))
    }
}

//! What a record is to hold: names, sizes, digests, and where the bytes are.

use super::Mode;
use super::application::Application;
use crate::exit::{Exit, Failure};
use crate::hashing::{self, Found, Job, Salt, Source};
use crate::manifest;
use crate::words::Words;
use proof::digest::DigestAlgorithm;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The longest name of a file, in bytes.
const NAME_BYTES_MAX: usize = 1024;

/// Where an item's bytes are.
#[derive(Clone, Debug)]
pub enum Content {
    File(PathBuf),
    /// Made here, and written into the receipt.
    Bytes(Vec<u8>),
}

/// A file of a record.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name in the record.
    pub name: String,
    pub size: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its SM3, where that was asked for.
    pub sm3: String,
    /// Its salt, and the commitment to salt and content.
    pub salted: Option<(Salt, String)>,
    pub content: Content,
}

impl Item {
    /// One whose bytes are made here.
    pub fn made(name: &str, bytes: Vec<u8>, sm3: bool) -> Self {
        let digest = |algorithm: DigestAlgorithm| algorithm.digest(&bytes).to_string();
        Self {
            name: name.to_owned(),
            size: bytes.len() as u64,
            sha256: digest(DigestAlgorithm::Sha256),
            sm3: if sm3 { digest(DigestAlgorithm::Sm3) } else { String::new() },
            salted: None,
            content: Content::Bytes(bytes),
        }
    }

    /// What is sent of it: in a salted record the commitment, and no digest.
    pub fn digest(&self) -> &str {
        self.salted.as_ref().map_or(&self.sha256, |(_, commitment)| commitment)
    }

    /// As the API takes it.
    pub fn json(&self) -> Value {
        let mut value = json!({ "path": self.name, "size": self.size, "digest": self.digest() });
        if self.salted.is_none() && !self.sm3.is_empty() {
            value["sm3"] = self.sm3.as_str().into();
        }
        value
    }
}

/// The names that files get: a folder's own name before the path below it.
fn named(sources: &[Source], words: &Words) -> Result<Vec<(String, Found)>, Failure> {
    let mut named: Vec<(String, Found)> = Vec::new();
    for source in sources {
        for file in &source.files {
            let refused =
                || Failure::new(Exit::Input, words.say("err-name-record", &[("path", &file.path.to_string_lossy())]));
            let name = match &source.folder {
                None => file.path.file_name().and_then(|name| name.to_str()).map(str::to_owned),
                Some(folder) => {
                    let own = folder.file_name().and_then(|name| name.to_str());
                    own.zip(manifest::relative(folder, &file.path)).map(|(own, below)| format!("{own}/{below}"))
                }
            };
            let is_fit = |name: &String| !name.contains(char::is_control) && name.len() <= NAME_BYTES_MAX;
            named.push((name.filter(is_fit).ok_or_else(refused)?, file.clone()));
        }
    }
    let mut seen = HashMap::new();
    for (name, file) in &named {
        if let Some(other) = seen.insert(name.to_lowercase(), file.path.clone()) {
            let values = [("path", &*file.path.to_string_lossy()), ("other", &*other.to_string_lossy())];
            return Err(Failure::new(Exit::Input, words.say("err-name-twice", &values)));
        }
    }
    Ok(named)
}

/// Hashes what was found. One file that fails fails all: a record that lacks a file would say less than it
/// seems to.
pub fn hashed(sources: &[Source], sm3: bool, words: &Words) -> Result<Vec<Item>, Failure> {
    if let Some(source) = sources.iter().find(|source| source.incomplete) {
        let folder = source.folder.clone().unwrap_or_default();
        return Err(Failure::new(Exit::Input, words.say("protect-incomplete", &[("path", &folder.to_string_lossy())])));
    }
    let named = named(sources, words)?;
    let jobs = |algorithm| -> Vec<Job> {
        named.iter().map(|(_, file)| Job { file: file.clone(), algorithm, salt: None }).collect()
    };
    let digests = hashing::run(&jobs(DigestAlgorithm::Sha256), words).into_iter().collect::<Result<Vec<_>, _>>()?;
    let sm3: Vec<String> = match sm3 {
        false => vec![String::new(); named.len()],
        true => {
            let digests = hashing::run(&jobs(DigestAlgorithm::Sm3), words);
            digests.into_iter().map(|one| Ok(one?.digest.to_string())).collect::<Result<_, Failure>>()?
        }
    };
    let item = |(((name, file), hashed), sm3): (((String, Found), hashing::Hashed), String)| Item {
        name,
        size: hashed.size,
        sha256: hashed.digest.to_string(),
        sm3,
        salted: None,
        content: Content::File(file.path),
    };
    Ok(named.into_iter().zip(digests).zip(sm3).map(item).collect())
}

/// Puts each item under a salt: that of an earlier attempt at the same content, else a new one.
pub fn salt(items: &mut [Item], known: &HashMap<String, Salt>, words: &Words) -> Result<(), Failure> {
    let mut salts = Vec::with_capacity(items.len());
    for item in items.iter() {
        let salt = known.get(&item.name).copied();
        let drawn = || trust::keys::random().map_err(|e| Failure::new(Exit::Instance, e.to_string()));
        salts.push(salt.map_or_else(drawn, Ok)?);
    }
    let job = |(item, salt): (&Item, &Salt)| match &item.content {
        Content::File(path) => {
            let file = Found { path: path.clone(), size: item.size };
            Some(Job { file, algorithm: DigestAlgorithm::Sha256, salt: Some(*salt) })
        }
        Content::Bytes(_) => None,
    };
    let jobs: Vec<Job> = items.iter().zip(&salts).filter_map(job).collect();
    let mut hashed = hashing::run(&jobs, words).into_iter();
    for (item, salt) in items.iter_mut().zip(salts) {
        let commitment = match &item.content {
            Content::Bytes(bytes) => DigestAlgorithm::Sha256.digest(&[&salt[..], bytes].concat()).to_string(),
            Content::File(path) => match hashed.next() {
                Some(Ok(one)) if one.size == item.size => one.digest.to_string(),
                Some(Err(failure)) => return Err(failure),
                _ => return Err(changed(path, words)),
            },
        };
        item.salted = Some((salt, commitment));
    }
    Ok(())
}

/// A file that is not what it was when it was hashed.
pub fn changed(path: &Path, words: &Words) -> Failure {
    Failure::new(Exit::Input, words.say("err-changed", &[("path", &path.to_string_lossy())]))
}

/// What tells one record from another, before it belongs to a work: the server, the mode, the content, and what is said of it.
pub fn mark(server: &str, mode: Mode, items: &[Item], application: &Application) -> String {
    let said = application.body(mode.name(), false, &[]);
    let text = serde_json::to_vec(&(content_id(server, mode, items), said)).unwrap_or_default();
    DigestAlgorithm::Sha256.digest(&text).to_string()
}

/// What tells one attempt from another: the server, the mode, and the content under its names.
pub fn content_id(server: &str, mode: Mode, items: &[Item]) -> String {
    let files: Vec<_> = items.iter().map(|item| (&item.name, item.size, &item.sha256)).collect();
    let text = serde_json::to_vec(&(server, mode.name(), files)).unwrap_or_default();
    DigestAlgorithm::Sha256.digest(&text).to_string()
}

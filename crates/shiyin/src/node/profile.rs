//! Profiles: a node, the key for it, and the root that its tokens are checked against.
//!
//! One file each, readable by its owner alone, under `$XDG_CONFIG_HOME/shiyin/profiles`. Whoever reads it
//! can do what the key may; whoever writes it decides whose tokens pass.

use crate::exit::{Exit, Failure};
use crate::words::Words;
use crate::{input, program};
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use store::files;

/// What a profile holds.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub server: String,
    pub key: String,
    /// The key's id and what it is called; empty where it was pasted.
    #[serde(default)]
    pub key_id: String,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub until: String,
    /// The node's root, PEM, as it was when this program signed in.
    pub root: String,
    /// Whether the key may go over a line that others can read.
    #[serde(default)]
    pub plain_http: bool,
}

impl Profile {
    /// The roots that it pins.
    pub fn roots(&self) -> Vec<Vec<u8>> {
        proof::pem::blocks(self.root.as_bytes(), "CERTIFICATE")
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=40).contains(&name.len()) && name.chars().all(is_letter) && !name.starts_with('.')
}

/// Where a profile lies.
pub fn path(name: &str, words: &Words) -> Result<PathBuf, Failure> {
    if !is_name(name) {
        return Err(Failure::new(Exit::Usage, words.say("profile-name", &[("name", name)])));
    }
    let folder = super::folder("XDG_CONFIG_HOME", ".config");
    let folder = folder.ok_or_else(|| Failure::new(Exit::Output, words.say("err-home", &[])))?;
    Ok(folder.join("profiles").join(format!("{name}.json")))
}

/// The profile of this name.
pub fn find(name: &str, words: &Words) -> Result<Profile, Failure> {
    let path = path(name, words)?;
    let about = match path.metadata() {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let values = [("program", &*program()), ("name", name)];
            return Err(Failure::new(Exit::Usage, words.say("profile-none", &values)));
        }
        Err(error) => return Err(input::cannot_read(&path, &error, words)),
    };
    let shown = path.to_string_lossy().into_owned();
    if about.mode() & 0o077 != 0 {
        return Err(Failure::new(Exit::Input, words.say("profile-open", &[("path", &shown)])));
    }
    let bytes = input::read(&path, input::SMALL_BYTES_MAX, words)?;
    serde_json::from_slice(&bytes)
        .map_err(|_| Failure::new(Exit::Input, words.say("profile-broken", &[("path", &shown)])))
}

/// Keeps a profile, for its owner's eyes.
pub fn keep(path: &Path, profile: &Profile, words: &Words) -> Result<(), Failure> {
    let failed = |error: io::Error| input::cannot_write(path, &error, words);
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let bytes = serde_json::to_vec_pretty(profile).unwrap_or_default();
    files::replace(path, &bytes, files::SECRET).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        assert!(is_name("default") && is_name("ci.studio-2"));
        for wrong in ["", ".", "..", ".x", "a/b", "月", &"x".repeat(41)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}

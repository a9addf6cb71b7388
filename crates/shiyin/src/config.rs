//! `DATA/shiyin.toml`: what an operator may set. Read, never written; unknown keys are refused.

use crate::exit::{Exit, Failure};
use crate::words::Words;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The whole file. Where it is missing, everything has its default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Other authorities that stamp the log.
    pub external: External,
}

/// `[external]`: who else is asked for the time. Without them, back-dating by the operator is
/// not excluded, and every report says so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct External {
    /// Seconds between two stamps while the log grows.
    pub every_s: u64,
    /// Stamps asked for at each checkpoint; where an authority fails, the next is asked.
    pub stamps: usize,
    /// The authorities, in the order in which they are asked.
    pub authority: Vec<ExternalAuthority>,
}

impl Default for External {
    fn default() -> Self {
        Self { every_s: 600, stamps: 1, authority: Vec::new() }
    }
}

/// `[[external.authority]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalAuthority {
    /// Where it answers, such as `https://freetsa.org/tsr`.
    pub url: String,
    /// Its root certificate, PEM or DER; a relative name is beside this file.
    pub root: PathBuf,
}

/// Reads the configuration of the instance in `data`.
pub fn read(data: &Path, words: &Words) -> Result<Config, Failure> {
    let path = data.join("shiyin.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Config::default()),
        Err(error) => return Err(crate::input::cannot_read(&path, &error, words)),
    };
    let mut config: Config = toml::from_str(&text).map_err(|error| {
        let values = [("path", &*path.to_string_lossy()), ("cause", error.message())];
        Failure::new(Exit::Instance, words.say("err-config", &values))
    })?;
    for authority in &mut config.external.authority {
        authority.root = data.join(&authority.root);
    }
    Ok(config)
}

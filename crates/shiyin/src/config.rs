//! `DATA/shiyin.toml`: what an operator may set. Read, never written; unknown keys are refused.

use crate::exit::{Exit, Failure};
use crate::input;
use crate::words::Words;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use store::blobs::S3;
use trust::storage::Storage;

/// The whole file. Where it is missing, everything has its default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the log is kept. To be set before the instance is made: `shiyin init --config FILE`.
    storage: StorageConfig,
    /// Other authorities that stamp the log.
    pub external: External,
}

/// `[storage]`: by default the log is in the instance's folder.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StorageConfig {
    /// A file that holds the address of a PostgreSQL database, `postgres://USER:PASSWORD@HOST/NAME`.
    database_file: Option<PathBuf>,
    /// An S3-compatible service for the log's public files.
    s3: Option<S3Config>,
}

/// `[storage.s3]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct S3Config {
    /// `https://HOST`; `http` only on loopback.
    endpoint: String,
    region: String,
    bucket: String,
    /// What all names begin with.
    #[serde(default)]
    prefix: String,
    /// The id of the access key.
    key_id: String,
    /// A file that holds the secret of the access key.
    secret_file: PathBuf,
}

impl Config {
    /// Where the log is kept, with the secrets read from their files.
    pub fn storage(&self) -> Result<Storage, Failure> {
        let fault = |path: &Path, cause: &dyn std::fmt::Display| {
            Failure::new(Exit::Instance, format!("{}: {cause}", path.display()))
        };
        let secret = |path: &Path| {
            let text = std::fs::read_to_string(path).map_err(|e| fault(path, &e))?;
            Ok::<_, Failure>(text.trim().to_owned())
        };
        let database = self
            .storage
            .database_file
            .as_deref()
            .map(|path| secret(path)?.parse().map_err(|e: store::StoreError| fault(path, &e)));
        let s3 = self.storage.s3.as_ref().map(|s3| {
            let slash = if s3.prefix.is_empty() || s3.prefix.ends_with('/') { "" } else { "/" };
            Ok::<_, Failure>(S3 {
                endpoint: s3.endpoint.clone(),
                region: s3.region.clone(),
                bucket: s3.bucket.clone(),
                prefix: format!("{}{slash}", s3.prefix),
                key_id: s3.key_id.clone(),
                secret: secret(&s3.secret_file)?,
            })
        });
        Ok(Storage { database: database.transpose()?, s3: s3.transpose()? })
    }
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

/// The name of the file in an instance's folder.
pub const FILE: &str = "shiyin.toml";

/// Reads the configuration of the instance in `data`.
pub fn read(data: &Path, words: &Words) -> Result<Config, Failure> {
    let path = data.join(FILE);
    if path.exists() { read_file(&path, data, words) } else { Ok(Config::default()) }
}

/// Reads a configuration; relative names in it are of files in `data`.
pub fn read_file(path: &Path, data: &Path, words: &Words) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| input::cannot_read(path, &error, words))?;
    let mut config: Config = toml::from_str(&text).map_err(|error| {
        let values = [("path", &*path.to_string_lossy()), ("cause", error.message())];
        Failure::new(Exit::Instance, words.say("err-config", &values))
    })?;
    let roots = config.external.authority.iter_mut().map(|a| &mut a.root);
    let secrets = config.storage.s3.as_mut().map(|s3| &mut s3.secret_file);
    for name in roots.chain(secrets).chain(config.storage.database_file.as_mut()) {
        *name = data.join(&*name);
    }
    Ok(config)
}

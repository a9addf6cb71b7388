//! Where an instance keeps its log and its keys: in its folder, or in a database, a bucket and a
//! token of their own.

use crate::TrustError;
use std::path::{Path, PathBuf};
use store::Location;
use store::blobs::{Blobs, S3};

/// The databases and files of the log, and the keys. By default they are in the instance's folder.
#[derive(Clone, Default)]
pub struct Storage {
    /// The database, where it is not `DATA/log.db`.
    pub database: Option<Location>,
    /// The service with the public files, where they are not in `DATA/public/log`.
    pub s3: Option<S3>,
    /// Where the keys are.
    pub keys: KeyPlaces,
}

/// Where keys are kept, and what opens them.
#[derive(Clone, Debug, Default)]
pub struct KeyPlaces {
    /// The file with the passphrase of the key files, where it is not `DATA/keys/passphrase`.
    pub passphrase: Option<PathBuf>,
    /// The PKCS #11 token in which new keys are made.
    pub token: Option<TokenPlace>,
}

/// A PKCS #11 token.
#[derive(Clone, Debug)]
pub struct TokenPlace {
    /// The library file of the module.
    pub module: PathBuf,
    /// The token's label.
    pub label: String,
    /// The file with the user's PIN.
    pub pin_file: PathBuf,
}

impl Storage {
    /// Whether everything is in the instance's folder.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.database.is_none() && self.s3.is_none()
    }

    /// The database of the instance in `data`.
    #[must_use]
    pub fn database(&self, data: &Path) -> Location {
        self.database.clone().unwrap_or_else(|| Location::Sqlite(data.join("log.db")))
    }

    /// The database of people, organisations and records: a file of its own, or the same PostgreSQL.
    #[must_use]
    pub fn registry(&self, data: &Path) -> Location {
        self.database.clone().unwrap_or_else(|| Location::Sqlite(data.join("registry.db")))
    }

    /// The public files of all logs of the instance, each below its id.
    pub fn logs(&self, data: &Path) -> Result<Blobs, TrustError> {
        self.below(data, "")
    }

    /// The public files of one log.
    pub fn log(&self, data: &Path, id: &str) -> Result<Blobs, TrustError> {
        self.below(data, id)
    }

    fn below(&self, data: &Path, id: &str) -> Result<Blobs, TrustError> {
        Ok(match &self.s3 {
            None => Blobs::folder(&data.join("public/log").join(id)),
            Some(s3) => {
                let slash = if id.is_empty() { "" } else { "/" };
                Blobs::s3(&S3 { prefix: format!("{}{id}{slash}", s3.prefix), ..s3.clone() })?
            }
        })
    }
}

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
    /// The places for originals, the first of which takes what arrives; where there are none, `DATA/vault`.
    pub vault: Vec<VaultPlace>,
}

/// A place for originals: each has a copy of every one.
#[derive(Clone)]
pub struct VaultPlace {
    /// What it is called, here and in messages; it must keep its name.
    pub name: String,
    /// Where it is.
    pub at: PlaceAt,
}

/// Where a place is.
#[derive(Clone)]
pub enum PlaceAt {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, or a prefix of one.
    S3(S3),
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

    /// The places for originals of the instance in `data`: one at least, each with a name of its own.
    ///
    /// # Errors
    /// Refused where a name is empty, too long, not in `a`-`z`, `0`-`9` and `-`, or given twice.
    pub fn vault(&self, data: &Path) -> Result<Vec<VaultPlace>, TrustError> {
        if self.vault.is_empty() {
            return Ok(vec![VaultPlace { name: "first".to_owned(), at: PlaceAt::Folder(data.join("vault")) }]);
        }
        for (number, VaultPlace { name, .. }) in self.vault.iter().enumerate() {
            let fits = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !fits || name.is_empty() || name.len() > 32 {
                let text = format!("{name:?} in [vault] is no name for a place: use up to 32 of a-z, 0-9 and -");
                return Err(TrustError::Refused(text));
            }
            if self.vault[..number].iter().any(|before| before.name == *name) {
                return Err(TrustError::Refused(format!(
                    "[vault] has two places called {name}: give each its own name"
                )));
            }
        }
        Ok(self.vault.clone())
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

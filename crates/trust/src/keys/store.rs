//! Where an instance's keys are, and how they are made, found and destroyed.
//!
//! A place is `file:NAME`, a file in the instance's key folder, or `pkcs11:LABEL`.

use super::{Hardware, KeyAlgorithm, Pair, SigningKey};
use crate::TrustError;
use crate::instance::cannot;
use proof::digest::{DigestAlgorithm, hex};
use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use store::files;
use zeroize::Zeroizing;

/// The keys of an instance.
pub struct Keystore {
    folder: PathBuf,
    passphrase: Zeroizing<Vec<u8>>,
    hardware: Option<Hardware>,
}

/// The name of a key: what it is for, and the beginning of the digest of its public half.
fn name(role: &str, spki: &[u8]) -> String {
    format!("{role}-{}", hex(&DigestAlgorithm::Sha256.digest(spki).as_bytes()[..8]))
}

impl Keystore {
    /// The keys in `folder`, encrypted under `passphrase`; new ones are made in `hardware` where
    /// there is some.
    #[must_use]
    pub fn new(folder: &Path, passphrase: &[u8], hardware: Option<Hardware>) -> Self {
        Self { folder: folder.to_owned(), passphrase: Zeroizing::new(passphrase.to_vec()), hardware }
    }

    /// Makes a key for `role` where new keys go, and gives its place.
    pub fn generate(&self, algorithm: KeyAlgorithm, role: &str) -> Result<(SigningKey, String), TrustError> {
        let is_for_files = matches!(algorithm, KeyAlgorithm::Sm2 | KeyAlgorithm::MlDsa65);
        match &self.hardware {
            Some(hardware) if !is_for_files => {
                let label = format!("shiyin-{role}-{}", hex(&super::random::<8>()?));
                let key = hardware.generate(algorithm, &label)?;
                Ok((SigningKey::of(algorithm, Pair::Hardware(key)), format!("pkcs11:{label}")))
            }
            _ => {
                let key = SigningKey::generate(algorithm)?;
                let place = self.keep(&key, role)?;
                Ok((key, place))
            }
        }
    }

    /// Writes a key to a file of its own, and gives its place.
    pub fn keep(&self, key: &SigningKey, role: &str) -> Result<String, TrustError> {
        let name = format!("{}.pem", name(role, &key.spki()?));
        let path = self.folder.join(&name);
        let pem = key.to_encrypted_pem(&self.passphrase)?;
        files::write_new(&path, pem.as_bytes(), files::SECRET).map_err(|e| cannot("write", &path, &e))?;
        Ok(format!("file:{name}"))
    }

    /// The key at `place`.
    pub fn open(&self, algorithm: KeyAlgorithm, place: &str) -> Result<SigningKey, TrustError> {
        match place.split_once(':') {
            Some(("file", name)) => {
                let path = self.folder.join(name);
                let pem = fs::read_to_string(&path).map_err(|e| cannot("read", &path, &e))?;
                SigningKey::from_encrypted_pem(algorithm, &pem, &self.passphrase)
            }
            Some(("pkcs11", label)) => {
                let key = self.hardware(label)?.key(algorithm, label)?;
                Ok(SigningKey::of(algorithm, Pair::Hardware(key)))
            }
            _ => Err(TrustError::Broken(format!("{place:?} is no place for a key; restore a backup"))),
        }
    }

    /// Whether there is a key at `place`.
    #[must_use]
    pub fn has(&self, algorithm: KeyAlgorithm, place: &str) -> bool {
        match place.split_once(':') {
            Some(("file", name)) => self.folder.join(name).is_file(),
            _ => self.open(algorithm, place).is_ok(),
        }
    }

    /// Destroys the key at `place`: a file is overwritten before it goes. What a disk keeps of
    /// what was overwritten, and what backups keep, is beyond reach here.
    pub fn destroy(&self, place: &str) -> Result<(), TrustError> {
        match place.split_once(':') {
            Some(("file", name)) => {
                let path = self.folder.join(name);
                let wipe = || {
                    let mut file = fs::OpenOptions::new().write(true).open(&path)?;
                    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
                    file.rewind()?;
                    file.write_all(&vec![0; length])?;
                    file.sync_all()?;
                    fs::remove_file(&path)
                };
                wipe().map_err(|e| cannot("destroy", &path, &e))
            }
            Some(("pkcs11", label)) => self.hardware(label)?.destroy(label),
            _ => Err(TrustError::Broken(format!("{place:?} is no place for a key; restore a backup"))),
        }
    }

    fn hardware(&self, label: &str) -> Result<&Hardware, TrustError> {
        self.hardware.as_ref().ok_or_else(|| {
            let text = format!("the key {label} is in a PKCS #11 token; name it in shiyin.toml under [keys.pkcs11]");
            TrustError::Refused(text)
        })
    }
}

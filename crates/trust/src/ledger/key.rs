//! The log's own key: Ed25519, in a file as encrypted as the others.

use crate::TrustError;
use crate::keys::{self, broken};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use proof::logged::LogIdentity;
use proof::tlog::{Checkpoint, Head, KeyKind, NoteKey, signature_line};
use std::fmt;
use zeroize::Zeroizing;

/// A log's private key, with the log's name.
pub struct LogKey {
    pair: Ed25519KeyPair,
    public: NoteKey,
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({})", self.public)
    }
}

impl LogKey {
    /// A new key for the log of this name.
    pub fn generate(origin: &str) -> Result<Self, TrustError> {
        Self::of(origin, Ed25519KeyPair::generate().map_err(|_| broken("key generation"))?)
    }

    fn of(origin: &str, pair: Ed25519KeyPair) -> Result<Self, TrustError> {
        let key = pair.public_key().as_ref().try_into().map_err(|_| broken("public key"))?;
        let public = NoteKey::new(origin, KeyKind::Ed25519, key)
            .ok_or_else(|| TrustError::Refused(format!("{origin:?} cannot be the name of a log")))?;
        Ok(Self { pair, public })
    }

    /// Reads the key from PEM `ENCRYPTED PRIVATE KEY`.
    pub fn from_encrypted_pem(origin: &str, pem: &str, passphrase: &[u8]) -> Result<Self, TrustError> {
        let plain = keys::decrypt(pem, passphrase)?;
        let pair = Ed25519KeyPair::from_pkcs8(plain.as_bytes());
        Self::of(origin, pair.map_err(|_| TrustError::Refused("the key file does not hold an Ed25519 key".to_owned()))?)
    }

    /// The key as PEM `ENCRYPTED PRIVATE KEY`.
    pub fn to_encrypted_pem(&self, passphrase: &[u8]) -> Result<Zeroizing<String>, TrustError> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().map_err(|_| broken("key encoding"))?;
        keys::encrypt(der.as_ref(), passphrase)
    }

    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.public.name()
    }

    /// The public key, for those who verify.
    #[must_use]
    pub fn verifier_key(&self) -> &NoteKey {
        &self.public
    }

    /// Name and key, as the TSA certificate carries them.
    #[must_use]
    pub fn identity(&self) -> LogIdentity {
        LogIdentity { origin: self.origin().to_owned(), keys: vec![self.public.clone()] }
    }

    /// The checkpoint of a head. One root at each size, or the log is worthless.
    #[must_use]
    pub fn sign(&self, head: &Head) -> String {
        let text = Checkpoint::text(self.origin(), head);
        let line = signature_line(&self.public, self.pair.sign(text.as_bytes()).as_ref());
        format!("{text}\n{line}")
    }
}

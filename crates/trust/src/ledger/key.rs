//! The log's own key: Ed25519, in a file or a token like the others.

use crate::TrustError;
use crate::keys::{KeyAlgorithm, SigningKey};
use proof::crypto::PublicKey;
use proof::logged::LogIdentity;
use proof::tlog::{Checkpoint, Head, KeyKind, NoteKey, signature_line};
use std::fmt;

/// A log's private key, with the log's name.
pub struct LogKey {
    key: SigningKey,
    public: NoteKey,
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({})", self.public)
    }
}

impl LogKey {
    /// A new key for the log of this name, in memory alone.
    pub fn generate(origin: &str) -> Result<Self, TrustError> {
        Self::new(origin, SigningKey::generate(KeyAlgorithm::Ed25519)?)
    }

    /// An Ed25519 key as that of the log of this name.
    pub fn new(origin: &str, key: SigningKey) -> Result<Self, TrustError> {
        let spki = key.spki()?;
        let Ok(PublicKey::Ed25519(point)) = PublicKey::from_spki(&spki) else {
            return Err(TrustError::Refused("the log's key must be an Ed25519 key".to_owned()));
        };
        let public = NoteKey::new(origin, KeyKind::Ed25519, *point)
            .ok_or_else(|| TrustError::Refused(format!("{origin:?} cannot be the name of a log")))?;
        Ok(Self { key, public })
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
    pub fn sign(&self, head: &Head) -> Result<String, TrustError> {
        let text = Checkpoint::text(self.origin(), head);
        let line = signature_line(&self.public, &self.key.sign(text.as_bytes())?);
        Ok(format!("{text}\n{line}"))
    }
}

//! Document timestamps: a token over the whole file (ETSI EN 319 142-1 section 5.4.3). Made again
//! before the last one's certificate or algorithm ends, they keep a signature checkable.

use super::cms;
use super::container::{Container, Placeholder};
use super::field;
use super::update::Update;
use super::write;
use super::{RESERVE_BYTES, SignatureError};
use proof::digest::{Digest, DigestAlgorithm};
use proof::pdf;
use std::collections::BTreeSet;

/// A file in which only the token is missing.
#[derive(Clone, Debug)]
pub struct DocumentStamp {
    container: Container,
}

impl DocumentStamp {
    /// Adds a revision with a timestamp field, and room for the token.
    ///
    /// # Errors
    /// Where the file cannot be read or has no page.
    pub fn new(pdf: &[u8]) -> Result<Self, SignatureError> {
        Self::with_room(pdf, RESERVE_BYTES)
    }

    /// The same with room for this many bytes.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_room(pdf: &[u8], reserve: usize) -> Result<Self, SignatureError> {
        let mut update = Update::new(pdf)?;
        let taken: BTreeSet<String> = pdf::fields(&update.file)?.into_iter().map(|field| field.name).collect();
        let name = (1..=taken.len() + 1).map(|n| format!("Timestamp{n}")).find(|name| !taken.contains(name));
        let signature = update.reserve()?;
        field::place(&mut update, &name.ok_or(SignatureError::TooLarge)?, signature)?;
        let dictionary = write::entries([
            ("Type", write::named("DocTimeStamp")),
            ("Filter", write::named("Adobe.PPKLite")),
            ("SubFilter", write::named("ETSI.RFC3161")),
        ]);
        let container = Container::new(update, signature, Placeholder::new(&dictionary, reserve))?;
        Ok(Self { container })
    }

    /// What the token is to be over: the digest of the file, the room for the token excepted.
    #[must_use]
    pub fn imprint(&self, algorithm: DigestAlgorithm) -> Digest {
        self.container.digest(algorithm)
    }

    /// The file with this token (or the response that carries it) in place.
    ///
    /// # Errors
    /// Where it is no token, is over something else, or does not fit in the room kept for it.
    pub fn stamped(self, token: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let token = cms::token_over(token, |algorithm| self.imprint(algorithm))?;
        self.container.filled(&token)
    }
}

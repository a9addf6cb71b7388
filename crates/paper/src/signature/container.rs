//! A file with room for a signature, and what that signature is over (ISO 32000-2 section 12.8.1).

use super::SignatureError;
use super::update::{Body, Update};
use super::write;
use proof::digest::{Digest, DigestAlgorithm};
use proof::pdf::{Dictionary, Reference};
use std::ops::Range;

/// Three numbers of ten digits and what stands around them.
const RANGE_WIDTH: usize = 36;

/// The text of a signature dictionary with its places for ByteRange and Contents.
pub(super) struct Placeholder {
    text: Vec<u8>,
    range_at: usize,
    contents: Range<usize>,
}

impl Placeholder {
    /// A dictionary of these entries with room for `reserve` bytes.
    pub(super) fn new(entries: &Dictionary, reserve: usize) -> Self {
        let mut text = Vec::with_capacity(reserve * 2 + 512);
        write::dictionary(&mut text, entries);
        // Taken apart again where it ends, so that the places are known.
        text.truncate(text.len().saturating_sub(b">>".len()));
        text.extend_from_slice(b"/ByteRange ");
        let range_at = text.len();
        text.extend_from_slice(&[b' '; RANGE_WIDTH]);
        text.extend_from_slice(b"\n/Contents ");
        let start = text.len();
        text.push(b'<');
        text.resize(start + 1 + reserve * 2, b'0');
        text.push(b'>');
        let contents = start..text.len();
        text.extend_from_slice(b"\n>>");
        Self { text, range_at, contents }
    }
}

/// A whole file in which only Contents is still empty.
#[derive(Clone, Debug)]
pub(super) struct Container {
    bytes: Vec<u8>,
    contents: Range<usize>,
}

impl Container {
    /// Ends the revision, with the signature as the object `signature`.
    pub(super) fn new(
        mut update: Update<'_>,
        signature: Reference,
        placeholder: Placeholder,
    ) -> Result<Self, SignatureError> {
        let Placeholder { text, range_at, contents } = placeholder;
        update.put(signature, Body::Text(text));
        let mut written = update.finish()?;
        let at = written.places.get(&signature.number).copied().ok_or(SignatureError::TooLarge)?;
        let contents = contents.start + at..contents.end + at;
        let range = format!("[0 {} {} {}]", contents.start, contents.end, written.bytes.len() - contents.end);
        let place = written.bytes.get_mut(range_at + at..range_at + at + range.len());
        place.filter(|_| range.len() <= RANGE_WIDTH).ok_or(SignatureError::TooLarge)?.copy_from_slice(range.as_bytes());
        Ok(Self { bytes: written.bytes, contents })
    }

    /// The digest of everything but Contents.
    pub(super) fn digest(&self, algorithm: DigestAlgorithm) -> Digest {
        let mut hasher = algorithm.hasher();
        hasher.update(self.bytes.get(..self.contents.start).unwrap_or_default());
        hasher.update(self.bytes.get(self.contents.end..).unwrap_or_default());
        hasher.finish()
    }

    /// The file with this in Contents.
    pub(super) fn filled(mut self, der: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let reserved = self.contents.len().saturating_sub(2) / 2;
        let place = self.bytes.get_mut(self.contents.start + 1..self.contents.end.saturating_sub(1));
        let place = place.filter(|_| der.len() <= reserved);
        let place = place.ok_or(SignatureError::Room { needed: der.len(), reserved })?;
        for (pair, byte) in place.chunks_exact_mut(2).zip(der) {
            pair.copy_from_slice(format!("{byte:02x}").as_bytes());
        }
        Ok(self.bytes)
    }
}

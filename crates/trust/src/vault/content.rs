//! The format of an object: a header, and chunks each sealed by itself (`docs/conformance/vault.md`).
//!
//! STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM-SIV (RFC 8452): the nonce is the
//! chunk's number and whether it is the last, the header with the object's id is bound to each. So chunks
//! that are moved, dropped, doubled, cut off or added do not open, and any chunk opens alone. Written here
//! over AWS-LC's cipher: `aead-stream` counts to 2^32 chunks and takes RustCrypto's ciphers only.
//!
//! GCM-SIV rather than GCM: an upload that is cut off and resumed seals the same places again, and the
//! file may have changed meanwhile. Under GCM whoever saw both could subtract one from the other.

use super::Key;
use crate::TrustError;
use crate::keys::random;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use proof::digest::{from_hex, hex};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Content in a chunk; the last one has what is left, and none only where there is no content.
pub const CHUNK_BYTES: usize = 64 << 10;
/// The largest content: the largest integer that a record can name (RFC 8785).
pub const LENGTH_MAX: u64 = (1 << 53) - 1;

pub(super) const HEADER_BYTES: usize = 32;
pub(super) const TAG_BYTES: usize = 16;
/// A chunk as it is stored.
pub(super) const SEALED_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
/// The first bytes of every object, the last of them the version.
const MAGIC: &[u8; 8] = b"SYVAULT\x01";

/// The name of an object: random, and the same in every place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId([u8; 16]);

impl ObjectId {
    /// A new one.
    pub fn random() -> Result<Self, TrustError> {
        Ok(Self(random()?))
    }

    /// One with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The name of its file in every place.
    #[must_use]
    pub(super) fn name(&self) -> String {
        let id = self.to_string();
        format!("objects/{}/{id}", &id[..2])
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for ObjectId {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, TrustError> {
        let bytes = from_hex(text).filter(|_| !text.bytes().any(|b| b.is_ascii_uppercase()));
        let id = bytes.and_then(|bytes| bytes.try_into().ok()).map(Self);
        id.ok_or_else(|| {
            TrustError::Refused(format!("{text:?} is no object's id: 32 hexadecimal digits in lower case"))
        })
    }
}

/// What is kept of an object beside its wrapped key: all that its copies are checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: ObjectId,
    /// The content's length in bytes.
    pub length: u64,
    /// The content's SHA-256, as a record names it. Secret where the record's is salted.
    pub digest: [u8; 32],
    /// SHA-256 over the bytes as stored, by which a copy is checked without any key.
    pub stored_digest: [u8; 32],
}

/// The length in a place of content of this length.
///
/// # Errors
/// Refused above [`LENGTH_MAX`].
pub fn stored_length(length: u64) -> Result<u64, TrustError> {
    if length > LENGTH_MAX {
        return Err(TrustError::Refused(format!("{length} bytes are more than an object can have ({LENGTH_MAX})")));
    }
    Ok(HEADER_BYTES as u64 + length + chunks(length) * TAG_BYTES as u64)
}

/// How many chunks content of this length has.
pub(super) const fn chunks(length: u64) -> u64 {
    if length == 0 { 1 } else { length.div_ceil(CHUNK_BYTES as u64) }
}

/// Where a chunk begins in a place.
pub(super) const fn chunk_at(index: u64) -> u64 {
    HEADER_BYTES as u64 + index * SEALED_BYTES as u64
}

/// The key of one object's content. Made anew for each, and never written but wrapped.
#[derive(Clone)]
pub struct ContentKey {
    id: ObjectId,
    bytes: Zeroizing<[u8; 32]>,
    cipher: Arc<LessSafeKey>,
}

impl ContentKey {
    /// A new key for an object.
    pub fn new(id: ObjectId) -> Result<Self, TrustError> {
        Self::of(id, Zeroizing::new(random()?))
    }

    fn of(id: ObjectId, bytes: Zeroizing<[u8; 32]>) -> Result<Self, TrustError> {
        let cipher = UnboundKey::new(&AES_256_GCM_SIV, &bytes[..]).map_err(|_| cipher_failed())?;
        Ok(Self { id, bytes, cipher: Arc::new(LessSafeKey::new(cipher)) })
    }

    /// The object that it is for.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// The key as it is kept: under its owner's, bound to the object. To re-key, unwrap it with one
    /// owner's key and wrap it under another.
    pub fn wrap(&self, owner: &Key) -> Result<Vec<u8>, TrustError> {
        owner.seal(&place(self.id), &self.bytes[..])
    }

    /// The key of an object out of how it is kept.
    ///
    /// # Errors
    /// Broken where it was wrapped under another key or for another object, or was changed.
    pub fn unwrap(id: ObjectId, owner: &Key, wrapped: &[u8]) -> Result<Self, TrustError> {
        let lost = || {
            let text =
                format!("the key of object {id} does not open with its owner's; restore the key that was in use");
            TrustError::Broken(text)
        };
        let plain = owner.open(&place(id), wrapped).map_err(|_| lost())?;
        Self::of(id, Zeroizing::new(plain.as_slice().try_into().map_err(|_| lost())?))
    }

    /// The first bytes of the object, bound to each of its chunks.
    pub(super) fn header(&self) -> [u8; HEADER_BYTES] {
        header(self.id)
    }

    /// Seals the content of a chunk behind what is in `out`.
    pub(super) fn seal(&self, index: u64, is_last: bool, content: &[u8], out: &mut Vec<u8>) -> Result<(), TrustError> {
        let start = out.len();
        out.extend_from_slice(content);
        let aad = Aad::from(self.header());
        let tag = self.cipher.seal_in_place_separate_tag(nonce(index, is_last), aad, &mut out[start..]);
        out.extend_from_slice(tag.map_err(|_| cipher_failed())?.as_ref());
        Ok(())
    }

    /// Opens a chunk as stored, in place; none where it is not that chunk of that object, or was changed.
    pub(super) fn open<'a>(&self, index: u64, is_last: bool, sealed: &'a mut [u8]) -> Option<&'a [u8]> {
        let opened = self.cipher.open_in_place(nonce(index, is_last), Aad::from(self.header()), sealed);
        opened.ok().map(|plain| &*plain)
    }
}

/// Opens a whole object out of the bytes stored: the format without any place around it.
///
/// # Errors
/// Refused where the bytes are not this object whole, under this key.
pub fn open_all(key: &ContentKey, stored: &[u8]) -> Result<Vec<u8>, TrustError> {
    let refused = |what: String| TrustError::Refused(format!("object {}: {what}", key.id));
    let Some(body) = stored.strip_prefix(&key.header()) else {
        return Err(refused("the header is another".to_owned()));
    };
    if body.is_empty() {
        return Err(refused("chunk 0 is missing".to_owned()));
    }
    let mut body = body.to_vec();
    let last = (body.len() - 1) / SEALED_BYTES;
    let mut plain = Vec::with_capacity(body.len());
    for (index, sealed) in body.chunks_mut(SEALED_BYTES).enumerate() {
        let opened = key.open(index as u64, index == last, sealed);
        // An empty chunk stands only where there is no content, so that a length has one form.
        let opened = opened.filter(|content| index == 0 || !content.is_empty());
        plain.extend_from_slice(opened.ok_or_else(|| refused(format!("chunk {index} does not open")))?);
    }
    Ok(plain)
}

fn header(id: ObjectId) -> [u8; HEADER_BYTES] {
    let mut out = [0; HEADER_BYTES];
    out[..8].copy_from_slice(MAGIC);
    out[8..12].copy_from_slice(&(CHUNK_BYTES as u32).to_be_bytes());
    out[16..].copy_from_slice(&id.0);
    out
}

/// 88 bits of the chunk's number and 8 of whether it is the last, as in the age format.
fn nonce(index: u64, is_last: bool) -> Nonce {
    let mut out = [0; 12];
    out[3..11].copy_from_slice(&index.to_be_bytes());
    out[11] = u8::from(is_last);
    Nonce::assume_unique_for_key(out)
}

fn place(id: ObjectId) -> String {
    format!("object/{id}")
}

fn cipher_failed() -> TrustError {
    TrustError::Broken("the cipher failed".to_owned())
}

//! An object on its way into the first place: sealed as it comes, hashed as it is sealed.
//!
//! What arrives is durable when [`Arriving::pause`] returns: the chunks lie in the place, and the state with
//! the rest that fills no chunk is given to the caller, sealed under the owner's key. After a restart
//! [`Stores::resume`] goes on from a state that was kept; the last two work. [`Arriving::seal`] ends the content;
//! the caller keeps the [`Object`] and then has it published. So whatever dies, a name holds a whole object.

use super::content::{CHUNK_BYTES, SEALED_BYTES, chunk_at};
use super::{ContentKey, Key, LENGTH_MAX, Object, Stores, stored_length};
use crate::TrustError;
use sha2::digest::common::hazmat::{SerializableState as _, SerializedState};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use store::blobs::Writing;
use zeroize::Zeroizing;

/// Sealed at a time, so that sealing one piece and writing the one before go on together.
const PIECE_BYTES: usize = 16 * CHUNK_BYTES;
/// The first byte of a state; it changes with what follows, also where the hash's own state does.
const STATE: u8 = 1;

/// An object that is arriving. Where a call fails or is given up half-way, resume from the last state.
pub struct Arriving {
    out: Writing,
    /// Not there while a piece is being sealed.
    sealer: Option<Sealer>,
}

impl Stores {
    /// Begins an object of about `expected` bytes in the first place.
    ///
    /// # Errors
    /// Refused where the place does not answer, or the object is there or begun already.
    pub async fn begin(&self, key: &ContentKey, expected: u64) -> Result<Arriving, TrustError> {
        let expected = stored_length(expected)?;
        let place = self.first();
        place.reach().await?;
        let mut out = place.blobs.begin(&key.id().name(), expected).await?;
        out.append(key.header().to_vec()).await?;
        Ok(Arriving { out, sealer: Some(Sealer::new(key.clone())) })
    }

    /// Takes up an object out of a state that [`Arriving::pause`] gave. What came after that state is given
    /// up and must be sent again; [`Arriving::length`] says from where.
    pub async fn resume(&self, key: &ContentKey, owner: &Key, state: &[u8]) -> Result<Arriving, TrustError> {
        let sealer = Sealer::resume(key.clone(), owner, state)?;
        let place = self.first();
        place.reach().await?;
        let out = place.blobs.resume(&key.id().name(), chunk_at(sealer.sealed())).await?;
        Ok(Arriving { out, sealer: Some(sealer) })
    }

    /// Gives a sealed object its name in the first place. Done once, it may be asked again.
    pub async fn publish(&self, object: &Object) -> Result<(), TrustError> {
        let place = self.first();
        place.reach().await?;
        Ok(place.blobs.publish(&object.id.name(), stored_length(object.length)?).await?)
    }
}

impl Arriving {
    /// Bytes of content so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.sealer.as_ref().map_or(0, |sealer| sealer.length)
    }

    /// Adds content; it is durable after the next [`Arriving::pause`].
    ///
    /// # Errors
    /// Refused where the place is full or does not answer.
    pub async fn write(&mut self, content: &[u8]) -> Result<(), TrustError> {
        for piece in content.chunks(PIECE_BYTES) {
            let mut sealer = self.take()?;
            let piece = Arc::new(Zeroizing::new(piece.to_vec()));
            // The content is hashed beside its sealing, which takes as long.
            let (mut hash, hashed) = (std::mem::take(&mut sealer.content), Arc::clone(&piece));
            let hashing = tokio::task::spawn_blocking(move || {
                hash.update(&**hashed);
                hash
            });
            let sealing = tokio::task::spawn_blocking(move || {
                let mut out = Vec::with_capacity(piece.len() + SEALED_BYTES);
                sealer.push(&piece, &mut out).map(|()| (sealer, out))
            });
            let (hash, sealed) = tokio::join!(hashing, sealing);
            let (mut sealer, out) = sealed.map_err(ended)??;
            sealer.content = hash.map_err(ended)?;
            if !out.is_empty() {
                self.out.append(out).await?;
            }
            self.sealer = Some(sealer);
        }
        Ok(())
    }

    /// Makes all that was written durable and gives the state from which to resume, to be kept before
    /// anybody is told.
    pub async fn pause(&mut self, owner: &Key) -> Result<Vec<u8>, TrustError> {
        let sealer = self.take()?;
        self.out.sync().await?;
        let state = sealer.state(owner)?;
        self.sealer = Some(sealer);
        Ok(state)
    }

    /// Ends the content, makes all of it durable and gives what is to be kept of it. It has its name after
    /// [`Stores::publish`].
    pub async fn seal(mut self) -> Result<Object, TrustError> {
        let (object, out) = self.take()?.finish()?;
        self.out.append(out).await?;
        self.out.sync().await?;
        Ok(object)
    }

    fn take(&mut self) -> Result<Sealer, TrustError> {
        let failed = || TrustError::Refused("an earlier piece was not written; resume from the last state".to_owned());
        self.sealer.take().ok_or_else(failed)
    }
}

/// Seals content that is in memory: what is kept of the object, and the bytes stored.
pub fn seal_all(key: &ContentKey, content: &[u8]) -> Result<(Object, Vec<u8>), TrustError> {
    let mut sealer = Sealer::new(key.clone());
    let mut stored = key.header().to_vec();
    sealer.content.update(content);
    sealer.push(content, &mut stored)?;
    let (object, end) = sealer.finish()?;
    stored.extend(end);
    Ok((object, stored))
}

fn ended(error: tokio::task::JoinError) -> TrustError {
    TrustError::Broken(format!("sealing ended early: {error}"))
}

/// Content in, sealed chunks out. Knows no place.
struct Sealer {
    key: ContentKey,
    /// Bytes of content so far.
    length: u64,
    /// Content not yet sealed. A full chunk waits for what follows, since the last is sealed as such.
    tail: Zeroizing<Vec<u8>>,
    content: Sha256,
    stored: Sha256,
}

impl Sealer {
    /// One that begins behind the header.
    fn new(key: ContentKey) -> Self {
        let stored = Sha256::new_with_prefix(key.header());
        let tail = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
        Self { key, length: 0, tail, content: Sha256::new(), stored }
    }

    /// Chunks given out so far.
    fn sealed(&self) -> u64 {
        (self.length - self.tail.len() as u64) / CHUNK_BYTES as u64
    }

    /// Seals what fills chunks. The content's hash is the caller's to go on with.
    fn push(&mut self, mut content: &[u8], out: &mut Vec<u8>) -> Result<(), TrustError> {
        stored_length(self.length.saturating_add(content.len() as u64))?;
        let start = out.len();
        while !content.is_empty() {
            if self.tail.len() == CHUNK_BYTES {
                self.key.seal(self.sealed(), false, &self.tail, out)?;
                self.tail.clear();
            }
            let length = content.len().min(CHUNK_BYTES - self.tail.len());
            let (piece, rest) = content.split_at(length);
            if length == CHUNK_BYTES && !rest.is_empty() {
                self.key.seal(self.sealed(), false, piece, out)?;
            } else {
                self.tail.extend_from_slice(piece);
            }
            self.length += length as u64;
            content = rest;
        }
        self.stored.update(&out[start..]);
        Ok(())
    }

    fn finish(mut self) -> Result<(Object, Vec<u8>), TrustError> {
        let mut out = Vec::with_capacity(SEALED_BYTES);
        self.key.seal(self.sealed(), true, &self.tail, &mut out)?;
        self.stored.update(&out);
        let object = Object {
            id: self.key.id(),
            length: self.length,
            digest: self.content.finalize().into(),
            stored_digest: self.stored.finalize().into(),
        };
        Ok((object, out))
    }

    /// What goes on from here, sealed under the owner's key. The hash's state stands for content, and
    /// so does the tail.
    fn state(&self, owner: &Key) -> Result<Vec<u8>, TrustError> {
        let mut plain = Zeroizing::new(vec![STATE]);
        plain.extend_from_slice(&self.length.to_be_bytes());
        plain.extend_from_slice(&self.content.serialize());
        plain.extend_from_slice(&self.stored.serialize());
        plain.extend_from_slice(&self.tail);
        owner.seal(&place(&self.key), &plain)
    }

    fn resume(key: ContentKey, owner: &Key, state: &[u8]) -> Result<Self, TrustError> {
        let unfit = || {
            let text = format!("what was kept of the arriving object {} does not open; send it anew", key.id());
            TrustError::Refused(text)
        };
        let plain = owner.open(&place(&key), state).map_err(|_| unfit())?;
        let rest = plain.strip_prefix(&[STATE]).ok_or_else(unfit)?;
        let (length, rest) = rest.split_first_chunk().ok_or_else(unfit)?;
        let (content, rest) = hash(rest).ok_or_else(unfit)?;
        let (stored, tail) = hash(rest).ok_or_else(unfit)?;
        let length = u64::from_be_bytes(*length);
        let is_whole = length.checked_sub(tail.len() as u64).is_some_and(|sealed| sealed % CHUNK_BYTES as u64 == 0);
        if length > LENGTH_MAX || tail.len() > CHUNK_BYTES || !is_whole {
            return Err(unfit());
        }
        Ok(Self { key, length, tail: Zeroizing::new(tail.to_vec()), content, stored })
    }
}

/// A hash out of its state, and what follows it.
fn hash(bytes: &[u8]) -> Option<(Sha256, &[u8])> {
    let (state, rest) = bytes.split_at_checked(size_of::<SerializedState<Sha256>>())?;
    Some((Sha256::deserialize(state.try_into().ok()?).ok()?, rest))
}

fn place(key: &ContentKey) -> String {
    format!("arriving/{}", key.id())
}

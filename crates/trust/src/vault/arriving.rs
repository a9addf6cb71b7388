//! An object on its way into the first place: sealed as it comes, hashed as it is sealed.
//!
//! What arrives is durable when [`Arriving::pause`] returns, or a [`Checkpoint`] says so while more arrives: the
//! chunks lie in the place, and the state with the rest that fills no chunk is given to the caller, sealed under
//! the owner's key. After a restart [`Stores::resume`] goes on from a state that was kept; the last two work.
//! [`Arriving::seal`] ends the content; the caller keeps the [`Object`] and then has it published. So whatever
//! dies, a name holds a whole object.
//!
//! Receiving, hashing, sealing and writing go on together, each at another piece: on one core after the other
//! they would take longer than a disk does.

use super::content::{CHUNK_BYTES, SEALED_BYTES, TAG_BYTES, chunk_at};
use super::{ContentKey, Key, LENGTH_MAX, Object, Stores, stored_length};
use crate::TrustError;
use sha2::digest::common::hazmat::{SerializableState as _, SerializedState};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use store::blobs::{Syncing, Writing};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// The first byte of a state; it changes with what follows, also where the hash's own state does.
const STATE: u8 = 1;

/// An object that is arriving. Where a call fails or is given up half-way, resume from the last state.
pub struct Arriving {
    out: Writing,
    /// Bytes of content so far.
    length: u64,
    /// Not there while a piece is being sealed, and after one was not.
    sealer: Option<Sealer>,
    sealing: Option<JoinHandle<Result<Sealed, TrustError>>>,
}

struct Sealed {
    sealer: Sealer,
    out: Vec<u8>,
    spent: Vec<u8>,
}

/// A state that is to be kept, once the content before it is durable.
pub struct Checkpoint {
    length: u64,
    state: Vec<u8>,
    syncing: Syncing,
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
        Ok(Arriving::new(out, Sealer::new(key.clone())))
    }

    /// Takes up an object out of a state that [`Arriving::pause`] gave. What came after that state is given
    /// up and must be sent again; [`Arriving::length`] says from where.
    pub async fn resume(&self, key: &ContentKey, owner: &Key, state: &[u8]) -> Result<Arriving, TrustError> {
        let sealer = Sealer::resume(key.clone(), owner, state)?;
        let place = self.first();
        place.reach().await?;
        let out = place.blobs.resume(&key.id().name(), chunk_at(sealer.sealed())).await?;
        Ok(Arriving::new(out, sealer))
    }

    /// Gives a sealed object its name in the first place. Done once, it may be asked again.
    pub async fn publish(&self, object: &Object) -> Result<(), TrustError> {
        let place = self.first();
        place.reach().await?;
        Ok(place.blobs.publish(&object.id.name(), stored_length(object.length)?).await?)
    }
}

impl Arriving {
    fn new(out: Writing, sealer: Sealer) -> Self {
        Self { out, length: sealer.length, sealer: Some(sealer), sealing: None }
    }

    /// Bytes of content so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds content; it is durable after the next [`Arriving::pause`]. Gives an empty vector with the room of
    /// one before, to be filled while this one is sealed.
    ///
    /// # Errors
    /// Refused where the place is full or does not answer, which may be noticed a piece later.
    pub async fn write(&mut self, content: Vec<u8>) -> Result<Vec<u8>, TrustError> {
        let spent = self.settle().await?;
        let mut sealer = self.take()?;
        self.length += content.len() as u64;
        let content = Arc::new(content);
        // The content is hashed beside its sealing, which takes as long.
        let (mut hash, hashed) = (std::mem::take(&mut sealer.content), Arc::clone(&content));
        let hashing = tokio::task::spawn_blocking(move || {
            hash.update(&*hashed);
            hash
        });
        let sealing = tokio::task::spawn_blocking(move || {
            let mut out = Vec::with_capacity(content.len() + content.len() / CHUNK_BYTES * TAG_BYTES + SEALED_BYTES);
            sealer.push(&content, &mut out).map(|()| (sealer, out, content))
        });
        self.sealing = Some(tokio::spawn(async move {
            let (hash, sealed) = tokio::join!(hashing, sealing);
            let (mut sealer, out, content) = sealed.map_err(ended)??;
            sealer.content = hash.map_err(ended)?;
            let mut spent = Arc::try_unwrap(content).unwrap_or_default();
            spent.clear();
            Ok(Sealed { sealer, out, spent })
        }));
        Ok(spent)
    }

    /// Begins to make all that was written so far durable, while more can be written.
    pub async fn checkpoint(&mut self, owner: &Key) -> Result<Checkpoint, TrustError> {
        self.settle().await?;
        let sealer = self.take()?;
        let syncing = self.out.begin_sync().await?;
        let state = sealer.state(owner)?;
        self.sealer = Some(sealer);
        Ok(Checkpoint { length: self.length, state, syncing })
    }

    /// Makes all that was written durable and gives the state from which to resume, to be kept before
    /// anybody is told.
    pub async fn pause(&mut self, owner: &Key) -> Result<Vec<u8>, TrustError> {
        self.checkpoint(owner).await?.durable().await
    }

    /// Ends the content, makes all of it durable and gives what is to be kept of it. It has its name after
    /// [`Stores::publish`].
    pub async fn seal(mut self) -> Result<Object, TrustError> {
        self.settle().await?;
        let (object, out) = self.take()?.finish()?;
        self.out.append(out).await?;
        self.out.sync().await?;
        Ok(object)
    }

    /// Waits for the piece that is being sealed and has it written.
    async fn settle(&mut self) -> Result<Vec<u8>, TrustError> {
        let Some(sealing) = &mut self.sealing else { return Ok(Vec::new()) };
        let sealed = sealing.await;
        self.sealing = None;
        let Sealed { sealer, out, spent } = sealed.map_err(ended)??;
        if !out.is_empty() {
            self.out.append(out).await?;
        }
        self.sealer = Some(sealer);
        Ok(spent)
    }

    fn take(&mut self) -> Result<Sealer, TrustError> {
        let failed = || TrustError::Refused("an earlier piece was not written; resume from the last state".to_owned());
        self.sealer.take().ok_or_else(failed)
    }
}

impl Checkpoint {
    /// Bytes of content before it.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Waits until they are durable and gives the state from which to resume, as [`Arriving::pause`] does.
    ///
    /// # Errors
    /// Refused where the place did not take them.
    pub async fn durable(self) -> Result<Vec<u8>, TrustError> {
        self.syncing.durable().await?;
        Ok(self.state)
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

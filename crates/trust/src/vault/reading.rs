//! An object read with its key, any part of it alone: for playing, for seeking, for taking out.
//!
//! Only the chunks that hold what is asked for are read, and nothing leaves here that did not open as that
//! chunk of that object. Where one place fails, the next is asked, so a damaged copy interrupts nobody;
//! [`Reading::faults`] says which place failed, for the caller to have it checked and mended.

use super::content::{CHUNK_BYTES, SEALED_BYTES, TAG_BYTES, chunk_at, chunks};
use super::place::Place;
use super::stores::failure;
use super::{Condition, ContentKey, Stores};
use crate::TrustError;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Read at a time at most.
const READ_BYTES_MAX: usize = 8 << 20;
/// The pieces of a stream.
const PIECE_BYTES: usize = 1 << 20;

/// An object that is being read.
pub struct Reading {
    places: Vec<Place>,
    key: ContentKey,
    length: u64,
    /// The place that answered last.
    from: AtomicUsize,
    faults: Mutex<Vec<(String, Condition)>>,
}

impl Stores {
    /// Reads the object of this key, whose content has this length.
    #[must_use]
    pub fn read(&self, key: &ContentKey, length: u64) -> Reading {
        let places = self.places().to_vec();
        Reading { places, key: key.clone(), length, from: AtomicUsize::new(0), faults: Mutex::default() }
    }
}

impl Reading {
    /// The content's length in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Up to `length` bytes of content from `offset` on, 8 MiB at most; fewer only where the content ends.
    ///
    /// # Errors
    /// Broken where every place answers and none has the object whole there; refused where a place that does
    /// not answer may have it.
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, TrustError> {
        let end = offset.saturating_add(length.min(READ_BYTES_MAX) as u64).min(self.length);
        if offset >= end {
            return Ok(Vec::new());
        }
        let wanted = offset / CHUNK_BYTES as u64..end.div_ceil(CHUNK_BYTES as u64);
        let start = self.from.load(Ordering::Relaxed);
        for step in 0..self.places.len() {
            let at = (start + step) % self.places.len();
            match self.open(&self.places[at], wanted.clone()).await {
                Ok(mut content) => {
                    self.from.store(at, Ordering::Relaxed);
                    // What was read is at most 8 MiB and two chunks, so both fit.
                    let skipped = (offset - wanted.start * CHUNK_BYTES as u64) as usize;
                    content.truncate(skipped + (end - offset) as usize);
                    content.drain(..skipped);
                    return Ok(content);
                }
                Err(condition) => self.note(&self.places[at], condition),
            }
        }
        Err(failure(self.key.id(), &self.faults()))
    }

    /// The content of a range, in pieces of 1 MiB.
    pub fn stream(self, range: Range<u64>) -> impl Stream<Item = Result<Vec<u8>, TrustError>> + Send {
        let end = range.end.min(self.length);
        try_unfold((self, range.start), move |(reading, at)| async move {
            // Pieces end where chunks do, so that none is opened twice.
            let piece = PIECE_BYTES - (at % CHUNK_BYTES as u64) as usize;
            let length = usize::try_from(end.saturating_sub(at)).unwrap_or(piece).min(piece);
            if length == 0 {
                return Ok(None);
            }
            let content = reading.read_at(at, length).await?;
            let next = at + content.len() as u64;
            Ok(Some((content, (reading, next))))
        })
    }

    /// The places that failed so far, and how.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, Condition)> {
        self.faults.lock().map(|faults| faults.clone()).unwrap_or_default()
    }

    fn note(&self, place: &Place, condition: Condition) {
        if let Ok(mut faults) = self.faults.lock() {
            faults.retain(|(name, _)| *name != place.name);
            faults.push((place.name.clone(), condition));
        }
    }

    /// The content of some chunks out of one place.
    async fn open(&self, place: &Place, wanted: Range<u64>) -> Result<Vec<u8>, Condition> {
        let (key, last) = (self.key.clone(), chunks(self.length) - 1);
        let start = chunk_at(wanted.start);
        // At most 8 MiB and two chunks. Behind the last chunk a byte more is asked for, which must not be there.
        let end = chunk_at(wanted.end).min(chunk_at(last) + self.length - last * CHUNK_BYTES as u64 + TAG_BYTES as u64);
        let (length, more) = ((end - start) as usize, usize::from(wanted.end > last));
        let found = place.blobs.read_at(&self.key.id().name(), start, length + more).await;
        let Some(mut sealed) = place.meant(found, wanted.start).await? else { return Err(Condition::Missing) };
        if sealed.len() > length {
            return Err(Condition::Damaged { chunk: Some(last) });
        }
        let opened = tokio::task::spawn_blocking(move || {
            let mut content = Vec::with_capacity(sealed.len());
            let mut pieces = sealed.chunks_mut(SEALED_BYTES);
            for index in wanted {
                let opened = pieces.next().and_then(|piece| key.open(index, index == last, piece));
                content.extend_from_slice(opened.ok_or(Condition::Damaged { chunk: Some(index) })?);
            }
            Ok(content)
        });
        opened.await.map_err(|error| Condition::Unreachable(error.to_string()))?
    }
}

//! One copy read from beginning to end: hashed, opened where there is a key, copied where that is asked for.

use super::content::{HEADER_BYTES, SEALED_BYTES, chunks};
use super::place::Place;
use super::{Condition, ContentKey, Object, stored_length};
use crate::TrustError;
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use store::blobs::Writing;

/// Chunks read at a time while copies are checked and made.
const CHUNKS_AT_ONCE: u64 = 16;

/// Why a copy was not made.
pub(super) enum Failed {
    Source(Condition),
    Target(TrustError),
}

impl Place {
    /// How the copy of an object is.
    pub(super) async fn check(
        &self,
        object: &Object,
        key: Option<&ContentKey>,
        done: &AtomicU64,
    ) -> Result<Condition, Condition> {
        self.scan(object, key, None, done).await.map_err(|failed| match failed {
            Failed::Source(condition) => condition,
            Failed::Target(error) => Condition::Unreachable(error.to_string()),
        })
    }

    /// Reads a copy from beginning to end, hashing it, opening it where there is a key, and adding it to
    /// `copy` where there is one.
    pub(super) async fn scan(
        &self,
        object: &Object,
        key: Option<&ContentKey>,
        mut copy: Option<&mut Writing>,
        done: &AtomicU64,
    ) -> Result<Condition, Failed> {
        let source = |condition| Failed::Source(condition);
        let name = object.id.name();
        self.reach().await.map_err(|e| source(Condition::Unreachable(e.to_string())))?;
        // The disk is to be checked, and not what the system remembers of it.
        let _ = self.blobs.forget(&name).await;
        let size = self.meant(self.blobs.size(&name).await, 0).await.map_err(source)?;
        let Some(size) = size else { return Ok(Condition::Missing) };
        let expected = stored_length(object.length).map_err(Failed::Target)?;
        let mut scan = Scan::new(object, key);
        if size != expected {
            // What follows the end is counted to the last chunk.
            let chunk = size.saturating_sub(HEADER_BYTES as u64) / SEALED_BYTES as u64;
            scan.bad(chunk.min(scan.last));
            if key.is_none() {
                return Ok(Condition::Damaged { chunk: scan.first_bad });
            }
        }
        let (mut at, end) = (0, size.min(expected));
        let mut piece = self.piece(&name, at, end).await.map_err(source)?;
        while !piece.is_empty() {
            done.fetch_add(piece.len() as u64, Ordering::Relaxed);
            at += piece.len() as u64;
            if let Some(copy) = &mut copy {
                copy.append(piece.clone()).await.map_err(|e| Failed::Target(e.into()))?;
            }
            // One piece is hashed while the next is read.
            let hashed = tokio::task::spawn_blocking(move || {
                scan.push(piece);
                scan
            });
            let (hashed, next) = tokio::join!(hashed, self.piece(&name, at, end));
            scan = hashed.map_err(|e| source(Condition::Unreachable(e.to_string())))?;
            piece = next.map_err(source)?;
        }
        Ok(scan.condition(object, at == expected && size == expected))
    }

    /// The next piece of a copy: its header, or some chunks.
    async fn piece(&self, name: &str, at: u64, end: u64) -> Result<Vec<u8>, Condition> {
        let length = match at {
            0 => HEADER_BYTES as u64,
            _ => CHUNKS_AT_ONCE * SEALED_BYTES as u64,
        };
        // At most a megabyte, which fits.
        let length = length.min(end - at) as usize;
        if length == 0 {
            return Ok(Vec::new());
        }
        let chunk = at.saturating_sub(HEADER_BYTES as u64) / SEALED_BYTES as u64;
        let found = self.meant(self.blobs.read_at(name, at, length).await, chunk).await?.ok_or(Condition::Missing)?;
        match found.len() == length {
            true => Ok(found),
            false => Err(Condition::Damaged { chunk: Some(chunk) }),
        }
    }
}

/// A copy on its way through the hash, and through the cipher where there is a key.
struct Scan {
    stored: Sha256,
    key: Option<ContentKey>,
    content: Sha256,
    chunk: u64,
    last: u64,
    is_header: bool,
    first_bad: Option<u64>,
}

impl Scan {
    fn new(object: &Object, key: Option<&ContentKey>) -> Self {
        Self {
            stored: Sha256::new(),
            key: key.cloned(),
            content: Sha256::new(),
            chunk: 0,
            last: chunks(object.length) - 1,
            is_header: true,
            first_bad: None,
        }
    }

    fn bad(&mut self, chunk: u64) {
        self.first_bad = Some(self.first_bad.map_or(chunk, |first| first.min(chunk)));
    }

    fn push(&mut self, mut piece: Vec<u8>) {
        self.stored.update(&piece);
        let Some(key) = self.key.clone() else { return };
        if std::mem::take(&mut self.is_header) {
            if piece != key.header() {
                self.bad(0);
            }
            return;
        }
        for sealed in piece.chunks_mut(SEALED_BYTES) {
            match key.open(self.chunk, self.chunk == self.last, sealed) {
                Some(content) => self.content.update(content),
                None => self.bad(self.chunk),
            }
            self.chunk += 1;
        }
    }

    fn condition(self, object: &Object, is_whole: bool) -> Condition {
        let stored: [u8; 32] = self.stored.finalize().into();
        if !is_whole || stored != object.stored_digest {
            return Condition::Damaged { chunk: self.first_bad };
        }
        let content: [u8; 32] = self.content.finalize().into();
        match self.key.is_some() && (self.first_bad.is_some() || content != object.digest) {
            true => Condition::Other,
            false => Condition::Good,
        }
    }
}

//! Remembering paths and checkpoints. Authorities sign millions of tokens with one certificate;
//! its path need be found and its signatures checked once.

use super::Context;
use crate::der::Time;
use crate::tlog::{NoteKey, TlogError};
use crate::x509::Certificate;
use crate::x509::path::{self, BrokenPath, Path};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Paths kept before all are dropped: far more than the authorities one verifier meets.
const ENTRIES_MAX: usize = 1024;

/// Paths that were found, by everything that went into finding them.
///
/// Only anchored paths are kept, each with the span of time in which every certificate of it
/// is valid; outside that span the path is searched anew.
#[derive(Debug, Default)]
pub struct PathMemo {
    paths: Mutex<Paths>,
    /// The last checkpoint whose signature held, with its key: all tokens of a batch share it.
    checkpoint: Mutex<Option<(NoteKey, String)>>,
    /// Revocation lists whose signature held, each with its issuer's certificate.
    lists: Mutex<Lists>,
}

/// Each list's issuer's certificate, by the list.
type Lists = HashMap<Box<[u8]>, Box<[u8]>>;

/// By the signer's certificate; a signer has one entry for each pool and set of anchors met.
#[derive(Debug, Default)]
struct Paths {
    by_signer: HashMap<Box<[u8]>, Vec<Entry>>,
    count: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    pool: Vec<Box<[u8]>>,
    anchors: Vec<Box<[u8]>>,
    from: Time,
    to: Time,
    /// Places in anchors followed by pool.
    above_signer: Vec<usize>,
}

impl PathMemo {
    /// An empty memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// The path of `signer` at `time`, from memory where it is there.
pub(super) fn path<'a>(
    signer: &Certificate<'a>,
    pool: &[Certificate<'a>],
    anchors: &[Certificate<'a>],
    time: Time,
    cx: &Context<'_>,
) -> Result<Path<'a>, BrokenPath> {
    let Some(memo) = cx.memo else { return path::build(signer, pool, anchors, time, cx.verifier) };
    let candidates: Vec<&Certificate<'a>> = anchors.iter().chain(pool).collect();
    if let Some(above) = memo.find(signer, pool, anchors, time) {
        let above = above.into_iter().map(|place| candidates[place].clone());
        return Ok(Path { certificates: std::iter::once(signer.clone()).chain(above).collect(), anchored: true });
    }
    let path = path::build(signer, pool, anchors, time, cx.verifier)?;
    if path.anchored {
        let certificates = &path.certificates;
        let place = |c: &Certificate<'_>| candidates.iter().position(|known| known.der == c.der);
        if let Some(above_signer) = certificates.iter().skip(1).map(place).collect() {
            memo.keep(
                signer,
                Entry {
                    pool: owned(pool),
                    anchors: owned(anchors),
                    from: certificates.iter().map(|c| c.not_before).max().unwrap_or(time),
                    to: certificates.iter().map(|c| c.not_after).min().unwrap_or(time),
                    above_signer,
                },
            );
        }
    }
    Ok(path)
}

fn owned(certificates: &[Certificate<'_>]) -> Vec<Box<[u8]>> {
    certificates.iter().map(|c| c.der.into()).collect()
}

fn same(known: &[Box<[u8]>], given: &[Certificate<'_>]) -> bool {
    known.len() == given.len() && known.iter().zip(given).all(|(k, g)| **k == *g.der)
}

impl PathMemo {
    /// Whether the key's signature on a checkpoint holds, from memory where it is the last one.
    pub(super) fn checkpoint(
        &self,
        key: &NoteKey,
        text: &str,
        verify: impl FnOnce() -> Result<(), TlogError>,
    ) -> Result<(), TlogError> {
        let is_known = |known: &(NoteKey, String)| known.0 == *key && known.1 == text;
        if self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(is_known) {
            return Ok(());
        }
        verify()?;
        *self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner) = Some((key.clone(), text.to_owned()));
        Ok(())
    }

    /// Whether a revocation list is its issuer's, from memory where that was found before.
    pub(super) fn list(&self, der: &[u8], issuer: &Certificate<'_>, is_from: impl FnOnce() -> bool) -> bool {
        let known = |lists: &Lists| lists.get(der).is_some_and(|known| **known == *issuer.der);
        if known(&self.lists.lock().unwrap_or_else(PoisonError::into_inner)) {
            return true;
        }
        let is_from = is_from();
        if is_from {
            let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
            if lists.len() >= ENTRIES_MAX {
                lists.clear();
            }
            lists.insert(der.into(), issuer.der.into());
        }
        is_from
    }

    fn find(
        &self,
        signer: &Certificate<'_>,
        pool: &[Certificate<'_>],
        anchors: &[Certificate<'_>],
        time: Time,
    ) -> Option<Vec<usize>> {
        let paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = paths.by_signer.get(signer.der)?.iter();
        let fits = |e: &&Entry| e.from <= time && time <= e.to && same(&e.pool, pool) && same(&e.anchors, anchors);
        known.find(fits).map(|entry| entry.above_signer.clone())
    }

    fn keep(&self, signer: &Certificate<'_>, entry: Entry) {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        if paths.count >= ENTRIES_MAX {
            *paths = Paths::default();
        }
        paths.count += 1;
        paths.by_signer.entry(signer.der.into()).or_default().push(entry);
    }
}

//! Remembering paths. Authorities sign millions of tokens with one certificate;
//! its path need be found and its signatures checked once.

use super::Context;
use crate::der::Time;
use crate::digest::DigestAlgorithm;
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
    entries: Mutex<HashMap<[u8; 32], Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    from: Time,
    to: Time,
    above_signer: Vec<Vec<u8>>,
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
    let key = key(signer, pool, anchors);
    let known = memo.entries.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(entry) = known
        && entry.from <= time
        && time <= entry.to
    {
        let find = |der: &Vec<u8>| anchors.iter().chain(pool).find(|c| c.der == der).cloned();
        if let Some(above) = entry.above_signer.iter().map(find).collect::<Option<Vec<_>>>() {
            let mut certificates = vec![signer.clone()];
            certificates.extend(above);
            return Ok(Path { certificates, anchored: true });
        }
    }
    let path = path::build(signer, pool, anchors, time, cx.verifier)?;
    if path.anchored {
        let certificates = &path.certificates;
        let entry = Entry {
            from: certificates.iter().map(|c| c.not_before).max().unwrap_or(time),
            to: certificates.iter().map(|c| c.not_after).min().unwrap_or(time),
            above_signer: certificates.iter().skip(1).map(|c| c.der.to_vec()).collect(),
        };
        let mut entries = memo.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, entry);
    }
    Ok(path)
}

fn key(signer: &Certificate<'_>, pool: &[Certificate<'_>], anchors: &[Certificate<'_>]) -> [u8; 32] {
    let mut hasher = DigestAlgorithm::Sha256.hasher();
    hasher.update(signer.der);
    for list in [pool, anchors] {
        hasher.update(&(list.len() as u64).to_be_bytes());
        list.iter().for_each(|c| hasher.update(c.der));
    }
    let mut key = [0; 32];
    key.copy_from_slice(hasher.finish().as_bytes());
    key
}

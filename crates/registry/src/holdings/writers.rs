//! One writer for each upload at a time: in this process by a set, among processes by a lease.
//!
//! A lease is renewed while bytes come in. Where only this process can have the database, leases of
//! a process that died are nobody's; where several share it, they run out by themselves.

use super::Holdings;
use proof::der::Time;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::StoreError;

/// How long a lease lasts without being renewed. A sender may be silent for less than that.
pub(super) const LEASE: Duration = Duration::from_secs(60);

/// The uploads that this process is writing.
#[derive(Clone, Default)]
pub(super) struct Writers(Arc<Mutex<HashSet<String>>>);

/// The right to write one upload, until it is dropped.
pub(super) struct Turn {
    writers: Writers,
    upload: String,
    process: String,
}

impl Writers {
    fn take(&self, upload: &str, process: &str) -> Option<Turn> {
        let is_free = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(upload.to_owned());
        is_free.then(|| Turn { writers: self.clone(), upload: upload.to_owned(), process: process.to_owned() })
    }
}

impl Turn {
    /// The process, as the lease names it.
    pub(super) fn process(&self) -> &str {
        &self.process
    }

    /// The end of a lease that is renewed now.
    pub(super) fn until_s(now: Time) -> i64 {
        now.unix_s() + LEASE.as_secs() as i64
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.writers.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.upload);
    }
}

impl Holdings {
    /// Frees what a process that is gone was writing.
    pub(super) async fn free_writers(&self) -> Result<(), StoreError> {
        if self.db().is_shared() {
            return Ok(());
        }
        self.db().execute("update upload set writer = null where writer is not null", &[]).await.map(drop)
    }

    /// The right to write an upload; none where somebody else is writing it.
    pub(super) async fn turn(&self, upload: &str, now: Time) -> Result<Option<Turn>, StoreError> {
        let Some(turn) = self.0.writers.take(upload, &self.0.process) else { return Ok(None) };
        let sql = "update upload set writer = $2, writer_until_s = $3 \
                   where id = $1 and (writer is null or writer = $2 or writer_until_s < $4)";
        let values = [upload.into(), turn.process().into(), Turn::until_s(now).into(), now.unix_s().into()];
        Ok((self.db().execute(sql, &values).await? == 1).then_some(turn))
    }

    /// Gives it back.
    pub(super) async fn end_turn(&self, turn: Turn) {
        let sql = "update upload set writer = null where id = $1 and writer = $2";
        let values = [turn.upload.as_str().into(), turn.process().into()];
        if let Err(error) = self.db().execute(sql, &values).await {
            // It runs out, or the next start frees it.
            tracing::warn!(%error, upload = turn.upload, "a lease is not given back");
        }
    }
}

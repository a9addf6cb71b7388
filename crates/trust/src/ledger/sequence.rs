//! The sequencer: gives entries their places, many in one commit.

use super::{AppendError, Batch, Included, LogKey, Published};
use proof::tlog::{Frontier, Growth, Hash, leaf_hash};
use std::sync::Arc;
use std::time::Duration;
use store::{Db, StoreError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// Entries in one commit.
const BATCH_ENTRIES_MAX: usize = 4096;
/// Where entries keep coming, commits are this far apart at least: fewer and larger ones.
const GATHER: Duration = Duration::from_millis(10);

/// An entry on its way to the log.
pub(crate) struct Pending {
    pub(crate) entry: Vec<u8>,
    pub(crate) gen_ms: i64,
    pub(crate) reply: oneshot::Sender<Result<Included, AppendError>>,
}

/// Holds the head; there is one for each log.
pub(crate) struct Sequencer {
    db: Db,
    key: Arc<LogKey>,
    frontier: Frontier,
    checkpoint: Arc<str>,
    newest_ms: i64,
    tell: watch::Sender<Published>,
}

enum Failure {
    /// Nothing was written, and the head is what it was.
    Refused(String),
    /// The head on disk is not known.
    Stop(String),
}

impl Sequencer {
    pub(crate) fn new(
        db: Db,
        key: Arc<LogKey>,
        frontier: Frontier,
        checkpoint: String,
        newest_ms: i64,
        tell: watch::Sender<Published>,
    ) -> Self {
        Self { db, key, frontier, checkpoint: checkpoint.into(), newest_ms, tell }
    }

    /// Works until nobody can send any more, or until it must stop.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Pending>) {
        let (mut last_end, mut busy) = (Instant::now(), false);
        while let Some(first) = queue.recv().await {
            let mut batch = vec![first];
            if busy {
                tokio::time::sleep_until(last_end + GATHER).await;
            }
            while batch.len() < BATCH_ENTRIES_MAX
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            busy = batch.len() > 1;
            match self.commit(&batch).await {
                Ok(committed) => {
                    let first = committed.growth.before();
                    for (index, pending) in (first..).zip(batch) {
                        // A caller who went away leaves its entry in the log.
                        let _ = pending.reply.send(Ok(Included { batch: Arc::clone(&committed), index }));
                    }
                }
                Err(Failure::Refused(cause)) => {
                    tracing::warn!(%cause, "the log took nothing");
                    for pending in batch {
                        let _ = pending.reply.send(Err(AppendError::Refused(cause.clone())));
                    }
                }
                Err(Failure::Stop(cause)) => {
                    tracing::error!(%cause, "the log has stopped; start again to recover");
                    for pending in batch {
                        let _ = pending.reply.send(Err(AppendError::Stopped));
                    }
                    return;
                }
            }
            last_end = Instant::now();
        }
    }

    async fn commit(&mut self, batch: &[Pending]) -> Result<Arc<Batch>, Failure> {
        let leaves: Vec<Hash> = batch.iter().map(|p| leaf_hash(&p.entry)).collect();
        let growth = Growth::new(&self.frontier, &leaves);
        let after = growth.frontier();
        let signed = self.key.sign(&after.head()).map_err(|error| Failure::Refused(error.to_string()))?;
        let checkpoint: Arc<str> = signed.into();
        let newest_ms = batch.iter().map(|p| p.gen_ms).fold(self.newest_ms, i64::max);
        let mut entries = Vec::new();
        for pending in batch {
            let added = proof::tlog::tile::push_entry(&mut entries, &pending.entry);
            added.map_err(|error| Failure::Refused(error.to_string()))?;
        }
        let edge: Vec<u8> = after.edge().iter().flat_map(|h| *h.as_bytes()).collect();
        let origin = self.key.origin();
        let sizes = (size_value(self.frontier.size())?, size_value(after.size())?);
        let done: Result<bool, StoreError> = store::transaction!(self.db, tx => {
            let sql = "update log_head set size = $1, edge = $2, checkpoint = $3, newest_ms = $4 \
                       where origin = $5 and size = $6 and checkpoint = $7";
            let values = [
                sizes.1.into(),
                edge.as_slice().into(),
                (&*checkpoint).into(),
                newest_ms.into(),
                origin.into(),
                sizes.0.into(),
                (&*self.checkpoint).into(),
            ];
            if tx.execute(sql, &values).await? != 1 {
                return Ok(false);
            }
            let sql = "insert into log_batch (origin, first, entries) values ($1, $2, $3)";
            tx.execute(sql, &[origin.into(), sizes.0.into(), entries.as_slice().into()]).await?;
            Ok(true)
        });
        match done {
            Ok(true) => {}
            Ok(false) => return Err(Failure::Stop("another process wrote to the log".to_owned())),
            Err(StoreError::Refused(cause)) => return Err(Failure::Refused(cause)),
            Err(error) => return Err(Failure::Stop(error.to_string())),
        }
        self.frontier = after.clone();
        self.checkpoint = Arc::clone(&checkpoint);
        self.newest_ms = newest_ms;
        let _ = self.tell.send(Published { size: after.size(), checkpoint: Arc::clone(&checkpoint) });
        Ok(Arc::new(Batch { growth, checkpoint }))
    }
}

fn size_value(size: u64) -> Result<i64, Failure> {
    i64::try_from(size).map_err(|_| Failure::Refused("the log is full".to_owned()))
}

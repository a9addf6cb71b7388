//! The ledger: a transparency log that nothing leaves before it is durable.
//!
//! append → queue → sequencer → one durable commit → callers, each with its proof;
//! and from the commit → publisher → tiles, then the checkpoint that needs them.
//!
//! A checkpoint is signed for one root at each size: the commit swaps the head or
//! fails, and where its outcome is unknown the ledger stops until it is opened
//! again. One process at a time writes. A head that went back behind what was
//! published is not signed on. Whoever writes the database can make the log sign
//! two histories; who writes the public files can only make them unavailable.

pub mod kept;
mod key;
pub mod prove;
mod publish;
mod sequence;

pub use key::LogKey;

use crate::TrustError;
use crate::aws_lc::AwsLc;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::logged::LogIdentity;
use proof::tlog::{Checkpoint, Frontier, Growth, Hash, Head, InclusionProof, Receipt};
use publish::Publisher;
pub(crate) use publish::{tile_entries, tile_hashes};

use sequence::{Pending, Sequencer};
use std::sync::Arc;
use store::blobs::Blobs;
use store::{Db, Exclusive, Location, Migration, Schema, StoreError, Tx};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// The tables of the ledger.
pub const SCHEMA: Schema = Schema {
    part: "log",
    migrations: &[Migration {
        number: 1,
        name: "the log",
        sql: "
create table log_head (
    origin text primary key,
    size bigint not null,
    edge bytea not null,
    checkpoint text not null,
    newest_ms bigint not null,
    restored bigint not null
);
create table log_batch (
    origin text not null,
    first bigint not null,
    entries bytea not null,
    primary key (origin, first)
);
create table log_published (
    origin text primary key,
    size bigint not null
);
",
    }],
};

/// Entries that may wait for the sequencer; more are refused, so that waiting stays short.
const QUEUE_ENTRIES: usize = 8192;
/// The name of the published checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// The name of the published verifier key.
pub const KEY_FILE: &str = "log.vkey";
/// Larger checkpoints are not read.
pub(crate) const CHECKPOINT_BYTES_MAX: u64 = 128 << 10;

/// Where a log is kept.
#[derive(Clone)]
pub struct Place {
    /// The database with head and entries.
    pub database: Location,
    /// The folder or service with the public files.
    pub public: Blobs,
}

/// A log that takes entries.
pub struct Ledger {
    inbox: mpsc::Sender<Pending>,
    identity: LogIdentity,
    newest: Time,
    head: watch::Receiver<Published>,
    tasks: Vec<JoinHandle<()>>,
    closing: oneshot::Sender<()>,
    db: Db,
    _exclusive: Exclusive,
}

/// A head with its checkpoint, on its way to the publisher.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    size: u64,
    checkpoint: Arc<str>,
}

/// An entry's place, with all that proves it.
#[derive(Clone, Debug)]
pub struct Included {
    batch: Arc<Batch>,
    index: u64,
}

#[derive(Debug)]
pub(crate) struct Batch {
    growth: Growth,
    checkpoint: Arc<str>,
}

impl Included {
    /// The C2SP tlog-proof.
    #[must_use]
    pub fn receipt(&self) -> String {
        let inclusion: InclusionProof = self.batch.growth.inclusion_proof(self.index);
        Receipt { extra: None, inclusion, checkpoint: &self.batch.checkpoint }.encode()
    }

    /// The index in the log.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// Why an entry was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// Nothing was written; it may be tried again later.
    Refused(String),
    /// The ledger has stopped; whether the entry is in it is not known until it is opened again.
    Stopped,
}

/// Head and edge as the database holds them.
pub(crate) struct Stored {
    pub(crate) frontier: Frontier,
    pub(crate) checkpoint: String,
    pub(crate) newest_ms: i64,
    pub(crate) restored: bool,
}

fn broken(text: &str) -> TrustError {
    TrustError::Broken(text.to_owned())
}

/// Begins an empty log and publishes its first checkpoint.
///
/// # Errors
/// Refused where a log of this name is there already.
pub async fn create(place: &Place, key: &LogKey) -> Result<(), TrustError> {
    let db = Db::open(&place.database, true, SCHEMA).await?;
    let frontier = Frontier::default();
    let checkpoint = key.sign(&frontier.head())?;
    let done: Result<(), StoreError> = store::transaction!(db, tx => {
        let sql = "insert into log_head (origin, size, edge, checkpoint, newest_ms, restored) values ($1, 0, $2, $3, 0, 0)";
        tx.execute(sql, &[key.origin().into(), vec![].into(), checkpoint.as_str().into()]).await?;
        tx.execute("insert into log_published (origin, size) values ($1, 0)", &[key.origin().into()]).await?;
        Ok(())
    });
    db.close().await;
    done?;
    place.public.put_new(KEY_FILE, format!("{}\n", key.verifier_key()).into_bytes()).await?;
    Ok(place.public.replace(CHECKPOINT, checkpoint.into_bytes()).await?)
}

/// The whole log's state as of one moment.
pub(crate) struct Snapshot {
    pub(crate) stored: Stored,
    /// The size that is in tiles.
    pub(crate) published: u64,
    /// The entries after that, as bundles.
    pub(crate) batches: Vec<Vec<u8>>,
}

/// Reads the log's state as of one moment, also while another process writes.
pub(crate) async fn snapshot(db: &Db, identity: &LogIdentity) -> Result<Snapshot, TrustError> {
    let origin = identity.origin.as_str();
    store::transaction!(db, tx => {
        let stored = stored(tx, identity).await?;
        let rows = tx.rows("select size from log_published where origin = $1", &[origin.into()]).await?;
        let published = rows.first().map(|r| r.int(0)).transpose()?.unwrap_or(-1);
        let sql = "select entries from log_batch where origin = $1 and first >= $2 order by first";
        let rows = tx.rows(sql, &[origin.into(), published.into()]).await?;
        let batches = rows.iter().map(|r| r.bytes(0).map(<[u8]>::to_vec)).collect::<Result<_, _>>()?;
        let published = u64::try_from(published)
            .map_err(|_| broken("the database does not say what was published; restore a backup"))?;
        Ok(Snapshot { stored, published, batches })
    })
}

/// The head as the database holds it, checked against its own checkpoint.
async fn stored(tx: &mut Tx, identity: &LogIdentity) -> Result<Stored, TrustError> {
    let sql = "select size, edge, checkpoint, newest_ms, restored from log_head where origin = $1";
    let rows = tx.rows(sql, &[identity.origin.as_str().into()]).await?;
    let row = rows.first().ok_or_else(|| broken("the database does not hold the log's head; restore a backup"))?;
    let (hashes, rest) = row.bytes(1)?.as_chunks::<32>();
    let edge = hashes.iter().map(|h| Hash::from_bytes(*h)).collect();
    let size = u64::try_from(row.int(0)?).ok().filter(|_| rest.is_empty());
    let frontier = size.and_then(|size| Frontier::from_parts(size, edge));
    let frontier = frontier.ok_or_else(|| broken("the log's head in the database is damaged; restore a backup"))?;
    let checkpoint = row.text(2)?.to_owned();
    if signed_head(identity, &checkpoint) != Some(frontier.head()) {
        return Err(broken("the log's head in the database is not the one it signed; restore a backup"));
    }
    Ok(Stored { frontier, checkpoint, newest_ms: row.int(3)?, restored: row.int(4)? != 0 })
}

/// The head in a checkpoint that this log has signed.
pub(crate) fn signed_head(identity: &LogIdentity, text: &str) -> Option<Head> {
    let checkpoint = Checkpoint::parse(text).ok().filter(|c| c.origin == identity.origin)?;
    let signed = identity.keys.iter().any(|key| key.verify(&checkpoint.note, &AwsLc).is_ok());
    signed.then_some(checkpoint.head)
}

impl Ledger {
    /// Opens a log for writing, waits while another process has it, and publishes what that one
    /// left unpublished. `waiting` is called once where there is someone to wait for.
    ///
    /// # Errors
    /// Broken where the head went back behind what was published, or what was published is not
    /// what was logged; then nothing may be signed.
    pub async fn open(place: &Place, key: impl Into<Arc<LogKey>>, waiting: impl FnOnce()) -> Result<Self, TrustError> {
        let db = Db::open(&place.database, false, SCHEMA).await?;
        Self::open_on(db, place, key, waiting).await
    }

    /// The same through a database that is open already.
    pub async fn open_on(
        db: Db,
        place: &Place,
        key: impl Into<Arc<LogKey>>,
        waiting: impl FnOnce(),
    ) -> Result<Self, TrustError> {
        let key = key.into();
        let identity = key.identity();
        let digest = DigestAlgorithm::Sha256.digest(identity.origin.as_bytes());
        let number = digest.as_bytes().first_chunk::<8>().map_or(0, |b| i64::from_be_bytes(*b));
        let exclusive = Exclusive::wait(&db, &place.database, number, waiting).await?;
        let stored = snapshot(&db, &identity).await?.stored;
        if stored.restored {
            return Err(broken(
                "this log was restored from a backup, and receipts newer than the backup may exist: \
                 close it and begin a new one with: shiyin log retire",
            ));
        }
        let published = published_head(&place.public, &identity).await?;
        let head = stored.frontier.head();
        let is_kept_ahead = kept::kept(&place.public).await?.last().is_some_and(|size| *size > head.size);
        if is_kept_ahead || published.size > head.size || (published.size == head.size && published.root != head.root) {
            return Err(broken(
                "the log's head is behind what was published: the database went back, as after restoring an old copy. \
                 Nothing is signed. Restore the newest copy, or close this log and begin a new one with: shiyin log retire",
            ));
        }
        let newest = Time::from_unix_nanos(
            stored.newest_ms.div_euclid(1000),
            stored.newest_ms.rem_euclid(1000) as u32 * 1_000_000,
        );
        let start = Published { size: head.size, checkpoint: stored.checkpoint.as_str().into() };
        let mut publisher = Publisher::load(db.clone(), place.public.clone(), &identity.origin).await?;
        publisher.publish(&start, Some(&published)).await?;
        if *publisher.frontier() != stored.frontier {
            return Err(broken("the published tiles are not those of the log; run: shiyin fsck"));
        }
        let (inbox, queue) = mpsc::channel(QUEUE_ENTRIES);
        let (tell, head) = watch::channel(start);
        let (closing, closed) = oneshot::channel();
        let sequencer = Sequencer::new(db.clone(), key, stored.frontier, stored.checkpoint, stored.newest_ms, tell);
        let tasks = vec![tokio::spawn(sequencer.run(queue)), tokio::spawn(publisher.run(head.clone(), closed))];
        Ok(Self { inbox, identity, newest, head, tasks, closing, db, _exclusive: exclusive })
    }

    /// Faults to be put into commits to come.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn faults(&self) -> &store::faults::Faults {
        self.db.faults()
    }

    /// The log's name and keys.
    #[must_use]
    pub fn identity(&self) -> &LogIdentity {
        &self.identity
    }

    /// The newest time of any token logged before the ledger was opened.
    #[must_use]
    pub fn newest(&self) -> Time {
        self.newest
    }

    /// The newest checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> Arc<str> {
        Arc::clone(&self.head.borrow().checkpoint)
    }

    /// Adds an entry made at `time`, and returns when it is durable.
    pub async fn append(&self, entry: Vec<u8>, time: Time) -> Result<Included, AppendError> {
        let (reply, answer) = oneshot::channel();
        let gen_ms = time.unix_s() * 1000 + i64::from(time.nanos() / 1_000_000);
        self.inbox.try_send(Pending { entry, gen_ms, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AppendError::Refused("too many requests wait; try later".to_owned()),
            mpsc::error::TrySendError::Closed(_) => AppendError::Stopped,
        })?;
        answer.await.unwrap_or(Err(AppendError::Stopped))
    }

    /// Returns when the ledger has stopped and must be opened again.
    pub async fn stopped(&self) {
        let mut head = self.head.clone();
        while head.changed().await.is_ok() {}
    }

    /// Takes no more entries, finishes those that wait, publishes, and lets go of the log.
    pub async fn close(self) {
        drop(self.inbox);
        drop(self.closing);
        for task in self.tasks {
            // A task that panicked has nothing more to finish.
            let _ = task.await;
        }
        self.db.close().await;
    }
}

/// The head that the world has seen.
async fn published_head(public: &Blobs, identity: &LogIdentity) -> Result<Head, TrustError> {
    let text = public.get(CHECKPOINT, CHECKPOINT_BYTES_MAX).await?;
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    let head = text.and_then(|text| signed_head(identity, &text));
    head.ok_or_else(|| broken("the published checkpoint is missing or not this log's; restore a backup"))
}

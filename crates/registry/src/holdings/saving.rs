//! What has arrived of an upload is made durable, and then its length, while more arrives.
//!
//! A sender that is faster than the disk's syncs is not held up by one: the length that is told lags behind
//! by at most two of [`SAVE_BYTES`], which is what a dying program makes the sender send again. A slow one
//! is saved every [`SAVE`], which also renews the lease.

use super::receive::PIECE_BYTES;
use super::uploads::{Opened, locked};
use super::writers::{LEASE, Turn};
use super::{Holdings, LOOSE_S};
use crate::evidence::Party;
use crate::web::Fault;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use trust::vault::{Arriving, Checkpoint};

const SAVE_BYTES: u64 = 32 << 20;
const SAVE: Duration = Duration::from_secs(LEASE.as_secs() / 4);

/// Saves an upload as it arrives. [`Saving::settle`] ends it.
pub(super) struct Saving<'a> {
    holdings: &'a Holdings,
    by: &'a Party,
    turn: &'a Turn,
    opened: &'a mut Opened,
    /// What is being saved.
    under_way: Option<JoinHandle<Result<Saved, Fault>>>,
    /// How much had arrived when that began, and when the last one was done.
    begun: u64,
    saved_at: Instant,
}

struct Saved {
    received: u64,
    progress: Vec<u8>,
}

impl<'a> Saving<'a> {
    pub(super) fn new(holdings: &'a Holdings, by: &'a Party, turn: &'a Turn, opened: &'a mut Opened) -> Self {
        let begun = opened.upload.received;
        Self { holdings, by, turn, opened, under_way: None, begun, saved_at: Instant::now() }
    }

    /// The length of the whole file.
    pub(super) fn size(&self) -> u64 {
        self.opened.upload.size
    }

    /// Whether it is long since something was saved.
    pub(super) fn is_late(&self) -> bool {
        self.saved_at.elapsed() >= SAVE
    }

    /// Adds bytes that are in memory as a whole.
    pub(super) async fn take(&mut self, arriving: &mut Arriving, bytes: Vec<u8>) -> Result<(), Fault> {
        let mut room = Vec::with_capacity(PIECE_BYTES.min(bytes.len()));
        for piece in bytes.chunks(PIECE_BYTES) {
            room.extend_from_slice(piece);
            room = self.write(arriving, room).await?;
        }
        Ok(())
    }

    /// Adds a piece, saves where that is due, and gives the room of a piece before.
    pub(super) async fn write(&mut self, arriving: &mut Arriving, piece: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let room = match arriving.write(piece).await {
            Ok(room) => room,
            Err(error) => return Err(self.holdings.away(self.by, error).await),
        };
        if self.is_late() {
            self.all(arriving).await?;
        } else if arriving.length() - self.begun >= SAVE_BYTES {
            self.settle().await?;
            self.begin(arriving).await?;
        }
        Ok(room)
    }

    /// Saves all that has arrived, and waits for it.
    pub(super) async fn all(&mut self, arriving: &mut Arriving) -> Result<(), Fault> {
        self.settle().await?;
        if arriving.length() > self.opened.upload.received || self.opened.progress.is_none() {
            self.begin(arriving).await?;
            self.settle().await?;
        }
        Ok(())
    }

    /// Waits for what is being saved.
    pub(super) async fn settle(&mut self) -> Result<(), Fault> {
        let Some(under_way) = self.under_way.take() else { return Ok(()) };
        let Saved { received, progress } = under_way.await.map_err(Fault::broken)??;
        (self.opened.upload.received, self.opened.progress) = (received, Some(progress));
        self.saved_at = Instant::now();
        Ok(())
    }

    async fn begin(&mut self, arriving: &mut Arriving) -> Result<(), Fault> {
        let checkpoint = match arriving.checkpoint(self.by.key()).await {
            Ok(checkpoint) => checkpoint,
            Err(error) => return Err(self.holdings.away(self.by, error).await),
        };
        self.begun = checkpoint.length();
        let (holdings, by) = (self.holdings.clone(), self.by.clone());
        let (id, process) = (self.opened.upload.id.clone(), self.turn.process().to_owned());
        self.under_way = Some(tokio::spawn(async move { holdings.save(&by, &id, &process, checkpoint).await }));
        Ok(())
    }
}

impl Holdings {
    /// Waits until what has arrived is durable, and writes its length.
    async fn save(&self, by: &Party, id: &str, process: &str, checkpoint: Checkpoint) -> Result<Saved, Fault> {
        let received = checkpoint.length();
        let progress = match checkpoint.durable().await {
            Ok(progress) => progress,
            Err(error) => return Err(self.away(by, error).await),
        };
        let now = self.now();
        let sql = "update upload set received = $2, progress = $3, due_s = $4, writer_until_s = $5 \
                   where id = $1 and writer = $6 and state = 'open'";
        let values = [
            id.into(),
            (received as i64).into(),
            progress.clone().into(),
            now.plus_s(LOOSE_S).unix_s().into(),
            Turn::until_s(now).into(),
            process.into(),
        ];
        match self.db().execute(sql, &values).await {
            // It was given up meanwhile, or the lease ran out and is another's.
            Ok(0) => Err(locked(by)),
            Ok(_) => Ok(Saved { received, progress }),
            Err(error) => Err(self.away(by, error.into()).await),
        }
    }
}

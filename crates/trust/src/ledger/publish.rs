//! The publisher: writes what was committed as tiles, then the checkpoint that covers them.
//!
//! Whoever sees the checkpoint finds every tile it needs. A crash between tiles and
//! checkpoint writes the same tiles again, byte for byte. Partial tiles are removed
//! once the full one is published, as C2SP tlog-tiles allows: else a busy log would
//! leave some every second. Readers take the full tile where a partial one is gone.

use super::{CHECKPOINT, Published};
use crate::TrustError;
use proof::tlog::tile::{Row, Tile, WIDTH, fold, push_entry};
use proof::tlog::{Frontier, Hash, Head, leaf_hash};
use std::time::Duration;
use store::blobs::Blobs;
use store::{Db, StoreError};
use tokio::sync::{oneshot, watch};

/// The time between two publications while the log grows; also after a failed one.
const PAUSE: Duration = Duration::from_secs(1);
/// A full bundle of the largest entries.
pub(crate) const TILE_BYTES_MAX: u64 = WIDTH * (2 + 65_535);
/// Batches read at once.
const BATCHES: i64 = 64;

/// The last tile of each row, while it is not full, and the edge of what they hold.
pub(crate) struct Publisher {
    db: Db,
    public: Blobs,
    origin: String,
    frontier: Frontier,
    entries: Vec<Vec<u8>>,
    levels: Vec<Vec<Hash>>,
    /// Tiles that have become full and whose partial ones are to be removed.
    filled: Vec<Tile>,
}

/// The hashes of a tile, out of the full one where it is partial and gone. None where neither is
/// there or what is there is damaged.
pub(crate) async fn tile_hashes(public: &Blobs, tile: Tile) -> Result<Option<Vec<Hash>>, StoreError> {
    let Some((found, bytes)) = tile_bytes(public, tile).await? else { return Ok(None) };
    let mut hashes = found.hashes(&bytes).unwrap_or_default();
    hashes.truncate(usize::from(tile.width));
    Ok(Some(hashes).filter(|h| h.len() == usize::from(tile.width)))
}

/// The entries of a bundle, in the same way.
pub(crate) async fn tile_entries(public: &Blobs, tile: Tile) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
    let Some((found, bytes)) = tile_bytes(public, tile).await? else { return Ok(None) };
    let mut entries: Vec<Vec<u8>> = found.entries(&bytes).unwrap_or_default().into_iter().map(<[u8]>::to_vec).collect();
    entries.truncate(usize::from(tile.width));
    Ok(Some(entries).filter(|e| e.len() == usize::from(tile.width)))
}

async fn tile_bytes(public: &Blobs, tile: Tile) -> Result<Option<(Tile, Vec<u8>)>, StoreError> {
    for candidate in [tile, Tile { width: WIDTH as u16, ..tile }] {
        if let Some(bytes) = public.get(&candidate.to_string(), TILE_BYTES_MAX).await? {
            return Ok(Some((candidate, bytes)));
        }
    }
    Ok(None)
}

fn broken(text: &str) -> TrustError {
    TrustError::Broken(text.to_owned())
}

impl Publisher {
    /// Reads the unfinished tiles of what was published last.
    pub(crate) async fn load(db: Db, public: Blobs, origin: &str) -> Result<Self, TrustError> {
        let rows = db.rows("select size from log_published where origin = $1", &[origin.into()]).await?;
        let size = rows.first().map(|r| r.int(0)).transpose()?.and_then(|n| u64::try_from(n).ok());
        let size = size.ok_or_else(|| broken("the database does not say what was published; restore a backup"))?;
        let mut publisher = Self {
            db,
            public,
            origin: origin.to_owned(),
            frontier: Frontier::default(),
            entries: vec![],
            levels: vec![],
            filled: vec![],
        };
        for tile in Tile::between(0, size).into_iter().filter(|t| u64::from(t.width) < WIDTH) {
            let missing = || broken(&format!("the published {tile} is missing or damaged; restore a backup"));
            match tile.row {
                Row::Entries => {
                    publisher.entries = tile_entries(&publisher.public, tile).await?.ok_or_else(missing)?;
                }
                Row::Hashes(level) => {
                    *publisher.level(level) = tile_hashes(&publisher.public, tile).await?.ok_or_else(missing)?;
                }
            }
        }
        let frontier = Frontier::load(size, |node| {
            let (tile, range) = Tile::of_node(node, size).ok_or(())?;
            let Row::Hashes(level) = tile.row else { return Err(()) };
            publisher.levels.get(level as usize).and_then(|l| fold(l.get(range)?)).ok_or(())
        });
        publisher.frontier =
            frontier.map_err(|()| broken("the published tiles do not fit together; restore a backup"))?;
        Ok(publisher)
    }

    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    fn level(&mut self, level: u32) -> &mut Vec<Hash> {
        let level = level as usize;
        if self.levels.len() <= level {
            self.levels.resize(level + 1, Vec::new());
        }
        &mut self.levels[level]
    }

    /// Publishes whenever the log has grown, until nobody can make it grow any more.
    pub(crate) async fn run(mut self, mut head: watch::Receiver<Published>, closing: oneshot::Receiver<()>) {
        let mut closing = Some(closing);
        loop {
            let open = head.changed().await.is_ok();
            let newest = head.borrow_and_update().clone();
            let is_last = !open || closing.is_none();
            if let Err(error) = self.publish(&newest, None).await {
                // The log goes on: entries are safe in the database, and are published later.
                tracing::error!(%error, "publishing the log failed; it is tried again");
                if is_last {
                    return;
                }
                head.mark_changed();
                match Self::load(self.db.clone(), self.public.clone(), &self.origin).await {
                    Ok(fresh) => self = fresh,
                    Err(error) => tracing::error!(%error, "reading the published log failed"),
                }
            }
            if !open {
                return;
            }
            // Who closes the log is waiting: no more pauses.
            if let Some(closes) = &mut closing
                && tokio::time::timeout(PAUSE, closes).await.is_ok()
            {
                closing = None;
            }
        }
    }

    /// Writes the tiles up to a head, then its checkpoint, then drops the batches they hold.
    ///
    /// `passed` is a head that must be met on the way.
    pub(crate) async fn publish(&mut self, newest: &Published, passed: Option<&Head>) -> Result<(), TrustError> {
        let start = self.frontier.size();
        let meets = |frontier: &Frontier| match passed {
            Some(head) if head.size == frontier.size() => frontier.head() == *head,
            _ => true,
        };
        let contradiction = || broken("the published checkpoint is not of this log's entries; run: shiyin fsck");
        if passed.is_some_and(|head| head.size < start) || !meets(&self.frontier) {
            return Err(contradiction());
        }
        while self.frontier.size() < newest.size {
            let sql = "select first, entries from log_batch where origin = $1 and first >= $2 order by first limit $3";
            let at = size_value(self.frontier.size())?;
            let rows = self.db.rows(sql, &[self.origin.as_str().into(), at.into(), BATCHES.into()]).await?;
            if rows.first().map(|r| r.int(0)).transpose()? != Some(at) {
                return Err(broken("entries of the log are missing in the database; restore a backup"));
            }
            for row in &rows {
                if row.int(0)? != size_value(self.frontier.size())? {
                    return Err(broken("entries of the log are missing in the database; restore a backup"));
                }
                let mut rest = row.bytes(1)?;
                while let Some((length, after)) = rest.split_first_chunk::<2>() {
                    let (entry, after) = after
                        .split_at_checked(usize::from(u16::from_be_bytes(*length)))
                        .ok_or_else(|| broken("a batch of the log is damaged; restore a backup"))?;
                    self.add(entry).await?;
                    if !meets(&self.frontier) {
                        return Err(contradiction());
                    }
                    rest = after;
                }
                if self.frontier.size() >= newest.size {
                    break;
                }
            }
        }
        if self.frontier.size() > start {
            self.write_partial().await?;
        }
        self.public.replace(CHECKPOINT, newest.checkpoint.as_bytes().to_vec()).await?;
        let size = size_value(newest.size)?;
        let origin = self.origin.as_str();
        let done: Result<(), StoreError> = store::transaction!(self.db, tx => {
            tx.execute("update log_published set size = $2 where origin = $1", &[origin.into(), size.into()]).await?;
            tx.execute("delete from log_batch where origin = $1 and first < $2", &[origin.into(), size.into()]).await?;
            Ok(())
        });
        done?;
        for tile in std::mem::take(&mut self.filled) {
            for name in self.public.list(&format!("{tile}.p")).await? {
                self.public.remove(&name).await?;
            }
        }
        Ok(())
    }

    /// Adds an entry, and writes the tiles that it fills.
    async fn add(&mut self, entry: &[u8]) -> Result<(), TrustError> {
        let leaf = leaf_hash(entry);
        self.frontier.push(leaf);
        self.entries.push(entry.to_vec());
        if self.entries.len() as u64 == WIDTH {
            let index = self.frontier.size() / WIDTH - 1;
            self.write(Row::Entries, index).await?;
            self.entries.clear();
        }
        let (mut level, mut hash) = (0, leaf);
        loop {
            let hashes = self.level(level);
            hashes.push(hash);
            if (hashes.len() as u64) < WIDTH {
                return Ok(());
            }
            hash = fold(hashes).unwrap_or_else(Hash::of_nothing);
            let index = (self.frontier.size() >> (8 * level)) / WIDTH - 1;
            self.write(Row::Hashes(level), index).await?;
            self.level(level).clear();
            level += 1;
        }
    }

    async fn write_partial(&mut self) -> Result<(), TrustError> {
        let size = self.frontier.size();
        if !self.entries.is_empty() {
            self.write(Row::Entries, size / WIDTH).await?;
        }
        for level in 0..self.levels.len() as u32 {
            if !self.level(level).is_empty() {
                self.write(Row::Hashes(level), (size >> (8 * level)) / WIDTH).await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self, row: Row, index: u64) -> Result<(), TrustError> {
        let (bytes, width) = match row {
            Row::Entries => {
                let mut bundle = Vec::new();
                for entry in &self.entries {
                    push_entry(&mut bundle, entry).map_err(|e| broken(&e.to_string()))?;
                }
                (bundle, self.entries.len())
            }
            Row::Hashes(level) => {
                let hashes = self.levels.get(level as usize).map_or(&[][..], Vec::as_slice);
                (hashes.iter().flat_map(|h| *h.as_bytes()).collect(), hashes.len())
            }
        };
        // At most 256.
        let tile = Tile { row, index, width: width as u16 };
        if width as u64 == WIDTH {
            self.filled.push(tile);
        }
        Ok(self.public.put_new(&tile.to_string(), bytes).await?)
    }
}

fn size_value(size: u64) -> Result<i64, TrustError> {
    i64::try_from(size).map_err(|_| broken("the log is full"))
}

//! Checking again all that the ledger ever wrote, with `proof` alone.
//!
//! Reads, never mends. Every entry is hashed anew and every tile, head, kept
//! checkpoint and stamp compared with what comes out; memory stays small.

use crate::TrustError;
use crate::aws_lc::AwsLc;
use crate::instance::{self, Instance};
use crate::journal::{Chain, Journal, line_digest};
use crate::ledger::{self, CHECKPOINT, SCHEMA, Snapshot, kept, signed_head};
use crate::storage::Storage;
use proof::crypto::Verifier as _;
use proof::der::Time;
use proof::logged::{LogIdentity, journal_entry};
use proof::report::Verdict;
use proof::tlog::tile::{Row, Tile, WIDTH, fold};
use proof::tlog::{Frontier, Hash, Head, leaf_hash};
use proof::verify::{self, Context};
use std::collections::BTreeMap;
use std::path::Path;
use store::Db;
use store::blobs::Blobs;

/// Lines of the journal read at a time.
const JOURNAL_LINES: i64 = 1000;

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which check failed; a stable name.
    pub code: &'static str,
    /// Where.
    pub what: String,
}

/// What was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries hashed.
    pub entries: u64,
    /// Tiles compared.
    pub tiles: u64,
    /// Kept checkpoints compared.
    pub kept: u64,
    /// Stamps of other authorities checked.
    pub stamps: u64,
    /// What is wrong; empty where all is well.
    pub problems: Vec<Problem>,
}

impl Checked {
    fn problem(&mut self, code: &'static str, what: impl std::fmt::Display) {
        self.problems.push(Problem { code, what: what.to_string() });
    }
}

/// Checks the instance in `folder`.
///
/// # Errors
/// Where the instance cannot be opened at all; everything else is a problem in the result.
pub async fn check(folder: &Path, storage: &Storage, now: Time) -> Result<Checked, TrustError> {
    let instance = Instance::open(folder).await?;
    let db = Db::open(&storage.database(folder), false, SCHEMA).await?;
    let mut checked = Checked::default();
    let mut lines = journal_lines(&mut checked, folder, storage).await?;
    for identity in &instance.logs {
        let id = instance::log_id(identity);
        let public = storage.log(folder, &id)?;
        let mut expected = lines.remove(&id).unwrap_or_default();
        check_log(&mut checked, &db, &public, identity, now, &mut expected).await?;
        for index in expected.keys() {
            checked.problem("journal-not-logged", index);
        }
    }
    db.close().await;
    Ok(checked)
}

/// What the journal says is in each log: by the log's id, entries by their place.
type Lines = BTreeMap<String, Entries>;
type Entries = BTreeMap<u64, Vec<u8>>;

/// Checks that the journal is a chain, and gives what of it must be in the logs.
async fn journal_lines(checked: &mut Checked, folder: &Path, storage: &Storage) -> Result<Lines, TrustError> {
    let journal = Journal::open(&storage.database(folder)).await?;
    let mut chain = Chain::default();
    let mut lines = Lines::new();
    let mut next = 1;
    loop {
        let entries = match journal.entries(next, JOURNAL_LINES).await {
            Ok(entries) => entries,
            Err(TrustError::Broken(cause)) => {
                checked.problem("journal-damaged", cause);
                break;
            }
            Err(error) => return Err(error),
        };
        let Some(last) = entries.last() else { break };
        next = last.number + 1;
        for entry in entries {
            if !chain.follows(&entry.line) {
                checked.problem("journal-broken", entry.number);
            }
            if let Some((log, index)) = entry.logged {
                let expected = journal_entry(entry.time, &line_digest(&entry.line));
                lines.entry(log).or_default().insert(index, expected);
            }
        }
    }
    journal.close().await;
    Ok(lines)
}

/// Compares an entry with the line of the journal that is said to be there.
fn compare_line(checked: &mut Checked, expected: &mut Entries, index: u64, entry: &[u8]) {
    if expected.remove(&index).is_some_and(|line| line != entry) {
        checked.problem("journal-other-line", index);
    }
}

async fn check_log(
    checked: &mut Checked,
    db: &Db,
    public: &Blobs,
    identity: &LogIdentity,
    now: Time,
    lines: &mut Entries,
) -> Result<(), TrustError> {
    // The checkpoint is read first: the log may grow meanwhile, and never shrinks.
    let published = public.get(CHECKPOINT, ledger::CHECKPOINT_BYTES_MAX).await?;
    let published = published.and_then(|b| String::from_utf8(b).ok()).and_then(|t| signed_head(identity, &t));
    if published.is_none() {
        checked.problem("checkpoint", CHECKPOINT);
    }
    let mut heads = kept_heads(checked, public, identity, now).await?;
    let Snapshot { stored, published: size, batches } = ledger::snapshot(db, identity).await?;
    let head = stored.frontier.head();
    heads.extend(published.map(|head| (head.size, (head, CHECKPOINT.to_owned()))));
    if let Some((_, (_, name))) = heads.range(head.size + 1..).next() {
        checked.problem("head-behind", name);
    }
    let mut frontier = Frontier::default();
    let mut meet = |checked: &mut Checked, frontier: &Frontier| {
        if let Some((head, name)) = heads.remove(&frontier.size())
            && head != frontier.head()
        {
            checked.problem("other-root", name);
        }
    };
    meet(checked, &frontier);
    let mut sums = Sums::default();
    for tile in Tile::between(0, size).into_iter().filter(|t| t.row == Row::Entries) {
        let Some(entries) = ledger::tile_entries(public, tile).await? else {
            checked.problem("tile-damaged", tile);
            return Ok(());
        };
        for entry in entries {
            let leaf = leaf_hash(&entry);
            compare_line(checked, lines, frontier.size(), &entry);
            frontier.push(leaf);
            checked.entries += 1;
            meet(checked, &frontier);
            sums.push(checked, public, leaf).await?;
        }
    }
    sums.finish(checked, public).await?;
    for batch in &batches {
        let mut rest = batch.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<2>()
            && let Some((entry, after)) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        {
            compare_line(checked, lines, frontier.size(), entry);
            frontier.push(leaf_hash(entry));
            checked.entries += 1;
            meet(checked, &frontier);
            rest = after;
        }
    }
    if frontier != stored.frontier {
        checked.problem("entries-missing", head.size);
    }
    Ok(())
}

/// The heads of the kept checkpoints, each signed by the log and stamped by others.
async fn kept_heads(
    checked: &mut Checked,
    public: &Blobs,
    identity: &LogIdentity,
    now: Time,
) -> Result<BTreeMap<u64, (Head, String)>, TrustError> {
    let mut heads = BTreeMap::new();
    for size in kept::kept(public).await? {
        let (text, stamps) = match kept::read(public, size).await {
            Ok(read) => read,
            Err(TrustError::Broken(_)) => {
                checked.problem("kept-missing", kept::kept_checkpoint(size));
                continue;
            }
            Err(error) => return Err(error),
        };
        checked.kept += 1;
        match signed_head(identity, &text).filter(|head| head.size == size) {
            Some(head) => drop(heads.insert(size, (head, kept::kept_checkpoint(size)))),
            None => checked.problem("checkpoint", kept::kept_checkpoint(size)),
        }
        for (number, stamp) in stamps.iter().enumerate() {
            checked.stamps += 1;
            let content = verify::imprint_algorithm(stamp).map(|a| AwsLc.digest(a, &[text.as_bytes()]));
            let cx = Context { content: content.as_slice(), ..Context::new(&AwsLc, now) };
            // Which authorities are trusted is the reader's matter, not ours.
            if content.is_none() || verify::verify(stamp, &cx).verdict == Verdict::Invalid {
                checked.problem("stamp", kept::kept_stamp(size, number));
            }
        }
    }
    Ok(heads)
}

/// The hashes of the tiles that are filling, level by level.
#[derive(Default)]
struct Sums(Vec<(u64, Vec<Hash>)>);

impl Sums {
    async fn push(&mut self, checked: &mut Checked, public: &Blobs, leaf: Hash) -> Result<(), TrustError> {
        let (mut level, mut hash) = (0, leaf);
        loop {
            if self.0.len() == level {
                self.0.push((0, Vec::new()));
            }
            let (index, hashes) = &mut self.0[level];
            hashes.push(hash);
            if (hashes.len() as u64) < WIDTH {
                return Ok(());
            }
            compare(checked, public, level, *index, hashes).await?;
            hash = fold(hashes).unwrap_or_else(Hash::of_nothing);
            *index += 1;
            hashes.clear();
            level += 1;
        }
    }

    async fn finish(&self, checked: &mut Checked, public: &Blobs) -> Result<(), TrustError> {
        for (level, (index, hashes)) in self.0.iter().enumerate() {
            if !hashes.is_empty() {
                compare(checked, public, level, *index, hashes).await?;
            }
        }
        Ok(())
    }
}

async fn compare(
    checked: &mut Checked,
    public: &Blobs,
    level: usize,
    index: u64,
    hashes: &[Hash],
) -> Result<(), TrustError> {
    // Levels are below 8 and widths at most 256.
    let tile = Tile { row: Row::Hashes(level as u32), index, width: hashes.len() as u16 };
    checked.tiles += 1;
    if ledger::tile_hashes(public, tile).await?.as_deref() != Some(hashes) {
        checked.problem("tile-damaged", tile);
    }
    Ok(())
}

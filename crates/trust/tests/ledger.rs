//! The ledger on both databases, with every fault a commit can have.

use proof::der::Time;
use proof::tlog::tile::{Row, Tile};
use proof::tlog::{Checkpoint, Frontier, Receipt, leaf_hash};
use std::sync::Arc;
use store::blobs::Blobs;
use store::faults::Fault;
use store::{Db, Location};
use trust::TrustError;
use trust::keys::{KeyAlgorithm, SigningKey};
use trust::ledger::{self, AppendError, CHECKPOINT, Ledger, LogKey, Place};

const ORIGIN: &str = "example.org/log";
const PASSPHRASE: &[u8] = b"p";

/// A log on disk, its key as a file, and the database's handle through which faults are planned.
struct Log {
    place: Place,
    pem: String,
    _folder: tempfile::TempDir,
}

impl Log {
    async fn new(database: Option<Location>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            database: database.unwrap_or_else(|| Location::Sqlite(folder.path().join("log.db"))),
            public: Blobs::folder(&folder.path().join("public")),
        };
        let key = SigningKey::generate(KeyAlgorithm::Ed25519).unwrap();
        let pem = key.to_encrypted_pem(PASSPHRASE).unwrap().to_string();
        ledger::create(&place, &LogKey::new(ORIGIN, key).unwrap()).await.unwrap();
        Self { place, pem, _folder: folder }
    }

    fn key(&self) -> LogKey {
        let key = SigningKey::from_encrypted_pem(KeyAlgorithm::Ed25519, &self.pem, PASSPHRASE).unwrap();
        LogKey::new(ORIGIN, key).unwrap()
    }

    async fn open(&self) -> Result<Ledger, TrustError> {
        Ledger::open(&self.place, self.key(), || {}).await
    }

    /// Checks that what is published is a whole log, and gives its entries.
    async fn published(&self) -> Vec<Vec<u8>> {
        let checkpoint = self.place.public.get(CHECKPOINT, 1 << 20).await.unwrap().unwrap();
        let checkpoint = String::from_utf8(checkpoint).unwrap();
        let checkpoint = Checkpoint::parse(&checkpoint).unwrap();
        self.key().verifier_key().verify(&checkpoint.note, &proof::crypto::RustCrypto).unwrap();
        let (mut entries, mut frontier) = (Vec::new(), Frontier::default());
        for tile in Tile::between(0, checkpoint.head.size) {
            let bytes = self.place.public.get(&tile.to_string(), 1 << 25).await.unwrap();
            let bytes = bytes.unwrap_or_else(|| panic!("{tile} is missing"));
            match tile.row {
                Row::Entries => entries.extend(tile.entries(&bytes).unwrap().into_iter().map(<[u8]>::to_vec)),
                Row::Hashes(0) => {
                    let leaves = &entries[tile.index as usize * 256..][..usize::from(tile.width)];
                    let expected: Vec<_> = leaves.iter().map(|e| leaf_hash(e)).collect();
                    assert_eq!(tile.hashes(&bytes).unwrap(), expected, "{tile}");
                }
                Row::Hashes(_) => drop(tile.hashes(&bytes).unwrap()),
            }
        }
        entries.iter().for_each(|e| frontier.push(leaf_hash(e)));
        assert_eq!(frontier.head(), checkpoint.head);
        entries
    }
}

fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

fn time(n: u64) -> Time {
    Time::from_unix(1_800_000_000 + n as i64)
}

/// Appends and checks the receipt as a stranger would; gives the index.
async fn append(ledger: &Ledger, n: u64) -> Result<u64, AppendError> {
    let included = ledger.append(entry(n), time(n)).await?;
    let text = included.receipt();
    let receipt = Receipt::parse(&text).unwrap();
    let checkpoint = Checkpoint::parse(receipt.checkpoint).unwrap();
    ledger.identity().keys[0].verify(&checkpoint.note, &proof::crypto::RustCrypto).unwrap();
    receipt.inclusion.verify(leaf_hash(&entry(n)), &checkpoint.head).unwrap();
    Ok(included.index())
}

macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Log::new(None).await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Log::new(Some(store::testing::postgres())).await).await;
            })*
        }
    };
}

on_both_databases! {
    entries_are_proven_published_and_kept
    many_callers_share_commits
    partial_tiles_go_when_the_full_one_is_there
    a_refused_commit_changes_nothing
    an_unknown_outcome_stops_the_log_until_it_is_opened_again
    a_fault_during_recovery_is_recovered_from
    a_second_process_waits
    a_log_that_another_wrote_stops
    a_head_that_went_back_is_refused
    tiles_that_are_not_the_logs_are_refused
}

async fn entries_are_proven_published_and_kept(log: Log) {
    let ledger = log.open().await.unwrap();
    assert_eq!(append(&ledger, 0).await, Ok(0));
    assert_eq!(append(&ledger, 1).await, Ok(1));
    ledger.close().await;
    assert_eq!(log.published().await, [entry(0), entry(1)]);
    let ledger = log.open().await.unwrap();
    assert_eq!(ledger.newest(), time(1));
    assert_eq!(append(&ledger, 2).await, Ok(2));
    ledger.close().await;
    assert_eq!(log.published().await.len(), 3);
    assert!(ledger::create(&log.place, &log.key()).await.is_err(), "a log is never begun twice");
}

async fn many_callers_share_commits(log: Log) {
    let ledger = Arc::new(log.open().await.unwrap());
    let call = |n| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move { append(&ledger, n).await.unwrap() })
    };
    let mut indexes = Vec::new();
    for task in (0..700).map(call).collect::<Vec<_>>() {
        indexes.push(task.await.unwrap());
    }
    indexes.sort_unstable();
    assert_eq!(indexes, (0..700).collect::<Vec<_>>());
    Arc::into_inner(ledger).unwrap().close().await;
    assert_eq!(log.published().await.len(), 700);
    let ledger = log.open().await.unwrap();
    assert_eq!(append(&ledger, 700).await, Ok(700));
    ledger.close().await;
    assert_eq!(log.published().await.len(), 701);
}

/// A busy log publishes every second; what it leaves must not grow with time.
async fn partial_tiles_go_when_the_full_one_is_there(log: Log) {
    for n in [200, 100, 300] {
        let ledger = Arc::new(log.open().await.unwrap());
        let call = |n| {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move { append(&ledger, n).await.unwrap() })
        };
        for task in (0..n).map(call).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        Arc::into_inner(ledger).unwrap().close().await;
    }
    let names = log.place.public.list("tile").await.unwrap();
    let partial: Vec<_> = names.iter().filter(|n| n.contains(".p/")).collect();
    assert_eq!(partial, ["tile/0/002.p/88", "tile/1/000.p/1", "tile/1/000.p/2", "tile/entries/002.p/88"]);
    assert_eq!(log.published().await.len(), 600);
    // A copy may speak of a partial tile that is gone: the full one holds the same.
    let old = Tile::parse("tile/0/001.p/44").unwrap();
    assert!(names.iter().all(|name| *name != old.to_string()));
    log.open().await.unwrap().close().await;
    let db = Db::open(&log.place.database, false, ledger::SCHEMA).await.unwrap();
    db.execute("update log_published set size = 300", &[]).await.unwrap();
    let Err(TrustError::Broken(text)) = log.open().await.map(drop) else { panic!("entries are gone") };
    assert!(text.contains("entries of the log are missing"), "its tiles were read: {text}");
}

async fn a_refused_commit_changes_nothing(log: Log) {
    let ledger = log.open().await.unwrap();
    append(&ledger, 0).await.unwrap();
    ledger.faults().plan("log_head", Fault::Refused);
    assert!(matches!(append(&ledger, 1).await, Err(AppendError::Refused(_))));
    assert_eq!(append(&ledger, 2).await, Ok(1));
    ledger.close().await;
    assert_eq!(log.published().await, [entry(0), entry(2)]);
}

async fn an_unknown_outcome_stops_the_log_until_it_is_opened_again(log: Log) {
    for (fault, more) in [(Fault::UnknownNotWritten, 0), (Fault::UnknownWritten, 1)] {
        let ledger = log.open().await.unwrap();
        let before = append(&ledger, 0).await.unwrap() + 1;
        ledger.faults().plan("log_head", fault);
        assert_eq!(append(&ledger, 1).await, Err(AppendError::Stopped));
        assert_eq!(append(&ledger, 2).await, Err(AppendError::Stopped), "and stays so");
        ledger.close().await;
        let ledger = log.open().await.unwrap();
        assert_eq!(log.published().await.len() as u64, before + more, "{fault:?}");
        assert_eq!(append(&ledger, 3).await, Ok(before + more));
        ledger.close().await;
    }
}

async fn a_fault_during_recovery_is_recovered_from(log: Log) {
    for fault in [Fault::Refused, Fault::UnknownNotWritten, Fault::UnknownWritten] {
        let ledger = log.open().await.unwrap();
        append(&ledger, 0).await.unwrap();
        ledger.faults().plan("log_head", Fault::UnknownWritten);
        assert_eq!(append(&ledger, 1).await, Err(AppendError::Stopped));
        // The publisher's commits fail too, and so will the next opening's first.
        (0..3).for_each(|_| ledger.faults().plan("log_published", fault));
        ledger.close().await;
        let db = Db::open(&log.place.database, false, ledger::SCHEMA).await.unwrap();
        db.faults().plan("log_published", fault);
        assert!(Ledger::open_on(db, &log.place, log.key(), || {}).await.is_err(), "{fault:?}");
        let ledger = log.open().await.unwrap();
        append(&ledger, 2).await.unwrap();
        ledger.close().await;
        log.published().await;
    }
    assert_eq!(log.published().await.len(), 9);
}

async fn a_second_process_waits(log: Log) {
    let first = log.open().await.unwrap();
    let (told, waits) = tokio::sync::oneshot::channel();
    let (place, key) = (log.place.clone(), log.key());
    let second =
        tokio::spawn(async move { Ledger::open(&place, key, || told.send(()).unwrap()).await.map(|l| (append_7(l),)) });
    waits.await.unwrap();
    assert_eq!(append(&first, 0).await, Ok(0));
    assert!(!second.is_finished());
    first.close().await;
    let (appended,) = second.await.unwrap().unwrap();
    assert_eq!(appended.await, Ok(1));
    assert_eq!(log.published().await, [entry(0), entry(7)]);
}

async fn append_7(ledger: Ledger) -> Result<u64, AppendError> {
    let index = append(&ledger, 7).await;
    ledger.close().await;
    index
}

/// The lock is lost, as with a connection that breaks: the swap of heads still keeps one history.
async fn a_log_that_another_wrote_stops(log: Log) {
    let ledger = log.open().await.unwrap();
    append(&ledger, 0).await.unwrap();
    let db = Db::open(&log.place.database, false, ledger::SCHEMA).await.unwrap();
    db.execute("update log_head set checkpoint = 'another'", &[]).await.unwrap();
    assert_eq!(append(&ledger, 1).await, Err(AppendError::Stopped));
    ledger.close().await;
    assert!(matches!(log.open().await, Err(TrustError::Broken(_))), "and that head is not ours");
    db.close().await;
}

async fn a_head_that_went_back_is_refused(log: Log) {
    let ledger = log.open().await.unwrap();
    append(&ledger, 0).await.unwrap();
    ledger.close().await;
    let db = Db::open(&log.place.database, false, ledger::SCHEMA).await.unwrap();
    let old = db.rows("select size, edge, checkpoint from log_head", &[]).await.unwrap().remove(0);
    let ledger = log.open().await.unwrap();
    append(&ledger, 1).await.unwrap();
    ledger.close().await;
    let values = [old.int(0).unwrap().into(), old.bytes(1).unwrap().into(), old.text(2).unwrap().into()];
    db.execute("update log_head set size = $1, edge = $2, checkpoint = $3", &values).await.unwrap();
    let Err(TrustError::Broken(text)) = log.open().await.map(drop) else { panic!("it opened") };
    assert!(text.contains("behind what was published"), "{text}");
    db.close().await;
}

async fn tiles_that_are_not_the_logs_are_refused(log: Log) {
    let ledger = log.open().await.unwrap();
    for n in 0..5 {
        append(&ledger, n).await.unwrap();
    }
    ledger.close().await;
    let name = "tile/0/000.p/5";
    let mut bytes = log.place.public.get(name, 1000).await.unwrap().unwrap();
    bytes[40] ^= 1;
    log.place.public.replace(name, bytes.clone()).await.unwrap();
    assert!(matches!(log.open().await, Err(TrustError::Broken(_))));
    bytes[40] ^= 1;
    log.place.public.replace(name, bytes).await.unwrap();
    log.place.public.remove("tile/entries/000.p/5").await.unwrap();
    assert!(matches!(log.open().await, Err(TrustError::Broken(_))));
}

#[tokio::test]
async fn the_public_files_may_be_in_an_s3_service() {
    let server = store::testing::s3();
    let mut log = Log::new(None).await;
    log.place.public = Blobs::s3(&server.s3).unwrap();
    let folder = tempfile::tempdir().unwrap();
    log.place.database = Location::Sqlite(folder.path().join("log.db"));
    ledger::create(&log.place, &log.key()).await.unwrap();
    for round in 0..2 {
        let ledger = log.open().await.unwrap();
        for n in 0..300 {
            assert_eq!(append(&ledger, n).await, Ok(300 * round + n));
        }
        ledger.close().await;
        assert_eq!(log.published().await.len() as u64, 300 * (round + 1));
    }
}

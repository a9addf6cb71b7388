//! One suite for both databases and both kinds of blobs.

use store::blobs::{Blobs, Writing};
use store::faults::Fault;
use store::jobs::{self, NewJob, State};
use store::{Db, Location, Migration, Schema, StoreError, testing, transaction};

const ONE: Migration = Migration {
    number: 1,
    name: "one",
    sql: "create table t (k text primary key, n bigint, v text, b bytea); create table u (k text primary key);",
};
const TWO: Migration = Migration { number: 2, name: "two", sql: "create table w (k text primary key)" };
const ALTERED: Migration = Migration { sql: "create table t (k text)", ..ONE };
const OTHER: Migration = Migration { sql: "create table x (k text)", ..ONE };

const fn schema(migrations: &'static [Migration]) -> Schema {
    Schema { part: "test", migrations }
}

/// Runs each test on both databases.
macro_rules! on_both_databases {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(store::Location::Sqlite(folder.path().join("db"))).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(store::testing::postgres()).await;
            })*
        }
    };
}

on_both_databases! {
    values_come_back_as_they_went_in
    migrations_move_forward_only
    parts_share_a_database
    a_failed_transaction_leaves_nothing
    nothing_is_spent_twice
    the_outcome_of_a_commit_is_told_as_it_is
    text_sorts_by_bytes
    a_job_exists_when_its_change_does
    every_job_is_taken_by_one
    failing_jobs_wait_longer_each_time_and_die
    a_worker_that_dies_loses_nothing
}

async fn open(location: &Location) -> Db {
    Db::open(location, true, schema(&[ONE])).await.unwrap()
}

async fn values_come_back_as_they_went_in(location: Location) {
    let db = open(&location).await;
    let sql = "insert into t (k, n, v, b) values ($1, $2, $3, $4)";
    db.execute(sql, &["a".into(), i64::MIN.into(), "时印".into(), (&[0u8, 255][..]).into()]).await.unwrap();
    db.execute(sql, &["b".into(), None::<i64>.into(), None::<&str>.into(), None::<&[u8]>.into()]).await.unwrap();
    let rows = db.rows("select n, v, b, count(*) over () from t order by k", &[]).await.unwrap();
    assert_eq!((rows[0].int(0), rows[0].text(1), rows[0].bytes(2)), (Ok(i64::MIN), Ok("时印"), Ok(&[0u8, 255][..])));
    assert_eq!((rows[1].maybe_int(0), rows[1].maybe_text(1), rows[1].int(3)), (Ok(None), Ok(None), Ok(2)));
    assert!(rows[1].int(0).is_err() && rows[0].text(0).is_err() && rows[1].bytes(2).is_err());
    let refused = db.execute(sql, &["c\0".into(), 1.into(), "".into(), vec![].into()]).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "NUL");
    let refused = db.execute(sql, &["a".into(), 1.into(), "".into(), vec![].into()]).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "a key twice");
    assert_eq!(db.rows("select k from t", &[]).await.unwrap().len(), 2);
    db.close().await;
}

async fn migrations_move_forward_only(location: Location) {
    if matches!(location, Location::Sqlite(_)) {
        let missing = Db::open(&location, false, schema(&[ONE])).await;
        assert!(matches!(missing, Err(StoreError::Refused(_))), "a missing file is not made by opening");
    }
    open(&location).await.close().await;
    Db::open(&location, false, schema(&[ONE, TWO])).await.unwrap().close().await;
    assert!(matches!(Db::open(&location, false, schema(&[ONE])).await, Err(StoreError::Refused(_))), "newer");
    let altered = Db::open(&location, false, schema(&[ALTERED, TWO])).await;
    assert!(matches!(altered, Err(StoreError::Broken(_))), "altered");
}

async fn parts_share_a_database(location: Location) {
    open(&location).await.close().await;
    let other = Schema { part: "other", migrations: &[OTHER] };
    let (a, b) = tokio::join!(Db::open(&location, false, other), Db::open(&location, false, other));
    a.unwrap().close().await;
    b.unwrap().close().await;
    open(&location).await.close().await;
}

async fn a_failed_transaction_leaves_nothing(location: Location) {
    let db = open(&location).await;
    let result: Result<(), StoreError> = transaction!(db, tx => {
        tx.execute("insert into u (k) values ('a')", &[]).await?;
        Err(StoreError::Refused("no".to_owned()))
    });
    assert_eq!(result, Err(StoreError::Refused("no".to_owned())));
    // A transaction that is given up half-way, as when a client hangs up.
    let (held, written) = (db.clone(), std::sync::Arc::new(tokio::sync::Notify::new()));
    let told = std::sync::Arc::clone(&written);
    let given_up = tokio::spawn(async move {
        transaction!(held, tx => {
            tx.execute("insert into u (k) values ('b')", &[]).await?;
            told.notify_one();
            std::future::pending::<Result<(), StoreError>>().await
        })
    });
    written.notified().await;
    given_up.abort();
    let _ = given_up.await;
    assert!(db.rows("select k from u", &[]).await.unwrap().is_empty());
    db.execute("insert into u (k) values ('c')", &[]).await.unwrap();
    db.close().await;
}

/// Ten take from an account that holds three: three get it.
async fn nothing_is_spent_twice(location: Location) {
    let db = open(&location).await;
    db.execute("insert into t (k, n) values ('account', 3)", &[]).await.unwrap();
    let spend = |i: i64| {
        let db = db.clone();
        tokio::spawn(async move {
            transaction!(db, tx => {
                let left = tx.rows("select n from t where k = 'account'", &[]).await?[0].int(0)?;
                if left == 0 {
                    return Err(StoreError::Refused("empty".to_owned()));
                }
                tx.execute("update t set n = $1 where k = 'account'", &[(left - 1).into()]).await?;
                tx.execute("insert into u (k) values ($1)", &[i.to_string().into()]).await
            })
        })
    };
    let mut spent = 0;
    for task in (0..10).map(spend).collect::<Vec<_>>() {
        spent += u32::from(task.await.unwrap().is_ok());
    }
    assert_eq!(spent, 3);
    assert_eq!(db.rows("select k from u", &[]).await.unwrap().len(), 3);
    db.close().await;
}

async fn the_outcome_of_a_commit_is_told_as_it_is(location: Location) {
    let db = open(&location).await;
    for (fault, is_there) in [(Fault::Refused, false), (Fault::UnknownNotWritten, false), (Fault::UnknownWritten, true)]
    {
        db.faults().plan("u", fault);
        let result = db.execute("insert into u (k) values ($1)", &[format!("{fault:?}").into()]).await;
        match fault {
            Fault::Refused => assert!(matches!(result, Err(StoreError::Refused(_)))),
            _ => assert!(matches!(result, Err(StoreError::Unknown(_)))),
        }
        let rows = db.rows("select k from u where k = $1", &[format!("{fault:?}").into()]).await.unwrap();
        assert_eq!(!rows.is_empty(), is_there, "{fault:?}");
    }
    db.close().await;
}

async fn text_sorts_by_bytes(location: Location) {
    let db = open(&location).await;
    for key in ["b", "B", "é", "一", "a", "Z", "丁", "~"] {
        db.execute("insert into u (k) values ($1)", &[key.into()]).await.unwrap();
    }
    let rows = db.rows("select k from u order by k", &[]).await.unwrap();
    let keys: Vec<&str> = rows.iter().map(|r| r.text(0).unwrap()).collect();
    assert_eq!(keys, ["B", "Z", "a", "b", "~", "é", "一", "丁"]);
    db.close().await;
}

fn job(id: &str, due_ms: i64) -> NewJob<'_> {
    NewJob { id, kind: "mail", payload: "{}", due_ms, tries_max: 3 }
}

async fn jobs_db(location: &Location) -> Db {
    Db::open(location, true, jobs::SCHEMA).await.unwrap()
}

async fn a_job_exists_when_its_change_does(location: Location) {
    let db = jobs_db(&location).await;
    let refused: Result<(), StoreError> = transaction!(db, tx => {
        jobs::add(tx, &job("a", 0), 0).await?;
        Err(StoreError::Refused("no".to_owned()))
    });
    assert!(refused.is_err());
    assert_eq!(jobs::progress(&db, "a").await.unwrap(), None);
    let added: Result<(), StoreError> = transaction!(db, tx => {
        jobs::add(tx, &job("a", 100), 0).await?;
        jobs::add(tx, &job("a", 5), 0).await
    });
    added.unwrap();
    assert!(jobs::take(&db, "mail", "l1", 99, 10).await.unwrap().is_none(), "not due yet");
    assert!(jobs::take(&db, "other", "l1", 100, 10).await.unwrap().is_none(), "another kind");
    let taken = jobs::take(&db, "mail", "l1", 100, 10).await.unwrap().unwrap();
    jobs::report(&db, &taken, (1, 4), 105, 10).await.unwrap();
    let progress = jobs::progress(&db, "a").await.unwrap().unwrap();
    assert_eq!((progress.state, progress.steps), (State::Taken, (1, 4)));
    transaction!(db, tx => jobs::finish(tx, &taken).await).unwrap();
    let progress = jobs::progress(&db, "a").await.unwrap().unwrap();
    assert_eq!((progress.state, progress.steps, progress.error), (State::Done, (4, 4), None));
    db.close().await;
}

async fn every_job_is_taken_by_one(location: Location) {
    let db = jobs_db(&location).await;
    for i in 0..20 {
        transaction!(db, tx => jobs::add(tx, &job(&format!("job{i:02}"), i), 0).await).unwrap();
    }
    let worker = |w: usize| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Some(job) = jobs::take(&db, "mail", &format!("w{w}-{}", taken.len()), 100, 1000).await.unwrap() {
                transaction!(db, tx => jobs::finish(tx, &job).await).unwrap();
                taken.push(job.id);
            }
            taken
        })
    };
    let mut all = Vec::new();
    for task in (0..4).map(worker).collect::<Vec<_>>() {
        all.extend(task.await.unwrap());
    }
    all.sort();
    assert_eq!(all, (0..20).map(|i| format!("job{i:02}")).collect::<Vec<_>>());
    db.close().await;
}

async fn failing_jobs_wait_longer_each_time_and_die(location: Location) {
    let db = jobs_db(&location).await;
    transaction!(db, tx => jobs::add(tx, &job("a", 0), 0).await).unwrap();
    let mut now = 0;
    for wait in [1000, 2000] {
        let taken = jobs::take(&db, "mail", "l", now, 10).await.unwrap().unwrap();
        jobs::fail(&db, &taken, "the server\0is away", now).await.unwrap();
        assert!(jobs::take(&db, "mail", "l", now + wait - 1, 10).await.unwrap().is_none());
        now += wait;
    }
    let taken = jobs::take(&db, "mail", "l", now, 10).await.unwrap().unwrap();
    assert_eq!(taken.tries, 3);
    jobs::fail(&db, &taken, "the server is away", now).await.unwrap();
    assert!(jobs::take(&db, "mail", "l", i64::MAX / 2, 10).await.unwrap().is_none());
    let progress = jobs::progress(&db, "a").await.unwrap().unwrap();
    assert_eq!((progress.state, progress.error.as_deref()), (State::Dead, Some("the server is away")));
    let given_up = jobs::given_up(&db, "", 10).await.unwrap();
    assert_eq!(given_up.iter().map(|job| (job.id.as_str(), job.tries)).collect::<Vec<_>>(), [("a", 3)]);
    let kinds = jobs::kinds(&db, now).await.unwrap();
    assert_eq!(kinds.iter().map(|one| (one.kind.as_str(), one.ready, one.dead)).collect::<Vec<_>>(), [("mail", 0, 1)]);
    let revived = async || -> Result<(), StoreError> { transaction!(&db, tx => jobs::revive(tx, "a", now).await) };
    revived().await.unwrap();
    assert!(revived().await.is_err());
    assert_eq!(jobs::kinds(&db, now).await.unwrap()[0].due_ms, Some(now));
    assert_eq!(jobs::take(&db, "mail", "l", now, 10).await.unwrap().unwrap().tries, 1);
    // What is to be done at once has been due since it was written down, and not since 1970.
    transaction!(&db, tx => jobs::add(tx, &job("b", 0), now).await).unwrap();
    assert_eq!(jobs::kinds(&db, now).await.unwrap()[0].due_ms, Some(now));
    db.close().await;
}

async fn a_worker_that_dies_loses_nothing(location: Location) {
    let db = jobs_db(&location).await;
    transaction!(db, tx => jobs::add(tx, &job("a", 0), 0).await).unwrap();
    let dead = jobs::take(&db, "mail", "dead", 0, 10).await.unwrap().unwrap();
    assert!(jobs::take(&db, "mail", "next", 9, 10).await.unwrap().is_none());
    let next = jobs::take(&db, "mail", "next", 10, 10).await.unwrap().unwrap();
    assert_eq!(next.tries, 2);
    // The first one was only slow: it may no longer say anything.
    assert!(transaction!(db, tx => jobs::finish(tx, &dead).await).is_err());
    assert!(jobs::report(&db, &dead, (1, 1), 11, 10).await.is_err());
    assert!(jobs::fail(&db, &dead, "late", 11).await.is_err());
    jobs::take(&db, "mail", "third", 30, 10).await.unwrap().unwrap();
    assert!(jobs::take(&db, "mail", "fourth", 50, 10).await.unwrap().is_none());
    assert_eq!(jobs::progress(&db, "a").await.unwrap().unwrap().state, State::Dead);
    db.close().await;
}

#[tokio::test]
async fn blobs_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    suite_of_blobs(Blobs::folder(&folder.path().join("not/yet"))).await;
    suite_of_large_blobs(Blobs::folder(&folder.path().join("large"))).await;
}

#[tokio::test]
async fn blobs_in_an_s3_service() {
    let server = testing::s3();
    suite_of_blobs(Blobs::s3(&server.s3).unwrap()).await;
    assert!(server.folder.path().join("bucket/shiyin/a/b/x001/002").is_file(), "it really is there");
    suite_of_large_blobs(Blobs::s3(&server.s3).unwrap()).await;
    let root = std::fs::read_dir(server.folder.path()).unwrap();
    let left: Vec<_> =
        root.map(|e| e.unwrap().file_name()).filter(|n| n.to_string_lossy().contains("upload")).collect();
    assert!(left.is_empty(), "no upload is left open: {left:?}");
}

async fn suite_of_blobs(blobs: Blobs) {
    let name = "a/b/x001/002";
    assert_eq!(blobs.get(name, 10).await, Ok(None));
    blobs.put_new(name, b"one".to_vec()).await.unwrap();
    blobs.put_new(name, b"one".to_vec()).await.unwrap();
    assert!(matches!(blobs.put_new(name, b"two".to_vec()).await, Err(StoreError::Broken(_))), "it never changes");
    assert!(blobs.put_new(name, b"longer".to_vec()).await.is_err());
    assert_eq!(blobs.get(name, 3).await, Ok(Some(b"one".to_vec())));
    assert!(blobs.get(name, 2).await.is_err(), "larger than it can be");
    blobs.replace("a/checkpoint", b"1".to_vec()).await.unwrap();
    blobs.replace("a/checkpoint", b"22".to_vec()).await.unwrap();
    assert_eq!(blobs.get("a/checkpoint", 10).await, Ok(Some(b"22".to_vec())));
    assert_eq!(blobs.list("a").await.unwrap(), [name, "a/checkpoint"]);
    assert_eq!(blobs.list("none").await.unwrap(), Vec::<String>::new());
    blobs.remove("a/checkpoint").await.unwrap();
    blobs.remove("a/checkpoint").await.unwrap();
    assert_eq!(blobs.list("a").await.unwrap(), [name]);
    for bad in ["", "/a", "../outside", "a/../../outside", "a//b/..", "a b", "ä", "a\0"] {
        assert!(blobs.put_new(bad, b"x".to_vec()).await.is_err(), "{bad:?}");
    }
    blobs.put_new("empty", Vec::new()).await.unwrap();
    assert_eq!(blobs.get("empty", 0).await, Ok(Some(Vec::new())));
}

/// A large file is whole or not there, is read in pieces, and is taken up after a restart.
async fn suite_of_large_blobs(blobs: Blobs) {
    let (name, half) = ("objects/ab/abcd", 9 << 20);
    let bytes: Vec<u8> = (0..20_u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(blobs.size(name).await, Ok(None));
    assert_eq!(blobs.read_at(name, 0, 10).await, Ok(None));
    let mut writing = blobs.begin(name, bytes.len() as u64).await.unwrap();
    writing.append(bytes[..half].to_vec()).await.unwrap();
    assert_eq!(writing.sync().await.unwrap(), half as u64);
    writing.append(bytes[half..half + 100].to_vec()).await.unwrap();
    // What comes behind a sync that is under way is not part of it.
    let syncing = writing.begin_sync().await.unwrap();
    writing.append(vec![0; half]).await.unwrap();
    syncing.durable().await.unwrap();
    drop(writing);
    assert_eq!((blobs.size(name).await, blobs.get(name, 1 << 30).await), (Ok(None), Ok(None)), "it has no name yet");
    assert_eq!(blobs.list("objects").await.unwrap(), Vec::<String>::new());
    assert_eq!(blobs.unfinished("").await.unwrap(), [name]);
    assert_eq!(blobs.unfinished("objects").await.unwrap(), [name]);
    assert!(blobs.resume(name, 1 << 40).await.is_err(), "more than was ever synced");
    assert!(blobs.begin(name, 1).await.is_err(), "it was begun before");
    // Whoever had not written down the last length yet goes on from the one before.
    for length in [half + 100, half] {
        let writing = resumed(&blobs, name, length as u64).await;
        assert_eq!(writing.length(), length as u64);
    }
    let mut writing = resumed(&blobs, name, half as u64).await;
    for piece in bytes[half..].chunks(1_000_003) {
        writing.append(piece.to_vec()).await.unwrap();
    }
    assert_eq!(writing.sync().await.unwrap(), bytes.len() as u64);
    drop(writing);
    published(&blobs, name, bytes.len() as u64).await;
    blobs.publish(name, bytes.len() as u64).await.unwrap();
    assert!(matches!(blobs.publish(name, 5).await, Err(StoreError::Broken(_))), "it never changes");
    assert!(blobs.unfinished("").await.unwrap().is_empty());
    assert_eq!(blobs.list("objects").await.unwrap(), [name]);
    assert_eq!(blobs.size(name).await, Ok(Some(bytes.len() as u64)));
    for (offset, length) in
        [(0, 0), (0, 5), (half, 1 << 20), (bytes.len() - 3, 10), (bytes.len(), 10), (bytes.len() + 9, 1)]
    {
        let end = (offset + length).min(bytes.len());
        let expected = bytes.get(offset..end).unwrap_or_default();
        assert_eq!(blobs.read_at(name, offset as u64, length).await.unwrap().unwrap(), expected, "{offset} {length}");
    }
    blobs.forget(name).await.unwrap();
    // A name that is taken stays as it is, however small what would replace it.
    for length in [10, bytes.len()] {
        let mut other = blobs.begin(name, length as u64).await.unwrap();
        other.append(vec![1; length]).await.unwrap();
        assert!(matches!(other.publish().await, Err(StoreError::Broken(_))), "{length}");
        blobs.remove_unfinished(name).await.unwrap();
    }
    assert_eq!(blobs.read_at(name, 0, 5).await.unwrap().unwrap(), bytes[..5]);
    blobs.rename(name, "aside/abcd").await.unwrap();
    assert_eq!(blobs.list("").await.unwrap().iter().filter(|n| n.contains("abcd")).collect::<Vec<_>>(), ["aside/abcd"]);
    assert!(blobs.rename(name, "aside/other").await.is_err(), "it is not there");
    blobs.put_new("objects/taken", b"x".to_vec()).await.unwrap();
    assert!(blobs.rename("aside/abcd", "objects/taken").await.is_err());
    assert_eq!(blobs.get("objects/taken", 1).await.unwrap().unwrap(), b"x");
    // What was begun and given up leaves nothing.
    let mut given_up = blobs.begin("objects/gone", 0).await.unwrap();
    given_up.append(bytes.clone()).await.unwrap();
    given_up.sync().await.unwrap();
    drop(given_up);
    blobs.remove_unfinished("objects/gone").await.unwrap();
    blobs.remove_unfinished("objects/gone").await.unwrap();
    assert!(blobs.unfinished("").await.unwrap().is_empty());
    // A small one, and one of nothing at all.
    for (name, bytes) in [("small", &bytes[..100]), ("none", &[])] {
        let mut small = blobs.begin(name, 0).await.unwrap();
        small.append(bytes.to_vec()).await.unwrap();
        small.publish().await.unwrap();
        assert_eq!(blobs.get(name, 100).await.unwrap().unwrap(), bytes);
    }
}

/// A write that is under way holds the file for a moment after its writer is gone.
async fn resumed(blobs: &Blobs, name: &str, length: u64) -> Writing {
    loop {
        match blobs.resume(name, length).await {
            Err(StoreError::Refused(text)) if text.contains("elsewhere") => tokio::task::yield_now().await,
            other => return other.unwrap(),
        }
    }
}

async fn published(blobs: &Blobs, name: &str, length: u64) {
    drop(resumed(blobs, name, length).await);
    blobs.publish(name, length).await.unwrap();
}

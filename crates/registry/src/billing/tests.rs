//! The books under random use, on both databases: what is done at the same time, twice, or dies between
//! its steps leaves them balanced, nobody below zero, and every charge with its hold.

use super::holds::{self, End, NewHold, NotHeld};
use super::ledger::{self, Account, Entry, Kind, NotPosted};
use super::money::Currency;
use super::price::{self, Wanted};
use super::schema;
use proof::der::Time;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::faults::Fault;
use store::{Db, Location, StoreError};

const OWNERS: [&str; 3] = ["person/lin", "person/mei", "organisation/studio"];
const UNIT: i64 = 1000;
const FREE: i64 = 3;
/// Some time of November 2026.
const NOW_S: i64 = 1_795_000_000;

async fn opened(location: &Location) -> Db {
    let db = Db::open(location, true, schema::SCHEMA).await.unwrap();
    let list = price::list(UNIT, 500, FREE);
    let added: Result<i64, StoreError> = store::transaction!(db, tx => price::add(tx, &list, "operator").await);
    assert_eq!(added.unwrap(), 1);
    db
}

fn on_sqlite(folder: &tempfile::TempDir) -> Location {
    Location::Sqlite(folder.path().join("books.db"))
}

#[derive(Clone, Debug)]
enum Step {
    TopUp { owner: usize, amount: i64, key: u8 },
    Hold { owner: usize, units: u64, bytes: u64, key: u8 },
    Charge { key: u8 },
    Release { key: u8 },
    Return { key: u8 },
    Month,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0_u8..24;
    prop_oneof![
        3 => (0..OWNERS.len(), 1_i64..8000, key.clone()).prop_map(|(owner, amount, key)| Step::TopUp { owner, amount, key }),
        6 => (0..OWNERS.len(), 0_u64..6, 0_u64..2_000_000_001, key.clone())
            .prop_map(|(owner, units, bytes, key)| Step::Hold { owner, units, bytes, key }),
        4 => key.clone().prop_map(|key| Step::Charge { key }),
        2 => key.clone().prop_map(|key| Step::Release { key }),
        1 => key.prop_map(|key| Step::Return { key }),
        1 => Just(Step::Month),
    ]
}

async fn top_up(db: &Db, owner: &str, amount: i64, key: u8) -> Result<bool, StoreError> {
    let id = format!("order/{key}");
    let now = Time::from_unix(NOW_S);
    let done: Result<bool, NotPosted> = store::transaction!(db, tx => {
        let (currency, object, actor) = (Currency::CNY, id.as_str(), "node");
        let entry = Entry { id: &id, currency, kind: Kind::TopUp, owner, object, actor, now };
        ledger::post(tx, &entry, &[(Account::Cash("bank"), Account::Balance(owner), amount)]).await
    });
    done.map_err(|error| match error {
        NotPosted::Short => StoreError::Broken("a bank is never short".to_owned()),
        NotPosted::Store(error) => error,
    })
}

async fn hold(db: &Db, owner: &str, wanted: Wanted, key: u8, now: Time) -> Result<bool, NotHeld> {
    let id = format!("record/{key}");
    let new = NewHold { id: &id, owner, wanted, agreed: None, actor: owner, now };
    store::transaction!(db, tx => holds::hold(tx, &new).await)
}

async fn end(db: &Db, key: u8, how: End) -> Result<bool, StoreError> {
    let id = format!("record/{key}");
    store::transaction!(db, tx => holds::end(tx, &id, how, "node", Time::from_unix(NOW_S)).await)
}

/// One step; a commit that came to nothing known is asked for again, as who retries does.
async fn take(db: &Db, step: &Step, now: Time) {
    let again = |error: &StoreError| matches!(error, StoreError::Unknown(_) | StoreError::Refused(_));
    for _ in 0..10 {
        let done = match step {
            Step::TopUp { owner, amount, key } => top_up(db, OWNERS[*owner], *amount, *key).await.map(drop),
            Step::Hold { owner, units, bytes, key } => {
                let wanted = Wanted { units: *units, bytes: *bytes };
                match hold(db, OWNERS[*owner], wanted, *key, now).await {
                    Err(NotHeld::Store(error)) => Err(error),
                    Err(NotHeld::Short(..)) | Ok(_) => Ok(()),
                    Err(other) => panic!("{other:?}"),
                }
            }
            Step::Charge { key } => end(db, *key, End::Charge).await.map(drop),
            Step::Release { key } => end(db, *key, End::Release).await.map(drop),
            Step::Return { key } => end(db, *key, End::Return).await.map(drop),
            Step::Month => Ok(()),
        };
        match done {
            Err(error) if again(&error) => {}
            other => return other.unwrap(),
        }
    }
    panic!("{step:?} was refused ten times");
}

/// What must hold after whatever happened.
async fn sound(db: &Db) {
    assert_eq!(ledger::faults(db).await.unwrap(), Vec::<String>::new());
    let sum: i64 = ledger::totals(db).await.unwrap().iter().map(|(.., sum)| sum).sum();
    assert_eq!(sum, 0, "what went in somewhere came out elsewhere");
    for owner in OWNERS {
        let funds = ledger::funds(db, owner, Currency::CNY).await.unwrap();
        assert!(funds.balance >= 0 && funds.held >= 0, "{owner}: {funds:?}");
    }
    // Free units in use are those of the holds that stand, and never more than the list gives.
    let sql = "select f.owner, f.used, cast(coalesce((select sum(h.free_units) from billing_hold h \
               where h.owner = f.owner and h.month = f.month and h.state <> 'released'), 0) as bigint) from billing_free f";
    for row in db.rows(sql, &[]).await.unwrap() {
        let used = row.int(1).unwrap();
        assert_eq!(used, row.int(2).unwrap(), "{}", row.text(0).unwrap());
        assert!((0..=FREE).contains(&used));
    }
}

async fn random_use(location: &Location, cases: u32) {
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec((step(), 0_u8..20), 30..60);
    let db = opened(location).await;
    for _ in 0..cases {
        let steps = strategy.new_tree(&mut runner).unwrap().current();
        let mut now = Time::from_unix(NOW_S);
        // Three at a time, some of which lose their commit in one way or another.
        for chunk in steps.chunks(3) {
            for (step, fault) in chunk {
                let fault = match fault {
                    0 => Fault::Refused,
                    1 => Fault::UnknownNotWritten,
                    2 => Fault::UnknownWritten,
                    _ => continue,
                };
                if !matches!(step, Step::Month) {
                    db.faults().plan("billing_", fault);
                }
            }
            if chunk.iter().any(|(step, _)| matches!(step, Step::Month)) {
                now = price::next_month(now);
            }
            let mut running = chunk.iter().map(|(step, _)| take(&db, step, now));
            let (a, b, c) = (running.next(), running.next(), running.next());
            let run = |future| async move {
                if let Some(future) = future {
                    future.await;
                }
            };
            tokio::join!(run(a), run(b), run(c));
        }
        sound(&db).await;
        // Keys are used up: the next case has its own books. A fault that nobody met yet is met here.
        for sql in [
            "delete from billing_move",
            "delete from billing_entry",
            "delete from billing_hold",
            "delete from billing_account",
            "delete from billing_free",
        ] {
            while db.execute(sql, &[]).await.is_err() {}
        }
    }
}

#[tokio::test]
async fn the_books_balance_whatever_happens_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    random_use(&on_sqlite(&folder), 24).await;
}

#[tokio::test]
async fn the_books_balance_whatever_happens_on_postgresql() {
    random_use(&store::testing::postgres(), 16).await;
}

async fn spent_at_once(location: &Location) {
    let db = Arc::new(opened(location).await);
    top_up(&db, OWNERS[0], 5 * UNIT, 0).await.unwrap();
    // Twenty ask for one unit each; three are free and five can be paid.
    let now = Time::from_unix(NOW_S);
    let asked: Vec<_> = (0..20_u8)
        .map(|key| {
            let db = Arc::clone(&db);
            tokio::spawn(async move { hold(&db, OWNERS[0], Wanted { units: 1, bytes: 0 }, key, now).await })
        })
        .collect();
    let mut came = BTreeMap::new();
    for one in asked {
        let how = match one.await.unwrap() {
            Ok(true) => "held",
            Err(NotHeld::Short(cost, _)) if cost.amount == UNIT => "short",
            // A database that is too busy says so, and nothing was done.
            Err(NotHeld::Store(StoreError::Refused(_))) => "busy",
            other => panic!("{other:?}"),
        };
        *came.entry(how).or_insert(0) += 1;
    }
    let held = came.get("held").copied().unwrap_or(0);
    assert!(held <= 8 && (held == 8 || came.contains_key("busy")), "{came:?}");
    let funds = ledger::funds(&db, OWNERS[0], Currency::CNY).await.unwrap();
    assert_eq!(funds.balance, 5 * UNIT - (held - FREE.min(held)) * UNIT);
    sound(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_money_is_spent_twice_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    spent_at_once(&on_sqlite(&folder)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_money_is_spent_twice_on_postgresql() {
    spent_at_once(&store::testing::postgres()).await;
}

async fn refused_by_the_database(location: &Location) {
    let db = opened(location).await;
    top_up(&db, OWNERS[0], 700, 0).await.unwrap();
    // A program that forgot to look is stopped all the same.
    for sql in [
        "update billing_account set balance = balance - 701 where kind = 'balance'",
        "insert into billing_move (entry, line, currency, from_account, to_account, amount) \
         values ('order/0', 1, 'CNY', 'cash/bank', 'cash/bank', 1)",
        "insert into billing_move (entry, line, currency, from_account, to_account, amount) \
         values ('order/0', 1, 'CNY', 'cash/bank', 'balance/person/lin', 0)",
        "insert into billing_move (entry, line, currency, from_account, to_account, amount) \
         values ('order/0', 1, 'USD', 'cash/bank', 'balance/person/lin', 1)",
        "insert into billing_move (entry, line, currency, from_account, to_account, amount) \
         values ('order/9', 1, 'CNY', 'cash/bank', 'balance/person/lin', 1)",
    ] {
        assert!(db.execute(sql, &[]).await.is_err(), "{sql}");
    }
    sound(&db).await;
    // And what is changed behind the program's back is found.
    db.execute("update billing_account set balance = 600 where kind = 'balance'", &[]).await.unwrap();
    assert_eq!(ledger::faults(&db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_database_refuses_what_does_not_balance_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    refused_by_the_database(&on_sqlite(&folder)).await;
}

#[tokio::test]
async fn the_database_refuses_what_does_not_balance_on_postgresql() {
    refused_by_the_database(&store::testing::postgres()).await;
}

#[test]
fn the_words_are_complete() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/billing");
    crate::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
}

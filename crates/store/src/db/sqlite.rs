//! What is particular to SQLite: WAL mode, every commit synced, one writer at a time.

use super::Failure;
use crate::StoreError;
use crate::value::{Cell, Row, Value};
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _, Transaction, TypeInfo as _, ValueRef as _};
use std::path::Path;
use std::time::Duration;

/// One writer at a time: no other can take the same job.
pub(super) const TAKE_JOB: &str = "update job set state = 'taken', lease = $3, due_ms = $4, tries = tries + 1 \
     where id = (select id from job where kind = $1 and state in ('ready', 'taken') and due_ms <= $2 \
     order by due_ms, id limit 1) returning id, kind, payload, tries";

pub(super) async fn open(path: &Path, create: bool) -> Result<SqlitePool, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is deleted is overwritten: a key that was erased must not be found in a free page.
        .pragma("secure_delete", "on")
        .busy_timeout(Duration::from_secs(10));
    let pool = SqlitePoolOptions::new().max_connections(4);
    // A connection whose commit failed does not know any more where it stands.
    let pool = pool.after_release(|connection, _| {
        let is_clean = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_clean) })
    });
    let opened = pool.connect_with(options).await;
    opened.map_err(|error| StoreError::Refused(format!("cannot open the database {}: {error}", path.display())))
}

pub(super) async fn begin(pool: &SqlitePool) -> Result<Transaction<'static, Sqlite>, StoreError> {
    // A deferred transaction that turns writer late can lose; an immediate one waits its turn.
    pool.begin_with("begin immediate").await.map_err(|e| match failure(e) {
        Failure::Failed(error) => error,
        _ => StoreError::Refused("the database is busy; try later".to_owned()),
    })
}

fn failure(error: sqlx::Error) -> Failure {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|c| c.parse::<i32>().ok());
    match code.map(|c| c & 0xff) {
        // SQLITE_BUSY and SQLITE_LOCKED, after the waiting time.
        Some(5 | 6) => Failure::Conflict,
        // SQLITE_FULL
        Some(13) => Failure::Failed(StoreError::Refused("the disk is full: nothing was written; make room".to_owned())),
        // SQLITE_CONSTRAINT
        Some(19) => Failure::Failed(StoreError::Refused(format!("the database refused: {error}"))),
        _ => Failure::Failed(StoreError::Broken(format!("the database failed: {error}"))),
    }
}

pub(super) async fn commit(tx: Transaction<'static, Sqlite>) -> Result<(), Failure> {
    tx.commit().await.map_err(|error| match failure(error) {
        // After a failed sync nobody can say what is on the disk.
        Failure::Failed(StoreError::Broken(cause)) => Failure::Unknown(cause),
        other => other,
    })
}

statements!(Sqlite, SqliteArguments);

fn read(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let cell = |i: usize| {
        let raw = row.try_get_raw(i)?;
        Ok(match raw.type_info().name() {
            _ if raw.is_null() => None,
            "TEXT" => Some(Cell::Text(row.try_get(i)?)),
            "BLOB" => Some(Cell::Bytes(row.try_get(i)?)),
            _ => Some(Cell::Int(row.try_get(i)?)),
        })
    };
    (0..row.len()).map(cell).collect::<Result<_, _>>().map(Row)
}

/// Folds the write-ahead log into the file, so that nothing deleted stays in it.
pub(super) async fn scrub(pool: &SqlitePool) -> Result<(), StoreError> {
    let done = sqlx::query("pragma wal_checkpoint(truncate)").execute(pool).await;
    done.map(drop).map_err(|error| StoreError::Refused(format!("the write-ahead log cannot be folded: {error}")))
}

pub(super) async fn copy_to(pool: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let cannot = |cause: String| StoreError::Refused(format!("cannot write {}: {cause}", path.display()));
    let text = path.to_str().ok_or_else(|| cannot("the name is not UTF-8".to_owned()))?;
    let done = sqlx::query("vacuum into $1").bind(text.to_owned()).execute(pool).await;
    done.map_err(|error| cannot(error.to_string()))?;
    let synced = std::fs::File::open(path).and_then(|f| f.sync_all());
    synced.map_err(|error| cannot(error.to_string()))
}

//! What is particular to PostgreSQL: serializable transactions, which can lose and are tried again.

use super::{Failure, Location};
use crate::StoreError;
use crate::value::{Cell, Row, Value};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow, Postgres};
use sqlx::{Connection as _, Row as _, Transaction, TypeInfo as _, ValueRef as _};
use std::time::Duration;

/// A job that another worker is just taking is skipped, not waited for.
pub(super) const TAKE_JOB: &str = "update job set state = 'taken', lease = $3, due_ms = $4, tries = tries + 1 \
     where id = (select id from job where kind = $1 and state in ('ready', 'taken') and due_ms <= $2 \
     order by due_ms, id limit 1 for update skip locked) returning id, kind, payload, tries";

pub(super) async fn open(url: &str, location: &Location) -> Result<PgPool, StoreError> {
    let refused = |cause: String| StoreError::Refused(format!("cannot open the database {location}: {cause}"));
    let options: PgConnectOptions = url.parse().map_err(|_| refused("the address cannot be read".to_owned()))?;
    // A commit is reported only when it is on disk, whatever the server's default.
    let options =
        options.application_name("shiyin").options([("synchronous_commit", "on"), ("client_min_messages", "warning")]);
    let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(10));
    // A connection whose commit failed does not know any more where it stands.
    let pool = pool.after_release(|connection, _| {
        let is_clean = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_clean) })
    });
    let pool = pool.connect_with(options).await.map_err(|e| refused(e.to_string()))?;
    let sql = "select datcollate = 'C', pg_encoding_to_char(encoding) = 'UTF8' from pg_database \
               where datname = current_database()";
    let row = sqlx::query(sql).fetch_one(&pool).await.map_err(|e| refused(e.to_string()))?;
    let fits: (bool, bool) = (row.get(0), row.get(1));
    if fits == (true, true) {
        return Ok(pool);
    }
    let remedy =
        "it must sort as SQLite does; make it with: create database NAME template template0 encoding 'UTF8' locale 'C'";
    Err(refused(remedy.to_owned()))
}

pub(super) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    let begun = pool.begin_with("begin isolation level serializable").await;
    begun.map_err(|error| StoreError::Refused(format!("the database gives no connection: {error}; try later")))
}

/// One process at a time changes the schema.
pub(super) async fn lock_schema(tx: &mut Transaction<'static, Postgres>) -> Result<(), Failure> {
    sqlx::query("select pg_advisory_xact_lock(8318)").execute(&mut **tx).await.map(drop).map_err(failure)
}

fn failure(error: sqlx::Error) -> Failure {
    let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default();
    match &*code {
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Failure::Conflict,
        // Another process made the table while this one waited; the next try finds it.
        "42P07" => Failure::Conflict,
        // disk_full
        "53100" => Failure::Failed(StoreError::Refused("the disk is full: nothing was written; make room".to_owned())),
        // integrity constraints
        code if code.starts_with("23") => {
            Failure::Failed(StoreError::Refused(format!("the database refused: {error}")))
        }
        _ => Failure::Failed(StoreError::Broken(format!("the database failed: {error}"))),
    }
}

pub(super) async fn commit(tx: Transaction<'static, Postgres>) -> Result<(), Failure> {
    tx.commit().await.map_err(|error| {
        let answered = error.as_database_error().is_some();
        match failure(error) {
            // The server said no. Otherwise its answer never came.
            Failure::Failed(StoreError::Broken(cause)) if !answered => Failure::Unknown(cause),
            other => other,
        }
    })
}

/// Overwrites nothing, but gives pages with deleted rows free to be; archives are the operator's.
pub(super) async fn scrub(pool: &PgPool) -> Result<(), StoreError> {
    let done = sqlx::query("vacuum").execute(pool).await;
    done.map(drop).map_err(|error| StoreError::Refused(format!("the database cannot be cleaned: {error}")))
}

statements!(Postgres, PgArguments);

fn read(row: &PgRow) -> Result<Row, sqlx::Error> {
    let cell = |i: usize| {
        let raw = row.try_get_raw(i)?;
        Ok(match raw.type_info().name() {
            _ if raw.is_null() => None,
            "TEXT" | "NAME" | "VARCHAR" => Some(Cell::Text(row.try_get(i)?)),
            "BYTEA" => Some(Cell::Bytes(row.try_get(i)?)),
            "BOOL" => Some(Cell::Int(row.try_get::<bool, _>(i)?.into())),
            "INT4" => Some(Cell::Int(row.try_get::<i32, _>(i)?.into())),
            _ => Some(Cell::Int(row.try_get(i)?)),
        })
    };
    (0..row.len()).map(cell).collect::<Result<_, _>>().map(Row)
}

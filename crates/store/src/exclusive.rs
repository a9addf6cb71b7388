//! One process at a time: a lock that ends with the process that holds it.

use crate::db::Pool;
use crate::{Db, Location, StoreError};
use sqlx::postgres::PgConnection;
use std::fs::{File, TryLockError};
use std::time::Duration;

/// How often a lock that another process holds is tried again.
const PAUSE: Duration = Duration::from_millis(250);

/// A lock, held until this is dropped.
pub struct Exclusive {
    _lock: Lock,
}

enum Lock {
    /// On a file beside the database.
    File(#[expect(dead_code, reason = "held, not read")] File),
    /// Of a session of the database, which ends with its connection.
    Session(#[expect(dead_code, reason = "held, not read")] Box<PgConnection>),
}

impl Exclusive {
    /// Waits for the lock with this number. `waiting` is called once where another process has it.
    pub async fn wait(db: &Db, location: &Location, number: i64, waiting: impl FnOnce()) -> Result<Self, StoreError> {
        let mut waiting = Some(waiting);
        let refused = |cause: String| StoreError::Refused(format!("cannot lock the database: {cause}"));
        let mut session = match &db.pool {
            Pool::Sqlite(_) => None,
            Pool::Postgres(pool) => Some(pool.acquire().await.map_err(|e| refused(e.to_string()))?.detach()),
        };
        loop {
            let lock = match (&mut session, location) {
                (Some(connection), _) => {
                    let query = sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(number);
                    let held: bool = query.fetch_one(&mut *connection).await.map_err(|e| refused(e.to_string()))?;
                    if held { session.take().map(|c| Lock::Session(Box::new(c))) } else { None }
                }
                (None, Location::Sqlite(path)) => {
                    let mut name = path.clone().into_os_string();
                    name.push(format!(".{number:016x}.lock"));
                    let file = File::create(&name).map_err(|e| refused(e.to_string()))?;
                    match file.try_lock() {
                        Ok(()) => Some(Lock::File(file)),
                        Err(TryLockError::WouldBlock) => None,
                        Err(TryLockError::Error(error)) => return Err(refused(error.to_string())),
                    }
                }
                (None, Location::Postgres(_)) => return Err(refused("another database was opened".to_owned())),
            };
            if let Some(lock) = lock {
                return Ok(Self { _lock: lock });
            }
            if let Some(waiting) = waiting.take() {
                waiting();
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

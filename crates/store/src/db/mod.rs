//! The database: SQLite or PostgreSQL, one SQL text for both.
//!
//! A commit is on disk before it is reported. Statements use what both databases
//! share: `$1`, `returning`, `on conflict`, `bigint`, `text`, `bytea`. Where they
//! differ stands in [`sqlite`] and [`postgres`] and nowhere else.
//!
//! Migrations go forward only; each is kept with its text, and a database that
//! holds one this program does not know, or knows otherwise, is not opened.

#[cfg(feature = "testing")]
pub mod faults;
#[macro_use]
mod statements;
mod postgres;
mod sqlite;

use crate::StoreError;
use crate::value::{Row, Value};
use sqlx::{PgPool, SqlitePool};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A `postgres://` address, which may hold a password.
    Postgres(String),
}

impl FromStr for Location {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text.split_once("://") {
            None => Ok(Self::Sqlite(PathBuf::from(text))),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.to_owned())),
            Some((scheme, _)) => Err(StoreError::Refused(format!(
                "a database is a file or postgres://HOST/NAME; {scheme}:// is neither"
            ))),
        }
    }
}

/// Without the password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => write!(f, "postgres://{}", url.rsplit_once('@').map_or("…", |(_, host)| host)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3, … without gaps.
    pub number: i64,
    /// A few words on what it does.
    pub name: &'static str,
    /// The statements.
    pub sql: &'static str,
}

/// The tables of one part of the program.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Which part; several may share a database.
    pub part: &'static str,
    /// Its steps, in order.
    pub migrations: &'static [Migration],
}

/// A database with its schema up to date.
#[derive(Clone)]
pub struct Db {
    pub(crate) pool: Pool,
    #[cfg(feature = "testing")]
    faults: std::sync::Arc<faults::Faults>,
}

#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction that may write. Dropped without a commit, it has done nothing.
pub struct Tx {
    inner: Inner,
    /// Set when a statement lost against another transaction: all of it must be tried again.
    conflict: bool,
    #[cfg(feature = "testing")]
    statements: Vec<&'static str>,
}

enum Inner {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

/// How a statement or a commit failed.
enum Failure {
    /// Another transaction won; nothing was done.
    Conflict,
    /// Nothing was done.
    Failed(StoreError),
    /// The connection or the disk failed while committing.
    Unknown(String),
}

/// Tries of a transaction that loses against others before it is given up.
const TRIES: usize = 30;

impl Db {
    /// Opens a database and brings its schema up to date. An SQLite file that is missing is made
    /// only where `create` says so; a PostgreSQL database must exist.
    pub async fn open(location: &Location, create: bool, schema: Schema) -> Result<Self, StoreError> {
        Self::connect(location, create).await?.with(schema).await
    }

    /// Brings the schema of a further part up to date.
    pub async fn with(self, schema: Schema) -> Result<Self, StoreError> {
        let migrated: Result<(), StoreError> = crate::transaction!(self, tx => tx.migrate(schema).await);
        migrated.map(|()| self)
    }

    /// Opens a database as it is, to read or copy it.
    pub async fn attach(location: &Location) -> Result<Self, StoreError> {
        Self::connect(location, false).await
    }

    async fn connect(location: &Location, create: bool) -> Result<Self, StoreError> {
        let pool = match location {
            Location::Sqlite(path) => Pool::Sqlite(sqlite::open(path, create).await?),
            Location::Postgres(url) => Pool::Postgres(postgres::open(url, location).await?),
        };
        Ok(Self {
            pool,
            #[cfg(feature = "testing")]
            faults: std::sync::Arc::default(),
        })
    }

    /// Whether this is PostgreSQL, where other processes may write at the same time.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.pool, Pool::Postgres(_))
    }

    /// The tries of one transaction; used through [`transaction!`](crate::transaction).
    #[must_use]
    pub fn tries(&self) -> Tries<'_> {
        Tries { db: self, left: TRIES }
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pool {
            Pool::Sqlite(pool) => Inner::Sqlite(sqlite::begin(pool).await?),
            Pool::Postgres(pool) => Inner::Postgres(postgres::begin(pool).await?),
        };
        Ok(Tx {
            inner,
            conflict: false,
            #[cfg(feature = "testing")]
            statements: Vec::new(),
        })
    }

    #[cfg(not(feature = "testing"))]
    async fn commit(&self, tx: Tx) -> Result<(), Failure> {
        tx.commit().await
    }

    #[cfg(feature = "testing")]
    async fn commit(&self, tx: Tx) -> Result<(), Failure> {
        match self.faults.take(&tx.statements) {
            None => tx.commit().await,
            Some(faults::Fault::Refused) => Err(Failure::Failed(StoreError::Refused("injected".to_owned()))),
            Some(faults::Fault::UnknownNotWritten) => Err(Failure::Unknown("injected".to_owned())),
            Some(faults::Fault::UnknownWritten) => {
                tx.commit().await?;
                Err(Failure::Unknown("injected".to_owned()))
            }
        }
    }

    /// Faults to be put into commits to come.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn faults(&self) -> &faults::Faults {
        &self.faults
    }

    /// Runs one statement by itself and says how many rows it changed.
    pub async fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64, StoreError> {
        crate::transaction!(self, tx => tx.execute(sql, values).await)
    }

    /// The rows of a query, as they stand now.
    pub async fn rows(&self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = match &self.pool {
            Pool::Sqlite(pool) => sqlite::rows(pool, sql, values).await,
            Pool::Postgres(pool) => postgres::rows(pool, sql, values).await,
        };
        rows.map_err(|failure| match failure {
            Failure::Conflict => StoreError::Refused("the database is busy; try later".to_owned()),
            Failure::Failed(error) => error,
            Failure::Unknown(cause) => StoreError::Broken(cause),
        })
    }

    /// Closes all connections; SQLite folds its write-ahead log into the file.
    pub async fn close(self) {
        match self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    /// Lets what was deleted go from the files as well, as far as the database can: SQLite overwrites
    /// it; PostgreSQL frees it, and its archives are beyond reach here.
    pub async fn scrub(&self) -> Result<(), StoreError> {
        match &self.pool {
            Pool::Sqlite(pool) => sqlite::scrub(pool).await,
            Pool::Postgres(pool) => postgres::scrub(pool).await,
        }
    }

    /// Writes a copy of an SQLite database to a file that must not exist, as of one moment.
    pub async fn copy_to(&self, path: &std::path::Path) -> Result<(), StoreError> {
        match &self.pool {
            Pool::Sqlite(pool) => sqlite::copy_to(pool, path).await,
            Pool::Postgres(_) => {
                let text = "a PostgreSQL database is backed up with pg_dump; run it first";
                Err(StoreError::Refused(text.to_owned()))
            }
        }
    }
}

/// The tries of one transaction.
pub struct Tries<'a> {
    db: &'a Db,
    left: usize,
}

impl Tries<'_> {
    /// Begins the next try.
    pub async fn begin(&mut self) -> Result<Tx, StoreError> {
        let lost = TRIES - self.left;
        if lost > 1 {
            // Who lost waits a little, each for another while: or the same ones meet again.
            let random = RandomState::new().hash_one(lost) % (1 << lost.min(6));
            tokio::time::sleep(Duration::from_millis(random)).await;
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let text = "the database is too busy: too many changes to the same rows; try later";
            StoreError::Refused(text.to_owned())
        })?;
        self.db.begin().await
    }

    /// Ends a try: commits where the work went well. None where it lost against another
    /// transaction and has to be tried again.
    pub async fn end<T, E: From<StoreError>>(&mut self, tx: Tx, result: Result<T, E>) -> Option<Result<T, E>> {
        if tx.conflict {
            return None;
        }
        let value = match result {
            Ok(value) => value,
            Err(error) => return Some(Err(error)),
        };
        match self.db.commit(tx).await {
            Ok(()) => Some(Ok(value)),
            Err(Failure::Conflict) => None,
            Err(Failure::Failed(error)) => Some(Err(error.into())),
            Err(Failure::Unknown(cause)) => Some(Err(StoreError::Unknown(cause).into())),
        }
    }
}

/// Does some work in one transaction, `transaction!(db, tx => …)`, and again where it lost
/// against another; so the work must do nothing that cannot be done twice.
///
/// The work is the inside of an async block that gives a `Result<T, E>` with
/// `E: From<StoreError>`; `tx` is a `&mut Tx` there. On an error nothing was written. A macro,
/// because futures of closures that borrow cannot yet be said to be `Send`.
///
/// # Errors
/// What the work said; or [`StoreError::Unknown`] where the commit was asked for and its
/// outcome never came.
#[macro_export]
macro_rules! transaction {
    ($db:expr, $tx:ident => $work:expr) => {{
        let mut tries = $db.tries();
        loop {
            let mut begun = match tries.begin().await {
                Ok(tx) => tx,
                Err(error) => break Err(error.into()),
            };
            let result = {
                let $tx = &mut begun;
                async { $work }.await
            };
            if let Some(result) = tries.end(begun, result).await {
                break result;
            }
        }
    }};
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_shared() { "Db(PostgreSQL)" } else { "Db(SQLite)" })
    }
}

impl Tx {
    /// Runs one statement and says how many rows it changed.
    pub async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, StoreError> {
        #[cfg(feature = "testing")]
        self.statements.push(sql);
        let result = match &mut self.inner {
            Inner::Sqlite(tx) => sqlite::execute(&mut *tx, sql, values).await,
            Inner::Postgres(tx) => postgres::execute(&mut *tx, sql, values).await,
        };
        self.note(result)
    }

    /// The rows of a query.
    pub async fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let result = match &mut self.inner {
            Inner::Sqlite(tx) => sqlite::rows(&mut **tx, sql, values).await,
            Inner::Postgres(tx) => postgres::rows(&mut **tx, sql, values).await,
        };
        self.note(result)
    }

    /// The statement that takes a job: `$1` kind, `$2` now, `$3` lease, `$4` its end.
    pub(crate) fn take_sql(&self) -> &'static str {
        match self.inner {
            Inner::Sqlite(_) => sqlite::TAKE_JOB,
            Inner::Postgres(_) => postgres::TAKE_JOB,
        }
    }

    fn note<T>(&mut self, result: Result<T, Failure>) -> Result<T, StoreError> {
        result.map_err(|failure| match failure {
            Failure::Conflict => {
                self.conflict = true;
                StoreError::Refused("another transaction was first".to_owned())
            }
            Failure::Failed(error) => error,
            Failure::Unknown(cause) => StoreError::Broken(cause),
        })
    }

    async fn commit(self) -> Result<(), Failure> {
        match self.inner {
            Inner::Sqlite(tx) => sqlite::commit(tx).await,
            Inner::Postgres(tx) => postgres::commit(tx).await,
        }
    }

    async fn migrate(&mut self, schema: Schema) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(_) => {}
            Inner::Postgres(tx) => {
                let locked = postgres::lock_schema(tx).await;
                self.note(locked)?;
            }
        }
        let table = "create table if not exists migration (part text not null, number bigint not null, \
                     name text not null, sql text not null, primary key (part, number))";
        self.execute(table, &[]).await?;
        let sql = "select number, sql from migration where part = $1 order by number";
        let rows = self.rows(sql, &[schema.part.into()]).await?;
        for row in &rows {
            let (number, sql) = (row.int(0)?, row.text(1)?);
            match schema.migrations.iter().find(|m| m.number == number) {
                Some(migration) if migration.sql == sql => {}
                Some(_) => {
                    return Err(StoreError::Broken(format!(
                        "migration {number} of the database differs from this program's; restore the matching program or a backup"
                    )));
                }
                None => {
                    return Err(StoreError::Refused(format!(
                        "the database has migration {number}, which this program does not know; use a newer program"
                    )));
                }
            }
        }
        for migration in schema.migrations.iter().skip(rows.len()) {
            let done = match &mut self.inner {
                Inner::Sqlite(tx) => sqlite::script(tx, migration.sql).await,
                Inner::Postgres(tx) => postgres::script(tx, migration.sql).await,
            };
            self.note(done)?;
            let sql = "insert into migration (part, number, name, sql) values ($1, $2, $3, $4)";
            let values = [schema.part.into(), migration.number.into(), migration.name.into(), migration.sql.into()];
            self.execute(sql, &values).await?;
        }
        Ok(())
    }
}

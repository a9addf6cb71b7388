//! The database: SQLite in WAL mode, every commit synced before it is reported.
//!
//! Migrations go forward only; each is kept with its text, and a database that
//! holds one this program does not know, or knows otherwise, is not opened.

use crate::StoreError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Row as _};
use std::path::Path;
use std::time::Duration;

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

/// A database with its schema up to date.
#[derive(Clone, Debug)]
pub struct Db {
    pool: SqlitePool,
}

fn broken(error: sqlx::Error) -> StoreError {
    StoreError::Broken(format!("the database failed: {error}"))
}

impl Db {
    /// Makes a new database, or opens one, and brings its schema up to date.
    pub async fn open(path: &Path, create: bool, migrations: &[Migration]) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let pool =
            SqlitePoolOptions::new().max_connections(4).connect_with(options).await.map_err(|error| {
                StoreError::Refused(format!("cannot open the database {}: {error}", path.display()))
            })?;
        let db = Self { pool };
        db.migrate(migrations).await?;
        Ok(db)
    }

    async fn migrate(&self, migrations: &[Migration]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("begin immediate").await.map_err(broken)?;
        let table =
            "create table if not exists migration (number integer primary key, name text not null, sql text not null)";
        sqlx::query(table).execute(&mut *tx).await.map_err(broken)?;
        let rows = sqlx::query("select number, sql from migration order by number").fetch_all(&mut *tx).await;
        let known: Vec<(i64, String)> = rows.map_err(broken)?.iter().map(|r| (r.get(0), r.get(1))).collect();
        for (number, sql) in &known {
            match migrations.iter().find(|m| m.number == *number) {
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
        for migration in migrations.iter().filter(|m| !known.iter().any(|(n, _)| *n == m.number)) {
            sqlx::raw_sql(AssertSqlSafe(migration.sql)).execute(&mut *tx).await.map_err(broken)?;
            sqlx::query("insert into migration (number, name, sql) values ($1, $2, $3)")
                .bind(migration.number)
                .bind(migration.name)
                .bind(migration.sql)
                .execute(&mut *tx)
                .await
                .map_err(broken)?;
        }
        tx.commit().await.map_err(broken)
    }

    /// Runs one statement with text values and says how many rows it changed.
    pub async fn execute(&self, sql: &'static str, values: &[&str]) -> Result<u64, StoreError> {
        let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind((*value).to_owned()));
        Ok(query.execute(&self.pool).await.map_err(broken)?.rows_affected())
    }

    /// The rows of a query over text values, each column as text.
    pub async fn rows(&self, sql: &'static str, values: &[&str]) -> Result<Vec<Vec<String>>, StoreError> {
        let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind((*value).to_owned()));
        let rows = query.fetch_all(&self.pool).await.map_err(broken)?;
        rows.iter().map(|row| (0..row.len()).map(|i| row.try_get(i).map_err(broken)).collect()).collect()
    }

    /// Closes all connections and folds the write-ahead log into the file.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration =
        Migration { number: 1, name: "one", sql: "create table t (k text primary key, v text not null)" };
    const TWO: Migration = Migration { number: 2, name: "two", sql: "create table u (k text primary key)" };

    #[tokio::test]
    async fn a_database_keeps_what_it_was_given_and_moves_forward_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        assert!(Db::open(&path, false, &[ONE]).await.is_err(), "a missing database is not made by opening");
        let db = Db::open(&path, true, &[ONE]).await.unwrap();
        db.execute("insert into t (k, v) values ($1, $2)", &["a", "时印"]).await.unwrap();
        db.close().await;
        let db = Db::open(&path, false, &[ONE, TWO]).await.unwrap();
        assert_eq!(db.rows("select v from t where k = $1", &["a"]).await.unwrap(), [["时印"]]);
        db.close().await;
        assert!(matches!(Db::open(&path, false, &[ONE]).await, Err(StoreError::Refused(_))), "newer database");
        let altered = Migration { sql: "create table t (k text)", ..ONE };
        assert!(matches!(Db::open(&path, false, &[altered, TWO]).await, Err(StoreError::Broken(_))), "altered");
    }
}

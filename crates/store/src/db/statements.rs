//! Statements with values, the same for both databases but for the types of the library.

use super::Failure;
use crate::StoreError;
use crate::value::Value;

/// `bind`, `execute`, `rows` and `script` for one database; `failure` and `read` are its own.
macro_rules! statements {
    ($database:ty, $arguments:ty) => {
        fn bind<'q>(
            sql: &'static str,
            values: &[Value],
        ) -> Result<sqlx::query::Query<'q, $database, $arguments>, Failure> {
            super::statements::check(values)?;
            Ok(values.iter().fold(sqlx::query(sql), |query, value| match value {
                Value::Int(v) => query.bind(*v),
                Value::Text(v) => query.bind(v.clone()),
                Value::Bytes(v) => query.bind(v.clone()),
            }))
        }

        pub(super) async fn execute(
            tx: &mut sqlx::Transaction<'static, $database>,
            sql: &'static str,
            values: &[Value],
        ) -> Result<u64, Failure> {
            Ok(bind(sql, values)?.execute(&mut **tx).await.map_err(failure)?.rows_affected())
        }

        pub(super) async fn rows<'e>(
            executor: impl sqlx::Executor<'e, Database = $database>,
            sql: &'static str,
            values: &[Value],
        ) -> Result<Vec<Row>, Failure> {
            let rows = bind(sql, values)?.fetch_all(executor).await.map_err(failure)?;
            rows.iter().map(|row| read(row).map_err(failure)).collect()
        }

        pub(super) async fn script(
            tx: &mut sqlx::Transaction<'static, $database>,
            sql: &'static str,
        ) -> Result<(), Failure> {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut **tx).await.map(drop).map_err(failure)
        }
    };
}

/// Text with a NUL, which PostgreSQL cannot hold.
pub(super) fn check(values: &[Value]) -> Result<(), Failure> {
    let has_nul = |v: &Value| matches!(v, Value::Text(Some(text)) if text.contains('\0'));
    match values.iter().any(has_nul) {
        true => Err(Failure::Failed(StoreError::Refused("text must not hold a NUL character".to_owned()))),
        false => Ok(()),
    }
}

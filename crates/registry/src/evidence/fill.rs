//! Very many records at once, for figures: rows as [preserve](super::preserve) writes them, without
//! their stamps.

use super::model::{Draft, Party, State};
use super::{Evidence, ID_RANDOM_BITS};
use crate::web::Fault;
use proof::digest::DigestAlgorithm;
use store::{StoreError, Value};

/// Records of one transaction.
const AT_ONCE: usize = 2_000;
/// Rows of one statement.
const ROWS: usize = 1_000;

/// A statement that inserts so many rows.
fn insert(head: &str, columns: usize, rows: usize) -> &'static str {
    let row = |row: usize| {
        let places: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", places.join(","))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    // A few texts for the life of a measuring program.
    Box::leak(format!("{head} values {} on conflict do nothing", rows.join(",")).into_boxed_str())
}

impl Evidence {
    /// Puts in so many records like this draft, each with the title and the type that `named` gives.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn fill(
        &self,
        by: &Party,
        draft: &Draft,
        count: usize,
        named: impl Fn(usize) -> (String, String),
    ) -> Result<(), Fault> {
        let full = [
            (
                "insert into record (id, number, owner, person, actor, idem, draft, maker, origin, kind, mode, state, files, \
              bytes, digest, time_ms, title)",
                17,
            ),
            ("insert into record_file (digest, id)", 2),
        ];
        let mut grams: Vec<(i64, i64)> = Vec::new();
        let first_ms = by.now.unix_s() * 1000 - count as i64;
        let mut done = 0;
        while done < count {
            let mut rows: [Vec<Vec<Value>>; 2] = Default::default();
            for at in done..(done + AT_ONCE).min(count) {
                let (title, kind) = named(at);
                let mut draft = draft.clone();
                (draft.idem, draft.title.title, draft.kind) = (format!("fill-{at}"), title, kind);
                let digest = DigestAlgorithm::Sha256.digest(draft.idem.as_bytes());
                let number = proof::record::EvidenceNumber::from_random(&trust::keys::random::<32>()?);
                let number = number.ok_or_else(|| Fault::broken("no number"))?;
                let ms = first_ms + at as i64;
                let id = ms << ID_RANDOM_BITS;
                let title = serde_json::to_vec(&draft.title).map_err(Fault::broken)?;
                rows[0].push(vec![
                    id.into(),
                    number.to_string().into(),
                    by.owner.name().into(),
                    by.person.as_str().into(),
                    by.actor.as_str().into(),
                    draft.idem.as_str().into(),
                    "".into(),
                    draft.maker.into(),
                    draft.origin.as_str().into(),
                    draft.kind.as_str().into(),
                    draft.mode.name().into(),
                    State::Kept.name().into(),
                    1_i64.into(),
                    1_i64.into(),
                    digest.to_string().into(),
                    ms.into(),
                    by.seal(&format!("record/{id}/title"), &title)?.into(),
                ]);
                rows[1].push(vec![digest.as_bytes().into(), id.into()]);
                grams.extend(super::search::grams_of(&draft, &by.key).into_iter().map(|gram| (gram, id)));
            }
            let written: Result<(), StoreError> = store::transaction!(self.db(), tx => {
                for ((head, columns), rows) in full.iter().zip(&rows) {
                    for some in rows.chunks(ROWS) {
                        let values: Vec<Value> = some.iter().flatten().cloned().collect();
                        tx.execute(insert_cached(head, *columns, some.len()), &values).await?;
                    }
                }
                Ok(())
            });
            written?;
            done += AT_ONCE;
        }
        // In the order of their index, which is many times faster for so many.
        grams.sort_unstable();
        for some in grams.chunks(ROWS * 100) {
            let written: Result<(), StoreError> = store::transaction!(self.db(), tx => {
                for rows in some.chunks(ROWS) {
                    let values: Vec<Value> = rows.iter().flat_map(|(gram, id)| [(*gram).into(), (*id).into()]).collect();
                    tx.execute(insert_cached("insert into record_gram (gram, id)", 2, rows.len()), &values).await?;
                }
                Ok(())
            });
            written?;
        }
        Ok(())
    }
}

/// The statement, made once for each number of rows.
fn insert_cached(head: &str, columns: usize, rows: usize) -> &'static str {
    use std::collections::HashMap;
    use std::sync::{LazyLock, Mutex, PoisonError};
    static MADE: LazyLock<Mutex<HashMap<(String, usize), &'static str>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry((head.to_owned(), rows)).or_insert_with(|| insert(head, columns, rows))
}

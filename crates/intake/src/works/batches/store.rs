//! Batches in the database. What an item holds is sealed under its owner's key, and goes when it is a record.

use super::JOB;
use super::model::{Batch, Outcome, Stands, Waiting};
use crate::works::{WORDS, Works};
use ::store::jobs::{self, Job, NewJob};
use ::store::{Migration, Row, Schema, StoreError};
use proof::der::Time;
use registry::evidence::{Owner, Party};
use registry::web::{Fault, Told};
use registry::webhooks::{self, BatchData, Happened};

/// The tables of batches.
pub(in crate::works) const SCHEMA: Schema = Schema {
    part: "batches",
    migrations: &[Migration {
        number: 1,
        name: "batches and their items",
        sql: "
create table batch (
    id text primary key,
    owner text not null,
    person text not null,
    actor text not null,
    content text not null,
    state text not null,
    version bigint not null,
    sent_ms bigint not null
);
create index batch_owner on batch (owner, sent_ms, id);
create table batch_item (
    batch text not null,
    place bigint not null,
    state text not null,
    body bytea,
    number text,
    refusal bytea,
    primary key (batch, place)
);
create index batch_item_state on batch_item (batch, state, place);
",
    }],
};

/// How often the job of a batch is tried.
const TRIES: i64 = 20;
/// How long a batch that ended, or was never confirmed, is shown.
const SHOWN_MS: i64 = 30 * 86_400_000;

/// The columns of a batch, which both statements read.
macro_rules! of_batch {
    ($rest:literal) => {
        concat!(
            "select b.id, b.state, b.sent_ms, (select count(*) from batch_item i where i.batch = b.id), \
             (select count(*) from batch_item i where i.batch = b.id and i.state = 'made'), \
             (select count(*) from batch_item i where i.batch = b.id and i.state = 'failed'), b.version, \
             (select count(*) from batch_item i where i.batch = b.id and i.state = 'stopped') from batch b ",
            $rest
        )
    };
}

/// A batch as its job finds it.
pub(super) struct Due {
    pub owner: Owner,
    pub person: String,
    pub actor: String,
}

fn place_of(batch: &str, place: i64) -> String {
    format!("batch/{batch}/{place}")
}

fn read_batch(row: &Row) -> Result<(Batch, i64), StoreError> {
    let id = row.text(0)?.to_owned();
    let state = Stands::parse(row.text(1)?);
    let batch = Batch {
        state: state.ok_or_else(|| StoreError::Broken("a batch is in no state that is known".to_owned()))?,
        sent: Time::from_unix(row.int(2)?.div_euclid(1000)).to_string(),
        items: row.int(3)?.unsigned_abs(),
        made: row.int(4)?.unsigned_abs(),
        failed: row.int(5)?.unsigned_abs(),
        stopped: row.int(7)?.unsigned_abs(),
        href: format!("/api/v1/batches/{id}"),
        id,
    };
    Ok((batch, row.int(6)?))
}

fn job<'a>(id: &'a str, batch: &'a str) -> NewJob<'a> {
    NewJob { id, kind: JOB, payload: batch, due_ms: 0, tries_max: TRIES }
}

impl Works {
    /// Stores a batch, with its job where it is not held. One of this id that is there already stays; false where that
    /// came with other content.
    pub(super) async fn store_batch(
        &self,
        by: &Party,
        (id, content): (&str, &str),
        state: Stands,
        items: &[Waiting],
    ) -> Result<bool, Fault> {
        let now_ms = by.now.unix_s() * 1000 + i64::from(by.now.nanos() / 1_000_000);
        let mut sealed = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let plain = serde_json::to_vec(item).map_err(Fault::broken)?;
            sealed.push(by.seal(&place_of(id, place as i64), &plain)?);
        }
        let (owner, job_id) = (by.owner.name(), format!("{JOB}/{id}"));
        let stored: Result<bool, StoreError> = ::store::transaction!(self.db(), tx => {
            let sql = "insert into batch (id, owner, person, actor, content, state, version, sent_ms) \
                       values ($1, $2, $3, $4, $5, $6, 1, $7) on conflict (id) do nothing";
            let values = [
                id.into(),
                owner.as_str().into(),
                by.person.as_str().into(),
                by.actor.as_str().into(),
                content.into(),
                state.name().into(),
                now_ms.into(),
            ];
            if tx.execute(sql, &values).await? == 0 {
                let rows = tx.rows("select content from batch where id = $1", &[id.into()]).await?;
                return Ok(rows.first().map(|row| row.text(0)).transpose()? == Some(content));
            }
            for (place, body) in sealed.iter().enumerate() {
                let sql = "insert into batch_item (batch, place, state, body) values ($1, $2, 'waiting', $3)";
                tx.execute(sql, &[id.into(), (place as i64).into(), body.clone().into()]).await?;
            }
            if state == Stands::Running {
                jobs::add(tx, &job(&job_id, id), now_ms).await?;
            }
            Ok(true)
        });
        Ok(stored?)
    }

    /// A batch of this owner, with its version.
    pub(super) async fn batch(&self, by: &Party, id: &str) -> Result<(Batch, i64), Fault> {
        let sql = of_batch!("where b.id = $1 and b.owner = $2");
        let rows = self.db().rows(sql, &[id.into(), by.owner.name().into()]).await?;
        Ok(read_batch(rows.first().ok_or(Fault::NotFound)?)?)
    }

    /// Batches of an owner, the newest first, behind a place: milliseconds and id.
    pub(super) async fn batches_of(
        &self,
        by: &Party,
        before: Option<(i64, String)>,
        count: usize,
    ) -> Result<Vec<(Batch, i64)>, Fault> {
        let (ms, id) = before.unwrap_or((i64::MAX, String::new()));
        let sql = of_batch!(
            "where b.owner = $1 and (b.sent_ms < $2 or (b.sent_ms = $2 and b.id > $3)) \
             order by b.sent_ms desc, b.id limit $4"
        );
        let values = [by.owner.name().into(), ms.into(), id.into(), (count as i64).into()];
        let rows = self.db().rows(sql, &values).await?;
        let read = |row: &Row| Ok((read_batch(row)?.0, row.int(2)?));
        rows.iter().map(read).collect::<Result<_, StoreError>>().map_err(Fault::from)
    }

    /// Items of a batch behind a place.
    pub(super) async fn outcomes(&self, by: &Party, id: &str, after: i64, count: usize) -> Result<Vec<Outcome>, Fault> {
        let sql = "select place, state, body, number, refusal from batch_item where batch = $1 and place > $2 \
                   order by place limit $3";
        let mut outcomes = Vec::new();
        for row in self.db().rows(sql, &[id.into(), after.into(), (count as i64).into()]).await? {
            let place = row.int(0)?;
            let waiting: Option<Waiting> = match row.bytes(2) {
                Ok(sealed) => {
                    Some(serde_json::from_slice(&by.open(&place_of(id, place), sealed)?).map_err(Fault::broken)?)
                }
                Err(_) => None,
            };
            let refusal: Option<Told> = match row.bytes(4) {
                Err(_) if row.text(1)? == Stands::Stopped.name() => {
                    Some(Self::stopped(WORDS.of(by.language)).told(by.language))
                }
                Ok(sealed) => {
                    Some(serde_json::from_slice(&by.open(&place_of(id, place), sealed)?).map_err(Fault::broken)?)
                }
                Err(_) => None,
            };
            let number = row.maybe_text(3)?.map(str::to_owned);
            outcomes.push(Outcome {
                place: place.unsigned_abs(),
                state: row.text(1)?.to_owned(),
                title: waiting.as_ref().map(|waiting| waiting.application.title.clone()),
                files: waiting.as_ref().map(|waiting| waiting.files.len() as u64),
                record: number.as_ref().map(|number| format!("/api/v1/records/{number}")),
                certificate: number.as_ref().map(|number| format!("/api/v1/records/{number}/certificate.pdf")),
                number,
                refusal,
            });
        }
        Ok(outcomes)
    }

    /// What waits of a batch, in order: place and item.
    pub(super) async fn waiting(&self, by: &Party, id: &str, count: i64) -> Result<Vec<(i64, Waiting)>, Fault> {
        let sql = "select place, body from batch_item where batch = $1 and state = 'waiting' order by place limit $2";
        let mut items = Vec::new();
        for row in self.db().rows(sql, &[id.into(), count.into()]).await? {
            let plain = by.open(&place_of(id, row.int(0)?), row.bytes(1)?)?;
            items.push((row.int(0)?, serde_json::from_slice(&plain).map_err(Fault::broken)?));
        }
        Ok(items)
    }

    /// Puts items in the place of those of a held batch; false where it is not the version that they were read of.
    pub(super) async fn replace_items(
        &self,
        by: &Party,
        (id, version): (&str, i64),
        items: &[(i64, Waiting)],
    ) -> Result<bool, Fault> {
        let mut sealed = Vec::with_capacity(items.len());
        for (place, item) in items {
            let plain = serde_json::to_vec(item).map_err(Fault::broken)?;
            sealed.push((*place, by.seal(&place_of(id, *place), &plain)?));
        }
        let stored: Result<bool, StoreError> = ::store::transaction!(self.db(), tx => {
            let sql = "update batch set version = version + 1 where id = $1 and owner = $2 and version = $3 and state = 'held'";
            if tx.execute(sql, &[id.into(), by.owner.name().into(), version.into()]).await? == 0 {
                return Ok(false);
            }
            for (place, body) in &sealed {
                let sql = "update batch_item set body = $3 where batch = $1 and place = $2";
                tx.execute(sql, &[id.into(), (*place).into(), body.clone().into()]).await?;
            }
            Ok(true)
        });
        Ok(stored?)
    }

    /// Lets a held batch go; false where it is not held.
    pub(super) async fn confirm_batch(&self, by: &Party, id: &str) -> Result<bool, Fault> {
        let (now_ms, job_id) = (by.now.unix_s() * 1000, format!("{JOB}/{id}"));
        let confirmed: Result<bool, StoreError> = ::store::transaction!(self.db(), tx => {
            let sql = "update batch set state = 'running', person = $3, actor = $4 where id = $1 and owner = $2 and state = 'held'";
            let values = [id.into(), by.owner.name().into(), by.person.as_str().into(), by.actor.as_str().into()];
            if tx.execute(sql, &values).await? == 0 {
                return Ok(false);
            }
            jobs::add(tx, &job(&job_id, id), now_ms).await?;
            Ok(true)
        });
        Ok(confirmed?)
    }

    /// Removes a held batch; false where it is not held.
    pub(super) async fn drop_batch(&self, by: &Party, id: &str) -> Result<bool, Fault> {
        let dropped: Result<bool, StoreError> = ::store::transaction!(self.db(), tx => {
            let sql = "delete from batch where id = $1 and owner = $2 and state = 'held'";
            if tx.execute(sql, &[id.into(), by.owner.name().into()]).await? == 0 {
                return Ok(false);
            }
            tx.execute("delete from batch_item where batch = $1", &[id.into()]).await?;
            Ok(true)
        });
        Ok(dropped?)
    }

    /// A batch whose job is due; none where it is gone.
    pub(super) async fn due(&self, id: &str) -> Result<Option<Due>, Fault> {
        let rows = self.db().rows("select owner, person, actor from batch where id = $1", &[id.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let owner = Owner::parse(row.text(0)?).ok_or_else(|| Fault::broken("a batch has the owner of none"))?;
        Ok(Some(Due { owner, person: row.text(1)?.to_owned(), actor: row.text(2)?.to_owned() }))
    }

    /// Notes what came of items: their numbers, or why they were refused.
    pub(super) async fn note_outcomes(
        &self,
        by: &Party,
        id: &str,
        outcomes: &[(i64, Result<String, Told>)],
    ) -> Result<(), Fault> {
        let mut rows = Vec::with_capacity(outcomes.len());
        for (place, outcome) in outcomes {
            rows.push(match outcome {
                Ok(number) => (*place, Some(number.clone()), None),
                Err(told) => {
                    let plain = serde_json::to_vec(told).map_err(Fault::broken)?;
                    (*place, None, Some(by.seal(&place_of(id, *place), &plain)?))
                }
            });
        }
        let noted: Result<(), StoreError> = ::store::transaction!(self.db(), tx => {
            for (place, number, refusal) in &rows {
                // What was refused keeps its content, so that it can be told which it was.
                let sql = match number {
                    Some(_) => "update batch_item set state = 'made', number = $3, refusal = $4, body = null \
                                where batch = $1 and place = $2",
                    None => "update batch_item set state = 'failed', number = $3, refusal = $4 where batch = $1 and place = $2",
                };
                let values = [id.into(), (*place).into(), number.as_deref().into(), refusal.clone().into()];
                tx.execute(sql, &values).await?;
            }
            Ok(())
        });
        Ok(noted?)
    }

    /// Ends a batch in this state, with its job.
    pub(super) async fn end_batch(&self, job: &Job, state: Stands) -> Result<(), StoreError> {
        let now = self.node().now();
        ::store::transaction!(self.db(), tx => {
            let (id, state_name) = (job.payload.as_str(), state.name());
            let sql = "update batch set state = $2 where id = $1 and state <> $2";
            if tx.execute(sql, &[id.into(), state_name.into()]).await? == 1 {
                let rows = tx.rows(of_batch!("where b.id = $1"), &[id.into()]).await?;
                let owner = tx.rows("select owner from batch where id = $1", &[id.into()]).await?;
                if let (Some(row), Some(owner)) = (rows.first(), owner.first()) {
                    let (batch, _) = read_batch(row)?;
                    let (id, items, made, failed) = (batch.id, batch.items, batch.made, batch.failed);
                    let state = state_name.to_owned();
                    let done = Happened::Batch(BatchData { id, state, items, made, failed, batch: batch.href });
                    webhooks::tell(tx, owner.text(0)?, &done, now).await?;
                }
            }
            if state == Stands::Stopped {
                let sql = "update batch_item set state = $2 where batch = $1 and state = 'waiting'";
                tx.execute(sql, &[id.into(), state_name.into()]).await?;
            }
            jobs::finish(tx, job).await
        })
    }

    /// Removes batches that nobody needs any more; their records stay.
    pub(in crate::works) async fn sweep_batches(&self, now: Time) -> Result<(), StoreError> {
        let old_ms = now.unix_s() * 1000 - SHOWN_MS;
        ::store::transaction!(self.db(), tx => {
            let sql = "select id from batch where sent_ms < $1 and state <> 'running' limit 100";
            for row in tx.rows(sql, &[old_ms.into()]).await? {
                tx.execute("delete from batch_item where batch = $1", &[row.text(0)?.into()]).await?;
                tx.execute("delete from batch where id = $1", &[row.text(0)?.into()]).await?;
            }
            Ok(())
        })
    }
}

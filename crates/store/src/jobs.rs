//! Work for later: written in the transaction of the change that needs it, done at least once.
//!
//! A job is *ready* until a worker takes it on a lease, and ready again when the
//! lease runs out, so that a worker that dies loses nothing. It ends as *done*, or
//! as *dead* after its last try, and stays to be looked at. Whoever does a job must
//! bear that it is done twice. Times and ids are given by the caller.

use crate::{Db, Migration, Row, Schema, StoreError, Tx, transaction};

/// The table of jobs.
pub const SCHEMA: Schema = Schema {
    part: "jobs",
    migrations: &[Migration {
        number: 1,
        name: "jobs",
        sql: "
create table job (
    id text primary key,
    kind text not null,
    payload text not null,
    state text not null,
    due_ms bigint not null,
    tries bigint not null,
    tries_max bigint not null,
    lease text,
    steps_done bigint not null,
    steps_all bigint not null,
    error text,
    created_ms bigint not null
);
create index job_due on job (state, due_ms);
",
    }],
};

/// The first wait after a failure; each further one is twice as long.
const BACK_OFF_MS: i64 = 1_000;
/// The longest wait between two tries.
const BACK_OFF_MS_MAX: i64 = 3_600_000;

/// A job to be done.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// An id that no other job has; one that is there already is left as it is.
    pub id: &'a str,
    /// Which kind of work.
    pub kind: &'a str,
    /// What the worker needs to know.
    pub payload: &'a str,
    /// Not before this time.
    pub due_ms: i64,
    /// How often it is tried before it is dead.
    pub tries_max: i64,
}

/// A job that a worker has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Which kind of work.
    pub kind: String,
    /// What the worker needs to know.
    pub payload: String,
    /// Which try this is, from 1.
    pub tries: i64,
    lease: String,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for its time or for a worker.
    Ready,
    /// A worker has it.
    Taken,
    /// Done.
    Done,
    /// Given up after its last try.
    Dead,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Taken => "taken",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

/// What can be seen of a job from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: State,
    /// Steps done, and steps in all; both 0 while that is not known.
    pub steps: (i64, i64),
    /// How often it was tried.
    pub tries: i64,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// Adds a job. It exists when, and only when, the transaction commits.
pub async fn add(tx: &mut Tx, job: &NewJob<'_>, now_ms: i64) -> Result<(), StoreError> {
    let sql = "insert into job (id, kind, payload, state, due_ms, tries, tries_max, steps_done, steps_all, created_ms) \
               values ($1, $2, $3, 'ready', $4, 0, $5, 0, 0, $6) on conflict (id) do nothing";
    let values =
        [job.id.into(), job.kind.into(), job.payload.into(), job.due_ms.into(), job.tries_max.into(), now_ms.into()];
    tx.execute(sql, &values).await.map(drop)
}

/// Takes the job of a kind that has been due longest, until `lease_ms` from now. `lease` is a
/// random text that names this taking. A job whose last lease ran out counts as failed once.
pub async fn take(db: &Db, kind: &str, lease: &str, now_ms: i64, lease_ms: i64) -> Result<Option<Job>, StoreError> {
    transaction!(db, tx => {
        // What was on its last try when its worker died is dead.
        let sql = "update job set state = 'dead', lease = null, error = 'the worker died' \
                   where kind = $1 and state = 'taken' and due_ms <= $2 and tries >= tries_max";
        tx.execute(sql, &[kind.into(), now_ms.into()]).await?;
        let rows = tx.rows(tx.take_sql(), &[kind.into(), now_ms.into(), lease.into(), (now_ms + lease_ms).into()]).await?;
        rows.first().map(|row| read(row, lease)).transpose()
    })
}

fn read(row: &Row, lease: &str) -> Result<Job, StoreError> {
    Ok(Job {
        id: row.text(0)?.to_owned(),
        kind: row.text(1)?.to_owned(),
        payload: row.text(2)?.to_owned(),
        tries: row.int(3)?,
        lease: lease.to_owned(),
    })
}

/// Says how far a job is, and holds it until `lease_ms` from now.
///
/// # Errors
/// Refused where the lease was lost: another worker may have the job, so stop.
pub async fn report(db: &Db, job: &Job, steps: (i64, i64), now_ms: i64, lease_ms: i64) -> Result<(), StoreError> {
    let sql = "update job set steps_done = $3, steps_all = $4, due_ms = $5 where id = $1 and lease = $2";
    let values =
        [job.id.as_str().into(), job.lease.as_str().into(), steps.0.into(), steps.1.into(), (now_ms + lease_ms).into()];
    held(db.execute(sql, &values).await?)
}

fn held(changed: u64) -> Result<(), StoreError> {
    match changed {
        0 => Err(StoreError::Refused("the job's lease was lost".to_owned())),
        _ => Ok(()),
    }
}

/// Ends a job as done, in the transaction that holds its result.
///
/// # Errors
/// Refused where the lease was lost; then nothing of the transaction may stay.
pub async fn finish(tx: &mut Tx, job: &Job) -> Result<(), StoreError> {
    let sql = "update job set state = 'done', lease = null, error = null, steps_done = steps_all where id = $1 and lease = $2";
    held(tx.execute(sql, &[job.id.as_str().into(), job.lease.as_str().into()]).await?)
}

/// Says that a try failed: the job waits for its next, or is dead after its last.
pub async fn fail(db: &Db, job: &Job, error: &str, now_ms: i64) -> Result<(), StoreError> {
    let shift = u32::try_from(job.tries - 1).unwrap_or(0).min(20);
    let due_ms = now_ms + (BACK_OFF_MS << shift).min(BACK_OFF_MS_MAX);
    let sql = "update job set state = case when tries >= tries_max then 'dead' else 'ready' end, \
               lease = null, error = $3, due_ms = $4 where id = $1 and lease = $2";
    let error: String = error.chars().filter(|c| *c != '\0').take(1000).collect();
    let values = [job.id.as_str().into(), job.lease.as_str().into(), error.into(), due_ms.into()];
    held(db.execute(sql, &values).await?)
}

/// Gives a dead job its tries anew, in the transaction that notes who asked for it.
///
/// # Errors
/// Refused where there is no dead job with this id.
pub async fn revive(tx: &mut Tx, id: &str, now_ms: i64) -> Result<(), StoreError> {
    let sql = "update job set state = 'ready', tries = 0, due_ms = $2 where id = $1 and state = 'dead'";
    match tx.execute(sql, &[id.into(), now_ms.into()]).await? {
        0 => Err(StoreError::Refused("there is no dead job with this id".to_owned())),
        _ => Ok(()),
    }
}

/// Gives all dead jobs of a kind their tries anew; how many there were.
pub async fn revive_all(tx: &mut Tx, kind: &str, now_ms: i64) -> Result<u64, StoreError> {
    let sql = "update job set state = 'ready', tries = 0, due_ms = $2 where kind = $1 and state = 'dead'";
    tx.execute(sql, &[kind.into(), now_ms.into()]).await
}

/// How the jobs of one kind stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindStanding {
    /// Which kind of work.
    pub kind: String,
    /// Jobs that wait for their time or for a worker.
    pub ready: u64,
    /// Jobs that a worker has.
    pub taken: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// Since when the one that waits longest has been due; none where none waits, or none is due yet.
    pub due_ms: Option<i64>,
}

/// How the jobs of all kinds stand that have something undone, by kind.
pub async fn kinds(db: &Db, now_ms: i64) -> Result<Vec<KindStanding>, StoreError> {
    let sql = "select kind, coalesce(sum(case when state = 'ready' then 1 else 0 end), 0), \
               coalesce(sum(case when state = 'taken' then 1 else 0 end), 0), \
               coalesce(sum(case when state = 'dead' then 1 else 0 end), 0), \
               min(case when state = 'ready' and due_ms <= $1 \
               then case when due_ms > created_ms then due_ms else created_ms end end) \
               from job where state <> 'done' group by kind order by kind";
    let read = |row: &Row| {
        let count = |at: usize| row.int(at).map(i64::unsigned_abs);
        let kind = row.text(0)?.to_owned();
        Ok(KindStanding { kind, ready: count(1)?, taken: count(2)?, dead: count(3)?, due_ms: row.maybe_int(4)? })
    };
    db.rows(sql, &[now_ms.into()]).await?.iter().map(read).collect()
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Its id.
    pub id: String,
    /// Which kind of work.
    pub kind: String,
    /// What the worker needed to know.
    pub payload: String,
    /// How often it was tried.
    pub tries: i64,
    /// Why the last try failed.
    pub error: String,
    /// When it was added.
    pub created_ms: i64,
}

/// Jobs of a kind that were given up, the newest first; of all kinds where `kind` is empty.
pub async fn given_up(db: &Db, kind: &str, count: i64) -> Result<Vec<GivenUp>, StoreError> {
    let sql = "select id, kind, payload, tries, error, created_ms from job where state = 'dead' and ($1 = '' or kind = $1) \
               order by created_ms desc, id limit $2";
    let read = |row: &Row| {
        let text = |at: usize| row.text(at).map(str::to_owned);
        let error = row.maybe_text(4)?.unwrap_or_default().to_owned();
        let (id, kind, payload) = (text(0)?, text(1)?, text(2)?);
        Ok(GivenUp { id, kind, payload, tries: row.int(3)?, error, created_ms: row.int(5)? })
    };
    db.rows(sql, &[kind.into(), count.into()]).await?.iter().map(read).collect()
}

/// How far a job is; none where there is no such job.
pub async fn progress(db: &Db, id: &str) -> Result<Option<Progress>, StoreError> {
    let sql = "select state, steps_done, steps_all, tries, error from job where id = $1";
    let rows = db.rows(sql, &[id.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let name = row.text(0)?;
    let state = [State::Ready, State::Taken, State::Done, State::Dead].into_iter().find(|s| s.name() == name);
    let state = state.ok_or_else(|| StoreError::Broken(format!("a job is in the unknown state {name}")))?;
    let error = row.maybe_text(4)?.map(str::to_owned);
    Ok(Some(Progress { state, steps: (row.int(1)?, row.int(2)?), tries: row.int(3)?, error }))
}

//! Batches: many applications in one request, made into records by a job (ipr-16, ipr-17, ent-01).
//!
//! A request is looked through as a whole: one wrong item, and nothing is stored. Batch and job come in one transaction,
//! and each record has a key of its batch and place, so that whatever dies, every item is one record. A record cannot be
//! changed; a batch that is *held* can, in its fields and the names of its files, until it is confirmed.
//!
//! A batch goes with its owner's key. Where the owner stays and whoever sent it may not apply any more, it is *stopped*: its
//! records stay, and each further item says so.

mod api;
mod model;
mod store;

pub(super) use api::{operations, router};
pub(super) use store::SCHEMA;

use super::{WORDS, Works};
use ::store::jobs::{self, Job};
use futures_util::future::join_all;
use model::{Stands, Waiting};
use registry::accounts::organisation::Role;
use registry::evidence::Party;
use registry::web::{Code, Fault, Told, Words};
use trust::keys::random;

/// The kind of its jobs.
const JOB: &str = "batch";
const LEASE_MS: i64 = 20_000;
/// Records that are made at the same time.
const AT_ONCE: i64 = 16;

impl Works {
    /// Carries out the batches that wait.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn batches(&self) -> Result<(), Fault> {
        loop {
            let now_ms = self.node().now().unix_s() * 1000;
            let lease = proof::digest::hex(&random::<16>()?);
            let Some(job) = jobs::take(self.db(), JOB, &lease, now_ms, LEASE_MS).await? else { return Ok(()) };
            match self.carry_out(&job).await {
                Ok(state) => self.end_batch(&job, state).await?,
                // It went with its owner meanwhile; the next look finds nothing of it.
                Err(Fault::NotFound) if self.due(&job.payload).await?.is_none() => {
                    self.end_batch(&job, Stands::Done).await?;
                }
                Err(error) => {
                    tracing::error!(?error, batch = job.payload, "a batch is not carried out");
                    jobs::fail(self.db(), &job, &format!("{error:?}"), now_ms).await?;
                }
            }
        }
    }

    /// How the batch of a job ended.
    async fn carry_out(&self, job: &Job) -> Result<Stands, Fault> {
        let id = job.payload.as_str();
        let Some(due) = self.due(id).await? else { return Ok(Stands::Done) };
        loop {
            let now = self.node().now();
            let who = (due.person.as_str(), due.actor.as_str());
            let by = Party::resumed(self.accounts(), &due.owner, who, &[Role::Applicant], now).await?;
            // Who went, or may not any more, makes nothing new; what was made stays.
            let Some(by) = by else { return Ok(Stands::Stopped) };
            let items = self.waiting(&by, id, AT_ONCE).await?;
            if items.is_empty() {
                return Ok(Stands::Done);
            }
            let outcomes = join_all(items.into_iter().map(|(place, item)| self.make_item(&by, id, place, item))).await;
            let outcomes = outcomes.into_iter().collect::<Result<Vec<_>, Fault>>()?;
            self.note_outcomes(&by, id, &outcomes).await?;
            let (batch, _) = self.batch(&by, id).await?;
            let steps = ((batch.made + batch.failed) as i64, batch.items as i64);
            // Whoever lost the job stops here.
            jobs::report(self.db(), job, steps, self.node().now().unix_s() * 1000, LEASE_MS).await?;
        }
    }

    /// Why an item of a stopped batch is no record.
    fn stopped(w: Words) -> Fault {
        let (what, remedy) = (w.say("batch-stopped"), w.say("batch-stopped-do"));
        Fault::Refused { code: Code::Stopped, what, remedy }
    }

    /// The record of an item, or why it was refused. What is this node's fault is tried again later.
    async fn make_item(
        &self,
        by: &Party,
        id: &str,
        place: i64,
        item: Waiting,
    ) -> Result<(i64, Result<String, Told>), Fault> {
        let w = WORDS.of(by.language);
        let idem = format!("batch/{id}/{place}");
        let work = item.application.work.clone().unwrap_or_else(|| Self::new_work(by, &idem));
        match self.preserve(by, &item.application, (&idem, &work), item.files, w).await {
            Ok(entries) => {
                let entry = entries.first().ok_or_else(|| Fault::broken("no record was made"))?;
                Ok((place, Ok(entry.number.to_string())))
            }
            Err(fault) if fault.is_ours() => Err(fault),
            Err(fault) => Ok((place, Err(super::api::named(fault).told(by.language)))),
        }
    }
}

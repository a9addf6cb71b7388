//! Batches: many applications in one request, made into records by a job (ipr-16, ipr-17, ent-01).
//!
//! A request is looked through as a whole: one wrong item, and nothing is stored. Batch and job come in one transaction,
//! and each record has a key of its batch and place, so that whatever dies, every item is one record. A record cannot be
//! changed; a batch that is *held* can, in its fields and the names of its files, until it is confirmed.

mod api;
mod model;
mod store;

pub(super) use api::{operations, router};
pub(super) use store::SCHEMA;

use super::{WORDS, Works};
use ::store::jobs::{self, Job};
use futures_util::future::join_all;
use model::Waiting;
use registry::accounts::organisation::Role;
use registry::evidence::Party;
use registry::web::{Fault, Told};
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
                Ok(()) => self.end_batch(&job).await?,
                Err(error) => {
                    tracing::error!(?error, batch = job.payload, "a batch is not carried out");
                    jobs::fail(self.db(), &job, &format!("{error:?}"), now_ms).await?;
                }
            }
        }
    }

    async fn carry_out(&self, job: &Job) -> Result<(), Fault> {
        let id = job.payload.as_str();
        let Some(due) = self.due(id).await? else { return Ok(()) };
        loop {
            let now = self.node().now();
            let who = (due.person.as_str(), due.actor.as_str());
            let by = Party::resumed(self.accounts(), &due.owner, who, &[Role::Applicant], now).await?;
            // Who went, or may not any more, makes nothing new; what was made stays.
            let Some(by) = by else { return Ok(()) };
            let items = self.waiting(&by, id, AT_ONCE).await?;
            if items.is_empty() {
                return Ok(());
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

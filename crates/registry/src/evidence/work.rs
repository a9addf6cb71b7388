//! What is done beside the requests: records that were put down and are not stamped yet.

use super::{Evidence, State};
use crate::web::Fault;
use proof::der::Time;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often it is looked for them.
const LOOK: Duration = Duration::from_secs(15);
/// A record that was put down a moment ago is still in the hands of its request.
const IN_HAND_MS: i64 = 20_000;
/// How far back a round looks for decisions of approvers.
const DECIDED_S: i64 = 3_600;
/// Records that one round takes up.
const ROUND: i64 = 500;

impl Evidence {
    /// Works until the task ends.
    pub async fn work(self) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.round(self.accounts().site().node.now()).await {
                tracing::error!(?error, "records wait for their stamps");
            }
        }
    }

    /// Brings records to their end whose request did not: the program died, the authority did not sign,
    /// or an approver decided meanwhile. The number of those that are still not there.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn round(&self, now: Time) -> Result<usize, Fault> {
        let before_ms = now.unix_s() * 1000 - IN_HAND_MS;
        let edge = before_ms << super::ID_RANDOM_BITS;
        let mut due = Vec::new();
        let sql = "select id from record where state = 'waiting' and id < $1 order by id limit $2";
        for row in self.db().rows(sql, &[edge.into(), ROUND.into()]).await? {
            due.push(row.int(0)?);
        }
        // What was decided a short while ago; and, so that none is forgotten, all of them in turn.
        for request in self.accounts().decided_since(now.plus_s(-DECIDED_S)).await? {
            let sql = "select id from record where request = $1 and state = 'asked'";
            for row in self.db().rows(sql, &[request.into()]).await? {
                due.push(row.int(0)?);
            }
        }
        let sql = "select id from record where state = 'asked' and id > $1 order by id limit $2";
        let asked = self.db().rows(sql, &[self.0.turn.load(Ordering::Relaxed).into(), ROUND.into()]).await?;
        let ids: Vec<i64> = asked.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
        self.0.turn.store(ids.last().copied().filter(|_| ids.len() as i64 == ROUND).unwrap_or(0), Ordering::Relaxed);
        due.extend(ids);
        due.sort_unstable();
        due.dedup();
        let mut waiting = 0;
        for id in due {
            match self.complete(id).await {
                Ok(entry) if matches!(entry.state, State::Waiting | State::Asked) => waiting += 1,
                Ok(_) => {}
                Err(error) => tracing::error!(?error, record = id, "a record is not brought to its end"),
            }
        }
        Ok(waiting)
    }
}

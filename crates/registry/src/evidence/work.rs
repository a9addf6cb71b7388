//! What is done beside the requests: records that were put down and are not stamped yet.

use super::Evidence;
use crate::web::Fault;
use proof::der::Time;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often it is looked for them.
const LOOK: Duration = Duration::from_secs(15);
/// A record that was put down a moment ago is still in the hands of its request.
const IN_HAND_MS: i64 = 20_000;
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
        let mut waiting = 0;
        for state in ["waiting", "asked"] {
            let sql = "select id from record where state = $1 and id < $2 order by id limit $3";
            for row in self.db().rows(sql, &[state.into(), edge.into(), ROUND.into()]).await? {
                let before = super::State::parse(state);
                match self.complete(row.int(0)?).await {
                    Ok(entry) if Some(entry.state) == before => waiting += 1,
                    Ok(_) => {}
                    Err(error) => tracing::error!(?error, record = row.int(0)?, "a record is not brought to its end"),
                }
            }
        }
        Ok(waiting)
    }
}

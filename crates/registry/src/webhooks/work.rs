//! What is done beside the requests: events are sent, and what is old goes.

use super::Webhooks;
use super::event::ms;
use super::model::KEPT_S;
use super::sending::Due;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use proof::der::Time;
use std::time::Duration;
use store::{Db, StoreError};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use trust::TrustError;

/// How often it is looked for events: they come from transactions of other rooms, and of other processes.
const LOOK: Duration = Duration::from_secs(1);
/// How often what is old is looked for.
const SWEEP: Duration = Duration::from_secs(3_600);
/// Events that one transaction removes.
const ROUND: i64 = 500;

/// How deliveries stand, for the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Endpoints that get events.
    pub enabled: u64,
    /// Endpoints that were disabled because they did not answer, or said that they are gone.
    pub disabled: u64,
    /// Deliveries that wait or are under way.
    pub waiting: u64,
    /// Deliveries of the last 30 days that were given up.
    pub failed: u64,
}

impl Counts {
    /// As they are now.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(db: &Db) -> Result<Self, StoreError> {
        let sql = "select (select count(*) from webhook_endpoint where is_enabled = 1), \
                   (select count(*) from webhook_endpoint where is_enabled = 0 and why <> 'owner'), \
                   (select count(*) from webhook_delivery where state in ('waiting', 'sending')), \
                   (select count(*) from webhook_delivery where state = 'failed')";
        let rows = db.rows(sql, &[]).await?;
        let Some(row) = rows.first() else { return Ok(Self::default()) };
        let count = |column| row.int(column).map(i64::unsigned_abs);
        Ok(Self { enabled: count(0)?, disabled: count(1)?, waiting: count(2)?, failed: count(3)? })
    }
}

impl Webhooks {
    /// Works until the task ends.
    pub async fn work(self) {
        tokio::join!(self.go_on(), self.keep_tidy());
    }

    /// Sends what is due. What is under way belongs to this task, and ends with it.
    async fn go_on(&self) {
        if self.0.is_enabled {
            // As many as there are places, so that it is bounded.
            let (give, given) = mpsc::unbounded_channel();
            tokio::join!(self.go_on_taking(give), self.go_on_sending(given));
        }
    }

    async fn go_on_taking(&self, give: mpsc::UnboundedSender<(Due, Time)>) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut woken = self.0.woken.subscribe();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = woken.changed() => {}
            }
            let now = self.now();
            let taken = async {
                while self.spread().await? {}
                self.take(now).await
            };
            match taken.await {
                Ok(taken) => taken.into_iter().for_each(|due| drop(give.send((due, now)))),
                Err(error) => tracing::error!(%error, "deliveries are not taken"),
            }
        }
    }

    /// Awaits nothing but what is under way: one that holds a transaction goes on while another is taken.
    async fn go_on_sending(&self, mut given: mpsc::UnboundedReceiver<(Due, Time)>) {
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some((due, now)) = given.recv() => under_way.push(self.carry_out(due, now)),
                // There is a place for another.
                Some(()) = under_way.next() => self.wake(),
                else => return,
            }
        }
    }

    async fn keep_tidy(&self) {
        let mut ticks = tokio::time::interval(SWEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sweep(self.now()).await {
                tracing::error!(%error, "old events are not removed");
            }
        }
    }

    /// One round of sending: all that is due at a time.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn round(&self, now: Time) -> Result<(), TrustError> {
        loop {
            while self.spread().await? {}
            let taken = self.take(now).await?;
            if taken.is_empty() {
                return Ok(());
            }
            join_all(taken.into_iter().map(|due| self.carry_out(due, now))).await;
        }
    }

    /// Removes events with their deliveries after their time, and secrets that no longer sign.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn sweep(&self, now: Time) -> Result<(), TrustError> {
        self.drop_old_secrets(now).await?;
        let old_ms = ms(now) - KEPT_S * 1000;
        loop {
            let sql = "select id from webhook_event where made_ms < $1 order by made_ms limit $2";
            let rows = self.db().rows(sql, &[old_ms.into(), ROUND.into()]).await?;
            let removed: Result<(), StoreError> = store::transaction!(self.db(), tx => {
                for row in &rows {
                    let id = row.text(0)?;
                    let sql = "delete from webhook_attempt where delivery in \
                               (select id from webhook_delivery where event = $1)";
                    tx.execute(sql, &[id.into()]).await?;
                    tx.execute("delete from webhook_delivery where event = $1", &[id.into()]).await?;
                    tx.execute("delete from webhook_event where id = $1", &[id.into()]).await?;
                }
                Ok(())
            });
            removed?;
            if (rows.len() as i64) < ROUND {
                return Ok(());
            }
        }
    }
}

//! What is done beside the requests: orders and refunds that are open are asked about.

use super::Billing;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often it is looked for them.
const LOOK: Duration = Duration::from_secs(15);

impl Billing {
    /// Works until the task ends.
    pub async fn work(self) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.round(self.accounts().site().node.now()).await {
                tracing::error!(%error, "orders wait for their provider");
            }
        }
    }

    /// One round of everything.
    ///
    /// # Errors
    /// Where the database fails, or the provider does not answer.
    pub async fn round(&self, now: proof::der::Time) -> Result<(), trust::TrustError> {
        self.reconcile(now).await
    }
}

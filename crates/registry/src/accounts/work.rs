//! What is done beside the requests: mail, stamps, and what has run out.

use super::Accounts;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::tsp::TimeStampReq;
use proof::verify::token_der;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use trust::TrustError;

/// How often it is looked for work that nobody announced.
const LOOK: Duration = Duration::from_secs(15);
/// How often trails are stamped and old things removed.
const SWEEP_S: i64 = 3600;

impl Accounts {
    /// Stamps some bytes with the node's own authority: a TimeStampResp. None where it does not
    /// sign now; then it is tried again later.
    pub async fn stamp(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>, TrustError> {
        let digest = DigestAlgorithm::Sha256.digest(bytes);
        let request = TimeStampReq::encode(&digest, None, None, true);
        let reply = self.site().node.tsa.respond(None, &request).await;
        Ok(reply.filter(|reply| reply.refused.is_none() && token_der(&reply.der).is_ok()).map(|reply| reply.der))
    }

    /// Works until the task ends.
    pub async fn work(self) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut swept = Time::from_unix(0);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.0.woken.notified() => {}
            }
            let now = self.site().node.now();
            if let Err(error) = self.round(now).await {
                tracing::error!(%error, "the accounts' work is not done");
            }
            if now.unix_s() - swept.unix_s() >= SWEEP_S {
                swept = now;
                if let Err(error) = self.sweep(now).await {
                    tracing::error!(%error, "what has run out is not removed");
                }
            }
        }
    }

    /// Sends the mail that is due, and stamps the consents that are not stamped yet.
    pub async fn round(&self, now: Time) -> Result<(), TrustError> {
        self.stamp_consents().await?;
        self.ask_provider(now).await?;
        self.send_mail(now).await
    }

    /// Removes what has run out, erases whoever waits for it, and stamps the trails.
    pub async fn sweep(&self, now: Time) -> Result<(), TrustError> {
        self.site().sessions.sweep(now).await?;
        self.sweep_tickets(now).await?;
        self.sweep_mail(now).await?;
        self.sweep_papers(now).await?;
        self.erase_due(now).await?;
        self.seal_trails(now).await
    }
}

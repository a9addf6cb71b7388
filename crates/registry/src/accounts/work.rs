//! What is done beside the requests: mail, stamps, and what has run out.

use super::Accounts;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use trust::TrustError;

/// How often it is looked for work that nobody announced.
const LOOK: Duration = Duration::from_secs(15);
/// How often trails are stamped and old things removed.
const SWEEP: Duration = Duration::from_secs(3600);

/// What goes on, each by itself.
#[derive(Clone, Copy, Debug)]
enum Work {
    Mail,
    Consents,
    Provider,
    Announcements,
    Sweep,
}

impl Accounts {
    /// Stamps some bytes with the node's own authority: a TimeStampResp. None where it does not
    /// sign now; then it is tried again later.
    pub async fn stamp(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>, TrustError> {
        Ok(self.site().node.stamp(&DigestAlgorithm::Sha256.digest(bytes)).await.ok())
    }

    /// Works until the task ends. Each kind of work goes on by itself: none waits for another.
    pub async fn work(self) {
        tokio::join!(
            self.go_on(Work::Mail),
            self.go_on(Work::Consents),
            self.go_on(Work::Provider),
            self.go_on(Work::Announcements),
            self.go_on(Work::Sweep),
        );
    }

    async fn go_on(&self, what: Work) {
        let is_sweep = matches!(what, Work::Sweep);
        let mut ticks = tokio::time::interval(if is_sweep { SWEEP } else { LOOK });
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut woken = self.0.woken.subscribe();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = woken.changed(), if !is_sweep => {}
            }
            let now = self.site().node.now();
            let done = match what {
                Work::Mail => self.send_mail(now).await,
                Work::Consents => self.stamp_consents().await,
                Work::Provider => self.ask_provider(now).await,
                Work::Announcements => self.look_at_announcements().await.map_err(TrustError::from),
                Work::Sweep => self.sweep(now).await,
            };
            if let Err(error) = done {
                tracing::error!(?what, %error, "the accounts' work is not done");
            }
        }
    }

    /// One round of what does not wait: mail, stamps of consents, questions to the provider.
    pub async fn round(&self, now: Time) -> Result<(), TrustError> {
        self.send_mail(now).await?;
        self.stamp_consents().await?;
        self.ask_provider(now).await
    }

    /// Removes what has run out, erases whoever waits for it, and stamps the trails. What cannot be
    /// undone waits for a time that can be relied on.
    pub async fn sweep(&self, now: Time) -> Result<(), TrustError> {
        let mut first: Result<(), TrustError> = Ok(());
        let mut note = |what: &str, done: Result<(), TrustError>| {
            if let Err(error) = done {
                tracing::error!(what, %error, "what has run out is not removed");
                if first.is_ok() {
                    first = Err(error);
                }
            }
        };
        note("sessions", self.site().sessions.sweep(now).await.map(drop).map_err(TrustError::from));
        note("tickets", self.sweep_tickets(now).await.map_err(TrustError::from));
        note("devices", self.sweep_devices(now).await.map_err(TrustError::from));
        note("mail", self.sweep_mail(now).await.map_err(TrustError::from));
        note("invitations", self.sweep_invitations(now).await.map_err(TrustError::from));
        note("access", self.sweep_access(now).await.map_err(TrustError::from));
        if self.site().node.is_time_told() {
            note("papers", self.sweep_papers(now).await);
            note("people", self.erase_due(now).await);
        }
        note("trails", self.seal_trails(now).await);
        first
    }
}

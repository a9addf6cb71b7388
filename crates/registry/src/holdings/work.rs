//! What is done beside the requests: copies, checks, reminders, and what has run out.

use super::Holdings;
use super::fixity::Which;
use crate::evidence::{Owner, Party};
use crate::web::Fault;
use proof::der::Time;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use trust::TrustError;

/// How often it is looked for work that nobody announced.
const LOOK: Duration = Duration::from_secs(60);

/// What goes on, each by itself.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Copies that are to be made or mended.
    Copies,
    /// Copies that are read again.
    Checks,
    /// Originals that belong beside a record.
    Attach,
    /// Previews of originals that stand beside a record.
    Previews,
    /// What has run out, reminders, figures.
    Sweep,
}

impl Holdings {
    /// Works until the task ends. Each kind of work goes on by itself: none waits for another.
    pub async fn work(self) {
        tokio::join!(
            self.go_on(Work::Copies),
            self.go_on(Work::Checks),
            self.go_on(Work::Attach),
            self.go_on(Work::Previews),
            self.go_on(Work::Sweep)
        );
    }

    async fn go_on(&self, what: Work) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut woken = self.0.woken.subscribe();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = woken.changed() => {}
            }
            let now = self.now();
            let done = match what {
                Work::Copies => self.keeping().look_at_due(Which::Bad, now).await,
                Work::Checks => self.keeping().look_at_due(Which::Standing, now).await,
                Work::Attach => self.attach_due(now).await,
                Work::Previews => self.make_due_previews(now).await,
                Work::Sweep => self.sweep(now).await,
            };
            if let Err(error) = done {
                tracing::error!(?what, %error, "the holdings' work is not done");
            }
        }
    }

    /// One round of everything.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn round(&self, now: Time) -> Result<(), TrustError> {
        self.attach_due(now).await?;
        self.sweep(now).await?;
        self.keeping().look_at_due(Which::Standing, now).await?;
        self.keeping().look_at_due(Which::Bad, now).await?;
        self.tell_findings(now).await?;
        self.make_due_previews(now).await?;
        Ok(self.count().await?)
    }

    /// Ends what was left half-done, removes what has run out, reminds, counts. One that fails does not
    /// stop the others.
    async fn sweep(&self, now: Time) -> Result<(), TrustError> {
        let mut first: Result<(), TrustError> = Ok(());
        let mut note = |what: &str, done: Result<(), TrustError>| {
            if let Err(error) = done {
                tracing::error!(what, %error, "a part of the holdings' work is not done");
                if first.is_ok() {
                    first = Err(error);
                }
            }
        };
        note("uploads", self.finish_sealed().await.map_err(|fault| TrustError::Broken(format!("{fault:?}"))));
        note("declined", self.loosen_declined(now).await);
        note("expiry", self.sweep_uploads(now).await);
        note("loose", self.sweep_loose(now).await);
        note("reminders", self.remind(now).await);
        note("terms", self.end_terms(now).await);
        note("bytes", self.remove_due(now).await);
        note("places", self.look_at_places(now).await);
        note("findings", self.tell_findings(now).await);
        note("figures", self.count().await.map_err(TrustError::from));
        first
    }

    /// The party that sent something, for what follows from it without a request; none where the owner is gone.
    pub(super) async fn party_of(&self, owner: &str, person: &str) -> Result<Option<Party>, Fault> {
        let Some(owner) = Owner::parse(owner) else { return Ok(None) };
        Party::of_node(self.accounts(), &owner, person, self.now()).await
    }
}

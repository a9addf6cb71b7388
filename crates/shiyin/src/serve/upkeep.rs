//! What goes on beside the requests: the clock is measured, the journal settled into the log, and
//! the accounts do theirs, keys and lists are looked at again, each hour and when the operator says so (SIGHUP).

use super::Server;
use crate::config::Config;
use proof::der::Time;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use trust::TrustError;
use trust::certificates::key_use_ends;
use trust::clock::watch::Watch;
use trust::clock::{Clock as _, SystemClock};

/// How soon a line of the journal is in the log.
const SETTLE: Duration = Duration::from_secs(1);
/// How often keys and lists are looked at.
const LOOK: Duration = Duration::from_secs(3600);
/// What ends within this time is warned of.
const SOON_S: i64 = 90 * 86_400;

/// The work, until it is ended.
pub(super) struct Upkeep(Vec<JoinHandle<()>>);

impl Upkeep {
    /// Stops it, and waits until nothing of it holds the server any more.
    pub(super) async fn end(self) {
        for task in &self.0 {
            task.abort();
        }
        for task in self.0 {
            // Aborted is what it should be.
            let _ = task.await;
        }
    }
}

/// Starts it. The clock has been measured once when this returns.
pub(super) async fn start(server: &Arc<Server>, config: &Config) -> Result<Upkeep, TrustError> {
    let mut tasks = Vec::new();
    if let Some(clock) = &server.node.clock {
        let sources = config.clock.sources();
        let mut watch =
            Watch::new(Arc::clone(clock), sources, config.clock.every(), server.node.journal.clone()).await?;
        watch.round().await?;
        tasks.push(tokio::spawn(watch.run()));
    }
    server.node.journal.settle(server.node.tsa.ledger()).await?;
    tasks.push(tokio::spawn(settle(Arc::clone(server))));
    tasks.push(tokio::spawn(server.accounts.clone().work()));
    tasks.push(tokio::spawn(server.billing.clone().work()));
    tasks.push(tokio::spawn(server.webhooks.clone().work()));
    tasks.push(tokio::spawn(server.evidence.clone().work()));
    tasks.push(tokio::spawn(server.holdings.clone().work()));
    tasks.push(tokio::spawn(server.works.clone().work()));
    let hangup = signal(SignalKind::hangup()).map_err(|e| TrustError::Broken(e.to_string()))?;
    tasks.push(tokio::spawn(look_again(Arc::clone(server), hangup)));
    Ok(Upkeep(tasks))
}

async fn settle(server: Arc<Server>) {
    let mut ticks = tokio::time::interval(SETTLE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = server.node.journal.settle(server.node.tsa.ledger()).await {
            tracing::error!(%error, "the journal cannot be put into the log");
        }
    }
}

async fn look_again(server: Arc<Server>, mut hangup: tokio::signal::unix::Signal) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = hangup.recv() => {}
        }
        match server.look_again().await {
            Ok(()) => {
                tracing::info!("keys and revocation lists were looked at again");
                warn_of_ends(&server);
            }
            Err(error) => tracing::error!(%error, "keys cannot be looked at again; the old ones go on"),
        }
    }
}

/// Says what ends soon, so that nobody learns of it from the end itself.
fn warn_of_ends(server: &Server) {
    let Ok(reading) = SystemClock.now() else { return };
    let is_soon = |end: Time| end.unix_s() - reading.time.unix_s() < SOON_S;
    let public = server.node.public();
    for held in public.instance.in_use() {
        let Ok(certificate) = held.certificate() else { continue };
        let end = key_use_ends(&certificate).unwrap_or(certificate.not_after);
        if is_soon(end) {
            let (algorithm, role) = (held.algorithm.name(), held.role.name());
            tracing::warn!(algorithm, role, %end, "a certificate ends soon; see shiyin doctor");
        }
    }
    for suite in &public.instance.suites {
        let algorithm = suite.algorithm.name();
        if let Some((end, source)) = suite.algorithm.recommended_until().filter(|(end, _)| is_soon(*end)) {
            tracing::warn!(algorithm, %end, source, "an algorithm is recommended for not much longer; see shiyin doctor");
        }
    }
}

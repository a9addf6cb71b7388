//! What the operator's monitoring reads: counts and times (Prometheus), and whether it may sign.
//!
//! Labels are names out of this program and its configuration, never what a client
//! sent. They are served on an address of their own, which others should not reach.

use super::{Server, public, refuse};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use proof::tsp::FailureInfo;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use trust::certificates::{Role, key_use_ends};

type Labels = Vec<(&'static str, String)>;
type Seconds = Family<Labels, Gauge<f64, AtomicU64>>;

/// What is counted and measured.
pub(super) struct Metrics {
    registry: Registry,
    outcomes: Family<Labels, Counter>,
    seconds: Histogram,
    log_entries: Gauge,
    ready: Gauge,
    clock_error: Gauge<f64, AtomicU64>,
    clock_off: Gauge<f64, AtomicU64>,
    clock_moved: Gauge<f64, AtomicU64>,
    sources: Family<Labels, Gauge>,
    expires: Seconds,
    use_ends: Seconds,
    list_due: Seconds,
    algorithm_ends: Seconds,
    sealing: Gauge,
    holdings: Family<Labels, Gauge>,
    copies: Family<Labels, Gauge>,
    holding_bytes: Gauge,
    repairs: Gauge,
    uploads: Gauge,
    oldest_check: Gauge<f64, AtomicU64>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("shiyin");
        // From a reply that pays for a commit alone to one that waits behind many.
        let seconds = Histogram::new([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0]);
        let metrics = Self {
            outcomes: Family::default(),
            seconds,
            log_entries: Gauge::default(),
            ready: Gauge::default(),
            clock_error: Gauge::default(),
            clock_off: Gauge::default(),
            clock_moved: Gauge::default(),
            sources: Family::default(),
            expires: Family::default(),
            use_ends: Family::default(),
            list_due: Family::default(),
            algorithm_ends: Family::default(),
            sealing: Gauge::default(),
            holdings: Family::default(),
            copies: Family::default(),
            holding_bytes: Gauge::default(),
            repairs: Gauge::default(),
            uploads: Gauge::default(),
            oldest_check: Gauge::default(),
            registry: Registry::default(),
        };
        let s = Unit::Seconds;
        registry.register("requests", "Requests for tokens by outcome", metrics.outcomes.clone());
        let help = "Time from a request's last byte to its reply";
        registry.register_with_unit("request", help, s.clone(), metrics.seconds.clone());
        registry.register("log_entries", "Entries of the log", metrics.log_entries.clone());
        registry.register("ready", "1 where tokens can be signed", metrics.ready.clone());
        registry.register("sealing", "1 where documents can be sealed", metrics.sealing.clone());
        let help = "How far off the time may be";
        registry.register_with_unit("clock_error", help, s.clone(), metrics.clock_error.clone());
        let help = "How far the last measurement found the time off";
        registry.register_with_unit("clock_offset", help, s.clone(), metrics.clock_off.clone());
        let help = "How far the time was moved in the last day";
        registry.register_with_unit("clock_moved_today", help, s, metrics.clock_moved.clone());
        registry.register("clock_source_up", "1 where a source of time answered last", metrics.sources.clone());
        let help = "When a certificate expires, Unix time";
        registry.register("certificate_expires", help, metrics.expires.clone());
        registry.register("key_use_ends", "When a key is to sign no more, Unix time", metrics.use_ends.clone());
        registry.register("revocation_list_due", "When the next list is due, Unix time", metrics.list_due.clone());
        let help = "Until when an algorithm is recommended, Unix time";
        registry.register("algorithm_recommended_until", help, metrics.algorithm_ends.clone());
        let help = "Originals: all, those without a good copy, those with fewer good copies than places";
        registry.register("holdings", help, metrics.holdings.clone());
        let help = "Copies of originals: all, bad ones, those whose place did not answer";
        registry.register("holding_copies", help, metrics.copies.clone());
        registry.register("holding_bytes", "Bytes of all copies of originals", metrics.holding_bytes.clone());
        registry.register("holding_repairs", "Copies mended so far", metrics.repairs.clone());
        registry.register("uploads_open", "Uploads under way", metrics.uploads.clone());
        let help = "When the copy was read that has waited longest, Unix time; 0 where there is none";
        registry.register("holding_oldest_check", help, metrics.oldest_check.clone());
        Self { registry, ..metrics }
    }

    /// One request that came to this outcome.
    pub(super) fn count(&self, outcome: &str) {
        self.outcomes.get_or_create(&vec![("outcome", outcome.to_owned())]).inc();
    }

    /// One reply.
    pub(super) fn answered(&self, refused: Option<FailureInfo>, took: Duration) {
        self.count(refused.map_or("granted", |failure| failure.name()));
        self.seconds.observe(took.as_secs_f64());
    }

    fn look(&self, server: &Server) {
        self.ready.set(i64::from(server.node.unready().is_empty()));
        let size = server.node.log_size();
        self.log_entries.set(i64::try_from(size).unwrap_or(i64::MAX));
        if let Some(clock) = &server.node.clock {
            let status = clock.status();
            let s = |ns: i64| ns as f64 / 1e9;
            self.clock_error.set(status.told.map_or(f64::NAN, |told| s(told.error_ns)));
            self.clock_off.set(status.measurement.map_or(f64::NAN, |(off_ns, _)| s(off_ns)));
            self.clock_moved.set(s(status.moved_today_ns));
            for source in &status.sources {
                let labels = vec![("source", source.name.clone())];
                self.sources.get_or_create(&labels).set(i64::from(source.last.is_ok()));
            }
        }
        let public = server.node.public();
        for suite in &public.instance.suites {
            let name = suite.algorithm.name().to_owned();
            if let Some((end, _)) = suite.algorithm.recommended_until() {
                self.algorithm_ends.get_or_create(&vec![("suite", name.clone())]).set(end.unix_s() as f64);
            }
        }
        for held in public.instance.in_use() {
            let Ok(certificate) = held.certificate() else { continue };
            let (suite, role) = (held.algorithm.name().to_owned(), held.role.name().to_owned());
            let labels = vec![("suite", suite.clone()), ("role", role.clone())];
            self.expires.get_or_create(&labels).set(certificate.not_after.unix_s() as f64);
            if let Some(end) = key_use_ends(&certificate) {
                // The TSA's came first, and is watched by the suite alone.
                let labels = if held.role == Role::Tsa { vec![("suite", suite)] } else { labels };
                self.use_ends.get_or_create(&labels).set(end.unix_s() as f64);
            }
        }
        self.sealing.set(i64::from(server.node.seal().is_some()));
        let figures = server.holdings.figures();
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let of = |family: &Family<Labels, Gauge>, state: &str, count: u64| {
            family.get_or_create(&vec![("state", state.to_owned())]).set(number(count));
        };
        of(&self.holdings, "all", figures.holdings);
        of(&self.holdings, "lost", figures.lost);
        of(&self.holdings, "short", figures.short);
        of(&self.copies, "all", figures.copies);
        of(&self.copies, "bad", figures.bad);
        of(&self.copies, "unreachable", figures.unreachable);
        self.holding_bytes.set(number(figures.bytes));
        self.repairs.set(number(figures.repaired));
        self.uploads.set(number(figures.uploads));
        self.oldest_check.set(figures.oldest_check.map_or(0.0, |time| time.unix_s() as f64));
        for (id, list) in &public.lists {
            self.list_due.get_or_create(&vec![("issuer", id.clone())]).set(list.due.unix_s() as f64);
        }
    }
}

/// The addresses of the operator's own listener.
pub(super) fn router(server: Arc<Server>) -> Router {
    Router::new().route("/metrics", get(show)).route("/readyz", get(ready)).with_state(server)
}

async fn show(State(server): State<Arc<Server>>) -> Response<Body> {
    server.metrics.look(&server);
    let mut text = String::new();
    match encode(&mut text, &server.metrics.registry) {
        Ok(()) => public(&text, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written\n"),
    }
}

/// `GET /readyz`: 200 where tokens can be signed, 503 with the reasons where not.
pub(super) async fn ready(State(server): State<Arc<Server>>) -> Response<Body> {
    let reasons = server.node.unready();
    let mut response = public(&format!("{}\n", reasons.join("\n")), "text/plain; charset=utf-8");
    match reasons.is_empty() {
        true => *response.body_mut() = Body::from("ok\n"),
        false => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
    }
    response
}

//! The authority over HTTP (RFC 3161 section 3.4).
//!
//! A refusal of the protocol is an answer of the protocol; HTTP codes speak of
//! transport only. Bodies, waiting times and requests per address are bounded.

mod acme;
mod api;
mod connections;
mod external;
mod issuers;
mod journal;
mod log;
mod messages;
mod metrics;
mod pages;
mod stamp;
mod tls;
mod upkeep;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{config, input, payments, people, program, tell, webhooks};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use clap::ArgMatches;
use intake::works::Works;
use issuers::Issuers;
use metrics::Metrics;
pub(crate) use pages::fault_of;
use preview::Maker;
use registry::accounts::{Accounts, Settings};
use registry::billing::{self, Billing};
use registry::evidence::Evidence;
use registry::holdings::Holdings;
use registry::web::{Node, Profile, Public, RateLimit, by_host};
use registry::webhooks::Webhooks;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use store::blobs::Blobs;
use tokio::net::TcpListener;
use tokio::time::Instant;
use trust::authority::{Authority, lists};
use trust::ceremony::Ceremony;
use trust::clock::host::Machine;
use trust::clock::watch::{WatchedClock, moved_in_a_day};
use trust::clock::{Clock, MonotonicClock, SystemClock};
use trust::instance::Mode;
use trust::journal::Journal;
use trust::ledger::{Ledger, Place};
use trust::seal::{DocumentSeal, NoSeal};
use trust::storage::Storage;
use trust::tsa::{Form, Tsa};

/// Who is told when a record is kept.
const LISTENERS: [&str; 2] = [intake::works::LISTENER, registry::holdings::LISTENER];

struct Server {
    /// The instruments, which the pages show as well.
    node: Arc<Node>,
    accounts: Accounts,
    billing: Billing,
    webhooks: Webhooks,
    evidence: Evidence,
    holdings: Holdings,
    works: Works,
    pages: Router,
    content: Router,
    rate: RateLimit,
    started: Instant,
    trusted_proxies: Vec<IpAddr>,
    /// The public files of the log, and of those before it.
    logs: Blobs,
    /// What anyone may read of the certificates; changed where they are.
    issuers: RwLock<Arc<Issuers>>,
    metrics: Metrics,
    data: PathBuf,
    storage: Storage,
    form: Form,
}

/// `shiyin serve`
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let data = input::path(matches, "data");
    let config = config::read(data, words)?;
    let _written = messages::start(&config.messages, words)?;
    runtime()?.block_on(serve(matches, &config, words))
}

async fn serve(matches: &ArgMatches, config: &Config, words: &Words) -> Result<Exit, Failure> {
    let fault = |message: String| Failure::new(Exit::Instance, message);
    let broken = |e: trust::TrustError| fault(e.to_string());
    let now = now(words)?;
    let data = input::path(matches, "data");
    let storage = config.storage()?;
    match Ceremony::complete_evaluation(data, &storage, now).await {
        Ok(true) => tracing::info!("this evaluation instance was made without a document seal, and has one now"),
        Ok(false) => {}
        // Timestamps do not depend on it.
        Err(error) => tracing::error!(%error, "the document seal cannot be made"),
    }
    let authority = Authority::open(data, &storage, now).await.map_err(broken)?;
    let mode = authority.instance.mode;
    let address = listen_address(matches, config);
    let listener = listen(&address, words).await?;
    let local = listener.local_addr().map_err(|e| fault(e.to_string()))?;
    let is_meant = matches.get_flag("allow-remote") || mode == Mode::Production;
    if !local.ip().is_loopback() && !is_meant {
        return Err(fault(words.say("serve-remote", &[("address", &address)])));
    }
    let is_covered = config.serve.tls.is_some() || !config.serve.trusted_proxies.is_empty();
    if mode == Mode::Production && !local.ip().is_loopback() && !is_covered {
        return Err(fault(words.say("serve-plain", &[("address", &address)])));
    }
    let public_url = authority.instance.url.clone().unwrap_or_default();
    let names = [&*public_url, config.public.content_url.as_deref().unwrap_or_default()];
    let tls = config.serve.tls.as_ref().map(|tls| tls::prepare(tls, data, names, words)).transpose()?;
    let metrics_listener = match &config.serve.metrics {
        Some(address) => Some(listen(address, words).await?),
        None => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://localhost:{}", local.port());
    let rate = RateLimit::new(matches.get_one::<u32>("rate").copied().unwrap_or_default());
    let place = authority.instance.log_place(data, &storage).map_err(broken)?;
    let waiting = || tell(&words.say("serve-waiting", &[]));
    let mut profile = pages::profile(config, &url, words)?;
    profile.content = pages::content(config, mode, local, words)?;
    let paying = payments::settings(config, data, words)?;
    let people = (people::settings(config, data, words)?, paying, webhooks::settings(config, data, words)?);
    // The first use of TLS, wherever it is, finds its cryptography.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = Server::new(authority, &place, config, rate, (data, &storage, profile, people), waiting);
    let server = Arc::new(server.await.map_err(broken)?);
    let watching = upkeep::start(&server, config).await.map_err(broken)?;
    let (tls, acme) = tls.map_or((None, None), |tls| (Some(tls.acceptor), tls.acme));
    let acme = acme.map(|acme| tokio::spawn(acme.run()));
    let stamper = external::start(&config.external, place.public.clone(), words)?;
    let signalled = stop_signal().map_err(|e| fault(e.to_string()))?;
    tell(&words.say(if mode == Mode::Production { "serve-ready-production" } else { "serve-ready" }, &[("url", &url)]));
    if mode == Mode::Evaluation {
        let elsewhere = if local.port() == 8318 { String::new() } else { format!(" --server {url}") };
        let command = format!("{} stamp README.md --data {}{elsewhere}", program(), data.display());
        tell(&words.say("serve-next", &[("command", &command)]));
        let command = format!("{} operator-token --data {}", program(), data.display());
        tell(&words.say("serve-administrator", &[("url", &url), ("command", &command)]));
    }
    tracing::info!(%url, version = env!("CARGO_PKG_VERSION"), "serving");
    let mut stopped = false;
    let ends = async {
        tokio::select! {
            () = signalled => {}
            () = server.node.tsa.ledger().stopped() => stopped = true,
        }
    };
    let inside = metrics_listener.map(|listener| {
        let router = metrics::router(Arc::clone(&server));
        tokio::spawn(connections::serve(listener, None, router, std::future::pending()))
    });
    let everything = by_host(server.node.profile.content.clone(), router(Arc::clone(&server)), server.content.clone());
    connections::serve(listener, tls, everything, ends).await;
    inside.into_iter().chain(acme).for_each(|task| task.abort());
    drop(stamper);
    watching.end().await;
    // A connection that did not end in time still holds the server; what it waits for is durable or refused.
    let ended = Arc::into_inner(server).map(|server| {
        drop((server.pages, server.content));
        (server.accounts, server.node)
    });
    let node = match ended {
        Some((accounts, node)) => {
            accounts.close().await;
            Arc::into_inner(node)
        }
        None => None,
    };
    if let Some(node) = node {
        node.journal.close().await;
        node.tsa.close().await;
    }
    tracing::info!(stopped, "ended");
    if stopped {
        return Err(fault(words.say("serve-log-stopped", &[])));
    }
    tell(&words.say("serve-stopped", &[]));
    Ok(Exit::Valid)
}

/// The command line's word, else the configuration's, else the default.
fn listen_address(matches: &ArgMatches, config: &Config) -> String {
    let given = matches.get_one::<String>("listen").cloned();
    given.or_else(|| config.serve.listen.clone()).unwrap_or_else(|| crate::cli::DEFAULT_LISTEN.to_owned())
}

async fn listen(address: &str, words: &Words) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| {
        let values = [("address", address), ("cause", &e.to_string())];
        Failure::new(Exit::Instance, words.say("serve-listen-failed", &values))
    })
}

/// What ends the server. It listens from the moment it is made, so that nothing can come too early.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What the operator chose of accounts, billing and webhooks.
type Chosen = (Settings, billing::Settings, registry::webhooks::Settings);

impl Server {
    async fn new(
        authority: Authority,
        place: &Place,
        config: &Config,
        rate: RateLimit,
        (data, storage, profile, (people, paying, telling)): (&Path, &Storage, Profile, Chosen),
        waiting: impl FnOnce(),
    ) -> Result<Self, trust::TrustError> {
        let ledger = Ledger::open(place, Arc::clone(&authority.log), waiting).await?;
        let newest = Some(ledger.newest());
        let journal = Journal::open(&place.database).await?;
        let (clock, watched): (Box<dyn Clock>, _) = match authority.instance.mode {
            Mode::Evaluation => (Box::new(MonotonicClock::new(SystemClock, newest)), None),
            Mode::Production => {
                let now = SystemClock.now().map_or(ledger.newest(), |reading| reading.time);
                let moved_ns = moved_in_a_day(&journal, now).await?;
                let watched = Arc::new(WatchedClock::new(config.clock.limits(), Arc::new(Machine), moved_ns));
                (Box::new(MonotonicClock::new(Arc::clone(&watched), newest)), Some(watched))
            }
        };
        let issuers = RwLock::new(Arc::new(Issuers::read(&authority.instance, data, storage).await?));
        let public = Public { instance: authority.instance.clone(), lists: lists(data).await? };
        let form = config.tsa.form();
        let seal = usable(authority.seal.clone());
        let tsa = Tsa::new(authority, form, clock, ledger)?;
        let node = Arc::new(Node::new(tsa, watched, journal, profile, public, seal));
        let nav = std::iter::once(intake::works::NAV).chain(exhibit::navigation()).collect();
        let accounts = Accounts::open(Arc::clone(&node), nav, (data, storage), people).await?;
        let billing = Billing::open(&accounts, paying).await?;
        let webhooks = Webhooks::open(&accounts, telling).await?;
        let evidence = Evidence::open(&billing, LISTENERS.to_vec()).await?;
        let holdings = Holdings::open(&evidence, (data, storage), config.holdings.settings()).await?;
        // By this name it is found even where another version has taken its place on the disk.
        holdings.make_previews(Maker::new(PathBuf::from("/proc/self/exe"), &[crate::PREVIEW])).await?;
        let works = Works::open(&holdings).await?;
        exhibit::open(&evidence).await?;
        let rooms = exhibit::router(&holdings, Some(place.public.clone()))
            .merge(intake::works::router(&works))
            .merge(registry::accounts::router(accounts.clone()))
            .merge(registry::billing::router(&billing))
            .merge(registry::webhooks::router(&webhooks));
        Ok(Self {
            pages: registry::web::assemble(
                accounts.site(),
                api::operations(),
                rooms,
                registry::holdings::router(&holdings),
            ),
            content: registry::holdings::content_router(&holdings),
            accounts,
            billing,
            webhooks,
            evidence,
            holdings,
            works,
            node,
            rate,
            started: Instant::now(),
            trusted_proxies: config.serve.trusted_proxies.clone(),
            logs: storage.logs(data)?,
            issuers,
            metrics: Metrics::new(),
            data: data.to_owned(),
            storage: storage.clone(),
            form,
        })
    }

    /// Goes on with the keys, certificates and lists as they are now.
    async fn look_again(&self) -> Result<(), trust::TrustError> {
        let now = SystemClock.now().map_err(|_| trust::TrustError::Broken("the host has no clock".to_owned()))?;
        let authority = Authority::open(&self.data, &self.storage, now.time).await?;
        let issuers = Issuers::read(&authority.instance, &self.data, &self.storage).await?;
        let public = Public { instance: authority.instance.clone(), lists: lists(&self.data).await? };
        let seal = authority.seal.clone();
        self.node.tsa.look_again(authority, self.form)?;
        self.node.set_public(public);
        self.node.set_seal(usable(seal));
        *self.issuers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(issuers);
        Ok(())
    }

    fn issuers(&self) -> Arc<Issuers> {
        Arc::clone(&self.issuers.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The seal, where documents can be sealed; the operator is told where not.
fn usable(seal: Result<DocumentSeal, NoSeal>) -> Option<DocumentSeal> {
    seal.inspect_err(|why| tracing::warn!(reason = why.name(), %why, "documents are not sealed")).ok()
}

fn router(server: Arc<Server>) -> Router {
    const TEXT: &str = "text/plain; charset=utf-8";
    Router::new()
        .route("/tsa", axum::routing::post(stamp::main))
        .route("/tsa/{algorithm}", axum::routing::post(stamp::other))
        .route("/log", get(|State(s): State<Arc<Server>>| async move { public(&s.issuers().listing, TEXT) }))
        .route("/log/{*name}", get(log::file))
        .route("/crl", get(issuers::lists))
        .route("/crl/{name}", get(issuers::list))
        .route("/ca/{name}", get(issuers::certificate))
        .route("/ocsp", axum::routing::post(issuers::answer))
        .route("/ocsp/{*request}", get(issuers::answer_in_address))
        .route("/journal", get(journal::lines))
        .route("/clock.svg", get(journal::graph))
        .route("/healthz", get(|| async { public("ok\n", TEXT) }))
        .route("/readyz", get(metrics::ready))
        .fallback(pages::show)
        .with_state(server)
}

fn public(text: &str, media_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.to_owned()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn refuse(status: StatusCode, remedy: &'static str) -> Response<Body> {
    let mut response = public(remedy, "text/plain; charset=utf-8");
    *response.status_mut() = status;
    response
}

//! The authority over HTTP (RFC 3161 section 3.4).
//!
//! A refusal of the protocol is an answer of the protocol; HTTP codes speak of
//! transport only. Bodies, waiting times and requests per address are bounded.

mod connections;
mod external;
mod log;
mod rate;

use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{config, input, program, tell};
use axum::Extension;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use axum::routing::get;
use clap::ArgMatches;
use connections::Client;
use proof::digest::DigestAlgorithm;
use proof::tsp::{FailureInfo, QUERY_MEDIA_TYPE, REPLY_MEDIA_TYPE, REQUEST_BYTES_MAX, TimeStampResp};
use rate::RateLimit;
use std::sync::Arc;
use std::time::Duration;
use store::blobs::Blobs;
use tokio::net::TcpListener;
use tokio::time::Instant;
use trust::authority::{Authority, pem};
use trust::clock::{MonotonicClock, SystemClock};
use trust::ledger::{Ledger, Place};
use trust::tsa::Tsa;

/// How long a client may take to send its request.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

struct Server {
    tsa: Tsa,
    rate: RateLimit,
    started: Instant,
    /// The public files of the log, and of those before it.
    logs: Blobs,
    listing: String,
    root_pem: String,
    chain_pem: String,
    page: String,
}

/// `shiyin serve`
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colours).init();
    runtime()?.block_on(serve(matches, words))
}

async fn serve(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let fault = |message: String| Failure::new(Exit::Instance, message);
    let now = now(words)?;
    let data = input::path(matches, "data");
    let authority = Authority::open(data, now).await.map_err(|e| fault(e.to_string()))?;
    let address = matches.get_one::<String>("listen").cloned().unwrap_or_default();
    let cannot_listen =
        |cause: String| fault(words.say("serve-listen-failed", &[("address", &address), ("cause", &cause)]));
    let listener = TcpListener::bind(&address).await.map_err(|e| cannot_listen(e.to_string()))?;
    let local = listener.local_addr().map_err(|e| cannot_listen(e.to_string()))?;
    if !local.ip().is_loopback() && !matches.get_flag("allow-remote") {
        return Err(fault(words.say("serve-remote", &[("address", &address)])));
    }
    let rate = RateLimit::new(matches.get_one::<u32>("rate").copied().unwrap_or_default());
    let url = format!("http://localhost:{}", local.port());
    let config = config::read(data, words)?;
    let storage = config.storage()?;
    let place = authority.log_place(data, &storage).map_err(|e| fault(e.to_string()))?;
    let logs = storage.logs(data).map_err(|e| fault(e.to_string()))?;
    let waiting = || tell(&words.say("serve-waiting", &[]));
    let server = Server::new(authority, &place, logs, rate, &url, waiting).await.map_err(|e| fault(e.to_string()))?;
    let server = Arc::new(server);
    let stamper = external::start(&config.external, place.public.clone(), words)?;
    let signalled = stop_signal().map_err(|e| fault(e.to_string()))?;
    tell(&words.say("serve-ready", &[("url", &url)]));
    let elsewhere = if local.port() == 8318 { String::new() } else { format!(" --server {url}") };
    let command = format!("{} stamp README.md --data {}{elsewhere}", program(), data.display());
    tell(&words.say("serve-next", &[("command", &command)]));
    let mut stopped = false;
    let ends = async {
        tokio::select! {
            () = signalled => {}
            () = server.tsa.ledger().stopped() => stopped = true,
        }
    };
    connections::serve(listener, router(Arc::clone(&server)), ends).await;
    drop(stamper);
    // A connection that did not end in time still holds the server; what it waits for is durable or refused.
    if let Some(server) = Arc::into_inner(server) {
        server.tsa.close().await;
    }
    if stopped {
        return Err(fault(words.say("serve-log-stopped", &[])));
    }
    tell(&words.say("serve-stopped", &[]));
    Ok(Exit::Valid)
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

impl Server {
    async fn new(
        authority: Authority,
        place: &Place,
        logs: Blobs,
        rate: RateLimit,
        url: &str,
        waiting: impl FnOnce(),
    ) -> Result<Self, trust::TrustError> {
        let root_pem = pem(&authority.root);
        let chain_pem = authority.chain.iter().map(|der| pem(der)).collect();
        let page = page(&authority, url);
        let listing = log::listing(&authority.logs);
        let ledger = Ledger::open(place, Arc::clone(&authority.log), waiting).await?;
        let clock = MonotonicClock::new(SystemClock, Some(ledger.newest()));
        let tsa = Tsa::new(authority, Box::new(clock), ledger)?;
        Ok(Self { tsa, rate, started: Instant::now(), logs, listing, root_pem, chain_pem, page })
    }
}

fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/", get(|State(s): State<Arc<Server>>| async move { public(&s.page, "text/html; charset=utf-8") }))
        .route("/tsa", axum::routing::post(stamp))
        .route("/root.pem", get(|State(s): State<Arc<Server>>| async move { public(&s.root_pem, PEM) }))
        .route("/chain.pem", get(|State(s): State<Arc<Server>>| async move { public(&s.chain_pem, PEM) }))
        .route(
            "/log",
            get(|State(s): State<Arc<Server>>| async move { public(&s.listing, "text/plain; charset=utf-8") }),
        )
        .route("/log/{*name}", get(log::file))
        .route("/healthz", get(|| async { public("ok\n", "text/plain; charset=utf-8") }))
        .with_state(server)
}

const PEM: &str = "application/x-pem-file";

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

async fn stamp(
    State(server): State<Arc<Server>>,
    Extension(Client(address)): Extension<Client>,
    request: Request<Body>,
) -> Response<Body> {
    if let Err(wait_s) = server.rate.take(address, server.started.elapsed().as_secs()) {
        let mut response =
            refuse(StatusCode::TOO_MANY_REQUESTS, "too many requests; wait as long as Retry-After says\n");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
        return response;
    }
    if !is_query(request.headers()) {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send Content-Type: application/timestamp-query\n");
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(request.into_body(), REQUEST_BYTES_MAX)).await;
    let der = match body {
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time\n"),
        Ok(Ok(body)) => server.tsa.respond(&body).await.der,
        Ok(Err(_)) => {
            let sentence = "a request must not be larger than 4096 bytes; send a digest, not the content";
            TimeStampResp::encode_rejection(FailureInfo::BadDataFormat, sentence)
        }
    };
    let mut response = Response::new(Body::from(der));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(REPLY_MEDIA_TYPE));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn is_query(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|v| v.trim().eq_ignore_ascii_case(QUERY_MEDIA_TYPE))
}

/// What a browser shows: what this is, whom to trust, which commands to type.
fn page(authority: &Authority, url: &str) -> String {
    let fingerprint = DigestAlgorithm::Sha256.digest(&authority.root);
    let operator: String = authority.operator.chars().flat_map(escape).collect();
    format!(
        "<!doctype html>\n<html lang=\"zh\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>时印 Shiyin</title>\n<style>body{{font:16px/1.6 sans-serif;max-width:44rem;\
         margin:3rem auto;padding:0 1rem;background:#fbfaf7;color:#1c1b19}}code{{font:14px/1.5 monospace;word-break:break-all}}\
         b{{color:#b3261e}}@media(prefers-color-scheme:dark){{body{{background:#161513;color:#eceae4}}b{{color:#ff8a7a}}}}\
         </style>\n<h1>时印 Shiyin</h1>\n\
         <p><b>评估实例，仅供试用。</b>其时间戳对他人没有证明力。运营者：{operator}</p>\n\
         <p lang=\"en\"><b>Evaluation instance, for trying out only.</b> Its timestamps prove nothing to others. \
         Operator: {operator}</p>\n\
         <p>根证书 SHA-256 <span lang=\"en\">/ Root certificate SHA-256</span><br><code>{fingerprint}</code></p>\n\
         <p><a href=\"/root.pem\">root.pem</a> · <a href=\"/chain.pem\">chain.pem</a></p>\n\
         <p><code>openssl ts -query -data FILE -sha256 -cert -out FILE.tsq</code><br>\
         <code>curl -H 'Content-Type: application/timestamp-query' --data-binary @FILE.tsq {url}/tsa -o FILE.tsr</code><br>\
         <code>openssl ts -verify -data FILE -in FILE.tsr -CAfile root.pem</code></p>\n"
    )
}

fn escape(c: char) -> Vec<char> {
    match c {
        '<' => "&lt;".chars().collect(),
        '>' => "&gt;".chars().collect(),
        '&' => "&amp;".chars().collect(),
        '"' => "&quot;".chars().collect(),
        c => vec![c],
    }
}

//! The public record of a node: clock, keys, certificates, log, journal, and how to check
//! all of it without the node. Read by anyone; says what is, also where that is little.

mod api;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::get;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::tlog::Checkpoint;
use proof::x509::Certificate;
use proof::x509::crl::Crl;
use proof_wasm::page::{self, escape, instant};
use registry::web::api::Operation;
use registry::web::{Catalog, Cx, Fault, Nav, Page, Site, Words, grouped};
use std::sync::{Arc, LazyLock};
use trust::certificates::{Role, key_use_ends};
use trust::clock::graph;
use trust::instance::{Held, Instance, OFFLINE, log_id};
use trust::journal::Entry;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// Its entry in the navigation.
pub const NAV: Nav = Nav { href: "/authority", words: &WORDS };

/// Lines of the journal that the graph is drawn from, and that are listed.
const GRAPH_LINES: i64 = 4000;
const LISTED_LINES: usize = 12;

/// What programs may do here.
pub(crate) fn operations() -> Vec<Operation> {
    api::operations()
}

pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new().route("/authority", get(show)).route("/api/v1/authority", get(api::data))
}

struct CertificateRow {
    name: String,
    fingerprint: String,
    role: String,
    algorithm: String,
    from: String,
    until: String,
    mark: &'static str,
    state: String,
}

struct SourceRow {
    name: String,
    proven: String,
    offset: String,
    error: String,
    mark: &'static str,
    state: String,
}

struct LogRow {
    origin: String,
    address: String,
    keys: Vec<String>,
}

struct JournalRow {
    time: String,
    kind: String,
    what: String,
    amount: String,
    entry: String,
}

struct SuiteRow {
    algorithm: String,
    address: String,
    until: String,
}

#[derive(Template)]
#[template(path = "authority/authority.html")]
struct Authority {
    w: Words,
    clock_offset: String,
    clock_error: String,
    clock_note: String,
    log_size: String,
    witnesses: usize,
    keys_signing: usize,
    unready: Vec<String>,
    graph: Option<String>,
    sources: Vec<SourceRow>,
    certificates: Vec<CertificateRow>,
    lists: Vec<(String, String)>,
    suites: Vec<SuiteRow>,
    policy: String,
    roots: Vec<(String, String)>,
    logs: Vec<LogRow>,
    checkpoint_size: String,
    checkpoint_root: String,
    journal: Vec<JournalRow>,
    witness_list: Vec<(String, String)>,
    verifier_digest: String,
    is_evaluation: bool,
    has_seal: bool,
}

impl Page for Authority {
    fn title(&self) -> String {
        self.w.say("nav")
    }

    fn current(&self) -> &'static str {
        "/authority"
    }
}

async fn show(cx: Cx) -> Response<Body> {
    let node = &cx.site.node;
    let lines = match node.journal.last(GRAPH_LINES).await {
        Ok(lines) => lines,
        Err(error) => return Fault::Broken(error.to_string()).answer(&cx),
    };
    cx.page(&authority_page(&cx, &lines))
}

fn ms(ns: i64) -> String {
    format!("{:+.1}", ns as f64 / 1e6)
}

fn authority_page(cx: &Cx, newest_first: &[Entry]) -> Authority {
    let w = cx.words(&WORDS);
    let node = &cx.site.node;
    let public = node.public();
    let instance = &public.instance;
    let status = node.clock_status();
    let measured = status.as_ref().and_then(|s| s.measurement);
    let clock_note = match &status {
        None => w.say("clock-evaluation"),
        Some(s) if s.told.is_err() => w.say("clock-refuses"),
        Some(_) => w.say("clock-signs"),
    };
    let sources = status.iter().flat_map(|s| &s.sources).map(|source| {
        let (mark, state) = match source.last {
            Ok(_) => ("sealed", w.say("source-answered")),
            Err(_) => ("absent", w.say("source-silent")),
        };
        SourceRow {
            name: source.name.clone(),
            proven: w.say(if source.authenticated { "source-proven" } else { "source-unproven" }),
            offset: source.last.as_ref().map_or("—".to_owned(), |(off_ns, _)| ms(*off_ns)),
            error: source.last.as_ref().map_or("—".to_owned(), |(_, e)| ms(*e).replace('+', "±")),
            mark,
            state,
        }
    });
    let oldest_first: Vec<Entry> = newest_first.iter().rev().cloned().collect();
    let checkpoint = node.tsa.ledger().checkpoint();
    let head = Checkpoint::parse(&checkpoint).ok().map(|c| c.head);
    let fingerprint = |der: &[u8]| page::digest(&DigestAlgorithm::Sha256.digest(der).to_string());
    let roots = instance.suites.iter().map(|suite| (suite.algorithm.to_string(), fingerprint(&suite.root.der)));
    let witness = |der: &[u8]| Certificate::parse(der).map(|c| c.subject.to_string()).unwrap_or_default();
    Authority {
        w,
        clock_offset: measured.map_or("—".to_owned(), |(off_ns, _)| ms(off_ns)),
        clock_error: measured.map_or("—".to_owned(), |(_, e)| ms(e).replace('+', "")),
        clock_note,
        log_size: grouped(node.log_size()),
        witnesses: node.witnesses().len(),
        keys_signing: instance.suites.len(),
        unready: node.unready().into_iter().map(str::to_owned).collect(),
        graph: graph::svg(&oldest_first, &escape(&w.say("graph"))),
        sources: sources.collect(),
        certificates: instance.certificates.iter().rev().map(|held| certificate_row(cx, w, instance, held)).collect(),
        lists: public.lists.iter().map(|(id, list)| (id.clone(), instant(list.due, cx.language))).collect(),
        suites: suites(instance),
        policy: instance.policy().to_string(),
        roots: roots.collect(),
        logs: instance
            .logs
            .iter()
            .map(|log| LogRow {
                origin: log.origin.clone(),
                address: format!("/log/{}/checkpoint", log_id(log)),
                keys: log.keys.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        checkpoint_size: head.map_or(String::new(), |head| grouped(head.size)),
        checkpoint_root: head.map_or(String::new(), |head| page::digest(&proof::digest::hex(head.root.as_bytes()))),
        journal: newest_first.iter().take(LISTED_LINES).map(|entry| journal_row(cx, w, entry)).collect(),
        witness_list: node.witnesses().iter().map(|one| (one.url.clone(), witness(&one.root))).collect(),
        verifier_digest: page::digest(crate::verification::offline_digest()),
        is_evaluation: node.is_evaluation(),
        has_seal: instance.seal.is_some(),
    }
}

fn suites(instance: &Instance) -> Vec<SuiteRow> {
    let row = |(number, suite): (usize, &trust::instance::Suite)| SuiteRow {
        algorithm: suite.algorithm.to_string(),
        address: if number == 0 { "/tsa".to_owned() } else { format!("/tsa/{}", suite.algorithm) },
        until: suite
            .algorithm
            .recommended_until()
            .map_or("—".to_owned(), |(end, source)| format!("{} <small>{}</small>", day(end), escape(source))),
    };
    instance.suites.iter().enumerate().map(row).collect()
}

fn day(time: Time) -> String {
    format!("<time datetime=\"{time}\">{}</time>", &time.to_string()[..10])
}

/// Whether a certificate is on one of the node's own lists.
fn is_revoked(cx: &Cx, certificate: Option<&Certificate<'_>>) -> bool {
    let Some(certificate) = certificate else { return false };
    let public = cx.site.node.public();
    public.lists.iter().any(|(_, list)| {
        Crl::parse(&list.der).is_ok_and(|crl| {
            crl.issuer.matches(&certificate.issuer)
                && crl.revocation(certificate.serial).is_ok_and(|found| found.is_some())
        })
    })
}

fn certificate_row(cx: &Cx, w: Words, instance: &Instance, held: &Held) -> CertificateRow {
    let parsed = held.certificate().ok();
    let current = instance.in_use().any(|one| one.der == held.der);
    let until = parsed.as_ref().map(|c| c.not_after);
    let is_over = until.is_some_and(|end| end < cx.now);
    let (mark, state) = match (current, held.role) {
        _ if is_revoked(cx, parsed.as_ref()) => ("failed", w.say("key-revoked")),
        _ if is_over => ("absent", w.say("key-over")),
        (true, Role::Tsa) => ("sealed", w.say("key-signing")),
        (true, Role::Seal) if cx.site.node.seal().is_none() => ("absent", w.say("key-not-sealing")),
        (true, Role::Seal) => ("sealed", w.say("key-sealing")),
        (true, _) if held.place == OFFLINE => ("sealed", w.say("key-offline")),
        (true, _) => ("sealed", w.say("key-held")),
        (false, _) => ("absent", w.say("key-retired")),
    };
    let use_ends = parsed.as_ref().and_then(key_use_ends);
    CertificateRow {
        name: parsed.as_ref().map(|c| c.subject.to_string()).unwrap_or_default(),
        fingerprint: page::digest(&held.fingerprint()),
        role: match held.role {
            Role::Root => w.say("role-root"),
            Role::Issuing => w.say("role-issuing"),
            Role::Tsa => w.say("role-tsa"),
            Role::Seal => w.say("role-seal"),
        },
        algorithm: held.algorithm.to_string(),
        from: parsed.as_ref().map(|c| day(c.not_before)).unwrap_or_default(),
        until: use_ends.or(until).map(day).unwrap_or_default(),
        mark,
        state,
    }
}

fn journal_row(cx: &Cx, w: Words, entry: &Entry) -> JournalRow {
    let number = |name: &str| entry.fields.get(name).and_then(serde_json::Value::as_i64);
    let amount = number("by_ns").or_else(|| number("off_ns")).map_or(String::new(), |ns| format!("{} ms", ms(ns)));
    let what = match entry.kind.as_str() {
        "clock-started" => w.say("kind-clock-started"),
        "clock-measured" => w.say("kind-clock-measured"),
        "clock-adjusted" => w.say("kind-clock-adjusted"),
        "clock-leapt" => w.say("kind-clock-leapt"),
        "clock-held" => w.say("kind-clock-held"),
        "clock-accepted" => w.say("kind-clock-accepted"),
        "clock-refused" => w.say("kind-clock-refused"),
        "clock-resumed" => w.say("kind-clock-resumed"),
        "key-made" => w.say("kind-key-made"),
        "certificate-issued" => w.say("kind-certificate-issued"),
        "certificate-revoked" => w.say("kind-certificate-revoked"),
        "key-destroyed" => w.say("kind-key-destroyed"),
        "log-retired" => w.say("kind-log-retired"),
        other => other.to_owned(),
    };
    JournalRow {
        time: instant(entry.time, cx.language),
        kind: entry.kind.clone(),
        what,
        amount,
        entry: entry.logged.as_ref().map_or("—".to_owned(), |(_, index)| grouped(*index)),
    }
}

//! The front page: in one screen, what this is, what it proves, and who runs it.

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::get;
use proof::digest::DigestAlgorithm;
use proof_wasm::page;
use registry::web::{Catalog, Cx, Page, Relation, Site, Words};
use std::sync::{Arc, LazyLock};

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct Home {
    w: Words,
    now: String,
    sha256: String,
    sm3: String,
    operator: String,
    registration: String,
    address: String,
    contact: String,
    relation: String,
    witnesses: String,
    command: String,
}

impl Page for Home {
    fn title(&self) -> String {
        self.w.say("title")
    }

    fn current(&self) -> &'static str {
        "/"
    }
}

async fn show(cx: Cx) -> Response<Body> {
    let w = cx.words(&WORDS);
    let node = &cx.site.node;
    let public = node.public();
    let operator = &public.instance.operator;
    let profile = &node.profile;
    // The sample is this sentence itself, so that anyone can repeat it.
    let sample = w.say("sample-text");
    let digest = |algorithm: DigestAlgorithm| page::digest(&algorithm.digest(sample.as_bytes()).to_string());
    let relation = match profile.relation {
        Some(Relation::Independent) => w.say("relation-independent"),
        Some(Relation::OwnWorks) => w.say("relation-own"),
        Some(Relation::Both) => w.say("relation-both"),
        None => w.say("relation-unknown"),
    };
    let witnesses = match node.witnesses().len() {
        0 => w.say("witnesses-none"),
        count => w.fill("witnesses-some", &[("count", &count.to_string())]),
    };
    let url = if profile.url.is_empty() { "http://localhost:8318" } else { &profile.url };
    cx.page(&Home {
        w,
        now: page::moment(cx.now.truncate_to_second(), cx.language, true),
        sha256: digest(DigestAlgorithm::Sha256),
        sm3: digest(DigestAlgorithm::Sm3),
        operator: operator.name.clone(),
        registration: operator.registration.clone().unwrap_or_default(),
        address: profile.address.clone(),
        contact: profile.contact.clone(),
        relation,
        witnesses,
        command: format!("shiyin stamp FILE --server {url}"),
    })
}

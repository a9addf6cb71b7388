//! Verification by anyone: the desk in a browser, a form without scripts, an API, one file.
//!
//! No file comes here. A browser hashes it at home; without scripts a reader gives the
//! digest and the token. Anchors are the node's own roots and those its operator named,
//! which the page says, or what a reader brings (DESIGN 1.4).

mod api;
mod offline;

pub use offline::{offline, offline_digest};

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::Multipart;
use axum::http::{Response, header};
use axum::routing::{get, post};
use base64ct::{Base64, Encoding as _};
use proof::digest::{Digest, from_hex};
use proof::verify;
use proof_wasm::desk::Desk;
use proof_wasm::page::{self, Place};
use proof_wasm::words::Word;
use registry::web::api::Operation;
use registry::web::{Catalog, Cx, Fault, Nav, Node, Page, Scripts, Site, Words, assets, guard};
use serde_json::json;
use std::sync::{Arc, LazyLock};

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// Its entry in the navigation.
pub const NAV: Nav = Nav { href: "/verify", words: &WORDS };

pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/verify", get(show).post(check))
        .route("/verify.html", get(one_file))
        .route("/api/v1/verify", post(api::verify))
}

/// What programs may do here.
pub(crate) fn operations() -> Vec<Operation> {
    api::operations()
}

/// The certificates that this node's pages trust: its own roots, and those its operator named.
pub(crate) fn anchors(node: &Node) -> Vec<Vec<u8>> {
    let public = node.public();
    let own = public.instance.suites.iter().map(|suite| suite.root.der.clone());
    own.chain(node.profile.witnesses.iter().map(|witness| witness.root.clone())).collect()
}

#[derive(Template)]
#[template(path = "verification/desk.html")]
pub(crate) struct DeskHtml {
    pub(crate) lang: proof::report::Language,
}

impl DeskHtml {
    fn say(&self, word: Word) -> &'static str {
        word.text(self.lang)
    }
}

#[derive(Template)]
#[template(path = "verification/verify.html")]
struct Verify {
    w: Words,
    desk: String,
    verifier: &'static str,
    hasher: &'static str,
    trusted: String,
    roots: Vec<Root>,
    anchor_note: &'static str,
    error: Option<String>,
    digest: String,
    result: String,
}

struct Root {
    subject: String,
    fingerprint: String,
    is_own: bool,
}

impl Page for Verify {
    fn title(&self) -> String {
        self.w.say("title")
    }

    fn current(&self) -> &'static str {
        "/verify"
    }

    fn scripts(&self) -> Scripts {
        Scripts::Verifier
    }
}

/// What a desk of this node begins with: anchors and revocation lists, for a script block.
pub(crate) fn trusted(node: &Node) -> String {
    let public = node.public();
    let lists: Vec<String> = public.lists.iter().map(|(_, list)| Base64::encode_string(&list.der)).collect();
    let pems: Vec<String> = anchors(node).iter().map(|der| trust::instance::pem(der)).collect();
    // In a script block, a tag could end it: no `<` stands in JSON's own syntax.
    json!({ "certificates": pems, "lists": lists }).to_string().replace('<', "\\u003c")
}

/// A desk that trusts what this node's pages trust.
pub(crate) fn desk(node: &Node) -> Desk {
    let mut desk = Desk::new();
    for der in anchors(node) {
        desk.trust(&der);
    }
    node.public().lists.iter().for_each(|(_, list)| desk.add_list(list.der.clone()));
    desk
}

fn verify_page(cx: &Cx, error: Option<String>, digest: String, result: String) -> Verify {
    let trusted = trusted(&cx.site.node);
    let anchors = anchors(&cx.site.node);
    let own = cx.site.node.public().instance.suites.len();
    let root = |(number, der): (usize, &Vec<u8>)| Root {
        subject: proof::x509::Certificate::parse(der).map(|c| c.subject.to_string()).unwrap_or_default(),
        fingerprint: page::digest(&proof::digest::DigestAlgorithm::Sha256.digest(der).to_string()),
        is_own: number < own,
    };
    Verify {
        w: cx.words(&WORDS),
        desk: DeskHtml { lang: cx.language }.render().unwrap_or_default(),
        verifier: assets::path("verifier.wasm"),
        hasher: assets::path("hash.js"),
        trusted,
        roots: anchors.iter().enumerate().map(root).collect(),
        anchor_note: Word::ServedAnchorNote.text(cx.language),
        error,
        digest,
        result,
    }
}

/// `GET /verify`
async fn show(cx: Cx) -> Response<Body> {
    cx.page(&verify_page(&cx, None, String::new(), String::new()))
}

/// `GET /verify.html`: the verifier as one file.
async fn one_file() -> Response<Body> {
    let mut response = Response::new(Body::from(offline()));
    let headers = response.headers_mut();
    let text = |value: &'static str| axum::http::HeaderValue::from_static(value);
    headers.insert(header::CONTENT_TYPE, text("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, text("attachment; filename=\"verify.html\""));
    headers.insert(header::CACHE_CONTROL, text("no-cache"));
    response
}

/// Roots that a reader may bring.
const ROOTS_MAX: usize = 64;
/// The longest digest in hexadecimal, with room for blanks and colons.
const DIGEST_CHARS_MAX: usize = 400;

#[derive(Default)]
struct Form {
    token: Vec<u8>,
    trust: Vec<u8>,
    digest: String,
}

/// `POST /verify`: the form without scripts. The token comes here, the file does not.
async fn check(cx: Cx, form: Multipart) -> Response<Body> {
    if let Err(fault) = cx.count_check() {
        return fault.answer(&cx);
    }
    let form = match read(form).await {
        Ok(form) => form,
        Err(fault) => return fault.answer(&cx),
    };
    let w = cx.words(&WORDS);
    let refuse = |id: &str, digest: String| cx.page(&verify_page(&cx, Some(w.say(id)), digest, String::new()));
    if form.token.is_empty() {
        return refuse("form-token-missing", form.digest);
    }
    let plain: String = form.digest.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
    let node = &cx.site.node;
    let mut desk = desk(node);
    if !form.trust.is_empty() && !(1..=ROOTS_MAX).contains(&desk.trust(&form.trust)) {
        return refuse("form-trust-wrong", form.digest);
    }
    if !plain.is_empty() {
        // The length leaves the algorithm open; the token says which one is meant.
        let algorithm = verify::imprint_algorithm(&form.token);
        let digest = algorithm.zip(from_hex(&plain.to_lowercase())).and_then(|(a, value)| Digest::new(a, &value));
        match digest {
            Some(digest) => desk.offer_digest(&w.say("form-your-file"), digest),
            None if algorithm.is_some() => return refuse("form-digest-wrong", form.digest),
            None => {}
        }
    }
    desk.offer("token.tsr", form.token.len() as u64, Some(&form.token));
    let (now, language) = (cx.now, cx.language);
    let result = match node.check(move || page::html(&desk.judge(now), language, Place::Still)).await {
        Ok(result) => result,
        Err(cause) => return Fault::Broken(cause).answer(&cx),
    };
    cx.page(&verify_page(&cx, None, form.digest, result))
}

async fn read(mut form: Multipart) -> Result<Form, Fault> {
    let mut out = Form::default();
    let broken = |error: axum::extract::multipart::MultipartError| match error.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge(guard::BODY_BYTES_MAX),
        _ => Fault::Field { field: "form", what: error.body_text() },
    };
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("token") => out.token = field.bytes().await.map_err(broken)?.to_vec(),
            Some("trust") => out.trust = field.bytes().await.map_err(broken)?.to_vec(),
            Some("digest") => out.digest = field.text().await.map_err(broken)?.chars().take(DIGEST_CHARS_MAX).collect(),
            _ => {}
        }
    }
    Ok(out)
}

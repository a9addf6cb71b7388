//! The page of a number: the record as it verifies now, a desk for the visitor's file, and the bytes behind both.

use super::{Numbers, WORDS};
use crate::packages::newest;
use crate::verification::{DeskHtml, anchors, desk, trusted};
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use proof::der::Time;
use proof::record::EvidenceNumber;
use proof::report::Language;
use proof_wasm::desk::Desk;
use proof_wasm::page::{self, Place};
use registry::evidence::Entry;
use registry::web::{Cx, Fault, Page, Scripts, Words, assets, download};
use std::sync::PoisonError;
use trust::ledger::prove::Prover;

pub(super) fn router() -> Router<Numbers> {
    Router::new().route("/v", get(find)).route("/v/{number}", get(show)).route("/v/{number}/{name}", get(part))
}

#[derive(Template)]
#[template(path = "numbers/number.html")]
struct NumberHtml {
    w: Words,
    number: String,
    result: String,
    desk: String,
    verifier: &'static str,
    hasher: &'static str,
    trusted: String,
    given: String,
    is_salted: bool,
    is_opened: bool,
}

impl Page for NumberHtml {
    fn title(&self) -> String {
        format!("{} {}", self.w.say("title"), self.number)
    }

    fn current(&self) -> &'static str {
        "/verify"
    }

    fn scripts(&self) -> Scripts {
        Scripts::Verifier
    }
}

#[derive(Template)]
#[template(path = "numbers/find.html")]
struct Find {
    w: Words,
    asked: String,
    fault: Option<String>,
}

impl Page for Find {
    fn title(&self) -> String {
        self.w.say("find-title")
    }

    fn current(&self) -> &'static str {
        "/verify"
    }
}

/// `GET /v?number=…`: to the page of a number, as it was typed.
async fn find(cx: Cx) -> Response<Body> {
    let (w, asked) = (cx.words(&WORDS), cx.query("number"));
    if asked.trim().is_empty() {
        return cx.page(&Find { w, asked, fault: None });
    }
    match asked.trim().parse::<EvidenceNumber>() {
        Ok(number) => cx.see(&format!("/v/{number}")),
        Err(_) => not_found(&cx, asked),
    }
}

/// There is no such record: mistyped, of another node, or not stamped yet.
fn not_found(cx: &Cx, asked: String) -> Response<Body> {
    let w = cx.words(&WORDS);
    let id = if asked.trim().parse::<EvidenceNumber>().is_ok() { "find-unknown" } else { "find-mistyped" };
    let asked: String = asked.chars().take(60).collect();
    let mut response = cx.page(&Find { w, asked, fault: Some(w.say(id)) });
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// What is public of a number: where it stands, and its files by their names.
const NAMES: [&str; 4] = ["record.json", "record.tsr", "files.json", "openings.json"];
/// Tokens that are remembered, and for how long, in seconds.
const NEWEST_MAX: usize = 1_000;
const NEWEST_S: i64 = 60;

impl Numbers {
    /// The files of a number among these names; none where there is no such record.
    async fn public(&self, number: EvidenceNumber, names: &[&str], now: Time) -> Result<Option<Public>, Fault> {
        let Some((entry, record, files, token)) = self.evidence.public(number).await? else { return Ok(None) };
        let mut all = Vec::new();
        for name in NAMES.into_iter().filter(|name| names.contains(name)) {
            let bytes = match name {
                "record.json" => Some(record.to_canonical_json()),
                "record.tsr" => Some(self.newest(entry.id, &token, now).await),
                "files.json" => Some(files.to_canonical_json()),
                _ => self.opened(&entry).await?.map(|opened| opened.to_canonical_json()),
            };
            all.extend(bytes.map(|bytes| (name, bytes)));
        }
        Ok(Some(Public { entry, files: all }))
    }

    /// The token with what others said of the log since.
    async fn newest(&self, id: i64, token: &[u8], now: Time) -> Vec<u8> {
        let known = || self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, newest)) = known().get(&id)
            && now.unix_s() - at < NEWEST_S
        {
            return newest.clone();
        }
        let mut prover = self.log.clone().map(Prover::new);
        let newest = newest(prover.as_mut(), token, &anchors(self.node()), now).await;
        let mut known = known();
        if known.len() >= NEWEST_MAX {
            known.clear();
        }
        known.insert(id, (now.unix_s(), newest.clone()));
        newest
    }
}

/// What there is of a number.
struct Public {
    entry: Entry,
    files: Vec<(&'static str, Vec<u8>)>,
}

/// What the desk says of the files, and nothing else.
fn judged(mut desk: Desk, files: &[(&'static str, Vec<u8>)], now: Time, language: Language) -> String {
    for (name, bytes) in files {
        desk.offer(name, bytes.len() as u64, Some(bytes));
    }
    for job in desk.plan() {
        let Some((_, bytes)) = files.get(job.item) else { continue };
        for algorithm in job.algorithms {
            desk.hashed(job.item, false, algorithm.digest(bytes));
        }
    }
    page::html(&desk.judge(now), language, Place::Still)
}

/// `GET /v/{number}`
async fn show(State(room): State<Numbers>, cx: Cx, Path(asked): Path<String>) -> Response<Body> {
    let shown = async {
        let Ok(number) = asked.parse::<EvidenceNumber>() else { return Ok(not_found(&cx, asked)) };
        if number.to_string() != asked {
            return Ok(cx.see(&format!("/v/{number}")));
        }
        let Some(public) = room.public(number, &NAMES, cx.now).await? else { return Ok(not_found(&cx, asked)) };
        let (desk, now, language) = (desk(room.node()), cx.now, cx.language);
        let given: Vec<String> = public.files.iter().map(|(name, _)| format!("/v/{number}/{name}")).collect();
        let (is_opened, files) = (public.files.len() == NAMES.len(), public.files);
        let result = room.node().check(move || judged(desk, &files, now, language)).await;
        Ok(cx.page(&NumberHtml {
            w: cx.words(&WORDS),
            number: asked,
            result: result.map_err(Fault::Broken)?,
            is_opened,
            desk: DeskHtml { lang: cx.language }.render().unwrap_or_default(),
            verifier: assets::path("verifier.wasm"),
            hasher: assets::path("hash.js"),
            trusted: trusted(room.node()),
            given: given.join(" "),
            is_salted: public.entry.mode == registry::evidence::Mode::Salted,
        }))
    };
    cx.end(shown.await)
}

/// `GET /v/{number}/{name}`: `record.json`, `record.tsr`, `files.json`, and what is opened.
async fn part(State(room): State<Numbers>, cx: Cx, Path((number, name)): Path<(String, String)>) -> Response<Body> {
    let taken = async {
        let number: EvidenceNumber = number.parse().map_err(|_| Fault::NotFound)?;
        let public = room.public(number, &[&*name], cx.now).await?.ok_or(Fault::NotFound)?;
        let (name, bytes) = public.files.into_iter().next().ok_or(Fault::NotFound)?;
        let media_type = if name.ends_with(".json") { "application/json" } else { "application/timestamp-reply" };
        Ok(download(&format!("{number}.{name}"), media_type, bytes))
    };
    cx.end(taken.await)
}

//! The page of a number: the record as it verifies now, a desk for the visitor's file, and the bytes behind both.

use super::{NAMES, Numbers, OPENINGS, WORDS};
use crate::packages::newest;
use crate::verification::{DeskHtml, anchors, desk, trusted};
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::get;
use proof::der::Time;
use proof::record::{EvidenceNumber, Openings};
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
    shown: Shown,
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

/// Tokens that are remembered, and for how long, in seconds.
const NEWEST_MAX: usize = 1_000;
const NEWEST_S: i64 = 60;

impl Numbers {
    /// The files of a number among these names, as everyone may have them; none where there is no such record.
    pub(super) async fn public(
        &self,
        number: EvidenceNumber,
        names: &[&str],
        now: Time,
    ) -> Result<Option<Public>, Fault> {
        let entry = if names.contains(&OPENINGS) { self.evidence.entry_of(number).await? } else { None };
        let opened = match entry {
            Some(entry) => self.opened(&entry).await?,
            None => None,
        };
        self.files_of(number, names, opened, now).await
    }

    /// The same with these openings.
    pub(super) async fn files_of(
        &self,
        number: EvidenceNumber,
        names: &[&str],
        opened: Option<Openings>,
        now: Time,
    ) -> Result<Option<Public>, Fault> {
        let Some((entry, record, files, token)) = self.evidence.public(number).await? else { return Ok(None) };
        let mut all = Vec::new();
        for name in NAMES.into_iter().filter(|name| names.contains(name)) {
            let bytes = match name {
                "record.json" => Some(record.to_canonical_json()),
                "record.tsr" => Some(self.newest(entry.id, &token, now).await),
                "files.json" => Some(files.to_canonical_json()),
                _ => opened.as_ref().map(Openings::to_canonical_json),
            };
            all.extend(bytes.map(|bytes| (name, bytes)));
        }
        Ok(Some(Public { entry, files: all }))
    }

    /// The page of a number, out of these files.
    pub(super) async fn number_page(&self, cx: &Cx, public: Public, shown: Shown) -> Result<Response<Body>, Fault> {
        let node = self.node();
        let (desk, now, language) = (desk(node), cx.now, cx.language);
        let given: Vec<String> = public.files.iter().map(|(name, _)| format!("{}/{name}", shown.base)).collect();
        let (is_opened, files) = (public.files.len() == NAMES.len(), public.files);
        let result = node.check(move || page::html(&laid(desk, &files).judge(now), language, Place::Still)).await;
        Ok(cx.page(&NumberHtml {
            w: cx.words(&WORDS),
            number: public.entry.number.to_string(),
            shown,
            result: result.map_err(Fault::Broken)?,
            is_opened,
            desk: DeskHtml { lang: cx.language }.render().unwrap_or_default(),
            verifier: assets::path("verifier.wasm"),
            hasher: assets::path("hash.js"),
            trusted: trusted(node),
            given: given.join(" "),
            is_salted: public.entry.mode == registry::evidence::Mode::Salted,
        }))
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
pub(super) struct Public {
    pub(super) entry: Entry,
    pub(super) files: Vec<(&'static str, Vec<u8>)>,
}

impl Public {
    /// Its first file, to be saved.
    pub(super) fn download(self) -> Result<Response<Body>, Fault> {
        let (name, bytes) = self.files.into_iter().next().ok_or(Fault::NotFound)?;
        let media_type = if name.ends_with(".json") { "application/json" } else { "application/timestamp-reply" };
        Ok(download(&format!("{}.{name}", self.entry.number), media_type, bytes))
    }
}

/// Where a page of a number stands, and what stands there beside the record.
pub(super) struct Shown {
    /// The address below which its files are.
    pub(super) base: String,
    /// Who else sees it, and how long.
    pub(super) note: Option<String>,
    /// Further files: names and words.
    pub(super) further: Vec<(&'static str, String)>,
    /// The page of the work that it belongs to.
    pub(super) work: Option<String>,
}

/// The desk with these files on it, hashed.
pub(super) fn laid(mut desk: Desk, files: &[(&'static str, Vec<u8>)]) -> Desk {
    for (name, bytes) in files {
        desk.offer(name, bytes.len() as u64, Some(bytes));
    }
    for job in desk.plan() {
        let Some((_, bytes)) = files.get(job.item) else { continue };
        for algorithm in job.algorithms {
            desk.hashed(job.item, false, algorithm.digest(bytes));
        }
    }
    desk
}

/// `GET /v/{number}`
async fn show(State(room): State<Numbers>, cx: Cx, Path(asked): Path<String>) -> Response<Body> {
    let shown = async {
        cx.count_check()?;
        let Ok(number) = asked.parse::<EvidenceNumber>() else { return Ok(not_found(&cx, asked)) };
        if number.to_string() != asked {
            return Ok(cx.see(&format!("/v/{number}")));
        }
        let Some(public) = room.public(number, &NAMES, cx.now).await? else { return Ok(not_found(&cx, asked)) };
        let work = room.work_of(&public.entry).await?.map(|work| format!("/w/{work}"));
        let shown = Shown { base: format!("/v/{number}"), note: None, further: Vec::new(), work };
        room.number_page(&cx, public, shown).await
    };
    cx.end(shown.await)
}

/// `GET /v/{number}/{name}`: `record.json`, `record.tsr`, `files.json`, and what is opened.
async fn part(State(room): State<Numbers>, cx: Cx, Path((number, name)): Path<(String, String)>) -> Response<Body> {
    let taken = async {
        let number: EvidenceNumber = number.parse().map_err(|_| Fault::NotFound)?;
        room.public(number, &[&*name], cx.now).await?.ok_or(Fault::NotFound)?.download()
    };
    cx.end(taken.await)
}

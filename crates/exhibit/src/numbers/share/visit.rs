//! What a counterparty sees: the code is asked for first, then the record as everyone sees it, with what its
//! owner opened for this one (ipr-51).

use super::super::pages::Shown;
use super::super::work::title_of;
use super::super::{NAMES, Numbers, WORDS};
use super::{SHOWN, Share, is_same};
use crate::typeset::reader_time;
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use proof::record::EvidenceNumber;
use registry::evidence::Entry;
use registry::web::{Cx, Fault, Fields, Page, Words, cookie, download};

pub(super) fn router() -> Router<Numbers> {
    Router::new()
        .route("/s/{id}", get(show).post(open))
        .route("/s/{id}/{number}", get(record))
        .route("/s/{id}/{number}/{name}", get(part))
}

/// Holds the ticket of one share, and is sent to its address alone.
const COOKIE: &str = "share";
const CERTIFICATE: &str = "certificate.pdf";

#[derive(Template)]
#[template(path = "numbers/share/code.html")]
struct Code {
    w: Words,
    id: String,
    fault: Option<String>,
}

impl Page for Code {
    fn title(&self) -> String {
        self.w.say("share-title")
    }

    fn current(&self) -> &'static str {
        "/verify"
    }

    fn status(&self) -> StatusCode {
        if self.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

#[derive(Template)]
#[template(path = "numbers/share/list.html")]
struct List {
    w: Words,
    id: String,
    until: String,
    rows: Vec<ListRow>,
    more: String,
}

struct ListRow {
    number: String,
    title: String,
    time: String,
    files: String,
}

impl Page for List {
    fn title(&self) -> String {
        self.w.say("share-title")
    }

    fn current(&self) -> &'static str {
        "/verify"
    }
}

/// The share that a visitor has the code of; without it, there is only the question for it.
async fn opened(room: &Numbers, cx: &Cx, headers: &HeaderMap, id: &str) -> Result<Option<Share>, Fault> {
    cx.count_check()?;
    let Some(ticket) = cookie(headers, COOKIE) else { return Ok(None) };
    Ok(room.open_share(id, cx.now).await?.filter(|share| is_same(ticket, &room.ticket(share))))
}

/// A share ends, and what was shown stands in no store after that.
fn kept_nowhere(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn question(cx: &Cx, id: &str, fault: Option<String>) -> Response<Body> {
    // What is no id of ours is shown to nobody, and no answer tells whether there is a share.
    let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(40).collect();
    cx.page(&Code { w: cx.words(&WORDS), id, fault })
}

/// `GET /s/{id}`
async fn show(State(room): State<Numbers>, cx: Cx, headers: HeaderMap, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        let Some(share) = opened(&room, &cx, &headers, &id).await? else { return Ok(question(&cx, &id, None)) };
        let after = cx.query("after").parse().unwrap_or(0);
        let (entries, count) = room.shared(&share, after).await?;
        match entries.as_slice() {
            [] => Err(Fault::NotFound),
            [one] if count == 1 => page(&room, &cx, &share, one).await,
            many => list(&room, &cx, &share, (many, count)).await,
        }
    };
    kept_nowhere(cx.end(shown.await))
}

/// `POST /s/{id}`: the code.
async fn open(State(room): State<Numbers>, cx: Cx, Path(id): Path<String>, request: Request) -> Response<Body> {
    let opened = async {
        cx.count_check()?;
        let fields = Fields::of(request, &cx.site).await?;
        let code = fields.text("code");
        room.evidence.accounts().count_code(&cx, &id).await?;
        let share = room.open_share(&id, cx.now).await?.filter(|share| room.opens(share, code));
        let Some(share) = share else {
            return Ok(question(&cx, &id, Some(cx.words(&WORDS).say("share-code-wrong"))));
        };
        room.note_opened(&share, cx.now).await?;
        let mut response = cx.see(&format!("/s/{}", share.id));
        let secure = if cx.site.is_secure() { "; Secure" } else { "" };
        let text = format!(
            "{COOKIE}={}; Path=/s/{}; Max-Age=86400; HttpOnly; SameSite=Lax{secure}",
            room.ticket(&share),
            share.id
        );
        response.headers_mut().extend(HeaderValue::from_str(&text).ok().map(|value| (header::SET_COOKIE, value)));
        Ok(response)
    };
    kept_nowhere(cx.end(opened.await))
}

/// The record of this number, where the share shows it.
async fn one(room: &Numbers, share: &Share, number: &str) -> Result<Entry, Fault> {
    let number: EvidenceNumber = number.parse().map_err(|_| Fault::NotFound)?;
    let entry = room.evidence.entry_of(number).await?;
    entry.filter(|entry| Numbers::shows(share, entry)).ok_or(Fault::NotFound)
}

/// `GET /s/{id}/{number}`
async fn record(
    State(room): State<Numbers>,
    cx: Cx,
    headers: HeaderMap,
    Path((id, number)): Path<(String, String)>,
) -> Response<Body> {
    let shown = async {
        let Some(share) = opened(&room, &cx, &headers, &id).await? else { return Ok(cx.see(&format!("/s/{id}"))) };
        page(&room, &cx, &share, &one(&room, &share, &number).await?).await
    };
    kept_nowhere(cx.end(shown.await))
}

async fn page(room: &Numbers, cx: &Cx, share: &Share, entry: &Entry) -> Result<Response<Body>, Fault> {
    let opened = room.opened_by(share, entry).await?;
    let public = room.files_of(entry.number, &NAMES, opened, cx.now).await?.ok_or(Fault::NotFound)?;
    let mut further = Vec::new();
    if share.has_certificate && entry.id == share.record && room.certificates().issued(entry).await?.is_some() {
        further.push((CERTIFICATE, cx.words(&WORDS).say("share-certificate")));
    }
    let shown = Shown {
        base: format!("/s/{}/{}", share.id, entry.number),
        note: Some(cx.words(&WORDS).fill("share-here", &[("time", &reader_time(share.until, cx))])),
        further,
        work: (!share.origin.is_empty()).then(|| format!("/s/{}", share.id)),
    };
    room.number_page(cx, public, shown).await
}

async fn list(
    room: &Numbers,
    cx: &Cx,
    share: &Share,
    (entries, count): (&[Entry], u64),
) -> Result<Response<Body>, Fault> {
    let mut rows = Vec::new();
    for entry in entries {
        let opened = room.opened_by(share, entry).await?;
        let title = title_of(opened.as_ref());
        rows.push(ListRow {
            number: entry.number.to_string(),
            title: title.unwrap_or_default(),
            time: entry
                .time
                .map(|time| proof_wasm::page::instant(time.truncate_to_second(), cx.language))
                .unwrap_or_default(),
            files: entry.files.to_string(),
        });
    }
    let more = entries.last().filter(|_| count > entries.len() as u64 && entries.len() as i64 == SHOWN);
    let more = more.map(|last| format!("/s/{}?after={}", share.id, last.id)).unwrap_or_default();
    let until = reader_time(share.until, cx);
    Ok(cx.page(&List { w: cx.words(&WORDS), id: share.id.clone(), until, rows, more }))
}

/// `GET /s/{id}/{number}/{name}`
async fn part(
    State(room): State<Numbers>,
    cx: Cx,
    headers: HeaderMap,
    Path((id, number, name)): Path<(String, String, String)>,
) -> Response<Body> {
    let taken = async {
        let share = opened(&room, &cx, &headers, &id).await?.ok_or(Fault::NotFound)?;
        let entry = one(&room, &share, &number).await?;
        if name == CERTIFICATE {
            let may = share.has_certificate && entry.id == share.record;
            let issued = room.certificates().issued(&entry).await?.filter(|_| may);
            let pdf = issued.ok_or(Fault::NotFound)?;
            return Ok(download(&format!("{}.pdf", entry.number), "application/pdf", pdf));
        }
        let opened = room.opened_by(&share, &entry).await?;
        let public = room.files_of(entry.number, &[&*name], opened, cx.now).await?.ok_or(Fault::NotFound)?;
        public.download()
    };
    kept_nowhere(cx.end(taken.await))
}

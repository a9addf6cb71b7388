//! What an owner sees of shares: those that are open, and a form for a new one.

use super::super::shown::{OWNERS, offered};
use super::super::{Numbers, WORDS};
use super::{Share, Wanted, place};
use crate::typeset::reader_time;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::{get, post};
use registry::accounts::{Me, Sent};
use registry::evidence::{Entry, Party, State as Stands};
use registry::web::sheet::{Block, Field, Form, Ledger, Part, Sheet, Value};
use registry::web::{Fault, Fields};
use std::collections::HashSet;

pub(super) fn router() -> Router<Numbers> {
    Router::new()
        .route("/records/{number}/shares", get(list).post(make))
        .route("/records/{number}/shares/end", post(end))
}

/// How long a share may be open, in days.
const DAYS: [i64; 5] = [1, 7, 30, 90, 365];
const LABEL_CHARS_MAX: usize = 80;

/// `GET /records/{number}/shares`
async fn list(State(room): State<Numbers>, me: Me, Path(number): Path<String>) -> Response<Body> {
    let shown = async {
        let (by, entry) = room.evidence.reader(&me, &number, OWNERS).await?;
        Ok(me.cx.page(&sheet(&room, &me, &by, &entry, None).await?))
    };
    me.cx.end(shown.await)
}

async fn sheet(
    room: &Numbers,
    me: &Me,
    by: &Party,
    entry: &Entry,
    wrong: Option<(&Fields, &Fault)>,
) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let said = match cx.query("said").as_str() {
        "ended" => Some(w.say("share-said-ended")),
        _ => None,
    };
    let sheet = Sheet::new(cx, w.say("shares"))
        .reference(entry.number.to_string())
        .lead(w.say("shares-lead"))
        .under("/records")
        .said(said);
    let open = room.shares(entry, cx.now).await?;
    let mut part = Part::new(w.say("shares-open")).full();
    if open.is_empty() {
        part = part.with(Block::Empty(w.say("shares-none"), w.say("shares-none-note")));
    } else {
        let head = ["share-for", "share-shows", "share-until", "share-seen", "share-acts"];
        let mut rows = Vec::new();
        for share in &open {
            rows.push(row(me, by, entry, share)?);
        }
        let head = head.map(|id| w.say(id)).to_vec();
        part = part.with(Block::Ledger(Ledger { name: w.say("shares-open"), head, rows }));
    }
    let days = DAYS.map(|days| (days.to_string(), w.fill("share-days", &[("days", &days.to_string())])));
    let parts = offered(&entry.owner).map(|(id, word)| ((*id).to_owned(), w.say(word), false)).collect();
    let covers = [("record", "share-record"), ("work", "share-work")];
    let covers = covers.map(|(id, word)| (id.to_owned(), w.say(word))).to_vec();
    let form = Form::new(format!("/records/{}/shares", entry.number), w.say("share-do"))
        .of(cx)
        .field(Field::text("label", w.say("share-for")).help(w.say("share-for-help")))
        .field(Field::select("covers", w.say("share-covers"), covers))
        .field(Field::boxes("part", w.say("shown-parts"), parts).optional())
        .field(
            Field::check("certificate", w.say("share-certificate"), w.say("share-certificate-do"))
                .help(w.say("share-certificate-help"))
                .optional(),
        )
        .field(Field::select("days", w.say("share-life"), days.to_vec()).value("30").short())
        .primary()
        .after(wrong);
    let new = Part::new(w.say("share-new")).note(w.say("share-new-note")).with(Block::Form(form));
    Ok(sheet.part(part).part(new))
}

fn row(me: &Me, by: &Party, entry: &Entry, share: &Share) -> Result<Vec<Value>, Fault> {
    let w = me.cx.words(&WORDS);
    let label = String::from_utf8_lossy(&by.open(&place(&share.id), &share.label)?).into_owned();
    let mut shows: Vec<String> = offered(&entry.owner)
        .filter(|(id, _)| share.parts.iter().any(|part| part == id))
        .map(|(_, word)| w.say(word))
        .collect();
    shows.extend(share.has_certificate.then(|| w.say("share-certificate")));
    let covers = w.say(if share.origin.is_empty() { "share-record" } else { "share-work" });
    let between = if me.cx.is_chinese() { "、" } else { ", " };
    let shows = if shows.is_empty() { w.say("share-nothing") } else { shows.join(between) };
    let end = Form::new(format!("/records/{}/shares/end", entry.number), w.say("share-end"))
        .of(&me.cx)
        .small()
        .hidden("share", share.id.clone());
    let seen = match share.seen_at {
        Some(time) => {
            Value::Two(w.fill("share-times", &[("count", &share.seen.to_string())]), reader_time(time, &me.cx))
        }
        None => Value::Text(w.say("share-unseen")),
    };
    Ok(vec![Value::Two(label, covers), Value::Text(shows), Value::Time(share.until), seen, Value::Acts(vec![end])])
}

/// `POST /records/{number}/shares`: a share; its code is shown once.
async fn make(State(room): State<Numbers>, Path(number): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let opened = room.evidence.reader(&me, &number, OWNERS).await;
    let (by, entry) = match opened {
        Ok(opened) => opened,
        Err(fault) => return me.cx.end(Err(fault)),
    };
    let made = async {
        let w = me.cx.words(&WORDS);
        let field = |name: &'static str, id: &str| Fault::Field { field: name, what: w.say(id) };
        if entry.state != Stands::Kept {
            return Err(field("label", "shown-waits"));
        }
        let label = fields.text("label");
        if !(1..=LABEL_CHARS_MAX).contains(&label.chars().count()) {
            return Err(field("label", "share-for-wrong"));
        }
        let days = DAYS.into_iter().find(|days| days.to_string() == fields.text("days")).ok_or(Fault::Form)?;
        let is_work = match fields.text("covers") {
            "record" => false,
            "work" => true,
            _ => return Err(Fault::Form),
        };
        let sent: HashSet<&str> = fields.all("part").collect();
        let parts = offered(&entry.owner).map(|(id, _)| *id).filter(|id| sent.contains(id)).collect();
        let has_certificate = fields.is_ticked("certificate");
        if has_certificate {
            // Issued by its owner now: a visitor causes nothing to be signed.
            let kept = room.evidence.kept(&by, entry.number).await?;
            room.certificates().of(&by, &kept).await?;
        }
        let until = me.cx.now.plus_s(days * 86_400);
        let wanted = Wanted { label, person: &me.person.id, parts, is_work, has_certificate, until };
        let (id, code) = room.share(&by, &entry, &wanted).await?.ok_or_else(|| field("label", "shares-many"))?;
        let address = format!("{}/s/{id}", room.node().profile.url);
        let rows = vec![
            (w.say("share-link"), Value::Mono(address)),
            (w.say("share-code"), Value::Mono(code)),
            (w.say("share-until"), Value::Time(until)),
        ];
        let part = Part::new(label.to_owned())
            .with(Block::Notice(w.say("share-once"), w.say("share-once-note")))
            .with(Block::Record(rows))
            .with(Block::Links(vec![(format!("/records/{}/shares", entry.number), w.say("share-kept"))]));
        Ok(me.cx.page(
            &Sheet::new(&me.cx, w.say("share-made")).reference(entry.number.to_string()).under("/records").part(part),
        ))
    };
    let answer = made.await;
    me.cx.end_form(answer, async |fault| sheet(&room, &me, &by, &entry, Some((&fields, fault))).await).await
}

/// `POST /records/{number}/shares/end`
async fn end(State(room): State<Numbers>, Path(number): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let ended = async {
        let (by, entry) = room.evidence.reader(&me, &number, OWNERS).await?;
        match room.end_share(&by, &entry, fields.text("share")).await? {
            true => Ok(me.cx.see(&format!("/records/{}/shares?said=ended", entry.number))),
            false => Err(Fault::NotFound),
        }
    };
    me.cx.end(ended.await)
}

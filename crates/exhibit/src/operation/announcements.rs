//! Announcements: what the operator tells everybody who opens a page, in both languages and for a time.

use super::WORDS;
use super::people::day;
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::get;
use axum::routing::post;
use registry::accounts::announcement::{Announced, CHARS_MAX};
use registry::accounts::{Accounts, Me, Operator, OperatorSent, said};
use registry::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use registry::web::{Announcement, Fault, Fields};

/// Announcements that the page shows.
const SHOWN: i64 = 100;
const PLACE: &str = "/operator/announcements";

pub(super) fn router() -> Router<Accounts> {
    Router::new()
        .route("/operator/announcements", get(show).post(announce))
        .route("/operator/announcements/end", post(end))
}

fn row(me: &Me, announced: Announced) -> Vec<Value> {
    let w = me.cx.words(&WORDS);
    let Announced { id, what, .. } = announced;
    let (mark, word) = match () {
        () if what.until <= me.cx.now => (Mark::Absent, w.say("announcement-over")),
        () if what.from > me.cx.now => (Mark::Waiting, w.say("announcement-to-come")),
        () => (Mark::Sealed, w.say("announcement-shown")),
    };
    let act = match what.until <= me.cx.now {
        true => Value::None,
        false => {
            let form = Form::new("/operator/announcements/end", w.say("announcement-end")).of(&me.cx);
            Value::Acts(vec![form.hidden("announcement", id).small()])
        }
    };
    let (own, other) = if me.cx.is_chinese() { (what.zh, what.en) } else { (what.en, what.zh) };
    vec![Value::Two(own, other), Value::Time(what.from), Value::Time(what.until), Value::Mark(mark, word), act]
}

async fn sheet(me: &Me, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let form = Form::new(PLACE, w.say("announcement-act"))
        .of(cx)
        .field(Field::area("zh", w.say("announcement-zh")))
        .field(Field::area("en", w.say("announcement-en")))
        .field(Field::date("from", w.say("announcement-from")).help(w.say("announcement-from-help")).optional())
        .field(Field::date("until", w.say("until")).help(w.say("announcement-until-help")));
    let new = Part::new(w.say("announcement-new")).note(w.say("announcement-new-note"));
    let new = new.with(Block::Form(form.after(wrong)));
    let found = me.accounts.announcements(SHOWN).await?;
    let list = Part::new(w.say("announcements")).full();
    let list = match found.is_empty() {
        true => list.with(Block::Empty(w.say("announcements-none"), w.say("announcements-none-note"))),
        false => {
            let head = ["what", "announcement-from", "until", "state"].map(|id| w.say(id));
            let head = head.into_iter().chain([String::new()]).collect();
            let rows = found.into_iter().map(|one| row(me, one)).collect();
            list.with(Block::Ledger(Ledger { name: w.say("announcements"), head, rows }))
        }
    };
    let sheet = Sheet::new(cx, w.say("announcements")).lead(w.say("announcements-lead")).said(said(cx));
    Ok(sheet.under("/account").part(new).part(list))
}

/// `GET /operator/announcements`
async fn show(Operator(me): Operator) -> Response<Body> {
    me.cx.end(sheet(&me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// What a form announces.
fn asked(me: &Me, fields: &Fields) -> Result<Announcement, Fault> {
    let w = me.cx.words(&WORDS);
    let wrong = |field: &'static str, what: String| Fault::Field { field, what };
    let text = |field: &'static str| {
        let text = fields.text(field).split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = !text.is_empty() && text.chars().count() <= CHARS_MAX;
        let help = || wrong(field, w.fill("announcement-text-wrong", &[("count", &CHARS_MAX.to_string())]));
        if fits { Ok(text) } else { Err(help()) }
    };
    let (zh, en) = (text("zh")?, text("en")?);
    let from = match fields.text("from") {
        "" => me.cx.now,
        typed => day(typed).ok_or_else(|| wrong("from", w.say("day-wrong")))?.max(me.cx.now),
    };
    let until = day(fields.text("until")).filter(|until| *until > from);
    let until = until.ok_or_else(|| wrong("until", w.say("announcement-until-wrong")))?;
    Ok(Announcement { zh, en, from, until })
}

/// `POST /operator/announcements`
async fn announce(OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh(PLACE) {
        return *first;
    }
    let announced = async {
        me.accounts.announce(&me, &asked(&me, &fields)?).await?;
        Ok(me.cx.see("/operator/announcements?said=done"))
    };
    let answer = announced.await;
    me.cx.end_form(answer, async |fault| sheet(&me, Some((&fields, fault))).await).await
}

/// `POST /operator/announcements/end`
async fn end(OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh(PLACE) {
        return *first;
    }
    let done = me.accounts.end_announcement(&me, fields.text("announcement")).await;
    me.cx.end(done.map(|()| me.cx.see("/operator/announcements?said=done")))
}

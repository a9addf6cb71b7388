//! The operator's page of originals (n-17, kx-12): how each place stands, which copies are bad, which work was
//! given up. Holdings are named by id: whose they are and what they are called is their owners'.

use super::WORDS;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::routing::{get, post};
use proof_wasm::page::size;
use registry::accounts::{Operator, OperatorSent, said};
use registry::holdings::{BadCopy, Holdings, Job, Outcome, PlaceStanding, Standing};
use registry::web::sheet::{Block, Form, Ledger, Mark, Part, Sheet, Value};
use registry::web::{Cx, Words, grouped};

const PLACE: &str = "/operator/holdings";

pub(super) fn router() -> Router<Holdings> {
    Router::new().route("/operator/holdings", get(show)).route("/operator/holdings/retry", post(retry))
}

fn head(w: Words, ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| if id.is_empty() { String::new() } else { w.say(id) }).collect()
}

fn number(count: u64) -> Value {
    Value::Text(grouped(count))
}

/// What is not to be there: marked where it is.
fn fault(count: u64) -> Value {
    match count {
        0 => number(0),
        _ => Value::Mark(Mark::Failed, grouped(count)),
    }
}

/// `GET /operator/holdings`
async fn show(State(holdings): State<Holdings>, Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let standing = holdings.keeping().standing(false).await?;
        let mut sheet =
            Sheet::new(cx, w.say("originals")).lead(w.say("originals-lead")).said(said(cx)).under("/account");
        sheet = sheet.part(all(w, &standing)).part(places(w, &standing));
        if let Some(part) = away(w, &standing.places) {
            sheet = sheet.part(part);
        }
        Ok(cx.page(&sheet.part(bad(w, &standing.bad)).part(work(cx, w, &standing))))
    };
    me.cx.end(shown.await)
}

/// The instance as a whole.
fn all(w: Words, standing: &Standing) -> Part {
    let lost = match standing.lost {
        0 => Value::Mark(Mark::Sealed, w.say("originals-none-lost")),
        lost => Value::Mark(Mark::Failed, grouped(lost)),
    };
    let rows = vec![
        (w.say("originals-kept"), number(standing.holdings)),
        (w.say("originals-lost"), lost),
        (w.say("originals-uploads"), number(standing.uploads)),
    ];
    let part = Part::new(w.say("originals-all")).with(Block::Record(rows));
    match standing.places.len() {
        1 => part.with(Block::Notice(w.say("originals-one-place"), w.say("originals-one-place-note"))),
        _ => part,
    }
}

fn places(w: Words, standing: &Standing) -> Part {
    let rows = standing.places.iter().map(|place| {
        let (mark, word) = match place.is_up {
            Some(true) => (Mark::Sealed, w.say("place-up")),
            Some(false) => (Mark::Failed, w.say("place-down")),
            None => (Mark::Waiting, w.say("place-unknown")),
        };
        vec![
            Value::Text(place.name.clone()),
            Value::Mark(mark, word),
            Value::from(place.since),
            Value::Two(grouped(place.objects), size(place.bytes)),
            fault(place.damaged),
            fault(place.missing),
            match place.waiting {
                0 => number(0),
                waiting => Value::Mark(Mark::Waiting, grouped(waiting)),
            },
            Value::from(place.checked),
            Value::from(place.next),
        ]
    });
    let ids = [
        "place",
        "place-answers",
        "place-since",
        "place-objects",
        "place-damaged",
        "place-missing",
        "place-waiting",
        "place-checked",
        "place-next",
    ];
    let ledger = Ledger { name: w.say("places"), head: head(w, &ids), rows: rows.collect() };
    Part::new(w.say("places")).note(w.say("places-note")).full().with(Block::Ledger(ledger))
}

/// Why places do not answer, and what to do about it.
fn away(w: Words, places: &[PlaceStanding]) -> Option<Part> {
    let mut part = Part::new(w.say("place-down")).note(w.say("place-down-note"));
    let mut is_any = false;
    for place in places.iter().filter(|place| place.is_up == Some(false)) {
        part = part.with(Block::Record(vec![(place.name.clone(), Value::Mono(place.cause.clone()))]));
        is_any = true;
    }
    is_any.then_some(part)
}

fn bad(w: Words, found: &[BadCopy]) -> Part {
    let part = Part::new(w.say("bad")).note(w.say("bad-note")).full();
    if found.is_empty() {
        return part.with(Block::Empty(w.say("bad-none"), w.say("bad-none-note")));
    }
    let rows = found.iter().map(|copy| {
        let id = match copy.state {
            Outcome::Missing => "bad-missing",
            Outcome::Wrong => "bad-wrong",
            _ => "bad-damaged",
        };
        let left = match copy.is_lost {
            true => Value::Mark(Mark::Failed, w.say("bad-left-none")),
            false => Value::Mark(Mark::Waiting, w.say("bad-left")),
        };
        vec![
            Value::Mono(copy.holding.clone()),
            Value::Text(copy.place.clone()),
            Value::Mark(Mark::Failed, w.say(id)),
            left,
            Value::Time(copy.checked),
            Value::Time(copy.good),
        ]
    });
    let ids = ["bad-id", "place", "bad-found", "bad-others", "place-checked", "bad-good"];
    part.with(Block::Ledger(Ledger { name: w.say("bad"), head: head(w, &ids), rows: rows.collect() }))
}

fn work(cx: &Cx, w: Words, standing: &Standing) -> Part {
    let rows = vec![(w.say("work-waiting"), number(standing.waiting)), (w.say("work-dead"), fault(standing.dead))];
    let part = Part::new(w.say("work")).note(w.say("work-note")).full().with(Block::Record(rows));
    let row = |job: &Job| {
        let what = w.say(if job.is_attach { "work-attach" } else { "work-remove" });
        vec![Value::Two(what, job.of.clone()), Value::Text(job.tries.to_string()), Value::Mono(job.error.clone())]
    };
    let retry = Form::new("/operator/holdings/retry", w.say("work-retry")).of(cx).note(w.say("work-retry-note"));
    let part = match standing.given_up.is_empty() {
        true => part,
        false => {
            let rows = standing.given_up.iter().map(row).collect();
            let ledger =
                Ledger { name: w.say("work-dead"), head: head(w, &["work-what", "work-tries", "failed"]), rows };
            part.with(Block::Ledger(ledger))
        }
    };
    part.with(Block::Form(retry))
}

/// `POST /operator/holdings/retry`: what was given up and what waits for a place is tried again.
async fn retry(State(holdings): State<Holdings>, OperatorSent { me, .. }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh(PLACE) {
        return *first;
    }
    let done = holdings.retry(&me).await;
    me.cx.end(done.map(|_| me.cx.see("/operator/holdings?said=done")))
}

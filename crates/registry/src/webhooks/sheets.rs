//! What the pages of webhooks show.

use super::event::Kind;
use super::model::{Attempt, Choice, Delivery, ENDPOINTS_MAX, Endpoint, State};
use super::{By, WORDS, Webhooks, place_of};
use crate::accounts::Me;
use crate::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use crate::web::{Cx, Fault, Fields, Words};

/// Deliveries that a page shows.
const SHOWN: usize = 50;
/// No form that was sent is wrong.
type Wrong<'a> = Option<(&'a Fields, &'a Fault)>;

/// What became of the last act.
fn said(cx: &Cx, w: Words) -> Option<String> {
    let id = match cx.query("said").as_str() {
        "changed" => "said-changed",
        "enabled" => "said-enabled",
        "disabled" => "said-disabled",
        "sent" => "said-sent",
        "replayed" => "said-replayed",
        "removed" => "said-removed",
        _ => return None,
    };
    Some(w.say(id))
}

/// What a kind is called; one of a later version by its name.
fn called(w: Words, name: &str) -> String {
    Kind::parse(name).map_or_else(|| name.to_owned(), |kind| w.say(kind.word()))
}

fn chosen(w: Words, choice: &Choice) -> String {
    match choice {
        Choice::All => w.say("events-all"),
        Choice::Some(kinds) => {
            kinds.iter().map(|kind| w.say(kind.word())).collect::<Vec<_>>().join(&w.say("list-stop"))
        }
    }
}

fn state_of(w: Words, endpoint: &Endpoint) -> Value {
    match (endpoint.disabled, endpoint.failing_since) {
        (Some(why), _) => Value::Mark(Mark::Absent, w.say(why.word())),
        (None, Some(_)) => Value::Mark(Mark::Failed, w.say("failing")),
        (None, None) => Value::Mark(Mark::Sealed, w.say("enabled")),
    }
}

fn stands(w: Words, state: State) -> Value {
    let mark = match state {
        State::Waiting | State::Sending => Mark::Waiting,
        State::Delivered => Mark::Sealed,
        State::Failed => Mark::Failed,
        State::Stopped => Mark::Absent,
    };
    Value::Mark(mark, w.say(state.word()))
}

/// What the last attempt came to.
fn answered(w: Words, status: Option<u16>, trouble: Option<super::model::Trouble>) -> Value {
    match (status, trouble) {
        (Some(status), _) => Value::Mono(status.to_string()),
        (None, Some(trouble)) => w.say(trouble.word()).into(),
        (None, None) => Value::None,
    }
}

/// The questions about an endpoint.
fn asked(form: Form, w: Words, known: Option<&Endpoint>) -> Form {
    let choice = known.map_or(&Choice::All, |endpoint| &endpoint.choice);
    let all = (Choice::ALL.to_owned(), w.say("events-all"), *choice == Choice::All);
    let ticked = |kind: &Kind| *choice != Choice::All && choice.has(kind.name());
    let label = |kind: &Kind| format!("{} · {}", w.say(kind.word()), kind.name());
    let each = Kind::CHOSEN.iter().map(|kind| (kind.name().to_owned(), label(kind), ticked(kind)));
    let (url, description) = known.map_or(("", ""), |known| (known.url.as_str(), known.description.as_str()));
    form.field(Field::text("url", w.say("url")).help(w.say("url-help")).value(url))
        .field(Field::text("description", w.say("description")).value(description).optional())
        .field(Field::boxes("event", w.say("events"), std::iter::once(all).chain(each).collect()))
}

fn docs(w: Words) -> Block {
    let links = [("/help/api", "guide"), ("/api", "reference"), ("/account/keys", "keys")];
    Block::Links(links.map(|(href, id)| (href.to_owned(), w.say(id))).to_vec())
}

/// All endpoints of an owner, and a form for another.
pub(super) async fn list(webhooks: &Webhooks, me: &Me, by: &By, wrong: Wrong<'_>) -> Result<Sheet, Fault> {
    let (cx, w, place) = (&me.cx, me.cx.words(&WORDS), place_of(&by.owner));
    let endpoints = webhooks.endpoints(by).await?;
    let part = Part::new(w.say("webhooks")).note(w.say("webhooks-note")).full();
    let is_full = endpoints.len() as i64 >= ENDPOINTS_MAX;
    let part = match endpoints.is_empty() {
        true => part.with(Block::Empty(w.say("webhooks-none"), w.say("webhooks-none-note"))),
        false => {
            let row = |endpoint: Endpoint| {
                let (state, events) = (state_of(w, &endpoint), chosen(w, &endpoint.choice));
                let name = if endpoint.description.is_empty() { w.say("unnamed") } else { endpoint.description };
                let link = Value::Titled(format!("{place}/{}", endpoint.id), name, endpoint.url);
                vec![link, events.into(), state, Value::Time(endpoint.made)]
            };
            let head = ["webhook", "events", "state", "since"].map(|id| w.say(id)).to_vec();
            let rows = endpoints.into_iter().map(row).collect();
            part.with(Block::Ledger(Ledger { name: w.say("webhooks"), head, rows }))
        }
    };
    let new = Part::new(w.say("webhook-new")).note(w.say("webhook-new-note"));
    let form = asked(Form::new(place, w.say("webhook-make")).of(cx), w, None).primary();
    let new = match is_full {
        true => new.with(Block::Text(w.fill("endpoints-many", &[("count", &ENDPOINTS_MAX.to_string())]))),
        false => new.with(Block::Form(form.after(wrong))),
    };
    let lead = if by.owner.starts_with("organisation/") { "webhooks-lead-organisation" } else { "webhooks-lead" };
    let sheet = Sheet::new(cx, w.say("webhooks")).reference(by.owner.clone()).lead(w.say(lead)).said(said(cx, w));
    Ok(sheet.under("/account").part(part.with(docs(w))).part(new))
}

/// A secret, shown once.
pub(super) fn secret(me: &Me, by: &By, endpoint: &Endpoint, secret: String) -> Sheet {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let mut part = Part::new(w.say("secret"))
        .note(endpoint.url.clone())
        .with(Block::Notice(w.say("secret-once"), w.say("secret-once-note")))
        .with(Block::Plain(secret));
    if let Some(until) = endpoint.old_until {
        part = part.with(Block::Record(vec![(w.say("secret-old"), Value::Time(until))]));
    }
    let link = (format!("{}/{}", place_of(&by.owner), endpoint.id), w.say("secret-kept"));
    let part = part.with(Block::Links(vec![link]));
    Sheet::new(cx, w.say("secret-new")).under("/account").part(part)
}

/// An endpoint, with its deliveries.
pub(super) async fn endpoint(
    webhooks: &Webhooks,
    me: &Me,
    by: &By,
    endpoint: &Endpoint,
    (state, before): (Option<State>, Option<(i64, String)>),
    wrong: Wrong<'_>,
) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let place = format!("{}/{}", place_of(&by.owner), endpoint.id);
    let act = |name: &str, id: &str| Form::new(place.clone(), w.say(id)).of(cx).hidden("act", name).small();
    let is_enabled = endpoint.disabled.is_none();
    let mut rows = vec![
        (w.say("url"), Value::Mono(endpoint.url.clone())),
        (w.say("events"), chosen(w, &endpoint.choice).into()),
        (w.say("state"), state_of(w, endpoint)),
        (w.say("since"), Value::Time(endpoint.made)),
    ];
    if let Some(since) = endpoint.failing_since.filter(|_| is_enabled) {
        rows.push((w.say("failing-since"), Value::Time(since)));
    }
    if let Some(until) = endpoint.old_until.filter(|until| *until > cx.now) {
        rows.push((w.say("secret-old"), Value::Time(until)));
    }
    let acts = match is_enabled {
        true => vec![act("ping", "ping"), act("secret", "rotate"), act("disable", "disable")],
        false => vec![act("enable", "enable"), act("secret", "rotate")],
    };
    rows.push((w.say("acts"), Value::Acts(acts)));
    let what = Part::new(w.say("webhook")).note(w.say("webhook-note")).with(Block::Record(rows));
    let deliveries = deliveries(webhooks, cx, w, (endpoint, &place), (state, before)).await?;
    let form = Form::new(place.clone(), w.say("save")).of(cx).hidden("act", "change");
    let form = asked(form, w, Some(endpoint)).after(wrong);
    let change = Part::new(w.say("change")).note(w.say("change-note")).with(Block::Form(form));
    let form = Form::new(place, w.say("remove")).of(cx).hidden("act", "remove");
    let remove = Part::new(w.say("remove")).note(w.say("remove-note")).with(Block::Form(form));
    let back = Block::Links(vec![(place_of(&by.owner), w.say("all"))]);
    let title = if endpoint.description.is_empty() { w.say("webhook") } else { endpoint.description.clone() };
    let sheet = Sheet::new(cx, title).reference(endpoint.id.clone()).said(said(cx, w)).under("/account");
    Ok(sheet.part(what).part(deliveries).part(change).part(remove.with(back)))
}

async fn deliveries(
    webhooks: &Webhooks,
    cx: &Cx,
    w: Words,
    (endpoint, place): (&Endpoint, &str),
    (state, before): (Option<State>, Option<(i64, String)>),
) -> Result<Part, Fault> {
    let at = before.as_ref().map(|(ms, id)| (*ms, id.as_str()));
    let mut found = webhooks.deliveries(&endpoint.id, state, at, SHOWN + 1).await?;
    let has_more = found.len() > SHOWN;
    found.truncate(SHOWN);
    let more = found.last().filter(|_| has_more).map(|last| format!("{}.{}", last.made_ms, last.id));
    let part = Part::new(w.say("deliveries")).note(w.say("deliveries-note")).full();
    let part = match found.is_empty() {
        true => part.with(Block::Empty(w.say("deliveries-none"), w.say("deliveries-none-note"))),
        false => {
            let row = |delivery: Delivery| {
                let link = format!("{place}/{}", delivery.id);
                let again = Form::new(link.clone(), w.say("replay")).of(cx).small();
                let is_over = matches!(delivery.state, State::Delivered | State::Failed | State::Stopped);
                let acts = if is_over && endpoint.disabled.is_none() { vec![again] } else { Vec::new() };
                vec![
                    Value::Titled(link, called(w, &delivery.kind), delivery.event),
                    stands(w, delivery.state),
                    Value::Mono(delivery.attempts.to_string()),
                    answered(w, delivery.status, delivery.trouble),
                    delivery.due.or(delivery.ended).into(),
                    Value::Acts(acts),
                ]
            };
            let head = ["event", "state", "attempts", "answer", "when"].map(|id| w.say(id));
            let head = head.into_iter().chain([String::new()]).collect();
            let rows = found.into_iter().map(row).collect();
            part.with(Block::Ledger(Ledger { name: w.say("deliveries"), head, rows }))
        }
    };
    let all = (place.to_owned(), w.say("all-states"));
    let each =
        [State::Waiting, State::Failed].map(|state| (format!("{place}?state={}", state.name()), w.say(state.word())));
    let mut links: Vec<(String, String)> = std::iter::once(all).chain(each).collect();
    if let Some(more) = more {
        let state = state.map_or(String::new(), |state| format!("state={}&", state.name()));
        links.push((format!("{place}?{state}before={more}"), w.say("older")));
    }
    Ok(part.with(Block::Links(links)))
}

/// A delivery: what was sent, what came back.
pub(super) async fn delivery(webhooks: &Webhooks, me: &Me, by: &By, delivery: &Delivery) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let endpoint = webhooks.endpoint(by, &delivery.endpoint).await?;
    let body = webhooks.body_of(delivery).await?;
    let list = format!("{}/{}", place_of(&by.owner), endpoint.id);
    let mut rows = vec![
        (w.say("event"), Value::Two(called(w, &delivery.kind), delivery.kind.clone())),
        (w.say("event-id"), Value::Mono(delivery.event.clone())),
        (w.say("url"), Value::Mono(endpoint.url.clone())),
        (w.say("state"), stands(w, delivery.state)),
        (w.say("attempts"), Value::Mono(delivery.attempts.to_string())),
    ];
    if let Some(due) = delivery.due {
        rows.push((w.say("next"), Value::Time(due)));
    }
    if let Some(ended) = delivery.ended {
        rows.push((w.say("ended"), Value::Time(ended)));
    }
    let mut part = Part::new(w.say("delivery")).with(Block::Record(rows));
    if delivery.state != State::Sending && endpoint.disabled.is_none() {
        let form = Form::new(format!("{list}/{}", delivery.id), w.say("replay")).of(cx);
        part = part.with(Block::Form(form.note(w.say("replay-note"))));
    }
    let part = part.with(Block::Links(vec![(list, w.say("back"))]));
    let sent = Part::new(w.say("body")).note(w.say("body-note")).full().with(Block::Plain(body));
    let sheet = Sheet::new(cx, w.say("delivery")).reference(delivery.id.clone()).said(said(cx, w)).under("/account");
    let sheet = sheet.part(part).part(sent);
    let attempts = webhooks.attempts(by, &delivery.id).await?;
    Ok(attempts.into_iter().fold(sheet, |sheet, attempt| sheet.part(tried(w, attempt))))
}

/// One attempt.
fn tried(w: Words, attempt: Attempt) -> Part {
    let is_taken = attempt.trouble.is_none();
    let outcome = match attempt.trouble {
        None => Value::Mark(Mark::Sealed, w.say("state-delivered")),
        Some(trouble) => Value::Mark(Mark::Failed, w.say(trouble.word())),
    };
    let mut rows = vec![
        (w.say("time"), Value::Time(attempt.made)),
        (w.say("outcome"), outcome),
        (w.say("took"), Value::Mono(format!("{} ms", attempt.took_ms))),
    ];
    if let Some(status) = attempt.status {
        rows.push((w.say("status"), Value::Mono(status.to_string())));
    }
    let headers: Vec<String> = attempt.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let part = Part::new(w.fill("attempt", &[("number", &attempt.number.to_string())])).full();
    let part = part.with(Block::Record(rows)).with(Block::Note(w.say("headers")));
    let part = part.with(Block::Plain(headers.join("\n")));
    match attempt.answer.trim().is_empty() {
        true if is_taken => part,
        true => part.with(Block::Note(w.say("answer-none"))),
        false => part.with(Block::Note(w.say("answer-head"))).with(Block::Plain(attempt.answer)),
    }
}

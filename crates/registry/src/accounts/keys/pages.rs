//! The page of API keys.

use super::{KEYS_MAX, NewKey, Scopes, words_of};
use crate::accounts::organisation::ANYONE;
use crate::accounts::{Accounts, Me, Sent, WORDS, said};
use crate::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use crate::web::{Fault, Fields};
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::{get, post};

/// For how long a key may be made, in days.
pub(super) const DAYS: [i64; 4] = [30, 90, 365, 730];

pub(super) fn router() -> Router<Accounts> {
    Router::new().route("/account/keys", get(show).post(make)).route("/account/keys/end", post(end))
}

/// The days that were chosen.
pub(super) fn days_of(fields: &Fields) -> Option<i64> {
    DAYS.into_iter().find(|days| days.to_string() == fields.text("days"))
}

async fn sheet(me: &Me, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let cx = &me.cx;
    let w = cx.words(&WORDS);
    let organisations = me.accounts.organisations_of(&me.person.id).await?;
    let keys = me.accounts.keys(&me.person).await?;
    let list = Part::new(w.say("keys")).note(w.say("keys-note")).full();
    let list = match keys.is_empty() {
        true => list.with(Block::Empty(w.say("keys-none"), w.say("keys-none-note"))),
        false => {
            let mut rows = Vec::new();
            for key in keys {
                let state = match key.ended {
                    Some(_) => Value::Mark(Mark::Absent, w.say("key-ended")),
                    None if key.due <= cx.now => Value::Mark(Mark::Absent, w.say("key-expired")),
                    None => {
                        let end =
                            Form::new("/account/keys/end", w.say("key-end")).of(cx).hidden("key", &key.id).small();
                        Value::Acts(vec![end])
                    }
                };
                let of = organisations.iter().find(|(o, _)| Some(&o.id) == key.organisation.as_ref());
                let of = of.map_or_else(String::new, |(organisation, _)| organisation.profile.name.clone());
                let scopes = words_of(&key.scopes, w);
                rows.push(vec![
                    Value::Two(key.label, of),
                    scopes.into(),
                    Value::Time(key.made),
                    Value::Time(key.due),
                    key.used.into(),
                    state,
                ]);
            }
            let head = ["key-label", "key-scopes", "made", "until", "used"].map(|id| w.say(id));
            let head = head.into_iter().chain([String::new()]).collect();
            list.with(Block::Ledger(Ledger { name: w.say("keys"), head, rows }))
        }
    };
    let mut of = vec![(String::new(), w.say("key-own"))];
    of.extend(organisations.into_iter().map(|(organisation, _)| (organisation.id, organisation.profile.name)));
    let days = DAYS.map(|days| (days.to_string(), w.fill("key-days", &[("days", &days.to_string())]))).to_vec();
    let scopes = Scopes::ALL.map(|scope| (scope.name().to_owned(), w.say(scope.word()), false)).to_vec();
    let form = Form::new("/account/keys", w.say("key-make"))
        .of(cx)
        .field(Field::text("label", w.say("key-label")).help(w.say("key-label-help")))
        .field(Field::select("organisation", w.say("key-of"), of))
        .field(Field::boxes("scope", w.say("key-scopes"), scopes))
        .field(Field::select("days", w.say("key-life"), days).value("90").short())
        .primary();
    let form = form.after(wrong);
    let docs = vec![("/api".to_owned(), w.say("keys-reference")), ("/help/api".to_owned(), w.say("keys-guide"))];
    let list = list.with(Block::Links(docs));
    let new = Part::new(w.say("key-new")).note(w.say("key-new-note")).with(Block::Form(form));
    let device = Part::new(w.say("device"))
        .note(w.say("device-note"))
        .with(Block::Links(vec![("/account/device".to_owned(), w.say("device-type"))]));
    let sheet = Sheet::new(cx, w.say("keys")).lead(w.say("keys-lead")).said(said(cx)).under("/account");
    Ok(sheet.part(list).part(device).part(new))
}

/// `GET /account/keys`
async fn show(me: Me) -> Response<Body> {
    if let Err(first) = me.fresh("/account/keys") {
        return *first;
    }
    me.cx.end(sheet(&me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /account/keys`: the key, shown once.
async fn make(Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/keys") {
        return *first;
    }
    let made = async {
        let w = me.cx.words(&WORDS);
        let field = |name: &'static str, id: &str| Err(Fault::Field { field: name, what: w.say(id) });
        let label = fields.text("label");
        if !(1..=60).contains(&label.chars().count()) {
            return field("label", "key-label-wrong");
        }
        let scopes: Vec<Scopes> =
            Scopes::ALL.into_iter().filter(|s| fields.all("scope").any(|n| n == s.name())).collect();
        if scopes.is_empty() {
            return field("scope", "key-scopes-missing");
        }
        let days = days_of(&fields).ok_or(Fault::Form)?;
        let organisation = Some(fields.text("organisation")).filter(|id| !id.is_empty());
        if let Some(organisation) = organisation {
            me.acting(organisation, ANYONE).await?;
        }
        let held = me.accounts.keys(&me.person).await?;
        if held.iter().filter(|key| key.ended.is_none() && key.due > me.cx.now).count() >= KEYS_MAX {
            return field("label", "keys-many");
        }
        let due = me.cx.now.plus_s(days * 86_400);
        let new = NewKey { person: &me.person, label, organisation, scopes: &scopes, now: me.cx.now, due };
        let secret = me.accounts.make_key(&new).await?;
        let part = Part::new(label.to_owned())
            .note(words_of(&scopes, w))
            .with(Block::Notice(w.say("key-once"), w.say("key-once-note")))
            .with(Block::Plain(secret))
            .with(Block::Links(vec![("/account/keys".to_owned(), w.say("key-kept"))]));
        Ok(me.cx.page(&Sheet::new(&me.cx, w.say("key-made")).under("/account").part(part)))
    };
    let answer = made.await;
    me.cx.end_form(answer, async |fault| sheet(&me, Some((&fields, fault))).await).await
}

/// `POST /account/keys/end`
async fn end(Sent { me, fields }: Sent) -> Response<Body> {
    let ended = me.accounts.end_key(&me.person.id, &me.actor(), fields.text("key"), me.cx.now).await;
    me.cx.end(ended.map_err(Fault::from).and_then(|was| match was {
        true => Ok(me.cx.see("/account/keys?said=key-ended")),
        false => Err(Fault::NotFound),
    }))
}

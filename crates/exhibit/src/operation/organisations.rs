//! Organisations, as the operator sees them: who they are and who belongs to them. There is nothing to change:
//! an organisation is its owners', and what must stop is stopped at its people.

use super::WORDS;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Response;
use axum::routing::get;
use registry::accounts::organisation::Organisation;
use registry::accounts::{Accounts, Me, Operator};
use registry::web::sheet::{Block, Ledger, Mark, Part, Sheet, Value};
use registry::web::{Fault, grouped};

/// Organisations that a page shows.
const SHOWN: i64 = 500;

pub(super) fn router() -> Router<Accounts> {
    Router::new()
        .route("/operator/organisations", get(organisations))
        .route("/operator/organisations/{id}", get(organisation))
}

/// Whether its real name was checked.
async fn level(me: &Me, organisation: &Organisation) -> Result<Value, Fault> {
    let w = me.cx.words(&WORDS);
    let identity = me.accounts.identity_of("", Some(&organisation.id)).await?;
    Ok(match identity.filter(|identity| identity.is_confirmed()) {
        Some(_) => Value::Mark(Mark::Sealed, w.say("level-checked")),
        None => Value::Mark(Mark::Absent, w.say("organisation-unchecked")),
    })
}

/// `GET /operator/organisations`
async fn organisations(Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let mut rows = Vec::new();
        for (organisation, members) in me.accounts.organisations(SHOWN).await? {
            let level = level(&me, &organisation).await?;
            let link = format!("/operator/organisations/{}", organisation.id);
            let name = Value::Link(link, organisation.profile.name);
            rows.push(vec![name, grouped(members).into(), Value::Time(organisation.made), level]);
        }
        let part =
            Part::new(w.say("organisations")).note(w.fill("people-newest", &[("count", &SHOWN.to_string())])).full();
        let part = match rows.is_empty() {
            true => part.with(Block::Empty(w.say("organisations-none"), w.say("organisations-none-note"))),
            false => {
                let head = ["name", "members", "since", "real-name"].map(|id| w.say(id)).to_vec();
                part.with(Block::Ledger(Ledger { name: w.say("organisations"), head, rows }))
            }
        };
        let sheet = Sheet::new(cx, w.say("organisations")).lead(w.say("organisations-lead")).under("/account");
        Ok(cx.page(&sheet.part(part)))
    };
    me.cx.end(shown.await)
}

/// `GET /operator/organisations/{id}`
async fn organisation(Operator(me): Operator, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let organisation = me.accounts.organisation(&id).await?.ok_or(Fault::NotFound)?;
        let asks = w.say(if organisation.asks { "yes" } else { "no" });
        let facts = vec![
            (w.say("name"), organisation.profile.name.clone().into()),
            (w.say("since"), Value::Time(organisation.made)),
            (w.say("real-name"), level(&me, &organisation).await?),
            (w.say("organisation-asks"), asks.into()),
        ];
        let rows = me.accounts.members(&id).await?.into_iter().map(|member| {
            let link = format!("/operator/people/{}", member.person.id);
            let roles = member.roles.called(cx);
            vec![Value::Link(link, member.person.profile.name), roles.into(), Value::Time(member.since)]
        });
        let head = ["name", "roles", "since"].map(|id| w.say(id)).to_vec();
        let members = Ledger { name: w.say("members"), head, rows: rows.collect() };
        let sheet = Sheet::new(cx, organisation.profile.name.clone()).reference(id.clone()).under("/account");
        let sheet = sheet.part(Part::new(w.say("organisation")).with(Block::Record(facts)));
        Ok(cx.page(&sheet.part(Part::new(w.say("members")).full().with(Block::Ledger(members)))))
    };
    me.cx.end(shown.await)
}

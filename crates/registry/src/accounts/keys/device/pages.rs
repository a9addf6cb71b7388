//! The pages on which a person compares a program's code and allows what it asks for, or less.
//!
//! The code stands in no address: a link that somebody sends allows nothing.

use super::Asked;
use crate::accounts::keys::pages::{DAYS, days_of};
use crate::accounts::keys::{Scopes, scopes_of};
use crate::accounts::organisation::ANYONE;
use crate::accounts::{Accounts, Me, Sent, WORDS, plain_code, said};
use crate::web::sheet::{Block, Field, Form, Part, Sheet, Value};
use crate::web::{Fault, Fields};
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::{get, post};

/// Where a code is typed.
pub(super) const PLACE: &str = "/account/device";

pub(super) fn router() -> Router<Accounts> {
    Router::new().route("/account/device", get(show).post(compare)).route("/account/device/answer", post(answer))
}

fn typing(me: &Me, wrong: Option<(&Fields, &Fault)>) -> Sheet {
    let w = me.cx.words(&WORDS);
    let form = Form::new(PLACE, w.say("device-look"))
        .of(&me.cx)
        .field(Field::code("code", w.say("device-code")).help(w.say("device-code-help")).completes("off"))
        .primary()
        .after(wrong);
    let part = Part::new(w.say("device-type")).note(w.say("device-type-note")).with(Block::Form(form));
    Sheet::new(&me.cx, w.say("device")).lead(w.say("device-lead")).said(said(&me.cx)).under("/account").part(part)
}

/// A code as programs show it.
fn shown(typed: &str) -> String {
    let plain = plain_code(typed);
    match plain.split_at_checked(4) {
        Some((first, rest)) => format!("{first}-{rest}"),
        None => plain,
    }
}

async fn asking(me: &Me, code: &str, asked: &Asked, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let w = me.cx.words(&WORDS);
    let mut rows = vec![(w.say("device-label"), Value::from(asked.label.as_str()))];
    if !asked.host.is_empty() {
        rows.push((w.say("device-host"), asked.host.as_str().into()));
    }
    rows.push((w.say("device-from"), Value::Mono(asked.from.clone())));
    let mut of = vec![(String::new(), w.say("key-own"))];
    let organisations = me.accounts.organisations_of(&me.person.id).await?;
    of.extend(organisations.into_iter().map(|(organisation, _)| (organisation.id, organisation.profile.name)));
    let scopes = scopes_of(&asked.scopes);
    let scopes = scopes.iter().map(|scope| (scope.name().to_owned(), w.say(scope.word()), true)).collect();
    let days = DAYS.map(|days| (days.to_string(), w.fill("key-days", &[("days", &days.to_string())]))).to_vec();
    let allow = Form::new("/account/device/answer", w.say("device-allow"))
        .of(&me.cx)
        .hidden("code", code)
        .hidden("act", "allow")
        .field(Field::boxes("scope", w.say("key-scopes"), scopes))
        .field(Field::select("organisation", w.say("key-of"), of))
        .field(Field::select("days", w.say("key-life"), days).value("90").short())
        .primary()
        .after(wrong);
    let refuse = Form::new("/account/device/answer", w.say("device-refuse"))
        .of(&me.cx)
        .hidden("code", code)
        .hidden("act", "refuse");
    let who = Part::new(w.say("device-who"))
        .note(w.say("device-who-note"))
        .with(Block::Notice(w.fill("device-compare", &[("code", &shown(code))]), w.say("device-compare-note")))
        .with(Block::Record(rows));
    let what = Part::new(w.say("device-what")).note(w.say("device-what-note")).with(Block::Form(allow));
    let not = Part::new(w.say("device-not")).note(w.say("device-not-note")).with(Block::Form(refuse));
    Ok(Sheet::new(&me.cx, w.say("device-ask")).under("/account").part(who).part(what).part(not))
}

fn wrong_code(me: &Me) -> Fault {
    Fault::Field { field: "code", what: me.cx.words(&WORDS).say("device-code-wrong") }
}

/// `GET /account/device`
async fn show(me: Me) -> Response<Body> {
    if let Err(first) = me.fresh(PLACE) {
        return *first;
    }
    me.cx.page(&typing(&me, None))
}

/// `POST /account/device`: what is asked under a code.
async fn compare(Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh(PLACE) {
        return *first;
    }
    let looked = async {
        let code = fields.text("code");
        let asked = me.accounts.claim_device(&me, code).await?.ok_or_else(|| wrong_code(&me))?;
        Ok(me.cx.page(&asking(&me, code, &asked, None).await?))
    };
    let looked = looked.await;
    me.cx.end_form(looked, async |fault| Ok(typing(&me, Some((&fields, fault))))).await
}

/// `POST /account/device/answer`: it is allowed, or it is not.
async fn answer(Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh(PLACE) {
        return *first;
    }
    let code = fields.text("code");
    let answered = async {
        let asked = me.accounts.claim_device(&me, code).await?.ok_or_else(|| wrong_code(&me))?;
        let granted = match fields.text("act") {
            "allow" => Some(match grant(&me, &fields, &asked).await {
                Ok(granted) => granted,
                // What was chosen is wrong, the code is not: the page is shown again with it.
                Err(fault @ Fault::Field { .. }) => {
                    let sheet = asking(&me, code, &asked, Some((&fields, &fault))).await?;
                    return Ok(me.cx.page(&sheet.status(axum::http::StatusCode::UNPROCESSABLE_ENTITY)));
                }
                Err(other) => return Err(other),
            }),
            "refuse" => None,
            _ => return Err(Fault::Form),
        };
        let is_allowed = granted.is_some();
        match me.accounts.decide_device(&me, code, granted.as_ref()).await? {
            true if is_allowed => Ok(me.cx.see("/account/keys?said=device-allowed")),
            true => Ok(me.cx.see("/account/keys?said=device-refused")),
            false => Err(wrong_code(&me)),
        }
    };
    let answered = answered.await;
    me.cx.end_form(answered, async |fault| Ok(typing(&me, Some((&fields, fault))))).await
}

/// What the person gives of what is asked, never more.
async fn grant(me: &Me, fields: &Fields, asked: &Asked) -> Result<Asked, Fault> {
    let w = me.cx.words(&WORDS);
    let scopes = scopes_of(&asked.scopes);
    let given: Vec<&str> = Scopes::ALL
        .iter()
        .filter(|s| scopes.contains(s))
        .map(|s| s.name())
        .filter(|n| fields.all("scope").any(|f| f == *n))
        .collect();
    if given.is_empty() {
        return Err(Fault::Field { field: "scope", what: w.say("key-scopes-missing") });
    }
    let days = days_of(fields).ok_or(Fault::Form)?;
    let organisation = Some(fields.text("organisation")).filter(|id| !id.is_empty());
    if let Some(organisation) = organisation {
        me.acting(organisation, ANYONE).await?;
    }
    if me.accounts.has_keys_enough(me).await? {
        return Err(Fault::Field { field: "scope", what: w.say("keys-many") });
    }
    Ok(Asked { granted: given.join(" "), organisation: organisation.map(str::to_owned), days, ..asked.clone() })
}

//! People, as the operator sees them; and real names to be reviewed.

use super::WORDS;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use proof::der::Time;
use registry::accounts::person::Person;
use registry::accounts::privacy::Hold;
use registry::accounts::{Accounts, Me, Operator, OperatorSent, said};
use registry::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use registry::web::{Fault, Fields};

/// People and applications that a page shows.
const SHOWN: i64 = 500;

pub(super) fn router() -> Router<Accounts> {
    Router::new()
        .route("/operator/people", get(people))
        .route("/operator/people/{id}", get(person))
        .route("/operator/people/{id}/{act}", post(act))
        .route("/operator/identities", get(identities))
        .route("/operator/identities/{id}", get(identity).post(decide))
        .route("/operator/identities/{id}/papers/{paper}", get(paper))
}

/// A day that was typed, as its first moment.
pub(super) fn day(text: &str) -> Option<Time> {
    let is_day = text.len() == 10;
    is_day.then(|| Time::parse(&format!("{text}T00:00:00Z"))).flatten()
}

/// `GET /operator/people`
async fn people(Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let mail = cx.query("mail");
        let found = match mail.as_str() {
            "" => me.accounts.people(SHOWN).await?,
            mail => me.accounts.person_of(mail).await?.into_iter().collect(),
        };
        let mut rows = Vec::new();
        for person in found {
            let identity = me.accounts.identity_of(&person.id, None).await?;
            let level = match identity.filter(|identity| identity.is_confirmed()) {
                Some(_) => Value::Mark(Mark::Sealed, w.say("level-checked")),
                None => Value::Mark(Mark::Absent, w.say("level-mail")),
            };
            let state = match () {
                () if person.is_frozen() => w.say("is-frozen"),
                () if me.accounts.hold(&person.id).await?.is_some_and(|hold| hold.until > cx.now) => w.say("is-held"),
                () if person.erasure.is_some() => w.say("is-leaving"),
                () if person.is_operator => w.say("is-operator"),
                () => String::new(),
            };
            let link = Value::Link(format!("/operator/people/{}", person.id), person.profile.name.clone());
            rows.push(vec![link, person.profile.mail.into(), Value::Time(person.made), level, state.into()]);
        }
        let head = ["name", "mail", "since", "real-name", "state"].map(|id| w.say(id)).to_vec();
        let search = Form::new("/operator/people", w.say("search"))
            .read()
            .field(Field::mail("mail", w.say("mail")).value(mail).completes("off"));
        let find = Part::new(w.say("search")).note(w.say("search-note")).with(Block::Form(search));
        let part = Part::new(w.say("people")).note(w.fill("people-newest", &[("count", &SHOWN.to_string())])).full();
        let part = match rows.is_empty() {
            true => part.with(Block::Empty(w.say("people-none"), w.say("people-none-note"))),
            false => part.with(Block::Ledger(Ledger { name: w.say("people"), head, rows })),
        };
        Ok(cx.page(&Sheet::new(cx, w.say("people")).lead(w.say("people-lead")).under("/account").part(find).part(part)))
    };
    me.cx.end(shown.await)
}

async fn person_sheet(me: &Me, person: &Person, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let form = |act: &str, id: &str| Form::new(format!("/operator/people/{}/{act}", person.id), w.say(id)).of(cx);
    let fill = |form: Form| match wrong {
        Some((fields, fault)) => form.again(fields, fault),
        None => form,
    };
    let facts = vec![
        (w.say("name"), person.profile.name.clone().into()),
        (w.say("mail"), person.profile.mail.clone().into()),
        (w.say("since"), Value::Time(person.made)),
        (w.say("second"), w.say(if person.has_second { "yes" } else { "no" }).into()),
    ];
    let mut sheet = Sheet::new(cx, person.profile.name.clone())
        .reference(person.id.clone())
        .said(said(cx))
        .under("/account")
        .part(Part::new(w.say("person")).with(Block::Record(facts)));
    let (role, role_word) = match person.is_operator {
        true => ("no-operator", "operator-end"),
        false => ("operator", "operator-make"),
    };
    let part = Part::new(w.say("operator-role")).note(w.say("operator-role-note"));
    sheet = sheet.part(part.with(Block::Form(form(role, role_word))));
    if person.id != me.person.id {
        let (act, word) = if person.is_frozen() { ("thaw", "thaw") } else { ("freeze", "freeze") };
        let part = Part::new(w.say("freezing")).note(w.say("freezing-note")).with(Block::Form(form(act, word)));
        sheet = sheet.part(part);
        let part = Part::new(w.say("reset")).note(w.say("reset-note")).with(Block::Form(form("reset", "reset-act")));
        sheet = sheet.part(part);
    }
    let hold = me.accounts.hold(&person.id).await?;
    let part = Part::new(w.say("hold")).note(w.say("hold-note"));
    let set = form("hold", if hold.is_some() { "hold-extend" } else { "hold-act" })
        .field(Field::text("reason", w.say("reason")).help(w.say("hold-reason-help")))
        .field(Field::date("until", w.say("until")));
    let part = match hold {
        Some(hold) => {
            let state = match hold.until <= cx.now {
                true => Value::Mark(Mark::Failed, w.say("hold-over")),
                false => Value::Mark(Mark::Sealed, w.say("hold-on")),
            };
            let facts = vec![
                (w.say("state"), state),
                (w.say("reason"), hold.reason.into()),
                (w.say("until"), Value::Time(hold.until)),
            ];
            part.with(Block::Record(facts)).with(Block::Form(form("release", "release")))
        }
        None => part,
    };
    Ok(sheet.part(part.with(Block::Form(fill(set)))))
}

async fn found(me: &Me, id: &str) -> Result<Person, Fault> {
    me.accounts.person(id).await?.ok_or(Fault::NotFound)
}

/// `GET /operator/people/{id}`
async fn person(Operator(me): Operator, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        let person = found(&me, &id).await?;
        Ok(me.cx.page(&person_sheet(&me, &person, None).await?))
    };
    me.cx.end(shown.await)
}

/// `POST /operator/people/{id}/{act}`
async fn act(Path((id, act)): Path<(String, String)>, OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    let place = format!("/operator/people/{id}");
    if let Err(first) = me.fresh(&place) {
        return *first;
    }
    let person = match found(&me, &id).await {
        Ok(person) => person,
        Err(fault) => return fault.answer(&me.cx),
    };
    let done = async {
        let (accounts, w) = (&me.accounts, me.cx.words(&WORDS));
        match act.as_str() {
            "operator" => accounts.set_operator(&me.person, &id, true, &me.cx).await,
            "no-operator" => accounts.set_operator(&me.person, &id, false, &me.cx).await,
            "freeze" => accounts.freeze(&me, &person, true).await,
            "thaw" => accounts.freeze(&me, &person, false).await,
            "reset" if id != me.person.id => accounts.reset_factors(&me.person, &person, &me.cx).await,
            "hold" => {
                let reason = fields.text("reason").to_owned();
                if reason.is_empty() {
                    return Err(Fault::Field { field: "reason", what: w.say("hold-reason-help") });
                }
                let until = day(fields.text("until")).filter(|until| *until > me.cx.now);
                let until = until.ok_or_else(|| Fault::Field { field: "until", what: w.say("day-wrong") })?;
                accounts.set_hold(&me, &person, Some(&Hold { reason, until })).await
            }
            "release" => accounts.set_hold(&me, &person, None).await,
            _ => Err(Fault::NotFound),
        }
    };
    match done.await {
        Ok(()) => me.cx.see(&format!("{place}?said=done")),
        Err(fault @ Fault::Field { .. }) => {
            let again = person_sheet(&me, &person, Some((&fields, &fault))).await;
            let sheet = again.map(|sheet| match &fault {
                Fault::Field { field: "person", what } => sheet.fault(what.clone()),
                _ => sheet.status(StatusCode::UNPROCESSABLE_ENTITY),
            });
            me.cx.end(sheet.map(|sheet| me.cx.page(&sheet)))
        }
        Err(fault) => fault.answer(&me.cx),
    }
}

/// `GET /operator/identities`
async fn identities(Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let found = me.accounts.reviews(SHOWN).await?;
        let part = Part::new(w.say("reviews")).note(w.say("reviews-note"));
        let part = match found.is_empty() {
            true => part.with(Block::Empty(w.say("reviews-none"), w.say("reviews-none-note"))),
            false => {
                let rows = found.into_iter().map(|identity| {
                    let kind = if identity.organisation.is_some() { "of-organisation" } else { "of-person" };
                    let link = format!("/operator/identities/{}", identity.id);
                    vec![Value::Link(link, identity.details.name), w.say(kind).into(), Value::Time(identity.asked)]
                });
                let head = ["name", "kind", "asked"].map(|id| w.say(id)).to_vec();
                part.with(Block::Ledger(Ledger { name: w.say("reviews"), head, rows: rows.collect() }))
            }
        };
        Ok(cx.page(&Sheet::new(cx, w.say("reviews")).said(said(cx)).under("/account").part(part)))
    };
    me.cx.end(shown.await)
}

async fn identity_sheet(me: &Me, id: &str, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let review = me.accounts.review(me, id).await?;
    let details = &review.identity.details;
    let paper = review.identity.paper().map_or(details.paper.clone(), |paper| paper.called(cx));
    let mut facts = vec![
        (w.say("name"), details.name.clone().into()),
        (w.say("paper"), Value::Two(paper, details.country.clone())),
        (w.say("number"), Value::Mono(details.number.clone())),
        (w.say("asked"), Value::Time(review.identity.asked)),
    ];
    if !details.representative.is_empty() {
        facts.push((w.say("representative"), details.representative.clone().into()));
    }
    let mut papers = Part::new(w.say("papers")).note(w.say("papers-note"));
    let mut links = Vec::new();
    for ((paper, kind), number) in review.papers.iter().zip(1..) {
        let address = format!("/operator/identities/{id}/papers/{paper}");
        let name = w.fill("paper-number", &[("number", &number.to_string())]);
        if kind.starts_with("image/") {
            papers = papers.with(Block::Picture(address.clone(), name.clone()));
        }
        links.push((address, name));
    }
    papers = match links.is_empty() {
        true => papers.with(Block::Empty(w.say("papers-none"), w.say("papers-none-note"))),
        false => papers.with(Block::Links(links)),
    };
    let mut sheet = Sheet::new(cx, w.say("review"))
        .reference(id.to_owned())
        .lead(w.say("review-lead"))
        .under("/account")
        .part(Part::new(w.say("stated")).with(Block::Record(facts)))
        .part(papers);
    if review.identity.is_waiting() {
        let decisions = ["confirm", "refuse"].map(|decision| {
            (
                decision.to_owned(),
                w.say(decision),
                w.say(if decision == "confirm" { "confirm-note" } else { "refuse-note" }),
            )
        });
        let form = Form::new(format!("/operator/identities/{id}"), w.say("decide"))
            .of(cx)
            .field(Field::choices("decision", w.say("decision"), decisions.to_vec()))
            .field(Field::area("reason", w.say("reason")).help(w.say("reason-help")).optional())
            .primary();
        let form = form.after(wrong);
        sheet = sheet.part(Part::new(w.say("decision")).note(w.say("decision-note")).with(Block::Form(form)));
    }
    Ok(sheet)
}

/// `GET /operator/identities/{id}`
async fn identity(Operator(me): Operator, Path(id): Path<String>) -> Response<Body> {
    if let Err(first) = me.fresh(&format!("/operator/identities/{id}")) {
        return *first;
    }
    me.cx.end(identity_sheet(&me, &id, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /operator/identities/{id}`
async fn decide(Path(id): Path<String>, OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh(&format!("/operator/identities/{id}")) {
        return *first;
    }
    let decided = async {
        let w = me.cx.words(&WORDS);
        let reason = fields.text("reason");
        let is_confirmed = match fields.text("decision") {
            "confirm" => true,
            "refuse" if reason.is_empty() => {
                return Err(Fault::Field { field: "reason", what: w.say("refuse-note") });
            }
            "refuse" => false,
            _ => return Err(Fault::Field { field: "decision", what: w.say("decision-note") }),
        };
        me.accounts.decide_review(&me, &id, is_confirmed, reason).await?;
        Ok(me.cx.see("/operator/identities?said=done"))
    };
    let answer = decided.await;
    me.cx.end_form(answer, async |fault| identity_sheet(&me, &id, Some((&fields, fault))).await).await
}

/// `GET /operator/identities/{id}/papers/{paper}`: a stranger's file. A picture may stand in our page;
/// opened by itself it is sandboxed, and everything else is only handed out.
async fn paper(Operator(me): Operator, Path((id, paper)): Path<(String, String)>) -> Response<Body> {
    let file = async {
        let file = me.accounts.paper(&me, &id, &paper).await?;
        let (media_type, place) = match file.media_type.as_str() {
            "image/jpeg" => ("image/jpeg", "inline"),
            "image/png" => ("image/png", "inline"),
            "image/webp" => ("image/webp", "inline"),
            _ => ("application/octet-stream", "attachment; filename=\"paper.pdf\""),
        };
        let mut response = Response::new(Body::from(file.bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(place));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let policy = HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        Ok(response)
    };
    me.cx.end(file.await)
}

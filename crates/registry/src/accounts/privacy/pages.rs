//! The page of a person's rights, and the page on which anybody reports abuse.

use super::ERASURE_WAIT_S;
use super::consent::{self, Purpose};
use crate::accounts::person::is_mail;
use crate::accounts::throttle::{REPORT, STAMP};
use crate::accounts::{Accounts, Me, Sent, Visitor, WORDS, said};
use crate::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use crate::web::{Cx, Fault, Fields, download};
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::{get, post};

pub(in crate::accounts) fn router() -> Router<Accounts> {
    Router::new()
        .route("/account/privacy", get(show))
        .route("/account/privacy/export", post(export))
        .route("/account/privacy/consent", post(set_consent))
        .route("/account/privacy/erase", post(erase))
        .route("/account/privacy/erase/stop", post(stop))
        .route("/report", get(show_report).post(report))
}

async fn sheet(me: &Me, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, person) = (&me.cx, &me.person);
    let w = cx.words(&WORDS);
    let mut rows = Vec::new();
    for consent in me.accounts.consents(person).await? {
        let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.name() == consent.purpose);
        let purpose = purpose.map_or(consent.purpose.clone(), |purpose| purpose.words(w));
        let act = if consent.is_given { "consent-given" } else { "consent-withdrawn" };
        let stamped = match consent.token {
            Some(_) => Value::Mark(Mark::Sealed, w.say("stamped")),
            None => Value::Mark(Mark::Waiting, w.say("stamped-soon")),
        };
        rows.push(vec![purpose.into(), w.say(act).into(), Value::Time(consent.made), stamped]);
    }
    let head = ["purpose", "consent-act", "history-time", "consent-stamp"].map(|id| w.say(id)).to_vec();
    let mut consents = Part::new(w.say("consents")).note(w.say("consents-note"));
    consents = consents.with(Block::Ledger(Ledger { name: w.say("consents"), head, rows }));
    let is_shown = me.accounts.has_consented(&person.id, Purpose::ShowName).await?;
    let act = if is_shown { "show-name-withdraw" } else { "show-name-give" };
    let form = Form::new("/account/privacy/consent", w.say(act))
        .of(cx)
        .hidden("purpose", Purpose::ShowName.name())
        .hidden("given", if is_shown { "" } else { "on" })
        .note(consent::text(Purpose::ShowName, w, &me.accounts));
    consents = consents.with(Block::Form(form));

    let form = Form::new("/account/privacy/export", w.say("export-act")).of(cx);
    let export = Part::new(w.say("export")).note(w.say("export-note")).with(Block::Form(form));

    let disclosures = me.accounts.disclosures_of(person, cx.now).await?;
    let told = Part::new(w.say("disclosures")).note(w.say("disclosures-note"));
    let told = match disclosures.is_empty() {
        true => told.with(Block::Empty(w.say("disclosures-none"), w.say("disclosures-none-note"))),
        false => {
            let rows =
                disclosures.into_iter().map(|d| vec![Value::Time(d.made), Value::Two(d.to, d.basis), d.what.into()]);
            let head = ["history-time", "disclosure-to", "disclosure-what"].map(|id| w.say(id)).to_vec();
            told.with(Block::Ledger(Ledger { name: w.say("disclosures"), head, rows: rows.collect() }))
        }
    };

    let erase = Part::new(w.say("erase")).note(w.say("erase-note"));
    let erase = match person.erasure {
        Some(asked) => {
            let mut rows = vec![
                (w.say("erase-asked"), Value::Time(asked)),
                (w.say("erase-due"), Value::Time(asked.plus_s(ERASURE_WAIT_S))),
            ];
            if me.accounts.hold(&person.id).await?.is_some_and(|hold| hold.until > cx.now) {
                rows.push((w.say("state"), Value::Mark(Mark::Waiting, w.say("erase-held"))));
            } else if me.accounts.is_kept(&person.id).await? {
                rows.push((w.say("state"), Value::Mark(Mark::Waiting, w.say("erase-held-original"))));
            } else if me.accounts.owned_alone(&person.id).await? > 0 {
                rows.push((w.say("state"), Value::Mark(Mark::Failed, w.say("erase-owner"))));
            }
            let stop = Form::new("/account/privacy/erase/stop", w.say("erase-stop")).of(cx);
            erase.with(Block::Record(rows)).with(Block::Form(stop))
        }
        None => {
            let form = Form::new("/account/privacy/erase", w.say("erase-act"))
                .of(cx)
                .field(Field::mail("mail", w.say("mail")).help(w.say("erase-confirm")).completes("off"));
            let form = form.after(wrong);
            erase.with(Block::Form(form))
        }
    };
    let mut sheet = Sheet::new(cx, w.say("privacy")).lead(w.say("privacy-lead")).said(said(cx)).under("/account");
    if person.is_frozen() {
        let part = Part::new(w.say("frozen")).with(Block::Notice(w.say("frozen-now"), w.say("frozen-now-note")));
        sheet = sheet.part(part);
    }
    Ok(sheet.part(consents).part(export).part(told).part(erase))
}

/// `GET /account/privacy`
async fn show(me: Me) -> Response<Body> {
    me.cx.end(sheet(&me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /account/privacy/export`
async fn export(Sent { me, .. }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/privacy") {
        return *first;
    }
    let exported = me.accounts.export(&me).await;
    me.cx.end(exported.map(|bytes| download("about-me.json", "application/json", bytes)))
}

/// `POST /account/privacy/consent`
async fn set_consent(Sent { me, fields }: Sent) -> Response<Body> {
    let done = async {
        let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.name() == fields.text("purpose"));
        // The real name is given and taken back on its own page, with what hangs on it.
        let purpose = purpose.filter(|purpose| *purpose == Purpose::ShowName).ok_or(Fault::Form)?;
        me.accounts.try_once(STAMP, &me.person.id, me.cx.now).await?;
        me.accounts.consent(&me.cx, &me.person, purpose, fields.is_ticked("given")).await?;
        Ok(me.cx.see("/account/privacy?said=consent"))
    };
    me.cx.end(done.await)
}

/// `POST /account/privacy/erase`
async fn erase(Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/privacy") {
        return *first;
    }
    let asked = async {
        let w = me.cx.words(&WORDS);
        let field = |id: &str| Err(Fault::Field { field: "mail", what: w.say(id) });
        if !fields.text("mail").eq_ignore_ascii_case(&me.person.profile.mail) {
            return field("erase-mail-wrong");
        }
        if me.accounts.owned_alone(&me.person.id).await? > 0 {
            return field("erase-owner");
        }
        if me.person.is_operator && !me.accounts.is_operated_without(&me.person.id).await? {
            return field("last-operator");
        }
        me.accounts.ask_erasure(&me.person, Some(me.cx.now), me.cx.now).await?;
        Ok(me.cx.see("/account/privacy?said=erasure"))
    };
    let answer = asked.await;
    me.cx.end_form(answer, async |fault| sheet(&me, Some((&fields, fault))).await).await
}

/// `POST /account/privacy/erase/stop`
async fn stop(Sent { me, .. }: Sent) -> Response<Body> {
    let stopped = me.accounts.ask_erasure(&me.person, None, me.cx.now).await;
    me.cx.end(stopped.map(|()| me.cx.see("/account/privacy?said=erasure-stopped")).map_err(Fault::from))
}

fn report_sheet(cx: &Cx, wrong: Option<(&Fields, &Fault)>) -> Sheet {
    let w = cx.words(&WORDS);
    let form = Form::new("/report", w.say("report-act"))
        .field(Field::text("about", w.say("report-about")).help(w.say("report-about-help")))
        .field(Field::area("what", w.say("report-what")).help(w.say("report-what-help")))
        .field(Field::mail("contact", w.say("report-contact")).help(w.say("report-contact-help")).optional())
        .primary();
    let form = form.after(wrong);
    let part = Part::new(w.say("report")).note(w.say("report-note")).with(Block::Form(form));
    Sheet::new(cx, w.say("report")).lead(w.say("report-lead")).said(said(cx)).part(part)
}

/// `GET /report`
async fn show_report(cx: Cx) -> Response<Body> {
    cx.page(&report_sheet(&cx, None))
}

/// `POST /report`
async fn report(Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let taken = async {
        let w = cx.words(&WORDS);
        let (about, what, contact) = (fields.text("about"), fields.text("what"), fields.text("contact"));
        if about.is_empty() || about.chars().count() > 500 {
            return Err(Fault::Field { field: "about", what: w.say("report-about-help") });
        }
        if what.chars().count() < 10 {
            return Err(Fault::Field { field: "what", what: w.say("report-what-help") });
        }
        if !contact.is_empty() && !is_mail(contact) {
            return Err(Fault::Field { field: "contact", what: w.say("mail-wrong") });
        }
        accounts.try_once(REPORT, &cx.caller_text(), cx.now).await?;
        accounts.report(about, what, contact, cx.now).await?;
        Ok(cx.see("/report?said=report"))
    };
    let answer = taken.await;
    cx.end_form(answer, async |fault| Ok(report_sheet(&cx, Some((&fields, fault))))).await
}

//! What waits for the operator, mail to hand over, reports, blocked digests, disclosures, the trail.

use super::WORDS;
use super::people::day;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Response;
use axum::routing::{get, post};
use proof::digest::from_hex;
use registry::accounts::audit::{self, Act, Scope, note};
use registry::accounts::mail::Waiting;
use registry::accounts::privacy::Disclosure;
use registry::accounts::{Accounts, Me, Operator, OperatorSent, said};
use registry::web::sheet::{Block, Field, Form, Ledger, Part, Sheet, Value};
use registry::web::{Fault, Fields};

/// Entries that a page shows.
const SHOWN: i64 = 200;

pub(super) fn router() -> Router<Accounts> {
    Router::new()
        .route("/operator", get(desk))
        .route("/operator/mail", get(mail))
        .route("/operator/mail/drop", post(drop_mail))
        .route("/operator/reports", get(reports))
        .route("/operator/reports/{id}", post(answer))
        .route("/operator/blocks", get(blocks).post(block))
        .route("/operator/blocks/end", post(unblock))
        .route("/operator/disclosures", get(disclosures).post(disclose))
        .route("/operator/history", get(history))
        .route("/operator/history/{name}", get(history_file))
}

fn field(name: &'static str, what: String) -> Fault {
    Fault::Field { field: name, what }
}

/// `GET /operator`
async fn desk(Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let waiting = stuck(&me.accounts).await?.len();
        let reviews = me.accounts.reviews(SHOWN).await?.len();
        let reports = me.accounts.reports(SHOWN).await?.iter().filter(|report| report.answer.is_none()).count();
        let count = |href: &str, id: &str, count: usize| {
            (w.say(id), Value::Link(href.to_owned(), w.fill("count", &[("count", &count.to_string())])))
        };
        let rows = vec![
            count("/operator/identities", "reviews", reviews),
            count("/operator/reports", "reports", reports),
            count("/operator/mail", "mail-waiting", waiting),
        ];
        let now = Part::new(w.say("waits")).note(w.say("waits-note")).with(Block::Record(rows));
        let room = |href: &str, name: String, note: String| (href.to_owned(), name, note);
        let rooms = vec![
            room("/operator/standing", w.say("standing"), w.say("standing-lead")),
            room("/operator/people", w.say("people"), w.say("people-room")),
            room("/operator/organisations", w.say("organisations"), w.say("organisations-room")),
            room("/operator/announcements", w.say("announcements"), w.say("announcements-lead")),
            room("/operator/holdings", w.say("originals"), w.say("originals-room")),
            room("/operator/words", w.say("words"), w.say("words-lead")),
            room("/operator/billing", w.say("billing"), w.say("billing-room")),
            room("/operator/blocks", w.say("blocks"), w.say("blocks-lead")),
            room("/operator/disclosures", w.say("disclosures"), w.say("disclosures-none-note")),
            room("/operator/history", w.say("history"), w.say("history-lead")),
            room("/help/operator", w.say("guide"), w.say("guide-lead")),
        ];
        let rooms = Part::new(w.say("rooms")).with(Block::Contents(rooms));
        let mut sheet = Sheet::new(cx, w.say("desk")).lead(w.say("desk-lead")).said(said(cx)).under("/account");
        if !me.accounts.has_mail() {
            let part = Part::new(w.say("mail-waiting"));
            sheet = sheet.part(part.with(Block::Notice(w.say("no-smtp"), w.say("no-smtp-note"))));
        }
        Ok(cx.page(&sheet.part(now).part(rooms)))
    };
    me.cx.end(shown.await)
}

/// The mail that somebody must see to: all of it without a mail server, else what the server refused.
async fn stuck(accounts: &Accounts) -> Result<Vec<Waiting>, Fault> {
    let waiting = accounts.waiting_mail().await?;
    Ok(waiting.into_iter().filter(|mail| !accounts.has_mail() || mail.error.is_some()).collect())
}

/// `GET /operator/mail`: it may hold codes, so that it was looked at is a line of the trail.
async fn mail(Operator(me): Operator) -> Response<Body> {
    if let Err(first) = me.fresh("/operator/mail") {
        return *first;
    }
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let lead = w.say(if me.accounts.has_mail() { "mail-note" } else { "no-smtp-note" });
        let mut sheet = Sheet::new(cx, w.say("mail-waiting")).lead(lead).said(said(cx)).under("/account");
        let waiting = stuck(&me.accounts).await?;
        let noted: Result<(), store::StoreError> = store::transaction!(me.accounts.db(), tx => {
            note(tx, &Scope::Node, &me.actor(), Act::MailViewed, "", cx.now).await
        });
        noted?;
        if waiting.is_empty() {
            let part = Part::new(w.say("mail-waiting"));
            sheet = sheet.part(part.with(Block::Empty(w.say("mail-none"), w.say("mail-none-note"))));
        }
        for mail in waiting {
            let mut rows = vec![
                (w.say("to"), mail.letter.to.clone().into()),
                (w.say("subject"), mail.letter.subject.clone().into()),
                (w.say("written"), Value::Time(mail.made)),
            ];
            rows.extend(mail.error.map(|error| (w.say("failed"), Value::Mono(error))));
            let form = Form::new("/operator/mail/drop", w.say("mail-handed")).of(cx).hidden("mail", mail.id).small();
            let part = Part::new(mail.letter.subject).with(Block::Record(rows)).with(Block::Plain(mail.letter.text));
            sheet = sheet.part(part.with(Block::Form(form)));
        }
        Ok(cx.page(&sheet))
    };
    me.cx.end(shown.await)
}

/// `POST /operator/mail/drop`: it was handed over.
async fn drop_mail(OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh("/operator/mail") {
        return *first;
    }
    let dropped = async {
        let id = fields.text("mail");
        if !me.accounts.drop_mail(id).await? {
            return Err(Fault::NotFound);
        }
        let noted: Result<(), store::StoreError> = store::transaction!(me.accounts.db(), tx => {
            note(tx, &Scope::Node, &me.actor(), Act::MailHandedOver, &format!("mail/{id}"), me.cx.now).await
        });
        noted?;
        Ok(me.cx.see("/operator/mail?said=done"))
    };
    me.cx.end(dropped.await)
}

async fn reports_sheet(me: &Me, wrong: Option<(&str, &Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let mut sheet = Sheet::new(cx, w.say("reports")).lead(w.say("reports-lead")).said(said(cx)).under("/account");
    let found = me.accounts.reports(SHOWN).await?;
    if found.is_empty() {
        let part = Part::new(w.say("reports")).with(Block::Empty(w.say("reports-none"), w.say("reports-none-note")));
        sheet = sheet.part(part);
    }
    for report in found {
        let mut rows = vec![
            (w.say("about"), report.about.clone().into()),
            (w.say("what"), report.what.into()),
            (w.say("contact"), report.contact.into()),
            (w.say("written"), Value::Time(report.made)),
        ];
        let form = match report.answer {
            Some((answer, at)) => {
                rows.push((w.say("answer"), answer.into()));
                rows.push((w.say("answered"), Value::Time(at)));
                None
            }
            None => {
                let form = Form::new(format!("/operator/reports/{}", report.id), w.say("answer-act"))
                    .of(cx)
                    .field(Field::area("answer", w.say("answer")).help(w.say("answer-help")));
                let wrong = wrong.filter(|(id, ..)| *id == report.id).map(|(_, fields, fault)| (fields, fault));
                Some(Block::Form(form.after(wrong)))
            }
        };
        let title: String = report.about.chars().take(40).collect();
        sheet = sheet.part(Part::new(title).with(Block::Record(rows)).maybe(form));
    }
    Ok(sheet)
}

/// `GET /operator/reports`
async fn reports(Operator(me): Operator) -> Response<Body> {
    me.cx.end(reports_sheet(&me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /operator/reports/{id}`
async fn answer(Path(id): Path<String>, OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    let answered = async {
        let answer = fields.text("answer");
        if answer.is_empty() {
            return Err(field("answer", me.cx.words(&WORDS).say("answer-help")));
        }
        me.accounts.answer_report(&me, &id, answer).await?;
        Ok(me.cx.see("/operator/reports?said=done"))
    };
    let answer = answered.await;
    me.cx.end_form(answer, async |fault| reports_sheet(&me, Some((&id, &fields, fault))).await).await
}

async fn blocks_sheet(me: &Me, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let found = me.accounts.blocks(SHOWN).await?;
    let list = Part::new(w.say("blocks")).note(w.say("blocks-note")).full();
    let list = match found.is_empty() {
        true => list.with(Block::Empty(w.say("blocks-none"), w.say("blocks-none-note"))),
        false => {
            let rows = found.into_iter().map(|block| {
                let end = Form::new("/operator/blocks/end", w.say("unblock")).of(cx);
                let end = end.hidden("digest", block.digest.clone()).small();
                vec![Value::Digest(block.digest), block.reason.into(), Value::Time(block.made), Value::Acts(vec![end])]
            });
            let head = ["digest", "reason", "since"].map(|id| w.say(id)).into_iter().chain([String::new()]).collect();
            list.with(Block::Ledger(Ledger { name: w.say("blocks"), head, rows: rows.collect() }))
        }
    };
    let form = Form::new("/operator/blocks", w.say("block"))
        .of(cx)
        .field(Field::text("digest", w.say("digest")).help(w.say("digest-help")))
        .field(Field::text("reason", w.say("reason")).help(w.say("block-reason-help")));
    let new = Part::new(w.say("block")).with(Block::Form(form.after(wrong)));
    Ok(Sheet::new(cx, w.say("blocks")).lead(w.say("blocks-lead")).said(said(cx)).under("/account").part(list).part(new))
}

/// `GET /operator/blocks`
async fn blocks(Operator(me): Operator) -> Response<Body> {
    me.cx.end(blocks_sheet(&me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /operator/blocks`
async fn block(OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh("/operator/blocks") {
        return *first;
    }
    let blocked = async {
        let w = me.cx.words(&WORDS);
        let digest: String = fields.text("digest").chars().filter(|c| !c.is_whitespace()).collect();
        let digest = digest.to_lowercase();
        let is_digest = from_hex(&digest).is_some_and(|bytes| matches!(bytes.len(), 32 | 48 | 64));
        if !is_digest {
            return Err(field("digest", w.say("digest-help")));
        }
        let reason = fields.text("reason");
        if reason.is_empty() {
            return Err(field("reason", w.say("block-reason-help")));
        }
        me.accounts.block(&me, &digest, Some(reason)).await?;
        Ok(me.cx.see("/operator/blocks?said=done"))
    };
    let answer = blocked.await;
    me.cx.end_form(answer, async |fault| blocks_sheet(&me, Some((&fields, fault))).await).await
}

/// `POST /operator/blocks/end`
async fn unblock(OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh("/operator/blocks") {
        return *first;
    }
    let done = me.accounts.block(&me, fields.text("digest"), None).await;
    me.cx.end(done.map(|()| me.cx.see("/operator/blocks?said=done")))
}

async fn disclosures_sheet(me: &Me, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, w) = (&me.cx, me.cx.words(&WORDS));
    let found = me.accounts.disclosures(SHOWN).await?;
    let list = Part::new(w.say("disclosures")).note(w.say("disclosures-note")).full();
    let list = match found.is_empty() {
        true => list.with(Block::Empty(w.say("disclosures-none"), w.say("disclosures-none-note"))),
        false => {
            let mut rows = Vec::new();
            for disclosure in found {
                let person = match &disclosure.person {
                    Some(id) => me.accounts.called(cx, &format!("person/{id}")).await?,
                    None => String::new(),
                };
                rows.push(vec![
                    Value::Time(disclosure.made),
                    Value::Two(disclosure.to, disclosure.basis),
                    disclosure.what.into(),
                    person.into(),
                    disclosure.silent_until.into(),
                ]);
            }
            let head = ["written", "to-whom", "what", "person", "silent-until"].map(|id| w.say(id)).to_vec();
            list.with(Block::Ledger(Ledger { name: w.say("disclosures"), head, rows }))
        }
    };
    let form = Form::new("/operator/disclosures", w.say("disclose"))
        .of(cx)
        .field(Field::text("to", w.say("to-whom")).help(w.say("to-whom-help")))
        .field(Field::text("basis", w.say("basis")).help(w.say("basis-help")))
        .field(Field::area("what", w.say("what")).help(w.say("what-help")))
        .field(Field::mail("mail", w.say("person-mail")).help(w.say("person-mail-help")).completes("off").optional())
        .field(Field::date("silent-until", w.say("silent-until")).help(w.say("silent-until-help")).optional());
    let new = Part::new(w.say("disclose")).note(w.say("disclose-note")).with(Block::Form(form.after(wrong)));
    Ok(Sheet::new(cx, w.say("disclosures")).said(said(cx)).under("/account").part(list).part(new))
}

/// `GET /operator/disclosures`
async fn disclosures(Operator(me): Operator) -> Response<Body> {
    me.cx.end(disclosures_sheet(&me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /operator/disclosures`
async fn disclose(OperatorSent { me, fields }: OperatorSent) -> Response<Body> {
    if let Err(first) = me.fresh("/operator/disclosures") {
        return *first;
    }
    let noted = async {
        let w = me.cx.words(&WORDS);
        for (name, help) in [("to", "to-whom-help"), ("basis", "basis-help"), ("what", "what-help")] {
            if fields.text(name).is_empty() {
                return Err(field(name, w.say(help)));
            }
        }
        let person = match fields.text("mail") {
            "" => None,
            mail => {
                let person = me.accounts.person_of(mail).await?;
                Some(person.ok_or_else(|| field("mail", w.say("person-mail-wrong")))?.id)
            }
        };
        let silent_until = match fields.text("silent-until") {
            "" => None,
            text => Some(day(text).ok_or_else(|| field("silent-until", w.say("day-wrong")))?),
        };
        let text = |name: &str| fields.text(name).to_owned();
        let disclosure = Disclosure {
            to: text("to"),
            basis: text("basis"),
            what: text("what"),
            person,
            made: me.cx.now,
            silent_until,
        };
        me.accounts.disclose(&me, &disclosure).await?;
        Ok(me.cx.see("/operator/disclosures?said=done"))
    };
    let answer = noted.await;
    me.cx.end_form(answer, async |fault| disclosures_sheet(&me, Some((&fields, fault))).await).await
}

/// `GET /operator/history`
async fn history(Operator(me): Operator) -> Response<Body> {
    let shown = async {
        let (cx, w) = (&me.cx, me.cx.words(&WORDS));
        let part = audit::part(&me.accounts, cx, &Scope::Node, "/operator/history").await?;
        Ok(cx.page(&Sheet::new(cx, w.say("history")).lead(w.say("history-lead")).under("/account").part(part)))
    };
    me.cx.end(shown.await)
}

/// `GET /operator/history/history.jsonl` and its stamp
async fn history_file(Operator(me): Operator, Path(name): Path<String>) -> Response<Body> {
    me.cx.end(audit::file(&me, &Scope::Node, &name).await)
}

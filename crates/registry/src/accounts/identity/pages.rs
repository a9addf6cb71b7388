//! The pages of real names: applying, what is shown, and statements for third parties.

use super::{Application, Details, Identity, Method, PAPER_BYTES_MAX, PAPERS_MAX, Paper, mask_number, media_type};
use crate::accounts::audit::{Act, note};
use crate::accounts::organisation::OWNER;
use crate::accounts::privacy::consent::{self, Purpose};
use crate::accounts::throttle::{IDENTITY, STAMP};
use crate::accounts::{Accounts, Me, Sent, WORDS, new_id, said};
use crate::web::sheet::{Block, Field, Form, Mark, Part, Sheet, Value};
use crate::web::{Cx, Fault, Fields, Words, download};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::{get, post};
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use serde_json::json;
use store::StoreError;

pub(in crate::accounts) fn router() -> Router<Accounts> {
    Router::new()
        .route("/account/identity", get(show).post(apply))
        .route("/account/identity/withdraw", post(withdraw))
        .route("/account/identity/statement", post(state))
        .route("/account/identity/statement/{name}", get(statement_file))
        .route("/organisations/{id}/identity", get(show_organisation).post(apply_organisation))
        .route("/organisations/{id}/identity/withdraw", post(withdraw_organisation))
        .route("/identity/{id}", get(check))
}

/// Whom a page is of: the person, or an organisation that the person owns.
struct Whose {
    me: Me,
    organisation: Option<(String, String)>,
}

impl Whose {
    fn place(&self) -> String {
        match &self.organisation {
            Some((id, _)) => format!("/organisations/{id}/identity"),
            None => "/account/identity".to_owned(),
        }
    }

    fn id(&self) -> Option<&str> {
        self.organisation.as_ref().map(|(id, _)| id.as_str())
    }

    async fn owned(me: Me, id: &str) -> Result<Self, (Me, Fault)> {
        match me.acting(id, OWNER).await {
            Ok(acting) => Ok(Self { me, organisation: Some((id.to_owned(), acting.organisation.profile.name)) }),
            Err(fault) => Err((me, fault)),
        }
    }

    async fn identity(&self) -> Result<Option<Identity>, Fault> {
        Ok(self.me.accounts.identity_of(&self.me.person.id, self.id()).await?)
    }

    fn papers(&self) -> Vec<Paper> {
        match self.organisation {
            Some(_) => Paper::ORGANISATIONS.to_vec(),
            None => Paper::PEOPLE.to_vec(),
        }
    }
}

async fn sheet(whose: &Whose, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, me) = (&whose.me.cx, &whose.me);
    let w = cx.words(&WORDS);
    let identity = whose.identity().await?;
    let title = match &whose.organisation {
        Some((_, name)) => w.fill("identity-of", &[("name", name)]),
        None => w.say("identity"),
    };
    let mut sheet = Sheet::new(cx, title).lead(w.say("identity-lead")).said(said(cx)).under("/account");
    sheet = sheet.part(state_part(whose, identity.as_ref(), w));
    if identity.as_ref().is_none_or(|identity| !identity.is_waiting()) {
        sheet = sheet.part(form_part(whose, wrong, w));
    }
    if identity.as_ref().is_some_and(Identity::is_confirmed) && whose.organisation.is_none() {
        let form = Form::new("/account/identity/statement", w.say("statement-make"))
            .of(cx)
            .field(Field::text("audience", w.say("statement-for")).help(w.say("statement-for-help")));
        let part = Part::new(w.say("statement")).note(w.say("statement-note")).with(Block::Form(form));
        sheet = sheet.part(part);
    }
    if identity.is_some() {
        let form = Form::new(format!("{}/withdraw", whose.place()), w.say("identity-withdraw")).of(&me.cx);
        let part = Part::new(w.say("identity-withdraw")).note(w.say("identity-withdraw-note"));
        sheet = sheet.part(part.with(Block::Form(form)));
    }
    Ok(sheet)
}

fn state_part(whose: &Whose, identity: Option<&Identity>, w: Words) -> Part {
    let part = Part::new(w.say("identity-state")).note(w.say("identity-state-note"));
    let Some(identity) = identity else {
        let mark = Value::Mark(Mark::Absent, w.say("identity-none"));
        return part.with(Block::Record(vec![(w.say("state"), mark)]));
    };
    let state = match identity {
        i if i.is_confirmed() => Value::Mark(Mark::Sealed, w.say("identity-confirmed")),
        i if i.is_waiting() => Value::Mark(Mark::Waiting, w.say("identity-waits")),
        _ => Value::Mark(Mark::Failed, w.say("identity-refused")),
    };
    let paper = identity.paper().map_or_else(String::new, |paper| paper.words(w));
    let mut rows = vec![
        (w.say("state"), state),
        (w.say("identity-name"), identity.details.name.clone().into()),
        (w.say("identity-paper"), Value::Two(paper, mask_number(&identity.details.number))),
        (w.say("identity-method"), identity.method_words(w).into()),
        (w.say("identity-asked"), Value::Time(identity.asked)),
    ];
    if let Some(decided) = identity.decided {
        rows.push((w.say("identity-decided"), Value::Time(decided)));
    }
    if identity.is_refused() && !identity.details.reason.is_empty() {
        rows.push((w.say("identity-reason"), identity.details.reason.clone().into()));
    }
    if identity.is_confirmed() && whose.organisation.is_none() {
        rows.push((w.say("identity-others-see"), identity.shown(w).into()));
    }
    part.with(Block::Record(rows))
}

fn form_part(whose: &Whose, wrong: Option<(&Fields, &Fault)>, w: Words) -> Part {
    let papers = whose.papers().into_iter().map(|paper| (paper.name().to_owned(), paper.words(w))).collect();
    let mut methods = vec![("papers".to_owned(), w.say("method-papers"), w.say("method-papers-note"))];
    if let Some(provider) = &whose.me.accounts.settings().provider {
        let note = w.fill("method-provider-note", &[("name", &provider.name)]);
        methods.push(("provider".to_owned(), w.say("method-provider"), note));
    }
    let mut form = Form::new(whose.place(), w.say("identity-apply"))
        .of(&whose.me.cx)
        .field(Field::choices("method", w.say("identity-method"), methods).value("papers"))
        .field(Field::text("name", w.say("identity-name")).help(w.say("identity-name-help")).completes("name"))
        .field(Field::select("paper", w.say("identity-paper"), papers))
        .field(
            Field::text("country", w.say("identity-country")).help(w.say("identity-country-help")).value("CN").short(),
        )
        .field(Field::text("number", w.say("identity-number")).help(w.say("identity-number-help")));
    if whose.organisation.is_some() {
        let field = Field::text("representative", w.say("identity-representative"));
        form = form.field(field.help(w.say("identity-representative-help")));
    }
    let limit = proof_wasm::page::size(PAPER_BYTES_MAX as u64);
    let days = whose.me.accounts.settings().paper_days.to_string();
    let help = w.fill("identity-file-help", &[("limit", &limit), ("days", &days)]);
    form = form
        .field(Field::file("paper-1", w.say("identity-file")).help(help).optional())
        .field(Field::file("paper-2", w.say("identity-file-more")).optional())
        .field(Field::check(
            Purpose::Identity.name(),
            w.say("consent-data"),
            consent::text(Purpose::Identity, w, &whose.me.accounts),
        ))
        .primary();
    let form = form.after(wrong);
    Part::new(w.say("identity-apply")).note(w.say("identity-apply-note")).with(Block::Form(form))
}

fn application(whose: &Whose, fields: &Fields) -> Result<Application, Fault> {
    let w = whose.me.cx.words(&WORDS);
    let wrong = |name: &'static str, id: &str| Fault::Field { field: name, what: w.say(id) };
    let text = |name: &str| fields.text(name).split_whitespace().collect::<Vec<_>>().join(" ");
    let method = match fields.text("method") {
        "papers" => Method::Papers,
        "provider" if whose.me.accounts.settings().provider.is_some() => Method::Provider,
        _ => return Err(Fault::Form),
    };
    let name = text("name");
    if !(2..=120).contains(&name.chars().count()) {
        return Err(wrong("name", "identity-name-wrong"));
    }
    let paper = whose.papers().into_iter().find(|paper| paper.name() == fields.text("paper")).ok_or(Fault::Form)?;
    let country = fields.text("country").to_ascii_uppercase();
    let is_country = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
    if !is_country || (paper.is_chinese() && country != "CN") {
        return Err(wrong("country", "identity-country-wrong"));
    }
    let number = paper.number(fields.text("number")).ok_or_else(|| wrong("number", "identity-number-wrong"))?;
    let representative = text("representative");
    if whose.organisation.is_some() && !(2..=120).contains(&representative.chars().count()) {
        return Err(wrong("representative", "identity-name-wrong"));
    }
    if method == Method::Papers && fields.files.is_empty() {
        return Err(wrong("paper-1", "identity-file-missing"));
    }
    let is_fit = |file: &crate::web::Upload| file.bytes.len() <= PAPER_BYTES_MAX && media_type(&file.bytes).is_some();
    if fields.files.len() > PAPERS_MAX || !fields.files.iter().all(is_fit) {
        let limit = proof_wasm::page::size(PAPER_BYTES_MAX as u64);
        return Err(Fault::Field { field: "paper-1", what: w.fill("identity-file-wrong", &[("limit", &limit)]) });
    }
    if !fields.is_ticked(Purpose::Identity.name()) {
        return Err(wrong(Purpose::Identity.name(), "consent-needed"));
    }
    let papers = if method == Method::Papers { fields.files.clone() } else { Vec::new() };
    let details =
        Details { name, country, paper: paper.name().to_owned(), number, representative, reason: String::new() };
    Ok(Application { organisation: whose.id().map(str::to_owned), method, details, papers })
}

async fn end_apply(whose: &Whose, fields: &Fields) -> Response<Body> {
    let cx = &whose.me.cx;
    if let Err(first) = whose.me.fresh(&whose.place()) {
        return *first;
    }
    let applied = async {
        let application = application(whose, fields)?;
        whose.me.accounts.try_once(IDENTITY, &whose.me.person.id, cx.now).await?;
        whose.me.accounts.apply(&whose.me, &application).await?;
        Ok(cx.see(&format!("{}?said=identity-asked", whose.place())))
    };
    let answer = applied.await;
    cx.end_form(answer, async |fault| sheet(whose, Some((fields, fault))).await).await
}

async fn end_withdraw(whose: &Whose) -> Response<Body> {
    if let Err(first) = whose.me.fresh(&whose.place()) {
        return *first;
    }
    let done = async {
        let identity = whose.identity().await?.ok_or(Fault::NotFound)?;
        whose.me.accounts.withdraw_identity(&whose.me, &identity).await?;
        Ok(whose.me.cx.see(&format!("{}?said=identity-withdrawn", whose.place())))
    };
    whose.me.cx.end(done.await)
}

/// `GET /account/identity`
async fn show(me: Me) -> Response<Body> {
    if let Err(first) = me.fresh("/account/identity") {
        return *first;
    }
    let whose = Whose { me, organisation: None };
    whose.me.cx.end(sheet(&whose, None).await.map(|sheet| whose.me.cx.page(&sheet)))
}

/// `POST /account/identity`
async fn apply(Sent { me, fields }: Sent) -> Response<Body> {
    end_apply(&Whose { me, organisation: None }, &fields).await
}

/// `POST /account/identity/withdraw`
async fn withdraw(Sent { me, .. }: Sent) -> Response<Body> {
    end_withdraw(&Whose { me, organisation: None }).await
}

/// `GET /organisations/{id}/identity`
async fn show_organisation(me: Me, Path(id): Path<String>) -> Response<Body> {
    match Whose::owned(me, &id).await {
        Ok(whose) => {
            if let Err(first) = whose.me.fresh(&whose.place()) {
                return *first;
            }
            whose.me.cx.end(sheet(&whose, None).await.map(|sheet| whose.me.cx.page(&sheet)))
        }
        Err((me, fault)) => fault.answer(&me.cx),
    }
}

/// `POST /organisations/{id}/identity`
async fn apply_organisation(Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    match Whose::owned(me, &id).await {
        Ok(whose) => end_apply(&whose, &fields).await,
        Err((me, fault)) => fault.answer(&me.cx),
    }
}

/// `POST /organisations/{id}/identity/withdraw`
async fn withdraw_organisation(Path(id): Path<String>, Sent { me, .. }: Sent) -> Response<Body> {
    match Whose::owned(me, &id).await {
        Ok(whose) => end_withdraw(&whose).await,
        Err((me, fault)) => fault.answer(&me.cx),
    }
}

// Statements for third parties (id-04).

/// A statement, in canonical JSON: equal for the same real name, moment and audience.
fn statement(me: &Me, identity: &Identity, id: &str, at: Time, audience: &str) -> String {
    let node = &me.accounts.site().node;
    let decided = identity.decided.map(|time| time.to_string()).unwrap_or_default();
    let paper = json!({
        "country": identity.details.country,
        "kind": identity.details.paper,
        "number": mask_number(&identity.details.number),
    });
    // Keys stand in the order of their names, as RFC 8785 wants.
    json!({
        "account": me.person.id,
        "audience": audience,
        "check": format!("{}/identity/{id}", node.profile.url.trim_end_matches('/')),
        "confirmed": decided,
        "kind": "shiyin.identity/1",
        "made": at.to_string(),
        "method": identity.level().name(),
        "name": identity.details.name,
        "operator": node.public().instance.operator.name,
        "paper": paper,
    })
    .to_string()
}

fn digest(text: &str) -> String {
    DigestAlgorithm::Sha256.digest(text.as_bytes()).to_string()
}

/// `POST /account/identity/statement`: what a third party may be shown, with its two files.
async fn state(Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/identity") {
        return *first;
    }
    let stated = async {
        let w = me.cx.words(&WORDS);
        let identity = me.accounts.identity_of(&me.person.id, None).await?.filter(Identity::is_confirmed);
        let identity = identity.ok_or(Fault::NotFound)?;
        let audience: String = fields.text("audience").chars().take(120).collect();
        if audience.is_empty() {
            return Err(Fault::Field { field: "audience", what: w.say("statement-for-help") });
        }
        let (id, at) = (new_id()?, me.cx.now.truncate_to_second());
        let text = statement(&me, &identity, &id, at, &audience);
        let kept: Result<(), StoreError> = store::transaction!(me.accounts.db(), tx => {
            let sql = "insert into statement (id, identity, digest, made_s) values ($1, $2, $3, $4)";
            let values =
                [id.as_str().into(), identity.id.as_str().into(), digest(&text).into(), at.unix_s().into()];
            tx.execute(sql, &values).await?;
            note(tx, &me.scope(), &me.actor(), Act::IdentityStated, &format!("statement/{id}"), at).await
        });
        kept?;
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("id", &id)
            .append_pair("at", &at.unix_s().to_string())
            .append_pair("for", &audience)
            .finish();
        let link = |name: &str, word: &str| (format!("/account/identity/statement/{name}?{query}"), w.say(word));
        let files = vec![link("identity.json", "statement-file"), link("identity.json.tsr", "statement-token")];
        let part = Part::new(w.say("statement"))
            .note(w.say("statement-made-note"))
            .with(Block::Record(vec![
                (w.say("statement-for"), audience.into()),
                (
                    w.say("statement-check"),
                    Value::Mono(format!("{}/identity/{id}", me.accounts.site().node.profile.url)),
                ),
                ("SHA-256".to_owned(), Value::Digest(digest(&text))),
            ]))
            .with(Block::Plain(text))
            .with(Block::Links(files));
        Ok(me.cx.page(&Sheet::new(&me.cx, w.say("statement")).under("/account").part(part)))
    };
    me.cx.end(stated.await)
}

/// `GET /account/identity/statement/identity.json` and its stamp
async fn statement_file(me: Me, Path(name): Path<String>) -> Response<Body> {
    let file = async {
        let identity = me.accounts.identity_of(&me.person.id, None).await?.filter(Identity::is_confirmed);
        let identity = identity.ok_or(Fault::NotFound)?;
        let at = me.cx.query("at").parse().ok().and_then(Time::checked_from_unix).ok_or(Fault::NotFound)?;
        let (id, audience) = (me.cx.query("id"), me.cx.query("for"));
        let text = statement(&me, &identity, &id, at, &audience);
        // Only what was stated on the page leaves as a file.
        let sql = "select 1 from statement where id = $1 and identity = $2 and digest = $3";
        let values = [id.into(), identity.id.as_str().into(), digest(&text).into()];
        if me.accounts.db().rows(sql, &values).await?.is_empty() {
            return Err(Fault::NotFound);
        }
        match name.as_str() {
            "identity.json" => Ok(download("identity.json", "application/json", text.into_bytes())),
            "identity.json.tsr" => {
                me.accounts.try_once(STAMP, &me.person.id, me.cx.now).await?;
                let token = me.accounts.stamp(text.as_bytes()).await?.ok_or(Fault::TooSlow)?;
                Ok(download("identity.json.tsr", "application/timestamp-reply", token))
            }
            _ => Err(Fault::NotFound),
        }
    };
    me.cx.end(file.await)
}

/// `GET /identity/{id}`: whether this node made a statement, and whether it still holds. Names nobody.
async fn check(State(accounts): State<Accounts>, Path(id): Path<String>, cx: Cx) -> Response<Body> {
    let checked = async {
        let w = cx.words(&WORDS);
        let sql =
            "select s.digest, s.made_s, i.state from statement s join identity i on i.id = s.identity where s.id = $1";
        let rows = accounts.db().rows(sql, &[id.as_str().into()]).await?;
        let row = rows.first().ok_or(Fault::NotFound)?;
        let state = match row.text(2)? {
            "confirmed" => Value::Mark(Mark::Sealed, w.say("statement-holds")),
            _ => Value::Mark(Mark::Failed, w.say("statement-over")),
        };
        let mut facts =
            vec![(w.say("state"), state), (w.say("statement-made"), Value::Time(Time::from_unix(row.int(1)?)))];
        if !row.text(0)?.is_empty() {
            facts.push(("SHA-256".to_owned(), Value::Digest(row.text(0)?.to_owned())));
        }
        let part = Part::new(w.say("statement")).note(w.say("statement-check-note")).with(Block::Record(facts));
        Ok(cx.page(&Sheet::new(&cx, w.say("statement-checked")).lead(w.say("statement-check-lead")).part(part)))
    };
    cx.end(checked.await)
}

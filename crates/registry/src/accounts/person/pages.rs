//! The pages of a person: registering, signing in, recovering, and what the account says.

use super::{Person, Profile, is_mail, language_of, letter, password};
use crate::accounts::audit::{Act, note_own};
use crate::accounts::factors::security_sheet;
use crate::accounts::privacy::consent::{self, Purpose};
use crate::accounts::throttle::{ADDRESS, CODE};
use crate::accounts::ticket::{Kind, Ticket, new_code, wrong_code};
use crate::accounts::who::next_of;
use crate::accounts::{Accounts, Me, Sent, Visitor, WORDS, said};
use crate::web::sheet::{Block, Field, Form, Mark, Part, Sheet, Value};
use crate::web::{Cx, Fault, Fields, Scripts, Words};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, header};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use trust::TrustError;
use trust::instance::Instance;

pub(in crate::accounts) fn router() -> Router<Accounts> {
    Router::new()
        .route("/register", get(show_register).post(register))
        .route("/register/code", get(show_register_code).post(finish_register))
        .route("/administrator", get(show_administrator).post(administrator))
        .route("/signin", get(show_sign_in).post(sign_in))
        .route("/signin/code", get(show_second).post(second))
        .route("/signin/again", get(show_again).post(again))
        .route("/signout", post(sign_out))
        .route("/recover", get(show_recover).post(recover))
        .route("/recover/code", get(show_recover_code).post(finish_recover))
        .route("/account", get(account))
        .route("/account/name", post(name))
        .route("/account/mail", get(show_mail).post(mail))
        .route("/account/mail/code", get(show_mail_code).post(finish_mail))
        .route("/account/password", post(change_password))
        .route("/account/sessions/end", post(end_sessions))
}

/// A form that came back: what was in it, and what is wrong.
type Wrong<'a> = Option<(&'a Fields, &'a Fault)>;

fn field(name: &'static str, what: String) -> Fault {
    Fault::Field { field: name, what }
}

/// The name that somebody gives: something, and no more than a line.
fn name_of(fields: &Fields, w: Words) -> Result<String, Fault> {
    let name: String = fields.text("name").split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        1..=80 => Ok(name),
        _ => Err(field("name", w.say("name-wrong"))),
    }
}

fn mail_of(fields: &Fields, w: Words) -> Result<String, Fault> {
    let mail = fields.text("mail");
    if is_mail(mail) { Ok(mail.to_owned()) } else { Err(field("mail", w.say("mail-wrong"))) }
}

fn with_cookie(mut response: Response<Body>, cookie: axum::http::HeaderValue) -> Response<Body> {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

// Registering.

#[derive(Serialize, Deserialize)]
struct NewPerson {
    profile: Profile,
    password: String,
}

fn register_sheet(cx: &Cx, accounts: &Accounts, wrong: Wrong<'_>) -> Sheet {
    let w = cx.words(&WORDS);
    let form = Form::new("/register", w.say("register-act"))
        .field(Field::text("name", w.say("name")).help(w.say("name-help")).completes("name"))
        .field(Field::mail("mail", w.say("mail")).help(w.say("mail-help")))
        .field(Field::password("password", w.say("password")).help(w.say("password-help")).completes("new-password"))
        .field(Field::check(Purpose::Terms.name(), w.say("consent"), consent::text(Purpose::Terms, w, accounts)))
        .field(Field::check(
            Purpose::Privacy.name(),
            w.say("consent-data"),
            consent::text(Purpose::Privacy, w, accounts),
        ))
        .primary();
    let part = Part::new(w.say("register-part")).note(w.say("register-part-note"));
    let part = match accounts.settings().by_invitation {
        true => part.with(Block::Notice(w.say("register-invited"), w.say("register-invited-note"))),
        false => part,
    };
    Sheet::new(cx, w.say("register")).lead(w.say("register-lead")).part(part.with(Block::Form(form.after(wrong))))
}

/// `GET /register`
async fn show_register(State(accounts): State<Accounts>, cx: Cx) -> Response<Body> {
    cx.page(&register_sheet(&cx, &accounts, None))
}

/// `POST /register`: says the same whether the address is known or not.
async fn register(Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let answer = begin_register(&cx, &accounts, &fields).await;
    cx.end_form(answer, async |fault| Ok(register_sheet(&cx, &accounts, Some((&fields, fault))))).await
}

async fn begin_register(cx: &Cx, accounts: &Accounts, fields: &Fields) -> Result<Response<Body>, Fault> {
    let w = cx.words(&WORDS);
    let (name, mail, typed) = (name_of(fields, w)?, mail_of(fields, w)?, fields.raw("password"));
    let local = mail.split('@').next().unwrap_or_default();
    password::check(typed, &[&name, local], w)?;
    for purpose in [Purpose::Terms, Purpose::Privacy] {
        if !fields.is_ticked(purpose.name()) {
            return Err(field(purpose.name(), w.say("consent-needed")));
        }
    }
    let address = cx.caller_text();
    accounts.try_once(ADDRESS, &address, cx.now).await?;
    accounts.try_mail(cx, &mail).await?;
    let hash = accounts.hash(typed).await?;
    let known = accounts.person_of(&mail).await?;
    let may = !accounts.settings().by_invitation || accounts.is_invited(&mail, cx.now).await?;
    let code = new_code()?;
    let profile = Profile { name, mail: mail.clone(), language: language_of(cx) };
    let values = [("code", code.as_str()), ("name", &accounts.site().node.public().instance.operator.name)];
    let letter = match &known {
        Some(person) => person.letter("mail-known", &[]),
        None if !may => letter(&mail, cx.language, "mail-not-invited", &values),
        None => letter(&mail, cx.language, "mail-register", &values),
    };
    // Nobody has the code of a ticket that must not be finished.
    let code = if known.is_some() || !may { new_code()? } else { code };
    let body = NewPerson { profile, password: hash };
    let cookie = accounts.begin(Kind::Register, None, &body, &code, cx.now).await?;
    let owner = known.map(|person| person.id);
    accounts.write_alone(owner.as_deref(), &letter, cx.now).await?;
    Ok(with_cookie(cx.see("/register/code"), cookie))
}

fn code_sheet(cx: &Cx, title: &str, to: &'static str, wrong: Wrong<'_>) -> Sheet {
    let w = cx.words(&WORDS);
    let form =
        Form::new(to, w.say("code-act")).field(Field::code("code", w.say("code")).help(w.say("code-help"))).primary();
    let part = Part::new(w.say("code-part")).note(w.say("code-part-note")).with(Block::Form(form.after(wrong)));
    Sheet::new(cx, w.say(title)).lead(w.say("code-lead")).part(part)
}

fn code_gone(w: Words) -> Fault {
    field("code", w.say("code-gone"))
}

/// `GET /register/code`
async fn show_register_code(cx: Cx) -> Response<Body> {
    cx.page(&code_sheet(&cx, "register", "/register/code", None))
}

/// `POST /register/code`
async fn finish_register(headers: HeaderMap, Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let answer = end_register(&cx, &accounts, &headers, &fields).await;
    cx.end_form(answer, async |f| Ok(code_sheet(&cx, "register", "/register/code", Some((&fields, f))))).await
}

/// The ticket of this browser, where the code that was typed is the right one; still to be used up.
async fn taken<T: serde::de::DeserializeOwned>(
    kind: Kind,
    cx: &Cx,
    accounts: &Accounts,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Ticket<T>, Fault> {
    let w = cx.words(&WORDS);
    let ticket = accounts.ticket::<T>(kind, headers, cx.now).await?.ok_or_else(|| code_gone(w))?;
    accounts.is_code(&ticket, fields.text("code")).await?.map_err(|left| wrong_code(cx, left))?;
    Ok(ticket)
}

async fn end_register(
    cx: &Cx,
    accounts: &Accounts,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Response<Body>, Fault> {
    let w = cx.words(&WORDS);
    let ticket = taken::<NewPerson>(Kind::Register, cx, accounts, headers, fields).await?;
    if !accounts.take(&ticket).await? {
        return Err(code_gone(w));
    }
    let id = make(cx, accounts, &ticket.body, false).await?;
    enter(cx, accounts, headers, &id).await
}

async fn make(cx: &Cx, accounts: &Accounts, new: &NewPerson, is_operator: bool) -> Result<String, Fault> {
    let made: Result<String, TrustError> = store::transaction!(accounts.db(), tx => {
        let (id, key) = accounts.make_person(tx, &new.profile, Some(&new.password), is_operator, cx.now).await?;
        for purpose in [Purpose::Terms, Purpose::Privacy] {
            accounts.note_consent(tx, cx, (&id, &key), purpose, None, true).await?;
        }
        Ok(id)
    });
    match made {
        Ok(id) => Ok(id),
        // The address has an account since.
        Err(TrustError::Refused(_)) => Err(code_gone(cx.words(&WORDS))),
        Err(other) => Err(Fault::broken(other)),
    }
}

async fn enter(cx: &Cx, accounts: &Accounts, headers: &HeaderMap, id: &str) -> Result<Response<Body>, Fault> {
    let person = accounts.person(id).await?.ok_or(Fault::SignIn)?;
    accounts.wake();
    accounts.let_in(cx, headers, &person, false, "/account?said=welcome").await
}

// The first administrator.

fn administrator_sheet(cx: &Cx, accounts: &Accounts, me: Option<&Person>, wrong: Wrong<'_>) -> Sheet {
    let w = cx.words(&WORDS);
    let mut form = Form::new("/administrator", w.say("administrator-act")).of(cx).field(
        Field::password("token", w.say("administrator-token")).help(w.say("administrator-token-help")).completes("off"),
    );
    if me.is_none() {
        form = form
            .field(Field::text("name", w.say("name")).completes("name"))
            .field(Field::mail("mail", w.say("mail")).help(w.say("administrator-mail-help")))
            .field(
                Field::password("password", w.say("password")).help(w.say("password-help")).completes("new-password"),
            )
            .field(Field::check(Purpose::Terms.name(), w.say("consent"), consent::text(Purpose::Terms, w, accounts)))
            .field(Field::check(
                Purpose::Privacy.name(),
                w.say("consent-data"),
                consent::text(Purpose::Privacy, w, accounts),
            ));
    }
    let part = Part::new(w.say("administrator-part")).note(w.say("administrator-note"));
    Sheet::new(cx, w.say("administrator"))
        .lead(w.say("administrator-lead"))
        .part(part.with(Block::Form(form.primary().after(wrong))))
}

async fn me_of(cx: &Cx, accounts: &Accounts) -> Result<Option<Person>, Fault> {
    match &cx.session {
        Some(session) => Ok(accounts.person(&session.person).await?),
        None => Ok(None),
    }
}

/// `GET /administrator`
async fn show_administrator(State(accounts): State<Accounts>, cx: Cx) -> Response<Body> {
    let shown =
        async { Ok(cx.page(&administrator_sheet(&cx, &accounts, me_of(&cx, &accounts).await?.as_ref(), None))) };
    cx.end(shown.await)
}

/// `POST /administrator`: the one-time token of the set-up makes whoever has it an administrator.
async fn administrator(headers: HeaderMap, Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let me = match me_of(&cx, &accounts).await {
        Ok(me) => me,
        Err(fault) => return fault.answer(&cx),
    };
    let answer = become_administrator(&cx, &accounts, &headers, me.as_ref(), &fields).await;
    cx.end_form(answer, async |f| Ok(administrator_sheet(&cx, &accounts, me.as_ref(), Some((&fields, f))))).await
}

async fn become_administrator(
    cx: &Cx,
    accounts: &Accounts,
    headers: &HeaderMap,
    me: Option<&Person>,
    fields: &Fields,
) -> Result<Response<Body>, Fault> {
    let w = cx.words(&WORDS);
    let address = cx.caller_text();
    accounts.try_once(ADDRESS, &address, cx.now).await?;
    let wrong = || field("token", w.say("administrator-wrong"));
    // First of all: who has no token learns nothing of who has an account.
    if !Instance::is_admin_token(accounts.data(), fields.text("token")).await? {
        return Err(wrong());
    }
    let take = async || match Instance::take_admin_token(accounts.data(), fields.text("token")).await? {
        true => Ok(()),
        false => Err(wrong()),
    };
    if let Some(me) = me {
        let is_ours = cx.token.as_ref().is_some_and(|token| token.is_form_token(fields.text("form_token")));
        if !is_ours {
            return Err(Fault::StaleForm);
        }
        take().await?;
        accounts.set_operator(me, &me.id, true, cx).await?;
        return Ok(cx.see("/account?said=operator"));
    }
    let (name, mail, typed) = (name_of(fields, w)?, mail_of(fields, w)?, fields.raw("password"));
    password::check(typed, &[&name], w)?;
    for purpose in [Purpose::Terms, Purpose::Privacy] {
        if !fields.is_ticked(purpose.name()) {
            return Err(field(purpose.name(), w.say("consent-needed")));
        }
    }
    let hash = accounts.hash(typed).await?;
    if accounts.person_of(&mail).await?.is_some() {
        return Err(field("mail", w.say("administrator-known")));
    }
    take().await?;
    let new = NewPerson { profile: Profile { name, mail, language: language_of(cx) }, password: hash };
    let id = make(cx, accounts, &new, true).await?;
    enter(cx, accounts, headers, &id).await
}

// Signing in.

fn passkey_form(w: Words, next: &str) -> Form {
    Form::new("/signin/passkey", w.say("sign-in-passkey"))
        .hidden("credential", "")
        .hidden("next", next)
        .script("use", w.say("passkey-failed"))
        .note(w.say("sign-in-passkey-note"))
        .primary()
}

/// Where to go after this: as the address says, or as the form said that came back.
fn next_asked(cx: &Cx, wrong: Wrong<'_>) -> String {
    match wrong {
        Some((fields, _)) => fields.text("next").to_owned(),
        None => cx.query("next"),
    }
}

fn sign_in_sheet(cx: &Cx, wrong: Wrong<'_>) -> Sheet {
    let w = cx.words(&WORDS);
    let next = next_asked(cx, wrong);
    let passkey = passkey_form(w, &next);
    let form = Form::new("/signin", w.say("sign-in-act"))
        .hidden("next", next)
        .field(Field::mail("mail", w.say("mail")))
        .field(Field::password("password", w.say("password")));
    let part = Part::new(w.say("sign-in-part"))
        .note(w.say("sign-in-note"))
        .with(Block::Form(passkey))
        .with(Block::Form(form.after(wrong)))
        .with(Block::Links(vec![
            ("/recover".to_owned(), w.say("sign-in-lost")),
            ("/register".to_owned(), w.say("sign-in-register")),
        ]));
    Sheet::new(cx, w.say("sign-in")).said(said(cx)).runs(Scripts::Passkeys).part(part)
}

/// `GET /signin`
async fn show_sign_in(cx: Cx) -> Response<Body> {
    if cx.session.is_some() {
        return cx.see(next_of(&cx.query("next")));
    }
    cx.page(&sign_in_sheet(&cx, None))
}

/// `POST /signin`
async fn sign_in(headers: HeaderMap, Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let entered = async {
        let person = accounts.by_password(&cx, &headers, fields.text("mail"), fields.raw("password")).await?;
        accounts.after_password(&cx, &headers, &person, fields.text("next")).await
    };
    cx.end_form(entered.await, async |fault| Ok(sign_in_sheet(&cx, Some((&fields, fault))))).await
}

fn second_sheet(cx: &Cx, wrong: Wrong<'_>) -> Sheet {
    let w = cx.words(&WORDS);
    let form = Form::new("/signin/code", w.say("sign-in-act"))
        .field(Field::code("code", w.say("second-code")).help(w.say("second-help")))
        .primary();
    let part = Part::new(w.say("second-part")).with(Block::Form(form.after(wrong)));
    Sheet::new(cx, w.say("sign-in")).lead(w.say("second-lead")).part(part)
}

/// `GET /signin/code`
async fn show_second(cx: Cx) -> Response<Body> {
    cx.page(&second_sheet(&cx, None))
}

/// `POST /signin/code`: a code of an app, or a recovery code, after the password.
async fn second(headers: HeaderMap, Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let entered = async {
        let w = cx.words(&WORDS);
        let ticket = accounts.ticket::<String>(Kind::Second, &headers, cx.now).await?.ok_or_else(|| code_gone(w))?;
        let id = ticket.person.clone().unwrap_or_default();
        let person = accounts.person(&id).await?.ok_or(Fault::SignIn)?;
        accounts.try_once(CODE, &person.id, cx.now).await?;
        if !accounts.is_second(&person, fields.text("code"), cx.now).await? {
            let left = accounts.miss(&ticket).await?;
            return Err(wrong_code(&cx, left));
        }
        if !accounts.take(&ticket).await? {
            return Err(code_gone(w));
        }
        accounts.forget_tries(CODE, &person.id).await?;
        accounts.let_in(&cx, &headers, &person, true, &ticket.body).await
    };
    cx.end_form(entered.await, async |fault| Ok(second_sheet(&cx, Some((&fields, fault))))).await
}

fn again_sheet(me: &Me, wrong: Wrong<'_>) -> Sheet {
    let cx = &me.cx;
    let w = cx.words(&WORDS);
    let next = next_asked(cx, wrong);
    let passkey = passkey_form(w, &next);
    let mut form = Form::new("/signin/again", w.say("again-act"))
        .of(cx)
        .hidden("next", next)
        .field(Field::password("password", w.say("password")));
    if me.person.has_totp {
        form = form.field(Field::code("code", w.say("second-code")).help(w.say("second-help")));
    }
    let part = Part::new(w.say("again-part")).note(w.say("again-note"));
    let part = part.with(Block::Form(passkey)).with(Block::Form(form.after(wrong)));
    Sheet::new(cx, w.say("again")).lead(w.say("again-lead")).under("/account").runs(Scripts::Passkeys).part(part)
}

/// `GET /signin/again`
async fn show_again(me: Me) -> Response<Body> {
    me.cx.page(&again_sheet(&me, None))
}

/// `POST /signin/again`: proves that it is still the same person.
async fn again(headers: HeaderMap, Sent { me, fields }: Sent) -> Response<Body> {
    let proved = async {
        let w = me.cx.words(&WORDS);
        let person = me.accounts.by_password(&me.cx, &headers, &me.person.profile.mail, fields.raw("password")).await?;
        if person.has_totp {
            me.accounts.try_once(CODE, &person.id, me.cx.now).await?;
            if !me.accounts.is_second(&person, fields.text("code"), me.cx.now).await? {
                return Err(field("code", w.say("second-wrong")));
            }
            me.accounts.forget_tries(CODE, &person.id).await?;
        }
        me.accounts.site().sessions.prove(me.session_id(), person.has_totp, me.cx.now).await?;
        Ok(me.cx.see(next_of(fields.text("next"))))
    };
    me.cx.end_form(proved.await, async |fault| Ok(again_sheet(&me, Some((&fields, fault))))).await
}

/// `POST /signout`
async fn sign_out(Sent { me, .. }: Sent) -> Response<Body> {
    let id = me.session_id().to_owned();
    let ended = me.accounts.end_sessions(&me.person.id, Some(&id), "", me.cx.now).await;
    me.cx.end(ended.map(|()| me.accounts.let_out(&me.cx)).map_err(Fault::from))
}

// A lost password.

fn recover_sheet(cx: &Cx, wrong: Wrong<'_>) -> Sheet {
    let w = cx.words(&WORDS);
    let form = Form::new("/recover", w.say("recover-act")).field(Field::mail("mail", w.say("mail"))).primary();
    let part = Part::new(w.say("recover-part")).note(w.say("recover-note")).with(Block::Form(form.after(wrong)));
    Sheet::new(cx, w.say("recover")).lead(w.say("recover-lead")).part(part)
}

/// `GET /recover`
async fn show_recover(cx: Cx) -> Response<Body> {
    cx.page(&recover_sheet(&cx, None))
}

/// `POST /recover`: says the same whether the address is known or not.
async fn recover(Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let begun = async {
        let w = cx.words(&WORDS);
        let mail = mail_of(&fields, w)?;
        let address = cx.caller_text();
        accounts.try_once(ADDRESS, &address, cx.now).await?;
        accounts.try_mail(&cx, &mail).await?;
        let person = accounts.person_of(&mail).await?;
        let code = new_code()?;
        let id = person.as_ref().map(|person| person.id.as_str());
        let cookie = accounts.begin(Kind::Recover, id, &(), &code, cx.now).await?;
        match &person {
            Some(person) => {
                let letter = person.letter("mail-recover", &[("code", &code)]);
                accounts.write_alone(Some(&person.id), &letter, cx.now).await?;
            }
            // As long as for a known address.
            None => accounts.write_nothing(cx.now).await?,
        }
        Ok(with_cookie(cx.see("/recover/code"), cookie))
    };
    cx.end_form(begun.await, async |fault| Ok(recover_sheet(&cx, Some((&fields, fault))))).await
}

fn recover_code_sheet(cx: &Cx, wrong: Wrong<'_>) -> Sheet {
    let w = cx.words(&WORDS);
    let form = Form::new("/recover/code", w.say("recover-finish"))
        .field(Field::code("code", w.say("code")).help(w.say("code-help")))
        .field(
            Field::password("password", w.say("password-new")).help(w.say("password-help")).completes("new-password"),
        )
        .field(Field::code("second", w.say("second-code")).help(w.say("recover-second-help")).optional())
        .primary();
    let part = Part::new(w.say("code-part")).note(w.say("code-part-note")).with(Block::Form(form.after(wrong)));
    Sheet::new(cx, w.say("recover")).lead(w.say("recover-code-lead")).part(part)
}

/// `GET /recover/code`
async fn show_recover_code(cx: Cx) -> Response<Body> {
    cx.page(&recover_code_sheet(&cx, None))
}

/// `POST /recover/code`: the address alone does not get past a second factor.
async fn finish_recover(headers: HeaderMap, Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let done = async {
        let w = cx.words(&WORDS);
        password::check(fields.raw("password"), &[], w)?;
        let ticket = taken::<()>(Kind::Recover, &cx, &accounts, &headers, &fields).await?;
        let id = ticket.person.clone().unwrap_or_default();
        let person = accounts.person(&id).await?.ok_or_else(|| code_gone(w))?;
        if person.has_totp {
            accounts.try_once(CODE, &person.id, cx.now).await?;
            if !accounts.is_second(&person, fields.text("second"), cx.now).await? {
                return Err(field("second", w.say("second-wrong")));
            }
        }
        if !accounts.take(&ticket).await? {
            return Err(code_gone(w));
        }
        let hash = accounts.hash(fields.raw("password")).await?;
        let changed: Result<(), TrustError> = store::transaction!(accounts.db(), tx => {
            accounts.set_password(tx, &person, &hash, "").await?;
            note_own(tx, &person.id, Act::Recovered, "", cx.now).await?;
            accounts.write(tx, Some(&person.id), &person.letter("mail-password", &[]), cx.now).await
        });
        changed?;
        Ok(cx.see("/signin?said=recovered"))
    };
    cx.end_form(done.await, async |fault| Ok(recover_code_sheet(&cx, Some((&fields, fault))))).await
}

// The account.

async fn account_sheet(me: &Me, wrong: Wrong<'_>) -> Result<Sheet, Fault> {
    let cx = &me.cx;
    let w = cx.words(&WORDS);
    let person = &me.person;
    let identity = me.accounts.identity_of(&person.id, None).await?;
    let (mark, said_name) = match &identity {
        Some(identity) if identity.is_confirmed() => (Mark::Sealed, identity.shown(w)),
        Some(identity) if identity.is_waiting() => (Mark::Waiting, w.say("identity-waits")),
        _ => (Mark::Absent, w.say("identity-none")),
    };
    let mut organisations = Vec::new();
    for (organisation, roles) in me.accounts.organisations_of(&person.id).await? {
        let roles = roles.words(w);
        organisations.push((organisation.profile.name, organisation.id, roles));
    }
    let facts = vec![
        (w.say("name"), person.profile.name.clone().into()),
        (w.say("mail"), person.profile.mail.clone().into()),
        (w.say("identity"), Value::Mark(mark, said_name)),
        (w.say("account-since"), Value::Time(person.made)),
        (w.say("account-id"), Value::Mono(person.id.clone())),
    ];
    let who = Part::new(w.say("account-who")).note(w.say("account-who-note")).with(Block::Record(facts));
    let link = |href: &str, id: &str| (href.to_owned(), w.say(id));
    let room = |href: &str, name: String, note: String| (href.to_owned(), name, note);
    let mut rooms = vec![
        room("/account/identity", w.say("identity"), w.say("identity-room")),
        room("/account/security", w.say("security"), w.say("security-room")),
        room("/account/keys", w.say("keys"), w.say("keys-room")),
        room("/account/privacy", w.say("privacy"), w.say("privacy-room")),
        room("/account/history", w.say("history"), w.say("history-room")),
    ];
    if person.is_operator {
        rooms.insert(0, room("/operator", w.say("operator"), w.say("operator-room")));
    }
    rooms.extend(me.accounts.desks(cx, &format!("person/{}", person.id)).await?);
    let rooms = Part::new(w.say("account-rooms")).with(Block::Contents(rooms));
    let mut teams = Part::new(w.say("organisations")).note(w.say("organisations-note"));
    teams = match organisations.is_empty() {
        true => teams.with(Block::Empty(w.say("organisations-none"), w.say("organisations-none-note"))),
        false => teams.with(Block::Record(
            organisations
                .into_iter()
                .map(|(name, id, roles)| (roles, Value::Link(format!("/organisations/{id}"), name)))
                .collect(),
        )),
    };
    for invitation in me.accounts.invitations_for(&person.profile.mail, cx.now).await? {
        let join = Form::new(format!("/invitations/{}", invitation.id), w.say("invitation-accept")).of(cx).small();
        let note = w.fill("invitation-note", &[("roles", &invitation.roles.words(w))]);
        teams = teams.with(Block::Notice(invitation.organisation, note)).with(Block::Form(join));
    }
    let teams = teams.with(Block::Links(vec![link("/organisations/new", "organisation-new")]));
    let rename = Form::new("/account/name", w.say("save"))
        .of(cx)
        .field(Field::text("name", w.say("name")).value(&person.profile.name).completes("name"));
    let change = Part::new(w.say("account-change"))
        .with(Block::Form(rename.after(wrong)))
        .with(Block::Links(vec![link("/account/mail", "mail-change")]));
    let out = Form::new("/signout", w.say("sign-out")).of(cx);
    let leave = Part::new(w.say("sign-out")).note(w.say("sign-out-note")).with(Block::Form(out));
    Ok(Sheet::new(cx, w.say("account"))
        .said(said(cx))
        .under("/account")
        .part(who)
        .part(rooms)
        .part(teams)
        .part(change)
        .part(leave))
}

/// `GET /account`
async fn account(me: Me) -> Response<Body> {
    me.cx.end(account_sheet(&me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /account/name`
async fn name(Sent { me, fields }: Sent) -> Response<Body> {
    let changed = async {
        let name = name_of(&fields, me.cx.words(&WORDS))?;
        let language = language_of(&me.cx);
        let changed: Result<(), TrustError> = store::transaction!(me.accounts.db(), tx => {
            let change = |profile: &mut Profile| {
                name.clone_into(&mut profile.name);
                language.clone_into(&mut profile.language);
            };
            me.accounts.change_profile(tx, &me.person, change).await?;
            Ok(note_own(tx, &me.person.id, Act::NameChanged, "", me.cx.now).await?)
        });
        changed?;
        Ok(me.cx.see("/account?said=name"))
    };
    match changed.await {
        Err(fault @ Fault::Field { .. }) => me.cx.end(
            account_sheet(&me, Some((&fields, &fault)))
                .await
                .map(|sheet| me.cx.page(&sheet.status(axum::http::StatusCode::UNPROCESSABLE_ENTITY))),
        ),
        other => me.cx.end(other),
    }
}

fn mail_sheet(me: &Me, wrong: Wrong<'_>) -> Sheet {
    let cx = &me.cx;
    let w = cx.words(&WORDS);
    let form = Form::new("/account/mail", w.say("mail-change-act"))
        .of(cx)
        .field(Field::mail("mail", w.say("mail-new")).completes("email"))
        .primary();
    let part = Part::new(w.say("mail-change")).note(w.say("mail-change-note")).with(Block::Form(form.after(wrong)));
    Sheet::new(cx, w.say("mail-change")).under("/account").part(part)
}

/// `GET /account/mail`
async fn show_mail(me: Me) -> Response<Body> {
    match me.fresh("/account/mail") {
        Ok(()) => me.cx.page(&mail_sheet(&me, None)),
        Err(first) => *first,
    }
}

/// `POST /account/mail`: the new address must answer, the old one is told.
async fn mail(Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/mail") {
        return *first;
    }
    let begun = async {
        let w = me.cx.words(&WORDS);
        let mail = mail_of(&fields, w)?;
        me.accounts.try_mail(&me.cx, &mail).await?;
        let code = new_code()?;
        let known = me.accounts.person_of(&mail).await?;
        let sent = match &known {
            Some(person) => person.letter("mail-known", &[]),
            None => letter(&mail, me.cx.language, "mail-change-letter", &[("code", &code)]),
        };
        let code = if known.is_some() { new_code()? } else { code };
        let cookie = me.accounts.begin(Kind::Mail, Some(&me.person.id), &mail, &code, me.cx.now).await?;
        me.accounts.write_alone(Some(known.as_ref().map_or(&me.person.id, |p| &p.id)), &sent, me.cx.now).await?;
        Ok(with_cookie(me.cx.see("/account/mail/code"), cookie))
    };
    me.cx.end_form(begun.await, async |fault| Ok(mail_sheet(&me, Some((&fields, fault))))).await
}

fn mail_code_sheet(me: &Me, wrong: Wrong<'_>) -> Sheet {
    let w = me.cx.words(&WORDS);
    let form = Form::new("/account/mail/code", w.say("code-act"))
        .of(&me.cx)
        .field(Field::code("code", w.say("code")).help(w.say("code-help")))
        .primary();
    let part = Part::new(w.say("code-part")).note(w.say("code-part-note")).with(Block::Form(form.after(wrong)));
    Sheet::new(&me.cx, w.say("mail-change")).lead(w.say("code-lead")).under("/account").part(part)
}

/// `GET /account/mail/code`
async fn show_mail_code(me: Me) -> Response<Body> {
    me.cx.page(&mail_code_sheet(&me, None))
}

/// `POST /account/mail/code`
async fn finish_mail(headers: HeaderMap, Sent { me, fields }: Sent) -> Response<Body> {
    let done = async {
        let w = me.cx.words(&WORDS);
        let ticket = taken::<String>(Kind::Mail, &me.cx, &me.accounts, &headers, &fields).await?;
        if ticket.person.as_deref() != Some(&me.person.id) || !me.accounts.take(&ticket).await? {
            return Err(code_gone(w));
        }
        let changed: Result<(), TrustError> = store::transaction!(me.accounts.db(), tx => {
            let change = |profile: &mut Profile| ticket.body.clone_into(&mut profile.mail);
            me.accounts.change_profile(tx, &me.person, change).await?;
            // What was begun at the old address ends with it.
            Accounts::end_tickets(tx, &me.person.id).await?;
            note_own(tx, &me.person.id, Act::MailChanged, "", me.cx.now).await?;
            let old = me.person.letter("mail-changed", &[]);
            me.accounts.write(tx, Some(&me.person.id), &old, me.cx.now).await
        });
        match changed {
            // Another account took the address meanwhile.
            Err(TrustError::Refused(_)) => Err(code_gone(w)),
            other => Ok(other.map(|()| me.cx.see("/account?said=mail"))?),
        }
    };
    me.cx.end_form(done.await, async |fault| Ok(mail_code_sheet(&me, Some((&fields, fault))))).await
}

/// `POST /account/password`
async fn change_password(Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    let changed = async {
        let w = me.cx.words(&WORDS);
        let typed = fields.raw("password");
        let local = me.person.profile.mail.split('@').next().unwrap_or_default();
        password::check(typed, &[&me.person.profile.name, local], w)?;
        let hash = me.accounts.hash(typed).await?;
        let changed: Result<(), TrustError> = store::transaction!(me.accounts.db(), tx => {
            me.accounts.set_password(tx, &me.person, &hash, me.session_id()).await?;
            note_own(tx, &me.person.id, Act::PasswordChanged, "", me.cx.now).await?;
            me.accounts.write(tx, Some(&me.person.id), &me.person.letter("mail-password", &[]), me.cx.now).await
        });
        changed?;
        Ok(me.cx.see("/account/security?said=password"))
    };
    let answer = changed.await;
    me.cx.end_form(answer, async |fault| security_sheet(&me, Some((&fields, fault))).await).await
}

/// `POST /account/sessions/end`: one session, or all others.
async fn end_sessions(Sent { me, fields }: Sent) -> Response<Body> {
    let which = Some(fields.text("session")).filter(|id| !id.is_empty());
    let ended = me.accounts.end_sessions(&me.person.id, which, me.session_id(), me.cx.now).await;
    me.cx.end(ended.map(|()| me.cx.see("/account/security?said=sessions")).map_err(Fault::from))
}

impl Accounts {
    /// Does the work of writing a mail, and writes none.
    async fn write_nothing(&self, now: proof::der::Time) -> Result<(), TrustError> {
        let id = crate::accounts::new_id()?;
        let sealed = self.vault().seal(&format!("outbox/{id}"), &[0; 400])?;
        store::transaction!(self.db(), tx => {
            let sql = "insert into outbox (id, body, made_s) values ($1, $2, $3)";
            tx.execute(sql, &[id.as_str().into(), sealed.clone().into(), now.unix_s().into()]).await?;
            tx.execute("delete from outbox where id = $1", &[id.as_str().into()]).await?;
            Ok(())
        })
    }

    /// Writes a mail that belongs to no other change.
    pub(in crate::accounts) async fn write_alone(
        &self,
        person: Option<&str>,
        letter: &crate::accounts::mail::Letter,
        now: proof::der::Time,
    ) -> Result<(), TrustError> {
        store::transaction!(self.db(), tx => self.write(tx, person, letter, now).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::who::encoded;

    #[test]
    fn signing_in_leads_on_only_within_this_site() {
        for outside in [
            "//evil.example",
            "https://evil.example",
            "\\evil",
            "/\\evil.example",
            "",
            "/a\r\nx: y",
            "/\t/evil.example",
        ] {
            assert_eq!(next_of(outside), "/account", "{outside:?}");
        }
        assert_eq!(next_of("/organisations/a?b=c"), "/organisations/a?b=c");
        assert_eq!(encoded("/a?b"), "%2Fa%3Fb");
    }
}

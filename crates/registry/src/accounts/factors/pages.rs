//! The page on which a person sees and changes what proves who he or she is.

use super::passkey::{ALGORITHMS, Answer, Asked};
use super::{PASSKEYS_MAX, new_challenge, totp};
use crate::accounts::audit::{Act, note_own};
use crate::accounts::person::sign_in::About;
use crate::accounts::throttle::BEGIN;
use crate::accounts::ticket::{Kind, wrong_code};
use crate::accounts::who::next_of;
use crate::accounts::{Accounts, Me, Sent, Visitor, WORDS, said};
use crate::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use crate::web::{Fault, Fields, Scripts};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use proof::digest::{from_hex, hex};
use serde_json::json;
use store::StoreError;
use totp_rs::Secret;
use trust::TrustError;

pub(in crate::accounts) fn router() -> Router<Accounts> {
    Router::new()
        .route("/account/security", get(security))
        .route("/account/passkeys", post(make_passkey))
        .route("/account/passkeys/begin", post(begin_passkey))
        .route("/account/passkeys/remove", post(remove_passkey))
        .route("/account/totp", post(begin_totp))
        .route("/account/totp/code", post(finish_totp))
        .route("/account/totp/remove", post(remove_totp))
        .route("/account/recovery-codes", post(recovery_codes))
        .route("/signin/passkey", post(use_passkey))
        .route("/signin/passkey/begin", post(begin_use))
}

fn field(name: &'static str, what: String) -> Fault {
    Fault::Field { field: name, what }
}

fn json_answer(value: &serde_json::Value, cookie: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(header::SET_COOKIE, cookie);
    response
}

/// The page; with a fault of the form for the password.
pub(in crate::accounts) async fn security_sheet(me: &Me, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let cx = &me.cx;
    let w = cx.words(&WORDS);
    let act = |to: &str, id: &str| Form::new(to, w.say(id)).of(cx);
    let mut passkeys = Part::new(w.say("passkeys")).note(w.say("passkeys-note"));
    let held = me.accounts.passkeys(&me.person).await?;
    passkeys = match held.is_empty() {
        true => passkeys.with(Block::Empty(w.say("passkeys-none"), w.say("passkeys-none-note"))),
        false => {
            let rows = held.iter().map(|passkey| {
                let remove = act("/account/passkeys/remove", "remove").hidden("passkey", &passkey.id).small();
                vec![
                    passkey.label.clone().into(),
                    Value::Time(passkey.made),
                    passkey.used.into(),
                    Value::Acts(vec![remove]),
                ]
            });
            let head =
                ["passkey-label", "made", "used"].map(|id| w.say(id)).into_iter().chain([String::new()]).collect();
            passkeys.with(Block::Ledger(Ledger { name: w.say("passkeys"), head, rows: rows.collect() }))
        }
    };
    let make = act("/account/passkeys", "passkey-make")
        .hidden("credential", "")
        .script("make", w.say("passkey-failed"))
        .field(Field::text("label", w.say("passkey-label")).help(w.say("passkey-label-help")).optional().short());
    passkeys = passkeys.with(Block::Form(make));

    let (mark, state) = match me.person.has_totp {
        true => (Mark::Sealed, w.say("totp-on")),
        false => (Mark::Absent, w.say("totp-off")),
    };
    let codes = Part::new(w.say("totp")).note(w.say("totp-note"));
    let codes = codes.with(Block::Record(vec![(w.say("totp"), Value::Mark(mark, state))]));
    let codes = match me.person.has_totp {
        true => codes.with(Block::Form(act("/account/totp/remove", "totp-remove"))),
        false => codes.with(Block::Form(act("/account/totp", "totp-set"))),
    };

    let left = me.accounts.recovery_codes_left(&me.person.id).await?.to_string();
    let recovery = Part::new(w.say("recovery"))
        .note(w.say("recovery-note"))
        .with(Block::Text(w.fill("recovery-left", &[("count", &left)])))
        .with(Block::Form(act("/account/recovery-codes", "recovery-make")));

    let new = Field::password("password", w.say("password-new")).help(w.say("password-help")).completes("new-password");
    let password = act("/account/password", "password-change").field(new);
    let password = password.after(wrong);
    let state = if me.person.has_password { "password-set" } else { "password-none" };
    let password = Part::new(w.say("password")).note(w.say(state)).with(Block::Form(password));

    let mut rows = Vec::new();
    for session in me.accounts.site().sessions.of(&me.person.id, cx.now).await? {
        let about = About::open(&me.person, &session.about);
        let is_this = session.id == me.session_id();
        let agent = if about.agent.is_empty() { w.say("session-unknown") } else { about.agent };
        let end = act("/account/sessions/end", "session-end").hidden("session", session.id.clone()).small();
        let last = if is_this { Value::Text(w.say("session-this")) } else { Value::Acts(vec![end]) };
        rows.push(vec![Value::Two(agent, about.address), Value::Time(session.made), Value::Time(session.seen), last]);
    }
    let head = ["session-device", "session-began", "session-seen"].map(|id| w.say(id));
    let head = head.into_iter().chain([String::new()]).collect();
    let sessions = Part::new(w.say("sessions"))
        .note(w.say("sessions-note"))
        .with(Block::Ledger(Ledger { name: w.say("sessions"), head, rows }))
        .with(Block::Form(act("/account/sessions/end", "sessions-end")));
    Ok(Sheet::new(cx, w.say("security"))
        .lead(w.say("security-lead"))
        .said(said(cx))
        .under("/account")
        .runs(Scripts::Passkeys)
        .part(passkeys)
        .part(codes)
        .part(recovery)
        .part(password)
        .part(sessions))
}

/// `GET /account/security`
async fn security(me: Me) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    me.cx.end(security_sheet(&me, None).await.map(|sheet| me.cx.page(&sheet)))
}

/// `POST /account/passkeys/begin`: the question to the authenticator, as JSON.
async fn begin_passkey(Sent { me, .. }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    let begun = async {
        let challenge = new_challenge()?;
        let cookie = me.accounts.begin(Kind::MakePasskey, Some(&me.person.id), &challenge, "", me.cx.now).await?;
        let (rp_id, _) = me.accounts.relying_party();
        let held = me.accounts.passkeys(&me.person).await?;
        let known: Vec<String> = held.iter().filter_map(|p| from_hex(&p.id)).map(|id| text(&id)).collect();
        let question = json!({
            "rp": { "id": rp_id, "name": me.accounts.site().node.public().instance.operator.name },
            // The person's own id: random, and no address.
            "user": { "id": text(me.person.id.as_bytes()), "name": me.person.profile.mail, "displayName": me.person.profile.name },
            "challenge": challenge,
            "algorithms": ALGORITHMS,
            "known": known,
        });
        Ok(json_answer(&question, cookie))
    };
    me.cx.end(begun.await)
}

fn text(bytes: &[u8]) -> String {
    <base64ct::Base64UrlUnpadded as base64ct::Encoding>::encode_string(bytes)
}

/// `POST /account/passkeys`: what the authenticator made.
async fn make_passkey(headers: HeaderMap, Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    let made = async {
        let w = me.cx.words(&WORDS);
        let unfit = || field("credential", w.say("passkey-unfit"));
        let ticket = me.accounts.ticket::<String>(Kind::MakePasskey, &headers, me.cx.now).await?.ok_or_else(unfit)?;
        let is_mine = ticket.person.as_deref() == Some(&me.person.id);
        if !me.accounts.take(&ticket).await? || !is_mine {
            return Err(unfit());
        }
        if me.accounts.passkeys(&me.person).await?.len() >= PASSKEYS_MAX {
            return Err(field("credential", w.fill("passkeys-many", &[("limit", &PASSKEYS_MAX.to_string())])));
        }
        let (rp_id, origin) = me.accounts.relying_party();
        let asked = Asked { rp_id: &rp_id, origin: &origin, challenge: &ticket.body };
        let made = Answer::parse(fields.raw("credential")).and_then(|answer| answer.made(&asked)).map_err(|why| {
            tracing::warn!(%why, "a passkey was not made");
            unfit()
        })?;
        let label: String = fields.text("label").chars().take(40).collect();
        let label = if label.is_empty() { w.say("passkey-unnamed") } else { label };
        match me.accounts.keep_passkey(&me.person, &made, &label, me.cx.now).await {
            // The authenticator holds it for somebody already.
            Err(TrustError::Refused(_)) => Err(unfit()),
            other => Ok(other.map(|()| me.cx.see("/account/security?said=passkey"))?),
        }
    };
    me.cx.end(made.await)
}

/// `POST /account/passkeys/remove`
async fn remove_passkey(Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    let removed: Result<u64, StoreError> = store::transaction!(me.accounts.db(), tx => {
        let sql = "delete from passkey where id = $1 and person = $2";
        let count = tx.execute(sql, &[fields.text("passkey").into(), me.person.id.as_str().into()]).await?;
        if count > 0 {
            note_own(tx, &me.person.id, Act::PasskeyRemoved, "", me.cx.now).await?;
        }
        Ok(count)
    });
    me.cx.end(removed.map_err(Fault::from).and_then(|count| match count {
        0 => Err(Fault::NotFound),
        _ => Ok(me.cx.see("/account/security?said=passkey-removed")),
    }))
}

/// `POST /signin/passkey/begin`: a question that anybody's authenticator may answer.
async fn begin_use(Visitor { cx, accounts, .. }: Visitor) -> Response<Body> {
    let begun = async {
        accounts.try_once(BEGIN, &cx.caller_text(), cx.now).await?;
        let challenge = new_challenge()?;
        let cookie = accounts.begin(Kind::UsePasskey, None, &challenge, "", cx.now).await?;
        let (rp_id, _) = accounts.relying_party();
        Ok(json_answer(&json!({ "rpId": rp_id, "challenge": challenge }), cookie))
    };
    cx.end(begun.await)
}

/// `POST /signin/passkey`: signs in, or proves again who is signed in.
async fn use_passkey(headers: HeaderMap, Visitor { cx, accounts, fields }: Visitor) -> Response<Body> {
    let entered = async {
        let w = cx.words(&WORDS);
        let unfit = || field("credential", w.say("passkey-unknown"));
        let ticket = accounts.ticket::<String>(Kind::UsePasskey, &headers, cx.now).await?.ok_or_else(unfit)?;
        if !accounts.take(&ticket).await? {
            return Err(unfit());
        }
        let (rp_id, origin) = accounts.relying_party();
        let asked = Asked { rp_id: &rp_id, origin: &origin, challenge: &ticket.body };
        let answer = Answer::parse(fields.raw("credential")).map_err(|_| unfit())?;
        let whose = accounts.passkey_used(&answer, &asked, cx.now).await?.ok_or_else(unfit)?;
        let person = accounts.person(&whose).await?.ok_or_else(unfit)?;
        match &cx.session {
            Some(session) if session.person == person.id => {
                accounts.site().sessions.prove(&session.id, true, cx.now).await?;
                Ok(cx.see(next_of(fields.text("next"))))
            }
            _ => accounts.let_in(&cx, &headers, &person, true, fields.text("next")).await,
        }
    };
    cx.end(entered.await)
}

/// The codes to be set up: a picture for the app, and the same as letters.
fn totp_sheet(me: &Me, secret: &[u8], wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let w = me.cx.words(&WORDS);
    let letters = Secret::new(secret.to_vec().into_boxed_slice()).to_base32();
    let issuer = &me.accounts.site().node.public().instance.operator.name;
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let address =
        format!("otpauth://totp/{0}:{1}?secret={letters}&issuer={0}", encode(issuer), encode(&me.person.profile.mail));
    let code = qrcode::QrCode::new(address.as_bytes()).map_err(Fault::broken)?;
    let drawing = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).build();
    let drawing = drawing.split_once("?>").map_or(drawing.clone(), |(_, svg)| svg.to_owned());
    let drawing = drawing.replacen(
        "<svg ",
        &format!("<svg class=\"code\" role=\"img\" aria-label=\"{}\" ", w.say("totp-picture")),
        1,
    );
    let form = Form::new("/account/totp/code", w.say("totp-finish"))
        .of(&me.cx)
        .field(Field::code("code", w.say("totp-code")))
        .primary();
    let form = form.after(wrong);
    let part = Part::new(w.say("totp"))
        .note(w.say("totp-scan"))
        .with(Block::Drawing(drawing))
        .with(Block::Plain(letters))
        .with(Block::Form(form));
    Ok(Sheet::new(&me.cx, w.say("totp-set")).lead(w.say("totp-lead")).under("/account").part(part))
}

/// `POST /account/totp`
async fn begin_totp(Sent { me, .. }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    let begun = async {
        let secret: [u8; 20] = trust::keys::random()?;
        let cookie = me.accounts.begin(Kind::Totp, Some(&me.person.id), &hex(&secret), "", me.cx.now).await?;
        let mut response = me.cx.page(&totp_sheet(&me, &secret, None)?);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    };
    me.cx.end(begun.await)
}

/// `POST /account/totp/code`: the first code shows that the app has the secret.
async fn finish_totp(headers: HeaderMap, Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    let done = async {
        let w = me.cx.words(&WORDS);
        let gone = || field("code", w.say("code-gone"));
        let ticket = me.accounts.ticket::<String>(Kind::Totp, &headers, me.cx.now).await?.ok_or_else(gone)?;
        if ticket.person.as_deref() != Some(&me.person.id) {
            return Err(gone());
        }
        let secret = from_hex(&ticket.body).ok_or_else(gone)?;
        let digits: String = fields.text("code").chars().filter(char::is_ascii_digit).collect();
        let now_s = u64::try_from(me.cx.now.unix_s()).unwrap_or_default();
        let Some(step) = totp(&secret)?.check(&digits, now_s).and_then(|step| i64::try_from(step).ok()) else {
            let left = me.accounts.miss(&ticket).await?;
            let fault = wrong_code(&me.cx, left);
            let sheet = totp_sheet(&me, &secret, Some((&fields, &fault)))?;
            return Ok(me.cx.page(&sheet.status(StatusCode::UNPROCESSABLE_ENTITY)));
        };
        if !me.accounts.take(&ticket).await? {
            return Err(gone());
        }
        me.accounts.set_totp(&me.person, &secret, step, me.cx.now).await?;
        Ok(me.cx.see("/account/security?said=totp"))
    };
    me.cx.end(done.await)
}

/// `POST /account/totp/remove`
async fn remove_totp(Sent { me, .. }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    let removed: Result<(), TrustError> = store::transaction!(me.accounts.db(), tx => {
        tx.execute("update person set totp = null where id = $1", &[me.person.id.as_str().into()]).await?;
        note_own(tx, &me.person.id, Act::CodesRemoved, "", me.cx.now).await?;
        me.accounts.write(tx, Some(&me.person.id), &me.person.letter("mail-totp-removed", &[]), me.cx.now).await
    });
    me.cx.end(removed.map(|()| me.cx.see("/account/security?said=totp-removed")).map_err(Fault::from))
}

/// `POST /account/recovery-codes`: new ones, shown once.
async fn recovery_codes(Sent { me, .. }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh("/account/security") {
        return *first;
    }
    let w = me.cx.words(&WORDS);
    let made = me.accounts.new_recovery_codes(&me.person, me.cx.now).await;
    me.cx.end(made.map_err(Fault::from).map(|codes| {
        let part = Part::new(w.say("recovery"))
            .note(w.say("recovery-note"))
            .with(Block::Notice(w.say("recovery-once"), w.say("recovery-once-note")))
            .with(Block::Plain(codes.join("\n")))
            .with(Block::Links(vec![("/account/security".to_owned(), w.say("recovery-kept"))]));
        me.cx.page(&Sheet::new(&me.cx, w.say("recovery")).under("/account").part(part))
    }))
}

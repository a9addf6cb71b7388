//! The pages of the audit trail: what happened, and the trail as a file that can be verified.

use super::{Act, Line, Scope, act_words, note};
use crate::accounts::throttle::STAMP;
use crate::accounts::{Accounts, Me, WORDS};
use crate::web::sheet::{Block, Ledger, Part, Sheet, Value};
use crate::web::{Cx, Fault, download};
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::Response;
use axum::routing::get;
use base64ct::{Base64, Encoding as _};
use proof::der::Time;
use serde_json::json;

/// The lines that a page shows.
const SHOWN: i64 = 200;

pub(in crate::accounts) fn router() -> Router<Accounts> {
    Router::new().route("/account/history", get(own)).route("/account/history/{name}", get(own_file))
}

/// The ledger of a trail's newest lines, with the names of people where they are still known.
pub async fn ledger(accounts: &Accounts, cx: &Cx, lines: &[Line]) -> Result<Block, Fault> {
    let w = cx.words(&WORDS);
    if lines.is_empty() {
        return Ok(Block::Empty(w.say("history-empty"), w.say("history-empty-note")));
    }
    let mut rows = Vec::new();
    for line in lines {
        let actor = accounts.called(cx, &line.actor).await?;
        let time = Time::parse(&line.time).map_or(Value::Mono(line.time.clone()), Value::Time);
        let object = accounts.called(cx, &line.object).await?;
        rows.push(vec![
            Value::Mono(line.number.to_string()),
            time,
            actor.into(),
            act_words(w, &line.act).into(),
            object.into(),
        ]);
    }
    let head = ["history-number", "history-time", "history-who", "history-what", "history-on"];
    let head = head.map(|id| w.say(id)).to_vec();
    Ok(Block::Ledger(Ledger { name: w.say("history"), head, rows }))
}

/// A trail as a part of a page; `place` is where its files are.
pub async fn part(accounts: &Accounts, cx: &Cx, scope: &Scope, place: &str) -> Result<Part, Fault> {
    let w = cx.words(&WORDS);
    let lines = accounts.history(scope, SHOWN).await?;
    let newest = lines.first().map_or(0, |line| line.number);
    let part = Part::new(w.say("history")).note(w.say("history-note")).full();
    let part = part.with(ledger(accounts, cx, &lines).await?);
    let seals = accounts.seals(scope).await?;
    let sealed = match seals.last() {
        Some(seal) => {
            let (number, time) = (seal.number.to_string(), seal.made.to_string());
            w.fill("history-sealed", &[("number", &number), ("time", &time)])
        }
        None => w.say("history-not-sealed"),
    };
    let part = match super::check(&accounts.trail(scope, 1, i64::MAX).await?) {
        Ok(()) => part,
        Err(number) => {
            let what = w.fill("history-broken", &[("number", &number.to_string())]);
            part.with(Block::Notice(w.say("history"), what))
        }
    };
    let file = |name: &str| format!("{place}/{name}?to={newest}");
    let links = vec![
        (file("history.jsonl"), w.say("history-file")),
        (file("history.jsonl.tsr"), w.say("history-token")),
        (format!("{place}/seals.json"), w.say("history-seals")),
    ];
    Ok(part.with(Block::Note(sealed)).maybe((newest > 0).then_some(Block::Links(links))))
}

/// `GET /account/history`
async fn own(me: Me) -> Result<Response<Body>, Response<Body>> {
    let answer = |fault: Fault| fault.answer(&me.cx);
    let w = me.cx.words(&WORDS);
    let scope = Scope::Person(me.person.id.clone());
    let part = part(&me.accounts, &me.cx, &scope, "/account/history").await.map_err(answer)?;
    let sheet = Sheet::new(&me.cx, w.say("history-mine")).lead(w.say("history-mine-lead")).under("/account");
    Ok(me.cx.page(&sheet.part(part)))
}

/// `GET /account/history/history.jsonl` and its stamp
async fn own_file(me: Me, Path(name): Path<String>) -> Response<Body> {
    let scope = Scope::Person(me.person.id.clone());
    file(&me, &scope, &name).await.unwrap_or_else(|fault| fault.answer(&me.cx))
}

/// A trail as a file, one line each, or the stamp over that file.
pub async fn file(me: &Me, scope: &Scope, name: &str) -> Result<Response<Body>, Fault> {
    let to = me.cx.query("to").parse().unwrap_or(i64::MAX);
    let lines = me.accounts.trail(scope, 1, to).await?;
    if lines.is_empty() {
        return Err(Fault::NotFound);
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let (bytes, media_type) = match name {
        "history.jsonl" => {
            let actor = format!("person/{}", me.person.id);
            let noted: Result<(), store::StoreError> = store::transaction!(me.accounts.db(), tx => {
                note(tx, scope, &actor, Act::HistoryExported, "", me.cx.now).await
            });
            noted?;
            (text.into_bytes(), "application/jsonl")
        }
        "seals.json" => {
            let seal = |seal: &super::Seal| {
                let token = Base64::encode_string(&seal.token);
                json!({ "number": seal.number, "made": seal.made.to_string(), "token": token })
            };
            let seals: Vec<_> = me.accounts.seals(scope).await?.iter().map(seal).collect();
            (serde_json::to_vec_pretty(&seals).map_err(Fault::broken)?, "application/json")
        }
        "history.jsonl.tsr" => {
            me.accounts.try_once(STAMP, &me.person.id, me.cx.now).await?;
            let token = me.accounts.stamp(text.as_bytes()).await?;
            (token.ok_or(Fault::TooSlow)?, "application/timestamp-reply")
        }
        _ => return Err(Fault::NotFound),
    };
    Ok(download(name, media_type, bytes))
}

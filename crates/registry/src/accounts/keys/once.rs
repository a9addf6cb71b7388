//! A request of a program that is sent again is carried out once (draft-ietf-httpapi-idempotency-key-header).
//!
//! The header `Idempotency-Key` names it: the same key with the same content is answered as before, for a day;
//! with other content it is refused; while the first is under way, the second is told so. What was refused leaves
//! no trace. A server that dies in between leaves a key that is free again once it is back, or after [`LEASE_S`] where others
//! serve beside it; whoever makes something bears that it is asked for again. Kept are digests of key and content, and the answer under the person's key.

use super::Program;
use crate::accounts::WORDS;
use crate::web::{Code, Fault};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use base64ct::{Base64, Encoding as _};
use proof::digest::DigestAlgorithm;
use serde::{Deserialize, Serialize};
use store::{Migration, Schema, StoreError};

/// The table of requests.
pub(in crate::accounts) const SCHEMA: Schema = Schema {
    part: "once",
    migrations: &[Migration {
        number: 1,
        name: "requests that are carried out once",
        sql: "
create table once (
    client text not null,
    name text not null,
    content text not null,
    run text not null,
    answer bytea,
    due_s bigint not null,
    primary key (client, name)
);
create index once_due on once (due_s);
",
    }],
};

/// For how long an answer is kept.
const KEPT_S: i64 = 86_400;
/// How long a request may be under way; its page is given up before.
const LEASE_S: i64 = 120;
/// Letters of a key.
const KEY_CHARS_MAX: usize = 100;
/// The largest answer that is kept.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// What of an answer's head is kept.
const HEADERS: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    HeaderName::from_static("upload-offset"),
    HeaderName::from_static("upload-holding"),
];

#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

enum Turn {
    Ours,
    Under,
    Other,
    Done(Vec<u8>),
}

impl Program {
    /// The key that a request is named by; none where it has none.
    ///
    /// # Errors
    /// A field fault where it is not 1 to 100 visible ASCII characters.
    pub fn idempotency_key(&self, headers: &HeaderMap) -> Result<Option<String>, Fault> {
        let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
        let is_key = |key: &&str| (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        match value.to_str().ok().filter(is_key) {
            Some(key) => Ok(Some(key.to_owned())),
            None => Err(self.refused_key("idempotency-wrong")),
        }
    }

    fn refused_key(&self, id: &str) -> Fault {
        Fault::Field { field: "idempotency_key", what: self.cx.words(&WORDS).say(id) }
    }

    /// Carries a request out, or answers as it was answered before. `content` is all that makes it another.
    ///
    /// # Errors
    /// Those of the act; a field fault where the key came with other content; refused while the first is under way.
    pub async fn once(
        &self,
        headers: &HeaderMap,
        content: &[u8],
        act: impl Future<Output = Result<Response<Body>, Fault>>,
    ) -> Result<Response<Body>, Fault> {
        let Some(key) = self.idempotency_key(headers)? else { return act.await };
        let client = format!("{}/{}", self.person.id, self.organisation.as_deref().unwrap_or_default());
        let name = DigestAlgorithm::Sha256.digest(format!("{client} {key}").as_bytes()).to_string();
        let content = [self.cx.path().as_bytes(), b"\0", content].concat();
        let content = DigestAlgorithm::Sha256.digest(&content).to_string();
        match self.turn(&client, &name, &content).await? {
            Turn::Done(sealed) => self.again(&name, &sealed),
            Turn::Other => Err(self.refused_key("idempotency-other")),
            Turn::Under => {
                let w = self.cx.words(&WORDS);
                let (what, remedy) = (w.say("idempotency-under-way"), w.say("idempotency-under-way-do"));
                Err(Fault::Refused { code: Code::InProgress, what, remedy })
            }
            Turn::Ours => match act.await {
                Ok(response) => self.keep(&client, &name, response).await,
                Err(fault) => {
                    let sql = "delete from once where client = $1 and name = $2 and answer is null";
                    self.accounts.db().execute(sql, &[client.into(), name.into()]).await?;
                    Err(fault)
                }
            },
        }
    }

    async fn turn(&self, client: &str, name: &str, content: &str) -> Result<Turn, StoreError> {
        let now_s = self.cx.now.unix_s();
        store::transaction!(self.accounts.db(), tx => {
            tx.execute("delete from once where due_s < $1", &[now_s.into()]).await?;
            let run = self.accounts.run();
            if !self.accounts.db().is_shared() {
                // Nobody else serves: whoever carried it out before is dead.
                let sql = "delete from once where client = $1 and name = $2 and answer is null and run <> $3";
                tx.execute(sql, &[client.into(), name.into(), run.into()]).await?;
            }
            let sql = "insert into once (client, name, content, run, due_s) values ($1, $2, $3, $4, $5) \
                       on conflict (client, name) do nothing";
            let values = [client.into(), name.into(), content.into(), run.into(), (now_s + LEASE_S).into()];
            if tx.execute(sql, &values).await? == 1 {
                return Ok(Turn::Ours);
            }
            let sql = "select content, answer from once where client = $1 and name = $2";
            let rows = tx.rows(sql, &[client.into(), name.into()]).await?;
            let Some(row) = rows.first() else { return Ok(Turn::Under) };
            Ok(match (row.text(0)? == content, row.bytes(1)) {
                (false, _) => Turn::Other,
                (true, Ok(answer)) => Turn::Done(answer.to_vec()),
                (true, Err(_)) => Turn::Under,
            })
        })
    }

    async fn keep(&self, client: &str, name: &str, response: Response<Body>) -> Result<Response<Body>, Fault> {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(Fault::broken)?;
        let text = |name: &HeaderName| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned()));
        let kept = Kept {
            status: parts.status.as_u16(),
            headers: HEADERS.iter().filter_map(text).collect(),
            body: Base64::encode_string(&bytes),
        };
        let sealed = serde_json::to_vec(&kept).map_err(Fault::broken)?;
        let sealed = self.person.key().seal(&format!("once/{name}"), &sealed)?;
        let sql = "update once set answer = $3, due_s = $4 where client = $1 and name = $2";
        let values = [client.into(), name.into(), sealed.into(), (self.cx.now.unix_s() + KEPT_S).into()];
        self.accounts.db().execute(sql, &values).await?;
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }

    fn again(&self, name: &str, sealed: &[u8]) -> Result<Response<Body>, Fault> {
        let plain = self.person.key().open(&format!("once/{name}"), sealed)?;
        let kept: Kept = serde_json::from_slice(&plain).map_err(Fault::broken)?;
        let mut response = Response::new(Body::from(Base64::decode_vec(&kept.body).map_err(Fault::broken)?));
        *response.status_mut() = StatusCode::from_u16(kept.status).map_err(Fault::broken)?;
        for (name, value) in &kept.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

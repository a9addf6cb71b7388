//! Signing a program in without a secret passing through a person's hands, after RFC 8628.
//!
//! The program begins and shows a short code; a signed-in person types it, sees what is asked, and allows
//! less or all of it or nothing; the program then fetches its key, once. Whoever types a code first has it
//! alone. Both codes are kept as digests, what the program said of itself is sealed, and the key does not
//! exist before it is fetched. Divergences from the RFC: docs/decisions/0026-device-flow-and-git-records.md.

mod api;
mod pages;

pub(super) use api::operations;

use super::{KEYS_MAX, NewKey, Scopes, digest};
use crate::accounts::throttle::{DEVICE, DEVICE_ALL, DEVICE_CODE};
use crate::accounts::{Accounts, Me, new_code, plain_code};
use crate::web::{Cx, Fault};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use proof::der::Time;
use serde::{Deserialize, Serialize};
use store::{Migration, Row, Schema, StoreError};
use trust::TrustError;

/// How long a program may wait for its person.
const LIFE_S: i64 = 600;
/// Seconds between two questions of a program.
const INTERVAL_S: i64 = 2;

/// The tables of what programs ask for.
pub(in crate::accounts) const SCHEMA: Schema = Schema {
    part: "device",
    migrations: &[Migration {
        number: 1,
        name: "keys that programs ask for",
        sql: "
create table key_request (
    id text primary key,
    code text not null,
    state text not null,
    person text,
    body bytea not null,
    due_s bigint not null,
    asked_s bigint not null
);
create unique index key_request_code on key_request (code);
create index key_request_person on key_request (person);
",
    }],
};

/// What a program says of itself and asks for, and what it was given.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Asked {
    label: String,
    host: String,
    from: String,
    scopes: String,
    #[serde(default)]
    granted: String,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    days: i64,
}

/// What a program gets to begin with.
struct Begun {
    secret: String,
    code: String,
}

/// What a program gets in the end.
struct Given {
    secret: String,
    id: String,
    label: String,
    scopes: Vec<Scopes>,
    organisation: Option<String>,
    due: Time,
}

/// Why a program gets no key, yet or ever (RFC 8628 section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotYet {
    Pending,
    SlowDown,
    Denied,
    Expired,
}

pub(super) fn router() -> axum::Router<Accounts> {
    api::router().merge(pages::router())
}

impl Accounts {
    fn code_of_device(&self, code: &str) -> String {
        self.vault().index("device-code", &plain_code(code))
    }

    fn seal_asked(&self, id: &str, asked: &Asked) -> Result<Vec<u8>, Fault> {
        let body = serde_json::to_vec(asked).map_err(Fault::broken)?;
        Ok(self.vault().seal(&format!("key-request/{id}"), &body)?)
    }

    fn open_asked(&self, id: &str, row: &Row, column: usize) -> Result<Asked, Fault> {
        let body = self.vault().open_sealed(&format!("key-request/{id}"), row.bytes(column)?)?;
        serde_json::from_slice(&body).map_err(Fault::broken)
    }

    /// Notes what a program asks for.
    async fn begin_device(&self, cx: &Cx, label: &str, host: &str, scopes: &str) -> Result<Begun, Fault> {
        self.try_once(DEVICE, &cx.caller_text(), cx.now).await?;
        self.try_once(DEVICE_ALL, "all", cx.now).await?;
        let secret = Base64UrlUnpadded::encode_string(&trust::keys::random::<24>()?);
        let (id, code, now_s) = (digest(&secret), new_code()?, cx.now.unix_s());
        let asked = Asked {
            label: label.to_owned(),
            host: host.to_owned(),
            from: cx.caller.map(|caller| caller.to_canonical().to_string()).unwrap_or_default(),
            scopes: scopes.to_owned(),
            granted: String::new(),
            organisation: None,
            days: 0,
        };
        let sql = "insert into key_request (id, code, state, body, due_s, asked_s) values ($1, $2, 'open', $3, $4, 0)";
        let values = [
            id.as_str().into(),
            self.code_of_device(&code).into(),
            self.seal_asked(&id, &asked)?.into(),
            (now_s + LIFE_S).into(),
        ];
        self.db().execute(sql, &values).await?;
        Ok(Begun { secret, code })
    }

    /// What is asked under this code, which from now on is this person's alone. None where there is no such
    /// code, or it is another's.
    async fn claim_device(&self, me: &Me, typed: &str) -> Result<Option<Asked>, Fault> {
        let left = self.try_once(DEVICE_CODE, &me.person.id, me.cx.now).await;
        left?;
        let sql = "update key_request set person = $2 where code = $1 and state = 'open' and due_s > $3 \
                   and (person is null or person = $2) returning id, body";
        let values = [self.code_of_device(typed).into(), me.person.id.as_str().into(), me.cx.now.unix_s().into()];
        let rows: Result<Vec<Row>, StoreError> = store::transaction!(self.db(), tx => tx.rows(sql, &values).await);
        match rows?.first() {
            None => Ok(None),
            Some(row) => {
                self.forget_tries(DEVICE_CODE, &me.person.id).await?;
                self.open_asked(row.text(0)?, row, 1).map(Some)
            }
        }
    }

    /// Allows what is asked under this code, or refuses it; false where the code is no longer this person's
    /// to decide.
    async fn decide_device(&self, me: &Me, typed: &str, granted: Option<&Asked>) -> Result<bool, Fault> {
        let (code, now_s) = (self.code_of_device(typed), me.cx.now.unix_s());
        let sql = "select id from key_request where code = $1 and person = $2 and state = 'open' and due_s > $3";
        let rows = self.db().rows(sql, &[code.as_str().into(), me.person.id.as_str().into(), now_s.into()]).await?;
        let Some(row) = rows.first() else { return Ok(false) };
        let id = row.text(0)?.to_owned();
        let done = match granted {
            Some(asked) => {
                let sql = "update key_request set state = 'allowed', body = $2 where id = $1 and state = 'open'";
                self.db().execute(sql, &[id.as_str().into(), self.seal_asked(&id, asked)?.into()]).await?
            }
            None => {
                let sql = "update key_request set state = 'refused' where id = $1 and state = 'open'";
                self.db().execute(sql, &[id.as_str().into()]).await?
            }
        };
        Ok(done == 1)
    }

    /// The key that was allowed. What is asked for once is gone.
    async fn fetch_device(&self, cx: &Cx, secret: &str) -> Result<Result<Given, NotYet>, Fault> {
        let (id, now) = (digest(secret), cx.now);
        let sql = "select state, person, body, asked_s from key_request where id = $1 and due_s > $2";
        let rows = self.db().rows(sql, &[id.as_str().into(), now.unix_s().into()]).await?;
        let Some(row) = rows.first() else { return Ok(Err(NotYet::Expired)) };
        match row.text(0)? {
            "open" => {
                let is_soon = now.unix_s() - row.int(3)? < INTERVAL_S;
                let sql = "update key_request set asked_s = $2 where id = $1";
                self.db().execute(sql, &[id.into(), now.unix_s().into()]).await?;
                return Ok(Err(if is_soon { NotYet::SlowDown } else { NotYet::Pending }));
            }
            "allowed" => {}
            _ => {
                self.db().execute("delete from key_request where id = $1", &[id.into()]).await?;
                return Ok(Err(NotYet::Denied));
            }
        }
        let asked = self.open_asked(&id, row, 2)?;
        let person = self.person(row.maybe_text(1)?.unwrap_or_default()).await?;
        let Some(person) = person.filter(|person| !person.is_frozen()) else { return Ok(Err(NotYet::Denied)) };
        if let Some(organisation) = &asked.organisation
            && self.roles(organisation, &person.id).await?.is_none()
        {
            return Ok(Err(NotYet::Denied));
        }
        let scopes = super::scopes_of(&asked.granted);
        let new = NewKey {
            person: &person,
            label: &asked.label,
            organisation: asked.organisation.as_deref(),
            scopes: &scopes,
            now,
            due: now.plus_s(asked.days * 86_400),
        };
        let (key_id, secret) = super::new_secret()?;
        let taken: Result<bool, TrustError> = store::transaction!(self.db(), tx => {
            let sql = "delete from key_request where id = $1 and state = 'allowed'";
            if tx.execute(sql, &[id.as_str().into()]).await? != 1 {
                return Ok(false);
            }
            self.put_key(tx, &new, &key_id, &secret).await?;
            Ok(true)
        });
        if !taken? {
            return Ok(Err(NotYet::Expired));
        }
        let due = new.due;
        Ok(Ok(Given { secret, id: key_id, label: asked.label, scopes, organisation: asked.organisation, due }))
    }

    /// Whether this person has as many keys as there may be.
    async fn has_keys_enough(&self, me: &Me) -> Result<bool, Fault> {
        let keys = self.keys(&me.person).await?;
        Ok(keys.iter().filter(|key| key.ended.is_none() && key.due > me.cx.now).count() >= KEYS_MAX)
    }

    /// Removes what nobody came for.
    pub(in crate::accounts) async fn sweep_devices(&self, now: Time) -> Result<(), StoreError> {
        self.db().execute("delete from key_request where due_s <= $1", &[now.unix_s().into()]).await.map(drop)
    }
}

//! API keys: for programs that act for a person, alone or within an organisation.
//!
//! A key is shown once and kept as a digest. It says what it may do and until when; it is worth no
//! more than its person: who leaves the organisation, is frozen or is erased leaves no key behind.

mod api;
mod device;
mod once;
mod pages;

pub(super) use once::SCHEMA as ONCE_SCHEMA;

use super::audit::{Act, Scope, note};
use super::person::Person;
use super::{Accounts, new_id};
use crate::web::{Cx, Fault, Words};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use store::{Row, StoreError, Tx};
use trust::TrustError;

pub(super) use device::SCHEMA as DEVICE_SCHEMA;

/// What every key begins with, so that scanners of published code find it.
const PREFIX: &str = "shiyin_";
/// Keys of one person that have not ended.
const KEYS_MAX: usize = 50;
/// How exactly it is known when a key was last used; each note of it is a write.
const USED_S: i64 = 60;

/// What a program may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// Read who the person is, and of which organisations.
    AccountRead,
    /// Read the audit trail, of the person or of the key's organisation.
    HistoryRead,
    /// Read the members of the key's organisation.
    MembersRead,
    /// Read records and works.
    RecordsRead,
    /// Make records.
    RecordsWrite,
    /// Read deposited originals.
    HoldingsRead,
    /// Deposit originals.
    HoldingsWrite,
    /// Read events, and where they are sent.
    WebhooksRead,
    /// Set where they are sent.
    WebhooksWrite,
}

impl Scopes {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::AccountRead,
        Self::HistoryRead,
        Self::MembersRead,
        Self::RecordsRead,
        Self::RecordsWrite,
        Self::HoldingsRead,
        Self::HoldingsWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
    ];

    /// Its name in requests and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountRead => "account:read",
            Self::HistoryRead => "history:read",
            Self::MembersRead => "members:read",
            Self::RecordsRead => "records:read",
            Self::RecordsWrite => "records:write",
            Self::HoldingsRead => "holdings:read",
            Self::HoldingsWrite => "holdings:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::AccountRead => "scope-account-read",
            Self::HistoryRead => "scope-history-read",
            Self::MembersRead => "scope-members-read",
            Self::RecordsRead => "scope-records-read",
            Self::RecordsWrite => "scope-records-write",
            Self::HoldingsRead => "scope-holdings-read",
            Self::HoldingsWrite => "scope-holdings-write",
            Self::WebhooksRead => "scope-webhooks-read",
            Self::WebhooksWrite => "scope-webhooks-write",
        }
    }
}

/// A key, as its person sees it.
pub(super) struct Key {
    id: String,
    label: String,
    organisation: Option<String>,
    scopes: Vec<Scopes>,
    made: Time,
    due: Time,
    used: Option<Time>,
    ended: Option<Time>,
}

/// A program with a key that holds.
pub struct Program {
    /// The key's id, which opens nothing.
    pub id: String,
    /// The request.
    pub cx: Cx,
    /// The door of accounts.
    pub accounts: Accounts,
    /// Whom it acts for.
    pub person: Person,
    /// Within which organisation, where in one.
    pub organisation: Option<String>,
    scopes: Vec<Scopes>,
}

impl Program {
    /// Whether the key may do that.
    ///
    /// # Errors
    /// The scope that is missing.
    pub fn may(&self, scope: Scopes) -> Result<(), Fault> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(Fault::Scope(scope.name())) }
    }
}

/// What programs may do with accounts and keys.
#[must_use]
pub fn operations() -> Vec<crate::web::api::Operation> {
    api::operations().into_iter().chain(device::operations()).collect()
}

pub(super) fn router() -> axum::Router<Accounts> {
    pages::router().merge(api::router()).merge(device::router())
}

fn digest(secret: &str) -> String {
    DigestAlgorithm::Sha256.digest(secret.as_bytes()).to_string()
}

fn scopes_of(text: &str) -> Vec<Scopes> {
    let find = |name: &str| Scopes::ALL.into_iter().find(|scope| scope.name() == name);
    text.split(' ').filter_map(find).collect()
}

fn words_of(scopes: &[Scopes], w: Words) -> String {
    scopes.iter().map(|scope| w.say(scope.word())).collect::<Vec<_>>().join(&w.say("list-comma"))
}

/// A key to be made.
struct NewKey<'k> {
    person: &'k Person,
    label: &'k str,
    organisation: Option<&'k str>,
    scopes: &'k [Scopes],
    now: Time,
    due: Time,
}

/// The id of a new key, and its text.
fn new_secret() -> Result<(String, String), TrustError> {
    let id = new_id()?;
    let secret = format!("{PREFIX}{id}.{}", Base64UrlUnpadded::encode_string(&trust::keys::random::<24>()?));
    Ok((id, secret))
}

/// Whose trail tells of a key.
fn scope_of(person: &str, organisation: Option<&str>) -> Scope {
    let own = || Scope::Person(person.to_owned());
    organisation.map_or_else(own, |id| Scope::Organisation(id.to_owned()))
}

impl Accounts {
    /// Makes a key: its text, to be shown once.
    async fn make_key(&self, new: &NewKey<'_>) -> Result<String, TrustError> {
        let (id, secret) = new_secret()?;
        let made: Result<(), TrustError> =
            store::transaction!(self.db(), tx => self.put_key(tx, new, &id, &secret).await);
        made?;
        Ok(secret)
    }

    /// Puts down a key, a line of the trail and a letter to its person.
    async fn put_key(&self, tx: &mut Tx, new: &NewKey<'_>, id: &str, secret: &str) -> Result<(), TrustError> {
        let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.name()).collect();
        let sql = "insert into api_key (id, digest, person, organisation, label, scopes, made_s, due_s) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = [
            id.into(),
            digest(secret).into(),
            new.person.id.as_str().into(),
            new.organisation.into(),
            new.person.seal("key", new.label.as_bytes())?.into(),
            scopes.join(" ").into(),
            new.now.unix_s().into(),
            new.due.unix_s().into(),
        ];
        tx.execute(sql, &values).await?;
        let (scope, actor) = (scope_of(&new.person.id, new.organisation), format!("person/{}", new.person.id));
        note(tx, &scope, &actor, Act::KeyMade, &format!("key/{id}"), new.now).await?;
        self.write(tx, Some(&new.person.id), &new.person.letter("mail-key", &[]), new.now).await
    }

    fn read_key(person: &Person, row: &Row) -> Result<Key, TrustError> {
        let time = |column| row.maybe_int(column).map(|s| s.map(Time::from_unix));
        Ok(Key {
            id: row.text(0)?.to_owned(),
            label: person.open("key", row.bytes(1)?)?,
            organisation: row.maybe_text(2)?.map(str::to_owned),
            scopes: scopes_of(row.text(3)?),
            made: Time::from_unix(row.int(4)?),
            due: Time::from_unix(row.int(5)?),
            used: time(6)?,
            ended: time(7)?,
        })
    }

    /// The keys of a person, the newest first.
    async fn keys(&self, person: &Person) -> Result<Vec<Key>, TrustError> {
        let sql = "select id, label, organisation, scopes, made_s, due_s, used_s, ended_s from api_key \
                   where person = $1 order by case when ended_s is null then 0 else 1 end, made_s desc, id limit 200";
        let rows = self.db().rows(sql, &[person.id.as_str().into()]).await?;
        rows.iter().map(|row| Self::read_key(person, row)).collect()
    }

    /// The keys of a person, without what is kept of the secrets.
    pub(super) async fn keys_for_export(&self, person: &Person) -> Result<Vec<serde_json::Value>, TrustError> {
        let read = |key: Key| {
            let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
            serde_json::json!({
                "id": key.id, "label": key.label, "organisation": key.organisation, "scopes": scopes,
                "made": key.made.to_string(), "until": key.due.to_string(),
                "used": key.used.map(|time| time.to_string()), "ended": key.ended.map(|time| time.to_string()),
            })
        };
        Ok(self.keys(person).await?.into_iter().map(read).collect())
    }

    /// Ends a key of a person; false where it is another's or has ended.
    async fn end_key(&self, person: &str, actor: &str, id: &str, now: Time) -> Result<bool, StoreError> {
        store::transaction!(self.db(), tx => {
            let sql = "update api_key set ended_s = $3 where id = $1 and person = $2 and ended_s is null returning organisation";
            let rows = tx.rows(sql, &[id.into(), person.into(), now.unix_s().into()]).await?;
            let Some(row) = rows.first() else { return Ok(false) };
            let scope = scope_of(person, row.maybe_text(0)?);
            note(tx, &scope, actor, Act::KeyEnded, &format!("key/{id}"), now).await?;
            Ok(true)
        })
    }

    /// The program that gave this key.
    ///
    /// # Errors
    /// [`Fault::SignIn`] where the key is not good, for whatever reason.
    pub(super) async fn program(&self, key: &str, cx: Cx) -> Result<Program, Fault> {
        let id = key.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).map(|(id, _)| id);
        let id = id.ok_or(Fault::SignIn)?;
        let sql = "select person, organisation, scopes, used_s from api_key \
                   where id = $1 and digest = $2 and ended_s is null and due_s > $3";
        let now_s = cx.now.unix_s();
        let rows = self.db().rows(sql, &[id.into(), digest(key).into(), now_s.into()]).await?;
        let row = rows.first().ok_or(Fault::SignIn)?;
        let now_ms = now_s * 1000 + i64::from(cx.now.nanos() / 1_000_000);
        match self.0.rates.take(id, now_ms) {
            Ok(budget) => budget.into_iter().for_each(|budget| cx.budget.set(budget).unwrap_or_default()),
            Err((budget, wait_s)) => {
                let _ = cx.budget.set(budget);
                return Err(Fault::TooMany(wait_s));
            }
        }
        let person = self.person(row.text(0)?).await?.ok_or(Fault::SignIn)?;
        if person.is_frozen() {
            return Err(Fault::Frozen);
        }
        let organisation = row.maybe_text(1)?.map(str::to_owned);
        if let Some(organisation) = &organisation
            && self.roles(organisation, &person.id).await?.is_none()
        {
            return Err(Fault::SignIn);
        }
        if now_s - row.maybe_int(3)?.unwrap_or(0) >= USED_S {
            self.db().execute("update api_key set used_s = $2 where id = $1", &[id.into(), now_s.into()]).await?;
        }
        let scopes = scopes_of(row.text(2)?);
        Ok(Program { id: id.to_owned(), cx, accounts: self.clone(), person, organisation, scopes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_unknown_ones_give_nothing() {
        let names: Vec<&str> = Scopes::ALL.iter().map(|scope| scope.name()).collect();
        assert_eq!(scopes_of(&names.join(" ")), Scopes::ALL);
        assert_eq!(scopes_of("everything *"), []);
    }
}

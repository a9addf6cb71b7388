//! Endpoints: made, changed, given another secret, disabled, removed. Address and secret are sealed under their
//! owner's key, and gone with it.

use super::address::{URL_CHARS_MAX, Wrong};
use super::event::ms;
use super::model::{Choice, DESCRIPTION_CHARS_MAX, ENDPOINTS_MAX, Endpoint, NewEndpoint, OLD_SECRET_S, Why};
use super::signature::Secret;
use super::{By, WORDS, Webhooks};
use crate::accounts::audit::{Act, note};
use crate::accounts::new_id;
use crate::web::{Code, Fault};
use proof::der::Time;
use serde::{Deserialize, Serialize};
use store::{Db, Row, StoreError, Tx};
use trust::TrustError;
use trust::vault::Key;

/// What is sealed of an endpoint beside its secrets.
#[derive(Serialize, Deserialize)]
struct About {
    url: String,
    description: String,
}

fn place(id: &str, what: &str) -> String {
    format!("webhook/{id}/{what}")
}

/// What an endpoint is called in lines of the trail.
fn object(id: &str) -> String {
    format!("webhook/{id}")
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, owner, about, kinds, is_enabled, why, made_ms, failing_since_s, old_until_s, secret, old_secret \
             from webhook_endpoint ",
            $rest
        )
    };
}

/// The rows of an owner's endpoints, the oldest first.
pub(super) async fn rows(db: &Db, owner: &str) -> Result<Vec<Row>, StoreError> {
    db.rows(select!("where owner = $1 order by made_ms, id limit 100"), &[owner.into()]).await
}

/// An endpoint, out of its row.
pub(super) fn read(row: &Row, key: &Key) -> Result<Endpoint, TrustError> {
    let id = row.text(0)?.to_owned();
    let about: About = serde_json::from_slice(&key.open(&place(&id, "about"), row.bytes(2)?)?)
        .map_err(|error| TrustError::Broken(error.to_string()))?;
    let choice = Choice::of(row.text(3)?.split(' '));
    let time = |column| row.maybe_int(column).map(|s| s.map(Time::from_unix));
    let why = row.maybe_text(5)?.map_or(Why::Owner, Why::parse);
    Ok(Endpoint {
        owner: row.text(1)?.to_owned(),
        url: about.url,
        description: about.description,
        choice: choice.ok_or_else(|| TrustError::Broken("an endpoint with kinds that are none".to_owned()))?,
        disabled: (row.int(4)? == 0).then_some(why),
        made: Time::from_unix(row.int(6)?.div_euclid(1000)),
        failing_since: time(7)?,
        old_until: time(8)?,
        id,
    })
}

/// The secrets that sign now, the newest first.
fn secrets(row: &Row, key: &Key, now: Time) -> Result<Vec<Secret>, TrustError> {
    let id = row.text(0)?;
    let mut found = vec![Secret::of(key.open(&place(id, "secret"), row.bytes(9)?)?)];
    if row.maybe_int(8)?.is_some_and(|until_s| until_s > now.unix_s())
        && let Ok(old) = row.bytes(10)
    {
        found.push(Secret::of(key.open(&place(id, "old-secret"), old)?));
    }
    Ok(found)
}

impl Webhooks {
    /// The endpoints of an owner, the oldest first.
    pub(super) async fn endpoints(&self, by: &By) -> Result<Vec<Endpoint>, TrustError> {
        rows(self.db(), &by.owner).await?.iter().map(|row| read(row, &by.key)).collect()
    }

    /// One of them.
    pub(super) async fn endpoint(&self, by: &By, id: &str) -> Result<Endpoint, Fault> {
        let sql = select!("where id = $1 and owner = $2");
        let rows = self.db().rows(sql, &[id.into(), by.owner.as_str().into()]).await?;
        Ok(read(rows.first().ok_or(Fault::NotFound)?, &by.key)?)
    }

    /// An endpoint with what signs for it; none where it, or its owner's key, is gone.
    pub(super) async fn to_send(&self, id: &str, now: Time) -> Result<Option<(Endpoint, Vec<Secret>)>, TrustError> {
        let rows = self.db().rows(select!("where id = $1"), &[id.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let Some(key) = self.accounts().key_of(row.text(1)?).await? else { return Ok(None) };
        Ok(Some((read(row, &key)?, secrets(row, &key, now)?)))
    }

    /// Whether this can be an endpoint.
    fn check(&self, by: &By, new: &NewEndpoint) -> Result<(), Fault> {
        let w = by.words();
        let field = |field: &'static str, what: String| Err(Fault::Field { field, what });
        if let Err(wrong) = self.0.client.rules().check(&new.url) {
            let what = match wrong {
                Wrong::Form => w.fill("url-wrong", &[("count", &URL_CHARS_MAX.to_string())]),
                Wrong::Plain => w.say("url-plain"),
                Wrong::Port => w.say("url-port"),
                Wrong::Closed => w.say("url-closed"),
            };
            return field("url", what);
        }
        let is_odd = new.description.contains(char::is_control);
        if is_odd || new.description.chars().count() > DESCRIPTION_CHARS_MAX {
            return field("description", w.fill("description-wrong", &[("count", &DESCRIPTION_CHARS_MAX.to_string())]));
        }
        Ok(())
    }

    fn about(by: &By, id: &str, new: &NewEndpoint) -> Result<Vec<u8>, Fault> {
        let about = About { url: new.url.clone(), description: new.description.clone() };
        let about = serde_json::to_vec(&about).map_err(Fault::broken)?;
        Ok(by.key.seal(&place(id, "about"), &about)?)
    }

    /// Makes an endpoint: it, and its secret, to be shown once.
    pub(super) async fn make(&self, by: &By, new: &NewEndpoint) -> Result<(Endpoint, String), Fault> {
        self.check(by, new)?;
        if !self.0.is_enabled {
            return Err(self.off(by));
        }
        let (id, secret) = (new_id()?, Secret::new()?);
        let about = Self::about(by, &id, new)?;
        let sealed = by.key.seal(&place(&id, "secret"), secret.bytes())?;
        let made: Result<bool, TrustError> = store::transaction!(self.db(), tx => {
            let sql = "select count(*) from webhook_endpoint where owner = $1";
            let rows = tx.rows(sql, &[by.owner.as_str().into()]).await?;
            if rows.first().map_or(Ok(0), |row| row.int(0))? >= ENDPOINTS_MAX {
                return Ok(false);
            }
            let sql = "insert into webhook_endpoint (id, owner, about, kinds, secret, is_enabled, why, made_ms) \
                       values ($1, $2, $3, $4, $5, $6, $7, $8)";
            let values = [
                id.as_str().into(),
                by.owner.as_str().into(),
                about.clone().into(),
                new.choice.names().join(" ").into(),
                sealed.clone().into(),
                new.is_enabled.into(),
                (!new.is_enabled).then_some(Why::Owner.name()).into(),
                ms(by.now).into(),
            ];
            tx.execute(sql, &values).await?;
            note(tx, &by.scope(), &by.actor, Act::WebhookMade, &object(&id), by.now).await?;
            Ok(true)
        });
        if !made? {
            let what = by.words().fill("endpoints-many", &[("count", &ENDPOINTS_MAX.to_string())]);
            return Err(Fault::Field { field: "url", what });
        }
        Ok((self.endpoint(by, &id).await?, secret.text()))
    }

    /// Changes an endpoint to what is said of it now.
    pub(super) async fn change(&self, by: &By, id: &str, new: &NewEndpoint) -> Result<Endpoint, Fault> {
        let before = self.endpoint(by, id).await?;
        self.check(by, new)?;
        let about = Self::about(by, id, new)?;
        let (was_enabled, kinds) = (before.disabled.is_none(), new.choice.names().join(" "));
        let is_same = (&before.url, &before.description, &before.choice) == (&new.url, &new.description, &new.choice);
        let changed: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            if !is_same {
                let sql = "update webhook_endpoint set about = $3, kinds = $4 where id = $1 and owner = $2";
                let values = [id.into(), by.owner.as_str().into(), about.clone().into(), kinds.as_str().into()];
                if tx.execute(sql, &values).await? == 0 {
                    return Ok(());
                }
                note(tx, &by.scope(), &by.actor, Act::WebhookChanged, &object(id), by.now).await?;
            }
            if before.url != new.url {
                // What failed elsewhere says nothing of the new address.
                let sql = "update webhook_endpoint set failing_since_s = null where id = $1";
                tx.execute(sql, &[id.into()]).await?;
            }
            if was_enabled && !new.is_enabled && disable(tx, id, Why::Owner, by.now).await? {
                note(tx, &by.scope(), &by.actor, Act::WebhookDisabled, &object(id), by.now).await?;
            }
            if new.is_enabled && !was_enabled {
                let sql = "update webhook_endpoint set is_enabled = 1, why = null, failing_since_s = null \
                           where id = $1 and owner = $2 and is_enabled = 0";
                if tx.execute(sql, &[id.into(), by.owner.as_str().into()]).await? == 1 {
                    note(tx, &by.scope(), &by.actor, Act::WebhookEnabled, &object(id), by.now).await?;
                }
            }
            Ok(())
        });
        changed?;
        self.endpoint(by, id).await
    }

    /// Gives an endpoint another secret, to be shown once; the one before signs beside it for a day.
    pub(super) async fn rotate(&self, by: &By, id: &str) -> Result<(Endpoint, String), Fault> {
        let sql = select!("where id = $1 and owner = $2");
        let secret = Secret::new()?;
        let sealed = by.key.seal(&place(id, "secret"), secret.bytes())?;
        let until_s = by.now.unix_s() + OLD_SECRET_S;
        let changed: Result<bool, TrustError> = store::transaction!(self.db(), tx => {
            let rows = tx.rows(sql, &[id.into(), by.owner.as_str().into()]).await?;
            let Some(row) = rows.first() else { return Ok(false) };
            let before = by.key.open(&place(id, "secret"), row.bytes(9)?)?;
            let old = by.key.seal(&place(id, "old-secret"), &before)?;
            let sql = "update webhook_endpoint set secret = $2, old_secret = $3, old_until_s = $4 where id = $1";
            tx.execute(sql, &[id.into(), sealed.clone().into(), old.into(), until_s.into()]).await?;
            note(tx, &by.scope(), &by.actor, Act::WebhookSecretChanged, &object(id), by.now).await?;
            Ok(true)
        });
        match changed? {
            true => Ok((self.endpoint(by, id).await?, secret.text())),
            false => Err(Fault::NotFound),
        }
    }

    /// Removes an endpoint with its deliveries. The events stay.
    pub(super) async fn remove(&self, by: &By, id: &str) -> Result<(), Fault> {
        let removed: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            let sql = "delete from webhook_endpoint where id = $1 and owner = $2";
            if tx.execute(sql, &[id.into(), by.owner.as_str().into()]).await? == 0 {
                return Ok(false);
            }
            let sql = "delete from webhook_attempt where delivery in (select id from webhook_delivery where endpoint = $1)";
            tx.execute(sql, &[id.into()]).await?;
            tx.execute("delete from webhook_delivery where endpoint = $1", &[id.into()]).await?;
            note(tx, &by.scope(), &by.actor, Act::WebhookRemoved, &object(id), by.now).await?;
            Ok(true)
        });
        if removed? { Ok(()) } else { Err(Fault::NotFound) }
    }

    /// Old secrets that do not sign any more.
    pub(super) async fn drop_old_secrets(&self, now: Time) -> Result<(), StoreError> {
        let sql = "update webhook_endpoint set old_secret = null, old_until_s = null where old_until_s <= $1";
        self.db().execute(sql, &[now.unix_s().into()]).await.map(drop)
    }

    /// That the operator sends nothing.
    pub(super) fn off(&self, by: &By) -> Fault {
        let (what, remedy) = (by.words().say("off"), by.words().say("off-do"));
        Fault::Refused { code: Code::WebhooksOff, what, remedy }
    }

    /// That the endpoint gets nothing.
    pub(super) fn disabled(&self, by: &By) -> Fault {
        let w = WORDS.of(by.language);
        let (what, remedy) = (w.say("disabled"), w.say("disabled-do"));
        Fault::Refused { code: Code::WebhookDisabled, what, remedy }
    }
}

/// Ends what an endpoint gets; what waited for it stays as stopped. False where that was so before.
pub(super) async fn disable(tx: &mut Tx, id: &str, why: Why, now: Time) -> Result<bool, StoreError> {
    let sql = "update webhook_endpoint set is_enabled = 0, why = $2 where id = $1 and is_enabled = 1";
    if tx.execute(sql, &[id.into(), why.name().into()]).await? == 0 {
        return Ok(false);
    }
    let sql = "update webhook_delivery set state = 'stopped', ended_ms = $2 where endpoint = $1 and state = 'waiting'";
    tx.execute(sql, &[id.into(), ms(now).into()]).await?;
    Ok(true)
}

//! What a person may ask of the node about him- or herself, and what the operator must do and note
//! (law-14, law-23, n-14): consent, export, erasure, frozen accounts, legal holds, reports of abuse,
//! blocked digests, disclosures.
//!
//! Erasure destroys the person's key and everything sealed under it. Trails, consents and proofs stay
//! as they are: they never held more than ids and commitments. A legal hold beats erasure.

pub mod consent;
mod export;
mod operator;
mod pages;

pub use operator::{Block, Disclosure, Hold, Report};
pub(super) use pages::router;

use super::audit::{Act, note_own};
use super::identity::remove_identities;
use super::organisation::{leave_all, owned_alone};
use super::person::Person;
use super::{Accounts, factors};
use crate::web::Fault;
use crate::web::session::end_all;
use proof::der::Time;
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;
use store::{StoreError, Tx};
use trust::TrustError;

/// What a room keeps of a person, in the making.
pub type Exported<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;
/// What a room lets go, in the making.
pub type Forgotten<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;
/// Whether a room may let go, in the making.
pub type Held<'a> = Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send + 'a>>;

/// A room above that keeps something of people and organisations.
pub trait Keeper: Send + Sync {
    /// Under which name it stands in what a person gets to read.
    fn name(&self) -> &'static str;

    /// All of a person's that the room keeps (个人信息保护法 art. 45).
    fn export<'a>(&'a self, person: &'a Person) -> Exported<'a>;

    /// Lets go what is sealed under the key of `person/ID` or `organisation/ID`, in the transaction in
    /// which the key goes.
    fn forget<'a>(&'a self, tx: &'a mut Tx, owner: &'a str) -> Forgotten<'a>;

    /// Whether a hold on something of `person/ID` or `organisation/ID` stands in the way of that.
    fn is_held<'a>(&'a self, _tx: &'a mut Tx, _owner: &'a str) -> Held<'a> {
        Box::pin(async { Ok(false) })
    }
}

/// Whether a room holds something of this owner.
pub(super) async fn is_held(tx: &mut Tx, keepers: &[Arc<dyn Keeper>], owner: &str) -> Result<bool, StoreError> {
    for keeper in keepers {
        if keeper.is_held(tx, owner).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a room holds something of a person, or of an organisation that would go with the person.
async fn is_kept(tx: &mut Tx, keepers: &[Arc<dyn Keeper>], person: &str) -> Result<bool, StoreError> {
    let sql = "select organisation from member m where m.person = $1 and not exists \
               (select 1 from member o where o.organisation = m.organisation and o.person <> $1)";
    for row in tx.rows(sql, &[person.into()]).await? {
        if is_held(tx, keepers, &format!("organisation/{}", row.text(0)?)).await? {
            return Ok(true);
        }
    }
    is_held(tx, keepers, &format!("person/{person}")).await
}

/// Tells all rooms that an owner goes.
pub(super) async fn forget_all(tx: &mut Tx, keepers: &[Arc<dyn Keeper>], owner: &str) -> Result<(), StoreError> {
    for keeper in keepers {
        keeper.forget(tx, owner).await?;
    }
    Ok(())
}

/// How long a person may think again before the erasure, in seconds.
pub const ERASURE_WAIT_S: i64 = 7 * 86_400;

/// The pages that a frozen account still opens: those of the person's own rights.
pub(super) fn is_open_to_frozen(path: &str) -> bool {
    path == "/account/privacy" || path.starts_with("/account/privacy/") || path == "/signout" || path == "/signin/again"
}

impl Accounts {
    /// Asks for erasure, or takes that back.
    pub(super) async fn ask_erasure(&self, person: &Person, asked: Option<Time>, now: Time) -> Result<(), TrustError> {
        store::transaction!(self.db(), tx => {
            let sql = "update person set erasure_s = $2 where id = $1 and state <> 'erased'";
            tx.execute(sql, &[person.id.as_str().into(), asked.map(|time| time.unix_s()).into()]).await?;
            let act = if asked.is_some() { Act::ErasureAsked } else { Act::ErasureStopped };
            note_own(tx, &person.id, act, "", now).await?;
            if asked.is_some() {
                self.write(tx, Some(&person.id), &person.letter("mail-erasure", &[]), now).await?;
            }
            Ok(())
        })
    }

    /// Whether a hold on something that a room keeps stands in the way of an erasure.
    pub(super) async fn is_kept(&self, person: &str) -> Result<bool, StoreError> {
        let keepers = self.keepers();
        store::transaction!(self.db(), tx => is_kept(tx, &keepers, person).await)
    }

    pub(super) async fn is_operated_without(&self, person: &str) -> Result<bool, StoreError> {
        store::transaction!(self.db(), tx => is_operated_without(tx, person).await)
    }

    /// Erases everybody whose time has come and whom nothing keeps. One that fails does not stop the others.
    pub(super) async fn erase_due(&self, now: Time) -> Result<(), TrustError> {
        let sql = "select id from person where erasure_s <= $1 and state <> 'erased' order by erasure_s";
        let due_s = now.unix_s() - ERASURE_WAIT_S;
        let mut first = Ok(());
        let mut erased = false;
        for row in self.db().rows(sql, &[due_s.into()]).await? {
            let id = row.text(0)?;
            match self.erase(id, now).await {
                Ok(true) => {
                    tracing::info!(person = id, "a person was erased");
                    erased = true;
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(person = id, %error, "a person is not erased");
                    first = first.and(Err(error));
                }
            }
        }
        if erased {
            // What was deleted must not stay in pages that are free.
            self.db().scrub().await?;
        }
        Ok(first?)
    }

    /// Erases a person: the key, and with it all that was sealed under it; sessions, factors, keys for
    /// programs, memberships, papers and waiting mail. False where something keeps the person: a hold,
    /// another word of the person, an organisation or a node that would be left without anybody.
    async fn erase(&self, person: &str, now: Time) -> Result<bool, StoreError> {
        let keepers = self.keepers();
        store::transaction!(self.db(), tx => {
            let sql = "select mail_index, is_operator from person where id = $1 and state <> 'erased' \
                       and erasure_s <= $2 and (hold is null or hold_until_s <= $3)";
            let due_s = now.unix_s() - ERASURE_WAIT_S;
            let rows = tx.rows(sql, &[person.into(), due_s.into(), now.unix_s().into()]).await?;
            let Some(row) = rows.first() else { return Ok(false) };
            if owned_alone(tx, person).await? > 0 || (row.int(1)? != 0 && !is_operated_without(tx, person).await?) {
                return Ok(false);
            }
            if is_kept(tx, &keepers, person).await? {
                return Ok(false);
            }
            let invited = row.maybe_text(0)?.unwrap_or_default().to_owned();
            tx.execute("delete from invitation where mail_index = $1", &[invited.into()]).await?;
            remove_identities(tx, person).await?;
            factors::remove_factors(tx, person).await?;
            end_all(tx, person, "").await?;
            leave_all(tx, person, &keepers, now).await?;
            forget_all(tx, &keepers, &format!("person/{person}")).await?;
            forget(tx, person).await?;
            note_own(tx, person, Act::Erased, "", now).await?;
            Ok(true)
        })
    }
}

/// Whether somebody else runs the node.
pub(super) async fn is_operated_without(tx: &mut Tx, person: &str) -> Result<bool, StoreError> {
    let sql = "select id from person where is_operator = 1 and state = 'active' and id <> $1 limit 1";
    Ok(!tx.rows(sql, &[person.into()]).await?.is_empty())
}

/// What is left: the trail, consents without their openings, and the sign-ins that the law wants kept.
async fn forget(tx: &mut Tx, person: &str) -> Result<(), StoreError> {
    let one = [person.into()];
    for sql in [
        "delete from job where id in (select id from outbox where person = $1)",
        "delete from ticket where person = $1",
        "delete from outbox where person = $1",
        "delete from api_key where person = $1",
        "update consent set salt = null where person = $1",
        "update disclosure set person = null where person = $1",
        "update person set state = 'erased', key = null, mail_index = null, profile = null, password = null, \
         is_operator = 0, hold = null, hold_until_s = null, erasure_s = null where id = $1",
    ] {
        tx.execute(sql, &one).await?;
    }
    Ok(())
}

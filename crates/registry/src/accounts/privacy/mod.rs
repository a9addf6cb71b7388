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
use super::person::Person;
use super::{Accounts, factors};
use crate::web::session::end_all;
use proof::der::Time;
use store::{StoreError, Tx};
use trust::TrustError;

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
            let sql = "update person set erasure_s = $2 where id = $1";
            tx.execute(sql, &[person.id.as_str().into(), asked.map(|time| time.unix_s()).into()]).await?;
            if asked.is_some() {
                note_own(tx, &person.id, Act::ErasureAsked, "", now).await?;
                self.write(tx, Some(&person.id), &person.letter("mail-erasure", &[]), now).await?;
            }
            Ok(())
        })
    }

    /// Erases everybody whose time has come and whom no hold keeps.
    pub(super) async fn erase_due(&self, now: Time) -> Result<(), TrustError> {
        let sql = "select id from person where erasure_s <= $1 and state <> 'erased' \
                   and (hold is null or hold_until_s <= $2)";
        let due_s = now.unix_s() - ERASURE_WAIT_S;
        for row in self.db().rows(sql, &[due_s.into(), now.unix_s().into()]).await? {
            let id = row.text(0)?;
            if self.owned_alone(id).await? == 0 {
                self.erase(id, now).await?;
                tracing::info!(person = id, "a person was erased");
            }
        }
        Ok(())
    }

    /// Erases a person: the key, and with it all that was sealed under it; sessions, factors, keys for
    /// programs, memberships, papers and waiting mail.
    async fn erase(&self, person: &str, now: Time) -> Result<(), StoreError> {
        store::transaction!(self.db(), tx => {
            remove_identities(tx, person).await?;
            factors::remove_factors(tx, person).await?;
            end_all(tx, person, "").await?;
            forget(tx, person, now).await?;
            note_own(tx, person, Act::Erased, "", now).await
        })
    }
}

async fn forget(tx: &mut Tx, person: &str, now: Time) -> Result<(), StoreError> {
    let one = [person.into()];
    for sql in [
        "delete from ticket where person = $1",
        "delete from outbox where person = $1",
        "delete from member where person = $1",
        "delete from api_key where person = $1",
        "update consent set salt = null where person = $1",
        "update disclosure set person = null where person = $1",
    ] {
        tx.execute(sql, &one).await?;
    }
    let sql = "update custodian set until_s = $2 where person = $1 and until_s is null";
    tx.execute(sql, &[person.into(), now.unix_s().into()]).await?;
    let sql = "update person set state = 'erased', key = null, mail_index = null, profile = null, password = null, \
               is_operator = 0, hold = null, hold_until_s = null, erasure_s = null where id = $1";
    tx.execute(sql, &one).await.map(drop)
}

//! How an original goes: its key in the transaction that says so, its bytes after, in every place.
//!
//! A row stays that says when and why, so that the page of a record can tell. A hold stops all of it.

use super::finish::place;
use super::model::{Hold, Holder, Why};
use super::{Holdings, WORDS, previews, refused};
use crate::accounts::audit::{Act, Scope, note};
use crate::accounts::{Me, new_id};
use crate::evidence::{Owner, Party};
use crate::web::{Code, Fault};
use proof::der::Time;
use store::jobs::{self, NewJob};
use store::{Row, StoreError, Tx};
use trust::TrustError;
use trust::vault::Erased;

/// The job that removes an object's bytes.
pub(super) const JOB: &str = "holding-bytes";
/// Tries, an hour apart in the end: a place may be away for weeks.
const TRIES: i64 = 2_000;
const LEASE_MS: i64 = 600_000;
/// Longest reason of a hold, in characters.
const REASON_CHARS_MAX: usize = 1_000;

/// Before what was erased for good; bytes that are not needed any more have no such word before them.
const ERASED: &str = "erased ";
/// Before a person's id.
const PERSON: &str = "erased person/";

/// Has an object's bytes removed in all places, when and only when the transaction commits.
pub(super) async fn remove_bytes(tx: &mut Tx, object: &str, now: Time) -> Result<(), TrustError> {
    remove(tx, object, object, now).await
}

/// The same for what somebody was told is gone for good: the places are told so too, and a copy of the
/// databases from before does not bring it back.
pub(super) async fn erase_bytes(tx: &mut Tx, object: &str, now: Time) -> Result<(), TrustError> {
    remove(tx, object, &format!("{ERASED}{object}"), now).await
}

/// Has the places told that a person was erased.
pub(super) async fn erase_person(tx: &mut Tx, person: &str, now: Time) -> Result<(), TrustError> {
    remove(tx, &format!("person/{person}"), &format!("{PERSON}{person}"), now).await
}

async fn remove(tx: &mut Tx, what: &str, payload: &str, now: Time) -> Result<(), TrustError> {
    let (id, now_ms) = (format!("{JOB}/{what}"), now.unix_s() * 1000);
    let job = NewJob { id: &id, kind: JOB, payload, due_ms: 0, tries_max: TRIES };
    Ok(jobs::add(tx, &job, now_ms).await?)
}

/// Whether a hold stands on a holding.
async fn is_held(tx: &mut Tx, holding: &str) -> Result<bool, StoreError> {
    let sql = "select 1 from holding_hold where holding = $1 limit 1";
    Ok(!tx.rows(sql, &[holding.into()]).await?.is_empty())
}

/// Ends a holding: the key goes now, the bytes follow. False where it is held, or has ended already.
pub(super) async fn end(tx: &mut Tx, holding: &str, why: Why, now: Option<Time>) -> Result<bool, TrustError> {
    if why != Why::Erased && is_held(tx, holding).await? {
        return Ok(false);
    }
    let sql = "update holding set state = 'removed', key = null, about = null, why = $2, ended_s = $3, \
               loose_until_s = null where id = $1 and state <> 'removed' returning object";
    let ended_s = now.map(|now| now.unix_s());
    let rows = tx.rows(sql, &[holding.into(), why.name().into(), ended_s.into()]).await?;
    let Some(row) = rows.first() else { return Ok(false) };
    let object = row.text(0)?.to_owned();
    for sql in [
        "delete from holding_copy where holding = $1",
        "delete from holding_hold where holding = $1",
        "delete from holding_finding where holding = $1",
        "delete from upload where holding = $1 and state = 'done'",
    ] {
        tx.execute(sql, &[holding.into()]).await?;
    }
    previews::remove(tx, holding).await?;
    erase_bytes(tx, &object, now.unwrap_or(Time::from_unix(0))).await?;
    Ok(true)
}

/// Ends a holding to which neither a record nor an upload refers.
pub(super) async fn end_loose(tx: &mut Tx, holding: &str, now: Time) -> Result<(), TrustError> {
    let sql = "select 1 from holding h where h.id = $1 and h.loose_until_s is not null \
               and not exists (select 1 from record_holding r where r.holding = h.id) \
               and not exists (select 1 from upload u where u.holding = h.id)";
    match tx.rows(sql, &[holding.into()]).await?.is_empty() {
        true => Ok(()),
        false => end(tx, holding, Why::Loose, Some(now)).await.map(drop),
    }
}

impl Holdings {
    /// Removes an original as its owner asks. The record and its token stay valid; the file can no longer
    /// be given back, and whoever asks has been told so.
    ///
    /// # Errors
    /// A refusal where a hold stands on it, or on its person; not found where it is another's.
    pub async fn remove(&self, by: &Party, id: &str) -> Result<(), Fault> {
        let holding = self.holding(by, id).await?;
        if self.is_person_held(&by.owner, by.now).await? {
            return Err(held(by));
        }
        let removed: Result<bool, TrustError> = store::transaction!(self.db(), tx => {
            if !end(tx, &holding.id, Why::Owner, Some(by.now)).await? {
                return Ok(false);
            }
            note(tx, &by.owner.scope(), &by.actor, Act::OriginalRemoved, &place(id), by.now).await?;
            Ok(true)
        });
        if !removed? {
            return Err(if self.holds(&holding.id).await?.is_empty() { Fault::NotFound } else { held(by) });
        }
        self.wake();
        Ok(())
    }

    /// Whether the operator keeps the person as the law asks.
    async fn is_person_held(&self, owner: &Owner, now: Time) -> Result<bool, Fault> {
        let Owner::Person(person) = owner else { return Ok(false) };
        Ok(self.accounts().hold(person).await?.is_some_and(|hold| hold.until > now))
    }

    /// What is said before an owner removes an original: all that follows from it.
    #[must_use]
    pub fn consequences(by: &Party) -> String {
        by.words_of(&WORDS).say("remove-consequences")
    }

    /// The holds on a holding.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn holds(&self, id: &str) -> Result<Vec<Hold>, Fault> {
        let sql = "select by_whom, reason, made_s from holding_hold where holding = $1 order by made_s";
        let read = |row: &Row| {
            let by = if row.text(0)? == Holder::Operator.name() { Holder::Operator } else { Holder::Owner };
            let reason = self.accounts().vault().open_sealed(&hold_place(id, by), row.bytes(1)?)?;
            let reason = String::from_utf8_lossy(&reason).into_owned();
            Ok(Hold { by, reason, since: Time::from_unix(row.int(2)?) })
        };
        let rows = self.db().rows(sql, &[id.into()]).await?;
        Ok(rows.iter().map(read).collect::<Result<_, TrustError>>()?)
    }

    /// The owner holds an original: nothing removes it until the hold is lifted.
    ///
    /// # Errors
    /// Not found where it is another's or was removed.
    pub async fn hold(&self, by: &Party, id: &str, reason: &str) -> Result<(), Fault> {
        let holding = self.holding(by, id).await?;
        self.set_hold((&by.owner.scope(), &by.actor), &holding.id, Holder::Owner, Some(reason), by.now).await
    }

    /// The owner lifts his or her own hold.
    ///
    /// # Errors
    /// Not found where there is none.
    pub async fn release(&self, by: &Party, id: &str) -> Result<(), Fault> {
        let holding = self.holding(by, id).await?;
        self.set_hold((&by.owner.scope(), &by.actor), &holding.id, Holder::Owner, None, by.now).await
    }

    /// The operator holds an original, or with no reason lifts the operator's hold. The caller has made
    /// sure that it is the operator.
    ///
    /// # Errors
    /// Not found where there is no such original or no such hold.
    pub async fn hold_as_operator(&self, operator: &Me, id: &str, reason: Option<&str>) -> Result<(), Fault> {
        self.set_hold((&Scope::Node, &operator.actor()), id, Holder::Operator, reason, operator.cx.now).await
    }

    async fn set_hold(
        &self,
        (scope, actor): (&Scope, &str),
        id: &str,
        whose: Holder,
        reason: Option<&str>,
        now: Time,
    ) -> Result<(), Fault> {
        let reason = reason.map(|reason| reason.chars().take(REASON_CHARS_MAX).collect::<String>());
        let seal = |reason: &String| self.accounts().vault().seal(&hold_place(id, whose), reason.as_bytes());
        let sealed = reason.as_ref().map(seal).transpose()?;
        let done: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            let (changed, act) = match &sealed {
                Some(sealed) => {
                    let there = "select 1 from holding where id = $1 and state <> 'removed'";
                    if tx.rows(there, &[id.into()]).await?.is_empty() {
                        return Ok(false);
                    }
                    let sql = "insert into holding_hold (holding, by_whom, actor, reason, made_s) \
                               values ($1, $2, $3, $4, $5) \
                               on conflict (holding, by_whom) do update set actor = excluded.actor, reason = excluded.reason";
                    let values =
                        [id.into(), whose.name().into(), actor.into(), sealed.clone().into(), now.unix_s().into()];
                    (tx.execute(sql, &values).await?, Act::OriginalHeld)
                }
                None => {
                    let sql = "delete from holding_hold where holding = $1 and by_whom = $2";
                    (tx.execute(sql, &[id.into(), whose.name().into()]).await?, Act::OriginalReleased)
                }
            };
            if changed == 0 {
                return Ok(false);
            }
            note(tx, scope, actor, act, &place(id), now).await?;
            Ok(true)
        });
        if done? { Ok(()) } else { Err(Fault::NotFound) }
    }

    /// Ends what waited for a record in vain.
    pub(super) async fn sweep_loose(&self, now: Time) -> Result<(), TrustError> {
        let sql = "select id from holding where loose_until_s < $1 order by loose_until_s limit 500";
        for row in self.db().rows(sql, &[now.unix_s().into()]).await? {
            let id = row.text(0)?;
            let ended: Result<(), TrustError> = store::transaction!(self.db(), tx => end_loose(tx, id, now).await);
            ended?;
        }
        Ok(())
    }

    /// Tells the places, then empties them: what was listed and is still there goes with the next try.
    async fn remove_one(&self, payload: &str) -> Result<Vec<(String, TrustError)>, TrustError> {
        if let Some(person) = payload.strip_prefix(PERSON) {
            return Ok(self.stores().note_erased(&Erased::Person(person.to_owned())).await);
        }
        let mut failed = Vec::new();
        let object = payload.strip_prefix(ERASED);
        let id = object.unwrap_or(payload).parse()?;
        if object.is_some() {
            failed = self.stores().note_erased(&Erased::Object(id)).await;
        }
        failed.extend(self.stores().erase(id).await);
        Ok(failed)
    }

    /// Removes the bytes of objects whose keys are gone. A place that is away is tried again later.
    pub(super) async fn remove_due(&self, now: Time) -> Result<(), TrustError> {
        let now_ms = now.unix_s() * 1000;
        let mut is_any = false;
        while let Some(job) = jobs::take(self.db(), JOB, &new_id()?, now_ms, LEASE_MS).await? {
            let failed = self.remove_one(&job.payload).await?;
            if failed.is_empty() {
                let done: Result<(), StoreError> = store::transaction!(self.db(), tx => jobs::finish(tx, &job).await);
                done?;
                is_any = true;
                continue;
            }
            let causes: Vec<String> = failed.iter().map(|(place, error)| format!("{place}: {error}")).collect();
            tracing::warn!(object = job.payload, causes = causes.join("; "), "bytes are not removed everywhere yet");
            jobs::fail(self.db(), &job, &causes.join("; "), now_ms).await?;
        }
        if is_any {
            // The wrapped keys must not stay in pages that are free.
            self.db().scrub().await?;
        }
        Ok(())
    }
}

fn hold_place(id: &str, whose: Holder) -> String {
    format!("holding/{id}/hold/{}", whose.name())
}

/// A hold stands in the way.
fn held(by: &Party) -> Fault {
    let w = by.words_of(&WORDS);
    refused(Code::Held, (w.say("original-held"), w.say("original-held-do")))
}

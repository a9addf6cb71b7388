//! Approval before a stamp: what was asked for, by whom, and who let it pass (ent-06).
//!
//! A maker of records asks at this door before it stamps for an organisation that wants it so. What
//! is asked for is a digest and a sentence; it is stamped only as it was approved.

use super::scope;
use crate::accounts::audit::{Act, note};
use crate::accounts::{Accounts, Me, new_id};
use crate::web::Fault;
use proof::der::Time;
use serde::{Deserialize, Serialize};
use store::{Row, StoreError, Tx};
use trust::TrustError;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody has decided.
    Waiting,
    /// It may be stamped.
    Approved,
    /// It may not.
    Declined,
}

impl Decision {
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Declined => "declined",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let all = [Self::Waiting, Self::Approved, Self::Declined];
        let found = all.into_iter().find(|decision| decision.name() == text);
        found.ok_or_else(|| StoreError::Broken(format!("{text:?} is no decision; restore a backup")))
    }
}

#[derive(Serialize, Deserialize)]
struct Body {
    title: String,
    digest: String,
    place: String,
}

/// A request for a stamp.
#[derive(Clone, Debug)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// Who asks: a person's id.
    pub applicant: String,
    /// What it is called.
    pub title: String,
    /// The digest that would be stamped, in hexadecimal.
    pub digest: String,
    /// Where an approver sees it: an address of this site.
    pub place: String,
    /// When it was asked for.
    pub made: Time,
    /// What became of it.
    pub decision: Decision,
    /// Who decided: a person's id.
    pub decider: Option<String>,
    /// When.
    pub decided: Option<Time>,
}

impl Accounts {
    /// Asks for the approval of a stamp over this digest, in the transaction of what waits for it.
    /// The caller has checked that `person` is an applicant of the organisation; an approver sees it
    /// at `place`.
    pub async fn ask_approval(
        &self,
        tx: &mut Tx,
        organisation: &str,
        (person, actor): (&str, &str),
        (title, digest, place): (&str, &str, &str),
        now: Time,
    ) -> Result<String, TrustError> {
        let id = new_id()?;
        let body = Body { title: title.to_owned(), digest: digest.to_owned(), place: place.to_owned() };
        let body = serde_json::to_vec(&body).map_err(|e| TrustError::Broken(e.to_string()))?;
        let sealed = self.vault().seal(&format!("request/{id}"), &body)?;
        let sql = "insert into request (id, organisation, applicant, body, state, made_s) \
                   values ($1, $2, $3, $4, 'waiting', $5)";
        let values = [id.as_str().into(), organisation.into(), person.into(), sealed.into(), now.unix_s().into()];
        tx.execute(sql, &values).await?;
        note(tx, &scope(organisation), actor, Act::ApprovalAsked, &format!("request/{id}"), now).await?;
        Ok(id)
    }

    fn read_approval(&self, row: &Row) -> Result<Approval, TrustError> {
        let id = row.text(0)?.to_owned();
        let body = self.vault().open_sealed(&format!("request/{id}"), row.bytes(2)?)?;
        let body: Body = serde_json::from_slice(&body).map_err(|e| TrustError::Broken(e.to_string()))?;
        Ok(Approval {
            applicant: row.text(1)?.to_owned(),
            title: body.title,
            digest: body.digest,
            place: body.place,
            decision: Decision::parse(row.text(3)?)?,
            made: Time::from_unix(row.int(4)?),
            decider: row.maybe_text(5)?.map(str::to_owned),
            decided: row.maybe_int(6)?.map(Time::from_unix),
            id,
        })
    }

    /// A request of an organisation.
    pub async fn approval(&self, organisation: &str, id: &str) -> Result<Option<Approval>, TrustError> {
        let sql = "select id, applicant, body, state, made_s, decider, decided_s from request \
                   where organisation = $1 and id = $2";
        let rows = self.db().rows(sql, &[organisation.into(), id.into()]).await?;
        rows.first().map(|row| self.read_approval(row)).transpose()
    }

    /// The requests of an organisation: those that wait first, then the newest.
    pub async fn approvals(&self, organisation: &str, count: i64) -> Result<Vec<Approval>, TrustError> {
        let sql = "select id, applicant, body, state, made_s, decider, decided_s from request \
                   where organisation = $1 order by case when state = 'waiting' then 0 else 1 end, made_s desc, id limit $2";
        let rows = self.db().rows(sql, &[organisation.into(), count.into()]).await?;
        rows.iter().map(|row| self.read_approval(row)).collect()
    }

    /// The requests that were decided since then, of all organisations.
    pub async fn decided_since(&self, since: Time) -> Result<Vec<String>, StoreError> {
        let sql = "select id from request where state <> 'waiting' and decided_s >= $1 order by decided_s limit 5000";
        let rows = self.db().rows(sql, &[since.unix_s().into()]).await?;
        rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
    }

    /// Decides, once. An approver never decides what he or she asked for.
    ///
    /// # Errors
    /// Not allowed for the applicant; not found where it was decided already.
    pub(super) async fn decide(&self, me: &Me, organisation: &str, id: &str, decision: Decision) -> Result<(), Fault> {
        let approval = self.approval(organisation, id).await?.ok_or(Fault::NotFound)?;
        if approval.applicant == me.person.id {
            return Err(Fault::NotAllowed);
        }
        let act = if decision == Decision::Approved { Act::Approved } else { Act::Declined };
        let decided: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            let sql = "update request set state = $3, decider = $4, decided_s = $5 \
                       where organisation = $1 and id = $2 and state = 'waiting'";
            let values = [
                organisation.into(),
                id.into(),
                decision.name().into(),
                me.person.id.as_str().into(),
                me.cx.now.unix_s().into(),
            ];
            if tx.execute(sql, &values).await? == 0 {
                return Ok(false);
            }
            note(tx, &scope(organisation), &me.actor(), act, &format!("request/{id}"), me.cx.now).await?;
            Ok(true)
        });
        if decided? { Ok(()) } else { Err(Fault::NotFound) }
    }
}

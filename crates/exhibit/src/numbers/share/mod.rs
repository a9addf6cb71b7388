//! Shares: what an owner shows to one counterparty, by a link and a code, for a time (ipr-51).
//!
//! The code is what opens it: the link alone says nothing, not even whether there is anything behind it, and
//! the code stands in no address, so in no message of any server. It is kept as a keyed digest. A share ends
//! at its time, when its owner ends it, and with its owner; what was saved meanwhile nobody can take back.

mod pages;
mod visit;

use super::Numbers;
use super::shown::{OWNERS, is_of};
use crate::certificates::Certificates;
use axum::Router;
use proof::der::Time;
use proof::record::Openings;
use registry::accounts::audit::Act;
use registry::accounts::{Accounts, new_code, new_id};
use registry::evidence::{Entry, Owner, Party, State as Stands};
use registry::web::Fault;
use store::{Row, StoreError};
use trust::TrustError;

pub(super) fn router() -> Router<Numbers> {
    Router::new().merge(pages::router()).merge(visit::router())
}

/// Shares of one record that are open at one time.
const SHARES_MAX: i64 = 50;
/// Records of a work on one page.
const SHOWN: i64 = 50;

/// A share that is open.
pub(super) struct Share {
    pub(super) id: String,
    /// The record that it was made at.
    record: i64,
    owner: Owner,
    /// Who made it.
    person: String,
    /// The thing whose records it shows; empty where it shows one record.
    origin: String,
    parts: Vec<String>,
    has_certificate: bool,
    code: String,
    /// For whom, sealed under the owner's key.
    label: Vec<u8>,
    pub(super) until: Time,
    /// How often it was opened with its code, and when last.
    seen: i64,
    seen_at: Option<Time>,
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select id, record, owner, origin, parts, has_certificate, code, label, until_ms, seen, seen_ms, person \
             from share ",
            $rest
        )
    };
}

fn time(ms: i64) -> Time {
    Time::from_unix(ms / 1000)
}

fn read(row: &Row) -> Result<Share, StoreError> {
    let owner = row.text(2)?;
    Ok(Share {
        id: row.text(0)?.to_owned(),
        record: row.int(1)?,
        owner: Owner::parse(owner).ok_or_else(|| StoreError::Broken(format!("{owner} is no owner")))?,
        origin: row.text(3)?.to_owned(),
        parts: row.text(4)?.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        has_certificate: row.int(5)? == 1,
        code: row.text(6)?.to_owned(),
        label: row.bytes(7)?.to_vec(),
        until: time(row.int(8)?),
        seen: row.int(9)?,
        seen_at: row.int(10).ok().map(time),
        person: row.text(11)?.to_owned(),
    })
}

/// What a share shows.
struct Wanted<'a> {
    label: &'a str,
    person: &'a str,
    parts: Vec<&'a str>,
    is_work: bool,
    has_certificate: bool,
    until: Time,
}

/// By what a code is known.
fn keyed(accounts: &Accounts, id: &str, code: &str) -> String {
    accounts.shared_code(&format!("share/{id}"), code)
}

/// Compared so that it takes as long for a wrong one.
fn is_same(given: &str, kept: &str) -> bool {
    let differs = given.bytes().zip(kept.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == kept.len() && differs == 0
}

/// Under which name a label is sealed.
pub(super) fn place(id: &str) -> String {
    format!("share/{id}/label")
}

impl Numbers {
    /// The open shares that show a record, wherever in its work they were made, the newest first.
    async fn shares(&self, entry: &Entry, now: Time) -> Result<Vec<Share>, Fault> {
        let sql = columns!(
            "where owner = $1 and (record = $2 or origin = $3) and until_ms > $4 order by made_ms desc, id limit 1000"
        );
        let values =
            [entry.owner.name().into(), entry.id.into(), entry.origin.as_str().into(), (now.unix_s() * 1000).into()];
        let rows = self.db().rows(sql, &values).await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// A new share: its id, and the code that opens it, which is nowhere else.
    async fn share(&self, by: &Party, entry: &Entry, wanted: &Wanted<'_>) -> Result<Option<(String, String)>, Fault> {
        let (id, code) = (new_id()?, new_code()?);
        let label = by.seal(&place(&id), wanted.label.as_bytes())?;
        let origin = if wanted.is_work { entry.origin.as_str() } else { "" };
        let now_ms = by.now.unix_s() * 1000;
        let values = [
            id.as_str().into(),
            entry.id.into(),
            entry.owner.name().into(),
            origin.into(),
            wanted.parts.join(" ").into(),
            i64::from(wanted.has_certificate).into(),
            keyed(self.evidence.accounts(), &id, &code).into(),
            label.into(),
            now_ms.into(),
            (wanted.until.unix_s() * 1000).into(),
            wanted.person.into(),
        ];
        let made: Result<bool, TrustError> = store::transaction!(self.db(), tx => {
            // Whom a share was for is kept no longer than the share.
            tx.execute("delete from share where until_ms <= $1", &[now_ms.into()]).await?;
            let rows = tx.rows("select count(*) from share where record = $1", &[entry.id.into()]).await?;
            if rows.first().map(|row| row.int(0)).transpose()?.unwrap_or_default() >= SHARES_MAX {
                return Ok(false);
            }
            let sql = "insert into share (id, record, owner, origin, parts, has_certificate, code, label, made_ms, until_ms, person, seen) \
                       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)";
            tx.execute(sql, &values).await?;
            Ok(true)
        });
        if !made? {
            return Ok(None);
        }
        self.evidence.note(by, entry, Act::Shared).await?;
        Ok(Some((id, code)))
    }

    /// Ends a share that shows this record; false where there is none of this id.
    async fn end_share(&self, by: &Party, entry: &Entry, id: &str) -> Result<bool, Fault> {
        let sql = "delete from share where id = $1 and owner = $2 and (record = $3 or origin = $4)";
        let values = [id.into(), entry.owner.name().into(), entry.id.into(), entry.origin.as_str().into()];
        if self.db().execute(sql, &values).await? == 0 {
            return Ok(false);
        }
        self.evidence.note(by, entry, Act::Unshared).await?;
        Ok(true)
    }

    /// The share of this id; none where there is none that is open now.
    async fn open_share(&self, id: &str, now: Time) -> Result<Option<Share>, Fault> {
        let rows = self.db().rows(columns!("where id = $1"), &[id.into()]).await?;
        let Some(share) = rows.first().map(read).transpose()? else { return Ok(None) };
        if share.until <= now {
            self.db().execute("delete from share where id = $1", &[id.into()]).await?;
            return Ok(None);
        }
        // Who is frozen or gone cannot take anything back, and who may no longer show it has shown it: then
        // nothing is shown.
        let accounts = self.evidence.accounts();
        let is_frozen = accounts.person(&share.person).await?.is_none_or(|person| person.is_frozen());
        let may_show = match &share.owner {
            Owner::Person(id) => *id == share.person,
            Owner::Organisation(id) => {
                let roles = accounts.roles(id, &share.person).await?;
                roles.is_some_and(|roles| OWNERS.iter().any(|role| roles.has(*role)))
            }
        };
        Ok(Some(share).filter(|_| may_show && !is_frozen))
    }

    /// Whether a code opens a share.
    fn opens(&self, share: &Share, code: &str) -> bool {
        is_same(&keyed(self.evidence.accounts(), &share.id, code), &share.code)
    }

    /// What a browser gets for the right code: nobody can guess it, and it is good for this share alone.
    fn ticket(&self, share: &Share) -> String {
        self.evidence.accounts().shared_code(&format!("share-ticket/{}", share.id), &share.code)
    }

    /// Notes that a share was opened.
    async fn note_opened(&self, share: &Share, now: Time) -> Result<(), Fault> {
        let sql = "update share set seen = seen + 1, seen_ms = $2 where id = $1";
        Ok(self.db().execute(sql, &[share.id.as_str().into(), (now.unix_s() * 1000).into()]).await.map(drop)?)
    }

    /// The stamped records that a share shows after this id, the oldest first; and how many there are in all.
    async fn shared(&self, share: &Share, after: i64) -> Result<(Vec<Entry>, u64), Fault> {
        if share.origin.is_empty() {
            let one = self.evidence.stamped_by_id(share.record).await?;
            let one: Vec<Entry> = one.into_iter().filter(|entry| entry.owner == share.owner).collect();
            let count = one.len() as u64;
            return Ok((one, count));
        }
        Ok(self.evidence.stamped_of_origin(&share.owner, &share.origin, after, SHOWN).await?)
    }

    /// Whether a share shows a record.
    fn shows(share: &Share, entry: &Entry) -> bool {
        let is_of_work = !share.origin.is_empty() && entry.origin == share.origin;
        entry.state == Stands::Kept && entry.owner == share.owner && (entry.id == share.record || is_of_work)
    }

    /// What a share opens of a record.
    async fn opened_by(&self, share: &Share, entry: &Entry) -> Result<Option<Openings>, Fault> {
        let opened = self.evidence.shown(entry, |place| is_of(&share.parts, place)).await?;
        Ok(opened.filter(|opened| !opened.all().is_empty()))
    }

    fn certificates(&self) -> Certificates {
        Certificates::new(&self.evidence)
    }
}

//! What the operator does to accounts and must be able to show later: freezing, legal holds, reports
//! of abuse, blocked digests, disclosures to authorities. Each act is a line of the node's trail, and
//! of the person's where it concerns one.

use crate::accounts::audit::{Act, Scope, note};
use crate::accounts::person::{Person, letter};
use crate::accounts::{Accounts, Me, new_id};
use crate::web::Fault;
use crate::web::session::end_all;
use proof::der::Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use store::{Row, StoreError};
use trust::TrustError;

/// Why a person may not be erased, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The reason.
    pub reason: String,
    /// Until when.
    pub until: Time,
}

/// A report of abuse.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its id.
    pub id: String,
    /// What it is about: an address, a number, a digest.
    pub about: String,
    /// What is wrong with it.
    pub what: String,
    /// How the reporter can be reached; may be empty.
    pub contact: String,
    /// When it came.
    pub made: Time,
    /// What was answered, and when.
    pub answer: Option<(String, Time)>,
}

/// A digest whose content this node neither shows nor hands out.
#[derive(Clone, Debug)]
pub struct Block {
    /// The digest, in hexadecimal.
    pub digest: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub made: Time,
}

/// A disclosure to an authority.
#[derive(Clone, Debug)]
pub struct Disclosure {
    /// To whom.
    pub to: String,
    /// On which legal basis.
    pub basis: String,
    /// What was handed over.
    pub what: String,
    /// Whom it concerned: a person's id, where it still exists.
    pub person: Option<String>,
    /// When.
    pub made: Time,
    /// Until when the person is not told, as the law asks.
    pub silent_until: Option<Time>,
}

#[derive(Serialize, Deserialize)]
struct ReportBody {
    about: String,
    what: String,
    contact: String,
}

#[derive(Serialize, Deserialize)]
struct DisclosureBody {
    to: String,
    basis: String,
    what: String,
}

impl Accounts {
    fn seal_json(&self, place: &str, value: &impl Serialize) -> Result<Vec<u8>, TrustError> {
        let plain = serde_json::to_vec(value).map_err(|e| TrustError::Broken(e.to_string()))?;
        self.vault().seal(place, &plain)
    }

    fn open_json<T: DeserializeOwned>(&self, place: &str, sealed: &[u8]) -> Result<T, TrustError> {
        let plain = self.vault().open_sealed(place, sealed)?;
        serde_json::from_slice(&plain).map_err(|e| TrustError::Broken(e.to_string()))
    }

    /// Freezes an account: its data is kept and protected, and nothing else (art. 47); or thaws it.
    pub async fn freeze(&self, me: &Me, whom: &Person, is_frozen: bool) -> Result<(), Fault> {
        if whom.id == me.person.id {
            return Err(Fault::NotAllowed);
        }
        let (state, act) = if is_frozen { ("frozen", Act::Frozen) } else { ("active", Act::Thawed) };
        let done: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "update person set state = $2 where id = $1 and state <> 'erased'";
            tx.execute(sql, &[whom.id.as_str().into(), state.into()]).await?;
            if is_frozen {
                end_all(tx, &whom.id, "").await?;
                Self::end_tickets(tx, &whom.id).await?;
            }
            let object = format!("person/{}", whom.id);
            note(tx, &Scope::Node, &me.actor(), act, &object, me.cx.now).await?;
            note(tx, &Scope::Person(whom.id.clone()), &me.actor(), act, &object, me.cx.now).await
        });
        Ok(done?)
    }

    /// The legal hold on a person.
    pub async fn hold(&self, person: &str) -> Result<Option<Hold>, TrustError> {
        let rows = self.db().rows("select hold, hold_until_s from person where id = $1", &[person.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let Ok(sealed) = row.bytes(0) else { return Ok(None) };
        let reason = self.open_json(&format!("hold/{person}"), sealed)?;
        Ok(Some(Hold { reason, until: Time::from_unix(row.int(1)?) }))
    }

    /// Sets a legal hold on a person, or lifts it.
    pub async fn set_hold(&self, me: &Me, whom: &Person, hold: Option<&Hold>) -> Result<(), Fault> {
        let sealed = hold.map(|hold| self.seal_json(&format!("hold/{}", whom.id), &hold.reason)).transpose()?;
        let until_s = hold.map(|hold| hold.until.unix_s());
        let act = if hold.is_some() { Act::Held } else { Act::Released };
        let done: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "update person set hold = $2, hold_until_s = $3 where id = $1";
            tx.execute(sql, &[whom.id.as_str().into(), sealed.clone().into(), until_s.into()]).await?;
            note(tx, &Scope::Node, &me.actor(), act, &format!("person/{}", whom.id), me.cx.now).await
        });
        Ok(done?)
    }

    /// Takes a report of abuse from anybody.
    pub(super) async fn report(&self, about: &str, what: &str, contact: &str, now: Time) -> Result<String, Fault> {
        let id = new_id()?;
        let body = ReportBody { about: about.to_owned(), what: what.to_owned(), contact: contact.to_owned() };
        let sealed = self.seal_json(&format!("report/{id}"), &body)?;
        let notices = self.notices("mail-operator-report", now).await?;
        let done: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            let sql = "insert into report (id, body, state, made_s) values ($1, $2, 'waiting', $3)";
            tx.execute(sql, &[id.as_str().into(), sealed.clone().into(), now.unix_s().into()]).await?;
            note(tx, &Scope::Node, "anyone", Act::Reported, &format!("report/{id}"), now).await?;
            for (operator, notice) in &notices {
                self.write(tx, Some(operator), notice, now).await?;
            }
            Ok(())
        });
        done?;
        self.wake();
        Ok(id)
    }

    /// The reports, those without an answer first.
    pub async fn reports(&self, count: i64) -> Result<Vec<Report>, TrustError> {
        let sql = "select id, body, made_s, answer, decided_s from report \
                   order by case when state = 'waiting' then 0 else 1 end, made_s desc, id limit $1";
        let read = |row: &Row| {
            let id = row.text(0)?.to_owned();
            let body: ReportBody = self.open_json(&format!("report/{id}"), row.bytes(1)?)?;
            let answer = match (row.bytes(3), row.maybe_int(4)?) {
                (Ok(sealed), Some(at)) => Some((self.open_json(&format!("answer/{id}"), sealed)?, Time::from_unix(at))),
                _ => None,
            };
            let ReportBody { about, what, contact } = body;
            Ok(Report { id, about, what, contact, made: Time::from_unix(row.int(2)?), answer })
        };
        self.db().rows(sql, &[count.into()]).await?.iter().map(read).collect()
    }

    /// Notes what was answered to a report, and writes it to whoever left an address.
    pub async fn answer_report(&self, me: &Me, id: &str, answer: &str) -> Result<(), Fault> {
        let sealed = self.seal_json(&format!("answer/{id}"), &answer)?;
        let rows = self.db().rows("select body from report where id = $1", &[id.into()]).await?;
        let body: ReportBody =
            self.open_json(&format!("report/{id}"), rows.first().ok_or(Fault::NotFound)?.bytes(0)?)?;
        let values = [("about", body.about.as_str()), ("answer", answer)];
        let letter = letter(&body.contact, me.cx.language, "mail-report-answer", &values);
        let done: Result<bool, TrustError> = store::transaction!(self.db(), tx => {
            let sql = "update report set state = 'answered', answer = $2, decided_s = $3 where id = $1 and state = 'waiting'";
            if tx.execute(sql, &[id.into(), sealed.clone().into(), me.cx.now.unix_s().into()]).await? == 0 {
                return Ok(false);
            }
            note(tx, &Scope::Node, &me.actor(), Act::ReportAnswered, &format!("report/{id}"), me.cx.now).await?;
            if !body.contact.is_empty() {
                self.write(tx, None, &letter, me.cx.now).await?;
            }
            Ok(true)
        });
        if done? { Ok(()) } else { Err(Fault::NotFound) }
    }

    /// Blocks a digest, or unblocks it.
    pub async fn block(&self, me: &Me, digest: &str, reason: Option<&str>) -> Result<(), Fault> {
        let sealed = reason.map(|reason| self.seal_json(&format!("block/{digest}"), &reason)).transpose()?;
        let done: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            let act = match &sealed {
                Some(sealed) => {
                    let sql = "insert into block (digest, reason, by_person, made_s) values ($1, $2, $3, $4) \
                               on conflict (digest) do update set reason = excluded.reason";
                    let by = me.person.id.as_str();
                    let values = [digest.into(), sealed.clone().into(), by.into(), me.cx.now.unix_s().into()];
                    tx.execute(sql, &values).await?;
                    Act::Blocked
                }
                None if tx.execute("delete from block where digest = $1", &[digest.into()]).await? == 0 => {
                    return Ok(false);
                }
                None => Act::Unblocked,
            };
            note(tx, &Scope::Node, &me.actor(), act, &format!("digest/{digest}"), me.cx.now).await?;
            Ok(true)
        });
        if done? { Ok(()) } else { Err(Fault::NotFound) }
    }

    /// Whether content of this digest is neither shown nor handed out here.
    pub async fn is_blocked(&self, digest: &str) -> Result<bool, StoreError> {
        Ok(!self.db().rows("select 1 from block where digest = $1", &[digest.into()]).await?.is_empty())
    }

    /// The blocked digests, all of them.
    pub async fn blocked(&self) -> Result<HashSet<String>, StoreError> {
        let rows = self.db().rows("select digest from block", &[]).await?;
        rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
    }

    /// The blocked digests, the newest first.
    pub async fn blocks(&self, count: i64) -> Result<Vec<Block>, TrustError> {
        let sql = "select digest, reason, made_s from block order by made_s desc, digest limit $1";
        let read = |row: &Row| {
            let digest = row.text(0)?.to_owned();
            let reason = self.open_json(&format!("block/{digest}"), row.bytes(1)?)?;
            Ok(Block { digest, reason, made: Time::from_unix(row.int(2)?) })
        };
        self.db().rows(sql, &[count.into()]).await?.iter().map(read).collect()
    }

    /// Notes a disclosure to an authority.
    pub async fn disclose(&self, me: &Me, disclosure: &Disclosure) -> Result<(), Fault> {
        let id = new_id()?;
        let body = DisclosureBody {
            to: disclosure.to.clone(),
            basis: disclosure.basis.clone(),
            what: disclosure.what.clone(),
        };
        let sealed = self.seal_json(&format!("disclosure/{id}"), &body)?;
        let done: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "insert into disclosure (id, person, body, made_s, silent_until_s) values ($1, $2, $3, $4, $5)";
            let values = [
                id.as_str().into(),
                disclosure.person.clone().into(),
                sealed.clone().into(),
                disclosure.made.unix_s().into(),
                disclosure.silent_until.map(|time| time.unix_s()).into(),
            ];
            tx.execute(sql, &values).await?;
            note(tx, &Scope::Node, &me.actor(), Act::Disclosed, &format!("disclosure/{id}"), me.cx.now).await
        });
        Ok(done?)
    }

    fn read_disclosure(&self, row: &Row) -> Result<Disclosure, TrustError> {
        let body: DisclosureBody = self.open_json(&format!("disclosure/{}", row.text(0)?), row.bytes(2)?)?;
        let DisclosureBody { to, basis, what } = body;
        Ok(Disclosure {
            to,
            basis,
            what,
            person: row.maybe_text(1)?.map(str::to_owned),
            made: Time::from_unix(row.int(3)?),
            silent_until: row.maybe_int(4)?.map(Time::from_unix),
        })
    }

    /// The disclosures, the newest first.
    pub async fn disclosures(&self, count: i64) -> Result<Vec<Disclosure>, TrustError> {
        let sql = "select id, person, body, made_s, silent_until_s from disclosure order by made_s desc, id limit $1";
        self.db().rows(sql, &[count.into()]).await?.iter().map(|row| self.read_disclosure(row)).collect()
    }

    /// The disclosures about a person that the person may know of.
    pub(super) async fn disclosures_of(&self, person: &Person, now: Time) -> Result<Vec<Disclosure>, TrustError> {
        let sql = "select id, person, body, made_s, silent_until_s from disclosure where person = $1 \
                   and (silent_until_s is null or silent_until_s <= $2) order by made_s desc, id";
        let rows = self.db().rows(sql, &[person.id.as_str().into(), now.unix_s().into()]).await?;
        rows.iter().map(|row| self.read_disclosure(row)).collect()
    }
}

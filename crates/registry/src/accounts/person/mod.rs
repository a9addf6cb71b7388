//! One person: an address for mail, a name, a way to sign in, a key under which the rest is sealed.
//!
//! Whether an address is known is never said to whoever asks: registering, recovering and signing in
//! answer the same for both, and take as long.

mod pages;
mod password;
pub(super) mod sign_in;

pub(super) use pages::router;

use super::audit::{Act, Scope, note, note_own};
use super::mail::Letter;
use super::{Accounts, WORDS, new_id};
use crate::web::session::{end_all, end_one};
use crate::web::{Cx, Fault, language_name};
use proof::der::Time;
use proof::report::Language;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};
use store::{Row, StoreError, Tx};
use trust::TrustError;
use trust::vault::Key;

/// What a person says of him- or herself; sealed at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// How the person is called. Not checked: a real name is another thing.
    pub name: String,
    /// The address for mail, which answered.
    pub mail: String,
    /// The language to write in: `zh` or `en`.
    pub language: String,
}

/// A person.
#[derive(Clone)]
pub struct Person {
    /// Random; says nothing.
    pub id: String,
    /// What the person says.
    pub profile: Profile,
    /// Whether the person runs this node.
    pub is_operator: bool,
    /// Whether a password is set.
    pub has_password: bool,
    /// Whether codes of an app are asked for.
    pub has_totp: bool,
    /// Whether there is a second factor: codes, or a passkey.
    pub has_second: bool,
    /// When the account began.
    pub made: Time,
    /// When erasure was asked for, where it waits.
    pub erasure: Option<Time>,
    state: State,
    pub(super) key: Arc<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Frozen,
}

const COLUMNS: &str = "select p.id, p.state, p.key, p.profile, p.is_operator, p.password is not null, \
     p.totp is not null, p.made_s, p.erasure_s, \
     (select count(*) from passkey k where k.person = p.id) from person p ";

/// An address in the one form in which it is looked for.
pub(super) fn plain_mail(mail: &str) -> String {
    mail.trim().to_lowercase()
}

/// Whether it can be an address for mail (RFC 5321, without quoted parts).
pub(super) fn is_mail(mail: &str) -> bool {
    let fits = |(local, domain): (&str, &str)| !local.is_empty() && domain.contains('.');
    mail.len() <= 254 && mail.rsplit_once('@').is_some_and(fits) && mail.parse::<lettre::Address>().is_ok()
}

impl Person {
    /// Whether nothing but keeping and protecting goes on with what is known of this person.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.state == State::Frozen
    }

    /// The language that the person reads.
    #[must_use]
    pub fn language(&self) -> Language {
        if self.profile.language == "en" { Language::En } else { Language::Zh }
    }

    /// The key under which what is this person's is sealed.
    #[must_use]
    pub fn key(&self) -> &Arc<Key> {
        &self.key
    }

    /// Seals something of this person's under this person's key.
    pub(super) fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, TrustError> {
        self.key.seal(&format!("person/{}/{place}", self.id), plain)
    }

    /// Opens it, as text.
    pub(super) fn open(&self, place: &str, sealed: &[u8]) -> Result<String, TrustError> {
        let plain = self.key.open(&format!("person/{}/{place}", self.id), sealed)?;
        Ok(String::from_utf8_lossy(&plain).into_owned())
    }

    /// A mail of a room above to this person: its first line is the subject.
    pub(crate) fn letter_with(&self, message: &str) -> Letter {
        written(&self.profile.mail, self.language(), message)
    }

    /// A mail to this person, in this person's language.
    pub(super) fn letter(&self, id: &str, values: &[(&str, &str)]) -> Letter {
        letter(&self.profile.mail, self.language(), id, values)
    }
}

/// A mail: the first line of the message is its subject, the rest its text.
pub(super) fn letter(to: &str, language: Language, id: &str, values: &[(&str, &str)]) -> Letter {
    written(to, language, &WORDS.of(language).fill(id, values))
}

fn written(to: &str, language: Language, message: &str) -> Letter {
    let w = WORDS.of(language);
    let (subject, text) = message.split_once('\n').unwrap_or((message, ""));
    let text = format!("{}\n\n-- \n{}\n", text.trim(), w.say("mail-foot"));
    Letter { to: to.to_owned(), subject: subject.to_owned(), text }
}

impl Accounts {
    fn read_person(&self, row: &Row) -> Result<Option<Person>, TrustError> {
        let id = row.text(0)?.to_owned();
        let state = match row.text(1)? {
            "erased" => return Ok(None),
            "frozen" => State::Frozen,
            _ => State::Active,
        };
        let key = self.vault().key(&id, row.bytes(2)?)?;
        let profile = key.open(&format!("person/{id}/profile"), row.bytes(3)?)?;
        let profile = serde_json::from_slice(&profile).map_err(|e| TrustError::Broken(e.to_string()))?;
        let has_totp = row.int(6)? != 0;
        Ok(Some(Person {
            profile,
            is_operator: row.int(4)? != 0,
            has_password: row.int(5)? != 0,
            has_totp,
            has_second: has_totp || row.int(9)? > 0,
            made: Time::from_unix(row.int(7)?),
            erasure: row.maybe_int(8)?.map(Time::from_unix),
            state,
            key: Arc::new(key),
            id,
        }))
    }

    /// A person; none where there is none of this id, or none any more.
    pub async fn person(&self, id: &str) -> Result<Option<Person>, TrustError> {
        let rows = self.db().rows(concat_id(), &[id.into()]).await?;
        rows.first().map_or(Ok(None), |row| self.read_person(row))
    }

    /// The person with this address for mail; not for whoever asks.
    pub async fn person_of(&self, mail: &str) -> Result<Option<Person>, TrustError> {
        let index = self.mail_index(mail);
        let rows = self.db().rows(concat_mail(), &[index.into()]).await?;
        rows.first().map_or(Ok(None), |row| self.read_person(row))
    }

    /// All people but the erased, the newest first; for the operator.
    pub async fn people(&self, count: i64) -> Result<Vec<Person>, TrustError> {
        let mut found = Vec::new();
        for row in self.db().rows(concat_all(), &[count.into()]).await? {
            match self.read_person(&row) {
                Ok(person) => found.extend(person),
                // One damaged row must not hide the others.
                Err(error) => tracing::error!(%error, "a person cannot be read"),
            }
        }
        Ok(found)
    }

    pub(super) fn mail_index(&self, mail: &str) -> String {
        self.vault().index("mail", &plain_mail(mail))
    }

    /// How an actor or an object of a line is called for the reader of `cx`: by name where the two
    /// have to do with each other, by the end of its id else.
    pub async fn called(&self, cx: &Cx, whom: &str) -> Result<String, Fault> {
        let w = cx.words(&WORDS);
        let Some((kind, id)) = whom.split_once('/') else {
            return Ok(match whom {
                "node" => w.say("called-node"),
                "anyone" => w.say("called-anyone"),
                other => other.to_owned(),
            });
        };
        let short = format!("{kind} {}", id.get(id.len().saturating_sub(6)..).unwrap_or(id));
        let Some(reader) = cx.session.as_ref().map(|session| session.person.as_str()) else { return Ok(short) };
        match kind {
            "person" if id == reader => Ok(w.say("called-you")),
            "person" => {
                let sql = "select 1 from member a join member b on a.organisation = b.organisation \
                           where a.person = $1 and b.person = $2 \
                           union all select 1 from person where id = $1 and is_operator = 1";
                let is_known = !self.db().rows(sql, &[reader.into(), id.into()]).await?.is_empty();
                match self.person(id).await? {
                    Some(person) if is_known => Ok(person.profile.name),
                    Some(_) => Ok(short),
                    None => Ok(w.fill("called-erased", &[("id", &short)])),
                }
            }
            "organisation" => Ok(self.organisation(id).await?.map_or(short, |organisation| organisation.profile.name)),
            _ => Ok(short),
        }
    }

    /// Makes a person, in a transaction.
    ///
    /// # Errors
    /// Refused where the address has an account.
    async fn make_person(
        &self,
        tx: &mut Tx,
        profile: &Profile,
        password: Option<&str>,
        is_operator: bool,
        now: Time,
    ) -> Result<(String, Key), TrustError> {
        let id = new_id()?;
        let (key, wrapped) = self.vault().new_key(&id)?;
        let sealed = seal_profile(&key, &id, profile)?;
        let sql = "insert into person (id, state, key, mail_index, profile, password, totp_step, is_operator, made_s) \
                   values ($1, 'active', $2, $3, $4, $5, 0, $6, $7)";
        let index = self.mail_index(&profile.mail);
        let values = [
            id.as_str().into(),
            wrapped.into(),
            index.into(),
            sealed.into(),
            password.map(str::to_owned).into(),
            is_operator.into(),
            now.unix_s().into(),
        ];
        tx.execute(sql, &values).await?;
        note_own(tx, &id, Act::Registered, "", now).await?;
        if is_operator {
            note(tx, &Scope::Node, &format!("person/{id}"), Act::OperatorMade, &format!("person/{id}"), now).await?;
        }
        Ok((id, key))
    }

    /// Changes what a person says of him- or herself, as it stands in the transaction.
    async fn change_profile(
        &self,
        tx: &mut Tx,
        person: &Person,
        change: impl Fn(&mut Profile),
    ) -> Result<(), TrustError> {
        let id = person.id.as_str();
        let rows = tx.rows("select profile from person where id = $1 and state <> 'erased'", &[id.into()]).await?;
        let gone = || TrustError::Refused("the account is gone".to_owned());
        let sealed = rows.first().ok_or_else(gone)?.bytes(0)?;
        let plain = person.key.open(&format!("person/{id}/profile"), sealed)?;
        let mut profile: Profile = serde_json::from_slice(&plain).map_err(|e| TrustError::Broken(e.to_string()))?;
        change(&mut profile);
        let sealed = seal_profile(&person.key, id, &profile)?;
        let sql = "update person set profile = $2, mail_index = $3 where id = $1 and state <> 'erased'";
        tx.execute(sql, &[id.into(), sealed.into(), self.mail_index(&profile.mail).into()]).await?;
        Ok(())
    }

    /// Sets a password, and ends all sessions but one.
    async fn set_password(&self, tx: &mut Tx, person: &Person, hash: &str, but: &str) -> Result<(), StoreError> {
        let sql = "update person set password = $2 where id = $1 and state <> 'erased'";
        tx.execute(sql, &[person.id.as_str().into(), hash.into()]).await?;
        Self::end_tickets(tx, &person.id).await?;
        end_all(tx, &person.id, but).await.map(drop)
    }

    /// Ends a session of a person, or all but one.
    async fn end_sessions(&self, person: &str, which: Option<&str>, but: &str, now: Time) -> Result<(), StoreError> {
        store::transaction!(self.db(), tx => {
            match which {
                Some(id) => end_one(tx, person, id).await?,
                None => end_all(tx, person, but).await?,
            };
            note_own(tx, person, Act::SignedOut, "", now).await
        })
    }

    /// Makes somebody an administrator, or ends it. The last one stays.
    ///
    /// # Errors
    /// A field fault where nobody would be left.
    pub async fn set_operator(&self, by: &Person, whom: &str, is_operator: bool, cx: &Cx) -> Result<(), Fault> {
        let w = cx.words(&WORDS);
        let act = if is_operator { Act::OperatorMade } else { Act::OperatorEnded };
        let done: Result<bool, StoreError> = store::transaction!(self.db(), tx => {
            let sql = match is_operator {
                true => "update person set is_operator = 1 where id = $1 and state = 'active'",
                false => "update person set is_operator = 0 where id = $1 and is_operator = 1",
            };
            if tx.execute(sql, &[whom.into()]).await? == 0 {
                return Ok(false);
            }
            if !is_operated(tx).await? {
                // Nothing was written: the transaction does not commit.
                return Err(StoreError::Refused(String::new()));
            }
            note(tx, &Scope::Node, &format!("person/{}", by.id), act, &format!("person/{whom}"), cx.now).await?;
            Ok(true)
        });
        match done {
            Ok(true) => Ok(()),
            Ok(false) => Err(Fault::NotFound),
            Err(StoreError::Refused(text)) if text.is_empty() => {
                Err(Fault::Field { field: "person", what: w.say("last-operator") })
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// Whether there is an administrator who can act.
pub(super) async fn is_operated(tx: &mut Tx) -> Result<bool, StoreError> {
    let sql = "select id from person where is_operator = 1 and state = 'active' limit 1";
    Ok(!tx.rows(sql, &[]).await?.is_empty())
}

fn seal_profile(key: &Key, id: &str, profile: &Profile) -> Result<Vec<u8>, TrustError> {
    let plain = serde_json::to_vec(profile).map_err(|e| TrustError::Broken(e.to_string()))?;
    key.seal(&format!("person/{id}/profile"), &plain)
}

/// The language of a request, as a profile keeps it.
fn language_of(cx: &Cx) -> String {
    language_name(cx.language).to_owned()
}

macro_rules! with_columns {
    ($($name:ident = $end:literal;)*) => {$(
        fn $name() -> &'static str {
            static SQL: LazyLock<String> = LazyLock::new(|| format!("{COLUMNS}{}", $end));
            &SQL
        }
    )*};
}

with_columns! {
    concat_id = "where p.id = $1";
    concat_mail = "where p.mail_index = $1";
    concat_all = "where p.state <> 'erased' order by p.made_s desc, p.id limit $1";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_address() {
        for good in ["a@b.example", "lin+x@例子.example", "Mei.Lin@sub.b.example"] {
            assert!(is_mail(good), "{good}");
        }
        for wrong in ["", "a", "a@b", "@b.example", "a b@c.example", "a@b.example\nBcc: x@y.example", "a@@b.example"] {
            assert!(!is_mail(wrong), "{wrong}");
        }
        assert_eq!(plain_mail(" Mei.Lin@B.example "), "mei.lin@b.example");
    }
}

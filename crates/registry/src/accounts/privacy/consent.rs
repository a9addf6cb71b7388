//! Consent, as a ledger: what was agreed to, in which words, when, and when it was withdrawn (law-14).
//!
//! A record holds a commitment to the person instead of the person, and is stamped by the node's own
//! authority; its opening is sealed under the person's key. So it proves what was agreed to as long as
//! the person lets it, and nothing about anybody once the person is erased.

use crate::accounts::audit::{Act, note_own};
use crate::accounts::person::Person;
use crate::accounts::{Accounts, WORDS, new_id};
use crate::web::{Cx, Fault, Words, language_name};
use proof::der::Time;
use proof::digest::{DigestAlgorithm, hex};
use serde::Serialize;
use store::{Row, StoreError, Tx};
use trust::TrustError;
use trust::vault::Key;

/// What somebody agrees to. Each is asked for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The terms of use.
    Terms,
    /// What is kept for an account (个人信息保护法 art. 17).
    Privacy,
    /// Real name, papers and number: sensitive, so asked for apart (art. 29).
    Identity,
    /// The name on public pages (art. 25).
    ShowName,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Terms, Self::Privacy, Self::Identity, Self::ShowName];

    /// Its name in forms, records and the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Privacy => "privacy",
            Self::Identity => "identity",
            Self::ShowName => "show-name",
        }
    }

    /// How it is called.
    #[must_use]
    pub fn words(self, w: Words) -> String {
        w.say(match self {
            Self::Terms => "purpose-terms",
            Self::Privacy => "purpose-privacy",
            Self::Identity => "purpose-identity",
            Self::ShowName => "purpose-show-name",
        })
    }

    /// Whether it can be withdrawn while the account goes on.
    #[must_use]
    pub fn is_free(self) -> bool {
        matches!(self, Self::Identity | Self::ShowName)
    }
}

/// The words that are agreed to. Who else gets to know is named (个人信息保护法 art. 23).
#[must_use]
pub fn text(purpose: Purpose, w: Words, accounts: &Accounts) -> String {
    let provider = accounts.settings().provider.as_ref().filter(|_| purpose == Purpose::Identity);
    let told = provider.map(|provider| w.fill("consent-identity-provider", &[("name", &provider.name)]));
    let said = w.say(match purpose {
        Purpose::Terms => "consent-terms-text",
        Purpose::Privacy => "consent-privacy-text",
        Purpose::Identity => "consent-identity-text",
        Purpose::ShowName => "consent-show-name-text",
    });
    said + &told.unwrap_or_default()
}

/// One entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What it is about.
    pub purpose: String,
    /// Whether it was given, or withdrawn.
    pub is_given: bool,
    /// When.
    pub made: Time,
    /// The record, canonical JSON.
    pub record: String,
    /// The opening of the commitment in it, in hexadecimal; none where the person's key is gone.
    pub salt: Option<String>,
    /// The stamp over the record, where it was made by now: a TimeStampResp.
    pub token: Option<Vec<u8>>,
}

/// What is stamped. Fields stand in the order of their names, as RFC 8785 wants.
#[derive(Serialize)]
struct Record<'a> {
    act: &'a str,
    kind: &'static str,
    language: &'a str,
    operator: &'a str,
    /// SHA-256 over salt and the person's id.
    person: String,
    purpose: &'a str,
    /// `self`, or the organisation that it is about.
    subject: &'a str,
    text_sha256: String,
    time: String,
}

/// The commitment to a person under a salt.
#[must_use]
pub fn commitment(salt: &[u8], person: &str) -> String {
    DigestAlgorithm::Sha256.digest(&[salt, person.as_bytes()].concat()).to_string()
}

impl Accounts {
    /// Writes into the ledger that a person gave consent, or withdrew it. The stamp follows at once.
    pub(in crate::accounts) async fn consent(
        &self,
        cx: &Cx,
        person: &Person,
        purpose: Purpose,
        is_given: bool,
    ) -> Result<(), Fault> {
        let written: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            self.note_consent(tx, cx, (&person.id, &person.key), purpose, None, is_given).await
        });
        written?;
        self.wake();
        Ok(())
    }

    /// The same, in the transaction of what was agreed to; `subject` is an organisation where it is
    /// not about the person alone.
    pub(in crate::accounts) async fn note_consent(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        (person, key): (&str, &Key),
        purpose: Purpose,
        subject: Option<&str>,
        is_given: bool,
    ) -> Result<(), TrustError> {
        let (id, salt) = (new_id()?, trust::keys::random::<32>()?);
        let now = cx.now.truncate_to_second();
        let text = text(purpose, cx.words(&WORDS), self);
        let text_sha256 = DigestAlgorithm::Sha256.digest(text.as_bytes()).to_string();
        let act = if is_given { "given" } else { "withdrawn" };
        let record = Record {
            act,
            kind: "shiyin.consent/1",
            language: language_name(cx.language),
            operator: &self.site().node.public().instance.operator.name,
            person: commitment(&salt, person),
            purpose: purpose.name(),
            subject: subject.unwrap_or("self"),
            text_sha256: text_sha256.clone(),
            time: now.to_string(),
        };
        let record = serde_json::to_string(&record).map_err(|e| TrustError::Broken(e.to_string()))?;
        let sealed = key.seal(&format!("person/{person}/consent"), hex(&salt).as_bytes())?;
        // The words are kept, so that years later it can be shown what was agreed to.
        let sql = "insert into consent_text (digest, body) values ($1, $2) on conflict (digest) do nothing";
        tx.execute(sql, &[text_sha256.into(), text.into()]).await?;
        let sql = "insert into consent (id, person, purpose, act, made_s, record, salt) \
                   values ($1, $2, $3, $4, $5, $6, $7)";
        let values = [
            id.as_str().into(),
            person.into(),
            purpose.name().into(),
            act.into(),
            now.unix_s().into(),
            record.into(),
            sealed.into(),
        ];
        tx.execute(sql, &values).await?;
        let line = if is_given { Act::ConsentGiven } else { Act::ConsentWithdrawn };
        Ok(note_own(tx, person, line, &format!("consent/{id}"), now).await?)
    }

    /// The words of this digest that somebody agreed to.
    pub async fn consent_text(&self, digest: &str) -> Result<Option<String>, StoreError> {
        let rows = self.db().rows("select body from consent_text where digest = $1", &[digest.into()]).await?;
        rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    /// The ledger of a person, the newest first.
    pub async fn consents(&self, person: &Person) -> Result<Vec<Consent>, TrustError> {
        let sql = "select purpose, act, made_s, record, salt, token from consent where person = $1 \
                   order by made_s desc, id";
        let read = |row: &Row| {
            let salt = row.bytes(4).ok().map(|sealed| person.open("consent", sealed)).transpose()?;
            Ok(Consent {
                purpose: row.text(0)?.to_owned(),
                is_given: row.text(1)? == "given",
                made: Time::from_unix(row.int(2)?),
                record: row.text(3)?.to_owned(),
                salt,
                token: row.bytes(5).ok().map(<[u8]>::to_vec),
            })
        };
        self.db().rows(sql, &[person.id.as_str().into()]).await?.iter().map(read).collect()
    }

    /// Whether a person's newest word on a purpose is that it is given.
    pub async fn has_consented(&self, person: &str, purpose: Purpose) -> Result<bool, StoreError> {
        let sql = "select act from consent where person = $1 and purpose = $2 order by made_s desc, \
                   case when act = 'withdrawn' then 0 else 1 end limit 1";
        let rows = self.db().rows(sql, &[person.into(), purpose.name().into()]).await?;
        rows.first().map_or(Ok(false), |row| Ok(row.text(0)? == "given"))
    }

    /// Stamps what is not stamped yet.
    pub(in crate::accounts) async fn stamp_consents(&self) -> Result<(), TrustError> {
        let sql = "select id, record from consent where token is null order by made_s limit 100";
        for row in self.db().rows(sql, &[]).await? {
            let Some(token) = self.stamp(row.text(1)?.as_bytes()).await? else { return Ok(()) };
            let sql = "update consent set token = $2 where id = $1 and token is null";
            self.db().execute(sql, &[row.text(0)?.into(), token.into()]).await?;
        }
        Ok(())
    }
}

//! Real names (id-02): who a person or an organisation is, by which method, found when.
//!
//! Two methods: the operator looks at papers, or a provider is asked. Papers lie in the vault and go
//! after the decision as the policy says. What others see is masked; a statement for a third party
//! names the person in full and is made by the person alone (id-04).

mod pages;
mod papers;
mod provider;
mod review;

pub(super) use pages::router;
pub use papers::{Paper, mask_name, mask_number};
pub use provider::ProviderSettings;
pub use review::{Review, Sheets};

use super::audit::{Act, Scope, note};
use super::privacy::consent::Purpose;
use super::{Accounts, Me, WORDS, new_id};
use crate::web::{Fault, Upload, Words};
use proof::der::Time;
use proof::report::Language;
use provider::{Question, Said};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::jobs::{self, NewJob};
use store::{Row, StoreError, Tx};
use trust::TrustError;
use trust::vault::Key;

/// A file of a paper is no larger.
pub(super) const PAPER_BYTES_MAX: usize = 4_000_000;
/// Files of one application.
pub(super) const PAPERS_MAX: usize = 3;
const JOB: &str = "identity";
const TRIES: i64 = 30;
const LEASE_MS: i64 = 60_000;
/// A provider that has not decided by then is taken to have refused.
const PROVIDER_S: i64 = 3 * 86_400;

/// How it was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The operator looked at papers.
    Papers,
    /// A provider was asked.
    Provider,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Papers => "papers",
            Self::Provider => "provider",
        }
    }
}

/// How much is known of who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The address for mail answered; nothing else.
    Mail,
    /// A provider says that name and number belong together.
    Provider,
    /// The operator has seen the papers.
    Papers,
}

impl Level {
    /// Its name in answers to programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Provider => "provider",
            Self::Papers => "papers",
        }
    }
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Confirmed,
    Refused,
    Withdrawn,
}

impl State {
    const ALL: [Self; 4] = [Self::Waiting, Self::Confirmed, Self::Refused, Self::Withdrawn];

    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What is stated; sealed at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The name, as it stands on the paper.
    pub name: String,
    /// The state that issued the paper, two letters (ISO 3166).
    pub country: String,
    /// The name of a [`Paper`].
    pub paper: String,
    /// Its number.
    pub number: String,
    /// For an organisation: who speaks for it.
    pub representative: String,
    /// Why it was refused, for the applicant.
    pub reason: String,
}

/// A real name, or the application for one.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its id.
    pub id: String,
    /// Who applied: a person's id.
    pub person: String,
    /// The organisation that it is of, where it is not of the person.
    pub organisation: Option<String>,
    /// By which method.
    pub method: Method,
    /// What is stated.
    pub details: Details,
    /// When it was asked for.
    pub asked: Time,
    /// When it was decided.
    pub decided: Option<Time>,
    state: State,
}

impl Identity {
    /// Whether it was confirmed and holds.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.state == State::Confirmed
    }

    /// Whether nobody has decided yet.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    /// Whether it was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.state == State::Refused
    }

    /// How much it shows.
    #[must_use]
    pub fn level(&self) -> Level {
        match (self.state, self.method) {
            (State::Confirmed, Method::Papers) => Level::Papers,
            (State::Confirmed, Method::Provider) => Level::Provider,
            _ => Level::Mail,
        }
    }

    /// The paper.
    #[must_use]
    pub fn paper(&self) -> Option<Paper> {
        Paper::parse(&self.details.paper)
    }

    /// As others see it: masked name and number, method, day.
    #[must_use]
    pub fn shown(&self, w: Words) -> String {
        let day = self.decided.map(|time| time.to_string().chars().take(10).collect::<String>()).unwrap_or_default();
        let values = [
            ("name", &*mask_name(&self.details.name)),
            ("number", &*mask_number(&self.details.number)),
            ("method", &*self.method_words(w)),
            ("day", &*day),
        ];
        w.fill("identity-shown", &values)
    }

    /// How the method is called.
    #[must_use]
    pub fn method_words(&self, w: Words) -> String {
        match self.method {
            Method::Papers => w.say("method-papers"),
            Method::Provider => w.say("method-provider"),
        }
    }

    fn place(&self) -> String {
        format!("identity/{}", self.id)
    }

    /// The trail of whom it is of.
    fn scope(&self) -> Scope {
        match &self.organisation {
            Some(id) => Scope::Organisation(id.clone()),
            None => Scope::Person(self.person.clone()),
        }
    }

    fn object(&self) -> String {
        format!("identity/{}", self.id)
    }
}

/// What somebody applies with.
pub(super) struct Application {
    pub(super) organisation: Option<String>,
    pub(super) method: Method,
    pub(super) details: Details,
    pub(super) papers: Vec<Upload>,
}

/// What a file of a paper is, by its content; none where it is nothing that we take.
pub(super) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    match () {
        () if starts(b"\xff\xd8\xff") => Some("image/jpeg"),
        () if starts(b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        () if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => Some("image/webp"),
        () if starts(b"%PDF-") => Some("application/pdf"),
        () => None,
    }
}

const COLUMNS: &str = "i.id, i.person, i.organisation, i.method, i.state, i.body, i.made_s, i.decided_s";

impl Accounts {
    /// The key under which it is sealed: the organisation's, or the person's. None where it was erased.
    async fn identity_key(&self, person: &str, organisation: Option<&str>) -> Result<Option<Arc<Key>>, TrustError> {
        match organisation {
            None => Ok(self.person(person).await?.map(|person| person.key)),
            Some(organisation) => self.organisation_key(organisation).await,
        }
    }

    async fn read_identity(&self, row: &Row) -> Result<Option<Identity>, TrustError> {
        let (id, person) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
        let organisation = row.maybe_text(2)?.map(str::to_owned);
        let Some(key) = self.identity_key(&person, organisation.as_deref()).await? else { return Ok(None) };
        let broken = |e: serde_json::Error| TrustError::Broken(e.to_string());
        let details = serde_json::from_slice(&key.open(&format!("identity/{id}"), row.bytes(5)?)?).map_err(broken)?;
        let state = State::ALL.into_iter().find(|state| row.text(4) == Ok(state.name()));
        Ok(Some(Identity {
            method: if row.text(3)? == "provider" { Method::Provider } else { Method::Papers },
            state: state.ok_or_else(|| TrustError::Broken("the state of a real name is unknown".to_owned()))?,
            asked: Time::from_unix(row.int(6)?),
            decided: row.maybe_int(7)?.map(Time::from_unix),
            id,
            person,
            organisation,
            details,
        }))
    }

    /// The real name of an organisation, or of a person: what holds, else the newest application.
    pub async fn identity_of(&self, person: &str, organisation: Option<&str>) -> Result<Option<Identity>, TrustError> {
        static OF_PERSON: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            format!(
                "select {COLUMNS} from identity i where i.person = $1 and i.organisation is null and i.state <> 'withdrawn' and i.body is not null \
                 order by case when i.state = 'confirmed' then 0 else 1 end, i.made_s desc, i.id limit 1"
            )
        });
        static OF_ORGANISATION: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            format!(
                "select {COLUMNS} from identity i where i.organisation = $1 and i.state <> 'withdrawn' and i.body is not null \
                 order by case when i.state = 'confirmed' then 0 else 1 end, i.made_s desc, i.id limit 1"
            )
        });
        let rows = match organisation {
            Some(organisation) => self.db().rows(&OF_ORGANISATION, &[organisation.into()]).await?,
            None => self.db().rows(&OF_PERSON, &[person.into()]).await?,
        };
        match rows.first() {
            Some(row) => self.read_identity(row).await,
            None => Ok(None),
        }
    }

    /// A real name or an application by its id.
    pub async fn identity(&self, id: &str) -> Result<Option<Identity>, TrustError> {
        static BY_ID: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            format!(
                "select {COLUMNS} from identity i where i.id = $1 and i.state <> 'withdrawn' and i.body is not null"
            )
        });
        match self.db().rows(&BY_ID, &[id.into()]).await?.first() {
            Some(row) => self.read_identity(row).await,
            None => Ok(None),
        }
    }

    /// Applies. An application that waits is replaced; a name that holds goes on until the decision.
    pub(super) async fn apply(&self, me: &Me, new: &Application) -> Result<(), Fault> {
        let (id, now) = (new_id()?, me.cx.now);
        let key = self.identity_key(&me.person.id, new.organisation.as_deref()).await?.ok_or(Fault::NotFound)?;
        let place = format!("identity/{id}");
        let body = serde_json::to_vec(&new.details).map_err(Fault::broken)?;
        let sealed = key.seal(&place, &body)?;
        let mut papers = Vec::new();
        for paper in &new.papers {
            let kind = media_type(&paper.bytes).ok_or(Fault::Form)?;
            let paper_id = new_id()?;
            papers.push((paper_id.clone(), kind, key.seal(&format!("paper/{paper_id}"), &paper.bytes)?));
        }
        let scope = new.organisation.as_ref().map_or_else(|| me.scope(), |id| Scope::Organisation(id.clone()));
        let notices = match new.method {
            Method::Papers => self.notices("mail-operator-review", now).await?,
            Method::Provider => Vec::new(),
        };
        let asked: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            let whose = new.organisation.as_deref();
            let own = (me.person.id.as_str(), &*me.person.key);
            self.note_consent(tx, &me.cx, own, Purpose::Identity, whose, true).await?;
            for (old, _) in of_subject(tx, &me.person.id, whose).await?.into_iter().filter(|(_, s)| s == "waiting") {
                retire(tx, &old, now).await?;
            }
            let sql = "insert into identity (id, person, organisation, method, state, body, made_s) \
                       values ($1, $2, $3, $4, 'waiting', $5, $6)";
            let values = [
                id.as_str().into(),
                me.person.id.as_str().into(),
                new.organisation.clone().into(),
                new.method.name().into(),
                sealed.clone().into(),
                now.unix_s().into(),
            ];
            tx.execute(sql, &values).await?;
            for (paper, kind, sealed) in &papers {
                let sql = "insert into paper (id, identity, media_type, body) values ($1, $2, $3, $4)";
                let values = [paper.as_str().into(), id.as_str().into(), (*kind).into(), sealed.clone().into()];
                tx.execute(sql, &values).await?;
            }
            if new.method == Method::Provider {
                let now_ms = now.unix_s() * 1000;
                let job = NewJob { id: &id, kind: JOB, payload: &id, due_ms: now_ms, tries_max: TRIES };
                jobs::add(tx, &job, now_ms).await?;
            }
            note(tx, &scope, &me.actor(), Act::IdentityAsked, &place, now).await?;
            for (operator, notice) in &notices {
                self.write(tx, Some(operator), notice, now).await?;
            }
            Ok(())
        });
        asked?;
        self.wake();
        Ok(())
    }

    /// Takes a real name and every application for one back: what was stated and all papers go.
    pub(super) async fn withdraw_identity(&self, me: &Me, identity: &Identity) -> Result<(), Fault> {
        let now = me.cx.now;
        let done: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            let whose = identity.organisation.as_deref();
            for (id, _) in of_subject(tx, &me.person.id, whose).await? {
                retire(tx, &id, now).await?;
            }
            note(tx, &identity.scope(), &me.actor(), Act::IdentityWithdrawn, &identity.object(), now).await?;
            let own = (me.person.id.as_str(), &*me.person.key);
            self.note_consent(tx, &me.cx, own, Purpose::Identity, whose, false).await
        });
        done?;
        self.wake();
        Ok(())
    }

    /// Writes a decision: whoever made it is in the trails of both.
    pub(super) async fn decide_identity(
        &self,
        identity: &Identity,
        decider: &str,
        is_confirmed: bool,
        reason: &str,
        now: Time,
    ) -> Result<bool, TrustError> {
        let key = self.identity_key(&identity.person, identity.organisation.as_deref()).await?;
        let Some(key) = key else { return Ok(false) };
        let details = Details { reason: reason.to_owned(), ..identity.details.clone() };
        let body = serde_json::to_vec(&details).map_err(|e| TrustError::Broken(e.to_string()))?;
        let sealed = key.seal(&identity.place(), &body)?;
        let (state, act, mail) = match is_confirmed {
            true => (State::Confirmed, Act::IdentityConfirmed, "mail-identity-confirmed"),
            false => (State::Refused, Act::IdentityRefused, "mail-identity-refused"),
        };
        let applicant = self.person(&identity.person).await?;
        let papers_until_s = now.unix_s() + i64::from(self.settings().paper_days) * 86_400;
        store::transaction!(self.db(), tx => {
            let sql = "update identity set state = $2, body = $3, decided_s = $4, decider = $5, papers_until_s = $6 \
                       where id = $1 and state = 'waiting'";
            let values = [
                identity.id.as_str().into(),
                state.name().into(),
                sealed.clone().into(),
                now.unix_s().into(),
                decider.into(),
                papers_until_s.into(),
            ];
            if tx.execute(sql, &values).await? == 0 {
                return Ok(false);
            }
            if is_confirmed {
                // The new name takes the place of the old one.
                let whose = identity.organisation.as_deref();
                for (id, state) in of_subject(tx, &identity.person, whose).await? {
                    if state == "confirmed" && id != identity.id {
                        retire(tx, &id, now).await?;
                    }
                }
            }
            note(tx, &identity.scope(), decider, act, &identity.object(), now).await?;
            note(tx, &Scope::Node, decider, act, &identity.object(), now).await?;
            if let Some(person) = &applicant {
                self.write(tx, Some(&person.id), &person.letter(mail, &[("reason", reason)]), now).await?;
            }
            Ok(true)
        })
    }

    /// Asks the provider about those who wait for it.
    pub(super) async fn ask_provider(&self, now: Time) -> Result<(), TrustError> {
        let Some(settings) = self.settings().provider.clone() else { return Ok(()) };
        let now_ms = now.unix_s() * 1000;
        while let Some(job) = jobs::take(self.db(), JOB, &new_id()?, now_ms, LEASE_MS).await? {
            let identity = self.identity(&job.payload).await?.filter(Identity::is_waiting);
            let applicant = match &identity {
                Some(identity) => self.person(&identity.person).await?,
                None => None,
            };
            if applicant.is_some_and(|person| person.is_frozen()) {
                jobs::fail(self.db(), &job, "the account is frozen", now_ms).await?;
                continue;
            }
            let said = match &identity {
                None => None,
                Some(identity) => {
                    let (settings, identity) = (settings.clone(), identity.clone());
                    let asked = tokio::task::spawn_blocking(move || {
                        let subject = if identity.organisation.is_some() { "organisation" } else { "person" };
                        let question = Question {
                            request: &identity.id,
                            subject,
                            name: &identity.details.name,
                            country: &identity.details.country,
                            paper: &identity.details.paper,
                            number: &identity.details.number,
                            unix_s: now.unix_s(),
                        };
                        provider::ask(&settings, &question)
                    });
                    Some(asked.await.map_err(|e| TrustError::Broken(e.to_string()))?)
                }
            };
            let done = match (said, &identity) {
                (Some(Ok(Said::Confirmed)), Some(identity)) => {
                    self.decide_identity(identity, "provider", true, "", now).await.map(|_| None)?
                }
                (Some(Ok(Said::Refused)), Some(identity)) => {
                    self.decide_identity(identity, "provider", false, "", now).await.map(|_| None)?
                }
                (Some(Ok(Said::Pending)), _) => Some("pending".to_owned()),
                (Some(Err(cause)), _) => Some(cause),
                _ => None,
            };
            match done {
                None => {
                    let finished: Result<(), StoreError> =
                        store::transaction!(self.db(), tx => jobs::finish(tx, &job).await);
                    finished?;
                }
                Some(cause) => {
                    tracing::warn!(request = job.payload, %cause, "the provider of identity did not decide");
                    jobs::fail(self.db(), &job, &cause, now_ms).await?;
                }
            }
        }
        Ok(())
    }

    /// Removes papers whose time is over, what was refused with them, and what was withdrawn while a
    /// hold kept it; and answers for a provider that never did. A hold keeps all of a person's.
    pub(super) async fn sweep_papers(&self, now: Time) -> Result<(), TrustError> {
        let sql = "select i.id, i.person, i.organisation, i.state from identity i left join person p on p.id = i.person \
                   where i.body is not null and (p.hold is null or p.hold_until_s <= $1) \
                   and (i.state = 'withdrawn' or (i.papers_until_s <= $1 and (i.state = 'refused' \
                   or exists (select 1 from paper q where q.identity = i.id))))";
        for row in self.db().rows(sql, &[now.unix_s().into()]).await? {
            let scope = match row.maybe_text(2)? {
                Some(organisation) => Scope::Organisation(organisation.to_owned()),
                None => Scope::Person(row.text(1)?.to_owned()),
            };
            let (id, state) = (row.text(0)?, row.text(3)?);
            let removed: Result<(), StoreError> = store::transaction!(self.db(), tx => {
                match state {
                    "confirmed" => {
                        tx.execute("delete from paper where identity = $1", &[id.into()]).await?;
                    }
                    _ => remove_identity(tx, id).await?,
                }
                note(tx, &scope, "node", Act::PapersDeleted, &format!("identity/{id}"), now).await
            });
            removed?;
        }
        let sql = "select id from identity where state = 'waiting' and method = 'provider' and made_s < $1";
        for row in self.db().rows(sql, &[(now.unix_s() - PROVIDER_S).into()]).await? {
            if let Some(identity) = self.identity(row.text(0)?).await? {
                let applicant = self.person(&identity.person).await?;
                let language = applicant.map_or(Language::Zh, |person| person.language());
                let reason = WORDS.of(language).say("provider-silent");
                self.decide_identity(&identity, "node", false, &reason, now).await?;
            }
        }
        Ok(())
    }
}

/// The rows of a subject that are not withdrawn: their ids and states.
async fn of_subject(
    tx: &mut Tx,
    person: &str,
    organisation: Option<&str>,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = match organisation {
        Some(organisation) => {
            let sql = "select id, state from identity where organisation = $1 and state <> 'withdrawn' order by made_s";
            tx.rows(sql, &[organisation.into()]).await?
        }
        None => {
            let sql = "select id, state from identity where person = $1 and organisation is null \
                       and state <> 'withdrawn' order by made_s";
            tx.rows(sql, &[person.into()]).await?
        }
    };
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}

/// Takes a row out of use. What was stated and the papers go at once, or when a hold on the applicant ends.
async fn retire(tx: &mut Tx, id: &str, now: Time) -> Result<(), StoreError> {
    let sql = "select 1 from identity i join person p on p.id = i.person where i.id = $1 and p.hold is not null \
               and p.hold_until_s > $2";
    if tx.rows(sql, &[id.into(), now.unix_s().into()]).await?.is_empty() {
        return remove_identity(tx, id).await;
    }
    tx.execute("update identity set state = 'withdrawn' where id = $1", &[id.into()]).await.map(drop)
}

/// Removes what was stated, and the papers; the row stays, so that statements can say that it is gone.
pub(super) async fn remove_identity(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    tx.execute("delete from paper where identity = $1", &[id.into()]).await?;
    // A digest over a name and little else could be guessed.
    tx.execute("update statement set digest = '' where identity = $1", &[id.into()]).await?;
    let sql = "update identity set state = 'withdrawn', body = null where id = $1";
    tx.execute(sql, &[id.into()]).await.map(drop)
}

/// A person's own, when the person is erased.
pub(super) async fn remove_identities(tx: &mut Tx, person: &str) -> Result<(), StoreError> {
    let sql = "select id from identity where person = $1 and organisation is null and body is not null";
    for row in tx.rows(sql, &[person.into()]).await? {
        remove_identity(tx, row.text(0)?).await?;
    }
    Ok(())
}

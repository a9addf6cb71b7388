//! From a draft to a record, in steps between which the program may die (DESIGN section 2).
//!
//! *compose*: number, salts, record; nothing is written. *reserve*, one transaction: the record as it
//! will be stamped, its idempotency key, what it costs held, the request for approval where one is due. Then the
//! authority stamps; its ledger commits by itself. *keep*, one transaction: the token, the charge, the line of
//! the trail, the jobs of those who listen. What dies after the first transaction is taken up by the sweeper; a token
//! that was made and not kept is a leaf of the log that nobody needs.

use super::model::{Draft, Entry, Mode, Party, Said, State};
use super::{Evidence, ID_RANDOM_BITS};
use crate::accounts::audit::{Act, note};
use crate::billing::{End, NewHold};
use crate::web::Fault;
use crate::webhooks::{self, Happened, Kind, RecordData};
use proof::der::Time;
use proof::digest::hex;
use proof::record::{
    Commitment, Content, EvidenceNumber, File, Files, Opening, Openings, Part, Record, SALT_BYTES, Statement,
};
use proof::verify::{imprint, told};
use std::sync::atomic::{AtomicI64, Ordering};
use store::jobs::{self, NewJob};
use store::{Tx, Value};
use trust::TrustError;
use trust::keys::random;

/// Files of one record that a request may bring.
pub const FILES_MAX: usize = 10_000;
const STATEMENTS_MAX: usize = 64;
const TITLE_CHARS_MAX: usize = 200;
const TEXT_CHARS_MAX: usize = 10_000;
/// How often a listener's job is tried.
const TRIES: i64 = 20;

/// A record with everything that is stored of it; nothing is written yet.
pub(super) struct Composed {
    pub(super) id: i64,
    pub(super) number: EvidenceNumber,
    record: Vec<u8>,
    digest: String,
    files: Vec<u8>,
    openings: Vec<u8>,
    title: Vec<u8>,
    digests: Vec<[u8; 32]>,
    grams: Vec<i64>,
    bytes: u64,
}

fn field(field: &'static str, what: String) -> Fault {
    Fault::Field { field, what }
}

/// Under which name the cost of a record is held.
fn hold_of(number: EvidenceNumber) -> String {
    format!("record/{number}")
}

/// What happened to a record, as webhooks tell it.
fn said(kind: Kind, (number, digest): (EvidenceNumber, &str), state: State) -> Happened {
    let record = format!("/api/v1/records/{number}");
    let certificate = (state == State::Kept).then(|| format!("{record}/certificate.pdf"));
    let waits_for = match state {
        State::Asked => Some("approval".to_owned()),
        State::Waiting => Some("authority".to_owned()),
        State::Kept | State::Declined => None,
    };
    let (number, sha256, state) = (number.to_string(), digest.to_owned(), state.name().to_owned());
    Happened::Record(kind, RecordData { number, sha256, state, waits_for, record, certificate })
}

/// The newest id of this process: no two of one millisecond are equal, and they are in order.
static NEWEST: AtomicI64 = AtomicI64::new(0);

/// A record's id: milliseconds, then random bits; other processes make theirs at the same time.
fn new_id(now: Time) -> Result<i64, TrustError> {
    let ms = now.unix_s() * 1000 + i64::from(now.nanos() / 1_000_000);
    let low = u32::from_le_bytes(random()?) & ((1 << ID_RANDOM_BITS) - 1);
    let drawn = (ms << ID_RANDOM_BITS) | i64::from(low);
    let newest = NEWEST.fetch_max(drawn, Ordering::Relaxed);
    // A clock that was set back, or more than one in a millisecond.
    if newest < drawn { Ok(drawn) } else { Ok(NEWEST.fetch_add(1, Ordering::Relaxed) + 1) }
}

impl Evidence {
    /// Makes a record of a draft. The same key and content give the same record again.
    ///
    /// Returns it stamped, or as it waits: for an approver, or for the authority to sign again.
    ///
    /// # Errors
    /// A field fault where the draft cannot be a record; then nothing was written.
    pub async fn preserve(&self, by: &Party, draft: &Draft) -> Result<Entry, Fault> {
        let id = match self.found(by, draft).await? {
            Some(id) => id,
            None => {
                self.check(by, draft).await?;
                loop {
                    let composed = self.compose(by, draft)?;
                    if self.reserve(by, draft, &composed).await? {
                        break composed.id;
                    }
                    // Sent twice at the same time, or another process drew the same id.
                    if let Some(id) = self.found(by, draft).await? {
                        break id;
                    }
                }
            }
        };
        self.complete(id).await?;
        self.titled(id, &by.key).await
    }

    /// Whether a record of this draft was made before, so that asking again gives that one.
    ///
    /// # Errors
    /// A field fault where its key came with other content.
    pub async fn is_made(&self, by: &Party, draft: &Draft) -> Result<bool, Fault> {
        Ok(self.found(by, draft).await?.is_some())
    }

    /// The record that was made with this key before.
    async fn found(&self, by: &Party, draft: &Draft) -> Result<Option<i64>, Fault> {
        let sql = "select id, draft from record where owner = $1 and idem = $2";
        let rows = self.db().rows(sql, &[by.owner.name().into(), by.blind("idem", &draft.idem).into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if row.text(1)? == by.blind("draft", &draft.content) {
            return Ok(Some(row.int(0)?));
        }
        Err(field("idempotency_key", by.words().say("key-used")))
    }

    /// Whether a draft can be a record. A maker that makes several out of one application asks for all of
    /// it before the first, so that what is refused makes none.
    ///
    /// # Errors
    /// A field fault where it cannot.
    pub async fn check(&self, by: &Party, draft: &Draft) -> Result<(), Fault> {
        let w = by.words();
        let is_key = |key: &str| (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        if !is_key(&draft.idem) {
            return Err(field("idempotency_key", w.say("key-wrong")));
        }
        let title = draft.title.title.trim();
        if title.is_empty() || title.chars().count() > TITLE_CHARS_MAX || title.contains(char::is_control) {
            return Err(field("title", w.fill("title-wrong", &[("count", &TITLE_CHARS_MAX.to_string())])));
        }
        let is_works = |file: &&super::DraftFile| !file.is_attached;
        if draft.files.iter().find(is_works).is_none() && draft.previous.is_empty() {
            return Err(field("files", w.say("files-none")));
        }
        if draft.files.len() > FILES_MAX {
            return Err(field("files", w.fill("files-many", &[("count", &FILES_MAX.to_string())])));
        }
        let mut seen = std::collections::HashSet::new();
        for file in &draft.files {
            let fault = file.fault(draft.mode).or((!seen.insert(&file.path)).then_some("file-path-twice"));
            if let Some(fault) = fault {
                return Err(field("files", w.fill(fault, &[("name", &file.path)])));
            }
        }
        let is_long = |text: &str| {
            text.chars().count() > TEXT_CHARS_MAX || text.contains(|c: char| c.is_control() && c != '\n' && c != '\t')
        };
        let long = draft.statements.iter().find(|(_, said)| match said {
            Said::Open(text) | Said::Sealed(text) => is_long(text),
        });
        if let Some((name, _)) = long {
            return Err(field("statements", w.fill("statement-long", &[("name", name)])));
        }
        if draft.statements.len() > STATEMENTS_MAX {
            return Err(field("statements", w.say("statements-many")));
        }
        let blocked = self.accounts().blocked().await?;
        let is_blocked = |file: &&super::DraftFile| blocked.contains(&file.digest);
        match draft.files.iter().find(is_blocked).filter(|_| draft.mode != Mode::Salted) {
            Some(file) => Err(field("files", w.fill("file-blocked", &[("name", &file.path)]))),
            None => Ok(()),
        }
    }

    /// The record as it will be stamped, with fresh salts.
    pub(super) fn compose(&self, by: &Party, draft: &Draft) -> Result<Composed, Fault> {
        let number = EvidenceNumber::from_random(&random::<32>()?).ok_or_else(|| Fault::broken("no number"))?;
        let id = new_id(by.now)?;
        let mut openings = Vec::with_capacity(draft.files.len() + draft.statements.len() + 1);
        let mut commit = |part: Part, text: &str| -> Result<Commitment, Fault> {
            let salt = random::<SALT_BYTES>()?;
            openings.push(Opening { part, salt, text: Some(text.to_owned()) });
            Ok(Commitment::to(&salt, text))
        };
        let (mut files, mut digests) = (Vec::with_capacity(draft.files.len()), Vec::new());
        for (place, file) in draft.files.iter().enumerate() {
            let content = file.content(draft.mode).ok_or_else(|| Fault::broken("a digest that is none"))?;
            digests.push(match content {
                Content::Digests { sha256, .. } => sha256,
                Content::Salted(commitment) => *commitment.as_bytes(),
            });
            let name = commit(Part::Name(place), &file.path)?;
            files.push(File { content, name, size: file.size, is_attached: file.is_attached });
        }
        let files = Files::new(files).map_err(Fault::broken)?;
        let mut statements = std::collections::BTreeMap::new();
        for (name, said) in &draft.statements {
            let statement = match said {
                Said::Open(text) => Statement::Open(text.clone()),
                Said::Sealed(text) => Statement::Committed(commit(Part::Statement(name.clone()), text)?),
            };
            statements.insert(name.clone(), statement);
        }
        statements.insert("mode".to_owned(), Statement::Open(draft.mode.name().to_owned()));
        statements.insert("type".to_owned(), Statement::Open(draft.kind.clone()));
        let words = format!("{} / {}", draft.kind_name.zh, draft.kind_name.en);
        statements.insert("type-name".to_owned(), Statement::Open(words));
        let confirmed = by.confirmed.map(|time| time.truncate_to_second().to_string());
        let own =
            [("title", Some(draft.title.title.clone())), ("confirmed", confirmed), ("paper", Some(by.paper.clone()))];
        for (name, text) in own {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                let committed = commit(Part::Statement(name.to_owned()), &text)?;
                statements.insert(name.to_owned(), Statement::Committed(committed));
            }
        }
        let applicant = (commit(Part::Applicant, &by.name)?, by.level.name().to_owned());
        let operator = self.accounts().site().node.public().instance.operator.name.clone();
        let record = Record {
            number,
            maker: draft.maker.to_owned(),
            operator,
            relation: draft.related.name().to_owned(),
            applicant,
            files: files.head(),
            statements,
            previous: draft.previous.clone(),
        };
        record.check().map_err(|e| field("statements", e.to_string()))?;
        let title = serde_json::to_vec(&draft.title).map_err(Fault::broken)?;
        let openings = Openings::new(openings).to_canonical_json();
        digests.sort_unstable();
        digests.dedup();
        Ok(Composed {
            id,
            number,
            digest: hex(&record.digest()),
            record: record.to_canonical_json(),
            bytes: files.head().bytes,
            files: files.to_canonical_json(),
            openings: by.seal(&format!("record/{id}/openings"), &openings)?,
            title: by.seal(&format!("record/{id}/title"), &title)?,
            digests,
            grams: super::search::grams_of(draft, &by.key),
        })
    }

    /// Transaction A. False where something of the same key, id or number was there before.
    async fn reserve(&self, by: &Party, draft: &Draft, composed: &Composed) -> Result<bool, Fault> {
        let asks = by.organisation.as_ref().filter(|organisation| organisation.asks);
        let (state, owner) = (if asks.is_some() { State::Asked } else { State::Waiting }, by.owner.name());
        let (idem, content) = (by.blind("idem", &draft.idem), by.blind("draft", &draft.content));
        let id = hold_of(composed.number);
        let hold = NewHold {
            id: &id,
            owner: &owner,
            wanted: draft.wanted(),
            agreed: by.agreed,
            actor: &by.actor,
            now: by.now,
        };
        store::transaction!(self.db(), tx => {
            let sql = "insert into record (id, number, owner, person, actor, idem, draft, maker, origin, kind, mode, \
                       state, files, bytes, digest, title) \
                       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
                       on conflict do nothing";
            let values: Vec<Value> = vec![
                composed.id.into(),
                composed.number.to_string().into(),
                owner.as_str().into(),
                by.person.as_str().into(),
                by.actor.as_str().into(),
                idem.as_str().into(),
                content.as_str().into(),
                draft.maker.into(),
                draft.origin.as_str().into(),
                draft.kind.as_str().into(),
                draft.mode.name().into(),
                state.name().into(),
                (draft.files.len() as i64).into(),
                (composed.bytes as i64).into(),
                composed.digest.as_str().into(),
                composed.title.clone().into(),
            ];
            if tx.execute(sql, &values).await? == 0 {
                return Ok(false);
            }
            let sql = "insert into record_content (id, record, files, openings) values ($1, $2, $3, $4)";
            let values = [
                composed.id.into(),
                composed.record.clone().into(),
                composed.files.clone().into(),
                composed.openings.clone().into(),
            ];
            tx.execute(sql, &values).await?;
            for digest in &composed.digests {
                let sql = "insert into record_file (digest, id) values ($1, $2)";
                tx.execute(sql, &[digest[..].into(), composed.id.into()]).await?;
            }
            for gram in &composed.grams {
                let sql = "insert into record_gram (gram, id) values ($1, $2)";
                tx.execute(sql, &[(*gram).into(), composed.id.into()]).await?;
            }
            self.billing().hold(tx, &hold, by.language).await?;
            if let Some(organisation) = asks {
                let place = format!("/records/{}", composed.number);
                let what = (draft.title.title.as_str(), composed.digest.as_str(), place.as_str());
                let who = (by.person.as_str(), by.actor.as_str());
                let request = self.accounts().ask_approval(tx, &organisation.id, who, what, by.now).await?;
                let sql = "update record set request = $2 where id = $1";
                tx.execute(sql, &[composed.id.into(), request.into()]).await?;
                // Approval may take longer than what belongs to the record would wait without it.
                self.tell(tx, (composed.id, "/asked"), composed.number, by.now).await?;
                let waits = said(Kind::RecordWaiting, (composed.number, &composed.digest), State::Asked);
                webhooks::tell(tx, &owner, &waits, by.now).await?;
            }
            Ok(true)
        })
    }

    /// Brings a reserved record to its end, as far as that is possible now: approved, stamped, kept.
    pub(super) async fn complete(&self, id: i64) -> Result<Entry, Fault> {
        let mut entry = self.entry(id).await?.ok_or(Fault::NotFound)?;
        if entry.state == State::Asked && self.decided(&entry).await? {
            entry = self.entry(id).await?.ok_or(Fault::NotFound)?;
        }
        if entry.state != State::Waiting {
            return Ok(entry);
        }
        let rows = self.db().rows("select record from record_content where id = $1", &[id.into()]).await?;
        let record = rows.first().ok_or_else(|| Fault::broken("a record without content"))?.bytes(0)?.to_vec();
        if let Some(token) = self.accounts().stamp(&record).await? {
            self.keep(&entry, &record, &token).await?;
            entry = self.entry(id).await?.ok_or(Fault::NotFound)?;
        } else if let Err(error) = self.tell_waiting(&entry).await {
            // The next round says so.
            tracing::error!(%error, record = %entry.number, "it is not told that a record waits");
        }
        Ok(entry)
    }

    /// Says once that a record waits for the authority.
    async fn tell_waiting(&self, entry: &Entry) -> Result<(), TrustError> {
        let (once, now) = (format!("{}/waiting", hold_of(entry.number)), self.accounts().site().node.now());
        let sql = "select 1 from webhook_event where once = $1";
        if !self.db().rows(sql, &[once.as_str().into()]).await?.is_empty() {
            return Ok(());
        }
        let waits = said(Kind::RecordWaiting, (entry.number, &entry.digest), State::Waiting);
        let told: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            // Kept meanwhile: then there is nothing to wait for.
            let sql = "select 1 from record where id = $1 and state = 'waiting'";
            if !tx.rows(sql, &[entry.id.into()]).await?.is_empty() {
                webhooks::tell_once(tx, &entry.owner.name(), &once, &waits, now).await?;
            }
            Ok(())
        });
        told
    }

    /// Transaction B. What was kept meanwhile stays as it is.
    pub(super) async fn keep(&self, entry: &Entry, record: &[u8], token: &[u8]) -> Result<(), TrustError> {
        let digest = proof::digest::DigestAlgorithm::Sha256.digest(record);
        if imprint(token) != Some(digest) {
            return Err(TrustError::Broken("a token over something else".to_owned()));
        }
        let time = told(token, |info| Some(info.gen_time));
        let time = time.ok_or_else(|| TrustError::Broken("a token without a time".to_owned()))?;
        let time_ms = time.unix_s() * 1000 + i64::from(time.nanos() / 1_000_000);
        let now = self.accounts().site().node.now();
        let (scope, object) = (entry.owner.scope(), hold_of(entry.number));
        store::transaction!(self.db(), tx => {
            let sql = "update record set state = 'kept', time_ms = $2 where id = $1 and state = 'waiting'";
            if tx.execute(sql, &[entry.id.into(), time_ms.into()]).await? == 0 {
                return Ok(());
            }
            let sql = "update record_content set token = $2 where id = $1";
            tx.execute(sql, &[entry.id.into(), token.into()]).await?;
            self.billing().end(tx, &object, End::Charge, (&entry.actor, now)).await?;
            note(tx, &scope, &entry.actor, Act::Preserved, &object, now).await?;
            let kept = said(Kind::RecordKept, (entry.number, &entry.digest), State::Kept);
            webhooks::tell(tx, &entry.owner.name(), &kept, now).await?;
            self.tell(tx, (entry.id, ""), entry.number, now).await
        })
    }

    /// Adds a job for each room that listens.
    async fn tell(
        &self,
        tx: &mut Tx,
        (id, what): (i64, &str),
        number: EvidenceNumber,
        now: Time,
    ) -> Result<(), TrustError> {
        let number = number.to_string();
        for kind in &self.0.listeners {
            let job = format!("{kind}/{id}{what}");
            let new = NewJob { id: &job, kind, payload: &number, due_ms: 0, tries_max: TRIES };
            jobs::add(tx, &new, now.unix_s() * 1000).await?;
        }
        Ok(())
    }

    /// Takes over what an approver decided; whether that was anything.
    async fn decided(&self, entry: &Entry) -> Result<bool, Fault> {
        use crate::accounts::organisation::Decision;
        let (super::Owner::Organisation(organisation), Some(request)) = (&entry.owner, &entry.request) else {
            return Ok(false);
        };
        let approval = self.accounts().approval(organisation, request).await?;
        let state = match approval.filter(|approval| approval.digest == entry.digest).map(|a| a.decision) {
            Some(Decision::Approved) => State::Waiting,
            Some(Decision::Declined) | None => State::Declined,
            Some(Decision::Waiting) => return Ok(false),
        };
        let (hold, now) = (hold_of(entry.number), self.accounts().site().node.now());
        store::transaction!(self.db(), tx => {
            let sql = "update record set state = $2 where id = $1 and state = 'asked'";
            let changed = tx.execute(sql, &[entry.id.into(), state.name().into()]).await?;
            // What was refused costs nothing.
            if changed == 1 && state == State::Declined {
                self.billing().end(tx, &hold, End::Release, ("node", now)).await?;
                let refused = said(Kind::RecordRefused, (entry.number, &entry.digest), state);
                webhooks::tell(tx, &entry.owner.name(), &refused, now).await?;
            }
            Ok(true)
        })
    }
}

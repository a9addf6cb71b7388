//! What follows when a record of a work is kept: it stands under its work, and a work whose stages are
//! all there gets a record of the whole (ipr-46).

use super::store::Part;
use super::{LISTENER, MAKER, Works};
use ::store::jobs::{self, Job};
use proof::digest::{DigestAlgorithm, from_hex};
use proof::record::Statement;
use registry::evidence::vocabulary::Kind;
use registry::evidence::{Draft, Entry, Mode, Party, Related, Said, State, Title};
use registry::web::Fault;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use trust::keys::random;

/// How often it is looked for jobs, and for drafts that have run out.
const LOOK: Duration = Duration::from_secs(5);
const LEASE_MS: i64 = 60_000;
/// The stage that no work needs to be whole.
const DERIVED: &str = "derived";
/// Records that the record of a whole may follow.
const FOLLOWED_MAX: usize = 64;

impl Works {
    /// Works until the task ends.
    pub async fn work(self) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut since_sweep = 0_u32;
        loop {
            ticks.tick().await;
            if let Err(error) = self.round().await {
                tracing::error!(?error, "works are not brought together");
            }
            if since_sweep == 0
                && let Err(error) = self.sweep(self.node().now()).await
            {
                tracing::error!(%error, "old drafts are not removed");
            }
            since_sweep = (since_sweep + 1) % 720;
        }
    }

    /// Does the jobs that wait.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn round(&self) -> Result<(), Fault> {
        loop {
            let now_ms = self.node().now().unix_s() * 1000;
            let lease = proof::digest::hex(&random::<16>()?);
            let Some(job) = jobs::take(self.db(), LISTENER, &lease, now_ms, LEASE_MS).await? else { return Ok(()) };
            match self.listen(&job).await {
                Ok(()) => {
                    let done: Result<(), ::store::StoreError> =
                        ::store::transaction!(self.db(), tx => jobs::finish(tx, &job).await);
                    done?;
                }
                Err(error) => {
                    tracing::error!(?error, record = job.payload, "a record is not put under its work");
                    jobs::fail(self.db(), &job, &format!("{error:?}"), now_ms).await?;
                }
            }
        }
    }

    async fn listen(&self, job: &Job) -> Result<(), Fault> {
        let number = job.payload.parse().map_err(Fault::broken)?;
        let Some(entry) = self.evidence().entry_of(number).await? else { return Ok(()) };
        if entry.maker == MAKER {
            self.note_kept(&entry).await?;
            self.make_whole(&entry.origin, &entry).await?;
        }
        Ok(())
    }

    /// Puts a kept record under its work; done twice, it is there once.
    pub(super) async fn note_kept(&self, entry: &Entry) -> Result<(), Fault> {
        if entry.state != State::Kept {
            return Ok(());
        }
        let record = self.evidence().record(entry.number).await?.ok_or(Fault::NotFound)?;
        let open = |name: &str| match record.statements.get(name) {
            Some(Statement::Open(text)) => text.clone(),
            _ => String::new(),
        };
        let is_whole = !open("whole").is_empty();
        let part = Part { number: entry.number.to_string(), stage: open("stage"), is_whole };
        Ok(self.add_part(&entry.origin, &part, entry.id, self.node().now()).await?)
    }

    /// Makes the record of the whole work where all its stages are there and it has none yet.
    async fn make_whole(&self, work: &str, because: &Entry) -> Result<(), Fault> {
        let vocabulary = self.evidence().vocabularies().now();
        let Some(kind) = vocabulary.kind(&because.kind) else { return Ok(()) };
        let parts = self.parts(work).await?;
        if parts.iter().any(|part| part.is_whole) || !is_complete(kind, &parts) {
            return Ok(());
        }
        let Some(by) = Party::of_entry(self.accounts(), because, self.node().now()).await? else { return Ok(()) };
        self.preserve_whole(&by, work).await.map(drop)
    }

    /// Makes a record of the whole work as it stands: all its records, in order.
    ///
    /// # Errors
    /// Not found where the work is another's.
    pub(super) async fn preserve_whole(&self, by: &Party, work: &str) -> Result<Entry, Fault> {
        let about = self.find_work(by, work).await?.ok_or(Fault::NotFound)?;
        let vocabulary = self.evidence().vocabularies().now();
        let kind = vocabulary.kind(&about.kind).cloned().unwrap_or_default();
        let parts = self.parts(work).await?;
        let kept: Vec<Entry> = self.evidence().of_origin(by, work).await?;
        let is_part = |entry: &&Entry| {
            let number = entry.number.to_string();
            entry.state == State::Kept && parts.iter().any(|part| part.number == number && !part.is_whole)
        };
        let followed: Vec<&Entry> = kept.iter().filter(is_part).collect();
        // The newest of very many: each of them stands in the log by itself.
        let followed = &followed[followed.len().saturating_sub(FOLLOWED_MAX)..];
        let mut lines = Vec::new();
        for entry in followed {
            let stage = entry.title.as_ref().map(|title| format!("{} / {}", title.zh, title.en)).unwrap_or_default();
            let time = entry.time.map(|time| time.truncate_to_second().to_string()).unwrap_or_default();
            lines.push(format!("{} · {time} · {stage}", entry.number));
        }
        let digest = |entry: &&Entry| from_hex(&entry.digest).and_then(|bytes| bytes.try_into().ok());
        let previous: Vec<[u8; 32]> = followed.iter().filter_map(digest).collect();
        let set = DigestAlgorithm::Sha256.digest(lines.join("\n").as_bytes()).to_string();
        let last = followed.last().ok_or(Fault::NotFound)?;
        let related = match self.evidence().record(last.number).await? {
            Some(record) => Related::parse(&record.relation),
            None => Related::Unknown,
        };
        let draft = Draft {
            idem: format!("whole/{work}/{}", &set[..32]),
            maker: MAKER,
            origin: work.to_owned(),
            kind: about.kind.clone(),
            mode: Mode::Digest,
            title: Title {
                title: about.title.clone(),
                zh: format!("{}，整部作品", kind.name.zh),
                en: format!("{}, the whole work", kind.name.en),
            },
            files: Vec::new(),
            statements: vec![
                ("whole".to_owned(), Said::Open(followed.len().to_string())),
                ("stages".to_owned(), Said::Sealed(lines.join("\n"))),
            ],
            previous,
            related,
        };
        let entry = self.evidence().preserve(by, &draft).await?;
        self.note_kept(&entry).await?;
        Ok(entry)
    }
}

/// Whether every stage that a type asks for has a record.
pub(super) fn is_complete(kind: &Kind, parts: &[Part]) -> bool {
    let mut needed = kind.stages.iter().filter(|stage| stage.id != DERIVED).peekable();
    needed.peek().is_some() && needed.all(|stage| parts.iter().any(|part| part.stage == stage.id))
}

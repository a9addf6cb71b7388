//! What follows when a record of a work is kept: it stands under its work, and a work whose stages are
//! all there gets a record of the whole (ipr-46).

use super::store::Part;
use super::{LISTENER, MAKER, WORDS, Works};
use ::store::jobs::{self, Job};
use proof::digest::{DigestAlgorithm, from_hex};
use registry::evidence::vocabulary::Kind;
use registry::evidence::{Draft, DraftFile, Entry, FILES_MAX, Mode, Party, Related, Said, State, Title};
use registry::web::Fault;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use trust::keys::random;

/// How often it is looked for jobs, and for drafts that have run out.
const LOOK: Duration = Duration::from_secs(5);
const LEASE_MS: i64 = 60_000;
/// The stage that no work needs to be whole.
const DERIVED: &str = "derived";

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
            if let Err(error) = self.batches().await {
                tracing::error!(?error, "batches are not carried out");
            }
            if since_sweep == 0
                && let Err(error) = self.sweep(self.node().now()).await
            {
                tracing::error!(%error, "old drafts are not removed");
            }
            if since_sweep == 0
                && let Err(error) = self.sweep_batches(self.node().now()).await
            {
                tracing::error!(%error, "old batches are not removed");
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
        if entry.maker != MAKER {
            return Ok(());
        }
        // Who went leaves the record; nothing more follows from it.
        let Some(by) = Party::of_entry(self.accounts(), &entry, self.node().now()).await? else { return Ok(()) };
        let kept = self.evidence().kept(&by, number).await?;
        self.note_kept(&by, &kept.entry).await?;
        self.make_whole(&by, &entry).await
    }

    /// Puts a record under its work, which begins with it; done twice, it is there once.
    pub(super) async fn note_kept(&self, by: &Party, entry: &Entry) -> Result<(), Fault> {
        let kept = self.evidence().kept(by, entry.number).await?;
        let said = |name: &str| kept.said(name).unwrap_or_default().to_owned();
        let own = entry.title.as_ref().map(|title| title.title.clone()).unwrap_or_default();
        let title = Some(said("work")).filter(|title| !title.is_empty()).unwrap_or(own);
        self.begin_work(by, &entry.origin, &entry.kind, &title).await?;
        if entry.state != State::Kept {
            return Ok(());
        }
        let is_whole = !said("whole").is_empty();
        let part = Part { number: entry.number.to_string(), stage: said("stage"), is_whole };
        Ok(self.add_part(&entry.origin, &part, entry.id, self.node().now()).await?)
    }

    /// Makes the record of the whole work where all its stages are there and it has none yet.
    async fn make_whole(&self, by: &Party, because: &Entry) -> Result<(), Fault> {
        let vocabulary = self.evidence().vocabularies().now();
        let Some(kind) = vocabulary.kind(&because.kind) else { return Ok(()) };
        let parts = self.parts(&because.origin).await?;
        if parts.iter().any(|part| part.is_whole) || !is_complete(kind, &parts) {
            return Ok(());
        }
        self.preserve_whole(by, &because.origin).await.map(drop)
    }

    /// Makes a record of the whole work as it stands: its files are the records so far, in order, so
    /// that each of them can be shown to belong to it.
    ///
    /// # Errors
    /// Not found where the work is another's, or has no record; a field fault where it has too many.
    pub(super) async fn preserve_whole(&self, by: &Party, work: &str) -> Result<Entry, Fault> {
        let about = self.find_work(by, work).await?.ok_or(Fault::NotFound)?;
        let vocabulary = self.evidence().vocabularies().now();
        let kind = vocabulary.kind(&about.kind).cloned().unwrap_or_default();
        let parts = self.parts(work).await?;
        let wholes: HashSet<&str> =
            parts.iter().filter(|part| part.is_whole).map(|part| part.number.as_str()).collect();
        let all = self.evidence().of_origin(by, work).await?;
        let is_part =
            |entry: &&Entry| entry.state == State::Kept && !wholes.contains(entry.number.to_string().as_str());
        let followed: Vec<&Entry> = all.iter().filter(is_part).collect();
        let last = followed.last().ok_or(Fault::NotFound)?;
        if followed.len() > FILES_MAX {
            let what = WORDS.of(by.language).fill("whole-many", &[("count", &FILES_MAX.to_string())]);
            return Err(Fault::Field { field: "work", what });
        }
        let mut files = Vec::with_capacity(followed.len());
        for entry in &followed {
            let size = self.evidence().record(entry.number).await?.ok_or(Fault::NotFound)?.to_canonical_json().len();
            files.push(DraftFile {
                path: format!("{}.record.json", entry.number),
                size: size as u64,
                digest: entry.digest.clone(),
                sm3: String::new(),
                is_attached: false,
            });
        }
        // Of each stage, what is first and last; the rest stands in the list of files.
        let stage_of = |entry: &Entry| {
            let number = entry.number.to_string();
            parts.iter().find(|part| part.number == number).map(|part| part.stage.as_str()).unwrap_or_default()
        };
        let (mut lines, mut previous) = (Vec::new(), Vec::new());
        for stage in &kind.stages {
            let own: Vec<&&Entry> = followed.iter().filter(|entry| stage_of(entry) == stage.id).collect();
            let time = |entry: Option<&&&Entry>| {
                entry.and_then(|entry| entry.time).map(|time| time.truncate_to_second().to_string()).unwrap_or_default()
            };
            if let (Some(first), newest) = (own.first(), own.last()) {
                let names = format!("{} / {}", stage.name.zh, stage.name.en);
                lines.push(format!("{names} · {} · {} · {}", own.len(), time(Some(first)), time(newest)));
                previous.extend(from_hex(&first.digest).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()));
            }
        }
        let digests: Vec<&str> = followed.iter().map(|entry| entry.digest.as_str()).collect();
        let set = DigestAlgorithm::Sha256.digest(digests.join("\n").as_bytes()).to_string();
        let relation = self.evidence().record(last.number).await?.map(|record| record.relation);
        let draft = Draft {
            idem: format!("whole/{work}/{}", &set[..32]),
            content: set,
            maker: MAKER,
            origin: work.to_owned(),
            kind: about.kind.clone(),
            kind_name: kind.name.clone(),
            mode: Mode::Digest,
            title: Title {
                title: about.title.clone(),
                zh: format!("{}，整部作品", kind.name.zh),
                en: format!("{}, the whole work", kind.name.en),
            },
            files,
            statements: vec![
                ("whole".to_owned(), Said::Open(followed.len().to_string())),
                ("stages".to_owned(), Said::Sealed(lines.join("\n"))),
            ],
            previous,
            related: relation.map_or(Related::Unknown, |relation| Related::parse(&relation)),
            is_free: true,
        };
        let entry = self.evidence().preserve(by, &draft).await?;
        self.note_kept(by, &entry).await?;
        Ok(entry)
    }
}

/// Whether every stage that a type asks for has a record.
pub(super) fn is_complete(kind: &Kind, parts: &[Part]) -> bool {
    let mut needed = kind.stages.iter().filter(|stage| stage.id != DERIVED).peekable();
    needed.peek().is_some() && needed.all(|stage| parts.iter().any(|part| part.stage == stage.id))
}

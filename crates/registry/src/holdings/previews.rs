//! Previews of originals: made by a job once an original stands beside a record, sealed under its owner's
//! key, gone with it.
//!
//! The content goes from the vault into sealed memory and from there to a process that can do nothing else
//! (`preview`); no disk sees it. What comes back is pixels, written anew. A preview belongs to one holding of
//! one owner; equal contents of two owners are looked at twice.

use super::finish::place;
use super::{Content, Holdings};
use crate::accounts::new_id;
use crate::evidence::Party;
use crate::web::Fault;
use preview::{HEAD_BYTES, Kind, Maker, Not, Preview};
use proof::der::Time;
use serde::{Deserialize, Serialize};
use store::jobs::{self, Job, NewJob};
use store::{Row, StoreError, Tx};
use trust::TrustError;

/// The job that looks at an original.
const JOB: &str = "preview";
const TRIES: i64 = 5;
/// Longer than all steps of one preview may take.
const LEASE_MS: i64 = 600_000;
/// Read at a time.
const PIECE_BYTES: usize = 4 << 20;
/// Originals from before there were previews that one start takes up.
const EARLIER: i64 = 10_000;

/// What is kept of a preview beside its pictures; sealed at rest.
#[derive(Debug, Default, Serialize, Deserialize)]
struct About {
    kind: String,
    duration_ms: Option<u64>,
    pictures: Vec<Shape>,
}

/// A picture of a preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    is_png: bool,
}

/// Why there is no preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPreview {
    /// It was not looked at yet.
    Waiting,
    /// It is of no kind that can be shown.
    Kind,
    /// Its kind can be shown, and it was not.
    Not(Not),
}

/// What an original looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// What it is, by its own first bytes.
    pub kind: Option<Kind>,
    /// How long it plays, as it says itself.
    pub duration_ms: Option<u64>,
    /// Its pictures.
    pub pictures: Vec<Shape>,
    /// Why there are none.
    pub none: Option<NoPreview>,
}

impl NoPreview {
    const ALL: [Self; 6] = [
        Self::Kind,
        Self::Not(Not::Large),
        Self::Not(Not::Program),
        Self::Not(Not::Sandbox),
        Self::Not(Not::Slow),
        Self::Not(Not::Failed),
    ];

    /// Its name in the database.
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Kind => "kind",
            Self::Not(Not::Large) => "large",
            Self::Not(Not::Program) => "program",
            Self::Not(Not::Sandbox) => "sandbox",
            Self::Not(Not::Slow) => "slow",
            Self::Not(Not::Failed) => "failed",
        }
    }
}

const MADE: &str = "made";

fn about_place(holding: &str) -> String {
    format!("{}/preview", place(holding))
}

fn picture_place(holding: &str, number: usize) -> String {
    format!("{}/preview/{number}", place(holding))
}

/// Has an original looked at, when and only when the transaction commits. Asked again, nothing changes.
pub(super) async fn ask(tx: &mut Tx, holding: &str, now: Time) -> Result<(), StoreError> {
    let (id, now_ms) = (format!("{JOB}/{holding}"), now.unix_s() * 1000);
    jobs::add(tx, &NewJob { id: &id, kind: JOB, payload: holding, due_ms: 0, tries_max: TRIES }, now_ms).await
}

/// Removes what there is of a preview.
pub(super) async fn remove(tx: &mut Tx, holding: &str) -> Result<(), StoreError> {
    tx.execute("delete from holding_picture where holding = $1", &[holding.into()]).await?;
    tx.execute("delete from holding_preview where holding = $1", &[holding.into()]).await.map(drop)
}

impl Holdings {
    /// From now on previews are made, by this: also those that could not be made before, and those of
    /// originals that are older than previews.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn make_previews(&self, maker: Maker) -> Result<(), TrustError> {
        // The first one stays.
        let _ = self.0.maker.set(maker);
        self.ask_again(self.now()).await?;
        self.wake();
        Ok(())
    }

    /// Whether previews are made here.
    #[must_use]
    pub fn makes_previews(&self) -> bool {
        self.0.maker.get().is_some()
    }

    /// What an original of this owner looks like, as far as it was looked at.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn preview_of(&self, by: &Party, id: &str) -> Result<Look, Fault> {
        let sql = "select p.state, p.about from holding_preview p join holding h on h.id = p.holding \
                   where p.holding = $1 and h.owner = $2 and h.state <> 'removed'";
        let rows = self.db().rows(sql, &[id.into(), by.owner.name().into()]).await?;
        let Some(row) = rows.first() else { return Ok(Look { none: Some(NoPreview::Waiting), ..Look::default() }) };
        let state = row.text(0)?;
        let about: About = serde_json::from_slice(&by.open(&about_place(id), row.bytes(1)?)?).map_err(Fault::broken)?;
        let none = NoPreview::ALL.into_iter().find(|none| none.name() == state);
        let kind = Kind::parse(&about.kind);
        Ok(Look { kind, duration_ms: about.duration_ms, pictures: about.pictures, none })
    }

    /// A picture of an original's preview: its media type and its bytes.
    ///
    /// # Errors
    /// Not found where there is none, or the operator blocked the original.
    pub async fn picture(&self, by: &Party, id: &str, number: usize) -> Result<(&'static str, Vec<u8>), Fault> {
        let look = self.preview_of(by, id).await?;
        let shape = look.pictures.get(number).ok_or(Fault::NotFound)?;
        self.not_blocked(by, &self.holding(by, id).await?.about.digest).await?;
        let sql = "select picture from holding_picture where holding = $1 and number = $2";
        let rows = self.db().rows(sql, &[id.into(), (number as i64).into()]).await?;
        let sealed = rows.first().ok_or(Fault::NotFound)?.bytes(0)?;
        let media_type = if shape.is_png { "image/png" } else { "image/jpeg" };
        Ok((media_type, by.open(&picture_place(id, number), sealed)?))
    }

    async fn ask_again(&self, now: Time) -> Result<(), TrustError> {
        let now_ms = now.unix_s() * 1000;
        let again = "select holding from holding_preview where state in ('program', 'sandbox')";
        let earlier = "select h.id from holding h where h.state = 'kept' and h.loose_until_s is null \
                       and not exists (select 1 from holding_preview p where p.holding = h.id) limit $1";
        let again = self.db().rows(again, &[]).await?;
        let earlier = self.db().rows(earlier, &[EARLIER.into()]).await?;
        let text = |row: &Row| row.text(0).map(str::to_owned);
        let again = again.iter().map(text).collect::<Result<Vec<_>, StoreError>>()?;
        let earlier = earlier.iter().map(text).collect::<Result<Vec<_>, StoreError>>()?;
        store::transaction!(self.db(), tx => {
            for holding in &earlier {
                ask(tx, holding, now).await?;
            }
            for holding in &again {
                let id = format!("{JOB}/{holding}/{}", now.unix_s());
                let job = NewJob { id: &id, kind: JOB, payload: holding, due_ms: 0, tries_max: TRIES };
                jobs::add(tx, &job, now_ms).await?;
            }
            Ok(())
        })
    }

    /// Makes the previews that are due, one after the other.
    pub(super) async fn make_due_previews(&self, now: Time) -> Result<(), TrustError> {
        let Some(maker) = self.0.maker.get() else { return Ok(()) };
        let now_ms = now.unix_s() * 1000;
        while let Some(job) = jobs::take(self.db(), JOB, &new_id()?, now_ms, LEASE_MS).await? {
            if let Err(error) = self.make_preview(maker, &job).await {
                tracing::error!(?error, holding = job.payload, "an original cannot be looked at");
                if job.tries < TRIES || self.give_up(&job).await.is_err() {
                    jobs::fail(self.db(), &job, &format!("{error:?}"), now_ms).await?;
                }
            }
        }
        Ok(())
    }

    /// The party of a holding that is there; none where it is gone.
    async fn owner_party(&self, id: &str) -> Result<Option<Party>, Fault> {
        let sql = "select owner, person from holding where id = $1 and state = 'kept'";
        let rows = self.db().rows(sql, &[id.into()]).await?;
        match rows.first() {
            Some(row) => self.party_of(row.text(0)?, row.text(1)?).await,
            None => Ok(None),
        }
    }

    async fn make_preview(&self, maker: &Maker, job: &Job) -> Result<(), Fault> {
        let id = job.payload.as_str();
        let Some(by) = self.owner_party(id).await? else { return self.end_job(job).await };
        let mut content = match self.content(&by, id).await {
            Ok(content) => content,
            // What was blocked or lost is not looked at.
            Err(Fault::Refused { .. } | Fault::NotFound) => return self.end_job(job).await,
            Err(fault) => return Err(fault),
        };
        let head = content.read_at(0, HEAD_BYTES).await?;
        let Some(kind) = Kind::of(&head) else {
            return self.keep_preview(&by, job, None, Err(NoPreview::Kind)).await;
        };
        let memory = in_memory(&mut content).await?;
        let made = maker.make(kind, &memory).await;
        if let Err(not) = &made {
            tracing::info!(holding = id, kind = kind.name(), ?not, "no preview is made");
        }
        self.keep_preview(&by, job, Some(kind), made.map_err(NoPreview::Not)).await
    }

    /// After its last try: the page says that there is none.
    async fn give_up(&self, job: &Job) -> Result<(), Fault> {
        match self.owner_party(&job.payload).await? {
            Some(by) => self.keep_preview(&by, job, None, Err(NoPreview::Not(Not::Failed))).await,
            None => self.end_job(job).await,
        }
    }

    async fn end_job(&self, job: &Job) -> Result<(), Fault> {
        let done: Result<(), StoreError> = store::transaction!(self.db(), tx => jobs::finish(tx, job).await);
        Ok(done?)
    }

    async fn keep_preview(
        &self,
        by: &Party,
        job: &Job,
        kind: Option<Kind>,
        made: Result<Preview, NoPreview>,
    ) -> Result<(), Fault> {
        let id = job.payload.as_str();
        let (state, preview) = match made {
            Ok(preview) => (MADE, preview),
            Err(none) => (none.name(), Preview::default()),
        };
        let shape = |picture: &preview::Picture| Shape {
            width: picture.width,
            height: picture.height,
            is_png: picture.media_type == "image/png",
        };
        let about = About {
            kind: kind.map_or("", Kind::name).to_owned(),
            duration_ms: preview.duration_ms,
            pictures: preview.pictures.iter().map(shape).collect(),
        };
        let about = by.seal(&about_place(id), &serde_json::to_vec(&about).map_err(Fault::broken)?)?;
        let mut pictures = Vec::with_capacity(preview.pictures.len());
        for (number, picture) in preview.pictures.iter().enumerate() {
            pictures.push(by.seal(&picture_place(id, number), &picture.bytes)?);
        }
        let (owner, now_s) = (by.owner.name(), self.now().unix_s());
        let kept: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            remove(tx, id).await?;
            // It may have gone, or to another owner, while it was looked at.
            let sql = "insert into holding_preview (holding, state, about, made_s) select id, $2, $3, $4 from holding \
                       where id = $1 and owner = $5 and state = 'kept'";
            let values = [id.into(), state.into(), about.clone().into(), now_s.into(), owner.as_str().into()];
            if tx.execute(sql, &values).await? > 0 {
                for (number, picture) in pictures.iter().enumerate() {
                    let sql = "insert into holding_picture (holding, number, picture) values ($1, $2, $3)";
                    tx.execute(sql, &[id.into(), (number as i64).into(), picture.clone().into()]).await?;
                }
            }
            jobs::finish(tx, job).await
        });
        Ok(kept?)
    }
}

/// The content, or both ends of it, in memory that nobody can change.
async fn in_memory(content: &mut Content) -> Result<preview::Content, Fault> {
    let size = content.holding.size;
    let memory = preview::Content::new(size).map_err(Fault::broken)?;
    for part in preview::Content::parts(size) {
        let mut at = part.start;
        while at < part.end {
            let length = (part.end - at).min(PIECE_BYTES as u64) as usize;
            let bytes = content.read_at(at, length).await?;
            if bytes.is_empty() {
                return Err(Fault::broken("an original ends early"));
            }
            memory.write_at(at, &bytes).map_err(Fault::broken)?;
            at += bytes.len() as u64;
        }
    }
    memory.seal().map_err(Fault::broken)?;
    Ok(memory)
}

//! Holdings: the originals that people deposit, from the first byte of an upload to the last day of their
//! term (ipr-04, ipr-48, fix-19).
//!
//! Invariants: no byte of a content lies on a disk but sealed, from its arrival on; an offset that was told
//! is durable; equal content of one owner is kept once, and nothing shows what another owner has; a copy is
//! repaired from one that was just found good, and good means the digest in the *record*; a hold stops every
//! removal. Removing takes the key first and the bytes after. Records know nothing of this room: it lists
//! them by id, and what it loses or gives up leaves a record and its token valid.

mod api;
mod attach;
mod capability;
mod content;
mod deposit;
mod fetch;
mod figures;
mod findings;
mod finish;
mod fixity;
mod keeper;
mod keeping;
mod model;
mod operations;
mod previews;
mod receive;
mod removal;
mod retention;
mod saving;
mod schema;
mod shelf;
mod standing;
mod tus;
mod uploads;
mod work;
mod writers;

pub use attach::Attached;
pub use capability::Purpose;
pub use content::content_router;
pub use deposit::{LISTENER, Lacking};
pub use fetch::{Content, READERS};
pub use keeping::Keeping;
pub use model::{
    About, Care, Check, CopyOf, Figures, Hold, Holder, Holding, LOOSE_S, NewUpload, Outcome, REMINDERS_DAYS, Settings,
    State, Upload, Why,
};
pub use operations::operations;
pub use previews::{Look, NoPreview, Shape};
pub use receive::{Checksum, Piece};
pub use shelf::{BroughtBack, Carried};
pub use standing::{BadCopy, Job, PlaceStanding, Standing};

use crate::accounts::{Accounts, Me};
use crate::evidence::Evidence;
use crate::web::{Catalog, Code, Fault, Site};
use axum::Router;
use axum::extract::FromRef;
use proof::der::Time;
use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};
use store::Db;
use tokio::sync::watch;
use trust::TrustError;
use trust::storage::Storage;
use trust::vault::Stores;
use writers::Writers;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// The door of this room.
#[derive(Clone)]
pub struct Holdings(Arc<Inner>);

struct Inner {
    evidence: Evidence,
    keeping: Keeping,
    writers: Writers,
    /// Names this process in leases.
    process: String,
    figures: RwLock<Figures>,
    /// Counts up where there is work.
    woken: watch::Sender<u64>,
    /// Makes previews, where they are made.
    maker: OnceLock<preview::Maker>,
}

impl Holdings {
    /// Opens the holdings of the instance in `data`, in the places that its storage names.
    ///
    /// # Errors
    /// Where the database does not open, or a place is marked as another.
    pub async fn open(
        evidence: &Evidence,
        (data, storage): (&Path, &Storage),
        settings: Settings,
    ) -> Result<Self, TrustError> {
        let db = evidence.accounts().db().clone().with(schema::SCHEMA).await?;
        let sql = "select distinct place from holding_copy where good_s > 0";
        let rows = db.rows(sql, &[]).await?;
        let used = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        let stores = Stores::open(data, storage, &used).await?;
        let keeping = Keeping::new(db.clone(), stores, settings, evidence.accounts().owner_keys());
        let holdings = Self(Arc::new(Inner {
            evidence: evidence.clone(),
            keeping,
            writers: Writers::default(),
            process: crate::accounts::new_id()?,
            figures: RwLock::default(),
            woken: watch::Sender::new(0),
            maker: OnceLock::new(),
        }));
        holdings.free_writers().await?;
        holdings.keeping().add_places(holdings.now()).await?;
        holdings.count().await?;
        evidence.accounts().add_keeper(Arc::new(keeper::HoldingKeeper(db)));
        Ok(holdings)
    }

    /// What the operator chose: sizes, quota and term, to be shown before anybody commits.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.0.keeping.settings()
    }

    /// The figures of the instance, as they were counted last.
    #[must_use]
    pub fn figures(&self) -> Figures {
        *self.0.figures.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The evidence below.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.0.evidence
    }

    /// The copies, and what keeps them whole.
    #[must_use]
    pub fn keeping(&self) -> &Keeping {
        &self.0.keeping
    }

    /// Takes an empty disk or bucket for a place whose copies are lost for good ([`Keeping::take_anew`]).
    ///
    /// # Errors
    /// Refused where something is there, or there is no such place.
    pub async fn take_anew(&self, place: &str) -> Result<u64, TrustError> {
        let taken = self.keeping().take_anew(place, "node", self.now()).await?;
        self.wake();
        Ok(taken)
    }

    /// Begins again what was given up ([`Keeping::retry`]), as the operator says who `me` is.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn retry(&self, operator: &Me) -> Result<u64, Fault> {
        let jobs = self.keeping().retry(&operator.actor(), operator.cx.now).await?;
        self.wake();
        Ok(jobs)
    }

    /// Has a copy looked at soon that a reader found bad.
    async fn suspect(&self, holding: &str, place: &str) {
        let sql = "update holding_copy set due_s = 0 where holding = $1 and place = $2";
        if let Err(error) = self.db().execute(sql, &[holding.into(), place.into()]).await {
            tracing::warn!(%error, holding, place, "a bad copy is not noted; its next check finds it");
        }
        self.wake();
    }

    fn accounts(&self) -> &Accounts {
        self.0.evidence.accounts()
    }

    fn stores(&self) -> &Stores {
        self.0.keeping.stores()
    }

    fn db(&self) -> &Db {
        self.accounts().db()
    }

    fn wake(&self) {
        self.0.woken.send_modify(|count| *count += 1);
    }

    fn now(&self) -> Time {
        self.accounts().site().node.now()
    }
}

/// A refusal in this room's words: `what` and `remedy` are messages of it.
fn refused(code: Code, (what, remedy): (String, String)) -> Fault {
    Fault::Refused { code, what, remedy }
}

impl FromRef<Holdings> for Evidence {
    fn from_ref(holdings: &Holdings) -> Self {
        holdings.evidence().clone()
    }
}

impl FromRef<Holdings> for Accounts {
    fn from_ref(holdings: &Holdings) -> Self {
        holdings.accounts().clone()
    }
}

impl FromRef<Holdings> for Arc<Site> {
    fn from_ref(holdings: &Holdings) -> Self {
        Arc::clone(holdings.accounts().site())
    }
}

/// The routes of this room: they take and give bytes for as long as they flow, and belong among the
/// streams of [`assemble`](crate::web::assemble).
pub fn router(holdings: &Holdings) -> Router {
    Router::new().merge(api::router()).merge(fetch::router()).with_state(holdings.clone())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/holdings");
        crate::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}

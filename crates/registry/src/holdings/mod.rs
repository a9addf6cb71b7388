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
mod deposit;
mod fetch;
mod figures;
mod finish;
mod fixity;
mod keeper;
mod model;
mod range;
mod receive;
mod removal;
mod retention;
mod schema;
mod tus;
mod uploads;
mod work;
mod writers;

pub use attach::Attached;
pub use deposit::{LISTENER, Lacking};
pub use fetch::{Content, READERS};
pub use model::{
    About, Care, Check, CopyOf, Figures, Hold, Holder, Holding, LOOSE_S, NewUpload, Outcome, REMINDERS_DAYS, Settings,
    State, Upload, Why,
};
pub use receive::{Checksum, Piece};

use crate::accounts::Accounts;
use crate::evidence::Evidence;
use crate::web::{Catalog, Fault, Site};
use axum::Router;
use axum::extract::FromRef;
use axum::http::StatusCode;
use proof::der::Time;
use std::path::Path;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
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
    stores: Stores,
    settings: Settings,
    writers: Writers,
    /// Names this process in leases.
    process: String,
    figures: RwLock<Figures>,
    /// Counts up where there is work.
    woken: watch::Sender<u64>,
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
        let holdings = Self(Arc::new(Inner {
            evidence: evidence.clone(),
            stores,
            settings,
            writers: Writers::default(),
            process: crate::accounts::new_id()?,
            figures: RwLock::default(),
            woken: watch::Sender::new(0),
        }));
        holdings.free_writers().await?;
        holdings.add_places(holdings.now()).await?;
        holdings.count().await?;
        evidence.accounts().add_keeper(Arc::new(keeper::HoldingKeeper(db)));
        Ok(holdings)
    }

    /// What the operator chose: sizes, quota and term, to be shown before anybody commits.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
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

    fn accounts(&self) -> &Accounts {
        self.0.evidence.accounts()
    }

    fn stores(&self) -> &Stores {
        &self.0.stores
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
fn refused(status: StatusCode, code: &'static str, (what, remedy): (String, String)) -> Fault {
    Fault::Refused { status, code, what, remedy }
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

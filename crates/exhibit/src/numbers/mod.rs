//! What others see of a record under its number, without an account (ver-03 to ver-05, ipr-37, ipr-51, case-11).
//!
//! Public are the record, the list of its files and its token, in which names, titles and texts are
//! commitments (decision 17). What its owner shows on purpose stands there opened, until that is taken back or the
//! owner is gone. Files that a visitor compares stay in the browser.

mod badge;
mod findings;
mod keeper;
mod pages;
mod report;
mod schema;
mod share;
mod shown;
mod work;

use axum::Router;
use axum::extract::FromRef;
use registry::accounts::Accounts;
use registry::evidence::Evidence;
use registry::web::{Catalog, Node, Site};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use store::Db;
use store::blobs::Blobs;
use trust::TrustError;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// What is public of a number: where it stands, and its files by their names.
const NAMES: [&str; 4] = ["record.json", "record.tsr", "files.json", OPENINGS];
/// What is opened of a record.
const OPENINGS: &str = "openings.json";

/// The door of this room.
#[derive(Clone)]
pub struct Numbers {
    evidence: Evidence,
    /// The public files of the node's log, for newer proofs.
    log: Option<Blobs>,
    newest: Newest,
}

/// Tokens with their newest proofs, by records' ids, and when that was looked up: a page asks for one several times.
type Newest = Arc<Mutex<HashMap<i64, (i64, Vec<u8>)>>>;

impl Numbers {
    /// Opens what is shown of the records of an instance.
    ///
    /// # Errors
    /// Where the database does not open.
    pub async fn open(evidence: &Evidence) -> Result<(), TrustError> {
        let accounts = evidence.accounts();
        accounts.db().clone().with(schema::SCHEMA).await?;
        accounts.add_keeper(Arc::new(keeper::ShownKeeper(accounts.db().clone())));
        Ok(())
    }

    /// The door, with proofs from this log.
    #[must_use]
    pub fn new(evidence: &Evidence, log: Option<Blobs>) -> Self {
        Self { evidence: evidence.clone(), log, newest: Newest::default() }
    }

    fn node(&self) -> &Arc<Node> {
        &self.evidence.accounts().site().node
    }

    fn db(&self) -> &Db {
        self.evidence.accounts().db()
    }
}

impl FromRef<Numbers> for Accounts {
    fn from_ref(numbers: &Numbers) -> Self {
        numbers.evidence.accounts().clone()
    }
}

impl FromRef<Numbers> for Arc<Site> {
    fn from_ref(numbers: &Numbers) -> Self {
        Arc::clone(numbers.evidence.accounts().site())
    }
}

/// What programs may do here.
pub(crate) fn operations() -> Vec<registry::web::api::Operation> {
    report::operations()
}

pub(crate) fn router(numbers: &Numbers) -> Router {
    Router::new()
        .merge(pages::router())
        .merge(shown::router())
        .merge(badge::router())
        .merge(report::router())
        .merge(share::router())
        .merge(work::router())
        .with_state(numbers.clone())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/numbers");
        registry::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}

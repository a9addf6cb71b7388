//! Works: from files to a record in four screens, and what becomes of a work over its stages (ipr-).
//!
//! A draft is its person's alone until it is confirmed; a work is its owner's, a person's or an
//! organisation's. Nothing is stamped before the confirmation, and the page that asks for it shows the
//! document as it will be. Files are hashed where they are; a byte of them comes here only where the person
//! chose to deposit them (ipr-03, ipr-04).

mod api;
mod batches;
mod chain;
mod files;
mod flow;
mod jobs;
mod keeper;
mod model;
mod originals;
mod pages;
mod schema;
mod store;

use ::store::Db;
use axum::Router;
use axum::extract::FromRef;
use registry::accounts::Accounts;
use registry::evidence::Evidence;
use registry::holdings::Holdings;
use registry::web::api::Operation;
use registry::web::{Catalog, Nav, Node, Site};
use std::sync::{Arc, LazyLock};
use trust::TrustError;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// The entry of the navigation.
pub const NAV: Nav = Nav { href: PLACE, words: &WORDS };
/// Where the flow begins.
const PLACE: &str = "/protect";
/// The maker's name in records.
const MAKER: &str = "work";
/// The job that is added when a record is kept.
pub const LISTENER: &str = "works";

/// The door of this room.
#[derive(Clone)]
pub struct Works(Holdings);

impl Works {
    /// Opens the works of an instance.
    ///
    /// # Errors
    /// Where the database does not open.
    pub async fn open(holdings: &Holdings) -> Result<Self, TrustError> {
        let accounts = holdings.evidence().accounts();
        accounts.db().clone().with(schema::SCHEMA).await?.with(batches::SCHEMA).await?;
        accounts.add_keeper(Arc::new(keeper::WorkKeeper(accounts.db().clone())));
        Ok(Self(holdings.clone()))
    }

    /// The door, where the room was opened already.
    #[cfg(test)]
    pub(crate) fn of(holdings: &Holdings) -> Self {
        Self(holdings.clone())
    }

    fn holdings(&self) -> &Holdings {
        &self.0
    }

    fn evidence(&self) -> &Evidence {
        self.0.evidence()
    }

    fn accounts(&self) -> &Accounts {
        self.evidence().accounts()
    }

    fn node(&self) -> &Arc<Node> {
        &self.accounts().site().node
    }

    fn db(&self) -> &Db {
        self.accounts().db()
    }
}

impl FromRef<Works> for Accounts {
    fn from_ref(works: &Works) -> Self {
        works.accounts().clone()
    }
}

impl FromRef<Works> for Arc<Site> {
    fn from_ref(works: &Works) -> Self {
        Arc::clone(works.accounts().site())
    }
}

/// What programs may do with works.
#[must_use]
pub fn operations() -> Vec<Operation> {
    api::operations().into_iter().chain(batches::operations()).collect()
}

/// The pages and the API of this room.
pub fn router(works: &Works) -> Router {
    Router::new()
        .merge(flow::router())
        .merge(files::router())
        .merge(originals::router())
        .merge(chain::router())
        .merge(api::router())
        .merge(batches::router())
        .with_state(works.clone())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/works");
        registry::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}

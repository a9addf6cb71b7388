//! Certificates 证明: a record on paper, signed by the operator's document key, and its code to photograph
//! (ipr-31 to ipr-37, ipr-46).
//!
//! A certificate is made of its record, its openings and its token, and of nothing else; it names the
//! applicant, so it is its owner's, sealed under the owner's key. It says what is proven and what not
//! (FEATURES section 1.15).

mod chain;
mod compose;
mod issue;
mod keeper;
mod pages;
mod schema;

use axum::Router;
use axum::extract::FromRef;
use registry::accounts::Accounts;
use registry::evidence::Evidence;
use registry::web::{Catalog, Node, Site};
use std::sync::{Arc, LazyLock};
use store::Db;
use trust::TrustError;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// The door of this room.
#[derive(Clone)]
pub struct Certificates(Evidence);

impl Certificates {
    /// Opens the certificates of an instance.
    ///
    /// # Errors
    /// Where the database does not open.
    pub async fn open(evidence: &Evidence) -> Result<Self, TrustError> {
        let accounts = evidence.accounts();
        accounts.db().clone().with(schema::SCHEMA).await?;
        accounts.add_keeper(Arc::new(keeper::CertificateKeeper(accounts.db().clone())));
        Ok(Self(evidence.clone()))
    }

    /// The door, where the room was opened already.
    #[must_use]
    pub fn new(evidence: &Evidence) -> Self {
        Self(evidence.clone())
    }

    fn evidence(&self) -> &Evidence {
        &self.0
    }

    fn node(&self) -> &Arc<Node> {
        &self.0.accounts().site().node
    }

    fn db(&self) -> &Db {
        self.0.accounts().db()
    }
}

impl FromRef<Certificates> for Accounts {
    fn from_ref(certificates: &Certificates) -> Self {
        certificates.0.accounts().clone()
    }
}

impl FromRef<Certificates> for Arc<Site> {
    fn from_ref(certificates: &Certificates) -> Self {
        Arc::clone(certificates.0.accounts().site())
    }
}

/// What programs may do here.
pub(crate) fn operations() -> Vec<registry::web::api::Operation> {
    pages::operations()
}

pub(crate) fn router(certificates: &Certificates) -> Router {
    // Unpacking the faces takes a moment, which no visitor should wait for.
    if let Err(cause) = paper::warm() {
        tracing::error!(%cause, "certificates cannot be set");
    }
    Router::new().merge(pages::router()).merge(chain::router()).with_state(certificates.clone())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/certificates");
        registry::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}

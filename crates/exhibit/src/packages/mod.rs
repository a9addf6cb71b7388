//! Evidence packages 证据包: records with all that checks them, as one ZIP that outlives the node
//! (FEATURES section 3, 6.2; fix-08; case-07).
//!
//! A package is written while it is sent: its size does not change what the node needs for it. What it
//! holds and how it is checked stands in docs/conformance/packages.md; the reader is another program.

mod check;
mod originals;
mod pages;
mod readme;
mod write;

pub(crate) use write::newest;

use axum::Router;
use axum::extract::FromRef;
use registry::accounts::Accounts;
use registry::evidence::Evidence;
use registry::holdings::Holdings;
use registry::web::{Catalog, Node, Site};
use std::sync::{Arc, LazyLock};
use store::blobs::Blobs;

use crate::certificates::Certificates;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// Records in one package: what every reader of ours opens, with room to spare.
pub const RECORDS_MAX: usize = 2_000;

/// The door of this room.
#[derive(Clone)]
pub struct Packages {
    evidence: Evidence,
    /// The originals beside records.
    holdings: Holdings,
    /// The public files of the node's log, for newer proofs.
    log: Option<Blobs>,
}

impl Packages {
    /// Packages with proofs from this log.
    #[must_use]
    pub fn new(holdings: &Holdings, log: Option<Blobs>) -> Self {
        Self { evidence: holdings.evidence().clone(), holdings: holdings.clone(), log }
    }

    fn node(&self) -> &Arc<Node> {
        &self.evidence.accounts().site().node
    }

    fn certificates(&self) -> Certificates {
        Certificates::new(&self.evidence)
    }
}

impl FromRef<Packages> for Accounts {
    fn from_ref(packages: &Packages) -> Self {
        packages.evidence.accounts().clone()
    }
}

impl FromRef<Packages> for Arc<Site> {
    fn from_ref(packages: &Packages) -> Self {
        Arc::clone(packages.evidence.accounts().site())
    }
}

/// What programs may do here.
pub(crate) fn operations() -> Vec<registry::web::api::Operation> {
    pages::operations()
}

pub(crate) fn router(packages: &Packages) -> Router {
    pages::router().with_state(packages.clone())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_reader_opens_the_largest_package() {
        // Five files a record, and what the package holds beside them.
        let originals = super::originals::ORIGINALS_MAX as usize;
        assert!(super::RECORDS_MAX * 5 + 1_000 + originals < proof::zip::Limits::default().entries);
    }

    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/packages");
        registry::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}

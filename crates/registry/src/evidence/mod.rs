//! The heart: a draft becomes a record, once and for ever (DESIGN section 2).
//!
//! A record is canonical JSON with a root over its files and commitments in place of names; the node's
//! own authority stamps it. Invariants: what was confirmed is never lost and never stamped twice as two
//! records; nothing is awaited from the ledger inside a transaction; what could name somebody is sealed
//! under the owner's key, so that erasing the key erases the owner and leaves the proof (n-14). Makers
//! call [`Evidence::preserve`]; readers only read.

#[cfg(feature = "testing")]
mod fill;
mod keeper;
pub mod leaf;
mod list;
pub mod model;
mod preserve;
mod read;
mod schema;
mod search;
pub mod vocabulary;
mod work;

pub use list::{Filter, Listed, Order, PAGE, PAGE_MAX};
pub use model::{Draft, DraftFile, Entry, Mode, Owner, Party, Related, Said, State, Title};
pub use preserve::FILES_MAX;
pub use read::Kept;

use crate::accounts::Accounts;
use crate::billing::Billing;
use crate::web::Catalog;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, LazyLock};
use store::Db;
use trust::TrustError;
use vocabulary::Vocabularies;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// The low bits of a record's id are random, those above are milliseconds since 1970: so ids sort by time.
const ID_RANDOM_BITS: u32 = 20;

/// The door of this room.
#[derive(Clone)]
pub struct Evidence(Arc<Inner>);

struct Inner {
    accounts: Accounts,
    billing: Billing,
    /// The kinds of jobs that are added when a record waits for an approver, and when it is kept: one for each room that wants to know.
    listeners: Vec<&'static str>,
    vocabularies: Vocabularies,
    /// Where the next round goes on among the records that wait for an approver.
    turn: AtomicI64,
}

impl Evidence {
    /// Opens the evidence of an instance. A job of each of these kinds, with the record's number, is
    /// added in the transaction in which a record is kept, and in the one in which it begins to wait for an
    /// approver.
    ///
    /// # Errors
    /// Where the database does not open.
    pub async fn open(billing: &Billing, listeners: Vec<&'static str>) -> Result<Self, TrustError> {
        let accounts = billing.accounts();
        accounts.db().clone().with(schema::SCHEMA).await?.with(crate::webhooks::SCHEMA).await?;
        let vocabularies = Vocabularies::open(accounts.db()).await?;
        let evidence = Self(Arc::new(Inner {
            accounts: accounts.clone(),
            billing: billing.clone(),
            listeners,
            vocabularies,
            turn: AtomicI64::new(0),
        }));
        accounts.add_keeper(Arc::new(keeper::RecordKeeper(accounts.db().clone())));
        Ok(evidence)
    }

    /// The accounts below.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// The billing below.
    #[must_use]
    pub fn billing(&self) -> &Billing {
        &self.0.billing
    }

    /// The types, stages, tags and templates that the operator set.
    #[must_use]
    pub fn vocabularies(&self) -> &Vocabularies {
        &self.0.vocabularies
    }

    fn db(&self) -> &Db {
        self.0.accounts.db()
    }
}

impl axum::extract::FromRef<Evidence> for Billing {
    fn from_ref(evidence: &Evidence) -> Self {
        evidence.0.billing.clone()
    }
}

impl axum::extract::FromRef<Evidence> for Accounts {
    fn from_ref(evidence: &Evidence) -> Self {
        evidence.0.accounts.clone()
    }
}

impl axum::extract::FromRef<Evidence> for Arc<crate::web::Site> {
    fn from_ref(evidence: &Evidence) -> Self {
        Arc::clone(evidence.0.accounts.site())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/evidence");
        crate::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}

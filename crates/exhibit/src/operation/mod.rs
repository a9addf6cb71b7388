//! The operator's room: how the house stands, people, organisations, real names to review, mail to
//! hand over, originals, announcements, reports, holds, disclosures.
//!
//! Every page asks for the operator with a second factor; every act is a line of the node's trail.
//! Papers are shown as pictures or handed out as files, never as documents of this site.

mod announcements;
mod holdings;
mod organisations;
mod pages;
mod people;
mod standing;
mod vocabulary;

use axum::Router;
use registry::accounts::Accounts;
use registry::evidence::Evidence;
use registry::holdings::Holdings;
use registry::web::Catalog;
use std::sync::LazyLock;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

pub(crate) fn router(holdings: &Holdings) -> Router {
    let evidence = holdings.evidence();
    let accounts: Router<Accounts> = pages::router().merge(people::router());
    let accounts = accounts.merge(organisations::router()).merge(announcements::router());
    let records: Router<Evidence> = vocabulary::router().merge(standing::router());
    accounts
        .with_state(evidence.accounts().clone())
        .merge(records.with_state(evidence.clone()))
        .merge(holdings::router().with_state(holdings.clone()))
}

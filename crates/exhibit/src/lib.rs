//! Readers of records: what strangers, judges and users see of evidence.
//!
//! Rooms do not know each other, but for what all trust (`verification`) and for packages and numbers,
//! which hold certificates. Each has its words and templates beside its code, and
//! a router that `shiyin` puts together.

pub mod authority;
pub mod certificates;
pub mod help;
pub mod home;
pub mod numbers;
mod operation;
pub mod packages;
pub mod records;
mod sealed;
mod statements;
#[cfg(test)]
mod tests;
mod typeset;
pub mod verification;

use axum::Router;
use registry::evidence::Evidence;
use registry::holdings::Holdings;
use registry::web::Nav;
use registry::web::api::Operation;
use std::sync::Arc;
use store::blobs::Blobs;
use trust::TrustError;

/// The entries of the navigation, in order.
#[must_use]
pub fn navigation() -> Vec<Nav> {
    vec![records::NAV, verification::NAV, authority::NAV, help::NAV]
}

/// Makes what the rooms of this floor keep. To be called once, before anybody asks.
///
/// # Errors
/// Where the database does not open.
pub async fn open(evidence: &Evidence) -> Result<(), TrustError> {
    certificates::Certificates::open(evidence).await?;
    numbers::Numbers::open(evidence).await
}

/// What programs may do on this floor.
#[must_use]
pub fn operations() -> Vec<Operation> {
    let rooms = [records::operations(), certificates::operations(), packages::operations()];
    let further = [verification::operations(), numbers::operations(), authority::operations()];
    rooms.into_iter().chain(further).flatten().collect()
}

/// The pages and the API of this floor. `log` is where the public files of the node's log are.
pub fn router(holdings: &Holdings, log: Option<Blobs>) -> Router {
    let evidence = holdings.evidence();
    let accounts = evidence.accounts();
    // Packing the verifier takes a moment, which no visitor should wait for.
    let _ = verification::offline_digest();
    Router::new()
        .merge(home::router())
        .merge(verification::router())
        .merge(authority::router())
        .merge(help::router())
        .with_state(Arc::clone(accounts.site()))
        .merge(operation::router(holdings))
        .merge(records::router(holdings))
        .merge(statements::router(evidence.billing()))
        .merge(numbers::router(&numbers::Numbers::new(evidence, log.clone())))
        .merge(packages::router(&packages::Packages::new(holdings, log)))
        .merge(certificates::router(&certificates::Certificates::new(evidence)))
}

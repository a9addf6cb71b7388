//! Readers of records: what strangers, judges and users see of evidence.
//!
//! Rooms never know each other. Each has its words and templates beside its code, and
//! a router that `shiyin` puts together.

pub mod authority;
pub mod help;
pub mod home;
mod operation;
pub mod records;
#[cfg(test)]
mod tests;
pub mod verification;

use axum::Router;
use registry::evidence::Evidence;
use registry::web::Nav;
use std::sync::Arc;

/// The entries of the navigation, in order.
#[must_use]
pub fn navigation() -> Vec<Nav> {
    vec![records::NAV, verification::NAV, authority::NAV, help::NAV]
}

/// The pages and the API of this floor.
pub fn router(evidence: &Evidence) -> Router {
    let accounts = evidence.accounts();
    // Packing the verifier takes a moment, which no visitor should wait for.
    let _ = verification::offline_digest();
    Router::new()
        .merge(home::router())
        .merge(verification::router())
        .merge(authority::router())
        .merge(help::router())
        .with_state(Arc::clone(accounts.site()))
        .merge(operation::router(evidence))
        .merge(records::router().with_state(evidence.clone()))
}

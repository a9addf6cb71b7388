//! Readers of records: what strangers, judges and users see of evidence.
//!
//! Rooms never know each other. Each has its words and templates beside its code, and
//! a router that `shiyin` puts together.

pub mod authority;
pub mod help;
pub mod home;
mod operation;
#[cfg(test)]
mod tests;
pub mod verification;

use axum::Router;
use axum::middleware;
use axum::routing::get;
use registry::accounts::{self, Accounts};
use registry::web::{Cx, Fault, Nav, assets, guard, samples};
use std::sync::Arc;

/// The entries of the navigation, in order.
#[must_use]
pub fn navigation() -> Vec<Nav> {
    vec![verification::NAV, authority::NAV, help::NAV]
}

/// The pages and the API of a node.
pub fn router(accounts: &Accounts) -> Router {
    let site = accounts.site();
    // Packing the verifier takes a moment, which no visitor should wait for.
    let _ = (assets::path("look.css"), verification::offline_digest());
    Router::new()
        .merge(home::router())
        .merge(verification::router())
        .merge(authority::router())
        .merge(help::router())
        .route("/assets/{name}", get(assets::file))
        .route("/samples", get(samples::show))
        .fallback(nothing)
        .method_not_allowed_fallback(method)
        .with_state(Arc::clone(site))
        .merge(operation::router().with_state(accounts.clone()))
        .merge(accounts::router(accounts.clone()))
        .layer(axum::extract::DefaultBodyLimit::max(guard::BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(site), guard::guard))
}

async fn nothing(cx: Cx) -> axum::response::Response {
    Fault::NotFound.answer(&cx)
}

async fn method(cx: Cx) -> axum::response::Response {
    Fault::MethodNotAllowed.answer(&cx)
}

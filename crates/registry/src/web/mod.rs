//! The web kit: what every page has in common, and nothing of any page's subject.
//!
//! A request becomes a [`Cx`]: who, when, which language, which node. A page is a
//! struct with a template beside it; [`Cx::page`] puts it into the layout. Faults
//! are rendered in one place. No page needs a script; no style or script is inline.

mod announced;
mod answers;
pub mod api;
pub mod assets;
mod code;
mod cx;
mod fault;
mod fields;
pub mod guard;
mod host;
mod language;
mod node;
pub(crate) mod range;
mod rate;
pub mod samples;
pub mod session;
pub mod sheet;
mod words;

pub use announced::{Announcement, SHOWN_MAX as ANNOUNCEMENTS_SHOWN_MAX};
pub use answers::{download, download_part, get_alone, json};
pub use code::Code;
pub use cx::{Caller, Cx, Page, Scripts, Site, grouped};
pub use fault::{Fault, Told};
pub use fields::{Fields, Upload};
pub use host::{ContentHost, by_host, name_in};
pub use language::{cookie, name as language_name};
pub use node::{Node, NotStamped, Profile, Public, Relation, WitnessRoot};
pub use rate::{Budget, KeyLimit, RateLimit};
pub use words::{Catalog, Words, check_words};

use axum::Router;
use axum::middleware;
use axum::routing::get;
use std::sync::{Arc, LazyLock};

/// The words of the kit itself.
pub(crate) static WORDS: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// The rooms of all floors behind the one door: what every answer has in common, and what is said where
/// there is nothing. `operations` are what programs may do; `streams` are the routes that take or give bytes for as long as they flow: no
/// bound on time or size but their own.
pub fn assemble(site: &Arc<Site>, operations: Vec<api::Operation>, rooms: Router, streams: Router) -> Router {
    // Packing them takes a moment, which no visitor should wait for.
    let _ = assets::path("look.css");
    let names = api::Names::new(site, &operations);
    let only_known = middleware::from_fn_with_state(names, api::only_known);
    Router::new()
        .route("/assets/{name}", get(assets::file))
        .route("/samples", get(samples::show))
        .fallback(async |cx: Cx| Fault::NotFound.answer(&cx))
        .method_not_allowed_fallback(async |cx: Cx| Fault::MethodNotAllowed.answer(&cx))
        .with_state(Arc::clone(site))
        .merge(api::router(site, operations))
        .merge(rooms)
        .layer(only_known.clone())
        .layer(axum::extract::DefaultBodyLimit::max(guard::BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(site), guard::guard))
        .merge(streams.layer(only_known).layer(middleware::from_fn_with_state(Arc::clone(site), guard::guard_stream)))
}

/// An entry of the navigation. Its words are `nav` and `nav-short` of the room.
#[derive(Clone, Copy)]
pub struct Nav {
    /// Where it leads.
    pub href: &'static str,
    /// The room's words.
    pub words: &'static LazyLock<Catalog>,
}

//! Protected files 已保护的文件: every record of a person or an organisation, found, shown, taken away
//! (ipr-29 to ipr-31, n-08).
//!
//! A record is shown to its owner alone; to another it is not there. What belongs to an organisation
//! leaves a line in its trail when somebody looks at it or takes something of it (ent-07).

mod api;
mod care;
mod pages;
mod view;

use axum::Router;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::Response;
use registry::accounts::Accounts;
use registry::accounts::audit::Act;
use registry::evidence::{Evidence, Filter, Kept, Order, Owner, Party, State};
use registry::holdings::Holdings;
use registry::web::api::Operation;
use registry::web::{Catalog, Cx, Fault, Nav, Site, download};
use std::sync::{Arc, LazyLock};

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// The entry of the navigation.
pub const NAV: Nav = Nav { href: "/records", words: &WORDS };

/// The door of this room: records, and the originals beside them.
#[derive(Clone)]
struct Records(Holdings);

impl FromRef<Records> for Evidence {
    fn from_ref(records: &Records) -> Self {
        records.0.evidence().clone()
    }
}

impl FromRef<Records> for Accounts {
    fn from_ref(records: &Records) -> Self {
        records.0.evidence().accounts().clone()
    }
}

impl FromRef<Records> for Arc<Site> {
    fn from_ref(records: &Records) -> Self {
        Arc::clone(records.0.evidence().accounts().site())
    }
}

/// What programs may do here.
pub(crate) fn operations() -> Vec<Operation> {
    api::operations()
}

pub(crate) fn router(holdings: &Holdings) -> Router {
    pages::router().merge(care::router()).merge(api::router()).with_state(Records(holdings.clone()))
}

/// What an address asks for.
fn filter_of(cx: &Cx) -> Filter {
    let order = cx.query("order");
    Filter {
        query: cx.query("q").chars().take(200).collect(),
        kind: cx.query("type"),
        state: State::parse(&cx.query("state")),
        order: Order::ALL.into_iter().find(|one| one.name() == order).unwrap_or_default(),
        after: cx.query("after").parse().ok(),
        limit: 0,
    }
}

/// The files that belong to a record: name, media type, what it is called, what it is.
const FILES: [(&str, &str, &str, &str); 4] = [
    ("record.json", "application/json", "take-record", "take-record-note"),
    ("record.tsr", "application/timestamp-reply", "take-token", "take-token-note"),
    ("files.json", "application/json", "take-files", "take-files-note"),
    ("openings.json", "application/json", "take-openings", "take-openings-note"),
];

/// One of them; not found where there is none of this name, or no token yet.
fn file_of(kept: &Kept, name: &str) -> Result<Response<Body>, Fault> {
    let (_, media_type, ..) = FILES.iter().find(|(known, ..)| *known == name).ok_or(Fault::NotFound)?;
    let bytes = match name {
        "record.json" => kept.record.to_canonical_json(),
        "record.tsr" => kept.token.clone().ok_or(Fault::NotFound)?,
        "files.json" => kept.files.to_canonical_json(),
        _ => kept.openings.to_canonical_json(),
    };
    Ok(download(&format!("{}.{name}", kept.entry.number), media_type, bytes))
}

/// Notes that somebody of an organisation looked at its record.
async fn note_viewed(evidence: &Evidence, by: &Party, kept: &Kept) -> Result<(), Fault> {
    match by.owner {
        Owner::Person(_) => Ok(()),
        Owner::Organisation(_) => evidence.note(by, &kept.entry, Act::Viewed).await,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_words_are_complete() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/records");
        registry::web::check_words(include_str!("zh.ftl"), include_str!("en.ftl"), &folder);
    }
}

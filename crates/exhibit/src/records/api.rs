//! What programs read of records: `/api/v1/records` and below.

use super::{Records, file_of, filter_of, note_viewed, record_json};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Response;
use axum::routing::get;
use registry::accounts::Program;
use registry::accounts::audit::Act;
use registry::accounts::keys::Scopes;
use registry::accounts::organisation::ANYONE;
use registry::evidence::{Evidence, Party};
use registry::web::{Fault, json};
use serde_json::{Value, json};

pub(super) fn router() -> Router<Records> {
    Router::new()
        .route("/api/v1/records", get(list))
        .route("/api/v1/records/{number}", get(show))
        .route("/api/v1/records/{number}/{name}", get(file))
}

/// `GET /api/v1/records?q=&type=&state=&order=&after=`
async fn list(State(evidence): State<Evidence>, program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let listed = evidence.list(&by, &filter_of(&program.cx)).await?;
        let entry = |entry: &registry::evidence::Entry| {
            json!({
                "number": entry.number.to_string(), "state": entry.state.name(), "type": entry.kind,
                "mode": entry.mode.name(), "title": entry.title.as_ref().map(|title| title.title.clone()),
                "files": entry.files, "bytes": entry.bytes, "sha256": entry.digest, "work": entry.origin,
                "no_later_than": entry.time.map(|time| time.to_string()),
            })
        };
        let entries: Vec<Value> = listed.entries.iter().map(entry).collect();
        json(&json!({ "records": entries, "next": listed.next.map(|next| next.to_string()), "cut": listed.is_cut }))
    };
    program.cx.end(read.await)
}

async fn open(
    evidence: &Evidence,
    program: &Program,
    number: &str,
) -> Result<(Party, registry::evidence::Kept), Fault> {
    program.may(Scopes::RecordsRead)?;
    let by = Party::of_program(program, ANYONE).await?;
    let kept = evidence.kept(&by, number.parse().map_err(|_| Fault::NotFound)?).await?;
    Ok((by, kept))
}

/// `GET /api/v1/records/{number}`
async fn show(State(evidence): State<Evidence>, program: Program, Path(number): Path<String>) -> Response<Body> {
    let read = async {
        let (by, kept) = open(&evidence, &program, &number).await?;
        note_viewed(&evidence, &by, &kept).await?;
        json(&record_json(&kept))
    };
    program.cx.end(read.await)
}

/// `GET /api/v1/records/{number}/{name}`: `record.json`, `record.tsr`, `files.json`, `openings.json`
async fn file(
    State(evidence): State<Evidence>,
    program: Program,
    Path((number, name)): Path<(String, String)>,
) -> Response<Body> {
    let read = async {
        let (by, kept) = open(&evidence, &program, &number).await?;
        let response = file_of(&kept, &name)?;
        evidence.note(&by, &kept.entry, Act::Downloaded).await?;
        Ok(response)
    };
    program.cx.end(read.await)
}

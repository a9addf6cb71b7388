//! What programs do with works: the same doors, the same checks, one request for one record.

use super::chain::chain_json;
use super::files::SentFile;
use super::model::{Application, Somebody, TagSet};
use super::{WORDS, Works};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use registry::accounts::keys::Scopes;
use registry::accounts::organisation::{ANYONE, Role};
use registry::accounts::{Program, new_id};
use registry::evidence::{Entry, Mode, Party};
use registry::web::{Fault, json};
use serde::Deserialize;

pub(super) fn router() -> Router<Works> {
    Router::new()
        .route("/api/v1/works", get(list).post(protect))
        .route("/api/v1/works/{id}", get(show))
        .route("/api/v1/works/{id}/whole", post(whole))
        .route("/api/v1/vocabulary", get(vocabulary))
}

/// What a program sends for a record.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sending {
    #[serde(rename = "type")]
    kind: String,
    published: bool,
    mode: Mode,
    /// One record for each file.
    #[serde(default)]
    each: bool,
    #[serde(default)]
    work: Option<String>,
    title: String,
    stage: String,
    #[serde(default)]
    own_stage: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    people: Vec<Somebody>,
    #[serde(default)]
    tags: Vec<TagSet>,
    declaration: String,
    #[serde(default)]
    platforms: String,
    #[serde(default)]
    materials: String,
    #[serde(default)]
    unrelated: Option<bool>,
    files: Vec<SentFile>,
}

fn entry_json(entry: &Entry) -> serde_json::Value {
    serde_json::json!({
        "number": entry.number.to_string(), "state": entry.state.name(), "files": entry.files,
        "sha256": entry.digest, "no_later_than": entry.time.map(|time| time.to_string()),
        "work": entry.origin, "href": format!("/api/v1/records/{}", entry.number),
    })
}

/// `POST /api/v1/works`: makes a record. The header `Idempotency-Key` makes it safe to send again.
async fn protect(
    State(works): State<Works>,
    program: Program,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response<Body> {
    let (cx, w) = (&program.cx, program.cx.words(&WORDS));
    let made = async {
        program.may(Scopes::RecordsWrite)?;
        let field = |field: &'static str, what: String| Fault::Field { field, what };
        let body = body.map_err(|_| Fault::TooLarge(registry::web::guard::BODY_BYTES_MAX))?;
        let sent: Sending = serde_json::from_slice(&body)
            .map_err(|error| field("body", w.fill("body-wrong", &[("cause", &error.to_string())])))?;
        let key = match headers.get("idempotency-key") {
            None => String::new(),
            Some(value) => {
                let key = value.to_str().ok().filter(|key| (1..=100).contains(&key.len()) && !key.contains(' '));
                key.ok_or_else(|| field("idempotency_key", w.say("key-wrong")))?.to_owned()
            }
        };
        let by = Party::of_program(&program, &[Role::Applicant]).await?;
        let application = Application {
            kind: sent.kind,
            is_published: Some(sent.published),
            mode: Some(sent.mode),
            is_each: sent.each,
            organisation: program.organisation.clone(),
            is_unrelated: sent.unrelated,
            work: sent.work,
            title: super::model::line(&sent.title),
            stage: sent.stage,
            own_stage: sent.own_stage,
            version: sent.version,
            summary: sent.summary,
            people: sent.people,
            tags: sent.tags,
            declaration: sent.declaration,
            platforms: sent.platforms,
            materials: sent.materials,
        };
        let vocabulary = works.evidence().vocabularies().now();
        application.check_what(w, &vocabulary, sent.files.len() as u64)?;
        application.check_about(w, &vocabulary)?;
        let files = sent.files.into_iter().map(|file| file.tidy(cx)).collect::<Result<Vec<_>, _>>()?;
        // Without a key each request is one of its own.
        let own = new_id()?;
        let idem = if key.is_empty() { format!("once/{own}") } else { format!("api/{key}") };
        let work = match &application.work {
            Some(id) => works.find_work(&by, id).await?.ok_or_else(|| field("work", w.say("work-missing")))?.id,
            // The same key begins the same work.
            None => Works::new_work(&by, &idem),
        };
        let entries = works.preserve(&by, &application, (&idem, &work), files, cx).await?;
        let mut response = json(&serde_json::json!({ "records": entries.iter().map(entry_json).collect::<Vec<_>>() }))?;
        *response.status_mut() = StatusCode::CREATED;
        Ok(response)
    };
    cx.end(made.await)
}

/// `GET /api/v1/works`: the works of the key's person or organisation.
async fn list(State(works): State<Works>, program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let before = program.cx.query("before");
        let before = before.split_once('.').and_then(|(ms, id)| Some((ms.parse().ok()?, id)));
        let found = works.works(&by, before, 100).await?;
        let next = found.last().filter(|_| found.len() == 100);
        let next = next.map(|work| format!("{}.{}", work.changed.unix_s() * 1000, work.id));
        let works: Vec<_> = found
            .iter()
            .map(|work| {
                serde_json::json!({ "id": work.id, "title": work.title, "type": work.kind, "changed": work.changed.to_string() })
            })
            .collect();
        json(&serde_json::json!({ "works": works, "next": next }))
    };
    program.cx.end(read.await)
}

/// `GET /api/v1/works/{id}`: a work with its chain.
async fn show(State(works): State<Works>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let work = works.find_work(&by, &id).await?.ok_or(Fault::NotFound)?;
        json(&chain_json(&works, &program.cx, &by, &work).await?)
    };
    program.cx.end(read.await)
}

/// `POST /api/v1/works/{id}/whole`: a record of the whole work.
async fn whole(State(works): State<Works>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let made = async {
        program.may(Scopes::RecordsWrite)?;
        let by = Party::of_program(&program, &[Role::Applicant]).await?;
        json(&entry_json(&works.preserve_whole(&by, &id).await?))
    };
    program.cx.end(made.await)
}

/// `GET /api/v1/vocabulary`: types with their stages, tags with their fields, templates.
async fn vocabulary(State(works): State<Works>, program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::RecordsRead)?;
        json(&*works.evidence().vocabularies().now())
    };
    program.cx.end(read.await)
}

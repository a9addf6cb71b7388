//! Taking packages away: of one record, of a work, of what was chosen.

use super::write::Holds;
use super::{Packages, RECORDS_MAX, WORDS};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, header};
use axum::routing::{get, post};
use proof::record::EvidenceNumber;
use registry::accounts::keys::Scopes;
use registry::accounts::organisation::ANYONE;
use registry::accounts::{Me, Program, Sent};
use registry::evidence::{Owner, Party, State as Stands};
use registry::holdings::READERS;
use registry::web::api::{At, Group, Operation, Parameter, text};
use registry::web::{Fault, Fields, get_alone, guard};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashSet;
use tokio::sync::mpsc;

/// Chunks that wait to be sent: who reads slowly holds this much of the node's memory.
const WAITING: usize = 8;

pub(super) fn router() -> Router<Packages> {
    Router::new()
        .route("/records/{number}/package.zip", get(one).head(get_alone))
        .route("/works/{id}/package.zip", get(work).head(get_alone))
        .route("/packages", post(chosen))
        .route("/packages/check", post(super::check::check))
        .route("/api/v1/records/{number}/package.zip", get(for_program).head(get_alone))
        .route("/api/v1/packages", post(several))
}

/// Which records a program wants in one package.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-zh" = "放入一个证据包的记录"))]
struct PackageRequest {
    /// Evidence numbers, each once.
    #[schemars(extend("x-zh" = "证据编号，各一次", "minItems" = 1, "maxItems" = RECORDS_MAX))]
    numbers: Vec<String>,
    /// Whether names, statements and certificates are in it.
    #[serde(default = "yes")]
    #[schemars(extend("x-zh" = "是否包含姓名、陈述与证明"))]
    names: bool,
}

fn yes() -> bool {
    true
}

pub(super) fn operations() -> Vec<Operation> {
    let of = |method, path, id, summary| {
        Operation::new(method, path, id, Group::Records, summary).key(Scopes::RecordsRead.name())
    };
    let names = serde_json::json!({ "type": "string", "enum": ["yes", "no"], "default": "yes" });
    let says = text("no：不含姓名、陈述与证明", "no: without names, statements and certificates");
    let originals = text(
        "记录、时间戳、证明与离线核验程序；密钥另有 holdings:read 时含原件。",
        "Record, timestamp, certificate and the offline verifier; with the originals where the key has holdings:read as well.",
    );
    vec![
        of(
            "GET",
            "/api/v1/records/{number}/package.zip",
            "getPackage",
            text("证据包，ZIP", "The evidence package as ZIP"),
        )
        .note(originals)
        .parameter(Parameter::number())
        .parameter(Parameter::new("names", At::Query, names, says))
        .gives_bytes(200, "application/zip", text("证据包", "The package")),
        of("POST", "/api/v1/packages", "makePackage", text("多条记录的证据包", "A package of several records"))
            .note(text(
                "至多 2 000 条已盖戳的记录；内容与单条记录的证据包相同。",
                "Up to 2,000 stamped records; it holds what the package of one record holds.",
            ))
            .takes::<PackageRequest>(serde_json::json!({ "numbers": ["SY-…"] }))
            .command(
                "curl -X POST -OJ -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' \\\n  \
                 -d \"{\\\"numbers\\\":[\\\"$NUMBER\\\"]}\" \"$SHIYIN/api/v1/packages\"",
            )
            .refuses(&[404])
            .gives_bytes(200, "application/zip", text("证据包", "The package")),
    ]
}

/// What is asked for, for somebody who may take originals out or not.
fn holds(names: &str, may_fetch: bool) -> Holds {
    match (names, may_fetch) {
        ("no", _) => Holds::NoNames,
        (_, true) => Holds::Originals,
        (_, false) => Holds::Everything,
    }
}

/// Whether somebody may take an owner's originals out.
async fn may_fetch(me: &Me, owner: &Owner) -> Result<bool, Fault> {
    match Party::of(me, owner, READERS).await {
        Ok(_) => Ok(true),
        Err(Fault::NotAllowed) => Ok(false),
        Err(other) => Err(other),
    }
}

impl Packages {
    /// The answer, whose body is written while it is sent. Every record must be the party's and stamped.
    async fn package(
        &self,
        by: Party,
        numbers: Vec<EvidenceNumber>,
        holds: Holds,
        name: String,
    ) -> Result<Response<Body>, Fault> {
        let w = WORDS.of(by.language);
        let refuse = |what: String| Err(Fault::Field { field: "number", what });
        if numbers.is_empty() {
            return refuse(w.say("package-none"));
        }
        if numbers.len() > RECORDS_MAX {
            return refuse(w.fill("package-many", &[("count", &RECORDS_MAX.to_string())]));
        }
        for number in &numbers {
            let entry = self.evidence.entry_of(*number).await?.filter(|entry| entry.owner == by.owner);
            match entry.ok_or(Fault::NotFound)?.state {
                Stands::Kept => {}
                _ => return refuse(w.fill("package-waits", &[("number", &number.to_string())])),
            }
        }
        // What cannot be finished is not begun.
        if holds.has_names() && self.node().seal().is_none() {
            return refuse(w.say("package-no-seal"));
        }
        let (to, from) = mpsc::channel(WAITING);
        tokio::spawn(self.clone().write(by, numbers, holds, name.clone(), to));
        let chunks =
            futures_util::stream::unfold(from, |mut from| async move { from.recv().await.map(|chunk| (chunk, from)) });
        let mut response = Response::new(Body::from_stream(chunks));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let place = HeaderValue::from_str(&format!("attachment; filename=\"{name}.zip\""));
        headers.insert(header::CONTENT_DISPOSITION, place.unwrap_or(HeaderValue::from_static("attachment")));
        Ok(response)
    }
}

/// `GET /records/{number}/package.zip?names=no`
async fn one(State(room): State<Packages>, me: Me, Path(number): Path<String>) -> Response<Body> {
    let taken = async {
        let (by, entry) = room.evidence.reader(&me, &number, ANYONE).await?;
        let holds = holds(&me.cx.query("names"), may_fetch(&me, &entry.owner).await?);
        room.package(by, vec![entry.number], holds, entry.number.to_string()).await
    };
    me.cx.end(taken.await)
}

/// `GET /works/{id}/package.zip?names=no`: all that is stamped of a work.
async fn work(State(room): State<Packages>, me: Me, Path(id): Path<String>) -> Response<Body> {
    let taken = async {
        let organisation = me.cx.query("organisation");
        let by = Party::of(&me, &owner(&me, &organisation), ANYONE).await?;
        let all = room.evidence.of_origin(&by, &id).await?;
        let kept = all.iter().filter(|entry| entry.state == Stands::Kept);
        let numbers: Vec<EvidenceNumber> = kept.map(|entry| entry.number).collect();
        let name = numbers.first().ok_or(Fault::NotFound)?.to_string();
        let holds = holds(&me.cx.query("names"), may_fetch(&me, &by.owner).await?);
        room.package(by, numbers, holds, format!("{name}-work")).await
    };
    me.cx.end(taken.await)
}

pub(super) fn owner(me: &Me, organisation: &str) -> Owner {
    match organisation {
        "" => Owner::Person(me.person.id.clone()),
        id => Owner::Organisation(id.to_owned()),
    }
}

/// The numbers that were chosen, each once.
pub(super) fn numbers(fields: &Fields) -> Result<Vec<EvidenceNumber>, Fault> {
    let (mut numbers, mut known) = (Vec::new(), HashSet::new());
    for text in fields.all("number").filter(|text| known.insert(*text)).take(RECORDS_MAX + 1) {
        numbers.push(text.parse().map_err(|_| Fault::NotFound)?);
    }
    Ok(numbers)
}

/// `POST /packages`: what was chosen in a list.
async fn chosen(State(room): State<Packages>, Sent { me, fields }: Sent) -> Response<Body> {
    let taken = async {
        let by = Party::of(&me, &owner(&me, fields.text("organisation")), ANYONE).await?;
        let numbers = numbers(&fields)?;
        let name = numbers.first().map(ToString::to_string).unwrap_or_default();
        let name = if numbers.len() > 1 { format!("{name}-and-{}", numbers.len() - 1) } else { name };
        let holds = holds(fields.text("names"), may_fetch(&me, &by.owner).await?);
        room.package(by, numbers, holds, name).await
    };
    me.cx.end(taken.await)
}

/// `GET /api/v1/records/{number}/package.zip?names=no`
async fn for_program(State(room): State<Packages>, program: Program, Path(number): Path<String>) -> Response<Body> {
    let taken = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let number: EvidenceNumber = number.parse().map_err(|_| Fault::NotFound)?;
        // A key that reads records alone gets them alone.
        let may_fetch = program.may(Scopes::HoldingsRead).is_ok() && Party::of_program(&program, READERS).await.is_ok();
        let names = program.cx.one_of("names", |names| ["yes", "no"].contains(&names).then(|| names.to_owned()))?;
        let holds = holds(names.as_deref().unwrap_or("yes"), may_fetch);
        room.package(by, vec![number], holds, number.to_string()).await
    };
    program.cx.end(taken.await)
}

/// `POST /api/v1/packages`: of several records.
async fn several(
    State(room): State<Packages>,
    program: Program,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let taken = async {
        program.may(Scopes::RecordsRead)?;
        let by = Party::of_program(&program, ANYONE).await?;
        let body = body.map_err(|_| Fault::TooLarge(guard::BODY_BYTES_MAX))?;
        let asked: PackageRequest =
            serde_json::from_slice(&body).map_err(|error| Fault::Field { field: "body", what: error.to_string() })?;
        let mut numbers: Vec<EvidenceNumber> = Vec::new();
        for text in asked.numbers.iter().take(RECORDS_MAX + 1) {
            let number = text.parse().map_err(|_| Fault::NotFound)?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let may_fetch = program.may(Scopes::HoldingsRead).is_ok() && Party::of_program(&program, READERS).await.is_ok();
        let holds = holds(if asked.names { "yes" } else { "no" }, may_fetch);
        let first = numbers.first().map(ToString::to_string).unwrap_or_default();
        let name = if numbers.len() > 1 { format!("{first}-and-{}", numbers.len() - 1) } else { first };
        room.package(by, numbers, holds, name).await
    };
    program.cx.end(taken.await)
}

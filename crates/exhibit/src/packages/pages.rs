//! Taking packages away: of one record, of a work, of what was chosen.

use super::write::Holds;
use super::{Packages, RECORDS_MAX, WORDS};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, header};
use axum::routing::{get, post};
use proof::record::EvidenceNumber;
use registry::accounts::keys::Scopes;
use registry::accounts::organisation::ANYONE;
use registry::accounts::{Me, Program, Sent};
use registry::evidence::{Owner, Party, State as Stands};
use registry::holdings::READERS;
use registry::web::{Fault, Fields, get_alone};
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
        let holds = holds(&program.cx.query("names"), may_fetch);
        room.package(by, vec![number], holds, number.to_string()).await
    };
    program.cx.end(taken.await)
}

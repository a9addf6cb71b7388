//! Webhooks over the API: `/api/v1/webhooks`, `/api/v1/deliveries`, `/api/v1/events`.

use super::event::Kind;
use super::model::{Choice, NewEndpoint, State};
use super::operations::{PAGE, PAGE_MAX};
use super::view::{
    DeliveryDetail, DeliveryPage, EventPage, NewWebhook, ToldAttempt, ToldDelivery, Webhook, WebhookChange,
    WebhookList, WebhookSecret,
};
use super::{By, Endpoint, WORDS, Webhooks};
use crate::accounts::Program;
use crate::accounts::keys::Scopes;
use crate::web::api::Paging;
use crate::web::{Cx, Fault, guard, json};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State as Given};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;

pub(super) fn router() -> Router<Webhooks> {
    Router::new()
        .route("/api/v1/webhooks", get(list).post(make))
        .route("/api/v1/webhooks/{id}", get(show).patch(change).delete(remove))
        .route("/api/v1/webhooks/{id}/secret", post(rotate))
        .route("/api/v1/webhooks/{id}/ping", post(ping))
        .route("/api/v1/webhooks/{id}/deliveries", get(deliveries))
        .route("/api/v1/deliveries/{id}", get(delivery))
        .route("/api/v1/deliveries/{id}/replay", post(replay))
        .route("/api/v1/events", get(events))
}

/// The body of a request, read.
fn read<T: DeserializeOwned>(cx: &Cx, body: &[u8]) -> Result<T, Fault> {
    // Serde would also take an array for an object, field by field.
    let read = match body.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(body).map_err(|error| error.to_string()),
        _ => Err("expected an object".to_owned()),
    };
    read.map_err(|cause| {
        let what = cx.words(&WORDS).fill("body-wrong", &[("cause", &cause)]);
        Fault::Field { field: "body", what }
    })
}

fn came(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Fault> {
    body.map_err(|_| Fault::TooLarge(guard::BODY_BYTES_MAX))
}

/// The events that these names choose.
fn choice(by: &By, names: &[String]) -> Result<Choice, Fault> {
    let wrong = || Fault::Field { field: "events", what: by.words().say("events-wrong") };
    Choice::of(names.iter().map(String::as_str)).ok_or_else(wrong)
}

fn with_status(mut response: Response<Body>, status: StatusCode) -> Response<Body> {
    *response.status_mut() = status;
    response
}

/// Where a page ended: milliseconds and an id.
fn place(text: &str) -> Option<(i64, String)> {
    text.split_once('.').and_then(|(ms, id)| Some((ms.parse().ok()?, id.to_owned())))
}

impl Webhooks {
    async fn reader(&self, program: &Program) -> Result<By, Fault> {
        program.may(Scopes::WebhooksRead)?;
        self.by_program(program, true).await
    }

    async fn writer(&self, program: &Program) -> Result<By, Fault> {
        program.may(Scopes::WebhooksWrite)?;
        self.by_program(program, true).await
    }
}

/// `GET /api/v1/webhooks`
async fn list(Given(webhooks): Given<Webhooks>, program: Program) -> Response<Body> {
    let told = async {
        let by = webhooks.reader(&program).await?;
        let found = webhooks.endpoints(&by).await?;
        json(&WebhookList { webhooks: found.iter().map(Webhook::of).collect() })
    };
    program.cx.end(told.await)
}

/// `POST /api/v1/webhooks`
async fn make(
    Given(webhooks): Given<Webhooks>,
    program: Program,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let made = async {
        let by = webhooks.writer(&program).await?;
        let body = came(body)?;
        let act = async {
            let asked: NewWebhook = read(&program.cx, &body)?;
            let choice = choice(&by, &asked.events)?;
            let (url, description) = (asked.url, asked.description.trim().to_owned());
            let new = NewEndpoint { url, description, choice, is_enabled: asked.enabled };
            let (endpoint, secret) = webhooks.make(&by, &new).await?;
            let webhook = Webhook::of(&endpoint);
            let place = HeaderValue::from_str(&format!("/api/v1/webhooks/{}", endpoint.id)).map_err(Fault::broken)?;
            let mut response = with_status(json(&WebhookSecret { webhook, secret })?, StatusCode::CREATED);
            response.headers_mut().insert(header::LOCATION, place);
            Ok(response)
        };
        program.once(&headers, &body, act).await
    };
    program.cx.end(made.await)
}

/// `GET /api/v1/webhooks/{id}`
async fn show(Given(webhooks): Given<Webhooks>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let told = async {
        let by = webhooks.reader(&program).await?;
        json(&Webhook::of(&webhooks.endpoint(&by, &id).await?))
    };
    program.cx.end(told.await)
}

fn changed(by: &By, before: Endpoint, change: WebhookChange) -> Result<NewEndpoint, Fault> {
    let choice = match change.events {
        Some(names) => choice(by, &names)?,
        None => before.choice,
    };
    Ok(NewEndpoint {
        url: change.url.unwrap_or(before.url),
        description: change.description.map_or(before.description, |text| text.trim().to_owned()),
        choice,
        is_enabled: change.enabled.unwrap_or(before.disabled.is_none()),
    })
}

/// `PATCH /api/v1/webhooks/{id}`
async fn change(
    Given(webhooks): Given<Webhooks>,
    program: Program,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let done = async {
        let by = webhooks.writer(&program).await?;
        let before = webhooks.endpoint(&by, &id).await?;
        let new = changed(&by, before, read(&program.cx, &came(body)?)?)?;
        json(&Webhook::of(&webhooks.change(&by, &id, &new).await?))
    };
    program.cx.end(done.await)
}

/// `DELETE /api/v1/webhooks/{id}`
async fn remove(Given(webhooks): Given<Webhooks>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let done = async {
        let by = webhooks.writer(&program).await?;
        webhooks.remove(&by, &id).await?;
        Ok(with_status(Response::new(Body::empty()), StatusCode::NO_CONTENT))
    };
    program.cx.end(done.await)
}

/// `POST /api/v1/webhooks/{id}/secret`
async fn rotate(
    Given(webhooks): Given<Webhooks>,
    program: Program,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let done = async {
        let by = webhooks.writer(&program).await?;
        let act = async {
            let (endpoint, secret) = webhooks.rotate(&by, &id).await?;
            json(&WebhookSecret { webhook: Webhook::of(&endpoint), secret })
        };
        program.once(&headers, b"", act).await
    };
    program.cx.end(done.await)
}

/// `POST /api/v1/webhooks/{id}/ping`
async fn ping(
    Given(webhooks): Given<Webhooks>,
    program: Program,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let done = async {
        let by = webhooks.writer(&program).await?;
        let act = async {
            let endpoint = webhooks.endpoint(&by, &id).await?;
            let delivery = webhooks.ping(&by, &endpoint).await?;
            Ok(with_status(json(&ToldDelivery::of(&delivery))?, StatusCode::ACCEPTED))
        };
        program.once(&headers, b"", act).await
    };
    program.cx.end(done.await)
}

/// `GET /api/v1/webhooks/{id}/deliveries?state=failed`
async fn deliveries(Given(webhooks): Given<Webhooks>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let told = async {
        let by = webhooks.reader(&program).await?;
        let endpoint = webhooks.endpoint(&by, &id).await?;
        let state = program.cx.one_of("state", State::parse)?;
        let paging = Paging::of(&program.cx, PAGE_MAX, PAGE)?;
        let before = paging.place(place)?;
        let before = before.as_ref().map(|(ms, id)| (*ms, id.as_str()));
        let mut found = webhooks.deliveries(&endpoint.id, state, before, paging.limit + 1).await?;
        let has_more = found.len() > paging.limit;
        found.truncate(paging.limit);
        let next = found.last().filter(|_| has_more);
        let next = next.map(|last| paging.next(format!("{}.{}", last.made_ms, last.id)));
        let page = DeliveryPage { deliveries: found.iter().map(ToldDelivery::of).collect(), next: next.clone() };
        paging.answer(&page, next.as_deref())
    };
    program.cx.end(told.await)
}

/// `GET /api/v1/deliveries/{id}`
async fn delivery(Given(webhooks): Given<Webhooks>, program: Program, Path(id): Path<String>) -> Response<Body> {
    let told = async {
        let by = webhooks.reader(&program).await?;
        let delivery = webhooks.delivery(&by, &id).await?;
        let body = webhooks.body_of(&delivery).await?;
        let attempts = webhooks.attempts(&by, &id).await?.into_iter().map(ToldAttempt::of).collect();
        json(&DeliveryDetail { delivery: ToldDelivery::of(&delivery), body, attempts })
    };
    program.cx.end(told.await)
}

/// `POST /api/v1/deliveries/{id}/replay`
async fn replay(
    Given(webhooks): Given<Webhooks>,
    program: Program,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let done = async {
        let by = webhooks.writer(&program).await?;
        let act = async {
            let delivery = webhooks.replay(&by, &id).await?;
            Ok(with_status(json(&ToldDelivery::of(&delivery))?, StatusCode::ACCEPTED))
        };
        program.once(&headers, b"", act).await
    };
    program.cx.end(done.await)
}

/// `GET /api/v1/events?type=record.kept`: for any member, since each of them may be read by its own.
async fn events(Given(webhooks): Given<Webhooks>, program: Program) -> Response<Body> {
    let told = async {
        program.may(Scopes::WebhooksRead)?;
        let by = webhooks.by_program(&program, false).await?;
        let chosen = |name: &str| Kind::CHOSEN.into_iter().find(|kind| kind.name() == name);
        let kind = program.cx.one_of("type", chosen)?;
        let paging = Paging::of(&program.cx, PAGE_MAX, PAGE)?;
        let before = paging.place(place)?;
        let before = before.as_ref().map(|(ms, id)| (*ms, id.as_str()));
        let mut found = webhooks.events(&by, kind, before, paging.limit + 1).await?;
        let has_more = found.len() > paging.limit;
        found.truncate(paging.limit);
        let next = found.last().filter(|_| has_more);
        let next = next.map(|(ms, event)| paging.next(format!("{ms}.{}", event.id)));
        let events = found.into_iter().map(|(_, event)| event).collect();
        paging.answer(&EventPage { events, next: next.clone() }, next.as_deref())
    };
    program.cx.end(told.await)
}

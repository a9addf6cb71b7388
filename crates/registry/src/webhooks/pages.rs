//! Webhooks on pages: of a person, and of an organisation for its owners.

use super::model::{Choice, NewEndpoint, State};
use super::{By, Webhooks, place_of, sheets};
use crate::accounts::{Desk, Me, Sent, Shown};
use crate::web::{Cx, Fault, Fields};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Given};
use axum::http::Response;
use axum::routing::get;

pub(super) fn router() -> Router<Webhooks> {
    Router::new()
        .route("/account/webhooks", get(own_list).post(own_make))
        .route("/account/webhooks/{endpoint}", get(own_endpoint).post(own_act))
        .route("/account/webhooks/{endpoint}/{delivery}", get(own_delivery).post(own_replay))
        .route("/organisations/{id}/webhooks", get(their_list).post(their_make))
        .route("/organisations/{id}/webhooks/{endpoint}", get(their_endpoint).post(their_act))
        .route("/organisations/{id}/webhooks/{endpoint}/{delivery}", get(their_delivery).post(their_replay))
}

/// The entry on the page of an account or an organisation.
pub(super) struct WebhookDesk;

impl Desk for WebhookDesk {
    fn entry<'a>(&'a self, cx: &'a Cx, owner: &'a str) -> Shown<'a> {
        Box::pin(async move {
            let w = cx.words(&super::WORDS);
            Ok(Some((place_of(owner), w.say("webhooks"), w.say("webhooks-room"))))
        })
    }
}

/// What a form says of an endpoint.
fn said(by: &By, fields: &Fields, is_enabled: bool) -> Result<NewEndpoint, Fault> {
    let wrong = || Fault::Field { field: "event", what: by.words().say("events-wrong") };
    let choice = Choice::of(fields.all("event")).ok_or_else(wrong)?;
    let (url, description) = (fields.text("url").to_owned(), fields.text("description").to_owned());
    Ok(NewEndpoint { url, description, choice, is_enabled })
}

async fn list(webhooks: &Webhooks, me: &Me, by: Result<By, Fault>) -> Response<Body> {
    let shown = async { Ok(me.cx.page(&sheets::list(webhooks, me, &by?, None).await?)) };
    me.cx.end(shown.await)
}

async fn make(webhooks: &Webhooks, me: &Me, by: Result<By, Fault>, fields: &Fields) -> Response<Body> {
    let by = match by {
        Ok(by) => by,
        Err(fault) => return fault.answer(&me.cx),
    };
    if let Err(first) = me.fresh(&place_of(&by.owner)) {
        return *first;
    }
    let made = async {
        let (endpoint, secret) = webhooks.make(&by, &said(&by, fields, true)?).await?;
        Ok(me.cx.page(&sheets::secret(me, &by, &endpoint, secret)))
    };
    let answer = made.await;
    me.cx.end_form(answer, async |fault| sheets::list(webhooks, me, &by, Some((fields, fault))).await).await
}

/// Where a page of deliveries begins: behind this one.
fn before(cx: &Cx) -> Option<(i64, String)> {
    cx.asked("before").and_then(|text| {
        let (ms, id) = text.split_once('.')?;
        Some((ms.parse().ok()?, id.to_owned()))
    })
}

async fn endpoint(webhooks: &Webhooks, me: &Me, by: Result<By, Fault>, id: &str) -> Response<Body> {
    let shown = async {
        let by = by?;
        let found = webhooks.endpoint(&by, id).await?;
        let state = State::parse(&me.cx.query("state"));
        let sheet = sheets::endpoint(webhooks, me, &by, &found, (state, before(&me.cx)), None).await?;
        Ok(me.cx.page(&sheet))
    };
    me.cx.end(shown.await)
}

/// An act on an endpoint, which the form names.
async fn act(webhooks: &Webhooks, me: &Me, by: Result<By, Fault>, id: &str, fields: &Fields) -> Response<Body> {
    let by = match by {
        Ok(by) => by,
        Err(fault) => return fault.answer(&me.cx),
    };
    let found = match webhooks.endpoint(&by, id).await {
        Ok(found) => found,
        Err(fault) => return fault.answer(&me.cx),
    };
    let (list, what) = (place_of(&by.owner), fields.text("act"));
    let place = format!("{list}/{id}");
    if matches!(what, "change" | "secret" | "remove")
        && let Err(first) = me.fresh(&place)
    {
        return *first;
    }
    let as_it_is = |is_enabled| NewEndpoint {
        url: found.url.clone(),
        description: found.description.clone(),
        choice: found.choice.clone(),
        is_enabled,
    };
    let done = async {
        let said = match what {
            "change" => {
                webhooks.change(&by, id, &said(&by, fields, found.disabled.is_none())?).await?;
                "changed"
            }
            "enable" | "disable" => {
                webhooks.change(&by, id, &as_it_is(what == "enable")).await?;
                if what == "enable" { "enabled" } else { "disabled" }
            }
            "ping" => {
                webhooks.ping(&by, &found).await?;
                "sent"
            }
            "secret" => {
                let (endpoint, secret) = webhooks.rotate(&by, id).await?;
                return Ok(me.cx.page(&sheets::secret(me, &by, &endpoint, secret)));
            }
            "remove" => {
                webhooks.remove(&by, id).await?;
                return Ok(me.cx.see(&format!("{list}?said=removed")));
            }
            _ => return Err(Fault::Form),
        };
        Ok(me.cx.see(&format!("{place}?said={said}")))
    };
    let answer = done.await;
    let again =
        async |fault: &Fault| sheets::endpoint(webhooks, me, &by, &found, (None, None), Some((fields, fault))).await;
    me.cx.end_form(answer, again).await
}

async fn delivery(webhooks: &Webhooks, me: &Me, by: Result<By, Fault>, (endpoint, id): (&str, &str)) -> Response<Body> {
    let shown = async {
        let by = by?;
        let found = webhooks.delivery(&by, id).await?;
        if found.endpoint != endpoint {
            return Err(Fault::NotFound);
        }
        Ok(me.cx.page(&sheets::delivery(webhooks, me, &by, &found).await?))
    };
    me.cx.end(shown.await)
}

async fn replay(webhooks: &Webhooks, me: &Me, by: Result<By, Fault>, (endpoint, id): (&str, &str)) -> Response<Body> {
    let done = async {
        let by = by?;
        if webhooks.delivery(&by, id).await?.endpoint != endpoint {
            return Err(Fault::NotFound);
        }
        webhooks.replay(&by, id).await?;
        Ok(me.cx.see(&format!("{}/{endpoint}/{id}?said=replayed", place_of(&by.owner))))
    };
    me.cx.end(done.await)
}

/// `GET /account/webhooks`
async fn own_list(Given(webhooks): Given<Webhooks>, me: Me) -> Response<Body> {
    list(&webhooks, &me, webhooks.by_me(&me).await).await
}

/// `POST /account/webhooks`: the secret, shown once.
async fn own_make(Given(webhooks): Given<Webhooks>, Sent { me, fields }: Sent) -> Response<Body> {
    make(&webhooks, &me, webhooks.by_me(&me).await, &fields).await
}

/// `GET /account/webhooks/{endpoint}`
async fn own_endpoint(Given(webhooks): Given<Webhooks>, me: Me, Path(id): Path<String>) -> Response<Body> {
    endpoint(&webhooks, &me, webhooks.by_me(&me).await, &id).await
}

/// `POST /account/webhooks/{endpoint}`
async fn own_act(
    Given(webhooks): Given<Webhooks>,
    Path(id): Path<String>,
    Sent { me, fields }: Sent,
) -> Response<Body> {
    act(&webhooks, &me, webhooks.by_me(&me).await, &id, &fields).await
}

/// `GET /account/webhooks/{endpoint}/{delivery}`
async fn own_delivery(
    Given(webhooks): Given<Webhooks>,
    me: Me,
    Path((endpoint, id)): Path<(String, String)>,
) -> Response<Body> {
    delivery(&webhooks, &me, webhooks.by_me(&me).await, (&endpoint, &id)).await
}

/// `POST /account/webhooks/{endpoint}/{delivery}`: sends it again.
async fn own_replay(
    Given(webhooks): Given<Webhooks>,
    Path((endpoint, id)): Path<(String, String)>,
    Sent { me, .. }: Sent,
) -> Response<Body> {
    replay(&webhooks, &me, webhooks.by_me(&me).await, (&endpoint, &id)).await
}

/// `GET /organisations/{id}/webhooks`
async fn their_list(Given(webhooks): Given<Webhooks>, me: Me, Path(id): Path<String>) -> Response<Body> {
    list(&webhooks, &me, webhooks.by_owner(&me, &id).await).await
}

/// `POST /organisations/{id}/webhooks`: the secret, shown once.
async fn their_make(
    Given(webhooks): Given<Webhooks>,
    Path(id): Path<String>,
    Sent { me, fields }: Sent,
) -> Response<Body> {
    make(&webhooks, &me, webhooks.by_owner(&me, &id).await, &fields).await
}

/// `GET /organisations/{id}/webhooks/{endpoint}`
async fn their_endpoint(
    Given(webhooks): Given<Webhooks>,
    me: Me,
    Path((id, one)): Path<(String, String)>,
) -> Response<Body> {
    endpoint(&webhooks, &me, webhooks.by_owner(&me, &id).await, &one).await
}

/// `POST /organisations/{id}/webhooks/{endpoint}`
async fn their_act(
    Given(webhooks): Given<Webhooks>,
    Path((id, one)): Path<(String, String)>,
    Sent { me, fields }: Sent,
) -> Response<Body> {
    act(&webhooks, &me, webhooks.by_owner(&me, &id).await, &one, &fields).await
}

/// `GET /organisations/{id}/webhooks/{endpoint}/{delivery}`
async fn their_delivery(
    Given(webhooks): Given<Webhooks>,
    me: Me,
    Path((id, endpoint, one)): Path<(String, String, String)>,
) -> Response<Body> {
    delivery(&webhooks, &me, webhooks.by_owner(&me, &id).await, (&endpoint, &one)).await
}

/// `POST /organisations/{id}/webhooks/{endpoint}/{delivery}`: sends it again.
async fn their_replay(
    Given(webhooks): Given<Webhooks>,
    Path((id, endpoint, one)): Path<(String, String, String)>,
    Sent { me, .. }: Sent,
) -> Response<Body> {
    replay(&webhooks, &me, webhooks.by_owner(&me, &id).await, (&endpoint, &one)).await
}

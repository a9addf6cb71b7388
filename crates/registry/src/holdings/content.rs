//! What the content's host answers: an original or a picture of its preview, by an address that opens it,
//! and otherwise that there is nothing.
//!
//! No cookie is read or set here, no page shown, no form taken; a browser that holds an answer for a
//! document runs nothing in it. The media type comes from a short list of ours and from the first bytes
//! of the content, never from whoever sent it.

use super::capability::{Capability, LIFE_S, Purpose};
use super::fetch::{self, Given};
use super::{Holdings, READERS};
use crate::accounts::Me;
use crate::evidence::Party;
use crate::web::Fault;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State as Room};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::routing::get;
use proof::der::Time;

/// A document made of an answer is alone, has no origin, and loads and runs nothing.
const POLICY: &str = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "private, no-store"),
    // The pages that show it are of another site; whoever has no address that opens has nothing to embed.
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
];
/// What a browser may want content for. Never a script, a style, a frame, an object or a worker.
const WANTED: [&str; 5] = ["image", "video", "audio", "document", "empty"];

/// The router of the content's host: all that there is.
pub fn content_router(holdings: &Holdings) -> Router {
    Router::new()
        .route("/content/{token}", get(give))
        .fallback(async || nothing())
        .method_not_allowed_fallback(async || nothing())
        .with_state(holdings.clone())
        .layer(middleware::from_fn_with_state(holdings.clone(), guard))
}

fn nothing() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn guard(Room(room): Room<Holdings>, request: Request, next: Next) -> Response<Body> {
    let wanted = request.headers().get("sec-fetch-dest").and_then(|value| value.to_str().ok());
    let is_wanted = wanted.is_none_or(|wanted| WANTED.contains(&wanted));
    let mut response = if is_wanted { next.run(request).await } else { nothing() };
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.remove(header::SET_COOKIE);
    if room.accounts().site().is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

impl Holdings {
    /// An address on the content's host that opens an original or a picture of it for this session, for ten
    /// minutes. None where there is no such host. The caller has made sure that the person may.
    #[must_use]
    pub fn address(&self, me: &Me, holding: &str, purpose: Purpose) -> Option<String> {
        let host = self.accounts().site().node.profile.content.as_ref()?;
        let session = me.cx.session.as_ref()?.id.clone();
        let until = me.cx.now.plus_s(LIFE_S);
        let token = Capability { purpose, holding: holding.to_owned(), session, until }.token(self.accounts().vault());
        Some(format!("{}/content/{token}", host.origin()))
    }

    /// What a token opens, and for whom, asked anew at each use.
    async fn admitted(&self, token: &str, now: Time) -> Result<(Capability, Party), Fault> {
        let found = Capability::parse(token, self.accounts().vault(), now).ok_or(Fault::NotFound)?;
        let sessions = &self.accounts().site().sessions;
        let session = sessions.by_id(&found.session, now).await?.ok_or(Fault::NotFound)?;
        let owner = self.owner_of(&found.holding).await?.ok_or(Fault::NotFound)?;
        let by = Party::of_person(self.accounts(), &owner, &session.person, READERS, now).await?;
        Ok((found, by))
    }
}

/// `GET /content/{token}`, on the content's host alone.
async fn give(Room(room): Room<Holdings>, Path(token): Path<String>, headers: HeaderMap) -> Response<Body> {
    let given = async {
        let (found, by) = room.admitted(&token, room.now()).await?;
        match found.purpose {
            Purpose::Save => fetch::answer(&room, "", &by, &found.holding, &headers, Given::Saved).await,
            Purpose::Show => fetch::answer(&room, "", &by, &found.holding, &headers, Given::Shown).await,
            Purpose::Picture(number) => {
                let (media_type, bytes) = room.picture(&by, &found.holding, number).await?;
                let mut response = Response::new(Body::from(bytes));
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
                Ok(response)
            }
        }
    };
    match given.await {
        Ok(response) => response,
        // Why is nobody's affair here: the page that led here can say it.
        Err(fault) => {
            if let Fault::Broken(cause) = &fault {
                tracing::error!(%cause, "content cannot be shown");
            }
            nothing()
        }
    }
}

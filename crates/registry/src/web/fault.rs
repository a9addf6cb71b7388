//! What can go wrong for a visitor: whose fault, what happened, what to do.
//!
//! Rendered here and nowhere else, as a page or, under `/api/`, as JSON. The cause goes
//! to the messages under the enquiry number, never to the visitor.

use super::{Cx, Page, WORDS, Words};
use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

/// A request that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is nothing at this address.
    NotFound,
    /// The address is right, the method is not.
    MethodNotAllowed,
    /// A field is missing or wrong; the words say what, and what to do.
    Field {
        /// The name of the field.
        field: &'static str,
        /// What is wrong with it and what to do, in the visitor's language.
        what: String,
    },
    /// What was sent is no form, or one that no page of ours has.
    Form,
    /// The form is of another session, or of one that has ended.
    StaleForm,
    /// Nobody is signed in, or the key is not good.
    SignIn,
    /// This person may not do that, and may know that it can be done.
    NotAllowed,
    /// The account is frozen: nothing but what concerns the person's own data.
    Frozen,
    /// More was sent than is taken; the limit in bytes.
    TooLarge(usize),
    /// Too many requests from one address; the seconds to wait.
    TooMany(u32),
    /// The form was sent from another site.
    OtherSite,
    /// The answer took too long.
    TooSlow,
    /// A refusal of a room or a protocol with a status and words of its own.
    Refused {
        /// The status of the answer.
        status: StatusCode,
        /// What programs know it by.
        code: &'static str,
        /// What happened, in the visitor's language.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// Something is broken here. The cause is for the operator.
    Broken(String),
}

impl Fault {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Field { .. } => "field",
            Self::Form => "form",
            Self::StaleForm => "stale-form",
            Self::SignIn => "sign-in",
            Self::NotAllowed => "not-allowed",
            Self::Frozen => "frozen",
            Self::TooLarge(_) => "too-large",
            Self::TooMany(_) => "too-many",
            Self::OtherSite => "other-site",
            Self::TooSlow => "too-slow",
            Self::Refused { code, .. } => code,
            Self::Broken(_) => "broken",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Field { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Form => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::StaleForm | Self::NotAllowed | Self::Frozen => StatusCode::FORBIDDEN,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::OtherSite => StatusCode::FORBIDDEN,
            Self::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused { status, .. } => *status,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn is_ours(&self) -> bool {
        matches!(self, Self::TooSlow | Self::Broken(_))
    }

    fn texts(&self, w: Words) -> (String, String) {
        match self {
            Self::NotFound => (w.say("fault-not-found"), w.say("fault-not-found-do")),
            Self::MethodNotAllowed => (w.say("fault-method"), w.say("fault-method-do")),
            Self::Field { what, .. } => (w.say("fault-field"), what.clone()),
            Self::Form => (w.say("fault-form"), w.say("fault-form-do")),
            Self::StaleForm => (w.say("fault-stale"), w.say("fault-stale-do")),
            Self::SignIn => (w.say("fault-sign-in"), w.say("fault-sign-in-do")),
            Self::NotAllowed => (w.say("fault-not-allowed"), w.say("fault-not-allowed-do")),
            Self::Frozen => (w.say("fault-frozen"), w.say("fault-frozen-do")),
            Self::TooLarge(limit) => {
                let limit = proof_wasm::page::size(*limit as u64);
                (w.say("fault-too-large"), w.fill("fault-too-large-do", &[("limit", &limit)]))
            }
            Self::TooMany(wait_s) => {
                (w.say("fault-too-many"), w.fill("fault-too-many-do", &[("seconds", &wait_s.to_string())]))
            }
            Self::OtherSite => (w.say("fault-other-site"), w.say("fault-other-site-do")),
            Self::TooSlow => (w.say("fault-too-slow"), w.say("fault-too-slow-do")),
            Self::Refused { what, remedy, .. } => (what.clone(), remedy.clone()),
            Self::Broken(_) => (w.say("fault-broken"), w.say("fault-broken-do")),
        }
    }

    fn json(&self, cx: &Cx, what: &str, remedy: &str) -> Response<Body> {
        let field = match self {
            Self::Field { field, .. } => Some(*field),
            _ => None,
        };
        let whose = if self.is_ours() { "server" } else { "client" };
        let body = json!({ "error": {
            "code": self.code(), "fault": whose, "field": field,
            "message": what, "remedy": remedy, "enquiry": cx.enquiry,
        }});
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// The answer to a script of a page of ours, which shows it.
    #[must_use]
    pub fn answer_to_script(&self, cx: &Cx) -> Response<Body> {
        if let Self::Broken(cause) = self {
            tracing::error!(cause, enquiry = cx.enquiry, path = cx.path(), "a request came to nothing");
        }
        let (what, remedy) = self.texts(cx.words(&WORDS));
        self.json(cx, &what, &remedy)
    }

    /// One of ours, with its cause for the operator.
    pub fn broken(cause: impl std::fmt::Display) -> Self {
        Self::Broken(cause.to_string())
    }

    /// The answer to the visitor.
    #[must_use]
    pub fn answer(&self, cx: &Cx) -> Response<Body> {
        if let Self::Broken(cause) = self {
            tracing::error!(cause, enquiry = cx.enquiry, path = cx.path(), "a request came to nothing");
        }
        let w = cx.words(&WORDS);
        let (what, remedy) = self.texts(w);
        let mut response = if cx.path().starts_with("/api/") {
            self.json(cx, &what, &remedy)
        } else {
            let (whose, code) = (w.say(if self.is_ours() { "fault-ours" } else { "fault-yours" }), self.code());
            let (enquiry, at) = (cx.enquiry.clone(), proof_wasm::page::moment(cx.now, cx.language, false));
            let (href, link) = match self {
                Self::Frozen => ("/account/privacy", w.say("fault-privacy")),
                _ => ("/", w.say("fault-home")),
            };
            cx.page(&Refusal { w, what, remedy, whose, code, enquiry, at, href, link, status: self.status() })
        };
        if *self == Self::SignIn && cx.path().starts_with("/api/") {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooMany(wait_s) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*wait_s));
        }
        response
    }
}

impl From<store::StoreError> for Fault {
    fn from(error: store::StoreError) -> Self {
        Self::broken(error)
    }
}

impl From<trust::TrustError> for Fault {
    fn from(error: trust::TrustError) -> Self {
        Self::broken(error)
    }
}

#[derive(Template)]
#[template(path = "web/refusal.html")]
struct Refusal {
    w: Words,
    what: String,
    remedy: String,
    whose: String,
    code: &'static str,
    enquiry: String,
    at: String,
    href: &'static str,
    link: String,
    status: StatusCode,
}

impl Page for Refusal {
    fn title(&self) -> String {
        self.what.clone()
    }

    fn status(&self) -> StatusCode {
        self.status
    }
}

//! What can go wrong for a visitor: whose fault, what happened, what to do.
//!
//! Rendered here and nowhere else, as a page or, under `/api/v1/` and `/uploads`, as a problem (RFC 9457). The cause goes
//! to the messages under the enquiry number, never to the visitor.

use super::{Code, Cx, Page, WORDS, Words};
use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use proof::report::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// The query of an operation of the API has a name that it does not know.
    Query {
        /// The name, cut where it is long.
        name: String,
        /// Those that it knows.
        names: String,
    },
    /// What was sent is no form, or one that no page of ours has.
    Form,
    /// The form is of another session, or of one that has ended.
    StaleForm,
    /// Nobody is signed in, or the key is not good.
    SignIn,
    /// This person may not do that, and may know that it can be done.
    NotAllowed,
    /// The key of a program lacks this scope.
    Scope(&'static str),
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
        /// What programs know it by, with the status of the answer.
        code: Code,
        /// What happened, in the visitor's language.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// Something is broken here. The cause is for the operator.
    Broken(String),
}

/// A refusal, as programs read it (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "拒绝的说明（RFC 9457）"))]
pub(super) struct Problem<'a> {
    /// Where this kind of problem is described.
    #[serde(rename = "type")]
    #[schemars(extend("x-zh" = "说明此类问题的地址", "format" = "uri"))]
    kind: String,
    /// What happened.
    #[schemars(extend("x-zh" = "发生了什么"))]
    title: &'a str,
    /// The HTTP status.
    #[schemars(extend("x-zh" = "HTTP 状态码"))]
    status: u16,
    /// What happened and what to do, as one text.
    #[schemars(extend("x-zh" = "发生了什么、如何处理，合为一段"))]
    detail: &'a str,
    /// The enquiry number, by which the operator finds the cause.
    #[schemars(extend("x-zh" = "查询号，运营者据此查找原因"))]
    instance: &'a str,
    /// What programs know it by.
    #[schemars(extend("x-zh" = "供程序识别的代码"))]
    code: &'a str,
    /// Whose fault it is.
    #[schemars(extend("x-zh" = "问题在哪一方"))]
    fault: Whose,
    /// The field that is at fault, where it is one.
    #[schemars(extend("x-zh" = "出问题的字段；不涉及字段时为 null"))]
    field: Option<&'a str>,
    /// What to do.
    #[schemars(extend("x-zh" = "如何处理"))]
    remedy: &'a str,
}

/// A refusal of one thing among many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Refusal", extend("x-zh" = "对其中一项的拒绝"))]
pub struct Told {
    /// What programs know it by.
    #[schemars(extend("x-zh" = "供程序识别的代码"))]
    pub code: String,
    /// The field that is at fault, where it is one.
    #[schemars(extend("x-zh" = "出问题的字段；不涉及字段时为 null"))]
    pub field: Option<String>,
    /// What happened.
    #[schemars(extend("x-zh" = "发生了什么"))]
    pub title: String,
    /// What to do.
    #[schemars(extend("x-zh" = "如何处理"))]
    pub remedy: String,
}

#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Whose {
    Client,
    Server,
}

impl Fault {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::Field { .. } => Code::Field,
            Self::Query { .. } => Code::Query,
            Self::Form => Code::Form,
            Self::StaleForm => Code::StaleForm,
            Self::SignIn => Code::SignIn,
            Self::NotAllowed => Code::NotAllowed,
            Self::Scope(_) => Code::Scope,
            Self::Frozen => Code::Frozen,
            Self::TooLarge(_) => Code::TooLarge,
            Self::TooMany(_) => Code::TooMany,
            Self::OtherSite => Code::OtherSite,
            Self::TooSlow => Code::TooSlow,
            Self::Refused { code, .. } => *code,
            Self::Broken(_) => Code::Broken,
        }
    }

    fn status(&self) -> StatusCode {
        self.code().status()
    }

    /// What of the request is at fault, where it has a name.
    fn field(&self) -> Option<&str> {
        match self {
            Self::Field { field, .. } => Some(field),
            Self::Query { name, .. } => Some(name),
            _ => None,
        }
    }

    fn texts(&self, w: Words) -> (String, String) {
        match self {
            Self::NotFound => (w.say("fault-not-found"), w.say("fault-not-found-do")),
            Self::MethodNotAllowed => (w.say("fault-method"), w.say("fault-method-do")),
            Self::Field { what, .. } => (w.say("fault-field"), what.clone()),
            Self::Query { name, names } => {
                (w.fill("fault-query", &[("name", name)]), w.fill("fault-query-do", &[("names", names)]))
            }
            Self::Form => (w.say("fault-form"), w.say("fault-form-do")),
            Self::StaleForm => (w.say("fault-stale"), w.say("fault-stale-do")),
            Self::SignIn => (w.say("fault-sign-in"), w.say("fault-sign-in-do")),
            Self::NotAllowed => (w.say("fault-not-allowed"), w.say("fault-not-allowed-do")),
            Self::Scope(scope) => (w.fill("fault-scope", &[("scope", scope)]), w.say("fault-scope-do")),
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

    /// What a program is told (RFC 9457).
    fn problem(&self, cx: &Cx, what: &str, remedy: &str) -> Response<Body> {
        let (stop, blank) = if cx.language == Language::Zh { ("。", "") } else { (".", " ") };
        let ends = what.ends_with(['.', '。', '?', '？', '!', '！']) || remedy.is_empty();
        let detail = format!("{what}{}{blank}{remedy}", if ends { "" } else { stop });
        let problem = Problem {
            kind: format!("{}/api#{}", cx.site.node.profile.url, anchor(self.code())),
            title: what,
            status: self.status().as_u16(),
            detail: detail.trim(),
            instance: &cx.enquiry,
            code: self.code().name(),
            fault: if self.is_ours() { Whose::Server } else { Whose::Client },
            field: self.field(),
            remedy,
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&problem).unwrap_or_default()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(super::language_name(cx.language)));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Self::Scope(scope) = self {
            // RFC 6750 section 3.1.
            let asked = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
            headers.extend(HeaderValue::from_str(&asked).ok().map(|asked| (header::WWW_AUTHENTICATE, asked)));
        }
        response
    }

    /// The answer to a script of a page of ours, which shows it.
    #[must_use]
    pub fn answer_to_script(&self, cx: &Cx) -> Response<Body> {
        if let Self::Broken(cause) = self {
            tracing::error!(cause, enquiry = cx.enquiry, path = cx.path(), "a request came to nothing");
        }
        let (what, remedy) = self.texts(cx.words(&WORDS));
        self.problem(cx, &what, &remedy)
    }

    /// What is told of it where it is one of many things in an answer.
    #[must_use]
    pub fn told(&self, language: Language) -> Told {
        let (title, remedy) = self.texts(WORDS.of(language));
        Told { code: self.code().name().to_owned(), field: self.field().map(str::to_owned), title, remedy }
    }

    /// Whether it is the node's fault, so that the same may go well later.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::TooSlow | Self::Broken(_))
            || matches!(self, Self::Refused { code, .. } if code.status().is_server_error())
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
        let mut response = if is_for_programs(cx) {
            self.problem(cx, &what, &remedy)
        } else {
            let (whose, code) = (w.say(if self.is_ours() { "fault-ours" } else { "fault-yours" }), self.code().name());
            let (enquiry, at) = (cx.enquiry.clone(), proof_wasm::page::moment(cx.now, cx.language, false));
            let (href, link) = match self {
                Self::Frozen => ("/account/privacy", w.say("fault-privacy")),
                _ => ("/", w.say("fault-home")),
            };
            cx.page(&Refusal { w, what, remedy, whose, code, enquiry, at, href, link, status: self.status() })
        };
        if *self == Self::SignIn && is_for_programs(cx) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooMany(wait_s) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*wait_s));
        }
        response
    }
}

/// Where the reference tells of a code.
pub(super) fn anchor(code: Code) -> String {
    format!("problem-{}", code.name())
}

/// Whether what is at this address is never a page.
fn is_for_programs(cx: &Cx) -> bool {
    cx.path().starts_with("/api/v1/") || cx.path().split('/').nth(1) == Some("uploads")
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

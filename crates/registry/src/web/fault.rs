//! What can go wrong for a visitor: whose fault, what happened, what to do.
//!
//! Rendered here and nowhere else, as a page or, under `/api/v1/` and `/uploads`, as a problem (RFC 9457). The cause goes
//! to the messages under the enquiry number, never to the visitor.

use super::api::{Text, text};
use super::{Cx, Page, WORDS, Words};
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

    /// What a program is told (RFC 9457).
    fn problem(&self, cx: &Cx, what: &str, remedy: &str) -> Response<Body> {
        let field = match self {
            Self::Field { field, .. } => Some(*field),
            _ => None,
        };
        let (stop, blank) = if cx.language == Language::Zh { ("。", "") } else { (".", " ") };
        let ends = what.ends_with(['.', '。', '?', '？', '!', '！']) || remedy.is_empty();
        let detail = format!("{what}{}{blank}{remedy}", if ends { "" } else { stop });
        let problem = Problem {
            kind: format!("{}/api#problem-{}", cx.site.node.profile.url, self.code()),
            title: what,
            status: self.status().as_u16(),
            detail: detail.trim(),
            instance: &cx.enquiry,
            code: self.code(),
            fault: if self.is_ours() { Whose::Server } else { Whose::Client },
            field,
            remedy,
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&problem).unwrap_or_default()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(super::language_name(cx.language)));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
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
        let field = match self {
            Self::Field { field, .. } => Some((*field).to_owned()),
            _ => None,
        };
        Told { code: self.code().to_owned(), field, title, remedy }
    }

    /// Whether it is the node's fault, so that the same may go well later.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::TooSlow | Self::Broken(_))
            || matches!(self, Self::Refused { status, .. } if status.is_server_error())
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
            let (whose, code) = (w.say(if self.is_ours() { "fault-ours" } else { "fault-yours" }), self.code());
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

/// Every code, its status, and what it is, for programs.
pub(super) const CODES: &[(&str, u16, Text)] = &[
    ("field", 422, text("某一字段不能使用", "A field cannot be used")),
    ("form", 422, text("内容无法读取", "What was sent cannot be read")),
    ("sign-in", 401, text("没有密钥，或密钥无效", "There is no key, or it is not good")),
    ("not-allowed", 403, text("密钥没有此权限", "The key may not do that")),
    ("frozen", 403, text("账号已冻结", "The account is frozen")),
    ("stale-form", 403, text("表单已失效（仅网页）", "A form is no longer good; pages only")),
    ("other-site", 403, text("来自其他网站（仅浏览器）", "It came from another site; browsers only")),
    ("not-found", 404, text("没有这一项，或属他人", "There is none, or it is another's")),
    ("method-not-allowed", 405, text("此地址不接受此方法", "The address does not take this method")),
    ("in-progress", 409, text("同一键的请求正在办理", "A request with the same key is being carried out")),
    ("not-held", 409, text("这一批已确认，不能再改", "The batch was confirmed and cannot be changed")),
    ("too-large", 413, text("超过上限", "It is more than is taken")),
    ("too-many", 429, text("请求太多", "Too many requests")),
    ("too-slow", 503, text("应答太慢", "The answer took too long")),
    ("broken", 500, text("本节点故障", "Something is broken here")),
    ("header", 400, text("上传：请求头不合协议", "Uploads: a header is not what the protocol says")),
    ("version", 412, text("上传：协议版本不同", "Uploads: another version of the protocol")),
    ("media-type", 415, text("上传：内容类型不同", "Uploads: another media type")),
    ("offset", 409, text("上传：偏移量与已收到的不符", "Uploads: the offset is not what is here")),
    ("locked", 423, text("上传：另有程序正在写", "Uploads: another program is writing")),
    ("cut", 408, text("上传：途中断了", "Uploads: it broke off")),
    ("file-large", 413, text("上传：文件超过上限", "Uploads: the file is larger than is taken")),
    ("piece-large", 413, text("上传：一次发得太多", "Uploads: too much at once")),
    ("more-than-said", 413, text("上传：比声明的多", "Uploads: more than was said")),
    ("quota", 413, text("上传：超过可存放的总量", "Uploads: more than may be kept")),
    ("uploads-many", 429, text("上传：未完成的太多", "Uploads: too many are unfinished")),
    ("digest-missing", 422, text("上传：没有给出摘要", "Uploads: no digest was given")),
    ("digest-said", 409, text("上传：摘要前后不一", "Uploads: another digest was given before")),
    ("original-differs", 422, text("上传：内容与摘要不符", "Uploads: the content does not fit its digest")),
    ("checksum", 460, text("上传：内容与校验值不符", "Uploads: what arrived does not fit its checksum")),
    ("disk-full", 507, text("空间不足", "There is no room left")),
    ("storage-away", 503, text("存储暂时不可用", "The storage does not answer")),
    ("deposit-off", 403, text("本节点不存放原件", "This node keeps no originals")),
    ("blocked", 451, text("依法不得提供", "It may not be given, by law")),
    ("original-lost", 503, text("原件暂时无法取回", "The original cannot be given back now")),
    ("original-bound", 409, text("原件属于某条记录", "The original belongs to a record")),
    ("held", 409, text("原件被保全", "The original is under a hold")),
];

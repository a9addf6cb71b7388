//! The user guide: the Markdown files of `docs/guide`, the same in both languages.
//!
//! A file is a title, a lead, and parts under `##`; it becomes a page of the kit.

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Response, header};
use axum::routing::get;
use proof::report::Language;
use pulldown_cmark::{Options, Parser, html};
use registry::web::{Catalog, Cx, Fault, Nav, Page, Site, Words};
use std::sync::{Arc, LazyLock};

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// Its entry in the navigation.
pub const NAV: Nav = Nav { href: "/help", words: &WORDS };

macro_rules! topics {
    ($($name:literal)*) => {
        /// The topics in order, with their texts in Chinese and English.
        const TOPICS: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../../docs/guide/zh/", $name, ".md")),
            include_str!(concat!("../../../../docs/guide/en/", $name, ".md")),
        )),*];
    };
}
topics! { "protect" "stamp" "verify" "keep" "account" "billing" "questions" "command" "api" }

macro_rules! pictures {
    ($($name:literal)*) => {
        /// The pictures of the guide, which the browser tests take.
        const PICTURES: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../../../docs/guide/pictures/", $name)))),*];
    };
}
pictures! { "protect-zh.png" "protect-en.png" "account-zh.png" "account-en.png" "verify-zh.png" "verify-en.png" "result-zh.png" "result-en.png" "number-zh.png" "number-en.png" "certificate.png" }

/// The names of the topics.
#[cfg(test)]
pub(crate) fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|(name, _, _)| *name)
}

pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/help", get(list))
        .route("/help/{topic}", get(topic))
        .route("/help/pictures/{name}", get(picture))
}

struct Part {
    title: String,
    body: String,
}

struct Guide {
    name: &'static str,
    title: String,
    lead: String,
    parts: Vec<Part>,
}

fn guide(entry: &(&'static str, &'static str, &'static str), language: Language) -> Guide {
    let text = match language {
        Language::Zh => entry.1,
        Language::En => entry.2,
    };
    let mut sections = text.split("\n## ");
    let (title, lead) = sections.next().unwrap_or_default().split_once('\n').unwrap_or_default();
    let part = |section: &str| {
        let (title, body) = section.split_once('\n').unwrap_or((section, ""));
        Part { title: title.to_owned(), body: markdown(body) }
    };
    Guide {
        name: entry.0,
        title: title.trim_start_matches("# ").to_owned(),
        lead: lead.trim().to_owned(),
        parts: sections.map(part).collect(),
    }
}

fn markdown(text: &str) -> String {
    let text = text.replace("](../pictures/", "](/help/pictures/");
    let mut out = String::new();
    html::push_html(&mut out, Parser::new_ext(&text, Options::empty()));
    // Code can be wider than a phone: it scrolls, and the keyboard reaches it.
    out.replace("<pre>", "<pre class=\"pre\" tabindex=\"0\">")
}

#[derive(Template)]
#[template(path = "help/list.html")]
struct List {
    w: Words,
    guides: Vec<Guide>,
}

impl Page for List {
    fn title(&self) -> String {
        self.w.say("nav")
    }

    fn current(&self) -> &'static str {
        "/help"
    }
}

#[derive(Template)]
#[template(path = "help/topic.html")]
struct Topic {
    guide: Guide,
    others: Vec<Guide>,
    w: Words,
}

impl Page for Topic {
    fn title(&self) -> String {
        self.guide.title.clone()
    }

    fn current(&self) -> &'static str {
        "/help"
    }
}

async fn list(cx: Cx) -> Response<Body> {
    let guides = TOPICS.iter().map(|entry| guide(entry, cx.language)).collect();
    cx.page(&List { w: cx.words(&WORDS), guides })
}

async fn topic(cx: Cx, Path(name): Path<String>) -> Response<Body> {
    let Some(entry) = TOPICS.iter().find(|(known, _, _)| *known == name) else {
        return Fault::NotFound.answer(&cx);
    };
    let others = TOPICS.iter().filter(|(other, _, _)| *other != name).map(|e| guide(e, cx.language)).collect();
    cx.page(&Topic { guide: guide(entry, cx.language), others, w: cx.words(&WORDS) })
}

async fn picture(cx: Cx, Path(name): Path<String>) -> Response<Body> {
    let Some((_, bytes)) = PICTURES.iter().find(|(known, _)| *known == name) else {
        return Fault::NotFound.answer(&cx);
    };
    let mut response = Response::new(Body::from(*bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}

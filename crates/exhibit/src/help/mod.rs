//! The user guide and the operator guide: the Markdown files of `docs/guide` and `docs/operator`, the same in
//! both languages.
//!
//! A file is a title, a lead, and parts under `##`; it becomes a page of the kit.

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Response, header};
use axum::routing::get;
use proof::report::Language;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use registry::web::{Catalog, Cx, Fault, Nav, Page, Site, Words};
use std::sync::{Arc, LazyLock};

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// Its entry in the navigation.
pub const NAV: Nav = Nav { href: "/help", words: &WORDS };

/// A topic's name, with its texts in Chinese and English.
type Topic = (&'static str, &'static str, &'static str);

macro_rules! topics {
    ($folder:literal $($name:literal)*) => {
        &[$((
            $name,
            include_str!(concat!("../../../../docs/", $folder, "/zh/", $name, ".md")),
            include_str!(concat!("../../../../docs/", $folder, "/en/", $name, ".md")),
        )),*]
    };
}

/// The topics of the user guide, in order.
const GUIDE: &[Topic] =
    topics! { "guide" "protect" "stamp" "verify" "keep" "account" "billing" "questions" "command" "api" };
/// The chapters of the operator guide, in order.
const OPERATOR: &[Topic] = topics! { "operator" "parts" "install" "start" "configuration" "days" "people" "identity" "prices" "originals" "backup" "upgrade" "compromise" "growth" "retire" "trouble" };

macro_rules! pictures {
    ($folder:literal $($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../../../docs/", $folder, "/pictures/", $name)))),*]
    };
}

/// The pictures of the user guide, which the browser tests take.
const PICTURES: &[(&str, &[u8])] = pictures! { "guide" "protect-zh.png" "protect-en.png" "account-zh.png" "account-en.png" "keys-zh.png" "keys-en.png" "verify-zh.png" "verify-en.png" "result-zh.png" "result-en.png" "number-zh.png" "number-en.png" "certificate.png" };
/// Those of the operator guide.
const ROOM: &[(&str, &[u8])] = pictures! { "operator" "room-zh.png" "room-en.png" "standing-zh.png" "standing-en.png" "people-zh.png" "people-en.png" "organisations-zh.png" "organisations-en.png" "review-zh.png" "review-en.png" "reports-zh.png" "reports-en.png" "announcements-zh.png" "announcements-en.png" "billing-zh.png" "billing-en.png" "billing-prices-zh.png" "billing-prices-en.png" "holdings-zh.png" "holdings-en.png" };

/// The addresses of both guides' pages.
#[cfg(test)]
pub(crate) fn pages() -> impl Iterator<Item = String> {
    let of =
        |place: &'static str, topics: &'static [Topic]| topics.iter().map(move |topic| format!("{place}/{}", topic.0));
    of("/help", GUIDE).chain(of("/help/operator", OPERATOR))
}

pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/help", get(list))
        .route("/help/{topic}", get(topic))
        .route("/help/operator", get(operator_list))
        .route("/help/operator/{topic}", get(operator_topic))
        .route("/help/pictures/{name}", get(picture))
}

struct Part {
    title: String,
    body: String,
}

struct Guide {
    href: String,
    title: String,
    lead: String,
    parts: Vec<Part>,
}

/// A topic of the guide that is at `place`.
fn guide(place: &str, entry: &Topic, language: Language) -> Guide {
    let text = match language {
        Language::Zh => entry.1,
        Language::En => entry.2,
    };
    let mut sections = text.split("\n## ");
    let (title, lead) = sections.next().unwrap_or_default().split_once('\n').unwrap_or_default();
    let part = |section: &str| {
        let (title, body) = section.split_once('\n').unwrap_or((section, ""));
        Part { title: title.to_owned(), body: markdown(place, body) }
    };
    Guide {
        href: format!("{place}/{}", entry.0),
        title: title.trim_start_matches("# ").to_owned(),
        lead: lead.trim().to_owned(),
        parts: sections.map(part).collect(),
    }
}

/// Links to chapters lead to where they are served. Of links to files that are not, the words stay. Cells of a table
/// have their column's name, for phones on which rows stand below each other.
fn markdown(place: &str, text: &str) -> String {
    let text = text.replace("](../pictures/", "](/help/pictures/");
    let (mut is_outside, mut is_head, mut column) = (false, false, 0);
    let mut heads: Vec<String> = Vec::new();
    let events = Parser::new_ext(&text, Options::ENABLE_TABLES).filter_map(|event| {
        match &event {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                is_outside = dest_url.starts_with("../");
                let served = dest_url.strip_suffix(".md").map(|name| format!("{place}/{name}").into());
                let (link_type, dest_url) = (*link_type, served.unwrap_or_else(|| dest_url.clone()));
                let link = Tag::Link { link_type, dest_url, title: title.clone(), id: id.clone() };
                return (!is_outside).then_some(Event::Start(link));
            }
            Event::End(TagEnd::Link) if is_outside => return None,
            Event::Start(Tag::TableHead) => (is_head, heads) = (true, Vec::new()),
            Event::End(TagEnd::TableHead) => is_head = false,
            Event::Start(Tag::TableRow) => column = 0,
            Event::Start(Tag::TableCell) if is_head => heads.push(String::new()),
            Event::Start(Tag::TableCell) => {
                let head = heads.get(column).map_or("", String::as_str);
                column += 1;
                let head = head.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
                return Some(Event::InlineHtml(format!("<td data-label=\"{head}\">").into()));
            }
            Event::End(TagEnd::TableCell) if !is_head => return Some(Event::InlineHtml("</td>".into())),
            Event::Text(words) | Event::Code(words) if is_head => {
                if let Some(head) = heads.last_mut() {
                    head.push_str(words);
                }
            }
            _ => {}
        }
        Some(event)
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    // Code and tables can be wider than a page: they scroll, and the keyboard reaches them.
    out.replace("<pre>", "<pre class=\"pre\" tabindex=\"0\">")
        .replace("<table>", "<div class=\"scrolls\" tabindex=\"0\"><table class=\"stacks\">")
        .replace("</table>", "</table></div>")
}

#[derive(Template)]
#[template(path = "help/list.html")]
struct List {
    w: Words,
    title: String,
    lead: String,
    guides: Vec<Guide>,
    /// Whether it is the first page, which leads to the reference and the other guide too.
    is_first: bool,
}

impl Page for List {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn current(&self) -> &'static str {
        "/help"
    }
}

#[derive(Template)]
#[template(path = "help/topic.html")]
struct Chapter {
    guide: Guide,
    others: Vec<Guide>,
    w: Words,
}

impl Page for Chapter {
    fn title(&self) -> String {
        self.guide.title.clone()
    }

    fn current(&self) -> &'static str {
        "/help"
    }
}

fn all(place: &str, topics: &[Topic], cx: &Cx) -> Vec<Guide> {
    topics.iter().map(|entry| guide(place, entry, cx.language)).collect()
}

async fn list(cx: Cx) -> Response<Body> {
    let (w, guides) = (cx.words(&WORDS), all("/help", GUIDE, &cx));
    cx.page(&List { w, title: w.say("nav"), lead: w.say("lead"), guides, is_first: true })
}

async fn operator_list(cx: Cx) -> Response<Body> {
    let (w, guides) = (cx.words(&WORDS), all("/help/operator", OPERATOR, &cx));
    cx.page(&List { w, title: w.say("operator"), lead: w.say("operator-lead"), guides, is_first: false })
}

fn show(cx: &Cx, place: &str, topics: &[Topic], name: &str) -> Response<Body> {
    let Some(entry) = topics.iter().find(|(known, _, _)| *known == name) else {
        return Fault::NotFound.answer(cx);
    };
    let others = topics.iter().filter(|(other, _, _)| *other != name).map(|e| guide(place, e, cx.language)).collect();
    cx.page(&Chapter { guide: guide(place, entry, cx.language), others, w: cx.words(&WORDS) })
}

async fn topic(cx: Cx, Path(name): Path<String>) -> Response<Body> {
    show(&cx, "/help", GUIDE, &name)
}

async fn operator_topic(cx: Cx, Path(name): Path<String>) -> Response<Body> {
    show(&cx, "/help/operator", OPERATOR, &name)
}

async fn picture(cx: Cx, Path(name): Path<String>) -> Response<Body> {
    let Some((_, bytes)) = PICTURES.iter().chain(ROOM).find(|(known, _)| *known == name) else {
        return Fault::NotFound.answer(&cx);
    };
    let mut response = Response::new(Body::from(*bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn cells_have_the_name_of_their_column() {
        let page = markdown("/help/operator", "| `key` \"a\" | [what](start.md) |\n|---|---|\n| x | <b>y |\n| z | |\n");
        assert!(page.contains("<table class=\"stacks\">") && page.contains("<th>"), "{page}");
        assert!(page.contains("<td data-label=\"key &quot;a&quot;\">x</td>"), "{page}");
        assert!(page.contains("<td data-label=\"what\">"), "{page}");
        assert!(page.contains(">z</td><td data-label=\"what\"></td>"), "{page}");
        assert_eq!(page.matches("<td").count(), page.matches("</td>").count());
    }

    #[test]
    fn links_out_of_the_guide_are_words() {
        let page = markdown("/help/operator", "[a](start.md) [b](../../webhooks.md) [c](https://x.example/)");
        assert!(
            page.contains("<a href=\"/help/operator/start\">a</a> b <a href=\"https://x.example/\">c</a>"),
            "{page}"
        );
    }
}

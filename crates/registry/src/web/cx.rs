//! What a request comes with: who, when, which language, which node; and how a page leaves.

use super::language::{self, LANGUAGE_COOKIE};
use super::node::Node;
use super::{Nav, WORDS, Words, assets};
use askama::Template;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use proof::der::Time;
use proof::report::Language;
use proof_wasm::page::escape;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What all pages of a node share.
pub struct Site {
    /// The node.
    pub node: Arc<Node>,
    /// The navigation, in order; eight at most.
    pub nav: Vec<Nav>,
    /// Requests so far, for their numbers.
    requests: AtomicU64,
}

impl Site {
    /// The pages of a node.
    #[must_use]
    pub fn new(node: Arc<Node>, nav: Vec<Nav>) -> Arc<Self> {
        Arc::new(Self { node, nav, requests: AtomicU64::new(0) })
    }
}

/// One request, as every handler gets it.
#[derive(Clone)]
pub struct Cx {
    /// The site.
    pub site: Arc<Site>,
    /// The language to answer in.
    pub language: Language,
    /// When it came.
    pub now: Time,
    /// What the operator finds it by in the messages.
    pub enquiry: String,
    chosen: Option<Language>,
    uri: Uri,
}

impl FromRequestParts<Arc<Site>> for Cx {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Infallible> {
        let (chosen, language) = language::of(parts.uri.query(), &parts.headers);
        let now = site.node.now();
        let number = site.requests.fetch_add(1, Ordering::Relaxed);
        let enquiry = format!("{:x}-{number:x}", now.unix_s());
        Ok(Self { site: Arc::clone(site), language, now, enquiry, chosen, uri: parts.uri.clone() })
    }
}

/// A page: its template fills the middle of the layout.
pub trait Page: Template {
    /// The title in the browser's tab.
    fn title(&self) -> String;

    /// The address of the navigation's entry that it belongs to.
    fn current(&self) -> &'static str {
        ""
    }

    /// Whether it runs the verifier, which the policy of the browser must allow.
    fn runs_verifier(&self) -> bool {
        false
    }

    /// The status of the answer.
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }
}

struct Entry {
    href: &'static str,
    long: String,
    short: String,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "web/layout.html")]
struct Layout<'a> {
    w: Words,
    lang: &'static str,
    title: String,
    style: &'static str,
    script: &'static str,
    other_href: String,
    other_lang: &'static str,
    nav: Vec<Entry>,
    is_evaluation: bool,
    operator: String,
    filing: &'a str,
    made: String,
    clock: Option<String>,
    log: String,
    body: String,
}

impl Cx {
    /// Words of a room in the request's language.
    #[must_use]
    pub fn words(&self, catalog: &'static super::Catalog) -> Words {
        catalog.of(self.language)
    }

    /// The path that was asked for.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The answer that shows a page.
    #[must_use]
    pub fn page(&self, page: &impl Page) -> Response<Body> {
        let body = match page.render() {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, enquiry = self.enquiry, "a page cannot be rendered");
                String::new()
            }
        };
        let html = self.layout(page, body).render().unwrap_or_default();
        let mut response = Response::new(Body::from(html));
        *response.status_mut() = page.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
        let policy = match page.runs_verifier() {
            true => super::guard::VERIFIER_POLICY,
            false => super::guard::PAGE_POLICY,
        };
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        if let Some(chosen) = self.chosen {
            let cookie =
                format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax", language::name(chosen));
            headers.extend(HeaderValue::from_str(&cookie).ok().map(|value| (header::SET_COOKIE, value)));
        }
        response
    }

    fn layout(&self, page: &impl Page, body: String) -> Layout<'_> {
        let node = &self.site.node;
        let w = self.words(&WORDS);
        let other = match self.language {
            Language::Zh => Language::En,
            Language::En => Language::Zh,
        };
        let entry = |nav: &Nav| {
            let words = self.words(nav.words);
            let is_current = nav.href == page.current();
            Entry { href: nav.href, long: words.say("nav"), short: words.say("nav-short"), is_current }
        };
        let clock = node.clock_status().map(|status| match status.measurement {
            Some((off_ns, error_ns)) if status.told.is_ok() => {
                let ms = |ns: i64| format!("{:+.1}", ns as f64 / 1e6);
                let error = ms(error_ns).replace('+', "");
                w.fill("foot-clock", &[("offset", &ms(off_ns)), ("error", &error)])
            }
            _ => w.say("foot-clock-not-told"),
        });
        let public = node.public();
        let operator = &public.instance.operator.name;
        Layout {
            w,
            lang: if self.language == Language::Zh { "zh-Hans" } else { "en" },
            title: page.title(),
            style: assets::path("look.css"),
            script: if page.runs_verifier() { assets::path("verify.js") } else { "" },
            other_href: format!("?lang={}", language::name(other)),
            other_lang: if other == Language::Zh { "zh-Hans" } else { "en" },
            nav: self.site.nav.iter().map(entry).collect(),
            is_evaluation: node.is_evaluation(),
            operator: w.fill("foot-operator", &[("name", operator)]),
            filing: &node.profile.filing,
            made: w.fill(
                "foot-made",
                &[("time", &proof_wasm::page::instant(self.now.truncate_to_second(), self.language))],
            ),
            clock,
            log: w.fill("foot-log", &[("count", &grouped(node.log_size()))]),
            body,
        }
    }
}

/// A number in groups of three, with spaces that do not break.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    escape(&out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_stand_in_groups() {
        assert_eq!(super::grouped(1_284_507), "1\u{a0}284\u{a0}507");
        assert_eq!(super::grouped(999), "999");
    }
}

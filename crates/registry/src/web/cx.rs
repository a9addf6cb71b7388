//! What a request comes with: who, when, which language, which node; and how a page leaves.

use super::announced::Announced;
use super::language::{self, LANGUAGE_COOKIE};
use super::node::Node;
use super::rate::Budget;
use super::session::{Session, Sessions, Token};
use super::{Fault, Nav, RateLimit, WORDS, Words, assets};
use askama::Template;
use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use proof::der::Time;
use proof::report::Language;
use proof_wasm::page::escape;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Verifications that one address gets in a second. The host itself is not counted: what comes from there
/// is its operator's, or came through a proxy that hides who asks.
const CHECKS_PER_S: u32 = 30;

/// What all pages of a node share.
pub struct Site {
    /// The node.
    pub node: Arc<Node>,
    /// The navigation, in order; eight at most.
    pub nav: Vec<Nav>,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Requests so far, for their numbers.
    requests: AtomicU64,
    /// Verifications for strangers.
    checks: RateLimit,
    /// What the operator tells everybody.
    pub(super) announced: Announced,
}

impl Site {
    /// The pages of a node.
    #[must_use]
    pub fn new(node: Arc<Node>, nav: Vec<Nav>, sessions: Sessions) -> Arc<Self> {
        let (requests, checks) = (AtomicU64::new(0), RateLimit::new(CHECKS_PER_S));
        Arc::new(Self { node, nav, sessions, requests, checks, announced: Announced::default() })
    }

    /// Whether browsers reach it over TLS, so that cookies can be bound to that.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.node.profile.url.starts_with("https://")
    }
}

/// Who sent a request, as the outermost layer found out.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub IpAddr);

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
    /// The session that it belongs to.
    pub session: Option<Session>,
    /// What the browser holds of the session.
    pub token: Option<Token>,
    /// The address that it came from.
    pub caller: Option<IpAddr>,
    /// What the key of a program may send yet, once it is known.
    pub(crate) budget: Arc<OnceLock<Budget>>,
    chosen: Option<Language>,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Cx
where
    Arc<Site>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // The guard made it for this request: one look at the session, one number for the enquiry.
        if let Some(cx) = parts.extensions.get::<Self>() {
            return Ok(cx.clone());
        }
        let site = Arc::<Site>::from_ref(state);
        let (chosen, language) = language::of(parts.uri.query(), &parts.headers);
        let now = site.node.now();
        let number = site.requests.fetch_add(1, Ordering::Relaxed);
        let enquiry = format!("{:x}-{number:x}", now.unix_s());
        let token = Token::of(&parts.headers, site.is_secure());
        let session = match &token {
            None => None,
            // Who cannot be looked up is nobody.
            Some(token) => site.sessions.find(token, now).await.unwrap_or_else(|error| {
                tracing::error!(%error, enquiry, "sessions cannot be read");
                None
            }),
        };
        let caller = parts.extensions.get::<Caller>().map(|caller| caller.0);
        let (budget, uri) = (Arc::default(), parts.uri.clone());
        Ok(Self { language, now, enquiry, session, token, caller, budget, chosen, uri, site })
    }
}

/// Which scripts a page runs; the policy of the browser allows no others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scripts {
    /// None.
    #[default]
    None,
    /// The verifier, with its workers and WebAssembly.
    Verifier,
    /// What speaks with the person's authenticator.
    Passkeys,
    /// What goes on playing where an address has run out.
    Player,
    /// What hashes and uploads files for an application, with its workers and WebAssembly.
    Protect,
}

/// A page: its template fills the middle of the layout.
pub trait Page: Template {
    /// The title in the browser's tab.
    fn title(&self) -> String;

    /// The address of the navigation's entry that it belongs to.
    fn current(&self) -> &'static str {
        ""
    }

    /// Which scripts it runs.
    fn scripts(&self) -> Scripts {
        Scripts::None
    }

    /// Whether it shows what people sent in, from the content's host.
    fn shows_content(&self) -> bool {
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
    scripts: Vec<&'static str>,
    other_href: String,
    other_lang: &'static str,
    nav: Vec<Entry>,
    is_signed_in: bool,
    is_evaluation: bool,
    announced: Vec<String>,
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

    /// Whether the answer is in Chinese.
    #[must_use]
    pub fn is_chinese(&self) -> bool {
        self.language == Language::Zh
    }

    /// The path that was asked for.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The address that was asked for, with its query.
    #[must_use]
    pub fn address(&self) -> &str {
        self.uri.path_and_query().map_or("/", |address| address.as_str())
    }

    /// The value of a name in the address; empty where it is not there.
    #[must_use]
    pub fn query(&self, name: &str) -> String {
        let query = self.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(n, _)| n == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// The same; none where the name is not there.
    #[must_use]
    pub fn asked(&self, name: &str) -> Option<String> {
        self.pairs().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// What stands behind the question mark, in order.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
    }

    /// What stands in an address under a name, as one of a few values; none where the name is not there.
    ///
    /// # Errors
    /// A field fault where it is none of them.
    pub fn one_of<T>(&self, name: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Fault> {
        let wrong = || Fault::Field { field: name, what: self.words(&WORDS).fill("value-wrong", &[("name", name)]) };
        self.asked(name).map(|value| read(&value).ok_or_else(wrong)).transpose()
    }

    /// What a form of this session carries; empty where nobody is signed in.
    #[must_use]
    pub fn form_token(&self) -> String {
        self.token.as_ref().filter(|_| self.session.is_some()).map(Token::form_token).unwrap_or_default()
    }

    /// Counts a verification for whoever asks.
    ///
    /// # Errors
    /// [`Fault::TooMany`] where this address had its share of this second.
    pub fn count_check(&self) -> Result<(), Fault> {
        let Some(caller) = self.caller.filter(|caller| !caller.to_canonical().is_loopback()) else { return Ok(()) };
        let now_s = u64::try_from(self.now.unix_s()).unwrap_or_default();
        // Who has one address of IPv6 has all of its network.
        let network = match caller {
            IpAddr::V6(address) if address.to_ipv4_mapped().is_none() => {
                IpAddr::V6((address.to_bits() >> 64 << 64).into())
            }
            other => other.to_canonical(),
        };
        self.site.checks.take(network, now_s).map_err(Fault::TooMany)
    }

    /// The answer that leads on to another page of this site, after an act.
    #[must_use]
    pub fn see(&self, path: &str) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        // What cannot be a header's value was never an address of ours.
        let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
        response.headers_mut().insert(header::LOCATION, place);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
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
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static(if self.session.is_some() { "no-store" } else { "no-cache" }),
        );
        headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
        let policy = match page.scripts() {
            Scripts::None => super::guard::PAGE_POLICY,
            Scripts::Verifier | Scripts::Protect => super::guard::VERIFIER_POLICY,
            Scripts::Passkeys | Scripts::Player => super::guard::PASSKEY_POLICY,
        };
        let host = self.site.node.profile.content.as_ref().filter(|_| page.shows_content());
        let wider = host.and_then(|host| super::guard::with_content(policy, host));
        headers.insert(header::CONTENT_SECURITY_POLICY, wider.unwrap_or(HeaderValue::from_static(policy)));
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
            scripts: match page.scripts() {
                Scripts::None => Vec::new(),
                Scripts::Verifier => vec![assets::path("verify.js")],
                Scripts::Passkeys => vec![assets::path("passkey.js")],
                Scripts::Player => vec![assets::path("player.js")],
                Scripts::Protect => vec![assets::path("upload.js"), assets::path("protect.js")],
            },
            is_signed_in: self.session.is_some(),
            other_href: format!("?lang={}", language::name(other)),
            other_lang: if other == Language::Zh { "zh-Hans" } else { "en" },
            nav: self.site.nav.iter().map(entry).collect(),
            is_evaluation: node.is_evaluation(),
            announced: self.site.announced_now(self.now, self.language),
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

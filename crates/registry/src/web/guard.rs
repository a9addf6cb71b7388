//! What holds for every answer: headers, sizes, times, and no writing from other sites.
//!
//! A request that changes something must come from a page of this site: the browser says
//! so in `Sec-Fetch-Site`, older ones in `Origin`. Who sends neither is no browser, and
//! carries no cookie of a user. Forms that act for somebody carry a token beside that.

use super::{ContentHost, Cx, Fault, Site};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use axum::middleware::Next;
use std::sync::Arc;
use std::time::Duration;

/// The policy of a page.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'none'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The policy of a page that runs the verifier: its own scripts, its worker, and WebAssembly.
pub const VERIFIER_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'none'; \
     script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// The policy of a page that asks for a passkey: its own script, and nothing else.
pub const PASSKEY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'none'; \
     script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A policy that lets pictures and films come from the content's host as well, and nothing else of it.
#[must_use]
pub fn with_content(policy: &str, host: &ContentHost) -> Option<HeaderValue> {
    let origin = host.origin();
    let wider = policy.replace("img-src 'self'", &format!("img-src 'self' {origin}; media-src {origin}"));
    HeaderValue::from_str(&wider).ok()
}

/// Bodies of forms and of the API; larger ones are refused.
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
];

/// The layer around every page and every answer of the API.
pub async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response<Body> {
    guarded(site, request, next, Some(ANSWER_TIMEOUT)).await
}

/// The layer around what takes or gives bytes for as long as they flow. It bounds its own waiting.
pub async fn guard_stream(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response<Body> {
    guarded(site, request, next, None).await
}

async fn guarded(site: Arc<Site>, request: Request, next: Next, timeout: Option<Duration>) -> Response<Body> {
    let is_read = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let (mut parts, body) = request.into_parts();
    let Ok(cx) = <Cx as axum::extract::FromRequestParts<_>>::from_request_parts(&mut parts, &site).await;
    let mut response = if !is_text(parts.uri.path()) {
        Fault::NotFound.answer(&cx)
    } else if !is_read && !is_from_here(&parts.headers) {
        Fault::OtherSite.answer(&cx)
    } else {
        parts.extensions.insert(cx.clone());
        let answer = next.run(Request::from_parts(parts, body));
        match timeout {
            None => answer.await,
            Some(timeout) => match tokio::time::timeout(timeout, answer).await {
                Ok(response) => response,
                Err(_) => Fault::TooSlow.answer(&cx),
            },
        }
    };
    for (name, value) in cx.budget.get().into_iter().flat_map(super::rate::Budget::headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    for (name, value) in ALWAYS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if !response.headers().contains_key(header::CONTENT_SECURITY_POLICY) {
        let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if site.is_secure() {
        let hsts = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    response
}

/// Whether a path can be one of ours: no id and no file's name holds a NUL, which no database takes, and all are UTF-8.
fn is_text(path: &str) -> bool {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    !bytes.contains(&0) && std::str::from_utf8(&bytes).is_ok()
}

/// Whether a request that changes something comes from a page of this site, or from no browser.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (text("origin"), text("host")) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, name)| name == host),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_let_in_as_pictures_and_films_alone() {
        let host = ContentHost::parse("https://content.example").unwrap();
        for policy in [PAGE_POLICY, PASSKEY_POLICY] {
            let wider = with_content(policy, &host).unwrap();
            let wider = wider.to_str().unwrap();
            let named: Vec<&str> =
                wider.split(';').map(str::trim).filter(|part| part.contains("content.example")).collect();
            assert_eq!(named, ["img-src 'self' https://content.example", "media-src https://content.example"]);
            assert!(wider.starts_with("default-src 'none'"));
        }
    }

    #[test]
    fn paths_are_text() {
        for (path, is_ours) in
            [("/a/%E6%9C%88", true), ("/a%00", false), ("/a/%FF", false), ("/100%", true), ("/%zz", true)]
        {
            assert_eq!(is_text(path), is_ours, "{path}");
        }
    }

    #[test]
    fn other_sites_cannot_write() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect::<HeaderMap>()
        };
        assert!(is_from_here(&headers(&[])));
        assert!(is_from_here(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(!is_from_here(&headers(&[("sec-fetch-site", "cross-site")])));
        assert!(!is_from_here(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(is_from_here(&headers(&[("origin", "https://a.example"), ("host", "a.example")])));
        assert!(!is_from_here(&headers(&[("origin", "https://b.example"), ("host", "a.example")])));
        assert!(!is_from_here(&headers(&[("origin", "null"), ("host", "a.example")])));
    }
}

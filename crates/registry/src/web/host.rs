//! The content's own host name: what people sent in is shown from there, and nothing else is there.
//!
//! A name and not a port tells the two apart, because cookies know no ports. A request for the content's
//! name reaches its router and no other, whatever its path; every other request reaches the site.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, Uri, header};
use tower_service::Service as _;

/// Where content is shown from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentHost {
    origin: String,
    name: String,
}

/// The name in `NAME` or `NAME:PORT`, as names are compared.
fn name_of(authority: &str) -> String {
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The name in an address such as `https://shiyin.example`; empty where there is none.
#[must_use]
pub fn name_in(url: &str) -> String {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    name_of(rest.split(['/', '?', '#']).next().unwrap_or_default())
}

impl ContentHost {
    /// That of an address such as `https://content.example`: a scheme, a name, perhaps a port, and no more.
    /// None where it is anything else, or names a number.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let origin = url.strip_suffix('/').unwrap_or(url).to_ascii_lowercase();
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))?;
        let (name, port) = rest.split_once(':').map_or((rest, None), |(name, port)| (name, Some(port)));
        let is_label = |label: &str| {
            let is_plain = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            is_plain && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        };
        // An address of numbers has no name that could be the content's own.
        let is_name =
            name.split('.').all(is_label) && !name.split('.').next_back()?.starts_with(|c: char| c.is_ascii_digit());
        let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        (is_name && is_port).then(|| Self { name: name.to_owned(), origin: origin.clone() })
    }

    /// As it stands in addresses and policies: `https://content.example`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its name alone.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a request is for it: its target or any of its `Host` headers names it.
    #[must_use]
    pub fn is_asked(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let hosts = headers.get_all(header::HOST).iter().filter_map(|value| value.to_str().ok());
        hosts.chain(uri.host()).any(|host| name_of(host) == self.name)
    }
}

/// The site, and beside it the router of the content's host where there is one.
pub fn by_host(host: Option<ContentHost>, site: Router, content: Router) -> Router {
    match host {
        None => site,
        Some(host) => Router::new().fallback(dispatch).with_state((host, site, content)),
    }
}

async fn dispatch(
    State((host, mut site, mut content)): State<(ContentHost, Router, Router)>,
    request: Request,
) -> Response<Body> {
    let is_content = host.is_asked(request.uri(), request.headers());
    match if is_content { content.call(request).await } else { site.call(request).await } {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn an_address_is_a_name_and_no_more() {
        for (url, name) in [
            ("https://content.example", "content.example"),
            ("https://Content.Example/", "content.example"),
            ("http://content.localhost:8318", "content.localhost"),
        ] {
            let host = ContentHost::parse(url).unwrap();
            assert_eq!((host.name(), host.origin()), (name, &*url.trim_end_matches('/').to_lowercase()));
        }
        for wrong in [
            "",
            "content.example",
            "ftp://content.example",
            "https://content.example/x",
            "https://content.example; script-src *",
            "https://*.example",
            "https://a@content.example",
            "https://127.0.0.1:8318",
            "https://[::1]",
            "https://content.example:0",
            "https://content.example:x",
            "https://-a.example",
            "https://a..example",
        ] {
            assert_eq!(ContentHost::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_request_is_for_the_host_that_any_part_of_it_names() {
        let host = ContentHost::parse("https://content.example").unwrap();
        let asked = |uri: &str, hosts: &[&'static str]| {
            let pairs = hosts.iter().map(|name| (header::HOST, HeaderValue::from_static(name)));
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value);
            }
            host.is_asked(&uri.parse().unwrap(), &headers)
        };
        for name in ["content.example", "CONTENT.example:443", "content.example.", "content.example:8318"] {
            assert!(asked("/", &[name]), "{name}");
        }
        assert!(
            asked("http://content.example/x", &["shiyin.example"])
                && asked("/", &["shiyin.example", "content.example"])
        );
        for name in ["shiyin.example", "a.content.example", "content.example.evil.example", "localhost:8318"] {
            assert!(!asked("/", &[name]), "{name}");
        }
        assert!(!asked("/content.example", &[]));
        assert_eq!((name_in("https://Shiyin.example:1/x"), name_in("x")), ("shiyin.example".to_owned(), String::new()));
    }
}

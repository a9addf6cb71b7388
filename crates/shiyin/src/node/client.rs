//! Requests to a node's API: bounded, with the key, in the user's language, again where the line was cut.

use super::refusal::Refusal;
use super::wait;
use crate::exit::{Exit, Failure};
use crate::stamp::client::proxy;
use crate::words::Words;
use proof::report::Language;
use serde_json::Value;
use std::io::Read as _;
use std::time::Duration;
use ureq::http::{Response, Uri};
use ureq::{Agent, Body};

/// Answers that are read whole; a list of ten thousand files with its openings has a few megabytes.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// How long the line may be silent.
const SILENCE: Duration = Duration::from_secs(60);
/// How often a request that may be sent again is.
const TRIES: u32 = 4;
/// No server is waited for longer than this at once.
const WAIT_S_MAX: u64 = 60;

/// A node's API with a key.
pub struct Client {
    /// The address, without a slash at its end.
    pub base: String,
    key: String,
    agent: Agent,
    language: &'static str,
}

/// The address of a node in its one form: scheme, host and port.
pub fn base(url: &str, words: &Words) -> Result<String, Failure> {
    let refused = || Failure::new(Exit::Usage, words.say("node-address", &[("url", url)]));
    let plain = url.trim().trim_end_matches('/');
    let address: Uri = plain.parse().map_err(|_| refused())?;
    let is_web = matches!(address.scheme_str(), Some("http" | "https"));
    let has_name = address.authority().is_some_and(|name| !name.as_str().contains('@'));
    match is_web && has_name && matches!(address.path(), "" | "/") && address.query().is_none() {
        true => Ok(plain.to_owned()),
        false => Err(refused()),
    }
}

/// Whether what goes there can be read on the way.
pub fn is_readable(base: &str) -> bool {
    let host = base.parse::<Uri>().ok().and_then(|address| address.host().map(str::to_owned)).unwrap_or_default();
    let host = host.trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    base.starts_with("http://") && !is_here
}

/// A connection pool for a node: nothing is followed elsewhere, and silence ends a request.
pub fn agent(base: &str) -> Agent {
    // The provider is set once for the process; a second attempt changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy(base))
        .user_agent(concat!("shiyin/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::new_with_config(config)
}

/// A request with its name, path, headers and body.
pub struct Sending<'s> {
    pub method: &'static str,
    pub path: &'s str,
    pub headers: &'s [(&'s str, String)],
    pub body: &'s [u8],
}

impl Client {
    /// A client of the node at `base`.
    pub fn new(base: String, key: String, may_be_read: bool, words: &Words) -> Result<Self, Failure> {
        if is_readable(&base) && !may_be_read {
            return Err(Failure::new(Exit::Usage, words.say("node-plain", &[("server", &base)])));
        }
        // What cannot stand in a header is no key.
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) || key.len() > 200 {
            return Err(Failure::new(Exit::Usage, words.say("node-key", &[])));
        }
        let language = match words.language() {
            Language::Zh => "zh",
            Language::En => "en",
        };
        let agent = agent(&base);
        Ok(Self { base, key, agent, language })
    }

    /// One request, sent once; the answer where it is a success.
    pub fn send(&self, sending: &Sending<'_>, words: &Words) -> Result<Response<Body>, Refusal> {
        let request = ureq::http::Request::builder()
            .method(sending.method)
            .uri(format!("{}{}", self.base, sending.path))
            .header("Authorization", format!("Bearer {}", self.key))
            .header("Accept-Language", self.language);
        let request = sending.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let wrong = |e: ureq::http::Error| Refusal::here(Failure::new(Exit::Usage, e.to_string()));
        let answer = match sending.method {
            "GET" | "HEAD" | "DELETE" => self.agent.run(request.body(()).map_err(wrong)?),
            _ => self.agent.run(request.body(sending.body.to_vec()).map_err(wrong)?),
        };
        let mut response = answer.map_err(|error| Refusal::unreached(&self.base, &error.to_string(), words))?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let number = |value: &ureq::http::HeaderValue| value.to_str().ok()?.trim().parse().ok();
        let wait_s = response.headers().get("retry-after").and_then(number);
        let mut body = Vec::new();
        let _ = response.body_mut().as_reader().take(1 << 20).read_to_end(&mut body);
        Err(Refusal::read(&self.base, status, wait_s, &body, words))
    }

    /// The same, again where it may succeed then. Only for what may be done twice.
    pub fn insist(&self, sending: &Sending<'_>, words: &Words) -> Result<Response<Body>, Refusal> {
        patiently(|| self.send(sending, words))
    }

    fn json(&self, sending: &Sending<'_>, words: &Words) -> Result<Value, Refusal> {
        patiently(|| {
            let mut response = self.send(sending, words)?;
            let read = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
            let bytes = read.map_err(|error| Refusal::unreached(&self.base, &error.to_string(), words))?;
            serde_json::from_slice(&bytes).map_err(|_| {
                Refusal::here(Failure::new(Exit::Answer, words.say("node-no-json", &[("server", &self.base)])))
            })
        })
    }

    /// What is at a path.
    pub fn get(&self, path: &str, words: &Words) -> Result<Value, Refusal> {
        self.json(&Sending { method: "GET", path, headers: &[], body: &[] }, words)
    }

    /// Sends something that the key `idem` makes safe to send again, under the list of prices that was agreed to.
    pub fn post(
        &self,
        path: &str,
        body: &Value,
        (idem, price): (&str, Option<i64>),
        words: &Words,
    ) -> Result<Value, Refusal> {
        let mut headers = vec![("Content-Type", "application/json".to_owned()), ("Idempotency-Key", idem.to_owned())];
        headers.extend(price.map(|price| ("Price-Version", price.to_string())));
        let body = serde_json::to_vec(body).unwrap_or_default();
        self.json(&Sending { method: "POST", path, headers: &headers, body: &body }, words)
    }
}

/// Tries again, a few times, what may succeed then.
pub fn patiently<T>(mut attempt: impl FnMut() -> Result<T, Refusal>) -> Result<T, Refusal> {
    let mut tried = 1;
    loop {
        match attempt() {
            Err(refusal) if refusal.passes() && tried < TRIES => {
                wait(refusal.wait_s.unwrap_or(1 << (tried - 1)).min(WAIT_S_MAX));
                tried += 1;
            }
            other => return other,
        }
    }
}

/// A value in an address.
pub fn encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_server_and_keys_do_not_travel_in_the_open() {
        let words = Words::new(Language::En);
        for (url, right) in [
            ("https://node.example/", Some("https://node.example")),
            ("http://localhost:8318", Some("http://localhost:8318")),
            ("https://node.example/tsa", None),
            ("https://user@node.example", None),
            ("ftp://node.example", None),
            ("node.example", None),
            ("", None),
        ] {
            assert_eq!(base(url, &words).ok().as_deref(), right, "{url}");
        }
        for (url, readable) in [
            ("http://node.example", true),
            ("http://localhost.example", true),
            ("https://node.example", false),
            ("http://localhost:1", false),
            ("http://127.0.0.1:1", false),
            ("http://[::1]:1", false),
        ] {
            assert_eq!(is_readable(url), readable, "{url}");
            assert_eq!(Client::new(url.to_owned(), "k".to_owned(), false, &words).is_err(), readable);
        }
        assert!(Client::new("https://node.example".to_owned(), "a b".to_owned(), false, &words).is_err());
        assert_eq!(encoded("a b/月"), "a%20b%2F%E6%9C%88");
    }
}

//! Asking time stamp authorities over HTTP, and believing nothing they say unchecked.
//!
//! Answers are bounded in size and time, redirects are not followed, and a
//! response counts only once it has been verified against the request and the
//! pinned authorities. A busy server is asked again as it wishes; when one server
//! fails the next is asked, and what each said is told.

use crate::cli::DEFAULT_SERVER;
use crate::exit::{Exit, Failure};
use crate::show;
use crate::words::Words;
use clap::ArgMatches;
use proof::crypto::RustCrypto;
use proof::digest::Digest;
use proof::report::{Report, Verdict};
use proof::tsp::{QUERY_MEDIA_TYPE, TimeStampReq};
use proof::verify::{self, Context};
use std::time::Duration;
use trust::clock::{Clock as _, SystemClock};
use trust::keys::KeyAlgorithm;
use ureq::Agent;

/// Larger answers are not read to their end; tokens have a few kilobytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// How often a server that asks to wait is asked again.
const RETRIES_MAX: u32 = 3;

/// Whom to ask and whom to trust.
pub struct Client {
    pub servers: Vec<String>,
    pub anchors: Vec<Vec<u8>>,
    pub keep_unconfirmed: bool,
    pub timeout_s: u64,
}

/// The servers named, else `$SHIYIN_SERVER`, else this computer.
pub fn servers(matches: &ArgMatches) -> Vec<String> {
    if let Some(given) = matches.get_many::<String>("server") {
        return given.cloned().collect();
    }
    vec![std::env::var("SHIYIN_SERVER").ok().filter(|s| !s.is_empty()).unwrap_or_else(|| DEFAULT_SERVER.to_owned())]
}

impl Client {
    /// A connection pool for one thread.
    pub fn agent(&self) -> Agent {
        agent(self.timeout_s)
    }

    /// A verified response for `digest` from the first server that gives one.
    /// It is of the server's main suite, or of another one.
    pub fn stamp(
        &self,
        agent: &Agent,
        suite: Option<KeyAlgorithm>,
        digest: &Digest,
        words: &Words,
    ) -> Result<(Vec<u8>, Report), Failure> {
        let mut failures: Vec<Failure> = Vec::new();
        for server in &self.servers {
            let address = endpoint(server, suite);
            match self.ask(agent, &address, digest, words) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failures.push(failure),
            }
        }
        let exit = failures.iter().map(|f| f.exit).max().unwrap_or(Exit::Usage);
        let messages: Vec<_> = failures.into_iter().map(|f| f.message).collect();
        Err(Failure::new(exit, messages.join("\n")))
    }

    fn ask(&self, agent: &Agent, server: &str, digest: &Digest, words: &Words) -> Result<(Vec<u8>, Report), Failure> {
        let random: [u8; 16] = trust::keys::random().map_err(|e| Failure::new(Exit::Instance, e.to_string()))?;
        let request = TimeStampReq::encode(digest, None, Some(&random), true);
        let response = self.send(agent, server, &request, words)?;
        let now = SystemClock.now().map_err(|_| Failure::new(Exit::Instance, words.say("err-clock", &[])))?;
        let parsed = TimeStampReq::parse(&request).ok();
        let cx = Context { request: parsed.as_ref(), anchors: &self.anchors, ..Context::new(&RustCrypto, now.time) };
        let report = verify::verify_response(&response, &cx);
        match report.verdict {
            Verdict::Valid => Ok((response, report)),
            Verdict::Unconfirmed if self.keep_unconfirmed => Ok((response, report)),
            verdict => {
                let exit = if verdict == Verdict::Unconfirmed { Exit::Unconfirmed } else { Exit::Answer };
                let message = words.say("err-answer", &[("server", server)]);
                Err(Failure::new(exit, format!("{message}\n{}", show::faults(&report, words))))
            }
        }
    }

    /// Sends a request, again where the server asks to wait for no longer than the user would.
    fn send(&self, agent: &Agent, server: &str, request: &[u8], words: &Words) -> Result<Vec<u8>, Failure> {
        let mut retries_left = RETRIES_MAX;
        loop {
            let post = agent.post(server).config().proxy(proxy(server)).build();
            let answer = post.header("Content-Type", QUERY_MEDIA_TYPE).send(request);
            let wait_s = answer.as_ref().ok().and_then(retry_after_s).filter(|s| *s <= self.timeout_s);
            match wait_s {
                Some(wait_s) if retries_left > 0 => {
                    retries_left -= 1;
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "the server asked to wait; this thread has nothing else to do"
                    )]
                    std::thread::sleep(Duration::from_secs(wait_s));
                }
                _ => return read(answer, server, words),
            }
        }
    }
}

/// How long a busy server asks to wait: 429 or 503 with a number in Retry-After (RFC 9110 section 10.2.3).
fn retry_after_s(response: &ureq::http::Response<ureq::Body>) -> Option<u64> {
    let is_busy = matches!(response.status().as_u16(), 429 | 503);
    is_busy.then(|| response.headers().get("Retry-After")?.to_str().ok()?.trim().parse().ok()).flatten()
}

/// The proxy of the environment, but never for this computer.
pub fn proxy(server: &str) -> Option<ureq::Proxy> {
    let address: ureq::http::Uri = server.parse().ok()?;
    let host = address.host()?.trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if is_here { None } else { ureq::Proxy::try_from_env() }
}

/// Our own servers answer at `/tsa`, which is what an address without a path means. Any path is
/// used as it is, also the bare slash at which some public authorities answer.
fn endpoint(server: &str, suite: Option<KeyAlgorithm>) -> String {
    let after_scheme = server.split_once("://").map_or(server, |(_, rest)| rest);
    let main = if after_scheme.contains('/') { server.to_owned() } else { format!("{server}/tsa") };
    suite.map_or(main.clone(), |suite| format!("{}/{suite}", main.trim_end_matches('/')))
}

/// The root certificate that a server offers, as PEM. Not to be trusted before its fingerprint was compared.
pub fn fetch_root(server: &str, words: &Words) -> Result<Vec<u8>, Failure> {
    let address = endpoint(server.trim_end_matches('/'), None);
    let address = address.strip_suffix("/tsa").map_or(address.clone(), |base| format!("{base}/root.pem"));
    read(agent(30).get(&address).config().proxy(proxy(server)).build().call(), server, words)
}

/// A connection pool.
pub fn agent(timeout_s: u64) -> Agent {
    // The provider is set once for the process; a second attempt changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(timeout_s)))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("shiyin/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::new_with_config(config)
}

/// A public file of a server; none where it has no such file.
pub fn fetch(agent: &Agent, address: &str, words: &Words) -> Result<Option<Vec<u8>>, Failure> {
    let answer = agent.get(address).config().proxy(proxy(address)).build().call();
    match &answer {
        Ok(response) if response.status().as_u16() == 404 => Ok(None),
        _ => read(answer, address, words).map(Some),
    }
}

type Answer = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

fn read(answer: Answer, server: &str, words: &Words) -> Result<Vec<u8>, Failure> {
    let unreachable = |error: ureq::Error| {
        let cause = error.to_string();
        Failure::new(Exit::Server, words.say("err-reach", &[("server", server), ("cause", &cause)]))
    };
    let mut response = answer.map_err(unreachable)?;
    match response.status().as_u16() {
        200 => {}
        429 | 503 => return Err(Failure::new(Exit::Server, words.say("err-busy", &[("server", server)]))),
        status => {
            let values = [("server", server), ("status", &*status.to_string())];
            return Err(Failure::new(Exit::Answer, words.say("err-status", &values)));
        }
    }
    let media_type = response.headers().get("Content-Type").and_then(|v| v.to_str().ok()).unwrap_or_default();
    if media_type.starts_with("text/html") {
        return Err(Failure::new(Exit::Answer, words.say("err-page", &[("server", server)])));
    }
    response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(_) => Failure::new(Exit::Answer, words.say("err-long", &[("server", server)])),
        other => unreachable(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_means_our_own() {
        assert_eq!(endpoint("http://localhost:8318", None), "http://localhost:8318/tsa");
        assert_eq!(endpoint("http://timestamp.example/", None), "http://timestamp.example/");
        assert_eq!(endpoint("http://timestamp.example/tsr", None), "http://timestamp.example/tsr");
    }

    #[test]
    fn no_proxy_stands_between_us_and_this_computer() {
        for here in ["http://localhost:8318", "http://127.0.0.1:1/", "http://[::1]:8318"] {
            assert!(proxy(here).is_none(), "{here}");
        }
    }
}

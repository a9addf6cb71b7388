//! Asking time stamp authorities over HTTP, and believing nothing they say unchecked.
//!
//! Answers are bounded in size and time, redirects are not followed, and a
//! response counts only once it has been verified against the request and the
//! pinned authorities. When one server fails the next is asked.

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
use ureq::Agent;

/// Larger answers are not read to their end; tokens have a few kilobytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

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
    pub fn stamp(&self, agent: &Agent, digest: &Digest, words: &Words) -> Result<(Vec<u8>, Report), Failure> {
        let mut last = None;
        for server in &self.servers {
            match self.ask(agent, server, digest, words) {
                Ok(answer) => return Ok(answer),
                Err(failure) => last = Some(failure),
            }
        }
        Err(last.unwrap_or_else(|| Failure::new(Exit::Usage, String::new())))
    }

    fn ask(&self, agent: &Agent, server: &str, digest: &Digest, words: &Words) -> Result<(Vec<u8>, Report), Failure> {
        let random: [u8; 16] = trust::keys::random().map_err(|e| Failure::new(Exit::Instance, e.to_string()))?;
        let request = TimeStampReq::encode(digest, None, Some(&random), true);
        let sent = agent.post(endpoint(server)).header("Content-Type", QUERY_MEDIA_TYPE).send(&request[..]);
        let response = read(sent, server, words)?;
        let now = SystemClock.now().map_err(|_| Failure::new(Exit::Instance, "the clock is before 1970".to_owned()))?;
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
}

/// Our own servers answer at `/tsa`; an address with a path of its own is used as it is.
fn endpoint(server: &str) -> String {
    let after_scheme = server.split_once("://").map_or(server, |(_, rest)| rest);
    match after_scheme.split_once('/') {
        None | Some((_, "")) => format!("{}/tsa", server.trim_end_matches('/')),
        Some(_) => server.to_owned(),
    }
}

/// The root certificate that a server offers, as PEM. Not to be trusted before its fingerprint was compared.
pub fn fetch_root(server: &str, words: &Words) -> Result<Vec<u8>, Failure> {
    let address = endpoint(server);
    let address = address.strip_suffix("/tsa").map_or(address.clone(), |base| format!("{base}/root.pem"));
    read(agent(30).get(&address).call(), server, words)
}

fn agent(timeout_s: u64) -> Agent {
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

type Answer = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

fn read(answer: Answer, server: &str, words: &Words) -> Result<Vec<u8>, Failure> {
    let unreachable = |error: ureq::Error| {
        let cause = error.to_string();
        Failure::new(Exit::Server, words.say("err-reach", &[("server", server), ("cause", &cause)]))
    };
    let mut response = answer.map_err(unreachable)?;
    match response.status().as_u16() {
        200 => {}
        429 => return Err(Failure::new(Exit::Server, words.say("err-busy", &[("server", server)]))),
        status => {
            let values = [("server", server), ("status", &*status.to_string())];
            return Err(Failure::new(Exit::Answer, words.say("err-status", &values)));
        }
    }
    response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_means_our_own() {
        assert_eq!(endpoint("http://localhost:8318"), "http://localhost:8318/tsa");
        assert_eq!(endpoint("http://localhost:8318/"), "http://localhost:8318/tsa");
        assert_eq!(endpoint("http://timestamp.example/tsr"), "http://timestamp.example/tsr");
    }
}

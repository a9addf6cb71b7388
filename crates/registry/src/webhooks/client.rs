//! The one that connects: it resolves a name, looks at every address, and connects to what it looked at.
//!
//! No proxy of the environment, no redirect, no connection kept: a name that changed is looked at again. What comes
//! back is bounded in time and size, and believed in nothing but its status.

use super::address::Rules;
use super::model::Trouble;
use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Connector as _, NextTimeout, RustlsConnector, TcpConnector};
use ureq::{Agent, Error};

const TIMEOUT: Duration = Duration::from_secs(15);
/// What is read of an answer.
const ANSWER_BYTES_MAX: u64 = 4 << 10;
/// What is kept of it.
const ANSWER_CHARS_KEPT: usize = 1_000;
const HEAD_BYTES_MAX: usize = 16 << 10;

/// A name leads into a network that nothing is sent to.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name leads into a closed network")
    }
}

impl std::error::Error for Closed {}

/// Gives only addresses that were looked at; where one of them is closed, none.
#[derive(Debug)]
struct Guard(Rules);

impl Guard {
    fn checked(&self, uri: &Uri, found: &[SocketAddr]) -> Result<(), Error> {
        let scheme = uri.scheme_str().unwrap_or_default();
        match found.iter().find(|address| !self.0.is_open(scheme, address.ip())) {
            None => Ok(()),
            Some(closed) => {
                tracing::warn!(%closed, host = uri.host(), "an endpoint leads into a closed network");
                Err(Error::Other(Box::new(Closed)))
            }
        }
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout).map_err(|error| match error {
            Error::Timeout(_) => error,
            _ => Error::HostNotFound,
        })?;
        self.checked(uri, &found)?;
        Ok(found)
    }
}

/// What an attempt came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The status of the answer.
    pub status: Option<u16>,
    /// How it began, as text.
    pub answer: String,
    /// Seconds that the receiver asks to wait.
    pub asked_s: Option<i64>,
    /// Why it failed, where it did.
    pub trouble: Option<Trouble>,
}

impl Outcome {
    fn failed(trouble: Trouble) -> Self {
        Self { trouble: Some(trouble), ..Self::default() }
    }
}

/// Sends to endpoints. Blocks.
#[derive(Clone)]
pub(super) struct Client(Arc<Inner>);

struct Inner {
    rules: Rules,
    /// With the public roots; and with the operator's own, where there are such.
    agents: Vec<Agent>,
}

impl Client {
    /// That follows these rules, and trusts the roots in this PEM beside the public ones.
    ///
    /// # Errors
    /// Where the PEM holds no certificate.
    pub(super) fn new(rules: Rules, roots: Option<&[u8]>) -> Result<Self, String> {
        let mut agents = vec![agent(&rules, RootCerts::WebPki)];
        if let Some(pem) = roots {
            let mut found = Vec::new();
            for item in parse_pem(pem) {
                match item.map_err(|error| error.to_string())? {
                    PemItem::Certificate(certificate) => found.push(certificate),
                    _ => return Err("something that is no certificate".to_owned()),
                }
            }
            if found.is_empty() {
                return Err("no certificate".to_owned());
            }
            agents.push(agent(&rules, RootCerts::from(found)));
        }
        Ok(Self(Arc::new(Inner { rules, agents })))
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// One attempt.
    pub(super) fn post(&self, url: &str, headers: &[(String, String)], body: &str) -> Outcome {
        let mut outcome = Outcome::failed(Trouble::Connect);
        for agent in &self.0.agents {
            let post = headers.iter().fold(agent.post(url), |post, (name, value)| post.header(name, value));
            outcome = match post.send(body) {
                Ok(answer) => return read(answer),
                // Of an authority that these roots do not have; nothing was sent.
                Err(error) if is_unknown(&error) => Outcome::failed(Trouble::Tls),
                Err(error) => {
                    tracing::debug!(%error, "an attempt failed");
                    return Outcome::failed(trouble_of(&error));
                }
            };
        }
        outcome
    }
}

fn agent(rules: &Rules, roots: RootCerts) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .http_status_as_error(false)
        .max_idle_connections(0)
        .max_response_header_size(HEAD_BYTES_MAX)
        .proxy(None)
        .accept("")
        .user_agent(concat!("Shiyin/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build();
    let connector = TcpConnector::default().chain(RustlsConnector::default());
    Agent::with_parts(config, connector, Guard(rules.clone()))
}

fn tls_fault(error: &Error) -> Option<&rustls::Error> {
    match error {
        Error::Rustls(error) => Some(error),
        Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref()),
        _ => None,
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(tls_fault(error), Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)))
}

fn trouble_of(error: &Error) -> Trouble {
    match error {
        Error::HostNotFound => Trouble::Name,
        Error::Other(inner) if inner.is::<Closed>() => Trouble::Closed,
        Error::Timeout(_) => Trouble::Time,
        Error::Tls(_) | Error::TlsRequired => Trouble::Tls,
        error if tls_fault(error).is_some() => Trouble::Tls,
        Error::Protocol(_) | Error::Http(_) | Error::LargeResponseHeader(..) => Trouble::Answer,
        _ => Trouble::Connect,
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Outcome {
    let status = answer.status().as_u16();
    let asked = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut bytes = Vec::new();
    // What the status says holds, whatever becomes of the rest.
    let _ = answer.body_mut().as_reader().take(ANSWER_BYTES_MAX).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let kept = text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c });
    Outcome {
        status: Some(status),
        answer: kept.take(ANSWER_CHARS_KEPT).collect(),
        asked_s: asked,
        trouble: (!(200..300).contains(&status)).then_some(Trouble::Status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a name leads to is given whole or not at all, and only as the rules have it.
    #[test]
    fn one_closed_address_closes_the_name() {
        let guard = Guard(Rules::default());
        let uri = "https://hooks.example/".parse().unwrap();
        let found = |texts: &[&str]| -> Vec<SocketAddr> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        assert!(guard.checked(&uri, &found(&["1.1.1.1:443", "[2606:4700::1111]:443"])).is_ok());
        for closed in ["127.0.0.1:443", "10.0.0.1:443", "169.254.169.254:443", "[::ffff:127.0.0.1]:443", "[::1]:443"] {
            let told = guard.checked(&uri, &found(&["1.1.1.1:443", closed])).unwrap_err();
            assert_eq!(trouble_of(&told), Trouble::Closed, "{closed}");
        }
        let here = "http://localhost:9000/".parse().unwrap();
        assert!(guard.checked(&here, &found(&["127.0.0.1:9000"])).is_err());
        let guard = Guard(Rules { is_evaluation: true, ..Rules::default() });
        assert!(guard.checked(&here, &found(&["127.0.0.1:9000", "[::1]:9000"])).is_ok());
        assert!(guard.checked(&here, &found(&["127.0.0.1:9000", "10.0.0.1:9000"])).is_err());
    }

    /// The name of this host leads here, whatever it is called in the address.
    #[test]
    fn a_name_of_this_host_is_closed() {
        let client = Client::new(Rules::default(), None).unwrap();
        for url in ["https://localhost:8443/", "https://127.1:8443/", "https://0x7f000001:8443/", "https://[::1]:8443/"]
        {
            let told = client.post(url, &[], "{}").trouble;
            assert!(matches!(told, Some(Trouble::Closed | Trouble::Name)), "{url}: {told:?}");
        }
        assert_eq!(client.post("https://localhost:8443/", &[], "{}").trouble, Some(Trouble::Closed));
        assert_eq!(client.post("http://localhost:8443/", &[], "{}").trouble, Some(Trouble::Closed));
    }

    #[test]
    fn roots_are_certificates_in_pem() {
        for wrong in [&b""[..], b"x", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(Client::new(Rules::default(), Some(wrong)).is_err());
        }
    }
}

//! A provider of identity over HTTP: it is told what a person states, and says whether it is so.
//!
//! The interface is docs/operator/en/identity.md. Requests and answers carry an HMAC under a shared
//! secret, so that nobody in between can ask or answer. Nothing of an answer is shown but its result.

use aws_lc_rs::hmac;
use proof::digest::{from_hex, hex};
use serde::Deserialize;
use serde_json::json;
use std::io::Read as _;
use std::time::Duration;

/// How a provider is reached.
#[derive(Clone)]
pub struct ProviderSettings {
    /// How it is called.
    pub name: String,
    /// Where it answers: `https`, or `http` on this host.
    pub url: String,
    /// The shared secret.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProviderSettings({} at {})", self.name, self.url)
    }
}

/// What a provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Said {
    Confirmed,
    Refused,
    Pending,
}

#[derive(Deserialize)]
struct Answer {
    request: String,
    result: Said,
}

/// What it is asked.
pub(super) struct Question<'a> {
    pub(super) request: &'a str,
    pub(super) subject: &'a str,
    pub(super) name: &'a str,
    pub(super) country: &'a str,
    pub(super) paper: &'a str,
    pub(super) number: &'a str,
    pub(super) unix_s: i64,
}

const TIMEOUT: Duration = Duration::from_secs(20);
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// The header with the HMAC-SHA-256 of what follows it, in hexadecimal.
const SIGNATURE: &str = "Shiyin-Signature";
const TIME: &str = "Shiyin-Time";

fn key(settings: &ProviderSettings) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &settings.secret)
}

fn signed(time: &str, body: &[u8]) -> Vec<u8> {
    [time.as_bytes(), b".", body].concat()
}

/// Asks a provider. Blocks; a fault is for the operator, and the question is asked again later.
pub(super) fn ask(settings: &ProviderSettings, question: &Question<'_>) -> Result<Said, String> {
    let body = json!({
        "version": 1,
        "request": question.request,
        "subject": question.subject,
        "name": question.name,
        "country": question.country,
        "paper": question.paper,
        "number": question.number,
    })
    .to_string();
    let time = question.unix_s.to_string();
    let tag = hmac::sign(&key(settings), &signed(&time, body.as_bytes()));
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into();
    let sent = agent
        .post(&settings.url)
        .header("Content-Type", "application/json")
        .header(TIME, &time)
        .header(SIGNATURE, hex(tag.as_ref()))
        .send(&body);
    // The cause may hold the address, never what was sent.
    let mut response = sent.map_err(|e| e.to_string())?;
    if response.status() != 200 {
        return Err(format!("status {}", response.status()));
    }
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (answered, tag) = (header(TIME), header(SIGNATURE));
    let mut body = Vec::new();
    let reader = response.body_mut().as_reader();
    reader.take(ANSWER_BYTES_MAX).read_to_end(&mut body).map_err(|e| e.to_string())?;
    read(settings, question, &answered, &tag, &body)
}

fn read(
    settings: &ProviderSettings,
    question: &Question<'_>,
    time: &str,
    tag: &str,
    body: &[u8],
) -> Result<Said, String> {
    let tag = from_hex(tag).unwrap_or_default();
    hmac::verify(&key(settings), &signed(time, body), &tag)
        .map_err(|_| "the answer's signature is wrong".to_owned())?;
    let answer: Answer = serde_json::from_slice(body).map_err(|_| "the answer cannot be read".to_owned())?;
    // The request is named, so that an answer to another one cannot be put in its place.
    if answer.request == question.request {
        Ok(answer.result)
    } else {
        Err("the answer is to another request".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_signed_answer_to_this_request_counts() {
        let settings =
            ProviderSettings { name: "P".to_owned(), url: "https://p.example".to_owned(), secret: b"secret".to_vec() };
        let question = Question {
            request: "r1",
            subject: "person",
            name: "林",
            country: "CN",
            paper: "passport",
            number: "E12345678",
            unix_s: 1,
        };
        let answer = |body: &str, secret: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            let tag = hex(hmac::sign(&key, &signed("5", body.as_bytes())).as_ref());
            read(&settings, &question, "5", &tag, body.as_bytes())
        };
        assert_eq!(answer(r#"{"request":"r1","result":"confirmed"}"#, b"secret"), Ok(Said::Confirmed));
        assert_eq!(answer(r#"{"request":"r1","result":"pending","note":"x"}"#, b"secret"), Ok(Said::Pending));
        assert!(answer(r#"{"request":"r1","result":"confirmed"}"#, b"other").is_err());
        assert!(answer(r#"{"request":"r2","result":"confirmed"}"#, b"secret").is_err());
        assert!(answer(r#"{"request":"r1","result":"yes"}"#, b"secret").is_err());
        assert!(answer("", b"secret").is_err());
        assert!(!format!("{settings:?}").contains("secret"));
    }
}

//! Why a node did not do what it was asked, as its API says it.
//!
//! Faults come as `{"error": {…}}` or as problem details (RFC 9457); both name a code, a field and a remedy.

use crate::exit::{Exit, Failure};
use crate::words::{Words, visible};
use serde_json::Value;

/// A request that came to nothing.
#[derive(Debug)]
pub struct Refusal {
    /// The HTTP status; 0 where there was no answer.
    pub status: u16,
    /// The API's code; empty where there is none.
    pub code: String,
    /// The field that is wrong; empty where none is named.
    pub field: String,
    /// How long the server asks to wait.
    pub wait_s: Option<u64>,
    /// What to tell.
    pub failure: Failure,
}

impl Refusal {
    /// One that happened here.
    pub fn here(failure: Failure) -> Self {
        Self { status: 400, code: String::new(), field: String::new(), wait_s: None, failure }
    }

    /// There was no answer.
    pub fn unreached(server: &str, cause: &str, words: &Words) -> Self {
        let message = words.say("err-reach", &[("server", server), ("cause", cause)]);
        Self { status: 0, ..Self::here(Failure::new(Exit::Server, message)) }
    }

    /// Whether the same request may succeed later.
    pub fn passes(&self) -> bool {
        matches!(self.status, 0 | 408 | 423 | 425 | 429 | 500..)
    }

    /// Reads the answer of a node that refused.
    pub fn read(server: &str, status: u16, wait_s: Option<u64>, body: &[u8], words: &Words) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let said = value.get("error").filter(|error| error.is_object()).unwrap_or(&value);
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let what = [text("message"), text("title")].into_iter().find(|text| !text.is_empty());
        let exit = match status {
            429 | 502..=504 => Exit::Server,
            _ => Exit::Answer,
        };
        let number = status.to_string();
        let mut message = match what {
            Some(what) => words.say("node-refused", &[("server", server), ("status", &number), ("what", &what)]),
            None => words.say("node-status", &[("server", server), ("status", &number)]),
        };
        let field = text("field");
        let lines = [
            ("node-detail", text("detail")),
            ("node-field", field.clone()),
            ("verify-remedy", text("remedy")),
            ("node-enquiry", text("enquiry")),
        ];
        for (id, line) in lines.iter().filter(|(_, line)| !line.is_empty()) {
            message += &format!("\n    {}: {}", words.say(id, &[]), visible(line));
        }
        Self { status, code: text("code"), field, wait_s, failure: Failure::new(exit, message) }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        refusal.failure
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::here(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::report::Language;

    #[test]
    fn faults_are_read_in_both_forms() {
        let words = Words::new(Language::En);
        let old =
            br#"{"error":{"code":"field","field":"title","message":"Wrong.","remedy":"Give one.","enquiry":"7-1"}}"#;
        let new = br#"{"type":"about:blank","title":"Wrong.","code":"field","field":"title","remedy":"Give one.","detail":"Empty."}"#;
        for body in [&old[..], new] {
            let refusal = Refusal::read("http://node", 422, None, body, &words);
            assert_eq!((refusal.code.as_str(), refusal.field.as_str()), ("field", "title"));
            let said = &refusal.failure.message;
            assert!(said.contains("Wrong.") && said.contains("What to do: Give one."), "{said}");
            assert!(!refusal.passes() && refusal.failure.exit == Exit::Answer);
        }
        let page = Refusal::read("http://node", 502, Some(3), b"<html>", &words);
        assert!(page.passes() && page.failure.exit == Exit::Server && page.wait_s == Some(3));
        let odd = Refusal::read("http://node", 400, None, b"{\"error\":\"x\\u001b[2J\"}", &words);
        assert!(!odd.failure.message.contains('\u{1b}'));
    }
}

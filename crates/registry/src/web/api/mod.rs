//! The API, described by the code that serves it: operations with their parameters, bodies, answers and refusals.
//!
//! A room lists its [`Operation`]s beside its handlers, with the types that these read and write; `document`
//! makes OpenAPI 3.1 of them, `pages` a reference to be read at the node. The binary's test holds routes and operations
//! together. What describes a field stands beside it in both languages: the doc comment in English, `x-zh` in Chinese
//! (decision 24).

mod document;
mod flat;
mod names;
mod pages;
mod paging;

pub(super) use names::{Names, only_known};

pub use document::document;
pub(super) use pages::router;
pub use paging::Paging;

use proof::report::Language;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    zh: &'static str,
    en: &'static str,
}

/// A text in both languages.
#[must_use]
pub const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

impl Text {
    /// In one of them.
    #[must_use]
    pub fn of(self, language: Language) -> &'static str {
        match language {
            Language::Zh => self.zh,
            Language::En => self.en,
        }
    }
}

/// What operations are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Works: records are made here.
    Works,
    /// Records, certificates, packages.
    Records,
    /// Originals.
    Originals,
    /// Verification, for anybody.
    Verification,
    /// What the node says of itself.
    Node,
    /// What programs are told without asking.
    Webhooks,
    /// The account that a key is of.
    Account,
}

impl Group {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Works, Self::Records, Self::Originals, Self::Webhooks, Self::Verification, Self::Node, Self::Account];

    fn name(self) -> Text {
        match self {
            Self::Works => text("作品", "Works"),
            Self::Records => text("记录", "Records"),
            Self::Originals => text("原件", "Originals"),
            Self::Verification => text("核验", "Verification"),
            Self::Node => text("节点", "The node"),
            Self::Webhooks => text("事件推送", "Webhooks"),
            Self::Account => text("账号", "Account"),
        }
    }
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// In the path; always needed.
    Path,
    /// Behind the question mark.
    Query,
    /// Among the headers.
    Header,
}

impl At {
    fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
        }
    }
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    name: &'static str,
    at: At,
    schema: Value,
    says: Text,
    is_needed: bool,
    example: Option<Value>,
}

impl Parameter {
    /// One that may be left out, but for those of a path.
    #[must_use]
    pub fn new(name: &'static str, at: At, schema: Value, says: Text) -> Self {
        Self { name, at, schema, says, is_needed: at == At::Path, example: None }
    }

    /// It must be there.
    #[must_use]
    pub fn needed(mut self) -> Self {
        self.is_needed = true;
        self
    }

    /// What stands in examples.
    #[must_use]
    pub fn example(mut self, example: impl Into<Value>) -> Self {
        self.example = Some(example.into());
        self
    }

    /// The evidence number of a record, in the path.
    #[must_use]
    pub fn number() -> Self {
        let schema = json!({ "type": "string", "minLength": 1 });
        Self::new("number", At::Path, schema, text("证据编号", "Evidence number"))
    }

    /// An id of this node, in the path.
    #[must_use]
    pub fn id(says: Text) -> Self {
        Self::new("id", At::Path, json!({ "type": "string", "minLength": 1 }), says)
    }

    /// The header that makes it safe to send again.
    #[must_use]
    pub fn idempotency_key() -> Self {
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$" });
        let says = text(
            "同一键与同一内容只办理一次，应答相同；保留 24 小时",
            "The same key with the same content is carried out once and answered alike; it is kept for 24 hours",
        );
        Self::new("Idempotency-Key", At::Header, schema, says).example("harbour-2026-09-14")
    }
}

/// What makes a schema.
type Make = fn(&mut SchemaGenerator) -> Schema;

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// What a body holds.
#[derive(Clone, Debug)]
struct Content {
    media_type: &'static str,
    /// None where it is bytes.
    make: Option<Make>,
    example: Option<Value>,
}

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    says: Text,
    content: Option<Content>,
    /// Media types of other forms of it, which are bytes.
    further: Vec<&'static str>,
    headers: Vec<(&'static str, Text)>,
}

/// An operation: a method at an address.
#[derive(Clone, Debug)]
pub struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    group: Group,
    summary: Text,
    note: Text,
    /// Whether it takes a key.
    has_key: bool,
    /// The scopes of the key, each of which is needed.
    scopes: Vec<&'static str>,
    parameters: Vec<Parameter>,
    body: Option<Content>,
    answers: Vec<Answer>,
    refusals: Vec<u16>,
    command: Option<&'static str>,
    /// Whether this node asks it of a program's receiver.
    is_event: bool,
}

impl Operation {
    /// `method` at `path`, as the router has it; programs' libraries call it by its id.
    #[must_use]
    pub fn new(method: &'static str, path: &'static str, id: &'static str, group: Group, summary: Text) -> Self {
        let note = text("", "");
        let (scopes, parameters, answers, refusals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self {
            method,
            path,
            id,
            group,
            summary,
            note,
            has_key: false,
            scopes,
            parameters,
            body: None,
            answers,
            refusals,
            command: None,
            is_event: false,
        }
    }

    /// An event that this node sends to receivers, by its type: its body is what they take.
    #[must_use]
    pub fn event(kind: &'static str, id: &'static str, summary: Text) -> Self {
        Self { is_event: true, ..Self::new("POST", kind, id, Group::Webhooks, summary) }
    }

    /// Whether this node sends it, and nobody asks it here.
    #[must_use]
    pub fn is_event(&self) -> bool {
        self.is_event
    }

    /// Its method and its address, as a router's test compares them.
    #[must_use]
    pub fn route(&self) -> (String, String) {
        (self.method.to_owned(), self.path.to_owned())
    }

    /// What else is to be said: bounds, and what happens.
    #[must_use]
    pub fn note(mut self, note: Text) -> Self {
        self.note = note;
        self
    }

    /// It takes a key with this scope.
    #[must_use]
    pub fn key(mut self, scope: &'static str) -> Self {
        self.scopes.push(scope);
        self.any_key()
    }

    /// It takes a key of any scope.
    #[must_use]
    pub fn any_key(mut self) -> Self {
        self.has_key = true;
        self
    }

    /// A parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The two of every list, which give so many at most.
    #[must_use]
    pub fn paged(self, most: usize, usual: usize) -> Self {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": most, "default": usual });
        let after = json!({ "type": "string", "minLength": 1, "maxLength": 400 });
        self.parameter(Parameter::new("limit", At::Query, limit, text("每页的个数", "How many at a time")).example(20))
            .parameter(Parameter::new("after", At::Query, after, text("上一页的 next", "The next of the page before")))
    }

    /// It takes JSON of this type.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(Content { media_type: "application/json", make: Some(of::<T>), example: Some(example) });
        self
    }

    /// It takes bytes.
    #[must_use]
    pub fn takes_bytes(mut self, media_type: &'static str) -> Self {
        self.body = Some(Content { media_type, make: None, example: None });
        self
    }

    /// It answers with JSON of this type.
    #[must_use]
    pub fn gives<T: JsonSchema>(mut self, status: u16, says: Text) -> Self {
        let content = Content { media_type: "application/json", make: Some(of::<T>), example: None };
        self.answers.push(Answer { status, says, content: Some(content), headers: Vec::new(), further: Vec::new() });
        self
    }

    /// It answers with bytes.
    #[must_use]
    pub fn gives_bytes(mut self, status: u16, media_type: &'static str, says: Text) -> Self {
        let content = Content { media_type, make: None, example: None };
        self.answers.push(Answer { status, says, content: Some(content), headers: Vec::new(), further: Vec::new() });
        self
    }

    /// It answers without a body.
    #[must_use]
    pub fn gives_nothing(mut self, status: u16, says: Text) -> Self {
        self.answers.push(Answer { status, says, content: None, headers: Vec::new(), further: Vec::new() });
        self
    }

    /// Another media type that the last answer may have.
    #[must_use]
    pub fn or_bytes(mut self, media_type: &'static str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.further.push(media_type);
        }
        self
    }

    /// A header of the last answer.
    #[must_use]
    pub fn header(mut self, name: &'static str, says: Text) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.push((name, says));
        }
        self
    }

    /// What it may be refused with, beside what holds for all.
    #[must_use]
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend(statuses);
        self
    }

    /// A command as an example, where it cannot be made of the rest.
    #[must_use]
    pub fn command(mut self, command: &'static str) -> Self {
        self.command = Some(command);
        self
    }

    /// Every status that it is refused with, in order.
    fn refused_with(&self) -> Vec<u16> {
        let mut statuses = self.refusals.clone();
        if self.has_key {
            statuses.extend([401, 403, 429]);
        }
        if self.body.is_some() {
            statuses.push(413);
        }
        if self.parameters.iter().any(|parameter| parameter.at == At::Path) {
            statuses.push(404);
        }
        if self.body.is_some() || self.parameters.iter().any(|parameter| parameter.at != At::Path) {
            statuses.push(422);
        }
        if self.path.starts_with("/api/v1/") {
            statuses.push(400);
        }
        statuses.extend([500, 503]);
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }

    /// A command that does it, for a shell with `$SHIYIN`, `$KEY` and what stands in the path.
    fn curl(&self) -> String {
        if let Some(command) = self.command {
            return command.to_owned();
        }
        let mut path = self.path.to_owned();
        for parameter in self.parameters.iter().filter(|parameter| parameter.at == At::Path) {
            let value = match &parameter.example {
                Some(Value::String(example)) => example.clone(),
                _ => format!("${}", parameter.name.to_uppercase()),
            };
            path = path.replace(&format!("{{{}}}", parameter.name), &value);
        }
        let in_words = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given = |at: At| {
            let of = self.parameters.iter().filter(move |parameter| parameter.at == at);
            of.filter_map(move |parameter| {
                let value = match parameter.name {
                    // Each request has a key of its own.
                    "Idempotency-Key" => format!("{}-2026-09-14", self.id),
                    _ => in_words(parameter.example.as_ref()?),
                };
                Some((parameter.name, value))
            })
        };
        let query: Vec<String> = given(At::Query).map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let mut parts = vec!["curl".to_owned()];
        match self.method {
            "GET" => {}
            "HEAD" => parts.push("-I".to_owned()),
            method => parts.push(format!("-X {method}")),
        }
        if self.has_key {
            parts.push("-H \"Authorization: Bearer $KEY\"".to_owned());
        }
        parts.extend(given(At::Header).map(|(name, value)| format!("-H '{name}: {value}'")));
        let is_file = |answer: &Answer| answer.content.as_ref().is_some_and(|content| content.make.is_none());
        if self.answers.first().is_some_and(is_file) {
            parts.push("-OJ".to_owned());
        }
        parts.push(format!("\"$SHIYIN{path}{mark}{}\"", query.join("&")));
        if let Some(example) = self.body.as_ref().and_then(|body| body.example.as_ref()) {
            parts.push("\\\n  -H 'Content-Type: application/json' -d".to_owned());
            parts.push(format!("'{}'", serde_json::to_string_pretty(example).unwrap_or_default()));
        }
        parts.join(" ")
    }
}

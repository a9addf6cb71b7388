//! A record: what was preserved, by whom, with which statements, as one canonical JSON (DESIGN 2).
//!
//! What could point to a person stands in it as a commitment, SHA-256 over a salt of 32 bytes and the
//! text; the salts and texts are the openings, which are shown one by one or not at all. So a record
//! can be stamped, published and kept for ever, and an erased person is gone from it. Reading is
//! strict: RFC 8785 bytes only, unknown keys refused, everything bounded.

mod disclosure;
mod files;
mod number;
mod openings;

pub use disclosure::{Disclosure, Shown};
pub use files::{Content, FILES_MAX, File, Files, FilesHead};
pub use number::{EvidenceNumber, NumberError};
pub use openings::{Opened, Opening, Openings, Part};

use crate::digest::{DigestAlgorithm, from_hex, hex};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

const KIND: &str = "shiyin.record/1";
const STATEMENTS_MAX: usize = 256;
const PREVIOUS_MAX: usize = 64;
const TEXT_CHARS_MAX: usize = 10_000;
/// A salt has as many bytes as the digest.
pub const SALT_BYTES: usize = 32;

/// A commitment to a text or a file: SHA-256 over the salt and the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// The commitment to a text under a salt.
    #[must_use]
    pub fn to(salt: &[u8; SALT_BYTES], text: &str) -> Self {
        let digest = DigestAlgorithm::Sha256.digest(&[&salt[..], text.as_bytes()].concat());
        Self(digest.as_bytes().try_into().unwrap_or_default())
    }

    /// The commitment of these bytes: the digest of salt and file, computed elsewhere.
    #[must_use]
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// 64 lowercase hexadecimal characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hex32([u8; 32]);

impl Serialize for Hex32 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex32 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = from_hex(&text).filter(|_| !text.bytes().any(|b| b.is_ascii_uppercase()));
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("not 64 lowercase hexadecimal characters"))
    }
}

/// What is stated: openly, or as a commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// For everyone: a type, a stage, a tag.
    Open(String),
    /// For whom it is opened: a title, a name.
    Committed(Commitment),
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Under which it is found.
    pub number: EvidenceNumber,
    /// What made it: `work`, `capture`, `contract`, …
    pub maker: String,
    /// Who runs the node, as it stands in its certificates.
    pub operator: String,
    /// How the operator is related to the applicant: `independent`, `own-works`, `both`, `unknown`.
    pub relation: String,
    /// The commitment to the applicant's name, and how it was found out: `mail`, `provider`, `papers`.
    pub applicant: (Commitment, String),
    /// The files: how many, and the root over them.
    pub files: FilesHead,
    /// What is stated, by name.
    pub statements: BTreeMap<String, Statement>,
    /// The SHA-256 of the records that it follows.
    pub previous: Vec<[u8; 32]>,
}

/// Why bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// No JSON of this shape; the cause names the place.
    Shape(String),
    /// Another kind, or a version to come.
    Kind(String),
    /// The evidence number is none.
    Number(NumberError),
    /// More than there may be of something.
    Many(&'static str),
    /// A name, text or number that cannot stand there.
    Value(String),
    /// Other bytes than the canonical ones (RFC 8785).
    NotCanonical,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(cause) => write!(f, "no record: {cause}"),
            Self::Kind(kind) => write!(f, "kind {kind:?} is not {KIND}"),
            Self::Number(error) => error.fmt(f),
            Self::Many(what) => write!(f, "too many {what}"),
            Self::Value(what) => write!(f, "{what} cannot stand there"),
            Self::NotCanonical => f.write_str("not canonical JSON (RFC 8785)"),
        }
    }
}

impl std::error::Error for RecordError {}

// The JSON. Keys stand in the order of their names, as RFC 8785 wants.

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordJson {
    applicant: ApplicantJson,
    files: FilesHeadJson,
    kind: String,
    maker: String,
    number: String,
    operator: OperatorJson,
    previous: Vec<Hex32>,
    statements: BTreeMap<String, StatementJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicantJson {
    level: String,
    name: Hex32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OperatorJson {
    name: String,
    relation: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilesHeadJson {
    bytes: u64,
    count: u64,
    root: Hex32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    commitment: Option<Hex32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('-') && !name.ends_with('-')
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

impl Record {
    /// What cannot be stamped as it is.
    ///
    /// # Errors
    /// Where something is more, longer or other than a record may hold.
    pub fn check(&self) -> Result<(), RecordError> {
        let value = |what: &str| Err(RecordError::Value(what.to_owned()));
        if self.files.count > FILES_MAX as u64 {
            return Err(RecordError::Many("files"));
        }
        if self.statements.len() > STATEMENTS_MAX {
            return Err(RecordError::Many("statements"));
        }
        if self.previous.len() > PREVIOUS_MAX {
            return Err(RecordError::Many("previous records"));
        }
        for (name, what) in [(&self.maker, "maker"), (&self.relation, "relation"), (&self.applicant.1, "level")] {
            if !is_name(name) {
                return value(&format!("{what} {name:?}"));
            }
        }
        if self.operator.is_empty() || !is_text(&self.operator) {
            return value("the operator's name");
        }
        // Integers within 2^53 read the same everywhere.
        if self.files.bytes >= 1 << 53 {
            return value("a size of 2^53 bytes or more");
        }
        for (name, statement) in &self.statements {
            let is_fit = match statement {
                Statement::Open(text) => is_text(text),
                Statement::Committed(_) => true,
            };
            if !is_name(name) || !is_fit {
                return value(&format!("statement {name:?}"));
            }
        }
        Ok(())
    }

    /// The bytes that are stamped.
    #[must_use]
    pub fn to_canonical_json(&self) -> Vec<u8> {
        serde_json::to_vec(&RecordJson::from(self)).unwrap_or_default()
    }

    /// The SHA-256 of those bytes, by which later records name this one.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let digest = DigestAlgorithm::Sha256.digest(&self.to_canonical_json());
        digest.as_bytes().try_into().unwrap_or_default()
    }

    /// Reads a record.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let json: RecordJson = serde_json::from_slice(bytes).map_err(|e| RecordError::Shape(e.to_string()))?;
        let record = Self::try_from(json)?;
        // Also what JSON lets stand twice, and a number that is written otherwise.
        if record.to_canonical_json() == bytes { Ok(record) } else { Err(RecordError::NotCanonical) }
    }
}

impl From<&Record> for RecordJson {
    fn from(record: &Record) -> Self {
        let statement = |statement: &Statement| match statement {
            Statement::Open(text) => StatementJson { commitment: None, text: Some(text.clone()) },
            Statement::Committed(commitment) => StatementJson { commitment: Some(Hex32(commitment.0)), text: None },
        };
        let FilesHead { count, bytes, root } = record.files;
        Self {
            applicant: ApplicantJson { level: record.applicant.1.clone(), name: Hex32(record.applicant.0.0) },
            files: FilesHeadJson { bytes, count, root: Hex32(root) },
            kind: KIND.to_owned(),
            maker: record.maker.clone(),
            number: record.number.to_string(),
            operator: OperatorJson { name: record.operator.clone(), relation: record.relation.clone() },
            previous: record.previous.iter().copied().map(Hex32).collect(),
            statements: record.statements.iter().map(|(name, s)| (name.clone(), statement(s))).collect(),
        }
    }
}

impl TryFrom<RecordJson> for Record {
    type Error = RecordError;

    fn try_from(json: RecordJson) -> Result<Self, RecordError> {
        if json.kind != KIND {
            return Err(RecordError::Kind(json.kind));
        }
        let statement = |(name, statement): (String, StatementJson)| match (statement.text, statement.commitment) {
            (Some(text), None) => Ok((name, Statement::Open(text))),
            (None, Some(commitment)) => Ok((name, Statement::Committed(Commitment(commitment.0)))),
            _ => Err(RecordError::Value(format!("statement {name:?}"))),
        };
        let record = Self {
            number: json.number.parse().map_err(RecordError::Number)?,
            maker: json.maker,
            operator: json.operator.name,
            relation: json.operator.relation,
            applicant: (Commitment(json.applicant.name.0), json.applicant.level),
            files: FilesHead { count: json.files.count, bytes: json.files.bytes, root: json.files.root.0 },
            statements: json.statements.into_iter().map(statement).collect::<Result<_, _>>()?,
            previous: json.previous.into_iter().map(|digest| digest.0).collect(),
        };
        record.check()?;
        Ok(record)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SALT: [u8; 32] = [7; 32];

    fn name(text: &str) -> Commitment {
        Commitment::to(&SALT, text)
    }

    pub(crate) fn files() -> Files {
        let sha256 = DigestAlgorithm::Sha256.digest(b"a").as_bytes().try_into().unwrap();
        let content = Content::Digests { sha256, sm3: None };
        let salted = Content::Salted(name("b"));
        Files::new(vec![
            File { content, name: name("a.jpg"), size: 1, is_attached: false },
            File { content: salted, name: name("sub/b.txt"), size: 0, is_attached: false },
        ])
        .unwrap()
    }

    pub(crate) fn record() -> Record {
        Record {
            number: EvidenceNumber::from_random(&[9; 32]).unwrap(),
            maker: "work".to_owned(),
            operator: "青屿 \"Qingyu\"".to_owned(),
            relation: "independent".to_owned(),
            applicant: (name("林月港"), "papers".to_owned()),
            files: files().head(),
            statements: [
                ("title".to_owned(), Statement::Committed(name("月港"))),
                ("type".to_owned(), Statement::Open("photo".to_owned())),
            ]
            .into(),
            previous: vec![[3; 32]],
        }
    }

    #[test]
    fn a_record_reads_back_and_names_nobody() {
        let bytes = record().to_canonical_json();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.starts_with(r#"{"applicant":{"level":"papers","name":""#), "{text}");
        assert_eq!(Record::parse(&bytes).unwrap(), record());
        for secret in ["林月港", "a.jpg", "b.txt", "月港"] {
            assert!(!text.contains(secret), "{secret}");
        }
        assert_eq!(record().digest(), Record::parse(&bytes).unwrap().digest());
    }

    #[test]
    fn hostile_records_are_refused() {
        let good = String::from_utf8(record().to_canonical_json()).unwrap();
        for (from, to) in [
            ("record/1", "record/2"),
            ("\"count\":2,", "\"count\": 2,"),
            ("\"bytes\":1,", "\"bytes\":9007199254740992,"),
            ("\"bytes\":1,", "\"bytes\":-1,"),
            ("\"count\":2,", "\"count\":1000001,"),
            ("\"maker\":\"work\"", "\"maker\":\"Work\""),
            ("\"maker\":\"work\"", "\"maker\":\"\""),
            ("\"kind\"", "\"extra\":1,\"kind\""),
            ("{\"text\":\"photo\"}", "{}"),
            ("{\"text\":\"photo\"}", "{\"text\":\"\\u0000\"}"),
            ("\"type\":{", "\"title\":{"),
            ("SY-", "SY"),
            ("\"previous\":[\"03", "\"previous\":[\"0"),
            ("\"previous\":[\"0303", "\"previous\":[\"0A03"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            assert!(Record::parse(bad.as_bytes()).is_err(), "{to}");
        }
        for place in (0..good.len()).step_by(7) {
            assert!(Record::parse(&good.as_bytes()[..place]).is_err());
        }
        let many = Record { previous: vec![[0; 32]; PREVIOUS_MAX + 1], ..record() };
        assert_eq!(Record::parse(&many.to_canonical_json()), Err(RecordError::Many("previous records")));
    }
}

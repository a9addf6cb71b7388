//! An outcome as JSON: the same facts as on the page, for programs and for keeping.

use super::PROGRAM;
use crate::judge::{FileLine, FileState, Outcome, PdfView, RecordView, Said, Subject};
use crate::parts::{is_genuine, same};
use crate::sentences::sentences;
use proof::pdf::{Kind, Level, SignatureReport};
use proof::report::{JsonReport, Language, Report};
use serde::Serialize;
use std::collections::BTreeMap;

/// An outcome as JSON has it.
#[derive(Serialize)]
pub struct Json {
    verdict: &'static str,
    checked_at: String,
    program: &'static str,
    subjects: Vec<JsonSubject>,
    without_token: Vec<JsonFile>,
}

#[derive(Serialize)]
struct JsonSubject {
    name: String,
    kind: &'static str,
    verdict: &'static str,
    /// Whether token and record are genuine, whatever becomes of files.
    genuine: &'static str,
    /// Whether the files are the ones; null where not all of them were compared.
    same: Option<bool>,
    sentences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<JsonRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pdf: Option<JsonPdf>,
    files: Vec<JsonFile>,
    tokens: Vec<JsonToken>,
}

#[derive(Serialize)]
struct JsonFile {
    name: String,
    /// Its place in a record, from 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u64>,
    /// What it is called where it was put down, where that is another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    given_as: Option<String>,
    size: Option<u64>,
    state: &'static str,
    /// Whether what was compared is a salt followed by the file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    salted: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    digests: Vec<String>,
}

/// A record as it was stamped. What was not opened is null.
#[derive(Serialize)]
struct JsonRecord {
    number: String,
    sha256: String,
    stamped: bool,
    /// Whether one file of it is shown alone.
    disclosure: bool,
    operator: String,
    relation: String,
    applicant: Option<String>,
    level: String,
    statements: BTreeMap<String, Option<String>>,
    files: u64,
    bytes: u64,
}

impl JsonRecord {
    fn new(record: &RecordView) -> Self {
        let text = |said: &Said| match said {
            Said::Open(text) | Said::Opened(text) => Some(text.clone()),
            Said::Hidden => None,
        };
        Self {
            number: record.number.clone(),
            sha256: record.digest.clone(),
            stamped: record.is_stamped,
            disclosure: record.is_disclosure,
            operator: record.operator.clone(),
            relation: record.relation.clone(),
            applicant: text(&record.applicant),
            level: record.level.clone(),
            statements: record.statements.iter().map(|(name, said)| (name.clone(), text(said))).collect(),
            files: record.count,
            bytes: record.bytes,
        }
    }
}

/// A certificate or another signed PDF. What was found of each signature stands in `tokens`, by its field.
#[derive(Serialize)]
struct JsonPdf {
    state: &'static str,
    /// By when it is proven to have been signed; null where nothing proves it.
    signed_no_later_than: Option<String>,
    /// Whether it decides nothing: somebody's signature in a file that was stamped.
    aside: bool,
    signatures: Vec<JsonSignature>,
}

#[derive(Serialize)]
struct JsonSignature {
    field: String,
    kind: &'static str,
    verdict: &'static str,
    signer: Option<String>,
    level: Option<&'static str>,
    no_later_than: Option<String>,
    covers_whole_revision: bool,
    last_revision: bool,
}

impl JsonPdf {
    fn new(pdf: &PdfView) -> Self {
        let signature = |one: &SignatureReport| JsonSignature {
            field: one.field.clone(),
            kind: match one.kind {
                Kind::Signature => "signature",
                Kind::DocumentTimestamp => "document-timestamp",
            },
            verdict: one.verdict.name(),
            signer: one.signer.clone(),
            level: one.level.map(Level::name),
            no_later_than: one.time.map(|time| time.to_string()),
            covers_whole_revision: one.covers_whole_revision,
            last_revision: one.is_last_revision,
        };
        Self {
            state: pdf.state().name(),
            signed_no_later_than: pdf.time().map(|time| time.to_string()),
            aside: pdf.is_aside,
            signatures: pdf.report.signatures.iter().map(signature).collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonToken {
    name: String,
    #[serde(flatten)]
    report: JsonReport,
}

impl Json {
    /// The outcome with its sentences in one language.
    #[must_use]
    pub fn new(outcome: &Outcome, language: Language) -> Self {
        let file = |line: &FileLine, digests: Vec<String>| JsonFile {
            name: line.name.clone(),
            place: line.place.map(|(place, _)| place),
            given_as: line.given.clone(),
            size: line.size,
            state: match line.state {
                FileState::Same => "same",
                FileState::Extra => "extra",
                FileState::NotGiven => "not-given",
                FileState::Unchecked => "unchecked",
                FileState::Differs => "differs",
            },
            salted: line.is_salted,
            digests,
        };
        let token = |(name, report): &(String, Report)| JsonToken {
            name: name.clone(),
            report: JsonReport::new(report, language),
        };
        let subject = |s: &Subject| JsonSubject {
            name: s.name.clone(),
            kind: match () {
                () if s.record.is_some() => "record",
                () if s.is_package => "package",
                () if s.is_certificate() => "certificate",
                () if s.pdf.is_some() => "pdf",
                () if s.is_folder => "folder",
                () => "file",
            },
            verdict: s.verdict().name(),
            genuine: is_genuine(s).name(),
            same: same(s),
            sentences: sentences(s, !outcome.loose.is_empty(), language),
            record: s.record.as_ref().map(JsonRecord::new),
            pdf: s.pdf.as_ref().map(JsonPdf::new),
            files: s.files.iter().map(|f| file(f, Vec::new())).collect(),
            tokens: s.tokens.iter().map(token).collect(),
        };
        let named = |d: &proof::digest::Digest| format!("{}:{d}", d.algorithm().name());
        let mut without_token: Vec<JsonFile> =
            outcome.loose.iter().map(|(line, digests)| file(line, digests.iter().map(named).collect())).collect();
        for line in &mut without_token {
            line.state = "no-token";
        }
        Self {
            verdict: outcome.verdict().name(),
            checked_at: outcome.now.to_string(),
            program: PROGRAM,
            subjects: outcome.subjects.iter().map(subject).collect(),
            without_token,
        }
    }
}

//! Verifying every signature and document timestamp of a file (ETSI EN 319 142-1, EN 319 102-1
//! section 5 in its spirit: what cannot be checked is said, and never counts as passed).
//!
//! Document timestamps come first: they prove when what they cover existed, at the latest. What the
//! document carries (certificates, revocation data) is used and never trusted.

use super::PdfError;
use super::changes;
use super::fields::{Field, fields};
use super::file::File;
use super::object::Object;
use super::signature::{Encoding, Signature, Unreadable};
use super::signer::{self, verify_over};
use super::validation::ValidationData;
use crate::der::Time;
use crate::report::{Code, Finding, Report, Verdict};
use crate::verify::{Context, Findings};

/// Signatures and timestamps in one file.
const SIGNATURES_MAX: usize = 64;

/// What a field was signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signature by somebody.
    Signature,
    /// A timestamp over the document.
    DocumentTimestamp,
}

/// The baseline level of a signature (EN 319 142-1 section 6), as found: what is there, whether or
/// not it holds, is in the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A signature.
    B,
    /// With a proven time.
    T,
    /// With what is needed to check it later.
    Lt,
    /// With a document timestamp over that.
    Lta,
}

impl Level {
    /// The name in EN 319 142-1.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::B => "B-B",
            Self::T => "B-T",
            Self::Lt => "B-LT",
            Self::Lta => "B-LTA",
        }
    }
}

/// What was found of one signature or document timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureReport {
    /// What it is.
    pub kind: Kind,
    /// The full name of its field.
    pub field: String,
    /// The subject of the signer's certificate, where it was found.
    pub signer: Option<String>,
    /// Whether it covers one revision from the first byte to the last, itself excepted.
    pub covers_whole_revision: bool,
    /// Whether no revision follows the one that it covers.
    pub is_last_revision: bool,
    /// What it comes to.
    pub verdict: Verdict,
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// The earliest time at which it is proven to have existed, by an authority that is pinned.
    pub time: Option<Time>,
    /// The signature timestamp of a signature, or the token of a document timestamp, verified.
    pub timestamp: Option<Report>,
    /// The baseline level; none for document timestamps and older encodings.
    pub level: Option<Level>,
}

/// A verdict on a file and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PdfReport {
    /// The worst of what follows.
    pub verdict: Verdict,
    /// What was found of the file as a whole.
    pub findings: Vec<Finding>,
    /// Its signatures and document timestamps, in the order of the form.
    pub signatures: Vec<SignatureReport>,
}

impl PdfReport {
    fn new(findings: Findings, signatures: Vec<SignatureReport>) -> Self {
        let own = if findings.0.is_empty() { Verdict::Valid } else { Report::new(findings.0.clone(), None).verdict };
        let verdict = signatures.iter().map(|s| s.verdict).fold(own, Ord::max);
        Self { verdict, findings: findings.0, signatures }
    }

    /// Whether a finding with this code is there, of the file or of a signature.
    #[must_use]
    pub fn has(&self, code: Code) -> bool {
        self.findings.iter().chain(self.signatures.iter().flat_map(|s| &s.findings)).any(|f| f.code == code)
    }
}

/// A time by which everything up to a place in the file existed.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) time: Time,
    pub(super) authority: String,
    /// Whether its authority is pinned.
    pub(super) is_confirmed: bool,
    /// Where what it covers ends.
    pub(super) end: usize,
}

impl Proof {
    /// What a verified token proves, where it proves anything.
    pub(super) fn of(report: &Report, end: usize) -> Option<Self> {
        let is_confirmed = match report.verdict {
            Verdict::Valid => true,
            Verdict::Unconfirmed => false,
            Verdict::Incomplete | Verdict::Invalid => return None,
        };
        let facts = report.facts.as_ref()?;
        let authority = facts.signer.clone().unwrap_or_else(|| "—".to_owned());
        Some(Self { time: facts.gen_time, authority, is_confirmed, end })
    }
}

/// Verifies every signature and document timestamp of a file.
#[must_use]
pub fn verify(bytes: &[u8], cx: &Context<'_>) -> PdfReport {
    let mut findings = Findings::default();
    match read(bytes) {
        Ok((file, signed, store)) if !signed.is_empty() => {
            let signatures = judge(&file, signed, &store, cx);
            PdfReport::new(findings, signatures)
        }
        Ok(_) => {
            findings.add(Code::PdfUnsigned);
            PdfReport::new(findings, Vec::new())
        }
        Err(cause) => {
            findings.with(Code::PdfMalformed, [("cause", cause.to_string())]);
            PdfReport::new(findings, Vec::new())
        }
    }
}

fn read(bytes: &[u8]) -> Result<(File<'_>, Vec<Field>, ValidationData), PdfError> {
    let file = File::parse(bytes)?;
    let mut signed = fields(&file)?;
    signed.retain(|field| field.value.as_ref().is_some_and(|value| *value != Object::Null));
    if signed.len() > SIGNATURES_MAX {
        return Err(PdfError::TooLarge("signatures"));
    }
    let store = ValidationData::read(&file)?;
    Ok((file, signed, store))
}

fn judge(file: &File<'_>, signed: Vec<Field>, store: &ValidationData, cx: &Context<'_>) -> Vec<SignatureReport> {
    let certificates = [store.certificates.as_slice(), cx.certificates].concat();
    let carried = [store.crls.as_slice(), store.ocsps.as_slice()].concat();
    let crls = [carried.as_slice(), cx.crls].concat();
    let cx = &Context { certificates: &certificates, crls: &crls, request: None, content: &[], ..*cx };
    let mut reports: Vec<SignatureReport> = signed.iter().map(report).collect();
    let read: Vec<Option<Signature<'_>>> =
        signed.iter().zip(&mut reports).map(|(field, report)| readable(file, field, report)).collect();
    let mut proofs = Vec::new();
    let mut stored_until = 0;
    for (signature, report) in read.iter().zip(&mut reports) {
        let Some(signature) = signature.as_ref().filter(|s| s.encoding == Encoding::Timestamp) else { continue };
        check_timestamp(signature, report, cx);
        if report.covers_whole_revision {
            proofs.extend(report.timestamp.as_ref().and_then(|token| Proof::of(token, signature.end)));
            let covers_store = ValidationData::read(&signature.revision).is_ok_and(|data| !data.is_empty());
            stored_until = if covers_store { stored_until.max(signature.end) } else { stored_until };
        }
    }
    for (signature, report) in read.iter().zip(&mut reports) {
        let Some(signature) = signature.as_ref().filter(|s| s.encoding != Encoding::Timestamp) else { continue };
        let later: Vec<Proof> = proofs.iter().filter(|proof| proof.end > signature.end).cloned().collect();
        check_signature(signature, report, &later, &carried, stored_until, cx);
    }
    for (signature, report) in read.iter().zip(&mut reports) {
        if let Some(signature) = signature {
            check_changes(file, signature, report);
        }
        report.verdict = Report::new(report.findings.clone(), None).verdict;
    }
    reports
}

fn report(field: &Field) -> SignatureReport {
    SignatureReport {
        kind: Kind::Signature,
        field: field.name.clone(),
        signer: None,
        covers_whole_revision: false,
        is_last_revision: false,
        verdict: Verdict::Invalid,
        findings: Vec::new(),
        time: None,
        timestamp: None,
        level: None,
    }
}

fn note<const N: usize>(report: &mut SignatureReport, code: Code, values: [(&'static str, String); N]) {
    report.findings.push(Finding { code, values: values.into() });
}

fn readable<'a>(file: &File<'a>, field: &Field, report: &mut SignatureReport) -> Option<Signature<'a>> {
    let value = field.value.as_ref().map(|value| file.resolve(value));
    if let Some(Ok(value)) = value
        && value.dictionary().is_some_and(|d| d.is_name("Type", "DocTimeStamp"))
    {
        report.kind = Kind::DocumentTimestamp;
    }
    match Signature::read(file, field) {
        Ok(signature) => {
            report.covers_whole_revision = true;
            report.is_last_revision = signature.revision.startxref() == file.startxref();
            Some(signature)
        }
        Err(unreadable) => {
            match unreadable {
                Unreadable::Encoding(kind) => note(report, Code::PdfKindUnsupported, [("kind", kind)]),
                Unreadable::Malformed(cause) => {
                    note(report, Code::PdfSignatureMalformed, [("cause", cause.to_string())]);
                }
                Unreadable::Range(cause) => note(report, Code::PdfRangeWrong, [("cause", cause.to_owned())]),
            }
            None
        }
    }
}

fn check_timestamp(signature: &Signature<'_>, report: &mut SignatureReport, cx: &Context<'_>) {
    let token = match signature.cms() {
        Ok(token) => verify_over(token, &signature.signed, cx),
        Err(cause) => {
            note(report, Code::PdfSignatureMalformed, [("cause", cause.to_string())]);
            return;
        }
    };
    report.findings.extend(token.findings.iter().cloned());
    report.signer = token.facts.as_ref().and_then(|facts| facts.signer.clone());
    report.time = token.facts.as_ref().filter(|_| token.verdict == Verdict::Valid).map(|facts| facts.gen_time);
    report.timestamp = Some(token);
}

fn check_signature(
    signature: &Signature<'_>,
    report: &mut SignatureReport,
    later: &[Proof],
    carried: &[Vec<u8>],
    stored_until: usize,
    cx: &Context<'_>,
) {
    let mut findings = Findings::default();
    if signature.encoding == Encoding::Pkcs7 {
        findings.add(Code::PdfNotBaseline);
    }
    let signed = signer::check(signature, later, carried, cx, &mut findings);
    let has_time = signed.timestamp.is_some() || !later.is_empty();
    report.level = (signature.encoding == Encoding::Cades).then_some(match (has_time, signed.has_validation_data) {
        (true, true) if stored_until > signature.end => Level::Lta,
        (true, true) => Level::Lt,
        (true, false) => Level::T,
        (false, _) => Level::B,
    });
    report.signer = signed.subject;
    report.time = signed.time;
    report.timestamp = signed.timestamp;
    report.findings.extend(findings.0);
}

fn check_changes(file: &File<'_>, signature: &Signature<'_>, report: &mut SignatureReport) {
    if report.is_last_revision {
        return;
    }
    let found = match changes::compare(&signature.revision, file, signature.permission) {
        Ok(found) => found,
        Err(cause) => {
            note(report, Code::PdfChangedAfterSigning, [("what", cause.to_string())]);
            return;
        }
    };
    if found.metadata {
        note(report, Code::PdfMetadataChanged, []);
    }
    for name in found.visible {
        note(report, Code::PdfVisibleFieldAdded, [("field", name)]);
    }
    if found.wrong.is_empty() {
        note(report, Code::PdfRevisionsFollow, []);
    }
    for what in found.wrong {
        note(report, Code::PdfChangedAfterSigning, [("what", what)]);
    }
}

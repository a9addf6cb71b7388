//! A PDF judged by itself: who signed it, whether it is as it was signed, since when that is proven.
//!
//! A certificate has a verdict apart from that of the record inside: a genuine record does not make its
//! certificate genuine, nor the other way round. What a stranger's signature in a stamped PDF comes to is
//! said, and decides nothing of the stamp.

use super::{FileLine, FileState, Judge, Made, Means, Subject, finding, sha256};
use crate::desk::Item;
use crate::kind::Kind;
use proof::der::Time;
use proof::pdf::{self, Level, PdfReport, SignatureReport};
use proof::report::{Code, Finding, Report, Verdict};
use std::collections::{BTreeSet, HashSet};

/// What is known of a PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PdfView {
    /// Whether evidence rides in it.
    pub is_certificate: bool,
    /// Whether it is a file that was stamped, signed by somebody: its signatures answer another question.
    pub is_aside: bool,
    /// What was found of its signatures and timestamps.
    pub report: PdfReport,
}

/// What a PDF comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PdfState {
    /// Signed under a pinned authority, and unchanged since.
    Genuine,
    /// Unchanged since it was signed; the signer's authority is not pinned.
    Unconfirmed,
    /// Something that is needed for the check is missing.
    Incomplete,
    /// Nobody signed it.
    Unsigned,
    /// It is not what was signed.
    Changed,
    /// A signature or timestamp is wrong.
    Invalid,
    /// It has no one meaning.
    Unreadable,
}

impl PdfState {
    /// The stable name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Unconfirmed => "unconfirmed",
            Self::Incomplete => "incomplete",
            Self::Unsigned => "unsigned",
            Self::Changed => "changed",
            Self::Invalid => "invalid",
            Self::Unreadable => "unreadable",
        }
    }
}

impl PdfView {
    /// What it comes to.
    #[must_use]
    pub fn state(&self) -> PdfState {
        let has = |codes: &[Code]| codes.iter().any(|code| self.report.has(*code));
        let is_unsigned = self.is_certificate && self.signatures().next().is_none();
        match self.report.verdict {
            _ if has(&[Code::PdfMalformed]) => PdfState::Unreadable,
            _ if has(&[Code::PdfContentChanged, Code::PdfChangedAfterSigning, Code::ImprintMismatch]) => {
                PdfState::Changed
            }
            // Nobody but the operator signs a certificate, and not where it can be seen.
            _ if self.is_certificate && self.has_additions() => PdfState::Changed,
            Verdict::Invalid => PdfState::Invalid,
            _ if is_unsigned || has(&[Code::PdfUnsigned]) => PdfState::Unsigned,
            Verdict::Valid => PdfState::Genuine,
            Verdict::Unconfirmed => PdfState::Unconfirmed,
            Verdict::Incomplete => PdfState::Incomplete,
        }
    }

    /// Its signatures, without timestamps over the document.
    pub fn signatures(&self) -> impl Iterator<Item = &SignatureReport> {
        self.report.signatures.iter().filter(|one| one.kind == pdf::Kind::Signature)
    }

    /// Who signed, as the certificates say; nobody where it bears timestamps alone.
    #[must_use]
    pub fn signers(&self) -> Vec<&str> {
        self.signatures().map(|one| one.signer.as_deref().unwrap_or("—")).collect()
    }

    /// By when all of its signatures are proven to have existed; of a PDF with timestamps alone, the first of
    /// these.
    #[must_use]
    pub fn time(&self) -> Option<Time> {
        match self.signatures().next() {
            Some(_) => self.signatures().map(|one| one.time).collect::<Option<Vec<_>>>()?.into_iter().max(),
            None => self.report.signatures.iter().filter_map(|one| one.time).min(),
        }
    }

    /// The least of its signatures' levels.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.signatures().map(|one| one.level).min().flatten()
    }

    /// Whether something that can be seen, or its properties, came after a signature that still holds.
    #[must_use]
    pub fn has_additions(&self) -> bool {
        self.report.has(Code::PdfVisibleFieldAdded) || self.report.has(Code::PdfMetadataChanged)
    }

    fn file_state(&self) -> FileState {
        match self.state() {
            PdfState::Changed => FileState::Differs,
            PdfState::Genuine | PdfState::Unconfirmed => FileState::Same,
            _ => FileState::Unchecked,
        }
    }
}

/// A report for each signature and timestamp, with what was found of the whole file.
fn reports(name: &str, view: &PdfView) -> Vec<(String, Report)> {
    let mut further = view.report.findings.clone();
    if view.state() == PdfState::Unsigned && view.is_certificate {
        further.retain(|one| one.code != Code::PdfUnsigned);
        further.push(finding(Code::CertificateUnsigned, [("path", name.to_owned())]));
    }
    if view.is_certificate && view.has_additions() {
        let what = "a field that can be seen, or its properties".to_owned();
        further.push(finding(Code::PdfChangedAfterSigning, [("what", what)]));
    }
    let of = |one: &SignatureReport| {
        let is_timestamp = one.kind == pdf::Kind::DocumentTimestamp;
        let facts = one.timestamp.as_ref().filter(|_| is_timestamp).and_then(|token| token.facts.clone());
        (one.field.clone(), Report { verdict: one.verdict, findings: one.findings.clone(), facts })
    };
    let mut all: Vec<(String, Report)> = view.report.signatures.iter().map(of).collect();
    if !further.is_empty() || all.is_empty() {
        all.insert(0, (name.to_owned(), Report::new(further, None)));
    }
    all
}

impl Judge<'_> {
    /// Every PDF once, after all that may speak of it as of a file.
    pub(super) fn check_pdfs(&mut self, means: &Means, made: &mut Vec<Made>) {
        let desk = self.desk;
        let mut known: BTreeSet<&[u8]> = BTreeSet::new();
        for (number, item) in desk.items.iter().enumerate() {
            let Kind::Pdf { is_certificate } = item.kind else { continue };
            let is_aside = !is_certificate && self.spoken_of.contains(&number);
            let subject = match &item.opened {
                Some(Err(cause)) => not_opened(item, cause),
                _ if !known.insert(&item.bytes) => continue,
                _ => {
                    let report = pdf::verify(&item.bytes, &means.context(&[]));
                    let view = PdfView { is_certificate, is_aside, report };
                    // A file that was stamped may be a PDF that others read more leniently.
                    if is_aside && view.state() == PdfState::Unreadable {
                        continue;
                    }
                    self.subject(number, item, view, made)
                }
            };
            self.spoken_of.insert(number);
            made.push(Made { content: Some(number), fits: true, further: Vec::new(), subject });
        }
    }

    fn subject(&self, number: usize, item: &Item, view: PdfView, made: &[Made]) -> Subject {
        let mut tokens = reports(&item.name, &view);
        if let Some(other) = self.other_authority(number, &tokens, made)
            && let Some((_, first)) = tokens.first_mut()
        {
            *first = super::with(first.clone(), &[other]);
        }
        let line = FileLine::new(&item.name, item.size, view.file_state());
        Subject { name: item.name.clone(), files: vec![line], tokens, pdf: Some(view), ..Subject::default() }
    }

    /// Whether a certificate leads to another authority than the record that rides in it: both may be pinned,
    /// and one who may sign documents is not for that the operator of the node.
    fn other_authority(&self, pdf: usize, tokens: &[(String, Report)], made: &[Made]) -> Option<Finding> {
        let value = |finding: &Finding, name: &str| {
            finding.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        let mut findings = tokens.iter().flat_map(|(_, report)| &report.findings);
        let trusted = findings.find(|one| one.code == Code::PdfSignerTrusted)?;
        let (anchor, own) = (value(trusted, "anchor")?, value(trusted, "fingerprint")?);
        let inside = self.desk.items.iter().filter(|item| item.within == Some(pdf) && item.is_attached);
        let records: HashSet<_> =
            inside.filter(|item| matches!(item.kind, Kind::Record(_))).filter_map(|i| sha256(&i.digests)).collect();
        let is_inside = |one: &&Made| {
            let item = one.content.and_then(|number| self.desk.items.get(number));
            one.fits && item.and_then(|item| sha256(&item.digests)).is_some_and(|digest| records.contains(&digest))
        };
        let stamped = made.iter().filter(is_inside).flat_map(|one| &one.subject.tokens);
        let mut prints = stamped.filter_map(|(_, report)| report.facts.as_ref()?.authority_fingerprint.clone());
        let first = prints.next()?;
        let is_other = first != own && prints.all(|print| print != own);
        is_other.then(|| finding(Code::CertificateOtherAuthority, [("anchor", anchor), ("fingerprint", first)]))
    }
}

/// A certificate for which there was no room.
fn not_opened(item: &Item, cause: &str) -> Subject {
    let values = [("path", item.name.clone()), ("cause", cause.to_owned())];
    let report = Report::new(vec![finding(Code::FileUnreadable, values)], None);
    let line = FileLine::new(&item.name, item.size, FileState::Unchecked);
    let view = PdfView {
        is_certificate: true,
        is_aside: false,
        report: PdfReport { verdict: report.verdict, findings: report.findings.clone(), signatures: Vec::new() },
    };
    let tokens = vec![(item.name.clone(), report)];
    Subject { name: item.name.clone(), files: vec![line], tokens, pdf: Some(view), ..Subject::default() }
}

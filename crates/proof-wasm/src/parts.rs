//! Which part of the page a finding belongs to, and the two answers that are kept apart:
//! is the timestamp genuine, and is the content the one it was issued for.

use crate::judge::{FileState, Subject};
use proof::report::{Code, Finding, Report, Severity, Verdict};

/// The parts that findings stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The content and the files.
    File,
    /// Signature, form, place in the log.
    Token,
    /// What is said about time.
    Time,
    /// The path, and revocation at that time.
    Issuer,
    /// Others who saw it.
    Witness,
    /// Who applied, and what is opened of what was stated.
    Who,
    /// What became known later.
    Since,
}

/// The part that a finding stands in. What is new stands with the token, where nothing is lost.
#[must_use]
pub fn part_of(code: Code) -> Part {
    match code {
        Code::ImprintMatches
        | Code::ImprintMismatch
        | Code::ContentMissing
        | Code::FilesSame
        | Code::FileExtra
        | Code::FileChanged
        | Code::FileMissing
        | Code::FileUnreadable
        | Code::SaltsMissing
        | Code::ManifestMalformed
        | Code::PdfContentSame
        | Code::PdfContentChanged
        | Code::PdfChangedAfterSigning
        | Code::PdfMetadataChanged
        | Code::PdfVisibleFieldAdded
        | Code::PdfRevisionsFollow
        | Code::PdfRangeWrong
        | Code::PdfMalformed
        | Code::PdfUnsigned
        | Code::CertificateUnsigned
        | Code::SimilarText
        | Code::FileRenamed
        | Code::ListProven
        | Code::ListMissing
        | Code::ListWrong
        | Code::PartMalformed
        | Code::RecordFilesSame
        | Code::RecordFilesNotGiven
        | Code::SaltNotGiven
        | Code::PackageComplete
        | Code::PackageManifestMissing
        | Code::ZipRefused => Part::File,
        Code::OpeningsFit | Code::OpeningWrong => Part::Who,
        Code::TimeStated
        | Code::TimeInFuture
        | Code::TimesContradict
        | Code::TimeOutsideCertificate
        | Code::BackdatingNotExcluded
        | Code::PdfTimeProven
        | Code::PdfTimeUnproven
        | Code::PdfTimeUnconfirmed
        | Code::PdfTimestampWrong
        | Code::PdfSignerOutsideValidity => Part::Time,
        Code::AuthorityTrusted
        | Code::AuthorityUnconfirmed
        | Code::PathSignatureWrong
        | Code::PathSignatureWeak
        | Code::PathNotCa
        | Code::PathTooLong
        | Code::PathConstraint
        | Code::PurposeMissing
        | Code::PurposeNotCritical
        | Code::PurposeNotSole
        | Code::SignerIsCa
        | Code::KeyUsageWrong
        | Code::KeyUsageBroad
        | Code::KeyUnsupported
        | Code::TsaNameWrong
        | Code::SignerCertificateMissing
        | Code::CertificateMalformed
        | Code::PdfSignerTrusted
        | Code::CertificateOtherAuthority
        | Code::PdfSignerMissing
        | Code::PdfSignerPurpose
        | Code::PdfSignerPathBroken => Part::Issuer,
        Code::LogIncluded
        | Code::IndependentTime
        | Code::StampNotIndependent
        | Code::StampUnconfirmed
        | Code::StampWrong
        | Code::LogNotNamed
        | Code::LogProofMissing
        | Code::LogProofWrong => Part::Witness,
        Code::NotRevoked
        | Code::RevokedLater
        | Code::RevokedButWitnessed
        | Code::Revoked
        | Code::NoRevocationData
        | Code::RevocationDataOld
        | Code::RevocationListMalformed
        | Code::PdfSignerRevoked
        | Code::PdfSignerRevokedLater => Part::Since,
        _ => Part::Token,
    }
}

/// The findings of a part.
pub fn of(report: &Report, part: Part) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(move |f| part_of(f.code) == part)
}

/// What the findings come to without those about files and openings: whether the timestamp, and the
/// record that it is over, are genuine.
#[must_use]
pub fn genuine(report: &Report) -> Verdict {
    let counts = |f: &&Finding| !matches!(part_of(f.code), Part::File | Part::Who);
    Report::new(report.findings.iter().filter(counts).cloned().collect(), None).verdict
}

/// The worst of a subject's tokens: whether it is genuine.
#[must_use]
pub fn is_genuine(subject: &Subject) -> Verdict {
    subject.tokens.iter().map(|(_, report)| genuine(report)).max().unwrap_or(Verdict::Incomplete)
}

/// What is known of the issuer and its key at that time. A key says nothing where the token was not made with it.
#[must_use]
pub fn issuer(report: &Report) -> Verdict {
    let mut worst = of(report, Part::Issuer).map(|f| f.code.severity()).max().unwrap_or(Severity::Gap);
    let is_error = |f: &Finding| f.code.severity() == Severity::Error;
    if of(report, Part::Token).any(is_error) {
        worst = worst.max(Severity::Gap);
    }
    if report.has(Code::Revoked) || report.has(Code::TimeOutsideCertificate) {
        worst = Severity::Error;
    }
    match worst {
        Severity::Pass | Severity::Notice | Severity::Warning => Verdict::Valid,
        Severity::Unconfirmed => Verdict::Unconfirmed,
        Severity::Gap => Verdict::Incomplete,
        Severity::Error => Verdict::Invalid,
    }
}

/// Whether the content is the one that was stamped: none where not all of it was compared.
#[must_use]
pub fn same(subject: &Subject) -> Option<bool> {
    let states = || subject.files.iter().map(|f| f.state).filter(|s| *s != FileState::Extra);
    if states().any(|s| s == FileState::Differs) {
        return Some(false);
    }
    (!subject.files.is_empty() && states().all(|s| s == FileState::Same)).then_some(true)
}

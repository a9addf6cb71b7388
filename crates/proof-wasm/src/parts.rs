//! Which part of the page a finding belongs to, and the two answers that are kept apart:
//! is the timestamp genuine, and is the content the one it was issued for.

use crate::judge::{FileState, Outcome, Subject};
use crate::words::{Word, fill};
use proof::report::{Code, Finding, Language, Report, Severity, Verdict};

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
        | Code::ManifestMalformed => Part::File,
        Code::TimeStated
        | Code::TimeInFuture
        | Code::TimesContradict
        | Code::TimeOutsideCertificate
        | Code::BackdatingNotExcluded => Part::Time,
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
        | Code::CertificateMalformed => Part::Issuer,
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
        | Code::RevocationListMalformed => Part::Since,
        _ => Part::Token,
    }
}

/// The findings of a part.
pub fn of(report: &Report, part: Part) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(move |f| part_of(f.code) == part)
}

/// What the findings come to without those about files: whether the timestamp is genuine.
#[must_use]
pub fn genuine(report: &Report) -> Verdict {
    let findings = report.findings.iter().filter(|f| part_of(f.code) != Part::File).cloned().collect();
    Report::new(findings, None).verdict
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

/// The sentences about one subject: is the timestamp genuine, and is the content the one.
#[must_use]
pub fn sentences(subject: &Subject, has_loose: bool, language: Language) -> Vec<String> {
    let genuine = subject.tokens.iter().map(|(_, report)| genuine(report)).max().unwrap_or(Verdict::Incomplete);
    let first = match genuine {
        Verdict::Valid => Word::Genuine,
        Verdict::Unconfirmed => Word::Unconfirmed,
        Verdict::Incomplete => Word::Incomplete,
        Verdict::Invalid => Word::NotGenuine,
    };
    // The manifest of a folder is a means, not one of its files.
    let files: Vec<_> = subject.files.iter().skip(usize::from(subject.is_folder)).collect();
    let count = |state: FileState| files.iter().filter(|f| f.state == state).count();
    let (differs, same, extra) = (count(FileState::Differs), count(FileState::Same), count(FileState::Extra));
    let total = files.len() - extra;
    let say = |word: Word, count: usize| {
        fill(word.text(language), &[("count", &count.to_string()), ("total", &total.to_string())])
    };
    let manifest = subject.files.first().filter(|_| subject.is_folder).map(|f| f.state);
    let second = match manifest {
        Some(FileState::Differs) => say(Word::ManifestDiffers, 0),
        Some(state) if state != FileState::Same => say(Word::SomeUncompared, total),
        Some(_) if total == 0 => say(Word::ManifestEmpty, 0),
        _ if total == 0 && has_loose => say(Word::NothingFits, 0),
        _ if total == 0 => say(Word::NothingGiven, 0),
        _ if total == 1 && differs == 1 => say(Word::DiffersOne, 1),
        _ if differs > 0 => say(Word::DiffersSome, differs),
        _ if same == total && total == 1 => say(Word::SameOne, 1),
        _ if same == total => say(Word::SameAll, same),
        _ => say(Word::SomeUncompared, total - same),
    };
    let mut said = vec![first.text(language).to_owned(), second];
    if !subject.is_folder && files.iter().any(|f| f.is_salted && f.state == FileState::Same) {
        said.push(Word::UnderSalt.text(language).to_owned());
    }
    if extra > 0 {
        said.push(say(Word::ExtraSome, extra));
    }
    said
}

/// The headline over everything.
#[must_use]
pub fn headline(outcome: &Outcome, language: Language) -> Vec<String> {
    let loose = || {
        let count = outcome.loose.len().to_string();
        fill(Word::LooseSome.text(language), &[("count", &count)])
    };
    match outcome.subjects.as_slice() {
        [] => vec![Word::NoToken.text(language).to_owned()],
        [one] => {
            let mut said = sentences(one, !outcome.loose.is_empty(), language);
            said.extend((!outcome.loose.is_empty()).then(loose));
            said
        }
        many => {
            let count = |is_it: fn(Verdict) -> bool| many.iter().filter(|s| is_it(s.verdict())).count();
            let failing = count(|verdict| verdict == Verdict::Invalid);
            let open = count(|verdict| matches!(verdict, Verdict::Unconfirmed | Verdict::Incomplete));
            let say = |word: Word, count: usize| {
                fill(word.text(language), &[("count", &count.to_string()), ("total", &many.len().to_string())])
            };
            let mut said = Vec::new();
            said.extend((failing > 0).then(|| say(Word::SeveralFail, failing)));
            said.extend((open > 0).then(|| say(Word::SeveralOpen, open)));
            said.extend((failing + open == 0).then(|| say(Word::SeveralHold, many.len())));
            said.extend((!outcome.loose.is_empty()).then(loose));
            said
        }
    }
}

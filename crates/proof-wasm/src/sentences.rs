//! The sentences at the top: is it genuine, and are the files the ones; first for each subject, then
//! over everything.

use crate::judge::{FileState, Outcome, PdfState, PdfView, RecordView, Subject};
use crate::parts::{is_genuine, same};
use crate::words::{Word, fill};
use proof::der::Time;
use proof::report::{Code, Language, Verdict};

/// The sentences about one subject: is the timestamp genuine, and is the content the one.
#[must_use]
pub fn sentences(subject: &Subject, has_loose: bool, language: Language) -> Vec<String> {
    if let Some(record) = &subject.record {
        return of_record(subject, record, has_loose, language);
    }
    if let Some(pdf) = &subject.pdf {
        return of_pdf(pdf, language);
    }
    if let Some(said) = of_unopened(subject, language) {
        return said;
    }
    let genuine = is_genuine(subject);
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
        None if subject.is_package => say(Word::PackageBare, 0),
        Some(_) if subject.is_package => package(&say, differs, total - same - differs, extra, same),
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
    if extra > 0 && !subject.is_package {
        said.push(say(Word::ExtraSome, extra));
    }
    said
}

/// Whether a package is as it was put together, and if not, in how many files.
fn package(say: &impl Fn(Word, usize) -> String, changed: usize, missing: usize, extra: usize, same: usize) -> String {
    if changed + missing + extra == 0 {
        return say(Word::PackageWhole, same);
    }
    let counts = [(Word::PackageChanged, changed), (Word::PackageMissing, missing), (Word::PackageExtra, extra)];
    let some = counts.into_iter().filter(|(_, count)| *count > 0).map(|(word, count)| say(word, count));
    [say(Word::PackageBroken, 0)].into_iter().chain(some).collect()
}

/// An archive that was not opened shows nothing.
fn of_unopened(subject: &Subject, language: Language) -> Option<Vec<String>> {
    let (_, report) = subject.tokens.first()?;
    let is_alone = subject.tokens.len() == 1 && report.facts.is_none();
    (is_alone && report.has(Code::ZipRefused)).then(|| vec![Word::NotOpened.text(language).to_owned()])
}

/// The state of a PDF; where it holds, who signed and by when.
fn of_pdf(pdf: &PdfView, language: Language) -> Vec<String> {
    let signers = pdf.signers();
    let state = match (pdf.state(), pdf.is_certificate) {
        (PdfState::Genuine, true) => Word::CertificateGenuine,
        (PdfState::Genuine, false) if signers.is_empty() => Word::DocumentStamped,
        (PdfState::Genuine, false) => Word::DocumentGenuine,
        (PdfState::Unconfirmed, true) => Word::CertificateUnconfirmed,
        (PdfState::Unconfirmed, false) => Word::DocumentUnconfirmed,
        (PdfState::Incomplete, true) => Word::CertificateIncomplete,
        (PdfState::Incomplete, false) => Word::DocumentIncomplete,
        (PdfState::Unsigned, true) => Word::CertificateUnsigned,
        (PdfState::Unsigned, false) => Word::DocumentUnsigned,
        (PdfState::Changed, true) => Word::CertificateChanged,
        (PdfState::Changed, false) => Word::DocumentChanged,
        (PdfState::Invalid, true) => Word::CertificateInvalid,
        (PdfState::Invalid, false) => Word::DocumentInvalid,
        (PdfState::Unreadable, _) => Word::PdfUnreadable,
    };
    let between = if language == Language::En { "; " } else { "；" };
    let mut said = vec![fill(state.text(language), &[("signer", &signers.join(between))])];
    if pdf.state() == PdfState::Genuine {
        if !pdf.is_certificate {
            let added = if pdf.has_additions() { Word::PdfAdded } else { Word::PdfUnchanged };
            said.push(added.text(language).to_owned());
        }
        said.push(match pdf.time() {
            Some(time) => fill(Word::PdfTime.text(language), &[("time", &moment(time, language))]),
            None => Word::PdfNoTime.text(language).to_owned(),
        });
    }
    said
}

/// A moment in the reader's first zone.
fn moment(time: Time, language: Language) -> String {
    let (local, zone) = match language {
        Language::En => (time, "UTC"),
        Language::Zh => (time.plus_s(8 * 3600), "UTC+8"),
    };
    format!("{} {zone}", local.to_string().replace('T', " ").replace('Z', ""))
}

/// Two answers about a record: is it genuine, and are the files the ones that it lists.
fn of_record(subject: &Subject, record: &RecordView, has_loose: bool, language: Language) -> Vec<String> {
    let first = match is_genuine(subject) {
        Verdict::Valid => Word::RecordGenuine,
        Verdict::Unconfirmed => Word::RecordUnconfirmed,
        Verdict::Incomplete => Word::RecordIncomplete,
        Verdict::Invalid => Word::RecordNotGenuine,
    };
    let count = |state: FileState| subject.files.iter().filter(|f| f.state == state).count();
    let (differs, same, total) = (count(FileState::Differs), count(FileState::Same), subject.files.len());
    let say = |word: Word, count: usize| {
        let (count, total) = (count.to_string(), total.to_string());
        fill(word.text(language), &[("count", &count), ("total", &total), ("number", &record.number)])
    };
    let second = match () {
        () if !record.is_stamped => Word::RecordSaysNothing,
        () if total == 0 && record.count > 0 => Word::RecordNoList,
        () if total == 0 => Word::RecordEmpty,
        () if total == 1 && differs == 1 => Word::RecordDiffersOne,
        () if differs > 0 => Word::RecordDiffersSome,
        () if same == total && total == 1 => Word::RecordSameOne,
        () if same == total => Word::RecordSameAll,
        () if same > 0 => Word::RecordSameSome,
        () if count(FileState::Unchecked) > 0 => Word::SomeUncompared,
        () if has_loose => Word::RecordNothingFits,
        () => Word::RecordNothingGiven,
    };
    let counted = match second {
        Word::RecordDiffersSome => differs,
        Word::SomeUncompared => total - same,
        _ => same,
    };
    let mut said = vec![say(first, 0), say(second, counted)];
    if record.is_disclosure && record.is_stamped && record.count > 1 {
        let many = record.count.to_string();
        said.push(fill(Word::RecordOneOfMany.text(language), &[("count", &many)]));
    }
    said
}

/// The sentences over a package and the records in it, or over several records: first the wrapping, then
/// what it holds.
fn of_evidence(outcome: &Outcome, language: Language) -> Vec<String> {
    let has_loose = !outcome.loose.is_empty();
    let gap = if language == Language::En { " " } else { "" };
    let mut said = Vec::new();
    let mut failing = 0_usize;
    let records: Vec<&Subject> = outcome.subjects.iter().filter(|s| s.record.is_some()).collect();
    for subject in outcome.subjects.iter().filter(|s| s.is_package) {
        said.push(format!(
            "{}{gap}{}",
            Word::OfPackage.text(language),
            sentences(subject, has_loose, language).join(gap)
        ));
    }
    let say = |word: Word, count: usize, total: usize| {
        fill(word.text(language), &[("count", &count.to_string()), ("total", &total.to_string())])
    };
    said.extend(of_pdfs(outcome, true, Word::CertificatesGenuine, language));
    if records.len() <= 2 {
        said.extend(records.iter().map(|record| sentences(record, has_loose, language).join(gap)));
    } else {
        let genuine = records.iter().filter(|record| is_genuine(record) == Verdict::Valid).count();
        let differing = records.iter().filter(|record| same(record) == Some(false)).count();
        said.push(say(Word::RecordsGenuine, genuine, records.len()));
        said.extend((differing > 0).then(|| say(Word::RecordsDiffer, differing, records.len())));
    }
    let mut others = 0_usize;
    for subject in outcome.subjects.iter().filter(|s| s.record.is_none() && !s.is_package && s.pdf.is_none()) {
        others += 1;
        failing += usize::from(subject.verdict() != Verdict::Valid);
    }
    said.extend((failing > 0).then(|| say(Word::OthersOpen, failing, others)));
    said.extend(of_pdfs(outcome, false, Word::DocumentsGenuine, language));
    said
}

/// The sentences over certificates, or over other PDFs: each by itself, or how many hold.
fn of_pdfs(outcome: &Outcome, is_certificate: bool, many: Word, language: Language) -> Vec<String> {
    let gap = if language == Language::En { " " } else { "" };
    let is_it = |s: &&Subject| s.pdf.is_some() && s.is_certificate() == is_certificate;
    let all: Vec<&Subject> = outcome.subjects.iter().filter(is_it).collect();
    if all.len() > 2 {
        let count = all.iter().filter(|s| s.verdict() == Verdict::Valid).count().to_string();
        return vec![fill(many.text(language), &[("count", &count), ("total", &all.len().to_string())])];
    }
    let said = |subject: &&Subject| {
        let said = sentences(subject, false, language).join(gap);
        // A certificate needs no name where it is alone.
        let name = fill(Word::OfPdf.text(language), &[("name", &subject.name)]);
        if is_certificate && all.len() == 1 { said } else { format!("{name}{gap}{said}") }
    };
    all.iter().map(said).collect()
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
        many if many.len() > 1 && many.iter().any(|s| s.is_package || s.record.is_some() || s.pdf.is_some()) => {
            let mut said = of_evidence(outcome, language);
            said.extend((!outcome.loose.is_empty()).then(loose));
            said
        }
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

//! What comes of a desk: tokens paired with contents, folders compared with manifests, records with files.
//!
//! Tokens find their content by its digest first, so that names do not matter, and by
//! name where no digest fits, so that a changed file is named. A manifest or a record says
//! nothing of files unless it is itself what was stamped. No item counts for two entries, and a
//! salt counts only where one was stamped.

mod certificate;
mod compare;
mod folder;
mod package;
mod record;
pub(crate) mod similar;

pub use certificate::{PdfState, PdfView};
pub use record::{RecordView, Said};

use crate::desk::{Desk, Item};
use crate::kind::{Kind, TOKEN_ENDINGS};
use proof::crypto::RustCrypto;
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm};
use proof::manifest::Manifest;
use proof::report::{Code, Finding, Report, Verdict};
use proof::verify::{self, Context, PathMemo};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileState {
    /// It is what was stamped.
    Same,
    /// It lies in the folder and is not in the manifest.
    Extra,
    /// It was not put down.
    NotGiven,
    /// It could not be read, or its salt is missing.
    Unchecked,
    /// It is not what was stamped.
    Differs,
}

/// A file, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    /// Its name or path; empty where the record has it as a commitment that is not opened.
    pub name: String,
    /// Its place in a record, counted from 1, and how many there are.
    pub place: Option<(u64, u64)>,
    /// What it is called where it was put down, where that is another name.
    pub given: Option<String>,
    /// Its size in bytes, where known.
    pub size: Option<u64>,
    /// What became of it.
    pub state: FileState,
    /// The digest that was stamped, and under which algorithm, where it differs.
    pub listed: Option<(String, String)>,
    /// The digest that was found, where it differs.
    pub found: Option<String>,
    /// Whether what was compared is a salt followed by the file.
    pub is_salted: bool,
    /// Which thing on the desk was compared, in the order in which they were put down.
    pub item: Option<usize>,
}

impl FileLine {
    pub(crate) fn new(name: &str, size: Option<u64>, state: FileState) -> Self {
        let name = name.to_owned();
        Self { name, place: None, given: None, size, state, listed: None, found: None, is_salted: false, item: None }
    }
}

/// What one or several tokens say of one content.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The name of the content, or of the token where no content was given.
    pub name: String,
    /// The files it is about.
    pub files: Vec<FileLine>,
    /// Whether it is a folder: the first of the files is its manifest.
    pub is_folder: bool,
    /// Whether that folder is an evidence package.
    pub is_package: bool,
    /// The record that it is about, where it is one.
    pub record: Option<RecordView>,
    /// The PDF that it is about, judged by its own signatures.
    pub pdf: Option<PdfView>,
    /// Each token by its name, with what was found; without a token, what was found without one.
    pub tokens: Vec<(String, Report)>,
}

impl Subject {
    /// The worst of its tokens' verdicts.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.tokens.iter().map(|(_, report)| report.verdict).max().unwrap_or(Verdict::Incomplete)
    }

    /// Whether it is a certificate.
    #[must_use]
    pub fn is_certificate(&self) -> bool {
        self.pdf.as_ref().is_some_and(|pdf| pdf.is_certificate)
    }

    /// Whether it decides nothing: what a stranger's signature comes to in a file that was stamped.
    #[must_use]
    pub fn is_aside(&self) -> bool {
        self.pdf.as_ref().is_some_and(|pdf| pdf.is_aside)
    }

    /// Packages stand before certificates, and these before what they hold.
    fn rank(&self) -> u8 {
        match () {
            () if self.is_package => 0,
            () if self.is_certificate() => 1,
            () if self.pdf.is_none() => 2,
            () => 3,
        }
    }
}

/// All that came of a check.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// When, by the clock of whoever checked.
    pub now: Time,
    /// What the tokens say, the worst first.
    pub subjects: Vec<Subject>,
    /// Files that no token speaks of, with their digests.
    pub loose: Vec<(FileLine, Vec<Digest>)>,
}

impl Outcome {
    /// Files that lie in a stamped folder and are not in its manifest.
    #[must_use]
    pub fn extras(&self) -> usize {
        self.subjects.iter().flat_map(|s| &s.files).filter(|f| f.state == FileState::Extra).count()
    }

    /// The worst of all; incomplete where a file was put down of which no token speaks.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let is_covered = self.loose.is_empty() && self.extras() == 0 && !self.subjects.is_empty();
        let rest = if is_covered { Verdict::Valid } else { Verdict::Incomplete };
        self.subjects.iter().filter(|s| !s.is_aside()).map(Subject::verdict).fold(rest, Verdict::max)
    }
}

/// A subject in the making: its content, whether that content fits, and what its files came to.
struct Made {
    content: Option<usize>,
    fits: bool,
    further: Vec<Finding>,
    subject: Subject,
}

struct Judge<'d> {
    desk: &'d Desk,
    by_digest: HashMap<Digest, Vec<usize>>,
    by_name: HashMap<&'d str, usize>,
    by_base: HashMap<&'d str, Vec<usize>>,
    /// Items that some token speaks of.
    spoken_of: BTreeSet<usize>,
    /// Records and manifests that are subjects.
    judged: BTreeSet<usize>,
    /// Texts that were looked into, with the digests of those like them.
    similar: RefCell<HashMap<(usize, DigestAlgorithm, bool), HashSet<Digest>>>,
}

/// What every token is checked with.
struct Means {
    now: Time,
    anchors: Vec<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
    memo: PathMemo,
}

impl Means {
    fn of(desk: &Desk, now: Time) -> Self {
        let certificates: Vec<Vec<u8>> = desk.certificates().cloned().collect();
        let mut anchors = desk.anchors.clone();
        let is_trusted = |der: &&Vec<u8>| desk.trusted.contains(&DigestAlgorithm::Sha256.digest(der).to_string());
        anchors.extend(certificates.iter().filter(is_trusted).cloned());
        let mut lists = desk.lists.clone();
        for item in &desk.items {
            if let Kind::Revocation(ders) = &item.kind {
                lists.extend(ders.iter().cloned());
            }
        }
        Self { now, anchors, certificates, lists, memo: PathMemo::new() }
    }

    fn context<'m>(&'m self, content: &'m [Digest]) -> Context<'m> {
        Context {
            content,
            anchors: &self.anchors,
            certificates: &self.certificates,
            crls: &self.lists,
            memo: Some(&self.memo),
            ..Context::new(&RustCrypto, self.now)
        }
    }

    fn check(&self, token: &[u8], content: &[Digest]) -> Report {
        verify::verify(token, &self.context(content))
    }
}

pub(crate) fn judge(desk: &Desk, now: Time) -> Outcome {
    let means = Means::of(desk, now);
    let mut judge = Judge::new(desk);
    let mut made: Vec<Made> = Vec::new();
    for (number, token) in desk.tokens() {
        judge.check_token(number, token, &means, &mut made);
    }
    judge.check_disclosures(&means, &mut made);
    judge.check_unstamped(&mut made);
    judge.check_packages(&mut made);
    judge.check_pdfs(&means, &mut made);
    let loose = judge.loose();
    let mut subjects: Vec<Subject> = made.into_iter().map(|m| m.subject).collect();
    subjects.sort_by_key(|subject| (std::cmp::Reverse(subject.verdict()), subject.rank()));
    Outcome { now, loose, subjects }
}

/// The digests of an item that a token over `imprint` is compared with: under the salt where there is
/// one, unless it is the content alone that fits; and whether that is with the salt.
fn compared(item: &Item, imprint: Option<Digest>) -> (Vec<Digest>, bool) {
    let fits_plain = imprint.is_some_and(|i| item.digests.contains(&i));
    let is_salted = item.has_salt() && !fits_plain;
    (if is_salted { item.salted.clone() } else { item.digests.clone() }, is_salted)
}

fn line(about: &Item, imprint: Option<Digest>, report: &Report) -> FileLine {
    let state = match () {
        () if report.has(Code::ImprintMatches) => FileState::Same,
        () if report.has(Code::ImprintMismatch) => FileState::Differs,
        () => FileState::Unchecked,
    };
    let mismatch = report.findings.iter().find(|f| f.code == Code::ImprintMismatch);
    let value = |name: &str| mismatch.and_then(|f| f.values.iter().find(|(n, _)| *n == name)).map(|(_, v)| v.clone());
    FileLine {
        listed: value("algorithm").zip(value("expected")),
        found: value("actual"),
        is_salted: compared(about, imprint).1,
        ..FileLine::new(&about.name, about.size, state)
    }
}

fn sha256(digests: &[Digest]) -> Option<Digest> {
    digests.iter().copied().find(|d| d.algorithm() == DigestAlgorithm::Sha256)
}

fn finding<const N: usize>(code: Code, values: [(&'static str, String); N]) -> Finding {
    Finding { code, values: values.into() }
}

/// Joins what was found elsewhere to a report.
fn with(report: Report, further: &[Finding]) -> Report {
    Report::new([&report.findings[..], further].concat(), report.facts)
}

/// Whether a token has the name that one of a record or a package has.
fn is_of_evidence(token: &str) -> bool {
    let base = crate::desk::base(token);
    base.starts_with("record.") || base.starts_with("package.") || base.contains(".record.")
}

/// The names that the content of a token of this name may have.
fn content_names(token: &str) -> Vec<String> {
    let mut names = Vec::new();
    for end in TOKEN_ENDINGS {
        if let Some(name) = token.strip_suffix(end) {
            // `a.txt.sm2.tsr` is a further token over `a.txt`.
            let further = name.rsplit_once('.').map(|(name, _)| name);
            for name in std::iter::once(name).chain(further) {
                names.push(name.to_owned());
                if is_of_evidence(token) {
                    names.push(format!("{name}.json"));
                }
            }
        }
    }
    names
}

impl<'d> Judge<'d> {
    fn new(desk: &'d Desk) -> Self {
        let mut by_digest: HashMap<Digest, Vec<usize>> = HashMap::new();
        let mut by_name = HashMap::new();
        let mut by_base: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, item) in desk.items.iter().enumerate() {
            for digest in item.digests.iter().chain(&item.salted) {
                by_digest.entry(*digest).or_default().push(number);
            }
            // Of two with one name the first is meant; the other is of no token.
            by_name.entry(item.name.as_str()).or_insert(number);
            by_base.entry(item.base()).or_default().push(number);
        }
        Self {
            desk,
            by_digest,
            by_name,
            by_base,
            spoken_of: BTreeSet::new(),
            judged: BTreeSet::new(),
            similar: RefCell::default(),
        }
    }

    /// One token, joined to the subject that is about the same content.
    fn check_token(&mut self, number: usize, token: &Item, means: &Means, made: &mut Vec<Made>) {
        let imprint = verify::imprint(&token.bytes);
        let content = self.content_of(number, imprint);
        let about = content.and_then(|item| self.desk.items.get(item));
        let (digests, is_salted) = about.map(|about| compared(about, imprint)).unwrap_or_default();
        let mut report = means.check(&token.bytes, &digests);
        let fits = report.has(Code::ImprintMatches);
        let line = about.map(|about| FileLine { item: content, ..line(about, imprint, &report) });
        if about.is_some_and(|about| matches!(about.kind, Kind::Record(_))) {
            report = record::of_record(report);
        }
        let known = made.iter_mut().find(|m| self.is_same(m.content, content) && m.fits == fits);
        if let Some(known) = known {
            if known.subject.tokens.iter().any(|(name, _)| self.is_twin(token, name)) {
                return;
            }
            known.subject.tokens.push((token.name.clone(), with(report, &known.further)));
            return;
        }
        let name = about.map_or(&token.name, |about| &about.name).clone();
        let mut subject = Subject { name, ..Subject::default() };
        let mut further = Vec::new();
        if let (Some(item), Some(about), Some(line)) = (content, about, line) {
            self.spoken_of.insert(item);
            self.judged.insert(item);
            if let Some(cause) = &about.fault {
                let path = ("path", about.name.clone());
                further.push(finding(Code::FileUnreadable, [path, ("cause", cause.clone())]));
            }
            if line.state == FileState::Differs && self.is_similar(item, is_salted, imprint) {
                further.push(finding(Code::SimilarText, [("path", about.name.clone())]));
            }
            self.look_into(item, fits, Some(line), &mut subject, &mut further);
        }
        subject.tokens.push((token.name.clone(), with(report, &further)));
        made.push(Made { content, fits, further, subject });
    }

    /// Whether two items are one subject: the same item, or a record and its copy in a certificate.
    fn is_same(&self, one: Option<usize>, other: Option<usize>) -> bool {
        let item = |number: Option<usize>| number.and_then(|number| self.desk.items.get(number));
        let (Some(first), Some(second)) = (item(one), item(other)) else { return false };
        let is_record = |item: &Item| matches!(item.kind, Kind::Record(_));
        let has_copy = is_record(first) && is_record(second) && (first.is_attached || second.is_attached);
        one == other || (has_copy && first.bytes == second.bytes)
    }

    /// Whether a token is the one of this name over again, in a certificate or beside it.
    fn is_twin(&self, token: &Item, name: &str) -> bool {
        let known = self.by_name.get(name).and_then(|number| self.desk.items.get(*number));
        known.is_some_and(|known| (known.is_attached || token.is_attached) && known.bytes == token.bytes)
    }

    /// What an item that is a subject lists, compared with what lies on the desk.
    fn look_into(
        &mut self,
        item: usize,
        is_stamped: bool,
        line: Option<FileLine>,
        subject: &mut Subject,
        further: &mut Vec<Finding>,
    ) {
        let Some(about) = self.desk.items.get(item) else { return };
        match &about.kind {
            Kind::Record(record) => self.check_record(item, record, is_stamped, subject, further),
            Kind::Manifest => {
                subject.files.extend(line);
                subject.is_folder = Manifest::parse(&about.bytes).is_ok();
                subject.is_package = about.base() == proof::package::MANIFEST;
                if let Some(folder) = about.folder().strip_suffix('/').filter(|_| subject.is_package) {
                    subject.name = folder.to_owned();
                }
                self.check_folder(item, is_stamped, further, &mut subject.files);
            }
            _ => subject.files.extend(line),
        }
    }

    /// Records and packages that no token is over: nothing that they say is shown.
    fn check_unstamped(&mut self, made: &mut Vec<Made>) {
        let covered = self.covered();
        let desk = self.desk;
        for (item, about) in desk.items.iter().enumerate() {
            let is_copy = sha256(&about.digests).is_some_and(|digest| covered.contains(&digest));
            let is_subject = match &about.kind {
                Kind::Record(_) => !is_copy,
                Kind::Manifest => about.base() == proof::package::MANIFEST,
                _ => false,
            };
            if !is_subject || self.judged.contains(&item) {
                continue;
            }
            self.judged.insert(item);
            self.spoken_of.insert(item);
            let mut subject = Subject { name: about.name.clone(), ..Subject::default() };
            let mut further = vec![finding(Code::StampMissing, [("path", about.name.clone())])];
            let line = FileLine::new(&about.name, about.size, FileState::Unchecked);
            self.look_into(item, false, Some(line), &mut subject, &mut further);
            subject.tokens.push((about.name.clone(), Report::new(further.clone(), None)));
            made.push(Made { content: Some(item), fits: false, further, subject });
        }
    }

    fn covered(&self) -> HashSet<Digest> {
        self.judged.iter().filter_map(|n| sha256(&self.desk.items.get(*n)?.digests)).collect()
    }

    /// The content that a token speaks of: by digest, else by name, else the only one there is.
    fn content_of(&self, token: usize, imprint: Option<Digest>) -> Option<usize> {
        let fitting = imprint.and_then(|i| self.by_digest.get(&i)).map_or(&[][..], Vec::as_slice);
        let about = self.desk.items.get(token)?;
        let names = content_names(&about.name);
        let named = |n: &&usize| self.desk.items.get(**n).is_some_and(|item| names.contains(&item.name));
        let by_digest = fitting.iter().find(named).or_else(|| fitting.iter().find(|n| **n != token)).copied();
        let by_name = || names.iter().find_map(|name| self.by_name.get(&**name)).copied().filter(|n| *n != token);
        let only = || {
            let mut contents = self.desk.items.iter().enumerate().filter(|(_, item)| item.is_content());
            let only = contents.next().filter(|_| contents.next().is_none()).map(|(number, _)| number);
            let is_alone = || self.desk.tokens().all(|(_, other)| verify::imprint(&other.bytes) == imprint);
            only.filter(|_| !is_of_evidence(&about.name) && is_alone())
        };
        by_digest.or_else(by_name).or_else(only)
    }

    /// What no token speaks of. A copy of what one speaks of is no other content.
    fn loose(&self) -> Vec<(FileLine, Vec<Digest>)> {
        let spoken_of = || self.spoken_of.iter().filter_map(|n| self.desk.items.get(*n));
        let covered: HashSet<Digest> = spoken_of().filter_map(|item| sha256(&item.digests)).collect();
        let is_copy = |item: &Item| sha256(&item.digests).is_some_and(|d| covered.contains(&d));
        // The parts of an archive that a token is over are covered with it.
        let is_covered = |item: &Item| item.within.is_some_and(|archive| self.spoken_of.contains(&archive));
        let is_loose = |n: &usize, item: &Item| {
            item.is_content() && !self.spoken_of.contains(n) && !is_covered(item) && !is_copy(item)
        };
        let loose = self.desk.items.iter().enumerate().filter(|(n, item)| is_loose(n, item));
        loose
            .map(|(_, item)| {
                let state = if item.fault.is_some() { FileState::Unchecked } else { FileState::NotGiven };
                (FileLine::new(&item.name, item.size, state), item.digests.clone())
            })
            .collect()
    }
}

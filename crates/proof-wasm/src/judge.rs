//! What comes of a desk: tokens paired with contents, folders compared with manifests.
//!
//! Tokens find their content by its digest first, so that names do not matter, and by
//! name where no digest fits, so that a changed file is named. A manifest says nothing
//! of files unless it is itself what was stamped. No item counts for two entries, and a
//! salt counts only where one was stamped.

use crate::desk::{Desk, Item};
use crate::kind::Kind;
use crate::kind::TOKEN_ENDINGS;
use proof::crypto::RustCrypto;
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm};
use proof::manifest::{Entry, Manifest, SUFFIX};
use proof::report::{Code, Finding, Report, Verdict};
use proof::verify::{self, Context, PathMemo};
use std::collections::{BTreeSet, HashMap};

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
    /// Its name or path.
    pub name: String,
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
}

/// What one or several tokens say of one content.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The name of the content, or of the token where no content was given.
    pub name: String,
    /// The files it is about.
    pub files: Vec<FileLine>,
    /// Whether it is a folder: the first of the files is its manifest.
    pub is_folder: bool,
    /// Each token by its name, with what was found.
    pub tokens: Vec<(String, Report)>,
}

impl Subject {
    /// The worst of its tokens' verdicts.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.tokens.iter().map(|(_, report)| report.verdict).max().unwrap_or(Verdict::Incomplete)
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
        self.subjects.iter().map(Subject::verdict).fold(rest, Verdict::max)
    }
}

/// A subject in the making: its content, whether that content fits, and what a folder's files came to.
struct Made {
    content: Option<usize>,
    fits: bool,
    folder: Vec<Finding>,
    subject: Subject,
}

struct Judge<'d> {
    desk: &'d Desk,
    by_digest: HashMap<Digest, Vec<usize>>,
    by_name: HashMap<&'d str, usize>,
    /// Items that some token speaks of.
    spoken_of: BTreeSet<usize>,
}

pub(crate) fn judge(desk: &Desk, now: Time) -> Outcome {
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
    let memo = PathMemo::new();
    let mut judge = Judge::new(desk);
    let mut made: Vec<Made> = Vec::new();
    for (number, token) in desk.tokens() {
        let imprint = verify::imprint(&token.bytes);
        let content = judge.content_of(number, imprint);
        let digests: Vec<Digest> = content.map(|c| compared(&desk.items[c], imprint).0).unwrap_or_default();
        let cx = Context {
            content: &digests,
            anchors: &anchors,
            certificates: &certificates,
            crls: &lists,
            memo: Some(&memo),
            ..Context::new(&RustCrypto, now)
        };
        let mut report = verify::verify(&token.bytes, &cx);
        let fits = report.has(Code::ImprintMatches);
        let known = made.iter_mut().find(|m| content.is_some() && m.content == content && m.fits == fits);
        if let Some(known) = known {
            report = Report::new([report.findings, known.folder.clone()].concat(), report.facts);
            known.subject.tokens.push((token.name.clone(), report));
            continue;
        }
        let (mut files, mut folder) = (Vec::new(), Vec::new());
        if let Some(item) = content {
            judge.spoken_of.insert(item);
            if let Some(cause) = &desk.items[item].fault {
                let path = ("path", desk.items[item].name.clone());
                folder.push(finding(Code::FileUnreadable, [path, ("cause", cause.clone())]));
            }
            files.push(line(&desk.items[item], imprint, &report));
            if desk.items[item].kind == Kind::Manifest {
                judge.check_folder(item, fits, &mut folder, &mut files);
            }
        }
        report = Report::new([report.findings, folder.clone()].concat(), report.facts);
        let name = content.map_or(&token.name, |item| &desk.items[item].name).clone();
        let is_manifest = |item: &Item| item.kind == Kind::Manifest && Manifest::parse(&item.bytes).is_ok();
        let is_folder = content.is_some_and(|item| is_manifest(&desk.items[item]));
        let subject = Subject { name, files, is_folder, tokens: vec![(token.name.clone(), report)] };
        made.push(Made { content, fits, folder, subject });
    }
    let loose = judge.loose();
    let mut subjects: Vec<Subject> = made.into_iter().map(|m| m.subject).collect();
    subjects.sort_by_key(|subject| std::cmp::Reverse(subject.verdict()));
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
        name: about.name.clone(),
        size: about.size,
        state,
        listed: value("algorithm").zip(value("expected")),
        found: value("actual"),
        is_salted: compared(about, imprint).1,
    }
}

fn sha256(digests: &[Digest]) -> Option<Digest> {
    digests.iter().copied().find(|d| d.algorithm() == DigestAlgorithm::Sha256)
}

fn finding<const N: usize>(code: Code, values: [(&'static str, String); N]) -> Finding {
    Finding { code, values: values.into() }
}

/// The names that the content of a token of this name may have.
fn content_names(token: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for end in TOKEN_ENDINGS {
        if let Some(name) = token.strip_suffix(end) {
            names.push(name);
            // `a.txt.sm2.tsr` is a further token over `a.txt`.
            names.extend(name.rsplit_once('.').map(|(name, _)| name));
        }
    }
    names
}

impl<'d> Judge<'d> {
    fn new(desk: &'d Desk) -> Self {
        let mut by_digest: HashMap<Digest, Vec<usize>> = HashMap::new();
        let mut by_name = HashMap::new();
        for (number, item) in desk.items.iter().enumerate() {
            for digest in item.digests.iter().chain(&item.salted) {
                by_digest.entry(*digest).or_default().push(number);
            }
            // Of two with one name the first is meant; the other is of no token.
            by_name.entry(item.name.as_str()).or_insert(number);
        }
        Self { desk, by_digest, by_name, spoken_of: BTreeSet::new() }
    }

    /// The content that a token speaks of: by digest, else by name, else the only one there is.
    fn content_of(&self, token: usize, imprint: Option<Digest>) -> Option<usize> {
        let fitting = imprint.and_then(|i| self.by_digest.get(&i)).map_or(&[][..], Vec::as_slice);
        let names = content_names(&self.desk.items[token].name);
        let named = |n: &&usize| names.contains(&self.desk.items[**n].name.as_str());
        let by_digest = fitting.iter().find(named).or_else(|| fitting.iter().find(|n| **n != token)).copied();
        let by_name = || names.iter().find_map(|name| self.by_name.get(name)).copied().filter(|n| *n != token);
        let only = || {
            let mut contents = self.desk.items.iter().enumerate().filter(|(_, item)| item.is_content());
            let only = contents.next().filter(|_| contents.next().is_none()).map(|(number, _)| number);
            only.filter(|_| self.desk.tokens().all(|(_, other)| verify::imprint(&other.bytes) == imprint))
        };
        by_digest.or_else(by_name).or_else(only)
    }

    /// What no token speaks of. A copy of what one speaks of is no other content.
    fn loose(&self) -> Vec<(FileLine, Vec<Digest>)> {
        let covered: BTreeSet<String> =
            self.spoken_of.iter().filter_map(|n| Some(sha256(&self.desk.items[*n].digests)?.to_string())).collect();
        let is_copy = |item: &Item| sha256(&item.digests).is_some_and(|d| covered.contains(&d.to_string()));
        let items = self.desk.items.iter().enumerate();
        let loose = items.filter(|(n, item)| item.is_content() && !self.spoken_of.contains(n) && !is_copy(item));
        loose
            .map(|(_, item)| {
                let state = if item.fault.is_some() { FileState::Unchecked } else { FileState::NotGiven };
                let (name, size) = (item.name.clone(), item.size);
                let line = FileLine { name, size, state, listed: None, found: None, is_salted: false };
                (line, item.digests.clone())
            })
            .collect()
    }

    /// Compares the files with a manifest: each at its path, else anywhere by its digest. Where the
    /// manifest is not what was stamped, its entries say nothing of any file.
    fn check_folder(
        &mut self,
        manifest: usize,
        is_stamped: bool,
        findings: &mut Vec<Finding>,
        files: &mut Vec<FileLine>,
    ) {
        let about = &self.desk.items[manifest];
        let manifest = match Manifest::parse(&about.bytes) {
            Ok(manifest) => manifest,
            Err(cause) => return findings.push(finding(Code::ManifestMalformed, [("cause", cause)])),
        };
        let root = format!("{}/", about.name.strip_suffix(SUFFIX).unwrap_or_default());
        let mut found: Vec<Option<usize>> = Vec::with_capacity(manifest.files.len());
        let mut taken = BTreeSet::new();
        for entry in &manifest.files {
            let at_path = self.by_name.get(&*format!("{root}{}", entry.path)).copied();
            taken.extend(at_path);
            found.push(at_path);
        }
        for (entry, place) in manifest.files.iter().zip(&mut found).filter(|(_, place)| place.is_none()) {
            let value = proof::digest::from_hex(entry.value()).unwrap_or_default();
            let digest = Digest::new(DigestAlgorithm::Sha256, &value);
            let fitting = digest.and_then(|d| self.by_digest.get(&d)).into_iter().flatten().copied();
            *place = fitting.into_iter().find(|n| self.fits(entry, *n) && !taken.contains(n));
            taken.extend(*place);
        }
        let mut same = 0usize;
        for (entry, found) in manifest.files.iter().zip(found) {
            self.spoken_of.extend(found);
            let state = if is_stamped { self.compare(entry, found) } else { FileState::Unchecked };
            let path = ("path", entry.path.clone());
            match state {
                _ if !is_stamped => {}
                FileState::Same => same += 1,
                FileState::Differs => findings.push(finding(Code::FileChanged, [path])),
                FileState::NotGiven => findings.push(finding(Code::FileMissing, [path])),
                _ if entry.is_salted() && found.is_some_and(|n| !self.desk.items[n].has_salt()) => {
                    findings.push(finding(Code::SaltsMissing, [("cause", entry.path.clone())]));
                }
                _ => {
                    let cause = found.and_then(|n| self.desk.items[n].fault.clone()).unwrap_or_default();
                    findings.push(finding(Code::FileUnreadable, [path, ("cause", cause)]));
                }
            }
            let differs = state == FileState::Differs;
            let digest = found.and_then(|n| self.digest_for(entry, n)).map(|d| d.to_string());
            files.push(FileLine {
                name: entry.path.clone(),
                size: found.map_or(Some(entry.size), |n| self.desk.items[n].size),
                state,
                listed: differs.then(|| ("SHA-256".to_owned(), entry.value().to_owned())),
                found: digest.filter(|_| differs),
                is_salted: entry.is_salted(),
            });
        }
        for (number, item) in self.desk.items.iter().enumerate() {
            let Some(path) = item.name.strip_prefix(&root).filter(|_| !self.spoken_of.contains(&number)) else {
                continue;
            };
            self.spoken_of.insert(number);
            findings.push(finding(Code::FileExtra, [("path", path.to_owned())]));
            let (name, size, state) = (path.to_owned(), item.size, FileState::Extra);
            files.push(FileLine { name, size, state, listed: None, found: None, is_salted: false });
        }
        if is_stamped && (same > 0 || manifest.files.is_empty()) {
            findings.push(finding(Code::FilesSame, [("count", same.to_string())]));
        }
    }

    /// The digest of an item that an entry speaks of: with the salt where the entry is a commitment.
    fn digest_for(&self, entry: &Entry, item: usize) -> Option<Digest> {
        let item = &self.desk.items[item];
        sha256(if entry.is_salted() { &item.salted } else { &item.digests })
    }

    fn fits(&self, entry: &Entry, item: usize) -> bool {
        let is_as_long = self.desk.items[item].size == Some(entry.size);
        is_as_long && self.digest_for(entry, item).is_some_and(|d| d.to_string() == entry.value())
    }

    fn compare(&self, entry: &Entry, found: Option<usize>) -> FileState {
        let Some(number) = found else { return FileState::NotGiven };
        match self.digest_for(entry, number) {
            _ if self.fits(entry, number) => FileState::Same,
            Some(_) => FileState::Differs,
            // Without its salt, a salted file cannot be told from a changed one.
            None => FileState::Unchecked,
        }
    }
}

//! What a reader puts down to be checked, and what comes of it.
//!
//! Tokens find their content by its digest first, so that names do not matter, and by
//! name where no digest fits, so that a changed file is named. A certificate that lies
//! among the files builds paths; it is an anchor only once somebody trusts it.

use proof::crypto::RustCrypto;
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm, from_hex};
use proof::manifest::{Entry, Manifest, SALTS_SUFFIX, SUFFIX};
use proof::pem;
use proof::report::{Code, Finding, Report, Verdict};
use proof::tsp::TimeStampResp;
use proof::verify::{self, Context};
use proof::x509::Certificate;
use proof::x509::crl::Crl;
use proof::x509::ocsp::OcspResponse;
use std::collections::{BTreeMap, BTreeSet};

/// Items that a desk takes; a larger folder is checked on the command line.
pub const ITEMS_MAX: usize = 200_000;
/// Files up to this size are looked into; larger ones are content.
pub const LOOKED_INTO_BYTES_MAX: u64 = 4 << 20;
/// Files that are named like a manifest or its salts are looked into up to this size.
pub const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// Endings of the names that tokens commonly have.
const TOKEN_ENDINGS: [&str; 4] = [".tsr", ".tst", ".tsa", ".tsr.der"];

/// What an item was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A response or a bare token.
    Token,
    /// The manifest of a folder.
    Manifest,
    /// The salt of one file.
    Salt([u8; 32]),
    /// The salts of a folder's files, by their paths.
    Salts(BTreeMap<String, [u8; 32]>),
    /// Certificates, in DER.
    Certificates(Vec<Vec<u8>>),
    /// Revocation lists or an OCSP response, in DER.
    Revocation(Vec<Vec<u8>>),
    /// Anything else.
    Content,
}

impl Kind {
    /// The stable name used by the page.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Manifest => "manifest",
            Self::Salt(_) | Self::Salts(_) => "salt",
            Self::Certificates(_) => "certificate",
            Self::Revocation(_) => "revocation",
            Self::Content => "content",
        }
    }

    /// Finds out by the bytes, and by the name where the bytes leave it open.
    #[must_use]
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        let lower = name.to_lowercase();
        let reads = |der: &Vec<u8>| Crl::parse(der).is_ok() || OcspResponse::parse(der).is_ok();
        if lower.ends_with(".salt")
            && let Ok(salt) = <[u8; 32]>::try_from(bytes)
        {
            return Self::Salt(salt);
        }
        if lower.ends_with(SALTS_SUFFIX)
            && let Some(salts) = read_salts(bytes)
        {
            return Self::Salts(salts);
        }
        let is_response = || verify::token_der(bytes).is_ok_and(|der| TimeStampResp::parse(&der).is_ok());
        if verify::imprint_algorithm(bytes).is_some()
            || TOKEN_ENDINGS.iter().any(|end| lower.ends_with(end))
            || is_response()
        {
            return Self::Token;
        }
        let certificates = pem::blocks(bytes, "CERTIFICATE");
        if !certificates.is_empty() && certificates.iter().all(|der| Certificate::parse(der).is_ok()) {
            return Self::Certificates(certificates);
        }
        let lists = pem::blocks(bytes, "X509 CRL");
        if !lists.is_empty() && lists.iter().all(reads) {
            return Self::Revocation(lists);
        }
        if lower.ends_with(SUFFIX) || Manifest::parse(bytes).is_ok() {
            return Self::Manifest;
        }
        Self::Content
    }
}

fn read_salts(bytes: &[u8]) -> Option<BTreeMap<String, [u8; 32]>> {
    let texts: BTreeMap<String, String> = serde_json::from_slice(bytes).ok()?;
    texts.into_iter().map(|(name, text)| Some((name, <[u8; 32]>::try_from(from_hex(&text)?).ok()?))).collect()
}

/// One thing that was put down.
struct Item {
    name: String,
    size: Option<u64>,
    kind: Kind,
    bytes: Vec<u8>,
    /// Over the salt and the content.
    digests: Vec<Digest>,
    salt: Option<[u8; 32]>,
    fault: Option<String>,
}

impl Item {
    fn is_hashed(&self) -> bool {
        !matches!(self.kind, Kind::Token | Kind::Salt(_) | Kind::Salts(_))
    }
}

/// An item that must be hashed: the salt first, then the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which item, in the order in which they were put down.
    pub item: usize,
    /// What goes before the content.
    pub salt: Option<[u8; 32]>,
    /// Under which algorithms.
    pub algorithms: Vec<DigestAlgorithm>,
}

/// A certificate that lies among the files.
pub struct Offered {
    /// SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: String,
    /// Whom it is about.
    pub subject: String,
    /// Until when it is valid.
    pub until: Time,
    /// Whether it is trusted now.
    pub is_trusted: bool,
}

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
}

/// What one or several tokens say of one content.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The name of the content, or of the token where no content was given.
    pub name: String,
    /// The files it is about.
    pub files: Vec<FileLine>,
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
    /// What the tokens say.
    pub subjects: Vec<Subject>,
    /// Files that no token speaks of, with their digests.
    pub loose: Vec<(FileLine, Vec<Digest>)>,
}

impl Outcome {
    /// The worst of all; incomplete where a file has no token.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let loose =
            if self.loose.is_empty() && !self.subjects.is_empty() { Verdict::Valid } else { Verdict::Incomplete };
        self.subjects.iter().map(Subject::verdict).fold(loose, Verdict::max)
    }
}

/// A place for everything that is to be checked together.
#[derive(Default)]
pub struct Desk {
    items: Vec<Item>,
    anchors: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
    trusted: BTreeSet<String>,
}

impl Desk {
    /// An empty desk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these certificates: PEM blocks or DER. To be called for what a person or an operator chose.
    pub fn trust(&mut self, bytes: &[u8]) -> usize {
        let found = pem::blocks(bytes, "CERTIFICATE");
        let before = self.anchors.len();
        self.anchors.extend(found.into_iter().filter(|der| Certificate::parse(der).is_ok()));
        self.anchors.len() - before
    }

    /// Adds revocation data that was found elsewhere than among the files.
    pub fn add_list(&mut self, der: Vec<u8>) {
        self.lists.push(der);
    }

    /// Trusts the certificate with this fingerprint among the files, or no longer.
    pub fn set_trusted(&mut self, fingerprint: &str, is_trusted: bool) {
        match is_trusted {
            true => self.trusted.insert(fingerprint.to_owned()),
            false => self.trusted.remove(fingerprint),
        };
    }

    /// Takes one thing. `bytes` is its whole content where it is small enough to be looked into.
    /// None where the desk is full.
    pub fn offer(&mut self, name: &str, size: u64, bytes: Option<&[u8]>) -> Option<&Kind> {
        if self.items.len() >= ITEMS_MAX {
            return None;
        }
        let kind = bytes.map_or(Kind::Content, |bytes| Kind::of(name, bytes));
        let bytes = match kind {
            Kind::Content => Vec::new(),
            _ => bytes.unwrap_or_default().to_vec(),
        };
        self.items.push(Item {
            name: name.to_owned(),
            size: Some(size),
            kind,
            bytes,
            digests: Vec::new(),
            salt: None,
            fault: None,
        });
        self.items.last().map(|item| &item.kind)
    }

    /// Takes the digest of a content that stays elsewhere.
    pub fn offer_digest(&mut self, name: &str, digest: Digest) {
        let (name, kind) = (name.to_owned(), Kind::Content);
        self.items.push(Item {
            name,
            size: None,
            kind,
            bytes: Vec::new(),
            digests: vec![digest],
            salt: None,
            fault: None,
        });
    }

    /// The certificates among the files.
    #[must_use]
    pub fn offered(&self) -> Vec<Offered> {
        let mut known = BTreeSet::new();
        let mut offered = Vec::new();
        for der in self.certificates() {
            let fingerprint = DigestAlgorithm::Sha256.digest(der).to_string();
            if let Ok(certificate) = Certificate::parse(der)
                && known.insert(fingerprint.clone())
            {
                let is_trusted = self.trusted.contains(&fingerprint);
                let subject = certificate.subject.to_string();
                offered.push(Offered { subject, until: certificate.not_after, is_trusted, fingerprint });
            }
        }
        offered
    }

    fn certificates(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.items.iter().flat_map(|item| match &item.kind {
            Kind::Certificates(ders) => ders.as_slice(),
            _ => &[],
        })
    }

    fn tokens(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.items.iter().enumerate().filter(|(_, item)| item.kind == Kind::Token)
    }

    /// What must be hashed before [`Desk::judge`]; what was hashed already is left out. A file whose
    /// salt came later is hashed again.
    pub fn plan(&mut self) -> Vec<Job> {
        let mut algorithms: BTreeSet<DigestAlgorithm> = [DigestAlgorithm::Sha256].into();
        let mut has_token = false;
        for (_, token) in self.tokens() {
            has_token = true;
            algorithms.extend(verify::imprint_algorithm(&token.bytes));
        }
        if !has_token {
            algorithms.insert(DigestAlgorithm::Sm3);
        }
        let salts: Vec<_> = self.items.iter().map(|about| self.salt(about)).collect();
        let mut jobs = Vec::new();
        for (item, (about, salt)) in self.items.iter_mut().zip(salts).enumerate().filter(|(_, (i, _))| i.is_hashed()) {
            if about.salt != salt {
                about.salt = salt;
                about.digests.clear();
            }
            let is_missing = |a: &DigestAlgorithm| about.digests.iter().all(|d| d.algorithm() != *a);
            let missing: Vec<_> = algorithms.iter().copied().filter(is_missing).collect();
            if !missing.is_empty() && about.fault.is_none() {
                jobs.push(Job { item, salt, algorithms: missing });
            }
        }
        jobs
    }

    /// The salt beside a file, the one in its folder's salts, or the only one there is for the only file.
    fn salt(&self, about: &Item) -> Option<[u8; 32]> {
        let mut only = Vec::new();
        for item in &self.items {
            match &item.kind {
                Kind::Salt(salt) if item.name.strip_suffix(".salt") == Some(&about.name) => return Some(*salt),
                Kind::Salt(salt) => only.push(*salt),
                Kind::Salts(salts) => {
                    let root = item.name.strip_suffix(SALTS_SUFFIX).unwrap_or_default();
                    let path = about.name.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
                    if let Some(salt) = path.and_then(|path| salts.get(path)) {
                        return Some(*salt);
                    }
                }
                _ => {}
            }
        }
        let contents = self.items.iter().filter(|item| item.is_hashed()).count();
        match (only.as_slice(), contents) {
            ([salt], 1) => Some(*salt),
            _ => None,
        }
    }

    /// Takes the digest of an item.
    pub fn hashed(&mut self, item: usize, digest: Digest) {
        if let Some(item) = self.items.get_mut(item) {
            item.digests.retain(|d| d.algorithm() != digest.algorithm());
            item.digests.push(digest);
        }
    }

    /// Notes that an item could not be read.
    pub fn unreadable(&mut self, item: usize, cause: &str) {
        if let Some(item) = self.items.get_mut(item) {
            item.fault = Some(cause.to_owned());
        }
    }

    /// Checks everything, as of `now`.
    #[must_use]
    pub fn judge(&self, now: Time) -> Outcome {
        let certificates: Vec<Vec<u8>> = self.certificates().cloned().collect();
        let mut anchors = self.anchors.clone();
        let is_trusted = |der: &&Vec<u8>| self.trusted.contains(&DigestAlgorithm::Sha256.digest(der).to_string());
        anchors.extend(certificates.iter().filter(is_trusted).cloned());
        let mut lists = self.lists.clone();
        for item in &self.items {
            if let Kind::Revocation(ders) = &item.kind {
                lists.extend(ders.iter().cloned());
            }
        }
        let mut subjects: Vec<(Option<usize>, Subject)> = Vec::new();
        let mut spoken_of = BTreeSet::new();
        for (number, token) in self.tokens() {
            let content = self.content_of(number);
            let digests = content.map_or(&[][..], |item| &self.items[item].digests);
            let cx = Context {
                content: digests,
                anchors: &anchors,
                certificates: &certificates,
                crls: &lists,
                ..Context::new(&RustCrypto, now)
            };
            let mut report = verify::verify(&token.bytes, &cx);
            let known = content.and_then(|c| subjects.iter_mut().find(|(of, _)| *of == Some(c)));
            if let Some((_, subject)) = known {
                subject.tokens.push((token.name.clone(), report));
                continue;
            }
            let mut files = Vec::new();
            if let Some(item) = content {
                spoken_of.insert(item);
                if let Some(cause) = &self.items[item].fault {
                    report.findings.push(finding(
                        Code::FileUnreadable,
                        [("path", self.items[item].name.clone()), ("cause", cause.clone())],
                    ));
                }
                files.push(self.line(item, &report));
                if self.items[item].kind == Kind::Manifest {
                    self.check_folder(item, &mut report.findings, &mut files, &mut spoken_of);
                }
                report = Report::new(report.findings, report.facts);
            }
            let name = content.map_or(&token.name, |item| &self.items[item].name).clone();
            subjects.push((content, Subject { name, files, tokens: vec![(token.name.clone(), report)] }));
        }
        let loose = self.items.iter().enumerate().filter(|(number, item)| {
            let is_means = matches!(item.kind, Kind::Certificates(_) | Kind::Revocation(_));
            item.is_hashed() && !is_means && !spoken_of.contains(number)
        });
        let loose = loose.map(|(_, item)| {
            let state = if item.fault.is_some() { FileState::Unchecked } else { FileState::NotGiven };
            let line = FileLine { name: item.name.clone(), size: item.size, state, listed: None, found: None };
            (line, item.digests.clone())
        });
        Outcome { now, loose: loose.collect(), subjects: subjects.into_iter().map(|(_, s)| s).collect() }
    }

    /// The content that a token speaks of: by digest, else by name, else the only one there is.
    fn content_of(&self, token: usize) -> Option<usize> {
        let bytes = &self.items[token].bytes;
        let imprint = verify::imprint(bytes);
        let contents = || self.items.iter().enumerate().filter(|(_, item)| item.is_hashed());
        let by_digest = contents().find(|(_, item)| imprint.is_some_and(|i| item.digests.contains(&i)));
        let names = content_names(&self.items[token].name);
        let by_name = || contents().find(|(_, item)| names.contains(&item.name.as_str()));
        let only = || {
            let is_means = |item: &Item| matches!(item.kind, Kind::Certificates(_) | Kind::Revocation(_));
            let mut rest = contents().filter(|(_, item)| !is_means(item));
            let only = rest.next().filter(|_| rest.next().is_none());
            only.filter(|_| self.tokens().all(|(_, t)| verify::imprint(&t.bytes) == imprint))
        };
        by_digest.or_else(by_name).or_else(only).map(|(number, _)| number)
    }

    fn line(&self, item: usize, report: &Report) -> FileLine {
        let about = &self.items[item];
        let state = match () {
            () if report.has(Code::ImprintMatches) => FileState::Same,
            () if report.has(Code::ImprintMismatch) => FileState::Differs,
            () => FileState::Unchecked,
        };
        let mismatch = report.findings.iter().find(|f| f.code == Code::ImprintMismatch);
        let value =
            |name: &str| mismatch.and_then(|f| f.values.iter().find(|(n, _)| *n == name)).map(|(_, v)| v.clone());
        FileLine {
            name: about.name.clone(),
            size: about.size,
            state,
            listed: value("algorithm").zip(value("expected")),
            found: value("actual"),
        }
    }

    /// Compares the files with a manifest: each at its path, else anywhere by its digest.
    fn check_folder(
        &self,
        manifest_item: usize,
        findings: &mut Vec<Finding>,
        files: &mut Vec<FileLine>,
        spoken_of: &mut BTreeSet<usize>,
    ) {
        let manifest_item = &self.items[manifest_item];
        let manifest = match Manifest::parse(&manifest_item.bytes) {
            Ok(manifest) => manifest,
            Err(cause) => return findings.push(finding(Code::ManifestMalformed, [("cause", cause)])),
        };
        let root = format!("{}/", manifest_item.name.strip_suffix(SUFFIX).unwrap_or_default());
        let is_salt = |item: &Item| matches!(item.kind, Kind::Salt(_) | Kind::Salts(_));
        let by_path: BTreeMap<&str, usize> =
            self.items.iter().enumerate().filter(|(_, i)| !is_salt(i)).map(|(n, i)| (i.name.as_str(), n)).collect();
        let mut by_digest: BTreeMap<String, usize> = BTreeMap::new();
        for (number, item) in self.items.iter().enumerate() {
            if let Some(digest) = sha256(item) {
                by_digest.insert(digest.to_string(), number);
            }
        }
        let mut same = 0usize;
        for entry in &manifest.files {
            let at_path = by_path.get(&*format!("{root}{}", entry.path)).copied();
            let found = at_path.or_else(|| by_digest.get(entry.value()).copied());
            let (state, digest) = self.compare(entry, found);
            spoken_of.extend(found);
            let path = ("path", entry.path.clone());
            match state {
                FileState::Same => same += 1,
                FileState::Differs => findings.push(finding(Code::FileChanged, [path])),
                FileState::NotGiven => findings.push(finding(Code::FileMissing, [path])),
                _ if entry.is_salted() => {
                    findings.push(finding(Code::SaltsMissing, [("cause", entry.path.clone())]));
                }
                _ => {
                    let cause = found.and_then(|n| self.items[n].fault.clone()).unwrap_or_default();
                    findings.push(finding(Code::FileUnreadable, [path, ("cause", cause)]));
                }
            }
            let differs = state == FileState::Differs;
            files.push(FileLine {
                name: entry.path.clone(),
                size: found.map_or(Some(entry.size), |n| self.items[n].size),
                state,
                listed: differs.then(|| ("SHA-256".to_owned(), entry.value().to_owned())),
                found: digest.filter(|_| differs).map(|d| d.to_string()),
            });
        }
        let known: BTreeSet<String> = manifest.files.iter().map(|e| format!("{root}{}", e.path)).collect();
        for (number, item) in self.items.iter().enumerate() {
            if item.name.starts_with(&root) && !known.contains(&item.name) && !spoken_of.contains(&number) {
                let path = item.name[root.len()..].to_owned();
                spoken_of.insert(number);
                findings.push(finding(Code::FileExtra, [("path", path.clone())]));
                let (size, state) = (item.size, FileState::Extra);
                files.push(FileLine { name: path, size, state, listed: None, found: None });
            }
        }
        if same > 0 || manifest.files.is_empty() {
            findings.push(finding(Code::FilesSame, [("count", same.to_string())]));
        }
    }

    fn compare(&self, entry: &Entry, found: Option<usize>) -> (FileState, Option<Digest>) {
        let Some(number) = found else { return (FileState::NotGiven, None) };
        let item = &self.items[number];
        match sha256(item) {
            Some(digest) if digest.to_string() == entry.value() => (FileState::Same, Some(digest)),
            // Without its salt, a salted file cannot be told from a changed one.
            Some(_) if entry.is_salted() && item.salt.is_none() => (FileState::Unchecked, None),
            Some(digest) => (FileState::Differs, Some(digest)),
            None => (FileState::Unchecked, None),
        }
    }
}

fn finding<const N: usize>(code: Code, values: [(&'static str, String); N]) -> Finding {
    Finding { code, values: values.into() }
}

fn sha256(item: &Item) -> Option<Digest> {
    item.digests.iter().copied().find(|d| d.algorithm() == DigestAlgorithm::Sha256)
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

//! The desk: what a reader puts down to be checked, and what must be hashed for it.
//!
//! A certificate that lies among the files builds paths; it is an anchor only once
//! somebody trusts it. A file with a salt is hashed with and without it: what was
//! stamped decides which of the two is meant.

use crate::judge::Outcome;
use crate::kind::Kind;
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm};
use proof::manifest::SALTS_SUFFIX;
use proof::pem;
use proof::verify;
use proof::x509::Certificate;
use std::collections::{BTreeSet, HashMap};

/// Items that a desk takes; a larger folder is checked on the command line.
pub const ITEMS_MAX: usize = 200_000;

/// One thing that was put down.
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) size: Option<u64>,
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
    /// Over the content alone.
    pub(crate) digests: Vec<Digest>,
    /// Over the salt and the content.
    pub(crate) salted: Vec<Digest>,
    salt: Option<[u8; 32]>,
    pub(crate) fault: Option<String>,
}

impl Item {
    /// Whether it is what others are about, and not a means of checking.
    pub(crate) fn is_content(&self) -> bool {
        matches!(self.kind, Kind::Content | Kind::Manifest)
    }

    /// Whether there is a salt for it.
    pub(crate) fn has_salt(&self) -> bool {
        self.salt.is_some()
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

/// A place for everything that is to be checked together.
#[derive(Default)]
pub struct Desk {
    pub(crate) items: Vec<Item>,
    pub(crate) anchors: Vec<Vec<u8>>,
    pub(crate) lists: Vec<Vec<u8>>,
    pub(crate) trusted: BTreeSet<String>,
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
            salted: Vec::new(),
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
            salted: Vec::new(),
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

    pub(crate) fn certificates(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.items.iter().flat_map(|item| match &item.kind {
            Kind::Certificates(ders) => ders.as_slice(),
            _ => &[],
        })
    }

    pub(crate) fn tokens(&self) -> impl Iterator<Item = (usize, &Item)> {
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
        let mut salts = self.salts();
        let mut jobs = Vec::new();
        for (item, about) in self.items.iter_mut().enumerate().filter(|(_, about)| about.fault.is_none()) {
            let salt = salts.remove(&item);
            if about.salt != salt {
                about.salt = salt;
                about.salted.clear();
            }
            let missing = |known: &[Digest]| -> Vec<DigestAlgorithm> {
                algorithms.iter().copied().filter(|a| known.iter().all(|d| d.algorithm() != *a)).collect()
            };
            // A digest that came without its content is all there will be.
            let plain = if about.size.is_some() { missing(&about.digests) } else { Vec::new() };
            let salted = if salt.is_some() { missing(&about.salted) } else { Vec::new() };
            for (salt, algorithms) in [(None, plain), (salt, salted)] {
                if !algorithms.is_empty() {
                    jobs.push(Job { item, salt, algorithms });
                }
            }
        }
        jobs
    }

    /// The salts by their items: the one beside a file, the one in its folder's salts, or the only one
    /// there is for the only file.
    fn salts(&self) -> HashMap<usize, [u8; 32]> {
        let mut by_name: HashMap<String, [u8; 32]> = HashMap::new();
        let mut single = Vec::new();
        for item in &self.items {
            match &item.kind {
                Kind::Salt(salt) => {
                    single.push(*salt);
                    by_name.insert(item.name.strip_suffix(".salt").unwrap_or(&item.name).to_owned(), *salt);
                }
                Kind::Salts(salts) => {
                    let root = item.name.strip_suffix(SALTS_SUFFIX).unwrap_or_default();
                    by_name.extend(salts.iter().map(|(path, salt)| (format!("{root}/{path}"), *salt)));
                }
                _ => {}
            }
        }
        let mut found: HashMap<usize, [u8; 32]> = HashMap::new();
        let mut contents = Vec::new();
        for (number, item) in self.items.iter().enumerate() {
            found.extend(by_name.get(&item.name).map(|salt| (number, *salt)));
            contents.extend(item.is_content().then_some(number));
        }
        if let ([salt], [content]) = (single.as_slice(), contents.as_slice()) {
            found.entry(*content).or_insert(*salt);
        }
        found
    }

    /// Takes the digest of an item: over its content, or over its salt and its content.
    pub fn hashed(&mut self, item: usize, is_salted: bool, digest: Digest) {
        if let Some(item) = self.items.get_mut(item) {
            let known = if is_salted { &mut item.salted } else { &mut item.digests };
            known.retain(|d| d.algorithm() != digest.algorithm());
            known.push(digest);
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
        crate::judge::judge(self, now)
    }
}

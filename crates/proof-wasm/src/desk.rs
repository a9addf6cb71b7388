//! The desk: what a reader puts down to be checked, and what must be hashed for it.
//!
//! A certificate that lies among the files builds paths; it is an anchor only once
//! somebody trusts it. A file with a salt is hashed with and without it: what was
//! stamped decides which of the two is meant.

use crate::archive::Unpacking;
use crate::judge::{Outcome, similar};
use crate::kind::Kind;
use crate::pdf::Kept;
use crate::salts;
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm};
use proof::pem;
use proof::verify;
use proof::x509::Certificate;
use std::collections::{BTreeMap, BTreeSet};

/// Items that a desk takes; a larger folder is checked on the command line.
pub const ITEMS_MAX: usize = 200_000;
/// Bytes of texts that are kept at hand, together.
const TEXTS_BYTES_MAX: usize = 8 << 20;

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
    pub(crate) salt: Option<[u8; 32]>,
    pub(crate) fault: Option<String>,
    /// The archive or certificate that it is a part of.
    pub(crate) within: Option<usize>,
    /// Whether it rides in a certificate, and was hashed when it was laid.
    pub(crate) is_attached: bool,
    /// Of an archive or certificate: whether its parts lie on the desk, or why it was not opened.
    pub(crate) opened: Option<Result<(), String>>,
}

impl Item {
    pub(crate) fn new(name: &str, size: Option<u64>, kind: Kind, bytes: Vec<u8>) -> Self {
        let (digests, salted) = (Vec::new(), Vec::new());
        Self {
            name: name.to_owned(),
            size,
            kind,
            bytes,
            digests,
            salted,
            salt: None,
            fault: None,
            within: None,
            is_attached: false,
            opened: None,
        }
    }

    /// Whether it is what others are about, and not a means of checking.
    pub(crate) fn is_content(&self) -> bool {
        let is_it = matches!(self.kind, Kind::Content | Kind::Manifest | Kind::Record(_) | Kind::Pdf { .. });
        is_it || self.is_closed()
    }

    /// Whether it is a file that people make, and no evidence.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.kind, Kind::Content | Kind::Pdf { is_certificate: false })
    }

    /// Whether it is an archive whose parts do not lie on the desk.
    pub(crate) fn is_closed(&self) -> bool {
        self.kind == Kind::Archive && self.opened != Some(Ok(()))
    }

    /// Its folder, with the last `/`.
    pub(crate) fn folder(&self) -> &str {
        self.name.rfind('/').map_or("", |at| self.name.get(..=at).unwrap_or_default())
    }

    /// The last part of its name.
    pub(crate) fn base(&self) -> &str {
        base(&self.name)
    }

    /// Whether there is a salt for it.
    pub(crate) fn has_salt(&self) -> bool {
        self.salt.is_some()
    }
}

/// The last part of a path.
pub(crate) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
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
    /// Bytes of texts that are kept at hand.
    text_bytes: usize,
    pub(crate) pdfs: Kept,
    /// Archives of which further bytes must be fetched.
    pub(crate) unpacking: BTreeMap<usize, Unpacking>,
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
        let kind = match bytes {
            _ if Kind::is_archive(name) => Kind::Archive,
            Some(bytes) => Kind::of(name, bytes),
            None => Kind::Content,
        };
        self.put(name, size, kind, bytes.unwrap_or_default());
        self.items.last().map(|item| &item.kind)
    }

    fn put(&mut self, name: &str, size: u64, kind: Kind, bytes: &[u8]) {
        let (kind, opened) = self.keep_pdf(kind, bytes.len());
        let bytes = if opened.is_some() { Vec::new() } else { self.kept(&kind, bytes) };
        self.items.push(Item { opened, ..Item::new(name, Some(size), kind, bytes) });
    }

    /// What is kept of the bytes: all of what is read here, and of contents the texts that are small
    /// enough to find out why they differ.
    pub(crate) fn kept(&mut self, kind: &Kind, bytes: &[u8]) -> Vec<u8> {
        match kind {
            Kind::Archive => Vec::new(),
            Kind::Content if self.text_bytes + bytes.len() > TEXTS_BYTES_MAX || !similar::is_text(bytes) => Vec::new(),
            Kind::Content => {
                self.text_bytes += bytes.len();
                bytes.to_vec()
            }
            _ => bytes.to_vec(),
        }
    }

    /// Takes a part of an archive, as [`Desk::offer`] does.
    pub(crate) fn offer_part(&mut self, archive: usize, name: &str, size: u64, bytes: Option<&[u8]>) {
        let kind = bytes.map_or(Kind::Content, |bytes| Kind::of(name, bytes));
        // An archive in an archive is a content of it and is not opened: no nesting.
        self.put(name, size, kind, bytes.unwrap_or_default());
        if let Some(item) = self.items.last_mut() {
            item.within = Some(archive);
        }
    }

    /// Takes the digest of a content that stays elsewhere.
    pub fn offer_digest(&mut self, name: &str, digest: Digest) {
        let item = Item::new(name, None, Kind::Content, Vec::new());
        self.items.push(Item { digests: vec![digest], ..item });
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
        let mut salts = salts::by_item(&self.items);
        let mut jobs = Vec::new();
        // An archive that lies open is hashed by its parts, unless a token from outside may be over it.
        let is_inside = |(_, token): (usize, &Item)| token.within.is_some();
        let skips_open = self.tokens().all(is_inside);
        for (item, about) in self.items.iter_mut().enumerate().filter(|(_, about)| about.fault.is_none()) {
            if skips_open && about.kind == Kind::Archive && !about.is_closed() {
                continue;
            }
            if about.is_attached {
                continue;
            }
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

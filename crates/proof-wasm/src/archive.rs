//! An archive on the desk, or a certificate: opened where it holds something that can be verified, its parts laid beside it.
//!
//! What holds no record, manifest or token stays one content. Small parts are read here; large ones are
//! hashed where they lie, by offset and length. Nothing is opened twice, and no archive within another.

use crate::desk::{Desk, ITEMS_MAX};
use crate::kind::{Kind, TOKEN_ENDINGS};
use crate::pdf::PDF_BYTES_MAX;
use proof::manifest;
use proof::package;
use proof::record::EvidenceNumber;
use proof::zip::{Archive, Entry, Limits, ReadError, Source, ZipError};

/// Parts that are looked into: all small ones, and larger ones that may be lists.
const LOOKED_INTO_BYTES: u64 = 64 << 10;
const EVIDENCE_BYTES: u64 = 4 << 20;
const LIST_BYTES: u64 = 64 << 20;
/// Bytes that are unpacked here out of one archive, together; and of those, PDFs that are no certificates
/// by their names, so that they leave room for what is evidence.
const UNPACKED_BYTES_MAX: u64 = 256 << 20;
const UNPACKED_PDF_BYTES_MAX: u64 = 64 << 20;
const EVIDENCE_ENDINGS: [&str; 9] = [".json", ".tsr", ".tst", ".tsa", ".der", ".pem", ".crl", ".cer", ".crt"];

/// A part that was laid on the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    /// Which item it is.
    pub item: usize,
    /// Its name: that of the archive, then its path.
    pub name: String,
    /// What it was found to be, by the stable name of the kind.
    pub kind: &'static str,
    /// Its size in bytes.
    pub size: u64,
    /// Where its content is in the archive; none where it rides in a certificate, and is hashed already.
    pub entry: Option<Entry>,
}

/// Whether something of this name can be verified, or something with it.
pub(crate) fn is_named_as_evidence(name: &str) -> bool {
    let lower = name.to_lowercase();
    let is_named = ["record.json", "disclosure.json", manifest::SUFFIX].iter().any(|end| lower.ends_with(end));
    is_named || TOKEN_ENDINGS.iter().any(|end| lower.ends_with(end))
}

/// Whether a certificate has such a name: that of a package, or a record's number.
fn is_certificate(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let number = name.strip_suffix(".pdf").and_then(|stem| stem.parse::<EvidenceNumber>().ok());
    name == "certificate.pdf" || number.is_some()
}

fn is_evidence(entry: &Entry) -> bool {
    let path = &entry.path;
    // `package.json` alone says nothing: others call their files so too.
    is_named_as_evidence(path) || is_certificate(path)
}

/// Whether a part is read here, to see what it is.
fn is_looked_into(entry: &Entry) -> bool {
    let lower = entry.path.to_lowercase();
    let bytes_max = match () {
        () if lower.ends_with(".json") => LIST_BYTES,
        () if lower.ends_with(".pdf") => PDF_BYTES_MAX,
        () if EVIDENCE_ENDINGS.iter().any(|end| lower.ends_with(end)) => EVIDENCE_BYTES,
        () => LOOKED_INTO_BYTES,
    };
    entry.size <= bytes_max
}

impl Desk {
    /// Whether an item is an archive or a certificate that was not opened yet.
    #[must_use]
    pub fn is_to_open(&self, item: usize) -> bool {
        let opens = |kind: &Kind| matches!(kind, Kind::Archive | Kind::Pdf { is_certificate: true });
        self.items.get(item).is_some_and(|item| opens(&item.kind) && item.opened.is_none())
    }

    /// Opens an archive and lays its parts on the desk, and then what rides in certificates among them. None
    /// are laid where it holds nothing to verify with, or is refused; what was refused is said by
    /// [`Desk::judge`]. Of a certificate, nothing is asked of the source.
    ///
    /// # Errors
    /// Where bytes of the source must be fetched first; then the same is to be called again.
    pub fn open<S: Source + ?Sized>(&mut self, item: usize, source: &S) -> Result<Vec<Laid>, ReadError> {
        if !self.is_to_open(item) {
            return Ok(Vec::new());
        }
        if self.items.get(item).is_some_and(|item| item.kind != Kind::Archive) {
            return Ok(self.open_pdf(item));
        }
        let room = ITEMS_MAX.saturating_sub(self.items.len());
        let mut unpacking = self.unpacking.remove(&item).unwrap_or_default();
        let read = match unpacking.go_on(source, room) {
            Err(ZipError::Read(missing @ ReadError::Missing { .. })) => {
                self.unpacking.insert(item, unpacking);
                return Err(missing);
            }
            other => other.map(|()| unpacking.parts),
        };
        let Some(about) = self.items.get_mut(item) else { return Ok(Vec::new()) };
        let folder = about.name.clone();
        match read {
            Ok(parts) if parts.is_empty() => Ok(Vec::new()),
            Ok(parts) => {
                about.opened = Some(Ok(()));
                let lay = |(entry, read)| self.lay(item, &folder, entry, read);
                let mut laid: Vec<Laid> = parts.into_iter().map(lay).collect();
                let numbers: Vec<usize> = laid.iter().map(|one| one.item).collect();
                for part in numbers {
                    if self.is_to_open(part) {
                        laid.extend(self.open_pdf(part));
                    }
                }
                Ok(laid)
            }
            Err(cause) => {
                about.opened = Some(Err(cause.to_string()));
                Ok(Vec::new())
            }
        }
    }

    fn lay(&mut self, archive: usize, folder: &str, entry: Entry, read: Read) -> Laid {
        let item = self.items.len();
        let name = format!("{folder}/{}", entry.path);
        let bytes = read.as_ref().and_then(|read| read.as_ref().ok());
        self.offer_part(archive, &name, entry.size, bytes.map(Vec::as_slice));
        if let Some(Err(cause)) = read {
            self.unreadable(item, &cause.to_string());
        }
        let kind = self.items.last().map_or("content", |item| item.kind.name());
        Laid { item, name, kind, size: entry.size, entry: Some(entry) }
    }
}

/// What was read of a part: none where it is not looked into.
type Read = Option<Result<Vec<u8>, ZipError>>;

/// An archive that is being read; what was unpacked stays while further bytes are fetched.
#[derive(Default)]
pub(crate) struct Unpacking {
    archive: Option<Archive>,
    parts: Vec<(Entry, Read)>,
    bytes: u64,
    pdf_bytes: u64,
}

impl Unpacking {
    /// Reads on to the end. No part is there where the archive holds nothing to verify with.
    fn go_on<S: Source + ?Sized>(&mut self, source: &S, room: usize) -> Result<(), ZipError> {
        let archive = match self.archive.take() {
            Some(archive) => archive,
            None => Archive::open(source, &Limits::default())?,
        };
        let archive = self.archive.insert(archive);
        let entries = || archive.entries().iter().filter(|entry| !package::is_litter(&entry.path));
        if !entries().any(is_evidence) {
            return Ok(());
        }
        if entries().count() > room {
            return Err(ZipError::Many);
        }
        for entry in entries().skip(self.parts.len()) {
            let mut read = None;
            let is_pdf = entry.path.to_lowercase().ends_with(".pdf") && !is_certificate(&entry.path);
            let has_room = !is_pdf || self.pdf_bytes + entry.size <= UNPACKED_PDF_BYTES_MAX;
            if has_room && is_looked_into(entry) && self.bytes + entry.size <= UNPACKED_BYTES_MAX {
                read = match entry.read(source, entry.size) {
                    Err(missing @ ZipError::Read(ReadError::Missing { .. })) => return Err(missing),
                    other => Some(other),
                };
                self.bytes += entry.size;
                self.pdf_bytes += if is_pdf { entry.size } else { 0 };
            }
            self.parts.push((entry.clone(), read));
        }
        Ok(())
    }
}

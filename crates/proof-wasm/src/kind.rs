//! What a thing that was put down is, by its bytes, and by its name where they leave it open.

use proof::digest::from_hex;
use proof::manifest::SALTS_SUFFIX;
use proof::pem;
use proof::record::{Disclosure, Files, Openings, Record, RecordError};
use proof::tsp::TimeStampResp;
use proof::verify;
use proof::x509::Certificate;
use proof::x509::crl::Crl;
use proof::x509::ocsp::OcspResponse;
use std::collections::BTreeMap;

/// What every manifest of ours holds.
const MANIFEST_MARK: &[u8] = b"\"shiyin.manifest/";
/// What stands before the name of a format of ours; within a text, its quotes would be escaped.
const KIND_MARK: &[u8] = b"\"kind\":\"shiyin.";
/// The ending of the names of archives that are opened. Many other files are archives too.
const ARCHIVE_ENDING: &str = ".zip";

/// Endings of the names that tokens commonly have.
pub(crate) const TOKEN_ENDINGS: [&str; 4] = [".tsr", ".tst", ".tsa", ".tsr.der"];

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
    /// A record, or why it is none.
    Record(Result<Box<Record>, RecordError>),
    /// The list of a record's files, or why it is none.
    Files(Result<Box<Files>, RecordError>),
    /// Openings of a record, or why they are none.
    Openings(Result<Box<Openings>, RecordError>),
    /// One file of a record shown alone, or why it is none.
    Disclosure(Result<Box<Disclosure>, RecordError>),
    /// What holds further things, which are laid on the desk as its parts.
    Archive,
    /// A PDF that is judged by itself as well: it is signed, or is a certificate of a record.
    Pdf {
        /// Whether evidence rides in it, which is laid on the desk as its parts.
        is_certificate: bool,
    },
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
            Self::Record(_) => "record",
            Self::Files(_) => "files",
            Self::Openings(_) => "openings",
            Self::Disclosure(_) => "disclosure",
            Self::Archive => "archive",
            Self::Pdf { is_certificate: true } => "certificate-pdf",
            Self::Pdf { is_certificate: false } => "pdf",
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
        let is_token = TOKEN_ENDINGS.iter().any(|end| lower.ends_with(end));
        if !is_token && let Some(kind) = crate::pdf::kind_of(bytes) {
            return kind;
        }
        let is_response = || verify::token_der(bytes).is_ok_and(|der| TimeStampResp::parse(&der).is_ok());
        if verify::imprint_algorithm(bytes).is_some() || is_token || is_response() {
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
        if let Some(kind) = Self::of_record(bytes) {
            return kind;
        }
        // Others name files so too; ours says what it is.
        if bytes.windows(MANIFEST_MARK.len()).any(|w| w == MANIFEST_MARK) && bytes.starts_with(b"{") {
            return Self::Manifest;
        }
        Self::Content
    }

    /// By the kind that a file names itself; its own stands before those of what it holds.
    fn of_record(bytes: &[u8]) -> Option<Self> {
        let is_object = bytes.first() == Some(&b'{');
        let at = bytes.windows(KIND_MARK.len()).position(|w| is_object && w == KIND_MARK)?;
        let named = bytes.get(at + KIND_MARK.len()..)?;
        let name = named.split(|byte| *byte == b'/').next()?;
        match name {
            b"record" => Some(Self::Record(Record::parse(bytes).map(Box::new))),
            b"files" => Some(Self::Files(Files::parse(bytes).map(Box::new))),
            b"openings" => Some(Self::Openings(Openings::parse(bytes).map(Box::new))),
            b"disclosure" => Some(Self::Disclosure(Disclosure::parse(bytes).map(Box::new))),
            _ => None,
        }
    }

    /// Whether what has this name is opened, and its parts laid on the desk.
    #[must_use]
    pub fn is_archive(name: &str) -> bool {
        name.to_lowercase().ends_with(ARCHIVE_ENDING)
    }
}

fn read_salts(bytes: &[u8]) -> Option<BTreeMap<String, [u8; 32]>> {
    let texts: BTreeMap<String, String> = serde_json::from_slice(bytes).ok()?;
    texts.into_iter().map(|(name, text)| Some((name, <[u8; 32]>::try_from(from_hex(&text)?).ok()?))).collect()
}

//! What a thing that was put down is, by its bytes, and by its name where they leave it open.

use proof::digest::from_hex;
use proof::manifest::SALTS_SUFFIX;
use proof::pem;
use proof::tsp::TimeStampResp;
use proof::verify;
use proof::x509::Certificate;
use proof::x509::crl::Crl;
use proof::x509::ocsp::OcspResponse;
use std::collections::BTreeMap;

/// What every manifest of ours holds.
const MANIFEST_MARK: &[u8] = b"\"shiyin.manifest/";

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
        // Others name files so too; ours says what it is.
        if bytes.windows(MANIFEST_MARK.len()).any(|w| w == MANIFEST_MARK) && bytes.starts_with(b"{") {
            return Self::Manifest;
        }
        Self::Content
    }
}

fn read_salts(bytes: &[u8]) -> Option<BTreeMap<String, [u8; 32]>> {
    let texts: BTreeMap<String, String> = serde_json::from_slice(bytes).ok()?;
    texts.into_iter().map(|(name, text)| Some((name, <[u8; 32]>::try_from(from_hex(&text)?).ok()?))).collect()
}

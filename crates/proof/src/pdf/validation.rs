//! Validation data that a document carries: the document security store (ETSI EN 319 142-1
//! section 5.4, ISO 32000-2 section 12.8.4.3). Used, and never trusted for being here.

use super::PdfError;
use super::file::File;
use super::object::{Object, Reference};
use std::collections::BTreeSet;

/// Streams taken from one store.
const STREAMS_MAX: usize = 1024;

/// Certificates and revocation data of a document, each in DER and once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidationData {
    /// Certificates.
    pub certificates: Vec<Vec<u8>>,
    /// Revocation lists.
    pub crls: Vec<Vec<u8>>,
    /// OCSP responses.
    pub ocsps: Vec<Vec<u8>>,
}

impl ValidationData {
    /// Reads the store of a file; nothing where there is none.
    ///
    /// # Errors
    /// Where the store is there and cannot be read.
    pub fn read(file: &File<'_>) -> Result<Self, PdfError> {
        let Object::Dictionary(store) = file.value(&file.catalog()?, "DSS")? else { return Ok(Self::default()) };
        let mut seen = BTreeSet::new();
        let mut all = |key: &str| -> Result<Vec<Vec<u8>>, PdfError> {
            let Object::Array(items) = file.value(&store, key)? else { return Ok(Vec::new()) };
            let mut streams = Vec::new();
            for reference in items.iter().filter_map(Object::reference) {
                streams.extend(stream(file, reference, &mut seen)?);
            }
            Ok(streams)
        };
        Ok(Self { certificates: all("Certs")?, crls: all("CRLs")?, ocsps: all("OCSPs")? })
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.crls.is_empty() && self.ocsps.is_empty()
    }
}

fn stream(file: &File<'_>, reference: Reference, seen: &mut BTreeSet<Reference>) -> Result<Option<Vec<u8>>, PdfError> {
    if !seen.insert(reference) {
        return Ok(None);
    }
    if seen.len() > STREAMS_MAX {
        return Err(PdfError::TooLarge("validation data"));
    }
    file.stream(&file.object(reference)?).map(Some)
}

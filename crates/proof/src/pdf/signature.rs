//! One signature as it stands in the file: its dictionary, its ByteRange, and the revision that it
//! covers (ISO 32000-2 section 12.8.1). Nothing is verified here but that the range is whole.

use super::PdfError;
use super::fields::Field;
use super::file::File;
use super::object::{Dictionary, Object};
use crate::der::ber;

/// How the signature is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// CMS with the attributes of CAdES (ETSI EN 319 142-1).
    Cades,
    /// CMS as PDF 1.3 had it.
    Pkcs7,
    /// An RFC 3161 token over the file.
    Timestamp,
}

/// A signature that could be read.
pub(super) struct Signature<'a> {
    pub(super) encoding: Encoding,
    /// The decoded Contents, padding included.
    pub(super) contents: Vec<u8>,
    /// The bytes before Contents and after it.
    pub(super) signed: [&'a [u8]; 2],
    /// Where the signed revision ends.
    pub(super) end: usize,
    /// The document as it was when signed.
    pub(super) revision: File<'a>,
    /// What the signer allows to be changed later (section 12.8.2.2), where this is a certification.
    pub(super) permission: Option<i64>,
}

/// Why a signature cannot be judged.
pub(super) enum Unreadable {
    /// It is encoded in a way that is not read here.
    Encoding(String),
    /// Its dictionary is not what it must be.
    Malformed(PdfError),
    /// What it covers is not one whole revision.
    Range(&'static str),
}

impl From<PdfError> for Unreadable {
    fn from(error: PdfError) -> Self {
        Self::Malformed(error)
    }
}

impl<'a> Signature<'a> {
    /// Reads the value of a signed field.
    pub(super) fn read(file: &File<'a>, field: &Field) -> Result<Self, Unreadable> {
        let value = field.value.as_ref().unwrap_or(&Object::Null);
        let bad = |what| Unreadable::Malformed(PdfError::Unsupported(what));
        // In an object stream, the place of Contents in the file would be nowhere.
        let holder = value.reference().or(field.reference);
        if !holder.is_some_and(|holder| file.is_in_file(holder)) {
            return Err(bad("signature inside an object stream"));
        }
        let Object::Dictionary(dictionary) = file.resolve(value)? else { return Err(bad("signature dictionary")) };
        let encoding = encoding(&dictionary)?;
        let contents = dictionary.get("Contents").and_then(Object::string).filter(|c| c.is_hex);
        let contents = contents.ok_or(bad("signature: Contents"))?;
        let range = dictionary.get("ByteRange").and_then(Object::array).ok_or(bad("signature: ByteRange"))?;
        let range: Option<Vec<usize>> = range.iter().map(Object::size).collect();
        let Some([start, first, second, last]) = range.as_deref() else { return Err(bad("signature: ByteRange")) };
        let end = second.checked_add(*last).filter(|end| *end <= file.bytes().len());
        let end = end.ok_or(Unreadable::Range("it goes beyond the end of the file"))?;
        if *start != 0 {
            return Err(Unreadable::Range("it does not start at the beginning of the file"));
        }
        if contents.at != (*first..*second) {
            return Err(Unreadable::Range("it leaves out something else than the signature itself"));
        }
        let part = |range| file.bytes().get(range).ok_or(Unreadable::Range("it is in disorder"));
        let (signed, prefix) = ([part(0..*first)?, part(*second..end)?], part(0..end)?);
        let revision = File::parse(prefix).map_err(|_| Unreadable::Range("it does not end where a revision ends"))?;
        // The signature must be in the document that it signs, as the same bytes.
        let then = revision.resolve(value)?;
        if then.dictionary().and_then(|d| d.get("Contents")).and_then(Object::string).map(|c| &c.at)
            != Some(&contents.at)
        {
            return Err(Unreadable::Range("the signature is not in the revision that it covers"));
        }
        let permission = permission(file, &dictionary)?;
        Ok(Self { encoding, contents: contents.bytes.clone(), signed, end, revision, permission })
    }

    /// The CMS in Contents without its padding.
    ///
    /// # Errors
    /// Where it is not BER, or something else than zeros follows it.
    pub(super) fn cms(&self) -> Result<&[u8], crate::der::DerError> {
        let end = ber::end(&self.contents)?;
        let (cms, padding) = self.contents.split_at_checked(end).ok_or(crate::der::DerError::Truncated)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(crate::der::DerError::TrailingBytes);
        }
        Ok(cms)
    }
}

fn encoding(dictionary: &Dictionary) -> Result<Encoding, Unreadable> {
    let name = dictionary.get("SubFilter").and_then(Object::name).unwrap_or_default();
    let is_timestamp = dictionary.is_name("Type", "DocTimeStamp");
    match (name, is_timestamp) {
        (b"ETSI.RFC3161", true) => Ok(Encoding::Timestamp),
        (b"ETSI.CAdES.detached", false) => Ok(Encoding::Cades),
        (b"adbe.pkcs7.detached", false) => Ok(Encoding::Pkcs7),
        _ => Err(Unreadable::Encoding(String::from_utf8_lossy(name).into_owned())),
    }
}

fn permission(file: &File<'_>, dictionary: &Dictionary) -> Result<Option<i64>, PdfError> {
    let Object::Array(references) = file.value(dictionary, "Reference")? else { return Ok(None) };
    for reference in references.iter().take(8) {
        let Object::Dictionary(reference) = file.resolve(reference)? else { continue };
        if reference.is_name("TransformMethod", "DocMDP") {
            let parameters = file.value(&reference, "TransformParams")?;
            let stated = parameters.dictionary().and_then(|p| p.get("P")).and_then(Object::integer);
            return Ok(Some(stated.unwrap_or(2)));
        }
    }
    Ok(None)
}

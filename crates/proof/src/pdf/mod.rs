//! PDF files (ISO 32000-2): reading them strictly, and what their signatures prove (ETSI EN 319 142-1).
//!
//! Every size, count and depth is bounded, nothing is repaired, and what cannot be read with
//! one meaning is refused: between two readings a forger hides. Absent: encryption, rendering,
//! filters other than FlateDecode, and any writing (`crates/paper` writes).

mod attachments;
mod changes;
mod fields;
mod file;
mod lexer;
mod object;
mod signature;
mod signer;
mod stream;
mod validation;
mod verify;
mod xref;

pub use attachments::{Attachment, attachments};
pub use fields::{Field, fields};
pub use file::{DECODED_BYTES_MAX, FILE_BYTES_MAX, File, XrefKind};
pub use object::{Dictionary, Object, PdfString, Reference};
pub use validation::ValidationData;
pub use verify::{Kind, Level, PdfReport, SignatureReport, verify};

use core::fmt;

/// Why a PDF file was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PdfError {
    /// The bytes are no PDF file.
    NotPdf,
    /// The file is encrypted.
    Encrypted,
    /// Something does not stand where and as it must.
    Malformed {
        /// What was being read.
        what: &'static str,
        /// Where.
        at: usize,
    },
    /// The file uses something that is not read here.
    Unsupported(&'static str),
    /// A bound of this reader was passed.
    TooLarge(&'static str),
}

impl fmt::Display for PdfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPdf => f.write_str("not a PDF file"),
            Self::Encrypted => f.write_str("the file is encrypted"),
            Self::Malformed { what, at } => write!(f, "not a valid {what} at byte {at}"),
            Self::Unsupported(what) => write!(f, "not readable here: {what}"),
            Self::TooLarge(what) => write!(f, "over the limit for {what}"),
        }
    }
}

impl core::error::Error for PdfError {}

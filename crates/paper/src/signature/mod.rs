//! Signatures in PDF files: PAdES baseline B-B, B-T, B-LT and B-LTA (ETSI EN 319 142-1).
//!
//! Each step appends one revision and leaves every byte before it as it was, so that earlier
//! signatures stay whole. Keys and authorities are elsewhere: a step hands out what is to be signed
//! or stamped, and takes the answer. [`prepare`] → sign [`Prepared::attributes`] →
//! [`Prepared::signed`] → stamp [`Signed::imprint`] → [`Signed::stamped`] (B-T) →
//! [`with_validation_data`] (B-LT) → [`DocumentStamp`] (B-LTA), again before its certificate ends.
//! Absent: visible signatures, certification (DocMDP), encryption.

mod cms;
mod container;
mod field;
mod signed;
mod stamp;
mod update;
mod validation;
mod write;

pub use signed::{Field, Prepared, Signed, prepare};
pub use stamp::DocumentStamp;
pub use validation::with_validation_data;

use core::fmt;
use proof::der::DerError;
use proof::pdf::PdfError;

/// Room kept for a signature with its chain and timestamp, in bytes: ours take a quarter of it.
pub const RESERVE_BYTES: usize = 24 << 10;

/// Why a file was not signed. The file is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The file cannot be read: it is damaged, encrypted, or no PDF.
    Pdf(PdfError),
    /// The file has no page on which the field could stand.
    NoPage,
    /// A field's name is empty or has a full stop.
    FieldName,
    /// A field of this name is there, and signed or no signature field.
    FieldTaken(String),
    /// No certificate was given, or one that cannot be read.
    Certificate(DerError),
    /// The identifier of the signature's algorithm cannot be read, or the digest is a broken one.
    Algorithm,
    /// The answer of the authority is no token; where it refused, it says so in the response.
    Token(DerError),
    /// The token stamps something else.
    OtherImprint,
    /// Revocation data that cannot be read.
    RevocationData(DerError),
    /// There is nothing to add.
    NothingGiven,
    /// The signature does not fit in the room kept for it: prepare it again with more.
    Room {
        /// How many bytes it has.
        needed: usize,
        /// How many were kept.
        reserved: usize,
    },
    /// The file, or one of its numbers, becomes larger than is read here.
    TooLarge,
}

impl From<PdfError> for SignatureError {
    fn from(error: PdfError) -> Self {
        Self::Pdf(error)
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pdf(error) => error.fmt(f),
            Self::NoPage => f.write_str("the file has no page"),
            Self::FieldName => f.write_str("the name of a field must not be empty or have a full stop"),
            Self::FieldTaken(name) => write!(f, "the field {name} is signed already, or no signature field"),
            Self::Certificate(error) => write!(f, "the signer's certificates: {error}"),
            Self::Algorithm => f.write_str("the algorithm of the signature is not usable"),
            Self::Token(error) => write!(f, "no timestamp token: {error}"),
            Self::OtherImprint => f.write_str("the timestamp token is over something else"),
            Self::RevocationData(error) => write!(f, "the revocation data: {error}"),
            Self::NothingGiven => f.write_str("no certificate and no revocation data were given"),
            Self::Room { needed, reserved } => {
                write!(f, "the signature has {needed} bytes, and {reserved} were kept for it")
            }
            Self::TooLarge => f.write_str("the file would become too large"),
        }
    }
}

impl core::error::Error for SignatureError {}

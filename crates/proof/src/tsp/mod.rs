//! The Time-Stamp Protocol (RFC 3161, RFC 5816): requests, responses, TSTInfo.

mod request;
mod response;
mod tst_info;

pub use request::{REQUEST_BYTES_MAX, RequestError, TimeStampReq};
pub use response::{FailureInfo, Status, TimeStampResp};
pub use tst_info::{Accuracy, TstInfo};

use crate::crypto::AlgorithmIdentifier;
use crate::der::{DerError, Reader, Writer};
use crate::digest::Digest;
use crate::oid::Oid;

/// Media type of a request (RFC 3161 section 3.4).
pub const QUERY_MEDIA_TYPE: &str = "application/timestamp-query";
/// Media type of a response (RFC 3161 section 3.4).
pub const REPLY_MEDIA_TYPE: &str = "application/timestamp-reply";

/// MessageImprint: a digest under an algorithm that need not be one we compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageImprint<'a> {
    /// The digest algorithm.
    pub algorithm: AlgorithmIdentifier<'a>,
    /// The digest.
    pub value: &'a [u8],
}

impl<'a> MessageImprint<'a> {
    /// Reads the next element of `reader`.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, DerError> {
        let mut fields = reader.sequence()?;
        let imprint = Self { algorithm: AlgorithmIdentifier::read(&mut fields)?, value: fields.octets()? };
        fields.finish()?;
        Ok(imprint)
    }

    /// The digest, where the algorithm is one this crate computes and the length is its own.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        Digest::new(self.algorithm.digest()?, self.value)
    }
}

/// Writes a MessageImprint. Parameters are absent, as RFC 5754 prefers; `null_parameters`
/// repeats the NULL of a request that had it.
pub fn write_imprint(w: &mut Writer, oid: Oid<'_>, null_parameters: bool, value: &[u8]) {
    w.sequence(|w| {
        w.algorithm(oid, null_parameters);
        w.octets(value);
    });
}

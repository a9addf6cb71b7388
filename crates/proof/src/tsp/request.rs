//! TimeStampReq (RFC 3161 section 2.4.1), read strictly: an authority answers only
//! what it understood to the last byte.

use super::{FailureInfo, MessageImprint, write_imprint};
use crate::der::{DerError, Element, Integer, Writer, tag};
use crate::digest::Digest;
use crate::oid::Oid;
use crate::x509::read_extensions;

/// Larger requests are refused unread: a request holds a digest, a number and a name.
pub const REQUEST_BYTES_MAX: usize = 4096;
/// RFC 3161 speaks of 64-bit nonces; 32 bytes leave room and bound the work.
const NONCE_BYTES_MAX: usize = 32;

/// A request as received.
#[derive(Clone, Debug)]
pub struct TimeStampReq<'a> {
    /// The whole request.
    pub der: &'a [u8],
    /// What is to be stamped.
    pub imprint: MessageImprint<'a>,
    /// The MessageImprint structure as received; the token repeats it.
    pub imprint_der: &'a [u8],
    /// The policy asked for.
    pub policy: Option<Oid<'a>>,
    /// The number the token must repeat.
    pub nonce: Option<Integer<'a>>,
    /// Whether the token must carry the authority's certificate.
    pub cert_req: bool,
    /// Whether there are extensions.
    pub has_extensions: bool,
}

/// Why a request cannot be read, and what RFC 3161 answers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// Not a TimeStampReq in DER.
    Malformed(DerError),
    /// A version other than 1.
    Version,
    /// A nonce longer than 32 bytes.
    NonceTooLong,
    /// More than 4096 bytes.
    TooLarge,
}

impl RequestError {
    /// The PKIFailureInfo for the reply.
    #[must_use]
    pub fn failure(self) -> FailureInfo {
        match self {
            Self::Malformed(_) | Self::TooLarge | Self::NonceTooLong => FailureInfo::BadDataFormat,
            Self::Version => FailureInfo::BadRequest,
        }
    }

    /// What to do, in plain English, for PKIStatusInfo.statusString.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Malformed(_) => "the body is not one DER-encoded TimeStampReq (RFC 3161 section 2.4.1)",
            Self::Version => "version must be 1",
            Self::NonceTooLong => "the nonce must not be longer than 32 bytes",
            Self::TooLarge => "a request must not be larger than 4096 bytes; send a digest, not the content",
        }
    }
}

impl<'a> TimeStampReq<'a> {
    /// Reads one request.
    pub fn parse(der: &'a [u8]) -> Result<Self, RequestError> {
        if der.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::TooLarge);
        }
        Self::parse_fields(der).map_err(RequestError::Malformed)?
    }

    fn parse_fields(der: &'a [u8]) -> Result<Result<Self, RequestError>, DerError> {
        let mut fields = Element::parse(der)?.inside(tag::SEQUENCE)?;
        if fields.integer()?.to_u64() != Some(1) {
            return Ok(Err(RequestError::Version));
        }
        let before = fields.rest();
        let imprint = MessageImprint::read(&mut fields)?;
        let imprint_der = &before[..before.len() - fields.rest().len()];
        let policy = fields.optional(tag::OID)?.map(|e| e.oid()).transpose()?;
        let nonce = fields.optional(tag::INTEGER)?.map(|e| e.integer()).transpose()?;
        if nonce.is_some_and(|n| n.as_bytes().len() > NONCE_BYTES_MAX) {
            return Ok(Err(RequestError::NonceTooLong));
        }
        let cert_req = fields.optional(tag::BOOLEAN)?.map(|e| e.boolean()).transpose()?.unwrap_or(false);
        let extensions = fields.optional(tag::context_constructed(0))?;
        if let Some(list) = extensions {
            // IMPLICIT: the content is that of the SEQUENCE OF Extension.
            read_extensions(Element { tag: tag::SEQUENCE, ..list })?;
        }
        fields.finish()?;
        Ok(Ok(Self { der, imprint, imprint_der, policy, nonce, cert_req, has_extensions: extensions.is_some() }))
    }

    /// The DER of a request for a stamp over `digest`. The nonce is a big-endian magnitude.
    #[must_use]
    pub fn encode(digest: &Digest, policy: Option<Oid<'_>>, nonce: Option<&[u8]>, cert_req: bool) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.integer_u64(1);
            write_imprint(w, digest.algorithm().oid(), false, digest.as_bytes());
            if let Some(policy) = policy {
                w.oid(policy);
            }
            if let Some(nonce) = nonce {
                w.integer_unsigned_as(tag::INTEGER, nonce);
            }
            if cert_req {
                w.boolean(true);
            }
        });
        w.into_bytes()
    }
}

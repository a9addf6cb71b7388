//! The Online Certificate Status Protocol (RFC 6960): requests as a responder reads them, and
//! responses as a verifier does.
//!
//! Absent: signed requests, and responders that are neither the issuer nor one that
//! the issuer certified for it. A response with a critical extension that is not
//! known here is not used.

use super::crl::{Reason, Revocation};
use super::{Certificate, Extension, read_extensions};
use crate::crypto::{self, AlgorithmIdentifier, SignatureAlgorithm, Verifier};
use crate::der::{DerError, Element, Integer, Reader, Time, Writer, tag};
use crate::digest::DigestAlgorithm;
use crate::oid;
use crate::x509::name::Name;

/// A request larger than this is refused unread.
pub const REQUEST_BYTES_MAX: usize = 4096;
/// Certificates asked about in one request, or answered in one response.
const CERTIFICATES_MAX: usize = 16;
/// RFC 9654 section 2.1: a nonce has 1 to 128 octets.
const NONCE_BYTES_MAX: usize = 128;

/// Which certificate is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateId<'a> {
    /// The whole CertID, as received.
    pub der: &'a [u8],
    algorithm: Option<DigestAlgorithm>,
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    serial: Integer<'a>,
}

impl<'a> CertificateId<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DerError> {
        let whole = reader.expect(tag::SEQUENCE)?;
        let mut fields = Reader::new(whole.content);
        let algorithm = AlgorithmIdentifier::read(&mut fields)?.digest();
        let (name_hash, key_hash) = (fields.octets()?, fields.octets()?);
        let serial = fields.integer()?;
        fields.finish()?;
        Ok(Self { der: whole.full, algorithm, name_hash, key_hash, serial })
    }

    /// Whether this is the certificate of `issuer` with this serial number. The hashes find
    /// and do not prove, so that SHA-1 is as good as any.
    #[must_use]
    pub fn names(&self, issuer: &Certificate<'_>, serial: Integer<'_>) -> bool {
        self.serial == serial && self.is_of(issuer)
    }

    /// Whether the certificate is one of `issuer`.
    #[must_use]
    pub fn is_of(&self, issuer: &Certificate<'_>) -> bool {
        let Some(algorithm) = self.algorithm else { return false };
        let Ok(key) = key_bits(issuer.spki) else { return false };
        algorithm.digest(issuer.subject.der()).as_bytes() == self.name_hash
            && algorithm.digest(key).as_bytes() == self.key_hash
    }

    /// The serial number asked about.
    #[must_use]
    pub fn serial(&self) -> Integer<'a> {
        self.serial
    }
}

/// The content of the BIT STRING of a SubjectPublicKeyInfo.
fn key_bits(spki: &[u8]) -> Result<&[u8], DerError> {
    let mut fields = Element::parse(spki)?.inside(tag::SEQUENCE)?;
    fields.expect(tag::SEQUENCE)?;
    fields.expect(tag::BIT_STRING)?.bit_string()
}

/// A request as received.
#[derive(Clone, Debug)]
pub struct OcspRequest<'a> {
    /// The certificates asked about.
    pub certificates: Vec<CertificateId<'a>>,
    /// What the response must repeat: the value of the extension.
    pub nonce: Option<&'a [u8]>,
}

impl<'a> OcspRequest<'a> {
    /// Reads a request; a signature on it is not looked at.
    pub fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        if der.len() > REQUEST_BYTES_MAX {
            return Err(DerError::TooLarge("OCSP request"));
        }
        let mut outer = Element::parse(der)?.inside(tag::SEQUENCE)?;
        let mut fields = outer.sequence()?;
        outer.optional(tag::context_constructed(0))?;
        outer.finish()?;
        if let Some(version) = fields.optional(tag::context_constructed(0))?
            && Reader::new(version.content).integer()?.to_u64() != Some(0)
        {
            return Err(DerError::BadValue("OCSP version"));
        }
        fields.optional(tag::context_constructed(1))?;
        let mut list = fields.sequence()?;
        let mut certificates = Vec::new();
        while !list.is_empty() {
            if certificates.len() == CERTIFICATES_MAX {
                return Err(DerError::TooLarge("OCSP request list"));
            }
            let mut one = list.sequence()?;
            certificates.push(CertificateId::read(&mut one)?);
            one.optional(tag::context_constructed(0))?;
            one.finish()?;
        }
        let nonce = match fields.optional(tag::context_constructed(2))? {
            Some(field) => nonce(&read_extensions(Element::parse(field.content)?)?)?,
            None => None,
        };
        fields.finish()?;
        Ok(Self { certificates, nonce })
    }
}

fn nonce<'a>(extensions: &[Extension<'a>]) -> Result<Option<&'a [u8]>, DerError> {
    let Some(found) = extensions.iter().find(|e| e.oid == oid::OCSP_NONCE) else { return Ok(None) };
    if found.value.len() > NONCE_BYTES_MAX + 3 {
        return Err(DerError::TooLarge("OCSP nonce"));
    }
    Ok(Some(found.value))
}

/// What a response says of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked(Revocation),
    /// The responder does not know it.
    Unknown,
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// About which certificate.
    pub certificate: CertificateId<'a>,
    /// What is said.
    pub status: Status,
    /// As of when.
    pub this_update: Time,
    /// Until when there will be something newer.
    pub next_update: Option<Time>,
}

/// A successful response as received.
#[derive(Clone, Debug)]
pub struct OcspResponse<'a> {
    tbs: &'a [u8],
    signature_algorithm: AlgorithmIdentifier<'a>,
    signature: &'a [u8],
    certificates: Vec<&'a [u8]>,
    /// When it was signed.
    pub produced_at: Time,
    /// The answers.
    pub answers: Vec<Answer<'a>>,
    has_unknown_critical: bool,
}

impl<'a> OcspResponse<'a> {
    /// Reads a response; one that says only that there is none is refused.
    pub fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        let mut outer = Element::parse(der)?.inside(tag::SEQUENCE)?;
        if outer.expect(tag::ENUMERATED)?.content != [0] {
            return Err(DerError::BadValue("OCSP response status"));
        }
        let mut bytes = Element::parse(outer.expect(tag::context_constructed(0))?.content)?.inside(tag::SEQUENCE)?;
        outer.finish()?;
        if bytes.oid()? != oid::OCSP_BASIC {
            return Err(DerError::BadValue("OCSP response type"));
        }
        let mut basic = Element::parse(bytes.octets()?)?.inside(tag::SEQUENCE)?;
        bytes.finish()?;
        let data = basic.expect(tag::SEQUENCE)?;
        let signature_algorithm = AlgorithmIdentifier::read(&mut basic)?;
        let signature = basic.expect(tag::BIT_STRING)?.bit_string()?;
        let mut certificates = Vec::new();
        if let Some(field) = basic.optional(tag::context_constructed(0))? {
            let mut list = Element::parse(field.content)?.inside(tag::SEQUENCE)?;
            while !list.is_empty() {
                if certificates.len() == CERTIFICATES_MAX {
                    return Err(DerError::TooLarge("OCSP certificates"));
                }
                certificates.push(list.expect(tag::SEQUENCE)?.full);
            }
        }
        basic.finish()?;
        let mut fields = Reader::new(data.content);
        if fields.optional(tag::context_constructed(0))?.is_some() {
            return Err(DerError::BadValue("OCSP version"));
        }
        // The responder's name or key: who it is, the signature says.
        fields.any()?;
        let produced_at = Time::from_x509(&fields.expect(tag::GENERALIZED_TIME)?)?;
        let mut list = fields.sequence()?;
        let mut answers = Vec::new();
        let mut has_unknown_critical = false;
        while !list.is_empty() {
            if answers.len() == CERTIFICATES_MAX {
                return Err(DerError::TooLarge("OCSP responses"));
            }
            let (answer, is_critical) = read_answer(list.sequence()?)?;
            has_unknown_critical |= is_critical;
            answers.push(answer);
        }
        if let Some(field) = fields.optional(tag::context_constructed(1))? {
            has_unknown_critical |= read_extensions(Element::parse(field.content)?)?.iter().any(|e| e.critical);
        }
        fields.finish()?;
        let tbs = data.full;
        Ok(Self { tbs, signature_algorithm, signature, certificates, produced_at, answers, has_unknown_critical })
    }

    /// Whether `issuer` signed it, or one whom `issuer` certified for that (RFC 6960 section 4.2.2.2).
    #[must_use]
    pub fn is_from(&self, issuer: &Certificate<'_>, verifier: &dyn Verifier) -> bool {
        !self.has_unknown_critical && (self.is_signed_by(issuer, verifier) || self.is_delegated(issuer, verifier))
    }

    fn is_signed_by(&self, signer: &Certificate<'_>, verifier: &dyn Verifier) -> bool {
        holds(&self.signature_algorithm, signer, self.tbs, self.signature, verifier)
    }

    fn is_delegated(&self, issuer: &Certificate<'_>, verifier: &dyn Verifier) -> bool {
        self.certificates.iter().filter_map(|der| Certificate::parse(der).ok()).any(|c| {
            let purposes = c.extended_key_usage();
            c.issuer.matches(&issuer.subject)
                && purposes.is_ok_and(|p| p.is_some_and(|p| p.contains(&oid::OCSP_SIGNING)))
                && c.is_valid_at(self.produced_at)
                && holds(&c.signature_algorithm, issuer, c.tbs, c.signature, verifier)
                && self.is_signed_by(&c, verifier)
        })
    }

    /// The answer about this certificate.
    #[must_use]
    pub fn about(&self, issuer: &Certificate<'_>, serial: Integer<'_>) -> Option<&Answer<'a>> {
        self.answers.iter().find(|a| a.certificate.names(issuer, serial))
    }
}

fn holds(
    algorithm: &AlgorithmIdentifier<'_>,
    signer: &Certificate<'_>,
    message: &[u8],
    signature: &[u8],
    verifier: &dyn Verifier,
) -> bool {
    let algorithm = SignatureAlgorithm::from_identifier(algorithm, None);
    let algorithm = algorithm.filter(|a| a.digest().is_none_or(|d| d.is_collision_resistant()));
    let (Some(algorithm), Ok(key)) = (algorithm, signer.public_key()) else { return false };
    crypto::verify(verifier, algorithm, &key, message, signature).is_ok()
}

/// One SingleResponse, and whether it has a critical extension.
fn read_answer(mut fields: Reader<'_>) -> Result<(Answer<'_>, bool), DerError> {
    let certificate = CertificateId::read(&mut fields)?;
    let choice = fields.any()?;
    let status = match choice.tag {
        t if t == tag::context(0) => Status::Good,
        t if t == tag::context_constructed(1) => {
            let mut inside = Reader::new(choice.content);
            let date = Time::from_x509(&inside.expect(tag::GENERALIZED_TIME)?)?;
            let reason = match inside.optional(tag::context_constructed(0))? {
                Some(field) => Some(Reason::from_enumerated(&Element::parse(field.content)?)?),
                None => None,
            };
            inside.finish()?;
            Status::Revoked(Revocation { date, reason, invalid_from: None })
        }
        t if t == tag::context(2) => Status::Unknown,
        _ => return Err(DerError::BadValue("OCSP certificate status")),
    };
    let this_update = Time::from_x509(&fields.expect(tag::GENERALIZED_TIME)?)?;
    let next_update = match fields.optional(tag::context_constructed(0))? {
        Some(field) => Some(Time::from_x509(&Element::parse(field.content)?)?),
        None => None,
    };
    let mut is_critical = false;
    if let Some(field) = fields.optional(tag::context_constructed(1))? {
        is_critical = read_extensions(Element::parse(field.content)?)?.iter().any(|e| e.critical);
    }
    fields.finish()?;
    Ok((Answer { certificate, status, this_update, next_update }, is_critical))
}

/// What stands in a response that was not successful (RFC 6960 section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspFailure {
    /// malformedRequest
    MalformedRequest = 1,
    /// internalError
    InternalError = 2,
    /// unauthorized: not about certificates of this responder
    Unauthorized = 6,
}

impl OcspFailure {
    /// The whole response.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| w.primitive(tag::ENUMERATED, &[self as u8]));
        w.into_bytes()
    }
}

/// The signed part of a response by the issuer itself.
#[must_use]
pub fn encode_data(
    responder: &Certificate<'_>,
    answers: &[(CertificateId<'_>, Status)],
    nonce: Option<&[u8]>,
    now: Time,
    next_update: Time,
) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.nested(tag::context_constructed(1), |w| w.raw(responder.subject.der()));
        w.generalized_time(now.truncate_to_second());
        w.sequence(|w| {
            for (id, status) in answers {
                w.sequence(|w| {
                    w.raw(id.der);
                    write_status(w, status);
                    w.generalized_time(now.truncate_to_second());
                    w.nested(tag::context_constructed(0), |w| w.generalized_time(next_update.truncate_to_second()));
                });
            }
        });
        if let Some(nonce) = nonce {
            w.nested(tag::context_constructed(1), |w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.oid(oid::OCSP_NONCE);
                        w.octets(nonce);
                    });
                });
            });
        }
    });
    w.into_bytes()
}

fn write_status(w: &mut Writer, status: &Status) {
    match status {
        Status::Good => w.primitive(tag::context(0), &[]),
        Status::Unknown => w.primitive(tag::context(2), &[]),
        Status::Revoked(revocation) => w.nested(tag::context_constructed(1), |w| {
            w.generalized_time(revocation.date.truncate_to_second());
            if let Some(reason) = revocation.reason {
                w.nested(tag::context_constructed(0), |w| w.primitive(tag::ENUMERATED, &[reason.number()]));
            }
        }),
    }
}

/// A successful response of this signed part.
#[must_use]
pub fn encode_response(data: &[u8], signature_algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut basic = Writer::new();
    basic.sequence(|w| {
        w.raw(data);
        w.raw(signature_algorithm);
        w.bit_string(signature);
    });
    let mut w = Writer::new();
    w.sequence(|w| {
        w.primitive(tag::ENUMERATED, &[0]);
        w.nested(tag::context_constructed(0), |w| {
            w.sequence(|w| {
                w.oid(oid::OCSP_BASIC);
                w.octets(&basic.into_bytes());
            });
        });
    });
    w.into_bytes()
}

/// The name of a responder's certificate, to tell whose response one has.
#[must_use]
pub fn responder_name<'a>(response: &OcspResponse<'a>) -> Option<Name<'a>> {
    let mut fields = Element::parse(response.tbs).ok()?.inside(tag::SEQUENCE).ok()?;
    let id = fields.any().ok()?;
    Name::parse(id.content).ok().filter(|_| id.tag == tag::context_constructed(1))
}

//! X.509 certificates, CRLs (RFC 5280) and OCSP (RFC 6960), as far as timestamps need them.
//!
//! Everything is a window on the received bytes. A certificate that parses has
//! no duplicate extension, one signature algorithm inside and out, and only
//! extensions of the form it claims; what an extension means is for [`path`].

pub mod crl;
pub mod name;
pub mod ocsp;
pub mod path;

use crate::crypto::{AlgorithmIdentifier, KeyError, PublicKey};
use crate::der::{DerError, Element, Integer, Reader, Time, tag};
use crate::oid::{self, Oid};
use name::Name;

/// More extensions than any real certificate has.
const EXTENSIONS_MAX: usize = 64;

/// A certificate as received.
#[derive(Clone, Debug)]
pub struct Certificate<'a> {
    /// The whole certificate.
    pub der: &'a [u8],
    /// What is signed.
    pub tbs: &'a [u8],
    /// The certificate's serial number.
    pub serial: Integer<'a>,
    /// The algorithm of the issuer's signature.
    pub signature_algorithm: AlgorithmIdentifier<'a>,
    /// The issuer's signature.
    pub signature: &'a [u8],
    /// Who issued it.
    pub issuer: Name<'a>,
    /// First moment of validity.
    pub not_before: Time,
    /// Last moment of validity.
    pub not_after: Time,
    /// Whose key it is.
    pub subject: Name<'a>,
    /// The SubjectPublicKeyInfo.
    pub spki: &'a [u8],
    extensions: Vec<Extension<'a>>,
}

/// One extension of a certificate, CRL or CRL entry.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// Which extension.
    pub oid: Oid<'a>,
    /// Whether one who does not know it must refuse.
    pub critical: bool,
    /// The content of extnValue.
    pub value: &'a [u8],
}

/// Bits of keyUsage (RFC 5280 section 4.2.1.3), bit 0 lowest.
pub mod key_usage {
    /// Signatures other than on certificates and CRLs.
    pub const DIGITAL_SIGNATURE: u32 = 1;
    /// Signatures one cannot deny; also called contentCommitment.
    pub const NON_REPUDIATION: u32 = 1 << 1;
    /// Signatures on certificates.
    pub const KEY_CERT_SIGN: u32 = 1 << 5;
    /// Signatures on CRLs.
    pub const CRL_SIGN: u32 = 1 << 6;
}

impl<'a> Certificate<'a> {
    /// Reads one certificate.
    pub fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        let mut outer = Element::parse(der)?.inside(tag::SEQUENCE)?;
        let tbs = outer.expect(tag::SEQUENCE)?;
        let signature_algorithm = outer.expect(tag::SEQUENCE)?;
        let signature = outer.expect(tag::BIT_STRING)?.bit_string()?;
        outer.finish()?;

        let mut fields = Reader::new(tbs.content);
        let version = match fields.optional(tag::context_constructed(0))? {
            None => 0,
            Some(field) => {
                let mut inside = Reader::new(field.content);
                let version = inside.integer()?.to_u64().unwrap_or(u64::MAX);
                inside.finish()?;
                version
            }
        };
        if version > 2 {
            return Err(DerError::BadValue("certificate version"));
        }
        let serial = fields.integer()?;
        if serial.as_bytes().len() > 64 {
            return Err(DerError::TooLarge("serial number"));
        }
        // RFC 5280 4.1.1.2: the two fields must be equal, or an attacker could change the outer one.
        if fields.expect(tag::SEQUENCE)?.full != signature_algorithm.full {
            return Err(DerError::BadValue("certificate: two different signature algorithms"));
        }
        let issuer = Name::parse(fields.expect(tag::SEQUENCE)?.full)?;
        let mut validity = fields.sequence()?;
        let not_before = Time::from_x509(&validity.any()?)?;
        let not_after = Time::from_x509(&validity.any()?)?;
        validity.finish()?;
        let subject = Name::parse(fields.expect(tag::SEQUENCE)?.full)?;
        let spki = fields.expect(tag::SEQUENCE)?.full;
        fields.optional(tag::context(1))?;
        fields.optional(tag::context(2))?;
        let extensions = match fields.optional(tag::context_constructed(3))? {
            None => Vec::new(),
            Some(_) if version != 2 => return Err(DerError::BadValue("certificate: extensions before version 3")),
            Some(field) => read_extensions(Element::parse(field.content)?)?,
        };
        fields.finish()?;
        Ok(Self {
            der,
            tbs: tbs.full,
            serial,
            signature_algorithm: AlgorithmIdentifier::read_inside(&mut Reader::new(signature_algorithm.content))?,
            signature,
            issuer,
            not_before,
            not_after,
            subject,
            spki,
            extensions,
        })
    }

    /// All extensions, in the order of the certificate.
    #[must_use]
    pub fn extensions(&self) -> &[Extension<'a>] {
        &self.extensions
    }

    /// The extension with this identifier.
    #[must_use]
    pub fn extension(&self, oid: Oid<'_>) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|e| e.oid == oid)
    }

    /// The subject's public key.
    pub fn public_key(&self) -> Result<PublicKey<'a>, KeyError> {
        PublicKey::from_spki(self.spki)
    }

    /// Whether `time` lies within the validity, both ends included.
    #[must_use]
    pub fn is_valid_at(&self, time: Time) -> bool {
        self.not_before <= time && time.truncate_to_second() <= self.not_after
    }

    /// Whether issuer and subject are the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.issuer.matches(&self.subject)
    }

    /// keyUsage as a mask of [`key_usage`] bits.
    pub fn key_usage(&self) -> Result<Option<u32>, DerError> {
        self.extension(oid::KEY_USAGE).map(|e| Element::parse(e.value)?.named_bits()).transpose()
    }

    /// basicConstraints: whether this is a CA, and how many CAs may follow below it.
    pub fn basic_constraints(&self) -> Result<BasicConstraints, DerError> {
        let Some(extension) = self.extension(oid::BASIC_CONSTRAINTS) else {
            return Ok(BasicConstraints { is_ca: false, path_length: None });
        };
        let mut fields = Element::parse(extension.value)?.inside(tag::SEQUENCE)?;
        let is_ca = match fields.optional(tag::BOOLEAN)? {
            Some(flag) => flag.boolean()?,
            None => false,
        };
        let path_length = match fields.optional(tag::INTEGER)? {
            Some(number) => Some(number.integer()?.to_u64().ok_or(DerError::BadValue("path length"))?),
            None => None,
        };
        fields.finish()?;
        Ok(BasicConstraints { is_ca, path_length })
    }

    /// extKeyUsage: the purposes listed, where the extension is there.
    pub fn extended_key_usage(&self) -> Result<Option<Vec<Oid<'a>>>, DerError> {
        let Some(extension) = self.extension(oid::EXT_KEY_USAGE) else { return Ok(None) };
        let mut list = Element::parse(extension.value)?.inside(tag::SEQUENCE)?;
        let mut purposes = Vec::new();
        while !list.is_empty() {
            if purposes.len() == EXTENSIONS_MAX {
                return Err(DerError::TooLarge("extended key usage"));
            }
            purposes.push(list.oid()?);
        }
        if purposes.is_empty() {
            return Err(DerError::BadValue("extended key usage"));
        }
        Ok(Some(purposes))
    }

    /// subjectKeyIdentifier.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&'a [u8]> {
        let value = self.extension(oid::SUBJECT_KEY_ID)?.value;
        Element::parse(value).ok().filter(|e| e.tag == tag::OCTET_STRING).map(|e| e.content)
    }

    /// The names in subjectAltName, as raw GeneralName elements.
    pub fn subject_alt_names(&self) -> Result<Vec<Element<'a>>, DerError> {
        let Some(extension) = self.extension(oid::SUBJECT_ALT_NAME) else { return Ok(Vec::new()) };
        let mut list = Element::parse(extension.value)?.inside(tag::SEQUENCE)?;
        let mut names = Vec::new();
        while !list.is_empty() {
            if names.len() == EXTENSIONS_MAX {
                return Err(DerError::TooLarge("alternative names"));
            }
            names.push(list.any()?);
        }
        Ok(names)
    }
}

/// The content of basicConstraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject may sign certificates.
    pub is_ca: bool,
    /// How many further CA certificates may follow in the path.
    pub path_length: Option<u64>,
}

/// Reads `Extensions`; each identifier at most once (RFC 5280 section 4.2).
pub(crate) fn read_extensions(sequence: Element<'_>) -> Result<Vec<Extension<'_>>, DerError> {
    let mut list = sequence.inside(tag::SEQUENCE)?;
    let mut extensions: Vec<Extension<'_>> = Vec::new();
    while !list.is_empty() {
        if extensions.len() == EXTENSIONS_MAX {
            return Err(DerError::TooLarge("extensions"));
        }
        let mut fields = list.sequence()?;
        let oid = fields.oid()?;
        let critical = match fields.optional(tag::BOOLEAN)? {
            Some(flag) => flag.boolean()?,
            None => false,
        };
        let value = fields.octets()?;
        fields.finish()?;
        if extensions.iter().any(|e| e.oid == oid) {
            return Err(DerError::BadValue("extensions: one stands twice"));
        }
        extensions.push(Extension { oid, critical, value });
    }
    Ok(extensions)
}

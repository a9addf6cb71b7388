//! Cryptographic Message Syntax (RFC 5652) as far as time-stamp tokens and signatures of documents
//! use it.
//!
//! Reading keeps the bytes as they came: the signature is checked over the
//! received signed attributes with the tag of a SET, sorted or not. Writing
//! fills a fixed template in DER.

use crate::crypto::{AlgorithmIdentifier, Verifier};
use crate::der::{DerError, Element, Integer, Reader, Writer, ber, tag};
use crate::digest::{Digest, DigestAlgorithm};
use crate::oid::{self, Oid};
use crate::x509::name::Name;
use std::borrow::Cow;

/// A token larger than this is refused unread.
pub const TOKEN_BYTES_MAX: usize = 4 << 20;
const CERTIFICATES_MAX: usize = 32;
const CRLS_MAX: usize = 32;
const ATTRIBUTES_MAX: usize = 64;

/// SignedData with its one signer, as received.
#[derive(Clone, Debug)]
pub struct SignedData<'a> {
    /// The content type of the ContentInfo around it: PKCS#7 or GM/T 0010.
    pub outer_type: Oid<'a>,
    /// The version of SignedData.
    pub version: u64,
    /// The type of the signed content.
    pub content_type: Oid<'a>,
    /// The signed content; empty where it is elsewhere.
    pub content: &'a [u8],
    /// Certificates that came along, as received. Never trusted for being here.
    pub certificates: Vec<&'a [u8]>,
    /// Revocation lists and OCSP responses that came along, as received.
    pub crls: Vec<&'a [u8]>,
    /// The signers.
    pub signers: Vec<SignerInfo<'a>>,
}

/// One SignerInfo.
#[derive(Clone, Debug)]
pub struct SignerInfo<'a> {
    /// How the signer's certificate is named.
    pub sid: SignerId<'a>,
    /// The digest of the content.
    pub digest_algorithm: AlgorithmIdentifier<'a>,
    /// `[0] IMPLICIT` signed attributes, the whole element as received.
    pub signed_attributes: Option<&'a [u8]>,
    /// The signed attributes, one by one.
    pub attributes: Vec<Attribute<'a>>,
    /// The algorithm of the signature.
    pub signature_algorithm: AlgorithmIdentifier<'a>,
    /// The signature.
    pub signature: &'a [u8],
    /// Attributes that are not signed.
    pub unsigned_attributes: Vec<Attribute<'a>>,
}

/// How a SignerInfo names its certificate.
#[derive(Clone, Copy, Debug)]
pub enum SignerId<'a> {
    /// By issuer and serial number.
    IssuerAndSerial(Name<'a>, Integer<'a>),
    /// By subject key identifier.
    SubjectKeyId(&'a [u8]),
}

/// One attribute with its values, each a whole element.
#[derive(Clone, Debug)]
pub struct Attribute<'a> {
    /// Which attribute.
    pub oid: Oid<'a>,
    /// Its values.
    pub values: Vec<Element<'a>>,
}

/// A token's bytes brought to DER, and whether they had to be.
pub fn normalise(token: &[u8]) -> Result<(Cow<'_, [u8]>, bool), DerError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(DerError::TooLarge("token"));
    }
    ber::normalise(token)
}

impl<'a> SignedData<'a> {
    /// Reads a ContentInfo with SignedData and its content inside, in DER.
    pub fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        Self::read(der, false)
    }

    /// Reads a ContentInfo with SignedData whose content is elsewhere, in DER (RFC 5652 section 5.2).
    pub fn parse_detached(der: &'a [u8]) -> Result<Self, DerError> {
        Self::read(der, true)
    }

    fn read(der: &'a [u8], is_detached: bool) -> Result<Self, DerError> {
        let mut info = Element::parse(der)?.inside(tag::SEQUENCE)?;
        let outer_type = info.oid()?;
        if outer_type != oid::SIGNED_DATA && outer_type != oid::SM2_SIGNED_DATA {
            return Err(DerError::BadValue("SignedData"));
        }
        let content = info.expect(tag::context_constructed(0))?;
        info.finish()?;

        let mut fields = Element::parse(content.content)?.inside(tag::SEQUENCE)?;
        let version = fields.integer()?.to_u64().unwrap_or(u64::MAX);
        fields.expect(tag::SET)?;
        let mut encapsulated = fields.sequence()?;
        let content_type = encapsulated.oid()?;
        let mut content: &[u8] = &[];
        if !is_detached {
            let inside = encapsulated.expect(tag::context_constructed(0))?;
            let inside = Element::parse(inside.content)?;
            content = match inside.tag {
                tag::OCTET_STRING => inside.content,
                // PKCS#7 1.5 put the content itself here.
                _ => inside.full,
            };
        }
        encapsulated.finish()?;
        let mut certificates = Vec::new();
        if let Some(set) = fields.optional(tag::context_constructed(0))? {
            let mut list = Reader::new(set.content);
            while !list.is_empty() {
                let choice = list.any()?;
                // Attribute certificates and other formats play no part here.
                if choice.tag == tag::SEQUENCE {
                    certificates.push(choice.full);
                }
                if certificates.len() > CERTIFICATES_MAX {
                    return Err(DerError::TooLarge("certificates"));
                }
            }
        }
        let mut crls = Vec::new();
        if let Some(set) = fields.optional(tag::context_constructed(1))? {
            let mut list = Reader::new(set.content);
            while !list.is_empty() {
                let choice = list.any()?;
                if choice.tag == tag::SEQUENCE {
                    crls.push(choice.full);
                } else if choice.tag == tag::context_constructed(1) {
                    crls.extend(ocsp_response(choice.content)?);
                }
                if crls.len() > CRLS_MAX {
                    return Err(DerError::TooLarge("revocation lists"));
                }
            }
        }
        let mut set = Reader::new(fields.expect(tag::SET)?.content);
        fields.finish()?;
        let mut signers = Vec::new();
        while !set.is_empty() {
            if signers.len() == 8 {
                return Err(DerError::TooLarge("signers"));
            }
            signers.push(SignerInfo::read(&mut set)?);
        }
        Ok(Self { outer_type, version, content_type, content, certificates, crls, signers })
    }
}

/// The response in OtherRevocationInfoFormat, where it is one (RFC 5940 section 2).
fn ocsp_response(content: &[u8]) -> Result<Option<&[u8]>, DerError> {
    let mut fields = Reader::new(content);
    let format = fields.oid()?;
    let info = fields.any()?;
    fields.finish()?;
    Ok((format == oid::RI_OCSP_RESPONSE).then_some(info.full))
}

impl<'a> SignerInfo<'a> {
    fn read(set: &mut Reader<'a>) -> Result<Self, DerError> {
        let mut fields = set.sequence()?;
        let version = fields.integer()?.to_u64();
        let sid = match (version, fields.peek()) {
            (Some(3), Some(t)) if t == tag::context(0) => SignerId::SubjectKeyId(fields.any()?.content),
            (Some(1), Some(tag::SEQUENCE)) => {
                let mut pair = fields.sequence()?;
                let name = Name::parse(pair.expect(tag::SEQUENCE)?.full)?;
                let serial = pair.integer()?;
                pair.finish()?;
                SignerId::IssuerAndSerial(name, serial)
            }
            _ => return Err(DerError::BadValue("SignerInfo version")),
        };
        let digest_algorithm = AlgorithmIdentifier::read(&mut fields)?;
        let signed = fields.optional(tag::context_constructed(0))?;
        let attributes = signed.map_or(Ok(Vec::new()), |set| read_attributes(set.content))?;
        let signature_algorithm = AlgorithmIdentifier::read(&mut fields)?;
        let signature = fields.octets()?;
        let unsigned = fields.optional(tag::context_constructed(1))?;
        let unsigned_attributes = unsigned.map_or(Ok(Vec::new()), |set| read_attributes(set.content))?;
        fields.finish()?;
        Ok(Self {
            sid,
            digest_algorithm,
            signed_attributes: signed.map(|e| e.full),
            attributes,
            signature_algorithm,
            signature,
            unsigned_attributes,
        })
    }

    /// What the signature is over: the received signed attributes as a SET (RFC 5652 section 5.4).
    #[must_use]
    pub fn signed_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = self.signed_attributes?.to_vec();
        bytes[0] = tag::SET;
        Some(bytes)
    }

    /// Whether the signed attributes stand in the order of DER.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        let Some(Ok(set)) = self.signed_attributes.map(Element::parse) else { return true };
        let mut reader = Reader::new(set.content);
        let mut last: &[u8] = &[];
        while let Ok(next) = reader.any() {
            if next.full < last {
                return false;
            }
            last = next.full;
        }
        true
    }

    /// The token digest: SHA-256 over the signed attributes as a SET followed by the signature
    /// value (DESIGN section 3, ledger). None where there are no signed attributes.
    #[must_use]
    pub fn token_digest(&self, verifier: &dyn Verifier) -> Option<Digest> {
        Some(verifier.digest(DigestAlgorithm::Sha256, &[&self.signed_bytes()?, self.signature]))
    }
}

fn read_attributes(content: &[u8]) -> Result<Vec<Attribute<'_>>, DerError> {
    let mut list = Reader::new(content);
    let mut attributes = Vec::new();
    while !list.is_empty() {
        if attributes.len() == ATTRIBUTES_MAX {
            return Err(DerError::TooLarge("attributes"));
        }
        let mut fields = list.sequence()?;
        let oid = fields.oid()?;
        let mut set = Reader::new(fields.expect(tag::SET)?.content);
        fields.finish()?;
        let mut values = Vec::new();
        while !set.is_empty() {
            if values.len() == ATTRIBUTES_MAX {
                return Err(DerError::TooLarge("attribute values"));
            }
            values.push(set.any()?);
        }
        attributes.push(Attribute { oid, values });
    }
    Ok(attributes)
}

/// What a token needs beside its TSTInfo; the same for every token of one key.
#[derive(Clone, Debug)]
pub struct TokenTemplate {
    outer_type: Oid<'static>,
    certificates: Vec<u8>,
    crls: Vec<u8>,
    issuer_and_serial: Vec<u8>,
    signing_certificate: Vec<u8>,
    content_digest: DigestAlgorithm,
    signature_algorithm: Vec<u8>,
}

impl TokenTemplate {
    /// A template for the signer with this certificate. `chain` are the certificates a token
    /// carries when asked for, the signer's own first; `signature_algorithm` is an encoded
    /// AlgorithmIdentifier.
    pub fn new(
        chain: &[&[u8]],
        content_digest: DigestAlgorithm,
        signature_algorithm: Vec<u8>,
    ) -> Result<Self, DerError> {
        let signer = chain.first().ok_or(DerError::Truncated)?;
        let certificate = crate::x509::Certificate::parse(signer)?;
        let mut w = Writer::new();
        w.nested(tag::context_constructed(0), |w| {
            let mut sorted: Vec<&&[u8]> = chain.iter().collect();
            sorted.sort();
            sorted.iter().for_each(|c| w.raw(c));
        });
        let certificates = w.into_bytes();
        let mut w = Writer::new();
        w.sequence(|w| {
            w.raw(certificate.issuer.der());
            w.integer(certificate.serial.as_bytes());
        });
        let issuer_and_serial = w.into_bytes();
        let mut w = Writer::new();
        w.sequence(|w| {
            w.oid(oid::SIGNING_CERTIFICATE_V2);
            w.set(|w| write_signing_certificate_v2(w, &certificate));
        });
        Ok(Self {
            outer_type: oid::SIGNED_DATA,
            certificates,
            crls: Vec::new(),
            issuer_and_serial,
            signing_certificate: w.into_bytes(),
            content_digest,
            signature_algorithm,
        })
    }

    /// The same, with revocation lists that go wherever the certificates go.
    #[must_use]
    pub fn with_crls(mut self, crls: &[Vec<u8>]) -> Self {
        let mut sorted: Vec<&Vec<u8>> = crls.iter().collect();
        sorted.sort();
        let mut w = Writer::new();
        if !sorted.is_empty() {
            w.nested(tag::context_constructed(1), |w| sorted.iter().for_each(|crl| w.raw(crl)));
        }
        self.crls = w.into_bytes();
        self
    }

    /// The same, with the SignedData of GM/T 0010 around it.
    #[must_use]
    pub fn as_gmt(mut self) -> Self {
        self.outer_type = oid::SM2_SIGNED_DATA;
        self
    }

    /// The signed attributes for this content, as a SET in DER: what is to be signed.
    #[must_use]
    pub fn signed_attributes(&self, tst_info: &[u8]) -> Vec<u8> {
        let attribute = |oid: Oid<'_>, fill: &dyn Fn(&mut Writer)| {
            let mut w = Writer::new();
            w.sequence(|w| {
                w.oid(oid);
                w.set(|w| fill(w));
            });
            w.into_bytes()
        };
        let digest = self.content_digest.digest(tst_info);
        let mut w = Writer::new();
        w.set_of(vec![
            attribute(oid::CONTENT_TYPE, &|w| w.oid(oid::TST_INFO)),
            attribute(oid::MESSAGE_DIGEST, &|w| w.octets(digest.as_bytes())),
            self.signing_certificate.clone(),
        ]);
        w.into_bytes()
    }

    /// The token: ContentInfo with SignedData version 3 (RFC 3161 section 2.4.2), with one
    /// encoded attribute that is not signed, or none where that is empty.
    #[must_use]
    pub fn token(
        &self,
        tst_info: &[u8],
        signed_attributes: &[u8],
        signature: &[u8],
        with_certificates: bool,
        unsigned_attribute: &[u8],
    ) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.oid(self.outer_type);
            w.nested(tag::context_constructed(0), |w| {
                w.sequence(|w| {
                    w.integer_u64(3);
                    w.set(|w| w.algorithm(self.content_digest.oid(), false));
                    w.sequence(|w| {
                        w.oid(oid::TST_INFO);
                        w.nested(tag::context_constructed(0), |w| w.octets(tst_info));
                    });
                    if with_certificates {
                        w.raw(&self.certificates);
                        w.raw(&self.crls);
                    }
                    w.set(|w| {
                        w.sequence(|w| {
                            w.integer_u64(1);
                            w.raw(&self.issuer_and_serial);
                            w.algorithm(self.content_digest.oid(), false);
                            w.nested(tag::context_constructed(0), |w| {
                                // The same bytes under the IMPLICIT tag: skip the SET's header.
                                let set = Element::parse(signed_attributes).map_or(&[][..], |e| e.content);
                                w.raw(set);
                            });
                            w.raw(&self.signature_algorithm);
                            w.octets(signature);
                            if !unsigned_attribute.is_empty() {
                                w.nested(tag::context_constructed(1), |w| w.raw(unsigned_attribute));
                            }
                        });
                    });
                });
            });
        });
        w.into_bytes()
    }
}

/// The same token with `attribute` (encoded), or nothing, in place of all unsigned attributes of
/// this type.
///
/// Everything that is signed stays as it is, byte for byte.
pub fn replace_unsigned(token: &[u8], of_type: Oid<'_>, attribute: Option<&[u8]>) -> Result<Vec<u8>, DerError> {
    let mut info = Element::parse(token)?.inside(tag::SEQUENCE)?;
    let outer_type = info.expect(tag::OID)?;
    let mut fields = Element::parse(info.expect(tag::context_constructed(0))?.content)?.inside(tag::SEQUENCE)?;
    let before = fields.rest();
    let mut signers = None;
    while !fields.is_empty() {
        let rest = fields.rest();
        let field = fields.any()?;
        if fields.is_empty() {
            signers = Some((field, &before[..before.len() - rest.len()]));
        }
    }
    let (signers, before) = signers.ok_or(DerError::Truncated)?;
    let signer = Element::parse(signers.content)?;
    let mut fields = signer.inside(tag::SEQUENCE)?;
    let (mut signed, mut unsigned) = (Vec::new(), attribute.map(<[u8]>::to_vec).into_iter().collect::<Vec<_>>());
    // [1] comes last and only once; [0] may come twice, as a name and as signed attributes.
    while !fields.is_empty() {
        let field = fields.any()?;
        if field.tag != tag::context_constructed(1) {
            signed.extend_from_slice(field.full);
            continue;
        }
        let mut list = Reader::new(field.content);
        while !list.is_empty() {
            let known = list.expect(tag::SEQUENCE)?;
            if Reader::new(known.content).oid()? != of_type {
                unsigned.push(known.full.to_vec());
            }
        }
    }
    unsigned.sort();
    let mut w = Writer::new();
    w.sequence(|w| {
        w.raw(outer_type.full);
        w.nested(tag::context_constructed(0), |w| {
            w.sequence(|w| {
                w.raw(before);
                w.set(|w| {
                    w.sequence(|w| {
                        w.raw(&signed);
                        if !unsigned.is_empty() {
                            w.nested(tag::context_constructed(1), |w| unsigned.iter().for_each(|a| w.raw(a)));
                        }
                    });
                });
            });
        });
    });
    Ok(w.into_bytes())
}

/// SigningCertificateV2 with one ESSCertIDv2 under SHA-256, its default (RFC 5035 section 4).
pub fn write_signing_certificate_v2(w: &mut Writer, certificate: &crate::x509::Certificate<'_>) {
    w.sequence(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.octets(DigestAlgorithm::Sha256.digest(certificate.der).as_bytes());
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.nested(tag::context_constructed(4), |w| w.raw(certificate.issuer.der()));
                    });
                    w.integer(certificate.serial.as_bytes());
                });
            });
        });
    });
}

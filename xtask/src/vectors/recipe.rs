//! A token with every part open to change: how the bad vectors are made.

use super::keys::Scheme;
use super::pki::{Identity, encoded, gen_time};
use proof::der::{Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::oid::{self, Oid};

/// The policy of the vectors, 2.999.1.
pub(crate) const POLICY: Oid<'static> = Oid::known(&[0x88, 0x37, 0x01]);
/// The content that the vectors stamp.
pub(crate) const CONTENT: &[u8] = b"Shiyin test content\n";

/// One response in the making; the default is a good one.
pub(crate) struct Recipe<'a> {
    pub(crate) signer: &'a Identity,
    pub(crate) scheme: Scheme,
    // TSTInfo
    pub(crate) version: u64,
    pub(crate) policy: Oid<'static>,
    pub(crate) imprint_algorithm: Vec<u8>,
    pub(crate) imprint: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) gen_time: String,
    pub(crate) after_time: Vec<u8>,
    pub(crate) after_info: Vec<u8>,
    /// Replaces the whole TSTInfo.
    pub(crate) content: Option<Vec<u8>>,
    // SignedData
    pub(crate) outer_type: Oid<'static>,
    pub(crate) signed_data_version: u64,
    pub(crate) content_type: Oid<'static>,
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) crls: Vec<Vec<u8>>,
    pub(crate) signers: usize,
    // SignerInfo
    pub(crate) sid: Option<Vec<u8>>,
    pub(crate) signer_version: u64,
    pub(crate) digest: DigestAlgorithm,
    pub(crate) digest_identifier: Option<Vec<u8>>,
    pub(crate) attributes: Attributes,
    pub(crate) signature_identifier: Vec<u8>,
    pub(crate) sign_as: Option<&'a Identity>,
    pub(crate) change_signature: fn(&mut Vec<u8>),
    pub(crate) unsigned_attributes: Option<Vec<u8>>,
    // Around it
    pub(crate) status: Vec<u8>,
    pub(crate) with_token: bool,
    pub(crate) bare_token: bool,
    pub(crate) change_token: fn(Vec<u8>) -> Vec<u8>,
    pub(crate) change_response: fn(Vec<u8>) -> Vec<u8>,
}

/// The signed attributes and their order.
pub(crate) struct Attributes {
    pub(crate) content_type: Vec<Vec<u8>>,
    pub(crate) message_digest: Option<Vec<Vec<u8>>>,
    pub(crate) signing_certificate: Vec<Vec<u8>>,
    pub(crate) further: Vec<Vec<u8>>,
    pub(crate) reversed: bool,
    pub(crate) absent: bool,
}

impl<'a> Recipe<'a> {
    /// A good response by `signer`, with these certificates inside.
    pub(crate) fn good(signer: &'a Identity, certificates: &[&Identity]) -> Self {
        let scheme = signer.key.scheme();
        let digest = scheme.digest();
        Self {
            signer,
            scheme,
            version: 1,
            policy: POLICY,
            imprint_algorithm: encoded(|w| w.algorithm(oid::SHA256, false)),
            imprint: DigestAlgorithm::Sha256.digest(CONTENT).as_bytes().to_vec(),
            serial: vec![0x01, 0x02, 0x03],
            gen_time: gen_time().to_generalized(),
            after_time: Vec::new(),
            after_info: Vec::new(),
            content: None,
            outer_type: oid::SIGNED_DATA,
            signed_data_version: 3,
            content_type: oid::TST_INFO,
            certificates: certificates.iter().map(|c| c.der.clone()).collect(),
            crls: Vec::new(),
            signers: 1,
            sid: None,
            signer_version: 1,
            digest,
            digest_identifier: None,
            attributes: Attributes {
                content_type: vec![attribute(oid::CONTENT_TYPE, &encoded(|w| w.oid(oid::TST_INFO)))],
                message_digest: None,
                signing_certificate: vec![signing_certificate_v2(signer, None)],
                further: Vec::new(),
                reversed: false,
                absent: false,
            },
            signature_identifier: scheme.identifier(),
            sign_as: None,
            change_signature: |_| {},
            unsigned_attributes: None,
            status: encoded(|w| w.sequence(|w| w.integer_u64(0))),
            with_token: true,
            bare_token: false,
            change_token: |token| token,
            change_response: |response| response,
        }
    }

    /// Stamps the content under another digest algorithm.
    pub(crate) fn imprint_with(&mut self, algorithm: DigestAlgorithm) {
        self.imprint_algorithm = encoded(|w| w.algorithm(algorithm.oid(), false));
        self.imprint = algorithm.digest(CONTENT).as_bytes().to_vec();
    }

    fn tst_info(&self) -> Vec<u8> {
        encoded(|w| {
            w.sequence(|w| {
                w.integer_u64(self.version);
                w.oid(self.policy);
                w.sequence(|w| {
                    w.raw(&self.imprint_algorithm);
                    w.octets(&self.imprint);
                });
                w.integer(&self.serial);
                w.primitive(tag::GENERALIZED_TIME, self.gen_time.as_bytes());
                w.raw(&self.after_time);
            });
            w.raw(&self.after_info);
        })
    }

    /// The bytes of the vector.
    pub(crate) fn bake(&self) -> Vec<u8> {
        let content = self.content.clone().unwrap_or_else(|| self.tst_info());
        let token = (self.change_token)(self.token(&content));
        if self.bare_token {
            return token;
        }
        let response = encoded(|w| {
            w.sequence(|w| {
                w.raw(&self.status);
                if self.with_token {
                    w.raw(&token);
                }
            });
        });
        (self.change_response)(response)
    }

    fn token(&self, content: &[u8]) -> Vec<u8> {
        let signer_info = self.signer_info(content);
        let digest =
            self.digest_identifier.clone().unwrap_or_else(|| encoded(|w| w.algorithm(self.digest.oid(), false)));
        let set = |w: &mut Writer, n: u8, list: &[Vec<u8>]| {
            if !list.is_empty() {
                w.nested(tag::context_constructed(n), |w| list.iter().for_each(|e| w.raw(e)));
            }
        };
        encoded(|w| {
            w.sequence(|w| {
                w.oid(self.outer_type);
                w.nested(tag::context_constructed(0), |w| {
                    w.sequence(|w| {
                        w.integer_u64(self.signed_data_version);
                        w.set(|w| w.raw(&digest));
                        w.sequence(|w| {
                            w.oid(self.content_type);
                            w.nested(tag::context_constructed(0), |w| w.octets(content));
                        });
                        set(w, 0, &self.certificates);
                        set(w, 1, &self.crls);
                        w.set(|w| (0..self.signers).for_each(|_| w.raw(&signer_info)));
                    });
                });
            });
        })
    }

    fn signer_info(&self, content: &[u8]) -> Vec<u8> {
        let parts = &self.attributes;
        let message_digest = parts.message_digest.clone().unwrap_or_else(|| {
            let value = encoded(|w| w.octets(self.digest.digest(content).as_bytes()));
            vec![attribute(oid::MESSAGE_DIGEST, &value)]
        });
        let lists = [&parts.content_type, &message_digest, &parts.signing_certificate, &parts.further];
        let mut list: Vec<Vec<u8>> = lists.into_iter().flatten().cloned().collect();
        list.sort();
        if parts.reversed {
            list.reverse();
        }
        let signed = encoded(|w| w.set(|w| list.iter().for_each(|a| w.raw(a))));
        let message = if parts.absent { content } else { &signed };
        let mut signature = self.sign_as.unwrap_or(self.signer).key.sign(self.scheme, message);
        (self.change_signature)(&mut signature);
        let digest =
            self.digest_identifier.clone().unwrap_or_else(|| encoded(|w| w.algorithm(self.digest.oid(), false)));
        encoded(|w| {
            w.sequence(|w| {
                w.integer_u64(self.signer_version);
                match &self.sid {
                    Some(sid) => w.raw(sid),
                    None => w.sequence(|w| {
                        w.raw(&issuer_name(self.signer));
                        w.integer(&self.signer.serial);
                    }),
                }
                w.raw(&digest);
                if !parts.absent {
                    w.nested(tag::context_constructed(0), |w| list.iter().for_each(|a| w.raw(a)));
                }
                w.raw(&self.signature_identifier);
                w.octets(&signature);
                if let Some(unsigned) = &self.unsigned_attributes {
                    w.nested(tag::context_constructed(1), |w| w.raw(unsigned));
                }
            });
        })
    }
}

/// The issuer's name as it stands in a certificate.
pub(crate) fn issuer_name(identity: &Identity) -> Vec<u8> {
    let certificate = proof::x509::Certificate::parse(&identity.der).expect("a certificate of the vectors");
    certificate.issuer.der().to_vec()
}

/// An attribute with one value.
pub(crate) fn attribute(oid: Oid<'_>, value: &[u8]) -> Vec<u8> {
    encoded(|w| {
        w.sequence(|w| {
            w.oid(oid);
            w.set(|w| w.raw(value));
        });
    })
}

/// SigningCertificateV2 that names `identity`; under SHA-256 the algorithm is left out, as DER asks.
pub(crate) fn signing_certificate_v2(identity: &Identity, algorithm: Option<DigestAlgorithm>) -> Vec<u8> {
    let value = encoded(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    if let Some(algorithm) = algorithm {
                        w.algorithm(algorithm.oid(), false);
                    }
                    let hashed = algorithm.unwrap_or(DigestAlgorithm::Sha256).digest(&identity.der);
                    w.octets(hashed.as_bytes());
                    write_issuer_serial(w, &issuer_name(identity), &identity.serial);
                });
            });
        });
    });
    attribute(oid::SIGNING_CERTIFICATE_V2, &value)
}

/// SigningCertificate (version 1, SHA-1) that names these certificates.
pub(crate) fn signing_certificate_v1(identities: &[&Identity], with_issuer: bool) -> Vec<u8> {
    let value = encoded(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                for identity in identities {
                    w.sequence(|w| {
                        w.octets(DigestAlgorithm::Sha1.digest(&identity.der).as_bytes());
                        if with_issuer {
                            write_issuer_serial(w, &issuer_name(identity), &identity.serial);
                        }
                    });
                }
            });
        });
    });
    attribute(oid::SIGNING_CERTIFICATE, &value)
}

/// IssuerSerial (RFC 5035).
pub(crate) fn write_issuer_serial(w: &mut Writer, issuer: &[u8], serial: &[u8]) {
    w.sequence(|w| {
        w.sequence(|w| w.nested(tag::context_constructed(4), |w| w.raw(issuer)));
        w.integer(serial);
    });
}

/// The certificate of `victim` with the public key of `other` put in; the signature no longer fits.
pub(crate) fn swap_subject_key(victim: &Identity, other: &Identity) -> Vec<u8> {
    let (old, new) = (victim.key.spki(), other.key.spki());
    assert_eq!(old.len(), new.len(), "keys of one kind");
    let at = victim.der.windows(old.len()).position(|w| w == old).expect("the key in its certificate");
    let mut der = victim.der.clone();
    der[at..at + new.len()].copy_from_slice(&new);
    der
}

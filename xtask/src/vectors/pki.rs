//! Certificates and revocation lists of the vectors, right ones and wrong ones.

use super::keys::{Scheme, TestKey};
use proof::der::{Time, Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::oid::{self, Oid};
use proof::x509::name;

/// A key with the certificate made for it.
pub(crate) struct Identity {
    pub(crate) key: TestKey,
    pub(crate) der: Vec<u8>,
    pub(crate) name: Vec<u8>,
    pub(crate) serial: Vec<u8>,
}

/// Everything in which a certificate of the vectors can differ from a right one.
pub(crate) struct CertificateRecipe {
    pub(crate) subject: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    pub(crate) extensions: Vec<(Oid<'static>, bool, Vec<u8>)>,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) spoil_signature: bool,
}

/// A plain name.
pub(crate) fn common_name(text: &str) -> Vec<u8> {
    name::encode(&[(oid::COUNTRY, "CN"), (oid::ORGANIZATION, "Shiyin Vectors"), (oid::COMMON_NAME, text)])
}

pub(crate) fn encoded(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    fill(&mut w);
    w.into_bytes()
}

pub(crate) fn basic_constraints(is_ca: bool, path_length: Option<u64>) -> (Oid<'static>, bool, Vec<u8>) {
    let value = encoded(|w| {
        w.sequence(|w| {
            if is_ca {
                w.boolean(true);
            }
            if let Some(length) = path_length {
                w.integer_u64(length);
            }
        });
    });
    (oid::BASIC_CONSTRAINTS, true, value)
}

pub(crate) fn key_usage(bits: u32) -> (Oid<'static>, bool, Vec<u8>) {
    (oid::KEY_USAGE, true, encoded(|w| w.named_bits(tag::BIT_STRING, bits)))
}

pub(crate) fn purposes(critical: bool, list: &[Oid<'_>]) -> (Oid<'static>, bool, Vec<u8>) {
    let value = encoded(|w| w.sequence(|w| list.iter().for_each(|p| w.oid(*p))));
    (oid::EXT_KEY_USAGE, critical, value)
}

/// nameConstraints with one permitted directory name.
pub(crate) fn permitted_name(base: &[u8]) -> (Oid<'static>, bool, Vec<u8>) {
    let value = encoded(|w| {
        w.sequence(|w| {
            w.nested(tag::context_constructed(0), |w| {
                w.sequence(|w| w.nested(tag::context_constructed(4), |w| w.raw(base)));
            });
        });
    });
    (oid::NAME_CONSTRAINTS, true, value)
}

const DAY: i64 = 86_400;

/// The moment that good tokens of the vectors carry.
pub(crate) fn gen_time() -> Time {
    Time::from_unix(1_780_315_200)
}

impl CertificateRecipe {
    fn new(subject: &str) -> Self {
        let subject = common_name(subject);
        let mut serial = DigestAlgorithm::Sha256.digest(&subject).as_bytes()[..16].to_vec();
        serial[0] = serial[0] & 0x7f | 0x40;
        Self {
            subject,
            serial,
            not_before: gen_time().plus_s(-365 * DAY),
            not_after: gen_time().plus_s(3650 * DAY),
            extensions: Vec::new(),
            scheme: None,
            spoil_signature: false,
        }
    }

    /// A root or an issuing CA.
    pub(crate) fn ca(subject: &str) -> Self {
        let mut recipe = Self::new(subject);
        recipe.extensions = vec![basic_constraints(true, None), key_usage(1 << 5 | 1 << 6)];
        recipe
    }

    /// A time stamp authority as RFC 3161 wants it.
    pub(crate) fn tsa(subject: &str) -> Self {
        let mut recipe = Self::new(subject);
        recipe.extensions = vec![key_usage(1), purposes(true, &[oid::TIME_STAMPING])];
        recipe
    }

    /// Signs with the issuer's key; without an issuer, the certificate is self-signed.
    pub(crate) fn issue(self, key: TestKey, issuer: Option<&Identity>) -> Identity {
        let issuer_key = issuer.map_or(&key, |i| &i.key);
        let issuer_name = issuer.map_or(&self.subject, |i| &i.name);
        let scheme = self.scheme.unwrap_or(issuer_key.scheme());
        let tbs = encoded(|w| {
            w.sequence(|w| {
                w.nested(tag::context_constructed(0), |w| w.integer_u64(2));
                w.integer(&self.serial);
                w.raw(&scheme.identifier());
                w.raw(issuer_name);
                w.sequence(|w| {
                    w.x509_time(self.not_before);
                    w.x509_time(self.not_after);
                });
                w.raw(&self.subject);
                w.raw(&key.spki());
                if !self.extensions.is_empty() {
                    w.nested(tag::context_constructed(3), |w| write_extensions(w, &self.extensions));
                }
            });
        });
        let mut signature = issuer_key.sign(scheme, &tbs);
        if self.spoil_signature {
            // Another message's signature: right in form, wrong in value.
            signature = issuer_key.sign(scheme, b"another message");
        }
        let der = encoded(|w| {
            w.sequence(|w| {
                w.raw(&tbs);
                w.raw(&scheme.identifier());
                w.bit_string(&signature);
            });
        });
        Identity { key, der, name: self.subject, serial: self.serial }
    }
}

fn write_extensions(w: &mut Writer, extensions: &[(Oid<'_>, bool, Vec<u8>)]) {
    w.sequence(|w| {
        for (oid, critical, value) in extensions {
            w.sequence(|w| {
                w.oid(*oid);
                if *critical {
                    w.boolean(true);
                }
                w.octets(value);
            });
        }
    });
}

/// A revocation list of `issuer`; each entry is a serial number, a date and a reason code.
pub(crate) fn revocation_list(
    issuer: &Identity,
    this_update: Time,
    entries: &[(&[u8], Time, Option<u8>)],
    critical_extension: bool,
) -> Vec<u8> {
    let scheme = issuer.key.scheme();
    let tbs = encoded(|w| {
        w.sequence(|w| {
            w.integer_u64(1);
            w.raw(&scheme.identifier());
            w.raw(&issuer.name);
            w.x509_time(this_update);
            w.x509_time(this_update.plus_s(30 * DAY));
            if !entries.is_empty() {
                w.sequence(|w| {
                    for (serial, date, reason) in entries {
                        w.sequence(|w| {
                            w.integer(serial);
                            w.x509_time(*date);
                            if let Some(reason) = reason {
                                let value = encoded(|w| w.primitive(tag::ENUMERATED, &[*reason]));
                                write_extensions(w, &[(oid::REASON_CODE, false, value)]);
                            }
                        });
                    }
                });
            }
            if critical_extension {
                // issuingDistributionPoint: the list covers only part of the certificates.
                let point = Oid::known(&[0x55, 0x1d, 0x1c]);
                w.nested(tag::context_constructed(0), |w| write_extensions(w, &[(point, true, vec![0x30, 0x00])]));
            }
        });
    });
    encoded(|w| {
        w.sequence(|w| {
            w.raw(&tbs);
            w.raw(&scheme.identifier());
            w.bit_string(&issuer.key.sign(scheme, &tbs));
        });
    })
}

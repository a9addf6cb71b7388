//! Making and checking the authority's certificates (RFC 5280, RFC 3161 section 2.3).
//!
//! The profile is the strictest that verifiers ask for: OpenSSL refuses a
//! signer whose keyUsage goes beyond signatures. [`check`] names the rule that
//! a chain breaks and what to do, before the first token is signed.

use crate::TrustError;
use crate::keys::{self, SigningKey};
use proof::der::{Element, Precision, Time, Writer, tag};
use proof::digest::{DigestAlgorithm, hex};
use proof::logged::LogIdentity;
use proof::oid::{self, Oid};
use proof::x509::{Certificate, key_usage};

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The trust anchor.
    Root,
    /// Issues certificates for time stamp authorities.
    Issuing,
    /// Signs tokens.
    Tsa,
    /// Signs the documents that the node issues, and nothing else.
    Seal,
}

const YEAR_S: i64 = 365 * 86_400;
/// How long the key of a TSA or a seal signs before it is to be destroyed.
pub(crate) const KEY_USE_S: i64 = 2 * YEAR_S;

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Root, Self::Issuing, Self::Tsa, Self::Seal];

    /// Whether it issues certificates and lists.
    #[must_use]
    pub fn is_ca(self) -> bool {
        matches!(self, Self::Root | Self::Issuing)
    }

    /// The name in the database and in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
            Self::Tsa => "tsa",
            Self::Seal => "seal",
        }
    }

    fn validity_s(self) -> i64 {
        match self {
            Self::Root => 20 * YEAR_S,
            Self::Issuing => 15 * YEAR_S,
            Self::Tsa | Self::Seal => 10 * YEAR_S,
        }
    }
}

/// The issuer of a certificate: its certificate and its key.
#[derive(Clone, Copy)]
pub struct Issuer<'a> {
    /// The issuer's certificate, in DER.
    pub certificate: &'a [u8],
    /// The issuer's private key.
    pub key: &'a SigningKey,
}

/// A certificate that is to be issued.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// What it is for.
    pub role: Role,
    /// Whose it is: an encoded Name.
    pub subject: &'a [u8],
    /// The subject's SubjectPublicKeyInfo.
    pub spki: &'a [u8],
    /// The log that its holder promises to put every token into.
    pub log: Option<&'a LogIdentity>,
    /// Where the instance is to be found; its revocation lists are below this address.
    pub url: Option<&'a str>,
    /// The time now.
    pub now: Time,
}

/// Issues a certificate. A root's issuer is itself: its own certificate is not there yet.
pub fn issue(request: &Request<'_>, issuer: Option<Issuer<'_>>, own_key: &SigningKey) -> Result<Vec<u8>, TrustError> {
    let unreadable = |_| TrustError::Broken("the issuer's certificate cannot be read".to_owned());
    let issuer_certificate = issuer.map(|i| Certificate::parse(i.certificate)).transpose().map_err(unreadable)?;
    let signer = issuer.map_or(own_key, |i| i.key);
    let issuer_name = issuer_certificate.as_ref().map_or(request.subject, |c| c.subject.der());
    let issuer_spki = issuer_certificate.as_ref().map(|c| c.spki);
    let mut serial: [u8; 16] = keys::random()?;
    // Positive and of constant length, as RFC 5280 section 4.1.2.2 wants.
    serial[0] = serial[0] & 0x3f | 0x40;
    // A certificate is valid from a minute ago, so that clocks need not agree to the second.
    let not_before = request.now.truncate_to_second().plus_s(-60);
    let not_after = not_before.plus_s(request.role.validity_s());
    let identifier = signer.algorithm().signature_identifier();

    let mut w = Writer::new();
    w.sequence(|w| {
        w.nested(tag::context_constructed(0), |w| w.integer_u64(2));
        w.integer(&serial);
        w.raw(&identifier);
        w.raw(issuer_name);
        w.sequence(|w| {
            w.x509_time(not_before);
            w.x509_time(not_after);
        });
        w.raw(request.subject);
        w.raw(request.spki);
        w.nested(tag::context_constructed(3), |w| {
            w.sequence(|w| write_extensions(w, request, issuer_spki, not_before));
        });
    });
    sign(&w.into_bytes(), signer)
}

/// What is to be signed, its algorithm and its signature, in a SEQUENCE: a certificate or a list.
pub(crate) fn sign(tbs: &[u8], signer: &SigningKey) -> Result<Vec<u8>, TrustError> {
    let signature = signer.sign(tbs)?;
    let mut w = Writer::new();
    w.sequence(|w| {
        w.raw(tbs);
        w.raw(&signer.algorithm().signature_identifier());
        w.bit_string(&signature);
    });
    Ok(w.into_bytes())
}

/// How the files of an issuer are called: the beginning of its key identifier.
#[must_use]
pub fn issuer_id(spki: &[u8]) -> String {
    hex(&key_id(spki)[..8])
}

/// What a seal's key is for: readers that look for an advanced signature want the second.
pub(crate) const SEAL_KEY_USAGE: u32 = key_usage::DIGITAL_SIGNATURE | key_usage::NON_REPUDIATION;

fn write_extensions(w: &mut Writer, request: &Request<'_>, issuer_spki: Option<&[u8]>, not_before: Time) {
    let role = request.role;
    let mut extension = |oid: Oid<'_>, critical: bool, fill: &dyn Fn(&mut Writer)| {
        w.sequence(|w| {
            w.oid(oid);
            if critical {
                w.boolean(true);
            }
            w.octets_of(|w| fill(w));
        });
    };
    let usage = match role {
        Role::Root | Role::Issuing => key_usage::KEY_CERT_SIGN | key_usage::CRL_SIGN,
        Role::Tsa => key_usage::DIGITAL_SIGNATURE,
        Role::Seal => SEAL_KEY_USAGE,
    };
    match role {
        Role::Root | Role::Issuing => extension(oid::BASIC_CONSTRAINTS, true, &|w| {
            w.sequence(|w| {
                w.boolean(true);
                w.integer_u64(u64::from(role == Role::Root));
            });
        }),
        Role::Tsa => extension(oid::EXT_KEY_USAGE, true, &|w| w.sequence(|w| w.oid(oid::TIME_STAMPING))),
        // Not critical: readers from before RFC 9336 do not know the purpose, and would refuse it.
        Role::Seal => extension(oid::EXT_KEY_USAGE, false, &|w| w.sequence(|w| w.oid(oid::DOCUMENT_SIGNING))),
    }
    extension(oid::KEY_USAGE, true, &|w| w.named_bits(tag::BIT_STRING, usage));
    extension(oid::SUBJECT_KEY_ID, false, &|w| w.octets(&key_id(request.spki)));
    if !role.is_ca() {
        // The key signs for a part of the time only: what it signed can be verified with the certificate after that.
        let last = not_before.plus_s(KEY_USE_S);
        extension(oid::PRIVATE_KEY_USAGE_PERIOD, false, &|w| {
            w.sequence(|w| {
                w.primitive(tag::context(0), not_before.to_generalized().as_bytes());
                w.primitive(tag::context(1), last.to_generalized().as_bytes());
            });
        });
    }
    if let Some(spki) = issuer_spki {
        extension(oid::AUTHORITY_KEY_ID, false, &|w| w.sequence(|w| w.primitive(tag::context(0), &key_id(spki))));
        if let Some(url) = request.url {
            let id = issuer_id(spki);
            extension(oid::CRL_DISTRIBUTION_POINTS, false, &|w| write_crl_place(w, &format!("{url}/crl/{id}.crl")));
            extension(oid::AUTHORITY_INFO_ACCESS, false, &|w| {
                w.sequence(|w| {
                    for (method, place) in
                        [(oid::OCSP, format!("{url}/ocsp")), (oid::CA_ISSUERS, format!("{url}/ca/{id}.cer"))]
                    {
                        w.sequence(|w| {
                            w.oid(method);
                            w.primitive(tag::context(6), place.as_bytes());
                        });
                    }
                });
            });
        }
    }
    if let Some(log) = request.log {
        extension(oid::LOG_IDENTITY, false, &|w| w.raw(&log.encode()));
    }
}

/// CRLDistributionPoints with one URI (RFC 5280 section 4.2.1.13).
fn write_crl_place(w: &mut Writer, url: &str) {
    w.sequence(|w| {
        w.sequence(|w| {
            w.nested(tag::context_constructed(0), |w| {
                w.nested(tag::context_constructed(0), |w| w.primitive(tag::context(6), url.as_bytes()));
            });
        });
    });
}

/// Until when the key of a TSA's or a seal's certificate is to sign; none where the certificate does not say.
#[must_use]
pub fn key_use_ends(certificate: &Certificate<'_>) -> Option<Time> {
    let value = certificate.extension(oid::PRIVATE_KEY_USAGE_PERIOD)?.value;
    let mut fields = Element::parse(value).ok()?.inside(tag::SEQUENCE).ok()?;
    fields.optional(tag::context(0)).ok()?;
    let last = fields.optional(tag::context(1)).ok()??;
    Time::from_generalized(last.content, Precision::Second).ok()
}

/// The first 160 bits of SHA-256 over the public key (RFC 7093 section 2, method 1).
pub(crate) fn key_id(spki: &[u8]) -> Vec<u8> {
    DigestAlgorithm::Sha256.digest(spki).as_bytes()[..20].to_vec()
}

/// A rule that a chain breaks, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// A certificate cannot be read.
    Malformed,
    /// The certificate's key is not the private key's.
    KeyMismatch,
    /// extKeyUsage is missing, not critical, or not timeStamping alone.
    Purpose,
    /// The certificate is a CA's.
    IsCa,
    /// keyUsage is not signatures alone.
    KeyUsage,
    /// Not valid now.
    Validity,
    /// The key has signed as long as it was to.
    KeyUseOver,
    /// The chain does not lead to the root.
    Path,
}

impl ChainFault {
    /// The rule and the remedy, in English for the operator's log.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Malformed => "a certificate cannot be read: restore public/ from a backup",
            Self::KeyMismatch => "the TSA certificate is not for the TSA key: restore both from the same backup",
            Self::Purpose => {
                "RFC 3161 section 2.3: the TSA certificate needs a critical extKeyUsage with timeStamping alone; issue a new one"
            }
            Self::IsCa => "RFC 3161 section 2.3: the TSA certificate is a CA's; issue one for time stamping alone",
            Self::KeyUsage => {
                "the TSA certificate's keyUsage must be digitalSignature alone, or OpenSSL refuses its tokens; issue a new one"
            }
            Self::Validity => "the TSA certificate is not valid now: check the clock, or issue a new certificate",
            Self::KeyUseOver => {
                "the TSA key has signed for as long as its certificate allows: make a new one with: shiyin keys rotate"
            }
            Self::Path => {
                "the TSA certificate does not lead to the root: restore the chain from a backup, or issue a new one"
            }
        }
    }
}

/// Checks that tokens signed with `key` under these certificates will verify.
///
/// `chain` is the TSA certificate and those above it, without the root.
pub fn check(chain: &[Vec<u8>], root: &[u8], key: &SigningKey, now: Time) -> Result<(), ChainFault> {
    let parse = |der| Certificate::parse(der).map_err(|_| ChainFault::Malformed);
    let certificates = chain.iter().map(|der| parse(der)).collect::<Result<Vec<_>, _>>()?;
    let root = parse(root)?;
    let tsa = certificates.first().ok_or(ChainFault::Malformed)?;
    if key.spki().ok().as_deref() != Some(tsa.spki) {
        return Err(ChainFault::KeyMismatch);
    }
    let critical = tsa.extension(oid::EXT_KEY_USAGE).is_some_and(|e| e.critical);
    match tsa.extended_key_usage() {
        Ok(Some(purposes)) if critical && purposes == [oid::TIME_STAMPING] => {}
        _ => return Err(ChainFault::Purpose),
    }
    if !tsa.basic_constraints().is_ok_and(|b| !b.is_ca) {
        return Err(ChainFault::IsCa);
    }
    if tsa.key_usage() != Ok(Some(key_usage::DIGITAL_SIGNATURE)) {
        return Err(ChainFault::KeyUsage);
    }
    if !tsa.is_valid_at(now) {
        return Err(ChainFault::Validity);
    }
    if key_use_ends(tsa).is_some_and(|last| last < now) {
        return Err(ChainFault::KeyUseOver);
    }
    let path = proof::x509::path::build(tsa, &certificates, &[root], now, &crate::aws_lc::AwsLc);
    match path {
        Ok(path) if path.anchored => Ok(()),
        _ => Err(ChainFault::Path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyAlgorithm;

    const NOW: Time = Time::from_unix(1_795_248_000);

    struct Chain {
        root: Vec<u8>,
        chain: Vec<Vec<u8>>,
        tsa_key: SigningKey,
    }

    fn make(role: Role, key: &SigningKey, issuer: Option<Issuer<'_>>) -> Vec<u8> {
        let subject = proof::x509::name::encode(&[(oid::COMMON_NAME, role.name())]);
        let url = Some("https://shiyin.example");
        let request = Request { role, subject: &subject, spki: &key.spki().unwrap(), log: None, url, now: NOW };
        issue(&request, issuer, key).unwrap()
    }

    fn chain(tsa_role: Role) -> Chain {
        let new = || SigningKey::generate(KeyAlgorithm::P256).unwrap();
        let (root_key, issuing_key, tsa_key) = (new(), new(), new());
        let root = make(Role::Root, &root_key, None);
        let issuing = make(Role::Issuing, &issuing_key, Some(Issuer { certificate: &root, key: &root_key }));
        let tsa = make(tsa_role, &tsa_key, Some(Issuer { certificate: &issuing, key: &issuing_key }));
        Chain { root, chain: vec![tsa, issuing], tsa_key }
    }

    #[test]
    fn a_right_chain_passes_and_each_fault_is_named() {
        let good = chain(Role::Tsa);
        assert_eq!(check(&good.chain, &good.root, &good.tsa_key, NOW), Ok(()));
        let other = chain(Role::Tsa);
        assert_eq!(check(&good.chain, &good.root, &other.tsa_key, NOW), Err(ChainFault::KeyMismatch));
        assert_eq!(check(&good.chain, &other.root, &good.tsa_key, NOW), Err(ChainFault::Path));
        assert_eq!(check(&good.chain[..1], &good.root, &good.tsa_key, NOW), Err(ChainFault::Path));
        let later = NOW.plus_s(11 * YEAR_S);
        assert_eq!(check(&good.chain, &good.root, &good.tsa_key, later), Err(ChainFault::Validity));
        assert_eq!(check(&[vec![0x30]], &good.root, &good.tsa_key, NOW), Err(ChainFault::Malformed));
        let later = NOW.plus_s(KEY_USE_S + 1);
        assert_eq!(check(&good.chain, &good.root, &good.tsa_key, later), Err(ChainFault::KeyUseOver));
        let seal = chain(Role::Seal);
        assert_eq!(check(&seal.chain, &seal.root, &seal.tsa_key, NOW), Err(ChainFault::Purpose));
        let ca = chain(Role::Issuing);
        assert_eq!(check(&ca.chain, &ca.root, &ca.tsa_key, NOW), Err(ChainFault::Purpose));
    }
}

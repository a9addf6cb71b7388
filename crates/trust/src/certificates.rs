//! Making and checking the authority's certificates (RFC 5280, RFC 3161 section 2.3).
//!
//! The profile is the strictest that verifiers ask for: OpenSSL refuses a
//! signer whose keyUsage goes beyond signatures. [`check`] names the rule that
//! a chain breaks and what to do, before the first token is signed.

use crate::TrustError;
use crate::keys::{self, SigningKey};
use proof::der::{Time, Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::logged::LogIdentity;
use proof::oid::{self, Oid};
use proof::x509::{Certificate, key_usage, name};

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The trust anchor.
    Root,
    /// Issues certificates for time stamp authorities.
    Issuing,
    /// Signs tokens.
    Tsa,
}

const YEAR_S: i64 = 365 * 86_400;

impl Role {
    /// The name in the database and in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
            Self::Tsa => "tsa",
        }
    }

    fn validity_s(self) -> i64 {
        match self {
            Self::Root => 20 * YEAR_S,
            Self::Issuing => 15 * YEAR_S,
            Self::Tsa => 10 * YEAR_S,
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

/// Issues a certificate for `key`; without an issuer it is self-signed. `log` is the log that
/// its holder promises to put every token into.
pub fn issue(
    role: Role,
    operator: &str,
    common_name: &str,
    key: &SigningKey,
    issuer: Option<Issuer<'_>>,
    log: Option<&LogIdentity>,
    now: Time,
) -> Result<Vec<u8>, TrustError> {
    let unreadable = |_| TrustError::Broken("the issuer's certificate cannot be read".to_owned());
    let issuer_certificate = issuer.map(|i| Certificate::parse(i.certificate)).transpose().map_err(unreadable)?;
    let subject = name::encode(&[(oid::ORGANIZATION, operator), (oid::COMMON_NAME, common_name)]);
    let signer = issuer.map_or(key, |i| i.key);
    let spki = key.spki()?;
    let own_id = key_id(&spki);
    let issuer_name = issuer_certificate.as_ref().map_or(subject.as_slice(), |c| c.subject.der());
    let issuer_id = issuer_certificate.as_ref().map(|c| key_id(c.spki));
    let mut serial: [u8; 16] = keys::random()?;
    // Positive and of constant length, as RFC 5280 section 4.1.2.2 wants.
    serial[0] = serial[0] & 0x3f | 0x40;
    // A certificate is valid from a minute ago, so that clocks need not agree to the second.
    let not_before = now.truncate_to_second().plus_s(-60);
    let not_after = not_before.plus_s(role.validity_s());
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
        w.raw(&subject);
        w.raw(&spki);
        w.nested(tag::context_constructed(3), |w| {
            w.sequence(|w| write_extensions(w, role, &own_id, issuer_id.as_deref(), log));
        });
    });
    let tbs = w.into_bytes();
    let signature = signer.sign(&tbs)?;
    let mut w = Writer::new();
    w.sequence(|w| {
        w.raw(&tbs);
        w.raw(&identifier);
        w.bit_string(&signature);
    });
    Ok(w.into_bytes())
}

fn write_extensions(w: &mut Writer, role: Role, own_id: &[u8], issuer_id: Option<&[u8]>, log: Option<&LogIdentity>) {
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
    };
    match role {
        Role::Root | Role::Issuing => extension(oid::BASIC_CONSTRAINTS, true, &|w| {
            w.sequence(|w| {
                w.boolean(true);
                w.integer_u64(u64::from(role == Role::Root));
            });
        }),
        Role::Tsa => extension(oid::EXT_KEY_USAGE, true, &|w| w.sequence(|w| w.oid(oid::TIME_STAMPING))),
    }
    extension(oid::KEY_USAGE, true, &|w| w.named_bits(tag::BIT_STRING, usage));
    extension(oid::SUBJECT_KEY_ID, false, &|w| w.octets(own_id));
    if let Some(id) = issuer_id {
        extension(oid::AUTHORITY_KEY_ID, false, &|w| w.sequence(|w| w.primitive(tag::context(0), id)));
    }
    if let Some(log) = log {
        extension(oid::LOG_IDENTITY, false, &|w| w.raw(&log.encode()));
    }
}

/// The first 160 bits of SHA-256 over the public key (RFC 7093 section 2, method 1).
fn key_id(spki: &[u8]) -> Vec<u8> {
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

    fn chain(tsa_role: Role) -> Chain {
        let new = || SigningKey::generate(KeyAlgorithm::P256).unwrap();
        let (root_key, issuing_key, tsa_key) = (new(), new(), new());
        let root = issue(Role::Root, "O", "Root", &root_key, None, None, NOW).unwrap();
        let above = Issuer { certificate: &root, key: &root_key };
        let issuing = issue(Role::Issuing, "O", "Issuing", &issuing_key, Some(above), None, NOW).unwrap();
        let above = Issuer { certificate: &issuing, key: &issuing_key };
        let tsa = issue(tsa_role, "O", "TSA", &tsa_key, Some(above), None, NOW).unwrap();
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
        let ca = chain(Role::Issuing);
        assert_eq!(check(&ca.chain, &ca.root, &ca.tsa_key, NOW), Err(ChainFault::Purpose));
    }
}

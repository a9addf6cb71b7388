//! The document seal: the operator's key for the documents that the node issues (RFC 9336).
//!
//! It is neither the TSA's key, whose certificate is for time stamping alone, nor a CA's. It
//! signs attributes of CMS and nothing else: whoever has only this door cannot make a
//! certificate, a list or a token with it. What it signed is as good as the time that can be
//! proved for it: a key that is taken can seal anything from then on.

use crate::TrustError;
use crate::aws_lc::AwsLc;
use crate::certificates::{SEAL_KEY_USAGE, key_use_ends};
use crate::instance::SealChain;
use crate::keys::{KeyAlgorithm, SigningKey};
use proof::crypto::{self, AlgorithmIdentifier, PublicKey, SignatureAlgorithm};
use proof::der::{Element, Reader, Time, tag};
use proof::digest::DigestAlgorithm;
use proof::oid;
use proof::x509::{Certificate, path};
use std::fmt;
use std::sync::Arc;

/// Whether PDF readers know signatures of this kind (ISO 32000-2 section 12.8.3.1). Ed25519 has an extension
/// of its own, ISO/TS 32002, that few of them have; SM2 and ML-DSA have none.
#[must_use]
pub fn is_known_to_readers(algorithm: KeyAlgorithm) -> bool {
    use KeyAlgorithm::{P256, P384, Rsa2048, Rsa3072, Rsa4096};
    matches!(algorithm, P256 | P384 | Rsa2048 | Rsa3072 | Rsa4096)
}

/// The algorithm to seal with, of those that an instance has, the main one first.
#[must_use]
pub fn algorithm(of: impl IntoIterator<Item = KeyAlgorithm>) -> Option<KeyAlgorithm> {
    of.into_iter().find(|algorithm| is_known_to_readers(*algorithm))
}

/// Why documents cannot be sealed now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoSeal {
    /// The instance was made before there were seals.
    NotMade,
    /// PDF readers know the algorithm of none of its suites.
    NoAlgorithm,
    /// The key cannot be opened; the text says why.
    NoKey(String),
    /// The key is not that of the certificate.
    KeyMismatch,
    /// The certificate is not for sealing documents, or is a CA's.
    Purpose,
    /// The certificate is not valid now.
    Validity,
    /// The key has signed for as long as it was to.
    KeyUseOver,
    /// The chain does not lead to the root.
    Path,
    /// The certificate or its issuer's was revoked.
    Revoked,
    /// What it signed for a trial did not verify.
    SelfCheck,
}

impl NoSeal {
    /// Why an instance with these suites and no seal has none.
    pub(crate) fn of_none(suites: impl IntoIterator<Item = KeyAlgorithm>) -> Self {
        if algorithm(suites).is_some() { Self::NotMade } else { Self::NoAlgorithm }
    }

    /// A stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotMade => "not-made",
            Self::NoAlgorithm => "no-algorithm",
            Self::NoKey(_) => "no-key",
            Self::KeyMismatch => "key-mismatch",
            Self::Purpose => "purpose",
            Self::Validity => "validity",
            Self::KeyUseOver => "key-use-over",
            Self::Path => "path",
            Self::Revoked => "revoked",
            Self::SelfCheck => "self-check",
        }
    }
}

/// What is wrong and what to do, in English for the operator's log.
impl fmt::Display for NoSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotMade => "this instance has no document seal yet: make one with: shiyin keys rotate --seal",
            Self::NoAlgorithm => {
                "PDF readers know the algorithm of none of this instance's suites: add one with: shiyin keys add-suite p256"
            }
            Self::NoKey(cause) => return write!(f, "the key of the document seal cannot be opened: {cause}"),
            Self::KeyMismatch => "the seal's certificate is not for the seal's key: restore both from the same backup",
            Self::Purpose => {
                "the seal's certificate is not for documents alone: make a new one with: shiyin keys rotate --seal"
            }
            Self::Validity => "the seal's certificate is not valid now: check the clock, or: shiyin keys rotate --seal",
            Self::KeyUseOver => {
                "the seal's key has signed for as long as its certificate allows: shiyin keys rotate --seal"
            }
            Self::Path => "the seal's certificate does not lead to the root: restore the chain from a backup",
            Self::Revoked => "the seal's certificate is revoked: make a new one with: shiyin keys rotate --seal",
            Self::SelfCheck => "what the seal signed for a trial did not verify: is the token of its key in order?",
        })
    }
}

/// A seal that may sign. Clones share one key.
#[derive(Clone)]
pub struct DocumentSeal(Arc<Inner>);

struct Inner {
    key: SigningKey,
    chain: Vec<Vec<u8>>,
    root: Vec<u8>,
    crls: Vec<Vec<u8>>,
}

impl fmt::Debug for DocumentSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentSeal({})", self.0.key.algorithm())
    }
}

impl DocumentSeal {
    /// A seal whose chain is right at `now`, whose key fits it, and whose first signature verified.
    pub(crate) fn open(chain: &SealChain, key: SigningKey, crls: Vec<Vec<u8>>, now: Time) -> Result<Self, NoSeal> {
        let (root, chain) = (chain.root.der.clone(), chain.chain());
        check(&chain, &root, &key, now)?;
        let seal = Self(Arc::new(Inner { key, chain, root, crls }));
        // No attributes at all: nothing that CMS could take for a signature over something.
        seal.sign(&[tag::SET, 0]).map_err(|_| NoSeal::SelfCheck)?;
        Ok(seal)
    }

    /// The seal's certificate and the issuing CA's, in DER, without the root.
    #[must_use]
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.0.chain
    }

    /// The root above them, in DER. Readers get it by another way; it is no part of a document.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        &self.0.root
    }

    /// The newest revocation lists of the issuing CA and the root, in DER.
    #[must_use]
    pub fn crls(&self) -> &[Vec<u8>] {
        &self.0.crls
    }

    /// The digest of the content that goes with its signatures.
    #[must_use]
    pub fn digest_algorithm(&self) -> DigestAlgorithm {
        self.0.key.algorithm().digest()
    }

    /// The AlgorithmIdentifier of its signatures, in DER.
    #[must_use]
    pub fn signature_identifier(&self) -> Vec<u8> {
        self.0.key.algorithm().signature_identifier()
    }

    /// A signature over the signed attributes of CMS, a SET in DER (RFC 5652 section 5.4); it was
    /// verified before it is given. RSA and hardware take milliseconds: sign where nothing waits.
    ///
    /// # Errors
    /// Refused where `attributes` is anything but one SET; broken where the signature does not verify.
    pub fn sign(&self, attributes: &[u8]) -> Result<Vec<u8>, TrustError> {
        let is_set = Element::parse(attributes).is_ok_and(|element| element.tag == tag::SET);
        if !is_set {
            return Err(TrustError::Refused("a seal signs the attributes of CMS, and nothing else".to_owned()));
        }
        let signature = self.0.key.sign(attributes)?;
        match self.holds(attributes, &signature) {
            true => Ok(signature),
            false => Err(TrustError::Broken("a signature of the document seal does not verify".to_owned())),
        }
    }

    fn holds(&self, attributes: &[u8], signature: &[u8]) -> bool {
        let identifier = self.signature_identifier();
        let Ok(identifier) = AlgorithmIdentifier::read(&mut Reader::new(&identifier)) else { return false };
        let Some(algorithm) = SignatureAlgorithm::from_identifier(&identifier, None) else { return false };
        let certificate = self.0.chain.first().and_then(|der| Certificate::parse(der).ok());
        let key = certificate.as_ref().and_then(|c| PublicKey::from_spki(c.spki).ok());
        key.is_some_and(|key| crypto::verify(&AwsLc, algorithm, &key, attributes, signature).is_ok())
    }
}

/// Checks that what `key` signs under these certificates can be verified. `chain` is without the root.
fn check(chain: &[Vec<u8>], root: &[u8], key: &SigningKey, now: Time) -> Result<(), NoSeal> {
    let parse = |der| Certificate::parse(der).map_err(|_| NoSeal::Path);
    let certificates = chain.iter().map(|der| parse(der)).collect::<Result<Vec<_>, _>>()?;
    let root = parse(root)?;
    let seal = certificates.first().ok_or(NoSeal::Path)?;
    if key.spki().ok().as_deref() != Some(seal.spki) {
        return Err(NoSeal::KeyMismatch);
    }
    let is_for_documents = seal.extended_key_usage() == Ok(Some(vec![oid::DOCUMENT_SIGNING]));
    let is_ca = !seal.basic_constraints().is_ok_and(|b| !b.is_ca);
    if !is_for_documents || is_ca || seal.key_usage() != Ok(Some(SEAL_KEY_USAGE)) {
        return Err(NoSeal::Purpose);
    }
    if !seal.is_valid_at(now) {
        return Err(NoSeal::Validity);
    }
    if key_use_ends(seal).is_some_and(|last| last < now) {
        return Err(NoSeal::KeyUseOver);
    }
    match path::build(seal, &certificates, &[root], now, &AwsLc) {
        Ok(path) if path.anchored => Ok(()),
        _ => Err(NoSeal::Path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::{Issuer, KEY_USE_S, Request, Role, issue};
    use crate::instance::Held;

    const NOW: Time = Time::from_unix(1_795_248_000);
    const ATTRIBUTES: [u8; 5] = [0x31, 3, 0x30, 1, 0];

    fn certificate(role: Role, key: &SigningKey, issuer: Option<Issuer<'_>>) -> Held {
        let subject = proof::x509::name::encode(&[(oid::COMMON_NAME, role.name())]);
        let request = Request { role, subject: &subject, spki: &key.spki().unwrap(), log: None, url: None, now: NOW };
        let der = issue(&request, issuer, key).unwrap();
        Held { der, role, algorithm: key.algorithm(), place: String::new() }
    }

    /// A chain whose end has this role, and the end's key.
    fn chain(role: Role, algorithm: KeyAlgorithm) -> (SealChain, SigningKey) {
        let new = || SigningKey::generate(algorithm).unwrap();
        let (root_key, issuing_key, key) = (new(), new(), new());
        let root = certificate(Role::Root, &root_key, None);
        let issuer = Issuer { certificate: &root.der, key: &root_key };
        let issuing = certificate(Role::Issuing, &issuing_key, Some(issuer));
        let issuer = Issuer { certificate: &issuing.der, key: &issuing_key };
        let seal = certificate(role, &key, Some(issuer));
        (SealChain { root, issuing, seal }, key)
    }

    #[test]
    fn each_fault_of_a_seal_is_named() {
        let open = |chain: &SealChain, key, now| DocumentSeal::open(chain, key, Vec::new(), now).map(drop).unwrap_err();
        let new = |role| chain(role, KeyAlgorithm::P256);
        let (good, key) = new(Role::Seal);
        assert_eq!(open(&good, SigningKey::generate(KeyAlgorithm::P256).unwrap(), NOW), NoSeal::KeyMismatch);
        assert_eq!(open(&good, key, NOW.plus_s(KEY_USE_S + 1)), NoSeal::KeyUseOver);
        let (good, key) = new(Role::Seal);
        assert_eq!(open(&good, key, NOW.plus_s(-3600)), NoSeal::Validity);
        let ((good, key), (other, _)) = (new(Role::Seal), new(Role::Seal));
        assert_eq!(open(&SealChain { root: other.root, ..good.clone() }, key, NOW), NoSeal::Path);
        let (mut damaged, key) = new(Role::Seal);
        damaged.seal.der.truncate(100);
        assert_eq!(open(&damaged, key, NOW), NoSeal::Path);
        // Neither the TSA's key nor a CA's can be taken for it.
        for role in [Role::Tsa, Role::Issuing] {
            let (wrong, key) = new(role);
            assert_eq!(open(&wrong, key, NOW), NoSeal::Purpose, "{role:?}");
        }
    }

    #[test]
    fn a_seal_signs_attributes_and_nothing_else() {
        for algorithm in KeyAlgorithm::ALL.into_iter().filter(|a| is_known_to_readers(*a)) {
            let (chain, key) = chain(Role::Seal, algorithm);
            let seal = DocumentSeal::open(&chain, key, Vec::new(), NOW).unwrap();
            let signature = seal.clone().sign(&ATTRIBUTES).unwrap();
            assert!(seal.holds(&ATTRIBUTES, &signature));
            assert!(!seal.holds(&[0x31, 0], &signature));
            assert_eq!((seal.chain().len(), seal.digest_algorithm()), (2, algorithm.digest()));
        }
        let (chain, key) = chain(Role::Seal, KeyAlgorithm::P256);
        let seal = DocumentSeal::open(&chain, key, Vec::new(), NOW).unwrap();
        let (sequence, octets, two) = ([0x30, 3, 0x30, 1, 0], [4, 1, 0], [ATTRIBUTES, ATTRIBUTES].concat());
        for other in [&[][..], &sequence, &octets, &two, &ATTRIBUTES[..4], chain.seal.der.as_slice(), &[0xa0, 0]] {
            assert!(matches!(seal.sign(other), Err(TrustError::Refused(_))), "{other:?}");
        }
    }

    #[test]
    fn the_main_suite_seals_where_readers_know_it() {
        use KeyAlgorithm::{Ed25519, MlDsa65, P256, P384, Rsa3072, Sm2};
        assert_eq!(algorithm([P384, P256]), Some(P384));
        assert_eq!(algorithm([Sm2, MlDsa65, Ed25519, Rsa3072, P256]), Some(Rsa3072));
        assert_eq!(algorithm([Sm2, Ed25519]), None);
        assert_eq!(NoSeal::of_none([Sm2]), NoSeal::NoAlgorithm);
        assert_eq!(NoSeal::of_none([Sm2, P256]), NoSeal::NotMade);
    }
}

//! Public keys, signature algorithms, and the [`Verifier`] that checks one with the other.
//!
//! Everything about an encoding is decided here, before a backend sees it: key
//! sizes, points, exponents, the shape of a signature. A backend only does the
//! arithmetic, so that two backends cannot differ over how they read bytes.

mod rustcrypto;

pub use rustcrypto::{RustCrypto, SM2_DEFAULT_ID};

use crate::der::{DerError, Element, Integer, Reader, tag};
use crate::digest::{Digest, DigestAlgorithm};
use crate::oid::{self, Oid};
use core::fmt;

/// `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlgorithmIdentifier<'a> {
    /// Which algorithm.
    pub oid: Oid<'a>,
    /// Its parameters, where there are any.
    pub parameters: Option<Element<'a>>,
}

impl<'a> AlgorithmIdentifier<'a> {
    /// Reads the next element of `reader`.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, DerError> {
        let mut inside = reader.sequence()?;
        Self::read_inside(&mut inside)
    }

    /// Reads the content of the sequence.
    pub fn read_inside(inside: &mut Reader<'a>) -> Result<Self, DerError> {
        let oid = inside.oid()?;
        let parameters = if inside.is_empty() { None } else { Some(inside.any()?) };
        inside.finish()?;
        Ok(Self { oid, parameters })
    }

    /// Whether the parameters are absent or NULL.
    #[must_use]
    pub fn has_no_parameters(&self) -> bool {
        self.parameters.is_none_or(|p| p.tag == tag::NULL && p.content.is_empty())
    }

    /// The digest algorithm, where it is one this crate computes.
    #[must_use]
    pub fn digest(&self) -> Option<DigestAlgorithm> {
        DigestAlgorithm::from_oid(self.oid).filter(|_| self.has_no_parameters())
    }
}

/// A signature algorithm with the digest it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 (RFC 8017)
    RsaPkcs1(DigestAlgorithm),
    /// RSASSA-PSS with the same digest in MGF1 and a salt as long as it (RFC 8017)
    RsaPss(DigestAlgorithm),
    /// ECDSA (FIPS 186-5); the curve is the key's
    Ecdsa(DigestAlgorithm),
    /// Ed25519 (RFC 8032)
    Ed25519,
    /// SM2 with SM3 and the identity 1234567812345678 (GB/T 32918, GM/T 0009)
    Sm2,
    /// ML-DSA-65, pure, with an empty context (FIPS 204, RFC 9882)
    MlDsa65,
}

impl SignatureAlgorithm {
    /// Reads the algorithm of a signature. `digest` is what stands beside it, for the
    /// identifiers that name only the key (`rsaEncryption`, `ecPublicKey`).
    #[must_use]
    pub fn from_identifier(algorithm: &AlgorithmIdentifier<'_>, digest: Option<DigestAlgorithm>) -> Option<Self> {
        use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512, Sm3};
        if algorithm.oid == oid::RSA_PSS {
            return pss_digest(algorithm.parameters?).ok().flatten().map(Self::RsaPss);
        }
        if algorithm.oid == oid::EC_PUBLIC_KEY || algorithm.oid == oid::SM2_SIGN {
            return match digest? {
                Sm3 => Some(Self::Sm2),
                other => Some(Self::Ecdsa(other)),
            };
        }
        // RFC 9881 section 2: absent, not NULL.
        if algorithm.oid == oid::ML_DSA_65 {
            return algorithm.parameters.is_none().then_some(Self::MlDsa65);
        }
        if !algorithm.has_no_parameters() {
            return None;
        }
        Some(match algorithm.oid {
            oid::RSA => Self::RsaPkcs1(digest?),
            oid::SHA1_RSA => Self::RsaPkcs1(Sha1),
            oid::SHA256_RSA => Self::RsaPkcs1(Sha256),
            oid::SHA384_RSA => Self::RsaPkcs1(Sha384),
            oid::SHA512_RSA => Self::RsaPkcs1(Sha512),
            oid::ECDSA_SHA256 => Self::Ecdsa(Sha256),
            oid::ECDSA_SHA384 => Self::Ecdsa(Sha384),
            oid::ECDSA_SHA512 => Self::Ecdsa(Sha512),
            oid::ED25519 => Self::Ed25519,
            oid::SM2_SM3 => Self::Sm2,
            _ => return None,
        })
    }

    /// The digest inside the algorithm; none where the algorithm brings its own.
    #[must_use]
    pub fn digest(self) -> Option<DigestAlgorithm> {
        match self {
            Self::RsaPkcs1(digest) | Self::RsaPss(digest) | Self::Ecdsa(digest) => Some(digest),
            Self::Sm2 => Some(DigestAlgorithm::Sm3),
            Self::Ed25519 | Self::MlDsa65 => None,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RsaPkcs1(digest) => write!(f, "RSA with {digest}"),
            Self::RsaPss(digest) => write!(f, "RSASSA-PSS with {digest}"),
            Self::Ecdsa(digest) => write!(f, "ECDSA with {digest}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Sm2 => f.write_str("SM2 with SM3"),
            Self::MlDsa65 => f.write_str("ML-DSA-65"),
        }
    }
}

/// RSASSA-PSS-params where hash and MGF1 hash agree and the salt has their length.
fn pss_digest(parameters: Element<'_>) -> Result<Option<DigestAlgorithm>, DerError> {
    let mut fields = parameters.inside(tag::SEQUENCE)?;
    let (mut hash, mut mask, mut salt) = (Some(DigestAlgorithm::Sha1), Some(DigestAlgorithm::Sha1), 20);
    if let Some(field) = fields.optional(tag::context_constructed(0))? {
        hash = AlgorithmIdentifier::read(&mut Reader::new(field.content))?.digest();
    }
    if let Some(field) = fields.optional(tag::context_constructed(1))? {
        let mgf = AlgorithmIdentifier::read(&mut Reader::new(field.content))?;
        mask = match (mgf.oid, mgf.parameters) {
            (oid::MGF1, Some(p)) => AlgorithmIdentifier::read(&mut Reader::new(p.full))?.digest(),
            _ => None,
        };
    }
    if let Some(field) = fields.optional(tag::context_constructed(2))? {
        salt = Reader::new(field.content).integer()?.to_u64().unwrap_or(u64::MAX);
    }
    if let Some(field) = fields.optional(tag::context_constructed(3))?
        && Reader::new(field.content).integer()?.to_u64() != Some(1)
    {
        return Ok(None);
    }
    fields.finish()?;
    Ok(hash.filter(|h| mask == Some(*h) && salt == h.length() as u64))
}

/// The elliptic curves whose keys are accepted for ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// NIST P-256
    P256,
    /// NIST P-384
    P384,
}

impl Curve {
    /// The length of a coordinate in bytes.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

/// A public key whose encoding is right and whose size is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey<'a> {
    /// RSA of 2048 to 8192 bits
    Rsa {
        /// The modulus, without leading zeros.
        modulus: &'a [u8],
        /// The public exponent: odd, 3 or more, below 2^33.
        exponent: &'a [u8],
        /// The RSAPublicKey structure (RFC 8017 A.1.1).
        encoded: &'a [u8],
    },
    /// A point on a NIST curve
    Ec {
        /// Which curve.
        curve: Curve,
        /// The uncompressed point, 04 ‖ x ‖ y.
        point: &'a [u8],
    },
    /// Ed25519 (RFC 8410)
    Ed25519(&'a [u8; 32]),
    /// SM2: the uncompressed point, 04 ‖ x ‖ y
    Sm2(&'a [u8]),
    /// ML-DSA-65 (RFC 9881)
    MlDsa65(&'a [u8; ML_DSA_65_KEY_BYTES]),
}

/// The length of an ML-DSA-65 public key (FIPS 204 table 2).
pub const ML_DSA_65_KEY_BYTES: usize = 1952;
/// The length of an ML-DSA-65 signature (FIPS 204 table 2).
pub const ML_DSA_65_SIGNATURE_BYTES: usize = 3309;

/// Why a public key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The key's own encoding is broken.
    Malformed,
    /// An algorithm or curve that this crate does not have.
    Unsupported,
    /// Too small to be safe, or so large that it only costs time.
    Size,
}

impl<'a> PublicKey<'a> {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    pub fn from_spki(spki: &'a [u8]) -> Result<Self, KeyError> {
        let (algorithm, bits) = read_spki(spki).map_err(|_| KeyError::Malformed)?;
        match algorithm.oid {
            oid::RSA => rsa_key(bits),
            oid::EC_PUBLIC_KEY => {
                let curve = algorithm.parameters.and_then(|p| p.oid().ok()).ok_or(KeyError::Unsupported)?;
                let (curve, length) = match curve {
                    oid::P256 => (Some(Curve::P256), 32),
                    oid::P384 => (Some(Curve::P384), 48),
                    oid::SM2_CURVE => (None, 32),
                    _ => return Err(KeyError::Unsupported),
                };
                if bits.first() != Some(&4) || bits.len() != 1 + 2 * length {
                    return Err(KeyError::Malformed);
                }
                Ok(curve.map_or(Self::Sm2(bits), |curve| Self::Ec { curve, point: bits }))
            }
            oid::ED25519 => bits.try_into().map(Self::Ed25519).map_err(|_| KeyError::Malformed),
            oid::ML_DSA_65 if algorithm.parameters.is_some() => Err(KeyError::Malformed),
            oid::ML_DSA_65 => bits.try_into().map(Self::MlDsa65).map_err(|_| KeyError::Malformed),
            _ => Err(KeyError::Unsupported),
        }
    }

    /// What to call the key, such as `RSA 3072`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Rsa { modulus, .. } => format!("RSA {}", bit_length(modulus)),
            Self::Ec { curve: Curve::P256, .. } => "P-256".to_owned(),
            Self::Ec { curve: Curve::P384, .. } => "P-384".to_owned(),
            Self::Ed25519(_) => "Ed25519".to_owned(),
            Self::Sm2(_) => "SM2".to_owned(),
            Self::MlDsa65(_) => "ML-DSA-65".to_owned(),
        }
    }
}

fn read_spki(spki: &[u8]) -> Result<(AlgorithmIdentifier<'_>, &[u8]), DerError> {
    let mut fields = Element::parse(spki)?.inside(tag::SEQUENCE)?;
    let algorithm = AlgorithmIdentifier::read(&mut fields)?;
    let bits = fields.expect(tag::BIT_STRING)?.bit_string()?;
    fields.finish()?;
    Ok((algorithm, bits))
}

fn bit_length(magnitude: &[u8]) -> usize {
    magnitude.first().map_or(0, |b| magnitude.len() * 8 - b.leading_zeros() as usize)
}

fn rsa_key(bits: &[u8]) -> Result<PublicKey<'_>, KeyError> {
    let read = || -> Result<(Integer<'_>, Integer<'_>), DerError> {
        let mut fields = Element::parse(bits)?.inside(tag::SEQUENCE)?;
        let pair = (fields.integer()?, fields.integer()?);
        fields.finish()?;
        Ok(pair)
    };
    let (n, e) = read().map_err(|_| KeyError::Malformed)?;
    let modulus = n.unsigned().ok_or(KeyError::Malformed)?;
    let exponent = e.unsigned().ok_or(KeyError::Malformed)?;
    // FIPS 186-5 wants an odd exponent; the bound is what both backends take.
    let value = e.to_u64().ok_or(KeyError::Size)?;
    if value % 2 == 0 || !(3..1 << 33).contains(&value) || modulus.last().is_none_or(|b| b % 2 == 0) {
        return Err(KeyError::Malformed);
    }
    if !(2048..=8192).contains(&bit_length(modulus)) {
        return Err(KeyError::Size);
    }
    Ok(PublicKey::Rsa { modulus, exponent, encoded: bits })
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// The signature is not the key's over this message.
    Mismatch,
    /// Key and algorithm do not belong together, or the combination is not supported.
    Unsupported,
}

/// A signature whose encoding has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature<'a> {
    /// RSA: as long as the modulus.
    Rsa(&'a [u8]),
    /// r ‖ s, each as long as a coordinate; only the first `2 * length` bytes count.
    Pair {
        /// The numbers r and s, big-endian, left-padded.
        bytes: [u8; 96],
        /// The length of one of them in bytes.
        length: usize,
    },
    /// Ed25519: R ‖ S
    Ed25519(&'a [u8; 64]),
    /// ML-DSA-65: c̃ ‖ z ‖ h
    MlDsa65(&'a [u8; ML_DSA_65_SIGNATURE_BYTES]),
}

impl Signature<'_> {
    /// The signature as a backend takes it: r ‖ s of an ECDSA or SM2 signature, else all of it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Pair { bytes, length } => &bytes[..2 * length],
            Self::Rsa(bytes) => bytes,
            Self::Ed25519(bytes) => *bytes,
            Self::MlDsa65(bytes) => *bytes,
        }
    }
}

/// Checks signatures and computes digests. Implementations agree on every input; tests hold them to it.
pub trait Verifier: Sync {
    /// Whether `signature` over `message` was made by the holder of `key`.
    ///
    /// Callers use [`verify`], which has read and bounded every encoding first.
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        key: &PublicKey<'_>,
        message: &[u8],
        signature: &Signature<'_>,
    ) -> Result<(), SignatureError>;

    /// The digest of `parts`, one after the other.
    fn digest(&self, algorithm: DigestAlgorithm, parts: &[&[u8]]) -> Digest {
        let mut hasher = algorithm.hasher();
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finish()
    }
}

/// Reads `signature` as `algorithm` encodes it and has `verifier` check it.
pub fn verify(
    verifier: &dyn Verifier,
    algorithm: SignatureAlgorithm,
    key: &PublicKey<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    use SignatureError::{Mismatch, Unsupported};
    let signature = match (algorithm, key) {
        (SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_), PublicKey::Rsa { modulus, .. }) => {
            if signature.len() != modulus.len() {
                return Err(Mismatch);
            }
            Signature::Rsa(signature)
        }
        (SignatureAlgorithm::Ecdsa(_), PublicKey::Ec { curve, .. }) => {
            read_pair(signature, curve.length()).ok_or(Mismatch)?
        }
        (SignatureAlgorithm::Sm2, PublicKey::Sm2(_)) => match <&[u8; 64]>::try_from(signature) {
            // Some products write r ‖ s without DER (GM/T 0009 allows the pair only in DER).
            Ok(raw) if signature.first() != Some(&tag::SEQUENCE) || read_pair(signature, 32).is_none() => {
                let mut bytes = [0; 96];
                bytes[..64].copy_from_slice(raw);
                Signature::Pair { bytes, length: 32 }
            }
            _ => read_pair(signature, 32).ok_or(Mismatch)?,
        },
        (SignatureAlgorithm::Ed25519, PublicKey::Ed25519(_)) => {
            Signature::Ed25519(signature.try_into().map_err(|_| Mismatch)?)
        }
        (SignatureAlgorithm::MlDsa65, PublicKey::MlDsa65(_)) => {
            Signature::MlDsa65(signature.try_into().map_err(|_| Mismatch)?)
        }
        _ => return Err(Unsupported),
    };
    verifier.verify(algorithm, key, message, &signature)
}

/// `SEQUENCE { r INTEGER, s INTEGER }` as two numbers of `length` bytes each.
fn read_pair(der: &[u8], length: usize) -> Option<Signature<'static>> {
    let mut fields = Element::parse(der).ok()?.inside(tag::SEQUENCE).ok()?;
    let (r, s) = (fields.integer().ok()?, fields.integer().ok()?);
    fields.finish().ok()?;
    let mut bytes = [0; 96];
    for (number, end) in [(r, length), (s, 2 * length)] {
        let magnitude = number.unsigned().filter(|m| m.len() <= length)?;
        bytes[end - magnitude.len()..end].copy_from_slice(magnitude);
    }
    Some(Signature::Pair { bytes, length })
}

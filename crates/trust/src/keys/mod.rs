//! Private keys: in files, made and used by AWS-LC (SM2: by RustCrypto), or in hardware.
//!
//! A key file is encrypted PKCS #8: who reads it without the passphrase gains
//! nothing, and who reads both can sign as this authority. A key in hardware never
//! leaves it; who has the host can use it while he has the host.

mod hardware;
mod pem;
mod store;

pub use hardware::Hardware;
pub(crate) use pem::{decrypt, encrypt};
pub use store::Keystore;

use crate::TrustError;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self as aws, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, PqdsaKeyPair};
use hardware::HardwareKey;
use proof::crypto::{ML_DSA_65_SIGNATURE_BYTES, SM2_DEFAULT_ID};
use proof::der::{Time, Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::oid;
use sm2::dsa::signature::Signer as _;
use sm2::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// The kinds of key an authority can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256
    #[default]
    P256,
    /// ECDSA on P-384 with SHA-384
    P384,
    /// RSA 2048 with SHA-256
    Rsa2048,
    /// RSA 3072 with SHA-256
    Rsa3072,
    /// RSA 4096 with SHA-512
    Rsa4096,
    /// Ed25519; in CMS with SHA-512 (RFC 8419)
    Ed25519,
    /// SM2 with SM3 (GB/T 32918)
    Sm2,
    /// ML-DSA-65; in CMS with SHA-512 (RFC 9882)
    MlDsa65,
}

impl KeyAlgorithm {
    /// All kinds.
    pub const ALL: [Self; 8] =
        [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::Ed25519, Self::Sm2, Self::MlDsa65];

    /// The name in configuration and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::Ed25519 => "ed25519",
            Self::Sm2 => "sm2",
            Self::MlDsa65 => "ml-dsa-65",
        }
    }

    /// The digest of the content that goes with it in CMS.
    #[must_use]
    pub fn digest(self) -> DigestAlgorithm {
        match self {
            Self::P256 | Self::Rsa2048 | Self::Rsa3072 => DigestAlgorithm::Sha256,
            Self::P384 => DigestAlgorithm::Sha384,
            Self::Rsa4096 | Self::Ed25519 | Self::MlDsa65 => DigestAlgorithm::Sha512,
            Self::Sm2 => DigestAlgorithm::Sm3,
        }
    }

    /// The AlgorithmIdentifier of its signatures.
    #[must_use]
    pub fn signature_identifier(self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::P256 => w.algorithm(oid::ECDSA_SHA256, false),
            Self::P384 => w.algorithm(oid::ECDSA_SHA384, false),
            Self::Rsa2048 | Self::Rsa3072 => w.algorithm(oid::SHA256_RSA, true),
            Self::Rsa4096 => w.algorithm(oid::SHA512_RSA, true),
            Self::Ed25519 => w.algorithm(oid::ED25519, false),
            Self::Sm2 => w.algorithm(oid::SM2_SM3, false),
            Self::MlDsa65 => w.algorithm(oid::ML_DSA_65, false),
        }
        w.into_bytes()
    }
}

impl KeyAlgorithm {
    /// Until when it is recommended, and by whom; none where nobody has said. After that new tokens
    /// need another, and old ones need to have been stamped again before.
    #[must_use]
    pub fn recommended_until(self) -> Option<(Time, &'static str)> {
        // 2030-12-31 and 2035-12-31.
        let unix_s = match self {
            Self::Rsa2048 => 1_924_905_600,
            Self::P256 | Self::P384 | Self::Rsa3072 | Self::Rsa4096 | Self::Ed25519 => 2_082_672_000,
            Self::Sm2 | Self::MlDsa65 => return None,
        };
        Some((Time::from_unix(unix_s), "NIST IR 8547"))
    }
}

impl FromStr for KeyAlgorithm {
    type Err = TrustError;

    fn from_str(name: &str) -> Result<Self, TrustError> {
        let names: Vec<_> = Self::ALL.iter().map(|a| a.name()).collect();
        let found = Self::ALL.into_iter().find(|a| a.name() == name);
        found.ok_or_else(|| TrustError::Refused(format!("no key algorithm {name}; choose one of {}", names.join(", "))))
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A private key in memory.
pub struct SigningKey {
    algorithm: KeyAlgorithm,
    pair: Pair,
    random: SystemRandom,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Sm2(Box<sm2::dsa::SigningKey>),
    MlDsa65(PqdsaKeyPair),
    Hardware(HardwareKey),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm)
    }
}

pub(crate) fn broken(what: &str) -> TrustError {
    TrustError::Broken(format!("the cryptographic library failed: {what}"))
}

impl SigningKey {
    /// A new key.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, TrustError> {
        let rsa = |size| RsaKeyPair::generate(size).map(Pair::Rsa);
        let pair = match algorithm {
            KeyAlgorithm::P256 => EcdsaKeyPair::generate(&aws::ECDSA_P256_SHA256_ASN1_SIGNING).map(Pair::Ecdsa),
            KeyAlgorithm::P384 => EcdsaKeyPair::generate(&aws::ECDSA_P384_SHA384_ASN1_SIGNING).map(Pair::Ecdsa),
            KeyAlgorithm::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyAlgorithm::Rsa3072 => rsa(KeySize::Rsa3072),
            KeyAlgorithm::Rsa4096 => rsa(KeySize::Rsa4096),
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed25519),
            KeyAlgorithm::MlDsa65 => PqdsaKeyPair::generate(&aws::ML_DSA_65_SIGNING).map(Pair::MlDsa65),
            KeyAlgorithm::Sm2 => Ok(Pair::Sm2(Box::new(generate_sm2()?))),
        };
        let pair = pair.map_err(|_| broken("key generation"))?;
        Ok(Self::of(algorithm, pair))
    }

    fn of(algorithm: KeyAlgorithm, pair: Pair) -> Self {
        Self { algorithm, pair, random: SystemRandom::new() }
    }

    /// From an unencrypted PKCS #8 structure.
    fn from_pkcs8(algorithm: KeyAlgorithm, der: &[u8]) -> Result<Self, TrustError> {
        let pair = match algorithm {
            KeyAlgorithm::P256 => EcdsaKeyPair::from_pkcs8(&aws::ECDSA_P256_SHA256_ASN1_SIGNING, der).map(Pair::Ecdsa),
            KeyAlgorithm::P384 => EcdsaKeyPair::from_pkcs8(&aws::ECDSA_P384_SHA384_ASN1_SIGNING, der).map(Pair::Ecdsa),
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
            KeyAlgorithm::MlDsa65 => PqdsaKeyPair::from_pkcs8(&aws::ML_DSA_65_SIGNING, der).map(Pair::MlDsa65),
            KeyAlgorithm::Sm2 => return sm2_from_pkcs8(der),
            _ => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
        };
        let pair = pair.map_err(|_| not_a_key(algorithm))?;
        Ok(Self::of(algorithm, pair))
    }

    /// Reads a key from PEM `ENCRYPTED PRIVATE KEY`.
    pub fn from_encrypted_pem(algorithm: KeyAlgorithm, pem: &str, passphrase: &[u8]) -> Result<Self, TrustError> {
        let plain = decrypt(pem, passphrase)?;
        Self::from_pkcs8(algorithm, plain.as_bytes())
    }

    /// The key as PEM `ENCRYPTED PRIVATE KEY`: scrypt and AES-256-CBC, which OpenSSL reads.
    pub fn to_encrypted_pem(&self, passphrase: &[u8]) -> Result<Zeroizing<String>, TrustError> {
        let plain: Zeroizing<Vec<u8>> = Zeroizing::new(match &self.pair {
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map_err(|_| broken("key encoding"))?.as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| broken("key encoding"))?;
                der.as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map_err(|_| broken("key encoding"))?.as_ref().to_vec(),
            Pair::MlDsa65(pair) => pair.to_pkcs8v1().map_err(|_| broken("key encoding"))?.as_ref().to_vec(),
            Pair::Sm2(key) => {
                let secret = sm2::SecretKey::from(key.as_nonzero_scalar());
                secret.to_pkcs8_der().map_err(|_| broken("key encoding"))?.as_bytes().to_vec()
            }
            Pair::Hardware(_) => return Err(TrustError::Refused("a key in hardware does not leave it".to_owned())),
        });
        encrypt(&plain, passphrase)
    }

    /// The kind of key.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Whether a signature takes so little time that others need not wait for it elsewhere.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        let is_rsa = matches!(self.algorithm, KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096);
        !is_rsa && !matches!(self.pair, Pair::Hardware(_))
    }

    /// The SubjectPublicKeyInfo.
    pub fn spki(&self) -> Result<Vec<u8>, TrustError> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
            Pair::MlDsa65(pair) => pair.public_key().as_der(),
            Pair::Sm2(key) => return Ok(ec_spki(oid::SM2_CURVE, &key.verifying_key().to_sec1_bytes())),
            Pair::Hardware(key) => return Ok(key.spki().to_vec()),
        };
        Ok(der.map_err(|_| broken("public key encoding"))?.as_ref().to_vec())
    }

    /// A signature over `message`, as X.509 and CMS encode it.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TrustError> {
        match &self.pair {
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&self.random, message).map_err(|_| broken("signing"))?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let encoding = match self.algorithm.digest() {
                    DigestAlgorithm::Sha512 => &aws::RSA_PKCS1_SHA512,
                    _ => &aws::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &self.random, message, &mut signature).map_err(|_| broken("signing"))?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::MlDsa65(pair) => {
                let mut signature = vec![0; ML_DSA_65_SIGNATURE_BYTES];
                pair.sign(message, &mut signature).map_err(|_| broken("signing"))?;
                Ok(signature)
            }
            Pair::Sm2(key) => {
                let signature: sm2::dsa::Signature = key.try_sign(message).map_err(|_| broken("signing"))?;
                Ok(encode_pair(&signature.to_bytes()))
            }
            Pair::Hardware(key) => key.sign(message),
        }
    }

    /// Fills `out` with random bytes from the operating system.
    pub fn fill_random(&self, out: &mut [u8]) -> Result<(), TrustError> {
        fill_random(&self.random, out)
    }
}

fn not_a_key(algorithm: KeyAlgorithm) -> TrustError {
    TrustError::Refused(format!("the key file does not hold a {algorithm} key"))
}

fn generate_sm2() -> Result<sm2::dsa::SigningKey, TrustError> {
    loop {
        let secret: Zeroizing<[u8; 32]> = Zeroizing::new(random()?);
        // One number in four thousand million is too large.
        if let Ok(key) = sm2::dsa::SigningKey::from_slice(SM2_DEFAULT_ID, secret.as_slice()) {
            return Ok(key);
        }
    }
}

fn sm2_from_pkcs8(der: &[u8]) -> Result<SigningKey, TrustError> {
    let secret = sm2::SecretKey::from_pkcs8_der(der).map_err(|_| not_a_key(KeyAlgorithm::Sm2))?;
    let key = sm2::dsa::SigningKey::new(SM2_DEFAULT_ID, &secret).map_err(|_| not_a_key(KeyAlgorithm::Sm2))?;
    Ok(SigningKey::of(KeyAlgorithm::Sm2, Pair::Sm2(Box::new(key))))
}

/// A SubjectPublicKeyInfo for a point on a curve (RFC 5480).
fn ec_spki(curve: oid::Oid<'_>, point: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.sequence(|w| {
            w.oid(oid::EC_PUBLIC_KEY);
            w.oid(curve);
        });
        w.bit_string(point);
    });
    w.into_bytes()
}

/// r ‖ s as X.509 and CMS have it: a SEQUENCE of two integers.
fn encode_pair(raw: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        let (r, s) = raw.split_at(raw.len() / 2);
        w.integer_unsigned_as(tag::INTEGER, r);
        w.integer_unsigned_as(tag::INTEGER, s);
    });
    w.into_bytes()
}

/// Fills `out` with random bytes.
pub(crate) fn fill_random(random: &SystemRandom, out: &mut [u8]) -> Result<(), TrustError> {
    random.fill(out).map_err(|_| broken("random numbers"))
}

/// Random bytes for salts and nonces.
pub fn random<const N: usize>() -> Result<[u8; N], TrustError> {
    let mut out = [0; N];
    fill_random(&SystemRandom::new(), &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file_and_a_wrong_passphrase_does_not_open_it() {
        let all = KeyAlgorithm::ALL.into_iter().filter(|a| !matches!(a, KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096));
        for algorithm in all {
            let key = SigningKey::generate(algorithm).unwrap();
            let pem = key.to_encrypted_pem(b"correct").unwrap();
            assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
            let back = SigningKey::from_encrypted_pem(algorithm, &pem, b"correct").unwrap();
            assert_eq!(back.spki().unwrap(), key.spki().unwrap());
            assert!(SigningKey::from_encrypted_pem(algorithm, &pem, b"wrong").is_err());
            assert!(SigningKey::from_encrypted_pem(algorithm, &pem[..200], b"correct").is_err());
        }
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let pem = SigningKey::generate(KeyAlgorithm::P256).unwrap().to_encrypted_pem(b"p").unwrap();
        assert!(SigningKey::from_encrypted_pem(KeyAlgorithm::P384, &pem, b"p").is_err());
        assert!("dsa".parse::<KeyAlgorithm>().is_err());
    }
}

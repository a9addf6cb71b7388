//! Private keys: made and used by AWS-LC, kept as encrypted PKCS #8 (RFC 5958, RFC 8018).
//!
//! An attacker who reads the key folder without the passphrase file gains
//! nothing; one who reads both can sign as this authority.

use crate::TrustError;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{self as aws, EcdsaKeyPair, KeyPair as _};
use pkcs8::der::pem::{LineEnding, PemLabel};
use pkcs8::pkcs5::{pbes2, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use proof::der::Writer;
use proof::digest::DigestAlgorithm;
use proof::oid;
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
}

impl KeyAlgorithm {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The name in configuration and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }

    /// The digest that goes with it.
    #[must_use]
    pub fn digest(self) -> DigestAlgorithm {
        match self {
            Self::P256 | Self::Rsa2048 | Self::Rsa3072 => DigestAlgorithm::Sha256,
            Self::P384 => DigestAlgorithm::Sha384,
            Self::Rsa4096 => DigestAlgorithm::Sha512,
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
        }
        w.into_bytes()
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
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm)
    }
}

pub(crate) fn broken(what: &str) -> TrustError {
    TrustError::Broken(format!("the cryptographic library failed: {what}"))
}

/// Decrypts PEM `ENCRYPTED PRIVATE KEY` to PKCS #8.
pub(crate) fn decrypt(pem: &str, passphrase: &[u8]) -> Result<SecretDocument, TrustError> {
    let refused = |what: &str| TrustError::Refused(format!("the key file cannot be used: {what}"));
    let (label, document) = SecretDocument::from_pem(pem).map_err(|_| refused("it is not PEM"))?;
    EncryptedPrivateKeyInfoRef::validate_pem_label(label).map_err(|_| refused("it is not an encrypted key"))?;
    let info: EncryptedPrivateKeyInfoRef<'_> =
        document.decode_msg().map_err(|_| refused("its structure is damaged"))?;
    info.decrypt(passphrase).map_err(|_| refused("the passphrase does not fit"))
}

/// PKCS #8 as PEM `ENCRYPTED PRIVATE KEY`: scrypt and AES-256-CBC, which OpenSSL reads.
pub(crate) fn encrypt(plain: &[u8], passphrase: &[u8]) -> Result<Zeroizing<String>, TrustError> {
    let random = SystemRandom::new();
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    fill_random(&random, &mut salt)?;
    fill_random(&random, &mut iv)?;
    // 2^14 * 8 * 128 bytes: OpenSSL refuses more than 32 MiB by default.
    let cost = scrypt::Params::new(14, 8, 1).map_err(|_| broken("key encryption"))?;
    let parameters =
        pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv).map_err(|_| broken("key encryption"))?;
    let info = PrivateKeyInfoRef::try_from(plain).map_err(|_| broken("key encoding"))?;
    let document = info.encrypt_with_params(parameters, passphrase).map_err(|_| broken("key encryption"))?;
    document.to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF).map_err(|_| broken("key encoding"))
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
        };
        let pair = pair.map_err(|_| broken("key generation"))?;
        Ok(Self { algorithm, pair, random: SystemRandom::new() })
    }

    /// From an unencrypted PKCS #8 structure.
    fn from_pkcs8(algorithm: KeyAlgorithm, der: &[u8]) -> Result<Self, TrustError> {
        let pair = match algorithm {
            KeyAlgorithm::P256 => EcdsaKeyPair::from_pkcs8(&aws::ECDSA_P256_SHA256_ASN1_SIGNING, der).map(Pair::Ecdsa),
            KeyAlgorithm::P384 => EcdsaKeyPair::from_pkcs8(&aws::ECDSA_P384_SHA384_ASN1_SIGNING, der).map(Pair::Ecdsa),
            _ => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
        };
        let pair = pair.map_err(|_| TrustError::Refused(format!("the key file does not hold a {algorithm} key")))?;
        Ok(Self { algorithm, pair, random: SystemRandom::new() })
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
        });
        encrypt(&plain, passphrase)
    }

    /// The kind of key.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The SubjectPublicKeyInfo.
    pub fn spki(&self) -> Result<Vec<u8>, TrustError> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
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
        }
    }

    /// Fills `out` with random bytes from the operating system.
    pub fn fill_random(&self, out: &mut [u8]) -> Result<(), TrustError> {
        fill_random(&self.random, out)
    }
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
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
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

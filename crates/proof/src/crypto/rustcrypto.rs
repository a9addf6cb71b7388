//! The backend that decides every verdict shown: RustCrypto, the same on all platforms.

use super::{Curve, PublicKey, Signature, SignatureAlgorithm, SignatureError, Verifier};
use crate::digest::DigestAlgorithm;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::BoxedUint;

/// Signature checks in pure Rust.
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCrypto;

/// The identity that goes into Z where none was agreed (GM/T 0009 section 10).
pub const SM2_DEFAULT_ID: &str = "1234567812345678";

impl Verifier for RustCrypto {
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        key: &PublicKey<'_>,
        message: &[u8],
        signature: &Signature<'_>,
    ) -> Result<(), SignatureError> {
        let valid = match (algorithm, key) {
            (SignatureAlgorithm::RsaPkcs1(digest), PublicKey::Rsa { modulus, exponent, .. }) => {
                rsa_pkcs1(digest, modulus, exponent, message, signature.bytes())
            }
            (SignatureAlgorithm::RsaPss(digest), PublicKey::Rsa { modulus, exponent, .. }) => {
                rsa_pss(digest, modulus, exponent, message, signature.bytes())
            }
            (SignatureAlgorithm::Ecdsa(digest), PublicKey::Ec { curve, point }) => {
                ecdsa(digest, *curve, point, message, signature.bytes())
            }
            (SignatureAlgorithm::Ed25519, PublicKey::Ed25519(point)) => ed25519(point, message, signature.bytes()),
            (SignatureAlgorithm::Sm2, PublicKey::Sm2(point)) => sm2(point, message, signature.bytes()),
            (SignatureAlgorithm::MlDsa65, PublicKey::MlDsa65(key)) => ml_dsa_65(key, message, signature.bytes()),
            _ => return Err(SignatureError::Unsupported),
        };
        if valid.is_some() { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Option<rsa::RsaPublicKey> {
    let n = BoxedUint::from_be_slice_vartime(modulus);
    let e = BoxedUint::from_be_slice_vartime(exponent);
    rsa::RsaPublicKey::new(n, e).ok()
}

fn rsa_pkcs1(digest: DigestAlgorithm, n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = rsa_public_key(n, e)?;
    let hashed = digest.digest(message);
    // DigestInfo up to the digest itself (RFC 8017 section 9.2).
    let mut prefix = crate::der::Writer::new();
    prefix.sequence(|w| {
        w.algorithm(digest.oid(), true);
        w.octets(hashed.as_bytes());
    });
    let mut prefix = prefix.into_bytes();
    prefix.truncate(prefix.len() - digest.length());
    let scheme = rsa::Pkcs1v15Sign { hash_len: Some(digest.length()), prefix: prefix.into() };
    key.verify(scheme, hashed.as_bytes(), signature).ok()
}

fn rsa_pss(digest: DigestAlgorithm, n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = rsa_public_key(n, e)?;
    let hashed = digest.digest(message);
    let length = digest.length();
    let scheme = match digest {
        DigestAlgorithm::Sha256 => rsa::Pss::<sha2::Sha256>::new_with_salt(length),
        DigestAlgorithm::Sha384 => {
            return key.verify(rsa::Pss::<sha2::Sha384>::new_with_salt(length), hashed.as_bytes(), signature).ok();
        }
        DigestAlgorithm::Sha512 => {
            return key.verify(rsa::Pss::<sha2::Sha512>::new_with_salt(length), hashed.as_bytes(), signature).ok();
        }
        _ => return None,
    };
    key.verify(scheme, hashed.as_bytes(), signature).ok()
}

fn ecdsa(digest: DigestAlgorithm, curve: Curve, point: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let hashed = digest.digest(message);
    match curve {
        Curve::P256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            let signature = p256::ecdsa::Signature::from_slice(signature).ok()?;
            key.verify_prehash(hashed.as_bytes(), &signature).ok()
        }
        Curve::P384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            let signature = p384::ecdsa::Signature::from_slice(signature).ok()?;
            key.verify_prehash(hashed.as_bytes(), &signature).ok()
        }
    }
}

fn ed25519(point: &[u8; 32], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(point).ok()?;
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    key.verify(message, &signature).ok()
}

fn sm2(point: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = sm2::PublicKey::from_sec1_bytes(point).ok()?;
    let key = sm2::dsa::VerifyingKey::new(SM2_DEFAULT_ID, key).ok()?;
    let signature = sm2::dsa::Signature::from_slice(signature).ok()?;
    key.verify(message, &signature).ok()
}

fn ml_dsa_65(key: &[u8; super::ML_DSA_65_KEY_BYTES], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = ml_dsa::VerifyingKey::<ml_dsa::MlDsa65>::decode(key.into());
    let signature = ml_dsa::Signature::<ml_dsa::MlDsa65>::try_from(signature).ok()?;
    key.verify_with_context(message, &[], &signature).then_some(())
}

//! The fast crypto backend: AWS-LC, for self-checks and bulk verification.
//!
//! It agrees with `proof::crypto::RustCrypto` on every input; tests compare the
//! two over all vectors and their mutations. What AWS-LC does not have (SM2,
//! SHA-1, SHA-3 under RSA or ECDSA) goes to RustCrypto.

use aws_lc_rs::signature as aws;
use proof::crypto::{Curve, PublicKey, RustCrypto, Signature, SignatureAlgorithm, SignatureError, Verifier};
use proof::digest::DigestAlgorithm::{Sha256, Sha384, Sha512};

/// Signature checks with AWS-LC.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLc;

impl Verifier for AwsLc {
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        key: &PublicKey<'_>,
        message: &[u8],
        signature: &Signature<'_>,
    ) -> Result<(), SignatureError> {
        use SignatureAlgorithm::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
        let (method, key_bytes): (&'static dyn aws::VerificationAlgorithm, &[u8]) = match (algorithm, key) {
            (Ecdsa(Sha256), PublicKey::Ec { curve: Curve::P256, point }) => (&aws::ECDSA_P256_SHA256_FIXED, point),
            (Ecdsa(Sha384), PublicKey::Ec { curve: Curve::P384, point }) => (&aws::ECDSA_P384_SHA384_FIXED, point),
            (RsaPkcs1(Sha256), PublicKey::Rsa { encoded, .. }) => (&aws::RSA_PKCS1_2048_8192_SHA256, encoded),
            (RsaPkcs1(Sha384), PublicKey::Rsa { encoded, .. }) => (&aws::RSA_PKCS1_2048_8192_SHA384, encoded),
            (RsaPkcs1(Sha512), PublicKey::Rsa { encoded, .. }) => (&aws::RSA_PKCS1_2048_8192_SHA512, encoded),
            (RsaPss(Sha256), PublicKey::Rsa { encoded, .. }) => (&aws::RSA_PSS_2048_8192_SHA256, encoded),
            (RsaPss(Sha384), PublicKey::Rsa { encoded, .. }) => (&aws::RSA_PSS_2048_8192_SHA384, encoded),
            (RsaPss(Sha512), PublicKey::Rsa { encoded, .. }) => (&aws::RSA_PSS_2048_8192_SHA512, encoded),
            (Ed25519, PublicKey::Ed25519(point)) => (&aws::ED25519, *point),
            _ => return RustCrypto.verify(algorithm, key, message, signature),
        };
        aws::UnparsedPublicKey::new(method, key_bytes)
            .verify(message, signature.pair())
            .map_err(|_| SignatureError::Mismatch)
    }
}

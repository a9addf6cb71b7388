//! The fast crypto backend: AWS-LC, for self-checks and bulk verification.
//!
//! It agrees with `proof::crypto::RustCrypto` on every input; tests compare the
//! two over all vectors and their mutations. What AWS-LC does not have (SM2,
//! SHA-1, SHA-3 under RSA or ECDSA) goes to RustCrypto.

use aws_lc_rs::digest as native;
use aws_lc_rs::signature as aws;
use proof::crypto::{Curve, PublicKey, RustCrypto, Signature, SignatureAlgorithm, SignatureError, Verifier};
use proof::digest::DigestAlgorithm::{Sha1, Sha3_256, Sha3_384, Sha3_512, Sha256, Sha384, Sha512};
use proof::digest::{Digest, DigestAlgorithm};

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
        use SignatureAlgorithm::{Ecdsa, Ed25519, MlDsa65, RsaPkcs1, RsaPss};
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
            (MlDsa65, PublicKey::MlDsa65(key)) => (&aws::ML_DSA_65, *key),
            _ => return RustCrypto.verify(algorithm, key, message, signature),
        };
        aws::UnparsedPublicKey::new(method, key_bytes)
            .verify(message, signature.bytes())
            .map_err(|_| SignatureError::Mismatch)
    }

    fn digest(&self, algorithm: DigestAlgorithm, parts: &[&[u8]]) -> Digest {
        let mut hasher = Hasher::new(algorithm);
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finish()
    }
}

/// A digest under way, with AWS-LC where it has the algorithm: several times faster than
/// portable code on processors without instructions for it.
pub struct Hasher {
    algorithm: DigestAlgorithm,
    state: State,
}

enum State {
    Native(native::Context),
    Portable(proof::digest::Hasher),
}

impl Hasher {
    /// An empty digest.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        let native = match algorithm {
            Sha1 => Some(&native::SHA1_FOR_LEGACY_USE_ONLY),
            Sha256 => Some(&native::SHA256),
            Sha384 => Some(&native::SHA384),
            Sha512 => Some(&native::SHA512),
            Sha3_256 => Some(&native::SHA3_256),
            Sha3_384 => Some(&native::SHA3_384),
            Sha3_512 => Some(&native::SHA3_512),
            _ => None,
        };
        let state = match native {
            Some(native) => State::Native(native::Context::new(native)),
            None => State::Portable(algorithm.hasher()),
        };
        Self { algorithm, state }
    }

    /// Adds the next bytes of the content.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Native(context) => context.update(bytes),
            State::Portable(hasher) => hasher.update(bytes),
        }
    }

    /// The digest of all that was added.
    #[must_use]
    pub fn finish(self) -> Digest {
        match self.state {
            State::Portable(hasher) => hasher.finish(),
            State::Native(context) => {
                Digest::new(self.algorithm, context.finish().as_ref()).expect("the native algorithm is the same one")
            }
        }
    }
}

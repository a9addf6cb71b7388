//! Encrypted PKCS #8 as PEM (RFC 5958, RFC 8018, RFC 7468).

use super::{broken, fill_random};
use crate::TrustError;
use aws_lc_rs::rand::SystemRandom;
use pkcs8::der::pem::{LineEnding, PemLabel};
use pkcs8::pkcs5::{pbes2, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

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

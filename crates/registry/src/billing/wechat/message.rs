//! How messages of WeChat Pay are signed, checked and opened (API v3, "签名生成", "签名验证", "回调解密").

use super::Settings;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use axum::http::HeaderMap;
use base64ct::{Base64, Encoding as _};
use proof::der::Time;
use proof::digest::hex;
use serde::Deserialize;
use trust::keys::random;

/// How old a message may be.
const AGE_S: u64 = 300;

/// A notice: what it is about is sealed.
#[derive(Deserialize)]
pub(super) struct Sealed {
    pub event_type: String,
    pub resource: Resource,
}

/// What is sealed in a notice.
#[derive(Deserialize)]
pub(super) struct Resource {
    pub algorithm: String,
    pub ciphertext: String,
    #[serde(default)]
    pub associated_data: String,
    pub nonce: String,
}

/// The keys.
pub(super) struct Signer {
    head: String,
    key: KeyPair,
    platform: String,
    platform_key: UnparsedPublicKey<Vec<u8>>,
    secret: LessSafeKey,
}

/// The content of the first block of this kind in a PEM file.
fn der(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let text: String = pem.split(&begin).nth(1)?.split(&end).next()?.split_whitespace().collect();
    Base64::decode_vec(&text).ok()
}

impl Signer {
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let key = der(&settings.key, "PRIVATE KEY").and_then(|der| KeyPair::from_pkcs8(&der).ok());
        let key = key.ok_or("the merchant's key is no RSA key in PKCS #8 and PEM")?;
        let platform_key =
            der(&settings.platform_key, "PUBLIC KEY").ok_or("the platform's key is no public key in PEM")?;
        let secret =
            UnboundKey::new(&AES_256_GCM, &settings.secret).map_err(|_| "the APIv3 key is not 32 characters")?;
        Ok(Self {
            head: format!("mchid=\"{}\",serial_no=\"{}\"", settings.merchant, settings.serial),
            key,
            platform: settings.platform.clone(),
            platform_key: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, platform_key),
            secret: LessSafeKey::new(secret),
        })
    }

    /// The header that signs a request.
    pub fn authorization(&self, method: &str, path: &str, body: &str, now: Time) -> Result<String, String> {
        let (time, nonce) = (now.unix_s(), hex(&random::<16>().map_err(|e| e.to_string())?));
        let message = format!("{method}\n{path}\n{time}\n{nonce}\n{body}\n");
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
        signed.map_err(|_| "the request cannot be signed")?;
        let (head, signature) = (&self.head, Base64::encode_string(&signature));
        Ok(format!(
            "WECHATPAY2-SHA256-RSA2048 {head},nonce_str=\"{nonce}\",timestamp=\"{time}\",signature=\"{signature}\""
        ))
    }

    /// Whether a message is the platform's, and of now.
    pub fn check(&self, headers: &HeaderMap, body: &[u8], now: Time) -> Result<(), String> {
        let head = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (time, nonce) = (head("wechatpay-timestamp"), head("wechatpay-nonce"));
        if head("wechatpay-serial") != self.platform {
            return Err("signed with another key than the platform's".to_owned());
        }
        let unix_s: i64 = time.parse().map_err(|_| "a message without a time".to_owned())?;
        if unix_s.abs_diff(now.unix_s()) > AGE_S {
            return Err("a message of another time".to_owned());
        }
        let signature = Base64::decode_vec(head("wechatpay-signature")).map_err(|_| "a signature that is none")?;
        let message = [time.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"].concat();
        let good = self.platform_key.verify(&message, &signature);
        good.map_err(|_| "the signature is wrong".to_owned())
    }

    /// What is sealed in a notice.
    pub fn open(&self, resource: &Resource) -> Result<Vec<u8>, String> {
        if resource.algorithm != "AEAD_AES_256_GCM" {
            return Err("sealed with another algorithm".to_owned());
        }
        let mut sealed = Base64::decode_vec(&resource.ciphertext).map_err(|_| "a content that is none")?;
        let nonce = Nonce::try_assume_unique_for_key(resource.nonce.as_bytes()).map_err(|_| "a nonce that is none")?;
        let opened = self.secret.open_in_place(nonce, Aad::from(resource.associated_data.as_bytes()), &mut sealed);
        Ok(opened.map_err(|_| "the content cannot be opened")?.to_vec())
    }
}

//! Secrets and signatures, as Standard Webhooks 1.0.0 has them (symmetric, `v1`).

use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding as _};
use trust::TrustError;
use zeroize::Zeroizing;

/// What every secret begins with, so that scanners of published code find it.
const PREFIX: &str = "whsec_";
const BYTES: usize = 32;

/// The secret of an endpoint.
pub(super) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A new one.
    pub(super) fn new() -> Result<Self, TrustError> {
        Ok(Self(Zeroizing::new(trust::keys::random::<BYTES>()?.to_vec())))
    }

    /// As it was kept.
    pub(super) fn of(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// To be kept, sealed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As its owner is shown it, once.
    pub(super) fn text(&self) -> String {
        format!("{PREFIX}{}", Base64::encode_string(&self.0))
    }

    /// The signature of a message: its id, the time of the attempt in seconds, its body.
    pub(super) fn sign(&self, id: &str, time_s: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut signed = hmac::Context::with_key(&key);
        signed.update(format!("{id}.{time_s}.").as_bytes());
        signed.update(body);
        format!("v1,{}", Base64::encode_string(signed.sign().as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the specification's libraries test themselves with.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = Base64::decode_vec("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let secret = Secret::of(Zeroizing::new(secret));
        assert_eq!(secret.text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let told = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(told, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        for other in [
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJel", 1_614_265_330, br#"{"test": 2432232314}"#),
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_331, br#"{"test": 2432232314}"#),
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232315}"#),
        ] {
            assert_ne!(other, told);
        }
    }

    #[test]
    fn a_secret_is_32_random_bytes_in_base64() {
        let [one, two] = [Secret::new().unwrap().text(), Secret::new().unwrap().text()];
        assert_ne!(one, two);
        assert_eq!(Base64::decode_vec(one.strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
    }
}

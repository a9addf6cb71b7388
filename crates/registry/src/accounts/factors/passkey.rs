//! Passkeys: what an authenticator says, checked (Web Authentication Level 3, sections 7.1 and 7.2).
//!
//! Pure: no clock, no database. We ask for no attestation, and so believe none: which device it is
//! does not matter here, only that it is the one from before and that its user was verified.
//! Decision 0011 says why this is not a library.

use super::cbor::Cbor;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use proof::digest::DigestAlgorithm;
use serde::Deserialize;
use std::fmt;

/// The algorithms that we take, as COSE numbers them, the preferred one first.
pub(super) const ALGORITHMS: [i64; 3] = [-7, -8, -257];
/// No credential's id is longer (section 4).
const ID_BYTES_MAX: usize = 1023;
/// Nothing that an authenticator sends is larger.
pub(super) const ANSWER_BYTES_MAX: usize = 16 << 10;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// Where and for what the authenticator was asked.
pub(super) struct Asked<'a> {
    /// The relying party: the host of the site.
    pub(super) rp_id: &'a str,
    /// The origin of the page.
    pub(super) origin: &'a str,
    /// The challenge, as base64url.
    pub(super) challenge: &'a str,
}

/// Why an answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It cannot be read.
    Unreadable,
    /// It answers another question: another type, challenge, origin or site.
    Elsewhere,
    /// The authenticator did not verify who uses it.
    Unverified,
    /// The key is of a kind that we do not take.
    Algorithm,
    /// The signature is not that of the key.
    Signature,
    /// The counter went back: two devices have the key.
    Copied,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The JSON that the page sends, made of what the browser gave it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    id: String,
    client: String,
    #[serde(default)]
    attestation: String,
    #[serde(default)]
    authenticator: String,
    #[serde(default)]
    signature: String,
}

/// A new passkey.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// Its id.
    pub(super) id: Vec<u8>,
    /// Its public key, as a COSE key.
    pub(super) cose: Vec<u8>,
    /// Its counter.
    pub(super) count: u32,
}

fn base64(text: &str) -> Result<Vec<u8>, Unfit> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Unfit::Unreadable)
}

impl Answer {
    /// Reads what the page sent.
    pub(super) fn parse(text: &str) -> Result<Self, Unfit> {
        if text.len() > ANSWER_BYTES_MAX {
            return Err(Unfit::Unreadable);
        }
        serde_json::from_str(text).map_err(|_| Unfit::Unreadable)
    }

    /// Which passkey it says to be of.
    pub(super) fn id(&self) -> Result<Vec<u8>, Unfit> {
        base64(&self.id).and_then(|id| if id.len() > ID_BYTES_MAX { Err(Unfit::Unreadable) } else { Ok(id) })
    }

    /// The passkey that was made (section 7.1).
    pub(super) fn made(&self, asked: &Asked<'_>) -> Result<Made, Unfit> {
        check_client(&base64(&self.client)?, "webauthn.create", asked)?;
        let attestation = base64(&self.attestation)?;
        let (object, rest) = Cbor::parse(&attestation).ok_or(Unfit::Unreadable)?;
        let data = object.bytes(&Cbor::Text("authData")).filter(|_| rest.is_empty()).ok_or(Unfit::Unreadable)?;
        let (flags, count, rest) = check_data(data, asked)?;
        if flags & ATTESTED == 0 {
            return Err(Unfit::Unreadable);
        }
        let (_aaguid, rest) = rest.split_at_checked(16).ok_or(Unfit::Unreadable)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(Unfit::Unreadable)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, key) = rest.split_at_checked(length).ok_or(Unfit::Unreadable)?;
        if id.is_empty() || id.len() > ID_BYTES_MAX || id != self.id()? {
            return Err(Unfit::Unreadable);
        }
        let (_, after) = Cbor::parse(key).ok_or(Unfit::Unreadable)?;
        let cose = &key[..key.len() - after.len()];
        PublicKey::parse(cose)?;
        Ok(Made { id: id.to_vec(), cose: cose.to_vec(), count })
    }

    /// The new counter of a passkey that was used (section 7.2).
    pub(super) fn used(&self, asked: &Asked<'_>, cose: &[u8], count: u32) -> Result<u32, Unfit> {
        let client = base64(&self.client)?;
        check_client(&client, "webauthn.get", asked)?;
        let data = base64(&self.authenticator)?;
        let (_, new, _) = check_data(&data, asked)?;
        let message = [&data[..], DigestAlgorithm::Sha256.digest(&client).as_bytes()].concat();
        PublicKey::parse(cose)?.verify(&message, &base64(&self.signature)?)?;
        // Authenticators that do not count say 0 always.
        if (new, count) != (0, 0) && new <= count {
            return Err(Unfit::Copied);
        }
        Ok(new)
    }
}

#[derive(Deserialize)]
struct Client {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    is_cross_origin: bool,
}

fn check_client(json: &[u8], kind: &str, asked: &Asked<'_>) -> Result<(), Unfit> {
    let client: Client = serde_json::from_slice(json).map_err(|_| Unfit::Unreadable)?;
    let is_ours = client.kind == kind
        && client.challenge == asked.challenge
        && client.origin == asked.origin
        && !client.is_cross_origin;
    if is_ours { Ok(()) } else { Err(Unfit::Elsewhere) }
}

/// Flags, counter, and what follows (section 6.1).
fn check_data<'a>(data: &'a [u8], asked: &Asked<'_>) -> Result<(u8, u32, &'a [u8]), Unfit> {
    let (rp, rest) = data.split_at_checked(32).ok_or(Unfit::Unreadable)?;
    let (head, rest) = rest.split_first_chunk::<5>().ok_or(Unfit::Unreadable)?;
    if rp != DigestAlgorithm::Sha256.digest(asked.rp_id.as_bytes()).as_bytes() {
        return Err(Unfit::Elsewhere);
    }
    let [flags, count @ ..] = *head;
    if flags & (PRESENT | VERIFIED) != PRESENT | VERIFIED {
        return Err(Unfit::Unverified);
    }
    Ok((flags, u32::from_be_bytes(count), rest))
}

/// A public key (RFC 9053 section 2, RFC 8812 section 2).
enum PublicKey<'a> {
    P256(Vec<u8>),
    Ed25519(&'a [u8]),
    Rsa(&'a [u8], &'a [u8]),
}

impl<'a> PublicKey<'a> {
    fn parse(cose: &'a [u8]) -> Result<Self, Unfit> {
        let (map, rest) = Cbor::parse(cose).ok_or(Unfit::Unreadable)?;
        if !rest.is_empty() {
            return Err(Unfit::Unreadable);
        }
        let int = |key: i64| match map.get(&Cbor::Int(key)) {
            Some(Cbor::Int(value)) => Some(*value),
            _ => None,
        };
        let bytes = |key: i64, length: usize| map.bytes(&Cbor::Int(key)).filter(|value| value.len() == length);
        let key = match (int(1), int(3), int(-1)) {
            (Some(2), Some(-7), Some(1)) => {
                bytes(-2, 32).zip(bytes(-3, 32)).map(|(x, y)| Self::P256([&[4], x, y].concat()))
            }
            (Some(1), Some(-8), Some(6)) => bytes(-2, 32).map(Self::Ed25519),
            (Some(3), Some(-257), None) => {
                let modulus = map.bytes(&Cbor::Int(-1)).filter(|n| (256..=1024).contains(&n.len()));
                let exponent = map.bytes(&Cbor::Int(-2)).filter(|e| (1..=4).contains(&e.len()));
                modulus.zip(exponent).map(|(n, e)| Self::Rsa(n, e))
            }
            _ => None,
        };
        key.ok_or(Unfit::Algorithm)
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unfit> {
        let verified = match self {
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Rsa(n, e) => {
                RsaPublicKeyComponents { n: *n, e: *e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| Unfit::Signature)
    }
}

/// The parts of an answer that a stranger encodes, past the JSON around them.
#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8], asked: &Asked<'_>) {
    let text = Base64UrlUnpadded::encode_string(bytes);
    let client = |kind: &str| {
        let json =
            format!("{{\"type\":\"{kind}\",\"challenge\":\"{}\",\"origin\":\"{}\"}}", asked.challenge, asked.origin);
        Base64UrlUnpadded::encode_string(json.as_bytes())
    };
    let answer = |kind: &str| Answer {
        id: text.clone(),
        client: client(kind),
        attestation: text.clone(),
        authenticator: text.clone(),
        signature: text.clone(),
    };
    let _ = answer("webauthn.create").made(asked);
    assert!(answer("webauthn.get").used(asked, bytes, 0).is_err());
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

    const ASKED: Asked<'static> =
        Asked { rp_id: "shiyin.example", origin: "https://shiyin.example", challenge: "Y2hhbGxlbmdl" };

    fn text(bytes: &[u8]) -> String {
        Base64UrlUnpadded::encode_string(bytes)
    }

    fn client(kind: &str, challenge: &str, origin: &str) -> Vec<u8> {
        format!("{{\"type\":\"{kind}\",\"challenge\":\"{challenge}\",\"origin\":\"{origin}\",\"crossOrigin\":false}}")
            .into_bytes()
    }

    fn data(rp_id: &str, flags: u8, count: u32, rest: &[u8]) -> Vec<u8> {
        let rp = DigestAlgorithm::Sha256.digest(rp_id.as_bytes());
        [rp.as_bytes(), &[flags], &count.to_be_bytes(), rest].concat()
    }

    fn byte_string(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&[0x59][..], &length, bytes].concat()
    }

    /// `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`
    fn p256(pair: &EcdsaKeyPair) -> Vec<u8> {
        let point = pair.public_key().as_ref();
        let head: &[u8] = &[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21];
        [head, &byte_string(&point[1..33]), &[0x22], &byte_string(&point[33..])].concat()
    }

    fn made(data: &[u8]) -> Answer {
        let object = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData"[..], &byte_string(data)].concat();
        Answer {
            id: text(b"id"),
            client: text(&client("webauthn.create", ASKED.challenge, ASKED.origin)),
            attestation: text(&object),
            authenticator: String::new(),
            signature: String::new(),
        }
    }

    fn attested(cose: &[u8]) -> Vec<u8> {
        [&[0; 16][..], &[0, 2], b"id", cose].concat()
    }

    fn used(pair: &EcdsaKeyPair, client: &[u8], data: &[u8]) -> Answer {
        let message = [data, DigestAlgorithm::Sha256.digest(client).as_bytes()].concat();
        let signature = pair.sign(&SystemRandom::new(), &message).unwrap();
        Answer {
            id: text(b"id"),
            client: text(client),
            attestation: String::new(),
            authenticator: text(data),
            signature: text(signature.as_ref()),
        }
    }

    #[test]
    fn a_passkey_is_made_once_and_used_with_a_counter_that_grows() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let cose = p256(&pair);
        let answer = made(&data(ASKED.rp_id, 0x45, 7, &attested(&cose)));
        let passkey = answer.made(&ASKED).unwrap();
        assert_eq!(passkey, Made { id: b"id".to_vec(), cose: cose.clone(), count: 7 });
        let get = client("webauthn.get", ASKED.challenge, ASKED.origin);
        let uses = |count: u32| used(&pair, &get, &data(ASKED.rp_id, 0x05, count, &[]));
        assert_eq!(uses(8).used(&ASKED, &cose, 7), Ok(8));
        assert_eq!(uses(7).used(&ASKED, &cose, 7), Err(Unfit::Copied));
        assert_eq!(uses(0).used(&ASKED, &cose, 7), Err(Unfit::Copied));
        assert_eq!(uses(0).used(&ASKED, &cose, 0), Ok(0));
        // The next question has another challenge: an old answer does not count again.
        let next = Asked { challenge: "bmV4dA", ..ASKED };
        assert_eq!(uses(9).used(&next, &cose, 7), Err(Unfit::Elsewhere));
    }

    #[test]
    fn an_answer_to_another_question_does_not_count() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let cose = p256(&pair);
        let good = data(ASKED.rp_id, 0x05, 1, &[]);
        let get = |challenge: &str, origin: &str| client("webauthn.get", challenge, origin);
        for (client, data, why) in [
            (client("webauthn.create", ASKED.challenge, ASKED.origin), good.clone(), Unfit::Elsewhere),
            (get("b3RoZXI", ASKED.origin), good.clone(), Unfit::Elsewhere),
            (get(ASKED.challenge, "https://evil.example"), good.clone(), Unfit::Elsewhere),
            (get(ASKED.challenge, "http://shiyin.example"), good.clone(), Unfit::Elsewhere),
            (get(ASKED.challenge, ASKED.origin), data("evil.example", 0x05, 1, &[]), Unfit::Elsewhere),
            (get(ASKED.challenge, ASKED.origin), data(ASKED.rp_id, 0x01, 1, &[]), Unfit::Unverified),
            (get(ASKED.challenge, ASKED.origin), good[..36].to_vec(), Unfit::Unreadable),
            (b"{}".to_vec(), good.clone(), Unfit::Unreadable),
        ] {
            assert_eq!(used(&pair, &client, &data).used(&ASKED, &cose, 0), Err(why));
        }
        let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let foreign = used(&other, &get(ASKED.challenge, ASKED.origin), &good);
        assert_eq!(foreign.used(&ASKED, &cose, 0), Err(Unfit::Signature));
        let cross = String::from_utf8(get(ASKED.challenge, ASKED.origin)).unwrap().replace("false", "true");
        assert_eq!(used(&pair, cross.as_bytes(), &good).used(&ASKED, &cose, 0), Err(Unfit::Elsewhere));
    }

    #[test]
    fn other_kinds_of_keys() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let head: &[u8] = &[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21];
        let cose = [head, &byte_string(pair.public_key().as_ref())].concat();
        let key = PublicKey::parse(&cose).unwrap();
        assert_eq!(key.verify(b"m", pair.sign(b"m").as_ref()), Ok(()));
        assert_eq!(key.verify(b"n", pair.sign(b"m").as_ref()), Err(Unfit::Signature));
        // P-384, a secret key's curve, a short coordinate.
        for wrong in [
            &[0xa3, 1, 2, 3, 0x38, 0x22, 0x20, 2][..],
            &[0xa3, 1, 4, 3, 5, 0x20, 1],
            &[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x41, 7],
        ] {
            assert_eq!(PublicKey::parse(wrong).err(), Some(Unfit::Algorithm));
        }
    }

    /// Every cut and every flipped byte of a registration is refused or reads; nothing panics.
    #[test]
    fn hostile_registrations_do_no_harm() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let good = data(ASKED.rp_id, 0x45, 0, &attested(&p256(&pair)));
        for place in 0..good.len() {
            assert!(made(&good[..place]).made(&ASKED).is_err(), "{place}");
            let mut changed = good.clone();
            changed[place] ^= 0x80;
            let _ = made(&changed).made(&ASKED);
        }
        for text in ["", "{}", "[]", "{\"id\":1}", &"x".repeat(ANSWER_BYTES_MAX + 1)] {
            assert!(Answer::parse(text).is_err());
        }
    }
}

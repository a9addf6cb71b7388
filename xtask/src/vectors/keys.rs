//! Test keys made from their names, and signatures that come out the same each time.
//!
//! The vectors can so be made again byte for byte, and no private key lies in
//! the repository. RSA signs with the `rsa` crate here and nowhere else.

use p256::ecdsa::signature::Signer as _;
use proof::der::{Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::oid::{self, Oid};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts as _;
use std::convert::Infallible;

/// A private key of one of the kinds in the vectors.
pub(crate) enum TestKey {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Rsa(Box<rsa::RsaPrivateKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Sm2(sm2::dsa::SigningKey),
    MlDsa65(Box<ml_dsa::SigningKey<ml_dsa::MlDsa65>>),
}

/// How a test key signs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Ecdsa(DigestAlgorithm),
    RsaPkcs1(DigestAlgorithm),
    RsaPss,
    Ed25519,
    Sm2,
    MlDsa65,
}

impl TestKey {
    pub(crate) fn p256(name: &str) -> Self {
        Self::P256(p256::ecdsa::SigningKey::from_slice(&seed(name)).expect("a hash is a valid scalar"))
    }

    pub(crate) fn p384(name: &str) -> Self {
        let digest = DigestAlgorithm::Sha384.digest(name.as_bytes());
        Self::P384(p384::ecdsa::SigningKey::from_slice(digest.as_bytes()).expect("a hash is a valid scalar"))
    }

    pub(crate) fn rsa(name: &str, bits: usize) -> Self {
        let mut rng = SeededRng::new(name);
        Self::Rsa(Box::new(rsa::RsaPrivateKey::new(&mut rng, bits).expect("an RSA key of this size")))
    }

    pub(crate) fn ed25519(name: &str) -> Self {
        Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed(name))))
    }

    pub(crate) fn sm2(name: &str) -> Self {
        let key = sm2::dsa::SigningKey::from_slice("1234567812345678", &seed(name));
        Self::Sm2(key.expect("a hash is a valid scalar"))
    }

    pub(crate) fn ml_dsa_65(name: &str) -> Self {
        Self::MlDsa65(Box::new(ml_dsa::SigningKey::from_seed(&seed(name).into())))
    }

    /// The scheme that a certificate signed with this key uses.
    pub(crate) fn scheme(&self) -> Scheme {
        match self {
            Self::P256(_) => Scheme::Ecdsa(DigestAlgorithm::Sha256),
            Self::P384(_) => Scheme::Ecdsa(DigestAlgorithm::Sha384),
            Self::Rsa(_) => Scheme::RsaPkcs1(DigestAlgorithm::Sha256),
            Self::Ed25519(_) => Scheme::Ed25519,
            Self::Sm2(_) => Scheme::Sm2,
            Self::MlDsa65(_) => Scheme::MlDsa65,
        }
    }

    /// The SubjectPublicKeyInfo.
    pub(crate) fn spki(&self) -> Vec<u8> {
        let ec = |curve: Oid<'_>, point: &[u8]| {
            spki(point, |w| {
                w.oid(oid::EC_PUBLIC_KEY);
                w.oid(curve);
            })
        };
        match self {
            Self::P256(key) => ec(oid::P256, key.verifying_key().to_sec1_point(false).as_bytes()),
            Self::P384(key) => ec(oid::P384, key.verifying_key().to_sec1_point(false).as_bytes()),
            Self::Sm2(key) => ec(oid::SM2_CURVE, &key.verifying_key().to_sec1_bytes()),
            Self::Ed25519(key) => spki(key.verifying_key().as_bytes(), |w| w.oid(oid::ED25519)),
            Self::MlDsa65(key) => {
                use ml_dsa::signature::Keypair as _;
                spki(&key.verifying_key().encode(), |w| w.oid(oid::ML_DSA_65))
            }
            Self::Rsa(key) => {
                let mut w = Writer::new();
                w.sequence(|w| {
                    w.integer_unsigned_as(tag::INTEGER, &key.n_bytes());
                    w.integer_unsigned_as(tag::INTEGER, &key.e_bytes());
                });
                spki(&w.into_bytes(), |w| {
                    w.oid(oid::RSA);
                    w.null();
                })
            }
        }
    }

    /// The bits of the public key, without what says of which kind it is.
    pub(crate) fn key_bits(&self) -> Vec<u8> {
        let spki = self.spki();
        let read = || {
            let mut fields = proof::der::Element::parse(&spki)?.inside(tag::SEQUENCE)?;
            fields.expect(tag::SEQUENCE)?;
            fields.expect(tag::BIT_STRING)?.bit_string().map(<[u8]>::to_vec)
        };
        read().expect("a SubjectPublicKeyInfo of our own")
    }

    /// A signature over `message`.
    pub(crate) fn sign(&self, scheme: Scheme, message: &[u8]) -> Vec<u8> {
        match (self, scheme) {
            (Self::P256(key), Scheme::Ecdsa(digest)) => {
                use p256::ecdsa::signature::hazmat::PrehashSigner as _;
                let hashed = digest.digest(message);
                let signature: p256::ecdsa::Signature = key.sign_prehash(hashed.as_bytes()).expect("a digest");
                pair(&signature.to_bytes())
            }
            (Self::P384(key), Scheme::Ecdsa(digest)) => {
                use p256::ecdsa::signature::hazmat::PrehashSigner as _;
                let hashed = digest.digest(message);
                let signature: p384::ecdsa::Signature = key.sign_prehash(hashed.as_bytes()).expect("a digest");
                pair(&signature.to_bytes())
            }
            (Self::Rsa(key), Scheme::RsaPkcs1(digest)) => {
                let hashed = digest.digest(message);
                let mut info = Writer::new();
                info.sequence(|w| {
                    w.algorithm(digest.oid(), true);
                    w.octets(hashed.as_bytes());
                });
                let mut prefix = info.into_bytes();
                prefix.truncate(prefix.len() - digest.length());
                let padding = rsa::Pkcs1v15Sign { hash_len: Some(digest.length()), prefix: prefix.into() };
                key.sign(padding, hashed.as_bytes()).expect("an RSA signature")
            }
            (Self::Rsa(key), Scheme::RsaPss) => {
                let hashed = DigestAlgorithm::Sha256.digest(message);
                let mut rng = SeededRng::new("pss salt");
                let padding = rsa::Pss::<sha2::Sha256>::new_with_salt(32);
                key.sign_with_rng(&mut rng, padding, hashed.as_bytes()).expect("an RSA signature")
            }
            (Self::Ed25519(key), Scheme::Ed25519) => key.sign(message).to_bytes().to_vec(),
            (Self::Sm2(key), Scheme::Sm2) => {
                let signature: sm2::dsa::Signature = key.sign(message);
                pair(&signature.to_bytes())
            }
            (Self::MlDsa65(key), Scheme::MlDsa65) => {
                let signature = key.expanded_key().sign_deterministic(message, &[]).expect("an empty context");
                signature.encode().to_vec()
            }
            _ => unreachable!("a key signs with its own scheme"),
        }
    }
}

impl Scheme {
    /// The AlgorithmIdentifier of a signature.
    pub(crate) fn identifier(self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Ecdsa(DigestAlgorithm::Sha256) => w.algorithm(oid::ECDSA_SHA256, false),
            Self::Ecdsa(DigestAlgorithm::Sha384) => w.algorithm(oid::ECDSA_SHA384, false),
            Self::Ecdsa(_) => w.algorithm(oid::ECDSA_SHA512, false),
            Self::RsaPkcs1(DigestAlgorithm::Sha1) => w.algorithm(oid::SHA1_RSA, true),
            Self::RsaPkcs1(DigestAlgorithm::Sha384) => w.algorithm(oid::SHA384_RSA, true),
            Self::RsaPkcs1(DigestAlgorithm::Sha512) => w.algorithm(oid::SHA512_RSA, true),
            Self::RsaPkcs1(_) => w.algorithm(oid::SHA256_RSA, true),
            Self::RsaPss => w.sequence(|w| {
                w.oid(oid::RSA_PSS);
                w.sequence(|w| {
                    w.nested(tag::context_constructed(0), |w| w.algorithm(oid::SHA256, true));
                    w.nested(tag::context_constructed(1), |w| {
                        w.sequence(|w| {
                            w.oid(oid::MGF1);
                            w.algorithm(oid::SHA256, true);
                        });
                    });
                    w.nested(tag::context_constructed(2), |w| w.integer_u64(32));
                });
            }),
            Self::Ed25519 => w.algorithm(oid::ED25519, false),
            Self::Sm2 => w.algorithm(oid::SM2_SM3, false),
            Self::MlDsa65 => w.algorithm(oid::ML_DSA_65, false),
        }
        w.into_bytes()
    }

    /// The digest that stands beside the signature in a SignerInfo.
    pub(crate) fn digest(self) -> DigestAlgorithm {
        match self {
            Self::Ecdsa(digest) | Self::RsaPkcs1(digest) => digest,
            Self::RsaPss => DigestAlgorithm::Sha256,
            Self::Ed25519 | Self::MlDsa65 => DigestAlgorithm::Sha512,
            Self::Sm2 => DigestAlgorithm::Sm3,
        }
    }
}

fn seed(name: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed.copy_from_slice(DigestAlgorithm::Sha256.digest(name.as_bytes()).as_bytes());
    seed
}

fn spki(bits: &[u8], algorithm: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.sequence(algorithm);
        w.bit_string(bits);
    });
    w.into_bytes()
}

/// `SEQUENCE { r, s }` from r ‖ s.
fn pair(bytes: &[u8]) -> Vec<u8> {
    let (r, s) = bytes.split_at(bytes.len() / 2);
    let mut w = Writer::new();
    w.sequence(|w| {
        w.integer_unsigned_as(tag::INTEGER, r);
        w.integer_unsigned_as(tag::INTEGER, s);
    });
    w.into_bytes()
}

/// SHA-256 in counter mode over a name: random enough for test keys, and always the same.
struct SeededRng {
    seed: [u8; 32],
    counter: u64,
}

impl SeededRng {
    fn new(name: &str) -> Self {
        Self { seed: seed(name), counter: 0 }
    }
}

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            let mut hasher = DigestAlgorithm::Sha256.hasher();
            hasher.update(&self.seed);
            hasher.update(&self.counter.to_be_bytes());
            self.counter += 1;
            chunk.copy_from_slice(&hasher.finish().as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}

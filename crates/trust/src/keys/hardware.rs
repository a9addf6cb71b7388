//! Keys in a PKCS #11 token: a hardware security module, or SoftHSM in its place.
//!
//! A key is found by its label. It is made in the token, as not extractable, and
//! used there; what leaves is its public half and signatures. Sessions are kept
//! open and handed out one to a signature; one that broke is replaced once.

use super::{KeyAlgorithm, broken, ec_spki, encode_pair};
use crate::TrustError;
use crate::aws_lc::AwsLc;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use proof::crypto::Verifier as _;
use proof::der::{Element, Writer, tag};
use proof::oid;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use zeroize::Zeroizing;

/// A module may be initialised once in a process.
static MODULES: LazyLock<Mutex<HashMap<PathBuf, Pkcs11>>> = LazyLock::new(Mutex::default);

/// A token, unlocked.
#[derive(Clone)]
pub struct Hardware {
    inner: Arc<Inner>,
}

struct Inner {
    module: Pkcs11,
    slot: Slot,
    pin: Zeroizing<String>,
    sessions: Mutex<Vec<Session>>,
}

impl fmt::Debug for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hardware({:?})", self.inner.slot)
    }
}

/// A key in a token.
pub(super) struct HardwareKey {
    token: Hardware,
    algorithm: KeyAlgorithm,
    label: String,
    private: Mutex<ObjectHandle>,
    spki: Vec<u8>,
}

fn refused(what: &str, error: &Error) -> TrustError {
    TrustError::Refused(format!("the PKCS #11 token: {what}: {error}"))
}

impl Hardware {
    /// Opens the token with this label through the module in this library file.
    ///
    /// # Errors
    /// Refused where there is no such token, or the PIN is not its.
    pub fn open(library: &Path, token: &str, pin: &str) -> Result<Self, TrustError> {
        let module = module(library)?;
        let slots = module.get_slots_with_token().map_err(|e| refused("its slots cannot be listed", &e))?;
        let is_it = |slot: &Slot| module.get_token_info(*slot).is_ok_and(|info| info.label().trim_end() == token);
        let slot = slots.into_iter().find(is_it).ok_or_else(|| {
            TrustError::Refused(format!("{} knows no token labelled {token:?}; check keys.pkcs11", library.display()))
        })?;
        let inner = Inner { module, slot, pin: Zeroizing::new(pin.to_owned()), sessions: Mutex::default() };
        let hardware = Self { inner: Arc::new(inner) };
        hardware.with_session(|_| Ok(()))?;
        Ok(hardware)
    }

    fn new_session(&self) -> Result<Session, TrustError> {
        let Inner { module, slot, pin, .. } = &*self.inner;
        let session = module.open_rw_session(*slot).map_err(|e| refused("no session", &e))?;
        match session.login(UserType::User, Some(&AuthPin::new(pin.as_str().into()))) {
            // One login counts for all sessions of a process.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(e) => Err(refused("the PIN was not taken; check keys.pkcs11.pin_file", &e)),
        }
    }

    /// Does something in a session; once more in a new one where the first broke.
    fn with_session<T>(&self, work: impl Fn(&Session) -> Result<T, Error>) -> Result<T, TrustError> {
        let kept = self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(session) = kept
            && let Ok(done) = work(&session)
        {
            self.keep(session);
            return Ok(done);
        }
        let session = self.new_session()?;
        let done = work(&session).map_err(|e| refused("it does not do what is asked", &e))?;
        self.keep(session);
        Ok(done)
    }

    fn keep(&self, session: Session) {
        self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    /// Makes a key with this label.
    pub(super) fn generate(&self, algorithm: KeyAlgorithm, label: &str) -> Result<HardwareKey, TrustError> {
        if !self.find(label, ObjectClass::PRIVATE_KEY)?.is_empty() {
            return Err(TrustError::Refused(format!("the PKCS #11 token holds a key labelled {label} already")));
        }
        let id = super::random::<16>()?;
        let common = |class| {
            vec![
                Attribute::Class(class),
                Attribute::Token(true),
                Attribute::Label(label.into()),
                Attribute::Id(id.to_vec()),
            ]
        };
        let (mut public, mut private) = (common(ObjectClass::PUBLIC_KEY), common(ObjectClass::PRIVATE_KEY));
        public.push(Attribute::Verify(true));
        private.extend([
            Attribute::Sign(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
        ]);
        let mechanism = match algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::Ed25519 => {
                public.push(Attribute::EcParams(curve_parameters(algorithm)));
                if algorithm == KeyAlgorithm::Ed25519 {
                    Mechanism::EccEdwardsKeyPairGen
                } else {
                    Mechanism::EccKeyPairGen
                }
            }
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                let bits = match algorithm {
                    KeyAlgorithm::Rsa2048 => 2048u64,
                    KeyAlgorithm::Rsa3072 => 3072,
                    _ => 4096,
                };
                public.extend([Attribute::ModulusBits(bits.into()), Attribute::PublicExponent(vec![1, 0, 1])]);
                Mechanism::RsaPkcsKeyPairGen
            }
            KeyAlgorithm::Sm2 | KeyAlgorithm::MlDsa65 => {
                return Err(TrustError::Refused(format!(
                    "{algorithm} keys are kept in files: PKCS #11 as this program speaks it does not know them"
                )));
            }
        };
        self.with_session(|session| session.generate_key_pair(&mechanism, &public, &private))?;
        self.key(algorithm, label)
    }

    fn find(&self, label: &str, class: ObjectClass) -> Result<Vec<ObjectHandle>, TrustError> {
        let template = [Attribute::Class(class), Attribute::Label(label.into())];
        self.with_session(|session| session.find_objects(&template))
    }

    /// The key with this label.
    pub(super) fn key(&self, algorithm: KeyAlgorithm, label: &str) -> Result<HardwareKey, TrustError> {
        let one = |class| match self.find(label, class)?.as_slice() {
            [one] => Ok(*one),
            [] => Err(TrustError::Refused(format!("the PKCS #11 token holds no key labelled {label}"))),
            _ => Err(TrustError::Refused(format!("the PKCS #11 token holds several keys labelled {label}"))),
        };
        let (private, public) = (one(ObjectClass::PRIVATE_KEY)?, one(ObjectClass::PUBLIC_KEY)?);
        let wanted = match algorithm {
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                vec![AttributeType::KeyType, AttributeType::Modulus, AttributeType::PublicExponent]
            }
            _ => vec![AttributeType::KeyType, AttributeType::EcParams, AttributeType::EcPoint],
        };
        let attributes = self.with_session(|session| session.get_attributes(public, &wanted))?;
        let spki = spki(algorithm, &attributes).ok_or_else(|| {
            TrustError::Refused(format!("the key labelled {label} in the PKCS #11 token is no {algorithm} key"))
        })?;
        Ok(HardwareKey { token: self.clone(), algorithm, label: label.to_owned(), private: Mutex::new(private), spki })
    }

    /// Destroys the key with this label.
    pub(super) fn destroy(&self, label: &str) -> Result<(), TrustError> {
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            for object in self.find(label, class)? {
                self.with_session(|session| session.destroy_object(object))?;
            }
        }
        match self.find(label, ObjectClass::PRIVATE_KEY)?.is_empty() {
            true => Ok(()),
            false => Err(TrustError::Broken(format!("the PKCS #11 token still holds the key labelled {label}"))),
        }
    }
}

fn module(library: &Path) -> Result<Pkcs11, TrustError> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = modules.get(library) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(library).map_err(|e| {
        TrustError::Refused(format!("{} is no PKCS #11 module: {e}; check keys.pkcs11.module", library.display()))
    })?;
    let initialised = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    initialised.map_err(|e| refused("the module does not start", &e))?;
    modules.insert(library.to_owned(), module.clone());
    Ok(module)
}

/// The curve's object identifier, in DER.
fn curve_parameters(algorithm: KeyAlgorithm) -> Vec<u8> {
    let mut w = Writer::new();
    w.oid(match algorithm {
        KeyAlgorithm::P384 => oid::P384,
        KeyAlgorithm::Ed25519 => oid::ED25519,
        _ => oid::P256,
    });
    w.into_bytes()
}

/// The SubjectPublicKeyInfo of what the token says; none where that is a key of another kind.
fn spki(algorithm: KeyAlgorithm, attributes: &[Attribute]) -> Option<Vec<u8>> {
    let (mut kind, mut parameters, mut point, mut modulus, mut exponent) = (None, None, None, None, None);
    for attribute in attributes {
        match attribute {
            Attribute::KeyType(found) => kind = Some(*found),
            Attribute::EcParams(found) => parameters = Some(found),
            Attribute::EcPoint(found) => point = Some(found),
            Attribute::Modulus(found) => modulus = Some(found),
            Attribute::PublicExponent(found) => exponent = Some(found),
            _ => {}
        }
    }
    let expected = match algorithm {
        KeyAlgorithm::P256 | KeyAlgorithm::P384 => KeyType::EC,
        KeyAlgorithm::Ed25519 => KeyType::EC_EDWARDS,
        _ => KeyType::RSA,
    };
    if kind? != expected {
        return None;
    }
    if expected == KeyType::RSA {
        let mut key = Writer::new();
        key.sequence(|w| {
            w.integer_unsigned_as(tag::INTEGER, modulus.map_or(&[], Vec::as_slice));
            w.integer_unsigned_as(tag::INTEGER, exponent.map_or(&[], Vec::as_slice));
        });
        let mut w = Writer::new();
        w.sequence(|w| {
            w.algorithm(oid::RSA, true);
            w.bit_string(&key.into_bytes());
        });
        return Some(w.into_bytes());
    }
    if *parameters? != curve_parameters(algorithm) {
        return None;
    }
    // PKCS #11 wraps the point in an OCTET STRING; some tokens leave that out for Edwards keys.
    let point = point?;
    let bare =
        Element::parse(point).ok().filter(|e| e.tag == tag::OCTET_STRING).map_or(point.as_slice(), |e| e.content);
    match algorithm {
        KeyAlgorithm::P256 => Some(ec_spki(oid::P256, bare)),
        KeyAlgorithm::P384 => Some(ec_spki(oid::P384, bare)),
        _ => {
            let mut w = Writer::new();
            w.sequence(|w| {
                w.algorithm(oid::ED25519, false);
                w.bit_string(bare);
            });
            Some(w.into_bytes())
        }
    }
}

impl HardwareKey {
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TrustError> {
        let private = *self.private.lock().unwrap_or_else(PoisonError::into_inner);
        match self.sign_with(private, message) {
            Ok(signature) => Ok(signature),
            // After a restart of the token the same key has another handle.
            Err(_) => {
                let [private] = self.token.find(&self.label, ObjectClass::PRIVATE_KEY)?[..] else {
                    return Err(TrustError::Broken(format!("the PKCS #11 token lost the key labelled {}", self.label)));
                };
                *self.private.lock().unwrap_or_else(PoisonError::into_inner) = private;
                self.sign_with(private, message)
            }
        }
    }

    fn sign_with(&self, private: ObjectHandle, message: &[u8]) -> Result<Vec<u8>, TrustError> {
        let (mechanism, input) = match self.algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => {
                (Mechanism::Ecdsa, AwsLc.digest(self.algorithm.digest(), &[message]).as_bytes().to_vec())
            }
            KeyAlgorithm::Ed25519 => {
                (Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519)), message.to_vec())
            }
            KeyAlgorithm::Rsa4096 => (Mechanism::Sha512RsaPkcs, message.to_vec()),
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 => (Mechanism::Sha256RsaPkcs, message.to_vec()),
            KeyAlgorithm::Sm2 | KeyAlgorithm::MlDsa65 => return Err(broken("a key in hardware of an unknown kind")),
        };
        let signature = self.token.with_session(|session| session.sign(&mechanism, private, &input))?;
        Ok(match self.algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => encode_pair(&signature),
            _ => signature,
        })
    }
}

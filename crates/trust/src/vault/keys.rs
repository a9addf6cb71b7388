//! The vault's keys: one for each person or thing that may one day be erased, all wrapped under one.
//!
//! What is sealed under a key is gone when the wrapped key is gone; so erasing a person takes one
//! small row, and leaves what others hold of the proofs (n-14). A sealed value is bound to the place
//! it was made for, so that nobody with the database alone can move it elsewhere. AES-256-GCM, fresh
//! nonces; the one key is a file encrypted under the instance's passphrase (PBKDF2, RFC 8018).
//!
//! Trust: who has the key file and its passphrase reads everything; a copy of the database alone reads nothing.

use crate::TrustError;
use crate::instance::{read, write};
use crate::keys::random;
use crate::storage::Storage;
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hmac, pbkdf2};
use proof::digest::{from_hex, hex};
use std::num::NonZeroU32;
use std::path::Path;
use store::files;
use zeroize::Zeroizing;

/// The file of the one key.
const FILE: &str = "keys/vault.key";
/// The first word of the file, and the version of everything sealed.
const KIND: &str = "shiyin-vault-1";
/// OWASP's count for PBKDF2 with HMAC-SHA-256, 2023.
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).expect("not zero");
/// A sealed value begins with this.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// A key that seals and opens. Never written anywhere but wrapped.
pub struct Key(Zeroizing<[u8; 32]>);

/// The one key under which the others are wrapped.
pub struct Vault {
    one: Key,
    index: hmac::Key,
}

fn broken(what: &str) -> TrustError {
    TrustError::Broken(format!("{what} does not open with the vault's key; restore keys/vault.key or the database"))
}

impl Key {
    /// Seals `plain` for a place, such as `person/ID/name`.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, TrustError> {
        let failed = |_| TrustError::Broken("the cipher failed".to_owned());
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.0[..]).map_err(failed)?;
        let mut body = plain.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut body).map_err(failed)?;
        Ok([&[VERSION], &nonce.as_ref()[..], &body].concat())
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// Broken where it was sealed under another key, for another place, or was changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, TrustError> {
        let failed = || broken(place.split('/').next().unwrap_or_default());
        let (head, body) = sealed.split_at_checked(1 + NONCE_BYTES).ok_or_else(failed)?;
        if head[0] != VERSION {
            return Err(failed());
        }
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.0[..]).map_err(|_| failed())?;
        let nonce = Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| failed())?;
        let mut plain = Zeroizing::new(body.to_vec());
        let length = key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut plain).map_err(|_| failed())?.len();
        plain.truncate(length);
        Ok(plain)
    }

    /// By what an equal text is found again under this key, without the text: 64 bits of HMAC-SHA-256.
    #[must_use]
    pub fn index(&self, kind: &str, text: &str) -> [u8; 8] {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &self.0[..]);
        let mut context = hmac::Context::with_key(&root);
        for part in ["shiyin key index", kind, text] {
            context.update(part.as_bytes());
            context.update(b"\0");
        }
        let mut out = [0; 8];
        out.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        out
    }
}

impl Vault {
    /// Opens the vault of the instance in `data`, and makes its key where there is none yet.
    ///
    /// # Errors
    /// Refused where `is_used` says that something was sealed and the key is missing.
    pub fn open(data: &Path, storage: &Storage, is_used: bool) -> Result<Self, TrustError> {
        let passphrase = storage.keys.passphrase.clone().unwrap_or(data.join("keys/passphrase"));
        let passphrase = Zeroizing::new(read(&passphrase)?);
        let path = data.join(FILE);
        if path.exists() {
            return Self::parse(&read(&path)?, passphrase.trim().as_bytes());
        }
        if is_used {
            let text = format!("{} is missing, and people's data is sealed under it; restore it", path.display());
            return Err(TrustError::Refused(text));
        }
        let one = Key(Zeroizing::new(random()?));
        let salt: [u8; 16] = random()?;
        let sealed = derived(passphrase.trim().as_bytes(), &salt, ROUNDS).seal(KIND, &one.0[..])?;
        let text = format!("{KIND} {ROUNDS} {} {}\n", hex(&salt), hex(&sealed));
        match write(&path, text.as_bytes(), files::SECRET) {
            Ok(()) => Ok(Self::of(one)),
            // Another process was first.
            Err(_) if path.exists() => Self::parse(&read(&path)?, passphrase.trim().as_bytes()),
            Err(error) => Err(error),
        }
    }

    fn parse(text: &str, passphrase: &[u8]) -> Result<Self, TrustError> {
        let damaged = || TrustError::Broken(format!("{FILE} is damaged; restore it"));
        let words: Vec<&str> = text.split_whitespace().collect();
        let [KIND, rounds, salt, sealed] = words[..] else { return Err(damaged()) };
        let rounds = rounds.parse().ok().filter(|rounds| *rounds >= ROUNDS).ok_or_else(damaged)?;
        let (salt, sealed) = from_hex(salt).zip(from_hex(sealed)).ok_or_else(damaged)?;
        let wrong = |_| TrustError::Refused(format!("the passphrase does not open {FILE}"));
        let plain = derived(passphrase, &salt, rounds).open(KIND, &sealed).map_err(wrong)?;
        Ok(Self::of(Key(Zeroizing::new(plain.as_slice().try_into().map_err(|_| damaged())?))))
    }

    fn of(one: Key) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &one.0[..]);
        let index = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, b"shiyin vault index").as_ref());
        Self { one, index }
    }

    /// A new key for `whom`, and how it is kept.
    pub fn new_key(&self, whom: &str) -> Result<(Key, Vec<u8>), TrustError> {
        let key = Key(Zeroizing::new(random()?));
        let wrapped = self.one.seal(&format!("key/{whom}"), &key.0[..])?;
        Ok((key, wrapped))
    }

    /// The key that is kept for `whom`.
    pub fn key(&self, whom: &str, wrapped: &[u8]) -> Result<Key, TrustError> {
        let plain = self.one.open(&format!("key/{whom}"), wrapped)?;
        Ok(Key(Zeroizing::new(plain.as_slice().try_into().map_err(|_| broken("key"))?)))
    }

    /// Seals what belongs to nobody who could be erased, or to nobody yet.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, TrustError> {
        self.one.seal(&format!("vault/{place}"), plain)
    }

    /// Opens it.
    pub fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, TrustError> {
        self.one.open(&format!("vault/{place}"), sealed)
    }

    /// By what an equal text is found again, without the text: HMAC-SHA-256 in hexadecimal.
    #[must_use]
    pub fn index(&self, kind: &str, text: &str) -> String {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(kind.as_bytes());
        context.update(b"\0");
        context.update(text.as_bytes());
        hex(context.sign().as_ref())
    }
}

fn derived(passphrase: &[u8], salt: &[u8], rounds: NonZeroU32) -> Key {
    let mut out = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, passphrase, &mut out[..]);
    Key(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        std::fs::write(folder.path().join("keys/passphrase"), "correct horse\n").unwrap();
        folder
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
        let folder = instance();
        let vault = Vault::open(folder.path(), &Storage::default(), false).unwrap();
        let (key, wrapped) = vault.new_key("lin").unwrap();
        let sealed = key.seal("person/lin/name", "林".as_bytes()).unwrap();
        assert_ne!(sealed, key.seal("person/lin/name", "林".as_bytes()).unwrap(), "a fresh nonce each time");
        // The vault opens again, and with it everything.
        let again = Vault::open(folder.path(), &Storage::default(), true).unwrap();
        let key = again.key("lin", &wrapped).unwrap();
        assert_eq!(&**key.open("person/lin/name", &sealed).unwrap(), "林".as_bytes());
        assert_eq!(vault.index("mail", "a@b.example"), again.index("mail", "a@b.example"));
        assert_ne!(vault.index("mail", "a"), vault.index("address", "a"));
        // Not elsewhere, not for another, not changed, not cut short.
        assert!(key.open("person/mei/name", &sealed).is_err());
        assert_eq!(key.index("gram", "月港"), again.key("lin", &wrapped).unwrap().index("gram", "月港"));
        assert_ne!(key.index("gram", "月港"), again.new_key("lin").unwrap().0.index("gram", "月港"));
        assert!(again.key("mei", &wrapped).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key.open("person/lin/name", &changed).is_err(), "byte {place}");
            assert!(key.open("person/lin/name", &sealed[..place]).is_err(), "{place} bytes");
        }
    }

    #[test]
    fn a_lost_or_foreign_key_file_is_refused_and_never_replaced() {
        let folder = instance();
        let (path, storage) = (folder.path().join(FILE), Storage::default());
        assert!(matches!(Vault::open(folder.path(), &storage, true), Err(TrustError::Refused(_))));
        assert!(!path.exists());
        Vault::open(folder.path(), &storage, false).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(folder.path().join("keys/passphrase"), "wrong").unwrap();
        assert!(matches!(Vault::open(folder.path(), &storage, false), Err(TrustError::Refused(_))));
        for damaged in [&text[..40], "", "shiyin-vault-1 1 00 00", &text.replace("600000", "1")] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(Vault::open(folder.path(), &storage, false), Err(TrustError::Broken(_))), "{damaged}");
        }
    }
}

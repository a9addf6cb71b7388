//! Message digests: which ones a timestamp may use, and how they are computed.
//!
//! The hashing here is RustCrypto on every platform, so that the same bytes
//! give the same verdict in the server, on the command line and in a browser.

use crate::oid::{self, Oid};
use core::fmt;
use sha2::Digest as _;

/// A digest algorithm that this crate computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// Only for reading: ESSCertID (RFC 2634) and old tokens, which are then refused.
    Sha1,
    /// SHA-256, the default everywhere.
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
    /// SHA3-256
    Sha3_256,
    /// SHA3-384
    Sha3_384,
    /// SHA3-512
    Sha3_512,
    /// SM3 (GB/T 32905)
    Sm3,
}

use DigestAlgorithm::{Sha1, Sha3_256, Sha3_384, Sha3_512, Sha256, Sha384, Sha512, Sm3};

impl DigestAlgorithm {
    /// Every algorithm, weakest first.
    pub const ALL: [Self; 8] = [Sha1, Sha256, Sha384, Sha512, Sha3_256, Sha3_384, Sha3_512, Sm3];

    /// Imprints that our authority accepts (FEATURES section 1.1, RFC 3161 section 2.1).
    pub const IMPRINTS: [Self; 6] = [Sha256, Sha384, Sha512, Sha3_256, Sha3_512, Sm3];

    /// The algorithm with this identifier, where this crate computes it.
    #[must_use]
    pub fn from_oid(oid: Oid<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.oid() == oid)
    }

    /// The algorithm's object identifier.
    #[must_use]
    pub const fn oid(self) -> Oid<'static> {
        match self {
            Sha1 => oid::SHA1,
            Sha256 => oid::SHA256,
            Sha384 => oid::SHA384,
            Sha512 => oid::SHA512,
            Sha3_256 => oid::SHA3_256,
            Sha3_384 => oid::SHA3_384,
            Sha3_512 => oid::SHA3_512,
            Sm3 => oid::SM3,
        }
    }

    /// The length of a digest in bytes.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Sha1 => 20,
            Sha256 | Sha3_256 | Sm3 => 32,
            Sha384 | Sha3_384 => 48,
            Sha512 | Sha3_512 => 64,
        }
    }

    /// The name standards use, such as `SHA-256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Sha1 => "SHA-1",
            Sha256 => "SHA-256",
            Sha384 => "SHA-384",
            Sha512 => "SHA-512",
            Sha3_256 => "SHA3-256",
            Sha3_384 => "SHA3-384",
            Sha3_512 => "SHA3-512",
            Sm3 => "SM3",
        }
    }

    /// Whether collisions are out of reach, so that an imprint binds to one content.
    #[must_use]
    pub const fn is_collision_resistant(self) -> bool {
        !matches!(self, Sha1)
    }

    /// A digest to which bytes can be added piece by piece.
    #[must_use]
    pub fn hasher(self) -> Hasher {
        Hasher(match self {
            Sha1 => State::Sha1(sha1::Sha1::new()),
            Sha256 => State::Sha256(sha2::Sha256::new()),
            Sha384 => State::Sha384(sha2::Sha384::new()),
            Sha512 => State::Sha512(sha2::Sha512::new()),
            Sha3_256 => State::Sha3_256(sha3::Sha3_256::new()),
            Sha3_384 => State::Sha3_384(sha3::Sha3_384::new()),
            Sha3_512 => State::Sha3_512(sha3::Sha3_512::new()),
            Sm3 => State::Sm3(sm3::Sm3::new()),
        })
    }

    /// The digest of `bytes`.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Digest {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish()
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A digest under way.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Sha3_256(sha3::Sha3_256),
    Sha3_384(sha3::Sha3_384),
    Sha3_512(sha3::Sha3_512),
    Sm3(sm3::Sm3),
}

impl Hasher {
    /// Adds the next bytes of the content.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(h) => h.update(bytes),
            State::Sha256(h) => h.update(bytes),
            State::Sha384(h) => h.update(bytes),
            State::Sha512(h) => h.update(bytes),
            State::Sha3_256(h) => h.update(bytes),
            State::Sha3_384(h) => h.update(bytes),
            State::Sha3_512(h) => h.update(bytes),
            State::Sm3(h) => h.update(bytes),
        }
    }

    /// The digest of all that was added.
    #[must_use]
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha1(h) => Digest::of(Sha1, &h.finalize()),
            State::Sha256(h) => Digest::of(Sha256, &h.finalize()),
            State::Sha384(h) => Digest::of(Sha384, &h.finalize()),
            State::Sha512(h) => Digest::of(Sha512, &h.finalize()),
            State::Sha3_256(h) => Digest::of(Sha3_256, &h.finalize()),
            State::Sha3_384(h) => Digest::of(Sha3_384, &h.finalize()),
            State::Sha3_512(h) => Digest::of(Sha3_512, &h.finalize()),
            State::Sm3(h) => Digest::of(Sm3, &h.finalize()),
        }
    }
}

/// A digest together with the algorithm that made it; the length always fits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    bytes: [u8; 64],
}

impl Digest {
    /// From a value made elsewhere; none where the length is not the algorithm's.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm, value: &[u8]) -> Option<Self> {
        (value.len() == algorithm.length()).then(|| Self::of(algorithm, value))
    }

    fn of(algorithm: DigestAlgorithm, value: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes[..value.len()].copy_from_slice(value);
        Self { algorithm, bytes }
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The value.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.length()]
    }
}

/// Lower-case hexadecimal.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.as_bytes()))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{self}", self.algorithm)
    }
}

/// Bytes as lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// Bytes from hexadecimal of either case; none where it is not that.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().map(|c| char::from(c).to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_for_abc() {
        for (algorithm, expected) in [
            (Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (Sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            (Sm3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        ] {
            assert_eq!(algorithm.digest(b"abc").to_string(), expected, "{algorithm}");
        }
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(algorithm.digest(b"").as_bytes().len(), algorithm.length());
            assert_eq!(DigestAlgorithm::from_oid(algorithm.oid()), Some(algorithm));
        }
    }

    #[test]
    fn hexadecimal_there_and_back() {
        assert_eq!(from_hex("00fF"), Some(vec![0, 255]));
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("0g"), None);
        assert_eq!(hex(&[0, 255]), "00ff");
    }
}

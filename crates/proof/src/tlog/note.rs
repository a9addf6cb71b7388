//! Signed notes (C2SP signed-note v1.0.0): a text and signatures of named keys.
//!
//! Two kinds of keys are known: Ed25519 over the text, as logs sign, and Ed25519
//! cosignatures with a time (C2SP tlog-cosignature v1.0.1), as witnesses sign.
//! Signatures of other keys are kept and decide nothing.

use super::TlogError;
use crate::crypto::{self, PublicKey, SignatureAlgorithm, Verifier};
use crate::der::Time;
use crate::digest::hex;
use base64ct::{Base64, Encoding as _};
use core::fmt;
use sha2::{Digest as _, Sha256};

/// Longer notes are refused: room for a checkpoint with many post-quantum signatures.
const NOTE_BYTES_MAX: usize = 128 << 10;
/// More signatures are refused; the specification asks for at least 16.
const SIGNATURES_MAX: usize = 64;

/// A text with its signatures; nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// What is signed, with its last newline.
    pub text: &'a str,
    /// Who signed.
    pub signatures: Vec<NoteSignature<'a>>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    /// The name of the key.
    pub name: &'a str,
    /// The id of the key: which of those with this name.
    pub key_id: [u8; 4],
    /// What the key signed, in the form of its kind.
    pub signature: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Reads a note.
    pub fn parse(note: &'a str) -> Result<Self, TlogError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(TlogError::TooLarge("note"));
        }
        if note.bytes().any(|b| b < 0x20 && b != b'\n') {
            return Err(TlogError::Malformed("note: control character"));
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(TlogError::Malformed("note: no signatures"))?;
        // The text ends with the first of the two newlines.
        let text = &note[..text.len() + 1];
        let lines = lines.strip_suffix('\n').ok_or(TlogError::Malformed("note: last line"))?;
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(TlogError::TooLarge("note: signatures"));
        }
        Ok(Self { text, signatures })
    }
}

impl<'a> NoteSignature<'a> {
    fn parse(line: &'a str) -> Result<Self, TlogError> {
        let malformed = TlogError::Malformed("note: signature line");
        let (name, encoded) = line.strip_prefix("— ").and_then(|l| l.split_once(' ')).ok_or(malformed)?;
        let bytes = Base64::decode_vec(encoded).map_err(|_| malformed)?;
        let (key_id, signature) = bytes.split_first_chunk::<4>().ok_or(malformed)?;
        if !is_key_name(name) || signature.is_empty() {
            return Err(malformed);
        }
        Ok(Self { name, key_id: *key_id, signature: signature.to_vec() })
    }
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// The line that adds a signature to a note, with its newline.
#[must_use]
pub fn signature_line(key: &NoteKey, signature: &[u8]) -> String {
    format!("— {} {}\n", key.name, Base64::encode_string(&[&key.id()[..], signature].concat()))
}

/// What a key signs, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519 over the text; a log's own key. Type byte 1.
    Ed25519,
    /// Ed25519 over the text and a time; a witness's key. Type byte 4.
    CosignatureEd25519,
}

impl KeyKind {
    fn type_byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::CosignatureEd25519 => 4,
        }
    }
}

/// A public key with its name, as in a verifier key (vkey).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: KeyKind,
    key: [u8; 32],
}

impl NoteKey {
    /// A key under a name; none where the name is not one.
    #[must_use]
    pub fn new(name: &str, kind: KeyKind, key: [u8; 32]) -> Option<Self> {
        is_key_name(name).then(|| Self { name: name.to_owned(), kind, key })
    }

    /// Reads `NAME+ID+KEY`.
    pub fn parse(vkey: &str) -> Result<Self, TlogError> {
        let malformed = TlogError::Malformed("verifier key");
        let (name, rest) = vkey.split_once('+').ok_or(malformed)?;
        let (id, encoded) = rest.split_once('+').ok_or(malformed)?;
        let bytes = Base64::decode_vec(encoded).map_err(|_| malformed)?;
        let (kind, key) = match bytes.split_first() {
            Some((1, key)) => (KeyKind::Ed25519, key),
            Some((4, key)) => (KeyKind::CosignatureEd25519, key),
            _ => return Err(malformed),
        };
        let key = Self::new(name, kind, key.try_into().map_err(|_| malformed)?).ok_or(malformed)?;
        if hex(&key.id()) == id { Ok(key) } else { Err(malformed) }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The first four bytes of SHA-256 over name, newline, type byte and key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.kind.type_byte()])
            .chain_update(self.key)
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Checks the key's signature on a note. For a cosignature, gives the time it was made.
    ///
    /// # Errors
    /// [`TlogError::NoSignature`] where the key did not sign; [`TlogError::BadSignature`] where
    /// it is said to have and a signature is not right, for which the whole note is refused.
    pub fn verify(&self, note: &Note<'_>, verifier: &dyn Verifier) -> Result<Option<Time>, TlogError> {
        let id = self.id();
        let mut result = Err(TlogError::NoSignature);
        for line in note.signatures.iter().filter(|s| s.name == self.name && s.key_id == id) {
            result = Ok(self.verify_one(note.text, &line.signature, verifier)?);
        }
        result
    }

    fn verify_one(&self, text: &str, signature: &[u8], verifier: &dyn Verifier) -> Result<Option<Time>, TlogError> {
        let check = |message: &[u8], signature: &[u8]| {
            let key = PublicKey::Ed25519(&self.key);
            crypto::verify(verifier, SignatureAlgorithm::Ed25519, &key, message, signature)
                .map_err(|_| TlogError::BadSignature)
        };
        match self.kind {
            KeyKind::Ed25519 => check(text.as_bytes(), signature).map(|()| None),
            KeyKind::CosignatureEd25519 => {
                let (time, signature) = signature.split_first_chunk::<8>().ok_or(TlogError::BadSignature)?;
                // The bound of what a time of ours can hold lies far beyond any honest clock.
                let unix_s = i64::try_from(u64::from_be_bytes(*time)).map_err(|_| TlogError::BadSignature)?;
                let time = Time::checked_from_unix(unix_s).ok_or(TlogError::BadSignature)?;
                check(cosigned_text(unix_s, text).as_bytes(), signature).map(|()| Some(time))
            }
        }
    }
}

/// `NAME+ID+KEY`
impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = Base64::encode_string(&[&[self.kind.type_byte()][..], &self.key].concat());
        write!(f, "{}+{}+{encoded}", self.name, hex(&self.id()))
    }
}

/// What an Ed25519 cosignature is over (C2SP tlog-cosignature).
#[must_use]
pub fn cosigned_text(unix_s: i64, text: &str) -> String {
    format!("cosignature/v1\ntime {unix_s}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::RustCrypto;

    /// From the specification.
    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_verifies() {
        let key = NoteKey::parse(KEY).unwrap();
        assert_eq!(key.to_string(), KEY);
        let note = Note::parse(NOTE).unwrap();
        assert_eq!(note.text, "This is an example message.\n");
        assert_eq!(key.verify(&note, &RustCrypto), Ok(None));
        let altered = NOTE.replace("message", "massage");
        assert_eq!(key.verify(&Note::parse(&altered).unwrap(), &RustCrypto), Err(TlogError::BadSignature));
        let other = NOTE.replace("/foo ", "/bar ");
        assert_eq!(key.verify(&Note::parse(&other).unwrap(), &RustCrypto), Err(TlogError::NoSignature));
        // A second, wrong signature of the same key spoils the note.
        let line = NOTE.rsplit_once("\n\n").unwrap().1.replace("aQM=", "aQI=");
        let twice = format!("{NOTE}{line}");
        assert_eq!(key.verify(&Note::parse(&twice).unwrap(), &RustCrypto), Err(TlogError::BadSignature));
    }

    /// A witness signs text and time; neither can be changed, nor moved to another kind of key.
    #[test]
    fn a_cosignature_holds_for_its_text_and_time() {
        use ed25519_dalek::Signer as _;
        let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let public = secret.verifying_key().to_bytes();
        let key = NoteKey::new("witness.example", KeyKind::CosignatureEd25519, public).unwrap();
        let text = "example.com/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let unix_s: i64 = 1_679_315_147;
        let signature = secret.sign(cosigned_text(unix_s, text).as_bytes()).to_bytes();
        let signed = |text: &str, unix_s: i64, key: &NoteKey| {
            format!("{text}\n{}", signature_line(key, &[&unix_s.to_be_bytes()[..], &signature].concat()))
        };
        let verify = |note: &str, key: &NoteKey| key.verify(&Note::parse(note).unwrap(), &RustCrypto);
        assert_eq!(verify(&signed(text, unix_s, &key), &key), Ok(Some(Time::from_unix(unix_s))));
        assert_eq!(NoteKey::parse(&key.to_string()), Ok(key.clone()));
        assert_eq!(verify(&signed(text, unix_s + 1, &key), &key), Err(TlogError::BadSignature));
        let other = text.replace("\n1\n", "\n2\n");
        assert_eq!(verify(&signed(&other, unix_s, &key), &key), Err(TlogError::BadSignature));
        for time in [-1, i64::MAX] {
            assert_eq!(verify(&signed(text, time, &key), &key), Err(TlogError::BadSignature));
        }
        let plain = NoteKey::new("witness.example", KeyKind::Ed25519, public).unwrap();
        assert_eq!(verify(&signed(text, unix_s, &key), &plain), Err(TlogError::NoSignature));
        assert_eq!(verify(&signed(text, unix_s, &plain), &plain), Err(TlogError::BadSignature));
        let short = format!("{text}\n{}", signature_line(&key, &[0; 7]));
        assert_eq!(verify(&short, &key), Err(TlogError::BadSignature));
    }

    #[test]
    fn malformed_notes_and_keys_are_refused() {
        for bad in [
            "",
            "text\n",
            "text\n\n",
            "text\n\n— a\n",
            "text\n\n— a AAAA\n",
            "text\n\n— a AAAAAAA=",
            "text\n\n- a AAAAAAA=\n",
            "text\n\n— a+b AAAAAAA=\n",
            "text\n\n— a AAAAAAB=\n",
            "text\n\n— a AAAAAAA\n",
            "te\txt\n\n— a AAAAAAA=\n",
            "te\rxt\n\n— a AAAAAAA=\n",
        ] {
            assert!(Note::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Note::parse("a\n\nb\n\n— a AAAAAAA=\n").is_ok_and(|n| n.text == "a\n\nb\n"));
        for bad in ["", "a", "a+b", &KEY.replace("530d", "530e"), &KEY.replace("+Aeky", "+Beky"), &KEY[..60]] {
            assert!(NoteKey::parse(bad).is_err(), "{bad:?}");
        }
        assert!(NoteKey::new("a b", KeyKind::Ed25519, [0; 32]).is_none());
    }
}

//! How a token names the log it is in, and carries its place there.
//!
//! The signer's certificate has a non-critical extension that names the log and
//! its keys; under such a certificate a token without a proof is incomplete. The
//! proof rides in an unsigned attribute, which verifiers that do not know it pass
//! over. The log's entry commits to the token digest, so nothing unsigned can
//! change what was logged (DESIGN sections 1 and 3).

use crate::cms::{Attribute, SignerInfo};
use crate::der::{DerError, Element, Time, Writer, tag};
use crate::digest::Digest;
use crate::oid;
use crate::tlog::{KeyKind, NoteKey, is_origin};
use crate::x509::Certificate;

/// The first byte of an entry that stands for a token.
const TOKEN_ENTRY: u8 = 1;
/// The first byte of an entry that stands for a line of the authority's journal.
const JOURNAL_ENTRY: u8 = 2;
const KEYS_MAX: usize = 8;
const STAMPS_MAX: usize = 16;

/// The entry of a token: kind, genTime in milliseconds since 1970 (fractions cut), token digest.
///
/// It holds no imprint, no serial number and nothing of a person.
#[must_use]
pub fn token_entry(gen_time: Time, token_digest: &Digest) -> Vec<u8> {
    entry(TOKEN_ENTRY, gen_time, token_digest)
}

/// The entry of a line of the journal of clock and keys: kind, time as above, SHA-256 of the line.
#[must_use]
pub fn journal_entry(time: Time, line_digest: &Digest) -> Vec<u8> {
    entry(JOURNAL_ENTRY, time, line_digest)
}

fn entry(kind: u8, time: Time, digest: &Digest) -> Vec<u8> {
    let ms = time.unix_s().saturating_mul(1000).saturating_add(i64::from(time.nanos() / 1_000_000));
    [&[kind][..], &ms.to_be_bytes(), digest.as_bytes()].concat()
}

/// The log that an authority promises to put every token into.
///
/// ```text
/// LogIdentity ::= SEQUENCE { origin UTF8String, keys SEQUENCE OF OCTET STRING }
///                 -- each key: the type byte of C2SP signed-note, then the key
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIdentity {
    /// The log's name.
    pub origin: String,
    /// The keys that may sign its checkpoints; one signature is enough.
    pub keys: Vec<NoteKey>,
}

impl LogIdentity {
    /// What a certificate says; none where it names no log.
    pub fn of(certificate: &Certificate<'_>) -> Result<Option<Self>, DerError> {
        let Some(extension) = certificate.extension(oid::LOG_IDENTITY) else { return Ok(None) };
        let mut fields = Element::parse(extension.value)?.inside(tag::SEQUENCE)?;
        let origin = fields.expect(tag::UTF8_STRING)?.content;
        let bad = DerError::BadValue("log identity");
        let origin = core::str::from_utf8(origin).ok().filter(|o| is_origin(o)).ok_or(bad)?;
        let mut list = fields.sequence()?;
        fields.finish()?;
        let mut keys = Vec::new();
        while !list.is_empty() {
            if keys.len() == KEYS_MAX {
                return Err(DerError::TooLarge("log keys"));
            }
            // Keys of kinds that are not known here may stand beside one that is.
            if let Some((1, key)) = list.octets()?.split_first() {
                let key = key.try_into().map_err(|_| bad)?;
                keys.push(NoteKey::new(origin, KeyKind::Ed25519, key).ok_or(bad)?);
            }
        }
        Ok(Some(Self { origin: origin.to_owned(), keys }))
    }

    /// The value of the extension.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.utf8(&self.origin);
            w.sequence(|w| self.keys.iter().for_each(|k| w.octets(&[&[1][..], k.public_key()].concat())));
        });
        w.into_bytes()
    }
}

/// A proof as a token carries it; nothing is verified yet.
///
/// ```text
/// LogProof ::= SEQUENCE { receipt OCTET STRING, stamps SEQUENCE OF ContentInfo }
///              -- receipt: C2SP tlog-proof; stamps: tokens over its checkpoint
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof<'a> {
    /// The C2SP tlog-proof.
    pub receipt: &'a str,
    /// Tokens of other authorities over its checkpoint, each a ContentInfo.
    pub stamps: Vec<&'a [u8]>,
}

impl<'a> LogProof<'a> {
    /// Reads one value of the attribute.
    pub fn parse(value: &Element<'a>) -> Result<Self, DerError> {
        let mut fields = value.inside(tag::SEQUENCE)?;
        let receipt = core::str::from_utf8(fields.octets()?).map_err(|_| DerError::BadValue("log proof"))?;
        let mut list = fields.sequence()?;
        fields.finish()?;
        let mut stamps = Vec::new();
        while !list.is_empty() {
            if stamps.len() == STAMPS_MAX {
                return Err(DerError::TooLarge("stamps"));
            }
            stamps.push(list.expect(tag::SEQUENCE)?.full);
        }
        Ok(Self { receipt, stamps })
    }

    /// The values that a signer's unsigned attributes carry.
    pub(crate) fn values<'s>(signer: &'s SignerInfo<'a>) -> impl Iterator<Item = &'s Element<'a>> {
        let is_proof = |a: &&Attribute<'_>| a.oid == oid::LOG_PROOF;
        signer.unsigned_attributes.iter().filter(is_proof).flat_map(|a| &a.values)
    }

    /// The attribute that carries this proof alone.
    #[must_use]
    pub fn attribute(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.oid(oid::LOG_PROOF);
            w.set(|w| {
                w.sequence(|w| {
                    w.octets(self.receipt.as_bytes());
                    w.sequence(|w| self.stamps.iter().for_each(|s| w.raw(s)));
                });
            });
        });
        w.into_bytes()
    }
}

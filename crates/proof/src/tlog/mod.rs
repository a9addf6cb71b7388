//! Transparency logs: Merkle trees, notes, checkpoints, proofs, tiles.
//!
//! A log is a list that only grows. Its *head* is its size and the root of the
//! Merkle tree over its entries (RFC 6962 section 2.1); a *checkpoint* is a head
//! signed by the log and, perhaps, by others that watched it grow. What was in a
//! log at one checkpoint is in it, at the same place, at every later one; who
//! holds two checkpoints can check that.
//!
//! The texts and layouts are those of C2SP: signed-note, tlog-checkpoint,
//! tlog-cosignature, tlog-proof and tlog-tiles (docs/conformance/c2sp.md).

mod checkpoint;
mod frontier;
mod merkle;
mod note;
mod receipt;
pub mod tile;

pub use checkpoint::{Checkpoint, ORIGIN_BYTES_MAX, is_origin};
pub use frontier::{Frontier, Growth};
pub use merkle::{
    ConsistencyProof, Hash, Head, InclusionProof, Node, consistency_proof, inclusion_proof, leaf_hash, node_hash,
};
pub use note::{KeyKind, Note, NoteKey, NoteSignature, cosigned_text, signature_line};
pub use receipt::Receipt;

use core::fmt;

/// Why something about a log does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlogError {
    /// The text or the bytes are not in the format; says which part.
    Malformed(&'static str),
    /// Larger than what is read.
    TooLarge(&'static str),
    /// The proof has not the shape that index and size ask for.
    Shape,
    /// The proof leads to another root.
    OtherRoot,
    /// No signature of this key, name and id, is there.
    NoSignature,
    /// The key's signature is there and is not right.
    BadSignature,
}

impl fmt::Display for TlogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(part) => write!(f, "malformed {part}"),
            Self::TooLarge(part) => write!(f, "{part} too large"),
            Self::Shape => f.write_str("the proof has not as many hashes as it needs"),
            Self::OtherRoot => f.write_str("the proof leads to another root"),
            Self::NoSignature => f.write_str("no signature of the key"),
            Self::BadSignature => f.write_str("the key's signature is not right"),
        }
    }
}

impl core::error::Error for TlogError {}

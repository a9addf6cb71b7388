//! The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1), over SHA-256.
//!
//! Verification follows RFC 9162 sections 2.1.3.2 and 2.1.4.2. Making a proof asks
//! for the hashes of complete subtrees only, which never change once written.

use super::TlogError;
use base64ct::{Base64, Encoding as _};
use core::fmt;
use sha2::{Digest as _, Sha256};

/// The hash of a leaf or of a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The root of a tree without leaves: SHA-256 of nothing.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// From bytes that are such a hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From base64, canonical and of the right length.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        let mut bytes = [0; 33];
        let decoded = Base64::decode(text, &mut bytes).ok()?;
        decoded.try_into().ok().map(Self)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Base64, as in checkpoints and proofs.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64::encode_string(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The hash of an entry as a leaf.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new_with_prefix([0]).chain_update(entry).finalize().into())
}

/// The hash of the node above two.
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// A tree: how many leaves, and the root over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of leaves.
    pub size: u64,
    /// The root.
    pub root: Hash,
}

/// That an entry stands at an index of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The index of the leaf, from 0.
    pub index: u64,
    /// The siblings, from the leaf's to the root's child.
    pub hashes: Vec<Hash>,
}

impl InclusionProof {
    /// Checks that `leaf` stands at the index of the tree with this head.
    pub fn verify(&self, leaf: Hash, head: &Head) -> Result<(), TlogError> {
        if self.index >= head.size {
            return Err(TlogError::Shape);
        }
        let (mut node, mut last) = (self.index, head.size - 1);
        let mut root = leaf;
        for sibling in &self.hashes {
            if last == 0 {
                return Err(TlogError::Shape);
            }
            if node & 1 == 1 || node == last {
                root = node_hash(*sibling, root);
                while node & 1 == 0 && node != 0 {
                    (node, last) = (node >> 1, last >> 1);
                }
            } else {
                root = node_hash(root, *sibling);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        if last != 0 {
            return Err(TlogError::Shape);
        }
        if root == head.root { Ok(()) } else { Err(TlogError::OtherRoot) }
    }
}

/// That a tree grew out of a smaller one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The hashes, in the order of RFC 6962 section 2.1.2.
    pub hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// Checks that the tree of `new` begins with the leaves of `old`.
    pub fn verify(&self, old: &Head, new: &Head) -> Result<(), TlogError> {
        if old.size > new.size {
            return Err(TlogError::Shape);
        }
        if old.size == new.size || old.size == 0 {
            let expected = if old.size == 0 { Hash::of_nothing() } else { new.root };
            let same = old.root == expected && (new.size != 0 || new.root == expected);
            return match (self.hashes.is_empty(), same) {
                (false, _) => Err(TlogError::Shape),
                (true, false) => Err(TlogError::OtherRoot),
                (true, true) => Ok(()),
            };
        }
        let (mut node, mut last) = (old.size - 1, new.size - 1);
        while node & 1 == 1 {
            (node, last) = (node >> 1, last >> 1);
        }
        let mut hashes = self.hashes.iter().copied();
        // A smaller tree that is a complete subtree is where the way up begins.
        let start = if node == 0 { old.root } else { hashes.next().ok_or(TlogError::Shape)? };
        let (mut old_root, mut new_root) = (start, start);
        for sibling in hashes {
            if last == 0 {
                return Err(TlogError::Shape);
            }
            if node & 1 == 1 || node == last {
                old_root = node_hash(sibling, old_root);
                new_root = node_hash(sibling, new_root);
                while node & 1 == 0 && node != 0 {
                    (node, last) = (node >> 1, last >> 1);
                }
            } else {
                new_root = node_hash(new_root, sibling);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        if last != 0 {
            return Err(TlogError::Shape);
        }
        if old_root == old.root && new_root == new.root { Ok(()) } else { Err(TlogError::OtherRoot) }
    }
}

/// A complete subtree: the leaves from `index << level` on, `1 << level` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// How far above the leaves.
    pub level: u32,
    /// Which one on its level, from 0.
    pub index: u64,
}

/// The hash over the leaves from `start` to `end`, from those of complete subtrees.
///
/// `start` must be a multiple of the smallest power of two that is not below `end - start`,
/// as it is for every range inside a proof.
fn range_hash<E>(start: u64, end: u64, node: &mut impl FnMut(Node) -> Result<Hash, E>) -> Result<Hash, E> {
    let mut parts = Vec::new();
    let mut at = start;
    while at < end {
        let level = (end - at).ilog2();
        parts.push(node(Node { level, index: at >> level })?);
        at += 1 << level;
    }
    // An empty range is asked for by nobody; it hashes to nothing.
    let last = parts.pop().unwrap_or_else(Hash::of_nothing);
    Ok(parts.into_iter().rfold(last, |right, left| node_hash(left, right)))
}

/// The largest power of two below `n`, for `n` of 2 or more.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// Proves that leaf `index` is in the tree of the first `size` leaves.
///
/// `node` gives the hash of a complete subtree. An index outside of the tree gives an empty
/// proof, which verifies nothing.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    mut node: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<InclusionProof, E> {
    let (mut start, mut end) = if index < size { (0, size) } else { (0, 0) };
    let mut hashes = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            hashes.push(range_hash(middle, end, &mut node)?);
            end = middle;
        } else {
            hashes.push(range_hash(start, middle, &mut node)?);
            start = middle;
        }
    }
    hashes.reverse();
    Ok(InclusionProof { index, hashes })
}

/// Proves that the tree of the first `new` leaves begins with that of the first `old`.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    mut node: impl FnMut(Node) -> Result<Hash, E>,
) -> Result<ConsistencyProof, E> {
    let mut hashes = Vec::new();
    let (mut start, mut end) = (0, new);
    let mut starts_at_zero = true;
    // Nothing is consistent with everything, and needs no proof.
    while old > 0 && old < end {
        let middle = start + split(end - start);
        if old <= middle {
            hashes.push(range_hash(middle, end, &mut node)?);
            end = middle;
        } else {
            hashes.push(range_hash(start, middle, &mut node)?);
            start = middle;
            starts_at_zero = false;
        }
    }
    if old > 0 && old == end && !starts_at_zero {
        hashes.push(range_hash(start, end, &mut node)?);
    }
    hashes.reverse();
    Ok(ConsistencyProof { hashes })
}

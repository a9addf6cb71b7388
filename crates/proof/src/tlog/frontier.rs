//! The right edge of a tree: all that is needed to let it grow and to prove what is new.
//!
//! A tree of any size is held by the roots of its complete subtrees, one for each
//! bit of the size. Memory therefore does not grow with the tree.

use super::merkle::{self, Hash, Head, InclusionProof, Node, node_hash};
use core::convert::Infallible;

/// The roots of the complete subtrees that make up a tree, the largest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    edge: Vec<Hash>,
}

impl Frontier {
    /// From its parts; none where there is not one hash for each bit of the size.
    #[must_use]
    pub fn from_parts(size: u64, edge: Vec<Hash>) -> Option<Self> {
        (edge.len() == size.count_ones() as usize).then_some(Self { size, edge })
    }

    /// The edge of the first `size` leaves of a tree; `node` gives the hash of a complete subtree.
    pub fn load<E>(size: u64, mut node: impl FnMut(Node) -> Result<Hash, E>) -> Result<Self, E> {
        let levels = (0..64).rev().filter(|level| size >> level & 1 == 1);
        let edge = levels.map(|level| node(Node { level, index: (size >> level) - 1 })).collect::<Result<_, E>>()?;
        Ok(Self { size, edge })
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, the largest first.
    #[must_use]
    pub fn edge(&self) -> &[Hash] {
        &self.edge
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> Head {
        let root = self.edge.iter().rev().copied().reduce(|right, left| node_hash(left, right));
        Head { size: self.size, root: root.unwrap_or_else(Hash::of_nothing) }
    }

    /// Adds one leaf.
    pub fn push(&mut self, leaf: Hash) {
        let merged = self.size.trailing_ones() as usize;
        let below = self.edge.split_off(self.edge.len() - merged);
        self.edge.push(below.into_iter().rfold(leaf, |right, left| node_hash(left, right)));
        self.size += 1;
    }

    /// The subtree of 2^level leaves on the edge, where there is one.
    fn at(&self, level: u32) -> Option<Hash> {
        let has = self.size.checked_shr(level).is_some_and(|s| s & 1 == 1);
        let above = self.size.checked_shr(level + 1).unwrap_or(0).count_ones() as usize;
        has.then(|| self.edge[above])
    }
}

/// A tree that has grown by some leaves, with what proofs for them need.
#[derive(Clone, Debug)]
pub struct Growth {
    before: u64,
    after: Frontier,
    /// For each level, the index of the first complete node kept and the nodes from there on.
    levels: Vec<(u64, Vec<Hash>)>,
}

impl Growth {
    /// The tree behind `frontier` with these leaves after its own.
    #[must_use]
    pub fn new(frontier: &Frontier, leaves: &[Hash]) -> Self {
        let (old, size) = (frontier.size, frontier.size + leaves.len() as u64);
        let mut levels = Vec::new();
        let mut fresh = leaves.to_vec();
        for level in 0..64 - size.leading_zeros() {
            // The node on the edge is a left one; with its new sibling it makes a node above.
            let first = (old >> level) & !1;
            let mut nodes = Vec::with_capacity(fresh.len() + 1);
            nodes.extend(frontier.at(level));
            nodes.append(&mut fresh);
            fresh = nodes.chunks_exact(2).map(|pair| node_hash(pair[0], pair[1])).collect();
            levels.push((first, nodes));
        }
        let edge = (0..levels.len()).rev().filter(|level| size >> level & 1 == 1);
        let edge = edge.filter_map(|level| levels[level].1.last().copied()).collect();
        Self { before: old, after: Frontier { size, edge }, levels }
    }

    /// The number of leaves before.
    #[must_use]
    pub fn before(&self) -> u64 {
        self.before
    }

    /// The tree as it is now.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.after
    }

    /// Proves one of the new leaves; `index` counts from the tree's first leaf.
    ///
    /// An index that is not of a new leaf gives a proof that verifies nothing.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64) -> InclusionProof {
        let node = |node: Node| {
            let kept = self.levels.get(node.level as usize);
            let hash =
                kept.and_then(|(first, nodes)| nodes.get(usize::try_from(node.index.checked_sub(*first)?).ok()?));
            Ok::<_, Infallible>(hash.copied().unwrap_or_else(Hash::of_nothing))
        };
        let size = if index >= self.before { self.after.size } else { 0 };
        let Ok(proof) = merkle::inclusion_proof(index, size, node);
        proof
    }
}

#[cfg(test)]
mod tests {
    use super::super::{consistency_proof, leaf_hash};
    use super::*;

    fn leaves(n: u64) -> Vec<Hash> {
        (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    fn frontier(leaves: &[Hash]) -> Frontier {
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|l| frontier.push(*l));
        frontier
    }

    /// MTH by the letter of RFC 6962 section 2.1.
    fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of_nothing(),
            [one] => *one,
            more => {
                let (left, right) = more.split_at(1 << (more.len() - 1).ilog2());
                node_hash(root(left), root(right))
            }
        }
    }

    #[test]
    fn every_small_tree_grows_and_proves_by_the_letter_of_the_definition() {
        let all = leaves(70);
        for size in 0..=70usize {
            let tree = frontier(&all[..size]);
            let head = Head { size: size as u64, root: root(&all[..size]) };
            assert_eq!(tree.head(), head);
            assert_eq!(Frontier::from_parts(tree.size(), tree.edge().to_vec()), Some(tree.clone()));
            let complete = |n: Node| Ok::<_, Infallible>(root(&all[(n.index << n.level) as usize..][..1 << n.level]));
            assert_eq!(Frontier::load(tree.size(), complete), Ok(tree.clone()));
            for before in 0..=size {
                let growth = Growth::new(&frontier(&all[..before]), &all[before..size]);
                assert_eq!(growth.frontier(), &tree, "{before} to {size}");
                for (index, leaf) in all[..size].iter().enumerate().skip(before) {
                    let proof = growth.inclusion_proof(index as u64);
                    assert_eq!(proof.verify(*leaf, &head), Ok(()), "{index} of {before} to {size}");
                }
                let Ok(proof) = consistency_proof(before as u64, size as u64, complete);
                let old = Head { size: before as u64, root: root(&all[..before]) };
                assert_eq!(proof.verify(&old, &head), Ok(()), "{before} in {size}");
            }
        }
    }

    #[test]
    fn a_proof_holds_for_nothing_else() {
        let all = leaves(23);
        let growth = Growth::new(&frontier(&all[..9]), &all[9..]);
        let head = growth.frontier().head();
        let good = growth.inclusion_proof(14);
        assert_eq!(good.verify(all[14], &head), Ok(()));
        assert!(good.verify(all[13], &head).is_err());
        assert!(InclusionProof { index: 15, ..good.clone() }.verify(all[14], &head).is_err());
        assert!(good.verify(all[14], &Head { size: 33, ..head }).is_err());
        assert!(InclusionProof { index: 23, ..good.clone() }.verify(all[14], &head).is_err());
        for cut in 0..good.hashes.len() {
            let mut hashes = good.hashes.clone();
            hashes.remove(cut);
            assert!(InclusionProof { hashes, ..good.clone() }.verify(all[14], &head).is_err());
        }
        let longer = [good.hashes.clone(), vec![all[0]]].concat();
        assert!(InclusionProof { hashes: longer, ..good }.verify(all[14], &head).is_err());
        assert!(growth.inclusion_proof(3).verify(all[3], &head).is_err(), "an old leaf is not proven");
    }
}

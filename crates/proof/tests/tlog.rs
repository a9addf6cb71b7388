//! The log's mathematics beside two other implementations, over random trees.

use ct_merkle::RootHash;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proof::tlog::tile::{Row, Tile, fold};
use proof::tlog::{
    ConsistencyProof, Frontier, Growth, Hash, Head, InclusionProof, Node, consistency_proof, inclusion_proof, leaf_hash,
};
use proptest::prelude::*;
use sha2::Sha256;
use std::convert::Infallible;

type Peer = MemoryBackedTree<Sha256, Vec<u8>>;

/// Every complete subtree of a tree, in the order in which Go's tlog stores them.
struct Stored(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|i| self.0[*i as usize]).collect())
    }
}

struct Trees {
    entries: Vec<Vec<u8>>,
    peer: Peer,
    stored: Stored,
}

impl Trees {
    fn new(size: usize, seed: u8) -> Self {
        let entries: Vec<Vec<u8>> = (0..size).map(|i| [&[seed][..], &i.to_be_bytes()].concat()).collect();
        let (mut peer, mut stored) = (Peer::new(), Stored(Vec::new()));
        for (n, entry) in entries.iter().enumerate() {
            peer.push(entry.clone());
            let fresh = tlog_tiles::stored_hashes(n as u64, entry, &stored).unwrap();
            stored.0.extend(fresh);
        }
        Self { entries, peer, stored }
    }

    fn leaves(&self) -> Vec<Hash> {
        self.entries.iter().map(|e| leaf_hash(e)).collect()
    }

    fn node(&self, node: Node) -> Hash {
        let at = tlog_tiles::stored_hash_index(node.level as u8, node.index);
        Hash::from_bytes(self.stored.0[at as usize].0)
    }

    fn head(&self, size: usize) -> Head {
        let mut frontier = Frontier::default();
        self.leaves()[..size].iter().for_each(|l| frontier.push(*l));
        frontier.head()
    }

    fn prove(&self, index: u64) -> InclusionProof {
        let Ok(proof) = inclusion_proof(index, self.entries.len() as u64, |n| Ok::<_, Infallible>(self.node(n)));
        proof
    }
}

fn digests(hashes: &[Hash]) -> Vec<sha2::digest::Output<Sha256>> {
    hashes.iter().map(|h| (*h.as_bytes()).into()).collect()
}

fn peer_root(head: &Head) -> RootHash<Sha256> {
    RootHash::new((*head.root.as_bytes()).into(), head.size)
}

fn ours(hashes: Vec<tlog_tiles::Hash>) -> Vec<Hash> {
    hashes.into_iter().map(|h| Hash::from_bytes(h.0)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn proofs_are_those_of_two_other_implementations(size in 1usize..700, at in any::<prop::sample::Index>(), seed: u8) {
        let trees = Trees::new(size, seed);
        let head = trees.head(size);
        let peer_root = trees.peer.root();
        prop_assert_eq!(head.root.as_bytes().as_slice(), peer_root.as_bytes().as_slice());
        let index = at.index(size);
        let proof = trees.prove(index as u64);
        prop_assert_eq!(&proof.hashes, &ours(tlog_tiles::prove_record(size as u64, index as u64, &trees.stored).unwrap()));
        prop_assert_eq!(proof.verify(leaf_hash(&trees.entries[index]), &head), Ok(()));
        let growth = Growth::new(&Frontier::default(), &trees.leaves());
        prop_assert_eq!(&growth.inclusion_proof(index as u64), &proof);

        let old = index + 1;
        let Ok(consistency) = consistency_proof(old as u64, size as u64, |n| Ok::<_, Infallible>(trees.node(n)));
        prop_assert_eq!(&consistency.hashes, &ours(tlog_tiles::prove_tree(size as u64, old as u64, &trees.stored).unwrap()));
        prop_assert_eq!(consistency.verify(&trees.head(old), &head), Ok(()));
    }

    /// A proof with one thing changed is judged as the peer judges it.
    #[test]
    fn changed_proofs_are_judged_alike(
        size in 2usize..300, at in any::<prop::sample::Index>(), which in 0..5, n in any::<prop::sample::Index>(), seed: u8
    ) {
        let trees = Trees::new(size, seed);
        let index = at.index(size);
        let (mut head, mut leaf) = (trees.head(size), index);
        let mut proof = trees.prove(index as u64);
        match which {
            0 => leaf = n.index(size),
            1 => proof.index = n.index(size + 3) as u64,
            2 => drop(proof.hashes.pop()),
            3 => proof.hashes.push(head.root),
            _ => head.size = n.index(2 * size) as u64,
        }
        let verdict = proof.verify(leaf_hash(&trees.entries[leaf]), &head);
        let theirs = ct_merkle::InclusionProof::from_digests(&digests(&proof.hashes));
        // The peer panics where a tree is empty.
        let peer = head.size > 0 && peer_root(&head).verify_inclusion(&trees.entries[leaf], proof.index, &theirs).is_ok();
        prop_assert_eq!(verdict.is_ok(), peer);
    }

    #[test]
    fn changed_consistency_is_judged_alike(
        size in 2usize..300, at in any::<prop::sample::Index>(), which in 0..5, n in any::<prop::sample::Index>(), seed: u8
    ) {
        let trees = Trees::new(size, seed);
        let old_size = at.index(size - 1) + 1;
        let (mut old, mut new) = (trees.head(old_size), trees.head(size));
        let Ok(mut proof) = consistency_proof(old_size as u64, size as u64, |n| Ok::<_, Infallible>(trees.node(n)));
        match which {
            0 => drop(proof.hashes.pop()),
            1 => proof.hashes.push(new.root),
            2 => old.size = n.index(size - 1) as u64 + 1,
            3 => new.size = n.index(2 * size) as u64 + 1,
            _ => if !proof.hashes.is_empty() { proof.hashes[n.index(1)] = old.root },
        }
        let theirs = ct_merkle::ConsistencyProof::from_digests(&digests(&proof.hashes));
        let peer = peer_root(&new).verify_consistency(&peer_root(&old), &theirs).is_ok();
        prop_assert_eq!(ConsistencyProof { hashes: proof.hashes }.verify(&old, &new).is_ok(), peer);
    }

    /// The same files in the same places, and every node is found in them.
    #[test]
    fn tiles_are_those_of_another_implementation(old in 0u64..200_000, more in 1u64..200_000) {
        let new = old + more;
        let theirs: Vec<String> =
            tlog_tiles::Tile::new_tiles(8, old, new).iter().map(|t| t.path().replacen("tile/8/", "tile/", 1)).collect();
        let ours = Tile::between(old, new);
        let paths: Vec<String> = ours.iter().filter(|t| t.row != Row::Entries).map(Tile::to_string).collect();
        prop_assert_eq!(paths, theirs);
        for tile in ours {
            prop_assert_eq!(Tile::parse(&tile.to_string()), Some(tile));
        }
    }

    #[test]
    fn nodes_are_folded_from_tiles(size in 1usize..1200, at in any::<prop::sample::Index>()) {
        let trees = Trees::new(size, 0);
        let index = at.index(size) as u64;
        let Ok(proof) = inclusion_proof(index, size as u64, |node| {
            let (tile, range) = Tile::of_node(node, size as u64).unwrap();
            let Row::Hashes(level) = tile.row else { unreachable!() };
            let hashes: Vec<Hash> = range
                .map(|i| trees.node(Node { level: 8 * level, index: tile.index * 256 + i as u64 }))
                .collect();
            Ok::<_, Infallible>(fold(&hashes).unwrap())
        });
        prop_assert_eq!(proof, trees.prove(index));
    }
}

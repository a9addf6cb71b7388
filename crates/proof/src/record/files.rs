//! The files of a record: a leaf for each, and the root of the Merkle tree over them (n-08).
//!
//! A record names the root alone, so it is small however many files there are, and one file is shown
//! by its leaf and a proof of a few hashes. Each leaf holds the commitment to its name, whose salt
//! nobody can guess; so the hashes in a proof say nothing of the other files.

use super::{Commitment, Hex32, RecordError};
use crate::tlog::{Hash, Head, InclusionProof, Node, inclusion_proof, leaf_hash, node_hash};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

const KIND: &str = "shiyin.files/1";
/// Files of one record.
pub const FILES_MAX: usize = 1_000_000;

/// What a file is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Its SHA-256, and its SM3 where that was computed too.
    Digests {
        /// SHA-256.
        sha256: [u8; 32],
        /// SM3 (GB/T 32905).
        sm3: Option<[u8; 32]>,
    },
    /// The commitment to it under a salt: not even the digest is given away.
    Salted(Commitment),
}

/// A file of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is known by.
    pub content: Content,
    /// The commitment to its path below the folder, with `/` between its parts; or to its name.
    pub name: Commitment,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it came with the work, as a statement of rights does, and is no part of it.
    pub is_attached: bool,
}

/// The files of a record, in the order in which they were put down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(Vec<File>);

/// What a record says of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilesHead {
    /// How many.
    pub count: u64,
    /// Their sizes together, in bytes.
    pub bytes: u64,
    /// The root over their leaves (RFC 9162 section 2.1.1).
    pub root: [u8; 32],
}

// Keys stand in the order of their names, as RFC 8785 wants.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileJson {
    #[serde(default, skip_serializing_if = "is_false")]
    attached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    commitment: Option<Hex32>,
    name: Hex32,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Hex32>,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sm3: Option<Hex32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilesJson {
    files: Vec<FileJson>,
    kind: String,
}

impl From<&File> for FileJson {
    fn from(file: &File) -> Self {
        let (commitment, sha256, sm3) = match file.content {
            Content::Digests { sha256, sm3 } => (None, Some(Hex32(sha256)), sm3.map(Hex32)),
            Content::Salted(commitment) => (Some(Hex32(*commitment.as_bytes())), None, None),
        };
        Self {
            attached: file.is_attached,
            commitment,
            name: Hex32(*file.name.as_bytes()),
            sha256,
            size: file.size,
            sm3,
        }
    }
}

impl TryFrom<FileJson> for File {
    type Error = RecordError;

    fn try_from(json: FileJson) -> Result<Self, RecordError> {
        let content = match (json.sha256, json.sm3, json.commitment) {
            (Some(sha256), sm3, None) => Content::Digests { sha256: sha256.0, sm3: sm3.map(|digest| digest.0) },
            (None, None, Some(commitment)) => Content::Salted(Commitment::from_digest(commitment.0)),
            _ => return Err(RecordError::Value("a file with both or neither of digest and commitment".to_owned())),
        };
        // Integers within 2^53 read the same everywhere.
        if json.size >= 1 << 53 {
            return Err(RecordError::Value("a size of 2^53 bytes or more".to_owned()));
        }
        let name = Commitment::from_digest(json.name.0);
        Ok(Self { content, name, size: json.size, is_attached: json.attached })
    }
}

impl File {
    /// The bytes of its leaf, canonical JSON.
    #[must_use]
    pub fn to_canonical_json(&self) -> Vec<u8> {
        serde_json::to_vec(&FileJson::from(self)).unwrap_or_default()
    }

    /// The hash of its leaf.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.to_canonical_json())
    }
}

impl Files {
    /// These.
    ///
    /// # Errors
    /// Where there are more, or larger ones, than a record may hold.
    pub fn new(files: Vec<File>) -> Result<Self, RecordError> {
        if files.len() > FILES_MAX {
            return Err(RecordError::Many("files"));
        }
        let bytes = files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.size));
        if bytes.is_none_or(|bytes| bytes >= 1 << 53) {
            return Err(RecordError::Value("a size of 2^53 bytes or more".to_owned()));
        }
        Ok(Self(files))
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[File] {
        &self.0
    }

    /// What a record says of them.
    #[must_use]
    pub fn head(&self) -> FilesHead {
        let root = self.levels().pop().and_then(|top| top.first().copied()).unwrap_or_else(Hash::of_nothing);
        let bytes = self.0.iter().map(|file| file.size).sum();
        FilesHead { count: self.0.len() as u64, bytes, root: *root.as_bytes() }
    }

    /// The hashes of the tree, level by level; one without a neighbour goes up as it is.
    fn levels(&self) -> Vec<Vec<Hash>> {
        let mut levels = vec![self.0.iter().map(File::leaf).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let pair = |pair: &[Hash]| match pair {
                [left, right] => node_hash(*left, *right),
                one => one.first().copied().unwrap_or_else(Hash::of_nothing),
            };
            levels.push(below.chunks(2).map(pair).collect());
        }
        levels
    }

    /// Proves that a file stands at its place; none where there is no such place.
    #[must_use]
    pub fn proof(&self, place: usize) -> Option<InclusionProof> {
        self.0.get(place)?;
        let levels = self.levels();
        let node = |node: Node| {
            let level = levels.get(node.level as usize);
            let hash = level.and_then(|level| level.get(usize::try_from(node.index).ok()?)).copied();
            Ok::<_, Infallible>(hash.unwrap_or_else(Hash::of_nothing))
        };
        inclusion_proof(place as u64, self.0.len() as u64, node).ok()
    }

    /// The list as it is handed on.
    #[must_use]
    pub fn to_canonical_json(&self) -> Vec<u8> {
        let json = FilesJson { files: self.0.iter().map(FileJson::from).collect(), kind: KIND.to_owned() };
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let json: FilesJson = serde_json::from_slice(bytes).map_err(|e| RecordError::Shape(e.to_string()))?;
        if json.kind != KIND {
            return Err(RecordError::Kind(json.kind));
        }
        let files = Self::new(json.files.into_iter().map(File::try_from).collect::<Result<_, _>>()?)?;
        // Also what JSON lets stand twice, and a number that is written otherwise.
        if files.to_canonical_json() == bytes { Ok(files) } else { Err(RecordError::NotCanonical) }
    }
}

impl FilesHead {
    /// Whether a file stands at its place among these.
    #[must_use]
    pub fn has(&self, file: &File, proof: &InclusionProof) -> bool {
        proof.verify(file.leaf(), &Head { size: self.count, root: Hash::from_bytes(self.root) }).is_ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::digest::DigestAlgorithm;
    use proptest::prelude::*;

    pub(crate) fn files(count: u8) -> Files {
        let file = |i: u8| {
            let name = Commitment::to(&[i; 32], &format!("{i}.jpg"));
            let content = match i % 3 {
                0 => Content::Digests { sha256: digest(&[i]), sm3: None },
                1 => Content::Digests { sha256: digest(&[i]), sm3: Some([i; 32]) },
                _ => Content::Salted(Commitment::from_digest(digest(&[i, i]))),
            };
            File { content, name, size: u64::from(i), is_attached: i == 3 }
        };
        Files::new((0..count).map(file).collect()).unwrap()
    }

    fn digest(bytes: &[u8]) -> [u8; 32] {
        DigestAlgorithm::Sha256.digest(bytes).as_bytes().try_into().unwrap()
    }

    #[test]
    fn a_list_reads_back() {
        for count in [0, 1, 2, 7] {
            let bytes = files(count).to_canonical_json();
            assert_eq!(Files::parse(&bytes).unwrap(), files(count));
        }
        assert_eq!(files(0).head().root, *Hash::of_nothing().as_bytes());
        assert_eq!(files(4).head().bytes, 6);
    }

    #[test]
    fn hostile_lists_are_refused() {
        let good = String::from_utf8(files(4).to_canonical_json()).unwrap();
        for (from, to) in [
            ("files/1", "files/2"),
            ("\"attached\":true", "\"attached\":false"),
            ("\"attached\":true", "\"attached\": true"),
            ("\"size\":1,", "\"size\":01,"),
            ("\"size\":1,", "\"size\":9007199254740992,"),
            ("\"size\":1,", "\"size\":9007199254740991,"),
            ("\"size\":1,", "\"size\":-1,"),
            ("\"size\":1,", "\"size\":1.0,"),
            ("\"sm3\":\"01", "\"sm3\":\"0"),
            ("\"sm3\":\"01", "\"sm3\":\"0A"),
            ("\"commitment\"", "\"sm3\""),
            ("\"kind\"", "\"extra\":1,\"kind\""),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            assert!(Files::parse(bad.as_bytes()).is_err(), "{to}");
        }
        let file = files(1).all()[0];
        assert_eq!(Files::new(vec![file; FILES_MAX + 1]), Err(RecordError::Many("files")));
    }

    proptest! {
        #[test]
        fn each_file_is_proved_and_no_other_in_its_place(count in 1..40_u8, place in 0..40_usize, other in 0..40_usize) {
            let files = files(count);
            let Some(proof) = files.proof(place) else {
                prop_assert!(place >= usize::from(count));
                return Ok(());
            };
            prop_assert!(files.head().has(&files.all()[place], &proof));
            if let Some(file) = files.all().get(other).filter(|_| other != place) {
                prop_assert!(!files.head().has(file, &proof));
            }
            let short = InclusionProof { index: proof.index, hashes: proof.hashes[..proof.hashes.len().saturating_sub(1)].to_vec() };
            prop_assert!(count == 1 || !files.head().has(&files.all()[place], &short));
        }
    }
}

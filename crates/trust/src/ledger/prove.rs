//! A newer proof for an old token: in the first kept checkpoint that covers it, with what others said of that.
//!
//! Reads public files alone and trusts none of them: what does not verify replaces nothing.

use super::kept::{kept, read};
use crate::TrustError;
use proof::cms::{self, SignedData};
use proof::crypto::RustCrypto;
use proof::der::Time;
use proof::logged::LogProof;
use proof::oid;
use proof::report::Verdict;
use proof::tlog::tile::{Tile, WIDTH, fold};
use proof::tlog::{Hash, InclusionProof, Node, Receipt, inclusion_proof};
use proof::tsp::TimeStampResp;
use proof::verify::{self, Context, token_der};
use std::collections::HashMap;
use store::blobs::Blobs;

/// Tiles that are remembered, of 8 KiB each.
const TILES_MAX: usize = 256;
/// No tile comes near.
const TILE_BYTES_MAX: u64 = 1 << 20;

/// Reads the tiles of one log and remembers them, for many tokens of it.
pub struct Prover {
    public: Blobs,
    tiles: HashMap<Tile, Vec<Hash>>,
    sizes: Option<Vec<u64>>,
}

impl Prover {
    /// Over the public files of one log.
    #[must_use]
    pub fn new(public: Blobs) -> Self {
        Self { public, tiles: HashMap::new(), sizes: None }
    }

    /// The response with a proof to the first kept checkpoint that covers its token, and the stamps of
    /// others over that; none where no checkpoint covers it yet, or the token is of another log.
    ///
    /// # Errors
    /// Where the public files cannot be read or are damaged.
    pub async fn upgraded(
        &mut self,
        response: &[u8],
        anchors: &[Vec<u8>],
        now: Time,
    ) -> Result<Option<Vec<u8>>, TrustError> {
        let Ok(token) = token_der(response) else { return Ok(None) };
        let cx = Context { anchors, ..Context::new(&RustCrypto, now) };
        let before = verify::verify(&token, &cx);
        let Some(place) = before.facts.and_then(|facts| facts.log) else { return Ok(None) };
        if self.sizes.is_none() {
            self.sizes = Some(kept(&self.public).await?);
        }
        let covering = self.sizes.iter().flatten().copied().find(|size| *size > place.index);
        let Some(size) = covering else { return Ok(None) };
        let (checkpoint, stamps) = read(&self.public, size).await?;
        let inclusion = self.inclusion(place.index, size).await?;
        let receipt = Receipt { extra: None, inclusion, checkpoint: &checkpoint }.encode();
        let proof = LogProof { receipt: &receipt, stamps: stamps.iter().map(Vec::as_slice).collect() };
        let Ok(upgraded) = cms::replace_unsigned(&token, oid::LOG_PROOF, Some(&proof.attribute())) else {
            return Ok(None);
        };
        let report = verify::verify(&upgraded, &cx);
        let is_same = SignedData::parse(&upgraded).is_ok() && report.facts.is_some_and(|facts| facts.log.is_some());
        Ok((is_same && report.verdict != Verdict::Invalid).then(|| TimeStampResp::encode_granted(&upgraded)))
    }

    async fn inclusion(&mut self, index: u64, size: u64) -> Result<InclusionProof, TrustError> {
        // Which nodes are needed does not depend on what they hold: ask once, read, and ask again.
        let mut needed: Vec<Node> = Vec::new();
        let listed = inclusion_proof(index, size, |node| {
            needed.push(node);
            Ok::<_, TrustError>(Hash::of_nothing())
        });
        listed?;
        let damaged = || TrustError::Broken("a tile of the log is missing or damaged; run shiyin fsck".to_owned());
        let mut hashes = Vec::with_capacity(needed.len());
        for node in needed {
            let (tile, range) = Tile::of_node(node, size).ok_or_else(damaged)?;
            let row = self.tile(tile).await?.ok_or_else(damaged)?;
            hashes.push(row.get(range).and_then(fold).ok_or_else(damaged)?);
        }
        let mut hashes = hashes.into_iter();
        inclusion_proof(index, size, |_| hashes.next().ok_or_else(damaged))
    }

    /// A tile; a partial one may have been replaced by the full one since.
    async fn tile(&mut self, tile: Tile) -> Result<Option<&Vec<Hash>>, TrustError> {
        if !self.tiles.contains_key(&tile) {
            let full = Tile { width: WIDTH as u16, ..tile };
            for candidate in [tile, full] {
                if let Some(bytes) = self.public.get(&candidate.to_string(), TILE_BYTES_MAX).await?
                    && let Ok(mut hashes) = candidate.hashes(&bytes)
                {
                    hashes.truncate(usize::from(tile.width));
                    // Records that lie far apart share few tiles: what is remembered stays small.
                    if self.tiles.len() >= TILES_MAX {
                        self.tiles.clear();
                    }
                    self.tiles.insert(tile, hashes);
                    break;
                }
            }
        }
        Ok(self.tiles.get(&tile))
    }
}

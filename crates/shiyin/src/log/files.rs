//! The public files of a log, of an own instance or behind an address. Nothing in them is trusted.

use crate::exit::{Exit, Failure};
use crate::instance::runtime;
use crate::stamp::client;
use crate::words::Words;
use proof::tlog::tile::{Row, Tile, WIDTH, fold};
use proof::tlog::{Hash, InclusionProof, inclusion_proof};
use std::cell::RefCell;
use std::collections::HashMap;
use store::blobs::Blobs;
use tokio::runtime::Runtime;

/// No file of a log of ours comes near.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Where the files are.
pub struct LogFiles {
    place: Place,
    tiles: RefCell<HashMap<Tile, Vec<Hash>>>,
}

enum Place {
    Own(Runtime, Blobs),
    Url(ureq::Agent, String),
}

impl LogFiles {
    /// The files of an instance of this computer.
    pub fn own(blobs: Blobs) -> Result<Self, Failure> {
        Ok(Self { place: Place::Own(runtime()?, blobs), tiles: RefCell::default() })
    }

    /// The files of a server's log with this id.
    pub fn server(server: &str, id: &str) -> Self {
        let base = server.trim_end_matches('/').trim_end_matches("/tsa");
        Self { place: Place::Url(client::agent(30), format!("{base}/log/{id}")), tiles: RefCell::default() }
    }

    /// One file; none where it is not there.
    pub fn get(&self, name: &str, words: &Words) -> Result<Option<Vec<u8>>, Failure> {
        match &self.place {
            Place::Own(runtime, blobs) => {
                let read = runtime.block_on(blobs.get(name, FILE_BYTES_MAX));
                read.map_err(|e| Failure::new(Exit::Input, e.to_string()))
            }
            Place::Url(agent, base) => client::fetch(agent, &format!("{base}/{name}"), words),
        }
    }

    /// The file as text.
    pub fn text(&self, name: &str, words: &Words) -> Result<Option<String>, Failure> {
        Ok(self.get(name, words)?.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Proves an entry in the tree of `size` leaves, out of its tiles.
    pub fn prove(&self, index: u64, size: u64, words: &Words) -> Result<InclusionProof, Failure> {
        inclusion_proof(index, size, |node| {
            let (tile, range) = Tile::of_node(node, size).ok_or_else(|| damaged("tile", words))?;
            let hashes = self.hashes(tile, words)?;
            hashes.get(range).and_then(fold).ok_or_else(|| damaged(&tile.to_string(), words))
        })
    }

    /// A tile; a partial one may have been replaced by the full one since.
    fn hashes(&self, tile: Tile, words: &Words) -> Result<Vec<Hash>, Failure> {
        if let Some(known) = self.tiles.borrow().get(&tile) {
            return Ok(known.clone());
        }
        let full = Tile { width: WIDTH as u16, ..tile };
        for candidate in [tile, full] {
            if let Some(bytes) = self.get(&candidate.to_string(), words)? {
                let mut hashes = candidate.hashes(&bytes).map_err(|_| damaged(&candidate.to_string(), words))?;
                hashes.truncate(usize::from(tile.width));
                debug_assert!(matches!(tile.row, Row::Hashes(_)));
                self.tiles.borrow_mut().insert(tile, hashes.clone());
                return Ok(hashes);
            }
        }
        Err(damaged(&tile.to_string(), words))
    }
}

/// A file of the log that is missing or is not what it must be.
pub fn damaged(name: &str, words: &Words) -> Failure {
    Failure::new(Exit::Answer, words.say("log-damaged", &[("name", name)]))
}

//! Tiles (C2SP tlog-tiles v0.1.0): a tree as files of up to 256 hashes, its entries as bundles.
//!
//! A full tile never changes. The last tile of a level may be partial; its path
//! names its width, and so it never changes either.

use super::TlogError;
use super::checkpoint::decimal;
use super::merkle::{Hash, Node, node_hash};
use core::fmt;

/// The hashes in a full tile, the entries in a full bundle.
pub const WIDTH: u64 = 256;
/// Tree levels that one level of tiles spans.
const HEIGHT: u32 = 8;
/// The highest level of tiles that a tree of 64-bit size can have.
const LEVEL_MAX: u32 = 7;

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Row {
    /// Hashes, at this level of tiles.
    Hashes(u32),
    /// The entries themselves.
    Entries,
}

/// One file of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// Entries or hashes of a level.
    pub row: Row,
    /// Which one in its row, from 0.
    pub index: u64,
    /// How many hashes or entries: 1 to 256.
    pub width: u16,
}

/// The path below the log's prefix: `tile/0/x001/067` or `tile/entries/000.p/5`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Row::Hashes(level) => write!(f, "tile/{level}/")?,
            Row::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for group in groups[1..].iter().rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups[0])?;
        if u64::from(self.width) < WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl Tile {
    /// Reads a path below the log's prefix; none where it is not exactly one of ours.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (row, rest) = rest.split_once('/')?;
        let row = match row {
            "entries" => Row::Entries,
            level => Row::Hashes(u32::try_from(decimal(level)?).ok().filter(|l| *l <= LEVEL_MAX)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, decimal(width).filter(|w| (1..WIDTH).contains(w))?),
            None => (rest, WIDTH),
        };
        let mut index: u64 = 0;
        let mut groups = number.split('/').peekable();
        while let Some(group) = groups.next() {
            let digits = if groups.peek().is_some() { group.strip_prefix('x')? } else { group };
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = Self { row, index, width: u16::try_from(width).ok()? };
        // Leading groups of zeros would give one tile two paths.
        (tile.to_string() == path).then_some(tile)
    }

    /// The tiles, hashes and entries, that a tree of `new` leaves has and one of `old` has not.
    #[must_use]
    pub fn between(old: u64, new: u64) -> Vec<Self> {
        let mut tiles = Vec::new();
        let mut row = |row: Row, level: u32| {
            let shift = HEIGHT * level;
            let (old, new) = (old >> shift, new >> shift);
            let mut index = old / WIDTH;
            while index * WIDTH < new {
                let width = (new - index * WIDTH).min(WIDTH);
                if index * WIDTH + width > old {
                    // At most 256.
                    tiles.push(Self { row, index, width: width as u16 });
                }
                index += 1;
            }
        };
        row(Row::Entries, 0);
        (0..=LEVEL_MAX).for_each(|level| row(Row::Hashes(level), level));
        tiles
    }

    /// The tile of hashes that holds what a node is made of in a tree of `size` leaves, and
    /// which of its hashes; none where the node is not complete in that tree.
    #[must_use]
    pub fn of_node(node: Node, size: u64) -> Option<(Self, core::ops::Range<usize>)> {
        let (level, above) = (node.level / HEIGHT, node.level % HEIGHT);
        let first = node.index.checked_shl(above).filter(|f| f >> above == node.index)?;
        let (index, start) = (first / WIDTH, first % WIDTH);
        let complete = size.checked_shr(HEIGHT * level)?;
        let width = complete.checked_sub(index * WIDTH)?.min(WIDTH);
        let end = start + (1 << above);
        // Both at most 256.
        (end <= width)
            .then_some((Self { row: Row::Hashes(level), index, width: width as u16 }, start as usize..end as usize))
    }

    /// Reads the hashes of a tile.
    pub fn hashes(&self, bytes: &[u8]) -> Result<Vec<Hash>, TlogError> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() != usize::from(self.width) || !rest.is_empty() {
            return Err(TlogError::Malformed("tile"));
        }
        Ok(hashes.iter().map(|h| Hash::from_bytes(*h)).collect())
    }

    /// Reads the entries of a bundle.
    pub fn entries<'a>(&self, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, TlogError> {
        let mut entries = Vec::with_capacity(usize::from(self.width));
        let mut rest = bytes;
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (entry, after) = after
                .split_at_checked(usize::from(u16::from_be_bytes(*length)))
                .ok_or(TlogError::Malformed("entry bundle"))?;
            entries.push(entry);
            rest = after;
        }
        if entries.len() != usize::from(self.width) || !rest.is_empty() {
            return Err(TlogError::Malformed("entry bundle"));
        }
        Ok(entries)
    }
}

/// The hash over some hashes of a tile: 1, 2, 4, … of them.
#[must_use]
pub fn fold(hashes: &[Hash]) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.chunks_exact(2).map(|pair| node_hash(pair[0], pair[1])).collect();
    }
    level.pop()
}

/// Adds an entry to a bundle; entries longer than 65,535 bytes are refused.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), TlogError> {
    let length = u16::try_from(entry.len()).map_err(|_| TlogError::TooLarge("entry"))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_the_specification() {
        let tile = |level, index, width| Tile { row: Row::Hashes(level), index, width };
        assert_eq!(tile(0, 1_234_067, 256).to_string(), "tile/0/x001/x234/067");
        assert_eq!(tile(2, 0, 1).to_string(), "tile/2/000.p/1");
        assert_eq!(Tile { row: Row::Entries, index: 273, width: 112 }.to_string(), "tile/entries/273.p/112");
        for good in ["tile/0/x001/x234/067", "tile/7/000", "tile/entries/273.p/112", "tile/0/x001/000.p/255"] {
            assert_eq!(Tile::parse(good).map(|t| t.to_string()).as_deref(), Some(good));
        }
        for bad in [
            "tile/8/000",
            "tile/00/000",
            "tile/-1/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/067",
            "tile/0/x067",
            "tile/0/001/067",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000/",
            "tile/0/../000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "/tile/0/000",
            "tile/0/００0",
            "checkpoint",
        ] {
            assert_eq!(Tile::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_tree_of_70000_has_the_tiles_that_the_specification_counts() {
        let tiles = Tile::between(0, 70_000);
        let of = |level| tiles.iter().filter(move |t| t.row == Row::Hashes(level));
        assert_eq!(of(0).count(), 274);
        assert_eq!(of(0).next_back().unwrap().width, 112);
        assert_eq!(of(1).map(|t| t.width).collect::<Vec<_>>(), [256, 17]);
        assert_eq!(of(2).map(|t| t.width).collect::<Vec<_>>(), [1]);
        assert_eq!(of(3).count(), 0);
        assert_eq!(tiles.iter().filter(|t| t.row == Row::Entries).count(), 274);
        let of_256: Vec<_> = Tile::between(0, 256).iter().map(Tile::to_string).collect();
        assert_eq!(of_256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert!(Tile::between(300, 300).is_empty());
        let grown: Vec<_> = Tile::between(255, 257).iter().map(Tile::to_string).collect();
        assert_eq!(
            grown,
            ["tile/entries/000", "tile/entries/001.p/1", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]
        );
    }

    #[test]
    fn a_node_is_found_in_its_tile() {
        let node = |level, index| Node { level, index };
        let at = |n, size| Tile::of_node(n, size).map(|(t, r)| (t.to_string(), r));
        assert_eq!(at(node(0, 300), 1000), Some(("tile/0/001".to_owned(), 44..45)));
        assert_eq!(at(node(3, 32), 300), Some(("tile/0/001.p/44".to_owned(), 0..8)));
        assert_eq!(at(node(3, 37), 300), None, "not complete yet");
        assert_eq!(at(node(8, 1), 600), Some(("tile/1/000.p/2".to_owned(), 1..2)));
        assert_eq!(at(node(63, 1), u64::MAX), None);
        assert_eq!(at(node(64, 0), u64::MAX), None);
        assert_eq!(at(node(9, u64::MAX), u64::MAX), None);
    }

    #[test]
    fn bundles_are_read_as_they_are_written() {
        let mut bundle = Vec::new();
        for entry in [&b"a"[..], b"", &[7; 65_535]] {
            push_entry(&mut bundle, entry).unwrap();
        }
        let tile = Tile { row: Row::Entries, index: 0, width: 3 };
        assert_eq!(tile.entries(&bundle).unwrap(), [&b"a"[..], b"", &[7; 65_535]]);
        assert!(push_entry(&mut bundle, &[0; 65_536]).is_err());
        assert!(Tile { width: 2, ..tile }.entries(&bundle).is_err());
        assert!(tile.entries(&bundle[..bundle.len() - 1]).is_err());
        assert!(tile.hashes(&[0; 95]).is_err());
        assert!(tile.hashes(&[0; 96]).is_ok());
        assert!(fold(&[]).is_none());
    }
}

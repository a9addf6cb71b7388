//! ZIP archives (APPNOTE 6.3.10), read strictly over a source of which any part can be asked for.
//!
//! The central directory decides, and every local header must agree with it, so that no two programs
//! see two different archives. Nothing may lie outside: no byte before the first entry, between two of
//! them, or behind the directory. Stored and deflated entries alone, no encryption, no links, no path
//! that leaves the folder; entries, names and sizes are bounded before anything is unpacked.

mod decoder;
mod directory;

pub use decoder::{Crc, Decoder, Spoilt};

use std::collections::BTreeSet;
use std::fmt;

const PIECE_BYTES: u64 = 1 << 20;

/// Why bytes of a source are not at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// They must be fetched first; then the same is to be asked again.
    Missing {
        /// From where on.
        offset: u64,
        /// How many.
        length: usize,
    },
    /// They cannot be read, and why.
    Failed(String),
}

/// Bytes of which any part can be asked for: a slice, a file, a part of a file in a browser.
pub trait Source {
    /// How many there are.
    fn size(&self) -> u64;

    /// Exactly `length` bytes from `offset` on.
    ///
    /// # Errors
    /// Where there are not as many, or they cannot be read.
    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, ReadError>;
}

impl Source for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        let from = usize::try_from(offset).ok().and_then(|at| self.get(at..));
        let bytes = from.and_then(|from| from.get(..length)).map(<[u8]>::to_vec);
        bytes.ok_or_else(|| ReadError::Failed("the archive ends too early".to_owned()))
    }
}

/// What an archive may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries, folders among them.
    pub entries: usize,
    /// Bytes of all contents together.
    pub bytes: u64,
    /// How many times larger all contents may be than the archive, beyond 64 MiB.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 50_000, bytes: 1 << 40, ratio: 100 }
    }
}

/// One file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path, with `/` between its parts.
    pub path: String,
    /// The size of its content.
    pub size: u64,
    /// The CRC-32 of its content.
    pub crc: u32,
    /// Whether it is deflated; else it is stored as it is.
    pub is_deflated: bool,
    /// Where its bytes begin in the archive.
    pub offset: u64,
    /// How many bytes it takes there.
    pub packed: u64,
}

/// The files of an archive, in the order of its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    entries: Vec<Entry>,
}

/// Why bytes are no archive that can be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZipError {
    /// The source did not give its bytes.
    Read(ReadError),
    /// No end of a central directory: cut off, or something else than a ZIP.
    NotZip,
    /// A header is cut off or none at all; which.
    Header(&'static str),
    /// More than one end of a directory: programs would see different archives.
    SeveralEnds,
    /// Spread over several disks.
    SeveralDisks,
    /// More entries than may be.
    Many,
    /// Larger than it may be, all together.
    Large,
    /// Its contents are too many times larger than itself.
    Ratio,
    /// A path that leaves the folder, or cannot be written on every system.
    Path(String),
    /// Two entries of one path.
    Twice(String),
    /// Two entries share bytes.
    Overlap(String),
    /// Bytes that belong to no entry; before which one, or before the directory.
    Hidden(String),
    /// The local header says something else than the directory.
    Disagrees(String),
    /// It is encrypted.
    Encrypted(String),
    /// Another compression, or a flag that is not known.
    Method(String),
    /// It is a link.
    Link(String),
    /// The content is not the one of which the directory speaks.
    Content(String, Spoilt),
}

impl fmt::Display for ZipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(ReadError::Missing { .. }) => f.write_str("bytes are not at hand"),
            Self::Read(ReadError::Failed(cause)) => f.write_str(cause),
            Self::NotZip => f.write_str("no end of a ZIP directory: cut off, or no ZIP"),
            Self::Header(what) => write!(f, "{what} cannot be read"),
            Self::SeveralEnds => f.write_str("it has more than one directory"),
            Self::SeveralDisks => f.write_str("it is spread over several disks"),
            Self::Many => f.write_str("it has too many entries"),
            Self::Large => f.write_str("its contents are too large"),
            Self::Ratio => f.write_str("its contents are suspiciously many times larger than itself"),
            Self::Path(path) => write!(f, "the path {path:?} cannot stand in it"),
            Self::Twice(path) => write!(f, "{path:?} stands in it twice"),
            Self::Overlap(path) => write!(f, "{path:?} shares bytes with another entry"),
            Self::Hidden(path) => write!(f, "bytes that belong to no entry lie before {path:?}"),
            Self::Disagrees(path) => write!(f, "its directory and the header of {path:?} contradict each other"),
            Self::Encrypted(path) => write!(f, "{path:?} is encrypted"),
            Self::Method(path) => write!(f, "{path:?} is neither stored nor deflated"),
            Self::Link(path) => write!(f, "{path:?} is a link"),
            Self::Content(path, Spoilt::Crc) => write!(f, "the CRC of {path:?} does not fit its content"),
            Self::Content(path, Spoilt::Size) => write!(f, "{path:?} has another size than its directory says"),
            Self::Content(path, Spoilt::Compressed) => write!(f, "{path:?} cannot be unpacked"),
        }
    }
}

impl std::error::Error for ZipError {}

impl From<ReadError> for ZipError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Whether bytes begin as an archive does: with an entry, or with the end of an empty one.
#[must_use]
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

impl Archive {
    /// Reads the directory and every local header; no content is unpacked.
    ///
    /// # Errors
    /// What is wrong with it, or which bytes must be fetched first.
    pub fn open<S: Source + ?Sized>(source: &S, limits: &Limits) -> Result<Self, ZipError> {
        let (raw, directory_offset) = directory::read(source, limits)?;
        let mut paths = BTreeSet::new();
        let mut bytes = 0_u64;
        for entry in &raw {
            if !paths.insert(entry.raw_path.as_slice()) {
                return Err(ZipError::Twice(entry.path.clone()));
            }
            bytes = bytes.checked_add(entry.size).filter(|sum| *sum <= limits.bytes).ok_or(ZipError::Large)?;
        }
        if bytes > source.size().saturating_mul(limits.ratio).saturating_add(64 << 20) {
            return Err(ZipError::Ratio);
        }
        let mut by_offset: Vec<&directory::Raw> = raw.iter().collect();
        by_offset.sort_by_key(|entry| entry.offset);
        let mut found = std::collections::HashMap::new();
        let mut end = 0;
        for (at, entry) in by_offset.iter().enumerate() {
            if entry.offset != end {
                let what = entry.path.clone();
                return Err(if entry.offset < end { ZipError::Overlap(what) } else { ZipError::Hidden(what) });
            }
            let next = by_offset.get(at + 1).map_or(directory_offset, |next| next.offset);
            let data = directory::data_of(source, entry, next)?;
            found.insert(entry.offset, data);
            end = next;
        }
        if end != directory_offset {
            return Err(ZipError::Hidden("the directory".to_owned()));
        }
        let files = raw.into_iter().filter(|entry| !entry.path.ends_with('/'));
        let entry = |raw: directory::Raw| {
            let offset = found.get(&raw.offset).copied().unwrap_or_default();
            let directory::Raw { path, size, crc, is_deflated, packed, .. } = raw;
            Entry { path, size, crc, is_deflated, offset, packed }
        };
        Ok(Self { entries: files.map(entry).collect() })
    }

    /// Its files.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Entry {
    /// Gives the content piece by piece. What came is right only where this ends well.
    ///
    /// # Errors
    /// Where it cannot be read, or is not what the directory said.
    pub fn stream<S: Source + ?Sized>(&self, source: &S, sink: &mut dyn FnMut(&[u8])) -> Result<(), ZipError> {
        let spoilt = |cause| ZipError::Content(self.path.clone(), cause);
        let mut decoder = Decoder::new(self.is_deflated, self.size, self.crc);
        let mut done = 0;
        while done < self.packed {
            let length = (self.packed - done).min(PIECE_BYTES);
            let piece = source.read_at(self.offset + done, usize::try_from(length).unwrap_or_default())?;
            decoder.push(&piece, sink).map_err(spoilt)?;
            done += length;
        }
        decoder.finish().map_err(spoilt)
    }

    /// The whole content.
    ///
    /// # Errors
    /// As [`Entry::stream`]; [`ZipError::Large`] where it is larger than `bytes_max`.
    pub fn read<S: Source + ?Sized>(&self, source: &S, bytes_max: u64) -> Result<Vec<u8>, ZipError> {
        if self.size > bytes_max {
            return Err(ZipError::Large);
        }
        let mut content = Vec::new();
        self.stream(source, &mut |piece| content.extend_from_slice(piece))?;
        Ok(content)
    }
}

#[cfg(test)]
mod tests;

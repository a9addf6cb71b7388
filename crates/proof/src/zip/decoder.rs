//! The content of an entry, piece by piece: stored or deflated (RFC 1951), with its CRC-32.
//!
//! No more comes out than the directory said, and the end says whether all of it came: a piece that
//! was taken before the end is not yet known to be right.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

const PIECE_BYTES: usize = 32 << 10;

/// Why a content is not the one of which the directory speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoilt {
    /// What is compressed cannot be read, or goes on behind its end.
    Compressed,
    /// It is longer or shorter than was said.
    Size,
    /// Its CRC-32 is another.
    Crc,
}

/// The CRC-32 of ISO 3309, as ZIP has it.
#[derive(Clone, Copy, Debug)]
pub struct Crc(u32);

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let (mut value, mut bit) = (at as u32, 0);
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
}

impl Default for Crc {
    fn default() -> Self {
        Self(!0)
    }
}

impl Crc {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        // An octet always is a place of the table.
        self.0 = bytes.iter().fold(self.0, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8));
    }

    /// What it comes to.
    #[must_use]
    pub fn value(self) -> u32 {
        !self.0
    }

    /// That of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> u32 {
        let mut crc = Self::default();
        crc.update(bytes);
        crc.value()
    }
}

/// A content that is being read.
pub struct Decoder {
    /// None where it is stored as it is, or is at its end.
    inflating: Option<Box<InflateState>>,
    is_deflated: bool,
    piece: Vec<u8>,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl Decoder {
    /// A content of `size` bytes with this CRC-32.
    #[must_use]
    pub fn new(is_deflated: bool, size: u64, crc: u32) -> Self {
        let inflating = is_deflated.then(|| InflateState::new_boxed(DataFormat::Raw));
        let piece = if is_deflated { vec![0; PIECE_BYTES] } else { Vec::new() };
        Self { inflating, is_deflated, piece, left: size, crc: Crc::default(), expected: crc }
    }

    /// Takes bytes of the archive and gives the bytes of the content.
    ///
    /// # Errors
    /// Where they cannot be read, or are more than was said.
    pub fn push(&mut self, mut input: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<(), Spoilt> {
        if !self.is_deflated {
            return self.give(input.len(), input, sink);
        }
        loop {
            let Some(state) = &mut self.inflating else {
                return if input.is_empty() { Ok(()) } else { Err(Spoilt::Compressed) };
            };
            let mut piece = std::mem::take(&mut self.piece);
            let result = inflate(state, input, &mut piece, MZFlush::None);
            input = input.get(result.bytes_consumed..).ok_or(Spoilt::Compressed)?;
            self.give(result.bytes_written, &piece, sink)?;
            self.piece = piece;
            match result.status {
                Ok(MZStatus::StreamEnd) => self.inflating = None,
                Ok(_) if result.bytes_consumed + result.bytes_written > 0 => {}
                // It waits for more.
                Ok(_) | Err(MZError::Buf) if input.is_empty() => return Ok(()),
                _ => return Err(Spoilt::Compressed),
            }
        }
    }

    fn give(&mut self, length: usize, from: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<(), Spoilt> {
        let bytes = from.get(..length).ok_or(Spoilt::Compressed)?;
        self.left = self.left.checked_sub(length as u64).ok_or(Spoilt::Size)?;
        self.crc.update(bytes);
        sink(bytes);
        Ok(())
    }

    /// Whether all of it came and is right.
    ///
    /// # Errors
    /// Where it is not.
    pub fn finish(self) -> Result<(), Spoilt> {
        match () {
            () if self.inflating.is_some() => Err(Spoilt::Compressed),
            () if self.left > 0 => Err(Spoilt::Size),
            () if self.crc.value() != self.expected => Err(Spoilt::Crc),
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec;
    use proptest::prelude::*;

    fn read(deflated: &[u8], pieces: usize, size: u64, crc: u32) -> Result<Vec<u8>, Spoilt> {
        let mut decoder = Decoder::new(true, size, crc);
        let mut out = Vec::new();
        for piece in deflated.chunks(pieces) {
            decoder.push(piece, &mut |bytes| out.extend_from_slice(bytes))?;
        }
        decoder.finish().map(|()| out)
    }

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(Crc::of(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_spoilt_is_named() {
        let content = b"some content, some content, some content".repeat(4000);
        let deflated = compress_to_vec(&content, 6);
        let (size, crc) = (content.len() as u64, Crc::of(&content));
        assert_eq!(read(&deflated, 7, size, crc).unwrap(), content);
        assert_eq!(read(&deflated, 7, size - 1, crc), Err(Spoilt::Size));
        assert_eq!(read(&deflated, 7, size + 1, crc), Err(Spoilt::Size));
        assert_eq!(read(&deflated, 7, size, crc ^ 1), Err(Spoilt::Crc));
        assert_eq!(read(&deflated[..deflated.len() - 1], 7, size, crc), Err(Spoilt::Compressed));
        assert_eq!(read(&[&deflated[..], b"x"].concat(), 7, size, crc), Err(Spoilt::Compressed));
        assert_eq!(read(&[0xff; 40], 7, size, crc), Err(Spoilt::Compressed));
        let mut stored = Decoder::new(false, 3, Crc::of(b"abc"));
        assert_eq!(stored.push(b"abcd", &mut |_| {}), Err(Spoilt::Size));
    }

    proptest! {
        #[test]
        fn any_content_in_any_pieces(content in prop::collection::vec(0..4_u8, 0..90_000), pieces in 1..70_000_usize) {
            let deflated = compress_to_vec(&content, 5);
            prop_assert_eq!(read(&deflated, pieces, content.len() as u64, Crc::of(&content)).unwrap(), content);
        }
    }
}

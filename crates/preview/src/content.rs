//! Content on its way into the sandbox: in memory that has no name, sealed before anybody reads it.
//!
//! A film may be larger than what is held: then its beginning and its end are there, and a hole between
//! them that takes no memory. Readers of films want just these two.

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;

/// Bytes that are held of one content.
pub const KEPT_BYTES_MAX: u64 = 64 << 20;
/// Of those, how many are of the end where there is a hole.
const END_BYTES: u64 = 16 << 20;

/// A content, or the two ends of it.
pub struct Content {
    file: File,
    size: u64,
}

impl Content {
    /// Room for a content of this size.
    ///
    /// # Errors
    /// Where the system gives none.
    pub fn new(size: u64) -> io::Result<Self> {
        let memory = memfd_create("content", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&memory, size)?;
        Ok(Self { file: File::from(memory), size })
    }

    /// The parts of a content of this size that are to be written.
    #[must_use]
    pub fn parts(size: u64) -> Vec<Range<u64>> {
        match size <= KEPT_BYTES_MAX {
            true => std::iter::once(0..size).collect(),
            false => vec![0..KEPT_BYTES_MAX - END_BYTES, size - END_BYTES..size],
        }
    }

    /// Whether all of it is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.size <= KEPT_BYTES_MAX
    }

    /// Writes a piece.
    ///
    /// # Errors
    /// Where the system has no memory, or it does not fit.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > self.size) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "behind the end of the content"));
        }
        self.file.write_all_at(bytes, offset)
    }

    /// Nobody writes to it any more.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn seal(&self) -> io::Result<()> {
        Ok(fcntl_add_seals(&self.file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?)
    }

    /// What a child reads it by. Its place in it is shared: one child at a time.
    pub(crate) fn handle(&self) -> io::Result<OwnedFd> {
        rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Start(0))?;
        Ok(self.file.try_clone()?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_stays() {
        let content = Content::new(4).unwrap();
        content.write_at(0, b"abcd").unwrap();
        assert!(content.write_at(1, b"abcd").is_err() && content.write_at(u64::MAX, b"a").is_err());
        content.seal().unwrap();
        assert!(content.write_at(0, b"x").is_err());
        let again = File::from(content.handle().unwrap());
        assert!(again.set_len(2).is_err() && again.write_all_at(b"x", 0).is_err());
        let mut read = [0; 4];
        again.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(&read, b"abcd");
    }

    #[test]
    fn a_large_one_has_a_beginning_and_an_end() {
        for size in [5, KEPT_BYTES_MAX] {
            let parts = Content::parts(size);
            assert_eq!((parts.len(), parts[0].clone()), (1, 0..size));
        }
        let size = 20 << 30;
        let parts = Content::parts(size);
        assert_eq!(parts.iter().map(|part| part.end - part.start).sum::<u64>(), KEPT_BYTES_MAX);
        assert_eq!((parts[0].start, parts[1].end), (0, size));
        assert!(!Content::new(size).unwrap().is_whole());
    }
}

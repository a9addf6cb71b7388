//! A file written past the system's memory, in whole blocks.
//!
//! An original is written once and read back rarely, and copying it into the page cache can take longer than
//! the disk does. So blocks are gathered in room of our own and go to the disk from there (`O_DIRECT`). What
//! fills no block is written with zeros behind it when [`Direct::flush`] asks for it, and again with what
//! follows: until its length is set, the file may be longer than what was added. Where a file system does not
//! know `O_DIRECT`, the same writes go through its memory.

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// Disks and file systems ask for this much at most, and for its multiples.
const BLOCK: usize = 4096;
/// Written at a time.
const ROOM_BYTES: usize = 1 << 20;

pub(super) struct Direct {
    file: Arc<File>,
    is_direct: bool,
    room: Room,
    /// Where the room's first byte belongs, a multiple of [`BLOCK`].
    at: u64,
    /// Bytes in the room.
    filled: usize,
}

/// Bytes whose first one lies where a block may begin.
struct Room {
    bytes: Vec<u8>,
    start: usize,
}

impl Room {
    fn new() -> Self {
        let bytes = vec![0; ROOM_BYTES + BLOCK];
        let start = bytes.as_ptr().align_offset(BLOCK).min(BLOCK);
        Self { bytes, start }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..][..ROOM_BYTES]
    }
}

impl Direct {
    /// Goes on writing a file that has `length` bytes.
    pub(super) fn new(file: Arc<File>, length: u64) -> io::Result<Self> {
        // Less than a block.
        let filled = (length % BLOCK as u64) as usize;
        let (mut room, at) = (Room::new(), length - filled as u64);
        file.read_exact_at(&mut room.bytes()[..filled], at)?;
        let mut direct = Self { file, is_direct: false, room, at, filled };
        direct.is_direct = direct.set(true).is_ok();
        Ok(direct)
    }

    /// Whether what was written lies in the system's memory until it is synced.
    pub(super) fn is_cached(&self) -> bool {
        !self.is_direct
    }

    /// Adds bytes; they are in the file after the next flush.
    pub(super) fn add(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (some, rest) = bytes.split_at(bytes.len().min(ROOM_BYTES - self.filled));
            self.room.bytes()[self.filled..][..some.len()].copy_from_slice(some);
            self.filled += some.len();
            bytes = rest;
            if self.filled == ROOM_BYTES {
                self.write(ROOM_BYTES)?;
                (self.at, self.filled) = (self.at + ROOM_BYTES as u64, 0);
            }
        }
        Ok(())
    }

    /// Writes all that was added.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let end = self.filled.next_multiple_of(BLOCK);
        self.room.bytes()[self.filled..end].fill(0);
        self.write(end)?;
        let whole = self.filled / BLOCK * BLOCK;
        self.room.bytes().copy_within(whole..self.filled, 0);
        (self.at, self.filled) = (self.at + whole as u64, self.filled - whole);
        Ok(())
    }

    fn write(&mut self, end: usize) -> io::Result<()> {
        let written = self.file.write_all_at(&self.room.bytes()[..end], self.at);
        match written {
            // The disk has larger blocks than ours, or the file system knows `O_DIRECT` by name only.
            Err(error) if self.is_direct && error.kind() == io::ErrorKind::InvalidInput => {
                self.set(false)?;
                self.is_direct = false;
                self.file.write_all_at(&self.room.bytes()[..end], self.at)
            }
            other => other,
        }
    }

    fn set(&self, is_direct: bool) -> io::Result<()> {
        let mut flags = fcntl_getfl(&self.file)?;
        flags.set(OFlags::DIRECT, is_direct);
        Ok(fcntl_setfl(&self.file, flags)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    /// Bytes added in pieces of every size, flushed and taken up in between, lie in the file as they were added.
    #[test]
    fn what_is_added_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let whole: Vec<u8> = (0..3 * ROOM_BYTES + 777).map(|at| (at / 7 % 251) as u8).collect();
        for (turn, step) in [1000, BLOCK, BLOCK + 1, 65_552, ROOM_BYTES, 2 * ROOM_BYTES + 3].into_iter().enumerate() {
            let mut options = OpenOptions::new();
            let open = |options: &OpenOptions| Arc::new(options.open(&path).unwrap());
            options.read(true).write(true).create(true).truncate(true);
            let mut direct = Direct::new(open(&options), 0).unwrap();
            options.truncate(false);
            for (at, piece) in whole.chunks(step).enumerate() {
                direct.add(piece).unwrap();
                let length = (at * step + piece.len()) as u64;
                match (at + turn) % 40 {
                    0 => {
                        direct.flush().unwrap();
                        assert!(std::fs::read(&path).unwrap().starts_with(&whole[..length as usize]));
                    }
                    1 => {
                        direct.flush().unwrap();
                        drop(direct);
                        let file = open(&options);
                        file.set_len(length).unwrap();
                        direct = Direct::new(file, length).unwrap();
                    }
                    _ => {}
                }
            }
            direct.flush().unwrap();
            direct.file.set_len(whole.len() as u64).unwrap();
            assert!(std::fs::read(&path).unwrap() == whole, "steps of {step}");
        }
    }

    #[test]
    fn a_file_that_is_shorter_is_not_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "月港").unwrap();
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert!(Direct::new(Arc::new(file), 7).is_err());
    }

    /// Memory that is not where a block may begin is what a file system with larger blocks refuses.
    #[test]
    fn a_refused_write_goes_through_the_systems_memory() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::options().read(true).write(true).create_new(true).open(folder.path().join("file")).unwrap();
        let mut direct = Direct::new(Arc::new(file), 0).unwrap();
        direct.room.start = (direct.room.start + 1) % BLOCK;
        direct.add(b"content").unwrap();
        direct.flush().unwrap();
        assert!(std::fs::read(folder.path().join("file")).unwrap().starts_with(b"content"));
    }
}

//! Large files read in pieces, and what a place says of itself: sizes, room, files set aside.
//!
//! A disk that cannot give back what lies on it (`EIO` and the like) is broken; a place that does
//! not answer is refused, and may answer later. Neither is the same as a file that is not there.

use super::writing::taken;
use super::{Blobs, Kind, blocking, cannot, key_of, make_parents, path_of};
use crate::StoreError;
use crate::files::free_bytes;
use object_store::{GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _};
use rustix::fs::{Advice, fadvise};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// S3 copies objects up to this size within the service (API reference, CopyObject).
const S3_COPY_BYTES_MAX: u64 = 5 << 30;
/// Read at a time where a larger object is copied through us.
const COPY_BYTES: usize = 8 << 20;

impl Blobs {
    /// The size of a file in bytes; none where it is not there.
    pub async fn size(&self, name: &str) -> Result<Option<u64>, StoreError> {
        match &*self.0 {
            Kind::Folder(folder) => {
                let path = path_of(folder, name)?;
                there(name, blocking(move || Ok(std::fs::metadata(&path)?.len())).await)
            }
            Kind::S3 { service, prefix } => match service.head(&key_of(prefix, name)?).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(cannot("read", &name, &error)),
            },
        }
    }

    /// Reads up to `length` bytes from `offset` on: fewer only where the file ends, none where it
    /// is not there.
    ///
    /// # Errors
    /// Broken where the disk has the file and cannot read it; refused where the place does not answer.
    pub async fn read_at(&self, name: &str, offset: u64, length: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match &*self.0 {
            Kind::Folder(folder) => {
                let path = path_of(folder, name)?;
                there(name, blocking(move || read_range(&path, offset, length)).await)
            }
            Kind::S3 { service, prefix } => {
                let key = key_of(prefix, name)?;
                let end = offset.saturating_add(length as u64);
                let range = Some(GetRange::Bounded(offset..end));
                let found = match (offset < end, service.get_opts(&key, GetOptions { range, ..GetOptions::default() }))
                {
                    (true, get) => get.await,
                    (false, _) => return Ok(self.size(name).await?.map(|_| Vec::new())),
                };
                match found {
                    Ok(found) => Ok(Some(found.bytes().await.map_err(|e| cannot("read", &name, &e))?.to_vec())),
                    Err(object_store::Error::NotFound { .. }) => Ok(None),
                    // A range behind the end is an error there, and an empty read here.
                    Err(error) => match self.size(name).await? {
                        None => Ok(None),
                        Some(size) if size <= offset => Ok(Some(Vec::new())),
                        Some(_) => Err(cannot("read", &name, &error)),
                    },
                }
            }
        }
    }

    /// Bytes that can still be written here; none where the place does not say, as S3.
    pub async fn space(&self) -> Result<Option<u64>, StoreError> {
        let Kind::Folder(folder) = &*self.0 else { return Ok(None) };
        let start = folder.clone();
        let room = blocking(move || {
            // A folder that is made with its first file has the room of the one above.
            let there = start.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("."));
            free_bytes(there)
        });
        room.await.map(Some).map_err(|e| cannot("look at", &folder.display(), &e))
    }

    /// Lets the system drop what it remembers of a file, so that the next read is of the disk.
    pub async fn forget(&self, name: &str) -> Result<(), StoreError> {
        let Kind::Folder(folder) = &*self.0 else { return Ok(()) };
        let path = path_of(folder, name)?;
        let done = blocking(move || Ok(fadvise(&File::open(&path)?, 0, None, Advice::DontNeed)?));
        there(name, done.await).map(drop)
    }

    /// Gives a file another name, which must be free. Its bytes are nowhere missing meanwhile; what
    /// is not there is not renamed.
    pub async fn rename(&self, name: &str, to: &str) -> Result<(), StoreError> {
        match &*self.0 {
            Kind::Folder(folder) => {
                let (from, target) = (path_of(folder, name)?, path_of(folder, to)?);
                let done = blocking(move || {
                    make_parents(&target)?;
                    std::fs::hard_link(&from, &target)?;
                    sync_folder(&target)?;
                    std::fs::remove_file(&from)?;
                    sync_folder(&from)
                });
                done.await.map_err(|e| cannot("rename", &name, &e))
            }
            Kind::S3 { service, prefix } => {
                let Some(size) = self.size(name).await? else {
                    return Err(cannot("rename", &name, &"it is not there"));
                };
                if self.size(to).await?.is_some() {
                    return Err(taken(to));
                }
                if size <= S3_COPY_BYTES_MAX {
                    let (from, target) = (key_of(prefix, name)?, key_of(prefix, to)?);
                    service.copy(&from, &target).await.map_err(|e| cannot("rename", &name, &e))?;
                } else {
                    self.copy_through(name, to, size).await?;
                }
                self.remove(name).await
            }
        }
    }

    async fn copy_through(&self, name: &str, to: &str, size: u64) -> Result<(), StoreError> {
        self.remove_unfinished(to).await?;
        let mut copy = self.begin(to, size).await?;
        while copy.length() < size {
            match self.read_at(name, copy.length(), COPY_BYTES).await? {
                Some(piece) if !piece.is_empty() => copy.append(piece).await?,
                _ => return Err(cannot("rename", &name, &"it became shorter")),
            }
        }
        copy.publish().await
    }
}

fn read_range(path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let left = usize::try_from(file.metadata()?.len().saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length.min(left)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// What came of a read: none where the file is not there.
fn there<T>(name: &str, read: io::Result<T>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) if is_of_the_disk(&e) => Err(StoreError::Broken(format!("the disk cannot read {name}: {e}"))),
        Err(e) => Err(cannot("read", &name, &e)),
    }
}

/// Whether the medium or its file system failed at this file, rather than the way to it.
fn is_of_the_disk(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let of_the_disk = [Errno::IO, Errno::BADMSG, Errno::UCLEAN, Errno::NODATA];
    error.raw_os_error().is_some_and(|code| of_the_disk.iter().any(|e| e.raw_os_error() == code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_sector_is_broken_and_a_closed_door_is_not() {
        let of = |code| there::<()>("x", Err(io::Error::from_raw_os_error(code)));
        assert!(matches!(of(5), Err(StoreError::Broken(_))), "EIO");
        assert!(matches!(of(74), Err(StoreError::Broken(_))), "EBADMSG");
        for code in [13, 116, 107] {
            assert!(matches!(of(code), Err(StoreError::Refused(_))), "EACCES, ESTALE, ENOTCONN");
        }
        assert_eq!(of(2), Ok(None), "ENOENT");
    }
}

//! Whole files or none: a reader never sees half of a file, also after a crash.
//!
//! The bytes go to a temporary file beside the target, are synced, and take the
//! target's name in one step; then the folder is synced. On any failure the
//! temporary file is removed.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// Permissions for files that anyone may read.
pub const PUBLIC: u32 = 0o644;
/// Permissions for files that only their owner may read.
pub const SECRET: u32 = 0o600;

/// Bytes that can still be written to the disk of a folder.
///
/// # Errors
/// What the system said.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Writes a file that must not exist yet.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where it does; otherwise what the system said. Nothing is
/// left behind.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut batch = Batch::default();
    batch.write(path, bytes, mode).and_then(|()| batch.commit_new()).map_err(|fault| fault.error)
}

/// Writes a file, in place of one that may be there.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut batch = Batch::default();
    batch.write(path, bytes, mode).and_then(|()| batch.commit_replacing()).map_err(|fault| fault.error)
}

/// Files that belong together: all of them take their names, or all stays as it was.
///
/// A crash in the middle of replacing loses nothing: what was there before is still there
/// under a hidden name beside it.
#[derive(Default)]
pub struct Batch {
    staged: Vec<(PathBuf, Temporary)>,
    unwanted: Vec<PathBuf>,
}

/// The file of a batch that could not be written, and why.
#[derive(Debug)]
pub struct Fault {
    /// Which file.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl Batch {
    /// Brings a file's content to the disk, under a name of its own for now.
    pub fn write(&mut self, path: &Path, bytes: &[u8], mode: u32) -> Result<(), Fault> {
        let fault = |error| Fault { path: path.to_owned(), error };
        let temporary = Temporary::write(path, bytes, mode).map_err(fault)?;
        self.staged.push((path.to_owned(), temporary));
        Ok(())
    }

    /// Names a file that must be gone once the others are there. Only for replacing.
    pub fn remove(&mut self, path: &Path) {
        self.unwanted.push(path.to_owned());
    }

    /// Gives all files their names, none of which may be taken.
    pub fn commit_new(self) -> Result<(), Fault> {
        for (done, (path, temporary)) in self.staged.iter().enumerate() {
            // A hard link fails where the name is taken, which a rename does not.
            if let Err(error) = fs::hard_link(&temporary.path, path) {
                self.staged[..done].iter().for_each(|(path, _)| drop(fs::remove_file(path)));
                return Err(Fault { path: path.clone(), error });
            }
        }
        self.finish()
    }

    /// Gives all files their names, in place of what may be there.
    pub fn commit_replacing(self) -> Result<(), Fault> {
        let mut before = Vec::new();
        for path in self.staged.iter().map(|(path, _)| path).chain(&self.unwanted) {
            let kept = Temporary::name_for(path).and_then(|kept| match fs::hard_link(path, &kept.path) {
                Ok(()) => Ok(Some(kept)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            });
            before.push((path, kept.map_err(|error| Fault { path: path.clone(), error })?));
        }
        let renamed = self.staged.iter().map(|(path, temporary)| (path, fs::rename(&temporary.path, path)));
        let removed = self.unwanted.iter().map(|path| match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path, Ok(())),
            other => (path, other),
        });
        for (done, (path, result)) in renamed.chain(removed).enumerate() {
            if let Err(error) = result {
                for (path, kept) in &before[..done] {
                    // What cannot be put back is still there under its hidden name only if this fails too.
                    let _ = match kept {
                        Some(kept) => fs::rename(&kept.path, path),
                        None => fs::remove_file(path),
                    };
                }
                return Err(Fault { path: path.clone(), error });
            }
        }
        self.finish()
    }

    /// Makes the new names durable.
    fn finish(&self) -> Result<(), Fault> {
        let folders: BTreeSet<&Path> = self.staged.iter().map(|(path, _)| folder_of(path)).collect();
        for folder in folders {
            let synced = File::open(folder).and_then(|f| f.sync_all());
            synced.map_err(|error| Fault { path: folder.to_owned(), error })?;
        }
        Ok(())
    }
}

/// A name whose file is removed when it goes out of scope.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    /// A name beside the target that nobody else uses.
    fn name_for(target: &Path) -> io::Result<Self> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        // Names are at most 255 bytes; the temporary one must fit too.
        let short: String = name.chars().take(40).collect();
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Ok(Self { path: target.with_file_name(format!(".{short}.{}-{number}.tmp", process::id())) })
    }

    fn write(target: &Path, bytes: &[u8], mode: u32) -> io::Result<Self> {
        let temporary = Self::name_for(target)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary.path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(temporary)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&self.path);
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn an_existing_file_is_kept_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_new(&path, b"one", PUBLIC).unwrap();
        let error = write_new(&path, b"two", PUBLIC).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace(&path, b"three", PUBLIC).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_batch_is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b, c) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
        let batch = |a_bytes: &[u8], b_bytes: &[u8]| {
            let mut batch = Batch::default();
            batch.write(&a, a_bytes, SECRET).unwrap();
            batch.write(&b, b_bytes, PUBLIC).unwrap();
            batch
        };
        batch(b"a1", b"b1").commit_new().unwrap();
        fs::remove_file(&a).unwrap();
        let fault = batch(b"a2", b"b2").commit_new().unwrap_err();
        assert_eq!((fault.path, fault.error.kind()), (b.clone(), io::ErrorKind::AlreadyExists));
        assert_eq!(names(folder.path()), ["b"], "the file written first is taken back");

        fs::write(&c, b"c1").unwrap();
        let mut whole = batch(b"a3", b"b3");
        whole.remove(&c);
        whole.commit_replacing().unwrap();
        assert_eq!((fs::read(&a).unwrap(), fs::read(&b).unwrap(), c.exists()), (b"a3".into(), b"b3".into(), false));

        // A folder cannot be replaced by a file: what came before it is put back.
        fs::remove_file(&b).unwrap();
        fs::create_dir(&b).unwrap();
        assert!(batch(b"a4", b"b4").commit_replacing().is_err());
        assert_eq!(fs::read(&a).unwrap(), b"a3");
        let mut left = names(folder.path());
        left.sort();
        assert_eq!(left, ["a", "b"]);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_new(&folder.path().join("no/a"), b"x", PUBLIC).is_err());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn secrets_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_new(&path, b"x", SECRET).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

//! A large file on its way into a place, piece by piece.
//!
//! Until it is published it has no name: a folder keeps it as `.NAME.part` beside the name it will
//! have (`direct.rs`), S3 as parts of a multipart upload (`parts.rs`). [`Writing::sync`] makes all of it durable;
//! after a restart [`Blobs::resume`] takes it up at the length of either of the last two syncs. A
//! process that dies at any point leaves what can be resumed or the whole file.

use super::direct::Direct;
use super::parts::Parts;
use super::pieces::sync_folder;
use super::{Blobs, Kind, blocking, cannot, key_of, make_parents, path_of, walk};
use crate::{StoreError, files};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use rustix::fs::{Advice, fadvise};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// What the file's name ends with while it is being written.
const PART: &str = ".part";
/// Written before the disk is asked to take it.
const UNSYNCED_BYTES_MAX: u64 = 16 << 20;

/// A file that is being written. Dropping it leaves what is there, to be resumed or removed.
pub struct Writing {
    name: String,
    length: u64,
    at: At,
}

enum At {
    Folder(Part),
    S3(Parts),
}

/// The file of a folder. One write is under way while the next piece is made.
struct Part {
    target: PathBuf,
    file: Arc<File>,
    /// Not there while it writes, and after it could not.
    out: Option<Direct>,
    under_way: Option<JoinHandle<io::Result<Direct>>>,
    /// The newest sync, which fails where one before it failed: the system tells a fault once.
    syncing: Option<Sync>,
    unsynced: u64,
}

/// A sync of the file of a folder, for all who wait for it.
type Sync = Shared<BoxFuture<'static, Result<(), Arc<io::Error>>>>;

/// What was written up to a point, on its way to being durable while more is written.
pub struct Syncing {
    name: String,
    /// None where it was waited for already.
    sync: Option<Sync>,
}

impl Blobs {
    /// Begins a large file whose name must be free when it is published. `expected` bytes decide how
    /// S3's parts are cut; more or fewer may come.
    ///
    /// # Errors
    /// Refused where it was begun before and something of it is durable: resume or remove that.
    pub async fn begin(&self, name: &str, expected: u64) -> Result<Writing, StoreError> {
        let at = match &*self.0 {
            Kind::Folder(folder) => {
                let target = path_of(folder, name)?;
                let opened = blocking(move || {
                    make_parents(&target)?;
                    let mut options = OpenOptions::new();
                    options.read(true).write(true).create_new(true).mode(files::SECRET);
                    let file = locked(options.open(part_of(&target)?)?)?;
                    sync_folder(&target)?;
                    Part::new(target, file, 0)
                });
                At::Folder(opened.await.map_err(|e| cannot("write", &name, &e))?)
            }
            Kind::S3 { service, prefix } => {
                At::S3(Parts::begin(service.clone(), key_of(prefix, name)?, expected).await?)
            }
        };
        Ok(Writing { name: name.to_owned(), length: 0, at })
    }

    /// Takes up a file that was begun, at a length that was synced. What was written behind it is
    /// given up.
    ///
    /// # Errors
    /// Refused where nothing was begun (in a folder) or another process is writing it; broken where less is there.
    pub async fn resume(&self, name: &str, length: u64) -> Result<Writing, StoreError> {
        let at = match &*self.0 {
            Kind::Folder(folder) => {
                let target = path_of(folder, name)?;
                let opened = blocking(move || {
                    let file = locked(OpenOptions::new().read(true).write(true).open(part_of(&target)?)?)?;
                    let there = file.metadata()?.len();
                    if there > length {
                        file.set_len(length)?;
                        file.sync_all()?;
                    }
                    match there < length {
                        true => Ok(Err(there)),
                        false => Part::new(target, file, length).map(Ok),
                    }
                });
                let part = opened.await.map_err(|e| cannot("resume", &name, &e))?.map_err(|there| {
                    let text = format!("of {name}, {length} bytes were written durably and {there} are there");
                    StoreError::Broken(text)
                })?;
                At::Folder(part)
            }
            Kind::S3 { service, prefix } => {
                At::S3(Parts::resume(service.clone(), key_of(prefix, name)?, length).await?)
            }
        };
        Ok(Writing { name: name.to_owned(), length, at })
    }

    /// Gives a file of `length` bytes, all of them synced, its name. Done once, it may be asked again.
    ///
    /// # Errors
    /// Broken where the name is taken by a file of another length.
    pub async fn publish(&self, name: &str, length: u64) -> Result<(), StoreError> {
        match self.size(name).await? {
            Some(there) if there == length => self.remove_unfinished(name).await,
            Some(there) => Err(other_length(name, there, length)),
            None => self.resume(name, length).await?.publish().await,
        }
    }

    /// The names of files below `folder` that were begun and not published, sorted.
    pub async fn unfinished(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let mut names = match &*self.0 {
            Kind::Folder(root) => {
                let start = if folder.is_empty() { root.clone() } else { path_of(root, folder)? };
                let root = root.clone();
                let found = blocking(move || {
                    let mut names = Vec::new();
                    walk(&start, &mut |path| {
                        let target = path.file_name().and_then(|n| n.to_str()?.strip_prefix('.')?.strip_suffix(PART));
                        let name = target.map(|target| path.with_file_name(target));
                        let name = name.as_deref().and_then(|path| path.strip_prefix(&root).ok()?.to_str());
                        names.extend(name.map(str::to_owned));
                    })?;
                    Ok(names)
                });
                found.await.map_err(|e| cannot("list", &folder, &e))?
            }
            Kind::S3 { service, prefix } => {
                let found = Parts::unfinished(service, &self.folder_key(folder)?).await?;
                found.iter().filter_map(|n| n.strip_prefix(prefix.as_str()).map(str::to_owned)).collect()
            }
        };
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Gives up what was begun under this name, and leaves what is published; nothing begun is
    /// gone already.
    pub async fn remove_unfinished(&self, name: &str) -> Result<(), StoreError> {
        match &*self.0 {
            Kind::Folder(folder) => {
                let target = path_of(folder, name)?;
                let removed = blocking(move || {
                    std::fs::remove_file(part_of(&target)?)?;
                    sync_folder(&target)
                });
                match removed.await {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => Err(cannot("remove", &name, &e)),
                    _ => Ok(()),
                }
            }
            Kind::S3 { service, prefix } => Parts::remove(service, &key_of(prefix, name)?).await,
        }
    }
}

impl Writing {
    /// Bytes so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds a piece; it is durable after the next [`Writing::sync`]. Where it fails, or is given up
    /// half-way, the file is to be resumed.
    pub async fn append(&mut self, piece: Vec<u8>) -> Result<(), StoreError> {
        let length = piece.len() as u64;
        match &mut self.at {
            At::Folder(part) => {
                part.settle(&self.name).await?;
                part.sync_ahead(length, &self.name)?;
                part.write(&self.name, move |out| out.add(&piece))?;
            }
            At::S3(parts) => parts.append(piece).await?,
        }
        self.length += length;
        Ok(())
    }

    /// Makes all that was added durable, and gives its length.
    pub async fn sync(&mut self) -> Result<u64, StoreError> {
        self.begin_sync().await?.durable().await?;
        Ok(self.length)
    }

    /// Begins to make all that was added so far durable. In a folder more can be added meanwhile; S3 takes it
    /// before this returns.
    pub async fn begin_sync(&mut self) -> Result<Syncing, StoreError> {
        let sync = match &mut self.at {
            At::Folder(part) => {
                part.flush(&self.name).await?;
                part.begin_sync();
                part.syncing.clone()
            }
            At::S3(parts) => {
                parts.sync(self.length).await?;
                None
            }
        };
        Ok(Syncing { name: self.name.clone(), sync })
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    /// Broken where the name was taken meanwhile.
    pub async fn publish(self) -> Result<(), StoreError> {
        let (name, length) = (self.name, self.length);
        match self.at {
            At::Folder(mut part) => {
                part.flush(&name).await?;
                let Part { target, file, syncing, .. } = part;
                Syncing { name: name.clone(), sync: syncing }.durable().await?;
                let done = blocking(move || {
                    file.set_len(length)?;
                    file.sync_all()?;
                    let part = part_of(&target)?;
                    // A hard link fails where the name is taken, which a rename does not.
                    std::fs::hard_link(&part, &target)?;
                    sync_folder(&target)?;
                    // If we die here, both names are there and `Blobs::publish` removes this one.
                    std::fs::remove_file(&part)?;
                    sync_folder(&target)?;
                    // Whoever checks it next shall read the disk. Advice may go unheeded.
                    let _ = fadvise(&file, 0, None, Advice::DontNeed);
                    Ok(())
                });
                match done.await {
                    Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(taken(&name)),
                    other => other.map_err(|e| cannot("write", &name, &e)),
                }
            }
            At::S3(parts) => parts.publish(&name, length).await,
        }
    }
}

impl Part {
    fn new(target: PathBuf, file: File, length: u64) -> io::Result<Self> {
        let file = Arc::new(file);
        let out = Some(Direct::new(Arc::clone(&file), length)?);
        Ok(Self { target, file, out, under_way: None, syncing: None, unsynced: 0 })
    }

    /// Begins a write; the one before is settled.
    fn write(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Direct) -> io::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        let failed = || cannot("write", &name, &"an earlier piece was not written; resume it");
        let mut out = self.out.take().ok_or_else(failed)?;
        self.under_way = Some(tokio::task::spawn_blocking(move || work(&mut out).map(|()| out)));
        Ok(())
    }

    /// Waits for the write that is under way.
    async fn settle(&mut self, name: &str) -> Result<(), StoreError> {
        let Some(under_way) = &mut self.under_way else { return Ok(()) };
        let done = under_way.await;
        self.under_way = None;
        let done = done.map_err(io::Error::other).flatten();
        self.out = Some(done.map_err(|e| cannot("write", &name, &e))?);
        Ok(())
    }

    /// Has all that was added in the file.
    async fn flush(&mut self, name: &str) -> Result<(), StoreError> {
        self.settle(name).await?;
        self.write(name, Direct::flush)?;
        self.settle(name).await
    }

    /// Keeps the disk busy while more arrives, so that a sync has little left to wait for. What does not lie in
    /// the system's memory is there already.
    fn sync_ahead(&mut self, length: u64, name: &str) -> Result<(), StoreError> {
        self.unsynced += length;
        let last = self.syncing.clone().map_or(Some(Ok(())), FutureExt::now_or_never);
        if let Some(Err(error)) = last {
            return Err(cannot("write", &name, &error));
        }
        let is_cached = self.out.as_ref().is_some_and(Direct::is_cached);
        if is_cached && self.unsynced > UNSYNCED_BYTES_MAX && last.is_some() {
            self.begin_sync();
        }
        Ok(())
    }

    /// Begins a sync of all that was written, after the one that is under way.
    fn begin_sync(&mut self) {
        let (before, file) = (self.syncing.take(), Arc::clone(&self.file));
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                before.await?;
            }
            blocking(move || file.sync_data()).await.map_err(Arc::new)
        });
        let sync = async move { task.await.map_err(|error| Arc::new(io::Error::other(error)))? }.boxed().shared();
        self.unsynced = 0;
        self.syncing = Some(sync);
    }
}

impl Syncing {
    /// Waits until it is durable.
    ///
    /// # Errors
    /// Refused where it was not written; the file is to be resumed at what was durable before.
    pub async fn durable(self) -> Result<(), StoreError> {
        let Some(sync) = self.sync else { return Ok(()) };
        sync.await.map_err(|error| cannot("write", &self.name, &error))
    }
}

pub(super) fn taken(name: &str) -> StoreError {
    StoreError::Broken(format!("{name} is there already, and must never change"))
}

pub(super) fn other_length(name: &str, there: u64, expected: u64) -> StoreError {
    StoreError::Broken(format!("{name} is there already with {there} bytes in place of {expected}"))
}

/// Where a file is while it is written: hidden, beside the name it will have.
fn part_of(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().and_then(|n| n.to_str()).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(target.with_file_name(format!(".{name}{PART}")))
}

/// One process writes a file; its lock goes with it, however it ends.
fn locked(file: File) -> io::Result<File> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::other("it is being written elsewhere; try again later")),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

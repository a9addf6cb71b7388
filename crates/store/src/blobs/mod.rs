//! Files in a folder or in an S3-compatible service, under names with slashes.
//!
//! Most files never change: [`Blobs::put_new`] writes one whose name is free, and
//! accepts one that is there with the same bytes. A file that may change is
//! written with [`Blobs::replace`]. Either way a reader sees all of it or nothing,
//! and it is durable before the call returns. Files too large for memory are
//! written with [`Writing`] and read in pieces ([`Blobs::read_at`]).
//!
//! Trust: whoever can write here can destroy files and put others in their place;
//! readers must check what they read.

mod direct;
mod parts;
mod pieces;
mod writing;

pub use writing::{Syncing, Writing};

use crate::{StoreError, files};
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path as Key;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where blobs are kept.
#[derive(Clone)]
pub struct Blobs(Arc<Kind>);

enum Kind {
    Folder(PathBuf),
    S3 { service: AmazonS3, prefix: String },
}

/// An S3-compatible service. It must know conditional writes (`If-None-Match: *`).
#[derive(Clone)]
pub struct S3 {
    /// `https://HOST[:PORT]`; `http` only on loopback.
    pub endpoint: String,
    /// The region to sign for.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What all names begin with; empty or ending with a slash.
    pub prefix: String,
    /// The access key's id.
    pub key_id: String,
    /// The access key's secret.
    pub secret: String,
}

impl Blobs {
    /// Files below a folder, which is made with the first file.
    #[must_use]
    pub fn folder(path: &Path) -> Self {
        Self(Arc::new(Kind::Folder(path.to_owned())))
    }

    /// Objects in a bucket. A service that does not answer is asked for three minutes.
    pub fn s3(s3: &S3) -> Result<Self, StoreError> {
        Self::s3_trying(s3, RetryConfig::default())
    }

    /// Objects in a bucket that is not alone: a service that does not answer is given up after
    /// `patience`, so that another can be asked.
    pub fn s3_among_others(s3: &S3, patience: Duration) -> Result<Self, StoreError> {
        Self::s3_trying(s3, RetryConfig { retry_timeout: patience, max_retries: 3, ..RetryConfig::default() })
    }

    fn s3_trying(s3: &S3, retry: RetryConfig) -> Result<Self, StoreError> {
        let is_loopback =
            ["http://127.", "http://localhost:", "http://[::1]"].iter().any(|p| s3.endpoint.starts_with(p));
        let service = AmazonS3Builder::new()
            .with_endpoint(&s3.endpoint)
            .with_region(&s3.region)
            .with_bucket_name(&s3.bucket)
            .with_access_key_id(&s3.key_id)
            .with_secret_access_key(&s3.secret)
            .with_allow_http(is_loopback)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_retry(retry)
            .build()
            .map_err(|e| StoreError::Refused(format!("the S3 service cannot be used: {e}")))?;
        Ok(Self(Arc::new(Kind::S3 { service, prefix: s3.prefix.clone() })))
    }

    /// Writes a file that never changes. One that is there already must hold the same bytes.
    ///
    /// # Errors
    /// Broken where the name is taken by other bytes.
    pub async fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let written = match &*self.0 {
            Kind::Folder(folder) => {
                let (path, copy) = (path_of(folder, name)?, bytes.clone());
                blocking(move || {
                    make_parents(&path)?;
                    match files::write_new(&path, &copy, files::PUBLIC) {
                        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
                        other => other.map(|()| true),
                    }
                })
                .await
                .map_err(|e| cannot("write", &name, &e))?
            }
            Kind::S3 { service, prefix } => {
                let options = PutOptions::from(PutMode::Create);
                match service.put_opts(&key_of(prefix, name)?, bytes.clone().into(), options).await {
                    Ok(_) => true,
                    Err(object_store::Error::AlreadyExists { .. }) => false,
                    Err(error) => return Err(cannot("write", &name, &error)),
                }
            }
        };
        if written || self.get(name, bytes.len() as u64).await?.is_some_and(|there| there == bytes) {
            return Ok(());
        }
        Err(StoreError::Broken(format!("{name} is there already with other bytes, and must never change")))
    }

    /// Writes a file in place of one that may be there.
    pub async fn replace(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        match &*self.0 {
            Kind::Folder(folder) => {
                let path = path_of(folder, name)?;
                let done = blocking(move || {
                    make_parents(&path)?;
                    files::replace(&path, &bytes, files::PUBLIC)
                });
                done.await.map_err(|e| cannot("write", &name, &e))
            }
            Kind::S3 { service, prefix } => {
                let done = service.put(&key_of(prefix, name)?, bytes.into()).await;
                done.map(drop).map_err(|e| cannot("write", &name, &e))
            }
        }
    }

    /// Reads a file of at most `bytes_max` bytes; none where it is not there.
    pub async fn get(&self, name: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let too_large = || StoreError::Broken(format!("{name} is larger than it can be ({bytes_max} bytes)"));
        match &*self.0 {
            Kind::Folder(folder) => {
                let path = path_of(folder, name)?;
                let read = blocking(move || {
                    let mut bytes = Vec::new();
                    let file = std::fs::File::open(&path)?;
                    io::Read::read_to_end(&mut io::Read::take(file, bytes_max + 1), &mut bytes)?;
                    Ok(bytes)
                });
                match read.await {
                    Ok(bytes) if bytes.len() as u64 > bytes_max => Err(too_large()),
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
                    Err(e) => Err(cannot("read", &name, &e)),
                }
            }
            Kind::S3 { service, prefix } => match service.get(&key_of(prefix, name)?).await {
                Ok(found) if found.meta.size > bytes_max => Err(too_large()),
                Ok(found) => Ok(Some(found.bytes().await.map_err(|e| cannot("read", &name, &e))?.to_vec())),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(cannot("read", &name, &error)),
            },
        }
    }

    /// Removes a file, and its folder where nothing else is in it; one that is not there is gone
    /// already.
    pub async fn remove(&self, name: &str) -> Result<(), StoreError> {
        match &*self.0 {
            Kind::Folder(folder) => {
                let path = path_of(folder, name)?;
                let removed = blocking(move || {
                    std::fs::remove_file(&path)?;
                    // Refused where something is left in it.
                    let _ = path.parent().map(std::fs::remove_dir);
                    Ok(())
                });
                match removed.await {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => Err(cannot("remove", &name, &e)),
                    _ => Ok(()),
                }
            }
            Kind::S3 { service, prefix } => match service.delete(&key_of(prefix, name)?).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(cannot("remove", &name, &error)),
            },
        }
    }

    /// The names of all files below `folder` (a name without slash at the end, or empty), sorted.
    pub async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let mut names = match &*self.0 {
            Kind::Folder(root) => {
                let start = if folder.is_empty() { root.clone() } else { path_of(root, folder)? };
                let root = root.clone();
                let found = blocking(move || {
                    let mut names = Vec::new();
                    walk(&start, &mut |path| {
                        let name = path.strip_prefix(&root).ok().and_then(Path::to_str);
                        names.extend(name.filter(|name| !is_hidden(name)).map(str::to_owned));
                    })?;
                    Ok(names)
                });
                found.await.map_err(|e| cannot("list", &folder, &e))?
            }
            Kind::S3 { service, prefix } => {
                let found = service
                    .list(Some(&self.folder_key(folder)?))
                    .map_ok(|meta| meta.location.to_string())
                    .try_collect();
                let found: Vec<String> = found.await.map_err(|e| cannot("list", &folder, &e))?;
                let shown = found.into_iter().filter(|name| !is_hidden(name));
                shown.filter_map(|n| n.strip_prefix(prefix.as_str()).map(str::to_owned)).collect()
            }
        };
        names.sort();
        Ok(names)
    }

    /// The key of a folder in a bucket.
    fn folder_key(&self, folder: &str) -> Result<Key, StoreError> {
        match &*self.0 {
            Kind::S3 { prefix, .. } if folder.is_empty() => Ok(Key::from(prefix.as_str())),
            Kind::S3 { prefix, .. } => key_of(prefix, folder),
            Kind::Folder(_) => key_of("", folder),
        }
    }
}

/// Whether a name is that of a write under way, which is not there yet.
fn is_hidden(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|last| last.starts_with('.'))
}

fn cannot(verb: &str, name: &dyn std::fmt::Display, cause: &dyn std::fmt::Display) -> StoreError {
    StoreError::Refused(format!("cannot {verb} {name}: {cause}"))
}

/// A name is one of ours, never one from outside; what would leave the folder is refused all the same.
fn checked(name: &str) -> Result<&str, StoreError> {
    let parts_fit = Path::new(name).components().all(|c| matches!(c, Component::Normal(_)));
    let chars_fit = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    match !name.is_empty() && parts_fit && chars_fit {
        true => Ok(name),
        false => Err(StoreError::Refused(format!("{name:?} is no name for a file"))),
    }
}

fn path_of(folder: &Path, name: &str) -> Result<PathBuf, StoreError> {
    Ok(folder.join(checked(name)?))
}

fn key_of(prefix: &str, name: &str) -> Result<Key, StoreError> {
    Ok(Key::from(format!("{prefix}{}", checked(name)?)))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Makes the folders above a file, each durable in the one above it.
fn make_parents(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|p| !p.is_dir()).collect();
    for folder in missing.into_iter().rev() {
        match std::fs::create_dir(folder) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        if let Some(above) = folder.parent() {
            std::fs::File::open(above)?.sync_all()?;
        }
    }
    Ok(())
}

fn walk(folder: &Path, found: &mut dyn FnMut(&Path)) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => walk(&entry.path(), found)?,
            false => found(&entry.path()),
        }
    }
    Ok(())
}

//! A large file on its way into S3: parts of a multipart upload, and what is too short for a part.
//!
//! S3 takes parts of at least 5 MiB and does not give them back before the upload is complete. So a
//! sync writes an object of its own, `.NAME.LENGTH.writing`: the upload's id, the parts' tags, and
//! the bytes that fill no part yet. The last two of them stay, since whoever counts on a sync may
//! die before he has written that down. A file below one part is put in one request, which also
//! refuses a name that is taken.

use super::writing::{other_length, taken};
use super::{cannot, is_hidden};
use crate::StoreError;
use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path as Key;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions};
use tokio::task::JoinHandle;

/// The smallest parts that we make.
const PART_BYTES: u64 = 8 << 20;
/// S3 takes 10 000 parts; the rest is for files that become longer than they were said to be.
const PARTS: u64 = 9_000;
const PARTS_MAX: usize = 10_000;
/// Parts are held in memory, and S3's own limit is 5 TiB an object.
const PART_BYTES_MAX: u64 = 5 << 30;
/// What the name of a sync's object ends with, and its first line.
const ENDING: &str = ".writing";
const KIND: &str = "shiyin-writing-1";
/// What lies beside the rest in a sync's object, at most.
const TAGS_BYTES_MAX: u64 = 4 << 20;

pub(super) struct Parts {
    service: AmazonS3,
    key: Key,
    part_bytes: u64,
    upload: Option<String>,
    tags: Vec<String>,
    /// What fills no part yet.
    rest: Vec<u8>,
    /// One part is under way while the next is filled.
    under_way: Option<JoinHandle<object_store::Result<PartId>>>,
    /// The lengths of syncs whose objects are there, oldest first; the one of no bytes stays to the end.
    synced: Vec<u64>,
    has_failed: bool,
}

impl Parts {
    pub(super) async fn begin(service: AmazonS3, key: Key, expected: u64) -> Result<Self, StoreError> {
        if !syncs(&service, &key).await?.is_empty() {
            return Err(cannot("write", &key, &"it was begun before; resume or remove that"));
        }
        Ok(Self::new(service, key, expected))
    }

    fn new(service: AmazonS3, key: Key, expected: u64) -> Self {
        const MIB: u64 = 1 << 20;
        let needed = expected.div_ceil(PARTS).div_ceil(MIB) * MIB;
        Self {
            service,
            key,
            part_bytes: needed.clamp(PART_BYTES, PART_BYTES_MAX),
            upload: None,
            tags: Vec::new(),
            rest: Vec::new(),
            under_way: None,
            synced: Vec::new(),
            has_failed: false,
        }
    }

    pub(super) async fn resume(service: AmazonS3, key: Key, length: u64) -> Result<Self, StoreError> {
        let mut parts = Self::new(service, key, 0);
        let Some(sync) = parts.read_sync(length).await? else {
            let text = format!("of the upload to {}, nothing was kept at {length} bytes; begin it anew", parts.key);
            return Err(StoreError::Broken(text));
        };
        let complete = (sync.tags.len() as u64).checked_mul(sync.part_bytes);
        if complete.and_then(|complete| complete.checked_add(sync.rest.len() as u64)) != Some(length) {
            return Err(parts.damaged());
        }
        (parts.part_bytes, parts.tags, parts.rest) = (sync.part_bytes, sync.tags, sync.rest);
        // The upload may have been opened after this sync; there is one for each file.
        parts.upload = match sync.upload {
            Some(upload) => Some(upload),
            None => parts.read_sync(0).await?.and_then(|first| first.upload),
        };
        for synced in syncs(&parts.service, &parts.key).await? {
            match synced <= length {
                true => parts.synced.push(synced),
                false => parts.remove_sync(synced).await?,
            }
        }
        // The first one stays, as it names the upload.
        parts.synced.retain(|synced| *synced > 0);
        Ok(parts)
    }

    /// What a sync at this length wrote; none where there was none.
    async fn read_sync(&self, length: u64) -> Result<Option<Sync>, StoreError> {
        let found = match self.service.get(&sync_key(&self.key, length)).await {
            Ok(found) if found.meta.size > PART_BYTES_MAX + TAGS_BYTES_MAX => return Err(self.damaged()),
            Ok(found) => found.bytes().await.map_err(|e| self.cannot("resume", &e))?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.cannot("resume", &error)),
        };
        Sync::parse(&found).map(Some).ok_or_else(|| self.damaged())
    }

    pub(super) async fn append(&mut self, piece: Vec<u8>) -> Result<(), StoreError> {
        self.sound()?;
        match self.rest.is_empty() {
            true => self.rest = piece,
            false => self.rest.extend_from_slice(&piece),
        }
        while self.rest.len() as u64 >= self.part_bytes {
            // Parts are at most 5 GiB, which fits.
            let after = self.rest.split_off(self.part_bytes as usize);
            let part = std::mem::replace(&mut self.rest, after);
            // Where we are given up while it is sent, its bytes are gone.
            self.has_failed = true;
            self.send(part).await?;
            self.has_failed = false;
        }
        Ok(())
    }

    /// Sends a part, after the one before it has arrived.
    async fn send(&mut self, part: Vec<u8>) -> Result<(), StoreError> {
        self.settle().await?;
        if self.tags.len() >= PARTS_MAX {
            return Err(self.cannot("write", &"it is longer than was said when it was begun; begin it anew"));
        }
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => {
                let upload = self.service.create_multipart(&self.key).await.map_err(|e| self.cannot("write", &e))?;
                self.upload = Some(upload.clone());
                // From here on it can be found and given up, should we die.
                self.put_sync(0, &[], Vec::new()).await?;
                upload
            }
        };
        let (service, key, index) = (self.service.clone(), self.key.clone(), self.tags.len());
        let sent = async move { service.put_part(&key, &upload, index, part.into()).await };
        self.under_way = Some(tokio::spawn(sent));
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        let Some(under_way) = &mut self.under_way else { return Ok(()) };
        let done = under_way.await;
        self.under_way = None;
        self.has_failed |= !matches!(done, Ok(Ok(_)));
        let part = done.map_err(|e| self.cannot("write", &e))?.map_err(|e| self.cannot("write", &e))?;
        self.tags.push(part.content_id);
        Ok(())
    }

    pub(super) async fn sync(&mut self, length: u64) -> Result<(), StoreError> {
        self.sound()?;
        self.settle().await?;
        // The first one names the upload, once there is one.
        if self.synced.last() == Some(&length) || (length == 0 && self.upload.is_some()) {
            return Ok(());
        }
        let (tags, rest) = (self.tags.clone(), self.rest.clone());
        let synced = self.put_sync(length, &tags, rest).await;
        self.has_failed |= synced.is_err();
        synced?;
        self.synced.extend(Some(length).filter(|length| *length > 0));
        while self.synced.len() > 2 {
            let old = self.synced.remove(0);
            self.remove_sync(old).await?;
        }
        Ok(())
    }

    async fn remove_sync(&self, length: u64) -> Result<(), StoreError> {
        self.service.delete(&sync_key(&self.key, length)).await.map_err(|e| self.cannot("write", &e))
    }

    async fn put_sync(&self, length: u64, tags: &[String], rest: Vec<u8>) -> Result<(), StoreError> {
        let upload = self.upload.as_deref().unwrap_or("-");
        let mut head = format!("{KIND}\n{}\n{upload}\n", self.part_bytes);
        tags.iter().for_each(|tag| head.extend([tag, "\n"]));
        head.push('\n');
        let body = [head.into_bytes(), rest].concat();
        let put = self.service.put(&sync_key(&self.key, length), body.into()).await;
        put.map(drop).map_err(|e| self.cannot("write", &e))
    }

    pub(super) async fn publish(mut self, name: &str, length: u64) -> Result<(), StoreError> {
        let rest = std::mem::take(&mut self.rest);
        match self.upload.clone() {
            None => match self.service.put_opts(&self.key, rest.into(), PutOptions::from(PutMode::Create)).await {
                Ok(_) => {}
                Err(object_store::Error::AlreadyExists { .. }) => return Err(taken(name)),
                Err(error) => return Err(self.cannot("write", &error)),
            },
            Some(upload) => {
                if !rest.is_empty() {
                    self.send(rest).await?;
                    self.settle().await?;
                }
                // Completing would replace it.
                if self.service.head(&self.key).await.is_ok() {
                    return Err(taken(name));
                }
                let tags = self.tags.iter().map(|tag| PartId { content_id: tag.clone() }).collect();
                if let Err(error) = self.service.complete_multipart(&self.key, &upload, tags).await {
                    // The answer may have been lost, and the file be there all the same.
                    match self.service.head(&self.key).await {
                        Ok(meta) if meta.size == length => {}
                        _ => return Err(self.cannot("write", &error)),
                    }
                }
            }
        }
        match self.service.head(&self.key).await {
            Ok(meta) if meta.size == length => {}
            Ok(meta) => return Err(other_length(name, meta.size, length)),
            Err(error) => return Err(self.cannot("write", &error)),
        }
        Self::remove(&self.service, &self.key).await
    }

    /// Gives up the uploads to this key, and removes what their syncs left.
    pub(super) async fn remove(service: &AmazonS3, key: &Key) -> Result<(), StoreError> {
        let cannot = |e: object_store::Error| cannot("remove", key, &e);
        for length in syncs(service, key).await? {
            let sync = sync_key(key, length);
            if let Ok(found) = service.get(&sync).await
                && let Ok(bytes) = found.bytes().await
                && let Some(upload) = Sync::parse(&bytes).and_then(|sync| sync.upload)
            {
                // It may be complete or given up already, which is an error there.
                let _ = service.abort_multipart(key, &upload).await;
            }
            match service.delete(&sync).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(cannot(error)),
            }
        }
        Ok(())
    }

    /// The keys below a folder to which something was begun.
    pub(super) async fn unfinished(service: &AmazonS3, folder: &Key) -> Result<Vec<String>, StoreError> {
        let found = service.list(Some(folder)).map_ok(|meta| meta.location.to_string()).try_collect();
        let found: Vec<String> = found.await.map_err(|e| cannot("list", folder, &e))?;
        let target = |key: &String| {
            let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
            let (name, _) = name.strip_prefix('.')?.strip_suffix(ENDING)?.rsplit_once('.')?;
            Some(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
        };
        Ok(found.iter().filter(|key| is_hidden(key)).filter_map(target).collect())
    }

    fn sound(&self) -> Result<(), StoreError> {
        match self.has_failed {
            true => Err(self.cannot("write", &"an earlier piece was not written; resume it")),
            false => Ok(()),
        }
    }

    fn cannot(&self, verb: &str, cause: &dyn std::fmt::Display) -> StoreError {
        cannot(verb, &self.key, cause)
    }

    fn damaged(&self) -> StoreError {
        StoreError::Broken(format!("what was kept of the upload to {} is damaged; begin it anew", self.key))
    }
}

/// What a sync wrote.
struct Sync {
    part_bytes: u64,
    upload: Option<String>,
    tags: Vec<String>,
    rest: Vec<u8>,
}

impl Sync {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(2).position(|w| w == b"\n\n")?;
        let mut lines = std::str::from_utf8(&bytes[..end]).ok()?.lines();
        if lines.next()? != KIND {
            return None;
        }
        let part_bytes = lines.next()?.parse().ok().filter(|size| (1..=PART_BYTES_MAX).contains(size))?;
        let upload = lines.next().map(str::to_owned).filter(|id| id != "-");
        Some(Self { part_bytes, upload, tags: lines.map(str::to_owned).collect(), rest: bytes[end + 2..].to_vec() })
    }
}

/// The object of a sync at this length.
fn sync_key(key: &Key, length: u64) -> Key {
    let key = key.as_ref();
    let (folder, name) = key.rsplit_once('/').map_or(("", key), |(folder, name)| (folder, name));
    Key::from(format!("{folder}/.{name}.{length}{ENDING}"))
}

/// The lengths of the syncs of a key, shortest first.
async fn syncs(service: &AmazonS3, key: &Key) -> Result<Vec<u64>, StoreError> {
    let (folder, name) = key.as_ref().rsplit_once('/').unwrap_or(("", key.as_ref()));
    let start = format!(".{name}.");
    let found = service.list_with_delimiter(Some(&Key::from(folder))).await;
    let found = found.map_err(|e| cannot("list", key, &e))?;
    let length = |name: &str| name.strip_prefix(&start)?.strip_suffix(ENDING)?.parse().ok();
    let mut lengths: Vec<u64> =
        found.objects.iter().filter_map(|meta| length(meta.location.filename().unwrap_or_default())).collect();
    lengths.sort_unstable();
    Ok(lengths)
}

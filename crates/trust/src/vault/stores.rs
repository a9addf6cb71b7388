//! The places that hold copies of every object: checked, mended from one another, and emptied, without a key.
//!
//! A place carries a mark with its name. A folder whose disk is not mounted has none, and neither has
//! another folder in its stead: then the place is out of reach, and nothing in it is called missing or
//! written into. A copy is written from bytes that were hashed on the way and fit the object, gets its
//! name when all of it is durable, and is read again; what it replaces is set aside and never deleted here.

use super::content::{HEADER_BYTES, SEALED_BYTES, chunks};
use super::{ContentKey, Object, ObjectId, stored_length};
use crate::TrustError;
use crate::storage::{PlaceAt, Storage};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::StoreError;
use store::blobs::{Blobs, Writing};

/// The file that marks a place as ours.
const MARK: &str = "place";
const MARK_KIND: &str = "shiyin-vault-place-1";
const MARK_BYTES_MAX: u64 = 200;
/// Chunks read at a time while copies are checked and made.
const CHUNKS_AT_ONCE: u64 = 16;
/// How long a service is asked that does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How one copy of an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// What was asked for is as it must be.
    Good,
    /// It is not what was written, from this chunk on where that is known.
    Damaged {
        /// The first chunk that is not as it was, where it could be told: by the length, or with the key.
        chunk: Option<u64>,
    },
    /// The place answers, and does not have it.
    Missing,
    /// The place does not answer, or is not the one that was used. Says nothing of the copy.
    Unreachable(String),
    /// The copy is what was written, and not what the record or the key is of. No copy mends that.
    Other,
}

/// What mending did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// How the copy was.
    pub was: Condition,
    /// The place that it was made from, where it was made anew.
    pub from: Option<String>,
    /// The file in the place that holds what was there, where there was something.
    pub aside: Option<String>,
}

/// One place.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) blobs: Blobs,
}

/// All places of an instance, the first of which takes what arrives.
#[derive(Clone)]
pub struct Stores(Vec<Place>);

impl Stores {
    /// The places of the instance in `data`. One that is new is marked; `used` names those in which
    /// copies are known to be, and these are never taken for new.
    ///
    /// A place that does not answer is no error here: it is unreachable until it does.
    ///
    /// # Errors
    /// Refused where a place is marked as another, or has objects and no mark.
    pub async fn open(data: &Path, storage: &Storage, used: &[&str]) -> Result<Self, TrustError> {
        let mut places = Vec::new();
        for place in storage.vault(data)? {
            let blobs = match &place.at {
                PlaceAt::Folder(folder) => Blobs::folder(folder),
                PlaceAt::S3(s3) => Blobs::s3_among_others(s3, PATIENCE)?,
            };
            let place = Place { name: place.name, blobs };
            if !used.contains(&&*place.name) {
                place.mark_new().await?;
            }
            places.push(place);
        }
        Ok(Self(places))
    }

    /// The names of the places, the first one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|place| &*place.name)
    }

    pub(super) fn first(&self) -> &Place {
        // `Storage::vault` gives one at least.
        &self.0[0]
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.0
    }

    fn place(&self, name: &str) -> Result<&Place, TrustError> {
        let unknown = || TrustError::Refused(format!("there is no place {name} in [vault] of the configuration"));
        self.0.iter().find(|place| place.name == name).ok_or_else(unknown)
    }

    /// Takes an empty disk or bucket for the place of this name, after the one that was used is lost for
    /// good. Its copies are missing from then on, and can be mended.
    ///
    /// # Errors
    /// Refused where something is there.
    pub async fn take_anew(&self, name: &str) -> Result<(), TrustError> {
        self.place(name)?.mark_new().await?;
        self.place(name)?.reach().await
    }

    /// Whether a place answers and is the one that was used.
    ///
    /// # Errors
    /// Refused where it is not; the text says why.
    pub async fn reach(&self, name: &str) -> Result<(), TrustError> {
        self.place(name)?.reach().await
    }

    /// Whether a place answers and has neither mark nor object: one that was never used, or an empty mount point.
    pub async fn is_new(&self, name: &str) -> bool {
        let Ok(place) = self.place(name) else { return false };
        let mark = place.blobs.get(MARK, MARK_BYTES_MAX).await;
        matches!(mark, Ok(None)) && place.blobs.list("objects").await.is_ok_and(|objects| objects.is_empty())
    }

    /// Bytes that a place still takes; none where it does not say.
    pub async fn space(&self, name: &str) -> Result<Option<u64>, TrustError> {
        let place = self.place(name)?;
        place.reach().await?;
        Ok(place.blobs.space().await?)
    }

    /// How the copy in a place is. Without `key` the stored bytes are hashed; with it, each chunk is opened
    /// as well and the content compared with its digest. `done` counts stored bytes that were read.
    ///
    /// # Errors
    /// Refused where there is no place of this name; all else is a condition.
    pub async fn check(
        &self,
        name: &str,
        object: &Object,
        key: Option<&ContentKey>,
        done: &AtomicU64,
    ) -> Result<Condition, TrustError> {
        let place = self.place(name)?;
        Ok(place.check(object, key, done).await.unwrap_or_else(|condition| condition))
    }

    /// Makes the copy in a place good: looks at it, and where it is missing or damaged writes it from
    /// another place. Called for a new object, it makes the further copies.
    ///
    /// # Errors
    /// Refused where a place does not answer that would have to; broken where no good copy is left.
    pub async fn mend(&self, name: &str, object: &Object, done: &AtomicU64) -> Result<Mended, TrustError> {
        let place = self.place(name)?;
        let was = place.check(object, None, done).await.unwrap_or_else(|condition| condition);
        match &was {
            Condition::Good => return Ok(Mended { was, from: None, aside: None }),
            Condition::Missing | Condition::Damaged { .. } => {}
            _ => return Err(failure(object.id, &[(name.to_owned(), was)])),
        }
        let (from, copy) = self.copied(place, object, done).await?;
        // The good copy stands durably beside it before what is damaged is touched.
        let aside = match was {
            Condition::Damaged { .. } => Some(place.set_aside(object.id).await?),
            _ => None,
        };
        copy.publish().await?;
        match place.check(object, None, done).await.unwrap_or_else(|condition| condition) {
            Condition::Good => Ok(Mended { was, from: Some(from), aside }),
            now => Err(failure(object.id, &[(name.to_owned(), now)])),
        }
    }

    /// Writes the object's bytes beside their name in `target`, out of the first place that has them whole.
    async fn copied(&self, target: &Place, object: &Object, done: &AtomicU64) -> Result<(String, Writing), TrustError> {
        let mut faults = Vec::new();
        for source in self.0.iter().filter(|source| source.name != target.name) {
            let object_name = object.id.name();
            target.blobs.remove_unfinished(&object_name).await?;
            let mut copy = target.blobs.begin(&object_name, stored_length(object.length)?).await?;
            match source.scan(object, None, Some(&mut copy), done).await {
                Ok(Condition::Good) => {
                    copy.sync().await?;
                    return Ok((source.name.clone(), copy));
                }
                Ok(condition) | Err(Failed::Source(condition)) => {
                    faults.push((source.name.clone(), condition));
                    drop(copy);
                    target.blobs.remove_unfinished(&object_name).await?;
                }
                Err(Failed::Target(error)) => return Err(error),
            }
        }
        Err(failure(object.id, &faults))
    }

    /// Removes every copy of an object, what was set aside of it, and what was begun. Gives the places
    /// where that failed; asked again later, they are emptied too.
    pub async fn erase(&self, id: ObjectId) -> Vec<(String, TrustError)> {
        let mut failed = Vec::new();
        for place in &self.0 {
            if let Err(error) = place.erase(id).await {
                failed.push((place.name.clone(), error));
            }
        }
        failed
    }

    /// The objects that were begun in the first place and have no name yet.
    pub async fn unfinished(&self) -> Result<Vec<ObjectId>, TrustError> {
        self.first().reach().await?;
        Ok(ids(&self.first().blobs.unfinished("objects").await?))
    }

    /// The objects that a place has.
    pub async fn objects(&self, name: &str) -> Result<Vec<ObjectId>, TrustError> {
        let place = self.place(name)?;
        place.reach().await?;
        Ok(ids(&place.blobs.list("objects").await?))
    }
}

fn ids(names: &[String]) -> Vec<ObjectId> {
    names.iter().filter_map(|name| name.rsplit('/').next()?.parse().ok()).collect()
}

/// That no place gave what was asked for.
pub(super) fn failure(id: ObjectId, faults: &[(String, Condition)]) -> TrustError {
    let each: Vec<String> = faults.iter().map(|(place, condition)| format!("{place}: {}", said(condition))).collect();
    let text = format!("no good copy of object {id} could be read ({})", each.join("; "));
    match faults.iter().any(|(_, condition)| matches!(condition, Condition::Unreachable(_))) {
        true => TrustError::Refused(format!("{text}; try again when the place answers")),
        false => TrustError::Broken(format!("{text}; bring it back from a backup")),
    }
}

fn said(condition: &Condition) -> String {
    match condition {
        Condition::Good => "good".to_owned(),
        Condition::Damaged { chunk: Some(chunk) } => format!("damaged from chunk {chunk} on"),
        Condition::Damaged { chunk: None } => "damaged".to_owned(),
        Condition::Missing => "missing".to_owned(),
        Condition::Unreachable(cause) => format!("unreachable: {cause}"),
        Condition::Other => "not what the record is of".to_owned(),
    }
}

/// Why a copy was not made.
enum Failed {
    Source(Condition),
    Target(TrustError),
}

impl Place {
    /// Marks a place that has nothing in it. One that does not answer is left as it is.
    async fn mark_new(&self) -> Result<(), TrustError> {
        match self.blobs.get(MARK, MARK_BYTES_MAX).await {
            Ok(Some(mark)) if mark == self.mark() => Ok(()),
            Ok(Some(_)) => Err(TrustError::Refused(format!(
                "what [vault] calls {} is marked as another place: give each place a folder or prefix of its own",
                self.name
            ))),
            Ok(None) => match self.blobs.list("objects").await {
                Ok(objects) if objects.is_empty() => {
                    // Where it cannot be written, the place is out of reach and says so when it is used.
                    let _ = self.blobs.put_new(MARK, self.mark()).await;
                    Ok(())
                }
                Ok(_) => Err(TrustError::Refused(format!(
                    "the place {} has objects and no mark: restore its file `{MARK}`, or give it another folder",
                    self.name
                ))),
                Err(_) => Ok(()),
            },
            Err(_) => Ok(()),
        }
    }

    fn mark(&self) -> Vec<u8> {
        format!("{MARK_KIND} {}\n", self.name).into_bytes()
    }

    /// Whether the place answers and is the one that was marked.
    pub(super) async fn reach(&self) -> Result<(), TrustError> {
        let refused =
            |cause: &str| Err(TrustError::Refused(format!("the place {} is out of reach: {cause}", self.name)));
        match self.blobs.get(MARK, MARK_BYTES_MAX).await {
            Ok(Some(mark)) if mark == self.mark() => Ok(()),
            Ok(Some(_)) => refused("it is marked as another place"),
            Ok(None) => refused("it has no mark; is its disk mounted?"),
            Err(error) => refused(&error.to_string()),
        }
    }

    /// What an answer of the place means for a copy, at the chunk that was read: none is missing for
    /// certain, since the place was asked for its mark.
    pub(super) async fn meant<T>(&self, found: Result<Option<T>, StoreError>, at: u64) -> Result<Option<T>, Condition> {
        match found {
            Ok(Some(found)) => Ok(Some(found)),
            Ok(None) => self.reach().await.map(|()| None).map_err(|e| Condition::Unreachable(e.to_string())),
            Err(StoreError::Broken(_)) => Err(Condition::Damaged { chunk: Some(at) }),
            Err(error) => Err(Condition::Unreachable(error.to_string())),
        }
    }

    async fn check(&self, object: &Object, key: Option<&ContentKey>, done: &AtomicU64) -> Result<Condition, Condition> {
        self.scan(object, key, None, done).await.map_err(|failed| match failed {
            Failed::Source(condition) => condition,
            Failed::Target(error) => Condition::Unreachable(error.to_string()),
        })
    }

    /// Reads a copy from beginning to end, hashing it, opening it where there is a key, and adding it to
    /// `copy` where there is one.
    async fn scan(
        &self,
        object: &Object,
        key: Option<&ContentKey>,
        mut copy: Option<&mut Writing>,
        done: &AtomicU64,
    ) -> Result<Condition, Failed> {
        let source = |condition| Failed::Source(condition);
        let name = object.id.name();
        self.reach().await.map_err(|e| source(Condition::Unreachable(e.to_string())))?;
        // The disk is to be checked, and not what the system remembers of it.
        let _ = self.blobs.forget(&name).await;
        let size = self.meant(self.blobs.size(&name).await, 0).await.map_err(source)?;
        let Some(size) = size else { return Ok(Condition::Missing) };
        let expected = stored_length(object.length).map_err(Failed::Target)?;
        let mut scan = Scan::new(object, key);
        if size != expected {
            // What follows the end is counted to the last chunk.
            let chunk = size.saturating_sub(HEADER_BYTES as u64) / SEALED_BYTES as u64;
            scan.bad(chunk.min(scan.last));
            if key.is_none() {
                return Ok(Condition::Damaged { chunk: scan.first_bad });
            }
        }
        let (mut at, end) = (0, size.min(expected));
        let mut piece = self.piece(&name, at, end).await.map_err(source)?;
        while !piece.is_empty() {
            done.fetch_add(piece.len() as u64, Ordering::Relaxed);
            at += piece.len() as u64;
            if let Some(copy) = &mut copy {
                copy.append(piece.clone()).await.map_err(|e| Failed::Target(e.into()))?;
            }
            // One piece is hashed while the next is read.
            let hashed = tokio::task::spawn_blocking(move || {
                scan.push(piece);
                scan
            });
            let (hashed, next) = tokio::join!(hashed, self.piece(&name, at, end));
            scan = hashed.map_err(|e| source(Condition::Unreachable(e.to_string())))?;
            piece = next.map_err(source)?;
        }
        Ok(scan.condition(object, at == expected && size == expected))
    }

    /// The next piece of a copy: its header, or some chunks.
    async fn piece(&self, name: &str, at: u64, end: u64) -> Result<Vec<u8>, Condition> {
        let length = match at {
            0 => HEADER_BYTES as u64,
            _ => CHUNKS_AT_ONCE * SEALED_BYTES as u64,
        };
        // At most a megabyte, which fits.
        let length = length.min(end - at) as usize;
        if length == 0 {
            return Ok(Vec::new());
        }
        let chunk = at.saturating_sub(HEADER_BYTES as u64) / SEALED_BYTES as u64;
        let found = self.meant(self.blobs.read_at(name, at, length).await, chunk).await?.ok_or(Condition::Missing)?;
        match found.len() == length {
            true => Ok(found),
            false => Err(Condition::Damaged { chunk: Some(chunk) }),
        }
    }

    /// Renames what is damaged, for whoever wants to look into it. Gives its new name.
    async fn set_aside(&self, id: ObjectId) -> Result<String, TrustError> {
        let there = self.blobs.list("aside").await?;
        let free = (0..).map(|number: u64| format!("aside/{id}.{number}")).find(|name| !there.contains(name));
        let aside = free.unwrap_or_default();
        self.blobs.rename(&id.name(), &aside).await?;
        Ok(aside)
    }

    async fn erase(&self, id: ObjectId) -> Result<(), TrustError> {
        self.reach().await?;
        self.blobs.remove_unfinished(&id.name()).await?;
        self.blobs.remove(&id.name()).await?;
        let start = format!("aside/{id}.");
        for name in self.blobs.list("aside").await?.iter().filter(|name| name.starts_with(&start)) {
            self.blobs.remove(name).await?;
        }
        Ok(())
    }
}

/// A copy on its way through the hash, and through the cipher where there is a key.
struct Scan {
    stored: Sha256,
    key: Option<ContentKey>,
    content: Sha256,
    chunk: u64,
    last: u64,
    is_header: bool,
    first_bad: Option<u64>,
}

impl Scan {
    fn new(object: &Object, key: Option<&ContentKey>) -> Self {
        Self {
            stored: Sha256::new(),
            key: key.cloned(),
            content: Sha256::new(),
            chunk: 0,
            last: chunks(object.length) - 1,
            is_header: true,
            first_bad: None,
        }
    }

    fn bad(&mut self, chunk: u64) {
        self.first_bad = Some(self.first_bad.map_or(chunk, |first| first.min(chunk)));
    }

    fn push(&mut self, mut piece: Vec<u8>) {
        self.stored.update(&piece);
        let Some(key) = self.key.clone() else { return };
        if std::mem::take(&mut self.is_header) {
            if piece != key.header() {
                self.bad(0);
            }
            return;
        }
        for sealed in piece.chunks_mut(SEALED_BYTES) {
            match key.open(self.chunk, self.chunk == self.last, sealed) {
                Some(content) => self.content.update(content),
                None => self.bad(self.chunk),
            }
            self.chunk += 1;
        }
    }

    fn condition(self, object: &Object, is_whole: bool) -> Condition {
        let stored: [u8; 32] = self.stored.finalize().into();
        if !is_whole || stored != object.stored_digest {
            return Condition::Damaged { chunk: self.first_bad };
        }
        let content: [u8; 32] = self.content.finalize().into();
        match self.key.is_some() && (self.first_bad.is_some() || content != object.digest) {
            true => Condition::Other,
            false => Condition::Good,
        }
    }
}

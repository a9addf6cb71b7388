//! The places that hold copies of every object: checked, mended from one another, and emptied, without a key.
//!
//! A place carries a mark with its name. A folder whose disk is not mounted has none, and neither has
//! another folder in its stead: then the place is out of reach, and nothing in it is called missing or
//! written into. A copy is written from bytes that were hashed on the way and fit the object, gets its
//! name when all of it is durable, and is read again; what it replaces is set aside and never deleted here.

use super::place::Place;
use super::scan::Failed;
use super::{ContentKey, Erased, Object, ObjectId, stored_length};
use crate::TrustError;
use crate::storage::{PlaceAt, Storage};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use store::blobs::{Blobs, Writing};

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

    pub(super) fn place(&self, name: &str) -> Result<&Place, TrustError> {
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
        place.is_new().await
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
        let others: Vec<&Place> = self.0.iter().filter(|other| other.name != name).collect();
        mended(place, &others, object, done).await
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

    /// Writes into every place that something was erased for good, so that a copy of the databases from
    /// before cannot bring it back ([`Stores::erased`]). Gives the places where that failed.
    pub async fn note_erased(&self, what: &Erased) -> Vec<(String, TrustError)> {
        let mut failed = Vec::new();
        for place in &self.0 {
            if let Err(error) = place.note_erased(&what.name()).await {
                failed.push((place.name.clone(), error));
            }
        }
        failed
    }

    /// Writes it into one place.
    ///
    /// # Errors
    /// Refused where it does not answer.
    pub async fn note_erased_in(&self, name: &str, what: &Erased) -> Result<(), TrustError> {
        self.place(name)?.note_erased(&what.name()).await
    }

    /// What a place says was erased for good.
    ///
    /// # Errors
    /// Refused where it does not answer.
    pub async fn erased(&self, name: &str) -> Result<Vec<Erased>, TrustError> {
        self.place(name)?.erased().await
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

/// Looks at the copy in a place, and where it is missing or damaged writes it from one of the others.
pub(super) async fn mended(
    place: &Place,
    others: &[&Place],
    object: &Object,
    done: &AtomicU64,
) -> Result<Mended, TrustError> {
    let mut was = place.check(object, None, done).await.unwrap_or_else(|condition| condition);
    if was == Condition::Missing && place.published(object).await? {
        was = place.check(object, None, done).await.unwrap_or_else(|condition| condition);
    }
    match &was {
        Condition::Good => return Ok(Mended { was, from: None, aside: None }),
        Condition::Missing | Condition::Damaged { .. } => {}
        _ => return Err(failure(object.id, &[(place.name.clone(), was)])),
    }
    let (from, copy) = copied(place, others, object, done).await?;
    // The good copy stands durably beside it before what is damaged is touched.
    let aside = match was {
        Condition::Damaged { .. } => Some(place.set_aside(object.id).await?),
        _ => None,
    };
    copy.publish().await?;
    match place.check(object, None, done).await.unwrap_or_else(|condition| condition) {
        Condition::Good => Ok(Mended { was, from: Some(from), aside }),
        now => Err(failure(object.id, &[(place.name.clone(), now)])),
    }
}

/// Writes the object's bytes beside their name in `target`, out of the first of the others that has them whole.
async fn copied(
    target: &Place,
    others: &[&Place],
    object: &Object,
    done: &AtomicU64,
) -> Result<(String, Writing), TrustError> {
    let mut faults = Vec::new();
    for source in others {
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

//! One place for copies, and the mark by which it is known.
//!
//! A folder whose disk is not mounted has no mark, and neither has another folder in its stead. Such a place
//! is out of reach: nothing in it is called missing, and nothing is written into it.

use super::{Condition, Erased, Object, ObjectId, stored_length};
use crate::TrustError;
use store::StoreError;
use store::blobs::Blobs;

/// The file that marks a place as ours.
const MARK: &str = "place";
const MARK_KIND: &str = "shiyin-vault-place-1";
const MARK_BYTES_MAX: u64 = 200;

/// One place.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) blobs: Blobs,
}

impl Place {
    /// Marks a place that has nothing in it. One that does not answer is left as it is.
    pub(super) async fn mark_new(&self) -> Result<(), TrustError> {
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

    /// Whether the place answers and has neither mark nor object.
    pub(super) async fn is_new(&self) -> bool {
        let mark = self.blobs.get(MARK, MARK_BYTES_MAX).await;
        matches!(mark, Ok(None)) && self.blobs.list("objects").await.is_ok_and(|objects| objects.is_empty())
    }

    /// Gives an object its name that lies here whole and has none yet, since whoever wrote it died before
    /// that: it may be the only copy. What is less than whole is of a copy that was never finished.
    pub(super) async fn published(&self, object: &Object) -> Result<bool, TrustError> {
        let name = object.id.name();
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if !self.blobs.unfinished(folder).await?.contains(&name) {
            return Ok(false);
        }
        match self.blobs.publish(&name, stored_length(object.length)?).await {
            Ok(()) => Ok(true),
            Err(StoreError::Broken(_)) => Ok(false),
            Err(error) => Err(error.into()),
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

    /// Renames what is damaged, for whoever wants to look into it. Gives its new name.
    pub(super) async fn set_aside(&self, id: ObjectId) -> Result<String, TrustError> {
        let there = self.blobs.list("aside").await?;
        let free = (0..).map(|number: u64| format!("aside/{id}.{number}")).find(|name| !there.contains(name));
        let aside = free.unwrap_or_default();
        self.blobs.rename(&id.name(), &aside).await?;
        Ok(aside)
    }

    /// Writes that something was erased for good. Done once, it may be done again.
    pub(super) async fn note_erased(&self, what: &str) -> Result<(), TrustError> {
        self.reach().await?;
        Ok(self.blobs.put_new(&format!("erased/{what}"), format!("{what}\n").into_bytes()).await?)
    }

    /// What was erased for good, as this place was told.
    pub(super) async fn erased(&self) -> Result<Vec<Erased>, TrustError> {
        self.reach().await?;
        let names = self.blobs.list("erased").await?;
        Ok(names.iter().filter_map(|name| Erased::parse(name.rsplit('/').next()?)).collect())
    }

    pub(super) async fn erase(&self, id: ObjectId) -> Result<(), TrustError> {
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

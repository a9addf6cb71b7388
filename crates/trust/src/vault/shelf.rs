//! A shelf: a folder to which the objects of an instance are carried as they are, sealed, and from which they
//! are brought back; and the list of what was erased, which no copy of the databases may bring back.
//!
//! It looks like a place, and is none: nothing arrives there and nothing is read from there but to bring an
//! object back. What is carried is hashed on the way and gets its name when all of it is durable, so that a
//! run that is cut off is gone on with by another. Erasing a key erases an object here as everywhere; the bytes
//! go with the next run.

use super::place::Place;
use super::stores::mended;
use super::{Mended, Object, ObjectId, Stores, stored_length};
use crate::TrustError;
use crate::instance::cannot;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use store::blobs::Blobs;

/// What the mark of a shelf names. No place is called so, since names of places have no dot.
const NAME: &str = "originals.backup";

/// What was erased for good. It names nobody: ids are random.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Erased {
    /// An object: its key is to be gone.
    Object(ObjectId),
    /// A person, by id.
    Person(String),
}

impl Erased {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Object(id) => id.to_string(),
            Self::Person(id) => format!("person-{id}"),
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix("person-") {
            Some(id) => Some(Self::Person(id.to_owned())),
            None => name.parse().ok().map(Self::Object),
        }
    }
}

/// A folder with the objects of an instance.
#[derive(Clone)]
pub struct Shelf(Place);

impl Shelf {
    /// The shelf in this folder, which is made where there is none.
    ///
    /// # Errors
    /// Refused where the folder is a place, or holds objects and has no mark.
    pub async fn make(folder: &Path) -> Result<Self, TrustError> {
        let shelf = Self::at(folder)?;
        shelf.0.mark_new().await?;
        shelf.0.reach().await?;
        Ok(shelf)
    }

    /// The shelf that is in this folder.
    ///
    /// # Errors
    /// Refused where there is none.
    pub async fn open(folder: &Path) -> Result<Self, TrustError> {
        let shelf = Self::at(folder)?;
        shelf.0.reach().await?;
        Ok(shelf)
    }

    fn at(folder: &Path) -> Result<Self, TrustError> {
        // Folders are made durable in the one above, which a relative name may lack.
        let folder = std::path::absolute(folder).map_err(|e| cannot("read", folder, &e))?;
        Ok(Self(Place { name: NAME.to_owned(), blobs: Blobs::folder(&folder) }))
    }

    /// The objects that are there.
    pub async fn objects(&self) -> Result<Vec<ObjectId>, TrustError> {
        let names = self.0.blobs.list("objects").await?;
        Ok(names.iter().filter_map(|name| name.rsplit('/').next()?.parse().ok()).collect())
    }

    /// Takes an object away.
    pub async fn erase(&self, id: ObjectId) -> Result<(), TrustError> {
        self.0.erase(id).await
    }

    /// What was erased for good, as it was when objects were last carried here.
    pub async fn erased(&self) -> Result<Vec<Erased>, TrustError> {
        self.0.erased().await
    }

    /// Writes down that something was erased.
    pub async fn note_erased(&self, what: &Erased) -> Result<(), TrustError> {
        self.0.note_erased(&what.name()).await
    }
}

impl Stores {
    /// Carries an object to a shelf, from the first place that has it whole. One that is there in its full
    /// length was compared when it was carried, and is read again only where `anew` says so. Gives whether
    /// anything was written.
    ///
    /// # Errors
    /// Refused where a place does not answer that would have to; broken where no good copy is left.
    pub async fn carry(
        &self,
        shelf: &Shelf,
        object: &Object,
        anew: bool,
        done: &AtomicU64,
    ) -> Result<bool, TrustError> {
        let there = shelf.0.blobs.size(&object.id.name()).await?;
        if !anew && there == Some(stored_length(object.length)?) {
            return Ok(false);
        }
        let places: Vec<&Place> = self.places().iter().collect();
        Ok(mended(&shelf.0, &places, object, done).await?.from.is_some())
    }

    /// Makes the copy in a place good: looks at it, and where it is missing or damaged writes it from a shelf.
    ///
    /// # Errors
    /// Refused where the place does not answer; broken where the shelf has no good copy.
    pub async fn bring_back(
        &self,
        name: &str,
        shelf: &Shelf,
        object: &Object,
        done: &AtomicU64,
    ) -> Result<Mended, TrustError> {
        mended(self.place(name)?, &[&shelf.0], object, done).await
    }
}

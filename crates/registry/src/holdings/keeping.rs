//! What is needed to keep copies whole: the rows, the places, the keys of owners. No site, no request.
//!
//! The server has it behind its [`Holdings`](super::Holdings); a command has it alone, beside a server on the same database or
//! without one. What both do at once is done twice at worst: a copy is written by one process at a time.

use super::model::Settings;
use super::{deposit, findings, removal, schema};
use crate::accounts::OwnerKeys;
use crate::accounts::audit::{Act, Scope, note};
use proof::der::Time;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::jobs;
use store::{Db, StoreError};
use trust::TrustError;
use trust::storage::Storage;
use trust::vault::Stores;

/// The copies of an instance's originals, and what keeps them whole.
#[derive(Clone)]
pub struct Keeping {
    db: Db,
    stores: Stores,
    settings: Settings,
    pub(super) keys: OwnerKeys,
    /// Puts lines of one second in order.
    count: Arc<AtomicU64>,
}

impl Keeping {
    /// Beside a server or without one. Nothing is marked and nothing added: that is the server's.
    ///
    /// # Errors
    /// Where the database or the vault does not open; refused where the instance was never served.
    pub async fn open((data, storage): (&Path, &Storage), settings: Settings) -> Result<Self, TrustError> {
        let db = Db::open(&storage.registry(data), false, schema::SCHEMA).await?.with(crate::webhooks::SCHEMA).await?;
        let keys = OwnerKeys::open(&db, (data, storage))?;
        let places = storage.vault(data)?;
        let names: Vec<&str> = places.iter().map(|place| &*place.name).collect();
        // Named as used, none is marked here.
        let stores = Stores::open(data, storage, &names).await?;
        Ok(Self::new(db, stores, settings, keys))
    }

    pub(super) fn new(db: Db, stores: Stores, settings: Settings, keys: OwnerKeys) -> Self {
        Self { db, stores, settings, keys, count: Arc::default() }
    }

    /// Closes the database.
    pub async fn close(self) {
        self.db.close().await;
    }

    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    pub(super) fn stores(&self) -> &Stores {
        &self.stores
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A number that is larger each time.
    pub(super) fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) % 1_000_000_000
    }

    pub(super) fn check_every_s(&self) -> i64 {
        i64::from(self.settings.check_days.max(1)) * 86_400
    }

    /// Takes an empty disk or bucket for a place whose copies are lost for good; they are made anew. The
    /// list of what was erased is copied there from the other places.
    ///
    /// # Errors
    /// Refused where something is there, or there is no such place.
    pub async fn take_anew(&self, place: &str, actor: &str, now: Time) -> Result<u64, TrustError> {
        self.stores.take_anew(place).await?;
        for other in self.stores.names().filter(|other| *other != place) {
            match self.stores.erased(other).await {
                Ok(erased) => {
                    for what in erased {
                        // The others have it in any case.
                        self.stores.note_erased_in(place, &what).await?;
                    }
                }
                Err(error) => tracing::warn!(%error, place = other, "its list of what was erased is not copied"),
            }
        }
        store::transaction!(self.db, tx => {
            let sql = "update holding_copy set due_s = 0 where place = $1";
            let copies = tx.execute(sql, &[place.into()]).await?;
            note(tx, &Scope::Node, actor, Act::PlaceAdopted, &format!("place/{place}"), now).await?;
            findings::forget_place(tx, place).await?;
            Ok(copies)
        })
    }

    /// Begins again what was given up after its tries, and what waits for a place: how many jobs.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn retry(&self, actor: &str, now: Time) -> Result<u64, StoreError> {
        store::transaction!(self.db, tx => {
            let mut jobs = 0;
            for kind in [deposit::LISTENER, removal::JOB] {
                jobs += jobs::revive_all(tx, kind, now.unix_s() * 1000).await?;
            }
            let sql = "update holding_copy set due_s = 0 where state in ('missing', 'damaged', 'unreachable')";
            tx.execute(sql, &[]).await?;
            note(tx, &Scope::Node, actor, Act::OriginalsRetried, "", now).await?;
            Ok(jobs)
        })
    }
}

//! The keys of owners, for work that needs no site: copies are compared with them beside a server or without one.

use super::Accounts;
use std::path::Path;
use std::sync::Arc;
use store::Db;
use trust::TrustError;
use trust::storage::Storage;
use trust::vault::{Key, Vault};

/// The vault, and the rows that hold the wrapped keys of people and organisations.
#[derive(Clone)]
pub struct OwnerKeys {
    db: Db,
    vault: Arc<Vault>,
}

impl OwnerKeys {
    /// Opens the vault of the instance in `data`, whose registry is `db`.
    ///
    /// # Errors
    /// Where the vault's key is missing or does not open.
    pub fn open(db: &Db, (data, storage): (&Path, &Storage)) -> Result<Self, TrustError> {
        Ok(Self { db: db.clone(), vault: Arc::new(Vault::open(data, storage, true)?) })
    }

    /// The key under which things of `person/ID` or `organisation/ID` are sealed; none where it is gone.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn key_of(&self, owner: &str) -> Result<Option<Arc<Key>>, TrustError> {
        let (sql, id) = match owner.split_once('/') {
            Some(("person", id)) => ("select key from person where id = $1 and state <> 'erased'", id),
            Some(("organisation", id)) => ("select key from organisation where id = $1 and key is not null", id),
            _ => return Ok(None),
        };
        let rows = self.db.rows(sql, &[id.into()]).await?;
        rows.first().map(|row| self.vault.key(id, row.bytes(0)?).map(Arc::new)).transpose()
    }
}

impl Accounts {
    /// The keys of owners, as this room has them.
    #[must_use]
    pub fn owner_keys(&self) -> OwnerKeys {
        OwnerKeys { db: self.db().clone(), vault: Arc::clone(&self.0.vault) }
    }

    /// The key of an owner ([`OwnerKeys::key_of`]).
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn key_of(&self, owner: &str) -> Result<Option<Arc<Key>>, TrustError> {
        self.owner_keys().key_of(owner).await
    }
}

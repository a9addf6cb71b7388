//! Originals carried to a backup and brought back, sealed as they are; and erasures done again after that.
//!
//! A copy of the databases holds wrapped keys of what is erased later. The places keep a list of what was erased,
//! and so does the backup; what stands in any of these lists loses its key again before anybody can read it.

use super::model::Why;
use super::{Keeping, removal};
use proof::der::Time;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use store::Row;
use trust::TrustError;
use trust::vault::{Erased, Object, ObjectId, Shelf};

/// Objects that are read from the database at a time.
const ROUND: i64 = 500;
/// Failures that are named one by one.
const NAMED: usize = 100;

/// What came of carrying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Objects written, and compared while they were.
    pub copied: u64,
    /// Objects that were there.
    pub there: u64,
    /// Objects taken away, since they are no longer kept.
    pub removed: u64,
    /// Erasures that the list names.
    pub erased: u64,
    /// Objects that could not be carried, the first hundred: the holding and why.
    pub failed: Vec<(String, String)>,
}

/// What came of bringing back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BroughtBack {
    /// Copies written, in all places together.
    pub written: u64,
    /// Copies that were there and good.
    pub good: u64,
    /// Originals whose keys were taken again, since they were erased after the copy of the databases.
    pub erased: u64,
    /// People who are erased again when the instance is next served.
    pub people: u64,
    /// What the lists name.
    pub list: Vec<Erased>,
    /// Places that do not answer, whose lists and copies are not known.
    pub away: Vec<(String, String)>,
    /// Copies that could not be brought back, the first hundred: the holding, the place and why.
    pub failed: Vec<(String, String)>,
}

/// A holding's object.
struct Kept {
    holding: String,
    object: Object,
}

fn read(row: &Row) -> Result<Kept, TrustError> {
    let stored_digest = row.bytes(3)?.try_into();
    let stored_digest = stored_digest.map_err(|_| TrustError::Broken("a stored digest that is none".to_owned()))?;
    let (id, length) = (row.text(1)?.parse()?, row.int(2)?.unsigned_abs());
    Ok(Kept { holding: row.text(0)?.to_owned(), object: Object { id, length, digest: [0; 32], stored_digest } })
}

impl Keeping {
    /// The next objects that are kept, in the order of their holdings.
    async fn kept_after(&self, last: &str) -> Result<Vec<Kept>, TrustError> {
        let sql = "select id, object, size, stored_digest from holding where state <> 'removed' and id > $1 \
                   order by id limit $2";
        self.db().rows(sql, &[last.into(), ROUND.into()]).await?.iter().map(read).collect()
    }

    /// Carries every object to the folder, which is made where there is none. What is there already is read
    /// again only where `anew` says so; what is no longer kept is taken away. Cut off, it is gone on with by
    /// another run. `told` hears of each object that was written.
    ///
    /// # Errors
    /// Where the database or the folder fails; an object that cannot be carried is in the result.
    pub async fn carry(&self, folder: &Path, anew: bool, mut told: impl FnMut(u64)) -> Result<Carried, TrustError> {
        let shelf = Shelf::make(folder).await?;
        let (mut carried, mut kept, mut last) = (Carried::default(), BTreeSet::new(), String::new());
        let done = AtomicU64::new(0);
        loop {
            let round = self.kept_after(&last).await?;
            for Kept { holding, object } in &round {
                match self.stores().carry(&shelf, object, anew, &done).await {
                    Ok(true) => {
                        carried.copied += 1;
                        told(carried.copied);
                    }
                    Ok(false) => carried.there += 1,
                    Err(error) if carried.failed.len() < NAMED => {
                        carried.failed.push((holding.clone(), error.to_string()))
                    }
                    Err(_) => {}
                }
                kept.insert(object.id.to_string());
                holding.clone_into(&mut last);
            }
            if round.len() < ROUND as usize {
                break;
            }
        }
        for name in self.stores().names() {
            // A list that cannot be had now was copied by an earlier run, as far as it went.
            let Ok(erased) = self.stores().erased(name).await else { continue };
            for what in erased {
                shelf.note_erased(&what).await?;
            }
        }
        let erased = shelf.erased().await?;
        carried.erased = erased.len() as u64;
        for id in shelf.objects().await? {
            if !kept.contains(&id.to_string()) {
                shelf.erase(id).await?;
                carried.removed += 1;
            }
        }
        Ok(carried)
    }

    /// Takes the keys again of what was erased after this database was copied, as the places and the folder say.
    async fn erase_again(&self, shelf: Option<&Shelf>, now: Time, back: &mut BroughtBack) -> Result<(), TrustError> {
        let mut erased = BTreeSet::new();
        if let Some(shelf) = shelf {
            erased.extend(shelf.erased().await?);
        }
        for name in self.stores().names() {
            match self.stores().erased(name).await {
                Ok(found) => erased.extend(found),
                Err(_) if self.stores().is_new(name).await => {}
                Err(error) => back.away.push((name.to_owned(), error.to_string())),
            }
        }
        back.list = erased.iter().cloned().collect();
        for what in erased {
            match what {
                Erased::Object(id) => back.erased += u64::from(self.erase_object(id, now).await?),
                Erased::Person(id) => {
                    // Long since due: the server erases all of the person when it is next started.
                    let sql = "update person set erasure_s = 0 where id = $1 and state <> 'erased'";
                    back.people += self.db().execute(sql, &[id.into()]).await?;
                }
            }
        }
        if back.erased > 0 {
            self.db().scrub().await?;
        }
        Ok(())
    }

    async fn erase_object(&self, id: ObjectId, now: Time) -> Result<bool, TrustError> {
        let object = id.to_string();
        store::transaction!(self.db(), tx => {
            tx.execute("delete from upload where object = $1", &[object.as_str().into()]).await?;
            let sql = "select id from holding where object = $1 and state <> 'removed'";
            let rows = tx.rows(sql, &[object.as_str().into()]).await?;
            let Some(row) = rows.first() else { return Ok(false) };
            // What held it when the databases were copied did not hold it when it was erased.
            removal::end(tx, row.text(0)?, Why::Erased, Some(now)).await
        })
    }

    /// Does erasures again, and brings back into every place what is missing or damaged there, out of the
    /// folder where there is one. A place that is new or empty is taken for the one of its name.
    ///
    /// # Errors
    /// Where the database fails, or the folder holds no originals; what fails of a copy is in the result.
    pub async fn bring_back(
        &self,
        folder: Option<&Path>,
        now: Time,
        mut told: impl FnMut(u64),
    ) -> Result<BroughtBack, TrustError> {
        let shelf = match folder {
            Some(folder) => Some(Shelf::open(folder).await?),
            None => None,
        };
        let mut back = BroughtBack::default();
        self.erase_again(shelf.as_ref(), now, &mut back).await?;
        let Some(shelf) = shelf else { return Ok(back) };
        for name in self.stores().names() {
            if self.stores().is_new(name).await {
                self.take_anew(name, "node", now).await?;
            }
        }
        // A place that is new goes on with the list that the others and the folder had.
        for what in &back.list {
            self.stores().note_erased(what).await;
        }
        let (done, mut last) = (AtomicU64::new(0), String::new());
        loop {
            let round = self.kept_after(&last).await?;
            for Kept { holding, object } in &round {
                for name in self.stores().names().filter(|name| back.away.iter().all(|(away, _)| away != name)) {
                    match self.stores().bring_back(name, &shelf, object, &done).await {
                        Ok(mended) if mended.from.is_none() => back.good += 1,
                        Ok(_) => {
                            back.written += 1;
                            told(back.written);
                        }
                        Err(error) if back.failed.len() < NAMED => {
                            back.failed.push((holding.clone(), format!("{name}: {error}")));
                        }
                        Err(_) => {}
                    }
                }
                holding.clone_into(&mut last);
            }
            if round.len() < ROUND as usize {
                break;
            }
        }
        // Each is looked at soon, with the keys that only the instance has.
        self.db().execute("update holding_copy set due_s = 0", &[]).await?;
        Ok(back)
    }
}

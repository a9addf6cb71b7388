//! Drafts and works in the database.

use super::Works;
use super::model::{Application, name_key, renamed};
use ::store::{Row, StoreError};
use proof::der::Time;
use registry::accounts::{Me, new_id};
use registry::evidence::{DraftFile, FILES_MAX, Mode, Owner, Party};
use registry::web::Fault;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use trust::TrustError;

/// Drafts of one person.
const DRAFTS_MAX: i64 = 200;
/// A draft that nobody touched for so long goes.
pub(super) const DRAFT_S: i64 = 30 * 86_400;
/// Works that a form offers.
const OFFERED_MAX: i64 = 200;

/// A draft.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub id: String,
    /// Counts up with each change; 0 for one that is not stored yet.
    pub version: i64,
    pub application: Application,
    pub changed: Time,
    /// Whether it was confirmed: nothing of it changes any more.
    pub is_confirmed: bool,
    /// The record that it became.
    pub record: Option<String>,
    pub files: u64,
    pub bytes: u64,
}

/// What an owner says of a work; sealed at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    pub title: String,
}

/// A work.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub id: String,
    pub kind: String,
    pub title: String,
    pub changed: Time,
}

/// A record of a work.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub number: String,
    pub stage: String,
    pub is_whole: bool,
}

/// What came of adding files.
#[derive(Debug, Default, Serialize)]
pub(super) struct Added {
    pub count: u64,
    pub bytes: u64,
    /// Old and new names of those that were renamed.
    pub renamed: Vec<(String, String)>,
    /// Those that were there already with the same content.
    pub same: usize,
}

fn broken(error: impl std::fmt::Display) -> TrustError {
    TrustError::Broken(error.to_string())
}

impl Works {
    fn read_draft(me: &Me, row: &Row) -> Result<Opened, TrustError> {
        let id = row.text(0)?.to_owned();
        let body = me.person.key().open(&format!("draft/{id}"), row.bytes(2)?)?;
        Ok(Opened {
            version: row.int(1)?,
            application: serde_json::from_slice(&body).map_err(broken)?,
            changed: Time::from_unix(row.int(3)?),
            record: row.maybe_text(4)?.map(str::to_owned),
            files: row.int(5)?.unsigned_abs(),
            bytes: row.int(6)?.unsigned_abs(),
            is_confirmed: row.int(7)? != 0,
            id,
        })
    }

    /// A draft of this person; none where there is none, or it is another's.
    pub(super) async fn draft(&self, me: &Me, id: &str) -> Result<Option<Opened>, Fault> {
        let sql = "select d.id, d.version, d.body, d.changed_s, d.record, \
                   (select count(*) from draft_file f where f.draft = d.id), \
                   cast((select coalesce(sum(f.bytes), 0) from draft_file f where f.draft = d.id) as bigint), \
                   d.is_confirmed from draft d where d.id = $1 and d.person = $2";
        let rows = self.db().rows(sql, &[id.into(), me.person.id.as_str().into()]).await?;
        Ok(rows.first().map(|row| Self::read_draft(me, row)).transpose()?)
    }

    /// The drafts of this person that did not become records, the newest first.
    pub(super) async fn drafts(&self, me: &Me) -> Result<Vec<Opened>, Fault> {
        let sql = "select d.id, d.version, d.body, d.changed_s, d.record, \
                   (select count(*) from draft_file f where f.draft = d.id), \
                   cast((select coalesce(sum(f.bytes), 0) from draft_file f where f.draft = d.id) as bigint), \
                   d.is_confirmed from draft d where d.person = $1 and d.record is null order by d.changed_s desc, d.id limit 50";
        let rows = self.db().rows(sql, &[me.person.id.as_str().into()]).await?;
        Ok(rows.iter().map(|row| Self::read_draft(me, row)).collect::<Result<_, TrustError>>()?)
    }

    /// Stores a draft where it is still the version that was read; false where somebody was first.
    pub(super) async fn save(&self, me: &Me, draft: &Opened) -> Result<bool, Fault> {
        let body = serde_json::to_vec(&draft.application).map_err(Fault::broken)?;
        let sealed = me.person.key().seal(&format!("draft/{}", draft.id), &body)?;
        let (id, person, now_s) = (draft.id.as_str(), me.person.id.as_str(), me.cx.now.unix_s());
        let saved: Result<Saved, StoreError> = ::store::transaction!(self.db(), tx => {
            if draft.version == 0 {
                let rows = tx.rows("select count(*) from draft where person = $1 and record is null", &[person.into()]).await?;
                if rows.first().map_or(Ok(0), |row| row.int(0))? >= DRAFTS_MAX {
                    return Ok(Saved::Many);
                }
                let sql = "insert into draft (id, person, version, body, changed_s, is_confirmed) values ($1, $2, 1, $3, $4, 0) \
                           on conflict (id) do nothing";
                let count = tx.execute(sql, &[id.into(), person.into(), sealed.clone().into(), now_s.into()]).await?;
                return Ok(if count == 1 { Saved::Yes } else { Saved::No });
            }
            let sql = "update draft set version = version + 1, body = $3, changed_s = $4 \
                       where id = $1 and person = $2 and version = $5 and record is null and is_confirmed = 0";
            let values = [id.into(), person.into(), sealed.clone().into(), now_s.into(), draft.version.into()];
            Ok(if tx.execute(sql, &values).await? == 1 { Saved::Yes } else { Saved::No })
        });
        match saved? {
            Saved::Yes => Ok(true),
            Saved::No => Ok(false),
            Saved::Many => {
                let what = me.cx.words(&super::WORDS).say("drafts-many");
                Err(Fault::Field { field: "kind", what })
            }
        }
    }

    /// Removes a draft with its files.
    pub(super) async fn drop_draft(&self, me: &Me, id: &str) -> Result<bool, Fault> {
        let dropped: Result<bool, StoreError> = ::store::transaction!(self.db(), tx => {
            let sql = "delete from draft where id = $1 and person = $2 and record is null and is_confirmed = 0";
            let count = tx.execute(sql, &[id.into(), me.person.id.as_str().into()]).await?;
            if count == 1 {
                tx.execute("delete from draft_file where draft = $1", &[id.into()]).await?;
            }
            Ok(count == 1)
        });
        Ok(dropped?)
    }

    /// Fixes a draft as it was confirmed: from now on nothing of it changes, and confirming it again
    /// goes on where it ended. False where it is not the version that was shown.
    pub(super) async fn fix(&self, me: &Me, draft: &Opened) -> Result<bool, Fault> {
        let sql = "update draft set is_confirmed = 1 where id = $1 and person = $2 and version = $3 and record is null";
        let values = [draft.id.as_str().into(), me.person.id.as_str().into(), draft.version.into()];
        Ok(self.db().execute(sql, &values).await? == 1)
    }

    /// Lets a draft be changed again, where nothing came of it.
    pub(super) async fn loosen(&self, me: &Me, id: &str) -> Result<(), Fault> {
        let sql = "update draft set is_confirmed = 0 where id = $1 and person = $2 and record is null";
        self.db().execute(sql, &[id.into(), me.person.id.as_str().into()]).await?;
        Ok(())
    }

    /// Notes which record a draft became.
    pub(super) async fn settle(&self, me: &Me, id: &str, number: &str) -> Result<(), Fault> {
        let sql = "update draft set record = $3, changed_s = $4 where id = $1 and person = $2 and record is null";
        let values = [id.into(), me.person.id.as_str().into(), number.into(), me.cx.now.unix_s().into()];
        self.db().execute(sql, &values).await?;
        Ok(())
    }

    /// The files of a draft, in the order in which they were added.
    pub(super) async fn files(&self, me: &Me, draft: &str) -> Result<Vec<(i64, DraftFile)>, Fault> {
        let sql = "select f.place, f.body from draft_file f join draft d on d.id = f.draft \
                   where f.draft = $1 and d.person = $2 order by f.place";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[draft.into(), me.person.id.as_str().into()]).await? {
            found.push((row.int(0)?, Self::opened_file(me, draft, &row)?));
        }
        Ok(found)
    }

    /// Adds files to a draft. A name that is taken by other content gets a number behind it; the same
    /// content under the same name is there once.
    pub(super) async fn add_files(
        &self,
        me: &Me,
        draft: &Opened,
        mode: Mode,
        files: &[DraftFile],
    ) -> Result<Added, Fault> {
        let w = me.cx.words(&super::WORDS);
        let wrong = |id: &str, name: &str| Fault::Field { field: "digests", what: w.fill(id, &[("name", name)]) };
        if let Some(file) = files.iter().find(|file| file.fault(mode).is_some()) {
            return Err(wrong("file-wrong", &file.path));
        }
        let (id, person, now_s) = (draft.id.as_str(), me.person.id.as_str(), me.cx.now.unix_s());
        let stored: Result<Added, Fault> = ::store::transaction!(self.db(), tx => {
            let sql = "update draft set changed_s = $3, version = version + 1 \
                       where id = $1 and person = $2 and record is null and is_confirmed = 0";
            if tx.execute(sql, &[id.into(), person.into(), now_s.into()]).await? == 0 {
                return Err(Fault::NotFound);
            }
            let mut names = Names::default();
            for row in tx.rows("select place, body from draft_file where draft = $1 order by place", &[id.into()]).await? {
                names.take(row.int(0)?, &Self::opened_file(me, id, &row)?);
            }
            let mut added = Added::default();
            for file in files {
                let Some((place, file)) = names.place(file, &mut added) else { continue };
                if file.fault(mode).is_some() {
                    return Err(wrong("file-wrong", &file.path));
                }
                if names.count() > FILES_MAX {
                    let what = w.fill("files-many", &[("count", &FILES_MAX.to_string())]);
                    return Err(Fault::Field { field: "digests", what });
                }
                let (place, name, bytes, body) = Self::sealed_file(me, id, place, &file)?;
                let sql = "insert into draft_file (draft, place, name, bytes, body) values ($1, $2, $3, $4, $5)";
                tx.execute(sql, &[id.into(), place.into(), name.into(), bytes.into(), body.into()]).await?;
            }
            Ok(added)
        });
        let added = stored?;
        let after = self.draft(me, &draft.id).await?.ok_or(Fault::NotFound)?;
        Ok(Added { count: after.files, bytes: after.bytes, ..added })
    }

    #[cfg(test)]
    pub(crate) async fn add_for_test(&self, me: &Me, id: &str, names: &[&str]) -> bool {
        let Ok(Some(draft)) = self.draft(me, id).await else { return false };
        let digest = |name: &str| proof::digest::DigestAlgorithm::Sha256.digest(name.as_bytes()).to_string();
        let file = |name: &&str| DraftFile {
            path: (*name).to_owned(),
            size: 1,
            digest: digest(name),
            sm3: String::new(),
            is_attached: false,
        };
        let files: Vec<DraftFile> = names.iter().map(file).collect();
        self.add_files(me, &draft, Mode::Digest, &files).await.is_ok()
    }

    fn opened_file(me: &Me, draft: &str, row: &Row) -> Result<DraftFile, Fault> {
        let body = me.person.key().open(&format!("draft/{draft}/{}", row.int(0)?), row.bytes(1)?)?;
        serde_json::from_slice(&body).map_err(Fault::broken)
    }

    fn sealed_file(me: &Me, draft: &str, place: i64, file: &DraftFile) -> Result<SealedFile, Fault> {
        let key = me.person.key();
        let body = serde_json::to_vec(file).map_err(Fault::broken)?;
        let name = i64::from_le_bytes(key.index("path", &name_key(&file.path)));
        Ok((place, name, file.size as i64, key.seal(&format!("draft/{draft}/{place}"), &body)?))
    }

    /// Puts these files in the place of those of a draft; false where it is not the version that they
    /// were taken from.
    pub(super) async fn replace_files(&self, me: &Me, of: &Opened, files: &[(i64, DraftFile)]) -> Result<bool, Fault> {
        let draft = of.id.as_str();
        let mut sealed = Vec::with_capacity(files.len());
        for (place, file) in files {
            sealed.push(Self::sealed_file(me, draft, *place, file)?);
        }
        let (person, now_s) = (me.person.id.as_str(), me.cx.now.unix_s());
        let stored: Result<bool, StoreError> = ::store::transaction!(self.db(), tx => {
            let sql = "update draft set changed_s = $3, version = version + 1 \
                       where id = $1 and person = $2 and version = $4 and record is null and is_confirmed = 0";
            if tx.execute(sql, &[draft.into(), person.into(), now_s.into(), of.version.into()]).await? == 0 {
                return Ok(false);
            }
            tx.execute("delete from draft_file where draft = $1", &[draft.into()]).await?;
            for (place, name, bytes, body) in &sealed {
                let sql = "insert into draft_file (draft, place, name, bytes, body) values ($1, $2, $3, $4, $5)";
                let values = [draft.into(), (*place).into(), (*name).into(), (*bytes).into(), body.clone().into()];
                tx.execute(sql, &values).await?;
            }
            Ok(true)
        });
        Ok(stored?)
    }

    /// Removes drafts that nobody touched for long, and what is left of those that became records.
    pub(crate) async fn sweep(&self, now: Time) -> Result<(), StoreError> {
        let (old_s, done_s) = (now.unix_s() - DRAFT_S, now.unix_s() - 86_400);
        ::store::transaction!(self.db(), tx => {
            let old = "select id from draft where changed_s < $1 or (record is not null and changed_s < $2)";
            for row in tx.rows(old, &[old_s.into(), done_s.into()]).await? {
                let id = row.text(0)?;
                tx.execute("delete from draft_file where draft = $1", &[id.into()]).await?;
                tx.execute("delete from draft where id = $1", &[id.into()]).await?;
            }
            Ok(())
        })
    }

    fn read_work(row: &Row, by: &Party) -> Result<Work, Fault> {
        let id = row.text(0)?.to_owned();
        let title = match row.bytes(3) {
            Ok(sealed) => {
                let body = by.open(&format!("work/{id}"), sealed)?;
                serde_json::from_slice::<About>(&body).map_err(Fault::broken)?.title
            }
            Err(_) => String::new(),
        };
        let changed_ms = row.int(4)?;
        let changed = Time::from_unix(changed_ms.div_euclid(1000));
        Ok(Work { id, kind: row.text(2)?.to_owned(), title, changed })
    }

    /// Whose a work is.
    pub(super) async fn work_owner(&self, id: &str) -> Result<Option<Owner>, StoreError> {
        let rows = self.db().rows("select owner from work where id = $1", &[id.into()]).await?;
        Ok(rows.first().map(|row| row.text(0)).transpose()?.and_then(Owner::parse))
    }

    /// A work of this owner.
    pub(super) async fn find_work(&self, by: &Party, id: &str) -> Result<Option<Work>, Fault> {
        let sql = "select id, owner, kind, body, changed_ms from work where id = $1 and owner = $2";
        let rows = self.db().rows(sql, &[id.into(), by.owner.name().into()]).await?;
        rows.first().map(|row| Self::read_work(row, by)).transpose()
    }

    /// The works of an owner, those with the newest record first.
    pub(super) async fn works(&self, by: &Party, before: Option<(i64, &str)>, count: i64) -> Result<Vec<Work>, Fault> {
        let (ms, id) = before.unwrap_or((i64::MAX, ""));
        let sql = "select id, owner, kind, body, changed_ms from work where owner = $1 \
                   and (changed_ms < $2 or (changed_ms = $2 and id > $3)) order by changed_ms desc, id limit $4";
        let values = [by.owner.name().into(), ms.into(), id.into(), count.into()];
        self.db().rows(sql, &values).await?.iter().map(|row| Self::read_work(row, by)).collect()
    }

    /// The works that a form offers to go on with.
    pub(super) async fn offered(&self, by: &Party) -> Result<Vec<Work>, Fault> {
        self.works(by, None, OFFERED_MAX).await
    }

    /// A new work; one of this id that is there already stays as it is. Not found where it is another's.
    pub(super) async fn begin_work(&self, by: &Party, id: &str, kind: &str, title: &str) -> Result<(), Fault> {
        let about = serde_json::to_vec(&About { title: title.to_owned() }).map_err(Fault::broken)?;
        let sealed = by.seal(&format!("work/{id}"), &about)?;
        let now_ms = by.now.unix_s() * 1000;
        let sql = "insert into work (id, owner, kind, body, made_ms, changed_ms) values ($1, $2, $3, $4, $5, $5) \
                   on conflict (id) do nothing";
        let values = [id.into(), by.owner.name().into(), kind.into(), sealed.into(), now_ms.into()];
        self.db().execute(sql, &values).await?;
        match self.work_owner(id).await? {
            Some(owner) if owner == by.owner => Ok(()),
            _ => Err(Fault::NotFound),
        }
    }

    /// Puts a record under its work.
    pub(super) async fn add_part(&self, work: &str, part: &Part, id: i64, now: Time) -> Result<(), StoreError> {
        ::store::transaction!(self.db(), tx => {
            let sql = "insert into work_record (number, work, stage, is_whole, id) values ($1, $2, $3, $4, $5) \
                       on conflict (number) do nothing";
            let values = [
                part.number.as_str().into(), work.into(), part.stage.as_str().into(), part.is_whole.into(), id.into(),
            ];
            tx.execute(sql, &values).await?;
            let sql = "update work set changed_ms = $2 where id = $1";
            tx.execute(sql, &[work.into(), (now.unix_s() * 1000).into()]).await.map(drop)
        })
    }

    /// The records of a work, the oldest first.
    pub(super) async fn parts(&self, work: &str) -> Result<Vec<Part>, StoreError> {
        let sql = "select number, stage, is_whole from work_record where work = $1 order by id limit 10001";
        let read = |row: &Row| {
            let (number, stage) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
            Ok(Part { number, stage, is_whole: row.int(2)? != 0 })
        };
        self.db().rows(sql, &[work.into()]).await?.iter().map(read).collect()
    }

    /// A new draft, not stored yet.
    pub(super) fn fresh(me: &Me) -> Result<Opened, Fault> {
        Ok(Opened {
            id: new_id()?,
            version: 0,
            application: Application::default(),
            changed: me.cx.now,
            is_confirmed: false,
            record: None,
            files: 0,
            bytes: 0,
        })
    }
}

/// The names that are taken in a draft.
#[derive(Default)]
struct Names {
    /// The digest under each name, in the form in which names are compared.
    taken: HashMap<String, String>,
    /// The number that the next file of a name would get.
    next: HashMap<String, usize>,
    last: i64,
}

impl Names {
    fn count(&self) -> usize {
        self.taken.len()
    }

    fn take(&mut self, place: i64, file: &DraftFile) {
        self.taken.insert(name_key(&file.path), file.digest.clone());
        self.last = self.last.max(place);
    }

    /// Where a file goes, and under which name; none where it is there already.
    fn place(&mut self, file: &DraftFile, added: &mut Added) -> Option<(i64, DraftFile)> {
        let key = name_key(&file.path);
        if self.taken.get(&key) == Some(&file.digest) {
            added.same += 1;
            return None;
        }
        let mut file = file.clone();
        if self.taken.contains_key(&key) {
            let number = self.next.entry(key).or_insert(2);
            let old = file.path.clone();
            loop {
                file.path = renamed(&old, *number);
                *number += 1;
                if !self.taken.contains_key(&name_key(&file.path)) {
                    break;
                }
            }
            added.renamed.push((old, file.path.clone()));
        }
        let place = self.last + 1;
        self.take(place, &file);
        Some((place, file))
    }
}

type SealedFile = (i64, i64, i64, Vec<u8>);

enum Saved {
    Yes,
    No,
    Many,
}

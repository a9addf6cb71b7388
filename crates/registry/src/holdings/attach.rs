//! Which originals belong to which files of a record, and what a record's page of maintenance tells.

use super::finish::place;
use super::model::{About, Care, Check, CopyOf, Holding, Outcome, State, Why};
use super::{Holdings, WORDS, previews, refused};
use crate::evidence::{DraftFile, Entry, FILES_MAX, Mode, Owner, Party};
use crate::web::{Code, Fault};
use proof::der::Time;
use std::collections::HashMap;
use std::sync::LazyLock;
use store::{Row, StoreError, Tx, Value};
use trust::TrustError;

/// Checks that one page shows of a holding.
const CHECKS_SHOWN: i64 = 50;
/// Digests that are looked for by one statement.
const AT_ONCE: usize = 200;

/// An original beside a file of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The file's place in the record.
    pub place: usize,
    /// The id of the holding.
    pub holding: String,
}

const COLUMNS: &str = "h.id, h.owner, h.size, h.about, h.state, h.why, h.ended_s, h.made_s, h.loose_until_s, h.until_s";

/// A statement with the columns of a holding in the place of `COLUMNS`.
macro_rules! sql {
    ($text:expr) => {{
        static SQL: LazyLock<String> = LazyLock::new(|| $text.replace("COLUMNS", COLUMNS));
        SQL.as_str()
    }};
}

/// Originals of one owner by the blind indices of their contents.
fn held_sql() -> &'static str {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let places: Vec<String> = (2..AT_ONCE + 2).map(|number| format!("${number}")).collect();
        let places = places.join(", ");
        format!("select {COLUMNS} from holding h where h.owner = $1 and h.state = 'kept' and h.content in ({places})")
    });
    &SQL
}

fn read(row: &Row, by: &Party) -> Result<Holding, Fault> {
    let broken = |what: &str| Fault::broken(format!("a holding has the {what} of none; restore a backup"));
    let id = row.text(0)?.to_owned();
    let about = match row.bytes(3) {
        Ok(sealed) => serde_json::from_slice(&by.open(&place(&id), sealed)?).map_err(Fault::broken)?,
        Err(_) => About::default(),
    };
    let time = |column| row.maybe_int(column).map(|s| s.map(Time::from_unix));
    let why = row.maybe_text(5)?.and_then(Why::parse);
    Ok(Holding {
        owner: Owner::parse(row.text(1)?).ok_or_else(|| broken("owner"))?,
        size: row.int(2)?.unsigned_abs(),
        about,
        state: State::parse(row.text(4)?).ok_or_else(|| broken("state"))?,
        ended: why.zip(time(6)?),
        made: Time::from_unix(row.int(7)?),
        loose_until: time(8)?,
        until: time(9)?,
        id,
    })
}

impl Holdings {
    /// Whose a holding is; none where there is none of this id.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn owner_of(&self, id: &str) -> Result<Option<Owner>, StoreError> {
        let rows = self.db().rows("select owner from holding where id = $1", &[id.into()]).await?;
        Ok(rows.first().map(|row| row.text(0)).transpose()?.and_then(Owner::parse))
    }

    /// A holding of this owner, be it removed.
    ///
    /// # Errors
    /// Not found where it is another's.
    pub async fn holding(&self, by: &Party, id: &str) -> Result<Holding, Fault> {
        let sql = sql!("select COLUMNS from holding h where h.id = $1 and h.owner = $2");
        let rows = self.db().rows(sql, &[id.into(), by.owner.name().into()]).await?;
        read(rows.first().ok_or(Fault::NotFound)?, by)
    }

    /// The originals of this owner with these digests, where there are: what need not be sent again. They
    /// are looked for many at a time.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn held(&self, by: &Party, digests: &[String]) -> Result<Vec<Option<Holding>>, Fault> {
        let mut found = Vec::with_capacity(digests.len());
        for some in digests.chunks(AT_ONCE) {
            let mut values: Vec<Value> = vec![by.owner.name().into()];
            // The statement has a fixed number of places: what is left over names the last once more.
            let indices = some.iter().chain(std::iter::repeat_n(&some[some.len() - 1], AT_ONCE - some.len()));
            values.extend(indices.map(|digest| by.blind("holding", digest).into()));
            let rows = self.db().rows(held_sql(), &values).await?;
            let mut held: HashMap<String, Holding> = HashMap::new();
            for row in &rows {
                let holding = read(row, by)?;
                held.insert(holding.about.digest.clone(), holding);
            }
            found.extend(some.iter().map(|digest| held.get(digest).cloned()));
        }
        Ok(found)
    }

    /// All that an owner has here, the newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn all(&self, by: &Party, count: i64) -> Result<Vec<Holding>, Fault> {
        let sql = sql!("select COLUMNS from holding h where h.owner = $1 order by h.made_s desc, h.id limit $2");
        let rows = self.db().rows(sql, &[by.owner.name().into(), count.into()]).await?;
        rows.iter().map(|row| read(row, by)).collect()
    }

    /// Whether these originals can stand beside these files: the same owner's, kept, of the same size and
    /// digest. A salted record has no digest that could be compared, and is made so that the node never has the
    /// content: nothing stands beside its files. Asked before a draft is confirmed.
    ///
    /// # Errors
    /// A refusal that names the file.
    pub async fn check_attach(
        &self,
        by: &Party,
        mode: Mode,
        files: &[DraftFile],
        attached: &[Attached],
    ) -> Result<(), Fault> {
        let w = by.words_of(&WORDS);
        if mode == Mode::Salted && !attached.is_empty() {
            let texts = (w.say("attach-salted"), w.say("attach-salted-do"));
            return Err(refused(Code::RecordSalted, texts));
        }
        for one in attached {
            let file = files.get(one.place).ok_or(Fault::Form)?;
            let holding = self.holding(by, &one.holding).await?;
            let is_same = holding.size == file.size && holding.about.digest == file.digest;
            if !is_same || holding.state != State::Kept {
                let texts = (w.fill("attach-differs", &[("name", &file.path)]), w.say("attach-differs-do"));
                return Err(refused(Code::OriginalDiffers, texts));
            }
        }
        Ok(())
    }

    /// Puts originals beside the files of a record of this id, in the transaction of whoever makes or keeps
    /// it; asked again, nothing changes. From then on their term runs, and they wait for no record any more.
    /// [`Holdings::check_attach`] went before.
    ///
    /// # Errors
    /// Refused where one of them was removed meanwhile; then nothing of the transaction may stay.
    pub async fn attach(
        &self,
        tx: &mut Tx,
        by: &Party,
        record: i64,
        mode: Mode,
        attached: &[Attached],
    ) -> Result<(), StoreError> {
        let until_s = self.settings().until(by.now).map(|until| until.unix_s());
        for one in attached {
            let sql = "insert into record_holding (record, place, holding, is_matched) values ($1, $2, $3, $4) \
                       on conflict (record, place) do nothing";
            let values: [Value; 4] =
                [record.into(), (one.place as i64).into(), one.holding.as_str().into(), (mode != Mode::Salted).into()];
            if tx.execute(sql, &values).await? == 0 {
                continue;
            }
            // The longest of the terms holds, and none is longer than any.
            let sql = "update holding set until_s = case when $3 is null then null \
                       when loose_until_s is null and (until_s is null or until_s > $3) then until_s else $3 end, \
                       reminded = 0, loose_until_s = null where id = $1 and owner = $2 and state = 'kept'";
            let values = [one.holding.as_str().into(), by.owner.name().into(), until_s.into()];
            if tx.execute(sql, &values).await? == 0 {
                return Err(StoreError::Refused("an original was removed meanwhile; upload it again".to_owned()));
            }
            previews::ask(tx, &one.holding, by.now).await?;
        }
        Ok(())
    }

    /// The same for a record that was made, in a transaction of its own.
    ///
    /// # Errors
    /// A refusal where one of them is another's, or was removed.
    pub async fn attach_to(&self, by: &Party, entry: &Entry, attached: &[Attached]) -> Result<(), Fault> {
        let files = self.files_of(by, entry).await?;
        self.check_attach(by, entry.mode, &files, attached).await?;
        let done: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            self.attach(tx, by, entry.id, entry.mode, attached).await
        });
        Ok(done?)
    }

    /// The files of a record, as its draft had them.
    pub(super) async fn files_of(&self, by: &Party, entry: &Entry) -> Result<Vec<DraftFile>, Fault> {
        let kept = self.evidence().kept(by, entry.number).await?;
        let names = kept.names();
        let file = |(place, file): (usize, &proof::record::File)| DraftFile {
            path: names.get(place).cloned().unwrap_or_default(),
            size: file.size,
            digest: match &file.content {
                proof::record::Content::Digests { sha256, .. } => proof::digest::hex(sha256),
                proof::record::Content::Salted(commitment) => commitment.to_string(),
            },
            sm3: String::new(),
            is_attached: file.is_attached,
        };
        Ok(kept.files.all().iter().enumerate().map(file).collect())
    }

    /// The originals of a record with everything that its page of maintenance tells, in the order of its
    /// files. The record is this owner's.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn of_record(&self, by: &Party, entry: &Entry) -> Result<Vec<Care>, Fault> {
        self.of_record_from(by, entry, (0, FILES_MAX)).await
    }

    /// The same for at most so many files, from a place on.
    ///
    /// # Errors
    /// As [`Holdings::of_record`].
    pub async fn of_record_from(
        &self,
        by: &Party,
        entry: &Entry,
        (from, count): (usize, usize),
    ) -> Result<Vec<Care>, Fault> {
        let sql = sql!(
            "select COLUMNS, r.place, r.is_matched from record_holding r join holding h on h.id = r.holding \
             where r.record = $1 and h.owner = $2 and r.place >= $3 order by r.place limit $4"
        );
        let values = [entry.id.into(), by.owner.name().into(), (from as i64).into(), (count as i64).into()];
        let rows = self.db().rows(sql, &values).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let holding = read(row, by)?;
            let (copies, holds) = (self.copies(&holding.id).await?, self.holds(&holding.id).await?);
            let place = usize::try_from(row.int(10)?).unwrap_or_default();
            found.push(Care { place, is_matched: row.int(11)? != 0, holding, copies, holds });
        }
        Ok(found)
    }

    /// Beside how many files of a record there is or was an original.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn count_of(&self, entry: &Entry) -> Result<u64, Fault> {
        let rows = self.db().rows("select count(*) from record_holding where record = $1", &[entry.id.into()]).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.int(0))?.unsigned_abs())
    }

    /// The originals of a record that are kept: how many, and their bytes together.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn kept_of(&self, by: &Party, entry: &Entry) -> Result<(u64, u64), Fault> {
        // A sum is of another type in PostgreSQL.
        let sql = "select count(*), cast(coalesce(sum(h.size), 0) as bigint) from record_holding r \
                   join holding h on h.id = r.holding where r.record = $1 and h.owner = $2 and h.state = 'kept'";
        let rows = self.db().rows(sql, &[entry.id.into(), by.owner.name().into()]).await?;
        let Some(row) = rows.first() else { return Ok((0, 0)) };
        Ok((row.int(0)?.unsigned_abs(), row.int(1)?.unsigned_abs()))
    }

    /// The numbers of the records that refer to a holding.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn records_of(&self, by: &Party, id: &str) -> Result<Vec<String>, Fault> {
        let sql = "select r.number from record_holding a join record r on r.id = a.record \
                   where a.holding = $1 and r.owner = $2 order by r.id limit 1000";
        let rows = self.db().rows(sql, &[id.into(), by.owner.name().into()]).await?;
        Ok(rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<_, StoreError>>()?)
    }

    /// The copies of a holding, in the order of the places.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn copies(&self, id: &str) -> Result<Vec<CopyOf>, TrustError> {
        let sql = "select place, state, checked_s, good_s, due_s from holding_copy where holding = $1";
        let read = |row: &Row| {
            let unknown = || StoreError::Broken("a copy is in an unknown state; restore a backup".to_owned());
            let time = |column| row.int(column).map(Time::from_unix);
            Ok(CopyOf {
                place: row.text(0)?.to_owned(),
                state: Outcome::parse(row.text(1)?).ok_or_else(unknown)?,
                checked: time(2)?,
                good: time(3)?,
                due: time(4)?,
            })
        };
        let rows = self.db().rows(sql, &[id.into()]).await?;
        let mut copies: Vec<CopyOf> = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
        let order: Vec<&str> = self.stores().names().collect();
        copies.sort_by_key(|copy| order.iter().position(|name| *name == copy.place).unwrap_or(usize::MAX));
        Ok(copies)
    }

    /// The last looks at the copies of a holding, the newest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn checks(&self, by: &Party, id: &str) -> Result<Vec<Check>, Fault> {
        self.holding(by, id).await?;
        let sql = "select place, made_s, outcome, detail from holding_check where holding = $1 \
                   order by made_s desc, id desc limit $2";
        let read = |row: &Row| {
            let unknown = || StoreError::Broken("a check has an unknown outcome; restore a backup".to_owned());
            Ok(Check {
                place: row.text(0)?.to_owned(),
                made: Time::from_unix(row.int(1)?),
                outcome: Outcome::parse(row.text(2)?).ok_or_else(unknown)?,
                detail: row.text(3)?.to_owned(),
            })
        };
        let rows = self.db().rows(sql, &[id.into(), CHECKS_SHOWN.into()]).await?;
        Ok(rows.iter().map(read).collect::<Result<_, StoreError>>()?)
    }
}

//! One record with all that is kept of it, for whoever may see it.

use super::Evidence;
use super::list::{read_entry, read_titled, sql};
use super::model::{Entry, Owner, Party, State};
use crate::accounts::Me;
use crate::accounts::audit::{Act, note};
use crate::accounts::organisation::Role;
use crate::web::Fault;
use proof::der::Time;
use proof::digest::hex;
use proof::record::{Disclosure, EvidenceNumber, Files, Openings, Part, Record};
use store::StoreError;
use trust::vault::Key;

/// A record and what belongs to it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// As lists show it.
    pub entry: Entry,
    /// The record.
    pub record: Record,
    /// Its files.
    pub files: Files,
    /// The salts and texts of its commitments; none where the owner was erased.
    pub openings: Openings,
    /// The token over the record, a TimeStampResp; none before it is stamped.
    pub token: Option<Vec<u8>>,
}

impl Kept {
    /// The text that a part was opened to.
    #[must_use]
    pub fn text(&self, part: &Part) -> Option<&str> {
        let opening = self.openings.all().iter().find(|opening| opening.part == *part)?;
        opening.text.as_deref()
    }

    /// What is stated under this name, openly or opened.
    #[must_use]
    pub fn said(&self, name: &str) -> Option<&str> {
        match self.record.statements.get(name)? {
            proof::record::Statement::Open(text) => Some(text),
            proof::record::Statement::Committed(_) => self.text(&Part::Statement(name.to_owned())),
        }
    }

    /// The names of the files, in their order; empty where one is not opened.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        names(&self.openings, self.files.all().len())
    }

    /// One file shown alone, with these openings beside its name; none where there is no such file or
    /// no token yet.
    #[must_use]
    pub fn disclosure(&self, place: usize, parts: &[Part]) -> Option<Disclosure> {
        let is_shown = |part: &Part| *part == Part::Name(place) || parts.contains(part);
        let openings = self.openings.all().iter().filter(|opening| is_shown(&opening.part)).cloned().collect();
        Some(Disclosure {
            record: self.record.clone(),
            token: self.token.clone()?,
            file: *self.files.all().get(place)?,
            proof: self.files.proof(place)?,
            openings: Openings::new(openings),
        })
    }
}

/// The names of so many files.
pub(super) fn names(openings: &Openings, count: usize) -> Vec<String> {
    let mut names = vec![String::new(); count];
    for opening in openings.all() {
        if let (Part::Name(place), Some(text)) = (&opening.part, &opening.text)
            && let Some(name) = names.get_mut(*place)
        {
            name.clone_from(text);
        }
    }
    names
}

impl Evidence {
    /// How many records there are of each state, in the order of states; for the operator.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn counts(&self) -> Result<Vec<(State, u64)>, StoreError> {
        let rows = self.db().rows("select state, count(*) from record group by state", &[]).await?;
        let count = |state: State| -> Result<(State, u64), StoreError> {
            let row = rows.iter().find(|row| row.text(0).is_ok_and(|name| name == state.name()));
            Ok((state, row.map_or(Ok(0), |row| row.int(1))?.unsigned_abs()))
        };
        State::ALL.into_iter().map(count).collect()
    }

    /// A record by its id, without its title.
    pub(super) async fn entry(&self, id: i64) -> Result<Option<Entry>, StoreError> {
        let rows = self.db().rows(sql!("select COLUMNS from record r where r.id = $1"), &[id.into()]).await?;
        Ok(rows.first().map(read_entry).transpose()?.map(|(entry, _)| entry))
    }

    /// A record by its number, without its title: whose it is, and where it stands.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn entry_of(&self, number: EvidenceNumber) -> Result<Option<Entry>, StoreError> {
        let sql = sql!("select COLUMNS from record r where r.number = $1");
        let rows = self.db().rows(sql, &[number.to_string().into()]).await?;
        Ok(rows.first().map(read_entry).transpose()?.map(|(entry, _)| entry))
    }

    /// A record by its id, with its title.
    pub(super) async fn titled(&self, id: i64, key: &Key) -> Result<Entry, Fault> {
        let rows = self.db().rows(sql!("select COLUMNS from record r where r.id = $1"), &[id.into()]).await?;
        Ok(read_titled(rows.first().ok_or(Fault::NotFound)?, key)?)
    }

    pub(super) async fn openings(&self, id: i64, key: &Key) -> Result<Openings, Fault> {
        let rows = self.db().rows("select openings from record_content where id = $1", &[id.into()]).await?;
        let Some(sealed) = rows.first().and_then(|row| row.bytes(0).ok()) else { return Ok(Openings::default()) };
        let plain = key.open(&format!("record/{id}/openings"), sealed)?;
        Openings::parse(&plain).map_err(Fault::broken)
    }

    /// A record as it was stamped, whoever asks: nothing in it names anybody.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn record(&self, number: EvidenceNumber) -> Result<Option<Record>, Fault> {
        let sql = "select c.record from record r join record_content c on c.id = r.id where r.number = $1";
        let rows = self.db().rows(sql, &[number.to_string().into()]).await?;
        rows.first().map(|row| Record::parse(row.bytes(0)?).map_err(Fault::broken)).transpose()
    }

    /// All that is public of a record, whoever asks: the record, its files and its token. Names, titles
    /// and texts are commitments there. None where there is no such record, or it is not stamped.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn public(&self, number: EvidenceNumber) -> Result<Option<(Entry, Record, Files, Vec<u8>)>, Fault> {
        let sql = sql!(
            "select COLUMNS, c.record, c.files, c.token from record r join record_content c on c.id = r.id \
             where r.number = $1 and r.state = 'kept'"
        );
        let rows = self.db().rows(sql, &[number.to_string().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let record = Record::parse(row.bytes(16)?).map_err(Fault::broken)?;
        let files = Files::parse(row.bytes(17)?).map_err(Fault::broken)?;
        Ok(Some((read_entry(row)?.0, record, files, row.bytes(18)?.to_vec())))
    }

    /// What an owner shows everyone of a record: the openings of these parts, read with the owner's key.
    /// None where the owner is gone.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub async fn shown(&self, entry: &Entry, is_shown: impl Fn(&Part) -> bool) -> Result<Option<Openings>, Fault> {
        let Some(key) = self.accounts().key_of(&entry.owner.name()).await? else { return Ok(None) };
        let openings = self.openings(entry.id, &key).await?;
        let shown = openings.all().iter().filter(|opening| is_shown(&opening.part)).cloned().collect();
        Ok(Some(Openings::new(shown)))
    }

    /// The party that may see a record: its owner, or a member of the organisation whose it is. Who may
    /// not gets the same answer as where there is none.
    ///
    /// # Errors
    /// Not found.
    pub async fn reader(&self, me: &Me, number: &str, needed: &[Role]) -> Result<(Party, Entry), Fault> {
        let number: EvidenceNumber = number.parse().map_err(|_| Fault::NotFound)?;
        let entry = self.entry_of(number).await?.ok_or(Fault::NotFound)?;
        let party = Party::of(me, &entry.owner, needed).await?;
        Ok((party, entry))
    }

    /// A record with all that is kept of it, for a party that may see it.
    ///
    /// # Errors
    /// Not found where it is another's.
    pub async fn kept(&self, by: &Party, number: EvidenceNumber) -> Result<Kept, Fault> {
        let sql = sql!(
            "select COLUMNS, c.record, c.files, c.token, c.openings from record r join record_content c on c.id = r.id \
             where r.number = $1 and r.owner = $2"
        );
        let rows = self.db().rows(sql, &[number.to_string().into(), by.owner.name().into()]).await?;
        let row = rows.first().ok_or(Fault::NotFound)?;
        let entry = read_titled(row, &by.key)?;
        let openings = match row.bytes(19) {
            Ok(sealed) => {
                let plain = by.key.open(&format!("record/{}/openings", entry.id), sealed)?;
                Openings::parse(&plain).map_err(Fault::broken)?
            }
            Err(_) => Openings::default(),
        };
        Ok(Kept {
            record: Record::parse(row.bytes(16)?).map_err(Fault::broken)?,
            files: Files::parse(row.bytes(17)?).map_err(Fault::broken)?,
            token: row.bytes(18).ok().map(<[u8]>::to_vec),
            openings,
            entry,
        })
    }

    /// The records that belong to a thing of their maker's, the oldest first.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of_origin(&self, by: &Party, origin: &str) -> Result<Vec<Entry>, Fault> {
        let sql = sql!("select COLUMNS from record r where r.origin = $1 and r.owner = $2 order by r.id limit 10001");
        let rows = self.db().rows(sql, &[origin.into(), by.owner.name().into()]).await?;
        let read = |row| read_titled(row, &by.key);
        Ok(rows.iter().map(read).collect::<Result<_, trust::TrustError>>()?)
    }

    /// This owner's records with these digests, the oldest first: what another record says that it follows.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of_digests(&self, by: &Party, digests: &[[u8; 32]]) -> Result<Vec<Entry>, Fault> {
        let mut found = Vec::new();
        for digest in digests {
            let sql = sql!("select COLUMNS from record r where r.digest = $1");
            for row in &self.db().rows(sql, &[hex(digest).into()]).await? {
                if read_entry(row)?.0.owner == by.owner {
                    found.push(read_titled(row, &by.key)?);
                }
            }
        }
        found.sort_by_key(|entry| entry.id);
        Ok(found)
    }

    /// A stamped record by its id, without its title.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn stamped_by_id(&self, id: i64) -> Result<Option<Entry>, StoreError> {
        Ok(self.entry(id).await?.filter(|entry| entry.state == State::Kept))
    }

    /// So many stamped records of a thing of their maker's after this id, without their titles, the oldest first,
    /// and how many there are in all: for what an owner shows to others.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn stamped_of_origin(
        &self,
        owner: &Owner,
        origin: &str,
        after: i64,
        count: i64,
    ) -> Result<(Vec<Entry>, u64), StoreError> {
        let owner = owner.name();
        let sql = sql!(
            "select COLUMNS from record r where r.origin = $1 and r.owner = $2 and r.state = 'kept' and r.id > $3 \
             order by r.id limit $4"
        );
        let rows = self.db().rows(sql, &[origin.into(), owner.as_str().into(), after.into(), count.into()]).await?;
        let found = rows.iter().map(|row| Ok(read_entry(row)?.0)).collect::<Result<_, StoreError>>()?;
        let sql = "select count(*) from record where origin = $1 and owner = $2 and state = 'kept'";
        let all = self.db().rows(sql, &[origin.into(), owner.as_str().into()]).await?;
        Ok((found, all.first().map(|row| row.int(0)).transpose()?.unwrap_or_default().unsigned_abs()))
    }

    /// When the earliest stamped record of a thing of their maker's was stamped.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn earliest_stamp(&self, owner: &Owner, origin: &str) -> Result<Option<Time>, StoreError> {
        let sql = sql!(
            "select COLUMNS from record r where r.origin = $1 and r.owner = $2 and r.state = 'kept' \
             order by r.time_ms, r.id limit 1"
        );
        let rows = self.db().rows(sql, &[origin.into(), owner.name().into()]).await?;
        Ok(rows.first().map(read_entry).transpose()?.and_then(|(entry, _)| entry.time))
    }

    /// Brings a record on, where it waits for something that may have come meanwhile.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn look_again(&self, entry: &Entry) -> Result<(), Fault> {
        match entry.state {
            State::Asked | State::Waiting => self.complete(entry.id).await.map(drop),
            State::Kept | State::Declined => Ok(()),
        }
    }

    /// The earliest stamped record of a thing of its maker's (ipr-54).
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn earliest_in(&self, by: &Party, origin: &str) -> Result<Option<Entry>, Fault> {
        let sql = sql!(
            "select COLUMNS from record r where r.origin = $1 and r.owner = $2 and r.state = 'kept' order by r.time_ms, r.id limit 1"
        );
        let rows = self.db().rows(sql, &[origin.into(), by.owner.name().into()]).await?;
        Ok(rows.first().map(|row| read_titled(row, &by.key)).transpose()?)
    }

    /// The earliest record of a content that this owner has: by the digest of a file, in hexadecimal.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn earliest(&self, by: &Party, digests: &[String]) -> Result<Option<Entry>, Fault> {
        let mut found: Option<Entry> = None;
        for digest in digests.iter().take(PROBED_MAX) {
            let Some(bytes) = proof::digest::from_hex(digest) else { continue };
            let sql = sql!(
                "select COLUMNS from record_file f join record r on r.id = f.id \
                 where f.digest = $1 and r.owner = $2 and r.state = 'kept' order by r.time_ms, r.id limit 1"
            );
            let rows = self.db().rows(sql, &[bytes.into(), by.owner.name().into()]).await?;
            if let Some(row) = rows.first() {
                let entry = read_titled(row, &by.key)?;
                if found.as_ref().is_none_or(|known| entry.time < known.time) {
                    found = Some(entry);
                }
            }
        }
        Ok(found)
    }

    /// Notes in the owner's trail that a record was viewed or something of it downloaded (ent-07).
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn note(&self, by: &Party, entry: &Entry, act: Act) -> Result<(), Fault> {
        let (scope, object) = (entry.owner.scope(), format!("record/{}", entry.number));
        let noted: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            note(tx, &scope, &by.actor, act, &object, by.now).await
        });
        Ok(noted?)
    }
}

/// Digests that are looked for in earlier records.
const PROBED_MAX: usize = 50;

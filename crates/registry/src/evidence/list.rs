//! Lists of an owner's records: by type or state, by words, by number or digest; newest or oldest first.
//!
//! A page costs the same with a million records: it walks one index from where the last page ended,
//! and counts no further than it says.

use super::model::{Entry, Mode, Owner, Party, State, Title, moment};
use super::search::{NAMED_FILES_MAX, grams_asked, plain};
use super::{Evidence, read};
use crate::web::Fault;
use proof::digest::from_hex;
use proof::record::EvidenceNumber;
use store::{Row, StoreError, Value};
use trust::TrustError;
use trust::vault::Key;

/// Records on one page, where it is not said how many.
pub const PAGE: usize = 50;
/// Records on one page at most.
pub const PAGE_MAX: usize = 100;
/// No list counts further.
pub const COUNTED_MAX: i64 = 10_000;
/// Candidates that are looked at for one page of a search.
const CANDIDATES_MAX: i64 = 4_000;
/// Candidates whose titles are opened for one page of a search.
const LOOKED_MAX: usize = 120;
/// Records that are sorted by title at once.
const SORTED_MAX: i64 = 1_000;

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// By title.
    Title,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Newest, Self::Oldest, Self::Title];

    /// Its name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Title => "title",
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words, an evidence number, or the beginning of a digest.
    pub query: String,
    /// A type; empty for all.
    pub kind: String,
    /// A state; none for all.
    pub state: Option<State>,
    /// In which order.
    pub order: Order,
    /// Where the last page ended: the `next` of it.
    pub after: Option<i64>,
    /// How many on a page; 0 for as many as usual.
    pub limit: usize,
}

impl Filter {
    /// How many on a page.
    fn limit(&self) -> usize {
        if self.limit == 0 { PAGE } else { self.limit.min(PAGE_MAX) }
    }
}

/// One page.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The records.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none at the end.
    pub next: Option<i64>,
    /// How many fit in all, and how many files they have; none where nobody counted.
    pub count: Option<(i64, i64)>,
    /// Whether there are more than were counted or looked at.
    pub is_cut: bool,
}

pub(super) const COLUMNS: &str = "r.id, r.number, r.owner, r.person, r.maker, r.origin, r.kind, r.mode, r.state, \
     r.files, r.bytes, r.digest, r.request, r.time_ms, r.title, r.actor";

/// A statement over the columns of an entry, made once.
macro_rules! sql {
    ($($part:expr),+) => {{
        static SQL: std::sync::LazyLock<String> =
            std::sync::LazyLock::new(|| [$($part),+].concat().replace("COLUMNS", $crate::evidence::list::COLUMNS));
        SQL.as_str()
    }};
}
pub(super) use sql;

/// An entry without its title, and the sealed title.
pub(super) fn read_entry(row: &Row) -> Result<(Entry, Option<Vec<u8>>), StoreError> {
    let broken = |what: &str| StoreError::Broken(format!("a record has the {what} of none; restore a backup"));
    let entry = Entry {
        id: row.int(0)?,
        number: row.text(1)?.parse().map_err(|_| broken("number"))?,
        owner: Owner::parse(row.text(2)?).ok_or_else(|| broken("owner"))?,
        person: row.text(3)?.to_owned(),
        maker: row.text(4)?.to_owned(),
        origin: row.text(5)?.to_owned(),
        kind: row.text(6)?.to_owned(),
        mode: Mode::parse(row.text(7)?).ok_or_else(|| broken("mode"))?,
        state: State::parse(row.text(8)?).ok_or_else(|| broken("state"))?,
        files: row.int(9)?.unsigned_abs(),
        bytes: row.int(10)?.unsigned_abs(),
        digest: row.text(11)?.to_owned(),
        request: row.maybe_text(12)?.map(str::to_owned),
        time: row.maybe_int(13)?.map(moment),
        actor: row.text(15)?.to_owned(),
        title: None,
    };
    Ok((entry, row.bytes(14).ok().map(<[u8]>::to_vec)))
}

/// The same with its title, under the owner's key.
pub(super) fn read_titled(row: &Row, key: &Key) -> Result<Entry, TrustError> {
    let (entry, sealed) = read_entry(row)?;
    let title = sealed.map(|sealed| open_title(&entry, &sealed, key)).transpose()?;
    Ok(Entry { title, ..entry })
}

fn open_title(entry: &Entry, sealed: &[u8], key: &Key) -> Result<Title, TrustError> {
    let plain = key.open(&format!("record/{}/title", entry.id), sealed)?;
    serde_json::from_slice(&plain).map_err(|e| TrustError::Broken(e.to_string()))
}

impl Evidence {
    /// One page of an owner's records.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn list(&self, by: &Party, filter: &Filter) -> Result<Listed, Fault> {
        let query = filter.query.trim();
        if query.is_empty() {
            return match filter.order {
                Order::Title => self.by_title(by, filter).await,
                _ => self.by_time(by, filter).await,
            };
        }
        if let Ok(number) = query.parse::<EvidenceNumber>() {
            return self.by_number(by, number).await;
        }
        let is_digest = query.len() >= 8 && query.len() <= 64 && query.bytes().all(|b| b.is_ascii_hexdigit());
        let found =
            if is_digest { self.by_digest(by, &query.to_lowercase(), filter).await? } else { Listed::default() };
        match found.entries.is_empty() {
            true => self.by_words(by, filter, query).await,
            false => Ok(found),
        }
    }

    fn values(by: &Party, filter: &Filter) -> [Value; 4] {
        let state = filter.state.map_or("", State::name);
        let edge = if filter.order == Order::Oldest { 0 } else { i64::MAX };
        [by.owner.name().into(), filter.kind.as_str().into(), state.into(), filter.after.unwrap_or(edge).into()]
    }

    async fn by_time(&self, by: &Party, filter: &Filter) -> Result<Listed, Fault> {
        let is_oldest = filter.order == Order::Oldest;
        // One statement for each index that can be walked; each looks at no row that it does not give,
        // but for the state within a type.
        let sql = match (filter.kind.is_empty(), filter.state.is_some(), is_oldest) {
            (true, false, false) => {
                sql!(
                    "select COLUMNS from record r where r.owner = $1 and r.id < $4 and $2 = '' and $3 = '' \
                      order by r.id desc limit 101"
                )
            }
            (true, false, true) => {
                sql!(
                    "select COLUMNS from record r where r.owner = $1 and r.id > $4 and $2 = '' and $3 = '' \
                      order by r.id limit 101"
                )
            }
            (false, _, false) => {
                sql!(
                    "select COLUMNS from record r where r.owner = $1 and r.kind = $2 and ($3 = '' or r.state = $3) \
                      and r.id < $4 order by r.id desc limit 101"
                )
            }
            (false, _, true) => {
                sql!(
                    "select COLUMNS from record r where r.owner = $1 and r.kind = $2 and ($3 = '' or r.state = $3) \
                      and r.id > $4 order by r.id limit 101"
                )
            }
            (true, true, false) => {
                sql!(
                    "select COLUMNS from record r where r.owner = $1 and r.state = $3 and r.id < $4 and $2 = '' \
                      order by r.id desc limit 101"
                )
            }
            (true, true, true) => {
                sql!(
                    "select COLUMNS from record r where r.owner = $1 and r.state = $3 and r.id > $4 and $2 = '' \
                      order by r.id limit 101"
                )
            }
        };
        let mut rows = self.db().rows(sql, &Self::values(by, filter)).await?;
        rows.truncate(filter.limit() + 1);
        let entries = self.entries(&rows, by)?;
        let count = match filter.after {
            None => Some(self.count(by, filter).await?),
            Some(_) => None,
        };
        Ok(paged(entries, count, filter.limit()))
    }

    fn entries(&self, rows: &[Row], by: &Party) -> Result<Vec<Entry>, TrustError> {
        rows.iter().map(|row| read_titled(row, &by.key)).collect()
    }

    async fn count(&self, by: &Party, filter: &Filter) -> Result<(i64, i64), Fault> {
        let sql = match filter.kind.is_empty() {
            true => {
                "select count(*), cast(coalesce(sum(files), 0) as bigint) from (select files from record where owner = $1 \
                 and ($3 = '' or state = $3) and $2 = '' order by id desc limit 10001) as counted"
            }
            false => {
                "select count(*), cast(coalesce(sum(files), 0) as bigint) from (select files from record where owner = $1 \
                 and kind = $2 and ($3 = '' or state = $3) order by id desc limit 10001) as counted"
            }
        };
        let rows = self.db().rows(sql, &Self::values(by, filter)[..3]).await?;
        let row = rows.first().ok_or_else(|| Fault::broken("nothing was counted"))?;
        Ok((row.int(0)?, row.int(1)?))
    }

    /// By title, where there are few enough to sort: titles are sealed, so the database cannot.
    async fn by_title(&self, by: &Party, filter: &Filter) -> Result<Listed, Fault> {
        let sql = sql!(
            "select COLUMNS from record r where r.owner = $1 and ($2 = '' or r.kind = $2) \
             and ($3 = '' or r.state = $3) order by r.id desc limit 1001"
        );
        let rows = self.db().rows(sql, &Self::values(by, filter)[..3]).await?;
        let is_cut = rows.len() as i64 > SORTED_MAX;
        let mut entries = self.entries(&rows[..rows.len().min(SORTED_MAX as usize)], by)?;
        entries.sort_by_cached_key(|entry| entry.title.as_ref().map(|title| plain(&title.title)));
        let count = (entries.len() as i64, entries.iter().map(|entry| entry.files as i64).sum());
        let start = usize::try_from(filter.after.unwrap_or(0)).unwrap_or_default().min(entries.len());
        let end = (start + filter.limit()).min(entries.len());
        let next = (end < entries.len()).then_some(end as i64);
        Ok(Listed { entries: entries.drain(start..end).collect(), next, count: Some(count), is_cut })
    }

    async fn by_number(&self, by: &Party, number: EvidenceNumber) -> Result<Listed, Fault> {
        let entry = self.entry_of(number).await?.filter(|entry| entry.owner == by.owner);
        let entries = match entry {
            Some(entry) => vec![self.titled(entry.id, &by.key).await?],
            None => Vec::new(),
        };
        let count = (entries.len() as i64, entries.iter().map(|entry| entry.files as i64).sum());
        Ok(Listed { entries, count: Some(count), ..Listed::default() })
    }

    /// Records of a digest, or of one that begins so: of a file, or of the record itself.
    async fn by_digest(&self, by: &Party, start: &str, filter: &Filter) -> Result<Listed, Fault> {
        let edge = |fill: char| {
            let text: String = start.chars().chain(std::iter::repeat(fill)).take(64).collect();
            from_hex(&text).unwrap_or_default()
        };
        let high: String = start.chars().chain(std::iter::repeat('f')).take(64).collect();
        // Each walks one index: of files, and of the records themselves. A cross join, because SQLite
        // would else begin with all records of the owner.
        let of_files = sql!(
            "select COLUMNS from (select distinct id from record_file where digest between $2 and $3 limit 500) f \
             cross join record r where r.id = f.id and r.owner = $1 and r.id < $4 order by r.id desc limit 101"
        );
        let of_records = sql!(
            "select COLUMNS from (select id from record where digest between $2 and $3 limit 500) f \
             cross join record r where r.id = f.id and r.owner = $1 and r.id < $4 order by r.id desc limit 101"
        );
        let (owner, before, limit) = (by.owner.name(), filter.after.unwrap_or(i64::MAX), filter.limit());
        let values = [owner.as_str().into(), edge('0').into(), edge('f').into(), before.into()];
        let mut entries = self.entries(&self.db().rows(of_files, &values).await?, by)?;
        let values = [owner.as_str().into(), start.into(), high.into(), before.into()];
        entries.extend(self.entries(&self.db().rows(of_records, &values).await?, by)?);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
        entries.dedup_by_key(|entry| entry.id);
        Ok(paged(entries, None, limit))
    }

    async fn by_words(&self, by: &Party, filter: &Filter, query: &str) -> Result<Listed, Fault> {
        let mut grams = Vec::new();
        for gram in grams_asked(query, &by.key).into_iter().take(12) {
            let sql = "select count(*) from (select id from record_gram where gram = $1 limit 4001) as counted";
            let rows = self.db().rows(sql, &[gram.into()]).await?;
            grams.push((rows.first().map_or(Ok(0), |row| row.int(0))?, gram));
        }
        grams.sort_unstable();
        let Some((rarest, first)) = grams.first().copied() else { return Ok(Listed::default()) };
        if rarest == 0 {
            return Ok(Listed { count: Some((0, 0)), ..Listed::default() });
        }
        // The rarest gram walks, the next two are looked up; the title decides in the end.
        let other = |place: usize| grams.get(place).map_or(first, |(_, gram)| *gram);
        let is_oldest = filter.order == Order::Oldest;
        let sql = if is_oldest {
            sql!(
                "select COLUMNS from (select id from record_gram where gram = $5 and id > $4 order by id limit 4000) g \
                  join record r on r.id = g.id where r.owner = $1 and ($2 = '' or r.kind = $2) and ($3 = '' or r.state = $3) \
                  and exists (select 1 from record_gram a where a.gram = $6 and a.id = g.id) \
                  and exists (select 1 from record_gram b where b.gram = $7 and b.id = g.id) order by r.id limit 120"
            )
        } else {
            sql!(
                "select COLUMNS from (select id from record_gram where gram = $5 and id < $4 order by id desc limit 4000) g \
                  join record r on r.id = g.id where r.owner = $1 and ($2 = '' or r.kind = $2) and ($3 = '' or r.state = $3) \
                  and exists (select 1 from record_gram a where a.gram = $6 and a.id = g.id) \
                  and exists (select 1 from record_gram b where b.gram = $7 and b.id = g.id) order by r.id desc limit 120"
            )
        };
        let mut values = Self::values(by, filter).to_vec();
        values.extend([first.into(), other(1).into(), other(2).into()]);
        let rows = self.db().rows(sql, &values).await?;
        let words = plain(query);
        let (mut entries, mut looked_at) = (Vec::new(), None);
        for entry in self.entries(&rows, by)? {
            looked_at = Some(entry.id);
            let title = entry.title.as_ref().map(|title| plain(&title.title)).unwrap_or_default();
            let fits = words.split(' ').all(|word| title.contains(word));
            if fits || self.has_named(&entry, &words, &by.key).await? {
                entries.push(entry);
            }
            if entries.len() == filter.limit() {
                break;
            }
        }
        // There may be more where the page is full, or where not all that fit were looked at.
        let has_more = looked_at.is_some()
            && (looked_at != rows.last().and_then(|row| row.int(0).ok()) || rows.len() == LOOKED_MAX);
        let mut next = looked_at.filter(|_| has_more);
        let is_cut = rarest > CANDIDATES_MAX && !has_more;
        if is_cut {
            // The next page goes on behind the candidates of this one.
            let sql = if is_oldest {
                "select id from record_gram where gram = $1 and id > $2 order by id limit 1 offset 3999"
            } else {
                "select id from record_gram where gram = $1 and id < $2 order by id desc limit 1 offset 3999"
            };
            let edge = filter.after.unwrap_or(if is_oldest { 0 } else { i64::MAX });
            let rows = self.db().rows(sql, &[first.into(), edge.into()]).await?;
            next = rows.first().map(|row| row.int(0)).transpose()?;
        }
        if filter.order == Order::Title {
            entries.sort_by_cached_key(|entry| entry.title.as_ref().map(|title| plain(&title.title)));
        }
        Ok(Listed { entries, is_cut: is_cut && next.is_some(), next, count: None })
    }

    /// Whether the names of a record's files have these words.
    async fn has_named(&self, entry: &Entry, words: &str, key: &Key) -> Result<bool, Fault> {
        if entry.files as usize > NAMED_FILES_MAX {
            return Ok(false);
        }
        let openings = self.openings(entry.id, key).await?;
        let names = read::names(&openings, entry.files as usize);
        let title = entry.title.as_ref().map(|title| plain(&title.title)).unwrap_or_default();
        let fits = |word: &str| title.contains(word) || names.iter().any(|name| plain(name).contains(word));
        Ok(words.split(' ').all(fits))
    }
}

/// A page out of one entry more than it shows.
fn paged(mut entries: Vec<Entry>, count: Option<(i64, i64)>, limit: usize) -> Listed {
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| has_more).map(|entry| entry.id);
    let is_cut = count.is_some_and(|(count, _)| count > COUNTED_MAX);
    Listed { entries, next, count, is_cut }
}

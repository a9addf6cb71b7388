//! What a record costs: price lists with a time from which they hold, and quotes that name theirs.
//!
//! The unit is one file or one text. Free units are counted by the calendar month of UTC and do not go
//! over into the next. No list, or one in which everything costs nothing, and there is no word of money.

use super::money::{AMOUNT_MAX, Currency};
use proof::der::Time;
use store::{Db, Row, StoreError, Tx};

/// Bytes of a gigabyte, as people count them.
const GIGABYTE: u64 = 1_000_000_000;

/// A list of prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// Counts up from 1.
    pub version: i64,
    /// The currency of its amounts.
    pub currency: Currency,
    /// The price of a file or text, in the smallest unit of the currency.
    pub unit: i64,
    /// The price of each begun gigabyte of originals that are deposited.
    pub gigabyte: i64,
    /// Units of each month that cost nothing.
    pub free_units: i64,
    /// Whether, once these are used, nothing more is made in the month, instead of at the price.
    pub waits: bool,
    /// From when on it holds.
    pub from: Time,
    /// When it was announced.
    pub made: Time,
}

/// What is to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Files and texts.
    pub units: u64,
    /// Bytes of originals that are deposited.
    pub bytes: u64,
}

/// What that costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Files and texts.
    pub units: i64,
    /// Those of them that are free.
    pub free_units: i64,
    /// Begun gigabytes of originals.
    pub gigabytes: i64,
    /// To be paid.
    pub amount: i64,
    /// What the free units would have cost.
    pub granted: i64,
}

impl Cost {
    /// This and another: none where no amount is so large.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let amount = self.amount.checked_add(other.amount).filter(|amount| *amount <= AMOUNT_MAX)?;
        Some(Self {
            units: self.units.checked_add(other.units)?,
            free_units: self.free_units.checked_add(other.free_units)?,
            gigabytes: self.gigabytes.checked_add(other.gigabytes)?,
            amount,
            granted: self.granted.checked_add(other.granted)?,
        })
    }
}

impl PriceList {
    /// Whether everything costs nothing.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.unit == 0 && self.gigabyte == 0
    }

    /// What it costs where so many free units are left; none where no amount is so large.
    #[must_use]
    pub fn cost(&self, wanted: Wanted, free_left: i64) -> Option<Cost> {
        let units = i64::try_from(wanted.units).ok()?;
        // Nothing is taken of what is free where it costs nothing.
        let free_units = if self.unit == 0 { 0 } else { units.min(free_left.max(0)) };
        let gigabytes = if self.gigabyte == 0 { 0 } else { i64::try_from(wanted.bytes.div_ceil(GIGABYTE)).ok()? };
        let paid = self.unit.checked_mul(units - free_units)?;
        let amount = paid.checked_add(self.gigabyte.checked_mul(gigabytes)?)?;
        let granted = self.unit.checked_mul(free_units)?;
        let is_sound = amount.checked_add(granted).is_some_and(|all| all <= AMOUNT_MAX);
        is_sound.then_some(Cost { units, free_units, gigabytes, amount, granted })
    }
}

fn read(row: &Row) -> Result<PriceList, StoreError> {
    let code = row.text(1)?;
    let currency = Currency::parse(code);
    let currency = currency.ok_or_else(|| StoreError::Broken(format!("{code} is no currency; restore a backup")))?;
    Ok(PriceList {
        version: row.int(0)?,
        currency,
        unit: row.int(2)?,
        gigabyte: row.int(3)?,
        free_units: row.int(4)?,
        waits: row.int(5)? != 0,
        from: Time::from_unix(row.int(6)?),
        made: Time::from_unix(row.int(7)?),
    })
}

const CURRENT: &str = "select version, currency, unit, gigabyte, free_units, waits, from_s, made_s from billing_price \
     where from_s <= $1 order by from_s desc, version desc limit 1";

/// The list that holds at a time.
pub(super) async fn at(db: &Db, now: Time) -> Result<Option<PriceList>, StoreError> {
    db.rows(CURRENT, &[now.unix_s().into()]).await?.first().map(read).transpose()
}

/// The same within a transaction.
pub(super) async fn at_in(tx: &mut Tx, now: Time) -> Result<Option<PriceList>, StoreError> {
    tx.rows(CURRENT, &[now.unix_s().into()]).await?.first().map(read).transpose()
}

/// The list that comes next, where one is announced.
pub(super) async fn next(db: &Db, now: Time) -> Result<Option<PriceList>, StoreError> {
    let sql = "select version, currency, unit, gigabyte, free_units, waits, from_s, made_s from billing_price \
               where from_s > $1 order by from_s, version desc limit 1";
    db.rows(sql, &[now.unix_s().into()]).await?.first().map(read).transpose()
}

/// All lists, the newest first.
pub(super) async fn all(db: &Db) -> Result<Vec<PriceList>, StoreError> {
    let sql = "select version, currency, unit, gigabyte, free_units, waits, from_s, made_s from billing_price \
               order by version desc limit 500";
    db.rows(sql, &[]).await?.iter().map(read).collect()
}

/// Adds a list; its number is the next one.
pub(super) async fn add(tx: &mut Tx, list: &PriceList, person: &str) -> Result<i64, StoreError> {
    let rows = tx.rows("select max(version) from billing_price", &[]).await?;
    let version = rows.first().map_or(Ok(None), |row| row.maybe_int(0))?.unwrap_or(0) + 1;
    let sql = "insert into billing_price (version, currency, unit, gigabyte, free_units, waits, from_s, made_s, by_person) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        version.into(),
        list.currency.code().into(),
        list.unit.into(),
        list.gigabyte.into(),
        list.free_units.into(),
        list.waits.into(),
        list.from.unix_s().into(),
        list.made.unix_s().into(),
        person.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(version)
}

/// A calendar month of UTC, as 202611.
pub(super) fn month(now: Time) -> i64 {
    let text = now.truncate_to_second().to_string();
    text.get(..7).and_then(|text| text.replace('-', "").parse().ok()).unwrap_or_default()
}

/// When the month after that begins.
#[must_use]
pub(super) fn next_month(now: Time) -> Time {
    let month = month(now);
    let (year, next) = if month % 100 == 12 { (month / 100 + 1, 1) } else { (month / 100, month % 100 + 1) };
    // Twelve is the largest of them.
    let next = u32::try_from(next).unwrap_or(1);
    Time::from_civil(year, next, 1, 0, 0, 0, 0).unwrap_or(now)
}

#[cfg(test)]
pub(super) fn list(unit: i64, gigabyte: i64, free_units: i64) -> PriceList {
    let from = Time::from_unix(0);
    PriceList { version: 1, currency: Currency::CNY, unit, gigabyte, free_units, waits: false, from, made: from }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_counts_files_and_begun_gigabytes() {
        let wanted = |units, bytes| Wanted { units, bytes };
        let cost = list(1000, 300, 5).cost(wanted(7, GIGABYTE + 1), 5).unwrap();
        assert_eq!(cost, Cost { units: 7, free_units: 5, gigabytes: 2, amount: 2600, granted: 5000 });
        assert_eq!(list(1000, 0, 0).cost(wanted(3, u64::MAX), -4).unwrap().amount, 3000);
        assert_eq!(list(0, 300, 9).cost(wanted(3, GIGABYTE), 9).unwrap().free_units, 0);
        assert_eq!(list(0, 0, 9).cost(wanted(3, 0), 9).unwrap().amount, 0);
        assert_eq!(list(AMOUNT_MAX, 0, 0).cost(wanted(2, 0), 0), None);
        assert_eq!(list(1, 1, 0).cost(wanted(u64::MAX, 0), 0), None);
    }

    #[test]
    fn months_end_by_utc() {
        let time = |text: i64| Time::from_unix(text);
        assert_eq!(month(time(1_798_761_599)), 202_612);
        assert_eq!(next_month(time(1_798_761_599)), time(1_798_761_600));
        assert_eq!(month(time(1_798_761_600)), 202_701);
        assert_eq!(next_month(time(0)).to_string(), "1970-02-01T00:00:00Z");
    }
}

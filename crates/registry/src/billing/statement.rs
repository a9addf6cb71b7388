//! An owner's statement of a month: what came and went, line by line, with the balance after each.

use super::ledger::{Account, Kind};
use super::money::Currency;
use super::{Billing, WORDS, holds, price};
use crate::accounts::Me;
use crate::web::Fault;
use proof::der::Time;
use proof::report::Language;
use std::collections::HashMap;
use store::{Db, StoreError};

/// Lines that a page shows; the export has all of them.
pub(super) const LINES_MAX: i64 = 100_000;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was booked.
    pub made: Time,
    /// What came or went.
    pub kind: Kind,
    /// What it is about: `record/NUMBER`, `order/ID`, …
    pub object: String,
    /// What it changed.
    pub change: i64,
    /// What could be spent after it.
    pub balance: i64,
    /// What was held or charged, where it is about a record.
    pub charge: Option<super::Charge>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The month of UTC, as 202611.
    pub(super) month: i64,
    /// The currency of its amounts.
    pub currency: Currency,
    /// The balance before the first line.
    pub opening: i64,
    /// Its lines, the oldest first.
    pub lines: Vec<Line>,
}

impl Statement {
    /// The balance after the last line.
    #[must_use]
    pub fn closing(&self) -> i64 {
        self.lines.last().map_or(self.opening, |line| line.balance)
    }

    /// The month as an address has it, `2026-11`.
    #[must_use]
    pub fn month(&self) -> String {
        month_text(self.month)
    }
}

impl Line {
    /// What it changed, with its sign.
    #[must_use]
    pub fn signed(&self, currency: Currency) -> String {
        let change = currency.decimal(self.change);
        if self.change > 0 { format!("+{change}") } else { change }
    }

    /// What came or went, in a language.
    #[must_use]
    pub fn kind_in(&self, language: Language) -> String {
        let w = WORDS.of(language);
        match (&self.kind, &self.charge) {
            (Kind::Hold, Some(charge)) if charge.state == "charged" || charge.state == "refunded" => {
                w.say("kind-charge")
            }
            (kind, _) => w.say(kind.word()),
        }
    }

    /// What a record of it was charged for, in a language; empty where it is about none.
    #[must_use]
    pub fn counts_in(&self, language: Language) -> String {
        let Some(charge) = self.charge.as_ref().filter(|_| self.object.starts_with("record/")) else {
            return String::new();
        };
        let counts = [
            ("count", charge.cost.units.to_string()),
            ("free", charge.cost.free_units.to_string()),
            ("price", charge.price.to_string()),
        ];
        let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
        WORDS.of(language).fill("line-record", &counts)
    }
}

fn bounds(month: i64) -> Option<(Time, Time)> {
    let number = u32::try_from(month % 100).ok()?;
    let begin = Time::from_civil(month / 100, number, 1, 0, 0, 0, 0).ok()?;
    Some((begin, price::next_month(begin)))
}

/// A month as an address has it, `2026-11`.
pub(super) fn parse_month(text: &str) -> Option<i64> {
    let (year, month) = text.split_once('-')?;
    let is_digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let number = (is_digits(year, 4) && is_digits(month, 2)).then(|| format!("{year}{month}").parse().ok())??;
    bounds(number).map(|_| number)
}

/// The same the other way.
pub(super) fn month_text(month: i64) -> String {
    format!("{:04}-{:02}", month / 100, month % 100)
}

/// The currencies in which an owner has entries.
pub(super) async fn currencies(db: &Db, owner: &str) -> Result<Vec<Currency>, StoreError> {
    let sql = "select distinct currency from billing_entry where owner = $1 order by currency";
    let rows = db.rows(sql, &[owner.into()]).await?;
    let found = rows.iter().map(|row| row.text(0).map(Currency::parse)).collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

impl Billing {
    /// The months in which an owner has entries in a currency, the newest first.
    pub(super) async fn months(&self, owner: &str, currency: Currency, now: Time) -> Result<Vec<i64>, StoreError> {
        let sql = "select min(made_ms) from billing_entry where owner = $1 and currency = $2";
        let rows = self.db().rows(sql, &[owner.into(), currency.code().into()]).await?;
        let first = rows.first().map_or(Ok(None), |row| row.maybe_int(0))?;
        let Some(first_ms) = first else { return Ok(Vec::new()) };
        let (mut months, mut at) = (Vec::new(), Time::from_unix(first_ms / 1000));
        while price::month(at) <= price::month(now) {
            months.push(price::month(at));
            at = price::next_month(at);
        }
        months.reverse();
        Ok(months)
    }

    /// The currencies in which an owner has entries.
    pub(super) async fn currencies(&self, owner: &str) -> Result<Vec<Currency>, StoreError> {
        currencies(self.db(), owner).await
    }

    /// The statement that an address asks for by its month, of an owner whom the person may act for; that of this month
    /// where it names none.
    ///
    /// # Errors
    /// Not found where no page of this owner speaks of money.
    pub async fn statement_for(&self, me: &Me, owner: &str) -> Result<Statement, Fault> {
        if !super::pages::is_shown(self.db(), owner, &me.cx).await? {
            return Err(Fault::NotFound);
        }
        let currency = self.currency_of(owner, &me.cx).await?;
        let month = parse_month(&me.cx.query("month")).unwrap_or_else(|| price::month(me.cx.now));
        self.statement(owner, currency, month).await?.ok_or(Fault::NotFound)
    }

    /// The statement of a month.
    pub(super) async fn statement(
        &self,
        owner: &str,
        currency: Currency,
        month: i64,
    ) -> Result<Option<Statement>, StoreError> {
        let Some((begin, end)) = bounds(month) else { return Ok(None) };
        let (own, code) = (Account::Balance(owner).name(), currency.code());
        let (begin_ms, end_ms) = (begin.unix_s() * 1000, end.unix_s() * 1000);
        let sql = "select cast(coalesce(sum(case when m.to_account = $1 then m.amount else 0 - m.amount end), 0) as bigint) \
                   from billing_entry e join billing_move m on m.entry = e.id \
                   where (m.to_account = $1 or m.from_account = $1) and m.currency = $2 and e.made_ms < $3";
        let rows = self.db().rows(sql, &[own.as_str().into(), code.into(), begin_ms.into()]).await?;
        let opening = rows.first().map_or(Ok(0), |row| row.int(0))?;
        let sql = "select id, owner, currency, price, units, free_units, gigabytes, amount, granted, state, made_s \
                   from billing_hold where owner = $1 and currency = $2 and made_s < $4 \
                   and (made_s >= $3 or ended_s >= $3) limit 100000";
        let values = [owner.into(), code.into(), begin.unix_s().into(), end.unix_s().into()];
        let mut charges = HashMap::new();
        for row in self.db().rows(sql, &values).await? {
            let charge = holds::read(&row)?;
            charges.insert(charge.id.clone(), charge);
        }
        let sql = "select e.kind, e.object, e.made_ms, \
                   cast(coalesce(sum(case when m.to_account = $1 then m.amount when m.from_account = $1 then 0 - m.amount \
                     else 0 end), 0) as bigint) \
                   from billing_entry e join billing_move m on m.entry = e.id \
                   where e.owner = $2 and e.currency = $3 and e.made_ms >= $4 and e.made_ms < $5 \
                   and e.kind not in ('charge', 'refund-done') \
                   group by e.id, e.kind, e.object, e.made_ms order by e.made_ms, e.id limit $6";
        let values = [own.into(), owner.into(), code.into(), begin_ms.into(), end_ms.into(), LINES_MAX.into()];
        let (mut lines, mut balance) = (Vec::new(), opening);
        for row in self.db().rows(sql, &values).await? {
            let Some(kind) = Kind::parse(row.text(0)?) else { continue };
            let (object, change) = (row.text(1)?.to_owned(), row.int(3)?);
            balance += change;
            let charge = charges.get(&object).cloned();
            lines.push(Line { made: Time::from_unix(row.int(2)? / 1000), kind, object, change, balance, charge });
        }
        Ok(Some(Statement { month, currency, opening, lines }))
    }
}

/// A value in a CSV file; what a table program would take for a formula is shown as text.
pub(super) fn csv(text: &str) -> String {
    let is_number = text.strip_prefix('-').unwrap_or(text).bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// A line of a CSV file (RFC 4180).
pub(super) fn csv_line(values: &[&str]) -> String {
    values.iter().map(|value| csv(value)).collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_program_computes_nothing() {
        assert_eq!(csv_line(&["-12.50", "=1+1", "a,\"b\"", "@x"]), "-12.50,'=1+1,\"a,\"\"b\"\"\",'@x\r\n");
        assert_eq!(csv("-1-1"), "'-1-1");
    }

    #[test]
    fn months_are_read_strictly() {
        assert_eq!(parse_month("2026-11"), Some(202_611));
        for wrong in ["2026-13", "2026-00", "26-11", "2026-1", "2026-11-01", ""] {
            assert_eq!(parse_month(wrong), None, "{wrong}");
        }
        assert_eq!(month_text(202_611), "2026-11");
    }
}

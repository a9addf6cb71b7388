//! From a hold to a charge: what a record costs is held in the transaction that reserves the record, and
//! charged in the one that keeps it, or released where it is not made. Each of these happens once.

use super::ledger::{self, Account, Entry, Kind, NotPosted};
use super::money::Currency;
use super::price::{self, Cost, PriceList, Wanted};
use proof::der::Time;
use store::{Row, StoreError, Tx};

/// What is to be held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewHold<'a> {
    /// What it is for: `record/NUMBER`. Held once under this name.
    pub id: &'a str,
    /// Who pays: `person/ID` or `organisation/ID`.
    pub owner: &'a str,
    /// What is made.
    pub wanted: Wanted,
    /// The price list that was shown and agreed to, where one was.
    pub agreed: Option<i64>,
    pub actor: &'a str,
    pub now: Time,
}

/// Why nothing was held.
#[derive(Debug)]
pub(crate) enum NotHeld {
    /// There is too little money; what it costs, and the list.
    Short(Cost, PriceList),
    /// The free units of the month are used, and the list has no price beyond them.
    FreeUsed,
    /// Another list holds now than the one agreed to.
    Changed,
    /// No amount is so large.
    TooMuch,
    Store(StoreError),
}

impl From<StoreError> for NotHeld {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What was held or charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// What it is for: `record/NUMBER`.
    pub id: String,
    /// Who pays.
    pub owner: String,
    /// The currency.
    pub currency: Currency,
    /// The version of the price list.
    pub price: i64,
    /// What it cost.
    pub cost: Cost,
    /// `held`, `charged`, `released` or `refunded`.
    pub state: String,
    /// When it was held.
    pub made: Time,
}

impl Charge {
    /// Where the statement of its owner has it.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}?month={}", super::place_of(&self.owner), super::statement::month_text(price::month(self.made)))
    }
}

const BY_ID: &str = "select id, owner, currency, price, units, free_units, gigabytes, amount, granted, state, made_s \
     from billing_hold where id = $1";

pub(super) fn read(row: &Row) -> Result<Charge, StoreError> {
    let code = row.text(2)?;
    let currency = Currency::parse(code);
    let currency = currency.ok_or_else(|| StoreError::Broken(format!("{code} is no currency; restore a backup")))?;
    let cost = Cost {
        units: row.int(4)?,
        free_units: row.int(5)?,
        gigabytes: row.int(6)?,
        amount: row.int(7)?,
        granted: row.int(8)?,
    };
    Ok(Charge {
        id: row.text(0)?.to_owned(),
        owner: row.text(1)?.to_owned(),
        currency,
        price: row.int(3)?,
        cost,
        state: row.text(9)?.to_owned(),
        made: Time::from_unix(row.int(10)?),
    })
}

pub(super) async fn find(db: &store::Db, id: &str) -> Result<Option<Charge>, StoreError> {
    db.rows(BY_ID, &[id.into()]).await?.first().map(read).transpose()
}

/// Holds what a record costs; false where it costs nothing.
pub(crate) async fn hold(tx: &mut Tx, new: &NewHold<'_>) -> Result<bool, NotHeld> {
    let list = price::at_in(tx, new.now).await?.filter(|list| !list.is_free());
    let Some(list) = list else { return Ok(false) };
    if new.agreed.is_some_and(|version| version != list.version) {
        return Err(NotHeld::Changed);
    }
    let month = price::month(new.now);
    let sql = "insert into billing_free (owner, month, used) values ($1, $2, 0) on conflict do nothing";
    tx.execute(sql, &[new.owner.into(), month.into()]).await?;
    let sql = "select used from billing_free where owner = $1 and month = $2";
    let rows = tx.rows(sql, &[new.owner.into(), month.into()]).await?;
    let used = rows.first().map_or(Ok(0), |row| row.int(0))?;
    let cost = list.cost(new.wanted, list.free_units - used).ok_or(NotHeld::TooMuch)?;
    if cost.amount == 0 && cost.granted == 0 {
        return Ok(false);
    }
    if list.waits && cost.free_units < cost.units {
        return Err(NotHeld::FreeUsed);
    }
    let sql = "insert into billing_hold (id, owner, currency, price, units, free_units, gigabytes, amount, granted, \
               month, state, made_s) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'held', $11) on conflict do nothing";
    let values = [
        new.id.into(),
        new.owner.into(),
        list.currency.code().into(),
        list.version.into(),
        cost.units.into(),
        cost.free_units.into(),
        cost.gigabytes.into(),
        cost.amount.into(),
        cost.granted.into(),
        month.into(),
        new.now.unix_s().into(),
    ];
    if tx.execute(sql, &values).await? == 0 {
        return Ok(true);
    }
    let sql = "update billing_free set used = used + $3 where owner = $1 and month = $2";
    tx.execute(sql, &[new.owner.into(), month.into(), cost.free_units.into()]).await?;
    let entry = Entry {
        id: &format!("hold/{}", new.id),
        currency: list.currency,
        kind: Kind::Hold,
        owner: new.owner,
        object: new.id,
        actor: new.actor,
        now: new.now,
    };
    let moves = [
        (Account::Balance(new.owner), Account::Held(new.owner), cost.amount),
        (Account::Grants, Account::Held(new.owner), cost.granted),
    ];
    match ledger::post(tx, &entry, &moves).await {
        Ok(_) => Ok(true),
        Err(NotPosted::Short) => Err(NotHeld::Short(cost, list)),
        Err(NotPosted::Store(error)) => Err(error.into()),
    }
}

/// What may become of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The record is there.
    Charge,
    /// It will not be made.
    Release,
    /// It is there and costs nothing after all.
    Return,
}

/// Ends a hold; false where there is none in the state before. Done twice, it is done once.
pub(crate) async fn end(tx: &mut Tx, id: &str, how: End, actor: &str, now: Time) -> Result<bool, StoreError> {
    let (before, after, kind) = match how {
        End::Charge => ("held", "charged", Kind::Charge),
        End::Release => ("held", "released", Kind::Release),
        End::Return => ("charged", "refunded", Kind::Return),
    };
    let sql = "update billing_hold set state = $3, ended_s = $4 where id = $1 and state = $2";
    if tx.execute(sql, &[id.into(), before.into(), after.into(), now.unix_s().into()]).await? == 0 {
        return Ok(false);
    }
    let rows = tx.rows(BY_ID, &[id.into()]).await?;
    let held = rows.first().map(read).transpose()?;
    let held = held.ok_or_else(|| StoreError::Broken("a hold that is not there".to_owned()))?;
    let (owner, cost) = (held.owner.as_str(), held.cost);
    let (balance, own) = (Account::Balance(owner), Account::Held(owner));
    let moves = match how {
        End::Charge => [(own, Account::Revenue, cost.amount), (own, Account::Revenue, cost.granted)],
        End::Release => [(own, balance, cost.amount), (own, Account::Grants, cost.granted)],
        End::Return => [(Account::Revenue, balance, cost.amount), (Account::Revenue, Account::Grants, cost.granted)],
    };
    if how == End::Release {
        let sql = "update billing_free set used = used - $2 where owner = $1 and month = \
                   (select month from billing_hold where id = $3)";
        tx.execute(sql, &[owner.into(), cost.free_units.into(), id.into()]).await?;
    }
    let name = format!("{}/{id}", kind.name());
    let entry = Entry { id: &name, currency: held.currency, kind, owner, object: id, actor, now };
    match ledger::post(tx, &entry, &moves).await {
        Ok(_) => Ok(true),
        Err(NotPosted::Short) => Err(StoreError::Broken(format!("{owner} has less held than its holds"))),
        Err(NotPosted::Store(error)) => Err(error),
    }
}

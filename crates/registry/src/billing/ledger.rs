//! The books: accounts, and entries that move amounts between them. Entries are added and never changed.
//!
//! A move names where an amount comes from and where it goes, so that no entry can be unbalanced. Every
//! entry has a key of its own, and the same key is posted once. The balance of an owner and what is held
//! of it are kept as sums, because they may not fall below zero; all other accounts are summed when asked.

use super::money::Currency;
use proof::der::Time;
use store::{Db, StoreError, Tx};

/// An account of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account<'a> {
    /// What an owner has to spend.
    Balance(&'a str),
    /// What is held of it until a record is there.
    Held(&'a str),
    /// What records brought.
    Revenue,
    /// What the free units of each month would have cost.
    Grants,
    /// What came in and went out: through a provider, or `bank`.
    Cash(&'a str),
    /// What a provider is asked to give back and has not yet.
    Refunds(&'a str),
    /// What will not be paid any more.
    WriteOffs,
}

impl Account<'_> {
    /// Its name in the database.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Balance(owner) => format!("balance/{owner}"),
            Self::Held(owner) => format!("held/{owner}"),
            Self::Revenue => "revenue".to_owned(),
            Self::Grants => "grants".to_owned(),
            Self::Cash(where_) => format!("cash/{where_}"),
            Self::Refunds(where_) => format!("refunds/{where_}"),
            Self::WriteOffs => "write-offs".to_owned(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Balance(_) => "balance",
            Self::Held(_) => "held",
            Self::Revenue => "revenue",
            Self::Grants => "grants",
            Self::Cash(_) => "cash",
            Self::Refunds(_) => "refunds",
            Self::WriteOffs => "write-offs",
        }
    }

    fn is_kept(&self) -> bool {
        matches!(self, Self::Balance(_) | Self::Held(_))
    }
}

/// Why an entry was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Money came in.
    TopUp,
    /// The cost of a record is held.
    Hold,
    /// A record was kept.
    Charge,
    /// A record was not made after all.
    Release,
    /// What a record cost was given back.
    Return,
    /// A payment is to go back where it came from.
    RefundAsked,
    /// It went back.
    RefundDone,
    /// It could not go back.
    RefundFailed,
    /// Money went out by bank.
    PaidOut,
    /// What is owed will not be paid.
    WriteOff,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::TopUp,
        Self::Hold,
        Self::Charge,
        Self::Release,
        Self::Return,
        Self::RefundAsked,
        Self::RefundDone,
        Self::RefundFailed,
        Self::PaidOut,
        Self::WriteOff,
    ];

    /// Its name in the database and in exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TopUp => "top-up",
            Self::Hold => "hold",
            Self::Charge => "charge",
            Self::Release => "release",
            Self::Return => "return",
            Self::RefundAsked => "refund-asked",
            Self::RefundDone => "refund-done",
            Self::RefundFailed => "refund-failed",
            Self::PaidOut => "paid-out",
            Self::WriteOff => "write-off",
        }
    }

    /// What it is called for people: a message of this room.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::TopUp => "kind-top-up",
            Self::Hold => "kind-hold",
            Self::Charge => "kind-charge",
            Self::Release => "kind-release",
            Self::Return => "kind-return",
            Self::RefundAsked => "kind-refund-asked",
            Self::RefundDone => "kind-refund-done",
            Self::RefundFailed => "kind-refund-failed",
            Self::PaidOut => "kind-paid-out",
            Self::WriteOff => "kind-write-off",
        }
    }

    /// That of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An entry to be made.
pub(super) struct Entry<'a> {
    /// Posted once under this key.
    pub id: &'a str,
    pub currency: Currency,
    pub kind: Kind,
    /// Whom it concerns: `person/ID` or `organisation/ID`.
    pub owner: &'a str,
    /// What it is about: `record/NUMBER`, `order/ID`, a reference. Never a name.
    pub object: &'a str,
    pub actor: &'a str,
    pub now: Time,
}

/// An amount that goes from one account to another; nothing where it is zero.
pub(super) type Move<'a> = (Account<'a>, Account<'a>, i64);

/// Why an entry was not made.
#[derive(Debug)]
pub(super) enum NotPosted {
    /// There is not so much in the account.
    Short,
    Store(StoreError),
}

impl From<StoreError> for NotPosted {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Posts an entry; false where it stands there already, and then nothing is changed.
pub(super) async fn post(tx: &mut Tx, entry: &Entry<'_>, moves: &[Move<'_>]) -> Result<bool, NotPosted> {
    let code = entry.currency.code();
    let sql = "insert into billing_entry (id, currency, kind, owner, object, actor, made_ms) \
               values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
    let values = [
        entry.id.into(),
        code.into(),
        entry.kind.name().into(),
        entry.owner.into(),
        entry.object.into(),
        entry.actor.into(),
        (entry.now.unix_s() * 1000 + i64::from(entry.now.nanos() / 1_000_000)).into(),
    ];
    if tx.execute(sql, &values).await? == 0 {
        return Ok(false);
    }
    for (line, (from, to, amount)) in moves.iter().enumerate().filter(|(_, (.., amount))| *amount != 0) {
        for account in [from, to] {
            let balance = account.is_kept().then_some(0_i64);
            let sql = "insert into billing_account (name, currency, kind, balance, credit) values ($1, $2, $3, $4, 0) \
                       on conflict do nothing";
            tx.execute(sql, &[account.name().into(), code.into(), account.kind().into(), balance.into()]).await?;
        }
        if from.is_kept() {
            let sql = "update billing_account set balance = balance - $3 \
                       where name = $1 and currency = $2 and balance + credit >= $3";
            if tx.execute(sql, &[from.name().into(), code.into(), (*amount).into()]).await? == 0 {
                return Err(NotPosted::Short);
            }
        }
        if to.is_kept() {
            let sql = "update billing_account set balance = balance + $3 where name = $1 and currency = $2";
            tx.execute(sql, &[to.name().into(), code.into(), (*amount).into()]).await?;
        }
        let sql = "insert into billing_move (entry, line, currency, from_account, to_account, amount) \
                   values ($1, $2, $3, $4, $5, $6)";
        let values = [
            entry.id.into(),
            (line as i64).into(),
            code.into(),
            from.name().into(),
            to.name().into(),
            (*amount).into(),
        ];
        tx.execute(sql, &values).await?;
    }
    Ok(true)
}

/// What an owner has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funds {
    /// To spend; below zero by no more than the credit.
    pub balance: i64,
    /// Held for records that are being made.
    pub held: i64,
    /// How far below zero the balance may go.
    pub credit: i64,
}

impl Funds {
    /// What may be spent now.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.balance + self.credit
    }
}

/// What an owner has in one currency.
pub(super) async fn funds(db: &Db, owner: &str, currency: Currency) -> Result<Funds, StoreError> {
    let sql = "select kind, balance, credit from billing_account where name in ($1, $2) and currency = $3";
    let names = [Account::Balance(owner).name().into(), Account::Held(owner).name().into(), currency.code().into()];
    let mut funds = Funds::default();
    for row in db.rows(sql, &names).await? {
        match row.text(0)? {
            "balance" => (funds.balance, funds.credit) = (row.int(1)?, row.int(2)?),
            _ => funds.held = row.int(1)?,
        }
    }
    Ok(funds)
}

/// What is wrong with the books; empty where they balance.
pub(super) async fn faults(db: &Db) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    // What each kept account says, against its moves.
    let sql = "select a.name, a.currency, a.balance, a.credit, a.kind, \
               cast(coalesce((select sum(m.amount) from billing_move m \
                 where m.to_account = a.name and m.currency = a.currency), 0) \
               - coalesce((select sum(m.amount) from billing_move m \
                 where m.from_account = a.name and m.currency = a.currency), 0) as bigint) \
               from billing_account a where a.balance is not null";
    for row in db.rows(sql, &[]).await? {
        let (name, balance, summed) = (row.text(0)?, row.int(2)?, row.int(5)?);
        if balance != summed {
            faults.push(format!("{name} {}: {balance} is kept, its moves come to {summed}", row.text(1)?));
        }
        if balance + row.int(3)? < 0 {
            faults.push(format!("{name} {}: {balance} is below what it may be", row.text(1)?));
        }
    }
    // Every hold and charge, against its entries.
    let sql = "select h.id, h.state from billing_hold h where \
               not exists (select 1 from billing_entry e where e.id = 'hold/' || h.id) \
               or (h.state in ('charged', 'refunded')) <> exists (select 1 from billing_entry e where e.id = 'charge/' || h.id) \
               or (h.state = 'released') <> exists (select 1 from billing_entry e where e.id = 'release/' || h.id) \
               or (h.state = 'refunded') <> exists (select 1 from billing_entry e where e.id = 'return/' || h.id)";
    for row in db.rows(sql, &[]).await? {
        faults.push(format!("hold {} is {}, and its entries say otherwise", row.text(0)?, row.text(1)?));
    }
    // What is held in all, against the holds that are open.
    let sql = "select a.name, a.currency, a.balance from billing_account a where a.kind = 'held' and a.balance <> \
               cast(coalesce((select sum(h.amount + h.granted) from billing_hold h \
               where h.state = 'held' and 'held/' || h.owner = a.name and h.currency = a.currency), 0) as bigint)";
    for row in db.rows(sql, &[]).await? {
        faults.push(format!(
            "{} {}: {} is held, the open holds come to another sum",
            row.text(0)?,
            row.text(1)?,
            row.int(2)?
        ));
    }
    let sql = "select o.id from billing_order o where (o.state in ('paid', 'refunded')) <> \
               exists (select 1 from billing_entry e where e.id = 'order/' || o.id)";
    for row in db.rows(sql, &[]).await? {
        faults.push(format!("order {}: its state and its entries differ", row.text(0)?));
    }
    let sql = "select e.id from billing_entry e where not exists (select 1 from billing_move m where m.entry = e.id)";
    for row in db.rows(sql, &[]).await? {
        faults.push(format!("entry {} moves nothing", row.text(0)?));
    }
    Ok(faults)
}

/// The accounts with what is in them, by kind and currency: balances and holds of all owners in one line each.
pub(super) async fn totals(db: &Db) -> Result<Vec<(String, String, i64)>, StoreError> {
    let sql = "select case when a.kind in ('balance', 'held') then a.kind else a.name end, a.currency, \
               cast(sum(coalesce((select sum(m.amount) from billing_move m \
                 where m.to_account = a.name and m.currency = a.currency), 0) \
               - coalesce((select sum(m.amount) from billing_move m \
                 where m.from_account = a.name and m.currency = a.currency), 0)) as bigint) \
               from billing_account a group by 1, 2 order by 2, 1";
    let rows = db.rows(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.int(2)?))).collect()
}

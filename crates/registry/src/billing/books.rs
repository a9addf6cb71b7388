//! What the operator books by hand: money that came or went by bank, credit, what is written off, what a
//! record cost given back. Each is a line of the owner's trail and of the node's, in the same transaction.

use super::holds::{self, End};
use super::ledger::{self, Account, Entry, Kind, NotPosted};
use super::money::{AMOUNT_MAX, Currency};
use super::{Billing, WORDS, scope_of};
use crate::accounts::Me;
use crate::accounts::audit::{Act, Scope, note};
use crate::web::Fault;
use store::{StoreError, Tx};

/// What is booked by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// A bank transfer came in.
    BankIn,
    /// One went back.
    BankOut,
    /// What is owed will not be paid.
    WriteOff,
}

async fn note_both(tx: &mut Tx, me: &Me, owner: &str, act: Act, object: &str) -> Result<(), StoreError> {
    for scope in [scope_of(owner), Scope::Node] {
        note(tx, &scope, &me.actor(), act, object, me.cx.now).await?;
    }
    Ok(())
}

/// Whether a reference can stand in the books: a number of a bank, never a name or a sentence.
pub(super) fn is_reference(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
}

impl Billing {
    /// Books by hand, once for each reference.
    ///
    /// # Errors
    /// A field fault where the reference was booked before, or there is not so much.
    pub async fn book(
        &self,
        me: &Me,
        (owner, currency): (&str, Currency),
        how: ByHand,
        (amount, reference): (i64, &str),
    ) -> Result<(), Fault> {
        let w = me.cx.words(&WORDS);
        let field = |field: &'static str, id: &str| Fault::Field { field, what: w.say(id) };
        if !is_reference(reference) {
            return Err(field("reference", "reference-wrong"));
        }
        if !(1..=AMOUNT_MAX).contains(&amount) {
            return Err(field("amount", "amount-wrong"));
        }
        let (name, kind, act) = match how {
            ByHand::BankIn => ("bank-in", Kind::TopUp, Act::ToppedUp),
            ByHand::BankOut => ("bank-out", Kind::PaidOut, Act::Refunded),
            ByHand::WriteOff => ("write-off", Kind::WriteOff, Act::WrittenOff),
        };
        let (balance, bank) = (Account::Balance(owner), Account::Cash("bank"));
        let moves = match how {
            ByHand::BankIn => [(bank, balance, amount)],
            ByHand::BankOut => [(balance, bank, amount)],
            ByHand::WriteOff => [(Account::WriteOffs, balance, amount)],
        };
        let object = format!("{name}/{reference}");
        let id = format!("{object}/{}", currency.code());
        let booked: Result<(), Fault> = store::transaction!(self.db(), tx => {
            let actor = me.actor();
            let entry = Entry { id: &id, currency, kind, owner, object: &object, actor: &actor, now: me.cx.now };
            match ledger::post(tx, &entry, &moves).await {
                Ok(true) => Ok(note_both(tx, me, owner, act, &object).await?),
                Ok(false) => Err(field("reference", "reference-used")),
                Err(NotPosted::Short) => Err(field("amount", "amount-short")),
                Err(NotPosted::Store(error)) => Err(error.into()),
            }
        });
        booked
    }

    /// Lets an owner's balance go below zero by this much.
    ///
    /// # Errors
    /// A field fault where the balance is below that already.
    pub async fn set_credit(&self, me: &Me, owner: &str, currency: Currency, credit: i64) -> Result<(), Fault> {
        let w = me.cx.words(&WORDS);
        let name = Account::Balance(owner).name();
        store::transaction!(self.db(), tx => {
            let sql = "insert into billing_account (name, currency, kind, balance, credit) values ($1, $2, 'balance', 0, 0) \
                       on conflict do nothing";
            tx.execute(sql, &[name.as_str().into(), currency.code().into()]).await?;
            let sql = "update billing_account set credit = $3 where name = $1 and currency = $2 and balance + $3 >= 0";
            if tx.execute(sql, &[name.as_str().into(), currency.code().into(), credit.into()]).await? == 0 {
                return Err(Fault::Field { field: "credit", what: w.say("credit-short") });
            }
            Ok(note_both(tx, me, owner, Act::CreditSet, &format!("credit/{}/{credit}", currency.code())).await?)
        })
    }

    /// Gives back what a record cost; the record stays.
    ///
    /// # Errors
    /// Not found where nothing was charged, or it was given back.
    pub async fn give_back(&self, me: &Me, id: &str) -> Result<(), Fault> {
        let charge = holds::find(self.db(), id).await?.ok_or(Fault::NotFound)?;
        store::transaction!(self.db(), tx => {
            match holds::end(tx, id, End::Return, &me.actor(), me.cx.now).await? {
                true => Ok(note_both(tx, me, &charge.owner, Act::ChargeReturned, id).await?),
                false => Err(Fault::NotFound),
            }
        })
    }

    /// The newest charges of an owner.
    pub(super) async fn charges_of(&self, owner: &str, count: i64) -> Result<Vec<super::Charge>, StoreError> {
        let sql = "select id, owner, currency, price, units, free_units, gigabytes, amount, granted, state, made_s \
                   from billing_hold where owner = $1 order by made_s desc, id limit $2";
        self.db().rows(sql, &[owner.into(), count.into()]).await?.iter().map(holds::read).collect()
    }

    /// Owners that have something or owe something: who, currency, funds.
    pub(super) async fn balances(&self, count: i64) -> Result<Vec<(String, Currency, i64, i64)>, StoreError> {
        let sql = "select name, currency, balance, credit from billing_account \
                   where kind = 'balance' and (balance <> 0 or credit <> 0) order by balance desc, name limit $1";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[count.into()]).await? {
            let owner = row.text(0)?.trim_start_matches("balance/").to_owned();
            found.extend(Currency::parse(row.text(1)?).map(|c| Ok((owner, c, row.int(2)?, row.int(3)?))).transpose()?);
        }
        Ok(found)
    }
}

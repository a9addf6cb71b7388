//! Orders: money on its way in through a provider, and back.
//!
//! An order is written before the provider hears of it, and asked about until it is at an end: a notice
//! that is lost, doubled or late changes nothing but when. What is booked is what was ordered, once.

use super::ledger::{self, Account, Entry, Kind, NotPosted};
use super::money::Currency;
use super::provider::{NewPayment, NewRefund, Payment, Provider, Refund};
use super::{Billing, WORDS, refused, scope_of};
use crate::accounts::audit::{Act, Scope, note};
use crate::accounts::{Me, new_id};
use crate::web::{Code, Fault};
use proof::der::Time;
use std::sync::Arc;
use store::{Row, StoreError};
use trust::TrustError;

/// How long an order can be paid.
const DUE_S: i64 = 7_200;
/// An order of a moment ago is not asked about: the notice comes by itself.
const ASK_AGAIN_S: i64 = 20;
/// Orders that one round asks about.
const ROUND: i64 = 100;
/// The most that one order brings, in the smallest unit.
pub(super) const ORDER_MAX: i64 = 100_000_000;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// It can be paid.
    Made,
    /// It was paid.
    Paid,
    /// It was not paid in time.
    Expired,
    /// The provider ended it, or what was paid is not what was ordered.
    Failed,
    /// It was paid, and all of it went back.
    Refunded,
}

impl OrderState {
    const ALL: [Self; 5] = [Self::Made, Self::Paid, Self::Expired, Self::Failed, Self::Refunded];

    /// Its name in the database and in exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Paid => "paid",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
        }
    }

    /// What it is called for people: a message of this room.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Made => "order-made",
            Self::Paid => "order-paid",
            Self::Expired => "order-expired",
            Self::Failed => "order-failed",
            Self::Refunded => "order-refunded",
        }
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id, here and at the provider.
    pub id: String,
    /// For whom.
    pub owner: String,
    /// By whom: a person's id.
    pub person: String,
    /// Through whom.
    pub provider: String,
    /// The currency.
    pub currency: Currency,
    /// How much.
    pub amount: i64,
    /// How much of it went back or is on its way back.
    pub refunded: i64,
    /// Where it stands.
    pub state: OrderState,
    /// What the payer's app opens.
    pub address: Option<String>,
    /// What the provider knows the payment by.
    pub reference: Option<String>,
    /// When it was made.
    pub made: Time,
    /// Until when it can be paid.
    pub due: Time,
}

pub(super) fn read(row: &Row) -> Result<Order, StoreError> {
    let (code, state) = (row.text(4)?, row.text(7)?);
    let wrong = |what: &str| StoreError::Broken(format!("{what:?} in an order; restore a backup"));
    Ok(Order {
        id: row.text(0)?.to_owned(),
        owner: row.text(1)?.to_owned(),
        person: row.text(2)?.to_owned(),
        provider: row.text(3)?.to_owned(),
        currency: Currency::parse(code).ok_or_else(|| wrong(code))?,
        amount: row.int(5)?,
        refunded: row.int(6)?,
        state: OrderState::ALL.into_iter().find(|known| known.name() == state).ok_or_else(|| wrong(state))?,
        address: row.maybe_text(8)?.map(str::to_owned),
        reference: row.maybe_text(9)?.map(str::to_owned),
        made: Time::from_unix(row.int(10)?),
        due: Time::from_unix(row.int(11)?),
    })
}

/// Calls a provider beside the requests.
async fn call<T: Send + 'static>(
    provider: &Arc<dyn Provider>,
    work: impl FnOnce(&dyn Provider) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let provider = Arc::clone(provider);
    let done = tokio::task::spawn_blocking(move || work(provider.as_ref())).await;
    done.unwrap_or_else(|e| Err(e.to_string()))
}

impl Billing {
    /// Orders a payment for an owner, and begins it at the provider.
    ///
    /// # Errors
    /// A refusal where nobody takes money here, or the provider does not answer.
    pub async fn order(&self, me: &Me, owner: &str, amount: i64) -> Result<Order, Fault> {
        let (now, w) = (me.cx.now, me.cx.words(&WORDS));
        let unavailable = || refused(Code::Provider, w.say("provider-silent"), w.say("provider-silent-do"));
        let provider = self.provider().ok_or(Fault::NotFound)?;
        let (id, due) = (new_id()?, now.plus_s(DUE_S));
        let (name, code) = (provider.name(), provider.currency().code());
        let made: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "insert into billing_order (id, owner, person, provider, currency, amount, refunded, state, \
                       made_s, due_s, asked_s) values ($1, $2, $3, $4, $5, $6, 0, 'made', $7, $8, $7)";
            let values = [
                id.as_str().into(),
                owner.into(),
                me.person.id.as_str().into(),
                name.into(),
                code.into(),
                amount.into(),
                now.unix_s().into(),
                due.unix_s().into(),
            ];
            tx.execute(sql, &values).await?;
            note(tx, &scope_of(owner), &me.actor(), Act::OrderMade, &format!("order/{id}"), now).await
        });
        made?;
        let (order, what) = (id.clone(), w.say("order-what"));
        let begun = call(provider, move |provider| {
            provider.begin(&NewPayment { order: &order, what: &what, amount, due }, now)
        });
        match begun.await {
            Ok(address) => {
                let sql = "update billing_order set address = $2 where id = $1";
                self.db().execute(sql, &[id.as_str().into(), address.into()]).await?;
            }
            Err(cause) => {
                // It may have begun there: it is asked about until it is at an end.
                tracing::error!(cause, order = id, "a payment is not begun");
                return Err(unavailable());
            }
        }
        self.order_of(owner, &id).await?.ok_or(Fault::NotFound)
    }

    /// An order of an owner.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn order_of(&self, owner: &str, id: &str) -> Result<Option<Order>, StoreError> {
        let sql = "select id, owner, person, provider, currency, amount, refunded, state, address, reference, made_s, due_s \
                   from billing_order where id = $2 and owner = $1";
        self.db().rows(sql, &[owner.into(), id.into()]).await?.first().map(read).transpose()
    }

    /// The orders of an owner, the newest first.
    pub(super) async fn orders_of(&self, owner: &str, count: i64) -> Result<Vec<Order>, StoreError> {
        let sql = "select id, owner, person, provider, currency, amount, refunded, state, address, reference, made_s, due_s \
                   from billing_order where owner = $1 order by made_s desc, id limit $2";
        self.db().rows(sql, &[owner.into(), count.into()]).await?.iter().map(read).collect()
    }

    /// All orders, the newest first.
    pub(super) async fn orders(&self, count: i64) -> Result<Vec<Order>, StoreError> {
        let sql = "select id, owner, person, provider, currency, amount, refunded, state, address, reference, made_s, due_s \
                   from billing_order order by made_s desc, id limit $1";
        self.db().rows(sql, &[count.into()]).await?.iter().map(read).collect()
    }

    /// Asks the provider how an order stands, and takes that over.
    ///
    /// # Errors
    /// Where no answer that counts came.
    pub(super) async fn ask_about(&self, order: &str, due: Time, now: Time) -> Result<(), TrustError> {
        let Some(provider) = self.provider() else { return Ok(()) };
        let sql = "update billing_order set asked_s = $2 where id = $1";
        self.db().execute(sql, &[order.into(), now.unix_s().into()]).await?;
        let id = order.to_owned();
        let asked = call(provider, move |provider| provider.ask(&id, now)).await.map_err(TrustError::Broken)?;
        if asked != Payment::Open || now.unix_s() < due.unix_s() {
            return self.settle(order, &asked, now).await;
        }
        // Closed there first: whoever pays in this moment has paid, and closing says so.
        let id = order.to_owned();
        call(provider, move |provider| provider.close(&id, now)).await.map_err(TrustError::Broken)?;
        self.settle(order, &Payment::Ended, now).await
    }

    /// Takes over how a payment stands. Told again, nothing changes.
    ///
    /// # Errors
    /// Where the database fails, or the payment was booked for another order.
    pub async fn settle(&self, order: &str, payment: &Payment, now: Time) -> Result<(), TrustError> {
        let settled: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "select id, owner, person, provider, currency, amount, refunded, state, address, reference, made_s, due_s \
                       from billing_order where id = $1";
            let rows = tx.rows(sql, &[order.into()]).await?;
            // One that we never made moves nothing.
            let Some(row) = rows.first() else { return Ok(()) };
            let known = read(row)?;
            let (reference, amount, currency) = match payment {
                Payment::Open => return Ok(()),
                Payment::Ended => {
                    let state = if now.unix_s() < known.due.unix_s() { OrderState::Failed } else { OrderState::Expired };
                    let sql = "update billing_order set state = $2 where id = $1 and state = 'made'";
                    return tx.execute(sql, &[order.into(), state.name().into()]).await.map(drop);
                }
                Payment::Paid { reference, amount, currency } => (reference, *amount, currency),
            };
            if amount != known.amount || currency != known.currency.code() {
                tracing::error!(order, amount, currency, "what was paid is not what was ordered; see the provider");
                let sql = "update billing_order set state = 'failed', why = 'amount' where id = $1 and state in ('made', 'expired')";
                return tx.execute(sql, &[order.into()]).await.map(drop);
            }
            let sql = "update billing_order set state = 'paid', reference = $2, paid_s = $3 \
                       where id = $1 and state in ('made', 'expired', 'failed')";
            if tx.execute(sql, &[order.into(), reference.as_str().into(), now.unix_s().into()]).await? == 0 {
                return Ok(());
            }
            let entry = Entry {
                id: &format!("order/{order}"),
                currency: known.currency,
                kind: Kind::TopUp,
                owner: &known.owner,
                object: &format!("order/{order}"),
                actor: "node",
                now,
            };
            let moves = [(Account::Cash(&known.provider), Account::Balance(&known.owner), amount)];
            posted(ledger::post(tx, &entry, &moves).await)?;
            note(tx, &scope_of(&known.owner), "node", Act::ToppedUp, &format!("order/{order}"), now).await
        });
        Ok(settled?)
    }

    /// Gives back a payment, or a part of it, the way it came.
    ///
    /// # Errors
    /// A field fault where there is not so much of it left, here or with the owner.
    pub(super) async fn refund(&self, me: &Me, order: &str, amount: i64) -> Result<(), Fault> {
        let (now, w, id) = (me.cx.now, me.cx.words(&WORDS), new_id()?);
        let too_much = || Fault::Field { field: "amount", what: w.say("refund-too-much") };
        let provider = self.provider().ok_or(Fault::NotFound)?;
        let sql = "select id, owner, person, provider, currency, amount, refunded, state, address, reference, made_s, due_s \
                   from billing_order where id = $1 and provider = $2";
        let rows = self.db().rows(sql, &[order.into(), provider.name().into()]).await?;
        let known = rows.first().map(read).transpose()?.ok_or(Fault::NotFound)?;
        let asked: Result<(), Fault> = store::transaction!(self.db(), tx => {
            let sql = "update billing_order set refunded = refunded + $2 \
                       where id = $1 and state = 'paid' and refunded + $2 <= amount";
            if tx.execute(sql, &[order.into(), amount.into()]).await? == 0 {
                return Err(too_much());
            }
            let sql = "insert into billing_refund (id, order_id, amount, state, actor, made_s, asked_s) \
                       values ($1, $2, $3, 'made', $4, $5, $5)";
            let values = [id.as_str().into(), order.into(), amount.into(), me.actor().into(), now.unix_s().into()];
            tx.execute(sql, &values).await?;
            let entry = Entry {
                id: &format!("refund-asked/{id}"),
                currency: known.currency,
                kind: Kind::RefundAsked,
                owner: &known.owner,
                object: &format!("order/{order}"),
                actor: &me.actor(),
                now,
            };
            let moves = [(Account::Balance(&known.owner), Account::Refunds(&known.provider), amount)];
            match ledger::post(tx, &entry, &moves).await {
                Ok(_) => {}
                Err(NotPosted::Short) => return Err(too_much()),
                Err(NotPosted::Store(error)) => return Err(error.into()),
            }
            for scope in [scope_of(&known.owner), Scope::Node] {
                note(tx, &scope, &me.actor(), Act::Refunded, &format!("order/{order}"), now).await?;
            }
            Ok(())
        });
        asked?;
        if let Err(error) = self.push_refund(&id, now).await {
            tracing::error!(%error, refund = id, "a refund is not confirmed yet; it is asked about again");
        }
        Ok(())
    }

    /// Asks the provider for a refund, again where that was done before: it is given once.
    async fn push_refund(&self, id: &str, now: Time) -> Result<(), TrustError> {
        let Some(provider) = self.provider() else { return Ok(()) };
        let sql = "select r.order_id, r.amount, o.amount from billing_refund r join billing_order o on o.id = r.order_id \
                   where r.id = $1 and r.state = 'made' and o.provider = $2";
        let rows = self.db().rows(sql, &[id.into(), provider.name().into()]).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let (order, amount, paid) = (row.text(0)?.to_owned(), row.int(1)?, row.int(2)?);
        let sql = "update billing_refund set asked_s = $2 where id = $1";
        self.db().execute(sql, &[id.into(), now.unix_s().into()]).await?;
        let refund = id.to_owned();
        let asked = call(provider, move |provider| {
            provider.refund(&NewRefund { refund: &refund, order: &order, amount, paid }, now)
        });
        let mut given = asked.await.map_err(TrustError::Broken)?;
        if given == Refund::Open {
            let refund = id.to_owned();
            let asked = call(provider, move |provider| provider.ask_refund(&refund, now));
            given = asked.await.map_err(TrustError::Broken)?;
        }
        self.settle_refund(id, &given, now).await
    }

    /// Takes over how a refund stands. Told again, nothing changes.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn settle_refund(&self, id: &str, refund: &Refund, now: Time) -> Result<(), TrustError> {
        let (state, reference, kind) = match refund {
            Refund::Open => return Ok(()),
            Refund::Done(reference) => ("done", Some(reference.as_str()), Kind::RefundDone),
            Refund::Failed => ("failed", None, Kind::RefundFailed),
        };
        let settled: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            let sql = "update billing_refund set state = $2, reference = $3, ended_s = $4 where id = $1 and state = 'made'";
            if tx.execute(sql, &[id.into(), state.into(), reference.into(), now.unix_s().into()]).await? == 0 {
                return Ok(());
            }
            let sql = "select o.id, o.owner, o.provider, o.currency, r.amount from billing_refund r \
                       join billing_order o on o.id = r.order_id where r.id = $1";
            let rows = tx.rows(sql, &[id.into()]).await?;
            let row = rows.first().ok_or_else(|| StoreError::Broken("a refund without an order".to_owned()))?;
            let (order, owner, provider) = (row.text(0)?, row.text(1)?, row.text(2)?);
            let (code, amount) = (row.text(3)?, row.int(4)?);
            let currency = Currency::parse(code).ok_or_else(|| StoreError::Broken(format!("{code} is no currency")))?;
            let to = if kind == Kind::RefundDone { Account::Cash(provider) } else { Account::Balance(owner) };
            let (name, object) = (format!("{}/{id}", kind.name()), format!("order/{order}"));
            let entry = Entry { id: &name, currency, kind, owner, object: &object, actor: "node", now };
            posted(ledger::post(tx, &entry, &[(Account::Refunds(provider), to, amount)]).await)?;
            let sql = match kind {
                Kind::RefundDone => "update billing_order set state = 'refunded' where id = $1 and refunded = amount \
                                     and $2 > 0 and not exists (select 1 from billing_refund where order_id = $1 and state = 'made')",
                _ => "update billing_order set refunded = refunded - $2 where id = $1",
            };
            tx.execute(sql, &[order.into(), amount.into()]).await.map(drop)
        });
        Ok(settled?)
    }

    /// Asks the provider about what is open. One that fails does not stop the others.
    pub(super) async fn reconcile(&self, now: Time) -> Result<(), TrustError> {
        let Some(provider) = self.provider() else { return Ok(()) };
        let before = [provider.name().into(), (now.unix_s() - ASK_AGAIN_S).into(), ROUND.into()];
        let sql = "select id, due_s from billing_order where state = 'made' and provider = $1 and asked_s <= $2 \
                   order by asked_s, id limit $3";
        let mut first = Ok(());
        for row in self.db().rows(sql, &before).await? {
            let (id, due) = (row.text(0)?, Time::from_unix(row.int(1)?));
            if let Err(error) = self.ask_about(id, due, now).await {
                tracing::error!(%error, order = id, "an order cannot be asked about");
                first = first.and(Err(error));
            }
        }
        let sql = "select r.id from billing_refund r join billing_order o on o.id = r.order_id \
                   where r.state = 'made' and o.provider = $1 and r.asked_s <= $2 order by r.asked_s, r.id limit $3";
        for row in self.db().rows(sql, &before).await? {
            if let Err(error) = self.push_refund(row.text(0)?, now).await {
                tracing::error!(%error, refund = row.text(0)?, "a refund cannot be asked about");
                first = first.and(Err(error));
            }
        }
        first
    }
}

fn posted(result: Result<bool, NotPosted>) -> Result<(), StoreError> {
    match result {
        Ok(_) => Ok(()),
        Err(NotPosted::Short) => Err(StoreError::Broken("an account has less than its entries say".to_owned())),
        Err(NotPosted::Store(error)) => Err(error),
    }
}

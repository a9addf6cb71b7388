//! Billing: what a record costs, who pays it, and the books (bill-01 … bill-05).
//!
//! Invariants: amounts are integers; what a record costs is held in the transaction that reserves it and
//! charged in the one that keeps it; no owner spends more than there is, however many ask at once; entries
//! are added and never changed; a payment counts once, and only as a provider or the operator confirmed it.
//! Where nothing costs anything no page speaks of money but the operator's. Evidence calls this room; it
//! knows nothing of records.

mod api;
mod books;
mod holds;
mod invoice;
mod keeper;
mod ledger;
pub mod money;
mod operator;
mod orders;
mod pages;
mod price;
pub mod provider;
mod schema;
mod statement;
#[cfg(test)]
mod tests;
pub mod wechat;
mod work;

pub use api::{ToldCharge, agreed, operations};
pub use books::ByHand;
pub use holds::Charge;
pub(crate) use holds::{End, NewHold, NotHeld};
pub use ledger::{Funds, Kind};
pub use orders::{Order, OrderState};
pub use price::{Cost, PriceList, Wanted};
pub use statement::{Line, Statement};

use crate::accounts::audit::{Act, Scope, note};
use crate::accounts::{Accounts, Me};
use crate::web::{Catalog, Code, Fault, Site, Words};
use axum::Router;
use axum::extract::FromRef;
use money::Currency;
use proof::der::Time;
use proof::report::Language;
use provider::Provider;
use std::sync::{Arc, LazyLock};
use store::{Db, StoreError, Tx};
use trust::TrustError;

static WORDS: LazyLock<Catalog> = LazyLock::new(|| Catalog::new(include_str!("zh.ftl"), include_str!("en.ftl")));

/// Who takes money, where somebody does.
#[derive(Clone, Default)]
pub struct Settings {
    /// The provider of payments.
    pub provider: Option<Arc<dyn Provider>>,
}

/// The door of this room.
#[derive(Clone)]
pub struct Billing(Arc<Inner>);

struct Inner {
    accounts: Accounts,
    provider: Option<Arc<dyn Provider>>,
}

/// What something would cost an owner now, and under which list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The list.
    pub list: PriceList,
    /// What it comes to.
    pub cost: Cost,
    /// Free units left in this month, before this.
    pub free_left: i64,
    /// What the owner has.
    pub funds: Funds,
}

impl Quote {
    /// Whether there is enough for it.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.cost.amount <= self.funds.left() || self.cost.amount == 0
    }

    /// Whether the list makes nothing more in this month.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.list.waits && self.cost.free_units < self.cost.units
    }
}

impl Billing {
    /// Opens the billing of an instance.
    ///
    /// # Errors
    /// Where the database does not open.
    pub async fn open(accounts: &Accounts, settings: Settings) -> Result<Self, TrustError> {
        let db = accounts.db().clone().with(schema::SCHEMA).await?;
        let billing = Self(Arc::new(Inner { accounts: accounts.clone(), provider: settings.provider }));
        // Neither holds the accounts: who holds each other is never closed.
        accounts.add_keeper(Arc::new(keeper::BillingKeeper(db.clone())));
        accounts.add_desk(Arc::new(pages::BillingDesk(db)));
        Ok(billing)
    }

    /// The accounts below.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    fn db(&self) -> &Db {
        self.0.accounts.db()
    }

    fn provider(&self) -> Option<&Arc<dyn Provider>> {
        self.0.provider.as_ref()
    }

    /// The list that holds now; none where nothing costs anything.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn prices(&self, now: Time) -> Result<Option<PriceList>, StoreError> {
        Ok(price::at(self.db(), now).await?.filter(|list| !list.is_free()))
    }

    /// What these would cost an owner now, each a record of its own; none where nothing costs anything.
    ///
    /// # Errors
    /// A refusal where no amount is so large.
    pub async fn quote(
        &self,
        owner: &str,
        wanted: &[Wanted],
        (now, language): (Time, Language),
    ) -> Result<Option<Quote>, Fault> {
        let Some(list) = self.prices(now).await? else { return Ok(None) };
        let free_left = self.free_left(owner, &list, now).await?;
        let mut sum = Cost::default();
        for one in wanted {
            let cost = list.cost(*one, free_left - sum.free_units).and_then(|cost| sum.and(cost));
            sum = cost.ok_or_else(|| too_much(WORDS.of(language)))?;
        }
        let funds = ledger::funds(self.db(), owner, list.currency).await?;
        Ok(Some(Quote { list, cost: sum, free_left, funds }))
    }

    /// Whether these can be paid for, before anything of them is begun.
    ///
    /// # Errors
    /// A refusal with the remedy where not.
    pub async fn check(
        &self,
        owner: &str,
        wanted: &[Wanted],
        agreed: Option<i64>,
        at: (Time, Language),
    ) -> Result<(), Fault> {
        let Some(quote) = self.quote(owner, wanted, at).await? else { return Ok(()) };
        let w = WORDS.of(at.1);
        match () {
            () if agreed.is_some_and(|version| version != quote.list.version) => Err(changed(w)),
            () if quote.waits() => Err(free_used(w)),
            () if !quote.is_enough() => Err(short(w, owner, &quote.cost, &quote.list, quote.funds.left())),
            () => Ok(()),
        }
    }

    async fn free_left(&self, owner: &str, list: &PriceList, now: Time) -> Result<i64, StoreError> {
        let sql = "select used from billing_free where owner = $1 and month = $2";
        let rows = self.db().rows(sql, &[owner.into(), price::month(now).into()]).await?;
        let used = rows.first().map_or(Ok(0), |row| row.int(0))?;
        Ok((list.free_units - used).max(0))
    }

    /// Holds what a record costs, in the transaction that reserves it.
    ///
    /// # Errors
    /// A refusal with the remedy where that cannot be paid; then the transaction must not be committed.
    pub(crate) async fn hold(&self, tx: &mut Tx, new: &NewHold<'_>, language: Language) -> Result<bool, Fault> {
        let w = WORDS.of(language);
        match holds::hold(tx, new).await {
            Ok(is_held) => Ok(is_held),
            Err(NotHeld::Short(cost, list)) => {
                let sql = "select balance + credit from billing_account where name = $1 and currency = $2";
                let name = ledger::Account::Balance(new.owner).name();
                let rows = tx.rows(sql, &[name.into(), list.currency.code().into()]).await?;
                let left = rows.first().map_or(Ok(0), |row| row.int(0))?;
                Err(short(w, new.owner, &cost, &list, left))
            }
            Err(NotHeld::FreeUsed) => Err(free_used(w)),
            Err(NotHeld::Changed) => Err(changed(w)),
            Err(NotHeld::TooMuch) => Err(too_much(w)),
            Err(NotHeld::Store(error)) => Err(error.into()),
        }
    }

    /// Ends a hold, in the transaction that ends what it is for; false where there is none.
    ///
    /// # Errors
    /// Where the database fails.
    pub(crate) async fn end(
        &self,
        tx: &mut Tx,
        id: &str,
        how: End,
        (actor, now): (&str, Time),
    ) -> Result<bool, StoreError> {
        holds::end(tx, id, how, actor, now).await
    }

    /// What a record cost; none where nothing was held for it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn charge_of(&self, id: &str) -> Result<Option<Charge>, StoreError> {
        holds::find(self.db(), id).await
    }

    /// What an owner has, in the currency of the list that holds.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn funds(&self, owner: &str, currency: Currency) -> Result<Funds, StoreError> {
        ledger::funds(self.db(), owner, currency).await
    }

    /// What is wrong with the books; empty where they balance.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn faults(&self) -> Result<Vec<String>, StoreError> {
        ledger::faults(self.db()).await
    }

    /// Announces a price list, which holds from a time to come; its version.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn announce(&self, me: &Me, list: &PriceList) -> Result<i64, StoreError> {
        store::transaction!(self.db(), tx => {
            let version = price::add(tx, list, &me.person.id).await?;
            note(tx, &Scope::Node, &me.actor(), Act::PriceSet, &format!("price/{version}"), me.cx.now).await?;
            Ok(version)
        })
    }
}

/// The trail of an owner.
fn scope_of(owner: &str) -> Scope {
    match owner.split_once('/') {
        Some(("organisation", id)) => Scope::Organisation(id.to_owned()),
        Some((_, id)) => Scope::Person(id.to_owned()),
        None => Scope::Node,
    }
}

/// Where an owner's billing is seen.
fn place_of(owner: &str) -> String {
    match owner.split_once('/') {
        Some(("organisation", id)) => format!("/organisations/{id}/billing"),
        _ => "/account/billing".to_owned(),
    }
}

fn refused(code: Code, what: String, remedy: String) -> Fault {
    Fault::Refused { code, what, remedy }
}

fn short(w: Words, owner: &str, cost: &Cost, list: &PriceList, left: i64) -> Fault {
    let (cost, left) = (list.currency.show(cost.amount), list.currency.show(left));
    let what = w.fill("short", &[("cost", &cost), ("left", &left)]);
    let place = place_of(owner);
    let remedy = match owner.starts_with("organisation/") {
        true => w.fill("short-do-organisation", &[("place", &place)]),
        false => w.fill("short-do", &[("place", &place)]),
    };
    refused(Code::InsufficientBalance, what, remedy)
}

fn free_used(w: Words) -> Fault {
    refused(Code::FreeUnitsUsed, w.say("free-used"), w.say("free-used-do"))
}

fn changed(w: Words) -> Fault {
    refused(Code::PriceChanged, w.say("price-changed"), w.say("price-changed-do"))
}

fn too_much(w: Words) -> Fault {
    Fault::Field { field: "files", what: w.say("too-much") }
}

impl FromRef<Billing> for Accounts {
    fn from_ref(billing: &Billing) -> Self {
        billing.accounts().clone()
    }
}

impl FromRef<Billing> for Arc<Site> {
    fn from_ref(billing: &Billing) -> Self {
        Arc::clone(billing.accounts().site())
    }
}

/// The pages and the API of this room.
pub fn router(billing: &Billing) -> Router {
    Router::new().merge(pages::router()).merge(operator::router()).merge(api::router()).with_state(billing.clone())
}

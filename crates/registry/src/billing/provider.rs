//! The seam to whoever takes money: one trait, spoken by [`wechat`](super::wechat) today.
//!
//! Calls block and are made beside the requests. Nothing of an answer is believed that is not signed, and
//! what a payment comes to is compared with what was asked for before a cent is booked.

use super::money::Currency;
use axum::http::HeaderMap;
use proof::der::Time;

/// A payment that a person is to make.
#[derive(Clone, Copy, Debug)]
pub struct NewPayment<'a> {
    /// The order's id, by which the provider knows it as well.
    pub order: &'a str,
    /// What it is for, as the payer sees it. Names nobody.
    pub what: &'a str,
    /// In the smallest unit.
    pub amount: i64,
    /// Until when it can be paid.
    pub due: Time,
}

/// Where a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payment {
    /// It can still be made.
    Open,
    /// It was made.
    Paid {
        /// What the provider knows it by.
        reference: String,
        /// How much.
        amount: i64,
        /// In which currency.
        currency: String,
    },
    /// It was not made and cannot be any more.
    Ended,
}

/// A payment, or a part of it, that is to go back.
#[derive(Clone, Copy, Debug)]
pub struct NewRefund<'a> {
    /// The refund's id; the same is given back once.
    pub refund: &'a str,
    /// The order that was paid.
    pub order: &'a str,
    /// How much of it.
    pub amount: i64,
    /// What was paid.
    pub paid: i64,
}

/// Where a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refund {
    /// It is under way.
    Open,
    /// The money went back; the provider's reference.
    Done(String),
    /// It cannot go back this way.
    Failed,
}

/// What a provider says unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// How a payment stands: the order's id.
    Payment(String, Payment),
    /// How a refund stands: the refund's id.
    Refund(String, Refund),
    /// Something that does not concern us.
    Other,
}

/// A provider of payments. A fault is for the operator, holds no secret, and the call may be made again.
pub trait Provider: Send + Sync {
    /// Its name in addresses, the database and the books.
    fn name(&self) -> &'static str;

    /// The currency that it takes.
    fn currency(&self) -> Currency;

    /// Begins a payment: what the payer's app opens.
    ///
    /// # Errors
    /// Where it was not begun, or that is not known.
    fn begin(&self, payment: &NewPayment<'_>, now: Time) -> Result<String, String>;

    /// Asks how a payment stands.
    ///
    /// # Errors
    /// Where no answer that counts came.
    fn ask(&self, order: &str, now: Time) -> Result<Payment, String>;

    /// Ends a payment that was not made, so that it cannot be any more.
    ///
    /// # Errors
    /// Where that is not known.
    fn close(&self, order: &str, now: Time) -> Result<(), String>;

    /// Gives money back.
    ///
    /// # Errors
    /// Where that is not known.
    fn refund(&self, refund: &NewRefund<'_>, now: Time) -> Result<Refund, String>;

    /// Asks how a refund stands.
    ///
    /// # Errors
    /// Where no answer that counts came.
    fn ask_refund(&self, refund: &str, now: Time) -> Result<Refund, String>;

    /// Reads what came in unasked.
    ///
    /// # Errors
    /// Where it is not the provider's, is for somebody else, is old, or cannot be read.
    fn notified(&self, headers: &HeaderMap, body: &[u8], now: Time) -> Result<Notice, String>;
}

//! The instruments that give force: clock, keys, certificates, ledger, time stamp authority.
//!
//! `trust` knows no user, no page and no price. It is the only floor that signs
//! and the only one that reads a clock. An error is either refused (fix the
//! input and try again) or broken (stop signing).

pub mod authority;
pub mod aws_lc;
pub mod backup;
pub mod ceremony;
pub mod certificates;
pub mod clock;
pub mod fsck;
pub mod init;
pub mod instance;
pub mod journal;
pub mod keys;
pub mod ledger;
pub mod revocation;
pub mod seal;
pub mod storage;
pub mod tsa;
pub mod vault;

use std::fmt;

/// Why an instrument did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// The request cannot be carried out as it is; the text says what to change.
    Refused(String),
    /// The instrument itself is out of order; nothing may be signed with it.
    Broken(String),
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) | Self::Broken(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for TrustError {}

impl From<store::StoreError> for TrustError {
    fn from(error: store::StoreError) -> Self {
        match error {
            store::StoreError::Refused(text) => Self::Refused(text),
            other => Self::Broken(other.to_string()),
        }
    }
}

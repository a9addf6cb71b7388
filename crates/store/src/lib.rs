//! Where things are kept. Knows no product word and no Merkle tree.
//!
//! A [`Db`] is one SQLite file whose commits survive a power cut; [`files`]
//! writes whole files or none. An error is either refused (fix the input, try
//! again) or broken (stop: the state on disk is not what it should be).

mod db;
pub mod files;

pub use db::{Db, Migration};

use std::fmt;

/// Why something was not stored or read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be done as asked; the text says what to change.
    Refused(String),
    /// The storage is out of order.
    Broken(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) | Self::Broken(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for StoreError {}

//! Where things are kept. Knows no product word and no Merkle tree.
//!
//! A [`Db`] is an SQLite file or a PostgreSQL database whose commits survive a
//! power cut; [`files`] writes whole files or none. An error is refused (fix the
//! input, try again), unknown (stop, and look again after a restart) or broken
//! (stop: the state on disk is not what it should be).

pub mod blobs;
mod db;
mod exclusive;
pub mod files;
pub mod jobs;
#[cfg(feature = "testing")]
pub mod testing;
mod value;

#[cfg(feature = "testing")]
pub use db::faults;
pub use db::{Db, Location, Migration, Schema, Tries, Tx};
pub use exclusive::Exclusive;
pub use value::{Row, Value};

use std::fmt;

/// Why something was not stored or read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be done as asked; the text says what to change.
    Refused(String),
    /// A commit was asked for and its outcome never came: it may have been written or not.
    Unknown(String),
    /// The storage is out of order.
    Broken(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) | Self::Unknown(text) | Self::Broken(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for StoreError {}

//! The vault: keys that can be thrown away, and originals sealed under them in several places.
//!
//! A [`Key`] belongs to a person or an organisation; each object has a [`ContentKey`] of its own, kept
//! wrapped under its owner's. Giving an object another owner's key wraps anew and touches no content;
//! erasing either key erases the content in every copy, on every backup. Ids and keys are random, so equal
//! files of two owners are two objects, and nobody can tell that they are equal.
//!
//! What lies in a place is checked and copied without a key (`stores.rs`), and read with it
//! (`reading.rs`). Whoever owns a place can destroy its copies and learn sizes; he reads nothing, and what
//! he changes, moves or cuts short is refused where it is read (`content.rs`).

mod arriving;
mod content;
mod keys;
mod place;
mod reading;
mod scan;
mod shelf;
mod stores;

pub use arriving::{Arriving, Checkpoint, seal_all};
pub use content::{CHUNK_BYTES, ContentKey, LENGTH_MAX, Object, ObjectId, open_all, stored_length};
pub use keys::{Key, Vault};
pub use reading::Reading;
pub use shelf::{Erased, Shelf};
pub use stores::{Condition, Mended, Stores};

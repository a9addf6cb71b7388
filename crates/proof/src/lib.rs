//! Everything about a timestamp that can be checked, checked; and about signatures of PDF files.
//!
//! `proof` is pure: no I/O, no clock, no async, no global state. Time, trust
//! anchors, revocation data and the crypto backend are arguments; the result is
//! a [`report::Report`] with findings, never a boolean. It runs in the server,
//! on the command line and in a browser, and says the same everywhere.
//!
//! Trust: every byte given to this crate is hostile, except the anchors.

pub mod cms;
pub mod crypto;
pub mod der;
pub mod digest;
pub mod logged;
pub mod manifest;
pub mod oid;
pub mod package;
pub mod pdf;
pub mod pem;
pub mod record;
pub mod report;
pub mod tlog;
pub mod tsp;
pub mod verify;
pub mod x509;
pub mod zip;

//! Certificates and reports as PDF that anyone can keep (PDF/A-3b), and the signatures under them (PAdES).
//!
//! Pure, as `proof` is: no I/O, no clock, no keys, no randomness. What a file says, when, and with whose
//! signature are arguments.
//!
//! `paper` typesets what it is handed: it knows rows, tables and times, and no
//! record. The same document gives the same bytes. A character that no face has
//! is an error and never an empty box; [`printable`] writes such characters as
//! their numbers first, so that a rare name stops no certificate.
//! ISO 19005-3 is checked by krilla alone.

mod block;
mod draw;
mod face;
mod flow;
mod line;
mod scan;
pub mod signature;

pub use block::{Attached, Block, Both, Column, Document, Files, Foot, Mark, Row, Stamp, Time};
pub use face::{PaperFault, printable, warm};
pub use line::{Ink, Span, Style};
pub use scan::{Scan, ScanFault};

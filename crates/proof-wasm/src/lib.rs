//! A thin coat of [`proof`] for the browser, the offline verifier, and pages without scripts.
//!
//! A [`desk::Desk`] takes what a reader puts down: files, tokens, manifests, salts,
//! certificates. It says what must be hashed, pairs tokens with contents, and gives
//! a [`judge::Outcome`] that is shown in twelve parts (FEATURES section 3). Nothing
//! here reads a file or a clock, and a certificate counts only after an act of trust.

pub mod archive;
mod articles;
#[cfg(not(target_arch = "wasm32"))]
pub mod browser;
pub mod desk;
pub mod docket;
pub mod judge;
pub mod kind;
pub mod page;
pub mod parts;
pub mod pdf;
mod salts;
pub mod sentences;
#[cfg(target_arch = "wasm32")]
mod wall;
pub mod words;

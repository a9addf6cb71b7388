//! What a browser runs: the verifier as WebAssembly, and the two scripts around it.
//!
//! `verifier.wasm` is made by `cargo run -p xtask -- wasm` and kept in the repository,
//! so that every build of a release carries the same bytes, whose digest is published;
//! `cargo run -p xtask -- wasm --check` makes it again and compares.

/// This crate, compiled for browsers.
pub const VERIFIER: &[u8] = include_bytes!("../web/verifier.wasm");
/// The page's script.
pub const DESK: &str = include_str!("../web/desk.js");
/// The worker that hashes.
pub const HASHER: &str = include_str!("../web/hasher.js");

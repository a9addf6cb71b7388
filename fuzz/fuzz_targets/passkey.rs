//! The answer of an authenticator, whoever wrote it.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| registry::accounts::fuzz_passkey(bytes));

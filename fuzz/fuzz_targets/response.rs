//! A response is read or refused.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = proof::tsp::TimeStampResp::parse(bytes);
});

//! A request is read or refused, within bounds.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = proof::tsp::TimeStampReq::parse(bytes) {
        assert_eq!(request.der, bytes);
    }
});

//! What is brought to DER once is DER.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok((der, _)) = proof::der::ber::normalise(bytes) {
        let (again, rewritten) = proof::der::ber::normalise(&der).expect("DER is BER");
        assert!(!rewritten && again == der);
    }
});

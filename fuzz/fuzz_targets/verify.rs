//! A whole verification ends in a report; hostile bytes never give a valid one.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    use proof::report::Verdict;
    let cx = proof::verify::Context::new(&proof::crypto::RustCrypto, proof::der::Time::from_unix(1_795_867_200));
    assert_ne!(proof::verify::verify(bytes, &cx).verdict, Verdict::Valid);
});

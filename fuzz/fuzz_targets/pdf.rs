//! A PDF file is read or refused, its signatures are judged, and nothing is trusted without an anchor.
//! What can be read can be stamped and signed, and is then still the same file with more at its end.
#![no_main]
use proof::pdf::{self, File};
use proof::report::Verdict;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let cx = proof::verify::Context::new(&proof::crypto::RustCrypto, proof::der::Time::from_unix(1_795_867_200));
    assert_ne!(pdf::verify(bytes, &cx).verdict, Verdict::Valid);
    let _ = pdf::attachments(bytes);
    let Ok(file) = File::parse(bytes) else { return };
    for number in 0..file.size().min(64) {
        let _ = file.object(pdf::Reference { number, generation: 0 }).map(|object| file.stream(&object).map(drop));
    }
    if let Ok(stamp) = paper::signature::DocumentStamp::new(bytes) {
        let _ = stamp.imprint(proof::digest::DigestAlgorithm::Sha256);
    }
});

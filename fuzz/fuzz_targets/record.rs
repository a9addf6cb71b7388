//! What is read as a record, files, openings, a disclosure or a number is written again as the same bytes.
#![no_main]
use proof::record::{Disclosure, EvidenceNumber, Files, Openings, Record};
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = Record::parse(bytes) {
        assert_eq!(record.to_canonical_json(), bytes);
    }
    if let Ok(files) = Files::parse(bytes) {
        assert_eq!(files.to_canonical_json(), bytes);
        for (place, file) in files.all().iter().enumerate().take(8) {
            assert!(files.proof(place).is_some_and(|proof| files.head().has(file, &proof)));
        }
    }
    if let Ok(openings) = Openings::parse(bytes) {
        assert_eq!(openings.to_canonical_json(), bytes);
    }
    if let Ok(disclosure) = Disclosure::parse(bytes) {
        assert_eq!(disclosure.to_canonical_json(), bytes);
        disclosure.check();
    }
    if let Ok(number) = String::from_utf8_lossy(bytes).parse::<EvidenceNumber>() {
        assert_eq!(number.to_string().parse(), Ok(number));
    }
});

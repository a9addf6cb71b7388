//! What is read as a record, openings or an evidence number is written again as the same bytes.
#![no_main]
use proof::record::{EvidenceNumber, Openings, Record};
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = Record::parse(bytes) {
        assert_eq!(record.to_canonical_json(), bytes);
        if let Ok(openings) = Openings::parse(bytes) {
            openings.check(&record);
        }
    }
    if let Ok(openings) = Openings::parse(bytes) {
        assert_eq!(openings.to_canonical_json(), bytes);
    }
    if let Ok(number) = String::from_utf8_lossy(bytes).parse::<EvidenceNumber>() {
        assert_eq!(number.to_string().parse(), Ok(number));
    }
});

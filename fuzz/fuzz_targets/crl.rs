//! A revocation list is read or refused, and its entries are.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(list) = proof::x509::crl::Crl::parse(bytes) {
        let _ = list.count();
        if let Ok(serial) = proof::der::Integer::from_content(&[1]) {
            let _ = list.revocation(serial);
        }
    }
});

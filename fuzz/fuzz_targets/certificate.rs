//! A certificate is read or refused, and so are all its extensions.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(certificate) = proof::x509::Certificate::parse(bytes) {
        let _ = certificate.basic_constraints();
        let _ = certificate.key_usage();
        let _ = certificate.extended_key_usage();
        let _ = certificate.subject_alt_names();
        let _ = certificate.public_key();
        if let Ok(Some(identity)) = proof::logged::LogIdentity::of(&certificate) {
            let _ = identity.encode();
        }
        let _ = (certificate.subject.to_string(), certificate.serial.to_string());
    }
});

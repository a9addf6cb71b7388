//! OCSP requests and responses are read or refused, and a request that is read can be answered.
#![no_main]
use proof::x509::ocsp::{OcspRequest, OcspResponse, Status, encode_data, encode_response};
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = OcspResponse::parse(bytes);
    let (Ok(request), Ok(responder)) =
        (OcspRequest::parse(bytes), proof::x509::Certificate::parse(include_bytes!("../../vectors/pki/issuing.der")))
    else {
        return;
    };
    let now = proof::der::Time::from_unix(1_795_248_000);
    let answers: Vec<_> = request.certificates.iter().map(|id| (*id, Status::Unknown)).collect();
    let data = encode_data(&responder, &answers, request.nonce, now, now);
    let response = encode_response(&data, &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70], &[0; 64]);
    assert_eq!(OcspResponse::parse(&response).map(|r| r.answers.len()), Ok(answers.len()));
});

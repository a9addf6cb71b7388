//! Requests, good and bad, and what RFC 3161 answers to each.

use super::pki::encoded;
use super::recipe::POLICY;
use proof::der::{Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::oid;
use proof::tsp::TimeStampReq;

pub(crate) struct Request {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) answer: &'static str,
    pub(crate) why: &'static str,
}

pub(crate) fn all() -> Vec<Request> {
    let mut out = Vec::new();
    let mut add = |name, answer, why, bytes| out.push(Request { name, bytes, answer, why });
    let digest = DigestAlgorithm::Sha256.digest(b"abc");
    let imprint = |w: &mut Writer| proof::tsp::write_imprint(w, oid::SHA256, false, digest.as_bytes());
    for (name, algorithm) in [
        ("good-sha256", DigestAlgorithm::Sha256),
        ("good-sha384", DigestAlgorithm::Sha384),
        ("good-sha512", DigestAlgorithm::Sha512),
        ("good-sha3-256", DigestAlgorithm::Sha3_256),
        ("good-sha3-512", DigestAlgorithm::Sha3_512),
        ("good-sm3", DigestAlgorithm::Sm3),
    ] {
        let bytes = TimeStampReq::encode(&algorithm.digest(b"abc"), None, Some(&[7; 16]), true);
        add(name, "granted", "every imprint algorithm that is offered", bytes);
    }
    add("good-bare", "granted", "no nonce, no certificate", TimeStampReq::encode(&digest, None, None, false));
    let negative = encoded(|w| {
        w.sequence(|w| {
            w.integer_u64(1);
            imprint(w);
            w.integer(&[0x80]);
        });
    });
    add("good-negative-nonce", "granted", "a nonce is any INTEGER; it is echoed as it is", negative);
    let null = encoded(|w| {
        w.sequence(|w| {
            w.integer_u64(1);
            proof::tsp::write_imprint(w, oid::SHA256, true, digest.as_bytes());
        });
    });
    add("good-null-parameters", "granted", "OpenSSL writes NULL parameters", null);

    add("bad-empty", "badDataFormat", "no byte at all", Vec::new());
    add("bad-text", "badDataFormat", "not DER", b"GET / HTTP/1.1\r\n".to_vec());
    let good = TimeStampReq::encode(&digest, None, Some(&[7; 16]), true);
    add("bad-truncated", "badDataFormat", "the last byte is missing", good[..good.len() - 1].to_vec());
    add("bad-trailing", "badDataFormat", "a byte follows the request", [good.as_slice(), &[0]].concat());
    add("bad-indefinite", "badDataFormat", "an indefinite length is not DER", {
        let mut bytes = vec![0x30, 0x80];
        bytes.extend_from_slice(&good[2..]);
        bytes.extend_from_slice(&[0, 0]);
        bytes
    });
    add("bad-huge-length", "badDataFormat", "a length of 4 GiB", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1]);
    add("bad-too-large", "badDataFormat", "more than 4096 bytes", {
        encoded(|w| {
            w.sequence(|w| {
                w.integer_u64(1);
                imprint(w);
                w.integer(&[0x11; 5000]);
            });
        })
    });
    let version = |n: u64| {
        encoded(|w| {
            w.sequence(|w| {
                w.integer_u64(n);
                imprint(w);
            });
        })
    };
    add("bad-version-0", "badRequest", "version 0", version(0));
    add("bad-version-2", "badRequest", "version 2", version(2));
    let with_imprint = |oid: oid::Oid<'_>, value: &[u8]| {
        encoded(|w| {
            w.sequence(|w| {
                w.integer_u64(1);
                proof::tsp::write_imprint(w, oid, false, value);
            });
        })
    };
    add("bad-md5", "badAlg", "MD5 is broken", with_imprint(oid::MD5, &[1; 16]));
    add("bad-sha1", "badAlg", "SHA-1 is broken", with_imprint(oid::SHA1, &[1; 20]));
    add("bad-sha224", "badAlg", "SHA-224 is not offered", with_imprint(oid::SHA224, &[1; 28]));
    add("bad-algorithm-unknown", "badAlg", "an identifier that is no digest", with_imprint(oid::RSA, &[1; 32]));
    add("bad-imprint-short", "badDataFormat", "31 bytes for SHA-256", with_imprint(oid::SHA256, &[1; 31]));
    add("bad-imprint-long", "badDataFormat", "33 bytes for SHA-256", with_imprint(oid::SHA256, &[1; 33]));
    add("bad-imprint-empty", "badDataFormat", "no byte for SHA-256", with_imprint(oid::SHA256, &[]));
    let parameters = encoded(|w| {
        w.sequence(|w| {
            w.integer_u64(1);
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(oid::SHA256);
                    w.integer_u64(256);
                });
                w.octets(digest.as_bytes());
            });
        });
    });
    add("bad-algorithm-parameters", "badAlg", "SHA-256 has no parameters", parameters);
    add("bad-policy", "unacceptedPolicy", "a policy that is not offered", {
        TimeStampReq::encode(&digest, Some(POLICY), None, false)
    });
    add("bad-nonce-long", "badDataFormat", "a nonce of 33 bytes", {
        TimeStampReq::encode(&digest, None, Some(&[0x11; 33]), false)
    });
    let boolean = encoded(|w| {
        w.sequence(|w| {
            w.integer_u64(1);
            imprint(w);
            w.primitive(tag::BOOLEAN, &[1]);
        });
    });
    add("bad-boolean", "badDataFormat", "a BOOLEAN of 1 is not DER", boolean);
    let extension = |critical: bool| {
        encoded(|w| {
            w.sequence(|w| {
                w.integer_u64(1);
                imprint(w);
                w.nested(tag::context_constructed(0), |w| {
                    w.sequence(|w| {
                        w.oid(oid::QC_STATEMENTS);
                        if critical {
                            w.boolean(true);
                        }
                        w.octets(&[0x05, 0x00]);
                    });
                });
            });
        })
    };
    add("bad-extension", "unacceptedExtension", "an extension that is not known", extension(false));
    add("bad-extension-critical", "unacceptedExtension", "a critical extension that is not known", extension(true));
    add("bad-order", "badDataFormat", "certReq before the nonce", {
        encoded(|w| {
            w.sequence(|w| {
                w.integer_u64(1);
                imprint(w);
                w.boolean(true);
                w.integer_u64(7);
            });
        })
    });
    add("bad-nested", "badDataFormat", "two thousand nested sequences", [0x30u8, 0x80].repeat(2000));
    out
}

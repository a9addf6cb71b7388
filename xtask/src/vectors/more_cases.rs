//! The cases of content, time, structure, signed attributes, encoding and reply.

use super::Vector;
use super::cases::{Pki, add, now};
use super::pki::{encoded, gen_time};
use super::recipe::{self, CONTENT, POLICY, Recipe, attribute};
use proof::der::{Element, Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::oid::{self, Oid};
use proof::report::Code::{self, *};
use proof::report::Verdict::{self, Incomplete, Invalid, Valid};
use proof::tsp::TimeStampReq;

pub(crate) fn all(pki: &Pki) -> Vec<Vector> {
    let mut out = Vec::new();
    let v = &mut out;
    imprint_cases(pki, v);
    time_cases(pki, v);
    info_cases(pki, v);
    attribute_cases(pki, v);
    structure_cases(pki, v);
    reply_cases(pki, v);
    out
}

type Expected<'c> = (Verdict, &'c [Code]);

/// One vector that differs from the good one by `change`.
fn changed<'v, 'p>(
    v: &'v mut Vec<Vector>,
    pki: &'p Pki,
    name: &'static str,
    expected: Expected<'_>,
    why: &'static str,
    change: impl FnOnce(&mut Recipe<'p>),
) -> &'v mut Vector {
    let mut recipe = pki.good();
    change(&mut recipe);
    add(v, name, expected, why, &recipe)
}

const GOOD: Expected<'static> = (Valid, &[]);

fn imprint_cases(pki: &Pki, v: &mut Vec<Vector>) {
    for (name, algorithm) in [
        ("good-imprint-sha384", DigestAlgorithm::Sha384),
        ("good-imprint-sha512", DigestAlgorithm::Sha512),
        ("good-imprint-sha3-256", DigestAlgorithm::Sha3_256),
        ("good-imprint-sha3-384", DigestAlgorithm::Sha3_384),
        ("good-imprint-sha3-512", DigestAlgorithm::Sha3_512),
        ("good-imprint-sm3", DigestAlgorithm::Sm3),
    ] {
        changed(v, pki, name, GOOD, "an imprint of another kind", |r| r.imprint_with(algorithm));
    }
    changed(v, pki, "good-imprint-null-parameters", GOOD, "NULL parameters beside the digest", |r| {
        r.imprint_algorithm = encoded(|w| w.algorithm(oid::SHA256, true));
    });
    let bad = |code| -> (Verdict, Vec<Code>) { (Invalid, vec![code]) };
    let (verdict, codes) = bad(ImprintMismatch);
    changed(v, pki, "bad-one-bit", (verdict, &codes), "one bit of the content was changed", |_| {}).content =
        Some("one-bit-changed.txt");
    changed(v, pki, "bad-no-content", (Incomplete, &[ContentMissing]), "nothing to compare", |_| {}).content = None;
    changed(v, pki, "bad-imprint-sha1", (Invalid, &[ImprintWeak]), "an imprint under SHA-1", |r| {
        r.imprint_with(DigestAlgorithm::Sha1);
    });
    changed(v, pki, "bad-imprint-md5", (Invalid, &[ImprintUnsupported]), "an imprint under MD5", |r| {
        r.imprint_algorithm = encoded(|w| w.algorithm(oid::MD5, false));
        r.imprint = vec![1; 16];
    });
    changed(
        v,
        pki,
        "bad-imprint-algorithm-parameters",
        (Invalid, &[ImprintUnsupported]),
        "parameters on SHA-256",
        |r| {
            r.imprint_algorithm = encoded(|w| {
                w.sequence(|w| {
                    w.oid(oid::SHA256);
                    w.integer_u64(1);
                });
            });
        },
    );
    changed(v, pki, "bad-imprint-short", (Invalid, &[ImprintLength]), "half a digest", |r| r.imprint.truncate(16));
    changed(v, pki, "bad-imprint-long", (Invalid, &[ImprintLength]), "a byte behind the digest", |r| r.imprint.push(0));
    changed(v, pki, "bad-imprint-empty", (Invalid, &[ImprintLength]), "no digest", |r| r.imprint.clear());
    changed(v, pki, "bad-imprint-of-other-kind", (Invalid, &[ImprintMismatch]), "SM3's value named SHA-256", |r| {
        r.imprint = DigestAlgorithm::Sm3.digest(CONTENT).as_bytes().to_vec();
    });
}

fn time_cases(pki: &Pki, v: &mut Vec<Vector>) {
    for (name, time, why) in [
        ("good-fraction", "20260601120000.001Z", "milliseconds"),
        ("good-fraction-micro", "20260601120000.000001Z", "microseconds"),
        ("good-fraction-tenth", "20260601120000.5Z", "a tenth"),
    ] {
        changed(v, pki, name, GOOD, why, |r| r.gen_time = time.to_owned());
    }
    for (name, time) in
        [("good-fraction-trailing-zero", "20260601120000.500Z"), ("good-fraction-zero", "20260601120000.0Z")]
    {
        changed(v, pki, name, (Valid, &[NotDer]), "a trailing zero: BER, not DER", |r| r.gen_time = time.to_owned());
    }
    let malformed: Expected<'_> = (Invalid, &[TstInfoMalformed]);
    for (name, time, why) in [
        ("bad-time-empty-fraction", "20260601120000.Z", "a point without digits"),
        ("bad-time-comma", "20260601120000,5Z", "a comma for the point"),
        ("bad-time-no-zone", "20260601120000", "local time"),
        ("bad-time-offset", "20260601200000+0800", "an offset for UTC"),
        ("bad-time-no-seconds", "202606011200Z", "no seconds"),
        ("bad-time-month-13", "20261301120000Z", "a thirteenth month"),
        ("bad-time-february-29", "20260229120000Z", "a day that 2026 does not have"),
        ("bad-time-hour-24", "20260601240000Z", "hour 24"),
        ("bad-time-second-60", "20260601120060Z", "a leap second at noon"),
    ] {
        changed(v, pki, name, malformed, why, |r| r.gen_time = time.to_owned());
    }
    let future = now().plus_s(300).to_generalized();
    changed(v, pki, "bad-time-in-future", (Invalid, &[TimeInFuture]), "five minutes from now", |r| r.gen_time = future);
    let year = now().plus_s(365 * 86_400).to_generalized();
    changed(v, pki, "bad-time-a-year-ahead", (Invalid, &[TimeInFuture]), "a year from now", |r| r.gen_time = year);
    let soon = now().plus_s(30).to_generalized();
    changed(v, pki, "good-time-thirty-seconds-ahead", GOOD, "two clocks half a minute apart", |r| r.gen_time = soon);
    let early = gen_time().plus_s(-400 * 86_400).to_generalized();
    changed(
        v,
        pki,
        "bad-time-before-all-certificates",
        (Invalid, &[TimeOutsideCertificate]),
        "before anyone existed",
        |r| {
            r.gen_time = early;
        },
    );
}

fn accuracy(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    encoded(|w| w.sequence(fill))
}

fn info_cases(pki: &Pki, v: &mut Vec<Vector>) {
    changed(v, pki, "good-accuracy", GOOD, "1 s, 500 ms, 1 µs", |r| {
        r.after_time = accuracy(|w| {
            w.integer_u64(1);
            w.integer_unsigned_as(tag::context(0), &500u16.to_be_bytes());
            w.integer_unsigned_as(tag::context(1), &[1]);
        });
    });
    changed(v, pki, "good-accuracy-micros-only", GOOD, "1 µs", |r| {
        r.after_time = accuracy(|w| w.integer_unsigned_as(tag::context(1), &[1]));
    });
    let malformed: Expected<'_> = (Invalid, &[TstInfoMalformed]);
    changed(v, pki, "bad-accuracy-millis-0", malformed, "zero milliseconds", |r| {
        r.after_time = accuracy(|w| w.integer_unsigned_as(tag::context(0), &[0]));
    });
    changed(v, pki, "bad-accuracy-millis-1000", malformed, "a thousand milliseconds", |r| {
        r.after_time = accuracy(|w| w.integer_unsigned_as(tag::context(0), &1000u16.to_be_bytes()));
    });
    changed(v, pki, "bad-accuracy-negative", malformed, "less than no time", |r| {
        r.after_time = accuracy(|w| w.integer(&[0xff]));
    });
    changed(v, pki, "good-ordering", GOOD, "ordering TRUE", |r| r.after_time = encoded(|w| w.boolean(true)));
    changed(v, pki, "good-ordering-false-written", (Valid, &[NotDer]), "a default written out: not DER", |r| {
        r.after_time = encoded(|w| w.boolean(false));
    });
    changed(v, pki, "bad-boolean", malformed, "a BOOLEAN of 1", |r| {
        r.after_time = encoded(|w| w.primitive(tag::BOOLEAN, &[1]));
    });
    changed(v, pki, "bad-version-0", (Invalid, &[VersionWrong]), "version 0", |r| r.version = 0);
    changed(v, pki, "bad-version-2", (Invalid, &[VersionWrong]), "version 2", |r| r.version = 2);
    changed(v, pki, "good-serial-160-bit", GOOD, "160 bits", |r| r.serial = vec![0x7f; 20]);
    changed(v, pki, "good-serial-160-bit-with-sign", GOOD, "160 bits and a sign byte", |r| {
        r.serial = [&[0][..], &[0xff; 20]].concat();
    });
    changed(v, pki, "good-serial-168-bit", (Valid, &[SerialUnusual]), "more than 160 bits", |r| {
        r.serial = vec![0x7f; 21]
    });
    changed(v, pki, "good-serial-negative", (Valid, &[SerialUnusual]), "below zero", |r| r.serial = vec![0x80, 1]);
    changed(v, pki, "good-serial-zero", GOOD, "zero", |r| r.serial = vec![0]);
    changed(v, pki, "bad-serial-not-minimal", malformed, "a leading zero too many", |r| r.serial = vec![0, 0, 1]);
    changed(v, pki, "bad-serial-empty", malformed, "no digit", |r| r.serial = vec![]);
    changed(v, pki, "bad-serial-huge", malformed, "65 bytes", |r| r.serial = vec![0x11; 65]);
    let uuid: Oid<'static> = Oid::known(&[
        0x69, 0x83, 0xf8, 0x8e, 0xd4, 0xf5, 0xb7, 0xef, 0xb1, 0x91, 0xe8, 0xa9, 0xf2, 0x81, 0x80, 0x94, 0x99, 0x8f,
        0x9a, 0x88, 0x68,
    ]);
    changed(v, pki, "good-policy-uuid", GOOD, "a policy under 2.25 with an arc over 32 bits", |r| r.policy = uuid);

    let tsa_field = |name: &[u8]| {
        encoded(|w| w.nested(tag::context_constructed(0), |w| w.nested(tag::context_constructed(4), |w| w.raw(name))))
    };
    let own = tsa_field(&pki.tsa.name);
    changed(v, pki, "good-tsa-name", GOOD, "the authority's own name", |r| r.after_time = own);
    let other = tsa_field(&pki.root.name);
    changed(v, pki, "bad-tsa-name", (Invalid, &[TsaNameWrong]), "another's name", |r| r.after_time = other);

    let extension = |critical: bool| {
        encoded(|w| {
            w.nested(tag::context_constructed(1), |w| {
                w.sequence(|w| {
                    w.oid(oid::QC_STATEMENTS);
                    if critical {
                        w.boolean(true);
                    }
                    w.octets(&[0x30, 0]);
                });
            });
        })
    };
    changed(v, pki, "good-extension", GOOD, "an extension that is not critical", |r| r.after_time = extension(false));
    changed(v, pki, "bad-extension-critical", (Invalid, &[ExtensionUnknown]), "a critical extension", |r| {
        r.after_time = extension(true);
    });
    changed(v, pki, "bad-extension-twice", malformed, "one extension twice", |r| {
        let one = Element::parse(&extension(false)).expect("an element").content.to_vec();
        r.after_time = encoded(|w| {
            w.nested(tag::context_constructed(1), |w| {
                w.raw(&one);
                w.raw(&one);
            });
        });
    });
    changed(v, pki, "bad-fields-in-wrong-order", malformed, "the nonce before ordering", |r| {
        r.after_time = encoded(|w| {
            w.integer_u64(7);
            w.boolean(true);
        });
    });
    changed(v, pki, "bad-trailing-in-content", malformed, "bytes behind TSTInfo, signed with it", |r| {
        r.after_info = vec![0x05, 0x00];
    });
    changed(v, pki, "bad-content-empty", malformed, "no TSTInfo", |r| r.content = Some(Vec::new()));
    changed(v, pki, "bad-content-text", malformed, "text for TSTInfo", |r| r.content = Some(b"hello".to_vec()));
}

fn attribute_cases(pki: &Pki, v: &mut Vec<Vector>) {
    changed(
        v,
        pki,
        "good-unsorted-attributes",
        (Valid, &[AttributesUnsorted]),
        "signed as they stand, unsorted",
        |r| {
            r.attributes.reversed = true;
        },
    );
    changed(v, pki, "bad-no-attributes", (Invalid, &[AttributesMissing]), "a signature right over the content", |r| {
        r.attributes.absent = true;
    });
    let count: Expected<'_> = (Invalid, &[AttributeCount]);
    changed(v, pki, "bad-no-content-type", count, "no contentType", |r| r.attributes.content_type.clear());
    changed(v, pki, "bad-two-content-types", count, "contentType twice", |r| {
        let again = r.attributes.content_type[0].clone();
        r.attributes.content_type.push(again);
    });
    changed(v, pki, "bad-no-message-digest", count, "no messageDigest", |r| r.attributes.message_digest = Some(vec![]));
    changed(v, pki, "bad-message-digest-two-values", count, "messageDigest with two values", |r| {
        let value = encoded(|w| {
            w.sequence(|w| {
                w.oid(oid::MESSAGE_DIGEST);
                w.set(|w| {
                    w.octets(&[1; 32]);
                    w.octets(&[2; 32]);
                });
            });
        });
        r.attributes.message_digest = Some(vec![value]);
    });
    changed(v, pki, "bad-message-digest", (Invalid, &[MessageDigestWrong]), "the digest of something else", |r| {
        let value = encoded(|w| w.octets(DigestAlgorithm::Sha256.digest(b"other").as_bytes()));
        r.attributes.message_digest = Some(vec![attribute(oid::MESSAGE_DIGEST, &value)]);
    });
    changed(
        v,
        pki,
        "bad-content-type-attribute",
        (Invalid, &[ContentTypeAttributeWrong]),
        "another content type signed",
        |r| {
            let value = encoded(|w| w.oid(oid::SIGNED_DATA));
            r.attributes.content_type = vec![attribute(oid::CONTENT_TYPE, &value)];
        },
    );
    changed(v, pki, "good-signing-time", GOOD, "a signingTime attribute besides", |r| {
        let value = encoded(|w| w.x509_time(gen_time()));
        r.attributes.further = vec![attribute(oid::SIGNING_TIME, &value)];
    });
    changed(v, pki, "good-unsigned-attribute", GOOD, "an attribute that is not signed", |r| {
        r.unsigned_attributes = Some(attribute(Oid::known(&[0x88, 0x37, 0x02]), &[5, 0]));
    });

    changed(v, pki, "bad-no-certificate-id", (Invalid, &[CertificateIdMissing]), "the signer is not named", |r| {
        r.attributes.signing_certificate.clear();
    });
    let wrong: Expected<'_> = (Invalid, &[CertificateIdWrong]);
    changed(v, pki, "bad-certificate-id-of-issuer", wrong, "the issuing CA is named as the signer", |r| {
        r.attributes.signing_certificate = vec![recipe::signing_certificate_v2(&pki.issuing, None)];
    });
    changed(v, pki, "bad-certificate-id-serial", wrong, "right hash, wrong serial", |r| {
        let value = encoded(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.octets(DigestAlgorithm::Sha256.digest(&pki.tsa.der).as_bytes());
                        recipe::write_issuer_serial(w, &pki.issuing.name, &[1]);
                    });
                });
            });
        });
        r.attributes.signing_certificate = vec![attribute(oid::SIGNING_CERTIFICATE_V2, &value)];
    });
    changed(v, pki, "bad-certificate-id-empty", wrong, "a list without an identifier", |r| {
        let value = encoded(|w| w.sequence(|w| w.sequence(|_| {})));
        r.attributes.signing_certificate = vec![attribute(oid::SIGNING_CERTIFICATE_V2, &value)];
    });
    changed(v, pki, "bad-certificate-id-twice", wrong, "the attribute twice", |r| {
        let again = r.attributes.signing_certificate[0].clone();
        r.attributes.signing_certificate.push(again);
    });
    changed(v, pki, "good-certificate-id-sha512", GOOD, "ESSCertIDv2 under SHA-512", |r| {
        r.attributes.signing_certificate =
            vec![recipe::signing_certificate_v2(&pki.tsa, Some(DigestAlgorithm::Sha512))];
    });
    changed(v, pki, "bad-certificate-id-sha1-v2", wrong, "ESSCertIDv2 under SHA-1", |r| {
        r.attributes.signing_certificate = vec![recipe::signing_certificate_v2(&pki.tsa, Some(DigestAlgorithm::Sha1))];
    });
    changed(v, pki, "good-certificate-id-v1", GOOD, "ESSCertID of RFC 3161", |r| {
        r.attributes.signing_certificate = vec![recipe::signing_certificate_v1(&[&pki.tsa], true)];
    });
    changed(v, pki, "good-certificate-id-v1-no-issuer", GOOD, "ESSCertID without issuer and serial", |r| {
        r.attributes.signing_certificate = vec![recipe::signing_certificate_v1(&[&pki.tsa], false)];
    });
    changed(v, pki, "good-several-certificate-ids", GOOD, "signer, then issuing CA", |r| {
        r.attributes.signing_certificate = vec![recipe::signing_certificate_v1(&[&pki.tsa, &pki.issuing], true)];
    });
    changed(v, pki, "bad-certificate-ids-reversed", wrong, "the signer must come first", |r| {
        r.attributes.signing_certificate = vec![recipe::signing_certificate_v1(&[&pki.issuing, &pki.tsa], true)];
    });
    changed(v, pki, "good-both-certificate-ids", GOOD, "version 1 and version 2", |r| {
        r.attributes.signing_certificate.push(recipe::signing_certificate_v1(&[&pki.tsa], true));
    });
    changed(v, pki, "bad-both-ids-one-wrong", wrong, "version 2 right, version 1 wrong: both must hold", |r| {
        r.attributes.signing_certificate.push(recipe::signing_certificate_v1(&[&pki.issuing], true));
    });
}

fn structure_cases(pki: &Pki, v: &mut Vec<Vector>) {
    let malformed: Expected<'_> = (Invalid, &[TokenMalformed]);
    changed(v, pki, "bad-signature", (Invalid, &[SignatureWrong]), "another's signature", |r| {
        r.sign_as = Some(&pki.issuing)
    });
    changed(v, pki, "bad-signature-bit", (Invalid, &[SignatureWrong]), "one bit of the signature", |r| {
        r.change_signature = |s| {
            if let Some(last) = s.last_mut() {
                *last ^= 1;
            }
        };
    });
    changed(v, pki, "bad-signature-empty", (Invalid, &[SignatureWrong]), "no signature", |r| {
        r.change_signature = Vec::clear
    });
    changed(v, pki, "bad-signature-zero", (Invalid, &[SignatureWrong]), "r = s = 0", |r| {
        r.change_signature = |s| *s = vec![0x30, 6, 2, 1, 0, 2, 1, 0];
    });
    changed(v, pki, "bad-signature-trailing", (Invalid, &[SignatureWrong]), "a byte behind the signature", |r| {
        r.change_signature = |s| s.push(0);
    });
    changed(v, pki, "bad-no-signer", (Invalid, &[SignerCount]), "no SignerInfo", |r| r.signers = 0);
    changed(v, pki, "bad-two-signers", (Invalid, &[SignerCount]), "two SignerInfos", |r| r.signers = 2);
    changed(v, pki, "bad-twenty-signers", malformed, "more SignerInfos than are read", |r| r.signers = 20);
    changed(v, pki, "good-signed-data-version-1", (Valid, &[SignedDataVersion]), "SignedData version 1", |r| {
        r.signed_data_version = 1;
    });
    changed(v, pki, "bad-content-type", (Invalid, &[ContentTypeWrong]), "signed data of another type", |r| {
        r.content_type = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);
    });
    changed(v, pki, "bad-outer-type", malformed, "enveloped data", |r| {
        r.outer_type = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03]);
    });
    changed(
        v,
        pki,
        "bad-digest-unknown",
        (Invalid, &[DigestUnsupported, SignatureUnsupported]),
        "a digest nobody knows",
        |r| {
            r.digest_identifier = Some(encoded(|w| w.algorithm(oid::SHA224, false)));
        },
    );
    let key_id = encoded(|w| w.primitive(tag::context(0), &[1, 2, 3]));
    changed(
        v,
        pki,
        "bad-sid-key-id-unknown",
        (Incomplete, &[SignerCertificateMissing]),
        "a key identifier nobody has",
        |r| {
            (r.sid, r.signer_version) = (Some(key_id.clone()), 3);
        },
    );
    changed(v, pki, "bad-sid-version", malformed, "a key identifier under version 1", |r| r.sid = Some(key_id.clone()));
    let other_serial = encoded(|w| {
        w.sequence(|w| {
            w.raw(&pki.issuing.name);
            w.integer(&[0x55]);
        });
    });
    changed(v, pki, "bad-sid-serial", (Incomplete, &[SignerCertificateMissing]), "a serial nobody has", |r| {
        r.sid = Some(other_serial);
    });
    changed(v, pki, "bad-trailing-after-token", malformed, "a byte follows the token", |r| {
        r.bare_token = true;
        r.change_token = |mut t| {
            t.push(0);
            t
        };
    });
    changed(v, pki, "bad-truncated", malformed, "the last ten bytes are missing", |r| {
        r.bare_token = true;
        r.change_token = |mut t| {
            t.truncate(t.len() - 10);
            t
        };
    });
    changed(v, pki, "good-bare-token", GOOD, "a token without its response", |r| r.bare_token = true);
    changed(
        v,
        pki,
        "good-indefinite-length",
        (Valid, &[NotDer]),
        "indefinite lengths, as some authorities emit",
        |r| {
            r.bare_token = true;
            r.change_token = |t| indefinite(&t, 5);
        },
    );
    changed(v, pki, "good-long-length", (Valid, &[NotDer]), "a length in four bytes where two do", |r| {
        r.bare_token = true;
        r.change_token = |t| {
            let content = Element::parse(&t).expect("a token").content;
            let mut out = vec![0x30, 0x84];
            out.extend((content.len() as u32).to_be_bytes());
            out.extend(content);
            out
        };
    });
    changed(v, pki, "bad-text-file", malformed, "a text file", |r| {
        r.bare_token = true;
        r.change_token = |_| b"This is no timestamp.\n".to_vec();
    });
    changed(v, pki, "bad-empty-file", malformed, "an empty file", |r| {
        r.bare_token = true;
        r.change_token = |_| Vec::new();
    });
    changed(v, pki, "bad-nested-deep", malformed, "a thousand nested sequences", |r| {
        r.bare_token = true;
        r.change_token = |_| [0x30, 0x80].repeat(1000);
    });
    changed(v, pki, "bad-info-changed", (Invalid, &[MessageDigestWrong]), "the time was edited after signing", |r| {
        r.change_token = |mut t| {
            let at = t.windows(15).position(|w| w == b"20260601120000Z").expect("the time");
            t[at + 3] = b'5';
            t
        };
    });
    changed(
        v,
        pki,
        "bad-imprint-changed",
        (Invalid, &[ImprintMismatch, MessageDigestWrong]),
        "the imprint was edited after signing",
        |r| {
            r.change_token = |mut t| {
                let digest = DigestAlgorithm::Sha256.digest(CONTENT);
                let at = t.windows(32).position(|w| w == digest.as_bytes()).expect("the imprint");
                t[at] ^= 1;
                t
            };
        },
    );
}

/// The outer `depth` levels of constructed elements with indefinite lengths.
fn indefinite(der: &[u8], depth: u32) -> Vec<u8> {
    let element = Element::parse(der).expect("an element");
    if depth == 0 || element.tag & 0x20 == 0 {
        return der.to_vec();
    }
    let mut out = vec![element.tag, 0x80];
    let mut inside = proof::der::Reader::new(element.content);
    while let Ok(child) = inside.any() {
        // Certificates and signed attributes stay as they were signed.
        let keep = child.tag == tag::context_constructed(0) && depth < 4 || child.tag == tag::SET;
        out.extend(if keep { child.full.to_vec() } else { indefinite(child.full, depth - 1) });
    }
    out.extend([0, 0]);
    out
}

fn reply_cases(pki: &Pki, v: &mut Vec<Vector>) {
    let digest = DigestAlgorithm::Sha256.digest(CONTENT);
    let request = |nonce: Option<&[u8]>| TimeStampReq::encode(&digest, None, nonce, true);
    let nonce = |value: u64| encoded(|w| w.integer_u64(value));
    changed(v, pki, "good-nonce", GOOD, "the nonce comes back", |r| r.after_time = nonce(77)).request =
        Some(request(Some(&[77])));
    changed(v, pki, "bad-nonce", (Invalid, &[NonceWrong]), "another nonce", |r| r.after_time = nonce(78)).request =
        Some(request(Some(&[77])));
    changed(v, pki, "bad-nonce-missing", (Invalid, &[NonceMissing]), "no nonce comes back", |_| {}).request =
        Some(request(Some(&[77])));
    changed(v, pki, "bad-nonce-unasked", (Invalid, &[NonceUnasked]), "a nonce nobody sent", |r| {
        r.after_time = nonce(77)
    })
    .request = Some(request(None));
    changed(
        v,
        pki,
        "bad-certificate-not-sent",
        (Invalid, &[CertificateNotSent, SignerCertificateMissing]),
        "the certificate was asked for",
        |r| {
            r.certificates.clear();
        },
    )
    .request = Some(request(None));
    changed(v, pki, "good-policy-asked", GOOD, "the policy that was asked for", |_| {}).request =
        Some(TimeStampReq::encode(&digest, Some(POLICY), None, true));
    changed(v, pki, "bad-policy", (Invalid, &[PolicyWrong]), "another policy than asked for", |_| {}).request =
        Some(TimeStampReq::encode(&digest, Some(oid::BEST_PRACTICES_POLICY), None, true));
    let other = DigestAlgorithm::Sha256.digest(b"other");
    changed(
        v,
        pki,
        "bad-answer-to-other-request",
        (Invalid, &[ImprintMismatch]),
        "a token over another imprint",
        |_| {},
    )
    .request = Some(TimeStampReq::encode(&other, None, None, true));

    changed(v, pki, "good-granted-with-mods", (Valid, &[GrantedWithMods]), "grantedWithMods", |r| {
        r.status = encoded(|w| w.sequence(|w| w.integer_u64(1)));
    });
    let status = |n: u64| encoded(|w| w.sequence(|w| w.integer_u64(n)));
    for (name, n) in [("bad-rejection", 2), ("bad-waiting", 3), ("bad-status-9", 9)] {
        changed(v, pki, name, (Invalid, &[Refused]), "no token was granted", |r| {
            (r.status, r.with_token) = (status(n), false);
        });
    }
    changed(v, pki, "bad-rejection-with-reason", (Invalid, &[Refused]), "badAlg with a sentence", |r| {
        r.with_token = false;
        r.status = encoded(|w| {
            w.sequence(|w| {
                w.integer_u64(2);
                w.sequence(|w| w.utf8("use SHA-256"));
                w.named_bits(tag::BIT_STRING, 1);
            });
        });
    });
    changed(v, pki, "bad-granted-without-token", (Invalid, &[TokenMissing]), "granted and empty", |r| {
        r.with_token = false
    });
    changed(v, pki, "bad-rejection-with-token", (Invalid, &[TokenWithRefusal]), "refused and yet a token", |r| {
        r.status = status(2);
    });
    changed(v, pki, "bad-trailing-in-response", (Invalid, &[ReplyMalformed]), "an element behind the token", |r| {
        r.change_response = |response| {
            let content = Element::parse(&response).expect("a response").content.to_vec();
            encoded(|w| {
                w.sequence(|w| {
                    w.raw(&content);
                    w.null();
                });
            })
        };
    });
    // Not BER as a whole, so it cannot even be told from a token.
    changed(v, pki, "bad-trailing-after-response", (Invalid, &[TokenMalformed]), "a byte follows the response", |r| {
        r.change_response = |mut response| {
            response.push(0);
            response
        };
    });
}

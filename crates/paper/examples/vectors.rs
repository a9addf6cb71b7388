//! Writes `vectors/pdf/`: certificates signed with keys that are made of their names, the same bytes each time.
//!
//! `cargo run -p paper --example vectors` from the root of the repository. The pages are as bare as a PDF allows
//! and nothing in them is compressed, so that tests can find what they spoil.

use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use paper::signature::{DocumentStamp, Field, prepare, with_validation_data};
use proof::cms::TokenTemplate;
use proof::der::{Time, Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::oid::{self, Oid};
use proof::record::{Commitment, Content, EvidenceNumber, File, Files, Opening, Openings, Part, Record, Statement};
use proof::x509::{Certificate, name};
use std::path::{Path, PathBuf};

/// Room for a signature or a token.
const ROOM: usize = 6 << 10;
/// When everything was stamped.
const TIME: Time = Time::from_unix(1_780_315_200);
const DAY: i64 = 86_400;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(vectors().join(name)).unwrap_or_else(|error| panic!("vectors/{name}: {error}"))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    DigestAlgorithm::Sha256.digest(bytes).as_bytes().try_into().expect("SHA-256 has 32 bytes")
}

fn encoded(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    fill(&mut w);
    w.into_bytes()
}

fn ecdsa() -> Vec<u8> {
    encoded(|w| w.algorithm(oid::ECDSA_SHA256, false))
}

fn key(name: &str) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&sha256(name.as_bytes())).expect("a hash is a valid scalar")
}

fn sign(name: &str, message: &[u8]) -> Vec<u8> {
    let signature: p256::ecdsa::Signature = key(name).sign_prehash(&sha256(message)).expect("a digest");
    let bytes = signature.to_bytes();
    encoded(|w| {
        w.sequence(|w| {
            w.integer_unsigned_as(tag::INTEGER, &bytes[..32]);
            w.integer_unsigned_as(tag::INTEGER, &bytes[32..]);
        });
    })
}

/// Who signs a document: a name, the authority that issued the certificate, and what proves it.
struct Signer {
    name: &'static str,
    certificate: Vec<u8>,
    issuer: &'static str,
    tsa: &'static str,
    above: Vec<Vec<u8>>,
    lists: Vec<Vec<u8>>,
}

fn signer(name: &'static str, issuer: &'static str, tsa: &'static str, above: &[&str], lists: &[&str]) -> Signer {
    let all = |names: &[&str]| names.iter().map(|name| read(&format!("pki/{name}.der"))).collect();
    let certificate = certificate(name, issuer);
    Signer { name, certificate, issuer, tsa, above: all(above), lists: all(lists) }
}

/// A certificate for documents alone (RFC 9336), under an authority of the vectors.
fn certificate(subject: &str, issuer: &str) -> Vec<u8> {
    let of_issuer = read(&format!("pki/{issuer}.der"));
    let issuer_name = Certificate::parse(&of_issuer).expect("a certificate of the vectors").subject.der().to_vec();
    let own = name::encode(&[(oid::COUNTRY, "CN"), (oid::ORGANIZATION, "Qingyu"), (oid::COMMON_NAME, subject)]);
    let point = key(subject).verifying_key().to_sec1_point(false);
    let extension = |w: &mut Writer, oid: Oid<'_>, is_critical: bool, value: &[u8]| {
        w.sequence(|w| {
            w.oid(oid);
            if is_critical {
                w.boolean(true);
            }
            w.octets(value);
        });
    };
    let usage = encoded(|w| w.named_bits(tag::BIT_STRING, 1));
    let purpose = encoded(|w| w.sequence(|w| w.oid(oid::DOCUMENT_SIGNING)));
    let tbs = encoded(|w| {
        w.sequence(|w| {
            w.nested(tag::context_constructed(0), |w| w.integer_u64(2));
            w.integer(&sha256(subject.as_bytes())[16..].iter().map(|byte| byte & 0x7f | 1).collect::<Vec<_>>());
            w.raw(&ecdsa());
            w.raw(&issuer_name);
            w.sequence(|w| {
                w.x509_time(TIME.plus_s(-365 * DAY));
                w.x509_time(TIME.plus_s(3650 * DAY));
            });
            w.raw(&own);
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(oid::EC_PUBLIC_KEY);
                    w.oid(oid::P256);
                });
                w.bit_string(point.as_bytes());
            });
            w.nested(tag::context_constructed(3), |w| {
                w.sequence(|w| {
                    extension(w, oid::KEY_USAGE, true, &usage);
                    extension(w, oid::EXT_KEY_USAGE, true, &purpose);
                });
            });
        });
    });
    encoded(|w| {
        w.sequence(|w| {
            w.raw(&tbs);
            w.raw(&ecdsa());
            // The keys of the vectors are made of other names than their files have.
            w.bit_string(&sign(&issuer.replace('-', " "), &tbs));
        });
    })
}

/// A response over a digest, by an authority of the vectors.
fn token(imprint: &[u8; 32], tsa: &str) -> Vec<u8> {
    let issuer = if tsa == "tsa" { "issuing" } else { "foreign-root" };
    let certificates = [read(&format!("pki/{tsa}.der")), read(&format!("pki/{issuer}.der"))];
    let chain = [&certificates[0][..], &certificates[1][..]];
    let template = TokenTemplate::new(&chain, DigestAlgorithm::Sha256, ecdsa()).expect("certificates of the vectors");
    let info = encoded(|w| {
        w.sequence(|w| {
            w.integer_u64(1);
            w.oid(Oid::known(&[0x88, 0x37, 0x01]));
            w.sequence(|w| {
                w.algorithm(oid::SHA256, false);
                w.octets(imprint);
            });
            w.integer(&[1, 2, 3]);
            w.primitive(tag::GENERALIZED_TIME, TIME.to_generalized().as_bytes());
        });
    });
    let attributes = template.signed_attributes(&info);
    let token = template.token(&info, &attributes, &sign(tsa, &attributes), true, &[]);
    encoded(|w| {
        w.sequence(|w| {
            w.sequence(|w| w.integer_u64(0));
            w.raw(&token);
        });
    })
}

fn in_pem(der: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = Vec::new();
    for three in der.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        let letter = |at: usize| match at <= three.len() {
            true => LETTERS[(bits >> (18 - 6 * at)) as usize & 63],
            false => b'=',
        };
        text.extend((0..4).map(letter));
    }
    let lines: Vec<&[u8]> = text.chunks(64).collect();
    [&b"-----BEGIN CERTIFICATE-----\n"[..], &lines.join(&b'\n'), b"\n-----END CERTIFICATE-----\n"].concat()
}

/// A record of `content/original.txt`, with all that rides in its certificate.
fn attached(number: u8) -> Vec<(&'static str, Vec<u8>)> {
    let content = read("content/original.txt");
    let salt = |at: u8| sha256(&[number, at]);
    let sm3 = DigestAlgorithm::Sm3.digest(&content).as_bytes().try_into().expect("SM3 has 32 bytes");
    let file = File {
        content: Content::Digests { sha256: sha256(&content), sm3: Some(sm3) },
        name: Commitment::to(&salt(0), "original.txt"),
        size: content.len() as u64,
        is_attached: false,
    };
    let files = Files::new(vec![file]).expect("one file");
    let record = Record {
        number: EvidenceNumber::from_random(&[number; 32]).expect("random bytes"),
        maker: "work".to_owned(),
        operator: "Qingyu".to_owned(),
        relation: "independent".to_owned(),
        applicant: (Commitment::to(&salt(1), "林月港"), "papers".to_owned()),
        files: files.head(),
        statements: [("type".to_owned(), Statement::Open("text".to_owned()))].into(),
        previous: Vec::new(),
    };
    let openings = Openings::new(vec![
        Opening { part: Part::Applicant, salt: salt(1), text: Some("林月港".to_owned()) },
        Opening { part: Part::Name(0), salt: salt(0), text: Some("original.txt".to_owned()) },
    ]);
    let json = record.to_canonical_json();
    vec![
        ("record.tsr", token(&sha256(&json), "tsa")),
        ("record.json", json),
        ("files.json", files.to_canonical_json()),
        ("openings.json", openings.to_canonical_json()),
        ("root.pem", in_pem(&read("pki/root.der"))),
    ]
}

/// A PDF of one page with these files inside, in plain text and with a table.
fn document(text: &str, inside: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let line = format!("BT /F1 18 Tf 72 720 Td ({text}) Tj ET");
    let specification = |at: usize| 6 + 2 * at;
    let names: Vec<String> =
        inside.iter().enumerate().map(|(at, (name, _))| format!("({name}) {} 0 R", specification(at))).collect();
    let files = match inside.is_empty() {
        true => String::new(),
        false => format!("/Names <</EmbeddedFiles <</Names [{}]>>>>", names.join(" ")),
    };
    let mut objects: Vec<Vec<u8>> = vec![
        format!("<</Type/Catalog/Pages 2 0 R{files}>>").into_bytes(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_vec(),
        format!("<</Length {}>>\nstream\n{line}\nendstream", line.len()).into_bytes(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
    ];
    for (at, (name, bytes)) in inside.iter().enumerate() {
        let stream = specification(at) + 1;
        objects.push(format!("<</Type/Filespec/F({name})/UF({name})/EF<</F {stream} 0 R>>>>").into_bytes());
        let head = format!("<</Type/EmbeddedFile/Length {}>>\nstream\n", bytes.len());
        objects.push([head.as_bytes(), bytes, b"\nendstream"].concat());
    }
    let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1);
    for (number, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n\r\n", out.len()));
        out.extend([format!("{} 0 obj\n", number + 1).as_bytes(), object, b"\nendobj\n"].concat());
    }
    let at = out.len();
    let id = "[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]";
    let size = objects.len() + 1;
    table.push_str(&format!("trailer\n<</Size {size}/Root 1 0 R/ID{id}>>\nstartxref\n{at}\n%%EOF\n"));
    [out, table.into_bytes()].concat()
}

/// The document, signed at PAdES B-LTA.
fn signed(pdf: &[u8], by: &Signer) -> Vec<u8> {
    let chain = [by.certificate.clone(), read(&format!("pki/{}.der", by.issuer))];
    let algorithm = ecdsa();
    let field = Field {
        name: "Shiyin",
        chain: &chain,
        digest: DigestAlgorithm::Sha256,
        signature_algorithm: &algorithm,
        time: TIME,
        reason: "",
        location: "",
        signer: "Qingyu",
        reserve: ROOM,
    };
    let prepared = prepare(pdf, &field).expect("a document of our own");
    let signature = sign(by.name, prepared.attributes());
    let signed = prepared.signed(signature).expect("a signature");
    let imprint = |digest: proof::digest::Digest| digest.as_bytes().try_into().expect("SHA-256 has 32 bytes");
    let first = token(&imprint(signed.imprint(DigestAlgorithm::Sha256)), by.tsa);
    let stamped = signed.stamped(&first).expect("room for a token");
    let certificates = [&chain[..], &by.above, &[read(&format!("pki/{}.der", by.tsa))]].concat();
    let complete = with_validation_data(&stamped, &certificates, &by.lists, &[]).expect("certificates and lists");
    let stamp = DocumentStamp::with_room(&complete, ROOM).expect("a document of our own");
    let last = token(&imprint(stamp.imprint(DigestAlgorithm::Sha256)), by.tsa);
    stamp.stamped(&last).expect("room for a token")
}

fn main() {
    let own = signer("seal", "issuing", "tsa", &["root"], &["crl-clean", "crl-root"]);
    let other = signer("seal-foreign", "foreign-root", "tsa-foreign", &[], &[]);
    let unsigned = document("Certificate of a record", &attached(33));
    let files = [
        ("certificate.pdf", signed(&unsigned, &own)),
        ("certificate-of-another.pdf", signed(&document("Certificate of a record", &attached(34)), &own)),
        ("certificate-other-authority.pdf", signed(&unsigned, &other)),
        ("contract.pdf", signed(&document("A contract", &[]), &own)),
        ("contract-other-authority.pdf", signed(&document("A contract", &[]), &other)),
        ("contract-unsigned.pdf", document("A contract", &[])),
        ("certificate-unsigned.pdf", unsigned),
    ];
    let folder = vectors().join("pdf");
    std::fs::create_dir_all(&folder).expect("vectors/ can be written");
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("vectors/pdf can be written");
    }
}

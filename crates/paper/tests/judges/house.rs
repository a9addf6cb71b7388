//! Keys, files and programs for the tests: everything in a folder of its own.

use paper::signature::{self, DocumentStamp, Field, RESERVE_BYTES};
use proof::crypto::RustCrypto;
use proof::der::{Time, Writer};
use proof::digest::{Digest, DigestAlgorithm};
use proof::oid;
use proof::pdf::PdfReport;
use proof::verify::Context;
use std::path::Path;
use std::process::{Command, Output};

/// The configuration of the authority that `openssl ts` plays.
const AUTHORITY: &str = "[tsa]\ndefault_tsa = stamps\n[stamps]\nserial = serial\ncrypto_device = builtin\n\
    signer_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256, sha384, sha512\naccuracy = secs:1\n\
    ordering = no\ntsa_name = no\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n";

pub(crate) struct House {
    folder: tempfile::TempDir,
    pub(crate) now: Time,
}

/// What an ended program wrote, where it went well.
fn ended(program: &str, output: std::io::Result<Output>) -> String {
    let output = output.unwrap_or_else(|e| panic!("{program} is installed: run `make test` ({e})"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{program}: {text}");
    text
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut house = Self { folder, now: Time::from_unix(0) };
        house.judges(&["make", "."]);
        house.run("qpdf", &["--object-streams=generate", "--deterministic-id", "table.pdf", "stream.pdf"]);
        std::fs::write(house.path().join("tsa.cnf"), AUTHORITY).unwrap();
        std::fs::write(house.path().join("serial"), "01").unwrap();
        // The tests take a moment, and the stamps in them are of the real time.
        let now: i64 = String::from_utf8(house.read("now")).unwrap().parse().unwrap();
        house.now = Time::from_unix(now + 900);
        house
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        ended(program, Command::new(program).args(arguments).current_dir(self.path()).output())
    }

    pub(crate) fn judges(&self, arguments: &[&str]) -> String {
        let peers = std::env::var("SHIYIN_PEERS").expect("SHIYIN_PEERS is set: run the tests with `make test`");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/judges.py");
        let mut command = Command::new(format!("{peers}/bin/python"));
        command.arg(script).args(arguments).current_dir(self.path()).env("PYTHONDONTWRITEBYTECODE", "1");
        ended("judges.py", command.output())
    }

    /// A response of the authority over this digest.
    pub(crate) fn stamp(&self, imprint: &Digest) -> Vec<u8> {
        let name = imprint.algorithm().name().replace('-', "").to_lowercase();
        let (digest, name) = (imprint.to_string(), format!("-{name}"));
        self.run("openssl", &["ts", "-query", "-digest", &digest, &name, "-cert", "-out", "query"]);
        let keys = ["-signer", "tsa.pem", "-inkey", "tsa.key", "-chain", "root.pem"];
        let files = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"];
        self.run("openssl", &[&files[..], &keys[..]].concat());
        self.read("reply")
    }

    pub(crate) fn prepared(&self, pdf: &[u8], who: &str, name: &str) -> signature::Prepared {
        let chain = [self.read(&format!("{who}.der")), self.read("root.der")];
        signature::prepare(pdf, &field(&chain, name, &ecdsa(), self.now)).unwrap()
    }

    pub(crate) fn signed(&self, pdf: &[u8], who: &str, name: &str) -> signature::Signed {
        let prepared = self.prepared(pdf, who, name);
        self.write("attributes", prepared.attributes());
        let key = format!("{who}.key");
        self.run("openssl", &["dgst", "-sha256", "-sign", &key, "-out", "signature", "attributes"]);
        prepared.signed(self.read("signature")).unwrap()
    }

    /// The file signed at a level.
    pub(crate) fn at_level(&self, pdf: &[u8], who: &str, name: &str, level: &str) -> Vec<u8> {
        let signed = self.signed(pdf, who, name);
        if level == "B-B" {
            return signed.plain().unwrap();
        }
        let response = self.stamp(&signed.imprint(DigestAlgorithm::Sha256));
        let file = signed.stamped(&response).unwrap();
        if level == "B-T" {
            return file;
        }
        let certificates = [self.read(&format!("{who}.der")), self.read("root.der"), self.read("tsa.der")];
        let file = signature::with_validation_data(&file, &certificates, &[self.read("crl.der")], &[]).unwrap();
        if level == "B-LT" { file } else { self.document_stamped(&file) }
    }

    pub(crate) fn document_stamped(&self, pdf: &[u8]) -> Vec<u8> {
        let stamp = DocumentStamp::new(pdf).unwrap();
        let response = self.stamp(&stamp.imprint(DigestAlgorithm::Sha256));
        stamp.stamped(&response).unwrap()
    }

    /// What `proof` says, with the root pinned.
    pub(crate) fn verify(&self, pdf: &[u8]) -> PdfReport {
        self.verify_with(pdf, &[self.read("root.der")], &[self.read("crl.der")])
    }

    pub(crate) fn verify_with(&self, pdf: &[u8], anchors: &[Vec<u8>], crls: &[Vec<u8>]) -> PdfReport {
        let cx = Context { anchors, crls, ..Context::new(&RustCrypto, self.now) };
        proof::pdf::verify(pdf, &cx)
    }
}

/// ecdsa-with-SHA256 without parameters.
pub(crate) fn ecdsa() -> Vec<u8> {
    let mut w = Writer::new();
    w.algorithm(oid::ECDSA_SHA256, false);
    w.into_bytes()
}

pub(crate) fn field<'a>(chain: &'a [Vec<u8>], name: &'a str, algorithm: &'a [u8], time: Time) -> Field<'a> {
    Field {
        name,
        chain,
        digest: DigestAlgorithm::Sha256,
        signature_algorithm: algorithm,
        time,
        reason: "同意 (agreed)",
        location: "",
        signer: "Signer",
        reserve: RESERVE_BYTES,
    }
}

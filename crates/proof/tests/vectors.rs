//! Every vector in `vectors/` gives the verdict and the findings that its index names.

use proof::crypto::RustCrypto;
use proof::der::{Precision, Time};
use proof::digest::Digest;
use proof::report::{Code, Severity};
use proof::tsp::TimeStampReq;
use proof::verify::{self, Context};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

struct Entry {
    name: String,
    fields: Vec<(String, String)>,
}

impl Entry {
    fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    fn files(&self, key: &str) -> Vec<Vec<u8>> {
        self.all(key).map(|name| std::fs::read(root().join(name)).unwrap()).collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn index(name: &str) -> Vec<Entry> {
    let text = std::fs::read_to_string(root().join(name)).unwrap();
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            entries.push(Entry { name: name.to_owned(), fields: Vec::new() });
        } else {
            let (key, value) = line.split_once(" = ").unwrap();
            entries.last_mut().unwrap().fields.push((key.to_owned(), value.to_owned()));
        }
    }
    entries
}

/// `2026-06-01T12:00:00Z`
fn time(text: &str) -> Time {
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == 'Z').collect();
    Time::from_generalized(digits.as_bytes(), Precision::Second).unwrap()
}

#[test]
fn every_token_vector_gives_the_expected_report() {
    expect_reports("tokens.txt", "tokens");
}

/// Tokens of other authorities, made and published by other projects.
#[test]
fn every_published_token_gives_the_expected_report() {
    expect_reports("public.txt", "public/tokens");
}

fn expect_reports(of: &str, folder: &str) {
    let mut wrong = Vec::new();
    for entry in index(of) {
        let bytes = std::fs::read(root().join(format!("{folder}/{}.tsr", entry.name))).unwrap();
        let content: Vec<Digest> = entry
            .files("content")
            .iter()
            .filter_map(|c| verify::imprint_algorithm(&bytes).map(|a| a.digest(c)))
            .collect();
        let request = entry.files("request");
        let request = request.first().map(|der| TimeStampReq::parse(der).unwrap());
        let (anchors, certificates, crls) = (entry.files("anchor"), entry.files("certificate"), entry.files("crl"));
        let cx = Context {
            content: &content,
            request: request.as_ref(),
            anchors: &anchors,
            certificates: &certificates,
            crls: &crls,
            ..Context::new(&RustCrypto, time(entry.all("now").next().unwrap()))
        };
        let report = verify::verify(&bytes, &cx);
        let found: BTreeSet<&str> = report
            .findings
            .iter()
            .filter(|f| f.code.severity() >= Severity::Warning && f.code != Code::NoRevocationData)
            .map(|f| f.code.name())
            .collect();
        let expected: BTreeSet<&str> = entry.all("finding").collect();
        let verdict = entry.all("verdict").next().unwrap();
        if report.verdict.name() != verdict || found != expected {
            wrong.push(format!("{}: {} {found:?}, expected {verdict} {expected:?}", entry.name, report.verdict.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What parsing alone decides of a request; policy, algorithm and extension are the authority's matter.
#[test]
fn every_request_vector_is_read_or_refused_as_expected() {
    for entry in index("requests.txt") {
        let bytes = std::fs::read(root().join(format!("requests/{}.tsq", entry.name))).unwrap();
        let answer = entry.all("answer").next().unwrap();
        match TimeStampReq::parse(&bytes) {
            Err(error) => assert_eq!(error.failure().name(), answer, "{}", entry.name),
            Ok(request) => {
                let parsed_only = ["granted", "badAlg", "unacceptedPolicy", "unacceptedExtension"].contains(&answer);
                let length_wrong = request.imprint.algorithm.digest().is_some() && request.imprint.digest().is_none();
                assert!(parsed_only || (answer == "badDataFormat" && length_wrong), "{}", entry.name);
            }
        }
    }
}

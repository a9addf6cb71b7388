//! What this crate signs, before the others and before `proof`.

use super::house::{House, ecdsa, field};
use paper::signature::{DocumentStamp, SignatureError, prepare, with_validation_data};
use proof::digest::DigestAlgorithm;
use proof::pdf::{File, Kind, Level, XrefKind};
use proof::report::{Code, Verdict};

const LEVELS: [(&str, Level, usize); 4] =
    [("B-B", Level::B, 0), ("B-T", Level::T, 0), ("B-LT", Level::Lt, 0), ("B-LTA", Level::Lta, 1)];

/// pyHanko, openssl, pdfsig and qpdf on one file.
fn judged(house: &House, file: &[u8], signatures: usize, stamps: usize, level: &str) {
    house.write("signed.pdf", file);
    house.run("qpdf", &["--check", "signed.pdf"]);
    let counts = [signatures.to_string(), stamps.to_string()];
    house.judges(&["judge", "signed.pdf", "root.pem", &counts[0], &counts[1], level]);
    house.judges(&["take", "signed.pdf", "."]);
    for i in 0..signatures {
        let (data, cms) = (format!("signature{i}.data"), format!("signature{i}.der"));
        let files = ["cms", "-verify", "-binary", "-inform", "DER", "-in", &cms, "-content", &data, "-out", "plain"];
        let said = house.run("openssl", &[&files[..], &["-CAfile", "root.pem", "-purpose", "any"]].concat());
        assert!(said.contains("CMS Verification successful"), "{said}");
        if level != "B-B" {
            let (value, token) = (format!("value{i}"), format!("token{i}.der"));
            stamp_verified(house, &value, &token);
        }
    }
    for i in 0..stamps {
        stamp_verified(house, &format!("stamp{i}.data"), &format!("stamp{i}.der"));
    }
    // pdfsig ends well whatever it finds, and does not know document timestamps: its words count.
    let said = house.run("pdfsig", &["-nocert", "signed.pdf"]);
    assert_eq!(said.matches("Signature Validation: Signature is Valid.").count(), signatures, "{said}");
    assert_eq!(said.matches("ETSI.CAdES.detached").count(), signatures, "{said}");
}

fn stamp_verified(house: &House, data: &str, token: &str) {
    let arguments = ["ts", "-verify", "-data", data, "-in", token, "-token_in", "-CAfile", "root.pem"];
    let said = house.run("openssl", &arguments);
    assert!(said.contains("Verification: OK"), "{said}");
}

fn every_level(source: &str, kind: XrefKind) {
    let house = House::new();
    let original = house.read(source);
    for (name, level, stamps) in LEVELS {
        let signed = house.at_level(&original, "signer", "Party-A", name);
        assert!(signed.starts_with(&original), "no byte that was there is another");
        assert_eq!(File::parse(&signed).unwrap().kind(), kind);
        judged(&house, &signed, 1, stamps, name);
        let report = house.verify(&signed);
        assert_eq!(report.verdict, Verdict::Valid, "{name}: {report:#?}");
        assert_eq!(report.signatures.len(), 1 + stamps);
        let first = &report.signatures[0];
        assert_eq!((first.kind, first.field.as_str(), first.level), (Kind::Signature, "Party-A", Some(level)));
        assert_eq!(first.signer.as_deref(), Some("CN=signer"));
        assert!(first.covers_whole_revision);
        assert_eq!(first.is_last_revision, matches!(name, "B-B" | "B-T"));
        assert_eq!(first.time.is_some(), name != "B-B");
    }
}

#[test]
fn every_level_on_a_file_with_a_table() {
    every_level("table.pdf", XrefKind::Table);
}

#[test]
fn every_level_on_a_file_with_streams() {
    every_level("stream.pdf", XrefKind::Stream);
}

#[test]
fn two_sign_one_file_and_it_is_stamped_again_and_again() {
    let house = House::new();
    for source in ["table.pdf", "stream.pdf"] {
        let first = house.at_level(&house.read(source), "signer", "Party-A", "B-T");
        let second = house.at_level(&first, "second", "乙方", "B-LTA");
        judged(&house, &second, 2, 1, "B-T");
        let report = house.verify(&second);
        assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
        let names: Vec<_> = report.signatures.iter().map(|s| s.field.as_str()).collect();
        assert_eq!(names, ["Party-A", "乙方", "Timestamp1"]);
        assert!(report.signatures[0].findings.iter().any(|f| f.code == Code::PdfRevisionsFollow));

        // The first signer's certificate is not in the store yet.
        let data = [house.read("signer.der"), house.read("root.der")];
        let more = with_validation_data(&second, &data, &[house.read("crl.der")], &[]).unwrap();
        assert!(more.len() - second.len() < 3000, "what is in the store is not stored again");
        let third = house.document_stamped(&house.document_stamped(&more));
        judged(&house, &third, 2, 3, "B-LTA");
        let report = house.verify(&third);
        assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
        assert!(report.signatures.iter().filter_map(|s| s.level).all(|level| level == Level::Lta));
    }
}

#[test]
fn a_file_is_stamped_without_a_signature() {
    let house = House::new();
    let stamped = house.document_stamped(&house.read("table.pdf"));
    let report = house.verify(&stamped);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    assert_eq!(report.signatures[0].kind, Kind::DocumentTimestamp);
    assert!(report.signatures[0].time.is_some());
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let house = House::new();
    let original = house.read("table.pdf");
    let chain = [house.read("signer.der")];
    let junk = [vec![1]];
    let algorithm = ecdsa();
    let good = field(&chain, "A", &algorithm, house.now);
    let refused = |pdf: &[u8], field| prepare(pdf, &field).err();
    assert_eq!(refused(&original, field(&chain, "a.b", &algorithm, house.now)), Some(SignatureError::FieldName));
    assert_eq!(refused(&original, field(&chain, "", &algorithm, house.now)), Some(SignatureError::FieldName));
    assert_eq!(refused(&original, field(&chain, "A", &[0x30, 0], house.now)), Some(SignatureError::Algorithm));
    let weak = paper::signature::Field { digest: DigestAlgorithm::Sha1, ..good.clone() };
    assert_eq!(refused(&original, weak), Some(SignatureError::Algorithm));
    assert!(matches!(refused(&original, field(&[], "A", &algorithm, house.now)), Some(SignatureError::Certificate(_))));
    assert!(matches!(
        refused(&original, field(&junk, "A", &algorithm, house.now)),
        Some(SignatureError::Certificate(_))
    ));
    assert!(matches!(refused(b"%PDF-1.7", good.clone()), Some(SignatureError::Pdf(_))));

    let signed = house.at_level(&original, "signer", "A", "B-B");
    assert_eq!(refused(&signed, good.clone()), Some(SignatureError::FieldTaken("A".to_owned())));
    let little = paper::signature::Field { reserve: 100, ..good };
    let cms = prepare(&original, &little).unwrap().signed(vec![0; 70]).unwrap();
    assert!(matches!(cms.plain(), Err(SignatureError::Room { needed: 100.., reserved: 100 })));
}

#[test]
fn a_token_over_something_else_is_refused() {
    let house = House::new();
    let original = house.read("table.pdf");
    let other = house.stamp(&DigestAlgorithm::Sha256.digest(b"something else"));
    let signed = house.signed(&original, "signer", "A");
    assert_eq!(signed.clone().stamped(&other).err(), Some(SignatureError::OtherImprint));
    assert!(matches!(signed.stamped(b"no token"), Err(SignatureError::Token(_))));
    let refusal = proof::tsp::TimeStampResp::encode_rejection(proof::tsp::FailureInfo::BadAlg, "no");
    let stamp = DocumentStamp::new(&original).unwrap();
    assert_eq!(stamp.clone().stamped(&other).err(), Some(SignatureError::OtherImprint));
    assert!(matches!(stamp.stamped(&refusal), Err(SignatureError::Token(_))));
    assert_eq!(with_validation_data(&original, &[], &[], &[]).err(), Some(SignatureError::NothingGiven));
    let bad = [vec![0x30, 0]];
    assert!(matches!(with_validation_data(&original, &bad, &[], &[]), Err(SignatureError::Certificate(_))));
    assert!(matches!(with_validation_data(&original, &[], &bad, &[]), Err(SignatureError::RevocationData(_))));
    assert!(matches!(with_validation_data(&original, &[], &[], &bad), Err(SignatureError::RevocationData(_))));
}

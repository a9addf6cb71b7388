//! Files that pyHanko signed, before `proof`.

use super::house::House;
use proof::pdf::{Kind, Level};
use proof::report::{Code, Verdict};

#[test]
fn every_level_is_read_and_judged() {
    let house = House::new();
    for source in ["table.pdf", "stream.pdf"] {
        for (name, level) in [("B-B", Level::B), ("B-T", Level::T), ("B-LT", Level::Lt), ("B-LTA", Level::Lta)] {
            house.judges(&["sign", source, "theirs.pdf", name, "Sig1", "."]);
            let report = house.verify(&house.read("theirs.pdf"));
            assert_eq!(report.verdict, Verdict::Valid, "{source} {name}: {report:#?}");
            let found: Vec<_> = report.signatures.iter().map(|s| s.kind).collect();
            let stamps = usize::from(level == Level::Lta);
            assert_eq!(found.len(), 1 + stamps, "{source} {name}");
            assert_eq!(report.signatures[0].kind, Kind::Signature);
            assert_eq!(report.signatures[0].level, Some(level), "{source} {name}: {report:#?}");
            assert_eq!(report.signatures[0].time.is_some(), level != Level::B);
        }
    }
}

#[test]
fn theirs_and_ours_stand_in_one_file() {
    let house = House::new();
    house.judges(&["sign", "table.pdf", "theirs.pdf", "B-LTA", "Sig1", "."]);
    let both = house.at_level(&house.read("theirs.pdf"), "second", "Second", "B-LTA");
    let report = house.verify(&both);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    assert_eq!(report.signatures.len(), 4);

    house.write("ours.pdf", &house.at_level(&house.read("stream.pdf"), "second", "Second", "B-LTA"));
    house.judges(&["sign", "ours.pdf", "both.pdf", "B-LTA", "Sig1", "."]);
    let report = house.verify(&house.read("both.pdf"));
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    assert_eq!(report.signatures.len(), 4);
}

#[test]
fn trust_comes_from_the_anchors_alone() {
    let house = House::new();
    house.judges(&["sign", "table.pdf", "theirs.pdf", "B-LTA", "Sig1", "."]);
    let file = house.read("theirs.pdf");
    for anchors in [vec![], vec![house.read("other.der")]] {
        let report = house.verify_with(&file, &anchors, &[]);
        assert_eq!(report.verdict, Verdict::Unconfirmed, "{report:#?}");
        assert!(report.has(Code::AuthorityUnconfirmed) && report.has(Code::PdfTimeUnconfirmed));
        assert!(report.signatures.iter().all(|s| s.time.is_none()), "a time of nobody known is no proof");
    }
}

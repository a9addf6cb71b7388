//! Packages, records and files shown alone, changed in every way: the verdict of each, and of what is in them.

mod certificates;
mod made;

use made::*;
use proof::package::{self, RecordPart};
use proof::report::{Code, Language, Report, Verdict};
use proof_wasm::judge::{FileState, Outcome, Said, Subject};
use proof_wasm::page::{self, Json, Place};
use proof_wasm::parts::{is_genuine, same};
use proof_wasm::sentences::headline;

fn wrapping(outcome: &Outcome) -> &Subject {
    outcome.subjects.iter().find(|s| s.is_package).expect("a package")
}

fn records(outcome: &Outcome) -> Vec<&Subject> {
    outcome.subjects.iter().filter(|s| s.record.is_some()).collect()
}

fn has(subject: &Subject, code: Code) -> bool {
    subject.tokens.iter().any(|(_, report): &(String, Report)| report.has(code))
}

/// The verdict of the wrapping, whether the record is genuine, and whether its files are the ones.
fn three(outcome: &Outcome) -> (Verdict, Option<Verdict>, Option<bool>) {
    let record = records(outcome).first().copied();
    (wrapping(outcome).verdict(), record.map(is_genuine), record.and_then(same))
}

fn good() -> (Made, Folder) {
    let made = Made::new(9);
    let folder = sealed(made.folder(), OWN);
    (made, folder)
}

const WHOLE: (Verdict, Option<Verdict>, Option<bool>) = (Verdict::Valid, Some(Verdict::Valid), Some(true));

#[test]
fn a_package_holds_however_it_is_packed() {
    let (made, folder) = good();
    let mut files: Vec<(String, Vec<u8>)> = folder.clone().into_iter().collect();
    let in_order = zip(&files, "", false);
    files.reverse();
    let reversed = zip(&files, "any name/", true);
    files.push(("__MACOSX/._x".to_owned(), b"litter".to_vec()));
    files.push((".DS_Store".to_owned(), b"litter".to_vec()));
    let littered = zip(&files, "", true);
    let zip = |bytes: Vec<u8>| judged(&[("a.zip".to_owned(), bytes)]);
    for outcome in [archived(&folder), unpacked(&folder), zip(in_order), zip(reversed), zip(littered)] {
        assert_eq!(three(&outcome), WHOLE);
        assert_eq!(outcome.verdict(), Verdict::Valid, "{:?}", headline(&outcome, Language::En));
        assert!(has(wrapping(&outcome), Code::PackageComplete) && outcome.loose.is_empty());
        let record = records(&outcome)[0];
        assert_eq!(record.name, made.number());
        let view = record.record.as_ref().unwrap();
        assert_eq!(view.applicant, Said::Opened("林月港".to_owned()));
        assert_eq!(view.statements[0], ("summary".to_owned(), Said::Hidden));
        assert_eq!(view.statements[2], ("type".to_owned(), Said::Open("photo".to_owned())));
        let names: Vec<&str> = record.files.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["月港.jpg", "sub/notes.txt", "secret.txt"]);
        assert!(record.files[2].is_salted);
    }
}

#[test]
fn several_records_are_judged_one_by_one() {
    let (one, other) = (Made::new(9), Made::new(10));
    let mut folder = one.folder();
    folder.extend(other.folder());
    let mut folder = sealed(folder, OWN);
    assert_eq!(records(&archived(&folder)).len(), 2);
    assert_eq!(archived(&folder).verdict(), Verdict::Valid);
    folder.insert(other.path(RecordPart::Record), one.record.to_canonical_json());
    let outcome = archived(&folder);
    let verdicts: Vec<_> = records(&outcome).iter().map(|record| is_genuine(record)).collect();
    assert_eq!(verdicts, [Verdict::Invalid, Verdict::Valid], "a record in the place of another, the worst first");
}

#[test]
fn each_file_taken_out_is_named() {
    let (made, folder) = good();
    for path in folder.keys() {
        let mut less = folder.clone();
        less.remove(path);
        for outcome in [archived(&less), unpacked(&less)] {
            let (wrapping_verdict, genuine, is_same) = three(&outcome);
            assert_ne!(outcome.verdict(), Verdict::Valid, "{path}");
            assert_eq!(wrapping_verdict, Verdict::Incomplete, "{path}");
            let is = |part: RecordPart| *path == made.path(part);
            let expected = match () {
                // Without its record, there is nothing that could be genuine.
                () if is(RecordPart::Record) => None,
                () if is(RecordPart::Token) => Some(Verdict::Incomplete),
                () => Some(Verdict::Valid),
            };
            assert_eq!(genuine, expected, "{path}");
            let touches = path.contains("originals") || path.contains("/record.") || is(RecordPart::Files);
            // Without its openings, the salted file cannot be compared.
            let untouched = !touches && !is(RecordPart::Openings);
            assert_eq!(is_same, untouched.then_some(true), "{path}");
            if PackagePart::of(path).is_listed() {
                assert!(has(wrapping(&outcome), Code::FileMissing), "{path}");
                let html = page::html(&outcome, Language::Zh, Place::Offline);
                assert!(html.contains(&page::escape(path)), "{path} is named");
            }
        }
    }
}

use proof::package::Part as PackagePart;

#[test]
fn without_manifest_and_token_the_records_stand_by_themselves() {
    let (_, mut folder) = good();
    folder.remove(package::MANIFEST);
    folder.remove(package::TOKEN);
    let outcome = archived(&folder);
    assert_eq!(three(&outcome), (Verdict::Incomplete, Some(Verdict::Valid), Some(true)));
    assert!(has(wrapping(&outcome), Code::PackageManifestMissing));
    let said = headline(&outcome, Language::En).join(" ");
    assert!(said.contains("has no manifest") && said.contains("is genuine") && said.contains("All 3 files"), "{said}");
}

#[test]
fn each_file_changed_is_named() {
    let (made, folder) = good();
    for path in folder.keys() {
        let mut changed = folder.clone();
        changed.get_mut(path).unwrap().push(b' ');
        for outcome in [archived(&changed), unpacked(&changed)] {
            assert_ne!(outcome.verdict(), Verdict::Valid, "{path}");
            let (wrapping_verdict, genuine, is_same) = three(&outcome);
            if path != package::TOKEN {
                assert_eq!(wrapping_verdict, Verdict::Invalid, "{path}");
            }
            let is = |part: RecordPart| *path == made.path(part);
            // A record that is no canonical JSON is none, and so no subject with a number.
            let expected = if is(RecordPart::Record) { None } else { Some(Verdict::Valid) };
            if !is(RecordPart::Token) {
                assert_eq!(genuine, expected, "{path}");
            }
            if path.contains("originals") {
                assert_eq!(is_same, Some(false), "{path}");
                assert!(has(records(&outcome)[0], Code::FileChanged), "{path}");
            }
        }
    }
}

#[test]
fn what_is_added_is_named_also_where_it_is_genuine() {
    let (_, folder) = good();
    for (path, content) in [("evil.exe", &b"MZ"[..]), ("records/x/notes.txt", b"x"), ("proofs/root.txt", b"x")] {
        let mut more = folder.clone();
        more.insert(path.to_owned(), content.to_vec());
        for outcome in [archived(&more), unpacked(&more)] {
            assert_eq!(three(&outcome), WHOLE, "{path}: the rest is untouched");
            assert!(outcome.verdict() >= Verdict::Incomplete && outcome.extras() == 1, "{path}");
            assert!(headline(&outcome, Language::En).join(" ").contains("Added: 1"), "{path}");
        }
    }
    // A whole record with its own token, slipped in: genuine by itself, and no part of the package.
    let mut more = folder;
    more.extend(Made::new(11).folder());
    let outcome = archived(&more);
    assert_eq!(outcome.extras(), Made::new(11).folder().len());
    assert!(outcome.verdict() >= Verdict::Incomplete);
    assert_eq!(records(&outcome).len(), 2);
}

#[test]
fn a_manifest_that_is_written_anew_says_nothing() {
    let (made, mut folder) = good();
    folder.insert(made.path(RecordPart::Original("月港.jpg".to_owned())), b"another picture".to_vec());
    folder.insert(package::MANIFEST.to_owned(), manifest(&folder));
    let outcome = archived(&folder);
    assert_eq!(three(&outcome), (Verdict::Invalid, Some(Verdict::Valid), Some(false)));
    assert!(wrapping(&outcome).files.iter().skip(1).all(|line| line.state == FileState::Unchecked));
    let said = headline(&outcome, Language::En).join(" ");
    assert!(said.contains("manifest is not the one that was stamped") && said.contains("is genuine"), "{said}");
}

#[test]
fn another_authority_confirms_nothing_until_it_is_trusted() {
    let made = Made::new(9);
    let folder = sealed(made.folder(), FOREIGN);
    let outcome = archived(&folder);
    assert_eq!(three(&outcome), (Verdict::Unconfirmed, Some(Verdict::Valid), Some(true)));
    assert_eq!(outcome.verdict(), Verdict::Unconfirmed);
    // The forger of everything has a token of his own over each part.
    let mut forged = made.folder();
    let record = made.path(RecordPart::Record);
    forged.insert(made.path(RecordPart::Token), token(&forged[&record], FOREIGN));
    let outcome = archived(&sealed(forged, FOREIGN));
    assert_eq!(three(&outcome).1, Some(Verdict::Unconfirmed));
    let mut desk = desk(&[("a.zip".to_owned(), zipped(&folder))]);
    desk.trust(&vector("pki/foreign-root.der"));
    assert_eq!(desk.judge(NOW).verdict(), Verdict::Valid);
}

#[test]
fn an_archive_cut_off_or_flipped_passes_nowhere() {
    let (_, folder) = good();
    let whole = zipped(&folder);
    let zip = |bytes: &[u8]| judged(&[("a.zip".to_owned(), bytes.to_vec())]);
    for length in (0..whole.len()).step_by(whole.len() / 40) {
        let outcome = zip(&whole[..length]);
        assert_eq!(outcome.verdict(), Verdict::Incomplete, "{length}");
        assert!(outcome.subjects.iter().all(|subject| has(subject, Code::ZipRefused)));
    }
    let mut valid = 0;
    for at in (0..whole.len()).step_by(whole.len() / 150) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        let outcome = zip(&flipped);
        if outcome.verdict() == Verdict::Valid {
            valid += 1;
            assert_eq!(three(&outcome), WHOLE, "a date or an attribute, which no content rests on");
        }
    }
    assert!(valid < 15, "{valid}");
}

#[test]
fn an_archive_without_evidence_is_a_content_like_others() {
    let bytes = zip(&[("a.txt".to_owned(), b"a".to_vec())], "", true);
    let outcome = judged(&[("work.zip".to_owned(), bytes.clone()), ("work.zip.tsr".to_owned(), token(&bytes, OWN))]);
    assert_eq!(outcome.verdict(), Verdict::Valid);
    assert_eq!(outcome.subjects[0].name, "work.zip");
    let outcome = judged(&[("work.zip".to_owned(), bytes)]);
    assert_eq!((outcome.subjects.len(), outcome.loose.len()), (0, 1));
    // A program's package.json is nothing of ours, alone or within a package.
    let npm = br#"{"name":"engine","version":"1.0.0"}"#.to_vec();
    let bytes = zip(&[("package.json".to_owned(), npm.clone()), ("a.js".to_owned(), b"1".to_vec())], "", true);
    let outcome = judged(&[("work.zip".to_owned(), bytes.clone()), ("work.zip.tsr".to_owned(), token(&bytes, OWN))]);
    assert_eq!((outcome.verdict(), outcome.subjects.len()), (Verdict::Valid, 1));
    let made = Made::new(9);
    let mut folder = made.folder();
    folder.insert(made.path(RecordPart::Original("engine/package.json".to_owned())), npm);
    let outcome = archived(&sealed(folder, OWN));
    assert_eq!((outcome.verdict(), outcome.subjects.len()), (Verdict::Valid, 2));
    // What is stamped as a whole is covered with all that is in it.
    let files = [
        ("a.txt".to_owned(), b"a".to_vec()),
        ("a.txt.tsr".to_owned(), token(b"a", OWN)),
        ("b".to_owned(), b"b".to_vec()),
    ];
    let bytes = zip(&files, "", true);
    let outcome = judged(&[("w.zip".to_owned(), bytes.clone()), ("w.zip.tsr".to_owned(), token(&bytes, OWN))]);
    assert_eq!((outcome.verdict(), outcome.loose.len()), (Verdict::Valid, 0));
    // Also one that holds evidence, where it was itself stamped.
    let (_, folder) = good();
    let bytes = zipped(&folder);
    let outcome = judged(&[("p.zip".to_owned(), bytes.clone()), ("p.zip.tsr".to_owned(), token(&bytes, OWN))]);
    assert_eq!(outcome.verdict(), Verdict::Valid);
    assert_eq!(outcome.subjects.len(), 3, "the archive, the package, the record");
}

/// A record as its owner downloads it, with files as they lie on the owner's disk.
fn downloaded(made: &Made) -> Vec<(String, Vec<u8>)> {
    let (number, record) = (made.number(), made.record.to_canonical_json());
    vec![
        (format!("{number}.record.tsr"), token(&record, OWN)),
        (format!("{number}.record.json"), record),
        (format!("{number}.files.json"), made.files.to_canonical_json()),
        (format!("{number}.openings.json"), made.openings.to_canonical_json()),
    ]
}

#[test]
fn a_record_and_files_one_by_one() {
    let made = Made::new(9);
    let bare = judged(&downloaded(&made));
    let record = &bare.subjects[0];
    assert_eq!((is_genuine(record), same(record), bare.verdict()), (Verdict::Valid, None, Verdict::Incomplete));
    assert!(record.files.iter().all(|line| line.state == FileState::NotGiven));
    let with = |more: &[(&str, &[u8])]| {
        let more = more.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec()));
        judged(&[downloaded(&made), more.collect()].concat())
    };
    let all: Vec<(&str, &[u8])> = made.originals.iter().map(|(n, c)| (n.as_str(), c.as_slice())).collect();
    assert_eq!(with(&all).verdict(), Verdict::Valid);
    // Renamed, it passes, and that its name is another is said.
    let outcome = with(&[("IMG_1.jpg", all[0].1), all[1], all[2]]);
    assert_eq!(outcome.verdict(), Verdict::Valid);
    assert!(has(&outcome.subjects[0], Code::FileRenamed));
    assert_eq!(outcome.subjects[0].files[0].given.as_deref(), Some("IMG_1.jpg"));
    // Changed, it fails, and the record stays genuine.
    let outcome = with(&[("月港.jpg", b"recompressed"), all[1], all[2]]);
    assert_eq!((is_genuine(&outcome.subjects[0]), same(&outcome.subjects[0])), (Verdict::Valid, Some(false)));
    assert_eq!(outcome.verdict(), Verdict::Invalid);
    // A file that belongs to no record is loose, and copies count once.
    let outcome = with(&[all[0], all[1], all[2], ("other.bin", b"other")]);
    assert_eq!((outcome.loose.len(), outcome.verdict()), (1, Verdict::Incomplete));
    let outcome = with(&[all[0], all[1], all[2], ("copy.jpg", all[0].1)]);
    assert_eq!((outcome.loose.len(), outcome.verdict()), (0, Verdict::Valid));
}

#[test]
fn why_a_text_differs_is_said() {
    let made = Made::new(9);
    for (name, text) in [
        ("notes.txt", "第一行\r\n第二行\r\n"),
        ("renamed.txt", "\u{feff}第一行\n第二行\n"),
        ("notes.txt", "第一行\n第二行"),
    ] {
        let files = [downloaded(&made), vec![(name.to_owned(), text.as_bytes().to_vec())]].concat();
        let outcome = judged(&files);
        assert_eq!(outcome.verdict(), Verdict::Invalid, "similar is not identical: {text:?}");
        assert!(has(&outcome.subjects[0], Code::SimilarText) && outcome.loose.is_empty(), "{text:?}");
        let html = page::html(&outcome, Language::Zh, Place::Served);
        assert!(html.contains("相似并非相同"), "{text:?}");
    }
    let files = [downloaded(&made), vec![("notes.txt".to_owned(), "第三行\n".as_bytes().to_vec())]].concat();
    assert!(!has(&judged(&files).subjects[0], Code::SimilarText));
    // The same for a file with a token of its own.
    let outcome = judged(&[("a.txt".to_owned(), b"a\r\n".to_vec()), ("a.txt.tsr".to_owned(), token(b"a\n", OWN))]);
    assert!(has(&outcome.subjects[0], Code::SimilarText) && outcome.verdict() == Verdict::Invalid);
}

#[test]
fn salts_are_found_where_their_owner_keeps_them() {
    let made = Made::new(9);
    let secret = ("secret.txt".to_owned(), b"3:1 parts of glaze".to_vec());
    let without: Vec<_> = downloaded(&made).into_iter().filter(|(name, _)| !name.ends_with("openings.json")).collect();
    let salt = made.openings.all().iter().find(|one| one.text.is_none()).unwrap().salt;
    let salts = format!("{{\"secret.txt\":\"{}\"}}", proof::digest::hex(&salt));
    let kept = ("draft.salts.json".to_owned(), salts.into_bytes());
    let state = |files: &[(String, Vec<u8>)]| judged(files).subjects[0].files[2].state;
    let with = |more: &[(String, Vec<u8>)]| [&without[..], more].concat();
    assert_eq!(state(&with(&[secret.clone(), kept.clone()])), FileState::Same);
    assert_eq!(state(&with(&[secret.clone(), ("secret.txt.salt".to_owned(), salt.to_vec())])), FileState::Same);
    // Under the openings alone, renamed: its size leads to it.
    let renamed = ("x.bin".to_owned(), secret.1.clone());
    assert_eq!(state(&[downloaded(&made), vec![renamed]].concat()), FileState::Same);
    assert_ne!(state(&with(std::slice::from_ref(&secret))), FileState::Same, "nobody can compare it without its salt");
    let changed = (secret.0, b"3:2 parts of glaze".to_vec());
    assert_eq!(state(&[downloaded(&made), vec![changed]].concat()), FileState::Differs);
}

#[test]
fn lists_and_openings_must_be_the_records() {
    let (made, other) = (Made::new(9), Made::new(10));
    let replace = |end: &str, with: Option<Vec<u8>>| {
        let mut files = downloaded(&made);
        let at = files.iter().position(|(name, _)| name.ends_with(end)).unwrap();
        match with {
            Some(bytes) => files[at].1 = bytes,
            None => drop(files.remove(at)),
        }
        judged(&files)
    };
    let expect = |outcome: Outcome, code: Code, genuine: Verdict| {
        assert!(has(&outcome.subjects[0], code), "{code:?}");
        assert_eq!(is_genuine(&outcome.subjects[0]), genuine, "{code:?}");
        assert_ne!(outcome.verdict(), Verdict::Valid);
        outcome
    };
    expect(replace("files.json", None), Code::ListMissing, Verdict::Valid);
    expect(replace("files.json", Some(other.files.to_canonical_json())), Code::ListWrong, Verdict::Valid);
    expect(
        replace("files.json", Some(br#"{"files":[],"kind":"shiyin.files/9"}"#.to_vec())),
        Code::PartMalformed,
        Verdict::Valid,
    );
    expect(replace("record.tsr", None), Code::StampMissing, Verdict::Incomplete);
    expect(replace("record.json", Some(other.record.to_canonical_json())), Code::RecordChanged, Verdict::Invalid);
    let pretty = made
        .record
        .to_canonical_json()
        .iter()
        .flat_map(|b| if *b == b',' { vec![b',', b' '] } else { vec![*b] })
        .collect();
    expect(replace("record.json", Some(pretty)), Code::RecordMalformed, Verdict::Invalid);
    // A lie in an opening is not shown, and the record stays genuine.
    let lie = made.openings.to_canonical_json();
    let lie = String::from_utf8(lie).unwrap().replace("林月港", "王小二").into_bytes();
    let outcome = expect(replace("openings.json", Some(lie)), Code::OpeningWrong, Verdict::Valid);
    assert_eq!(outcome.subjects[0].record.as_ref().unwrap().applicant, Said::Hidden);
    assert!(!page::html(&outcome, Language::Zh, Place::Served).contains("王小二"));
    // A record that was not stamped shows nothing that it says.
    let outcome = replace("record.json", Some(other.record.to_canonical_json()));
    let html = page::html(&outcome, Language::Zh, Place::Served);
    assert!(!html.contains("photo") && html.contains("不是被加盖的内容"));
}

#[test]
fn one_file_of_many_shown_alone() {
    let made = Made::new(9);
    let shown = |bytes: Vec<u8>, more: &[(&str, &[u8])]| {
        let more = more.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec()));
        judged(&[vec![("SY.0.disclosure.json".to_owned(), bytes)], more.collect()].concat())
    };
    let good = made.disclosure(0).to_canonical_json();
    let outcome = shown(good.clone(), &[("a.jpg", &made.originals[0].1)]);
    assert_eq!(outcome.verdict(), Verdict::Valid);
    let subject = &outcome.subjects[0];
    assert_eq!((subject.files[0].name.as_str(), subject.files[0].place), ("月港.jpg", Some((1, 3))));
    let html = page::html(&outcome, Language::En, Place::Served);
    assert!(html.contains("one of 3 files") && html.contains(&made.number()) && html.contains("Not shown (committed)"));
    // The salted one brings its salt along.
    let salted = shown(made.disclosure(2).to_canonical_json(), &[("any.txt", b"3:1 parts of glaze")]);
    assert_eq!(salted.verdict(), Verdict::Valid);
    let bare = shown(good.clone(), &[]);
    assert_eq!((is_genuine(&bare.subjects[0]), same(&bare.subjects[0])), (Verdict::Valid, None));
    let other = shown(good.clone(), &[("月港.jpg", b"another")]);
    assert_eq!((is_genuine(&other.subjects[0]), same(&other.subjects[0])), (Verdict::Valid, Some(false)));
    // A proof of another place, a leaf of another file, a token over another record, bytes cut off.
    let mut lies = [made.disclosure(0), made.disclosure(0), made.disclosure(0)];
    lies[0].proof.index = 1;
    lies[1].file = made.files.all()[1];
    lies[2].token = token(b"something else", OWN);
    for lie in lies {
        let outcome = shown(lie.to_canonical_json(), &[("a.jpg", &made.originals[0].1)]);
        assert_eq!(is_genuine(&outcome.subjects[0]), Verdict::Invalid);
        assert_ne!(outcome.subjects[0].files.first().map(|line| line.state), Some(FileState::Same));
    }
    let outcome = shown(good.replace_once(b"\"path\"", b"\"paths\""), &[]);
    assert!(has(&outcome.subjects[0], Code::DisclosureMalformed) && outcome.verdict() == Verdict::Invalid);
}

trait ReplaceOnce {
    fn replace_once(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl ReplaceOnce for Vec<u8> {
    fn replace_once(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = self.windows(from.len()).position(|w| w == from).unwrap();
        [&self[..at], to, &self[at + from.len()..]].concat()
    }
}

#[test]
fn the_page_and_the_data_tell_the_same_and_break_out_of_nothing() {
    let (made, mut folder) = good();
    folder.insert(made.path(RecordPart::Original("<img src=x>.jpg".to_owned())), b"x".to_vec());
    let outcome = archived(&folder);
    for language in [Language::Zh, Language::En] {
        for place in [Place::Served, Place::Offline, Place::Still] {
            let html = page::html(&outcome, language, place);
            assert!(!html.contains("<img") && !html.contains("<b>月港") && html.contains("月港 &lt;b&gt;"));
            assert_eq!(html.matches('<').count(), html.matches('>').count());
            assert!(html.contains(&made.number()));
        }
        let data = serde_json::to_value(Json::new(&outcome, language)).unwrap();
        let kinds: Vec<&str> =
            data["subjects"].as_array().unwrap().iter().map(|s| s["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"package") && kinds.contains(&"record"), "{kinds:?}");
        let record = data["subjects"].as_array().unwrap().iter().find(|s| s["kind"] == "record").unwrap();
        assert_eq!(record["genuine"], "valid");
        assert_eq!(record["same"], true);
        assert_eq!(record["record"]["number"], made.number());
        assert_eq!(record["record"]["applicant"], "林月港");
        assert!(record["record"]["statements"]["summary"].is_null());
    }
}

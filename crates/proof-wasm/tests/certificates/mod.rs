//! Certificates, and other signed PDFs, altered in every way: the verdict of each, and of the record inside.
//!
//! The files are of `vectors/pdf/`, which `crates/paper/examples/vectors.rs` writes.

use crate::made::{self, Folder, OWN, desk, sealed, token, vector, zipped};
use proof::der::Time;
use proof::package::{Part as PackagePart, RecordPart};
use proof::pdf::attachments;
use proof::record::Record;
use proof::report::{Code, Language, Verdict};
use proof_wasm::desk::Desk;
use proof_wasm::judge::{Outcome, PdfState, Subject};
use proof_wasm::page::{self, Json, Place};
use proof_wasm::parts::{is_genuine, same};
use proof_wasm::sentences::headline;

/// When the lists that ride in the certificates are those of the day.
const NOW: Time = made::NOW.plus_s(7 * 86_400);

fn judged(contents: &[(String, Vec<u8>)]) -> Outcome {
    desk(contents).judge(NOW)
}

fn archived(folder: &Folder) -> Outcome {
    judged(&[("SY-package.zip".to_owned(), zipped(folder))])
}

fn unpacked(folder: &Folder) -> Outcome {
    let files: Vec<_> = folder.iter().map(|(path, content)| (format!("out/{path}"), content.clone())).collect();
    judged(&files)
}

fn pdf(name: &str) -> Vec<u8> {
    vector(&format!("pdf/{name}.pdf"))
}

fn original() -> (String, Vec<u8>) {
    ("photo.txt".to_owned(), vector("content/original.txt"))
}

fn of(bytes: &[u8]) -> Outcome {
    judged(&[("cert.pdf".to_owned(), bytes.to_vec()), original()])
}

fn certificate(outcome: &Outcome) -> &Subject {
    let mut all = outcome.subjects.iter().filter(|s| s.pdf.is_some());
    let one = all.next().expect("a PDF");
    assert!(all.next().is_none(), "one PDF is one subject");
    one
}

fn record(outcome: &Outcome) -> Option<&Subject> {
    let mut all = outcome.subjects.iter().filter(|s| s.record.is_some());
    let one = all.next();
    assert!(all.next().is_none(), "one record is one subject");
    one
}

fn has(subject: &Subject, code: Code) -> bool {
    subject.tokens.iter().any(|(_, report)| report.has(code))
}

/// What the certificate comes to, its verdict, whether the record inside is genuine, whether the file is the one.
type Answers = (PdfState, Verdict, Option<Verdict>, Option<bool>);

fn answers(outcome: &Outcome) -> Answers {
    let (of_pdf, of_record) = (certificate(outcome), record(outcome));
    let state = of_pdf.pdf.as_ref().unwrap().state();
    (state, of_pdf.verdict(), of_record.map(is_genuine), of_record.and_then(same))
}

const HOLDS: Answers = (PdfState::Genuine, Verdict::Valid, Some(Verdict::Valid), Some(true));
const CHANGED: (PdfState, Verdict) = (PdfState::Changed, Verdict::Invalid);

fn first(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|w| w == wanted).expect("it is there")
}

fn last(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).rposition(|w| w == wanted).expect("it is there")
}

fn with(bytes: &[u8], at: usize, text: &[u8]) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    altered[at..at + text.len()].copy_from_slice(text);
    altered
}

/// A revision with these objects appended, under the root that was there.
fn appended(bytes: &[u8], objects: &[(u32, String)]) -> Vec<u8> {
    let file = proof::pdf::File::parse(bytes).unwrap();
    let mut out = bytes.to_vec();
    let mut table = String::from("xref\n");
    for (number, body) in objects {
        table.push_str(&format!("{number} 1\n{:010} 00000 n\r\n", out.len()));
        out.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let (at, size, previous) = (out.len(), file.size() + 10, file.startxref());
    let id = "[<00112233445566778899aabbccddeeff><00>]";
    table.push_str(&format!("trailer\n<</Size {size}/Root 1 0 R/ID{id}/Prev {previous}>>\nstartxref\n{at}\n%%EOF\n"));
    out.extend_from_slice(table.as_bytes());
    out
}

#[test]
fn a_certificate_its_record_and_the_file_are_three_answers() {
    let outcome = of(&pdf("certificate"));
    assert_eq!(answers(&outcome), HOLDS);
    assert_eq!(outcome.verdict(), Verdict::Valid, "{:?}", headline(&outcome, Language::En));
    assert!(outcome.loose.is_empty());
    let view = certificate(&outcome).pdf.as_ref().unwrap();
    assert_eq!(view.level().map(|level| level.name()), Some("B-LTA"));
    assert!(view.time().is_some() && view.signers()[0].contains("CN=seal"));
    let said = headline(&outcome, Language::En);
    assert!(said[0].starts_with("The certificate is genuine: ") && said[0].contains("CN=seal"), "{said:?}");
    assert!(said[0].contains("no later than 2026-06-01 12:00:00 UTC"), "{said:?}");
    assert!(said[1].contains("is genuine. The file is the one that it lists."), "{said:?}");
    for subject in &outcome.subjects {
        assert!(!subject.name.is_empty() && !subject.tokens.is_empty());
    }
    // Without the file, certificate and record stand by themselves.
    let alone = judged(&[("cert.pdf".to_owned(), pdf("certificate"))]);
    let (state, verdict, genuine, is_same) = answers(&alone);
    assert_eq!((state, verdict, genuine, is_same), (HOLDS.0, HOLDS.1, HOLDS.2, None));
    // Another file is not the one, and the certificate stays genuine.
    let other = judged(&[
        ("cert.pdf".to_owned(), pdf("certificate")),
        ("original.txt".to_owned(), vector("content/one-bit-changed.txt")),
    ]);
    assert_eq!(answers(&other), (HOLDS.0, HOLDS.1, HOLDS.2, Some(false)));
    assert_eq!(other.verdict(), Verdict::Invalid);
}

#[test]
fn a_root_that_rides_in_a_certificate_is_no_anchor() {
    let bytes = pdf("certificate");
    let mut desk = Desk::new();
    desk.offer("cert.pdf", bytes.len() as u64, Some(&bytes)).unwrap();
    let laid = desk.open(0, &[][..]).unwrap();
    assert_eq!(laid.len(), 5);
    assert!(laid.iter().all(|one| one.entry.is_none() && one.size > 0));
    assert_eq!(desk.plan().len(), 1, "what rides in it is hashed already");
    let outcome = desk.judge(NOW);
    let (state, verdict, genuine, _) = answers(&outcome);
    assert_eq!((state, verdict), (PdfState::Unconfirmed, Verdict::Unconfirmed));
    assert_eq!(genuine, Some(Verdict::Unconfirmed));
    assert!(headline(&outcome, Language::En)[0].contains("not confirmed"));
    let offered = desk.offered();
    assert_eq!(offered.len(), 1);
    desk.set_trusted(&offered[0].fingerprint, true);
    assert_eq!(answers(&desk.judge(NOW)).0, PdfState::Genuine, "after an act of the reader it is");
}

#[test]
fn a_flipped_byte_has_its_verdict_in_every_region() {
    let good = pdf("certificate");
    let inside = attachments(&good).unwrap();
    let bytes_of = |name: &str| inside.iter().find(|one| one.name == name).unwrap().bytes.clone();
    let check = |what: &str, altered: &[u8], state: PdfState| {
        let outcome = of(altered);
        let (found, verdict, genuine, _) = answers(&outcome);
        assert_eq!((found, verdict), (state, Verdict::Invalid), "{what}: {:?}", headline(&outcome, Language::En));
        assert_eq!(outcome.verdict(), Verdict::Invalid, "{what}");
        genuine
    };
    let page = with(&good, first(&good, b"(Certificate of") + 1, b"X");
    assert_eq!(check("page", &page, PdfState::Changed), Some(Verdict::Valid), "the record inside stands");
    // Each file inside, in its middle.
    for (name, genuine) in [
        ("record.json", Some(Verdict::Invalid)),
        ("record.tsr", Some(Verdict::Invalid)),
        ("files.json", Some(Verdict::Valid)),
        ("openings.json", Some(Verdict::Valid)),
        ("root.pem", Some(Verdict::Valid)),
    ] {
        let content = bytes_of(name);
        let at = match name {
            "record.json" => first(&good, &content) + first(&content, b"Qingyu"),
            _ => first(&good, &content) + content.len() / 2,
        };
        let altered = with(&good, at, &[good[at] ^ 1]);
        assert_eq!(check(name, &altered, PdfState::Changed), genuine, "{name}");
    }
    let is_bad = |what: &str, altered: &[u8]| {
        let outcome = of(altered);
        let (state, verdict, ..) = answers(&outcome);
        assert_eq!(verdict, Verdict::Invalid, "{what}");
        assert!(matches!(state, PdfState::Changed | PdfState::Invalid | PdfState::Unreadable), "{what}: {state:?}");
        assert_eq!(outcome.verdict(), Verdict::Invalid, "{what}");
        state
    };
    let range = first(&good, b"/ByteRange [0 ");
    is_bad("ByteRange", &with(&good, range + 12, b"1"));
    let digit = if good[range + 14] == b'8' { b"7" } else { b"8" };
    is_bad("ByteRange", &with(&good, range + 14, digit));
    let contents = first(&good, b"/Contents <30") + 11;
    is_bad("Contents: encoding", &with(&good, contents, b"31"));
    let end = contents + first(&good[contents..], b">");
    is_bad("Contents: padding", &with(&good, end - 4, b"01"));
    let digest = contents + first(&good[contents..], b"06092a864886f70d0109043122") + 32;
    is_bad("Contents: digest", &with(&good, digest, if good[digest] == b'0' { b"1" } else { b"0" }));
    let list = vector("pki/crl-clean.der");
    let store = first(&good, &list) + list.len() - 1;
    is_bad("store", &with(&good, store, &[good[store] ^ 1]));
    is_bad("store's place", &with(&good, last(&good, b"/DSS"), b"/DSX"));
    assert_eq!(is_bad("table", &with(&good, last(&good, b"xref\n"), b"xrex")), PdfState::Unreadable);
    assert_eq!(is_bad("end", &with(&good, last(&good, b"%%EOF"), b"%%EOX")), PdfState::Unreadable);
    assert_eq!(is_bad("trailer", &with(&good, last(&good, b"/Prev ") + 6, b"1")), PdfState::Unreadable);
    assert_eq!(is_bad("behind the end", &[&good[..], b"<script>"].concat()), PdfState::Unreadable);
    // Wherever else a byte differs, it is never better than it was, and never silent.
    // The envelope of the last timestamp has certificates twice, and nothing stands over it.
    let envelope = last(&good, b"/Contents <30")..last(&good, b">");
    for at in (0..good.len()).step_by(211).filter(|at| !envelope.contains(at)) {
        let outcome = of(&with(&good, at, &[good[at] ^ 1]));
        assert_ne!(outcome.verdict(), Verdict::Valid, "byte {at}");
    }
}

#[test]
fn a_certificate_cut_off_is_what_was_signed_then_or_is_refused() {
    let good = pdf("certificate");
    let ends: Vec<usize> =
        (0..good.len() - 5).filter(|at| good[*at..].starts_with(b"%%EOF")).map(|at| at + 6).collect();
    assert_eq!(ends.len(), 4, "the document, its signature, the store, the last timestamp");
    for end in (300..good.len() - 1).step_by(997).filter(|end| !ends.contains(end)) {
        let outcome = of(&good[..end]);
        assert_ne!(outcome.verdict(), Verdict::Valid, "cut off at {end}");
    }
    let levels: Vec<Option<&str>> = ends[1..]
        .iter()
        .map(|end| {
            let outcome = of(&good[..*end]);
            assert_eq!(answers(&outcome), HOLDS, "an earlier revision is a certificate of its own");
            certificate(&outcome).pdf.as_ref().unwrap().level().map(|level| level.name())
        })
        .collect();
    assert_eq!(levels, [Some("B-T"), Some("B-LT"), Some("B-LTA")]);
    assert_eq!(answers(&of(&good[..ends[0]])).0, PdfState::Unsigned);
}

#[test]
fn what_is_appended_to_a_certificate_is_said() {
    let good = pdf("certificate");
    let record = attachments(&pdf("certificate-of-another")).unwrap();
    let other = |name: &str| String::from_utf8(record.iter().find(|one| one.name == name).unwrap().bytes.clone());
    let stream = |text: &str| format!("<</Type/EmbeddedFile/Length {}>>\nstream\n{text}\nendstream", text.len());
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>".to_owned();
    let text = "<</Length 3>>\nstream\nabc\nendstream".to_owned();
    // The catalogue that is in force, without its files.
    let from = &good[last(&good, b"\n1 0 obj\n") + 9..];
    let catalog = String::from_utf8_lossy(&from[..first(from, b"endobj")]).replace("/Names", "/Nomes");
    let cases = [
        ("a page that changed", vec![(3, page)]),
        ("a text that changed", vec![(4, text)]),
        ("no attachments any more", vec![(1, catalog)]),
        ("another record", vec![(9, stream(&other("record.json").unwrap()))]),
        ("another list", vec![(11, stream(&other("files.json").unwrap()))]),
        ("a record that is none", vec![(9, stream("{}"))]),
    ];
    for (what, objects) in cases {
        let outcome = of(&appended(&good, &objects));
        let (state, verdict, ..) = answers(&outcome);
        assert_eq!((state, verdict), CHANGED, "{what}: {:?}", headline(&outcome, Language::En));
        assert!(has(certificate(&outcome), Code::PdfChangedAfterSigning), "{what}");
        assert_eq!(outcome.verdict(), Verdict::Invalid, "{what}");
    }
    // Under a catalogue without a form, there is neither a signature nor a record.
    let outcome = of(&appended(&good, &[(1, "<</Type/Catalog/Pages 2 0 R>>".to_owned())]));
    assert_eq!(answers(&outcome), (PdfState::Unsigned, Verdict::Incomplete, None, None));
}

#[test]
fn an_unsigned_copy_and_one_signed_by_another_pass_for_nothing_more() {
    let outcome = of(&pdf("certificate-unsigned"));
    assert_eq!(answers(&outcome), (PdfState::Unsigned, Verdict::Incomplete, Some(Verdict::Valid), Some(true)));
    assert!(has(certificate(&outcome), Code::CertificateUnsigned));
    assert!(headline(&outcome, Language::Zh)[0].contains("没有签名"));

    let foreign = ("cert.pdf".to_owned(), pdf("certificate-other-authority"));
    let outcome = judged(&[foreign.clone(), original()]);
    assert_eq!(answers(&outcome), (PdfState::Unconfirmed, Verdict::Unconfirmed, Some(Verdict::Valid), Some(true)));
    assert!(has(certificate(&outcome), Code::AuthorityUnconfirmed));

    // Both authorities are pinned: who signed is named, and that it is under another one.
    let mut desk = desk(&[foreign, original()]);
    desk.trust(&vector("pki/foreign-root.der"));
    let outcome = desk.judge(NOW);
    assert_eq!(answers(&outcome).0, PdfState::Genuine);
    assert!(has(certificate(&outcome), Code::CertificateOtherAuthority));
    assert!(!has(certificate(&of(&pdf("certificate"))), Code::CertificateOtherAuthority));
}

/// A package around a certificate.
fn package(name: &str, of_record: &str) -> (Folder, String) {
    let inside = attachments(&pdf(of_record)).unwrap();
    let bytes_of = |name: &str| inside.iter().find(|one| one.name == name).unwrap().bytes.clone();
    let number = Record::parse(&bytes_of("record.json")).unwrap().number;
    let path = |part: RecordPart| PackagePart::Of(number, part).path();
    let folder = Folder::from([
        (path(RecordPart::Record), bytes_of("record.json")),
        (path(RecordPart::Token), bytes_of("record.tsr")),
        (path(RecordPart::Files), bytes_of("files.json")),
        (path(RecordPart::Openings), bytes_of("openings.json")),
        (path(RecordPart::Certificate), pdf(name)),
        (path(RecordPart::Original("original.txt".to_owned())), original().1),
    ]);
    (sealed(folder, OWN), number.to_string())
}

#[test]
fn a_record_in_a_package_and_in_its_certificate_is_one_subject() {
    let (folder, number) = package("certificate", "certificate");
    for outcome in [archived(&folder), unpacked(&folder)] {
        assert_eq!(answers(&outcome), HOLDS);
        assert_eq!(outcome.verdict(), Verdict::Valid, "{:?}", headline(&outcome, Language::En));
        assert_eq!(outcome.subjects.len(), 3, "the package, the certificate, the record");
        let one = record(&outcome).unwrap();
        assert_eq!((one.name.as_str(), one.tokens.len()), (number.as_str(), 1));
        assert!(has(&outcome.subjects[0], Code::PackageComplete) && outcome.loose.is_empty());
    }
    // A folder with a record and its certificate is no package yet.
    let mut bare = folder.clone();
    bare.remove(proof::package::MANIFEST);
    bare.remove(proof::package::TOKEN);
    let outcome = unpacked(&bare);
    assert!(outcome.subjects.iter().all(|s| !s.is_package), "nothing says that it is one");
    // A record that is gone from its package is missing there, though its certificate has a copy.
    let mut less = folder.clone();
    less.retain(|path, _| !path.ends_with("/record.json"));
    let outcome = archived(&less);
    assert!(has(outcome.subjects.iter().find(|s| s.is_package).unwrap(), Code::FileMissing));
    assert_eq!(answers(&outcome), HOLDS);
    // The certificate of another record in its place: two records, and that it is misplaced.
    let (folder, _) = package("certificate-of-another", "certificate");
    let outcome = archived(&folder);
    let records: Vec<&Subject> = outcome.subjects.iter().filter(|s| s.record.is_some()).collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records.iter().filter(|record| has(record, Code::RecordMisplaced)).count(), 1);
}

#[test]
fn a_stamped_pdf_stays_a_content_whoever_signed_it() {
    for (name, state) in [
        ("contract", Some(PdfState::Genuine)),
        ("contract-other-authority", Some(PdfState::Unconfirmed)),
        ("contract-unsigned", None),
    ] {
        let bytes = pdf(name);
        let files = [("a.pdf".to_owned(), bytes.clone()), ("a.pdf.tsr".to_owned(), token(&bytes, OWN))];
        let outcome = judged(&files);
        let content = outcome.subjects.iter().find(|s| s.pdf.is_none()).unwrap();
        assert_eq!((content.verdict(), same(content)), (Verdict::Valid, Some(true)), "{name}");
        let found = outcome.subjects.iter().find_map(|s| s.pdf.as_ref());
        assert_eq!(found.map(|pdf| (pdf.state(), pdf.is_aside)), state.map(|state| (state, true)), "{name}");
        assert_eq!(outcome.verdict(), Verdict::Valid, "{name}: whose signature is in it is another question");
    }
    // Without a token, its own signature is all there is; one that is not signed has nothing.
    let alone = |name: &str| judged(&[("a.pdf".to_owned(), pdf(name))]);
    assert_eq!(answers(&alone("contract")).0, PdfState::Genuine);
    assert_eq!(alone("contract").verdict(), Verdict::Valid);
    assert_eq!(alone("contract-other-authority").verdict(), Verdict::Unconfirmed);
    let plain = alone("contract-unsigned");
    assert!(plain.subjects.is_empty() && plain.loose.len() == 1);
    // One that cannot be read is a content where a token speaks of it, and refused where nothing does.
    let broken = [&pdf("contract")[..], b"behind the end"].concat();
    let stamped = [("a.pdf".to_owned(), broken.clone()), ("a.pdf.tsr".to_owned(), token(&broken, OWN))];
    assert_eq!(judged(&stamped).verdict(), Verdict::Valid);
    assert_eq!(judged(&[("a.pdf".to_owned(), broken)]).verdict(), Verdict::Invalid);
}

#[test]
fn the_page_and_the_data_tell_a_certificate_in_both_languages() {
    for name in ["certificate", "certificate-unsigned", "certificate-other-authority", "contract"] {
        let outcome = judged(&[("a<b>.pdf".to_owned(), pdf(name)), original()]);
        for language in [Language::Zh, Language::En] {
            for place in [Place::Served, Place::Offline, Place::Still] {
                let html = page::html(&outcome, language, place);
                assert!(!html.contains("<b>.pdf") && html.contains("data-part=\"part-signature\""));
                assert_eq!(html.matches("<li").count(), html.matches("</li>").count());
            }
        }
        let json = serde_json::to_value(Json::new(&outcome, Language::En)).unwrap();
        let subjects = json["subjects"].as_array().unwrap();
        let one = subjects.iter().find(|s| s["pdf"].is_object()).unwrap();
        let kind = if name == "contract" { "pdf" } else { "certificate" };
        assert_eq!(one["kind"], kind);
        assert_eq!(one["pdf"]["signatures"].as_array().unwrap().len(), if name.contains("unsigned") { 0 } else { 2 });
        assert!(one["tokens"][0]["findings"][0]["code"].is_string());
    }
    let json = serde_json::to_value(Json::new(&of(&pdf("certificate")), Language::En)).unwrap();
    let one = &json["subjects"][0];
    assert_eq!((&one["pdf"]["state"], &one["pdf"]["signatures"][0]["level"]), (&"genuine".into(), &"B-LTA".into()));
    assert_eq!(one["pdf"]["signed_no_later_than"], "2026-06-01T12:00:00Z");
}

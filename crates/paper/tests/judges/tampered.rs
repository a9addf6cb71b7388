//! Files that were altered after they were signed, and what is said of each.

use super::house::House;
use proof::report::{Code, Verdict};

/// The place of `wanted` in `bytes`, the last.
fn last(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).rposition(|w| w == wanted).unwrap()
}

fn first(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|w| w == wanted).unwrap()
}

fn with(bytes: &[u8], at: usize, text: &[u8]) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    altered[at..at + text.len()].copy_from_slice(text);
    altered
}

/// A revision with these objects appended, under the root that was there.
fn appended(bytes: &[u8], objects: &[(u32, &str)]) -> Vec<u8> {
    let file = proof::pdf::File::parse(bytes).unwrap();
    let mut out = bytes.to_vec();
    let mut table = String::from("xref\n");
    for (number, body) in objects {
        table.push_str(&format!("{number} 1\n{:010} 00000 n\r\n", out.len()));
        out.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let at = out.len();
    let size = file.size() + 10;
    let previous = file.startxref();
    let id = "[<00112233445566778899aabbccddeeff><00>]";
    table.push_str(&format!("trailer\n<</Size {size}/Root 1 0 R/ID{id}/Prev {previous}>>\nstartxref\n{at}\n%%EOF\n"));
    out.extend_from_slice(table.as_bytes());
    out
}

/// The last catalogue as it is written.
fn catalog(bytes: &[u8]) -> String {
    let start = last(bytes, b"\n1 0 obj\n") + 9;
    let length = first(&bytes[start..], b"\nendobj");
    String::from_utf8(bytes[start..start + length].to_vec()).unwrap()
}

/// A file of these objects, numbered from 1; the first is the catalogue.
fn built(objects: &[&str]) -> Vec<u8> {
    let (mut out, mut table) = (b"%PDF-1.7\n".to_vec(), format!("xref\n0 {}\n", objects.len() + 1));
    table.push_str("0000000000 65535 f\r\n");
    for (i, body) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n\r\n", out.len()));
        out.extend_from_slice(format!("{} 0 obj\n{body}\nendobj\n", i + 1).as_bytes());
    }
    let (at, size) = (out.len(), objects.len() + 1);
    let id = "[<00112233445566778899aabbccddeeff><00>]";
    table.push_str(&format!("trailer\n<</Size {size}/Root 1 0 R/ID{id}>>\nstartxref\n{at}\n%%EOF\n"));
    out.extend_from_slice(table.as_bytes());
    out
}

const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
const STREAM: &str = "<</Length 3>>\nstream\nabc\nendstream";

/// What it is, the signed document's objects, and what is added.
type Case<'a> = (&'a str, [&'a str; 5], &'a [(u32, &'a str)]);

#[test]
fn no_byte_under_a_document_timestamp_can_be_another() {
    let house = House::new();
    for source in ["table.pdf", "stream.pdf"] {
        let signed = house.at_level(&house.read(source), "signer", "A", "B-LTA");
        // The token itself holds certificates that nobody signed there.
        let start = last(&signed, b"/Contents <30") + 10;
        let token = start..start + first(&signed[start..], b"00000000");
        let end = signed.len() - 1;
        for at in (0..end).step_by(61).chain(end - 80..end).filter(|at| !token.contains(at)) {
            let altered = with(&signed, at, &[signed[at] ^ 1]);
            let report = house.verify(&altered);
            assert_ne!(report.verdict, Verdict::Valid, "{source} byte {at}: {report:#?}");
        }
    }
}

#[test]
fn what_was_laid_out_before_signing_does_not_come_up_after_it() {
    let house = House::new();
    let plain = "<</Type/Catalog/Pages 2 0 R>>";
    let page = |rest: &str| format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]{rest}>>");
    let evil = "<</Length 3>>\nstream\nxyz\nendstream";
    // What the signed document has, and what is added to it.
    let double = page("/Annots 5 0 R/Contents 5 0 R");
    let dangling = page("/Contents[4 0 R 50 0 R]");
    let other_generation = page("/Contents[4 0 R 4 1 R]");
    let form = "<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>";
    let form_page = page("/Contents 5 0 R");
    let text_form = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>";
    let text_page = page("/Contents 4 0 R/Annots[5 0 R]");
    let text = "<</FT/Tx/Subtype/Widget/T(price)/V(100)/Rect[0 0 9 9]>>";
    let more = "<</FT/Tx/Subtype/Widget/T(price)/V(900)/Rect[0 0 9 9]>>";
    let cases: [Case<'_>; 4] = [
        ("a list of annotations that is the page's content", [plain, PAGES, &double, STREAM, "[]"], &[(5, evil)]),
        ("a missing object is made", [plain, PAGES, &dangling, STREAM, "null"], &[(50, evil)]),
        ("a form that is the page's content", [form, PAGES, &form_page, STREAM, "<<>>"], &[(5, evil)]),
        ("a field's value", [text_form, PAGES, &text_page, STREAM, text], &[(5, more)]),
    ];
    for (what, objects, added) in cases {
        let signed = house.at_level(&built(&objects), "signer", "A", "B-B");
        assert_eq!(house.verify(&signed).verdict, Verdict::Valid, "{what}");
        let report = house.verify(&appended(&signed, added));
        assert!(report.has(Code::PdfChangedAfterSigning) || report.has(Code::PdfUnsigned), "{what}: {report:#?}");
        assert_ne!(report.verdict, Verdict::Valid, "{what}");
    }
    let signed = house.at_level(&built(&[plain, PAGES, &other_generation, STREAM]), "signer", "A", "B-B");
    let report = house.verify(&appended(&signed, &[(4, evil)]));
    assert!(report.has(Code::PdfChangedAfterSigning), "reached under another generation first: {report:#?}");
}

#[test]
fn a_field_that_waited_is_signed_and_nothing_else_of_it_changes() {
    let house = House::new();
    let form = "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>";
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Annots 7 0 R>>";
    let waiting = "<</Type/Annot/Subtype/Widget/FT/Sig/T(B)/Rect[0 0 0 0]/F 132/P 3 0 R>>";
    let base = built(&[form, PAGES, page, STREAM, waiting, "<</Fields[5 0 R]>>", "[5 0 R]"]);
    let first = house.at_level(&base, "signer", "A", "B-B");
    let second = house.at_level(&first, "second", "B", "B-T");
    let report = house.verify(&second);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    assert_eq!(report.signatures.len(), 2);
    house.write("waited.pdf", &second);
    house.run("qpdf", &["--check", "waited.pdf"]);
    let moved = waiting.replace("[0 0 0 0]", "[0 0 9 9]");
    let report = house.verify(&appended(&first, &[(5, &moved)]));
    assert!(report.has(Code::PdfChangedAfterSigning), "{report:#?}");
}

#[test]
fn fields_that_are_more_than_signatures_are_refused() {
    let house = House::new();
    let one = house.at_level(&house.read("table.pdf"), "signer", "A", "B-B");
    let two = house.at_level(&one, "second", "B", "B-B");
    let widget = last(&two, b"/T (B)");
    let start = two[..widget].windows(5).rposition(|w| w == b"obj\n<").unwrap() + 4;
    let body = String::from_utf8(two[start..start + first(&two[start..], b"\nendobj")].to_vec()).unwrap();
    let number: u32 = {
        let line = two[..start - 7].iter().rposition(|b| *b == b'\n').unwrap() + 1;
        String::from_utf8(two[line..start - 7].to_vec()).unwrap().parse().unwrap()
    };
    let cases = [
        (body.replace("/FT /Sig", "/FT /Sig/AA<</E<</S/JavaScript/JS(x)>>>>"), Verdict::Invalid),
        (body.replace("/FT /Sig", "/FT /Tx"), Verdict::Invalid),
        (body.replace("[0 0 0 0]", "[0 0 90 90]"), Verdict::Valid),
    ];
    for (body, verdict) in cases {
        let report = house.verify(&appended(&two, &[(number, &body)]));
        let first = &report.signatures[0];
        assert_eq!(first.verdict, verdict, "{body}: {first:#?}");
        if verdict == Verdict::Valid {
            assert!(first.findings.iter().any(|f| f.code == Code::PdfVisibleFieldAdded), "{first:#?}");
        }
    }
}

#[test]
fn title_and_author_may_change_and_that_is_told() {
    let house = House::new();
    let signed = house.at_level(&house.read("table.pdf"), "signer", "A", "B-B");
    let file = appended(&signed, &[(40, "<</Title(Other)>>")]);
    let at = last(&file, b"/Root 1 0 R");
    let altered = [&file[..at], b"/Info 40 0 R", &file[at..]].concat();
    let report = house.verify(&altered);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    assert!(report.has(Code::PdfMetadataChanged));
}

#[test]
fn a_flipped_byte_has_its_verdict_in_every_region() {
    let house = House::new();
    let signed = house.at_level(&house.read("table.pdf"), "signer", "A", "B-LT");
    assert_eq!(house.verify(&signed).verdict, Verdict::Valid);
    let invalid = |altered: &[u8], code: Code| {
        let report = house.verify(altered);
        assert_eq!(report.verdict, Verdict::Invalid, "{code:?}: {report:#?}");
        assert!(report.has(code), "{code:?}: {report:#?}");
    };
    // The page.
    invalid(&with(&signed, first(&signed, b"(Contract)") + 1, b"X"), Code::PdfContentChanged);
    // The date that the signer states.
    invalid(&with(&signed, first(&signed, b"/M (D:") + 9, b"9"), Code::PdfContentChanged);
    // ByteRange: its start, its first part, its end.
    let range = first(&signed, b"/ByteRange [0 ");
    invalid(&with(&signed, range + 12, b"1"), Code::PdfRangeWrong);
    let digit = range + 14;
    invalid(&with(&signed, digit, if signed[digit] == b'8' { b"7" } else { b"8" }), Code::PdfRangeWrong);
    // Contents: the encoding, the signature value, the timestamp, the padding.
    let contents = first(&signed, b"/Contents <30") + 11;
    invalid(&with(&signed, contents, b"31"), Code::PdfSignatureMalformed);
    let end = contents + first(&signed[contents..], b">");
    invalid(&with(&signed, end - 4, b"01"), Code::PdfSignatureMalformed);
    invalid(&with(&signed, end - 4, b"zz"), Code::PdfSignatureMalformed);
    let message_digest = contents + first(&signed[contents..], b"06092a864886f70d0109043122") + 32;
    let flipped = if signed[message_digest] == b'0' { b"1" } else { b"0" };
    invalid(&with(&signed, message_digest, flipped), Code::PdfContentChanged);
    // The end of the signed revision.
    let eof = first(&signed[end..], b"%%EOF") + end;
    invalid(&with(&signed, eof, b"%%EOX"), Code::PdfRangeWrong);
    // The last table and the trailer.
    invalid(&with(&signed, last(&signed, b"xref\n"), b"xrex"), Code::PdfMalformed);
    invalid(&with(&signed, last(&signed, b"%%EOF"), b"%%EOX"), Code::PdfMalformed);
    let previous = last(&signed, b"/Prev ") + 6;
    invalid(&with(&signed, previous, b"1"), Code::PdfMalformed);
}

#[test]
fn a_flipped_byte_in_the_store_never_makes_a_file_better() {
    let house = House::new();
    let signed = house.at_level(&house.read("table.pdf"), "signer", "A", "B-LT");
    let crl = house.read("crl.der");
    let at = last(&signed, &crl);
    let altered = with(&signed, at + crl.len() - 1, &[crl[crl.len() - 1] ^ 1]);
    // The list that does not hold is left aside, and then nobody says that nothing was revoked.
    let report = house.verify_with(&altered, &[house.read("root.der")], &[]);
    assert!(report.has(Code::NoRevocationData), "{report:#?}");
    let report = house.verify_with(&signed, &[house.read("root.der")], &[]);
    assert!(!report.has(Code::NoRevocationData) && report.has(Code::NotRevoked), "{report:#?}");
    let key = last(&signed, b"/DSS ");
    assert_eq!(
        house.verify_with(&with(&signed, key, b"/DSX"), &[house.read("root.der")], &[]).verdict,
        Verdict::Invalid
    );
}

#[test]
fn a_revoked_signer_is_refused() {
    let house = House::new();
    let signed = house.at_level(&house.read("table.pdf"), "signer", "A", "B-T");
    let report = house.verify_with(&signed, &[house.read("root.der")], &[house.read("revoked.der")]);
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
    assert!(report.has(Code::PdfSignerRevoked));
}

#[test]
fn a_revision_that_changes_the_page_is_refused() {
    let house = House::new();
    let signed = house.at_level(&house.read("table.pdf"), "signer", "A", "B-LTA");
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>";
    let text = "<</Length 3>>\nstream\nabc\nendstream";
    let catalog = catalog(&signed).replace("/Pages", "/OpenAction[3 0 R/Fit]/Pages");
    let cases: [&[(u32, &str)]; 7] = [
        &[(3, page)],
        &[(4, text)],
        &[(5, "<</Type/Font/Subtype/Type3>>")],
        &[(2, "<</Type/Pages/Kids[]/Count 0>>")],
        &[(2, "<</Type/Pages/Kids[3 0 R 40 0 R]/Count 2>>"), (40, page)],
        &[(1, &catalog)],
        &[(4, "null")],
    ];
    for objects in cases {
        let altered = appended(&signed, objects);
        let report = house.verify(&altered);
        assert_eq!(report.verdict, Verdict::Invalid, "{objects:?}");
        for signature in &report.signatures {
            let is_told = signature.findings.iter().any(|f| f.code == Code::PdfChangedAfterSigning);
            assert!(is_told && !signature.is_last_revision && signature.covers_whole_revision, "{objects:?}");
        }
    }
}

#[test]
fn a_revision_that_says_the_same_or_nothing_is_let_pass() {
    let house = House::new();
    let signed = house.at_level(&house.read("table.pdf"), "signer", "A", "B-B");
    let font = "<</BaseFont /Helvetica/Subtype/Type1 /Type/Font>>";
    for objects in [&[(5, font)][..], &[(40, "(an object that nothing leads to)")]] {
        let report = house.verify(&appended(&signed, objects));
        assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
        assert!(report.has(Code::PdfRevisionsFollow));
    }
}

#[test]
fn what_follows_the_end_or_hides_the_revision_is_refused() {
    let house = House::new();
    let signed = house.at_level(&house.read("table.pdf"), "signer", "A", "B-B");
    let behind = [signed.as_slice(), b"<script>"].concat();
    assert!(house.verify(&behind).has(Code::PdfMalformed));
    // A new chain that leaves the signed revision's table out.
    let file = proof::pdf::File::parse(&signed).unwrap();
    let original = proof::pdf::File::parse(&signed[..house.read("table.pdf").len()]).unwrap();
    let whole = appended(&signed, &[(40, "null")]);
    let text = format!("/Prev {}", file.startxref());
    let other = format!("/Prev {:<1$}", original.startxref(), text.len() - 6);
    let report = house.verify(&with(&whole, last(&whole, text.as_bytes()), other.as_bytes()));
    assert_ne!(report.verdict, Verdict::Valid, "{report:#?}");
    assert!(report.has(Code::PdfUnsigned), "the signature is in no table any more");
    assert!(house.verify(&house.read("table.pdf")).has(Code::PdfUnsigned));
    assert_eq!(house.verify(&house.read("table.pdf")).verdict, Verdict::Incomplete);
}

#[test]
fn a_signature_of_another_file_is_refused() {
    let house = House::new();
    let one = house.at_level(&house.read("table.pdf"), "signer", "A", "B-T");
    let text = house.read("table.pdf");
    let other = with(&text, first(&text, b"(Contract)"), b"(Contrakt)");
    let other = house.at_level(&other, "signer", "A", "B-T");
    let contents = |file: &[u8]| {
        let start = first(file, b"/Contents <30") + 10;
        start..start + first(&file[start..], b">") + 1
    };
    let (from, to) = (contents(&other), contents(&one));
    assert_eq!(from, to);
    let report = house.verify(&with(&one, to.start, &other[from]));
    assert!(report.has(Code::PdfContentChanged) && report.has(Code::PdfSignatureValid), "{report:#?}");
    assert_eq!(report.verdict, Verdict::Invalid);
}

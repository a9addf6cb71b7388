//! Files made by hand, good and bad, before the reader of PDF files.

use proof::pdf::{self, File, Object, PdfError, Reference, XrefKind};

/// A file of these objects, numbered from 1, with the rest of a trailer.
fn built(objects: &[&str], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    append(&mut file, 1, objects, trailer);
    file
}

fn append(file: &mut Vec<u8>, start: usize, objects: &[&str], trailer: &str) {
    let mut table = format!("xref\n{start} {}\n", objects.len());
    for (i, body) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend_from_slice(format!("{} 0 obj\n{body}\nendobj\n", start + i).as_bytes());
    }
    let at = file.len();
    file.extend_from_slice(format!("{table}trailer\n<<{trailer}>>\nstartxref\n{at}\n%%EOF\n").as_bytes());
}

fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<<{dictionary}/Length {}>>\nstream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
const PAGES: &str = "<</Type/Pages/Kids[]/Count 0>>";
const TRAILER: &str = "/Size 3/Root 1 0 R";

fn at(number: u32) -> Reference {
    Reference { number, generation: 0 }
}

/// A file with its objects in an object stream, and a cross-reference stream.
fn compressed(inside: &str, flate: bool) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let header = format!("1 0 2 {} ", CATALOG.len() + 1);
    let body = if inside.is_empty() { format!("{header}{CATALOG} {PAGES}") } else { inside.to_owned() };
    let packed = miniz(body.as_bytes(), flate);
    let filter = if flate { "/Filter/FlateDecode" } else { "" };
    let container = file.len();
    file.extend_from_slice(b"3 0 obj\n");
    let first = header.len();
    file.extend(stream(&format!("/Type/ObjStm/N 2/First {first}{filter}"), &packed));
    file.extend_from_slice(b"\nendobj\n");
    let table = file.len();
    let mut rows = vec![0, 0, 0, 0, 2, 0, 3, 0, 2, 0, 3, 1];
    for place in [container, table] {
        rows.extend([1, (place >> 8) as u8, place as u8, 0]);
    }
    let rows = miniz(&rows, flate);
    file.extend_from_slice(b"4 0 obj\n");
    file.extend(stream(&format!("/Type/XRef/W[1 2 1]/Size 5/Root 1 0 R{filter}"), &rows));
    file.extend_from_slice(format!("\nendobj\nstartxref\n{table}\n%%EOF\n").as_bytes());
    file
}

/// Stored blocks of DEFLATE are enough here.
fn miniz(bytes: &[u8], flate: bool) -> Vec<u8> {
    if !flate {
        return bytes.to_vec();
    }
    let length = u16::try_from(bytes.len()).unwrap();
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let head = [&[0x78, 0x01, 0x01][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    [head, bytes.to_vec(), (b << 16 | a).to_be_bytes().to_vec()].concat()
}

#[test]
fn tables_and_streams_lead_to_the_same_objects() {
    let table = built(&[CATALOG, PAGES], TRAILER);
    let file = File::parse(&table).unwrap();
    assert_eq!((file.kind(), file.size(), file.end()), (XrefKind::Table, 3, table.len() - 1));
    for flate in [false, true] {
        let bytes = compressed("", flate);
        let other = File::parse(&bytes).unwrap();
        assert_eq!(other.kind(), XrefKind::Stream);
        for number in [1, 2] {
            assert_eq!(other.object(at(number)).unwrap(), file.object(at(number)).unwrap());
            assert!(!other.is_in_file(at(number)) && file.is_in_file(at(number)));
        }
        assert_eq!(other.object(at(9)).unwrap(), Object::Null);
        assert_eq!(other.object(Reference { number: 1, generation: 1 }).unwrap(), Object::Null);
    }
}

#[test]
fn the_newest_revision_is_what_is_read_and_the_older_is_there() {
    let mut bytes = built(&[CATALOG, PAGES], TRAILER);
    let (first, before) = (bytes.len(), File::parse(&bytes).unwrap().startxref());
    append(&mut bytes, 2, &["(new)"], &format!("{TRAILER}/Prev {before}"));
    let file = File::parse(&bytes).unwrap();
    assert!(file.object(at(2)).unwrap().string().is_some());
    assert_eq!(file.sections(), [file.startxref(), before]);
    assert!(File::parse(&bytes[..first]).unwrap().object(at(2)).unwrap().dictionary().is_some());
    // An object that is called free is gone.
    let previous = file.startxref();
    let start = bytes.len();
    let tail =
        format!("xref\n2 1\n0000000000 00001 f \ntrailer\n<<{TRAILER}/Prev {previous}>>\nstartxref\n{start}\n%%EOF");
    bytes.extend_from_slice(tail.as_bytes());
    assert_eq!(File::parse(&bytes).unwrap().object(at(2)).unwrap(), Object::Null);
}

#[test]
fn a_hybrid_file_has_the_objects_of_both() {
    let hidden = compressed("", false);
    let inner = File::parse(&hidden).unwrap().startxref();
    let mut bytes = hidden[..hidden.len() - 6].to_vec();
    bytes.extend_from_slice(b"%%EOF\n");
    let start = bytes.len();
    let tail = format!(
        "xref\n0 1\n0000000000 65535 f \n1 1\n0000000000 00000 f \ntrailer\n<</Size 5/Root 1 0 R/XRefStm {inner}>>\nstartxref\n{start}\n%%EOF\n"
    );
    bytes.extend_from_slice(tail.as_bytes());
    let file = File::parse(&bytes).unwrap();
    assert_eq!(file.kind(), XrefKind::Table);
    assert!(file.object(at(2)).unwrap().dictionary().is_some());
}

#[test]
fn what_has_two_meanings_or_none_is_refused() {
    let good = built(&[CATALOG, PAGES], TRAILER);
    let text = String::from_utf8(good.clone()).unwrap();
    let refused = |bytes: &[u8]| assert!(File::parse(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
    for (from, to) in [
        ("%PDF-1.7", "%PDX-1.7"),
        ("%%EOF\n", "%%EOF\n<junk>"),
        ("%%EOF\n", ""),
        ("startxref", "startxrex"),
        ("xref\n1 2", "xref\n1 3"),
        ("xref\n1 2", "xref\n4294967295 2"),
        ("xref\n1 2", "xref\n9000000 2"),
        ("0000000009", "0000000010"),
        ("00000 n", "00000 x"),
        ("00000 n", "99999 n"),
        ("/Root 1 0 R", "/Root 2 0 R/Root 1 0 R"),
        ("/Root 1 0 R", "/Roor 1 0 R"),
        ("/Root 1 0 R", "/Root 7 0 R"),
        ("/Root 1 0 R", "/Root 1 0 R/Prev -5"),
        ("/Root 1 0 R", "/Root 1 0 R/Prev 999999"),
        ("1 0 obj", "7 0 obj"),
        ("<</Type/Catalog", "[</Type/Catalog"),
    ] {
        assert!(text.contains(from), "{from}");
        refused(text.replacen(from, to, 1).as_bytes());
    }
    let encrypted = built(&[CATALOG, PAGES], &format!("{TRAILER}/Encrypt<<>>"));
    assert_eq!(File::parse(&encrypted).err(), Some(PdfError::Encrypted));
    let startxref = File::parse(&good).unwrap().startxref();
    let circle = built(&[CATALOG, PAGES], &format!("{TRAILER}/Prev {startxref}"));
    assert!(matches!(File::parse(&circle), Err(PdfError::Malformed { what: "table: a circle", .. })));
    // One table with two words on one object.
    let twice =
        text.replacen("xref\n1 2", "xref\n1 1", 1).replacen("\ntrailer", "\n1 1\n0000000009 00000 n \ntrailer", 1);
    refused(twice.as_bytes());
    for cut in 0..good.len() - 1 {
        refused(&good[..cut]);
    }
}

#[test]
fn streams_that_lie_are_refused_where_they_are_read() {
    let body = |text: &str| built(&[CATALOG, PAGES, text], TRAILER);
    let bad = [
        "<</Length 3>>\nstream\nabcd\nendstream",
        "<</Length 99999>>\nstream\nabc\nendstream",
        "<</Length -1>>\nstream\nabc\nendstream",
        "<<>>\nstream\nabc\nendstream",
        "<</Length 3 0 R>>\nstream\nabc\nendstream",
        "<</Length 9 0 R>>\nstream\nabc\nendstream",
        "<</Length 3>>\nstream\rabc\nendstream",
        "[]\nstream\nabc\nendstream",
    ];
    for text in bad {
        let bytes = body(text);
        assert!(File::parse(&bytes).unwrap().object(at(3)).is_err(), "{text}");
    }
    for inside in ["1 0 9 9 ", "2 0 1 0 ()", "1 9999999 2 0 ", "x", "1 0 2 1 <<>>>"] {
        assert!(File::parse(&compressed(inside, true)).is_err(), "{inside}");
    }
}

#[test]
fn objects_inside_one_another_are_not_read_for_ever() {
    // Each object is a string that holds all those after it: the reading would be quadratic.
    let count = 4000;
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, body) in [(1, CATALOG), (2, PAGES)] {
        places.push(file.len());
        file.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    for number in 3..count {
        places.push(file.len());
        file.extend_from_slice(format!("{number} 0 obj\n(").as_bytes());
    }
    for _ in 3..count {
        file.extend_from_slice(b")\nendobj\n");
    }
    file.extend(vec![b' '; 4]);
    let start = file.len();
    let mut tail = format!("xref\n1 {}\n", places.len());
    places.iter().for_each(|place| tail.push_str(&format!("{place:010} 00000 n \n")));
    tail.push_str(&format!("trailer\n<<{TRAILER}>>\nstartxref\n{start}\n%%EOF"));
    file.extend_from_slice(tail.as_bytes());
    let parsed = File::parse(&file).unwrap();
    let mut ended = Ok(());
    for _ in 0..200 {
        ended = ended.and((3..count as u32).try_for_each(|number| parsed.object(at(number)).map(drop)));
    }
    assert_eq!(ended, Err(PdfError::TooLarge("reading")));
}

#[test]
fn attachments_come_out_each_once() {
    let files = |catalog: &str| {
        let embedded = String::from_utf8(stream("/Type/EmbeddedFile", b"{}")).unwrap();
        let other = String::from_utf8(stream("/Type/EmbeddedFile", b"token")).unwrap();
        built(
            &[
                catalog,
                PAGES,
                &embedded,
                "<</Type/Filespec/F(a.json)/UF<FEFF8BC1636E002E006A0073006F006E>/EF<</F 3 0 R>>>>",
                &other,
                "<</Type/Filespec/F(t.tsr)/EF<</F 5 0 R>>>>",
                "<</Kids[8 0 R]>>",
                "<</Names[(a)4 0 R(b)6 0 R]/Limits[(a)(b)]>>",
                "<</Kids[9 0 R]>>",
            ],
            TRAILER,
        )
    };
    let named = "<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 7 0 R>>/AF[4 0 R 6 0 R]>>";
    let found = pdf::attachments(&files(named)).unwrap();
    let names: Vec<_> = found.iter().map(|a| (a.name.as_str(), a.bytes.as_slice())).collect();
    assert_eq!(names, [("证据.json", &b"{}"[..]), ("t.tsr", b"token")]);
    let associated = pdf::attachments(&files("<</Type/Catalog/Pages 2 0 R/AF[6 0 R]>>")).unwrap();
    assert_eq!(associated.len(), 1);
    assert!(pdf::attachments(&files(CATALOG)).unwrap().is_empty());
    let circle = files("<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles 9 0 R>>>>");
    assert!(pdf::attachments(&circle).is_err());
    assert!(pdf::attachments(b"no file").is_err());
}

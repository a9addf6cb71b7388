//! One revision added to a file (ISO 32000-2 section 7.5.6).
//!
//! The bytes that were there come first, untouched; the table is of the kind that the file has.
//! Objects are written uncompressed, so that a signature's place in the file is known.

use super::SignatureError;
use super::write;
use proof::digest::DigestAlgorithm;
use proof::pdf::{Dictionary, FILE_BYTES_MAX, File, Object, PdfString, Reference, XrefKind};
use std::collections::BTreeMap;

/// The highest object number (ISO 32000-1 annex C).
const NUMBER_MAX: u32 = 8_388_607;

/// What is written as an object.
pub(super) enum Body {
    /// A value.
    Object(Object),
    /// A stream of these bytes, uncompressed.
    Stream(Vec<u8>),
    /// Text that is an object already.
    Text(Vec<u8>),
}

/// A revision that is being put together.
pub(super) struct Update<'a> {
    pub(super) file: File<'a>,
    bodies: BTreeMap<u32, (u16, Body)>,
    next: u32,
}

/// A file with its new revision.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// Where the body of each new object starts.
    pub(super) places: BTreeMap<u32, usize>,
}

impl<'a> Update<'a> {
    pub(super) fn new(pdf: &'a [u8]) -> Result<Self, SignatureError> {
        let file = File::parse(pdf)?;
        let next = file.size();
        Ok(Self { file, bodies: BTreeMap::new(), next })
    }

    /// A number that no object has yet.
    pub(super) fn reserve(&mut self) -> Result<Reference, SignatureError> {
        let number = self.next;
        if number == 0 || number > NUMBER_MAX {
            return Err(SignatureError::TooLarge);
        }
        self.next += 1;
        Ok(Reference { number, generation: 0 })
    }

    pub(super) fn put(&mut self, reference: Reference, body: Body) {
        self.bodies.insert(reference.number, (reference.generation, body));
    }

    pub(super) fn put_dictionary(&mut self, reference: Reference, dictionary: Dictionary) {
        self.put(reference, Body::Object(Object::Dictionary(dictionary)));
    }

    pub(super) fn add(&mut self, body: Body) -> Result<Reference, SignatureError> {
        let reference = self.reserve()?;
        self.put(reference, body);
        Ok(reference)
    }

    /// An object as it is in this revision.
    pub(super) fn object(&self, reference: Reference) -> Result<Object, SignatureError> {
        match self.bodies.get(&reference.number) {
            Some((generation, Body::Object(object))) if *generation == reference.generation => Ok(object.clone()),
            _ => Ok(self.file.object(reference)?),
        }
    }

    /// The catalogue as it is in this revision, and which object it is.
    pub(super) fn catalog(&self) -> Result<(Reference, Dictionary), SignatureError> {
        let root = self.file.root()?;
        let object = self.object(root)?;
        Ok((root, object.dictionary().cloned().unwrap_or_default()))
    }

    /// The file with this revision at its end.
    pub(super) fn finish(mut self) -> Result<Written, SignatureError> {
        let kind = self.file.kind();
        let table = if kind == XrefKind::Stream { Some(self.reserve()?) } else { None };
        let mut out = self.file.bytes().to_vec();
        if !out.ends_with(b"\n") {
            out.push(b'\n');
        }
        let (mut places, mut offsets) = (BTreeMap::new(), BTreeMap::new());
        for (number, (generation, body)) in &self.bodies {
            offsets.insert(*number, (out.len(), *generation));
            out.extend_from_slice(format!("{number} {generation} obj\n").as_bytes());
            places.insert(*number, out.len());
            write_body(&mut out, body);
            out.extend_from_slice(b"\nendobj\n");
        }
        let startxref = out.len();
        match table {
            Some(own) => self.write_stream(&mut out, own.number, offsets),
            None => self.write_table(&mut out, &offsets),
        }
        out.extend_from_slice(format!("startxref\n{startxref}\n%%EOF\n").as_bytes());
        if out.len() > FILE_BYTES_MAX {
            return Err(SignatureError::TooLarge);
        }
        Ok(Written { bytes: out, places })
    }

    /// What the trailer of this revision says.
    fn trailer(&self) -> Dictionary {
        let mut trailer = write::entries([("Size", Object::Integer(i64::from(self.next)))]);
        for key in ["Root", "Info"] {
            if let Some(value) = self.file.trailer().get(key) {
                trailer.set(key, value.clone());
            }
        }
        // The first identifier stays, the second is of this revision (section 14.4): of what is before it.
        if let Some([first, ..]) = self.file.trailer().get("ID").and_then(Object::array) {
            let digest = DigestAlgorithm::Sha256.digest(self.file.bytes());
            let bytes = digest.as_bytes().iter().copied().take(16).collect();
            let second = Object::String(PdfString { bytes, ..PdfString::default() });
            trailer.set("ID", Object::Array(vec![first.clone(), second]));
        }
        trailer.set("Prev", integer(self.file.startxref()));
        trailer
    }

    fn write_table(&self, out: &mut Vec<u8>, offsets: &BTreeMap<u32, (usize, u16)>) {
        out.extend_from_slice(b"xref\n");
        for run in runs(offsets.keys().copied()) {
            let (first, count) = run;
            out.extend_from_slice(format!("{first} {count}\n").as_bytes());
            for (offset, generation) in offsets.range(first..first + count).map(|(_, place)| place) {
                out.extend_from_slice(format!("{offset:010} {generation:05} n\r\n").as_bytes());
            }
        }
        out.extend_from_slice(b"trailer\n");
        write::dictionary(out, &self.trailer());
        out.push(b'\n');
    }

    fn write_stream(&self, out: &mut Vec<u8>, own: u32, mut offsets: BTreeMap<u32, (usize, u16)>) {
        offsets.insert(own, (out.len(), 0));
        let mut index = Vec::new();
        for (first, count) in runs(offsets.keys().copied()) {
            index.extend([Object::Integer(i64::from(first)), Object::Integer(i64::from(count))]);
        }
        let mut rows = Vec::new();
        for (offset, generation) in offsets.values() {
            rows.push(1);
            rows.extend((*offset as u64).to_be_bytes());
            rows.extend(generation.to_be_bytes());
        }
        let mut dictionary = self.trailer();
        dictionary.set("Type", write::named("XRef"));
        dictionary.set("W", Object::Array([1, 8, 2].map(Object::Integer).to_vec()));
        dictionary.set("Index", Object::Array(index));
        out.extend_from_slice(format!("{own} 0 obj\n").as_bytes());
        write_stream(out, dictionary, &rows);
        out.extend_from_slice(b"\nendobj\n");
    }
}

fn write_body(out: &mut Vec<u8>, body: &Body) {
    match body {
        Body::Object(object) => write::object(out, object),
        Body::Text(text) => out.extend_from_slice(text),
        Body::Stream(bytes) => write_stream(out, Dictionary::new(), bytes),
    }
}

fn write_stream(out: &mut Vec<u8>, mut dictionary: Dictionary, bytes: &[u8]) {
    dictionary.set("Length", integer(bytes.len()));
    write::dictionary(out, &dictionary);
    out.extend_from_slice(b"\nstream\n");
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\nendstream");
}

fn integer(n: usize) -> Object {
    // No file is larger than FILE_BYTES_MAX.
    Object::Integer(n as i64)
}

/// Numbers in ascending order as first and count of those that follow one another.
fn runs(numbers: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((first, count)) if *first + *count == number => *count += 1,
            _ => runs.push((number, 1)),
        }
    }
    runs
}

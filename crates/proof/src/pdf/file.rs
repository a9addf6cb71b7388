//! A PDF file with its chain of revisions (ISO 32000-2 sections 7.5.4 to 7.5.8).
//!
//! Where the file's own tables do not lead to an object, the file is not searched for it: what
//! is read here is what the tables say. Objects in streams are decoded when they are asked for,
//! within one bound for the whole file. The same bytes cut off after an earlier `%%EOF` are a
//! file of their own: the document as it was then.

use super::PdfError;
use super::lexer::Lexer;
use super::object::{Dictionary, Object, Reference};
use super::stream;
use super::xref::{self, Entry};
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

/// A file larger than this is refused unread.
pub const FILE_BYTES_MAX: usize = 256 << 20;
/// What all decoded streams of one file may come to.
pub const DECODED_BYTES_MAX: usize = 64 << 20;
/// How often all of a file may be read: objects that lie in one another are read again and again.
const READINGS_MAX: usize = 16;
/// Lengths and containers that lead to one another.
const DEPTH_MAX: u32 = 4;
/// References that lead to references.
const HOPS_MAX: u32 = 16;

/// How the last revision writes where its objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XrefKind {
    /// A table in text (section 7.5.4).
    Table,
    /// A stream (section 7.5.8).
    Stream,
}

/// A file whose tables have been read.
#[derive(Debug)]
pub struct File<'a> {
    bytes: &'a [u8],
    end: usize,
    tables: xref::Tables,
    containers: BTreeMap<u32, OnceCell<Result<Container, PdfError>>>,
    decoded_left: Cell<usize>,
    read_left: Cell<usize>,
}

/// An object stream, decoded.
#[derive(Debug)]
struct Container {
    bytes: Vec<u8>,
    /// Number and place of each object.
    objects: Vec<(u32, usize)>,
}

impl<'a> File<'a> {
    /// Reads the tables of a file.
    ///
    /// # Errors
    /// Where it is no PDF file, is encrypted, has tables that cannot be read, or something
    /// follows its end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PdfError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(PdfError::TooLarge("file"));
        }
        if !bytes.starts_with(b"%PDF-") {
            return Err(PdfError::NotPdf);
        }
        let (startxref, end) = last_startxref(bytes)?;
        let tables = xref::read(bytes, startxref)?;
        if tables.trailer.get("Encrypt").is_some() {
            return Err(PdfError::Encrypted);
        }
        let in_containers = tables.entries.values().filter_map(|entry| match entry {
            Entry::InStream { container, .. } => Some((*container, OnceCell::new())),
            _ => None,
        });
        let containers = in_containers.collect();
        let read_left = Cell::new(bytes.len().saturating_mul(READINGS_MAX).saturating_add(DECODED_BYTES_MAX));
        let decoded_left = Cell::new(DECODED_BYTES_MAX);
        let file = Self { bytes, end, tables, containers, decoded_left, read_left };
        file.catalog()?;
        Ok(file)
    }

    /// The whole file as received.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where the last `%%EOF` ends; only white space follows.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
    }

    /// Where the last revision's table stands.
    #[must_use]
    pub fn startxref(&self) -> usize {
        self.tables.sections.first().copied().unwrap_or_default()
    }

    /// Where the tables of all revisions stand, the last first.
    #[must_use]
    pub fn sections(&self) -> &[usize] {
        &self.tables.sections
    }

    /// How the last revision writes its table.
    #[must_use]
    pub fn kind(&self) -> XrefKind {
        self.tables.kind
    }

    /// The trailer of the last revision.
    #[must_use]
    pub fn trailer(&self) -> &Dictionary {
        &self.tables.trailer
    }

    /// One more than the highest object number in use.
    #[must_use]
    pub fn size(&self) -> u32 {
        let highest = self.tables.entries.keys().next_back().map_or(0, |n| n.saturating_add(1));
        let stated = self.trailer().get("Size").and_then(Object::size).and_then(|n| u32::try_from(n).ok());
        highest.max(stated.unwrap_or_default())
    }

    /// Which object the catalogue is.
    ///
    /// # Errors
    /// Where the trailer names none.
    pub fn root(&self) -> Result<Reference, PdfError> {
        let root = self.trailer().get("Root").and_then(Object::reference);
        root.ok_or(PdfError::Malformed { what: "trailer: Root", at: self.startxref() })
    }

    /// The catalogue.
    ///
    /// # Errors
    /// Where it is no dictionary.
    pub fn catalog(&self) -> Result<Dictionary, PdfError> {
        match self.object(self.root()?)? {
            Object::Dictionary(dictionary) => Ok(dictionary),
            _ => Err(PdfError::Malformed { what: "catalog", at: self.startxref() }),
        }
    }

    /// Where an object stands; none where it is free or missing.
    pub(super) fn entry(&self, number: u32) -> Option<Entry> {
        self.tables.entries.get(&number).copied().filter(|entry| *entry != Entry::Free)
    }

    /// Whether an object stands in the file itself, and not inside a stream.
    #[must_use]
    pub fn is_in_file(&self, reference: Reference) -> bool {
        matches!(self.entry(reference.number), Some(Entry::InFile { .. }))
    }

    /// An indirect object; Null where there is none of that number and generation.
    ///
    /// # Errors
    /// Where the tables lead to something else than that object.
    pub fn object(&self, reference: Reference) -> Result<Object, PdfError> {
        self.object_within(reference, 0)
    }

    /// What an object stands for: references are followed.
    ///
    /// # Errors
    /// Where one of the objects on the way cannot be read, or they lead on and on.
    pub fn resolve(&self, object: &Object) -> Result<Object, PdfError> {
        let mut object = object.clone();
        for _ in 0..HOPS_MAX {
            match object {
                Object::Reference(reference) => object = self.object(reference)?,
                found => return Ok(found),
            }
        }
        Err(PdfError::TooLarge("references to references"))
    }

    /// What a key of a dictionary stands for; Null where it is not there.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn value(&self, dictionary: &Dictionary, key: &str) -> Result<Object, PdfError> {
        dictionary.get(key).map_or(Ok(Object::Null), |value| self.resolve(value))
    }

    /// The bytes of a stream, decoded, out of what is left of the bound for this file.
    ///
    /// # Errors
    /// Where the object is no stream, its filter is not known, or it comes to too much.
    pub fn stream(&self, object: &Object) -> Result<Vec<u8>, PdfError> {
        let Object::Stream(dictionary, range) = object else { return Err(PdfError::Unsupported("stream")) };
        let raw = self.bytes.get(range.clone()).unwrap_or_default();
        let mut dictionary = dictionary.clone();
        for key in ["Filter", "DecodeParms"] {
            if dictionary.get(key).is_some() {
                dictionary.set(key, self.value(&dictionary, key)?);
            }
        }
        let decoded = stream::decode(&dictionary, raw, self.decoded_left.get())?;
        self.decoded_left.set(self.decoded_left.get().saturating_sub(decoded.len()));
        Ok(decoded)
    }

    fn object_within(&self, reference: Reference, depth: u32) -> Result<Object, PdfError> {
        if depth > DEPTH_MAX {
            return Err(PdfError::TooLarge("objects that need one another"));
        }
        match self.entry(reference.number) {
            Some(Entry::InFile { offset, generation }) if generation == reference.generation => {
                let length = |wanted: &Object| match wanted {
                    Object::Reference(other) => self.object_within(*other, depth + 1),
                    direct => Ok(direct.clone()),
                };
                let (found, object, read) = indirect(self.bytes, offset, &length)?;
                self.charge(read)?;
                let wrong = PdfError::Malformed { what: "object number", at: offset };
                (found == reference).then_some(object).ok_or(wrong)
            }
            Some(Entry::InStream { container, index }) if reference.generation == 0 => {
                let cell = self.containers.get(&container).ok_or(PdfError::Unsupported("object stream"))?;
                // Held beside the cell while it is filled: an object stream that needs itself is an error.
                let made = match cell.get() {
                    Some(made) => made,
                    None => {
                        let made = self.container(container, depth + 1);
                        cell.get_or_init(|| made)
                    }
                };
                let (object, read) = made.as_ref().map_err(|e| *e)?.object(reference.number, index)?;
                self.charge(read)?;
                Ok(object)
            }
            _ => Ok(Object::Null),
        }
    }

    fn charge(&self, read: usize) -> Result<(), PdfError> {
        let left = self.read_left.get().checked_sub(read).ok_or(PdfError::TooLarge("reading"))?;
        self.read_left.set(left);
        Ok(())
    }

    fn container(&self, number: u32, depth: u32) -> Result<Container, PdfError> {
        let bad = PdfError::Unsupported("object stream");
        if !matches!(self.entry(number), Some(Entry::InFile { .. })) {
            return Err(bad);
        }
        let object = self.object_within(Reference { number, generation: 0 }, depth)?;
        let dictionary = object.dictionary().filter(|d| d.is_name("Type", "ObjStm")).ok_or(bad)?;
        let size = |key: &str| dictionary.get(key).and_then(Object::size).ok_or(bad);
        let (count, first) = (size("N")?, size("First")?);
        let bytes = self.stream(&object)?;
        if count > bytes.len() {
            return Err(bad);
        }
        let mut lexer = Lexer::new(&bytes, 0);
        let mut objects = Vec::with_capacity(count);
        for _ in 0..count {
            let number = lexer.unsigned("object stream")?;
            let place: usize = lexer.unsigned("object stream")?;
            objects.push((number, first.checked_add(place).ok_or(bad)?));
        }
        Ok(Container { bytes, objects })
    }
}

impl Container {
    /// The object and how many bytes were read.
    fn object(&self, number: u32, index: usize) -> Result<(Object, usize), PdfError> {
        let bad = PdfError::Unsupported("object stream");
        let (found, place) = self.objects.get(index).ok_or(bad)?;
        if *found != number || *place > self.bytes.len() {
            return Err(bad);
        }
        let mut lexer = Lexer::new(&self.bytes, *place);
        let object = lexer.object()?;
        Ok((object, lexer.at.saturating_sub(*place)))
    }
}

/// The number after the last `startxref`, and where the `%%EOF` after it ends.
fn last_startxref(bytes: &[u8]) -> Result<(usize, usize), PdfError> {
    let blank = bytes.iter().rev().take_while(|b| b.is_ascii_whitespace() || **b == 0).count();
    let end = bytes.len() - blank;
    let bad = PdfError::Malformed { what: "end of file", at: end };
    let tail_at = end.saturating_sub(64);
    let tail = bytes.get(tail_at..end).and_then(|tail| tail.strip_suffix(b"%%EOF")).ok_or(bad)?;
    let word = b"startxref";
    let found = tail.windows(word.len()).rposition(|window| window == word).ok_or(bad)?;
    let mut lexer = Lexer::new(tail, found);
    lexer.keyword("startxref")?;
    let startxref = lexer.unsigned("startxref")?;
    let rest = lexer.rest();
    if !rest.iter().all(u8::is_ascii_whitespace) || startxref >= end {
        return Err(bad);
    }
    Ok((startxref, end))
}

/// The indirect object at `offset` with its number and generation, and how many bytes of it were read;
/// `length` finds what the Length of a stream stands for.
pub(super) fn indirect(
    bytes: &[u8],
    offset: usize,
    length: &dyn Fn(&Object) -> Result<Object, PdfError>,
) -> Result<(Reference, Object, usize), PdfError> {
    let mut lexer = Lexer::new(bytes, offset);
    let number = lexer.unsigned("object number")?;
    let generation = lexer.unsigned("object generation")?;
    lexer.keyword("obj")?;
    let mut object = lexer.object()?;
    let read = lexer.at.saturating_sub(offset);
    lexer.skip_space();
    if lexer.rest().starts_with(b"stream") {
        let bad = PdfError::Malformed { what: "stream", at: lexer.at };
        let Object::Dictionary(dictionary) = object else { return Err(bad) };
        lexer.at += b"stream".len();
        lexer.at += match lexer.rest() {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => return Err(bad),
        };
        let size = length(dictionary.get("Length").ok_or(bad)?)?.size().ok_or(bad)?;
        let end = lexer.at.checked_add(size).filter(|end| *end <= bytes.len()).ok_or(bad)?;
        object = Object::Stream(dictionary, lexer.at..end);
        lexer.at = end;
        lexer.keyword("endstream")?;
    }
    lexer.keyword("endobj")?;
    Ok((Reference { number, generation }, object, read))
}

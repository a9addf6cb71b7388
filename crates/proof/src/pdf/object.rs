//! The objects of a PDF file (ISO 32000-2 section 7.3), as values.
//!
//! Two objects are equal where a reader would see the same: the place of a string
//! in the file and the way it was written play no part. Numbers that are no
//! integers are kept as they were written, so that nothing is rounded.

use std::ops::Range;

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// Nothing; also what a reference to a missing object stands for.
    Null,
    /// true or false
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number, as written.
    Real(String),
    /// A string of bytes.
    String(PdfString),
    /// A name without its solidus, escapes resolved.
    Name(Vec<u8>),
    /// A row of objects.
    Array(Vec<Object>),
    /// A dictionary.
    Dictionary(Dictionary),
    /// A stream: its dictionary, and where its bytes stand in the file.
    Stream(Dictionary, Range<usize>),
    /// Another object, by number.
    Reference(Reference),
}

/// The number and generation of an indirect object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The object's number.
    pub number: u32,
    /// Its generation.
    pub generation: u16,
}

/// A string, and where it stands.
#[derive(Clone, Debug, Default)]
pub struct PdfString {
    /// The bytes it stands for.
    pub bytes: Vec<u8>,
    /// Where it was read, delimiters included; in the file, or in the object stream.
    pub at: Range<usize>,
    /// Whether it was written in hexadecimal.
    pub is_hex: bool,
}

impl PartialEq for PdfString {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

/// A dictionary: each key once, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Dictionary(Vec<(Vec<u8>, Object)>);

impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        let (mut own, mut others): (Vec<_>, Vec<_>) = (self.0.iter().collect(), other.0.iter().collect());
        own.sort_by_key(|(key, _)| key);
        others.sort_by_key(|(key, _)| key);
        own == others
    }
}

impl Dictionary {
    /// An empty dictionary.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a key, as it stands: a reference is not followed.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Object> {
        self.get_bytes(key.as_bytes())
    }

    pub(super) fn get_bytes(&self, key: &[u8]) -> Option<&Object> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Sets a key, in place where it is there.
    pub fn set(&mut self, key: &str, value: Object) {
        match self.0.iter_mut().find(|(known, _)| known == key.as_bytes()) {
            Some((_, place)) => *place = value,
            None => self.0.push((key.as_bytes().to_vec(), value)),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| known != key.as_bytes());
    }

    /// A dictionary as read; none where a key stands twice.
    pub(super) fn from_entries(entries: Vec<(Vec<u8>, Object)>) -> Option<Self> {
        let mut keys: Vec<&[u8]> = entries.iter().map(|(key, _)| key.as_slice()).collect();
        keys.sort_unstable();
        let is_unique = keys.iter().zip(keys.iter().skip(1)).all(|(a, b)| a != b);
        is_unique.then_some(Self(entries))
    }

    /// Keys and values in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `key` is the name `value`.
    #[must_use]
    pub fn is_name(&self, key: &str, value: &str) -> bool {
        self.get(key).and_then(Object::name) == Some(value.as_bytes())
    }
}

impl Object {
    /// The object as a name.
    #[must_use]
    pub fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    /// The object as a whole number.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        if let Self::Integer(n) = self { Some(*n) } else { None }
    }

    /// The object as a place or a size in the file.
    #[must_use]
    pub fn size(&self) -> Option<usize> {
        usize::try_from(self.integer()?).ok()
    }

    /// The object as a string.
    #[must_use]
    pub fn string(&self) -> Option<&PdfString> {
        if let Self::String(string) = self { Some(string) } else { None }
    }

    /// The object as an array.
    #[must_use]
    pub fn array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The object's dictionary; that of a stream counts.
    #[must_use]
    pub fn dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) | Self::Stream(dictionary, _) => Some(dictionary),
            _ => None,
        }
    }

    /// The object as a reference.
    #[must_use]
    pub fn reference(&self) -> Option<Reference> {
        if let Self::Reference(reference) = self { Some(*reference) } else { None }
    }
}

impl PdfString {
    /// The text of a text string (section 7.9.2.2): UTF-16BE or UTF-8 with a mark, else PDFDocEncoding,
    /// of which what is not ASCII is read as Latin-1.
    #[must_use]
    pub fn text(&self) -> String {
        match self.bytes.as_slice() {
            [0xfe, 0xff, rest @ ..] => {
                let units = rest.chunks(2).map(|pair| pair.iter().fold(0u16, |n, b| n << 8 | u16::from(*b)));
                char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
            bytes => bytes.iter().map(|b| char::from(*b)).collect(),
        }
    }
}

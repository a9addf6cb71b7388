//! Where the objects of a file stand: cross-reference tables, cross-reference streams, both in one
//! (hybrid) file, and the chain that `Prev` makes of them (ISO 32000-2 sections 7.5.4, 7.5.8).

use super::PdfError;
use super::file::{DECODED_BYTES_MAX, XrefKind, indirect};
use super::lexer::Lexer;
use super::object::{Dictionary, Object};
use super::stream;
use std::collections::BTreeMap;

/// Revisions in one file; a document stamped anew every month has them for eighty years.
const SECTIONS_MAX: usize = 1024;
/// The highest object number (ISO 32000-1 annex C).
const NUMBER_MAX: u32 = 8_388_607;

/// Where one object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nowhere.
    Free,
    /// At a place in the file.
    InFile {
        /// Where.
        offset: usize,
        /// The object's generation.
        generation: u16,
    },
    /// Inside an object stream.
    InStream {
        /// The stream's object number.
        container: u32,
        /// Which of its objects.
        index: usize,
    },
}

/// All tables of a file, merged: the newest word on each object.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) sections: Vec<usize>,
    pub(super) kind: XrefKind,
    pub(super) trailer: Dictionary,
    pub(super) entries: BTreeMap<u32, Entry>,
}

struct Section {
    kind: XrefKind,
    dictionary: Dictionary,
    entries: Vec<(u32, Entry)>,
}

/// Reads the section at `startxref` and all that it leads to.
pub(super) fn read(bytes: &[u8], startxref: usize) -> Result<Tables, PdfError> {
    let mut left = DECODED_BYTES_MAX;
    let newest = section(bytes, startxref, &mut left)?;
    let (kind, trailer) = (newest.kind, newest.dictionary.clone());
    let mut tables = Tables { sections: vec![startxref], kind, trailer, entries: BTreeMap::new() };
    let mut next = merge(&mut tables, newest, bytes, &mut left)?;
    while let Some(at) = next {
        if tables.sections.contains(&at) {
            return Err(PdfError::Malformed { what: "table: a circle", at });
        }
        if tables.sections.len() == SECTIONS_MAX {
            return Err(PdfError::TooLarge("revisions"));
        }
        tables.sections.push(at);
        let older = section(bytes, at, &mut left)?;
        next = merge(&mut tables, older, bytes, &mut left)?;
    }
    Ok(tables)
}

/// Adds what no newer section said, and returns where the one before stands.
fn merge(tables: &mut Tables, older: Section, bytes: &[u8], left: &mut usize) -> Result<Option<usize>, PdfError> {
    let place = |key: &'static str| match older.dictionary.get(key) {
        None => Ok(None),
        Some(value) => value.size().map(Some).ok_or(PdfError::Malformed { what: key, at: 0 }),
    };
    let previous = place("Prev")?;
    let mut entries = older.entries;
    // In a hybrid file the table calls free what only the stream beside it knows (section 7.5.8.4).
    if older.kind == XrefKind::Table
        && let Some(at) = place("XRefStm")?
    {
        let hidden = section(bytes, at, left)?;
        if hidden.kind != XrefKind::Stream {
            return Err(PdfError::Malformed { what: "XRefStm", at });
        }
        let (free, used): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(_, entry)| *entry == Entry::Free);
        entries = used.into_iter().chain(hidden.entries).chain(free).collect();
    }
    for (number, entry) in entries {
        tables.entries.entry(number).or_insert(entry);
    }
    Ok(previous)
}

fn section(bytes: &[u8], at: usize, left: &mut usize) -> Result<Section, PdfError> {
    let mut lexer = Lexer::new(bytes, at);
    lexer.skip_space();
    if lexer.rest().starts_with(b"xref") { table(lexer) } else { stream_section(bytes, at, left) }
}

fn table(mut lexer: Lexer<'_>) -> Result<Section, PdfError> {
    lexer.keyword("xref")?;
    let mut entries = Vec::new();
    loop {
        lexer.skip_space();
        if lexer.rest().starts_with(b"trailer") {
            break;
        }
        let first: u32 = lexer.unsigned("table")?;
        let count: u32 = lexer.unsigned("table")?;
        // Each line has its bytes in the file, so that the count is bounded by it.
        for i in 0..count {
            let bad = PdfError::Malformed { what: "table", at: lexer.at };
            let offset = lexer.unsigned("table")?;
            let generation: u32 = lexer.unsigned("table")?;
            let entry = match (lexer.word(), u16::try_from(generation)) {
                (b"n", Ok(generation)) => Entry::InFile { offset, generation },
                (b"f", _) => Entry::Free,
                _ => return Err(bad),
            };
            entries.push((number(first, i).ok_or(bad)?, entry));
        }
    }
    lexer.keyword("trailer")?;
    let bad = PdfError::Malformed { what: "trailer", at: lexer.at };
    let Object::Dictionary(dictionary) = lexer.object()? else { return Err(bad) };
    unique(&entries, bad)?;
    Ok(Section { kind: XrefKind::Table, dictionary, entries })
}

fn number(first: u32, i: u32) -> Option<u32> {
    first.checked_add(i).filter(|n| *n <= NUMBER_MAX)
}

/// One word on each object: of two, another reader may take the other.
fn unique(entries: &[(u32, Entry)], bad: PdfError) -> Result<(), PdfError> {
    let mut numbers: Vec<u32> = entries.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    let is_unique = numbers.iter().zip(numbers.iter().skip(1)).all(|(a, b)| a != b);
    is_unique.then_some(()).ok_or(bad)
}

fn stream_section(bytes: &[u8], at: usize, left: &mut usize) -> Result<Section, PdfError> {
    let bad = PdfError::Malformed { what: "cross-reference stream", at };
    // Its own Length stands in it (section 7.5.8.2): nothing could be looked up yet.
    let (_, object, _) = indirect(bytes, at, &|length| Ok(length.clone()))?;
    let Object::Stream(dictionary, range) = object else { return Err(bad) };
    if !dictionary.is_name("Type", "XRef") {
        return Err(bad);
    }
    let data = stream::decode(&dictionary, bytes.get(range).unwrap_or_default(), *left)?;
    *left = left.saturating_sub(data.len());
    let sizes = |object: &Object| object.array().map(|a| a.iter().map(Object::size).collect::<Option<Vec<_>>>());
    let widths = dictionary.get("W").and_then(sizes).flatten().ok_or(bad)?;
    let [kind, second, third] = widths.as_slice() else { return Err(bad) };
    let width = kind + second + third;
    if widths.iter().any(|w| *w > 8) || *second == 0 {
        return Err(bad);
    }
    let size = dictionary.get("Size").and_then(Object::size).ok_or(bad)?;
    let index = match dictionary.get("Index") {
        Some(index) => sizes(index).flatten().ok_or(bad)?,
        None => vec![0, size],
    };
    let mut rows = data.chunks_exact(width);
    let mut entries = Vec::new();
    for pair in index.chunks(2) {
        let [first, count] = pair else { return Err(bad) };
        let (first, count) = (u32::try_from(*first), u32::try_from(*count));
        let (Ok(first), Ok(count)) = (first, count) else { return Err(bad) };
        for i in 0..count {
            let row = rows.next().ok_or(bad)?;
            entries.push((number(first, i).ok_or(bad)?, entry(row, *kind, *second).ok_or(bad)?));
        }
    }
    unique(&entries, bad)?;
    Ok(Section { kind: XrefKind::Stream, dictionary, entries })
}

/// One row of a cross-reference stream (table 18).
fn entry(row: &[u8], kind: usize, second: usize) -> Option<Entry> {
    let number = |bytes: &[u8]| bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let (kind, rest) = row.split_at_checked(kind)?;
    let (second, third) = rest.split_at_checked(second)?;
    // Without a field for the kind, it is the first.
    let kind = if kind.is_empty() { 1 } else { number(kind) };
    let (second, third) = (number(second), number(third));
    Some(match kind {
        1 => Entry::InFile { offset: usize::try_from(second).ok()?, generation: u16::try_from(third).ok()? },
        2 => Entry::InStream { container: u32::try_from(second).ok()?, index: usize::try_from(third).ok()? },
        _ => Entry::Free,
    })
}

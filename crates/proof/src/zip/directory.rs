//! The headers of an archive: its end (APPNOTE 4.3.14 to 4.3.16), the entries of its directory
//! (4.3.12), and the local header before each content (4.3.7), which must agree.

use super::{Crc, Limits, Source, ZipError};

const END: &[u8; 4] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const END64: &[u8; 4] = b"PK\x06\x06";
const END64_BYTES: u64 = 56;
const LOCATOR: &[u8; 4] = b"PK\x06\x07";
const LOCATOR_BYTES: u64 = 20;
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const LOCAL_BYTES: u64 = 30;
const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
const DIRECTORY_BYTES_MAX: u64 = 64 << 20;
const PATH_BYTES_MAX: usize = 4096;

const FLAG_DESCRIPTOR: u16 = 1 << 3;
const FLAGS_ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// How hard it was compressed, a descriptor behind the content, a name in UTF-8.
const FLAGS_KNOWN: u16 = 1 << 1 | 1 << 2 | FLAG_DESCRIPTOR | 1 << 11;

const EXTRA_ZIP64: u16 = 0x0001;
const EXTRA_UNICODE_PATH: u16 = 0x7075;

/// An entry as the directory has it.
pub(super) struct Raw {
    pub(super) path: String,
    pub(super) raw_path: Vec<u8>,
    flags: u16,
    pub(super) is_deflated: bool,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
}

/// Numbers and bytes of a header, from its beginning on.
struct Fields<'b> {
    rest: &'b [u8],
    what: &'static str,
}

impl<'b> Fields<'b> {
    fn new(rest: &'b [u8], what: &'static str) -> Self {
        Self { rest, what }
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], ZipError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(ZipError::Header(self.what))?;
        self.rest = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<u64, ZipError> {
        Ok(self.take(N)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn u16(&mut self) -> Result<u16, ZipError> {
        Ok(self.number::<2>()? as u16)
    }

    fn u32(&mut self) -> Result<u32, ZipError> {
        Ok(self.number::<4>()? as u32)
    }

    fn signature(&mut self, expected: &[u8; 4]) -> Result<(), ZipError> {
        if self.take(4)? == expected { Ok(()) } else { Err(ZipError::Header(self.what)) }
    }
}

/// Where the directory is.
struct End {
    entries: u64,
    bytes: u64,
    offset: u64,
}

/// The entries of the directory, and where it begins.
pub(super) fn read<S: Source + ?Sized>(source: &S, limits: &Limits) -> Result<(Vec<Raw>, u64), ZipError> {
    let end = end_of(source)?;
    // 46 bytes is the least that an entry takes: a number of entries that cannot be is not believed.
    if end.entries > limits.entries as u64 || end.entries.saturating_mul(46) > end.bytes {
        return Err(if end.entries > limits.entries as u64 {
            ZipError::Many
        } else {
            ZipError::Header("the directory")
        });
    }
    if end.bytes > DIRECTORY_BYTES_MAX {
        return Err(ZipError::Large);
    }
    let bytes = source.read_at(end.offset, usize::try_from(end.bytes).unwrap_or_default())?;
    let mut fields = Fields::new(&bytes, "the directory");
    let mut entries = Vec::new();
    for _ in 0..end.entries {
        entries.push(central(&mut fields)?);
    }
    if fields.rest.is_empty() { Ok((entries, end.offset)) } else { Err(ZipError::Header("the directory")) }
}

/// The end stands last, and nothing that could be taken for another stands in its comment.
fn end_of<S: Source + ?Sized>(source: &S) -> Result<End, ZipError> {
    let size = source.size();
    let length = size.min((END_BYTES + usize::from(u16::MAX)) as u64);
    let tail = source.read_at(size - length, usize::try_from(length).unwrap_or_default())?;
    let reaches_the_end = |at: &usize| {
        let said = tail
            .get(at + END_BYTES - 2..at + END_BYTES)
            .map(|b| b.iter().rev().fold(0, |n, b| n << 8 | usize::from(*b)));
        said.is_some_and(|comment| at + END_BYTES + comment == tail.len())
    };
    let mut ends =
        (0..tail.len().saturating_sub(END_BYTES - 1)).filter(|at| tail.get(*at..).is_some_and(|t| t.starts_with(END)));
    let at = ends.clone().find(reaches_the_end).ok_or(ZipError::NotZip)?;
    if ends.any(|other| other > at) {
        return Err(ZipError::SeveralEnds);
    }
    let comment = tail.get(at + 4..).unwrap_or_default();
    if comment.windows(4).any(|w| w == END) {
        return Err(ZipError::SeveralEnds);
    }
    let mut fields = Fields::new(tail.get(at..).unwrap_or_default(), "the end of the directory");
    fields.signature(END)?;
    let (disk, first_disk, here, entries) = (fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?);
    let (bytes, offset) = (fields.u32()?, fields.u32()?);
    let end_at = size - length + at as u64;
    let plain = End { entries: entries.into(), bytes: bytes.into(), offset: offset.into() };
    let is_one_disk = (disk == 0 || disk == u16::MAX) && (first_disk == 0 || first_disk == u16::MAX) && here == entries;
    if !is_one_disk {
        return Err(ZipError::SeveralDisks);
    }
    let (end, reach) = match end64(source, end_at, &plain)? {
        Some((end, at)) => (end, at),
        None => (plain, end_at),
    };
    match end.offset.checked_add(end.bytes) {
        Some(until) if until == reach => Ok(end),
        Some(until) if until < reach => Err(ZipError::Hidden("the end of the directory".to_owned())),
        _ => Err(ZipError::Header("the end of the directory")),
    }
}

/// The end with 64 bits, where there is one, and where it begins; it must agree with what the other says.
fn end64<S: Source + ?Sized>(source: &S, end_at: u64, plain: &End) -> Result<Option<(End, u64)>, ZipError> {
    let is_full = plain.entries == 0xffff || plain.bytes == 0xffff_ffff || plain.offset == 0xffff_ffff;
    let Some(at) = end_at.checked_sub(LOCATOR_BYTES + END64_BYTES) else { return Ok(None) };
    let bytes = source.read_at(at, (LOCATOR_BYTES + END64_BYTES) as usize)?;
    let (record, locator) = bytes.split_at_checked(END64_BYTES as usize).unwrap_or_default();
    // Behind a directory that ends here, this could only be the comment of its last entry.
    let is_plain = !is_full && plain.offset.checked_add(plain.bytes) == Some(end_at);
    if !locator.starts_with(LOCATOR) || is_plain {
        return Ok(None);
    }
    let mut fields = Fields::new(locator, "the locator of the directory");
    fields.signature(LOCATOR)?;
    let (disk, offset, disks) = (fields.u32()?, fields.number::<8>()?, fields.u32()?);
    if disk != 0 || disks > 1 {
        return Err(ZipError::SeveralDisks);
    }
    let mut fields = Fields::new(record, "the end of the directory");
    fields.signature(END64)?;
    let length = fields.number::<8>()?;
    fields.take(4)?;
    let (disk, first_disk, here) = (fields.u32()?, fields.u32()?, fields.number::<8>()?);
    let end = End { entries: fields.number::<8>()?, bytes: fields.number::<8>()?, offset: fields.number::<8>()? };
    if disk != 0 || first_disk != 0 || here != end.entries {
        return Err(ZipError::SeveralDisks);
    }
    let agrees = |plain: u64, wide: u64, full: u64| plain == full || plain == wide;
    let is_same = agrees(plain.entries, end.entries, 0xffff)
        && agrees(plain.bytes, end.bytes, 0xffff_ffff)
        && agrees(plain.offset, end.offset, 0xffff_ffff);
    if offset != at || length != END64_BYTES - 12 || !is_same {
        return Err(ZipError::Header("the end of the directory"));
    }
    Ok(Some((end, at)))
}

fn central(fields: &mut Fields<'_>) -> Result<Raw, ZipError> {
    fields.signature(CENTRAL)?;
    let (made_by, _needed) = (fields.u16()?, fields.u16()?);
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.take(4)?;
    let (crc, packed, size) = (fields.u32()?, u64::from(fields.u32()?), u64::from(fields.u32()?));
    let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let disk = fields.u16()?;
    fields.take(2)?;
    let (attributes, offset) = (fields.u32()?, u64::from(fields.u32()?));
    let raw_path = fields.take(name.into())?.to_vec();
    let extra = fields.take(extra.into())?;
    fields.take(comment.into())?;
    let path = path_of(&raw_path, extra)?;
    let mut wide = zip64(extra)?;
    let size = widened(size, &mut wide)?;
    let packed = widened(packed, &mut wide)?;
    let offset = widened(offset, &mut wide)?;
    match () {
        () if disk != 0 => return Err(ZipError::SeveralDisks),
        () if flags & FLAGS_ENCRYPTED != 0 => return Err(ZipError::Encrypted(path)),
        () if flags & !FLAGS_KNOWN != 0 || !matches!(method, 0 | 8) => return Err(ZipError::Method(path)),
        // The upper half is what Unix says of a file, where a Unix made the archive.
        () if made_by >> 8 == 3 && attributes >> 28 == 0xa => return Err(ZipError::Link(path)),
        () if method == 0 && packed != size => return Err(ZipError::Disagrees(path)),
        () if path.ends_with('/') && size != 0 => return Err(ZipError::Path(path)),
        () => {}
    }
    Ok(Raw { path, raw_path, flags, is_deflated: method == 8, crc, packed, size, offset })
}

/// A number of 32 bits, or the next one of the 64 bit ones where it is full.
fn widened(value: u64, wide: &mut Fields<'_>) -> Result<u64, ZipError> {
    if value == 0xffff_ffff { wide.number::<8>() } else { Ok(value) }
}

/// The extra fields: an identifier and bytes each. What does not add up is padding.
fn extras(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut fields = Fields::new(bytes, "an extra field");
    std::iter::from_fn(move || {
        let (id, length) = (fields.u16().ok()?, fields.u16().ok()?);
        Some((id, fields.take(length.into()).ok()?))
    })
}

fn zip64(extra: &[u8]) -> Result<Fields<'_>, ZipError> {
    let mut found = extras(extra).filter(|(id, _)| *id == EXTRA_ZIP64);
    let fields = Fields::new(found.next().map_or(&[][..], |(_, bytes)| bytes), "the sizes in 64 bits");
    if found.next().is_some() { Err(ZipError::Header("the sizes in 64 bits")) } else { Ok(fields) }
}

/// The path as text. Two names for one entry must be one; a name of an old code page, which another
/// program would read otherwise, is kept with marks for what is not known: its digest decides.
fn path_of(raw: &[u8], extra: &[u8]) -> Result<String, ZipError> {
    let lossy = String::from_utf8_lossy(raw).into_owned();
    let named = extras(extra).find(|(id, _)| *id == EXTRA_UNICODE_PATH);
    let path = match named {
        Some((_, [1, crc @ ..])) => {
            let (crc, name) = crc.split_at_checked(4).ok_or(ZipError::Header("the second name"))?;
            let name = std::str::from_utf8(name).map_err(|_| ZipError::Header("the second name"))?;
            let is_of_this = crc == Crc::of(raw).to_le_bytes();
            match std::str::from_utf8(raw) {
                Ok(first) if first != name => return Err(ZipError::Disagrees(lossy)),
                Err(_) if is_of_this => name.to_owned(),
                _ => lossy,
            }
        }
        Some(_) => return Err(ZipError::Header("the second name")),
        None => lossy,
    };
    if is_path(&path) { Ok(path) } else { Err(ZipError::Path(path)) }
}

/// A path that stays below the folder on every system, and is written in one way.
fn is_path(path: &str) -> bool {
    let bare = path.strip_suffix('/').unwrap_or(path);
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    let is_drive = path.as_bytes().get(1) == Some(&b':');
    let is_plain = !path.chars().any(|c| c.is_control() || c == '\\');
    path.len() <= PATH_BYTES_MAX && is_plain && !is_drive && bare.split('/').all(is_part)
}

/// Where the content of an entry begins. Its local header agrees with the directory, and what stands
/// between its content and `next` is its descriptor or nothing.
pub(super) fn data_of<S: Source + ?Sized>(source: &S, entry: &Raw, next: u64) -> Result<u64, ZipError> {
    let disagrees = || ZipError::Disagrees(entry.path.clone());
    let header = source.read_at(entry.offset, LOCAL_BYTES as usize)?;
    let mut fields = Fields::new(&header, "a local header");
    fields.signature(LOCAL)?;
    fields.take(2)?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    fields.take(4)?;
    let (crc, packed, size) = (fields.u32()?, u64::from(fields.u32()?), u64::from(fields.u32()?));
    let (name, extra) = (fields.u16()?, fields.u16()?);
    let rest = source.read_at(entry.offset + LOCAL_BYTES, usize::from(name) + usize::from(extra))?;
    let (name, extra) = rest.split_at_checked(name.into()).ok_or_else(disagrees)?;
    // The names alone: a second name in a local header is nobody's business, the directory has its own.
    if name != entry.raw_path || flags != entry.flags || (method == 8) != entry.is_deflated || !matches!(method, 0 | 8)
    {
        return Err(disagrees());
    }
    let mut wide = zip64(extra)?;
    let size = widened(size, &mut wide)?;
    let packed = widened(packed, &mut wide)?;
    let has_descriptor = flags & FLAG_DESCRIPTOR != 0;
    // With a descriptor, they may stand there alone.
    let fits = |here: u64, there: u64| here == there || (has_descriptor && here == 0);
    if !fits(size, entry.size) || !fits(packed, entry.packed) || !fits(crc.into(), entry.crc.into()) {
        return Err(disagrees());
    }
    let data = entry.offset + LOCAL_BYTES + rest.len() as u64;
    let end = data.checked_add(entry.packed).filter(|end| *end <= next);
    let end = end.ok_or_else(|| ZipError::Overlap(entry.path.clone()))?;
    match next - end {
        0 if !has_descriptor => Ok(data),
        gap @ (12 | 16 | 20 | 24) if has_descriptor => {
            descriptor(&source.read_at(end, gap as usize)?, entry).map(|()| data)
        }
        _ => Err(ZipError::Hidden(format!("what follows {}", entry.path))),
    }
}

/// CRC and both sizes, in 32 or 64 bits, with a signature or none (APPNOTE 4.3.9).
fn descriptor(bytes: &[u8], entry: &Raw) -> Result<(), ZipError> {
    let mut fields = Fields::new(bytes, "a descriptor");
    if bytes.len() == 16 || bytes.len() == 24 {
        fields.signature(DESCRIPTOR)?;
    }
    let crc = fields.u32()?;
    let (packed, size) = match bytes.len() {
        12 | 16 => (fields.number::<4>()?, fields.number::<4>()?),
        _ => (fields.number::<8>()?, fields.number::<8>()?),
    };
    let is_same = crc == entry.crc && packed == entry.packed && size == entry.size;
    if is_same { Ok(()) } else { Err(ZipError::Disagrees(entry.path.clone())) }
}

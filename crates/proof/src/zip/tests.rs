//! Good archives in every way they are written, and what is refused.

use super::*;
use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;

/// How an entry is written; every field can be a lie.
#[derive(Clone)]
struct Put {
    path: Vec<u8>,
    local_path: Option<Vec<u8>>,
    content: Vec<u8>,
    method: u16,
    flags: u16,
    crc: Option<u32>,
    size: Option<u32>,
    attributes: u32,
    extra: Vec<u8>,
    /// Sizes in 64 bits and a descriptor behind.
    is_wide: bool,
    before: Vec<u8>,
}

fn put(path: &str, content: &[u8], method: u16) -> Put {
    Put {
        path: path.as_bytes().to_vec(),
        local_path: None,
        content: content.to_vec(),
        method,
        flags: 1 << 11,
        crc: None,
        size: None,
        attributes: 0,
        extra: Vec::new(),
        is_wide: false,
        before: Vec::new(),
    }
}

fn le(values: &[(u64, usize)]) -> Vec<u8> {
    values.iter().flat_map(|(value, bytes)| value.to_le_bytes()[..*bytes].to_vec()).collect()
}

/// The archive, and the directory and its end by themselves.
fn write(entries: &[Put], comment: &[u8]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for one in entries {
        out.extend_from_slice(&one.before);
        let offset = out.len() as u64;
        let data = if one.method == 8 { compress_to_vec(&one.content, 6) } else { one.content.clone() };
        let crc = u64::from(one.crc.unwrap_or_else(|| Crc::of(&one.content)));
        let size = one.size.map_or(one.content.len() as u64, u64::from);
        let (packed, full) = (data.len() as u64, 0xffff_ffff);
        let flags = u64::from(one.flags) | if one.is_wide { 1 << 3 } else { 0 };
        let local = one.local_path.as_ref().unwrap_or(&one.path);
        let (local_crc, local_packed, local_size) = if one.is_wide { (0, 0, 0) } else { (crc, packed, size) };
        out.extend(b"PK\x03\x04");
        out.extend(le(&[(20, 2), (flags, 2), (one.method.into(), 2), (0, 4), (local_crc, 4), (local_packed, 4)]));
        out.extend(le(&[(local_size, 4), (local.len() as u64, 2), (0, 2)]));
        out.extend(local);
        out.extend(data);
        let mut extra = one.extra.clone();
        if one.is_wide {
            out.extend(b"PK\x07\x08");
            out.extend(le(&[(crc, 4), (packed, 8), (size, 8)]));
            extra.extend(le(&[(1, 2), (24, 2), (size, 8), (packed, 8), (offset, 8)]));
        }
        let (said_packed, said_size, said_offset) =
            if one.is_wide { (full, full, full) } else { (packed, size, offset) };
        directory.extend(b"PK\x01\x02");
        directory.extend(le(&[(3 << 8 | 20, 2), (20, 2), (flags, 2), (one.method.into(), 2), (0, 4), (crc, 4)]));
        directory.extend(le(&[(said_packed, 4), (said_size, 4), (one.path.len() as u64, 2), (extra.len() as u64, 2)]));
        directory.extend(le(&[(0, 2), (0, 2), (0, 2), (one.attributes.into(), 4), (said_offset, 4)]));
        directory.extend(&one.path);
        directory.extend(extra);
    }
    let (at, count) = (out.len() as u64, entries.len() as u64);
    out.extend(&directory);
    if entries.iter().any(|one| one.is_wide) {
        let end = out.len() as u64;
        out.extend(b"PK\x06\x06");
        out.extend(le(&[
            (44, 8),
            (45, 2),
            (45, 2),
            (0, 4),
            (0, 4),
            (count, 8),
            (count, 8),
            (directory.len() as u64, 8),
        ]));
        out.extend(le(&[(at, 8)]));
        out.extend(b"PK\x06\x07");
        out.extend(le(&[(0, 4), (end, 8), (1, 4)]));
        out.extend(b"PK\x05\x06");
        out.extend(le(&[(0, 4), (count, 2), (count, 2), (0xffff_ffff, 4), (0xffff_ffff, 4)]));
    } else {
        out.extend(b"PK\x05\x06");
        out.extend(le(&[(0, 4), (count, 2), (count, 2), (directory.len() as u64, 4), (at, 4)]));
    }
    out.extend(le(&[(comment.len() as u64, 2)]));
    out.extend(comment);
    out
}

fn open(bytes: &[u8]) -> Result<Archive, ZipError> {
    Archive::open(bytes, &Limits::default())
}

/// What reading all of it comes to.
fn all(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ZipError> {
    let archive = open(bytes)?;
    archive.entries().iter().map(|entry| Ok((entry.path.clone(), entry.read(bytes, 1 << 20)?))).collect()
}

#[test]
fn archives_are_read_however_they_were_written() {
    let content = b"the same content again and again ".repeat(500);
    let wide = Put { is_wide: true, ..put("b/c.txt", &content, 8) };
    let folder = put("b/", b"", 0);
    let bytes = write(&[put("甲.txt", b"stored", 0), folder, wide, put("empty", b"", 8)], b"a comment");
    let read = all(&bytes).unwrap();
    let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["甲.txt", "b/c.txt", "empty"]);
    assert_eq!(read[1].1, content);
    assert!(all(&write(&[], b"")).unwrap().is_empty());
    // A name of an old code page is kept with marks; one that stands in Unicode beside it is taken.
    let old = Put { path: vec![0xb8, 0xdb], flags: 0, ..put("", b"x", 0) };
    assert_eq!(all(&write(std::slice::from_ref(&old), b"")).unwrap()[0].0, "\u{fffd}\u{fffd}");
    let name = [&[1][..], &Crc::of(&[0xb8, 0xdb]).to_le_bytes(), "港".as_bytes()].concat();
    let extra = [le(&[(0x7075, 2), (name.len() as u64, 2)]), name].concat();
    assert_eq!(all(&write(&[Put { extra, ..old }], b"")).unwrap()[0].0, "港");
}

#[test]
fn what_two_programs_could_see_otherwise_is_refused() {
    use ZipError as E;
    let good = || put("a.txt", b"content", 0);
    let refused = |entries: &[Put]| all(&write(entries, b"")).unwrap_err();
    for path in ["/etc/passwd", "../a", "a/../b", "a//b", "./a", "a\\b", "c:/a", "a\0b", "", "/", "a\nb"] {
        assert!(matches!(refused(&[put(path, b"", 0)]), E::Path(_)), "{path:?}");
    }
    assert!(matches!(refused(&[put("a/", b"x", 0)]), E::Path(_)));
    assert!(matches!(refused(&[good(), put("a.txt", b"other", 0)]), E::Twice(_)));
    for flag in [0, 6, 13] {
        assert!(matches!(refused(&[Put { flags: 1 << flag, ..good() }]), E::Encrypted(_)));
    }
    assert!(matches!(refused(&[Put { flags: 1 << 5, ..good() }]), E::Method(_)));
    assert!(matches!(refused(&[put("a", b"x", 12)]), E::Method(_)));
    assert!(matches!(refused(&[Put { attributes: 0o120_777 << 16, ..good() }]), E::Link(_)));
    assert!(matches!(refused(&[Put { local_path: Some(b"b.txt".to_vec()), ..good() }]), E::Disagrees(_)));
    assert!(matches!(refused(&[Put { size: Some(8), ..good() }]), E::Disagrees(_)));
    assert!(matches!(refused(&[Put { crc: Some(1), ..good() }]), E::Content(_, Spoilt::Crc)));
    assert!(matches!(refused(&[Put { size: Some(6), ..put("a", b"content", 8) }]), E::Content(_, Spoilt::Size)));
    assert!(matches!(refused(&[Put { before: b"#!/bin/sh".to_vec(), ..good() }]), E::Hidden(_)));
    assert!(matches!(refused(&[good(), Put { before: vec![0], ..put("b", b"", 0) }]), E::Hidden(_)));
    let second_name = [&[1][..], &Crc::of(b"a.txt").to_le_bytes(), b"z.txt"].concat();
    let extra = [le(&[(0x7075, 2), (second_name.len() as u64, 2)]), second_name].concat();
    assert!(matches!(refused(&[Put { extra, ..good() }]), E::Disagrees(_)));
    let whole = write(&[good()], b"");
    assert!(matches!(all(&write(&[put("b", b"", 0)], &whole)), Err(E::SeveralEnds | E::NotZip)));
    assert!(matches!(all(&write(&[good()], b"PK\x05\x06")), Err(E::SeveralEnds)));
    assert!(all(&[&whole[..], &whole[..]].concat()).is_err());
    assert!(all(&[&whole[..], b"x"].concat()).is_err());
    assert_eq!(all(b"no archive"), Err(E::NotZip));
}

#[test]
fn what_shares_bytes_or_unpacks_to_too_much_is_refused() {
    // Both entries name the same local header, as in archives that unpack to petabytes.
    let bytes = write(&[put("a", b"xxxx", 0), put("b", b"yyyy", 0)], b"");
    let central = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    let mut same = bytes.clone();
    same[central + 42..central + 46].fill(0);
    assert!(matches!(all(&same), Err(ZipError::Overlap(_))));
    let few = Limits { entries: 1, ..Limits::default() };
    assert_eq!(Archive::open(&bytes[..], &few), Err(ZipError::Many));
    let small = Limits { bytes: 7, ..Limits::default() };
    assert_eq!(Archive::open(&bytes[..], &small), Err(ZipError::Large));
    let bomb = write(&[put("zeros", &vec![0; 80 << 20], 8)], b"");
    assert_eq!(open(&bomb), Err(ZipError::Ratio));
    let entry = open(&bytes).unwrap().entries()[0].clone();
    assert_eq!(entry.read(&bytes[..], 3), Err(ZipError::Large));
}

#[test]
fn a_number_of_entries_that_cannot_be_is_not_believed() {
    let mut bytes = write(&[put("a", b"x", 0)], b"");
    let end = bytes.len() - 22;
    bytes[end + 8..end + 12].copy_from_slice(&[0x10, 0x27, 0x10, 0x27]);
    assert_eq!(open(&bytes), Err(ZipError::Header("the directory")));
}

#[test]
fn an_archive_cut_off_anywhere_is_none() {
    let wide = Put { is_wide: true, ..put("b", b"wide", 8) };
    let bytes = write(&[put("a", b"content", 8), wide], b"");
    for length in 0..bytes.len() {
        assert!(all(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn one_flipped_bit_changes_no_content_unseen() {
    let wide = Put { is_wide: true, ..put("b", b"wide content", 8) };
    let bytes = write(&[put("a", b"content", 0), wide], b"");
    let good = all(&bytes).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(read) = all(&flipped) {
                let contents: Vec<_> = read.iter().map(|(_, content)| content).collect();
                assert_eq!(
                    contents,
                    good.iter().map(|(_, content)| content).collect::<Vec<_>>(),
                    "byte {at} bit {bit}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_break_it(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = all(&bytes);
        // And behind the beginning of an archive, before an end that points anywhere.
        bytes.splice(0..0, write(&[put("a", b"x", 8)], b""));
        let _ = all(&bytes);
    }

    #[test]
    fn what_is_written_is_read(contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6), wide in any::<bool>()) {
        let entry = |(at, content): (usize, &Vec<u8>)| {
            Put { is_wide: wide, ..put(&format!("{at}.bin"), content, if at % 2 == 0 { 8 } else { 0 }) }
        };
        let bytes = write(&contents.iter().enumerate().map(entry).collect::<Vec<_>>(), b"");
        let read: Vec<Vec<u8>> = all(&bytes).unwrap().into_iter().map(|(_, content)| content).collect();
        prop_assert_eq!(read, contents);
    }
}

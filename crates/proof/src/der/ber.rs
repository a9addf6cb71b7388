//! Brings BER, as some time stamp authorities emit it, to DER.
//!
//! Rewritten: indefinite lengths, lengths that are not minimal, and strings in
//! pieces (X.690 8.1.3.6, 8.7.3). Left alone: the order of SET OF, because a
//! signature was made over the order that was sent. Bytes that are DER already
//! come back borrowed and untouched. Depth and size are bounded.

use super::{DerError, tag};
use std::borrow::Cow;

/// No structure of RFC 3161, CMS or X.509 nests deeper in practice.
const DEPTH_MAX: u32 = 48;

/// The one element at the start of `input` in DER, and whether it had to be rewritten.
///
/// # Errors
/// Where the bytes are not BER, nest too deeply, or bytes follow the element.
pub fn normalise(input: &[u8]) -> Result<(Cow<'_, [u8]>, bool), DerError> {
    let mut rewritten = false;
    let end = scan(input, 0, &mut rewritten)?;
    if end != input.len() {
        return Err(DerError::TrailingBytes);
    }
    if !rewritten {
        return Ok((Cow::Borrowed(input), false));
    }
    let mut out = Vec::with_capacity(input.len());
    rewrite(input, &mut out)?;
    Ok((Cow::Owned(out), true))
}

/// Where the one element at the start of `input` ends, whatever follows it.
///
/// # Errors
/// Where the bytes are not BER or nest too deeply.
pub fn end(input: &[u8]) -> Result<usize, DerError> {
    scan(input, 0, &mut false)
}

struct Header {
    tag: u8,
    size: usize,
    /// None where the length is indefinite.
    length: Option<usize>,
    minimal: bool,
}

fn header(bytes: &[u8]) -> Result<Header, DerError> {
    let (&tag, rest) = bytes.split_first().ok_or(DerError::Truncated)?;
    if tag & 0x1f == 0x1f {
        return Err(DerError::LongTag);
    }
    let (&first, rest) = rest.split_first().ok_or(DerError::Truncated)?;
    if first < 0x80 {
        return Ok(Header { tag, size: 2, length: Some(usize::from(first)), minimal: true });
    }
    if first == 0x80 {
        if tag & 0x20 == 0 {
            return Err(DerError::BadLength);
        }
        return Ok(Header { tag, size: 2, length: None, minimal: false });
    }
    let count = usize::from(first & 0x7f);
    if count > 8 {
        return Err(DerError::BadLength);
    }
    let octets = rest.get(..count).ok_or(DerError::Truncated)?;
    let length = octets.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let minimal = octets[0] != 0 && length >= 0x80;
    let length = usize::try_from(length).map_err(|_| DerError::BadLength)?;
    Ok(Header { tag, size: 2 + count, length: Some(length), minimal })
}

const END_OF_CONTENTS: [u8; 2] = [0, 0];

fn is_string_in_pieces(tag: u8) -> bool {
    tag == tag::OCTET_STRING | 0x20 || tag == tag::BIT_STRING | 0x20
}

/// Walks one element, returns where it ends, and notes whether it is not DER.
fn scan(bytes: &[u8], depth: u32, rewritten: &mut bool) -> Result<usize, DerError> {
    if depth > DEPTH_MAX {
        return Err(DerError::TooLarge("nesting"));
    }
    let head = header(bytes)?;
    *rewritten |= !head.minimal || is_string_in_pieces(head.tag);
    let body = &bytes[head.size..];
    match head.length {
        Some(length) => {
            let content = body.get(..length).ok_or(DerError::Truncated)?;
            if head.tag & 0x20 != 0 {
                let mut at = 0;
                while at < content.len() {
                    at += scan(&content[at..], depth + 1, rewritten)?;
                }
            }
            Ok(head.size + length)
        }
        None => {
            let mut at = 0;
            while !body[at..].starts_with(&END_OF_CONTENTS) {
                at += scan(&body[at..], depth + 1, rewritten)?;
            }
            Ok(head.size + at + END_OF_CONTENTS.len())
        }
    }
}

/// Writes one element in DER and returns how many bytes of input it took. `scan` has passed.
fn rewrite(bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, DerError> {
    let head = header(bytes)?;
    let body = &bytes[head.size..];
    let mut content = Vec::new();
    let mut at = 0;
    let body_end = |at: usize| match head.length {
        Some(length) => at >= length,
        None => body[at..].starts_with(&END_OF_CONTENTS),
    };
    let mut tag = head.tag;
    if is_string_in_pieces(tag) {
        if tag & 0x1f == tag::BIT_STRING {
            return Err(DerError::BadValue("bit string in pieces"));
        }
        while !body_end(at) {
            let mut piece = Vec::new();
            at += rewrite(&body[at..], &mut piece)?;
            content.extend_from_slice(super::Element::parse(&piece)?.inside(tag::OCTET_STRING)?.rest());
        }
        tag &= !0x20;
    } else if tag & 0x20 != 0 {
        while !body_end(at) {
            at += rewrite(&body[at..], &mut content)?;
        }
    } else {
        at = head.length.ok_or(DerError::BadLength)?;
        content.extend_from_slice(&body[..at]);
    }
    let mut writer = super::Writer::new();
    writer.primitive(tag, &content);
    out.extend_from_slice(&writer.into_bytes());
    Ok(head.size + at + if head.length.is_none() { END_OF_CONTENTS.len() } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indefinite_lengths_and_pieces_become_der() {
        let input = [
            0x30, 0x80, // SEQUENCE, indefinite
            0x24, 0x80, 0x04, 0x02, 1, 2, 0x04, 0x01, 3, 0, 0, // OCTET STRING in two pieces
            0x02, 0x81, 0x01, 5, // INTEGER with a long length
            0, 0,
        ];
        let (der, rewritten) = normalise(&input).unwrap();
        assert!(rewritten);
        assert_eq!(&*der, [0x30, 0x08, 0x04, 0x03, 1, 2, 3, 0x02, 0x01, 5]);
    }

    #[test]
    fn der_comes_back_untouched() {
        let input = [0x30, 0x03, 0x02, 0x01, 0x05];
        assert!(matches!(normalise(&input), Ok((Cow::Borrowed(_), false))));
    }

    #[test]
    fn hostile_input_ends_in_an_error() {
        assert_eq!(normalise(&[0x30, 0x80]).err(), Some(DerError::Truncated));
        assert_eq!(normalise(&[0x30, 0x80].repeat(100)).err(), Some(DerError::TooLarge("nesting")));
        assert_eq!(normalise(&[0x04, 0x80, 0, 0]).err(), Some(DerError::BadLength));
        assert_eq!(normalise(&[0x30, 0x00, 0x00]).err(), Some(DerError::TrailingBytes));
        assert_eq!(normalise(&[]).err(), Some(DerError::Truncated));
    }
}

//! Distinguished Encoding Rules (X.690) over borrowed bytes.
//!
//! The reader never copies and never allocates: an [`Element`] is a window on
//! the received bytes, so that a signature can be checked over exactly what
//! arrived. Every length is bounded by the buffer before it is used. What real
//! authorities emit outside DER is first brought to DER by [`ber`].
//! Absent: multi-byte tags, REAL, and any interpretation of content.

pub mod ber;
mod time;
mod writer;

pub use time::{Precision, Time};
pub use writer::Writer;

use core::fmt;

/// Why bytes are not the DER they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DerError {
    /// The bytes end before the element does.
    Truncated,
    /// Bytes follow where nothing may follow.
    TrailingBytes,
    /// Another element stands where this one was expected.
    UnexpectedTag {
        /// The tag the syntax asks for.
        expected: u8,
        /// The tag that was found.
        found: u8,
    },
    /// A tag of more than one byte, which no format here uses.
    LongTag,
    /// A length that is indefinite, not minimal, or longer than four bytes.
    BadLength,
    /// The content does not follow the rules of its type.
    BadValue(&'static str),
    /// A bound of this reader was passed: depth, count or size.
    TooLarge(&'static str),
}

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the data ends too early"),
            Self::TrailingBytes => f.write_str("unexpected bytes follow the end"),
            Self::UnexpectedTag { expected, found } => {
                write!(f, "tag 0x{expected:02x} expected, 0x{found:02x} found")
            }
            Self::LongTag => f.write_str("a tag of more than one byte"),
            Self::BadLength => f.write_str("a length that DER does not allow"),
            Self::BadValue(what) => write!(f, "not a valid {what}"),
            Self::TooLarge(what) => write!(f, "over the limit for {what}"),
        }
    }
}

impl core::error::Error for DerError {}

/// Tags used by the formats of this crate (X.680 clause 8.4).
pub mod tag {
    /// BOOLEAN
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER
    pub const OID: u8 = 0x06;
    /// ENUMERATED
    pub const ENUMERATED: u8 = 0x0a;
    /// UTF8String
    pub const UTF8_STRING: u8 = 0x0c;
    /// PrintableString
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// T61String, read as Latin-1
    pub const T61_STRING: u8 = 0x14;
    /// IA5String
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// BMPString
    pub const BMP_STRING: u8 = 0x1e;
    /// SEQUENCE, SEQUENCE OF
    pub const SEQUENCE: u8 = 0x30;
    /// SET, SET OF
    pub const SET: u8 = 0x31;

    /// A primitive context-specific tag `[n]`, for IMPLICIT strings and numbers.
    #[must_use]
    pub const fn context(n: u8) -> u8 {
        0x80 | n
    }

    /// A constructed context-specific tag `[n]`, for EXPLICIT and structures.
    #[must_use]
    pub const fn context_constructed(n: u8) -> u8 {
        0xa0 | n
    }
}

/// One element: its tag, its content, and the whole of it as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
    /// Identifier, length and content octets.
    pub full: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads the one element that `bytes` must consist of.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(bytes);
        let element = reader.any()?;
        reader.finish()?;
        Ok(element)
    }

    /// A reader over the content of a constructed element with this tag.
    pub fn inside(&self, tag: u8) -> Result<Reader<'a>, DerError> {
        self.expect(tag)?;
        Ok(Reader::new(self.content))
    }

    fn expect(&self, tag: u8) -> Result<(), DerError> {
        if self.tag == tag { Ok(()) } else { Err(DerError::UnexpectedTag { expected: tag, found: self.tag }) }
    }

    /// The content of an INTEGER, checked to be minimal.
    pub fn integer(&self) -> Result<Integer<'a>, DerError> {
        self.expect(tag::INTEGER)?;
        Integer::from_content(self.content)
    }

    /// The value of a BIT STRING whose bits fill whole octets.
    pub fn bit_string(&self) -> Result<&'a [u8], DerError> {
        self.expect(tag::BIT_STRING)?;
        match self.content {
            [0, bits @ ..] => Ok(bits),
            _ => Err(DerError::BadValue("bit string")),
        }
    }

    /// A BIT STRING of named bits as a mask: bit 0 is the lowest bit.
    pub fn named_bits(&self) -> Result<u32, DerError> {
        let bits = match (self.tag, self.content) {
            (tag::BIT_STRING | 0x80..=0x8f, [unused, bits @ ..]) if *unused < 8 && bits.len() <= 4 => bits,
            _ => return Err(DerError::BadValue("named bit list")),
        };
        let mut mask = 0u32;
        for (i, byte) in bits.iter().enumerate() {
            for bit in 0..8 {
                if byte & (0x80 >> bit) != 0 {
                    mask |= 1 << (i * 8 + bit);
                }
            }
        }
        Ok(mask)
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(&self) -> Result<crate::oid::Oid<'a>, DerError> {
        self.expect(tag::OID)?;
        crate::oid::Oid::from_content(self.content)
    }

    /// A BOOLEAN as DER writes it.
    pub fn boolean(&self) -> Result<bool, DerError> {
        self.expect(tag::BOOLEAN)?;
        match self.content {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(DerError::BadValue("boolean")),
        }
    }
}

/// The content of an INTEGER: two's complement, minimal, of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Integer<'a>(&'a [u8]);

impl<'a> Integer<'a> {
    /// Checks that the content octets are a minimal two's complement number.
    pub fn from_content(content: &'a [u8]) -> Result<Self, DerError> {
        match content {
            [] => Err(DerError::BadValue("integer")),
            [0x00, second, ..] if second & 0x80 == 0 => Err(DerError::BadValue("integer")),
            [0xff, second, ..] if second & 0x80 != 0 => Err(DerError::BadValue("integer")),
            _ => Ok(Self(content)),
        }
    }

    /// The content octets.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Whether the number is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0[0] & 0x80 != 0
    }

    /// The magnitude of a number that is not negative, without leading zeros.
    #[must_use]
    pub fn unsigned(&self) -> Option<&'a [u8]> {
        match self.0 {
            _ if self.is_negative() => None,
            [0x00, rest @ ..] if !rest.is_empty() => Some(rest),
            all => Some(all),
        }
    }

    /// The number, where it fits.
    #[must_use]
    pub fn to_u64(&self) -> Option<u64> {
        let bytes = self.unsigned()?;
        (bytes.len() <= 8).then(|| bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b)))
    }
}

/// Hexadecimal with a sign, as OpenSSL prints serial numbers.
impl fmt::Display for Integer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(bytes) = self.unsigned() {
            f.write_str("0x")?;
            return bytes.iter().try_for_each(|b| write!(f, "{b:02X}"));
        }
        // Two's complement: invert and add one, from the lowest byte up.
        let mut magnitude: Vec<u8> = self.0.iter().map(|b| !b).collect();
        for byte in magnitude.iter_mut().rev() {
            let (sum, carry) = byte.overflowing_add(1);
            *byte = sum;
            if !carry {
                break;
            }
        }
        f.write_str("-0x")?;
        magnitude.iter().try_for_each(|b| write!(f, "{b:02X}"))
    }
}

/// Walks elements that stand one behind the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The tag of the next element, if there is one.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    pub fn any(&mut self) -> Result<Element<'a>, DerError> {
        let (&tag, after_tag) = self.rest.split_first().ok_or(DerError::Truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(DerError::LongTag);
        }
        let (length, header) = read_length(after_tag)?;
        let start = 1 + header;
        let end = start.checked_add(length).ok_or(DerError::BadLength)?;
        let full = self.rest.get(..end).ok_or(DerError::Truncated)?;
        self.rest = &self.rest[end..];
        Ok(Element { tag, content: &full[start..], full })
    }

    /// The next element, which must have this tag.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>, DerError> {
        match self.peek() {
            Some(found) if found == tag => self.any(),
            Some(found) => Err(DerError::UnexpectedTag { expected: tag, found }),
            None => Err(DerError::Truncated),
        }
    }

    /// The next element if it has this tag; otherwise nothing moves.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, DerError> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// A reader over the content of the next SEQUENCE.
    pub fn sequence(&mut self) -> Result<Reader<'a>, DerError> {
        Ok(Reader::new(self.expect(tag::SEQUENCE)?.content))
    }

    /// The next INTEGER.
    pub fn integer(&mut self) -> Result<Integer<'a>, DerError> {
        self.expect(tag::INTEGER)?.integer()
    }

    /// The next OBJECT IDENTIFIER.
    pub fn oid(&mut self) -> Result<crate::oid::Oid<'a>, DerError> {
        self.expect(tag::OID)?.oid()
    }

    /// The content of the next OCTET STRING.
    pub fn octets(&mut self) -> Result<&'a [u8], DerError> {
        Ok(self.expect(tag::OCTET_STRING)?.content)
    }

    /// Succeeds only where nothing is left.
    pub fn finish(&self) -> Result<(), DerError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DerError::TrailingBytes) }
    }
}

/// A definite, minimal length of at most four octets, and how many octets it took.
fn read_length(bytes: &[u8]) -> Result<(usize, usize), DerError> {
    let (&first, rest) = bytes.split_first().ok_or(DerError::Truncated)?;
    if first < 0x80 {
        return Ok((usize::from(first), 1));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(DerError::BadLength);
    }
    let octets = rest.get(..count).ok_or(DerError::Truncated)?;
    let length = octets.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    if octets[0] == 0 || length < 0x80 {
        return Err(DerError::BadLength);
    }
    let length = usize::try_from(length).map_err(|_| DerError::BadLength)?;
    Ok((length, 1 + count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_be_definite_and_minimal() {
        assert_eq!(Element::parse(&[0x04, 0x80, 0, 0]), Err(DerError::BadLength));
        assert_eq!(Element::parse(&[0x04, 0x81, 0x01, 0xaa]), Err(DerError::BadLength));
        assert_eq!(Element::parse(&[0x04, 0x85, 1, 1, 1, 1, 1]), Err(DerError::BadLength));
        assert_eq!(Element::parse(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff]), Err(DerError::Truncated));
        assert_eq!(Element::parse(&[0x1f, 0x81, 0x01, 0x00]), Err(DerError::LongTag));
        assert_eq!(Element::parse(&[0x04, 0x01, 0xaa, 0x00]), Err(DerError::TrailingBytes));
    }

    #[test]
    fn integers_are_minimal_and_print_with_their_sign() {
        assert!(Integer::from_content(&[0x00, 0x7f]).is_err());
        assert!(Integer::from_content(&[0xff, 0x80]).is_err());
        assert!(Integer::from_content(&[]).is_err());
        assert_eq!(Integer::from_content(&[0x00, 0x80]).unwrap().to_string(), "0x80");
        assert_eq!(Integer::from_content(&[0xff, 0x00]).unwrap().to_string(), "-0x0100");
        assert_eq!(Integer::from_content(&[0x80]).unwrap().to_string(), "-0x80");
        assert_eq!(Integer::from_content(&[0x01, 0x00]).unwrap().to_u64(), Some(256));
    }
}

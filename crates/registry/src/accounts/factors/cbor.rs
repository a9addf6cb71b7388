//! CBOR (RFC 8949) as authenticators write it (CTAP 2.2 section 8): definite lengths, few levels.
//!
//! The bytes are a stranger's. Every length is checked against what is left before anything is
//! kept; what is deeper or of another kind is refused.

/// Nothing that an authenticator sends is deeper.
const DEPTH_MAX: usize = 4;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cbor<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Cbor<'a>>),
    Map(Vec<(Cbor<'a>, Cbor<'a>)>),
    Simple(u8),
}

impl<'a> Cbor<'a> {
    /// The first value of some bytes, and what follows it.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        parse(bytes, DEPTH_MAX)
    }

    /// The value of a key in a map.
    pub(super) fn get(&self, key: &Cbor<'_>) -> Option<&Cbor<'a>> {
        match self {
            Self::Map(pairs) => pairs.iter().find(|(k, _)| k == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The bytes of a key in a map.
    pub(super) fn bytes(&self, key: &Cbor<'_>) -> Option<&'a [u8]> {
        match self.get(key)? {
            Cbor::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

fn parse(bytes: &[u8], depth: usize) -> Option<(Cbor<'_>, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (kind, short) = (first >> 5, first & 31);
    let (argument, rest) = match short {
        0..=23 => (u64::from(short), rest),
        24..=27 => {
            let (number, rest) = rest.split_at_checked(1 << (short - 24))?;
            (number.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), rest)
        }
        _ => return None,
    };
    let length = usize::try_from(argument).ok();
    Some(match kind {
        0 => (Cbor::Int(i64::try_from(argument).ok()?), rest),
        1 => (Cbor::Int(-1 - i64::try_from(argument).ok()?), rest),
        2 => {
            let (value, rest) = rest.split_at_checked(length?)?;
            (Cbor::Bytes(value), rest)
        }
        3 => {
            let (value, rest) = rest.split_at_checked(length?)?;
            (Cbor::Text(std::str::from_utf8(value).ok()?), rest)
        }
        4 | 5 => {
            let below = depth.checked_sub(1)?;
            // Every item takes a byte at least.
            let count = length.filter(|count| *count <= rest.len())?;
            let mut rest = rest;
            let value = match kind {
                4 => Cbor::Array((0..count).map(|_| next(&mut rest, below)).collect::<Option<_>>()?),
                _ => {
                    let pairs = (0..count).map(|_| Some((next(&mut rest, below)?, next(&mut rest, below)?)));
                    Cbor::Map(pairs.collect::<Option<_>>()?)
                }
            };
            (value, rest)
        }
        7 if (20..=23).contains(&short) => (Cbor::Simple(short), rest),
        _ => return None,
    })
}

fn next<'a>(rest: &mut &'a [u8], depth: usize) -> Option<Cbor<'a>> {
    let (value, after) = parse(rest, depth)?;
    *rest = after;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_rfc_8949_appendix_a_says() {
        let read =
            |bytes: &'static [u8]| Cbor::parse(bytes).filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value);
        assert_eq!(read(b"\x00"), Some(Cbor::Int(0)));
        assert_eq!(read(b"\x18\x64"), Some(Cbor::Int(100)));
        assert_eq!(read(b"\x1a\x00\x0f\x42\x40"), Some(Cbor::Int(1_000_000)));
        assert_eq!(read(b"\x39\x03\xe7"), Some(Cbor::Int(-1000)));
        assert_eq!(read(b"\x44\x01\x02\x03\x04"), Some(Cbor::Bytes(&[1, 2, 3, 4])));
        assert_eq!(read(b"\x63\xe6\xb0\xb4"), Some(Cbor::Text("水")));
        assert_eq!(read(b"\x82\x01\xf5"), Some(Cbor::Array(vec![Cbor::Int(1), Cbor::Simple(21)])));
        let map = read(b"\xa1\x61a\x41\x07").unwrap();
        assert_eq!(map.bytes(&Cbor::Text("a")), Some(&[7][..]));
        assert_eq!(map.bytes(&Cbor::Text("b")), None);
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let deep = [0x81; 6];
        for wrong in [
            &b""[..],
            b"\x18",
            b"\x5f\x41a\xff",
            b"\x9f\xff",
            b"\x42a",
            b"\x9a\xff\xff\xff\xff",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x61\xff",
            b"\xf9\x3c\x00",
            b"\xc0\x00",
            &deep,
        ] {
            assert_eq!(Cbor::parse(wrong), None, "{wrong:?}");
        }
    }
}

//! What the child answers: one binary PPM (P6, 8 bits a channel) after the other, and nothing else.
//!
//! The whole of what this side parses of anything that came from the sandbox. A head of at most 20 bytes,
//! then as many bytes as it says.

/// Pixels, three bytes each, row by row.
#[derive(Clone, PartialEq, Eq)]
pub struct Raster {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Its pixels.
    pub pixels: Vec<u8>,
}

/// The longest head that can be right: `P6 1024 1024 255`.
const HEAD_BYTES_MAX: usize = 20;

/// A number without sign or leading zero, and what follows it.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at(length);
    let is_plain = (1..=5).contains(&length) && digits[0] != b'0';
    is_plain.then(|| (digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), rest))
}

/// One raster, and what follows it.
fn one(bytes: &[u8], side_max: u32) -> Option<(Raster, &[u8])> {
    let bytes = bytes.strip_prefix(b"P6\n")?;
    let (width, bytes) = number(bytes)?;
    let (height, bytes) = number(bytes.strip_prefix(b" ")?)?;
    let bytes = bytes.strip_prefix(b"\n255\n")?;
    if width > side_max || height > side_max {
        return None;
    }
    let (pixels, rest) = bytes.split_at_checked(width as usize * height as usize * 3)?;
    Some((Raster { width, height, pixels: pixels.to_vec() }, rest))
}

/// Every raster of an answer, each of at most `side_max` pixels a side. None where there are none or more
/// than `count_max`, or where a byte is something else.
#[must_use]
pub fn parse(mut bytes: &[u8], side_max: u32, count_max: usize) -> Option<Vec<Raster>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        if found.len() == count_max {
            return None;
        }
        let (raster, rest) = one(bytes, side_max)?;
        found.push(raster);
        bytes = rest;
    }
    (!found.is_empty()).then_some(found)
}

/// The bytes that so many rasters of this size have at most.
#[must_use]
pub fn bytes_max(side_max: u32, count_max: usize) -> usize {
    (side_max as usize * side_max as usize * 3 + HEAD_BYTES_MAX) * count_max
}

/// A raster as PPM.
#[must_use]
pub fn write(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    [format!("P6\n{width} {height}\n255\n").as_bytes(), pixels].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rasters_are_read_and_nothing_else() {
        let two = [write(2, 1, &[1, 2, 3, 4, 5, 6]), write(1, 1, &[7, 8, 9])].concat();
        let read = parse(&two, 4, 2).unwrap();
        assert_eq!((read[0].width, read[0].height, &*read[0].pixels), (2, 1, &[1, 2, 3, 4, 5, 6][..]));
        assert_eq!(read[1].pixels, [7, 8, 9]);
        assert!(parse(&two, 4, 1).is_none(), "more than were asked for");
        assert!(parse(&two, 1, 2).is_none(), "wider than was asked for");
        assert!(parse(&two[..two.len() - 1], 4, 2).is_none(), "cut off");
        for length in 0..two.len() {
            // A cut where one ends is that one; elsewhere it is nothing.
            assert_eq!(parse(&two[..length], 4, 2).is_some(), length == write(2, 1, &[0; 6]).len(), "{length}");
        }
        let wrong: [&[u8]; 9] = [
            b"",
            b"P5\n1 1\n255\nabc",
            b"P6\n0 1\n255\n",
            b"P6\n1 1\n65535\nabcdef",
            b"P6\n1 1\n255\nabcd",
            b"P6\n01 1\n255\nabc",
            b"P6\n-1 1\n255\nabc",
            b"P6\n# hello\n1 1\n255\nabc",
            b"P6\n99999999 99999999\n255\n",
        ];
        for one in wrong {
            assert!(parse(one, 1024, 3).is_none(), "{one:?}");
        }
    }

    #[test]
    fn the_bound_holds_the_largest() {
        let largest = write(1024, 1024, &vec![0; 1024 * 1024 * 3]);
        assert!(largest.len() <= bytes_max(1024, 1));
        assert!(parse(&largest, 1024, 1).is_some());
    }
}

//! The bytes of a stream (ISO 32000-2 section 7.4): as they stand, or through FlateDecode with a
//! PNG predictor. What comes out is bounded before it is made. Absent: every other filter.

use super::PdfError;
use super::object::{Dictionary, Object};

/// More columns than any table of objects has.
const COLUMNS_MAX: usize = 4096;

/// The decoded bytes, no more than `most` of them.
pub(super) fn decode(dictionary: &Dictionary, raw: &[u8], most: usize) -> Result<Vec<u8>, PdfError> {
    let filter = one(dictionary.get("Filter"))?;
    let parameters = one(dictionary.get("DecodeParms"))?;
    match filter.map(|f| f.name().unwrap_or_default()) {
        None if raw.len() > most => Err(PdfError::TooLarge("decoded streams")),
        None => Ok(raw.to_vec()),
        Some(b"FlateDecode") => {
            let out = inflate(raw, most)?;
            match parameters {
                Some(Object::Dictionary(parameters)) => unpredict(out, parameters),
                None | Some(Object::Null) => Ok(out),
                Some(_) => Err(PdfError::Unsupported("filter parameters")),
            }
        }
        Some(_) => Err(PdfError::Unsupported("filter")),
    }
}

/// The one filter or its parameters: a value, or an array of one.
fn one(value: Option<&Object>) -> Result<Option<&Object>, PdfError> {
    match value {
        None | Some(Object::Null) => Ok(None),
        Some(Object::Array(items)) => match items.as_slice() {
            [] => Ok(None),
            [item] => Ok(Some(item)),
            _ => Err(PdfError::Unsupported("several filters")),
        },
        Some(value) => Ok(Some(value)),
    }
}

fn inflate(raw: &[u8], most: usize) -> Result<Vec<u8>, PdfError> {
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(raw, most).map_err(|error| match error.status {
        miniz_oxide::inflate::TINFLStatus::HasMoreOutput => PdfError::TooLarge("decoded streams"),
        _ => PdfError::Unsupported("compressed data that cannot be read"),
    })
}

/// Takes a PNG predictor back (section 7.4.4.4) for one colour of eight bits.
fn unpredict(data: Vec<u8>, parameters: &Dictionary) -> Result<Vec<u8>, PdfError> {
    let number = |key: &str, default: usize| match parameters.get(key) {
        None => Ok(default),
        Some(value) => value.size().ok_or(PdfError::Unsupported("filter parameters")),
    };
    let predictor = number("Predictor", 1)?;
    if predictor == 1 {
        return Ok(data);
    }
    let columns = number("Columns", 1)?;
    let is_plain = number("Colors", 1)? == 1 && number("BitsPerComponent", 8)? == 8;
    if !(10..=15).contains(&predictor) || !is_plain || !(1..=COLUMNS_MAX).contains(&columns) {
        return Err(PdfError::Unsupported("filter parameters"));
    }
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let mut above = vec![0u8; columns];
    for row in data.chunks(columns + 1) {
        let Some((kind, row)) = row.split_first() else { break };
        if row.len() != columns {
            return Err(PdfError::Unsupported("a row that is cut off"));
        }
        let (mut left, mut above_left) = (0u8, 0u8);
        let mut line = Vec::with_capacity(columns);
        for (byte, up) in row.iter().zip(&above) {
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => *up,
                3 => ((u16::from(left) + u16::from(*up)) / 2) as u8,
                4 => paeth(left, *up, above_left),
                _ => return Err(PdfError::Unsupported("predictor")),
            };
            left = byte.wrapping_add(guess);
            above_left = *up;
            line.push(left);
        }
        out.extend_from_slice(&line);
        above = line;
    }
    Ok(out)
}

fn paeth(left: u8, up: u8, above_left: u8) -> u8 {
    let (a, b, c) = (i32::from(left), i32::from(up), i32::from(above_left));
    let distance = |of: i32| (a + b - c - of).abs();
    if distance(a) <= distance(b) && distance(a) <= distance(c) {
        left
    } else if distance(b) <= distance(c) {
        up
    } else {
        above_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::lexer::Lexer;

    fn dictionary(text: &str) -> Dictionary {
        Lexer::new(text.as_bytes(), 0).object().unwrap().dictionary().unwrap().clone()
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_made() {
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 1 << 20], 9);
        let flate = dictionary("<</Filter/FlateDecode>>");
        assert_eq!(decode(&flate, &bomb, 1 << 20).unwrap().len(), 1 << 20);
        assert_eq!(decode(&flate, &bomb, (1 << 20) - 1), Err(PdfError::TooLarge("decoded streams")));
        assert_eq!(decode(&Dictionary::new(), b"abc", 2), Err(PdfError::TooLarge("decoded streams")));
        assert!(decode(&flate, &bomb[..bomb.len() / 2], 1 << 20).is_err(), "cut off");
        assert!(decode(&dictionary("<</Filter/LZWDecode>>"), &bomb, 1 << 20).is_err());
        assert!(decode(&dictionary("<</Filter[/FlateDecode/FlateDecode]>>"), &bomb, 1 << 20).is_err());
    }

    #[test]
    fn each_predictor_is_taken_back() {
        let rows = [[0u8, 1, 2, 3], [1, 1, 1, 1], [2, 1, 1, 1], [3, 1, 1, 1], [4, 1, 1, 1]].concat();
        let parameters = dictionary("<</Predictor 15/Columns 3>>");
        let plain = [[1u8, 2, 3], [1, 2, 3], [2, 3, 4], [2, 3, 4], [3, 4, 5]].concat();
        assert_eq!(unpredict(rows.clone(), &parameters).unwrap(), plain);
        for bad in
            ["<</Predictor 2>>", "<</Predictor 12/Columns 0>>", "<</Predictor 12/Colors 3>>", "<</Predictor(x)>>"]
        {
            assert!(unpredict(rows.clone(), &dictionary(bad)).is_err(), "{bad}");
        }
        assert!(unpredict(vec![2, 1], &parameters).is_err(), "cut off");
        assert!(unpredict(vec![9, 1, 1, 1], &parameters).is_err(), "unknown");
    }
}

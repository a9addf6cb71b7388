//! Reads objects from bytes (ISO 32000-2 sections 7.2 and 7.3), strictly and without recursion
//! beyond a bound: a key that stands twice, an unfinished string or an unknown word is an error,
//! because two readers could see two documents.

use super::PdfError;
use super::object::{Dictionary, Object, PdfString, Reference};

/// Arrays and dictionaries inside one another.
const DEPTH_MAX: u32 = 64;

/// Walks over bytes.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    /// The next byte.
    pub(super) at: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn error(&self, what: &'static str) -> PdfError {
        PdfError::Malformed { what, at: self.at }
    }

    /// Passes white space and comments.
    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|b| b != b'\n' && b != b'\r') {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// Passes a word, which must stand here.
    pub(super) fn keyword(&mut self, word: &'static str) -> Result<(), PdfError> {
        self.skip_space();
        if !self.take(word.as_bytes()) || self.peek().is_some_and(is_regular) {
            return Err(self.error(word));
        }
        Ok(())
    }

    fn take(&mut self, expected: &[u8]) -> bool {
        let is_here = self.rest().starts_with(expected);
        if is_here {
            self.at += expected.len();
        }
        is_here
    }

    fn regular(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().take_while(|b| is_regular(**b)).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// The next word of regular bytes.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.skip_space();
        self.regular()
    }

    /// The next number without a sign.
    pub(super) fn unsigned<T: TryFrom<u64>>(&mut self, what: &'static str) -> Result<T, PdfError> {
        let word = self.word();
        decimal(word).and_then(|n| T::try_from(n).ok()).ok_or(self.error(what))
    }

    /// The next object.
    pub(super) fn object(&mut self) -> Result<Object, PdfError> {
        self.nested(0)
    }

    fn nested(&mut self, depth: u32) -> Result<Object, PdfError> {
        if depth > DEPTH_MAX {
            return Err(PdfError::TooLarge("nesting"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'/') => self.name().map(Object::Name),
            Some(b'(') => self.literal(),
            Some(b'[') => self.array(depth),
            Some(b'<') if self.rest().starts_with(b"<<") => self.dictionary(depth).map(Object::Dictionary),
            Some(b'<') => self.hexadecimal(),
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => self.number(),
            Some(b't' | b'f' | b'n') => match self.regular() {
                b"true" => Ok(Object::Boolean(true)),
                b"false" => Ok(Object::Boolean(false)),
                b"null" => Ok(Object::Null),
                _ => Err(self.error("word")),
            },
            _ => Err(self.error("object")),
        }
    }

    fn name(&mut self) -> Result<Vec<u8>, PdfError> {
        self.at += 1;
        let word = self.regular();
        let mut name = Vec::with_capacity(word.len());
        let mut bytes = word.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != b'#' {
                name.push(byte);
                continue;
            }
            let digits = (bytes.next().and_then(hex_digit), bytes.next().and_then(hex_digit));
            let (Some(high), Some(low)) = digits else { return Err(self.error("name")) };
            name.push(high << 4 | low);
        }
        Ok(name)
    }

    fn array(&mut self, depth: u32) -> Result<Object, PdfError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.take(b"]") {
                return Ok(Object::Array(items));
            }
            items.push(self.nested(depth + 1)?);
        }
    }

    fn dictionary(&mut self, depth: u32) -> Result<Dictionary, PdfError> {
        self.at += 2;
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            if self.take(b">>") {
                let twice = self.error("dictionary: a key stands twice");
                return Dictionary::from_entries(entries).ok_or(twice);
            }
            if self.peek() != Some(b'/') {
                return Err(self.error("dictionary"));
            }
            let key = self.name()?;
            entries.push((key, self.nested(depth + 1)?));
        }
    }

    fn hexadecimal(&mut self) -> Result<Object, PdfError> {
        let start = self.at;
        self.at += 1;
        let mut bytes = Vec::new();
        let mut high = None;
        loop {
            let byte = self.peek().ok_or(self.error("hexadecimal string"))?;
            self.at += 1;
            if byte == b'>' {
                break;
            }
            if is_space(byte) {
                continue;
            }
            let digit = hex_digit(byte).ok_or(self.error("hexadecimal string"))?;
            match high.take() {
                Some(first) => bytes.push(first << 4 | digit),
                None => high = Some(digit),
            }
        }
        // A digit that is missing at the end is a zero (section 7.3.4.3).
        bytes.extend(high.map(|first| first << 4));
        Ok(Object::String(PdfString { bytes, at: start..self.at, is_hex: true }))
    }

    fn literal(&mut self) -> Result<Object, PdfError> {
        let start = self.at;
        self.at += 1;
        let mut bytes = Vec::new();
        let mut open = 1u32;
        loop {
            let byte = self.peek().ok_or(self.error("string"))?;
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                b'\\' => {
                    self.escape(&mut bytes)?;
                    continue;
                }
                b'\r' => {
                    self.take(b"\n");
                    bytes.push(b'\n');
                    continue;
                }
                _ => {}
            }
            if open == 0 {
                return Ok(Object::String(PdfString { bytes, at: start..self.at, is_hex: false }));
            }
            bytes.push(byte);
        }
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Result<(), PdfError> {
        let byte = self.peek().ok_or(self.error("string"))?;
        self.at += 1;
        match byte {
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'b' => bytes.push(8),
            b'f' => bytes.push(0x0c),
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    value = value << 3 | u32::from(digit - b'0');
                    self.at += 1;
                }
                // High-order overflow is ignored (section 7.3.4.2).
                bytes.push((value & 0xff) as u8);
            }
            b'\r' => {
                self.take(b"\n");
            }
            b'\n' => {}
            other => bytes.push(other),
        }
        Ok(())
    }

    /// A number, or a reference, which starts like one.
    fn number(&mut self) -> Result<Object, PdfError> {
        let word = self.regular();
        if let Some(number) = decimal(word).and_then(|n| u32::try_from(n).ok()) {
            let mut ahead = self.clone();
            if let Some(generation) = decimal(ahead.word()).and_then(|n| u16::try_from(n).ok())
                && ahead.word() == b"R"
            {
                self.at = ahead.at;
                return Ok(Object::Reference(Reference { number, generation }));
            }
        }
        let text = std::str::from_utf8(word).map_err(|_| self.error("number"))?;
        if let Ok(n) = text.parse() {
            return Ok(Object::Integer(n));
        }
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let is_real = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && digits.bytes().filter(|b| *b == b'.').count() <= 1
            && digits.bytes().any(|b| b.is_ascii_digit());
        is_real.then(|| Object::Real(text.to_owned())).ok_or(self.error("number"))
    }
}

/// Decimal digits and nothing else.
pub(super) fn decimal(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0u64, |n, b| {
        let digit = b.is_ascii_digit().then(|| u64::from(b - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Object, PdfError> {
        Lexer::new(text, 0).object()
    }

    #[test]
    fn each_kind_of_object_is_read() {
        let string = |text: &[u8]| read(text).unwrap().string().unwrap().bytes.clone();
        assert_eq!(read(b" % note\n-17 ").unwrap(), Object::Integer(-17));
        assert_eq!(read(b"+.5").unwrap(), Object::Real("+.5".to_owned()));
        assert_eq!(read(b"/A#42C").unwrap(), Object::Name(b"ABC".to_vec()));
        assert_eq!(string(b"(a(b)\\)\\101\\\r\nc\r\nd)"), b"a(b))Ac\nd");
        assert_eq!(string(b"<41 4>"), b"A@");
        let reference = Object::Reference(Reference { number: 12, generation: 0 });
        assert_eq!(read(b"[12 0 R 12 0]").unwrap().array().unwrap()[0], reference);
        assert_eq!(read(b"[12 0 R 12 0]").unwrap().array().unwrap().len(), 3);
        let dictionary = read(b"<</A 1/B<</C(x)>>/D[null true]>>").unwrap();
        assert_eq!(dictionary.dictionary().unwrap().get("A"), Some(&Object::Integer(1)));
    }

    #[test]
    fn equal_is_what_a_reader_sees_as_equal() {
        assert_eq!(read(b"<</A(x)/B 2>>").unwrap(), read(b"<< /B 2 /A <78> >>").unwrap());
        assert_ne!(read(b"<</A(x)>>").unwrap(), read(b"<</A(y)>>").unwrap());
        assert_ne!(read(b"<</A(x)>>").unwrap(), read(b"<</A(x)/B null>>").unwrap());
    }

    #[test]
    fn hostile_bytes_end_in_an_error() {
        let bad: [&[u8]; 19] = [
            b"",
            b"<<",
            b"<</A>>",
            b"<</A 1/A 2>>",
            b"<</A 1",
            b"[1",
            b"(",
            b"(\\",
            b"<4",
            b"<4x>",
            b"/#4",
            b"/#zz",
            b"1.2.3",
            b"--1",
            b"+",
            b"nul",
            b"truest",
            b"{",
            b"<</#41 1/A 2>>",
        ];
        for text in bad {
            assert!(read(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(read(&b"[".repeat(100_000)).err(), Some(PdfError::TooLarge("nesting")));
        assert_eq!(read(&b"<</A".repeat(100_000)).err(), Some(PdfError::TooLarge("nesting")));
    }
}

//! Writes DER, and nothing but DER, from the inside out of closures.

use super::tag;
use crate::der::Time;
use crate::oid::Oid;

/// A growing DER encoding.
///
/// ```
/// use proof::der::Writer;
/// let mut w = Writer::new();
/// w.sequence(|w| w.integer_u64(256));
/// assert_eq!(w.into_bytes(), [0x30, 0x04, 0x02, 0x02, 0x01, 0x00]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// An empty encoding.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What has been written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// One element whose content `fill` writes.
    pub fn nested(&mut self, tag: u8, fill: impl FnOnce(&mut Self)) {
        self.out.push(tag);
        let at = self.out.len();
        self.out.push(0);
        fill(self);
        let length = self.out.len() - at - 1;
        if length < 0x80 {
            self.out[at] = length as u8;
            return;
        }
        let octets = length.to_be_bytes();
        let skip = octets.iter().take_while(|b| **b == 0).count();
        self.out[at] = 0x80 | (octets.len() - skip) as u8;
        self.out.splice(at + 1..at + 1, octets[skip..].iter().copied());
    }

    /// A SEQUENCE.
    pub fn sequence(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nested(tag::SEQUENCE, fill);
    }

    /// A SET whose elements the caller has put in order.
    pub fn set(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nested(tag::SET, fill);
    }

    /// A SET OF: the encoded elements in the order DER asks for (X.690 11.6).
    pub fn set_of(&mut self, mut elements: Vec<Vec<u8>>) {
        elements.sort();
        self.set(|w| elements.iter().for_each(|e| w.raw(e)));
    }

    /// Bytes that are already encoded.
    pub fn raw(&mut self, encoded: &[u8]) {
        self.out.extend_from_slice(encoded);
    }

    /// A primitive element.
    pub fn primitive(&mut self, tag: u8, content: &[u8]) {
        self.nested(tag, |w| w.raw(content));
    }

    /// A BOOLEAN.
    pub fn boolean(&mut self, value: bool) {
        self.primitive(tag::BOOLEAN, &[if value { 0xff } else { 0x00 }]);
    }

    /// An INTEGER from its content octets (two's complement).
    pub fn integer(&mut self, content: &[u8]) {
        self.primitive(tag::INTEGER, content);
    }

    /// An INTEGER from a small number.
    pub fn integer_u64(&mut self, value: u64) {
        self.integer_unsigned_as(tag::INTEGER, &value.to_be_bytes());
    }

    /// An INTEGER from a big-endian magnitude, under any tag.
    pub fn integer_unsigned_as(&mut self, tag: u8, magnitude: &[u8]) {
        let skip = magnitude.iter().take_while(|b| **b == 0).count();
        let digits = &magnitude[skip..];
        self.nested(tag, |w| {
            if digits.first().is_none_or(|b| b & 0x80 != 0) {
                w.out.push(0);
            }
            w.raw(digits);
        });
    }

    /// NULL.
    pub fn null(&mut self) {
        self.primitive(tag::NULL, &[]);
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(&mut self, oid: Oid<'_>) {
        self.primitive(tag::OID, oid.as_bytes());
    }

    /// An OCTET STRING.
    pub fn octets(&mut self, content: &[u8]) {
        self.primitive(tag::OCTET_STRING, content);
    }

    /// An OCTET STRING whose content `fill` encodes.
    pub fn octets_of(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nested(tag::OCTET_STRING, fill);
    }

    /// A BIT STRING of whole octets.
    pub fn bit_string(&mut self, bits: &[u8]) {
        self.nested(tag::BIT_STRING, |w| {
            w.out.push(0);
            w.raw(bits);
        });
    }

    /// A BIT STRING of named bits, bit 0 the lowest of `mask`; trailing zeros dropped (X.690 11.2).
    pub fn named_bits(&mut self, tag: u8, mask: u32) {
        let mut bytes = [0u8; 4];
        for bit in 0..32 {
            if mask >> bit & 1 == 1 {
                bytes[bit / 8] |= 0x80 >> (bit % 8);
            }
        }
        let used = 32 - mask.leading_zeros() as usize;
        let length = used.div_ceil(8);
        self.nested(tag, |w| {
            w.out.push((length * 8 - used) as u8);
            w.raw(&bytes[..length]);
        });
    }

    /// A UTF8String.
    pub fn utf8(&mut self, text: &str) {
        self.primitive(tag::UTF8_STRING, text.as_bytes());
    }

    /// A GeneralizedTime, with the fraction that `time` has and no trailing zeros.
    pub fn generalized_time(&mut self, time: Time) {
        self.primitive(tag::GENERALIZED_TIME, time.to_generalized().as_bytes());
    }

    /// A certificate's Time: UTCTime through 2049, GeneralizedTime after (RFC 5280 4.1.2.5).
    pub fn x509_time(&mut self, time: Time) {
        let text = time.truncate_to_second().to_generalized();
        match time.year() {
            1950..=2049 => self.primitive(tag::UTC_TIME, &text.as_bytes()[2..]),
            _ => self.primitive(tag::GENERALIZED_TIME, text.as_bytes()),
        }
    }

    /// AlgorithmIdentifier with the parameters absent or NULL.
    pub fn algorithm(&mut self, oid: Oid<'_>, null_parameters: bool) {
        self.sequence(|w| {
            w.oid(oid);
            if null_parameters {
                w.null();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::Element;

    #[test]
    fn long_lengths_and_named_bits_are_minimal() {
        for size in [0usize, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let mut w = Writer::new();
            w.octets(&vec![7; size]);
            let bytes = w.into_bytes();
            assert_eq!(Element::parse(&bytes).unwrap().content.len(), size);
        }
        let mut w = Writer::new();
        w.named_bits(tag::BIT_STRING, 0b11);
        assert_eq!(w.into_bytes(), [0x03, 0x02, 0x06, 0xc0]);
        let mut w = Writer::new();
        w.integer_unsigned_as(tag::INTEGER, &[0, 0]);
        w.integer_unsigned_as(tag::INTEGER, &[0, 0x80]);
        assert_eq!(w.into_bytes(), [0x02, 0x01, 0x00, 0x02, 0x02, 0x00, 0x80]);
    }
}

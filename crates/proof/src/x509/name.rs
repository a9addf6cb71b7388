//! Distinguished names (RFC 5280 section 4.1.2.4): comparing and showing them.

use crate::der::{DerError, Element, Reader, tag};
use crate::oid::{self, Oid};
use core::fmt;

/// More attributes than any real name has.
const ATTRIBUTES_MAX: usize = 64;

/// A name as received: checked to be a sequence of sets of attributes.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    der: &'a [u8],
}

/// One attribute of a name.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    /// Which attribute.
    pub oid: Oid<'a>,
    /// Its value, of whatever string type.
    pub value: Element<'a>,
}

impl<'a> Name<'a> {
    /// Reads a Name.
    pub fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        let mut list = Element::parse(der)?.inside(tag::SEQUENCE)?;
        let mut count = 0;
        while !list.is_empty() {
            let mut set = Reader::new(list.expect(tag::SET)?.content);
            while !set.is_empty() {
                read_attribute(&mut set)?;
                count += 1;
                if count > ATTRIBUTES_MAX {
                    return Err(DerError::TooLarge("name"));
                }
            }
        }
        Ok(Self { der })
    }

    /// The encoded name.
    #[must_use]
    pub fn der(&self) -> &'a [u8] {
        self.der
    }

    /// The relative names, each a list of attributes.
    fn relative_names(&self) -> Vec<Vec<Attribute<'a>>> {
        let read = || -> Result<Vec<Vec<Attribute<'a>>>, DerError> {
            let mut list = Element::parse(self.der)?.inside(tag::SEQUENCE)?;
            let mut out = Vec::new();
            while !list.is_empty() {
                let mut set = Reader::new(list.expect(tag::SET)?.content);
                let mut attributes = Vec::new();
                while !set.is_empty() {
                    attributes.push(read_attribute(&mut set)?);
                }
                out.push(attributes);
            }
            Ok(out)
        };
        read().unwrap_or_default()
    }

    /// All attributes in order.
    #[must_use]
    pub fn attributes(&self) -> Vec<Attribute<'a>> {
        self.relative_names().into_iter().flatten().collect()
    }

    /// The first value of this attribute as text.
    #[must_use]
    pub fn attribute(&self, oid: Oid<'_>) -> Option<String> {
        self.attributes().iter().find(|a| a.oid == oid).map(|a| text(&a.value))
    }

    /// Whether there is no attribute at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attributes().is_empty()
    }

    /// Whether two names are the same (RFC 5280 section 7.1): byte for byte, or attribute
    /// by attribute with letter case and white space folded.
    #[must_use]
    pub fn matches(&self, other: &Name<'_>) -> bool {
        if self.der == other.der {
            return true;
        }
        let (ours, theirs) = (self.relative_names(), other.relative_names());
        ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| same_relative_name(a, b))
    }

    /// Whether this name lies in the subtree below `base` (RFC 5280 section 4.2.1.10).
    #[must_use]
    pub fn is_within(&self, base: &Name<'_>) -> bool {
        let (ours, theirs) = (self.relative_names(), base.relative_names());
        ours.len() >= theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| same_relative_name(a, b))
    }
}

fn same_relative_name(a: &[Attribute<'_>], b: &[Attribute<'_>]) -> bool {
    a.len() == b.len()
        && a.iter().all(|x| {
            b.iter().any(|y| x.oid == y.oid && (x.value.full == y.value.full || folded(&x.value) == folded(&y.value)))
        })
}

fn read_attribute<'a>(set: &mut Reader<'a>) -> Result<Attribute<'a>, DerError> {
    let mut fields = set.sequence()?;
    let attribute = Attribute { oid: fields.oid()?, value: fields.any()? };
    fields.finish()?;
    Ok(attribute)
}

fn folded(value: &Element<'_>) -> String {
    text(value).split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// A directory string as text; what cannot be read shows as U+FFFD.
#[must_use]
pub fn text(value: &Element<'_>) -> String {
    match value.tag {
        tag::T61_STRING => value.content.iter().map(|b| char::from(*b)).collect(),
        tag::BMP_STRING => {
            let units: Vec<u16> =
                value.content.chunks(2).map(|c| c.iter().fold(0, |n, b| n << 8 | u16::from(*b))).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(value.content).into_owned(),
    }
}

/// As OpenSSL prints names on one line: `C=CN, O=Example, CN=Example TSA`.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, attribute) in self.attributes().iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            match attribute.oid.name() {
                Some(name) => f.write_str(name)?,
                None => write!(f, "{}", attribute.oid)?,
            }
            // A name is hostile text: it must not move the cursor or hide what follows.
            let value: String = text(&attribute.value)
                .chars()
                .map(|c| if c.is_control() || is_bidi(c) { '\u{fffd}' } else { c })
                .collect();
            write!(f, "={value}")?;
        }
        Ok(())
    }
}

/// Characters that change the direction of the text around them.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The DER of a name made of these attributes, one in each relative name.
#[must_use]
pub fn encode(attributes: &[(Oid<'_>, &str)]) -> Vec<u8> {
    let mut w = crate::der::Writer::new();
    w.sequence(|w| {
        for (oid, value) in attributes {
            w.set(|w| {
                w.sequence(|w| {
                    w.oid(*oid);
                    // RFC 5280 appendix A: country codes are PrintableString.
                    if *oid == oid::COUNTRY {
                        w.primitive(tag::PRINTABLE_STRING, value.as_bytes());
                    } else {
                        w.utf8(value);
                    }
                });
            });
        }
    });
    w.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case_and_spacing() {
        let a = encode(&[(oid::COUNTRY, "CN"), (oid::COMMON_NAME, "Time  Stamp Authority")]);
        let b = encode(&[(oid::COUNTRY, "cn"), (oid::COMMON_NAME, "time stamp authority")]);
        let c = encode(&[(oid::COUNTRY, "CN"), (oid::COMMON_NAME, "Time Stamp Authority 2")]);
        let [a, b, c] = [&a, &b, &c].map(|n| Name::parse(n).unwrap());
        assert!(a.matches(&b));
        assert!(!a.matches(&c));
        assert_eq!(a.to_string(), "C=CN, CN=Time  Stamp Authority");
        assert!(a.is_within(&Name::parse(&encode(&[(oid::COUNTRY, "CN")])).unwrap()));
    }
}

//! TSTInfo (RFC 3161 section 2.4.2): what an authority signs.

use super::MessageImprint;
use crate::der::{DerError, Element, Integer, Precision, Time, Writer, tag};
use crate::oid::Oid;
use crate::x509::name::Name;
use crate::x509::{Extension, read_extensions};
use core::fmt;

/// Longer serial numbers than anyone uses are refused; 160 bits must be taken.
const SERIAL_BYTES_MAX: usize = 64;

/// TSTInfo as received.
#[derive(Clone, Debug)]
pub struct TstInfo<'a> {
    /// 1 in every token that exists.
    pub version: u64,
    /// The policy under which the token was issued.
    pub policy: Oid<'a>,
    /// What is stamped.
    pub imprint: MessageImprint<'a>,
    /// The token's number at its authority.
    pub serial: Integer<'a>,
    /// When the authority says the token was made.
    pub gen_time: Time,
    /// How far gen_time may be off.
    pub accuracy: Option<Accuracy>,
    /// Whether tokens of this authority are ordered by gen_time alone.
    pub ordering: bool,
    /// The number from the request.
    pub nonce: Option<Integer<'a>>,
    /// The authority's name, as a GeneralName.
    pub tsa: Option<Element<'a>>,
    /// Extensions.
    pub extensions: Vec<Extension<'a>>,
    /// What BER allows and DER does not, found on the way.
    pub not_der: Vec<&'static str>,
}

/// How far the time in a token may be off, either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accuracy {
    /// Whole seconds.
    pub seconds: u32,
    /// Milliseconds, 1 to 999 where written.
    pub millis: u16,
    /// Microseconds, 1 to 999 where written.
    pub micros: u16,
}

impl Accuracy {
    fn read(element: Element<'_>) -> Result<Self, DerError> {
        const BAD: DerError = DerError::BadValue("accuracy");
        let mut fields = element.inside(tag::SEQUENCE)?;
        let seconds = match fields.optional(tag::INTEGER)? {
            Some(n) => u32::try_from(n.integer()?.to_u64().ok_or(BAD)?).map_err(|_| BAD)?,
            None => 0,
        };
        let mut part = |n: u8| match fields.optional(tag::context(n))? {
            Some(field) => match Integer::from_content(field.content)?.to_u64() {
                Some(value @ 1..=999) => Ok(value as u16),
                _ => Err(BAD),
            },
            None => Ok(0),
        };
        let accuracy = Self { seconds, millis: part(0)?, micros: part(1)? };
        fields.finish()?;
        Ok(accuracy)
    }

    fn write(self, w: &mut Writer) {
        w.sequence(|w| {
            if self.seconds > 0 {
                w.integer_u64(u64::from(self.seconds));
            }
            for (n, value) in [(0, self.millis), (1, self.micros)] {
                if value > 0 {
                    w.integer_unsigned_as(tag::context(n), &value.to_be_bytes());
                }
            }
        });
    }
}

/// In seconds: `1`, `0.25`, `0.000001`.
impl fmt::Display for Accuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.millis == 0 && self.micros == 0 {
            return write!(f, "{} s", self.seconds);
        }
        let fraction = format!("{:03}{:03}", self.millis, self.micros);
        write!(f, "{}.{} s", self.seconds, fraction.trim_end_matches('0'))
    }
}

impl<'a> TstInfo<'a> {
    /// Reads the content of a token.
    pub fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        let mut not_der = Vec::new();
        let mut fields = Element::parse(der)?.inside(tag::SEQUENCE)?;
        let version = fields.integer()?.to_u64().unwrap_or(u64::MAX);
        let policy = fields.oid()?;
        let imprint = MessageImprint::read(&mut fields)?;
        let serial = fields.integer()?;
        if serial.as_bytes().len() > SERIAL_BYTES_MAX {
            return Err(DerError::TooLarge("serial number"));
        }
        let stamp = fields.expect(tag::GENERALIZED_TIME)?.content;
        let gen_time = Time::from_generalized(stamp, Precision::Fraction).or_else(|e| {
            let lax = Time::from_generalized(stamp, Precision::FractionWithTrailingZeros).map_err(|_| e)?;
            not_der.push("genTime");
            Ok(lax)
        })?;
        let accuracy = fields.optional(tag::SEQUENCE)?.map(Accuracy::read).transpose()?;
        let ordering = match fields.optional(tag::BOOLEAN)? {
            Some(flag) => {
                let ordering = flag.boolean()?;
                if !ordering {
                    not_der.push("ordering");
                }
                ordering
            }
            None => false,
        };
        let nonce = fields.optional(tag::INTEGER)?.map(|e| e.integer()).transpose()?;
        let tsa = match fields.optional(tag::context_constructed(0))? {
            Some(field) => Some(Element::parse(field.content)?),
            None => None,
        };
        let extensions = match fields.optional(tag::context_constructed(1))? {
            Some(list) => read_extensions(Element { tag: tag::SEQUENCE, ..list })?,
            None => Vec::new(),
        };
        fields.finish()?;
        Ok(Self { version, policy, imprint, serial, gen_time, accuracy, ordering, nonce, tsa, extensions, not_der })
    }

    /// The authority's name, where it is a directory name.
    #[must_use]
    pub fn tsa_name(&self) -> Option<Name<'a>> {
        let name = self.tsa.filter(|n| n.tag == tag::context_constructed(4))?;
        Name::parse(name.content).ok()
    }

    /// The DER of a TSTInfo, version 1, without ordering, tsa name or extensions.
    ///
    /// `imprint_der` is the MessageImprint of the request as received, `serial` and `nonce`
    /// are INTEGER content octets.
    #[must_use]
    pub fn encode(
        policy: Oid<'_>,
        imprint_der: &[u8],
        serial: &[u8],
        gen_time: Time,
        accuracy: Option<Accuracy>,
        nonce: Option<&[u8]>,
    ) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.integer_u64(1);
            w.oid(policy);
            w.raw(imprint_der);
            w.integer(serial);
            w.generalized_time(gen_time);
            if let Some(accuracy) = accuracy {
                accuracy.write(w);
            }
            if let Some(nonce) = nonce {
                w.integer(nonce);
            }
        });
        w.into_bytes()
    }
}

//! Evidence numbers 存证编号: `SY-` and seventeen letters, of which sixteen are random.
//!
//! Sixteen of 31 letters are 79 bits, so that nobody finds a record by counting. The last is a
//! check: the alphabet's size is prime and each place has another weight, so one wrong letter, or
//! two neighbours exchanged, is always noticed. No letter can be taken for another (I, L, O, U, Z
//! are left out); reading takes them in any case, with any blanks and hyphens.

use std::fmt;
use std::str::FromStr;

const LETTERS: &[u8; 31] = b"0123456789ABCDEFGHJKMNPQRSTVWXY";
const RANDOM: usize = 16;
const PREFIX: &str = "SY";

/// The number of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvidenceNumber([u8; RANDOM]);

impl EvidenceNumber {
    /// Out of random bytes: those above 247 are passed over, so that each letter is as likely. None
    /// where too few are left; 32 bytes fail once in ten to the power of fourteen.
    #[must_use]
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        let mut values = bytes.iter().filter(|byte| **byte < 248).map(|byte| byte % 31);
        let mut out = [0; RANDOM];
        for place in &mut out {
            *place = values.next()?;
        }
        Some(Self(out))
    }

    /// The check letter: the sum of the values under weights that are powers of 3, which has order 30.
    fn check(&self) -> u8 {
        let (mut sum, mut weight) = (0, 3_u32);
        for value in self.0 {
            sum += u32::from(value) * weight;
            weight = weight * 3 % 31;
        }
        u8::try_from((31 - sum % 31) % 31).unwrap_or_default()
    }
}

fn letter(value: u8) -> char {
    LETTERS.get(usize::from(value)).map_or('?', |byte| char::from(*byte))
}

/// `SY-XXXX-XXXX-XXXX-XXXX-X`
impl fmt::Display for EvidenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for group in self.0.chunks(4) {
            f.write_str("-")?;
            group.iter().try_for_each(|value| write!(f, "{}", letter(*value)))?;
        }
        write!(f, "-{}", letter(self.check()))
    }
}

/// Why a text is no evidence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberError {
    /// It does not begin with `SY`, or has not seventeen letters after it.
    Length,
    /// A letter that no number has.
    Letter(char),
    /// The check letter does not fit: one is wrong, or two are exchanged.
    Check,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("an evidence number is SY and seventeen letters or digits"),
            Self::Letter(letter) => write!(f, "{letter:?} stands in no evidence number"),
            Self::Check => f.write_str("the check letter does not fit: compare each letter"),
        }
    }
}

impl std::error::Error for NumberError {}

impl FromStr for EvidenceNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let is_between = |c: &char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}');
        // Longer texts need not be looked at in full.
        let plain: Vec<char> =
            text.chars().take(200).filter(|c| !is_between(c)).map(|c| c.to_ascii_uppercase()).collect();
        let body = plain.strip_prefix(&['S', 'Y'][..]).filter(|body| body.len() == RANDOM + 1);
        let body = body.ok_or(NumberError::Length)?;
        let mut values = [0; RANDOM + 1];
        for (value, c) in values.iter_mut().zip(body) {
            let found = u8::try_from(*c).ok().and_then(|byte| LETTERS.iter().position(|letter| *letter == byte));
            *value = u8::try_from(found.ok_or(NumberError::Letter(*c))?).unwrap_or_default();
        }
        let [random @ .., check] = values;
        let number = Self(random);
        if number.check() == check { Ok(number) } else { Err(NumberError::Check) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(bytes: [u8; 32]) -> EvidenceNumber {
        EvidenceNumber::from_random(&bytes).unwrap()
    }

    #[test]
    fn a_number_reads_as_it_is_written_and_as_people_type_it() {
        let one = number(std::array::from_fn(|i| i as u8));
        let text = one.to_string();
        assert_eq!(text, "SY-0123-4567-89AB-CDEF-1");
        for typed in
            [text.clone(), text.to_lowercase(), text.replace('-', ""), format!(" {} ", text.replace('-', " – "))]
        {
            assert_eq!(typed.parse(), Ok(one), "{typed}");
        }
        for (wrong, why) in [
            ("", NumberError::Length),
            ("SY-0123-4567-89AB-CDEF", NumberError::Length),
            ("XX-0123-4567-89AB-CDEF-1", NumberError::Length),
            ("SY-O123-4567-89AB-CDEF-1", NumberError::Letter('O')),
            ("SY-0123-4567-89AB-CDEF-8", NumberError::Check),
            ("SY-0123-4567-89AB-CDE例-1", NumberError::Letter('例')),
        ] {
            assert_eq!(wrong.parse::<EvidenceNumber>(), Err(why), "{wrong}");
        }
        assert_eq!(EvidenceNumber::from_random(&[255; 64]), None);
        assert_eq!(EvidenceNumber::from_random(&[1; 15]), None);
    }

    proptest! {
        #[test]
        fn one_wrong_letter_and_two_exchanged_are_noticed(bytes: [u8; 32], place in 0..17_usize, other in 0..31_u8) {
            let Some(one) = EvidenceNumber::from_random(&bytes) else { return Ok(()) };
            let letters: Vec<char> = one.to_string().replace('-', "").chars().collect();
            let mut changed = letters.clone();
            changed[place + 2] = letter(other);
            let text: String = changed.iter().collect();
            prop_assert_eq!(text.parse::<EvidenceNumber>().is_ok(), changed == letters);
            let mut exchanged = letters.clone();
            if place > 0 {
                exchanged.swap(place + 1, place + 2);
                let text: String = exchanged.iter().collect();
                prop_assert_eq!(text.parse::<EvidenceNumber>().is_ok(), exchanged == letters);
            }
        }

        #[test]
        fn no_text_does_harm(text in "\\PC{0,60}") {
            let _ = text.parse::<EvidenceNumber>();
        }
    }
}

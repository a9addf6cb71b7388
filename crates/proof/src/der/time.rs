//! Points in time as ASN.1 writes them: UTCTime, and GeneralizedTime in the
//! profiles of RFC 5280 (no fraction) and RFC 3161 (fraction, always `Z`).

use super::{DerError, Element, tag};
use core::fmt;

/// A moment in UTC: whole seconds since 1970 and nanoseconds within the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    unix_s: i64,
    nanos: u32,
}

/// How much of a second a GeneralizedTime may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Whole seconds only (RFC 5280 section 4.1.2.5.2).
    Second,
    /// A fraction as DER writes it: not empty, no trailing zero (RFC 3161 section 2.4.2).
    Fraction,
    /// A fraction with trailing zeros, which BER allows and some authorities emit.
    FractionWithTrailingZeros,
}

impl Time {
    /// Reads what [`Display`](fmt::Display) writes, such as `2026-11-21T10:00:00.5Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = |place, c: u8| text.as_bytes().get(place) == Some(&c);
        let shaped = at(4, b'-') && at(7, b'-') && at(10, b'T') && at(13, b':') && at(16, b':');
        let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'-' | b'T' | b':')).collect();
        Self::from_generalized(&digits, Precision::Fraction).ok().filter(|time| shaped && time.to_string() == text)
    }

    /// From seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix(unix_s: i64) -> Self {
        Self { unix_s, nanos: 0 }
    }

    /// From seconds since 1970 that others sent; none before 1970 and after the year 9999,
    /// which no calendar here writes.
    #[must_use]
    pub const fn checked_from_unix(unix_s: i64) -> Option<Self> {
        if 0 <= unix_s && unix_s < 253_402_300_800 { Some(Self::from_unix(unix_s)) } else { None }
    }

    /// From seconds since 1970 and nanoseconds (below one thousand million) within the second.
    #[must_use]
    pub const fn from_unix_nanos(unix_s: i64, nanos: u32) -> Self {
        assert!(nanos < 1_000_000_000);
        Self { unix_s, nanos }
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn unix_s(&self) -> i64 {
        self.unix_s
    }

    /// Nanoseconds within the second.
    #[must_use]
    pub const fn nanos(&self) -> u32 {
        self.nanos
    }

    /// The same moment without its fraction of a second.
    #[must_use]
    pub const fn truncate_to_second(self) -> Self {
        Self { nanos: 0, ..self }
    }

    /// The same moment cut to milliseconds.
    #[must_use]
    pub const fn truncate_to_millisecond(self) -> Self {
        Self { nanos: self.nanos / 1_000_000 * 1_000_000, ..self }
    }

    /// `seconds` later, or earlier where negative.
    #[must_use]
    pub const fn plus_s(self, seconds: i64) -> Self {
        Self { unix_s: self.unix_s.saturating_add(seconds), ..self }
    }

    /// The calendar year in UTC.
    #[must_use]
    pub fn year(&self) -> i64 {
        civil_from_days(self.unix_s.div_euclid(86_400)).0
    }

    /// From a calendar date and time of day in UTC; checks every range.
    pub fn from_civil(year: i64, month: u32, day: u32, h: u32, m: u32, s: u32, nanos: u32) -> Result<Self, DerError> {
        const BAD: DerError = DerError::BadValue("time");
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let days_in_month = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return Err(BAD),
        };
        // A leap second is written 23:59:60 and is no other second than the next one here.
        let leap_second = s == 60 && h == 23 && m == 59;
        if day == 0 || day > days_in_month || h > 23 || m > 59 || (s > 59 && !leap_second) || nanos > 999_999_999 {
            return Err(BAD);
        }
        let days = days_from_civil(year, month, day);
        let unix_s = days * 86_400 + i64::from(h) * 3600 + i64::from(m) * 60 + i64::from(s);
        Ok(Self { unix_s, nanos })
    }

    /// Reads the content of a GeneralizedTime `YYYYMMDDhhmmss[.f…]Z`.
    pub fn from_generalized(content: &[u8], precision: Precision) -> Result<Self, DerError> {
        const BAD: DerError = DerError::BadValue("GeneralizedTime");
        let (stamp, rest) = content.split_at_checked(14).ok_or(BAD)?;
        let nanos = match rest {
            b"Z" => 0,
            [b'.', fraction @ .., b'Z'] if precision != Precision::Second => {
                if fraction.is_empty() || fraction.len() > 32 || !fraction.iter().all(u8::is_ascii_digit) {
                    return Err(BAD);
                }
                if precision == Precision::Fraction && fraction.ends_with(b"0") {
                    return Err(BAD);
                }
                (0..9).fold(0u32, |n, i| n * 10 + u32::from(fraction.get(i).map_or(0, |d| d - b'0')))
            }
            _ => return Err(BAD),
        };
        let digits = |at: usize, n: usize| decimal(&stamp[at..at + n]).ok_or(BAD);
        Self::from_civil(
            i64::from(digits(0, 4)?),
            digits(4, 2)?,
            digits(6, 2)?,
            digits(8, 2)?,
            digits(10, 2)?,
            digits(12, 2)?,
            nanos,
        )
    }

    /// Reads a certificate's Time: UTCTime or GeneralizedTime to the second (RFC 5280 4.1.2.5).
    pub fn from_x509(element: &Element<'_>) -> Result<Self, DerError> {
        match element.tag {
            tag::GENERALIZED_TIME => Self::from_generalized(element.content, Precision::Second),
            tag::UTC_TIME => {
                const BAD: DerError = DerError::BadValue("UTCTime");
                let [stamp @ .., b'Z'] = element.content else { return Err(BAD) };
                if stamp.len() != 12 {
                    return Err(BAD);
                }
                let digits = |at: usize| decimal(&stamp[at..at + 2]).ok_or(BAD);
                let short = digits(0)?;
                let year = if short < 50 { 2000 + short } else { 1900 + short };
                Self::from_civil(i64::from(year), digits(2)?, digits(4)?, digits(6)?, digits(8)?, digits(10)?, 0)
            }
            found => Err(DerError::UnexpectedTag { expected: tag::UTC_TIME, found }),
        }
    }

    /// `YYYYMMDDhhmmss[.f…]Z` in DER: no trailing zeros in the fraction.
    #[must_use]
    pub fn to_generalized(&self) -> String {
        let (y, mo, d, h, mi, s) = self.civil();
        let fraction = self.fraction_digits();
        format!("{y:04}{mo:02}{d:02}{h:02}{mi:02}{s:02}{fraction}Z")
    }

    fn fraction_digits(&self) -> String {
        if self.nanos == 0 {
            return String::new();
        }
        format!(".{:09}", self.nanos).trim_end_matches('0').to_owned()
    }

    fn civil(&self) -> (i64, u32, u32, u32, u32, u32) {
        let (year, month, day) = civil_from_days(self.unix_s.div_euclid(86_400));
        let second = self.unix_s.rem_euclid(86_400) as u32;
        (year, month, day, second / 3600, second / 60 % 60, second % 60)
    }
}

/// ISO 8601 in UTC: `2026-11-21T08:00:00.123Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, mo, d, h, mi, s) = self.civil();
        write!(f, "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}{}Z", self.fraction_digits())
    }
}

fn decimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |n, d| d.is_ascii_digit().then(|| n * 10 + u32::from(d - b'0')))
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    // Years run from March, so that the leap day is the last day of a year.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a day counted from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = ((month_from_march + 2) % 12 + 1) as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn written_times_read_back(unix_s in -62_135_596_800i64..253_402_300_799, nanos in 0u32..1_000_000_000) {
            let time = Time::from_unix_nanos(unix_s, nanos);
            let text = time.to_generalized();
            prop_assert_eq!(Time::from_generalized(text.as_bytes(), Precision::Fraction), Ok(time));
        }
    }

    #[test]
    fn known_dates() {
        assert_eq!(Time::from_unix(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Time::from_unix(951_782_400).to_string(), "2000-02-29T00:00:00Z");
        assert_eq!(Time::from_unix_nanos(1_795_248_000, 1_000_000).to_string(), "2026-11-21T08:00:00.001Z");
    }

    #[test]
    fn fractions_follow_rfc_3161() {
        let read = |text: &str| Time::from_generalized(text.as_bytes(), Precision::Fraction);
        assert_eq!(read("20261121080000.001Z"), Ok(Time::from_unix_nanos(1_795_248_000, 1_000_000)));
        for bad in [
            "20261121080000.Z",
            "20261121080000.10Z",
            "20261121080000,1Z",
            "20261121080000",
            "20261121080000+0800",
            "202611210800Z",
            "20261321080000Z",
            "20260229080000Z",
            "20261121240000Z",
            "20261121080060Z",
            "2026112108000 Z",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read("20161231235960Z").is_ok(), "a leap second is a real moment");
    }
}

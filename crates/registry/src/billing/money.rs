//! Amounts: integers of a currency's smallest unit, and the currencies of ISO 4217 with their exponents.

/// No amount is larger: programs of any language hold it exactly.
pub const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// Currencies of which the smallest unit is a hundredth, but for those below.
const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD \
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD \
    MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR \
    RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS \
    UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";
const WITHOUT: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const THOUSANDTHS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// A currency of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(&'static str);

impl Currency {
    /// The one in which prices stand before the operator says otherwise.
    pub const CNY: Self = Self("CNY");

    /// That of this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        CODES.split(' ').find(|known| *known == code).map(Self)
    }

    /// Its three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0
    }

    /// How many decimals its smallest unit has.
    #[must_use]
    pub fn exponent(self) -> u32 {
        let is_in = |list: &str| list.split(' ').any(|code| code == self.0);
        match () {
            () if is_in(WITHOUT) => 0,
            () if is_in(THOUSANDTHS) => 3,
            () => 2,
        }
    }

    /// An amount without the code: `-12.50`.
    #[must_use]
    pub fn decimal(self, amount: i64) -> String {
        let (unit, digits) = (10_u64.pow(self.exponent()), self.exponent() as usize);
        let (sign, size) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
        match digits {
            0 => format!("{sign}{size}"),
            _ => format!("{sign}{}.{:0digits$}", size / unit, size % unit),
        }
    }

    /// An amount with the code: `CNY 12.50`.
    #[must_use]
    pub fn show(self, amount: i64) -> String {
        format!("{}\u{a0}{}", self.0, self.decimal(amount))
    }

    /// An amount as people write it: `12`, `12.5`, `12.50`; none where it is no amount of this currency.
    #[must_use]
    pub fn amount(self, text: &str) -> Option<i64> {
        let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let digits = self.exponent() as usize;
        let is_sound =
            !whole.is_empty() && whole.len() <= 15 && part.len() <= digits && is_digits(whole) && is_digits(part);
        if !is_sound || (part.is_empty() && text.contains('.')) {
            return None;
        }
        let amount = format!("{whole}{part:0<digits$}").parse().ok()?;
        (0..=AMOUNT_MAX).contains(&amount).then_some(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written() {
        let cny = Currency::CNY;
        for (text, amount) in [("12", 1200), ("12.5", 1250), ("0.05", 5), (" 3.00 ", 300)] {
            assert_eq!(cny.amount(text), Some(amount), "{text}");
        }
        for text in ["", "-1", "1.", ".5", "1.005", "1,5", "1e3", "１", "9999999999999999"] {
            assert_eq!(cny.amount(text), None, "{text}");
        }
        assert_eq!((cny.decimal(5), cny.decimal(-1250)), ("0.05".to_owned(), "-12.50".to_owned()));
        let (yen, dinar) = (Currency::parse("JPY").unwrap(), Currency::parse("KWD").unwrap());
        assert_eq!((yen.decimal(500), yen.amount("500.0")), ("500".to_owned(), None));
        assert_eq!((dinar.decimal(1005), dinar.amount("1.005")), ("1.005".to_owned(), Some(1005)));
        assert_eq!(Currency::parse("cny"), None);
        assert_eq!(dinar.decimal(i64::MIN), "-9223372036854775.808");
    }

    #[test]
    fn every_currency_is_three_letters_once() {
        let codes: std::collections::BTreeSet<&str> = CODES.split(' ').collect();
        assert_eq!(codes.len(), CODES.split(' ').count());
        assert!(codes.iter().all(|code| code.len() == 3));
        assert!(WITHOUT.split(' ').chain(THOUSANDTHS.split(' ')).all(|code| codes.contains(code)));
    }
}

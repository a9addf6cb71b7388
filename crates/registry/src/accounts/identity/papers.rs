//! Papers: which there are, what their numbers look like, how a name and a number are shown.
//!
//! A number that cannot be one is refused before anyone looks at it. What is shown is masked
//! (priv-04): enough for its owner to know it again, too little for anyone else.

use crate::accounts::WORDS;
use crate::web::{Cx, Words};
use proof::der::Time;

/// A kind of paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// 居民身份证 (GB 11643).
    ResidentId,
    /// 港澳居民来往内地通行证.
    HongKongMacao,
    /// 台湾居民来往大陆通行证.
    Taiwan,
    /// 外国人永久居留身份证.
    PermanentResident,
    /// A passport of any state.
    Passport,
    /// Another state's identity card.
    NationalId,
    /// 统一社会信用代码 (GB 32100).
    SocialCredit,
    /// An entry in another state's register of companies.
    Register,
}

impl Paper {
    /// Those of people.
    pub const PEOPLE: [Self; 6] = [
        Self::ResidentId,
        Self::Passport,
        Self::HongKongMacao,
        Self::Taiwan,
        Self::PermanentResident,
        Self::NationalId,
    ];
    /// Those of organisations.
    pub const ORGANISATIONS: [Self; 2] = [Self::SocialCredit, Self::Register];

    /// Its name in forms, requests and the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ResidentId => "cn-resident-id",
            Self::HongKongMacao => "hk-mo-permit",
            Self::Taiwan => "tw-permit",
            Self::PermanentResident => "cn-permanent-resident",
            Self::Passport => "passport",
            Self::NationalId => "national-id",
            Self::SocialCredit => "cn-social-credit-code",
            Self::Register => "company-register",
        }
    }

    /// The paper of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::PEOPLE.into_iter().chain(Self::ORGANISATIONS).find(|paper| paper.name() == name)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::ResidentId => "paper-resident-id",
            Self::HongKongMacao => "paper-hk-mo",
            Self::Taiwan => "paper-tw",
            Self::PermanentResident => "paper-permanent-resident",
            Self::Passport => "paper-passport",
            Self::NationalId => "paper-national-id",
            Self::SocialCredit => "paper-social-credit",
            Self::Register => "paper-register",
        }
    }

    pub(super) fn words(self, w: Words) -> String {
        w.say(self.word())
    }

    /// How it is called, in the language of a request.
    #[must_use]
    pub fn called(self, cx: &Cx) -> String {
        self.words(cx.words(&WORDS))
    }

    /// A number in its one form; none where it cannot be the number of such a paper.
    #[must_use]
    pub fn number(self, typed: &str) -> Option<String> {
        let number: String =
            typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        let is_plain = number.bytes().all(|b| b.is_ascii_alphanumeric());
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let fits = match self {
            Self::ResidentId => is_resident_id(&number),
            Self::SocialCredit => is_social_credit(&number),
            Self::HongKongMacao => {
                matches!(number.len(), 9 | 11) && number.starts_with(['H', 'M']) && digits(&number[1..])
            }
            Self::Taiwan => matches!(number.len(), 8 | 10) && number.bytes().skip(1).all(|b| b.is_ascii_digit()),
            Self::PermanentResident => matches!(number.len(), 15 | 18),
            Self::Passport => (5..=17).contains(&number.len()),
            Self::NationalId | Self::Register => (3..=30).contains(&number.len()),
        };
        (is_plain && fits).then_some(number)
    }

    /// Whether only papers of China have it.
    pub(super) fn is_chinese(self) -> bool {
        !matches!(self, Self::Passport | Self::NationalId | Self::Register)
    }
}

/// GB 11643: region, day of birth, order, and a check digit by ISO 7064 MOD 11-2.
fn is_resident_id(number: &str) -> bool {
    let Some((body, check)) = number.split_at_checked(17) else { return false };
    if check.len() != 1 || !body.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let part = |from: usize, to: usize| body.get(from..to).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day) = (part(6, 10), part(10, 12), part(12, 14));
    let is_day = (1850..=2200).contains(&year) && Time::from_civil(i64::from(year), month, day, 0, 0, 0, 0).is_ok();
    let sum: u32 = body.bytes().zip(RESIDENT_WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    is_day && RESIDENT_CHECKS.get(sum as usize % 11) == check.as_bytes().first()
}

const RESIDENT_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const RESIDENT_CHECKS: &[u8; 11] = b"10X98765432";

/// GB 32100: seventeen characters of 31 and a check character.
fn is_social_credit(number: &str) -> bool {
    const LETTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let values: Option<Vec<usize>> = number.bytes().map(|b| LETTERS.iter().position(|l| *l == b)).collect();
    let Some((check, body)) = values.as_deref().and_then(<[usize]>::split_last) else { return false };
    let mut weight = 1;
    let mut sum = 0;
    for value in body {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    body.len() == 17 && (31 - sum % 31) % 31 == *check
}

/// A name as others see it: 林** for 林月港, M** L** for Mei Lin. How long it is does not show.
#[must_use]
pub fn mask_name(name: &str) -> String {
    let is_latin = name.chars().all(|c| c.is_ascii() || ('\u{c0}'..'\u{250}').contains(&c));
    let masked = |word: &str| word.chars().next().map(|first| format!("{first}**")).unwrap_or_default();
    match is_latin {
        true => name.split_whitespace().map(masked).collect::<Vec<_>>().join(" "),
        false => masked(name.trim()),
    }
}

/// A number as others see it: the first and the last two of at least eight characters, none of fewer.
#[must_use]
pub fn mask_number(number: &str) -> String {
    let ends = (number.is_ascii() && number.len() >= 8).then(|| (&number[..2], &number[number.len() - 2..]));
    ends.map_or("****".to_owned(), |(first, last)| format!("{first}****{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_checked_by_their_standards() {
        // The example of GB 11643-1999 and one with X.
        assert_eq!(Paper::ResidentId.number("11010519491231002x"), Some("11010519491231002X".to_owned()));
        assert_eq!(Paper::ResidentId.number("440524 188001010014"), Some("440524188001010014".to_owned()));
        for wrong in ["110105194912310021", "11010519491331002X", "1101051949123100", "ABCDEFGHIJKLMNOPQR", ""] {
            assert_eq!(Paper::ResidentId.number(wrong), None, "{wrong}");
        }
        assert!(Paper::SocialCredit.number("91350100M000100Y43").is_some());
        assert_eq!(Paper::SocialCredit.number("91350100M000100Y44"), None);
        assert_eq!(Paper::SocialCredit.number("91350100M000100I43"), None);
        assert!(Paper::HongKongMacao.number("H12345678").is_some());
        assert!(Paper::Passport.number("E 1234 5678").is_some());
        assert!(Paper::Passport.number("护照").is_none());
    }

    #[test]
    fn what_is_shown_is_masked() {
        assert_eq!(mask_name("林月港"), "林**");
        assert_eq!(mask_name("Mei  Lin"), "M** L**");
        assert_eq!(mask_name("Zoë"), "Z**");
        assert_eq!(mask_number("11010519491231002X"), "11****2X");
        assert_eq!(mask_number("E123"), "****");
    }

    proptest! {
        #[test]
        fn a_mask_never_shows_more_than_four_characters(number in "[A-Z0-9]{0,30}", name in "\\PC{0,30}") {
            prop_assert!(mask_number(&number).chars().filter(|c| *c != '*').count() <= 4);
            let shown = mask_name(&name);
            prop_assert!(shown.chars().count() <= 4 * name.split_whitespace().count().max(1));
        }

        #[test]
        fn no_number_does_harm(text in "\\PC{0,40}") {
            for paper in Paper::PEOPLE.into_iter().chain(Paper::ORGANISATIONS) {
                let _ = paper.number(&text);
            }
        }
    }
}

//! An address that opens one thing for one session for a few minutes, and nothing else.
//!
//! It names what it opens, for which session and until when, and carries a MAC over that under a key that
//! all processes of the instance have (HMAC-SHA-256). It is made after it was asked who may, and what it
//! names is asked again when it is used: a session that ended or a role that was lost closes it at once.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use proof::der::Time;
use trust::vault::Vault;

/// How long an address opens something.
pub(super) const LIFE_S: i64 = 600;
/// What is longer is none of ours.
const LENGTH_MAX: usize = 512;
/// What the MAC is for.
const KIND: &str = "content address";

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The original, saved and not looked at.
    Save,
    /// The original, shown or played.
    Show,
    /// A picture of its preview, by its number.
    Picture(usize),
}

/// What an address opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Capability {
    pub purpose: Purpose,
    /// The id of the holding.
    pub holding: String,
    /// The id of the session, which says nothing of its token.
    pub session: String,
    /// After this moment it opens nothing.
    pub until: Time,
}

impl Purpose {
    fn word(self) -> String {
        match self {
            Self::Save => "save".to_owned(),
            Self::Show => "show".to_owned(),
            Self::Picture(number) => number.to_string(),
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "save" => Self::Save,
            "show" => Self::Show,
            number => Self::Picture(number.parse().ok()?),
        })
    }
}

/// Whether two texts are equal. It takes as long for a wrong one.
fn is_equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

impl Capability {
    /// As it stands in an address.
    pub(super) fn token(&self, vault: &Vault) -> String {
        let text = format!("{} {} {} {}", self.purpose.word(), self.holding, self.until.unix_s(), self.session);
        format!("{}.{}", Base64UrlUnpadded::encode_string(text.as_bytes()), vault.index(KIND, &text))
    }

    /// What a token opens now; none where it is not ours, was changed, or is over.
    pub(super) fn parse(token: &str, vault: &Vault, now: Time) -> Option<Self> {
        let (text, mac) = token.split_once('.').filter(|_| token.len() <= LENGTH_MAX)?;
        let text = String::from_utf8(Base64UrlUnpadded::decode_vec(text).ok()?).ok()?;
        if !is_equal(&vault.index(KIND, &text), mac) {
            return None;
        }
        let words: Vec<&str> = text.split(' ').collect();
        let [purpose, holding, until_s, session] = words[..] else { return None };
        let until = Time::from_unix(until_s.parse().ok()?);
        let left_s = until.unix_s() - now.unix_s();
        let found =
            Self { purpose: Purpose::parse(purpose)?, holding: holding.to_owned(), session: session.to_owned(), until };
        (0..=LIFE_S).contains(&left_s).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trust::storage::Storage;

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        std::fs::write(folder.path().join("keys/passphrase"), "correct horse battery").unwrap();
        let vault = Vault::open(folder.path(), &Storage::default(), false).unwrap();
        (folder, vault)
    }

    #[test]
    fn a_token_opens_what_it_was_made_for_and_nothing_else() {
        let (_folder, vault) = vault();
        let now = Time::from_unix(1_800_000_000);
        for purpose in [Purpose::Save, Purpose::Show, Purpose::Picture(2)] {
            let made =
                Capability { purpose, holding: "h1".to_owned(), session: "s1".to_owned(), until: now.plus_s(LIFE_S) };
            let token = made.token(&vault);
            assert_eq!(Capability::parse(&token, &vault, now), Some(made.clone()));
            assert_eq!(Capability::parse(&token, &vault, now.plus_s(LIFE_S)), Some(made));
            assert_eq!(Capability::parse(&token, &vault, now.plus_s(LIFE_S + 1)), None, "over");
            assert_eq!(Capability::parse(&token, &vault, now.plus_s(-1)), None, "longer than any that is made");
            for at in 0..token.len() {
                let mut changed = token.clone().into_bytes();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(Capability::parse(&changed, &vault, now), None, "byte {at}");
            }
            let (text, mac) = token.split_once('.').unwrap();
            let wrong = [
                text.to_owned(),
                format!("{text}."),
                format!(".{mac}"),
                format!("{text}.{mac}0"),
                format!("{text}.{}", vault.index("another", text)),
                format!("{}{token}", "A".repeat(LENGTH_MAX)),
                String::new(),
            ];
            for wrong in wrong {
                assert_eq!(Capability::parse(&wrong, &vault, now), None, "{wrong}");
            }
        }
        let (_other, stranger) = self::vault();
        let made = Capability { purpose: Purpose::Show, holding: "h".into(), session: "s".into(), until: now };
        assert_eq!(Capability::parse(&made.token(&stranger), &vault, now), None, "another instance's");
    }
}

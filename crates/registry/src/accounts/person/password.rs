//! Passwords: what is good enough, and argon2id (RFC 9106), a few at a time.

use crate::accounts::Accounts;
use crate::web::{Fault, Words};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

const CHARS_MIN: usize = 10;
/// Longer ones would only cost time.
const CHARS_MAX: usize = 256;
/// Fewer different characters are a pattern.
const DIFFERENT_MIN: usize = 5;

/// A hash that no password has, so that an unknown address takes as long as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

/// Whether a password may be used by whom these words belong to.
///
/// # Errors
/// What to change.
pub(super) fn check(password: &str, about: &[&str], w: Words) -> Result<(), Fault> {
    let weak = |id: &str| Err(Fault::Field { field: "password", what: w.say(id) });
    let count = password.chars().count();
    if count < CHARS_MIN {
        return weak("password-short");
    }
    if count > CHARS_MAX {
        return weak("password-long");
    }
    let lower = password.to_lowercase();
    let different: BTreeSet<char> = lower.chars().collect();
    let is_about = |word: &&&str| word.chars().count() >= 4 && lower.contains(&word.to_lowercase());
    let chars: Vec<char> = lower.chars().collect();
    let steps = chars.windows(2).filter(|pair| (pair[0] as i64 - pair[1] as i64).abs() <= 1).count();
    // 1234567890, abcdefghij, aaaaaaaaab
    let is_run = steps * 4 >= chars.len() * 3;
    if different.len() < DIFFERENT_MIN || is_run || about.iter().any(|word| is_about(&word)) {
        return weak("password-guessable");
    }
    Ok(())
}

fn hash_now(password: &str) -> Result<String, Fault> {
    let salt: [u8; 16] = trust::keys::random()?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash: PasswordHash| hash.to_string()).map_err(Fault::broken)
}

impl Accounts {
    /// The hash of a password, as a PHC string.
    pub(super) async fn hash(&self, password: &str) -> Result<String, Fault> {
        let password = password.to_owned();
        self.beside(move || hash_now(&password)).await?
    }

    /// Whether a password has this hash; none has where there is no hash.
    pub(super) async fn is_password(&self, password: &str, hash: Option<&str>) -> Result<bool, Fault> {
        let (password, has_hash) = (password.to_owned(), hash.is_some());
        let hash = hash.map(str::to_owned);
        let fits = self.beside(move || {
            let hash = hash.as_deref().unwrap_or(&NOBODY);
            let verify = |hash: PasswordHash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
            PasswordHash::new(hash).is_ok_and(verify)
        });
        Ok(fits.await? && has_hash)
    }

    async fn beside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let place = Arc::clone(&self.0.hashing).acquire_owned().await.map_err(Fault::broken)?;
        // The place is the work's, not the request's: a visitor who goes away does not free it early.
        let work = move || {
            let done = work();
            drop(place);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(Fault::broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::report::Language;

    #[test]
    fn weak_passwords_get_a_reason() {
        let w = crate::accounts::WORDS.of(Language::En);
        let about = ["mei.lin", "Mei Lin"];
        for weak in
            ["", "short1!", "aaaaaaaaaaaa", "1234567890", "abcdefghijkl", "my mei.lin pass", &"x1y2z".repeat(60)]
        {
            assert!(check(weak, &about, w).is_err(), "{weak}");
        }
        for good in ["correct horse battery", "月落乌啼霜满天江枫渔火", "tr0ub4dor&3!"] {
            assert!(check(good, &about, w).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_hash_is_argon2id_with_the_recommended_cost() {
        let hash = hash_now("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_now("correct horse").unwrap());
    }
}

//! What beside a password proves a person: passkeys, codes of an app, recovery codes.

mod cbor;
mod pages;
mod passkey;

pub(super) use pages::{router, security_sheet};

use super::audit::{Act, Scope, note, note_own};
use super::person::Person;
use super::ticket::plain_code;
use super::{Accounts, ticket};
use crate::web::session::end_all;
use crate::web::{Cx, Fault};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use passkey::{Answer, Asked, Made};
use proof::der::Time;
use proof::digest::{DigestAlgorithm, hex};
use store::{StoreError, Tx};
use totp_rs::{Builder, Totp};
use trust::TrustError;

/// Recovery codes made at one time.
const RECOVERY_CODES: usize = 10;
/// Passkeys that a person may have.
const PASSKEYS_MAX: usize = 20;

/// A passkey, as its person sees it.
pub(super) struct Passkey {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) made: Time,
    pub(super) used: Option<Time>,
}

/// Codes of an app, as RFC 6238 recommends: SHA-1, six digits, thirty seconds, one step of leeway.
fn totp(secret: &[u8]) -> Result<Totp, TrustError> {
    let built = Builder::new().with_secret(secret.to_vec().into_boxed_slice()).with_skew(1).build();
    built.map_err(|e| TrustError::Broken(format!("the codes of an app: {e}")))
}

fn recovery_id(person: &str, code: &str) -> String {
    DigestAlgorithm::Sha256.digest(format!("recovery {person} {}", plain_code(code)).as_bytes()).to_string()
}

/// A new challenge, as base64url.
fn new_challenge() -> Result<String, TrustError> {
    Ok(Base64UrlUnpadded::encode_string(&trust::keys::random::<32>()?))
}

impl Accounts {
    /// The relying party and the origin: the site's own address.
    pub(super) fn relying_party(&self) -> (String, String) {
        let url = self.site().node.profile.url.to_ascii_lowercase();
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", &url));
        let host = rest.split('/').next().unwrap_or_default();
        (host.split(':').next().unwrap_or_default().to_owned(), format!("{scheme}://{host}"))
    }

    /// The passkeys of a person, the newest first.
    pub(super) async fn passkeys(&self, person: &Person) -> Result<Vec<Passkey>, TrustError> {
        let sql = "select id, label, made_s, used_s from passkey where person = $1 order by made_s desc, id";
        let rows = self.db().rows(sql, &[person.id.as_str().into()]).await?;
        let read = |row: &store::Row| {
            Ok(Passkey {
                id: row.text(0)?.to_owned(),
                label: person.open("passkey", row.bytes(1)?)?,
                made: Time::from_unix(row.int(2)?),
                used: row.maybe_int(3)?.map(Time::from_unix),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Keeps a passkey that was made for a person.
    async fn keep_passkey(&self, person: &Person, made: &Made, label: &str, now: Time) -> Result<(), TrustError> {
        let sealed = person.seal("passkey", label.as_bytes())?;
        store::transaction!(self.db(), tx => {
            let sql = "insert into passkey (id, person, label, cose, count, made_s) values ($1, $2, $3, $4, $5, $6)";
            let values = [
                hex(&made.id).into(),
                person.id.as_str().into(),
                sealed.clone().into(),
                made.cose.clone().into(),
                i64::from(made.count).into(),
                now.unix_s().into(),
            ];
            tx.execute(sql, &values).await?;
            note_own(tx, &person.id, Act::PasskeyAdded, "", now).await?;
            self.write(tx, Some(&person.id), &person.letter("mail-passkey", &[]), now).await
        })
    }

    /// Whose passkey answered, with its counter moved on. None where it is nobody's, or does not fit.
    async fn passkey_used(&self, answer: &Answer, asked: &Asked<'_>, now: Time) -> Result<Option<String>, TrustError> {
        let Ok(id) = answer.id() else { return Ok(None) };
        let id = hex(&id);
        let rows =
            self.db().rows("select person, cose, count from passkey where id = $1", &[id.as_str().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let count = row.int(2)?;
        let known = u32::try_from(count).unwrap_or(u32::MAX);
        let new = match answer.used(asked, row.bytes(1)?, known) {
            Ok(new) => new,
            Err(why) => {
                tracing::warn!(passkey = id, %why, "a passkey's answer was refused");
                return Ok(None);
            }
        };
        // Whoever was first with this counter has used it.
        let sql = "update passkey set count = $2, used_s = $3 where id = $1 and count = $4";
        let values = [id.into(), i64::from(new).into(), now.unix_s().into(), count.into()];
        let moved = self.db().execute(sql, &values).await? == 1;
        Ok(moved.then(|| row.text(0).map(str::to_owned)).transpose()?)
    }

    /// Whether a code is one of the person's app, or a recovery code; each counts once.
    pub(super) async fn is_second(&self, person: &Person, typed: &str, now: Time) -> Result<bool, Fault> {
        let rows = self.db().rows("select totp from person where id = $1", &[person.id.as_str().into()]).await?;
        let sealed = rows.first().and_then(|row| row.bytes(0).ok());
        let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        if let Some(sealed) = sealed
            && digits.len() == 6
        {
            let secret = person.key.open(&format!("person/{}/totp", person.id), sealed)?;
            let step = totp(&secret)?.check(&digits, u64::try_from(now.unix_s()).unwrap_or_default());
            if let Some(step) = step.and_then(|step| i64::try_from(step).ok()) {
                // A code that was seen over a shoulder does not count again.
                let sql = "update person set totp_step = $2 where id = $1 and totp_step < $2";
                return Ok(self.db().execute(sql, &[person.id.as_str().into(), step.into()]).await? == 1);
            }
        }
        let used: Result<bool, TrustError> = store::transaction!(self.db(), tx => {
            let sql = "delete from recovery_code where id = $1";
            let is_one = tx.execute(sql, &[recovery_id(&person.id, typed).into()]).await? == 1;
            if is_one {
                note_own(tx, &person.id, Act::RecoveryCodeUsed, "", now).await?;
                self.write(tx, Some(&person.id), &person.letter("mail-recovery-code", &[]), now).await?;
            }
            Ok(is_one)
        });
        Ok(used?)
    }

    /// Asks for codes of an app from now on.
    async fn set_totp(&self, person: &Person, secret: &[u8], step: i64, now: Time) -> Result<(), TrustError> {
        let sealed = person.seal("totp", secret)?;
        store::transaction!(self.db(), tx => {
            let sql = "update person set totp = $2, totp_step = $3 where id = $1";
            tx.execute(sql, &[person.id.as_str().into(), sealed.clone().into(), step.into()]).await?;
            note_own(tx, &person.id, Act::CodesSet, "", now).await?;
            self.write(tx, Some(&person.id), &person.letter("mail-totp", &[]), now).await
        })
    }

    /// New recovery codes in place of the old; shown once.
    async fn new_recovery_codes(&self, person: &Person, now: Time) -> Result<Vec<String>, TrustError> {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| ticket::new_code()).collect::<Result<_, _>>()?;
        let kept: Result<(), StoreError> = store::transaction!(self.db(), tx => {
            tx.execute("delete from recovery_code where person = $1", &[person.id.as_str().into()]).await?;
            for code in &codes {
                let sql = "insert into recovery_code (id, person) values ($1, $2)";
                tx.execute(sql, &[recovery_id(&person.id, code).into(), person.id.as_str().into()]).await?;
            }
            note_own(tx, &person.id, Act::RecoveryCodesMade, "", now).await
        });
        kept?;
        Ok(codes)
    }

    /// How many recovery codes are left.
    async fn recovery_codes_left(&self, person: &str) -> Result<i64, StoreError> {
        let sql = "select count(*) from recovery_code where person = $1";
        self.db().rows(sql, &[person.into()]).await?.first().map_or(Ok(0), |row| row.int(0))
    }

    /// Takes all second factors off and ends all sessions: for somebody who lost them and whom the
    /// operator knows.
    pub async fn reset_factors(&self, by: &Person, whom: &Person, cx: &Cx) -> Result<(), Fault> {
        let reset: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            remove_factors(tx, &whom.id).await?;
            end_all(tx, &whom.id, "").await?;
            Self::end_tickets(tx, &whom.id).await?;
            let (actor, object) = (format!("person/{}", by.id), format!("person/{}", whom.id));
            note(tx, &Scope::Node, &actor, Act::FactorsReset, &object, cx.now).await?;
            note(tx, &Scope::Person(whom.id.clone()), &actor, Act::FactorsReset, "", cx.now).await?;
            self.write(tx, Some(&whom.id), &whom.letter("mail-factors-reset", &[]), cx.now).await
        });
        Ok(reset?)
    }
}

/// Removes everything but the password.
pub(super) async fn remove_factors(tx: &mut Tx, person: &str) -> Result<(), StoreError> {
    tx.execute("update person set totp = null where id = $1", &[person.into()]).await?;
    tx.execute("delete from passkey where person = $1", &[person.into()]).await?;
    tx.execute("delete from recovery_code where person = $1", &[person.into()]).await?;
    tx.execute("delete from device where person = $1", &[person.into()]).await.map(drop)
}

/// Whatever comes as the answer of an authenticator is read and refused.
#[cfg(fuzzing)]
pub fn fuzz_passkey(bytes: &[u8]) {
    let asked = Asked { rp_id: "a.example", origin: "https://a.example", challenge: "Y2hhbGxlbmdl" };
    if let Ok(answer) = Answer::parse(&String::from_utf8_lossy(bytes)) {
        assert!(answer.made(&asked).is_err());
    }
    passkey::fuzz(bytes, &asked);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let codes = totp(b"12345678901234567890").unwrap();
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert!(codes.check(code, time).is_some(), "{code}");
            assert!(codes.check(code, time + 90).is_none(), "{code}");
        }
    }
}

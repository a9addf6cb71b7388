//! Tickets: something begun in one browser that a code from elsewhere finishes, once and soon.
//!
//! The browser that began holds a random cookie; the code goes by mail, or is the answer of an
//! authenticator. So a code alone is worth nothing, no link carries a secret, and a program that
//! opens every link of a mail does nothing. Tries are counted; the last wrong one ends the ticket.

use super::Accounts;
use crate::web::{Cx, Fault};
use axum::http::{HeaderMap, HeaderValue};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{StoreError, Tx};
use trust::TrustError;

/// What a ticket finishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A new account.
    Register,
    /// Another address for mail.
    Mail,
    /// A new password for one that was lost.
    Recover,
    /// A second factor after the password.
    Second,
    /// A passkey to be made.
    MakePasskey,
    /// A passkey to sign in with.
    UsePasskey,
    /// Codes of an app to be set up.
    Totp,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Mail => "mail",
            Self::Recover => "recover",
            Self::Second => "second",
            Self::MakePasskey => "make-passkey",
            Self::UsePasskey => "use-passkey",
            Self::Totp => "totp",
        }
    }

    /// How long it holds. A code that the operator hands over takes its time.
    fn life_s(self, has_mail: bool) -> i64 {
        match self {
            Self::MakePasskey | Self::UsePasskey => 300,
            Self::Second => 600,
            Self::Totp => 3600,
            _ if has_mail => 3600,
            _ => 3 * 86_400,
        }
    }
}

/// Wrong codes that end a ticket.
const TRIES: i64 = 5;
/// Letters that cannot be taken for others.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A ticket that holds.
pub(super) struct Ticket<T> {
    id: String,
    /// Whom it is for, where that is known.
    pub(super) person: Option<String>,
    /// What was kept with it.
    pub(super) body: T,
    code: String,
}

/// A code to be typed: eight letters in two groups, 40 bits.
///
/// # Errors
/// Where the system gives no random bytes.
pub fn new_code() -> Result<String, TrustError> {
    let random: [u8; 8] = trust::keys::random()?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let letters: String = random.iter().map(letter).collect();
    Ok(format!("{}-{}", &letters[..4], &letters[4..]))
}

/// A code as it was typed, in its one form.
#[must_use]
pub fn plain_code(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// One for each kind, so that what is begun in one page does not end what is under way in another.
fn cookie_name(kind: Kind, is_secure: bool) -> String {
    format!("{}ticket-{}", if is_secure { "__Host-" } else { "" }, kind.name())
}

fn id_of(token: &str) -> String {
    DigestAlgorithm::Sha256.digest(token.as_bytes()).to_string()
}

impl Accounts {
    /// By what a code for something is known without being kept: who has the database alone cannot try codes.
    #[must_use]
    pub fn shared_code(&self, of: &str, code: &str) -> String {
        self.vault().index("shared-code", &format!("{of} {}", plain_code(code)))
    }

    /// Begins something: the cookie that the browser gets. `code` is what will finish it; empty
    /// where something else than a code does.
    pub(super) async fn begin(
        &self,
        kind: Kind,
        person: Option<&str>,
        body: &impl Serialize,
        code: &str,
        now: Time,
    ) -> Result<HeaderValue, Fault> {
        let token = Base64UrlUnpadded::encode_string(&trust::keys::random::<24>()?);
        let id = id_of(&token);
        let body = serde_json::to_vec(body).map_err(Fault::broken)?;
        let sealed = self.vault().seal(&format!("ticket/{id}"), &body)?;
        let code = if code.is_empty() { String::new() } else { self.code_index(&id, code) };
        let sql = "insert into ticket (id, kind, person, body, code, tries, due_s) values ($1, $2, $3, $4, $5, $6, $7)";
        let life_s = kind.life_s(self.has_mail());
        let due_s = now.unix_s() + life_s;
        let values =
            [id.into(), kind.name().into(), person.into(), sealed.into(), code.into(), TRIES.into(), due_s.into()];
        self.db().execute(sql, &values).await?;
        let is_secure = self.site().is_secure();
        let (name, secure) = (cookie_name(kind, is_secure), if is_secure { "; Secure" } else { "" });
        let cookie = format!("{name}={token}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::from_str(&cookie).map_err(Fault::broken)
    }

    fn code_index(&self, id: &str, code: &str) -> String {
        self.vault().index("ticket code", &format!("{id} {}", plain_code(code)))
    }

    /// The ticket of this browser, of this kind, where it still holds.
    pub(super) async fn ticket<T: DeserializeOwned>(
        &self,
        kind: Kind,
        headers: &HeaderMap,
        now: Time,
    ) -> Result<Option<Ticket<T>>, Fault> {
        let Some(token) = crate::web::cookie(headers, &cookie_name(kind, self.site().is_secure())) else {
            return Ok(None);
        };
        let id = id_of(token);
        let sql = "select person, body, code from ticket where id = $1 and kind = $2 and due_s > $3 and tries > 0";
        let rows = self.db().rows(sql, &[id.as_str().into(), kind.name().into(), now.unix_s().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let body = self.vault().open_sealed(&format!("ticket/{id}"), row.bytes(1)?)?;
        let body = serde_json::from_slice(&body).map_err(Fault::broken)?;
        Ok(Some(Ticket { person: row.maybe_text(0)?.map(str::to_owned), body, code: row.text(2)?.to_owned(), id }))
    }

    /// Whether a code is the right one; a wrong one costs a try, and the answer says how many are left.
    pub(super) async fn is_code<T>(&self, ticket: &Ticket<T>, typed: &str) -> Result<Result<(), i64>, StoreError> {
        if !ticket.code.is_empty() && self.code_index(&ticket.id, typed) == ticket.code {
            return Ok(Ok(()));
        }
        self.miss(ticket).await.map(Err)
    }

    /// Takes a try away; the tries that are left.
    pub(super) async fn miss<T>(&self, ticket: &Ticket<T>) -> Result<i64, StoreError> {
        let sql = "update ticket set tries = tries - 1 where id = $1 and tries > 0 returning tries";
        let rows = store::transaction!(self.db(), tx => tx.rows(sql, &[ticket.id.as_str().into()]).await);
        let rows: Vec<store::Row> = rows.map_err(|e: StoreError| e)?;
        rows.first().map_or(Ok(0), |row| row.int(0))
    }

    /// Uses a ticket up: true for one caller only.
    pub(super) async fn take<T>(&self, ticket: &Ticket<T>) -> Result<bool, StoreError> {
        Ok(self.db().execute("delete from ticket where id = $1", &[ticket.id.as_str().into()]).await? == 1)
    }

    /// Ends what was begun for a person, after what it relied on has changed.
    pub(super) async fn end_tickets(tx: &mut Tx, person: &str) -> Result<(), StoreError> {
        tx.execute("delete from ticket where person = $1", &[person.into()]).await.map(drop)
    }

    /// Removes what has run out.
    pub(super) async fn sweep_tickets(&self, now: Time) -> Result<(), StoreError> {
        self.db().execute("delete from ticket where due_s <= $1", &[now.unix_s().into()]).await?;
        self.db().execute("delete from attempt where until_s <= $1", &[now.unix_s().into()]).await.map(drop)
    }
}

/// The wrong-code sentence, or that it is over.
pub(super) fn wrong_code(cx: &Cx, left: i64) -> Fault {
    let w = cx.words(&super::WORDS);
    let what = match left {
        0 => w.say("code-over"),
        left => w.fill("code-wrong", &[("left", &left.to_string())]),
    };
    Fault::Field { field: "code", what }
}

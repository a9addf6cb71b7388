//! How often something may be tried: counted by what it is tried on and by whom, without keeping either.

use super::Accounts;
use super::person::plain_mail;
use crate::web::{Cx, Fault};
use proof::der::Time;
use store::StoreError;

/// So many tries in so many seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// What is counted.
    pub(crate) kind: &'static str,
    /// Tries in one window.
    pub(crate) tries: i64,
    /// The window, in seconds.
    pub(crate) window_s: i64,
}

/// Wrong passwords for one account from one address.
pub(super) const PASSWORD: Limit = Limit { kind: "password", tries: 5, window_s: 900 };
/// Wrong passwords for one account from anywhere; passkeys go on working.
pub(super) const ACCOUNT: Limit = Limit { kind: "account", tries: 50, window_s: 3600 };
/// Tries to sign in, to register or to recover from one address.
pub(super) const ADDRESS: Limit = Limit { kind: "address", tries: 200, window_s: 3600 };
/// Mails to one address that one caller may cause by typing it.
const MAIL: Limit = Limit { kind: "mail", tries: 5, window_s: 3600 };
/// Mails to one address that all callers together may cause.
const MAIL_ALL: Limit = Limit { kind: "mail-all", tries: 40, window_s: 3600 };
/// Invitations that one person sends.
pub(super) const INVITATION: Limit = Limit { kind: "invitation", tries: 100, window_s: 86_400 };
/// Applications for a real name of one person: a provider may cost money.
pub(super) const IDENTITY: Limit = Limit { kind: "identity", tries: 5, window_s: 86_400 };
/// Stamps and entries of the ledger that one person causes beside works.
pub(super) const STAMP: Limit = Limit { kind: "stamp", tries: 100, window_s: 3600 };
/// Questions to authenticators from one address.
pub(super) const BEGIN: Limit = Limit { kind: "begin", tries: 300, window_s: 3600 };
/// Notices to operators of what waits for them.
pub(super) const NOTICE: Limit = Limit { kind: "notice", tries: 1, window_s: 3600 };
/// Wrong codes of a second factor for one account.
pub(super) const CODE: Limit = Limit { kind: "code", tries: 10, window_s: 3600 };
/// Keys that programs at one address ask for.
pub(super) const DEVICE: Limit = Limit { kind: "device", tries: 30, window_s: 3600 };
/// Keys that all programs together ask for.
pub(super) const DEVICE_ALL: Limit = Limit { kind: "device-all", tries: 2_000, window_s: 3600 };
/// Wrong codes of programs that one person may type.
pub(super) const DEVICE_CODE: Limit = Limit { kind: "device-code", tries: 10, window_s: 3600 };
/// What the public may send to the operator, from one address.
pub(super) const REPORT: Limit = Limit { kind: "report", tries: 10, window_s: 3600 };
/// Codes of one share that one address may try.
const SHARE: Limit = Limit { kind: "share", tries: 10, window_s: 900 };
/// Codes of all shares that one address may try.
const SHARE_CALLER: Limit = Limit { kind: "share-caller", tries: 60, window_s: 3600 };
/// Codes of one share that anybody may try.
const SHARE_ALL: Limit = Limit { kind: "share-all", tries: 200, window_s: 3600 };
/// Documents that the public may have signed, from one address: each is two stamps.
const DOCUMENT: Limit = Limit { kind: "document", tries: 60, window_s: 3600 };
/// Documents beside certificates that one person may have signed.
const DOCUMENT_OWN: Limit = Limit { kind: "document-own", tries: 60, window_s: 3600 };
/// Documents that all strangers together may have signed.
const DOCUMENT_ALL: Limit = Limit { kind: "document-all", tries: 2_000, window_s: 3600 };

impl Accounts {
    /// Counts a code that is tried on what one person shares with another.
    ///
    /// # Errors
    /// [`Fault::TooMany`] where too many were, by this caller or on this share.
    pub async fn count_code(&self, cx: &Cx, share: &str) -> Result<(), Fault> {
        self.try_once(SHARE_CALLER, &cx.caller_text(), cx.now).await?;
        self.try_once(SHARE, &format!("{share} {}", cx.caller_text()), cx.now).await?;
        self.try_once(SHARE_ALL, share, cx.now).await.map(drop)
    }

    /// Counts a document that is signed for a person who is signed in.
    ///
    /// # Errors
    /// [`Fault::TooMany`] where too many were.
    pub async fn count_own_document(&self, person: &str, now: Time) -> Result<(), Fault> {
        self.try_once(DOCUMENT_OWN, person, now).await.map(drop)
    }

    /// Counts a document that is signed for whoever asks.
    ///
    /// # Errors
    /// [`Fault::TooMany`] where too many were, by this caller or by all.
    pub async fn count_document(&self, cx: &Cx) -> Result<(), Fault> {
        self.try_once(DOCUMENT, &cx.caller_text(), cx.now).await?;
        self.try_once(DOCUMENT_ALL, "all", cx.now).await.map(drop)
    }

    /// Counts a try, and says how many are left.
    ///
    /// # Errors
    /// [`Fault::TooMany`] where none was left.
    pub(crate) async fn try_once(&self, limit: Limit, on: &str, now: Time) -> Result<i64, Fault> {
        let (id, now_s) = (self.vault().index(limit.kind, on), now.unix_s());
        let counted: Result<Result<i64, i64>, StoreError> = store::transaction!(self.db(), tx => {
            let rows = tx.rows("select count, until_s from attempt where id = $1", &[id.as_str().into()]).await?;
            let (count, until_s) = match rows.first() {
                Some(row) if row.int(1)? > now_s => (row.int(0)?, row.int(1)?),
                _ => (0, now_s + limit.window_s),
            };
            if count >= limit.tries {
                return Ok(Err(until_s - now_s));
            }
            let sql = "insert into attempt (id, count, until_s) values ($1, $2, $3) \
                       on conflict (id) do update set count = excluded.count, until_s = excluded.until_s";
            tx.execute(sql, &[id.as_str().into(), (count + 1).into(), until_s.into()]).await?;
            Ok(Ok(limit.tries - count - 1))
        });
        counted?.map_err(|wait_s| Fault::TooMany(u32::try_from(wait_s).unwrap_or(1)))
    }

    /// Counts a mail that somebody causes by typing an address.
    pub(super) async fn try_mail(&self, cx: &Cx, mail: &str) -> Result<(), Fault> {
        let mail = plain_mail(mail);
        self.try_once(MAIL, &format!("{mail} {}", cx.caller_text()), cx.now).await?;
        self.try_once(MAIL_ALL, &mail, cx.now).await.map(drop)
    }

    /// Forgets the tries, after one that was right.
    pub(super) async fn forget_tries(&self, limit: Limit, on: &str) -> Result<(), StoreError> {
        let id = self.vault().index(limit.kind, on);
        self.db().execute("delete from attempt where id = $1", &[id.into()]).await.map(drop)
    }
}

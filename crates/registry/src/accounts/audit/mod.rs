//! The audit trail: who did what, when, in lines that name the one before them (ent-07).
//!
//! A trail is one person's, one organisation's or the node's. A line is canonical JSON and holds
//! ids, no names: who is behind an id is sealed elsewhere, so that a line outlives an erased person
//! unchanged. The newest line of each trail is stamped every hour, so that the operator cannot write
//! an older one anew without the stamps showing it.

mod pages;

pub(super) use pages::router;
pub use pages::{file, part};

use super::Accounts;
use crate::web::Words;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use serde::{Deserialize, Serialize};
use store::{Row, StoreError, Tx};
use trust::TrustError;

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Act { $($(#[$doc])* $name,)* }

        impl Act {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in a line.
            #[must_use]
            pub fn name(self) -> &'static str {
                self.words().trim_start_matches("act-")
            }

            /// What it is called for people: a message of this room.
            fn words(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

acts! {
    /// An account began.
    Registered = "act-registered",
    /// A session began.
    SignedIn = "act-signed-in",
    /// Sessions ended by their person.
    SignedOut = "act-signed-out",
    /// A new password.
    PasswordChanged = "act-password-changed",
    /// A lost password was replaced.
    Recovered = "act-recovered",
    /// Another address for mail.
    MailChanged = "act-mail-changed",
    /// Another name.
    NameChanged = "act-name-changed",
    /// A passkey was added.
    PasskeyAdded = "act-passkey-added",
    /// A passkey was removed.
    PasskeyRemoved = "act-passkey-removed",
    /// Codes of an app are asked for from now on.
    CodesSet = "act-codes-set",
    /// Codes of an app are no longer asked for.
    CodesRemoved = "act-codes-removed",
    /// Recovery codes were made.
    RecoveryCodesMade = "act-recovery-codes-made",
    /// A recovery code was used.
    RecoveryCodeUsed = "act-recovery-code-used",
    /// An API key was made.
    KeyMade = "act-key-made",
    /// An API key was ended.
    KeyEnded = "act-key-ended",
    /// A webhook was added.
    WebhookMade = "act-webhook-made",
    /// A webhook's address, description or events were changed.
    WebhookChanged = "act-webhook-changed",
    /// A webhook got another secret.
    WebhookSecretChanged = "act-webhook-secret-changed",
    /// A webhook gets events again.
    WebhookEnabled = "act-webhook-enabled",
    /// A webhook gets no events any more.
    WebhookDisabled = "act-webhook-disabled",
    /// A webhook was removed.
    WebhookRemoved = "act-webhook-removed",
    /// An organisation was founded.
    OrganisationMade = "act-organisation-made",
    /// An organisation's settings were changed.
    OrganisationChanged = "act-organisation-changed",
    /// Somebody was invited.
    Invited = "act-invited",
    /// An invitation was taken back.
    InvitationEnded = "act-invitation-ended",
    /// Somebody joined.
    Joined = "act-joined",
    /// A member's roles were changed.
    RolesChanged = "act-roles-changed",
    /// A member left or was removed.
    Left = "act-left",
    /// An organisation went to another owner.
    Transferred = "act-transferred",
    /// A stamp was asked for and waits for approval.
    ApprovalAsked = "act-approval-asked",
    /// It was approved.
    Approved = "act-approved",
    /// It was refused.
    Declined = "act-declined",
    /// Somebody answers for a record from now on.
    CustodianSet = "act-custodian-set",
    /// A real name was stated, with papers or to a provider.
    IdentityAsked = "act-identity-asked",
    /// The operator looked at the papers.
    PapersViewed = "act-papers-viewed",
    /// A real name was confirmed.
    IdentityConfirmed = "act-identity-confirmed",
    /// A real name was not confirmed.
    IdentityRefused = "act-identity-refused",
    /// A real name was taken back.
    IdentityWithdrawn = "act-identity-withdrawn",
    /// Papers were deleted as the policy says.
    PapersDeleted = "act-papers-deleted",
    /// A statement of identity was made to be shown to others.
    IdentityStated = "act-identity-stated",
    /// Consent was given.
    ConsentGiven = "act-consent-given",
    /// Consent was withdrawn.
    ConsentWithdrawn = "act-consent-withdrawn",
    /// All about a person was exported.
    Exported = "act-exported",
    /// A trail was exported.
    HistoryExported = "act-history-exported",
    /// Erasure was asked for.
    ErasureAsked = "act-erasure-asked",
    /// Erasure was taken back.
    ErasureStopped = "act-erasure-stopped",
    /// A person was erased.
    Erased = "act-erased",
    /// An account was frozen.
    Frozen = "act-frozen",
    /// An account was thawed.
    Thawed = "act-thawed",
    /// A legal hold was set.
    Held = "act-held",
    /// A legal hold was lifted.
    Released = "act-released",
    /// A report of abuse came in.
    Reported = "act-reported",
    /// A report of abuse was answered.
    ReportAnswered = "act-report-answered",
    /// A digest was blocked.
    Blocked = "act-blocked",
    /// A digest was unblocked.
    Unblocked = "act-unblocked",
    /// Something was announced to everybody.
    Announced = "act-announced",
    /// An announcement ended before its time.
    AnnouncementEnded = "act-announcement-ended",
    /// A job that was given up is tried again.
    JobRevived = "act-job-revived",
    /// Data was disclosed to an authority.
    Disclosed = "act-disclosed",
    /// The operator looked at waiting mail.
    MailViewed = "act-mail-viewed",
    /// A mail was handed over by the operator.
    MailHandedOver = "act-mail-handed-over",
    /// Somebody became an administrator.
    OperatorMade = "act-operator-made",
    /// Somebody is no administrator any more.
    OperatorEnded = "act-operator-ended",
    /// Second factors were taken off by the operator.
    FactorsReset = "act-factors-reset",
    /// Types, tags or templates of works were changed.
    WordsChanged = "act-words-changed",
    /// A record was made.
    Preserved = "act-preserved",
    /// A record was viewed.
    Viewed = "act-viewed",
    /// Something of a record was downloaded.
    Downloaded = "act-downloaded",
    /// Parts of a record were shown to everyone.
    Shown = "act-shown",
    /// They were taken back.
    Hidden = "act-hidden",
    /// Parts of a record were shown to somebody who has a code.
    Shared = "act-shared",
    /// They are no longer.
    Unshared = "act-unshared",
    /// A record was verified.
    Verified = "act-verified",
    /// An original was deposited.
    Deposited = "act-deposited",
    /// An original was removed.
    OriginalRemoved = "act-original-removed",
    /// An original is held: nobody may remove it.
    OriginalHeld = "act-original-held",
    /// A hold on an original was lifted.
    OriginalReleased = "act-original-released",
    /// An original was handed over from a person to an organisation.
    OriginalHanded = "act-original-handed",
    /// Work on originals that had been given up was begun again.
    OriginalsRetried = "act-originals-retried",
    /// An empty place was taken for one that is lost.
    PlaceAdopted = "act-place-adopted",
    /// A price list was announced.
    PriceSet = "act-price-set",
    /// A payment was begun.
    OrderMade = "act-order-made",
    /// Money came in.
    ToppedUp = "act-topped-up",
    /// Money goes back.
    Refunded = "act-refunded",
    /// What a record cost was given back.
    ChargeReturned = "act-charge-returned",
    /// A balance may go below zero by as much.
    CreditSet = "act-credit-set",
    /// What is owed will not be paid.
    WrittenOff = "act-written-off",
    /// To whom invoices go was changed.
    InvoiceChanged = "act-invoice-changed",
    /// The books, or to whom invoices go, were exported.
    BooksExported = "act-books-exported",
}

/// Whose trail a line belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A person's own.
    Person(String),
    /// An organisation's.
    Organisation(String),
    /// The node's: what the operator did.
    Node,
}

impl Scope {
    /// How it is called in lines and in the database.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Person(id) => format!("person/{id}"),
            Self::Organisation(id) => format!("organisation/{id}"),
            Self::Node => "node".to_owned(),
        }
    }
}

/// A stamp over one line of a trail, and so over all lines before it.
pub struct Seal {
    /// The number of the line.
    pub number: i64,
    /// When it was stamped.
    pub made: Time,
    /// The TimeStampResp over the line, without the end of line.
    pub token: Vec<u8>,
}

/// What a line says. Fields stand in the order of their names, as RFC 8785 wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-zh" = "操作记录的一行"))]
pub struct Line {
    /// What was done: the name of an [`Act`].
    #[schemars(extend("x-zh" = "做了什么"))]
    pub act: String,
    /// By whom: `person/ID`, `key/ID`, `anyone` or `node`.
    #[schemars(extend("x-zh" = "由谁：person/ID、key/ID、anyone 或 node"))]
    pub actor: String,
    /// Its number in the trail, from 1 on.
    #[schemars(extend("x-zh" = "在记录中的序号，从 1 起"))]
    pub number: i64,
    /// On what; an id, never a name.
    #[schemars(extend("x-zh" = "对什么；为编号，从不为名称"))]
    pub object: String,
    /// The SHA-256 of the line before, in hexadecimal; empty in the first.
    #[schemars(extend("x-zh" = "前一行的 SHA-256，十六进制；首行为空"))]
    pub previous: String,
    /// The trail.
    #[schemars(extend("x-zh" = "哪一份记录"))]
    pub scope: String,
    /// When, by the node's clock.
    #[schemars(extend("x-zh" = "时间，以本节点时钟为准"))]
    pub time: String,
}

fn digest(line: &str) -> String {
    DigestAlgorithm::Sha256.digest(line.as_bytes()).to_string()
}

/// Writes a line into a trail, in the transaction of what it tells of.
pub async fn note(
    tx: &mut Tx,
    scope: &Scope,
    actor: &str,
    act: Act,
    object: &str,
    now: Time,
) -> Result<(), StoreError> {
    let scope = scope.name();
    let sql = "select number, line from audit where scope = $1 order by number desc limit 1";
    let rows = tx.rows(sql, &[scope.as_str().into()]).await?;
    let (number, previous) = match rows.first() {
        Some(row) => (row.int(0)? + 1, digest(row.text(1)?)),
        None => (1, String::new()),
    };
    let line = Line {
        act: act.name().to_owned(),
        actor: actor.to_owned(),
        number,
        object: object.to_owned(),
        previous,
        scope: scope.clone(),
        time: now.truncate_to_second().to_string(),
    };
    let line = serde_json::to_string(&line).map_err(|e| StoreError::Broken(e.to_string()))?;
    let sql = "insert into audit (scope, number, line) values ($1, $2, $3)";
    tx.execute(sql, &[scope.into(), number.into(), line.into()]).await.map(drop)
}

/// Writes a line into a person's own trail, done by that person.
pub(super) async fn note_own(tx: &mut Tx, person: &str, act: Act, object: &str, now: Time) -> Result<(), StoreError> {
    note(tx, &Scope::Person(person.to_owned()), &format!("person/{person}"), act, object, now).await
}

/// Checks a trail from its first line on.
///
/// # Errors
/// The number of the first line that does not follow from the one before.
pub fn check(lines: &[String]) -> Result<(), i64> {
    let mut previous = String::new();
    for (text, number) in lines.iter().zip(1..) {
        let fits = serde_json::from_str::<Line>(text).is_ok_and(|line| {
            let is_canonical = serde_json::to_string(&line).is_ok_and(|again| again == *text);
            is_canonical && line.number == number && line.previous == previous
        });
        if !fits {
            return Err(number);
        }
        previous = digest(text);
    }
    Ok(())
}

/// What an act is called, in a reader's language.
#[must_use]
pub fn act_words(w: Words, act: &str) -> String {
    Act::ALL.iter().find(|known| known.name() == act).map_or(act.to_owned(), |known| w.say(known.words()))
}

impl Accounts {
    /// The newest lines of a trail, the newest first.
    pub async fn history(&self, scope: &Scope, count: i64) -> Result<Vec<Line>, StoreError> {
        let sql = "select line from audit where scope = $1 order by number desc limit $2";
        self.db().rows(sql, &[scope.name().into(), count.into()]).await?.iter().map(read).collect()
    }

    /// The lines of a trail from one number to another, the oldest first, as they stand.
    pub async fn trail(&self, scope: &Scope, from: i64, to: i64) -> Result<Vec<String>, StoreError> {
        let sql = "select line from audit where scope = $1 and number between $2 and $3 order by number";
        let rows = self.db().rows(sql, &[scope.name().into(), from.into(), to.into()]).await?;
        rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
    }

    /// The stamps over lines of a trail, the oldest first: number, when, and the TimeStampResp over the line.
    pub async fn seals(&self, scope: &Scope) -> Result<Vec<Seal>, StoreError> {
        let sql = "select number, made_s, token from audit_seal where scope = $1 order by number";
        let read = |row: &Row| {
            Ok(Seal { number: row.int(0)?, made: Time::from_unix(row.int(1)?), token: row.bytes(2)?.to_vec() })
        };
        self.db().rows(sql, &[scope.name().into()]).await?.iter().map(read).collect()
    }

    /// Stamps the newest line of each trail that grew since its last stamp.
    pub(super) async fn seal_trails(&self, now: Time) -> Result<(), TrustError> {
        let sql = "select a.scope, a.number, a.line from audit a join \
                   (select scope, max(number) as newest from audit group by scope) n \
                   on n.scope = a.scope and n.newest = a.number \
                   where not exists (select 1 from audit_seal s where s.scope = a.scope and s.number = a.number)";
        for row in self.db().rows(sql, &[]).await? {
            let (scope, number, line) = (row.text(0)?, row.int(1)?, row.text(2)?);
            let Some(token) = self.stamp(line.as_bytes()).await? else { return Ok(()) };
            let sql = "insert into audit_seal (scope, number, made_s, token) values ($1, $2, $3, $4) \
                       on conflict (scope, number) do nothing";
            self.db().execute(sql, &[scope.into(), number.into(), now.unix_s().into(), token.into()]).await?;
        }
        Ok(())
    }
}

fn read(row: &Row) -> Result<Line, StoreError> {
    serde_json::from_str(row.text(0)?).map_err(|e| StoreError::Broken(format!("a line of the audit trail: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn acts_have_names_of_their_own() {
        let names: BTreeSet<&str> = Act::ALL.iter().map(|act| act.name()).collect();
        assert_eq!(names.len(), Act::ALL.len());
    }

    #[test]
    fn a_changed_line_breaks_the_chain() {
        let mut lines = Vec::new();
        let mut previous = String::new();
        for number in 1..=4 {
            let line = Line {
                act: "viewed".to_owned(),
                actor: "person/a".to_owned(),
                number,
                object: String::new(),
                previous: previous.clone(),
                scope: "node".to_owned(),
                time: "2026-11-21T00:00:00Z".to_owned(),
            };
            lines.push(serde_json::to_string(&line).unwrap());
            previous = digest(&lines[lines.len() - 1]);
        }
        assert_eq!(check(&lines), Ok(()));
        let broken = |change: &dyn Fn(&mut Vec<String>)| {
            let mut lines = lines.clone();
            change(&mut lines);
            check(&lines)
        };
        assert_eq!(broken(&|l| l[1] = l[1].replace("person/a", "person/b")), Err(3));
        assert_eq!(broken(&|l| drop(l.remove(1))), Err(2));
        assert_eq!(broken(&|l| l.swap(1, 2)), Err(2));
        assert_eq!(broken(&|l| l[3] = l[3].replace("{\"act\"", "{ \"act\"")), Err(4));
        assert_eq!(broken(&|l| l.insert(0, String::new())), Err(1));
    }
}

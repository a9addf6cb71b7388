//! Mail: written in the transaction of what it tells of, sealed until it is sent, then gone.
//!
//! An instance without SMTP keeps what it would have sent, for the operator to hand over. The text
//! of a mail holds no link that does anything by being opened.

use super::person::Person;
use super::throttle::NOTICE;
use super::{Accounts, new_id};
use crate::web::Fault;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use proof::der::Time;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::jobs::{self, NewJob};
use store::{StoreError, Tx};
use trust::TrustError;

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// A name and password for the server.
    pub login: Option<(String, String)>,
    /// Whom it is from.
    pub from: String,
    /// The root of the server's certificate in PEM, where it is no public one.
    pub root: Option<Vec<u8>>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, required.
    StartTls,
    /// None; only for a server on this host.
    None,
}

/// A mail to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// A mail that waits, as the operator sees it.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// When it was written.
    pub made: Time,
    /// The mail.
    pub letter: Letter,
    /// Why the last try failed.
    pub error: Option<String>,
}

const JOB: &str = "mail";
/// Tries, over about a day.
const TRIES: i64 = 20;
const LEASE_MS: i64 = 120_000;
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a mail that nobody sends or hands over is kept.
const KEPT_S: i64 = 7 * 86_400;

/// A connection to a mail server.
pub(super) struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

fn refused(what: &str, cause: &dyn std::fmt::Display) -> TrustError {
    TrustError::Refused(format!("[mail] {what}: {cause}"))
}

impl Post {
    /// The way to the server; nothing is sent yet.
    ///
    /// # Errors
    /// Refused where the settings cannot be used.
    pub(super) fn new(smtp: &Smtp) -> Result<Self, TrustError> {
        let mut tls = TlsParameters::builder(smtp.host.clone());
        if let Some(pem) = &smtp.root {
            tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(|e| refused("root", &e))?);
        }
        let tls = tls.build().map_err(|e| refused("host", &e))?;
        let is_here = smtp.host == "localhost" || smtp.host.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback());
        let security = match smtp.security {
            Security::Tls => Tls::Wrapper(tls),
            Security::StartTls => Tls::Required(tls),
            Security::None if is_here => Tls::None,
            Security::None => return Err(refused("security", &"without TLS only to this host")),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(security)
            .timeout(Some(TIMEOUT));
        if let Some((name, password)) = &smtp.login {
            builder = builder.credentials(Credentials::new(name.clone(), password.clone()));
        }
        let from = smtp.from.parse().map_err(|e| refused("from", &e))?;
        Ok(Self { transport: builder.build(), from })
    }

    async fn send(&self, letter: &Letter) -> Result<(), String> {
        let to: Address = letter.to.parse().map_err(|_| "the address cannot be written to".to_owned())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .map_err(|e| e.to_string())?;
        self.transport.send(message).await.map(drop).map_err(|e| e.to_string())
    }
}

impl Accounts {
    /// Writes a mail that goes out when, and only when, the transaction commits.
    pub(crate) async fn write(
        &self,
        tx: &mut Tx,
        person: Option<&str>,
        letter: &Letter,
        now: Time,
    ) -> Result<(), TrustError> {
        let id = new_id()?;
        let body = serde_json::to_vec(letter).map_err(|e| TrustError::Broken(e.to_string()))?;
        let sealed = self.vault().seal(&format!("outbox/{id}"), &body)?;
        let sql = "insert into outbox (id, person, body, made_s) values ($1, $2, $3, $4)";
        tx.execute(sql, &[id.as_str().into(), person.into(), sealed.into(), now.unix_s().into()]).await?;
        let now_ms = now.unix_s() * 1000;
        let job = NewJob { id: &id, kind: JOB, payload: &id, due_ms: now_ms, tries_max: TRIES };
        jobs::add(tx, &job, now_ms).await?;
        self.wake();
        Ok(())
    }

    async fn letter(&self, id: &str) -> Result<Option<(Time, Letter)>, TrustError> {
        let rows = self.db().rows("select body, made_s from outbox where id = $1", &[id.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let body = self.vault().open_sealed(&format!("outbox/{id}"), row.bytes(0)?)?;
        let letter = serde_json::from_slice(&body).map_err(|e| TrustError::Broken(e.to_string()))?;
        Ok(Some((Time::from_unix(row.int(1)?), letter)))
    }

    /// Sends what is due. A mail may be sent twice where this program ends in between.
    pub(super) async fn send_mail(&self, now: Time) -> Result<(), TrustError> {
        let Some(post) = self.post() else { return Ok(()) };
        let now_ms = now.unix_s() * 1000;
        while let Some(job) = jobs::take(self.db(), JOB, &new_id()?, now_ms, LEASE_MS).await? {
            let sent = match self.letter(&job.payload).await? {
                // The person was erased meanwhile.
                None => Ok(()),
                // What a server says may name the address; neither the message nor the job does.
                Some((_, letter)) => post.send(&letter).await.map_err(|cause| cause.replace(&letter.to, "the address")),
            };
            match sent {
                Ok(()) => {
                    let done: Result<(), StoreError> = store::transaction!(self.db(), tx => {
                        tx.execute("delete from outbox where id = $1", &[job.payload.as_str().into()]).await?;
                        jobs::finish(tx, &job).await
                    });
                    done?;
                }
                Err(cause) => {
                    tracing::warn!(mail = job.id, %cause, "a mail was not taken by the server");
                    jobs::fail(self.db(), &job, &cause, now_ms).await?;
                }
            }
        }
        Ok(())
    }

    /// The mails that wait, the newest first: what an operator hands over by other ways.
    pub async fn waiting_mail(&self) -> Result<Vec<Waiting>, TrustError> {
        let rows = self.db().rows("select id from outbox order by made_s desc, id limit 200", &[]).await?;
        let mut found = Vec::new();
        for row in &rows {
            let id = row.text(0)?.to_owned();
            let error = jobs::progress(self.db(), &id).await?.and_then(|progress| progress.error);
            match self.letter(&id).await {
                Ok(letter) => found.extend(letter.map(|(made, letter)| Waiting { id, made, letter, error })),
                // One that is damaged must not hide the others.
                Err(error) => tracing::error!(mail = id, %error, "a mail cannot be read"),
            }
        }
        Ok(found)
    }

    /// Takes a mail out of those that wait, after it was handed over; false where there is none.
    pub async fn drop_mail(&self, id: &str) -> Result<bool, StoreError> {
        store::transaction!(self.db(), tx => {
            tx.execute("delete from job where id = $1", &[id.into()]).await?;
            Ok(tx.execute("delete from outbox where id = $1", &[id.into()]).await? == 1)
        })
    }

    /// The mails that tell operators that something waits for them, one an hour at most for each.
    pub(super) async fn notices(&self, what: &str, now: Time) -> Result<Vec<(String, Letter)>, Fault> {
        let mut found = Vec::new();
        for operator in self.operators().await? {
            if self.try_once(NOTICE, &format!("{what} {}", operator.id), now).await.is_ok() {
                found.push((operator.id.clone(), operator.letter(what, &[])));
            }
        }
        Ok(found)
    }

    /// Those who run the node.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub(crate) async fn operators(&self) -> Result<Vec<Person>, TrustError> {
        let sql = "select id from person where is_operator = 1 and state = 'active' order by id";
        let mut found = Vec::new();
        for row in self.db().rows(sql, &[]).await? {
            found.extend(self.person(row.text(0)?).await?);
        }
        Ok(found)
    }

    /// Removes mail that nobody sent or handed over, and what is left of work that ended. Other work that
    /// was given up stays, for whoever looks for it and tries it again.
    pub(super) async fn sweep_mail(&self, now: Time) -> Result<(), StoreError> {
        let before_s = now.unix_s() - KEPT_S;
        self.db().execute("delete from outbox where made_s < $1", &[before_s.into()]).await?;
        let sql = "delete from job where (state = 'done' or (state = 'dead' and kind = 'mail')) and created_ms < $1";
        self.db().execute(sql, &[(before_s * 1000).into()]).await.map(drop)
    }
}

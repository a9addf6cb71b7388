//! The public journal: what became of clock and keys, one line each, chained and logged.
//!
//! A line is JSON with sorted keys. It names the digest of the line before it, and its
//! own digest becomes an entry of the log, so that no line can be changed, left out or
//! put in later without the log showing it. Lines hold nothing secret and nothing of users.

use crate::TrustError;
use crate::ledger::Ledger;
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::logged::journal_entry;
use serde_json::{Map, Value, json};
use store::{Db, Location, Migration, Row, Schema};

/// The tables of the journal.
pub const SCHEMA: Schema = Schema {
    part: "journal",
    migrations: &[Migration {
        number: 1,
        name: "the journal",
        sql: "
create table journal (
    number bigint primary key,
    line text not null,
    log text,
    entry bigint
);
",
    }],
};

/// No line is longer.
const LINE_BYTES_MAX: usize = 16 << 10;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a line is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// The name in the line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// The clock was measured for the first time since the authority started.
    ClockStarted = "clock-started",
    /// The clock was measured and stays as it is.
    ClockMeasured = "clock-measured",
    /// The clock was moved.
    ClockAdjusted = "clock-adjusted",
    /// The clock was moved over a leap second.
    ClockLeapt = "clock-leapt",
    /// A movement waits for the operator.
    ClockHeld = "clock-held",
    /// The operator lets the clock be moved.
    ClockAccepted = "clock-accepted",
    /// The time can no longer be told.
    ClockRefused = "clock-refused",
    /// The time can be told again.
    ClockResumed = "clock-resumed",
    /// A key was made.
    KeyMade = "key-made",
    /// A certificate was issued.
    CertificateIssued = "certificate-issued",
    /// A certificate was revoked.
    CertificateRevoked = "certificate-revoked",
    /// A key was destroyed.
    KeyDestroyed = "key-destroyed",
    /// A log was closed and another begun.
    LogRetired = "log-retired",
}

/// One line, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number, from 1 on.
    pub number: i64,
    /// When it was written.
    pub time: Time,
    /// What it is about.
    pub kind: String,
    /// All that it says.
    pub fields: Map<String, Value>,
    /// The line itself.
    pub line: String,
    /// The log that its digest is in, and where.
    pub logged: Option<(String, u64)>,
}

/// The journal of an instance.
#[derive(Clone)]
pub struct Journal {
    db: Db,
}

fn damaged(number: i64) -> TrustError {
    TrustError::Broken(format!("line {number} of the journal is damaged; restore a backup"))
}

/// The digest by which the next line and the log name a line.
#[must_use]
pub fn line_digest(line: &str) -> proof::digest::Digest {
    DigestAlgorithm::Sha256.digest(line.as_bytes())
}

impl Journal {
    /// Opens the journal in a database, which it makes its table in where it is not there.
    pub async fn open(location: &Location) -> Result<Self, TrustError> {
        Ok(Self { db: Db::open(location, false, SCHEMA).await? })
    }

    /// Faults to be put into commits to come.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn faults(&self) -> &store::faults::Faults {
        self.db.faults()
    }

    /// Closes the database.
    pub async fn close(self) {
        self.db.close().await;
    }

    /// Writes one line and gives its number. It is in the log after the next [`Journal::settle`].
    pub async fn write(&self, kind: Kind, time: Time, fields: Map<String, Value>) -> Result<i64, TrustError> {
        let written: Result<i64, TrustError> = store::transaction!(self.db, tx => {
            let rows = tx.rows("select number, line from journal order by number desc limit 1", &[]).await?;
            let (number, previous) = match rows.first() {
                Some(row) => (row.int(0)? + 1, line_digest(row.text(1)?).to_string()),
                None => (1, String::new()),
            };
            let mut line = fields.clone();
            line.insert("number".to_owned(), json!(number));
            line.insert("kind".to_owned(), json!(kind.name()));
            line.insert("time".to_owned(), json!(time.to_string()));
            line.insert("previous".to_owned(), json!(previous));
            let line = Value::Object(line).to_string();
            if line.len() > LINE_BYTES_MAX {
                return Err(TrustError::Refused(format!("a line of the journal has at most {LINE_BYTES_MAX} bytes")));
            }
            let sql = "insert into journal (number, line) values ($1, $2)";
            tx.execute(sql, &[number.into(), line.into()]).await?;
            Ok(number)
        });
        written
    }

    /// The number of the newest line; 0 where there is none.
    pub async fn newest(&self) -> Result<i64, TrustError> {
        let rows = self.db.rows("select number from journal order by number desc limit 1", &[]).await?;
        Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    /// Lines from this number on, the oldest first.
    pub async fn entries(&self, from: i64, count: i64) -> Result<Vec<Entry>, TrustError> {
        let sql = "select number, line, log, entry from journal where number >= $1 order by number limit $2";
        self.db.rows(sql, &[from.into(), count.into()]).await?.iter().map(read).collect()
    }

    /// The newest lines, the newest first.
    pub async fn last(&self, count: i64) -> Result<Vec<Entry>, TrustError> {
        let sql = "select number, line, log, entry from journal order by number desc limit $1";
        self.db.rows(sql, &[count.into()]).await?.iter().map(read).collect()
    }

    /// Puts the lines that are not in the log yet there. A line may come to be there twice.
    pub async fn settle(&self, ledger: &Ledger) -> Result<(), TrustError> {
        let sql = "select number, line, log, entry from journal where entry is null order by number limit 100";
        for row in self.db.rows(sql, &[]).await? {
            let entry = read(&row)?;
            // The log's newest time is that of its tokens: a line's time may be the host's word.
            let logged = ledger.append(journal_entry(entry.time, &line_digest(&entry.line)), Time::from_unix(0)).await;
            let included = logged.map_err(|_| TrustError::Refused("the log takes nothing now".to_owned()))?;
            let log = crate::instance::log_id(ledger.identity());
            let index = i64::try_from(included.index()).map_err(|_| damaged(entry.number))?;
            let sql = "update journal set log = $2, entry = $3 where number = $1";
            self.db.execute(sql, &[entry.number.into(), log.into(), index.into()]).await?;
        }
        Ok(())
    }
}

fn read(row: &Row) -> Result<Entry, TrustError> {
    let number = row.int(0)?;
    let line = row.text(1)?.to_owned();
    let fields = match serde_json::from_str(&line) {
        Ok(Value::Object(fields)) => fields,
        _ => return Err(damaged(number)),
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).ok_or_else(|| damaged(number));
    let time = Time::parse(text("time")?).ok_or_else(|| damaged(number))?;
    let kind = text("kind")?.to_owned();
    let entry = row.maybe_int(3)?.and_then(|n| u64::try_from(n).ok());
    let logged = row.maybe_text(2)?.map(str::to_owned).zip(entry);
    Ok(Entry { number, time, kind, fields, line, logged })
}

/// Follows a chain of lines from the first on.
#[derive(Debug, Default)]
pub struct Chain {
    number: u64,
    previous: String,
}

impl Chain {
    /// Whether this line is the next one. What comes after a wrong line is measured by that line.
    pub fn follows(&mut self, line: &str) -> bool {
        self.number += 1;
        let fields: Option<Map<String, Value>> = serde_json::from_str(line).ok();
        let field = |name: &str| fields.as_ref().and_then(|f| f.get(name));
        let is_next = field("number").and_then(Value::as_u64) == Some(self.number)
            && field("previous").and_then(Value::as_str) == Some(&self.previous);
        self.previous = line_digest(line).to_string();
        is_next
    }
}

/// Whether these lines are a chain from the first on.
///
/// # Errors
/// The number of the first line that is not.
pub fn check_chain<'a>(lines: impl Iterator<Item = &'a str>) -> Result<u64, u64> {
    let mut chain = Chain::default();
    for line in lines {
        if !chain.follows(line) {
            return Err(chain.number);
        }
    }
    Ok(chain.number)
}

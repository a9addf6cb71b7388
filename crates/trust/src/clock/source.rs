//! Where the time comes from, and what one measurement says.

use super::host::Host;
use super::{chrony, ntp};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What a source announces for the end of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leap {
    /// No leap second.
    #[default]
    None,
    /// A second 23:59:60.
    Inserted,
    /// No second 23:59:59.
    Deleted,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// UTC since 1970 less the raw clock.
    pub offset_ns: i64,
    /// How far that may be off, either way.
    pub error_ns: i64,
    /// The raw clock when it was taken.
    pub raw_ns: i64,
    /// What is announced for the end of the day.
    pub leap: Leap,
    /// Whether the source proved who it is (NTS, RFC 8915).
    pub authenticated: bool,
}

/// Why a source gave no measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceFault {
    /// It did not answer in time.
    NoAnswer,
    /// It cannot be asked at all.
    Unreachable(String),
    /// Its answer makes no sense.
    Malformed,
    /// It says that it does not know the time itself.
    Unsynchronised,
    /// It wants to be left alone (RFC 5905 section 7.4), with its reason.
    Kiss(String),
}

impl fmt::Display for SourceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("no answer"),
            Self::Unreachable(cause) => write!(f, "unreachable: {cause}"),
            Self::Malformed => f.write_str("an answer that makes no sense"),
            Self::Unsynchronised => f.write_str("does not know the time itself"),
            Self::Kiss(code) => write!(f, "wants to be left alone: {code}"),
        }
    }
}

/// A source of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An NTP server, `HOST:PORT`.
    Ntp(String),
    /// A chronyd beside us, by its command socket, for sources that only it can authenticate.
    Chrony {
        /// The client program.
        program: PathBuf,
        /// Its command socket.
        socket: PathBuf,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ntp(address) => f.write_str(address),
            Self::Chrony { socket, .. } => write!(f, "chrony {}", socket.display()),
        }
    }
}

impl Source {
    /// Takes one measurement.
    pub async fn measure(&self, host: &dyn Host, patience: Duration) -> Result<Sample, SourceFault> {
        match self {
            Self::Ntp(address) => ntp::query(address, host, patience).await,
            Self::Chrony { program, socket } => chrony::query(program, socket, host, patience).await,
        }
    }
}

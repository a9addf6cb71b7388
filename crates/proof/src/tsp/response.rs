//! TimeStampResp and PKIStatusInfo (RFC 3161 section 2.4.2).

use crate::der::{DerError, Element, Writer, tag};

/// PKIStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// A token as asked for (0).
    Granted,
    /// A token with changes (1).
    GrantedWithMods,
    /// No token (2).
    Rejection,
    /// Not yet; meaningless in this protocol (3).
    Waiting,
    /// A warning that revocation is near; no token (4).
    RevocationWarning,
    /// A note that revocation has happened; no token (5).
    RevocationNotification,
    /// A number that RFC 3161 does not have.
    Unknown(u64),
}

impl Status {
    fn from_number(n: u64) -> Self {
        match n {
            0 => Self::Granted,
            1 => Self::GrantedWithMods,
            2 => Self::Rejection,
            3 => Self::Waiting,
            4 => Self::RevocationWarning,
            5 => Self::RevocationNotification,
            n => Self::Unknown(n),
        }
    }

    /// Whether a token must come with it.
    #[must_use]
    pub fn is_granted(self) -> bool {
        matches!(self, Self::Granted | Self::GrantedWithMods)
    }

    /// The name in RFC 3161.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::GrantedWithMods => "grantedWithMods",
            Self::Rejection => "rejection",
            Self::Waiting => "waiting",
            Self::RevocationWarning => "revocationWarning",
            Self::RevocationNotification => "revocationNotification",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// PKIFailureInfo: one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureInfo {
    /// The algorithm is unknown or not supported.
    BadAlg = 0,
    /// The transaction is not permitted or supported.
    BadRequest = 2,
    /// The data has the wrong format.
    BadDataFormat = 5,
    /// The authority's time source is not available.
    TimeNotAvailable = 14,
    /// The policy is not supported.
    UnacceptedPolicy = 15,
    /// An extension is not supported.
    UnacceptedExtension = 16,
    /// The additional information is not understood or not available.
    AddInfoNotAvailable = 17,
    /// The request cannot be handled because of a fault of the system.
    SystemFailure = 25,
}

impl FailureInfo {
    const ALL: [Self; 8] = [
        Self::BadAlg,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AddInfoNotAvailable,
        Self::SystemFailure,
    ];

    /// The name in RFC 3161.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BadAlg => "badAlg",
            Self::BadRequest => "badRequest",
            Self::BadDataFormat => "badDataFormat",
            Self::TimeNotAvailable => "timeNotAvailable",
            Self::UnacceptedPolicy => "unacceptedPolicy",
            Self::UnacceptedExtension => "unacceptedExtension",
            Self::AddInfoNotAvailable => "addInfoNotAvailable",
            Self::SystemFailure => "systemFailure",
        }
    }
}

/// A response as received.
#[derive(Clone, Debug)]
pub struct TimeStampResp<'a> {
    /// The status.
    pub status: Status,
    /// What the authority says about it.
    pub status_strings: Vec<String>,
    /// Why it failed; the bits that RFC 3161 names.
    pub failures: Vec<FailureInfo>,
    /// The token (a ContentInfo), where there is one.
    pub token: Option<&'a [u8]>,
}

/// Sentences of a status beyond this count are not kept.
const STATUS_STRINGS_MAX: usize = 16;

impl<'a> TimeStampResp<'a> {
    /// Reads one response in DER; bring BER to DER first.
    pub fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        let mut fields = Element::parse(der)?.inside(tag::SEQUENCE)?;
        let mut info = fields.sequence()?;
        let status = Status::from_number(info.integer()?.to_u64().unwrap_or(u64::MAX));
        let mut status_strings = Vec::new();
        if let Some(text) = info.optional(tag::SEQUENCE)? {
            let mut lines = text.inside(tag::SEQUENCE)?;
            while !lines.is_empty() && status_strings.len() < STATUS_STRINGS_MAX {
                let line = lines.expect(tag::UTF8_STRING)?;
                status_strings.push(String::from_utf8_lossy(line.content).into_owned());
            }
        }
        let mut failures = Vec::new();
        if let Some(bits) = info.optional(tag::BIT_STRING)? {
            let mask = bits.named_bits()?;
            failures.extend(FailureInfo::ALL.into_iter().filter(|f| mask >> *f as u32 & 1 == 1));
        }
        info.finish()?;
        let token = if fields.is_empty() { None } else { Some(fields.expect(tag::SEQUENCE)?.full) };
        fields.finish()?;
        Ok(Self { status, status_strings, failures, token })
    }

    /// The DER of a response that carries `token`.
    #[must_use]
    pub fn encode_granted(token: &[u8]) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.sequence(|w| w.integer_u64(0));
            w.raw(token);
        });
        w.into_bytes()
    }

    /// The DER of a refusal with its reason and a sentence on what to do.
    #[must_use]
    pub fn encode_rejection(failure: FailureInfo, sentence: &str) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.sequence(|w| {
                w.integer_u64(2);
                w.sequence(|w| w.utf8(sentence));
                w.named_bits(tag::BIT_STRING, 1 << failure as u32);
            });
        });
        w.into_bytes()
    }
}

//! Openings: the salts and texts behind a record's commitments, shown all, some, or none.
//!
//! Whoever gets an opening checks it against the record and learns nothing of the others: one file of
//! a folder can be shown alone (selective disclosure). An opening that does not fit is a lie or a
//! mistake, and is named.

use super::{Commitment, Content, File, Files, Record, RecordError, SALT_BYTES, Statement, is_text};
use crate::digest::{from_hex, hex};
use serde::{Deserialize, Serialize};
use std::fmt;

const KIND: &str = "shiyin.openings/1";
const OPENINGS_MAX: usize = 3_000_000;

/// Which commitment of a record is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The applicant's name.
    Applicant,
    /// The content of a file, by its place from 0 on. Its text is the file itself, which is not here.
    Content(usize),
    /// The name of a file.
    Name(usize),
    /// A statement.
    Statement(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applicant => f.write_str("applicant"),
            Self::Content(file) => write!(f, "files/{file}/content"),
            Self::Name(file) => write!(f, "files/{file}/name"),
            Self::Statement(name) => write!(f, "statements/{name}"),
        }
    }
}

impl Part {
    /// The part that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let part = match text.split('/').collect::<Vec<_>>()[..] {
            ["applicant"] => Self::Applicant,
            ["files", file, "content"] => Self::Content(file.parse().ok()?),
            ["files", file, "name"] => Self::Name(file.parse().ok()?),
            ["statements", name] => Self::Statement(name.to_owned()),
            _ => return None,
        };
        // One way to write each: no `+1`, no `007`.
        (part.to_string() == text).then_some(part)
    }

    /// The commitment of a record; none where it has none there. `file` gives its files.
    fn of<'f>(&self, record: &Record, file: impl Fn(usize) -> Option<&'f File>) -> Option<Commitment> {
        match self {
            Self::Applicant => Some(record.applicant.0),
            Self::Content(place) => match file(*place)?.content {
                Content::Salted(commitment) => Some(commitment),
                Content::Digests { .. } => None,
            },
            Self::Name(place) => file(*place).map(|file| file.name),
            Self::Statement(name) => match record.statements.get(name)? {
                Statement::Committed(commitment) => Some(*commitment),
                Statement::Open(_) => None,
            },
        }
    }
}

/// The salt of one commitment, and its text; none for a file, which is its own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Which commitment it opens.
    pub part: Part,
    /// The salt.
    pub salt: [u8; SALT_BYTES],
    /// The text.
    pub text: Option<String>,
}

/// What an opening came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The record commits to this text.
    Text(Part, String),
    /// The content of a file must have this commitment under this salt: SHA-256 over both.
    File(usize, [u8; SALT_BYTES], Commitment),
    /// The record has no commitment there, or another one.
    Differs(Part),
}

/// Openings of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Openings(Vec<Opening>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningsJson {
    kind: String,
    openings: Vec<OpeningJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpeningJson {
    part: String,
    salt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Openings {
    /// These, in the order of their parts.
    #[must_use]
    pub fn new(mut openings: Vec<Opening>) -> Self {
        openings.sort_by(|a, b| a.part.cmp(&b.part));
        Self(openings)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Opening] {
        &self.0
    }

    /// Those that show one file and nothing of the others (selective disclosure).
    #[must_use]
    pub fn of_file(&self, file: usize) -> Self {
        let is_of = |opening: &&Opening| opening.part == Part::Content(file) || opening.part == Part::Name(file);
        Self(self.0.iter().filter(is_of).cloned().collect())
    }

    /// What each comes to against a record and its files.
    #[must_use]
    pub fn check(&self, record: &Record, files: &Files) -> Vec<Opened> {
        self.check_with(record, |place| files.all().get(place))
    }

    /// The same, where not all files are at hand.
    pub(super) fn check_with<'f>(&self, record: &Record, file: impl Fn(usize) -> Option<&'f File>) -> Vec<Opened> {
        let open = |opening: &Opening| {
            let part = opening.part.clone();
            match (&part, part.of(record, &file), &opening.text) {
                (Part::Content(file), Some(commitment), None) => Opened::File(*file, opening.salt, commitment),
                (_, Some(commitment), Some(text)) if commitment == Commitment::to(&opening.salt, text) => {
                    Opened::Text(part, text.clone())
                }
                _ => Opened::Differs(part),
            }
        };
        self.0.iter().map(open).collect()
    }

    pub(super) fn to_json(&self) -> Vec<OpeningJson> {
        let opening = |opening: &Opening| OpeningJson {
            part: opening.part.to_string(),
            salt: hex(&opening.salt),
            text: opening.text.clone(),
        };
        self.0.iter().map(opening).collect()
    }

    /// Canonical JSON (RFC 8785): the same openings give the same bytes.
    #[must_use]
    pub fn to_canonical_json(&self) -> Vec<u8> {
        let json = OpeningsJson { kind: KIND.to_owned(), openings: self.to_json() };
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// Reads openings.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let json: OpeningsJson = serde_json::from_slice(bytes).map_err(|e| RecordError::Shape(e.to_string()))?;
        if json.kind != KIND {
            return Err(RecordError::Kind(json.kind));
        }
        let openings = Self::from_json(json.openings)?;
        if openings.to_canonical_json() == bytes { Ok(openings) } else { Err(RecordError::NotCanonical) }
    }

    /// Each once, in order.
    pub(super) fn from_json(openings: Vec<OpeningJson>) -> Result<Self, RecordError> {
        if openings.len() > OPENINGS_MAX {
            return Err(RecordError::Many("openings"));
        }
        let opening = |opening: OpeningJson| {
            let wrong = || RecordError::Value(format!("opening {:?}", opening.part));
            let part = Part::parse(&opening.part).ok_or_else(wrong)?;
            let salt = from_hex(&opening.salt).and_then(|salt| salt.try_into().ok()).ok_or_else(wrong)?;
            if opening.text.as_deref().is_some_and(|text| !is_text(text)) {
                return Err(wrong());
            }
            Ok(Opening { part, salt, text: opening.text })
        };
        let openings = Self(openings.into_iter().map(opening).collect::<Result<_, _>>()?);
        let is_sorted = openings.0.windows(2).all(|pair| pair[0].part < pair[1].part);
        if is_sorted { Ok(openings) } else { Err(RecordError::NotCanonical) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SALT, files, record};
    use super::*;

    fn opening(part: Part, text: &str) -> Opening {
        Opening { part, salt: SALT, text: Some(text.to_owned()) }
    }

    fn openings() -> Openings {
        Openings::new(vec![
            opening(Part::Statement("title".to_owned()), "月港"),
            opening(Part::Name(0), "a.jpg"),
            opening(Part::Name(1), "sub/b.txt"),
            Opening { part: Part::Content(1), salt: SALT, text: None },
            opening(Part::Applicant, "林月港"),
        ])
    }

    #[test]
    fn openings_fit_their_record_and_no_other_text() {
        let bytes = openings().to_canonical_json();
        let read = Openings::parse(&bytes).unwrap();
        assert_eq!(read, openings());
        let opened = read.check(&record(), &files());
        assert_eq!(opened[0], Opened::Text(Part::Applicant, "林月港".to_owned()));
        assert!(matches!(opened[1], Opened::File(1, SALT, c) if c == Commitment::to(&SALT, "b")));
        assert!(!opened.iter().any(|one| matches!(one, Opened::Differs(_))));
        for (part, text) in [
            (Part::Applicant, "林月江"),
            (Part::Name(2), "a.jpg"),
            (Part::Content(0), "a"),
            (Part::Statement("type".to_owned()), "photo"),
            (Part::Statement("none".to_owned()), ""),
        ] {
            let lie = Openings::new(vec![opening(part.clone(), text)]);
            assert_eq!(lie.check(&record(), &files()), [Opened::Differs(part)]);
        }
    }

    #[test]
    fn one_file_is_shown_alone() {
        let shown = openings().of_file(1);
        let text = String::from_utf8(shown.to_canonical_json()).unwrap();
        assert!(text.contains("sub/b.txt"));
        for hidden in ["a.jpg", "林月港", "月港"] {
            assert!(!text.contains(hidden), "{hidden}");
        }
        assert_eq!(shown.check(&record(), &files()).len(), 2);
    }

    #[test]
    fn hostile_openings_are_refused() {
        let good = String::from_utf8(openings().to_canonical_json()).unwrap();
        for (from, to) in [
            ("openings/1", "openings/2"),
            ("files/0/name", "files/00/name"),
            ("files/0/name", "files/+0/name"),
            ("files/0/name", "files/0/other"),
            ("\"applicant\"", "\"applicants\""),
            ("0707", "07"),
            ("0707", "ZZ07"),
            ("a.jpg", "a\\u0001jpg"),
            ("\"kind\"", " \"kind\""),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            assert!(Openings::parse(bad.as_bytes()).is_err(), "{to}");
        }
        let twice = Openings(vec![opening(Part::Applicant, "a"), opening(Part::Applicant, "b")]);
        assert_eq!(Openings::parse(&twice.to_canonical_json()), Err(RecordError::NotCanonical));
    }
}

//! One file of a record, shown alone (n-08): its leaf, the proof that it stands in the record, the
//! record, its token, and the openings that the owner chose to add.
//!
//! Whoever holds it checks one file and learns nothing of the others but how many there are and how
//! large they are together.

use super::files::{File, FileJson};
use super::openings::{Opened, OpeningJson, Openings, Part};
use super::{Hex32, Record, RecordError, RecordJson};
use crate::tlog::{Hash, InclusionProof};
use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};

const KIND: &str = "shiyin.disclosure/1";
/// A tree of as many leaves as a record may hold is no higher.
const PATH_MAX: usize = 20;
const TOKEN_BYTES_MAX: usize = 1 << 20;

/// One file of a record, shown alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// The record.
    pub record: Record,
    /// The token over the record: a TimeStampResp.
    pub token: Vec<u8>,
    /// The file.
    pub file: File,
    /// That it stands in the record.
    pub proof: InclusionProof,
    /// What is opened of it, and of the record.
    pub openings: Openings,
}

/// What a disclosure comes to, its token left aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whether the file stands in the record.
    pub is_in_record: bool,
    /// What its openings come to.
    pub opened: Vec<Opened>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DisclosureJson {
    file: FileJson,
    index: u64,
    kind: String,
    openings: Vec<OpeningJson>,
    path: Vec<Hex32>,
    record: RecordJson,
    token: String,
}

impl Disclosure {
    /// Whether the file stands in the record, and what the openings come to.
    #[must_use]
    pub fn check(&self) -> Shown {
        let own = usize::try_from(self.proof.index).unwrap_or(usize::MAX);
        let opened = self.openings.check_with(&self.record, |place| (place == own).then_some(&self.file));
        Shown { is_in_record: self.record.files.has(&self.file, &self.proof), opened }
    }

    /// The name that is opened for the file, where the file stands in the record and commits to it.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let own = usize::try_from(self.proof.index).ok()?;
        let checked = self.check();
        if !checked.is_in_record {
            return None;
        }
        checked.opened.into_iter().find_map(|opened| match opened {
            Opened::Text(Part::Name(place), text) if place == own => Some(text),
            _ => None,
        })
    }

    /// Canonical JSON (RFC 8785).
    #[must_use]
    pub fn to_canonical_json(&self) -> Vec<u8> {
        let json = DisclosureJson {
            file: FileJson::from(&self.file),
            index: self.proof.index,
            kind: KIND.to_owned(),
            openings: self.openings.to_json(),
            path: self.proof.hashes.iter().map(|hash| Hex32(*hash.as_bytes())).collect(),
            record: RecordJson::from(&self.record),
            token: Base64::encode_string(&self.token),
        };
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// Reads a disclosure.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let json: DisclosureJson = serde_json::from_slice(bytes).map_err(|e| RecordError::Shape(e.to_string()))?;
        if json.kind != KIND {
            return Err(RecordError::Kind(json.kind));
        }
        if json.path.len() > PATH_MAX {
            return Err(RecordError::Many("hashes"));
        }
        if json.index >= 1 << 53 || json.token.len() > TOKEN_BYTES_MAX {
            return Err(RecordError::Value("an index or a token of this size".to_owned()));
        }
        let token = Base64::decode_vec(&json.token).map_err(|_| RecordError::Value("the token".to_owned()))?;
        let hashes = json.path.into_iter().map(|hash| Hash::from_bytes(hash.0)).collect();
        let disclosure = Self {
            record: Record::try_from(json.record)?,
            token,
            file: File::try_from(json.file)?,
            proof: InclusionProof { index: json.index, hashes },
            openings: Openings::from_json(json.openings)?,
        };
        if disclosure.to_canonical_json() == bytes { Ok(disclosure) } else { Err(RecordError::NotCanonical) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SALT, files, record};
    use super::super::{Content, Opening};
    use super::*;

    fn disclosure(place: usize, text: &str) -> Disclosure {
        let opening = Opening { part: Part::Name(place), salt: SALT, text: Some(text.to_owned()) };
        Disclosure {
            record: record(),
            token: vec![1, 2, 3],
            file: files().all()[place],
            proof: files().proof(place).unwrap(),
            openings: Openings::new(vec![opening]),
        }
    }

    #[test]
    fn one_file_is_shown_and_the_other_stays_hidden() {
        let shown = disclosure(1, "sub/b.txt");
        let bytes = shown.to_canonical_json();
        assert_eq!(Disclosure::parse(&bytes).unwrap(), shown);
        let text = String::from_utf8(bytes).unwrap();
        let Content::Digests { sha256, .. } = files().all()[0].content else { panic!() };
        for hidden in ["a.jpg", "林月港", &crate::digest::hex(&sha256)] {
            assert!(!text.contains(hidden), "{hidden}");
        }
        let checked = shown.check();
        assert!(checked.is_in_record);
        assert_eq!(checked.opened, [Opened::Text(Part::Name(1), "sub/b.txt".to_owned())]);
        assert_eq!(shown.name().as_deref(), Some("sub/b.txt"));
    }

    #[test]
    fn another_file_place_or_name_is_noticed() {
        let other_file = Disclosure { file: files().all()[0], ..disclosure(1, "sub/b.txt") };
        assert!(!other_file.check().is_in_record && other_file.name().is_none());
        let mut no_way = disclosure(1, "sub/b.txt");
        no_way.proof.hashes.clear();
        assert_eq!(no_way.name(), None, "its name opens, but it stands in no record");
        let mut other_place = disclosure(1, "sub/b.txt");
        other_place.proof.index = 0;
        let checked = other_place.check();
        assert!(!checked.is_in_record && checked.opened == [Opened::Differs(Part::Name(1))]);
        assert_eq!(disclosure(1, "a.jpg").name(), None);
        let good = String::from_utf8(disclosure(0, "a.jpg").to_canonical_json()).unwrap();
        for (from, to) in [
            ("disclosure/1", "disclosure/2"),
            ("\"index\":0", "\"index\":9007199254740992"),
            ("\"AQID\"", "\"AQID=\""),
            ("\"path\":[", "\"path\":[ "),
            ("record/1", "record/9"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            assert!(Disclosure::parse(bad.as_bytes()).is_err(), "{to}");
        }
    }
}

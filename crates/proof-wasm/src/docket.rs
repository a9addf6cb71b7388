//! What a signed report is asked for with: a record by its number, or a token, and digests of files.
//!
//! No file, no name and no salt is in it: whoever signs the report verifies the record or the token anew, and
//! compares digests. What stands under a salt cannot be compared that way, and never stands in a docket: a
//! commitment is public, so that handing one in would show nothing.

use crate::desk::{Desk, Item};
use crate::judge::Subject;
use crate::kind::Kind;
use proof::digest::{Digest, DigestAlgorithm, from_hex, hex};
use proof::record::EvidenceNumber;
use serde::{Deserialize, Serialize};

/// Files that one report speaks of; a larger folder is checked with its package.
pub const FILES_MAX: usize = 500;
/// A token is no larger.
const TOKEN_BYTES_MAX: usize = 1 << 20;

/// The subject of a report: a number or a token, and files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Docket {
    /// The evidence number of a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// A token over a file, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The digests of the files that were put down, as `SHA-256:…`, one of each algorithm.
    #[serde(default)]
    pub files: Vec<Vec<String>>,
}

/// Why a docket was not taken: the name of the field.
pub type Wrong = &'static str;

impl Docket {
    /// The record that it is about.
    ///
    /// # Errors
    /// `number`, where it is none.
    pub fn number(&self) -> Result<Option<EvidenceNumber>, Wrong> {
        self.number.as_deref().map(|number| number.trim().parse().map_err(|_| "number")).transpose()
    }

    /// The token that it is about.
    ///
    /// # Errors
    /// `token`, where it is no hexadecimal or too large.
    pub fn token(&self) -> Result<Option<Vec<u8>>, Wrong> {
        let read = |text: &String| from_hex(text).filter(|_| text.len() <= 2 * TOKEN_BYTES_MAX).ok_or("token");
        self.token.as_ref().map(read).transpose()
    }
}

fn written(digests: &[Digest]) -> Vec<String> {
    digests.iter().map(|digest| format!("{}:{digest}", digest.algorithm().name())).collect()
}

/// The digests of one file: at least one, and no two of one algorithm, of which one could be another file's.
fn read(digests: &[String]) -> Option<Vec<Digest>> {
    let mut found: Vec<Digest> = Vec::new();
    for text in digests {
        let (name, value) = text.split_once(':')?;
        let algorithm = DigestAlgorithm::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))?;
        if found.iter().any(|digest| digest.algorithm() == algorithm) {
            return None;
        }
        found.push(Digest::new(algorithm, &from_hex(&value.to_lowercase())?)?);
    }
    (!found.is_empty()).then_some(found)
}

impl Desk {
    /// What a report about a subject of this desk is asked for with; none where it is neither about a
    /// record nor about a token over a file without salt, or speaks of too many files. `is_alone` says that the desk
    /// has no other subject: then what fits nothing belongs to this one.
    #[must_use]
    pub fn docket(&self, subject: &Subject, is_alone: bool) -> Option<Docket> {
        if !subject.is_reportable() {
            return None;
        }
        let number = subject.record.as_ref().map(|record| record.number.clone());
        let is_token = |item: &&Item| item.kind == Kind::Token && item.bytes.len() <= TOKEN_BYTES_MAX;
        let named = |name: &str| self.items.iter().filter(is_token).find(|item| item.name == name);
        let token = match &number {
            None => Some(hex(&subject.tokens.iter().find_map(|(name, _)| named(name))?.bytes)),
            Some(_) => None,
        };
        let is_salted = subject.files.iter().any(|file| file.is_salted);
        let is_meant = |place: usize| {
            let is_outside = self.items.get(place).is_some_and(|item| item.within.is_none());
            is_alone && is_outside || subject.files.iter().any(|file| file.item == Some(place))
        };
        let items = self.items.iter().enumerate();
        let put_down = items.filter(|(place, item)| item.is_plain() && item.fault.is_none() && is_meant(*place));
        let digests = put_down.map(|(_, item)| written(&item.digests)).filter(|digests| !digests.is_empty());
        let files: Vec<_> = digests.filter(|_| !is_salted).take(FILES_MAX + 1).collect();
        (files.len() <= FILES_MAX).then_some(Docket { number, token, files })
    }

    /// Lays down the files of a docket, after everything else was hashed; they are called `#1`, `#2` and on.
    ///
    /// # Errors
    /// `files`, where there are too many or a digest cannot be read; then nothing was laid down.
    pub fn offer_hashed(&mut self, files: &[Vec<String>]) -> Result<(), Wrong> {
        if files.len() > FILES_MAX {
            return Err("files");
        }
        let mut items = Vec::new();
        for (place, digests) in files.iter().enumerate() {
            let item = Item::new(&format!("#{}", place + 1), None, Kind::Content, Vec::new());
            items.push(Item { digests: read(digests).ok_or("files")?, ..item });
        }
        self.items.extend(items);
        Ok(())
    }
}

impl Subject {
    /// Whether a node can sign a report about it from digests alone.
    #[must_use]
    pub fn is_reportable(&self) -> bool {
        match &self.record {
            Some(record) => record.is_stamped,
            None => {
                let is_token = self.tokens.iter().any(|(_, report)| report.facts.is_some());
                let is_salted = self.files.iter().any(|file| file.is_salted);
                is_token && !is_salted && self.pdf.is_none() && !self.is_folder
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_docket_names_no_file_and_reads_back() {
        let mut desk = Desk::new();
        desk.offer("holiday/secret name.jpg", 3, Some(b"abc"));
        desk.hashed(0, false, DigestAlgorithm::Sha256.digest(b"abc"));
        desk.offer("token.tsr", 2, Some(&[0x30, 0x00]));
        desk.items[1].kind = Kind::Token;
        desk.items[1].bytes = vec![0x30, 0x00];
        let facts = proof::report::TokenFacts {
            gen_time: proof::der::Time::from_unix(0),
            accuracy: None,
            policy: String::new(),
            serial: String::new(),
            imprint_algorithm: String::new(),
            imprint: String::new(),
            signer: None,
            path: Vec::new(),
            authority_fingerprint: None,
            token_digest: None,
            log: None,
            independent: None,
        };
        let mut subject = Subject {
            tokens: vec![("token.tsr".to_owned(), proof::report::Report::new(Vec::new(), Some(facts)))],
            ..Subject::default()
        };
        let docket = desk.docket(&subject, true).unwrap();
        let text = serde_json::to_string(&docket).unwrap();
        assert!(!text.contains("secret") && text.contains("\"token\":\"3000\""), "{text}");
        let read: Docket = serde_json::from_str(&text).unwrap();
        assert_eq!((read.token(), read.number()), (Ok(Some(vec![0x30, 0x00])), Ok(None)));
        let mut other = Desk::new();
        other.offer_hashed(&read.files).unwrap();
        assert_eq!(&*other.items[0].name, "#1");
        assert_eq!(other.items[0].digests, desk.items[0].digests);
        // Among several subjects, each speaks of its own files alone; nothing is told of what stands under a salt.
        assert!(desk.docket(&subject, false).unwrap().files.is_empty());
        let line = crate::judge::FileLine::new("", None, crate::judge::FileState::Same);
        subject.files.push(crate::judge::FileLine { item: Some(0), ..line });
        assert_eq!(desk.docket(&subject, false).unwrap().files.len(), 1);
        subject.files[0].is_salted = true;
        assert_eq!(desk.docket(&subject, true), None);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_whole() {
        let file = |digests: &[&str]| digests.iter().map(|&digest| digest.to_owned()).collect::<Vec<_>>();
        let [sha, other] = ["ab", "cd"].map(|byte| format!("SHA-256:{}", byte.repeat(32)));
        // Two digests of one algorithm could be of two files, of which one is not the one.
        let wrongs = [file(&[]), file(&["SHA-256:00"]), file(&["ab"]), file(&["none:00"]), file(&[&*sha, &*other])];
        for wrong in wrongs {
            let mut desk = Desk::new();
            assert_eq!(desk.offer_hashed(&[file(&[&*sha]), wrong]), Err("files"));
            assert!(desk.items.is_empty());
        }
        assert_eq!(Desk::new().offer_hashed(&vec![file(&[&*sha]); FILES_MAX + 1]), Err("files"));
        assert!(serde_json::from_str::<Docket>(r#"{"files":[],"salted":[]}"#).is_err());
        let asked = |text: &str| serde_json::from_str::<Docket>(text).unwrap();
        assert_eq!(asked(r#"{"number":"SY-1"}"#).number(), Err("number"));
        assert_eq!(asked(r#"{"token":"xy"}"#).token(), Err("token"));
    }
}

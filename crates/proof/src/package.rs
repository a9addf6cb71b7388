//! The evidence package: a folder, commonly as a ZIP, that holds records with all that checks them.
//!
//! `package.json` is a folder's manifest ([`crate::manifest`]) over every other file but itself and
//! `package.tsr`, its token. Whoever writes a package and whoever reads one take the names from here
//! (docs/conformance/packages.md). A path says what a file is meant to be; what it is, its bytes say.

use crate::record::EvidenceNumber;

/// The manifest over all other files.
pub const MANIFEST: &str = "package.json";
/// The token over the manifest.
pub const TOKEN: &str = "package.tsr";
/// What the package is, for whoever opens it.
pub const README: &str = "README.txt";
/// The verifier as one file.
pub const VERIFIER: &str = "verify.html";
/// The folder with a folder for each record, named by its evidence number.
pub const RECORDS: &str = "records";

/// A file of a package, by its path below the package's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `package.json`
    Manifest,
    /// `package.tsr`
    Token,
    /// `README.txt`
    Readme,
    /// `verify.html`
    Verifier,
    /// `records/NUMBER/…`
    Of(EvidenceNumber, RecordPart),
    /// Anything else: it is listed in the manifest and has no meaning of its own.
    Other(String),
}

/// A file of a record, by its path below the record's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordPart {
    /// `record.json`: what was stamped.
    Record,
    /// `record.tsr`: its token.
    Token,
    /// `record.SUITE.tsr`: a token of a further suite.
    FurtherToken(String),
    /// `files.json`: the leaves behind the record's root.
    Files,
    /// `openings.json`: what is opened of the commitments.
    Openings,
    /// `certificate.pdf`
    Certificate,
    /// `originals/PATH`: a file of the record, under the name that is opened for it.
    Original(String),
    /// `proofs/NAME`: certificates, revocation lists, further proofs.
    Proof(String),
    /// Anything else.
    Other(String),
}

impl Part {
    /// What the file at this path is.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match path {
            MANIFEST => return Self::Manifest,
            TOKEN => return Self::Token,
            README => return Self::Readme,
            VERIFIER => return Self::Verifier,
            _ => {}
        }
        let below = path.strip_prefix(RECORDS).and_then(|rest| rest.strip_prefix('/'));
        let split = below.and_then(|rest| rest.split_once('/'));
        let number = |text: &str| text.parse::<EvidenceNumber>().ok().filter(|number| number.to_string() == text);
        match split.and_then(|(folder, rest)| Some((number(folder)?, rest))) {
            Some((number, rest)) => Self::Of(number, RecordPart::of(rest)),
            None => Self::Other(path.to_owned()),
        }
    }

    /// Its path below the package's folder.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Manifest => MANIFEST.to_owned(),
            Self::Token => TOKEN.to_owned(),
            Self::Readme => README.to_owned(),
            Self::Verifier => VERIFIER.to_owned(),
            Self::Of(number, part) => format!("{RECORDS}/{number}/{}", part.path()),
            Self::Other(path) => path.clone(),
        }
    }

    /// Whether the manifest lists it: all but itself and its token.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        !matches!(self, Self::Manifest | Self::Token)
    }
}

impl RecordPart {
    fn of(path: &str) -> Self {
        match path {
            "record.json" => return Self::Record,
            "record.tsr" => return Self::Token,
            "files.json" => return Self::Files,
            "openings.json" => return Self::Openings,
            "certificate.pdf" => return Self::Certificate,
            _ => {}
        }
        let suite = path.strip_prefix("record.").and_then(|rest| rest.strip_suffix(".tsr"));
        let is_plain = |name: &&str| !name.is_empty() && !name.contains(['/', '.']);
        match (path.split_once('/'), suite.filter(is_plain)) {
            (Some(("originals", rest)), _) if !rest.is_empty() => Self::Original(rest.to_owned()),
            (Some(("proofs", rest)), _) if !rest.is_empty() => Self::Proof(rest.to_owned()),
            (_, Some(suite)) => Self::FurtherToken(suite.to_owned()),
            _ => Self::Other(path.to_owned()),
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Record => "record.json".to_owned(),
            Self::Token => "record.tsr".to_owned(),
            Self::FurtherToken(suite) => format!("record.{suite}.tsr"),
            Self::Files => "files.json".to_owned(),
            Self::Openings => "openings.json".to_owned(),
            Self::Certificate => "certificate.pdf".to_owned(),
            Self::Original(path) => format!("originals/{path}"),
            Self::Proof(name) => format!("proofs/{name}"),
            Self::Other(path) => path.clone(),
        }
    }
}

/// The folder of a package to which a file of this path leads: what stands before `package.json`,
/// `package.tsr` or `records/NUMBER/record.json`, with its last `/`; none where it leads to none.
#[must_use]
pub fn root_of(path: &str) -> Option<&str> {
    let leads = |below: &str| {
        matches!(Part::of(below), Part::Manifest | Part::Token | Part::Of(_, RecordPart::Record | RecordPart::Token))
    };
    let places = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
    let (root, _) = places.filter_map(|at| path.split_at_checked(at)).find(|(_, below)| leads(below))?;
    Some(root)
}

/// Whether it is what systems add to folders and archives by themselves, and no part of anything.
#[must_use]
pub fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with("__MACOSX/") || matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number() -> String {
        EvidenceNumber::from_random(&[9; 32]).unwrap().to_string()
    }

    #[test]
    fn every_part_has_one_path() {
        let number = number();
        let below = |path: &str| format!("records/{number}/{path}");
        let own = ["record.json", "record.tsr", "record.sm2.tsr", "files.json", "openings.json", "certificate.pdf"];
        let further = ["originals/a/b.jpg", "proofs/chain.pem", "other.txt", "originals/", "record..tsr", "a.tsr"];
        let mut paths: Vec<String> = own.iter().chain(&further).map(|path| below(path)).collect();
        paths.extend([MANIFEST, TOKEN, README, VERIFIER, "x/package.json", "records/x/record.json"].map(str::to_owned));
        for path in &paths {
            assert_eq!(Part::of(path).path(), *path);
        }
        for path in own {
            assert!(!matches!(Part::of(&below(path)), Part::Of(_, RecordPart::Other(_)) | Part::Other(_)), "{path}");
        }
        let lower = below("record.json").to_lowercase();
        assert_eq!(Part::of(&lower), Part::Other(lower.clone()), "one way to write a number");
        assert!(paths.iter().filter(|path| !Part::of(path).is_listed()).count() == 2);
    }

    #[test]
    fn the_folder_of_a_package_is_found() {
        let record = format!("records/{}/record.json", number());
        assert_eq!(root_of("package.json"), Some(""));
        assert_eq!(root_of("SY-1/package.tsr"), Some("SY-1/"));
        assert_eq!(root_of(&format!("a/b/{record}")), Some("a/b/"));
        for path in ["package.jsonx", "records/x/record.json", "apackage.json", "package.json/x", ""] {
            assert_eq!(root_of(path), None, "{path}");
        }
        assert!(is_litter("__MACOSX/._a") && is_litter("a/.DS_Store") && !is_litter("a/DS_Store"));
    }
}

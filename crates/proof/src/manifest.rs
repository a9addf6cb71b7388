//! The manifest of a folder: which files, how large, with which digests.
//!
//! RFC 8785 canonical JSON, so that the same folder gives the same bytes. Reading
//! is strict: unknown keys, other bytes than the canonical ones, paths that leave
//! the folder or stand twice are refused. The number of files is bounded.

use serde::{Deserialize, Serialize};

/// What is put behind a folder's name for its manifest.
pub const SUFFIX: &str = ".manifest.json";
/// What is put behind a folder's name for the salts of its files.
pub const SALTS_SUFFIX: &str = ".salts.json";

const KIND: &str = "shiyin.manifest/1";
const FILES_MAX: usize = 1_000_000;

/// The files of a folder. Fields stand in the order of their names, as RFC 8785 wants.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Sorted by their paths, none twice.
    pub files: Vec<Entry>,
    kind: String,
}

/// One file: its digest, or the commitment to it under a salt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    commitment: Option<String>,
    /// The path below the folder, with `/` between its parts.
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// The size in bytes.
    pub size: u64,
}

impl Entry {
    /// A file with its SHA-256, which is a commitment where a salt stands before the content.
    #[must_use]
    pub fn new(path: String, size: u64, digest: &[u8], salted: bool) -> Self {
        let value = Some(crate::digest::hex(digest));
        let (commitment, sha256) = if salted { (value, None) } else { (None, value) };
        Self { commitment, path, sha256, size }
    }

    /// Whether a salt is needed to check it.
    #[must_use]
    pub fn is_salted(&self) -> bool {
        self.commitment.is_some()
    }

    /// The digest or commitment, in hexadecimal.
    #[must_use]
    pub fn value(&self) -> &str {
        self.commitment.as_deref().or(self.sha256.as_deref()).unwrap_or_default()
    }
}

impl Manifest {
    /// A manifest of these files.
    #[must_use]
    pub fn new(mut files: Vec<Entry>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files, kind: KIND.to_owned() }
    }

    /// The bytes that are stamped. Keys are ASCII and in order, numbers are integers below 2^53,
    /// and `serde_json` escapes as RFC 8785 section 3.2.2.2 does.
    #[must_use]
    pub fn to_canonical_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if manifest.kind != KIND {
            return Err(format!("kind {}", manifest.kind));
        }
        if manifest.files.len() > FILES_MAX {
            return Err(format!("more than {FILES_MAX} files"));
        }
        for pair in manifest.files.windows(2) {
            if pair[0].path >= pair[1].path {
                return Err(format!("{} out of order or twice", pair[1].path));
            }
        }
        for entry in &manifest.files {
            let is_digest = crate::digest::from_hex(entry.value()).is_some_and(|d| d.len() == 32);
            let is_one = entry.commitment.is_some() != entry.sha256.is_some();
            if !is_digest || !is_one || entry.size >= 1 << 53 || !is_inside(&entry.path) {
                return Err(entry.path.clone());
            }
        }
        if manifest.to_canonical_json() != bytes {
            return Err("not canonical JSON (RFC 8785)".to_owned());
        }
        Ok(manifest)
    }
}

/// Whether a path stays in the folder and is written in one way only.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && !path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Entry {
        Entry::new(path.to_owned(), 3, &[7; 32], false)
    }

    #[test]
    fn what_is_written_reads_back() {
        let manifest =
            Manifest::new(vec![entry("b/c \"d\"\n"), entry("a"), Entry::new("中".into(), 0, &[1; 32], true)]);
        let bytes = manifest.to_canonical_json();
        assert!(bytes.starts_with(br#"{"files":[{"path":"a","sha256":"07"#), "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(Manifest::parse(&bytes).unwrap(), manifest);
    }

    #[test]
    fn hostile_manifests_are_refused() {
        for path in ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "a\0"] {
            let bytes = Manifest::new(vec![entry(path)]).to_canonical_json();
            assert!(Manifest::parse(&bytes).is_err(), "{path:?}");
        }
        let good = String::from_utf8(Manifest::new(vec![entry("a")]).to_canonical_json()).unwrap();
        for bad in [
            good.replace(":3}", ": 3}"),
            good.replace("manifest/1", "manifest/2"),
            good.replace("\"size\"", "\"more\":1,\"size\""),
            good.replace("07", "0"),
            good.replace(":3}", ":9007199254740992}"),
            format!("{good}\n"),
            good.replace("[{", "[{\"path\":\"a\",\"size\":3},{"),
            String::new(),
        ] {
            assert!(Manifest::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

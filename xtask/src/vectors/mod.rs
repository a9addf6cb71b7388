//! The public test vectors in `vectors/`, good and bad, each with the verdict expected.
//!
//! `cargo xtask vectors` writes them; a test makes them again and compares every
//! byte. The index is plain text, so that verifiers in any language can use it.

mod cases;
mod keys;
mod more_cases;
mod pki;
mod recipe;
mod requests;

use anyhow::{Context as _, Result};
use proof::der::Time;
use proof::report::{Code, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// A response or token with what it is checked against and what must come out.
pub(crate) struct Vector {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// The file of `vectors/content/` that is checked against it.
    pub(crate) content: Option<&'static str>,
    pub(crate) request: Option<Vec<u8>>,
    pub(crate) anchors: Vec<&'static str>,
    pub(crate) certificates: Vec<&'static str>,
    pub(crate) crls: Vec<&'static str>,
    pub(crate) now: Time,
    pub(crate) verdict: Verdict,
    /// Every finding of weight warning or more, `no-revocation-data` aside.
    pub(crate) codes: Vec<Code>,
    pub(crate) why: &'static str,
}

/// The files of `vectors/`, by path below it.
pub(crate) fn files() -> BTreeMap<String, Vec<u8>> {
    let pki = cases::Pki::new();
    let mut vectors = cases::all(&pki);
    vectors.extend(more_cases::all(&pki));
    let mut files = BTreeMap::new();
    files.insert("content/original.txt".to_owned(), recipe::CONTENT.to_vec());
    files.insert("content/one-bit-changed.txt".to_owned(), one_bit_changed());
    for (name, der) in pki.files() {
        files.insert(format!("pki/{name}.der"), der);
    }
    let mut index = String::from(INDEX_HEADER);
    for vector in &vectors {
        write_entry(&mut index, vector);
        files.insert(format!("tokens/{}.tsr", vector.name), vector.bytes.clone());
        if let Some(request) = &vector.request {
            files.insert(format!("tokens/{}.tsq", vector.name), request.clone());
        }
    }
    files.insert("tokens.txt".to_owned(), index.into_bytes());
    let mut index = String::from(REQUEST_INDEX_HEADER);
    for request in requests::all() {
        let _ = writeln!(index, "\n[{}]\nanswer = {}\nwhy = {}", request.name, request.answer, request.why);
        files.insert(format!("requests/{}.tsq", request.name), request.bytes);
    }
    files.insert("requests.txt".to_owned(), index.into_bytes());
    files
}

/// Writes every file below `root`.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (name, bytes) in files() {
        let path = root.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

const INDEX_HEADER: &str = "\
# Each block is one file tokens/NAME.tsr. Paths are relative to this file.
# content, request, anchor, certificate and crl are what the verifier is given;
# finding lists every finding of weight warning or more, no-revocation-data aside.
";

const REQUEST_INDEX_HEADER: &str = "\
# Each block is one file requests/NAME.tsq and what an authority answers to it:
# granted, or the name of the PKIFailureInfo.
";

fn write_entry(index: &mut String, vector: &Vector) {
    let _ = write!(index, "\n[{}]\nnow = {}\n", vector.name, vector.now);
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(index, "{key} = {value}");
    };
    if let Some(content) = vector.content {
        line("content", &format!("content/{content}"));
    }
    if vector.request.is_some() {
        line("request", &format!("tokens/{}.tsq", vector.name));
    }
    vector.anchors.iter().for_each(|name| line("anchor", &format!("pki/{name}.der")));
    vector.certificates.iter().for_each(|name| line("certificate", &format!("pki/{name}.der")));
    vector.crls.iter().for_each(|name| line("crl", &format!("pki/{name}.der")));
    line("verdict", vector.verdict.name());
    vector.codes.iter().for_each(|code| line("finding", code.name()));
    line("why", vector.why);
}

fn one_bit_changed() -> Vec<u8> {
    let mut content = recipe::CONTENT.to_vec();
    content[0] ^= 1;
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors in the repository are those the generator makes, no more and no less.
    #[test]
    fn vectors_are_up_to_date() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
        let made = files();
        for (name, bytes) in &made {
            let stored = std::fs::read(root.join(name)).unwrap_or_default();
            assert!(stored == *bytes, "vectors/{name} is not what the generator makes; run `cargo xtask vectors`");
        }
        for folder in ["tokens", "requests", "pki", "content"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let name = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
                assert!(made.contains_key(&name), "vectors/{name} is not made by the generator");
            }
        }
    }

    #[test]
    fn bad_vectors_outnumber_good_ones() {
        let pki = cases::Pki::new();
        let vectors: Vec<_> = cases::all(&pki).into_iter().chain(more_cases::all(&pki)).collect();
        let good = vectors.iter().filter(|v| v.verdict == Verdict::Valid).count();
        let all = vectors.len() + requests::all().len();
        assert!(all >= 120, "{all} vectors");
        assert!(vectors.len() - good > good, "{good} of {} are good", vectors.len());
        let mut names: Vec<_> = vectors.iter().map(|v| v.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), vectors.len(), "two vectors share a name");
    }
}

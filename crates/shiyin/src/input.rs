//! Reading what the command line names: small files, certificates, lists. Every read is bounded.

use crate::exit::{Exit, Failure};
use crate::words::Words;
use clap::ArgMatches;
use proof::der::Element;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Tokens, certificates and requests are far smaller.
pub const SMALL_BYTES_MAX: u64 = 4 << 20;
/// Revocation lists and manifests of large authorities and folders.
pub const LARGE_BYTES_MAX: u64 = 256 << 20;

/// The path given for a required argument.
pub fn path<'m>(matches: &'m ArgMatches, name: &str) -> &'m Path {
    matches.get_one::<PathBuf>(name).map_or(Path::new(""), PathBuf::as_path)
}

/// All paths given for an argument.
pub fn paths<'m>(matches: &'m ArgMatches, name: &str) -> Vec<&'m Path> {
    matches.get_many::<PathBuf>(name).unwrap_or_default().map(PathBuf::as_path).collect()
}

pub fn cannot_read(path: &Path, error: &io::Error, words: &Words) -> Failure {
    let values = [("path", &*path.to_string_lossy()), ("cause", &error.to_string())];
    Failure::new(Exit::Input, words.say("err-read", &values))
}

pub fn cannot_write(path: &Path, error: &io::Error, words: &Words) -> Failure {
    let name = path.to_string_lossy();
    let message = match error.kind() {
        io::ErrorKind::AlreadyExists => words.say("err-exists", &[("path", &name)]),
        _ => words.say("err-write", &[("path", &name), ("cause", &error.to_string())]),
    };
    Failure::new(Exit::Output, message)
}

/// A whole file of at most `limit` bytes; `-` is standard input.
pub fn read(path: &Path, limit: u64, words: &Words) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
    };
    read.map_err(|e| cannot_read(path, &e, words))?;
    if bytes.len() as u64 > limit {
        let values = [("path", &*path.to_string_lossy()), ("limit", &*format!("{limit} B"))];
        return Err(Failure::new(Exit::Input, words.say("err-too-large", &values)));
    }
    Ok(bytes)
}

/// The certificates in a file, PEM or DER.
pub fn certificates(path: &Path, words: &Words) -> Result<Vec<Vec<u8>>, Failure> {
    let bytes = read(path, SMALL_BYTES_MAX, words)?;
    let found = blocks(&bytes, "CERTIFICATE");
    if found.is_empty() || found.iter().any(|der| proof::x509::Certificate::parse(der).is_err()) {
        let message = words.say("err-not-certificate", &[("path", &path.to_string_lossy())]);
        return Err(Failure::new(Exit::Input, message));
    }
    Ok(found)
}

/// The revocation lists in a file, PEM or DER, or the OCSP response in it.
pub fn revocation_lists(path: &Path, words: &Words) -> Result<Vec<Vec<u8>>, Failure> {
    let bytes = read(path, LARGE_BYTES_MAX, words)?;
    let found = blocks(&bytes, "X509 CRL");
    let is_known = |der: &Vec<u8>| {
        proof::x509::crl::Crl::parse(der).is_ok() || proof::x509::ocsp::OcspResponse::parse(der).is_ok()
    };
    if found.is_empty() || !found.iter().all(is_known) {
        let message = words.say("err-not-crl", &[("path", &path.to_string_lossy())]);
        return Err(Failure::new(Exit::Input, message));
    }
    Ok(found)
}

/// The DER of every PEM block with this label, or the bytes themselves where they are DER.
pub fn blocks(bytes: &[u8], label: &str) -> Vec<Vec<u8>> {
    if Element::parse(bytes).is_ok() {
        return vec![bytes.to_vec()];
    }
    let text = String::from_utf8_lossy(bytes);
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut found = Vec::new();
    let mut rest = &*text;
    while let Some((_, after)) = rest.split_once(&begin) {
        let Some((body, after)) = after.split_once(&end) else { break };
        found.extend(base64(body));
        rest = after;
    }
    found
}

/// Base64 with line breaks (RFC 7468); none where it is not that.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let body: Vec<u8> = text.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    let digits = body.strip_suffix(b"==").or_else(|| body.strip_suffix(b"=")).unwrap_or(&body);
    if !body.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for c in group {
            bits = bits << 6 | u32::from(digit(*c)?);
        }
        bits <<= 6 * (4 - group.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_is_read_and_junk_is_not() {
        assert_eq!(base64("AAEC\nAw=="), Some(vec![0, 1, 2, 3]));
        assert_eq!(base64("AAE="), Some(vec![0, 1]));
        assert_eq!(base64("AA"), None);
        assert_eq!(base64("A*=="), None);
        let pem = b"junk\n-----BEGIN X-----\nMAA=\n-----END X-----\n-----BEGIN X-----\nMAA=\n-----END X-----";
        assert_eq!(blocks(pem, "X"), vec![vec![0x30, 0], vec![0x30, 0]]);
        assert!(blocks(b"-----BEGIN X-----\nMAA=", "X").is_empty());
    }
}

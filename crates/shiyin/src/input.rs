//! Reading what the command line names: small files, certificates, lists. Every read is bounded.

use crate::exit::{Exit, Failure};
use crate::words::Words;
use clap::ArgMatches;
use proof::pem;
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
    let found = pem::blocks(&bytes, "CERTIFICATE");
    if found.is_empty() || found.iter().any(|der| proof::x509::Certificate::parse(der).is_err()) {
        let message = words.say("err-not-certificate", &[("path", &path.to_string_lossy())]);
        return Err(Failure::new(Exit::Input, message));
    }
    Ok(found)
}

/// The revocation lists in a file, PEM or DER, or the OCSP response in it.
pub fn revocation_lists(path: &Path, words: &Words) -> Result<Vec<Vec<u8>>, Failure> {
    let bytes = read(path, LARGE_BYTES_MAX, words)?;
    let found = pem::blocks(&bytes, "X509 CRL");
    let is_known = |der: &Vec<u8>| {
        proof::x509::crl::Crl::parse(der).is_ok() || proof::x509::ocsp::OcspResponse::parse(der).is_ok()
    };
    if found.is_empty() || !found.iter().all(is_known) {
        let message = words.say("err-not-crl", &[("path", &path.to_string_lossy())]);
        return Err(Failure::new(Exit::Input, message));
    }
    Ok(found)
}

//! Sends originals by the tus protocol, and goes on where an earlier attempt was cut.
//!
//! Each piece goes with its checksum and counts once the node has it durably. Where an upload is, is
//! noted beside this user's state under server and digest, so that another start finds it.

use super::item::{Content, Item, changed};
use crate::exit::{Exit, Failure};
use crate::input;
use crate::node::client::{Client, Sending, patiently};
use crate::node::refusal::Refusal;
use crate::node::{state_folder, wait};
use crate::words::Words;
use base64ct::{Base64, Encoding as _};
use indicatif::{ProgressBar, ProgressStyle};
use proof::digest::DigestAlgorithm;
use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use store::files;
use ureq::Body;
use ureq::http::Response;

/// One request: durable at its end, and sent within a minute on a slow line.
const PIECE_BYTES: u64 = 4 << 20;
/// Faults in a row after which it is given up; what arrived stays.
const FAULTS_MAX: u32 = 8;
const WAIT_S_MAX: u64 = 30;
const TUS: (&str, &str) = ("Tus-Resumable", "1.0.0");

/// Sends every original that was not sent before.
pub fn send(client: &Client, items: &[Item], words: &Words) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    let own: Vec<&Item> = items.iter().filter(|item| seen.insert(&item.sha256)).collect();
    let progress = ProgressBar::new(own.iter().map(|item| item.size).sum());
    let template = "{msg} {percent:>3}% {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}";
    progress.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    progress.set_message(words.say("deposit-progress", &[]));
    let sent = own.iter().try_for_each(|item| Upload { client, item, progress: &progress, words }.run());
    progress.finish_and_clear();
    sent
}

/// Forgets where uploads were, once their record is made.
pub fn forget(client: &Client, items: &[Item]) {
    for item in items {
        if let Some(path) = note_path(client, item) {
            let _ = fs::remove_file(path);
        }
    }
}

fn note_path(client: &Client, item: &Item) -> Option<PathBuf> {
    let id = DigestAlgorithm::Sha256.digest(format!("{} {}", client.base, item.sha256).as_bytes());
    Some(crate::node::folder("XDG_STATE_HOME", ".local/state")?.join("uploads").join(id.to_string()))
}

/// How far an upload has come.
enum Stands {
    At(u64),
    Done,
}

struct Upload<'u> {
    client: &'u Client,
    item: &'u Item,
    progress: &'u ProgressBar,
    words: &'u Words,
}

fn stands(response: &Response<Body>) -> Option<Stands> {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    match header("upload-holding") {
        Some(_) => Some(Stands::Done),
        None => header("upload-offset")?.parse().ok().map(Stands::At),
    }
}

impl Upload<'_> {
    fn run(&self) -> Result<(), Refusal> {
        let start = self.progress.position();
        let mut place = self.known()?;
        let mut faults = 0;
        loop {
            let step = match &place {
                None => self.begin().map(|begun| place = Some(begun)),
                Some((address, Stands::At(offset))) => {
                    self.progress.set_position(start + offset);
                    let address = address.clone();
                    self.piece(&address, *offset).map(|now| place = Some((address, now)))
                }
                Some((_, Stands::Done)) => {
                    self.progress.set_position(start + self.item.size);
                    return Ok(());
                }
            };
            match step {
                Ok(()) => faults = 0,
                // The upload is gone or stands elsewhere: the node is asked.
                Err(refusal) if matches!(refusal.status, 404 | 409) && faults < FAULTS_MAX => {
                    faults += 1;
                    place = self.known()?;
                }
                Err(refusal) if refusal.status == 460 && refusal.code == "digest" => {
                    self.forget();
                    return Err(changed(Path::new(&self.item.name), self.words).into());
                }
                Err(refusal) if (refusal.passes() || refusal.status == 460) && faults < FAULTS_MAX => {
                    wait(refusal.wait_s.unwrap_or(1 << faults.min(5)).min(WAIT_S_MAX));
                    faults += 1;
                    place = self.known()?;
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }

    fn failed(&self, path: &Path, error: &std::io::Error) -> Refusal {
        input::cannot_write(path, error, self.words).into()
    }

    /// Where an earlier attempt left this file; none where there was none, or the node knows it no more.
    fn known(&self) -> Result<Option<(String, Stands)>, Refusal> {
        let Some(path) = note_path(self.client, self.item) else { return Ok(None) };
        let Ok(address) = fs::read_to_string(path) else { return Ok(None) };
        if !is_address(&address) {
            return Ok(None);
        }
        let headers = [(TUS.0, TUS.1.to_owned())];
        let asked = Sending { method: "HEAD", path: &address, headers: &headers, body: &[] };
        match patiently(|| self.client.send(&asked, self.words)) {
            Ok(response) => Ok(stands(&response).map(|stands| (address, stands))),
            Err(refusal) if refusal.status == 404 => {
                self.forget();
                Ok(None)
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn forget(&self) {
        if let Some(path) = note_path(self.client, self.item) {
            let _ = fs::remove_file(path);
        }
    }

    fn begin(&self) -> Result<(String, Stands), Refusal> {
        let encoded = |text: &str| Base64::encode_string(text.as_bytes());
        let headers = [
            (TUS.0, TUS.1.to_owned()),
            ("Upload-Length", self.item.size.to_string()),
            ("Upload-Metadata", format!("filename {},sha256 {}", encoded(&self.item.name), encoded(&self.item.sha256))),
        ];
        let asked = Sending { method: "POST", path: "/uploads", headers: &headers, body: &[] };
        let response = self.client.send(&asked, self.words)?;
        let address = response.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        // An address of this server, below the uploads; a whole one is cut down to that.
        let address = address.strip_prefix(&self.client.base).unwrap_or(address).to_owned();
        let stands = stands(&response).filter(|_| is_address(&address));
        let stands = stands.ok_or_else(|| {
            let values = [("server", &*self.client.base), ("what", "Location")];
            Failure::new(Exit::Answer, self.words.say("protect-odd", &values))
        })?;
        let folder = state_folder(self.words)?.join("uploads");
        fs::create_dir_all(&folder).map_err(|error| self.failed(&folder, &error))?;
        if let Some(path) = note_path(self.client, self.item) {
            files::replace(&path, address.as_bytes(), files::SECRET).map_err(|error| self.failed(&path, &error))?;
        }
        Ok((address, stands))
    }

    fn piece(&self, address: &str, offset: u64) -> Result<Stands, Refusal> {
        let length = PIECE_BYTES.min(self.item.size.saturating_sub(offset));
        let bytes = match &self.item.content {
            Content::Bytes(bytes) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                bytes[from..].iter().take(length as usize).copied().collect()
            }
            Content::File(path) => {
                let mut bytes = vec![0; length as usize];
                let read = File::open(path).and_then(|file| file.read_exact_at(&mut bytes, offset));
                read.map_err(|error| match error.kind() {
                    std::io::ErrorKind::UnexpectedEof => changed(path, self.words),
                    _ => input::cannot_read(path, &error, self.words),
                })?;
                bytes
            }
        };
        let sum = Base64::encode_string(DigestAlgorithm::Sha256.digest(&bytes).as_bytes());
        let headers = [
            (TUS.0, TUS.1.to_owned()),
            ("Content-Type", "application/offset+octet-stream".to_owned()),
            ("Upload-Offset", offset.to_string()),
            ("Upload-Checksum", format!("sha256 {sum}")),
        ];
        let sending = Sending { method: "PATCH", path: address, headers: &headers, body: &bytes };
        let response = self.client.send(&sending, self.words)?;
        stands(&response).ok_or_else(|| {
            let values = [("server", &*self.client.base), ("what", "Upload-Offset")];
            Failure::new(Exit::Answer, self.words.say("protect-odd", &values)).into()
        })
    }
}

fn is_address(address: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    address.strip_prefix("/uploads/").is_some_and(|id| !id.is_empty() && id.len() <= 64 && id.bytes().all(is_letter))
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn an_upload_lies_below_uploads() {
        assert!(is_address("/uploads/aZ0_-"));
        for wrong in ["", "/uploads/", "/uploads/a/b", "https://other.example/uploads/a", "/uploads/..", "/account"] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}

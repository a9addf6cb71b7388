//! A timestamp of a file of its own beside it, `FILE.tsr`: the response of RFC 3161 over the file, which any tool verifies.
//!
//! The token of a record is over the record; this one is over the file itself, and comes moments later. It is asked for at the
//! record's node, and checked before it gets its name. One that is there and holds stays.

use super::item::{Content, Item};
use crate::exit::{Exit, Failure};
use crate::node::Node;
use crate::stamp::client::Client;
use crate::words::Words;
use crate::{input, tell};
use proof::crypto::RustCrypto;
use proof::digest::{Digest, DigestAlgorithm, from_hex};
use proof::report::Verdict;
use proof::verify::{Context, token_der, verify};
use std::io;
use std::path::{Path, PathBuf};
use store::files;
use trust::clock::{Clock as _, SystemClock};

/// How long an authority may take.
const TIMEOUT_S: u64 = 30;

/// A token that is missing, and over what.
pub struct Missing {
    path: PathBuf,
    digest: Digest,
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tsr");
    PathBuf::from(name)
}

/// Which tokens are missing beside these files; refused before anything is sent where something else is in a place.
pub fn missing(node: &Node, paths: &[&Path], items: &[Item], words: &Words) -> Result<Vec<Missing>, Failure> {
    if let Some(folder) = paths.iter().find(|path| path.is_dir()) {
        let values = [("path", &*folder.to_string_lossy())];
        return Err(Failure::new(Exit::Usage, words.say("tsr-folder", &values)));
    }
    let mut missing = Vec::new();
    for item in items {
        let Content::File(file) = &item.content else { continue };
        let digest = from_hex(&item.sha256).and_then(|bytes| Digest::new(DigestAlgorithm::Sha256, &bytes));
        let Some(digest) = digest else { continue };
        let path = beside(file);
        if !path.exists() {
            missing.push(Missing { path, digest });
        } else if !holds(node, &path, &digest, words)? {
            return Err(input::cannot_write(&path, &io::ErrorKind::AlreadyExists.into(), words));
        }
    }
    Ok(missing)
}

/// Whether a token is over this file and of an authority that counts.
fn holds(node: &Node, path: &Path, digest: &Digest, words: &Words) -> Result<bool, Failure> {
    let bytes = input::read(path, input::SMALL_BYTES_MAX, words)?;
    let now = SystemClock.now().map_err(|_| Failure::new(Exit::Instance, words.say("err-clock", &[])))?;
    let content = [*digest];
    let cx = Context { content: &content, anchors: &node.anchors, ..Context::new(&RustCrypto, now.time) };
    let Ok(token) = token_der(&bytes) else { return Ok(false) };
    let verdict = verify(&token, &cx).verdict;
    Ok(verdict == Verdict::Valid || (verdict == Verdict::Unconfirmed && node.keep_unconfirmed))
}

/// Gets the tokens that are missing.
pub fn write(node: &Node, missing: &[Missing], is_json: bool, words: &Words) -> Result<(), Failure> {
    let client = Client {
        servers: vec![node.client.base.clone()],
        anchors: node.anchors.clone(),
        keep_unconfirmed: node.keep_unconfirmed,
        timeout_s: TIMEOUT_S,
    };
    let agent = client.agent();
    for one in missing {
        let (response, _) = client.stamp(&agent, None, &one.digest, words)?;
        files::write_new(&one.path, &response, files::PUBLIC)
            .map_err(|error| input::cannot_write(&one.path, &error, words))?;
        if !is_json {
            tell(&words.say("tsr-done", &[("path", &one.path.to_string_lossy())]));
        }
    }
    Ok(())
}

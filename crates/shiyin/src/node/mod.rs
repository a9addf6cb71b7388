//! A node as a program with a key meets it: which one, as whom, and whose word counts.
//!
//! `SHIYIN_KEY` with `SHIYIN_SERVER` goes before the profile, where no profile is named. A key is sent to
//! the server it is for and to no other, and over a line that others can read only where that was chosen.

pub mod client;
pub mod login;
pub mod profile;
pub mod refusal;

use crate::cli::DEFAULT_SERVER;
use crate::exit::{Exit, Failure};
use crate::words::Words;
use crate::{program, trust_store};
use clap::ArgMatches;
use client::Client;
use profile::Profile;
use std::path::PathBuf;

/// A node, and the authorities whose tokens count.
pub struct Node {
    pub client: Client,
    pub anchors: Vec<Vec<u8>>,
    pub keep_unconfirmed: bool,
    /// The profile that it is from; none where the environment has the key.
    pub profile: Option<Profile>,
}

fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The profile that is named, or the usual one.
pub fn profile_name(matches: &ArgMatches) -> String {
    let named = matches.get_one::<String>("profile").cloned();
    named.or_else(|| from_environment("SHIYIN_PROFILE")).unwrap_or_else(|| "default".to_owned())
}

/// The node of the command's profile or of the environment.
pub fn open(matches: &ArgMatches, words: &Words) -> Result<Node, Failure> {
    let mut anchors = trust_store::anchors(matches, words)?;
    let has_flag = |name: &str| matches.try_get_one::<bool>(name).ok().flatten().is_some_and(|set| *set);
    let keep_unconfirmed = has_flag("unconfirmed");
    let is_named = matches.get_one::<String>("profile").is_some();
    if let Some(key) = from_environment("SHIYIN_KEY").filter(|_| !is_named) {
        let server = from_environment("SHIYIN_SERVER").unwrap_or_else(|| DEFAULT_SERVER.to_owned());
        let base = client::base(&server, words)?;
        // A root that was recorded for the same server counts here too.
        let known = profile::find(&profile_name(matches), words).ok().filter(|known| known.server == base);
        anchors.extend(known.iter().flat_map(|known| known.roots()));
        let may_be_read = known.is_some_and(|known| known.plain_http);
        let client = Client::new(base, key, may_be_read, words)?;
        return Ok(Node { client, anchors, keep_unconfirmed, profile: None });
    }
    let profile = profile::find(&profile_name(matches), words)?;
    anchors.extend(profile.roots());
    let client = Client::new(profile.server.clone(), profile.key.clone(), profile.plain_http, words)?;
    Ok(Node { client, anchors, keep_unconfirmed, profile: Some(profile) })
}

impl Node {
    /// Refuses to begin what could not be checked.
    pub fn has_anchor(&self, words: &Words) -> Result<(), Failure> {
        if !self.anchors.is_empty() || self.keep_unconfirmed {
            return Ok(());
        }
        let values = [("program", &*program()), ("server", &self.client.base)];
        Err(Failure::new(Exit::Unconfirmed, words.say("stamp-no-trust", &values)))
    }
}

/// Where this user's programs keep what they need to go on: `$XDG_STATE_HOME/shiyin`.
pub fn state_folder(words: &Words) -> Result<PathBuf, Failure> {
    folder("XDG_STATE_HOME", ".local/state").ok_or_else(|| Failure::new(Exit::Output, words.say("err-home", &[])))
}

/// A folder of the user by the XDG base directories.
pub fn folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let base = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(below_home));
    base.or_else(home).map(|base| base.join("shiyin"))
}

/// Waits. For a server that asked to, or for a person who looks into a browser.
#[expect(clippy::disallowed_methods, reason = "this thread has nothing else to do")]
pub fn wait(seconds: u64) {
    std::thread::sleep(std::time::Duration::from_secs(seconds));
}

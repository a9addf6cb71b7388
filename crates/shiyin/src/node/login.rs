//! `shiyin login`, `logout` and `whoami`: a key for this computer, without a password passing through it.
//!
//! The node shows a page on which a signed-in person compares a code and allows; the key then comes here
//! once (RFC 8628). Or a key that was made in the browser is read from a file or standard input. The
//! node's root is recorded at the same time, and tokens are checked against it from then on.

use super::client::{self, Client, Sending};
use super::profile::{self, Profile};
use super::refusal::Refusal;
use super::{profile_name, wait};
use crate::exit::{Exit, Failure};
use crate::stamp::client as stamping;
use crate::words::{Words, visible};
use crate::{complain, input, tell};
use clap::ArgMatches;
use proof::digest::DigestAlgorithm;
use proof::x509::Certificate;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use trust::clock::host::{Host as _, Machine};

/// What is asked for where nothing else is.
const SCOPES: [&str; 5] = ["account:read", "records:read", "records:write", "holdings:read", "holdings:write"];
/// A server that asks for longer breaks between questions is not understood.
const INTERVAL_S_MAX: u64 = 60;

/// What the node answers to a program that wants to be signed in.
#[derive(Deserialize)]
struct Begun {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: u64,
}

/// The key that was allowed.
#[derive(Deserialize)]
struct Given {
    key: String,
    id: String,
    label: String,
    scopes: Vec<String>,
    until: String,
}

/// `shiyin login URL`
pub fn login(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let url = matches.get_one::<String>("url").cloned().unwrap_or_default();
    let base = client::base(&url, words)?;
    let plain_http = matches.get_flag("plain-http");
    if client::is_readable(&base) && !plain_http {
        return Err(Failure::new(Exit::Usage, words.say("node-plain", &[("server", &base)])));
    }
    let name = profile_name(matches);
    let path = profile::path(&name, words)?;
    if path.exists() && !matches.get_flag("force") {
        let values = [("name", &*name), ("path", &*path.to_string_lossy())];
        return Err(Failure::new(Exit::Output, words.say("login-exists", &values)));
    }
    let (root, fingerprint) = root(matches, &base, words)?;
    let given = match matches.get_one::<std::path::PathBuf>("key-file") {
        Some(file) => pasted(file, words)?,
        None => allowed(matches, &base, words)?,
    };
    let profile = Profile {
        server: base.clone(),
        key: given.key,
        key_id: given.id,
        label: given.label,
        scopes: given.scopes,
        until: given.until,
        root,
        plain_http,
    };
    let client = Client::new(base, profile.key.clone(), plain_http, words)?;
    let who = match client.get("/api/v1/account", words) {
        Ok(account) => account,
        // A key may do other things and not read the account.
        Err(refusal) if refusal.status == 403 => Value::Null,
        Err(refusal) => return Err(refusal.into()),
    };
    profile::keep(&path, &profile, words)?;
    if matches.get_flag("json") {
        tell(&about(&name, &path, &profile, &who).to_string());
        return Ok(Exit::Valid);
    }
    let shown = [("who", &*called(&who)), ("server", &profile.server)];
    tell(&words.say("login-done", &shown));
    tell(&words.say("login-kept", &[("path", &path.to_string_lossy()), ("name", &name)]));
    tell(&words.say("login-root", &[("fingerprint", &fingerprint)]));
    Ok(Exit::Valid)
}

/// The node's root, and its fingerprint: as expected, where one is given.
fn root(matches: &ArgMatches, base: &str, words: &Words) -> Result<(String, String), Failure> {
    let pem = stamping::fetch_root(base, words)?;
    let found = proof::pem::blocks(&pem, "CERTIFICATE");
    let refused = || Failure::new(Exit::Answer, words.say("err-not-certificate", &[("path", base)]));
    let [der] = found.as_slice() else { return Err(refused()) };
    Certificate::parse(der).map_err(|_| refused())?;
    let fingerprint = DigestAlgorithm::Sha256.digest(der).to_string();
    if let Some(expected) = matches.get_one::<String>("fingerprint") {
        let plain: String = expected.chars().filter(|c| *c != ':').collect::<String>().to_lowercase();
        if plain != fingerprint {
            let values = [("actual", &*fingerprint), ("expected", expected)];
            return Err(Failure::new(Exit::Usage, words.say("trust-mismatch", &values)));
        }
    }
    Ok((trust::instance::pem(der), fingerprint))
}

/// A key that was made in the browser.
fn pasted(file: &Path, words: &Words) -> Result<Given, Failure> {
    let bytes = input::read(file, 4096, words)?;
    let key = String::from_utf8_lossy(&bytes).trim().to_owned();
    Ok(Given { key, id: String::new(), label: String::new(), scopes: Vec::new(), until: String::new() })
}

/// A key that a person allows in the browser.
fn allowed(matches: &ArgMatches, base: &str, words: &Words) -> Result<Given, Failure> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let label = matches.get_one::<String>("label").cloned().unwrap_or_else(|| "shiyin".to_owned());
    let chosen: Vec<String> = matches.get_many::<String>("scope").unwrap_or_default().cloned().collect();
    let scopes = if chosen.is_empty() { SCOPES.map(str::to_owned).to_vec() } else { chosen };
    // Nobody is signed in yet: what stands for the key opens nothing.
    let nobody = Client::new(base.to_owned(), "none".to_owned(), true, words)?;
    let ask = |path: &str, body: Value| -> Result<Value, Refusal> {
        let headers = [("Content-Type", "application/json".to_owned())];
        let body = body.to_string();
        let mut answer =
            nobody.send(&Sending { method: "POST", path, headers: &headers, body: body.as_bytes() }, words)?;
        let no_json = || Failure::new(Exit::Answer, words.say("node-no-json", &[("server", base)]));
        let bytes = answer.body_mut().with_config().limit(1 << 20).read_to_vec().map_err(|_| no_json())?;
        serde_json::from_slice(&bytes).map_err(|_| no_json().into())
    };
    let no_json = || Failure::new(Exit::Answer, words.say("node-no-json", &[("server", base)]));
    let asked = json!({ "label": label, "host": host, "scopes": scopes });
    let begun: Begun = serde_json::from_value(ask("/api/v1/device", asked)?).map_err(|_| no_json())?;
    if matches.get_flag("json") {
        let event = json!({
            "event": "code", "address": begun.verification_uri, "code": begun.user_code, "expires_in": begun.expires_in,
        });
        tell(&event.to_string());
    } else {
        let values = [
            ("address", &*begun.verification_uri),
            ("code", &begun.user_code),
            ("minutes", &begun.expires_in.div_ceil(60).to_string()),
        ];
        complain(&words.say("login-open", &values));
    }
    let until_ns = Machine.raw_ns().saturating_add(i64::try_from(begun.expires_in).unwrap_or(0) * 1_000_000_000);
    let mut interval_s = begun.interval.clamp(1, INTERVAL_S_MAX);
    loop {
        wait(interval_s);
        match ask("/api/v1/device/token", json!({ "device_code": begun.device_code })) {
            Ok(given) => return serde_json::from_value(given).map_err(|_| no_json()),
            Err(refusal) if refusal.code == "authorization_pending" => {}
            // RFC 8628 section 3.5: five seconds more, from then on.
            Err(refusal) if refusal.code == "slow_down" => interval_s = (interval_s + 5).min(INTERVAL_S_MAX),
            Err(refusal) if refusal.passes() => wait(refusal.wait_s.unwrap_or(0).min(INTERVAL_S_MAX)),
            Err(refusal) => return Err(refusal.into()),
        }
        if Machine.raw_ns() > until_ns {
            return Err(Failure::new(Exit::Answer, words.say("login-late", &[])));
        }
    }
}

/// How a person is called: name and address.
fn called(who: &Value) -> String {
    let text = |name: &str| who[name].as_str().unwrap_or_default();
    match (text("name"), text("mail")) {
        ("", "") => "?".to_owned(),
        (name, mail) => visible(&format!("{name} <{mail}>")),
    }
}

/// All of a profile but the key.
fn about(name: &str, path: &Path, profile: &Profile, who: &Value) -> Value {
    let fingerprints: Vec<String> =
        profile.roots().iter().map(|der| DigestAlgorithm::Sha256.digest(der).to_string()).collect();
    json!({
        "event": "signed-in", "profile": name, "path": path.to_string_lossy(), "server": profile.server,
        "key": profile.key_id, "label": profile.label, "scopes": profile.scopes, "until": profile.until,
        "root": fingerprints, "id": who["id"], "name": who["name"], "mail": who["mail"],
    })
}

/// `shiyin whoami`
pub fn whoami(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let node = super::open(matches, words)?;
    let who = node.client.get("/api/v1/account", words)?;
    let name = profile_name(matches);
    if matches.get_flag("json") {
        let told = match &node.profile {
            Some(profile) => about(&name, &profile::path(&name, words)?, profile, &who),
            None => json!({ "server": node.client.base, "id": who["id"], "name": who["name"], "mail": who["mail"] }),
        };
        tell(&told.to_string());
        return Ok(Exit::Valid);
    }
    tell(&words.say("login-who", &[("who", &*called(&who)), ("server", &node.client.base)]));
    for organisation in who["organisations"].as_array().into_iter().flatten() {
        let name = organisation["name"].as_str().unwrap_or_default();
        tell(&format!("  {}", words.say("login-organisation", &[("name", name)])));
    }
    if let Some(profile) = &node.profile {
        tell(&format!(
            "  {}",
            words.say("login-profile", &[("name", &name), ("path", &profile::path(&name, words)?.to_string_lossy())])
        ));
        if !profile.scopes.is_empty() {
            let values = [("scopes", &*profile.scopes.join(" ")), ("until", &profile.until)];
            tell(&format!("  {}", words.say("login-scopes", &values)));
        }
        for der in profile.roots() {
            let fingerprint = DigestAlgorithm::Sha256.digest(&der).to_string();
            tell(&format!("  {}", words.say("login-root", &[("fingerprint", &fingerprint)])));
        }
    }
    Ok(Exit::Valid)
}

/// `shiyin logout`: the key ends at the node, then the profile goes.
pub fn logout(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let name = profile_name(matches);
    let (path, profile) = (profile::path(&name, words)?, profile::find(&name, words)?);
    let client = Client::new(profile.server.clone(), profile.key.clone(), profile.plain_http, words)?;
    let ended =
        client.insist(&Sending { method: "DELETE", path: "/api/v1/account/key", headers: &[], body: &[] }, words);
    match ended {
        Ok(_) => {}
        // It has ended already, or with its person.
        Err(refusal) if refusal.status == 401 => {}
        Err(refusal) if matches.get_flag("force") => {
            complain(&refusal.failure.message);
            complain(&words.say("logout-forced", &[("server", &profile.server)]));
        }
        Err(refusal) => return Err(refusal.into()),
    }
    std::fs::remove_file(&path).map_err(|error| input::cannot_write(&path, &error, words))?;
    tell(&words.say("logout-done", &[("server", &profile.server), ("path", &path.to_string_lossy())]));
    Ok(Exit::Valid)
}

//! `shiyin setup`: a production instance, asked for step by step or described in a file.
//!
//! The file is the configuration itself, so that what was answered can be read,
//! kept and used again. Nothing is made before everything is there, and what is
//! missing is said all at once. Secrets that are shown are shown once.

use crate::config::{self, Config};
use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{complain, input, people, program, tell};
use clap::ArgMatches;
use proof::digest::hex;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use trust::init::{NewInstance, RootKeys};
use trust::instance::{Mode, Operator};
use trust::keys::KeyAlgorithm;

/// Sources that are offered where none are named: national institutes and public services apart
/// from each other.
const OFFERED_SOURCES: &str = "ntp.ntsc.ac.cn ntp.aliyun.com time.cloudflare.com ptbtime1.ptb.de";
/// Fewer cannot outvote one that lies.
const SOURCES_MIN: usize = 3;

/// `shiyin setup`
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let data = input::path(matches, "data");
    if std::fs::symlink_metadata(data).is_ok() {
        let message = words.say("setup-exists", &[("data", &data.to_string_lossy())]);
        return Err(Failure::new(Exit::Instance, message));
    }
    let (text, root_folder) = match matches.get_one::<PathBuf>("file") {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| input::cannot_read(path, &e, words))?;
            (text, matches.get_one::<PathBuf>("root-keys").cloned())
        }
        None => interview(matches, words)?,
    };
    let config = config::parse(&text, Path::new("setup"), data, words)?;
    let missing = missing(&config, root_folder.as_deref(), data, words);
    for line in &missing {
        complain(&format!("  {line}"));
    }
    if !missing.is_empty() {
        return Err(Failure::new(Exit::Usage, words.say("setup-missing", &[("count", &missing.len().to_string())])));
    }
    if matches.get_flag("check") {
        tell(&words.say("setup-complete", &[]));
        return Ok(Exit::Valid);
    }
    make(&config, &text, data, root_folder.unwrap_or_default(), matches, words)
}

/// What a production instance needs and the configuration does not say, a line each.
fn missing(config: &Config, root_folder: Option<&Path>, data: &Path, words: &Words) -> Vec<String> {
    let mut lines = Vec::new();
    let mut need = |is_there: bool, id: &str| {
        if !is_there {
            lines.push(words.say(id, &[]));
        }
    };
    let operator = &config.operator;
    need(!operator.name.trim().is_empty(), "setup-need-name");
    need(!operator.country.is_empty(), "setup-need-country");
    need(!operator.registration.is_empty(), "setup-need-registration");
    need(!operator.address.is_empty(), "setup-need-address");
    need(!operator.contact.is_empty(), "setup-need-contact");
    need(operator.relation.is_some(), "setup-need-relation");
    need(!config.public.url.is_empty(), "setup-need-url");
    need(config.clock.source.len() >= SOURCES_MIN, "setup-need-sources");
    need(config.tsa.algorithms.iter().all(|a| a.parse::<KeyAlgorithm>().is_ok()), "setup-need-algorithms");
    let is_outside = root_folder.is_some_and(|folder| folder.is_dir() && !folder.starts_with(data));
    need(is_outside, "setup-need-root-keys");
    lines
}

fn make(
    config: &Config,
    text: &str,
    data: &Path,
    root_folder: PathBuf,
    matches: &ArgMatches,
    words: &Words,
) -> Result<Exit, Failure> {
    let fault = |e: trust::TrustError| Failure::new(Exit::Instance, e.to_string());
    let given = matches.get_one::<PathBuf>("root-passphrase-file");
    let passphrase = match given {
        Some(path) => {
            let read = std::fs::read_to_string(path).map_err(|e| input::cannot_read(path, &e, words))?;
            read.trim().to_owned()
        }
        None => hex(&trust::keys::random::<20>().map_err(fault)?),
    };
    if passphrase.len() < 12 {
        return Err(Failure::new(Exit::Usage, words.say("setup-weak-passphrase", &[])));
    }
    let algorithms: Result<Vec<KeyAlgorithm>, _> = config.tsa.algorithms.iter().map(|a| a.parse()).collect();
    let optional = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let (admin_token, admin_digest) = people::new_token()?;
    let new = NewInstance {
        mode: Mode::Production,
        operator: Operator {
            name: config.operator.name.trim().to_owned(),
            country: optional(&config.operator.country),
            registration: optional(&config.operator.registration),
        },
        algorithms: algorithms.map_err(fault)?,
        url: Some(config.public.url.trim_end_matches('/').to_owned()),
        origin: config.tsa.origin.clone(),
        policy: Some(config.tsa.policy.clone()),
        root_keys: Some(RootKeys { folder: root_folder.clone(), passphrase: passphrase.clone() }),
        admin_token_digest: Some(admin_digest),
        now: now(words)?,
        storage: config.storage()?,
        files: vec![(config::FILE.to_owned(), text.as_bytes().to_vec())],
    };
    runtime()?.block_on(new.make(data)).map_err(fault)?;
    let (data, folder) = (data.to_string_lossy(), root_folder.to_string_lossy());
    tell(&words.say("setup-done", &[("data", &data)]));
    tell(&words.say("setup-root-keys", &[("folder", &folder)]));
    if given.is_none() {
        tell(&words.say("setup-root-passphrase", &[("passphrase", &passphrase)]));
    }
    tell(&words.say("setup-admin-token", &[("token", &admin_token)]));
    for id in optional_missing(config) {
        tell(&words.say(id, &[]));
    }
    tell(&words.say("setup-next", &[("data", &data), ("program", &program())]));
    Ok(Exit::Valid)
}

/// What is not needed to begin, and will be missed.
fn optional_missing(config: &Config) -> Vec<&'static str> {
    let mut ids = Vec::new();
    if config.external.authority.is_empty() {
        ids.push("setup-later-external");
    }
    if config.serve.tls.is_none() && config.serve.trusted_proxies.is_empty() {
        ids.push("setup-later-tls");
    }
    if config.public.content_url.is_none() {
        ids.push("setup-later-content");
    }
    if config.operator.filing.is_empty() {
        ids.push("setup-later-filing");
    }
    if config.clock.authenticated == 0 {
        ids.push("setup-later-authenticated");
    }
    ids
}

/// Asks for everything, and gives it as a configuration, with the folder for the root keys.
fn interview(matches: &ArgMatches, words: &Words) -> Result<(String, Option<PathBuf>), Failure> {
    if !std::io::stdin().is_terminal() && !matches.get_flag("ask") {
        return Err(Failure::new(Exit::Usage, words.say("setup-no-terminal", &[("program", &program())])));
    }
    tell(&words.say("setup-welcome", &[]));
    let ask = |id: &str, default: &str| ask(words, id, default);
    let quote = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let list = |text: &str| text.split_whitespace().map(quote).collect::<Vec<_>>().join(", ");
    let mut out = String::from("[operator]\n");
    for (key, id, default) in [
        ("name", "setup-ask-name", ""),
        ("country", "setup-ask-country", "CN"),
        ("registration", "setup-ask-registration", ""),
        ("address", "setup-ask-address", ""),
        ("contact", "setup-ask-contact", ""),
        ("relation", "setup-ask-relation", "independent"),
        ("filing", "setup-ask-filing", ""),
    ] {
        let answer = ask(id, default)?;
        if !answer.is_empty() {
            out.push_str(&format!("{key} = {}\n", quote(&answer)));
        }
    }
    out.push_str(&format!("\n[public]\nurl = {}\n", quote(&ask("setup-ask-url", "")?)));
    out.push_str(&format!("\n[tsa]\nalgorithms = [{}]\n", list(&ask("setup-ask-algorithms", "p256")?)));
    let origin = ask("setup-ask-origin", "")?;
    if !origin.is_empty() {
        out.push_str(&format!("origin = {}\n", quote(&origin)));
    }
    let years = ask("setup-ask-retention", "20")?;
    let years: u32 =
        years.parse().map_err(|_| Failure::new(Exit::Usage, words.say("setup-no-number", &[("value", &years)])))?;
    out.push_str(&format!("retention_years = {years}\n"));
    let module = ask("setup-ask-module", "")?;
    if !module.is_empty() {
        let (token, pin_file) = (ask("setup-ask-token", "shiyin")?, ask("setup-ask-pin-file", "")?);
        let [module, token, pin_file] = [&module, &token, &pin_file].map(|text| quote(text));
        out.push_str(&format!("\n[keys.pkcs11]\nmodule = {module}\ntoken = {token}\npin_file = {pin_file}\n"));
    }
    let sources = ask("setup-ask-sources", OFFERED_SOURCES)?;
    let count = sources.split_whitespace().count();
    out.push_str(&format!("\n[clock]\nquorum = {}\n", count / 2 + 1));
    for source in sources.split_whitespace() {
        let key = if source.starts_with('/') { "chrony" } else { "ntp" };
        out.push_str(&format!("\n[[clock.source]]\n{key} = {}\n", quote(source)));
    }
    out.push_str(&format!("\n[serve]\nlisten = {}\n", quote(&ask("setup-ask-listen", crate::cli::DEFAULT_LISTEN)?)));
    let proxies = ask("setup-ask-proxies", "")?;
    if !proxies.is_empty() {
        out.push_str(&format!("trusted_proxies = [{}]\n", list(&proxies)));
    }
    let certificate = ask("setup-ask-tls-certificate", "")?;
    let is_file = !certificate.is_empty() && certificate != "acme";
    let key = if is_file { ask("setup-ask-tls-key", "")? } else { String::new() };
    if certificate == "acme" {
        out.push_str("\n[serve.tls.acme]\nagree_to_terms = true\n");
    } else if !certificate.is_empty() {
        out.push_str(&format!("\n[serve.tls]\ncertificate = {}\nkey = {}\n", quote(&certificate), quote(&key)));
    }
    let root = match matches.get_one::<PathBuf>("root-keys") {
        Some(folder) => Some(folder.clone()),
        None => Some(PathBuf::from(ask("setup-ask-root-keys", "")?)),
    };
    Ok((out, root))
}

/// One question on standard output, one line of answer; an empty one is the default.
fn ask(words: &Words, id: &str, default: &str) -> Result<String, Failure> {
    let question = words.say(id, &[]);
    let shown = if default.is_empty() { format!("{question}: ") } else { format!("{question} [{default}]: ") };
    let mut out = std::io::stdout();
    let _ = out.write_all(shown.as_bytes()).and_then(|()| out.flush());
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if !read.is_ok_and(|length| length > 0) {
        return Err(Failure::new(Exit::Input, words.say("setup-ended", &[])));
    }
    let answer = answer.trim();
    Ok(if answer.is_empty() { default } else { answer }.to_owned())
}

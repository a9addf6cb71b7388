//! `shiyin keys`: the operator's acts on keys and certificates. Each is in the journal.

use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{config, input, tell};
use clap::ArgMatches;
use proof::der::Time;
use proof::x509::crl::Reason;
use std::path::PathBuf;
use trust::TrustError;
use trust::ceremony::{Ceremony, RootFolder};
use trust::certificates::{Role, key_use_ends};
use trust::instance::{DESTROYED, Instance, OFFLINE};
use trust::keys::KeyAlgorithm;

fn fault(error: TrustError) -> Failure {
    Failure::new(Exit::Instance, error.to_string())
}

/// Runs one of the commands.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    match matches.subcommand() {
        Some(("list", m)) => list(m, words),
        Some(("fingerprint", m)) => {
            let instance = runtime()?.block_on(Instance::open(input::path(m, "data"))).map_err(fault)?;
            tell(&instance.main().root.fingerprint());
            Ok(Exit::Valid)
        }
        Some((act, m)) => runtime()?.block_on(perform(act, m, words)),
        None => Ok(Exit::Usage),
    }
}

/// `shiyin keys list`
fn list(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let instance = runtime()?.block_on(Instance::open(input::path(matches, "data"))).map_err(fault)?;
    for held in &instance.certificates {
        let certificate = held.certificate().map_err(fault)?;
        let fingerprint = held.fingerprint();
        let place = match held.place.as_str() {
            OFFLINE => words.say("keys-offline", &[]),
            DESTROYED => words.say("keys-destroyed", &[]),
            place => place.to_owned(),
        };
        let current = instance.in_use().any(|h| h.fingerprint() == fingerprint);
        let ends = key_use_ends(&certificate).unwrap_or(certificate.not_after);
        let values = [
            ("mark", if current { "*" } else { " " }),
            ("role", held.role.name()),
            ("algorithm", held.algorithm.name()),
            ("fingerprint", &fingerprint[..16]),
            ("place", &place),
            ("expires", &certificate.not_after.to_string()),
            ("use", &ends.to_string()),
        ];
        tell(&words.say("keys-line", &values));
    }
    Ok(Exit::Valid)
}

/// The folder with the root keys and what opens them, where they were brought.
struct Root {
    folder: PathBuf,
    passphrase: String,
}

fn root(matches: &ArgMatches, words: &Words) -> Result<Option<Root>, Failure> {
    let Some(folder) = matches.get_one::<PathBuf>("root-keys") else { return Ok(None) };
    let Some(path) = matches.get_one::<PathBuf>("root-passphrase-file") else {
        return Err(Failure::new(Exit::Usage, words.say("keys-need-passphrase", &[])));
    };
    let read = std::fs::read_to_string(path).map_err(|e| input::cannot_read(path, &e, words))?;
    Ok(Some(Root { folder: folder.clone(), passphrase: read.trim().to_owned() }))
}

async fn perform(act: &str, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let data = input::path(matches, "data");
    let storage = config::read(data, words)?.storage()?;
    let mut ceremony = Ceremony::begin(data, &storage, now(words)?).await.map_err(fault)?;
    let performed = match act {
        "rotate" if matches.get_flag("seal") => rotate_seal(&mut ceremony, matches, words).await,
        "rotate" => rotate(&mut ceremony, matches, words).await,
        "renew-issuing" => renew_issuing(&mut ceremony, matches, words).await,
        "add-suite" => add_suite(&mut ceremony, matches, words).await,
        "renew-root-lists" => renew_root_lists(&mut ceremony, matches, words).await,
        "revoke" => revoke(&mut ceremony, matches, words).await,
        "destroy" => destroy(&mut ceremony, matches, words).await,
        _ => Ok(Exit::Usage),
    };
    ceremony.end().await;
    let exit = performed?;
    tell(&words.say("keys-reload", &[]));
    Ok(exit)
}

fn algorithm(ceremony: &Ceremony, matches: &ArgMatches) -> Result<KeyAlgorithm, Failure> {
    match matches.get_one::<String>("algorithm") {
        Some(name) => name.parse().map_err(|e: TrustError| Failure::new(Exit::Usage, e.to_string())),
        None => Ok(ceremony.instance().main().algorithm),
    }
}

async fn rotate(ceremony: &mut Ceremony, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let algorithm = algorithm(ceremony, matches)?;
    let old = ceremony.rotate(algorithm).await.map_err(fault)?;
    let new = ceremony.instance().suite(algorithm).map_err(fault)?.tsa.fingerprint();
    tell(&words.say("keys-rotated", &[("new", &new[..16]), ("old", &old.fingerprint()[..16])]));
    Ok(Exit::Valid)
}

async fn rotate_seal(ceremony: &mut Ceremony, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let wanted = matches.get_one::<String>("algorithm").map(|_| algorithm(ceremony, matches)).transpose()?;
    let old = ceremony.rotate_seal(wanted).await.map_err(fault)?;
    let new = ceremony.instance().seal.as_ref().map(|chain| chain.seal.fingerprint()).unwrap_or_default();
    let new = &new[..new.len().min(16)];
    tell(&match old {
        Some(old) => words.say("keys-seal-rotated", &[("new", new), ("old", &old.fingerprint()[..16])]),
        None => words.say("keys-seal-made", &[("new", new)]),
    });
    Ok(Exit::Valid)
}

async fn renew_issuing(ceremony: &mut Ceremony, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let algorithm = algorithm(ceremony, matches)?;
    let root = root(matches, words)?;
    let folder = root.as_ref().map(|r| RootFolder { folder: &r.folder, passphrase: &r.passphrase });
    let renewed = ceremony.renew_issuing(algorithm, folder.as_ref()).await.map_err(fault)?;
    let values = [("issuing", &renewed.issuing.fingerprint()[..16]), ("tsa", &renewed.tsa.fingerprint()[..16])];
    tell(&words.say("keys-issuing-renewed", &values));
    if let Some(seal) = renewed.seal {
        tell(&words.say("keys-issuing-renewed-seal", &[("seal", &seal.fingerprint()[..16])]));
    }
    Ok(Exit::Valid)
}

async fn add_suite(ceremony: &mut Ceremony, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let algorithm = algorithm(ceremony, matches)?;
    let root = root(matches, words)?;
    let folder = root.as_ref().map(|r| RootFolder { folder: &r.folder, passphrase: &r.passphrase });
    ceremony.add_suite(algorithm, folder.as_ref()).await.map_err(fault)?;
    let root = ceremony.instance().suite(algorithm).map_err(fault)?.root.fingerprint();
    tell(&words.say("keys-suite-added", &[("algorithm", algorithm.name()), ("root", &root)]));
    Ok(Exit::Valid)
}

async fn renew_root_lists(ceremony: &mut Ceremony, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let root = root(matches, words)?;
    let folder = root.as_ref().map(|r| RootFolder { folder: &r.folder, passphrase: &r.passphrase });
    ceremony.renew_root_lists(folder.as_ref()).await.map_err(fault)?;
    tell(&words.say("keys-root-lists", &[]));
    Ok(Exit::Valid)
}

async fn revoke(ceremony: &mut Ceremony, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let wrong = |id: &str, value: &str| Failure::new(Exit::Usage, words.say(id, &[("value", value)]));
    let reason = Reason::from_name(text("reason")).ok_or_else(|| wrong("keys-wrong-reason", text("reason")))?;
    let invalid_from = match text("invalid-from") {
        "" => None,
        time => Some(Time::parse(time).ok_or_else(|| wrong("keys-wrong-time", time))?),
    };
    let held = ceremony.find(text("fingerprint")).map_err(fault)?;
    let root = root(matches, words)?;
    let folder = root.as_ref().map(|r| RootFolder { folder: &r.folder, passphrase: &r.passphrase });
    ceremony.revoke(&held, reason, invalid_from, folder.as_ref()).await.map_err(fault)?;
    let values = [("fingerprint", &held.fingerprint()[..16]), ("reason", reason.name())];
    tell(&words.say("keys-revoked", &values));
    if ceremony.instance().in_use().any(|one| one.fingerprint() == held.fingerprint()) {
        match held.role {
            Role::Tsa => tell(&words.say("keys-revoked-in-use", &[])),
            Role::Seal => tell(&words.say("keys-revoked-seal", &[])),
            Role::Root | Role::Issuing => {}
        }
    }
    Ok(Exit::Valid)
}

async fn destroy(ceremony: &mut Ceremony, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let fingerprint = matches.get_one::<String>("fingerprint").map(String::as_str).unwrap_or_default();
    let held = ceremony.find(fingerprint).map_err(fault)?;
    ceremony.destroy(&held).await.map_err(fault)?;
    tell(&words.say("keys-were-destroyed", &[("fingerprint", &held.fingerprint()[..16])]));
    Ok(Exit::Valid)
}

//! `shiyin log`: what the log holds, newer proofs for old tokens, whole copies, a new beginning.

mod files;

use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::stamp::client;
use crate::words::Words;
use crate::{config, input, show, tell, trust_store};
use clap::ArgMatches;
use files::{LogFiles, damaged};
use proof::cms::{self, SignedData};
use proof::crypto::RustCrypto;
use proof::digest::hex;
use proof::logged::{LogIdentity, LogProof};
use proof::oid;
use proof::report::Verdict;
use proof::tlog::{Checkpoint, Receipt};
use proof::tsp::TimeStampResp;
use proof::verify::{self, Context};
use proof::x509::Certificate;
use std::path::{Path, PathBuf};
use store::blobs::Blobs;
use trust::ceremony::Ceremony;
use trust::instance::Instance;
use trust::ledger::kept::{KEPT_LIST, STAMPS_MAX, kept_checkpoint, kept_stamp, parse_list};
use trust::ledger::{CHECKPOINT, KEY_FILE};

/// Runs one of the commands.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    match matches.subcommand() {
        Some(("show", m)) => show_log(m, words),
        Some(("prove", m)) => prove(m, words),
        Some(("export", m)) => export(m, words),
        Some(("retire", m)) => retire(m, words),
        _ => Ok(Exit::Usage),
    }
}

fn instance(error: trust::TrustError) -> Failure {
    Failure::new(Exit::Instance, error.to_string())
}

/// The instance in `--data` and its log's public files.
fn opened(matches: &ArgMatches, words: &Words) -> Result<(Instance, Blobs), Failure> {
    let data = input::path(matches, "data");
    let storage = config::read(data, words)?.storage()?;
    let opened = runtime()?.block_on(Instance::open(data)).map_err(instance)?;
    let public = opened.log_place(data, &storage).map_err(instance)?.public;
    Ok((opened, public))
}

/// `shiyin log show`
fn show_log(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let (opened, public) = opened(matches, words)?;
    let files = LogFiles::own(public)?;
    let text = files.text(CHECKPOINT, words)?.ok_or_else(|| damaged(CHECKPOINT, words))?;
    let checkpoint = Checkpoint::parse(&text).map_err(|_| damaged(CHECKPOINT, words))?;
    for key in opened.logs.last().iter().flat_map(|log| &log.keys) {
        tell(&words.say("log-key", &[("key", &key.to_string())]));
    }
    let size = checkpoint.head.size.to_string();
    tell(&words.say("log-size", &[("size", &size), ("root", &checkpoint.head.root.to_string())]));
    for size in kept_sizes(&files, words)? {
        let stamps = stamps(&files, size, words)?;
        let times: Vec<String> = stamps.iter().filter_map(|s| stated_time(s)).collect();
        tell(&words.say("log-kept", &[("size", &size.to_string()), ("times", &times.join(", "))]));
    }
    Ok(Exit::Valid)
}

fn stated_time(stamp: &[u8]) -> Option<String> {
    let signed = SignedData::parse(stamp).ok()?;
    Some(proof::tsp::TstInfo::parse(signed.content).ok()?.gen_time.to_string())
}

fn kept_sizes(files: &LogFiles, words: &Words) -> Result<Vec<u64>, Failure> {
    let bytes = files.get(KEPT_LIST, words)?.unwrap_or_default();
    parse_list(&bytes).ok_or_else(|| damaged(KEPT_LIST, words))
}

fn stamps(files: &LogFiles, size: u64, words: &Words) -> Result<Vec<Vec<u8>>, Failure> {
    let mut stamps = Vec::new();
    while stamps.len() < STAMPS_MAX
        && let Some(stamp) = files.get(&kept_stamp(size, stamps.len()), words)?
    {
        stamps.push(stamp);
    }
    Ok(stamps)
}

/// `shiyin log prove`: the token with a proof to the first checkpoint that others have stamped.
fn prove(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let anchors = trust_store::anchors(matches, words)?;
    let mut worst = Exit::Valid;
    for path in input::paths(matches, "paths") {
        match prove_one(path, matches, &anchors, words) {
            Ok(exit) => worst = worst.max(exit),
            Err(failure) => {
                crate::complain(&failure.message);
                worst = worst.max(failure.exit);
            }
        }
    }
    Ok(worst)
}

fn prove_one(path: &Path, matches: &ArgMatches, anchors: &[Vec<u8>], words: &Words) -> Result<Exit, Failure> {
    let name = path.to_string_lossy().into_owned();
    let refused = |id: &str| Failure::new(Exit::Input, words.say(id, &[("path", &name)]));
    let bytes = input::read(path, cms::TOKEN_BYTES_MAX as u64, words)?;
    let token = verify::token_der(&bytes).map_err(|_| refused("log-no-token"))?;
    let identity = identity(&token).ok_or_else(|| refused("log-no-log"))?;
    let cx = Context { anchors, ..Context::new(&RustCrypto, now(words)?) };
    let place = verify::verify(&token, &cx).facts.and_then(|f| f.log).ok_or_else(|| refused("log-no-proof"))?;
    let id = identity.keys.first().map(|k| hex(&k.id())).ok_or_else(|| refused("log-no-log"))?;
    let files = match matches.get_one::<PathBuf>("data") {
        Some(data) => {
            let storage = config::read(data, words)?.storage()?;
            LogFiles::own(storage.log(data, &id).map_err(instance)?)?
        }
        None => LogFiles::server(&client::servers(matches)[0], &id),
    };
    let covering = kept_sizes(&files, words)?.into_iter().find(|size| *size > place.index);
    let size = covering.ok_or_else(|| {
        let message = words.say("log-not-yet", &[("path", &name)]);
        Failure::new(Exit::Incomplete, message)
    })?;
    let checkpoint = files.text(&kept_checkpoint(size), words)?.ok_or_else(|| damaged(KEPT_LIST, words))?;
    let stamps = stamps(&files, size, words)?;
    let inclusion = files.prove(place.index, size, words)?;
    let receipt = Receipt { extra: None, inclusion, checkpoint: &checkpoint }.encode();
    let proof = LogProof { receipt: &receipt, stamps: stamps.iter().map(Vec::as_slice).collect() };
    let upgraded =
        cms::replace_unsigned(&token, oid::LOG_PROOF, Some(&proof.attribute())).map_err(|_| refused("log-no-token"))?;
    let report = verify::verify(&upgraded, &cx);
    // Whatever the files said, only what verifies replaces what was there.
    if report.verdict == Verdict::Invalid || report.facts.as_ref().is_none_or(|f| f.log.is_none()) {
        let message = words.say("log-answer", &[("path", &name)]);
        return Err(Failure::new(Exit::Answer, format!("{message}\n{}", show::faults(&report, words))));
    }
    let is_response = *token != *bytes && TimeStampResp::parse(&bytes).is_ok();
    let output = if is_response { TimeStampResp::encode_granted(&upgraded) } else { upgraded };
    let written = store::files::replace(path, &output, store::files::PUBLIC);
    written.map_err(|e| input::cannot_write(path, &e, words))?;
    let independent = report.facts.and_then(|f| f.independent);
    let id = if independent.is_some() { "log-proved" } else { "log-proved-unconfirmed" };
    let time = independent.map(|i| i.time.to_string()).unwrap_or_default();
    tell(&words.say(id, &[("path", &name), ("size", &size.to_string()), ("time", &time)]));
    Ok(if time.is_empty() { Exit::Unconfirmed } else { Exit::Valid })
}

/// The log that the token's signer names. Which certificate that is does not matter here: the
/// upgraded token is verified.
fn identity(token: &[u8]) -> Option<LogIdentity> {
    let signed = SignedData::parse(token).ok()?;
    let mut parsed = signed.certificates.iter().filter_map(|der| Certificate::parse(der).ok());
    parsed.find_map(|certificate| LogIdentity::of(&certificate).ok().flatten())
}

/// `shiyin log export`: everything public, checked, in a folder that outlives the instance.
fn export(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let (_, public) = opened(matches, words)?;
    let out = input::path(matches, "folder");
    let data = input::path(matches, "data");
    let storage = config::read(data, words)?.storage()?;
    let checked = runtime()?.block_on(trust::fsck::check(data, &storage, now(words)?)).map_err(instance)?;
    if let Some(problem) = checked.problems.first() {
        let values = [("code", problem.code), ("what", &*problem.what)];
        return Err(Failure::new(Exit::Invalid, words.say("log-export-damaged", &values)));
    }
    let copied = runtime()?.block_on(trust::backup::copy_public(data, &public, out));
    copied.map_err(|e| Failure::new(Exit::Output, e.to_string()))?;
    let values = [("out", &*out.to_string_lossy()), ("entries", &*checked.entries.to_string()), ("key", KEY_FILE)];
    tell(&words.say("log-exported", &values));
    Ok(Exit::Valid)
}

/// `shiyin log retire`
fn retire(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let data = input::path(matches, "data");
    let storage = config::read(data, words)?.storage()?;
    let now = now(words)?;
    let retired = runtime()?.block_on(async {
        let mut ceremony = Ceremony::begin(data, &storage, now).await?;
        let retired = ceremony.retire_log(matches.get_flag("destroy-key")).await;
        ceremony.end().await;
        retired
    });
    let origin = retired.map_err(instance)?;
    tell(&words.say("log-retired", &[("origin", &origin)]));
    Ok(Exit::Valid)
}

//! `shiyin vault`: how the copies of originals stand, and what an operator does about them, beside a server on
//! the same database or without one.

use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{complain, config, input, tell};
use clap::ArgMatches;
use proof::der::Time;
use registry::holdings::{BroughtBack, Carried, Keeping, Outcome, PlaceStanding, Standing};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use trust::TrustError;

/// After so many objects a line says how far it is.
const SAY_EVERY: u64 = 500;

fn fault(error: TrustError) -> Failure {
    Failure::new(Exit::Instance, error.to_string())
}

/// `shiyin vault` and its commands.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(Exit::Usage) };
    let data = input::path(matches, "data");
    let now = now(words)?;
    let is_json = matches.get_flag("json");
    runtime()?.block_on(async {
        let keeping = open(data, words).await?;
        let done = match name {
            "status" => status(&keeping, is_json, words).await,
            "adopt" => adopt(&keeping, matches, now, words).await,
            "check" => check(&keeping, matches, now, words).await,
            "retry" => retry(&keeping, is_json, now, words).await,
            "copy" => copy(&keeping, matches, words).await,
            "bring-back" => bring_back(&keeping, matches, now, words).await,
            _ => Ok(Exit::Usage),
        };
        keeping.close().await;
        done
    })
}

/// The copies of the instance in `data`.
pub async fn open(data: &Path, words: &Words) -> Result<Keeping, Failure> {
    let config = config::read(data, words)?;
    Keeping::open((data, &config.storage()?), config.holdings.settings()).await.map_err(fault)
}

fn say_json(value: &Value) {
    tell(&serde_json::to_string_pretty(value).unwrap_or_default());
}

fn time(time: Option<Time>) -> Option<String> {
    time.map(|time| time.truncate_to_second().to_string())
}

async fn status(keeping: &Keeping, is_json: bool, words: &Words) -> Result<Exit, Failure> {
    let standing = keeping.standing(true).await.map_err(fault)?;
    match is_json {
        true => say_json(&standing_json(&standing)),
        false => say_standing(&standing, words),
    }
    Ok(if standing.is_well() { Exit::Valid } else { Exit::Invalid })
}

fn standing_json(standing: &Standing) -> Value {
    let place = |place: &PlaceStanding| {
        json!({
            "name": place.name, "answers": place.is_up, "since": time(place.since), "cause": place.cause,
            "good": place.objects, "bytes": place.bytes, "damaged": place.damaged, "missing": place.missing,
            "to_be_made": place.waiting, "unreachable": place.unreachable,
            "checked": time(place.checked), "next": time(place.next),
        })
    };
    let bad = standing.bad.iter().map(|copy| {
        json!({
            "holding": copy.holding, "place": copy.place, "state": copy.state.name(),
            "checked": time(Some(copy.checked)), "good": time(Some(copy.good)), "lost": copy.is_lost,
        })
    });
    let given_up = standing.given_up.iter().map(|job| {
        let kind = if job.is_attach { "attach" } else { "remove" };
        json!({ "kind": kind, "of": job.of, "tries": job.tries, "error": job.error })
    });
    json!({
        "well": standing.is_well(), "originals": standing.holdings, "lost": standing.lost, "uploads": standing.uploads,
        "places": standing.places.iter().map(place).collect::<Vec<_>>(), "bad": bad.collect::<Vec<_>>(),
        "jobs": { "waiting": standing.waiting, "given_up": standing.dead, "named": given_up.collect::<Vec<_>>() },
    })
}

fn say_standing(standing: &Standing, words: &Words) {
    let [holdings, lost, uploads] = [standing.holdings, standing.lost, standing.uploads].map(|n| n.to_string());
    let values = [("originals", holdings.as_str()), ("lost", &lost), ("uploads", &uploads)];
    tell(&words.say("vault-originals", &values));
    for place in &standing.places {
        let numbers = [place.objects, place.bytes, place.damaged, place.missing, place.waiting];
        let [good, bytes, damaged, missing, waiting] = numbers.map(|n| n.to_string());
        let values = [
            ("place", place.name.as_str()),
            ("good", &good),
            ("bytes", &bytes),
            ("damaged", &damaged),
            ("missing", &missing),
            ("waiting", &waiting),
        ];
        let id = if place.is_up == Some(false) { "vault-place-away" } else { "vault-place" };
        tell(&words.say(id, &values));
        if place.is_up == Some(false) {
            tell(&words.say("vault-cause", &[("cause", &place.cause)]));
        }
        let dash = || "—".to_owned();
        let (checked, next) = (time(place.checked).unwrap_or_else(dash), time(place.next).unwrap_or_else(dash));
        tell(&words.say("vault-place-checks", &[("checked", &checked), ("next", &next)]));
    }
    for copy in &standing.bad {
        let id = if copy.is_lost { "vault-bad-lost" } else { "vault-bad" };
        let state = found(copy.state, words);
        tell(&words.say(id, &[("holding", &copy.holding), ("place", &copy.place), ("state", &state)]));
    }
    let (waiting, dead) = (standing.waiting.to_string(), standing.dead.to_string());
    tell(&words.say("vault-jobs", &[("waiting", &waiting), ("dead", &dead)]));
    for job in &standing.given_up {
        let id = if job.is_attach { "vault-job-attach" } else { "vault-job-remove" };
        tell(&words.say(id, &[("of", &job.of), ("tries", &job.tries.to_string()), ("error", &job.error)]));
    }
}

fn found(outcome: Outcome, words: &Words) -> String {
    words.say(
        match outcome {
            Outcome::Good => "vault-found-good",
            Outcome::Same => "vault-found-same",
            Outcome::Damaged => "vault-found-damaged",
            Outcome::Missing => "vault-found-missing",
            Outcome::Unreachable => "vault-found-unreachable",
            Outcome::Wrong => "vault-found-wrong",
            Outcome::Repaired => "vault-found-repaired",
            Outcome::Made => "vault-found-made",
        },
        &[],
    )
}

async fn adopt(keeping: &Keeping, matches: &ArgMatches, now: Time, words: &Words) -> Result<Exit, Failure> {
    let name = matches.get_one::<String>("name").map_or("", String::as_str);
    let copies = keeping.take_anew(name, "node", now).await.map_err(fault)?;
    match matches.get_flag("json") {
        true => say_json(&json!({ "place": name, "copies": copies })),
        false => tell(&words.say("vault-adopted", &[("place", name), ("copies", &copies.to_string())])),
    }
    Ok(Exit::Valid)
}

async fn check(keeping: &Keeping, matches: &ArgMatches, now: Time, words: &Words) -> Result<Exit, Failure> {
    let is_json = matches.get_flag("json");
    let holding = matches.get_one::<String>("holding").map(String::as_str);
    let (mut counts, mut named) = (BTreeMap::<&str, u64>::new(), Vec::new());
    let (mut looked, mut bad) = (0_u64, 0_u64);
    let told = |holding: &str, place: &str, outcome: Outcome| {
        *counts.entry(outcome.name()).or_default() += 1;
        looked += 1;
        bad += u64::from(!outcome.is_good());
        if is_json {
            if !outcome.is_good() || outcome == Outcome::Repaired {
                named.push(json!({ "holding": holding, "place": place, "state": outcome.name() }));
            }
        } else if !outcome.is_good() || outcome == Outcome::Repaired {
            let found = found(outcome, words);
            tell(&words.say("vault-checked-one", &[("holding", holding), ("place", place), ("found", &found)]));
        } else if looked.is_multiple_of(SAY_EVERY) {
            complain(&words.say("vault-checking", &[("count", &looked.to_string())]));
        }
    };
    keeping.check_now(holding, now, told).await.map_err(fault)?;
    match is_json {
        true => say_json(&json!({ "copies": looked, "bad": bad, "states": counts, "named": named })),
        false => {
            let values = [("copies", &*looked.to_string()), ("bad", &*bad.to_string())];
            tell(&words.say(if bad == 0 { "vault-checked-well" } else { "vault-checked-bad" }, &values));
        }
    }
    Ok(if bad == 0 { Exit::Valid } else { Exit::Invalid })
}

async fn retry(keeping: &Keeping, is_json: bool, now: Time, words: &Words) -> Result<Exit, Failure> {
    let jobs = keeping.retry("node", now).await.map_err(|error| fault(error.into()))?;
    match is_json {
        true => say_json(&json!({ "jobs": jobs })),
        false => tell(&words.say("vault-retried", &[("jobs", &jobs.to_string())])),
    }
    Ok(Exit::Valid)
}

async fn copy(keeping: &Keeping, matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let folder = input::path(matches, "folder");
    let carried = carry(keeping, folder, matches.get_flag("reread"), words).await?;
    if matches.get_flag("json") {
        let failed = carried.failed.iter().map(|(holding, cause)| json!({ "holding": holding, "cause": cause }));
        say_json(&json!({
            "copied": carried.copied, "there": carried.there, "removed": carried.removed, "erasures": carried.erased,
            "failed": failed.collect::<Vec<_>>(),
        }));
        return Ok(if carried.failed.is_empty() { Exit::Valid } else { Exit::Invalid });
    }
    Ok(say_carried(&carried, folder, words))
}

/// Carries the originals to a folder.
pub async fn carry(keeping: &Keeping, folder: &Path, anew: bool, words: &Words) -> Result<Carried, Failure> {
    let told = |count: u64| {
        if count.is_multiple_of(SAY_EVERY) {
            complain(&words.say("vault-copying", &[("count", &count.to_string())]));
        }
    };
    keeping.carry(folder, anew, told).await.map_err(fault)
}

/// Says what came of it.
pub fn say_carried(carried: &Carried, folder: &Path, words: &Words) -> Exit {
    let numbers = [carried.copied, carried.there, carried.removed, carried.erased].map(|n| n.to_string());
    let [copied, there, removed, erased] = numbers.each_ref().map(String::as_str);
    let folder = folder.to_string_lossy();
    let values = [("folder", &*folder), ("copied", copied), ("there", there), ("removed", removed), ("erased", erased)];
    tell(&words.say("vault-copied", &values));
    for (holding, cause) in &carried.failed {
        tell(&words.say("vault-copy-failed", &[("holding", holding), ("cause", cause)]));
    }
    if carried.failed.is_empty() { Exit::Valid } else { Exit::Invalid }
}

async fn bring_back(keeping: &Keeping, matches: &ArgMatches, now: Time, words: &Words) -> Result<Exit, Failure> {
    let back = back(keeping, Some(input::path(matches, "folder")), now, words).await?;
    if matches.get_flag("json") {
        let failed = back.failed.iter().map(|(holding, cause)| json!({ "holding": holding, "cause": cause }));
        let away = back.away.iter().map(|(place, cause)| json!({ "place": place, "cause": cause }));
        say_json(&json!({
            "written": back.written, "good": back.good, "erased": back.erased, "people": back.people,
            "away": away.collect::<Vec<_>>(), "failed": failed.collect::<Vec<_>>(),
        }));
        return Ok(if back.failed.is_empty() && back.away.is_empty() { Exit::Valid } else { Exit::Invalid });
    }
    Ok(say_back(&back, words))
}

/// Does erasures again, and brings originals back out of a folder where there is one.
pub async fn back(keeping: &Keeping, folder: Option<&Path>, now: Time, words: &Words) -> Result<BroughtBack, Failure> {
    let told = |count: u64| {
        if count.is_multiple_of(SAY_EVERY) {
            complain(&words.say("vault-copying", &[("count", &count.to_string())]));
        }
    };
    keeping.bring_back(folder, now, told).await.map_err(fault)
}

/// Says what came of it.
pub fn say_back(back: &BroughtBack, words: &Words) -> Exit {
    let numbers = [back.written, back.good, back.erased, back.people].map(|n| n.to_string());
    let [written, good, erased, people] = numbers.each_ref().map(String::as_str);
    tell(&words.say("vault-back", &[("written", written), ("good", good)]));
    tell(&words.say("vault-erased-again", &[("originals", erased), ("people", people)]));
    for (place, cause) in &back.away {
        tell(&words.say("vault-back-away", &[("place", place), ("cause", cause)]));
    }
    for (holding, cause) in &back.failed {
        tell(&words.say("vault-back-failed", &[("holding", holding), ("cause", cause)]));
    }
    if back.failed.is_empty() && back.away.is_empty() { Exit::Valid } else { Exit::Invalid }
}

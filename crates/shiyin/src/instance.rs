//! Making an instance: an explicit act, never a side effect of starting.

use crate::exit::{Exit, Failure};
use crate::words::Words;
use crate::{input, program, tell};
use clap::ArgMatches;
use proof::der::Time;
use trust::authority::{Authority, InitOptions};
use trust::clock::{Clock as _, SystemClock};

/// `shiyin init`
pub fn init(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    if !matches.get_flag("evaluation") {
        return Err(Failure::new(Exit::Usage, words.say("init-needs-mode", &[])));
    }
    let text = |name| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let fault = |e: trust::TrustError| Failure::new(Exit::Instance, e.to_string());
    let algorithm =
        text("algorithm").parse().map_err(|e: trust::TrustError| Failure::new(Exit::Usage, e.to_string()))?;
    let options = InitOptions { operator: text("operator"), algorithm, now: now(words)? };
    let folder = input::path(matches, "data");
    runtime()?.block_on(Authority::init_evaluation(folder, &options)).map_err(fault)?;
    tell(&words.say("init-done", &[("data", &folder.to_string_lossy()), ("program", &program())]));
    Ok(Exit::Valid)
}

/// The time now, for checks; tokens get theirs from the authority's own clock.
pub fn now(words: &Words) -> Result<Time, Failure> {
    let reading = SystemClock.now().map_err(|_| Failure::new(Exit::Instance, words.say("err-clock", &[])))?;
    Ok(reading.time)
}

/// A runtime with as many threads as there are cores.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|e| Failure::new(Exit::Instance, e.to_string()))
}

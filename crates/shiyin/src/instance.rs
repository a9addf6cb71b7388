//! Making an instance: an explicit act, never a side effect of starting.

use crate::exit::{Exit, Failure};
use crate::words::Words;
use crate::{config, input, program, tell};
use clap::ArgMatches;
use proof::der::Time;
use trust::clock::{Clock as _, SystemClock};
use trust::init::NewInstance;

/// `shiyin init`
pub fn init(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    if !matches.get_flag("evaluation") {
        return Err(Failure::new(Exit::Usage, words.say("init-needs-mode", &[])));
    }
    let text = |name| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let fault = |e: trust::TrustError| Failure::new(Exit::Instance, e.to_string());
    let algorithms = text("algorithm").split(',').map(|name| name.trim().parse()).collect::<Result<_, _>>();
    let algorithms = algorithms.map_err(|e: trust::TrustError| Failure::new(Exit::Usage, e.to_string()))?;
    let folder = input::path(matches, "data");
    let given = matches.get_one::<std::path::PathBuf>("config");
    let config = given.map(|path| config::read_file(path, folder, words)).transpose()?.unwrap_or_default();
    let mut new = NewInstance::evaluation(&text("operator"), algorithms, config.storage()?, now(words)?);
    if let Some(path) = given {
        let content = std::fs::read(path).map_err(|e| input::cannot_read(path, &e, words))?;
        new.files.push((config::FILE.to_owned(), content));
    }
    runtime()?.block_on(new.make(folder)).map_err(fault)?;
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

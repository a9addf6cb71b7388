//! Making an instance: an explicit act, never a side effect of starting.

use crate::exit::{Exit, Failure};
use crate::words::Words;
use crate::{config, input, program, tell};
use clap::ArgMatches;
use proof::der::Time;
use store::files;
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
    let folder = input::path(matches, "data");
    let given = matches.get_one::<std::path::PathBuf>("config");
    let config = given.map(|path| config::read_file(path, folder, words)).transpose()?.unwrap_or_default();
    let options = InitOptions { operator: text("operator"), algorithm, now: now(words)?, storage: config.storage()? };
    runtime()?.block_on(Authority::init_evaluation(folder, &options)).map_err(fault)?;
    if let Some(path) = given {
        let own = folder.join(config::FILE);
        let copied = std::fs::read(path).and_then(|text| files::write_new(&own, &text, files::PUBLIC));
        copied.map_err(|e| input::cannot_write(&own, &e, words))?;
    }
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

//! `shiyin fsck`, `backup` and `restore`: keeping an instance whole.

use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{config, input, tell};
use clap::ArgMatches;
use trust::TrustError;
use trust::fsck::{self, Checked};

fn instance(error: TrustError) -> Failure {
    Failure::new(Exit::Instance, error.to_string())
}

/// `shiyin fsck`
pub fn check(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let data = input::path(matches, "data");
    let storage = config::read(data, words)?.storage()?;
    let checked = runtime()?.block_on(fsck::check(data, &storage, now(words)?)).map_err(instance)?;
    say_checked(&checked, words);
    for problem in &checked.problems {
        let values = [("code", problem.code), ("what", problem.what.as_str())];
        tell(&words.say("fsck-problem", &values));
    }
    match checked.problems.is_empty() {
        true => {
            tell(&words.say("fsck-well", &[]));
            Ok(Exit::Valid)
        }
        false => Ok(Exit::Invalid),
    }
}

fn say_checked(checked: &Checked, words: &Words) {
    let numbers = [checked.entries, checked.tiles, checked.kept, checked.stamps].map(|n| n.to_string());
    let [entries, tiles, kept, stamps] = numbers.each_ref().map(String::as_str);
    tell(&words.say("fsck-checked", &[("entries", entries), ("tiles", tiles), ("kept", kept), ("stamps", stamps)]));
}

/// `shiyin backup`
pub fn backup(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let [data, copy, keys] = ["data", "folder", "keys"].map(|name| input::path(matches, name));
    if !config::read(data, words)?.storage()?.is_local() {
        return Err(Failure::new(Exit::Instance, words.say("backup-not-local", &[])));
    }
    runtime()?.block_on(trust::backup::backup(data, copy, keys)).map_err(instance)?;
    tell(&words.say("backup-done", &[("copy", &copy.to_string_lossy()), ("keys", &keys.to_string_lossy())]));
    Ok(Exit::Valid)
}

/// `shiyin restore`
pub fn restore(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let [data, copy, keys] = ["data", "folder", "keys"].map(|name| input::path(matches, name));
    let restored = runtime()?.block_on(trust::backup::restore(copy, keys, data, now(words)?)).map_err(instance)?;
    say_checked(&restored, words);
    tell(&words.say("restore-done", &[("data", &data.to_string_lossy()), ("program", &crate::program())]));
    Ok(Exit::Valid)
}

//! `shiyin fsck`, `backup` and `restore`: keeping an instance whole.

use crate::exit::{Exit, Failure};
use crate::instance::{now, runtime};
use crate::words::Words;
use crate::{config, input, tell, vault};
use clap::ArgMatches;
use registry::holdings::Keeping;
use std::path::{Path, PathBuf};
use trust::TrustError;
use trust::backup::ORIGINALS;
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
    runtime()?.block_on(async {
        trust::backup::backup(data, copy, keys).await.map_err(instance)?;
        tell(&words.say("backup-done", &[("copy", &copy.to_string_lossy()), ("keys", &keys.to_string_lossy())]));
        // An instance that was never served has no originals.
        if !copy.join("registry.db").exists() {
            return Ok(Exit::Valid);
        }
        // The databases first: whatever they name is in the places, or was erased since.
        let keeping = vault::open(data, words).await?;
        let done = originals(&keeping, matches, copy, words).await;
        keeping.close().await;
        done
    })
}

async fn originals(keeping: &Keeping, matches: &ArgMatches, copy: &Path, words: &Words) -> Result<Exit, Failure> {
    let kept = keeping.standing(false).await.map_err(instance)?.holdings;
    if matches.get_flag("without-originals") {
        tell(&words.say("backup-without-originals", &[("count", &kept.to_string())]));
        return Ok(Exit::Valid);
    }
    let given = matches.get_one::<PathBuf>("originals");
    if kept == 0 && given.is_none() {
        return Ok(Exit::Valid);
    }
    let folder = given.cloned().unwrap_or_else(|| copy.join(ORIGINALS));
    let carried = vault::carry(keeping, &folder, matches.get_flag("reread"), words).await?;
    Ok(vault::say_carried(&carried, &folder, words))
}

/// `shiyin restore`
pub fn restore(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let [data, copy, keys] = ["data", "folder", "keys"].map(|name| input::path(matches, name));
    let now = now(words)?;
    runtime()?.block_on(async {
        let restored = trust::backup::restore(copy, keys, data, now).await.map_err(instance)?;
        say_checked(&restored, words);
        let mut exit = Exit::Valid;
        if data.join("registry.db").exists() {
            let own = Some(copy.join(ORIGINALS)).filter(|folder| folder.is_dir());
            let folder = match matches.get_flag("without-originals") {
                true => None,
                false => matches.get_one::<PathBuf>("originals").cloned().or(own),
            };
            let keeping = vault::open(data, words).await?;
            let back = vault::back(&keeping, folder.as_deref(), now, words).await;
            let kept = keeping.standing(false).await.map_or(0, |standing| standing.holdings);
            keeping.close().await;
            exit = vault::say_back(&back?, words);
            if folder.is_none() && kept > 0 {
                tell(&words.say("restore-without-originals", &[("count", &kept.to_string())]));
            } else if kept > 0 {
                let values = [("program", &*crate::program()), ("data", &*data.to_string_lossy())];
                tell(&words.say("restore-check", &values));
            }
        }
        tell(&words.say("restore-done", &[("data", &data.to_string_lossy()), ("program", &crate::program())]));
        Ok(exit)
    })
}

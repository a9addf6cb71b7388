//! Shiyin: trusted timestamps and digital evidence, in one binary.
//!
//! This crate puts the house together: the command line, the HTTP server, the
//! words. It decides nothing about a token; `proof` does, on every platform.

mod cli;
mod clock;
mod config;
mod deposits;
mod doctor;
mod exit;
mod hashing;
mod input;
mod inspect;
mod instance;
mod keys;
mod log;
mod manifest;
mod node;
mod payments;
mod people;
mod protect;
mod serve;
mod setup;
mod show;
mod stamp;
mod statement;
mod take;
mod trust_store;
mod upkeep;
mod usage;
mod vault;
mod verify;
mod watch;
mod webhooks;
mod words;

use exit::{Exit, Failure};
use proof::report::Language;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use words::Words;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    // This program started by itself for a step of a preview: behind walls before anything else is done.
    if arguments.get(1).is_some_and(|name| name == PREVIEW) {
        return preview::child::run(&arguments[2..]).into();
    }
    let words = match language(&arguments) {
        Ok(language) => Words::new(language),
        Err(name) => {
            complain(&Words::new(Language::En).say("err-lang", &[("name", &name)]));
            return Exit::Usage.into();
        }
    };
    let matches = match cli::command(&words).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            return usage::answer(&error, &words).into();
        }
    };
    let ended = match matches.subcommand() {
        Some(("init", m)) => instance::init(m, &words),
        Some(("setup", m)) => setup::run(m, &words),
        Some(("doctor", m)) => doctor::run(m, &words),
        Some(("operator-token", m)) => people::operator_token(m, &words),
        Some(("keys", m)) => keys::run(m, &words),
        Some(("clock", m)) => clock::run(m, &words),
        Some(("journal", m)) => clock::show_journal(m, &words),
        Some(("statement", m)) => statement::run(m, &words),
        Some(("serve", m)) => serve::run(m, &words),
        Some(("stamp", m)) => stamp::run(m, &words),
        Some(("login", m)) => node::login::login(m, &words),
        Some(("logout", m)) => node::login::logout(m, &words),
        Some(("whoami", m)) => node::login::whoami(m, &words),
        Some(("protect", m)) => protect::run(m, &words),
        Some(("works", m)) => take::works(m, &words),
        Some(("certificate", m)) => take::certificate(m, &words),
        Some(("package", m)) => take::package(m, &words),
        Some(("watch", m)) => watch::run(m, &words),
        Some(("verify", m)) => verify::run(m, &words),
        Some(("inspect", m)) => inspect::run(m, &words),
        Some(("trust", m)) => trust_store::run(m, &words),
        Some(("log", m)) => log::run(m, &words),
        Some(("fsck", m)) => upkeep::check(m, &words),
        Some(("backup", m)) => upkeep::backup(m, &words),
        Some(("restore", m)) => upkeep::restore(m, &words),
        Some(("vault", m)) => vault::run(m, &words),
        Some(("verifier", m)) => Ok(verifier(m)),
        Some(("man", m)) => man(m, &words),
        Some(("completions", m)) => completions(m, &words),
        _ => Ok(Exit::Usage),
    };
    let exit = ended.unwrap_or_else(|failure| {
        complain(&failure.message);
        failure.exit
    });
    // Who relies on the code must not take a result for shown that was never written.
    if RESULT_LOST.load(Ordering::Relaxed) { Exit::Output } else { exit }.into()
}

/// The command that `serve` starts itself with; no person calls it.
pub(crate) const PREVIEW: &str = "preview";

/// Set when a line of result could not be written.
static RESULT_LOST: AtomicBool = AtomicBool::new(false);

/// `--lang` where given, else the locale.
fn language(arguments: &[std::ffi::OsString]) -> Result<Language, String> {
    let mut arguments = arguments.iter().map(|a| a.to_string_lossy());
    while let Some(argument) = arguments.next() {
        let name = match argument.strip_prefix("--lang") {
            Some("") => arguments.next().unwrap_or_default().into_owned(),
            Some(rest) if rest.starts_with('=') => rest[1..].to_owned(),
            _ => continue,
        };
        return match name.as_str() {
            "zh" => Ok(Language::Zh),
            "en" => Ok(Language::En),
            _ => Err(name),
        };
    }
    Ok(words::from_locale(["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).ok())))
}

/// One line to the user on standard error. Where nobody listens, nothing is lost.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// One line of result on standard output. A closed pipe ends the output, not the work; any other
/// fault makes the program end with [`Exit::Output`].
pub(crate) fn tell(message: &str) {
    let mut out = std::io::stdout();
    let written = writeln!(out, "{message}").and_then(|()| out.flush());
    if written.is_err_and(|e| e.kind() != std::io::ErrorKind::BrokenPipe) {
        RESULT_LOST.store(true, Ordering::Relaxed);
    }
}

/// The name under which this program was called, for commands shown to the user.
pub(crate) fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "shiyin".to_owned())
}

/// `shiyin verifier`: the verifier as one file, or its digest.
fn verifier(matches: &clap::ArgMatches) -> Exit {
    let file = exhibit::verification::offline();
    match matches.get_flag("digest") {
        true => tell(exhibit::verification::offline_digest()),
        false => tell(file.strip_suffix('\n').unwrap_or(file)),
    }
    Exit::Valid
}

fn man(matches: &clap::ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let folder = input::path(matches, "folder");
    let failed = |e: std::io::Error| input::cannot_write(folder, &e, words);
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(cli::command(words), folder).map_err(failed)?;
    Ok(Exit::Valid)
}

fn completions(matches: &clap::ArgMatches, words: &Words) -> Result<Exit, Failure> {
    if let Some(shell) = matches.get_one::<clap_complete::Shell>("shell") {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut cli::command(words), "shiyin", &mut script);
        tell(String::from_utf8_lossy(&script).trim_end());
    }
    Ok(Exit::Valid)
}

//! A wrong command line, told in the user's language.
//!
//! The argument parser speaks English only; what it found wrong is told here.

use crate::exit::Exit;
use crate::words::Words;
use crate::{complain, program, tell};
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Help and versions as asked for, or what is wrong and where help is.
pub fn answer(error: &clap::Error, words: &Words) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            tell(error.to_string().trim_end());
            Exit::Valid
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            complain(error.to_string().trim_end());
            Exit::Usage
        }
        kind => {
            complain(&sentence(kind, error, words));
            complain(&words.say("usage-help", &[("program", &program())]));
            Exit::Usage
        }
    }
}

fn sentence(kind: ErrorKind, error: &clap::Error, words: &Words) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    let value = context(ContextKind::InvalidValue);
    let id = match kind {
        ErrorKind::UnknownArgument => "usage-unknown",
        ErrorKind::InvalidSubcommand => {
            return words.say("usage-no-command", &[("name", &context(ContextKind::InvalidSubcommand))]);
        }
        ErrorKind::MissingRequiredArgument => "usage-missing",
        ErrorKind::InvalidValue if value.is_empty() => "usage-no-value",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "usage-value",
        ErrorKind::ArgumentConflict => "usage-conflict",
        _ => return words.say("usage-other", &[("cause", error.to_string().lines().next().unwrap_or_default())]),
    };
    words.say(id, &[("argument", &argument), ("value", &value)])
}

//! The command line: every command and flag, described in the user's language.
//! Manual pages and completions are made from the same definitions.

mod node;

use crate::words::Words;
use clap::{Arg, ArgAction, Command, value_parser};
use std::path::PathBuf;

/// Where an authority listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8318";
/// Where stamps are asked for unless told otherwise.
pub const DEFAULT_SERVER: &str = "http://localhost:8318";

/// The whole command line.
pub fn command(words: &Words) -> Command {
    let say = |id: &str| words.say(id, &[]);
    let path = |name: &'static str, id: &str| {
        Arg::new(name).long(name).help(say(id)).value_name("FILE").value_parser(value_parser!(PathBuf))
    };
    let data = || path("data", "arg-data").value_name("DIR").default_value("data");
    let own = || path("data", "arg-own").value_name("DIR");
    let flag = |name: &'static str, id: &str| Arg::new(name).long(name).help(say(id)).action(ArgAction::SetTrue);
    let text = |name: &'static str, id: &str| Arg::new(name).long(name).help(say(id));
    let trust = || path("trust", "arg-trust").action(ArgAction::Append);
    let all = Command::new("shiyin")
        .version(env!("CARGO_PKG_VERSION"))
        .about(say("about"))
        .after_help(say("exit-codes"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(text("lang", "arg-lang").value_name("zh|en").global(true))
        .subcommand(
            Command::new("init")
                .about(say("cmd-init"))
                .arg(flag("evaluation", "arg-evaluation"))
                .arg(data())
                .arg(path("config", "arg-config"))
                .arg(text("operator", "arg-operator").value_name("NAME").default_value("Evaluation 评估"))
                .arg(text("algorithm", "arg-algorithm").value_name("NAME").default_value("p256")),
        )
        .subcommand(
            Command::new("setup")
                .about(say("cmd-setup"))
                .arg(path("file", "arg-setup-file"))
                .arg(data())
                .arg(path("root-keys", "arg-root-keys").value_name("DIR"))
                .arg(path("root-passphrase-file", "arg-root-passphrase-file"))
                .arg(flag("check", "arg-check"))
                .arg(flag("ask", "arg-ask").hide(true)),
        )
        .subcommand(Command::new("doctor").about(say("cmd-doctor")).arg(data()))
        .subcommand(Command::new("operator-token").about(say("cmd-operator-token")).arg(data()))
        .subcommand(keys(words))
        .subcommand(
            Command::new("clock")
                .about(say("cmd-clock"))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    Command::new("graph")
                        .about(say("cmd-clock-graph"))
                        .arg(one_path("file", "FILE", &say("arg-graph")))
                        .arg(data()),
                )
                .subcommand(
                    Command::new("accept")
                        .about(say("cmd-clock-accept"))
                        .arg(text("reason", "arg-accept-reason").required(true).value_name("TEXT"))
                        .arg(data()),
                ),
        )
        .subcommand(Command::new("journal").about(say("cmd-journal")).arg(data()))
        .subcommand(Command::new("statement").about(say("cmd-statement")).arg(data()))
        .subcommand(
            Command::new("serve")
                .about(say("cmd-serve"))
                .arg(data())
                .arg(text("listen", "arg-listen").value_name("ADDRESS:PORT"))
                .arg(flag("allow-remote", "arg-allow-remote"))
                .arg(text("rate", "arg-rate").value_name("N").default_value("20000").value_parser(value_parser!(u32))),
        )
        .subcommand(
            Command::new("stamp")
                .about(say("cmd-stamp"))
                .arg(paths(words))
                .arg(text("server", "arg-server").value_name("URL").action(ArgAction::Append))
                .arg(text("digest", "arg-digest").value_name("NAME"))
                .arg(flag("salted", "arg-salted"))
                .arg(flag("per-file", "arg-per-file"))
                .arg(path("out", "arg-out").value_name("DIR"))
                .arg(text("also", "arg-also").value_name("NAME,…"))
                .arg(flag("force", "arg-force"))
                .arg(trust())
                .arg(own())
                .arg(flag("unconfirmed", "arg-unconfirmed"))
                .arg(
                    text("timeout", "arg-timeout").value_name("S").default_value("30").value_parser(value_parser!(u64)),
                )
                .arg(flag("json", "arg-json")),
        )
        .subcommands(node::commands(words))
        .subcommand(
            Command::new("verify")
                .about(say("cmd-verify"))
                .arg(one_path("path", "PATH", &say("arg-path")))
                .arg(further_files(words))
                .arg(path("token", "arg-token"))
                .arg(path("salt", "arg-salt"))
                .arg(
                    text("git", "arg-verify-git")
                        .value_name("REV")
                        .num_args(0..=1)
                        .default_missing_value("HEAD")
                        .conflicts_with_all(["token", "salt"]),
                )
                .arg(path("repository", "arg-repository").value_name("DIR"))
                .arg(trust())
                .arg(own())
                .arg(path("certificate", "arg-certificate").action(ArgAction::Append))
                .arg(path("crl", "arg-crl").action(ArgAction::Append))
                .arg(flag("json", "arg-json")),
        )
        .subcommand(
            Command::new("inspect")
                .about(say("cmd-inspect"))
                .arg(one_path("file", "FILE", &say("arg-file")))
                .arg(flag("json", "arg-json")),
        )
        .subcommand(
            Command::new("trust")
                .about(say("cmd-trust"))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    Command::new("add")
                        .about(say("cmd-trust-add"))
                        .arg(Arg::new("source").required(true).value_name("FILE|URL").help(say("arg-source")))
                        .arg(text("fingerprint", "arg-fingerprint").value_name("HEX")),
                )
                .subcommand(
                    Command::new("remove")
                        .about(say("cmd-trust-remove"))
                        .arg(Arg::new("fingerprint").required(true).value_name("HEX").help(say("arg-which"))),
                )
                .subcommand(Command::new("list").about(say("cmd-trust-list"))),
        )
        .subcommand(
            Command::new("log")
                .about(say("cmd-log"))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(Command::new("show").about(say("cmd-log-show")).arg(data()))
                .subcommand(
                    Command::new("prove")
                        .about(say("cmd-log-prove"))
                        .arg(paths(words).help(say("arg-tokens")))
                        .arg(text("server", "arg-server").value_name("URL").action(ArgAction::Append))
                        .arg(own())
                        .arg(trust()),
                )
                .subcommand(
                    Command::new("export")
                        .about(say("cmd-log-export"))
                        .arg(one_path("folder", "DIR", &say("arg-new-folder")))
                        .arg(data()),
                )
                .subcommand(
                    Command::new("retire")
                        .about(say("cmd-log-retire"))
                        .arg(flag("destroy-key", "arg-destroy-key"))
                        .arg(data()),
                ),
        )
        .subcommand(Command::new("fsck").about(say("cmd-fsck")).arg(data()))
        .subcommand(
            Command::new("backup")
                .about(say("cmd-backup"))
                .arg(one_path("folder", "DIR", &say("arg-new-folder")))
                .arg(path("keys", "arg-keys-out").value_name("DIR").required(true))
                .arg(path("originals", "arg-originals-out").value_name("DIR"))
                .arg(flag("without-originals", "arg-without-originals").conflicts_with("originals"))
                .arg(flag("reread", "arg-reread"))
                .arg(data()),
        )
        .subcommand(
            Command::new("restore")
                .about(say("cmd-restore"))
                .arg(one_path("folder", "DIR", &say("arg-copy")))
                .arg(path("keys", "arg-keys-in").value_name("DIR").required(true))
                .arg(path("originals", "arg-originals-in").value_name("DIR"))
                .arg(flag("without-originals", "arg-without-originals-in").conflicts_with("originals"))
                .arg(data()),
        )
        .subcommand(vault(words))
        .subcommand(
            Command::new("verifier")
                .about(say("cmd-verifier"))
                .arg(Arg::new("digest").long("digest").action(ArgAction::SetTrue).help(say("arg-verifier-digest"))),
        )
        .subcommand(Command::new("man").hide(true).about(say("cmd-man")).arg(one_path(
            "folder",
            "DIR",
            &say("arg-folder"),
        )))
        .subcommand(Command::new("completions").hide(true).about(say("cmd-completions")).arg(
            Arg::new("shell").required(true).help(say("arg-shell")).value_parser(value_parser!(clap_complete::Shell)),
        ))
        .disable_version_flag(true)
        .arg(Arg::new("version").long("version").short('V').action(ArgAction::Version).help(say("arg-version")));
    in_language(all, words)
}

/// `shiyin keys` and its commands.
fn keys(words: &Words) -> Command {
    let say = |id: &str| words.say(id, &[]);
    let path = |name: &'static str, id: &str, value: &'static str| {
        Arg::new(name).long(name).help(say(id)).value_name(value).value_parser(value_parser!(PathBuf))
    };
    let text = |name: &'static str, id: &str| Arg::new(name).long(name).help(say(id));
    let act = |name: &'static str, id: &str| {
        Command::new(name).about(say(id)).arg(path("data", "arg-data", "DIR").default_value("data"))
    };
    let with_root = |command: Command| {
        command.arg(path("root-keys", "arg-root-keys", "DIR")).arg(path(
            "root-passphrase-file",
            "arg-root-passphrase-file",
            "FILE",
        ))
    };
    let suite = || text("algorithm", "arg-suite").value_name("NAME");
    let fingerprint = || Arg::new("fingerprint").required(true).value_name("HEX").help(say("arg-which"));
    Command::new("keys")
        .about(say("cmd-keys"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(act("list", "cmd-keys-list"))
        .subcommand(act("fingerprint", "cmd-keys-fingerprint"))
        .subcommand(
            act("rotate", "cmd-keys-rotate")
                .arg(suite())
                .arg(Arg::new("seal").long("seal").action(ArgAction::SetTrue).help(say("arg-seal"))),
        )
        .subcommand(with_root(act("renew-issuing", "cmd-keys-renew-issuing").arg(suite())))
        .subcommand(with_root(
            act("add-suite", "cmd-keys-add-suite")
                .arg(Arg::new("algorithm").required(true).value_name("NAME").help(say("arg-new-suite"))),
        ))
        .subcommand(with_root(act("renew-root-lists", "cmd-keys-renew-root-lists")))
        .subcommand(with_root(
            act("revoke", "cmd-keys-revoke")
                .arg(fingerprint())
                .arg(text("reason", "arg-reason").required(true).value_name("NAME"))
                .arg(text("invalid-from", "arg-invalid-from").value_name("TIME")),
        ))
        .subcommand(act("destroy", "cmd-keys-destroy").arg(fingerprint()))
}

/// `shiyin vault` and its commands.
fn vault(words: &Words) -> Command {
    let say = |id: &str| words.say(id, &[]);
    let flag = |name: &'static str, id: &str| Arg::new(name).long(name).help(say(id)).action(ArgAction::SetTrue);
    let act = |name: &'static str, id: &str| {
        let data = Arg::new("data").long("data").help(say("arg-data")).value_name("DIR").default_value("data");
        let data = data.value_parser(value_parser!(PathBuf));
        Command::new(name).about(say(id)).arg(data).arg(flag("json", "arg-json"))
    };
    Command::new("vault")
        .about(say("cmd-vault"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(act("status", "cmd-vault-status"))
        .subcommand(
            act("adopt", "cmd-vault-adopt")
                .arg(Arg::new("name").required(true).value_name("NAME").help(say("arg-place"))),
        )
        .subcommand(
            act("check", "cmd-vault-check")
                .arg(Arg::new("holding").long("holding").value_name("ID").help(say("arg-holding"))),
        )
        .subcommand(act("retry", "cmd-vault-retry"))
        .subcommand(
            act("copy", "cmd-vault-copy")
                .arg(one_path("folder", "DIR", &say("arg-originals-folder")))
                .arg(flag("reread", "arg-reread")),
        )
        .subcommand(act("bring-back", "cmd-vault-bring-back").arg(one_path("folder", "DIR", &say("arg-originals-in"))))
}

/// Headings, defaults and the help flag in the user's language, down to the last command.
fn in_language(command: Command, words: &Words) -> Command {
    let say = |id: &str| words.say(id, &[]);
    let help = Arg::new("help").long("help").short('h').action(ArgAction::Help).help(say("arg-help"));
    command
        .help_template(format!("{{about}}\n\n{}: {{usage}}\n\n{{all-args}}{{after-help}}", say("help-usage")))
        .subcommand_help_heading(say("help-commands"))
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .arg(help)
        .mut_args(|arg| {
            let heading = if arg.is_positional() { "help-arguments" } else { "help-options" };
            let defaults: Vec<_> = arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
            let is_switch = !arg.get_action().takes_values();
            let help = match arg.get_help() {
                Some(help) if !defaults.is_empty() && !is_switch => {
                    format!("{help} ({})", words.say("help-default", &[("value", &defaults.join(" "))]))
                }
                help => help.map(ToString::to_string).unwrap_or_default(),
            };
            let arg = arg.help_heading(say(heading)).help(help);
            if is_switch { arg } else { arg.hide_default_value(true) }
        })
        .mut_subcommands(|inner| in_language(inner, words))
}

fn paths(words: &Words) -> Arg {
    Arg::new("paths")
        .required(true)
        .num_args(1..)
        .value_name("PATH")
        .value_parser(value_parser!(PathBuf))
        .help(words.say("arg-paths", &[]))
}

/// Files beside the one that is verified.
fn further_files(words: &Words) -> Arg {
    Arg::new("files")
        .num_args(1..)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .conflicts_with_all(["token", "salt"])
        .help(words.say("arg-files", &[]))
}

fn one_path(name: &'static str, value: &'static str, help: &str) -> Arg {
    Arg::new(name).required(true).value_name(value).value_parser(value_parser!(PathBuf)).help(help.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::report::Language;

    #[test]
    fn the_definitions_are_sound_in_both_languages() {
        for language in [Language::Zh, Language::En] {
            command(&Words::new(language)).debug_assert();
        }
    }
}

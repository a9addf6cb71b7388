//! The commands that work with a node over its API, and their flags.

use crate::words::Words;
use clap::{Arg, ArgAction, Command, value_parser};
use std::path::PathBuf;

/// Makes the arguments, in the user's language.
struct Flags<'w>(&'w Words);

impl Flags<'_> {
    fn say(&self, id: &str) -> String {
        self.0.say(id, &[])
    }

    fn flag(&self, name: &'static str, id: &str) -> Arg {
        Arg::new(name).long(name).help(self.say(id)).action(ArgAction::SetTrue)
    }

    fn text(&self, name: &'static str, value: &'static str, id: &str) -> Arg {
        Arg::new(name).long(name).help(self.say(id)).value_name(value)
    }

    fn path(&self, name: &'static str, value: &'static str, id: &str) -> Arg {
        self.text(name, value, id).value_parser(value_parser!(PathBuf))
    }

    fn yes_or_no(&self, name: &'static str, id: &str) -> Arg {
        self.text(name, "yes|no", id).value_parser(["yes", "no"])
    }

    /// Which node, and whom to trust beside the root that its profile pins.
    fn node(&self, command: Command) -> Command {
        command
            .arg(self.text("profile", "NAME", "arg-profile"))
            .arg(self.path("trust", "FILE", "arg-trust").action(ArgAction::Append))
            .arg(self.path("data", "DIR", "arg-own"))
            .arg(self.flag("unconfirmed", "arg-unconfirmed"))
            .arg(self.flag("json", "arg-json"))
    }

    /// What an application says of a work.
    fn application(&self, command: Command) -> Command {
        command
            .arg(self.path("file", "FILE", "arg-application"))
            .arg(self.text("type", "ID", "arg-type"))
            .arg(self.text("title", "TEXT", "arg-title"))
            .arg(self.text("stage", "ID", "arg-stage"))
            .arg(self.text("own-stage", "TEXT", "arg-own-stage"))
            .arg(self.yes_or_no("published", "arg-published"))
            .arg(self.text("declaration", "TEXT|@FILE", "arg-declaration"))
            .arg(self.text("work", "ID", "arg-work"))
            .arg(self.text("work-version", "TEXT", "arg-work-version"))
            .arg(self.text("summary", "TEXT|@FILE", "arg-summary"))
            .arg(self.text("person", "NAME; PART; COUNTRY; TERRITORY; SHARE", "arg-person").action(ArgAction::Append))
            .arg(self.text("tag", "ID=VALUE; VALUE", "arg-tag").action(ArgAction::Append))
            .arg(self.text("platforms", "TEXT", "arg-platforms"))
            .arg(self.text("materials", "TEXT|@FILE", "arg-materials"))
            .arg(self.yes_or_no("unrelated", "arg-unrelated"))
            .arg(self.flag("salted", "arg-salted-record").conflicts_with("deposit"))
            .arg(self.flag("deposit", "arg-deposit"))
            .arg(self.flag("yes", "arg-yes-cost"))
            .arg(self.text("cost-max", "AMOUNT", "arg-cost-max"))
    }
}

/// All of them.
pub fn commands(words: &Words) -> [Command; 8] {
    let f = Flags(words);
    let about = |name: &'static str, id: &str| Command::new(name).about(f.say(id));
    let number = || Arg::new("number").required(true).value_name("NUMBER").help(f.say("arg-number"));
    let out = || f.path("out", "PATH", "arg-take-out").short('o');
    [
        about("login", "cmd-login")
            .arg(Arg::new("url").required(true).value_name("URL").help(f.say("arg-node")))
            .arg(f.text("profile", "NAME", "arg-profile"))
            .arg(f.path("key-file", "FILE", "arg-key-file"))
            .arg(f.text("label", "TEXT", "arg-label"))
            .arg(f.text("scope", "NAME", "arg-scope").action(ArgAction::Append))
            .arg(f.text("fingerprint", "HEX", "arg-fingerprint"))
            .arg(f.flag("plain-http", "arg-plain-http"))
            .arg(f.flag("force", "arg-force-profile"))
            .arg(f.flag("json", "arg-json")),
        about("logout", "cmd-logout")
            .arg(f.text("profile", "NAME", "arg-profile"))
            .arg(f.flag("force", "arg-force-logout")),
        f.node(about("whoami", "cmd-whoami")),
        f.application(f.node(about("protect", "cmd-protect")))
            .arg(
                Arg::new("paths")
                    .num_args(1..)
                    .value_name("PATH")
                    .value_parser(value_parser!(PathBuf))
                    .conflicts_with_all(["git", "list", "hook"])
                    .help(f.say("arg-paths-record")),
            )
            .arg(
                f.text("git", "REV", "arg-git")
                    .num_args(0..=1)
                    .default_missing_value("HEAD")
                    .conflicts_with_all(["each", "deposit"]),
            )
            .arg(f.path("repository", "DIR", "arg-repository"))
            .arg(f.flag("hook", "arg-hook"))
            .arg(f.flag("list", "arg-list"))
            .arg(f.flag("each", "arg-each"))
            .arg(f.flag("tsr", "arg-tsr").conflicts_with_all(["git", "salted"]))
            .arg(f.flag("sm3", "arg-sm3").conflicts_with("salted"))
            .arg(f.path("out", "DIR", "arg-out-receipt")),
        f.node(about("works", "cmd-works"))
            .subcommand(about("list", "cmd-works-list").arg(f.flag("json", "arg-json")))
            .subcommand(
                about("show", "cmd-works-show")
                    .arg(Arg::new("id").required(true).value_name("ID|NUMBER").help(f.say("arg-work-or-number")))
                    .arg(f.flag("json", "arg-json")),
            )
            .subcommand(
                about("search", "cmd-works-search")
                    .arg(Arg::new("words").required(true).num_args(1..).value_name("WORD").help(f.say("arg-words")))
                    .arg(f.flag("json", "arg-json")),
            ),
        f.node(about("certificate", "cmd-certificate")).arg(number()).arg(out()).arg(f.flag("force", "arg-force-take")),
        f.node(about("package", "cmd-package"))
            .arg(Arg::new("numbers").required(true).num_args(1..).value_name("NUMBER").help(f.say("arg-number")))
            .arg(out())
            .arg(f.flag("no-names", "arg-no-names"))
            .arg(f.flag("force", "arg-force-take")),
        f.application(f.node(about("watch", "cmd-watch")))
            .arg(
                Arg::new("folder")
                    .required(true)
                    .value_name("FOLDER")
                    .value_parser(value_parser!(PathBuf))
                    .help(f.say("arg-watch-folder")),
            )
            .arg(f.text("ignore", "PATTERN", "arg-ignore").action(ArgAction::Append))
            .arg(
                f.text("settle", "S", "arg-settle")
                    .default_value("10")
                    .value_parser(value_parser!(u64).range(1..=86_400)),
            )
            .arg(f.path("state", "FILE", "arg-state"))
            .arg(f.path("out", "DIR", "arg-out-watch"))
            .arg(f.flag("once", "arg-once"))
            .arg(f.flag("dry-run", "arg-dry-run"))
            .arg(f.flag("poll", "arg-poll")),
    ]
}

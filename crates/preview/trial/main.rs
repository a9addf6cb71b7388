//! Stands in the place of the program that is started for a step, and tries the same walls from inside.
//!
//! `step …` does what `shiyin preview …` does. `try WHAT` goes behind the walls and tries to get out; it
//! says on the standard output how that ended.

use preview::sandbox::{Limits, Reach, enter, enter_within};
use std::ffi::OsString;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    match words.first() {
        Some(&"step") => ExitCode::from(preview::child::run(&arguments[1..])),
        Some(&"try") => tried(&words[1..]),
        Some(&"inside") => said(attempt(&words[1..])),
        // A child that never answers, one that never stops, and one that says what it likes.
        Some(&"hang") => said(attempt(&["sleep"])),
        Some(&"flood") => loop {
            if std::io::stdout().write_all(&[b'P'; 1 << 16]).is_err() {
                return ExitCode::SUCCESS;
            }
        },
        Some(&"lie") => said(Ok("<svg onload=alert(1)>".to_owned())),
        Some(&"open") => ExitCode::from(preview::child::NO_SANDBOX),
        _ => ExitCode::FAILURE,
    }
}

fn said(outcome: Result<String, String>) -> ExitCode {
    let text = outcome.map_or_else(|error| format!("refused: {error}"), |what| format!("escaped: {what}"));
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// `try nothing WHAT…` here, `try program WHAT…` as a program that was started behind the walls.
fn tried(words: &[&str]) -> ExitCode {
    let own = std::env::current_exe().expect("a path");
    let reach = match words.first() {
        Some(&"nothing") => Reach::Nothing,
        _ => Reach::Program(&own),
    };
    let entered = match words {
        // Two seconds of processor time show what twenty would.
        [_, "spin"] => enter_within(reach, Limits { cpu_s: 2, ..Limits::default() }),
        _ => enter(reach),
    };
    if let Err(error) = entered {
        let _ = writeln!(std::io::stderr(), "{error}");
        return ExitCode::from(preview::child::NO_SANDBOX);
    }
    match reach {
        Reach::Nothing => said(attempt(&words[1..])),
        Reach::Program(path) => {
            let error = Command::new(path).arg("inside").args(&words[1..]).env_clear().exec();
            said(Err(format!("not started: {error}")))
        }
    }
}

fn attempt(words: &[&str]) -> Result<String, String> {
    fn text(error: impl std::fmt::Display) -> String {
        error.to_string()
    }
    match words {
        ["connect", address] => TcpStream::connect(address).map(|_| "connected".to_owned()).map_err(text),
        ["listen"] => TcpListener::bind("127.0.0.1:0").map(|_| "listens".to_owned()).map_err(text),
        ["udp"] => UdpSocket::bind("127.0.0.1:0").map(|_| "bound".to_owned()).map_err(text),
        ["unix", path] => UnixStream::connect(path).map(|_| "connected".to_owned()).map_err(text),
        ["read", path] => std::fs::read(path).map(|read| format!("{} bytes", read.len())).map_err(text),
        ["list", path] => std::fs::read_dir(path).map(|_| "listed".to_owned()).map_err(text),
        ["write", path] => std::fs::write(path, b"x").map(|()| "written".to_owned()).map_err(text),
        ["remove", path] => std::fs::remove_file(path).map(|()| "removed".to_owned()).map_err(text),
        ["rename", from, to] => std::fs::rename(from, to).map(|()| "renamed".to_owned()).map_err(text),
        ["mode", path] => {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
            std::fs::set_permissions(path, open).map(|()| "changed".to_owned()).map_err(text)
        }
        ["owner", path] => {
            std::os::unix::fs::chown(path, Some(1), Some(1)).map(|()| "changed".to_owned()).map_err(text)
        }
        ["cut", path] => {
            std::fs::OpenOptions::new().write(true).truncate(true).open(path).map(|_| "cut".to_owned()).map_err(text)
        }
        ["fork"] => Command::new("/bin/true").spawn().map(|_| "a process".to_owned()).map_err(text),
        ["become", path] => Err(text(Command::new(path).exec())),
        ["thread"] => std::thread::Builder::new().spawn(|| {}).map(|_| "a thread".to_owned()).map_err(text),
        ["signal", pid] => {
            let pid = rustix::process::Pid::from_raw(pid.parse().map_err(text)?).ok_or("no pid")?;
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).map(|()| "sent".to_owned()).map_err(text)
        }
        ["limits", pid] => {
            let pid = rustix::process::Pid::from_raw(pid.parse().map_err(text)?);
            let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
            rustix::process::prlimit(pid, rustix::process::Resource::Nofile, none)
                .map(|_| "set".to_owned())
                .map_err(text)
        }
        ["raise"] => {
            let all = rustix::process::Rlimit { current: None, maximum: None };
            rustix::process::setrlimit(rustix::process::Resource::As, all).map(|()| "raised".to_owned()).map_err(text)
        }
        ["memory"] => {
            let mut held: Vec<Vec<u8>> = Vec::new();
            loop {
                let mut more = Vec::new();
                if let Err(error) = more.try_reserve_exact(64 << 20) {
                    let mib = held.len() * 64;
                    return if mib <= 2048 { Err(format!("{error} at {mib} MiB")) } else { Ok(format!("{mib} MiB")) };
                }
                more.resize(1, 1);
                held.push(more);
            }
        }
        ["environment"] => match std::env::vars_os().count() {
            0 => Err("it is empty".to_owned()),
            count => Ok(format!("{count} variables")),
        },
        ["spin"] => loop {
            std::hint::spin_loop();
        },
        ["sleep"] => loop {
            std::thread::park();
        },
        ["nothing"] => Ok("is behind the walls".to_owned()),
        _ => Ok("does not know this try".to_owned()),
    }
}

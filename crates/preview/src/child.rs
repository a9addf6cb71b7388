//! What the program does when it is started for a step: it puts up the walls, and only then reads.

use crate::sandbox::{self, Reach};
use crate::step::Step;
use crate::{KEPT_BYTES_MAX, decode};
use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The exit code that says that there are no walls here.
pub const NO_SANDBOX: u8 = 97;
/// The exit code of anything else that went wrong before or beside a program of others.
pub const FAILED: u8 = 98;

/// Does the step of this command line; the exit code. To be called first of all, in a process that has one
/// thread and no secrets.
#[must_use]
pub fn run(arguments: &[OsString]) -> u8 {
    let Some(step) = Step::parse(arguments) else { return FAILED };
    let program = step.program();
    let reach = program.as_ref().map_or(Reach::Nothing, |(path, _)| Reach::Program(path));
    if let Err(error) = sandbox::enter(reach) {
        let _ = writeln!(std::io::stderr(), "{error}");
        return NO_SANDBOX;
    }
    match (program, &step) {
        (Some((path, words)), _) => {
            // Nothing comes back from here but what went wrong.
            let _ = Command::new(path).args(words).env_clear().env("LC_ALL", "C.UTF-8").exec();
            FAILED
        }
        (None, Step::Picture(kind)) => {
            let mut content = Vec::new();
            let read = std::io::stdin().take(KEPT_BYTES_MAX + 1).read_to_end(&mut content);
            let ppm = read.ok().filter(|length| *length as u64 <= KEPT_BYTES_MAX);
            let ppm = ppm.and_then(|_| decode::picture(*kind, &content));
            let written = ppm.map(|ppm| std::io::stdout().write_all(&ppm));
            if matches!(written, Some(Ok(()))) { 0 } else { FAILED }
        }
        (None, _) => FAILED,
    }
}

//! Exit codes, one for each kind of outcome. They are part of the interface.

use std::process::ExitCode;

/// How a command ended; later variants outweigh earlier ones where several inputs were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: all is well; a verification found everything valid.
    #[default]
    Valid,
    /// 3: internally consistent, but the authority is not pinned.
    Unconfirmed,
    /// 4: something needed for the check is missing.
    Incomplete,
    /// 1: a check failed.
    Invalid,
    /// 5: an input is missing, unreadable, or changed while it was read.
    Input,
    /// 6: an output exists already or cannot be written.
    Output,
    /// 7: no server was reached, or none answered in time.
    Server,
    /// 8: a server refused, or answered wrongly.
    Answer,
    /// 9: the instance cannot be made or served.
    Instance,
    /// 2: the command line is wrong.
    Usage,
}

impl Exit {
    /// The number that the shell sees.
    pub fn number(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Usage => 2,
            Self::Unconfirmed => 3,
            Self::Incomplete => 4,
            Self::Input => 5,
            Self::Output => 6,
            Self::Server => 7,
            Self::Answer => 8,
            Self::Instance => 9,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// A command that ended early: how, and what to tell the user.
#[derive(Debug)]
pub struct Failure {
    /// How it ended.
    pub exit: Exit,
    /// What went wrong and what to do, in the user's language.
    pub message: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(exit: Exit, message: String) -> Self {
        Self { exit, message }
    }
}

//! Errors of the world (a file, a portal, a disk) and the one table of exit codes.

use std::fmt;

use crate::live::LiveError;

/// How a run ends. One table for all commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done and clean.
    Clean = 0,
    /// Findings at the denied level, or failed.
    Findings = 1,
    /// Changes or drift present.
    Changes = 2,
    /// Apply stopped part-way.
    Partial = 3,
    /// Wrong usage.
    Usage = 64,
}

/// Something that keeps a command from doing its work.
#[derive(Debug)]
pub struct Error {
    /// What happened, lower-case.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// How the run ends.
    pub exit: Exit,
}

impl Error {
    /// A failure of the world.
    pub fn failed(message: impl Into<String>, hint: impl Into<String>) -> Error {
        Error { message: message.into(), hint: Some(hint.into()), exit: Exit::Findings }
    }

    /// A wrong call.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Error {
        Error { message: message.into(), hint: Some(hint.into()), exit: Exit::Usage }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<LiveError> for Error {
    fn from(error: LiveError) -> Error {
        Error { message: error.message, hint: error.hint, exit: Exit::Findings }
    }
}

//! `rosterctl completions`: a completion script for a shell.

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs};
use super::output::Output;
use crate::error::{Error, Exit};

/// Runs the command.
pub fn run(args: &CompletionsArgs, output: &Output) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rosterctl", &mut script);
    output.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}

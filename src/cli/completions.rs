//! `rosterctl completions`: a script by which a shell asks this program what can be typed next.

use clap_complete::env::Shells;

use super::args::CompletionsArgs;
use super::complete;
use super::output::Output;
use crate::error::{Error, Exit};

/// Runs the command.
pub fn run(args: &CompletionsArgs, output: &Output) -> Result<Exit, Error> {
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell.to_string()).ok_or_else(|| {
        let known = shells.names().collect::<Vec<_>>().join(", ");
        Error::usage(format!("nothing is known of the shell {}", args.shell), format!("the shells are: {known}"))
    })?;
    let mut script = Vec::new();
    // Whichever rosterctl is first on the path is asked, so that an update needs no new script.
    shell
        .write_registration(complete::VARIABLE, "rosterctl", "rosterctl", "rosterctl", &mut script)
        .map_err(|error| Error::failed(format!("the script could not be made: {error}"), "report this as a bug"))?;
    output.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}

//! The command line: one file a command; this one says what there is and how a run ends.

mod apply;
mod args;
mod completions;
mod connect;
mod context;
mod drift;
mod every;
mod explain;
mod export;
mod fmt;
mod init;
mod output;
mod plan;
mod platform;
mod portal;
mod schema;
mod serve;
mod target;
mod validate;
mod who;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

pub use args::Cli;
use args::Command;
pub use every::paced;
use output::Output;

use crate::error::{Error, Exit};

/// Runs the program with the given arguments and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match parse(args) {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    let output = Output::new(&cli.common);
    match dispatch(&cli, &output) {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error);
            error.exit
        }
    }
}

fn dispatch(cli: &Cli, output: &Output) -> Result<Exit, Error> {
    match &cli.command {
        Command::Init(args) => init::run(args, output),
        Command::Validate(args) => validate::run(args, &cli.common, output),
        Command::Plan(args) => plan::run(args, &cli.common, output),
        Command::Apply(args) => apply::run(args, &cli.common, output),
        Command::Drift(args) => drift::run(args, &cli.common, output),
        Command::Export(args) => export::run(args, &cli.common, output),
        Command::Portal(args) => portal::run(args, &cli.common, output),
        Command::Target(args) => target::run(args, &cli.common, output),
        Command::Serve(args) => serve::run(args, &cli.common, output),
        Command::Who(args) => who::run(args, &cli.common, output),
        Command::Explain(args) => explain::run(args, &cli.common, output),
        Command::Fmt(args) => fmt::run(args, &cli.common, output),
        Command::Schema(args) => schema::run(args, output),
        Command::Completions(args) => completions::run(args, output),
    }
}

/// Parses the arguments; help and version end well, wrong usage with its own code, and for machines in one document.
fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Exit> {
    let args: Vec<OsString> = args.into_iter().collect();
    let matches = Cli::command().try_get_matches_from(&args);
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    cli.map_err(|error| {
        let _ = error.print();
        if !error.use_stderr() {
            return Exit::Clean;
        }
        let for_machines = args.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
        if for_machines || args.iter().any(|arg| arg == "--format=json") {
            let message = error.to_string();
            let message = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
            output::error_document(message, None);
        }
        Exit::Usage
    })
}

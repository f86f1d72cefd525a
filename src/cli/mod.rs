//! The command line: one file a command; this one says what there is and how a run ends.

mod accept;
mod apply;
mod args;
mod base;
mod complete;
mod completions;
mod connect;
mod context;
mod drift;
mod every;
mod examples;
mod explain;
mod export;
mod fmt;
mod init;
mod man;
mod manifest;
mod next;
mod output;
mod plan;
mod platform;
mod portal;
mod progress;
mod reports;
mod rosters;
mod runbook;
mod schema;
mod serve;
mod target;
mod validate;
mod who;
mod whose;
mod witness;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

pub use args::Cli;
use args::Command;
pub use every::paced;
use output::Output;

use crate::error::{Error, Exit};

/// Runs the program with the given arguments and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    if complete::answered(&args) {
        return Exit::Clean;
    }
    let cli = match parse(&args) {
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
    let Some(command) = &cli.command else { return next::run(&cli.common, output) };
    reports::check(command, cli.common.format)?;
    match command {
        Command::Init(args) => init::run(args, output),
        Command::Validate(args) => validate::run(args, &cli.common, output),
        Command::Plan(args) => plan::run(args, &cli.common, output),
        Command::Apply(args) => apply::run(args, &cli.common, output),
        Command::Drift(args) => drift::run(args, &cli.common, output),
        Command::Accept(args) => accept::run(args, &cli.common, output),
        Command::Export(args) => export::run(args, &cli.common, output),
        Command::Runbook(args) => runbook::run(args, &cli.common, output),
        Command::Portal(args) => portal::run(args, &cli.common, output),
        Command::Target(args) => target::run(args, &cli.common, output),
        Command::Serve(args) => serve::run(args, &cli.common, output),
        Command::Who(args) => who::run(args, &cli.common, output),
        Command::Explain(args) => explain::run(args, &cli.common, output),
        Command::Fmt(args) => fmt::run(args, &cli.common, output),
        Command::Schema(args) => schema::run(args, output),
        Command::Completions(args) => completions::run(args, output),
        Command::Man(args) => man::run(args, output),
    }
}

/// Everything that can be typed, with examples and with where the names come from that shells complete.
fn command() -> clap::Command {
    complete::with_names(examples::with_examples(Cli::command()))
}

/// What other tools call a command of this one.
const ELSEWHERE: &[(&str, &str)] = &[
    ("check", "validate"),
    ("deploy", "apply"),
    ("diff", "plan"),
    ("format", "fmt"),
    ("import", "export"),
    ("lint", "validate"),
    ("new", "init"),
    ("preview", "plan"),
    ("pull", "export"),
    ("status", "drift"),
    ("sync", "apply"),
    ("test", "validate"),
    ("verify", "validate"),
];

/// Parses the arguments; help and version end well, wrong usage with its own code, and for machines in one document.
fn parse(args: &[OsString]) -> Result<Cli, Exit> {
    let asked = |flag: &str, value: &str| {
        let apart = args.windows(2).any(|pair| pair[0] == flag && pair[1] == value);
        apart || args.iter().any(|arg| arg.to_str().is_some_and(|arg| arg == format!("{flag}={value}")))
    };
    let color = match () {
        () if asked("--color", "never") => clap::ColorChoice::Never,
        () if asked("--color", "always") => clap::ColorChoice::Always,
        () => clap::ColorChoice::Auto,
    };
    let matches = command().color(color).try_get_matches_from(args);
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    cli.map_err(|mut error| {
        if !error.use_stderr() {
            let _ = error.print();
            return Exit::Clean;
        }
        suggest(&mut error);
        let _ = error.print();
        if asked("--format", "json") {
            let message = error.to_string();
            let message = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
            output::error_document(message, None);
        }
        Exit::Usage
    })
}

/// Offers the command of ours for a word that other tools have for it.
fn suggest(error: &mut clap::Error) {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return };
    let ours = ELSEWHERE.iter().find(|(theirs, _)| theirs == word).map(|(_, ours)| (*ours).to_owned());
    if let (ErrorKind::InvalidSubcommand, Some(ours)) = (error.kind(), ours) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![ours]));
    }
}

//! Arguments of `runbook`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Reach, ReportArgs};

/// Arguments of `runbook`.
#[derive(Debug, Args)]
pub struct RunbookArgs {
    /// What to do
    #[command(subcommand)]
    pub command: RunbookCommand,
}

/// The commands on run-books.
#[derive(Debug, Subcommand)]
pub enum RunbookCommand {
    /// Write the plan as a checklist for people; nothing is changed on the target
    Make(MakeArgs),
    /// Say which items of a run-book are done, undone, done differently or undone again
    Verify(VerifyArgs),
}

/// Arguments of `runbook make`.
#[derive(Debug, Args)]
pub struct MakeArgs {
    /// Files, folders or globs; without them those of the workspace file
    pub paths: Vec<PathBuf>,
    /// Write what the portal can import into this folder: a CSV file for each organisation and kind
    #[arg(long, value_name = "FOLDER")]
    pub imports: Option<PathBuf>,
    /// Reports beside the output
    #[command(flatten)]
    pub reports: ReportArgs,
    /// How far the plan may go
    #[command(flatten)]
    pub reach: Reach,
}

/// Arguments of `runbook verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The run-book as JSON; without it the last one that `apply` made for the target. What is seen done is noted in it
    pub file: Option<PathBuf>,
    /// Reports beside the output
    #[command(flatten)]
    pub reports: ReportArgs,
}

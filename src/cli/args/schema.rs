//! Arguments of `schema`.

use clap::{Args, ValueEnum};

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Which schema
    #[arg(value_enum, default_value = "roster")]
    pub kind: SchemaKind,
    /// Spell out the roles, attributes and applications of a platform (roster only)
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
}

/// The schemas that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// Roster files
    Roster,
    /// The workspace file rosterctl.yaml
    Workspace,
    /// Platform files
    Platform,
    /// Manifests of portals with a REST API of their own
    Manifest,
    /// What `plan --format json` and `plan --out` write
    Plan,
    /// What `validate --format json` writes
    Report,
    /// What `apply --format json` writes
    Outcome,
    /// What `drift --format json` writes
    Drift,
    /// What `accept --format json` writes
    Accept,
    /// What `runbook make --format json` writes
    Runbook,
}

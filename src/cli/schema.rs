//! `rosterctl schema`: JSON Schemas (draft 2020-12) from the types that the program itself reads and writes.

use std::path::Path;

use super::args::{SchemaArgs, SchemaKind};
use super::output::Output;
use super::platform::platform;
use crate::error::{Error, Exit};
use crate::report::{json, schema};

/// Runs the command.
pub fn run(args: &SchemaArgs, output: &Output) -> Result<Exit, Error> {
    let platform = match &args.platform {
        None => None,
        Some(_) if args.kind != SchemaKind::Roster => {
            return Err(Error::usage("--platform goes with the schema of rosters", "leave it out"));
        }
        Some(named) => Some(platform(named, Path::new(""))?),
    };
    let schema = match (args.kind, &platform) {
        (SchemaKind::Roster, Some(platform)) => schema::roster_of(platform),
        (SchemaKind::Roster, None) => schema::roster(),
        (SchemaKind::Workspace, _) => schema::workspace(),
        (SchemaKind::Platform, _) => schema::platform(),
        (SchemaKind::Manifest, _) => schema::manifest(),
        (SchemaKind::Plan, _) => schema::plan(),
        (SchemaKind::Report, _) => schema::report(),
        (SchemaKind::Outcome, _) => schema::outcome(),
        (SchemaKind::Drift, _) => schema::drift(),
        (SchemaKind::Accept, _) => schema::accept(),
        (SchemaKind::Runbook, _) => schema::runbook(),
    };
    output.print(&json::to_json(&schema))?;
    Ok(Exit::Clean)
}

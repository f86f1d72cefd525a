//! `rosterctl schema`: JSON Schemas (draft 2020-12) from the types that the program itself reads and writes.

use super::args::{SchemaArgs, SchemaKind};
use super::output::Output;
use crate::error::{Error, Exit};
use crate::platform::{BUILT_IN, Platform};
use crate::report::{json, schema};

/// Runs the command.
pub fn run(args: &SchemaArgs, output: &Output) -> Result<Exit, Error> {
    let platform = match &args.platform {
        None => None,
        Some(_) if args.kind != SchemaKind::Roster => {
            return Err(Error::usage("--platform goes with the schema of rosters", "leave it out"));
        }
        Some(named) => Some(platform(named)?),
    };
    let schema = match (args.kind, &platform) {
        (SchemaKind::Roster, Some(platform)) => schema::roster_of(platform),
        (SchemaKind::Roster, None) => schema::roster(),
        (SchemaKind::Workspace, _) => schema::workspace(),
        (SchemaKind::Platform, _) => schema::platform(),
        (SchemaKind::Plan, _) => schema::plan(),
        (SchemaKind::Report, _) => schema::report(),
    };
    output.print(&json::to_json(&schema))?;
    Ok(Exit::Clean)
}

fn platform(named: &str) -> Result<Platform, Error> {
    if let Some(platform) = Platform::built_in(named) {
        return Ok(platform);
    }
    let ids: Vec<&str> = BUILT_IN.iter().map(|(id, _)| *id).collect();
    let hint = format!("built in: {}; or name the path of a platform file", ids.join(", "));
    let text = std::fs::read_to_string(named)
        .map_err(|error| Error::failed(format!("there is no platform `{named}`: {error}"), hint.clone()))?;
    Platform::from_text(named, &text).map_err(|findings| {
        let first = findings.first().map(|finding| finding.message.clone()).unwrap_or_default();
        Error::failed(format!("the platform `{named}` has errors: {first}"), "mend the platform file")
    })
}

//! `rosterctl fmt`: canonical order and layout, comments kept.

use similar::TextDiff;

use super::args::{Common, FmtArgs};
use super::context::Context;
use super::output::Output;
use super::rosters::sort;
use crate::document::format::format_as;
use crate::document::record::{FromNode, visible};
use crate::document::{source, syntax_finding};
use crate::error::{Error, Exit};
use crate::plan::document::Finding;
use crate::platform::file::PlatformFile;
use crate::report::{Plain, json, text};

/// Runs the command.
pub fn run(args: &FmtArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let mut context = Context::open(common)?;
    let (files, mut diagnostics) = context.files(&args.paths)?;
    diagnostics.append(&mut context.diagnostics);
    let mut changed = Vec::new();
    let mut shown = String::new();
    for file in files {
        if !context.sources.readable(file) {
            continue;
        }
        let before = context.sources.text(file);
        match format_as(before, &[PlatformFile::layout()]) {
            Err(errors) => diagnostics.extend(errors.iter().map(|error| syntax_finding(file, error))),
            Ok(after) if after == before => {}
            Ok(after) => {
                let path = context.sources.path(file).to_owned();
                if args.check {
                    shown.push_str(&difference(&path, before, &after));
                } else {
                    source::replace(&context.cwd.join(&path), &after).map_err(|error| {
                        let message = format!("`{path}` could not be written: {error}");
                        Error::failed(message, "make room or allow writing; the file is as it was")
                    })?;
                }
                changed.push(path);
            }
        }
    }
    sort(&mut diagnostics, &context.sources);
    let findings = text::findings(&diagnostics, &context.sources, &output.style);
    let word = if args.check { "would change" } else { "changed" };
    output.print(&match output.format {
        Plain::Json => {
            let findings: Vec<Finding> =
                diagnostics.iter().map(|finding| Finding::of(finding, &context.sources)).collect();
            json::to_json(&serde_json::json!({
                "version": 1, "check": args.check, "changed": changed, "diagnostics": findings
            }))
        }
        Plain::Text => {
            let list =
                if args.check { shown } else { changed.iter().map(|path| format!("{}\n", visible(path))).collect() };
            let summary = match (changed.len(), output.style.quiet) {
                (_, true) => String::new(),
                (0, _) if !diagnostics.is_empty() => String::new(),
                (0, _) => "everything is in order\n".to_owned(),
                (1, _) => format!("{word} 1 file\n"),
                (count, _) => format!("{word} {count} files\n"),
            };
            format!("{findings}{list}{summary}")
        }
    })?;
    let failed = !diagnostics.is_empty() || args.check && !changed.is_empty();
    Ok(if failed { Exit::Findings } else { Exit::Clean })
}

fn difference(path: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let unified = diff.unified_diff().context_radius(2).header(path, "in canonical form").to_string();
    unified.lines().map(|line| visible(line) + "\n").collect()
}

//! `rosterctl init`: a commented starter roster, a workspace file and a CI workflow that validate clean.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::InitArgs;
use super::output::Output;
use super::platform::platform;
use crate::document::Sources;
use crate::document::record::{id_problem, is_kebab};
use crate::document::source::WORKSPACE_FILE;
use crate::error::{Error, Exit};
use crate::platform::BUILT_IN;
use crate::report::{Plain, json, schema};

/// The schema by which editors complete and check the roster.
const SCHEMA: &str = "schema/roster.json";

const WORKSPACE: &str = "\
# Where the rosters are, where they are applied, and how much one plan may do.
version: 1
rosters: [rosters]
defaultTarget: sandbox

targets:
  # A portal in one SQLite file: try everything here before you connect a real one.
  sandbox: { kind: embedded, path: .rosterctl/sandbox.db }

# A plan that goes further needs --allow-removals or --allow-grants. The smaller of count and percent wins.
guards:
  maxRemovals: { count: 10, percent: 10 }
  maxGrants: { count: 50, percent: 25 }
";

/// The workflow of the examples, which is all that a repository of rosters needs. It names a target that the starter does
/// not have.
const WORKFLOW: &str = include_str!("../../examples/ci/github/rosters.yml");

/// The line of the workflow with the target, in the examples and in a starter.
const TARGET: [&str; 2] = [
    "target: production # of rosterctl.yaml",
    "target: \"\" # name one of rosterctl.yaml, and pull requests get plans and drift is watched",
];

/// Runs the command.
pub fn run(args: &InitArgs, output: &Output) -> Result<Exit, Error> {
    if !is_kebab(&args.organisation) {
        let (message, help) = id_problem(&args.organisation);
        return Err(Error::usage(message, help));
    }
    let Some(platform) = &args.platform else {
        let known: Vec<String> = BUILT_IN.iter().map(|(id, _)| format!("`--platform {id}`")).collect();
        let hint = format!("write {}, or name the path of a platform file", known.join(" or "));
        return Err(Error::usage("which platform the roster is for has to be said", hint));
    };
    let starter = starter(platform, &args.organisation, &args.dir)?;
    let mut files = vec![
        (PathBuf::from(WORKSPACE_FILE), WORKSPACE.to_owned()),
        (Path::new("rosters").join(format!("{}.yaml", args.organisation)), starter.roster),
        (Path::new(".github/workflows").join("rosters.yml"), WORKFLOW.replace(TARGET[0], TARGET[1])),
        (PathBuf::from(SCHEMA), json::to_json(&starter.schema)),
    ];
    let there: Vec<String> = files
        .iter()
        .filter(|(path, _)| fs::symlink_metadata(args.dir.join(path)).is_ok())
        .map(|(path, _)| path.display().to_string())
        .collect();
    if !there.is_empty() {
        let message = format!("`{}` has {} already", args.dir.display(), there.join(", "));
        return Err(Error::failed(message, "nothing was written; choose another folder, or move these away"));
    }
    let ignored = PathBuf::from(".gitignore");
    if fs::symlink_metadata(args.dir.join(&ignored)).is_err() {
        files.push((ignored, "/.rosterctl/\n".to_owned()));
    }
    for (path, text) in &files {
        write(&args.dir.join(path), text)?;
    }
    if output.format == Plain::Json {
        let listed: Vec<String> = files.iter().map(|(path, _)| args.dir.join(path).display().to_string()).collect();
        output.print(&json::to_json(&serde_json::json!({ "version": 1, "written": listed })))?;
        return Ok(Exit::Clean);
    }
    if output.style.quiet {
        return Ok(Exit::Clean);
    }
    let listed: String = files.iter().map(|(path, _)| format!("  {}\n", args.dir.join(path).display())).collect();
    output.print(&format!(
        "written:\n{listed}\nnext:\n  rosterctl validate   checks the roster\n  rosterctl plan       shows what it would do\n  \
         rosterctl apply      does it, on the sandbox\n"
    ))?;
    Ok(Exit::Clean)
}

/// What depends on the platform.
struct Starter {
    roster: String,
    schema: serde_json::Value,
}

fn starter(word: &str, organisation: &str, dir: &Path) -> Result<Starter, Error> {
    let platform = platform(word, Path::new(""))?;
    let reference = if BUILT_IN.iter().any(|(id, _)| *id == word) {
        word.to_owned()
    } else {
        // The roster will stand in a folder that need not be there yet: one below `dir`.
        let seen = Sources::shown(Path::new(word), dir);
        if Path::new(&seen).is_absolute() { seen } else { format!("../{seen}") }
    };
    let name = organisation.split('-').map(capitalised).collect::<Vec<_>>().join(" ");
    let minimal = "version: 1\norganisation: {organisation}\nplatform: {platform}\n";
    let starter = if platform.starter.is_empty() { minimal } else { &platform.starter };
    let roster = starter.replace("{organisation}", organisation).replace("{name}", &name);
    Ok(Starter { roster: roster.replace("{platform}", &reference), schema: schema::roster_of(&platform) })
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(path))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let message = format!("`{}` could not be written: {error}", path.display());
        Error::failed(message, "make room there, or choose another folder")
    })
}

//! What a shell is told when somebody presses Tab: targets, organisations, rules, roles and other words of platforms.
//!
//! Only local files are read, nothing is written, and nothing is said of what is wrong with them: who types a command is
//! not to be disturbed. `rosterctl validate` tells.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, Command, Parser};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::CompleteEnv;

use super::args::Cli;
use super::context::Context;
use super::platform::platform;
use crate::document::record::visible;
use crate::platform::{BUILT_IN, Platform};
use crate::rules::ROSTER_RULES;

/// The variable by which the scripts of `rosterctl completions` ask.
pub const VARIABLE: &str = "ROSTERCTL_COMPLETE";

/// Answers a shell that asks what can be typed next; false where no shell asks. Never fails: there is then no answer.
pub fn answered(args: &[OsString]) -> bool {
    if std::env::var_os(VARIABLE).is_none_or(|shell| shell.is_empty() || shell == "0") {
        return false;
    }
    let shells = CompleteEnv::with_factory(super::command).var(VARIABLE).bin("rosterctl").completer("rosterctl");
    let _ = shells.try_complete(args.iter().cloned(), std::env::current_dir().ok().as_deref());
    true
}

/// The same command, whose arguments know where their names come from.
pub fn with_names(command: Command) -> Command {
    let own = command.get_name().to_owned();
    let command = command.mut_args(|arg| match source(&own, arg.get_id().as_str()) {
        Some(names) => Arg::add(arg, ArgValueCandidates::new(move || names().into_iter().filter(is_plain).collect())),
        None => arg,
    });
    command.mut_subcommands(with_names)
}

/// Whether a word means itself to every shell: what a file in this folder says must not run when somebody presses Tab.
fn is_plain(candidate: &CompletionCandidate) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:@+,".contains(byte);
    let word = candidate.get_value().as_encoded_bytes();
    !word.starts_with(b"-") && word.iter().all(plain)
}

/// Where the names of an argument come from.
fn source(command: &str, argument: &str) -> Option<fn() -> Vec<CompletionCandidate>> {
    Some(match (command, argument) {
        (_, "target") => || here().map(targets).unwrap_or_default(),
        // The organisation of a new roster has a new name.
        ("init", "organisation") => return None,
        (_, "organisation") => || here().map(organisations).unwrap_or_default(),
        (_, "platform") => || BUILT_IN.iter().map(|(id, _)| CompletionCandidate::new(*id)).collect(),
        (_, "allow_open") => || words(rules),
        ("holds", "role") => || words(roles),
        ("notified", "event") => || words(events),
        ("can", "permission") => || words(permissions),
        ("explain", "word") => || words(everything),
        _ => return None,
    })
}

/// The workspace that the line so far is about.
fn here() -> Option<Context> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let named = typed.windows(2).rev().find(|pair| pair[0] == "--workspace").map(|pair| pair[1].clone());
    let mut line: Vec<OsString> = vec!["rosterctl".into()];
    line.extend(named.into_iter().flat_map(|file| ["--workspace".into(), file]));
    Context::open(&Cli::try_parse_from(line).ok()?.common).ok()
}

fn targets(context: Context) -> Vec<CompletionCandidate> {
    let targets = context.workspace.iter().filter_map(|workspace| workspace.targets.as_ref());
    let named = targets.flat_map(|targets| &targets.entries).map(|(name, target)| {
        let kind = target.value.kind.0.as_ref().map(|kind| kind.value.as_str());
        candidate(&name.value, kind.unwrap_or_default())
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() { vec![candidate("sandbox", "embedded")] } else { named }
}

/// The values of a key at the left edge of rosters, each with the folder of the first file that has it. This is no YAML:
/// people wait for it, and a million of them are not read for a handful of names.
fn stated(context: &mut Context, key: &str) -> BTreeMap<String, std::path::PathBuf> {
    let files = context.files(&[]).map(|(files, _)| files).unwrap_or_default();
    let mut values = BTreeMap::new();
    for file in files {
        let folder = context.cwd.join(context.sources.path(file));
        for line in context.sources.text(file).lines() {
            let Some(value) = line.strip_prefix(key).and_then(|rest| rest.strip_prefix(':')) else { continue };
            let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
            if !value.is_empty() && !values.contains_key(value) {
                values.insert(value.to_owned(), folder.parent().unwrap_or(&context.cwd).to_owned());
            }
        }
    }
    values
}

fn organisations(mut context: Context) -> Vec<CompletionCandidate> {
    stated(&mut context, "organisation").keys().map(|id| candidate(id, "")).collect()
}

/// The words of the platforms that the rosters name, or of all that are built in where they name none.
fn words(of: fn(&Platform) -> Vec<CompletionCandidate>) -> Vec<CompletionCandidate> {
    let named = here().map(|mut context| stated(&mut context, "platform")).unwrap_or_default();
    let mut platforms: Vec<Platform> = named.iter().filter_map(|(word, folder)| platform(word, folder).ok()).collect();
    if platforms.is_empty() {
        platforms = BUILT_IN.iter().filter_map(|(id, _)| platform(id, Path::new("")).ok()).collect();
    }
    let mut found: Vec<CompletionCandidate> = platforms.iter().flat_map(of).collect();
    found.sort();
    found.dedup_by(|one, other| one.get_value() == other.get_value());
    found
}

fn rules(platform: &Platform) -> Vec<CompletionCandidate> {
    platform.rules.iter().map(|rule| candidate(&rule.id, &rule.title)).collect()
}

fn roles(platform: &Platform) -> Vec<CompletionCandidate> {
    platform.roles.iter().map(|role| candidate(&role.id, &role.name)).collect()
}

fn events(platform: &Platform) -> Vec<CompletionCandidate> {
    platform.events.iter().map(|event| candidate(&event.id, &event.summary)).collect()
}

/// Permissions, and the levels of applications.
fn permissions(platform: &Platform) -> Vec<CompletionCandidate> {
    let permissions = platform.permissions.iter().map(|permission| candidate(&permission.id, &permission.summary));
    let levels = platform.applications.iter().flat_map(|application| {
        let level = |level| candidate(&format!("{}:{level}", application.id), &application.name);
        application.levels.iter().map(level).collect::<Vec<_>>()
    });
    permissions.chain(levels).collect()
}

/// Whatever `explain` knows.
fn everything(platform: &Platform) -> Vec<CompletionCandidate> {
    let language = ROSTER_RULES.iter().map(|(id, title)| candidate(id, title));
    let permissions = platform.permissions.iter().map(|permission| candidate(&permission.id, &permission.summary));
    let applications = platform.applications.iter().map(|application| candidate(&application.id, &application.name));
    let attributes = platform.attributes.iter().map(|attribute| candidate(&attribute.name, &attribute.summary));
    let services = platform.services.iter().map(|service| candidate(&service.id, &service.name));
    let words = language.chain(permissions).chain(applications).chain(attributes).chain(services);
    words.chain(rules(platform)).chain(roles(platform)).chain(events(platform)).collect()
}

/// A word and what it is, on one line.
fn candidate(word: &str, what: &str) -> CompletionCandidate {
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let candidate = CompletionCandidate::new(visible(word));
    if what.is_empty() { candidate } else { candidate.help(Some(visible(&what).into())) }
}

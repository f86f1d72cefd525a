//! What can be typed: commands, arguments, flags, and their help.

mod runbook;
mod schema;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::reports::{Asked, asked};
use crate::document::record::{id_problem, is_kebab};
use crate::report::Format;
pub use runbook::{MakeArgs, RunbookArgs, RunbookCommand, VerifyArgs};
pub use schema::{SchemaArgs, SchemaKind};

/// GitOps for the people in an organisation's portals.
#[derive(Debug, Parser)]
#[command(
    name = "rosterctl",
    version,
    about = "GitOps for the people in an organisation's portals",
    long_about = "rosterctl keeps the users, contact roles and permission groups of an organisation's portals as \
                  reviewed YAML: it validates them against the platform's rules, plans the difference to what is live, \
                  and applies it in an order that never leaves the organisation without its administrator or contact.",
    after_help = "Start with `rosterctl init --platform arxus`, then `rosterctl validate`, `rosterctl plan`, `rosterctl apply`.\n\
                  `rosterctl` alone says what to do next in this folder.\n\
                  Exit codes: 0 done and clean, 1 findings or failed, 2 changes or drift, 3 applied in part, 64 wrong usage.",
    infer_long_args = true
)]
pub struct Cli {
    /// What to do; without it, what to do next is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags that every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented starter roster, a workspace file and a CI workflow
    Init(InitArgs),
    /// Check shape, references, rules and expectations; reads no live state
    Validate(ValidateArgs),
    /// Show what would change on a target and what that means
    Plan(PlanArgs),
    /// Plan, ask, and carry it out
    Apply(ApplyArgs),
    /// Compare rosters and target; say what changed outside and what is not applied yet
    Drift(DriftArgs),
    /// Write what was changed outside into the rosters, ready to commit
    Accept(AcceptItems),
    /// Write the live state as a roster
    Export(ExportArgs),
    /// Have a plan carried out by hand, where a portal cannot be written: a checklist, and how far it is
    Runbook(RunbookArgs),
    /// Accept invitations on the embedded portal, show its audit trail
    Portal(PortalArgs),
    /// Learn what a target on the network does, or which column of an export is what
    Target(TargetArgs),
    /// Serve the embedded portal over HTTP: SCIM 2.0 with contacts, the platform's life cycle enforced
    Serve(ServeArgs),
    /// Answer who is notified, who may, who holds, and why
    Who(WhoArgs),
    /// Tell what a rule, role, event or permission is, why, and where it comes from
    Explain(ExplainArgs),
    /// Bring rosters into canonical order and layout, comments kept
    Fmt(FmtArgs),
    /// Print a JSON Schema (draft 2020-12)
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands into a folder
    Man(ManArgs),
}

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// How to print the result
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub format: Format,
    /// When to use colours; NO_COLOR is respected
    #[arg(long, value_enum, default_value = "auto", global = true)]
    pub color: ColorChoice,
    /// Print only what needs attention: findings, removals, the last line
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Fold nothing away: every step, every sentence, whole digests
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// The target of the workspace file to work on
    #[arg(long, global = true, value_name = "NAME")]
    pub target: Option<String>,
    /// The workspace file; without it rosterctl.yaml is looked for from the working directory upwards
    #[arg(long, global = true, value_name = "FILE")]
    pub workspace: Option<PathBuf>,
    /// The day that counts as today, such as 2027-06-30
    #[arg(long, global = true, value_name = "DATE", value_parser = day)]
    pub as_of: Option<jiff::civil::Date>,
    /// The level of findings that fail a run
    #[arg(long, value_enum, default_value = "error", global = true, value_name = "LEVEL")]
    pub deny: Deny,
}

fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "write year, month and day, such as 2027-06-30".to_owned())
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a whole number, such as 3".to_owned())
}

fn id(text: &str) -> Result<String, String> {
    let (message, help) = id_problem(text);
    is_kebab(text).then(|| text.to_owned()).ok_or_else(|| format!("{message}; {help}"))
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The level of findings that fail a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Errors only
    Error,
    /// Warnings too
    Warning,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder to write into
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// The platform of the roster: arxus, grx, or the path of a platform file
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// The id of the organisation
    #[arg(long, default_value = "acme", value_name = "ID")]
    pub organisation: String,
}

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Files, folders or globs; without them those of the workspace file
    pub paths: Vec<PathBuf>,
    /// Reports beside the output
    #[command(flatten)]
    pub reports: ReportArgs,
    /// Report only findings that this branch adds to those at a git revision, such as origin/main
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
}

/// Reports in files.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Write the result in a further format to a file, such as sarif=report.sarif; repeatable
    #[arg(long, value_name = "FORMAT=FILE", value_parser = asked)]
    pub report: Vec<Asked>,
}

/// How far a plan may go.
#[derive(Debug, Default, Args)]
pub struct Reach {
    /// Remove people and groups on the target that no roster names
    #[arg(long)]
    pub prune: bool,
    /// Allow so many removals this once, per organisation and kind
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub allow_removals: Option<usize>,
    /// Allow so many people to gain a role or group this once, per organisation and kind
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub allow_grants: Option<usize>,
    /// Allow steps to break this rule this once; repeatable
    #[arg(long, value_name = "RULE")]
    pub allow_open: Vec<String>,
    /// The id of the person whose credentials are used
    #[arg(long, value_name = "ID", value_parser = id)]
    pub actor: Option<String>,
    /// Tell the changes of this branch from what is on a git revision already, such as origin/main, and from what
    /// others changed on the target; where branch and others changed the same, it is a conflict
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// Apply over conflicts this once: what others changed on the target is lost
    #[arg(long, requires = "base")]
    pub allow_conflicts: bool,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Files, folders or globs; without them those of the workspace file
    pub paths: Vec<PathBuf>,
    /// Save the plan for `apply --plan`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// End with exit code 2 where there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Reports beside the output
    #[command(flatten)]
    pub reports: ReportArgs,
    /// How far the plan may go
    #[command(flatten)]
    pub reach: Reach,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Files, folders or globs; without them those of the workspace file
    #[arg(conflicts_with = "plan")]
    pub paths: Vec<PathBuf>,
    /// Carry out a plan saved with `plan --out`, if it still fits
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prune", "allow_removals", "allow_grants", "allow_open", "actor", "base"])]
    pub plan: Option<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// How far the plan may go
    #[command(flatten)]
    pub reach: Reach,
}

/// Arguments of `drift`.
#[derive(Debug, Args)]
#[command(after_help = super::every::HELP)]
pub struct DriftArgs {
    /// Files, folders or globs; without them those of the workspace file
    pub paths: Vec<PathBuf>,
    /// Tell the changes of this branch from what is on a git revision already, such as origin/main
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// Reports beside the output
    #[command(flatten)]
    pub reports: ReportArgs,
    /// Drift on the clock
    #[command(flatten)]
    pub clock: super::every::EveryArgs,
}

/// Arguments of `accept`.
#[derive(Debug, Args)]
#[command(
    after_help = "The files are changed at once and the difference is shown: git keeps the text before. Only lines that must \
                        change are touched. A run that is killed leaves each file as it was or as it shall be, and \
                        perhaps `.NAME.PROCESS.tmp` beside it, which may be removed; the same run once more goes on \
                        with the rest. An entry that was on its way from one file to another may then stand in both: \
                        `validate` names the two places; take out the one in the section that the person left. What the roster changed and nobody applied yet is accepted only where its field is \
                        named (`acme/ada/roles`), since that undoes the change. Somebody whom no roster names is accepted by \
                        mail address. Exit codes: 0 done, 1 something could not be accepted, 64 an item that does not exist."
)]
pub struct AcceptItems {
    /// ORGANISATION/KEY or ORGANISATION/KEY/FIELD; without any, all that was changed outside
    #[arg(value_name = "ITEM")]
    pub items: Vec<String>,
    /// Accept people and groups whom no roster names, too: each gets an entry
    #[arg(long)]
    pub unmanaged: bool,
    /// Show the difference and write nothing
    #[arg(long, visible_alias = "diff")]
    pub dry_run: bool,
    /// Files, folders or globs of rosters; without it those of the workspace file; repeatable
    #[arg(long, value_name = "PATH")]
    pub rosters: Vec<PathBuf>,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The organisation; may be left out where the target has only one
    #[arg(long, value_name = "ID")]
    pub organisation: Option<String>,
}

/// Arguments of `target`.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// What to do
    #[command(subcommand)]
    pub command: TargetCommand,
}

/// What `target` does.
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// Try what a target does and write it into its capabilities file, to review and commit; of a snapshot, propose its columns
    Probe(ProbeArgs),
}

/// Arguments of `target probe`.
#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// Create users and groups of our own, try everything on them, and remove them again
    #[arg(long)]
    pub write: bool,
    /// Write the capabilities to this file rather than to the one of the workspace; `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `portal`.
#[derive(Debug, Args)]
pub struct PortalArgs {
    /// What to do
    #[command(subcommand)]
    pub command: PortalCommand,
}

/// What `portal` does.
#[derive(Debug, Subcommand)]
pub enum PortalCommand {
    /// Play people who accept their invitations: pending becomes active, as no plan can make it
    Accept(AcceptArgs),
    /// Show who did what under which plan, and what was refused; the newest last
    Audit(AuditArgs),
}

/// Arguments of `portal accept`.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The ids or e-mail addresses of the people
    #[arg(value_name = "PERSON", required_unless_present = "all", conflicts_with = "all")]
    pub people: Vec<String>,
    /// Everybody who is pending accepts
    #[arg(long)]
    pub all: bool,
    /// The organisation; may be left out where the target has only one
    #[arg(long, value_name = "ID")]
    pub organisation: Option<String>,
}

/// Arguments of `portal audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Only this organisation
    #[arg(long, value_name = "ID")]
    pub organisation: Option<String>,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "A line of the file of tokens is `name token [actor-id]`: the name is for the audit trail, the actor is the person\n\
    whose rights the token has. The base address of SCIM is printed once the server is ready; Ctrl-C ends it."
)]
pub struct ServeArgs {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: String,
    /// The portal's file; without it that of the target
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Where objects go whose external id names no organisation
    #[arg(long, value_name = "ID", value_parser = id)]
    pub organisation: Option<String>,
    /// The platform of organisations that the portal does not know yet
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// Who may come in; without it (and without ROSTERCTL_SERVE_TOKEN) everybody on this machine
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// Arguments of `who`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each question takes --live, --before or --after to look at a target instead of the rosters. What --format json \
                  prints is shown in the README."
)]
pub struct WhoArgs {
    /// The question
    #[command(subcommand)]
    pub question: Question,
}

/// The questions that `who` answers.
#[derive(Debug, Subcommand)]
pub enum Question {
    /// Who is notified of an event
    Notified {
        /// The event
        event: String,
        /// Where to look
        #[command(flatten)]
        looking: Looking,
    },
    /// Who may do something
    Can {
        /// The permission, or APPLICATION:LEVEL
        permission: String,
        /// Where to look
        #[command(flatten)]
        looking: Looking,
    },
    /// Who holds a role
    Holds {
        /// The role
        role: String,
        /// Where to look
        #[command(flatten)]
        looking: Looking,
    },
    /// Who somebody is: roles, groups, permissions, access and events, each with the line that gives it
    Is {
        /// The id, an earlier id, or the e-mail address
        person: String,
        /// Where to look
        #[command(flatten)]
        looking: Looking,
    },
}

/// Where a question looks: at the rosters, or at a target.
#[derive(Debug, Args)]
pub struct Looking {
    /// Files, folders or globs; without them those of the workspace file
    pub paths: Vec<PathBuf>,
    /// Look at what is live on the target; the rosters tell facts about the organisation only
    #[arg(long, conflicts_with_all = ["before", "after"])]
    pub live: bool,
    /// Look at what a plan starts from: what is live, people under the ids that the plan gives them
    #[arg(long, conflicts_with = "after")]
    pub before: bool,
    /// Look at what is there once the plan is applied, unmanaged people too; who is only invited is pending
    #[arg(long)]
    pub after: bool,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A rule, role, event, permission, application, attribute or service; without it all rules are listed
    pub word: Option<String>,
    /// The platform whose words are meant: built in, or the path of a platform file
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
}

/// Arguments of `fmt`.
#[derive(Debug, Args)]
pub struct FmtArgs {
    /// Files, folders or globs; without them those of the workspace file
    pub paths: Vec<PathBuf>,
    /// Change nothing; show what would change and end with exit code 1 where something would
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder to write a page for each command into; without it the main page is printed
    pub dir: Option<PathBuf>,
}

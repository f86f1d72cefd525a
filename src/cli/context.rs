//! What commands share: the workspace, the rosters with what is wrong with them, the target.

use std::path::{Path, PathBuf};

use jiff::Zoned;
use rayon::prelude::*;
use smol_str::SmolStr;
use tokio::runtime::Runtime;

use super::args::{Common, Deny, Reach};
use super::connect::Target;
use super::manifest;
use super::output::Output;
use super::progress::Waiting;
use crate::diagnostic::{Diagnostic, FileId, Place, Severity, nearest};
use crate::document::record::visible;
use crate::document::source::{Unreadable, WORKSPACE_FILE, read_text};
use crate::document::workspace::{Level, Removal, TargetKind, Workspace};
use crate::document::{self, Sources};
use crate::error::{Error, Exit};
use crate::live::Read;
use crate::model::{Built, Day, Organisation, Platforms, build};
use crate::plan::document::{Finding, TargetRef};
use crate::plan::{Guards, Limit, Options};
use crate::platform::{BUILT_IN, Platform};
use crate::report::{Plain, REPORT_VERSION, Summary, Validation, json, text};
use crate::rules::{self, Doubts, Levels};

/// The embedded target that is used where no workspace file names one.
pub const SANDBOX: &str = ".rosterctl/sandbox.db";

/// The workspace of a run: where it is, what it says, how it weighs.
#[derive(Debug)]
pub struct Context {
    /// The working directory.
    pub cwd: PathBuf,
    /// The folder that the workspace's paths are relative to.
    pub base: PathBuf,
    /// What the workspace file says, where there is one.
    pub workspace: Option<Workspace>,
    /// Everything that was read.
    pub sources: Sources,
    /// What is wrong with the workspace file.
    pub diagnostics: Vec<Diagnostic>,
    /// The day that counts as today.
    pub today: Day,
    /// The workspace file, where there is one.
    file: Option<PathBuf>,
    levels: Vec<(SmolStr, Level, Place)>,
}

/// The rosters of a run, and everything that is wrong with them.
#[derive(Debug)]
pub struct Rosters {
    /// The organisations whose platform is known.
    pub organisations: Vec<Organisation>,
    /// The findings, by path, line and column.
    pub diagnostics: Vec<Diagnostic>,
    /// Everything that was read.
    pub sources: Sources,
    /// Which of that are rosters.
    pub files: Vec<FileId>,
    /// How rules are weighed.
    pub levels: Levels,
    /// Whether these are all that there are; false where the command line names some.
    pub all: bool,
}

impl Context {
    /// A workspace of which nothing is read yet.
    fn blank(cwd: PathBuf, base: PathBuf, today: Day, sources: Sources) -> Context {
        Context { cwd, base, workspace: None, sources, diagnostics: Vec::new(), today, file: None, levels: Vec::new() }
    }

    /// Finds and reads the workspace file.
    pub fn open(common: &Common) -> Result<Context, Error> {
        let cwd = std::env::current_dir().map_err(|error| {
            Error::failed(format!("the working directory cannot be used: {error}"), "change to a folder that exists")
        })?;
        let today = Day(common.as_of.unwrap_or_else(|| Zoned::now().date()));
        let mut context = Context::blank(cwd.clone(), cwd, today, Sources::default());
        let file = match &common.workspace {
            Some(file) if !file.is_file() => {
                let message = format!("there is no workspace file `{}`", file.display());
                return Err(Error::usage(message, "name an existing file, or leave --workspace out"));
            }
            Some(file) => Some(context.cwd.join(file)),
            None => context.cwd.ancestors().map(|folder| folder.join(WORKSPACE_FILE)).find(|file| is_there(file)),
        };
        if let Some(file) = file {
            context.read_workspace(&file);
        }
        Ok(context)
    }

    /// The workspace file, where there is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The same working directory with nothing read yet, for other files than those on the disk.
    pub fn with(&self, sources: Sources) -> Context {
        Context::blank(self.cwd.clone(), self.base.clone(), self.today, sources)
    }

    /// Reads a workspace file, whose folder its paths are relative to.
    pub fn read_workspace(&mut self, path: &Path) {
        let text = self.sources.read(path);
        self.take_workspace(path, text);
    }

    /// Takes the workspace file as it is on the disk, whatever time the other files are of: all of it, or just which
    /// files it names.
    pub fn take_present_workspace(&mut self, path: &Path, whole: bool) {
        self.take_workspace(path, read_text(path));
        if !whole {
            self.levels.clear();
            self.diagnostics.clear();
        }
    }

    fn take_workspace(&mut self, path: &Path, text: Result<String, Unreadable>) {
        self.base = path.parent().unwrap_or(&self.cwd).to_owned();
        self.file = Some(path.to_owned());
        let (file, problem) = self.sources.add(Sources::shown(path, &self.cwd), text);
        self.diagnostics.extend(problem.map(|finding| {
            finding.help(format!(
                "the workspace file must be one that can be read: mend `{}`, or move it away",
                visible(&path.to_string_lossy())
            ))
        }));
        if !self.sources.readable(file) {
            return;
        }
        let (workspace, mut findings) = document::read_single::<Workspace>(&self.sources, file);
        // Where secrets are asked for, what was written instead may be one.
        let secret = |place: &&Place| place.pointer.contains("/auth") || place.pointer.starts_with("/drift/webhook");
        for place in findings.iter().filter_map(|finding| finding.place.as_ref()).filter(secret) {
            self.sources.cover(file, place.span);
        }
        self.diagnostics.append(&mut findings);
        let Some(workspace) = workspace else { return };
        let levels = workspace.rules.as_ref().and_then(|rules| rules.levels.as_ref());
        for (rule, level) in levels.into_iter().flat_map(|levels| &levels.0) {
            let pointer = crate::diagnostic::pointer(["rules", "levels", &rule.value]);
            self.levels.push((rule.value.clone(), level.value, Place { file, span: rule.span, pointer }));
        }
        self.check_targets(&workspace, file);
        if !self.sources.is_past() {
            self.diagnostics.append(&mut manifest::check(&workspace, &self.base, &self.cwd, &mut self.sources));
        }
        self.workspace = Some(workspace);
    }

    fn check_targets(&mut self, workspace: &Workspace, file: FileId) {
        let targets = workspace.targets.iter().flat_map(|targets| &targets.entries);
        for (name, target) in targets.clone() {
            let Some(kind) = &target.value.kind.0 else { continue };
            let missing = match kind.value {
                TargetKind::Embedded | TargetKind::Snapshot if target.value.path.is_none() => "path",
                TargetKind::Scim | TargetKind::Rest if target.value.url.is_none() => "url",
                TargetKind::Rest if target.value.manifest.is_none() => "manifest",
                _ => continue,
            };
            let pointer = crate::diagnostic::pointer(["targets", &name.value]);
            let message = format!("the target `{}` of kind {} needs the key `{missing}`", name.value, kind.value);
            let place = Place { file, span: name.span, pointer };
            let finding = Diagnostic::error("roster/missing-key", message).at(place);
            self.diagnostics.push(finding.help(format!("add `{missing}:`")));
        }
        if let Some(default) = &workspace.default_target
            && !targets.clone().any(|(name, _)| name.value == default.value)
        {
            let place = Place { file, span: default.span, pointer: "/defaultTarget".to_owned() };
            let message = format!("there is no target `{}`", default.value);
            let finding = Diagnostic::error("roster/wrong-type", message).at(place);
            let near = nearest(&default.value, targets.map(|(name, _)| name.value.as_str()));
            let help = near.map_or("declare it under `targets`".to_owned(), |near| format!("did you mean `{near}`?"));
            self.diagnostics.push(finding.help(help));
        }
    }

    /// Reads and checks the rosters that the command line or the workspace names.
    pub fn rosters(self, paths: &[PathBuf], output: &Output) -> Result<(Rosters, Settings), Error> {
        self.rosters_with(paths, &[], output)
    }

    /// The same as if some files, by their paths as shown, had another text.
    pub fn rosters_with(
        mut self,
        paths: &[PathBuf],
        texts: &[(String, String)],
        output: &Output,
    ) -> Result<(Rosters, Settings), Error> {
        if let Some(other) = self.passed_by(paths).filter(|_| !self.sources.is_past()) {
            output.remark(&format!(
                "note: {} is not used: a workspace file counts from its own folder downwards (go there, or name it with --workspace)",
                visible(&other.to_string_lossy())
            ));
        }
        let _waiting = Waiting::new(output.style.quiet, "reading and checking the rosters");
        let (files, mut diagnostics) = self.files(paths)?;
        diagnostics.append(&mut self.diagnostics);
        for (path, text) in texts {
            if let Some(file) = self.sources.find(path) {
                self.sources.put(file, text.clone());
            }
        }
        let (documents, mut findings) = document::read_rosters(&self.sources, &files);
        diagnostics.append(&mut findings);
        let (platforms, mut findings) = Platforms::load(&documents, &mut self.sources, &self.cwd);
        diagnostics.append(&mut findings);
        let Built { organisations, diagnostics: mut findings } = build(documents, &platforms, self.today);
        diagnostics.append(&mut findings);
        let levels = self.levels(&organisations, &mut diagnostics);
        let doubts = Doubts::of(&diagnostics);
        let check = |organisation: &Organisation| rules::check(organisation, &levels, &doubts, self.today);
        diagnostics.extend(organisations.par_iter().map(check).collect::<Vec<_>>().into_iter().flatten());
        sort(&mut diagnostics, &self.sources);
        let settings = Settings { base: self.base, workspace: self.workspace, file: self.file, today: self.today };
        let all = paths.is_empty();
        Ok((Rosters { organisations, diagnostics, sources: self.sources, files, levels, all }, settings))
    }

    /// A workspace file in a folder that the command line names, which is not the one in use.
    fn passed_by(&self, paths: &[PathBuf]) -> Option<PathBuf> {
        let own = self.base.join(WORKSPACE_FILE).canonicalize().ok();
        let mut files = paths.iter().map(|path| path.join(WORKSPACE_FILE));
        files.find(|file| file.is_file() && file.canonicalize().ok() != own)
    }

    /// Reads the files that the command line or the workspace names.
    pub fn files(&mut self, paths: &[PathBuf]) -> Result<(Vec<FileId>, Vec<Diagnostic>), Error> {
        let named = self.workspace.as_ref().and_then(|workspace| workspace.rosters.as_ref());
        let (patterns, base) = match named {
            _ if !paths.is_empty() => (paths.to_vec(), &self.cwd),
            Some(rosters) => (rosters.iter().map(|path| PathBuf::from(path.value.as_str())).collect(), &self.base),
            None if self.sources.is_past() || self.base.join("rosters").is_dir() => {
                (vec![PathBuf::from("rosters")], &self.base)
            }
            // What the workspace file would name is not known: what is wrong with it says more than that nothing is named.
            None if !self.diagnostics.is_empty() => return Ok((Vec::new(), Vec::new())),
            None => {
                return Err(Error::usage(
                    "no rosters are named, and there is no folder `rosters` here",
                    "name files or folders, or write a workspace with `rosterctl init --platform arxus`",
                ));
            }
        };
        Ok(self.sources.gather(&patterns, base, &self.cwd))
    }

    /// The levels of the workspace; rules that no platform has are findings.
    fn levels(&self, organisations: &[Organisation], diagnostics: &mut Vec<Diagnostic>) -> Levels {
        let mut levels = Levels::default();
        let mut known: Option<Vec<SmolStr>> = None;
        for (rule, level, place) in &self.levels {
            let known = known.get_or_insert_with(|| {
                let built_in = BUILT_IN.iter().filter_map(|(id, _)| Platform::built_in(id));
                let built_in: Vec<SmolStr> = built_in.flat_map(|platform| platform.rules).map(|rule| rule.id).collect();
                let own = organisations.iter().flat_map(|organisation| &organisation.platform.rules);
                own.map(|rule| rule.id.clone()).chain(built_in).collect()
            });
            if known.contains(rule) {
                levels.0.insert(rule.clone(), *level);
                continue;
            }
            let message = format!("there is no rule `{rule}` whose level could be set");
            let finding = Diagnostic::error("roster/unknown-rule", message).at(place.clone());
            let near = nearest(rule, known.iter().map(SmolStr::as_str)).map(str::to_owned);
            diagnostics.push(finding.help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if rule.starts_with("roster/") => "rules of the language itself always hold".to_owned(),
                None => "`rosterctl explain` lists the rules".to_owned(),
            }));
        }
        levels
    }
}

/// What remains of the workspace once the rosters are read.
#[derive(Debug)]
pub struct Settings {
    base: PathBuf,
    workspace: Option<Workspace>,
    file: Option<PathBuf>,
    /// The day that counts as today.
    pub today: Day,
}

impl From<Context> for Settings {
    fn from(context: Context) -> Settings {
        Settings { base: context.base, workspace: context.workspace, file: context.file, today: context.today }
    }
}

impl Settings {
    /// Opens the target that the command line or the workspace names.
    pub fn target(&self, common: &Common) -> Result<Target, Error> {
        let workspace = self.workspace.as_ref();
        let entries = workspace.and_then(|workspace| workspace.targets.as_ref()).map(|targets| &targets.entries);
        let names: Vec<&str> =
            entries.iter().flat_map(|entries| entries.iter()).map(|(name, _)| name.value.as_str()).collect();
        let default = workspace.and_then(|workspace| workspace.default_target.as_ref()).map(|name| name.value.as_str());
        // Who is only asked for facts is not what rosters are applied to.
        let applied: Vec<&str> = entries
            .iter()
            .flat_map(|entries| entries.iter())
            .filter(|(_, target)| target.value.provides.is_none())
            .map(|(name, _)| name.value.as_str())
            .collect();
        let choice = if applied.len() == 1 { &applied } else { &names };
        let wanted = match (common.target.as_deref().or(default), choice.as_slice()) {
            (Some(name), _) => name,
            (None, []) => "sandbox",
            (None, [only]) => only,
            (None, several) => {
                let message = format!("the workspace has several targets: {}", several.join(", "));
                return Err(Error::usage(message, "name one with --target, or set `defaultTarget`"));
            }
        };
        let found = entries.iter().flat_map(|entries| entries.iter()).find(|(name, _)| name.value == wanted);
        match found {
            Some((name, target)) => self.open(&name.value, &target.value),
            None if names.is_empty() && wanted == "sandbox" => Target::in_file("sandbox", SANDBOX, &self.base, None),
            None => {
                let near = nearest(wanted, names.iter().copied());
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if names.is_empty() => "declare it under `targets` in rosterctl.yaml".to_owned(),
                    None => format!("the targets are: {}", names.join(", ")),
                };
                Err(Error::usage(format!("there is no target `{wanted}`"), hint))
            }
        }
    }

    /// The targets that know something of people better than rosters do: their names, and what they know.
    pub fn providers(&self) -> Vec<(SmolStr, Vec<SmolStr>)> {
        let targets = self.workspace.iter().flat_map(|workspace| &workspace.targets).flat_map(|all| &all.entries);
        let providing = targets.filter_map(|(name, target)| Some((name, target.value.provides.as_ref()?)));
        providing
            .map(|(name, words)| (name.value.clone(), words.iter().map(|word| word.value.clone()).collect()))
            .collect()
    }

    /// Opens a target of the workspace.
    pub fn named(&self, name: &str) -> Result<Target, Error> {
        let targets = self.workspace.iter().flat_map(|workspace| &workspace.targets).flat_map(|all| &all.entries);
        match targets.clone().find(|(own, _)| own.value == name) {
            Some((_, target)) => self.open(name, &target.value),
            None => Err(Error::usage(format!("there is no target `{name}`"), "declare it under `targets`")),
        }
    }

    fn open(&self, name: &str, target: &document::workspace::Target) -> Result<Target, Error> {
        let opened = Target::open(name, target, &self.base, self.today)?;
        if let (Some(snapshot), Some(file)) = (opened.portal.snapshot(), &self.file) {
            snapshot.written_in(file);
        }
        Ok(opened)
    }

    /// Opens the target and asks it who it is, so that a plan made for it fits no other.
    pub async fn identified(&self, common: &Common) -> Result<Target, Error> {
        let mut target = self.target(common)?;
        if let Some(identity) = target.portal.identity().await? {
            target.reference.identity = format!("{}#{identity}", target.reference.identity);
        }
        Ok(target)
    }

    /// What a plan calls the target where it need not be opened.
    pub fn reference(&self, common: &Common) -> TargetRef {
        let default = self.workspace.as_ref().and_then(|workspace| workspace.default_target.as_ref());
        let default = default.map(|name| name.value.to_string());
        let targets = self.workspace.iter().flat_map(|workspace| &workspace.targets);
        let entries = targets.clone().flat_map(|targets| &targets.entries);
        let single = |among: &mut dyn Iterator<Item = String>| among.next().filter(|_| among.next().is_none());
        let applied = entries.clone().filter(|(_, target)| target.value.provides.is_none());
        let only = single(&mut applied.map(|(name, _)| name.value.to_string()))
            .or_else(|| single(&mut entries.map(|(name, _)| name.value.to_string())));
        let name = common.target.clone().or(default).or(only).unwrap_or_else(|| "sandbox".to_owned());
        let target = targets.flat_map(|targets| &targets.entries).find(|(own, _)| own.value == name);
        let kind =
            target.and_then(|(_, target)| target.value.kind.0.as_ref()).map_or("embedded", |kind| kind.value.as_str());
        TargetRef { name, kind: kind.to_owned(), identity: String::new() }
    }

    /// How far a plan may go.
    pub fn options(&self, reach: &Reach, levels: &Levels, actor: Option<SmolStr>) -> Options {
        let guards = self.workspace.as_ref().and_then(|workspace| workspace.guards.as_ref());
        let usual = Guards::default();
        let limit = |written: Option<&crate::document::workspace::Limit>, usual: Limit| match written {
            None => usual,
            Some(written) if written.count.is_none() && written.percent.is_none() => usual,
            Some(written) => Limit {
                count: written.count.map_or(u32::MAX, |count| count.value),
                percent: written.percent.map_or(100, |percent| percent.value.0),
            },
        };
        Options {
            prune: reach.prune,
            removal: self
                .workspace
                .as_ref()
                .and_then(|workspace| workspace.removal.as_ref())
                .map_or(Removal::Deactivate, |removal| removal.value),
            allow_removals: reach.allow_removals,
            allow_grants: reach.allow_grants,
            allow_open: reach.allow_open.clone(),
            actor: reach.actor.as_deref().map(SmolStr::from).or(actor),
            guards: Guards {
                max_removals: limit(guards.and_then(|guards| guards.max_removals.as_ref()), usual.max_removals),
                max_grants: limit(guards.and_then(|guards| guards.max_grants.as_ref()), usual.max_grants),
            },
            levels: levels.clone(),
            today: self.today,
        }
    }
}

impl Deny {
    /// The least severity that fails a run.
    pub fn least(self) -> Severity {
        match self {
            Deny::Error => Severity::Error,
            Deny::Warning => Severity::Warning,
        }
    }

    /// Whether a finding of this severity fails a run.
    pub fn denies(self, severity: Severity) -> bool {
        severity <= self.least()
    }

    /// How a run ends that found this and nothing else.
    pub fn exit(self, diagnostics: &[Diagnostic]) -> Exit {
        let denied = diagnostics.iter().any(|finding| self.denies(finding.severity));
        if denied { Exit::Findings } else { Exit::Clean }
    }
}

/// Whether something has that name, whatever it is: only what is certainly not there is passed over.
fn is_there(path: &Path) -> bool {
    !matches!(path.symlink_metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

/// Sorts findings by path, line and column; those without a place come last.
pub fn sort(diagnostics: &mut [Diagnostic], sources: &Sources) {
    let key = |finding: &Diagnostic| {
        let place = finding.place.as_ref();
        place.map_or((true, "", 0), |place| (false, sources.path(place.file), place.span.start))
    };
    diagnostics.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| (&a.rule, &a.message).cmp(&(&b.rule, &b.message))));
}

/// What asynchronous work runs on.
pub fn runtime() -> Result<Runtime, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| Error::failed(format!("no threads could be started: {error}"), "try again"))
}

/// Runs asynchronous work to its end.
pub fn block_on<R>(work: impl Future<Output = R>) -> Result<R, Error> {
    Ok(runtime()?.block_on(work))
}

impl Output {
    /// Prints findings that keep a command from going on, and says how it ends.
    pub fn refuse(&self, diagnostics: &[Diagnostic], sources: &Sources) -> Result<Exit, Error> {
        let report = || {
            let mut summary = Summary::default();
            summary.count(diagnostics);
            let diagnostics = diagnostics.iter().map(|finding| Finding::of(finding, sources)).collect();
            Validation { version: REPORT_VERSION, summary, base: None, diagnostics }
        };
        self.print(&match self.format {
            Plain::Text => text::findings(diagnostics, sources, &self.style),
            Plain::Json => json::to_json(&report()),
        })?;
        Ok(Exit::Findings)
    }
}

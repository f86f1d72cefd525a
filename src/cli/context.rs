//! What commands share: the workspace, the rosters with what is wrong with them, the target.

use std::path::{Path, PathBuf};

use jiff::Zoned;
use smol_str::SmolStr;
use tokio::runtime::Runtime;

use super::args::{Common, Deny, Reach};
use super::connect::Target;
use super::manifest;
use super::output::Output;
use crate::diagnostic::{Diagnostic, FileId, Place, Severity, nearest};
use crate::document::record::{Text, visible};
use crate::document::source::{Unreadable, WORKSPACE_FILE, read_text};
use crate::document::workspace::{Level, Removal, Target as TargetText, TargetKind, Workspace};
use crate::document::{self, Sources};
use crate::error::{Error, Exit};
use crate::live::Read;
use crate::model::Day;
use crate::plan::document::{Finding, TargetRef};
use crate::plan::{Guards, Limit, Options};
use crate::report::{Plain, REPORT_VERSION, Summary, Validation, json, text};
use crate::rules::Levels;

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
    /// The levels that the workspace file gives to rules, and where.
    pub(super) levels: Vec<(SmolStr, Level, Place)>,
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

    /// A workspace file in a folder that the command line names, which is not the one in use.
    pub(super) fn passed_by(&self, paths: &[PathBuf]) -> Option<PathBuf> {
        let own = self.base.join(WORKSPACE_FILE).canonicalize().ok();
        let mut files = paths.iter().map(|path| path.join(WORKSPACE_FILE));
        files.find(|file| file.is_file() && file.canonicalize().ok() != own)
    }

    /// Reads the files that the command line or the workspace names.
    pub fn files(&mut self, paths: &[PathBuf]) -> Result<(Vec<FileId>, Vec<Diagnostic>), Error> {
        let (patterns, base) = self.patterns(paths)?;
        Ok(self.sources.gather(&patterns, &base, &self.cwd))
    }

    /// The paths and patterns that the command line or the workspace names, and the folder that they are relative to.
    pub(super) fn patterns(&self, paths: &[PathBuf]) -> Result<(Vec<PathBuf>, PathBuf), Error> {
        let named = self.workspace.as_ref().and_then(|workspace| workspace.rosters.as_ref());
        Ok(match named {
            _ if !paths.is_empty() => (paths.to_vec(), self.cwd.clone()),
            Some(rosters) => {
                (rosters.iter().map(|path| PathBuf::from(path.value.as_str())).collect(), self.base.clone())
            }
            None if self.sources.is_past() || self.base.join("rosters").is_dir() => {
                (vec![PathBuf::from("rosters")], self.base.clone())
            }
            // What the workspace file would name is not known: what is wrong with it says more than that nothing is named.
            None if !self.diagnostics.is_empty() => (Vec::new(), self.base.clone()),
            None => {
                return Err(Error::usage(
                    "no rosters are named, and there is no folder `rosters` here",
                    "name files or folders, or write a workspace with `rosterctl init --platform arxus`",
                ));
            }
        })
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
    /// The targets of the workspace with their names.
    fn targets(&self) -> impl Iterator<Item = (&Text, &TargetText)> + Clone {
        let targets = self.workspace.iter().flat_map(|workspace| &workspace.targets).flat_map(|all| &all.entries);
        targets.map(|(name, target)| (name, &target.value))
    }

    /// The target that a run is about where none is named: the default, or the only one. Who is only asked for facts is
    /// not what rosters are applied to.
    pub fn usual(&self) -> Option<&str> {
        let default = self.workspace.as_ref().and_then(|workspace| workspace.default_target.as_ref());
        let single = |wanted: &dyn Fn(&TargetText) -> bool| {
            let mut names = self.targets().filter(|(_, target)| wanted(target)).map(|(name, _)| name.value.as_str());
            names.next().filter(|_| names.next().is_none())
        };
        let default = default.map(|name| name.value.as_str());
        default.or_else(|| single(&|target| target.provides.is_none())).or_else(|| single(&|_| true))
    }

    /// Opens the target that the command line or the workspace names.
    pub fn target(&self, common: &Common) -> Result<Target, Error> {
        match self.chosen(common)? {
            Some((name, target)) => self.open(&name.value, target),
            None => Target::in_file("sandbox", SANDBOX, &self.base, None),
        }
    }

    /// The target that the command line or the workspace names, as it is described; none: the sandbox, which needs no
    /// description.
    pub fn chosen(&self, common: &Common) -> Result<Option<(&Text, &TargetText)>, Error> {
        let names: Vec<&str> = self.targets().map(|(name, _)| name.value.as_str()).collect();
        let wanted = match common.target.as_deref().or(self.usual()) {
            Some(name) => name,
            None if names.is_empty() => "sandbox",
            None => {
                let message = format!("the workspace has several targets: {}", names.join(", "));
                return Err(Error::usage(message, "name one with --target, or set `defaultTarget`"));
            }
        };
        if names.is_empty() && wanted == "sandbox" {
            return Ok(None);
        }
        self.described(wanted).map(Some)
    }

    /// A target of the workspace as it is described.
    fn described(&self, wanted: &str) -> Result<(&Text, &TargetText), Error> {
        let found = self.targets().find(|(name, _)| name.value == wanted);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.targets().map(|(name, _)| name.value.as_str()).collect();
            let hint = match nearest(wanted, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => "declare it under `targets` in rosterctl.yaml".to_owned(),
                None => format!("the targets are: {}", names.join(", ")),
            };
            Error::usage(format!("there is no target `{wanted}`"), hint)
        })
    }

    /// The targets that know something of people better than rosters do: their names, and what they know.
    pub fn providers(&self) -> Vec<(SmolStr, Vec<SmolStr>)> {
        let providing = self.targets().filter_map(|(name, target)| Some((&name.value, target.provides.as_ref()?)));
        providing.map(|(name, words)| (name.clone(), words.iter().map(|word| word.value.clone()).collect())).collect()
    }

    /// Opens a target of the workspace.
    pub fn named(&self, wanted: &str) -> Result<Target, Error> {
        let (name, target) = self.described(wanted)?;
        self.open(&name.value, target)
    }

    fn open(&self, name: &str, target: &TargetText) -> Result<Target, Error> {
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
        let name = common.target.as_deref().or(self.usual()).unwrap_or("sandbox").to_owned();
        let target = self.targets().find(|(own, _)| own.value == name);
        let kind = target.and_then(|(_, target)| target.kind.0.as_ref()).map_or("embedded", |kind| kind.value.as_str());
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

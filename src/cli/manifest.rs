//! Manifests that targets name: built in, or in files of the workspace.

use std::collections::BTreeMap;
use std::path::Path;

use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::document::Sources;
use crate::document::workspace::{Target, TargetKind, Workspace};
use crate::error::Error;
use crate::live::rest::{Api, Changing, Lack, Rest, SHIPPED, load, shipped};
use crate::plan::document::PlanDocument;

/// What is wrong with the manifests that a workspace names, each with its place.
pub fn check(workspace: &Workspace, base: &Path, cwd: &Path, sources: &mut Sources) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for (_, target) in workspace.targets.iter().flat_map(|targets| &targets.entries) {
        let kind = target.value.kind.0.as_ref().map(|kind| kind.value);
        let Some(named) = target.value.manifest.as_ref().filter(|_| kind == Some(TargetKind::Rest)) else { continue };
        let name = named.value.as_str();
        if shipped(name).is_some() || known.contains(&name) {
            continue;
        }
        known.push(name);
        let path = base.join(name);
        let (file, problem) = sources.load(&path, Sources::shown(&path, cwd));
        findings.extend(problem.map(|finding| finding.help(cure())));
        if sources.readable(file) {
            load(sources, file, name, &mut findings);
        }
    }
    findings
}

/// What the steps of a plan need and the manifest of its target does not have: one finding for each missing key.
pub fn lacking(portal: &Rest, plan: &PlanDocument, sources: &Sources) -> Vec<Diagnostic> {
    let mut lacks: BTreeMap<Lack, (usize, String)> = BTreeMap::new();
    for step in &plan.steps {
        let fields: Vec<&str> = step.changes.iter().map(|change| change.field.as_str()).collect();
        for lack in portal.lacks(step.action.verb(), step.resource, &fields) {
            let first = || (0, format!("step {} ({} {} `{}`)", step.id, step.action.as_str(), step.resource, step.key));
            lacks.entry(lack).or_insert_with(first).0 += 1;
        }
    }
    let reference = portal.api().reference.as_str();
    let own = |file: &FileId| {
        let shown = sources.path(*file);
        shown == reference || shown.strip_suffix(reference).is_some_and(|before| before.ends_with('/'))
    };
    let file = sources.ids().find(own).filter(|_| shipped(reference).is_none());
    let finding = |(lack, (steps, first)): (Lack, (usize, String))| {
        let (finding, span) = portal.lacking(lack, steps, &first);
        match file.zip(span) {
            Some((file, span)) => {
                finding.at(Place { file, span, pointer: format!("/{}", lack.resource.replace('.', "/")) })
            }
            None => finding,
        }
    };
    lacks.into_iter().map(finding).collect()
}

/// Makes errors of the findings about fields that nobody has and that steps of a plan change.
pub fn refuse_unseen(portal: &Rest, plan: &PlanDocument, findings: &mut [Diagnostic]) {
    let changing = plan.steps.iter().map(|step| {
        let fields = step.changes.iter().map(|change| change.field.as_str()).collect();
        (step.action.verb(), step.resource, fields)
    });
    portal.refuse_unseen(&changing.collect::<Vec<Changing<'_>>>(), findings);
}

/// The sound manifest of a target.
pub fn open(name: &str, target: &Target, base: &Path) -> Result<Api, Error> {
    let Some(named) = target.manifest.as_ref().map(|manifest| manifest.value.as_str()) else {
        return Err(Error::failed(format!("the target `{name}` of kind rest needs a manifest"), cure()));
    };
    let unsound = |findings: &[Diagnostic]| {
        let first = findings.first().map(|finding| finding.message.clone()).unwrap_or_default();
        let message = format!("the manifest `{named}` of the target `{name}` cannot be used: {first}");
        Error::failed(message, "`rosterctl validate` shows every problem with its place")
    };
    let text = match shipped(named) {
        Some(text) => text.to_owned(),
        None => crate::document::source::read_text(&base.join(named)).map_err(|why| {
            Error::failed(format!("the manifest `{named}` of the target `{name}` {}", why.message), cure())
        })?,
    };
    let sources = Sources::from_texts([(named.to_owned(), text)]);
    let mut findings = Vec::new();
    for file in sources.ids() {
        if let Some(api) = load(&sources, file, named, &mut findings) {
            return Ok(api);
        }
    }
    Err(unsound(&findings))
}

fn cure() -> String {
    let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    format!("write a file, or name one that is built in: {}", names.join(", "))
}

//! Accepting what was changed outside: which differences are taken, what that makes of the rosters, and how it went.
//!
//! Nothing here touches a disk: rosters go in as texts and come out as texts.

mod choose;
mod entry;
mod task;

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::Difference;
use crate::diagnostic::{FileId, Location, Place};
use crate::document::edit::{Change, Edited, Refused, edit, take};
use crate::document::{Sources, locate};
use crate::live::Live;
use crate::model::Organisation;
use crate::plan::document::{Action, Finding, PlanDocument, TargetRef};
pub use choose::{Choice, Left, Wrong, choose};
pub use task::{Task, tasks};

/// Everything that differences were found in.
#[derive(Clone, Copy, Debug)]
pub struct World<'w> {
    /// What differs.
    pub differences: &'w [Difference],
    /// The organisations with their live states.
    pub pairs: &'w [(&'w Organisation, &'w Live)],
    /// The plan behind the differences.
    pub plan: &'w PlanDocument,
    /// The texts of the rosters.
    pub sources: &'w Sources,
}

/// How an acceptance ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// The version of this format: 1.
    pub version: u32,
    /// The portal whose state was accepted.
    pub target: TargetRef,
    /// Whether only the difference was asked for, and nothing was written.
    pub dry_run: bool,
    /// What the rosters say now as the portal has it.
    pub accepted: Vec<Accepted>,
    /// What was asked for and could not be accepted.
    pub declined: Vec<Declined>,
    /// What differs too and was not asked for.
    pub left: Vec<Left>,
    /// Items that do not differ.
    pub same: Vec<String>,
    /// The files changed, as paths from the working directory.
    pub changed: Vec<String>,
    /// What was changed in them, as a unified diff.
    pub diff: String,
    /// Findings that the rosters did not have before.
    pub diagnostics: Vec<Finding>,
}

/// A difference that is settled.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Accepted {
    /// The difference as it was.
    pub difference: Difference,
    /// What else is worth knowing.
    pub note: Option<String>,
}

/// A difference that could not be settled.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Declined {
    /// The item, as it can be typed.
    pub item: String,
    /// Why, and what to do about it.
    pub reason: String,
    /// The place in the roster.
    pub location: Option<Location>,
    /// A second place.
    pub related: Option<Location>,
}

/// The rosters after an acceptance.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The new texts of files that change, in the order in which they are to be written: the file that takes an entry
    /// comes before the file that gives it away, so that whoever is killed between the two has lost nobody.
    pub texts: Vec<(FileId, String)>,
    /// What is settled by them.
    pub accepted: Vec<Accepted>,
    /// What is not.
    pub declined: Vec<Declined>,
}

/// Carries out what can be carried out. `after` is asked what still differs once the rosters have new texts; nothing:
/// an organisation could not be read any more. What still differs is declined, and the rest tried again without it.
pub fn accept<E>(
    world: &World<'_>,
    taken: &[usize],
    mut after: impl FnMut(&BTreeMap<FileId, String>) -> Result<Vec<Difference>, E>,
) -> Result<Outcome, E> {
    let (mut tasks, mut declined) = tasks(world, taken);
    loop {
        let mut fallen = Vec::new();
        let texts = carry_out(&tasks, world.sources, &mut fallen);
        if fallen.is_empty() && !texts.is_empty() {
            let remaining = after(&texts)?;
            let remaining: HashSet<_> = remaining.iter().map(named).collect();
            for (index, task) in tasks.iter().enumerate() {
                let open = |one: &usize| remaining.contains(&named(&world.differences[*one]));
                if task.differences.iter().any(open) {
                    let reason = "the roster would still differ from the portal: edit it by hand".to_owned();
                    fallen.push((index, Declined { reason, ..task.declined(world) }));
                }
            }
        }
        if fallen.is_empty() {
            let notes = tasks.iter().flat_map(|task| task.differences.iter().map(move |one| (*one, &task.note)));
            let mut accepted: Vec<(usize, Accepted)> = notes
                .map(|(one, note)| (one, Accepted { difference: world.differences[one].clone(), note: note.clone() }))
                .collect();
            accepted.sort_by_key(|(one, _)| *one);
            let texts = in_order(texts, &tasks);
            return Ok(Outcome { texts, accepted: accepted.into_iter().map(|(_, one)| one).collect(), declined });
        }
        let mut gone: Vec<usize> = fallen.iter().map(|(index, _)| *index).collect();
        gone.sort_unstable();
        gone.dedup();
        gone.iter().rev().for_each(|index| {
            tasks.remove(*index);
        });
        fallen.dedup_by_key(|(index, _)| *index);
        declined.extend(fallen.into_iter().map(|(_, declined)| declined));
    }
}

/// The files in the order in which they are to be written: whoever moves has arrived before they leave.
fn in_order(mut texts: BTreeMap<FileId, String>, tasks: &[Task]) -> Vec<(FileId, String)> {
    let moves: Vec<(FileId, FileId)> = tasks.iter().filter_map(Task::files).collect();
    let mut ordered = Vec::with_capacity(texts.len());
    while !texts.is_empty() {
        let waits = |file: &FileId| moves.iter().any(|(into, from)| from == file && texts.contains_key(into));
        // Moves do not go round in a circle; were it so, the first file would be as good as any.
        let next = texts.keys().find(|file| !waits(file)).or(texts.keys().next()).copied();
        ordered.extend(next.and_then(|file| texts.remove_entry(&file)));
    }
    ordered
}

/// Whether one file is to be written before another.
fn before(moves: &[(FileId, FileId)], one: FileId, other: FileId) -> bool {
    one == other || moves.iter().any(|(into, from)| *into == one && before(moves, *from, other))
}

/// What tells a difference from others: what it is about and, of whole objects, what would become of them.
fn named(one: &Difference) -> (&str, &str, Option<&str>, Option<Action>) {
    let whole = one.field.is_none().then_some(one.action);
    (&one.organisation, &one.key, one.field.as_deref(), whole)
}

/// The texts that the tasks make; tasks that cannot be carried out are added to `fallen`.
fn carry_out(tasks: &[Task], sources: &Sources, fallen: &mut Vec<(usize, Declined)>) -> BTreeMap<FileId, String> {
    let mut by_file: BTreeMap<FileId, (Vec<usize>, Vec<_>)> = BTreeMap::new();
    for (index, task) in tasks.iter().enumerate() {
        for wish in &task.wishes {
            let (owners, wishes) = by_file.entry(task.file).or_default();
            owners.push(index);
            wishes.push(wish.clone());
        }
    }
    let decline = |task: &Task, file: FileId, refused: &Refused| {
        let at = |span| locate(sources, &Place { file, span, pointer: task.pointer.clone() });
        let second = refused.related.map(|(span, what)| (at(span), what));
        let words = second.as_ref().map(|(place, what)| format!(" ({what}: {}:{})", place.path, place.line));
        Declined {
            item: task.item.clone(),
            reason: format!("{}{}", refused.message, words.unwrap_or_default()),
            location: Some(at(refused.span)),
            related: second.map(|(place, _)| place),
        }
    };
    let mut texts = BTreeMap::new();
    for (file, (owners, wishes)) in by_file {
        let before = sources.text(file);
        let Edited { text, refused } = edit(before, &wishes);
        for refused in &refused {
            let owner = owners[refused.wish];
            fallen.push((owner, decline(&tasks[owner], file, refused)));
        }
        if text != before {
            texts.insert(file, text);
        }
    }
    let mut moves: Vec<(FileId, FileId)> = Vec::new();
    for (index, task) in tasks.iter().enumerate() {
        let Some(moving) = &task.moving else { continue };
        if let Some((into, from)) = task.files() {
            if before(&moves, from, into) {
                let reason = "somebody else moves the other way between the same files: accept it in a run of its own";
                let location =
                    Some(locate(sources, &Place { file: from, span: task.span, pointer: task.pointer.clone() }));
                let declined = Declined { item: task.item.clone(), reason: reason.to_owned(), location, related: None };
                fallen.push((index, declined));
                continue;
            }
            moves.push((into, from));
        }
        let text = |texts: &BTreeMap<FileId, String>, file: FileId| {
            texts.get(&file).cloned().unwrap_or_else(|| sources.text(file).to_owned())
        };
        let unedited = |refused: &Refused| Refused { span: task.span, related: None, ..refused.clone() };
        match take(&text(&texts, task.file), &moving.out) {
            Err(refused) => fallen.push((index, decline(task, task.file, &unedited(&refused)))),
            Ok((rest, taken)) => {
                texts.insert(task.file, rest);
                let mut into = moving.into.clone();
                into.change = Change::Give(Box::new(taken));
                let Edited { text, refused } = edit(&text(&texts, moving.file), &[into]);
                fallen.extend(refused.iter().map(|one| (index, decline(task, task.file, &unedited(one)))));
                texts.insert(moving.file, text);
            }
        }
    }
    fallen.sort_by_key(|(index, _)| *index);
    texts
}

//! A plan as a comment: in one line how much, then what it means, then what it does.

use std::collections::HashMap;

use super::findings::findings;
use super::fit::{Entry, Section, fit};
use super::inline::{Inline, html_code};
use super::{marker, owner};
use crate::diagnostic::{Location, Severity};
use crate::plan::document::{Action, PlanDocument, Step};
use crate::report::review::Review;
use crate::report::web::Web;
use crate::report::words::hands::meaning as meaning_of;
use crate::report::words::impact::{MOST_NAMES, Sentence, Topic};
use crate::report::words::plan::{INCOMPLETE, NOT_PLANNED, counts, needs, no_changes, short_digest};
use crate::report::words::steps::{difference, grouped, lines, name, summary, weighty};
use crate::report::words::values::{capital, count};
use crate::report::words::{Ink, listed, text};

/// So many sentences on one topic are as important as the topic; those after them come after everything else.
const FIRST_SENTENCES: usize = 25;

/// The most fields of a step, and the most items of a list.
const MOST_FIELDS: usize = 12;
const MOST_ITEMS: usize = 8;

/// The longest a step may be, in bytes; a longer one is shown without its fields.
const LONG_STEP: usize = 6_000;

/// The most lines of rosters behind a sentence.
const MOST_LINES: usize = 3;

/// How to see what a comment leaves out.
const WHOLE: &str = "`rosterctl plan -v` shows everything, `rosterctl plan --format html` as a page.";

/// A whole plan.
pub fn plan(review: &Review<'_>) -> String {
    let (plan, web) = (review.plan, review.web.as_ref());
    let several = plan.organisations.len() > 1;
    let [denying, others] = findings(&review.findings(), several, web);
    let mut sections = vec![denying];
    sections.extend(meaning(plan, several, web));
    sections.extend(steps(plan, several, web));
    sections.push(blocked(plan, several, web));
    sections.push(waiting(plan, several));
    sections.push(unmanaged(plan, several));
    sections.push(others);
    sections.push(foot(review));
    fit(&head(review), &sections, WHOLE)
}

fn head(review: &Review<'_>) -> String {
    let plan = review.plan;
    let mut title = Inline::new().raw("### Plan for ").code(&plan.target.name);
    if !plan.organisations.is_empty() {
        title = title.raw(": ").pieces(&listed(&plan.organisations, 6, Ink::Plain));
    }
    let mut text = marker("plan", &plan.target.name, &plan.digest) + &title.finish() + "\n\n";
    let mut paragraph = |line: Inline| text.push_str(&format!("{}\n\n", line.finish()));
    paragraph(
        Inline::new().raw("What applying these rosters would change on the portal, and what that means for people."),
    );
    let mut line = Inline::new();
    if !review.sound {
        line = line.raw("**").prose(NOT_PLANNED).raw("**");
    } else if plan.steps.is_empty() {
        let (news, _, why) = no_changes(plan);
        line = line.raw("**").prose(news).raw("**").prose(&why);
    } else {
        for (place, (number, word, ink)) in counts(plan).into_iter().enumerate() {
            let strong = if matches!(ink, Ink::Plain) { "" } else { "**" };
            line = line.raw(if place > 0 { ", " } else { "" });
            line = line.raw(strong).number(number).raw(" ").raw(word).raw(strong);
        }
    }
    let weights = [(Severity::Error, "error"), (Severity::Warning, "warning")];
    for (severity, word) in weights.into_iter().filter(|(severity, _)| review.count(*severity) > 0) {
        line = line.raw("; ").prose(&count(review.count(severity), word));
    }
    paragraph(line);
    if !plan.complete && review.sound {
        paragraph(Inline::new().raw("**").prose(INCOMPLETE).raw("**"));
    }
    if review.sound && review.count(Severity::Error) > 0 {
        paragraph(Inline::new().raw("**These errors keep this plan from being applied.**"));
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Who may apply the plan, and which it is.
fn foot(review: &Review<'_>) -> Section {
    let plan = review.plan;
    let mut line = Inline::new().raw("\n---\n\n");
    if let Some(actor) = &plan.actor {
        line = line.raw("As ").code(actor).raw(". ");
    }
    if let Some(needs) = needs(plan) {
        line = line.prose(&capital(&needs)).raw(". ");
    }
    let text = line.raw("Plan ").code(short_digest(&plan.digest)).finish() + "\n";
    let entries = if review.sound { vec![Entry { text, rank: 0 }] } else { Vec::new() };
    Section { title: "".into(), open: String::new(), close: "", what: "last line", entries }
}

/// What a plan means for people, a section a topic.
fn meaning(plan: &PlanDocument, several: bool, web: Option<&Web>) -> Vec<Section> {
    let lines = lines(plan);
    let all = meaning_of(plan, MOST_NAMES);
    let topics = [
        (Topic::Access, "\n**Access gained and lost**\n\n", 3),
        (Topic::Notifications, "\n**Notifications rerouted**\n\n", 4),
        (Topic::Roles, "\n**Roles changing hands**\n\n", 2),
    ];
    let section = |(topic, open, rank): (Topic, &str, u8)| {
        let of_topic = all.iter().filter(|(_, sentence)| sentence.topic == topic);
        let entries = of_topic.enumerate().map(|(place, (organisation, sentence))| Entry {
            text: told(organisation, sentence, several, &lines, web),
            rank: if sentence.bad {
                0
            } else if place < FIRST_SENTENCES {
                rank
            } else {
                10
            },
        });
        Section {
            title: "What this means".into(),
            open: open.to_owned(),
            close: "",
            what: "sentence",
            entries: entries.collect(),
        }
    };
    topics.into_iter().map(section).collect()
}

fn told(
    organisation: &str,
    sentence: &Sentence,
    several: bool,
    lines: &HashMap<(&str, &str), &Location>,
    web: Option<&Web>,
) -> String {
    let mut line = Inline::new().raw("- ").then(&owner(organisation, several)).pieces(&sentence.pieces);
    let mut places: Vec<&Location> = Vec::new();
    for location in sentence.moved.iter().filter_map(|person| lines.get(&(organisation, person.as_str()))) {
        if !places.contains(location) {
            places.push(location);
        }
    }
    for (place, location) in places.iter().take(MOST_LINES).enumerate() {
        line = line.raw(if place > 0 { ", " } else { " — " }).place(location, web);
    }
    line.finish() + "\n"
}

/// The steps, a section an organisation.
fn steps(plan: &PlanDocument, several: bool, web: Option<&Web>) -> Vec<Section> {
    let groups = grouped(&plan.steps, |step| &step.organisation);
    let section = |(organisation, steps): (&str, Vec<&Step>)| {
        let whose = if several { format!("{}: ", html_code(organisation)) } else { String::new() };
        let number = count(steps.len(), "step");
        let entries =
            steps.into_iter().map(|step| Entry { text: one(step, web), rank: if weighty(step) { 1 } else { 7 } });
        Section {
            title: "What it does".into(),
            open: format!("\n<details><summary>{whose}{number}, in this order</summary>\n\n"),
            close: "\n</details>\n",
            what: "step",
            entries: entries.collect(),
        }
    };
    groups.into_iter().map(section).collect()
}

/// A step and what it changes.
fn one(step: &Step, web: Option<&Web>) -> String {
    let head = Inline::new().raw("- ").number(step.id as usize).raw(": ").then(&heading(step, web)).finish() + "\n";
    let mut text = head.clone();
    let mut below = |line: Inline| text.push_str(&format!("  - {}\n", line.finish()));
    let parts = summary(step, false);
    let mut line = Inline::new();
    for (place, (field, value)) in parts.iter().take(MOST_FIELDS).enumerate() {
        line = line.raw(if place > 0 { ", " } else { "" });
        line = match field {
            Some(field) => line.code(field).raw(" ").code(value),
            None => line.code(value),
        };
    }
    if !parts.is_empty() {
        below(line);
    }
    let fields = if matches!(step.action, Action::Create | Action::Delete) { &[] } else { &step.changes[..] };
    for change in fields.iter().take(MOST_FIELDS) {
        let difference = difference(change, false);
        let mut line =
            Inline::new().code(&change.field).raw(": ").code(&difference.from).raw(" → ").code(&difference.to);
        if let Some(list) = &difference.list {
            for (words, items) in [("; new ", &list.gained), ("; gone ", &list.lost)] {
                if !items.is_empty() {
                    line = line.raw(words).pieces(&listed(items, MOST_ITEMS, Ink::Plain));
                }
            }
            if list.reordered() {
                line = line.raw(" (another order)");
            }
        }
        below(line);
    }
    let more = fields.len().max(parts.len()).saturating_sub(MOST_FIELDS);
    if more > 0 {
        below(Inline::new().raw("… and ").number(more).raw(" more fields"));
    }
    for rule in &step.opens {
        below(Inline::new().raw("**opens** ").code(rule).raw(": after this step it does not hold"));
    }
    for note in &step.notes {
        below(Inline::new().prose(note));
    }
    if !step.after.is_empty() {
        let after: Vec<String> = step.after.iter().map(ToString::to_string).collect();
        below(Inline::new().raw("after step ").prose(&text_of(&after)));
    }
    if text.len() > LONG_STEP {
        return head + "  - its changes are too long to be shown here\n";
    }
    text
}

fn text_of(numbers: &[String]) -> String {
    text(&listed(numbers, MOST_ITEMS, Ink::Plain))
}

/// What a step does and to whom, with the line behind it.
fn heading(step: &Step, web: Option<&Web>) -> Inline {
    let line = Inline::new().raw("**").raw(step.action.as_str()).raw("** ");
    let mut line = line.prose(&step.resource.to_string()).raw(" ").code(&step.key);
    if let Some(name) = name(step) {
        line = line.raw(" (").code(name).raw(")");
    }
    match &step.location {
        Some(location) => line.raw(" — ").place(location, web),
        None => line,
    }
}

fn blocked(plan: &PlanDocument, several: bool, web: Option<&Web>) -> Section {
    let entries = plan.blocked.iter().map(|blocked| {
        let step = &blocked.step;
        let line = Inline::new().raw("- ").then(&owner(&step.organisation, several)).then(&heading(step, web));
        let why = Inline::new().prose(&blocked.message).raw(" (").code(&blocked.rule).raw(")");
        Entry { text: format!("{}\n  - {}\n", line.finish(), why.finish()), rank: 0 }
    });
    Section {
        title: "Held back".into(),
        open: "\n".to_owned(),
        close: "",
        what: "held-back step",
        entries: entries.collect(),
    }
}

fn waiting(plan: &PlanDocument, several: bool) -> Section {
    let entries = plan.waiting.iter().map(|waiting| {
        let line = Inline::new().raw("- ").then(&owner(&waiting.organisation, several)).code(&waiting.person);
        Entry { text: line.raw(": ").prose(&waiting.reason).finish() + "\n", rank: 6 }
    });
    Section {
        title: "Waiting for people".into(),
        open: "\n".to_owned(),
        close: "",
        what: "waiting entry",
        entries: entries.collect(),
    }
}

fn unmanaged(plan: &PlanDocument, several: bool) -> Section {
    let entries = plan.unmanaged.iter().map(|thing| {
        let line = Inline::new().raw("- ").then(&owner(&thing.organisation, several));
        let mut line = line.prose(&thing.resource.to_string()).raw(" ");
        line = line.code(if thing.name.is_empty() { &thing.handle } else { &thing.name });
        if let Some(email) = &thing.email {
            line = line.raw(", ").code(email);
        }
        if !thing.name.is_empty() {
            line = line.raw(", ").code(&thing.handle);
        }
        Entry { text: line.finish() + "\n", rank: 8 }
    });
    Section {
        title: "In no roster".into(),
        open: "\nThese are left as they are; `--prune` would remove them.\n\n".to_owned(),
        close: "",
        what: "unmanaged entry",
        entries: entries.collect(),
    }
}

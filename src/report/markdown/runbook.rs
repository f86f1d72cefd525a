//! A run-book as Markdown with boxes to tick, and how its items stand.

use super::inline::Inline;
use super::marker;
use crate::report::runbook::{Checked, Item, Runbook, State};
use crate::report::web::Web;
use crate::report::words::plan::short_digest;
use crate::report::words::runbook::{NO_WAY, Said, UNDOCUMENTED, afterwards, fill, follows, standing, state, who};

/// A checklist. It is not cut: what is not in it would not be done.
pub fn runbook(runbook: &Runbook, web: Option<&Web>) -> String {
    let plan = &runbook.plan;
    let title = Inline::new().raw("# Run-book for ").code(&plan.target.name).finish();
    let mut text = marker("runbook", &plan.target.name, &plan.digest) + &title + "\n\n";
    let made = Inline::new().raw("Plan ").code(short_digest(&plan.digest)).raw(", made ").code(&runbook.made);
    text.push_str(&format!("{}. Do the items in this order.\n\n", made.finish()));
    let several = plan.organisations.len() > 1;
    runbook.items.iter().for_each(|item| text.push_str(&one(item, several, web)));
    if !runbook.later.is_empty() {
        text.push_str("\n## Later\n\n");
        runbook.later.iter().for_each(|line| text.push_str(&format!("- {}\n", Inline::new().prose(line).finish())));
    }
    text + "\n" + &Inline::new().prose(afterwards(runbook)).finish() + ".\n"
}

fn one(item: &Item, several: bool, web: Option<&Web>) -> String {
    let mut head = Inline::new().raw("- [ ] **").number(item.number as usize).raw(".** ");
    if several {
        head = head.code(&item.organisation).raw(": ");
    }
    head = head.prose(&item.title);
    if let Some(location) = &item.location {
        head = head.raw(" — ").place(location, web);
    }
    let mut text = head.finish() + "\n";
    let mut row = |label: &'static str, line: Inline| {
        text.push_str(&format!("  - {}\n", Inline::new().raw(label).then(&line).finish()));
    };
    row("Who: ", Inline::new().prose(&who(item)));
    follows(item).iter().for_each(|after| row("After ", Inline::new().prose(after)));
    item.before.iter().for_each(|check| row("Check first: ", Inline::new().prose(check)));
    if item.path.is_empty() {
        row("Choose: ", Inline::new().prose(NO_WAY));
    } else {
        let mut way = Inline::new();
        for (place, word) in item.path.iter().enumerate() {
            way = way.raw(if place > 0 { " → " } else { "" }).raw("**").code(word).raw("**");
        }
        row("Choose: ", if item.documented { way } else { way.raw(" (").prose(UNDOCUMENTED).raw(")") });
    }
    for entry in &item.fields {
        let label = Inline::new().code(&entry.label).raw(": ");
        let said = fill(entry).into_iter().fold(label, |line, part| match part {
            Said::Words(words) => line.raw(words),
            Said::Value(value) => line.code(value),
        });
        row("", said);
    }
    item.finish.iter().for_each(|word| row("Then: ", Inline::new().raw("**").code(word).raw("**")));
    item.done.iter().for_each(|check| row("See: ", Inline::new().prose(check)));
    item.notes.iter().for_each(|note| row("Note: ", Inline::new().prose(note)));
    text
}

/// How the items of a run-book stand.
pub fn checked(checked: &Checked) -> String {
    let title = Inline::new().raw("# Run-book on ").code(&checked.target.name).finish();
    let mut text = marker("runbook-check", &checked.target.name, &checked.digest) + &title + "\n\n";
    text.push_str(&format!("**{}**\n\n", Inline::new().prose(&standing(&checked.summary)).finish()));
    for item in &checked.items {
        let tick = if item.state == State::Done { "- [x] " } else { "- [ ] " };
        let line = Inline::new().raw(tick).number(item.number as usize).raw(": ").prose(&item.title).raw(": **");
        text.push_str(&format!("{}**\n", line.raw(state(item.state)).finish()));
        for seen in &item.seen {
            text.push_str(&format!("  - {}\n", Inline::new().prose(seen).finish()));
        }
    }
    text
}

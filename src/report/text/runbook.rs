//! A run-book for a terminal, and how its items stand.

use super::Style;
use super::ink::{Ink, Page, Para};
use crate::report::runbook::{Checked, Item, Runbook, State};
use crate::report::words::plan::short_digest;
use crate::report::words::runbook::{NO_WAY, Said, afterwards, fill, follows, standing, state, undocumented, who};
use crate::report::words::steps::place;

/// Where what belongs to an item stands, and where what is said of it begins.
const LABEL: usize = 6;
const TEXT: usize = 14;

/// A checklist.
pub fn runbook(runbook: &Runbook, style: &Style) -> String {
    let mut page = Page::new(style);
    let plan = &runbook.plan;
    let mut head = Para::new(0, 2).with(Ink::Bold, "run-book");
    head.push(Ink::Plain, &format!(" for {}: {}", plan.target.name, plan.organisations.join(", ")));
    head.push(Ink::Dim, &format!("  (plan {}, made {})", short_digest(&plan.digest), runbook.made));
    page.add(head);
    let several = plan.organisations.len() > 1;
    for item in &runbook.items {
        page.blank();
        one(item, several, &mut page);
    }
    if !runbook.later.is_empty() {
        page.heading(0, Ink::Bold, "later");
        runbook.later.iter().for_each(|line| page.add(Para::new(2, 4).with(Ink::Plain, line)));
    }
    page.blank();
    undocumented(&runbook.items).iter().for_each(|which| page.add(Para::new(0, 2).with(Ink::Dim, which)));
    page.add(Para::new(0, 0).with(Ink::Plain, afterwards(runbook)));
    page.finish()
}

fn one(item: &Item, several: bool, page: &mut Page<'_>) {
    let mut head = Para::new(0, LABEL).with(Ink::Plain, &format!("[ ] {}. ", item.number));
    if several {
        head.push(Ink::Plain, &format!("{}: ", item.organisation));
    }
    head.push(Ink::Bold, &item.title);
    if let Some(location) = &item.location {
        head.push(Ink::Dim, &format!("  {}", place(location)));
    }
    page.add(head);
    let mut row = |label: &str, text: &str, ink: Ink| {
        let mut para = Para::new(LABEL, TEXT).with(Ink::Dim, label);
        para.pad(TEXT);
        page.add(para.with(ink, text));
    };
    row("who", &who(item), Ink::Plain);
    follows(item).iter().for_each(|text| row("after", text, Ink::Plain));
    item.before.iter().for_each(|check| row("check", check, Ink::Plain));
    match item.path.as_slice() {
        [] => row("choose", NO_WAY, Ink::Plain),
        path => row("choose", &path.join(" > "), Ink::Bold),
    }
    for entry in &item.fields {
        let said = fill(entry).into_iter().map(|part| match part {
            Said::Words(words) => words.to_owned(),
            Said::Value(value) => format!("`{value}`"),
        });
        row("", &format!("{}: {}", entry.label, said.collect::<String>()), Ink::Plain);
    }
    item.finish.iter().for_each(|word| row("then", word, Ink::Bold));
    item.done.iter().for_each(|check| row("see", check, Ink::Good));
    item.notes.iter().for_each(|note| row("note", note, Ink::Dim));
}

/// How the items of a run-book stand.
pub fn checked(checked: &Checked, style: &Style) -> String {
    let mut page = Page::new(style);
    for item in &checked.items {
        let ink = match item.state {
            State::Done => Ink::Good,
            State::Undone | State::Unseen => Ink::Plain,
            State::Different | State::UndoneAgain => Ink::Bad,
        };
        if style.quiet && item.state == State::Done {
            continue;
        }
        let tick = if item.state == State::Done { "[x]" } else { "[ ]" };
        let mut line = Para::new(0, LABEL).with(Ink::Plain, &format!("{tick} {}. ", item.number));
        line.push(Ink::Plain, &format!("{}: ", item.title));
        page.add(line.with(ink, state(item.state)));
        item.seen.iter().for_each(|seen| page.add(Para::new(LABEL, LABEL + 2).with(Ink::Dim, seen)));
    }
    page.blank();
    page.add(Para::new(0, 2).with(Ink::Bold, &standing(&checked.summary)));
    page.finish()
}

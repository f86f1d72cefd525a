//! What a snapshot seems to be, as text: the mapping to paste, and what was seen of each column.

use super::Style;
use super::ink::{Ink, Page, Para};
use crate::live::snapshot::probe::Proposal;

/// The proposal; `head`: the lines of the target that it completes.
pub fn proposed(proposal: &Proposal, head: &str, style: &Style) -> String {
    let mut page = Page::new(style);
    let line = |indent: usize, ink: Ink, text: &str| Para::new(indent, indent + 2).with(ink, text);
    let Proposal { file, seen, rows, columns, problem, people, unread, findings, unseen, yaml } = proposal;
    if columns.is_empty() {
        page.add(line(0, Ink::Plain, &format!("{file}: {seen}")));
        return page.finish();
    }
    page.add(line(0, Ink::Plain, &format!("{file}: {rows} rows, {} columns; {seen}", columns.len())));
    page.blank();
    for column in columns {
        let (ink, used) = match &column.used {
            Some(used) => (Ink::Plain, used.as_str()),
            None => (Ink::Dim, "not placed"),
        };
        page.add(line(2, ink, &format!("`{}` is {used}: {}", column.header, column.holds)));
    }
    page.blank();
    if let Some((message, help)) = problem {
        page.add(line(0, Ink::Bad, &format!("no mapping can be proposed: {message}")));
        page.add(line(0, Ink::Plain, &format!("help: {help}")));
        return page.finish();
    }
    page.add(line(0, Ink::Plain, &format!("read with it: {people} people, {unread} not understood")));
    for (message, help) in findings {
        page.add(line(2, Ink::Change, message));
        help.iter().for_each(|help| page.add(line(4, Ink::Plain, &format!("help: {help}"))));
    }
    if !unseen.is_empty() {
        page.add(line(0, Ink::Plain, &format!("not in it, so not compared: {}", unseen.join(", "))));
    }
    page.heading(0, Ink::Bold, "to paste into rosterctl.yaml, under `targets`:");
    page.blank();
    // Lines to paste are never wrapped.
    head.lines().for_each(|line| page.verbatim(Ink::Plain, line));
    yaml.lines().for_each(|line| page.verbatim(Ink::Plain, &format!("    {line}")));
    page.finish()
}

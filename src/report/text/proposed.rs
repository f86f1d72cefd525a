//! What a snapshot seems to be, as text: the mapping to paste, and what was seen of each column.

use super::Style;
use super::ink::{Ink, Page, Para};
use crate::live::snapshot::probe::Proposal;

/// The proposal; `head`: the lines of the target that it completes.
pub fn proposed(proposal: &Proposal, head: &str, style: &Style) -> String {
    let mut page = Page::new(style);
    let line = |indent: usize, ink: Ink, text: &str| Para::new(indent, indent + 2).with(ink, text);
    let Proposal { file, seen, rows, columns, problem, findings, unseen, yaml, .. } = proposal;
    if columns.is_empty() {
        page.add(line(0, Ink::Plain, &format!("{file}: {seen}")));
        return page.finish();
    }
    page.add(line(0, Ink::Plain, &format!("{file}: {rows} rows, {} columns; {seen}", columns.len())));
    page.blank();
    for column in columns {
        let (ink, used) = match &column.used {
            Some(used) => (Ink::Plain, used.as_str()),
            None if proposal.configured => (Ink::Dim, "not named"),
            None => (Ink::Dim, "not placed"),
        };
        page.add(line(2, ink, &format!("`{}` is {used}: {}", column.header, column.holds)));
    }
    page.blank();
    if let Some((message, help)) = problem {
        let what =
            if proposal.configured { "it cannot be read as the target says" } else { "no mapping can be proposed" };
        page.add(line(0, Ink::Bad, &format!("{what}: {message}")));
        page.add(line(0, Ink::Plain, &format!("help: {help}")));
        return page.finish();
    }
    page.add(line(0, Ink::Plain, &read(proposal)));
    for (message, help) in findings {
        page.add(line(2, Ink::Change, message));
        help.iter().for_each(|help| page.add(line(4, Ink::Plain, &format!("help: {help}"))));
    }
    if !unseen.is_empty() {
        page.add(line(0, Ink::Plain, &format!("not in it, so not compared: {}", unseen.join(", "))));
    }
    if proposal.configured {
        if !yaml.is_empty() {
            page.heading(
                0,
                Ink::Bold,
                "these columns have names that are known, and the target does not name them; to add to it:",
            );
            page.blank();
            yaml.lines().for_each(|line| page.verbatim(Ink::Plain, &format!("    {line}")));
        }
        return page.finish();
    }
    page.heading(0, Ink::Bold, "to paste into rosterctl.yaml, under `targets`:");
    page.blank();
    // Lines to paste are never wrapped.
    head.lines().for_each(|line| page.verbatim(Ink::Plain, line));
    yaml.lines().for_each(|line| page.verbatim(Ink::Plain, &format!("    {line}")));
    page.finish()
}

/// What became of the rows, each of which is counted.
fn read(proposal: &Proposal) -> String {
    let Proposal { people, unread, joined, passed, configured, .. } = proposal;
    let how = if *configured { "read as the target says" } else { "read with it" };
    let mut parts = vec![format!("{people} people, {unread} not understood")];
    match joined {
        0 => {}
        1 => parts.push("1 further row of people who have one already".to_owned()),
        rows => parts.push(format!("{rows} further rows of people who have one already")),
    }
    match passed {
        0 => {}
        1 => parts.push("1 row with nobody in it".to_owned()),
        rows => parts.push(format!("{rows} rows with nobody in them")),
    }
    format!("{how}: {}", parts.join(", "))
}

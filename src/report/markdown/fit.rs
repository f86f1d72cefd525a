//! Cutting a comment to its limit: the least important entries are left out, and how many is said.

use std::borrow::Cow;

use indexmap::IndexMap;

use super::LIMIT;
use crate::report::words::values::{count, join};

/// A list of entries under one heading.
pub(super) struct Section {
    /// A heading above this section and those after it that have the same.
    pub(super) title: Cow<'static, str>,
    /// What stands before the entries.
    pub(super) open: String,
    /// What stands after them.
    pub(super) close: &'static str,
    /// What one entry is: `step`.
    pub(super) what: &'static str,
    /// The entries.
    pub(super) entries: Vec<Entry>,
}

/// One entry of a list.
pub(super) struct Entry {
    /// Its lines, with a newline at the end.
    pub(super) text: String,
    /// How unimportant it is; 0 is left out last.
    pub(super) rank: u8,
}

/// Room for the line that says what is left out of one section, and for its heading.
const ROOM: usize = 160;

/// Room for the sentence that says what is left out of all.
const NOTICE: usize = 600;

/// A comment of a head and sections; `whole` says how to see what is left out.
pub(super) fn fit(head: &str, sections: &[Section], whole: &'static str) -> String {
    let kept = keep(sections, LIMIT.saturating_sub(head.len() + NOTICE));
    let mut left: IndexMap<&str, usize> = IndexMap::new();
    let mut text = String::new();
    let mut title = "";
    for (section, kept) in sections.iter().zip(&kept) {
        let shown = kept.iter().filter(|kept| **kept).count();
        let out = section.entries.len() - shown;
        if out > 0 {
            *left.entry(section.what).or_default() += out;
        }
        if shown == 0 {
            continue;
        }
        if section.title != title && !section.title.is_empty() {
            text.push_str(&format!("\n#### {}\n", section.title));
        }
        title = &section.title;
        text.push_str(&section.open);
        for (entry, _) in section.entries.iter().zip(kept).filter(|(_, kept)| **kept) {
            text.push_str(&entry.text);
        }
        if out > 0 {
            text.push_str(&format!("- … and {out} more\n"));
        }
        text.push_str(section.close);
    }
    let mut notice = String::new();
    if !left.is_empty() {
        let what: Vec<String> = left.iter().map(|(what, number)| count(*number, what)).collect();
        notice = format!("\n**Cut to fit in a comment:** {} are not shown here. {whole}\n", join(&what, ", "));
    }
    format!("{head}{notice}{text}")
}

/// Which entries to keep within so many bytes: the most important first, and of equal ones the first. Where one of a
/// rank does not fit, none after it in its section is kept, so that what is shown is the beginning.
fn keep(sections: &[Section], mut room: usize) -> Vec<Vec<bool>> {
    let mut kept: Vec<Vec<bool>> = sections.iter().map(|section| vec![false; section.entries.len()]).collect();
    let mut begun = vec![false; sections.len()];
    let mut full = vec![[false; 256]; sections.len()];
    let entries = sections.iter().enumerate();
    let mut order: Vec<(u8, usize, usize)> = entries
        .flat_map(|(place, section)| {
            section.entries.iter().enumerate().map(move |(index, entry)| (entry.rank, place, index))
        })
        .collect();
    order.sort_unstable();
    for (rank, place, index) in order {
        let section = &sections[place];
        let frame =
            if begun[place] { 0 } else { section.open.len() + section.close.len() + section.title.len() + ROOM };
        let needed = section.entries[index].text.len() + frame;
        if needed > room || full[place][rank as usize] {
            full[place][rank as usize] = true;
            continue;
        }
        room -= needed;
        begun[place] = true;
        kept[place][index] = true;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(what: &'static str, entries: Vec<Entry>) -> Section {
        Section { title: "All".into(), open: "\n".to_owned(), close: "", what, entries }
    }

    fn entries(number: usize, rank: u8) -> Vec<Entry> {
        (0..number).map(|number| Entry { text: format!("- {rank} {number} {}\n", "x".repeat(100)), rank }).collect()
    }

    #[test]
    fn the_least_important_is_left_out_and_counted() {
        let sections = [section("step", entries(2_000, 5)), section("finding", entries(100, 0))];
        let text = fit("head\n", &sections, "See all.");
        assert!(text.len() <= LIMIT && text.len() > LIMIT - 1_000, "{}", text.len());
        assert_eq!(text.matches("\n- 0 ").count(), 100);
        let shown = text.matches("\n- 5 ").count();
        assert!(shown > 100, "{shown}");
        assert!(text.contains(&format!("\n- … and {} more\n", 2_000 - shown)), "{text}");
        assert!(text.contains(&format!("comment:** {} steps are not shown here. See all.\n", 2_000 - shown)), "{text}");
        assert_eq!(text.matches("#### All").count(), 1);
    }

    #[test]
    fn what_fits_is_whole() {
        let text = fit("head\n", &[section("step", entries(3, 0))], "See all.");
        assert!(!text.contains("Cut") && !text.contains('…'), "{text}");
    }
}

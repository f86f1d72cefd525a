//! Who is notified, may, holds, and who somebody is: an answer a line, so that it can be searched.

use crate::diagnostic::Location;
use crate::document::record::visible;
use crate::report::who::{Answers, Asked, Because, Held, Portrait, Reply, Standpoint};

/// The answers to a question about a word.
pub fn replies(asked: Asked, word: &str, answers: &Answers<Reply>) -> String {
    let what = match asked {
        Asked::Notified => format!("notified of {}", visible(word)),
        Asked::Can => format!("able to do {}", visible(word)),
        Asked::Holds => format!("holding {}", visible(word)),
    };
    let mut text = String::new();
    for reply in &answers.answers {
        let organisation = answers.seen(&reply.organisation);
        let note = reply.note.as_deref().map(visible);
        text.push_str(&match (reply.known, reply.people.is_empty(), &note) {
            (false, _, note) => format!("{organisation}: {}\n", note.as_deref().unwrap_or_default()),
            (true, true, Some(note)) => format!("{organisation}: nobody is {what}: {note}\n"),
            (true, true, None) => format!("{organisation}: nobody is {what}\n"),
            (true, false, _) => format!("{organisation}: {what}\n"),
        });
        let longest = reply.people.iter().map(|one| one.person.chars().count()).max().unwrap_or(0).min(40);
        for one in &reply.people {
            let (person, name) = (visible(&one.person), visible(&one.name));
            text.push_str(&format!("  {person:longest$}  {name}, {}", because(&one.because, longest + 4)));
        }
        if let (false, Some(note)) = (reply.people.is_empty(), note) {
            text.push_str(&format!("  nobody else: {note}\n"));
        }
    }
    text
}

/// All that there is to say of one person.
pub fn portraits(answers: &Answers<Portrait>) -> String {
    let mut text = String::new();
    for portrait in &answers.answers {
        let (person, name) = (visible(&portrait.person), visible(&portrait.name));
        let organisation = answers.seen(&portrait.organisation);
        text.push_str(&format!("{organisation}: {person}, {name}{}\n", place(portrait.location.as_ref())));
        let powerless = if portrait.status == "active" { "" } else { ": neither notified nor able to do anything" };
        let mut row = |label: &str, value: &str| text.push_str(&format!("  {label:12}  {value}\n"));
        row("e-mail", &portrait.email.as_deref().map_or("none".to_owned(), visible));
        row("section", portrait.section);
        row("status", &format!("{}{powerless}", portrait.status));
        for (label, list) in [
            ("roles", &portrait.roles),
            ("groups", &portrait.permission_groups),
            ("permissions", &portrait.permissions),
            ("applications", &portrait.applications),
            ("events", &portrait.events),
        ] {
            text.push_str(&has(label, list));
        }
    }
    text
}

fn has(label: &str, list: &[Held]) -> String {
    if list.is_empty() {
        return format!("  {label:12}  none\n");
    }
    let one = |(index, held): (usize, &Held)| {
        let label = if index == 0 { label } else { "" };
        let comma = if held.because.reason.is_empty() { "" } else { ", " };
        format!("  {label:12}  {}{comma}{}", visible(&held.id), because(&held.because, 18))
    };
    list.iter().enumerate().map(one).collect()
}

/// A reason with its place, and both sentences where it is disputed.
fn because(because: &Because, indent: usize) -> String {
    let mut text = format!("{}{}\n", visible(&because.reason), place(because.location.as_ref()));
    if let Some(disputed) = &because.disputed {
        for (label, quote) in [("for", &disputed.pro), ("against", &disputed.contra)] {
            text.push_str(&format!("{:indent$}{label}: \"{}\"\n", "", visible(quote.trim())));
        }
    }
    text
}

fn place(location: Option<&Location>) -> String {
    location.map_or(String::new(), |place| format!(" ({}:{})", visible(&place.path), place.line))
}

impl<T> Answers<T> {
    /// An organisation and where was looked.
    fn seen(&self, organisation: &str) -> String {
        let target = visible(self.target.as_deref().unwrap_or_default());
        match self.from {
            Standpoint::Rosters => organisation.to_owned(),
            Standpoint::Live => format!("{organisation} on {target}"),
            Standpoint::Before => format!("{organisation} before the plan for {target}"),
            Standpoint::After => format!("{organisation} after the plan for {target}"),
        }
    }
}

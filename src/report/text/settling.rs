//! Since when a difference is there, in words, and how it is accepted.

use jiff::Timestamp;

use super::Style;
use super::ink::{Ink, Page, Para};
use crate::report::since::{Bound, Since, Source};
use crate::report::{Cause, Difference};

/// One line below a difference, where there is something to say.
pub(super) fn settling(difference: &Difference, style: &Style, page: &mut Page<'_>) {
    let since = difference.since.as_ref().map(|since| words(since, difference));
    // What is not applied yet was meant so: to accept what the portal has would undo it.
    let accept = (difference.cause != Cause::NotApplied && !style.quiet)
        .then(|| format!("accept: rosterctl accept {}", quoted(&difference.item())));
    let said: Vec<String> = since.into_iter().chain(accept).collect();
    if !said.is_empty() {
        page.add(Para::new(6, 8).with(Ink::Dim, &said.join("; ")));
    }
}

fn words(since: &Since, difference: &Difference) -> String {
    let at = since
        .at
        .parse()
        .map_or_else(|_| since.at.clone(), |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let by = since.by.as_ref().map_or_else(String::new, |by| format!(", by {by}"));
    match (since.bound, since.source) {
        (Bound::Exact, _) => format!("since {at}{by}"),
        (Bound::NoLaterThan, _) => format!("since {at} at the latest"),
        (Bound::NotBefore, Source::Applied) => format!("later than {at}, when rosterctl wrote it"),
        (Bound::NotBefore, _) => format!("later than {at}, when the portal got what it has"),
        (Bound::Unchanged, _) if difference.cause == Cause::Unmanaged => format!("there since {at} or longer"),
        (Bound::Unchanged, _) => format!("so on the portal since {at} or longer"),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_portal_is_a_command() {
        assert_eq!(quoted("acme/ada/attributes.serviceNow"), "acme/ada/attributes.serviceNow");
        assert_eq!(quoted("acme/$(rm -r x)'; y"), "'acme/$(rm -r x)'\\''; y'");
    }
}

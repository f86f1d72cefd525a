//! The rules of a SARIF log (§3.49): what each says, why, its cure, and an example of both sides.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::level;
use crate::diagnostic::Severity;
use crate::platform::Rule;
use crate::report::verdict::{Verdict, clean};
use crate::rules::ROSTER_RULES;

/// The rules that were checked, and those that have findings.
pub(super) struct Rules {
    pub(super) list: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    id: String,
    name: String,
    short_description: Words,
    full_description: Words,
    help: Help,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Serialize)]
struct Words {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Properties {
    tags: Vec<String>,
}

impl Rules {
    /// Those of the language, then those of each platform, then whatever else has findings.
    pub(super) fn of(verdict: &Verdict<'_>) -> Rules {
        let mut list: Vec<Descriptor> = ROSTER_RULES.iter().map(|(id, title)| language(id, title)).collect();
        let mut known: HashSet<String> = list.iter().map(|rule| rule.id.clone()).collect();
        for rule in verdict.platforms().into_iter().flat_map(|platform| &platform.rules) {
            if verdict.checks(rule) && known.insert(rule.id.to_string()) {
                list.push(of_platform(rule));
            }
        }
        for finding in &verdict.report.diagnostics {
            if !known.contains(&finding.rule) {
                known.insert(finding.rule.clone());
                list.push(descriptor(&finding.rule, &finding.rule, finding.severity, Vec::new()));
            }
        }
        Rules { list }
    }

    /// The place of each rule in the list.
    pub(super) fn index(&self) -> HashMap<String, usize> {
        self.list.iter().enumerate().map(|(index, rule)| (rule.id.clone(), index)).collect()
    }
}

fn language(id: &str, title: &str) -> Descriptor {
    let level = if id == "roster/waiver-unused" { Severity::Warning } else { Severity::Error };
    let always = Part::Words("This is a rule of the roster language itself: it always holds.".to_owned());
    descriptor(id, title, level, vec![always])
}

fn of_platform(rule: &Rule) -> Descriptor {
    let mut parts = Vec::new();
    if !rule.cure.trim().is_empty() {
        parts.push(Part::Words(clean(rule.cure.trim())));
    }
    if !rule.source.trim().is_empty() {
        parts.push(Part::Quote(clean(rule.source.trim())));
    }
    for (label, roster) in [("Breaks it:", &rule.breaks), ("Holds:", &rule.holds)] {
        if !roster.trim().is_empty() {
            parts.push(Part::Roster(label, clean(roster.trim_end())));
        }
    }
    descriptor(&rule.id, &rule.title, rule.level.unwrap_or(Severity::Info), parts)
}

/// A piece of a rule's help.
enum Part {
    Words(String),
    /// The sentence of the platform's documentation.
    Quote(String),
    /// A part of a roster, and what it shows.
    Roster(&'static str, String),
}

fn descriptor(id: &str, title: &str, severity: Severity, parts: Vec<Part>) -> Descriptor {
    let title = sentence(&clean(title.trim()));
    let plain = parts.iter().map(|part| match part {
        Part::Words(words) => words.clone(),
        Part::Quote(quote) => format!("The platform's documentation: \"{quote}\""),
        Part::Roster(label, roster) => format!("{label}\n{roster}"),
    });
    let plain: Vec<String> = std::iter::once(title.clone()).chain(plain).collect();
    let marked = parts.iter().map(|part| match part {
        Part::Words(words) => escaped(words),
        Part::Quote(quote) => format!("> {}", escaped(quote).replace('\n', "\n> ")),
        Part::Roster(label, roster) => {
            let fence = "`".repeat(longest_run(roster).max(2) + 1);
            format!("{label}\n\n{fence}yaml\n{roster}\n{fence}")
        }
    });
    let marked: Vec<String> = std::iter::once(escaped(&title)).chain(marked).collect();
    let full = match parts.first() {
        Some(Part::Words(words)) => format!("{title} {}", sentence(words)),
        _ => title.clone(),
    };
    let platform = id.split_once('/').map(|(platform, _)| platform.to_owned());
    Descriptor {
        id: id.to_owned(),
        name: name(id),
        short_description: Words { text: title },
        full_description: Words { text: full },
        help: Help { text: plain.join("\n\n"), markdown: marked.join("\n\n") },
        default_configuration: Configuration { level: level(severity) },
        properties: Properties { tags: platform.into_iter().collect() },
    }
}

/// The id as one word, each part with a capital (§3.49.7).
fn name(id: &str) -> String {
    let capital = |part: &str| part[..1].to_ascii_uppercase() + &part[1..];
    id.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).map(capital).collect()
}

/// Words as a sentence: with a capital and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let mut sentence: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?', ':']) {
        sentence.push('.');
    }
    sentence
}

/// Text in which nothing but code in backticks is Markdown. Platform files may come from anybody.
fn escaped(text: &str) -> String {
    let mut code = false;
    let balanced = text.matches('`').count().is_multiple_of(2);
    let mut marked = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '`' if balanced => code = !code,
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '|' | '~' | '@' if !code => marked.push('\\'),
            '<' if !code => {
                marked.push_str("&lt;");
                continue;
            }
            '&' if !code => {
                marked.push_str("&amp;");
                continue;
            }
            _ => {}
        }
        marked.push(c);
    }
    marked
}

/// The most backticks in a row.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_of_platform_files_is_text() {
        assert_eq!(
            escaped("hold `a_b` and <b>_x_</b> & [l](u)"),
            "hold `a_b` and &lt;b>\\_x\\_&lt;/b> &amp; \\[l\\](u)"
        );
        assert_eq!(escaped("a ` alone <i>"), "a \\` alone &lt;i>");
        assert_eq!(longest_run("a ```` b ``"), 4);
    }

    #[test]
    fn titles_become_sentences() {
        assert_eq!(sentence("one person is one entry"), "One person is one entry.");
        assert_eq!(sentence("École?"), "École?");
        assert_eq!(name("arxus/commercial-count"), "ArxusCommercialCount");
    }
}

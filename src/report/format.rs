//! The formats that there are, and how a command says which of them fit what it reports.

use std::io::{self, Write};

use clap::ValueEnum;

use super::text::Style;

/// The formats that a report can take. Every command has the first two; the others are named with what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Format {
    /// For people: snippets with carets, tables, words.
    Text,
    /// For machines: one JSON document.
    Json,
    /// For code scanning: SARIF 2.1.0 (validate).
    Sarif,
    /// For GitHub workflows: annotations in the log (validate).
    Github,
    /// For test reports: JUnit XML, a suite for each organisation (validate).
    Junit,
    /// For GitLab: a code quality report (validate).
    Gitlab,
    /// For reviewers: Markdown, a comment for a pull request (plan, drift, runbook).
    Markdown,
    /// To look at: one HTML page with everything in it (plan, drift, runbook).
    Html,
    /// To tick off in a spreadsheet: a table (runbook).
    Csv,
}

/// The formats of commands whose answer is no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// For people.
    Text,
    /// For machines: one JSON document.
    Json,
}

/// Writes a report in one format. The style says how text looks; other formats leave it aside.
pub type Renderer<R> = fn(&R, &Style, &mut dyn Write) -> io::Result<()>;

/// What a command reports. The `match` of its implementation is the one place where formats meet their renderers.
pub trait Report: Sized {
    /// The renderer of a format; none where it does not fit.
    fn renderer(format: Format) -> Option<Renderer<Self>>;

    /// The formats that fit.
    fn formats() -> Vec<Format> {
        Format::value_variants().iter().copied().filter(|format| Self::renderer(*format).is_some()).collect()
    }
}

impl Format {
    /// What users type.
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The format with this name.
    pub fn named(name: &str) -> Option<Format> {
        Format::from_str(name, false).ok()
    }
}

/// The names of formats, for a sentence.
pub fn names(formats: &[Format]) -> String {
    formats.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ")
}

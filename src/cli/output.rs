//! Where output goes: results to standard output, errors and progress to standard error.

use std::io::{self, BufWriter, IsTerminal, Write};

use super::args::{ColorChoice, Common};
use crate::document::record::visible;
use crate::error::Error;
use crate::report::text::Style;
use crate::report::{Format, Plain, Report, github, names};

/// Where and how a run prints.
#[derive(Debug)]
pub struct Output {
    /// The format of answers that are no report.
    pub format: Plain,
    /// The format of reports.
    pub chosen: Format,
    /// How text looks on standard output.
    pub style: Style,
    errors_in_color: bool,
    /// The width of standard error, where it is a terminal: lines are broken for people, not for programs.
    errors_within: Option<usize>,
}

impl Output {
    /// The output that the common flags ask for.
    pub fn new(common: &Common) -> Output {
        let quiet_environment = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let color = |terminal: bool| match common.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !quiet_environment && !dumb,
        };
        let width = width();
        let style = Style {
            color: color(std::io::stdout().is_terminal()),
            width: width.unwrap_or(100).clamp(20, 400),
            fitted: width.is_some(),
            verbose: common.verbose,
            quiet: common.quiet,
        };
        let errors_in_color = color(std::io::stderr().is_terminal());
        let errors_within = terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| usize::from(width.0));
        let format = if common.format == Format::Json { Plain::Json } else { Plain::Text };
        Output { format, chosen: common.format, style, errors_in_color, errors_within }
    }

    /// The same without remarks on the way, for a second look at what was looked at already.
    pub fn silent(&self) -> Output {
        Output { style: Style { quiet: true, ..self.style }, ..*self }
    }

    /// Prints a result. A reader that went away (`| head`) is no failure.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        self.stream(|out| out.write_all(text.as_bytes()))
    }

    /// Prints a report in the format of the run.
    pub fn show<R: Report>(&self, report: &R) -> Result<(), Error> {
        match R::renderer(self.chosen) {
            Some(renderer) => self.stream(|out| renderer(report, &self.style, out)),
            None => {
                let hint = format!("the formats are: {}", names(&R::formats()));
                Err(Error::usage(format!("`{}` does not fit this report", self.chosen.name()), hint))
            }
        }
    }

    fn stream(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        let mut stdout = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        match write(&mut stdout).and_then(|()| stdout.flush()).and_then(|()| io::stdout().flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let hint = "make room, or print somewhere else";
                Err(Error::failed(format!("the output could not be written: {error}"), hint))
            }
            _ => Ok(()),
        }
    }

    /// Prints a remark on the way to standard error, unless the run is quiet.
    pub fn remark(&self, text: &str) {
        if !self.style.quiet {
            let _ = std::io::stderr().lock().write_all(self.broken("", &[], text).as_bytes());
        }
    }

    /// Prints to standard error what whoever is asked has to see, quiet or not.
    pub fn aside(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }

    /// Prints an error; for machines as one JSON document, for GitHub as an annotation.
    pub fn error(&self, error: &Error) {
        self.complain(error);
        match self.chosen {
            Format::Json => error_document(&error.message, error.hint.as_deref()),
            Format::Github => drop(self.print(&github::failure(&error.message, error.hint.as_deref()))),
            _ => {}
        }
    }

    /// Prints to standard error what went wrong in a run whose result stands nevertheless.
    pub fn complain(&self, error: &Error) {
        let (red, bold, plain) =
            if self.errors_in_color { ("\u{1b}[1;31m", "\u{1b}[1m", "\u{1b}[0m") } else { ("", "", "") };
        let head = [(red, "error"), (plain, ""), (bold, ": ")];
        let mut text = self.broken("", &head, &lines(&error.message));
        text.insert_str(text.len() - 1, plain);
        if let Some(hint) = &error.hint {
            text.push_str(&self.broken("  ", &[(bold, "help"), (plain, ": ")], &lines(hint)));
        }
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    /// Text for standard error after a head of styles and words, broken at spaces where a terminal is too narrow for it.
    fn broken(&self, indent: &str, head: &[(&str, &str)], text: &str) -> String {
        let mut page = indent.to_owned();
        page.extend(head.iter().flat_map(|(style, word)| [*style, *word]));
        let mut column = indent.chars().count() + head.iter().map(|(_, word)| word.chars().count()).sum::<usize>();
        let within = self.errors_within.unwrap_or(usize::MAX);
        for (place, line) in text.lines().enumerate() {
            let own = line.chars().take_while(|c| *c == ' ').count();
            if place > 0 {
                page.push('\n');
                column = 0;
            }
            let hang = indent.chars().count() + own + 2;
            for (place, word) in line.split(' ').enumerate() {
                let wide = word.chars().count();
                if place > 0 && column + 1 + wide > within && column > hang && !word.is_empty() {
                    page.push('\n');
                    page.extend(std::iter::repeat_n(' ', hang));
                    column = hang;
                } else if place > 0 {
                    page.push(' ');
                    column += 1;
                }
                page.push_str(word);
                column += wide;
            }
        }
        page.push('\n');
        page
    }
}

/// Prints a line of a work that goes on to standard error.
pub fn progress(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(line));
}

/// Prints an error for machines: the one document of a run that came to nothing.
pub fn error_document(message: &str, help: Option<&str>) {
    let document = serde_json::json!({ "version": 1, "error": { "message": message, "help": help } });
    let _ = std::io::stdout().lock().write_all(crate::report::json::to_json(&document).as_bytes());
}

/// Text whose own line breaks are kept and whose other control characters are not.
fn lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// The width of the terminal, else what the environment says.
fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || {
        let stdout = std::io::stdout();
        if !stdout.is_terminal() {
            return None;
        }
        terminal_size::terminal_size_of(stdout).map(|(width, _)| usize::from(width.0))
    };
    terminal().or(columns)
}

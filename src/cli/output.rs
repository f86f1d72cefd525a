//! Where output goes: results to standard output, errors and progress to standard error.

use std::io::{IsTerminal, Write};

use super::args::{ColorChoice, Common};
use crate::document::record::visible;
use crate::error::Error;
use crate::report::Format;
use crate::report::text::Style;

/// Where and how a run prints.
#[derive(Debug)]
pub struct Output {
    /// The format of the result.
    pub format: Format,
    /// How text looks on standard output.
    pub style: Style,
    errors_in_color: bool,
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
        Output { format: common.format, style, errors_in_color: color(std::io::stderr().is_terminal()) }
    }

    /// The same without remarks on the way, for a second look at what was looked at already.
    pub fn silent(&self) -> Output {
        Output { style: Style { quiet: true, ..self.style }, ..*self }
    }

    /// Prints a result. A reader that went away (`| head`) is no failure.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        match std::io::stdout().lock().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                let hint = "make room, or print somewhere else";
                Err(Error::failed(format!("the output could not be written: {error}"), hint))
            }
            _ => Ok(()),
        }
    }

    /// Prints a remark on the way to standard error, unless the run is quiet.
    pub fn remark(&self, text: &str) {
        if !self.style.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Prints an error, and for machines one JSON document.
    pub fn error(&self, error: &Error) {
        self.complain(error);
        if self.format == Format::Json {
            error_document(&error.message, error.hint.as_deref());
        }
    }

    /// Prints to standard error what went wrong in a run whose result stands nevertheless.
    pub fn complain(&self, error: &Error) {
        let (red, bold, plain) =
            if self.errors_in_color { ("\u{1b}[1;31m", "\u{1b}[1m", "\u{1b}[0m") } else { ("", "", "") };
        let mut stderr = std::io::stderr().lock();
        let _ = writeln!(stderr, "{red}error{plain}{bold}: {}{plain}", lines(&error.message));
        if let Some(hint) = &error.hint {
            let _ = writeln!(stderr, "  {bold}help{plain}: {}", lines(hint));
        }
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

//! `rosterctl man`: manual pages, from the same definitions as the help.

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::{Cli, ManArgs};
use super::examples;
use super::output::Output;
use crate::document::source::replace;
use crate::error::{Error, Exit};

/// Runs the command.
pub fn run(args: &ManArgs, output: &Output) -> Result<Exit, Error> {
    let mut root = Cli::command();
    root.build();
    let Some(dir) = &args.dir else {
        let page = page(&root, "rosterctl").map_err(unwritable(Path::new("rosterctl.1")))?;
        output.print(&page)?;
        return Ok(Exit::Clean);
    };
    std::fs::create_dir_all(dir).map_err(unwritable(dir))?;
    let written = write(&root, "rosterctl", dir)?;
    output.remark(&format!("{written} pages were written to `{}`", dir.display()));
    Ok(Exit::Clean)
}

/// Writes the page of a command and those of its subcommands; how many there are.
fn write(command: &Command, name: &str, dir: &Path) -> Result<usize, Error> {
    let file = dir.join(format!("{name}.1"));
    page(command, name).and_then(|text| replace(&file, &text)).map_err(unwritable(&file))?;
    let below = command.get_subcommands().map(|below| write(below, &format!("{name}-{}", below.get_name()), dir));
    below.sum::<Result<usize, Error>>().map(|pages| pages + 1)
}

fn unwritable(place: &Path) -> impl Fn(io::Error) -> Error {
    let place = place.display().to_string();
    move |error| {
        let message = format!("`{place}` could not be written: {error}");
        Error::failed(message, "make room there, or name another folder")
    }
}

/// One page in roff. What stands after the options in the help keeps its lines.
fn page(command: &Command, name: &str) -> io::Result<String> {
    let own = command.clone().name(name.to_owned()).after_help("").after_long_help("");
    let man = Man::new(own);
    let mut text = Vec::new();
    // No date: the same program writes the same pages whenever it is built.
    let source = concat!("rosterctl ", env!("CARGO_PKG_VERSION"));
    let mut title = Roff::default();
    title.control("TH", [&name.to_uppercase(), "1", "\"\"", source, "rosterctl"]);
    title.to_writer(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let mut roff = Roff::default();
    if command.has_subcommands() {
        roff.control("SH", ["COMMANDS"]);
        for below in command.get_subcommands() {
            roff.control("TP", []);
            roff.text([bold(format!("{name}-{}(1)", below.get_name()))]);
            roff.text([roman(below.get_about().map(ToString::to_string).unwrap_or_default())]);
        }
    }
    let path = name.split_once('-').map(|(_, path)| path.replace('-', " ")).unwrap_or_default();
    let examples: Vec<String> = examples::of(&path).iter().map(|(wish, line)| format!("# {wish}\n{line}\n")).collect();
    let more = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for (heading, lines) in [("EXAMPLES", examples.join("\n")), ("NOTES", more)] {
        if lines.is_empty() {
            continue;
        }
        roff.control("SH", [heading]);
        roff.control("nf", []);
        for line in lines.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff.to_writer(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

//! The program in a terminal of a given size, and somebody who reads and types there.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::common::Project;

/// A program that says nothing for so long hangs. It is a limit for a broken program, not a measurement.
const HANGS: Duration = Duration::from_secs(120);

/// A terminal with the program in it.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    seen: Vec<u8>,
    /// Dropping it closes the terminal.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// The program with these arguments, separated by spaces, in the project's folder.
    pub fn open(project: &Project, columns: u16, arguments: &str) -> Terminal {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_rosterctl"));
        command.args(arguments.split_whitespace());
        Terminal::start(project, columns, command, &[])
    }

    /// The same with variables in the environment.
    pub fn open_with(project: &Project, columns: u16, arguments: &str, environment: &[(&str, &str)]) -> Terminal {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_rosterctl"));
        command.args(arguments.split_whitespace());
        Terminal::start(project, columns, command, environment)
    }

    /// A line for a shell, in which `rosterctl` is the program.
    pub fn shell(project: &Project, columns: u16, line: &str) -> Terminal {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", &line.replace("rosterctl", "\"$ROSTERCTL\"")]);
        Terminal::start(project, columns, command, &[("ROSTERCTL", env!("CARGO_BIN_EXE_rosterctl"))])
    }

    fn start(project: &Project, columns: u16, mut command: CommandBuilder, environment: &[(&str, &str)]) -> Terminal {
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", project.path(""));
        command.env("TZ", "UTC");
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(project.path(""));
        let size = PtySize { rows: 50, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("the terminal can be read");
        let input = pair.master.take_writer().expect("the terminal can be written to");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end is an error on some systems: nobody holds the other side any more.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal { child, output, input, seen: Vec::new(), _master: pair.master }
    }

    /// What was shown so far, with line feeds alone.
    pub fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen).replace("\r\n", "\n")
    }

    /// Reads until the text has been shown.
    #[track_caller]
    pub fn until(&mut self, text: &str) {
        while !self.seen().contains(text) {
            match self.output.recv_timeout(HANGS) {
                Ok(more) => self.seen.extend(more),
                Err(why) => panic!("{text:?} was not shown ({why}):\n{}", self.seen()),
            }
        }
    }

    /// Types a text; `\r` is the key Enter, `\u{4}` Ctrl-D, `\u{3}` Ctrl-C.
    pub fn types(&mut self, text: &str) {
        self.input
            .write_all(text.as_bytes())
            .and_then(|()| self.input.flush())
            .expect("the terminal takes what is typed");
    }

    /// Reads to the end: the exit code and all that was shown.
    #[track_caller]
    pub fn ends(mut self) -> (u32, String) {
        while let Ok(more) = self.output.recv_timeout(HANGS) {
            self.seen.extend(more);
        }
        let status = self.child.wait().expect("the program ends");
        (status.exit_code(), self.seen())
    }
}

//! What is under way, on a terminal and only there: standard error says what a run is waiting for.

use std::io::IsTerminal;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::document::record::visible;

/// Work shorter than this passes without a word.
const PATIENCE: Duration = Duration::from_millis(400);

/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(120);

/// A terminal narrower than this has no room for a bar beside the numbers.
const ROOM_FOR_A_BAR: usize = 60;

/// Says what a run waits for, until it is dropped.
#[derive(Debug)]
pub struct Waiting {
    /// Dropping it ends the thread.
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Waiting {
    /// Begins to say it, once it has taken a while. Nothing is said to those who asked for quiet, nor without a terminal.
    pub fn new(quiet: bool, what: &str) -> Waiting {
        if quiet || !can_draw() {
            return Waiting { end: None, thread: None };
        }
        let what = visible(what);
        let (end, ended) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_message(what);
            bar.enable_steady_tick(TICK);
            let _ = ended.recv();
            bar.finish_and_clear();
        });
        Waiting { end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.end.take();
        // The line is gone before anything else is printed.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether there is a terminal on which a line can be drawn anew.
fn can_draw() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A bar for so many steps; hidden where it would be in the way.
pub fn steps(count: usize, hidden: bool, width: usize) -> ProgressBar {
    if hidden || !can_draw() {
        return ProgressBar::hidden();
    }
    let template = if width < ROOM_FOR_A_BAR { "{pos}/{len} steps" } else { "{bar:30} {pos}/{len} steps, {elapsed}" };
    let bar = ProgressBar::new(count as u64);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

//! A `drift --every` that runs, its log read line by line, and a client for its port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::common::Project;

/// A limit for a broken program, not a measurement.
const HANGS: Duration = Duration::from_secs(120);

/// A process that runs; it is killed when it is dropped.
pub struct Watched {
    child: Child,
    lines: Receiver<String>,
    /// Where metrics and health are.
    pub address: String,
}

impl Watched {
    /// Starts rounds once a second; the log is JSON Lines.
    pub fn start(project: &Project, arguments: &str, environment: &[(&str, &str)]) -> Watched {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
        command.args("drift --every 1s --format json --listen 127.0.0.1:0".split(' '));
        command.args(arguments.split_whitespace()).current_dir(project.path("")).env_clear();
        command.env("HOME", project.path("")).env("TZ", "UTC").env("PATH", std::env::var_os("PATH").unwrap());
        command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        let mut watched = Watched { child, lines, address: String::new() };
        let started = watched.next("started");
        watched.address = started["listen"].as_str().unwrap().trim_start_matches("http://").to_owned();
        watched
    }

    /// The next line about this sort of event.
    #[track_caller]
    pub fn next(&mut self, event: &str) -> Json {
        loop {
            let line = self.lines.recv_timeout(HANGS).expect("another line");
            let line: Json = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            if line["event"] == event {
                return line;
            }
        }
    }

    /// The next round that ends so; there may be some before it that began earlier.
    #[track_caller]
    pub fn round(&mut self, outcome: &str) -> Json {
        let start = Instant::now();
        loop {
            let round = self.next("round");
            if round["outcome"] == outcome {
                return round;
            }
            assert!(start.elapsed() < HANGS, "no round is {outcome}: {round}");
        }
    }

    /// Asks the port: status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// A sample of what Prometheus reads, by an independent reader; none where there is no such sample.
    pub fn sample(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let (status, text) = self.get("/metrics");
        assert_eq!(status, 200);
        let read = prometheus_parse::Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
        let wanted = |sample: &&prometheus_parse::Sample| {
            sample.metric == name && labels.iter().all(|(label, value)| sample.labels.get(label) == Some(value))
        };
        read.samples.iter().find(wanted).map(|sample| match &sample.value {
            prometheus_parse::Value::Counter(value)
            | prometheus_parse::Value::Gauge(value)
            | prometheus_parse::Value::Untyped(value) => *value,
            other => panic!("{name} is no plain number: {other:?}"),
        })
    }

    /// Sends a signal, and says how the process ended and what it wrote last.
    pub fn stops(mut self, signal: &str) -> (Option<i32>, Vec<String>) {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
        let start = Instant::now();
        let status = self.child.wait().expect("a status");
        assert!(start.elapsed() < Duration::from_secs(15), "it took {:?} to stop", start.elapsed());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, "", "a clean end leaves no complaint");
        (status.code(), self.lines.iter().collect())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

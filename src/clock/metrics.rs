//! What Prometheus reads, in its text exposition format, version 0.0.4.
//!
//! Differences keep their last known numbers while rounds fail, and `rosterctl_target_failing` says so: a portal that
//! is not reached must never look as if it had no drift. Before the first round that succeeds there are none at all.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::round::{Outcome, Round};

/// The upper bounds of the durations, in seconds.
const BOUNDS: [f64; 9] = [0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0];

/// How the delivery of a message ends.
pub const DELIVERIES: [&str; 5] = ["delivered", "failed", "rejected", "superseded", "unusable"];

/// The type of the exposition.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Numbers about rounds, for whoever scrapes them.
#[derive(Debug)]
pub struct Metrics {
    state: Mutex<State>,
    /// A round that succeeded longer ago than this is not recent.
    recent: Duration,
}

#[derive(Debug, Default)]
struct State {
    rounds: [u64; Outcome::ALL.len()],
    missed: u64,
    target: Option<String>,
    failing: bool,
    counts: BTreeMap<&'static str, usize>,
    last: Option<Timestamp>,
    succeeded: Option<(Timestamp, Instant)>,
    buckets: [u64; BOUNDS.len()],
    seconds: f64,
    deliveries: [u64; DELIVERIES.len()],
    retries: u64,
}

impl Metrics {
    /// Nothing yet. A success is recent for three intervals, and for a minute at least.
    pub fn new(every: Duration) -> Metrics {
        let recent = every.saturating_mul(3).max(Duration::from_secs(60));
        Metrics { state: Mutex::default(), recent }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a round that has just ended.
    pub fn round(&self, round: &Round) {
        let mut state = self.state();
        let outcome = Outcome::ALL.iter().position(|one| *one == round.outcome).unwrap_or_default();
        state.rounds[outcome] += 1;
        state.missed += round.missed;
        let seconds = round.took.as_secs_f64();
        state.seconds += seconds;
        for (bucket, bound) in state.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
        let ended = Timestamp::now();
        state.last = Some(ended);
        state.target = Some(round.target.clone());
        state.failing = round.outcome == Outcome::Failed;
        if !state.failing {
            state.succeeded = Some((ended, Instant::now()));
            state.counts.clone_from(&round.counts);
        }
    }

    /// Counts a delivery by one of the words of [`DELIVERIES`].
    pub fn delivery(&self, outcome: &str) {
        if let Some(at) = DELIVERIES.iter().position(|word| *word == outcome) {
            self.state().deliveries[at] += 1;
        }
    }

    /// Counts a further attempt at a delivery.
    pub fn retry(&self) {
        self.state().retries += 1;
    }

    /// Whether the last round succeeded, recently; else why not.
    pub fn ready(&self) -> Result<(), String> {
        let state = self.state();
        match &state.succeeded {
            _ if state.failing => Err("the last round failed".to_owned()),
            None => Err("no round has succeeded yet".to_owned()),
            Some((_, at)) if at.elapsed() > self.recent => {
                Err(format!("the last round that succeeded ended {} s ago", at.elapsed().as_secs()))
            }
            Some(_) => Ok(()),
        }
    }

    /// All numbers as text.
    pub fn exposition(&self) -> String {
        let state = self.state();
        let mut text = Text::default();
        text.metric("rosterctl_build_info", "gauge", "The version that runs.");
        text.sample("rosterctl_build_info", &[("version", env!("CARGO_PKG_VERSION"))], "1");
        text.metric("rosterctl_rounds_total", "counter", "Rounds that have ended, by how they did.");
        for (outcome, count) in Outcome::ALL.iter().zip(state.rounds) {
            text.sample("rosterctl_rounds_total", &[("outcome", outcome.as_str())], &count.to_string());
        }
        let missed = "Rounds that did not begin because the one before took too long.";
        text.metric("rosterctl_rounds_missed_total", "counter", missed);
        text.sample("rosterctl_rounds_missed_total", &[], &state.missed.to_string());
        text.metric("rosterctl_round_duration_seconds", "histogram", "How long rounds took.");
        let rounds: u64 = state.rounds.iter().sum();
        for (bucket, bound) in state.buckets.iter().zip(BOUNDS) {
            let bound = bound.to_string();
            text.sample("rosterctl_round_duration_seconds_bucket", &[("le", &bound)], &bucket.to_string());
        }
        text.sample("rosterctl_round_duration_seconds_bucket", &[("le", "+Inf")], &rounds.to_string());
        text.sample("rosterctl_round_duration_seconds_sum", &[], &state.seconds.to_string());
        text.sample("rosterctl_round_duration_seconds_count", &[], &rounds.to_string());
        text.metric(
            "rosterctl_webhook_deliveries_total",
            "counter",
            "Messages to the webhook, by what became of them.",
        );
        for (outcome, count) in DELIVERIES.iter().zip(state.deliveries) {
            text.sample("rosterctl_webhook_deliveries_total", &[("outcome", outcome)], &count.to_string());
        }
        text.metric("rosterctl_webhook_retries_total", "counter", "Further attempts at deliveries.");
        text.sample("rosterctl_webhook_retries_total", &[], &state.retries.to_string());
        if let Some(target) = &state.target {
            let target = ("target", target.as_str());
            let failing = "Whether the last round failed: the differences are then those of the last that did not.";
            text.metric("rosterctl_target_failing", "gauge", failing);
            text.sample("rosterctl_target_failing", &[target], if state.failing { "1" } else { "0" });
            let last = "When the last round ended.";
            text.moment("rosterctl_last_round_timestamp_seconds", last, target, state.last);
            let success = "When the last round ended that could compare rosters and portal.";
            let succeeded = state.succeeded.map(|(at, _)| at);
            text.moment("rosterctl_last_success_timestamp_seconds", success, target, succeeded);
            if !state.counts.is_empty() {
                let help = "Differences between rosters and portal, by their cause.";
                text.metric("rosterctl_drift_differences", "gauge", help);
            }
            for (cause, count) in &state.counts {
                text.sample("rosterctl_drift_differences", &[target, ("cause", cause)], &count.to_string());
            }
        }
        text.0
    }
}

/// Text in the exposition format.
#[derive(Default)]
struct Text(String);

impl Text {
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if at == 0 { '{' } else { ',' });
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    fn moment(&mut self, name: &str, help: &str, target: (&str, &str), at: Option<Timestamp>) {
        if let Some(at) = at {
            self.metric(name, "gauge", help);
            self.sample(name, &[target], &format!("{:.3}", at.as_millisecond() as f64 / 1000.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::round::{Look, Seen, Trouble, Watch};
    use super::*;

    fn look(target: &str, seen: Result<Seen, Trouble>) -> Look {
        let (time, took) = (Timestamp::UNIX_EPOCH, Duration::from_millis(700));
        Look { time, took, missed: 1, target: target.to_owned(), seen }
    }

    #[test]
    fn numbers_of_drift_stay_while_rounds_fail() {
        let (metrics, mut watch) = (Metrics::new(Duration::from_secs(1)), Watch::default());
        assert!(metrics.ready().is_err());
        let unreadable = vec![("acme".to_owned(), None, "p-1".to_owned())];
        let fails = |why: &str| look("t", Err(Trouble::new(why)));
        metrics.round(&watch.take(fails("down")));
        assert!(!metrics.exposition().contains("rosterctl_drift_differences"), "what is not known is not zero");
        assert!(!metrics.exposition().contains("rosterctl_last_success"));
        metrics.round(&watch.take(look("t", Ok(Seen { unreadable, complete: true, ..Seen::default() }))));
        assert_eq!(metrics.ready(), Ok(()));
        metrics.round(&watch.take(fails("down")));
        let text = metrics.exposition();
        for line in [
            "rosterctl_drift_differences{target=\"t\",cause=\"unreadable\"} 1\n",
            "rosterctl_drift_differences{target=\"t\",cause=\"outside\"} 0\n",
            "rosterctl_target_failing{target=\"t\"} 1\n",
            "rosterctl_rounds_total{outcome=\"failed\"} 2\n",
            "rosterctl_rounds_missed_total 3\n",
            "rosterctl_round_duration_seconds_bucket{le=\"0.5\"} 0\n",
            "rosterctl_round_duration_seconds_bucket{le=\"1\"} 3\n",
            "rosterctl_round_duration_seconds_count 3\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert_eq!(metrics.ready(), Err("the last round failed".to_owned()));
    }

    #[test]
    fn labels_are_escaped() {
        let (metrics, mut watch) = (Metrics::new(Duration::from_secs(1)), Watch::default());
        metrics.round(&watch.take(look("a\"b\\c\nd", Ok(Seen { complete: true, ..Seen::default() }))));
        assert!(metrics.exposition().contains("{target=\"a\\\"b\\\\c\\nd\",cause=\"both\"} 0\n"));
    }
}

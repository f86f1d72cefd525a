//! One line a round, and one for each thing that happens between rounds: for people, or as JSON Lines.
//!
//! Lines name ids and never names, addresses or values; a stranger whose id on the portal is an address is a digest. They are cut short where there is very much to say.

use serde_json::{Value as Json, json};

use super::round::{Item, Round};
use crate::document::record::visible;
use crate::report::json::escaped;

/// So many items of each sort are named in a line.
const NAMED: usize = 50;

/// What can be written into the log.
#[derive(Clone, Debug)]
pub enum Entry<'a> {
    /// The process began.
    Started {
        /// The interval, as seconds.
        every: u64,
        /// The base address of metrics and health, where they are served.
        listen: Option<&'a str>,
    },
    /// A round ended.
    Round(&'a Round),
    /// A message was delivered or was not.
    Webhook {
        /// `delivered`, `retrying`, `failed`, `rejected`, `superseded` or `unusable`.
        outcome: &'a str,
        /// The name of the delivery; repetitions carry the same.
        delivery: &'a str,
        /// How often it was tried.
        attempts: u32,
        /// Why it was not delivered.
        message: Option<&'a str>,
    },
    /// The process ends because it was asked to.
    Stopped,
}

/// An entry as one JSON document on one line.
pub fn json(entry: &Entry<'_>) -> String {
    let now = || jiff::Timestamp::now().to_string();
    let value = match entry {
        Entry::Started { every, listen } => {
            let version = env!("CARGO_PKG_VERSION");
            json!({ "event": "started", "time": now(), "version": version, "every": every, "listen": listen })
        }
        Entry::Round(round) => json!({
            "event": "round",
            "time": round.time.to_string(),
            "round": round.number,
            "target": round.target,
            "outcome": round.outcome,
            "complete": round.complete,
            "counts": round.counts,
            "seconds": round.took.as_secs_f64(),
            "missed": round.missed,
            "new": named(&round.new),
            "changed": named(&round.changed),
            "settled": named(&round.settled),
            "error": round.trouble.as_ref().map(|trouble| &trouble.message),
        }),
        Entry::Webhook { outcome, delivery, attempts, message } => json!({
            "event": "webhook",
            "time": now(),
            "outcome": outcome,
            "delivery": delivery,
            "attempts": attempts,
            "error": message,
        }),
        Entry::Stopped => json!({ "event": "stopped", "time": now() }),
    };
    escaped(&value.to_string()) + "\n"
}

/// An entry as one line for people: `key=value` where machines may look for it too.
pub fn text(entry: &Entry<'_>) -> String {
    let now = || format!("{:.0}", jiff::Timestamp::now());
    let line = match entry {
        Entry::Started { every, listen: Some(url) } => format!("{} started every={every}s listen={url}", now()),
        Entry::Started { every, listen: None } => format!("{} started every={every}s", now()),
        Entry::Round(round) => of_round(round),
        Entry::Webhook { outcome, delivery, attempts, message } => {
            let why = message.map_or_else(String::new, |why| format!(": {why}"));
            format!("{} webhook {outcome} delivery={delivery} attempts={attempts}{why}", now())
        }
        Entry::Stopped => format!("{} stopped", now()),
    };
    // What a portal calls its objects may hold anything: a line stays a line.
    visible(&line) + "\n"
}

fn of_round(round: &Round) -> String {
    let mut line = format!("{:.0} {} {}", round.time, round.target, round.outcome.as_str());
    for (word, count) in round.counts.iter().filter(|(_, count)| **count > 0) {
        line.push_str(&format!(" {word}={count}"));
    }
    line.push_str(&format!(" took={:.3}s", round.took.as_secs_f64()));
    if round.missed > 0 {
        line.push_str(&format!(" missed={}", round.missed));
    }
    if round.trouble.is_none() && !round.complete {
        line.push_str(" complete=no");
    }
    for (word, items) in [("new", &round.new), ("changed", &round.changed), ("settled", &round.settled)] {
        if !items.is_empty() {
            let names: Vec<_> = items.iter().take(NAMED).map(|item| item.told(false)).collect();
            line.push_str(&format!(" {word}={}", names.join(",")));
            if items.len() > NAMED {
                line.push_str(&format!(",… {} more", items.len() - NAMED));
            }
        }
    }
    if let Some(trouble) = &round.trouble {
        line.push_str(&format!(": {}", trouble.message));
    }
    line
}

fn named(items: &[Item]) -> Json {
    let names: Vec<_> = items.iter().take(NAMED).map(|item| item.told(false)).collect();
    json!({ "count": items.len(), "items": names })
}

#[cfg(test)]
mod tests {
    use super::super::round::{Look, Seen, Trouble, Watch};
    use super::*;
    use crate::live::Resource;

    fn round(seen: Result<Seen, Trouble>) -> Round {
        let (time, took) = (jiff::Timestamp::UNIX_EPOCH, std::time::Duration::from_millis(1500));
        Watch::default().take(Look { time, took, missed: 2, target: "sandbox".to_owned(), seen })
    }

    #[test]
    fn a_round_is_one_line_whatever_names_hold() {
        let handles = (0..60).map(|n| ("acme".to_owned(), None, format!("p-{n:02}\n\u{202e}")));
        let seen = Seen { unreadable: handles.collect(), complete: false, ..Seen::default() };
        let drift = round(Ok(seen));
        let text = text(&Entry::Round(&drift));
        assert!(
            text.starts_with("1970-01-01T00:00:00Z sandbox drift unreadable=60 took=1.500s missed=2 complete=no new=")
        );
        assert!(text.contains("acme/p-49") && !text.contains("acme/p-50") && text.contains("… 10 more"), "{text}");
        assert_eq!(text.lines().count(), 1);
        let json = json(&Entry::Round(&drift));
        assert!(json.is_ascii() && json.lines().count() == 1, "{json}");
        let read: Json = serde_json::from_str(&json).unwrap();
        assert_eq!((&read["outcome"], &read["counts"]["unreadable"]), (&"drift".into(), &60.into()));
        assert_eq!((&read["new"]["count"], read["new"]["items"].as_array().unwrap().len()), (&60.into(), NAMED));
    }

    #[test]
    fn a_stranger_whom_the_portal_calls_by_an_address_is_a_digest() {
        let unreadable = vec![("acme".to_owned(), Some(Resource::Contact), "eve@evil.example".to_owned())];
        let drift = round(Ok(Seen { unreadable, complete: true, ..Seen::default() }));
        for line in [text(&Entry::Round(&drift)), json(&Entry::Round(&drift))] {
            assert!(
                !line.contains("eve@") && !line.contains("evil") && line.contains("acme/contact:sha256:"),
                "{line}"
            );
        }
    }

    #[test]
    fn a_failed_round_says_why_and_counts_nothing() {
        let failed = round(Err(Trouble::new("no connection")));
        assert_eq!(
            text(&Entry::Round(&failed)),
            "1970-01-01T00:00:00Z sandbox failed took=1.500s missed=2: no connection\n"
        );
        let read: Json = serde_json::from_str(&json(&Entry::Round(&failed))).unwrap();
        assert_eq!((&read["error"], &read["counts"]), (&"no connection".into(), &json!({})));
    }
}

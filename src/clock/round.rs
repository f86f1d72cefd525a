//! What a round found, against the round before: what is new, what changed, what was settled.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::time::Duration;

use foldhash::fast::FixedState;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::live::Resource;
use crate::live::object::hex;
use crate::report::Difference;

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Rosters and portal agree.
    Clean,
    /// They differ.
    Drift,
    /// It could not be told: the rosters are broken, the portal was not reached or not read.
    Failed,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 3] = [Outcome::Clean, Outcome::Drift, Outcome::Failed];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Clean => "clean",
            Outcome::Drift => "drift",
            Outcome::Failed => "failed",
        }
    }
}

/// What differences are counted by: their cause, and objects that cannot be understood.
pub const COUNTED: [&str; 6] = ["outside", "not-applied", "both", "unknown", "unmanaged", UNREADABLE];

/// The word for objects on the portal that cannot be understood.
const UNREADABLE: &str = "unreadable";

/// So many hexadecimal digits of a digest stand for an address.
const DIGITS: usize = 12;

/// What differs. Sorted as people read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// `organisation/key`, or `organisation/key/field`; the key of a stranger may be an address.
    pub name: String,
    /// The kind of object; none: a person of either kind.
    pub resource: Option<Resource>,
}

impl Item {
    /// The item that a difference is about.
    pub fn of(difference: &Difference) -> Item {
        Item { name: difference.item(), resource: Some(difference.resource) }
    }

    /// Its name without anybody's address, unless what is personal is asked for.
    pub fn told(&self, personal: bool) -> Cow<'_, str> {
        match self.name.split_once('/') {
            Some((organisation, key)) if !personal && key.contains('@') => {
                Cow::Owned(format!("{organisation}/{}", sparing(key, self.resource)))
            }
            _ => Cow::Borrowed(&self.name),
        }
    }
}

/// A key without an address: where it holds one, the kind and a digest, which is the same in every round.
pub fn sparing(key: &str, resource: Option<Resource>) -> Cow<'_, str> {
    if !key.contains('@') {
        return Cow::Borrowed(key);
    }
    let kind = resource.map_or_else(|| "person".to_owned(), |kind| kind.to_string().replace(' ', "-"));
    let digest = hex(&Sha256::digest(key.as_bytes()));
    Cow::Owned(format!("{kind}:sha256:{}", &digest[..DIGITS]))
}

/// What a look at rosters and portal showed.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The differences.
    pub differences: Vec<Difference>,
    /// Objects on the portal that cannot be understood: organisation, kind, and the portal's own name for it.
    pub unreadable: Vec<(String, Option<Resource>, String)>,
    /// Whether the portal was read completely.
    pub complete: bool,
}

/// Why nothing could be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What happened, in full.
    pub message: String,
    /// What happened, without anything personal, for those far away.
    pub told: String,
}

impl Trouble {
    /// What happened; words with an `@` are left out of what those far away are told.
    pub fn new(message: impl Into<String>) -> Trouble {
        let message = message.into();
        let word = |part: &str| if part.contains('@') { "… ".to_owned() } else { part.to_owned() };
        let told = message.split_inclusive(char::is_whitespace).map(word).collect::<String>().trim_end().to_owned();
        Trouble { message, told }
    }
}

/// A look, and what is known of it.
#[derive(Clone, Debug)]
pub struct Look {
    /// When it began.
    pub time: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// How many rounds were missed before it.
    pub missed: u64,
    /// The target's name.
    pub target: String,
    /// What was seen, or why nothing was.
    pub seen: Result<Seen, Trouble>,
}

/// What somebody should hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The differences are others than before.
    Drift,
    /// There are no differences any more.
    Settled,
    /// Rounds fail since now.
    Failing,
    /// Rounds succeed again.
    Recovered,
}

/// A round that has ended.
#[derive(Clone, Debug)]
pub struct Round {
    /// Its number, from 1.
    pub number: u64,
    /// When it began.
    pub time: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// How many rounds were missed before it.
    pub missed: u64,
    /// The target's name.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed.
    pub trouble: Option<Trouble>,
    /// Whether the portal was read completely.
    pub complete: bool,
    /// How many differences there are, by the words of [`COUNTED`]; nothing where the round failed.
    pub counts: BTreeMap<&'static str, usize>,
    /// The differences; none where the round failed.
    pub differences: Vec<Difference>,
    /// What differs now and did not in the last round that succeeded; in the first one everything.
    pub new: Vec<Item>,
    /// What differed already, in another way.
    pub changed: Vec<Item>,
    /// What differs no more.
    pub settled: Vec<Item>,
    /// What somebody should hear of, where this round is not as the one before.
    pub event: Option<Event>,
}

/// Remembers what differed in the last round that succeeded: of each item a number, so that it stays small.
#[derive(Debug, Default)]
pub struct Watch {
    rounds: u64,
    known: Option<BTreeMap<Item, u64>>,
    failing: bool,
}

impl Watch {
    /// A look becomes a round.
    pub fn take(&mut self, look: Look) -> Round {
        self.rounds += 1;
        let Look { time, took, missed, target, seen } = look;
        let mut round = Round {
            number: self.rounds,
            time,
            took,
            missed,
            target,
            outcome: Outcome::Failed,
            trouble: None,
            complete: false,
            counts: BTreeMap::new(),
            differences: Vec::new(),
            new: Vec::new(),
            changed: Vec::new(),
            settled: Vec::new(),
            event: None,
        };
        match seen {
            Ok(seen) => self.succeed(seen, &mut round),
            Err(trouble) => {
                round.trouble = Some(trouble);
                round.event = (!self.failing).then_some(Event::Failing);
                self.failing = true;
            }
        }
        round
    }

    fn succeed(&mut self, seen: Seen, round: &mut Round) {
        let (mut now, before) = (BTreeMap::new(), self.known.take());
        let mut counts = BTreeMap::from(COUNTED.map(|word| (word, 0)));
        for difference in &seen.differences {
            *counts.entry(difference.cause.as_str()).or_default() += 1;
            now.insert(Item::of(difference), fingerprint(difference));
        }
        for (organisation, resource, handle) in seen.unreadable {
            *counts.entry(UNREADABLE).or_default() += 1;
            now.insert(Item { name: format!("{organisation}/{handle}"), resource }, 0);
        }
        let first = before.is_none();
        let before = before.unwrap_or_default();
        for (item, what) in &now {
            match before.get(item) {
                None => round.new.push(item.clone()),
                Some(earlier) if earlier != what => round.changed.push(item.clone()),
                Some(_) => {}
            }
        }
        round.outcome = if now.is_empty() { Outcome::Clean } else { Outcome::Drift };
        for (item, what) in before.into_iter().filter(|(item, _)| !now.contains_key(item)).collect::<Vec<_>>() {
            match seen.complete {
                true => round.settled.push(item),
                // What was not read completely proves nobody's absence: it is remembered, not called settled.
                false => drop(now.insert(item, what)),
            }
        }
        let other = !(round.new.is_empty() && round.changed.is_empty() && round.settled.is_empty());
        round.event = match (self.failing, other, now.is_empty()) {
            (true, ..) => Some(Event::Recovered),
            (false, true, false) => Some(Event::Drift),
            (false, true, true) if !first => Some(Event::Settled),
            _ => None,
        };
        self.failing = false;
        self.known = Some(now);
        round.complete = seen.complete;
        round.counts = counts;
        round.differences = seen.differences;
    }
}

/// A number that is another one when the difference is.
fn fingerprint(difference: &Difference) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    (difference.cause.as_str(), difference.action).hash(&mut hasher);
    (difference.wanted.to_string(), difference.live.to_string()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::document::Action;
    use crate::report::Cause;

    fn difference(key: &str, live: &str, cause: Cause) -> Difference {
        Difference {
            organisation: "acme".to_owned(),
            resource: Resource::User,
            key: key.to_owned(),
            action: Action::Update,
            field: Some("name".to_owned()),
            wanted: "Ada".into(),
            live: live.into(),
            cause,
            location: None,
            since: None,
        }
    }

    fn look(seen: Result<Seen, Trouble>) -> Look {
        let (time, took) = (Timestamp::UNIX_EPOCH, Duration::from_millis(5));
        Look { time, took, missed: 0, target: "sandbox".to_owned(), seen }
    }

    fn seen(differences: &[Difference], complete: bool) -> Look {
        look(Ok(Seen { differences: differences.to_vec(), unreadable: Vec::new(), complete }))
    }

    fn names(items: &[Item]) -> Vec<&str> {
        items.iter().map(|item| item.name.as_str()).collect()
    }

    #[test]
    fn each_round_is_told_against_the_last_that_succeeded() {
        let mut watch = Watch::default();
        let (ada, eva) = (difference("ada", "Eve", Cause::Outside), difference("eva", "Eve", Cause::NotApplied));
        let clean = watch.take(seen(&[], true));
        assert_eq!((clean.outcome, clean.event, clean.number), (Outcome::Clean, None, 1));
        let one = watch.take(seen(std::slice::from_ref(&ada), true));
        assert_eq!(
            (one.outcome, one.event, names(&one.new)),
            (Outcome::Drift, Some(Event::Drift), vec!["acme/ada/name"])
        );
        let same = watch.take(seen(std::slice::from_ref(&ada), true));
        assert_eq!((same.outcome, same.event, same.new.len()), (Outcome::Drift, None, 0));
        let failed = watch.take(look(Err(Trouble::new("no connection"))));
        assert_eq!((failed.outcome, failed.event), (Outcome::Failed, Some(Event::Failing)));
        assert!(failed.settled.is_empty() && failed.counts.is_empty(), "a failed round says nothing of differences");
        assert_eq!(watch.take(look(Err(Trouble::new("still")))).event, None);
        let mended = watch.take(seen(&[difference("ada", "Mallory", Cause::Outside), eva], true));
        assert_eq!(mended.event, Some(Event::Recovered));
        assert_eq!((names(&mended.new), names(&mended.changed)), (vec!["acme/eva/name"], vec!["acme/ada/name"]));
        assert_eq!((mended.counts["outside"], mended.counts["not-applied"], mended.counts["both"]), (1, 1, 0));
        let settled = watch.take(seen(&[], true));
        assert_eq!((settled.event, settled.settled.len()), (Some(Event::Settled), 2));
    }

    #[test]
    fn what_was_not_read_completely_settles_nothing() {
        let mut watch = Watch::default();
        let ada = difference("ada", "Eve", Cause::Outside);
        watch.take(seen(&[ada.clone(), difference("eva", "E", Cause::Outside)], true));
        let partly = watch.take(seen(std::slice::from_ref(&ada), false));
        assert_eq!((partly.event, partly.settled.len(), partly.complete), (None, 0, false));
        let whole = watch.take(seen(&[ada], true));
        assert_eq!(names(&whole.settled), ["acme/eva/name"]);
    }

    #[test]
    fn what_is_told_far_away_names_no_address() {
        let trouble = Trouble::new("two people have ada@acme.example as address");
        assert_eq!(trouble.told, "two people have … as address");
    }
}

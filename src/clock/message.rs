//! What is sent when something changes: JSON that machines read, with a `text` that Slack shows as it is.
//!
//! People are named by ids, and strangers whose id on the portal is an address by a digest of it. Names, addresses, numbers and the values of such fields are in it only where the workspace
//! asks for what is personal. Words of portals cannot mention anybody or break the markup of a chat.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::round::{COUNTED, Event, Item, Outcome, Round, sparing};
use crate::document::record::{cut, visible};
use crate::report::Difference;
use crate::report::json::escaped;

/// So many differences are in one message; how many more there are is said.
const MOST_DIFFERENCES: usize = 200;

/// So many items of a list are in one message.
const MOST_ITEMS: usize = 200;

/// So many items are named in the text.
const MOST_NAMED: usize = 15;

/// An item, or why a round failed, is cut after so many characters.
const LONGEST: usize = 300;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The JSON that is sent.
    pub body: String,
}

impl Message {
    /// What is to be told of a round, if anything is. `personal`: names, addresses and values too.
    pub fn of(round: &Round, personal: bool) -> Option<Message> {
        let event = round.event?;
        let text = text(round, event, personal);
        let told = |trouble: &super::Trouble| cut(if personal { &trouble.message } else { &trouble.told }, LONGEST);
        let differences: Vec<Json> =
            round.differences.iter().take(MOST_DIFFERENCES).map(|one| difference(one, personal)).collect();
        let body = json!({
            "version": 1,
            "event": event,
            "time": round.time.to_string(),
            "target": round.target,
            "outcome": round.outcome,
            "complete": round.complete,
            "counts": round.counts,
            "new": items(&round.new, personal),
            "changed": items(&round.changed, personal),
            "settled": items(&round.settled, personal),
            "differences": differences,
            "omitted": round.differences.len().saturating_sub(MOST_DIFFERENCES),
            "error": round.trouble.as_ref().map(told),
            "text": text,
        });
        Some(Message { body: escaped(&body.to_string()) })
    }
}

fn items(items: &[Item], personal: bool) -> Vec<Cow<'_, str>> {
    items.iter().take(MOST_ITEMS).map(|item| item.told(personal)).collect()
}

fn difference(difference: &Difference, personal: bool) -> Json {
    let shown = |value: &Json| {
        let field = difference.field.as_deref();
        let open = personal || field.is_some_and(|field| !matches!(field, "name" | "email" | "phone"));
        match value {
            Json::Null => Json::Null,
            // A whole object says `present` or `absent` on either side; of a stranger it says the name.
            Json::String(word) if field.is_none() && matches!(word.as_str(), "present" | "absent") => value.clone(),
            value if open => value.clone(),
            _ => "…".into(),
        }
    };
    json!({
        "item": Item::of(difference).told(personal),
        "organisation": difference.organisation,
        "resource": difference.resource,
        "key": if personal { Cow::Borrowed(difference.id()) } else { sparing(difference.id(), Some(difference.resource)) },
        "field": difference.field,
        "action": difference.action,
        "cause": difference.cause,
        "wanted": shown(&difference.wanted),
        "live": shown(&difference.live),
        "since": difference.since.as_ref().map(|since| since.anonymous(personal)),
    })
}

/// The words for causes, in the order of [`COUNTED`].
const WORDS: [&str; COUNTED.len()] = [
    "changed outside rosterctl",
    "not applied yet",
    "changed on both sides",
    "of unknown origin",
    "in no roster",
    "that cannot be understood",
];

/// A few lines for a chat, in the markup that Slack calls mrkdwn.
fn text(round: &Round, event: Event, personal: bool) -> String {
    let target = plain(&round.target);
    let total: usize = round.counts.values().sum();
    let counts = COUNTED.iter().zip(WORDS).filter_map(|(word, said)| {
        let count = round.counts.get(word).copied().unwrap_or_default();
        (count > 0).then(|| format!("{count} {said}"))
    });
    let counts = counts.collect::<Vec<_>>().join(", ");
    let differences = if total == 1 { "1 difference".to_owned() } else { format!("{total} differences") };
    let state = match round.outcome {
        Outcome::Clean => "no drift".to_owned(),
        _ => format!("{differences}: {counts}"),
    };
    let mut text = match event {
        Event::Drift => format!("*{target}*: {state}"),
        Event::Settled => format!("*{target}*: drift is settled"),
        Event::Recovered => format!("*{target}*: can be compared again, {state}"),
        Event::Failing => {
            let why = round.trouble.as_ref().map_or_else(String::new, |trouble| plain(&cut(&trouble.told, LONGEST)));
            format!("*{target}*: cannot be compared, so nobody knows whether it drifts: {why}")
        }
    };
    for (word, items) in [("new", &round.new), ("changed again", &round.changed), ("settled", &round.settled)] {
        if items.is_empty() {
            continue;
        }
        let named =
            items.iter().take(MOST_NAMED).map(|item| format!("`{}`", plain(&cut(&item.told(personal), LONGEST))));
        text.push_str(&format!("\n{word}: {}", named.collect::<Vec<_>>().join(", ")));
        if items.len() > MOST_NAMED {
            text.push_str(&format!(" and {} more", items.len() - MOST_NAMED));
        }
    }
    if matches!(event, Event::Drift) {
        text.push_str("\n`rosterctl drift` shows them, and how each is settled.");
    }
    text
}

/// A word of somebody else's as a chat shows it and does nothing with it: `<!channel>` and links are taken apart (Slack,
/// "Formatting text for app surfaces"), an `@` mentions nobody where the receiver links names, marks mark nothing.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '`' | '*' | '~' => shown.push('\''),
            '@' => shown.push_str("@\u{2060}"),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::round::{Look, Seen, Trouble, Watch};
    use super::*;
    use jiff::Timestamp;

    use crate::live::Resource;
    use crate::plan::document::Action;
    use crate::report::Cause;

    fn look(seen: Result<Seen, Trouble>) -> Look {
        let (time, took) = (Timestamp::UNIX_EPOCH, std::time::Duration::from_secs(1));
        Look { time, took, missed: 0, target: "prod".to_owned(), seen }
    }

    fn stranger(key: &str) -> Difference {
        Difference {
            organisation: "acme".to_owned(),
            resource: Resource::User,
            key: format!("{key} (eve@evil.example)"),
            action: Action::Delete,
            field: None,
            wanted: Json::Null,
            live: "Eve Everard".into(),
            cause: Cause::Unmanaged,
            location: None,
            since: None,
        }
    }

    fn sent(seen: Result<Seen, Trouble>, personal: bool) -> Json {
        let round = Watch::default().take(look(seen));
        serde_json::from_str(&Message::of(&round, personal).expect("a message").body).expect("JSON")
    }

    #[test]
    fn ids_are_told_and_nothing_personal_unless_asked_for() {
        let name = Difference {
            key: "ada".to_owned(),
            field: Some("name".to_owned()),
            wanted: "Ada Lovelace".into(),
            action: Action::Update,
            cause: Cause::Outside,
            ..stranger("ada")
        };
        let roles =
            Difference { field: Some("roles".to_owned()), live: json!(["dpo"]), wanted: json!([]), ..name.clone() };
        let seen = Seen { differences: vec![name, roles, stranger("p-000007")], complete: true, ..Seen::default() };
        let sparse = sent(Ok(seen.clone()), false);
        let text = sparse.to_string();
        for personal in ["evil.example", "Everard", "Lovelace"] {
            assert!(!text.contains(personal), "{personal}: {text}");
        }
        assert_eq!(sparse["differences"][1]["live"], json!(["dpo"]));
        assert_eq!(sparse["differences"][2]["item"], "acme/p-000007");
        assert_eq!((&sparse["event"], &sparse["version"]), (&"drift".into(), &1.into()));
        let full = sent(Ok(seen), true).to_string();
        assert!(full.contains("Everard") && full.contains("Lovelace"), "{full}");
        let mut unread = stranger("mallory@evil.example");
        unread.key = "mallory@evil.example".to_owned();
        let unreadable = vec![("acme".to_owned(), None, "row of trudy@evil.example".to_owned())];
        let seen = Seen { differences: vec![unread], unreadable, complete: true };
        let sparse = sent(Ok(seen.clone()), false);
        let text = sparse.to_string();
        assert!(!text.contains("evil.example") && !text.contains("mallory") && !text.contains("trudy"), "{text}");
        let key = sparse["differences"][0]["key"].as_str().expect("a key");
        assert!(key.strip_prefix("user:sha256:").is_some_and(|digest| digest.len() == 12), "{key}");
        assert_eq!(sparse["differences"][0]["item"], format!("acme/{key}"));
        let new = sparse["new"].as_array().expect("a list");
        assert!(new.contains(&format!("acme/{key}").into()), "{text}");
        let person = new.iter().filter_map(Json::as_str).find(|item| item.starts_with("acme/person:sha256:"));
        assert!(person.is_some(), "{text}");
        assert!(sparse["text"].as_str().is_some_and(|text| text.contains(key)), "{text}");
        assert_eq!(sent(Ok(seen), true)["differences"][0]["key"], "mallory@evil.example");
        let failed = sent(Err(Trouble::new("ada@acme.example is there twice")), false);
        assert_eq!((&failed["event"], &failed["error"]), (&"failing".into(), &"… is there twice".into()));
    }

    #[test]
    fn no_word_of_a_portal_speaks_to_a_chat() {
        let hostile = "<!channel> <@U123> & *b* `c` ~d~ @here\n\u{202e}<https://evil.example|x>";
        let seen = Seen { unreadable: vec![("acme".to_owned(), None, hostile.to_owned())], ..Seen::default() };
        let text = sent(Ok(seen), true)["text"].as_str().expect("a text").to_owned();
        assert!(
            !text.contains("<!") && !text.contains("<@") && !text.contains("<h") && !text.contains('\u{202e}'),
            "{text}"
        );
        assert!(text.contains("&lt;!channel&gt;") && text.contains("&amp;") && !text.contains("@here"), "{text}");
        assert!(!text.contains("*b*") && !text.contains("`c`") && !text.contains("~d~"), "{text}");
    }

    #[test]
    fn a_message_stays_small() {
        let many: Vec<Difference> = (0..5000).map(|n| stranger(&format!("p-{n}-{}", "x".repeat(900)))).collect();
        let all = sent(Ok(Seen { differences: many, complete: true, ..Seen::default() }), false);
        assert_eq!((&all["omitted"], all["differences"].as_array().map(Vec::len)), (&4800.into(), Some(200)));
        assert!(all["text"].as_str().expect("a text").chars().count() < 8000);
        assert!(all["text"].as_str().is_some_and(|text| text.contains("and 4985 more")));
    }
}

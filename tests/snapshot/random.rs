//! Whoever is written into a file is read out of it, whatever its encoding, delimiter, order and layout of columns.

use std::sync::LazyLock;

use proptest::prelude::*;
use rosterctl::document::workspace::Workspace;
use rosterctl::document::{Sources, read_single};
use rosterctl::live::snapshot::{Config, Snapshot};
use rosterctl::live::{Live, LiveError, Read};
use rosterctl::platform::Platform;

static ARXUS: LazyLock<Platform> = LazyLock::new(|| Platform::built_in("arxus").expect("it loads"));

/// A person as the test knows them.
#[derive(Clone, Debug, PartialEq)]
struct Somebody {
    name: String,
    email: String,
    phone: String,
    contact: bool,
    roles: Vec<usize>,
    groups: Vec<usize>,
    service_now: bool,
}

/// How they are written.
#[derive(Clone, Debug)]
struct Layout {
    delimiter: char,
    encoding: usize,
    order: Vec<usize>,
    roles_in_columns: bool,
    crlf: bool,
    quoted: bool,
    escaped: bool,
}

const ROLES: [&str; 5] = ["technical", "commercial", "dpo", "watchlist", "security-incident-escalation"];
const GROUPS: [&str; 3] = ["it-operations", "purchasing", "audit"];

fn somebody() -> impl Strategy<Value = Somebody> {
    let name = "[A-ZÄÖÉ][a-zäöüßéèç]{1,8}( [A-Z'][a-z;,|\"ñ]{1,8}){0,2}";
    let roles = proptest::sample::subsequence((0..ROLES.len()).collect::<Vec<_>>(), 0..=3);
    let groups = proptest::sample::subsequence((0..GROUPS.len()).collect::<Vec<_>>(), 0..=2);
    (name, "(\\+[0-9]{8,12})?", any::<bool>(), roles, groups, any::<bool>()).prop_map(
        |(name, phone, contact, roles, groups, service_now)| Somebody {
            name,
            email: String::new(),
            phone,
            contact,
            roles,
            groups,
            service_now,
        },
    )
}

fn layout() -> impl Strategy<Value = Layout> {
    let order = Just((0..7).collect::<Vec<usize>>()).prop_shuffle();
    let sign = prop_oneof![Just(','), Just(';'), Just('\t'), Just('|')];
    (sign, 0..5usize, order, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(delimiter, encoding, order, roles_in_columns, crlf, quoted, escaped)| Layout {
            delimiter,
            encoding,
            order,
            roles_in_columns,
            crlf,
            quoted,
            escaped,
        },
    )
}

fn written(people: &[Somebody], layout: &Layout) -> Vec<u8> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let roles_header: Vec<String> = match layout.roles_in_columns {
        true => ARXUS.roles.iter().map(|role| role.name.to_string()).collect(),
        false => vec!["Contact roles".to_owned()],
    };
    let single = |text: &str| vec![text.to_owned()];
    let headers = [
        single("Name"),
        single("E-Mail"),
        single("Phone"),
        single("Type"),
        roles_header,
        single("Groups"),
        single("ServiceNow"),
    ];
    rows.push(layout.order.iter().flat_map(|at| headers[*at].clone()).collect());
    for one in people {
        let roles = match layout.roles_in_columns {
            true => (0..ROLES.len()).map(|role| if one.roles.contains(&role) { "x" } else { "" }.to_owned()).collect(),
            false => single(&one.roles.iter().map(|role| ROLES[*role]).collect::<Vec<_>>().join(", ")),
        };
        let groups = one.groups.iter().map(|group| GROUPS[*group]).collect::<Vec<_>>().join(";");
        let (kind, service_now) =
            (if one.contact { "Kontakt" } else { "Benutzer" }, if one.service_now { "ja" } else { "nein" });
        let phone = if layout.escaped && !one.phone.is_empty() { format!("'{}", one.phone) } else { one.phone.clone() };
        let cells = [
            single(&one.name),
            single(&one.email),
            single(&phone),
            single(kind),
            roles,
            single(&groups),
            single(service_now),
        ];
        rows.push(layout.order.iter().flat_map(|at| cells[*at].clone()).collect());
    }
    let cell = |text: &String| match layout.quoted || text.contains([layout.delimiter, '"', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.clone(),
    };
    let end = if layout.crlf { "\r\n" } else { "\n" };
    let text: String = rows
        .iter()
        .map(|row| row.iter().map(cell).collect::<Vec<_>>().join(&layout.delimiter.to_string()) + end)
        .collect();
    match layout.encoding {
        0 => text.into_bytes(),
        1 => format!("\u{feff}{text}").into_bytes(),
        2 => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        3 => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
        // Latin letters are the same in Windows-1252 and in Unicode.
        _ => text.chars().map(|c| u8::try_from(u32::from(c)).expect("a Latin letter")).collect(),
    }
}

fn read(bytes: &[u8]) -> Result<Live, LiveError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("acme.csv");
    std::fs::write(&path, bytes).expect("a file");
    let text = "version: 1\ntargets: { t: { kind: snapshot, path: acme.csv } }\n".to_owned();
    let sources = Sources::from_texts([("rosterctl.yaml".to_owned(), text)]);
    let file = sources.ids().next().expect("a file");
    let workspace = read_single::<Workspace>(&sources, file).0.expect("a workspace");
    let keys = workspace.targets.expect("targets").entries[0].1.value.snapshot.clone();
    let (name, shown, base) = ("t".to_owned(), "acme.csv".to_owned(), folder.path().to_owned());
    let (organisation, now) = (Some("acme".into()), jiff::Timestamp::now());
    let snapshot = Snapshot::new(Config { name, path, shown, base, keys, organisation, platform: None, now });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(snapshot.read("acme", &ARXUS))
}

fn told(live: &Live) -> Vec<Somebody> {
    let service_now = ARXUS.attribute("serviceNow").expect("an attribute");
    let people = live.people.iter().map(|entry| {
        let one = &entry.object;
        let text = |text: &Option<rosterctl::model::Text>| {
            text.as_ref().map(|text| text.value.to_string()).unwrap_or_default()
        };
        let mut groups: Vec<usize> =
            one.groups.iter().map(|group| GROUPS.iter().position(|id| *id == group.value).expect("a group")).collect();
        groups.sort_unstable();
        Somebody {
            name: one.name.value.to_string(),
            email: text(&one.email),
            phone: text(&one.phone),
            contact: one.section == rosterctl::platform::Section::Contacts,
            roles: one.roles.iter().map(|held| held.role.0 as usize).collect(),
            groups,
            service_now: one.attribute(service_now).map(|value| &value.value)
                == Some(&rosterctl::model::Value::Boolean(true)),
        }
    });
    people.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn people_come_out_as_they_went_in(mut people in proptest::collection::vec(somebody(), 1..12), layout in layout()) {
        let ids: Vec<&str> = ARXUS.roles.iter().map(|role| role.id.as_str()).collect();
        prop_assert_eq!(ids, ROLES.to_vec());
        people.iter_mut().enumerate().for_each(|(index, one)| one.email = format!("p{index}@acme.example"));
        let live = read(&written(&people, &layout));
        prop_assert!(live.is_ok(), "{:?}", live);
        let live = live.expect("just seen");
        prop_assert!(live.unread.is_empty(), "{:?}", live.findings);
        prop_assert!(live.proof.holds());
        prop_assert_eq!(told(&live), people);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 1..400)) {
        let mut text = b"Name;E-Mail;Roles\n".to_vec();
        text.extend(&bytes);
        // Whatever is in it, each row is somebody, is told, or is blank; or the whole is refused.
        if let Ok(live) = read(&text) {
            prop_assert!(live.people.len() + live.unread.len() > 0);
        }
    }
}

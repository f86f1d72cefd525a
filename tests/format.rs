//! The formatter keeps what the author wrote and always comes to the same text; what rosterctl writes is that text.

#![allow(clippy::unwrap_used)]

#[path = "format/maker.rs"]
mod maker;

use maker::made;
use proptest::prelude::*;
use rosterctl::diagnostic::Located;
use rosterctl::document::format::{format, format_as};
use rosterctl::document::record::FromNode;
use rosterctl::document::roster::{AttributeValue, EntryType, Status};
use rosterctl::document::tree::{self, Kind};
use rosterctl::document::write::{self, Entry, GroupEntry, RosterText, scalar};
use rosterctl::platform::file::PlatformFile;

/// Formats a text, and the result again.
fn canonical(before: &str) -> String {
    let after = format(before).unwrap_or_else(|errors| panic!("{errors:?}\n{before}"));
    assert_eq!(format(&after).as_deref(), Ok(after.as_str()), "a second time, of\n{before}");
    after
}

#[track_caller]
fn golden(before: &str, after: &str) {
    assert_eq!(canonical(before), after, "of\n{before}");
}

#[track_caller]
fn fixed(text: &str) {
    golden(text, text);
}

#[test]
fn keys_come_in_the_order_of_their_records() {
    golden(
        "users:\n    zoe: {roles: [technical], name: Zoe}\n    ada:\n        groups: [b,a]\n        email: a@b.example\n        \
         name:   Ada\norganisation:   acme\nversion: 1\nprofile: {size: large, name: Acme}\nextra: 1\nplatform: arxus\n\n\n\n\
         expectations:\n- holds: {exactly: [a], role: dpo}\n- {can: {exactly: [b], do: x}}\n",
        "version: 1\norganisation: acme\nplatform: arxus\nprofile: { name: Acme, size: large }\nusers:\n  zoe: { name: Zoe, \
         roles: [technical] }\n  ada:\n    name: Ada\n    email: a@b.example\n    groups: [b, a]\n\nexpectations:\n  - \
         holds: { role: dpo, exactly: [a] }\n  - { can: { do: x, exactly: [b] } }\n\nextra: 1\n",
    );
    golden(
        "targets:\n  a:\n    path: x\n    kind: embedded\nrosters: [r]\nversion: 1\n",
        "version: 1\nrosters: [r]\ntargets:\n  a:\n    kind: embedded\n    path: x\n",
    );
    golden("z: 1\na: {c: 1, b: 2}\n", "z: 1\na: { c: 1, b: 2 }\n");
    let platform = "roles:\n  x: {summary: s, name: n}\nname: P\nid: p\nversion: 1\n";
    let sorted = "version: 1\nid: p\nname: P\nroles:\n  x: { name: n, summary: s }\n";
    assert_eq!(format_as(platform, &[PlatformFile::layout()]).as_deref(), Ok(sorted));
}

#[test]
fn comments_move_along_and_stay_where_they_belong() {
    golden(
        "# yaml-language-server: $schema=x\n# The file.\n\n# Who.\norganisation: acme # the id\n# First.\nversion: 1\nusers: \
         # people\n    # Ada.\n    ada: # the first\n      roles: # none\n      # - technical\n      # End of roles.\n      \
         name: Ada\n\n      # phone: x\n    # Below the last user.\n\n\n# Contacts.\ncontacts: {}\n  # odd\n# The end.\n",
        "# yaml-language-server: $schema=x\n# The file.\n\n# First.\nversion: 1\n# Who.\norganisation: acme # the id\nusers: \
         # people\n  # Ada.\n  ada: # the first\n    # - technical\n    # End of roles.\n    name: Ada\n    roles: # none\n\n    \
         # phone: x\n  # Below the last user.\n\n# Contacts.\ncontacts: {}\n# odd\n# The end.\n",
    );
    golden(
        "# yaml-language-server: $schema=x\norganisation: a\nversion: 1\n",
        "# yaml-language-server: $schema=x\nversion: 1\norganisation: a\n",
    );
    golden("# attached\norganisation: a\nversion: 1\n", "version: 1\n# attached\norganisation: a\n");
    golden(
        "users:\n  a:\n    attributes:\n        # x: 1\n    until: 2030-01-01\n",
        "users:\n  a:\n    attributes:\n      # x: 1\n    until: 2030-01-01\n",
    );
    golden("a:\n- b # 1\n# of d\n# d too\nd: 1\n", "a:\n  - b # 1\n\n# of d\n# d too\nd: 1\n");
    golden("a:\n  - b\n  # last\n\n  # really\nd: 1", "a:\n  - b\n  # last\n\n  # really\n\nd: 1\n");
}

#[test]
fn comments_in_odd_places() {
    golden(
        "a: [ # x\n  b, # y\n  # of c\n  c # z\n  # end\n] # after\n",
        "a: # x\n  - b # y\n  # of c\n  - c # z\n  # end\n  # after\n",
    );
    golden("a: { # x\n}\nb: [\n # y\n ]\n", "a: # x\n  {}\nb:\n  # y\n  []\n");
    golden("a: # x\n  b\nc:\n  # y\n  d # z\n", "a: # x\n  b\nc:\n  # y\n  d # z\n");
    golden(
        "- # x\n  a: 1\n-\n  # y\n  b: 1\n-   - c\n    - d # z\n",
        "- # x\n  a: 1\n-\n  # y\n  b: 1\n- - c\n  - d # z\n",
    );
    golden("a: |  # x\n    b\n# c\nd: > # y\n e\n", "a: | # x\n  b\n# c\nd: > # y\n  e\n");
    golden("? a # x\n: b # y\n", "a: # x\n  b # y\n");
    golden("a: &x # x\n  !!map # y\n  b: 1\n", "a: &x !!map # x\n  # y\n  b: 1\n");
    fixed("# only\n\n# comments\n");
    golden("waivers:\n- {k: a # x\n\n   , rule: b}\n", "waivers:\n  - rule: b\n    k: a # x\n");
    fixed("waivers:\n  - rule: x\n    # why\n    reason: y\n  # next\n  - rule: z\n");
    golden(
        "waivers:\n  - reason: y\n    # which\n    rule: x\n",
        "waivers:\n  -\n    # which\n    rule: x\n    reason: y\n",
    );
}

#[test]
fn texts_are_kept_as_written() {
    golden(
        "a: |\n        x\n          y\n\n        z\nb: |2-\n    x\n  y\n\n\nc: >+\n   x\n   y\n\n     z\n\n\nd: 'x''\n     y\n\n     z'\n\
         e: \"x\\\n    \\  y \\ \n  z\"\nf: x\n   y\n\n   z\ng: |\n\n  x\nh: |-\ni: \"\\u00e9 é 😀\"\n",
        "a: |\n  x\n    y\n\n  z\nb: |2-\n    x\n  y\n\nc: >+\n  x\n  y\n\n    z\n\n\nd: 'x''\n  y\n\n  z'\ne: \"x\\\n  \\  y \\ \n  z\"\n\
         f: x\n  y\n\n  z\ng: |\n\n  x\nh: |-\ni: \"\\u00e9 é 😀\"\n",
    );
    golden(
        "a:\n  - |\n   x\n  -   >-\n      y\n      z\nb: |\n  end",
        "a:\n  - |\n    x\n  - >-\n    y\n    z\n\nb: |\n  end\n",
    );
    golden("'k k' :   0x1F\n\"q\": ~\nüñ: null\nn:\n", "'k k': 0x1F\n\"q\": ~\nüñ: null\nn:\n");
}

#[test]
fn brackets_stay_where_they_fit() {
    let words = |n: usize| vec!["technical"; n].join(", ");
    fixed(&format!("roles: [{}, ninechars]\n", words(7)));
    golden(&format!("roles: [{}]\n", words(9)), &format!("roles:\n{}", "  - technical\n".repeat(9)));
    golden(
        &format!("- {{ a: [{}], b: {{c: d, e: [f,{{}}]}} }}\n", words(9)),
        &format!("- a:\n{}  b: {{ c: d, e: [f, {{}}] }}\n", "    - technical\n".repeat(9)),
    );
    golden(
        "a: [b,\n    c]\nd: {\"e\":1,f: ,g}\nh: [i: j, k]\n",
        "a: [b, c]\nd: { \"e\": 1, f, g }\nh: [{ i: j }, k]\n",
    );
    golden("a: [b\n  c, d]\n", "a:\n  - b\n    c\n  - d\n");
    golden("{version: 1, organisation: acme}", "{ version: 1, organisation: acme }\n");
    golden("a:\n- b\n-\n  - c\n- d: 1\n  e: 2\n", "a:\n  - b\n  - - c\n  - d: 1\n    e: 2\n");
}

#[test]
fn blank_lines_separate_but_never_pile_up() {
    golden("\n\na: 1\n\n\n\nb:\n\n  c: 1\n\n\n  d: 2\ne: 1\n\n\n", "a: 1\n\nb:\n  c: 1\n\n  d: 2\n\ne: 1\n");
    fixed("a: 1\n# c\n\n# d\n\nb: 1\n");
    fixed("# header\n\na: 1\n");
    golden("# header\n\n\n\na: 1   \n", "# header\n\na: 1\n");
}

#[test]
fn line_ends_and_marks() {
    golden("a: 1\r\nb:\r\n- |\r\n  x\r\n  y\r\n", "a: 1\r\nb:\r\n  - |\r\n    x\r\n    y\r\n");
    golden("\u{feff}a: 1\n", "a: 1\n");
    golden("a: 1", "a: 1\n");
    golden("", "");
    let errors = format("\u{feff}a: 1\r\nb: [\r\n").unwrap_err();
    assert_eq!((errors[0].span.start, errors[0].span.end), (12, 13));
}

#[test]
fn documents_keep_their_markers() {
    golden(
        "%YAML 1.2 # v\n--- # one\n# of a\na: 1\n# end\n\n---\n\n\n# nothing\n---   {b: 1}\n...\n# between\n---\norganisation: x\nversion: 1\n...\n",
        "%YAML 1.2 # v\n--- # one\n# of a\na: 1\n# end\n\n---\n# nothing\n---\n{ b: 1 }\n...\n# between\n---\nversion: 1\norganisation: x\n...\n",
    );
    fixed("a: |+\n  x\n\n---\nb: 1\n");
    golden(
        "--- |\n  x\n--- text\n--- &a\nb: *a2\n".replace("*a2", "2").as_str(),
        "---\n|\n  x\n---\ntext\n---\n&a\nb: 2\n",
    );
}

#[test]
fn anchors_stay_before_their_aliases() {
    golden(
        "users:\n  a: &a\n      roles: &r [x]\n      name: A\n  b: {<<: *a, name: B}\n  c:\n    name: C\n    <<: [*a]\n    roles: *r\n",
        "users:\n  a: &a\n    name: A\n    roles: &r [x]\n  b: { <<: *a, name: B }\n  c:\n    <<: [*a]\n    name: C\n    roles: *r\n",
    );
    fixed("users:\n  a:\n    name: A\n    roles: &r [x]\n    groups: *r\n");
    fixed("users:\n  a:\n    groups: &r [x]\n    name: &r A\n");
    fixed("users:\n  a:\n    groups: &r [x]\n    roles: *r\n    name: A\n");
    fixed("users:\n  a:\n    groups: &r [x]\n    b: *r\n    roles: &r []\n    name: A\n");
    golden(
        "a: !!str   1\nb: &x   !!seq [ c ]\n*x2 : 1\n".replace("*x2 ", "x2").as_str(),
        "a: !!str 1\nb: &x !!seq [c]\nx2: 1\n",
    );
    golden("a: &k b\n*k : c\n", "a: &k b\n*k : c\n");
    fixed("a: &x\nb: !!null\nc:\n  - &y\n  - *y\n");
}

#[test]
fn what_cannot_be_laid_out_is_left_alone() {
    let errors = |text: &str| format(text).unwrap_err().iter().map(|e| e.message.clone()).collect::<Vec<_>>();
    assert_eq!(errors("a: [\n---\nb: *c\n").len(), 2);
    assert!(errors("? |\n  a\n: b\n")[0].contains("several lines"));
    assert!(errors(": b\n")[0].contains("no key"));
    assert!(format(&"[".repeat(100_000)).is_err());
    assert!(format(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
}

#[test]
fn large_files_take_linear_time() {
    let person = |n| {
        format!(
            "  p{n}:\n    roles: [technical, b]\n    # a comment\n    name: Person {n}\n    email: p{n}@a.example\n"
        )
    };
    let text = format!("users:\n{}version: 1\n", (0..50_000).map(person).collect::<String>());
    let began = std::time::Instant::now();
    let after = format(&text).unwrap();
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    assert_eq!(after.len(), text.len());
}

#[test]
fn exported_rosters_are_canonical() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).into()).collect::<Vec<_>>();
    let list = |all: &[&str]| AttributeValue::List(words(all).into_iter().map(Located::nowhere).collect());
    let ada = Entry {
        id: "ada".into(),
        name: "Lovelace, Ada".into(),
        email: Some("ada@acme.example".into()),
        phone: Some("+32470000001".into()),
        status: Some(Status::Active),
        roles: words(&["technical", "no"]),
        groups: words(&["a-group-with-a-rather-long-name"; 4]),
        attributes: vec![
            ("serviceNow".into(), AttributeValue::Boolean(true)),
            ("on".into(), AttributeValue::Text("yes".into())),
            ("directoryRoles".into(), list(&[])),
            ("primaryFor".into(), list(&["a,b"])),
        ],
        ..Entry::default()
    };
    let list = Entry {
        id: "0470".into(),
        name: "x: y".into(),
        entry_type: Some(EntryType::DistributionList),
        ..Entry::default()
    };
    let group = GroupEntry { id: "g".into(), name: "G".into(), applications: vec![("desk".into(), "full".into())] };
    let text = RosterText {
        organisation: "acme".into(),
        platform: "arxus".into(),
        services: vec!["customer".into()],
        users: Some(vec![ada]),
        contacts: Some(vec![list]),
        groups: Some(vec![group]),
    };
    let written = write::roster(&text);
    fixed(&written);
    let said = &written[written.find("version:").unwrap()..];
    let member = "      - a-group-with-a-rather-long-name\n".repeat(4);
    assert_eq!(
        said,
        format!(
            "version: 1\norganisation: acme\nplatform: arxus\nprofile:\n  services: [customer] # somebody holds a role that there is only with this\n\nusers:\n  ada:\n    name: Lovelace, Ada\n    email: \
             ada@acme.example\n    phone: \"+32470000001\"\n    status: active\n    roles: [technical, \"no\"]\n    groups:\n{member}    \
             attributes:\n      serviceNow: true\n      \"on\": \"yes\"\n      directoryRoles: []\n      primaryFor: [\"a,b\"]\n\n\
             contacts:\n  \"0470\":\n    name: \"x: y\"\n    type: distribution-list\n\npermissionGroups:\n  g:\n    name: G\n    \
             applications:\n      desk: full\n"
        )
    );
    fixed(&write::roster(&RosterText { contacts: Some(Vec::new()), ..text.clone() }));
    fixed(&write::roster(&RosterText { users: None, groups: Some(Vec::new()), ..text }));
}

#[test]
fn scalars_are_quoted_where_a_reader_would_stumble() {
    let quoted = "no On = ~ 0470123 1e3 12:30:45 2027-06-30 1_000 0x1F 0o17 0b1 .5 -1 +1 .inf .NaN << null y 1: a: # - ? [ { * & ! | > % @ ` ' \"";
    for text in quoted.split(' ').chain([
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "a\nb",
        "\u{7}",
        "a\u{85}b",
        "\u{feff}",
        "2027-6-3 10:00",
        "\t",
    ]) {
        assert!(scalar(text).starts_with('"'), "{text:?}");
    }
    for text in "a a-b a@b.example 3M 12a nope 1.2.3 inf nan a:b a#b +32x e3 é O'Neil 2027-06-30x a,b 10:"
        .trim_end_matches(" 10:")
        .split(' ')
    {
        assert_eq!(scalar(text), text);
    }
    assert_eq!(scalar("+32 470 00 00 01"), "+32 470 00 00 01");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn formatting_keeps_everything_and_settles(numbers in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = made(&numbers);
        if tree::parse(&text, true).errors.is_empty() {
            let after = canonical(&text);
            let crlf = text.replace('\n', "\r\n");
            prop_assert_eq!(format(&crlf).unwrap().replace("\r\n", "\n"), after);
        }
    }

    #[test]
    fn damaged_files_never_upset_it(numbers in proptest::collection::vec(any::<u8>(), 0..200), cuts in proptest::collection::vec((any::<u16>(), 0usize..14), 1..4)) {
        let mut text = made(&numbers);
        for (at, what) in cuts {
            let at = at as usize % (text.len() + 1);
            let what = ["", ":", "#", "-", "[", "}", "\"", "\n", "\t", "&a ", "*a1", "? ", "|", ", "][what];
            if text.is_char_boundary(at) {
                text.insert_str(at, what);
            }
        }
        if let Ok(after) = format(&text) {
            let again = format(&after);
            prop_assert_eq!(again.as_ref(), Ok(&after), "a second time, of\n{}", text);
        }
    }

    #[test]
    fn scalars_are_read_back(text in prop_oneof![any::<String>(), "[-+.0-9eE_:xob ]{0,8}", "[a-z'\"#:,{}\\[\\]&*!|>%@` \\n\\t\\\\-]{0,8}"]) {
        let written = scalar(&text);
        for (yaml, key) in [(format!("k: {written}\n"), false), (format!("{written}: v\n"), true)] {
            let parsed = tree::parse(&yaml, false);
            prop_assert!(parsed.errors.is_empty(), "{:?} {:?}", yaml, parsed.errors);
            let Some(root) = parsed.roots().next() else { return Err(TestCaseError::fail(yaml)) };
            let entry = root.raw_entries().next();
            let Some((name, value)) = entry else { return Err(TestCaseError::fail(yaml)) };
            let node = if key { name } else { value };
            prop_assert_eq!((node.kind(), node.text()), (Kind::String, Some(text.as_str())));
            let other: serde_yaml::Value = serde_yaml::from_str(&yaml).unwrap();
            let wanted = if key { other.get(text.as_str()).and_then(|v| v.as_str()) } else { other["k"].as_str() };
            prop_assert_eq!(wanted, Some(if key { "v" } else { text.as_str() }), "{}", yaml);
        }
    }
}

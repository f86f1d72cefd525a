//! What JSON nests and what it leaves out: entries that are none, roles that are objects, pages. Nobody is created
//! because of what was not read.

use crate::common::{ACME, Project, words};
use crate::scene::{export_with, project};

const ADA: &str = r#"{"name": "Ada Peeters", "email": "ada@acme.example", "type": "user", "roles": ["technical"]}"#;
const GRACE: &str =
    r#"{"name": "Grace Lindqvist", "email": "grace@acme.example", "type": "contact", "roles": ["commercial"]}"#;
const DANA: &str = r#"{"name": "Dana Kowalska", "email": "dana@acme.example", "type": "contact", "roles": ["dpo"]}"#;
const UDO: &str = r#"{"name": "Udo Alt", "email": "udo@acme.example", "type": "contact", "roles": ["watchlist"]}"#;

/// A project whose snapshot is JSON.
fn json(text: &str) -> Project {
    let project = Project::with_roster(ACME)
        .with_workspace("version: 1\ntargets:\n  portal: { kind: snapshot, path: live/acme.json }\n");
    project.write("live/acme.json", text);
    project
}

const NOTHING: [String; 0] = [];

#[test]
fn an_entry_that_is_no_object_is_told_with_its_place_and_nobody_is_made_or_removed() {
    let whole = json(&format!("{{\"items\": [{ADA}, {GRACE}, {UDO}]}}")).run("plan --prune --format json").exits(0);
    assert_eq!(words(&whole.json()["steps"]), ["create contact dana", "delete contact udo@acme.example"], "{whole}");
    let entries = [
        ("null", "null"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("5", "5"),
        (r#""Dana Kowalska <dana@acme.example>""#, "Dana Kowalska <dana@acme.example>"),
        (r#"["dana@acme.example"]"#, r#"["dana@acme.example"]"#),
    ];
    for (entry, says) in entries {
        let project = json(&format!("{{\"items\": [{ADA}, {entry}, {GRACE}, {UDO}]}}"));
        let ran = project.run("plan --prune --format json").exits(0);
        assert_eq!(words(&ran.json()["steps"]), NOTHING, "{entry}: {ran}");
        assert_eq!(ran.json()["complete"], false, "{entry}");
        let finding = ran.finding("snapshot/no-entry");
        let place = format!("live/acme.json, item 2 (`/items/1`): `{says}` is no object with keys");
        assert!(finding.message.starts_with(&place), "{}", finding.message);
        let whom = if entry.contains("dana@") { "nothing is planned for `dana`" } else { "it is left as it is" };
        assert!(finding.message.contains(whom), "{}", finding.message);
    }
    let probed = json(&format!("[{ADA}, null, {GRACE}, {DANA}]"));
    probed.run("target probe").ends().says("item 2 (`/1`): `null` is no object with keys");
    // YAML alike; a `---` at its end begins nothing.
    let yaml = |more: &str| {
        let project = Project::with_roster(ACME)
            .with_workspace("version: 1\ntargets:\n  portal: { kind: snapshot, path: live/acme.yaml }\n");
        project.write("live/acme.yaml", format!("items:\n  - {ADA}\n  - {GRACE}\n  - {UDO}\n{more}"));
        project.run("plan --prune --format json").exits(0)
    };
    assert_eq!(yaml("").json()["complete"], true);
    assert!(yaml("  - ~\n").finding("snapshot/no-entry").message.contains("item 4 (`/items/3`)"));
}

#[test]
fn roles_that_are_objects_are_taken_by_their_name_or_told() {
    let with = |roles: &str| {
        let ada = ADA.replace(r#"["technical"]"#, roles);
        json(&format!("[{ada}, {GRACE}, {DANA}]")).run("plan --format json").exits(0)
    };
    let known = [
        r#"[{"name": "technical"}]"#,
        r#"[{"id": "technical", "name": "Technical Contact"}]"#,
        r#"[{"id": 17, "display": "Technical Contact", "primary": false}]"#,
        r#"[{"value": "technical", "since": "2026, May"}]"#,
    ];
    for roles in known {
        let ran = with(roles);
        assert_eq!(ran.json()["complete"], true, "{roles}: {ran}");
        assert_eq!(words(&ran.json()["steps"]), NOTHING, "{roles}: {ran}");
    }
    let unknown = [
        r#"{"technical": true}"#,
        r#"[{"name": "boss"}]"#,
        r#"[{"title": "technical"}]"#,
        r#"[{"name": "technical", "value": "dpo"}]"#,
        r#"[{"name": "technical", "active": false}]"#,
        r#"["technical", {}]"#,
        r#"[["technical"]]"#,
    ];
    for roles in unknown {
        let ran = with(roles);
        assert_eq!(ran.json()["complete"], false, "{roles}: {ran}");
        assert_eq!(words(&ran.json()["steps"]), NOTHING, "{roles}: {ran}");
        let finding = ran.finding("snapshot/unknown-role");
        assert!(finding.message.starts_with("live/acme.json, item 1, column `roles`: "), "{}", finding.message);
    }
    // What is called a profile is not about roles.
    let ada = ADA.replace("{", r#"{"profile": {"locale": "nl"}, "#);
    let ran = json(&format!("[{ada}, {GRACE}, {DANA}]")).run("plan --format json").exits(0);
    assert_eq!(ran.json()["complete"], true, "{ran}");
    // Nothing in it is no role.
    for none in ["[]", "{}", "null"] {
        let ran = with(none);
        assert_eq!(ran.json()["complete"], true, "{none}: {ran}");
        assert_eq!(words(&ran.json()["steps"]), ["update user ada"], "{none}: {ran}");
    }
    // An object where others have a text is not nothing.
    let mail = DANA.replace(r#""dana@acme.example""#, r#"{"value": "dana@acme.example"}"#);
    let ran = json(&format!("[{ADA}, {GRACE}, {mail}]")).run("plan --format json").exits(0);
    assert!(ran.finding("snapshot/nested").message.contains("item 3, column `email`"), "{ran}");
}

#[test]
fn nobody_is_created_because_of_what_was_not_read() {
    // Dana is on the next page.
    let page = json(&format!("{{\"next\": \"/?page=2\", \"items\": [{ADA}, {GRACE}]}}"));
    let ran = page.run("plan --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), NOTHING, "{ran}");
    let finding = ran.finding("plan/incomplete");
    assert!(finding.message.contains("nobody is created"), "{}", finding.message);
    assert!(finding.message.ends_with("Held back: create contact dana"), "{}", finding.message);
    let ran = page.run("apply --yes").ends().to_string();
    assert!(!ran.contains("dana@acme.example"), "{ran}");
    // A quote that is not closed where it should be has swallowed her row.
    let rows = export_with(
        "Lindqvist;grace@acme.example;;Contact;Commercial Contact;;;yes;;\n",
        "Lindqvist;grace@acme.example;;Contact;\"Commercial Contact;;;yes;;\n",
    );
    let swallowed = project(rows.replace("(DPO);;;;;", "(DPO)\";;;;;"));
    let ran = swallowed.run("plan --format json").exits(0);
    assert_eq!(ran.json()["complete"], false, "{ran}");
    assert!(words(&ran.json()["steps"]).iter().all(|step| !step.starts_with("create")), "{ran}");
    // Age alone says nothing of who is there.
    let old = json(&format!("[{ADA}, {GRACE}]"));
    old.write(
        "rosterctl.yaml",
        "version: 1\ntargets:\n  portal: { kind: snapshot, path: live/acme.json, taken: 2020-01-01 }\n",
    );
    let ran = old.run("plan --format json").exits(0);
    assert_eq!(words(&ran.json()["steps"]), ["create contact dana"], "{ran}");
    assert!(!ran.finding("plan/incomplete").message.contains("created"), "{ran}");
}

#[test]
fn every_mark_of_a_page_is_seen_and_a_whole_list_has_none() {
    let with = |keys: &str| {
        json(&format!("{{{keys}, \"items\": [{ADA}, {GRACE}, {UDO}]}}")).run("plan --prune --format json").exits(0)
    };
    let pages = [
        (r#""page": 2"#, "`/page` is 2, so it is not the first page"),
        (r#""offset": 100"#, "`/offset` is 100"),
        (r#""startIndex": 101"#, "`/startIndex` is 101"),
        (r#""prev": "/?page=1", "next": null"#, "`/prev` tells of a page before it"),
        (r#""pagination": {"page": 1, "pages": 3}"#, "`/pagination/pages` is 3"),
        (r#""cursor": "abc""#, "`/cursor` marks where another page begins"),
        (r#""error": "timeout after 3 rows""#, "came with an error, so it may not be all: `/error` is `timeout after"),
        (r#""errors": [{"message": "timeout"}]"#, "came with an error, so it may not be all: `/errors` is"),
    ];
    for (keys, says) in pages {
        let ran = with(keys);
        assert_eq!(words(&ran.json()["steps"]), NOTHING, "{keys}: {ran}");
        let finding = ran.finding("snapshot/one-page");
        assert!(finding.message.contains(says), "{}", finding.message);
    }
    let whole = [
        r#""page": 1, "pages": 1"#,
        r#""startIndex": 1, "offset": 0, "next": null, "prev": null"#,
        r#""errors": [], "error": null, "cursor": """#,
    ];
    for keys in whole {
        let ran = with(keys);
        assert_eq!(ran.json()["complete"], true, "{keys}: {ran}");
        assert_eq!(words(&ran.json()["steps"]).len(), 2, "{keys}: {ran}");
    }
}

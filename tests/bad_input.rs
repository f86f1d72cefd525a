//! Input that no one should write and someone will: a clear finding at the right place, no panic, bounded memory.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod common;

use common::{ACME, Finding, Project, Ran, replaced};

/// The address space that a run may have, in megabytes. Ten megabytes of YAML need far less.
const MEMORY: u32 = 1500;

fn head(rest: &str) -> String {
    format!("version: 1\norganisation: acme\nplatform: arxus\n{rest}")
}

/// Validates one file as text and as JSON, and gives the findings.
#[track_caller]
fn refused(content: impl AsRef<[u8]>) -> Vec<Finding> {
    let project = Project::empty();
    project.write("x.yaml", content);
    let text = project.run("validate x.yaml").within_megabytes(MEMORY).exits(1).without_complaint();
    printable(&text);
    assert!(text.stdout.contains("error[") && text.stdout.contains("--> x.yaml"), "no place is shown\n{text}");
    let json = project.run("validate x.yaml --format json").within_megabytes(MEMORY).exits(1);
    printable(&json);
    printable(&project.run("fmt --check x.yaml").within_megabytes(MEMORY).ends());
    for command in ["who holds dpo x.yaml", "plan x.yaml"] {
        printable(&project.run(command).within_megabytes(MEMORY).exits(1));
    }
    json.findings()
}

/// The first character that comes out and can change what a reader sees.
fn raw(ran: &Ran) -> Option<char> {
    let deceives = |c: &char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut all = ran.stdout.chars().chain(ran.stderr.chars());
    all.find(|c| c.is_control() && *c != '\n' || deceives(c))
}

/// What comes out holds no control character but line breaks, and is of a sensible length.
#[track_caller]
fn printable(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        assert_eq!(raw(ran), None, "a control character is printed raw\n{ran}");
        assert!(text.len() < 200_000, "{} bytes of output", text.len());
    }
}

/// The only finding of a file, with rule and place.
#[track_caller]
fn only(content: impl AsRef<[u8]>, rule: &str, at: (u64, u64)) -> Finding {
    let found = refused(content);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].rule.as_str(), found[0].at()), (rule, at), "{found:#?}");
    assert_eq!(found[0].severity, "error");
    found[0].clone()
}

/// The first finding of a rule, among others.
#[track_caller]
fn among(content: impl AsRef<[u8]>, rule: &str, at: (u64, u64)) -> Finding {
    let found = refused(content);
    let hit = found.iter().find(|finding| finding.rule == rule);
    let hit = hit.unwrap_or_else(|| panic!("no {rule} in {found:#?}"));
    assert_eq!(hit.at(), at, "{hit:#?}");
    hit.clone()
}

#[test]
fn broken_yaml() {
    let open = only(head("profile: { name: [Acme }\n"), "roster/syntax", (4, 18));
    assert!(open.help.contains("`]`"), "{open:?}");
    only(head("profile: {\n"), "roster/syntax", (4, 10));
    assert_eq!(among(head("profile: \"never closed\n"), "roster/syntax", (4, 10)).line, 4);
    among(head("users:\n  ada:\n name: x\n"), "roster/syntax", (6, 2));
    among(head("users: *nobody\n"), "roster/syntax", (4, 8));
    among(head("a: b: c\n"), "roster/syntax", (4, 5));
    // The other documents of the file are read all the same.
    let found = refused(format!("{}---\n{}", head("profile: {\n"), head("uesrs: {}\n")));
    assert!(found.iter().any(|one| one.rule == "roster/syntax"), "{found:?}");
}

#[test]
fn tabs_as_indentation() {
    let found = among(head("users:\n\tada:\n\t\tname: Ada\n"), "roster/syntax", (5, 1));
    assert!(format!("{} {}", found.message, found.help).contains("tab"), "{found:?}");
}

#[test]
fn duplicate_keys() {
    let project = Project::with_roster(&head("profile: {}\ncontacts: {}\nprofile: {}\n"));
    let ran = project.run("validate --format json").exits(1);
    let twice = ran.finding("roster/duplicate-key");
    assert_eq!((twice.at(), twice.pointer.as_str()), ((6, 1), "/profile"));
    let json = ran.json();
    let found = json["diagnostics"].as_array().expect("findings").iter();
    let mut twice = found.filter(|one| one["rule"] == "roster/duplicate-key");
    let related = &twice.next().expect("the finding")["related"];
    assert_eq!(related[0]["location"]["line"], 4);
    let inline = "contacts:\n  ada: { name: A, email: a@acme.example, name: B }\n";
    among(head(inline), "roster/duplicate-key", (5, 42));
    among(head("contacts:\n  ada: { name: A }\n  ada: { name: B }\n"), "roster/duplicate-key", (6, 3));
    among(head("contacts:\n  \"ada\": { name: A }\n  'ada': { name: B }\n"), "roster/duplicate-key", (6, 3));
}

#[test]
fn groups_of_one_name() {
    let group = "permissionGroups:\n";
    let again = format!("{group}  desk: {{ name: IT operations, applications: {{ service-desk: read }} }}\n");
    let text = replaced(ACME, group, &again);
    let text = replaced(&text, "groups: [it-operations]", "groups: [it-operations, desk]");
    let ran = Project::with_roster(&text).run("validate --format json").exits(1);
    assert_eq!(ran.rules(), ["roster/duplicate-key"]);
    let found = ran.finding("roster/duplicate-key");
    assert_eq!(
        (found.pointer.as_str(), found.subject.as_deref()),
        ("/permissionGroups/it-operations/name", Some("it-operations"))
    );
    let related = &ran.json()["diagnostics"][0]["related"][0]["location"];
    assert_eq!(related["pointer"], "/permissionGroups/desk/name");
    // Another organisation's groups are others.
    let project = Project::with_roster(ACME);
    project.write("rosters/beta.yaml", replaced(ACME, "organisation: acme", "organisation: beta"));
    project.run("validate --deny warning").exits(0);
}

#[test]
fn unknown_and_misspelt_keys_name_the_nearest_word() {
    for (text, at, word) in [
        ("uesrs: {}\n", (4, 1), "`users`"),
        ("profile: { sise: small }\n", (4, 12), "`size`"),
        ("permisionGroups: {}\n", (4, 1), "`permissionGroups`"),
        ("contacts:\n  bob: { name: Bob, emial: b@acme.example }\n", (5, 21), "`email`"),
        ("organization: x\n", (4, 1), "`organisation`"),
        ("groups: {}\n", (4, 1), "`permissionGroups`"),
        ("zzz: 1\n", (4, 1), "a roster has: version"),
    ] {
        let found = among(head(text), "roster/unknown-key", at);
        assert!(found.help.contains(word), "{text}: {}", found.help);
    }
    let contact = among(head("contacts:\n  bob: { name: Bob, groups: [it] }\n"), "roster/unknown-key", (5, 21));
    assert!(
        contact.help.contains("no access") && contact.help.contains("a user may hold contact roles"),
        "{contact:?}"
    );
}

#[test]
fn wrong_types() {
    for (text, at) in [
        ("users: []\n", (4, 8)),
        ("users: nobody\n", (4, 8)),
        ("users: 7\n", (4, 8)),
        ("profile: true\n", (4, 10)),
        ("profile: { name: 7 }\n", (4, 18)),
        ("profile: { name: [a] }\n", (4, 18)),
        ("profile: { size: medium }\n", (4, 18)),
        ("profile: { domains: acme.example }\n", (4, 21)),
        ("contacts:\n  bob: Bob\n", (5, 8)),
        ("contacts:\n  bob: { name: Bob, roles: dpo }\n", (5, 28)),
        ("contacts:\n  bob: { name: Bob, roles: [7] }\n", (5, 29)),
        ("contacts:\n  bob: { name: Bob, roles: [[dpo]] }\n", (5, 29)),
        ("contacts:\n  bob: { name: Bob, phone: 0032 }\n", (5, 28)),
        ("contacts:\n  bob: { name: Bob, until: tomorrow }\n", (5, 28)),
        ("contacts:\n  bob: { name: Bob, until: 2027-02-30 }\n", (5, 28)),
        ("contacts:\n  Bob: { name: Bob }\n", (5, 3)),
        ("contacts:\n  bob: { name: Bob, attributes: { signingAuthority: yes } }\n", (5, 53)),
        ("expectations: {}\n", (4, 15)),
        ("waivers: [arxus/dpo-missing]\n", (4, 11)),
        ("permissionGroups:\n  it: { name: IT, applications: [csp] }\n", (5, 33)),
        ("permissionGroups:\n  it: { name: IT, applications: { csp: ful } }\n", (5, 40)),
    ] {
        among(head(text), "roster/wrong-type", at);
    }
    among("- a\n- b\n", "roster/wrong-type", (1, 1));
    among("just text\n", "roster/wrong-type", (1, 1));
    among("version: 1\norganisation: [acme]\nplatform: arxus\n", "roster/wrong-type", (2, 15));
    among("version: 1\norganisation: acme\nplatform: 7\n", "roster/wrong-type", (3, 11));
    among("version: one\norganisation: acme\nplatform: arxus\n", "roster/version", (1, 10));
    among("version: \"1\"\norganisation: acme\nplatform: arxus\n", "roster/version", (1, 10));
}

#[test]
fn yes_and_no_are_text() {
    let text = replaced(ACME, "name: Dana Kowalska", "name: no");
    Project::with_roster(&text).run("validate --deny warning").exits(0);
}

#[test]
fn null_sections() {
    for section in ["users", "contacts", "permissionGroups", "profile", "expectations", "waivers"] {
        for null in ["", " ~", " null"] {
            let column = section.len() as u64 + 2 + u64::from(!null.is_empty());
            let found = refused(head(&format!("{section}:{null}\n")));
            let hit = found
                .iter()
                .find(|one| one.rule == "roster/null-section")
                .unwrap_or_else(|| panic!("{section}: {found:?}"));
            assert_eq!(hit.line, 4);
            assert!(hit.column == column || null.is_empty(), "{section}:{null} {hit:?}");
            assert!(hit.help.contains(&format!("`{section}: ")), "{}", hit.help);
        }
    }
    let null = among(head("contacts:\n  bob: { name: Bob, roles: null }\n"), "roster/wrong-type", (5, 28));
    assert!(null.help.contains("take the key out"), "{null:?}");
}

#[test]
fn ten_thousand_levels() {
    let depth = 10_000;
    let flow = head(&format!("profile: {}{}\n", "[".repeat(depth), "]".repeat(depth)));
    let maps = head(&format!("profile: {}1{}\n", "{a: ".repeat(depth), "}".repeat(depth)));
    let open = head(&format!("profile: {}", "[".repeat(depth)));
    let block: String = (0..depth / 10).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let list = head(&format!("profile:\n  {}x\n", "- ".repeat(depth)));
    for text in [flow, maps, open, block, list] {
        let found = refused(&text);
        assert!(found.iter().any(|one| one.rule == "roster/syntax"), "{found:?}");
        assert!(found.len() < 50, "{} findings for one mistake", found.len());
    }
}

#[test]
fn alias_bombs() {
    let mut laughs =
        "version: 1\norganisation: acme\nplatform: arxus\nprofile:\n  domains: &a0 [x.example]\n".to_owned();
    for level in 1..40 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        laughs.push_str(&format!("x{level}: &a{level} [{}]\n", before.trim_end_matches(", ")));
    }
    let found = refused(&laughs);
    assert!(found.iter().any(|one| one.rule == "roster/syntax" && one.line > 4), "{found:?}");
    assert!(found.len() < 200, "{} findings", found.len());
    let mut merged = "version: 1\norganisation: acme\nplatform: arxus\nm0: &m0 { name: x }\n".to_owned();
    for level in 1..40 {
        merged.push_str(&format!("m{level}: &m{level} {{ <<: [*m{0}, *m{0}], a{level}: 1 }}\n", level - 1));
    }
    refused(&merged);
    among(head("profile: &p { name: *p }\n"), "roster/syntax", (4, 21));
}

#[test]
fn a_scalar_of_a_hundred_megabytes() {
    let project = Project::empty();
    let mut text = head("contacts:\n  bob:\n    name: \"");
    text.push_str(&"x".repeat(100 << 20));
    text.push_str("\"\n");
    project.write("x.yaml", &text);
    drop(text);
    let ran = project.run("validate x.yaml").within_megabytes(MEMORY).exits(1);
    assert!(ran.stdout.len() < 20_000, "{} bytes of output", ran.stdout.len());
    let ran = project.run("validate x.yaml --format json").within_megabytes(MEMORY).exits(1);
    let found = ran.finding("roster/wrong-type");
    assert_eq!((found.at(), found.subject.as_deref()), ((6, 11), Some("bob")));
    assert!(found.message.contains("16384 bytes"), "{}", found.message);
}

#[test]
fn text_that_is_not_utf_8() {
    let mut bytes = head("profile: { name: \"ü ").into_bytes();
    bytes.extend(b"\xFF\" }\n");
    let found = only(&bytes, "roster/syntax", (4, 21));
    assert!(found.message.contains("not UTF-8") && found.help.contains("UTF-8"), "{found:?}");
    for little in [true, false] {
        let mark = [if little { [0xFF, 0xFE] } else { [0xFE, 0xFF] }];
        let units = head("")
            .encode_utf16()
            .map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect::<Vec<_>>();
        let bytes: Vec<u8> = mark.into_iter().chain(units).flatten().collect();
        let found = only(&bytes, "roster/syntax", (1, 1));
        assert!(found.message.contains("UTF-16"), "{found:?}");
    }
    refused(b"\x00\x01\x02\x03");
    refused(b"version: 1\x00\n");
}

#[test]
fn a_byte_order_mark_is_no_matter() {
    let project = Project::with_roster(&format!("\u{feff}{ACME}"));
    project.run("validate --deny warning").exits(0);
    project.write("rosters/acme.yaml", format!("\u{feff}{}", replaced(ACME, "version: 1", "vresion: 1")));
    let found = project.run("validate --format json").exits(1).finding("roster/unknown-key");
    assert_eq!(found.at(), (1, 1));
    // Nobody sees it, so it is no column.
    let (two, spread) =
        (replaced(ACME, "version: 1", "version: 2"), replaced(ACME, "version: 1", "--- { version: 2 }"));
    for (text, column) in [(&two, 10), (&spread, 16)] {
        for end in ["\n", "\r\n", "\r"] {
            let found = among(format!("\u{feff}{}", text.replace('\n', end)), "roster/version", (1, column));
            assert_eq!(found, among(text.replace('\n', end), "roster/version", (1, column)));
        }
    }
    let project = Project::with_roster(ACME).with_workspace("\u{feff}version: 2\n");
    assert_eq!(project.run("validate --format json").exits(1).finding("roster/version").at(), (1, 10));
    let project = Project::with_roster(&replaced(ACME, "platform: arxus", "platform: ../mine.yaml"));
    project.write("mine.yaml", "\u{feff}version: 2\nid: mine\nname: Mine\nextends: arxus\n");
    assert_eq!(project.run("validate --format json").exits(1).finding("roster/version").at(), (1, 10));
    project.run("schema --platform mine.yaml").exits(1).complains("has errors: this rosterctl reads version 1");
}

#[test]
fn windows_line_ends_keep_positions_right() {
    let windows = ACME.replace('\n', "\r\n");
    Project::with_roster(&windows).run("validate --deny warning").exits(0);
    let old = ACME.replace('\n', "\r");
    Project::with_roster(&old).run("validate --deny warning").exits(0);
    let place = |text: &str| {
        Project::with_roster(text).run("validate --format json").exits(1).finding("roster/unknown-role").at()
    };
    let broken = replaced(ACME, "roles: [dpo]", "roles: [dop]");
    assert_eq!(place(&broken), place(&broken.replace('\n', "\r\n")));
    let ran = Project::with_roster(&broken.replace('\n', "\r\n")).run("validate").exits(1);
    printable(&ran);
}

#[test]
fn columns_count_characters() {
    let text = replaced(
        ACME,
        "    name: Dana Kowalska\n    email: dana@acme.example\n    roles: [dpo]\n",
        "    { name: \"Dánå 𝄞 Kowalska\", roles: [dop] }\n",
    );
    let found = Project::with_roster(&text).run("validate --format json").exits(1).finding("roster/unknown-role");
    assert_eq!(found.column, 40);
}

#[test]
fn files_with_nothing_in_them() {
    for text in ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "\u{feff}"] {
        let found = refused(text);
        assert_eq!(found[0].path, "x.yaml", "{text:?}: {found:?}");
    }
    let empty = only("", "roster/syntax", (1, 1));
    assert!(empty.help.contains("organisation"), "{empty:?}");
    among("{}\n", "roster/missing-key", (1, 1));
}

#[test]
fn a_folder_with_the_name_of_a_file() {
    let project = Project::empty();
    project.write("rosters/x.yaml/acme.yaml", ACME);
    project.run("validate").exits(0).says("1 organisation");
    project.run("validate rosters/x.yaml").exits(0);
    project.write("empty.yaml/readme.txt", "");
    project.run("validate empty.yaml").exits(1).says("holds no *.yaml");
    let project = Project::empty();
    project.write("rosterctl.yaml/note.txt", "");
    project.run("validate").exits(1).says("`rosterctl.yaml` is a folder");
    let project = Project::with_roster(&replaced(ACME, "platform: arxus", "platform: ../p.yaml"));
    project.write("p.yaml/note.txt", "");
    let found = project.run("validate --format json").exits(1).finding("roster/unknown-platform");
    assert_eq!(found.at(), (3, 11));
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::with_roster(ACME);
    let path = project.path("rosters/acme.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("permissions can be set");
    if std::fs::read(&path).is_ok() {
        eprintln!("SKIPPED: this user reads files without permission (root), so nothing can be shown here");
        return;
    }
    let found = project.run("validate --format json").exits(1).finding("roster/syntax");
    assert!(found.message.contains("rosters/acme.yaml") && found.message.contains("cannot be read"), "{found:?}");
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_in_a_circle() {
    use std::os::unix::fs::symlink;
    let project = Project::with_roster(ACME);
    symlink("nowhere.yaml", project.path("rosters/dangling.yaml")).expect("a link");
    let found = project.run("validate --format json").exits(1).finding("roster/syntax");
    assert!(found.message.contains("rosters/dangling.yaml") && found.message.contains("does not exist"), "{found:?}");
    project.run("validate rosters/dangling.yaml").exits(1).says("does not exist");

    let project = Project::with_roster(ACME);
    symlink("self.yaml", project.path("rosters/self.yaml")).expect("a link");
    let found = project.run("validate --format json").exits(1).finding("roster/syntax");
    assert!(found.message.contains("rosters/self.yaml"), "{found:?}");

    let project = Project::with_roster(ACME);
    symlink("..", project.path("rosters/up")).expect("a link");
    let ran = project.run("validate --format json").ends();
    assert_eq!(ran.json()["summary"]["organisations"], 1, "{ran}");
    assert!(ran.findings().iter().all(|one| one.severity == "warning"), "{ran}");
    // A file and a link to it are one file.
    let project = Project::with_roster(ACME);
    symlink("acme.yaml", project.path("rosters/again.yaml")).expect("a link");
    project.run("validate --deny warning").exits(0).says("1 organisation");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let project = Project::with_roster(ACME);
    let made = std::process::Command::new("mkfifo").arg(project.path("rosters/pipe.yaml")).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: there is no mkfifo here");
        return;
    }
    for command in ["validate", "validate rosters/pipe.yaml", "fmt --check rosters/pipe.yaml", "plan rosters/pipe.yaml"]
    {
        project.run(command).exits(1).says("not a regular file");
    }
    std::fs::remove_file(project.path("rosters/pipe.yaml")).expect("it goes");
    let roster = replaced(ACME, "platform: arxus", "platform: ../pipe");
    let project = Project::with_roster(&roster);
    let made = std::process::Command::new("mkfifo").arg(project.path("pipe")).status();
    assert!(made.is_ok());
    project.run("validate").exits(1).says("roster/unknown-platform");
}

#[test]
fn platforms_that_are_not_there() {
    let near = only("version: 1\norganisation: acme\nplatform: arxsu\n", "roster/unknown-platform", (3, 11));
    assert!(near.help.contains("`arxus`"), "{near:?}");
    only("version: 1\norganisation: acme\nplatform: ./nowhere.yaml\n", "roster/unknown-platform", (3, 11));
    only("version: 1\norganisation: acme\nplatform: ./\n", "roster/unknown-platform", (3, 11));
    let twice = only(format!("{}---\n{}", head(""), head("")), "roster/duplicate-key", (7, 11));
    assert!(twice.help.contains("exactly one"), "{twice:?}");
    let differing = format!("{}---\n{}", head(""), head("").replace("platform: arxus", "platform: ./other.yaml"));
    assert!(refused(differing).iter().any(|one| one.rule == "roster/duplicate-key"));
}

#[test]
fn ids_that_differ_in_case_only() {
    let project = Project::with_roster(&replaced(ACME, "  dana:\n", "  Grace:\n"));
    let ran = project.run("validate --format json").exits(1);
    let found = ran.finding("roster/wrong-type");
    assert_eq!((found.at(), found.pointer.as_str()), ((25, 3), "/contacts/Grace"));
    let json = ran.json();
    let related = &json["diagnostics"][0]["related"][0];
    assert_eq!(related["location"]["line"], 20, "{ran}");
    assert!(related["message"].as_str().is_some_and(|message| message.contains("case")), "{ran}");
    // The same id as user and as contact is one person twice.
    let both = Project::with_roster(&replaced(ACME, "  dana:\n", "  ada:\n"));
    both.run("validate --format json").exits(1).finding("roster/duplicate-key");
}

#[test]
fn addresses_that_look_like_others() {
    // A Cyrillic a, and a Greek omicron in the domain.
    for address in ["d\u{430}na@acme.example", "dana@acme.ex\u{3bf}mple", "dana@ａcme.example"] {
        let found =
            Project::with_roster(&replaced(ACME, "dana@acme.example", address)).run("validate --format json").exits(1);
        let found = found.finding("roster/invalid-email");
        assert_eq!((found.at(), found.subject.as_deref()), ((27, 12), Some("dana")));
        assert!(found.message.contains("U+"), "{}", found.message);
    }
    for address in [
        "dana",
        "@acme.example",
        "dana@",
        "dana@acme",
        "a b@acme.example",
        "dana@acme..example",
        ".d@acme.example",
        "dana@-a.example",
        "dana@acme.example.",
    ] {
        let text = replaced(ACME, "email: dana@acme.example", &format!("email: \"{address}\""));
        Project::with_roster(&text).run("validate --format json").exits(1).finding("roster/invalid-email");
    }
    // Addresses are one without regard to case.
    let twice = Project::with_roster(&replaced(ACME, "dana@acme.example", "GRACE@ACME.example"));
    let found = twice.run("validate --format json").exits(1).finding("roster/duplicate-email");
    assert!(!found.help.is_empty());
}

#[test]
fn control_characters_and_escape_codes_are_never_printed_raw() {
    let mut printed = Vec::new();
    for code in [
        "\\u001b[31mred\\u001b[0m",
        "\\a",
        "a\\u0000b",
        "\\u202etxet",
        "zero\\u200bwidth",
        "\\u2066x",
        "del\\u007f",
        "c1\\u009b31m",
        "line\\r\\nbreak",
    ] {
        for (from, to) in [
            ("name: Dana Kowalska", format!("name: \"{code}\"")),
            ("phone: \"+32 470 00 00 01\"", format!("phone: \"{code}\"")),
            ("email: dana@acme.example", format!("email: \"{code}\"")),
            ("  dana:\n", format!("  \"{code}\":\n")),
            ("roles: [dpo]", format!("roles: [\"{code}\"]")),
            ("groups: [it-operations]", format!("groups: [\"{code}\"]")),
            ("service-desk: full", format!("\"{code}\": full")),
            ("serviceNow: true", format!("\"{code}\": true")),
            ("organisation: acme", format!("organisation: \"{code}\"")),
            ("platform: arxus", format!("platform: \"{code}\"")),
            ("size: small", format!("\"{code}\": small")),
            ("size: small", format!("size: \"{code}\"")),
        ] {
            let project = Project::with_roster(&replaced(ACME, from, &to));
            for command in
                ["validate", "validate --format json", "who holds dpo", "who holds dpo --format json", "plan"]
            {
                if let Some(c) = raw(&project.run(command).exits(1)) {
                    printed.push(format!("`{command}` prints U+{:04X} of {to:?}", u32::from(c)));
                }
            }
        }
    }
    assert!(printed.is_empty(), "{}", printed.join("\n"));
}

#[test]
fn raw_control_characters_in_the_file() {
    for raw in ["\u{1b}[31mred", "\u{7}", "\u{202e}txet", "\u{200b}", "\u{9b}31m"] {
        for text in [
            replaced(ACME, "name: Dana Kowalska", &format!("name: \"{raw}\"")),
            replaced(ACME, "version: 1", &format!("# {raw}\nversion: 2")),
            replaced(ACME, "roles: [dpo]", &format!("roles: [dop] # {raw}")),
            replaced(ACME, "roles: [dpo]", &format!("roles: [{raw}]")),
        ] {
            let project = Project::with_roster(&text).with("rosters/b.yaml", "a: [\n");
            for command in ["validate", "validate --format json", "validate --color never", "fmt --check"] {
                printable(&project.run(command).exits(1));
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn names_of_files_are_never_printed_raw() {
    let project = Project::empty();
    project.write("rosters/\u{1b}[31mred\u{202e}.yaml", replaced(ACME, "roles: [dpo]", "roles: [dop]"));
    let mut printed = Vec::new();
    for command in [
        "validate",
        "validate --format json",
        "fmt --check",
        "fmt --check --format json",
        "plan",
        "plan --format json",
        "who holds technical",
        "who holds technical --format json",
        "validate \u{1b}[31m",
        "explain \u{1b}[31m",
        "who holds \u{1b}[31m",
        "export --target \u{1b}[31m",
        "schema --platform \u{1b}[31m",
        "init --platform \u{1b}[31m",
        "plan --workspace \u{1b}[31m",
        "apply --plan \u{1b}[31m",
        "completions \u{1b}[31m",
    ] {
        let ran = project.run(command).ends();
        assert_ne!(ran.code, Some(0), "{ran}");
        if let Some(c) = raw(&ran) {
            printed.push(format!("`{}` prints U+{:04X}", command.escape_debug(), u32::from(c)));
        }
    }
    assert!(printed.is_empty(), "{}", printed.join("\n"));
}

#[test]
fn many_mistakes_are_many_findings_and_no_more() {
    let people: String = (0..2000).map(|n| format!("  p{n}:\n    name: P{n}\n    roles: [dop]\n")).collect();
    let project = Project::with_roster(&head(&format!("contacts:\n{people}")));
    let found = project.run("validate --format json").within_megabytes(MEMORY).exits(1).findings();
    assert_eq!(found.iter().filter(|one| one.rule == "roster/unknown-role").count(), 2000);
}

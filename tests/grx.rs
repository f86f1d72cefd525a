//! ProcessUnity GRX: who is told what and who may do what, in every case that the tables of the domain tell apart.

mod common;

use common::{Project, replaced};
use rosterctl::diagnostic::{Located, Span};
use rosterctl::model::{Held, Person, Profile, Roll, Value, View, Why};
use rosterctl::platform::{Platform, Section, State};

/// The roles, in the order of the columns below.
const ROLES: [(&str, &str); 9] = [
    ("AA", "account-administrator"),
    ("PUM", "platform-user-manager"),
    ("AO", "assessment-owner"),
    ("AC", "assessment-contributor"),
    ("DRA", "data-request-authorizer"),
    ("AD", "assessment-delegate"),
    ("CPM", "customer-portfolio-manager"),
    ("TPPM", "third-party-portfolio-manager"),
    ("BRM", "business-relationship-manager"),
];

/// What an organisation can be there.
const KINDS: [&[&str]; 4] = [&[], &["third-party"], &["customer"], &["third-party", "customer"]];

/// Permission, whether it is for customers only, and for each role: `x` has it, `p` in part, `.` not.
const PERMISSIONS: &[(&str, bool, &str)] = &[
    //                                   AA PUM AO AC DRA AD CPM TPPM BRM
    ("add-user", false, "x x . . . . . . ."),
    ("edit-user", false, "x x . . . . . . ."),
    ("assign-roles", false, "x x . . . . . . ."),
    ("deactivate-user", false, "x x . . . . . . ."),
    ("reactivate-user", false, "x . . . . . . . ."),
    ("delete-user", false, "x . . . . . . . ."),
    ("grant-account-administrator", false, "x . . . . . . . ."),
    ("revoke-account-administrator", false, "x . . . . . . . ."),
    ("assign-api-token", false, "x x . . . . . . ."),
    ("answer-assessment", false, "x . x x x p x . ."),
    ("submit-assessment", false, "x . x . . . . . ."),
    ("authorize-release", false, "x . . . x . x . ."),
    ("share-proactively", false, "x . . . x . x . ."),
    ("add-third-party", true, "x . . . . . . x x"),
    ("edit-third-party", true, "x . . . . . . x x"),
    ("edit-inherent-risk", true, "x . . . . . . x x"),
    ("request-report", true, "x . . . . . . x x"),
    ("view-share-invitations", true, "x . . . . . . . x"),
];

/// What becomes of the administrators when somebody holds a role that receives an event.
#[derive(PartialEq)]
enum Administrators {
    /// They are told only while nobody does.
    Fallback,
    /// They are told all the same.
    Always,
}
use Administrators::{Always, Fallback};

/// A row of the table of notifications.
struct Row {
    event: &'static str,
    /// Whether it is for customers only.
    customers: bool,
    /// The roles that receive it.
    roles: &'static [&'static str],
    /// The roles of which that is disputed.
    disputed: &'static [&'static str],
    administrators: Administrators,
}

#[rustfmt::skip]
const NOTIFICATIONS: &[Row] = &[
    Row { event: "new-assessment", customers: false, roles: &["AO"], disputed: &[], administrators: Fallback },
    Row { event: "authorize-report", customers: false, roles: &["DRA"], disputed: &["CPM"], administrators: Fallback },
    Row { event: "request-approved", customers: true, roles: &["TPPM"], disputed: &[], administrators: Fallback },
    Row { event: "request-denied", customers: true, roles: &["TPPM"], disputed: &[], administrators: Fallback },
    Row { event: "breach-weekly-summary", customers: true, roles: &["TPPM"], disputed: &["CPM"], administrators: Always },
    Row { event: "breach-alert", customers: false, roles: &["TPPM", "CPM"], disputed: &[], administrators: Always },
];

fn grx() -> Platform {
    Platform::built_in("grx").expect("it loads")
}

fn organisation(services: &[&str]) -> Profile {
    Profile { services: services.iter().map(|service| (*service).into()).collect(), ..Profile::default() }
}

/// A person whose id is the short name of the one role that they hold; a delegate with a control group.
fn holder(platform: &Platform, short: &str, status: State) -> Person {
    let (_, role) = ROLES.iter().find(|(known, _)| *known == short).expect("a role");
    let mut person = Person::new(Section::Users, short, short);
    person.status = Located::nowhere(status);
    person.roles.push(Held { role: platform.role(role).expect("a role"), index: 0, span: Span::default() });
    if short == "AD" {
        let groups = platform.attribute("controlGroups").expect("an attribute");
        let words = Value::List(vec![Located::nowhere("identity-and-access".into())]);
        person.attributes.push((groups, Located::nowhere(words)));
    }
    person
}

#[test]
fn every_cell_of_the_table_of_permissions() {
    let platform = grx();
    let listed: Vec<&str> = PERMISSIONS.iter().map(|(permission, ..)| *permission).collect();
    let there: Vec<&str> = platform.permissions.iter().map(|permission| permission.id.as_str()).collect();
    assert_eq!(there, listed);
    for services in KINDS {
        let profile = organisation(services);
        for (permission, customers, row) in PERMISSIONS {
            let ix = platform.permission(permission).expect("a permission");
            for ((short, _), cell) in ROLES.iter().zip(row.split_whitespace()) {
                for status in [State::Active, State::Pending, State::Deactivated] {
                    let person = holder(&platform, short, status);
                    let roll = Roll::new(View::with(&platform, &profile, []), [&person]);
                    let found = match roll.grant(&person, ix) {
                        Some(Why::Holds(_)) => "x",
                        Some(Why::Within(..)) => "p",
                        None => ".",
                        Some(other) => panic!("{short} may {permission} because of {other:?}"),
                    };
                    let exists = status == State::Active && (!customers || services.contains(&"customer"));
                    let expected = if exists { cell } else { "." };
                    assert_eq!(found, expected, "{permission} for {short}, {status}, in {services:?}");
                }
            }
        }
    }
}

#[test]
fn a_delegate_answers_within_control_groups_only() {
    let platform = grx();
    let answer = platform.permission("answer-assessment").expect("a permission");
    let profile = organisation(&["third-party"]);
    let mut delegate = holder(&platform, "AD", State::Active);
    let within = |person: &Person| {
        let roll = Roll::new(View::with(&platform, &profile, []), [person]);
        roll.able(answer).first().map(|answer| answer.reason(&platform))
    };
    let reason = within(&delegate).expect("may answer");
    assert!(reason.contains("within controlGroups identity-and-access only"), "{reason}");
    delegate.attributes.clear();
    assert_eq!(within(&delegate), None, "without a control group there is nothing to answer");
}

#[test]
fn every_row_of_the_table_of_notifications() {
    let platform = grx();
    let listed: Vec<&str> = NOTIFICATIONS.iter().map(|row| row.event).collect();
    let there: Vec<&str> = platform.events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(there, listed);
    // Everybody who is never told is there; of the others one each, in every state that they can be in.
    let silent = ["PUM", "AC", "AD", "BRM"].map(|short| holder(&platform, short, State::Active));
    let told = ["AA", "AO", "DRA", "CPM", "TPPM"];
    let states = [State::Absent, State::Pending, State::Active, State::Deactivated];
    for case in 0..states.len().pow(told.len() as u32) {
        let state = |short: &str| {
            let place = told.iter().position(|other| *other == short).expect("one of them");
            states[case / states.len().pow(place as u32) % states.len()]
        };
        let here = told.iter().filter(|short| state(short) != State::Absent);
        let mut people: Vec<Person> = here.map(|short| holder(&platform, short, state(short))).collect();
        people.extend(silent.iter().cloned());
        for services in KINDS {
            let profile = organisation(services);
            let roll = Roll::new(View::with(&platform, &profile, []), &people);
            for Row { event, customers, roles, disputed, administrators } in NOTIFICATIONS {
                let ix = platform.event(event).expect("an event");
                let exists = !customers || services.contains(&"customer");
                let active = |short: &&str| exists && state(short) == State::Active;
                let unassigned = roles.iter().all(|short| state(short) == State::Absent);
                let mut expected: Vec<&str> = roles.iter().copied().filter(active).collect();
                if *administrators == Always || unassigned {
                    expected.extend(Some("AA").filter(active));
                }
                let answers = roll.notified(ix);
                let certain = answers.iter().filter(|answer| answer.certain());
                let certain: Vec<&str> = certain.map(|answer| answer.person.id.as_str()).collect();
                let shown = || format!("{event} in {services:?}: {:?}", told.map(|short| (short, state(short))));
                assert_eq!(certain, expected, "{}", shown());
                let doubtful = answers.iter().filter(|answer| !answer.certain());
                let doubtful: Vec<&str> = doubtful.map(|answer| answer.person.id.as_str()).collect();
                let expected: Vec<&str> = disputed.iter().copied().filter(active).collect();
                assert_eq!(doubtful, expected, "disputed, {}", shown());
                // Whoever is assigned and cannot read stands in the way of the fallback.
                let lost = exists
                    && *administrators == Fallback
                    && !unassigned
                    && !roles.iter().any(|short| state(short) == State::Active);
                assert_eq!(!roll.black_hole(ix).is_empty(), lost, "lost, {}", shown());
            }
        }
    }
}

const ROSTER: &str = "\
version: 1
organisation: acme
platform: grx
profile:
  services: [third-party, customer]
users:
  ada: { name: Ada Peeters, email: ada@acme.example, roles: [account-administrator] }
  ben: { name: Ben Claes, email: ben@acme.example, roles: [account-administrator] }
  olga: { name: Olga Novak, email: olga@acme.example, roles: [assessment-owner] }
  kim: { name: Kim Janssens, email: kim@acme.example, roles: [customer-portfolio-manager] }
";

/// What `who` answers: people and reasons.
#[track_caller]
fn who(roster: &str, question: &str) -> Vec<(String, String)> {
    let json = Project::with_roster(roster).run(&format!("who {question} --format json")).ends().json();
    let people = json["answers"][0]["people"].as_array().expect("people");
    let text = |json: &serde_json::Value| json.as_str().expect("text").to_owned();
    people.iter().map(|person| (text(&person["person"]), text(&person["reason"]))).collect()
}

#[track_caller]
fn answers(roster: &str, question: &str, expected: &[(&str, &str)]) {
    let found = who(roster, question);
    let ids: Vec<&str> = found.iter().map(|(person, _)| person.as_str()).collect();
    assert_eq!(ids, expected.iter().map(|(person, _)| *person).collect::<Vec<_>>(), "{question}");
    for ((person, reason), (_, part)) in found.iter().zip(expected) {
        assert!(reason.contains(part), "{question}: {person} because {reason:?}, not {part:?}");
    }
}

#[test]
fn who_tells_why() {
    answers(ROSTER, "notified new-assessment", &[("olga", "holds assessment-owner")]);
    let fallback = "nobody holds data-request-authorizer, so it falls back to account-administrator";
    let disputed = "disputed: holds customer-portfolio-manager, of which the platform says both";
    answers(ROSTER, "notified authorize-report", &[("ada", fallback), ("ben", fallback), ("kim", disputed)]);
    let always = "holds account-administrator, notified whoever else is";
    let kim = "holds customer-portfolio-manager";
    answers(ROSTER, "notified breach-alert", &[("kim", kim), ("ada", always), ("ben", always)]);
    let no_fallback =
        replaced(ROSTER, "roles: [assessment-owner]", "roles: [assessment-owner, data-request-authorizer]");
    answers(
        &no_fallback,
        "notified authorize-report",
        &[("olga", "holds data-request-authorizer"), ("kim", "disputed")],
    );
    let first = ROSTER.to_owned()
        + "  otto:\n    name: Otto Brandt\n    email: otto@acme.example\n    roles: [assessment-owner]\n    \
           attributes: { primaryFor: [assessment-owner] }\n";
    answers(&first, "notified new-assessment", &[("otto", "contacted first"), ("olga", "holds assessment-owner")]);
    let gone = replaced(ROSTER, "roles: [assessment-owner]", "roles: [assessment-owner], status: deactivated");
    answers(&gone, "notified new-assessment", &[]);
    let third_party = replaced(ROSTER, "[third-party, customer]", "[third-party]");
    answers(&third_party, "can request-report", &[]);
    answers(&third_party, "notified request-approved", &[]);
}

/// The rules that a roster with an expectation breaks, and the messages of `roster/expectation`.
#[track_caller]
fn expecting(roster: &str, expectation: &str) -> Vec<String> {
    let project = Project::with_roster(&format!("{roster}expectations:\n  - {expectation}\n"));
    let found = project.run("validate --format json").ends().findings();
    found.into_iter().filter(|finding| finding.rule == "roster/expectation").map(|finding| finding.message).collect()
}

#[test]
fn what_is_disputed_is_neither_expected_nor_in_the_way() {
    let alone = replaced(ROSTER, "roles: [assessment-owner]", "roles: [data-request-authorizer]");
    for (roster, expectation, holds) in [
        (ROSTER, "notified: { of: authorize-report, exactly: [ada, ben] }", true),
        (ROSTER, "notified: { of: authorize-report, exactly: [ada, ben, kim] }", true),
        (ROSTER, "notified: { of: authorize-report, exactly: [ada, kim] }", false),
        (ROSTER, "notified: { of: authorize-report, exactly: [ada, ben, olga] }", false),
        (ROSTER, "notified: { of: authorize-report, includes: [ada] }", true),
        (ROSTER, "notified: { of: authorize-report, includes: [kim] }", false),
        (ROSTER, "notified: { of: authorize-report, excludes: [olga] }", true),
        (ROSTER, "notified: { of: authorize-report, excludes: [kim] }", false),
        (ROSTER, "notified: { of: authorize-report, atLeast: 2 }", true),
        (ROSTER, "notified: { of: authorize-report, atLeast: 3 }", false),
        (&alone, "notified: { of: authorize-report, exactly: [olga] }", true),
        (&alone, "notified: { of: authorize-report, first: olga }", true),
        (&alone, "notified: { of: authorize-report, first: kim }", false),
    ] {
        let failed = expecting(roster, expectation);
        assert_eq!(failed.is_empty(), holds, "{expectation}: {failed:?}");
        for message in failed {
            assert!(message.contains("disputed"), "{message}");
            assert!(message.contains("Will receive notifications when new Customer requests are placed."), "{message}");
            assert!(message.contains("This role will only receive Breach Monitoring"), "{message}");
        }
    }
    // Nobody at all is told for certain: the one who holds the role has no access.
    let nobody =
        replaced(&alone, "roles: [data-request-authorizer]", "roles: [data-request-authorizer], status: deactivated");
    for (expectation, holds) in [("exactly: []", true), ("first: kim", false), ("nobody: true", false)] {
        let failed = expecting(&nobody, &format!("notified: {{ of: authorize-report, {expectation} }}"));
        assert_eq!(failed.is_empty(), holds, "{expectation}: {failed:?}");
    }
}

#[test]
fn claims_say_what_the_platform_says() {
    for (expectation, subjects) in [
        ("can: { do: submit-assessment, exactly: [ada, ben, olga] }", &[][..]),
        ("can: { do: submit-assessment, includes: [kim, olga] }", &["kim"]),
        ("can: { do: submit-assessment, exactly: [kim] }", &["kim"]),
        ("can: { do: submit-assessment, excludes: [kim] }", &[]),
        ("can: { do: answer-assessment, includes: [kim] }", &[]),
        ("can: { do: submit-assessment, includes: [kmi] }", &[]),
    ] {
        let project = Project::with_roster(&format!("{ROSTER}expectations:\n  - {expectation}\n"));
        let found = project.run("validate --format json").ends().findings();
        let found: Vec<_> = found.into_iter().filter(|finding| finding.rule == "grx/submit").collect();
        let named: Vec<_> = found.iter().filter_map(|finding| finding.subject.as_deref()).collect();
        assert_eq!(named, subjects, "{expectation}");
        for finding in found {
            assert!(finding.message.contains("\"Responsible for final submission"), "{}", finding.message);
            assert_eq!(finding.pointer, "/expectations/0");
        }
    }
}

#[test]
fn attributes_name_users_that_are_there() {
    let delegate = |attributes: &str| {
        let text = format!(
            "{ROSTER}  iris:\n    name: Iris Vermeer\n    email: iris@acme.example\n    roles: [assessment-delegate]\n    \
             attributes: {{ controlGroups: [identity-and-access], {attributes} }}\n"
        );
        let found = Project::with_roster(&text).run("validate --format json --as-of 2026-06-01").ends().findings();
        found.into_iter().filter(|finding| finding.rule == "roster/unknown-user").collect::<Vec<_>>()
    };
    assert_eq!(delegate("designatedBy: olga"), []);
    let found = delegate("designatedBy: oga");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].subject.as_deref(), found[0].help.as_str()), (Some("iris"), "did you mean `olga`?"));
    assert_eq!(found[0].pointer, "/users/iris/attributes/designatedBy");
    assert!(delegate("designatedBy: nobody-like-that")[0].help.contains("the id of a user"));
    // Whoever has left is somebody, though no active owner.
    let left = replaced(ROSTER, "roles: [assessment-owner]", "roles: [assessment-owner], until: 2026-01-31")
        + "  iris:\n    name: Iris Vermeer\n    email: iris@acme.example\n    roles: [assessment-delegate]\n    \
           attributes: { controlGroups: [identity-and-access], designatedBy: olga }\n";
    let rules = Project::with_roster(&left).run("validate --format json --as-of 2026-06-01").exits(1).rules();
    assert!(rules.contains(&"grx/delegate-designated".to_owned()), "{rules:?}");
    assert!(!rules.contains(&"roster/unknown-user".to_owned()), "{rules:?}");
}

#[test]
fn there_are_users_only() {
    for (more, rule) in [
        ("contacts:\n  soc: { name: SOC, email: soc@acme.example }\n", "roster/unknown-key"),
        ("permissionGroups: {}\n", "roster/unknown-key"),
    ] {
        Project::with_roster(&format!("{ROSTER}{more}")).run("validate --format json").exits(1).finding(rule);
    }
    let grouped = replaced(ROSTER, "roles: [assessment-owner]", "roles: [assessment-owner], groups: [owners]");
    let finding = Project::with_roster(&grouped).run("validate --format json").exits(1).finding("roster/unknown-group");
    assert_eq!(finding.pointer, "/users/olga/groups/0");
}

//! Rules that ask a second target: what another portal knows of people better than their roster.

mod common;

use common::Project;

const ROSTER: &str = "\
version: 1
organisation: acme
platform: arxus
users:
  ann: { name: Ann, email: Ann@acme.example, phone: '+32 470', roles: [technical], attributes: { serviceNow: true, directoryRoles: [global-administrator] } }
  ben: { name: Ben, email: ben@acme.example, phone: '+32 471', roles: [technical], attributes: { primaryFor: [technical] } }
  cleo: { name: Cleo, email: cleo@acme.example, roles: [commercial], attributes: { signingAuthority: true } }
";

const WORKSPACE: &str = "\
version: 1
rosters: [rosters]
defaultTarget: sandbox
targets:
  sandbox: { kind: embedded, path: sandbox.db }
  servicenow: { kind: embedded, path: servicenow.db, provides: [service-now-users] }
";

/// ServiceNow as a platform: people are there or not.
const NOW: &str = "\
version: 1
id: now
name: ServiceNow
sections: [users]
lifecycle: { transitions: [{ action: create, from: absent, to: active }] }
";

/// What ServiceNow has, played by an embedded portal: these people.
fn with_service_now(people: &str) -> Project {
    let project = Project::with_roster(ROSTER).with_workspace(WORKSPACE);
    let text = format!("version: 1\norganisation: acme\nplatform: ./now.yaml\nusers:\n{people}");
    project.write("other/now.yaml", NOW);
    project.write("other/people.yaml", text);
    project.run("apply other --target servicenow --yes").exits(0);
    project
}

#[test]
fn validate_asks_nobody_and_says_that_the_roster_declares_it() {
    let project = with_service_now("  ann: { name: Ann, email: ann@acme.example }\n");
    let ran = project.run("validate --format json").exits(1);
    let finding = ran.finding("arxus/technical-servicenow");
    assert_eq!(finding.subject.as_deref(), Some("ben"));
    assert!(finding.message.ends_with("(as the roster declares)"), "{}", finding.message);
}

#[test]
fn a_plan_asks_the_target_that_knows() {
    let project = with_service_now("  ben: { name: Ben, email: BEN@acme.example }\n");
    let ran = project.run("plan --format json").exits(1);
    let finding = ran.finding("arxus/technical-servicenow");
    assert_eq!(finding.subject.as_deref(), Some("ann"), "the roster says yes, ServiceNow says no");
    assert!(finding.message.ends_with("(asked of `servicenow`)"), "{}", finding.message);
    assert!(finding.help.starts_with("see to it on `servicenow`"), "the roster's word does not help: {}", finding.help);
    assert_eq!(ran.rules().iter().filter(|rule| *rule == "arxus/technical-servicenow").count(), 1, "ben is there");
    // What nobody else knows is still what the roster declares.
    let other = ran.finding("arxus/technical-global-admin");
    assert!(other.message.ends_with("(as the roster declares)"), "{}", other.message);
}

#[test]
fn who_is_there_satisfies_the_rule_without_a_word_in_the_roster() {
    let people = "  ann: { name: Ann, email: ann@acme.example }\n  ben: { name: Ben, email: ben@acme.example }\n";
    let project = with_service_now(people);
    project.run("plan").exits(0).never_says("technical-servicenow");
    project.run("apply --yes").exits(0);
    project.run("drift").exits(0);
}

#[test]
fn a_target_that_cannot_be_asked_is_said_and_what_is_declared_counts() {
    let project = with_service_now("  ben: { name: Ben, email: ben@acme.example }\n");
    std::fs::write(project.path("servicenow.db"), "this is no database, and long enough to be read as one").unwrap();
    let ran = project.run("plan --format json").exits(1);
    assert!(ran.finding("plan/evidence").message.starts_with("`servicenow` could not be asked"));
    assert_eq!(ran.finding("arxus/technical-servicenow").subject.as_deref(), Some("ben"));
}

#[test]
fn directory_roles_are_asked_of_an_export_that_shows_them() {
    let project = with_service_now("  ann: { name: Ann, email: ann@acme.example }\n");
    let target = "  tenant: { kind: snapshot, path: tenant.csv, provides: [directory-roles], columns: { name: Name, email: Mail, attributes: { directoryRoles: Rollen } } }\n";
    let workspace = project.read("rosterctl.yaml");
    project.write("rosterctl.yaml", workspace + target);
    project.write(
        "tenant.csv",
        "Name,Mail,Rollen\nAnn,ann@acme.example,reports-reader\nBen,ben@acme.example,global-administrator\n",
    );
    let ran = project.run("plan --format json").exits(1);
    let finding = ran.finding("arxus/technical-global-admin");
    assert_eq!(finding.subject.as_deref(), Some("ann"), "the roster says so, the tenant does not");
    assert!(finding.message.ends_with("(asked of `tenant`)"), "{}", finding.message);
    // An export without them proves nothing.
    let workspace = project.read("rosterctl.yaml").replace(", attributes: { directoryRoles: Rollen }", "");
    project.write("rosterctl.yaml", workspace);
    project.write("tenant.csv", "Name,Mail\nAnn,ann@acme.example\nBen,ben@acme.example\n");
    let ran = project.run("plan --format json").exits(1);
    assert_eq!(ran.finding("arxus/technical-global-admin").subject.as_deref(), Some("ben"), "as the roster declares");
    assert!(ran.finding("plan/evidence").message.starts_with("`tenant` does not show `directory-roles`"));
}

#[test]
fn one_row_that_cannot_be_read_hides_nobody_else() {
    let project = with_service_now("  ann: { name: Ann, email: ann@acme.example }\n");
    let workspace = project
        .read("rosterctl.yaml")
        .replace("{ kind: embedded, path: servicenow.db, provides", "{ kind: snapshot, path: now.csv, provides");
    project.write("rosterctl.yaml", workspace);
    project.write("now.csv", "Name;Email;Active;Role\nBen;ben@acme.example;yes;itil\nAnn;ann@acme.example;no;\n");
    let ran = project.run("plan --format json").exits(1);
    let messages: Vec<String> = ran.findings().into_iter().map(|finding| finding.message).collect();
    let asked = |message: &&String| message.contains("`ann`") && message.ends_with("(asked of `servicenow`)");
    assert!(messages.iter().any(|message| asked(&message)), "her account is shut: {messages:?}");
    let warned = ran.finding("plan/evidence").message;
    assert!(warned.contains("ben@acme.example"), "{warned}");
}

#[test]
fn a_word_that_nobody_asks_for_is_pointed_out() {
    let project = with_service_now("  ann: { name: Ann, email: ann@acme.example }\n");
    project.edit("rosterctl.yaml", "[service-now-users]", "[service-now-user]");
    let ran = project.run("plan").exits(1);
    ran.says("`servicenow` provides `service-now-user`, which no platform of these rosters asks for")
        .says("they ask for `directory-roles`, `service-now-users`");
}

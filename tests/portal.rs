//! `rosterctl portal`: invitations are accepted and the audit trail is shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use common::portal::DATABASE;
use common::{ACME, Project, replaced};
use serde_json::json;

const GUILD: &str = "version: 1
id: guild
name: Guild portal
sections: [users]
roles:
  master: { name: Master, heldBy: [user] }
  member: { name: Member, heldBy: [user] }
permissions:
  manage: { roles: [master] }
lifecycle:
  transitions:
    - { action: create, from: absent, to: pending, needs: manage }
    - { action: accept, from: pending, to: active }
    - { action: update, from: active, to: active, needs: manage }
    - { action: delete, from: pending, to: absent, needs: manage }
";

const ROSTER: &str = "version: 1
organisation: acme
platform: ../guild.yaml
users:
  ann: { name: Ann, email: ann@acme.example, roles: [master] }
  bob: { name: Bob, email: bob@acme.example, roles: [member] }
  cleo: { name: Cleo, email: cleo@acme.example, roles: [member] }
";

/// A guild in which Ann is active, and Bob and Cleo are invited.
fn guild() -> Project {
    let project = Project::with_roster(ROSTER).with("guild.yaml", GUILD);
    project.run("apply --yes").exits(0);
    project.run("portal accept ann").exits(0);
    project.run("plan --detailed-exitcode").exits(0).says("no changes");
    project.run("drift").exits(0);
    // The portal knows its platform: neither is needed any more.
    std::fs::remove_file(project.path("guild.yaml")).unwrap();
    std::fs::remove_file(project.path("rosters/acme.yaml")).unwrap();
    project
}

impl Project {
    fn states(&self) -> String {
        let sql = "SELECT name || ' ' || state FROM person WHERE name IN ('Bob', 'Cleo') ORDER BY name";
        self.column(sql).join(", ")
    }
}

#[test]
fn who_is_invited_accepts_by_id_or_address() {
    let project = guild();
    project.run("portal accept bob").exits(0).says("bob has accepted the invitation and is active").without_complaint();
    assert_eq!(project.states(), "Bob active, Cleo pending");
    project.run("portal accept BOB@acme.example").exits(1).complains("`bob` is active already");
    let ran = project.run("portal accept Cleo@Acme.example cleo bob --organisation acme --format json").exits(3);
    assert_eq!(
        ran.json(),
        json!({ "version": 1, "organisation": "acme", "accepted": ["cleo"], "refused": ["`bob` is active already"] })
    );
    assert_eq!(project.states(), "Bob active, Cleo active");
}

#[test]
fn all_accept_at_once() {
    let project = guild();
    project.run("portal accept --all").exits(0).says("bob has").says("cleo has").never_says("ann");
    assert_eq!(project.states(), "Bob active, Cleo active");
    project.run("portal accept --all").exits(0).says("nobody in acme is pending");
}

#[test]
fn what_cannot_be_accepted_is_said() {
    let project = guild();
    project
        .run("portal accept bbo")
        .exits(1)
        .complains("there is no user `bbo` in acme")
        .complains("did you mean `bob`?");
    project
        .run("portal accept bob zacharias")
        .exits(1)
        .complains("there is no user `zacharias`")
        .complains("name the id");
    assert_eq!(project.states(), "Bob pending, Cleo pending", "nothing is done where somebody is unknown");
    project.sql("UPDATE person SET state = 'suspended' WHERE name = 'Cleo'");
    project.run("portal accept cleo").exits(1).complains("cannot be understood: unknown state `suspended`");
    project.run("portal accept bob --organisation acne").exits(1).complains("did you mean `acme`?");
    project.run("portal accept").exits(64);
    project.run("portal accept bob --all").exits(64);
    project.run("portal accept bob --target nowhere").exits(64).complains("there is no target `nowhere`");
    Project::empty().run("portal accept bob").exits(1).complains("has no organisation yet");
    let plain = Project::with_roster(ACME);
    plain.run("apply --yes").exits(0);
    for who in ["ada", "--all"] {
        plain.run(&format!("portal accept {who}")).exits(1).complains("knows no invitations");
    }
}

#[test]
fn the_audit_trail_is_shown() {
    let empty = Project::empty();
    empty.run("portal audit").exits(0).says("nothing has been done here yet");
    assert!(!empty.has(DATABASE));
    let project = guild();
    project.run("portal accept bob").exits(0);
    project.run("portal accept bob").exits(1);
    let ran = project.run("portal audit").env("COLUMNS", "200").exits(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    let digest = first.split_once("sha256:").unwrap().1;
    assert!(first.ends_with("create user ann  done"), "{first}");
    assert!(digest.find(' ') == Some(12) && first.contains("Z  "), "{first}");
    let last: Vec<&str> = last.split_whitespace().skip(1).collect();
    assert_eq!(last.join(" "), "bob no plan accept user bob forbidden: `bob` is active already");
    let whole = project.run("portal audit -v --organisation acme").env("COLUMNS", "200").exits(0).stdout;
    assert!(whole.lines().next().unwrap().split_once("sha256:").unwrap().1.find(' ') == Some(64), "{whole}");
    assert_eq!(project.run("portal audit --quiet").exits(0).stdout.lines().count(), 1, "what was refused");
    let rows = project.run("portal audit --format json").exits(0).json();
    let last = rows["audit"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["who"], &last["action"], &last["outcome"]),
        (&json!("bob"), &json!("accept"), &json!("forbidden"))
    );
    project.run("portal audit --organisation acne").exits(1).complains("did you mean `acme`?");
}

#[test]
fn a_long_audit_trail_shows_its_end() {
    let contacts: String =
        (0..80).map(|n| format!("  c{n:02}: {{ name: C, email: c{n}@acme.example, roles: [watchlist] }}\n")).collect();
    let project = Project::with_roster(&replaced(ACME, "contacts:\n", &format!("contacts:\n{contacts}")));
    project.run("apply --yes").exits(0);
    let short = project.run("portal audit").env("COLUMNS", "200").exits(0).says("earlier (-v shows all)").stdout;
    let whole = project.run("portal audit -v").env("COLUMNS", "200").exits(0).never_says("earlier").stdout;
    assert_eq!((short.lines().count(), whole.lines().count()), (41, 84));
}

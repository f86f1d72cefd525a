//! The reports for people and machines, as they come out.

use rosterctl::diagnostic::Location;
use rosterctl::live::Resource;
use rosterctl::plan::document::{
    AccessChange, Action, Blocked, Change, GainOrLoss, Impact, NotificationChange, PlanDocument, PlanSummary, Step,
    TargetRef, Unmanaged, Waiting,
};
use rosterctl::report::text::{self, Style};
use rosterctl::report::{Cause, Difference, Drift, Outcome, StepOutcome, StepResult};
use serde_json::{Value as Json, json};

const PLAIN: Style = Style { color: false, width: 80, fitted: true, verbose: 0, quiet: false };

fn location(line: u32) -> Option<Location> {
    let path = "rosters/acme.yaml".to_owned();
    Some(Location { path, line, column: 3, end_line: line, end_column: 9, pointer: String::new() })
}

fn change(field: &str, from: Json, to: Json) -> Change {
    Change { field: field.to_owned(), from, to }
}

fn step(id: u32, action: Action, resource: Resource, key: &str, changes: Vec<Change>) -> Step {
    Step {
        id,
        organisation: "acme".to_owned(),
        action,
        resource,
        key: key.to_owned(),
        handle: None,
        changes,
        after: Vec::new(),
        location: if action == Action::Delete { None } else { location(id * 4) },
        fingerprint: None,
        needs: Vec::new(),
        opens: Vec::new(),
        notes: Vec::new(),
    }
}

fn empty_plan() -> PlanDocument {
    PlanDocument {
        base: None,
        version: 1,
        digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned(),
        organisations: vec!["acme".to_owned()],
        target: TargetRef { name: "sandbox".to_owned(), kind: "embedded".to_owned(), identity: "/srv/a.db".to_owned() },
        actor: None,
        platforms: Default::default(),
        needs: Vec::new(),
        complete: true,
        summary: PlanSummary { unchanged: 43, ..PlanSummary::default() },
        steps: Vec::new(),
        impact: Impact::default(),
        unmanaged: Vec::new(),
        waiting: Vec::new(),
        blocked: Vec::new(),
        diagnostics: Vec::new(),
    }
}

fn full_plan() -> PlanDocument {
    let mut plan = empty_plan();
    let henry = vec![
        change("name", Json::Null, json!("Henry Ford")),
        change("email", Json::Null, json!("henry@acme.example")),
        change("phone", Json::Null, json!("+32 470 00 00 01")),
        change("roles", Json::Null, json!(["commercial"])),
        change("groups", Json::Null, json!([])),
        change("attributes.serviceNow", Json::Null, json!(true)),
    ];
    let mut first = step(1, Action::Create, Resource::User, "henry", henry);
    first.opens.push("arxus/commercial-count".to_owned());
    first.notes.push("an invitation is sent".to_owned());
    let ada = vec![
        change("roles", json!(["technical"]), json!(["technical", "commercial"])),
        change("email", json!("ada@acme.example"), json!("ada.l@acme.example")),
    ];
    let mut last = step(
        3,
        Action::Delete,
        Resource::Contact,
        "bob",
        vec![change("name", json!("Bob"), Json::Null), change("roles", json!(["commercial"]), Json::Null)],
    );
    last.after.push(1);
    let refused = step(4, Action::Update, Resource::User, "eve", Vec::new());
    plan.steps = vec![first, step(2, Action::Update, Resource::User, "ada", ada), last];
    plan.summary = PlanSummary { create: 1, update: 1, remove: 1, unchanged: 40, blocked: 1, ..PlanSummary::default() };
    let access = |person: &str, permission: &str, change| AccessChange {
        organisation: "acme".to_owned(),
        person: person.to_owned(),
        permission: permission.to_owned(),
        change,
    };
    let event = |event: &str, before: &[&str], after: &[&str]| NotificationChange {
        organisation: "acme".to_owned(),
        event: event.to_owned(),
        before: before.iter().map(ToString::to_string).collect(),
        after: after.iter().map(ToString::to_string).collect(),
    };
    plan.impact.access = vec![
        access("ada", "users-and-permissions:full", GainOrLoss::Gained),
        access("ada", "csp:read", GainOrLoss::Lost),
        access("henry", "approve-csp-contract", GainOrLoss::Gained),
    ];
    plan.impact.notifications = vec![
        event("data-breach", &["carol"], &["dana"]),
        event("invoice", &["bob", "carol"], &[]),
        event("outage", &[], &["ada"]),
        event("offer", &["ada"], &["ada", "henry"]),
    ];
    plan.unmanaged.push(Unmanaged {
        organisation: "acme".to_owned(),
        resource: Resource::User,
        handle: "u-17".to_owned(),
        name: "Carol Smith".to_owned(),
        email: Some("carol@acme.example".to_owned()),
    });
    plan.waiting.push(Waiting {
        organisation: "acme".to_owned(),
        person: "grace".to_owned(),
        reason: "the invitation is not accepted yet".to_owned(),
    });
    plan.blocked.push(Blocked {
        step: refused,
        rule: "grx/grant-admin".to_owned(),
        message: "only an administrator may grant this role; ask dana".to_owned(),
    });
    plan
}

#[test]
fn a_plan_reads_well() {
    let expected = "\
plan for sandbox: acme  (embedded /srv/a.db)

  + create user henry (Henry Ford)  rosters/acme.yaml:4
      henry@acme.example, phone: +32 470 00 00 01, roles: [commercial],
        serviceNow: true
      ! opens arxus/commercial-count: after this step it does not hold
      an invitation is sent
  ~ update user ada                 rosters/acme.yaml:8
      roles: [technical] -> [technical, commercial]  +commercial
      email: ada@acme.example -> ada.l@acme.example
  - delete contact bob (Bob)
      roles: [commercial]

what this means
  ada gains users-and-permissions:full and loses csp:read
  henry gains approve-csp-contract
  data-breach will reach dana instead of carol
  invoice now reaches nobody (before: bob and carol)
  outage will reach ada; it reached nobody before
  offer will reach henry besides ada

in no roster (left as they are; --prune would remove them)
  user Carol Smith <carol@acme.example>  u-17

waiting for people
  grace: the invitation is not accepted yet

held back
  ~ update user eve  rosters/acme.yaml:16
      only an administrator may grant this role; ask dana [grx/grant-admin]

plan: 1 to create, 1 to update, 1 to remove, 40 unchanged, 1 waiting, 1 held
  back  sha256:0123456789ab
";
    let drawn = text::plan(&full_plan(), &PLAIN);
    assert_eq!(drawn, expected, "\n{drawn}");
}

#[test]
fn nothing_to_do_is_said_in_one_line() {
    let mut plan = empty_plan();
    assert_eq!(text::plan(&plan, &PLAIN), "no changes: acme is as its roster says (43 unchanged)\n");
    assert_eq!(text::plan(&plan, &Style { quiet: true, ..PLAIN }), "");
    plan.organisations = ["a", "b", "c"].map(str::to_owned).to_vec();
    assert_eq!(text::plan(&plan, &PLAIN), "no changes: all 3 organisations are as their rosters say\n");
    plan.complete = false;
    let drawn = text::plan(&plan, &PLAIN);
    assert!(drawn.contains("\n! the live state could not be read completely, so nothing is removed\n"), "{drawn}");
    assert!(drawn.contains(", as far as the live\n  state could be read\n"), "{drawn}");
}

#[test]
fn long_plans_fold_what_adds_and_never_what_removes() {
    let mut plan = empty_plan();
    plan.steps = (1..=1000).map(|id| step(id, Action::Create, Resource::User, &format!("u{id}"), Vec::new())).collect();
    plan.steps.extend((1001..=1100).map(|id| step(id, Action::Delete, Resource::User, &format!("u{id}"), Vec::new())));
    plan.steps[900].opens.push("some/rule".to_owned());
    let drawn = text::plan(&plan, &PLAIN);
    assert_eq!(drawn.matches("+ create user").count(), 41);
    assert_eq!(drawn.matches("- delete user").count(), 100);
    assert!(drawn.contains("! opens some/rule"), "{drawn}");
    assert!(drawn.contains("  … and 959 more to create (-v shows all)\n"), "{drawn}");
    let all = text::plan(&plan, &Style { verbose: 1, ..PLAIN });
    assert_eq!(all.matches("+ create user").count(), 1000);
}

#[test]
fn several_organisations_get_a_heading_each() {
    let mut plan = full_plan();
    plan.organisations.push("globex".to_owned());
    plan.steps[1].organisation = "globex".to_owned();
    let drawn = text::plan(&plan, &PLAIN);
    assert!(drawn.contains("\n\nacme\n  + create user henry"), "{drawn}");
    assert!(drawn.contains("\n\nglobex\n  ~ update user ada"), "{drawn}");
}

fn difference(cause: Cause, action: Action, field: Option<&str>) -> Difference {
    Difference {
        organisation: "acme".to_owned(),
        resource: Resource::User,
        key: "ada".to_owned(),
        action,
        field: field.map(str::to_owned),
        wanted: json!(["technical"]),
        live: json!(["technical", "commercial"]),
        cause,
        location: location(4),
        since: None,
    }
}

fn full_drift() -> Drift {
    let target = empty_plan().target;
    let differences = vec![
        difference(Cause::NotApplied, Action::Create, None),
        difference(Cause::Outside, Action::Update, Some("roles")),
        difference(Cause::Both, Action::Update, Some("roles")),
        difference(Cause::Unknown, Action::Delete, None),
    ];
    Drift { version: 1, target, complete: true, differences, base: None, diagnostics: Vec::new() }
}

#[test]
fn drift_says_who_and_how_to_settle_it() {
    let mut drift = full_drift();
    let expected = "\
changed outside rosterctl
  ~ user ada, roles  rosters/acme.yaml:4
      roster: [technical]
      portal: [technical, commercial]
      accept: rosterctl accept acme/ada/roles
  apply puts the roster back; `rosterctl accept` writes what the portal has into
    the roster

not applied yet
  + user ada  rosters/acme.yaml:4
      in the roster, not on the portal
  apply brings the portal up to date; to keep what the portal has, take the
    change out of the roster

changed on both sides
  ~ user ada, roles  rosters/acme.yaml:4
      roster: [technical]
      portal: [technical, commercial]
      accept: rosterctl accept acme/ada/roles
  decide which is right: apply puts the roster's value in place; `rosterctl
    accept` writes the portal's into the roster

cannot tell
  - user ada  rosters/acme.yaml:4
      on the portal, no longer in the roster
      accept: rosterctl accept acme/ada
  the portal keeps no record of who changed it; apply puts the roster back,
    `rosterctl accept` writes what the portal has into it

drift on sandbox: 4 differences: 1 changed outside rosterctl, 1 not applied yet,
  1 changed on both sides, 1 of unknown origin
";
    let drawn = text::drift(&drift, &PLAIN);
    assert_eq!(drawn, expected, "\n{drawn}");
    drift.differences.clear();
    assert_eq!(text::drift(&drift, &PLAIN), "no drift\n");
}

fn outcome_of(results: &[(u32, StepResult, Option<&str>)]) -> Outcome {
    let of = |(id, result, reason): &(u32, StepResult, Option<&str>)| StepOutcome {
        id: *id,
        result: *result,
        reason: reason.map(str::to_owned),
    };
    Outcome { version: 1, plan: full_plan(), steps: results.iter().map(of).collect(), interrupted: false }
}

#[test]
fn outcomes_list_what_was_not_done() {
    use StepResult::{Done, Failed, NotAttempted};
    assert_eq!(text::outcome(&outcome_of(&[]), &PLAIN), "no changes\n");
    assert_eq!(text::outcome(&outcome_of(&[(1, Done, None)]), &PLAIN), "applied: 1 step done\n");
    let all = [(1, Done, None), (2, Failed, Some("the portal refused: no seat left")), (3, NotAttempted, None)];
    let expected = "  x failed: update user ada: the portal refused: no seat left
  - not attempted: delete contact bob

applied: 1 done, 1 failed, 1 not attempted
";
    assert_eq!(text::outcome(&outcome_of(&all), &PLAIN), expected);
}

/// Whether a text holds anything that could steer a terminal.
fn steers(text: &str) -> Option<char> {
    text.chars()
        .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'))
}

#[test]
fn hostile_text_never_gets_out_raw_at_any_width() {
    const BAD: &str = "x\u{1b}[31m\u{202e}\nfake: line\r\t\u{9b}2J";
    let mut plan = full_plan();
    plan.organisations.push(BAD.to_owned());
    plan.target.name = BAD.to_owned();
    plan.target.identity = BAD.to_owned();
    plan.actor = Some(BAD.to_owned());
    plan.digest = BAD.to_owned();
    for step in plan.steps.iter_mut().chain(plan.blocked.iter_mut().map(|blocked| &mut blocked.step)) {
        step.organisation = BAD.to_owned();
        step.key = BAD.to_owned();
        step.location.iter_mut().for_each(|location| location.path = BAD.to_owned());
        step.changes.push(change(BAD, json!({ BAD: [BAD, "日本😀"] }), json!([BAD, BAD])));
        step.changes.push(change("name", json!(BAD), json!(BAD)));
        step.opens.push(BAD.to_owned());
        step.notes.push(BAD.to_owned());
    }
    plan.blocked[0].message = BAD.to_owned();
    plan.blocked[0].rule = BAD.to_owned();
    plan.unmanaged[0].name = BAD.to_owned();
    plan.unmanaged[0].handle = BAD.to_owned();
    plan.unmanaged[0].email = Some(BAD.to_owned());
    plan.waiting[0].person = BAD.to_owned();
    plan.waiting[0].reason = BAD.to_owned();
    plan.impact.access[0].person = BAD.to_owned();
    plan.impact.access[0].permission = BAD.to_owned();
    plan.impact.notifications[0].event = BAD.to_owned();
    plan.impact.notifications[0].after.push(BAD.to_owned());
    let mut drift = full_drift();
    drift.target.name = BAD.to_owned();
    for difference in &mut drift.differences {
        difference.organisation = BAD.to_owned();
        difference.key = BAD.to_owned();
        difference.field = difference.field.as_ref().map(|_| BAD.to_owned());
        difference.wanted = json!(BAD);
    }
    let mut outcome = outcome_of(&[(2, StepResult::Failed, Some(BAD)), (3, StepResult::NotAttempted, Some(BAD))]);
    outcome.plan = plan.clone();
    for width in 0..=300 {
        for verbose in [0, 1] {
            let style = Style { width, verbose, ..PLAIN };
            let drawn = [
                text::plan(&plan, &style),
                text::plan(&plan, &Style { quiet: true, ..style }),
                text::drift(&drift, &style),
                text::outcome(&outcome, &style),
            ];
            for text in drawn {
                assert_eq!(steers(&text), None, "{text}");
                assert!(!text.contains("\nfake") && !text.contains('\u{e000}'), "{text}");
            }
            text::plan(&plan, &Style { color: true, ..style });
        }
    }
}

#[test]
fn colours_change_nothing_but_the_colour() {
    let (plan, drift) = (full_plan(), full_drift());
    let outcome = outcome_of(&[(2, StepResult::Failed, Some("no"))]);
    let all = |color| {
        let style = Style { color, ..PLAIN };
        let texts = [text::plan(&plan, &style), text::drift(&drift, &style), text::outcome(&outcome, &style)];
        texts.concat()
    };
    let colored = all(true);
    assert!(colored.matches('\u{1b}').count() > 20, "{colored:?}");
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), all(false));
}

#[test]
fn wrapped_lines_keep_to_the_width() {
    let plan = full_plan();
    for width in 48..=200 {
        let drawn = text::plan(&plan, &Style { width, ..PLAIN });
        assert!(drawn.lines().all(|line| line.chars().count() <= width), "{width}\n{drawn}");
    }
}

#[test]
fn json_round_trips() {
    let plan = full_plan();
    let text = rosterctl::report::json::to_json(&plan);
    assert!(text.ends_with("}\n"));
    assert_eq!(serde_json::from_str::<PlanDocument>(&text).expect("a plan"), plan);
}

//! Ten thousand rounds of drift take no more memory than a thousand. A program of its own, so that nothing else is
//! measured with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod common;

use std::cell::RefCell;

use common::Project;
use rosterctl::clock::{Outcome, Pace, Round};

/// A platform that is read in no time.
const CLUB: &str = "version: 1
id: club
name: Club portal
sections: [users]
roles:
  member: { name: Member, heldBy: [user] }
lifecycle:
  transitions:
    - { action: create, from: absent, to: active }
    - { action: update, from: active, to: active }
    - { action: delete, from: active, to: absent }
";

const ROSTER: &str = "version: 1
organisation: acme
platform: ../club.yaml
users:
  ann: { name: Ann, email: ann@acme.example, roles: [member] }
  bob: { name: Bob, email: bob@acme.example, roles: [member] }
";

/// Rounds without waiting, as many as there are left.
struct Rounds(u64);

impl Pace for Rounds {
    async fn next(&mut self) -> Option<u64> {
        self.0 = self.0.checked_sub(1)?;
        Some(0)
    }
}

/// The most memory that this process ever had, in kilobytes (proc(5)).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "peak memory is read from /proc")]
fn ten_thousand_rounds_take_no_more_memory_than_a_thousand() {
    let project = Project::with_roster(ROSTER).with("club.yaml", CLUB);
    project.run("apply --yes").exits(0);
    let workspace = "version: 1\ntargets: { sandbox: { kind: embedded, path: .rosterctl/sandbox.db } }\n";
    let project = project.with_workspace(workspace);
    project.sql("UPDATE person SET name = 'Anna' WHERE external_id = 'acme/ann'");
    let file = project.path("rosterctl.yaml");
    let args = ["rosterctl".into(), "drift".into(), "--workspace".into(), file.into_os_string()];
    let peaks = RefCell::new(Vec::new());
    let roster = project.path("rosters/acme.yaml");
    rosterctl::cli::paced(args, Rounds(10_000), |round: &Round| {
        // Every hundredth round cannot be told: failures must not pile up either.
        let broken = round.number.is_multiple_of(100);
        assert_eq!(round.outcome == Outcome::Failed, broken, "{:?}", round.trouble);
        match round.number % 100 {
            99 => std::fs::write(&roster, "broken: [").unwrap(),
            0 => std::fs::write(&roster, ROSTER).unwrap(),
            _ => {}
        }
        if matches!(round.number, 1_000 | 10_000) {
            peaks.borrow_mut().push(peak());
        }
    })
    .unwrap();
    let peaks = peaks.into_inner();
    let [early, late] = peaks[..] else { panic!("{peaks:?}") };
    assert!(late - early < 2048, "9,000 more rounds took {} kB more", late - early);
}

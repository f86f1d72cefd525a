//! The process: what it logs of each round, what it serves, how it fails and recovers, how it ends.

use std::net::TcpListener;

use super::common::portal::DATABASE;
use super::common::{ACME, Project};
use super::watched::Watched;

const OUTSIDE: &str = "UPDATE person SET phone = '+32 999' WHERE external_id = 'acme/ada'";

#[test]
fn rounds_tell_drift_failure_and_recovery_apart() {
    let project = Project::applied(ACME);
    let mut watched = Watched::start(&project, "", &[]);
    let clean = watched.round("clean");
    assert_eq!((&clean["target"], &clean["new"]["count"]), (&"sandbox".into(), &0.into()), "{clean}");
    assert_eq!(watched.get("/healthz").0, 200);
    assert_eq!(watched.get("/readyz"), (200, "ok\n".to_owned()));
    assert_eq!(
        watched.sample("rosterctl_drift_differences", &[("cause", "outside"), ("target", "sandbox")]),
        Some(0.0)
    );

    project.sql(OUTSIDE);
    let drift = watched.round("drift");
    assert_eq!(drift["new"]["items"], serde_json::json!(["acme/ada/phone"]), "{drift}");
    assert_eq!((&drift["counts"]["outside"], &drift["counts"]["not-applied"]), (&1.into(), &0.into()));
    assert!(!drift.to_string().contains("999"), "the log has no values: {drift}");
    let same = watched.next("round");
    assert_eq!((&same["outcome"], &same["new"]["count"]), (&"drift".into(), &0.into()), "new once only: {same}");
    assert_eq!(watched.sample("rosterctl_drift_differences", &[("cause", "outside")]), Some(1.0));

    // A broken roster is a round that failed; what is known stays, and once mended nothing is new.
    let sound = project.read("rosters/acme.yaml");
    project.write("rosters/acme.yaml", "version: 1\norganisation: [");
    let failed = watched.round("failed");
    assert!(failed["error"].as_str().is_some_and(|why| why.contains("rosters/acme.yaml")), "{failed}");
    assert_eq!((&failed["settled"]["count"], &failed["counts"]), (&0.into(), &serde_json::json!({})));
    assert_eq!(watched.get("/readyz").0, 503);
    assert_eq!(watched.get("/healthz").0, 200, "it lives nevertheless");
    assert_eq!(watched.sample("rosterctl_target_failing", &[]), Some(1.0));
    assert_eq!(watched.sample("rosterctl_drift_differences", &[("cause", "outside")]), Some(1.0), "not zero");
    project.write("rosters/acme.yaml", sound);
    let mended = watched.round("drift");
    assert_eq!(mended["new"]["count"], 0, "{mended}");

    // A portal that cannot be read, and can again.
    let database = project.path(DATABASE);
    let aside = project.path("aside.db");
    project.run("apply --yes").exits(0);
    let settled = watched.round("clean");
    assert_eq!(settled["settled"]["items"], serde_json::json!(["acme/ada/phone"]), "{settled}");
    std::fs::rename(&database, &aside).unwrap();
    std::fs::write(&database, "no database at all, but long enough to be taken for one ".repeat(40)).unwrap();
    assert!(watched.round("failed")["error"].is_string());
    std::fs::rename(&aside, &database).unwrap();
    watched.round("clean");
    let failures = watched.sample("rosterctl_rounds_total", &[("outcome", "failed")]).unwrap();
    assert!(failures >= 2.0, "{failures}");
    assert!(watched.sample("rosterctl_last_success_timestamp_seconds", &[]).unwrap() > 1.7e9);

    let (code, rest) = watched.stops("-TERM");
    assert_eq!(code, Some(0));
    assert!(rest.last().is_some_and(|line| line.contains("\"event\":\"stopped\"")), "{rest:?}");
}

#[test]
fn a_portal_that_hangs_does_not_keep_the_process_from_stopping() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    let target = format!("version: 1\ntargets:\n  far: {{ kind: scim, url: \"{url}\" }}\n");
    let project = Project::with_roster(ACME).with_workspace(&target);
    let watched = Watched::start(&project, "", &[]);
    // The round is under way as soon as it has connected; nobody ever answers.
    let (_open, _) = listener.accept().unwrap();
    assert_eq!(watched.get("/readyz"), (503, "no round has succeeded yet\n".to_owned()));
    assert_eq!(watched.sample("rosterctl_drift_differences", &[]), None, "what nobody knows is not zero");
    let (code, rest) = watched.stops("-INT");
    assert_eq!(code, Some(0), "{rest:?}");
}

#[test]
fn a_portal_that_is_not_there_is_a_failed_round() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let target = format!("version: 1\ntargets:\n  far: {{ kind: scim, url: \"http://127.0.0.1:{port}/v2\" }}\n");
    let project = Project::with_roster(ACME).with_workspace(&target);
    let mut watched = Watched::start(&project, "", &[]);
    let failed = watched.next("round");
    assert_eq!((&failed["outcome"], &failed["target"]), (&"failed".into(), &"far".into()));
    assert!(failed["error"].as_str().is_some_and(|why| why.contains("no connection")), "{failed}");
}

#[test]
fn wrong_usage_ends_at_once() {
    let project = Project::applied(ACME);
    project.run("drift --every 15").exits(64).complains("such as 30s, 15m");
    project.run("drift --every 10ms").exits(64).complains("1s or more");
    project.run("drift --listen 127.0.0.1:0").exits(64).complains("--every");
    project.run("drift --every 1s --listen 0.0.0.0:0").exits(64).complains("no sign-in");
    project.run("drift --every 1s --listen nowhere").exits(64).complains("no address");
    project.run("drift --every 1s --target elsewhere").exits(64).complains("elsewhere");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let run = format!("drift --every 1s --listen {}", taken.local_addr().unwrap());
    project.run(&run).exits(1).complains("cannot listen");
}

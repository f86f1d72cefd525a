//! The walk-through of the README: the demo portal of `examples/rest`, connected by one file.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::common::{Project, repository};

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_demo_portal_is_connected_by_one_file() {
    let portal = Command::new("python3")
        .arg(repository("examples/rest/portal.py"))
        .arg("0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the demo portal needs python3 (apt-get install python3)");
    let mut portal = Demo(portal);
    let mut url = String::new();
    BufReader::new(portal.0.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let project = Project::copy_of("examples/rest");
    project.edit("rosterctl.yaml", "http://127.0.0.1:8099", url.trim());
    let run = |arguments: &str| project.run(arguments).env("CLUB_TOKEN", "demo");
    run("validate --deny warning --as-of 2026-06-01").exits(0);
    run("target probe").exits(0).says("the portal says that there are 0").says("next: `rosterctl plan");
    run("apply --yes").exits(0).says("done");
    run("apply --yes -v").exits(0).says("no changes").complains("0 to change something");
    run("drift").exits(0);
    run("target probe").exits(0).says("externalId acme/");
    // A slip is shown where it is, and nothing is sent.
    project.edit("club.yaml", "email: item.mail", "email: itm.mail");
    let ran = run("target probe").exits(1);
    assert!(ran.stdout.contains("there is no `itm` here") && ran.stdout.contains("club.yaml:20:12"), "{ran}");
}

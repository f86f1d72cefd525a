//! The walk-through of the README: the demo portal of `examples/rest`, connected by one file.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::common::{Project, repository};

struct Demo {
    portal: Child,
    url: String,
}

impl Demo {
    fn start() -> Demo {
        let mut portal = Command::new("python3")
            .arg(repository("examples/rest/portal.py"))
            .arg("0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the demo portal needs python3 (apt-get install python3)");
        let mut url = String::new();
        BufReader::new(portal.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Demo { portal, url: url.trim().to_owned() }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.portal.kill();
        let _ = self.portal.wait();
    }
}

#[test]
fn the_demo_portal_is_connected_by_one_file() {
    let demo = Demo::start();
    let url = &demo.url;
    let project = Project::copy_of("examples/rest");
    project.edit("rosterctl.yaml", "http://127.0.0.1:8099", url);
    let run = |arguments: &str| project.run(arguments).env("CLUB_TOKEN", "demo");
    run("validate --deny warning --as-of 2026-06-01").exits(0);
    run("target probe").exits(0).says("first: name Zoe Verlinden").says("name Barbecue").says("next: `rosterctl plan");
    run("plan").exits(0).says("8 to create").says("in no roster (left as they are");
    run("apply --yes").exits(0).says("applied: 8 steps done");
    run("apply --yes -v").exits(0).says("no changes").complains("0 to change something");
    run("drift").exits(2).says("user Users/1 (zoe@club.example)").says("2 differences: 2 in no roster");
    run("target probe").exits(0).says("externalId acme/");
    // A portal that has forgotten everybody is not believed.
    let again = Demo::start();
    project.edit("rosterctl.yaml", url.as_str(), again.url.as_str());
    run("plan").exits(1).says("shows none of the 6 people who were applied to it").says("target probe --target club");
    project.edit("rosterctl.yaml", again.url.as_str(), url.as_str());
    // A slip is shown where it is, and nothing is sent.
    project.edit("club.yaml", "email: item.mail", "email: itm.mail");
    let ran = run("target probe").exits(1);
    assert!(ran.stdout.contains("there is no `itm` here") && ran.stdout.contains("club.yaml:20:12"), "{ran}");
}

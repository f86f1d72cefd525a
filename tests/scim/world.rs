//! A portal with oddities, a project whose rosters are applied to it, and the real program between them.

use rosterctl::live::scim::Capabilities;

pub use crate::common::stages::{crowd, second, third, without_phone};
use crate::common::{ACME, Project, Ran, Run};
use crate::server::quirks::{Errors, Quirks};
use crate::server::{Heard, Kind, Server, TOKEN};

/// A portal and a project.
pub struct World {
    pub server: Server,
    pub project: Project,
}

impl World {
    /// A portal that nobody has probed yet, and the usual roster.
    pub fn new(quirks: Quirks) -> World {
        let server = Server::start(quirks);
        let project = Project::with_roster(ACME);
        let world = World { server, project };
        world.workspace("");
        world
    }

    /// The same, probed.
    pub fn probed(quirks: Quirks) -> World {
        let world = World::new(quirks);
        world.probe();
        world
    }

    /// The same with the usual roster applied.
    pub fn applied(quirks: Quirks) -> World {
        let world = World::probed(quirks);
        world.converges();
        world
    }

    /// Writes the workspace file, with more keys of the target.
    pub fn workspace(&self, more: &str) {
        let url = &self.server.url;
        let auth = "{ bearer: { env: TOKEN } }";
        let text = format!(
            "version: 1\nrosters: [rosters]\ntargets:\n  t: {{ kind: scim, url: \"{url}\", auth: {auth}{more} }}\n"
        );
        self.project.write("rosterctl.yaml", text);
    }

    /// Writes the roster.
    pub fn roster(&self, text: &str) {
        self.project.write("rosters/acme.yaml", text);
    }

    /// The program.
    pub fn run(&self, arguments: &str) -> Run {
        self.project.run(arguments).env("TOKEN", TOKEN)
    }

    /// Learns what the portal does; what was there stays as it was, and nothing else is left.
    #[track_caller]
    pub fn probe(&self) -> Ran {
        let before = self.server.state();
        let ran = self.run("target probe --write").exits(0);
        assert_eq!(self.server.state(), before, "the probe leaves everything as it was\n{ran}");
        ran
    }

    /// What was learned.
    #[track_caller]
    pub fn learned(&self) -> Capabilities {
        let file = self.project.path("capabilities/t.yaml");
        Capabilities::load(&file).expect("a sound file").expect("it was probed")
    }

    /// Writes another belief about the portal down.
    pub fn believe(&self, change: impl FnOnce(&mut Capabilities)) {
        let mut learned = self.learned();
        change(&mut learned);
        self.project.write("capabilities/t.yaml", learned.text().expect("a text"));
    }

    /// The roster is applied, and then everything is so: no step, no drift, no write, nothing changed.
    #[track_caller]
    pub fn converges(&self) {
        self.run("apply --yes --allow-removals 9 --allow-grants 99").exits(0);
        self.settled();
    }

    /// Nothing is left to do, and nothing is done.
    #[track_caller]
    pub fn settled(&self) {
        let before = self.server.state();
        let mark = self.server.mark();
        self.run("plan --detailed-exitcode").exits(0);
        self.run("apply --yes").exits(0).says("no changes");
        self.run("drift").exits(0);
        let writes = writes(&self.server.since(mark));
        assert!(writes.is_empty(), "written although nothing was to do: {writes:#?}");
        assert_eq!(self.server.state(), before);
    }

    /// The roster comes, changes and shrinks, and the portal follows.
    #[track_caller]
    pub fn lives(&self) {
        self.lives_with(|roster| roster.to_owned());
    }

    /// The same with rosters that are made to fit.
    #[track_caller]
    pub fn lives_with(&self, fit: impl Fn(&str) -> String) {
        for roster in [ACME.to_owned(), second(), third()] {
            self.roster(&fit(&roster));
            self.converges();
        }
        self.has_only_the_third();
    }

    /// Nothing is to do, whoever else is there.
    #[track_caller]
    pub fn settled_among_strangers(&self) {
        let before = self.server.state();
        let mark = self.server.mark();
        self.run("plan --detailed-exitcode").exits(0);
        self.run("apply --yes").exits(0).says("no changes");
        let writes = writes(&self.server.since(mark));
        assert!(writes.is_empty(), "written although nothing was to do: {writes:#?}");
        assert_eq!(self.server.state(), before);
    }

    /// What the third roster says is there, and what it does not say is not.
    #[track_caller]
    pub fn has_only_the_third(&self) {
        let people: Vec<_> = [Kind::User, Kind::Contact].into_iter().flat_map(|kind| self.server.all(kind)).collect();
        let mails = ["ada", "grace", "dana", "soc"].map(|name| format!("{name}@acme.example"));
        assert_eq!(people.len(), mails.len(), "{people:#?}");
        for mail in mails {
            assert_eq!(people.iter().filter(|one| one["emails"][0]["value"] == mail.as_str()).count(), 1, "{mail}");
        }
        assert!(people.iter().any(|one| one["name"]["formatted"] == "Ada Peeters-Janssens"), "{people:#?}");
        assert!(!serde_json::Value::from(people).to_string().contains("Ben Other"));
        // Ben left the group, Ada did not.
        assert_eq!(self.members("IT operations"), ["ada@acme.example"]);
    }

    /// The user names of the members of the group with this name.
    #[track_caller]
    pub fn members(&self, name: &str) -> Vec<String> {
        let groups = self.server.all(Kind::Group);
        // Access that is kept as groups has the group's name and more.
        let named = |group: &&serde_json::Value| {
            let shown = group["displayName"].as_str().unwrap_or_default();
            shown == name || shown == format!("{name} (acme/it-operations)")
        };
        let found: Vec<_> = groups.iter().filter(named).collect();
        assert_eq!(found.len(), 1, "one group {name}: {groups:#?}");
        let users = self.server.all(Kind::User);
        let ids = found[0]["members"].as_array().expect("members").iter();
        let name_of = |id: &serde_json::Value| {
            let user = users.iter().find(|user| user["id"] == *id);
            user.map_or_else(|| format!("nobody {id}"), mail)
        };
        let mut names: Vec<String> = ids.map(name_of).collect();
        names.sort();
        names
    }
}

/// The mail address of a user.
pub fn mail(user: &serde_json::Value) -> String {
    user["emails"][0]["value"].as_str().unwrap_or_default().to_owned()
}

/// The requests that may change something.
pub fn writes(heard: &[Heard]) -> Vec<Heard> {
    heard.iter().filter(|one| one.method != "GET").cloned().collect()
}

/// What a run says on standard output, in one line.
pub fn said(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many requests of a method there were, to addresses that begin so.
pub fn number(heard: &[Heard], method: &str, path: &str) -> usize {
    heard.iter().filter(|one| one.method == method && one.path.starts_with(path)).count()
}

/// A strict server with plain errors, for tests that change one thing.
pub fn plain() -> Quirks {
    Quirks { extension: false, contacts: false, errors: Errors::Number, ..Quirks::default() }
}

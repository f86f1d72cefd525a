//! A portal, a project whose rosters are applied to it by a manifest, and the real program between them.

use crate::common::{ACME, Project, Ran, Run};
use crate::odd::{Odd, Pages, manifest};
use crate::server::{Asked, Portal, Server, TOKEN};

/// A portal and a project.
pub struct World<P: Portal> {
    pub server: Server<P>,
    pub project: Project,
}

impl World<Odd> {
    /// An odd portal that pages so, its manifest, and the usual roster.
    pub fn odd(pages: Pages) -> World<Odd> {
        World::new(Odd::new(pages), "portal.yaml", &manifest(pages))
    }

    /// The same with the usual roster applied.
    pub fn applied(pages: Pages) -> World<Odd> {
        let world = World::odd(pages);
        world.converges();
        world
    }
}

impl<P: Portal> World<P> {
    /// Writes another manifest.
    pub fn manifest(&self, text: &str) {
        self.project.write("portal.yaml", text);
    }

    /// A portal and a manifest: a built-in one, or a file with a text.
    pub fn new(portal: P, manifest: &str, text: &str) -> World<P> {
        let server = Server::start(portal);
        let project = Project::with_roster(ACME);
        if !text.is_empty() {
            project.write(manifest, text);
        }
        let (url, auth) = (&server.url, "{ bearer: { env: TOKEN } }");
        let target = format!("{{ kind: rest, manifest: {manifest}, url: \"{url}\", auth: {auth} }}");
        project.write("rosterctl.yaml", format!("version: 1\nrosters: [rosters]\ntargets:\n  t: {target}\n"));
        let world = World { server, project };
        world.counted("users: 0");
        world
    }

    /// The portal was probed long ago, and that was written down.
    pub fn counted(&self, what: &str) {
        let counted = format!("version: 1\nurl: {}\nat: 2020-01-01T00:00:00Z\n{what}\n", self.server.url);
        self.project.write("capabilities/t.yaml", counted);
    }

    /// Writes the roster.
    pub fn roster(&self, text: &str) {
        self.project.write("rosters/acme.yaml", text);
    }

    /// The program.
    pub fn run(&self, arguments: &str) -> Run {
        self.project.run(arguments).env("TOKEN", TOKEN)
    }

    /// The roster is applied, and then everything is so.
    #[track_caller]
    pub fn converges(&self) {
        self.run("apply --yes --allow-removals 9 --allow-grants 99").exits(0);
        self.settled();
    }

    /// The roster is applied, whoever else is there, and a second time nothing is sent to change something.
    #[track_caller]
    pub fn converges_among_strangers(&self) {
        self.run("apply --yes --allow-removals 9 --allow-grants 99").exits(0);
        self.server.heard();
        self.run("apply --yes").exits(0).says("no changes");
        assert!(writes(&self.server.heard()).is_empty());
    }

    /// Nothing is left to do, and nothing is sent to change something.
    #[track_caller]
    pub fn settled(&self) {
        self.server.heard();
        self.run("plan --detailed-exitcode").exits(0);
        self.run("apply --yes").exits(0).says("no changes");
        self.run("drift").exits(0);
        let writes = writes(&self.server.heard());
        assert!(writes.is_empty(), "written although nothing was to do: {writes:#?}");
    }
}

/// The requests that may change something.
pub fn writes(heard: &[Asked]) -> Vec<Asked> {
    heard.iter().filter(|one| one.method != "GET").cloned().collect()
}

/// How many requests of a method there were, to paths that begin so.
pub fn number(heard: &[Asked], method: &str, path: &str) -> usize {
    heard.iter().filter(|one| one.method == method && one.path.starts_with(path)).count()
}

/// What a run says on standard output, in one line.
pub fn said(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

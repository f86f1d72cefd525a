//! The program itself, killed at every request of an apply: what the server did by then stays done, and one apply goes
//! on from there.

#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use rosterctl::document::workspace::Removal;
use rosterctl::live::scim::Capabilities;

use crate::client::{capabilities, truth};
use crate::common::Project;
use crate::directory::{Directory, PLAIN, POOR, RICH, Traits, WORDS};
use crate::oracle::{Kept, unfinished};
use crate::proxy::{Proxy, Upstream};
use crate::scene::{PLATFORM_TEXT, everything, roster};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A proxy on a thread of its own, since the program has a clock of its own.
fn start(directory: Arc<Mutex<Directory>>) -> Proxy {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        real().block_on(async move {
            let proxy = Proxy::start(Upstream::Own(directory)).await;
            sender.send(proxy).expect("the test waits");
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("the proxy starts")
}

fn real() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn project(proxy: &Proxy, capabilities: &Capabilities, removal: Removal) -> Project {
    let removal = if removal == Removal::Delete { "delete" } else { "deactivate" };
    let limit = "{ count: 1000, percent: 100 }";
    let workspace = format!(
        "version: 1\ntargets: {{ faulty: {{ kind: scim, url: '{}' }} }}\nremoval: {removal}\n\
         guards: {{ maxRemovals: {limit}, maxGrants: {limit} }}\n",
        proxy.url
    );
    let here = Capabilities { url: proxy.url.to_string(), ..capabilities.clone() };
    let profile = here.text().expect("a profile");
    Project::empty()
        .with_workspace(&workspace)
        .with("fleet.yaml", PLATFORM_TEXT)
        .with("capabilities/faulty.yaml", &profile)
}

fn spawn(project: &Project) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rosterctl"));
    command.args(["apply", "--yes", "--quiet"]).current_dir(project.path("")).env_clear();
    command.env("HOME", project.path("")).env("TZ", "UTC").env("RAYON_NUM_THREADS", "2");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts")
}

/// Kills the program once the server has answered its n-th request; the answer is lost. Says whether it came that far.
fn killed(project: &Project, proxy: &Proxy, at: usize) -> bool {
    let running: Arc<Mutex<Option<Child>>> = Arc::default();
    let hit = Arc::new(Mutex::new(false));
    let mut output = {
        // Held until the program is known, so that its first request waits for that.
        let mut slot = lock(&running);
        let (victim, hit) = (running.clone(), hit.clone());
        proxy.hook(move |number| {
            if number == at
                && let Some(child) = lock(&victim).as_mut()
            {
                child.kill().expect("it is running");
                *lock(&hit) = true;
            }
            number >= at
        });
        let mut child = spawn(project);
        let output = child.stdout.take().expect("a pipe");
        *slot = Some(child);
        output
    };
    // Its end is waited for without the lock, which the hook needs.
    std::io::copy(&mut output, &mut std::io::sink()).expect("a pipe");
    lock(&running).as_mut().expect("it was started").wait().expect("it ends");
    proxy.heal();
    *lock(&hit)
}

fn survives(traits: Traits, removal: Removal) {
    let (before, after) = everything();
    let capabilities = capabilities(traits);
    let directory = Arc::new(Mutex::new(Directory::new(traits)));
    let proxy = start(directory.clone());
    let project = project(&proxy, &capabilities, removal).with("rosters/acme.yaml", &roster(&before));
    project.run("apply --yes").exits(0);
    let first = real().block_on(truth(&proxy, &capabilities, &before)).expect("the first apply");
    assert_eq!(unfinished(&lock(&directory).now, &first, &before, removal), None);
    let kept = Kept::between(&before, &after, &first);
    project.write("rosters/acme.yaml", roster(&after));
    lock(&directory).watch();
    let start = lock(&directory).clone();
    let mut at = 1;
    loop {
        *lock(&directory) = start.clone();
        let hit = killed(&project, &proxy, at);
        let done = lock(&directory).history.len() - 1;
        let place = format!("{}: killed at request {at}, after {done} changes", traits.name);
        if hit {
            let ran = project.run("apply --yes").ends();
            assert_eq!(ran.code, Some(0), "{place}\n{ran}");
        }
        let now = real().block_on(truth(&proxy, &capabilities, &after)).unwrap_or_else(|why| panic!("{place}: {why}"));
        let directory = lock(&directory);
        let wrong = unfinished(&directory.now, &now, &after, removal).or_else(|| kept.lost(&directory.history));
        assert!(wrong.is_none(), "{place}: {}", wrong.unwrap_or_default());
        if !hit {
            // The run came to its end before so many requests.
            assert!(at > 10, "only {at} requests");
            return;
        }
        at += 1;
    }
}

#[test]
fn a_client_of_a_server_that_keeps_everything_may_be_killed() {
    survives(RICH, Removal::Delete);
}

#[test]
fn a_client_of_a_server_that_keeps_roles_and_groups_may_be_killed() {
    survives(PLAIN, Removal::Deactivate);
}

#[test]
fn a_client_of_a_server_that_keeps_words_may_be_killed() {
    survives(WORDS, Removal::Deactivate);
}

#[test]
fn a_client_of_a_server_that_keeps_next_to_nothing_may_be_killed() {
    survives(POOR, Removal::Delete);
}

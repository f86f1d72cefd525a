//! Whatever the faults: once they stop, one apply makes the portal what it should be, and nothing was lost on the way.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};
use rosterctl::apply::Ended;
use rosterctl::document::workspace::Removal;
use rosterctl::live::Live;
use rosterctl::live::scim::Capabilities;
use rosterctl::model::Organisation;
use serde_json::json;

use crate::client::{Ran, apply, capabilities, paused, truth};
use crate::directory::{ALL, Directory, Question, Traits};
use crate::oracle::{Kept, lies, removes, unfinished, untrue};
use crate::proxy::{FAULTS, Fault, PAGE_FAULTS, Proxy, Upstream};
use crate::scene::{Rosters, everything, rosters};

/// So many random cases for each server.
const CASES: u32 = 40;

/// Applies under faults, one after the other.
const TRIES: usize = 2;

/// Somebody of whom rosterctl knows nothing. Eva may be taken over by her address.
const STRANGERS: [(&str, &str, &str); 2] =
    [("zoe", "Zoe Stranger", "zoe@acme.example"), ("eva", "EVA Name1", "eva0@acme.example")];

/// What happens to the requests of a run, one by one.
#[derive(Clone)]
pub struct Script(pub Vec<Option<Fault>>);

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self.0.iter().enumerate().filter_map(|(at, fault)| Some((at, (*fault)?)));
        f.debug_map().entries(faults).finish()
    }
}

/// Faults come alone and in storms, with quiet between; and what is wrong with pages may be so for long. Often the
/// reading passes, and the faults meet what comes after it.
pub fn script() -> impl Strategy<Value = Script> {
    type Part = (Option<Fault>, usize);
    fn parts(faults: &[Fault], times: impl Strategy<Value = usize>) -> impl Strategy<Value = Part> {
        (prop::sample::select(faults.to_vec()).prop_map(Some), times)
    }
    let quiet = |times| (Just(None), times);
    let start = prop_oneof![quiet(0..1usize), quiet(4..40)];
    let plague = prop_oneof![2 => quiet(0..1usize), 1 => parts(&PAGE_FAULTS, 8..60usize)];
    let part = prop_oneof![3 => quiet(0..12usize), 4 => parts(&FAULTS, 1..2usize), 2 => parts(&FAULTS, 2..7usize)];
    (start, plague, prop::collection::vec(part, 0..14)).prop_map(|(start, plague, parts)| {
        let all = [start, plague].into_iter().chain(parts);
        Script(all.flat_map(|(fault, times)| vec![fault; times]).collect())
    })
}

fn lock(directory: &Mutex<Directory>) -> MutexGuard<'_, Directory> {
    directory.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts somebody there as an administrator of the portal would.
fn stranger(directory: &Mutex<Directory>, name: &str, address: &str) {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": address, "displayName": name, "name": { "formatted": name }, "emails": [{ "value": address }],
    });
    let body = user.to_string();
    let question =
        Question { method: "POST", path: "/Users", query: Default::default(), if_match: None, body: body.as_bytes() };
    lock(directory).answer(&question);
}

pub struct Round<'a> {
    pub traits: Traits,
    pub before: &'a Organisation,
    pub after: &'a Organisation,
    pub removal: Removal,
    pub scripts: &'a [Script],
}

impl Round<'_> {
    /// Everything that the issue asks for, in one go.
    pub fn holds(&self) -> Result<BTreeSet<Fault>, TestCaseError> {
        let capabilities = capabilities(self.traits);
        let mut met = BTreeSet::new();
        paused().block_on(self.run(&capabilities, &mut met)).map(|()| met)
    }

    async fn run(&self, capabilities: &Capabilities, met: &mut BTreeSet<Fault>) -> Result<(), TestCaseError> {
        let Round { before, after, removal, .. } = *self;
        let directory = Arc::new(Mutex::new(Directory::new(self.traits)));
        let proxy = Proxy::start(Upstream::Own(directory.clone())).await;
        let first = apply(&proxy, capabilities, before, removal, |_, _| ()).await;
        all_done(&first)?;
        let start = truth(&proxy, capabilities, before).await.map_err(TestCaseError::fail)?;
        if let Some(why) = unfinished(&lock(&directory).now, &start, before, removal) {
            return Err(TestCaseError::fail(format!("without faults: {why}")));
        }
        for (id, name, address) in STRANGERS {
            if before.person(id).is_none() {
                stranger(&directory, name, address);
            }
        }
        let kept = Kept::between(before, after, &start);
        lock(&directory).watch();
        for script in self.scripts {
            proxy.heal();
            let now = truth(&proxy, capabilities, after).await.map_err(TestCaseError::fail)?;
            proxy.script(&script.0);
            let mut wrong = None;
            let ran = apply(&proxy, capabilities, after, removal, |read: &Live, plan| {
                if removes(plan, after) && !read.proof.holds() {
                    wrong = Some("the plan removes, on a reading that is not whole".to_owned());
                }
                wrong =
                    wrong.take().or_else(|| lies(read, &now).map(|lie| format!("read as whole, and it is not: {lie}")));
            })
            .await;
            let log = proxy.log();
            met.extend(log.iter().filter_map(|(_, fault)| *fault));
            let log: Vec<String> = log.iter().map(|(line, fault)| format!("{line} {fault:?}")).collect();
            proxy.heal();
            let now = truth(&proxy, capabilities, after).await;
            let now = now.map_err(|why| TestCaseError::fail(format!("{why}\n{}", log.join("\n"))))?;
            let plan = ran.plan.as_ref();
            let wrong = wrong.or_else(|| untrue(plan?, &ran.steps, after, &now));
            let wrong = wrong.or_else(|| kept.lost(&lock(&directory).history));
            if let Some(wrong) = wrong {
                return Err(TestCaseError::fail(format!("{wrong}\n{}", log.join("\n"))));
            }
        }
        let last = apply(&proxy, capabilities, after, removal, |_, _| ()).await;
        all_done(&last)?;
        let end = truth(&proxy, capabilities, after).await.map_err(TestCaseError::fail)?;
        let directory = lock(&directory);
        let wrong = unfinished(&directory.now, &end, after, removal).or_else(|| kept.lost(&directory.history));
        wrong.map_or(Ok(()), |wrong| Err(TestCaseError::fail(wrong)))
    }
}

/// An apply without faults does what it planned.
pub fn all_done(ran: &Ran) -> Result<(), TestCaseError> {
    prop_assert!(ran.refused.is_none(), "refused: {:?} {:#?}", ran.refused, ran.live.as_ref().map(|live| &live.unread));
    let failed: Vec<_> = ran.steps.iter().filter(|(_, ended)| *ended != Ended::Done).collect();
    let plan = ran.plan.as_ref();
    prop_assert!(failed.is_empty(), "{failed:?}\n{:#?}", plan.map(|plan| &plan.steps));
    Ok(())
}

/// Runs a property on cases that are the same each time.
pub fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let cases = std::env::var("FAULT_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() };
    let seed = std::env::var("FAULT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    match runner.run(strategy, test) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\n{case:?}"),
        Err(abort) => panic!("{abort}"),
    }
}

/// Random rosters, a random kind of leaving, random faults on one kind of server.
fn converges(traits: Traits) {
    let removal = prop::sample::select(vec![Removal::Deactivate, Removal::Delete]);
    let scripts = prop::collection::vec(script(), TRIES);
    let met = RefCell::new(BTreeSet::new());
    check(CASES, &(rosters(), removal, scripts), |(Rosters { before, after }, removal, scripts)| {
        let round = Round { traits, before: &before, after: &after, removal, scripts: &scripts };
        round.holds().map(|faults| met.borrow_mut().extend(faults))
    });
    let missed: Vec<Fault> = FAULTS.into_iter().filter(|fault| !met.borrow().contains(fault)).collect();
    assert!(missed.is_empty(), "no request met {missed:?}");
}

#[test]
fn a_server_that_keeps_everything_converges() {
    converges(ALL[0]);
}

#[test]
fn a_server_that_keeps_roles_and_groups_converges() {
    converges(ALL[1]);
}

#[test]
fn a_server_that_keeps_words_converges() {
    converges(ALL[2]);
}

#[test]
fn a_server_that_keeps_next_to_nothing_converges() {
    converges(ALL[3]);
}

/// What may become of a change while it is on its way.
const ON_THE_WAY: [Fault; 10] = {
    use Fault::*;
    [
        ResetBefore,
        ResetAfter,
        StallAfter,
        Truncated,
        ErrorBefore,
        ErrorAfter,
        PageBefore,
        PageAfter,
        TooMany,
        UnavailableSoon,
    ]
};

/// Every change of an apply in which everything happens meets faults, each in its turn.
fn every_change_may_be_lost(traits: Traits) {
    let (before, after) = everything();
    let whole = Script(Vec::new());
    let round = |script: Script| {
        let round = Round { traits, before: &before, after: &after, removal: Removal::Delete, scripts: &[script] };
        round.holds().unwrap_or_else(|why| panic!("{}: {why}", traits.name))
    };
    assert!(round(whole).is_empty());
    let mut turn = 0;
    for at in 0.. {
        let mut met = BTreeSet::new();
        for _ in 0..2 {
            turn += 1;
            let fault = ON_THE_WAY[turn % ON_THE_WAY.len()];
            met.extend(round(Script([vec![None; at], vec![Some(fault)]].concat())));
        }
        if met.is_empty() {
            // The apply ended before so many requests.
            assert!(at > 30, "only {at} requests");
            return;
        }
    }
}

#[test]
fn every_request_to_a_server_that_keeps_everything_may_be_lost() {
    every_change_may_be_lost(ALL[0]);
}

#[test]
fn every_request_to_a_server_that_keeps_next_to_nothing_may_be_lost() {
    every_change_may_be_lost(ALL[3]);
}

//! The client side as the program has it, in this process: a reading, a plan, an approval, an apply.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rosterctl::apply::{ApprovedPlan, Ended};
use rosterctl::document::workspace::Removal;
use rosterctl::http::{Auth, Http, Settings, Timeouts};
use rosterctl::live::scim::probe::probe;
use rosterctl::live::scim::{Capabilities, Config};
use rosterctl::live::{Author, Live, Read, Scim};
use rosterctl::model::Organisation;
use rosterctl::plan::document::PlanDocument;

use crate::directory::{ALL, Directory, Traits};
use crate::proxy::{Proxy, Upstream};
use crate::scene::{ORGANISATION, planned};

/// A runtime whose clock jumps over all that would be waited for.
pub fn paused() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().expect("a runtime")
}

fn http(proxy: &Proxy) -> Arc<Http> {
    let mut settings = Settings::new(proxy.url.clone(), Auth::None);
    settings.concurrency = 4;
    if let Some(patience) = proxy.patience {
        settings.timeouts = Timeouts { connect: patience, idle: patience, whole: patience };
        settings.retries = 1;
    }
    Arc::new(Http::new(settings).expect("a client"))
}

/// What a server was seen to do, without faults.
pub async fn learned(proxy: &Proxy) -> Capabilities {
    let probed = probe(http(proxy), true).await.expect("a probe");
    assert!(probed.left.is_empty(), "the probe left: {:?}", probed.left);
    probed.capabilities
}

/// The same of the servers of the tests, once for all tests. Not to be called from within a runtime.
pub fn capabilities(traits: Traits) -> Capabilities {
    static KNOWN: OnceLock<Vec<(Traits, Capabilities)>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let learn = |traits: Traits| {
            paused().block_on(async move {
                let directory = Arc::new(Mutex::new(Directory::new(traits)));
                let learned = learned(&Proxy::start(Upstream::Own(directory.clone())).await).await;
                let left = directory.lock().unwrap_or_else(PoisonError::into_inner).now.clone();
                assert!(left.users.is_empty() && left.groups.is_empty(), "the probe left something: {left:?}");
                (traits, learned)
            })
        };
        ALL.into_iter().map(learn).collect()
    });
    let found = known.iter().find(|(own, _)| *own == traits);
    found.map(|(_, learned)| learned.clone()).expect("one of the servers of the tests")
}

/// A target as a fresh run of the program has it.
pub fn target(proxy: &Proxy, capabilities: &Capabilities) -> Scim {
    let capabilities = Some(capabilities.clone());
    Scim::new(
        http(proxy),
        Config { name: "faulty".to_owned(), capabilities, organisation: None, platform: None, seen: None },
    )
}

/// What became of a run.
pub struct Ran {
    /// What was read, where that succeeded.
    pub live: Option<Live>,
    /// The plan that was made on it.
    pub plan: Option<PlanDocument>,
    /// How its steps ended; empty where it was not approved.
    pub steps: Vec<(u32, Ended)>,
    /// Why it did not get that far.
    pub refused: Option<String>,
}

/// One run of `apply`: `planned` is called between the plan and what is done with it.
pub async fn apply(
    proxy: &Proxy,
    capabilities: &Capabilities,
    organisation: &Organisation,
    removal: Removal,
    mut seen: impl FnMut(&Live, &PlanDocument),
) -> Ran {
    let target = target(proxy, capabilities);
    let mut ran = Ran { live: None, plan: None, steps: Vec::new(), refused: None };
    let live = match target.read(ORGANISATION, &organisation.platform).await {
        Ok(live) => live,
        Err(error) => return Ran { refused: Some(format!("the portal cannot be read: {error}")), ..ran },
    };
    let document = planned(organisation, &live, removal);
    seen(&live, &document);
    ran.live = Some(live);
    ran.plan = Some(document.clone());
    let platforms = BTreeMap::from([(ORGANISATION.to_owned(), organisation.platform.clone())]);
    let author = Author { name: "faults".to_owned(), actor: None, digest: document.digest.clone() };
    match ApprovedPlan::approve(document, platforms, &target).await {
        Ok(approved) => ran.steps = approved.apply(&target, &author, || false, |_, _, _| ()).await.steps,
        Err(refused) => ran.refused = Some(format!("{refused:?}")),
    }
    ran
}

/// What is really there; a sentence where it cannot be understood although nothing is in the way.
pub async fn truth(proxy: &Proxy, capabilities: &Capabilities, organisation: &Organisation) -> Result<Live, String> {
    let live = target(proxy, capabilities).read(ORGANISATION, &organisation.platform).await;
    let live = live.map_err(|error| format!("without faults the portal cannot be read: {error}"))?;
    if live.proof.holds() {
        return Ok(live);
    }
    Err(format!("a reading without faults is not whole: {:?} {:?}", live.gaps, live.unread))
}

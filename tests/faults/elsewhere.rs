//! The same against a server that the proxy reaches over the network, by a clock that nobody stops: the server of the
//! tests, or with `FAULT_UPSTREAM=url` (and `FAULT_TOKEN`, a bearer token) any other that may be written to.
//!
//! Nothing is known of its past, so what is asked is that one apply converges and that no plan removed on a reading with
//! gaps.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use rosterctl::document::workspace::Removal;
use rosterctl::live::Live;

use crate::client::{apply, learned, truth};
use crate::directory::{ALL, Directory};
use crate::laws::{Script, all_done, check};
use crate::oracle::{lies, removes};
use crate::proxy::{Fault, Proxy, Upstream};
use crate::scene::{Rosters, planned, rosters};

/// Faults that need no waiting.
const QUICK: [Fault; 12] = {
    use Fault::*;
    [
        ResetBefore,
        ResetAfter,
        Truncated,
        ErrorAfter,
        GatewayAfter,
        PageBefore,
        PageAfter,
        WrongType,
        RepeatedPage,
        ShortPage,
        TooFew,
        TooManyNow,
    ]
};

#[test]
fn a_server_elsewhere_converges() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (proxy, capabilities) = runtime.block_on(async {
        let base = match std::env::var("FAULT_UPSTREAM") {
            Ok(url) => url.parse().expect("an address"),
            Err(_) => Proxy::start(Upstream::Own(Arc::new(Mutex::new(Directory::new(ALL[1]))))).await.url,
        };
        let proxy = Proxy::start(Upstream::at(base)).await;
        let capabilities = learned(&proxy).await;
        (proxy, capabilities)
    });
    let fault = prop_oneof![5 => Just(None), 1 => prop::sample::select(QUICK.to_vec()).prop_map(Some)];
    let script = prop::collection::vec(fault, 0..60).prop_map(Script);
    check(8, &(rosters(), script), |(Rosters { before, after }, script)| {
        runtime.block_on(async {
            let fail = |why: String| TestCaseError::fail(why);
            all_done(&apply(&proxy, &capabilities, &before, Removal::Delete, |_, _| ()).await)?;
            let now = truth(&proxy, &capabilities, &after).await.map_err(fail)?;
            proxy.script(&script.0);
            let mut wrong = None;
            apply(&proxy, &capabilities, &after, Removal::Delete, |read: &Live, plan| {
                let unproven = removes(plan, &after) && !read.proof.holds();
                wrong = lies(read, &now).or(unproven.then(|| "it removes on a reading with gaps".to_owned()));
            })
            .await;
            proxy.heal();
            prop_assert!(wrong.is_none(), "{wrong:?}");
            all_done(&apply(&proxy, &capabilities, &after, Removal::Delete, |_, _| ()).await)?;
            let end = truth(&proxy, &capabilities, &after).await.map_err(fail)?;
            let again = planned(&after, &end, Removal::Delete);
            prop_assert!(again.is_empty(), "a second plan is not empty: {:#?}", again.steps);
            Ok(())
        })
    });
}

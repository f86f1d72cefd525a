//! The portals of the laws: what each of their platforms knows, and what must hold there.

use std::sync::{Arc, LazyLock};

use rosterctl::platform::Platform;

use crate::common::portal;

/// Exactly one of one role and of another, none of which may be crossed, and a role of which there are one or two.
pub const STRICT: &str = "
version: 1
id: strict
name: Strict portal
extends: arxus
rules:
  commercial-count: { level: error, title: One., cardinality: { role: commercial, min: 1, max: 1 } }
  technical-count: { level: error, title: One., cardinality: { role: technical, min: 1, max: 1, transit: gap } }
  dpo-count: { level: error, title: One or two., cardinality: { role: dpo, min: 1, max: 2 } }
";

/// Every role keeps a holder, and some have an end: roles that two people exchange need steps in halves.
pub const PAIR: &str = "
version: 1
id: pair
name: Portal of pairs
extends: arxus
rules:
  technical-kept: { level: error, title: Kept., cardinality: { role: technical, min: 1 } }
  commercial-count: { level: error, title: Kept., cardinality: { role: commercial, min: 1 } }
  dpo-kept: { level: error, title: Kept., cardinality: { role: dpo, min: 1, max: 3 } }
  desk: { level: error, title: Kept., cardinality: { role: watchlist, where: { application: service-desk }, max: 1 } }
";

/// Users can be without access.
pub const CLUB: &str = "
version: 1
id: club
name: Club portal
extends: arxus
lifecycle:
  transitions:
    - { action: create, from: absent, to: active }
    - { action: update, from: active, to: active }
    - { action: update, from: deactivated, to: deactivated }
    - { action: deactivate, from: active, to: deactivated }
    - { action: reactivate, from: deactivated, to: active }
    - { action: delete, from: active, to: absent }
    - { action: delete, from: deactivated, to: absent }
rules:
  technical-kept: { level: error, title: Kept., cardinality: { role: technical, min: 1 } }
";

pub static PLATFORMS: LazyLock<[Arc<Platform>; 4]> = LazyLock::new(|| {
    let own = |reference: &str, text: &str| Arc::new(portal::platform(reference, text));
    let arxus = Platform::built_in("arxus").expect("arxus loads");
    [Arc::new(arxus), own("./strict.yaml", STRICT), own("./pair.yaml", PAIR), own("./club.yaml", CLUB)]
});

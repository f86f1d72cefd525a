//! The portals of the laws: what each of their platforms knows, and what must hold there.

use std::sync::{Arc, LazyLock};

use rosterctl::platform::Platform;

use crate::common::portal;

/// Exactly one of one role and of another, none of which may be crossed, and a role of which there are one or two.
const STRICT: &str = "
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
const PAIR: &str = "
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
const CLUB: &str = "
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

/// Users are invited, accept, are deactivated and deleted in two steps; who acts may not take every step.
const LIFE: &str = "
version: 1
id: life
name: Portal of invitations
sections: [users]
roles:
  account-administrator: { name: Account Administrator }
  platform-user-manager: { name: Platform User Manager }
  assessment-owner: { name: Assessment Owner }
  data-request-authorizer: { name: Data Request Authorizer }
  assessment-contributor: { name: Assessment Contributor }
permissions:
  add-user: { roles: [account-administrator, platform-user-manager] }
  edit-user: { roles: [account-administrator, platform-user-manager] }
  assign-roles: { roles: [account-administrator, platform-user-manager] }
  deactivate-user: { roles: [account-administrator, platform-user-manager] }
  reactivate-user: { roles: [account-administrator] }
  delete-user: { roles: [account-administrator] }
  grant-account-administrator: { roles: [account-administrator] }
  revoke-account-administrator: { roles: [account-administrator] }
events:
  new-assessment: { to: [assessment-owner], fallback: [account-administrator] }
  authorize-report: { to: [data-request-authorizer], fallback: [account-administrator] }
lifecycle:
  transitions:
    - { action: create, from: absent, to: pending, needs: add-user, note: an invitation is sent }
    - { action: accept, from: pending, to: active }
    - { action: update, from: pending, to: pending, needs: edit-user }
    - { action: update, from: active, to: active, needs: edit-user }
    - { action: update, from: deactivated, to: deactivated, needs: edit-user }
    - { action: deactivate, from: active, to: deactivated, needs: deactivate-user }
    - { action: reactivate, from: deactivated, to: active, needs: reactivate-user }
    - { action: delete, from: pending, to: absent, needs: delete-user }
    - { action: delete, from: deactivated, to: absent, needs: delete-user }
rules:
  last-admin:
    level: error
    title: Somebody is administrator.
    cardinality: { role: account-administrator, inactive: true, min: 1 }
  active-admin:
    level: error
    title: An administrator is active.
    cardinality: { role: account-administrator, given: [account-administrator], min: 1 }
  black-hole: { level: error, title: Events are read., blackHole: {} }
  self-removal: { level: error, title: Not oneself., actor: { actions: [deactivate, delete], self: true } }
  self-revoke: { level: error, title: Not oneself., actor: { revokes: [account-administrator], self: true } }
  grant-admin:
    level: error
    title: Only administrators.
    actor: { permission: grant-account-administrator, grants: [account-administrator] }
  revoke-admin:
    level: error
    title: Only administrators.
    actor: { permission: revoke-account-administrator, revokes: [account-administrator] }
  who-deactivates: { level: error, title: Who may., actor: { permission: deactivate-user, actions: [deactivate] } }
  who-deletes: { level: error, title: Who may., actor: { permission: delete-user, actions: [delete] } }
  who-reactivates: { level: error, title: Who may., actor: { permission: reactivate-user, actions: [reactivate] } }
  who-creates: { level: error, title: Who may., actor: { permission: add-user, actions: [create] } }
  who-assigns: { level: error, title: Who may., actor: { permission: assign-roles, roles: true } }
  who-edits: { level: error, title: Who may., actor: { permission: edit-user, actions: [update] } }
  pending: { level: error, title: Only they accept., wish: { wanted: active, from: pending } }
  pending-no-deactivate: { level: error, title: Not invited ones., wish: { wanted: deactivated, from: pending } }
  was-active: { level: error, title: Only who was active., wish: { wanted: deactivated, from: absent } }
  retention: { level: warning, title: Still to be seen., wish: { wanted: absent, from: deactivated } }
";

/// Arxus and those above; [`LIFELONG`] is the place of the last.
pub static PLATFORMS: LazyLock<[Arc<Platform>; 5]> = LazyLock::new(|| {
    let own = |reference: &str, text: &str| Arc::new(portal::platform(reference, text));
    let arxus = Platform::built_in("arxus").expect("arxus loads");
    [
        Arc::new(arxus),
        own("./strict.yaml", STRICT),
        own("./pair.yaml", PAIR),
        own("./club.yaml", CLUB),
        own("./life.yaml", LIFE),
    ]
});

/// The platform on which people are invited, by its place in [`PLATFORMS`].
pub const LIFELONG: usize = 4;

//! Accounts looked up again: after a request whose answer was lost, and before a step that must not be the last.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::Scim;
use super::account::{Account, Kind};
use super::client::{Current, equals, plain_in_filter};
use super::listing::{Item, filtered, list};
use super::mapping::{Identity, Known, Roles};
use super::people::parse;
use super::reading::known_person;
use super::wanted::{Means, Wanted};
use super::writing::Writing;
use crate::live::{Applied, Entry, LiveError, Operation};
use crate::model::Person;
use crate::platform::{Platform, Section};

/// What a look-up found.
pub(super) enum Found {
    /// Nobody, for certain.
    Nobody,
    /// The account with this identity.
    Ours(Box<Current>),
    /// Somebody else, who has the user name.
    Stranger(SmolStr),
    /// Several with this identity.
    Several(usize),
}

impl Writing<'_> {
    /// Looks an account up: by a filter that was seen to work, else by reading the whole list.
    pub(super) async fn find(
        &self,
        operation: &Operation,
        kind: Kind,
        wanted: &Wanted,
        means: &Means<'_>,
    ) -> Result<Found, LiveError> {
        let identity = format!("{}/{}", operation.organisation, operation.key);
        let filters = &self.capabilities.filters;
        let by_identity = kind == Kind::User && means.carriers.identity == Identity::ExternalId;
        let mut found: Vec<Current> = Vec::new();
        let mut whole = !by_identity || !filters.external_id.works();
        if !whole {
            found.extend(self.filtered(kind, &equals("externalId", &identity)).await?);
        }
        if let Some(name) = wanted.user_name.as_ref().filter(|_| !whole) {
            match filters.user_name.works() && plain_in_filter(name) {
                true => found.extend(self.filtered(kind, &equals("userName", name)).await?),
                false => whole = true,
            }
        }
        if whole {
            found = self.all(kind).await?;
        }
        let mut ours = Vec::new();
        let mut stranger = None;
        let mut seen = BTreeSet::new();
        for current in found {
            // Every hit is looked at: a filter may be ignored, and then everybody comes back.
            let Some(text) = parse(&current.json) else { continue };
            let Ok(account) = Account::read(text, means.carriers, wanted.contact) else { continue };
            if !seen.insert(account.id.clone()) {
                continue;
            }
            let carried = account.identity.as_ref().map(|(organisation, id)| format!("{organisation}/{id}"));
            let named = wanted.user_name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&account.user_name));
            if carried.as_deref() == Some(identity.as_str()) {
                ours.push(current);
            } else if named {
                stranger = Some(account.id);
            }
        }
        Ok(match (ours.len(), stranger) {
            (1, _) => ours.pop().map_or(Found::Nobody, |one| Found::Ours(Box::new(one))),
            (0, Some(id)) => Found::Stranger(id),
            (0, None) => Found::Nobody,
            (count, _) => Found::Several(count),
        })
    }

    async fn filtered(&self, kind: Kind, filter: &str) -> Result<Vec<Current>, LiveError> {
        let client = &self.scim.client;
        let resources = filtered(client, client.endpoint(kind), filter).await?;
        let json = resources.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok());
        Ok(json.map(|json| Current { json, version: None }).collect())
    }

    pub(super) async fn all(&self, kind: Kind) -> Result<Vec<Current>, LiveError> {
        let client = &self.scim.client;
        let paging = self.capabilities.paging;
        let listing = list(client, kind, "", paging, |raw| {
            let json: Json = serde_json::from_str(raw.get()).unwrap_or_default();
            let id = json.get("id").and_then(Json::as_str).map(SmolStr::from);
            Item { id, value: Current { json, version: None } }
        });
        let listing = listing.await?;
        match listing.gap {
            None => Ok(listing.items),
            Some(gap) => Err(LiveError::new(gap, "plan again")),
        }
    }
}

impl Scim {
    /// A few people as they are at this moment: what their accounts say and, where roles are groups, those.
    pub(super) async fn look_at(
        &self,
        organisation: &str,
        platform: &Platform,
        handles: &BTreeSet<SmolStr>,
    ) -> Result<Vec<Entry<Person>>, LiveError> {
        let mut roles: Vec<(SmolStr, Vec<SmolStr>)> = Vec::new();
        if self.carriers.roles == Roles::Groups {
            let prefix = format!("{organisation}/role:");
            let groups: Vec<(SmolStr, SmolStr)> = {
                let names = self.names();
                let ours = names.groups.iter().filter(|(identity, _)| identity.starts_with(&prefix));
                ours.map(|(identity, id)| (identity[prefix.len()..].into(), id.clone())).collect()
            };
            for (role, id) in groups {
                let members = self.client.members(&id).await?.unwrap_or_default();
                roles.push((role, members));
            }
        }
        let mut people = Vec::new();
        for handle in handles {
            let Some((kind, id)) = Kind::of_handle(handle).filter(|(kind, _)| *kind != Kind::Group) else { continue };
            let Some(current) = self.client.get(kind, id).await? else { continue };
            let account =
                parse(&current.json).and_then(|text| Account::read(text, &self.carriers, kind == Kind::Contact).ok());
            let Some(account) = account else { continue };
            let mut known = Known::default();
            for (role, members) in &roles {
                if members.iter().any(|member| *member == account.id || *member == account.user_name) {
                    known.roles.push(role.clone());
                }
            }
            let Ok(person) = known_person(&account, platform, &[&account.known, &known], Vec::new()) else { continue };
            let managed = account.identity.as_ref().is_some_and(|(own, _)| own == organisation);
            people.push(Entry { object: person, handle: handle.clone(), managed, applied: Applied::Unknown });
        }
        people.retain(|entry| entry.object.section == Section::Users);
        Ok(people)
    }
}

//! Permission groups written, with the groups that tell which access they give where the target keeps that no other way.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use smol_str::SmolStr;

use super::account::{Collection, Kind};
use super::capabilities::Seen;
use super::client::{Trouble, equals, plain_in_filter};
use super::directory::Directory;
use super::listing::{Item, filtered, list};
use super::mapping::{self, Applications, GroupIdentity, Meaning};
use super::place;
use super::wire::GroupText;
use super::writing::Writing;
use crate::live::{LiveError, Object, Operation, Refusal};
use crate::model::Group;
use crate::platform::Verb;
use crate::scim::{GROUP, ROSTER_GROUP};

impl Writing<'_> {
    /// Carries out an operation on a permission group.
    pub(super) async fn group(&self, operation: &Operation) -> Result<(), Refusal> {
        let fail = |why: String| Refusal::Failed(format!("`{}`: {why}", operation.key));
        let group = |object: &Option<Object>| match object {
            Some(Object::Group(group)) => Some(group.clone()),
            _ => None,
        };
        let request = self.request_id(operation.step);
        let (before, after) = (group(&operation.before), group(&operation.after));
        match (operation.action, before, after) {
            (Verb::Create, _, Some(after)) => {
                self.untell_access(operation, None, Some(&after), &request).await.map_err(fail)?;
                let meaning = Meaning::Permission(operation.key.clone());
                let access = mapping::access(&after, self.platform);
                let name = Some(after.name.value.as_str());
                self.make_group(&operation.organisation, &meaning, name, &access, &request).await.map_err(fail)?;
                self.tell_access(operation, &after, &request).await.map_err(fail)
            }
            (Verb::Delete, Some(before), _) => self.delete_group(operation, &before, &request).await,
            (_, Some(before), Some(after)) => {
                self.update_group(operation, &before, &after, &request).await?;
                self.tell_access(operation, &after, &request).await.map_err(fail)
            }
            _ => Err(fail("the operation does not say what the group shall be".to_owned())),
        }
    }

    /// Lists the groups again where the last listing had gaps: one that is made because it was not seen would be a second
    /// one, and nobody could say which is meant.
    async fn know_groups(&self) -> Result<(), String> {
        let _one_at_a_time = self.scim.directory.lock().await;
        if self.scim.names().groups_known {
            return Ok(());
        }
        let groups = Directory::groups(&self.scim.client, self.capabilities, self.scim.carriers).await;
        let groups = groups.map_err(|error| format!("a group might be made twice: {error}; plan again"))?;
        let mut names = self.scim.names();
        names.groups.extend(groups);
        names.groups_known = true;
        Ok(())
    }

    /// Makes a group; one that is there already is used.
    pub(super) async fn make_group(
        &self,
        organisation: &SmolStr,
        meaning: &Meaning,
        name: Option<&str>,
        access: &[SmolStr],
        request: &str,
    ) -> Result<SmolStr, String> {
        let carriers = &self.scim.carriers;
        let identity = meaning.identity(organisation);
        self.know_groups().await?;
        let known = self.scim.names().groups.get(&identity).cloned();
        match (known, meaning) {
            (Some(_), Meaning::Permission(_)) => {
                return Err(
                    "the portal has it already, and it was not seen when the plan was made; plan again".to_owned()
                );
            }
            (Some(id), _) => return Ok(id),
            (None, _) => {}
        }
        let label = mapping::label(self.platform, meaning, name);
        let mut body = json!({
            "schemas": [GROUP],
            "displayName": carriers.group_identity.display_name(&label, organisation, meaning),
        });
        if carriers.group_identity == GroupIdentity::ExternalId {
            body["externalId"] = identity.as_str().into();
        }
        if carriers.applications == Applications::Extension && !access.is_empty() {
            body["schemas"] = json!([GROUP, ROSTER_GROUP]);
            body[ROSTER_GROUP] = json!({ "applications": access });
        }
        if self.capabilities.members.on_create == Seen::Yes {
            body["members"] = json!([]);
        }
        let mut last = String::new();
        for _ in 0..3 {
            match self.scim.client.create(Kind::Group, &body, request).await {
                Ok(current) => {
                    let made = self.made_group(&current.json, &identity).await.map_err(|error| error.to_string())?;
                    let Some(made) = made else {
                        return Err(format!("the portal created the group and did not keep its identity `{identity}`"));
                    };
                    self.scim.names().groups.insert(identity, made.id.clone());
                    return Ok(made.id);
                }
                Err(trouble @ (Trouble::Unknown(_) | Trouble::Refused(409, _))) => {
                    let refused = matches!(trouble, Trouble::Refused(..));
                    let why = trouble.message().to_owned();
                    match self.find_group(&identity, &body).await {
                        Ok(Some(id)) => {
                            self.scim.names().groups.insert(identity, id.clone());
                            return Ok(id);
                        }
                        Ok(None) if refused && self.capabilities.groups.unique_names.works() => {
                            return Err(taken(&body, &why));
                        }
                        Ok(None) => last = why,
                        Err(error) => return Err(format!("it could not be looked up whether it was created: {error}")),
                    }
                }
                Err(trouble) => return Err(trouble.message().to_owned()),
            }
        }
        Err(last)
    }

    /// The group that a creation made, where it carries the identity.
    async fn made_group(&self, answer: &Json, identity: &SmolStr) -> Result<Option<Collection>, LiveError> {
        let carriers = &self.scim.carriers;
        let ours = |made: &Collection| made.identity.as_ref() == Some(identity);
        let Some(made) = read(answer, carriers) else { return Ok(None) };
        if self.capabilities.users.truthful_answers.works() {
            return Ok(Some(made).filter(ours));
        }
        let kept = self.scim.client.get(Kind::Group, &made.id).await?;
        Ok(kept.and_then(|kept| read(&kept.json, carriers)).filter(ours))
    }

    async fn find_group(&self, identity: &str, body: &Json) -> Result<Option<SmolStr>, LiveError> {
        let client = &self.scim.client;
        let carriers = self.scim.carriers;
        let name = body.get("displayName").and_then(Json::as_str).unwrap_or_default();
        let groups: Vec<Collection> = if self.capabilities.filters.group_name.works() && plain_in_filter(name) {
            let texts = filtered(client, "/Groups", &equals("displayName", name)).await?;
            let texts = texts.iter().filter_map(|raw| serde_json::from_str::<GroupText>(raw.get()).ok());
            texts.filter_map(|text| Collection::read(text, &carriers).ok()).collect()
        } else {
            let listing = list(client, Kind::Group, "", self.capabilities.paging, move |raw| {
                let text = serde_json::from_str::<GroupText>(raw.get()).unwrap_or_default();
                Item { id: text.id.clone(), value: Collection::read(text, &carriers).ok() }
            });
            let listing = listing.await?;
            if let Some(gap) = listing.gap {
                return Err(LiveError::new(gap, "plan again"));
            }
            listing.items.into_iter().flatten().collect()
        };
        let mut ours = groups.into_iter().filter(|group| group.identity.as_deref() == Some(identity));
        match (ours.next(), ours.next()) {
            (Some(one), None) => Ok(Some(one.id)),
            (None, _) => Ok(None),
            (Some(_), Some(_)) => {
                let message = format!("the portal has several groups with the identity `{identity}`");
                Err(LiveError::new(message, "remove all but one there"))
            }
        }
    }

    async fn update_group(
        &self,
        operation: &Operation,
        before: &Group,
        after: &Group,
        request: &str,
    ) -> Result<(), Refusal> {
        let fail = |why: String| Refusal::Failed(format!("`{}`: {why}", operation.key));
        let (kind, id) = place(operation.handle.as_deref().unwrap_or_default())?;
        let client = &self.scim.client;
        let carriers = &self.scim.carriers;
        let current = client.get(kind, id).await.map_err(|error| fail(error.to_string()))?;
        let Some(current) = current else {
            return Err(Refusal::Stale(format!("`{}`: the group is gone from the portal; plan again", operation.key)));
        };
        let now = read(&current.json, carriers).ok_or_else(|| fail("the group cannot be understood".to_owned()))?;
        let extension = carriers.applications == Applications::Extension;
        let (seen, wished) = (mapping::access(before, self.platform), mapping::access(after, self.platform));
        let sorted = |words: &[SmolStr]| words.iter().cloned().collect::<BTreeSet<_>>();
        let meaning = Meaning::Permission(operation.key.clone());
        let identity = meaning.identity(&operation.organisation);
        let as_wished = |now: &Collection| {
            now.name == after.name.value
                && now.identity.as_ref() == Some(&identity)
                && (!extension || sorted(&now.access) == sorted(&wished))
        };
        let wished_already = as_wished(&now);
        if !wished_already && (now.name != before.name.value || extension && sorted(&now.access) != sorted(&seen)) {
            let message = format!("`{}` has changed on the portal since the plan was made; plan again", operation.key);
            return Err(Refusal::Stale(message));
        }
        self.untell_access(operation, Some(before), Some(after), request).await.map_err(fail)?;
        if wished_already {
            self.remember(operation, &identity, id);
            return Ok(());
        }
        let name = carriers.group_identity.display_name(&after.name.value, &operation.organisation, &meaning);
        let mut changes = Map::new();
        changes.insert("displayName".to_owned(), name.into());
        if carriers.group_identity == GroupIdentity::ExternalId {
            changes.insert("externalId".to_owned(), identity.as_str().into());
        }
        let version = current.version.as_deref().filter(|_| self.capabilities.versions.checked());
        let answer = if self.capabilities.groups.patch.works() {
            let replaced = |(path, value): (String, Json)| json!({ "op": "replace", "path": path, "value": value });
            let mut operations: Vec<Json> = changes.into_iter().map(replaced).collect();
            let path = format!("{ROSTER_GROUP}:applications");
            if extension && wished.is_empty() {
                operations.push(json!({ "op": "remove", "path": path }));
            } else if extension {
                operations.push(json!({ "op": "replace", "path": path, "value": wished }));
            }
            client.patch(kind, id, operations, version, request).await
        } else {
            let mut body = current.json.as_object().cloned().unwrap_or_default();
            body.remove("meta");
            body.extend(changes);
            if extension {
                body.insert(ROSTER_GROUP.to_owned(), json!({ "applications": wished }));
                body.insert("schemas".to_owned(), json!([GROUP, ROSTER_GROUP]));
            }
            client.put(kind, id, &Json::Object(body), version, request).await
        };
        match answer {
            Ok(_) | Err(Trouble::Unknown(_)) => {}
            Err(Trouble::Refused(412, _)) => {
                let message = format!("`{}` was changed at this moment; plan again", operation.key);
                return Err(Refusal::Stale(message));
            }
            Err(trouble) => return Err(fail(trouble.message().to_owned())),
        }
        let again = client.get(kind, id).await.map_err(|error| fail(error.to_string()))?;
        match again.and_then(|current| read(&current.json, carriers)) {
            Some(now) if as_wished(&now) => {
                self.remember(operation, &identity, id);
                Ok(())
            }
            _ => Err(fail("the portal accepted the change of the group and did not keep it".to_owned())),
        }
    }

    fn remember(&self, operation: &Operation, identity: &SmolStr, id: &str) {
        let mut names = self.scim.names();
        names.groups.insert(identity.clone(), id.into());
        // A plan names members of a group that it takes over by the handle until then.
        if let Some(Object::Group(before)) = &operation.before {
            let old = Meaning::Permission(before.id.clone()).identity(&operation.organisation);
            if old != *identity {
                names.groups.insert(old, id.into());
            }
        }
    }

    async fn delete_group(&self, operation: &Operation, before: &Group, request: &str) -> Result<(), Refusal> {
        let fail = |why: String| Refusal::Failed(format!("`{}`: {why}", operation.key));
        let (kind, id) = place(operation.handle.as_deref().unwrap_or_default())?;
        let client = &self.scim.client;
        let now = client.get(kind, id).await.map_err(|error| fail(error.to_string()))?;
        let other = now.as_ref().and_then(|now| read(&now.json, &self.scim.carriers));
        if let Some(other) = other.filter(|now| now.name != before.name.value) {
            let message = format!("`{}` is called `{}` on the portal by now; plan again", operation.key, other.name);
            return Err(Refusal::Stale(message));
        }
        // First what tells its access: nobody would remove that once the group itself is gone.
        self.untell_access(operation, Some(before), None, request).await.map_err(fail)?;
        let Some(now) = now else { return Ok(()) };
        let version = now.version.as_deref().filter(|_| self.capabilities.versions.checked());
        client.delete(kind, id, version, request).await.map_err(|trouble| fail(trouble.message().to_owned()))
    }

    /// Tells which access a group gives by groups made for that, where the target keeps it no other way.
    async fn tell_access(&self, operation: &Operation, after: &Group, request: &str) -> Result<(), String> {
        if self.scim.carriers.applications != Applications::Groups {
            return Ok(());
        }
        let name = Some(after.name.value.as_str());
        for word in mapping::access(after, self.platform) {
            let meaning = Meaning::Access(operation.key.clone(), word);
            let known = self.scim.names().groups.contains_key(&meaning.identity(&operation.organisation));
            if !known {
                self.make_group(&operation.organisation, &meaning, name, &[], request).await?;
            }
        }
        Ok(())
    }

    /// Removes what tells of access that a group shall not give. This comes before anything else is told or the group
    /// gets another id: a group of two levels of one application could not be understood, and what tells of a group
    /// that is not there would stay for ever.
    async fn untell_access(
        &self,
        operation: &Operation,
        before: Option<&Group>,
        after: Option<&Group>,
        request: &str,
    ) -> Result<(), String> {
        if self.scim.carriers.applications != Applications::Groups {
            return Ok(());
        }
        self.know_groups().await?;
        let organisation = &operation.organisation;
        let words = after.map(|after| mapping::access(after, self.platform)).unwrap_or_default();
        let wished: BTreeSet<SmolStr> =
            words.into_iter().map(|word| Meaning::Access(operation.key.clone(), word).identity(organisation)).collect();
        let ids = [Some(&operation.key), before.map(|before| &before.id)];
        let prefixes: Vec<String> = ids.into_iter().flatten().map(|id| format!("{organisation}/{id}/")).collect();
        let told: Vec<(SmolStr, SmolStr)> = {
            let names = self.scim.names();
            let ours = |identity: &SmolStr| prefixes.iter().any(|prefix| identity.starts_with(prefix.as_str()));
            let told = names.groups.iter().filter(|(identity, _)| ours(identity) && !wished.contains(*identity));
            told.map(|(identity, id)| (identity.clone(), id.clone())).collect()
        };
        for (identity, id) in told {
            let gone = self.scim.client.delete(Kind::Group, &id, None, request).await;
            gone.map_err(|trouble| trouble.message().to_owned())?;
            self.scim.names().groups.remove(&identity);
        }
        Ok(())
    }
}

fn read(json: &Json, carriers: &mapping::Carriers) -> Option<Collection> {
    let text: GroupText = serde::Deserialize::deserialize(json).ok()?;
    Collection::read(text, carriers).ok()
}

/// Why a group cannot be made on a portal that takes each name once.
fn taken(body: &Json, why: &str) -> String {
    let name = body.get("displayName").and_then(Json::as_str).unwrap_or_default();
    format!("the portal takes each name of a group once, and another group is called `{name}` already: {why}")
}

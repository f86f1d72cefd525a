//! Canaries: users and groups of our own by which is tried what a target keeps. They are removed whatever happens.

use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::super::account::{Account, Kind};
use super::super::capabilities::{Capabilities, Seen, Versions};
use super::super::client::{Current, Trouble};
use super::super::mapping::Carriers;
use super::super::wire::AccountText;
use super::{Announced, Known, PROBE, Probe, nonce};
use crate::live::LiveError;
use crate::scim::{ENTERPRISE_USER, GROUP, ROSTER_GROUP, ROSTER_STANDING, ROSTER_USER, USER};

/// A mail address with a capital letter, which some servers keep and some do not.
fn address(name: &str) -> String {
    format!("R{}@probe.example", name.trim_start_matches('r'))
}

/// A user as tried first, of what every server should take; more is tried on it one by one.
pub(super) fn plain_user(name: &str, primary: bool) -> Json {
    let mut email = json!({ "value": address(name) });
    if primary {
        email["primary"] = true.into();
    }
    json!({
        "schemas": [USER],
        "userName": address(name),
        "name": { "formatted": format!("Probe {name}"), "givenName": "Probe", "familyName": name },
        "emails": [email],
        "active": true,
    })
}

impl Probe {
    /// Tries everything that needs writing.
    pub(super) async fn canaries(&mut self, seen: &mut Capabilities, announced: &Announced) -> Result<(), LiveError> {
        let word = nonce();
        let names = [format!("rosterctl-probe-{word}-1"), format!("rosterctl-probe-{word}-2")];
        let mut users: Vec<SmolStr> = Vec::new();
        let mut groups: Vec<SmolStr> = Vec::new();
        let tried = self.try_all(seen, announced, &names, &mut users, &mut groups).await;
        for id in groups {
            self.remove(Kind::Group, &id).await;
        }
        for id in users {
            self.remove(Kind::User, &id).await;
        }
        if tried.is_ok() {
            seen.users.recreate = self.recreate(&names[0]).await;
        }
        tried
    }

    async fn try_all(
        &mut self,
        seen: &mut Capabilities,
        announced: &Announced,
        names: &[String; 2],
        users: &mut Vec<SmolStr>,
        groups: &mut Vec<SmolStr>,
    ) -> Result<(), LiveError> {
        let (first, primary) = self.first_user(&names[0]).await?;
        users.push(first.clone());
        if announced.schemas.iter().any(|urn| urn == ROSTER_STANDING) {
            self.client = self.client.asking_standing();
            seen.users.standing = self.user(&first).await?.get(ROSTER_STANDING).is_some().into();
        }
        seen.users.primary_email = primary.into();
        let kept = self.user(&first).await?;
        let kept = kept["emails"][0]["value"].as_str().map(|kept| kept == address(&names[0]));
        seen.users.mail_case = kept.map_or(Seen::Unknown, Seen::from);
        seen.users.patch = self.patches(&first, &names[0]).await?;
        self.attributes(&first, seen, announced, &names[0]).await?;
        let second = self.second_user(&names[1], primary, seen).await?;
        users.push(second.clone());
        if announced.filter != Some(false) || seen.filters.user_name == Seen::Unknown {
            let known = self.user(&first).await?;
            let filters = self.filters(Known { user: Some(&known), group: None }).await?;
            seen.filters.user_name = filters.user_name;
            seen.filters.external_id = filters.external_id;
        }
        seen.users.one_word_names = self.one_word(&names[0], primary, users).await?;
        seen.bulk = self.bulk(announced, &names[0], (primary, seen.users.truthful_answers), users).await;
        seen.versions = self.versions(&first, seen.users.patch.works()).await?;
        self.groups(seen, announced, [&first, &second], &names[0], groups).await?;
        Ok(())
    }

    /// The first user: with the mail address marked primary, else without.
    async fn first_user(&mut self, name: &str) -> Result<(SmolStr, bool), LiveError> {
        let mut last = None;
        for primary in [true, false] {
            match self.client.create(Kind::User, &plain_user(name, primary), PROBE).await {
                Ok(current) => match id_of(&current) {
                    Some(id) => return Ok((id, primary)),
                    None => last = Some(Trouble::Unknown("the answer has no id".to_owned())),
                },
                Err(trouble) => last = Some(trouble),
            }
        }
        let trouble = last.unwrap_or_else(|| Trouble::NotDone("nothing was tried".to_owned()));
        Err(failed("a user", &trouble))
    }

    /// The second user, with what the target does not keep, as far as it lets that pass: the answer then shows whether
    /// it tells what is kept or repeats what was sent.
    async fn second_user(&mut self, name: &str, primary: bool, seen: &mut Capabilities) -> Result<SmolStr, LiveError> {
        let plain = plain_user(name, primary);
        let lists = [("roles", seen.users.roles), ("entitlements", seen.users.entitlements)];
        let dropped: Vec<&str> = lists.iter().filter(|(_, kept)| !kept.works()).map(|(name, _)| *name).collect();
        let mut more = plain.clone();
        for attribute in &dropped {
            more[*attribute] = json!([{ "value": "rosterctl-a" }]);
        }
        let created = match self.client.create(Kind::User, &more, PROBE).await {
            Err(_) if !dropped.is_empty() => self.client.create(Kind::User, &plain, PROBE).await,
            other => other,
        };
        let created = created.map_err(|trouble| failed("a second user", &trouble))?;
        let id = id_of(&created).unwrap_or_default();
        let now = self.user(&id).await?;
        let told = dropped.iter().chain(&["userName", "name", "emails", "active"]);
        let told = told.filter(|name| created.json.get(**name).is_some());
        let truthful = told.clone().all(|name| same(now.get(*name), &created.json[*name]));
        if !truthful {
            self.remarks
                .push("answers repeat what was sent, whatever is kept: what was written is read again".to_owned());
        }
        seen.users.truthful_answers = truthful.into();
        Ok(id)
    }

    /// Whether somebody may have one name only; another user is made for that.
    async fn one_word(&self, name: &str, primary: bool, users: &mut Vec<SmolStr>) -> Result<Seen, LiveError> {
        let mut body = plain_user(&format!("{name}-3"), primary);
        body["name"] = json!({ "formatted": "Probe", "familyName": "Probe" });
        let created = match self.client.create(Kind::User, &body, PROBE).await {
            Ok(created) => created,
            Err(Trouble::Refused(..)) => return Ok(Seen::No),
            Err(_) => return Ok(Seen::Unknown),
        };
        let Some(id) = id_of(&created) else { return Ok(Seen::Unknown) };
        users.push(id.clone());
        let text: Option<AccountText> = serde::Deserialize::deserialize(self.user(&id).await?).ok();
        let account = text.and_then(|text| Account::read(text, &Carriers::default(), false).ok());
        Ok(Seen::from(account.is_some_and(|account| account.name == "Probe")))
    }

    async fn user(&self, id: &str) -> Result<Json, LiveError> {
        let current = self.client.get(Kind::User, id).await?;
        let gone = || LiveError::new("the canary user is gone again", "another program removes new users: probe later");
        Ok(current.ok_or_else(gone)?.json)
    }

    /// A user as it is, to be sent again whole: whether it has access is said, for leaving that out may change it.
    async fn whole(&self, id: &str) -> Result<Json, LiveError> {
        let mut body = self.user(id).await?;
        let text: Option<AccountText> = serde::Deserialize::deserialize(&body).ok();
        body["active"] = text.and_then(|text| text.active).unwrap_or(true).into();
        if let Some(body) = body.as_object_mut() {
            body.remove("meta");
            body.remove("groups");
        }
        Ok(body)
    }

    /// Whether PATCH changes a user.
    async fn patches(&self, id: &str, name: &str) -> Result<Seen, LiveError> {
        let changed = format!("{name}-patched");
        let value = json!({ "formatted": format!("Probe {changed}"), "givenName": "Probe", "familyName": changed });
        let operation = json!({ "op": "replace", "path": "name", "value": value });
        let answer = self.client.patch(Kind::User, id, vec![operation], None, PROBE).await;
        if answer.is_err() {
            return Ok(Seen::No);
        }
        let now = self.user(id).await?;
        let text = now.to_string();
        Ok(Seen::from(text.contains(&changed)))
    }

    /// Tries attributes one by one: written, read back, compared.
    async fn attributes(
        &mut self,
        id: &str,
        seen: &mut Capabilities,
        announced: &Announced,
        name: &str,
    ) -> Result<(), LiveError> {
        let patch = seen.users.patch.works();
        let identity = json!(self.identity(id, name).await?);
        let declared = |urn: &str| !announced.schemas_known || announced.schemas.iter().any(|one| one == urn);
        let users = &mut seen.users;
        users.external_id = self.keeps(id, patch, None, "externalId", &identity).await?.into();
        let phone = json!([{ "value": "+32 470 00 00 00" }]);
        users.phone = self.keeps(id, patch, None, "phoneNumbers", &phone).await?.into();
        users.display_name = self.keeps(id, patch, None, "displayName", &json!(name)).await?.into();
        let usual = ["rosterctl-a", "rosterctl-b"];
        for (attribute, kept) in [("roles", &mut users.roles), ("entitlements", &mut users.entitlements)] {
            *kept = Seen::No;
            for pair in announced.pairs(USER, attribute, usual) {
                let value = pair.map(|word| json!({ "value": word })).into();
                if self.keeps(id, patch, None, attribute, &value).await? {
                    *kept = Seen::Yes;
                    break;
                }
            }
        }
        users.employee_number = Seen::No;
        if declared(ENTERPRISE_USER) {
            users.employee_number =
                self.keeps(id, patch, Some(ENTERPRISE_USER), "employeeNumber", &identity).await?.into();
        }
        users.extension = Seen::No;
        if declared(ROSTER_USER) {
            for pair in announced.pairs(ROSTER_USER, "attributes", ["a=b", "c=d"]) {
                if self.keeps(id, patch, Some(ROSTER_USER), "attributes", &json!(pair)).await? {
                    users.extension = Seen::Yes;
                    break;
                }
            }
        }
        let off = self.turns(id, patch, false).await?;
        let on = self.turns(id, patch, true).await?;
        seen.users.active = (off && on).into();
        Ok(())
    }

    /// The identity to try: of the organisation to which a portal with organisations of its own has put the user.
    async fn identity(&self, id: &str, name: &str) -> Result<String, LiveError> {
        let user = self.user(id).await?;
        let organisation = user.get(ROSTER_STANDING).and_then(|own| own.get("organisation")).and_then(Json::as_str);
        Ok(organisation.map_or_else(|| format!("{name}/canary"), |organisation| format!("{organisation}/{name}")))
    }

    /// Whether access is given or taken: it may be shown as text, and who has it may not show it at all.
    async fn turns(&self, id: &str, patch: bool, active: bool) -> Result<bool, LiveError> {
        let written = self.set(id, patch, None, "active", &json!(active)).await?;
        let text: Option<AccountText> = serde::Deserialize::deserialize(self.user(id).await?).ok();
        Ok(written && text.is_some_and(|text| text.active.unwrap_or(true) == active))
    }

    /// Whether an attribute survives a round trip. Multi-valued ones also have to shrink again.
    async fn keeps(
        &self,
        id: &str,
        patch: bool,
        extension: Option<&str>,
        attribute: &str,
        value: &Json,
    ) -> Result<bool, LiveError> {
        let written = self.set(id, patch, extension, attribute, value).await?;
        if !written || !same(self.value(id, extension, attribute).await?.as_ref(), value) {
            return Ok(false);
        }
        let Some(items) = value.as_array().filter(|items| items.len() > 1) else { return Ok(true) };
        let fewer = json!([items[0].clone()]);
        let written = self.set(id, patch, extension, attribute, &fewer).await?;
        Ok(written && same(self.value(id, extension, attribute).await?.as_ref(), &fewer))
    }

    async fn set(
        &self,
        id: &str,
        patch: bool,
        extension: Option<&str>,
        attribute: &str,
        value: &Json,
    ) -> Result<bool, LiveError> {
        let answer = if patch {
            let path = extension.map_or_else(|| attribute.to_owned(), |urn| format!("{urn}:{attribute}"));
            let operation = json!({ "op": "replace", "path": path, "value": value });
            self.client.patch(Kind::User, id, vec![operation], None, PROBE).await
        } else {
            let mut body = self.whole(id).await?;
            match extension {
                None => body[attribute] = value.clone(),
                Some(urn) => {
                    body[urn] = json!({ attribute: value });
                    body["schemas"] = json!([USER, urn]);
                }
            }
            self.client.put(Kind::User, id, &body, None, PROBE).await
        };
        match answer {
            Ok(_) => Ok(true),
            Err(Trouble::NotDone(message)) => Err(LiveError::new(message, "see that the portal can be reached")),
            Err(_) => Ok(false),
        }
    }

    async fn value(&self, id: &str, extension: Option<&str>, attribute: &str) -> Result<Option<Json>, LiveError> {
        let user = self.user(id).await?;
        Ok(match extension {
            None => user.get(attribute).cloned(),
            Some(urn) => user.get(urn).and_then(|own| own.get(attribute)).cloned(),
        })
    }

    /// Whether a stale `If-Match` is refused: at once after a change, and after some more.
    async fn versions(&self, id: &str, patch: bool) -> Result<Versions, LiveError> {
        let version = |current: Option<Current>| current.and_then(|current| current.version);
        let Some(stale) = version(self.client.get(Kind::User, id).await?) else { return Ok(Versions::Ignored) };
        let name = |word: &str| json!({ "formatted": word, "givenName": "Probe", "familyName": word });
        self.set(id, patch, None, "name", &name("Probe-versions")).await?;
        let changed = version(self.client.get(Kind::User, id).await?);
        let same_second = changed.as_deref() == Some(stale.as_str());
        if same_second {
            // Two changes within the same second share a version: whether it is looked at shows a second later.
            tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
            self.set(id, patch, None, "name", &name("Probe-later")).await?;
        }
        let enforced = self.refuses(id, patch, &stale).await?;
        Ok(match (enforced, same_second) {
            (false, _) => Versions::Ignored,
            (true, true) => Versions::Coarse,
            (true, false) if coarse(&stale, changed.as_deref()) => Versions::Coarse,
            (true, false) => self.fine(id, patch).await?,
        })
    }

    async fn refuses(&self, id: &str, patch: bool, version: &str) -> Result<bool, LiveError> {
        let value = json!({ "formatted": "Probe Stale", "givenName": "Probe", "familyName": "Stale" });
        let answer = if patch {
            let operation = json!({ "op": "replace", "path": "name", "value": value });
            self.client.patch(Kind::User, id, vec![operation], Some(version), PROBE).await
        } else {
            let mut body = self.whole(id).await?;
            body["name"] = value;
            self.client.put(Kind::User, id, &body, Some(version), PROBE).await
        };
        Ok(matches!(answer, Err(Trouble::Refused(412, _))))
    }

    /// Whether two changes that follow each other at once have two versions.
    async fn fine(&self, id: &str, patch: bool) -> Result<Versions, LiveError> {
        let mut versions = Vec::new();
        for word in ["one", "two", "three", "four"] {
            let value = json!({ "formatted": word, "givenName": "Probe", "familyName": word });
            self.set(id, patch, None, "name", &value).await?;
            versions.extend(self.client.get(Kind::User, id).await?.and_then(|current| current.version));
        }
        let count = versions.len();
        versions.dedup();
        Ok(if versions.len() == count { Versions::Enforced } else { Versions::Coarse })
    }

    async fn groups(
        &mut self,
        seen: &mut Capabilities,
        announced: &Announced,
        users: [&SmolStr; 2],
        name: &str,
        made: &mut Vec<SmolStr>,
    ) -> Result<(), LiveError> {
        let identity = self.identity(users[0], name).await?;
        let mut group = json!({ "schemas": [GROUP], "displayName": name, "externalId": identity });
        let mut created = self.client.create(Kind::Group, &group, PROBE).await;
        if created.is_err() {
            // Some ask for the list of members, if an empty one; that is noted by what works.
            group["members"] = json!([]);
            created = self.client.create(Kind::Group, &group, PROBE).await;
            seen.members.on_create = Seen::Yes;
        }
        let created = match created {
            Ok(created) => created,
            Err(trouble) => {
                self.remarks.push(format!("groups cannot be created: {}", trouble.message()));
                return Ok(());
            }
        };
        let Some(id) = id_of(&created) else { return Ok(()) };
        made.push(id.clone());
        let now = self.group(&id).await?;
        let twin = self.client.create(Kind::Group, &group, PROBE).await;
        if let Ok(twin) = &twin
            && let Some(id) = id_of(twin)
        {
            made.push(id);
        }
        seen.groups.unique_names = twin.is_err().into();
        seen.groups.external_id = (now.get("externalId") == Some(&json!(identity))).into();
        let changed = json!({ "op": "replace", "path": "displayName", "value": format!("{name}-patched") });
        let patched = self.client.patch(Kind::Group, &id, vec![changed], None, PROBE).await;
        let now = self.group(&id).await?;
        seen.groups.patch = (patched.is_ok() && now["displayName"] == format!("{name}-patched")).into();
        let declared = !announced.schemas_known || announced.schemas.iter().any(|one| one == ROSTER_GROUP);
        seen.groups.extension = match declared {
            false => Seen::No,
            true => self.group_words(&id, seen.groups.patch.works(), announced).await?.into(),
        };
        seen.filters.group_name = self.filter("/Groups", "displayName", Some(&now)).await?;
        self.members(seen, &id, users).await
    }

    async fn group_words(&self, id: &str, patch: bool, announced: &Announced) -> Result<bool, LiveError> {
        for pair in announced.pairs(ROSTER_GROUP, "applications", ["a=b", "c=d"]) {
            if self.keeps_words(id, patch, &json!(pair)).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn keeps_words(&self, id: &str, patch: bool, words: &Json) -> Result<bool, LiveError> {
        let answer = if patch {
            let path = format!("{ROSTER_GROUP}:applications");
            let operation = json!({ "op": "replace", "path": path, "value": words });
            self.client.patch(Kind::Group, id, vec![operation], None, PROBE).await
        } else {
            let mut body = self.group(id).await?;
            body[ROSTER_GROUP] = json!({ "applications": words });
            body["schemas"] = json!([GROUP, ROSTER_GROUP]);
            if let Some(body) = body.as_object_mut() {
                body.remove("meta");
            }
            self.client.put(Kind::Group, id, &body, None, PROBE).await
        };
        let now = self.group(id).await?;
        Ok(answer.is_ok() && same(now.get(ROSTER_GROUP).and_then(|own| own.get("applications")), words))
    }

    pub(super) async fn group(&self, id: &str) -> Result<Json, LiveError> {
        let current = self.client.get(Kind::Group, id).await?;
        let gone =
            || LiveError::new("the canary group is gone again", "another program removes new groups: probe later");
        Ok(current.ok_or_else(gone)?.json)
    }

    /// Whether who was deleted can be created again.
    async fn recreate(&mut self, name: &str) -> Seen {
        let primary = true;
        let again = match self.client.create(Kind::User, &plain_user(name, primary), PROBE).await {
            Ok(again) => Ok(again),
            Err(_) => self.client.create(Kind::User, &plain_user(name, false), PROBE).await,
        };
        match again {
            Ok(again) => {
                if let Some(id) = id_of(&again) {
                    self.remove(Kind::User, &id).await;
                }
                Seen::Yes
            }
            Err(_) => {
                self.remarks.push("who was deleted cannot be created again with the same address".to_owned());
                Seen::No
            }
        }
    }
}

/// Whether versions look like times rather than counters: then two quick changes may share one.
fn coarse(before: &str, after: Option<&str>) -> bool {
    after.is_none_or(|after| after == before)
}

/// Whether what was read back is what was written: items may have gained a type, a `primary`, or another order.
pub(super) fn same(now: Option<&Json>, wanted: &Json) -> bool {
    let value = |item: &Json| item.get("value").unwrap_or(item).to_string();
    match (now, wanted) {
        (Some(Json::Array(now)), Json::Array(wanted)) => {
            let (mut now, mut wanted): (Vec<String>, Vec<String>) =
                (now.iter().map(value).collect(), wanted.iter().map(value).collect());
            now.sort_unstable();
            wanted.sort_unstable();
            now == wanted
        }
        (Some(now), wanted) => now == wanted,
        (None, _) => false,
    }
}

fn id_of(current: &Current) -> Option<SmolStr> {
    current.json.get("id").and_then(Json::as_str).map(SmolStr::from)
}

fn failed(what: &str, trouble: &Trouble) -> LiveError {
    LiveError::new(
        format!("{what} could not be created to try things on: {}", trouble.message()),
        "see that the credentials may create users and groups; what they may not do cannot be planned either",
    )
}

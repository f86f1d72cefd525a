//! Who is in which group: changed in as few requests as the target takes, in the form that it was seen to take.

use std::sync::atomic::Ordering;

use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::account::{Collection, Kind};
use super::capabilities::{MemberChange, Seen};
use super::client::{Current, Trouble};
use super::mapping::Meaning;
use super::people::Written;
use super::wire::GroupText;
use super::writing::Writing;
use crate::live::Refusal;

/// A group whose members change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MemberOf {
    /// By the target's own name.
    Id(SmolStr),
    /// By what it means to an organisation.
    Group(SmolStr, Meaning),
}

/// Who joins and leaves a group: the place of the operation, and the account.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    pub(super) join: Vec<(usize, Written)>,
    pub(super) leave: Vec<(usize, Written)>,
}

impl Change {
    /// Only those who join, or only those who leave.
    pub(super) fn only(&self, joining: bool) -> Change {
        match joining {
            true => Change { join: self.join.clone(), leave: Vec::new() },
            false => Change { join: Vec::new(), leave: self.leave.clone() },
        }
    }

    /// Whether nobody joins or leaves.
    pub(super) fn is_empty(&self) -> bool {
        self.join.is_empty() && self.leave.is_empty()
    }

    /// The first step that this is a part of.
    pub(super) fn steps(&self, steps: &[u32]) -> u32 {
        let first = self.join.iter().chain(&self.leave).map(|(at, _)| steps[*at]).min();
        first.unwrap_or_default()
    }

    fn everybody(&self) -> impl Iterator<Item = &(usize, Written)> {
        self.join.iter().chain(&self.leave)
    }
}

/// Whether somebody is named by a member's value.
fn is_named(value: &str, account: &Written) -> bool {
    value == account.id || account.user_name.as_deref() == Some(value)
}

impl Writing<'_> {
    /// Changes who is in a group; says for whom that failed.
    pub(super) async fn change_members(
        &self,
        group: &MemberOf,
        change: &Change,
        request: &str,
    ) -> Vec<(usize, Refusal)> {
        let all = |why: &str| -> Vec<(usize, Refusal)> {
            let refusal =
                |at: usize| (at, Refusal::Failed(format!("the account was written, the group was not: {why}")));
            change.everybody().map(|(at, _)| refusal(*at)).collect()
        };
        let found = match self.group_id(group, change, request).await {
            Ok(found) => found,
            Err(why) => return all(&why),
        };
        let Some(id) = found else { return Vec::new() };
        if let Err(why) = self.send_changes(&id, change, request).await {
            return all(&why);
        }
        self.look_at_members(&id, change, group).await
    }

    /// The target's name for a group; a fact's group is made where it is missing. None where nobody is in it anyway.
    async fn group_id(&self, group: &MemberOf, change: &Change, request: &str) -> Result<Option<SmolStr>, String> {
        let (organisation, meaning) = match group {
            MemberOf::Id(id) => return Ok(Some(id.clone())),
            MemberOf::Group(organisation, meaning) => (organisation, meaning),
        };
        let identity = meaning.identity(organisation);
        let known = {
            let names = self.scim.names();
            if names.twins.contains(&identity) {
                return Err(format!("the portal has several groups `{identity}`; remove all but one there"));
            }
            names.groups.get(&identity).cloned()
        };
        match (known, meaning) {
            (Some(id), _) => Ok(Some(id)),
            (None, _) if change.join.is_empty() => Ok(None),
            (None, Meaning::Fact(_)) => self.make_group(organisation, meaning, None, &[], request).await.map(Some),
            (None, _) => Err(format!("the portal has no group `{identity}`")),
        }
    }

    async fn send_changes(&self, id: &str, change: &Change, request: &str) -> Result<(), String> {
        if let Some(dialect) = self.scim.client.dialect()
            && self.capabilities.members.add != MemberChange::Put
        {
            let ids = |part: &[(usize, Written)]| part.iter().map(|(_, one)| one.id.clone()).collect::<Vec<SmolStr>>();
            return dialect.change_members(id, &ids(&change.join), &ids(&change.leave), request).await;
        }
        let members = &self.capabilities.members;
        let whole = |form| matches!(form, MemberChange::Replace | MemberChange::Put);
        let whole = !change.join.is_empty() && whole(members.add) || !change.leave.is_empty() && whole(members.remove);
        if whole {
            return self.write_whole(id, change, request).await;
        }
        self.in_chunks(id, &change.join, request, |chunk| {
            let value: Vec<Json> = chunk.iter().map(|(_, one)| self.member(one)).collect();
            vec![json!({ "op": "add", "path": "members", "value": value })]
        })
        .await?;
        self.in_chunks(id, &change.leave, request, |chunk| match members.remove {
            MemberChange::List => {
                let value: Vec<Json> = chunk.iter().map(|(_, one)| json!({ "value": one.id })).collect();
                vec![json!({ "op": "remove", "path": "members", "value": value })]
            }
            _ => {
                let path = |one: &Written| format!("members[value eq {}]", Json::String(one.id.to_string()));
                chunk.iter().map(|(_, one)| json!({ "op": "remove", "path": path(one) })).collect()
            }
        })
        .await
    }

    /// Sends as many members at once as the target takes, and half as many where it complains.
    async fn in_chunks(
        &self,
        id: &str,
        members: &[(usize, Written)],
        request: &str,
        operations: impl Fn(&[(usize, Written)]) -> Vec<Json>,
    ) -> Result<(), String> {
        let limit = &self.scim.member_limit;
        let mut rest = members;
        while !rest.is_empty() {
            let size = limit.load(Ordering::Relaxed).clamp(1, rest.len());
            let (chunk, others) = rest.split_at(size);
            match self.scim.client.patch(Kind::Group, id, operations(chunk), None, request).await {
                Ok(_) => rest = others,
                Err(Trouble::Refused(400 | 413, _)) if size > 1 => {
                    limit.fetch_min(size.div_ceil(2), Ordering::Relaxed);
                }
                // Adding and removing do no harm when done twice: what became of it is seen when the group is read.
                Err(Trouble::Unknown(_)) => {
                    match self.scim.client.patch(Kind::Group, id, operations(chunk), None, request).await {
                        Ok(_) | Err(Trouble::Refused(..) | Trouble::Unknown(_)) => rest = others,
                        Err(trouble) => return Err(trouble.message().to_owned()),
                    }
                }
                // Who is not in the group cannot leave it, say some.
                Err(Trouble::Refused(..)) if size == 1 => rest = others,
                Err(trouble) => return Err(trouble.message().to_owned()),
            }
        }
        Ok(())
    }

    /// Writes the whole list of members, as far as nobody changes it meanwhile.
    async fn write_whole(&self, id: &str, change: &Change, request: &str) -> Result<(), String> {
        let client = &self.scim.client;
        let mut last = String::new();
        for _ in 0..3 {
            let current = client.get(Kind::Group, id).await.map_err(|error| error.to_string())?;
            let Some(Current { mut json, version }) = current else { return Err("it is gone".to_owned()) };
            let now = json.get("members").and_then(Json::as_array).cloned().unwrap_or_default();
            let named = |member: &Json, account: &Written| {
                member.get("value").and_then(Json::as_str).is_some_and(|value| is_named(value, account))
            };
            let mut members: Vec<Json> = now.iter().map(|member| self.as_sent(member)).collect();
            members.retain(|member| !change.leave.iter().any(|(_, one)| named(member, one)));
            for (_, one) in &change.join {
                if !members.iter().any(|member| named(member, one)) {
                    members.push(self.member(one));
                }
            }
            if members.len() == now.len() && change.leave.is_empty() {
                return Ok(());
            }
            let version = version.as_deref().filter(|_| self.capabilities.versions.checked());
            let forms = &self.capabilities.members;
            let leaving = !change.leave.is_empty() && forms.remove == MemberChange::Put;
            let put = leaving || forms.add == MemberChange::Put || !self.capabilities.groups.patch.works();
            let answer = if put {
                json["members"] = members.into();
                if let Some(body) = json.as_object_mut() {
                    body.remove("meta");
                }
                client.put(Kind::Group, id, &json, version, request).await
            } else {
                // Where groups must have the attribute, it cannot be removed, and an empty list is right.
                let operation = match members.is_empty() && forms.on_create != Seen::Yes {
                    true => json!({ "op": "remove", "path": "members" }),
                    false => json!({ "op": "replace", "path": "members", "value": members }),
                };
                client.patch(Kind::Group, id, vec![operation], version, request).await
            };
            match answer {
                Ok(_) => return Ok(()),
                Err(Trouble::Refused(412, why) | Trouble::Unknown(why)) => last = why,
                Err(trouble) => return Err(trouble.message().to_owned()),
            }
        }
        Err(format!("it changed each time: {last}"))
    }

    /// Reads the group again: only what is there counts as done.
    async fn look_at_members(&self, id: &str, change: &Change, group: &MemberOf) -> Vec<(usize, Refusal)> {
        let name = || match group {
            MemberOf::Id(id) => id.to_string(),
            MemberOf::Group(organisation, meaning) => meaning.identity(organisation).to_string(),
        };
        let failed = |at: usize, what: String| (at, Refusal::Failed(what));
        let now = match self.scim.client.get(Kind::Group, id).await {
            Ok(Some(current)) => {
                let text: Option<GroupText> = serde::Deserialize::deserialize(&current.json).ok();
                text.and_then(|text| Collection::read(text, &self.scim.carriers).ok()).and_then(|one| one.members)
            }
            Ok(None) => {
                let gone = || format!("the group `{}` is gone from the portal", name());
                return change.everybody().map(|(at, _)| failed(*at, gone())).collect();
            }
            Err(error) => {
                let unread = || format!("the group `{}` could not be read again: {error}; plan again", name());
                return change.everybody().map(|(at, _)| failed(*at, unread())).collect();
            }
        };
        let now: std::collections::HashSet<SmolStr> = now.unwrap_or_default().into_iter().collect();
        let there = |one: &Written| now.contains(&one.id) || one.user_name.as_ref().is_some_and(|n| now.contains(n));
        let missing = change.join.iter().filter(|(_, one)| !there(one));
        let missing =
            missing.map(|(at, _)| failed(*at, format!("the portal did not keep the membership of `{}`", name())));
        let still = change.leave.iter().filter(|(_, one)| there(one));
        let still = still.map(|(at, _)| failed(*at, format!("the portal did not take out of `{}`", name())));
        missing.chain(still).collect()
    }

    /// A member as it is sent.
    pub(super) fn member(&self, account: &Written) -> Json {
        let mut member = json!({ "value": account.id });
        if self.capabilities.members.needs_reference {
            member["$ref"] = self.scim.client.address(Kind::User, &account.id).into();
        }
        member
    }

    /// A member that is there already, as it is sent again.
    fn as_sent(&self, member: &Json) -> Json {
        let mut sent = json!({ "value": member.get("value") });
        if self.capabilities.members.needs_reference
            && let Some(reference) = member.get("$ref")
        {
            sent["$ref"] = reference.clone();
        }
        sent
    }
}

//! How members of groups are read and changed: every form is tried until one does what it says.

use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::super::account::{Collection, Kind};
use super::super::capabilities::{Capabilities, MemberChange, MemberReading, Paging, Seen};
use super::super::client::ASKED;
use super::super::listing::{Item, list};
use super::super::mapping::Carriers;
use super::super::wire::GroupText;
use super::{PROBE, Probe};
use crate::live::LiveError;

/// The most members that are sent at once where nothing else is known: several products refuse more than 100.
const USUAL: u32 = 100;

impl Probe {
    /// Tries how members are added, shown and removed.
    pub(super) async fn members(
        &mut self,
        seen: &mut Capabilities,
        group: &SmolStr,
        [first, second]: [&SmolStr; 2],
    ) -> Result<(), LiveError> {
        seen.members.limit = USUAL;
        let mut added = None;
        for reference in [false, true] {
            for form in [MemberChange::List, MemberChange::Replace, MemberChange::Put] {
                let both = [self.one(first, reference), self.one(second, reference)];
                if self.write_members(group, form, &both).await? {
                    seen.members.needs_reference = reference;
                    added = Some(form);
                    break;
                }
                // Some take one member a request.
                if form == MemberChange::List && self.one_by_one(group, &both).await? {
                    seen.members.needs_reference = reference;
                    seen.members.limit = 1;
                    added = Some(form);
                    break;
                }
            }
            if added.is_some() {
                break;
            }
        }
        let Some(form) = added else {
            self.remarks.push("members of groups cannot be changed in any form".to_owned());
            return Ok(());
        };
        seen.members.add = form;
        seen.members.read = self.reading(group, seen.paging).await?;
        if seen.members.read == MemberReading::Unknown {
            self.remarks.push("members are accepted and never shown: groups cannot be kept on this target".to_owned());
            return Ok(());
        }
        if seen.members.read == MemberReading::Asked {
            self.client = self.client.asking(seen.groups.extension.works());
        }
        let named = self.named(group).await?;
        let gone = |now: &[SmolStr], left: usize| now.len() == left;
        for form in [MemberChange::Filter, MemberChange::List, MemberChange::Replace, MemberChange::Put] {
            let value = Json::String(first.to_string());
            let answer = match form {
                MemberChange::Filter => {
                    let path = format!("members[value eq {value}]");
                    let operation = json!({ "op": "remove", "path": path });
                    self.client.patch(Kind::Group, group, vec![operation], None, PROBE).await.is_ok()
                }
                MemberChange::List => {
                    let value = json!([{ "value": first }]);
                    let operation = json!({ "op": "remove", "path": "members", "value": value });
                    self.client.patch(Kind::Group, group, vec![operation], None, PROBE).await.is_ok()
                }
                form => {
                    let rest = [self.one(second, seen.members.needs_reference)];
                    self.write_members(group, form, &rest).await?
                }
            };
            let now = self.named(group).await?;
            if answer && gone(&now, named.len() - 1) {
                seen.members.remove = form;
                break;
            }
            // A form that removes too many is worse than one that is refused: they are put back, and it is not used.
            if now.len() != named.len() {
                let both = [first, second].map(|id| self.one(id, seen.members.needs_reference));
                self.write_members(group, seen.members.add, &both).await?;
            }
        }
        if seen.members.remove == MemberChange::Unknown {
            self.remarks.push("members of groups can be added and not removed".to_owned());
        }
        seen.members.leave_on_delete = self.leaves(group, second).await?;
        Ok(())
    }

    fn one(&self, id: &str, reference: bool) -> Json {
        match reference {
            false => json!({ "value": id }),
            true => json!({ "value": id, "$ref": self.client.address(Kind::User, id) }),
        }
    }

    async fn one_by_one(&self, group: &str, members: &[Json; 2]) -> Result<bool, LiveError> {
        let [first, second] = members;
        let one = self.write_members(group, MemberChange::List, std::slice::from_ref(first)).await?;
        if !one {
            return Ok(false);
        }
        let operation = json!({ "op": "add", "path": "members", "value": [second] });
        let answer = self.client.patch(Kind::Group, group, vec![operation], None, PROBE).await;
        Ok(answer.is_ok() && self.shown(group).await? == 2)
    }

    async fn write_members(&self, group: &str, form: MemberChange, members: &[Json]) -> Result<bool, LiveError> {
        let answer = match form {
            MemberChange::Put => {
                let mut body = self.group(group).await?;
                body["members"] = members.into();
                if let Some(body) = body.as_object_mut() {
                    body.remove("meta");
                }
                self.client.put(Kind::Group, group, &body, None, PROBE).await
            }
            form => {
                let op = if form == MemberChange::Replace { "replace" } else { "add" };
                let operation = json!({ "op": op, "path": "members", "value": members });
                self.client.patch(Kind::Group, group, vec![operation], None, PROBE).await
            }
        };
        if answer.is_err() {
            return Ok(false);
        }
        // What is accepted may still be dropped: it counts when it is shown, in whichever way it is shown.
        Ok(self.shown(group).await? == members.len())
    }

    /// How many members a group shows, by itself or when asked for them.
    async fn shown(&self, group: &str) -> Result<usize, LiveError> {
        let shown = self.named(group).await?.len();
        let asked = self.client.asking(false).get(Kind::Group, group).await?;
        Ok(asked.map_or(0, |current| names(&current.json).len()).max(shown))
    }

    async fn named(&self, group: &str) -> Result<Vec<SmolStr>, LiveError> {
        Ok(names(&self.group(group).await?))
    }

    /// Where members are shown: in lists, in lists that ask for them, or in single groups only.
    async fn reading(&self, group: &str, paging: Paging) -> Result<MemberReading, LiveError> {
        for (query, reading) in [("", MemberReading::Listed), (&ASKED[1..], MemberReading::Asked)] {
            if self.in_list(query, paging, group).await? == 2 {
                return Ok(reading);
            }
        }
        let single = self.client.members(group).await?.map_or(0, |members| members.len());
        Ok(if single == 2 { MemberReading::Single } else { MemberReading::Unknown })
    }

    /// How many members a list shows of a group.
    async fn in_list(&self, query: &str, paging: Paging, group: &str) -> Result<usize, LiveError> {
        let groups = list(&self.client, Kind::Group, query, paging, |raw| {
            let json: Json = serde_json::from_str(raw.get()).unwrap_or_default();
            let id = json.get("id").and_then(Json::as_str).map(SmolStr::from);
            Item { id: id.clone(), value: (id, names(&json).len()) }
        });
        let mut groups = groups.await?.items.into_iter();
        Ok(groups.find(|(id, _)| id.as_deref() == Some(group)).map_or(0, |(_, members)| members))
    }

    /// Whether somebody who is deleted leaves the groups by the server's doing.
    async fn leaves(&mut self, group: &str, user: &SmolStr) -> Result<Seen, LiveError> {
        if self.client.delete(Kind::User, user, None, PROBE).await.is_err() {
            return Ok(Seen::Unknown);
        }
        let now = self.named(group).await?;
        Ok(Seen::from(!now.iter().any(|member| member == user) && now.is_empty()))
    }
}

/// The members that a group's JSON shows.
fn names(json: &Json) -> Vec<SmolStr> {
    let text: Option<GroupText> = serde::Deserialize::deserialize(json).ok();
    let group = text.and_then(|text| Collection::read(text, &Carriers::default()).ok());
    group.and_then(|group| group.members).unwrap_or_default()
}

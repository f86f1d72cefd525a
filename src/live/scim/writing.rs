//! Operations carried out: groups first, then accounts, then who is in which group, and deletions last.
//!
//! Operations of one call do not wait for each other, so accounts are written side by side, and memberships are gathered
//! into as few requests as there are groups.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::{FutureExt, StreamExt};
use smol_str::SmolStr;

use super::account::Kind;
use super::bulk::Outcomes;
use super::capabilities::{Capabilities, Seen};
use super::mapping::{self, Meaning, Roles, Words};
use super::members::{Change, MemberOf};
use super::people::Written;
use super::wanted::Means;
use super::{Scim, place};
use crate::live::{Author, Object, Operation, Refusal, Resource};
use crate::model::Person;
use crate::platform::{AttributeType, Platform, Section, Verb};

/// One round of changes of members.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// People leave the groups of values that they no longer have: somebody with two values of an attribute that has
    /// one could not be understood, should the run end between.
    FormerValues,
    /// People join.
    Joins,
    /// People leave.
    Leaves,
}

/// One call to carry operations out.
pub(super) struct Writing<'a> {
    pub(super) scim: &'a Scim,
    pub(super) capabilities: &'a Capabilities,
    pub(super) platform: &'a Platform,
    author: &'a Author,
}

impl<'a> Writing<'a> {
    /// A call on behalf of somebody.
    pub(super) fn new(
        scim: &'a Scim,
        capabilities: &'a Capabilities,
        platform: &'a Platform,
        author: &'a Author,
    ) -> Writing<'a> {
        Writing { scim, capabilities, platform, author }
    }

    /// What is needed to say what accounts shall be.
    pub(super) fn means<'m>(&'m self, organisation: &'m str) -> Means<'m> {
        let carriers = &self.scim.carriers;
        Means { carriers, capabilities: self.capabilities, platform: self.platform, organisation }
    }

    /// What requests of a step are called in the logs of both sides.
    pub(super) fn request_id(&self, step: u32) -> String {
        self.author.request_id(step)
    }

    /// Carries operations out and says of each how it went.
    pub(super) async fn execute(&self, operations: &[Operation]) -> Vec<Result<(), Refusal>> {
        let mut outcomes: Vec<Result<(), Refusal>> = operations.iter().map(|_| Ok(())).collect();
        let most = self.scim.client.concurrency().max(1);
        for (at, operation) in operations.iter().enumerate() {
            if operation.resource == Resource::PermissionGroup {
                outcomes[at] = self.group(operation).await;
            }
        }
        let deletes = |operation: &Operation| operation.action == Verb::Delete;
        let people = |deleting: bool| {
            let people = operations.iter().enumerate();
            people.filter(move |(_, one)| one.resource != Resource::PermissionGroup && deletes(one) == deleting)
        };
        let mut members: HashMap<usize, Written> = HashMap::new();
        let together = self.together(operations);
        let grouped: HashSet<usize> = together.iter().flatten().map(|(at, _)| *at).collect();
        let single = people(false).filter(|(at, _)| !grouped.contains(at));
        let alone = |(at, operation)| async move { (vec![(at, self.account(operation).await)], Vec::new()) }.boxed();
        let single = single.map(alone);
        let together = together.into_iter().map(|part| self.create_together(part).boxed());
        let accounts: Vec<_> = together.chain(single).collect();
        let mut under_way = futures_util::stream::iter(accounts).buffer_unordered(most);
        let (mut ended, mut doubtful) = (Outcomes::new(), Vec::new());
        while let Some((settled, rest)) = under_way.next().await {
            ended.extend(settled);
            doubtful.extend(rest);
        }
        drop(under_way);
        ended.extend(self.looked_up(doubtful).await);
        for (at, outcome) in ended {
            match outcome {
                Ok(written) => {
                    members.insert(at, written);
                }
                Err(refusal) => outcomes[at] = Err(refusal),
            }
        }
        self.join_and_leave(operations, &members, &mut outcomes).await;
        let leaving = people(true).filter(|(at, _)| outcomes[*at].is_ok());
        let leaving: Vec<_> =
            leaving.map(|(at, operation)| async move { (at, self.delete_account(operation).await) }).collect();
        let mut under_way = futures_util::stream::iter(leaving).buffer_unordered(most);
        while let Some((at, outcome)) = under_way.next().await {
            outcomes[at] = outcome;
        }
        drop(under_way);
        outcomes
    }

    /// Gathers who joins and who leaves each group, joins first but for the values of attributes.
    async fn join_and_leave(
        &self,
        operations: &[Operation],
        written: &HashMap<usize, Written>,
        outcomes: &mut [Result<(), Refusal>],
    ) {
        let mut changes: BTreeMap<MemberOf, Change> = BTreeMap::new();
        for (at, operation) in operations.iter().enumerate() {
            if operation.resource == Resource::PermissionGroup || outcomes[at].is_err() {
                continue;
            }
            let (before, after) = self.memberships(operation);
            let leaves = operation.action == Verb::Delete;
            if leaves && self.capabilities.members.leave_on_delete == Seen::Yes {
                continue;
            }
            let account = match (written.get(&at), &operation.handle) {
                (Some(written), _) => written.clone(),
                (None, Some(handle)) => match place(handle) {
                    Ok((Kind::User, id)) => Written { id: id.into(), user_name: None },
                    _ => continue,
                },
                (None, None) => continue,
            };
            for group in after.iter().filter(|group| !before.contains(group)) {
                changes.entry(group.clone()).or_default().join.push((at, account.clone()));
            }
            for group in before.iter().filter(|group| !after.contains(group)) {
                changes.entry(group.clone()).or_default().leave.push((at, account.clone()));
            }
        }
        self.unknown_values(operations, &mut changes, outcomes);
        let steps: Vec<u32> = operations.iter().map(|operation| operation.step).collect();
        let most = self.scim.client.concurrency().max(1);
        for pass in [Pass::FormerValues, Pass::Joins, Pass::Leaves] {
            let part = changes.iter().filter(|(group, _)| pass != Pass::FormerValues || self.is_value(group));
            let part = part.map(|(group, change)| (group, change.only(pass == Pass::Joins)));
            let part: Vec<_> = part.filter(|(_, change)| !change.is_empty()).collect();
            let requests = part.iter().map(|(group, change)| {
                let id = self.request_id(change.steps(&steps));
                async move { self.change_members(group, change, &id).await }
            });
            let requests: Vec<_> = requests.collect();
            let mut under_way = futures_util::stream::iter(requests).buffer_unordered(most);
            while let Some(failed) = under_way.next().await {
                for (at, refusal) in failed {
                    if outcomes[at].is_ok() {
                        outcomes[at] = Err(refusal);
                    }
                }
            }
            drop(under_way);
            for (group, change) in &mut changes {
                // Who could not join does not leave: access is never lost on the way.
                change.leave.retain(|(at, _)| outcomes[*at].is_ok());
                if self.is_value(group) {
                    change.join.retain(|(at, _)| outcomes[*at].is_ok());
                    change.leave.clear();
                }
            }
        }
    }

    /// Where groups were not read to the end nobody knows which values people have: a new one would be a second one.
    fn unknown_values(
        &self,
        operations: &[Operation],
        changes: &mut BTreeMap<MemberOf, Change>,
        outcomes: &mut [Result<(), Refusal>],
    ) {
        if self.scim.names().whole.1 {
            return;
        }
        for (_, change) in changes.iter_mut().filter(|(group, _)| self.is_value(group)) {
            change.join.retain(|(at, _)| {
                let new = operations[*at].before.is_none();
                if !new {
                    let why =
                        "the groups of the portal were not read to the end, so attributes are not known; plan again";
                    outcomes[*at] =
                        Err(Refusal::Failed(format!("the account was written, its attributes were not: {why}")));
                }
                new
            });
        }
    }

    /// Whether a group tells the value of an attribute that has one value only.
    fn is_value(&self, group: &MemberOf) -> bool {
        let MemberOf::Group(_, Meaning::Fact(fact)) = group else { return false };
        let name = fact.strip_prefix("attribute:").and_then(|word| word.split_once('=')).map(|(name, _)| name);
        let attribute = name.and_then(|name| self.platform.attribute(name));
        attribute.is_some_and(|attribute| {
            !matches!(self.platform[attribute].value_type, AttributeType::List | AttributeType::Roles)
        })
    }

    /// The groups of the target that a person is in before and after an operation.
    fn memberships(&self, operation: &Operation) -> (Vec<MemberOf>, Vec<MemberOf>) {
        let groups = |object: &Option<Object>| match object.as_ref().and_then(Object::person) {
            Some(person) => self.groups_of(person, &operation.organisation),
            None => Vec::new(),
        };
        let before = groups(&operation.before);
        let mut after = if operation.action == Verb::Delete { Vec::new() } else { groups(&operation.after) };
        if operation.after.is_none() && operation.action != Verb::Delete {
            after.clone_from(&before);
        }
        (before, after)
    }

    fn groups_of(&self, person: &Person, organisation: &SmolStr) -> Vec<MemberOf> {
        if person.section == Section::Contacts && self.capabilities.contacts.is_some() {
            return Vec::new();
        }
        let word = |word: &SmolStr| match Kind::of_handle(word) {
            Some((Kind::Group, id)) => MemberOf::Id(id.into()),
            _ => MemberOf::Group(organisation.clone(), Meaning::Permission(word.clone())),
        };
        let mut groups: Vec<MemberOf> = person.groups.iter().map(|group| word(&group.value)).collect();
        let carriers = &self.scim.carriers;
        let (roles, words) = (carriers.roles == Roles::Groups, carriers.words == Words::Groups);
        let facts = mapping::facts(person, self.platform, roles, words);
        groups.extend(facts.into_iter().map(|fact| MemberOf::Group(organisation.clone(), Meaning::Fact(fact))));
        groups
    }
}

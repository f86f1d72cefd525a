//! Accounts written: created once and never twice, changed only where they are as the plan saw them.

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::account::Kind;
use super::client::{Current, Trouble};
use super::lookup::Found;
use super::place;
use super::wanted::{Attribute, Means, Wanted};
use super::wire::AccountText;
use super::writing::Writing;
use crate::live::{LiveError, Object, Operation, Refusal};
use crate::model::Person;
use crate::platform::Verb;

/// How often a write is tried where the outcome of the one before is known to be nothing.
pub(super) const ATTEMPTS: u32 = 3;

/// An account after it was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The target's name for it.
    pub(super) id: SmolStr,
    /// What the person signs in with, where it was seen.
    pub(super) user_name: Option<SmolStr>,
}

impl Writing<'_> {
    /// Creates or changes an account.
    pub(super) async fn account(&self, operation: &Operation) -> Result<Written, Refusal> {
        let means = self.means(&operation.organisation);
        let person = |object: &Option<Object>| object.as_ref().and_then(Object::person).cloned();
        let before = person(&operation.before);
        let after = match person(&operation.after) {
            Some(after) => after,
            None => self.moved(operation, before.as_ref())?,
        };
        let wanted = Wanted::of(&after, &means, true);
        let Some(handle) = &operation.handle else {
            return self.create(operation, &wanted, &means).await;
        };
        let (kind, id) = place(handle)?;
        let Some(before) = before else {
            return Err(Refusal::Failed(format!("`{}`: the operation does not say what the plan saw", operation.key)));
        };
        let there = if wanted.contact { Kind::Contact } else { Kind::User };
        if kind != there {
            return self.across(operation, (kind, id), &before, &wanted, &means).await;
        }
        let managed = before.id != *handle;
        let seen = Wanted::of(&before, &means, managed);
        self.change(operation, (kind, id), &seen, &wanted, &means).await
    }

    /// The person that a change of state alone makes.
    fn moved(&self, operation: &Operation, before: Option<&Person>) -> Result<Person, Refusal> {
        let mut after = before
            .cloned()
            .ok_or_else(|| Refusal::Failed(format!("`{}`: the operation does not say what shall be", operation.key)))?;
        after.id = operation.key.clone();
        if let Some(way) = self.platform.transition(operation.action, after.status.value)
            && operation.action != Verb::Update
        {
            after.status.value = way.to;
        }
        Ok(after)
    }

    pub(super) async fn create(
        &self,
        operation: &Operation,
        wanted: &Wanted,
        means: &Means<'_>,
    ) -> Result<Written, Refusal> {
        let kind = if wanted.contact { Kind::Contact } else { Kind::User };
        let body = wanted.body(means);
        let request = self.request_id(operation.step);
        let mut last = String::new();
        self.unseen(operation, kind, wanted, means).await?;
        for _ in 0..ATTEMPTS {
            match self.scim.client.create(kind, &body, &request).await {
                Ok(current) => return self.created(operation, kind, current, wanted, means).await,
                Err(trouble @ Trouble::NotDone(_)) => return Err(failed(operation, "nothing was done", &trouble)),
                Err(Trouble::Half(why)) => return Err(Refusal::Failed(format!("`{}`: {why}", operation.key))),
                Err(Trouble::Refused(409, detail)) => {
                    return match self.find(operation, kind, wanted, means).await {
                        Ok(Found::Ours(current)) => self.adopt(operation, kind, *current, wanted, means).await,
                        Ok(Found::Stranger(id)) => Err(stranger(operation, &id)),
                        Ok(_) | Err(_) => Err(Refusal::Failed(format!(
                            "`{}`: the portal says that this is there already, and it cannot be found: {detail}",
                            operation.key
                        ))),
                    };
                }
                Err(trouble @ Trouble::Refused(..)) => return Err(failed(operation, "nothing was done", &trouble)),
                // Whether it was done has to be looked up: a second request could make a second account.
                Err(Trouble::Unknown(why)) => match self.find(operation, kind, wanted, means).await {
                    Ok(Found::Ours(current)) => return self.adopt(operation, kind, *current, wanted, means).await,
                    Ok(Found::Stranger(id)) => return Err(stranger(operation, &id)),
                    Ok(Found::Several(count)) => {
                        return Err(Refusal::Failed(format!(
                            "`{}`: the portal has {count} of them now; remove all but one there",
                            operation.key
                        )));
                    }
                    Ok(Found::Nobody) => last = why,
                    Err(error) => {
                        return Err(Refusal::Failed(format!(
                            "`{}`: nobody knows whether it was created ({why}), and it could not be looked up \
                             ({error}); plan again to see",
                            operation.key
                        )));
                    }
                },
            }
        }
        Err(Refusal::Failed(format!("`{}`: it could not be created, {ATTEMPTS} times: {last}", operation.key)))
    }

    /// Whoever was not seen, since the list of people had gaps, may be there: under another address too.
    async fn unseen(&self, op: &Operation, kind: Kind, wanted: &Wanted, means: &Means<'_>) -> Result<(), Refusal> {
        let seen = self.scim.names().whole.0;
        match if seen { Ok(Found::Nobody) } else { self.find(op, kind, wanted, means).await } {
            Ok(Found::Nobody) => Ok(()),
            Ok(_) => Err(Refusal::Stale(format!("`{}` is there already and was not seen; plan again", op.key))),
            Err(error) => Err(unread(op, &error)),
        }
    }

    /// Looks at what was created: it has to be what was asked for.
    pub(super) async fn created(
        &self,
        operation: &Operation,
        kind: Kind,
        current: Current,
        wanted: &Wanted,
        means: &Means<'_>,
    ) -> Result<Written, Refusal> {
        let text = parse(&current.json);
        match text.as_ref().filter(|text| text.id.is_some()) {
            Some(text)
                if self.capabilities.users.truthful_answers.works() && wanted.differs(text, means).is_empty() =>
            {
                Ok(self.made(operation, kind, text))
            }
            // An answer may be shorter than the resource, or repeat what was sent: what counts is what is kept.
            Some(text) => {
                let id = text.id.clone().unwrap_or_default();
                let again = self.scim.client.get(kind, &id).await.map_err(|error| unread(operation, &error))?;
                let again = again.and_then(|current| parse(&current.json));
                let Some(text) = again else {
                    return Err(Refusal::Failed(format!("`{}`: it was created and is gone again", operation.key)));
                };
                self.kept(operation, wanted, &text, means)?;
                Ok(self.made(operation, kind, &text))
            }
            None => match self.find(operation, kind, wanted, means).await {
                Ok(Found::Ours(current)) => self.adopt(operation, kind, *current, wanted, means).await,
                _ => Err(Refusal::Failed(format!(
                    "`{}`: the portal answered that it created it, and it is not there",
                    operation.key
                ))),
            },
        }
    }

    fn made(&self, operation: &Operation, kind: Kind, text: &AccountText) -> Written {
        let id = text.id.clone().unwrap_or_default();
        let key = (operation.organisation.clone(), operation.key.clone());
        self.scim.names().made.insert(key, kind.handle(&id));
        Written { id, user_name: text.user_name.clone() }
    }

    /// Takes an account that was created by a request whose answer was lost.
    pub(super) async fn adopt(
        &self,
        operation: &Operation,
        kind: Kind,
        current: Current,
        wanted: &Wanted,
        means: &Means<'_>,
    ) -> Result<Written, Refusal> {
        let text = parse(&current.json).filter(|text| text.id.is_some());
        let Some(text) = text else {
            return Err(Refusal::Failed(format!("`{}`: what the portal has cannot be understood", operation.key)));
        };
        let differs = wanted.unlike(&text, means);
        if !differs.is_empty() {
            let id = text.id.clone().unwrap_or_default();
            self.write(operation, (kind, &id), &current, wanted, &differs, means).await?;
        }
        Ok(self.made(operation, kind, &text))
    }

    async fn change(
        &self,
        operation: &Operation,
        (kind, id): (Kind, &str),
        before: &Wanted,
        wanted: &Wanted,
        means: &Means<'_>,
    ) -> Result<Written, Refusal> {
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            let current = self.scim.client.get(kind, id).await.map_err(|error| unread(operation, &error))?;
            let Some(current) = current else {
                return Err(Refusal::Stale(format!("`{}`: it is no longer on the portal; plan again", operation.key)));
            };
            let Some(text) = parse(&current.json) else {
                return Err(Refusal::Failed(format!("`{}`: what the portal has cannot be understood", operation.key)));
            };
            let mut differs = wanted.unlike(&text, means);
            let written = Written { id: id.into(), user_name: text.user_name.clone() };
            if wanted.renames(before, &text, means) {
                differs.push(Attribute::UserName);
            }
            if differs.is_empty() {
                return Ok(written);
            }
            // What is as it shall be by now is nobody's loss, whoever made it so.
            let mut foreign = before.differs(&text, means);
            foreign.retain(|one| differs.contains(one));
            unchanged(operation, &foreign)?;
            match self.write(operation, (kind, id), &current, wanted, &differs, means).await {
                Err(Refusal::Stale(why)) => last = why,
                Ok(text) => return Ok(Written { user_name: text.user_name, ..written }),
                Err(other) => return Err(other),
            }
        }
        Err(Refusal::Stale(last))
    }

    /// Writes what differs in one request, and looks at what came of it.
    pub(super) async fn write(
        &self,
        operation: &Operation,
        (kind, id): (Kind, &str),
        current: &Current,
        wanted: &Wanted,
        differs: &[Attribute],
        means: &Means<'_>,
    ) -> Result<AccountText, Refusal> {
        let client = &self.scim.client;
        let request = self.request_id(operation.step);
        let version = current.version.as_deref().filter(|_| self.capabilities.versions.checked());
        let empty = Map::new();
        let now = current.json.as_object().unwrap_or(&empty);
        let answer = if self.capabilities.users.patch.works() {
            let operations = wanted.operations(differs, now, means);
            client.patch(kind, id, operations, version, &request).await
        } else {
            let mut body = now.clone();
            body.remove("meta");
            body.remove("groups");
            // Whoever leaves it out may let somebody in again who was shut out.
            let differs: Vec<Attribute> = differs.iter().copied().chain([Attribute::Active]).collect();
            wanted.put(&mut body, &differs, means);
            client.put(kind, id, &Json::Object(body), version, &request).await
        };
        let shown = match answer {
            Ok(shown) => shown,
            Err(Trouble::Refused(412, _)) => {
                return Err(Refusal::Stale(format!("`{}` was changed at this moment; plan again", operation.key)));
            }
            Err(trouble @ (Trouble::Refused(..) | Trouble::NotDone(_))) => {
                return Err(failed(operation, "nothing was done", &trouble));
            }
            Err(Trouble::Half(why)) => return Err(Refusal::Failed(format!("`{}`: {why}", operation.key))),
            Err(Trouble::Unknown(_)) => None,
        };
        let believed = self.capabilities.users.truthful_answers.works();
        if let Some(text) = shown.filter(|_| believed).and_then(|current| parse(&current.json))
            && wanted.differs(&text, means).is_empty()
        {
            return Ok(text);
        }
        let current = client.get(kind, id).await.map_err(|error| unread(operation, &error))?;
        let text = current.and_then(|current| parse(&current.json)).ok_or_else(|| {
            Refusal::Failed(format!("`{}`: it was written and is gone from the portal", operation.key))
        })?;
        self.kept(operation, wanted, &text, means)?;
        Ok(text)
    }

    /// Refuses to call done what the portal did not keep.
    fn kept(
        &self,
        operation: &Operation,
        wanted: &Wanted,
        text: &AccountText,
        means: &Means<'_>,
    ) -> Result<(), Refusal> {
        let lost: Vec<&str> = wanted.differs(text, means).iter().map(|one| one.as_str()).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let cure = match self.scim.client.dialect() {
            None => "learn what it keeps with `rosterctl target probe --write`",
            Some(_) => "compare its manifest with what it shows, `rosterctl target probe`, and with its own settings",
        };
        let lost = lost.join(", ");
        Err(Refusal::Failed(format!(
            "`{}`: the portal accepted the change and did not keep: {lost}; {cure}",
            operation.key
        )))
    }

    /// Deletes an account that is as the plan saw it.
    pub(super) async fn delete_account(&self, operation: &Operation) -> Result<(), Refusal> {
        let Some(handle) = &operation.handle else {
            return Err(Refusal::Failed(format!("`{}`: the operation names nobody", operation.key)));
        };
        let (kind, id) = place(handle)?;
        let means = self.means(&operation.organisation);
        let Some(current) = self.scim.client.get(kind, id).await.map_err(|error| unread(operation, &error))? else {
            return Ok(());
        };
        if let (Some(before), Some(text)) = (operation.before.as_ref().and_then(Object::person), parse(&current.json)) {
            let seen = Wanted::of(before, &means, before.id != *handle);
            unchanged(operation, &seen.differs(&text, &means))?;
        }
        let version = current.version.as_deref().filter(|_| self.capabilities.versions.checked());
        let request = self.request_id(operation.step);
        match self.scim.client.delete(kind, id, version, &request).await {
            Ok(()) => Ok(()),
            Err(Trouble::Refused(412, _)) => {
                Err(Refusal::Stale(format!("`{}` was changed at this moment; plan again", operation.key)))
            }
            Err(Trouble::Unknown(why) | Trouble::Half(why)) => {
                Err(Refusal::Failed(format!("`{}`: {why}", operation.key)))
            }
            Err(trouble) => Err(failed(operation, "nothing was done", &trouble)),
        }
    }
}

pub(super) fn parse(json: &Json) -> Option<AccountText> {
    serde::Deserialize::deserialize(json).ok()
}

pub(super) fn failed(operation: &Operation, what: &str, trouble: &Trouble) -> Refusal {
    match trouble {
        Trouble::Refused(status, detail) => {
            Refusal::Failed(format!("`{}`: {what}, the portal answered {status}: {detail}", operation.key))
        }
        Trouble::NotDone(message) | Trouble::Unknown(message) | Trouble::Half(message) => {
            Refusal::Failed(format!("`{}`: {what}: {message}", operation.key))
        }
    }
}

pub(super) fn unread(operation: &Operation, error: &LiveError) -> Refusal {
    Refusal::Failed(format!("`{}`: the portal could not be read: {error}", operation.key))
}

/// Refuses where attributes are not as the plan saw them.
fn unchanged(operation: &Operation, changed: &[Attribute]) -> Result<(), Refusal> {
    let names: Vec<&str> = changed.iter().map(|one| one.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Refusal::Stale(format!(
        "`{}` has changed on the portal since the plan was made: {}; plan again",
        operation.key,
        names.join(", ")
    )))
}

fn stranger(operation: &Operation, id: &str) -> Refusal {
    Refusal::Stale(format!(
        "`{}`: `{id}` on the portal has the same user name; plan again to take it over",
        operation.key
    ))
}

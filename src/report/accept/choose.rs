//! Which differences are meant: by item, or all that came from outside.

use schemars::JsonSchema;
use serde::Serialize;

use super::World;
use crate::diagnostic::nearest;
use crate::live::Live;
use crate::model::Organisation;
use crate::plan::document::Unmanaged;
use crate::platform::Section;
use crate::report::{Cause, Difference};

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// The differences to accept, by index.
    pub taken: Vec<usize>,
    /// Those that differ as well and stay.
    pub left: Vec<Left>,
    /// Items that do not differ.
    pub same: Vec<String>,
    /// Items of which nothing is taken, although they differ.
    pub vain: Vec<String>,
}

/// A difference that was not asked for, or not clearly enough.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Left {
    /// The item, as it can be typed.
    pub item: String,
    /// On whose side it changed.
    pub cause: Cause,
    /// Why it stays, and how to accept it.
    pub reason: String,
}

/// An item that is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The item as typed.
    pub item: String,
    /// The nearest one that is something.
    pub near: Option<String>,
}

/// What a difference is called on the command line.
pub fn item(world: &World<'_>, difference: &Difference) -> String {
    match unmanaged(world, difference) {
        Some(one) => format!("{}/{}", difference.organisation, one.email.as_deref().unwrap_or(&one.handle)),
        None => difference.item(),
    }
}

/// Whom a difference speaks of that no roster names.
pub fn unmanaged<'w>(world: &World<'w>, difference: &Difference) -> Option<&'w Unmanaged> {
    let mut all = world.plan.unmanaged.iter().filter(|_| difference.cause == Cause::Unmanaged);
    all.find(|one| {
        let email = one.email.as_ref().map(|email| format!(" ({email})")).unwrap_or_default();
        one.organisation == difference.organisation
            && one.resource == difference.resource
            && difference.key == format!("{}{email}", one.handle)
    })
}

/// The differences that the items name; without items those that came from outside.
pub fn choose(world: &World<'_>, items: &[String], with_unmanaged: bool) -> Result<Choice, Vec<Wrong>> {
    let mut choice = Choice::default();
    let mut wrong = Vec::new();
    if items.is_empty() {
        (0..world.differences.len()).for_each(|index| choice.by_cause(world, index));
    }
    for item in items {
        if !choice.named(world, item) {
            wrong.push(Wrong { item: item.clone(), near: near(world, item) });
        }
    }
    if with_unmanaged {
        let all = world.differences.iter().enumerate().filter(|(_, one)| one.cause == Cause::Unmanaged);
        choice.taken.extend(all.map(|(index, _)| index));
    }
    choice.taken.sort_unstable();
    choice.taken.dedup();
    let taken: Vec<String> = choice.taken.iter().map(|index| self::item(world, &world.differences[*index])).collect();
    choice.left.retain(|left| !taken.contains(&left.item));
    choice.left.dedup();
    if wrong.is_empty() { Ok(choice) } else { Err(wrong) }
}

impl Choice {
    /// Takes what certainly came from outside; what else differs is told.
    fn by_cause(&mut self, world: &World<'_>, index: usize) {
        let difference = &world.differences[index];
        let item = item(world, difference);
        let reason = match difference.cause {
            Cause::Outside => return self.taken.push(index),
            Cause::Unknown => format!("the portal cannot tell who changed it: name it, as in `accept {item}`"),
            Cause::Both => format!("the roster changed it too: `accept {item}` takes the portal's value instead"),
            Cause::NotApplied => not_applied(difference, &item),
            Cause::Unmanaged => format!("no roster names it: `accept {item}` or `accept --unmanaged` adds an entry"),
        };
        self.left.push(Left { item, cause: difference.cause, reason });
    }

    /// Takes what an item names; false where it names nothing.
    fn named(&mut self, world: &World<'_>, typed: &str) -> bool {
        let organisations = || world.pairs.iter().map(|(organisation, _)| *organisation);
        if organisations().any(|one| one.id == typed) {
            let of = |index: &usize| world.differences[*index].organisation == typed;
            (0..world.differences.len()).filter(of).for_each(|index| self.by_cause(world, index));
            return true;
        }
        let own = typed.split_once('/').filter(|(id, _)| organisations().any(|one| one.id == *id));
        let (organisation, rest) = match own {
            Some((organisation, rest)) => (Some(organisation), rest),
            None if typed.contains('@') => (None, typed),
            None => return false,
        };
        let here = |one: &Difference| organisation.is_none_or(|id| id == one.organisation);
        let among = || world.differences.iter().enumerate().filter(|(_, one)| here(one));
        let whole: Vec<usize> =
            among().filter(|(_, one)| is_called(world, one, rest)).map(|(index, _)| index).collect();
        let before = self.taken.len();
        for index in &whole {
            let difference = &world.differences[*index];
            let item = item(world, difference);
            match (&difference.field, difference.cause) {
                (Some(_), Cause::NotApplied) => {
                    let reason = not_applied(difference, &item);
                    self.left.push(Left { item, cause: difference.cause, reason });
                }
                _ => self.taken.push(*index),
            }
        }
        if !whole.is_empty() {
            if self.taken.len() == before {
                // Whoever was taken over has all but the id, which is written by `apply`.
                let own = |index: &usize| world.differences[*index].field.as_deref() == Some("id");
                let list = if whole.iter().all(own) { &mut self.same } else { &mut self.vain };
                list.push(typed.to_owned());
            }
            return true;
        }
        let Some((key, field)) = rest.rsplit_once('/') else {
            return self.known(world, organisation, rest, None, typed);
        };
        let fits = |one: &Difference| {
            let fields = one.field.as_deref();
            is_called(world, one, key)
                && fields.is_some_and(|own| {
                    own == field || own.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'))
                })
        };
        let found: Vec<usize> = among().filter(|(_, one)| fits(one)).map(|(index, _)| index).collect();
        self.taken.extend(&found);
        if let Some((_, one)) =
            among().find(|(_, one)| found.is_empty() && one.field.is_none() && is_called(world, one, key))
        {
            let item = item(world, one);
            let reason = format!("only one side has it at all, so it has no fields to accept: name `{item}`");
            self.left.push(Left { item, cause: one.cause, reason });
            self.vain.push(typed.to_owned());
            return true;
        }
        !found.is_empty()
            || self.known(world, organisation, key, Some(field), typed)
            || self.known(world, organisation, rest, None, typed)
    }

    /// Whether an item is something that does not differ.
    fn known(
        &mut self,
        world: &World<'_>,
        organisation: Option<&str>,
        key: &str,
        field: Option<&str>,
        typed: &str,
    ) -> bool {
        let mut pairs = world.pairs.iter().filter(|(one, _)| organisation.is_none_or(|id| id == one.id));
        let known = pairs.any(|(one, live)| {
            let field = field.is_none_or(|field| fields(one).iter().any(|known| known == field));
            field && (has(one, key) || has_been(one, live, key))
        });
        if known {
            self.same.push(typed.to_owned());
        }
        known
    }
}

fn not_applied(difference: &Difference, item: &str) -> String {
    match difference.field.as_deref() {
        Some("id") => "the portal does not know the id yet: `apply` writes it".to_owned(),
        _ => format!("the roster changed it and it is not applied yet: `accept {item}` would undo that change"),
    }
}

fn is_called(world: &World<'_>, difference: &Difference, name: &str) -> bool {
    if let Some(one) = unmanaged(world, difference) {
        return one.handle == name || one.email.as_ref().is_some_and(|email| email.eq_ignore_ascii_case(name));
    }
    let own = world.pairs.iter().find(|(one, _)| one.id == difference.organisation.as_str());
    let person = own.and_then(|(one, _)| one.person(&difference.key));
    difference.key == name || person.is_some_and(|person| person.has_address(name))
}

/// Whether something is called so that was accepted before: it is gone from both sides, or went by the portal's name.
fn has_been(organisation: &Organisation, live: &Live, key: &str) -> bool {
    let taken_over = |handle: &str, id: &str| handle == key && has(organisation, id);
    live.vanished.iter().any(|(_, id)| id == key)
        || live.people.iter().any(|entry| {
            let object = &entry.object;
            let address = object.email.as_ref().map_or("", |email| email.value.as_str());
            taken_over(&entry.handle, &object.id) || taken_over(&entry.handle, address)
        })
        || live.groups.iter().any(|entry| taken_over(&entry.handle, &entry.object.id))
}

fn has(organisation: &Organisation, key: &str) -> bool {
    let person = organisation.people.iter().chain(&organisation.expired);
    let mut person = person.filter(|person| person.id == key || person.has_address(key));
    person.next().is_some() || organisation.group(key).is_some()
}

/// The fields that an object of the organisation's platform may have.
fn fields(organisation: &Organisation) -> Vec<String> {
    let platform = &organisation.platform;
    let plain =
        ["name", "email", "phone", "type", "status", "roles", "groups", "section", "attributes", "applications"];
    let attributes = platform.attributes.iter().map(|one| format!("attributes.{}", one.name));
    let applications = platform.applications.iter().map(|one| format!("applications.{}", one.id));
    plain.iter().map(|field| (*field).to_owned()).chain(attributes).chain(applications).collect()
}

/// The nearest item that is something.
fn near(world: &World<'_>, typed: &str) -> Option<String> {
    let mut known: Vec<String> = Vec::new();
    for difference in world.differences {
        let item = item(world, difference);
        if let Some(field) = &difference.field {
            known.push(item.trim_end_matches(field.as_str()).trim_end_matches('/').to_owned());
        }
        known.push(item);
    }
    for (organisation, _) in world.pairs {
        known.push(organisation.id.to_string());
        let sections = [Section::Users, Section::Contacts];
        let people = sections.into_iter().flat_map(|section| organisation.section(section));
        known.extend(people.map(|person| format!("{}/{}", organisation.id, person.id)));
        known.extend(organisation.groups.iter().map(|group| format!("{}/{}", organisation.id, group.id)));
    }
    let bare = known.iter().find(|known| known.split_once('/').is_some_and(|(_, rest)| rest == typed));
    let near = bare.cloned().or_else(|| nearest(typed, known.iter().map(String::as_str)).map(str::to_owned));
    near.or_else(|| {
        let (head, field) = typed.rsplit_once('/')?;
        let (id, key) = head.split_once('/')?;
        let (organisation, _) = world.pairs.iter().find(|(one, _)| one.id == id && has(one, key))?;
        let fields = fields(organisation);
        nearest(field, fields.iter().map(String::as_str)).map(|field| format!("{head}/{field}"))
    })
}

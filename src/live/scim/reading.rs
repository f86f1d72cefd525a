//! From accounts and groups of a target to the people and permission groups of an organisation.

use std::collections::{BTreeMap, HashMap};

use smol_str::SmolStr;

use super::account::{Account, Collection};
use super::directory::Part;
use super::mapping::{self, Applications, Carriers, Known, Meaning};
use crate::diagnostic::{Located, Span};
use crate::live::object::GroupRecord;
use crate::live::{Applied, Completeness, Entry, Live, Resource, Unread};
use crate::model::{EntryType, Group, Held, Person};
use crate::platform::{Platform, Section, State};

/// The live state of an organisation: its part of the target, and the strangers whom it may take over.
pub fn live(organisation: &str, platform: &Platform, carriers: &Carriers, parts: [&Part; 2], gaps: &[String]) -> Live {
    let mut live = Live { gaps: gaps.to_vec(), ..Live::default() };
    let memberships = Memberships::of(parts, carriers);
    for (which, part) in parts.into_iter().enumerate() {
        for (at, account) in part.accounts.iter().enumerate() {
            let held = memberships.held.get(&(which, at));
            live.modified.extend(account.modified.map(|modified| (account.handle(), modified)));
            match person(account, platform, held) {
                Ok(entry) => live.people.push(entry),
                Err(reason) => live.unread.push(Unread {
                    handle: account.handle(),
                    resource: Some(if account.contact { Resource::Contact } else { Resource::User }),
                    id: account.identity.as_ref().map(|(_, id)| id.clone()),
                    name: Some(account.name.clone()),
                    email: account.email.clone(),
                    reason,
                }),
            }
        }
        let access = accesses(part, carriers);
        for collection in &part.collections {
            let id = match collection.meaning() {
                Some((_, Meaning::Permission(id))) => Some(id),
                Some(_) => continue,
                None => None,
            };
            let words = id.as_ref().and_then(|id| access.get(id)).unwrap_or(&collection.access);
            match group(collection, id.as_ref(), words, platform) {
                Ok(entry) => live.groups.push(entry),
                Err(reason) => live.unread.push(Unread {
                    handle: collection.handle(),
                    resource: Some(Resource::PermissionGroup),
                    id,
                    name: Some(collection.name.clone()),
                    email: None,
                    reason,
                }),
            }
        }
        live.unread.extend(part.unread.iter().cloned());
    }
    twins(&mut live, organisation);
    live.foreign_members = memberships.foreign;
    let read = live.people.len() + live.groups.len();
    let missing = live.unread.len() + usize::from(!live.gaps.is_empty());
    live.proof = Completeness { read, announced: read + missing };
    live
}

/// What people are members of, by part and place in it.
struct Memberships<'a> {
    held: HashMap<(usize, usize), Vec<Membership<'a>>>,
    /// Members of an organisation's own groups who are none of these people.
    foreign: Vec<(SmolStr, SmolStr)>,
}

/// One membership.
enum Membership<'a> {
    /// In a permission group or a stranger's group, by what the rosters call it.
    Group(SmolStr),
    /// In the group of a fact.
    Fact(&'a str),
}

impl<'a> Memberships<'a> {
    fn of(parts: [&'a Part; 2], carriers: &Carriers) -> Memberships<'a> {
        let mut who: HashMap<&str, (usize, usize)> = HashMap::new();
        for (which, part) in parts.iter().enumerate() {
            // Some servers name members by their user name: an id always comes first.
            let named = part.accounts.iter().enumerate().filter(|(_, one)| !one.contact);
            for (at, account) in named {
                who.entry(&account.user_name).or_insert((which, at));
            }
        }
        for (which, part) in parts.iter().enumerate() {
            who.extend(part.by_id().into_iter().map(|(id, at)| (id, (which, at))));
        }
        let mut held: HashMap<(usize, usize), Vec<Membership<'a>>> = HashMap::new();
        let mut foreign = Vec::new();
        for collection in parts.iter().flat_map(|part| &part.collections) {
            let identity = collection.identity.as_deref().and_then(mapping::parted);
            let word = match collection.meaning() {
                Some((_, Meaning::Access(..))) => continue,
                Some((_, Meaning::Permission(id))) => Ok(id),
                Some((_, Meaning::Fact(_))) if !carriers.facts() => continue,
                Some((_, Meaning::Fact(_))) => Err(identity.map_or("", |(_, rest)| rest)),
                None => Ok(collection.handle()),
            };
            for member in collection.members.iter().flatten() {
                let Some(place) = who.get(member.as_str()) else {
                    if let (Some(_), Ok(id)) = (&collection.identity, &word) {
                        foreign.push((id.clone(), member.clone()));
                    }
                    continue;
                };
                let membership = match &word {
                    Ok(id) => Membership::Group(id.clone()),
                    Err(fact) => Membership::Fact(fact),
                };
                held.entry(*place).or_default().push(membership);
            }
        }
        Memberships { held, foreign }
    }
}

/// The access that permission groups give by groups made for that.
fn accesses(part: &Part, carriers: &Carriers) -> HashMap<SmolStr, Vec<SmolStr>> {
    let mut access: HashMap<SmolStr, Vec<SmolStr>> = HashMap::new();
    if carriers.applications == Applications::Groups {
        for collection in &part.collections {
            match collection.meaning() {
                Some((_, Meaning::Permission(id))) => {
                    access.entry(id).or_default();
                }
                Some((_, Meaning::Access(group, word))) => access.entry(group).or_default().push(word),
                _ => {}
            }
        }
    }
    access
}

/// A person as the target has them.
fn person(account: &Account, platform: &Platform, held: Option<&Vec<Membership<'_>>>) -> Result<Entry<Person>, String> {
    let handle = account.handle();
    let mut facts = Known::default();
    let mut groups = Vec::new();
    for membership in held.into_iter().flatten() {
        match membership {
            Membership::Group(word) => groups.push(Located::nowhere(word.clone())),
            Membership::Fact(fact) => facts.add(fact),
        }
    }
    let person = known_person(account, platform, &[&account.known, &facts], groups)?;
    Ok(Entry { object: person, handle, managed: account.identity.is_some(), applied: Applied::Unknown })
}

/// The person that an account and what is known besides make.
pub fn known_person(
    account: &Account,
    platform: &Platform,
    known: &[&Known],
    groups: Vec<Located<SmolStr>>,
) -> Result<Person, String> {
    // A contact kept among the users to whom somebody gave access is a user: contacts have none.
    let contact = account.contact || !account.active && known.iter().any(|known| known.contact);
    let section = if contact { Section::Contacts } else { Section::Users };
    let id = account.identity.as_ref().map_or_else(|| account.handle(), |(_, id)| id.clone());
    let mut person = Person::new(section, id, account.name.clone());
    person.email = account.email.clone().map(Located::nowhere);
    person.phone = account.phone.clone().map(Located::nowhere);
    person.groups = groups;
    if known.iter().any(|known| known.list) {
        person.entry_type.value = EntryType::DistributionList;
    }
    person.status.value = match account.state {
        _ if contact => State::Active,
        Some(state) => state,
        None if account.active => State::Active,
        None => State::Deactivated,
    };
    // Words of other people's vocabularies are theirs: they are neither read nor touched.
    let mut roles: Vec<_> =
        known.iter().flat_map(|known| &known.roles).filter_map(|role| platform.role(role)).collect();
    roles.sort_unstable();
    roles.dedup();
    let held = |(index, role)| Held { role, index: index as u16, span: Span::default() };
    person.roles = roles.into_iter().enumerate().map(held).collect();
    let mut values: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for word in known.iter().flat_map(|known| &known.attributes) {
        let Some((name, value)) = word.split_once('=') else { continue };
        if let Some(attribute) = platform.attribute(name) {
            values.entry(attribute).or_default().push(value);
        }
    }
    for (attribute, mut words) in values {
        words.sort_unstable();
        words.dedup();
        let described = &platform[attribute];
        let value = mapping::value(&words, described.value_type)
            .ok_or_else(|| format!("attribute `{}` has the values {}", described.name, words.join(", ")))?;
        person.attributes.push((attribute, Located::nowhere(value)));
    }
    Ok(person)
}

fn group(
    collection: &Collection,
    id: Option<&SmolStr>,
    access: &[SmolStr],
    platform: &Platform,
) -> Result<Entry<Group>, String> {
    let handle = collection.handle();
    let mut applications = BTreeMap::new();
    for word in access {
        let Some((application, level)) = word.split_once('=') else { continue };
        if applications.insert(SmolStr::from(application), SmolStr::from(level)).is_some() {
            return Err(format!("it gives access to `{application}` twice"));
        }
    }
    let record = GroupRecord { name: collection.name.clone(), applications };
    let object = record.group(platform, id.unwrap_or(&handle))?;
    Ok(Entry { object, handle, managed: id.is_some(), applied: Applied::Unknown })
}

/// Two resources with one identity: nobody can say which is meant, so neither is used.
fn twins(live: &mut Live, organisation: &str) {
    let mut people: HashMap<(Section, SmolStr), usize> = HashMap::new();
    for entry in live.people.iter().filter(|entry| entry.managed) {
        *people.entry((entry.object.section, entry.object.id.clone())).or_default() += 1;
    }
    let mut groups: HashMap<SmolStr, usize> = HashMap::new();
    for entry in live.groups.iter().filter(|entry| entry.managed) {
        *groups.entry(entry.object.id.clone()).or_default() += 1;
    }
    let reason = |id: &str, count| format!("the portal has {count} of them with the identity `{organisation}/{id}`");
    let mut unread = Vec::new();
    live.people.retain(|entry| {
        let count = people.get(&(entry.object.section, entry.object.id.clone())).copied().unwrap_or(1);
        let one = !entry.managed || count == 1;
        if !one {
            unread.push(Unread {
                handle: entry.handle.clone(),
                resource: Some(Resource::from(entry.object.section)),
                id: Some(entry.object.id.clone()),
                name: Some(entry.object.name.value.clone()),
                email: entry.object.email.as_ref().map(|email| email.value.clone()),
                reason: reason(&entry.object.id, count),
            });
        }
        one
    });
    live.groups.retain(|entry| {
        let count = groups.get(&entry.object.id).copied().unwrap_or(1);
        let one = !entry.managed || count == 1;
        if !one {
            unread.push(Unread {
                handle: entry.handle.clone(),
                resource: Some(Resource::PermissionGroup),
                id: Some(entry.object.id.clone()),
                name: Some(entry.object.name.value.clone()),
                email: None,
                reason: reason(&entry.object.id, count),
            });
        }
        one
    });
    live.unread.append(&mut unread);
}

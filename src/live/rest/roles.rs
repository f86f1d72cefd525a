//! Roles that are a resource of their own: read with one request for each role that rosters know, given and taken one by
//! one, and looked at again afterwards. Whatever else the portal calls a role is neither read nor touched.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::api::{List, Roles, Slot, word};
use super::dialect::lacks;
use super::expression::Names;
use super::probe::{Looked, look_at};
use super::talk::Talk;
use super::{Rest, view};
use crate::http::Safety;
use crate::live::LiveError;
use crate::live::scim::{Current, Kind, Trouble};
use crate::platform::Platform;

/// Where a resource carries the roles that it was read with: only those may be taken.
const READ_WITH: &str = "urn:rosterctl:roles";

/// What is known of roles.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What the roles of rosters are called on the portal.
    vocabulary: Mutex<BTreeMap<SmolStr, String>>,
    /// What there was when people were listed last.
    there: Mutex<Arc<There>>,
}

/// The roles of a portal, and who holds those that rosters know.
#[derive(Debug, Default)]
struct There {
    roles: BTreeMap<String, Role>,
    /// By the id of the person: the roles in the words of rosters.
    held: HashMap<String, Vec<SmolStr>>,
    /// Whether the portal was asked at all.
    read: bool,
    /// Why what was read may not be all.
    gap: Option<String>,
}

/// A role of the portal.
#[derive(Clone, Debug)]
struct Role {
    id: String,
    item: Json,
}

/// Who holds which roles in the portal's words, by the id of the person, and why that may not be all.
pub(super) type Holdings = (HashMap<String, Vec<SmolStr>>, Option<String>);

/// A role to be given or taken.
struct Order {
    key: SmolStr,
    role: Role,
    gives: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    fn called(&self, key: &str) -> Option<String> {
        locked(&self.vocabulary).get(key).cloned()
    }

    fn key(&self, name: &str) -> Option<SmolStr> {
        let vocabulary = locked(&self.vocabulary);
        vocabulary.iter().find(|(_, own)| *own == name).map(|(key, _)| key.clone())
    }

    fn there(&self) -> Arc<There> {
        locked(&self.there).clone()
    }
}

impl Talk {
    /// Learns which roles a platform has. Whether there are new ones: what was read before does not tell who holds them.
    pub(super) fn learn_roles(&self, platform: &Platform) -> Result<bool, LiveError> {
        let Some(roles) = self.api.granted() else { return Ok(false) };
        let mut vocabulary = locked(&self.roles.vocabulary);
        let mut new = false;
        for role in &platform.roles {
            if vocabulary.contains_key(&role.id) {
                continue;
            }
            let name = match roles.called {
                None => role.id.to_string(),
                Some(slot) => {
                    let names = Names::default().with("key", &role.id.as_str().into());
                    let given = self.api.give(slot, &names).map_err(|failure| failure.message().to_owned());
                    let given = given.and_then(|given| word(&given).ok_or_else(|| "it gives no word".to_owned()));
                    given.map_err(|why| self.misread(slot, &format!("`called` of `{}`: {why}", role.id)))?
                }
            };
            if let Some((other, _)) = vocabulary.iter().find(|(_, own)| **own == name) {
                let slot = roles.called.unwrap_or(roles.name);
                return Err(self.misread(slot, &format!("`{other}` and `{}` are both called `{name}`", role.id)));
            }
            vocabulary.insert(role.id.clone(), name);
            new = true;
        }
        Ok(new)
    }

    /// Reads which roles there are and who holds those that rosters know, before people are listed.
    pub(super) async fn fill_roles(&self) -> Result<(), LiveError> {
        let Some(roles) = self.api.granted() else { return Ok(()) };
        let vocabulary = locked(&self.roles.vocabulary).clone();
        let mut there = There::default();
        if !vocabulary.is_empty() {
            (there.roles, there.gap) = self.roles_there(roles).await?;
            there.read = true;
            if roles.holders.is_some() {
                let known = vocabulary.iter().filter_map(|(key, name)| Some((key.clone(), there.roles.get(name)?)));
                let known: Vec<(SmolStr, String)> = known.map(|(key, role)| (key, role.id.clone())).collect();
                let (held, gap) = self.holdings(roles, known).await?;
                (there.held, there.gap) = (held, there.gap.or(gap));
            }
        }
        *locked(&self.roles.there) = Arc::new(there);
        Ok(())
    }

    /// Who holds roles that are evidence of something.
    pub(super) async fn evidence(&self, roles: &Roles) -> Result<Holdings, LiveError> {
        let (there, gap) = self.roles_there(roles).await?;
        let all = there.into_iter().map(|(name, role)| (SmolStr::from(name), role.id)).collect();
        let (held, missing) = self.holdings(roles, all).await?;
        Ok((held, gap.or(missing)))
    }

    async fn roles_there(&self, roles: &Roles) -> Result<(BTreeMap<String, Role>, Option<String>), LiveError> {
        let (items, mut gap) = self.all(&roles.list, None).await?;
        let mut there = BTreeMap::new();
        for item in items {
            let (id, name) = (self.told(&roles.list, roles.id, &item)?, self.told(&roles.list, roles.name, &item)?);
            if there.contains_key(&name) {
                gap.get_or_insert(format!("{}: the portal has two roles `{name}`", roles.list.get.text));
            }
            there.insert(name, Role { id, item });
        }
        Ok((there, gap))
    }

    /// What an expression says of an item: a word, or the list cannot be used.
    fn told(&self, list: &List, slot: Slot, item: &Json) -> Result<String, LiveError> {
        let given = self.api.give(slot, &Names::default().with("item", item));
        let given = given.map_err(|failure| failure.message().to_owned());
        let word = given.and_then(|given| {
            let word = word(&given).filter(|word| !word.is_empty());
            word.ok_or_else(|| format!("`{}` gives no word", self.api.written(slot)))
        });
        word.map_err(|why| self.misread(slot, &format!("{}: {why}", list.get.text)))
    }

    async fn holdings(&self, roles: &Roles, known: Vec<(SmolStr, String)>) -> Result<Holdings, LiveError> {
        let one = |(key, id): (SmolStr, String)| async move { Ok((key, self.holders(roles, &id).await?)) };
        let all: Vec<_> = known.into_iter().map(one).collect();
        let mut under_way = futures_util::stream::iter(all).buffered(self.side_by_side());
        let (mut held, mut gap) = (HashMap::<String, Vec<SmolStr>>::new(), None);
        while let Some(read) = under_way.next().await {
            let (key, (ids, missing)): (SmolStr, _) = read?;
            gap = gap.or(missing);
            for id in ids {
                held.entry(id).or_default().push(key.clone());
            }
        }
        Ok((held, gap))
    }

    /// Who holds a role, each once.
    async fn holders(&self, roles: &Roles, id: &str) -> Result<(HashSet<String>, Option<String>), LiveError> {
        let Some((list, holder)) = &roles.holders else { return Ok(Default::default()) };
        let (items, mut gap) = self.all(list, Some(id)).await?;
        let mut holders = HashSet::new();
        for item in items {
            let holder = self.told(list, *holder, &item)?;
            let group = roles.through.map(|slot| self.api.give(slot, &Names::default().with("item", &item)));
            match group {
                Some(Ok(Json::Bool(true))) => {
                    let (members, missing) = self.members_of(&holder).await?;
                    gap = gap.or(missing);
                    holders.extend(members);
                }
                None | Some(Ok(Json::Bool(false))) => drop(holders.insert(holder)),
                Some(_) => {
                    gap.get_or_insert(format!("{}: nobody can say whether a holder is a group", list.get.text));
                }
            }
        }
        Ok((holders, gap))
    }

    /// The roles of a person in the words of rosters.
    async fn roles_of(&self, id: &str) -> Result<Vec<SmolStr>, LiveError> {
        let Some(roles) = self.api.granted() else { return Ok(Vec::new()) };
        let whole = |gap: Option<String>| gap.map_or(Ok(()), |gap| Err(LiveError::new(gap, "plan again")));
        let mut keys = Vec::new();
        if let Some(of) = &roles.of {
            let (items, gap) = self.all(of, Some(id)).await?;
            whole(gap)?;
            for item in items {
                keys.extend(self.roles.key(&self.told(of, roles.name, &item)?));
            }
        } else {
            let there = self.roles.there();
            let vocabulary = locked(&self.roles.vocabulary).clone();
            for (key, name) in vocabulary {
                let Some(role) = there.roles.get(&name) else { continue };
                let (holders, gap) = self.holders(roles, &role.id).await?;
                whole(gap)?;
                keys.extend(holders.contains(id).then_some(key));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// People of a page with the roles that they hold, and why those may not be all.
    pub(super) async fn with_roles(&self, mut people: Vec<Json>) -> Result<(Vec<Json>, Option<String>), LiveError> {
        let there = self.roles.there();
        let Some(roles) = self.api.granted().filter(|_| there.read) else { return Ok((people, None)) };
        let id = |person: &Json| person.get("id").and_then(Json::as_str).map(str::to_owned);
        if roles.holders.is_some() {
            for person in &mut people {
                let held = id(person).and_then(|id| there.held.get(&id));
                person["roles"] = json!(held.map(Vec::as_slice).unwrap_or_default());
            }
            return Ok((people, there.gap.clone()));
        }
        let one = |mut person: Json| async move {
            if let Some(id) = id(&person) {
                person["roles"] = json!(self.roles_of(&id).await?);
            }
            Ok::<Json, LiveError>(person)
        };
        let all: Vec<_> = people.into_iter().map(one).collect();
        let read: Vec<Result<Json, LiveError>> =
            futures_util::stream::iter(all).buffered(self.side_by_side()).collect().await;
        Ok((read.into_iter().collect::<Result<_, _>>()?, there.gap.clone()))
    }

    /// A person with the roles that they hold at this moment.
    pub(super) async fn show_roles(
        &self,
        kind: Kind,
        id: &str,
        person: &mut serde_json::Map<String, Json>,
    ) -> Result<(), LiveError> {
        if kind == Kind::User && self.api.granted().is_some() {
            let roles = json!(self.roles_of(id).await?);
            person.insert("roles".to_owned(), roles.clone());
            person.insert(READ_WITH.to_owned(), roles);
        }
        Ok(())
    }

    /// Creates a person and gives them their roles. A role that is not there is noticed before anybody is made.
    pub(super) async fn make_person(&self, body: &Json, request: &str) -> Result<Current, Trouble> {
        let wanted = wanted(body);
        let orders = self.orders(&wanted, &[], &[])?;
        let made = self.make(Kind::User, body, request).await?;
        if orders.is_empty() {
            return Ok(made);
        }
        let id = made.json.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
        let failed = self.send_all(&id, &orders, request).await;
        let now = self.current(Kind::User, &id).await;
        let now = now.map_err(|error| half(&format!("they could not be read: {error}")))?;
        let now = now.ok_or_else(|| Trouble::Unknown("the portal does not have the person any more".to_owned()))?;
        kept(&now.json, &orders, failed).map(|()| now)
    }

    /// Changes a person: the account where it differs, then roles, those that are given first.
    pub(super) async fn put_person(
        &self,
        id: &str,
        body: &Json,
        version: Option<&str>,
        request: &str,
    ) -> Result<Option<Current>, Trouble> {
        let wanted = wanted(body);
        let words = body.get(READ_WITH).and_then(Json::as_array);
        let read_with = words.map(|words| words.iter().filter_map(Json::as_str).map(SmolStr::from).collect());
        let orders = match read_with {
            Some(seen) if seen == wanted => Vec::new(),
            seen => {
                let now = self.roles_of(id).await.map_err(|error| Trouble::NotDone(error.to_string()))?;
                let seen: Vec<SmolStr> = seen.unwrap_or_else(|| now.clone());
                self.orders(&wanted, &now, &seen)?
            }
        };
        let put = self.put_account(Kind::User, id, body, version, request).await?;
        if orders.is_empty() {
            return Ok(put);
        }
        let failed = self.send_all(id, &orders, request).await;
        let now = self.current(Kind::User, id).await;
        let now = now.map_err(|error| half(&format!("they could not be read: {error}")))?;
        let Some(now) = now else { return Ok(None) };
        kept(&now.json, &orders, failed).map(|()| Some(now))
    }

    /// What has to be given and taken. Nothing was sent where one of the roles is not there.
    fn orders(&self, wanted: &[SmolStr], now: &[SmolStr], seen: &[SmolStr]) -> Result<Vec<Order>, Trouble> {
        let Some(roles) = self.api.granted() else { return Ok(Vec::new()) };
        let join = wanted.iter().filter(|key| !now.contains(key)).map(|key| (key, true));
        let leave = now.iter().filter(|key| seen.contains(key) && !wanted.contains(key)).map(|key| (key, false));
        let changes: Vec<(&SmolStr, bool)> = join.chain(leave).collect();
        let there = self.roles.there();
        let mut orders = Vec::new();
        for (key, gives) in changes {
            let missing = if gives { roles.add.is_none() } else { roles.remove.is_none() };
            if missing {
                return Err(lacks(if gives { "roles.add" } else { "roles.remove" }));
            }
            let name = self.roles.called(key).unwrap_or_else(|| key.to_string());
            let role = there.roles.get(&name).cloned();
            let role = role.ok_or_else(|| Trouble::NotDone(format!("the portal has no role `{name}`; plan again")))?;
            orders.push(Order { key: key.clone(), role, gives });
        }
        Ok(orders)
    }

    /// Gives and takes, one after the other: what is given comes first, and nothing is taken where that failed.
    async fn send_all(&self, person: &str, orders: &[Order], request: &str) -> Option<String> {
        let roles = self.api.granted()?;
        for order in orders {
            let call = if order.gives { roles.add.as_ref() } else { roles.remove.as_ref() }?;
            let names = Names::default().with("id", &order.role.id.as_str().into()).with("role", &order.role.item);
            let names = names.with("member", &person.into());
            match self.change(call, &names, request, Safety::Once).await {
                // Who has it already, or has it no more, is as they shall be; what became of a request without an
                // answer is seen when they are read again.
                Ok(_) | Err(Trouble::Unknown(_) | Trouble::Refused(404 | 409, _)) => {}
                Err(Trouble::Refused(status, why)) => {
                    return Some(format!("the portal answered {status} to `{}`: {why}", order.key));
                }
                Err(trouble) => return Some(trouble.message().to_owned()),
            }
        }
        None
    }

    /// Of a role of rosters that the portal does not have: what it is called there, and where roles are made. Nothing where
    /// it is there, or not all were seen.
    pub(super) fn missing_role(&self, key: &str) -> Option<(String, Option<SmolStr>)> {
        let roles = self.api.granted()?;
        let there = self.roles.there();
        let name = self.roles.called(key).filter(|_| there.read && there.gap.is_none())?;
        (!there.roles.contains_key(&name)).then(|| (name, roles.about.clone()))
    }

    /// An expression of the manifest that does not fit what the portal sends.
    pub(super) fn misread(&self, slot: Slot, why: &str) -> LiveError {
        let message = format!("{}: {why}", self.api.place_of(slot));
        LiveError::new(message, "mend the manifest")
    }
}

/// The roles and the holders of the first one as a probe sees them.
pub(super) async fn looked(rest: &Rest) -> Vec<Looked> {
    let Some(roles) = &rest.api.roles else { return Vec::new() };
    let names = [("id", roles.id), ("name", roles.name)];
    let (listed, items) = look_at(rest, "roles", &roles.list, None, &names).await;
    let mut all = vec![listed];
    let first = items.first().and_then(|item| rest.talk.told(&roles.list, roles.id, item).ok());
    if let (Some(id), Some((list, holder))) = (first, &roles.holders) {
        all.push(look_at(rest, "holders", list, Some(&id), &[("holder", *holder)]).await.0);
    }
    all
}

fn wanted(body: &Json) -> Vec<SmolStr> {
    let person = view::person(Kind::User, body);
    let roles = person["roles"].as_array().into_iter().flatten();
    roles.filter_map(Json::as_str).map(SmolStr::from).collect()
}

fn half(why: &str) -> Trouble {
    Trouble::Half(format!("the account was written, its roles were not: {why}"))
}

/// Only what is there counts as done.
fn kept(person: &Json, orders: &[Order], failed: Option<String>) -> Result<(), Trouble> {
    let now = wanted(person);
    let Some(lost) = orders.iter().find(|order| now.contains(&order.key) != order.gives) else { return Ok(()) };
    let said = || match lost.gives {
        true => format!("the portal did not keep `{}`", lost.key),
        false => format!("the portal did not take `{}` away", lost.key),
    };
    Err(half(&failed.unwrap_or_else(said)))
}

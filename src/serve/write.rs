//! Changes that clients ask for, each wholly or not at all.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::patch::{self, Members};
use super::problem::Problem;
use super::project::Projection;
use super::render::{Renderer, stated, tag};
use super::schema::Type;
use super::wish::{self, ExternalId, Home};
use super::{Settings, body};
use crate::document::record::visible;
use crate::live::Resource;
use crate::live::embedded::{Denied, Desk, Kept, Request, Visitor, number};
use crate::platform::Platform;
use crate::scim::PatchOp;

/// A change of a group with more members than this is answered without the group.
const MANY: usize = 200;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Client {
    /// For rules and the trail.
    pub visitor: Visitor,
    /// Where the server is as the client sees it.
    pub base: String,
}

/// What shall be changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new resource.
    Create(Json),
    /// The resource shall be this.
    Replace(SmolStr, Json),
    /// The resource shall change so.
    Patch(SmolStr, PatchOp),
    /// The resource shall go.
    Delete(SmolStr),
}

/// A change of a resource of a type.
#[derive(Clone, Debug)]
pub struct Order {
    /// The type.
    pub kind: &'static Type,
    /// What shall be done.
    pub change: Change,
    /// The entity tags of which the resource must have one; none: any.
    pub if_match: Option<String>,
    /// What of the resource is answered.
    pub projection: Projection,
}

/// A change that has been made.
#[derive(Clone, Debug)]
pub struct Written {
    /// The HTTP status.
    pub status: u16,
    /// The id of the resource.
    pub id: SmolStr,
    /// Where the resource is.
    pub location: String,
    /// Its entity tag; none where it is gone.
    pub tag: Option<String>,
    /// The resource as far as it is answered.
    pub object: Option<Map<String, Json>>,
}

/// Carries an order out.
pub fn perform(
    settings: &Settings,
    desk: &mut Desk<'_, '_>,
    client: &Client,
    order: &Order,
) -> Result<Written, Problem> {
    desk.grant(&client.visitor, |request| {
        let work = Work { settings, request, client, order };
        match &order.change {
            Change::Create(body) => work.create(body),
            Change::Replace(id, body) => work.replace(id, body),
            Change::Patch(id, patch) => work.patch(id, patch),
            Change::Delete(id) => work.delete(id),
        }
    })
}

/// Whether a resource has one of the entity tags that a header names (RFC 7232 §3.1); weakness does not count, since
/// all of ours are weak.
pub fn fits(header: &str, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    header.split(',').any(|one| one.trim() == "*" || bare(one) == bare(tag))
}

struct Work<'w> {
    settings: &'w Settings,
    request: &'w Request<'w>,
    client: &'w Client,
    order: &'w Order,
}

impl Work<'_> {
    fn create(&self, sent: &Json) -> Result<Written, Problem> {
        let kind = self.order.kind;
        let object = body::resource(kind, sent)?;
        let (organisation, platform) = self.home(&object)?;
        let home = Home { organisation: &organisation, platform: &platform, hides: false };
        let number = match kind.resource {
            Resource::PermissionGroup => {
                let number = self.request.create_group(&wish::group(&object, home)?)?;
                if let Some(members) = object.get("members").and_then(Json::as_array) {
                    self.members(number, &[Members::Add(members.clone())])?;
                }
                number
            }
            resource => self.request.create_person(resource, &wish::person(resource, &object, home, &[])?)?,
        };
        self.answer(201, number, true)
    }

    fn replace(&self, id: &str, sent: &Json) -> Result<Written, Problem> {
        let kept = self.kept(id)?;
        let object = body::resource(self.order.kind, sent)?;
        let members = object.get("members").and_then(Json::as_array).cloned().unwrap_or_default();
        let members = [Members::Set(members)];
        let members = if kept_is_group(self.order.kind) { &members[..] } else { &[] };
        self.update(&kept, &object, members)?;
        self.answer(200, kept.number, true)
    }

    fn patch(&self, id: &str, patch: &PatchOp) -> Result<Written, Problem> {
        let kept = self.kept(id)?;
        let mut object = stated(self.order.kind.resource, &kept);
        let members = patch::apply(self.order.kind, &mut object, patch)?;
        self.update(&kept, &object, &members)?;
        self.answer(200, kept.number, members.is_empty())
    }

    fn delete(&self, id: &str) -> Result<Written, Problem> {
        let (kept, resource) = (self.kept(id)?, self.order.kind.resource);
        if resource == Resource::PermissionGroup {
            // Who deletes a group ends its memberships.
            self.members(kept.number, &[Members::Set(Vec::new())])?;
        }
        self.request.delete(resource, &kept.organisation, kept.number)?;
        let location = self.location(&kept.handle);
        Ok(Written { status: 204, id: kept.handle, location, tag: None, object: None })
    }

    /// The row with this id, if it has the entity tag that the client knows.
    fn kept(&self, id: &str) -> Result<Kept, Problem> {
        let kind = self.order.kind;
        let kept = self.request.shelf().get(kind.resource, id)?;
        let kept = kept.ok_or_else(|| Problem::missing(kind.name, &visible(id)))?;
        match &self.order.if_match {
            Some(header) if !fits(header, &tag(&kept)) => Err(Problem::changed()),
            _ => Ok(kept),
        }
    }

    /// The organisation of a new object, which is made where the settings allow it, and its platform.
    fn home(&self, object: &Map<String, Json>) -> Result<(SmolStr, Arc<Platform>), Problem> {
        let shelf = self.request.shelf();
        let organisation = match (ExternalId::of(object), &self.settings.organisation) {
            (ExternalId::Ours { organisation, .. }, _) => organisation,
            (_, Some(organisation)) => organisation.clone(),
            (_, None) => {
                let listed = shelf.organisations()?;
                match listed.as_slice() {
                    [only] => only.id.clone(),
                    [] => {
                        return Err(Problem::value(
                            "the portal has no organisation yet: name it in `externalId` as `organisation/id`, or start \
                             the server with --organisation",
                        ));
                    }
                    several => {
                        let ids: Vec<&str> = several.iter().map(|one| one.id.as_str()).collect();
                        return Err(Problem::value(format!(
                            "the portal has several organisations ({}): name one in `externalId` as `organisation/id`, or \
                             start the server with --organisation",
                            ids.join(", ")
                        )));
                    }
                }
            }
        };
        if let Some(platform) = shelf.platform(&organisation)? {
            return Ok((organisation, platform));
        }
        let Some(platform) = &self.settings.platform else {
            return Err(Problem::value(format!(
                "the portal does not know the organisation `{organisation}`: start the server with --platform, so that it \
                 can be made, or apply a roster of it first"
            )));
        };
        self.request.prepare(&organisation, platform)?;
        Ok((organisation, platform.clone()))
    }

    /// Makes a row be what the object says, if it is not already.
    fn update(&self, kept: &Kept, object: &Map<String, Json>, members: &[Members]) -> Result<(), Problem> {
        if let ExternalId::Ours { organisation, .. } = ExternalId::of(object)
            && organisation != kept.organisation
        {
            let detail = format!(
                "`externalId`: the {} belongs to the organisation `{}` and cannot move to `{organisation}`",
                self.order.kind.name, kept.organisation
            );
            return Err(Problem::bad("mutability", detail));
        }
        let platform = self.request.platform(&kept.organisation).map_err(Problem::from)?;
        let hides = matches!(self.order.change, Change::Patch(..));
        let home = Home { organisation: &kept.organisation, platform: &platform, hides };
        let there = Home { hides: true, ..home };
        let resource = self.order.kind.resource;
        let now = stated(resource, kept);
        match resource {
            Resource::PermissionGroup => {
                let wanted = wish::group(object, home)?;
                if wish::group(&now, there).ok().as_ref() != Some(&wanted) {
                    self.request.update_group(kept.number, &wanted)?;
                }
                self.members(kept.number, members)?;
            }
            resource => {
                let wanted = wish::person(resource, object, home, &kept.groups)?;
                if wish::person(resource, &now, there, &kept.groups).ok().as_ref() != Some(&wanted) {
                    self.request.update_person(resource, kept.number, &wanted)?;
                }
            }
        }
        Ok(())
    }

    /// Lets people into a group and takes people out, in the order told.
    fn members(&self, group: i64, changes: &[Members]) -> Result<(), Problem> {
        if changes.is_empty() {
            return Ok(());
        }
        let shelf = self.request.shelf();
        let Some(group) = shelf.many(Resource::PermissionGroup, &[group])?.pop() else { return Ok(()) };
        let join = |user: i64, member: bool| -> Result<(), Denied> {
            self.request.join(&group.organisation, user, group.word(), member)
        };
        let leave = |user: Option<i64>| -> Result<(), Problem> {
            for (user, _) in shelf.members_among(&group, &user.into_iter().collect::<Vec<i64>>())? {
                join(user, false)?;
            }
            Ok(())
        };
        for change in changes {
            match change {
                Members::Add(items) => {
                    for user in self.users(&group, items)? {
                        join(user, true)?;
                    }
                }
                Members::Remove(items) => {
                    for item in items {
                        leave(member(item)?)?;
                    }
                }
                Members::RemoveFitting(filter) => {
                    let renderer = Renderer::new(&shelf, &self.client.base);
                    let listed = match filter.certain(&|path| path.attribute.name == "value") {
                        None => renderer.members(&group)?,
                        Some((_, id)) => {
                            let user: Vec<i64> = number(Resource::User, id).into_iter().collect();
                            renderer.users(shelf.members_among(&group, &user)?)
                        }
                    };
                    for item in listed.iter().filter(|item| filter.fits_value(item)) {
                        leave(member(item)?)?;
                    }
                }
                Members::Set(items) => {
                    let wanted: std::collections::BTreeSet<i64> = self.users(&group, items)?.into_iter().collect();
                    let now: std::collections::BTreeSet<i64> =
                        shelf.members(&group)?.into_iter().map(|(user, _)| user).collect();
                    for user in now.difference(&wanted) {
                        join(*user, false)?;
                    }
                    for user in wanted.difference(&now) {
                        join(*user, true)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The users that a list of members names, who must be there.
    fn users(&self, group: &Kept, items: &[Json]) -> Result<Vec<i64>, Problem> {
        let mut users = Vec::with_capacity(items.len());
        for item in items {
            let missing = || Problem::value(format!("`members`: there is no user {}", visible(&item.to_string())));
            let user = member(item)?.ok_or_else(missing)?;
            let there = self.request.shelf().many(Resource::User, &[user])?;
            match there.first() {
                Some(there) if there.organisation == group.organisation => users.push(user),
                Some(there) => {
                    return Err(Problem::value(format!(
                        "`members`: `{}` belongs to the organisation `{}`, the group to `{}`",
                        there.handle, there.organisation, group.organisation
                    )));
                }
                None => return Err(missing()),
            }
        }
        Ok(users)
    }

    fn location(&self, handle: &str) -> String {
        format!("{}/{}/{handle}", self.client.base, self.order.kind.endpoint)
    }

    /// The answer with the resource as it is now.
    fn answer(&self, status: u16, number: i64, whole: bool) -> Result<Written, Problem> {
        let (kind, shelf) = (self.order.kind, self.request.shelf());
        let Some(kept) = shelf.many(kind.resource, &[number])?.pop() else {
            return Err(Problem::new(404, "the resource is gone"));
        };
        let tag = Some(tag(&kept));
        let location = self.location(&kept.handle);
        let id = kept.handle.clone();
        if !whole && self.order.projection == Projection::default() && shelf.members(&kept)?.len() > MANY {
            return Ok(Written { status: 204, id, location, tag, object: None });
        }
        let members = kept_is_group(kind) && self.order.projection.members(kind);
        let object = Renderer::new(&shelf, &self.client.base).resource(kind.resource, &kept, members)?;
        let object = Some(self.order.projection.of(kind, object));
        Ok(Written { status, id, location, tag, object })
    }
}

fn kept_is_group(kind: &Type) -> bool {
    kind.resource == Resource::PermissionGroup
}

/// The user that an entry of `members` names: by its value, else by the end of its reference. None: there is no such
/// user.
fn member(item: &Json) -> Result<Option<i64>, Problem> {
    if item.get("type").and_then(Json::as_str).is_some_and(|word| word.eq_ignore_ascii_case("Group")) {
        return Err(Problem::value("`members`: a permission group has users as members, no groups"));
    }
    let value = item.as_str().or_else(|| item.get("value").and_then(Json::as_str));
    let reference = item.get("$ref").and_then(Json::as_str).and_then(|reference| reference.rsplit('/').next());
    match value.or(reference) {
        Some(word) => Ok(number(Resource::User, word)),
        None => Err(Problem::value("an entry of `members` has no `value`")),
    }
}

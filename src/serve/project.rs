//! What of a resource is answered: `attributes` and `excludedAttributes` (RFC 7644 §3.9).

use serde_json::{Map, Value as Json};

use super::path::{Named, Path, Scope};
use super::problem::Problem;
use super::schema::{Attribute, Returned, Type};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// Only these attributes; empty: all.
    pub attributes: Vec<String>,
    /// Not these.
    pub excluded: Vec<String>,
}

impl Projection {
    /// A projection that asks for one side or the other.
    pub fn new(attributes: Vec<String>, excluded: Vec<String>) -> Result<Projection, Problem> {
        if !attributes.is_empty() && !excluded.is_empty() {
            return Err(Problem::value("ask with `attributes` or with `excludedAttributes`, not with both"));
        }
        Ok(Projection { attributes, excluded })
    }

    /// Whether the answer has the members of groups.
    pub fn members(&self, kind: &'static Type) -> bool {
        let names = |list: &[String]| {
            list.iter().any(|path| match Scope::Resource(kind).attribute(path) {
                Some(path) => path.attribute.name == "members",
                None => false,
            })
        };
        if self.attributes.is_empty() { !names(&self.excluded) } else { names(&self.attributes) }
    }

    /// What of a resource is answered.
    pub fn of(&self, kind: &'static Type, object: Map<String, Json>) -> Map<String, Json> {
        if !self.attributes.is_empty() {
            return self.only(kind, &object);
        }
        let mut object = object;
        for (attribute, sub) in requested(kind) {
            let path = Path { extension: None, attribute, sub: Some(sub), itself: false };
            without(&mut object, &path);
        }
        for urn in kind.on_request() {
            object.remove(urn);
        }
        for named in self.excluded.iter().filter_map(|path| Scope::Resource(kind).named(path)) {
            match named {
                Named::Extension(urn) => {
                    object.remove(urn);
                }
                Named::Attribute(path) => without(&mut object, &path),
            }
        }
        object
    }

    fn only(&self, kind: &'static Type, object: &Map<String, Json>) -> Map<String, Json> {
        let mut kept = Map::new();
        for always in kind.attributes().filter(|attribute| attribute.returned == Returned::Always) {
            if let Some(value) = object.get(&always.name) {
                kept.insert(always.name.clone(), value.clone());
            }
        }
        for named in self.attributes.iter().filter_map(|path| Scope::Resource(kind).named(path)) {
            match named {
                Named::Extension(urn) => {
                    if let Some(value) = object.get(urn) {
                        kept.insert(urn.to_owned(), value.clone());
                    }
                }
                Named::Attribute(path) => with(&mut kept, object, &path),
            }
        }
        for urn in kind.on_request().filter(|urn| kept.contains_key(*urn)).collect::<Vec<_>>() {
            if let Some(Json::Array(schemas)) = kept.get_mut("schemas") {
                schemas.push(urn.into());
            }
        }
        let named = |part: &Attribute, path: &Path| path.sub.is_some_and(|sub| std::ptr::eq(sub, part));
        for (attribute, sub) in requested(kind) {
            let paths = self.attributes.iter().filter_map(|path| Scope::Resource(kind).attribute(path));
            if !paths.into_iter().any(|path| named(sub, &path)) {
                without(&mut kept, &Path { extension: None, attribute, sub: Some(sub), itself: false });
            }
        }
        kept
    }
}

/// Parts of attributes that are answered only where they are named.
fn requested(kind: &'static Type) -> impl Iterator<Item = (&'static Attribute, &'static Attribute)> {
    kind.attributes().flat_map(|attribute| {
        let parts = attribute.sub_attributes.iter().filter(|sub| sub.returned == Returned::Request);
        parts.map(move |sub| (attribute, sub))
    })
}

fn without(object: &mut Map<String, Json>, path: &Path) {
    if path.attribute.returned == Returned::Always {
        return;
    }
    let name = &path.attribute.name;
    let Some(place) = place(object, path) else { return };
    match (path.sub, place.get_mut(name)) {
        (None, _) => {
            place.remove(name);
        }
        (Some(sub), Some(Json::Object(inner))) => {
            inner.remove(&sub.name);
        }
        (Some(sub), Some(Json::Array(items))) => {
            items.iter_mut().filter_map(Json::as_object_mut).for_each(|item| {
                item.remove(&sub.name);
            });
        }
        _ => {}
    }
}

fn place<'o>(object: &'o mut Map<String, Json>, path: &Path) -> Option<&'o mut Map<String, Json>> {
    match path.extension {
        None => Some(object),
        Some(urn) => object.get_mut(urn)?.as_object_mut(),
    }
}

fn with(kept: &mut Map<String, Json>, object: &Map<String, Json>, path: &Path) {
    let from = match path.extension {
        None => Some(object),
        Some(urn) => object.get(urn).and_then(Json::as_object),
    };
    let Some(value) = from.and_then(|from| from.get(&path.attribute.name)) else { return };
    let into = match path.extension {
        None => kept,
        Some(urn) => match kept.entry(urn).or_insert_with(|| Json::Object(Map::new())) {
            Json::Object(inner) => inner,
            _ => return,
        },
    };
    let name = path.attribute.name.clone();
    let Some(sub) = path.sub else {
        into.insert(name, value.clone());
        return;
    };
    let part = |value: &Json| value.get(&sub.name).cloned();
    match value {
        Json::Array(items) => {
            let fresh = !into.contains_key(&name);
            let there = into.entry(name).or_insert_with(|| Json::Array(vec![Json::Object(Map::new()); items.len()]));
            for (index, item) in items.iter().enumerate() {
                if let Some(part) = part(item) {
                    there[index][sub.name.as_str()] = part;
                }
            }
            if let (true, Json::Array(list)) = (fresh, there) {
                list.truncate(items.len());
            }
        }
        Json::Object(_) => {
            if let Some(part) = part(value) {
                into.entry(name).or_insert_with(|| Json::Object(Map::new()))[sub.name.as_str()] = part;
            }
        }
        _ => {}
    }
}

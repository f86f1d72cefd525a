//! Paths to attributes, as filters, patches and projections write them (RFC 7644 §3.5.2, figure 1).

use serde_json::{Map, Value as Json};

use super::schema::{Attribute, Kind, Type, schema};

/// An attribute as a path names it.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// The extension that it belongs to.
    pub extension: Option<&'static str>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// A part of its value.
    pub sub: Option<&'static Attribute>,
    /// Within a list of plain values: the value itself.
    pub itself: bool,
}

/// What the beginning of a path says.
#[derive(Clone, Copy, Debug)]
pub enum Named {
    /// An attribute.
    Attribute(Path),
    /// All of an extension.
    Extension(&'static str),
}

/// In what a path is looked up.
#[derive(Clone, Copy, Debug)]
pub enum Scope {
    /// A resource.
    Resource(&'static Type),
    /// A value of an attribute.
    Value(&'static Attribute),
}

impl Scope {
    /// The attribute that a path names, whatever its case.
    pub fn attribute(self, path: &str) -> Option<Path> {
        match self.named(path)? {
            Named::Attribute(path) => Some(path),
            Named::Extension(_) => None,
        }
    }

    /// What a path names, whatever its case.
    pub fn named(self, path: &str) -> Option<Named> {
        let (extension, rest) = match self {
            Scope::Value(attribute) => {
                if attribute.kind != Kind::Complex && path.eq_ignore_ascii_case("value") {
                    return Some(Named::Attribute(Path { extension: None, attribute, sub: None, itself: true }));
                }
                let sub = attribute.sub(path)?;
                return Some(Named::Attribute(Path { extension: None, attribute: sub, sub: None, itself: false }));
            }
            Scope::Resource(kind) => match split(kind, path)? {
                (Some(urn), None) => return Some(Named::Extension(urn)),
                (extension, rest) => (extension, rest?),
            },
        };
        let Scope::Resource(kind) = self else { return None };
        let (name, sub) = rest.split_once('.').map_or((rest, None), |(name, sub)| (name, Some(sub)));
        let place = match extension {
            Some(extension) => kind.extended(extension, name)?,
            None => kind.own(name)?,
        };
        let sub = match sub {
            Some(sub) => Some(place.attribute.sub(sub)?),
            None => None,
        };
        let (extension, attribute) = (place.extension, place.attribute);
        Some(Named::Attribute(Path { extension, attribute, sub, itself: false }))
    }
}

/// The extension at the beginning of a path and what follows; no extension where the resource's own schema is named.
fn split<'p>(kind: &Type, path: &'p str) -> Option<(Option<&'static str>, Option<&'p str>)> {
    if !path.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        return Some((None, Some(path)));
    }
    let own = schema(kind.schema).map(|schema| schema.id.as_str());
    for urn in kind.extensions.iter().copied().chain(own) {
        let Some(start) = path.get(..urn.len()) else { continue };
        if !start.eq_ignore_ascii_case(urn) {
            continue;
        }
        let extension = kind.extension(urn);
        match &path[urn.len()..] {
            "" if extension.is_some() => return Some((extension, None)),
            rest => {
                if let Some(rest) = rest.strip_prefix(':').filter(|rest| !rest.is_empty()) {
                    return Some((extension, Some(rest)));
                }
            }
        }
    }
    None
}

impl Path {
    /// The attribute whose values the path names in the end.
    pub fn last(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// The attribute by which values are compared: of an object without further words its `value`.
    pub fn compared(&self) -> &'static Attribute {
        let last = self.last();
        if last.kind == Kind::Complex { last.sub("value").unwrap_or(last) } else { last }
    }

    /// The values that an object has there, lists spread out.
    pub fn values<'j>(&self, object: &'j Map<String, Json>) -> Vec<&'j Json> {
        let base = match self.extension {
            Some(extension) => object.get(extension).and_then(Json::as_object),
            None => Some(object),
        };
        let spread = |value: &'j Json| match value {
            Json::Array(items) => items.iter().collect(),
            other => vec![other],
        };
        let found = base.and_then(|base| base.get(&self.attribute.name)).map(spread).unwrap_or_default();
        match self.sub {
            None => found,
            Some(sub) => found.into_iter().filter_map(|value| value.get(&sub.name)).flat_map(spread).collect(),
        }
    }

    /// The values by which an object is compared.
    pub fn comparable<'j>(&self, object: &'j Map<String, Json>) -> Vec<&'j Json> {
        let value = |value: &'j Json| if value.is_object() { value.get("value") } else { Some(value) };
        self.values(object).into_iter().filter_map(value).collect()
    }
}

//! A piece of JSON to be sent, as a tree in YAML of which the texts are expressions.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::api::{Api, Slot};
use super::expression::{Failure, Names};
use super::formula::Formula;
use crate::document::record::{FromNode, Reader};
use crate::document::tree::{Kind, Node};

/// A tree as it was written.
#[derive(Clone, Debug)]
pub enum TemplateText {
    /// Truth values, numbers and null stand for themselves.
    Plain(Json),
    /// Every text is an expression.
    Formula(Formula),
    /// A list.
    List(Vec<TemplateText>),
    /// A map.
    Map(Vec<(SmolStr, TemplateText)>),
}

impl FromNode for TemplateText {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        Some(match node.kind() {
            Kind::Null => TemplateText::Plain(Json::Null),
            Kind::Bool(value) => TemplateText::Plain(Json::Bool(value)),
            Kind::Number => match node.text().and_then(|text| serde_json::from_str(text).ok()) {
                Some(number) => TemplateText::Plain(number),
                None => {
                    reader.wrong_type(node, "a number as JSON writes it");
                    return None;
                }
            },
            Kind::String => TemplateText::Formula(Formula::read(node, reader)?),
            Kind::Sequence => TemplateText::List(Vec::read(node, reader)?),
            Kind::Mapping => {
                let mut entries: Vec<(SmolStr, TemplateText)> = Vec::new();
                for (key, value) in node.entries() {
                    let Some(text) = key.text() else { continue };
                    if entries.iter().any(|(known, _)| known == text) {
                        reader.duplicate_key(node, key);
                        continue;
                    }
                    let read = reader.key(text, |r| TemplateText::read(value, r));
                    entries.extend(read.map(|read| (SmolStr::from(text), read)));
                }
                TemplateText::Map(entries)
            }
        })
    }
}

impl JsonSchema for TemplateText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "A piece of JSON: every text in it is an expression (CEL), all else stands for itself."
        })
    }
}

/// A tree of which the expressions are compiled.
#[derive(Clone, Debug)]
pub enum Template {
    /// What stands for itself.
    Plain(Json),
    /// What an expression gives.
    Slot(Slot),
    /// A list.
    List(Vec<Template>),
    /// A map.
    Map(Vec<(SmolStr, Template)>),
}

impl Template {
    /// The JSON that it makes.
    pub fn make(&self, api: &Api, names: &Names) -> Result<Json, Failure> {
        Ok(match self {
            Template::Plain(json) => json.clone(),
            Template::Slot(slot) => api.give(*slot, names)?,
            Template::List(items) => {
                Json::Array(items.iter().map(|item| item.make(api, names)).collect::<Result<_, _>>()?)
            }
            Template::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| Ok((key.to_string(), value.make(api, names)?)));
                Json::Object(entries.collect::<Result<Map<String, Json>, Failure>>()?)
            }
        })
    }
}

/// Lays what is wanted over what is there: maps are laid over maps, all else takes the place of what was there.
pub fn lay_over(there: &mut Json, wanted: Json) {
    match (there, wanted) {
        (Json::Object(there), Json::Object(wanted)) => {
            for (key, value) in wanted {
                lay_over(there.entry(key).or_insert(Json::Null), value);
            }
        }
        (there, wanted) => *there = wanted,
    }
}

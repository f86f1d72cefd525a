//! What the workspace says of drift that is looked for again and again: whom to tell.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::SecretRef;
use crate::diagnostic::Located;
use crate::document::record::{FromNode, Reader, Required, Text, record};
use crate::document::tree::{Kind, Node};

record! {
    /// What `drift --every` does besides writing its log.
    pub struct DriftSettings as "`drift`" {
        /// Whom to tell when the differences change, or when a target begins or ceases to fail.
        "webhook" => webhook: Option<Webhook>,
    }
}

record! {
    /// An address that messages are sent to, as a Slack incoming webhook takes them.
    pub struct Webhook as "`webhook`" {
        /// The address, over https unless it is this machine; by reference where the address itself is a secret.
        "url" => url: Required<Address>,
        /// The secret that messages are signed with; without one they are not signed.
        "secret" => secret: Option<SecretRef>,
        /// Whether names, mail addresses and telephone numbers are sent too; default no.
        "personal" => personal: Option<Located<bool>>,
    }
}

/// An address: as it is, or by reference like a secret.
#[derive(Clone, Debug)]
pub enum Address {
    /// The address.
    Plain(Text),
    /// Where it is.
    Named(SecretRef),
}

impl FromNode for Address {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        match node.kind() {
            Kind::Mapping => SecretRef::read(node, reader).map(Address::Named),
            _ => Text::read(node, reader).map(Address::Plain),
        }
    }
}

impl JsonSchema for Address {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Address".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let named = generator.subschema_for::<SecretRef>();
        schemars::json_schema!({
            "description": "An address: as it is, or by reference where it is a secret itself.",
            "anyOf": [{ "type": "string" }, named]
        })
    }
}

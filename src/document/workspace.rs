//! The workspace file `rosterctl.yaml` as its author wrote it.

mod drift;
pub mod snapshot;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use smol_str::SmolStr;

use super::record::{FromNode, Id, Map, Reader, Required, Text, record, words};
use super::roster::Version;
use super::tree::{Kind, Node};
use crate::diagnostic::{Located, Severity};
pub use drift::{Address, DriftSettings, Webhook};
pub use snapshot::Snapshot;

record! {
    /// The workspace file: where the rosters are, where they are applied, and how much a plan may do.
    pub struct Workspace as "a workspace file" {
        /// The version of this language: 1.
        "version" => version: Version,
        /// Files, folders or globs of rosters, used when the command line names none.
        "rosters" => rosters: Option<Vec<Text>>,
        /// The target used when the command line names none.
        "defaultTarget" => default_target: Option<Text>,
        /// The portals that rosters are applied to.
        "targets" => targets: Option<Map<Located<Target>>>,
        /// What a plan may not exceed without a named allowance.
        "guards" => guards: Option<Guards>,
        /// How a person leaves where the platform knows both ways; default deactivate.
        "removal" => removal: Option<Located<Removal>>,
        /// How rules are weighed here.
        "rules" => rules: Option<RuleSettings>,
        /// What `drift --every` does besides writing its log.
        "drift" => drift: Option<DriftSettings>,
    }
}

record! {
    /// A portal that rosters are applied to. Which keys it takes depends on its kind.
    pub struct Target as "a target" {
        /// What sort of portal it is.
        "kind" => kind: Required<Located<TargetKind>>,
        /// The file that holds an embedded portal or a snapshot, relative to this file.
        "path" => path: Option<Text>,
        /// The base address of a portal on the network.
        "url" => url: Option<Text>,
        /// How a portal with a REST API of its own is talked to: a built-in manifest, or a file relative to this file.
        "manifest" => manifest: Option<Text>,
        /// How to sign in; secrets only by reference.
        "auth" => auth: Option<Auth>,
        /// The id of the person to whom the credentials belong; limits what a plan may contain.
        "actor" => actor: Option<Located<Id>>,
        /// How many requests may be under way at once.
        "concurrency" => concurrency: Option<Located<u32>>,
        /// How many requests may start in a second.
        "requestsPerSecond" => requests_per_second: Option<Located<u32>>,
        /// A PEM file of certificate authorities to trust besides those of the system, relative to this file.
        "ca" => ca: Option<Text>,
        /// The file with what the portal was seen to do, relative to this file; default `capabilities/NAME.yaml`.
        "capabilities" => capabilities: Option<Text>,
        /// Where contacts are kept, who have no access; default: a resource type of their own where there is one.
        "contacts" => contacts: Option<Located<ContactsAs>>,
        /// The organisation whose portal it is, where no other shares it; `--prune` removes strangers only then.
        "organisation" => organisation: Option<Located<Id>>,
        /// The platform of the organisations there, for `export`: a built-in one, or a file relative to this file.
        "platform" => platform: Option<Text>,
        /// What it knows of people better than rosters do: rules ask it then. The words are those of the platform file
        /// (`evidence`), such as `service-now-users`.
        "provides" => provides: Option<Vec<Text>>,
        /// The trail of what was applied.
        "audit" => audit: Option<Audit>,
        ..snapshot: Snapshot,
    }
}

record! {
    /// The trail of what was applied to a target: JSON Lines, one line a step.
    pub struct Audit as "`audit`" {
        /// The file, relative to this file; default `.rosterctl/audit/NAME.jsonl`.
        "path" => path: Option<Text>,
        /// Whether names, mail addresses and telephone numbers are written too; default no.
        "personal" => personal: Option<Located<bool>>,
    }
}

words! {
    /// What sort of portal a target is.
    pub enum TargetKind {
        /// One SQLite file.
        Embedded = "embedded",
        /// A portal that speaks SCIM 2.0.
        Scim = "scim",
        /// A portal with a REST API of its own, described by a manifest.
        Rest = "rest",
        /// An export or a hand-kept list.
        Snapshot = "snapshot",
    }
}

words! {
    /// Where a portal that speaks SCIM keeps contacts.
    pub enum ContactsAs {
        /// As users without access.
        InactiveUsers = "inactive-users",
        /// In a resource type of their own.
        ResourceType = "resource-type",
    }
}

words! {
    /// How a person leaves where the platform knows both ways.
    pub enum Removal {
        /// The account is kept without access.
        Deactivate = "deactivate",
        /// The account goes.
        Delete = "delete",
    }
}

record! {
    /// How to sign in to a portal: one of the three.
    pub struct Auth as "`auth`" {
        /// A bearer token.
        "bearer" => bearer: Option<SecretRef>,
        /// A user name and a password.
        "basic" => basic: Option<Basic>,
        /// OAuth 2.0 client credentials (RFC 6749 §4.4).
        "oauth2ClientCredentials" => oauth2_client_credentials: Option<ClientCredentials>,
    }
}

record! {
    /// A user name and a password.
    pub struct Basic as "`basic`" {
        /// The user name.
        "user" => user: Required<Text>,
        /// Where the password is.
        "password" => password: Required<SecretRef>,
    }
}

record! {
    /// OAuth 2.0 client credentials.
    pub struct ClientCredentials as "`oauth2ClientCredentials`" {
        /// Where tokens are issued.
        "tokenUrl" => token_url: Required<Text>,
        /// The client's id.
        "clientId" => client_id: Required<Text>,
        /// Where the client's secret is.
        "clientSecret" => client_secret: Required<SecretRef>,
        /// The scope to ask for.
        "scope" => scope: Option<Text>,
    }
}

/// Where a secret is: in a variable of the environment or in a file, never in the YAML itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// The name of an environment variable.
    Env(SmolStr),
    /// The path of a file.
    File(SmolStr),
}

record! {
    /// A secret by reference.
    pub struct SecretSource as "a secret" {
        /// The name of the environment variable that holds it.
        "env" => env: Option<Text>,
        /// The path of the file that holds it.
        "file" => file: Option<Text>,
    }
}

impl FromNode for SecretRef {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if node.kind() != Kind::Mapping && node.kind() != Kind::Null {
            let message = format!("`{}` must not stand in the file itself: a secret is only named here", reader.name());
            let help = "write `{ env: NAME }` or `{ file: PATH }`, and change the secret: it has been written down";
            reader.report("roster/wrong-type", node.span(), message, Some(help.to_owned()));
            return None;
        }
        let source = SecretSource::read(node, reader)?;
        match (source.env, source.file) {
            (Some(env), None) => Some(SecretRef::Env(env.value)),
            (None, Some(file)) => Some(SecretRef::File(file.value)),
            _ => {
                reader.wrong_type(node, "either `{ env: NAME }` or `{ file: PATH }`");
                None
            }
        }
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretRef".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let name = |what: &str| serde_json::json!({ "type": "string", "description": what });
        let only = |key: &str, what: &str| {
            serde_json::json!({
                "type": "object", "additionalProperties": false, "required": [key], "properties": { key: name(what) }
            })
        };
        schemars::json_schema!({
            "description": "Where a secret is: in the environment or in a file, never in the YAML itself.",
            "oneOf": [only("env", "The name of an environment variable."), only("file", "The path of a file.")]
        })
    }
}

record! {
    /// What a plan may not exceed without a named allowance; per organisation and per kind of object.
    pub struct Guards as "`guards`" {
        /// Removals, of what is live.
        "maxRemovals" => max_removals: Option<Limit>,
        /// People already live who gain a role or a group.
        "maxGrants" => max_grants: Option<Limit>,
    }
}

record! {
    /// Two limits, of which the smaller wins.
    pub struct Limit as "a limit" {
        /// So many.
        "count" => count: Option<Located<u32>>,
        /// So many of a hundred that are live, rounded up.
        "percent" => percent: Option<Located<Percent>>,
    }
}

/// A share of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub u32);

impl FromNode for Percent {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        let share = if node.kind() == Kind::Number { node.text().and_then(|text| text.parse().ok()) } else { None };
        let share = share.filter(|share| *share <= 100);
        if share.is_none() {
            reader.wrong_type(node, "a whole number from 0 to 100");
        }
        share.map(Percent)
    }
}

impl JsonSchema for Percent {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": 100 })
    }
}

record! {
    /// How rules are weighed here.
    pub struct RuleSettings as "`rules`" {
        /// Rule id to level: error, warning, info or off.
        "levels" => levels: Option<Levels>,
    }
}

words! {
    /// How much a rule weighs.
    pub enum Level {
        /// Denied.
        Error = "error",
        /// Reported.
        Warning = "warning",
        /// Worth knowing.
        Info = "info",
        /// Not checked.
        Off = "off",
    }
}

impl Level {
    /// The severity of findings at this level; none where the rule is off.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Error => Some(Severity::Error),
            Level::Warning => Some(Severity::Warning),
            Level::Info => Some(Severity::Info),
            Level::Off => None,
        }
    }
}

/// Rule ids and their levels, in the order written.
#[derive(Clone, Debug, Default)]
pub struct Levels(pub Vec<(Text, Located<Level>)>);

impl FromNode for Levels {
    fn read<'t>(node: Node<'t>, reader: &mut Reader<'t>) -> Option<Self> {
        if node.kind() != Kind::Mapping {
            reader.wrong_type(node, "a map from rule ids to levels");
            return None;
        }
        let mut levels: Vec<(Text, Located<Level>)> = Vec::new();
        for (key, value) in node.entries() {
            let Some(text) = key.text() else { continue };
            if levels.iter().any(|(rule, _)| rule.value == text) {
                reader.duplicate_key(node, key);
                continue;
            }
            if let Some(level) = reader.key(text, |r| Located::read(value, r)) {
                levels.push((Located::new(SmolStr::from(text), key.span()), level));
            }
        }
        Some(Levels(levels))
    }
}

impl JsonSchema for Levels {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Levels".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let level = generator.subschema_for::<Level>();
        schemars::json_schema!({ "type": "object", "additionalProperties": level })
    }
}

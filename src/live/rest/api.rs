//! A manifest that is known to be sound: what it takes to talk to a portal, with every expression compiled.

use serde_json::{Value as Json, json};
use smol_str::SmolStr;

use super::expression::{Expression, Failure, Names};
use super::manifest::{Advance, End, MailCase, MembersIn, PagingBy, Verb};
use super::template::Template;
use crate::diagnostic::Span;
use crate::live::scim::Kind;

/// An expression among those of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub(super) usize);

/// How a portal is talked to.
#[derive(Debug)]
pub struct Api {
    /// How the manifest is called in the workspace: a name, or a path.
    pub reference: String,
    /// What the API is called.
    pub name: SmolStr,
    /// What whoever connects it has to know.
    pub about: Option<SmolStr>,
    /// What the credentials must be allowed to do.
    pub sign_in: Option<SmolStr>,
    /// Headers that every request carries.
    pub headers: Vec<(SmolStr, SmolStr)>,
    /// Statuses by which the portal refuses to begin.
    pub later: Vec<u16>,
    /// The header that says how long to wait.
    pub wait: Option<SmolStr>,
    /// What answers mean.
    pub answers: Answers,
    /// People with access.
    pub users: Accounts,
    /// People without access, where the portal keeps them apart.
    pub contacts: Option<Accounts>,
    /// Groups.
    pub groups: Option<Groups>,
    /// Roles that are a resource of their own.
    pub roles: Option<Roles>,
    /// Where the resources are named in the manifest.
    pub(super) places: Vec<(&'static str, Span)>,
    pub(super) expressions: Vec<Expression>,
    /// Where the lines of the manifest end, in bytes.
    pub(super) breaks: Vec<u32>,
}

/// What answers mean; none: the usual statuses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answers {
    /// What was to be created is there already.
    pub exists: Option<Slot>,
    /// It is not there.
    pub gone: Option<Slot>,
    /// It has changed since it was read.
    pub changed: Option<Slot>,
    /// What the portal says.
    pub message: Option<Slot>,
}

/// Users, or contacts.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// How all are listed.
    pub list: List,
    /// How one is read.
    pub one: One,
    /// What of an item is what of a person.
    pub fields: Vec<(PersonField, Slot)>,
    /// What the portal does to mail addresses.
    pub mail_case: MailCase,
    /// How one is created.
    pub create: Option<Call>,
    /// How one is changed.
    pub update: Option<Call>,
    /// How one loses access.
    pub deactivate: Option<Call>,
    /// How one gets access again.
    pub reactivate: Option<Call>,
    /// How one is deleted.
    pub delete: Option<Call>,
}

/// A field of a person, or of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PersonField {
    /// The portal's own name.
    Id,
    /// The id of the roster, with its organisation.
    ExternalId,
    /// What the person signs in with.
    UserName,
    /// The whole name.
    Name,
    /// The given name.
    GivenName,
    /// The family name.
    FamilyName,
    /// The mail address.
    Email,
    /// The telephone number.
    Phone,
    /// Whether there is access.
    Active,
    /// Roles.
    Roles,
    /// Attributes.
    Attributes,
    /// The kind of entry.
    Type,
    /// When it was changed last.
    Modified,
    /// The version.
    Version,
    /// What a group gives access to.
    Access,
}

impl PersonField {
    /// The key in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            PersonField::Id => "id",
            PersonField::ExternalId => "externalId",
            PersonField::UserName => "userName",
            PersonField::Name => "name",
            PersonField::GivenName => "givenName",
            PersonField::FamilyName => "familyName",
            PersonField::Email => "email",
            PersonField::Phone => "phone",
            PersonField::Active => "active",
            PersonField::Roles => "roles",
            PersonField::Attributes => "attributes",
            PersonField::Type => "type",
            PersonField::Modified => "modified",
            PersonField::Version => "version",
            PersonField::Access => "access",
        }
    }
}

/// Groups.
#[derive(Clone, Debug)]
pub struct Groups {
    /// How all are listed.
    pub list: List,
    /// How one is read.
    pub one: One,
    /// What of an item is what of a group.
    pub fields: Vec<(PersonField, Slot)>,
    /// Whether two groups of one name are refused.
    pub unique_names: bool,
    /// Who is in them.
    pub members: Members,
    /// How one is created.
    pub create: Option<Call>,
    /// How one is changed.
    pub update: Option<Call>,
    /// How one is deleted.
    pub delete: Option<Call>,
}

/// Who is in groups.
#[derive(Clone, Debug)]
pub struct Members {
    /// Where it stands.
    pub place: MembersIn,
    /// The ids in a group.
    pub members: Option<Slot>,
    /// Those of one group, or all there are.
    pub list: Option<List>,
    /// Those of one group, where there is a list of all.
    pub of: Option<List>,
    /// The group of a membership.
    pub group: Option<Slot>,
    /// The member.
    pub member: Option<Slot>,
    /// The membership itself.
    pub link: Option<Slot>,
    /// How somebody joins.
    pub add: Option<Call>,
    /// How somebody leaves.
    pub remove: Option<Call>,
    /// How many join by one request.
    pub together: usize,
}

impl Members {
    /// The list that tells the members of one group.
    pub fn of_one(&self) -> Option<&List> {
        match self.place {
            MembersIn::Group => None,
            MembersIn::List => self.list.as_ref(),
            MembersIn::Table => self.of.as_ref(),
        }
    }
}

/// Roles that are a resource of their own.
#[derive(Clone, Debug)]
pub struct Roles {
    /// How all are listed.
    pub list: List,
    /// What names one in paths.
    pub id: Slot,
    /// What one is called.
    pub name: Slot,
    /// What a role of rosters is called there; none: the same.
    pub called: Option<Slot>,
    /// Who holds one, and who that is in an item.
    pub holders: Option<(List, Slot)>,
    /// Whether a holder is a group.
    pub through: Option<Slot>,
    /// The roles of one person.
    pub of: Option<List>,
    /// How one is given.
    pub add: Option<Call>,
    /// How one is taken.
    pub remove: Option<Call>,
    /// Where roles are made there.
    pub about: Option<SmolStr>,
    /// What they are evidence of; none: they are the roles of rosters.
    pub feeds: Option<SmolStr>,
}

/// How a list is read to its end.
#[derive(Clone, Debug)]
pub struct List {
    /// The path.
    pub get: Path,
    /// What follows the question mark.
    pub query: Option<Template>,
    /// Where the items are.
    pub items: Slot,
    /// How many there are in all, by the answer.
    pub total: Option<Slot>,
    /// How many there are in all, by another request.
    pub count: Option<Count>,
    /// How pages follow each other.
    pub paging: Option<Paging>,
}

/// A request that tells how many items there are.
#[derive(Clone, Debug)]
pub struct Count {
    /// The path.
    pub get: Path,
    /// What follows the question mark.
    pub query: Option<Template>,
    /// The number.
    pub value: Slot,
}

/// How pages follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// What names the next page.
    pub by: PagingBy,
    /// How many items a page is asked to have; 0: the portal's own number.
    pub size: usize,
    /// The first page or item.
    pub first: usize,
    /// Where the next page begins.
    pub advance: Advance,
    /// The cursor or address of the next page.
    pub next: Option<Slot>,
    /// How the end is known.
    pub end: End,
}

/// How one item is read.
#[derive(Clone, Debug)]
pub struct One {
    /// The path.
    pub get: Path,
    /// What follows the question mark.
    pub query: Option<Template>,
    /// Where the item is; none: the body.
    pub item: Option<Slot>,
}

/// A request that changes something.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Verb,
    /// The path.
    pub path: Path,
    /// What follows the question mark.
    pub query: Option<Template>,
    /// What the body is laid over.
    pub keep: Option<Slot>,
    /// What of that is not sent.
    pub without: Vec<SmolStr>,
    /// What is sent.
    pub body: Option<Template>,
    /// The version that the object must still have.
    pub if_match: Option<Slot>,
    /// The id of what was created.
    pub id: Option<Slot>,
}

/// A path with expressions in it.
#[derive(Clone, Debug)]
pub struct Path {
    /// As it was written.
    pub text: SmolStr,
    /// Where it is written: bytes from the beginning of the manifest.
    pub at: u32,
    /// Its pieces.
    pub parts: Vec<Part>,
}

/// A piece of a path.
#[derive(Clone, Debug)]
pub enum Part {
    /// As it is.
    Text(SmolStr),
    /// What an expression gives, escaped.
    Slot(Slot),
}

impl Api {
    /// The users, or the contacts.
    pub fn accounts(&self, kind: Kind) -> Option<&Accounts> {
        match kind {
            Kind::User => Some(&self.users),
            Kind::Contact => self.contacts.as_ref(),
            Kind::Group => None,
        }
    }

    /// The list of a kind.
    pub fn list(&self, kind: Kind) -> Option<&List> {
        match kind {
            Kind::Group => self.groups.as_ref().map(|groups| &groups.list),
            kind => self.accounts(kind).map(|accounts| &accounts.list),
        }
    }

    /// How one of a kind is read.
    pub fn one(&self, kind: Kind) -> Option<&One> {
        match kind {
            Kind::Group => self.groups.as_ref().map(|groups| &groups.one),
            kind => self.accounts(kind).map(|accounts| &accounts.one),
        }
    }

    /// What of an item of a kind is what.
    pub fn fields(&self, kind: Kind) -> &[(PersonField, Slot)] {
        match kind {
            Kind::Group => self.groups.as_ref().map_or(&[], |groups| &groups.fields),
            kind => self.accounts(kind).map_or(&[], |accounts| &accounts.fields),
        }
    }

    /// Whether a field of a kind is told at all.
    pub fn has(&self, kind: Kind, field: PersonField) -> bool {
        self.fields(kind).iter().any(|(own, _)| *own == field)
    }

    /// The requests that change people and groups, apart from memberships.
    pub fn writes(&self) -> impl Iterator<Item = &Call> {
        let accounts = [Some(&self.users), self.contacts.as_ref()].into_iter().flatten();
        let people = accounts.flat_map(|own| [&own.update, &own.deactivate, &own.reactivate, &own.delete]);
        let groups = self.groups.iter().flat_map(|own| [&own.update, &own.delete]);
        people.chain(groups).flatten()
    }

    /// What an expression gives.
    pub fn give(&self, slot: Slot, names: &Names) -> Result<Json, Failure> {
        match self.expressions.get(slot.0) {
            Some(expression) => expression.give(names).map_err(|failure| match failure {
                Failure::Failed(why) => {
                    Failure::Failed(format!("{why}, in {}", self.position(expression.formula.span.start)))
                }
                absent => absent,
            }),
            None => Err(Failure::Failed("there is no such expression".to_owned())),
        }
    }

    /// Where a byte of the manifest stands: the manifest, line and column, both from 1.
    pub fn position(&self, at: u32) -> String {
        let line = self.line(at);
        let begins = line.checked_sub(2).and_then(|before| self.breaks.get(before)).map_or(0, |end| end + 1);
        format!("{}:{line}:{}", self.reference, at - begins + 1)
    }

    /// How an expression was written.
    pub fn written(&self, slot: Slot) -> &str {
        self.expressions.get(slot.0).map_or("", |expression| expression.formula.text.as_str())
    }

    /// The roles of rosters, where they are a resource of their own.
    pub fn granted(&self) -> Option<&Roles> {
        self.roles.as_ref().filter(|roles| roles.feeds.is_none())
    }

    /// The line of the manifest, from 1, that a byte of it stands in.
    pub fn line(&self, at: u32) -> usize {
        self.breaks.partition_point(|end| *end < at) + 1
    }

    /// Where a byte of the manifest stands, in words.
    pub fn place_at(&self, at: u32) -> String {
        format!("{}, line {}", self.reference, self.line(at))
    }

    /// Where an expression stands, in words.
    pub fn place_of(&self, slot: Slot) -> String {
        self.place_at(self.begins(slot))
    }

    /// Where an expression begins: bytes from the beginning of the manifest.
    pub(super) fn begins(&self, slot: Slot) -> u32 {
        self.expressions.get(slot.0).map_or(0, |expression| expression.formula.span.start)
    }

    /// The path and query that a path and a template make.
    pub fn address(&self, path: &Path, query: Option<&Template>, names: &Names) -> Result<String, String> {
        let mut address = String::new();
        for part in &path.parts {
            match part {
                Part::Text(text) => address.push_str(text),
                Part::Slot(slot) => {
                    let given = self.give(*slot, names).map_err(|failure| failure.message().to_owned())?;
                    let word = word(&given).filter(|word| !word.is_empty() && word != "." && word != "..");
                    let word =
                        word.ok_or_else(|| format!("`{{{}}}` in the path gives no word", self.written(*slot)))?;
                    address.push_str(&crate::live::scim::escaped(&word));
                }
            }
        }
        let Some(Template::Map(entries)) = query else { return Ok(address) };
        let mut separator = if address.contains('?') { '&' } else { '?' };
        for (name, template) in entries {
            let given = template.make(self, names).map_err(|failure| failure.message().to_owned())?;
            if given.is_null() {
                continue;
            }
            let word = word(&given).ok_or_else(|| format!("`{name}` in the query gives no word"))?;
            address.push(separator);
            address.push_str(&crate::live::scim::escaped(name));
            address.push('=');
            address.push_str(&crate::live::scim::escaped(&word));
            separator = '&';
        }
        Ok(address)
    }

    /// What is known of a page that is asked for.
    pub fn page(size: usize, offset: usize, number: usize, cursor: &str) -> Json {
        json!({ "size": size, "offset": offset, "number": number, "cursor": cursor })
    }
}

/// A value as a word of an address.
pub fn word(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

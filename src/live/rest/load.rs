//! From a manifest as written to one that is known to be sound: every expression parses and names only what there is, and
//! every key that an operation needs is there.

mod examples;
mod roles;

use serde_json::Value as Json;
use smol_str::SmolStr;

use super::api::{
    Accounts, Answers, Api, Call, Count, Groups, List, Members, One, Paging, Part, Path, PersonField, Slot,
};
use super::expression::{Asked, compile_all};
use super::formula::Formula;
use super::manifest::{
    AccountsText, Advance, AnswersText, CallText, End, GroupsText, ListText, MailCase, Manifest, MembersIn,
    MembersText, OneText, PagingBy, PagingText, PersonFields, Verb,
};
use super::shape::{Scope, Shape};
use super::template::{Template, TemplateText};
use crate::diagnostic::{Diagnostic, FileId, Place, Span};
use crate::document::record::Required;
use crate::document::{Sources, read_single};

const PAGE: Shape = Shape::Record(&[
    ("size", Shape::Number),
    ("offset", Shape::Number),
    ("number", Shape::Number),
    ("cursor", Shape::Text),
]);
const ANSWER: Shape = Shape::Record(&[
    ("status", Shape::Number),
    ("body", Shape::Any),
    ("headers", Shape::Map),
    ("location", Shape::Text),
]);
const PERSON: Shape = Shape::Record(&[
    ("externalId", Shape::Text),
    ("organisation", Shape::Text),
    ("key", Shape::Text),
    ("userName", Shape::Text),
    ("name", Shape::Text),
    ("givenName", Shape::Text),
    ("familyName", Shape::Text),
    ("email", Shape::Text),
    ("phone", Shape::Text),
    ("active", Shape::Bool),
    ("roles", Shape::List),
    ("attributes", Shape::List),
    ("type", Shape::Text),
]);
const GROUP: Shape = Shape::Record(&[
    ("externalId", Shape::Text),
    ("organisation", Shape::Text),
    ("key", Shape::Text),
    ("name", Shape::Text),
    ("access", Shape::List),
    ("members", Shape::List),
]);

const OF_LIST: Scope = &[("page", PAGE)];
const OF_LIST_OF_ONE: Scope = &[("page", PAGE), ("id", Shape::Text)];
const OF_ANSWER: Scope = &[("answer", ANSWER)];
const OF_ITEM: Scope = &[("item", Shape::Any)];
const OF_ID: Scope = &[("id", Shape::Text)];
const OF_NEW_PERSON: Scope = &[("person", PERSON), ("unguessable", Shape::Text)];
const OF_PERSON: Scope = &[("person", PERSON), ("item", Shape::Any), ("id", Shape::Text), ("version", Shape::Text)];
const OF_NEW_GROUP: Scope = &[("group", GROUP)];
const OF_GROUP: Scope = &[("group", GROUP), ("item", Shape::Any), ("id", Shape::Text), ("version", Shape::Text)];
const OF_GONE: Scope = &[("id", Shape::Text), ("version", Shape::Text)];
const OF_MEMBER: Scope =
    &[("id", Shape::Text), ("member", Shape::Text), ("members", Shape::List), ("link", Shape::Text)];

/// Reads the manifest in a file of `sources`. Findings go to `diagnostics`; a manifest with findings is not usable.
pub fn load(sources: &Sources, file: FileId, reference: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Api> {
    let before = diagnostics.len();
    let (written, mut findings) = read_single::<Manifest>(sources, file);
    examples::show(&mut findings);
    diagnostics.append(&mut findings);
    let written = written?;
    let mut loader = Loader { file, asked: Vec::new(), diagnostics };
    let api = loader.api(&written, reference);
    let Loader { asked, diagnostics, .. } = loader;
    let pointers: Vec<String> = asked.iter().map(|(formula, ..)| formula.pointer.clone()).collect();
    let mut expressions = Vec::with_capacity(asked.len());
    for (at, compiled) in compile_all(asked).into_iter().enumerate() {
        match compiled {
            Ok(expression) => expressions.push(expression),
            Err(problems) => {
                for (span, problem) in problems {
                    let place = Place { file, span, pointer: pointers[at].clone() };
                    let mut finding = Diagnostic::error("manifest/expression", problem.message).at(place);
                    finding.help = problem.help;
                    // What an alias repeats is written once, and so is its slip.
                    let same = |known: &Diagnostic| {
                        known.message == finding.message && known.place.as_ref().is_some_and(|own| own.span == span)
                    };
                    if !diagnostics[before..].iter().any(same) {
                        diagnostics.push(finding);
                    }
                }
            }
        }
    }
    let whole = expressions.len() == pointers.len();
    if !whole && diagnostics.len() == before {
        let place = Place { file, span: Span::default(), pointer: String::new() };
        let message = "the expressions of the manifest could not be read";
        diagnostics.push(Diagnostic::error("manifest/expression", message).at(place).help("shorten them"));
    }
    let ends = sources.text(file).bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    let breaks = ends.map(|(at, _)| at as u32).collect();
    let places = places(sources.text(file));
    (whole && diagnostics.len() == before).then_some(Api { expressions, breaks, places, ..api })
}

/// Where the resources begin: their keys at the beginning of a line.
fn places(text: &str) -> Vec<(&'static str, Span)> {
    let mut places = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let named = |key: &&str| line.strip_prefix(*key).is_some_and(|rest| rest.starts_with(':'));
        if let Some(key) = ["users", "contacts", "groups", "roles"].into_iter().find(named) {
            places.push((key, Span::new(at, at + key.len() as u32)));
        }
        at += line.len() as u32;
    }
    places
}

struct Loader<'d> {
    file: FileId,
    asked: Vec<Asked>,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Loader<'_> {
    fn slot(&mut self, formula: &Formula, scope: Scope, wanted: Shape) -> Slot {
        self.asked.push((formula.clone(), scope, wanted));
        Slot(self.asked.len() - 1)
    }

    fn maybe(&mut self, formula: &Option<Formula>, scope: Scope, wanted: Shape) -> Option<Slot> {
        formula.as_ref().map(|formula| self.slot(formula, scope, wanted))
    }

    /// An expression that must be there; that it is not was reported when the file was read.
    fn must(&mut self, formula: &Required<Formula>, scope: Scope, wanted: Shape) -> Slot {
        formula.0.as_ref().map_or(Slot(usize::MAX), |formula| self.slot(formula, scope, wanted))
    }

    fn missing(&mut self, near: &Formula, key: &str, what: &str) {
        let pointer = near.pointer.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
        let place = Place { file: self.file, span: near.span, pointer };
        let message = format!("{what} needs the key `{key}`");
        let help = examples::added(key, what, &place.pointer);
        self.diagnostics.push(Diagnostic::error("roster/missing-key", message).at(place).help(help));
    }

    fn odd(&mut self, formula: &Formula, message: &str, help: &str) {
        let place = Place { file: self.file, span: formula.span, pointer: formula.pointer.clone() };
        self.diagnostics.push(Diagnostic::error("manifest/expression", message).at(place).help(help));
    }

    fn api(&mut self, written: &Manifest, reference: &str) -> Api {
        let text = |text: &Option<crate::document::record::Text>| text.as_ref().map(|text| text.value.clone());
        let limits = written.limits.as_ref();
        let later = limits.and_then(|limits| limits.later.as_ref()).into_iter().flatten();
        let headers = written.headers.iter().flat_map(|headers| &headers.entries);
        Api {
            reference: reference.to_owned(),
            name: written.name.0.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            about: text(&written.about),
            sign_in: text(&written.sign_in),
            headers: headers.map(|(name, value)| (name.value.clone(), value.value.clone())).collect(),
            later: later.filter_map(|status| u16::try_from(status.value).ok()).collect(),
            wait: limits.and_then(|limits| text(&limits.header)),
            answers: written.answers.as_ref().map(|answers| self.answers(answers)).unwrap_or_default(),
            users: match &written.users.0 {
                Some(users) => self.accounts(users),
                None => nobody(),
            },
            contacts: written.contacts.as_ref().map(|contacts| self.accounts(contacts)),
            groups: written.groups.as_ref().and_then(|groups| self.groups(groups)),
            roles: written.roles.as_ref().and_then(|roles| self.roles(roles, written)),
            places: Vec::new(),
            expressions: Vec::new(),
            breaks: Vec::new(),
        }
    }

    fn answers(&mut self, written: &AnswersText) -> Answers {
        Answers {
            exists: self.maybe(&written.exists, OF_ANSWER, Shape::Bool),
            gone: self.maybe(&written.gone, OF_ANSWER, Shape::Bool),
            changed: self.maybe(&written.changed, OF_ANSWER, Shape::Bool),
            message: self.maybe(&written.message, OF_ANSWER, Shape::Text),
        }
    }

    fn accounts(&mut self, written: &AccountsText) -> Accounts {
        let Some((list, one)) = written.list.0.as_ref().zip(written.one.0.as_ref()) else { return nobody() };
        let fields = written.fields.0.as_ref().map(|fields| self.person(fields)).unwrap_or_default();
        if let Some(create) = &written.create
            && create.id.is_none()
            && let Some(path) = &create.path.0
        {
            self.missing(path, "id", "`create`");
        }
        match (&written.deactivate, &written.reactivate) {
            (Some(one), None) => self.pair(one, "reactivate", "`deactivate`"),
            (None, Some(one)) => self.pair(one, "deactivate", "`reactivate`"),
            _ => {}
        }
        Accounts {
            list: self.list(list, OF_LIST),
            one: self.one(one),
            fields,
            mail_case: written.mail_case.as_ref().map_or(MailCase::Kept, |case| case.value),
            create: written.create.as_ref().map(|call| self.call(call, OF_NEW_PERSON, true)),
            update: written.update.as_ref().map(|call| self.call(call, OF_PERSON, false)),
            deactivate: written.deactivate.as_ref().map(|call| self.call(call, OF_PERSON, false)),
            reactivate: written.reactivate.as_ref().map(|call| self.call(call, OF_PERSON, false)),
            delete: written.delete.as_ref().map(|call| self.call(call, OF_GONE, false)),
        }
    }

    fn pair(&mut self, call: &CallText, key: &str, what: &str) {
        if let Some(path) = &call.path.0 {
            self.missing(path, key, what);
        }
    }

    fn person(&mut self, written: &PersonFields) -> Vec<(PersonField, Slot)> {
        let named = [&written.name, &written.given_name, &written.family_name].into_iter().any(Option::is_some);
        if let Some(id) = written.id.0.as_ref().filter(|_| !named) {
            self.missing(id, "name", "`fields`");
        }
        if let Some(kind) = written.entry_type.as_ref().filter(|_| written.attributes.is_none()) {
            self.missing(kind, "attributes", "`type`");
        }
        let text = Shape::Text;
        let fields = [
            (PersonField::Id, &written.id.0, Shape::Any),
            (PersonField::ExternalId, &written.external_id.0, text),
            (PersonField::UserName, &written.user_name, text),
            (PersonField::Name, &written.name, text),
            (PersonField::GivenName, &written.given_name, text),
            (PersonField::FamilyName, &written.family_name, text),
            (PersonField::Email, &written.email, text),
            (PersonField::Phone, &written.phone, text),
            (PersonField::Active, &written.active, Shape::Bool),
            (PersonField::Roles, &written.roles, Shape::List),
            (PersonField::Attributes, &written.attributes, Shape::List),
            (PersonField::Type, &written.entry_type, text),
            (PersonField::Modified, &written.modified, text),
            (PersonField::Version, &written.version, Shape::Any),
        ];
        let given = fields.into_iter().filter_map(|(field, formula, wanted)| Some((field, formula.as_ref()?, wanted)));
        given.map(|(field, formula, wanted)| (field, self.slot(formula, OF_ITEM, wanted))).collect()
    }

    fn groups(&mut self, written: &GroupsText) -> Option<Groups> {
        let (list, one) = (written.list.0.as_ref()?, written.one.0.as_ref()?);
        let (fields, members) = (written.fields.0.as_ref()?, written.members.0.as_ref()?);
        if let Some(create) = &written.create
            && create.id.is_none()
            && let Some(path) = &create.path.0
        {
            self.missing(path, "id", "`create`");
        }
        let given = [
            (PersonField::Id, &fields.id.0, Shape::Any),
            (PersonField::ExternalId, &fields.external_id, Shape::Text),
            (PersonField::Name, &fields.name.0, Shape::Text),
            (PersonField::Access, &fields.access, Shape::List),
            (PersonField::Version, &fields.version, Shape::Any),
        ];
        let given = given.into_iter().filter_map(|(field, formula, wanted)| Some((field, formula.as_ref()?, wanted)));
        let fields = given.map(|(field, formula, wanted)| (field, self.slot(formula, OF_ITEM, wanted))).collect();
        let updates = written.update.is_some();
        Some(Groups {
            list: self.list(list, OF_LIST),
            one: self.one(one),
            fields,
            unique_names: written.unique_names.as_ref().is_some_and(|unique| unique.value),
            members: self.members(members, list, updates)?,
            create: written.create.as_ref().map(|call| self.call(call, OF_NEW_GROUP, true)),
            update: written.update.as_ref().map(|call| self.call(call, OF_GROUP, false)),
            delete: written.delete.as_ref().map(|call| self.call(call, OF_GONE, false)),
        })
    }

    fn members(&mut self, written: &MembersText, groups: &ListText, updates: bool) -> Option<Members> {
        let place = written.place.0.as_ref()?.value;
        let near = groups.get.0.as_ref()?;
        let near = [&written.members, &written.group, &written.member].into_iter().flatten().next().unwrap_or(near);
        let needs: &[(&str, bool)] = match place {
            MembersIn::Group => &[("members", written.members.is_some())],
            MembersIn::List => &[("list", written.list.is_some()), ("member", written.member.is_some())],
            MembersIn::Table => &[
                ("list", written.list.is_some()),
                ("of", written.of.is_some()),
                ("group", written.group.is_some()),
                ("member", written.member.is_some()),
            ],
        };
        let what = format!("`members` that are `in: {place}`");
        let mut missing: Vec<&str> = needs.iter().filter(|(_, there)| !there).map(|(key, _)| *key).collect();
        match (&written.add, &written.remove) {
            (Some(_), None) => missing.push("remove"),
            (None, Some(_)) => missing.push("add"),
            (None, None) if updates && place != MembersIn::Group => missing.extend(["add", "remove"]),
            _ => {}
        }
        for key in &missing {
            self.missing(near, key, &what);
        }
        let of_list = if place == MembersIn::List { OF_LIST_OF_ONE } else { OF_LIST };
        let members = Members {
            place,
            members: self.maybe(&written.members, OF_ITEM, Shape::List),
            list: written.list.as_ref().map(|list| self.list(list, of_list)),
            of: written.of.as_ref().map(|list| self.list(list, OF_LIST_OF_ONE)),
            group: self.maybe(&written.group, OF_ITEM, Shape::Any),
            member: self.maybe(&written.member, OF_ITEM, Shape::Any),
            link: self.maybe(&written.link, OF_ITEM, Shape::Any),
            add: written.add.as_ref().map(|call| self.call(call, OF_MEMBER, false)),
            remove: written.remove.as_ref().map(|call| self.call(call, OF_MEMBER, false)),
            together: written.together.as_ref().map_or(1, |many| many.value.max(1) as usize),
        };
        missing.is_empty().then_some(members)
    }

    fn list(&mut self, written: &ListText, scope: Scope) -> List {
        List {
            get: self.path(&written.get, scope),
            query: written.query.as_ref().map(|query| self.template(query, scope)),
            items: self.must(&written.items, OF_ANSWER, Shape::List),
            total: self.maybe(&written.total, OF_ANSWER, Shape::Any),
            count: written.count.as_ref().map(|count| Count {
                get: self.path(&count.get, scope),
                query: count.query.as_ref().map(|query| self.template(query, scope)),
                value: self.must(&count.value, OF_ANSWER, Shape::Any),
            }),
            paging: written.paging.as_ref().and_then(|paging| self.paging(paging, written)),
        }
    }

    fn paging(&mut self, written: &PagingText, list: &ListText) -> Option<Paging> {
        let (by, end) = (written.by.0.as_ref()?.value, written.end.0.as_ref()?.value);
        let near = list.items.0.as_ref()?;
        let what = format!("`paging` by {by}");
        if matches!(by, PagingBy::Cursor | PagingBy::Next) && written.next.is_none() {
            self.missing(near, "next", &what);
        }
        let sized = written.size.as_ref().is_some_and(|size| size.value > 0);
        let asked = written.advance.as_ref().is_some_and(|advance| advance.value == Advance::Asked);
        if !sized && (end == End::ShortPage || asked || matches!(by, PagingBy::Offset | PagingBy::Page)) {
            self.missing(near, "size", &what);
        }
        let counted = list.total.is_some() || list.count.is_some();
        if end == End::Total && !counted {
            self.missing(near, "total", "a list of which the end is known by its `total`");
        }
        let names = matches!(by, PagingBy::Cursor | PagingBy::Next | PagingBy::Link);
        if (end == End::NoNext) != names {
            let help = match names {
                true => "write `end: no-next`: a page that names no next one is the last",
                false => "write `end: total` or `end: empty-page`: such pages name no next one",
            };
            self.odd(near, &format!("`end: {end}` does not go with pages by {by}"), help);
        }
        Some(Paging {
            by,
            size: written.size.as_ref().map_or(0, |size| size.value as usize),
            first: written.first.as_ref().map_or(usize::from(by == PagingBy::Page), |first| first.value as usize),
            advance: written.advance.as_ref().map_or(Advance::Received, |advance| advance.value),
            next: self.maybe(&written.next, OF_ANSWER, Shape::Any),
            end,
        })
    }

    fn one(&mut self, written: &OneText) -> One {
        One {
            get: self.path(&written.get, OF_ID),
            query: written.query.as_ref().map(|query| self.template(query, OF_ID)),
            item: self.maybe(&written.item, OF_ANSWER, Shape::Any),
        }
    }

    fn call(&mut self, written: &CallText, scope: Scope, creates: bool) -> Call {
        let method = written.method.0.as_ref().map_or(Verb::Post, |method| method.value);
        if let Some(id) = written.id.as_ref().filter(|_| !creates) {
            self.odd(id, "only `create` has an `id`: what is changed has one already", "take it out");
        }
        if let Some(body) = written.keep.as_ref().filter(|_| written.body.is_none()) {
            self.missing(body, "body", "`keep`");
        }
        Call {
            method,
            path: self.path(&written.path, scope),
            query: written.query.as_ref().map(|query| self.template(query, scope)),
            keep: self.maybe(&written.keep, scope, Shape::Any),
            without: written.without.iter().flatten().map(|key| key.value.clone()).collect(),
            body: written.body.as_ref().map(|body| self.template(body, scope)),
            if_match: self.maybe(&written.if_match, scope, Shape::Text),
            id: self.maybe(&written.id, OF_ANSWER, Shape::Any),
        }
    }

    fn template(&mut self, written: &TemplateText, scope: Scope) -> Template {
        match written {
            TemplateText::Plain(json) => Template::Plain(json.clone()),
            TemplateText::Formula(formula) => Template::Slot(self.slot(formula, scope, Shape::Any)),
            TemplateText::List(items) => Template::List(items.iter().map(|item| self.template(item, scope)).collect()),
            TemplateText::Map(entries) => {
                Template::Map(entries.iter().map(|(key, value)| (key.clone(), self.template(value, scope))).collect())
            }
        }
    }

    /// A path: what stands in braces is an expression.
    fn path(&mut self, written: &Required<Formula>, scope: Scope) -> Path {
        let Some(formula) = &written.0 else { return Path { text: SmolStr::default(), at: 0, parts: Vec::new() } };
        let text: Vec<char> = formula.text.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let open = text[at..].iter().position(|c| *c == '{').map_or(text.len(), |open| at + open);
            if open > at {
                parts.push(Part::Text(text[at..open].iter().collect::<String>().into()));
            }
            if open == text.len() {
                break;
            }
            let Some(close) = text[open..].iter().position(|c| *c == '}').map(|close| open + close) else {
                self.odd(formula, "a brace is opened in this path and not closed", "write `{id}` for the id");
                break;
            };
            let inner = formula.within(open + 1, close);
            parts.push(Part::Slot(self.slot(&inner, scope, Shape::Any)));
            at = close + 1;
        }
        if !formula.text.starts_with('/') {
            self.odd(formula, "a path begins with `/`", "it is what follows the `url` of the target");
        }
        Path { text: formula.text.clone(), at: formula.span.start, parts }
    }
}

/// What stands in for people whose record could not be read: it was reported, and is never used.
fn nobody() -> Accounts {
    let path = Path { text: SmolStr::default(), at: 0, parts: Vec::new() };
    let nothing = Slot(usize::MAX);
    Accounts {
        list: List { get: path.clone(), query: None, items: nothing, total: None, count: None, paging: None },
        one: One { get: path, query: Some(Template::Plain(Json::Null)), item: None },
        fields: Vec::new(),
        mail_case: MailCase::Kept,
        create: None,
        update: None,
        deactivate: None,
        reactivate: None,
        delete: None,
    }
}

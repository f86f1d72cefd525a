//! From a platform file to a platform: words become indices, and every word that is not there is a finding.

use smol_str::SmolStr;

use super::file::{self, MenuImport, PlatformFile, Section, text};
use super::{
    Application, ApplicationIx, Attribute, AttributeIx, AttributeType, BUILT_IN, Dispute, Event, Fact, Holder, Import,
    LevelIx, Permission, PermissionIx, Platform, Role, RoleIx, Term, Transition, Way,
};
use crate::diagnostic::{Diagnostic, FileId, Place, Span, nearest, pointer};
use crate::document::record::{Map, Reader, Required, Text};
use crate::document::{Sources, tree};

/// Reads the platform in a file of `sources`. Findings go to `diagnostics`; a platform with errors is not usable.
pub fn load(sources: &Sources, file: FileId, reference: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Platform> {
    let before = diagnostics.len();
    let written = read(sources, file, diagnostics)?;
    let written = match &written.extends {
        Some(base) => extend(written.clone(), &base.value.0, base.span, file, diagnostics)?,
        None => written,
    };
    let mut loader =
        Loader { file, path: Vec::new(), diagnostics, platform: empty(&written, reference, sources.text(file)) };
    loader.fill(&written);
    let platform = loader.platform;
    (diagnostics.len() == before).then_some(platform)
}

fn read(sources: &Sources, file: FileId, diagnostics: &mut Vec<Diagnostic>) -> Option<PlatformFile> {
    let parsed = tree::parse(sources.text(file), false);
    for error in &parsed.errors {
        diagnostics.push(crate::document::syntax_finding(file, error));
    }
    let mut reader = Reader::new(file);
    let mut roots = parsed.roots();
    let first = roots.next();
    if first.is_none() && parsed.errors.is_empty() {
        let help = Some("`rosterctl schema platform` tells what it holds".to_owned());
        reader.report("roster/syntax", Span::default(), "the platform file holds no platform".to_owned(), help);
    }
    let written = first.and_then(|root| reader.document::<PlatformFile>(root));
    if let Some(second) = roots.next() {
        let message = "a platform file holds one document, this is a second one".to_owned();
        reader.report("roster/syntax", second.span(), message, Some("put it into a file of its own".to_owned()));
    }
    diagnostics.append(&mut reader.diagnostics);
    written
}

/// Adds what a built-in platform has to a file that extends it.
fn extend(
    mut over: PlatformFile,
    base: &str,
    span: crate::diagnostic::Span,
    file: FileId,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<PlatformFile> {
    let Some((_, text)) = BUILT_IN.iter().find(|(id, _)| *id == base) else {
        let names: Vec<&str> = BUILT_IN.iter().map(|(id, _)| *id).collect();
        let place = Place { file, span, pointer: "/extends".to_owned() };
        let message = format!("there is no built-in platform `{base}`");
        let help = format!("the built-in platforms are: {}", names.join(", "));
        diagnostics.push(Diagnostic::error("roster/unknown-platform", message).at(place).help(help));
        return None;
    };
    let sources = Sources::from_texts([(format!("<built-in platform {base}>"), (*text).to_owned())]);
    let base = read(&sources, FileId(0), diagnostics)?;
    fn merge<T, const K: bool>(over: &mut Option<Map<T, K>>, base: Option<Map<T, K>>) {
        let Some(mut base) = base else { return };
        for entry in over.take().map(|map| map.entries).unwrap_or_default() {
            match base.entries.iter_mut().find(|(id, _)| id.value == entry.0.value) {
                Some(place) => *place = entry,
                None => base.entries.push(entry),
            }
        }
        *over = Some(base);
    }
    over.sections = over.sections.or(base.sections);
    over.lifecycle = over.lifecycle.or(base.lifecycle);
    over.menus = over.menus.or(base.menus);
    merge(&mut over.services, base.services);
    merge(&mut over.roles, base.roles);
    merge(&mut over.attributes, base.attributes);
    merge(&mut over.applications, base.applications);
    merge(&mut over.permissions, base.permissions);
    merge(&mut over.events, base.events);
    merge(&mut over.rules, base.rules);
    merge(&mut over.facts, base.facts);
    Some(over)
}

/// Fields of people and groups that every platform has.
const FIELDS: [&str; 6] = ["name", "email", "phone", "type", "roles", "groups"];

fn empty(written: &PlatformFile, reference: &str, whole: &str) -> Platform {
    Platform {
        id: written.id.0.as_ref().map(|id| id.value.0.clone()).unwrap_or_default(),
        reference: reference.into(),
        name: text(&written.name),
        summary: optional(&written.summary),
        starter: optional(&written.starter).to_string(),
        text: whole.to_owned(),
        sections: written
            .sections
            .as_ref()
            .map_or_else(|| Section::ALL.to_vec(), |sections| sections.iter().map(|section| section.value).collect()),
        services: Vec::new(),
        roles: Vec::new(),
        attributes: Vec::new(),
        applications: Vec::new(),
        permissions: Vec::new(),
        events: Vec::new(),
        transitions: Vec::new(),
        menus: Vec::new(),
        imports: Vec::new(),
        labels: Vec::new(),
        rules: Vec::new(),
        facts: Vec::new(),
    }
}

pub(super) fn optional(value: &Option<Text>) -> SmolStr {
    value.as_ref().map(|text| text.value.clone()).unwrap_or_default()
}

fn words(value: &Option<Vec<Text>>) -> Vec<SmolStr> {
    value.iter().flatten().map(|text| text.value.clone()).collect()
}

fn entries<T, const K: bool>(map: &Option<Map<T, K>>) -> impl Iterator<Item = &(Text, T)> {
    map.iter().flat_map(|map| &map.entries)
}

/// Fills a platform from what is written; knows where it is for its findings.
pub struct Loader<'d> {
    file: FileId,
    path: Vec<String>,
    pub(super) diagnostics: &'d mut Vec<Diagnostic>,
    pub(super) platform: Platform,
}

impl Loader<'_> {
    pub(super) fn within<R>(&mut self, token: &str, work: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(token.to_owned());
        let result = work(self);
        self.path.pop();
        result
    }

    pub(super) fn report(&mut self, rule: &'static str, word: &Text, message: String, near: Option<String>) {
        let place = Place { file: self.file, span: word.span, pointer: pointer(self.path.iter().map(String::as_str)) };
        let mut finding = Diagnostic::error(rule, message).at(place);
        finding.help = near.map(|near| format!("did you mean `{near}`?"));
        self.diagnostics.push(finding);
    }

    pub(super) fn role(&mut self, word: &Text) -> Option<RoleIx> {
        let found = self.platform.role(&word.value);
        if found.is_none() {
            let near = nearest(&word.value, self.platform.roles.iter().map(|role| role.id.as_str())).map(str::to_owned);
            self.report("roster/unknown-role", word, format!("the platform has no role `{}`", word.value), near);
        }
        found
    }

    pub(super) fn roles(&mut self, words: &Option<Vec<Text>>) -> Vec<RoleIx> {
        words.iter().flatten().filter_map(|word| self.role(word)).collect()
    }

    pub(super) fn required_role(&mut self, word: &Required<Text>) -> Option<RoleIx> {
        self.role(word.0.as_ref()?)
    }

    pub(super) fn attribute(&mut self, word: &Text) -> Option<AttributeIx> {
        let found = self.platform.attribute(&word.value);
        if found.is_none() {
            let names = self.platform.attributes.iter().map(|attribute| attribute.name.as_str());
            let near = nearest(&word.value, names).map(str::to_owned);
            self.report(
                "roster/unknown-attribute",
                word,
                format!("the platform has no attribute `{}`", word.value),
                near,
            );
        }
        found
    }

    pub(super) fn application(&mut self, word: &Text) -> Option<ApplicationIx> {
        let found = self.platform.application(&word.value);
        if found.is_none() {
            let names = self.platform.applications.iter().map(|application| application.id.as_str());
            let near = nearest(&word.value, names).map(str::to_owned);
            let message = format!("the platform has no application `{}`", word.value);
            self.report("roster/unknown-application", word, message, near);
        }
        found
    }

    pub(super) fn permission(&mut self, word: &Text) -> Option<PermissionIx> {
        let found = self.platform.permission(&word.value);
        if found.is_none() {
            let names = self.platform.permissions.iter().map(|permission| permission.id.as_str());
            let near = nearest(&word.value, names).map(str::to_owned);
            self.report("roster/wrong-type", word, format!("the platform has no permission `{}`", word.value), near);
        }
        found
    }

    pub(super) fn access(&mut self, application: &Text, level: &Option<Text>) -> Option<(ApplicationIx, LevelIx)> {
        let ix = self.application(application)?;
        let Some(level) = level else { return Some((ix, LevelIx(0))) };
        let found = self.platform[ix].level(&level.value);
        if found.is_none() {
            let levels = &self.platform[ix].levels;
            let near = nearest(&level.value, levels.iter().map(SmolStr::as_str)).map(str::to_owned);
            let message = format!("`{}` has no level `{}`", application.value, level.value);
            self.report("roster/wrong-type", level, message, near);
        }
        Some((ix, found?))
    }

    pub(super) fn service(&mut self, word: &Text) -> SmolStr {
        if !self.platform.services.iter().any(|service| service.id == word.value) {
            let near = nearest(&word.value, self.platform.services.iter().map(|service| service.id.as_str()));
            let near = near.map(str::to_owned);
            self.report("roster/wrong-type", word, format!("the platform has no service `{}`", word.value), near);
        }
        word.value.clone()
    }

    fn fill(&mut self, written: &PlatformFile) {
        self.vocabulary(written);
        self.within("permissions", |l| {
            for (id, permission) in entries(&written.permissions) {
                let permission = l.within(&id.value, |l| l.read_permission(id, permission));
                l.platform.permissions.push(permission);
            }
        });
        self.within("events", |l| {
            for (id, event) in entries(&written.events) {
                let event = l.within(&id.value, |l| Event {
                    id: id.value.clone(),
                    summary: optional(&event.summary),
                    source: optional(&event.source),
                    to: l.within("to", |l| l.roles(&event.to)),
                    copy: l.within("copy", |l| l.roles(&event.copy)),
                    fallback: l.within("fallback", |l| l.roles(&event.fallback)),
                    always: l.within("always", |l| l.roles(&event.always)),
                    disputed: l.within("disputed", |l| l.disputes(&event.disputed)),
                    when: event.when.as_ref().map(|when| l.within("when", |l| l.test(&when.value))),
                });
                l.platform.events.push(event);
            }
        });
        self.within("lifecycle", |l| l.lifecycle(written));
        self.menus(written);
        self.within("rules", |l| {
            for (id, rule) in entries(&written.rules) {
                if let Some(rule) = l.within(&id.value, |l| l.rule(id, rule)) {
                    l.platform.rules.push(rule);
                }
            }
        });
        let prefix = self.platform.id.clone();
        self.platform.facts = entries(&written.facts)
            .map(|(id, fact)| Fact {
                id: format!("{prefix}/{}", id.value).into(),
                number: optional(&fact.number),
                title: text(&fact.title),
                source: optional(&fact.source),
            })
            .collect();
    }

    fn vocabulary(&mut self, written: &PlatformFile) {
        let platform = &mut self.platform;
        let people = [(Section::Users, Holder::User), (Section::Contacts, Holder::Contact)];
        let people = people.into_iter().filter(|(section, _)| platform.sections.contains(section));
        let people: Vec<Holder> = people.map(|(_, holder)| holder).collect();
        platform.services = entries(&written.services)
            .map(|(id, term)| Term { id: id.value.clone(), name: text(&term.name), summary: optional(&term.summary) })
            .collect();
        platform.roles = entries(&written.roles)
            .map(|(id, role)| Role {
                id: id.value.clone(),
                name: text(&role.name),
                summary: optional(&role.summary),
                held_by: role
                    .held_by
                    .as_ref()
                    .map_or_else(|| people.clone(), |holders| holders.iter().map(|holder| holder.value).collect()),
                source: optional(&role.source),
            })
            .collect();
        platform.attributes = entries(&written.attributes)
            .map(|(name, attribute)| Attribute {
                name: name.value.clone(),
                value_type: attribute.value_type.0.as_ref().map_or(AttributeType::Text, |t| t.value),
                summary: optional(&attribute.summary),
                values: words(&attribute.values),
                evidence: optional(&attribute.evidence),
            })
            .collect();
        platform.applications = entries(&written.applications)
            .map(|(id, application)| Application {
                id: id.value.clone(),
                name: text(&application.name),
                summary: optional(&application.summary),
                levels: words(&application.levels.0),
                responsibilities: words(&application.responsibilities),
            })
            .collect();
    }

    fn read_permission(&mut self, id: &Text, written: &file::Permission) -> Permission {
        Permission {
            id: id.value.clone(),
            summary: optional(&written.summary),
            source: optional(&written.source),
            roles: self.within("roles", |l| l.roles(&written.roles)),
            within: self.within("within", |l| {
                let parts = entries(&written.within).filter_map(|(role, attribute)| {
                    let part = (l.role(role), l.within(&role.value, |l| l.attribute(attribute)));
                    part.0.zip(part.1)
                });
                parts.collect()
            }),
            application: written
                .application
                .as_ref()
                .and_then(|word| self.within("application", |l| l.access(word, &written.level))),
            when: written.when.as_ref().map(|when| self.within("when", |l| l.test(&when.value))),
        }
    }

    fn disputes(&mut self, written: &Option<Map<file::Dispute>>) -> Vec<Dispute> {
        let disputes = entries(written).filter_map(|(word, dispute)| {
            let role = self.role(word)?;
            Some(Dispute { role, pro: text(&dispute.pro), contra: text(&dispute.contra) })
        });
        disputes.collect()
    }

    fn menus(&mut self, written: &PlatformFile) {
        let Some(menus) = &written.menus else { return };
        self.platform.labels =
            entries(&menus.fields).map(|(field, label)| (field.value.clone(), label.value.clone())).collect();
        let ways = menus.ways.iter().flatten().filter_map(|way| {
            let way = &way.value;
            Some(Way {
                of: way.of.0.as_ref()?.value,
                action: way.action.0.as_ref()?.value,
                path: way.path.0.iter().flatten().map(|word| word.value.clone()).collect(),
                finish: optional(&way.finish),
                then: optional(&way.then),
                source: optional(&way.source),
            })
        });
        self.platform.menus = ways.collect();
        let imports = menus.imports.iter().flatten().enumerate();
        let imports: Vec<Option<Import>> = imports
            .map(|(index, import)| {
                let at = ["menus", "imports", &index.to_string(), "columns"].map(str::to_owned);
                let before = std::mem::replace(&mut self.path, at.to_vec());
                let import = self.import(&import.value);
                self.path = before;
                import
            })
            .collect();
        self.platform.imports = imports.into_iter().flatten().collect();
    }

    fn import(&mut self, import: &MenuImport) -> Option<Import> {
        let columns = entries(&import.columns.0).map(|(heading, field)| {
            self.within(&heading.value, |load| load.field(field));
            (heading.value.clone(), field.value.clone())
        });
        let columns = columns.collect();
        let separator = import.separator.as_ref().map_or_else(|| ", ".into(), |text| text.value.clone());
        Some(Import {
            of: import.of.0.as_ref()?.value,
            path: import.path.0.iter().flatten().map(|word| word.value.clone()).collect(),
            columns,
            separator,
            finish: optional(&import.finish),
            source: optional(&import.source),
        })
    }

    /// Checks that rosters have a field.
    fn field(&mut self, word: &Text) {
        let platform = &self.platform;
        let attributes = platform.attributes.iter().map(|attribute| format!("attributes.{}", attribute.name));
        let applications = platform.applications.iter().map(|application| format!("applications.{}", application.id));
        let known: Vec<String> = FIELDS.map(str::to_owned).into_iter().chain(attributes).chain(applications).collect();
        if !known.iter().any(|field| *field == word.value) {
            let near = nearest(&word.value, known.iter().map(String::as_str)).map(str::to_owned);
            self.report("roster/wrong-type", word, format!("rosters have no field `{}`", word.value), near);
        }
    }

    fn lifecycle(&mut self, written: &PlatformFile) {
        let ways = written.lifecycle.iter().flat_map(|cycle| cycle.transitions.0.iter().flatten());
        for (index, way) in ways.enumerate() {
            let way = &way.value;
            let needs = way.needs.as_ref().and_then(|word| {
                self.within("transitions", |l| {
                    l.within(&index.to_string(), |l| l.within("needs", |l| l.permission(word)))
                })
            });
            if let (Some(action), Some(from), Some(to)) = (&way.action.0, &way.from.0, &way.to.0) {
                let note = way.note.as_ref().map(|note| note.value.clone());
                let way = Transition { action: action.value, from: from.value, to: to.value, needs, note };
                self.platform.transitions.push(way);
            }
        }
    }
}

//! From a platform file to a platform: words become indices, and every word that is not there is a finding.

use smol_str::{SmolStr, ToSmolStr};

use super::file::{self, PlatformFile, Section, text};
use super::{
    Application, ApplicationIx, Attribute, AttributeIx, AttributeType, BUILT_IN, Cardinality, Check, Clause, Event,
    Fact, Field, Holder, LevelIx, Permission, PermissionIx, Platform, ProfileFact, Requires, Role, RoleIx, Rule, Term,
    Test, Transition,
};
use crate::diagnostic::{Diagnostic, FileId, Place, nearest, pointer};
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
    let written = roots.next().and_then(|root| reader.document::<PlatformFile>(root));
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
        rules: Vec::new(),
        facts: Vec::new(),
    }
}

fn optional(value: &Option<Text>) -> SmolStr {
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
    diagnostics: &'d mut Vec<Diagnostic>,
    platform: Platform,
}

impl Loader<'_> {
    fn within<R>(&mut self, token: &str, work: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(token.to_owned());
        let result = work(self);
        self.path.pop();
        result
    }

    fn report(&mut self, rule: &'static str, word: &Text, message: String, near: Option<String>) {
        let place = Place { file: self.file, span: word.span, pointer: pointer(self.path.iter().map(String::as_str)) };
        let mut finding = Diagnostic::error(rule, message).at(place);
        finding.help = near.map(|near| format!("did you mean `{near}`?"));
        self.diagnostics.push(finding);
    }

    fn role(&mut self, word: &Text) -> Option<RoleIx> {
        let found = self.platform.role(&word.value);
        if found.is_none() {
            let near = nearest(&word.value, self.platform.roles.iter().map(|role| role.id.as_str())).map(str::to_owned);
            self.report("roster/unknown-role", word, format!("the platform has no role `{}`", word.value), near);
        }
        found
    }

    fn roles(&mut self, words: &Option<Vec<Text>>) -> Vec<RoleIx> {
        words.iter().flatten().filter_map(|word| self.role(word)).collect()
    }

    fn required_role(&mut self, word: &Required<Text>) -> Option<RoleIx> {
        self.role(word.0.as_ref()?)
    }

    fn attribute(&mut self, word: &Text) -> Option<AttributeIx> {
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

    fn application(&mut self, word: &Text) -> Option<ApplicationIx> {
        let found = self.platform.application(&word.value);
        if found.is_none() {
            let names = self.platform.applications.iter().map(|application| application.id.as_str());
            let near = nearest(&word.value, names).map(str::to_owned);
            let message = format!("the platform has no application `{}`", word.value);
            self.report("roster/unknown-application", word, message, near);
        }
        found
    }

    fn permission(&mut self, word: &Text) -> Option<PermissionIx> {
        let found = self.platform.permission(&word.value);
        if found.is_none() {
            let names = self.platform.permissions.iter().map(|permission| permission.id.as_str());
            let near = nearest(&word.value, names).map(str::to_owned);
            self.report("roster/wrong-type", word, format!("the platform has no permission `{}`", word.value), near);
        }
        found
    }

    fn access(&mut self, application: &Text, level: &Option<Text>) -> Option<(ApplicationIx, LevelIx)> {
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

    fn service(&mut self, word: &Text) -> SmolStr {
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
                    when: event.when.as_ref().map(|when| l.within("when", |l| l.test(&when.value))),
                });
                l.platform.events.push(event);
            }
        });
        self.within("lifecycle", |l| l.lifecycle(written));
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
        platform.services = entries(&written.services)
            .map(|(id, term)| Term { id: id.value.clone(), name: text(&term.name), summary: optional(&term.summary) })
            .collect();
        platform.roles = entries(&written.roles)
            .map(|(id, role)| Role {
                id: id.value.clone(),
                name: text(&role.name),
                summary: optional(&role.summary),
                held_by: role.held_by.as_ref().map_or_else(
                    || vec![Holder::User, Holder::Contact],
                    |holders| holders.iter().map(|holder| holder.value).collect(),
                ),
                source: optional(&role.source),
            })
            .collect();
        platform.attributes = entries(&written.attributes)
            .map(|(name, attribute)| Attribute {
                name: name.value.clone(),
                value_type: attribute.value_type.0.as_ref().map_or(AttributeType::Text, |t| t.value),
                summary: optional(&attribute.summary),
                values: words(&attribute.values),
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
            application: written
                .application
                .as_ref()
                .and_then(|word| self.within("application", |l| l.access(word, &written.level))),
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

    fn rule(&mut self, id: &Text, written: &file::Rule) -> Option<Rule> {
        let when = written.when.as_ref().map(|when| self.within("when", |l| l.test(&when.value)));
        let mut checks: Vec<Check> = Vec::new();
        if let Some(requires) = &written.requires {
            let check = self.within("requires", |l| l.requires(requires));
            checks.extend(check.map(Check::Requires));
        }
        if let Some(cardinality) = &written.cardinality {
            let check = self.within("cardinality", |l| l.cardinality(cardinality));
            checks.extend(check.map(Check::Cardinality));
        }
        if let Some(primary) = &written.primary {
            let role = self.within("primary", |l| l.within("role", |l| l.required_role(&primary.role)));
            let attribute =
                self.within("primary", |l| l.within("attribute", |l| l.attribute(primary.attribute.0.as_ref()?)));
            checks.extend(role.zip(attribute).map(|(role, attribute)| Check::Primary { role, attribute }));
        }
        checks.extend(written.holder.map(|_| Check::Holder));
        checks.extend(written.useful_group.map(|_| Check::UsefulGroup));
        if let Some(least) = &written.least_privilege {
            let attribute =
                self.within("leastPrivilege", |l| l.within("attribute", |l| l.attribute(least.attribute.0.as_ref()?)));
            checks.extend(attribute.map(|attribute| Check::LeastPrivilege { attribute }));
        }
        if let Some(keeps) = &written.keeps {
            let roles = self.within("keeps", |l| l.within("roles", |l| l.roles(&keeps.roles)));
            let permission = keeps.permission.as_ref();
            let permission =
                permission.and_then(|word| self.within("keeps", |l| l.within("permission", |l| l.permission(word))));
            checks.push(Check::Keeps { roles, permission });
        }
        if let Some(actor) = &written.actor {
            let permission =
                self.within("actor", |l| l.within("permission", |l| l.permission(actor.permission.0.as_ref()?)));
            checks.extend(permission.map(|permission| Check::Actor { permission }));
        }
        checks.extend(written.make_before_break.map(|_| Check::MakeBeforeBreak));
        checks.extend(written.unmanaged.map(|_| Check::Unmanaged));
        if checks.len() != 1 {
            let message = format!("rule `{}` must use exactly one template, found {}", id.value, checks.len());
            self.report("roster/wrong-type", id, message, None);
            if let Some(finding) = self.diagnostics.last_mut() {
                finding.help = Some(format!("the templates are: {}", file::TEMPLATES.join(", ")));
            }
            return None;
        }
        Some(Rule {
            id: format!("{}/{}", self.platform.id, id.value).to_smolstr(),
            number: optional(&written.number),
            level: written.level.0.as_ref().and_then(|level| level.value.severity()),
            title: text(&written.title),
            source: optional(&written.source),
            cure: optional(&written.cure),
            breaks: optional(&written.breaks),
            holds: optional(&written.holds),
            when,
            check: checks.pop()?,
        })
    }

    fn requires(&mut self, written: &file::Requires) -> Option<Requires> {
        let of = written.of.0.as_ref()?;
        let role = of.role.as_ref().map(|word| self.within("of", |l| l.within("role", |l| l.role(word))));
        let only = of.condition.as_ref();
        let only = only.map(|only| self.within("of", |l| l.within("where", |l| l.test(&only.value))));
        let clauses = written.must.0.iter().flatten().enumerate();
        let must = clauses
            .filter_map(|(index, clause)| self.within("must", |l| l.within(&index.to_string(), |l| l.clause(clause))));
        let must = must.collect();
        let untouched = written.untouched.unwrap_or(false);
        let role = match role {
            Some(None) => return None,
            Some(role) => role,
            None => None,
        };
        Some(Requires { role, section: of.section.as_ref().map(|section| section.value), only, must, untouched })
    }

    fn clause(&mut self, written: &file::Clause) -> Option<Clause> {
        let condition = written.be.0.as_ref()?;
        let be = self.within("be", |l| l.test(&condition.value));
        let point = written.point.as_ref().map(|point| point.value);
        let attribute = if point == Some(Field::Attributes) { first_attribute(&be) } else { None };
        Some(Clause {
            be,
            level: written.level.as_ref().and_then(|level| level.value.severity()),
            say: text(&written.say),
            help: optional(&written.help),
            point,
            attribute,
        })
    }

    fn cardinality(&mut self, written: &file::Cardinality) -> Option<Cardinality> {
        let only = written.condition.as_ref();
        Some(Cardinality {
            role: self.within("role", |l| l.required_role(&written.role))?,
            only: only.map(|only| self.within("where", |l| l.test(&only.value))),
            min: written.min.unwrap_or(0),
            max: written.max.unwrap_or(u32::MAX),
            transit: written.transit.as_ref().map(|side| side.value),
            few: optional(&written.few),
            many: optional(&written.many),
            help: optional(&written.help),
        })
    }

    fn test(&mut self, written: &file::Condition) -> Test {
        let mut all: Vec<Test> = Vec::new();
        if let Some(any) = &written.any {
            let tests = any.iter().enumerate();
            let tests = tests.map(|(index, one)| self.within("any", |l| l.within(&index.to_string(), |l| l.test(one))));
            all.push(Test::Any(tests.collect()));
        }
        if let Some(not) = &written.not {
            all.push(Test::Not(Box::new(self.within("not", |l| l.test(not)))));
        }
        if let Some(word) = &written.attribute
            && let Some(attribute) = self.within("attribute", |l| l.attribute(word))
        {
            all.push(match (&written.includes, self.platform[attribute].value_type) {
                (Some(values), _) => {
                    Test::AttributeIncludes(attribute, values.iter().map(|value| value.value.clone()).collect())
                }
                (None, AttributeType::Boolean) => Test::AttributeIs(attribute, written.is.unwrap_or(true)),
                (None, _) => Test::HasAttribute(attribute),
            });
        }
        if let Some(word) = &written.application
            && let Some((application, level)) = self.within("application", |l| l.access(word, &written.level))
        {
            all.push(Test::Reaches(application, level));
        }
        if let Some(word) = &written.role
            && let Some(role) = self.within("role", |l| l.role(word))
        {
            all.push(Test::HoldsRole(role));
        }
        if let Some(word) = &written.only_role
            && let Some(role) = self.within("onlyRole", |l| l.role(word))
        {
            all.push(Test::OnlyRole(role));
        }
        if let Some(services) = &written.services {
            let services = services.iter().map(|word| self.within("services", |l| l.service(word)));
            all.push(Test::Services(services.collect()));
        }
        all.extend(written.has.as_ref().map(|field| Test::Has(field.value)));
        all.extend(written.section.as_ref().map(|section| Test::InSection(section.value)));
        all.extend(written.entry_type.as_ref().map(|entry_type| Test::IsType(entry_type.value)));
        all.extend(written.status.as_ref().map(|status| Test::HasStatus(status.value)));
        all.extend(
            written.own_domain.map(|own| if own { Test::OwnDomain } else { Test::Not(Box::new(Test::OwnDomain)) }),
        );
        all.extend(written.size.as_ref().map(|size| Test::IsSize(size.value)));
        all.extend(written.service_agreement.as_ref().map(|agreement| Test::AgreementIs(agreement.value)));
        all.extend(
            written.relationship.as_ref().map(|ways| Test::RelationshipIn(ways.iter().map(|way| way.value).collect())),
        );
        all.extend(written.profile.as_ref().map(|fact| match fact.value {
            ProfileFact::Domains => Test::HasDomains,
        }));
        match all.pop() {
            Some(only) if all.is_empty() => only,
            Some(last) => {
                all.push(last);
                Test::All(all)
            }
            None => Test::All(all),
        }
    }
}

fn first_attribute(test: &Test) -> Option<AttributeIx> {
    match test {
        Test::All(tests) | Test::Any(tests) => tests.iter().find_map(first_attribute),
        Test::Not(test) => first_attribute(test),
        Test::AttributeIs(attribute, _) | Test::AttributeIncludes(attribute, _) | Test::HasAttribute(attribute) => {
            Some(*attribute)
        }
        _ => None,
    }
}

//! From a rule as written to an instance of a template: conditions and parameters with their words resolved.

use smol_str::ToSmolStr;

use super::file::{self, text};
use super::load::{Loader, optional};
use super::{
    ActorRule, AttributeIx, AttributeType, Cardinality, Check, Claims, Clause, Field, Names, ProfileFact, Requires,
    Rule, Test, Wish,
};
use crate::document::record::Text;

impl Loader<'_> {
    pub(super) fn rule(&mut self, id: &Text, written: &file::Rule) -> Option<Rule> {
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
        if let Some(names) = &written.names {
            let check = self.within("names", |l| l.names(names));
            checks.extend(check.map(Check::Names));
        }
        checks.extend(written.black_hole.map(|_| Check::BlackHole));
        if let Some(claims) = &written.claims {
            let permission = claims.permission.0.as_ref();
            let permission =
                permission.and_then(|word| self.within("claims", |l| l.within("permission", |l| l.permission(word))));
            let (say, help) = (text(&claims.say), optional(&claims.help));
            checks.extend(permission.map(|permission| Check::Claims(Claims { permission, say, help })));
        }
        if let Some(actor) = &written.actor {
            let check = self.within("actor", |l| l.actor(actor));
            checks.push(Check::Actor(check));
        }
        if let Some(wish) = &written.wish {
            let states = wish.wanted.0.zip(wish.from.0);
            let (say, help) = (optional(&wish.say), optional(&wish.help));
            checks.extend(
                states.map(|(wanted, from)| Check::Wish(Wish { wanted: wanted.value, from: from.value, say, help })),
            );
        }
        if let Some(serial) = &written.serial {
            let role = self.within("serial", |l| l.within("role", |l| l.required_role(&serial.role)));
            checks.extend(role.map(Check::Serial));
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
        let must = clauses.filter_map(|(index, clause)| {
            self.within("must", |l| l.within(&index.to_string(), |l| l.clause(clause, only.as_ref())))
        });
        let must = must.collect();
        let untouched = written.untouched.unwrap_or(false);
        let role = match role {
            Some(None) => return None,
            Some(role) => role,
            None => None,
        };
        Some(Requires { role, section: of.section.as_ref().map(|section| section.value), only, must, untouched })
    }

    fn names(&mut self, written: &file::Names) -> Option<Names> {
        let role = self.within("role", |l| l.required_role(&written.role));
        let attribute = self.within("attribute", |l| l.attribute(written.attribute.0.as_ref()?));
        let holds = self.within("holds", |l| l.required_role(&written.holds));
        let (say, help) = (text(&written.say), optional(&written.help));
        Some(Names { role: role?, attribute: attribute?, holds: holds?, say, help })
    }

    fn actor(&mut self, written: &file::ActorRule) -> ActorRule {
        let permission = written.permission.as_ref();
        let attribute = written.attribute.as_ref();
        ActorRule {
            permission: permission.and_then(|word| self.within("permission", |l| l.permission(word))),
            keeps: written.keeps.unwrap_or(false),
            actions: written.actions.iter().flatten().map(|verb| verb.value).collect(),
            grants: self.within("grants", |l| l.roles(&written.grants)),
            revokes: self.within("revokes", |l| l.roles(&written.revokes)),
            roles: written.roles.unwrap_or(false),
            attribute: attribute.and_then(|word| self.within("attribute", |l| l.attribute(word))),
            own: written.own,
            by: self.within("by", |l| l.roles(&written.by)),
            say: optional(&written.say),
            help: optional(&written.help),
        }
    }

    /// A clause; the attribute that it points at is its own, or else the one by which people are selected.
    fn clause(&mut self, written: &file::Clause, only: Option<&Test>) -> Option<Clause> {
        let condition = written.be.0.as_ref()?;
        let be = self.within("be", |l| l.test(&condition.value));
        let point = written.point.as_ref().map(|point| point.value);
        let attribute = || first_attribute(&be).or_else(|| only.and_then(first_attribute));
        let attribute = if point == Some(Field::Attributes) { attribute() } else { None };
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
        if let Some(word) =
            written.role.0.as_ref().filter(|_| written.max.is_some_and(|max| max < written.min.unwrap_or(0)))
        {
            self.report("roster/wrong-type", word, "`max` is below `min`: no roster could ever hold".to_owned(), None);
        }
        Some(Cardinality {
            role: self.within("role", |l| l.required_role(&written.role))?,
            only: only.map(|only| self.within("where", |l| l.test(&only.value))),
            inactive: written.inactive.unwrap_or(false),
            given: self.within("given", |l| l.roles(&written.given)),
            min: written.min.unwrap_or(0),
            max: written.max.unwrap_or(u32::MAX),
            transit: written.transit.as_ref().map(|side| side.value),
            few: optional(&written.few),
            many: optional(&written.many),
            help: optional(&written.help),
        })
    }

    pub(super) fn test(&mut self, written: &file::Condition) -> Test {
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

//! JUnit XML: a suite for each organisation, in it a case for each rule that was checked.
//!
//! The shape is what both the XSD of Surefire (of each suite) and that of Jenkins' xUnit plugin (of all) accept; neither
//! has places, so file and line stand in the text. A finding that fails the run is a failure; one that does not is
//! output of a case that passed, so that a green gate has no red tests. Findings without an organisation are in a suite
//! with the name of their file.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::ptr;
use std::sync::Arc;

use indexmap::IndexMap;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::verdict::{Verdict, lines};
use crate::document::record::visible;
use crate::model::{Organisation, View};
use crate::plan::document::Finding;
use crate::platform::{Platform, Rule, Section};
use crate::rules::{ROSTER_RULES, applies};

/// With more cases than this, the rules of an organisation that hold are one case: readers refuse or choke on more
/// (GitLab at 500,000 cases or 30 MB).
const MOST_CASES: usize = 100_000;

/// Rules about the text itself, whose findings are about something that could not be taken in: where there are any, the
/// other rules were checked of the rest only.
const SHAPE: &str = "roster/";

/// Writes the findings as one document.
pub fn write(verdict: &Verdict<'_>, out: &mut dyn Write) -> io::Result<()> {
    let suites = suites(verdict);
    let tests: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let failures: usize = suites.iter().map(Suite::failures).sum();
    let (tests, failures) = (tests.to_string(), failures.to_string());
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 1);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = writer.create_element("testsuites").with_attributes([
        ("name", "rosterctl validate"),
        ("tests", tests.as_str()),
        ("failures", failures.as_str()),
        ("errors", "0"),
        ("time", "0"),
    ]);
    all.write_inner_content(|writer| suites.iter().try_for_each(|suite| suite.write(verdict, writer)))?;
    drop(writer);
    out.write_all(b"\n")
}

/// An organisation, or a file whose organisation is not known.
struct Suite<'r> {
    name: &'r str,
    organisation: Option<&'r Organisation>,
    cases: Vec<Case<'r>>,
}

/// A rule, and what was found.
struct Case<'r> {
    rule: std::borrow::Cow<'r, str>,
    failures: Vec<&'r Finding>,
    /// Findings that do not fail the run.
    remarks: Vec<&'r Finding>,
    /// Why nothing can be said, where nothing can.
    skipped: Option<&'static str>,
}

/// The findings of one organisation or file, by rule.
type Found<'r> = IndexMap<&'r str, Vec<&'r Finding>>;

fn suites<'r>(verdict: &'r Verdict<'r>) -> Vec<Suite<'r>> {
    let mut of_organisations: IndexMap<&str, Found<'r>> = IndexMap::new();
    let mut of_files: IndexMap<&str, Found<'r>> = IndexMap::new();
    for finding in &verdict.report.diagnostics {
        let path = finding.location.as_ref().map_or("rosters", |location| location.path.as_str());
        let found = match &finding.organisation {
            Some(organisation) => of_organisations.entry(organisation).or_default(),
            None => of_files.entry(path).or_default(),
        };
        found.entry(&finding.rule).or_default().push(finding);
    }
    let homeless: HashSet<&str> = of_files.values().flat_map(|found| found.keys().copied()).collect();
    // The rules of the language alone may be too many: then not even a list of them is made.
    let many = verdict.organisations.len() * ROSTER_RULES.len() > MOST_CASES;
    let rules: HashMap<*const Platform, Vec<&Rule>> =
        verdict.platforms().into_iter().map(|platform| (ptr::from_ref(platform), verdict.checked(platform))).collect();
    let mut suites = Vec::with_capacity(verdict.organisations.len());
    for organisation in verdict.organisations {
        let found = of_organisations.get_mut(organisation.id.as_str()).map(std::mem::take).unwrap_or_default();
        let view = View::of(organisation);
        let rules = rules.get(&Arc::as_ptr(&organisation.platform)).into_iter().flatten();
        let rules = rules.filter(|rule| applies(rule, &view)).map(|rule| rule.id.as_str());
        let checked = Checked { organisation, found, homeless: &homeless };
        suites.push(if many { checked.folded(verdict, rules) } else { checked.suite(verdict, rules) });
    }
    // Organisations of which not even the platform is known have findings only.
    let left = of_organisations.into_iter().filter(|(_, found)| !found.is_empty());
    for (name, found) in left.chain(of_files) {
        let cases = found.into_iter().map(|(rule, findings)| Case::of(verdict, rule, findings)).collect();
        suites.push(Suite { name, organisation: None, cases });
    }
    if suites.iter().map(|suite| suite.cases.len()).sum::<usize>() > MOST_CASES {
        suites.iter_mut().for_each(Suite::fold);
    }
    suites
}

/// An organisation that was checked.
struct Checked<'r, 'h> {
    organisation: &'r Organisation,
    found: Found<'r>,
    /// Rules that are broken in files whose organisation is not known.
    homeless: &'h HashSet<&'r str>,
}

impl<'r> Checked<'r, '_> {
    /// All rules that were checked: those of the language and these of the platform. Of a rule of the language that is
    /// broken in a file whose organisation is not known nobody can say that it holds here.
    fn suite(mut self, verdict: &'r Verdict<'r>, of_platform: impl Iterator<Item = &'r str>) -> Suite<'r> {
        let doubtful = self.found.keys().any(|rule| rule.starts_with(SHAPE) && !rule.starts_with("roster/waiver"));
        let language = ROSTER_RULES.iter().map(|(id, _)| (*id, false));
        let mut cases = Vec::new();
        for (rule, of_platform) in language.chain(of_platform.map(|rule| (rule, true))) {
            let mut case = Case::of(verdict, rule, self.found.shift_remove(rule).unwrap_or_default());
            if case.holds() && of_platform && doubtful {
                case.skipped = Some("not known: the errors of the roster itself come first");
            }
            if case.holds() && self.homeless.contains(rule) {
                case.skipped = Some("not known: it is broken in a file whose organisation is not known");
            }
            cases.push(case);
        }
        cases.extend(self.found.into_iter().map(|(rule, findings)| Case::of(verdict, rule, findings)));
        Suite { name: &self.organisation.id, organisation: Some(self.organisation), cases }
    }

    /// The same with one case of all rules that hold.
    fn folded(self, verdict: &'r Verdict<'r>, of_platform: impl Iterator<Item = &'r str>) -> Suite<'r> {
        if self.found.is_empty() && self.homeless.is_empty() {
            let cases = vec![Case::of_rules(ROSTER_RULES.len() + of_platform.count())];
            return Suite { name: &self.organisation.id, organisation: Some(self.organisation), cases };
        }
        let mut suite = self.suite(verdict, of_platform);
        suite.fold();
        suite
    }
}

impl<'r> Case<'r> {
    fn of(verdict: &Verdict<'_>, rule: &'r str, findings: Vec<&'r Finding>) -> Case<'r> {
        let (failures, remarks) = findings.into_iter().partition(|finding| verdict.denies(finding));
        Case { rule: rule.into(), failures, remarks, skipped: None }
    }

    /// One case for rules that hold.
    fn of_rules(count: usize) -> Case<'r> {
        let rule = format!("{count} rules that hold").into();
        Case { rule, failures: Vec::new(), remarks: Vec::new(), skipped: None }
    }

    /// Whether there is nothing to tell of it.
    fn holds(&self) -> bool {
        self.failures.is_empty() && self.remarks.is_empty() && self.skipped.is_none()
    }

    fn write<W: Write>(&self, suite: &str, verdict: &Verdict<'_>, writer: &mut Writer<W>) -> io::Result<()> {
        let name = printable(&visible(&self.rule));
        let case = writer.create_element("testcase").with_attributes([
            ("name", name.as_str()),
            ("classname", suite),
            ("time", "0"),
        ]);
        if self.holds() {
            return case.write_empty().map(drop);
        }
        let told = |findings: &[&Finding]| -> String {
            printable(&findings.iter().map(|finding| lines(finding, verdict.root)).collect::<String>())
        };
        case.write_inner_content(|writer| {
            if let [first, rest @ ..] = self.failures.as_slice() {
                let more = if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
                let message = printable(&visible(&format!("{}{more}", first.message)));
                let severity = first.severity.to_string();
                let attributes = [("message", message.as_str()), ("type", severity.as_str())];
                let failure = writer.create_element("failure").with_attributes(attributes);
                failure.write_text_content(BytesText::new(&told(&self.failures)))?;
            }
            if let Some(why) = self.skipped {
                writer.create_element("skipped").with_attribute(("message", why)).write_empty()?;
            }
            if !self.remarks.is_empty() {
                let output = writer.create_element("system-out");
                output.write_text_content(BytesText::new(&told(&self.remarks)))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

impl Suite<'_> {
    fn failures(&self) -> usize {
        self.cases.iter().filter(|case| !case.failures.is_empty()).count()
    }

    fn skipped(&self) -> usize {
        self.cases.iter().filter(|case| case.skipped.is_some()).count()
    }

    /// Makes one case of all rules that hold.
    fn fold(&mut self) {
        let before = self.cases.len();
        self.cases.retain(|case| !case.holds());
        let folded = before - self.cases.len();
        if folded > 0 {
            self.cases.push(Case::of_rules(folded));
        }
    }

    fn write<W: Write>(&self, verdict: &Verdict<'_>, writer: &mut Writer<W>) -> io::Result<()> {
        let name = printable(&visible(self.name));
        let counts = [self.cases.len(), self.failures(), self.skipped()].map(|count| count.to_string());
        let [tests, failures, skipped] = counts.each_ref().map(String::as_str);
        let suite = writer.create_element("testsuite").with_attributes([
            ("name", name.as_str()),
            ("tests", tests),
            ("failures", failures),
            ("errors", "0"),
            ("skipped", skipped),
            ("time", "0"),
        ]);
        suite.write_inner_content(|writer| {
            if let Some(organisation) = self.organisation {
                let count = |section| organisation.section(section).count().to_string();
                let platform = printable(&visible(&organisation.platform.id));
                let facts =
                    [("platform", platform), ("users", count(Section::Users)), ("contacts", count(Section::Contacts))];
                writer.create_element("properties").write_inner_content(|writer| {
                    facts.iter().try_for_each(|(name, value)| {
                        let property = writer.create_element("property");
                        property.with_attributes([("name", *name), ("value", value.as_str())]).write_empty().map(drop)
                    })
                })?;
            }
            self.cases.iter().try_for_each(|case| case.write(&name, verdict, writer))
        })?;
        Ok(())
    }
}

/// Text without the two characters that XML 1.0 forbids and that are no control characters (§2.2).
fn printable(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

//! Filters (RFC 7644 §3.4.2.2): reading them, and whether a resource fits.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::path::{Path, Scope};
use super::problem::Problem;
use super::schema::{Attribute, Kind};
use crate::diagnostic::nearest;
use crate::document::record::visible;

/// A filter longer than this is refused.
const LONGEST: usize = 16 * 1024;

/// Brackets nested deeper than this are refused.
const DEEPEST: usize = 64;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Contains.
    Contains,
    /// Starts with.
    StartsWith,
    /// Ends with.
    EndsWith,
    /// Greater than.
    Greater,
    /// Greater than or equal.
    GreaterOrEqual,
    /// Less than.
    Less,
    /// Less than or equal.
    LessOrEqual,
}

const OPERATORS: [(&str, Operator); 9] = [
    ("eq", Operator::Equal),
    ("ne", Operator::NotEqual),
    ("co", Operator::Contains),
    ("sw", Operator::StartsWith),
    ("ew", Operator::EndsWith),
    ("gt", Operator::Greater),
    ("ge", Operator::GreaterOrEqual),
    ("lt", Operator::Less),
    ("le", Operator::LessOrEqual),
];

/// A filter as it is written; `P` is a path, as text or as an attribute.
#[derive(Clone, Debug)]
pub enum Filter<P = Path> {
    /// All of these hold.
    And(Vec<Filter<P>>),
    /// One of these holds.
    Or(Vec<Filter<P>>),
    /// This does not hold.
    Not(Box<Filter<P>>),
    /// There is a value.
    Present(P),
    /// A value compares so.
    Test(P, Operator, Json),
    /// One and the same value fits.
    Within(P, Box<Filter<P>>),
}

/// A filter whose paths are not looked up yet.
pub type Written = Filter<String>;

/// Reads a filter.
pub fn parse(text: &str) -> Result<Written, Problem> {
    if text.len() > LONGEST {
        return Err(invalid(format!("a filter has at most {LONGEST} bytes; ask in several requests")));
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    let filter = reader.or()?;
    reader.space();
    match reader.rest() {
        "" => Ok(filter),
        rest => Err(invalid(format!("nothing may follow the filter, but `{}` does", excerpt(rest)))),
    }
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::bad("invalidFilter", detail)
}

fn excerpt(text: &str) -> String {
    visible(&text.chars().take(40).collect::<String>())
}

/// Reads the inside of brackets in a path: a filter up to `]`, and what follows.
pub fn parse_within(text: &str) -> Result<(Written, &str), Problem> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let filter = reader.or()?;
    reader.space();
    match reader.rest().strip_prefix(']') {
        Some(rest) => Ok((filter, rest)),
        None => Err(invalid("a `[` in the path is not closed")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, sign: char) -> bool {
        self.space();
        let there = self.rest().starts_with(sign);
        self.at += if there { sign.len_utf8() } else { 0 };
        there
    }

    /// Takes a word where it stands next.
    fn word(&mut self, word: &str) -> bool {
        self.space();
        let rest = self.rest();
        let fits = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && rest[word.len()..].chars().next().is_none_or(|next| next.is_whitespace() || "()[]".contains(next));
        self.at += if fits { word.len() } else { 0 };
        fits
    }

    fn or(&mut self) -> Result<Written, Problem> {
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Filter::Or(parts) })
    }

    fn and(&mut self) -> Result<Written, Problem> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Filter::And(parts) })
    }

    fn deeper(&mut self, close: char) -> Result<Written, Problem> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(invalid(format!("brackets are nested deeper than {DEEPEST}")));
        }
        let inner = self.or()?;
        if !self.takes(close) {
            return Err(invalid(format!("`{close}` is missing before `{}`", excerpt(self.rest()))));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn one(&mut self) -> Result<Written, Problem> {
        if self.takes('(') {
            return self.deeper(')');
        }
        let before = self.at;
        if self.word("not") {
            if self.takes('(') {
                return Ok(Filter::Not(Box::new(self.deeper(')')?)));
            }
            self.at = before;
        }
        let path = self.path()?;
        if self.rest().starts_with('[') {
            self.at += 1;
            return Ok(Filter::Within(path, Box::new(self.deeper(']')?)));
        }
        if self.word("pr") {
            return Ok(Filter::Present(path));
        }
        match OPERATORS.iter().find(|(word, _)| self.word(word)) {
            Some((_, operator)) => Ok(Filter::Test(path, *operator, self.value()?)),
            None => Err(invalid(format!(
                "after `{path}` one of pr, eq, ne, co, sw, ew, gt, ge, lt, le is expected, not `{}`",
                excerpt(self.rest().trim_start())
            ))),
        }
    }

    fn path(&mut self) -> Result<String, Problem> {
        self.space();
        let own = |c: char| c.is_ascii_alphanumeric() || "-_$.:".contains(c);
        let end = self.rest().find(|c| !own(c)).unwrap_or(self.rest().len());
        let path = &self.rest()[..end];
        if path.is_empty() {
            return Err(invalid(format!("an attribute is expected, not `{}`", excerpt(self.rest()))));
        }
        self.at += end;
        Ok(path.to_owned())
    }

    fn value(&mut self) -> Result<Json, Problem> {
        self.space();
        let rest = self.rest();
        let read = if rest.starts_with('"') {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Json>();
            let text = values.next().and_then(Result::ok);
            text.map(|text| (text, values.byte_offset()))
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || ")]".contains(c)).unwrap_or(rest.len());
            let value = serde_json::from_str(&rest[..end]).ok();
            value.filter(|value: &Json| !value.is_array() && !value.is_object()).map(|value| (value, end))
        };
        let Some((value, length)) = read else {
            let rest = excerpt(rest);
            return Err(invalid(format!("a value in JSON is expected, such as \"text\" or true, not `{rest}`")));
        };
        self.at += length;
        let next = self.rest().chars().next();
        match next.is_none_or(|next| next.is_whitespace() || ")]".contains(next)) {
            true => Ok(value),
            false => Err(invalid(format!("a space is missing before `{}`", excerpt(self.rest())))),
        }
    }
}

impl Written {
    /// The filter with its paths looked up.
    pub fn bind(&self, scope: Scope) -> Result<Filter, Problem> {
        let all = |parts: &[Written]| parts.iter().map(|part| part.bind(scope)).collect::<Result<Vec<_>, _>>();
        Ok(match self {
            Filter::And(parts) => Filter::And(all(parts)?),
            Filter::Or(parts) => Filter::Or(all(parts)?),
            Filter::Not(part) => Filter::Not(Box::new(part.bind(scope)?)),
            Filter::Present(path) => Filter::Present(find(scope, path)?),
            Filter::Within(path, inner) => {
                let path = find(scope, path)?;
                Filter::Within(path, Box::new(inner.bind(Scope::Value(path.last()))?))
            }
            Filter::Test(path, operator, value) => {
                let path = find(scope, path)?;
                let value = suitable(path.compared(), *operator, value)?;
                Filter::Test(path, *operator, value)
            }
        })
    }
}

fn find(scope: Scope, path: &str) -> Result<Path, Problem> {
    scope.attribute(path).ok_or_else(|| {
        let names: Vec<&str> = match scope {
            Scope::Resource(kind) => kind.attributes().map(|attribute| attribute.name.as_str()).collect(),
            Scope::Value(attribute) => attribute.sub_attributes.iter().map(|sub| sub.name.as_str()).collect(),
        };
        let near = nearest(path, names).map(|near| format!("; did you mean `{near}`?"));
        invalid(format!("there is no attribute `{}`{}", visible(path), near.unwrap_or_default()))
    })
}

/// The value to compare with, where it can be compared with this attribute.
fn suitable(attribute: &Attribute, operator: Operator, value: &Json) -> Result<Json, Problem> {
    use Operator::{Contains, EndsWith, Equal, NotEqual, StartsWith};
    let name = &attribute.name;
    let equality = matches!(operator, Equal | NotEqual);
    let textual = matches!(operator, Contains | StartsWith | EndsWith);
    if value.is_null() {
        return if equality { Ok(Json::Null) } else { Err(invalid(format!("`{name}`: null has no order"))) };
    }
    let wrong = |what: &str| Err(invalid(format!("`{name}` is {what}: it cannot be compared with {value} so")));
    match (attribute.kind, value) {
        (Kind::Boolean, Json::Bool(_)) if equality => Ok(value.clone()),
        (Kind::Boolean, Json::String(text)) if equality => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => wrong("true or false"),
        },
        (Kind::Boolean, _) => wrong("true or false"),
        (Kind::Integer | Kind::Decimal, Json::Number(_)) if !textual => Ok(value.clone()),
        (Kind::Integer | Kind::Decimal, _) => wrong("a number"),
        (Kind::DateTime, Json::String(text)) if textual || text.parse::<Timestamp>().is_ok() => Ok(value.clone()),
        (Kind::DateTime, _) => wrong("a moment such as 2027-06-30T12:00:00Z"),
        (Kind::Binary, Json::String(_)) if equality || textual => Ok(value.clone()),
        (Kind::Binary, _) => wrong("binary"),
        (Kind::Complex, _) => wrong("an object; name one of its parts"),
        (Kind::String | Kind::Reference, Json::String(_)) => Ok(value.clone()),
        (Kind::String | Kind::Reference, _) => wrong("text"),
    }
}

impl Filter {
    /// Whether an object fits.
    pub fn fits(&self, object: &Map<String, Json>) -> bool {
        match self {
            Filter::And(parts) => parts.iter().all(|part| part.fits(object)),
            Filter::Or(parts) => parts.iter().any(|part| part.fits(object)),
            Filter::Not(part) => !part.fits(object),
            Filter::Present(path) => path.values(object).into_iter().any(is_there),
            Filter::Test(path, operator, value) => test(path, &path.comparable(object), *operator, value),
            Filter::Within(path, inner) => path.values(object).into_iter().any(|value| inner.fits_value(value)),
        }
    }

    /// Whether one value of an attribute fits.
    pub fn fits_value(&self, value: &Json) -> bool {
        if let Json::Object(object) = value {
            return self.fits(object);
        }
        match self {
            Filter::And(parts) => parts.iter().all(|part| part.fits_value(value)),
            Filter::Or(parts) => parts.iter().any(|part| part.fits_value(value)),
            Filter::Not(part) => !part.fits_value(value),
            Filter::Present(path) => path.itself && is_there(value),
            Filter::Test(path, operator, wanted) => path.itself && test(path, &[value], *operator, wanted),
            Filter::Within(..) => false,
        }
    }

    /// The attribute and the text that everything which fits must have, for looking up instead of looking at all.
    pub fn certain(&self, find: &impl Fn(&Path) -> bool) -> Option<(Path, &str)> {
        match self {
            Filter::Test(path, Operator::Equal, Json::String(text)) if find(path) => Some((*path, text)),
            Filter::And(parts) => parts.iter().find_map(|part| part.certain(find)),
            Filter::Within(path, inner) => match &**inner {
                Filter::Test(own, Operator::Equal, Json::String(text)) if own.attribute.name == "value" => {
                    find(path).then_some((*path, text))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn is_there(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => items.iter().any(is_there),
        Json::Object(object) => object.values().any(is_there),
        Json::Bool(_) | Json::Number(_) => true,
    }
}

fn test(path: &Path, values: &[&Json], operator: Operator, wanted: &Json) -> bool {
    let attribute = path.compared();
    let one = |operator| values.iter().any(|value| compare(attribute, value, operator, wanted));
    match operator {
        Operator::NotEqual => !test(path, values, Operator::Equal, wanted),
        Operator::Equal if wanted.is_null() => !values.iter().any(|value| is_there(value)),
        other => one(other),
    }
}

fn compare(attribute: &Attribute, value: &Json, operator: Operator, wanted: &Json) -> bool {
    let ordered = |order: Option<Ordering>| match (operator, order) {
        (Operator::Equal, Some(order)) => order.is_eq(),
        (Operator::Greater, Some(order)) => order.is_gt(),
        (Operator::GreaterOrEqual, Some(order)) => order.is_ge(),
        (Operator::Less, Some(order)) => order.is_lt(),
        (Operator::LessOrEqual, Some(order)) => order.is_le(),
        _ => false,
    };
    match (value, wanted) {
        (Json::String(value), Json::String(wanted)) => {
            if attribute.kind == Kind::DateTime
                && let (Ok(value), Ok(wanted)) = (value.parse::<Timestamp>(), wanted.parse::<Timestamp>())
            {
                return ordered(Some(value.cmp(&wanted)));
            }
            let (value, wanted) = if attribute.case_exact {
                (value.clone(), wanted.clone())
            } else {
                (value.to_lowercase(), wanted.to_lowercase())
            };
            match operator {
                Operator::Contains => value.contains(&wanted),
                Operator::StartsWith => value.starts_with(&wanted),
                Operator::EndsWith => value.ends_with(&wanted),
                _ => ordered(Some(value.cmp(&wanted))),
            }
        }
        (Json::Bool(value), Json::Bool(wanted)) => operator == Operator::Equal && value == wanted,
        (Json::Number(value), Json::Number(wanted)) => match (value.as_f64(), wanted.as_f64()) {
            (Some(value), Some(wanted)) => ordered(value.partial_cmp(&wanted)),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::schema::TYPES;

    fn fits(filter: &str) -> bool {
        let user = serde_json::json!({
            "userName": "Ada@acme.example", "externalId": "acme/ada", "active": true, "displayName": "Ada \"the\" \\ Peeters",
            "name": { "familyName": "Peeters" },
            "emails": [{ "value": "ada@acme.example", "type": "work" }, { "value": "ada@home.example", "type": "home" }],
            "meta": { "lastModified": "2027-06-30T12:00:00.5Z" },
            "urn:rosterctl:params:scim:schemas:extension:1.0:User": { "attributes": ["serviceNow=true"] },
        });
        let filter = parse(filter).and_then(|filter| filter.bind(Scope::Resource(&TYPES[0]))).expect(filter);
        filter.fits(user.as_object().expect("an object"))
    }

    #[test]
    fn what_fits() {
        for filter in [
            r#"userName eq "ADA@acme.example""#,
            r#"USERNAME EQ "ada@acme.example""#,
            r#"externalId eq "acme/ada" and active eq true"#,
            r#"not (externalId eq "ACME/ada")"#,
            r#"displayName eq "ada \"the\" \\ peeters""#,
            r#"name.familyName sw "pee" and name.familyName ew "ERS" and name.familyName co "te""#,
            r#"emails eq "ada@home.example""#,
            r#"emails[type eq "home" and value co "@home"]"#,
            r#"not (emails[type eq "work" and value co "@home"])"#,
            r#"emails.type eq "home" or title pr"#,
            r#"title ne "x" and title eq null and not (title pr)"#,
            r#"meta.lastModified gt "2027-06-30T14:00:00.4+02:00" and meta.lastModified lt "2027-06-30T12:00:01Z""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@acme.example""#,
            r#"urn:rosterctl:params:scim:schemas:extension:1.0:User:attributes eq "serviceNow=true""#,
            r#"urn:rosterctl:params:scim:schemas:extension:1.0:User:attributes[value sw "serviceNow="]"#,
            r#"title pr or userName pr and active eq true"#,
            r#"(title pr or userName pr) and active eq "True""#,
            r#"(active eq true) and (not(active eq false))"#,
            r#"userName gt "ada" and userName le "ADA@acme.example""#,
        ] {
            assert!(fits(filter), "{filter}");
            assert!(!fits(&format!("not ({filter})")), "not ({filter})");
        }
    }

    #[test]
    fn what_is_no_filter() {
        for filter in [
            "",
            "userName",
            "userName eq",
            "userName eq ada",
            r#"userName eq "ada"#,
            r#"userName is "ada""#,
            r#"userName eq "ada" and"#,
            r#"(userName eq "ada""#,
            r#"userName eq "ada")"#,
            r#"userNam eq "ada""#,
            r#"active gt true"#,
            r#"active eq 1"#,
            r#"userName eq true"#,
            r#"emails[type eq "work""#,
            r#"emails[nothing eq "work"]"#,
            r#"name eq "ada""#,
            r#"meta.created gt "yesterday""#,
            r#"userName eq "a"and active eq true"#,
            r#"not userName eq "a""#,
            "userName eq {}",
        ] {
            let problem = parse(filter).and_then(|filter| filter.bind(Scope::Resource(&TYPES[0]))).err();
            assert_eq!(problem.and_then(|problem| problem.scim_type), Some("invalidFilter"), "{filter}");
        }
        let deep = "(".repeat(5000) + "userName pr" + &")".repeat(5000);
        assert!(parse(&deep).is_err());
        let deep = "not (".repeat(1000) + "userName pr" + &")".repeat(1000);
        assert!(parse(&deep).is_err());
    }
}

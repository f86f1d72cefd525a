//! What is known of values before anything runs: names, fields, and which sort of value stands where.

use cel::common::ast::operators as op;
use cel::common::ast::{EntryExpr, Expr, LiteralValue};
use cel::{IdedExpr, common::ast::SourceInfo};

use crate::diagnostic::nearest;

/// A sort of value, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Whatever the portal sends.
    Any,
    /// Nothing.
    Null,
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// Text.
    Text,
    /// A list.
    List,
    /// A map of which the keys are not known.
    Map,
    /// A map with these keys and no others.
    Record(&'static [(&'static str, Shape)]),
}

impl Shape {
    /// The word for it.
    fn word(self) -> &'static str {
        match self {
            Shape::Any => "anything",
            Shape::Null => "null",
            Shape::Bool => "true or false",
            Shape::Number => "a number",
            Shape::Text => "text",
            Shape::List => "a list",
            Shape::Map | Shape::Record(_) => "a map",
        }
    }

    /// Whether a value may be of both sorts. Where a key may be empty, null is at home.
    fn fits(self, other: Shape) -> bool {
        use Shape::{Any, Map, Null, Record};
        match (self, other) {
            (Any | Null, _) | (_, Any | Null) => true,
            (Map | Record(_), Map | Record(_)) => true,
            (a, b) => a == b,
        }
    }
}

/// The names that an expression may use, and what they are.
pub type Scope = &'static [(&'static str, Shape)];

/// What is wrong with an expression, and where: characters from its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The first character.
    pub from: usize,
    /// One past the last.
    pub to: usize,
    /// What is wrong, lower-case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Functions and methods: name, and what they give.
const FUNCTIONS: &[(&str, Shape)] = &[
    ("size", Shape::Number),
    ("int", Shape::Number),
    ("uint", Shape::Number),
    ("double", Shape::Number),
    ("string", Shape::Text),
    ("bool", Shape::Bool),
    ("type", Shape::Any),
    ("dyn", Shape::Any),
    ("contains", Shape::Bool),
    ("startsWith", Shape::Bool),
    ("endsWith", Shape::Bool),
    ("charAt", Shape::Text),
    ("indexOf", Shape::Number),
    ("lastIndexOf", Shape::Number),
    ("join", Shape::Text),
    ("lowerAscii", Shape::Text),
    ("upperAscii", Shape::Text),
    ("trim", Shape::Text),
    ("replace", Shape::Text),
    ("split", Shape::List),
    ("substring", Shape::Text),
    ("reverse", Shape::Any),
    ("orValue", Shape::Any),
    ("hasValue", Shape::Bool),
    ("value", Shape::Any),
    ("or", Shape::Any),
];

/// Methods of text alone.
const OF_TEXT: &[&str] = &[
    "contains",
    "startsWith",
    "endsWith",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "lowerAscii",
    "upperAscii",
    "trim",
    "replace",
    "split",
    "substring",
];

/// How deep an expression may be nested.
const DEEPEST: usize = 48;

/// How much longer than what it replaces a text may be, in bytes, and how often that may be in one expression: texts grow
/// by it each time.
const LONGER: usize = 64;
const GROWING: usize = 2;

/// How many loops may stand inside one another.
const LOOPS: usize = 2;

/// Looks through an expression.
pub struct Checker<'a> {
    scope: Scope,
    /// Variables of loops.
    own: Vec<String>,
    text: &'a str,
    info: &'a SourceInfo,
    problems: Vec<Problem>,
    depth: usize,
    loops: usize,
    growing: usize,
}

impl<'a> Checker<'a> {
    /// What is wrong with an expression that shall be of a sort.
    pub fn problems(
        expression: &IdedExpr,
        scope: Scope,
        wanted: Shape,
        text: &'a str,
        info: &'a SourceInfo,
    ) -> Vec<Problem> {
        let mut checker =
            Checker { scope, own: Vec::new(), text, info, problems: Vec::new(), depth: 0, loops: 0, growing: 0 };
        let given = checker.shape(expression);
        if !given.fits(wanted) {
            let message = format!("this is {}, and {} is wanted here", given.word(), wanted.word());
            let all = text.chars().count();
            checker.problems.push(Problem { from: 0, to: all, message, help: None });
        }
        checker.problems
    }

    fn report(&mut self, expression: &IdedExpr, message: String, help: Option<String>) {
        let (from, to) = place(expression, self.text, self.info);
        self.problems.push(Problem { from, to, message, help });
    }

    fn shape(&mut self, expression: &IdedExpr) -> Shape {
        self.depth += 1;
        if self.depth > DEEPEST {
            if self.depth == DEEPEST + 1 {
                let help = Some("split it, or write it flatter".to_owned());
                self.report(expression, format!("the expression is nested more than {DEEPEST} deep"), help);
            }
            self.depth -= 1;
            return Shape::Any;
        }
        let shape = self.of(expression);
        self.depth -= 1;
        shape
    }

    fn of(&mut self, expression: &IdedExpr) -> Shape {
        match &expression.expr {
            Expr::Unspecified => Shape::Any,
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Shape::Bool,
                LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Shape::Number,
                LiteralValue::Null => Shape::Null,
                LiteralValue::String(_) => Shape::Text,
                LiteralValue::Bytes(_) => Shape::Any,
            },
            Expr::Ident(name) => self.named(expression, name),
            Expr::List(list) => {
                for item in &list.elements {
                    self.shape(item);
                }
                Shape::List
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.shape(&entry.key);
                        self.shape(&entry.value);
                    }
                }
                Shape::Map
            }
            Expr::Struct(_) => {
                self.report(
                    expression,
                    "there are no messages here".to_owned(),
                    Some("write a map: {\"key\": …}".to_owned()),
                );
                Shape::Any
            }
            Expr::Select(select) => {
                let operand = self.shape(&select.operand);
                let given = self.field(expression, operand, &select.field);
                if select.test { Shape::Bool } else { given }
            }
            Expr::Comprehension(comprehension) => {
                let over = self.shape(&comprehension.iter_range);
                if !over.fits(Shape::List) && !over.fits(Shape::Map) {
                    let message = format!("this is {}, which has no items", over.word());
                    self.report(&comprehension.iter_range, message, None);
                }
                self.loops += 1;
                if self.loops == LOOPS + 1 {
                    let message = format!("more than {LOOPS} loops stand inside one another");
                    self.report(expression, message, Some("they would take too long on long lists".to_owned()));
                }
                let before = self.own.len();
                self.own.push(comprehension.accu_var.clone());
                let init = self.shape(&comprehension.accu_init);
                self.own.push(comprehension.iter_var.clone());
                self.own.extend(comprehension.iter_var2.clone());
                self.shape(&comprehension.loop_cond);
                self.shape(&comprehension.loop_step);
                self.shape(&comprehension.result);
                self.own.truncate(before);
                self.loops -= 1;
                match init {
                    Shape::List => Shape::List,
                    Shape::Bool | Shape::Number => Shape::Bool,
                    _ => Shape::Any,
                }
            }
            Expr::Call(call) => {
                let target = call.target.as_ref().map(|target| self.shape(target));
                let given: Vec<Shape> = call.args.iter().map(|one| self.shape(one)).collect();
                self.called(expression, &call.func_name, target, &given, &call.args)
            }
        }
    }

    fn named(&mut self, expression: &IdedExpr, name: &str) -> Shape {
        if self.own.iter().any(|own| own == name) {
            return Shape::Any;
        }
        if let Some((_, shape)) = self.scope.iter().find(|(known, _)| *known == name) {
            return *shape;
        }
        let names: Vec<&str> = self.scope.iter().map(|(name, _)| *name).collect();
        let help = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "nothing is named here: write a text in quotes, or a number".to_owned(),
            None => format!("here there are: {}; a text stands in quotes", names.join(", ")),
        };
        self.report(expression, format!("there is no `{name}` here"), Some(help));
        Shape::Any
    }

    fn field(&mut self, expression: &IdedExpr, of: Shape, field: &str) -> Shape {
        match of {
            Shape::Any | Shape::Map | Shape::Null => Shape::Any,
            Shape::Record(fields) => match fields.iter().find(|(name, _)| *name == field) {
                Some((_, shape)) => *shape,
                None => {
                    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                    let help = match nearest(field, names.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("it has: {}", names.join(", ")),
                    };
                    self.report(expression, format!("this has no field `{field}`"), Some(help));
                    Shape::Any
                }
            },
            other => {
                self.report(expression, format!("this is {}, which has no field `{field}`", other.word()), None);
                Shape::Any
            }
        }
    }

    /// A text that is replaced by a longer one, again and again, fills every memory.
    fn replaces(&mut self, expression: &IdedExpr, arguments: &[IdedExpr]) {
        let length = |argument: Option<&IdedExpr>| match argument.map(|argument| &argument.expr) {
            Some(Expr::Literal(LiteralValue::String(text))) => Some(text.inner().len()),
            _ => None,
        };
        let (what, by) = (length(arguments.first()), length(arguments.get(1)));
        match (what, by) {
            (Some(what), Some(by)) if by <= what => return,
            (_, Some(by)) if by <= LONGER => {}
            _ => {
                let message = format!("what `replace` puts in must be a text of at most {LONGER} bytes, written here");
                self.report(expression, message, None);
            }
        }
        self.growing += 1;
        if self.growing == GROWING + 1 {
            let message = format!("`replace` makes texts longer more than {GROWING} times in one expression");
            self.report(expression, message, Some("replace by texts that are no longer".to_owned()));
        }
    }

    fn called(
        &mut self,
        expression: &IdedExpr,
        name: &str,
        target: Option<Shape>,
        given: &[Shape],
        arguments: &[IdedExpr],
    ) -> Shape {
        let wanted = |checker: &mut Self, shape: Shape| {
            for (one, argument) in given.iter().zip(arguments) {
                if !one.fits(shape) || *one == Shape::Null && shape == Shape::Bool {
                    let message = format!("this is {}, and {} is wanted here", one.word(), shape.word());
                    checker.report(argument, message, None);
                }
            }
        };
        let alike = |checker: &mut Self, what: &str| {
            if let [a, b] = given
                && !a.fits(*b)
            {
                let message = format!("{} and {} cannot be {what}", a.word(), b.word());
                let help = match (a, b) {
                    (Shape::Text, Shape::Number) | (Shape::Number, Shape::Text) => {
                        Some("`string(…)` makes text of a number".to_owned())
                    }
                    _ => None,
                };
                checker.report(expression, message, help);
            }
        };
        match name {
            op::CONDITIONAL => {
                if let ([first, a, b], [argument, ..]) = (given, arguments) {
                    if !first.fits(Shape::Bool) || *first == Shape::Null {
                        let message = format!("this is {}, and true or false is wanted here", first.word());
                        self.report(argument, message, None);
                    }
                    return if *a == Shape::Null {
                        *b
                    } else if *b == Shape::Null || a == b {
                        *a
                    } else {
                        Shape::Any
                    };
                }
                Shape::Any
            }
            op::LOGICAL_AND | op::LOGICAL_OR | op::LOGICAL_NOT | op::NOT_STRICTLY_FALSE => {
                wanted(self, Shape::Bool);
                Shape::Bool
            }
            op::EQUALS | op::NOT_EQUALS => {
                alike(self, "compared");
                Shape::Bool
            }
            op::GREATER | op::GREATER_EQUALS | op::LESS | op::LESS_EQUALS => {
                alike(self, "compared");
                Shape::Bool
            }
            op::ADD => {
                alike(self, "added");
                let known = given.iter().find(|shape| !matches!(shape, Shape::Any | Shape::Null));
                known.copied().unwrap_or(Shape::Any)
            }
            op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO | op::NEGATE => {
                wanted(self, Shape::Number);
                Shape::Number
            }
            op::IN => {
                if let ([_, within], [_, argument]) = (given, arguments)
                    && matches!(within, Shape::Text | Shape::Number | Shape::Bool)
                {
                    let message = format!("this is {}, and a list or a map is wanted here", within.word());
                    self.report(argument, message, None);
                }
                Shape::Bool
            }
            op::INDEX | op::OPT_INDEX | op::OPT_SELECT => {
                if let ([of, ..], [argument, ..]) = (given, arguments)
                    && matches!(of, Shape::Text | Shape::Number | Shape::Bool)
                {
                    let message = format!("this is {}, which has no items", of.word());
                    self.report(argument, message, None);
                }
                Shape::Any
            }
            _ if name.starts_with('@') => Shape::Any,
            _ => {
                let Some((_, gives)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
                    let help = match nearest(name, FUNCTIONS.iter().map(|(name, _)| *name)) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => {
                            let names: Vec<&str> = FUNCTIONS.iter().map(|(name, _)| *name).collect();
                            format!("there are: {}, has, all, exists, map, filter", names.join(", "))
                        }
                    };
                    self.report(expression, format!("there is no function `{name}`"), Some(help));
                    return Shape::Any;
                };
                let odd = match target {
                    Some(target) if OF_TEXT.contains(&name) => (!target.fits(Shape::Text)).then_some((target, "text")),
                    Some(target) if name == "join" => (!target.fits(Shape::List)).then_some((target, "a list")),
                    _ => None,
                };
                if name == "replace" {
                    self.replaces(expression, arguments);
                }
                if let Some((found, wanted)) = odd {
                    self.report(expression, format!("`{name}` is of {wanted}, and this is {}", found.word()), None);
                }
                *gives
            }
        }
    }
}

/// The characters that say an expression: for a field, its name.
pub fn place(expression: &IdedExpr, text: &str, info: &SourceInfo) -> (usize, usize) {
    let all = text.chars().count();
    let Some((start, stop)) = info.offset_for(expression.id) else { return (0, all) };
    // The parser counts bytes.
    let character = |byte: usize| text.char_indices().take_while(|(at, _)| *at < byte).count();
    let (start, stop) = (character(start as usize), character(stop as usize + 1));
    let word = |from: usize, word: &str| (from, (from + word.chars().count()).min(all));
    match &expression.expr {
        Expr::Select(select) => {
            let after: Vec<char> = text.chars().skip(start).collect();
            let field: Vec<char> = select.field.chars().collect();
            let found = after.windows(field.len().max(1)).position(|window| window == field.as_slice());
            found.map_or((start, stop.max(start)), |at| word(start + at, &select.field))
        }
        Expr::Ident(name) => word(start, name),
        // The place of a call is that of its bracket, after the name.
        Expr::Call(call) if call.func_name.chars().all(char::is_alphanumeric) => {
            let before: String = text.chars().take(start).collect();
            match before.trim_end().strip_suffix(call.func_name.as_str()) {
                Some(rest) => word(rest.chars().count(), &call.func_name),
                None => word(start, &call.func_name),
            }
        }
        _ => (start, stop.max(start + 1).min(all.max(start))),
    }
}

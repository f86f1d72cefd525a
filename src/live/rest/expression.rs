//! Expressions in CEL: parsed, looked through, and evaluated within bounds.
//!
//! The crate parses and evaluates. What it lacks is here: names and sorts of values are checked before anything runs, every
//! problem has its place in the file, and no expression runs for long, however it is written.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{EntryExpr, Expr};
use cel::objects::Key;
use cel::{Context, Env, ExecutionError, IdedExpr, Program, Value, extensions};
use serde_json::{Map, Number, Value as Json};
use smol_str::SmolStr;

use super::bounds::{Budget, bound, is_bound, weight};
use super::formula::Formula;
use super::shape::{Checker, Problem, Scope, Shape, place};
use crate::diagnostic::Span;
use crate::document::record::visible;

/// How many operators and brackets an expression may have: the parser works them off one inside the other.
const MARKS: usize = 600;

/// The stack of the parser, whose recursion is as deep as the expression.
const STACK: usize = 64 << 20;

/// The language: the standard library and functions on text.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    // It fails only where a function is declared twice.
    let added = env.add_extension(extensions::strings);
    debug_assert!(added.is_ok());
    Arc::new(env)
});

/// An expression that is known to parse and to name only what there is.
#[derive(Debug)]
pub struct Expression {
    /// As it was written.
    pub formula: Formula,
    /// What is evaluated: loops are bounded.
    tree: IdedExpr,
    /// As it was parsed, with the places of its parts.
    program: Program,
}

/// A field that an expression reads and that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Its name.
    pub key: SmolStr,
    /// Where the manifest names it: bytes from the beginning of the file.
    pub span: Span,
    /// Whether it is a field of the item itself that is taken as it is: nothing within it is asked for.
    pub plain: bool,
}

/// Why an expression gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It asked for a field or an item that is not there; which field, where it is one.
    Absent(String, Option<Lack>),
    /// It failed.
    Failed(String),
}

impl Failure {
    /// The sentence.
    pub fn message(&self) -> &str {
        match self {
            Failure::Absent(message, _) | Failure::Failed(message) => message,
        }
    }
}

/// What is there where a field is asked for that is not.
#[derive(Clone, Debug)]
pub struct Beside {
    /// In what it is asked for, in words.
    pub what: String,
    /// What that is.
    pub there: Json,
    /// What is asked for.
    pub sought: String,
}

/// Expressions to be compiled: how each was written, what it may name, which sort of value it shall give.
pub type Asked = (Formula, Scope, Shape);

/// Compiles expressions; what is wrong with each is told with its place in the file. They are parsed on a stack that is
/// large enough for whatever was written.
pub fn compile_all(asked: Vec<Asked>) -> Vec<Result<Expression, Vec<(Span, Problem)>>> {
    let work = move || asked.into_iter().map(|(formula, scope, wanted)| compile(formula, scope, wanted)).collect();
    let thread = std::thread::Builder::new().name("expressions".to_owned()).stack_size(STACK).spawn(work);
    thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
}

fn compile(formula: Formula, scope: Scope, wanted: Shape) -> Result<Expression, Vec<(Span, Problem)>> {
    let text = formula.text.clone();
    let located = |problem: Problem| (formula.part(problem.from, problem.to), problem);
    let whole = |message: String, help: &str| {
        vec![located(Problem { from: 0, to: text.chars().count(), message, help: Some(help.to_owned()) })]
    };
    let marks = text.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace()).count();
    if marks > MARKS {
        return Err(whole(format!("the expression has more than {MARKS} operators and brackets"), "shorten it"));
    }
    let program: Program = LANGUAGE.compile(&text).map_err(|errors| {
        // One slip makes several: the last is where the parser could not go on.
        let errors = errors.errors.iter().max_by_key(|error| error.pos).into_iter().map(|error| {
            let from = offset(&text, error.pos).min(text.chars().count().saturating_sub(1));
            let message = format!("this is no expression (CEL): {}", plain(&error.msg));
            let help = Some(match reserved(&text) {
                Some(word) => format!("`{word}` is a word of the language: write [\"{word}\"] in place of .{word}"),
                None => "a text stands in quotes: '\"so\"'; the language is described at cel.dev".to_owned(),
            });
            located(Problem { from, to: from + 1, message, help })
        });
        errors.collect::<Vec<_>>()
    })?;
    let mut tree = program.expression().clone();
    let problems = Checker::problems(&tree, scope, wanted, &text, program.source_info());
    if !problems.is_empty() {
        return Err(problems.into_iter().map(located).collect());
    }
    bound(&mut tree);
    Ok(Expression { formula, tree, program })
}

fn parts(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(own) => {
            vec![&own.iter_range, &own.accu_init, &own.loop_cond, &own.loop_step, &own.result]
        }
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
                EntryExpr::StructField(field) => vec![&field.value],
            })
            .collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => Vec::new(),
    }
}

/// A field that is named by a word of the language, which the parser does not take.
fn reserved(text: &str) -> Option<&'static str> {
    const WORDS: [&str; 4] = ["in", "true", "false", "null"];
    let named = |word: &&&str| {
        let field = format!(".{word}");
        let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        text.match_indices(&field).any(|(at, _)| !goes_on(&text[at + field.len()..]))
    };
    WORDS.iter().find(named).copied()
}

/// Where a line and column of the parser are, in characters.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let lines = text.split_inclusive('\n').take((line - 1).max(0) as usize);
    let before: usize = lines.map(|line| line.chars().count()).sum();
    (before + (column - 1).max(0) as usize).min(text.chars().count())
}

/// The parser's words, without what only its author can use.
fn plain(message: &str) -> String {
    let message = message.trim();
    let short = message.split(" expecting ").next().unwrap_or(message);
    visible(&short.to_ascii_lowercase().replace("syntax error: ", "").replace("'<eof>'", "the end"))
}

/// The names that an expression uses, with their values.
#[derive(Clone, Debug, Default)]
pub struct Names {
    values: HashMap<&'static str, Value>,
    /// About how many bytes the values take.
    weight: u64,
}

impl Names {
    /// Gives a name a value.
    pub fn with(mut self, name: &'static str, value: &Json) -> Names {
        let value = value_of(value);
        self.weight = self.weight.saturating_add(weight(&value, u64::MAX));
        self.values.insert(name, value);
        self
    }
}

/// Where expressions are evaluated, with what they may cost.
fn context(names: &Names) -> Option<Context<'static, 'static>> {
    let budget = Budget::new(names.weight);
    let mut context = Context::with_env(LANGUAGE.clone());
    for (name, value) in &names.values {
        context.add_variable_from_value(*name, value.clone());
    }
    budget.watch(&mut context).then_some(context)
}

impl Expression {
    /// Evaluates the expression.
    pub fn give(&self, names: &Names) -> Result<Json, Failure> {
        let Some(context) = context(names) else {
            return Err(Failure::Failed("it cannot be bounded".to_owned()));
        };
        let given = Value::resolve(&self.tree, &context).map_err(|error| self.failure(&error, &context))?;
        json_of(&given).ok_or_else(|| Failure::Failed("it gives what no JSON can say".to_owned()))
    }

    /// Where a field is asked for that is not there: what is there in its place.
    pub fn beside(&self, names: &Names) -> Option<Beside> {
        let context = context(names)?;
        let error = Value::resolve(&self.tree, &context).err().filter(|error| !is_bound(error))?;
        let (node, _) = self.culprit(&error, &context);
        let (operand, sought) = match &node.expr {
            Expr::Select(select) => (select.operand.as_ref(), select.field.clone()),
            Expr::Call(call) => match Value::resolve(call.args.get(1)?, &context).ok()? {
                Value::String(key) => (call.args.first()?, key.to_string()),
                _ => return None,
            },
            _ => return None,
        };
        let of_answer = matches!(&operand.expr, Expr::Select(own)
            if own.field == "body" && matches!(&own.operand.expr, Expr::Ident(name) if name == "answer"));
        let (from, to) = place(operand, &self.formula.text, self.program.source_info());
        let part: String = self.formula.text.chars().skip(from).take(to.saturating_sub(from)).collect();
        let what = if of_answer { "the answer".to_owned() } else { format!("`{}`", visible(&part)) };
        let there = json_of(&Value::resolve(operand, &context).ok()?)?;
        Some(Beside { what, there, sought })
    }

    /// The innermost part that fails by itself, and how.
    fn culprit(&self, error: &ExecutionError, context: &Context<'_, '_>) -> (&IdedExpr, ExecutionError) {
        let (mut node, mut error) = (&self.tree, error.clone());
        while !matches!(node.expr, Expr::Comprehension(_)) {
            let failing = parts(node).into_iter().find_map(|part| Some((part, Value::resolve(part, context).err()?)));
            match failing.filter(|(_, inner)| !is_bound(inner)) {
                Some((part, inner)) => (node, error) = (part, inner),
                None => break,
            }
        }
        (node, error)
    }

    /// What went wrong, and in which part.
    fn failure(&self, error: &ExecutionError, context: &Context<'_, '_>) -> Failure {
        // What it costs is the whole expression's matter.
        if is_bound(error) {
            return Failure::Failed(said(error));
        }
        let (node, error) = self.culprit(error, context);
        let (from, to) = place(node, &self.formula.text, self.program.source_info());
        let part: String = self.formula.text.chars().skip(from).take(to.saturating_sub(from)).collect();
        let part = visible(&part);
        let at = from + 1;
        match error {
            ExecutionError::NoSuchKey(key) => {
                let message = format!("there is no `{}` (at `{part}`, character {at})", visible(&key));
                let after = self.formula.text.chars().skip(to).find(|c| !c.is_whitespace());
                let plain = !matches!(after, Some('.' | '[')) && of_item(node);
                Failure::Absent(
                    message,
                    Some(Lack { key: key.as_str().into(), span: self.formula.part(from, to), plain }),
                )
            }
            ExecutionError::IndexOutOfBounds(_) => {
                Failure::Absent(format!("there is no such item (at `{part}`, character {at})"), None)
            }
            other => Failure::Failed(format!("{} (at `{part}`, character {at})", said(&other))),
        }
    }
}

/// Whether a part reads a field of the item itself.
fn of_item(node: &IdedExpr) -> bool {
    let operand = match &node.expr {
        Expr::Select(select) => Some(select.operand.as_ref()),
        Expr::Call(call) => call.args.first(),
        _ => None,
    };
    operand.is_some_and(|operand| matches!(&operand.expr, Expr::Ident(name) if name == "item"))
}

/// An error without the values in it, which may be personal.
fn said(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types().join(" and ");
            format!("`{}` cannot be used on {types}", visible(overload.function()))
        }
        ExecutionError::FunctionError { message, .. } => visible(message),
        ExecutionError::UnexpectedType { got, want } => format!("it is {got}, and {want} is wanted"),
        ExecutionError::ValuesNotComparable(..) => "these two cannot be compared".to_owned(),
        ExecutionError::UnsupportedBinaryOperator(name, ..) => format!("`{name}` does not go with these values"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "a division by zero".to_owned(),
        ExecutionError::Overflow(..) => "a number becomes too large".to_owned(),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("{expected} arguments are wanted, and {actual} are given")
        }
        ExecutionError::UndeclaredReference(name) => format!("`{}` does not go with such a value", visible(name)),
        ExecutionError::DuplicateKey(_) => "a key is there twice".to_owned(),
        _ => "it fails".to_owned(),
    }
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::UInt(number),
            (None, None) => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::List(items.iter().map(value_of).collect::<Vec<Value>>().into()),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (Key::from(key.as_str()), value_of(value)));
            Value::from(entries.collect::<HashMap<Key, Value>>())
        }
    }
}

fn json_of(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::UInt(number) => Json::from(*number),
        // A number without a fraction is written as one: portals tell 3 from 3.0.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Json::from(*number as i64),
        Value::Float(number) => Json::Number(Number::from_f64(*number)?),
        Value::String(text) => Json::String(text.to_string()),
        Value::List(items) => Json::Array(items.iter().map(json_of).collect::<Option<Vec<Json>>>()?),
        Value::Map(map) => {
            let entries = map.map.iter().map(|(key, value)| Some((key.to_string(), json_of(value)?)));
            let mut entries = entries.collect::<Option<Vec<(String, Json)>>>()?;
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(entries.into_iter().collect::<Map<String, Json>>())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;

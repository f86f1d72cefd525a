//! What one evaluation of an expression may cost: how many items its loops go through, how much it copies, how long it
//! takes.
//!
//! The crate that evaluates knows no such bounds. So calls of functions that count are put into the tree of the expression
//! where loops begin and go on, and where values are put together: growth can only happen there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cel::common::ast::operators as op;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue};
use cel::{Context, ExecutionError, IdedExpr, Value};

/// How many items all loops of one evaluation may go through.
const ITEMS: u64 = 200_000;

/// How long one evaluation may take.
const LONGEST: Duration = Duration::from_secs(2);

/// How many bytes it is given for each second more.
const SECOND: u64 = 8 << 20;

/// How many bytes may be put together in one evaluation, besides a multiple of what it is given.
const BYTES: u64 = 8 << 20;

/// Which multiple that is.
const TIMES: u64 = 8;

/// The longest text, in bytes, that is taken apart, searched, or of which parts are replaced.
const SHORT: usize = 64 << 10;

/// The longest text, in bytes, that is looked for by a search of which the cost is that of both texts, multiplied.
const SOUGHT: usize = 1 << 10;

/// The longest text, in bytes, that is put between the items of a list.
const BETWEEN: usize = 64;

/// The functions that count. Nobody can write a name that begins so.
const LOOP: &str = "@loop";
const ON_TIME: &str = "@on_time";
const WEIGHED: &str = "@weighed";
const SHORTER: &str = "@short";
const SOUGHT_FOR: &str = "@sought";
const SEPARATOR: &str = "@separator";

/// What an evaluation has left.
#[derive(Debug)]
pub struct Budget {
    items: AtomicU64,
    bytes: AtomicU64,
    begun: Instant,
    allowed: Duration,
}

impl Budget {
    /// The budget of an evaluation that is given so many bytes.
    pub fn new(given: u64) -> Arc<Budget> {
        let bytes = BYTES.saturating_add(given.saturating_mul(TIMES));
        let allowed = LONGEST + Duration::from_secs(given / SECOND);
        Arc::new(Budget { items: ITEMS.into(), bytes: bytes.into(), begun: Instant::now(), allowed })
    }

    fn in_time(&self, function: &str) -> Result<(), ExecutionError> {
        if self.begun.elapsed() < self.allowed {
            return Ok(());
        }
        let message = format!("it takes too long: more than {} s", self.allowed.as_secs());
        Err(ExecutionError::function_error(function, message))
    }

    fn through(&self, list: Value) -> Result<Value, ExecutionError> {
        let items = match &list {
            Value::List(items) => items.len() as u64,
            Value::Map(map) => map.map.len() as u64,
            _ => 0,
        };
        self.in_time(LOOP)?;
        // At least one: an empty list costs time as well.
        if !spend(&self.items, items.max(1)) {
            let message = format!("it takes too long: its loops go through more than {ITEMS} items");
            return Err(ExecutionError::function_error(LOOP, message));
        }
        Ok(list)
    }

    fn weighed(&self, value: Value) -> Result<Value, ExecutionError> {
        self.in_time(WEIGHED)?;
        let left = self.bytes.load(Ordering::Relaxed);
        if !spend(&self.bytes, weight(&value, left)) {
            let message = "it grows too large: it puts together far more than it is given";
            return Err(ExecutionError::function_error(WEIGHED, message));
        }
        Ok(value)
    }

    /// Lets the evaluations of an expression count what they cost.
    pub fn watch(self: &Arc<Budget>, context: &mut Context<'_, '_>) -> bool {
        let (through, time, weighed) = (self.clone(), self.clone(), self.clone());
        let watched = [
            context.add_function(LOOP, move |list: Value| through.through(list)).is_ok(),
            context.add_function(ON_TIME, move |value: Value| time.in_time(ON_TIME).map(|()| value)).is_ok(),
            context.add_function(WEIGHED, move |value: Value| weighed.weighed(value)).is_ok(),
            context.add_function(SHORTER, |text: Value| no_longer(text, SHORTER, SHORT)).is_ok(),
            context.add_function(SOUGHT_FOR, |text: Value| no_longer(text, SOUGHT_FOR, SOUGHT)).is_ok(),
            context.add_function(SEPARATOR, |text: Value| no_longer(text, SEPARATOR, BETWEEN)).is_ok(),
        ];
        watched.into_iter().all(|added| added)
    }
}

/// Whether an evaluation ended because it cost too much.
pub fn is_bound(error: &ExecutionError) -> bool {
    matches!(error, ExecutionError::FunctionError { function, .. } if function.starts_with('@'))
}

fn spend(from: &AtomicU64, amount: u64) -> bool {
    from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).is_ok()
}

fn no_longer(text: Value, function: &str, most: usize) -> Result<Value, ExecutionError> {
    match &text {
        Value::String(own) if own.len() > most => {
            let message = format!("a text of {} bytes is too long here: {most} at most", own.len());
            Err(ExecutionError::function_error(function, message))
        }
        _ => Ok(text),
    }
}

/// About how many bytes a value takes; what is more than `most` is not counted to its end.
pub fn weight(value: &Value, most: u64) -> u64 {
    let own = match value {
        Value::String(text) => text.len() as u64,
        Value::Bytes(bytes) => bytes.len() as u64,
        Value::List(items) => {
            let mut all = 0_u64;
            for item in items.iter() {
                if all > most {
                    break;
                }
                all = all.saturating_add(weight(item, most));
            }
            all
        }
        Value::Map(map) => {
            let mut all = 0_u64;
            for item in map.map.values() {
                if all > most {
                    break;
                }
                // A key is a short text.
                all = all.saturating_add(weight(item, most)).saturating_add(32);
            }
            all
        }
        _ => 0,
    };
    own.saturating_add(32)
}

fn call(function: &str, node: &mut IdedExpr) {
    let inner = std::mem::take(node);
    let id = inner.id;
    let call = CallExpr { func_name: function.to_owned(), target: None, args: vec![inner] };
    *node = IdedExpr { id, expr: Expr::Call(call) };
}

/// A part whose value is copied into another one.
fn weigh(node: &mut IdedExpr) {
    if !matches!(node.expr, Expr::Literal(_)) {
        call(WEIGHED, node);
    }
}

/// Whether a part is what a loop has gathered so far.
fn gathered(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name.starts_with('@'))
}

/// Has a condition fail where time is up.
fn timed(condition: &mut IdedExpr) {
    let literal = |value: bool| IdedExpr { id: condition.id, expr: Expr::Literal(LiteralValue::Boolean(value.into())) };
    let mut on_time = literal(true);
    let late = literal(false);
    call(ON_TIME, &mut on_time);
    let inner = std::mem::take(condition);
    let id = inner.id;
    let args = vec![on_time, inner, late];
    let call = CallExpr { func_name: op::CONDITIONAL.to_owned(), target: None, args };
    *condition = IdedExpr { id, expr: Expr::Call(call) };
}

/// Puts what counts into the tree of an expression.
pub fn bound(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Call(call) => {
            call.target.as_deref_mut().into_iter().chain(&mut call.args).for_each(bound);
            parts_of_call(call);
            if matches!(call.func_name.as_str(), "join" | "split" | "replace") {
                self::call(WEIGHED, node);
            }
        }
        Expr::List(list) => list.elements.iter_mut().for_each(|element| {
            bound(element);
            weigh(element);
        }),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| {
            if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                for part in [&mut entry.key, &mut entry.value] {
                    bound(part);
                    weigh(part);
                }
            }
        }),
        Expr::Select(select) => bound(&mut select.operand),
        Expr::Comprehension(own) => bound_loop(own),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => {}
    }
}

fn parts_of_call(call: &mut CallExpr) {
    match (call.func_name.as_str(), call.target.as_deref_mut()) {
        // What a loop gathers is counted item by item; in another form than this one it would be copied each time.
        (op::ADD, None) if call.args.first().is_some_and(gathered) => {}
        (op::ADD, None) => call.args.iter_mut().for_each(weigh),
        ("replace" | "split", Some(text)) => self::call(SHORTER, text),
        ("indexOf" | "lastIndexOf", Some(text)) => {
            self::call(SHORTER, text);
            call.args.first_mut().into_iter().for_each(|sought| self::call(SOUGHT_FOR, sought));
        }
        ("join", Some(_)) => call.args.iter_mut().for_each(|between| self::call(SEPARATOR, between)),
        _ => {}
    }
}

fn bound_loop(own: &mut ComprehensionExpr) {
    [&mut own.iter_range, &mut own.accu_init, &mut own.loop_cond, &mut own.loop_step, &mut own.result]
        .into_iter()
        .for_each(bound);
    call(LOOP, &mut own.iter_range);
    // `map` and `filter` are quick only in the form that they have: their conditions alone may change.
    match (&own.loop_cond.expr, &mut own.loop_step.expr) {
        (Expr::Literal(_), Expr::Call(step)) if step.func_name == op::CONDITIONAL => {
            step.args.first_mut().into_iter().for_each(timed);
        }
        (Expr::Literal(_), _) => {}
        _ => timed(&mut own.loop_cond),
    }
}

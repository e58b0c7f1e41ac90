//! W0101 `constant-condition`: a condition that holds always or never, whatever the data are.

use std::collections::BTreeSet;

use super::context::{Seen, plain};
use super::written::shown;
use super::{Context, Lint, unreachable_threshold};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::ir::{
    Aggregate, AggregateFunction, Arithmetic, Comparison, Expr, ExprKind, Function, Literal, Pred, PredKind, Rule,
};
use crate::source::Span;
use crate::syntax::ast::ExprKind::{And, Literal as Constant, Or, Test};
use crate::syntax::ast::Literal::Bool;
use crate::syntax::ast::{self, Clause, Expr as Expression};

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0101",
        name: "constant-condition",
        kind: Kind::Meaning,
        level: Level::Warn,
        title: "condition that is always so, or never",
        why: "No event changes what it says: `hour(time) > 23` never holds, `size(tools) >= 0` always does, and `length(prompt) > 0` asks only whether
there is a prompt. The rule alerts on more than was meant or on nothing, without a word. Mostly the constant or the operator is another one than was meant.",
        bad: "
rule off_hours {
    severity low
    from     invocation
    where    hour(time) >= 24 or hour(time) < 6
}",
        good: "
rule off_hours {
    severity low
    from     invocation
    where    hour(time) >= 22 or hour(time) < 6
}",
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for rule in &context.rules {
        // What a calendar or `found` came to was not written so.
        let mut written = BTreeSet::new();
        rule.written.walk(&mut |expr| {
            if let Test(..) = &*expr.node {
                written.insert(expr.span);
            }
            constants(expr, out);
        });
        for clause in &rule.written.clauses {
            if let Clause::Where(expr) | Clause::When(expr) = &clause.node {
                constant(expr, out);
            }
        }
        let mut done = BTreeSet::new();
        rule.each_pred(&mut |pred| {
            if !written.contains(&pred.span) || !done.insert(pred.span) {
                return;
            }
            // `!=` and `not in` have the place of what they negate.
            let (pred, negated) = match &pred.kind {
                PredKind::Not(inner) => (&**inner, true),
                _ => (pred, false),
            };
            if unreachable_threshold::judges(context, rule, pred) {
                return;
            }
            if let Some((always, why)) = decided(rule, pred) {
                if let Some(asked) = optional(context, rule, pred).filter(|_| always) {
                    out.push(only_presence(context, pred, asked, negated));
                    return;
                }
                let word = if always != negated { "every" } else { "no" };
                let finding =
                    LINT.finding(format!("`{}` holds of {word} value", shown(context, pred.span))).at(pred.span, why);
                out.push(finding.help("compare with what was meant, or take the condition away"));
            }
        });
    }
}

/// A test that all values pass says whether there is one.
fn only_presence(context: &Context<'_>, pred: &Pred, asked: &Expr, negated: bool) -> Diagnostic {
    let (word, name) = (if negated { "missing" } else { "present" }, shown(context, asked.span));
    LINT.finding(format!("`{}` asks only whether there is a `{name}`", shown(context, pred.span)))
        .at(pred.span, "so of every value")
        .help(format!("write `{name} is {word}`, or compare with what was meant"))
}

/// The places of tests that ask only whether a value is there.
pub(super) fn presences(context: &Context<'_>, rule: &Seen<'_, ast::Rule, Rule>) -> Vec<Span> {
    let mut out = Vec::new();
    rule.each_pred(&mut |pred| {
        if decided(rule, pred).is_some_and(|(always, _)| always) && optional(context, rule, pred).is_some() {
            out.push(pred.span);
        }
    });
    out
}

/// What a comparison asks that may be missing.
fn optional<'e>(context: &Context<'_>, rule: &'e Seen<'_, ast::Rule, Rule>, pred: &'e Pred) -> Option<&'e Expr> {
    let (PredKind::Compare(_, left, right) | PredKind::EqualNoCase(left, right)) = &pred.kind else { return None };
    [left, right].into_iter().find_map(|side| may_be_missing(context, rule, side))
}

/// The value that has to be there for an expression to be so; none where it always is, or that is not known.
fn may_be_missing<'e>(context: &Context<'_>, rule: &Seen<'_, ast::Rule, Rule>, expr: &'e Expr) -> Option<&'e Expr> {
    match &expr.kind {
        ExprKind::Field(field) => (context.stream(rule.meant)?.time() != *field).then_some(expr),
        ExprKind::With(n) => may_be_missing(context, rule, &rule.meant.with.get(*n)?.value).map(|_| expr),
        ExprKind::Call(Function::Length | Function::Hour | Function::Weekday | Function::ToFloat, args) => {
            args.iter().find_map(|arg| may_be_missing(context, rule, arg))
        }
        ExprKind::Call(Function::Distance | Function::Lower | Function::Upper | Function::Extract(_), _) => Some(expr),
        _ => None,
    }
}

/// Operands of `and` and `or` that are `true` or `false`.
fn constants(expr: &Expression, out: &mut Vec<Diagnostic>) {
    if let And(operands) | Or(operands) = &*expr.node {
        operands.iter().for_each(|operand| constant(operand, out));
    }
}

fn constant(expr: &Expression, out: &mut Vec<Diagnostic>) {
    if let Constant(Bool(value)) = &*expr.node {
        let what = if *value { "always" } else { "never" };
        out.push(
            LINT.finding(format!("`{value}` {what} holds"))
                .at(expr.span, "")
                .help("take it away, or write the condition"),
        );
    }
}

/// Whether a test holds always or never, and why.
fn decided(rule: &Seen<'_, ast::Rule, Rule>, pred: &Pred) -> Option<(bool, String)> {
    match &pred.kind {
        PredKind::Compare(op, left, right) => {
            if left.as_literal().is_some() && left.as_literal() == right.as_literal() || plain(left) == plain(right) {
                let equal = matches!(op, Comparison::Equal | Comparison::LessEqual | Comparison::GreaterEqual);
                return Some((equal, "both sides are the same".to_owned()));
            }
            let (a, b) = (bounds(rule, left), bounds(rule, right));
            let always = compared(*op, a, b)?;
            let constant = |expr: &Expr| expr.as_literal().is_some();
            let (low, high) = if constant(right) { a } else { b };
            let why = match (low.is_finite(), high.is_finite()) {
                _ if constant(left) == constant(right) => String::new(),
                (true, true) if low.total_cmp(&high).is_eq() => format!("it is {low}"),
                (true, true) => format!("it is from {low} to {high}"),
                (true, false) => format!("it is {low} or more"),
                _ => String::new(),
            };
            Some((always, why))
        }
        PredKind::EqualNoCase(left, right) if plain(left) == plain(right) => {
            Some((true, "both sides are the same".to_owned()))
        }
        PredKind::OneOf { subject, options, .. } => {
            let of = bounds(rule, subject);
            let never = |one: &Literal| number(one).is_some_and(|n| n < of.0 || n > of.1);
            options.iter().all(never).then(|| (false, format!("it is from {} to {}", of.0, of.1)))
        }
        _ => None,
    }
}

/// Between what a value always is, both in; infinite where nothing is known.
fn bounds(rule: &Seen<'_, ast::Rule, Rule>, expr: &Expr) -> (f64, f64) {
    const UNKNOWN: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
    const COUNT: (f64, f64) = (0.0, f64::INFINITY);
    let expr = rule.behind(expr);
    match &expr.kind {
        ExprKind::Literal(literal) => number(literal).map_or(UNKNOWN, |n| (n, n)),
        ExprKind::Call(Function::Hour, _) => (0.0, 23.0),
        ExprKind::Call(Function::Weekday, _) => (1.0, 7.0),
        // No text is empty.
        ExprKind::Call(Function::Length, _) => (1.0, f64::INFINITY),
        ExprKind::Call(Function::Size | Function::Distance, _) => COUNT,
        ExprKind::Call(Function::ToFloat, args) => args.first().map_or(UNKNOWN, |arg| bounds(rule, arg)),
        ExprKind::Aggregate(n) => match rule.meant.aggregates.get(*n) {
            Some(one) if one.function == AggregateFunction::Count => COUNT,
            Some(one) if one.function == AggregateFunction::Distinct => of_key(rule, one).unwrap_or(COUNT),
            _ => UNKNOWN,
        },
        ExprKind::Arithmetic(Arithmetic::Divide, part, whole) if is_share(rule, part, whole) => (0.0, 1.0),
        ExprKind::Arithmetic(Arithmetic::Multiply, left, right) => {
            let scaled = |by: &Expr, of: &Expr| {
                let by = by.as_literal().and_then(number).filter(|by| *by > 0.0 && *by <= 1_000.0)?;
                let (low, high) = bounds(rule, of);
                Some((low * by, high * by))
            };
            scaled(left, right).or_else(|| scaled(right, left)).unwrap_or(UNKNOWN)
        }
        _ => UNKNOWN,
    }
}

/// The bounds of `distinct(k)` where `k` is a key of its own group.
fn of_key(rule: &Seen<'_, ast::Rule, Rule>, one: &Aggregate) -> Option<(f64, f64)> {
    let [arg] = one.args.as_slice() else { return None };
    let arg = plain(rule.behind(arg));
    let keys = &rule.meant.window.as_ref()?.keys;
    let key = keys.iter().find(|key| plain(rule.behind(&key.value)) == arg)?;
    let always = key.default.is_none() && one.filter.is_none() && !rule.meant.asks_for_silence();
    Some(if always { (1.0, 1.0) } else { (0.0, 1.0) })
}

/// Whether a quotient is of a part of the rows and all of them.
fn is_share(rule: &Seen<'_, ast::Rule, Rule>, part: &Expr, whole: &Expr) -> bool {
    let aggregate = |expr: &Expr| {
        let expr = rule.behind(expr);
        let as_int = match &expr.kind {
            ExprKind::Call(Function::ToFloat, args) => args.first().map(|arg| rule.behind(arg)),
            _ => None,
        };
        match as_int.unwrap_or(expr).kind {
            ExprKind::Aggregate(n) => rule.meant.aggregates.get(n),
            _ => None,
        }
    };
    let (Some(part), Some(whole)) = (aggregate(part), aggregate(whole)) else { return false };
    let counts = matches!(part.function, AggregateFunction::Count | AggregateFunction::Distinct);
    counts && whole.function == AggregateFunction::Count && whole.filter.is_none()
}

/// What a comparison of any two values between these bounds says; nothing where that depends on the values.
fn compared(op: Comparison, a: (f64, f64), b: (f64, f64)) -> Option<bool> {
    let less = (a.1 < b.0, a.0 >= b.1);
    let less_equal = (a.1 <= b.0, a.0 > b.1);
    let apart = a.1 < b.0 || b.1 < a.0;
    let one = a.0.total_cmp(&a.1).is_eq() && a.0.total_cmp(&b.0).is_eq() && b.0.total_cmp(&b.1).is_eq();
    let (always, never) = match op {
        Comparison::Equal => (one, apart),
        Comparison::Less => less,
        Comparison::LessEqual => less_equal,
        Comparison::Greater => (less_equal.1, less_equal.0),
        Comparison::GreaterEqual => (less.1, less.0),
    };
    if always { Some(true) } else { never.then_some(false) }
}

/// A number as a float. A large int may become its neighbour, which is on the same side of all bounds here.
fn number(literal: &Literal) -> Option<f64> {
    match literal {
        #[expect(clippy::cast_precision_loss, reason = "compared with small numbers only")]
        Literal::Int(n) => Some(*n as f64),
        Literal::Float(n) => Some(*n),
        _ => None,
    }
}

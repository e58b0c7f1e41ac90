//! Expressions and literals as canonical text on one line; `layout` breaks what is too long.

use crate::ir::SECOND;
use crate::syntax::RESERVED;
use crate::syntax::ast::{Argument, ArithmeticOp, Binding, Comparison, Expr, ExprKind, IsWhat, Key, Literal, Suffix};

/// How tightly an expression binds; what binds looser than its surroundings stands in parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Level {
    Disjunct,
    Negation,
    Comparison,
    Sum,
    Product,
    Primary,
}

/// An expression on one line.
#[must_use]
pub fn print_expr(expr: &Expr) -> String {
    at_level(expr, Level::Disjunct)
}

/// An expression on one line, in parentheses where it binds looser than `level`.
pub(super) fn at_level(expr: &Expr, level: Level) -> String {
    let text = flat(expr);
    if level_of(expr) < level { format!("({text})") } else { text }
}

pub(super) fn level_of(expr: &Expr) -> Level {
    match &*expr.node {
        ExprKind::And(_) | ExprKind::Or(_) => Level::Disjunct,
        ExprKind::Not(_) => Level::Negation,
        ExprKind::Test(_) | ExprKind::Is(..) => Level::Comparison,
        ExprKind::Arithmetic(_, ArithmeticOp::Add | ArithmeticOp::Subtract, _) => Level::Sum,
        ExprKind::Arithmetic(..) => Level::Product,
        _ => Level::Primary,
    }
}

/// What stands behind `not` without parentheses: a comparison would, but `not (a == b)` is easier to read.
pub(super) fn negated_level(inner: &Expr) -> Level {
    if level_of(inner) == Level::Comparison { Level::Primary } else { Level::Negation }
}

fn flat(expr: &Expr) -> String {
    let joined = |operands: &[Expr], word: &str| -> String {
        operands.iter().map(|o| at_level(o, Level::Negation)).collect::<Vec<_>>().join(word)
    };
    let commas = |exprs: &[Expr]| exprs.iter().map(print_expr).collect::<Vec<_>>().join(", ");
    match &*expr.node {
        ExprKind::Literal(literal) => self::literal(literal),
        ExprKind::Reference(first, suffixes) => name(&first.node) + &suffixes_text(suffixes),
        ExprKind::RawPath(suffixes) => suffixes_text(suffixes),
        ExprKind::TargetField(field) => format!("@{field}"),
        ExprKind::Call(callee, arguments, suffixes) => {
            let arguments: Vec<String> = arguments.iter().map(argument).collect();
            format!("{}({}){}", callee.node, arguments.join(", "), suffixes_text(suffixes))
        }
        ExprKind::List(elements) => format!("[{}]", commas(elements)),
        ExprKind::Record(bindings) => record(bindings),
        ExprKind::Case(arms) => {
            let arms: Vec<String> =
                arms.iter().map(|(condition, value)| arm_head(condition.as_ref()) + &print_expr(value)).collect();
            format!("case {{ {} }}", arms.join(", "))
        }
        ExprKind::Quantified(quantifier, word, list, holds) => {
            format!("{} {} in {} ({})", quantifier.word(), name(&word.node), print_expr(list), print_expr(holds))
        }
        ExprKind::Rows(word, lists, filter, bindings) => {
            let filter = filter.as_ref().map(|f| format!(" where {}", print_expr(f))).unwrap_or_default();
            format!("each {} in {}{filter} {}", name(&word.node), commas(lists), record(bindings))
        }
        ExprKind::Arithmetic(left, op, right) => {
            let own = level_of(expr);
            let tighter = if own == Level::Sum { Level::Product } else { Level::Primary };
            format!("{} {} {}", at_level(left, own), op.text(), at_level(right, tighter))
        }
        ExprKind::And(operands) => joined(operands, " and "),
        ExprKind::Or(operands) => joined(operands, " or "),
        ExprKind::Not(inner) => format!("not {}", at_level(inner, negated_level(inner))),
        ExprKind::Test(test) => {
            let nocase = if test.nocase { " nocase" } else { "" };
            format!("{}{}{nocase}", test_head(test), at_level(&test.right, Level::Sum))
        }
        ExprKind::Is(left, negated, what) => {
            let what = match what {
                IsWhat::Missing => "missing".to_owned(),
                IsWhat::Present => "present".to_owned(),
                // Without backticks these two would ask something else.
                IsWhat::Operations(operations) if ["missing", "present"].contains(&operations.node.as_str()) => {
                    format!("`{}`", operations.node)
                }
                IsWhat::Operations(operations) => name(&operations.node),
            };
            format!("{} is {}{what}", at_level(left, Level::Sum), if *negated { "not " } else { "" })
        }
    }
}

/// `condition => ` or `else => `
pub(super) fn arm_head(condition: Option<&Expr>) -> String {
    condition.map_or_else(|| "else".to_owned(), print_expr) + " => "
}

/// A comparison up to its right side: `a not contains any of `.
pub(super) fn test_head(test: &Comparison) -> String {
    let not = if test.negated { "not " } else { "" };
    let of = test.quantifier.map(|q| format!("{} of ", q.word())).unwrap_or_default();
    format!("{} {not}{} {of}", at_level(&test.left, Level::Sum), test.op.node.text())
}

pub(super) fn argument(argument: &Argument) -> String {
    let by: Vec<String> = argument.by.iter().map(key).collect();
    let parts = [
        argument.value.as_ref().map(print_expr),
        argument.filter.as_ref().map(|f| format!("where {}", print_expr(f))),
        Some(format!("by {}", by.join(", "))).filter(|_| !by.is_empty()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// `name = value default "text"`
pub(super) fn key(key: &Key) -> String {
    let own = key.name.as_ref().map(|n| format!("{} = ", name(&n.node))).unwrap_or_default();
    let default = key.default.as_ref().map(|d| format!(" default {}", text(&d.node))).unwrap_or_default();
    format!("{own}{}{default}", at_level(&key.value, Level::Sum))
}

/// `{ a = 1, b = 2 }`
pub(super) fn record(bindings: &[Binding]) -> String {
    if bindings.is_empty() {
        return "{ }".to_owned();
    }
    format!("{{ {} }}", bindings.iter().map(binding).collect::<Vec<_>>().join(", "))
}

fn binding(binding: &Binding) -> String {
    format!("{} = {}", name(&binding.name.node), print_expr(&binding.value))
}

/// A name, in backticks where its first word is reserved.
pub(super) fn name(name: &str) -> String {
    let (first, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
    if RESERVED.contains(&first) { format!("`{first}`{rest}") } else { name.to_owned() }
}

pub(super) fn suffixes_text(suffixes: &[Suffix]) -> String {
    let one = |suffix: &Suffix| match suffix {
        Suffix::Member(member) => format!(".{member}"),
        Suffix::OddMember(member) => format!(".{}", text(member)),
        Suffix::Values => ".*".to_owned(),
        Suffix::Elements => "[]".to_owned(),
        Suffix::Index(index) => format!("[{index}]"),
    };
    suffixes.iter().map(one).collect()
}

/// A text in quotes, with the escapes of the language.
pub(super) fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

pub(super) fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Text(value, verbatim) => written(&verbatim.0).unwrap_or_else(|| text(value)),
        Literal::Int(value, verbatim) => written(&verbatim.0).unwrap_or_else(|| value.to_string()),
        Literal::Float(value, verbatim) => written(&verbatim.0).unwrap_or_else(|| plain_float(*value)),
        Literal::Bool(value) => value.to_string(),
        Literal::Time(value, verbatim) => written(&verbatim.0).unwrap_or_else(|| time(*value)),
        Literal::Duration(value, verbatim) => written(&verbatim.0).unwrap_or_else(|| duration(*value)),
        Literal::Address(value, verbatim) => written(&verbatim.0).unwrap_or_else(|| value.to_string()),
        Literal::Network(value, verbatim) => written(&verbatim.0).unwrap_or_else(|| value.to_string()),
        Literal::Pattern(pattern) => format!("/{}/", pattern.replace('/', r"\/")),
    }
}

fn written(verbatim: &str) -> Option<String> {
    Some(verbatim.to_owned()).filter(|text| !text.is_empty())
}

/// Without an exponent, which the language does not have, and with a point, which tells it from an int.
fn plain_float(value: f64) -> String {
    let text = format!("{value}");
    if text.contains('.') { text } else { text + ".0" }
}

fn time(us: i64) -> String {
    chrono::DateTime::from_timestamp_micros(us)
        .map_or_else(String::new, |t| t.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
}

fn duration(us: i64) -> String {
    let units = [(86_400 * SECOND, "d"), (3_600 * SECOND, "h"), (60 * SECOND, "m"), (SECOND, "s")];
    let unit = units.into_iter().find(|(unit, _)| us != 0 && us % unit == 0);
    unit.map_or_else(|| format!("{}ms", us / (SECOND / 1_000)), |(unit, name)| format!("{}{name}", us / unit))
}

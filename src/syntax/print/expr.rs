//! Expressions and literals as canonical text: flat where they fit, broken at their outermost joints where not.

use crate::ir::SECOND;
use crate::syntax::ast::{Argument, Binding, Expr, ExprKind, IsWhat, Key, Literal, Quantifier, Suffix};

/// Longest line.
pub(super) const WIDTH: usize = 110;

/// Words that cannot open a name without backticks; grammar/skywatch.pest has the same list.
const RESERVED: [&str; 40] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "has",
    "contains",
    "matches",
    "starts",
    "ends",
    "any",
    "all",
    "of",
    "case",
    "else",
    "true",
    "false",
    "nocase",
    "default",
    "by",
    "every",
    "across",
    "only",
    "severity",
    "tags",
    "from",
    "with",
    "each",
    "where",
    "over",
    "let",
    "when",
    "show",
    "mute",
    "respond",
    "benign",
    "owner",
    "references",
    "then",
    "within",
];

/// How tightly an expression binds; what binds looser than its surroundings stands in parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
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

/// What stands where only a sum is taken (a key's value).
pub(super) fn print_sum(expr: &Expr) -> String {
    at_level(expr, Level::Sum)
}

/// An expression that begins at column `column`: on one line if it fits, else broken, with what follows indented by `indent`.
pub(super) fn fitted(expr: &Expr, column: usize, indent: usize) -> String {
    let flat = print_expr(expr);
    if column + flat.chars().count() <= WIDTH {
        return flat;
    }
    let pad = " ".repeat(indent);
    let inner = indent + 4;
    match &*expr.node {
        ExprKind::And(operands) | ExprKind::Or(operands) => {
            let word = if matches!(&*expr.node, ExprKind::And(_)) { "and" } else { "or" };
            let lines: Vec<String> = operands.iter().map(|o| at_level(o, Level::Negation)).collect();
            lines.join(&format!("\n{pad}{word} "))
        }
        ExprKind::Case(arms) => {
            let mut out = String::from("case {\n");
            for (condition, value) in arms {
                let condition = condition.as_ref().map_or_else(|| "else".to_owned(), print_expr);
                let value = fitted(value, inner + condition.chars().count() + 4, inner);
                out.push_str(&format!("{pad}    {condition} => {value},\n"));
            }
            out + &pad + "}"
        }
        ExprKind::List(elements) => format!("[\n{}{pad}]", filled(elements.iter().map(print_expr), inner)),
        ExprKind::Call(name, arguments, suffixes) => {
            let inner_pad = " ".repeat(inner);
            let lines: Vec<String> = arguments.iter().map(|a| format!("{inner_pad}{}", argument(a))).collect();
            format!("{}(\n{}\n{pad}){}", name.node, lines.join(",\n"), suffixes_text(suffixes))
        }
        ExprKind::Rows(word, lists, filter, bindings) => {
            let inner_pad = " ".repeat(inner);
            let lists: Vec<String> = lists.iter().map(|l| format!("{inner_pad}{}", print_expr(l))).collect();
            let filter = filter.as_ref().map(|f| format!("\n{inner_pad}where {}", print_expr(f))).unwrap_or_default();
            format!("each {} in\n{}{filter}\n{inner_pad}{}", name(&word.node), lists.join(",\n"), record(bindings))
        }
        _ => flat,
    }
}

/// Texts with commas between them, as many on a line as fit, each line indented and ended.
fn filled(texts: impl Iterator<Item = String>, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut out = String::new();
    let mut line = pad.clone();
    for text in texts {
        if line.len() > indent && line.chars().count() + text.chars().count() + 2 > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line.clone_from(&pad);
        }
        line.push_str(&text);
        line.push_str(", ");
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

fn at_level(expr: &Expr, level: Level) -> String {
    let (text, own) = flat(expr);
    if own < level { format!("({text})") } else { text }
}

fn flat(expr: &Expr) -> (String, Level) {
    match &*expr.node {
        ExprKind::Literal(literal) => (self::literal(literal), Level::Primary),
        ExprKind::Reference(first, suffixes) => (name(&first.node) + &suffixes_text(suffixes), Level::Primary),
        ExprKind::RawPath(suffixes) => (suffixes_text(suffixes), Level::Primary),
        ExprKind::TargetField(field) => (format!("@{field}"), Level::Primary),
        ExprKind::Call(callee, arguments, suffixes) => {
            let arguments: Vec<String> = arguments.iter().map(argument).collect();
            (format!("{}({}){}", callee.node, arguments.join(", "), suffixes_text(suffixes)), Level::Primary)
        }
        ExprKind::List(elements) => {
            let elements: Vec<String> = elements.iter().map(print_expr).collect();
            (format!("[{}]", elements.join(", ")), Level::Primary)
        }
        ExprKind::Record(bindings) => (record(bindings), Level::Primary),
        ExprKind::Case(arms) => {
            let arms: Vec<String> = arms
                .iter()
                .map(|(condition, value)| {
                    format!(
                        "{} => {}",
                        condition.as_ref().map_or_else(|| "else".to_owned(), print_expr),
                        print_expr(value)
                    )
                })
                .collect();
            (format!("case {{ {} }}", arms.join(", ")), Level::Primary)
        }
        ExprKind::Quantified(quantifier, word, list, holds) => {
            let text = format!(
                "{} {} in {} ({})",
                quantifier_word(*quantifier),
                name(&word.node),
                print_expr(list),
                print_expr(holds)
            );
            (text, Level::Primary)
        }
        ExprKind::Rows(word, lists, filter, bindings) => {
            let lists: Vec<String> = lists.iter().map(print_expr).collect();
            let filter = filter.as_ref().map(|f| format!(" where {}", print_expr(f))).unwrap_or_default();
            (format!("each {} in {}{filter} {}", name(&word.node), lists.join(", "), record(bindings)), Level::Primary)
        }
        ExprKind::Arithmetic(left, op, right) => {
            use crate::syntax::ast::ArithmeticOp as Op;
            let (own, tighter) = if matches!(op, Op::Add | Op::Subtract) {
                (Level::Sum, Level::Product)
            } else {
                (Level::Product, Level::Primary)
            };
            (format!("{} {} {}", at_level(left, own), op.text(), at_level(right, tighter)), own)
        }
        ExprKind::And(operands) => (joined(operands, " and "), Level::Disjunct),
        ExprKind::Or(operands) => (joined(operands, " or "), Level::Disjunct),
        ExprKind::Not(inner) => (format!("not {}", at_level(inner, Level::Negation)), Level::Negation),
        ExprKind::Test(test) => {
            let not = if test.negated { "not " } else { "" };
            let of = test.quantifier.map(|q| format!("{} of ", quantifier_word(q))).unwrap_or_default();
            let nocase = if test.nocase { " nocase" } else { "" };
            let (left, right) = (at_level(&test.left, Level::Sum), at_level(&test.right, Level::Sum));
            (format!("{left} {not}{} {of}{right}{nocase}", test.op.node.text()), Level::Comparison)
        }
        ExprKind::Is(left, negated, what) => {
            let what = match what {
                IsWhat::Missing => "missing".to_owned(),
                IsWhat::Present => "present".to_owned(),
                IsWhat::Operations(operations) => name(&operations.node),
            };
            (
                format!("{} is {}{what}", at_level(left, Level::Sum), if *negated { "not " } else { "" }),
                Level::Comparison,
            )
        }
    }
}

fn joined(operands: &[Expr], word: &str) -> String {
    operands.iter().map(|o| at_level(o, Level::Negation)).collect::<Vec<_>>().join(word)
}

fn quantifier_word(quantifier: Quantifier) -> &'static str {
    match quantifier {
        Quantifier::Any => "any",
        Quantifier::All => "all",
    }
}

fn argument(argument: &Argument) -> String {
    let parts =
        [argument.value.as_ref().map(print_expr), argument.filter.as_ref().map(|f| format!("where {}", print_expr(f)))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// `{ a = 1, b = 2 }`
pub(super) fn record(bindings: &[Binding]) -> String {
    if bindings.is_empty() {
        return "{ }".to_owned();
    }
    format!("{{ {} }}", bindings.iter().map(binding).collect::<Vec<_>>().join(", "))
}

pub(super) fn binding(binding: &Binding) -> String {
    format!("{} = {}", name(&binding.name.node), print_expr(&binding.value))
}

pub(super) fn key(key: &Key) -> String {
    let name = key.name.as_ref().map(|n| format!("{} = ", name(&n.node))).unwrap_or_default();
    let default = key.default.as_ref().map(|d| format!(" default {}", text(&d.node))).unwrap_or_default();
    format!("{name}{}{default}", print_sum(&key.value))
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

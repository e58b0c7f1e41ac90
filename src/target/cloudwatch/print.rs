//! A tree in, the query's text out: one command a line. All quoting and all parentheses come from here.

use super::tree::{Access, Command, Field, Function, Operator, Query, Quoted, Term};
use crate::ir::pattern::{self, Dialect, Node};

/// What Hyperscan, RE2 and Rust's `regex` read alike, and nothing that could end a literal or begin a comment.
const DIALECT: Dialect = Dialect { boundary: [r"\b", r"\B"], ends: ["^", "$"], escape, also: "/" };

/// Words that can't be a bare column name.
const RESERVED: [&str; 56] = [
    "addtotals",
    "anomaly",
    "and",
    "any",
    "as",
    "asc",
    "autoregress",
    "avg",
    "bin",
    "by",
    "case",
    "count",
    "dedup",
    "desc",
    "diff",
    "display",
    "earliest",
    "expand",
    "false",
    "fields",
    "filter",
    "filterindex",
    "from",
    "if",
    "in",
    "into",
    "is",
    "join",
    "json",
    "latest",
    "like",
    "limit",
    "logfmt",
    "lookup",
    "max",
    "min",
    "multi",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "outlier",
    "parse",
    "pattern",
    "pct",
    "sessionize",
    "sort",
    "source",
    "stats",
    "stddev",
    "sum",
    "true",
    "unmask",
    "unnest",
    "where",
];

/// The query's text.
#[must_use]
pub(super) fn print(query: &Query) -> String {
    query.commands.iter().map(command).collect::<Vec<_>>().join("\n| ")
}

/// A pattern between slashes.
fn regex(node: &Node) -> String {
    format!("/{}/", pattern::print(node, &DIALECT))
}

/// Control characters, quotes and `#` as their codes; other characters as themselves.
fn escape(c: char) -> Option<String> {
    match c {
        '\t' => Some(r"\t".to_owned()),
        '\n' => Some(r"\n".to_owned()),
        '\r' => Some(r"\r".to_owned()),
        '"' | '\'' | '`' | '#' => Some(format!(r"\x{:02x}", u32::from(c))),
        c if c.is_ascii_control() => Some(format!(r"\x{:02x}", u32::from(c))),
        c if c.is_control() => Some(format!(r"\x{{{:x}}}", u32::from(c))),
        _ => None,
    }
}

fn command(command: &Command) -> String {
    match command {
        Command::Fields(columns) => format!("fields {}", columns_text(columns)),
        Command::Filter(condition) => format!("filter {}", term(condition, Level::Or)),
        Command::Parse(field, node, group) => format!("parse {} {}", field_text(field), named(node, group)),
        Command::Unnest(list, into) => format!("unnest {} into {}", field_text(list), name(into)),
        Command::Stats(columns, by) if by.is_empty() => format!("stats {}", columns_text(columns)),
        Command::Stats(columns, by) => format!("stats {} by {}", columns_text(columns), names(by, "")),
        Command::Display(columns) => format!("display {}", names(columns, "")),
        Command::Sort(columns) => format!("sort {}", names(columns, " asc")),
        Command::Dedup(column) => format!("dedup {}", name(column)),
        Command::Limit(rows) => format!("limit {rows}"),
    }
}

fn columns_text(columns: &[(Term, String)]) -> String {
    let columns = columns.iter().map(|(value, alias)| format!("{} as {}", term(value, Level::Or), name(alias)));
    columns.collect::<Vec<_>>().join(", ")
}

fn names(columns: &[String], behind: &str) -> String {
    columns.iter().map(|column| format!("{}{behind}", name(column))).collect::<Vec<_>>().join(", ")
}

/// The pattern with its only capture group named: the first parenthesis outside of a class that opens no other kind of group.
fn named(node: &Node, group: &str) -> String {
    let text = regex(node);
    let (mut escaped, mut in_class, mut open) = (false, false, None);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && open.is_none() && !text.get(at..).is_some_and(|rest| rest.starts_with("(?")) => {
                open = Some(at + 1);
            }
            _ => {}
        }
    }
    match open.and_then(|at| text.split_at_checked(at)) {
        Some((before, after)) => format!("{before}?<{group}>{after}"),
        None => text,
    }
}

/// How tightly the surroundings bind: what needs parentheses there.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Level {
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Atom,
}

fn term(value: &Term, level: Level) -> String {
    let (own, text) = match value {
        Term::Field(field) => (Level::Atom, field_text(field)),
        Term::Text(text) => (Level::Atom, quoted(text)),
        Term::Int(number) if *number < 0 => (Level::Sum, format!("0 - {}", number.unsigned_abs())),
        Term::Int(number) => (Level::Atom, number.to_string()),
        Term::Float(number) => (Level::Atom, number.to_string()),
        Term::Call(Function::CountRows, _) => (Level::Atom, "count(*)".to_owned()),
        Term::Call(function, args) => (Level::Atom, format!("{}({})", function.name(), list(args))),
        Term::Binary(operator, left, right) => {
            let own = match operator {
                Operator::Add | Operator::Subtract => Level::Sum,
                Operator::Multiply | Operator::Divide | Operator::Remainder => Level::Product,
                _ => Level::Comparison,
            };
            // The right side of `-` and `/` is no place for another of its kind; a comparison holds none on either side.
            let (outer, inner) = match own {
                Level::Sum => (Level::Sum, Level::Product),
                Level::Product => (Level::Product, Level::Atom),
                _ => (Level::Sum, Level::Sum),
            };
            (own, format!("{} {} {}", term(left, outer), operator.text(), term(right, inner)))
        }
        // Each side of `and` inside `or` gets parentheses, and the other way round: nothing rests on which binds tighter.
        Term::And(terms) => (Level::And, joined(terms, " and ", Level::Comparison)),
        Term::Or(terms) => (Level::Or, joined(terms, " or ", Level::Comparison)),
        Term::Not(inner) => {
            let inner = term(inner, Level::Comparison);
            let text = if inner.starts_with('(') { format!("not {inner}") } else { format!("not ({inner})") };
            (Level::Comparison, text)
        }
        Term::Like(subject, node, negated) => {
            (Level::Comparison, format!("{} {} {}", term(subject, Level::Atom), like(*negated), regex(node)))
        }
        Term::Holds(subject, text, negated) => {
            (Level::Comparison, format!("{} {} {}", term(subject, Level::Atom), like(*negated), quoted(text)))
        }
        Term::In(subject, options, negated) => {
            let word = if *negated { "not in" } else { "in" };
            (Level::Comparison, format!("{} {word} [{}]", term(subject, Level::Atom), list(options)))
        }
    };
    if own < level { format!("({text})") } else { text }
}

fn like(negated: bool) -> &'static str {
    if negated { "not like" } else { "like" }
}

fn list(terms: &[Term]) -> String {
    joined(terms, ", ", Level::Or)
}

fn joined(terms: &[Term], between: &str, level: Level) -> String {
    terms.iter().map(|t| term(t, level)).collect::<Vec<_>>().join(between)
}

/// The quote that does not occur inside: INVARIANT (quotable) says that there is one.
fn quoted(text: &Quoted) -> String {
    let quote = if text.text().contains('"') { '\'' } else { '"' };
    format!("{quote}{}{quote}", text.text())
}

/// A column's name, in backticks where it is a word of the language or has characters other than letters, digits and `_`.
fn name(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let reserved = RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word));
    if plain && starts && !reserved { name.to_owned() } else { format!("`{name}`") }
}

fn field_text(field: &Field) -> String {
    match field {
        Field::Log(whole) => {
            let plain = whole.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@'));
            if plain { whole.clone() } else { format!("`{whole}`") }
        }
        Field::Made(column, steps) => {
            let steps = steps.iter().map(|step| match step {
                Access::Key(key) => format!(".{}", name(key)),
                Access::Index(n) => format!("[{n}]"),
            });
            name(column) + &steps.collect::<String>()
        }
    }
}

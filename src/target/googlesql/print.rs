//! The tree as text: quoting, and parentheses from how strongly operators bind. Nothing else makes GoogleSQL text.
//!
//! Clauses stand on lines of their own; an expression that does not fit a line is broken at its outermost operator.

use super::tree::{Aggregate, From, Is, Join, Node, Operator, Order, Query, QueryForm, Select, Sql, Type, Unnest};
use super::words::RESERVED;

/// Most characters of a line, where its parts allow it.
const WIDTH: usize = 110;

/// Most characters of an item that may share a line with others.
const SHORT: usize = 30;

/// How strongly an expression binds, from the weakest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Unary,
    Primary,
}

/// The whole query, without a final line break.
#[must_use]
pub(super) fn print(query: &Query) -> String {
    steps(query, 0)
}

/// A query with its steps, each line behind `indent` spaces.
fn steps(query: &Query, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut out = String::new();
    for (at, (name, select)) in query.steps.iter().enumerate() {
        let opening = if at == 0 { "WITH " } else { "" };
        let closing = if at + 1 == query.steps.len() { ")" } else { ")," };
        out.push_str(&format!("{margin}{opening}{name} AS (\n{}\n{margin}{closing}\n", lines(select, indent + 2)));
    }
    out + &lines(&query.last, indent)
}

/// A query on lines of their own, each behind `indent` spaces.
fn lines(select: &Select, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut out: Vec<String> = Vec::new();
    let mut items: Vec<String> = if select.star { vec!["*".to_owned()] } else { Vec::new() };
    items.extend(select.items.iter().map(|item| self::item(item, indent + 2)));
    let short = items.join(", ");
    if items.iter().all(|item| item.len() <= SHORT) && indent + 7 + short.len() <= WIDTH {
        out.push(format!("{margin}SELECT {short}"));
    } else {
        out.push(format!("{margin}SELECT\n{margin}  {}", items.join(&format!(",\n{margin}  "))));
    }
    if let Some(from) = from(select, indent) {
        out.push(format!("{margin}FROM {from}"));
    }
    out.extend(select.joins.iter().map(|join| format!("{margin}{}", self::join(join))));
    if !select.filter.is_empty() {
        let filter: Vec<String> = select.filter.iter().map(|filter| laid(filter, Strength::Not, indent + 2)).collect();
        out.push(format!("{margin}WHERE {}", filter.join(&format!("\n{margin}  AND "))));
    }
    if select.group_by > 0 {
        out.push(format!("{margin}GROUP BY {}", places(select.group_by)));
    }
    if !select.order_by.is_empty() {
        out.push(format!("{margin}ORDER BY {}", orders(&select.order_by)));
    }
    if let Some(limit) = select.limit {
        out.push(format!("{margin}LIMIT {limit}"));
    }
    out.join("\n")
}

/// A query on one line.
fn line(select: &Select) -> String {
    let mut items: Vec<String> = if select.star { vec!["*".to_owned()] } else { Vec::new() };
    items.extend(select.items.iter().map(|(value, name)| named(flat(value, Strength::Or), name.as_deref())));
    let mut out = format!("SELECT {}", items.join(", "));
    if let Some(from) = from(select, 0) {
        out.push_str(&format!(" FROM {from}"));
    }
    select.joins.iter().for_each(|join| out.push_str(&format!(" {}", self::join(join))));
    if !select.filter.is_empty() {
        let filter: Vec<String> = select.filter.iter().map(|filter| flat(filter, Strength::Not)).collect();
        out.push_str(&format!(" WHERE {}", filter.join(" AND ")));
    }
    if select.group_by > 0 {
        out.push_str(&format!(" GROUP BY {}", places(select.group_by)));
    }
    if !select.order_by.is_empty() {
        out.push_str(&format!(" ORDER BY {}", orders(&select.order_by)));
    }
    if let Some(limit) = select.limit {
        out.push_str(&format!(" LIMIT {limit}"));
    }
    out
}

fn item((value, name): &(Sql, Option<String>), indent: usize) -> String {
    named(laid(value, Strength::Or, indent), name.as_deref())
}

/// `value AS name`; a column that has the name already needs no second one.
fn named(value: String, name: Option<&str>) -> String {
    match name.map(identifier) {
        Some(name) if name != value => format!("{value} AS {name}"),
        _ => value,
    }
}

/// What is read; a query on lines of its own, behind so many spaces.
fn from(select: &Select, indent: usize) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    match &select.from {
        Some(From::Steps(names)) => {
            let all: Vec<String> = names.iter().map(|name| format!("SELECT * FROM {}", identifier(name))).collect();
            parts.push(format!("({})", all.join(" UNION ALL ")));
        }
        Some(From::Query(query)) => {
            parts.push(format!("(\n{}\n{})", steps(query, indent + 2), " ".repeat(indent)));
        }
        Some(From::Table(path)) => parts.push(backticks(path)),
        Some(From::Step(name)) => parts.push(identifier(name)),
        None => {}
    }
    parts.extend(select.unnest.iter().map(unnest));
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn join(join: &Join) -> String {
    let kind = if join.inner { "JOIN" } else { "LEFT JOIN" };
    format!("{kind} {} ON {}", identifier(&join.step), chained(&join.on, " AND "))
}

fn unnest(part: &Unnest) -> String {
    let offset = part.offset.as_ref().map_or(String::new(), |offset| format!(" WITH OFFSET AS {}", identifier(offset)));
    format!("UNNEST({}) AS {}{offset}", flat(&part.list, Strength::Or), identifier(&part.name))
}

fn places(count: usize) -> String {
    (1..=count).map(|place| place.to_string()).collect::<Vec<_>>().join(", ")
}

fn orders(orders: &[Order]) -> String {
    let one = |order: &Order| flat(&order.by, Strength::Or) + if order.descending { " DESC" } else { "" };
    orders.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// An expression on one line if it fits behind `indent` characters, else broken.
fn laid(sql: &Sql, least: Strength, indent: usize) -> String {
    let one_line = flat(sql, least);
    if indent + one_line.chars().count() <= WIDTH {
        return one_line;
    }
    let inner = indent + 2;
    let (margin, closing) = (" ".repeat(inner), " ".repeat(indent));
    let each =
        |parts: &[Sql], least: Strength| -> Vec<String> { parts.iter().map(|part| laid(part, least, inner)).collect() };
    let group = |opening: String, parts: Vec<String>, between: &str| {
        format!("{opening}(\n{margin}{}\n{closing})", parts.join(&format!("{between}\n{margin}")))
    };
    let words = |parts: Vec<String>, word: &str| {
        format!("(\n{margin}{}\n{closing})", parts.join(&format!("\n{margin}{word} ")))
    };
    let (text, strength) = match &sql.node {
        // These bring their own parentheses.
        Node::All(parts) => (words(each(parts, Strength::Not), "AND"), Strength::Primary),
        Node::Any(parts) => (words(each(parts, Strength::Not), "OR"), Strength::Primary),
        Node::Not(inner) => (format!("NOT {}", laid(inner, Strength::Primary, indent)), Strength::Not),
        Node::Is(inner, what) => {
            (format!("{} {}", laid(inner, Strength::Add, indent), is_text(*what)), Strength::Compare)
        }
        Node::Binary(operator, left, right) if operator.strength() == Strength::Compare => {
            let left = laid(left, Strength::Add, indent);
            (format!("{left} {} {}", operator.text(), laid(right, Strength::Add, indent)), Strength::Compare)
        }
        Node::Call(name, args) => (group((*name).to_owned(), each(args, Strength::Or), ","), Strength::Primary),
        Node::In(inner, values) => {
            let opening = format!("{} IN ", flat(inner, Strength::Add));
            (group(opening, each(values, Strength::Or), ","), Strength::Compare)
        }
        Node::Case(arms, default) => {
            let mut parts: Vec<String> = arms
                .iter()
                .map(|(when, then)| {
                    format!("WHEN {} THEN {}", laid(when, Strength::Or, inner), laid(then, Strength::Or, inner))
                })
                .collect();
            parts.extend(default.iter().map(|value| format!("ELSE {}", laid(value, Strength::Or, inner))));
            (format!("CASE\n{margin}{}\n{closing}END", parts.join(&format!("\n{margin}"))), Strength::Primary)
        }
        Node::Query(form, select) => {
            (format!("{}(\n{}\n{closing})", form.text(), lines(select, inner)), Strength::Primary)
        }
        Node::Aggregate(call) => {
            let (before, after) = around(call);
            let value = laid(&call.value, Strength::Or, inner);
            (format!("{}(\n{margin}{before}{value}{after}\n{closing})", call.name), Strength::Primary)
        }
        _ => return one_line,
    };
    if strength < least { format!("({text})") } else { text }
}

/// An expression on one line, in parentheses where it binds less than `least`.
fn flat(sql: &Sql, least: Strength) -> String {
    let (text, strength) = bare(sql);
    if strength < least { format!("({text})") } else { text }
}

fn bare(sql: &Sql) -> (String, Strength) {
    use Strength as S;
    let list = |args: &[Sql]| args.iter().map(|arg| flat(arg, S::Or)).collect::<Vec<_>>().join(", ");
    let text = match &sql.node {
        Node::Null => format!("CAST(NULL AS {})", sql.ty.text()),
        Node::Text(text) => quoted(text),
        Node::Pattern(pattern) => format!("r'{pattern}'"),
        Node::Int(value) if *value < 0 => return (value.to_string(), S::Unary),
        Node::Int(value) => value.to_string(),
        Node::Float(value) if value.is_sign_negative() => return (format!("{value:?}"), S::Unary),
        Node::Float(value) => format!("{value:?}"),
        Node::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        Node::Time(micros) => format!("TIMESTAMP '{}'", timestamp(*micros)),
        Node::Column(path) => path.iter().map(|part| identifier(part)).collect::<Vec<_>>().join("."),
        Node::Call(name, args) => format!("{name}({})", list(args)),
        Node::CallWith(name, args, option, value) => {
            format!("{name}({}, {option} => {})", list(args), flat(value, S::Or))
        }
        Node::Extract(part, inner) => format!("EXTRACT({part} FROM {})", flat(inner, S::Or)),
        Node::Convert(inner) => format!("SAFE_CAST({} AS {})", flat(inner, S::Or), sql.ty.text()),
        Node::Cast(inner) => format!("CAST({} AS {})", flat(inner, S::Or), sql.ty.text()),
        Node::Binary(operator, left, right) => {
            let strength = operator.strength();
            let (of_left, of_right) = match strength {
                S::Compare => (S::Add, S::Add),
                S::Add => (S::Add, S::Multiply),
                _ => (S::Multiply, S::Unary),
            };
            return (format!("{} {} {}", flat(left, of_left), operator.text(), flat(right, of_right)), strength);
        }
        Node::In(inner, values) => return (format!("{} IN ({})", flat(inner, S::Add), list(values)), S::Compare),
        Node::InQuery(inner, select) => {
            return (format!("{} IN ({})", flat(inner, S::Add), line(select)), S::Compare);
        }
        Node::All(parts) => return (chained(parts, " AND "), S::And),
        Node::Any(parts) => return (chained(parts, " OR "), S::Or),
        Node::Not(inner) => return (format!("NOT {}", flat(inner, S::Primary)), S::Not),
        Node::Is(inner, what) => return (format!("{} {}", flat(inner, S::Add), is_text(*what)), S::Compare),
        Node::Case(arms, default) => {
            let arms: String = arms
                .iter()
                .map(|(when, then)| format!(" WHEN {} THEN {}", flat(when, S::Or), flat(then, S::Or)))
                .collect();
            let default = default.as_ref().map_or(String::new(), |value| format!(" ELSE {}", flat(value, S::Or)));
            format!("CASE{arms}{default} END")
        }
        Node::CountRows => "COUNT(*)".to_owned(),
        Node::Aggregate(call) => aggregate(call),
        Node::Element(array, place) => {
            format!("{}[SAFE_ORDINAL({})]", flat(array, S::Primary), flat(place, S::Or))
        }
        Node::Array(values) => format!("[{}]", list(values)),
        Node::Query(form, select) => format!("{}({})", form.text(), line(select)),
    };
    (text, S::Primary)
}

/// `AND` and `OR` are never mixed without parentheses, whatever the grammar allows.
fn chained(parts: &[Sql], word: &str) -> String {
    parts.iter().map(|part| flat(part, Strength::Not)).collect::<Vec<_>>().join(word)
}

fn aggregate(call: &Aggregate) -> String {
    let (before, after) = around(call);
    format!("{}({before}{}{after})", call.name, flat(&call.value, Strength::Or))
}

/// What stands before and after an aggregate's value.
fn around(call: &Aggregate) -> (&'static str, String) {
    let mut after = call.separator.as_ref().map_or(String::new(), |s| format!(", {}", flat(s, Strength::Or)));
    if call.ignore_nulls {
        after.push_str(" IGNORE NULLS");
    }
    if !call.order_by.is_empty() {
        after.push_str(&format!(" ORDER BY {}", orders(&call.order_by)));
    }
    if let Some(limit) = call.limit {
        after.push_str(&format!(" LIMIT {limit}"));
    }
    (if call.distinct { "DISTINCT " } else { "" }, after)
}

fn is_text(what: Is) -> &'static str {
    match what {
        Is::Null => "IS NULL",
        Is::NotNull => "IS NOT NULL",
        Is::NotTrue => "IS NOT TRUE",
    }
}

impl QueryForm {
    fn text(self) -> &'static str {
        match self {
            QueryForm::Value => "",
            QueryForm::Array => "ARRAY",
            QueryForm::Exists => "EXISTS ",
        }
    }
}

impl Operator {
    fn text(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterEqual => ">=",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Concat => "||",
        }
    }

    fn strength(self) -> Strength {
        match self {
            Operator::Add | Operator::Subtract => Strength::Add,
            Operator::Multiply | Operator::Concat => Strength::Multiply,
            _ => Strength::Compare,
        }
    }
}

impl Type {
    fn text(&self) -> String {
        match self {
            Type::String => "STRING".to_owned(),
            Type::Int64 => "INT64".to_owned(),
            Type::Float64 => "FLOAT64".to_owned(),
            Type::Bool => "BOOL".to_owned(),
            Type::Timestamp => "TIMESTAMP".to_owned(),
            Type::Json => "JSON".to_owned(),
            Type::Bytes => "BYTES".to_owned(),
            Type::Numeric => "NUMERIC".to_owned(),
            Type::Array(element) => format!("ARRAY<{}>", element.text()),
        }
    }
}

/// A text literal: what could end it, and what a reader would not see, is escaped.
fn quoted(text: &str) -> String {
    enclosed(text, '\'')
}

/// Between two marks, the escapes of texts and of names being the same.
fn enclosed(text: &str, mark: char) -> String {
    let mut out = String::from(mark);
    for c in text.chars() {
        match c {
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            c if c == mark || c == '\\' => out.extend(['\\', c]),
            c if is_unseen(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(mark);
    out
}

/// Control characters, and those that have no width or turn the direction of writing; all have four hexadecimal digits.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A name, in backticks unless it is plain.
fn identifier(name: &str) -> String {
    let plain =
        name.bytes().enumerate().all(|(at, b)| b == b'_' || b.is_ascii_alphabetic() || (at > 0 && b.is_ascii_digit()));
    if plain && !name.is_empty() && !RESERVED.contains(&name.to_ascii_uppercase().as_str()) {
        name.to_owned()
    } else {
        backticks(name)
    }
}

fn backticks(name: &str) -> String {
    enclosed(name, '`')
}

/// As a timestamp literal holds it, in UTC; microseconds only where there are some.
fn timestamp(micros: i64) -> String {
    // What the type can hold: the years 1 to 9999.
    let micros = micros.clamp(-62_135_596_800_000_000, 253_402_300_799_999_999);
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let form = if micros.rem_euclid(1_000_000) == 0 { "%Y-%m-%d %H:%M:%S+00" } else { "%Y-%m-%d %H:%M:%S%.6f+00" };
    time.format(form).to_string()
}

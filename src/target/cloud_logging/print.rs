//! The tree → text. Parentheses and quoting come from here only.

use super::tree::{Field, Filter, Operator, Value};

/// A filter as text: the conditions that must all hold a line each.
pub(super) fn print(filter: &Filter) -> String {
    match filter {
        Filter::All(conditions) if conditions.is_empty() => "insertId:*".to_owned(),
        Filter::All(conditions) => conditions.iter().map(part).collect::<Vec<_>>().join("\n"),
        one => part(one),
    }
}

/// A condition that stands beside others: chains in parentheses, since OR binds closer than AND and nobody remembers it.
fn part(filter: &Filter) -> String {
    match filter {
        Filter::All(conditions) => format!("({})", conditions.iter().map(part).collect::<Vec<_>>().join(" AND ")),
        Filter::Any(conditions) => format!("({})", conditions.iter().map(part).collect::<Vec<_>>().join(" OR ")),
        Filter::Not(inner) => format!("NOT {}", part(inner)),
        Filter::Compare(path, operator, value) => {
            format!("{}{}{}", field(path), self::operator(*operator), self::value(value))
        }
        Filter::There(path) => format!("{}:*", field(path)),
        Filter::InNetwork(path, network) => format!("ip_in_net({}, {})", field(path), quoted(network)),
        Filter::Log(log) => format!("log_id({})", quoted(log)),
    }
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "=",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterEqual => ">=",
        Operator::Matches => " =~ ",
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Bare(text) => text.clone(),
    }
}

/// Keys that are more than a word stand in quotes.
fn field(field: &Field) -> String {
    let word = |key: &String| {
        let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain { key.clone() } else { quoted(key) }
    };
    field.0.iter().map(word).collect::<Vec<_>>().join(".")
}

/// A text in double quotes; a backslash of a pattern is written twice.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out + "\""
}

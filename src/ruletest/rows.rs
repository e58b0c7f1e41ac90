//! Alerts and a query's rows side by side: takes the alerts of a run, gives rows with the query's columns, and says what differs.
//!
//! Window by window and event by event. Floats are equal to nine digits (`provided: rounding does not decide`), everything else exactly; an
//! empty text or list is a missing value, a list holds nothing that is missing, and a listing may be its values alone.

use serde_json::{Map, Value as Row};

use crate::eval::clock::{parse_time, time_text};
use crate::eval::{Alert, Value};
use crate::ir::{Expr, Pred, PredKind, Rule, Type};
use crate::target::Verdict;
use crate::target::names::{EVENT_ID, Outputs, SEVERITY, TIME, WINDOW_START};

/// The rule with each window for itself: a query judges windows, whoever takes its rows merges them.
pub fn apart(rule: &Rule) -> Rule {
    let mut rule = rule.clone();
    if let Some(window) = &mut rule.window {
        window.merges = false;
    }
    rule
}

/// The rule that alerts on each event that a rule alerts on, or counts.
#[must_use]
pub fn selecting(rule: &Rule) -> Rule {
    let mut rule = rule.clone();
    rule.window = None;
    rule.aggregates.clear();
    rule.measures.clear();
    rule.show.clear();
    rule.severity.arms.clear();
    rule.when = Pred::new(PredKind::Const(true), rule.when.span);
    rule
}

/// The rows of alerts, without what a query leaves out.
pub fn rows(rule: &Rule, alerts: &[Alert], left_out: &[String]) -> Vec<Row> {
    alerts.iter().map(|alert| row(rule, alert, left_out)).collect()
}

fn row(rule: &Rule, alert: &Alert, left_out: &[String]) -> Row {
    let names = Outputs::of(rule);
    let mut row = Map::new();
    let start = Row::from(time_text(alert.window.start));
    match &alert.event {
        Some(event) => {
            row.insert(TIME.to_owned(), start);
            row.insert(EVENT_ID.to_owned(), cell(&event.id));
        }
        None => _ = row.insert(WINDOW_START.to_owned(), start),
    }
    for (columns, values) in
        [(&names.keys, &alert.keys), (&names.measures, &alert.measures), (&names.show, &alert.show)]
    {
        let said = columns.iter().zip(values).filter(|(_, (name, _))| !left_out.contains(name));
        row.extend(said.map(|(column, (_, value))| (column.clone(), cell(value))));
    }
    if !rule.severity.arms.is_empty() && !left_out.iter().any(|name| name == SEVERITY) {
        row.insert(SEVERITY.to_owned(), alert.severity.text().into());
    }
    Row::Object(row)
}

/// A value as a row holds it; targets without decimals have them as floats.
fn cell(value: &Value) -> Row {
    match value {
        Value::Decimal(billionths) => Row::from(*billionths as f64 / 1e9),
        _ => serde_json::to_value(value).unwrap_or_default(),
    }
}

/// The columns of addresses that are only shown: those stand as the log writes them.
pub fn shown_addresses(rule: &Rule) -> Vec<String> {
    let of_address = |expr: &Expr| {
        let mut found = false;
        expr.walk(&mut |expr| found |= expr.ty == Type::Ip || expr.ty.element() == Some(&Type::Ip));
        found
    };
    let outputs = Outputs::of(rule);
    let shown = outputs.show.into_iter().zip(&rule.show).filter(|(_, item)| of_address(&item.value));
    shown.map(|(column, _)| column).collect()
}

/// What differs between the alerts and a query's rows, whatever their order, in words; none where they are the same. Columns in `but` are
/// passed over.
pub fn difference(alerts: &[Row], rows: &[Row], but: &[String]) -> Option<String> {
    let mut surplus: Vec<&Row> = rows.iter().collect();
    let mut lacking = Vec::new();
    for alert in alerts {
        match surplus.iter().position(|row| same_row(alert, row, but)) {
            Some(at) => _ = surplus.swap_remove(at),
            None => lacking.push(alert),
        }
    }
    if lacking.is_empty() && surplus.is_empty() {
        return None;
    }
    let some = |rows: &[&Row]| rows.iter().take(3).map(|row| format!("\n    {row}")).collect::<String>();
    Some(format!(
        "{} alerts and {} rows\n  only local:{}\n  only emitted:{}",
        alerts.len(),
        rows.len(),
        some(&lacking),
        some(&surplus)
    ))
}

/// How rows break what a verdict claims of the local alerts; none where they keep it. A query that differs claims nothing.
#[must_use]
pub fn broken(claim: Verdict, rule: &Rule, alerts: &[Row], emitted: &[Row]) -> Option<String> {
    match claim {
        Verdict::Exact => difference(alerts, &as_texts(rule, emitted), &shown_addresses(rule)),
        // Measures may be higher, or lower.
        Verdict::Wider => missing(rule, alerts, emitted).map(|alert| format!("missing: {alert}")),
        Verdict::Narrower => missing(rule, emitted, alerts).map(|row| format!("not found locally: {row}")),
        Verdict::Differs | Verdict::Refused => None,
    }
}

/// The rows with nothing where a shown text is a map or a list, which the local run does not read as text, and a log shows as it is.
fn as_texts(rule: &Rule, rows: &[Row]) -> Vec<Row> {
    let outputs = Outputs::of(rule);
    let texts = outputs.show.iter().zip(&rule.show).filter(|(_, item)| item.value.ty == Type::Text);
    let texts: Vec<&String> = texts.map(|(column, _)| column).collect();
    let mut rows = rows.to_vec();
    for row in rows.iter_mut().filter_map(Row::as_object_mut) {
        let shown = row.iter_mut().filter(|(column, _)| texts.contains(column));
        shown.filter(|(_, cell)| cell.is_object() || cell.is_array()).for_each(|(_, cell)| *cell = Row::Null);
    }
    rows
}

/// Whether every alert has a row of the same window or event and the same keys: what is asked of a wider query.
fn missing<'a>(rule: &Rule, alerts: &'a [Row], rows: &[Row]) -> Option<&'a Row> {
    let outputs = Outputs::of(rule);
    let beside: Vec<String> = outputs.measures.into_iter().chain(outputs.show).chain([SEVERITY.to_owned()]).collect();
    alerts.iter().find(|alert| !rows.iter().any(|row| same_row(alert, row, &beside)))
}

fn same_row(a: &Row, b: &Row, but: &[String]) -> bool {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else { return false };
    let counted = |row: &Map<String, Row>| row.keys().filter(|name| !but.contains(name)).count();
    let mut cells = a.iter().filter(|(name, _)| !but.contains(name));
    counted(a) == counted(b) && cells.all(|(name, cell)| b.get(name).is_some_and(|other| same(cell, other)))
}

fn same(a: &Row, b: &Row) -> bool {
    match (a, b) {
        (Row::Number(x), Row::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x == y,
            _ => {
                let (x, y) = (x.as_f64().unwrap_or(f64::NAN), y.as_f64().unwrap_or(f64::NAN));
                (x - y).abs() <= 1e-9 * x.abs().max(y.abs())
            }
        },
        (Row::Array(x), Row::Array(y)) => {
            let (x, y): (Vec<&Row>, Vec<&Row>) = (present(x), present(y));
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y))
        }
        // CloudWatch has no times: it gives milliseconds since 1970, of which a fraction may be cut.
        (Row::String(time), Row::Number(millis)) => millis.as_f64().is_some_and(|millis| {
            parse_time(time).is_some_and(|time| time as f64 / 1e3 == millis || time.div_euclid(1_000) as f64 == millis)
        }),
        // A text that the log wrote as a time is that time.
        (Row::String(time), Row::String(text)) if time != text => {
            parse_time(time).is_some_and(|time| parse_time(text) == Some(time))
        }
        // A target without listings has their values alone.
        (Row::Object(listing), Row::Array(_)) if listing.contains_key("more") => same(&listing["values"], b),
        (Row::Object(x), Row::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(name, x)| y.get(name).is_some_and(|y| same(x, y)))
        }
        _ => a == b || (is_nothing(a) && is_nothing(b)),
    }
}

fn present(elements: &[Row]) -> Vec<&Row> {
    elements.iter().filter(|element| !element.is_null()).collect()
}

fn is_nothing(cell: &Row) -> bool {
    match cell {
        Row::Null => true,
        Row::String(text) => text.is_empty(),
        Row::Array(elements) => present(elements).is_empty(),
        _ => false,
    }
}

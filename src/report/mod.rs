//! Alerts for people and programs: takes alerts in their order, gives a table or JSON lines.

use std::collections::BTreeMap;

use crate::eval::clock::time_text;
use crate::eval::{Alert, Value};
use crate::ir::Level;

/// Widest cell of the table, in characters.
const WIDEST: usize = 44;

/// One JSON object an alert, each on a line.
#[must_use]
pub fn json_lines(alerts: &[Alert]) -> String {
    alerts.iter().filter_map(|alert| serde_json::to_string(alert).ok()).map(|line| line + "\n").collect()
}

/// A table that is understood at a glance: the worst first, then by time. Informational alerts, which are there to be counted, are one line
/// a rule.
#[must_use]
pub fn table(alerts: &[Alert]) -> String {
    let mut sorted: Vec<&Alert> = alerts.iter().filter(|alert| alert.severity > Level::Informational).collect();
    sorted.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    let header = ["SEVERITY", "WHEN", "RULE", "SOURCE", "WHO AND WHAT"].map(str::to_owned);
    let mut rows = vec![header];
    rows.extend(sorted.into_iter().map(row));
    let widest =
        |n: usize| rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(widest).collect();
    let mut out = String::new();
    for row in rows.iter().filter(|_| rows.len() > 1) {
        let (cells, last) = row.split_at(4);
        let cells: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(format!("{}  {}", cells.join("  "), last.concat()).trim_end());
        out.push('\n');
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.severity == Level::Informational) {
        *counts.entry(&alert.rule).or_default() += 1;
    }
    for (rule, count) in counts {
        out.push_str(&format!("informational: {count} of {rule}; --format json lists them\n"));
    }
    out
}

fn row(alert: &Alert) -> [String; 5] {
    let same = alert.window.start == alert.window.end;
    let when =
        if same { moment(alert.window.start) } else { format!("{} → {}", moment(alert.window.start), end(alert)) };
    let partial = if alert.partial { " (partial)" } else { "" };
    // An event has no keys: what it shows says who and what.
    let said = if same { &alert.show } else { &alert.keys };
    let mut who: Vec<String> =
        said.iter().filter(|(_, v)| v.is_present()).map(|(_, value)| cut(&value_text(value))).collect();
    who.extend(alert.measures.iter().map(|(name, value)| format!("{name} {}", cut(&value_text(value)))));
    [alert.severity.text().to_owned(), when + partial, alert.rule.clone(), alert.source.clone(), who.join(", ")]
}

/// The end of what is shown, without the day where it is that of the start.
fn end(alert: &Alert) -> String {
    let (start, end) = (moment(alert.window.start), moment(alert.until));
    match (start.split_once(' '), end.split_once(' ')) {
        (Some((day, _)), Some((other, time))) if day == other => time.to_owned(),
        _ => end,
    }
}

/// `2026-11-02 10:00`, with seconds where there are any.
#[must_use]
pub fn moment(time: i64) -> String {
    let text = time_text(time).replace('T', " ");
    let seconds = text.get(..19).unwrap_or(&text);
    seconds.strip_suffix(":00").unwrap_or(seconds).to_owned()
}

/// A value on a line, as people read it.
#[must_use]
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Missing => "-".to_owned(),
        Value::Text(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        // Addresses and times are texts in JSON: without their quotes.
        other => serde_json::to_string(other).unwrap_or_default().trim_matches('"').to_owned(),
    }
}

/// The end of a long text says more than its start: names of principals and resources differ there.
fn cut(text: &str) -> String {
    let length = text.chars().count();
    if length <= WIDEST {
        return text.to_owned();
    }
    let kept: String = text.chars().skip(length - WIDEST + 1).collect();
    format!("…{kept}")
}

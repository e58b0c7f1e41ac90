//! Alerts for people and programs: takes alerts in their order, gives a table or JSON lines.

use crate::eval::clock::time_text;
use crate::eval::{Alert, Value};

/// Widest cell of the table, in characters.
const WIDEST: usize = 44;

/// One JSON object an alert, each on a line.
#[must_use]
pub fn json_lines(alerts: &[Alert]) -> String {
    alerts.iter().filter_map(|alert| serde_json::to_string(alert).ok()).map(|line| line + "\n").collect()
}

/// A table that is understood at a glance: the worst first, then by time.
#[must_use]
pub fn table(alerts: &[Alert]) -> String {
    let mut sorted: Vec<&Alert> = alerts.iter().collect();
    sorted.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    let header = ["SEVERITY", "WHEN", "RULE", "SOURCE", "WHO / WHAT", "MEASURES"].map(str::to_owned);
    let mut rows = vec![header];
    rows.extend(sorted.into_iter().map(row));
    let widths: Vec<usize> = (0..6)
        .map(|n| rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn row(alert: &Alert) -> [String; 6] {
    let same = alert.window.start == alert.window.end;
    let when =
        if same { minute(alert.window.start) } else { format!("{} → {}", minute(alert.window.start), end(alert)) };
    let partial = if alert.partial { " (partial)" } else { "" };
    // An event has no keys: what it shows says who and what.
    let (who, what) = if same { (&alert.show, &alert.measures) } else { (&alert.keys, &alert.measures) };
    [
        alert.severity.text().to_owned(),
        when + partial,
        alert.rule.clone(),
        alert.source.clone(),
        who.iter().map(|(_, value)| cut(&text(value))).collect::<Vec<_>>().join("  "),
        what.iter().map(|(name, value)| format!("{name} {}", cut(&text(value)))).collect::<Vec<_>>().join(", "),
    ]
}

/// The end of what is shown, without the day where it is that of the start.
fn end(alert: &Alert) -> String {
    let (start, end) = (minute(alert.window.start), minute(alert.until));
    match (start.split_once(' '), end.split_once(' ')) {
        (Some((day, _)), Some((other, time))) if day == other => time.to_owned(),
        _ => end,
    }
}

/// `2026-11-02 10:00`, with seconds where there are any.
fn minute(time: i64) -> String {
    let text = time_text(time).replace('T', " ");
    let seconds = text.get(..19).unwrap_or(&text);
    seconds.strip_suffix(":00").unwrap_or(seconds).to_owned()
}

fn text(value: &Value) -> String {
    match value {
        Value::Missing => "-".to_owned(),
        Value::Text(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        other => serde_json::to_string(other).unwrap_or_default(),
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

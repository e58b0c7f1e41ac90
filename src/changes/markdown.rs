//! Changes as a comment for a pull request.

use std::fmt::Write as _;

use super::text::{differences, of_alert, verdicts};
use super::{AlertChanges, Changes, Kind, QueryChange, RuleChange};
use crate::eval::Alert;

/// Most alerts of one kind that are listed.
const MAX_LISTED: usize = 50;

/// What `diff --format markdown` prints.
#[must_use]
pub fn markdown(changes: &Changes) -> String {
    let mut out = format!("## What rules mean now\n\n{}\n", changes.summary());
    changes.rules.iter().for_each(|rule| out.push_str(&of_rule(rule)));
    if let Some(alerts) = &changes.alerts {
        out.push_str(&of_alerts(alerts));
    }
    out
}

fn of_rule(rule: &RuleChange) -> String {
    let from = if let Kind::Renamed(from) = &rule.kind { format!(" from `{from}`") } else { String::new() };
    let mut out = format!("\n### `{}` {}{from}\n\n", rule.name, rule.kind.word());
    out.push_str(&fenced("diff", &rule.lines().join("\n")));
    for (what, [before, after]) in &rule.texts {
        _ = writeln!(out, "- {what}: {} is now {}", quoted(before), quoted(after));
    }
    for line in verdicts(rule) {
        _ = writeln!(out, "- {line}");
    }
    let both = rule.queries.iter().filter(|query| query.sides.iter().all(Option::is_some));
    both.filter_map(patch).for_each(|patch| out.push_str(&patch));
    out
}

/// A query's change behind a line that opens it.
fn patch(query: &QueryChange) -> Option<String> {
    let [before, after] = query.sides.each_ref().map(|side| side.as_ref().and_then(|side| side.text.as_deref()));
    let (before, after) = (before?, after?);
    let diff = similar::TextDiff::from_lines(before, after);
    let patch = diff.unified_diff().context_radius(2).missing_newline_hint(false).to_string();
    let body = fenced("diff", patch.trim_end());
    Some(format!("\n<details><summary>{}</summary>\n\n{body}\n</details>\n", query.place()))
}

fn of_alerts(alerts: &AlertChanges) -> String {
    let mut lines = Vec::new();
    let mut list = |mark: char, all: &mut dyn ExactSizeIterator<Item = &Alert>| {
        let more = all.len().saturating_sub(MAX_LISTED);
        lines.extend(all.take(MAX_LISTED).map(|alert| format!("{mark} {}", of_alert(alert))));
        if more > 0 {
            lines.push(format!("{mark} … and {more} more"));
        }
    };
    list('+', &mut alerts.appear.iter());
    list('-', &mut alerts.disappear.iter());
    lines.extend(alerts.differ.iter().take(MAX_LISTED).map(|both| format!("! {}", differences(both))));
    let more = alerts.differ.len().saturating_sub(MAX_LISTED);
    lines.extend((more > 0).then(|| format!("! … and {more} more")));
    format!("\n### Alerts\n\n{}\n\n{}", alerts.summary(), fenced("diff", &lines.join("\n")))
}

/// A block of code that its own text can't end.
fn fenced(info: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let fence = fence(text, 3);
    format!("{fence}{info}\n{text}\n{fence}\n")
}

/// A text as code, in a line: nothing of it is read as Markdown.
fn quoted(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let fence = fence(&text, 1);
    format!("{fence} {text} {fence}")
}

/// More backticks in a row than a text has anywhere.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(least.max(longest + 1))
}

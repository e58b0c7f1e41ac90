//! Changes for a terminal.

use std::fmt::Write as _;

use super::{AlertChanges, Changes, Kind, RuleChange};
use crate::eval::Alert;
use crate::eval::clock::time_text;
use crate::report::value_text;

/// Most alerts of one kind that are listed.
const MAX_LISTED: usize = 20;

/// What `diff` prints.
#[must_use]
pub fn text(changes: &Changes) -> String {
    let mut out = format!("{}\n", changes.summary());
    for source in &changes.sources {
        _ = writeln!(out, "\nsource {source} is read otherwise, or stands elsewhere");
    }
    changes.rules.iter().for_each(|rule| out.push_str(&of_rule(rule)));
    if let Some(alerts) = &changes.alerts {
        out.push_str(&of_alerts(alerts));
    }
    out
}

fn of_rule(rule: &RuleChange) -> String {
    let from = if let Kind::Renamed(from) = &rule.kind { format!(" from {from}") } else { String::new() };
    let mut out = format!("\n{} {}{from}\n", rule.kind.word(), rule.name);
    for line in rule.lines() {
        _ = writeln!(out, "    {line}");
    }
    for (what, [before, after]) in &rule.texts {
        _ = writeln!(out, "    {what}: {before:?} is now {after:?}");
    }
    for line in verdicts(rule) {
        _ = writeln!(out, "    {line}");
    }
    out
}

/// A line a kind of change of queries.
pub(super) fn verdicts(rule: &RuleChange) -> Vec<String> {
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for query in &rule.queries {
        let kind = match (&rule.kind, query.verdicts()) {
            (Kind::Added, [_, after]) => after.to_owned(),
            (Kind::Removed, [before, _]) => format!("was {before}"),
            (_, [before, after]) if before == after => format!("{after}, another query"),
            (_, [before, after]) => format!("was {before}, now {after}"),
        };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, places)) => places.push(query.place()),
            None => kinds.push((kind, vec![query.place()])),
        }
    }
    kinds.into_iter().map(|(kind, places)| format!("{kind}: {}", places.join(", "))).collect()
}

fn of_alerts(alerts: &AlertChanges) -> String {
    let mut out = format!("\nalerts: {}\n", alerts.summary());
    let mut list = |mark: char, all: &mut dyn ExactSizeIterator<Item = &Alert>| {
        let more = all.len().saturating_sub(MAX_LISTED);
        all.take(MAX_LISTED).for_each(|alert| _ = writeln!(out, "    {mark}{}", of_alert(alert)));
        if more > 0 {
            _ = writeln!(out, "    {mark}… and {more} more");
        }
    };
    list('+', &mut alerts.appear.iter());
    list('-', &mut alerts.disappear.iter());
    list('~', &mut alerts.differ.iter().map(|[_, after]| after));
    out
}

/// An alert on a line.
pub(super) fn of_alert(alert: &Alert) -> String {
    // An event has no keys: what it shows says who and what.
    let said = if alert.keys.is_empty() { &alert.show } else { &alert.keys };
    let said: String = said.iter().map(|(name, value)| format!(" {name}={}", value_text(value))).collect();
    format!("{} {} {}{said}", alert.rule, alert.source, time_text(alert.window.start))
}

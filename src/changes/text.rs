//! Changes for a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{AlertChanges, Changes, Kind, RuleChange};
use crate::eval::Alert;
use crate::report::{moment, value_text};

/// Most alerts of one kind that are listed.
const MAX_LISTED: usize = 20;

/// What `diff` prints.
#[must_use]
pub fn text(changes: &Changes) -> String {
    let mut out = format!("{}\n", changes.summary());
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
    alerts.differ.iter().take(MAX_LISTED).for_each(|both| _ = writeln!(out, "    ~{}", differences(both)));
    let more = alerts.differ.len().saturating_sub(MAX_LISTED);
    if more > 0 {
        _ = writeln!(out, "    ~… and {more} more");
    }
    out
}

/// What two alerts of one rule and time say differently.
pub(super) fn differences([before, after]: &[Alert; 2]) -> String {
    let mut out = Vec::new();
    if before.severity != after.severity {
        out.push(format!("severity {} is now {}", before.severity.text(), after.severity.text()));
    }
    if before.until != after.until {
        out.push(format!("the end {} is now {}", moment(before.until), moment(after.until)));
    }
    let said = |alert: &Alert| -> BTreeMap<String, String> {
        let all = alert.measures.iter().chain(&alert.show);
        all.map(|(name, value)| (name.clone(), value_text(value))).collect()
    };
    let (was, is) = (said(before), said(after));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let of = |said: &BTreeMap<String, String>, name: &String| {
        said.get(name).cloned().unwrap_or_else(|| "not there".to_owned())
    };
    let changed = names.into_iter().filter(|name| was.get(*name) != is.get(*name));
    out.extend(changed.map(|name| format!("{name} {} is now {}", of(&was, name), of(&is, name))));
    if before.members.len() != after.members.len() {
        out.push(format!("{} members are now {}", before.members.len(), after.members.len()));
    }
    format!("{}: {}", of_alert(after), out.join(", "))
}

/// An alert on a line.
pub(super) fn of_alert(alert: &Alert) -> String {
    // An event has no keys: what it shows says who and what.
    let said = if alert.keys.is_empty() { &alert.show } else { &alert.keys };
    let said: String = said.iter().map(|(name, value)| format!(" {name}={}", value_text(value))).collect();
    format!("{} {} {}{said}", alert.rule, alert.source, moment(alert.window.start))
}

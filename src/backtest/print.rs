//! A backtest for a terminal, for a pull request, and as JSON; with the alerts of another state of the pack beside it, where there is one.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Backtest, loudest};
use crate::changes::AlertChanges;
use crate::eval::clock::day_text;

/// One row a rule, the loudest first: its name, alerts, days with alerts, the most on one day, that day, and what it may have.
fn rows(test: &Backtest) -> Vec<[String; 6]> {
    let row = |name: &str, by_day: &[u64], budget: Option<u64>| {
        let total: u64 = by_day.iter().sum();
        let (at, most) = loudest(by_day).unwrap_or_default();
        let day = test.days.get(at).filter(|_| most > 0).map(|day| day_text(*day)).unwrap_or_default();
        let days = by_day.iter().filter(|count| **count > 0).count();
        let budget = budget.map(|allowed| allowed.to_string()).unwrap_or_default();
        (total, [name.to_owned(), total.to_string(), days.to_string(), most.to_string(), day, budget])
    };
    let mut out: Vec<_> = test.rules.iter().map(|rule| row(&rule.rule, &rule.by_day, rule.budget)).collect();
    out.sort_by_key(|(total, _)| std::cmp::Reverse(*total));
    out.push(row("in all", &test.by_day(), test.budget));
    out.into_iter().map(|(_, row)| row).collect()
}

const HEADS: [&str; 6] = ["RULE", "ALERTS", "DAYS", "MOST", "ON", "BUDGET"];

/// `31 days from 2026-11-01`
fn title(test: &Backtest) -> String {
    let first = test.days.first().map(|day| day_text(*day)).unwrap_or_default();
    format!("{}: {} days from {first}", test.pack, test.days.len())
}

/// A day a line: how many alerts, and of which rules.
fn lines_by_day(test: &Backtest) -> Vec<String> {
    let line = |(at, day): (usize, &i64)| {
        let mut of: Vec<(u64, &str)> = test
            .rules
            .iter()
            .map(|rule| (rule.by_day.get(at).copied().unwrap_or_default(), rule.rule.as_str()))
            .collect();
        of.retain(|(count, _)| *count > 0);
        of.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let total: u64 = of.iter().map(|(count, _)| count).sum();
        let of: Vec<String> = of.iter().map(|(count, rule)| format!("{rule} {count}")).collect();
        let part = if test.whole.get(at) == Some(&false) { " (a part of it)" } else { "" };
        format!("{}  {total:>6}  {}{part}", day_text(*day), of.join(", ")).trim_end().to_owned()
    };
    test.days.iter().enumerate().map(line).collect()
}

/// What `backtest` prints.
#[must_use]
pub fn text(test: &Backtest, against: Option<&AlertChanges>) -> String {
    let mut out = format!("{}\n\n", title(test));
    let rows: Vec<[String; 6]> = std::iter::once(HEADS.map(str::to_owned)).chain(rows(test)).collect();
    let width =
        |n: usize| rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    for row in &rows {
        let cell = |(n, (cell, width)): (usize, (&String, &usize))| match n {
            0 | 4 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        };
        let cells: Vec<String> = row.iter().zip(&widths).enumerate().map(cell).collect();
        _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out.push('\n');
    lines_by_day(test).iter().for_each(|line| _ = writeln!(out, "{line}"));
    if let Some(changes) = against {
        _ = writeln!(out, "\nbeside the other pack: {}", changes.summary());
        beside(changes).iter().for_each(|(rule, [came, went])| _ = writeln!(out, "  {rule}: +{came} -{went}"));
    }
    out
}

/// What `backtest --format markdown` prints.
#[must_use]
pub fn markdown(test: &Backtest, against: Option<&AlertChanges>) -> String {
    let mut out = format!(
        "## Backtest of {}\n\n| {} |\n|---|--:|--:|--:|---|--:|\n",
        title(test),
        HEADS.map(str::to_lowercase).join(" | ")
    );
    rows(test).iter().for_each(|row| _ = writeln!(out, "| {} |", row.join(" | ")));
    if let Some(changes) = against {
        _ = writeln!(out, "\nBeside the other pack: {}.\n", changes.summary());
        beside(changes)
            .iter()
            .for_each(|(rule, [came, went])| _ = writeln!(out, "- `{rule}`: {came} more, {went} fewer"));
    }
    let over = test.over_budget();
    if !over.is_empty() {
        _ = writeln!(out, "\n**Over budget**\n");
        over.iter().for_each(|line| _ = writeln!(out, "- {line}"));
    }
    out
}

/// By rule, how many alerts came and went.
fn beside(changes: &AlertChanges) -> Vec<(&str, [usize; 2])> {
    let mut out: std::collections::BTreeMap<&str, [usize; 2]> = std::collections::BTreeMap::new();
    changes.appear.iter().for_each(|alert| out.entry(&alert.rule).or_default()[0] += 1);
    changes.disappear.iter().for_each(|alert| out.entry(&alert.rule).or_default()[1] += 1);
    out.into_iter().collect()
}

/// The object that `backtest --format json` prints.
#[must_use]
pub fn to_json(test: &Backtest, against: Option<&AlertChanges>) -> Value {
    let days: Vec<String> = test.days.iter().map(|day| day_text(*day)).collect();
    let rules =
        test.rules.iter().map(|rule| json!({ "rule": rule.rule, "by_day": rule.by_day, "budget": rule.budget }));
    let against = against.map(|changes| {
        let by_rule: serde_json::Map<String, Value> = beside(changes)
            .into_iter()
            .map(|(rule, [came, went])| (rule.to_owned(), json!({ "appear": came, "disappear": went })))
            .collect();
        json!({ "differ": changes.differ.len(), "same": changes.same, "rules": by_rule })
    });
    json!({
        "format": 1,
        "pack": test.pack,
        "days": days,
        "whole": test.whole,
        "rules": rules.collect::<Vec<_>>(),
        "by_day": test.by_day(),
        "budget": test.budget,
        "over_budget": test.over_budget(),
        "against": against,
    })
}

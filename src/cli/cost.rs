//! What a run cost, for `run --explain`: takes the costs of its passes and the texts of the rules, gives lines to read.

use std::time::Duration;

use crate::engine::{Costs, PassCost, RuleCost};
use crate::ir::Tier;
use crate::source::{SourceMap, Span};

/// Most characters of a predicate on one line.
const WIDEST: usize = 72;

/// One paragraph a pass; rules that took the most stand first.
pub(super) fn text(costs: &Costs, sources: &SourceMap) -> String {
    let Costs(passes) = costs;
    if passes.is_empty() {
        return "\nno two rules shared a scan\n".to_owned();
    }
    passes.iter().map(|pass| pass_text(pass, sources)).collect()
}

fn pass_text(pass: &PassCost, sources: &SourceMap) -> String {
    let PassCost { stream, tier, files, columns, pushed, rows, scan, shared, texts, rules } = pass;
    let tier = match tier {
        Tier::Content => "content",
        Tier::Metadata => "metadata",
    };
    let mut text = format!("\npass over {stream}, {tier}: {rows} rows of {files} files, read in {}\n", seconds(*scan));
    text.push_str(&format!("  columns: {}\n", columns.join(", ")));
    for one in pushed {
        text.push_str(&format!("  asked of files: {}\n", quoted(sources, *one)));
    }
    text.push_str("  asked once a batch\n");
    for one in shared {
        let asked = one.span.map_or_else(|| "source and time".to_owned(), |span| quoted(sources, span));
        text.push_str(&format!("    {:>9}  {:>5} rules  {asked}\n", seconds(one.time), one.rules));
    }
    if !texts.is_empty() {
        text.push_str("  sought together\n");
    }
    for one in texts {
        text.push_str(&format!(
            "    {:>9}  {:>5} rules  {} patterns in {}: {} texts looked at, {} let through\n",
            seconds(one.time),
            one.rules,
            one.patterns,
            quoted(sources, one.span),
            one.rows,
            one.let_through,
        ));
    }
    text.push_str("  rules, with the rows that they were handed\n");
    let mut by_time: Vec<&RuleCost> = rules.iter().collect();
    by_time.sort_by_key(|rule| (std::cmp::Reverse(rule.time), &rule.rule, &rule.source));
    for RuleCost { rule, source, rows, bytes, time, again } in by_time {
        let again = if *again { ", then again: no memory was left" } else { "" };
        let megabytes = *bytes as f64 / 1e6;
        text.push_str(&format!(
            "    {:>9}  {rows:>9} rows  {megabytes:>8.1} MB  {rule} on {source}{again}\n",
            seconds(*time)
        ));
    }
    text
}

/// What stands at a place, on one line.
fn quoted(sources: &SourceMap, span: Span) -> String {
    let line = sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WIDEST {
        return line;
    }
    line.chars().take(WIDEST - 1).chain(['…']).collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

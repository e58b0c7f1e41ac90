//! An emitted query's rows beside the alerts of the local run: what the promise is about, window by window and event by event.

use std::collections::BTreeMap;

use serde_json::Value as Row;
use skywatch::bind::{Bound, bind};
use skywatch::eval::{Json, Range, Run, run_bound};
use skywatch::ir::{AggregateFunction, Expr, ExprKind, Rule};
use skywatch::resolve::Resolved;
use skywatch::ruletest::rows::{apart, rows};
use skywatch::target::names::Outputs;

/// The alerts of a rule bound to a source over raw records, as rows.
pub(crate) fn of_records(
    resolved: &Resolved,
    rule: &Rule,
    source: &str,
    records: &[Row],
    range: Range,
    left_out: &[String],
) -> Vec<Row> {
    let source = resolved.schema.source(source).expect("the source is there");
    let bound = match bind(rule, source, &resolved.schema.streams[rule.stream]) {
        Bound::Rule(bound) => bound,
        other => panic!("{}: {other:?}", rule.name),
    };
    let records: Vec<Json> = records.iter().map(|r| Json::parse(&r.to_string()).expect("it is JSON")).collect();
    let run = Run { pack: "p", range, coverage: &BTreeMap::new() };
    let rule = apart(&bound.rule);
    let outcome = run_bound(&rule, &bound.time, bound.event_id.as_ref(), &source.name, &records, &run);
    rows(&rule, &outcome.expect("patterns are small enough").alerts, left_out)
}

/// The columns that depend on the first or the last of several events: at equal times a target may take another one, and says so.
pub(crate) fn tied(rule: &Rule) -> Vec<String> {
    depending(rule, &|function| matches!(function, AggregateFunction::First | AggregateFunction::Last))
}

/// The columns that depend on a deviation, whose squares floats hold up to 64 bits: `provided: no sum leaves 64 bits`.
pub(crate) fn deviations(rule: &Rule) -> Vec<String> {
    depending(rule, &|function| *function == AggregateFunction::Stddev)
}

/// Whether a part of some records is a number whose square leaves 64 bits, or the text of one.
pub(crate) fn has_large_numbers(record: &Row) -> bool {
    let large = |number: f64| number.abs() > f64::from(i32::MAX);
    match record {
        Row::Number(number) => number.as_f64().is_some_and(large),
        Row::String(text) => text.parse().is_ok_and(large),
        Row::Array(elements) => elements.iter().any(has_large_numbers),
        Row::Object(members) => members.values().any(has_large_numbers),
        _ => false,
    }
}

/// The columns that depend on aggregates of some functions.
fn depending(rule: &Rule, asked: &dyn Fn(&AggregateFunction) -> bool) -> Vec<String> {
    let outputs = Outputs::of(rule);
    let mut dependent: Vec<bool> = Vec::new();
    let depends = |expr: &Expr, dependent: &[bool]| {
        let mut found = false;
        expr.walk(&mut |expr| match expr.kind {
            ExprKind::Aggregate(n) => {
                found |= rule.aggregates.get(n).is_some_and(|aggregate| asked(&aggregate.function));
            }
            ExprKind::Measure(n) => found |= dependent.get(n).is_some_and(|dependent| *dependent),
            _ => {}
        });
        found
    };
    for measure in &rule.measures {
        dependent.push(depends(&measure.value, &dependent));
    }
    let measures = outputs.measures.iter().zip(&dependent).filter(|(_, tied)| **tied).map(|(name, _)| name.clone());
    let shown = outputs.show.iter().zip(&rule.show).filter(|(_, item)| depends(&item.value, &dependent));
    measures.chain(shown.map(|(name, _)| name.clone())).collect()
}

//! One rule over one log, run twice: by the evaluator over raw records, and as an emitted query by another engine over the table's rows.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use skywatch::bind::{Bound, bind};
use skywatch::eval::{Alert, Json, Range, Run, run_bound};
use skywatch::ir::{AggregateFunction, Expr, ExprKind, Rule, Type};
use skywatch::resolve::Resolved;
use skywatch::target::kql::Kql;
use skywatch::target::names::Outputs;
use skywatch::target::{EVENT_RULE_STEP, Emission, Request, Verdict, emit};

use super::elements::without_mv_apply;
use crate::support::oracle::Oracle;

/// What became of a case.
#[derive(Debug, PartialEq)]
pub(crate) enum Agreement {
    /// The same rows; how many.
    Same(usize),
    /// The compiler refused.
    Refused(String),
    /// The engine can't run it.
    Unsupported(String),
    /// Something is wrong.
    Wrong(String),
}

/// A rule, a log, and what the table holds for the log.
pub(crate) struct Case<'a> {
    /// The schema and the rule.
    pub(crate) resolved: &'a Resolved,
    /// Which of the resolved rules.
    pub(crate) rule: usize,
    /// Raw.
    pub(crate) records: &'a [Value],
    /// The part of the engines' questions that says what the table holds.
    pub(crate) stored: &'a Map<String, Value>,
    /// None: the last window before `now`.
    pub(crate) range: Option<(i64, i64)>,
    /// In microseconds since 1970.
    pub(crate) now: i64,
}

/// Runs a rule both ways.
pub(crate) fn compare(case: &Case<'_>, (parser, runner): (&mut Oracle, &mut Oracle)) -> Agreement {
    let rule = &case.resolved.rules[case.rule];
    let mut emissions = emit(rule, &case.resolved.schema, &Kql, Request { range: case.range });
    if emissions.is_empty() {
        return Agreement::Refused("it can never fire".to_owned());
    }
    let emission = emissions.remove(0);
    let said = || emission.query.reasons[0].message.clone();
    let Some(text) = emission.query.text.clone() else { return Agreement::Refused(said()) };
    if emission.query.verdict != Verdict::Exact {
        return Agreement::Refused(format!("only {}: {}", emission.query.verdict.text(), said()));
    }
    let checked = parser.ask(&case.question(&text));
    if checked["errors"] != json!([]) {
        return Agreement::Wrong(format!("{}\n{text}", checked["errors"]));
    }
    let mut answer = runner.ask(&case.question(&text));
    if answer["unsupported"].as_str().is_some_and(|why| why.contains("Mvapply"))
        && let Some(text) = without_mv_apply(case.resolved, &emission.source, case.range)
    {
        answer = runner.ask(&case.question(&text));
    }
    if let Some(why) = answer["unsupported"].as_str() {
        return Agreement::Unsupported(why.to_owned());
    }
    let Some(rows) = answer["rows"].as_array() else { return Agreement::Wrong(format!("{answer}\n{text}")) };
    let mut found: Vec<BTreeMap<String, String>> = rows.iter().map(plain_row).collect();
    let first = if rule.window.is_some() { "window_start" } else { "time" };
    let starts: Vec<_> = found.iter().map(|row| row.get(first)).collect();
    if !starts.is_sorted() {
        return Agreement::Wrong(format!("{text}\nnot in order: {starts:?}"));
    }
    let mut expected = case.expected(&emission);
    let remarked = remarked(rule);
    found.iter_mut().chain(&mut expected).for_each(|row| row.retain(|name, _| !remarked.contains(name)));
    found.sort();
    expected.sort();
    if found != expected {
        let records = json!(case.records);
        return Agreement::Wrong(format!("{text}\nfound    {found:#?}\nexpected {expected:#?}\nrecords {records}"));
    }
    Agreement::Same(found.len())
}

impl Case<'_> {
    fn question(&self, text: &str) -> Value {
        let now = chrono::DateTime::from_timestamp_micros(self.now).expect("a time");
        let mut question = self.stored.clone();
        question.insert("id".to_owned(), json!(0));
        question.insert("query".to_owned(), json!(text));
        question.insert("now".to_owned(), json!(now.format("%Y-%m-%dT%H:%M:%SZ").to_string()));
        Value::Object(question)
    }

    /// What the evaluator finds, as rows.
    fn expected(&self, emission: &Emission) -> Vec<BTreeMap<String, String>> {
        let rule = &self.resolved.rules[self.rule];
        let stream = self.resolved.schema.stream_of(rule.stream).expect("the rule's stream");
        let source = self.resolved.schema.source(&emission.source).expect("the emission's source");
        let Bound::Rule(mut bound) = bind(rule, source, stream) else { return Vec::new() };
        // A query reports each window; whoever takes the alerts merges them.
        if let Some(window) = &mut bound.rule.window {
            window.merges = false;
        }
        let records: Vec<Json> = self.records.iter().map(|r| Json::parse(&r.to_string()).expect("JSON")).collect();
        let coverage = BTreeMap::new();
        let run = Run { pack: "p", range: judged(rule, emission, self.range, self.now), coverage: &coverage };
        let outcome = run_bound(&bound.rule, &bound.time, bound.event_id.as_ref(), &source.name, &records, &run);
        let outputs = Outputs::of(&bound.rule);
        outcome.expect("small patterns").alerts.iter().map(|a| alert_row(a, &outputs, emission, rule)).collect()
    }
}

/// The columns of which the compiler says that they may differ: the first and last of equal times, and addresses that are only shown.
fn remarked(rule: &Rule) -> Vec<String> {
    let outputs = Outputs::of(rule);
    let tied = |expr: &Expr| {
        let mut found = false;
        expr.walk(&mut |expr| {
            if let ExprKind::Aggregate(n) = expr.kind {
                let function = rule.aggregates.get(n).map(|aggregate| &aggregate.function);
                found |= matches!(function, Some(AggregateFunction::First | AggregateFunction::Last));
            }
        });
        found
    };
    let address = |expr: &Expr| {
        let mut found = false;
        expr.walk(&mut |expr| found |= expr.ty == Type::Ip);
        found
    };
    let mut dependent: Vec<bool> = Vec::new();
    for measure in &rule.measures {
        let mut found = tied(&measure.value);
        measure.value.walk(&mut |expr| found |= matches!(expr.kind, ExprKind::Measure(n) if dependent[n]));
        dependent.push(found);
    }
    let measures = outputs.measures.iter().zip(&dependent).filter(|(_, tied)| **tied).map(|(name, _)| name.clone());
    let shown = outputs.show.iter().zip(&rule.show).filter(|(_, item)| tied(&item.value) || address(&item.value));
    measures.chain(shown.map(|(name, _)| name.clone())).collect()
}

/// The range that the query judges.
fn judged(rule: &Rule, emission: &Emission, range: Option<(i64, i64)>, now: i64) -> Range {
    if let Some((from, to)) = range {
        return Range { from, to };
    }
    let step = rule.window.as_ref().map_or(EVENT_RULE_STEP, |window| window.step);
    let to = (now - emission.delay).div_euclid(step) * step;
    Range { from: to - step, to }
}

/// An alert as a row of the query.
fn alert_row(alert: &Alert, outputs: &Outputs, emission: &Emission, rule: &Rule) -> BTreeMap<String, String> {
    let mut row = BTreeMap::new();
    let value = |value: &skywatch::eval::Value| plain(&serde_json::to_value(value).expect("JSON"));
    let start = skywatch::eval::Value::Time(alert.window.start);
    match &alert.event {
        Some(event) => {
            row.insert("time".to_owned(), value(&start));
            row.insert("event_id".to_owned(), value(&event.id));
        }
        None => {
            row.insert("window_start".to_owned(), value(&start));
            for (name, (_, key)) in outputs.keys.iter().zip(&alert.keys) {
                row.insert(name.clone(), value(key));
            }
            for (name, (of, measure)) in outputs.measures.iter().zip(&alert.measures) {
                if !emission.query.left_out.contains(of) {
                    row.insert(name.clone(), value(measure));
                }
            }
        }
    }
    for (name, (of, shown)) in outputs.show.iter().zip(&alert.show) {
        if !emission.query.left_out.contains(of) {
            row.insert(name.clone(), value(shown));
        }
    }
    if !rule.severity.arms.is_empty() && !emission.query.left_out.contains(&"severity".to_owned()) {
        row.insert("severity".to_owned(), format!("{:?}", alert.severity.text()));
    }
    row
}

fn plain_row(row: &Value) -> BTreeMap<String, String> {
    row.as_object().expect("a row").iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// A value so that equal ones are equal texts: floats to nine digits, empty text as null.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "null".to_owned(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => int.to_string(),
            (None, Some(float)) if float.fract() == 0.0 && float.abs() < 9e15 => format!("{float:.0}"),
            (None, Some(float)) => format!("{float:.8e}"),
            (None, None) => number.to_string(),
        },
        Value::Array(elements) => format!("[{}]", elements.iter().map(plain).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            format!(
                "{{{}}}",
                members.iter().map(|(key, value)| format!("{key}:{}", plain(value))).collect::<Vec<_>>().join(",")
            )
        }
        other => other.to_string(),
    }
}

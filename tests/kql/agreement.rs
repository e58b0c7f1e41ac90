//! One rule over one log, run twice: by the evaluator over raw records, and as an emitted query by another engine over the table's rows.

use serde_json::{Map, Value, json};
use skywatch::eval::Range;
use skywatch::ir::Rule;
use skywatch::resolve::Resolved;
use skywatch::target::kql::Kql;
use skywatch::target::names::{TIME, WINDOW_START};
use skywatch::target::{Condition, EVENT_RULE_STEP, Emission, Request, Verdict, emit};

use crate::support::compare::{deviations, has_large_numbers, of_records, tied};
use crate::support::oracle::Oracle;
use skywatch::ruletest::rows::{difference, shown_addresses};

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
    let mut emissions = emit(rule, &case.resolved.schema, &Kql, Request { range: case.range, ..Request::default() });
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
    let answer = runner.ask(&case.question(&text));
    if let Some(why) = answer["unsupported"].as_str() {
        return Agreement::Unsupported(why.to_owned());
    }
    let Some(rows) = answer["rows"].as_array() else { return Agreement::Wrong(format!("{answer}\n{text}")) };
    let first = if rule.window.is_some() { WINDOW_START } else { TIME };
    let starts: Vec<_> = rows.iter().map(|row| row[first].as_str()).collect();
    if !starts.is_sorted() {
        return Agreement::Wrong(format!("{text}\nnot in order: {starts:?}"));
    }
    let range = judged(rule, &emission, case.range, case.now);
    let left_out = &emission.query.left_out;
    let alerts = of_records(case.resolved, rule, &emission.source, case.records, range, left_out);
    // What the compiler says of its own accord that it may differ.
    let mut but = [tied(rule), shown_addresses(rule)].concat();
    if emission.query.provided.contains(&Condition::SumsFit) && case.records.iter().any(has_large_numbers) {
        but.extend(deviations(rule));
    }
    match difference(&alerts, rows, &but) {
        None => Agreement::Same(rows.len()),
        Some(why) => Agreement::Wrong(format!("{text}\n{why}\nrecords {}", json!(case.records))),
    }
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

//! Money, executed: random prices, and rules that sum and compare what calls cost, on every log that counts tokens.

use std::fmt::Write as _;

use serde_json::Value;

use crate::emulators::Emulator;
use crate::judge::{Case, Executor};
use crate::logs::{Log, places, storable, target};
use crate::oracles::OnOracle;
use crate::support::choices::Choices;
use crate::support::shapes::Shape;
use crate::support::{cases, resolved, seeded};
use crate::tally::Tally;

/// Logs that count tokens, by target.
fn counting(target: &str) -> &'static [&'static str] {
    match target {
        "kql" => &["azure.openai_usage", "azure.apim_gateway", "azure.apim"],
        _ => &["gcp.vertex"],
    }
}

/// US dollars a million tokens, of up to three places.
const PRICES: [&str; 8] = ["3", "15", "0.25", "1.25", "0.075", "0", "12.5", "0.001"];
const LIMITS: [&str; 8] = ["0", "0.001", "0.75", "3.125", "0.000002", "750", "0.0000025", "0.03"];

/// A list of prices, and a rule over what calls cost by it.
fn text(c: &mut Choices, number: u32, source: &str) -> String {
    let mut out = format!("prices p{number} {{ currency USD\n");
    for (pattern, from) in [("*gpt*", "2025-01-01"), ("*gpt*", "2026-11-02T10:30:00Z"), ("*", "2024-01-01")] {
        let [input, output] = [0, 1].map(|_| *c.one(&PRICES));
        _ = writeln!(out, "model \"{pattern}\" from {from} input = {input}, output = {output}");
    }
    let (money, limit, least) = (format!("cost(p{number})"), *c.one(&LIMITS), *c.one(&LIMITS));
    let compared = *c.one(&[">", ">=", "<", "<="]);
    let rest = match c.below(6) {
        0 => format!("where {money} {compared} {limit} show price = {money}"),
        1 => format!("where {money} is missing over 1h by model.id when count() > 0"),
        2 => format!("over 1h by model.id let most = max({money}), least = min({money}) when most {compared} {limit}"),
        3 => format!("over 1h let spent = sum({money}), twice = spent * 2 when twice {compared} {limit} show spent"),
        4 => format!(
            "over 1h every 30m by model.id let spent = sum({money}) when spent {compared} {limit} or spent == {least}"
        ),
        _ => format!(
            "over 1h by model.id let spent = sum({money} where {money} > {least}) when spent {compared} {limit}"
        ),
    };
    _ = writeln!(out, "}}\nrule r{number} {{ severity low from invocation only {source} {rest} }}");
    out
}

fn priced(executor: &mut dyn Executor, short: u32) {
    let on = executor.target();
    let (mut rules, mut equal, mut with_alerts) = (0, 0, 0);
    for name in counting(on) {
        let shape = Shape::of(name);
        let mut choices: Vec<Choices> = (0..cases(short)).map(|number| Choices::new(seeded(number, 3_000))).collect();
        let texts: Vec<String> = (0..).zip(&mut choices).map(|(number, c)| text(c, number, name)).collect();
        let resolved = resolved(&[&texts.concat()]);
        let schema = &resolved.schema;
        let source = schema.source(name).expect("it is built in");
        let places = places(source, target(on).info().place);
        let mut tally = Tally::default();
        for (rule, (choices, text)) in resolved.rules.iter().zip(choices.iter_mut().zip(&texts)) {
            let records = shape.to_query(choices, 14).into_iter().filter_map(|record| storable(record, &places));
            let log = Log::of(source, schema, &records.collect::<Vec<Value>>());
            let before = tally.wrong.len();
            Case { rule, schema, source, log: &log }.compare(executor, choices, &mut tally);
            if let Some(wrong) = tally.wrong.get_mut(before) {
                *wrong = format!("{text}\n{wrong}");
            }
        }
        tally.report(&format!("{} rules over prices as {on} on {name}", texts.len()));
        assert_eq!(tally.refused, 0, "prices of three places are exact");
        (rules, equal, with_alerts) = (rules + texts.len(), equal + tally.equal, with_alerts + tally.with_alerts);
    }
    assert!(equal * 2 >= rules && with_alerts * 6 >= equal, "{equal} of {rules} equal, {with_alerts} with alerts");
}

#[test]
fn rules_over_prices_on_the_kql_emulator_give_the_local_alerts() {
    priced(&mut Emulator::of("kql", true), 16);
}

#[test]
fn rules_over_prices_on_the_googlesql_emulator_give_the_local_alerts() {
    priced(&mut Emulator::of("googlesql", true), 16);
}

#[test]
fn rules_over_prices_as_kql_give_the_local_alerts() {
    if let Some(mut engine) = OnOracle::of("kql") {
        priced(&mut engine, 8);
    }
}

#[test]
fn rules_over_prices_as_googlesql_give_the_local_alerts() {
    if let Some(mut engine) = OnOracle::of("googlesql") {
        priced(&mut engine, 8);
    }
}

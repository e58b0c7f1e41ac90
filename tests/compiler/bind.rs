//! Simplification of bound rules: what tests of cases become, and that nothing that a rule finds changes by it.
//!
//! Over the raw records of the sources the same is asked by tests/compiler/conformance.rs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::support::choices::Choices;
use crate::support::every_type::{START, STREAM, events, fields};
use crate::support::{cases, resolved_on, seeded};
use skywatch::bind::BoundRule;
use skywatch::bind::simplify::{Carry, simplify_rule, without_row_values};
use skywatch::eval::{Alert, Event, Range, Run, run};
use skywatch::ir::{Expr, ExprKind, Rule, Stream, show_rule};
use skywatch::resolve::Resolved;

/// A rule over events as a bound rule: simplification does not ask what its expressions read.
fn bound(rule: &Rule, stream: &Stream) -> BoundRule {
    let time = &stream.fields[stream.time().index()];
    let time = Expr::new(ExprKind::Field(stream.time()), time.ty.clone(), rule.span);
    BoundRule { rule: rule.clone(), time, event_id: None, left_out: Vec::new() }
}

fn on_sample(rule: &str) -> Resolved {
    resolved_on(&skywatch::schema::BUILTIN[..1], &[STREAM, rule])
}

/// Each shape of test over each shape of value; reviewed by what is left of it.
#[test]
fn what_tests_of_cases_become() {
    const OUTCOME: &str = "case { b1 => \"success\", n1 == 403 => \"denied\", else => \"failure\" }";
    const ALIKE: &str = "case { t1 == \"a\" => \"x\", t1 == \"b\" => \"y\" }";
    // The second arm can hold where the first does, or can't: only then the first need not be denied.
    const BESIDE: &str = "case { t2 == \"a\" => \"x\", t2 == \"b\" or n1 == 1 => \"y\" }";
    const APART: &str = "case { t2 == \"a\" => \"x\", (t2 == \"b\" and b1) or (t2 == \"c\" and n1 == 1) => \"y\" }";
    const READ: &str = "case { b1 => t1, else => coalesce(t2, \"none\") }";
    let tests = [
        (OUTCOME, "value == \"success\""),
        (OUTCOME, "value == \"denied\""),
        (OUTCOME, "value != \"denied\""),
        (OUTCOME, "value in [\"success\", \"failure\"]"),
        (OUTCOME, "value == \"other\""),
        (OUTCOME, "value contains \"e\""),
        (OUTCOME, "value matches /^d/"),
        (OUTCOME, "value is present"),
        (ALIKE, "value == \"y\""),
        (ALIKE, "value in [\"x\", \"y\"]"),
        (ALIKE, "value is missing"),
        (BESIDE, "value == \"y\""),
        (APART, "value == \"y\""),
        (READ, "value == \"a\""),
        (READ, "value is present"),
        ("lower(t1)", "value == \"a\""),
        ("lower(t1)", "value == \"A\""),
        ("lower(t1)", "value in [\"a\", \"B\"]"),
        ("upper(t1)", "value contains all of [\"A\", \"b\"]"),
        ("upper(t1)", "value starts with \"A\""),
        ("upper(t1)", "value != \"A\""),
    ];
    let mut text = String::new();
    for (value, test) in tests {
        let resolved = on_sample(&format!("rule r {{ severity low from sample with value = {value} where {test} }}"));
        let rule = &resolved.rules[0];
        let stream = resolved.schema.stream_of(rule.stream).expect("the rule's stream");
        let bound = without_row_values(bound(rule, stream)).expect("small enough");
        _ = writeln!(text, "{test}  of  {value}");
        let [constants, all] = [Carry::Constants, Carry::All].map(|carry| {
            let shown = show_rule(&simplify_rule(bound.clone(), carry).rule, stream);
            let filter: Vec<&str> = shown.lines().filter_map(|line| line.trim().strip_prefix("where")).collect();
            filter.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n      and ")
        });
        _ = writeln!(text, "    {}", if constants.is_empty() { "everything" } else { &constants });
        if all != constants {
            _ = writeln!(text, "    carried into every case: {all}");
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn random_rules_find_the_same_when_simplified() {
    let found = |rule: &Rule, stream: &Stream, events: &[Event]| -> Vec<Alert> {
        let range = Range { from: START - 86_400_000_000, to: START + 30 * 86_400_000_000 };
        let run = run(rule, stream, events, &Run { pack: "p", range, coverage: &BTreeMap::new() });
        run.expect("patterns are small enough").alerts
    };
    let (total, mut changed, mut alerting) = (cases(300), 0, 0);
    for number in 0..total {
        let mut choices = Choices::new(seeded(number, 400));
        let text = crate::support::random::rule(&mut choices, &fields());
        let resolved = on_sample(&text);
        let rule = &resolved.rules[0];
        let stream = resolved.schema.stream_of(rule.stream).expect("the rule's stream");
        let events = events(&mut choices, stream, 12);
        let expected = found(rule, stream, &events);
        let bound = bound(rule, stream);
        let forms = [
            Some(simplify_rule(bound.clone(), Carry::Constants)),
            Some(simplify_rule(bound.clone(), Carry::All)),
            without_row_values(bound.clone()),
            without_row_values(bound).map(|bound| simplify_rule(bound, Carry::All)),
        ];
        for form in forms.into_iter().flatten() {
            changed += usize::from(form.rule != *rule);
            assert_eq!(
                found(&form.rule, stream, &events),
                expected,
                "case {number}\n{text}\n{}",
                show_rule(&form.rule, stream)
            );
        }
        alerting += usize::from(!expected.is_empty());
    }
    println!("{total} rules, {alerting} with alerts, {changed} forms that differ from their rule");
    assert!(alerting * 4 > total as usize && changed > total as usize / 4, "{alerting} alert, {changed} change");
}

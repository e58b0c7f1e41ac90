//! Random rules: what the generator writes resolves, prints and parses back, and runs on the evaluator without a panic. Other binaries
//! compare its rules between engines.

use std::collections::BTreeMap;

use crate::support::choices::Choices;
use crate::support::every_type::{START, STREAM, events, fields};
use crate::support::{cases, resolved_on, seeded};
use skywatch::eval::{Range, Run, run};

#[test]
fn random_rules_resolve_and_run() {
    let (mut alerts, mut rules_with_alerts) = (0, 0);
    let total = cases(400);
    for number in 0..total {
        let mut choices = Choices::new(seeded(number, 400));
        let text = crate::support::random::rule(&mut choices, &fields());
        let resolved = resolved_on(&skywatch::schema::BUILTIN[..1], &[STREAM, &text]);
        let rule = &resolved.rules[0];
        let stream = resolved.schema.stream_of(rule.stream).expect("the rule's stream");
        let events = events(&mut choices, stream, 12);
        let range = Range { from: START - 86_400_000_000, to: START + 30 * 86_400_000_000 };
        let run = run(rule, stream, &events, &Run { pack: "p", range, coverage: &BTreeMap::new() });
        let found = run.expect("no pattern is too large").alerts.len();
        alerts += found;
        rules_with_alerts += usize::from(found > 0);
    }
    println!("{total} rules, {rules_with_alerts} with alerts, {alerts} alerts");
    assert!(
        rules_with_alerts * 4 > total as usize,
        "too few rules alert to compare anything: {rules_with_alerts} of {total}"
    );
}

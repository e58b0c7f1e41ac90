//! Why a rule alerts: what is said to alert are the alerts of the run, and what passed is what passed.

use std::collections::BTreeSet;
use std::path::Path;

use skywatch::engine::{Limits, Period};
use skywatch::eval::{Range, Value};
use skywatch::ir::{Rule, Source, Window};
use skywatch::pack::{Pack, load};
use skywatch::why::{Case, Given, given, why};

use crate::archive::{engine, sample, sampled, write};
use crate::support::choices::Choices;
use crate::support::every_type::{STREAM, fields};
use crate::support::random::{self, Fields};
use crate::support::{cases, seeded};
use crate::{DAY, RANGES};

const LIMITS: Limits = Limits { memory: 256 << 20, partitions: 2, batch: 64, rules: 8 };

/// A text as a pack over the made-up stream and its two sources.
fn pack(path: &Path, text: &str) -> Pack {
    std::fs::write(path, format!("{STREAM}\n{text}")).expect("written");
    let mut pack = load(path);
    let schema = &mut pack.resolved.schema;
    let stream = schema.stream("sample").expect("the stream");
    schema.sources = sampled("").schema.sources.into_iter().map(|source| Source { stream, ..source }).collect();
    schema.sources.retain(|source| source.fields.len() == schema.streams[stream].fields.len());
    pack
}

#[test]
fn random_rules_alert_where_it_is_said() {
    let (mut alerts, mut others) = (0, 0);
    for number in 0..cases(40) {
        let mut choices = Choices::new(seeded(7_000_000 + number, 4_000));
        let over_time = choices.once_in(2);
        let text = random::rule(&mut choices, &Fields { over_time, ..fields() });
        let folder = tempfile::tempdir().expect("a folder");
        let pack = pack(&folder.path().join("random.sky"), &text);
        let rule = &pack.resolved.rules[0];
        let stream = pack.resolved.schema.stream_of(rule.stream).expect("its stream");
        let events = sample(&pack.resolved, number, 120);
        let archive = folder.path().join("archive");
        write(&archive, &pack.resolved.schema, &events);
        let engine = engine(&archive, &pack.resolved.schema, LIMITS);
        let range = *choices.one(&RANGES);
        let answer = why(&engine, &pack, rule, &[], range, true);
        // Each window by itself, as it is explained.
        let apart =
            Rule { window: rule.window.clone().map(|window| Window { merges: false, ..window }), ..rule.clone() };
        let period = Period::Between { from: Some(range.from), to: Some(range.to) };
        let found = engine.run(&[apart], &pack.id, period).expect("a run").alerts;
        let place = |source: &str, start: i64, keys: &[(String, Value)]| format!("{source} {start} {keys:?}");
        let expected: BTreeSet<String> =
            found.iter().map(|alert| place(&alert.source, alert.window.start, &alert.keys)).collect();
        let said = answer.cases.iter().filter(|case| case.alerts);
        let said: BTreeSet<String> = said.map(|case| place(&case.source, case.window.start, &case.keys)).collect();
        assert_eq!(said, expected, "{text}{range:?} {:#?}", answer.cases.iter().take(3).collect::<Vec<_>>());
        for case in &answer.cases {
            let counts: Vec<&Value> = case.passed.iter().map(|(_, count)| count).collect();
            assert!(counts.windows(2).all(|two| two[0] >= two[1]), "{text}{counts:?}");
        }
        // Of each alert by itself, whatever the past asks of other groups.
        for alert in found.iter().take(6) {
            let own = Given::of_alert(alert, rule, stream);
            let range = match rule.window.is_some() {
                true => Range { from: alert.window.end - 1, to: alert.window.end },
                false => Range { from: alert.window.start, to: alert.window.start + 1 },
            };
            let answer = why(&engine, &pack, rule, &own, range, true);
            let is = |case: &&Case| case.source == alert.source && case.keys == alert.keys && case.event == alert.event;
            let case = answer.cases.iter().find(is).unwrap_or_else(|| panic!("{text}{alert:?} {answer:#?}"));
            assert!(case.alerts, "{text}{alert:?} {case:#?}");
        }
        alerts += said.len();
        others += answer.cases.len() - said.len();
    }
    assert!(alerts > 50 && others > 50, "{alerts} alerts and {others} others are too few to compare");
}

#[test]
fn what_keys_hold_is_read_by_their_types() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "rule r {\n    severity low\n    from     sample\n    where    n1 > 2 and t2 == \"b\"\n    over     1h by t1, n2, who = t3 default \"(nobody)\"\n    let      calls = count()\n    when     calls > 1\n}\n";
    let pack = pack(&folder.path().join("a.sky"), text);
    let rule = &pack.resolved.rules[0];
    let stream = pack.resolved.schema.stream_of(rule.stream).expect("its stream");
    for good in ["t1=a", "n2=1_000", "who=(nobody)", "who=x=y"] {
        assert!(given(good, rule, stream).is_ok(), "{good}");
    }
    // Without windows there are no keys: any field may be asked for.
    let events_only = Rule { window: None, ..rule.clone() };
    for good in ["t1=a", "ip1=203.0.113.7", "b1=true", "u1=15m", "time=2026-01-01T00:00:00Z"] {
        assert!(given(good, &events_only, stream).is_ok(), "{good}");
    }
    for (wrong, says) in [
        ("t1", "no KEY=VALUE"),
        ("t1=", "can't be a value"),
        ("n2=many", "of type int"),
        ("t9=a", "has no key `t9`"),
        ("ip1=203.0.113.7", "has no key `ip1`"),
    ] {
        let said = given(wrong, rule, stream).expect_err(wrong).message;
        assert!(said.contains(says), "{said}");
    }
    // Of one key only its own windows.
    let events = sample(&pack.resolved, 3, 400);
    let archive = folder.path().join("archive");
    write(&archive, &pack.resolved.schema, &events);
    let engine = engine(&archive, &pack.resolved.schema, LIMITS);
    let range = Range { from: crate::START - DAY, to: crate::START + 30 * DAY };
    let all = why(&engine, &pack, rule, &[], range, true);
    let one = why(&engine, &pack, rule, &[given("t1=a", rule, stream).expect("a key")], range, true);
    let is_a = |case: &&Case| case.keys[0].1.as_text() == Some("a");
    assert_eq!(one.cases.len(), all.cases.iter().filter(is_a).count());
    assert!(!one.cases.is_empty() && one.cases.len() < all.cases.len());
}

//! Windows: their edges, which of them a run judges, what merges, and what adjoining runs give.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::eval::{DAY, START, over_raw, rule_and_events};
use proptest::prelude::*;
use skywatch::eval::{Alert, Outcome, Range, Run, run};
use skywatch::ir::SECOND;

const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Events of caller `a` at seconds after the start.
fn at(seconds: &[i64]) -> String {
    seconds.iter().fold(String::new(), |mut out, second| {
        let time = skywatch::eval::clock::time_text(START + second * SECOND).replace(".000000", "");
        _ = write!(out, "{{ time = {time}, caller.id = \"a\", event.id = \"{second}\" }} ");
        out
    })
}

/// Window, until, first and last in minutes after the start, of each alert.
#[track_caller]
fn found(clauses: &str, seconds: &[i64], from: i64, to: i64) -> Vec<[i64; 5]> {
    let outcome = over_raw("severity low", clauses, &at(seconds), from, to);
    outcome.alerts.iter().map(minutes).collect()
}

fn minutes(alert: &Alert) -> [i64; 5] {
    [alert.window.start, alert.window.end, alert.until, alert.first, alert.last].map(|time| (time - START) / MINUTE)
}

#[test]
fn a_window_holds_its_start_and_not_its_end() {
    assert_eq!(found("over 1h", &[0], 0, DAY), [[0, 60, 60, 0, 0]]);
    assert_eq!(found("over 1h", &[3_599], 0, DAY), [[0, 60, 60, 59, 59]]);
    assert_eq!(found("over 1h", &[3_600], 0, DAY), [[60, 120, 120, 60, 60]]);
    assert_eq!(found("over 1h", &[0, 600, 3_000, 3_600], 0, DAY), [[0, 60, 60, 0, 50], [60, 120, 120, 60, 60]]);
    // Starts are multiples of the length since 1970, not since midnight: one of 11 h lies at 2025-12-31T14:00Z.
    assert_eq!(found("over 11h", &[0], -DAY, DAY), [[-600, 60, 60, 0, 0]]);
    assert_eq!(found("over 7d", &[0], -9 * DAY, 9 * DAY), [[0, 10_080, 10_080, 0, 0]]);
}

#[test]
fn a_run_judges_the_windows_that_end_in_it() {
    let judged = |from: i64, to: i64| found("over 1h", &[0], from, to).len();
    assert_eq!(judged(0, HOUR), 1);
    assert_eq!(judged(HOUR - 1, HOUR), 1);
    assert_eq!(judged(HOUR, 2 * HOUR), 0);
    assert_eq!(judged(0, HOUR - 1), 0);
    // The window began before the run, whose first moment lies in it.
    assert_eq!(judged(30 * MINUTE, DAY), 1);
    assert_eq!(judged(0, 0), 0);
}

#[test]
fn rules_without_over_take_the_events_of_the_range() {
    let judged = |from: i64, to: i64| found("where caller.id == \"a\"", &[60], from, to);
    assert_eq!(judged(MINUTE, MINUTE + 1), [[1, 1, 1, 1, 1]]);
    assert_eq!(judged(0, MINUTE), [[0; 5]; 0]);
    assert_eq!(judged(MINUTE + 1, DAY), [[0; 5]; 0]);
}

#[test]
fn hopping_windows_are_one_alert_while_they_stay_true() {
    // At minute 0: windows that end at 10, 20 and 30 hold it.
    assert_eq!(found("over 30m every 10m", &[0], -DAY, DAY), [[-20, 10, 30, 0, 0]]);
    // At 0 and 30: windows end at 10, 20, 30 and 40, 50, 60: no gap between them.
    assert_eq!(found("over 30m every 10m", &[0, 1_800], -DAY, DAY), [[-20, 10, 60, 0, 0]]);
    // At 0 and 40: the window that ends at 40 is empty.
    assert_eq!(found("over 30m every 10m", &[0, 2_400], -DAY, DAY), [[-20, 10, 30, 0, 0], [20, 50, 70, 40, 40]]);
    // Measures and `last` stay those of the window that opened it.
    let two = "over 30m every 10m let n = count() when n >= 2";
    assert_eq!(found(two, &[0, 300, 700], -DAY, DAY), [[-20, 10, 30, 0, 5]]);
    // `every` of the whole length merges too; without `every` nothing does.
    assert_eq!(found("over 10m every 10m", &[0, 600], -DAY, DAY), [[0, 10, 20, 0, 0]]);
    assert_eq!(found("over 10m", &[0, 600], -DAY, DAY), [[0, 10, 10, 0, 0], [10, 20, 20, 10, 10]]);
}

#[test]
fn an_alert_is_of_the_run_in_which_it_opens() {
    let hops = |from: i64, to: i64| found("over 30m every 10m", &[0], from * MINUTE, to * MINUTE);
    assert_eq!(hops(0, 10), [[-20, 10, 10, 0, 0]]);
    assert_eq!(hops(0, 20), [[-20, 10, 20, 0, 0]]);
    // It was open before: the window that ends at 10 is looked at, and not reported again.
    assert_eq!(hops(10, 20), [[0; 5]; 0]);
    assert_eq!(hops(10, 60), [[0; 5]; 0]);
    // The range begins between two ends: the window that ends at 20 is the first, the one before ended at 10.
    assert_eq!(hops(15, 60), [[0; 5]; 0]);
    assert_eq!(found("over 30m every 10m", &[0, 2_400], 10 * MINUTE, DAY), [[20, 50, 70, 40, 40]]);
}

#[test]
fn groups_do_not_merge_with_each_other() {
    let events = format!("{} {{ time = 2026-01-01T00:10Z, caller.id = \"b\" }}", at(&[0]));
    let outcome = over_raw("severity low", "over 10m every 10m by caller.id", &events, 0, DAY);
    assert_eq!(outcome.alerts.iter().map(minutes).collect::<Vec<_>>(), [[0, 10, 10, 0, 0], [10, 20, 20, 10, 10]]);
}

/// A rule over events of two sources, with the coverage of each.
fn of_sources(clauses: &str, seconds: &[i64], sources: &[&str], coverage: &[(&str, i64)]) -> Outcome {
    let events = at(seconds);
    let text = format!(
        "rule r {{ severity low from invocation {clauses} }} test r \"t\" {{ given invocation [ {events} ] expect no alert }}"
    );
    let (resolved, mut events) = rule_and_events(&text);
    for (event, source) in events.iter_mut().zip(sources) {
        event.source = (*source).into();
    }
    let coverage: BTreeMap<String, i64> = coverage.iter().map(|(source, time)| ((*source).to_owned(), *time)).collect();
    let range = Range { from: START - DAY, to: START + DAY };
    let rule = &resolved.rules[0];
    let stream = &resolved.schema.streams[rule.stream];
    run(rule, stream, &events, &Run { pack: "p", range, coverage: &coverage }).unwrap_or_default()
}

#[test]
fn a_rule_runs_for_each_source_alone() {
    let outcome =
        of_sources("over 1h let n = count()", &[0, 60, 120], &["aws.bedrock", "azure.openai", "aws.bedrock"], &[]);
    let found: Vec<_> =
        outcome.alerts.iter().map(|alert| (alert.source.as_str(), alert.measures[0].1.as_int())).collect();
    assert_eq!(found, [("aws.bedrock", Some(2)), ("azure.openai", Some(1))]);
    assert_ne!(outcome.alerts[0].id, outcome.alerts[1].id);
    // `only` keeps other sources out, not events of none.
    let outcome = of_sources("only aws over 1h", &[0, 60, 120], &["aws.bedrock", "gcp.x", ""], &[]);
    assert_eq!(outcome.alerts.iter().map(|alert| alert.source.as_str()).collect::<Vec<_>>(), ["", "aws.bedrock"]);
}

#[test]
fn a_window_that_begins_before_the_coverage_is_partial() {
    let partial = |begin: i64| {
        let outcome =
            of_sources("over 1h", &[1_800], &["aws.bedrock"], &[("aws.bedrock", START + begin), ("other", i64::MAX)]);
        outcome.alerts[0].partial
    };
    assert!(!partial(0));
    assert!(partial(1));
}

#[test]
fn alerts_sort_by_window_source_and_keys() {
    let events = r#"
        { time = 2026-01-01T01:00Z, caller.id = "a", status = 2 } { time = 2026-01-01T00:00Z, caller.id = "b", status = 10 }
        { time = 2026-01-01T00:00Z, caller.id = "b", status = 9 } { time = 2026-01-01T00:00Z, caller.id = "a", status = 10 }"#;
    let outcome = over_raw("severity low", "over 1h by caller.id, status", events, 0, DAY);
    let keys: Vec<_> = outcome.alerts.iter().map(|a| (a.keys[0].1.as_text(), a.keys[1].1.as_int())).collect();
    let expected = [("a", 10), ("b", 9), ("b", 10), ("a", 2)].map(|(caller, status)| (Some(caller), Some(status)));
    assert_eq!(keys, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_101), cases: 48, ..ProptestConfig::default() })]

    /// Adjoining runs judge what one run judges; of an alert that lasts, each run knows the part up to its own end.
    #[test]
    fn adjoining_runs_give_what_one_gives(
        seconds in prop::collection::vec(0_i64..14_400, 0..40),
        mut cuts in prop::collection::vec(-3_600_i64..18_000, 0..5),
        clauses in prop::sample::select(vec![
            "over 10m", "over 30m every 10m by caller.id", "over 30m every 10m let n = count() when n > 1",
            "over 1h every 1h", "over 20m every 1m let n = distinct(event.id) when n == 2", "where caller.id == \"a\"",
        ]),
    ) {
        cuts.sort_unstable();
        let ends: Vec<i64> = [-7_200].into_iter().chain(cuts).chain([28_800]).map(|second| second * SECOND).collect();
        let key = |alert: &Alert| (alert.id.clone(), alert.window, alert.first, alert.last);
        let events = at(&seconds);
        let whole = over_raw("severity low", clauses, &events, ends[0], ends[ends.len() - 1]);
        let mut parts: Vec<Alert> = Vec::new();
        for range in ends.windows(2) {
            parts.extend(over_raw("severity low", clauses, &events, range[0], range[1]).alerts);
        }
        let whole: Vec<_> = whole.alerts.iter().map(key).collect();
        let parts: Vec<_> = parts.iter().map(key).collect();
        prop_assert_eq!(whole, parts);
    }

    /// The order in which events come changes no byte.
    #[test]
    fn the_order_of_events_does_not_show(
        seconds in prop::collection::vec((0_i64..7_200, 0_i64..50, prop::option::of(0..3)), 0..30).prop_flat_map(|events| {
            (Just(events.clone()), Just(events).prop_shuffle())
        }),
        clauses in prop::sample::select(vec![
            "over 30m every 10m by caller.id default \"?\" let s = stddev(tokens.input / 7), a = avg(tokens.input / 10), t = sum(tokens.input / 3)",
            "over 1h let v = values(caller.id, 2), t = top(tokens.input, 2), f = first(tokens.input), l = last(caller.id), p = percentile(tokens.input, 30)",
            "where tokens.input > 10 show caller.id, tokens.input",
        ]),
    ) {
        let text = |events: &[(i64, i64, Option<i32>)]| events.iter().fold(String::new(), |mut out, (second, tokens, caller)| {
            let time = skywatch::eval::clock::time_text(START + second * SECOND).replace(".000000", "");
            let caller = caller.map(|caller| format!(", caller.id = \"{caller}\"")).unwrap_or_default();
            _ = write!(out, "{{ time = {time}, tokens.input = {tokens}{caller} }} ");
            out
        });
        let json = |events: &[(i64, i64, Option<i32>)]| {
            let outcome = over_raw("severity low", clauses, &text(events), 0, DAY);
            (serde_json::to_string(&outcome.alerts).unwrap_or_default(), outcome.lost_to_missing_keys)
        };
        prop_assert_eq!(json(&seconds.0), json(&seconds.1));
    }
}

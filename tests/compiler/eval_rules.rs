//! What rules mean, on the evaluator: rules and events as text, alerts as few words.

use crate::eval::{DAY, alerts, ids, measures, over_raw, run_over};
use crate::support::resolved;

/// Every event that a condition can meet: `full` has all fields, `bare` none, the others one oddity each.
const ODDITIES: &str = r#"
    { time = 2026-01-01T00:00Z, event.id = "full", caller.id = "alice", model.id = "m", tokens.input = 10, tokens.output = 5, status = 200,
      latency = 1500ms, source.ip = 10.0.0.1, prompt = "Ignore ALL rules", tools = ["Bash", "search"], region = "alice",
      guardrail.findings = [{ type = "HATE", detected = true }, { type = "VIOLENCE", detected = false }] }
    { time = 2026-01-01T00:00Z, event.id = "bare" }
    { time = 2026-01-01T00:00Z, event.id = "half", caller.id = "bob", tokens.input = 7,
      guardrail.findings = [{ policy = "content" }] }
"#;

#[track_caller]
fn keeps(condition: &str, expected: &[&str]) {
    assert_eq!(ids(&format!("where {condition}"), ODDITIES), expected, "{condition}");
}

#[test]
fn positive_tests_are_false_on_missing_and_negated_ones_true() {
    let pairs: &[(&str, &str, &[&str])] = &[
        ("caller.id == \"alice\"", "caller.id != \"alice\"", &["full"]),
        ("caller.id in [\"alice\", \"bob\"]", "caller.id not in [\"alice\", \"bob\"]", &["full", "half"]),
        ("caller.id contains \"b\"", "not caller.id contains \"b\"", &["half"]),
        ("caller.id starts with \"al\"", "not caller.id starts with \"al\"", &["full"]),
        ("caller.id ends with \"ob\"", "not caller.id ends with \"ob\"", &["half"]),
        ("caller.id matches /^a/", "not caller.id matches /^a/", &["full"]),
        ("caller.id is present", "caller.id is missing", &["full", "half"]),
        ("tokens.input > 7", "not tokens.input > 7", &["full"]),
        ("tokens.input >= 7", "not tokens.input >= 7", &["full", "half"]),
        ("tokens.input < 8", "not tokens.input < 8", &["half"]),
        ("tokens.input <= 10", "not tokens.input <= 10", &["full", "half"]),
        ("latency > 1s", "not latency > 1s", &["full"]),
        ("source.ip in 10.0.0.0/8", "source.ip not in 10.0.0.0/8", &["full"]),
        ("source.ip == 10.0.0.1", "source.ip != 10.0.0.1", &["full"]),
        ("tools has \"Bash\"", "not tools has \"Bash\"", &["full"]),
        ("any t in tools (t == \"search\")", "not any t in tools (t == \"search\")", &["full"]),
        ("all t in tools (length(t) > 3)", "not all t in tools (length(t) > 3)", &["full"]),
        ("prompt contains \"ignore\" nocase", "not prompt contains \"ignore\" nocase", &["full"]),
        // Two fields: both are needed.
        ("caller.id == region", "caller.id != region", &["full"]),
        ("caller.id == region nocase", "not caller.id == region nocase", &["full"]),
    ];
    for (positive, negative, expected) in pairs {
        keeps(positive, expected);
        let rest: Vec<&str> = ["full", "bare", "half"].into_iter().filter(|id| !expected.contains(id)).collect();
        keeps(negative, &rest);
        keeps(&format!("not ({positive})"), &rest);
    }
}

#[test]
fn missing_is_not_equal_to_missing() {
    keeps("deployment == backend.id", &[]);
    keeps("deployment != backend.id", &["full", "bare", "half"]);
}

#[test]
fn arithmetic_with_missing_is_missing_but_sum_of_skips() {
    keeps("tokens.input + tokens.output == 15", &["full"]);
    keeps("tokens.input + tokens.output is missing", &["bare", "half"]);
    keeps("sum_of(tokens.input, tokens.output) == 7", &["half"]);
    keeps("sum_of(tokens.input, tokens.output) is missing", &["bare"]);
    // A stream's default.
    keeps("tokens.total == 15", &["full"]);
    keeps("tokens.total == 7", &["half"]);
    keeps("greatest(tokens.input, tokens.output) == 7", &["half"]);
    keeps("least(tokens.input, tokens.output) == 5", &["full"]);
    keeps("least(tokens.input, tokens.output) is missing", &["bare"]);
    keeps("9223372036854775807 + tokens.input is missing", &["full", "bare", "half"]);
    keeps("tokens.input / (tokens.input - 7) is missing", &["bare", "half"]);
    keeps("tokens.input / 4 == 2.5", &["full"]);
}

#[test]
fn texts_skip_missing_parts() {
    keeps("concat(caller.id, \"/\", model.id) == \"bob/\"", &["half"]);
    keeps("concat(caller.id, model.id) is missing", &["bare"]);
    keeps("coalesce(model.id, caller.id, \"none\") == \"none\"", &["bare"]);
    keeps("coalesce(model.id, caller.id) == \"bob\"", &["half"]);
    keeps("length(model.id) is missing", &["bare", "half"]);
    keeps("substring(model.id, 5, 1) is missing", &["full", "bare", "half"]);
    keeps("substring(model.id, 0, 0) is missing", &["full", "bare", "half"]);
    keeps("extract(caller.id, /l(x*)/) is missing", &["full", "bare", "half"]);
    keeps("extract(caller.id, /l(i)/) == \"i\"", &["full"]);
    keeps("segment(\"a/b/c\", \"/\", -1) == \"c\"", &["full", "bare", "half"]);
    keeps("host(\"https://u@Example.com:1/x\") == \"example.com\"", &["full", "bare", "half"]);
    keeps("hash(caller.id) == \"2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90\"", &["full"]);
    keeps("upper(caller.id) == \"BOB\"", &["half"]);
    keeps("base64_decode(\"aGk\") == \"hi\"", &["full", "bare", "half"]);
}

#[test]
fn conditions_inside_values_take_missing_as_false() {
    keeps("if(tokens.input > 8, \"big\", \"small\") == \"small\"", &["bare", "half"]);
    keeps("case { tokens.input > 8 => \"big\" } is missing", &["bare", "half"]);
    // The first arm that holds decides, even if its value is missing.
    keeps("case { caller.id == \"bob\" => model.id, else => \"other\" } is missing", &["half"]);
}

#[test]
fn lists() {
    keeps("size(tools) == 0", &["bare", "half"]);
    keeps("size(tools) == 2", &["full"]);
    keeps("any t in tools (t is missing)", &[]);
    keeps("all t in tools (t is missing)", &[]);
    keeps("tools has any of [\"bash\", \"x\"]", &[]);
    keeps("tools has any of [\"bash\", \"x\"] nocase", &["full"]);
    keeps("tools has all of [\"Bash\", \"search\"]", &["full"]);
    keeps("tools has all of [\"Bash\", \"x\"]", &[]);
    // An element whose part is missing stays an element and fails positive tests.
    keeps("any f in guardrail.findings (f.type == \"HATE\" and f.detected)", &["full"]);
    keeps("any f in guardrail.findings (f.type == \"VIOLENCE\" and f.detected)", &[]);
    keeps("any f in guardrail.findings (f.type is missing)", &["half"]);
    keeps("all f in guardrail.findings (f.policy == \"content\")", &["half"]);
    keeps("any f in guardrail.findings (not f.detected)", &["full", "half"]);
    keeps("all f in guardrail.findings (f.type is present)", &["full"]);
}

#[test]
fn several_needles_and_patterns() {
    keeps("prompt contains any of [\"rules\", \"x\"]", &["full"]);
    keeps("prompt contains all of [\"Ignore\", \"rules\"]", &["full"]);
    keeps("prompt contains all of [\"ignore\", \"rules\"]", &[]);
    keeps("prompt matches any of [/x/, /RULES$/] nocase", &["full"]);
    keeps("prompt matches all of [/x/, /rules$/]", &[]);
    // A needle that is missing is not found.
    keeps("prompt contains model.id", &[]);
    keeps("region starts with caller.id", &["full"]);
}

#[test]
fn numbers_of_two_types_compare_exactly() {
    let events = r#"{ time = 2026-01-01T00:00Z, event.id = "a", tokens.input = 9007199254740993 }
                    { time = 2026-01-01T00:00Z, event.id = "b", tokens.input = 9007199254740992 }"#;
    assert_eq!(ids("where tokens.input == 9007199254740992.0", events), ["b"]);
    assert_eq!(ids("where tokens.input > 9007199254740992.0", events), ["a"]);
    assert_eq!(ids("where tokens.input in [9007199254740993]", events), ["a"]);
}

#[test]
fn clocks_are_utc() {
    let events =
        r#"{ time = 2026-01-04T23:59:59Z, event.id = "sunday" } { time = 2026-01-05T00:00:00Z, event.id = "monday" }"#;
    assert_eq!(ids("where weekday(time) == 7 and hour(time) == 23", events), ["sunday"]);
    assert_eq!(ids("where weekday(time) == 1 and hour(time) == 0", events), ["monday"]);
    assert_eq!(ids("where time >= 2026-01-05", events), ["monday"]);
    assert_eq!(ids("where time - 2026-01-04 < 1d", events), ["sunday"]);
    assert_eq!(ids("where time + 1s == 2026-01-05", events), ["sunday"]);
}

#[test]
fn row_values_and_elements() {
    let events = r#"{ time = 2026-01-01T00:00Z, event.id = "a", tools = ["x", "y", "x"] } { time = 2026-01-01T00:00Z, event.id = "b" }"#;
    assert_eq!(
        measures(
            "each t in tools over 1h let rows = count(), events = distinct(event.id), kinds = distinct(t)",
            events
        ),
        [r#"{"rows":3,"events":1,"kinds":2}"#]
    );
    assert_eq!(
        measures("with n = size(tools), twice = n * 2 over 1h let total = sum(twice)", events),
        [r#"{"total":6}"#]
    );
    // `where` speaks of the element; an event without elements has no row.
    assert_eq!(measures("each t in tools where t == \"x\" over 1h let rows = count()", events), [r#"{"rows":2}"#]);
    let shown = alerts("each t in tools where t == \"x\" show t, id = event.id", events);
    let ids: Vec<_> = shown.iter().map(|alert| alert.event.clone().map(|event| event.element)).collect();
    assert_eq!(ids, [Some(Some(0)), Some(Some(2))]);
    assert_ne!(shown[0].id, shown[1].id);
}

#[test]
fn aggregates() {
    let events = r#"
        { time = 2026-01-01T00:02Z, event.id = "c", caller.id = "z", tokens.input = 4, latency = 3s, model.id = "m2" }
        { time = 2026-01-01T00:01Z, event.id = "b", tokens.input = 2, latency = 2s, model.id = "m1" }
        { time = 2026-01-01T00:01Z, event.id = "a", caller.id = "y", tokens.input = 9, model.id = "m1" }
        { time = 2026-01-01T00:03Z, event.id = "d", caller.id = "x" }
    "#;
    let one = |measure: &str| measures(&format!("over 1h let m = {measure}"), events).concat();
    for (measure, value) in [
        ("count()", "4"),
        ("count(where tokens.input > 2)", "2"),
        ("count(where tokens.input > 100)", "0"),
        ("sum(tokens.input)", "15"),
        ("sum(tokens.input where caller.id == \"y\")", "9"),
        ("sum(tokens.input where caller.id == \"none\")", "0"),
        ("avg(tokens.input)", "5.0"),
        ("avg(latency)", "2.5"),
        ("sum(latency)", "5"),
        ("avg(tokens.input where caller.id == \"none\")", "null"),
        ("min(tokens.input)", "2"),
        ("max(tokens.input)", "9"),
        ("max(tokens.input where caller.id == \"none\")", "null"),
        ("min(time)", "\"2026-01-01T00:01:00.000000Z\""),
        ("max(latency)", "3"),
        ("stddev(tokens.input)", "3.605551275463989"),
        ("stddev(tokens.input where tokens.input == 2)", "null"),
        ("percentile(tokens.input, 50)", "4"),
        ("percentile(tokens.input, 33.333333333)", "2"),
        ("percentile(tokens.input, 33.333333334)", "4"),
        ("percentile(tokens.input, 100)", "9"),
        ("percentile(tokens.input, 0.000000001)", "2"),
        ("percentile(tokens.input where false == true, 50)", "null"),
        ("distinct(model.id)", "2"),
        ("distinct(caller.id, model.id)", "2"),
        ("distinct(caller.id where caller.id == \"none\")", "0"),
        ("values(caller.id, 2)", r#"{"values":["x","y"],"more":true}"#),
        ("values(caller.id, 3)", r#"{"values":["x","y","z"],"more":false}"#),
        ("top(model.id, 1)", r#"{"values":["m1"],"more":true}"#),
        ("top(caller.id, 2)", r#"{"values":["x","y"],"more":true}"#),
        ("values(region, 2)", "null"),
        // By time, then id; rows without a value are passed over.
        ("first(model.id)", "\"m1\""),
        ("first(tokens.input)", "9"),
        ("last(tokens.input)", "4"),
        ("last(caller.id)", "\"x\""),
        ("first(region)", "null"),
    ] {
        assert_eq!(one(measure), format!("{{\"m\":{value}}}"), "{measure}");
    }
}

/// An aggregate that a rule names several times is worked out once, unless its rows are chosen.
#[test]
fn equal_aggregates_are_one() {
    let rule = |lets: &str| {
        let text =
            format!("rule r {{ severity low from invocation over 1h by caller.id let {lets} when count() > 3 }}");
        resolved(&[&text]).rules[0].aggregates.len()
    };
    assert_eq!(rule("n = count(), m = count() + 1"), 1);
    assert_eq!(rule("n = sum(tokens.input), m = sum(tokens.input) / count()"), 2);
    assert_eq!(rule("n = sum(tokens.input), m = sum(tokens.output)"), 3);
    assert_eq!(rule("n = distinct(model.id, region), m = distinct(model.id), k = distinct(model.id, region)"), 3);
    assert_eq!(rule("n = count(where tokens.input > 5), m = count(where tokens.input > 5)"), 3);
}

#[test]
fn sums_of_floats_are_those_of_mathematics() {
    let numbers =
        ["0.1"; 10].map(|n| format!("{{ time = 2026-01-01T00:00Z, status = 1, response.size = {} }}", &n[2..]));
    // Ten times 0.1, computed from ints so that no float is written.
    let found = measures("over 1h let s = sum(response.size / 10), a = avg(response.size / 10)", &numbers.concat());
    assert_eq!(found, [r#"{"s":1.0,"a":0.1}"#]);
    let big = r#"{ time = 2026-01-01T00:00Z, tokens.input = 9223372036854775807 } { time = 2026-01-01T00:00Z, tokens.input = 1 }"#;
    assert_eq!(measures("over 1h let s = sum(tokens.input), n = count()", big), [r#"{"s":null,"n":2}"#]);
    let back = format!("{big} {{ time = 2026-01-01T00:00Z, tokens.input = -1 }}");
    assert_eq!(measures("over 1h let s = sum(tokens.input)", &back), [r#"{"s":9223372036854775807}"#]);
}

#[test]
fn measures_use_measures_and_when_decides() {
    let events = r#"{ time = 2026-01-01T00:00Z, caller.id = "a", tokens.input = 10 } { time = 2026-01-01T00:00Z, caller.id = "b", tokens.input = 11 }"#;
    let rule = "over 1h by caller.id let total = sum(tokens.input), half = total / 2 when half > 5.0";
    assert_eq!(measures(rule, events), [r#"{"total":11,"half":5.5}"#]);
    // `when` on a missing measure is false, and its negation true.
    assert_eq!(measures("over 1h let m = max(tokens.output) when m > 0", events), [""; 0]);
    assert_eq!(measures("over 1h let m = max(tokens.output) when not (m > 0)", events), [r#"{"m":null}"#]);
    assert_eq!(measures("over 1h by caller.id when caller.id == \"b\" and count() == 1", events), ["{}"]);
}

#[test]
fn severity_and_context() {
    let events = r#"{ time = 2026-01-01T00:00Z, event.id = "a", caller.id = "a", tokens.input = 10 } { time = 2026-01-01T00:00Z, event.id = "b", caller.id = "b" }"#;
    let case = "severity case { total > 5 => critical, caller.id == \"b\" => low, else => high }";
    let found = run_over(
        case,
        "over 1h by caller.id let total = sum(tokens.input) show callers = values(caller.id, 5), total",
        events,
    );
    assert_eq!(found.iter().map(|alert| alert.severity.text()).collect::<Vec<_>>(), ["critical", "low"]);
    let json = serde_json::to_string(&found[0]).unwrap_or_default();
    assert!(json.contains(r#""show":{"callers":{"values":["a"],"more":false},"total":10}"#), "{json}");
    let case = "severity case { tokens.input > 5 => critical, else => informational }";
    let found = run_over(case, "where caller.id is present show caller.id, time", events);
    assert_eq!(found.iter().map(|alert| alert.severity.text()).collect::<Vec<_>>(), ["critical", "informational"]);
    let json = serde_json::to_string(&found[0]).unwrap_or_default();
    assert!(
        json.contains(r#""window":{"start":"2026-01-01T00:00:00.000000Z","end":"2026-01-01T00:00:00.000000Z"}"#),
        "{json}"
    );
    assert!(json.contains(r#""show":{"caller.id":"a","time":"2026-01-01T00:00:00.000000Z"}"#), "{json}");
}

#[test]
fn an_event_without_a_key_is_lost_unless_the_key_has_a_default() {
    let events = r#"
        { time = 2026-01-01T00:00Z, event.id = "a", caller.id = "a", tools = ["x", "y"] }
        { time = 2026-01-01T00:00Z, event.id = "b", tools = ["x", "y"] }
        { time = 2026-01-03T00:00Z, event.id = "out of range" }"#;
    let found = over_raw("severity low", "over 1h by caller.id let n = count()", events, 0, DAY);
    assert_eq!((found.alerts.len(), found.lost_to_missing_keys), (1, 1));
    // Lost are events, not rows; one that `where` excludes is not lost.
    let found = over_raw("severity low", "each t in tools over 1h by caller.id, t let n = count()", events, 0, DAY);
    assert_eq!((found.alerts.len(), found.lost_to_missing_keys), (2, 1));
    let found = over_raw("severity low", "where event.id != \"b\" over 1h by caller.id", events, 0, DAY);
    assert_eq!((found.alerts.len(), found.lost_to_missing_keys), (1, 0));
    let found = over_raw("severity low", "over 1h by caller.id default \"(none)\" let n = count()", events, 0, DAY);
    let keys: Vec<_> = found.alerts.iter().map(|alert| alert.keys[0].1.as_text().map(str::to_owned)).collect();
    assert_eq!((keys, found.lost_to_missing_keys), (vec![Some("(none)".to_owned()), Some("a".to_owned())], 0));
}

#[test]
fn operations_of_an_event_without_a_source_are_those_of_every_cloud() {
    let text = r#"
        operations guardrail_change { aws "bedrock:*Guardrail" azure "Microsoft.CognitiveServices/*/write" }
        rule r { severity low from activity where operation is guardrail_change }
        test r "t" { given activity [
            { time = 2026-01-01T00:00Z, event.id = "aws", operation = "bedrock:UpdateGuardrail" }
            { time = 2026-01-01T00:00Z, event.id = "aws in another case", operation = "Bedrock:UpdateGuardrail" }
            { time = 2026-01-01T00:00Z, event.id = "azure", operation = "MICROSOFT.COGNITIVESERVICES/accounts/WRITE" }
            { time = 2026-01-01T00:00Z, event.id = "none" }
        ] expect no alert }"#;
    assert_eq!(crate::eval::ids_of(text), ["aws", "azure"]);
}

//! Emitted GoogleSQL, executed by an independent engine on rows of every oddity, gives what the evaluator gives on the raw records.

use crate::google::probe::{Dice, probe_schema, probes};
use crate::google::{Case, START, check, emitted};
use crate::support::compare::of_records;
use crate::support::resolved;
use serde_json::{Value as Row, json};
use skywatch::bind::{Bound, bind};
use skywatch::eval::Range;
use skywatch::eval::clock::time_text;
use skywatch::ir::SECOND;
use skywatch::resolve::Resolved;
use skywatch::target::Verdict;

const PROBE: &str = include_str!("../google/probe.sky");

fn between((from, to): (i64, i64)) -> Range {
    Range { from, to }
}

/// Cases of every rule of a text over the same records.
fn probe_cases(resolved: &Resolved, count: usize, seed: u64, range: (i64, i64)) -> Vec<Case> {
    let (records, rows) = probes(count, seed);
    let given = json!({ "tables": { "probe": rows }, "schema": probe_schema() });
    let mut cases = Vec::new();
    for rule in resolved.rules.iter().filter(|rule| resolved.schema.streams[rule.stream].name == "probe") {
        let emission = emitted(resolved, rule, "gcp.probe", Some(range));
        assert_eq!(emission.query.verdict, Verdict::Exact, "{}: {:?}", rule.name, emission.query.reasons);
        assert_eq!(emission.query.left_out, Vec::<String>::new(), "{}", rule.name);
        let expected = of_records(resolved, rule, "gcp.probe", &records, between(range), &[]);
        cases.push(Case::new(rule.name.clone(), rule, emission, given.clone(), expected));
    }
    cases
}

/// Conditions that a row meets or not; each is also asked for its complement, and inside `and`, `or` and a case.
const CONDITIONS: &[&str] = &[
    "s is present",
    "s == \"alice\"",
    "s == \"a'b\"",
    "s in [\"a\\\\b\", \"line\\nbreak\", \"tab\\t\", \"\\u{1}\\u{7f}\"]",
    "s starts with \"a\\\\\"",
    "s ends with \"'b\"",
    "s == \"k\" nocase",
    "s contains \"s\" nocase",
    "s matches /a\\sb/",
    "s matches /^\\d$/",
    "s matches /[\\&\\-~\\[]/",
    "s == \"true\"",
    "s == \"alice\" nocase",
    "s == s2",
    "s == s2 nocase",
    "s in [\"a\", \"A\", \"é\"]",
    "s in [\"a\", \"é\"] nocase",
    "s contains \"e\"",
    "s contains \"E\" nocase",
    "s contains any of [\"%_\", \"\\\\\", \"'\"]",
    "s contains all of [\"i\", \"e\"] nocase",
    "s contains s2",
    "s starts with \"a\"",
    "s starts with any of [\"10.\", \"A\"] nocase",
    "s ends with \"1\"",
    "s ends with any of [\"x\", \"\\n\", \"E\"] nocase",
    "s matches /^[a-c]+$/",
    "s matches /^[a-c]+$/ nocase",
    "s matches /x*/",
    "s matches /\\d.\\d/",
    "s matches /line.break/",
    "s matches /\\bx\\b/",
    "s matches /[^a-z]\\s?[é'\"]/",
    "s matches /a|^$/",
    "n == 5",
    "n != 5",
    "n > 4.5",
    "n >= -3.5",
    "n < 5.0",
    "n == 5.0",
    "n == 4.5",
    "n < 100000000000000000000.5",
    "n > f",
    "n >= f",
    "n < f",
    "n <= f",
    "n == f",
    "n in [5, 7]",
    "n == m",
    "f > 1",
    "f == n",
    "b == true",
    "b == false",
    "b is missing",
    "at > 2026-01-01",
    "hour(at) == 23",
    "weekday(at) in [3, 7]",
    "took > 5ms",
    "took * 2 >= 10ms",
    "rounded > 1ms",
    "ip in 10.0.0.0/8",
    "ip in ::/0",
    "ip in 0.0.0.0/0",
    "ip in [fd00::/8, 192.168.0.0/16]",
    "ip == 10.0.0.1",
    "ip == fd00::1",
    "ip in [10.0.0.1/32, ::1/128]",
    "ip is present",
    "ip == sip",
    "jtext is present",
    "jtext == \"5\"",
    "jtext == \"true\"",
    "jtext contains \"r\"",
    "jtext matches /^(true|a)$/",
    "jtext in [\"false\", \"a\"]",
    "jint == 5",
    "jint > 4",
    "jint is missing",
    "jfloat >= 5",
    "jfloat is present",
    "jbool == true",
    "jbool == false",
    "jbool is present",
    "jtime > 2025-12-31",
    "jtime is present",
    "jip in 10.0.0.0/8",
    "wtext == \"a\"",
    "wtext is present",
    "wint >= 5",
    "bare is present",
    "ntext == \"5\"",
    "ntext contains \"1\"",
    "sint == 5",
    "sint is present",
    "sfloat == 5.5",
    "sfloat is present",
    "stime is present",
    "stime == 2026-01-01T00:00:00.123456Z",
    "sip is present",
    "nanos is present",
    "nanos < 1970-01-01",
    "told is present",
    "told == 2026-01-01T00:00:00.25Z",
    "size(named) == 2",
    "any e in named (e.name == \"int\" and e.size == 5)",
    "newest == \"b\"",
    "newest is missing",
    "odd == \"odd\"",
    "labels has \"a\"",
    "labels has \"A\" nocase",
    "labels has any of [\"true\", \"5\"]",
    "labels has all of [\"a\", \"5\"]",
    "nums has 5",
    "labels is present",
    "deep is present",
    "deep has \"x\"",
    "both has \"a\"",
    "size(labels) > 1",
    "size(deep) == 2",
    "size(kept) >= 1",
    "any t in labels (t contains \"a\")",
    "all t in labels (length(t) > 1)",
    "any i in items (i.name == \"a\" and i.size > 1)",
    "any i in items (i.name is missing)",
    "all i in items (i.ok == true)",
    "all i in kept (i.name != \"b\")",
    "any i in items (i.name == s or i.size == n)",
    "kept is present",
    "whole contains \"a\"",
    "final == \"a\"",
    "second is present",
    "back == \"b\"",
    "inner == \"v\"",
    "inner == \"5\"",
    "kind == \"none\"",
    "kind == \"some\"",
    "kind == \"other\"",
    "kind in [\"none\", \"other\"]",
    "kind contains \"o\"",
    "kind != \"some\"",
    "length(s) > 3",
    "substring(s, 1, 2) == \"li\"",
    "substring(s, length(s2) - 2, length(s) - 2) is present",
    "concat(s, s2) contains \"ab\"",
    "coalesce(jtext, s) == \"alice\"",
    "sum_of(n, m) > 10",
    "sum_of(jint, n, 1) == 6",
    "greatest(n, m) == 7",
    "least(f, 2.0) < 0",
    "lower(s) == \"alice\"",
    "upper(s) contains \"LIC\"",
    "lower(s) == lower(s2)",
    "extract(s, /models\\/([^\\/]+)$/) == \"m1\"",
    "extract(s, /(x)?a(b)/) is present",
    "extract(s, /[0-9]*/) is present",
    "extract(s, /(x)?l(i)/) is present",
    "extract(s, /(?:(q)|l)i/) is present",
    "extract(s, /a(z*)l/) is present",
    "extract(s, /(?:a(z*)){1,2}l/) is present",
    "segment(s, \"/\", -1) == \"m1\"",
    "segment(s, \"/\", 1) == \"models\"",
    "base64_decode(s) == \"hi\"",
    "hash(s) starts with \"ca978112\"",
    "n + m > 10",
    "n - m == 0",
    "n * m > 1000",
    "n / m > 0.5",
    "f / f == 1",
    "at - time > 10h",
    "time + took > 2026-01-01T00:00:00.004Z",
    "if(n > 4, s, s2) == \"alice\"",
    "case { n == 5 => s, b == true => \"x\" } is missing",
];

#[test]
fn conditions_keep_the_same_rows() {
    let mut text = PROBE.to_owned();
    for (n, condition) in CONDITIONS.iter().enumerate() {
        text.push_str(&format!("rule keeps_{n} {{ severity low from probe where {condition} }}\n"));
    }
    // Each as a value, negated, beside another one, and inside of counts.
    for (n, chunk) in CONDITIONS.chunks(10).enumerate() {
        let (mut shown, mut counted) = (Vec::new(), Vec::new());
        for (m, condition) in chunk.iter().enumerate() {
            let other = CONDITIONS[(n * 37 + m * 7 + 3) % CONDITIONS.len()];
            shown.push(format!("yes_{m} = if({condition}, 1, 0), no_{m} = if(not ({condition}), 1, 0)"));
            shown.push(format!("mixed_{m} = if(not (({condition}) and not ({other})), 1, 0)"));
            shown.push(format!("either_{m} = if(({condition}) or ({other}), 1, 0)"));
            counted.push(format!("yes_{m} = count(where {condition}), no_{m} = count(where not ({condition}))"));
        }
        text.push_str(&format!("rule shows_{n} {{ severity low from probe show {} }}\n", shown.join(", ")));
        text.push_str(&format!("rule counts_{n} {{ severity low from probe over 1h let {} }}\n", counted.join(", ")));
    }
    let resolved = resolved(&[&text]);
    let executed = check(&probe_cases(&resolved, 150, 7, (START, START + 86_400 * SECOND)));
    println!("{executed} queries executed");
}

/// Clauses of rules, `from probe` before them.
const RULES: &[&str] = &[
    "show s, n, f, b, at, took, ip, jtext, jint, jfloat, jbool, jtime, jip, wtext, wint, whole, final, second, kind, back, inner",
    "show low = lower(s), up = upper(s), len = length(s), part = substring(s, 1, 3), both = concat(s, \"-\", s2), h = hash(s), d = base64_decode(s)",
    "show x = n + m, y = n - m, z = n * m, q = n / m, half = took / 2, twice = took * 3, ratio = took / 7ms, later = time + took, ago = time - at",
    "show g = greatest(n, m, 6), l = least(n, m), t = sum_of(n, m), c = coalesce(s, s2, \"none\"), w = weekday(at), hr = hour(at), k = size(labels)",
    "show labels, nums, deep",
    "with x = coalesce(s, s2), y = concat(x, x) where y contains \"aa\" show y",
    "each i in items where i.size >= 1 show i.name, i.size, i.ok",
    "each i in kept where i.name != \"a\" show i.name",
    "each t in labels where t is present show t",
    "over 10m",
    "over 10m by s2 let rows = count()",
    "over 10m by s2 default \"(none)\" let rows = count() when rows > 2",
    "over 10m every 1m by s2 let rows = count() when rows > 1",
    "over 1h every 10m by s2, b let rows = count(), different = distinct(s)",
    "over 1500ms every 500ms let rows = count()",
    "over 1h by ip let rows = count(), first_ip = first(ip), last_ip = last(ip) show last_shown = last(ip)",
    "over 1h by n, at let rows = count()",
    "over 1h by took let rows = count() show longest = max(took), mean = avg(took), total = sum(took)",
    "over 1h by s2 let total = sum(jint), mean = avg(jint), low = min(jint), high = max(jint), spread = stddev(jint)",
    "over 1h by s2 let total = sum(n), ftotal = sum(f), fmean = avg(f), early = min(time), late = max(time)",
    "over 1h let p50 = percentile(n, 50), p95 = percentile(n, 95), p100 = percentile(f, 100), p1 = percentile(n, 0.1), pt = percentile(took, 33)",
    "over 1h let ones = distinct(s), pairs = distinct(s, s2), triples = distinct(n, b, s, ip), times = distinct(time), addresses = distinct(ip)",
    "over 1h by b let addresses = values(ip, 4) show some = values(s, 5), every_one = values(s2, 100), ints = values(n, 3), days = values(at, 2)",
    "over 1h by b let ips = top(ip, 5) show often = top(s, 3), most = top(s2, 100), ints = top(n, 2)",
    "over 1h by b let early = first(s), late = last(s), n1 = first(n), n2 = last(n) show t1 = first(at), i = last(jint)",
    "over 1h let few = count(where n > 4), total = sum(n where b == true), mean = avg(f where b == true), d = distinct(s where n > 0)",
    "over 1h let few = count(where n > 4), rows = count(), share = few / rows, double = share * 2, more = double + share when share > 0.1",
    "over 1h by s2 when count() > 3 and sum(jint) >= 0 show rows = count()",
    "over 1h by s2 when s2 != \"alice\" and s2 contains \"o\"",
    "over 1h by ip when ip in 10.0.0.0/8 or ip == fd00::1",
    "over 1h let rows = count(), mean = avg(jint), total = sum(jint) when total > 2 * mean or rows > mean",
    "over 1h by s2 let sample = values(s, 3) when size(sample) > 1 and sample has \"alice\"",
    "over 1h by kind let rows = count()",
    "over 1h let rows = count(), Rows = distinct(s)",
    "over 7d let rows = count()",
    "over 14m every 7m let rows = count()",
    "over 1h by jip let rows = count()",
    "over 1h by key = lower(s) let rows = count()",
    "each i in items over 1h by name = i.name let rows = count(), events = distinct(event.id), total = sum(i.size) show one = first(i.name), other = last(i.size)",
    "each t in labels over 10m every 5m by t let rows = count() when rows > 1",
    "where s is present over 1d let rows = count() when rows > 1000000",
    "over 1h by s2 let most = max(took), mean = avg(took) when most > 2ms and mean < 10s",
    "over 10m by s2, b let rows = count() when unseen(20m) or seen(15m by s2)",
    "over 10m every 1m by s2 when not unseen(15m)",
    "where n > 4 when unseen(7m)",
    "over 10m by s2 let rows = count(), mean = avg(n) when silent(25m) or (rows > 2 and seen(25m))",
    "over 10m every 5m by s2, b let rows = count() when silent(20m) and rows < baseline(rows, 20m) show some = values(s, 2)",
    "where n > 6 over 10m when silent(1h)",
    "each i in items where i.size >= 1 when seen(90s)",
    "over 10m by s2 let rows = count() when rows > baseline(rows, 20m) show usual = baseline(rows, 30m, median), high = baseline(rows, 30m, p95)",
    "over 10m every 5m by s2 let rows = count() when rows <= baseline(rows, 20m, max) show spread = baseline(rows, 40m, stddev), new = unseen(10m)",
    "over 10m let mean = avg(took), share = count(where b == true) / count() when mean > baseline(mean, 30m) or share > baseline(share, 20m, max)",
    "over 1h by s2 let first_time = min(time), last_time = max(time), span = last_time - first_time when span > 1ms",
];

#[test]
fn rules_give_the_same_rows() {
    let mut text = PROBE.to_owned();
    for (n, clauses) in RULES.iter().enumerate() {
        text.push_str(&format!("rule r{n} {{ severity low from probe {clauses} }}\n"));
    }
    text.push_str("rule by_case { severity case { n == 5 => high, s contains \"a\" => medium, else => informational } from probe }\n");
    text.push_str("rule counted_case { severity case { rows > 5 => high, s2 == \"bob\" => medium, else => low } from probe over 1h by s2 let rows = count() }\n");
    let resolved = resolved(&[&text]);
    let mut executed = 0;
    for (seed, range) in [
        (1, (START, START + 86_400 * SECOND)),
        (2, (START + 1, START + 7_200 * SECOND + 1)),
        (3, (START + 600 * SECOND, START + 3_600 * SECOND)),
        (4, (START - 1, START + 60 * SECOND)),
    ] {
        executed += check(&probe_cases(&resolved, 120, seed, range));
    }
    println!("{executed} rules executed");
}

/// Rows show durations in seconds, which a list of microseconds can't be made of.
#[test]
fn a_list_of_durations_is_left_out() {
    let rule = "rule r { severity low from probe over 1h let rows = count() show slow = values(took, 3), spans = values(n, 3) }";
    let resolved = resolved(&[&format!("{PROBE} {rule}")]);
    let emission = emitted(&resolved, &resolved.rules[0], "gcp.probe", None);
    assert_eq!((emission.query.verdict, emission.query.left_out), (Verdict::Exact, vec!["slow".to_owned()]));
}

/// Audit log entries as Cloud Logging exports them, with fields left out, empty and strange.
fn entries(count: usize, seed: u64) -> Vec<Row> {
    let mut dice = Dice(seed);
    let methods = [
        "google.cloud.aiplatform.v1.PredictionService.GenerateContent",
        "google.cloud.aiplatform.v1.PredictionService.Predict",
        "google.cloud.aiplatform.v1.EndpointService.DeployModel",
        "google.cloud.modelarmor.v1.ModelArmor.DeleteTemplate",
        "google.cloud.modelarmor.v1.ModelArmor.UpdateTemplate",
        "SetIamPolicy",
        "x.SetIamPolicy.y",
        "",
        "delete",
    ];
    let services = ["aiplatform.googleapis.com", "modelarmor.googleapis.com", "storage.googleapis.com", ""];
    let resources =
        ["projects/demo/locations/us/endpoints/7", "projects/p/models/m1", "publishers/google/models/g", "x"];
    let logs = ["activity", "data_access", "policy", "system_event", "data_access%2Fx"];
    (0..count)
        .map(|number| {
            let mut entry = json!({
                "timestamp": time_text(START + (dice.roll(4) as i64 * 300 + dice.roll(3) as i64) * SECOND),
                "logName": format!("projects/{}/logs/cloudaudit.googleapis.com%2F{}", ["demo", "p-2", ""][dice.roll(3)], logs[dice.roll(5)]),
                "insertId": format!("i{number}"),
                "protoPayload": {
                    "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                    "methodName": methods[dice.roll(methods.len())], "serviceName": services[dice.roll(services.len())],
                    "resourceName": resources[dice.roll(4)],
                    "authenticationInfo": {},
                    "requestMetadata": {},
                },
            });
            let payload = &mut entry["protoPayload"];
            let emails = ["alice@example.com", "bot@x.gserviceaccount.com", ""];
            match dice.roll(4) {
                0 => {}
                n => payload["authenticationInfo"]["principalEmail"] = emails[n - 1].into(),
            }
            if dice.roll(3) == 0 {
                payload["authenticationInfo"]["principalSubject"] = "principal://x".into();
            }
            if dice.roll(3) == 0 {
                payload["authenticationInfo"]["serviceAccountKeyName"] = ["//iam/keys/1", ""][dice.roll(2)].into();
            }
            match dice.roll(7) {
                0 => {}
                n => payload["requestMetadata"]["callerIp"] =
                    ["10.1.2.3", "203.0.113.7", "private", "::ffff:203.0.113.7", "2001:db8::1", ""][n - 1].into(),
            }
            match dice.roll(6) {
                0 => payload["status"] = json!({}),
                1 => payload["status"] = json!({ "code": 7, "message": "denied" }),
                2 => payload["status"] = json!({ "code": 16 }),
                3 => payload["status"] = json!({ "code": 3 }),
                4 => payload["status"] = json!({ "code": 0 }),
                _ => {}
            }
            match dice.roll(6) {
                0 => entry["operation"] = json!({ "id": "o", "first": true }),
                1 => entry["operation"] = json!({ "id": "o", "last": true }),
                2 => entry["operation"] = json!({ "id": "o", "first": true, "last": true }),
                3 => entry["operation"] = json!({ "id": "o" }),
                _ => {}
            }
            entry
        })
        .collect()
}

/// Clauses over the fields of the built-in source.
const AUDIT: &[&str] = &[
    "show caller.id, source.ip, operation, target, outcome, account, model.id, deployment, region, auth.type, auth.method, error.code, service_kind",
    "where outcome == \"denied\" show caller.id",
    "where outcome != \"success\" show outcome",
    "where outcome in [\"success\", \"failure\"]",
    "where error.code is missing",
    "where error.code in [\"NOT_FOUND\", \"INVALID_ARGUMENT\"]",
    "where caller.id != \"alice@example.com\" and source.ip not in 10.0.0.0/8",
    "where source.ip == 203.0.113.7",
    "where auth.type == \"service\" or auth.method == \"key\"",
    "where auth.type is missing",
    "where service_kind == \"ai\" and operation contains \"DELETE\" nocase",
    "where user.agent is missing",
    "over 10m by caller.id let rows = count(), kinds = distinct(operation), denied = count(where outcome == \"denied\") show addresses = values(source.ip, 3)",
    "over 10m every 5m by account, outcome let rows = count() when rows > 1",
    "over 5m by source.ip let rows = count()",
];

#[test]
fn the_built_in_source_and_pack_give_the_same_rows() {
    let mut text = String::new();
    for (n, clauses) in AUDIT.iter().enumerate() {
        text.push_str(&format!("rule a{n} {{ severity low from activity {clauses} }}\n"));
    }
    for file in ["operations", "controls", "credentials"] {
        let path = format!("{}/rulepacks/ai-security/{file}.sky", env!("CARGO_MANIFEST_DIR"));
        let pack = std::fs::read_to_string(path).expect("the pack is there");
        // The pack's own tests have fixtures beside it.
        text.push_str(pack.split("\ntest ").next().unwrap_or_default());
    }
    let resolved = resolved(&[&text]);
    let range = (START, START + 3_600 * SECOND);
    let mut cases = Vec::new();
    for (seed, unset) in [(1, "null"), (2, "default")] {
        let records = entries(300, seed);
        for rule in resolved.rules.iter().filter(|rule| resolved.schema.streams[rule.stream].name == "activity") {
            let source = resolved.schema.source("gcp.audit").expect("built in");
            let stream = &resolved.schema.streams[rule.stream];
            let Bound::Rule(_) = bind(rule, source, stream) else { continue };
            let emission = emitted(&resolved, rule, "gcp.audit", Some(range));
            assert_eq!(emission.query.verdict, Verdict::Exact, "{}: {:?}", rule.name, emission.query.reasons);
            let name = format!("{} with unset = {unset}", rule.name);
            let given = json!({ "raw": { "_AllLogs": records }, "unset": unset });
            let left_out = &emission.query.left_out;
            let expected = of_records(&resolved, rule, "gcp.audit", &records, between(range), left_out);
            cases.push(Case::new(name, rule, emission, given, expected));
        }
    }
    assert!(cases.iter().filter(|case| !case.expected.is_empty()).count() > 30, "the records make rules fire");
    println!("{} rules executed", check(&cases));
}

#[test]
fn without_a_range_the_last_window_that_ended_is_judged() {
    let text = format!(
        "{PROBE} rule w {{ severity low from probe over 10m by s2 let rows = count() }} rule h {{ severity low from probe over 1h every 10m let rows = count() }} rule e {{ severity low from probe }}"
    );
    let resolved = resolved(&[&text]);
    let (records, rows) = probes(200, 9);
    let mut cases = Vec::new();
    // Now, and the range that it stands for: five minutes of delay, cut to a step.
    for (now, event_end, window_end) in
        [(899, 300, 0), (900, 600, 600), (1_500, 1_200, 1_200), (4_199, 3_600, 3_600), (4_200, 3_900, 3_600)]
    {
        for rule in &resolved.rules {
            let emission = emitted(&resolved, rule, "gcp.probe", None);
            let (end, step) = if rule.name == "e" { (event_end, 300) } else { (window_end, 600) };
            let range = (START + (end - step) * SECOND, START + end * SECOND);
            let now_text = time_text(START + now * SECOND);
            let given = json!({ "tables": { "probe": rows }, "schema": probe_schema(), "now": now_text });
            let expected = of_records(&resolved, rule, "gcp.probe", &records, between(range), &[]);
            cases.push(Case::new(format!("{} at {now}", rule.name), rule, emission, given, expected));
        }
    }
    check(&cases);
}

/// The JSON lines of all files below a folder; a line that is no record is passed over.
fn samples(folder: &str) -> Vec<Row> {
    let mut files = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut lines = Vec::new();
    while let Some(path) = files.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => files.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) => lines.extend(std::fs::read_to_string(&path).expect("a sample").lines().map(str::to_owned)),
        }
    }
    lines.sort();
    // `provided: no duplicates`.
    lines.dedup();
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn rules_without_a_caller_give_the_local_alerts_over_the_samples() {
    let resolved = resolved(&[include_str!("../google/samples.sky")]);
    // 2026-11-01, and five days.
    let range = (1_793_491_200 * SECOND, 1_793_923_200 * SECOND);
    let logs = [
        ("gcp.vertex", "samples/gcp/bigquery", "request_response_logging", "logging_time"),
        ("gcp.model_armor", "samples/gcp/modelarmor.googleapis.com", "_AllLogs", "timestamp"),
    ];
    let mut cases = Vec::new();
    for (source, folder, table, time) in logs {
        let stream = resolved.schema.source(source).expect("built in").stream;
        let records: Vec<Row> = samples(folder).into_iter().filter(|record| record[time].is_string()).collect();
        for rule in resolved.rules.iter().filter(|rule| rule.stream == stream) {
            let emission = emitted(&resolved, rule, source, Some(range));
            assert_eq!(emission.query.verdict, Verdict::Exact, "{}: {:?}", rule.name, emission.query.reasons);
            let expected = of_records(&resolved, rule, source, &records, between(range), &emission.query.left_out);
            assert!(!expected.is_empty(), "{} finds nothing in the samples", rule.name);
            let given = json!({ "raw": { table: records } });
            cases.push(Case::new(rule.name.clone(), rule, emission, given, expected));
        }
    }
    println!("{} rules executed", check(&cases));
}

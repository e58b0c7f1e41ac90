//! Correlations by hand: members' events a line each, the alerts that the local run finds, and what a query tells besides where it is wider.
//! Each runs on both emulators, over a range and in every turn of its schedule, and on the independent engines.

use serde_json::{Value as Row, json};
use skywatch::diag::render;
use skywatch::eval::clock::parse_time;
use skywatch::ir::{OnlySource, Source};
use skywatch::pack::load;
use skywatch::ruletest::rows::difference;
use skywatch::source::SourceMap;
use skywatch::target::{Request, TARGETS, Verdict, emit_correlation};

use crate::correlated::{Found, Logs};
use crate::emulators::Emulator;
use crate::judge::Executor;
use crate::logs::{Log, RANGE, sources_on, target};
use crate::oracles::OnOracle;
use crate::support::oracle::{Engine, Oracle};
use crate::support::resolved;
use crate::support::samples::{self, Samples};

/// An alert: from, to, the key.
type Told = (&'static str, &'static str, &'static str);

/// A correlation, what happened, and what is told of it.
struct Case {
    /// What it shows.
    shows: &'static str,
    /// Members besides those of [`MEMBERS`], and the correlation `r`, over the key `KEY`.
    text: &'static str,
    /// When, which operation, and whose; an operation `x` is of the second source.
    events: &'static [(&'static str, &'static str, &'static str)],
    verdict: Verdict,
    /// What the local run finds.
    local: &'static [Told],
    /// What a query tells besides.
    besides: &'static [Told],
}

/// Rules over the first source, `STREAM only FIRST`, whose operations are single letters.
const MEMBERS: &str = "
signal a { from STREAM only FIRST where operation == \"a\" }
signal b { from STREAM only FIRST where operation == \"b\" }
signal c { from STREAM only FIRST where operation == \"c\" }
signal pair { from STREAM only FIRST where operation == \"w\" over 10m by caller.id when count() >= 2 }
signal busy { from STREAM only FIRST where operation == \"h\" over 30m every 10m by caller.id when count() >= 1 }
signal quiet { from STREAM only FIRST where operation == \"q\" over 10m by caller.id when silent(20m) }
signal elsewhere { from OTHER only SECOND over 10m by THEIRS when count() >= 1 }
";

const CASES: &[Case] = &[
    Case {
        shows: "any of: one alert a moment, whoever was there",
        text: "when any of a, b, pair",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:00:00", "b", "k"),
            ("10:00:00", "a", "m"),
            ("10:05:00", "a", "k"),
            ("10:11:00", "w", "k"),
            ("10:19:59.999999", "w", "k"),
            ("10:20:00", "w", "k"),
        ],
        verdict: Verdict::Exact,
        local: &[
            ("10:00:00", "10:00:00", "k"),
            ("10:00:00", "10:00:00", "m"),
            ("10:05:00", "10:05:00", "k"),
            ("10:19:59.999999", "10:19:59.999999", "k"),
        ],
        besides: &[],
    },
    Case {
        shows: "at least: exactly `within` apart is in, a microsecond more is not",
        text: "when at least 2 of a, b",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:30:00", "b", "k"),
            ("12:00:00", "a", "k"),
            ("12:30:00.000001", "b", "k"),
            ("14:00:00", "b", "k"),
            ("14:00:00", "a", "k"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:30:00", "k"), ("14:00:00", "14:00:00", "k")],
        besides: &[],
    },
    Case {
        shows: "at least: what one alert was about is in no other, and a query tells it again",
        text: "when at least 2 of a, b, c",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:10:00", "b", "k"),
            ("10:20:00", "c", "k"),
            ("10:40:00", "a", "k"),
            ("10:40:00", "a", "m"),
            ("10:45:00", "a", "m"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:10:00", "k"), ("10:20:00", "10:40:00", "k")],
        besides: &[("10:10:00", "10:20:00", "k")],
    },
    Case {
        shows: "at least: three of three, and three of four",
        text: "when at least 3 of a, b, c, pair",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:01:00", "w", "k"),
            ("10:09:00", "w", "k"),
            ("10:05:00", "b", "k"),
            ("12:00:00", "a", "k"),
            ("12:10:00", "b", "k"),
            ("12:10:00", "b", "k"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:09:00", "k")],
        besides: &[],
    },
    Case {
        shows: "what lacks a key meets nothing",
        text: "when at least 2 of a, b",
        events: &[("10:00:00", "a", ""), ("10:01:00", "b", ""), ("10:02:00", "b", "k")],
        verdict: Verdict::Wider,
        local: &[],
        besides: &[],
    },
    Case {
        shows: "then: equal times are no order, `within` is in",
        text: "when a then b",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:00:00", "b", "k"),
            ("11:00:00", "a", "k"),
            ("11:30:00", "b", "k"),
            ("12:00:00", "a", "k"),
            ("12:30:00.000001", "b", "k"),
            ("13:00:00", "a", "k"),
            ("13:00:00.000001", "b", "k"),
        ],
        verdict: Verdict::Wider,
        local: &[("11:00:00", "11:30:00", "k"), ("13:00:00", "13:00:00.000001", "k")],
        besides: &[],
    },
    Case {
        shows: "then: of several that follow the first, one alert",
        text: "when a then b",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:05:00", "b", "k"),
            ("10:10:00", "b", "k"),
            ("10:15:00", "b", "k"),
            ("10:15:00", "b", "m"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:05:00", "k")],
        besides: &[],
    },
    Case {
        shows: "then: what follows an alert before is spent, and a query takes it again",
        text: "when a then b",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:01:00", "a", "k"),
            ("10:05:00", "b", "k"),
            ("10:06:00", "b", "k"),
            ("10:07:00", "b", "k"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:05:00", "k"), ("10:01:00", "10:06:00", "k")],
        besides: &[("10:01:00", "10:05:00", "k")],
    },
    Case {
        shows: "then: a window that began before is not behind",
        text: "when b then pair",
        events: &[
            ("10:01:00", "w", "k"),
            ("10:05:00", "b", "k"),
            ("10:08:00", "w", "k"),
            ("10:21:00", "w", "k"),
            ("10:28:00", "w", "k"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:05:00", "10:28:00", "k")],
        besides: &[],
    },
    Case {
        shows: "then: what begins in time may end behind it",
        text: "when a then pair",
        events: &[("10:00:00", "a", "k"), ("10:30:00", "w", "k"), ("10:39:00", "w", "k")],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:39:00", "k")],
        besides: &[],
    },
    Case {
        shows: "then: three steps lie within the first one's time",
        text: "when a then b then c",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:10:00", "b", "k"),
            ("10:20:00", "c", "k"),
            ("11:00:00", "a", "k"),
            ("11:20:00", "b", "k"),
            ("11:31:00", "c", "k"),
            ("12:00:00", "a", "k"),
            ("12:10:00", "c", "k"),
            ("12:20:00", "b", "k"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:20:00", "k")],
        besides: &[],
    },
    Case {
        shows: "then: one member may be two steps",
        text: "when a then b then a",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:10:00", "b", "k"),
            ("10:20:00", "a", "k"),
            ("10:25:00", "b", "k"),
            ("10:29:00", "a", "k"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:20:00", "k")],
        besides: &[("10:20:00", "10:29:00", "k")],
    },
    Case {
        shows: "then no: told at the end of its time, unless something came, at its very end too",
        text: "when a then no b",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:10:00", "b", "k"),
            ("11:00:00", "a", "k"),
            ("11:00:00", "b", "k"),
            ("12:00:00", "a", "k"),
            ("12:30:00", "b", "k"),
            ("13:00:00", "a", "k"),
            ("13:30:00.000001", "b", "k"),
            ("14:00:00", "a", "k"),
            ("14:00:00", "a", "k"),
            ("14:10:00", "b", "m"),
            ("14:20:00", "a", "k"),
        ],
        verdict: Verdict::Exact,
        local: &[
            ("11:00:00", "11:30:00", "k"),
            ("13:00:00", "13:30:00", "k"),
            ("14:00:00", "14:30:00", "k"),
            ("14:20:00", "14:50:00", "k"),
        ],
        besides: &[],
    },
    Case {
        shows: "then no: a window that begins in time and ends behind it has come",
        text: "when a then no pair",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:30:00", "w", "k"),
            ("10:39:00", "w", "k"),
            ("12:00:00", "a", "k"),
            ("12:30:01", "w", "k"),
            ("12:39:00", "w", "k"),
        ],
        verdict: Verdict::Exact,
        local: &[("12:00:00", "12:30:00", "k")],
        besides: &[],
    },
    Case {
        shows: "then no: the same again",
        text: "when a then no a",
        events: &[("10:00:00", "a", "k"), ("10:10:00", "a", "k"), ("11:00:00", "a", "m")],
        verdict: Verdict::Exact,
        local: &[("10:10:00", "10:40:00", "k"), ("11:00:00", "11:30:00", "m")],
        besides: &[],
    },
    Case {
        shows: "then no: behind a chain, asked of what follows it",
        text: "when a then b then no c",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:05:00", "c", "k"),
            ("10:10:00", "b", "k"),
            ("12:00:00", "a", "k"),
            ("12:10:00", "b", "k"),
            ("12:20:00", "c", "k"),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:30:00", "k")],
        besides: &[],
    },
    Case {
        shows: "windows that follow one another are one alert, that of the first",
        text: "when any of busy",
        events: &[("10:05:00", "h", "k"), ("10:25:00", "h", "k"), ("12:00:00", "h", "k"), ("10:25:00", "h", "m")],
        verdict: Verdict::Exact,
        local: &[("10:05:00", "10:05:00", "k"), ("12:00:00", "12:00:00", "k"), ("10:25:00", "10:25:00", "m")],
        besides: &[],
    },
    Case {
        shows: "a window without rows happened at its end",
        text: "when quiet then a",
        events: &[("10:05:00", "q", "k"), ("10:30:00", "a", "k"), ("10:20:00", "a", "k")],
        verdict: Verdict::Wider,
        local: &[("10:20:00", "10:30:00", "k")],
        besides: &[],
    },
    Case {
        shows: "two logs, whose keys have two names",
        text: "when a then elsewhere",
        events: &[
            ("10:00:00", "a", "k"),
            ("10:10:00", "x", "k"),
            ("10:00:00", "a", "m"),
            ("10:10:00", "x", "n"),
            ("10:20:00", "x", ""),
            ("10:20:00", "a", ""),
        ],
        verdict: Verdict::Wider,
        local: &[("10:00:00", "10:10:00", "k")],
        besides: &[],
    },
];

/// Logs of a target for the cases.
struct On {
    first: (&'static str, &'static str),
    second: (&'static str, &'static str),
    /// What the second stream calls the key.
    other_key: &'static str,
    record: fn(time: &str, operation: &str, key: &str, number: usize) -> Row,
    second_record: fn(time: &str, key: &str, number: usize) -> Row,
}

fn on(target: &str) -> On {
    match target {
        "kql" => On {
            first: ("invocation", "azure.apim_gateway"),
            second: ("span", "azure.apim_mcp"),
            other_key: "session.id",
            record: |time, operation, key, number| {
                json!({
                    "time": time, "category": "GatewayLogs", "correlationId": format!("c{number}"),
                    "properties": { "operationId": operation, "apimSubscriptionId": key, "responseCode": 200 },
                })
            },
            second_record: |time, key, number| {
                json!({
                    "time": time, "category": "GatewayMCPLogs", "correlationId": format!("m{number}"),
                    "properties": { "method": "tools/call", "sessionId": key },
                })
            },
        },
        _ => On {
            first: ("activity", "gcp.audit"),
            second: ("screening", "gcp.model_armor"),
            other_key: "client",
            record: |time, operation, key, number| {
                json!({
                    "timestamp": time, "insertId": format!("i{number}"),
                    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
                    "resource": { "type": "audited_resource", "labels": {} },
                    "protoPayload": {
                        "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "methodName": operation,
                        "serviceName": "aiplatform.googleapis.com", "authenticationInfo": { "principalEmail": key },
                    },
                })
            },
            second_record: |time, key, number| {
                json!({
                    "timestamp": time, "insertId": format!("m{number}"),
                    "logName": "projects/p/logs/modelarmor.googleapis.com%2Fsanitize_operations",
                    "resource": { "type": "modelarmor.googleapis.com/SanitizeOperation", "labels": {} },
                    "labels": { "modelarmor.googleapis.com/client_name": key },
                    "jsonPayload": { "operationType": "SANITIZE_USER_PROMPT" },
                })
            },
        },
    }
}

fn time(text: &str) -> String {
    format!("2026-11-02T{text}Z")
}

impl Case {
    /// The whole text for a target.
    fn written(&self, on: &On) -> String {
        let key = if self.text.contains("elsewhere") {
            format!("caller.id = {}", on.other_key)
        } else {
            "caller.id".to_owned()
        };
        let correlation = format!("correlate r {{ severity high by {key} within 30m {} }}", self.text);
        let text = format!("{MEMBERS}{correlation}");
        let named = [
            ("THEIRS", on.other_key),
            ("STREAM", on.first.0),
            ("FIRST", on.first.1),
            ("OTHER", on.second.0),
            ("SECOND", on.second.1),
        ];
        named.iter().fold(text, |text, (word, name)| text.replace(word, name))
    }

    /// Runs it on an executor; none where it can't be run there.
    fn run(&self, executor: &mut dyn Executor, turns: usize) -> Option<Found> {
        let on = on(executor.target());
        let resolved = resolved(&[&self.written(&on)]);
        let schema = &resolved.schema;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (number, (when, operation, key)) in self.events.iter().enumerate() {
            match *operation {
                "x" => second.push((on.second_record)(&time(when), key, number)),
                _ => first.push((on.record)(&time(when), operation, key, number)),
            }
        }
        let log = |name: &str, records: &[Row]| -> (&Source, Log) {
            let source = schema.source(name).expect("it is built in");
            (source, Log::of(source, schema, records))
        };
        let logs = Logs { resolved: &resolved, of: vec![log(on.first.1, &first), log(on.second.1, &second)] };
        let found = logs.compare(&resolved.correlations[0], executor, turns);
        let unsupported = found.unsupported.is_some();
        let told = |all: &[&[Told]]| -> Vec<Row> {
            let row = |(from, to, key): &Told| {
                let utc = |text: &str| skywatch::eval::clock::time_text(parse_time(&time(text)).expect("a time"));
                json!({ "window_start": utc(from), "window_end": utc(to), "caller_id": key })
            };
            all.iter().flat_map(|told| told.iter().map(row)).collect()
        };
        assert_eq!(difference(&told(&[self.local]), &found.local, &[]), None, "{}: locally", self.shows);
        assert!(found.wrong.is_empty(), "{}: {}", self.shows, found.wrong.join("\n"));
        if let Some(emitted) = &found.emitted {
            let all = told(&[self.local, self.besides]);
            assert_eq!(difference(&all, emitted, &[]), None, "{}: as {}", self.shows, executor.target());
            return Some(found);
        }
        assert!(unsupported, "{}: there is no text", self.shows);
        None
    }
}

fn by_hand(executor: &mut dyn Executor, turns: usize) {
    let mut ran = 0;
    for case in CASES {
        let Some(found) = case.run(executor, turns) else { continue };
        ran += 1;
        // Every alert is in a turn of its own, but those of several keys.
        assert!(turns == 0 || case.local.is_empty() || found.turns_with_alerts > 0, "{}: no turn", case.shows);
    }
    println!("{ran} of {} correlations by hand ran as {}", CASES.len(), executor.target());
    assert!(ran * 10 >= CASES.len() * 9, "too few ran: {ran}");
}

#[test]
fn correlations_by_hand_on_the_kql_emulator() {
    by_hand(&mut Emulator::of("kql", false), 60);
}

#[test]
fn correlations_by_hand_on_the_googlesql_emulator() {
    by_hand(&mut Emulator::of("googlesql", false), 60);
}

#[test]
fn correlations_by_hand_as_kql() {
    if let Some(mut engine) = OnOracle::of("kql") {
        by_hand(&mut engine, 0);
    }
}

#[test]
fn correlations_by_hand_as_googlesql() {
    if let Some(mut engine) = OnOracle::of("googlesql") {
        by_hand(&mut engine, 0);
    }
}

#[test]
fn correlations_by_hand_have_their_verdicts() {
    for (name, case) in CASES.iter().flat_map(|case| [("kql", case), ("googlesql", case)]) {
        let resolved = resolved(&[&case.written(&on(name))]);
        for range in [None, Some((RANGE.from, RANGE.to))] {
            let request = Request { range, ..Request::default() };
            let one = &resolved.correlations[0];
            let emission = emit_correlation(one, &resolved.rules, &resolved.schema, target(name), request);
            assert_eq!(
                emission.query.verdict,
                case.verdict,
                "{}: {}",
                case.shows,
                render(&emission.query.reasons, &SourceMap::default(), false)
            );
            assert_eq!(emission.query.reasons.len(), usize::from(case.verdict != Verdict::Exact), "{}", case.shows);
        }
    }
}

#[test]
fn correlations_pass_microsofts_parser() {
    let Some(mut oracle) = Oracle::start(Engine::KqlCheck) else { return };
    for case in CASES {
        let resolved = resolved(&[&case.written(&on("kql"))]);
        for range in [None, Some((RANGE.from, RANGE.to))] {
            let request = Request { range, ..Request::default() };
            let one = &resolved.correlations[0];
            let emission = emit_correlation(one, &resolved.rules, &resolved.schema, target("kql"), request);
            let query = emission.query.text.expect("it has a text");
            let answer = oracle.ask(&json!({ "id": case.shows, "query": query }));
            let errors = answer.get("errors").and_then(Row::as_array).cloned().unwrap_or_default();
            assert!(errors.is_empty(), "{}: {errors:?}\n{query}", case.shows);
        }
    }
}

/// What shipped correlations come to: their members read logs of several clouds.
#[test]
fn shipped_correlations_are_refused_with_the_way_out() {
    let pack = load(std::path::Path::new("rulepacks/ai-security"));
    let mut text = String::new();
    for one in &pack.resolved.correlations {
        for on in TARGETS {
            let emission = emit_correlation(one, &pack.resolved.rules, &pack.resolved.schema, *on, Request::default());
            assert_eq!(emission.query.verdict, Verdict::Refused);
            text.push_str(&format!("==== {} as {}\n", one.name, on.info().name));
            for reason in &emission.query.reasons {
                let help = reason.help.clone().unwrap_or_default();
                text.push_str(&format!("{}: {}\n    {help}\n", reason.code.as_str(), reason.message));
            }
        }
    }
    insta::assert_snapshot!(text);
}

/// The same with members of one cloud: emitted, and over the samples what the local run finds.
#[test]
fn shipped_correlations_within_a_cloud_are_emitted() {
    let pack = load(std::path::Path::new("rulepacks/ai-security"));
    let mut text = String::new();
    for (on, cloud) in [("kql", "azure"), ("googlesql", "gcp")] {
        let mut within = pack.resolved.clone();
        for rule in &mut within.rules {
            rule.only = vec![OnlySource { name: cloud.to_owned(), cloud: true }];
        }
        let of = sources_on(on, &within.schema).into_iter().filter_map(|Samples { source, files, .. }| {
            let source = within.schema.source(&source).filter(|source| source.cloud() == cloud)?;
            let records: Vec<Row> = files.iter().flat_map(|file| samples::records(file)).collect();
            Some((source, Log::of(source, &within.schema, &records)))
        });
        let logs = Logs { resolved: &within, of: of.collect() };
        for one in &within.correlations {
            let emission = emit_correlation(one, &within.rules, &within.schema, target(on), Request::default());
            text.push_str(&format!("==== {} as {on}\n{}", one.name, emission.header(&target(on).info())));
            let found = logs.compare(one, &mut Emulator::of(on, false), 8);
            assert!(found.wrong.is_empty(), "{} as {on}: {}", one.name, found.wrong.join("\n"));
            let alerts = found.local.len();
            let rows = found.emitted.map_or_else(|| "none".to_owned(), |rows| rows.len().to_string());
            text.push_str(&format!("over the samples: {alerts} alerts, {rows} rows\n"));
        }
    }
    insta::assert_snapshot!(text);
}

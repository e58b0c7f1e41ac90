//! What a verdict rests on, broken: each condition of `provided:` is printed, the promise holds where the condition does, and does not where
//! it does not.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skywatch::emulator::{self, Failure, Kind, Language, Record, Run, emulate};
use skywatch::eval::{self, Event};
use skywatch::ir::{SECOND, Source};
use skywatch::resolve::Resolved;
use skywatch::ruletest::emitted::{claimed, emitted, local};
use skywatch::ruletest::rows::broken;
use skywatch::ruletest::turns::Turn;
use skywatch::target::{Condition, Emission, Request, emit};

use crate::logs::{Log, RANGE, target};
use crate::support::{resolved, samples};

const HOUR: i64 = 3_600 * SECOND;

/// A rule on a log, emitted for a target.
struct Trial {
    resolved: Resolved,
    source: &'static str,
    language: &'static dyn Language,
    emission: Emission,
}

impl Trial {
    /// A rule over a range, which has to rest on a condition.
    fn over_range(target: &str, source: &'static str, rule: &str, condition: &str) -> Trial {
        Trial::new(
            target,
            source,
            rule,
            Request { range: Some((RANGE.from, RANGE.to)), ..Request::default() },
            condition,
        )
    }

    fn new(target_name: &str, source: &'static str, rule: &str, request: Request, condition: &str) -> Trial {
        let resolved = resolved(&[rule]);
        let emitted = emit(&resolved.rules[0], &resolved.schema, target(target_name), request);
        let emission = emitted.into_iter().find(|emission| emission.source == source).expect("it is emitted there");
        assert!(emission.query.text.is_some(), "{:?}", emission.query.reasons);
        let provided: Vec<String> = emission.query.provided.iter().map(|condition| condition.text()).collect();
        assert!(provided.iter().any(|text| text.starts_with(condition)), "{target_name} on {source}: {provided:?}");
        let language = emulator::language(target_name).expect("it has an emulator");
        Trial { resolved, source, language, emission }
    }

    fn source(&self) -> &Source {
        self.resolved.schema.source(self.source).expect("it is built in")
    }

    fn log(&self, records: &[Value]) -> Log {
        Log::of(self.source(), &self.resolved.schema, records)
    }

    fn ran(&self, records: &[Record], turn: &Turn) -> Result<Vec<Value>, Failure> {
        emitted(self.language, self.emission.query.text.as_deref().unwrap_or_default(), &self.emission, records, turn)
    }

    /// How the promise is broken in a turn, over events and the records that the query sees of them.
    fn broken(&self, events: &[Event], records: &[Record], turn: &Turn) -> Option<String> {
        let rule = &self.resolved.rules[0];
        let stream = self.resolved.schema.stream_of(rule.stream).expect("a rule has a stream");
        let target = target(self.emission.target);
        let alerts = local(rule, stream, events, target, &self.emission, turn.judged).expect("the rule runs");
        let rows =
            self.ran(records, turn).unwrap_or_else(|failure| panic!("{failure}\n{:?}", self.emission.query.text));
        broken(claimed(target, &self.emission), rule, &alerts, &rows)
    }

    /// The same over a log as it is exported, in a run over the whole range.
    fn broken_over(&self, events: &[Event], records: &[Value]) -> Option<String> {
        let mut exported = self.log(&[]).exported();
        exported.extend(records.iter().map(|record| Record { text: record.to_string(), ..Record::default() }));
        self.broken(events, &exported, &Turn::over(&self.emission, RANGE))
    }

    fn holds_over(&self, records: &[Value]) {
        let log = self.log(records);
        assert!(!log.events.is_empty());
        assert_eq!(self.broken_over(&log.events, &log.records), None);
    }
}

/// A rule that counts what a log holds, by the hour.
fn counting(stream: &str, source: &str) -> String {
    format!("rule r {{\n severity low\n from {stream} only {source}\n over 1h\n let n = count()\n}}")
}

/// A log and a target that reads it, for each target.
const EVERYWHERE: [(&str, &str, &str); 4] = [
    ("cloudwatch", "invocation", "aws.bedrock"),
    ("kql", "invocation", "azure.apim_gateway"),
    ("cloud-logging", "activity", "gcp.audit"),
    ("googlesql", "activity", "gcp.audit"),
];

fn samples_of(source: &str) -> Vec<Value> {
    let samples = samples::all().into_iter().find(|samples| samples.source == source).expect("it has samples");
    samples.files.iter().flat_map(|file| samples::records(file)).take(60).collect()
}

/// Records of Bedrock's log, one a minute.
fn bedrock(number: usize, more: &Value) -> Value {
    let mut record = json!({
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0",
        "timestamp": format!("2026-11-02T{:02}:{:02}:00Z", 10 + number / 60, number % 60),
        "accountId": "111122223333", "region": "us-east-1", "requestId": format!("r{number}"),
        "operation": "Converse", "modelId": "m",
    });
    let members = record.as_object_mut().expect("it is an object");
    members.extend(more.as_object().expect("so is what is added").clone());
    record
}

fn tokens(number: usize, tokens: impl Into<Value>) -> Value {
    bedrock(number, &json!({ "input": { "inputTokenCount": tokens.into() } }))
}

#[test]
fn events_that_arrive_later_are_not_seen() {
    for (target_name, stream, source) in EVERYWHERE {
        let rule = counting(stream, source);
        let trial = Trial::new(target_name, source, &rule, Request::default(), "events arrive within");
        let log = trial.log(&samples_of(source));
        let times: Vec<i64> = log.times.iter().flatten().copied().collect();
        let turns = Turn::by_schedule(&trial.emission, &target(target_name).info(), &times, 12);
        let arriving = |late: i64| -> Vec<Record> {
            let mut records = log.exported();
            records.iter_mut().zip(&log.times).for_each(|(record, time)| record.arrived = time.map(|time| time + late));
            records
        };
        let broken = |records: &[Record]| turns.iter().find_map(|turn| trial.broken(&log.events, records, turn));
        assert_eq!(broken(&arriving(trial.emission.delay)), None, "{target_name}");
        // Later than a run can be late itself.
        assert!(broken(&arriving(trial.emission.delay + 2 * HOUR)).is_some(), "{target_name}");
    }
}

#[test]
fn duplicates_are_counted_twice() {
    for (target_name, stream, source) in EVERYWHERE {
        let trial = Trial::over_range(target_name, source, &counting(stream, source), "no duplicates");
        let records = samples_of(source);
        trial.holds_over(&records);
        let log = trial.log(&records);
        let mut again = log.records.clone();
        if target_name == "cloud-logging" {
            // It shows one entry of those with one insertId and one time.
            again.iter_mut().for_each(|record| record["timestamp"] = json!("2026-11-02T10:00:00.123Z"));
        }
        let twice = [log.records.clone(), again].concat();
        assert!(trial.broken_over(&log.events, &twice).is_some(), "{target_name}");
    }
}

#[test]
fn repeats_are_rows_of_their_own() {
    for (target_name, stream, source) in EVERYWHERE.into_iter().filter(|(target, ..)| *target != "cloud-logging") {
        let rule = counting(stream, source).replace("over 1h", "over 1h every 30m");
        let trial = Trial::over_range(target_name, source, &rule, "repeats are merged");
        let log = trial.log(&samples_of(source));
        let rows = trial.ran(&log.exported(), &Turn::over(&trial.emission, RANGE)).expect("it runs");
        let rule = &trial.resolved.rules[0];
        let stream = trial.resolved.schema.stream_of(rule.stream).expect("a rule has a stream");
        let run = eval::Run { pack: "p", range: RANGE, coverage: &BTreeMap::new() };
        let alerts = eval::run(rule, stream, &log.events, &run).expect("it runs").alerts;
        assert!(!alerts.is_empty() && rows.len() > alerts.len(), "{target_name}: {} rows", rows.len());
        // Merged by whoever takes them, they are the alerts.
        let ends: Vec<i64> = alerts.iter().map(|alert| (alert.until - alert.window.end) / (HOUR / 2) + 1).collect();
        assert_eq!(ends.iter().sum::<i64>(), i64::try_from(rows.len()).expect("they are few"), "{target_name}");
    }
}

#[test]
fn windows_that_the_range_cuts_are_cut() {
    let rule = counting("invocation", "aws.bedrock");
    let trial = Trial::over_range("cloudwatch", "aws.bedrock", &rule, "the range holds whole windows");
    let records: Vec<Value> = (0..4).map(|number| tokens(10 * number, 1)).collect();
    trial.holds_over(&records);
    let log = trial.log(&records);
    let mut turn = Turn::over(&trial.emission, RANGE);
    turn.run.from = log.times[2];
    assert!(trial.broken(&log.events, &log.exported(), &turn).is_some());
}

#[test]
fn no_more_groups_than_the_service_gives() {
    let rule = counting("invocation", "aws.bedrock").replace("over 1h", "over 1h by request.id");
    let trial = Trial::over_range("cloudwatch", "aws.bedrock", &rule, "at most 10000 groups");
    let records: Vec<Value> =
        (0..10_001).map(|number| bedrock(0, &json!({ "requestId": format!("r{number}") }))).collect();
    trial.holds_over(&records[..100]);
    let log = trial.log(&records);
    assert!(trial.broken_over(&log.events, &log.records).is_some());
}

/// A list of KQL is cut at 1,048,576 values. What the cut does is shown by one of the query's own, which it makes at three.
#[test]
fn more_values_than_a_list_holds() {
    // Which values are cut is open; that they are fewer is not.
    let rule = "rule r {\n severity low\n from invocation only azure.openai\n over 1h\n when size(values(operation, 9)) > 3\n}";
    let mut trial = Trial::over_range("kql", "azure.openai", rule, "at most 1048576 values a group");
    let record = |(number, operation): (usize, &&str)| {
        json!({
            "time": format!("2026-11-02T10:0{number}:00Z"), "category": "RequestResponse", "correlationId": format!("c{number}"),
            "operationName": operation, "properties": "{}",
            "resourceId": "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/A",
        })
    };
    let records: Vec<Value> = ["d", "c", "b", "a"].iter().enumerate().map(record).collect();
    trial.holds_over(&records);
    let text = trial.emission.query.text.take().expect("a query");
    let cut = text.replace("isnotempty(OperationName)))", "isnotempty(OperationName), 3))");
    assert_ne!(cut, text, "it collects a set");
    trial.emission.query.text = Some(cut);
    trial.holds_over(&records[..3]);
    let log = trial.log(&records);
    assert!(trial.broken_over(&log.events, &log.records).is_some());
}

#[test]
fn the_last_bit_of_a_float_can_decide() {
    let rule = "rule r {\n severity low\n from invocation only aws.bedrock\n over 1h\n let s = sum(tokens.input / 10)\n when s > 0.6\n}";
    let trial = Trial::over_range("cloudwatch", "aws.bedrock", rule, "rounding does not decide");
    trial.holds_over(&[tokens(0, 1), tokens(1, 2), tokens(2, 4)]);
    // 0.1 + 0.2 + 0.3 is 0.6 and no more: one float after the other, the newest first, it is 0.6000000000000001.
    let log = trial.log(&[tokens(0, 3), tokens(1, 2), tokens(2, 1)]);
    assert!(trial.broken_over(&log.events, &log.records).is_some());
}

#[test]
fn sums_past_64_bits_are_something_else() {
    let rule = "rule r {\n severity low\n from invocation only aws.bedrock\n over 1h\n let s = sum(tokens.input)\n when s > 5\n}";
    let trial = Trial::over_range("cloudwatch", "aws.bedrock", rule, "no sum leaves 64 bits");
    trial.holds_over(&[tokens(0, 1_i64 << 50), tokens(1, 1_i64 << 50)]);
    let log = trial.log(&(0..3).map(|number| tokens(number, 1_i64 << 62)).collect::<Vec<_>>());
    assert!(trial.broken_over(&log.events, &log.records).is_some());
}

#[test]
fn what_is_redacted_is_found_in_the_cloud_only() {
    let rule =
        "rule r {\n severity low\n from invocation only azure.apim\n where prompt contains \"ann@example.com\"\n}";
    let trial = Trial::over_range("kql", "azure.apim", rule, "redaction changed nothing");
    let records = apim("2026-11-02T10:00:00Z");
    trial.holds_over(&records);
    let mut log = trial.log(&records);
    let stream = &trial.resolved.schema.streams[trial.resolved.rules[0].stream];
    let prompt = stream.field("prompt").expect("calls have a prompt");
    log.events[0].fields[prompt.index()] = eval::Value::text("write to [EMAIL:3f9a]");
    assert!(trial.broken_over(&log.events, &log.records).is_some());
}

#[test]
fn what_is_hidden_is_found_in_the_local_run_only() {
    let rule = "rule r {\n severity low\n from invocation only azure.apim\n where found(prompt, \"email\")\n}";
    let trial = Trial::over_range("kql", "azure.apim", rule, "what is found stands by itself in plain text");
    // An archive has counted it before it redacted.
    assert!(!trial.emission.query.provided.contains(&Condition::RedactionChangedNothing));
    let asked = |prompt: &str| {
        let mut records = apim("2026-11-02T10:00:00Z");
        records[1]["properties"]["requestMessages"][0]["content"] = json!(prompt);
        records
    };
    trial.holds_over(&apim("2026-11-02T10:00:00Z"));
    trial.holds_over(&asked("write to nobody"));
    // In base64, and inside of something else.
    for prompt in ["send d3JpdGUgdG8gYW5uQGV4YW1wbGUuY29t", "postgres://app:s3cr3t@db.example.internal:5432/orders"] {
        let log = trial.log(&asked(prompt));
        assert!(trial.broken_over(&log.events, &log.records).is_some(), "{prompt}");
    }
}

#[test]
fn addresses_in_another_form_are_others() {
    let rule = "rule r {\n severity low\n from activity only aws.cloudtrail\n where source.ip in 10.0.0.0/8\n}";
    let trial = Trial::over_range("cloudwatch", "aws.cloudtrail", rule, "addresses are in their shortest form");
    let record = |address: &str| {
        let mut record = cloudtrail();
        record["sourceIPAddress"] = json!(address);
        record
    };
    trial.holds_over(&[record("10.0.0.1")]);
    trial.holds_over(&[record("203.0.113.7")]);
    let log = trial.log(&[record("::ffff:10.0.0.1")]);
    assert!(trial.broken_over(&log.events, &log.records).is_some());
}

/// A record of CloudTrail's.
fn cloudtrail() -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": "2026-11-02T10:00:00Z", "eventSource": "bedrock.amazonaws.com",
        "eventName": "Converse", "eventID": "e1", "requestID": "r1", "eventCategory": "Data", "awsRegion": "us-east-1",
        "userIdentity": { "type": "IAMUser" },
    })
}

/// The records of one call through API Management, its gateway's own row at a time.
fn apim(gate: &str) -> Vec<Value> {
    let row = |category: &str, time: &str, properties: Value| {
        let resource = "/SUBSCRIPTIONS/00000000-1111-2222-3333-444444444444/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.APIMANAGEMENT/SERVICE/G";
        json!({ "time": time, "resourceId": resource, "category": category, "correlationId": "c1", "properties": properties })
    };
    let messages = json!([{ "role": "user", "content": "write to ann@example.com" }]);
    let time = "2026-11-02T10:00:00Z";
    vec![
        row(
            "GatewayLlmLogs",
            time,
            json!({ "deploymentName": "d", "promptTokens": 5, "completionTokens": 1, "sequenceNumber": 1 }),
        ),
        row("GatewayLlmLogs", time, json!({ "requestMessages": messages, "sequenceNumber": 2 })),
        row("GatewayLogs", gate, json!({ "responseCode": 200 })),
    ]
}

#[test]
fn parts_that_lie_further_apart_are_put_together_all_the_same() {
    let rule = "rule r {\n severity low\n from invocation only azure.apim\n where status == 200\n}";
    let trial = Trial::over_range("kql", "azure.apim", rule, "the records of an event lie within 10m");
    trial.holds_over(&apim("2026-11-02T10:09:00Z"));
    let records = apim("2026-11-02T10:30:00Z");
    assert!(trial.broken_over(&trial.log(&records).events, &records).is_some());
}

/// The first sample of a source, as what happened at these times.
fn happened(source: &str, [time, id]: [&str; 2], times: &[&str]) -> Vec<Value> {
    let sample = samples_of(source).swap_remove(0);
    let at = |at: &&str| {
        let mut record = sample.clone();
        (record[time], record[id]) = (json!(at), json!(at));
        record
    };
    times.iter().map(at).collect()
}

#[test]
fn a_log_that_begins_later_has_seen_nobody() {
    let times = ["2026-11-02T10:00:00Z", "2026-11-02T10:20:00Z", "2026-11-02T10:40:00Z", "2026-11-02T14:30:00Z"];
    for ((target_name, stream, source), names) in
        [(EVERYWHERE[1], ["time", "correlationId"]), (EVERYWHERE[3], ["timestamp", "insertId"])]
    {
        for clauses in
            ["over 1h when unseen(1d)", "when seen(1d)", "over 1h let n = count() when n < baseline(n, 6h, max)"]
        {
            let rule = format!("rule r {{\n severity low\n from {stream} only {source}\n {clauses}\n}}");
            let trial = Trial::over_range(target_name, source, &rule, "the log holds");
            let records = happened(source, names, &times);
            trial.holds_over(&records);
            let log = trial.log(&records);
            // Judged is what the shorter log holds whole.
            let mut turn = Turn::over(&trial.emission, RANGE);
            turn.judged.from = log.times[3].expect("it has a time") - HOUR;
            let late = trial.log(&records[3..]).exported();
            assert!(trial.broken(&log.events, &late, &turn).is_some(), "{target_name}: {clauses}");
        }
    }
}

#[test]
fn a_scheduler_that_reads_less_far_back_has_seen_nobody() {
    let source = "azure.apim_gateway";
    let rule = format!("rule r {{\n severity low\n from invocation only {source}\n over 1h\n when unseen(20d)\n}}");
    let trial = Trial::new("kql", source, &rule, Request::default(), "what runs it reads");
    let times = ["2026-11-02T10:10:00Z", "2026-11-20T10:10:00Z"];
    let log = trial.log(&happened(source, ["time", "correlationId"], &times));
    let times: Vec<i64> = log.times.iter().flatten().copied().collect();
    let turns = Turn::by_schedule(&trial.emission, &target("kql").info(), &times, 12);
    let records = log.exported();
    let broken = |turn: &Turn| trial.broken(&log.events, &records, turn);
    assert_eq!(turns.iter().find_map(broken), None);
    let cut = |turn: &Turn| {
        let mut turn = *turn;
        turn.run.from = turn.run.until.map(|until| until - 14 * 24 * HOUR);
        broken(&turn)
    };
    assert!(turns.iter().any(|turn| cut(turn).is_some()));
}

#[test]
fn a_sampled_log_lacks_events() {
    let trial =
        Trial::over_range("googlesql", "gcp.vertex", &counting("invocation", "gcp.vertex"), "the log is not sampled");
    let records = samples_of("gcp.vertex");
    trial.holds_over(&records);
    let log = trial.log(&records);
    let sampled: Vec<Value> = log.records.iter().step_by(2).cloned().collect();
    assert!(trial.broken_over(&log.events, &sampled).is_some());
}

#[test]
fn properties_in_columns_of_their_own_are_not_read() {
    let rule = "rule r {\n severity low\n from invocation only azure.openai\n where model.id == \"gpt-4o\"\n}";
    let trial = Trial::over_range("kql", "azure.openai", rule, "properties are kept as JSON text");
    let record = |properties: Value| {
        json!({
            "time": "2026-11-02T10:00:00Z", "category": "RequestResponse", "correlationId": "c1", "properties": properties,
            "resourceId": "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/A",
        })
    };
    let object = json!({ "modelName": "gpt-4o" });
    trial.holds_over(&[record(json!(object.to_string()))]);
    trial.holds_over(&[record(object.clone())]);
    // Without the condition the emulator has to ask.
    let text = trial.emission.query.text.as_deref().unwrap_or_default();
    let run = Run { now: RANGE.to, from: Some(RANGE.from), until: Some(RANGE.to) };
    let records = [Record { text: record(object).to_string(), ..Record::default() }];
    let asked = emulate(trial.language, text, &records, &run).expect_err("it is open");
    assert_eq!((asked.kind, asked.readings), (Kind::Ambiguous, vec!["properties-of-diagnostics"]));
}

#[test]
fn values_of_other_types_are_taken_for_what_they_are_not() {
    // A text of a bool is no bool to the local run, and both are alike to CloudWatch.
    let rule = "rule r {\n severity low\n from activity only aws.cloudtrail\n where auth.method == \"key\"\n}";
    let trial = Trial::over_range("cloudwatch", "aws.cloudtrail", rule, "payloads hold the types they are read as");
    let record = |bearer: Value| {
        let mut record = cloudtrail();
        record["additionalEventData"] = json!({ "callWithBearerToken": bearer });
        record
    };
    trial.holds_over(&[record(json!(true))]);
    trial.holds_over(&[record(json!(false))]);
    let log = trial.log(&[record(json!("true"))]);
    assert!(trial.broken_over(&log.events, &log.records).is_some());
}

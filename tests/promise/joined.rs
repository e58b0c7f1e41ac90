//! Borrowed fields, executed: rules that read what another log lends are emitted, run over both logs on emulators and independent engines, and
//! give the alerts of the local run. The two logs stand in one table, a third in another.

use serde_json::{Value, json};
use skywatch::eval::borrow::{Logs, borrowed};
use skywatch::eval::clock::time_text;
use skywatch::ir::{SECOND, Source};
use skywatch::resolve::Resolved;
use skywatch::ruletest::emitted::{claimed, local};
use skywatch::ruletest::rows::broken;
use skywatch::ruletest::turns::Turn;
use skywatch::target::{Emission, Request, Verdict, emit};

use crate::emulators::Emulator;
use crate::judge::{Executed, Executor};
use crate::logs::{DAY, FROM, Log, RANGE, target};
use crate::oracles::OnOracle;
use crate::support::choices::Choices;
use crate::support::oracle::{Engine, Oracle};
use crate::support::random::{self, Fields, names};
use crate::support::{cases, resolved, seeded};
use crate::tally::Tally;

const STREAMS: &str = "
stream called  { call : text  user : text  ip : ip  agent : text  code : int }
stream audited { call : text  ip : ip  agent : text  code : int }
";

const KQL: &str = r#"
source azure.calls : called {
    at     kql AzureDiagnostics {
        .time = time(TimeGenerated), .category = Category, .correlationId = CorrelationId, .event = event_s,
        .operationName = OperationName,
    }
    delay  5m
    unique .event
    where  .category == "Calls"
    time = .time
    call = .correlationId
    user = .operationName
    join   azure.audit on call within 15m for ip, code
    join   azure.other on call within 1h for agent
}
source azure.audit : audited {
    at     kql AzureDiagnostics {
        .time = time(TimeGenerated), .category = Category, .correlationId = CorrelationId, .event = event_s,
        .callerIpAddress = CallerIPAddress, .durationMs = int(DurationMs),
    }
    delay  20m
    unique .event
    where  .category == "Audit"
    time = .time
    call = .correlationId
    ip   = .callerIpAddress
    code = .durationMs
}
source azure.other : audited {
    at     kql AzureActivity {
        .time = time(TimeGenerated), .correlationId = CorrelationId, .eventDataId = EventDataId,
        .resultType = ActivityStatusValue,
    }
    delay  1m
    unique .eventDataId
    time  = .time
    call  = .correlationId
    agent = .resultType
}
"#;

const GOOGLESQL: &str = r#"
source gcp.calls : called {
    at     googlesql "P.L.B._AllLogs" {
        .timestamp = time(timestamp), .insertId = insert_id, .logName = log_name, .operation.id = operation.id,
        .textPayload = text_payload,
    }
    delay  5m
    unique .insertId
    where  .logName ends with "/logs/calls"
    with   id = .operation.id
    time = .timestamp
    call = id
    user = .textPayload
    join   gcp.audited on call within 15m for ip, code
    join   gcp.other on call within 1h for agent
}
source gcp.audited : audited {
    at     googlesql "P.L.B._AllLogs" {
        .timestamp = time(timestamp), .insertId = insert_id, .logName = log_name, .operation.id = operation.id,
        .protoPayload.requestMetadata.callerIp = proto_payload.audit_log.request_metadata.caller_ip,
        .protoPayload.status.code = int(proto_payload.audit_log.status.code),
    }
    delay  20m
    unique .insertId
    where  .logName ends with "/logs/audited"
    time = .timestamp
    call = .operation.id
    ip   = .protoPayload.requestMetadata.callerIp
    code = .protoPayload.status.code
}
source gcp.other : audited {
    at     googlesql "P.D.request_response_logging" {
        .logging_time = time(logging_time), .request_id = int(request_id), .model = model,
    }
    delay  1m
    time  = .logging_time
    call  = .request_id
    agent = .model
}
"#;

/// Rules that read what is borrowed wherever a rule can.
const RULES: &[&str] = &[
    "show call, user, ip, agent, code",
    "where ip is missing  show agent",
    "where ip in 10.0.0.0/8 and agent != \"b\"  show code",
    "where code > 1 and user == \"anna\"",
    "with who = concat(user, \"@\", agent)  where who is present  show who",
    "over 30m by ip  let n = count()",
    "where user != \"bert\"  over 1h every 30m by agent default \"-\"  let n = count(), ips = distinct(ip), most = max(code)  when n >= 1",
    "over 1h by user default \"-\"  let ips = distinct(ip), sum = sum(code)  when ips >= 1 or sum > 5",
    "over 1h by ip  let n = count()  when unseen(2h)",
    "over 30m by agent  let n = count()  when n > baseline(n, 1h)",
    "where agent is present  when unseen(1h)",
];

/// Both logs of a target, and the third, in the order of its sources.
struct Written {
    target: &'static str,
    sources: &'static str,
    names: [&'static str; 3],
    record: fn(usize, &Happened) -> Value,
}

/// What a record says.
struct Happened {
    at: i64,
    id: Option<String>,
    key: Option<&'static str>,
    word: Option<&'static str>,
    ip: Option<&'static str>,
    code: Option<i64>,
}

const WRITTEN: [Written; 2] = [
    Written { target: "kql", sources: KQL, names: ["azure.calls", "azure.audit", "azure.other"], record: azure },
    Written {
        target: "googlesql",
        sources: GOOGLESQL,
        names: ["gcp.calls", "gcp.audited", "gcp.other"],
        record: google,
    },
];

fn azure(log: usize, of: &Happened) -> Value {
    let Happened { at, id, key, word, ip, code } = of;
    let (time, resource) =
        (time_text(*at), "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a");
    if log == 2 {
        return json!({
            "time": time, "category": "Administrative", "resourceId": resource, "operationName": "a/b/write",
            "correlationId": key, "eventDataId": id, "resultType": word,
        });
    }
    let category = ["Calls", "Audit"][log];
    json!({
        "time": time, "category": category, "resourceId": resource, "correlationId": key, "event": id,
        "operationName": word, "callerIpAddress": ip, "durationMs": code,
    })
}

fn google(log: usize, of: &Happened) -> Value {
    let Happened { at, id, key, word, ip, code } = of;
    if log == 2 {
        let key: Option<i64> = key.and_then(|key| key.parse().ok());
        return json!({ "logging_time": time_text(*at), "request_id": key, "model": word });
    }
    let name = format!("projects/p/logs/{}", ["calls", "audited"][log]);
    let mut entry = json!({ "timestamp": time_text(*at), "insertId": id, "logName": name, "operation": { "id": key } });
    let members = entry.as_object_mut().expect("an object");
    if log == 0 {
        members.insert("textPayload".to_owned(), json!(word));
    } else {
        let payload = json!({ "requestMetadata": { "callerIp": ip }, "status": { "code": code } });
        members.insert("protoPayload".to_owned(), payload);
    }
    entry
}

/// Records of a log: few keys, many of them near one another, some as far apart as a join goes, or a microsecond more.
fn happened(choices: &mut Choices, log: usize) -> Vec<Happened> {
    const MINUTE: i64 = 60 * SECOND;
    const BASES: [i64; 4] = [FROM + DAY, FROM + DAY + 20 * MINUTE, FROM + 2 * DAY - 1, FROM + 2 * DAY + 50 * MINUTE];
    const WAYS: [i64; 12] = [
        0,
        0,
        SECOND,
        -SECOND,
        15 * MINUTE,
        -15 * MINUTE,
        15 * MINUTE + 1,
        -15 * MINUTE - 1,
        60 * MINUTE,
        -60 * MINUTE,
        60 * MINUTE + 1,
        7 * MINUTE,
    ];
    let count = 1 + choices.below(if log == 0 { 9 } else { 12 });
    let missing = |choices: &mut Choices| choices.once_in(5);
    (0..count)
        .map(|n| Happened {
            at: choices.one(&BASES) + if log == 0 { 0 } else { *choices.one(&WAYS) },
            // What has no id is no duplicate; a row of AzureActivity always has one.
            id: (log != 1 || !choices.once_in(3)).then(|| format!("{}{n}", choices.one(&["a", "B", "é", "_"]))),
            key: if missing(choices) { *choices.one(&[None, Some("")]) } else { Some(*choices.one(&["1", "2"])) },
            word: (!missing(choices))
                .then(|| *choices.one(if log == 0 { &["anna", "bert"] } else { &["a", "b", "B"] })),
            ip: (!missing(choices))
                .then(|| *choices.one(&["10.0.0.1", "10.0.0.2", "192.0.2.1", "2001:db8::1", "no address"])),
            code: (!missing(choices)).then(|| *choices.one(&[1, 2, 10, 9])),
        })
        .collect()
}

impl Written {
    /// The rule on both logs: emitted, run, compared.
    fn compare(&self, resolved: &Resolved, executor: &mut dyn Executor, choices: &mut Choices, tally: &mut Tally) {
        let (schema, rule) = (&resolved.schema, &resolved.rules[0]);
        let sources: Vec<&Source> = self.names.iter().map(|name| schema.source(name).expect("it is written")).collect();
        let records = |choices: &mut Choices, log: usize| -> Vec<Value> {
            happened(choices, log).iter().map(|of| (self.record)(log, of)).collect()
        };
        let logs: Vec<Log> =
            sources.iter().enumerate().map(|(log, source)| Log::of(source, schema, &records(choices, log))).collect();
        let mut events = Logs::new();
        for (source, log) in sources.iter().zip(&logs) {
            events.entry(source.stream).or_default().extend(log.events.iter().cloned());
        }
        let events = borrowed(schema, rule.stream, &events);
        let stream = schema.stream_of(rule.stream).expect("a rule has a stream");
        let target = target(self.target);
        let emitted = |request| emit(rule, schema, target, request).into_iter().find(|e| e.source == self.names[0]);
        let over_range = emitted(Request { range: Some((RANGE.from, RANGE.to)), ..Request::default() });
        let in_turns = emitted(Request::default());
        let (Some(over_range), Some(in_turns)) = (over_range, in_turns) else { return };
        if over_range.query.text.is_none() {
            tally.refused += 1;
            return;
        }
        let times: Vec<i64> = logs[0].times.iter().flatten().copied().collect();
        let mut turns: Vec<(&Emission, Turn)> = vec![(&over_range, Turn::over(&over_range, RANGE))];
        let scheduled = Turn::by_schedule(&in_turns, &target.info(), &times, executor.turns());
        turns.extend(scheduled.into_iter().map(|turn| (&in_turns, turn)));
        for (n, (emission, turn)) in turns.into_iter().enumerate() {
            let given: Vec<(&Source, Vec<_>)> = sources
                .iter()
                .zip(&logs)
                .map(|(source, log)| {
                    (*source, if n == 0 { log.exported() } else { log.arriving(source.delay, choices) })
                })
                .collect();
            let text = emission.query.text.as_deref().unwrap_or_default();
            let rows = match executor.execute(emission, &given, &turn) {
                Executed::Rows(rows, _) => rows,
                Executed::Unsupported(why) => {
                    *tally.unsupported.entry(why).or_default() += 1;
                    return;
                }
                Executed::Failed(why) => return tally.wrong.push(format!("{why}\n{text}")),
            };
            let alerts = local(rule, stream, &events, target, emission, turn.judged).expect("patterns are small");
            let claim = claimed(target, emission);
            if let Some(how) = broken(claim, rule, &alerts, &rows) {
                let given: Vec<&Vec<Value>> = logs.iter().map(|log| &log.records).collect();
                let verdict = claim.text();
                return tally
                    .wrong
                    .push(format!("{verdict}, but {how}\nin {turn:?}\n{text}\nrecords {}", json!(given)));
            }
            match (claim, n) {
                (Verdict::Exact, 0) => tally.equal += 1,
                (Verdict::Wider | Verdict::Narrower, 0) => tally.contained += 1,
                (_, 0) => tally.differing += 1,
                _ => tally.turns += 1,
            }
            tally.with_alerts += usize::from(n == 0 && claim == Verdict::Exact && !alerts.is_empty());
            tally.turns_with_alerts += usize::from(n > 0 && !alerts.is_empty());
        }
    }

    fn rule(&self, number: usize, choices: &mut Choices) -> String {
        let fields = Fields {
            stream: "called".to_owned(),
            text: names(&["agent", "call", "user"]),
            int: names(&["code"]),
            ip: names(&["ip"]),
            time: names(&["time"]),
            words: names(&["a", "b", "1", "anna"]),
            ..Fields::default()
        };
        let over_time = choices.once_in(3);
        match RULES.get(number % (2 * RULES.len())) {
            Some(clauses) => format!("rule r {{ severity low  from called only {}  {clauses} }}", self.names[0]),
            None => random::rule(choices, &Fields { over_time, ..fields }),
        }
    }

    fn run(&self, executor: &mut dyn Executor, short: u32) {
        let mut tally = Tally::default();
        let total = cases(short);
        for number in 0..total {
            let mut choices = Choices::new(seeded(number, 3_000));
            let text = self.rule(number as usize, &mut choices);
            let resolved = resolved(&[&format!("{STREAMS}{}{text}", self.sources)]);
            let before = tally.wrong.len();
            self.compare(&resolved, executor, &mut choices, &mut tally);
            if let Some(wrong) = tally.wrong.get_mut(before) {
                *wrong = format!("case {number}: {text}\n{wrong}");
            }
        }
        tally.report(&format!("{total} rules that borrow as {}", self.target));
        assert!(tally.equal * 2 >= total as usize && tally.with_alerts * 4 >= total as usize, "too few were compared");
        assert!(executor.turns() == 0 || tally.turns_with_alerts * 2 >= total as usize, "too few turns alert");
    }
}

#[test]
fn joined_logs_on_the_kql_emulator() {
    WRITTEN[0].run(&mut Emulator::of("kql", true), 66);
}

#[test]
fn joined_logs_on_the_googlesql_emulator() {
    WRITTEN[1].run(&mut Emulator::of("googlesql", true), 66);
}

#[test]
fn joined_logs_as_kql_on_an_independent_engine() {
    if let Some(mut engine) = OnOracle::of("kql") {
        WRITTEN[0].run(&mut engine, 44);
    }
}

#[test]
fn joined_logs_as_googlesql_on_an_independent_engine() {
    if let Some(mut engine) = OnOracle::of("googlesql") {
        WRITTEN[1].run(&mut engine, 44);
    }
}

#[test]
fn joined_kql_passes_microsofts_parser() {
    let Some(mut oracle) = Oracle::start(Engine::KqlCheck) else { return };
    for clauses in RULES {
        let text = format!("{STREAMS}{KQL}rule r {{ severity low  from called only azure.calls  {clauses} }}");
        let resolved = resolved(&[&text]);
        for range in [None, Some((RANGE.from, RANGE.to))] {
            for emission in
                emit(&resolved.rules[0], &resolved.schema, target("kql"), Request { range, ..Request::default() })
            {
                let query = emission.query.text.unwrap_or_else(|| panic!("{:?}", emission.query.reasons));
                let answer = oracle.ask(&json!({ "id": "r", "query": query }));
                let errors = answer.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
                assert!(errors.is_empty(), "{errors:?}\n{query}");
            }
        }
    }
}

/// What every part of a text looks like.
#[test]
fn joined_texts() {
    for written in &WRITTEN {
        let mut texts = String::new();
        for clauses in [RULES[2], RULES[6]] {
            let from = written.names[0];
            let rule = format!("rule r {{ severity low  from called only {from}  {clauses} }}");
            let resolved = resolved(&[&format!("{STREAMS}{}{rule}", written.sources)]);
            for emission in emit(&resolved.rules[0], &resolved.schema, target(written.target), Request::default()) {
                let header = emission.header(&target(written.target).info());
                texts.push_str(&format!("{header}{}\n\n", emission.query.text.unwrap_or_default()));
            }
        }
        insta::assert_snapshot!(format!("joined-{}", written.target), texts);
    }
}

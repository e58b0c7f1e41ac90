//! throwaway
mod support;
use serde_json::{Value, json};
use skywatch::eval::{Event, Json, Range};
use skywatch::ir::SECOND;
use skywatch::record::{Mapped, Mapper};
use skywatch::target::cloudwatch::CloudWatch;
use skywatch::target::{Request, emit};
use std::collections::BTreeSet;
use std::io::Write;
use support::choices::Choices;
use support::compare::local;
use support::random::{self, Fields};

const SAMPLE: &str = r#"
source x.sample : sample {
    at files json_lines
    at cloudwatch "/x" { .id = id, .at0 = at0, .t1 = t1, .n1 = n1, .f1 = f1, .b1 = b1, .ip1 = ip1, .nest = nest, .at1 = at1 }
    delay 5m
    unique .id
    time = .at0
    t1 = .t1
    t2 = .nest.t2
    t3 = .odd."a.b"
    n1 = .n1
    n2 = .deep.n2
    f1 = .f1
    f2 = .nest."f-2"
    b1 = .b1
    at = .at1
    u1 = .n1 * 1ms
    u2 = .deep.n2 * 1s
    ip1 = .ip1
    ip2 = .deep.ip2
    xs = .xs[]
    ns = .deep.ns[]
    rs = each r in .rs[] { name = r.name, n = r.n, ok = r.ok }
}
"#;

fn fields(source: &str) -> Fields {
    if source == "x.sample" {
        return Fields {
            only: "x.sample",
            decimal: &[],
            words: &["a", "b", "A", "ab", "a.b", "é", "it's \\\"q\\\" \\\\", "x/y/a"],
            ..support::every_type::FIELDS
        };
    }
    let bedrock = source == "aws.bedrock";
    Fields {
        stream: if bedrock { "invocation" } else { "activity" },
        only: if bedrock { "aws.bedrock" } else { "aws.cloudtrail" },
        text: if bedrock {
            &[
                "caller.id",
                "model.id",
                "region",
                "error.code",
                "operation",
                "stop_reason",
                "guardrail.action",
                "prompt",
                "completion",
                "caller.name",
                "account",
            ]
        } else {
            &[
                "caller.id",
                "operation",
                "user.agent",
                "service",
                "target",
                "outcome",
                "error.code",
                "auth.method",
                "access_key.id",
                "region",
                "caller.name",
                "service_kind",
            ]
        },
        int: if bedrock { &["tokens.input", "tokens.output", "tokens.total", "tokens.cached"] } else { &[] },
        float: &[],
        decimal: &[],
        bool: &[],
        time: &["time"],
        duration: if bedrock { &["latency"] } else { &[] },
        ip: if bedrock { &[] } else { &["source.ip"] },
        texts: if bedrock { &["tools"] } else { &[] },
        ints: &[],
        records: &[],
        words: &[
            "a",
            "b",
            "A",
            "ab",
            "a.b",
            "é",
            "it's \\\"q\\\" \\\\",
            "x/y/a",
            "blocked",
            "end_turn",
            "bedrock:InvokeModel",
            "ai",
        ],
        everything: true,
    }
}

#[test]
fn cwl_try() {
    let seeds: u64 = std::env::var("CWL_N").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let start: u64 = std::env::var("CWL_S").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut out = std::io::BufWriter::new(std::fs::File::create("/tmp/cwl/cases.jsonl").unwrap());
    let mut rules: Vec<(String, String, String)> = Vec::new();
    if let Ok(list) = std::fs::read_to_string("/tmp/cwl/rules.txt") {
        for part in list.split("----\n") {
            let (head, text) = part.split_once('\n').unwrap();
            let (source, file) = head.split_once(' ').unwrap();
            rules.push((source.to_owned(), file.to_owned(), text.to_owned()));
        }
    }
    for seed in start..start + seeds {
        let source = if std::env::var("CWL_X").is_ok() {
            "x.sample"
        } else if seed % 2 == 0 {
            "aws.bedrock"
        } else {
            "aws.cloudtrail"
        };
        let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 12345;
        let data = (0..200)
            .map(|_| {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                (x >> 20) as u32
            })
            .collect();
        let text = random::rule(&mut Choices::new(data), fields(source));
        let file = format!("/tmp/cwl/rec/{}_{}.jsonl", source, seed % 20);
        rules.push((source.to_owned(), file, text));
    }
    for (source_name, file, text) in rules {
        let Ok(resolved) = std::panic::catch_unwind(|| {
            if source_name == "x.sample" {
                support::resolved(&[support::every_type::STREAM, SAMPLE, &text])
            } else {
                support::resolved(&[&text])
            }
        }) else {
            println!("UNRESOLVED {text}");
            continue;
        };
        let schema = &resolved.schema;
        let source = schema.source(&source_name).unwrap();
        let stream = schema.stream_of(source.stream).unwrap();
        let records: Vec<Value> =
            std::fs::read_to_string(&file).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let mut mapper = Mapper::new(source, stream);
        let (mut events, mut kept): (Vec<Event>, Vec<Value>) = (vec![], vec![]);
        let mut seen = BTreeSet::new();
        for record in &records {
            match mapper.map(&Json::parse(&record.to_string()).unwrap()) {
                Mapped::Event(event, _) => {
                    let id = event.fields.get(stream.event_id().index()).cloned().unwrap_or_default();
                    if !id.is_present() || !seen.insert(format!("{id:?}")) {
                        continue;
                    }
                    events.push(event);
                    kept.push(record.clone());
                }
                Mapped::Other => kept.push(record.clone()),
                Mapped::Rejected(_) => {}
            }
        }
        for rule in &resolved.rules {
            let day = 86_400 * SECOND;
            let full = Range { from: 0, to: 4_000_000_000 * SECOND };
            let part = Range { from: 1_767_258_000 * SECOND, to: 1_767_258_000 * SECOND + day / 2 + 60 * SECOND };
            for (range, request) in [(full, None), (part, Some((part.from, part.to)))] {
                let range = Range { from: range.from, to: range.to };
                for e in emit(rule, schema, &CloudWatch, Request { range: request }) {
                    if e.source != source_name {
                        continue;
                    }
                    let hits = if e.query.text.is_some() {
                        local(rule, source, stream, &events, range, &e.query.left_out)
                    } else {
                        vec![]
                    };
                    let hits: Vec<Value> =
                        hits.iter().map(|h| json!({"place": h.place, "measures": h.measures})).collect();
                    let types: Vec<(String, String, String)> = {
                        let o = skywatch::target::names::Outputs::of(rule);
                        rule.measures
                            .iter()
                            .zip(&o.measures)
                            .chain(rule.show.iter().zip(&o.show))
                            .map(|(b, c)| (b.name.clone(), c.clone(), b.value.ty.to_string()))
                            .collect()
                    };
                    let o = skywatch::target::names::Outputs::of(rule);
                    let reasons: Vec<String> =
                        e.query.reasons.iter().map(|r| format!("{} {}", r.code.as_str(), r.message)).collect();
                    let case = json!({"text": text, "rule": rule.name, "source": e.source, "verdict": e.query.verdict.text(), "left_out": e.query.left_out,
                        "query": e.query.text, "hits": hits, "types": types, "keys": o.keys, "window": rule.window.is_some(), "records": kept, "reasons": reasons,
                        "needs": e.query.needs.map(|n| n.text()), "range": request.is_some(), "file": file});
                    writeln!(out, "{case}").unwrap();
                }
            }
        }
    }
}

//! How many raw records a second ten rules take from standard input, beside rsigma on the same lines and ten equivalent Sigma rules.
//!
//! `cargo bench --bench stdin` writes a CloudTrail log of its own and runs `skywatch run --stdin` over it in a process of its own, measured from
//! outside; with `--no-default-features` the evaluator does the same. `SKYWATCH_RSIGMA` is a rsigma to compare with (`cargo install rsigma`):
//! its hits must be equal. `SKYWATCH_EVENTS` is how many records there are. Prints the least of three runs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

#[path = "redact/corpus.rs"]
#[expect(dead_code, reason = "what is in a text is asked by the redactor's benchmark")]
mod corpus;
#[path = "ingest/logs.rs"]
#[expect(dead_code, reason = "logs of calls are for the ingest's benchmark")]
mod logs;
mod measured;

use measured::{Cost, Of, process};

const RUNS: usize = 3;

/// By name: what a rule asks of an event, and a Sigma rule's selection of the same records.
const RULES: [(&str, &str, &str); 10] = [
    (
        "guardrail_changed",
        r#"operation in ["bedrock:UpdateGuardrail", "bedrock:DeleteGuardrail"]"#,
        "eventSource: bedrock.amazonaws.com\n    eventName: [UpdateGuardrail, DeleteGuardrail]",
    ),
    ("one_address", r#"source.ip == 198.51.100.7"#, "sourceIPAddress: 198.51.100.7"),
    (
        "one_network",
        r#"source.ip in 198.51.100.8/30 and caller.id contains "/app-3/""#,
        "sourceIPAddress|cidr: 198.51.100.8/30\n    userIdentity.arn|contains: /app-3/",
    ),
    (
        "small_models",
        r#"model.id contains "haiku" and caller.id ends with "app-39/session""#,
        "requestParameters.modelId|contains: haiku\n    userIdentity.arn|endswith: app-39/session",
    ),
    (
        "denied",
        r#"error.code in ["AccessDenied", "AccessDeniedException"]"#,
        "errorCode: [AccessDenied, AccessDeniedException]",
    ),
    (
        "by_hand",
        r#"user.agent contains any of ["curl/", "Wget/", "python-requests/"]"#,
        "userAgent|contains: [curl/, Wget/, python-requests/]",
    ),
    ("old_library", r"user.agent matches /Boto3\/1\.[0-3][0-9]\./", r"userAgent|re: Boto3/1\.[0-3][0-9]\."),
    ("long_lived_key", r#"access_key.id starts with "AKIA""#, "userIdentity.accessKeyId|startswith: AKIA"),
    ("elsewhere", r#"region not in ["us-east-1", "eu-central-1"]"#, "awsRegion|re: ^(?:[^ue]|u[^s]|us-w|eu-[^c]).*"),
    ("root", r#"auth.type == "Root" and source.ip is present"#, "userIdentity.type: Root\n    sourceIPAddress|re: .+"),
];

fn main() {
    let count = std::env::var("SKYWATCH_EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(500_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (log, out) = (folder.path().join("log.jsonl"), folder.path().join("out"));
    let mut writer = BufWriter::new(File::create(&log).expect("a file"));
    logs::activity(count, &mut |record| writeln!(writer, "{record}").expect("it can be written"));
    writer.flush().expect("it can be written");
    println!("{count} records, {:.0} MB", fs::metadata(&log).expect("the log").len() as f64 / 1e6);
    let pack = folder.path().join("p.sky");
    let rules = RULES.map(|(name, asks, _)| format!("rule {name} {{ severity low  from activity  where {asks} }}\n"));
    fs::write(&pack, rules.concat()).expect("a pack");
    let skywatch = format!(
        "exec {} run {} --stdin aws.cloudtrail --format json < {} > {}",
        env!("CARGO_BIN_EXE_skywatch"),
        pack.display(),
        log.display(),
        out.display()
    );
    let ours =
        measure("skywatch run --stdin", count, &skywatch, &out, |alert| alert["rule"].as_str().map(str::to_owned));
    match std::env::var("SKYWATCH_RSIGMA") {
        Ok(rsigma) => {
            let rules = folder.path().join("sigma");
            fs::create_dir(&rules).expect("a folder");
            for (name, _, selection) in RULES {
                let text = format!(
                    "title: {name}\nlogsource:\n  product: aws\ndetection:\n  selection:\n    {selection}\n  condition: selection\nlevel: low\n"
                );
                fs::write(rules.join(format!("{name}.yml")), text).expect("a rule");
            }
            let rsigma = format!(
                "exec {rsigma} engine eval --rules {} -e @{} > {}",
                rules.display(),
                log.display(),
                out.display()
            );
            let theirs = measure("rsigma engine eval", count, &rsigma, &out, |hit| {
                hit["rule_title"].as_str().map(str::to_owned)
            });
            assert_eq!(ours, theirs, "rsigma finds otherwise");
            println!("hits are equal: {}", json!(ours));
        }
        Err(_) => println!("rsigma: SKIPPED, name one in SKYWATCH_RSIGMA"),
    }
}

/// Runs a command several times; prints the least that it takes, gives the hits of each rule.
fn measure(
    what: &str,
    count: usize,
    command: &str,
    out: &Path,
    rule: impl Fn(&Value) -> Option<String>,
) -> BTreeMap<String, usize> {
    let run = || {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]);
        process(shell).0
    };
    let costs: Vec<Cost> = (0..RUNS).map(|_| run()).collect();
    let least = |of: fn(&Cost) -> f64| costs.iter().map(of).fold(f64::MAX, f64::min);
    let cpu = least(|cost| cost.of.as_ref().map_or(f64::MAX, |Of { cpu, .. }| cpu.as_secs_f64()));
    let memory = least(|cost| cost.of.as_ref().map_or(f64::MAX, |Of { memory, .. }| *memory));
    let wall = least(|cost| cost.wall.as_secs_f64());
    let rate = count as f64 / cpu / 1e3;
    println!(
        "  {what:<24} {cpu:>6.2} s of processor, {wall:>6.2} s, {memory:>5.0} MiB: {rate:.0} thousand records a second of processor"
    );
    let mut hits = BTreeMap::new();
    for line in BufReader::new(File::open(out).expect("what it said")).lines() {
        let line: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
        *hits.entry(rule(&line).expect("a rule's name")).or_default() += 1;
    }
    hits
}

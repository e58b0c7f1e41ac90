//! `run --stdin`: records that come in, without an archive.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use super::*;

/// Runs a pack over a log on standard input.
fn run(pack: &str, source: &str, log: &Path, extra: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skywatch"))
        .args(["run", pack, "--stdin", source])
        .args(extra)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::from(File::open(log).expect("the log")))
        .output()
        .expect("the program runs")
}

/// Some calls of Bedrock.
fn log(folder: &Path) -> std::path::PathBuf {
    let call = |n: u32, text: &str| {
        format!(
            r#"{{"schemaType":"ModelInvocationLog","timestamp":"2026-03-01T10:0{n}:00Z","requestId":"r{n}","operation":"Converse","modelId":"m","identity":{{"arn":"a"}},"input":{{"inputTokenCount":{n},"inputBodyJson":{{"messages":[{{"role":"user","content":[{{"text":"{text}"}}]}}]}}}},"output":{{"outputTokenCount":1}}}}"#
        )
    };
    let path = folder.join("calls.jsonl");
    let lines =
        [call(1, "hello"), "{".to_owned(), call(2, "my secret plan"), call(2, "my secret plan"), "{}".to_owned()];
    fs::write(&path, lines.join("\n")).expect("a log");
    path
}

const RULES: &str = "rule told { severity high  from invocation  where prompt contains \"secret\"  show prompt }
signal call { from invocation  over 1h by caller.id }
rule new { severity low  from invocation  over 1h by caller.id  when unseen(1d) }
correlate both { severity critical  by caller.id  within 2h  when at least 2 of told, call }";

#[test]
fn a_pack_of_exceptions_goes_with_the_one_that_it_tunes() {
    const TUNING: &str =
        "exception drill for p.told { where caller.id == \"a\"  until 2027-01-01  reason \"a drill\" }\n";
    let folder = tempfile::tempdir().expect("a folder");
    let (pack, log) = (folder.path().join("p.sky"), log(folder.path()));
    let tuning = folder.path().join("tuning.sky");
    fs::write(&pack, "rule told { severity high  from invocation  where prompt contains \"secret\" }\n")
        .expect("a pack");
    fs::write(&tuning, TUNING).expect("a pack");
    let (pack, tuning) = (pack.display().to_string(), tuning.display().to_string());
    let alone = run(&pack, "aws.bedrock", &log, &["--format", "json"]);
    assert_eq!(text(&alone.stdout).lines().count(), 1, "{}", text(&alone.stderr));
    let tuned = run(&pack, "aws.bedrock", &log, &[&tuning, "--format", "json"]);
    assert_eq!((tuned.status.code(), text(&tuned.stdout).as_str()), (Some(0), ""), "{}", text(&tuned.stderr));
    let twice = run(&pack, "aws.bedrock", &log, &["rulepacks/ai-security"]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(text(&twice.stderr).contains("by one pack"), "{}", text(&twice.stderr));
}

#[test]
fn alerts_come_from_standard_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pack, log) = (folder.path().join("p.sky"), log(folder.path()));
    fs::write(&pack, RULES).expect("a pack");
    let pack = pack.display().to_string();
    let times = ["--from", "2026-03-01", "--to", "2026-03-02"];
    let output = run(&pack, "aws.bedrock", &log, &[&times[..], &["--format", "json", "--fail-on", "high"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let alerts: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let rules: Vec<&str> = alerts.iter().filter_map(|alert| alert["rule"].as_str()).collect();
    assert_eq!(rules, ["told", "both"]);
    assert_eq!(alerts[0]["show"]["prompt"], "[CONTENT]");
    assert_eq!(
        text(&output.stderr),
        "aws.bedrock: 5 records: 2 events, 1 duplicates, 1 of other kinds, 1 unreadable\n2 alerts: 1 critical, 1 high\n\
         new on aws.bedrock: 1 window from 2026-03-01T10:00:00.000000Z to 2026-03-01T11:00:00.000000Z undecided, the archive does not go back \
         far enough\n"
    );
    let shown = run(&pack, "aws.bedrock", &log, &["--rule", "told", "--show-content", "--format", "json"]);
    assert!(text(&shown.stdout).contains("my secret plan"), "{}", text(&shown.stderr));
}

#[test]
fn what_can_not_be_run_over_standard_input_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pack, log) = (folder.path().join("p.sky"), log(folder.path()));
    fs::write(&pack, RULES).expect("a pack");
    let pack = pack.display().to_string();
    for (source, extra, message) in [
        ("aws.bedrok", &[][..], "unknown source `aws.bedrok`"),
        ("aws.bedrock", &[][..], "`new` looks back, and nobody says from when to when it is judged"),
        ("aws.bedrock", &[PACK][..], "standard input is read once, by one pack"),
        ("aws.bedrock", &["--from", "2026-03-02", "--to", "2026-03-01"][..], "nothing lies between"),
    ] {
        let output = run(&pack, source, &log, extra);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(text(&output.stderr).contains(message), "{message}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

//! How fast raw logs become an archive, and in how much memory.
//!
//! `cargo bench --bench ingest` writes two logs of its own, Bedrock's calls with prompts of 50 to 2,000 characters and CloudTrail's events without
//! any, and for each prints what it takes to read the lines with `serde_json` into nothing and into values, to `skywatch ingest` them, without
//! content and with it, and to have DuckDB write the same file as Parquet (`benches/ingest/duckdb_copy.py`, with `tests/oracles/venv`). Processes
//! are measured from outside: wall time, processor time, the most memory that was resident. `SKYWATCH_EVENTS` is how many records a log has.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use serde_json::{Value, json};

#[path = "redact/corpus.rs"]
#[expect(dead_code, reason = "what is in a text is asked by the redactor's benchmark")]
mod corpus;
#[path = "ingest/logs.rs"]
mod logs;
mod measured;

use measured::{Cost, Of, process};

/// Hands on so many records of a log.
type Records = fn(usize, &mut dyn FnMut(&Value));

/// Runs of each; the fastest counts.
const RUNS: usize = 3;

fn main() {
    let events = std::env::var("SKYWATCH_EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(200_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let logs: [(&str, Records); 2] = [("aws.bedrock", logs::invocations), ("aws.cloudtrail", logs::activity)];
    for (source, records) in logs {
        let log = folder.path().join(format!("{source}.jsonl"));
        let mut writer = BufWriter::new(File::create(&log).expect("a file"));
        records(events, &mut |record| writeln!(writer, "{record}").expect("it can be written"));
        writer.flush().expect("it can be written");
        measure(source, &log, events);
    }
}

fn measure(source: &str, log: &Path, events: usize) {
    let bytes = fs::metadata(log).expect("the log is there").len();
    println!("\n{source}: {events} records, {:.0} MB", bytes as f64 / 1e6);
    let nothing = read(log, |line| _ = black_box(serde_json::from_str::<IgnoredAny>(line).expect("JSON")));
    let values = read(log, |line| _ = black_box(serde_json::from_str::<Value>(line).expect("JSON")));
    let line = |what: &str, cost: Cost| {
        let mut line = format!("  {what:<28} {:>6.2} s", cost.wall.as_secs_f64());
        write!(line, " {:>6.1} MB/s", bytes as f64 / 1e6 / cost.wall.as_secs_f64()).expect("a text takes it");
        write!(line, " {:>6.1} × nothing", cost.wall.as_secs_f64() / nothing.as_secs_f64()).expect("a text takes it");
        if let Some(Of { cpu, memory }) = cost.of {
            write!(line, ", {:.2} s of processor, {memory:.0} MiB", cpu.as_secs_f64()).expect("a text takes it");
        }
        println!("{line}");
    };
    line("serde_json into nothing", Cost { wall: nothing, of: None });
    line("serde_json into values", Cost { wall: values, of: None });
    line("skywatch ingest", best(|| ingest(source, log, events, false)));
    line("skywatch ingest --content", best(|| ingest(source, log, events, true)));
    match best_of(|| duckdb(log, events)) {
        Some(cost) => line("DuckDB read_json, Parquet", cost),
        None => println!("  DuckDB: SKIPPED, run tests/oracles/install.sh"),
    }
}

fn best(run: impl Fn() -> Cost) -> Cost {
    best_of(|| Some(run())).expect("it runs")
}

fn best_of(run: impl Fn() -> Option<Cost>) -> Option<Cost> {
    let costs: Option<Vec<Cost>> = (0..RUNS).map(|_| run()).collect();
    costs?.into_iter().min_by_key(|cost| cost.wall)
}

/// The lines of a file, on one thread.
fn read(log: &Path, each: impl Fn(&str)) -> Duration {
    let once = || {
        let start = Instant::now();
        fs::read_to_string(log).expect("the log is text").lines().for_each(&each);
        start.elapsed()
    };
    (0..RUNS).map(|_| once()).min().expect("it runs")
}

fn ingest(source: &str, log: &Path, events: usize, content: bool) -> Cost {
    let archive = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_skywatch"));
    command.args(["ingest", "--format", "json", "--source", source, "--archive"]).arg(archive.path()).arg(log);
    if content {
        command.args(["--content", "--content-key", "env:CONTENT_KEY"]).env("CONTENT_KEY", "5a".repeat(32));
    }
    let (cost, said) = process(command);
    let said: Value = serde_json::from_str(&said).expect("counts");
    assert_eq!(said["rows"], json!(events), "{said}");
    cost
}

/// None where it is not installed. The time is that of the copy, as DuckDB's own process takes it: Python's start is not counted.
fn duckdb(log: &Path, events: usize) -> Option<Cost> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("tests/oracles/venv/bin/python");
    if !python.exists() {
        return None;
    }
    let parquet = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(python);
    command.arg(root.join("benches/ingest/duckdb_copy.py")).arg(log).arg(parquet.path().join("out.parquet"));
    let (cost, said) = process(command);
    let said: Value = serde_json::from_str(&said).expect("counts");
    assert_eq!(said["rows"], json!(events), "{said}");
    let wall = Duration::from_secs_f64(said["seconds"].as_f64().expect("seconds"));
    Some(Cost { wall, ..cost })
}

//! What the redactor finds, what it touches without need, and how fast it is.
//!
//! `cargo bench --no-default-features --bench redact` measures a corpus of `redact/corpus.rs`. With `SKYWATCH_CORPUS=FOLDER` it also measures
//! `FOLDER/faker.jsonl`, made by `benches/redact/corpus.py`, and leaves its own as `FOLDER/own.jsonl` for `benches/redact/presidio.py`. With
//! `SKYWATCH_PROSE=FOLDER` the speed is that on the members `text` of the `.jsonl` files there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use skywatch::redact::Redactor;

#[path = "redact/corpus.rs"]
mod corpus;

use corpus::{Sample, samples};

const OF_EACH: usize = 2_000;
const RUNS: usize = 7;

fn main() {
    let start = Instant::now();
    let redactor = Redactor::new(Some([7; 32]));
    black_box(redactor.scan("jane@example.com"));
    println!("first text: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);

    let own = samples(2, OF_EACH);
    measure("own generator", &own, &redactor);
    match std::env::var_os("SKYWATCH_CORPUS").map(PathBuf::from) {
        Some(folder) => {
            let mut lines = String::new();
            for Sample { kind, value, text } in &own {
                let line = serde_json::json!({ "kind": kind, "value": value, "text": text });
                writeln!(lines, "{line}").expect("a text takes it");
            }
            std::fs::write(folder.join("own.jsonl"), lines).expect("it can be written");
            match read(&folder.join("faker.jsonl")) {
                Some(faker) => measure("Faker", &faker, &redactor),
                None => println!("\nFaker: SKIPPED, no faker.jsonl there: benches/redact/corpus.py FOLDER"),
            }
        }
        None => {
            println!("\nFaker: SKIPPED, run `python3 benches/redact/corpus.py FOLDER` and set SKYWATCH_CORPUS=FOLDER")
        }
    }
    speed(&redactor, &own);
}

fn read(path: &Path) -> Option<Vec<Sample>> {
    let text = std::fs::read_to_string(path).ok()?;
    let sample = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let member = |name: &str| line.get(name)?.as_str().map(str::to_owned);
        Some(Sample { kind: member("kind")?, value: member("value")?, text: member("text")? })
    };
    Some(text.lines().filter_map(sample).collect())
}

#[derive(Default)]
struct Tally {
    all: usize,
    covered: usize,
    named: usize,
    touched: usize,
}

/// For each kind: values that are covered whole, those that also have their own name, identifiers of which a part is touched.
fn measure(what: &str, samples: &[Sample], redactor: &Redactor) {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut missed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Sample { kind, value, text } in samples {
        let Some(start) = text.find(value.as_str()) else { continue };
        let end = start + value.len();
        let findings = redactor.scan(text);
        let tally = tallies.entry(kind).or_default();
        let covered = findings.iter().any(|found| found.start <= start && end <= found.end);
        let touched = findings.iter().any(|found| found.start < end && start < found.end);
        tally.all += 1;
        tally.covered += usize::from(covered);
        tally.named += usize::from(
            covered && findings.iter().any(|found| kind.split([' ', ',']).next() == Some(found.entity.word())),
        );
        tally.touched += usize::from(touched);
        if touched == kind.starts_with("log ") && touched != covered || !kind.starts_with("log ") && !covered {
            missed.entry(kind).or_default().push(text);
        }
    }
    println!(
        "\n{what}: {} samples\n{:28} {:>7} {:>9} {:>9}",
        samples.len(),
        "entity",
        "values",
        "found %",
        "by name %"
    );
    let share = |part: usize, all: usize| part as f64 * 100.0 / all.max(1) as f64;
    for (kind, tally) in tallies.iter().filter(|(kind, _)| !kind.starts_with("log ")) {
        let (found, named) = (share(tally.covered, tally.all), share(tally.named, tally.all));
        println!("{kind:28} {:7} {found:9.2} {named:9.2}", tally.all);
    }
    println!("{:28} {:>7} {:>9}", "identifier", "values", "touched %");
    let (mut all, mut touched) = (0, 0);
    for (kind, tally) in &tallies {
        let Some(kind) = kind.strip_prefix("log ") else { continue };
        println!("{kind:28} {:7} {:9.2}", tally.all, share(tally.touched, tally.all));
        (all, touched) = (all + tally.all, touched + tally.touched);
    }
    println!("{:28} {all:7} {:9.2}", "all identifiers", share(touched, all));
    // Made-up values only: nobody's secret is shown.
    if std::env::var_os("SKYWATCH_MISSED").is_some() {
        for (kind, texts) in missed {
            texts.iter().take(12).for_each(|text| println!("missed {kind}: {text}"));
        }
    }
}

/// Megabytes a second on one core: prose, and the samples themselves.
fn speed(redactor: &Redactor, own: &[Sample]) {
    let mut prose: Vec<String> = Vec::new();
    if let Some(folder) = std::env::var_os("SKYWATCH_PROSE") {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "jsonl")) {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let member = |line: &str| -> Option<String> {
                let line: serde_json::Value = serde_json::from_str(line).ok()?;
                line.get("text")?.as_str().map(str::to_owned)
            };
            prose.extend(text.lines().filter_map(member));
        }
    } else {
        println!(
            "\nprose: this repository's documents; set SKYWATCH_PROSE=FOLDER for .jsonl files with a member `text`"
        );
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        for file in ["language.md", "semantics.md", "architecture.md", "sources.md"] {
            let text = std::fs::read_to_string(docs.join(file)).unwrap_or_default();
            prose.extend(text.split("\n\n").map(str::to_owned));
        }
    }
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in prose.iter().flat_map(|text| redactor.scan(text)) {
        *found.entry(finding.entity.word()).or_default() += 1;
    }
    println!("\nfound in prose: {found:?}");
    let dense: Vec<String> = own.iter().map(|sample| sample.text.clone()).collect();
    // Raw records as the clouds deliver them.
    let mut records: Vec<String> = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")];
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            match path.extension().and_then(|ending| ending.to_str()) {
                _ if path.is_dir() => open.push(path),
                Some("json" | "jsonl" | "log") => {
                    records.extend(std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned));
                }
                _ => {}
            }
        }
    }
    let base64: Vec<String> = vec!["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo".repeat(30_000)];
    let hostile: Vec<String> = ["eyJ", "sk-", "1-", "::", "password=", "%25", "@", "-----BEGIN ", "1.", "0x", "aGk-"]
        .map(|piece| piece.repeat(1_000_000 / piece.len()))
        .to_vec();
    for (name, texts) in [("prose", &prose), ("raw records", &records), ("samples", &dense), ("base64", &base64)] {
        rate(name, texts, redactor);
    }
    for text in hostile {
        rate(&format!("1 MB of `{}`", &text[..text.len().min(8)]), std::slice::from_ref(&text), redactor);
    }
}

fn rate(name: &str, texts: &[String], redactor: &Redactor) {
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut least = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        for text in texts {
            black_box(redactor.redact(text));
        }
        least = least.min(start.elapsed());
        if start.elapsed() > Duration::from_secs(3) {
            break;
        }
    }
    println!("{name:24} {:8.2} MB, {:8.1} MB/s", bytes as f64 / 1e6, bytes as f64 / 1e6 / least.as_secs_f64());
}

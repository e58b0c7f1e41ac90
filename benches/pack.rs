//! What a pack costs in one pass, against reading the column alone, against the number of its rules, and against other engines.
//!
//! `SKYWATCH_PACK=FOLDER cargo bench --bench pack` writes an archive there if it is not there yet (`SKYWATCH_CALLS` calls, 5 million by
//! default), then runs each measurement in a process of its own: processor time, wall time, the most memory that was resident, `SKYWATCH_RUNS`
//! times each, the least counts. `SKYWATCH_PLOT` is an SVG file for the cost by the number of rules. What rules find is compared with DuckDB over the same texts (`benches/pack/peers.py`, with
//! `tests/oracles/venv`). `SKYWATCH_ONLY=text,rules,memory,nine` chooses.
//!
//! `nine` asks the nine questions of `benches/pack/nine.sky`, each alone and all in one pass, and of DuckDB, Polars and chDB with two threads each
//! (`SKYWATCH_PEERS` is a Python that has them: `pip install duckdb polars chdb pyarrow`). Their answers must be equal.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value as Json, json};
use skywatch::archive::{Archive, ContentKey, KeyPlace};
use skywatch::engine::{Engine, Limits, Period};
use skywatch::ir::{SECOND, Tier};
use skywatch::pack::load;

#[path = "redact/corpus.rs"]
#[expect(dead_code, reason = "samples are for the redactor's benchmark")]
mod corpus;
#[path = "pack/data.rs"]
mod data;
#[path = "pack/decode.rs"]
mod decode;
mod measured;
#[path = "pack/plot.rs"]
mod plot;

use data::Texts;
use measured::{Cost, Of, looked_at, process};

/// The program's own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    match std::env::var("SKYWATCH_TASK") {
        Ok(task) => println!("{}", child(&task)),
        Err(_) => measure(),
    }
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("SKYWATCH_PACK").expect("SKYWATCH_PACK is a folder for the archive"))
}

fn key() -> KeyPlace {
    KeyPlace::File(folder().join("content.key"))
}

/// Runs a task in a process of its own, several times; gives the least of each figure, and what it printed.
fn task(task: &str) -> (f64, f64, f64, Json) {
    let mut least = (f64::MAX, f64::MAX, f64::MAX, Json::Null);
    for _ in 0..number("SKYWATCH_RUNS", 3) {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.env("SKYWATCH_TASK", task);
        let (Cost { wall, of }, said) = process(command);
        let Some(Of { cpu, memory }) = of else { panic!("this system does not say what processes take") };
        least = (least.0.min(cpu.as_secs_f64()), least.1.min(wall.as_secs_f64()), least.2.min(memory), Json::Null);
        least.3 = serde_json::from_str(said.trim()).expect("JSON");
    }
    least
}

fn measure() {
    let root = folder();
    fs::create_dir_all(&root).expect("a folder");
    if !root.join("ready").exists() {
        write_key(&root);
        let (_, wall, memory, _) = once("write");
        println!("archive written in {wall:.0} s, {memory:.0} MiB");
        fs::write(root.join("ready"), "").expect("a file");
    }
    let only = std::env::var("SKYWATCH_ONLY").unwrap_or_else(|_| "text,rules,memory,nine".to_owned());
    let wanted = |name: &str| only.split(',').any(|one| one == name);
    if wanted("text") {
        text();
    }
    if wanted("rules") {
        rules();
    }
    if wanted("memory") {
        memory();
    }
    if wanted("nine") {
        nine();
    }
}

fn once(name: &str) -> (f64, f64, f64, Json) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env("SKYWATCH_TASK", name);
    let (Cost { wall, of }, said) = process(command);
    let Of { cpu, memory } = of.expect("this system says what processes take");
    (cpu.as_secs_f64(), wall.as_secs_f64(), memory, serde_json::from_str(said.trim()).expect("JSON"))
}

/// Rules about prompts in one pass, as multiples of only unpacking the prompts.
fn text() {
    let (floor, wall, memory, said) = task("decode");
    println!("\n{} prompts, {} MB of text", said["rows"], said["bytes"].as_u64().unwrap_or_default() / 1_000_000);
    println!("{:<26} {floor:>7.2} s of processor, {wall:>6.2} s, {memory:>5.0} MiB", "only unpacked");
    for count in [1, 10, 50, 200] {
        let (cpu, wall, memory, found) = task(&format!("text {count}"));
        println!(
            "{:<26} {cpu:>7.2} s of processor, {wall:>6.2} s, {memory:>5.0} MiB, × {:.2}; {} hits",
            format!("{count} text rules"),
            cpu / floor,
            found["hits"],
        );
        compare(count, &found);
    }
}

/// The nine questions, by this engine and others.
fn nine() {
    if !folder().join("plain").exists() {
        once("export");
    }
    let wall = |answer: &Json| answer["wall"].as_f64().expect("seconds");
    let alone: Vec<(String, Json)> = skywatch_nine()
        .into_iter()
        .map(|(name, _)| {
            let (_, _, _, found) = once(&format!("nine {name}"));
            (name, found)
        })
        .collect();
    let (_, _, memory, all) = once("nine");
    let python = std::env::var("SKYWATCH_PEERS").ok();
    // Numbers only is less than what is asked of an alert, and that is how other engines are mostly measured.
    for form in ["alerts", "numbers"] {
        let engines: Vec<(&str, Json)> =
            python.iter().flat_map(|python| PEERS.map(|engine| (engine, peer(python, engine, form)))).collect();
        let heads: String = engines.iter().map(|(name, _)| format!("{name:>9}")).collect();
        println!("\n{:<12} {:>8}{heads}  × best; others give {form}", "alone", "skywatch");
        for (name, found) in &alone {
            let ours = &found[name];
            for (engine, answers) in &engines {
                let same = |what: &str| ours[what] == answers[name][what];
                assert!(
                    same("rows") && same("sum"),
                    "{engine} answers `{name}` otherwise: {} and {ours}",
                    answers[name]
                );
            }
            let theirs: Vec<f64> = engines.iter().map(|(_, answers)| wall(&answers[name])).collect();
            let best = theirs.iter().copied().fold(f64::MAX, f64::min);
            let of_others: String = theirs.iter().map(|wall| format!("{wall:>9.2}")).collect();
            let ours_took = wall(&found["all"]);
            println!("{name:<12} {ours_took:>8.2}{of_others}  {:.2}   {} rows", ours_took / best, ours["rows"]);
        }
        let of_others = engines.iter().map(|(_, answers)| {
            format!("{:>9.2}", answers.as_object().into_iter().flatten().map(|(_, answer)| wall(answer)).sum::<f64>())
        });
        let of_others: String = of_others.collect();
        println!("{:<12} {:>8.2}{of_others}   in one pass, in sequence; {memory:.0} MiB", "all", wall(&all["all"]));
    }
}

const PEERS: [&str; 3] = ["duckdb", "polars", "chdb"];

/// What another engine answers to the nine questions.
fn peer(python: &str, engine: &str, form: &str) -> Json {
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pack/peers.py"));
    command.arg(engine).arg(folder().join("plain")).arg(number("SKYWATCH_RUNS", 3).to_string()).arg(form);
    command.env("POLARS_MAX_THREADS", "2");
    let (_, said) = process(command);
    serde_json::from_str(said.trim()).expect("JSON")
}

/// The nine rules, each by itself.
fn skywatch_nine() -> Vec<(String, String)> {
    let text = include_str!("pack/nine.sky");
    let rules = text.split("\nrule ").skip(1);
    rules
        .map(|rule| {
            (
                rule.split(' ').next().expect("a name").to_owned(),
                format!("rule {}", rule.split("\n///").next().expect("a rule")),
            )
        })
        .collect()
}

/// Runs some of the nine rules several times: the least of wall and processor time, and by rule its rows and the sum of its number.
fn answered(rules: &str) -> Json {
    let pack = pack(rules);
    let (mut wall, mut cpu, mut answers) = (f64::MAX, f64::MAX, serde_json::Map::new());
    // Other engines are asked several times too, each in one process, once opened.
    let engine = Engine::open(opened(&pack), &pack.resolved.schema, Limits::default()).expect("an engine");
    for _ in 0..number("SKYWATCH_RUNS", 3) {
        let before = looked_at(std::process::id()).map(|of| of.cpu).unwrap_or_default();
        let begun = Instant::now();
        let outcome = engine.run(&pack.resolved.rules, "p", Period::Between { from: None, to: None }).expect("a run");
        wall = wall.min(begun.elapsed().as_secs_f64());
        cpu = cpu.min((looked_at(std::process::id()).map(|of| of.cpu).unwrap_or_default() - before).as_secs_f64());
        all_run(&outcome.runs);
        let mut found: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
        for alert in &outcome.alerts {
            let number = match alert.measures.first().map(|(_, value)| value) {
                Some(skywatch::eval::Value::Int(n) | skywatch::eval::Value::Duration(n)) => *n,
                _ => alert.window.start / SECOND,
            };
            let (rows, sum) = found.entry(&alert.rule).or_default();
            (*rows, *sum) = (*rows + 1, *sum + number);
        }
        let failed = outcome.runs.iter().filter(|run| matches!(run.skipped, Some(skywatch::eval::Skipped::Failed(_))));
        assert_eq!(failed.count(), 0, "a rule found no memory");
        answers =
            found.iter().map(|(rule, (rows, sum))| ((*rule).to_owned(), json!({ "rows": rows, "sum": sum }))).collect();
    }
    answers.insert("all".to_owned(), json!({ "wall": wall, "cpu": cpu }));
    Json::Object(answers)
}

/// The same patterns by DuckDB over the same prompts, if it is installed.
fn compare(count: usize, found: &Json) {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/venv/bin/python");
    let plain = folder().join("plain");
    if !python.exists() {
        println!("  hits not compared: run tests/oracles/install.sh");
        return;
    }
    if !plain.exists() {
        once("export");
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pack/peers.py")).arg("hits").arg(plain);
    command.arg(json!(data::patterns(count)).to_string());
    let (_, said) = process(command);
    let said: Json = serde_json::from_str(said.trim()).expect("JSON");
    assert_eq!(said["hits"], found["hits"], "DuckDB finds otherwise");
    match said["cpu_a_query"].as_f64() {
        Some(cpu) => println!("  DuckDB finds as many; one query takes it {cpu:.2} s of processor"),
        None => println!("  DuckDB finds as many"),
    }
}

/// Rules of all kinds, by their number.
fn rules() {
    println!();
    let (mut one, mut points) = (None, Vec::new());
    for count in [1, 10, 50, 200, 1_000] {
        let (cpu, wall, memory, found) = task(&format!("mixed {count}"));
        let first = *one.get_or_insert(cpu);
        points.push((count, cpu));
        println!(
            "{:<26} {cpu:>7.2} s of processor, {wall:>6.2} s, {memory:>5.0} MiB, × {:.2} of one; {} alerts",
            format!("{count} mixed rules"),
            cpu / first,
            found["alerts"],
        );
    }
    if let Some(path) = std::env::var_os("SKYWATCH_PLOT") {
        fs::write(path, plot::svg(&points)).expect("a picture");
    }
}

/// As little memory as is asked for.
fn memory() {
    println!();
    for count in [200, 1_000] {
        let (cpu, wall, memory, found) = task(&format!("tight {count}"));
        println!(
            "{:<26} {cpu:>7.2} s of processor, {wall:>6.2} s, {memory:>5.0} MiB; {} failed, {} run again",
            format!("{count} rules in 512 MiB"),
            found["failed"],
            found["again"],
        );
    }
}

fn write_key(root: &Path) {
    let path = root.join("content.key");
    fs::write(&path, "5a".repeat(32)).expect("a key");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its owner's");
}

/// What a child does; gives what it prints.
fn child(task: &str) -> Json {
    let (what, count) = task.split_once(' ').unwrap_or((task, "0"));
    let rules: usize = count.parse().unwrap_or_default();
    match what {
        "write" => {
            let pack = pack("");
            let texts =
                Texts { hits: number("SKYWATCH_HITS", 1) as u64, foreign: number("SKYWATCH_FOREIGN", 0) as u64 };
            data::write(
                &folder().join("archive"),
                &key(),
                &pack.resolved.schema,
                number("SKYWATCH_CALLS", 5_000_000),
                texts,
            );
            json!({})
        }
        "decode" => {
            let (rows, bytes) = decode::prompts(&opened(&pack("")), None);
            json!({ "rows": rows, "bytes": bytes })
        }
        "export" => {
            let (rows, bytes) = decode::prompts(&opened(&pack("")), Some(&folder().join("plain")));
            json!({ "rows": rows, "bytes": bytes })
        }
        "text" => run(&data::text_rules(rules), Limits::default()),
        "mixed" => run(&data::mixed_rules(rules), Limits::default()),
        "tight" => run(&data::mixed_rules(rules), Limits { memory: 512 << 20, ..Limits::default() }),
        "nine" if count == "0" => answered(include_str!("pack/nine.sky")),
        "nine" => answered(&skywatch_nine().into_iter().find(|(name, _)| name == count).expect("a rule").1),
        other => panic!("no task `{other}`"),
    }
}

fn pack(rules: &str) -> skywatch::pack::Pack {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("pack.sky");
    fs::write(&path, format!("{}{rules}", data::SOURCE)).expect("a pack");
    let pack = load(&path);
    assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics.first());
    pack
}

/// Rules that are not run on the log are none.
fn all_run(runs: &[skywatch::eval::RuleRun]) {
    let skipped = runs.iter().find(|run| run.source == "bench.gateway" && run.skipped.is_some());
    assert!(skipped.is_none_or(|run| matches!(run.skipped, Some(skywatch::eval::Skipped::Failed(_)))), "{skipped:?}");
}

fn opened(pack: &skywatch::pack::Pack) -> Archive {
    let key = ContentKey::read(&key()).expect("the key");
    Archive::open(&folder().join("archive"), &pack.resolved.schema, Some(key)).expect("the archive")
}

fn run(rules: &str, limits: Limits) -> Json {
    let pack = pack(rules);
    let engine = Engine::open(opened(&pack), &pack.resolved.schema, limits).expect("an engine");
    let outcome = engine.run(&pack.resolved.rules, "p", Period::Between { from: None, to: None }).expect("a run");
    all_run(&outcome.runs);
    let failed =
        outcome.runs.iter().filter(|run| matches!(run.skipped, Some(skywatch::eval::Skipped::Failed(_)))).count();
    let costs = outcome.costs.0.iter();
    let again: usize = costs.map(|pass| pass.rules.iter().filter(|rule| rule.again).count()).sum();
    let mut hits: BTreeMap<&str, i64> = BTreeMap::new();
    for alert in &outcome.alerts {
        let calls = alert.measures.first().and_then(|(_, value)| value.as_int()).unwrap_or(1);
        *hits.entry(&alert.rule).or_default() += calls;
    }
    let tiers: Vec<_> = outcome.costs.0.iter().map(|pass| (pass.tier == Tier::Content, pass.rows)).collect();
    if std::env::var_os("SKYWATCH_COSTS").is_some() {
        eprintln!("{:#?}", outcome.costs);
    }
    json!({ "alerts": outcome.alerts.len(), "hits": hits.values().sum::<i64>(), "failed": failed, "again": again, "passes": tiers })
}

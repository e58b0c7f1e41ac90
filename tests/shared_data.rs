//! Raw records read twice: by our sources, and by samples/reading.py, which shares nothing with them. Compared are what became of each
//! record and every field that both give; and what the shipped rules find in the samples with the incidents that samples/story.json tells.
//!
//! Real records that others published are taken in where a set of them lies beside the repository; without it, or without Python, the test
//! says so and passes. Where both readings mean something else, tests/shared_data/ says in how many records, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value as Json};
use skywatch::eval::clock::parse_time;
use skywatch::eval::{Alert, Event, Range, Run, Value, run};
use skywatch::ir::{Source, Stream};
use skywatch::pack::{Pack, load};
use skywatch::record::{Item, Limits, Reader, read_files};

const PACK: &str = "rulepacks/ai-security";

/// The files of each source: the project's own, and those of a set of real records beside the repository.
const FILES: [(&str, &[&str], &[&str]); 7] = [
    ("aws.bedrock", &["samples/aws", "BedrockModelInvocationLogs"], &["bedrock_invocation"]),
    ("aws.cloudtrail", &["samples/aws", "CloudTrail"], &["cloudtrail"]),
    ("azure.activity", &["samples/azure", ""], &["azure_activity"]),
    ("gcp.audit", &["samples/gcp", "cloudaudit.googleapis.com"], &["gcp_audit"]),
    ("aws.agentcore", &["samples/aws", "bedrock-agentcore"], &[]),
    ("gcp.vertex", &["samples/gcp", "request_response_logging"], &[]),
    ("gcp.model_armor", &["samples/gcp", "modelarmor.googleapis.com"], &[]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder whose path holds a word, in order.
fn files_below(folder: &Path, word: &str) -> Vec<PathBuf> {
    let (mut out, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().contains(word) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn samples(source: &str) -> Vec<PathBuf> {
    let (_, own, _) = FILES.iter().find(|(name, ..)| *name == source).unwrap();
    files_below(&root().join(own[0]), own[1])
}

fn pack() -> Pack {
    let pack = load(&root().join(PACK));
    assert!(!skywatch::diag::has_errors(&pack.diagnostics));
    pack
}

fn parsed(name: &str) -> Json {
    let path = root().join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

// ------------------------------------------------------------ records

#[test]
fn two_readings_of_the_samples_agree() {
    let files = FILES.map(|(source, ..)| (source, samples(source)));
    compare_readings("samples", &files);
}

#[test]
fn two_readings_of_real_records_agree() {
    let folder = root().join("../shared/data");
    if !folder.is_dir() {
        println!("NO DATA: no real records at {}", folder.display());
        return;
    }
    let files = FILES.map(|(source, _, folders)| {
        let all = folders.iter().flat_map(|name| files_below(&folder.join(name), ".jsonl"));
        (source, all.collect())
    });
    compare_readings("real", &files);
}

/// A record's place: its file's number and its own, from 1.
type Place = (usize, u64);

/// Fields by name, and `kept`: what became of the record.
type Row = Map<String, Json>;

/// Compares both readings of files, and what differs with what tests/shared_data/readings.json explains of the set.
fn compare_readings(set: &str, files: &[(&str, Vec<PathBuf>)]) {
    let pack = pack();
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut compared = 0;
    for (source, files) in files.iter().filter(|(_, files)| !files.is_empty()) {
        let Some(theirs) = reading_by_python(source, files) else {
            println!("SKIPPED: no python3");
            return;
        };
        let source = pack.resolved.schema.source(source).unwrap();
        let ours = reading_by_source(&pack, source, files, theirs.keys().copied().collect());
        // A field that no record has there is not looked at by that reading.
        let known: BTreeSet<&String> = theirs.values().flat_map(Row::keys).collect();
        for (place, theirs) in &theirs {
            let ours = &ours[place];
            let event = |row: &Row| row["kept"] == "event" || row["kept"] == "duplicate";
            let both = event(ours) && event(theirs);
            for field in known.iter().filter(|field| both || ***field == "kept") {
                let (a, b) = (ours.get(*field), theirs.get(*field));
                if a != b {
                    let shown = |value: Option<&Json>| value.map_or_else(|| "missing".to_owned(), Json::to_string);
                    let file = files[place.0].file_name().unwrap().to_string_lossy();
                    let line = format!("    {file} {}: {} here, {} there", place.1, shown(a), shown(b));
                    found.entry((source.name.clone(), (*field).clone())).or_default().push(line);
                }
            }
        }
        compared += theirs.len();
    }
    println!("{compared} records of {set}");
    let explained = parsed("tests/shared_data/readings.json");
    let mut wrong = Vec::new();
    for entry in explained.as_array().unwrap() {
        let key = (entry["source"].as_str().unwrap().to_owned(), entry["field"].as_str().unwrap().to_owned());
        let count = entry[set].as_u64().unwrap_or(0) as usize;
        let lines = found.remove(&key).unwrap_or_default();
        if lines.len() != count {
            wrong.push(format!("{key:?}: {} differ, {count} are explained\n{}", lines.len(), lines.join("\n")));
        }
    }
    wrong.extend(found.iter().map(|(key, lines)| format!("{key:?}: {} differ\n{}", lines.len(), lines.join("\n"))));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows that samples/reading.py gives; none without Python.
fn reading_by_python(source: &str, files: &[PathBuf]) -> Option<BTreeMap<Place, Row>> {
    let output =
        Command::new("python3").arg(root().join("samples/reading.py")).arg(source).args(files).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| {
        let mut row: Row = serde_json::from_str(line).unwrap();
        let file = files.iter().position(|file| row["file"] == *file.to_string_lossy()).unwrap();
        let place = (file, row["place"].as_u64().unwrap());
        // What that reading notes for itself, or has no field for.
        for own in ["source", "file", "place", "why", "names_ai", "duration_ms"] {
            row.remove(own);
        }
        (place, row)
    });
    Some(rows.collect())
}

/// The same of our source: what is neither an event nor quarantined is `other`.
fn reading_by_source(pack: &Pack, source: &Source, files: &[PathBuf], places: Vec<Place>) -> BTreeMap<Place, Row> {
    let stream = pack.resolved.schema.stream_of(source.stream).unwrap();
    let kept = |what: &str| Row::from_iter([("kept".to_owned(), what.into())]);
    let mut out: BTreeMap<Place, Row> = places.iter().map(|place| (*place, kept("other"))).collect();
    let mut reader = Reader::new(source, stream, Limits::default());
    for (file, path) in files.iter().enumerate() {
        let first = places.iter().filter(|place| place.0 < file).count() as u64;
        let take = |item: Item| match item {
            Item::Event(number, event) => _ = out.insert((file, number - first + 1), fields(stream, &event)),
            Item::Quarantined(record) => {
                let place = record.element.map_or(record.line, |element| element + 1);
                out.insert((file, place), kept("quarantined"));
            }
        };
        reader.file(path, take).unwrap_or_else(|cause| panic!("{}", cause.message));
    }
    let (report, dropped) = reader.finish(take).unwrap_or_else(|cause| panic!("{}", cause.message));
    assert_eq!(report.read, places.len() as u64, "{}: records", source.name);
    for number in dropped {
        let row = out.get_mut(&places[number as usize]).unwrap();
        row.insert("kept".to_owned(), "duplicate".into());
    }
    out
}

/// The fields of an event that are there, in the form of the other reading.
fn fields(stream: &Stream, event: &Event) -> Row {
    let mut row = Row::from_iter([("kept".to_owned(), "event".into())]);
    for (field, value) in stream.fields.iter().zip(&event.fields) {
        let (name, value) = match (field.name.as_str(), value) {
            (_, Value::Missing) => continue,
            ("latency", Value::Duration(us)) => ("latency_ms", (us / 1_000).into()),
            ("time", Value::Time(us)) => ("time", moment(*us).into()),
            (name, value) => (name, present(serde_json::to_value(value).unwrap())),
        };
        row.insert(name.to_owned(), value);
    }
    row
}

/// Records without the parts that are missing in them.
fn present(mut value: Json) -> Json {
    for record in value.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
        record.retain(|_, part| !part.is_null());
    }
    value
}

/// A time as that reading writes it: parts of a second only where there are some.
fn moment(us: i64) -> String {
    skywatch::eval::clock::time_text(us).replace(".000000Z", "Z")
}

// ------------------------------------------------------------ the story

#[test]
fn the_shipped_rules_find_the_incidents_of_the_story() {
    let pack = pack();
    let story = parsed("samples/story.json");
    let explained = parsed("tests/shared_data/story.json");
    let mut alerts = alerts(&pack, &story);
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<usize, u64> = BTreeMap::new();
    let entries = explained.as_array().unwrap();
    // An incident is found by the rule of its name, or by the one that an explanation names, or it is explained that none looks for it.
    for incident in story["incidents"].as_array().unwrap() {
        let about = |entry: &&Json| {
            entry["detection"] == incident["detection"] && of_operation(entry, &incident["show"]["operation"])
        };
        let entry = entries.iter().position(|entry| about(&entry));
        entry.into_iter().for_each(|at| *seen.entry(at).or_default() += 1);
        let rule = entry.map_or(&incident["detection"], |at| &entries[at]["rule"]);
        if rule.is_null() {
            continue;
        }
        match alerts.iter().position(|alert| finds(alert, rule, incident)) {
            Some(at) => _ = alerts.remove(at),
            None => wrong.push(format!("not found: {incident}")),
        }
    }
    for alert in &alerts {
        let operation = shown(alert, "operation");
        let about = |entry: &&Json| {
            entry["detection"].is_null() && entry["rule"] == alert.rule && of_operation(entry, &operation)
        };
        match entries.iter().position(|entry| about(&entry)) {
            Some(at) => *seen.entry(at).or_default() += 1,
            None => {
                wrong.push(format!("not told: {} {} {}", alert.source, alert.rule, skywatch::ruletest::brief(alert)))
            }
        }
    }
    for (at, entry) in entries.iter().enumerate() {
        let count = seen.get(&at).copied().unwrap_or(0);
        if entry["count"] != count {
            wrong.push(format!("{count}, not as many as explained: {entry}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All alerts of the shipped rules over the samples and the story's days.
fn alerts(pack: &Pack, story: &Json) -> Vec<Alert> {
    let time = |name: &str| parse_time(story[name].as_str().unwrap()).unwrap();
    let range = Range { from: time("from"), to: time("to") };
    let schema = &pack.resolved.schema;
    let mut out = Vec::new();
    for (source, ..) in FILES {
        let source = schema.source(source).unwrap();
        let stream = schema.stream_of(source.stream).unwrap();
        let batch = read_files(source, stream, samples(&source.name), Limits::default());
        let batch = batch.unwrap_or_else(|cause| panic!("{}", cause.message));
        let told = &story["sources"][&source.name];
        let report = &batch.report;
        let counts = [report.read, report.rows, report.duplicates, report.other, report.quarantined];
        let wanted = ["read", "events", "duplicates", "other", "quarantined"].map(|name| told[name].as_u64().unwrap());
        assert_eq!(counts, wanted, "{}: read, events, duplicates, other, quarantined", source.name);
        for rule in pack.resolved.rules.iter().filter(|rule| skywatch::bind::admits(rule, source)) {
            let under = Run { pack: &pack.id, range, coverage: &BTreeMap::new() };
            let outcome = run(rule, stream, &batch.events, &under).unwrap_or_else(|cause| panic!("{}", cause.message));
            out.extend(outcome.alerts);
        }
    }
    out
}

/// Whether an explanation is about this operation: one that names none is about all.
fn of_operation(entry: &Json, operation: &Json) -> bool {
    let named = entry["operations"].as_array();
    named.is_none_or(|named| {
        named.iter().any(|name| name.as_str().map(str::to_lowercase) == operation.as_str().map(str::to_lowercase))
    })
}

fn shown(alert: &Alert, name: &str) -> Json {
    let values = alert.keys.iter().chain(&alert.measures).chain(&alert.show);
    let found = values.filter(|(known, _)| known == name).map(|(_, value)| serde_json::to_value(value).unwrap()).next();
    found.unwrap_or_default()
}

/// Whether an alert is what an incident tells: same rule, source, keys, times, and measures as far as both have them.
fn finds(alert: &Alert, rule: &Json, incident: &Json) -> bool {
    let same = |name: &str, value: &Json| shown(alert, name) == *value;
    let keys = incident["keys"].as_object().unwrap();
    let measured = |name: &str| alert.measures.iter().any(|(known, _)| known == name);
    let measures = incident["measures"].as_object().into_iter().flatten().filter(|(name, _)| measured(name));
    let who = incident["show"].as_object().into_iter().flatten();
    let times = [("window_start", alert.window.start), ("first", alert.first), ("last", alert.last)];
    *rule == alert.rule
        && incident["source"] == alert.source
        && keys.len() == alert.keys.len()
        && keys.iter().chain(measures).chain(who).all(|(name, value)| same(name, value))
        && times.iter().all(|(name, time)| incident[name].is_null() || incident[name] == moment(*time))
}

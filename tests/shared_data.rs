//! Raw records read twice: by our sources, and by samples/reading.py, which shares nothing with them. Compared are what became of each
//! record and every field that either gives: over the samples, over random records in the shapes of tests/shapes, and over real records that
//! others published, where a set of them lies beside the repository. Without it, or without Python, the test says so and passes.
//!
//! Then what the shipped rules find in the samples, with the incidents that samples/story.json tells.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value as Json, json};
use skywatch::bind::field_expr;
use skywatch::eval::clock::parse_time;
use skywatch::eval::{Alert, Event, Range, Run, Value, run};
use skywatch::ir::{Source, Stream};
use skywatch::pack::{Pack, load};
use skywatch::record::{Item, Known, Limits, Reader, Report, read_files};
use support::choices::Choices;
use support::samples::{self, Samples, files_below, parsed};
use support::shapes::{Shape, make};
use support::{cases, seeded};

const PACK: &str = "rulepacks/ai-security";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pack() -> Pack {
    let pack = load(&root().join(PACK));
    assert!(!skywatch::diag::has_errors(&pack.diagnostics));
    pack
}

// ------------------------------------------------------------ records

#[test]
fn every_source_has_samples_a_second_reader_and_a_shape() {
    let registered: Vec<String> = samples::all().into_iter().map(|samples| samples.source).collect();
    let Some(readers) = readers() else { return };
    let mut lacking = Vec::new();
    for source in &pack().resolved.schema.sources {
        let name = &source.name;
        for (there, where_) in [
            (registered.contains(name), "samples/sources.json"),
            (readers.contains(name), "READERS or ASSEMBLERS of samples/readings"),
            (root().join(format!("tests/shapes/{name}.json")).is_file(), "tests/shapes"),
        ] {
            if !there {
                lacking.push(format!("{name} is not in {where_}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

/// The sources that samples/reading.py reads; none without Python.
fn readers() -> Option<Vec<String>> {
    let names = "import sys; sys.path.insert(0, 'samples'); sys.dont_write_bytecode = True; from readings import *; print(*READERS, *ASSEMBLERS)";
    let Ok(output) = Command::new("python3").current_dir(root()).args(["-c", names]).output() else {
        println!("SKIPPED: no python3");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect())
}

#[test]
fn two_readings_of_the_samples_agree() {
    let pack = pack();
    let (mut compared, mut wrong) = (0, Vec::new());
    for Samples { source, files, .. } in samples::all() {
        let Some(reading) = compare_readings(&pack, &source, &files) else { return };
        compared += reading.records;
        wrong.extend(reading.wrong);
    }
    println!("{compared} records of the samples");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_readings_of_real_records_agree() {
    let folder = root().join("../shared/data");
    if !folder.is_dir() {
        println!("NO DATA: no real records at {}", folder.display());
        return;
    }
    let pack = pack();
    let (mut compared, mut wrong) = (0, Vec::new());
    for Samples { source, real, .. } in samples::all() {
        let mut files: Vec<PathBuf> = real.iter().flat_map(|name| files_below(&folder.join(name))).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        if !files.is_empty() {
            let Some(reading) = compare_readings(&pack, &source, &files) else { return };
            compared += reading.records;
            wrong.extend(reading.wrong);
        }
    }
    println!("{compared} real records");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_readings_of_random_records_agree() {
    let pack = pack();
    let schema = &pack.resolved.schema;
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for source in &schema.sources {
        let shape = Shape::of(&source.name);
        let lines: String = (0..cases(2_000))
            .flat_map(|number| {
                let mut choices = Choices::new(seeded(number, 400));
                shape.to_read(&mut choices, number as usize)
            })
            .map(|record| record.to_string() + "\n")
            .collect();
        let file = folder.path().join(format!("{}.json", source.name));
        fs::write(&file, lines).unwrap();
        let Some(reading) = compare_readings(&pack, &source.name, &[file]) else { return };
        println!("{} random records of {}: {:?}", reading.records, source.name, reading.kept);
        wrong.extend(reading.wrong);
        // What no record shows was not compared.
        let stream = schema.stream_of(source.stream).unwrap();
        let given = stream.ids().filter(|field| field_expr(source, stream, *field).is_some());
        let names: Vec<&str> = given.map(|field| name_of(&stream.get(field).unwrap().name)).collect();
        let unseen: Vec<&&str> = names.iter().filter(|name| !reading.fields.contains(**name)).collect();
        if !unseen.is_empty() {
            wrong.push(format!("{}: no random record, or not the second reader, has {unseen:?}", source.name));
        }
        for kept in ["event", "other", "quarantined", "duplicate"] {
            if !reading.kept.contains_key(kept) {
                wrong.push(format!("{}: no random record is {kept}", source.name));
            }
        }
        if source.assemble.is_some() && !reading.kept.contains_key("merged") {
            wrong.push(format!("{}: no random record is merged", source.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_of_templates() {
    let template = json!({
        "a": ["$maybe", "x"], "b": ["$text", "c", "$number"], "c": ["$json", { "n": ["$number"] }], "d": ["$list", 1, 2], "e": [["$one", 1]],
    });
    let made = make("a.b", &template, &mut Choices::new(Vec::new()), 3);
    assert_eq!(made, [json!({ "a": "x", "b": "c3", "c": "{\"n\":3}", "d": [], "e": [1] })]);
    let template = json!(["$rows", { "a": ["$nth", 1, 2], "b": 0 }, { "b": ["$slip", 5, 6] }, null, [{}, 7]]);
    let made = make("a.b", &template, &mut Choices::new(Vec::new()), 3);
    assert_eq!(made, [json!({ "a": 2, "b": 5 }), json!({ "a": 2, "b": 0 }), json!(7)]);
}

#[test]
#[should_panic(expected = "tests/shapes/a.b.json, record.a[0].b: `$on` is no word of templates, or lacks something")]
fn a_template_that_is_none_is_said_with_its_place() {
    make("a.b", &json!({ "a": [{ "b": ["$on", 1] }] }), &mut Choices::new(Vec::new()), 0);
}

/// A record's place: its file's number, its line, and its place in the list that stands there. In the order of reading.
type Place = (usize, u64, Option<u64>);

/// Fields by name, and `kept`: what became of the record.
type Row = Map<String, Json>;

/// What was compared.
struct Reading {
    records: usize,
    /// How many became what.
    kept: BTreeMap<String, usize>,
    /// What some event has in both readings.
    fields: BTreeSet<String>,
    /// Where they differ, a field a message.
    wrong: Vec<String>,
}

/// Compares both readings of a source's files. None without Python.
fn compare_readings(pack: &Pack, source: &str, files: &[PathBuf]) -> Option<Reading> {
    let theirs = reading_by_python(source, files)?;
    let source = pack.resolved.schema.source(source).unwrap();
    let (ours, report) = reading_by_source(pack, source, files, theirs.keys().copied().collect());
    let mut reading =
        Reading { records: theirs.len(), kept: BTreeMap::new(), fields: BTreeSet::new(), wrong: Vec::new() };
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, mut theirs) in theirs {
        let ours = &ours[&place];
        *reading.kept.entry(theirs["kept"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        // Ours does not say which records went into another's event, or are copies of such: how many are compared below.
        if source.assemble.is_some()
            && theirs.len() == 1
            && (theirs["kept"] == "merged" || theirs["kept"] == "duplicate")
        {
            theirs.insert("kept".to_owned(), "other".into());
        }
        let event = |row: &Row| row["kept"] == "event" || row["kept"] == "duplicate";
        let both = event(ours) && event(&theirs);
        let fields: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        for field in fields.into_iter().filter(|field| both || **field == "kept") {
            let (a, b) = (ours.get(field), theirs.get(field));
            if a != b {
                let shown = |value: Option<&Json>| value.map_or_else(|| "missing".to_owned(), Json::to_string);
                let file = files[place.0].file_name().unwrap().to_string_lossy();
                let line = format!("    {file} {}:{:?}: {} here, {} there", place.1, place.2, shown(a), shown(b));
                found.entry(field.clone()).or_default().push(line);
            } else if !reading.fields.contains(field) {
                reading.fields.insert(field.clone());
            }
        }
    }
    let some = |lines: &[String]| lines.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
    let differ = |(field, lines): (&String, &Vec<String>)| {
        format!("{}, {field}: {} differ\n{}", source.name, lines.len(), some(lines))
    };
    reading.wrong = found.iter().map(differ).collect();
    let counts = [
        ("event", report.rows),
        ("merged", report.merged),
        ("duplicate", report.duplicates),
        ("other", report.other),
        ("quarantined", report.quarantined),
    ];
    for (kept, ours) in counts {
        let theirs = reading.kept.get(kept).copied().unwrap_or_default();
        if ours != theirs as u64 {
            reading.wrong.push(format!("{}: {ours} records are {kept} here, {theirs} there", source.name));
        }
    }
    Some(reading)
}

/// The rows that samples/reading.py gives; none without Python.
fn reading_by_python(source: &str, files: &[PathBuf]) -> Option<BTreeMap<Place, Row>> {
    let mut python = Command::new("python3");
    let Ok(output) = python.arg(root().join("samples/reading.py")).arg(source).args(files).output() else {
        println!("SKIPPED: no python3");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| {
        let mut row: Row = serde_json::from_str(line).unwrap();
        let file = files.iter().position(|file| row["file"] == *file.to_string_lossy()).unwrap();
        let place = (file, row["line"].as_u64().unwrap(), row["element"].as_u64());
        for beside in ["source", "file", "line", "element", "why"] {
            row.remove(beside);
        }
        (place, row)
    });
    Some(rows.collect())
}

/// The same of our source, and its counts: what is neither an event nor quarantined is `other`.
fn reading_by_source(
    pack: &Pack,
    source: &Source,
    files: &[PathBuf],
    places: Vec<Place>,
) -> (BTreeMap<Place, Row>, Report) {
    let stream = pack.resolved.schema.stream_of(source.stream).unwrap();
    let kept = |what: &str| Row::from_iter([("kept".to_owned(), what.into())]);
    let mut out: BTreeMap<Place, Row> = places.iter().map(|place| (*place, kept("other"))).collect();
    let mut reader = Reader::new(source, stream, Limits::default());
    let mut take = |item: Item| match item {
        Item::Event(number, event) => _ = out.insert(places[number as usize], fields(stream, &event)),
        Item::Quarantined(record) => {
            let file = files.iter().position(|file| *record.file == *file.to_string_lossy()).unwrap();
            out.insert((file, record.line, record.element), kept("quarantined"));
        }
    };
    for path in files {
        reader.file(path, &mut take).unwrap_or_else(|cause| panic!("{}", cause.message));
    }
    let (report, dropped) =
        reader.finish(&mut take, |_| Ok(Known::default())).unwrap_or_else(|cause| panic!("{}", cause.message));
    assert_eq!(report.read, places.len() as u64, "{}: records", source.name);
    for number in dropped {
        let row = out.get_mut(&places[number as usize]).unwrap();
        row.insert("kept".to_owned(), "duplicate".into());
    }
    (out, report)
}

/// The fields of an event that are there, in the form of the other reading.
fn fields(stream: &Stream, event: &Event) -> Row {
    let mut row = Row::from_iter([("kept".to_owned(), "event".into())]);
    for (field, value) in stream.fields.iter().zip(&event.fields) {
        let value = match (field.name.as_str(), value) {
            (_, Value::Missing) => continue,
            ("latency", Value::Duration(us)) if us % 1_000 == 0 => (us / 1_000).into(),
            ("latency", Value::Duration(us)) => (*us as f64 / 1_000.0).into(),
            (_, Value::Time(us)) => moment(*us).into(),
            (_, value) => without_nothing(serde_json::to_value(value).unwrap()),
        };
        row.insert(name_of(&field.name).to_owned(), value);
    }
    row
}

/// What that reading calls a field.
fn name_of(field: &str) -> &str {
    if field == "latency" { "latency_ms" } else { field }
}

/// Records with the parts that are there.
fn without_nothing(value: Json) -> Json {
    match value {
        Json::Array(elements) => elements.into_iter().map(without_nothing).collect(),
        Json::Object(members) => Json::Object(members.into_iter().filter(|(_, part)| !part.is_null()).collect()),
        other => other,
    }
}

/// A time as that reading writes it: parts of a second only where there are some.
fn moment(us: i64) -> String {
    skywatch::eval::clock::time_text(us).replace(".000000Z", "Z")
}

// ------------------------------------------------------------ the story

#[test]
fn the_shipped_rules_find_the_incidents_of_the_story() {
    let pack = pack();
    let story = parsed(&root().join("samples/story.json"));
    let explained = parsed(&root().join("tests/shared_data/story.json"));
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
    // Signals tell nobody.
    let signals: BTreeSet<&str> =
        pack.resolved.rules.iter().filter(|rule| rule.signal).map(|rule| rule.name.as_str()).collect();
    for alert in alerts.iter().filter(|alert| !signals.contains(alert.rule.as_str())) {
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
    for Samples { source, files, .. } in samples::all() {
        let source = schema.source(&source).unwrap();
        let stream = schema.stream_of(source.stream).unwrap();
        let batch = read_files(source, stream, files, Limits::default());
        let batch = batch.unwrap_or_else(|cause| panic!("{}", cause.message));
        let told = &story["sources"][&source.name];
        let report = &batch.report;
        let counts = [report.read, report.rows, report.merged, report.duplicates, report.other, report.quarantined];
        let names = ["read", "events", "merged", "duplicates", "other", "quarantined"];
        assert_eq!(counts, names.map(|name| told[name].as_u64().unwrap()), "{}: {names:?}", source.name);
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

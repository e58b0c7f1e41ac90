//! What records come in: files and folders as the clouds lay them out, packed and wrapped, cut off, damaged or growing; and whose they are.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::record_reading::{TOY, read, source, toy_files};
use crate::support::resolved;
use crate::support::samples::{self, Samples};
use base64::Engine as _;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use skywatch::eval::{Event, Json, Value};
use skywatch::ir::{FileFormat, Stream};
use skywatch::record::{
    Batch, Checkpoint, Input, Item, Known, Limits, Packing, Quarantined, Reader, Reading, Reason, Recognized,
    Recognizer, Skip, Unfinished, inputs, raw_records, read_inputs, read_mixed,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory takes it")
}

/// A way to pack bytes, by number.
fn packed(how: usize, bytes: &[u8]) -> Vec<u8> {
    let (start, end) = bytes.split_at(bytes.len() / 2);
    match how % 6 {
        0 => bytes.to_vec(),
        1 => gzip(bytes),
        2 => zstd(bytes),
        3 => gzip(&gzip(bytes)),
        4 => [gzip(start), gzip(end)].concat(),
        _ => [zstd(start), zstd(end)].concat(),
    }
}

/// The operations of the toy source's events.
fn operations(stream: &Stream, events: &[Event]) -> Vec<String> {
    let at = stream.field("operation").expect("the stream has it").index();
    let text = |event: &Event| event.fields[at].as_text().map(|text| text.to_string()).unwrap_or_default();
    events.iter().map(text).collect()
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    file: String,
    rows: Vec<String>,
    #[serde(default)]
    other: u64,
    #[serde(default)]
    aside: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[test]
fn records_come_out_of_their_envelopes() {
    let text = fs::read_to_string("tests/record/envelopes.toml").expect("the cases are there");
    let cases: Cases = toml::from_str(&text).expect("the cases are TOML");
    let schema = resolved(&[TOY]).schema;
    let (_, stream) = source(&schema, "aws.toy");
    for Case { name, file, rows, other, aside } in cases.case {
        for how in 0..6 {
            let batch = toy_files(&[packed(how, file.as_bytes())], Limits::default());
            assert_eq!(operations(stream, &batch.events), rows, "{name}");
            assert_eq!(batch.report.other, other, "{name}");
            let place = |record: &Quarantined| {
                let element = record.element.map(|element| format!(".{element}")).unwrap_or_default();
                format!("{}{element} {}", record.line, record.reason)
            };
            assert_eq!(batch.quarantined.iter().map(place).collect::<Vec<_>>(), aside, "{name}");
        }
    }
}

#[test]
fn what_is_put_aside_has_the_byte_at_which_it_begins() {
    let file = "\u{feff}{\"t\":\"2026-01-01T00:00:00Z\"}\nERROR\n{\"x\":1}\n";
    let batch = toy_files(&[file], Limits::default());
    let offsets: Vec<&str> = batch.quarantined.iter().map(|record| &file[record.offset as usize..][..5]).collect();
    assert_eq!(offsets, ["ERROR", "{\"x\":"]);
}

#[test]
fn a_record_has_a_limit_of_keys() {
    let keys = |n: usize| (0..n).map(|n| format!("\"k{n}\":1,")).collect::<String>();
    let record = |inside: &str| format!("{{{inside}\"t\":\"2026-01-01T00:00:00Z\"}}\n");
    let many = |n: usize, m: usize| format!("\"l\":[{}{{}}],", format!("{{{}\"z\":1}},", keys(m)).repeat(n));
    let file = [record(&keys(9_999)), record(&keys(10_000)), record(&many(99, 999)), record(&many(101, 999))].concat();
    let batch = toy_files(&[file], Limits::default());
    let reasons: Vec<_> = batch.quarantined.iter().map(|record| (record.line, record.reason)).collect();
    assert_eq!(reasons, [(2, Reason::TooManyKeys(10_000)), (4, Reason::TooManyKeys(100_000))]);
    assert_eq!(batch.report.rows, 2);
}

/// Lines of the toy source that don't pack well.
fn lines(n: u32) -> String {
    let line = |n: u32| {
        let salt = n.wrapping_mul(2_654_435_761);
        format!("{{\"t\":\"2026-01-01T00:{:02}:{:02}Z\",\"id\":\"{n}\",\"x\":\"{salt}\"}}\n", n / 60 % 60, n % 60)
    };
    (0..n).map(line).collect()
}

#[test]
fn a_damaged_file_costs_no_other_and_keeps_what_was_before() {
    let text = lines(8_000);
    for (how, packing) in [(1, Packing::Gzip), (2, Packing::Zstd), (3, Packing::Gzip)] {
        let whole = packed(how, text.as_bytes());
        let cut = &whole[..whole.len() / 2];
        let other = "{\"t\":\"2026-01-02T00:00:00Z\"}";
        let batch = toy_files(&[cut, other.as_bytes()], Limits::default());
        assert_eq!(batch.report.quarantined, 1);
        let aside = &batch.quarantined[0];
        assert_eq!((aside.reason, aside.reason.word()), (Reason::Damaged(packing, cut.len() as u64), "damaged"));
        // What it broke off in is kept: it begins a line.
        let place = aside.offset as usize;
        assert!(
            text.as_bytes()[place..].starts_with(&aside.raw) && text[..place].lines().count() as u64 == aside.line - 1
        );
        assert_eq!(batch.report.rows, aside.line, "every record before, and the other file's");
        assert!(aside.line > 2_000, "{packing} {}", aside.line);
    }
    let bomb = gzip(&vec![b' '; 4 << 20]);
    let batch = toy_files(&[bomb, text.clone().into_bytes()], Limits::default());
    assert_eq!((batch.quarantined[0].reason.word(), batch.report.rows), ("too_packed", 8_000));
    // Whoever asks for the text of every record gets an error.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gz");
    fs::write(&path, &gzip(text.as_bytes())[..500]).expect("it can be written");
    let error = raw_records(&path, None, Limits::default(), |_, _| {}).expect_err("it is damaged");
    assert!(error.message.contains("damaged gzip"), "{}", error.message);
}

/// Writes files, and gives the folder.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    folder
}

#[test]
fn folders_are_walked_as_the_clouds_lay_them_out() {
    let azure = "azure/insights-logs-requestresponse/resourceId=/SUBSCRIPTIONS/0/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/A";
    let trail = "AWSLogs/111122223333";
    let folder = tree(&[
        (&format!("{trail}/BedrockModelInvocationLogs/us-east-1/2026/11/03/11/20261103T115959000Z_0a.json.gz"), "{}"),
        (&format!("{trail}/BedrockModelInvocationLogs/us-east-1/2026/11/03/11/data/5f_input.json.gz"), "{}"),
        (&format!("{trail}/BedrockModelInvocationLogs/amazon-bedrock-logs-permission-check"), "ok"),
        (
            &format!(
                "{trail}/CloudTrail/us-east-1/2026/11/03/111122223333_CloudTrail_us-east-1_20261103T1200Z_V.json.gz"
            ),
            "{}",
        ),
        (&format!("{trail}/CloudTrail-Digest/us-east-1/2026/11/03/111122223333_CloudTrail-Digest.json.gz"), "{}"),
        (&format!("{azure}/y=2026/m=11/d=03/h=14/m=00/PT1H.json"), "{}"),
        ("gcp/cloudaudit.googleapis.com/activity/2026/11/03/02:00:00_02:59:59_S0.json", "{}"),
        ("export/8f/stream/000000.gz", "{}"),
        ("export/aws-logs-write-test", "Permission Check Successful"),
        ("table/_SUCCESS", ""),
        ("table/part-0.parquet", "PAR1"),
        (".git/config.json", "{}"),
        ("gateway/.x.json", "{}"),
        ("gateway/x.json.tmp", "{}"),
        ("gateway/empty.json", ""),
        ("gateway/b.jsonl", "{}"),
        ("gateway/a.jsonl", "{}"),
    ]);
    #[cfg(unix)]
    for (target, name) in
        [("a.jsonl", "gateway/link.jsonl"), ("..", "gateway/round"), ("nowhere", "gateway/dangling.json")]
    {
        std::os::unix::fs::symlink(target, folder.path().join(name)).expect("a link");
    }
    let found = inputs([folder.path()], Limits::default()).expect("it can be walked");
    let prefix = format!("{}/", folder.path().display());
    let below = |name: &str| name.strip_prefix(&prefix).expect("it is below").to_owned();
    let names: Vec<String> = found.inputs.iter().map(|input| below(input.name())).collect();
    assert_eq!(
        names,
        [
            &format!("{trail}/BedrockModelInvocationLogs/us-east-1/2026/11/03/11/20261103T115959000Z_0a.json.gz"),
            &format!(
                "{trail}/CloudTrail/us-east-1/2026/11/03/111122223333_CloudTrail_us-east-1_20261103T1200Z_V.json.gz"
            ),
            &format!("{azure}/y=2026/m=11/d=03/h=14/m=00/PT1H.json"),
            "export/8f/stream/000000.gz",
            "gateway/a.jsonl",
            "gateway/b.jsonl",
            "gcp/cloudaudit.googleapis.com/activity/2026/11/03/02:00:00_02:59:59_S0.json",
        ]
    );
    let skipped: Vec<(String, Skip)> =
        found.skipped.iter().map(|skipped| (below(&skipped.name), skipped.why)).collect();
    let expected = [
        (".git", Skip::Hidden),
        (&format!("{trail}/BedrockModelInvocationLogs/amazon-bedrock-logs-permission-check"), Skip::WriteTest),
        (&format!("{trail}/BedrockModelInvocationLogs/us-east-1/2026/11/03/11/data/5f_input.json.gz"), Skip::Body),
        (
            &format!("{trail}/CloudTrail-Digest/us-east-1/2026/11/03/111122223333_CloudTrail-Digest.json.gz"),
            Skip::Digest,
        ),
        ("export/aws-logs-write-test", Skip::WriteTest),
        ("gateway/.x.json", Skip::Hidden),
        #[cfg(unix)]
        ("gateway/dangling.json", Skip::Link),
        ("gateway/empty.json", Skip::Empty),
        #[cfg(unix)]
        ("gateway/link.jsonl", Skip::Link),
        #[cfg(unix)]
        ("gateway/round", Skip::Link),
        ("gateway/x.json.tmp", Skip::Temporary),
        ("table/_SUCCESS", Skip::NotALog),
        ("table/part-0.parquet", Skip::NotALog),
    ];
    assert_eq!(skipped, expected.map(|(name, why)| (name.to_owned(), why)));
    let first = &found.inputs[4];
    assert_eq!((first.size(), first.repeats()), (Some(2), true));
    assert!(first.modified().is_some_and(|time| time > 1_700_000_000_000_000));
    assert_eq!(first.digest_of(1).expect("it can be read"), Some(Sha256::digest(b"{").into()));
    assert_eq!(first.digest_of(3).expect("it can be read"), None);
}

#[test]
fn what_is_named_is_read_once_or_is_an_error() {
    let folder = tree(&[("a/x.csv", "{}"), ("a/y.json", "{}"), (".hidden.json", "{}"), ("a/empty.json", "")]);
    let at = |name: &str| folder.path().join(name);
    let found = inputs(
        [at("a/x.csv"), at(".hidden.json"), at("a/empty.json"), at("a"), at("a/../a/y.json"), "-".into()],
        Limits::default(),
    );
    let found = found.expect("all can be read");
    let ends: Vec<&str> =
        found.inputs.iter().map(|input| input.name().rsplit('/').next().unwrap_or_default()).collect();
    assert_eq!(ends, ["x.csv", ".hidden.json", "empty.json", "y.json", "-"]);
    assert_eq!(found.skipped.iter().filter(|skipped| skipped.why == Skip::Again).count(), 1);
    let stdin = &found.inputs[4];
    assert_eq!((stdin.identity(), stdin.size(), stdin.repeats()), ("-", None, false));
    let error = inputs([at("none.json")], Limits::default()).expect_err("there is none");
    assert!(error.message.contains("none.json` can't be read: "), "{}", error.message);
}

#[test]
fn folders_have_limits_with_a_way_out() {
    let folder = tree(&[("a/b/c.json", "{}"), ("a/d.json", "{}")]);
    let message = |limits: Limits| {
        let error = inputs([folder.path()], limits).expect_err("past the limit");
        format!(
            "{}; {}",
            error.message.replace(&folder.path().display().to_string(), "DIR"),
            error.help.unwrap_or_default()
        )
    };
    let limits = Limits::default();
    assert_eq!(
        message(Limits { files: 1, ..limits }),
        "`DIR` holds more than 1 files; name the folders of a part of it, such as one month"
    );
    assert_eq!(
        message(Limits { depth: 2, ..limits }),
        "`DIR` holds folders more than 2 deep; name a folder further down"
    );
    assert_eq!(
        message(Limits { name: 4, ..limits }),
        "`DIR` holds names of more than 4 bytes; rename the file, or name other folders"
    );
    assert!(inputs([folder.path()], Limits { files: 2, depth: 3, name: 6, ..limits }).is_ok());
}

#[cfg(unix)]
#[test]
fn a_file_that_became_a_link_since_it_was_found_is_not_read() {
    let folder = tree(&[("logs/a.json", "{}"), ("secret.json", "{}")]);
    let found = inputs([folder.path().join("logs")], Limits::default()).expect("it can be walked");
    let path = folder.path().join("logs/a.json");
    fs::remove_file(&path).expect("it is there");
    std::os::unix::fs::symlink("../secret.json", &path).expect("a link");
    assert!(found.inputs[0].open().is_err());
    // Names can't steer a terminal.
    fs::write(folder.path().join("logs/\u{1b}[2J.json"), "{}").expect("a file");
    let found = inputs([folder.path().join("logs")], Limits::default()).expect("it can be walked");
    assert!(found.inputs[0].name().ends_with("\\u{1b}[2J.json"), "{}", found.inputs[0].name());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    // One id and one time, different bytes: of files they would be read again.
    let records = "{\"t\":\"2026-01-01T00:00:00Z\",\"id\":\"1\",\"x\":\"a\"}\n{\"t\":\"2026-01-01T00:00:00Z\",\"id\":\"1\",\"x\":\"b\"}\n";
    let to = path.clone();
    let writer = std::thread::spawn(move || fs::write(&to, records));
    let input = Input::file(&path).expect("a pipe");
    assert_eq!((input.size(), input.repeats()), (None, false));
    let schema = resolved(&[TOY]).schema;
    let (source, stream) = source(&schema, "aws.toy");
    let batch = read_inputs(source, stream, &[input], Limits::default()).expect("it can be read");
    writer.join().expect("no panic").expect("it was read");
    assert_eq!((batch.report.read, batch.report.rows, batch.report.duplicates), (2, 1, 1));
}

/// A file that is read as it grows: what was handed on, by the lengths at which it was read.
fn growing(
    bytes: &[u8],
    lengths: &[usize],
    unfinished: Unfinished,
) -> (Vec<Event>, Vec<Quarantined>, Option<Checkpoint>) {
    let schema = resolved(&[TOY]).schema;
    let (source, stream) = source(&schema, "aws.toy");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("PT1H.json");
    let (mut events, mut aside, mut from) = (Vec::new(), Vec::new(), None);
    for length in lengths {
        let there = &bytes[..*length];
        fs::write(&path, there).expect("a file");
        let mut reader = Reader::new(source, stream, Limits::default());
        let input = Input::file(&path).expect("a file");
        let last = *length == bytes.len();
        let unfinished = if last { Unfinished::PutAside } else { unfinished };
        let take = |item| match item {
            Item::Event(_, event) => events.push(event),
            Item::Quarantined(record) => aside.push(Quarantined { file: String::new(), ..record }),
        };
        let resumes = from.as_ref().is_some_and(|from: &Checkpoint| from.offset > 0);
        let extent = reader
            .input(&input, &Reading { from: from.take(), unfinished, ..Reading::default() }, take)
            .expect("it can be read");
        assert_eq!((extent.bytes, extent.sha256), (*length as u64, Some(Sha256::digest(there).into())));
        assert_eq!((extent.resumed, extent.failed), (resumes, None));
        from = extent.checkpoint;
        if let Some(Checkpoint { offset, line, sha256 }) = &from {
            let before = &there[..*offset as usize];
            assert_eq!(*sha256, <[u8; 32]>::from(Sha256::digest(before)));
            assert_eq!(*line, 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64);
        }
        reader.finish(|_| {}, |_| Ok(Known::default())).expect("it can be finished");
    }
    (events, aside, from)
}

#[test]
fn a_growing_file_is_read_on_from_its_last_whole_record() {
    let text = "{\"t\":\"2026-01-01T00:00:01Z\",\"x\":\"a\"}\nERROR\n{\"t\":\"2026-01-01T00:00:02Z\",\"x\":\"b\"}\n";
    let all: Vec<usize> = (0..=text.len()).collect();
    let (events, aside, from) = growing(text.as_bytes(), &all, Unfinished::Leave);
    assert_eq!((events.len(), aside.len(), aside[0].line), (2, 1, 2));
    assert_eq!(from.map(|from| (from.offset, from.line)), Some((text.len() as u64 - 1, 3)));
    // Put aside when it broke off, and read when it was whole.
    let (events, aside, _) = growing(text.as_bytes(), &[50, text.len()], Unfinished::PutAside);
    assert_eq!((events.len(), aside.len()), (2, 2));
    // Neither lists nor records over several lines nor what is packed can be gone on with.
    for text in ["[{}]", "{\"Records\":[{}", "{\n\"t\":1", "{\n}\n{\n}"] {
        assert_eq!(growing(text.as_bytes(), &[text.len()], Unfinished::Leave).2, None, "{text}");
    }
    assert_eq!(growing(&gzip(text.as_bytes()), &[gzip(text.as_bytes()).len()], Unfinished::Leave).2, None);
}

#[test]
fn a_file_that_was_replaced_is_read_from_its_start() {
    let schema = resolved(&[TOY]).schema;
    let (source, stream) = source(&schema, "aws.toy");
    let folder = tree(&[("a.json", &lines(3))]);
    let input = Input::file(&folder.path().join("a.json")).expect("a file");
    let read = |content: &str, from: Option<Checkpoint>| {
        fs::write(folder.path().join("a.json"), content).expect("a file");
        let mut reader = Reader::new(source, stream, Limits::default());
        let extent = reader.input(&input, &Reading { from, ..Reading::default() }, |_| {}).expect("it can be read");
        (
            reader.finish(|_| {}, |_| Ok(Known::default())).expect("it can be finished").0.read,
            extent.resumed,
            extent.checkpoint,
        )
    };
    let (_, _, from) = read(&lines(3), None);
    assert_eq!(read(&lines(5), from.clone()).0, 2);
    assert_eq!(read(&lines(5).replace("2026", "2025"), from.clone()).0, 5);
    let (count, resumed, _) = read("{}", from);
    assert_eq!((count, resumed), (1, false));
}

/// Whose records those of a file are, by name, as often as they are there.
fn recognized(
    recognizer: &Recognizer<'_>,
    schema: &skywatch::schema::Schema,
    path: &Path,
) -> BTreeMap<Vec<String>, u64> {
    let mut found = BTreeMap::new();
    let take = |_, text: String| {
        let Ok(json) = Json::parse(&text) else { return };
        let names = |places: Vec<usize>| places.iter().map(|place| schema.sources[*place].name.clone()).collect();
        let whose = match recognizer.recognize(&json) {
            Recognized::Of(places) => names(places),
            Recognized::None => Vec::new(),
            Recognized::Ambiguous(places) => panic!("{}: of {:?}", path.display(), names(places) as Vec<String>),
        };
        *found.entry(whose).or_default() += 1;
    };
    raw_records(path, Some(FileFormat::Otlp), Limits::default(), take)
        .unwrap_or_else(|error| panic!("{}", error.message));
    found
}

#[test]
fn every_sample_is_recognised() {
    let schema = resolved(&[]).schema;
    let recognizer = Recognizer::new(&schema);
    for Samples { source: name, files, .. } in samples::all() {
        let (source, stream) = source(&schema, &name);
        let alone = read(source, stream, &files, Limits::default());
        let (mut own, mut foreign) = (0, 0);
        for file in &files {
            for (whose, count) in recognized(&recognizer, &schema, file) {
                if whose.contains(&name) {
                    own += count;
                } else {
                    foreign += count;
                }
                // What it takes beside another source is a part of its events.
                let own =
                    whose.first().is_none_or(|first| *first == name || name == "azure.apim" || alone.report.other > 0);
                assert!(own, "{}: {count} of {whose:?}", file.display());
            }
        }
        assert!(foreign <= alone.report.other, "{name}: {foreign} of other sources or none");
        let unread = alone.quarantined.iter().filter(|record| record.reason.word() == "not_json").count() as u64;
        // Of what is other, parts of no event are its own all the same.
        let report = &alone.report;
        assert!((report.read - report.other..=report.read).contains(&(own + unread)), "{name}: {own}, {report:?}");
    }
}

#[test]
fn one_run_over_all_samples_gives_what_a_run_for_each_source_gives() {
    let schema = resolved(&[]).schema;
    let found = inputs(["samples"], Limits::default()).expect("samples can be walked");
    assert!(found.skipped.iter().any(|skipped| skipped.name.ends_with("README.md")));
    let mixed = read_mixed(&schema, &found.inputs, Limits::default()).expect("they can be read");
    let (of_sources, rest) = (mixed.of, mixed.unrecognized);
    let names: Vec<&str> = of_sources.iter().map(|(source, _)| source.name.as_str()).collect();
    let mut expected: Vec<String> = samples::all().into_iter().map(|samples| samples.source).collect();
    expected.sort_by_key(|name| schema.sources.iter().position(|source| source.name == *name));
    assert_eq!(names, expected);
    for (source, mixed) in &of_sources {
        let stream = &schema.streams[source.stream];
        let alone = read_inputs(source, stream, &found.inputs, Limits::default()).expect("they can be read");
        let counts = |batch: &Batch| (batch.report.rows, batch.report.merged, batch.report.duplicates);
        assert_eq!(counts(mixed), counts(&alone), "{}", source.name);
        assert!(mixed.events == alone.events, "{}", source.name);
        let report = &mixed.report;
        assert_eq!(report.read, report.rows + report.merged + report.duplicates + report.other + report.quarantined);
    }
    // What is no JSON is no source's; of other kinds are sources.json, story.json, and what sources exclude.
    assert!(rest.quarantined.iter().all(|record| record.reason.word() == "not_json"), "{:?}", rest.quarantined);
    assert_eq!(rest.report.read, rest.report.other + rest.report.quarantined);
    assert!((2..100).contains(&rest.report.other), "{}", rest.report.other);
}

#[test]
fn versions_of_a_record_are_found_again_among_records_of_other_sources() {
    let trail = |id: u8, salt: &str| {
        format!(
            "{{\"eventSource\":\"bedrock.amazonaws.com\",\"eventName\":\"{salt}\",\"eventTime\":\"2026-01-01T00:00:00Z\",\"eventID\":\"{id}\"}}\n"
        )
    };
    let bedrock = |id: u8| {
        format!(
            "{{\"schemaType\":\"ModelInvocationLog\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"requestId\":\"{id}\"}}\n"
        )
    };
    let span = "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"a\":1},{\"a\":2}]}]}]}\n";
    let control = "{\"messageType\":\"CONTROL_MESSAGE\",\"logGroup\":\"\",\"logEvents\":[]}\n";
    let first = [bedrock(1), trail(1, "b"), span.to_owned(), bedrock(2), trail(2, "a"), control.to_owned()].concat();
    let second =
        [span.to_owned(), trail(1, "a"), bedrock(1), "ERROR\n".to_owned(), trail(2, "b"), trail(3, "c")].concat();
    let folder = tree(&[("1.json", &first), ("2.json", &bedrock(3)), ("3.json", &second)]);
    let schema = resolved(&[]).schema;
    let found = inputs([folder.path()], Limits::default()).expect("it can be walked");
    let mixed = read_mixed(&schema, &found.inputs, Limits::default()).expect("they can be read");
    let counts = |batch: &Batch| (batch.report.files, batch.report.read, batch.report.rows, batch.report.duplicates);
    let of: Vec<_> = mixed.of.iter().map(|(source, batch)| (source.name.as_str(), counts(batch))).collect();
    assert_eq!(of, [("aws.bedrock", (3, 4, 3, 1)), ("aws.cloudtrail", (2, 5, 3, 2))]);
    let (source, stream) = source(&schema, "aws.cloudtrail");
    let alone = read_inputs(source, stream, &found.inputs, Limits::default()).expect("they can be read");
    assert_eq!(mixed.of[1].1.events, alone.events);
    assert_eq!((mixed.unrecognized.report.other, mixed.unrecognized.report.quarantined), (5, 1));
}

#[test]
fn records_of_no_source_and_of_two() {
    let twin = |name: &str| {
        format!("source acme.{name} : activity {{ at files json_lines unique .id where .kind == \"call\" time = .t }}")
    };
    let gateway =
        "source acme.gateway : invocation { at files json_lines unique .request where .model is present time = .at }";
    let schema = resolved(&[&twin("one"), &twin("two"), gateway]).schema;
    let recognizer = Recognizer::new(&schema);
    let whose = |text: &str| match recognizer.recognize(&Json::parse(text).expect("JSON")) {
        Recognized::Of(places) => places.iter().map(|place| schema.sources[*place].name.clone()).collect(),
        Recognized::None => vec!["none".to_owned()],
        Recognized::Ambiguous(places) => vec![format!("{} of", places.len())],
    };
    assert_eq!(whose(r#"{"kind":"call","id":"1","t":"2026-01-01T00:00:00Z"}"#), ["2 of"]);
    assert_eq!(whose(r#"{"kind":"call"}"#), ["none"]);
    assert_eq!(whose(r#"{"a":1}"#), ["none"]);
    assert_eq!(whose("[]"), ["none"]);
    assert_eq!(whose(r#""text""#), ["none"]);
    // Two sources ask for `model` alone: the id and the time tell them apart.
    assert_eq!(whose(r#"{"model":"m","request":"1","at":"2026-01-01T00:00:00Z"}"#), ["acme.gateway"]);
    assert_eq!(whose(r#"{"model":"m","request_id":"1","logging_time":"2026-01-01 00:00:00 UTC"}"#), ["gcp.vertex"]);
    assert_eq!(whose(r#"{"model":"m"}"#), ["none"]);
    // A record with its id and without a time is still its own source's, to be put aside there.
    assert_eq!(whose(r#"{"schemaType":"ModelInvocationLog","requestId":"1"}"#), ["aws.bedrock"]);
}

/// A layout of records, by number.
fn laid_out(how: usize, records: &[String]) -> String {
    let escaped = |record: &String| serde_json::Value::from(record.as_str()).to_string();
    let events = |records: &[String]| {
        let event = |record: &String| format!("{{\"id\":\"1\",\"timestamp\":1,\"message\":{}}}", escaped(record));
        records.iter().map(event).collect::<Vec<_>>().join(",")
    };
    let message = |records: &[String]| {
        format!(
            "{{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"1\",\"logGroup\":\"g\",\"logStream\":\"s\",\"logEvents\":[{}]}}",
            events(records)
        )
    };
    let hub = |records: &[String]| format!("{{\"records\":[{}]}}", records.join(","));
    let halves = records.split_at(records.len() / 2);
    match how % 9 {
        0 => records.iter().map(|record| format!("{record}\n")).collect(),
        1 => records.concat(),
        2 => format!("[{}]", records.join(",\n")),
        3 => format!("{{\"Records\": [{}]}}", records.join(",")),
        4 => records.iter().map(|record| format!("2026-01-01T00:00:00.000Z {record}\n")).collect(),
        5 => format!("{}{}", message(halves.0), message(halves.1)),
        6 => {
            let data = base64::engine::general_purpose::STANDARD.encode(gzip(message(records).as_bytes()));
            format!("{{\"awslogs\":{{\"data\":\"{data}\"}}}}")
        }
        7 => {
            let event =
                |record: &String| format!("{{\"timestamp\":1,\"message\":{},\"ingestionTime\":2}}", escaped(record));
            format!(
                "{{\"events\":[{}],\"nextForwardToken\":\"f\"}}",
                records.iter().map(event).collect::<Vec<_>>().join(",")
            )
        }
        _ => format!("[{},{}]", hub(halves.0), hub(halves.1)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_103), cases: 64, ..ProptestConfig::default() })]

    /// How records are spread over files, wrapped and packed changes nothing.
    #[test]
    fn layouts_and_packings_do_not_show(
        records in prop::collection::vec(("[a-z\"\\\\{}\\[\\]:,é\n]{0,12}", prop::option::of(0_u8..5), 0_i64..50), 0..20),
        files in prop::collection::vec((0_usize..9, 0_usize..6, 0_usize..20), 1..5),
    ) {
        let record = |(text, id, hour): &(String, Option<u8>, i64)| {
            let id = id.map(|id| format!(",\"id\":\"{id}\"")).unwrap_or_default();
            let (day, hour) = (1 + hour / 24, hour % 24);
            format!("{{\"t\":\"2026-01-{day:02}T{hour:02}:00:00Z\",\"x\":{}{id}}}", serde_json::Value::from(text.as_str()))
        };
        let records: Vec<String> = records.iter().map(record).collect();
        let one = toy_files(&[laid_out(0, &records)], Limits::default());
        let mut rest = records.as_slice();
        let mut contents = Vec::new();
        for (number, (layout, packing, size)) in files.iter().enumerate() {
            let size = if number + 1 == files.len() { rest.len() } else { (*size).min(rest.len()) };
            let (some, left) = rest.split_at(size);
            contents.push(packed(*packing, laid_out(*layout, some).as_bytes()));
            rest = left;
        }
        let several = toy_files(&contents, Limits::default());
        prop_assert_eq!(&one.events, &several.events);
        prop_assert_eq!(skywatch::record::Report { files: 1, ..several.report }, one.report);
    }

    /// No bytes stop the reading, whatever they claim to be packed as, and every record is accounted for.
    #[test]
    fn any_bytes_are_read_however_packed(
        parts in prop::collection::vec(prop_oneof![
            Just("{\"t\":\"2026-01-01T00:00:00Z\"}".to_owned()), Just("\n".to_owned()), Just("{\"events\":[{\"timestamp\":1,".to_owned()),
            Just("{\"messageType\":\"DATA_MESSAGE\",\"logGroup\":\"\",\"logEvents\":[".to_owned()), Just("{\"message\":\"{}\"}".to_owned()),
            Just("]}".to_owned()), Just("2026-01-01T00:00:00Z ".to_owned()), Just("{\"awslogs\":{\"data\":\"".to_owned()),
            Just("[{\"records\":[".to_owned()), Just("\"ingestionTime\":1}".to_owned()), Just("\"".to_owned()), "[ -~]{0,4}",
        ], 0..40),
        how in 0_usize..6,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in prop::option::of(any::<prop::sample::Index>()),
        start in prop_oneof![Just(&b""[..]), Just(&b"\x1F\x8B"[..]), Just(&b"\x28\xB5\x2F\xFD"[..]), Just(&b"\x50\x2A\x4D\x18"[..])],
        noise in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut bytes = packed(how, &[parts.concat().as_bytes(), &noise].concat());
        for (at, byte) in &damage {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        let bytes = [start, &bytes].concat();
        toy_files(&[bytes.as_slice(), b"{\"t\":\"2026-01-01T00:00:00Z\"}"], Limits { record: 200, kept: 20, ..Limits::default() });
    }

    /// Read in any steps, a growing file gives what it gives at once.
    #[test]
    fn growing_changes_nothing(
        parts in prop::collection::vec(prop_oneof![
            4 => "[a-z]{1,3}".prop_map(|x| format!("{{\"t\":\"2026-01-01T00:00:00Z\",\"x\":\"{x}\"}}\n")),
            1 => Just("ERROR x\n".to_owned()), 1 => Just("\r\n".to_owned()), 1 => Just("{\"t\":\n".to_owned()),
            1 => Just("{\"t\":\"2026-01-01T00:00:00Z\"} {\"t\":\"2026-01-01T00:00:01Z\"}\n".to_owned()),
        ], 1..12),
        mark in any::<bool>(),
        steps in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let first = "{\"t\":\"2026-01-01T00:00:00Z\",\"x\":\"first\"}\n";
        let text = format!("{}{first}{}", if mark { "\u{feff}" } else { "" }, parts.concat());
        let mut lengths: Vec<usize> = steps.iter().map(|step| step.index(text.len())).chain([text.len()]).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let (events, aside, from) = growing(text.as_bytes(), &[text.len()], Unfinished::PutAside);
        let (events_grown, aside_grown, from_grown) = growing(text.as_bytes(), &lengths, Unfinished::Leave);
        prop_assert_eq!(events, events_grown);
        prop_assert_eq!(aside, aside_grown);
        prop_assert_eq!(from, from_grown);
    }
}

#[test]
fn a_message_keeps_what_was_escaped_in_it() {
    let record = r#"{"t":"2026-01-01T00:00:00Z","x":"a\"b\\c\u00e9\ud83d\ude00\n"}"#;
    for how in [4, 5, 6, 7] {
        let batch = toy_files(&[laid_out(how, &[record.to_owned()])], Limits::default());
        let texts: Vec<Value> = batch.events.iter().flat_map(|event| event.fields.clone()).collect();
        assert!(texts.contains(&Value::text("a\"b\\cé😀\n")), "{how}");
    }
}

#[test]
fn a_walk_finds_every_sample() {
    let files: Vec<PathBuf> = samples::all().into_iter().flat_map(|samples| samples.files).collect();
    let found = inputs(["samples"], Limits::default()).expect("samples can be walked");
    for file in files {
        let canonical = fs::canonicalize(&file).expect("it is there").display().to_string();
        assert!(found.inputs.iter().any(|input| input.identity() == canonical), "{canonical}");
    }
}

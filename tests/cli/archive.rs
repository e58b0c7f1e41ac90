//! Verbs on archives: ingest, run, archive, retain, from raw logs to alerts.

use serde_json::json as value;

use super::*;
use crate::samples::{self, Samples};

/// An archive of all samples, and what each ingest said, by source.
fn ingested(archive: &str) -> Vec<(String, Value)> {
    let ingest = |samples: Samples| {
        let files: Vec<String> = samples.files.iter().map(|file| file.display().to_string()).collect();
        let mut arguments = vec!["ingest", "--source", &samples.source, "--archive", archive, "--format", "json"];
        arguments.extend(["--content", "--content-key", "env:CONTENT_KEY"]);
        arguments.extend(files.iter().map(String::as_str));
        let report = json(&arguments);
        (samples.source, report)
    };
    samples::all().into_iter().map(ingest).collect()
}

#[test]
fn the_main_job_from_raw_logs_to_alerts() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let archive = place.path().join("archive").display().to_string();
    let story: Value = serde_json::from_str(include_str!("../../samples/story.json")).expect("the story");
    for (source, report) in ingested(&archive) {
        let n = |key: &str| report[key].as_u64().expect("a count");
        assert_eq!(
            n("read"),
            n("rows") + n("merged") + n("duplicates") + n("other") + n("quarantined"),
            "{source}: {report}"
        );
        let told = &story["sources"][&source];
        for (ours, theirs) in
            [("read", "read"), ("rows", "events"), ("duplicates", "duplicates"), ("quarantined", "quarantined")]
        {
            assert_eq!(report[ours], told[theirs], "{source}: {ours}: {report}");
        }
    }
    let run = |extra: &[&str]| {
        skywatch(
            &[&["run", PACK, "--archive", &archive, "--content-key", "env:CONTENT_KEY", "--format", "json"], extra]
                .concat(),
        )
    };
    let first = run(&[]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let lines: Vec<Value> = text(&first.stdout).lines().map(|l| serde_json::from_str(l).expect("JSON lines")).collect();
    let keys = [
        "id", "rule", "title", "severity", "tags", "source", "window", "until", "first", "last", "keys", "measures",
        "show", "partial",
    ];
    for alert in &lines {
        // A correlation says which alerts it is about.
        let more = usize::from(alert["source"] == "correlation");
        assert_eq!(alert.as_object().map(serde_json::Map::len), Some(keys.len() + more));
        assert_eq!(alert.get("members").is_some(), more == 1);
        assert!(keys.iter().all(|key| alert.get(key).is_some()), "{alert}");
    }
    assert!(!text(&first.stderr).contains("FAILED"), "{}", text(&first.stderr));
    // The same archive and arguments give the same bytes; ingesting the same files again changes nothing.
    for (source, report) in ingested(&archive) {
        assert!(report["read"] == 0 && report["unchanged"].as_u64() > Some(0), "{source}: {report}");
    }
    assert_eq!(run(&[]).stdout, first.stdout);
    assert_eq!(run(&["--rule", "content_filter_blocks", "--fail-on", "critical"]).status.code(), Some(0));
    assert_eq!(run(&["--fail-on", "high"]).status.code(), Some(1));
    assert_eq!(run(&["--rule", "no_such_rule"]).status.code(), Some(2));
    assert_eq!(run(&["--from", "2026-11-05", "--to", "2026-11-02"]).status.code(), Some(2));
    // Adjoining runs judge each window once.
    let halves: Vec<u8> =
        [["--from", "2026-11-02", "--to", "2026-11-03"], ["--from", "2026-11-03", "--to", "2026-11-05"]]
            .iter()
            .flat_map(|range| run(range.as_slice()).stdout)
            .collect();
    let sorted = |bytes: &[u8]| {
        let mut lines: Vec<String> = text(bytes).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&halves), sorted(&first.stdout));
    let one = run(&["--rule", "content_filter_blocks", "--at", "2026-11-02T11:20:00Z"]);
    // The story's two of that hour: mallory's on Bedrock, trial-17's at the gateway.
    assert_eq!(text(&one.stdout).lines().count(), 2, "{}", text(&one.stderr));
    let summary = place.path().join("summary.json").display().to_string();
    assert_eq!(run(&["--summary", &summary]).status.code(), Some(0));
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(summary).expect("the report")).expect("JSON");
    assert!(summary["runs"].as_array().is_some_and(|runs| runs.iter().any(|r| r["lost_to_missing_keys"] == 1)));
}

/// From ingest to the day on which the last of it goes.
#[test]
fn the_life_of_an_archive() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let archive = place.path().join("archive").display().to_string();
    ingested(&archive);
    let on = |verb: &[&str], more: &[&str]| {
        let words = [verb, &["--archive", &archive], more].concat();
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let skywatch = |words: Vec<String>| skywatch(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let status = |words: Vec<String>| skywatch(words).status.code();
    let answer = |verb: &[&str], more: &[&str]| -> Value {
        let output = skywatch(on(verb, &[&["--format", "json"], more].concat()));
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{verb:?}: {error}: {}", text(&output.stderr)))
    };
    let alerts = || skywatch(on(&["run", PACK], &["--content-key", "env:CONTENT_KEY", "--format", "json"])).stdout;
    let first = alerts();
    let info = answer(&["archive", "info"], &["--hours"]);
    let sources = info["sources"].as_array().expect("sources");
    assert!(sources.len() >= 14 && sources.iter().all(|source| source["rows"].as_u64() > Some(0)), "{info}");
    let counted = |source: &Value| {
        source["hours"].as_array().expect("hours").iter().map(|hour| hour["rows"].as_u64().expect("rows")).sum::<u64>()
    };
    assert!(sources.iter().all(|source| Some(counted(source)) == source["rows"].as_u64()), "{info}");

    let verified = answer(&["archive", "verify"], &[]);
    assert!(verified["flaws"] == value!([]) && verified["not_opened"].as_u64() > Some(0), "{verified}");
    let opened = answer(&["archive", "verify"], &["--content-key", "env:CONTENT_KEY"]);
    assert_eq!((&opened["flaws"], &opened["not_opened"]), (&value!([]), &value!(0)));

    // A byte that was flipped is found, and nothing is changed by looking.
    let file = find(&place.path().join("archive"), "/content/").remove(0);
    let bytes = std::fs::read(&file).expect("a file");
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    std::fs::write(&file, &flipped).expect("a file");
    assert_eq!(status(on(&["archive", "verify"], &[])), Some(1));
    std::fs::write(&file, &bytes).expect("a file");

    // The samples are read source by source, so there is one file a source and day already: another reading of a part brings small ones.
    let compacted = answer(&["archive", "compact"], &["--content-key", "env:CONTENT_KEY"]);
    assert!(compacted["after"].as_u64() <= compacted["before"].as_u64(), "{compacted}");
    let listed = answer(&["archive", "gc"], &["--dry-run"]);
    let removed = answer(&["archive", "gc"], &[]);
    assert!(
        listed["files"] == removed["files"] && !removed["files"].as_array().expect("files").is_empty(),
        "{removed}"
    );
    assert_eq!(answer(&["archive", "verify"], &["--content-key", "env:CONTENT_KEY"])["flaws"], value!([]));
    assert_eq!(alerts(), first);

    // The samples of a source, read again, take its place; a part of them does not.
    let bedrock = "samples/aws/AWSLogs/111122223333/BedrockModelInvocationLogs";
    let rebuild = |from: &str| {
        skywatch(on(
            &["archive", "rebuild", "--source", "aws.bedrock", "--from", from],
            &["--content", "--content-key", "env:CONTENT_KEY"],
        ))
    };
    let before = answer(&["archive", "info"], &[]);
    assert_eq!(rebuild(bedrock).status.code(), Some(0), "{}", text(&rebuild(bedrock).stderr));
    let after = answer(&["archive", "info"], &[]);
    let rows = |info: &Value| {
        info["sources"].as_array().expect("sources").iter().map(|source| source["rows"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(rows(&before), rows(&after));
    assert_eq!(alerts(), first);
    let part = find(std::path::Path::new(bedrock), "json").remove(0).display().to_string();
    assert!(text(&rebuild(&part).stderr).contains("and the archive has"));
    assert_eq!(rows(&before), rows(&answer(&["archive", "info"], &[])));

    // Another content key; then none.
    let key = place.path().join("new.key");
    std::fs::write(&key, "ff".repeat(32)).expect("a key");
    #[cfg(unix)]
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its owner's");
    let key = format!("file:{}", key.display());
    assert_eq!(status(on(&["archive", "keys", "rotate"], &["--from", "env:CONTENT_KEY", "--to", &key])), Some(0));
    let run = |key: &str| skywatch(on(&["run", PACK], &["--content-key", key, "--format", "json"]));
    assert_eq!(run(&key).stdout, first);
    assert!(text(&run("env:CONTENT_KEY").stderr).contains("is not the key of this content"));
    assert_eq!(status(on(&["archive", "keys", "destroy"], &[])), Some(1));
    assert_eq!(status(on(&["archive", "keys", "destroy"], &["--stream", "screening", "--yes"])), Some(0));
    assert!(text(&run(&key).stderr).contains("the archive does not hold `text` of `gcp.model_armor`"));

    // Days go whole, content first.
    let day = |at: &str, dry: bool| {
        answer(&["retain"], &[&["--at", at][..], if dry { &["--dry-run"] } else { &[] }].concat())
    };
    assert_eq!(day("2026-12-02", true)["files"], value!([]));
    let texts = day("2026-12-03", true);
    assert!(texts["rows"] == 0 && texts["texts"].as_u64() > Some(0), "{texts}");
    assert_eq!(day("2026-12-03", false)["files"], texts["files"]);
    assert_eq!(day("2026-12-03", false)["files"], value!([]));
    let all = day("2030-01-01", false);
    assert!(all["rows"].as_u64() > Some(0) && all["texts"] == 0, "{all}");
    // Hourly sums of calls stay for a year, which is over too.
    assert!(day("2030-01-01", false)["rows"].as_u64() > Some(0));
    assert_eq!(find(&place.path().join("archive"), ".parquet"), [""; 0].map(std::path::PathBuf::from));
    assert_eq!(answer(&["archive", "verify"], &[])["files"], 0);
}

/// A program that keeps keys: here one that hands them back as they are, which shows what it is asked.
#[test]
#[cfg(unix)]
fn keys_behind_a_program() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| place.path().join(name).display().to_string();
    let (archive, program, asked) = (path("archive"), path("keeper.sh"), path("asked"));
    let script = format!(
        "read -r question\necho \"$1 $question\" >>{asked}\n\
         key=$(echo \"$question\" | sed 's/.*\"key\":\"\\([^\"]*\\)\".*/\\1/')\n\
         echo \"{{\\\"key_id\\\":\\\"one\\\",\\\"key\\\":\\\"$key\\\"}}\"\n"
    );
    std::fs::write(&program, script).expect("a program");
    let keeper = format!("exec:sh {program}");
    let log = "samples/aws/AWSLogs/111122223333/BedrockModelInvocationLogs";
    let ingest =
        ["ingest", "--source", "aws.bedrock", log, "--archive", &archive, "--content", "--content-key", &keeper];
    assert_eq!(status(&ingest), 0, "{}", text(&skywatch(&ingest).stderr));
    let verify = ["archive", "verify", "--archive", &archive, "--content-key", &keeper, "--format", "json"];
    let verified = json(&verify);
    assert_eq!((&verified["flaws"], &verified["not_opened"]), (&value!([]), &value!(0)), "{verified}");
    let asked = std::fs::read_to_string(asked).expect("what it was asked");
    let of = |what: &str| asked.lines().filter(|line| line.starts_with(what)).count();
    assert!(of("wrap ") > 0 && of("wrap ") == of("unwrap "), "{asked}");
    assert!(asked.lines().all(|line| line.contains("\"context\":\"skywatch/")), "{asked}");
    let none = ["archive", "verify", "--archive", &archive, "--content-key", "exec:false"];
    assert_eq!(status(&none), 1);
}

#[test]
fn the_quarantine_is_read_again() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| place.path().join(name).display().to_string();
    let (archive, log) = (path("archive"), path("log.json"));
    let record = |id: &str, time: &str| {
        format!(r#"{{"schemaType":"ModelInvocationLog","timestamp":"{time}","requestId":"{id}","modelId":"m"}}"#)
    };
    let broken = [record("a", "2026-11-02T10:00:00Z"), record("b", "no time"), "no JSON".to_owned()].join("\n");
    std::fs::write(&log, &broken).expect("a log");
    let ingest = ["ingest", "--source", "aws.bedrock", &log, "--archive", &archive, "--format", "json"];
    let first = json(&ingest);
    assert_eq!((&first["rows"], &first["quarantined"]), (&value!(1), &value!(2)), "{first}");
    assert_eq!(status(&[&ingest[..], &["--strict"]].concat()), 0);
    let requeue = ["archive", "requeue", "--archive", &archive, "--format", "json"];
    let again = json(&requeue);
    assert_eq!(
        (&again["read"], &again["rows"], &again["quarantined"]),
        (&value!(2), &value!(0), &value!(2)),
        "{again}"
    );
    // The same place is read, and nothing else: a mended line comes in, the first record is not asked again.
    std::fs::write(&log, broken.replace("no time", "2026-11-02T10:05:00Z")).expect("a log");
    let mended = json(&requeue);
    assert_eq!(
        (&mended["read"], &mended["rows"], &mended["quarantined"]),
        (&value!(2), &value!(1), &value!(1)),
        "{mended}"
    );
    std::fs::remove_file(&log).expect("it goes");
    let gone = json(&requeue);
    assert_eq!((&gone["read"], &gone["kept"]), (&value!(0), &value!(1)), "{gone}");
    let info = json(&["archive", "info", "--archive", &archive, "--format", "json"]);
    assert_eq!((&info["sources"][0]["rows"], &info["quarantined"]), (&value!(2), &value!(1)), "{info}");
    assert_eq!(json(&["archive", "verify", "--archive", &archive, "--format", "json"])["flaws"], value!([]));
}

fn find(root: &std::path::Path, part: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(find(&path, part)),
            path if path.display().to_string().contains(part) => found.push(path),
            _ => {}
        }
    }
    found.sort();
    found
}

#[test]
fn a_folder_of_all_logs_is_ingested_at_once() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let archive = place.path().join("archive").display().to_string();
    let output = skywatch(&["ingest", "--source", "auto", "samples", "--archive", &archive, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let reports: Vec<Value> =
        text(&output.stdout).lines().map(|l| serde_json::from_str(l).expect("JSON lines")).collect();
    for report in &reports {
        let n = |key: &str| report[key].as_u64().expect("a count");
        assert_eq!(n("read"), n("rows") + n("merged") + n("duplicates") + n("other") + n("quarantined"), "{report}");
        assert!(report["skipped"]["not_a_log"].as_u64() > Some(5), "{report}");
    }
    let sources: Vec<&str> = reports.iter().filter_map(|report| report["source"].as_str()).collect();
    // The last line is of the records that are no source's.
    assert_eq!((sources.len(), reports.len()), (samples::all().len(), samples::all().len() + 1));
}

#[test]
fn unusable_input_is_said() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let archive = place.path().display().to_string();
    assert_eq!(status(&["run", PACK, "--archive", "no-such-archive"]), 2);
    assert_eq!(status(&["ingest", "--source", "aws.bedrok", "README.md", "--archive", &archive]), 2);
    assert_eq!(status(&["ingest", "--source", "aws.bedrock", "no-such-file", "--archive", &archive]), 2);
}

/// Correlations over what was archived: told with the alerts that they are about, which signals tell nobody.
#[test]
fn alerts_of_several_weak_signs() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let archive = place.path().join("archive").display().to_string();
    let log = format!("{PACK}/fixtures/blind-then-bulk.jsonl");
    let ingest = skywatch(&["ingest", "--source", "aws.cloudtrail", "--archive", &archive, &log]);
    assert_eq!(ingest.status.code(), Some(0), "{}", text(&ingest.stderr));
    let run = |more: &[&str]| {
        let output = skywatch(&[&["run", PACK, "--archive", &archive, "--format", "json"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let alerts = text(&output.stdout);
        let alerts: Vec<Value> = alerts.lines().map(|line| serde_json::from_str(line).expect("an alert")).collect();
        (alerts, text(&output.stderr))
    };
    let of = |alerts: &[Value], rule: &str| alerts.iter().filter(|alert| alert["rule"] == rule).count();
    let (told, _) = run(&[]);
    let names = |alerts: &[Value]| alerts.iter().map(|alert| alert["rule"].to_string()).collect::<Vec<_>>();
    assert_eq!(of(&told, "blind_then_bulk"), 1, "{:?}", names(&told));
    assert_eq!((of(&told, "logging_disabled"), of(&told, "calls_burst")), (1, 0), "{:?}", names(&told));
    let (all, said) = run(&["--all"]);
    assert_eq!(of(&all, "calls_burst"), 1, "{said}");
    let bulk = told.iter().find(|alert| alert["rule"] == "blind_then_bulk").expect("the correlation's alert");
    let members = [of_rule(&all, "logging_disabled")["id"].clone(), of_rule(&all, "calls_burst")["id"].clone()];
    assert_eq!((&bulk["source"], &bulk["members"]), (&value!("correlation"), &value!(members)));
    // One correlation, with what it reads.
    let (one, _) = run(&["--rule", "blind_then_bulk"]);
    assert_eq!(one, std::slice::from_ref(bulk));
    // A signal's past is not archived for 30 days: that is said, and nothing guessed.
    assert!(said.contains("new_source_ip on aws.cloudtrail") && said.contains("undecided"), "{said}");
}

/// Each pass says what was read, what was asked once, and what each rule got.
#[test]
fn a_run_says_what_it_cost() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let archive = place.path().join("archive").display().to_string();
    let log = format!("{PACK}/fixtures/blind-then-bulk.jsonl");
    assert_eq!(status(&["ingest", "--source", "aws.cloudtrail", "--archive", &archive, &log]), 0);
    let output = skywatch(&["run", PACK, "--archive", &archive, "--explain"]);
    let said = text(&output.stderr);
    for part in [
        "pass over activity, metadata: ",
        "columns: source, ",
        "asked once a batch",
        "outcome == \"success\"",
        "rows  ",
        "logging_disabled on aws.cloudtrail",
    ] {
        assert!(said.contains(part), "no {part}: {said}");
    }
}

/// A run holds what it is given, and says where that is too little.
#[test]
fn a_run_takes_the_memory_that_it_is_given() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let archive = place.path().join("archive").display().to_string();
    let log = format!("{PACK}/fixtures/blind-then-bulk.jsonl");
    assert_eq!(status(&["ingest", "--source", "aws.cloudtrail", "--archive", &archive, &log]), 0);
    let run = |memory: &str| skywatch(&["run", PACK, "--archive", &archive, "--format", "json", "--memory", memory]);
    let whole = run("2GiB");
    assert_eq!(text(&run("64mib").stdout), text(&whole.stdout));
    let tiny = run("1KiB");
    assert!(text(&tiny.stderr).contains("needs more memory"), "{}", text(&tiny.stderr));
    for wrong in ["512", "0MiB", "much", "99999999999GiB"] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong}");
    }
}

/// Runs that remember tell each alert once, and keep a log of all of them.
#[test]
fn runs_that_remember() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| place.path().join(name).display().to_string();
    let log = format!("{PACK}/fixtures/blind-then-bulk.jsonl");
    let ingest = skywatch(&["ingest", "--source", "aws.cloudtrail", "--archive", &path("archive"), &log]);
    assert_eq!(ingest.status.code(), Some(0), "{}", text(&ingest.stderr));
    let (archive, state) = (path("archive"), path("state"));
    let run = |to: &str| {
        let words = ["run", PACK, "--archive", &archive, "--state", &state, "--to", to, "--format", "json"];
        let output = skywatch(&words);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let logged = || std::fs::read_to_string(place.path().join("state/alerts.jsonl")).expect("the log");
    let first = run("2026-01-01T10:00:00Z");
    assert!(first.contains("logging_disabled") && !first.contains("blind_then_bulk"), "{first}");
    assert_eq!(logged(), first);
    assert_eq!(run("2026-01-01T10:00:00Z"), "");
    let second = run("2026-01-02T00:00:00Z");
    assert!(second.contains("blind_then_bulk") && !second.contains("\"logging_disabled\""), "{second}");
    assert_eq!(logged(), format!("{first}{second}"));
    // Without an end: up to now, less what each source says that its events are late.
    let words = ["run", PACK, "--archive", &archive, "--state", &state, "--lateness", "1h"];
    assert_eq!(status(&words), 0);
    assert_eq!(status(&["run", PACK, "--archive", &archive, "--lateness", "1h"]), 2);
    assert_eq!(status(&["run", PACK, "--archive", &archive, "--state", &state, "--lateness", "soon"]), 2);
    let ahead = skywatch(&["run", PACK, "--archive", &archive, "--state", &state, "--to", "2999-01-01"]);
    assert_eq!(ahead.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ahead.stderr).contains("`--to` lies ahead"), "{ahead:?}");
}

fn of_rule<'a>(alerts: &'a [Value], rule: &str) -> &'a Value {
    alerts.iter().find(|alert| alert["rule"] == rule).expect("an alert of the rule")
}

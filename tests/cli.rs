//! The command line from outside: flags, exit statuses, and the JSON that programs read. What the verbs do is tested below them.

use std::process::{Command, Output};

use serde_json::Value;

#[cfg(feature = "engine")]
#[path = "support/samples.rs"]
#[expect(dead_code, reason = "each binary uses its own part")]
mod samples;

const PACK: &str = "rulepacks/ai-security";
/// What `env:CONTENT_KEY` holds.
const CONTENT_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn skywatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skywatch"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("NO_COLOR")
        .env("CONTENT_KEY", CONTENT_KEY)
        .output()
        .expect("the program runs")
}

fn status(arguments: &[&str]) -> i32 {
    skywatch(arguments).status.code().expect("no signal ended it")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(arguments: &[&str]) -> Value {
    let output = skywatch(arguments);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", text(&output.stderr)))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file in it");
    }
    folder
}

const MANIFEST: (&str, &str) = ("pack.toml", "id = \"mine\"\nversion = \"0.1.0\"\nlanguage = 1\n");
const BROKEN: (&str, &str) = ("r.sky", "rule r { severity low  from invocation  where callr.id == \"a\" }\n");

#[test]
fn check_says_how_bad_it_is() {
    assert_eq!(status(&["check", PACK]), 0);
    let broken = folder(&[MANIFEST, BROKEN]);
    let path = broken.path().display().to_string();
    assert_eq!(status(&["check", &path]), 1);
    let found = json(&["check", &path, "--format", "json"]);
    assert_eq!((&found["format"], &found["errors"]), (&1.into(), &1.into()));
    assert_eq!(found["findings"][0]["code"], "E0201");
    assert_eq!(found["findings"][0]["labels"][0]["line"], 1);
    assert_eq!(status(&["check", "no-such-pack"]), 2);
    assert_eq!(status(&["check"]), 2);
}

#[test]
fn verbs_that_need_a_whole_pack_refuse_a_broken_one() {
    let broken = folder(&[MANIFEST, BROKEN]);
    let path = broken.path().display().to_string();
    for arguments in [vec!["test", &path], vec!["emit", &path, "--to", "all"], vec!["coverage", &path]] {
        let output = skywatch(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("unknown field `callr.id`"));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn explain_shows_a_page_or_the_nearest_code() {
    let page = text(&skywatch(&["explain", "e0203"]).stdout);
    assert!(page.starts_with("# E0203: types do not fit"), "{page}");
    assert_eq!(status(&["explain", "E9999"]), 2);
    assert!(text(&skywatch(&["explain"]).stdout).contains("E0401"));
}

#[test]
fn fmt_checks_rewrites_and_leaves_broken_files_alone() {
    assert_eq!(status(&["fmt", "--check", PACK]), 0);
    let loose = "rule   r {severity low from   invocation}\n";
    let pack = folder(&[MANIFEST, ("a.sky", loose), ("b.sky", "rule broken {")]);
    let path = |name: &str| pack.path().join(name).display().to_string();
    assert_eq!(status(&["fmt", "--check", &path("a.sky")]), 1);
    assert_eq!(std::fs::read_to_string(path("a.sky")).expect("it is there"), loose);
    assert_eq!(status(&["fmt", &path("a.sky")]), 0);
    assert_eq!(
        std::fs::read_to_string(path("a.sky")).expect("it is there"),
        "rule r { severity low  from invocation }\n"
    );
    assert_eq!(status(&["fmt", &path("b.sky")]), 2);
    assert_eq!(std::fs::read_to_string(path("b.sky")).expect("it is there"), "rule broken {");
}

#[test]
fn what_fmt_prints_stays_as_it_is() {
    let hard = [
        "rule r { severity low from invocation where model.id // c\nin [\"a\", \"b\"] }\n",
        "list words = [\"a\", \"b\"]\nrule r { severity low from invocation where region == \"x\" and not // Q\nprompt contains any of words // R\nnocase }\n",
        "rule r { severity low from invocation where region == \"x\" and least(tokens.input, // c0\n tokens.output) < 0 }\n",
    ];
    for text in hard {
        let pack = folder(&[MANIFEST, ("a.sky", text)]);
        let path = pack.path().join("a.sky").display().to_string();
        assert_eq!(status(&["fmt", &path]), 0);
        assert_eq!(
            status(&["fmt", "--check", &path]),
            0,
            "{text}{}",
            std::fs::read_to_string(&path).unwrap_or_default()
        );
    }
    let missing = skywatch(&["fmt", "no-such-file.sky"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("no-such-file.sky"));
}

#[test]
fn packs_of_one_name_are_not_mixed_up() {
    let rule = "rule r { severity low  from invocation only aws }\n";
    let first = folder(&[("pack.toml", "id = \"first\"\nversion = \"1.0.0\"\nlanguage = 1\n"), ("r.sky", rule)]);
    let second = folder(&[("pack.toml", "id = \"second\"\nversion = \"1.0.0\"\nlanguage = 1\n"), ("r.sky", rule)]);
    let out = tempfile::tempdir().expect("a folder");
    let path = |folder: &tempfile::TempDir| folder.path().display().to_string();
    let arguments = ["emit", &path(&first), &path(&second), "--to", "cloudwatch", "--out", &path(&out)];
    assert_eq!(status(&arguments), 0);
    for pack in ["first", "second"] {
        assert!(out.path().join(pack).join("cloudwatch/r.aws.bedrock.cwli").is_file());
    }
    let twice = skywatch(&["test", &path(&first), &path(&first)]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(text(&twice.stderr).contains("two packs have the id `first`"));
    let nothing = skywatch(&["emit", &path(&first), "--to", "kql", "--source", "aws.bedrock"]);
    assert!(nothing.status.success() && text(&nothing.stderr).starts_with("no query: "));
}

#[test]
#[cfg(target_os = "linux")]
fn what_could_not_be_printed_is_no_success() {
    let full = || std::fs::File::options().write(true).open("/dev/full").expect("a full device");
    let rule = "rule r { severity low  from invocation }\n";
    let pack = folder(&[MANIFEST, ("r.sky", rule)]);
    let program = || std::process::Command::new(env!("CARGO_BIN_EXE_skywatch"));
    for verb in ["check", "test"] {
        let output = program().arg(verb).arg(pack.path()).stdout(full()).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{verb}");
        assert!(text(&output.stderr).contains("standard output: can't be written"));
    }
}

#[test]
fn test_fails_on_a_failed_and_on_an_empty_run() {
    assert_eq!(status(&["test", PACK]), 0);
    let rule = "rule r { severity low  from invocation }\n";
    let fails = "test r \"never\" {\n    given invocation [ { time = 2026-01-01 } ]\n    expect no alert\n}\n";
    let empty = folder(&[MANIFEST, ("r.sky", rule)]);
    assert_eq!(status(&["test", &empty.path().display().to_string()]), 1);
    let failing = folder(&[MANIFEST, ("r.sky", &format!("{rule}{fails}"))]);
    let path = failing.path().display().to_string();
    assert_eq!(status(&["test", &path]), 1);
    let report = json(&["test", &path, "--format", "json"]);
    assert_eq!((&report["passed"], &report["failed"]), (&0.into(), &1.into()));
    assert!(report["tests"][0]["problems"][0].as_str().is_some_and(|p| p.contains("not expected")));
}

#[test]
fn test_runs_what_is_emitted_and_says_so_in_three_formats() {
    const RULE: (&str, &str) = (
        "r.sky",
        "rule r { severity low  from invocation only aws.bedrock  over 1h by caller.id  let n = count()  when n > 1 }
test r \"two alert\" {
    given invocation [
        { time = 2026-01-01T10:00Z, caller.id = \"a\" }
        { time = 2026-01-01T10:01Z, caller.id = \"a\" }
    ]
    expect alert { caller.id = \"a\", n = 2 }
}
",
    );
    let pack = folder(&[MANIFEST, RULE]);
    let path = pack.path().display().to_string();
    let printed = skywatch(&["test", &path]);
    assert_eq!(printed.status.code(), Some(0));
    let table = text(&printed.stdout);
    assert!(table.contains("cloudwatch") && table.contains("1 agree"), "{table}");
    let outcome = json(&["test", &path, "--format", "json"]);
    let lines = outcome["tests"][0]["lines"].as_array().expect("lines");
    let of_target = lines.iter().find(|line| line["target"] == "cloudwatch").expect("a line of CloudWatch");
    assert_eq!((&of_target["source"], &of_target["result"]), (&"aws.bedrock".into(), &"agrees".into()));
    let junit = text(&skywatch(&["test", &path, "--format", "junit"]).stdout);
    assert!(
        junit.contains("<testsuite name=\"mine\"") && junit.contains("two alert (cloudwatch on aws.bedrock)"),
        "{junit}"
    );
}

#[test]
fn emulate_answers_or_says_why_not() {
    const LOGS: (&str, &str) = (
        "events.jsonl",
        "{\"logStreamName\":\"s\",\"eventId\":\"1\",\"ingestionTime\":1767261600000,\"timestamp\":1767261600000,\"message\":\"{\\\"status\\\":500,\\\"who\\\":\\\"ana\\\"}\"}
{\"logStreamName\":\"s\",\"eventId\":\"2\",\"ingestionTime\":1767261601000,\"timestamp\":1767261601000,\"message\":\"plain words\"}
",
    );
    let emulated = |language: &str, query: &str| {
        let files = folder(&[LOGS, ("query.txt", query)]);
        let path = |name: &str| files.path().join(name).display().to_string();
        skywatch(&["emulate", language, &path("query.txt"), "--logs", &path("events.jsonl"), "--format", "json"])
    };
    let answered = emulated("cloudwatch", "fields who | filter status = 500");
    assert_eq!((answered.status.code(), text(&answered.stdout)), (Some(0), "{\"who\":\"ana\"}\n".to_owned()));
    for (language, query, status, code) in [
        ("cloudwatch", "fields who | filtre status = 500", 1, "E0601"),
        ("cloudwatch", "fields who | pattern @message", 1, "E0602"),
        ("googlesql", "SELECT 1 / 0 AS x", 1, "E0603"),
        ("cloudwatch", "fields who | filter not (status = 500)", 1, "E0604"),
        ("kql", "AzureActivity", 2, "E0501"),
        ("kusto", "AzureActivity", 2, "E0504"),
    ] {
        let said = emulated(language, query);
        assert_eq!(said.status.code(), Some(status), "{query}: {}", text(&said.stderr));
        assert!(text(&said.stderr).contains(code), "{query}: {}", text(&said.stderr));
    }
}

#[test]
fn emit_gives_one_array_with_every_key() {
    let emitted = json(&["emit", PACK, "--to", "all", "--format", "json"]);
    let emitted = emitted.as_array().expect("an array");
    assert!(emitted.len() > 14, "{} pairs", emitted.len());
    let keys = [
        "rule",
        "source",
        "target",
        "verdict",
        "provided",
        "left_out",
        "reasons",
        "query",
        "place",
        "window_seconds",
        "every_seconds",
        "lookback_seconds",
        "delay_seconds",
        "judges",
        "needs",
    ];
    for emission in emitted {
        let object = emission.as_object().expect("objects");
        assert_eq!(object.len(), keys.len(), "{object:?}");
        assert!(keys.iter().all(|key| object.contains_key(*key)), "{object:?}");
        let verdict = emission["verdict"].as_str().expect("a word");
        // Without --allow only exact queries have a text, and everything else has a reason.
        assert_eq!(emission["query"].is_string(), verdict == "exact", "{emission}");
        // An exact one may remark on what only shows, or on a measure that `when` does not read.
        assert!(verdict == "exact" || emission["reasons"].as_array().is_some_and(|r| !r.is_empty()), "{emission}");
    }
}

#[test]
fn emit_writes_files_that_a_person_finds() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let path = out.path().display().to_string();
    assert_eq!(status(&["emit", PACK, "--to", "kql", "--rule", "guardrail_changed", "--out", &path]), 0);
    let file = out.path().join("kql/guardrail_changed.azure.activity.kql");
    let query = std::fs::read_to_string(file).expect("the query");
    assert!(query.starts_with("// rule guardrail_changed on azure.activity"), "{query}");
    assert!(query.contains("// verdict: exact"));
}

#[test]
fn emit_refuses_bad_arguments() {
    for arguments in [
        vec!["--to", "kusto"],
        vec!["--to", "kql", "--rule", "gardrail_changed"],
        vec!["--to", "kql", "--source", "azure.activty"],
        vec!["--to", "kql", "--from", "2026-11-02"],
        vec!["--to", "kql", "--from", "2026-11-03", "--to", "2026-11-02"],
        vec!["--to", "kql", "--allow", "refused"],
        vec!["--to", "kql", "--from", "yesterday", "--to", "2026-11-02"],
    ] {
        let output = skywatch(&[&["emit", PACK], arguments.as_slice()].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn coverage_succeeds_whatever_is_refused() {
    let found = json(&["coverage", PACK, "--format", "json"]);
    assert_eq!(found["format"], 1);
    let pairs = found["packs"][0]["pairs"].as_array().expect("pairs");
    assert!(pairs.iter().any(|pair| pair["local"]["verdict"] == "refused"), "the pack has refusals");
    for form in [vec![], vec!["--by", "target"], vec!["--format", "markdown"], vec!["--format", "json"]] {
        let arguments = [vec!["coverage", PACK], form].concat();
        let output = skywatch(&arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(output.stdout, skywatch(&arguments).stdout, "{arguments:?}: not the same again");
    }
    let rule = "rule r { severity low  from invocation }\n";
    let other = folder(&[MANIFEST, ("r.sky", rule)]);
    let two = json(&["coverage", PACK, &other.path().display().to_string(), "--format", "json"]);
    assert_eq!(two["packs"].as_array().map(Vec::len), Some(2));
    assert_eq!(status(&["coverage", PACK, PACK]), 2, "two packs of one id");
    assert_eq!(status(&["coverage", PACK, "--by", "rule"]), 2);
}

#[test]
fn a_new_pack_passes_everything() {
    let place = tempfile::tempdir().expect("a folder");
    let dir = place.path().join("packs").display().to_string();
    // Legal, if odd.
    for name in ["my-rules", "_", "-", "--to", "0", "rule"] {
        let made = skywatch(&["new", "--dir", &dir, "--", name]);
        assert_eq!(made.status.code(), Some(0), "{name}: {}", text(&made.stderr));
        assert_eq!(text(&made.stdout).lines().count(), 5, "{}", text(&made.stdout));
        let pack = format!("{dir}/{name}");
        assert_eq!(text(&skywatch(&["check", &pack]).stdout), "1 rule, 2 tests: 0 errors, 0 warnings\n");
        assert_eq!(status(&["fmt", "--check", &pack]), 0, "{name}");
        let tested = json(&["test", &pack, "--format", "json"]);
        assert_eq!((&tested["passed"], &tested["failed"]), (&2.into(), &0.into()), "{tested}");
        let emitted = json(&["emit", &pack, "--to", "all", "--format", "json"]);
        let verdicts: Vec<&Value> = emitted.as_array().into_iter().flatten().map(|e| &e["verdict"]).collect();
        assert!(verdicts.len() >= 4 && verdicts.iter().all(|verdict| **verdict == "exact"), "{verdicts:?}");
        let map = json(&["coverage", &pack, "--format", "json"]);
        assert_eq!(
            (&map["packs"][0]["pack"], &map["packs"][0]["blind_everywhere"]),
            (&name.into(), &Value::Array(vec![]))
        );
        let readme = std::fs::read_to_string(format!("{pack}/README.md")).expect("a README");
        assert!(readme.starts_with(&format!("# {name}\n")), "{readme}");
    }
}

#[test]
fn new_refuses_bad_names_and_overwrites_nothing() {
    let place = tempfile::tempdir().expect("a folder");
    let dir = place.path().display().to_string();
    let said = |name: &str| {
        let output = skywatch(&["new", name, "--dir", &dir]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(output.stdout.is_empty());
        text(&output.stderr).replace(&dir, "DIR")
    };
    for name in ["My-Rules", "a b", "../up", "a/b", "", "\u{e9}", "a.b"] {
        let expected = format!(
            "E0504\n\n  × `{name}` can't be a pack's id\n  help: use lower-case letters, digits, `-` and `_`\n"
        );
        assert_eq!(said(name).trim_end(), expected.trim_end());
    }
    assert_eq!(std::fs::read_dir(&dir).expect("it is there").count(), 0, "a bad name makes nothing");
    std::fs::write(place.path().join("taken"), "mine").expect("a file");
    std::fs::create_dir(place.path().join("empty")).expect("a folder");
    for name in ["taken", "empty"] {
        let expected = format!(
            "E0504\n\n  × `DIR/{name}` is there already\n  help: choose another name, or another folder with `--dir`: nothing is overwritten"
        );
        assert_eq!(said(name).trim_end(), expected);
    }
    assert_eq!(std::fs::read_to_string(place.path().join("taken")).expect("it is there"), "mine");
    assert_eq!(std::fs::read_dir(place.path().join("empty")).expect("it is there").count(), 0);
    let below_a_file = skywatch(&["new", "mine", "--dir", &format!("{dir}/taken")]);
    assert_eq!(below_a_file.status.code(), Some(2));
}

#[test]
fn completions_know_every_verb() {
    let help = text(&skywatch(&["--help"]).stdout);
    let verbs: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(verbs.len() >= 8 && verbs.contains(&"coverage"), "{verbs:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = skywatch(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        for verb in &verbs {
            let known = |word: &str| word == *verb;
            let words = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
            assert!(script.split(words).any(known), "{shell} does not know `{verb}`");
        }
        assert!(script.contains("allow"), "{shell}");
    }
    assert_eq!(status(&["completions", "tcsh"]), 2);
}

#[cfg(feature = "engine")]
mod archive {
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
        let story: Value = serde_json::from_str(include_str!("../samples/story.json")).expect("the story");
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
        let lines: Vec<Value> =
            text(&first.stdout).lines().map(|l| serde_json::from_str(l).expect("JSON lines")).collect();
        let keys = [
            "id", "rule", "title", "severity", "tags", "source", "window", "until", "first", "last", "keys",
            "measures", "show", "partial",
        ];
        for alert in &lines {
            assert_eq!(alert.as_object().map(serde_json::Map::len), Some(keys.len()));
            assert!(keys.iter().all(|key| alert.get(key).is_some()), "{alert}");
        }
        assert!(!text(&first.stderr).contains("FAILED"), "{}", text(&first.stderr));
        // The same archive and arguments give the same bytes; ingesting the same files again changes nothing.
        for (source, report) in ingested(&archive) {
            assert!(report["read"] == 0 && report["unchanged"].as_u64() > Some(0), "{source}: {report}");
        }
        assert_eq!(run(&[]).stdout, first.stdout);
        assert_eq!(run(&["--fail-on", "critical"]).status.code(), Some(0));
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
        let summary: Value =
            serde_json::from_str(&std::fs::read_to_string(summary).expect("the report")).expect("JSON");
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
            source["hours"]
                .as_array()
                .expect("hours")
                .iter()
                .map(|hour| hour["rows"].as_u64().expect("rows"))
                .sum::<u64>()
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
            assert_eq!(
                n("read"),
                n("rows") + n("merged") + n("duplicates") + n("other") + n("quarantined"),
                "{report}"
            );
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
}

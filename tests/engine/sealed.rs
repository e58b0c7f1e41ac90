//! Text of users outside of the content tier: there is none. And content files, opened by another program that has the key.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::oracle::{Engine, Oracle};
use crate::support::samples;

/// Stands in every text of users of the marked samples; a redactor has no reason to take it out.
const MARK: &str = "Xylophon-Quittengelee";
/// The content key, in hex.
const KEY: &str = "6b6579206f6620746865207465737473206f66207365616c65642066696c6573";

/// A sample's bytes with the mark at the start of every text of a prompt, answer, argument or result.
fn marked(text: &str) -> String {
    let keys = [
        "text",
        "content",
        "inputText",
        "outputText",
        "prompt",
        "completion",
        "arguments",
        "completionText",
        "promptText",
    ];
    let mut text = text.to_owned();
    for key in keys {
        for quote in ["\"", "\\\""] {
            text =
                text.replace(&format!("{quote}{key}{quote}:{quote}"), &format!("{quote}{key}{quote}:{quote}{MARK} "));
            text =
                text.replace(&format!("{quote}{key}{quote}: {quote}"), &format!("{quote}{key}{quote}: {quote}{MARK} "));
        }
    }
    text
}

fn skywatch(arguments: &[&str]) -> (String, String) {
    skywatch_with(arguments, &std::env::temp_dir())
}

/// With a folder for temporary files of its own.
fn skywatch_with(arguments: &[&str], temporary: &Path) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_skywatch"))
        .args(arguments)
        .env("CONTENT_KEY", KEY)
        .env("TMPDIR", temporary)
        .output()
        .expect("the program runs");
    let (out, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (out.into_owned(), said.into_owned())
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found.sort();
    found
}

/// Whether bytes hold the mark as it is.
fn holds(bytes: &[u8]) -> bool {
    bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

#[test]
fn text_of_users_is_nowhere_but_in_the_content_tier() {
    let place = tempfile::tempdir().expect("a folder");
    let (root, temporary) = (place.path().join("archive"), place.path().join("tmp"));
    let archive = root.display().to_string();
    fs::create_dir(&temporary).expect("a folder");
    let skywatch = |words: &[&str]| {
        let (out, said) = skywatch_with(words, &temporary);
        for path in files(&temporary) {
            assert!(!holds(&fs::read(&path).expect("a file")), "{}", path.display());
        }
        (out, said)
    };
    let mut said = String::new();
    let mut marks = 0;
    for sample in samples::all() {
        let logs = place.path().join("logs").join(&sample.source);
        fs::create_dir_all(&logs).expect("a folder");
        let mut words = vec!["ingest".to_owned(), "--source".to_owned(), sample.source.clone()];
        words.extend(
            ["--archive", &archive, "--content", "--content-key", "env:CONTENT_KEY", "--format", "json"]
                .map(str::to_owned),
        );
        for (number, path) in sample.files.iter().enumerate() {
            let log = logs.join(format!("{number}.json"));
            let records = samples::records(path);
            let text = marked(&records.iter().map(|record| format!("{record}\n")).collect::<String>());
            marks += text.matches(MARK).count();
            // A line that breaks off inside of a prompt, and one that is no record at all.
            fs::write(&log, format!("{text}\n{{\"prompt\":\"{MARK}\n{MARK}\n")).expect("a log");
            words.push(log.display().to_string());
        }
        let (out, err) = skywatch(&words.iter().map(String::as_str).collect::<Vec<_>>());
        said.push_str(&(out + &err));
    }
    assert!(marks > 500, "{marks} texts are marked");
    for words in [
        ["archive", "info", "--archive", &archive, "--format", "json"].as_slice(),
        &["archive", "verify", "--archive", &archive],
        &["archive", "compact", "--archive", &archive, "--content-key", "env:CONTENT_KEY"],
        &["retain", "--archive", &archive, "--dry-run", "--at", "2027-01-01"],
    ] {
        let (out, err) = skywatch(words);
        said.push_str(&(out + &err));
    }
    assert!(!said.contains(MARK), "{said}");
    let (mut metadata, mut content) = (0, 0);
    for path in files(&root) {
        let bytes = fs::read(&path).expect("a file");
        assert!(!holds(&bytes), "{}", path.display());
        let tier = path.display().to_string();
        if tier.contains("/metadata/") && tier.ends_with(".parquet") {
            metadata += 1;
            // Pages are packed: look into every value.
            let values = values(&path);
            assert!(!values.contains(MARK), "{}: {values}", path.display());
        }
        content += usize::from(tier.contains("/content/"));
    }
    assert!(metadata >= 14 && content >= 6, "{metadata} and {content}");
    // It was kept where it belongs: a rule finds it there, with the key.
    let rule = place.path().join("mark.sky");
    fs::write(&rule, format!("rule marked {{ severity low from invocation where prompt contains \"{MARK}\" }}\n"))
        .expect("a rule");
    let run = ["run", &rule.display().to_string(), "--archive", &archive, "--format", "json"].map(str::to_owned);
    let run: Vec<&str> = run.iter().map(String::as_str).collect();
    let (with, _) = skywatch(&[&run[..], &["--content-key", "env:CONTENT_KEY"]].concat());
    let (without, why) = skywatch(&run);
    assert!(with.lines().count() > 10 && !with.contains(MARK), "{with}");
    assert!(without.is_empty() && why.contains("does not hold `prompt`"), "{without}{why}");
    // Rules that show it: not in what is printed, not in what runs remember, unless that is asked for.
    let shown = place.path().join("shown.sky");
    let rules = r#"
        rule shown { severity low  from invocation  where prompt contains "Quittengelee"  show text = upper(prompt), long = length(prompt), model = model.id }
        rule counted {
            severity low  from invocation  over 1d
            let texts = values(substring(prompt, 0, 40), 5), calls = count()  when calls > 0  mute 1h
        }
        signal read { from invocation  where prompt contains "Quittengelee" }
        correlate both { severity low  by model.id  within 1h  when at least 1 of read, shown }
    "#;
    fs::write(&shown, rules).expect("a rule");
    let state = place.path().join("state");
    let (shown, states) = (shown.display().to_string(), state.display().to_string());
    let words = ["run", &shown, "--archive", &archive, "--content-key", "env:CONTENT_KEY", "--format", "json", "--all"];
    let (printed, report) = skywatch(&words);
    let (remembered, more) = skywatch(&[&words[..], &["--state", &states]].concat());
    let upper = MARK.to_uppercase();
    for said in [&printed, &remembered, &report, &more] {
        assert!(!said.contains(MARK) && !said.contains(&upper), "{said}");
    }
    let withheld = |rule: &str| {
        printed.lines().any(|line| line.contains(&format!("\"rule\":\"{rule}\"")) && line.contains("[CONTENT]"))
    };
    assert!(withheld("shown") && withheld("counted") && printed.contains("\"both\""), "{printed}{report}");
    assert!(printed.contains("\"long\":"), "lengths are shown: {printed}");
    for name in ["alerts.jsonl", "state.json"] {
        let text = fs::read_to_string(state.join(name)).expect("a file of the state");
        assert!(!text.contains(MARK) && !text.contains(&upper) && !text.is_empty(), "{name}: {text}");
    }
    // Nor where it is said why a rule alerted, what changed, and how often it would have alerted.
    let mut alerts = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let alert = alerts.find(|alert| alert["rule"] == "shown" && alert["show"]["model"].is_string()).expect("an alert");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (id, model) = (text(&alert["id"]), format!("model.id={}", text(&alert["show"]["model"])));
    let old = place.path().join("old.sky");
    fs::write(
        &old,
        rules.replace("calls > 0", "calls > 1000").replace("  show text", " and length(prompt) > 100000  show text"),
    )
    .expect("a rule");
    let old = old.display().to_string();
    let over = ["--archive", &archive, "--content-key", "env:CONTENT_KEY"];
    for (words, tells) in [
        (["explain", &id, &shown].as_slice(), "[CONTENT]"),
        (&["run", &shown, "--format", "json", "--why", "shown", &model], "[CONTENT]"),
        (&["run", &shown, "--format", "text", "--why", "counted"], "[CONTENT]"),
        (&["diff", &old, &shown, "--format", "text"], "counted"),
        (&["diff", &old, &shown, "--format", "json"], "counted"),
        (&["diff", &old, &shown, "--format", "markdown"], "counted"),
        (&["backtest", &shown, "--format", "json", "--against", &old], "counted"),
        (&["backtest", &shown, "--format", "markdown"], "counted"),
    ] {
        let (out, said) = skywatch(&[words, &over].concat());
        let leaks = [&out, &said].into_iter().any(|text| text.contains(MARK) || text.contains(&upper));
        assert!(!leaks && out.contains(tells), "{words:?}: {out}{said}");
    }
    let (asked, _) = skywatch(&[&words[..], &["--show-content"]].concat());
    assert!(asked.contains(&upper) && asked.contains(MARK), "{asked}");
    let apart = place.path().join("apart.sky");
    fs::write(&apart, "rule apart { severity low from invocation over 1h by text = lower(prompt) when count() > 1 }")
        .expect("a rule");
    let (none, why) =
        skywatch(&["run", &apart.display().to_string(), "--archive", &archive, "--content-key", "env:CONTENT_KEY"]);
    assert!(
        none.is_empty() && why.contains("tells its alerts apart by `text`") && why.contains("prompt_digest"),
        "{none}{why}"
    );
}

/// Equal prompts have equal digests under one key, and none that compare under two, in one window too.
#[test]
fn a_new_digest_key_begins_a_new_epoch() {
    let place = tempfile::tempdir().expect("a folder");
    let path = |name: &str| place.path().join(name).display().to_string();
    let bedrock = samples::all().into_iter().find(|sample| sample.source == "aws.bedrock").expect("samples of Bedrock");
    let records = bedrock.files.iter().flat_map(|file| samples::records(file));
    let record = records
        .into_iter()
        .find(|record| record.to_string().contains("\"inputText\"") || record.to_string().contains("\"messages\""));
    let record = record.expect("a call with a prompt");
    for (number, key) in ["a", "b", "a"].into_iter().enumerate() {
        let mut record = record.clone();
        record["requestId"] = json!(format!("00000000-0000-0000-0000-00000000000{number}"));
        let log = path(&format!("{number}.json"));
        fs::write(&log, record.to_string()).expect("a log");
        let key_file = path(key);
        fs::write(&key_file, key.repeat(32)).expect("a key");
        #[cfg(unix)]
        fs::set_permissions(&key_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its owner's");
        let (out, said) = skywatch(&[
            "ingest",
            "--source",
            "aws.bedrock",
            "--archive",
            &path("archive"),
            "--digest-key",
            &format!("file:{key_file}"),
            &log,
        ]);
        assert!(out.contains("= 1 rows"), "{out}{said}");
    }
    let rule = path("repeated.sky");
    let text = "rule repeated { severity low from invocation where prompt_digest is not missing over 1h by prompt_digest let n = count() when n > 1 }";
    fs::write(&rule, text).expect("a rule");
    let (alerts, said) = skywatch(&["run", &rule, "--archive", &path("archive"), "--format", "json"]);
    let alerts: Vec<Value> = alerts.lines().map(|line| serde_json::from_str(line).expect("an alert")).collect();
    assert!(alerts.len() == 1 && alerts[0]["measures"]["n"] == 2, "{alerts:#?}{said}");
}

/// A process that reads prompts leaves no core dump, which would hold them.
#[test]
#[cfg(target_os = "linux")]
fn no_core_dump_of_a_process_that_holds_text() {
    let place = tempfile::tempdir().expect("a folder");
    let archive = place.path().join("archive").display().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_skywatch"))
        .args(["ingest", "--source", "aws.bedrock", "-", "--archive", &archive])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    // It has claimed the archive, and waits for records.
    while !Path::new(&archive).join("lock").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("its limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    let limits: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert!(limits == ["1", "1"] || limits == ["0", "0"], "{core}");
}

/// All values of a Parquet file as text.
fn values(path: &Path) -> String {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).expect("a file")).expect("a file");
    let batches: Vec<_> = reader.build().expect("a reader").map(|batch| batch.expect("a batch")).collect();
    pretty_format_batches(&batches).expect("a table").to_string()
}

#[test]
fn content_files_open_elsewhere_with_their_key_only() {
    let Some(mut reader) = Oracle::start(Engine::Sealed) else { return };
    let place = tempfile::tempdir().expect("a folder");
    let root = place.path().join("archive");
    let archive = root.display().to_string();
    let sample = samples::all().into_iter().find(|sample| sample.source == "aws.bedrock").expect("the samples");
    let logs: Vec<String> = sample.files.iter().map(|path| path.display().to_string()).collect();
    let mut words = vec![
        "ingest",
        "--source",
        "aws.bedrock",
        "--archive",
        &archive,
        "--content",
        "--content-key",
        "env:CONTENT_KEY",
    ];
    words.extend(logs.iter().map(String::as_str));
    skywatch(&words);
    let content: Vec<String> = files(&root.join("invocation/content"))
        .iter()
        .map(|path| path.strip_prefix(&root).expect("inside").display().to_string())
        .collect();
    let mut ask = |path: &str, key: Value, as_path: Value| {
        reader.ask(&json!({ "archive": archive, "path": path, "key": key, "as": as_path }))
    };
    let mut rows = 0;
    for path in &content {
        let found = ask(path, KEY.into(), Value::Null);
        let columns = found["columns"].as_array().unwrap_or_else(|| panic!("{found}"));
        assert!(columns.contains(&"prompt".into()) && columns.contains(&"caller.id".into()), "{columns:?}");
        rows += found["rows"].as_array().map_or(0, Vec::len);
        for refused in [ask(path, Value::Null, Value::Null), ask(path, "00".repeat(32).into(), Value::Null)] {
            assert!(refused["refused"].is_string(), "it opens without its key");
        }
    }
    assert!(rows > 20, "{rows} rows");
    // Of another place, or with another byte: neither here nor there.
    let elsewhere = ask(&content[0], KEY.into(), content[1].as_str().into());
    assert!(elsewhere["refused"].is_string(), "it opens in another place");
    let path = root.join(&content[0]);
    let mut bytes = fs::read(&path).expect("a file");
    // Behind the magic, a length and a nonce: in the first page's header, which every reader reads.
    bytes[30] ^= 1;
    fs::write(&path, &bytes).expect("a file");
    let flipped = ask(&content[0], KEY.into(), Value::Null);
    assert!(flipped["refused"].is_string(), "it opens with a changed byte");
}

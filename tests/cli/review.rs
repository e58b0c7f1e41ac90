//! What reviewers use: `diff`, `backtest`, `coverage --fail-under`, `check --fix`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{PACK, folder, json, skywatch, status, text};

const MANIFEST: (&str, &str) = ("pack.toml", "id = \"mine\"\nversion = \"0.1.0\"\nlanguage = 1\n");
const OLD: &str = "list phrases = [\"ignore previous\", \"system prompt\"]

/// Somebody tries.
rule tries {
    severity medium
    from     invocation
    where    prompt contains any of phrases nocase
}

rule loud {
    severity low
    from     invocation
    over     1h by caller.id
    let      calls = count()
    when     calls > 10
}

rule gone {
    severity low
    from     activity
    where    operation == \"bedrock:DeleteGuardrail\"
}

rule kept {
    severity low
    from     activity
    where    operation == \"bedrock:UpdateGuardrail\"
}
";

/// Another list, another threshold, another name, another title, and one that is only written otherwise.
fn new() -> String {
    OLD.replace(", \"system prompt\"", "")
        .replace("calls > 10", "calls > 20")
        .replace("rule gone", "rule went")
        .replace("/// Somebody tries.", "/// Somebody tries it.")
        .replace(
            "    from     activity\n    where    operation == \"bedrock:UpdateGuardrail\"",
            "    from activity where (operation == \"bedrock:UpdateGuardrail\")",
        )
}

fn kinds(said: &Value) -> Vec<(String, String)> {
    let text = |rule: &Value, name: &str| rule[name].as_str().unwrap_or_default().to_owned();
    said["rules"].as_array().expect("rules").iter().map(|rule| (text(rule, "rule"), text(rule, "change"))).collect()
}

#[test]
fn diff_says_what_changed_in_meaning() {
    let (old, new) = (folder(&[MANIFEST, ("a.sky", OLD)]), folder(&[MANIFEST, ("b.sky", &new())]));
    let [old, new] = [&old, &new].map(|folder| folder.path().display().to_string());
    let said = json(&["diff", &old, &new, "--format", "json"]);
    let expected = [("loud", "changed"), ("tries", "changed"), ("went", "renamed")];
    assert_eq!(kinds(&said), expected.map(|(rule, kind)| (rule.to_owned(), kind.to_owned())));
    assert_eq!(said["same"], 1);
    let loud = &said["rules"][0];
    let queries = loud["queries"].as_array().expect("queries");
    let cloudwatch = queries.iter().find(|query| query["target"] == "cloudwatch").expect("one for CloudWatch");
    assert!(cloudwatch["before"]["query"].as_str().is_some_and(|query| query.contains("10")), "{cloudwatch}");
    assert!(cloudwatch["after"]["query"].as_str().is_some_and(|query| query.contains("20")), "{cloudwatch}");
    assert_eq!(said["rules"][1]["texts"][0]["after"], "Somebody tries it.");
    assert_eq!(said["rules"][2]["from"], "gone");
    let out = text(&skywatch(&["diff", &old, &new]).stdout);
    assert!(out.starts_with("2 changed, 1 renamed, 1 as before\n"), "{out}");
    assert!(out.contains("    -when      m0 > 10\n    +when      m0 > 20\n"), "{out}");
    let out = text(&skywatch(&["diff", &old, &new, "--format", "markdown"]).stdout);
    assert!(out.contains("### `loud` changed") && out.contains("<details>") && out.contains("```diff"), "{out}");
    assert_eq!(status(&["diff", &old, &new, "--exit-code"]), 1);
    assert_eq!(status(&["diff", &old, &old, "--exit-code"]), 0);
}

/// What a pack of one file becomes, by `diff`: each rule and what became of it.
fn diffed(old: &str, new: &str) -> Vec<(String, String)> {
    let (old, new) = (folder(&[MANIFEST, ("a.sky", old)]), folder(&[MANIFEST, ("a.sky", new)]));
    let [old, new] = [&old, &new].map(|folder| folder.path().display().to_string());
    kinds(&json(&["diff", &old, &new, "--format", "json"]))
}

#[test]
fn diff_is_about_meaning() {
    const RULES: &str = "operations watched { aws \"bedrock:DeleteGuardrail\", \"bedrock:UpdateGuardrail\" }

rule r {
    severity low
    from     activity only aws
    with     who = caller.id
    where    operation is watched and outcome in [\"success\", \"denied\"]
    where    who is present
}

signal one {
    from     activity
    over     5m by who = caller.id
    let      n = count()
    when     n > 5
}

correlate both {
    severity high
    by       who
    within   10m
    when     one then one
}
";
    let changed = |from: &str, to: &str| {
        assert!(RULES.contains(from), "{from}");
        let said = diffed(RULES, &RULES.replace(from, to));
        said.iter().map(|(rule, kind)| format!("{rule} {kind}")).collect::<Vec<_>>().join(", ")
    };
    // What operations stand for, what a key is, what a member is.
    assert_eq!(changed(", \"bedrock:UpdateGuardrail\"", ""), "r changed");
    assert!(changed("by who = caller.id", "by who = account").contains("one changed"));
    assert_eq!(changed("    within   10m\n", "    within   20m\n"), "both changed");
    assert!(changed("when     n > 5\n", "when     n > 5\n    mute     1h\n").contains("one changed"));
    // Names that alerts do not have, the order of what has none, and how conditions are parted.
    assert_eq!(
        changed(
            "who = caller.id\n    where    operation is watched and outcome in [\"success\", \"denied\"]\n    where    who is present",
            "it = caller.id\n    where    it is present\n    where    outcome in [\"denied\", \"success\"]\n    where    operation is watched"
        ),
        ""
    );
    // Who reads a signal means what it did when the signal has another name.
    assert_eq!(changed("one", "first"), "first renamed");
}

fn git(folder: &Path, arguments: &[&str]) {
    let known = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
    let done = Command::new("git").args(known).args(arguments).current_dir(folder).output().expect("git runs");
    assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
}

#[test]
fn diff_reads_git_revisions() {
    let folder = tempfile::tempdir().expect("a folder");
    let pack = folder.path().join("rules/pack");
    std::fs::create_dir_all(&pack).expect("a folder in it");
    std::fs::write(pack.join(MANIFEST.0), MANIFEST.1).expect("written");
    std::fs::write(pack.join("a.sky"), OLD).expect("written");
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "one"]);
    std::fs::write(pack.join("a.sky"), new()).expect("written");
    let diff = |folder: &Path, arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_skywatch");
        Command::new(program).arg("diff").args(arguments).current_dir(folder).output().expect("the program runs")
    };
    for (at, arguments) in [
        (folder.path().to_owned(), ["main", "rules/pack"]),
        (folder.path().to_owned(), ["main:rules/pack", "./rules/pack/"]),
        (folder.path().join("rules"), ["main:pack", "pack"]),
    ] {
        let output = diff(&at, &arguments);
        let out = text(&output.stdout);
        assert!(out.starts_with("2 changed, 1 renamed, 1 as before\n"), "{arguments:?}: {out}{}", text(&output.stderr));
    }
    // An absolute path is none of a revision: it would be the pack as it is now.
    let absolute = pack.display().to_string();
    for wrong in [
        ["nowhere", "rules/pack"],
        ["main:rules/other", "rules/pack"],
        ["main", absolute.as_str()],
        ["--upload-pack=x:y", "rules/pack"],
    ] {
        let output = diff(folder.path(), &["--", wrong[0], wrong[1]]);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(text(&output.stderr).contains("neither a path nor a git revision"), "{}", text(&output.stderr));
    }
}

#[test]
fn coverage_of_a_catalogue_can_fail() {
    assert_eq!(status(&["coverage", PACK, "--by", "owasp", "--fail-under", "10"]), 0);
    let output = skywatch(&["coverage", PACK, "--by", "owasp", "--fail-under", "99.5"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("less than 99.5 %"), "{}", text(&output.stderr));
    assert_eq!(json(&["coverage", PACK, "--by", "atlas", "--format", "navigator"])["domain"], "atlas-atlas");
    assert_eq!(status(&["coverage", PACK, "--by", "owasp", "--format", "navigator"]), 2);
    assert_eq!(status(&["coverage", PACK, "--fail-under", "10"]), 2);
}

#[test]
fn check_mends_what_a_program_can_mend() {
    let twice = OLD.replace(
        "[\"ignore previous\", \"system prompt\"]",
        "[\"ignore previous\", \"system prompt\", \"ignore previous\"]",
    );
    let pack = folder(&[MANIFEST, ("a.sky", &twice)]);
    let (path, file) = (pack.path().display().to_string(), pack.path().join("a.sky"));
    let shown = text(&skywatch(&["check", &path, "--diff"]).stdout);
    assert!(shown.contains("-list phrases") && shown.contains("+list phrases"), "{shown}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), twice);
    assert_eq!(text(&skywatch(&["check", &path, "--fix"]).stdout), shown);
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), OLD);
    assert_eq!(text(&skywatch(&["check", &path, "--fix"]).stdout), "");
}

#[test]
fn warnings_can_fail() {
    let pack = folder(&[MANIFEST, ("a.sky", OLD)]);
    let path = pack.path().display().to_string();
    assert_eq!(status(&["check", &path]), 0);
    assert_eq!(status(&["check", &path, "--fail-on", "warning"]), 1);
}

/// An archive in which, on two days, one caller calls 20 times and another 15 times.
#[cfg(feature = "engine")]
fn archive(work: &Path) -> String {
    let archive = work.join("archive").display().to_string();
    let record = |id: usize, caller: &str| {
        format!(
            "{{\"schemaType\":\"ModelInvocationLog\",\"schemaVersion\":\"1.0\",\"timestamp\":\"2026-11-0{}T10:00:{:02}Z\",\"accountId\":\"111122223333\",\"identity\":{{\"arn\":\"{caller}\"}},\"region\":\"us-east-1\",\"requestId\":\"r{id}\",\"operation\":\"Converse\",\"modelId\":\"m\",\"input\":{{\"inputTokenCount\":1}},\"output\":{{\"outputTokenCount\":1}}}}\n",
            2 + id % 2,
            id % 60
        )
    };
    let lines: String = (0..40).map(|id| record(id, "a")).chain((40..70).map(|id| record(id, "b"))).collect();
    let log = work.join("log.jsonl");
    std::fs::write(&log, lines).expect("written");
    assert_eq!(status(&["ingest", "--source", "aws.bedrock", &log.display().to_string(), "--archive", &archive]), 0);
    archive
}

#[test]
#[cfg(feature = "engine")]
fn backtest_counts_alerts_and_holds_them_against_the_budget() {
    let work = tempfile::tempdir().expect("a folder");
    let archive = archive(work.path());
    let pack = folder(&[MANIFEST, ("a.sky", OLD)]);
    let path = pack.path().display().to_string();
    let said = json(&["backtest", &path, "--archive", &archive, "--format", "json"]);
    assert_eq!(said["days"], serde_json::json!(["2026-11-02", "2026-11-03"]));
    let of = |name: &str| {
        let rules = said["rules"].as_array().expect("rules");
        rules.iter().find(|rule| rule["rule"] == name).map(|rule| rule["by_day"].clone()).unwrap_or_default()
    };
    assert_eq!(of("loud"), serde_json::json!([2, 2]));
    assert_eq!(of("kept"), serde_json::json!([0, 0]));
    assert_eq!(said["by_day"], serde_json::json!([2, 2]));
    // The budget, and the other state beside it: over 10 both callers, over 20 nobody.
    let tight = format!("{}[budget]\nday = 9\nrules.loud = 1\n", MANIFEST.1);
    let pack = folder(&[("pack.toml", &tight), ("a.sky", OLD)]);
    let other = folder(&[MANIFEST, ("a.sky", &new())]);
    let (path, other) = (pack.path().display().to_string(), other.path().display().to_string());
    let output = skywatch(&["backtest", &path, "--archive", &archive, "--against", &other]);
    assert_eq!(output.status.code(), Some(1));
    let complained = text(&output.stderr);
    assert!(
        complained.contains("`loud` may alert once a day: 2 times on 2026-11-02, and over it on 2 days in all"),
        "{complained}"
    );
    let out = text(&output.stdout);
    assert!(out.contains("  loud: +4 -0") && out.contains("2026-11-03       2  loud 2"), "{out}");
    let said = json(&["diff", &other, &path, "--archive", &archive, "--format", "json"]);
    assert_eq!(said["alerts"]["appear"].as_array().map(Vec::len), Some(4));
    assert_eq!(said["alerts"]["appear"][0]["rule"], "loud");
    let markdown = text(&skywatch(&["backtest", &path, "--archive", &archive, "--format", "markdown"]).stdout);
    assert!(
        markdown.contains("| loud | 4 | 2 | 2 | 2026-11-02 | 1 |") && markdown.contains("**Over budget**"),
        "{markdown}"
    );
    // A budget for no rule.
    let wrong = format!("{}[budget]\nrules.lout = 1\n", MANIFEST.1);
    let pack = folder(&[("pack.toml", &wrong), ("a.sky", OLD)]);
    let output = skywatch(&["check", &pack.path().display().to_string()]);
    assert!(text(&output.stderr).contains("did you mean `loud`?"), "{}", text(&output.stderr));
    assert_eq!(status(&["backtest", &path]), 2);
}

#[test]
#[cfg(feature = "engine")]
fn why_a_rule_alerts_or_does_not() {
    let work = tempfile::tempdir().expect("a folder");
    let archive = archive(work.path());
    let rules = OLD.replace("calls > 10", "calls > 17");
    let pack = folder(&[MANIFEST, ("a.sky", &rules)]);
    let path = pack.path().display().to_string();
    let why = |words: &[&str]| {
        let output = skywatch(&[&["run", &path, "--archive", &archive, "--why"], words].concat());
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (status, said) = why(&["loud", "caller.id=a"]);
    assert_eq!(status, Some(0));
    assert!(
        said.contains(
            "loud alerts on aws.bedrock, from 2026-11-02 10:00 to 2026-11-02 11:00, caller.id=a\n  20 events\n"
        ),
        "{said}"
    );
    assert!(said.contains("  holds: calls > 17: calls is 20\n"), "{said}");
    let (_, said) = why(&["loud", "caller.id=b"]);
    assert!(
        said.contains("loud does not alert") && said.contains("  does not hold: calls > 17: calls is 15\n"),
        "{said}"
    );
    let (_, said) = why(&["loud", "caller.id=nobody"]);
    assert!(said.contains("no log of the archive has an event of these keys in that time"), "{said}");
    assert_eq!(why(&["lout"]), (Some(2), why(&["lout"]).1));
    let (status, said) = why(&["loud", "caller=a"]);
    assert!(status == Some(2) && said.contains("did you mean `caller.id`?"), "{said}");
    let alerts = text(&skywatch(&["run", &path, "--archive", &archive, "--format", "json"]).stdout);
    let alert: Value = serde_json::from_str(alerts.lines().next().expect("an alert")).expect("JSON");
    let id = alert["id"].as_str().expect("an id");
    let said = text(&skywatch(&["explain", &id[..8], &path, "--archive", &archive]).stdout);
    assert!(said.starts_with(&format!("{id} of loud at 2026-11-02 10:00\nloud alerts on aws.bedrock")), "{said}");
    assert_eq!(skywatch(&["explain", "00000000", &path, "--archive", &archive]).status.code(), Some(2));
}

#[test]
fn doc_writes_pages_whose_links_lead_somewhere() {
    let out = tempfile::tempdir().expect("a folder");
    let folder = out.path().display().to_string();
    assert_eq!(status(&["doc", PACK, "--out", &folder]), 0);
    let mut pages = vec![out.path().join("index.html")];
    let mut seen = 0;
    while let Some(page) = pages.get(seen).cloned() {
        seen += 1;
        let text = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        for rest in text.split("href=\"").skip(1) {
            let link = rest.split('"').next().unwrap_or_default();
            let target = page.parent().expect("a folder").join(link).canonicalize();
            let target = target.unwrap_or_else(|error| panic!("{}: {link}: {error}", page.display()));
            if !pages.iter().any(|known| known.canonicalize().is_ok_and(|known| known == target)) {
                pages.push(target);
            }
        }
    }
    let files = std::fs::read_dir(out.path().join("rules")).expect("pages").count();
    assert_eq!(seen, files + 3, "every page is linked");
    let rule = std::fs::read_to_string(out.path().join("rules/content_filter_blocks.html")).expect("a page");
    for part in [
        "One caller is stopped by a guardrail again and again.",
        "blocks &gt; 5",
        "CloudWatch",
        "owasp:LLM01",
        "Prompt Injection",
    ] {
        assert!(rule.contains(part), "{part}");
    }
}

#[test]
fn doc_writes_text_as_text() {
    let script = "<script>alert(1)</script></pre>";
    let rule = format!(
        "/// {script}\nrule tries {{\n    severity low\n    tags     owasp:LLM01\n    from     invocation\n    where    prompt contains \"{script}\"\n    respond  \"{script}\"\n    references \"javascript:alert(1)\"\n}}\n\ntest tries \"{script}\" {{\n    given invocation [ {{ time = 2026-01-01T00:00Z, prompt = \"{script}\" }} ]\n    expect alert\n}}\n"
    );
    let pack = folder(&[MANIFEST, ("a.sky", &rule)]);
    let out = tempfile::tempdir().expect("a folder");
    assert_eq!(status(&["doc", &pack.path().display().to_string(), "--out", &out.path().display().to_string()]), 0);
    for page in ["index.html", "coverage.html", "catalogues.html", "rules/tries.html"] {
        let text = std::fs::read_to_string(out.path().join(page)).expect("a page");
        assert!(!text.contains("<script") && !text.contains("href=\"javascript"), "{page}: {text}");
    }
}

/// Both runs are waited for by what they print, not by time.
#[test]
fn test_watches_files() {
    use std::io::{BufRead, BufReader};
    let good = format!(
        "{OLD}\ntest kept \"t\" {{\n    given activity [ {{ time = 2026-01-01T00:00Z, operation = \"bedrock:UpdateGuardrail\" }} ]\n    expect alert\n}}\n"
    );
    let pack = folder(&[MANIFEST, ("a.sky", &good)]);
    let mut program = Command::new(env!("CARGO_BIN_EXE_skywatch"))
        .args(["test", "--watch", &pack.path().display().to_string()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let passed = lines.find(|line| line.contains("rules without a test"));
    std::fs::write(pack.path().join("a.sky"), good.replace("expect alert", "expect no alert")).expect("written");
    let failed = lines.find(|line| line.contains("rules without a test"));
    program.kill().expect("it runs");
    program.wait().expect("it ends");
    assert_eq!(passed.as_deref(), Some("1 passed, 0 failed, 3 rules without a test"));
    assert_eq!(failed.as_deref(), Some("0 passed, 1 failed, 3 rules without a test"));
}

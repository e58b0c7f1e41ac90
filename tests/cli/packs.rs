//! Verbs on packs: check, test, emit, fmt, explain, emulate, coverage, new, completions.

use super::*;

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
fn explain_says_what_a_rule_means() {
    let rules = "/// Keys are tried\n///\n/// Many refusals of one key.\nrule tried {
    severity case { refused > 100 => critical, else => high }
    from     activity
    only     aws
    with     net = source.ip
    where    outcome != \"success\" and region == \"eu-west-1\"
    where    net is present
    over     1h every 15m by caller.id default \"(none)\", account
    let      refused = count()
    when     refused > 20
    show     last_try = max(time)
    mute     2h by account
}

signal seen { from activity  where caller.id == \"x\" }

exception scanner for tried {
    where  caller.id starts with \"scan-\"
    until  2030-01-01
    reason \"a scanner of ours\"
}

/// Tried, then in.
correlate tried_then_in {
    severity critical
    by       account
    within   2h
    when     tried then seen
}
";
    let pack = folder(&[MANIFEST, ("r.sky", rules)]);
    let path = pack.path().display().to_string();
    let explained = |name: &str| {
        let output = skywatch(&["explain", name, &path]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}{}",
            text(&output.stderr),
            text(&skywatch(&["check", &path]).stderr)
        );
        text(&output.stdout)
    };
    assert_eq!(
        explained("tried"),
        "tried: Keys are tried. Many refusals of one key.
  It reads the `activity` events of `aws.cloudtrail`.
  Of each event it works out `net`: `source.ip`.
  It takes those for which `outcome != \"success\"`, `region == \"eu-west-1\"` and `net is present`.
  It leaves out what is excepted by `scanner`.
  In windows of 1h, which begin every 15m it looks at those of each `caller.id` and `account` by themselves, each source by itself. Those without `account` are counted nowhere. Where `caller.id` is missing it counts as `(none)`.
  Of each window it works out `refused`: `count()`.
  Each window makes an alert where `refused > 20`. Windows in a row make one alert.
  The alert is critical where `refused > 100`, else high.
  It shows `last_try`.
  For 2h behind an alert others of the same `account` are not delivered.
"
    );
    assert!(
        explained("seen").ends_with("It is a signal: it reaches nobody by itself, correlations read its alerts.\n")
    );
    assert_eq!(
        explained("tried_then_in"),
        "tried_then_in: Tried, then in.
  It looks at alerts of `tried` and `seen`, of the same `account`.
  It alerts where `tried`, then `seen` alert in this order within 2h.
  The events of `seen` are asked for those keys.
  The alert is critical.
"
    );
    let unknown = skywatch(&["explain", "tryed", &path]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean `tried`?"), "{}", text(&unknown.stderr));
    let alone = skywatch(&["explain", "tried"]);
    assert!(text(&alone.stderr).contains("skywatch explain tried PACK"), "{}", text(&alone.stderr));
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
fn fmt_shows_a_patch_that_patch_takes() {
    let loose = "// kept\nrule   r {severity low from   invocation}\n";
    let pack = folder(&[MANIFEST, ("a.sky", loose)]);
    let path = pack.path().join("a.sky");
    let output = skywatch(&["fmt", "--diff", &path.display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), loose);
    let name = path.display();
    let change = "@@ -1,2 +1,2 @@\n // kept\n-rule   r {severity low from   invocation}\n+rule r { severity low  from invocation }\n";
    assert_eq!(text(&output.stdout), format!("--- a/{name}\n+++ b/{name}\n{change}"));
    assert_eq!(status(&["fmt", "--diff", PACK]), 0);
    assert_eq!(status(&["fmt", "--diff", "--check", PACK]), 2);
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
fn exceptions_act_where_both_packs_are_given() {
    const VENDOR: (&str, &str) = (
        "r.sky",
        "rule r { severity low  from activity only aws  where outcome == \"denied\" }
test r \"a denial\" {
    given activity [{ time = 2026-01-01T10:00Z, caller.id = \"robot\", outcome = \"denied\" }]
    expect alert
}
",
    );
    const TUNING: &str =
        "exception robot for vendor-1.r { where caller.id == \"robot\"  until 2027-01-01  reason \"ours\" }\n";
    let manifest = |id: &str| format!("id = \"{id}\"\nversion = \"1.0.0\"\nlanguage = 1\n[levels]\ncare = \"allow\"\n");
    let vendor = folder(&[("pack.toml", &manifest("vendor-1")), VENDOR]);
    let tuning = folder(&[("pack.toml", &manifest("tuning")), ("e.sky", TUNING)]);
    let (vendor, tuning) = (vendor.path().display().to_string(), tuning.path().display().to_string());
    let alone = skywatch(&["check", &tuning]);
    assert_eq!(alone.status.code(), Some(0));
    assert_eq!(text(&alone.stdout), "0 rules, 0 tests: 0 errors, 1 warning\n");
    assert!(text(&alone.stderr).contains("the pack `vendor-1` is not given"), "{}", text(&alone.stderr));
    for packs in [[&vendor, &tuning], [&tuning, &vendor]] {
        let verb = |verb: &str, more: &[&str]| skywatch(&[&[verb, packs[0], packs[1]], more].concat());
        assert_eq!(text(&verb("check", &[]).stdout), "1 rule, 1 test: 0 errors, 0 warnings\n");
        let emitted = verb("emit", &["--to", "cloudwatch"]);
        assert!(text(&emitted.stdout).contains("\"robot\""), "{}", text(&emitted.stdout));
        // The pack's own test sees the exception too.
        assert_eq!(verb("test", &[]).status.code(), Some(1));
        assert_eq!(verb("coverage", &[]).status.code(), Some(0));
    }
    assert_eq!(status(&["test", &vendor]), 0);
    let lacks = folder(&[("pack.toml", &manifest("tuning")), ("e.sky", &TUNING.replace("vendor-1.r ", "vendor-1.q "))]);
    let lacks = lacks.path().display().to_string();
    let said = skywatch(&["emit", &lacks, &vendor, "--to", "all"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("the pack `vendor-1` has no rule `q`"), "{}", text(&said.stderr));
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
fn manual_pages_know_every_verb() {
    let out = tempfile::tempdir().expect("a folder");
    assert_eq!(status(&["man", "--out", &out.path().display().to_string()]), 0);
    let page = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let whole = page("skywatch.1");
    for verb in ["check", "diff", "doc", "explain", "fmt", "run", "test"] {
        assert!(whole.contains(&format!("skywatch\\-{verb}")), "{verb}");
        let own = page(&format!("skywatch-{verb}.1"));
        assert!(own.contains(".SH SYNOPSIS") && own.contains("skywatch"), "{own}");
    }
    assert!(page("skywatch-check.1").contains("\\-\\-fix"));
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

//! Lints of conditions: what each finds, and what it leaves alone, form by form.

use std::collections::{BTreeMap, BTreeSet};

use crate::lints::alert_alike;
use crate::support::choices::Choices;
use crate::support::every_type::{START, events_of};
use crate::support::{cases, seeded};
use skywatch::diag::{Level, has_errors, render};
use skywatch::eval::{Range, Run, run};
use skywatch::lint::{fixed, lint};
use skywatch::pack::{Pack, load};
use skywatch::source::{Span, Spanned};

/// A text as a pack whose lints of meaning alone run.
fn pack(text: &str) -> Pack {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("example.sky");
    std::fs::write(&path, text).expect("written");
    let mut pack = load(&path);
    assert!(!has_errors(&pack.diagnostics), "{}{text}", render(&pack.diagnostics, &pack.sources, false));
    for kind in ["care", "cost"] {
        pack.levels.insert(kind.to_owned(), Spanned::new(Level::Allow, Span::default()));
    }
    pack
}

/// The codes of the lints of meaning that find something in a text.
fn codes(text: &str) -> Vec<&'static str> {
    let pack = pack(text);
    let mut codes: Vec<&str> = lint(&pack).iter().map(|found| found.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.retain(|code| OWN.contains(code));
    codes
}

/// The lints that are tested here.
const OWN: [&str; 20] = [
    "W0101", "W0102", "W0103", "W0104", "W0105", "W0107", "W0108", "W0109", "W0110", "W0111", "W0112", "W0113",
    "W0114", "W0115", "W0116", "W0117", "W0118", "W0119", "W0120", "W0121",
];

/// Fails where the findings are others than those that are wanted, by what follows `from STREAM`.
fn check(table: &[(&str, &[&str])]) {
    let mut wrong = String::new();
    for (clauses, wanted) in table {
        let found = codes(&format!("rule r {{\n    severity low\n    from invocation\n    {clauses}\n}}\n"));
        if found != *wanted {
            wrong.push_str(&format!("{clauses}: {found:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn constants_and_pairs() {
    check(&[
        ("where hour(time) >= 24", &["W0101"]),
        ("where hour(time) >= 23", &[]),
        ("where 24 <= hour(time)", &["W0101"]),
        ("where weekday(time) in [6, 7, 8]", &[]),
        ("where weekday(time) in [0, 8]", &["W0101"]),
        ("where weekday(time) != 8", &["W0101"]),
        ("where length(prompt) > 0", &["W0101"]),
        ("where length(prompt) > 1", &[]),
        ("where prompt == prompt", &["W0101"]),
        ("where tokens.input < tokens.input", &["W0101"]),
        ("where status == 429 and true", &["W0101"]),
        ("over 1h by caller.id let n = count() when n >= 0", &["W0101"]),
        ("over 1h by caller.id when distinct(caller.id) > 1", &[]),
        ("over 1h by caller.id when distinct(caller.id) >= 0", &["W0101"]),
        ("over 1h by caller.id when distinct(model.id) > 1", &[]),
        ("over 1h let bad = count(where status >= 500), share = bad / count() when share > 1", &[]),
        ("over 1h let bad = count(where status >= 500), share = bad / count() when share >= 0", &["W0101"]),
        ("over 1h let bad = count(where status >= 500), share = 100 * bad / count() when share > 99", &[]),
        ("over 1h let share = sum(tokens.input) / count() when share > 1", &[]),
        ("where status == 429 and status >= 500", &["W0102"]),
        ("where status == 429 where status == 500", &["W0102"]),
        ("where status >= 400 and status < 500", &[]),
        ("where model.id is missing and model.id == \"a\"", &["W0102"]),
        ("where any f in guardrail.findings (f.type == \"A\" and f.type == \"B\")", &["W0102"]),
        ("where any f in guardrail.findings (f.type == \"A\") and any f in guardrail.findings (f.type == \"B\")", &[]),
        ("where status == 429 over 1h when count(where status == 500) > 1", &["W0102"]),
        ("where status >= 400 over 1h when count(where status == 500) > 1", &[]),
        ("where status == 429 and status >= 400", &["W0103"]),
        ("where source.ip is missing or source.ip not in [10.0.0.0/8, 192.168.0.0/16]", &[]),
        ("where model.id is missing or model.id != \"x\"", &[]),
        ("where model.id is missing or status == 1 or model.id is missing", &["W0103"]),
        ("where status == 429 or status >= 400", &["W0103"]),
        ("where status == 429 or status >= 430", &[]),
        ("where status == 429 and status == 429", &["W0103"]),
        ("where model.id is present and model.id == \"a\"", &[]),
        ("where status == 429 over 1h when count(where status >= 400) > 1", &["W0103"]),
        ("over 1h let n = count() when n > 5 and n > 4", &["W0103"]),
    ]);
}

#[test]
fn branches_and_thresholds() {
    check(&[
        (
            "with k = case { status == 429 => \"a\", status == 429 => \"b\", else => \"c\" } where k == \"a\"",
            &["W0104"],
        ),
        ("with k = case { status >= 500 => \"a\", status >= 400 => \"b\", else => \"c\" } where k == \"a\"", &[]),
        ("with k = if(status == 429, 5, 5) where k == 5", &["W0108"]),
        ("over 1h when count() > 0", &["W0107"]),
        ("over 1h let n = count() when n != 0", &["W0107"]),
        ("over 1h let n = count() when 1 <= n and distinct(model.id) > 2", &["W0107"]),
        ("over 1h when count(where status == 429) > 0", &[]),
        ("over 1h when count() > 0 and silent(1d)", &[]),
        ("over 1h when avg(tokens.input) == 0.5", &["W0120"]),
        ("over 1h when avg(tokens.input) == 0", &[]),
    ]);
    let severity = |case: &str| {
        let rest = "from invocation over 1h by caller.id let n = count() when n > 20";
        codes(&format!("rule r {{ severity case {{ {case} }} {rest} }}"))
    };
    assert_eq!(severity("n > 100 => high, n > 50 => medium, else => low"), [""; 0]);
    assert_eq!(severity("n > 50 => medium, n > 100 => high, else => low"), ["W0104"]);
    assert_eq!(severity("n > 100 => high, n > 10 => medium, else => low"), ["W0104"]);
    assert_eq!(severity("n > 100 => high, n < 10 => medium, else => low"), ["W0104"]);
    assert_eq!(severity("n > 100 => low, else => low"), ["W0108"]);
}

#[test]
fn lists_and_plainer_forms() {
    check(&[
        ("where prompt contains any of [\"abc\", \"ab\"]", &["W0105"]),
        ("where prompt contains any of [\"ABC\", \"ab\"]", &[]),
        ("where prompt contains any of [\"ABC\", \"ab\"] nocase", &["W0105"]),
        ("where prompt contains all of [\"abc\", \"ab\"]", &["W0105"]),
        ("where prompt starts with any of [\"xab\", \"ab\"]", &[]),
        ("where prompt ends with any of [\"xab\", \"ab\"]", &["W0105"]),
        ("where model.id in [\"a\", \"ab\"]", &[]),
        ("where model.id in [\"a\", \"A\"] nocase", &["W0105"]),
        ("where not model.id == \"a\"", &["W0109"]),
        ("where not (model.id != \"a\")", &["W0109"]),
        ("where not status < 5", &[]),
        ("where not (status == 5 and model.id == \"a\")", &[]),
        ("where not model.id is missing", &["W0109"]),
        ("where model.id == \"a\" or model.id == \"b\"", &[]),
        ("where model.id == \"a\" or model.id == \"b\" or model.id == \"c\"", &["W0110"]),
        ("where model.id == \"a\" or model.id == \"b\" nocase or model.id == \"c\"", &[]),
        ("where model.id != \"a\" and model.id != \"b\" and model.id != \"c\"", &["W0110"]),
        ("where prompt contains \"a\" or prompt contains \"b\" or prompt contains \"c\"", &["W0110"]),
        ("where prompt contains \"a\" and prompt contains \"b\" and prompt contains \"c\"", &[]),
        ("where model.id in [\"a\"]", &["W0111"]),
        ("where source.ip in [10.0.0.0/8]", &["W0111"]),
        ("where tools has any of [\"a\"]", &["W0111"]),
    ]);
    let list = |uses: &str| {
        codes(&format!("list words = [\"ab\", \"abc\"]\nrule r {{ severity low from invocation where {uses} }}"))
    };
    assert_eq!(list("prompt contains any of words"), ["W0105"]);
    assert_eq!(list("prompt contains any of words or model.id in words"), [""; 0]);
    assert_eq!(list("lower(prompt) ends with any of words"), ["W0119"]);
}

#[test]
fn fixes_lose_no_comment_and_change_no_count() {
    let mended = |items: &str, clauses: &str| {
        let pack = pack(&format!("{items}\nrule r {{\n    severity low\n    from invocation\n    {clauses}\n}}\n"));
        let found = lint(&pack);
        assert!(
            found.iter().any(|found| OWN.contains(&found.code.as_str()) || found.code.as_str() == "W0106"),
            "{clauses}"
        );
        !fixed(&pack, &found).is_empty()
    };
    let twice = "list words = [\"ab\", \"cd\", \"ab\"]";
    assert!(mended(twice, "where prompt contains any of words"));
    assert!(!mended(twice, "where prompt contains any of words and size(words) > 2"));
    for (clauses, fix) in [
        ("where model.id in [\"a\", \"b\", \"a\"]", true),
        ("where model.id in [\"a\", // one\n \"b\", // two\n \"a\"]", false),
        ("where model.id in [\"a\",\n \"b\",\n \"a\", // again\n \"c\"]", false),
        ("where prompt contains any of [\"xab\", \"ab\"]", true),
        ("where prompt contains any of [\"ab\",\n \"xab\", // long\n \"cd\"]", false),
        ("where prompt contains any of [\"http://ab\", \"ab\"]", true),
        ("where not (model.id != \"a\")", true),
        ("where not // really\n model.id is missing", false),
        ("where model.id == \"a\" or status == 1 or model.id == \"a\"", true),
        ("where model.id == \"a\" or status == 1\n or model.id == \"a\" // again", false),
    ] {
        assert_eq!(mended("", clauses), fix, "{clauses}");
    }
}

#[test]
fn tests_that_ask_for_presence() {
    let said = |clauses: &str| {
        let pack = pack(&format!("rule r {{\n    severity low\n    from invocation\n    where {clauses}\n}}\n"));
        let found = lint(&pack);
        found.iter().find(|found| found.code.as_str() == "W0101").map(|found| found.message.clone()).unwrap_or_default()
    };
    for clauses in
        ["length(prompt) > 0", "model.id == model.id", "distance_km(source.place, \"Berlin (52.52,13.41)\") >= 0"]
    {
        assert!(said(clauses).contains("asks only whether"), "{clauses}: {}", said(clauses));
    }
    assert!(said("size(tools) >= 0").contains("every value"));
    assert!(said("hour(time) >= 0").contains("every value"));
}

#[test]
fn patterns() {
    check(&[
        ("where prompt matches /^abc/", &["W0112"]),
        ("where prompt matches /ab+c/", &[]),
        ("where prompt matches any of [/a b/, /c d/] nocase", &["W0112"]),
        ("where prompt matches any of [/^ab$/, /^cd$/]", &["W0112"]),
        ("where prompt matches any of [/a b/, /^c d/]", &[]),
        ("where prompt matches any of [/a b/, /c+d/]", &[]),
        ("where prompt matches /ab/ or prompt matches /cd/ or prompt matches /ef/", &["W0112"]),
        ("where prompt matches /.*ab+c/", &["W0113"]),
        ("where prompt matches /^.*ab+c/", &["W0113"]),
        ("where prompt matches /a.*b/", &[]),
        ("where prompt matches /^a.*$/", &["W0113"]),
        ("where prompt matches /^(a|b):.*$/", &["W0113"]),
        ("where extract(prompt, /.*a+/) == \"x\"", &[]),
        ("where prompt matches /.*/", &["W0114"]),
        ("where prompt matches /^[\\s\\S]*$/", &["W0114"]),
        ("where prompt matches /^a*$/", &[]),
        ("where prompt matches /(a|b*)/", &["W0114"]),
        ("where prompt matches /a^b+/", &["W0115"]),
        ("where prompt matches /(^|,)b+($|,)/", &[]),
        ("where prompt matches /a\\bb+/", &["W0115"]),
        ("where prompt matches /\\b\\.ssh\\b/", &["W0115"]),
        ("where prompt matches /\\bssh\\b/", &[]),
        ("where prompt matches /https?:\\/\\/10.0.0.1/", &["W0116"]),
        ("where prompt matches /[a-z]+.evil.com/", &["W0116"]),
        ("where prompt matches /ignore.previous/", &[]),
        ("where prompt matches /v?1.5/", &[]),
        ("where prompt matches /a+\\\\s*b/", &["W0117"]),
        ("where prompt matches /c:\\\\system[0-9]/", &[]),
        ("where prompt contains \"a\\\\s+b\"", &["W0117"]),
        ("where prompt contains \"c:\\\\windows\"", &[]),
    ]);
}

#[test]
fn case_and_status() {
    check(&[
        ("where lower(model.id) == \"A\"", &["W0118"]),
        ("where host(error.code) == \"Example.com\"", &["W0118"]),
        ("where upper(model.id) in [\"A\", \"b\"]", &["W0118"]),
        ("where lower(model.id) == \"A\" nocase", &[]),
        ("where lower(model.id) == \"a\"", &["W0119"]),
        ("where lower(model.id) == lower(deployment)", &["W0119"]),
        ("where lower(model.id) == deployment", &[]),
        ("with m = lower(model.id) where m == \"a\"", &[]),
        ("where error.code == \"429\"", &["W0121"]),
        ("where error.code matches /^5\\d\\d$/", &["W0121"]),
        ("where error.code == \"ThrottlingException\"", &[]),
    ]);
}

/// What is mended alerts as before, whether its values are there or not, form by form.
#[test]
fn mended_forms_alert_alike() {
    let (mut alerts, mut number) = (0, 0);
    for clauses in [
        "where not prompt contains \"ab\" and not (model.id != \"a\") and not model.id is not present",
        "where not prompt not starts with \"a\" nocase or not (user.agent in [\"ab\", \"a\"] nocase) or not tools has \"a\"",
        "where prompt contains \"ab\" or prompt contains \"x\" or prompt contains \"A\" or model.id == \"a\"",
        "where (model.id != \"a\" and model.id != \"ab\" and model.id != \"x\") or prompt == \"a\"",
        "where status == 0 or status == 1 or status == 2 or status == 3",
        "where model.id in [\"a\"] or prompt contains any of [\"ab\"] or user.agent not in [\"A\"] nocase or tools has all of [\"a\"]",
        "where source.ip in [10.0.0.0/8] or source.ip not in [203.0.113.7]",
        "where prompt matches /^a/ or model.id not matches /b$/ nocase or user.agent matches /^ab$/ nocase",
        "where prompt matches any of [/a /, /b/] nocase or model.id not matches all of [/^a/, /^ab/] or user.agent matches any of [/^ab$/, /^A$/]",
        "where prompt not matches /.*a+b.*?/ or model.id matches any of [/a+.*/, /.*b*a/]",
        "where lower(model.id) == \"ab\" or lower(prompt) not in [\"a\", \"ab\"] or upper(user.agent) contains \"A\"",
        "where lower(model.id) == lower(prompt) or upper(user.agent) != upper(caller.id)",
        "where prompt contains any of [\"abc\", \"ab\", \"b\"] or model.id starts with any of [\"a\", \"ab\"] nocase",
        "where prompt contains all of [\"a\", \"ab\"] or model.id in [\"A\", \"a\"] nocase",
        "where (model.id == \"a\" or prompt == \"ab\" or model.id == \"a\") and (prompt is present and prompt is present)",
        "where prompt contains \"a\" over 1d by model.id let n = count() when n > 0 show shown = n",
        "where prompt contains \"a\" over 1d every 1h by model.id when count() >= 1",
    ] {
        let text = format!("rule r {{\n    severity low\n    from invocation\n    {clauses}\n}}\n");
        let written = pack(&text);
        let mut last = pack(&text);
        for round in 0.. {
            assert!(round < 20, "fixes come to no end: {clauses}");
            let Some(text) = fixed(&last, &lint(&last)).into_values().next() else { break };
            last = pack(&text);
        }
        let mended = last.sources.get(last.files[0].id).map(|source| source.text.clone()).unwrap_or_default();
        assert_ne!(mended, text, "nothing is mended");
        println!("{mended}");
        for _ in 0..cases(20) {
            number += 1;
            alerts += alert_alike(&written, &last, &mut Choices::new(seeded(number, 2_000)), &mended);
        }
    }
    assert!(alerts > 0);
}

/// Conditions that touch each other in many ways.
const TOUCHING: [&str; 36] = [
    "status == 1",
    "status > 0",
    "status >= 1",
    "status < 2",
    "status <= 0",
    "status in [0, 1]",
    "status in [1, 7]",
    "status > 0.5",
    "tokens.input < status",
    "tokens.input >= status",
    "status == tokens.input",
    "status is missing",
    "latency > 1s",
    "latency <= 1500ms",
    "model.id == \"ab\"",
    "model.id == \"AB\" nocase",
    "model.id in [\"a\", \"ab\"]",
    "model.id in [\"A\"] nocase",
    "model.id contains \"a\"",
    "model.id contains \"B\" nocase",
    "model.id contains all of [\"a\", \"b\"]",
    "model.id contains any of [\"ab\", \" \"]",
    "model.id starts with \"a\"",
    "model.id starts with \"A\"",
    "model.id ends with any of [\"b\", \"B\"] nocase",
    "model.id is present",
    "model.id matches /a/",
    "source.ip == 10.1.2.3",
    "source.ip in 10.0.0.0/8",
    "source.ip in [10.1.0.0/16, 203.0.113.0/24]",
    "source.ip in ::/0",
    "tools has \"a\"",
    "tools has any of [\"a\", \"ab\"]",
    "tools has all of [\"a\", \"ab\"]",
    "(status == 1 or model.id == \"a\")",
    "(status >= 1 and model.id contains \"a\")",
];

/// What is said to exclude each other is never met together by random events: of all pairs, each as it is and turned round.
#[test]
fn what_is_excluded_never_happens() {
    let mut text = String::new();
    for (n, one) in TOUCHING.iter().enumerate() {
        for (m, other) in TOUCHING.iter().enumerate().filter(|(m, _)| *m != n) {
            let mut rule = |name: &str, clauses: String| {
                text.push_str(&format!("rule {name}_{n}_{m} {{ severity low from invocation where {clauses} }}\n"));
            };
            if n < m {
                rule("both", format!("{one} where {other}"));
                rule("neither", format!("not {one} where not {other}"));
            }
            rule("without", format!("{one} where not {other}"));
        }
    }
    let pack = pack(&text);
    let found = lint(&pack);
    let excluded: BTreeSet<u32> = found
        .iter()
        .filter(|found| found.code.as_str() == "W0102")
        .flat_map(|found| &found.labels)
        .map(|l| l.span.start)
        .collect();
    let texts = ["a", "ab", "AB", "A", "b", "ba", " a\nb ", "Ab"];
    let range = Range { from: START - 86_400_000_000, to: START + 30 * 86_400_000_000 };
    let mut judged = 0;
    for rule in &pack.resolved.rules {
        if !rule.filter.iter().any(|pred| excluded.contains(&pred.span.start)) {
            continue;
        }
        judged += 1;
        let stream = pack.resolved.schema.stream_of(rule.stream).expect("the rule's stream");
        for number in 0..cases(10) {
            let events = events_of(&mut Choices::new(seeded(number, 20_000)), stream, 60, &texts);
            let alerts =
                run(rule, stream, &events, &Run { pack: "p", range, coverage: &BTreeMap::new() }).map(|run| run.alerts);
            assert_eq!(
                alerts.map(|alerts| alerts.len()),
                Ok(0),
                "{}: {:?}",
                rule.name,
                pack.sources.text(rule.filter[0].span)
            );
        }
    }
    assert!(judged > 80, "{judged} pairs exclude each other");
    println!("{judged} pairs exclude each other");
}

#[test]
fn exceptions_that_never_hold() {
    let of = |condition: &str| {
        let rules = "rule r {\n    severity low\n    from invocation\n}\n\nrule s {\n    severity low\n    from invocation\n}\n";
        let text = format!("{rules}\nexception e for r, s {{ where {condition} until 2027-01-01 reason \"ours\" }}\n");
        lint(&pack(&text)).iter().filter(|found| found.code.as_str() == "W0102").count()
    };
    // Once, whatever rules it is for.
    assert_eq!(of("caller.id == \"a\" and caller.id == \"b\""), 1);
    assert_eq!(of("caller.id == \"a\" and model.id == \"b\""), 0);
    assert_eq!(of("caller.id == \"a\" or caller.id == \"b\""), 0);
}

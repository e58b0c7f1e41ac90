//! Tables: their limits, what a query that grows too long says of them, and one that is emitted and run.

use std::fmt::Write as _;

use skywatch::diag::{Code, Diagnostic};
use skywatch::pack::{Pack, load};
use skywatch::ruletest::emitted::{Agreement, Line};
use skywatch::ruletest::run_everywhere;
use skywatch::target::{Request, TARGETS, Verdict, emit};

/// A pack of some rules and the table `t.csv`.
fn pack(rules: &str, table: impl AsRef<[u8]>) -> Pack {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t.csv"), table).expect("a table");
    let rules_file = folder.path().join("p.sky");
    std::fs::write(&rules_file, rules).expect("a pack");
    load(&rules_file)
}

const RULE: &str = "table owners from \"t.csv\"
rule r { severity low  from activity  where lookup(owners, caller.id, \"team\") == \"ads\" }";

fn rows(count: usize) -> String {
    let mut out = "\u{feff}caller,team\r\n".to_owned();
    for n in 0..count {
        _ = write!(out, "\"arn:aws:iam::111122223333:role/some-service-{n:05}\", {}\r\n", ["ads", "news"][n % 2]);
    }
    out
}

#[test]
fn tables_have_limits() {
    let said = |table: &str| {
        let found = pack(RULE, table).diagnostics;
        found.iter().map(|d: &Diagnostic| (d.code, d.message.clone())).collect::<Vec<_>>()
    };
    assert_eq!(said(&rows(2_000)), []);
    let bad = |message: &str| vec![(Code::BadTable, message.to_owned())];
    assert_eq!(said(&rows(2_001)), bad("table of 2001 rows, at most 2000 are taken"));
    let wide = |count: usize| (2..count).map(|n| format!(",c{n}")).collect::<String>();
    let cells = |count: usize| (2..count).map(|_| ",x").collect::<String>();
    assert_eq!(said(&format!("caller,team{}\na,b{}\n", wide(64), cells(64))), []);
    let many = format!("caller,team{}\na,b{}\n", wide(65), cells(65));
    assert_eq!(said(&many), bad("line 1 of `t.csv`: 65 columns, at most 64 are taken"));
    let long = format!("caller,team\na,{}\nb,{}\n", "x".repeat(4_000), "x".repeat(4_001));
    assert_eq!(said(&long), bad("line 3 of `t.csv`: a cell of 4001 bytes, at most 4000 are taken"));
    let odd = pack(RULE, b"caller,team\na,\xff\n").diagnostics;
    assert_eq!((odd.len(), odd[0].code), (1, Code::UnreadableFile));
    assert!(odd[0].message.contains("table file `t.csv` can't be read: it is not UTF-8 at byte 14"), "{odd:?}");
    let outside = pack(&RULE.replace("t.csv", "../t.csv"), "").diagnostics;
    assert!(outside[0].message.contains("a pack names only files below its own folder"), "{outside:?}");
}

#[test]
fn a_query_that_is_too_long_says_which_table_it_holds() {
    let pack = pack(RULE, rows(2_000));
    let mut refused = 0;
    for target in TARGETS {
        for emission in emit(&pack.resolved.rules[0], &pack.resolved.schema, *target, Request::default()) {
            let Some(reason) = emission.query.reasons.iter().find(|reason| reason.code == Code::TooLong) else {
                continue;
            };
            assert_eq!(emission.query.verdict, Verdict::Refused);
            let label = reason.labels.last().expect("a place");
            assert_eq!(pack.sources.text(label.span), "lookup(owners, caller.id, \"team\")", "{}", emission.target);
            assert_eq!(label.text, "2002 constants stand for this");
            refused += 1;
        }
    }
    assert!(refused > 0, "nothing is too long");
}

/// Rules that look up, of events EVENT of a stream STREAM that name a caller by WHO.
const LOOKUPS: &str = r#"table owners from "t.csv"
rule compared { severity low  from STREAM  where lookup(owners, WHO, "team") == "ads" }
rule unowned { severity low  from STREAM  where lookup(owners, WHO, "team") is missing }
rule grouped {
    severity low
    from     STREAM
    over     1h by team = lookup(owners, WHO, "team") default "(nobody)"
    let      calls = count(), called = count(where lookup(owners, WHO, "contact") is present)
    when     calls > 1
}
test compared "two of the team" {
    given STREAM [
        { time = 2026-01-01T10:00:00Z, EVENT"1", WHO = "ana" }
        { time = 2026-01-01T10:00:01Z, EVENT"2", WHO = "it's \"x\"" }
        { time = 2026-01-01T10:00:02Z, EVENT"3", WHO = "bob" }
        { time = 2026-01-01T10:00:03Z, EVENT"4", WHO = "Ana" }
    ]
    expect alert { first = 2026-01-01T10:00:00Z }
    expect alert { first = 2026-01-01T10:00:01Z }
    expect no other alert
}
test unowned "no row, or an empty cell" {
    given STREAM [
        { time = 2026-01-01T10:00:00Z, EVENT"1", WHO = "ana" }
        { time = 2026-01-01T10:00:01Z, EVENT"2", WHO = "eve" }
        { time = 2026-01-01T10:00:02Z, EVENT"3", WHO = "dee" }
    ]
    expect alert { first = 2026-01-01T10:00:01Z }
    expect alert { first = 2026-01-01T10:00:02Z }
    expect no other alert
}
test grouped "by team" {
    given STREAM [
        { time = 2026-01-01T10:00:00Z, EVENT"1", WHO = "ana" }
        { time = 2026-01-01T10:00:01Z, EVENT"2", WHO = "it's \"x\"" }
        { time = 2026-01-01T10:00:02Z, EVENT"3", WHO = "bob" }
        { time = 2026-01-01T10:00:03Z, EVENT"4", WHO = "eve" }
        { time = 2026-01-01T10:00:04Z, EVENT"5", WHO = "dee" }
    ]
    expect alert { team = "ads", calls = 2, called = 1 }
    expect alert { team = "(nobody)", calls = 2, called = 0 }
    expect no other alert
}
"#;

/// A log whose entries Cloud Logging knows the types of.
const GATEWAY: &str = r#"stream call { who : text }
source gcp.gateway : call {
    at     files json_lines
    at     cloud_logging "all"
    delay  5m
    unique .insertId
    time   = .timestamp
    who    = .jsonPayload.who
}
"#;

/// On the evaluator and, as emitted, on the emulators of all targets.
#[test]
fn a_lookup_gives_the_same_alerts_wherever_it_is_emitted() {
    const TABLE: &str = "caller,team,contact\nana,ads,x\n\"it's \"\"x\"\"\",ads,\nbob,news,y\ndee,,\n";
    let activity = [("STREAM", "activity"), ("WHO", "caller.id"), ("EVENT", "operation = \"x:A\", event.id = ")];
    let call = [("STREAM", "call"), ("WHO", "who"), ("EVENT", "event.id = ")];
    for (more, words, targets) in
        [("", activity, ["cloudwatch", "kql", "googlesql"].as_slice()), (GATEWAY, call, &["cloud-logging"])]
    {
        let rules = words.iter().fold(LOOKUPS.to_owned(), |text, (word, meant)| text.replace(word, meant));
        let pack = pack(&format!("{more}{rules}"), TABLE);
        assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics);
        let outcomes = run_everywhere(&pack).expect("a machine that runs them");
        assert_eq!(outcomes.len(), 3);
        for outcome in outcomes {
            assert!(outcome.passed(), "{}: {:?} {:?}", outcome.title, outcome.problems, outcome.lines);
            for target in targets {
                let of_target = |line: &&Line| line.target == *target;
                let agrees = |line: &Line| matches!(line.agreement, Agreement::Agrees(_));
                let agreed = outcome.lines.iter().filter(of_target).any(agrees);
                assert!(agreed, "{} on {target}: {:?}", outcome.rule, outcome.lines);
            }
        }
    }
}

/// Who asks a table that could not be read is not wrong too.
#[test]
fn a_broken_table_costs_one_message() {
    let found = pack(RULE, "caller,team\nana\n").diagnostics;
    assert_eq!(found.len(), 1, "{found:?}");
}

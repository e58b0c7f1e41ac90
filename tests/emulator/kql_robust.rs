//! The KQL emulator on texts that are no queries: it answers or refuses, and never panics or runs out of stack.

use std::fs;
use std::path::Path;

use skywatch::emulator::{self, Kind, Language, Run, emulate};

const RUN: Run = Run { now: 1_770_000_000_000_000, from: None, until: None };

fn kql() -> &'static dyn Language {
    emulator::language("kql").expect("KQL is a language")
}

/// The queries of all cases.
fn queries() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulator/kql");
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let tables = files.map(|text| text.parse::<toml::Table>().unwrap());
    let cases = tables.flat_map(|table| table["case"].as_array().unwrap().clone());
    cases.map(|case| case["query"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn damaged_queries_are_refused() {
    let mut count = 0;
    for query in queries().iter().filter(|query| !query.contains("500001")) {
        let letters: Vec<char> = query.chars().collect();
        let step = (letters.len() / 25).max(1);
        for place in (0..letters.len()).step_by(step) {
            let (before, after) = letters.split_at(place);
            let text = |parts: &[&[char]]| parts.concat().into_iter().collect::<String>();
            for damaged in [
                text(&[before]),
                text(&[after]),
                text(&[before, after.get(1..).unwrap_or_default()]),
                text(&[before, &['('], after]),
                text(&[before, after.get(step..).unwrap_or_default(), before]),
            ] {
                // The answer does not matter here: it must be one.
                let _ = kql().run(&damaged, &[], &RUN, &Default::default());
                count += 1;
            }
        }
    }
    println!("{count} damaged queries");
    assert!(count > 10_000);
}

#[test]
fn what_nests_too_deep_is_refused() {
    let many = |part: &str| part.repeat(20_000);
    let deep = [
        format!("print {}1{}", many("("), many(")")),
        format!("print {}1{}", many("not("), many(")")),
        format!("print x = dynamic({}{})", many("["), many("]")),
        format!("print d = dynamic({{}}) | project d{}", many(".a")),
        format!("print d = dynamic([]) | project d{}", many("[0]")),
        format!("print 1{}", many(" + 1")),
        format!("let f = () {} print 1 {}; f()", many("{ let g = () "), many("}")),
        format!("print a = 1 | mv-apply {} x", many("a on (mv-apply ")),
        (0..3_000).map(|n| format!("let f{} = (x:long) {{ f{n}(x) + 1 }};", n + 1)).collect::<String>()
            + "print f3000(1)",
    ];
    for query in &deep {
        let refused = emulate(kql(), query, &[], &RUN).expect_err("so deep a query is refused");
        let start: String = query.chars().take(30).collect();
        assert!(matches!(refused.kind, Kind::Unknown | Kind::Rejected), "{start}: {refused}");
    }
}

#[test]
fn long_chains_are_no_deep_ones() {
    let many = |part: &str| part.repeat(5_000);
    for query in [format!("print x = true{}", many(" and true")), format!("print x = 1{}", many(" | where x == 1"))] {
        assert!(emulate(kql(), &query, &[], &RUN).is_ok());
    }
}

#[test]
fn endless_work_is_refused() {
    for query in [
        "range x from 1 to 9000000000 step 1 | count",
        "let r = range x from 1 to 4000 step 1 | extend k = 1; r | join kind=inner r on k | count",
        "range x from 1 to 100000 step 1 | serialize s = row_cumsum(x) | count",
    ] {
        let refused = emulate(kql(), query, &[], &RUN).expect_err(query);
        assert_eq!(refused.kind, Kind::Unknown, "{query}: {refused}");
    }
}

//! Generated parts of documents: takes what the program does, gives the text between two marker comments.
//!
//! A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. `UPDATE=1` rewrites it, otherwise it is compared.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use skywatch::diag::{Code, Diagnostic, Kind, Level};
use skywatch::eval::{Range, Run, run};
use skywatch::ir::{Correlation, OnlySource, Source};
use skywatch::lint::{LINTS, Lint};
use skywatch::pack::{Pack, load};
use skywatch::record::{Limits, read_files};
use skywatch::report::table;
use skywatch::source::{Span, Spanned};
use skywatch::target::{Emission, Request, TARGETS, Target, Verdict, emit, emit_correlation};

use crate::root;
use crate::samples::{self, Samples};

/// The example rule of README.md.
pub(crate) const FIRST_RULE: &str = "samples/guardrail_removed.sky";
/// Files of the constructs' pack, as sections of the table.
const SECTIONS: [(&str, &str); 5] = [
    ("conditions.sky", "Conditions"),
    ("values.sky", "Values"),
    ("rows.sky", "Rows, windows, groups"),
    ("aggregates.sky", "Aggregates"),
    ("correlations.sky", "Correlations"),
];

/// Replaces the generated part of a document, or fails where it is not current.
pub(crate) fn keep(document: &str, name: &str, text: &str) {
    // Tests run side by side, and several parts stand in one document.
    static WRITING: Mutex<()> = Mutex::new(());
    let _writing = WRITING.lock();
    let path = root().join(document);
    let before = fs::read_to_string(&path).unwrap();
    let open = format!("<!-- generated: {name} -->\n");
    let (head, rest) = before.split_once(&open).unwrap_or_else(|| panic!("{document} has no `{}`", open.trim()));
    let (current, tail) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{document}: `{name}` has no end"));
    if current == text {
        return;
    }
    assert!(
        std::env::var_os("UPDATE").is_some(),
        "{document}: `{name}` is not current; `UPDATE=1 cargo test --test docs` rewrites it. Now:\n{text}"
    );
    fs::write(&path, format!("{head}{open}{text}<!-- end -->{tail}")).unwrap();
}

/// Writes the pages of lints, or fails where one is not current, or of a lint that there is not.
pub(crate) fn keep_lints() {
    let folder = root().join("docs/lints");
    let update = std::env::var_os("UPDATE").is_some();
    let mut pages: Vec<(String, String)> =
        LINTS.iter().map(|lint| (format!("{}.md", lint.about.name), lint.about.page())).collect();
    pages.push(("README.md".to_owned(), lints()));
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(&folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !pages.iter().any(|(known, _)| *known == name) {
            assert!(update, "docs/lints/{name} is of no lint; `UPDATE=1 cargo test --test docs` takes it away");
            fs::remove_file(entry.path()).unwrap();
        }
    }
    for (name, text) in pages {
        if fs::read_to_string(folder.join(&name)).is_ok_and(|current| current == text) {
            continue;
        }
        assert!(update, "docs/lints/{name} is not current; `UPDATE=1 cargo test --test docs` rewrites it");
        fs::write(folder.join(&name), text).unwrap();
    }
}

/// All lints, by kind.
fn lints() -> String {
    let mut out = "# Lints\n\nWritten by `tests/docs.rs` from what each lint says of itself; [review.md](../review.md) says how levels are set and findings allowed.\n".to_owned();
    for (kind, about) in [
        (Kind::Meaning, "the rule can't mean what it says"),
        (Kind::Cost, "the rule costs more than it has to"),
        (Kind::Care, "whoever gets the alert, or keeps the rule, lacks something"),
    ] {
        _ = writeln!(
            out,
            "\n## {}: {about}\n\n| code | name | finds | level | `--fix` |\n|---|---|---|---|---|",
            kind.word()
        );
        for lint in LINTS.iter().filter(|lint| lint.about.kind == kind) {
            let skywatch::diag::About { code, name, title, level, .. } = lint.about;
            let fixes = if mends(lint) { "yes" } else { "" };
            _ = writeln!(out, "| {code} | [{name}]({name}.md) | {title} | {} | {fixes} |", level.word());
        }
    }
    out
}

/// Whether `--fix` takes away what a lint finds in its own example.
fn mends(lint: &Lint) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.sky");
    fs::write(&path, lint.about.bad.trim_start()).unwrap();
    let mut pack = load(&path);
    pack.levels.insert(lint.about.name.to_owned(), Spanned::new(Level::Warn, Span::default()));
    let is = |found: &Diagnostic| matches!(found.code, Code::Lint(about) if about.code == lint.about.code);
    skywatch::lint::lint(&pack).iter().any(|found| is(found) && !found.fix.is_empty())
}

fn pack(path: &str) -> Pack {
    let pack = load(&root().join(path));
    assert!(pack.diagnostics.is_empty(), "{:?}", pack.diagnostics);
    pack
}

/// The three days of the sample logs, in microseconds since 1970.
const DAYS: (i64, i64) = (1_793_577_600_000_000, 1_793_836_800_000_000);

/// A rule, what each target makes of it, and its alerts over the sample logs.
pub(crate) fn first_rule() -> String {
    let pack = pack(FIRST_RULE);
    let rule = &pack.resolved.rules[0];
    let mut out = format!("```sky\n{}```\n", fs::read_to_string(root().join(FIRST_RULE)).unwrap());
    for target in TARGETS {
        let info = target.info();
        for emission in emit(rule, &pack.resolved.schema, *target, Request { range: Some(DAYS), ..Request::default() })
        {
            let query = &emission.query;
            let text = joined(query.text.as_deref().unwrap_or_else(|| panic!("{} refuses", info.name)));
            let provided: Vec<String> = query.provided.iter().map(|condition| condition.text()).collect();
            let provided =
                if provided.is_empty() { String::new() } else { format!(", provided: {}", provided.join("; ")) };
            let (title, source, verdict) = (info.title, &emission.source, query.verdict.text());
            _ = write!(
                out,
                "**{title}** on {source}: {verdict}{provided}\n```{}\n{text}\n```\n",
                fence(info.extension)
            );
        }
    }
    _ = write!(out, "**The local run** over the sample logs:\n```text\n{}```\n", hits(&pack));
    out
}

/// A query with fewer line breaks: what stands in parentheses, and lists, on one line.
fn joined(query: &str) -> String {
    let mut out = String::new();
    for line in query.trim_end().lines() {
        let open = out.matches('(').count() > out.matches(')').count();
        let listed = out.ends_with(',') || out.ends_with("SELECT");
        match line.trim_start() {
            rest if open && (out.ends_with('(') || rest.starts_with(')')) => out.push_str(rest),
            rest if open || listed => _ = write!(out, " {rest}"),
            _ if out.is_empty() => out.push_str(line),
            _ => _ = write!(out, "\n{line}"),
        }
    }
    out
}

/// What a block of a target's text is called, for colours.
fn fence(extension: &str) -> &str {
    match extension {
        "kql" | "sql" => extension,
        _ => "text",
    }
}

/// The alerts of a pack's first rule over all samples, by the evaluator.
fn hits(pack: &Pack) -> String {
    let rule = &pack.resolved.rules[0];
    let schema = &pack.resolved.schema;
    let stream = schema.stream_of(rule.stream).unwrap();
    let mut events = Vec::new();
    for Samples { source, files, .. } in samples::all() {
        let source = schema.source(&source).unwrap();
        if source.stream == rule.stream {
            let batch = read_files(source, stream, files, Limits::default());
            events.extend(batch.unwrap_or_else(|d: Diagnostic| panic!("{d:?}")).events);
        }
    }
    let range = Range { from: i64::MIN / 2, to: i64::MAX / 2 };
    let coverage = std::collections::BTreeMap::new();
    let found = run(rule, stream, &events, &Run { pack: &pack.id, range, coverage: &coverage });
    table(&found.unwrap_or_else(|d| panic!("{d:?}")).alerts)
}

/// A count without its last digits, so that one case more changes no document.
fn over(count: usize, step: usize) -> String {
    format!("over {}", count / step * step)
}

/// How many records of all sources the samples hold, by what the other reader counted.
fn sample_logs() -> String {
    let story: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(root().join("samples/story.json")).unwrap()).unwrap();
    let read = story["sources"].as_object().unwrap().values().filter_map(|counts| counts["read"].as_u64());
    read.sum::<u64>().to_string()
}

/// How much each check covers, counted.
pub(crate) fn counts() -> String {
    let sky = samples::files_below(&root().join("tests/conformance"));
    let texts =
        sky.iter().filter(|f| f.extension().is_some_and(|e| e == "sky")).map(|f| fs::read_to_string(f).unwrap());
    let cases: usize = texts.map(|text| text.lines().filter(|line| line.starts_with("test ")).count()).sum();
    let snapshots = samples::files_below(&root().join("tests/compiler/snapshots"));
    let starts = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("compiler__diagnostics__"))
    };
    let mistakes = snapshots.iter().filter(|path| starts(path)).count();
    let engine = fs::read_to_string(root().join("tests/engine.rs")).unwrap();
    let (_, random) = engine.split_once("= cases(").unwrap();
    let random = random.chars().take_while(|c| *c != ')').filter(char::is_ascii_digit).collect();
    let rows = [
        ("conformance cases, on the evaluator and on DataFusion", over(cases, 100), "tests/compiler/conformance.rs"),
        ("random rules over random events, on both", random, "tests/engine.rs"),
        (
            "sample logs, read by a second program that shares no code",
            sample_logs(),
            "tests/compiler/record_reading.rs",
        ),
        ("mistakes in rules, each with its whole message", over(mistakes, 50), "tests/compiler/diagnostics.rs"),
    ];
    let rows = rows.map(|(what, count, test)| format!("| {what} | {count} | `{test}` |\n"));
    format!("| what | how many | where |\n|---|---|---|\n{}", rows.concat())
}

/// What became of each construct: its title, its text, whether README shows it, and an emission a target.
struct Construct {
    section: &'static str,
    title: String,
    text: String,
    in_readme: bool,
    emissions: Vec<Emission>,
}

fn constructs() -> Vec<Construct> {
    let pack = pack("tests/docs/constructs");
    let mut out = Vec::new();
    let section_of = |span: Span| {
        let file = pack.sources.get(span.source).map_or("", |source| source.name.as_str());
        SECTIONS.iter().find(|(name, _)| file.ends_with(name)).unwrap().1
    };
    for rule in pack.resolved.rules.iter().filter(|rule| !rule.signal) {
        let emissions = TARGETS
            .iter()
            .map(|target| {
                let mut emissions = emit(rule, &pack.resolved.schema, *target, Request::default());
                assert_eq!(emissions.len(), 1, "{} on {}", rule.name, target.info().name);
                emissions.remove(0)
            })
            .collect();
        out.push(Construct {
            section: section_of(rule.span),
            title: rule.title.clone(),
            text: rule.description.clone(),
            in_readme: rule.texts.owner.as_deref() == Some("README"),
            emissions,
        });
    }
    for correlation in &pack.resolved.correlations {
        out.push(Construct {
            section: section_of(correlation.span),
            title: correlation.title.clone(),
            text: correlation.description.clone(),
            in_readme: correlation.texts.owner.as_deref() == Some("README"),
            emissions: TARGETS.iter().map(|target| within_a_cloud(&pack, correlation, *target)).collect(),
        });
    }
    out.sort_by_key(|c| SECTIONS.iter().position(|(_, section)| *section == c.section));
    out
}

/// A correlation whose members read the log of the target's cloud only.
fn within_a_cloud(pack: &Pack, correlation: &Correlation, target: &dyn Target) -> Emission {
    let schema = &pack.resolved.schema;
    let mut rules = pack.resolved.rules.clone();
    for rule in &mut rules {
        let there = |source: &&Source| source.stream == rule.stream && source.place(target.info().place).is_some();
        let source = schema.sources.iter().find(there).unwrap();
        rule.only = vec![OnlySource { name: source.name.clone(), cloud: false }];
    }
    emit_correlation(correlation, &rules, schema, target, Request::default())
}

fn header(first: &str) -> String {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.info().name).collect();
    format!("| {first} | {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len() + 2))
}

fn row(construct: &Construct, cell: impl Fn(&Emission) -> String) -> String {
    let cells: Vec<String> = construct.emissions.iter().map(cell).collect();
    // A bar ends a cell, also inside code.
    let text = construct.text.replace('|', "\\|");
    format!("| {} | {text} | {} |\n", construct.title, cells.join(" | "))
}

/// The verdict as a cell shows it: what is not exact stands out.
fn verdict(emission: &Emission) -> String {
    let query = &emission.query;
    let word = match query.verdict {
        Verdict::Exact if query.left_out.is_empty() => "exact".to_owned(),
        Verdict::Exact => "exact, without it".to_owned(),
        Verdict::Refused => "**no**".to_owned(),
        weaker => format!("*{}*", weaker.text()),
    };
    match query.needs {
        Some(needs) if needs.text() != "portable" => format!("{word} ({})", needs.text()),
        _ => word,
    }
}

/// The few rows that README.md shows.
pub(crate) fn short_table() -> String {
    let rows = constructs().iter().filter(|c| c.in_readme).map(|c| row(c, verdict)).collect::<String>();
    header("construct | as written") + &rows
}

/// All rows, and under them every reason once.
pub(crate) fn whole_table() -> String {
    let constructs = constructs();
    let mut out = String::new();
    for (_, section) in SECTIONS {
        _ = write!(out, "\n## {section}\n\n{}", header("construct | as written"));
        for construct in constructs.iter().filter(|c| c.section == section) {
            out.push_str(&row(construct, verdict));
        }
    }
    out.push_str("\n## Why not\n\n| target | what it says | way out | for |\n|---|---|---|---|\n");
    for (number, target) in TARGETS.iter().enumerate() {
        let mut reasons: Vec<(String, String, Vec<&str>)> = Vec::new();
        for construct in &constructs {
            for reason in &construct.emissions[number].query.reasons {
                let (message, help) =
                    (format!("{}: {}", reason.code.as_str(), reason.message), reason.help.clone().unwrap_or_default());
                match reasons.iter_mut().find(|(m, h, _)| *m == message && *h == help) {
                    Some((_, _, titles)) if titles.contains(&construct.text.as_str()) => {}
                    Some((_, _, titles)) => titles.push(&construct.text),
                    None => reasons.push((message, help, vec![&construct.text])),
                }
            }
        }
        for (message, help, texts) in reasons {
            let cell = |text: &str| text.replace('|', "\\|");
            _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                target.info().name,
                cell(&message),
                cell(&help),
                cell(&texts.join(", "))
            );
        }
    }
    out.push_str("\n## What exact rests on\n\n| target | provided |\n|---|---|\n");
    for (number, target) in TARGETS.iter().enumerate() {
        let mut conditions: Vec<_> =
            constructs.iter().flat_map(|c| c.emissions[number].query.provided.clone()).collect();
        conditions.sort();
        conditions.dedup();
        let texts: Vec<String> = conditions.iter().map(|c| c.text()).collect();
        _ = writeln!(out, "| {} | {} |", target.info().name, texts.join("; "));
    }
    out.push_str("\n## Limits\n\n| target | is | most characters of a query | reference |\n|---|---|---|---|\n");
    for target in TARGETS {
        let info = target.info();
        _ = writeln!(out, "| {} | {} | {} | <{}> |", info.name, info.title, info.max_length, info.docs);
    }
    out
}

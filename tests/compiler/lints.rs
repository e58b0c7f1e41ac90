//! Lints: each finds what its bad example shows and nothing in its good one; what is allowed is not found; fixes change no alert.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::choices::Choices;
use crate::support::every_type::{START, STREAM, events_of, fields};
use crate::support::{cases, random, seeded};
use skywatch::diag::{Code, Diagnostic, Kind, Level, render};
use skywatch::eval::{Range, Run, run};
use skywatch::lint::{LINTS, Lint, fixed, lint};
use skywatch::pack::{Pack, load};
use skywatch::source::{SourceId, Span, Spanned};

/// A text as a pack of one file in which one lint runs besides the others, whatever its level is.
fn pack(text: &str, of: &Lint) -> Pack {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("example.sky");
    std::fs::write(&path, text.trim_start()).expect("written");
    std::fs::write(folder.path().join("owners.csv"), "caller,team\na,search\n").expect("written");
    let mut pack = load(&path);
    assert!(pack.diagnostics.is_empty(), "{}: {}", of.about.name, render(&pack.diagnostics, &pack.sources, false));
    pack.levels.insert(of.about.name.to_owned(), Spanned::new(Level::Warn, Span::default()));
    pack
}

fn found_by(one: &Lint, pack: &Pack) -> Vec<Diagnostic> {
    let is = |found: &Diagnostic| matches!(found.code, Code::Lint(about) if about.code == one.about.code);
    lint(pack).into_iter().filter(is).collect()
}

#[test]
fn each_finds_its_bad_example_and_not_its_good_one() {
    let mut wrong = String::new();
    for one in LINTS {
        let (bad, good) = (pack(one.about.bad, one), pack(one.about.good, one));
        if found_by(one, &bad).is_empty() {
            wrong.push_str(&format!("{}: nothing found in the bad example\n", one.about.name));
        }
        let false_alarm = found_by(one, &good);
        if !false_alarm.is_empty() {
            wrong.push_str(&format!("{}: {}", one.about.name, render(&false_alarm, &good.sources, false)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn their_messages() {
    let mut said = String::new();
    for one in LINTS {
        let bad = pack(one.about.bad, one);
        let text = render(&found_by(one, &bad), &bad.sources, false);
        let folder = bad.root.display().to_string();
        said.push_str(&format!("# {}\n{}\n", one.about.name, text.replace(&folder, "")));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn codes_and_names_are_in_order_and_of_one_kind_each() {
    let codes: Vec<&str> = LINTS.iter().map(|lint| lint.about.code).collect();
    assert!(codes.windows(2).all(|two| two[0] < two[1]), "{codes:?}");
    for lint in LINTS {
        let kind = match &lint.about.code[..3] {
            "W00" | "W03" => Kind::Care,
            "W01" => Kind::Meaning,
            "W02" => Kind::Cost,
            other => panic!("no kind begins with {other}"),
        };
        assert_eq!(lint.about.kind, kind, "{}", lint.about.name);
        let fits = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(lint.about.name.chars().all(fits), "{}", lint.about.name);
        assert_eq!(LINTS.iter().filter(|other| other.about.name == lint.about.name).count(), 1);
    }
}

#[test]
fn fixes_take_findings_away_and_come_to_an_end() {
    for one in LINTS {
        let bad = pack(one.about.bad, one);
        let found = found_by(one, &bad);
        if found.iter().all(|found| found.fix.is_empty()) {
            continue;
        }
        let mended = fixed(&bad, &found);
        assert_eq!(mended.len(), 1, "{}", one.about.name);
        let text = mended.values().next().expect("one file");
        let again = pack(text, one);
        let left = found_by(one, &again);
        assert!(left.is_empty(), "{}: {}", one.about.name, render(&left, &again.sources, false));
        assert_eq!(fixed(&again, &left), BTreeMap::new());
    }
}

/// Fails where the rules of two packs alert differently on random events whose texts are those of the packs; gives the number of alerts.
pub(crate) fn alert_alike(one: &Pack, other: &Pack, choices: &mut Choices, what: &str) -> usize {
    let written: Vec<&str> =
        one.files.iter().flat_map(|file| one.sources.get(file.id)).map(|s| s.text.as_str()).collect();
    let quoted: Vec<String> =
        written.iter().flat_map(|text| text.split('"').skip(1).step_by(2)).map(str::to_owned).collect();
    let mut texts: Vec<String> = ["a", "ab", "A", " a\nb "].into_iter().map(str::to_owned).collect();
    for text in quoted.into_iter().filter(|text| !text.is_empty()) {
        texts.extend([text.to_uppercase(), format!("to {text} it"), text.to_lowercase(), text]);
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let range = Range { from: START - 86_400_000_000, to: START + 30 * 86_400_000_000 };
    let mut count = 0;
    for rule in &one.resolved.rules {
        let twin = other.resolved.rules.iter().find(|twin| twin.name == rule.name).expect("a fix takes no rule away");
        let stream = one.resolved.schema.stream_of(rule.stream).expect("the rule's stream");
        let events = events_of(choices, stream, 12, &texts);
        let alerts = |rule| {
            run(rule, stream, &events, &Run { pack: "p", range, coverage: &BTreeMap::new() }).map(|run| run.alerts)
        };
        let (before, after) = (alerts(rule).expect("it runs"), alerts(twin).expect("it runs"));
        assert_eq!(format!("{before:?}"), format!("{after:?}"), "{what}");
        count += before.len();
    }
    count
}

#[test]
fn fixes_of_the_bad_examples_change_no_alert() {
    for one in LINTS {
        let bad = pack(one.about.bad, one);
        let mended = fixed(&bad, &found_by(one, &bad));
        let Some(text) = mended.values().next() else { continue };
        let good = pack(text, one);
        let mut alerts = 0;
        for number in 0..cases(200) {
            let mut choices = Choices::new(seeded(number, 2_000));
            alerts += alert_alike(&bad, &good, &mut choices, text);
        }
        let could = bad.resolved.rules.is_empty() || alerts > 0;
        assert!(could, "{}: no event alerts, so nothing is compared", one.about.name);
    }
}

#[test]
fn fixes_of_random_rules_change_no_alert() {
    let (mut mended, mut alerts) = (0, 0);
    for number in 0..cases(120) {
        let mut choices = Choices::new(seeded(number, 3_000));
        let rule = random::rule(&mut choices, &fields());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("random.sky");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("written");
            let mut pack = load(&path);
            for one in LINTS {
                pack.levels.insert(one.about.name.to_owned(), Spanned::new(Level::Warn, Span::default()));
            }
            assert!(pack.diagnostics.is_empty(), "{}{text}", render(&pack.diagnostics, &pack.sources, false));
            pack
        };
        let written = read(&format!("{STREAM}\n{rule}"));
        let mut last = written.clone();
        for round in 0.. {
            assert!(round < 20, "fixes come to no end: {rule}");
            let Some(text) = fixed(&last, &lint(&last)).into_values().next() else { break };
            mended += 1;
            last = read(&text);
            alerts += alert_alike(&written, &last, &mut choices, &text);
        }
    }
    println!("{mended} texts mended, {alerts} alerts compared");
}

const PHRASES: &str = "list phrases = [\"ignore previous\"]\n";

fn said(text: &str, levels: &[(&str, Level)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("example.sky");
    std::fs::write(&path, text).expect("written");
    let mut pack = load(Path::new(&path));
    for (name, level) in levels {
        pack.levels.insert((*name).to_owned(), Spanned::new(*level, Span::new(SourceId::default(), 0..0)));
    }
    lint(&pack).iter().map(|found| format!("{} {}", found.code.as_str(), found.message)).collect()
}

#[test]
fn what_is_allowed_is_not_found() {
    let untested = |said: &[String]| said.iter().any(|line| line.starts_with("W0301"));
    let rule = "rule r {\n    severity low\n    from     invocation\n}\n";
    assert!(untested(&said(rule, &[])));
    let above = said(&format!("// allow untested-rule: it feeds a dashboard\n{rule}"), &[]);
    assert!(!untested(&above), "{above:?}");
    let documented = said(&format!("// allow untested-rule: it feeds a dashboard\n/// A title.\n{rule}"), &[]);
    assert!(!untested(&documented), "{documented:?}");
    // In or behind a doc comment it is about the whole item, whose first line is the comment's.
    let titled = |said: &[String]| said.iter().any(|line| line.starts_with("W0320"));
    let long = "/// A title that goes on and on, for as long as it takes to be too long for a title, and then for a while after that too.\n";
    let allow = "// allow untested-rule, long-title: it feeds a dashboard\n";
    assert!(titled(&said(&format!("{long}{rule}"), &[])));
    for text in [format!("{long}{allow}{rule}"), format!("{long}{allow}/// More.\n{rule}")] {
        let within = said(&text, &[]);
        assert!(!untested(&within) && !titled(&within), "{within:?}");
    }
    let behind = rule.replacen('\n', " // allow untested-rule: it feeds a dashboard\n", 1);
    assert!(!untested(&said(&behind, &[])));
    // Elsewhere it allows nothing, and is itself a finding.
    let elsewhere = said(&format!("{rule}// allow untested-rule: it feeds a dashboard\n{PHRASES}"), &[]);
    assert!(untested(&elsewhere) && elsewhere.iter().any(|line| line.starts_with("W0002")), "{elsewhere:?}");
    let unfounded = said(&format!("// allow untested-rule\n// allow untestd-rule: a reason\n{rule}"), &[]);
    let count = unfounded.iter().filter(|line| line.starts_with("W0001")).count();
    assert!(untested(&unfounded) && count == 2, "{unfounded:?}");
    // A sentence is no comment of this kind.
    let sentence = said(&format!("// allow me to explain: it is a dashboard's\n{rule}"), &[]);
    assert!(!sentence.iter().any(|line| line.starts_with("W000")), "{sentence:?}");
}

#[test]
fn a_pack_sets_levels_by_name_and_kind() {
    let rule = "rule r {\n    severity low\n    from     invocation\n}\n";
    assert!(said(rule, &[("care", Level::Allow), ("meaning", Level::Allow), ("cost", Level::Allow)]).is_empty());
    let one = said(rule, &[("care", Level::Allow), ("untested-rule", Level::Deny)]);
    assert!(one.iter().any(|line| line.starts_with("W0301")), "{one:?}");
    let unknown = said(rule, &[("untested-rules", Level::Deny)]);
    assert!(unknown.iter().any(|line| line.starts_with("E0301")), "{unknown:?}");
}

//! Conformance: the cases under tests/conformance/ on the evaluator, what they cover of the language, and what must hold for each of them
//! whatever it shows: the order of events does not matter, adjoining runs find what one run finds, and a rule bound to a source finds over
//! raw records what it finds over the events that they become.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use crate::support::conformance::{conformance_cases, conformance_files, differences};
use crate::support::coverage::{self, Used};
use skywatch::bind::simplify::{Carry, simplify_rule, without_row_values};
use skywatch::bind::{Bound, ForSource, admits, bind, for_source};
use skywatch::eval::{Alert, Json, Outcome, Range, Run, run, run_bound};
use skywatch::ir::{BORROWED, Given, Lent, Source};
use skywatch::pack::Pack;
use skywatch::record::{Mapped, Mapper, as_read};
use skywatch::ruletest::{self, Case};
use skywatch::syntax;

#[track_caller]
fn nothing_wrong(found: &[String]) {
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

/// What the evaluator finds in a case.
fn outcome(pack: &Pack, case: &Case<'_>, range: Range) -> Outcome {
    let under = Run { pack: &pack.id, range, coverage: &BTreeMap::new() };
    run(case.rule, case.stream, &case.events, &under).unwrap_or_else(|cause| panic!("{}", cause.message))
}

fn alerts(pack: &Pack, case: &Case<'_>, range: Range) -> Vec<Alert> {
    outcome(pack, case, range).alerts
}

/// Calls for every case, and gathers what is wrong, each line with the case's place.
fn for_each_case(mut check: impl FnMut(&Pack, &Case<'_>) -> Vec<String>) -> Vec<String> {
    let mut out = Vec::new();
    for (file, pack) in conformance_files() {
        for case in conformance_cases(pack) {
            let place = format!("{file}: {}: {}", case.rule.name, case.test.title);
            out.extend(check(pack, &case).into_iter().map(|difference| format!("{place}\n    {difference}")));
        }
    }
    out
}

#[test]
fn the_evaluator_passes_every_case() {
    nothing_wrong(&for_each_case(|pack, case| differences(pack, case, &outcome(pack, case, case.range))));
}

#[test]
fn correlations_pass_their_cases() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, pack) in conformance_files() {
        let correlations = &pack.resolved.correlations;
        for outcome in ruletest::run(pack).iter().filter(|outcome| correlations.iter().any(|c| c.name == outcome.rule))
        {
            count += 1;
            let problems = outcome.problems.iter();
            wrong.extend(problems.map(|problem| format!("{file}: {}: {}: {problem}", outcome.rule, outcome.title)));
        }
        for one in correlations.iter().filter(|one| !pack.resolved.tests.iter().any(|test| test.rule == one.name)) {
            wrong.push(format!("{file}: {}: no test", one.name));
        }
    }
    nothing_wrong(&wrong);
    assert!(count >= 8, "{count} cases");
}

#[test]
fn there_are_enough_cases_and_each_says_what_it_shows() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (file, pack) in conformance_files() {
        let text = fs::read_to_string(&pack.files[0].path).unwrap();
        let head: String = text.lines().take_while(|line| line.starts_with("//")).collect();
        if !head.contains("language.md §") {
            wrong.push(format!("{file} does not open with the sections that it covers"));
        }
        let cases = conformance_cases(pack);
        count += cases.len();
        let mut titles = BTreeSet::new();
        for case in &cases {
            let (rule, title) = (case.rule.name.as_str(), case.test.title.as_str());
            let mut say = |what: &str| wrong.push(format!("{file}: {rule}: {title}: {what}"));
            if !titles.insert((rule, title)) {
                say("a title that another case of the rule has");
            }
            if !case.test.no_other {
                say("other alerts may come");
            }
            let named = |name: &str| case.test.alerts.iter().all(|e| e.values.iter().any(|(n, _)| n == name));
            if !case.rule.severity.arms.is_empty() && !named("severity") {
                say("the severity is by case and not expected");
            }
        }
        let read: BTreeSet<&str> =
            pack.resolved.correlations.iter().flat_map(|one| one.reads(&pack.resolved.correlations)).collect();
        for rule in pack.resolved.rules.iter().filter(|rule| !read.contains(rule.name.as_str())) {
            if !cases.iter().any(|case| case.rule.name == rule.name) {
                wrong.push(format!("{file}: {}: no test", rule.name));
            }
        }
    }
    nothing_wrong(&wrong);
    println!("{count} cases");
    assert!(count >= 400, "{count} cases");
}

#[test]
fn every_construct_alerts_in_one_case_and_not_in_another() {
    let (mut alerting, mut silent) = (Used::default(), Used::default());
    for (_, pack) in conformance_files() {
        for case in conformance_cases(pack) {
            let used = if case.test.alerts.is_empty() { &mut silent } else { &mut alerting };
            coverage::collect(pack, &case, used);
        }
    }
    let wanted = coverage::wanted();
    let lacks = |used: &Used, word: &str| -> Vec<String> {
        wanted.difference(used).map(|construct| format!("{construct}: in no {word} case")).collect()
    };
    nothing_wrong(&[lacks(&alerting, "alerting"), lacks(&silent, "non-alerting")].concat());
    println!("{} constructs", wanted.len());
}

#[test]
fn the_order_of_events_does_not_show() {
    nothing_wrong(&for_each_case(|pack, case| {
        let mut turned = case.clone();
        turned.events.reverse();
        let (a, b) = (alerts(pack, case, case.range), alerts(pack, &turned, case.range));
        if a == b { Vec::new() } else { vec!["other alerts once the events are turned round".to_owned()] }
    }));
}

#[test]
fn adjoining_runs_find_what_one_run_finds() {
    let found = |alert: &Alert| {
        (alert.window, alert.source.clone(), alert.keys.clone(), alert.measures.clone(), alert.show.clone())
    };
    nothing_wrong(&for_each_case(|pack, case| {
        let whole = case.range;
        let step = case.rule.window.as_ref().map_or(1, |window| window.step);
        // Cut at the first event, beside it, and at the edges of the windows around it.
        let first =
            case.events.iter().filter_map(|e| e.fields[case.stream.time().index()].as_time()).min().unwrap_or(0);
        let edge = first.div_euclid(step) * step;
        let cuts = [first, first + 1, edge, edge + step, edge + step + 1, edge + 2 * step, edge + 3 * step - 1];
        let sorted = |mut alerts: Vec<Alert>| {
            alerts.sort_by_key(found);
            alerts.iter().map(found).collect::<Vec<_>>()
        };
        let one = sorted(alerts(pack, case, whole));
        let differs = |cut: &&i64| {
            let mut both = alerts(pack, case, Range { to: **cut, ..whole });
            both.append(&mut alerts(pack, case, Range { from: **cut, ..whole }));
            sorted(both) != one
        };
        let inside = cuts.iter().filter(|cut| (whole.from..=whole.to).contains(*cut));
        inside.filter(differs).map(|cut| format!("cut at {cut} µs, two runs find something else")).collect()
    }));
}

#[test]
fn a_bound_rule_finds_over_records_what_a_rule_finds_over_events() {
    let mut compared = 0;
    let wrong = for_each_case(|pack, case| {
        let mut out = Vec::new();
        for given in &case.test.given {
            let Given::Records { source, records } = given else { continue };
            let source = pack.resolved.schema.source(source).unwrap();
            let records: Vec<Json> = records.iter().map(|record| Json::parse(&record.to_string()).unwrap()).collect();
            let (records, _) = as_read(source, &records);
            let records = lent(pack, case, source, &records);
            let events = case.events.iter().filter(|event| *event.source == *source.name).cloned().collect();
            let expected = match for_source(case.rule, source, case.stream) {
                ForSource::Rule(rule, _) => alerts(pack, &Case { rule: &rule, events, ..case.clone() }, case.range),
                ForSource::Never => Vec::new(),
                ForSource::Refused(_) => continue,
            };
            for (what, found) in bound_alerts(pack, case, source, &records) {
                compared += 1;
                if found != expected {
                    out.push(format!("{what}, over records of {}:\n{found:#?}\nand not {expected:#?}", source.name));
                }
            }
        }
        out
    });
    nothing_wrong(&wrong);
    assert!(compared > 100, "{compared} compared");
}

/// The records with what their events borrow, where a bound rule finds it.
fn lent(pack: &Pack, case: &Case<'_>, source: &Source, records: &[Json]) -> Vec<Json> {
    let mut borrowed = source.joins.iter().flat_map(|join| &join.fields).peekable();
    if borrowed.peek().is_none() || source.stream != case.rule.stream {
        return records.to_vec();
    }
    let borrowed: Vec<_> = borrowed.collect();
    let mapper = Mapper::new(source, pack.resolved.schema.stream_of(source.stream).unwrap());
    let mut events = case.events.iter().filter(|event| *event.source == *source.name);
    let with = |record: &Json| {
        let Mapped::Event(..) = mapper.map(record) else { return record.clone() };
        let event = events.next().expect("an event a record");
        let of = |lent: &&Lent| {
            let value = serde_json::to_string(&event.fields[lent.field.index()]).unwrap();
            (case.stream.get(lent.field).unwrap().name.as_str().into(), Json::parse(&value).unwrap())
        };
        let Json::Object(members) = record else { panic!("a record is an object") };
        let mut members = (**members).clone();
        members.insert(BORROWED.into(), Json::Object(Arc::new(borrowed.iter().map(of).collect())));
        Json::Object(Arc::new(members))
    };
    records.iter().map(with).collect()
}

/// What a rule finds over a source's records: bound, and in each of the forms that targets make of a bound rule. None where its `only`
/// keeps the source out.
fn bound_alerts(pack: &Pack, case: &Case<'_>, source: &Source, records: &[Json]) -> Vec<(&'static str, Vec<Alert>)> {
    if !admits(case.rule, source) {
        return Vec::new();
    }
    let Bound::Rule(bound) = bind(case.rule, source, case.stream) else { return Vec::new() };
    let written_out = without_row_values((*bound).clone()).map(|bound| ("its row values written out", bound));
    let forms = [
        ("simplified", simplify_rule((*bound).clone(), Carry::Constants)),
        ("simplified to the end", simplify_rule((*bound).clone(), Carry::All)),
        ("bound", *bound),
    ];
    let under = Run { pack: &pack.id, range: case.range, coverage: &BTreeMap::new() };
    let forms = forms.into_iter().chain(written_out).map(|(what, bound)| {
        let outcome = run_bound(&bound.rule, &bound.time, bound.event_id.as_ref(), &source.name, records, &under);
        (what, outcome.unwrap_or_else(|cause| panic!("{}", cause.message)).alerts)
    });
    forms.collect()
}

#[test]
fn the_files_survive_printing() {
    for (file, pack) in conformance_files() {
        let read = &pack.files[0];
        let text = &pack.sources.get(read.id).unwrap().text;
        let printed = syntax::print_file(&read.file, text);
        let (again, diagnostics) = syntax::parse(read.id, &printed);
        assert!(diagnostics.is_empty() && again == read.file, "{file}: printing changed the tree:\n{printed}");
        assert_eq!(syntax::print_file(&again, &printed), printed, "{file}: printing twice differs");
    }
}

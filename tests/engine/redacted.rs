//! Rules over archives in which texts were redacted: what `found` says of them is what the logs held, all else reads the redacted texts.

use skywatch::archive::{Archive, Keep};
use skywatch::engine::{Engine, Limits, Period};
use skywatch::eval::{Event, Range, Run, Value, run};
use skywatch::ir::{Rule, Tier};

use crate::DAY;
use crate::archive::{engine, keep, sample, sampled, write, write_as};
use crate::rules::random_rules_agree;
use crate::support::every_type::{START, fields};
use crate::support::random::{self, Fields};

#[test]
fn what_was_redacted_is_asked_of_the_counts() {
    let mut resolved = sampled(
        r#"
        rule leaked { severity low from sample where found(t3, "email") or found(t1, "email") show event.id }
        rule clean { severity low from sample with kind = if(found(t3, "email"), "mail", "none") where not found(t1, "email")
            over 1h by kind let n = count(), m = count(where found(t3, "card")) }
        rule many { severity low from sample where any f in redacted (f.field == "t3" and f.entity == "email" and f.count > 1) }
        rule both { severity low from sample where any f in redacted (f.field == "t1" and f.entity == "email" and f.count == 1)
            and any f in redacted (f.field == "t3" and f.entity == "email" and f.count == 1) }
        "#,
    );
    let index = resolved.schema.stream("sample").expect("the stream");
    // Two fields of users' text, so that one text can stand in both.
    let t1 = resolved.schema.streams[index].fields.iter_mut().find(|field| field.name == "t1").expect("the field");
    t1.tier = Tier::Content;
    let stream = &resolved.schema.streams[index];
    let at = |name| stream.field(name).expect("a field").index();
    let mut events = sample(&resolved, 13, 80);
    let texts =
        ["ann@example.com", "see YW5uQGV4YW1wbGUuY29t", "a@example.com, b@example.com", "hello", "4111 1111 1111 1111"];
    for (number, event) in events.iter_mut().enumerate() {
        event.fields[at("t3")] = texts.get(number % 6).map_or(Value::Missing, |text| Value::text(text));
        if number % 7 == 0 {
            // Now and then the very text that stands in the other field too.
            event.fields[at("t1")] = Value::text("ann@example.com");
        }
    }
    let range = Range { from: START - DAY, to: START + 30 * DAY };
    let period = Period::Between { from: Some(range.from), to: Some(range.to) };
    // With the content and without it, and in both without its key.
    for keep in [keep(), Keep::default()] {
        let folder = tempfile::tempdir().expect("a folder");
        write_as(folder.path(), &resolved.schema, &events, &keep);
        let archive = Archive::open(folder.path(), &resolved.schema, None).expect("an archive");
        let engine = Engine::open(archive, &resolved.schema, Limits::default()).expect("an engine");
        let coverage = engine.archive().sources().into_iter().map(|source| (source.source, source.days.0)).collect();
        for rule in &resolved.rules[..2] {
            let expected = run(rule, stream, &events, &Run { pack: "p", range, coverage: &coverage }).expect("alerts");
            let found = engine.run(std::slice::from_ref(rule), "p", period).expect("a run");
            assert!(found.runs.iter().all(|run| run.skipped.is_none()), "{:?}", found.runs);
            assert!(!found.alerts.is_empty() && found.alerts == expected.alerts, "{}: {:#?}", rule.name, found.alerts);
        }
        let many = engine.run(&resolved.rules[2..3], "p", period).expect("a run");
        assert_eq!(many.alerts.len(), (0..events.len()).filter(|number| number % 6 == 2).count());
        let both = engine.run(&resolved.rules[3..], "p", period).expect("a run");
        assert_eq!(both.alerts.len(), (0..events.len()).filter(|n| n % 7 == 0 && matches!(n % 6, 0 | 1)).count());
        let plan = engine.explain(&resolved.rules[0], &resolved.schema.sources[0], period).expect("a plan");
        assert!(plan.contains("/metadata/") && !plan.contains("/content/"), "{plan}");
    }
}

/// `provided: redaction changed nothing it reads`: where it changed nothing, an archive gives the alerts of the logs; where it did, those of the
/// redacted texts, and a rule that reads what was taken out finds it in the logs only.
#[test]
fn rules_read_redacted_text() {
    let resolved = sampled(
        r#"
        rule around { severity low from sample where t3 contains "please" or t3 ends with "now" }
        rule inside { severity low from sample where t3 contains "ann@example" }
        rule tokens { severity low from sample where t3 matches /\[[A-Z0-9_]+:/ }
        rule counts { severity low from sample over 1h by t3 let n = count() when n > 1 }
        "#,
    );
    let index = resolved.schema.stream("sample").expect("the stream");
    let stream = &resolved.schema.streams[index];
    let t3 = stream.field("t3").expect("a field").index();
    let mut events = sample(&resolved, 14, 90);
    for (number, event) in events.iter_mut().enumerate() {
        let text =
            ["please mail ann@example.com", "ann@example.com, and now", "please, and now", "nothing"][number % 4];
        event.fields[t3] = Value::text(text);
    }
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &events);
    let engine = engine(folder.path(), &resolved.schema, Limits::default());
    let redacted = engine.archive().events(index, stream).expect("events");
    let range = Range { from: START - DAY, to: START + 30 * DAY };
    let coverage = engine.archive().sources().into_iter().map(|source| (source.source, source.days.0)).collect();
    let expected = |rule: &Rule, events: &[Event]| {
        run(rule, stream, events, &Run { pack: "p", range, coverage: &coverage }).expect("alerts").alerts
    };
    let period = Period::Between { from: Some(range.from), to: Some(range.to) };
    let mut counts = Vec::new();
    for rule in &resolved.rules {
        let found = engine.run(std::slice::from_ref(rule), "p", period).expect("a run").alerts;
        assert!(found == expected(rule, &redacted), "{}: {found:#?}", rule.name);
        counts.push((found.len(), expected(rule, &events).len()));
    }
    let [around, inside, tokens, groups] = counts[..] else { panic!("{counts:?}") };
    assert!(around.0 > 0 && around.0 == around.1, "what stands around is not touched: {around:?}");
    assert!(inside.0 == 0 && inside.1 > 0, "what was taken out is not there: {inside:?}");
    assert!(tokens.0 > 0 && tokens.1 == 0, "a token stands in its place: {tokens:?}");
    assert!(groups.0 > 0 && groups.0 == groups.1, "equal values have equal tokens: {groups:?}");
}

/// Whatever random rules ask of texts in which something was redacted, they are given the redacted ones. What `found` says of them is the
/// logs' answer, see above.
#[test]
fn random_rules_read_redacted_text() {
    const TEXTS: [&str; 6] = [
        "ann@example.com",
        "A ann@example.com b",
        "4111 1111 1111 1111",
        "ab. See YW5uQGV4YW1wbGUuY29t",
        "b@example.com, a@example.com",
        "aB",
    ];
    let resolved = sampled("");
    let index = resolved.schema.stream("sample").expect("the stream");
    let stream = &resolved.schema.streams[index];
    let t3 = stream.field("t3").expect("a field").index();
    let mut events = sample(&resolved, 15, 300);
    for (number, event) in events.iter_mut().enumerate() {
        event.fields[t3] = TEXTS.get(number % 7).map_or(Value::Missing, |text| Value::text(text));
    }
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &resolved.schema, &events);
    let engine = engine(folder.path(), &resolved.schema, Limits::default());
    let redacted = engine.archive().events(index, stream).expect("events");
    let changed = |event: &&Event| event.fields[t3].as_text().is_some_and(|text| !TEXTS.contains(&text));
    assert!(redacted.iter().filter(changed).count() > events.len() / 2, "most texts hold something");
    // Every text that is read is the redacted one, half of what is compared with it stands in it.
    let only = Fields {
        text: random::names(&["t3"]),
        words: random::names(&["[EMAIL:", "ann", "a", "b", "[", "See [", "AB"]),
        ..fields()
    };
    let alerts = random_rules_agree(&engine, stream, &redacted, &only, 2_000_000, |rule| !rule.contains("found(t3"));
    assert!(alerts > 100, "too few alerts to compare anything: {alerts}");
}

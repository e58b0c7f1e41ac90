//! What goes from an archive and what stays: by days, policies and holds, and the sums that are left of calls.

use std::collections::BTreeMap;

use skywatch::archive::{Archive, Claim, Keep, Manifest, Options, ingest, retain, usage};
use skywatch::eval::{Event, Value};
use skywatch::ir::{Hold, Retention};
use skywatch::record::inputs;

use crate::DAY;
use crate::archive::{of_tier, sample, sampled, write};
use crate::support::choices::Choices;
use crate::support::{cases, seeded};

/// Random days, policies and moments: nothing younger than its limit goes, nothing older stays, and a hold wins.
#[test]
fn retention_goes_by_whole_days_of_events() {
    let resolved = sampled("");
    let stream = resolved.schema.stream("sample").expect("the stream");
    let time = resolved.schema.streams[stream].time().index();
    let day_of = |time: i64| time.div_euclid(DAY);
    let mut gone = 0;
    for number in 0..cases(12) {
        let mut choices = Choices::new(seeded(3_000_000 + number, 2_000));
        let folder = tempfile::tempdir().expect("a folder");
        let mut events = sample(&resolved, 300 + number, 60);
        for event in &mut events {
            let day = i64::try_from(choices.below(120)).expect("small");
            let moment = i64::try_from(choices.below(86_400)).expect("small") * 1_000_000;
            event.fields[time] = Value::Time((20_000 + day) * DAY + moment);
        }
        write(folder.path(), &resolved.schema, &events);
        let days = [("sample", 1 + choices.below(120)), ("content", 1 + choices.below(120))];
        let hold = 20_000 + i64::try_from(choices.below(120)).expect("small");
        let policy = Retention {
            days: days.map(|(kind, days)| (kind.to_owned(), i64::try_from(days).expect("small"))).into(),
            holds: vec![Hold { stream: None, from: hold, to: hold + 2, because: "a case".to_owned() }],
        };
        let at = (20_000 + i64::try_from(choices.below(240)).expect("small")) * DAY
            + i64::try_from(choices.below(86_400)).expect("small") * 1_000_000;
        let mut claim = Claim::take(folder.path()).expect("the claim");
        let listed = retain(&mut claim, &resolved.schema, &policy, Some(at), true).expect("a list");
        let retained = retain(&mut claim, &resolved.schema, &policy, Some(at), false).expect("it goes");
        assert_eq!(listed, retained);
        drop(claim);
        let kept: BTreeMap<i64, bool> = Manifest::existing(folder.path())
            .expect("an archive")
            .files
            .values()
            .map(|file| (file.day, file.content.is_some()))
            .collect();
        for day in events.iter().filter_map(|event| event.fields[time].as_time()).map(day_of) {
            // The last moment of the day against the first moment that is kept.
            let over =
                |kind: &str| (day + 1) * DAY <= at - policy.kept(kind) * DAY && !(hold..=hold + 2).contains(&day);
            let expected = if over("sample") { None } else { Some(!over("content")) };
            assert_eq!(kept.get(&day).copied(), expected, "day {day} at {at}: {policy:?}");
            gone += u32::from(expected != Some(true));
        }
        // What is gone from the manifest is gone from the disk.
        let on_disk = |tier: &str| of_tier(folder.path(), tier).len();
        let contents = Manifest::existing(folder.path())
            .expect("an archive")
            .files
            .values()
            .filter(|f| f.content.is_some())
            .count();
        assert_eq!((on_disk("content"), on_disk("keys")), (contents, contents));
    }
    assert!(gone > 50, "{gone}");
}

/// When calls go, hourly sums of them stay, and the sums are theirs.
#[test]
fn sums_of_calls_stay() {
    let mut schema = skywatch::pack::built_in();
    let invocation = schema.stream("invocation").expect("the stream");
    let folder = tempfile::tempdir().expect("a folder");
    let sample =
        crate::support::samples::all().into_iter().find(|sample| sample.source == "aws.bedrock").expect("samples");
    let found = inputs(&sample.files, skywatch::record::Limits::default()).expect("the samples");
    let mut claim = Claim::take(folder.path()).expect("an archive");
    let options = Options { source: Some("aws.bedrock"), ..Options::default() };
    ingest(&mut claim, &schema, &Keep::default(), options, &found.inputs, |_| true).expect("they can be read");
    let sum = |events: &[Event], stream: &skywatch::ir::Stream, name: &str| -> i64 {
        let at = stream.field(name).expect("the field").index();
        events.iter().map(|event| if let Value::Int(n) = event.fields[at] { n } else { 0 }).sum()
    };
    let events = Archive::open(folder.path(), &schema, None)
        .expect("an archive")
        .events(invocation, &schema.streams[invocation])
        .expect("events");
    let calls = i64::try_from(events.len()).expect("small");
    let tokens = sum(&events, &schema.streams[invocation], "tokens.total");
    assert!(calls > 50 && tokens > 10_000);
    let later = events.iter().filter_map(|event| event.fields[0].as_time()).max().expect("a time") + 200 * DAY;
    let gone = retain(&mut claim, &schema, &Retention::default(), Some(later), false).expect("they go");
    assert_eq!(i64::try_from(gone.rows).expect("small"), calls);
    // A second run finds nothing to go, and sums nothing twice.
    assert_eq!(retain(&mut claim, &schema, &Retention::default(), Some(later), false).expect("nothing").rows, 0);
    schema.streams.push(usage());
    let stream = schema.streams.last().expect("the stream");
    let archive = Archive::open(folder.path(), &schema, None).expect("an archive");
    let sums = archive.events(schema.streams.len() - 1, stream).expect("sums");
    assert!(!sums.is_empty() && i64::try_from(sums.len()).expect("small") < calls, "{} sums", sums.len());
    assert_eq!((sum(&sums, stream, "calls"), sum(&sums, stream, "tokens.total")), (calls, tokens));
    assert!(archive.events(invocation, &schema.streams[invocation]).expect("none").is_empty());
    let end = retain(&mut claim, &schema, &Retention::default(), Some(later + 400 * DAY), false).expect("they go too");
    assert_eq!(end.rows, sums.len() as u64);
}

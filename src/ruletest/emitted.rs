//! A test on what is emitted: takes a test, gives for every log and target whether the emitted text, run on that target's emulator over raw
//! records, gives the alerts of the local run over the same records.
//!
//! Events of a stream are turned into raw records of each log that its rule runs on, and read back; given records are taken as they are.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Row};

use super::Case;
use super::raw::records_of;
use super::rows::{apart, difference, missing, rows, selecting, shown_addresses};
use crate::bind::admits;
use crate::diag::Code;
use crate::emulator::{self, Answer, Failure, Kind, LANGUAGES, Language, Record, emulate};
use crate::eval::clock::{parse_time, time_text};
use crate::eval::{self, Alert, Event, Json, Run};
use crate::ir::{Given, Rule, SECOND, Source, Stream};
use crate::pack::{Pack, inside};
use crate::record::{Limits, Mapped, Mapper, as_read, raw_records};
use crate::target::names::{EVENT_ID, TIME, WINDOW_START};
use crate::target::{Emission, Request, TARGETS, Target, Verdict, emit};

/// A test on one log and one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The log; none where it ran over all events at once.
    pub source: Option<String>,
    /// The target, or `datafusion`.
    pub target: &'static str,
    /// How it went.
    pub agreement: Agreement,
}

/// Whether a text gave the local alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// It did: how many alerts that were.
    Agrees(usize),
    /// It did not, and how.
    Differs(String),
    /// There is no text, or none that claims to: why.
    Refused(String),
    /// The text was not run: why.
    NotRun(String),
}

/// A test on every log and target of its rule.
#[must_use]
pub fn lines(pack: &Pack, case: &Case<'_>) -> Vec<Line> {
    let schema = &pack.resolved.schema;
    let mut out = Vec::new();
    for source in schema.sources.iter().filter(|source| admits(case.rule, source)) {
        let log = Log::of(pack, case, source);
        for target in TARGETS {
            let request = Request { range: Some((case.range.from, case.range.to)), ..Request::default() };
            let emissions = emit(case.rule, schema, *target, request);
            for emission in emissions.iter().filter(|emission| emission.source == source.name) {
                let agreement = match (&emission.query.text, &log) {
                    (None, _) => Agreement::Refused(reason(emission)),
                    (Some(_), Err(why)) => Agreement::NotRun(why.clone()),
                    (Some(text), Ok(log)) => log.agreement(case, *target, emission, text),
                };
                out.push(Line { source: Some(source.name.clone()), target: target.info().name, agreement });
            }
        }
    }
    out
}

fn reason(emission: &Emission) -> String {
    emission.query.reasons.first().map(|reason| reason.message.clone()).unwrap_or_default()
}

/// A log that a test gives: raw records, and the events that its source makes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// As an export holds them; those that are made of events arrived at the event's time.
    pub records: Vec<Record>,
    /// What the source makes of them.
    pub events: Vec<Event>,
    /// Whether they were made of a stream's events, and hold no more than these need.
    pub made: bool,
}

impl Log {
    /// What a test gives of a log.
    ///
    /// # Errors
    /// Why there is no such: the test gives other logs' records, or an event that this log can't hold.
    pub fn of(pack: &Pack, case: &Case<'_>, source: &Source) -> Result<Log, String> {
        let mut records = Vec::new();
        let mut of_stream = true;
        for given in &case.test.given {
            match given {
                Given::Events { events, .. } => {
                    for named in events {
                        let event = eval::given::event(case.stream, named);
                        let id = format!("event-{}", records.len());
                        let arrived = event.fields.get(case.stream.time().index()).and_then(eval::Value::as_time);
                        let texts = written(source, case.stream, &event, &id)?;
                        records.extend(texts.into_iter().map(|text| Record { place: None, text, arrived }));
                    }
                }
                Given::Records { source: of, records: some } if *of == source.name => {
                    of_stream = false;
                    records.extend(some.iter().map(|record| as_given(record.to_string())));
                }
                Given::File { source: of, path, .. } if *of == source.name => {
                    of_stream = false;
                    let file = inside(&pack.root, path).map_err(|why| format!("`{path}`: {why}"))?;
                    let take = |_, text| records.push(as_given(text));
                    raw_records(&file, source.files, Limits::default(), take)
                        .map_err(|diagnostic| diagnostic.message)?;
                }
                Given::Records { .. } | Given::File { .. } => of_stream = false,
            }
        }
        if records.is_empty() {
            return Err("the test gives no record of this log".to_owned());
        }
        let texts: Vec<&str> = records.iter().map(|record| record.text.as_str()).collect();
        let events = read(source, case.stream, &texts)?;
        let log = Log { records, events, made: of_stream };
        if log.made {
            let found = log.alerts(case, case.rule)?;
            if let Some(difference) = case.differences(&found).first() {
                return Err(format!("no raw form: read back, {difference}"));
            }
        }
        Ok(log)
    }

    /// The local alerts of a rule over the log.
    fn alerts(&self, case: &Case<'_>, rule: &Rule) -> Result<Vec<Alert>, String> {
        let run = Run { pack: "", range: case.range, coverage: &BTreeMap::new() };
        let found = eval::run(rule, case.stream, &self.events, &run);
        found.map(|found| found.alerts).map_err(|diagnostic| diagnostic.message)
    }

    fn agreement(&self, case: &Case<'_>, target: &dyn Target, emission: &Emission, text: &str) -> Agreement {
        let name = target.info().name;
        let Some(language) = LANGUAGES.iter().copied().find(|language| language.name() == name) else {
            return Agreement::NotRun(format!("there is no emulator of {name}"));
        };
        let emitted = match emitted(language, text, emission, &self.records, (case.range.from, case.range.to)) {
            Ok(rows) => rows,
            Err(failure) if failure.kind == Kind::Unknown => return Agreement::NotRun(failure.message),
            // A record that was made lacks what every record of the log has, which may be what decides.
            Err(failure) if self.made && matches!(failure.kind, Kind::Ambiguous | Kind::BadLogs) => {
                return Agreement::NotRun(format!("no raw form: {}", failure.message));
            }
            Err(failure) => return Agreement::Differs(failure.message),
        };
        let judged = if selects(target) { selecting(case.rule) } else { case.rule.clone() };
        let found = match self.alerts(case, &apart(&judged)) {
            Ok(alerts) => rows(&judged, &alerts, &emission.query.left_out),
            Err(why) => return Agreement::NotRun(why),
        };
        let differs = match claimed(target, emission) {
            Verdict::Exact => difference(&found, &emitted, &shown_addresses(&judged)),
            Verdict::Wider => missing(&judged, &found, &emitted).map(|alert| format!("missing: {alert}")),
            Verdict::Narrower => missing(&judged, &emitted, &found).map(|row| format!("not found locally: {row}")),
            Verdict::Differs | Verdict::Refused => return Agreement::Refused(reason(emission)),
        };
        match differs {
            None => Agreement::Agrees(found.len()),
            Some(how) => Agreement::Differs(how),
        }
    }
}

/// Whether a target's texts only select the events that a rule alerts on, or counts.
#[must_use]
pub fn selects(target: &dyn Target) -> bool {
    target.info().name == "cloud-logging"
}

/// What an emission claims of the rows that are compared: a text that only selects, and says nothing else, selects exactly.
#[must_use]
pub fn claimed(target: &dyn Target, emission: &Emission) -> Verdict {
    let counts_not = emission.query.reasons.iter().all(|reason| reason.code == Code::SelectsOnly);
    if selects(target) && counts_not { Verdict::Exact } else { emission.query.verdict }
}

/// A record that was not made here.
fn as_given(text: String) -> Record {
    Record { place: None, text, arrived: None }
}

/// Raw records of which the source makes the event, and nothing that contradicts it.
fn written(source: &Source, stream: &Stream, event: &Event, id: &str) -> Result<Vec<String>, String> {
    let records = records_of(source, stream, event, id).map_err(|why| format!("no raw form: {why}"))?;
    let records: Vec<String> = records.iter().map(ToString::to_string).collect();
    let texts: Vec<&str> = records.iter().map(String::as_str).collect();
    let read = read(source, stream, &texts)?;
    let [back] = read.as_slice() else { return Err(format!("no raw form: it is read back as {} events", read.len())) };
    let differing = stream.ids().filter(|field| *field != stream.event_id()).find(|field| {
        let value = |event: &Event| event.fields.get(field.index()).cloned().unwrap_or_default();
        value(event).is_present() && value(event) != value(back)
    });
    match differing.and_then(|field| stream.get(field)) {
        Some(field) => Err(format!("no raw form: `{}` comes back as another value", field.name)),
        None => Ok(records),
    }
}

/// The events of raw records.
fn read(source: &Source, stream: &Stream, records: &[&str]) -> Result<Vec<Event>, String> {
    let parsed = records.iter().map(|record| Json::parse(record).map_err(|error| error.to_string()));
    let (whole, rejected) = as_read(source, &parsed.collect::<Result<Vec<_>, _>>()?);
    if let Some((number, reason)) = rejected.first() {
        return Err(format!("record {}: {reason}", number + 1));
    }
    let mut mapper = Mapper::new(source, stream);
    let mut events = Vec::new();
    for record in &whole {
        match mapper.map(record) {
            Mapped::Event(event, _) => events.push(event),
            Mapped::Other => {}
            Mapped::Rejected(reason) => return Err(reason.to_string()),
        }
    }
    mapper.finish().map_err(|diagnostic| diagnostic.message)?;
    Ok(events)
}

/// The rows that a text gives over raw records: a run over a range of event times, late enough that all have arrived.
///
/// # Errors
/// As [`emulate`].
pub fn emitted(
    language: &dyn Language,
    text: &str,
    emission: &Emission,
    records: &[Record],
    (from, to): (i64, i64),
) -> Result<Vec<Row>, Failure> {
    // Azure's records say by their category in which table they are: a query may read several.
    let place = (language.name() != "kql").then(|| emission.place.clone());
    let at_place = |record: &Record| Record { place: place.clone(), ..record.clone() };
    let logs: Vec<Record> = records.iter().map(at_place).collect();
    let run = emulator::Run {
        now: to.saturating_add(emission.delay).saturating_add(86_400 * SECOND),
        // A service that files later than the event has it in the range of filing times that the query's header asks for.
        from: Some(from.saturating_sub(emission.lookback)),
        until: Some(to.saturating_add(emission.delay)),
    };
    emulate(language, text, &logs, &run).map(|answer| as_rows(language, &answer))
}

/// Rows by column, with times as alerts have them; of entries, their time and id.
fn as_rows(language: &dyn Language, answer: &Answer) -> Vec<Row> {
    let entries = language.name() == "cloud-logging";
    let column = |name: &String| match (entries, name.as_str()) {
        (false, _) => Some(name.clone()),
        (true, "timestamp") => Some(TIME.to_owned()),
        (true, "insertId") => Some(EVENT_ID.to_owned()),
        (true, _) => None,
    };
    let columns: Vec<Option<String>> = answer.columns.iter().map(column).collect();
    let cell = |(name, value): (&Option<String>, &emulator::Value)| {
        let name = name.clone()?;
        let value: Row = match value {
            emulator::Value::Span(nanoseconds) => Row::from(*nanoseconds as f64 / 1e9),
            value => serde_json::from_str(&value.to_string()).unwrap_or_default(),
        };
        let is_time = name == WINDOW_START || name == TIME;
        let time = value.as_str().filter(|_| is_time).and_then(parse_time);
        Some((name, time.map_or(value, |time| Row::from(time_text(time)))))
    };
    let row = |values: &Vec<emulator::Value>| columns.iter().zip(values).filter_map(cell).collect::<Map<_, _>>();
    answer.rows.iter().map(|values| Row::Object(row(values))).collect()
}

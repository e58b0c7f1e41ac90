//! A test on what is emitted: takes a test, gives for every log and target whether the emitted text, run on that target's emulator over raw
//! records, gives the alerts of the local run over the same records. Both texts are run: that of a range, and that of a schedule in turns.
//!
//! Events of a stream are turned into raw records of each log that its rule runs on, and read back; given records are taken as they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Row};

use super::Case;
use super::raw::records_of;
use super::rows::{apart, broken, rows, selecting};
use super::turns::Turn;
use crate::bind::admits;
use crate::diag::{Code, Diagnostic};
use crate::emulator::{self, Answer, Failure, Kind, Language, Record, emulate_part, language};
use crate::eval::borrow::{Logs, borrowed};
use crate::eval::clock::{parse_time, time_text};
use crate::eval::{self, Event, Json, Range, Run};
use crate::ir::{Given, Place, Rule, Source, Stream};
use crate::pack::{Pack, inside};
use crate::record::{Limits, Mapped, Mapper, as_read, raw_records};
use crate::target::names::{EVENT_ID, TIME, WINDOW_END, WINDOW_START};
use crate::target::{Condition, Emission, Needs, Request, TARGETS, Target, Verdict, emit};

/// Most turns that a test makes of one query.
const TURNS: usize = 24;

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
            let range = Request { range: Some((case.range.from, case.range.to)), ..Request::default() };
            let of_source =
                |request| emit(case.rule, schema, *target, request).into_iter().filter(|e| e.source == source.name);
            for (over_range, in_turns) in of_source(range).zip(of_source(Request::default())) {
                let agreement = match (&over_range.query.text, &log) {
                    (None, _) => Agreement::Refused(reason(&over_range)),
                    (Some(_), Err(why)) => Agreement::NotRun(why.clone()),
                    (Some(_), Ok(log)) => log.agreement(case, *target, &over_range, &in_turns),
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
    /// Of each source that lends what the rule reads, where targets find its log, and its records.
    pub lent: Vec<(Vec<Place>, Vec<Record>)>,
    /// What the source makes of them, with what it borrows.
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
                Given::Records { .. } | Given::File { .. } => {
                    of_stream = false;
                    records.extend(given_of(pack, given, source)?);
                }
            }
        }
        if records.is_empty() {
            return Err("the test gives no record of this log".to_owned());
        }
        let schema = &pack.resolved.schema;
        let mut logs = Logs::from([(source.stream, read(source, case.stream, &texts_of(&records))?)]);
        let lenders: BTreeSet<&str> =
            source.joins_read(case.rule, case.stream).into_iter().map(|join| join.lender.as_str()).collect();
        let mut lent = Vec::new();
        for lender in lenders.into_iter().filter_map(|lender| schema.source(lender)) {
            let Some(stream) = schema.stream_of(lender.stream) else { continue };
            let given = case.test.given.iter().map(|given| given_of(pack, given, lender));
            let records: Vec<Record> = given.collect::<Result<Vec<_>, _>>()?.concat();
            logs.entry(lender.stream).or_default().extend(read(lender, stream, &texts_of(&records))?);
            lent.push((lender.places.clone(), records));
        }
        let events = borrowed(schema, source.stream, &logs);
        let log = Log { records, lent, events, made: of_stream };
        if log.made {
            let run = Run { pack: "", range: case.range, coverage: &BTreeMap::new() };
            let found =
                eval::run(case.rule, case.stream, &log.events, &run).map_err(|diagnostic| diagnostic.message)?;
            if let Some(difference) = case.differences(&found.alerts).first() {
                return Err(format!("no raw form: read back, {difference}"));
            }
        }
        Ok(log)
    }

    /// Whether the text of the whole range gives the local alerts, and the text that is run in turns gives in each those of its window.
    fn agreement(&self, case: &Case<'_>, target: &dyn Target, over_range: &Emission, in_turns: &Emission) -> Agreement {
        let time = |event: &Event| event.fields.get(case.stream.time().index()).and_then(eval::Value::as_time);
        let times: Vec<i64> = self.events.iter().filter_map(time).collect();
        let whole = self.on_turn(case, target, over_range, &Turn::over(over_range, case.range));
        if !matches!(whole, Agreement::Agrees(_)) {
            return whole;
        }
        let turns = Turn::by_schedule(in_turns, &target.info(), &times, TURNS);
        let mut parts = turns.iter().map(|turn| match self.on_turn(case, target, in_turns, turn) {
            Agreement::Differs(how) => {
                Agreement::Differs(format!("in the run for {}: {how}", time_text(turn.judged.to)))
            }
            other => other,
        });
        parts.find(|part| !matches!(part, Agreement::Agrees(_))).unwrap_or(whole)
    }

    fn on_turn(&self, case: &Case<'_>, target: &dyn Target, emission: &Emission, turn: &Turn) -> Agreement {
        let name = target.info().name;
        let language = language(name);
        let (Some(language), Some(text)) = (language, &emission.query.text) else {
            return Agreement::NotRun(format!("there is no emulator of {name}"));
        };
        // A target that joins nothing reads one log.
        let read = target.info().joins_not.is_none();
        let lent = self.lent.iter().filter(|_| read).flat_map(|(places, records)| {
            let place = places.iter().find(|place| place.kind == target.info().place).map(|place| place.name.clone());
            records.iter().map(move |record| Record { place: place.clone(), ..record.clone() })
        });
        let records: Vec<Record> = self.records.iter().cloned().chain(lent).collect();
        let rows = match emitted(language, text, emission, &records, turn) {
            Ok(rows) => rows,
            Err(failure) if failure.kind == Kind::Unknown => return Agreement::NotRun(failure.message),
            // A record that was made lacks what every record of the log has, which may be what decides.
            Err(failure) if self.made && matches!(failure.kind, Kind::Ambiguous | Kind::BadLogs) => {
                return Agreement::NotRun(format!("no raw form: {}", failure.message));
            }
            Err(failure) => return Agreement::Differs(failure.message),
        };
        let alerts = match local(case.rule, case.stream, &self.events, target, emission, turn.judged) {
            Ok(alerts) => alerts,
            Err(diagnostic) => return Agreement::NotRun(diagnostic.message),
        };
        let claim = claimed(target, emission);
        if matches!(claim, Verdict::Differs | Verdict::Refused) {
            return Agreement::Refused(reason(emission));
        }
        match broken(claim, case.rule, &alerts, &rows) {
            None => Agreement::Agrees(alerts.len()),
            Some(how) => Agreement::Differs(how),
        }
    }
}

/// The local alerts over a log's events that stand against a query's rows; where a target only selects, the events themselves.
///
/// # Errors
/// A pattern that is too large to run.
pub fn local(
    rule: &Rule,
    stream: &Stream,
    events: &[Event],
    target: &dyn Target,
    emission: &Emission,
    range: Range,
) -> Result<Vec<Row>, Diagnostic> {
    let selects = target.info().selects;
    let judged = if selects { selecting(rule) } else { apart(rule) };
    let found = eval::run(&judged, stream, events, &Run { pack: "", range, coverage: &BTreeMap::new() })?;
    let mut alerts = rows(&judged, &found.alerts, &emission.query.left_out);
    if selects {
        // An entry is one row, however many of its elements alert.
        alerts.sort_by_key(Row::to_string);
        alerts.dedup();
    }
    Ok(alerts)
}

/// What an emission claims of the rows that are compared: a text that only selects, and says nothing else, selects exactly.
#[must_use]
pub fn claimed(target: &dyn Target, emission: &Emission) -> Verdict {
    let counts_not = emission.query.reasons.iter().all(|reason| reason.code == Code::SelectsOnly);
    if target.info().selects && counts_not { Verdict::Exact } else { emission.query.verdict }
}

/// The records of a source that a test gives in one place.
fn given_of(pack: &Pack, given: &Given, source: &Source) -> Result<Vec<Record>, String> {
    match given {
        Given::Records { source: of, records } if *of == source.name => {
            Ok(records.iter().map(|record| as_given(record.to_string())).collect())
        }
        Given::File { source: of, path, .. } if *of == source.name => {
            let file = inside(&pack.root, path).map_err(|why| format!("`{path}`: {why}"))?;
            let mut records = Vec::new();
            let take = |_, text| records.push(as_given(text));
            raw_records(&file, source.files, Limits::default(), take).map_err(|diagnostic| diagnostic.message)?;
            Ok(records)
        }
        Given::Events { .. } | Given::Records { .. } | Given::File { .. } => Ok(Vec::new()),
    }
}

fn texts_of(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.text.as_str()).collect()
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
    let mapper = Mapper::new(source, stream);
    let mut events = Vec::new();
    for record in &whole {
        match mapper.map(record) {
            Mapped::Event(event, _) => events.push(event),
            Mapped::Other => {}
            Mapped::Rejected(reason) => return Err(reason.to_string()),
        }
    }
    mapper.check().map_err(|diagnostic| diagnostic.message)?;
    Ok(events)
}

/// The rows that a text gives over raw records in a turn, as far as the caller keeps them.
///
/// # Errors
/// As [`emulate_part`].
pub fn emitted(
    language: &dyn Language,
    text: &str,
    emission: &Emission,
    records: &[Record],
    turn: &Turn,
) -> Result<Vec<Row>, Failure> {
    // Azure's records say by their category in which table they are: a query may read several.
    let named = language.name() != "kql";
    let at_place = |record: &Record| {
        let place = record.place.clone().or_else(|| Some(emission.place.clone())).filter(|_| named);
        Record { place, ..record.clone() }
    };
    let logs: Vec<Record> = records.iter().map(at_place).collect();
    let kept = |answer| turn.kept(as_rows(language, &answer), emission.window.is_some());
    // What the verdict rests on, and the generation of commands that it needs, are no open questions.
    let as_text = emission.query.provided.contains(&Condition::PropertiesAsText);
    let newer = emission.query.needs == Some(Needs::Y2026);
    let answers = [(as_text, "properties-of-diagnostics"), (newer, "number-of-stats")];
    let answered: Vec<&str> = answers.into_iter().filter(|(holds, _)| *holds).map(|(_, question)| question).collect();
    emulate_part(language, text, &logs, &turn.run, &answered, kept)
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
        let is_time = [WINDOW_START, WINDOW_END, TIME].contains(&name.as_str());
        let time = value.as_str().filter(|_| is_time).and_then(parse_time);
        Some((name, time.map_or(value, |time| Row::from(time_text(time)))))
    };
    let row = |values: &Vec<emulator::Value>| columns.iter().zip(values).filter_map(cell).collect::<Map<_, _>>();
    answer.rows.iter().map(|values| Row::Object(row(values))).collect()
}

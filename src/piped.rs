//! Rules over raw records as they come: takes an input with records of one source, and a pack's rules, gives alerts and counts. Nothing is
//! kept: texts of users are read as they are, are not redacted, and go nowhere but into the rules.
//!
//! With DataFusion the rules run while records are read, in bounded memory; without it, the evaluator runs them once all are there. Of records
//! with one id the first that comes counts, where they lie within 24 hours; what is known of ids is as much as two days have.

use std::collections::{BTreeMap, BTreeSet};

use crate::bind::{ForSource, admits, for_source};
use crate::diag::{Code, Diagnostic};
#[cfg(feature = "engine")]
use crate::engine;
use crate::eval::alert::finish;
use crate::eval::{Alert, Event, Outcome, Range, RuleRun, Run, Skipped, Value};
use crate::ir::{ACROSS, FieldId, Rule, SECOND, Source, Stream};
use crate::record::{Input, Item, Known, Limits, MixedReader, Reading, Report};
use crate::schema::Schema;

/// How many events are handed on together.
const EVENTS: usize = 8_192;
const HOUR: i64 = 3_600 * SECOND;
/// What is judged where nobody says: the times that records can have. The end is that of the year 9999.
const ALWAYS: (i64, i64) = (0, 253_402_300_800 * SECOND);

/// What is run, and on what.
#[derive(Debug, Clone, Copy)]
pub struct Piping<'a> {
    /// The pack's rules.
    pub rules: &'a [Rule],
    /// The pack's id.
    pub pack: &'a str,
    /// The pack's schema.
    pub schema: &'a Schema,
    /// Whose records they are.
    pub source: &'a Source,
    /// Where what is judged begins; rules that look back need it.
    pub from: Option<i64>,
    /// Where it ends, likewise.
    pub to: Option<i64>,
    /// What the rules may take.
    #[cfg(feature = "engine")]
    pub limits: engine::Limits,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Piped {
    /// In their order.
    pub alerts: Vec<Alert>,
    /// Every rule of the pack that admits the source, in the order of the rules.
    pub runs: Vec<RuleRun>,
    /// What became of the records.
    pub report: Report,
    /// The end of what is known: no event lies at or behind it.
    pub end: i64,
    /// What it cost.
    #[cfg(feature = "engine")]
    pub costs: engine::Costs,
}

/// The records of an input, once they are read.
#[derive(Debug, Default)]
struct Records {
    report: Report,
    /// The times of the first event and of the last.
    times: Option<(i64, i64)>,
}

/// Runs rules over an input's records.
///
/// # Errors
/// An input that can't be read to its end; rules that look back without a time to judge from; a period without time in it.
pub fn run(piping: &Piping<'_>, input: &Input) -> Result<Piped, Diagnostic> {
    let Piping { rules, pack, schema, source, from, to, .. } = *piping;
    let range = range(rules, from, to)?;
    let Some(stream) = schema.stream_of(source.stream) else { return Ok(Piped::default()) };
    // There is one log, so nothing that another could lend.
    let alone = source.alone();
    let (mut runs, mut judged) = (Vec::new(), Vec::new());
    for rule in rules.iter().filter(|rule| admits(rule, source)) {
        let mut run = RuleRun::new(rule, if rule.is_across() { ACROSS } else { &source.name });
        match for_source(rule, &alone, stream) {
            ForSource::Rule(rule, left_out) => {
                run.left_out = left_out;
                judged.push(*rule);
                runs.push((run, true));
                continue;
            }
            ForSource::Refused(why) => run.skipped = Some(Skipped::Absent(why)),
            ForSource::Never => run.skipped = Some(Skipped::NeverFires),
        }
        runs.push((run, false));
    }
    #[cfg(feature = "engine")]
    let (records, rows) = engine::piped(&judged, stream, &source.name, range, piping.limits, |take| {
        read(piping, &judged, stream, input, take)
    })?;
    #[cfg(not(feature = "engine"))]
    let (records, events) = {
        let mut events = Vec::new();
        let records = read(piping, &judged, stream, input, &mut |mut some| {
            events.append(&mut some);
            true
        })?;
        (records, events)
    };
    // What came before the first event is not known.
    let coverage: BTreeMap<String, i64> =
        records.times.iter().map(|(first, _)| (source.name.clone(), *first)).collect();
    let under = Run { pack, range, coverage: &coverage };
    let mut piped = Piped { report: records.report, ..Piped::default() };
    piped.end = records.times.map_or(range.to, |(_, last)| range.to.min(last.saturating_add(1)));
    #[cfg(feature = "engine")]
    let found = {
        piped.costs.0.push(rows.cost.clone());
        rows.outcomes(&under)
    };
    #[cfg(not(feature = "engine"))]
    let found = judged.iter().map(|rule| crate::eval::run(rule, stream, &events, &under)).collect::<Vec<_>>();
    let mut found = found.into_iter();
    for (mut run, is_judged) in runs {
        match found.by_ref().take(usize::from(is_judged)).next() {
            Some(Ok(Outcome { alerts, lost_to_missing_keys, undecided })) => {
                piped.alerts.extend(alerts);
                (run.lost_to_missing_keys, run.short_past) = (lost_to_missing_keys, undecided);
            }
            Some(Err(why)) => run.skipped = Some(Skipped::Failed(why)),
            None => {}
        }
        piped.runs.push(run);
    }
    finish(pack, &mut piped.alerts);
    Ok(piped)
}

/// What is judged.
fn range(rules: &[Rule], from: Option<i64>, to: Option<i64>) -> Result<Range, Diagnostic> {
    let looking = rules.iter().find(|rule| !rule.looks.is_empty());
    if let Some(rule) = looking.filter(|_| from.is_none() || to.is_none()) {
        let message = format!("`{}` looks back, and nobody says from when to when it is judged", rule.name);
        return Err(Diagnostic::error(Code::BadArgument, message)
            .at(rule.span, "")
            .help("give `--from` and `--to`, and records of the time before; or choose rules with `--rule`"));
    }
    let range = Range { from: from.unwrap_or(ALWAYS.0), to: to.unwrap_or(ALWAYS.1) };
    if range.from >= range.to {
        return Err(Diagnostic::error(Code::BadArgument, "nothing lies between `--from` and `--to`")
            .help("give a start that is before the end"));
    }
    Ok(range)
}

/// Reads an input to its end, and hands on its events without duplicates, as far as somebody takes them.
fn read(
    piping: &Piping<'_>,
    rules: &[Rule],
    stream: &Stream,
    input: &Input,
    take: &mut dyn FnMut(Vec<Event>) -> bool,
) -> Result<Records, Diagnostic> {
    let Piping { schema, source, .. } = *piping;
    let Some(reader) = MixedReader::of(schema, &source.name, Limits::default()) else { return Ok(Records::default()) };
    let own = [stream.time(), stream.event_id()];
    let mut reader = reader.only(&rules.iter().flat_map(|rule| rule.fields(stream)).chain(own).collect());
    let mut opened = reader.open(input, &Reading { once: true, ..Reading::default() })?;
    let mut records = Records::default();
    let mut handing = Handing { stream, known: Known::default(), forgot: i64::MIN, times: None, take };
    let (mut held, mut more) = (Vec::new(), true);
    while more {
        more = reader.advance(&mut opened, &mut |_, item| held.push(item))?;
        if held.len() >= EVENTS || !more {
            let mut duplicates = BTreeSet::new();
            for settled in reader.settle(|_, _| Ok(&handing.known))? {
                records.report.add(settled.report);
                duplicates.extend(settled.duplicates);
            }
            more &= handing.hand(std::mem::take(&mut held), &duplicates);
        }
    }
    reader.close(opened)?;
    let (settled, _) = reader.finish(|_, item| held.push(item), |_, _| Ok(&handing.known))?;
    let mut duplicates = BTreeSet::new();
    for settled in settled {
        records.report.add(settled.report);
        duplicates.extend(settled.duplicates);
    }
    handing.hand(held, &duplicates);
    records.times = handing.times;
    Ok(records)
}

/// Events on their way to rules.
struct Handing<'a> {
    stream: &'a Stream,
    /// The ids of those that were handed on.
    known: Known,
    /// The time of the last event when ids were last forgotten: to look through all of them takes its time.
    forgot: i64,
    times: Option<(i64, i64)>,
    take: &'a mut dyn FnMut(Vec<Event>) -> bool,
}

impl Handing<'_> {
    /// Hands on what is an event and no duplicate; whether more is wanted.
    fn hand(&mut self, items: Vec<Item>, duplicates: &BTreeSet<u64>) -> bool {
        let event = |item| match item {
            Item::Event(number, event) if !duplicates.contains(&number) => Some(event),
            Item::Event(..) | Item::Quarantined(_) => None,
        };
        let events: Vec<Event> = items.into_iter().filter_map(event).collect();
        for event in &events {
            let value = |id: FieldId| event.fields.get(id.index());
            let Some(time) = value(self.stream.time()).and_then(Value::as_time) else { continue };
            self.known.add(value(self.stream.event_id()).and_then(Value::as_text).unwrap_or_default(), time);
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
        if let Some((_, last)) = self.times
            && last.saturating_sub(self.forgot) >= HOUR
        {
            self.known.forget(last.saturating_sub(24 * HOUR));
            self.forgot = last;
        }
        (self.take)(events)
    }
}

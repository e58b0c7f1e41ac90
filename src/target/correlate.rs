//! A correlation on a target: takes it with its pack's rules, gives one query over the alerts of its members, or says why there is none.
//!
//! The query has a row for each alert of each member on each source, as a local run has them, and asks which came together. An alert of a
//! correlation is told once all that may be part of it is known: the length of its members' longest window behind its end.
//!
//! A query can't take alerts out once an alert of the correlation was about them, so it is exact where that changes nothing: `any of`, whose
//! alerts are the moments of its members', and `A then no B`, which asks each moment of `A` for itself. Else it is wider. `at least` gives an
//! alert from every alert that it could begin with, and a local run from those of them that are not spent. After an alert of a chain's first
//! step it takes, for each step, so many of the next alerts as those before it may have spent, one more, and no others.

use super::emit::{Emission, Ready, Target, emit_one, refused};
use super::{Condition, EVENT_RULE_STEP, Info, Judges, Lowering, Query, Request, Verdict};
use crate::bind::{ForSource, admits, for_source, located};
use crate::diag::{Code, Diagnostic};
use crate::ir::{
    Aggregate, AggregateFunction, Binding, CORRELATION, Correlation, Expr, ExprKind, Member, MemberKey, Occurs, Place,
    Question, Rewrite, Rule, Source, Stream, Type, duration,
};
use crate::schema::Schema;

/// What a correlation asks of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Alerts<'a> {
    /// Where its alerts have the correlation's keys.
    pub keys: &'a [MemberKey],
    /// Which of its windows and events are judged where no range is asked for.
    pub reach: Reach,
}

/// The windows that end in (E − back, E], and the events in [E − back, E); E is the last multiple of `every` at least `delay` before now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// In microseconds, like the others.
    pub every: i64,
    /// Of the log that is waited for longest.
    pub delay: i64,
    /// A multiple of the rule's step; without `over` of anything.
    pub back: i64,
}

/// A member on a source.
struct Part<'a> {
    /// The rule as it was written.
    rule: &'a Rule,
    source: &'a Source,
    stream: &'a Stream,
    place: &'a Place,
    ready: Ready,
    alerts: Alerts<'a>,
}

/// A correlation to lower, and what there is to say about it.
pub struct Correlating<'a> {
    /// Over alerts of rules, none of other correlations.
    pub correlation: &'a Correlation,
    /// What the user asked for.
    pub request: Request,
    /// How often it is run.
    pub every: i64,
    /// How long before now a run ends.
    pub delay: i64,
    info: Info,
    parts: Vec<Part<'a>>,
    provided: Vec<Condition>,
    reasons: Vec<Diagnostic>,
}

/// What a correlation comes to on a target.
#[must_use]
pub fn emit_correlation(
    correlation: &Correlation,
    rules: &[Rule],
    schema: &Schema,
    target: &dyn Target,
    request: Request,
) -> Emission {
    let info = target.info();
    let members = members(correlation, rules, &info);
    let steps = members.iter().flatten().map(|(_, rule)| rule.window.as_ref().map_or(EVENT_RULE_STEP, |w| w.step));
    let mut emission = Emission {
        rule: correlation.name.clone(),
        source: CORRELATION.to_owned(),
        target: info.name,
        place: String::new(),
        query: refused(Vec::new()),
        window: None,
        every: steps.min().unwrap_or(EVENT_RULE_STEP),
        lookback: 0,
        delay: 0,
    };
    let parts = members.and_then(|members| {
        let found = members.iter().map(|(member, rule)| parts(member, rule, schema, target, request));
        super::said::gather(found.collect::<Vec<_>>())
    });
    let mut parts: Vec<Part<'_>> = match parts {
        Ok(parts) => parts.into_iter().flatten().collect(),
        Err(reasons) => {
            emission.query = refused(reasons);
            return emission;
        }
    };
    if parts.is_empty() {
        let reason = Diagnostic::error(Code::NotExpressible, "none of its members runs on any log");
        let way_out = "`skywatch coverage` says what each lacks";
        emission.query = refused(vec![reason.at(correlation.span, "").help(way_out)]);
        return emission;
    }
    let delay = parts.iter().map(|part| part.source.settled()).max().unwrap_or_default();
    let back = back(correlation).saturating_add(emission.every);
    for part in &mut parts {
        part.alerts.reach = Reach { every: emission.every, delay, back: part.steps(back) };
    }
    let mut places: Vec<&str> = parts.iter().map(|part| part.place.name.as_str()).collect();
    places.sort_unstable();
    places.dedup();
    emission.place = places.join(", ");
    emission.lookback = parts.iter().map(Part::lookback).max().unwrap_or_default();
    emission.delay = delay;
    let every = emission.every;
    let mut cx =
        Correlating { correlation, request, every, delay, info, parts, provided: Vec::new(), reasons: Vec::new() };
    let text = target.correlation(&mut cx);
    emission.query = cx.query(text);
    emission.hold_to(&info, correlation.span, None, "name fewer sources after `only`, or split it");
    emission
}

/// How far before its end a run judges members, besides its step: an alert is told `longest` behind its end and begins at most `within`
/// before that; what follows in a chain may have a window of its own, and what is before its first alert has spent what follows.
fn back(correlation: &Correlation) -> i64 {
    let Correlation { within, longest, .. } = correlation;
    match &correlation.occurs {
        Occurs::AtLeast(1) => *longest,
        Occurs::AtLeast(_) => longest.saturating_add(*within),
        Occurs::Chain { steps, without: Some(_) } if steps.len() == 1 => longest.saturating_add(*within),
        Occurs::Chain { .. } => longest.saturating_add(*within).saturating_mul(2),
    }
}

/// The rules that are its members; what is no rule, and a target that correlates nothing, refuses.
fn members<'a>(
    correlation: &'a Correlation,
    rules: &'a [Rule],
    info: &Info,
) -> Result<Vec<(&'a Member, &'a Rule)>, Vec<Diagnostic>> {
    let refuse = |message: String, way_out: &str| {
        Diagnostic::error(Code::NotExpressible, message).at(correlation.span, "").help(way_out)
    };
    if let Some(why) = info.correlates_not {
        let within = duration(correlation.within);
        let message = format!("a {} can't ask for alerts within {within} of one another: {why}", info.title);
        return Err(vec![refuse(
            message,
            "run the pack over an archive, or deliver its members' alerts and correlate those",
        )]);
    }
    let found = correlation.members.iter().map(|member| match rules.iter().find(|rule| rule.name == member.name) {
        Some(rule) => Ok((member, rule)),
        None => {
            let message = format!("`{}` is a correlation, and a query reads alerts of rules only", member.name);
            Err(vec![refuse(message, "name its members instead, or run the pack over an archive")])
        }
    });
    super::said::gather(found)
}

/// A member on the sources that it reads, all of which must be there and exact.
fn parts<'a>(
    member: &'a Member,
    rule: &'a Rule,
    schema: &'a Schema,
    target: &dyn Target,
    request: Request,
) -> Result<Vec<Part<'a>>, Vec<Diagnostic>> {
    let info = target.info();
    let Some(stream) = schema.stream_of(rule.stream) else { return Ok(Vec::new()) };
    let asked = alerting(rule, stream);
    let (mut parts, mut outside, mut weaker, mut borrowing) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for source in schema.sources.iter().filter(|source| admits(rule, source)) {
        // What no local run finds there, nothing lacks.
        if !matches!(for_source(rule, &located(source, stream), stream), ForSource::Rule(..)) {
            continue;
        }
        let Some(place) = source.place(info.place) else {
            outside.push(source.name.as_str());
            continue;
        };
        if !source.joins_read(&asked, stream).is_empty() {
            borrowing.push(source.name.as_str());
            continue;
        }
        let Some(emission) = emit_one(rule, (source, schema), stream, target, request) else { continue };
        let ready = Ready::of(&asked, source, (stream, place), false);
        match (emission.query.verdict, ready) {
            (Verdict::Exact, Some(Ok(ready))) => {
                let alerts = Alerts { keys: &member.keys, reach: Reach { every: 0, delay: 0, back: 0 } };
                parts.push(Part { rule, source, stream, place, ready, alerts });
            }
            (verdict, _) => weaker.push((source.name.as_str(), verdict)),
        }
    }
    if outside.is_empty() && weaker.is_empty() && borrowing.is_empty() {
        return Ok(parts);
    }
    let weak = |verdict: Verdict| {
        let on: Vec<&str> = weaker.iter().filter(|(_, of)| *of == verdict).map(|(source, _)| *source).collect();
        (!on.is_empty()).then(|| format!("{} on {}", verdict.text(), on.join(", ")))
    };
    let mut why: Vec<String> = Verdict::ALL.into_iter().filter_map(weak).collect();
    if !outside.is_empty() {
        why.push(format!("no place for {}", outside.join(", ")));
    }
    if !borrowing.is_empty() {
        let names: Vec<String> = borrowing.iter().map(|source| format!("`{source}`")).collect();
        why.push(format!("it reads what {} borrows of another log", names.join(", ")));
    }
    let message = format!("{} does not have all alerts of `{}`: {}", info.name, rule.name, why.join("; "));
    let exact: Vec<&str> = parts.iter().map(|part| part.source.name.as_str()).collect();
    let way_out = match exact.is_empty() {
        true => "run the pack over an archive".to_owned(),
        false => format!("write `only {}` on `{}`, or run the pack over an archive", exact.join(", "), rule.name),
    };
    Err(vec![Diagnostic::error(Code::NotExpressible, message).at(rule.span, "").help(way_out)])
}

/// The rule without what its alerts are not asked for, with the times of the first and the last row of a window as its last two measures.
fn alerting(rule: &Rule, stream: &Stream) -> Rule {
    let mut rule = rule.clone();
    rule.show.clear();
    rule.severity.arms.clear();
    rule.looks.truncate(if asks(&rule) { rule.looks.len() } else { 0 });
    if rule.window.is_none() {
        return rule;
    }
    let read = read_measures(&rule);
    let kept: Vec<usize> = (0..rule.measures.len()).filter(|n| read.contains(n)).collect();
    let mut number = 0..;
    rule.measures.retain(|_| number.next().is_some_and(|n: usize| kept.contains(&n)));
    let mut rule = rule.rewrite(&mut Numbered(kept));
    for (name, function) in [("first_event", AggregateFunction::Min), ("last_event", AggregateFunction::Max)] {
        let (ty, span) = (Type::Time, rule.span);
        let args = vec![Expr::new(ExprKind::Field(stream.time()), ty.clone(), span)];
        let value = Expr::new(ExprKind::Aggregate(rule.aggregates.len()), ty.clone(), span);
        rule.aggregates.push(Aggregate { function, args, filter: None, ty, span });
        rule.measures.push(Binding { name: name.to_owned(), value });
    }
    rule
}

/// Whether `when` looks back.
fn asks(rule: &Rule) -> bool {
    let mut found = false;
    rule.when.walk(&mut |expr| found |= matches!(expr.kind, ExprKind::Look(_)));
    found
}

/// The measures that `when` and look-backs read, directly or through others.
fn read_measures(rule: &Rule) -> Vec<usize> {
    let mut open = Vec::new();
    let mut visit = |expr: &Expr| {
        if let ExprKind::Measure(n) = expr.kind {
            open.push(n);
        }
    };
    rule.when.walk(&mut visit);
    let values = rule.looks.iter().filter_map(|look| match &look.question {
        Question::Baseline(value, _) => Some(value),
        _ => None,
    });
    values.for_each(|value| value.walk(&mut visit));
    let mut read = Vec::new();
    while let Some(n) = open.pop() {
        if !read.contains(&n) {
            read.push(n);
            if let Some(measure) = rule.measures.get(n) {
                measure.value.walk(&mut |expr| {
                    if let ExprKind::Measure(n) = expr.kind {
                        open.push(n);
                    }
                });
            }
        }
    }
    read
}

/// Measures by their place among those that are kept.
struct Numbered(Vec<usize>);

impl Rewrite for Numbered {
    fn expr(&mut self, expr: Expr) -> Expr {
        match expr.kind {
            ExprKind::Measure(n) => match self.0.iter().position(|kept| *kept == n) {
                Some(place) => Expr { kind: ExprKind::Measure(place), ..expr },
                None => expr,
            },
            _ => expr,
        }
    }
}

impl Part<'_> {
    /// So long a time in whole steps of the rule, and one more where it must be known whether a window continues an alert.
    fn steps(&self, back: i64) -> i64 {
        let Some(window) = &self.rule.window else { return back };
        let step = window.step.max(1);
        // What has no rows happened at its end, which may be where the reach begins.
        let back = back.saturating_add(i64::from(self.rule.asks_for_silence()));
        let whole = (back / step).saturating_add(i64::from(back % step > 0));
        whole.saturating_add(i64::from(window.merges)).saturating_mul(step)
    }

    fn lookback(&self) -> i64 {
        let window = self.rule.window.as_ref().map_or(0, |window| window.length);
        let parts = self.source.assemble.as_ref().map_or(0, |assemble| assemble.within);
        [window, super::windows::past(self.rule), parts]
            .iter()
            .fold(self.alerts.reach.back, |a, b| a.saturating_add(*b))
    }
}

impl Correlating<'_> {
    /// What each part's rows are lowered with, in their order.
    pub(super) fn lowerings(&self) -> impl Iterator<Item = Lowering<'_>> {
        self.parts.iter().map(|part| {
            let request = Request { range: self.request.range.map(|range| part.range(range)), ..self.request };
            let cx = Lowering::new(&part.ready.bound, part.source, part.place, request);
            Lowering { alerts: Some(part.alerts), ..cx }
        })
    }

    /// Lowers all parts; none where one of them is refused, or is not exact after all.
    pub(super) fn lower<T>(&mut self, mut lower: impl FnMut(&mut Lowering<'_>) -> Option<T>) -> Option<Vec<T>> {
        let (mut lowered, mut provided, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
        for (part, mut cx) in self.parts.iter().zip(self.lowerings()) {
            let rows = part.ready.lower(part.rule, &mut cx, (part.stream, &self.info), &mut lower);
            match rows.filter(|_| cx.verdict == Verdict::Exact) {
                Some(rows) => lowered.push(rows),
                None => reasons.extend(cx.reasons),
            }
            provided.extend(cx.provided);
        }
        let whole = lowered.len() == self.parts.len();
        self.provided.extend(provided);
        self.reasons.extend(reasons);
        whole.then_some(lowered)
    }

    /// The range in which the alerts of the correlation end that a run tells, from the first moment to before the other: of the run's own end
    /// where no range is asked for. With a range, what must not come is undecided from here on, and nothing else.
    pub(super) fn told(&self) -> (i64, i64) {
        let longest = self.correlation.longest;
        (self.every.saturating_add(longest), longest)
    }

    /// Whether alerts that end too late in a range are undecided.
    pub(super) fn waits(&self) -> bool {
        matches!(self.correlation.occurs, Occurs::Chain { without: Some(_), .. })
    }

    /// What was said, with the text.
    fn query(mut self, text: Option<String>) -> Query {
        let Some(text) = text else { return refused(self.reasons) };
        // Windows that follow one another are one alert in the query already.
        self.provided.retain(|condition| *condition != Condition::RepeatsAreMerged);
        let furthest = |wanted: fn(&Condition) -> Option<i64>| self.provided.iter().filter_map(wanted).max();
        let late = furthest(|condition| match condition {
            Condition::EventsArriveWithin(us) => Some(*us),
            _ => None,
        });
        let held = furthest(|condition| match condition {
            Condition::LogHolds(us) => Some(*us),
            _ => None,
        });
        self.provided.retain(|condition| match condition {
            Condition::EventsArriveWithin(us) => Some(*us) == late,
            Condition::LogHolds(us) => Some(*us) == held,
            _ => true,
        });
        self.provided.sort();
        self.provided.dedup();
        let wider = self.wider();
        Query {
            verdict: if wider.is_some() { Verdict::Wider } else { Verdict::Exact },
            provided: self.provided,
            left_out: Vec::new(),
            reasons: wider.into_iter().collect(),
            text: Some(text),
            judges: if self.request.range.is_some() { Judges::AllWindows } else { Judges::OneWindow },
            needs: None,
        }
    }

    /// Why it may tell more than a local run; none where it does not.
    fn wider(&self) -> Option<Diagnostic> {
        let message = match &self.correlation.occurs {
            Occurs::AtLeast(1) => return None,
            Occurs::Chain { steps, without: Some(_) } if steps.len() == 1 => return None,
            Occurs::AtLeast(_) => "an alert may begin with one that an alert before it was about already",
            Occurs::Chain { .. } => "what follows may have followed an alert before already",
        };
        let way_out = "run the pack over an archive, where alerts that one was about are spent";
        Some(Diagnostic::warning(Code::Weaker, message).at(self.correlation.span, "").help(way_out))
    }
}

impl Part<'_> {
    /// The range in which the rule is judged: a step earlier where it must be known whether a window continues an alert.
    fn range(&self, (from, to): (i64, i64)) -> (i64, i64) {
        let earlier = self.rule.window.as_ref().filter(|window| window.merges).map_or(0, |window| window.step);
        (from.saturating_sub(earlier), to)
    }
}

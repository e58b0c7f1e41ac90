//! One rule, one source, one target in; the query with everything that is to be said of it out. The same for all targets.

use serde_json::{Value, json};

use super::borrow::Borrowing;
use super::correlate::Correlating;
use super::found::{Patterns, as_patterns, without_asking};
use super::shown::addresses_as_written;
use super::windows::past;
use super::{Backend, Condition, EVENT_RULE_STEP, Info, Judges, Lowering, Needs, Query, Request, Scheduler, Verdict};
use crate::bind::{Bound, BoundRule, Widened, admits, bind, told_rule, widened};
use crate::diag::{Code, Diagnostic, reasons};
use crate::ir::{
    AggregateFunction, Comparison, Expr, ExprKind, Place, PlaceKind, Pred, PredKind, Proviso, Rule, SECOND, Source,
    Stream, Tier,
};
use crate::schema::Schema;
use crate::source::Span;

/// A target with its tree's type erased.
pub trait Target: Sync {
    /// What is known of it.
    fn info(&self) -> Info;

    /// Lowers and prints; the text is none where the rule was refused.
    fn query(&self, cx: &mut Lowering<'_>) -> Option<String>;

    /// The same for a correlation.
    fn correlation(&self, cx: &mut Correlating<'_>) -> Option<String>;
}

impl<B: Backend> Target for B {
    fn info(&self) -> Info {
        B::INFO
    }

    fn query(&self, cx: &mut Lowering<'_>) -> Option<String> {
        let tree = self.lower(cx)?;
        (cx.verdict != Verdict::Refused).then(|| self.print(&tree))
    }

    fn correlation(&self, cx: &mut Correlating<'_>) -> Option<String> {
        self.correlate(cx).map(|tree| self.print(&tree))
    }
}

/// What became of a rule on a source and a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Emission {
    /// The rule's name.
    pub rule: String,
    /// The source's name.
    pub source: String,
    /// The target's name.
    pub target: &'static str,
    /// Log group, table or log.
    pub place: String,
    /// The query and its verdict.
    pub query: Query,
    /// Length of the rule's window in microseconds; none without `over`.
    pub window: Option<i64>,
    /// How often to run it, in microseconds.
    pub every: i64,
    /// How far back from its end one run reads, in microseconds: its window, what its look-backs reach before that, and as far as the
    /// records of an event may lie apart.
    pub lookback: i64,
    /// How long before now a run's range ends, in microseconds.
    pub delay: i64,
}

/// Emits a rule for every source of its stream that has a place on the target, in the order of the schema. A source on which the rule can
/// never fire gives nothing.
#[must_use]
pub fn emit(rule: &Rule, schema: &Schema, target: &dyn Target, request: Request) -> Vec<Emission> {
    let Some(stream) = schema.stream_of(rule.stream) else { return Vec::new() };
    schema
        .sources
        .iter()
        .filter(|source| admits(rule, source))
        .filter_map(|source| emit_one(rule, (source, schema), stream, target, request))
        .collect()
}

/// A rule over the records of a log in its place, and what was done to it on the way.
#[derive(Debug)]
pub(super) struct Ready {
    /// The rule as lowering takes it.
    pub(super) bound: BoundRule,
    widenings: Vec<Widened>,
    patterns: Patterns,
}

impl Ready {
    /// Binds a rule to a log; `portable`: for CloudWatch's older commands.
    pub(super) fn of(
        rule: &Rule,
        source: &Source,
        (stream, place): (&Stream, &Place),
        portable: bool,
    ) -> Option<Result<Ready, Vec<Diagnostic>>> {
        let (sought, patterns) = as_patterns(rule);
        let (searched, widenings) = if portable { widened(&sought, source) } else { (sought, Vec::new()) };
        match bind(&searched, source, stream) {
            Bound::Never => None,
            Bound::Refused(reasons) => Some(Err(reasons)),
            Bound::Rule(mut bound) => {
                addresses_as_written(&mut bound.rule);
                Some(Ok(Ready { bound: told_rule(*bound, place), widenings, patterns }))
            }
        }
    }

    /// Lowers what it is, and says what is to be said of it whatever the target; none where it is refused.
    pub(super) fn lower<T>(
        &self,
        rule: &Rule,
        cx: &mut Lowering<'_>,
        (stream, info): (&Stream, &Info),
        lower: impl FnOnce(&mut Lowering<'_>) -> Option<T>,
    ) -> Option<T> {
        let source = cx.source;
        if let Some(refusal) = runs_locally(rule, info) {
            cx.refuse(refusal);
            return None;
        }
        if source.assemble.is_some() && !info.assembles {
            cx.refuse(several_records(rule, source, info));
            return None;
        }
        if !rule.looks.is_empty() {
            cx.provided(Condition::LogHolds(rule.looks_back()));
        }
        if reads_content(rule, stream) {
            cx.provided(Condition::RedactionChangedNothing);
        }
        let lenders = cx.lendings.iter().flat_map(|lending| lending.lender.provided.iter().copied());
        for proviso in source.provided.iter().copied().chain(lenders).collect::<Vec<_>>() {
            cx.provided(match proviso {
                Proviso::NotSampled => Condition::NotSampled,
                Proviso::PropertiesAsText => Condition::PropertiesAsText,
            });
        }
        let lowered = lower(cx);
        self.patterns.tell(cx);
        for (positive, test, reason) in &self.widenings {
            let verdict = if *positive { Verdict::Wider } else { Verdict::Narrower };
            cx.weaken(verdict, wider(test, reason));
        }
        let lowered = lowered.filter(|_| cx.verdict != Verdict::Refused);
        // More rows may make fewer alerts, and fewer rows more, unless `when` asks for many.
        let selects = cx.reasons.iter().any(|reason| reason.code == Code::SelectsOnly);
        let of_others = rule.window.is_some() || !rule.looks.is_empty();
        let of_other_rows = matches!(cx.verdict, Verdict::Wider | Verdict::Narrower) && of_others && !selects;
        if of_other_rows && !asks_for_many(&rule.when, rule) {
            cx.weaken(Verdict::Differs, other_rows(&rule.when));
        }
        lowered
    }
}

pub(super) fn emit_one(
    rule: &Rule,
    (source, schema): (&Source, &Schema),
    stream: &Stream,
    target: &dyn Target,
    request: Request,
) -> Option<Emission> {
    let info = target.info();
    let place = source.place(info.place)?;
    let step = rule.window.as_ref().map_or(EVENT_RULE_STEP, |w| w.step);
    let length = rule.window.as_ref().map(|w| w.length);
    let portable = info.place == PlaceKind::CloudWatch && request.cloudwatch == Needs::Portable;
    let borrowing = Borrowing::of(rule, source, schema, stream, &info);
    let attempt = |borrowing: Borrowing<'_>| {
        Some(match Ready::of(rule, &borrowing.source, (stream, place), portable)? {
            Err(reasons) => (refused(borrowing.refusals(rule, stream, reasons)), 0, source.settled()),
            Ok(ready) => {
                let mut cx =
                    Lowering { lendings: borrowing.lendings, ..Lowering::new(&ready.bound, source, place, request) };
                if !cx.lendings.is_empty() {
                    cx.provided(Condition::LogsLieTogether);
                }
                let within = cx.lendings.iter().map(|lending| lending.join.within).max().unwrap_or_default();
                let settled = cx.settled();
                let text = ready.lower(rule, &mut cx, (stream, &info), |cx| target.query(cx));
                (query(cx, text), within, settled)
            }
        })
    };
    let alone = (!borrowing.lendings.is_empty()).then(|| borrowing.alone());
    let (mut query, mut within, mut settled) = attempt(borrowing)?;
    // What the lender's records can't be read for there may only show.
    if let Some(other) = alone.filter(|_| query.text.is_none()).and_then(attempt).filter(|other| other.0.text.is_some())
    {
        (query, within, settled) = other;
    }
    let mut emission = Emission {
        rule: rule.name.clone(),
        source: source.name.clone(),
        target: info.name,
        place: place.name.clone(),
        query,
        window: length,
        every: step,
        lookback: length
            .unwrap_or(step)
            .saturating_add(past(rule))
            .saturating_add(source.assemble.as_ref().map_or(0, |assemble| assemble.within))
            .saturating_add(within),
        delay: settled,
    };
    emission.hold_to(&info, rule.span, longest(rule), "shorten its lists and tables, or split the rule");
    Some(emission)
}

/// The `case` that a rule has most constants for, where they are many: a lookup in a large table.
fn longest(rule: &Rule) -> Option<(Span, usize)> {
    const MANY: usize = 50;
    let mut longest = None;
    rule.walk(&mut |expr| {
        let ExprKind::Case(arms, _) = &expr.kind else { return };
        let of_arm = |(when, _): &(Pred, Expr)| match &when.kind {
            PredKind::OneOf { options, .. } => options.len() + 1,
            _ => 2,
        };
        let constants = arms.iter().map(of_arm).sum();
        if constants > longest.map_or(MANY, |(_, most)| most) {
            longest = Some((expr.span, constants));
        }
    });
    longest
}

fn several_records(rule: &Rule, source: &Source, info: &Info) -> Diagnostic {
    let message =
        format!("events of `{}` are made of several records, which {} can't put together", source.name, info.title);
    Diagnostic::error(Code::NotExpressible, message).at(rule.span, "").help("run the rule over an archive")
}

/// What no target is asked for.
fn runs_locally(rule: &Rule, info: &Info) -> Option<Diagnostic> {
    let title = info.title;
    let across =
        rule.window.as_ref().filter(|window| window.across).map(|window| (window.span, "all sources together"));
    let looks = rule.looks.first().filter(|_| !info.looks_back);
    let (span, what) = looks.map(|look| (look.span, "the time before a window")).or(across)?;
    let message = format!("a query for {title} does not ask {what}");
    Some(Diagnostic::error(Code::NotExpressible, message).at(span, "").help("run the rule over an archive"))
}

fn wider(test: &Pred, reason: &str) -> Diagnostic {
    let message = format!("the record's texts are searched as a whole: {reason}");
    Diagnostic::warning(Code::Weaker, message)
        .at(test.span, "")
        .help("newer commands tell them apart: --cloudwatch 2026")
}

fn other_rows(when: &Pred) -> Diagnostic {
    Diagnostic::warning(
        Code::Weaker,
        "`when` is asked of other events than the rule's, and more of them can end an alert",
    )
    .at(when.span, "")
    .help("ask for a count above a number")
}

pub(super) fn refused(reasons: Vec<Diagnostic>) -> Query {
    Query {
        verdict: Verdict::Refused,
        provided: Vec::new(),
        left_out: Vec::new(),
        reasons,
        text: None,
        judges: Judges::AllWindows,
        needs: None,
    }
}

/// What was said of a rule, with its text.
fn query(cx: Lowering<'_>, text: Option<String>) -> Query {
    if text.is_none() {
        return Query { left_out: cx.left_out, ..refused(cx.reasons) };
    }
    Query {
        verdict: cx.verdict,
        provided: cx.provided,
        left_out: cx.left_out,
        reasons: cx.reasons,
        text,
        judges: cx.judges,
        needs: cx.needs,
    }
}

/// Whether more rows can only make it true: it asks a count, and a number of different values, to be above a constant.
fn asks_for_many(when: &Pred, rule: &Rule) -> bool {
    let grows = |expr: &Expr| {
        let mut expr = expr;
        while let ExprKind::Measure(n) = expr.kind {
            let Some(measure) = rule.measures.get(n) else { return false };
            expr = &measure.value;
        }
        let ExprKind::Aggregate(n) = expr.kind else { return false };
        let function = rule.aggregates.get(n).map(|aggregate| &aggregate.function);
        matches!(function, Some(AggregateFunction::Count | AggregateFunction::Distinct))
    };
    match &when.kind {
        PredKind::Const(_) => true,
        PredKind::All(preds) | PredKind::Any(preds) => preds.iter().all(|pred| asks_for_many(pred, rule)),
        PredKind::Compare(Comparison::Greater | Comparison::GreaterEqual, left, right) => {
            grows(left) && right.as_literal().is_some()
        }
        PredKind::Compare(Comparison::Less | Comparison::LessEqual, left, right) => {
            left.as_literal().is_some() && grows(right)
        }
        _ => false,
    }
}

/// Whether the rule reads text that the archive redacts and the cloud does not.
fn reads_content(rule: &Rule, stream: &Stream) -> bool {
    let mut found = false;
    let mut visit = |expr: &Expr| {
        if let ExprKind::Field(field) = expr.kind {
            found |= stream.get(field).is_some_and(|f| f.tier == Tier::Content);
        }
    };
    // What `found` asks, an archive has counted before it redacted.
    without_asking(rule).walk(&mut visit);
    found
}

impl Emission {
    /// Says what the service must do that runs the query, and refuses one that is longer than it takes, with the way out.
    /// `longest` is what most of its constants stand for, and how many those are.
    pub(super) fn hold_to(&mut self, info: &Info, span: Span, longest: Option<(Span, usize)>, way_out: &str) {
        let exceeded = info.scheduler.filter(|scheduler| !scheduler.runs(self.every, self.lookback));
        if let (Some(Scheduler { said, .. }), Some(_)) = (exceeded, &self.query.text) {
            self.query.provided.push(Condition::RunReads(self.lookback, self.every, said));
            self.query.provided.sort();
        }
        let Some(text) = &self.query.text else { return };
        // Whoever takes a file takes its comment too, which services count.
        let characters = self.header(info).chars().count() + text.chars().count();
        if characters > info.max_length {
            let message =
                format!("query of {characters} characters with its comment, {} takes {}", info.title, info.max_length);
            let reason = Diagnostic::error(Code::TooLong, message).at(span, "");
            let reason = match longest {
                Some((case, constants)) => reason.at(case, format!("{constants} constants stand for this")),
                None => reason,
            };
            let reason = reason.help(way_out);
            let left_out = std::mem::take(&mut self.query.left_out);
            self.query = Query { left_out, ..refused(vec![reason]) };
        }
    }

    /// Withholds the text where its verdict was not asked for, and says how to ask.
    pub fn withhold(&mut self, allowed: &[Verdict]) {
        let verdict = self.query.verdict;
        if self.query.text.is_some() && verdict != Verdict::Exact && !allowed.contains(&verdict) {
            self.query.text = None;
            for reason in &mut self.query.reasons {
                let way_out = format!("to emit it all the same: --allow {}", verdict.text());
                reason.help =
                    Some(reason.help.take().map_or_else(|| way_out.clone(), |help| format!("{help}; {way_out}")));
            }
        }
    }

    /// The object that `emit --format json` prints.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let query = &self.query;
        json!({
            "rule": self.rule,
            "source": self.source,
            "target": self.target,
            "verdict": query.verdict.text(),
            "provided": query.provided.iter().map(|c| c.text()).collect::<Vec<_>>(),
            "left_out": query.left_out,
            "reasons": reasons(&query.reasons),
            "query": query.text,
            "place": self.place,
            "window_seconds": self.window.map(seconds),
            "every_seconds": seconds(self.every),
            "lookback_seconds": seconds(self.lookback),
            "delay_seconds": seconds(self.delay),
            "judges": query.judges.text(),
            "needs": query.needs.map(super::Needs::text),
        })
    }

    /// What stands above the query in a file: one line each, in the target's comments.
    #[must_use]
    pub fn header(&self, info: &Info) -> String {
        let query = &self.query;
        let mut lines = vec![
            format!("rule {} on {} ({})", self.rule, self.source, self.place),
            format!("verdict: {}", query.verdict.text()),
        ];
        if !query.provided.is_empty() {
            lines.push(format!("provided: {}", query.provided.iter().map(|c| c.text()).collect::<Vec<_>>().join("; ")));
        }
        for reason in &query.reasons {
            lines.push(format!("{}: {}", reason.code.as_str(), reason.message));
        }
        if !query.left_out.is_empty() {
            lines.push(format!("left out: {}", query.left_out.join(", ")));
        }
        let duration = crate::ir::duration;
        let needs = query.needs.map(|n| format!(", needs the {} commands", n.text())).unwrap_or_default();
        let (every, lookback, delay) = (duration(self.every), duration(self.lookback), duration(self.delay));
        let schedule = if info.by_filing_time {
            let kept = if self.window.is_some() { "the window that ends at E" } else { "what happened in it before E" };
            format!(
                "run every {every} for E, the last multiple of it at least {delay} ago: ask for filing times from {lookback} before E to \
                 {delay} after it, and keep {kept}"
            )
        } else {
            format!("run every {every}, look back {lookback}, end {delay} before now")
        };
        lines.push(format!("judges {}{needs}; {schedule}", query.judges.text()));
        lines.into_iter().map(|line| format!("{} {}\n", info.comment, line.replace(ends_line, " "))).collect()
    }
}

/// Whether a character may end a line, and so a comment, in some language: KQL has the separators of Unicode too.
fn ends_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whole seconds where they are, else a fraction.
fn seconds(us: i64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "durations of rules are far below 2^53 microseconds")]
    if us % SECOND == 0 { json!(us / SECOND) } else { json!(us as f64 / SECOND as f64) }
}

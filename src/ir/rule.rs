//! A rule: clauses in the order in which they act.

use std::collections::BTreeSet;

use super::{Expr, ExprKind, FieldId, Look, Mute, Pred, PredKind, Question, Rewrite, Stream, Type, cloud_of};
use crate::source::Span;

/// A detection over one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name, unique in a pack.
    pub name: String,
    /// First line of the doc comment; the name with spaces where there is none.
    pub title: String,
    /// The rest of the doc comment.
    pub description: String,
    /// Whether it reaches nobody by itself: correlations read its alerts.
    pub signal: bool,
    /// How bad an alert is.
    pub severity: SeverityOf,
    /// `atlas:AML.T0051`, checked.
    pub tags: Vec<String>,
    /// The stream's place in [`crate::schema::Schema::streams`].
    pub stream: usize,
    /// Clouds and sources it is limited to; empty: all of the stream.
    pub only: Vec<OnlySource>,
    /// Row values, each may use those before it. Evaluated before `each`.
    pub with: Vec<Binding>,
    /// Takes elements apart; evaluated after `with`, before `filter`.
    pub each: Option<Each>,
    /// All `where` clauses; every one must hold.
    pub filter: Vec<Pred>,
    /// `over`; without, one alert an event.
    pub window: Option<Window>,
    /// All aggregates of `let`, `when` and `show`, numbered.
    pub aggregates: Vec<Aggregate>,
    /// `let`: over aggregates, keys and earlier measures.
    pub measures: Vec<Binding>,
    /// All look-backs of `when`, `show` and severity, numbered.
    pub looks: Vec<Look>,
    /// `when`: over measures, keys, aggregates and look-backs. True where not given.
    pub when: Pred,
    /// `show`: over keys, measures and aggregates; without a window over fields.
    pub show: Vec<Binding>,
    /// Values of events that correlations ask of a rule without `over`; alerts carry them unseen.
    pub carried: Vec<Binding>,
    /// How long alerts of the same keys are silent after one.
    pub mute: Option<Mute>,
    /// What is carried into alerts.
    pub texts: Texts,
    /// The rule's name in its text.
    pub span: Span,
}

impl Rule {
    /// A rule without a name whose alerts are all events of a stream, at a place in some text.
    #[must_use]
    pub fn of_all(stream: usize, span: Span) -> Rule {
        Rule {
            name: String::new(),
            title: String::new(),
            description: String::new(),
            signal: false,
            severity: SeverityOf { arms: Vec::new(), default: Level::Informational },
            tags: Vec::new(),
            stream,
            only: Vec::new(),
            with: Vec::new(),
            each: None,
            filter: Vec::new(),
            window: None,
            aggregates: Vec::new(),
            measures: Vec::new(),
            looks: Vec::new(),
            when: Pred::new(PredKind::Const(true), span),
            show: Vec::new(),
            carried: Vec::new(),
            mute: None,
            texts: Texts::default(),
            span,
        }
    }

    /// The fields that it reads anywhere, with its stream's time and id, in the order of the stream.
    #[must_use]
    pub fn fields(&self, stream: &Stream) -> BTreeSet<FieldId> {
        let mut read = BTreeSet::from([stream.time(), stream.event_id()]);
        self.walk(&mut |expr| {
            if let ExprKind::Field(field) = expr.kind {
                read.insert(field);
            }
        });
        read
    }

    /// Calls `visit` on every expression of every clause, in the order of the clauses.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.with.iter().for_each(|binding| binding.value.walk(visit));
        if let Some(each) = &self.each {
            each.list.walk(visit);
        }
        self.filter.iter().for_each(|pred| pred.walk(visit));
        self.window.iter().flat_map(|window| &window.keys).for_each(|key| key.value.walk(visit));
        for aggregate in &self.aggregates {
            aggregate.args.iter().for_each(|arg| arg.walk(visit));
            aggregate.filter.iter().for_each(|filter| filter.walk(visit));
        }
        self.measures.iter().for_each(|measure| measure.value.walk(visit));
        for look in &self.looks {
            if let Question::Baseline(value, _) = &look.question {
                value.walk(visit);
            }
        }
        self.when.walk(visit);
        self.show.iter().chain(&self.carried).for_each(|item| item.value.walk(visit));
        self.severity.arms.iter().for_each(|(pred, _)| pred.walk(visit));
    }

    /// The rule with `change` applied to every node of every clause, leaves first.
    #[must_use]
    pub fn rewrite(mut self, change: &mut dyn Rewrite) -> Rule {
        let named = |bindings: Vec<Binding>, change: &mut dyn Rewrite| -> Vec<Binding> {
            bindings.into_iter().map(|b| Binding { name: b.name, value: b.value.rewrite(change) }).collect()
        };
        self.with = named(self.with, change);
        self.each = self.each.map(|each| Each { list: each.list.rewrite(change), ..each });
        self.filter = self.filter.into_iter().map(|pred| pred.rewrite(change)).collect();
        self.window = self.window.map(|window| {
            let keys = window.keys.into_iter().map(|key| Key { value: key.value.rewrite(change), ..key }).collect();
            Window { keys, ..window }
        });
        let aggregate = |aggregate: Aggregate| Aggregate {
            args: aggregate.args.into_iter().map(|arg| arg.rewrite(change)).collect(),
            filter: aggregate.filter.map(|pred| pred.rewrite(change)),
            ..aggregate
        };
        self.aggregates = self.aggregates.into_iter().map(aggregate).collect();
        self.measures = named(self.measures, change);
        for look in &mut self.looks {
            if let Question::Baseline(value, _) = &mut look.question {
                *value = value.clone().rewrite(change);
            }
        }
        self.when = self.when.rewrite(change);
        self.show = named(self.show, change);
        self.carried = named(self.carried, change);
        let arms = self.severity.arms.into_iter();
        self.severity.arms = arms.map(|(pred, level)| (pred.rewrite(change), level)).collect();
        self
    }

    /// How far back it looks, in microseconds; 0 where it does not.
    #[must_use]
    pub fn looks_back(&self) -> i64 {
        self.looks.iter().map(|look| look.length).max().unwrap_or_default()
    }

    /// Whether the events of all its sources are judged together (`across sources`).
    #[must_use]
    pub fn is_across(&self) -> bool {
        self.window.as_ref().is_some_and(|window| window.across)
    }

    /// Whether windows without rows are judged too.
    #[must_use]
    pub fn asks_for_silence(&self) -> bool {
        self.looks.iter().any(|look| look.question == Question::Silent)
    }

    /// Whether `only` lets a source of this name in.
    #[must_use]
    pub fn admits(&self, source: &str) -> bool {
        let named = |only: &OnlySource| only.name == if only.cloud { cloud_of(source) } else { source };
        self.only.is_empty() || self.only.iter().any(named)
    }
}

/// Severity, constant or by case.
#[derive(Debug, Clone, PartialEq)]
pub struct SeverityOf {
    /// The first that holds decides. Over fields without a window, else over measures and keys.
    pub arms: Vec<(Pred, Level)>,
    /// Where none holds.
    pub default: Level,
}

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth a look.
    Informational,
    /// A weak sign.
    Low,
    /// A sign.
    Medium,
    /// Probably an attack.
    High,
    /// Wake somebody.
    Critical,
}

impl Level {
    /// From the weakest to the strongest.
    pub const ALL: [Level; 5] = [Level::Informational, Level::Low, Level::Medium, Level::High, Level::Critical];

    /// As it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Level::Informational => "informational",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }

    /// The level written so.
    #[must_use]
    pub fn find(text: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.text() == text)
    }
}

/// An item of `only`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlySource {
    /// `aws` or `aws.bedrock`.
    pub name: String,
    /// Whether it is a whole cloud.
    pub cloud: bool,
}

/// A named expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Expr,
}

/// `each x in LIST`: one row for each element.
#[derive(Debug, Clone, PartialEq)]
pub struct Each {
    /// The number by which expressions name the element.
    pub element: usize,
    /// As it was written, for messages and emitted names.
    pub name: String,
    /// A list.
    pub list: Expr,
}

/// `over LENGTH every STEP by KEYS`.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Microseconds, over 0, a multiple of `step`.
    pub length: i64,
    /// Microseconds, over 0. Windows start at its multiples since 1970.
    pub step: i64,
    /// Whether consecutive true windows are one alert: `every` was written, or `silent` is asked.
    pub merges: bool,
    /// Whether events of all sources are counted together.
    pub across: bool,
    /// Group keys; an event that lacks one is not counted, unless the key has a default.
    pub keys: Vec<Key>,
    /// Where `over` stands.
    pub span: Span,
}

/// A group key.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// `caller.id`, or the name given.
    pub name: String,
    /// A scalar, not a float.
    pub value: Expr,
    /// Stands for a missing value; the key is then text.
    pub default: Option<String>,
}

/// A value over the rows of one window and group.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFunction,
    /// Over fields, row values and the `each` element. `Count` has none, `Distinct` one or more, the others one.
    pub args: Vec<Expr>,
    /// `where P` inside the call.
    pub filter: Option<Pred>,
    /// Of its result.
    pub ty: Type,
    /// Where it was written.
    pub span: Span,
}

/// The aggregates; all skip rows whose argument is missing.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregateFunction {
    /// Rows. Int; of nothing 0.
    Count,
    /// Exact in 128 bit for ints (missing on overflow of 64), correctly rounded for floats, exact for decimals and durations. Of nothing 0.
    Sum,
    /// The exact sum divided by the count, rounded once: float (decimal of decimals, half to even; duration of durations, half to even). Of nothing missing.
    Avg,
    /// Numbers, times and durations. Of nothing missing.
    Min,
    /// As `Min`.
    Max,
    /// Sample standard deviation of numbers: float. Of fewer than two missing.
    Stddev,
    /// Nearest rank: element ⌈p/100·n⌉ of the sorted values. The number is p in billionths, in (0, 100·10⁹].
    Percentile(u64),
    /// Different combinations, of rows in which every argument is present. Int; of nothing 0.
    Distinct,
    /// Sorted different values, the first n. List; of nothing missing.
    Values(u32),
    /// The n most frequent values, by count falling, then value rising. List; of nothing missing.
    Top(u32),
    /// The value of the row with the smallest (time, event.id). Of nothing missing.
    First,
    /// The value of the row with the largest (time, event.id). Of nothing missing.
    Last,
}

impl AggregateFunction {
    /// The name that rules use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            AggregateFunction::Count => "count",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Avg => "avg",
            AggregateFunction::Min => "min",
            AggregateFunction::Max => "max",
            AggregateFunction::Stddev => "stddev",
            AggregateFunction::Percentile(_) => "percentile",
            AggregateFunction::Distinct => "distinct",
            AggregateFunction::Values(_) => "values",
            AggregateFunction::Top(_) => "top",
            AggregateFunction::First => "first",
            AggregateFunction::Last => "last",
        }
    }
}

/// Texts for the people who get the alert.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    /// What to do.
    pub respond: Vec<String>,
    /// What looks the same and is harmless.
    pub benign: Vec<String>,
    /// Who keeps the rule.
    pub owner: Option<String>,
    /// Where to read more.
    pub references: Vec<String>,
}

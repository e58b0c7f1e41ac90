//! A bound rule as KQL's tree: takes a [`Lowering`], gives a [`Query`], or refuses.
//!
//! The order of a query is the order of a rule: time range, row values and filters, elements, keys, windows, aggregates, measures, `when`,
//! output. Expressions that are used twice, and JSON that is parsed, become columns of their own in front of what uses them.

mod address;
mod aggregate;
mod alerts;
mod assemble;
mod borrow;
mod correlate;
mod elements;
mod expr;
mod list;
mod look;
mod number;
mod outputs;
mod pred;
mod quiet;
mod read;
mod text;
mod window;

use alerts::Columns;
pub(super) use correlate::correlate;

use super::names::Names;
use super::tree::{Name, Query, Rows, Scalar, Stage, Type};
use crate::bind::decimals::decimals_as_ints;
use crate::bind::simplify::{Carry, simplify_rule};
use crate::diag::Diagnostic;
use crate::ir::{Expr, Rule};
use crate::target::borrow::reads_borrowed;
use crate::target::names::{EVENT_ID, Outputs, SEVERITY, TIME, WINDOW_START};
use crate::target::said::Said;
use crate::target::{Condition, Lowering, Verdict};

/// A scalar and what is known of it.
#[derive(Debug, Clone, PartialEq)]
struct Value {
    scalar: Scalar,
    ty: Type,
    /// Whether it may be missing: null, or empty where it is text.
    optional: bool,
}

/// A condition and whether it may be null, which counts as false but for under `not`.
#[derive(Debug, Clone, PartialEq)]
struct Truth {
    scalar: Scalar,
    nullable: bool,
}

/// What the number of an `each`, `any` or `all` stands for.
#[derive(Debug, Clone)]
enum Element {
    /// JSON in a column.
    Raw(Scalar),
    /// A record that a source makes: its fields, over an element of their own.
    Record(Vec<Expr>),
}

/// What a lowering found besides its tree.
#[derive(Debug, Clone, Default)]
struct Effects {
    provided: Vec<Condition>,
    weaker: Vec<(Verdict, Diagnostic)>,
}

/// After grouping: what aggregates, keys and measures have become.
#[derive(Debug, Clone, Default)]
struct Groups {
    aggregates: Vec<Said<Value>>,
    keys: Vec<Value>,
    measures: Vec<Said<Value>>,
}

/// The state of lowering one rule.
struct Lower<'a> {
    rule: &'a Rule,
    time: &'a Expr,
    place: &'a crate::ir::Place,
    names: Names,
    /// Where the stages' rows come from.
    table: Name,
    /// Rows that are joined, or cut off by [`Lower::cut`].
    tables: Vec<(Name, Rows)>,
    stages: Vec<Stage>,
    /// Columns that hold an expression already.
    hoisted: Vec<(Scalar, Name)>,
    elements: Vec<(usize, Element)>,
    groups: Option<Groups>,
    /// By number, what look-backs have become.
    looks: Vec<Said<Value>>,
    /// By length and keys, the columns that say whether a row lies in the time before.
    seen: Vec<(i64, Vec<usize>, Scalar)>,
    effects: Effects,
    /// Of a rule whose alerts a correlation reads, the columns that these have.
    columns: Option<&'a Columns>,
}

/// The rule as a query; none after [`Lowering::refuse`].
pub(super) fn lower(cx: &mut Lowering<'_>) -> Option<Query> {
    let mut names = Names::default();
    reserve(&mut names, cx);
    lowered(cx, &mut names, None)
}

/// Keeps the names free that a rule's outputs and tables have.
fn reserve(names: &mut Names, cx: &Lowering<'_>) {
    let outputs = Outputs::of(&cx.bound.rule);
    for name in [WINDOW_START, TIME, EVENT_ID, SEVERITY] {
        names.reserve(name);
    }
    let parts = cx.source.assemble.iter().flat_map(|assemble| &assemble.parts).flat_map(|part| &part.places);
    for place in parts.chain([cx.place]).chain(cx.lendings.iter().map(|lending| lending.place)) {
        names.reserve(&place.name);
        place.columns.iter().for_each(|column| names.reserve(&column.name));
    }
    for name in outputs.keys.iter().chain(&outputs.measures).chain(&outputs.show) {
        names.reserve(name);
    }
}

/// The rule's rows, or those of its alerts in the columns given, with new names of its own.
fn lowered(cx: &mut Lowering<'_>, names: &mut Names, columns: Option<&Columns>) -> Option<Query> {
    // A test of `outcome` is one of the conditions that make it up; names and numbers of outputs stay.
    let mut bound = simplify_rule(cx.bound.clone(), Carry::Constants);
    let (rule, whole) = decimals_as_ints(&bound.rule);
    if whole {
        bound.rule = rule;
        cx.provided(Condition::SumsFit);
    }
    let outputs = Outputs::of(&bound.rule);
    // Events that are put together are rows of a table that the query makes.
    let made = cx.source.assemble.as_ref().map(|assemble| assemble::table(assemble, &bound, cx.place, names));
    let lendings = cx.lendings.clone();
    let (lent, place) = borrow::lent(&lendings, made.as_ref().map_or(cx.place, |made| &made.place), names);
    let mut lower =
        Lower { table: Name::new(&cx.place.name), columns, ..Lower::of((&bound.rule, &bound.time), &place, names) };
    let lowered = lower.rule(cx, made.as_ref(), &lent, &outputs);
    *names = std::mem::take(&mut lower.names);
    let Effects { provided, weaker } = lower.effects;
    provided.into_iter().for_each(|condition| cx.provided(condition));
    weaker.into_iter().for_each(|(verdict, reason)| cx.weaken(verdict, reason));
    match lowered {
        Ok(values) => {
            let rows = Rows { table: lower.table, stages: lower.stages };
            Some(Query { values, tables: lower.tables, kept: None, rows })
        }
        Err(reasons) => {
            reasons.into_iter().for_each(|reason| cx.refuse(reason));
            None
        }
    }
}

/// Gives rows so far a name, under which they can be read more than once; the stages go on from there.
fn set_aside(name: Name, table: &mut Name, stages: &mut Vec<Stage>, tables: &mut Vec<(Name, Rows)>) -> Name {
    let rows = Rows { table: std::mem::replace(table, name.clone()), stages: std::mem::take(stages) };
    tables.push((name.clone(), rows));
    name
}

impl<'a> Lower<'a> {
    /// Of a rule and its time over the table of a place. It takes the names, which are to be given back.
    fn of((rule, time): (&'a Rule, &'a Expr), place: &'a crate::ir::Place, names: &mut Names) -> Lower<'a> {
        Lower {
            rule,
            time,
            place,
            names: std::mem::take(names),
            table: Name::new(&place.name),
            tables: Vec::new(),
            stages: Vec::new(),
            hoisted: Vec::new(),
            elements: Vec::new(),
            groups: None,
            looks: Vec::new(),
            seen: Vec::new(),
            effects: Effects::default(),
            columns: None,
        }
    }
}

impl Lower<'_> {
    /// The stages of a rule; gives the values that stand before the table.
    fn rule(
        &mut self,
        cx: &mut Lowering<'_>,
        made: Option<&assemble::Table<'_>>,
        lent: &[borrow::Lent<'_>],
        outputs: &Outputs,
    ) -> Said<Vec<(Name, Scalar)>> {
        let mut range = self.range(cx);
        let values = std::mem::take(&mut range.values);
        if let Some(made) = made {
            self.put_together(cx, made, &range)?;
        }
        let to = range.to.clone();
        let clock = self.clock(range)?;
        self.filter(lent, &clock, &to)?;
        if self.rule.window.is_some() {
            self.windowed(cx, outputs, &clock)?;
        } else {
            self.events(cx, outputs, &clock)?;
        }
        Ok(values)
    }

    /// `where` and `each`: what looks at nothing borrowed comes first, then what looks at no element, so that fewer rows are joined and
    /// taken apart.
    fn filter(&mut self, lent: &[borrow::Lent<'_>], clock: &window::Clock, to: &Scalar) -> Said<()> {
        let rule = self.rule;
        let reads_element = |pred: &crate::ir::Pred| {
            let mut found = false;
            pred.walk(&mut |expr| {
                found |= rule.each.as_ref().is_some_and(|each| expr.kind == crate::ir::ExprKind::Element(each.element));
            });
            found
        };
        let borrows = |pred: &crate::ir::Pred| reads_borrowed(rule, pred);
        self.wheres(|pred| !reads_element(pred) && !borrows(pred))?;
        self.borrow(lent, clock, to)?;
        self.wheres(|pred| !reads_element(pred) && borrows(pred))?;
        if let Some(each) = &rule.each {
            self.take_apart(each)?;
        }
        self.wheres(reads_element)
    }

    fn wheres(&mut self, wanted: impl Fn(&crate::ir::Pred) -> bool) -> Said<()> {
        let preds = &self.rule.filter;
        let mut refused = Vec::new();
        for pred in preds.iter().filter(|pred| wanted(pred)) {
            match self.truth(pred) {
                Ok(truth) => self.stages.push(Stage::Where(truth.scalar)),
                Err(reasons) => refused.extend(reasons),
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(refused) }
    }

    /// The column of an expression that is to be written more than once: itself if that costs nothing.
    fn once(&mut self, scalar: Scalar, wanted: &str) -> Scalar {
        if scalar.is_simple() {
            return scalar;
        }
        if let Some((_, name)) = self.hoisted.iter().find(|(held, _)| *held == scalar) {
            return Scalar::column(name);
        }
        let name = self.names.fresh(wanted);
        self.hoisted.push((scalar.clone(), name.clone()));
        self.extend(name.clone(), scalar);
        Scalar::Column(name)
    }

    /// Adds a column, beside others where it reads none of them.
    fn extend(&mut self, name: Name, scalar: Scalar) {
        if let Some(Stage::Extend(columns)) = self.stages.last_mut()
            && !columns.iter().any(|(other, _)| scalar.reads(other))
        {
            columns.push((name, scalar));
            return;
        }
        self.stages.push(Stage::Extend(vec![(name, scalar)]));
    }

    /// The rows so far as a table of their own: see [`set_aside`].
    fn cut(&mut self, wanted: &str) -> Name {
        set_aside(self.names.fresh(wanted), &mut self.table, &mut self.stages, &mut self.tables)
    }

    /// Whether a column of this name would hide one of the table.
    fn hides(&self, name: &str) -> bool {
        self.place.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Tries; where it fails nothing has happened.
    fn attempt<T>(&mut self, act: impl FnOnce(&mut Self) -> Said<T>) -> Said<T> {
        let (stages, hoisted, effects) = (self.stages.clone(), self.hoisted.clone(), self.effects.clone());
        let tables = self.tables.len();
        let result = act(self);
        if result.is_err() {
            (self.stages, self.hoisted, self.effects) = (stages, hoisted, effects);
            self.tables.truncate(tables);
        }
        result
    }

    /// Tries something that `when` does not read: what would weaken the verdict there is a remark. What a measure rests on counts, what
    /// only shows does not.
    fn aside<T>(&mut self, cx: &mut Lowering<'_>, measure: bool, act: impl FnOnce(&mut Self) -> Said<T>) -> Said<T> {
        let before = std::mem::take(&mut self.effects);
        let result = self.attempt(act);
        let found = std::mem::replace(&mut self.effects, before);
        if result.is_ok() {
            if measure {
                self.effects.provided.extend(found.provided);
            }
            for (_, reason) in found.weaker {
                if !cx.reasons.contains(&reason) {
                    cx.reasons.push(reason);
                }
            }
        }
        result
    }
}

fn refuse<T>(reason: Diagnostic) -> Said<T> {
    Err(vec![reason])
}

impl Value {
    fn new(scalar: Scalar, ty: Type, optional: bool) -> Value {
        Value { scalar, ty, optional }
    }

    /// No value.
    fn missing(ty: Type) -> Value {
        Value::new(Scalar::missing(ty), ty, true)
    }

    /// Whether it is there.
    fn present(self) -> Scalar {
        match (self.optional, self.ty) {
            (false, _) => Scalar::Bool(true),
            (true, Type::String) => Scalar::call("isnotempty", [self.scalar]),
            (true, _) => Scalar::call("isnotnull", [self.scalar]),
        }
    }
}

impl Truth {
    /// Never null.
    fn plain(scalar: Scalar) -> Truth {
        Truth { scalar, nullable: false }
    }

    fn nullable(scalar: Scalar, nullable: bool) -> Truth {
        Truth { scalar, nullable }
    }
}

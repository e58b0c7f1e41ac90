//! Grouping: takes the rule's aggregates, gives `stats` commands and the columns that they leave.
//!
//! An event that has several rows is counted once: a first `stats` by its id takes one of the equal values that its rows carry. One
//! `distinct` is exact by two `stats`, the first by value too, where everything beside it can be merged: `count_distinct` alone is
//! approximate. So up to three follow each other.

use super::outputs::as_number;
use super::plan::{Column, Empty, Plan, Said};
use super::values::{Lack, Value};
use crate::ir::{Aggregate, AggregateFunction as A, Expr, ExprKind, Function as F, Type};
use crate::target::Verdict;
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Command, Field, Function, Operator, Term};

/// One aggregate over terms of the row.
#[derive(Debug, Clone)]
pub(super) struct Fold {
    /// Its number in the rule.
    pub(super) number: usize,
    /// The column that it becomes.
    pub(super) name: String,
    kind: Kind,
    empty: Empty,
    /// See [`Column::scale`].
    scale: i128,
}

#[derive(Debug, Clone)]
enum Kind {
    Rows,
    /// One of the functions that give the same over values as over their parts: sum, min, max and the texts' first and last.
    Merging(Function, Term),
    Mean(Term),
    /// A function that needs all values at once, and what stands behind the value.
    Whole(Function, Term, Option<Term>),
    /// How many different ones, of rows that have all of them.
    Distinct(Vec<Value>),
}

impl Plan<'_> {
    /// An aggregate over the row's terms.
    pub(super) fn fold(&mut self, number: usize, aggregate: &Aggregate, name: String) -> Said<Fold> {
        let filter = aggregate.filter.as_ref().map(|filter| self.row_condition(filter)).transpose()?;
        let span = aggregate.span;
        let (kind, empty) = match (&aggregate.function, aggregate.args.as_slice()) {
            (A::Count, _) => match filter {
                None => (Kind::Rows, Empty::Rows),
                Some(filter) => {
                    let one = Term::call(Function::If, [filter, Term::Int(1), Term::Int(0)]);
                    (Kind::Merging(Function::Sum, one), Empty::Zero)
                }
            },
            (A::Sum, [arg]) => {
                let value = self.number(arg)?;
                let term = match filter {
                    None => Self::or_zero(&value),
                    Some(filter) => {
                        let kept = Term::all(vec![filter, value.present()]);
                        Term::call(Function::If, [kept, value.term, Term::Int(0)])
                    }
                };
                (Kind::Merging(Function::Sum, term), Empty::Zero)
            }
            (A::Min | A::Max, [arg]) if arg.ty == Type::Time => {
                let (value, functions) = match self.is_whole(arg)? {
                    true => (self.time_text(arg)?, [Function::SortsFirst, Function::SortsLast]),
                    false => (self.microseconds(arg)?, [Function::Min, Function::Max]),
                };
                let [first, last] = functions;
                let (term, empty) = kept(value, filter);
                (Kind::Merging(if aggregate.function == A::Min { first } else { last }, term), empty)
            }
            (A::Min | A::Max, [arg]) => {
                let function = if aggregate.function == A::Min { Function::Min } else { Function::Max };
                let (term, empty) = kept(as_number(self.number(arg)?), filter);
                (Kind::Merging(function, term), empty)
            }
            (A::Avg, [arg]) => {
                let (term, empty) = kept(self.number(arg)?, filter);
                (Kind::Mean(term), empty)
            }
            (A::Stddev, [arg]) => {
                let (term, _) = kept(self.number(arg)?, filter);
                (Kind::Whole(Function::Stddev, term, None), Empty::Missing)
            }
            (A::Percentile(rank), [arg]) => {
                let (term, empty) = kept(as_number(self.number(arg)?), filter);
                #[expect(clippy::cast_precision_loss, reason = "a rank of at most three digits and nine places")]
                let rank = Term::Float(*rank as f64 / 1e9);
                (Kind::Whole(Function::Pct, term, Some(rank)), empty)
            }
            (A::Distinct, args) => {
                let mut values = Vec::new();
                for arg in args {
                    values.push(self.grouping_value(arg, filter.as_ref())?);
                }
                (Kind::Distinct(values), Empty::Zero)
            }
            (function, _) => return Err(errors::aggregate(span, function.name())),
        };
        let scale = self.scale(aggregate)?;
        Ok(Fold { number, name, kind, empty, scale })
    }

    /// How many units of an aggregate make one of what is shown.
    pub(super) fn scale(&mut self, aggregate: &Aggregate) -> Said<i128> {
        Ok(match (&aggregate.ty, aggregate.args.as_slice()) {
            (Type::Duration, _) => 1_000_000,
            (Type::Time, [time]) if !self.is_whole(time)? => 1_000,
            _ => 1,
        })
    }

    /// A value as one of several by which rows are told apart: of two equal hashes the texts are equal too.
    fn grouping_value(&mut self, arg: &Expr, filter: Option<&Term>) -> Said<Value> {
        if let ExprKind::Call(F::Hash, args) = &arg.kind
            && let [text] = args.as_slice()
        {
            return self.grouping_value(text, filter);
        }
        let value = match &arg.ty {
            Type::Text => self.text(arg)?,
            Type::Time if self.is_whole(arg)? => self.time_text(arg)?,
            Type::Time => self.microseconds(arg)?,
            Type::Ip => self.address(arg)?,
            Type::Int | Type::Float | Type::Decimal | Type::Duration => as_number(self.number(arg)?),
            _ => return Err(errors::expression(arg.span, "how many different values of this type there are")),
        };
        let value = match filter {
            None => value,
            Some(filter) => {
                Value::blank(Term::call(Function::Case, [Term::all(vec![filter.clone(), value.present()]), value.term]))
            }
        };
        Ok(match value.lack {
            Lack::When { .. } | Lack::Null => Value::blank(value.or_null()),
            _ => value,
        })
    }

    /// Groups by the columns; gives the column of each fold.
    pub(super) fn group(&mut self, folds: Vec<Fold>, by: &[String], once_by: Option<&str>) -> Vec<(usize, Column)> {
        let mut folds = folds;
        let column = |fold: &Fold| Column { name: fold.name.clone(), empty: fold.empty, scale: fold.scale };
        let decided: Vec<(usize, Column)> = folds.iter().map(|fold| (fold.number, column(fold))).collect();
        if let Some(id) = once_by {
            folds = self.once(folds, by, id);
        }
        let distinct = folds.iter().filter(|fold| matches!(fold.kind, Kind::Distinct(_))).count();
        let mergeable = folds.iter().all(|fold| !matches!(fold.kind, Kind::Whole(..)));
        if distinct == 1 && mergeable {
            self.by_value(folds, by);
            return decided;
        }
        let mut columns = Vec::new();
        for fold in folds {
            let term = match fold.kind {
                Kind::Rows => Term::call(Function::CountRows, []),
                Kind::Merging(function, term) => Term::call(function, [term]),
                Kind::Mean(term) => Term::call(Function::Avg, [term]),
                Kind::Whole(function, term, more) => {
                    Term::call(function, std::iter::once(term).chain(more).collect::<Vec<_>>())
                }
                Kind::Distinct(values) => Term::call(Function::CountDistinct, [self.one_value(values)]),
            };
            columns.push((term, fold.name));
        }
        if columns.is_empty() {
            columns.push((Term::call(Function::CountRows, []), self.fresh("rows")));
        }
        self.stats(columns, by.to_vec());
        decided
    }

    /// Leaves out what would make a deciding `distinct` approximate and does not decide itself; says what is not exact of the rest.
    pub(super) fn weigh(
        &mut self,
        folds: Vec<Fold>,
        aggregates: &[Aggregate],
        decides: &dyn Fn(usize) -> bool,
    ) -> Vec<Fold> {
        let lonely = |fold: &Fold| matches!(fold.kind, Kind::Distinct(_) | Kind::Whole(..));
        let alone = folds.iter().filter(|fold| lonely(fold) && decides(fold.number)).collect::<Vec<_>>();
        let keeps_one = matches!(alone.as_slice(), [Fold { kind: Kind::Distinct(_), .. }]);
        let kept: Vec<Fold> =
            folds.iter().filter(|fold| !keeps_one || !lonely(fold) || decides(fold.number)).cloned().collect();
        let several = kept.iter().filter(|fold| lonely(fold)).count() > 1;
        for fold in &kept {
            let Some(span) = aggregates.get(fold.number).map(|aggregate| aggregate.span) else { continue };
            let reason = match &fold.kind {
                Kind::Whole(Function::Stddev, ..) => errors::stddev(span),
                Kind::Whole(..) => errors::percentile(span),
                Kind::Distinct(_) if several => errors::approximate_distinct(span),
                _ => continue,
            };
            self.weaken(if decides(fold.number) { Verdict::Differs } else { Verdict::Exact }, true, reason);
        }
        kept
    }

    /// One row an event: the rows of one event carry equal values.
    fn once(&mut self, folds: Vec<Fold>, by: &[String], id: &str) -> Vec<Fold> {
        let mut columns = vec![(Term::call(Function::CountRows, []), self.fresh("rows"))];
        let mut by: Vec<String> = by.iter().cloned().chain([id.to_owned()]).collect();
        let mut out = Vec::new();
        for mut fold in folds {
            match &mut fold.kind {
                Kind::Rows => {}
                Kind::Merging(function, term) => {
                    // Text has no `max`.
                    let one = if matches!(function, Function::SortsFirst | Function::SortsLast) {
                        *function
                    } else {
                        Function::Max
                    };
                    *term = self.carried(term.clone(), one, &mut columns);
                }
                Kind::Mean(term) | Kind::Whole(_, term, _) => {
                    *term = self.carried(term.clone(), Function::Max, &mut columns)
                }
                Kind::Distinct(values) => {
                    for value in values {
                        *value = self.as_key(value.clone(), &mut by);
                    }
                }
            }
            out.push(fold);
        }
        self.stats(columns, by);
        out
    }

    fn carried(&mut self, term: Term, function: Function, columns: &mut Vec<(Term, String)>) -> Term {
        let name = self.fresh("value");
        columns.push((Term::call(function, [term]), name.clone()));
        Term::made(&name)
    }

    /// A column to group by: text that is empty, not null, where the value is missing.
    fn as_key(&mut self, value: Value, by: &mut Vec<String>) -> Value {
        let term = value.or_empty();
        let name = match self.column(term, "value") {
            Field::Made(name, _) | Field::Log(name) => name,
        };
        if !by.contains(&name) {
            by.push(name.clone());
        }
        let lack = if matches!(value.lack, Lack::Never) { Lack::Never } else { Lack::Empty };
        Value { term: Term::made(&name), lack }
    }

    /// Two `stats`: by the values that are to be counted, then without them.
    fn by_value(&mut self, folds: Vec<Fold>, by: &[String]) {
        let mut inner = Vec::new();
        let mut outer = Vec::new();
        let mut inner_by = by.to_vec();
        let mut counted = None;
        let mut means = Vec::new();
        for fold in folds {
            let mut part = |plan: &mut Self, function, term: Vec<Term>| {
                let name = plan.fresh("part");
                inner.push((Term::call(function, term), name.clone()));
                Term::made(&name)
            };
            match fold.kind {
                Kind::Rows => {
                    let rows = part(self, Function::CountRows, Vec::new());
                    outer.push((Term::call(Function::Sum, [rows]), fold.name));
                }
                Kind::Merging(function, term) => {
                    let merged = part(self, function, vec![term]);
                    outer.push((Term::call(function, [merged]), fold.name));
                }
                Kind::Mean(term) => {
                    let term = Term::Field(self.column(term, "value"));
                    let sum = part(self, Function::Sum, vec![term.clone()]);
                    let count = part(self, Function::Count, vec![term]);
                    let (total, number) = (self.fresh("total"), self.fresh("number"));
                    outer.push((Term::call(Function::Sum, [sum]), total.clone()));
                    outer.push((Term::call(Function::Sum, [count]), number.clone()));
                    means.push((total, number, fold.name));
                }
                Kind::Whole(..) => {}
                Kind::Distinct(values) => {
                    let values: Vec<Value> =
                        values.into_iter().map(|value| self.as_key(value, &mut inner_by)).collect();
                    counted = Some((values, fold.name));
                }
            }
        }
        if inner.is_empty() {
            inner.push((Term::call(Function::CountRows, []), self.fresh("rows")));
        }
        self.stats(inner, inner_by);
        if let Some((values, name)) = counted {
            let count = match values.as_slice() {
                values if values.iter().all(|value| matches!(value.lack, Lack::Never)) => {
                    Term::call(Function::CountRows, [])
                }
                [value] => Term::call(Function::Count, [self.non_empty(value.term.clone())]),
                values => {
                    let all = Term::all(values.iter().map(Value::present).collect());
                    Term::call(Function::Sum, [Term::call(Function::If, [all, Term::Int(1), Term::Int(0)])])
                }
            };
            outer.push((count, name));
        }
        self.stats(outer, by.to_vec());
        for (total, number, name) in means {
            let (total, number) = (Term::made(&total).or(Term::Int(0)), Term::made(&number).or(Term::Int(0)));
            let there = number.clone().binary(Operator::Greater, Term::Int(0));
            let mean = Term::call(Function::Case, [there, total.binary(Operator::Divide, number)]);
            self.commands.push(Command::Fields(vec![(mean, name)]));
        }
    }

    /// The values as one, null where one of them is missing.
    fn one_value(&mut self, values: Vec<Value>) -> Term {
        let parts: Vec<Term> = values
            .into_iter()
            .map(|value| if matches!(value.lack, Lack::Never) { value.term } else { self.non_empty(value.term) })
            .collect();
        match parts.as_slice() {
            [one] => one.clone(),
            _ => {
                let present = parts.iter().map(|part| Term::call(Function::IsPresent, [part.clone()])).collect();
                // Each behind its length, so that no two pairs of values make the same text.
                let texts = parts
                    .iter()
                    .flat_map(|text| [Term::call(Function::Strlen, [text.clone()]), Term::word(" "), text.clone()]);
                Term::call(
                    Function::Case,
                    [Term::all(present), Term::call(Function::Concat, texts.collect::<Vec<_>>())],
                )
            }
        }
    }
}

/// The value, null where it is missing or not wanted; and what the aggregate of none is.
fn kept(value: Value, filter: Option<Term>) -> (Term, Empty) {
    match filter {
        None => {
            let empty = if matches!(value.lack, Lack::Never) { Empty::Never } else { Empty::Missing };
            (value.or_null(), empty)
        }
        Some(filter) => {
            let wanted = Term::all(vec![filter, value.present()]);
            (Term::call(Function::Case, [wanted, value.term]), Empty::Missing)
        }
    }
}

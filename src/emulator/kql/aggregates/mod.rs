//! Aggregates: a call in `summarize` → what it takes of each row, and what it gives for the rows of a group.

mod compute;

use std::ops::Range;

use super::bind::is_ordered;
use super::bound::Bound;
use super::engine::Engine;
use super::pipeline::{Called, called};
use super::scope::Scope;
use super::table::Field;
use super::tree::{Expr, ExprKind, Name, Named};
use super::value::{Cell, Type};
use crate::emulator::Failure;

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Count,
    Sum,
    Average,
    Extreme {
        largest: bool,
    },
    /// Variance or its root; of a sample or of all.
    Spread {
        root: bool,
        sample: bool,
    },
    /// Different values, exact up to so many.
    Distinct {
        most: usize,
    },
    Set {
        most: usize,
    },
    List {
        most: usize,
        nulls: bool,
    },
    Any,
    /// The row of an extreme.
    Row {
        largest: bool,
    },
    Percentile(f64),
}

/// An aggregate over rows.
#[derive(Debug, Clone)]
pub(super) struct Aggregate {
    how: How,
    /// What it takes of each row.
    values: Vec<Bound>,
    /// Which rows count.
    condition: Option<Bound>,
    /// The columns that it gives, with the names they have where the query gives none.
    pub(super) fields: Vec<Field>,
    at: Range<usize>,
}

/// Most elements of a set or a list.
const MOST_ELEMENTS: usize = 1_048_576;

/// Names of all aggregates, those that are not known here after the others.
const NAMES: &[&str] = &[
    "arg_max",
    "arg_min",
    "avg",
    "avgif",
    "count",
    "count_distinct",
    "count_distinctif",
    "countif",
    "dcount",
    "dcountif",
    "make_list",
    "make_list_if",
    "make_list_with_nulls",
    "make_set",
    "make_set_if",
    "max",
    "maxif",
    "min",
    "minif",
    "percentile",
    "percentiles",
    "stdev",
    "stdevif",
    "stdevp",
    "sum",
    "sumif",
    "take_any",
    "take_anyif",
    "variance",
    "varianceif",
    "variancep",
];
const ELSE_KNOWN: &[&str] = &[
    "any",
    "anyif",
    "argmax",
    "argmin",
    "binary_all_and",
    "binary_all_or",
    "binary_all_xor",
    "buildschema",
    "covariance",
    "hll",
    "hll_if",
    "hll_merge",
    "make_bag",
    "make_bag_if",
    "make_dictionary",
    "makelist",
    "makeset",
    "percentiles_array",
    "percentilesw",
    "percentilew",
    "tdigest",
    "tdigest_merge",
];

/// Whether a function is an aggregate.
pub(super) fn exists(name: &str) -> bool {
    NAMES.contains(&name) || ELSE_KNOWN.contains(&name)
}

impl Engine<'_> {
    /// Binds a call of an aggregate; several for `percentiles`.
    pub(super) fn bind_aggregate(
        &self,
        name: &Name,
        arguments: &[Named],
        at: &Range<usize>,
        scope: Scope<'_>,
    ) -> Result<Vec<Aggregate>, Failure> {
        if ELSE_KNOWN.contains(&name.text.as_str()) {
            return Err(Failure::unknown(format!("the aggregate `{}` is not known here", name.text), name.at.clone()));
        }
        if let Some(inner) = arguments.iter().find_map(|argument| aggregate_within(&argument.value)) {
            let message = format!("`{}` inside of an aggregate", inner.text);
            return Err(Failure::rejected(message, inner.at.clone()));
        }
        if matches!(name.text.as_str(), "arg_max" | "arg_min" | "take_any") {
            return Ok(vec![self.bind_row(name, arguments, at, scope)?]);
        }
        let arguments: Vec<&Expr> = arguments.iter().map(|argument| &argument.value).collect();
        let conditional = matches!(
            name.text.as_str(),
            "countif"
                | "sumif"
                | "avgif"
                | "maxif"
                | "minif"
                | "stdevif"
                | "varianceif"
                | "dcountif"
                | "count_distinctif"
                | "make_set_if"
                | "make_list_if"
                | "take_anyif"
        );
        let counts = name.text.starts_with("count") && !name.text.starts_with("count_");
        let mut rest = arguments.iter().copied();
        let wrong =
            || Failure::rejected(format!("`{}` does not take {} arguments", name.text, arguments.len()), at.clone());
        let value = if counts { None } else { Some(rest.next().ok_or_else(wrong)?) };
        let condition = match conditional {
            true => Some(rest.next().ok_or_else(wrong)?),
            false => None,
        };
        let called = value.or(condition).map_or(Called::Nothing, called);
        let condition = condition.map(|condition| self.bind_bool(condition, scope)).transpose()?;
        let bound = value.map(|value| self.bind(value, scope)).transpose()?;
        let rest: Vec<&Expr> = rest.collect();
        let kind = bound.as_ref().map_or(Type::Long, |bound| bound.kind);
        let suffix = match &called {
            Called::Name(name) => name.as_str(),
            _ => "",
        };
        let make = |how: How, gives: Type, name: String| Aggregate {
            how,
            values: bound.clone().into_iter().collect(),
            condition: condition.clone(),
            fields: vec![Field::new(&name, gives)],
            at: at.clone(),
        };
        if matches!(name.text.as_str(), "percentile" | "percentiles") {
            if rest.is_empty() || (name.text == "percentile" && rest.len() > 1) {
                return Err(wrong());
            }
            if kind == Type::Dynamic {
                return Err(Failure::unknown("a percentile of dynamic values is not known here", at.clone()));
            }
            self.check_kind(name, kind, kind != Type::Text, at)?;
            let one = |expr: &&Expr| {
                let rank = self.percentage(expr, scope)?;
                Ok(make(How::Percentile(rank), kind, format!("percentile_{suffix}_{rank}")))
            };
            return rest.iter().map(one).collect();
        }
        let (how, gives) = self.how(name, kind, &rest, scope, at)?;
        let base = name.text.trim_end_matches("_with_nulls").trim_end_matches("_if");
        let prefix = base.strip_prefix("make_").unwrap_or(base);
        let wished = if how == How::Any { suffix.to_owned() } else { format!("{prefix}_{suffix}") };
        Ok(vec![make(how, gives, wished)])
    }

    fn check_kind(&self, name: &Name, kind: Type, fits: bool, at: &Range<usize>) -> Result<(), Failure> {
        if fits {
            return Ok(());
        }
        Err(Failure::rejected(format!("`{}` is not defined for a {}", name.text, kind.name()), at.clone()))
    }

    /// What an aggregate of one value computes, and the type that it gives.
    fn how(
        &self,
        name: &Name,
        kind: Type,
        rest: &[&Expr],
        scope: Scope<'_>,
        at: &Range<usize>,
    ) -> Result<(How, Type), Failure> {
        let function = name.text.as_str();
        let takes_more =
            matches!(function, "dcount" | "dcountif" | "make_set" | "make_set_if" | "make_list" | "make_list_if");
        if rest.len() > usize::from(takes_more) {
            return Err(Failure::rejected(format!("`{function}` takes fewer arguments"), at.clone()));
        }
        let more = rest.first().map(|expr| self.constant_whole(expr, scope)).transpose()?.flatten();
        let most = more.and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST_ELEMENTS).min(MOST_ELEMENTS);
        let (how, fits, gives) = match function {
            "count" | "countif" => (How::Count, true, Type::Long),
            "sum" | "sumif" => {
                let gives = if kind.is_whole() { Type::Long } else { kind };
                (How::Sum, kind.is_number() || kind == Type::Span, gives)
            }
            "avg" | "avgif" => {
                if kind == Type::Time {
                    return Err(Failure::unknown("an average of datetimes is not known here", at.clone()));
                }
                let gives = if kind == Type::Span { Type::Span } else { Type::Real };
                (How::Average, kind.is_number() || kind == Type::Span, gives)
            }
            "min" | "minif" => (How::Extreme { largest: false }, is_ordered(kind), kind),
            "max" | "maxif" => (How::Extreme { largest: true }, is_ordered(kind), kind),
            "stdev" | "stdevif" | "stdevp" | "variance" | "varianceif" | "variancep" if kind == Type::Span => {
                return Err(Failure::unknown("the spread of timespans is not known here", at.clone()));
            }
            "stdev" | "stdevif" => (How::Spread { root: true, sample: true }, kind.is_number(), Type::Real),
            "stdevp" => (How::Spread { root: true, sample: false }, kind.is_number(), Type::Real),
            "variance" | "varianceif" => (How::Spread { root: false, sample: true }, kind.is_number(), Type::Real),
            "variancep" => (How::Spread { root: false, sample: false }, kind.is_number(), Type::Real),
            "dcount" | "dcountif" => {
                // How many values an estimate counts exactly, by its accuracy.
                let most = match more {
                    Some(0) => 0,
                    None | Some(1) => 1000,
                    Some(2..=4) => 8000,
                    _ => return Err(Failure::rejected("the accuracy is from 0 to 4", at.clone())),
                };
                (How::Distinct { most }, kind != Type::Dynamic, Type::Long)
            }
            "count_distinct" | "count_distinctif" => {
                (How::Distinct { most: usize::MAX }, kind != Type::Dynamic, Type::Long)
            }
            "make_set" | "make_set_if" => (How::Set { most }, true, Type::Dynamic),
            "make_list" | "make_list_if" => (How::List { most, nulls: false }, true, Type::Dynamic),
            "make_list_with_nulls" => (How::List { most, nulls: true }, true, Type::Dynamic),
            _ => (How::Any, true, kind),
        };
        self.check_kind(name, kind, fits, at)?;
        Ok((how, gives))
    }

    fn percentage(&self, expr: &Expr, scope: Scope<'_>) -> Result<f64, Failure> {
        let (value, _) = self.constant(expr, scope)?;
        let value = value.number().filter(|value| (0.0..=100.0).contains(value));
        value.ok_or_else(|| Failure::rejected("a percentage from 0 to 100 is expected", expr.at.clone()))
    }

    /// `arg_max`, `arg_min` and `take_any`: columns of one row.
    fn bind_row(
        &self,
        name: &Name,
        arguments: &[Named],
        at: &Range<usize>,
        scope: Scope<'_>,
    ) -> Result<Aggregate, Failure> {
        let how = match name.text.as_str() {
            "arg_max" => How::Row { largest: true },
            "arg_min" => How::Row { largest: false },
            _ => How::Any,
        };
        let mut values = Vec::new();
        let mut fields: Vec<Field> = Vec::new();
        for argument in arguments {
            if matches!(argument.value.kind, ExprKind::Star) {
                for field in scope.columns {
                    let column = Expr { at: argument.value.at.clone(), kind: ExprKind::Name(field.name.clone()) };
                    if fields.iter().all(|there| there.name != field.name) {
                        values.push(self.bind(&column, scope)?);
                        fields.push(field.clone());
                    }
                }
                continue;
            }
            let bound = self.bind(&argument.value, scope)?;
            let name = match called(&argument.value) {
                Called::Name(name) => name,
                _ => return Err(Failure::unknown("what this column is called is not known here", bound.at)),
            };
            fields.push(Field::new(&name, bound.kind));
            values.push(bound);
        }
        let least = if how == How::Any { 1 } else { 2 };
        if arguments.len() < least {
            return Err(Failure::rejected(format!("`{}` takes more arguments", name.text), at.clone()));
        }
        if let (How::Row { .. }, Some(first)) = (how, values.first()) {
            self.check_kind(name, first.kind, is_ordered(first.kind), at)?;
        }
        Ok(Aggregate { how, values, condition: None, fields, at: at.clone() })
    }
}

impl Aggregate {
    /// Whether its key columns are left out of `*`.
    pub(super) fn without(mut self, keys: &[String]) -> Aggregate {
        if keys.is_empty() {
            return self;
        }
        let kept = |name: &str| !keys.iter().any(|key| key == name);
        let pairs = std::mem::take(&mut self.values).into_iter().zip(std::mem::take(&mut self.fields)).enumerate();
        let pairs = pairs.filter(|(number, (_, field))| *number == 0 || kept(&field.name));
        (self.values, self.fields) = pairs.map(|(_, pair)| pair).unzip();
        self
    }

    /// What no rows give.
    fn of_none(&self, engine: &Engine<'_>) -> Vec<Cell> {
        self.fields.iter().map(|field| compute::of_none(self.how, field.kind, engine)).collect()
    }
}

/// The first aggregate that is called within an expression.
pub(super) fn aggregate_within(expr: &Expr) -> Option<&Name> {
    match &expr.kind {
        ExprKind::Call(name, _) if exists(&name.text) => Some(name),
        ExprKind::Call(_, arguments) => arguments.iter().find_map(|argument| aggregate_within(&argument.value)),
        ExprKind::Member(one, _) | ExprKind::Minus(one) => aggregate_within(one),
        ExprKind::Index(one, other) | ExprKind::Binary(_, one, other) => {
            aggregate_within(one).or_else(|| aggregate_within(other))
        }
        ExprKind::Chain(_, many) => many.iter().find_map(aggregate_within),
        ExprKind::List(_, one, many) => aggregate_within(one).or_else(|| many.iter().find_map(aggregate_within)),
        ExprKind::Between { value, low, high, .. } => {
            [value, low, high].into_iter().find_map(|one| aggregate_within(one))
        }
        _ => None,
    }
}

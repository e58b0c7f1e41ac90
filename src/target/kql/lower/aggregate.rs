//! Aggregates: takes one of the rule's, gives the columns of `summarize` that it needs and what is made of them behind it.
//!
//! All of KQL's aggregates skip null. Empty text is no null to them, so it is filtered out here.

use super::super::errors;
use super::super::library::Own;
use super::super::tree::{Infix, Name, Scalar, Type};
use super::window::{cut, uncut};
use super::{Lower, Value, refuse};
use crate::ir::{Aggregate, AggregateFunction, Expr, ExprKind, Function};
use crate::source::Span;
use crate::target::said::{Said, gather};
use crate::target::{Condition, Verdict};

/// Most elements that KQL's lists and sets collect.
const MAX_COLLECTED: u64 = 1_048_576;

/// What an aggregate becomes.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Columns of `summarize`; an `arg_max` names its own.
    pub(super) columns: Vec<(Option<Name>, Scalar)>,
    /// Columns made of those behind it.
    pub(super) after: Vec<(Name, Scalar)>,
    /// Its value there.
    pub(super) value: Value,
}

/// The argument of an aggregate and the condition under which it counts.
pub(super) struct Argument {
    pub(super) value: Value,
    pub(super) filter: Option<Scalar>,
}

impl Lower<'_> {
    /// The value of an aggregate after grouping.
    pub(super) fn aggregate_value(&mut self, number: usize, span: Span) -> Said<Value> {
        let Some(groups) = &self.groups else {
            return refuse(errors::no_counterpart("an aggregate without `over`", span));
        };
        let value = match groups.aggregates.get(number) {
            Some(value) => value.clone()?,
            None => return refuse(errors::unbound(span)),
        };
        match self.rule.aggregates.get(number).map(|aggregate| &aggregate.function) {
            Some(AggregateFunction::Values(most)) => Ok(listing(value.scalar, i64::from(*most))),
            _ => Ok(value),
        }
    }

    /// What an aggregate becomes, in a column of the name wanted where there is one.
    pub(super) fn plan(&mut self, aggregate: &Aggregate, wanted: Option<&str>) -> Said<Plan> {
        let filter = match &aggregate.filter {
            Some(filter) => match self.truth(filter)?.scalar {
                Scalar::Bool(true) => None,
                filter => Some(filter),
            },
            None => None,
        };
        let name = match wanted {
            Some(name) => Name::new(name),
            None => self.names.fresh(&format!("{}_value", aggregate.function.name())),
        };
        match &aggregate.function {
            AggregateFunction::Count => {
                let count = match filter {
                    Some(filter) => Scalar::call("countif", [filter]),
                    None => Scalar::call("count", []),
                };
                return Ok(one_column(name, count, Type::Long, false));
            }
            AggregateFunction::Distinct => return self.distinct(aggregate, filter, name),
            AggregateFunction::Top(_) => return refuse(errors::no_counterpart("top", aggregate.span)),
            _ => {}
        }
        let Some(expr) = aggregate.args.first() else { return refuse(errors::unbound(aggregate.span)) };
        let argument = Argument { value: self.value(expr)?, filter };
        match &aggregate.function {
            AggregateFunction::First => self.by_time(expr, argument, name, false, aggregate.span),
            AggregateFunction::Last => self.by_time(expr, argument, name, true, aggregate.span),
            AggregateFunction::Values(_) => self.values(&argument, &name, aggregate),
            function => self.of_numbers(function, expr, argument, name, aggregate.span),
        }
    }

    /// An aggregate of one argument, which is no text.
    pub(super) fn of_numbers(
        &mut self,
        function: &AggregateFunction,
        expr: &Expr,
        argument: Argument,
        name: Name,
        span: Span,
    ) -> Said<Plan> {
        let Value { ty, optional, .. } = argument.value;
        // A group has one row at least.
        let may_lack = optional || argument.filter.is_some();
        let finite = |scalar| Scalar::Own(Own::FiniteOrNull, vec![scalar]);
        if matches!(ty, Type::String | Type::Bool | Type::Dynamic) {
            return refuse(errors::aggregate_of(function.name(), &expr.ty, span));
        }
        Ok(match (function, ty) {
            (AggregateFunction::Sum, Type::Real) => one_column(name, finite(argument.apply("sum", "sumif")), ty, true),
            (AggregateFunction::Sum, Type::Long | Type::Timespan) => {
                // Nobody says what becomes of a sum that leaves 64 bits.
                if ty != Type::Long || !self.is_small(expr) {
                    self.effects.provided.push(Condition::SumsFit);
                }
                one_column(name, argument.apply("sum", "sumif"), ty, false)
            }
            (AggregateFunction::Avg, Type::Long | Type::Real) => {
                one_column(name, finite(argument.apply("avg", "avgif")), Type::Real, true)
            }
            (AggregateFunction::Avg, Type::Timespan) => self.mean_of_spans(argument, name),
            (AggregateFunction::Stddev, Type::Long | Type::Real) => {
                // Squares are summed in floats, which lose what tells large numbers apart.
                if !self.is_small(expr) {
                    self.effects.provided.push(Condition::SumsFit);
                }
                let values = Scalar::call("countif", [argument.counts()]);
                let several = Scalar::infix(values, Infix::Greater, Scalar::Long(1));
                let spread = finite(argument.apply("stdev", "stdevif"));
                one_column(name, Scalar::iff(several, spread, Scalar::Null(Type::Real)), Type::Real, true)
            }
            (AggregateFunction::Min, _) => extreme(name, argument, "min", "minif", may_lack),
            (AggregateFunction::Max, _) => extreme(name, argument, "max", "maxif", may_lack),
            (AggregateFunction::Percentile(100_000_000_000), _) => extreme(name, argument, "max", "maxif", may_lack),
            (AggregateFunction::Percentile(billionths), _) => self.percentile(*billionths, &argument, name),
            _ => return refuse(errors::aggregate_of(function.name(), &expr.ty, span)),
        })
    }

    /// The total divided by how many there are, in whole microseconds.
    fn mean_of_spans(&mut self, mut argument: Argument, name: Name) -> Plan {
        self.effects.provided.push(Condition::SumsFit);
        let [total, count] = ["total", "count"].map(|part| self.names.fresh(&format!("{}_{part}", name.0)));
        let counted = match argument.counts() {
            Scalar::Bool(true) => Scalar::call("count", []),
            counts => Scalar::call("countif", [counts]),
        };
        let micros = Scalar::infix(argument.value.scalar, Infix::Divide, Scalar::Timespan(1));
        argument.value.scalar = Scalar::call("tolong", [micros]);
        let mean = Scalar::Own(Own::MeanOf, vec![Scalar::column(&total), Scalar::column(&count)]);
        Plan {
            columns: vec![(Some(total), argument.apply("sum", "sumif")), (Some(count), counted)],
            after: vec![(name.clone(), mean)],
            value: Value::new(Scalar::Column(name), Type::Timespan, true),
        }
    }

    /// Nearest rank: the element ⌈p/100·n⌉ of the sorted values.
    fn percentile(&mut self, billionths: u64, argument: &Argument, name: Name) -> Plan {
        /// One hundred percent, in the unit of `billionths`.
        const WHOLE: u64 = 100_000_000_000;
        self.effects.provided.push(Condition::AtMostValues(MAX_COLLECTED));
        let sorted = self.names.fresh(&format!("{}_sorted", name.0));
        let collected = Scalar::call("array_sort_asc", [argument.apply("make_list", "make_list_if")]);
        let shared = gcd(billionths, WHOLE);
        let [part, whole] = [billionths / shared, WHOLE / shared].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let count = Scalar::call("array_length", [Scalar::column(&sorted)]);
        let product = if part == 1 { count } else { Scalar::infix(count, Infix::Multiply, Scalar::Long(part)) };
        let up = Scalar::infix(product, Infix::Add, Scalar::Long(whole - 1));
        let rank = if whole == 1 { up } else { Scalar::infix(up, Infix::Divide, Scalar::Long(whole)) };
        let index = Scalar::call("toint", [Scalar::infix(rank, Infix::Subtract, Scalar::Long(1))]);
        let element = Scalar::Element(Box::new(Scalar::column(&sorted)), Box::new(index));
        let typed = Scalar::call(
            match argument.value.ty {
                Type::Real => "todouble",
                Type::Datetime => "todatetime",
                Type::Timespan => "totimespan",
                _ => "tolong",
            },
            [element],
        );
        Plan {
            columns: vec![(Some(sorted), collected)],
            after: vec![(name.clone(), typed)],
            value: Value::new(Scalar::Column(name), argument.value.ty, true),
        }
    }

    /// Different combinations of values that are all present.
    fn distinct(&mut self, aggregate: &Aggregate, filter: Option<Scalar>, name: Name) -> Said<Plan> {
        // Hashes are as different as what they are of.
        let unhashed = |expr: &Expr| match &expr.kind {
            ExprKind::Call(Function::Hash, args) => args.first().unwrap_or(expr).clone(),
            _ => expr.clone(),
        };
        let args: Vec<Expr> = aggregate.args.iter().map(unhashed).collect();
        let values = gather(args.iter().map(|arg| self.value(arg)))?;
        let mut conditions = Vec::new();
        let mut columns = Vec::new();
        let last = values.len().saturating_sub(1);
        for (at, value) in values.into_iter().enumerate() {
            if last > 0 && value.ty == Type::Real {
                return refuse(errors::aggregate_of("distinct", &crate::ir::Type::Float, aggregate.span));
            }
            let column = if value.optional || last > 0 { self.once(value.scalar, "part_value") } else { value.scalar };
            conditions.push(Value { scalar: column.clone(), ..value }.present());
            let text =
                if value.ty == Type::String { column.clone() } else { Scalar::call("tostring", [column.clone()]) };
            if last == 0 {
                columns.push(column);
            } else {
                // The length in front keeps `ab` + `c` and `a` + `bc` apart.
                if at < last {
                    columns.extend([Scalar::call("strlen", [text.clone()]), Scalar::text(":")]);
                }
                columns.push(text);
            }
        }
        conditions.extend(filter);
        let counted =
            if last == 0 { columns.pop().unwrap_or(Scalar::Null(Type::Long)) } else { Scalar::Call("strcat", columns) };
        let count = match Scalar::all(conditions) {
            Scalar::Bool(true) => Scalar::call("count_distinct", [counted]),
            condition => Scalar::call("count_distinctif", [counted, condition]),
        };
        Ok(one_column(name, count, Type::Long, false))
    }

    /// The sorted set; [`listing`] takes the first of it.
    fn values(&mut self, argument: &Argument, name: &Name, aggregate: &Aggregate) -> Said<Plan> {
        let ty = aggregate.args.first().map_or(crate::ir::Type::Text, |arg| arg.ty.clone());
        // Addresses are sorted by their numbers, and texts of them are not.
        if !matches!(argument.value.ty, Type::String | Type::Long) || ty == crate::ir::Type::Ip {
            return refuse(errors::aggregate_of("values", &ty, aggregate.span));
        }
        self.effects.provided.push(Condition::AtMostValues(MAX_COLLECTED));
        let set = self.names.fresh(&format!("{}_set", name.0));
        let collected = match (argument.value.ty, argument.counts()) {
            (_, Scalar::Bool(true)) => Scalar::call("make_set", [argument.value.scalar.clone()]),
            (_, condition) => Scalar::call("make_set_if", [argument.value.scalar.clone(), condition]),
        };
        let sorted = Scalar::call("array_sort_asc", [collected]);
        let value = Value::new(Scalar::column(&set), Type::Dynamic, true);
        Ok(Plan { columns: vec![(Some(set), sorted)], after: Vec::new(), value })
    }

    /// The value of the first or last row that has one.
    fn by_time(&mut self, expr: &Expr, argument: Argument, name: Name, last: bool, span: Span) -> Said<Plan> {
        let may_lack = argument.value.optional || argument.filter.is_some();
        if expr.kind == self.time.kind {
            let [plain, filtered] = if last { ["max", "maxif"] } else { ["min", "minif"] };
            return Ok(extreme(name, argument, plain, filtered, may_lack));
        }
        self.effects.weaker.push((Verdict::Differs, errors::ties(if last { "last" } else { "first" }, span)));
        let hidden = self.hides(&name.0);
        let column = if hidden { self.names.fresh(&name.0) } else { name };
        let at = self.names.fresh(&format!("{}_at", column.0));
        let Value { ty, .. } = argument.value;
        let time = self.time;
        let time = self.value(time)?.scalar;
        let held = self.once(argument.value.scalar.clone(), "held_value");
        let counts =
            Argument { value: Value { scalar: held.clone(), ..argument.value }, filter: argument.filter }.counts();
        let when = match counts {
            Scalar::Bool(true) => time,
            counts => Scalar::iff(counts, time, Scalar::Null(Type::Datetime)),
        };
        self.extend(column.clone(), held);
        self.extend(at.clone(), when);
        let function = if last { "arg_max" } else { "arg_min" };
        let found = Scalar::call(function, [Scalar::column(&at), Scalar::column(&column)]);
        let after = if may_lack {
            let none = Scalar::call("isnull", [Scalar::column(&at)]);
            vec![(column.clone(), Scalar::iff(none, Scalar::missing(ty), Scalar::column(&column)))]
        } else {
            Vec::new()
        };
        Ok(Plan { columns: vec![(None, found)], after, value: Value::new(Scalar::Column(column), ty, may_lack) })
    }
}

impl Argument {
    /// The aggregate of it; missing values are skipped by KQL itself.
    fn apply(&self, plain: &'static str, filtered: &'static str) -> Scalar {
        let value = self.value.scalar.clone();
        match &self.filter {
            Some(filter) => Scalar::call(filtered, [value, filter.clone()]),
            None => Scalar::call(plain, [value]),
        }
    }

    /// When a row counts.
    fn counts(&self) -> Scalar {
        let mut conditions = vec![self.value.clone().present()];
        conditions.extend(self.filter.clone());
        Scalar::all(conditions)
    }
}

fn one_column(name: Name, scalar: Scalar, ty: Type, optional: bool) -> Plan {
    Plan {
        columns: vec![(Some(name.clone()), scalar)],
        after: Vec::new(),
        value: Value::new(Scalar::Column(name), ty, optional),
    }
}

/// The least or greatest; of times, cut once and not for each row.
fn extreme(name: Name, mut argument: Argument, plain: &'static str, filtered: &'static str, optional: bool) -> Plan {
    let ty = argument.value.ty;
    let exact = uncut(argument.value.scalar.clone());
    let was_cut = exact != argument.value.scalar;
    argument.value.scalar = exact;
    let found = argument.apply(plain, filtered);
    one_column(name, if was_cut { cut(found) } else { found }, ty, optional)
}

/// `{values, more}`, as alerts show it; null of nothing.
fn listing(set: Scalar, most: i64) -> Value {
    let length = || Scalar::call("array_length", [set.clone()]);
    let first = Scalar::call("array_slice", [set.clone(), Scalar::Long(0), Scalar::Long(most - 1)]);
    let more = Scalar::infix(length(), Infix::Greater, Scalar::Long(most));
    let bag = Scalar::call("bag_pack", [Scalar::text("values"), first, Scalar::text("more"), more]);
    let some = Scalar::infix(length(), Infix::Greater, Scalar::Long(0));
    Value::new(Scalar::iff(some, bag, Scalar::Null(Type::Dynamic)), Type::Dynamic, true)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

//! Fields of another log: takes the rows of a rule and what lends, gives the steps that put what is borrowed beside each row.
//!
//! `borrowing` has the rows with what they are joined on; `lending` the lender's near them; `lent` the first of these for each key and time
//! of `borrowing`; `borrowed` every row of `borrowing` once, with what was lent or without.

use super::errors;
use super::lower::Lower;
use super::lower_look::micros;
use super::tree::{Aggregate, From, Join, Node, Operator, Order, Select, Sql, Type};
use crate::bind::BoundRule;
use crate::bind::simplify::{Carry, simplify_rule, without_row_values};
use crate::ir::{Binding, Expr, Place};
use crate::source::Span;
use crate::target::borrow::Lending;
use crate::target::said::Said;

/// Steps of a query by name, in their order.
pub(super) type Steps = Vec<(String, Select)>;

/// A log that lends, and the columns of what is borrowed.
pub(super) struct Lent<'a> {
    lending: &'a Lending<'a>,
    columns: Vec<String>,
}

/// What lends, and the place of the borrowing log with the columns of what is borrowed.
pub(super) fn lent<'a>(lendings: &'a [Lending<'a>], place: &Place) -> (Vec<Lent<'a>>, Place) {
    let (mut lent, mut beside) = (Vec::new(), place.clone());
    for (n, lending) in lendings.iter().enumerate() {
        let number = if n == 0 { String::new() } else { format!("_{}", n + 1) };
        let column = |name: &String| format!("borrowed{number}_{}", name.replace('.', "_"));
        let columns: Vec<String> = lending.names.iter().map(column).collect();
        beside = lending.beside(&beside, &columns);
        lent.push(Lent { lending, columns });
    }
    (lent, beside)
}

impl Lower<'_> {
    /// The steps that put what is borrowed beside rows, of which the last one has all rows. `bound`: the rule as it was bound; `range`: from
    /// when to before when its rows lie.
    pub(super) fn borrow(
        &mut self,
        lent: &[Lent<'_>],
        (bound, time): (&BoundRule, &Sql),
        mut rows: Select,
        (from, to): (&Sql, &Sql),
    ) -> Said<(Steps, Select)> {
        let mut steps = Steps::new();
        for Lent { lending, columns } in lent {
            let [borrowing, lending_step, lent_step, borrowed] =
                ["borrowing", "lending", "lent", "borrowed"].map(|name| self.alias(name));
            let [own_key, own_time, lent_key, lent_time] =
                ["borrowing_key", "borrowing_time", "lent_key", "lent_time"].map(|name| self.alias(name));
            let key = self.expr(&alone(bound, &lending.on)?)?;
            rows.star = true;
            rows.items = vec![(key.clone(), Some(own_key.clone())), (micros(time.clone()), Some(own_time.clone()))];
            steps.push((borrowing.clone(), rows));

            let within = lending.join.within;
            let lender = self.lender(lending, (&shifted(from, -within), &shifted(to, within)))?;
            let [of_key, of_time] =
                [(&own_key, key.ty), (&own_time, Type::Int64)].map(|(name, ty)| Sql::name(name, ty));
            let at = || Sql::name(&lender.time, Type::Int64);
            let near = |compare, way| Sql::binary(compare, at(), Sql::binary(way, of_time.clone(), Sql::int(within)));
            let on = vec![
                Sql::binary(Operator::Equal, Sql::name(&lender.key, Type::String), of_key.clone()),
                near(Operator::GreaterEqual, Operator::Subtract),
                near(Operator::LessEqual, Operator::Add),
            ];
            steps.push((lending_step.clone(), lender.rows));
            let mut items = vec![(of_key.clone(), Some(lent_key.clone())), (of_time.clone(), Some(lent_time.clone()))];
            let order = || lender.order.iter().cloned().map(|by| Order { by, descending: false }).collect();
            for (column, (text, ty)) in columns.iter().zip(&lender.texts) {
                let array =
                    Aggregate { order_by: order(), limit: Some(1), ..Aggregate::new("ARRAY_AGG", text.clone()) };
                let array = array.into_sql(Type::Array(Box::new(Type::String)), true);
                let first = Sql::new(Node::Element(Box::new(array), Box::new(Sql::int(1))), Type::String, true);
                let first = first.unless_empty();
                let value = if *ty == Type::String { first } else { first.convert(ty.clone()) };
                items.push((value, Some(column.clone())));
            }
            let from = || Some(From::Step(borrowing.clone()));
            let joins = vec![Join { inner: true, step: lending_step, on }];
            steps.push((lent_step.clone(), Select { items, from: from(), joins, group_by: 2, ..Select::default() }));
            let on = vec![
                Sql::binary(Operator::Equal, of_key.clone(), Sql::name(lent_key, of_key.ty.clone())),
                Sql::binary(Operator::Equal, of_time.clone(), Sql::name(lent_time, Type::Int64)),
            ];
            let joins = vec![Join { inner: false, step: lent_step, on }];
            steps.push((borrowed.clone(), Select { star: true, from: from(), joins, ..Select::default() }));
            rows = Select { from: Some(From::Step(borrowed)), ..Select::default() };
        }
        Ok((steps, rows))
    }

    /// The lender's rows in a range of time that have a key.
    fn lender(&mut self, lending: &Lending<'_>, (from, to): (&Sql, &Sql)) -> Said<Lender> {
        let span = lending.join.span;
        let bound = without_row_values(lending.bound.clone()).ok_or_else(|| vec![errors::too_large(span)])?;
        let bound = simplify_rule(bound, Carry::Constants);
        let names = ["lender_key", "lender_time", "lender_id"].map(|name| self.alias(name));
        self.aside((lending.lender, lending.place, &bound.rule), |lower| lower.lends(&bound, names, (from, to), span))
    }

    fn lends(
        &mut self,
        bound: &BoundRule,
        [key, at, id]: [String; 3],
        (from, to): (&Sql, &Sql),
        span: Span,
    ) -> Said<Lender> {
        let mut rows = Select { from: Some(From::Table(self.place.name.clone())), ..Select::default() };
        let time = self.expr(&bound.time)?;
        rows.filter.push(Sql::binary(Operator::GreaterEqual, time.clone(), from.clone()));
        rows.filter.push(Sql::binary(Operator::Less, time.clone(), to.clone()));
        for pred in &bound.rule.filter {
            let condition = self.pred(pred)?;
            super::lower::keep(&mut rows, condition);
        }
        let mut items = bound.rule.show.iter();
        let of_key = items.next().ok_or_else(|| vec![errors::too_large(span)])?;
        let of_key = self.expr(&of_key.value)?;
        if of_key.nullable {
            rows.filter.push(of_key.clone().is_present());
        }
        rows.items = vec![(of_key, Some(key.clone())), (micros(time), Some(at.clone()))];
        let mut order = vec![Sql::name(&at, Type::Int64)];
        if let Some(of_event) = &bound.event_id {
            rows.items.push((self.expr(of_event)?, Some(id.clone())));
            order.push(Sql::name(id, Type::String));
        }
        let mut texts = Vec::new();
        for item in items {
            let value = self.expr(&item.value)?;
            let name = self.alias("lender_text");
            let column = Sql { nullable: false, ..Sql::name(&name, Type::String) };
            order.push(column.clone());
            texts.push((column, value.ty.clone()));
            let text = if value.ty == Type::String { value } else { value.cast(Type::String) };
            // No array holds `NULL`.
            let text = if text.nullable { text.or(Sql::text("")) } else { text };
            rows.items.push((text, Some(name)));
        }
        Ok(Lender { rows, key, time: at, order, texts })
    }
}

/// The rows of a lender.
struct Lender {
    rows: Select,
    key: String,
    time: String,
    /// In which order they lend.
    order: Vec<Sql>,
    /// What they lend, as text, empty where it is missing, and of which type it is.
    texts: Vec<(Sql, Type)>,
}

/// An expression of a bound rule's source as lowering takes it, without row values.
fn alone(bound: &BoundRule, expr: &Expr) -> Said<Expr> {
    let mut bound = bound.clone();
    bound.rule.show = vec![Binding { name: String::new(), value: expr.clone() }];
    let bound = without_row_values(bound).map(|bound| simplify_rule(bound, Carry::Constants));
    let shown = bound.and_then(|bound| bound.rule.show.into_iter().next());
    shown.map(|shown| shown.value).ok_or_else(|| vec![errors::too_large(expr.span)])
}

/// A moment some microseconds later, or earlier.
fn shifted(time: &Sql, way: i64) -> Sql {
    match time.node {
        Node::Time(at) => Sql::time(at.saturating_add(way)),
        _ => {
            let (operator, way) = if way < 0 { (Operator::Subtract, -way) } else { (Operator::Add, way) };
            let moved = Sql::binary(operator, micros(time.clone()), Sql::int(way));
            Sql::call("TIMESTAMP_MICROS", vec![moved], Type::Timestamp)
        }
    }
}

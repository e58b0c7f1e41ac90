//! Aggregates and what is said of groups: takes an aggregate over rows, gives the column that holds it and how it is read from there.

use super::errors;
use super::lower::Lower;
use super::lower_expr::half_even;
use super::tree::{Aggregate, Node, Operator, Order, QueryForm, Select, Sql, Type, Unnest};
use crate::ir::{self, AggregateFunction, Expr, ExprKind, Statistic};
use crate::target::said::{Said, gather};

/// Percentiles are counted in billionths of a percent.
const ALL_OF_100: u64 = 100_000_000_000;

/// What keys, aggregates and measures are once rows are grouped.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// By number.
    pub keys: Vec<Sql>,
    /// By number; what can't be said is so only for who reads it.
    pub aggregates: Vec<Said<Sql>>,
    /// By number, as far as they are known.
    pub measures: Vec<Said<Sql>>,
}

/// An aggregate: what one group's rows give, and what becomes of it.
#[derive(Debug)]
pub(super) struct Measured {
    /// Over rows.
    pub column: Sql,
    finish: Finish,
}

#[derive(Debug)]
enum Finish {
    /// It is the value.
    Nothing,
    /// All values: the most frequent ones of them.
    Top(u32, bool),
    /// Different addresses: the first ones by number.
    Addresses(u32),
}

impl Measured {
    /// Whether the column is the value, so that it may have the measure's name.
    pub(super) fn is_value(&self) -> bool {
        matches!(self.finish, Finish::Nothing)
    }

    /// The value, from the column by its name.
    pub(super) fn value(&self, name: &str) -> Sql {
        let column = Sql { nullable: self.column.nullable, ..Sql::name(name, self.column.ty.clone()) };
        let value = |ty: &Type| match ty {
            Type::Array(element) => (**element).clone(),
            other => other.clone(),
        };
        let item = || Sql::name("item", value(&column.ty));
        let select = |order_by: Vec<Order>, limit, group_by| Select {
            items: vec![(item(), None)],
            unnest: vec![Unnest { list: column.clone(), name: "item".to_owned(), offset: None }],
            group_by,
            order_by,
            limit: Some(limit),
            ..Select::default()
        };
        let array = |select| Sql::new(Node::Query(QueryForm::Array, Box::new(select)), column.ty.clone(), false);
        let by = |by, descending| Order { by, descending };
        match self.finish {
            Finish::Nothing => column,
            Finish::Top(most, of_addresses) => {
                let mut order_by = vec![by(Sql::new(Node::CountRows, Type::Int64, false), true)];
                if of_addresses {
                    order_by.extend(by_number(item()));
                } else {
                    order_by.push(by(item(), false));
                }
                array(select(order_by, most, 1))
            }
            Finish::Addresses(most) => array(select(by_number(item()), most, 0)),
        }
    }
}

/// Addresses in the order of their numbers, IPv4 first.
fn by_number(address: Sql) -> Vec<Order> {
    let bytes = super::lower_address::bytes(address);
    let length = Sql::call("BYTE_LENGTH", vec![bytes.clone()], Type::Int64);
    vec![Order { by: length, descending: false }, Order { by: bytes, descending: false }]
}

impl Lower<'_> {
    /// A key, aggregate or measure where rows are grouped.
    pub(super) fn of_group(&mut self, expr: &Expr) -> Said<Sql> {
        let found = self.groups.as_ref().and_then(|groups| match expr.kind {
            ExprKind::Key(n) => groups.keys.get(n).cloned().map(Ok),
            ExprKind::Aggregate(n) => groups.aggregates.get(n).cloned(),
            ExprKind::Measure(n) => groups.measures.get(n).cloned(),
            _ => None,
        });
        found.unwrap_or_else(|| {
            Err(vec![errors::cannot(expr.span, "a measure outside of a group", "give the rule a window with `over`")])
        })
    }

    /// An aggregate over the rows of a group.
    pub(super) fn aggregate(&mut self, of: &ir::Aggregate) -> Said<Measured> {
        let filter = of.filter.as_ref().map(|filter| self.pred(filter));
        let args = gather(of.args.iter().map(|arg| self.argument(arg)));
        let (filter, args) = match (filter.transpose(), args) {
            (Ok(filter), Ok(args)) => (filter, args),
            (Err(a), Err(b)) => return Err(a.into_iter().chain(b).collect()),
            (Err(a), _) | (_, Err(a)) => return Err(a),
        };
        let kept = |value: Sql| match &filter {
            Some(filter) => value.only_if(filter.clone()),
            None => value,
        };
        let of_address = of.args.first().is_some_and(|arg| arg.ty == ir::Type::Ip);
        let plain = |column| Ok(Measured { column, finish: Finish::Nothing });
        let Some(first) = args.first().cloned().map(kept) else {
            return plain(match filter {
                Some(filter) => Aggregate::new("COUNTIF", filter).into_sql(Type::Int64, false),
                None => Sql::new(Node::CountRows, Type::Int64, false),
            });
        };
        let of_ty = first.ty.clone();
        let array = Type::Array(Box::new(of_ty.clone()));
        match &of.function {
            AggregateFunction::Count => plain(Sql::new(Node::CountRows, Type::Int64, false)),
            AggregateFunction::Sum if of_ty == Type::Float64 => {
                let total = Aggregate::new("SUM", first).into_sql(Type::Float64, true);
                plain(total.or(Sql::new(Node::Float(0.0), Type::Float64, false)))
            }
            AggregateFunction::Sum => {
                let digits = Aggregate::new("SUM", first.cast(Type::Numeric)).into_sql(Type::Numeric, true);
                plain(digits.or(Sql::int(0)).convert(Type::Int64))
            }
            AggregateFunction::Avg => plain(self.mean(first, &of.ty)),
            AggregateFunction::Min => plain(Aggregate::new("MIN", first).into_sql(of_ty, true)),
            AggregateFunction::Max => plain(Aggregate::new("MAX", first).into_sql(of_ty, true)),
            AggregateFunction::Stddev => plain(deviation(first)),
            AggregateFunction::Percentile(billionths) => plain(percentile(first, *billionths)),
            AggregateFunction::Distinct => {
                let value = match args.len() {
                    1 => first,
                    _ => kept(packed(args)),
                };
                let counted = Aggregate { distinct: true, ..Aggregate::new("COUNT", value) };
                plain(counted.into_sql(Type::Int64, false))
            }
            AggregateFunction::Values(most) => {
                let listed =
                    Aggregate { distinct: true, ignore_nulls: true, ..Aggregate::new("ARRAY_AGG", first.clone()) };
                if of_address {
                    return Ok(Measured { column: listed.into_sql(array, true), finish: Finish::Addresses(*most) });
                }
                let order_by = vec![Order { by: first, descending: false }];
                plain(Aggregate { order_by, limit: Some(*most), ..listed }.into_sql(array, true))
            }
            AggregateFunction::Top(most) => {
                let listed = Aggregate { ignore_nulls: true, ..Aggregate::new("ARRAY_AGG", first) };
                Ok(Measured { column: listed.into_sql(array, true), finish: Finish::Top(*most, of_address) })
            }
            AggregateFunction::First => plain(self.at_end(first, of_address, false)),
            AggregateFunction::Last => plain(self.at_end(first, of_address, true)),
        }
    }

    fn mean(&mut self, value: Sql, ty: &ir::Type) -> Sql {
        let mean = Aggregate::new("AVG", value).into_sql(Type::Float64, true);
        let in_micros = *ty == ir::Type::Duration;
        self.rounds |= in_micros;
        if in_micros { half_even(mean) } else { mean }
    }

    /// A statistic of the values of windows; of a type.
    pub(super) fn statistic(&mut self, statistic: Statistic, value: Sql, ty: &ir::Type) -> Sql {
        match statistic {
            Statistic::Mean => self.mean(value, ty),
            Statistic::Stddev => deviation(value),
            Statistic::Max => {
                let of_ty = value.ty.clone();
                Aggregate::new("MAX", value).into_sql(of_ty, true)
            }
            Statistic::Median => percentile(value, ALL_OF_100 / 2),
            Statistic::P95 => percentile(value, ALL_OF_100 / 100 * 95),
        }
    }

    fn argument(&mut self, arg: &Expr) -> Said<Sql> {
        if matches!(arg.ty, ir::Type::List(_) | ir::Type::Record(_) | ir::Type::Raw) {
            return Err(vec![errors::cannot(
                arg.span,
                "an aggregate over lists, because an array can't hold arrays",
                "take the list apart with `each`",
            )]);
        }
        self.expr(arg)
    }

    /// The value of the first or last row that has one; rows of one time and id are told apart by the value.
    fn at_end(&self, value: Sql, of_address: bool, last: bool) -> Sql {
        let ty = value.ty.clone();
        let order = |by: Sql| Order { by, descending: last };
        let mut order_by: Vec<Order> = self.row_order.iter().cloned().map(order).collect();
        if of_address {
            order_by.extend(by_number(value.clone()).into_iter().map(|by| order(by.by)));
        } else {
            order_by.push(order(value.clone()));
        }
        let listed = Aggregate { ignore_nulls: true, order_by, limit: Some(1), ..Aggregate::new("ARRAY_AGG", value) };
        let listed = listed.into_sql(Type::Array(Box::new(ty.clone())), true);
        Sql::new(Node::Element(Box::new(listed), Box::new(Sql::int(1))), ty, true)
    }
}

/// Of a sample.
fn deviation(value: Sql) -> Sql {
    Aggregate::new("STDDEV_SAMP", value).into_sql(Type::Float64, true)
}

/// Element ⌈p/100·n⌉ of the sorted values, in whole numbers.
fn percentile(value: Sql, billionths: u64) -> Sql {
    let shared = gcd(billionths.max(1), ALL_OF_100);
    let number = |n: u64| Sql::int(i64::try_from(n).unwrap_or(i64::MAX));
    let (over, under) = (billionths / shared, ALL_OF_100 / shared);
    let count = Aggregate::new("COUNT", value.clone()).into_sql(Type::Int64, false);
    let rank = if over == under {
        count
    } else {
        let scaled = if over == 1 { count } else { Sql::binary(Operator::Multiply, count, number(over)) };
        let rounded_up = Sql::binary(Operator::Add, scaled, number(under - 1));
        Sql::call("DIV", vec![rounded_up, number(under)], Type::Int64)
    };
    let ty = value.ty.clone();
    let order_by = vec![Order { by: value.clone(), descending: false }];
    let sorted = Aggregate { ignore_nulls: true, order_by, ..Aggregate::new("ARRAY_AGG", value) };
    let sorted = sorted.into_sql(Type::Array(Box::new(ty.clone())), true);
    Sql::new(Node::Element(Box::new(sorted), Box::new(rank)), ty, true)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Several values as one text, different for different values and `NULL` where one is: each but the last behind its length.
fn packed(values: Vec<Sql>) -> Sql {
    let texts: Vec<Sql> = values.into_iter().map(as_text).collect();
    let last = texts.len().saturating_sub(1);
    let concat = |a, b| Sql::binary(Operator::Concat, a, b);
    texts
        .into_iter()
        .enumerate()
        .map(|(at, text)| {
            if at == last {
                return text;
            }
            let length = Sql::call("CHAR_LENGTH", vec![text.clone()], Type::Int64).cast(Type::String);
            concat(concat(length, Sql::text(":")), text)
        })
        .reduce(concat)
        .unwrap_or(Sql::null(Type::String))
}

/// A value as a text that no other value of its type has.
pub(super) fn as_text(value: Sql) -> Sql {
    match value.ty {
        Type::String => value,
        Type::Timestamp => Sql::call("UNIX_MICROS", vec![value], Type::Int64).cast(Type::String),
        _ => value.cast(Type::String),
    }
}

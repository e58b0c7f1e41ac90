//! Faults in trees of GoogleSQL.

use skywatch::ir::SECOND;
use skywatch::target::googlesql::tree::{Aggregate, Is, Join, Node, Operator, Query, Select, Sql};

use super::nodes::{Fault, Holds, without};
use super::patterns::{any_character, open_end, open_start, small_letters_lost};

impl Holds<Select> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Select)) {
        for select in selects(self) {
            visit(select);
            each_of(select, &mut |sql| {
                if let Node::Query(_, select) | Node::InQuery(_, select) = &mut sql.node {
                    visit(select);
                }
            });
        }
    }
}

impl Holds<Sql> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Sql)) {
        selects(self).for_each(|select| each_of(select, visit));
    }
}

impl Holds<Aggregate> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Aggregate)) {
        Holds::<Sql>::each(self, &mut |sql| {
            if let Node::Aggregate(aggregate) = &mut sql.node {
                visit(aggregate);
            }
        });
    }
}

fn selects(query: &mut Query) -> impl Iterator<Item = &mut Select> {
    query.steps.iter_mut().map(|(_, select)| select).chain([&mut query.last])
}

/// Every expression of a query, those of queries inside too.
fn each_of(select: &mut Select, visit: &mut dyn FnMut(&mut Sql)) {
    select.items.iter_mut().for_each(|(item, _)| each(item, visit));
    select.unnest.iter_mut().for_each(|unnest| each(&mut unnest.list, visit));
    select.joins.iter_mut().flat_map(|join| &mut join.on).for_each(|on| each(on, visit));
    select.filter.iter_mut().for_each(|filter| each(filter, visit));
    select.order_by.iter_mut().for_each(|order| each(&mut order.by, visit));
}

fn each(sql: &mut Sql, visit: &mut dyn FnMut(&mut Sql)) {
    visit(sql);
    match &mut sql.node {
        Node::Null
        | Node::Text(_)
        | Node::Pattern(_)
        | Node::Int(_)
        | Node::Float(_)
        | Node::Bool(_)
        | Node::Time(_)
        | Node::Column(_)
        | Node::CountRows => {}
        Node::Call(_, args) | Node::All(args) | Node::Any(args) | Node::Array(args) => {
            args.iter_mut().for_each(|arg| each(arg, visit));
        }
        Node::CallWith(_, args, _, option) => {
            args.iter_mut().for_each(|arg| each(arg, visit));
            each(option, visit);
        }
        Node::Extract(_, inner) | Node::Convert(inner) | Node::Cast(inner) | Node::Not(inner) | Node::Is(inner, _) => {
            each(inner, visit);
        }
        Node::Binary(_, one, other) | Node::Element(one, other) => {
            each(one, visit);
            each(other, visit);
        }
        Node::In(subject, options) => {
            each(subject, visit);
            options.iter_mut().for_each(|option| each(option, visit));
        }
        Node::Case(arms, otherwise) => {
            for (when, then) in arms {
                each(when, visit);
                each(then, visit);
            }
            otherwise.iter_mut().for_each(|otherwise| each(otherwise, visit));
        }
        Node::Aggregate(aggregate) => {
            each(&mut aggregate.value, visit);
            aggregate.separator.iter_mut().for_each(|separator| each(separator, visit));
            aggregate.order_by.iter_mut().for_each(|order| each(&mut order.by, visit));
        }
        Node::InQuery(subject, select) => {
            each(subject, visit);
            each_of(select, visit);
        }
        Node::Query(_, select) => each_of(select, visit),
    }
}

/// Selects with one of their joins changed.
fn changed(select: &Select, wrong: fn(&Join) -> Vec<Join>) -> Vec<Select> {
    let at = |at: usize| {
        let with = move |join| {
            let mut select = select.clone();
            select.joins[at] = join;
            select
        };
        wrong(&select.joins[at]).into_iter().map(with)
    };
    (0..select.joins.len()).flat_map(at).collect()
}

pub(super) fn faults() -> Vec<Fault<Query>> {
    let node = |name, wrong: fn(&Sql) -> Vec<Sql>| Fault::of(name, wrong);
    vec![
        Fault::of("a condition is gone", |select: &Select| {
            let filters = without(&select.filter, |_| true).into_iter();
            filters.map(|filter| Select { filter, ..select.clone() }).collect()
        }),
        Fault::of("a key is gone", |select: &Select| {
            let null = |at: usize| {
                let mut select = select.clone();
                select.items[at].0 = Sql::null(select.items[at].0.ty.clone());
                select
            };
            (0..select.group_by).map(null).collect()
        }),
        Fault::of("a join keeps what has no partner, or does not", |select: &Select| {
            changed(select, |join| vec![Join { inner: !join.inner, ..join.clone() }])
        }),
        Fault::of("a join goes by one condition less", |select: &Select| {
            changed(select, |join| {
                let less = without(&join.on, |_| join.on.len() > 1).into_iter();
                less.map(|on| Join { on, ..join.clone() }).collect()
            })
        }),
        Fault::of("the order is turned", |select: &Select| {
            let mut turned = select.clone();
            turned.order_by.iter_mut().for_each(|order| order.descending = !order.descending);
            // Only where there is a most does an order decide.
            select.limit.map(|_| turned).into_iter().collect()
        }),
        Fault::of("an aggregate's order is turned", |aggregate: &Aggregate| {
            let mut turned = aggregate.clone();
            turned.order_by.iter_mut().for_each(|order| order.descending = !order.descending);
            if aggregate.order_by.is_empty() { Vec::new() } else { vec![turned] }
        }),
        Fault::of("different values are all values", |aggregate: &Aggregate| {
            if aggregate.distinct { vec![Aggregate { distinct: false, ..aggregate.clone() }] } else { Vec::new() }
        }),
        Fault::of("a list of values is shorter by one", |aggregate: &Aggregate| {
            aggregate.limit.map(|most| Aggregate { limit: Some(most - 1), ..aggregate.clone() }).into_iter().collect()
        }),
        Fault::of("a sum is a maximum", |aggregate: &Aggregate| named(aggregate, "SUM", "MAX")),
        Fault::of("the least is the greatest", |aggregate: &Aggregate| named(aggregate, "MIN", "MAX")),
        Fault::of("the greatest is the least", |aggregate: &Aggregate| named(aggregate, "MAX", "MIN")),
        Fault::of("a mean is a maximum", |aggregate: &Aggregate| named(aggregate, "AVG", "MAX")),
        node("a sum is a count", |sql| match &sql.node {
            Node::Aggregate(aggregate) if aggregate.name == "SUM" => vec![with(sql, Node::CountRows)],
            _ => Vec::new(),
        }),
        node("an aggregate is of all rows", |sql| match &sql.node {
            Node::Aggregate(aggregate) if ["COUNTIF", "COUNT"].contains(&aggregate.name) => {
                vec![with(sql, Node::CountRows)]
            }
            _ => Vec::new(),
        }),
        node("and is or", |sql| match &sql.node {
            Node::All(parts) => vec![with(sql, Node::Any(parts.clone()))],
            _ => Vec::new(),
        }),
        node("or is and", |sql| match &sql.node {
            Node::Any(parts) => vec![with(sql, Node::All(parts.clone()))],
            _ => Vec::new(),
        }),
        node("one of several conditions is gone", |sql| match &sql.node {
            Node::All(parts) => without(parts, |_| true).into_iter().map(Sql::all).collect(),
            _ => Vec::new(),
        }),
        node("one of several alternatives is gone", |sql| match &sql.node {
            Node::Any(parts) => without(parts, |_| true).into_iter().map(Sql::any).collect(),
            _ => Vec::new(),
        }),
        node("the edge is on the other side", |sql| {
            binary(sql, |operator| match operator {
                Operator::Less => Some(Operator::LessEqual),
                Operator::LessEqual => Some(Operator::Less),
                Operator::Greater => Some(Operator::GreaterEqual),
                Operator::GreaterEqual => Some(Operator::Greater),
                _ => None,
            })
        }),
        node("below is above", |sql| {
            binary(sql, |operator| match operator {
                Operator::Less | Operator::LessEqual => Some(Operator::Greater),
                Operator::Greater | Operator::GreaterEqual => Some(Operator::Less),
                _ => None,
            })
        }),
        node("equal is unequal", |sql| {
            binary(sql, |operator| (operator == Operator::Equal).then_some(Operator::NotEqual))
        }),
        node("unequal is equal", |sql| {
            binary(sql, |operator| (operator == Operator::NotEqual).then_some(Operator::Equal))
        }),
        node("a sum is a difference", |sql| {
            binary(sql, |operator| (operator == Operator::Add).then_some(Operator::Subtract))
        }),
        node("a difference is turned round", |sql| match &sql.node {
            Node::Binary(Operator::Subtract, left, right) => {
                vec![with(sql, Node::Binary(Operator::Subtract, right.clone(), left.clone()))]
            }
            _ => Vec::new(),
        }),
        node("texts are put together without the last", |sql| match &sql.node {
            Node::Binary(Operator::Concat, left, _) => vec![Sql::clone(left)],
            _ => Vec::new(),
        }),
        node("a quotient is cut to a whole number", |sql| match &sql.node {
            Node::Call("SAFE_DIVIDE", _) => vec![Sql::call("TRUNC", vec![sql.clone()], sql.ty.clone())],
            _ => Vec::new(),
        }),
        node("what is cut to a whole number is not", |sql| match &sql.node {
            Node::Call("FLOOR" | "TRUNC", args) => args[..1].to_vec(),
            _ => Vec::new(),
        }),
        node("not is gone", |sql| match &sql.node {
            Node::Not(inner) | Node::Is(inner, Is::NotTrue) => vec![Sql::clone(inner)],
            _ => Vec::new(),
        }),
        node("the complement of what is unknown is unknown", |sql| match &sql.node {
            Node::Is(inner, Is::NotTrue) => vec![with(sql, Node::Not(inner.clone()))],
            _ => Vec::new(),
        }),
        node("null is there", |sql| match &sql.node {
            Node::Is(_, Is::NotNull) => vec![Sql::bool(true)],
            _ => Vec::new(),
        }),
        node("null is not asked", |sql| match &sql.node {
            Node::Is(_, Is::Null) => vec![Sql::bool(false)],
            _ => Vec::new(),
        }),
        node("an empty text is there", |sql| match &sql.node {
            Node::Call("NULLIF", args) => args[..1].to_vec(),
            _ => Vec::new(),
        }),
        node("a list lost its last element", |sql| match &sql.node {
            Node::In(subject, options) if options.len() > 1 => {
                vec![with(sql, Node::In(subject.clone(), options[..options.len() - 1].to_vec()))]
            }
            _ => Vec::new(),
        }),
        node("a default is another", |sql| match &sql.node {
            Node::Call("COALESCE", args) => match args.split_last() {
                Some((Sql { node: Node::Text(_), .. }, first)) => vec![coalesce(sql, first, Sql::text("x"))],
                Some((Sql { node: Node::Int(value), .. }, first)) => vec![coalesce(sql, first, Sql::int(value + 1))],
                Some((Sql { node: Node::Bool(value), .. }, first)) => vec![coalesce(sql, first, Sql::bool(!value))],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        node("the last alternative of a value is gone", |sql| match &sql.node {
            Node::Call("COALESCE", args) => match args.split_last() {
                Some((_, [only])) => vec![only.clone()],
                Some((_, first)) => vec![with(sql, Node::Call("COALESCE", first.to_vec()))],
                None => Vec::new(),
            },
            _ => Vec::new(),
        }),
        node("the last alternative of a value comes first", |sql| match &sql.node {
            Node::Call("COALESCE", args) => {
                vec![with(sql, Node::Call("COALESCE", args.iter().rev().cloned().collect()))]
            }
            _ => Vec::new(),
        }),
        node("what is chosen is the other", |sql| match &sql.node {
            Node::Call("IF", args) => match args.as_slice() {
                [condition, yes, no] => {
                    vec![with(sql, Node::Call("IF", vec![condition.clone(), no.clone(), yes.clone()]))]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        node("a value is taken whatever it is", |sql| match &sql.node {
            Node::Call("IF", args) => vec![args[1].clone()],
            _ => Vec::new(),
        }),
        node("the first case is gone", |sql| match &sql.node {
            Node::Case(arms, otherwise) => match (arms.as_slice(), otherwise) {
                ([_], Some(otherwise)) => vec![Sql::clone(otherwise)],
                ([_, rest @ ..], _) if !rest.is_empty() => {
                    vec![with(sql, Node::Case(rest.to_vec(), otherwise.clone()))]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        node("a window is twice as long", |sql| match &sql.node {
            Node::Int(length) if *length >= 60 => vec![Sql::int(2 * length)],
            _ => Vec::new(),
        }),
        node("an event is in one window less", |sql| match &sql.node {
            Node::Call("GENERATE_ARRAY", args) => match args.as_slice() {
                [first, Sql { node: Node::Int(last), .. }] => {
                    vec![with(sql, Node::Call("GENERATE_ARRAY", vec![first.clone(), Sql::int(last - 1)]))]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        node("the range begins or ends an hour later", |sql| match &sql.node {
            Node::Time(micros) => vec![Sql::time(micros + 3_600 * SECOND)],
            _ => Vec::new(),
        }),
        node("what happens at the range's end is in it", |sql| bound(sql, Operator::Less, Operator::LessEqual)),
        node("what happens at its beginning is not", |sql| bound(sql, Operator::GreaterEqual, Operator::Greater)),
        node("the last window of the range is not judged", |sql| bound(sql, Operator::LessEqual, Operator::Less)),
        node("small letters are as they were", |sql| match &sql.node {
            Node::Call("TRANSLATE", args) => args[..1].to_vec(),
            _ => Vec::new(),
        }),
        node("a part of a text begins one later", |sql| substr(sql, 1, 0)),
        node("a part of a text is longer by one", |sql| substr(sql, 0, 1)),
        node("the start is a part", |sql| match &sql.node {
            Node::Call("STARTS_WITH" | "ENDS_WITH", args) => {
                let at = Sql::call("STRPOS", args.clone(), skywatch::target::googlesql::tree::Type::Int64);
                vec![Sql::binary(Operator::Greater, at, Sql::int(0))]
            }
            _ => Vec::new(),
        }),
        node("a number of elements is one more", |sql| match &sql.node {
            Node::Call("ARRAY_LENGTH", _) => vec![Sql::binary(Operator::Add, sql.clone(), Sql::int(1))],
            _ => Vec::new(),
        }),
        node("an element is the next", |sql| match &sql.node {
            Node::Element(list, index) => {
                let next = Sql::binary(Operator::Add, Sql::clone(index), Sql::int(1));
                vec![with(sql, Node::Element(list.clone(), Box::new(next)))]
            }
            _ => Vec::new(),
        }),
        node("a pattern lost its start", |sql| pattern(sql, open_start)),
        node("a pattern lost its end", |sql| pattern(sql, open_end)),
        node("an escaped point is any character", |sql| pattern(sql, any_character)),
        node("a pattern does not fold case", |sql| pattern(sql, small_letters_lost)),
        node("a network is half as large", |sql| cut(sql, 1)),
        node("a network is twice as large", |sql| cut(sql, -1)),
    ]
}

/// Another node of the same type.
fn with(sql: &Sql, node: Node) -> Sql {
    Sql { node, ..sql.clone() }
}

fn named(aggregate: &Aggregate, from: &str, to: &'static str) -> Vec<Aggregate> {
    if aggregate.name == from { vec![Aggregate { name: to, ..aggregate.clone() }] } else { Vec::new() }
}

fn binary(sql: &Sql, other: fn(Operator) -> Option<Operator>) -> Vec<Sql> {
    match &sql.node {
        Node::Binary(operator, left, right) => {
            let other = other(*operator);
            other.map(|operator| with(sql, Node::Binary(operator, left.clone(), right.clone()))).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn bound(sql: &Sql, from: Operator, to: Operator) -> Vec<Sql> {
    match &sql.node {
        Node::Binary(operator, time, bound) if *operator == from && matches!(bound.node, Node::Time(_)) => {
            vec![with(sql, Node::Binary(to, time.clone(), bound.clone()))]
        }
        _ => Vec::new(),
    }
}

fn coalesce(sql: &Sql, first: &[Sql], last: Sql) -> Sql {
    with(sql, Node::Call("COALESCE", first.iter().cloned().chain([last]).collect()))
}

fn substr(sql: &Sql, later: i64, longer: i64) -> Vec<Sql> {
    match &sql.node {
        Node::Call("SUBSTR", args) => match args.as_slice() {
            [text, Sql { node: Node::Int(start), .. }, Sql { node: Node::Int(length), .. }] => {
                let (start, length) = (Sql::int(start + later), Sql::int(length + longer));
                vec![with(sql, Node::Call("SUBSTR", vec![text.clone(), start, length]))]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn cut(sql: &Sql, longer: i64) -> Vec<Sql> {
    match &sql.node {
        Node::Call("NET.IP_TRUNC", args) => match args.as_slice() {
            [address, Sql { node: Node::Int(length), .. }] => {
                vec![with(sql, Node::Call("NET.IP_TRUNC", vec![address.clone(), Sql::int(length + longer)]))]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn pattern(sql: &Sql, wrong: fn(&str) -> Option<String>) -> Vec<Sql> {
    match &sql.node {
        Node::Pattern(pattern) => wrong(pattern).map(|pattern| with(sql, Node::Pattern(pattern))).into_iter().collect(),
        _ => Vec::new(),
    }
}

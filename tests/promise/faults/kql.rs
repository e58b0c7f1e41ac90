//! Faults in trees of KQL.

use ipnet::IpNet;
use skywatch::ir::SECOND;
use skywatch::target::kql::library::Own;
use skywatch::target::kql::tree::{Infix, Query, Scalar, Stage};

use super::nodes::{Fault, Holds, without};
use super::patterns::{any_character, double_network, half_network, open_end, open_start, small_letters_lost};

impl Holds<Vec<Stage>> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Vec<Stage>)) {
        fn each(stages: &mut Vec<Stage>, visit: &mut dyn FnMut(&mut Vec<Stage>)) {
            visit(stages);
            for stage in stages {
                if let Stage::MvApply { stages, .. } = stage {
                    each(stages, visit);
                }
            }
        }
        let tables = self.tables.iter_mut().map(|(_, rows)| rows);
        tables.chain([&mut self.rows]).for_each(|rows| each(&mut rows.stages, visit));
    }
}

impl Holds<Stage> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Stage)) {
        Holds::<Vec<Stage>>::each(self, &mut |stages| stages.iter_mut().for_each(&mut *visit));
    }
}

impl Holds<Scalar> for Query {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Scalar)) {
        self.values.iter_mut().for_each(|(_, value)| each(value, visit));
        Holds::<Stage>::each(self, &mut |stage| match stage {
            Stage::Where(condition) => each(condition, visit),
            Stage::Extend(columns) | Stage::Project(columns) => {
                columns.iter_mut().for_each(|(_, value)| each(value, visit));
            }
            Stage::MvExpand { list, .. } | Stage::MvApply { list, .. } => each(list, visit),
            Stage::Summarize { columns, by } => {
                columns.iter_mut().for_each(|(_, value)| each(value, visit));
                by.iter_mut().for_each(|(_, value)| each(value, visit));
            }
            Stage::Join { .. } | Stage::Union(_) | Stage::Sort(_) => {}
        });
    }
}

fn each(scalar: &mut Scalar, visit: &mut dyn FnMut(&mut Scalar)) {
    visit(scalar);
    match scalar {
        Scalar::Column(_)
        | Scalar::Text(_)
        | Scalar::Long(_)
        | Scalar::Real(_)
        | Scalar::Bool(_)
        | Scalar::Datetime(_)
        | Scalar::Timespan(_)
        | Scalar::Null(_) => {}
        Scalar::Member(inner, _) => each(inner, visit),
        Scalar::Element(one, other) | Scalar::Infix(one, _, other) => {
            each(one, visit);
            each(other, visit);
        }
        Scalar::Between(one, two, three) => [one, two, three].into_iter().for_each(|part| each(part, visit)),
        Scalar::In { subject, options, .. } => {
            each(subject, visit);
            options.iter_mut().for_each(|option| each(option, visit));
        }
        Scalar::Array(parts)
        | Scalar::Call(_, parts)
        | Scalar::Own(_, parts)
        | Scalar::All(parts)
        | Scalar::Any(parts) => parts.iter_mut().for_each(|part| each(part, visit)),
    }
}

pub(super) fn faults() -> Vec<Fault<Query>> {
    let scalar = |name, wrong: fn(&Scalar) -> Vec<Scalar>| Fault::of(name, wrong);
    vec![
        Fault::of("a condition is gone", |stages: &Vec<Stage>| {
            without(stages, |stage| matches!(stage, Stage::Where(_)))
        }),
        Fault::of("of a list only the first element is taken", |stage: &Stage| match stage {
            Stage::MvExpand { element, list, .. } => {
                let first = Scalar::Element(Box::new(list.clone()), Box::new(Scalar::Long(0)));
                vec![Stage::Extend(vec![(element.clone(), first)])]
            }
            _ => Vec::new(),
        }),
        Fault::of("a key is gone", |stage: &Stage| match stage {
            Stage::Summarize { columns, by } => {
                // The column stays, and holds the same in every row.
                let empty = |at: usize| {
                    let mut by = by.clone();
                    let text = Scalar::call("tostring", [by[at].1.clone()]);
                    by[at].1 = Scalar::call("substring", [text, Scalar::Long(0), Scalar::Long(0)]);
                    Stage::Summarize { columns: columns.clone(), by }
                };
                (0..by.len()).map(empty).collect()
            }
            _ => Vec::new(),
        }),
        Fault::of("a join keeps what has no partner, or does not", |stage: &Stage| match stage {
            Stage::Join { inner, table, on } => {
                vec![Stage::Join { inner: !inner, table: table.clone(), on: on.clone() }]
            }
            _ => Vec::new(),
        }),
        Fault::of("a join goes by one key less", |stage: &Stage| match stage {
            Stage::Join { inner, table, on } if on.len() > 1 => {
                let less = |on| Stage::Join { inner: *inner, table: table.clone(), on };
                without(on, |_| true).into_iter().map(less).collect()
            }
            _ => Vec::new(),
        }),
        scalar("and is or", |scalar| match scalar {
            Scalar::All(parts) => vec![Scalar::Any(parts.clone())],
            _ => Vec::new(),
        }),
        scalar("or is and", |scalar| match scalar {
            Scalar::Any(parts) => vec![Scalar::All(parts.clone())],
            _ => Vec::new(),
        }),
        scalar("one of several conditions is gone", |scalar| match scalar {
            Scalar::All(parts) => without(parts, |_| true).into_iter().map(Scalar::all).collect(),
            _ => Vec::new(),
        }),
        scalar("one of several alternatives is gone", |scalar| match scalar {
            Scalar::Any(parts) => without(parts, |_| true).into_iter().map(Scalar::any).collect(),
            _ => Vec::new(),
        }),
        scalar("the edge is on the other side", |scalar| {
            infix(scalar, |operator| match operator {
                Infix::Less => Some(Infix::LessEqual),
                Infix::LessEqual => Some(Infix::Less),
                Infix::Greater => Some(Infix::GreaterEqual),
                Infix::GreaterEqual => Some(Infix::Greater),
                _ => None,
            })
        }),
        scalar("below is above", |scalar| {
            infix(scalar, |operator| match operator {
                Infix::Less | Infix::LessEqual => Some(Infix::Greater),
                Infix::Greater | Infix::GreaterEqual => Some(Infix::Less),
                _ => None,
            })
        }),
        scalar("equal is unequal", |scalar| {
            infix(scalar, |operator| (operator == Infix::Equal).then_some(Infix::NotEqual))
        }),
        scalar("unequal is equal", |scalar| {
            infix(scalar, |operator| (operator == Infix::NotEqual).then_some(Infix::Equal))
        }),
        scalar("case is folded", |scalar| match scalar {
            Scalar::In { subject, nocase: false, negated, options }
                if options.iter().all(|option| matches!(option, Scalar::Text(_))) =>
            {
                let (subject, options) = (subject.clone(), options.clone());
                vec![Scalar::In { subject, nocase: true, negated: *negated, options }]
            }
            Scalar::Infix(_, Infix::Equal, right) if !matches!(**right, Scalar::Text(_)) => Vec::new(),
            _ => infix(scalar, |operator| match operator {
                Infix::Equal => Some(Infix::EqualNoCase),
                Infix::StartsWith => Some(Infix::StartsWithNoCase),
                _ => None,
            }),
        }),
        scalar("case is not folded", |scalar| match scalar {
            Scalar::In { subject, nocase: true, negated, options } => {
                let (subject, options) = (subject.clone(), options.clone());
                vec![Scalar::In { subject, nocase: false, negated: *negated, options }]
            }
            _ => infix(scalar, |operator| match operator {
                Infix::EqualNoCase => Some(Infix::Equal),
                Infix::StartsWithNoCase => Some(Infix::StartsWith),
                _ => None,
            }),
        }),
        scalar("case is folded beyond A–Z", |scalar| match scalar {
            Scalar::Own(Own::IsAscii, _) => vec![Scalar::Bool(true)],
            _ => Vec::new(),
        }),
        scalar("small letters are as they were", |scalar| match scalar {
            Scalar::Own(Own::AsciiLower | Own::AsciiUpper, args) => args.clone(),
            _ => Vec::new(),
        }),
        scalar("a part is the start", |scalar| {
            infix(scalar, |operator| match operator {
                Infix::Contains => Some(Infix::StartsWith),
                Infix::NotContains => Some(Infix::NotStartsWith),
                _ => None,
            })
        }),
        scalar("the start or the end is a part", |scalar| {
            infix(scalar, |operator| match operator {
                Infix::StartsWith | Infix::EndsWith => Some(Infix::Contains),
                Infix::NotStartsWith | Infix::NotEndsWith => Some(Infix::NotContains),
                _ => None,
            })
        }),
        scalar("a sum is a difference", |scalar| {
            infix(scalar, |operator| (operator == Infix::Add).then_some(Infix::Subtract))
        }),
        scalar("a difference is turned round", |scalar| match scalar {
            Scalar::Infix(left, Infix::Subtract, right) => {
                vec![Scalar::Infix(right.clone(), Infix::Subtract, left.clone())]
            }
            _ => Vec::new(),
        }),
        scalar("a quotient is a remainder", |scalar| {
            infix(scalar, |operator| (operator == Infix::Divide).then_some(Infix::Modulo))
        }),
        scalar("a float is an int", |scalar| match scalar {
            Scalar::Call("todouble", args) => vec![Scalar::call("tolong", args.clone())],
            _ => Vec::new(),
        }),
        scalar("not is gone", |scalar| match scalar {
            Scalar::Call("not", args) => args.clone(),
            Scalar::In { subject, nocase, negated: true, options } => {
                let (subject, options) = (subject.clone(), options.clone());
                vec![Scalar::In { subject, nocase: *nocase, negated: false, options }]
            }
            _ => infix(scalar, |operator| match operator {
                Infix::NotContains => Some(Infix::Contains),
                Infix::NotStartsWith => Some(Infix::StartsWith),
                Infix::NotEndsWith => Some(Infix::EndsWith),
                _ => None,
            }),
        }),
        scalar("an empty text is there", |scalar| match scalar {
            Scalar::Call("isnotempty", _) => vec![Scalar::Bool(true)],
            _ => Vec::new(),
        }),
        scalar("a missing number is there", |scalar| match scalar {
            Scalar::Call("isnotnull", _) => vec![Scalar::Bool(true)],
            _ => Vec::new(),
        }),
        scalar("a list lost its last element", |scalar| match scalar {
            Scalar::In { subject, nocase, negated, options } if options.len() > 1 => {
                let options = options[..options.len() - 1].to_vec();
                vec![Scalar::In { subject: subject.clone(), nocase: *nocase, negated: *negated, options }]
            }
            _ => Vec::new(),
        }),
        scalar("a default is another", |scalar| match scalar {
            Scalar::Call("coalesce", args) => match args.split_last() {
                Some((Scalar::Text(_), first)) => vec![coalesce(first, Scalar::text("x"))],
                Some((Scalar::Bool(value), first)) => vec![coalesce(first, Scalar::Bool(!value))],
                Some((Scalar::Long(value), first)) => vec![coalesce(first, Scalar::Long(value + 1))],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        scalar("the last alternative of a value is gone", |scalar| match scalar {
            Scalar::Call("coalesce", args) => match args.split_last() {
                Some((_, [only])) => vec![only.clone()],
                Some((_, first)) => vec![Scalar::call("coalesce", first)],
                None => Vec::new(),
            },
            _ => Vec::new(),
        }),
        scalar("the last alternative of a value comes first", |scalar| match scalar {
            Scalar::Call("coalesce", args) => {
                vec![Scalar::call("coalesce", args.iter().rev().cloned().collect::<Vec<_>>())]
            }
            _ => Vec::new(),
        }),
        scalar("a sum is a maximum", |scalar| renamed(scalar, &[("sum", "max"), ("sumif", "maxif")])),
        scalar("the least is the greatest", |scalar| renamed(scalar, &[("min", "max"), ("minif", "maxif")])),
        scalar("the greatest is the least", |scalar| renamed(scalar, &[("max", "min"), ("maxif", "minif")])),
        scalar("a mean is a maximum", |scalar| renamed(scalar, &[("avg", "max"), ("avgif", "maxif")])),
        scalar("the first is the last", |scalar| renamed(scalar, &[("arg_min", "arg_max")])),
        scalar("the last is the first", |scalar| renamed(scalar, &[("arg_max", "arg_min")])),
        scalar("the greater is the lesser", |scalar| renamed(scalar, &[("max_of", "min_of")])),
        scalar("the lesser is the greater", |scalar| renamed(scalar, &[("min_of", "max_of")])),
        scalar("different values are all values", |scalar| match scalar {
            Scalar::Call("count_distinct", _) => vec![Scalar::call("count", [])],
            Scalar::Call("count_distinctif", args) => vec![Scalar::call("countif", [args[1].clone()])],
            _ => Vec::new(),
        }),
        scalar("an aggregate is of all rows", |scalar| match scalar {
            Scalar::Call("countif", _) => vec![Scalar::call("count", [])],
            Scalar::Call(name @ ("sumif" | "minif" | "maxif" | "avgif"), args) => {
                let name = ["sum", "min", "max", "avg"].into_iter().find(|plain| name.starts_with(plain));
                name.map(|name| Scalar::call(name, [args[0].clone()])).into_iter().collect()
            }
            _ => Vec::new(),
        }),
        scalar("a set is a list", |scalar| {
            renamed(scalar, &[("make_set", "make_list"), ("make_set_if", "make_list_if")])
        }),
        scalar("a window is twice as long", |scalar| match scalar {
            Scalar::Call("bin", args) => match args.as_slice() {
                [time, Scalar::Timespan(length)] if *length >= SECOND => {
                    vec![Scalar::call("bin", [time.clone(), Scalar::Timespan(2 * length)])]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        scalar("the range begins or ends an hour later", |scalar| match scalar {
            Scalar::Datetime(micros) => vec![Scalar::Datetime(micros + 3_600 * SECOND)],
            _ => Vec::new(),
        }),
        scalar("what happens at the range's end is in it", |scalar| bound(scalar, Infix::Less, Infix::LessEqual)),
        scalar("what happens at its beginning is not", |scalar| bound(scalar, Infix::GreaterEqual, Infix::Greater)),
        scalar("the last window of the range is not judged", |scalar| bound(scalar, Infix::LessEqual, Infix::Less)),
        scalar("a time is cut to seconds", |scalar| match scalar {
            Scalar::Call("bin", args) => match args.as_slice() {
                [time, Scalar::Timespan(1)] => vec![Scalar::call("bin", [time.clone(), Scalar::Timespan(SECOND)])],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        scalar("a number of elements is one more", |scalar| match scalar {
            Scalar::Call("array_length", _) => vec![Scalar::infix(scalar.clone(), Infix::Add, Scalar::Long(1))],
            _ => Vec::new(),
        }),
        scalar("an element is the next", |scalar| match scalar {
            Scalar::Element(list, index) => match **index {
                Scalar::Long(index) => vec![Scalar::Element(list.clone(), Box::new(Scalar::Long(index + 1)))],
                Scalar::Text(_) => Vec::new(),
                _ => {
                    let next = Scalar::infix(Scalar::clone(index), Infix::Add, Scalar::Long(1));
                    vec![Scalar::Element(list.clone(), Box::new(next))]
                }
            },
            _ => Vec::new(),
        }),
        scalar("a part of a text begins one later", |scalar| substring(scalar, 1, 0)),
        scalar("a part of a text is longer by one", |scalar| substring(scalar, 0, 1)),
        scalar("texts are put together without the last", |scalar| match scalar {
            Scalar::Call("strcat", args) if args.len() > 1 => vec![Scalar::call("strcat", &args[..args.len() - 1])],
            _ => Vec::new(),
        }),
        scalar("what is chosen is the other", |scalar| match scalar {
            Scalar::Call(name @ ("iff" | "case"), args) => match args.as_slice() {
                [condition, yes, no] => vec![Scalar::call(name, [condition.clone(), no.clone(), yes.clone()])],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }),
        scalar("a pattern lost its start", |scalar| matched(scalar, open_start)),
        scalar("a pattern lost its end", |scalar| matched(scalar, open_end)),
        scalar("an escaped point is any character", |scalar| matched(scalar, any_character)),
        scalar("a pattern does not fold case", |scalar| matched(scalar, small_letters_lost)),
        scalar("a network is half as large", |scalar| networks(scalar, half_network)),
        scalar("a network is twice as large", |scalar| networks(scalar, double_network)),
    ]
}

fn infix(scalar: &Scalar, other: fn(Infix) -> Option<Infix>) -> Vec<Scalar> {
    match scalar {
        Scalar::Infix(left, operator, right) => {
            other(*operator).map(|operator| Scalar::Infix(left.clone(), operator, right.clone())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn bound(scalar: &Scalar, from: Infix, to: Infix) -> Vec<Scalar> {
    match scalar {
        Scalar::Infix(time, operator, bound) if *operator == from && matches!(**bound, Scalar::Datetime(_)) => {
            vec![Scalar::Infix(time.clone(), to, bound.clone())]
        }
        _ => Vec::new(),
    }
}

fn renamed(scalar: &Scalar, names: &[(&'static str, &'static str)]) -> Vec<Scalar> {
    match scalar {
        Scalar::Call(name, args) => {
            let to = names.iter().find(|(from, _)| from == name);
            to.map(|(_, to)| Scalar::call(to, args.clone())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn coalesce(first: &[Scalar], last: Scalar) -> Scalar {
    Scalar::call("coalesce", first.iter().cloned().chain([last]).collect::<Vec<_>>())
}

fn substring(scalar: &Scalar, later: i64, longer: i64) -> Vec<Scalar> {
    match scalar {
        Scalar::Call("substring", args) => match args.as_slice() {
            [text, Scalar::Long(start), Scalar::Long(length)] => {
                let (start, length) = (Scalar::Long(start + later), Scalar::Long(length + longer));
                vec![Scalar::call("substring", [text.clone(), start, length])]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn matched(scalar: &Scalar, wrong: fn(&str) -> Option<String>) -> Vec<Scalar> {
    match scalar {
        Scalar::Infix(subject, Infix::Matches, pattern) => match &**pattern {
            Scalar::Text(pattern) => {
                wrong(pattern).map(|pattern| Scalar::matches(Scalar::clone(subject), pattern)).into_iter().collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn networks(scalar: &Scalar, wrong: fn(IpNet) -> Option<IpNet>) -> Vec<Scalar> {
    let Scalar::Call(name @ ("ipv4_is_in_any_range" | "ipv6_is_in_any_range"), args) = scalar else {
        return Vec::new();
    };
    let with = |(at, arg): (usize, &Scalar)| {
        let Scalar::Text(network) = arg else { return None };
        let mut args = args.clone();
        args[at] = Scalar::text(wrong(network.parse().ok()?)?.to_string());
        Some(Scalar::call(name, args))
    };
    args.iter().enumerate().filter_map(with).collect()
}

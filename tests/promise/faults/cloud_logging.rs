//! Faults in trees of Cloud Logging filters.

use ipnet::IpNet;
use skywatch::ir::{Comparison, SECOND};
use skywatch::target::cloud_logging::tree::{Field, Filter, Test, Value};

use super::nodes::{Fault, Holds, without};
use super::patterns::{any_character, double_network, half_network, open_end, open_start};

impl Holds<Filter> for Filter {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Filter)) {
        visit(self);
        match self {
            Filter::All(filters) | Filter::Any(filters) => filters.iter_mut().for_each(|filter| filter.each(visit)),
            Filter::Not(filter) => Holds::<Filter>::each(&mut **filter, visit),
            Filter::Const(_) | Filter::Test(_) => {}
        }
    }
}

impl Holds<Test> for Filter {
    fn each(&mut self, visit: &mut dyn FnMut(&mut Test)) {
        Holds::<Filter>::each(self, &mut |filter| {
            if let Filter::Test(test) = filter {
                visit(test);
            }
        });
    }
}

pub(super) fn faults() -> Vec<Fault<Filter>> {
    let filter = |name, wrong: fn(&Filter) -> Vec<Filter>| Fault::of(name, wrong);
    let test = |name, wrong: fn(&Test) -> Vec<Test>| Fault::of(name, wrong);
    vec![
        filter("and is or", |filter| match filter {
            Filter::All(filters) => vec![Filter::Any(filters.clone())],
            _ => Vec::new(),
        }),
        filter("or is and", |filter| match filter {
            Filter::Any(filters) => vec![Filter::All(filters.clone())],
            _ => Vec::new(),
        }),
        filter("one of several conditions is gone", |filter| match filter {
            Filter::All(filters) => without(filters, |_| true).into_iter().map(Filter::all).collect(),
            _ => Vec::new(),
        }),
        filter("one of several alternatives is gone", |filter| match filter {
            Filter::Any(filters) => without(filters, |_| true).into_iter().map(Filter::any).collect(),
            _ => Vec::new(),
        }),
        filter("not is gone", |filter| match filter {
            Filter::Not(inner) => vec![Filter::clone(inner)],
            _ => Vec::new(),
        }),
        filter("a test is turned round", |filter| match filter {
            Filter::Test(_) => vec![filter.clone().negate()],
            _ => Vec::new(),
        }),
        filter("a presence is not asked", |filter| match filter {
            Filter::Test(Test::Exists(_)) => vec![Filter::Const(true)],
            _ => Vec::new(),
        }),
        filter("an absence is not asked", |filter| match filter {
            Filter::Not(inner) if matches!(**inner, Filter::Test(Test::Exists(_))) => vec![Filter::Const(false)],
            _ => Vec::new(),
        }),
        filter("null is not asked", |filter| match filter {
            Filter::Not(inner) if matches!(**inner, Filter::Test(Test::IsNull(_))) => vec![Filter::Const(true)],
            _ => Vec::new(),
        }),
        test("a pattern lost its start", |test| matches(test, open_start)),
        test("a pattern lost its end", |test| matches(test, open_end)),
        test("an escaped point is any character", |test| matches(test, any_character)),
        test("case is folded", |test| matches(test, |pattern| Some(format!("(?i){pattern}")))),
        test("a pattern finds everything", |test| matches(test, |_| Some(".".to_owned()))),
        test("the edge is on the other side", |test| {
            compares(test, |comparison| match comparison {
                Comparison::Less => Some(Comparison::LessEqual),
                Comparison::LessEqual => Some(Comparison::Less),
                Comparison::Greater => Some(Comparison::GreaterEqual),
                Comparison::GreaterEqual => Some(Comparison::Greater),
                Comparison::Equal => None,
            })
        }),
        test("below is above", |test| {
            compares(test, |comparison| match comparison {
                Comparison::Less | Comparison::LessEqual => Some(Comparison::Greater),
                Comparison::Greater | Comparison::GreaterEqual => Some(Comparison::Less),
                Comparison::Equal => None,
            })
        }),
        test("equal is at least", |test| {
            compares(test, |comparison| (comparison == Comparison::Equal).then_some(Comparison::GreaterEqual))
        }),
        test("a number is the next", |test| {
            values(test, |value| match value {
                Value::Int(value) => Some(Value::Int(value + 1)),
                Value::Float(value) => Some(Value::Float(value + 0.5)),
                _ => None,
            })
        }),
        test("true is false", |test| {
            values(test, |value| match value {
                Value::Bool(value) => Some(Value::Bool(!value)),
                _ => None,
            })
        }),
        test("a time is a second later", |test| {
            values(test, |value| match value {
                Value::Time(micros) => Some(Value::Time(micros + SECOND)),
                _ => None,
            })
        }),
        test("a field is what it stands in", |test| {
            let of = match test {
                Test::Matches(of, _) | Test::Compare(of, ..) | Test::Exists(of) | Test::InNetwork(of, _) => of,
                Test::LogId(_) | Test::IsNull(_) => return Vec::new(),
            };
            let outer = of.0.split_last().filter(|(_, outer)| !outer.is_empty());
            outer.map(|(_, outer)| on(test, Field(outer.to_vec()))).into_iter().collect()
        }),
        test("a network is half as large", |test| within(test, half_network)),
        test("a network is twice as large", |test| within(test, double_network)),
    ]
}

fn on(test: &Test, field: Field) -> Test {
    match test.clone() {
        Test::Matches(_, pattern) => Test::Matches(field, pattern),
        Test::Compare(_, comparison, value) => Test::Compare(field, comparison, value),
        Test::Exists(_) => Test::Exists(field),
        Test::IsNull(_) => Test::IsNull(field),
        Test::InNetwork(_, network) => Test::InNetwork(field, network),
        Test::LogId(id) => Test::LogId(id),
    }
}

fn matches(test: &Test, wrong: fn(&str) -> Option<String>) -> Vec<Test> {
    match test {
        Test::Matches(of, pattern) => {
            wrong(pattern).map(|pattern| Test::Matches(of.clone(), pattern)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn within(test: &Test, wrong: fn(IpNet) -> Option<IpNet>) -> Vec<Test> {
    match test {
        Test::InNetwork(of, network) => {
            wrong(*network).map(|network| Test::InNetwork(of.clone(), network)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn compares(test: &Test, other: fn(Comparison) -> Option<Comparison>) -> Vec<Test> {
    match test {
        Test::Compare(of, comparison, value) => {
            other(*comparison).map(|other| Test::Compare(of.clone(), other, value.clone())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn values(test: &Test, other: fn(&Value) -> Option<Value>) -> Vec<Test> {
    match test {
        Test::Compare(of, comparison, value) => {
            other(value).map(|other| Test::Compare(of.clone(), *comparison, other)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

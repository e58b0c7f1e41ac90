//! A correlation as GoogleSQL: takes the steps of its members' alerts, gives those that ask which of them came together.
//!
//! Alerts are put beside those from which an alert of the correlation may begin. Times are microseconds since 1970 until the last step.

use super::lower::{lower, output};
use super::lower_alerts::{ALERT_FIRST, ALERT_LAST, ALERT_RULE, alert_key};
use super::lower_look::micros;
use super::lower_raw::sql_type;
use super::lower_window::run_end;
use super::tree::{Aggregate, From, Join, Node, Operator, Order, Query, Select, Sql, Type, Unnest};
use crate::ir::Occurs;
use crate::target::Correlating;
use crate::target::names::{WINDOW_END, WINDOW_START, key_names};

/// The step of all alerts.
const ALERTS: &str = "alerts";
/// Column of the moment at which an alert may begin.
const START: &str = "start_at";
/// Column of how many may have begun near before each, and with it.
const BEGUN: &str = "begun";

/// The steps of a correlation, as they grow.
struct Joined<'a> {
    cx: &'a Correlating<'a>,
    query: Query,
    /// How many steps of a chain there are.
    number: usize,
}

/// The correlation as a query; none where a member is refused.
pub(super) fn correlate(cx: &mut Correlating<'_>) -> Option<Query> {
    let parts = cx.lower(lower)?;
    let mut query = Query::default();
    for (n, part) in parts.into_iter().enumerate() {
        let alerts = match part.steps.is_empty() {
            true => part.last,
            false => Select { star: true, from: Some(From::Query(Box::new(part))), ..Select::default() },
        };
        query.steps.push((format!("member_alerts_{}", n + 1), alerts));
    }
    let all = query.steps.iter().map(|(name, _)| name.clone()).collect();
    query.steps.push((ALERTS.to_owned(), Select { star: true, from: Some(From::Steps(all)), ..Select::default() }));
    let mut joined = Joined { cx, query, number: 0 };
    let told = match &cx.correlation.occurs {
        Occurs::AtLeast(least) => joined.at_least(*least),
        Occurs::Chain { steps, without } => joined.chain(steps, *without)?,
    };
    joined.told(told);
    Some(joined.query)
}

/// A column of ints.
fn int(name: &str) -> Sql {
    Sql { nullable: false, ..Sql::name(name, Type::Int64) }
}

fn more(one: Sql, other: i64) -> Sql {
    Sql::binary(Operator::Add, one, Sql::int(other))
}

/// A column under its own name.
fn same(column: Sql) -> (Sql, Option<String>) {
    (column, None)
}

fn named(value: Sql, name: &str) -> (Sql, Option<String>) {
    (value, Some(name.to_owned()))
}

fn count() -> Sql {
    Sql::new(Node::CountRows, Type::Int64, false)
}

impl Joined<'_> {
    /// The correlation's keys in columns of a name.
    fn keys(&self, name: impl Fn(usize) -> String) -> Vec<Sql> {
        let keys = self.cx.correlation.keys.iter().enumerate();
        keys.map(|(n, (_, ty))| Sql { nullable: false, ..Sql::name(name(n), sql_type(ty)) }).collect()
    }

    fn start_keys(&self) -> Vec<Sql> {
        self.keys(|n| format!("start_key_{}", n + 1))
    }

    fn push(&mut self, name: &str, select: Select) -> Option<From> {
        self.query.steps.push((name.to_owned(), select));
        Some(From::Step(name.to_owned()))
    }

    fn is_of(&self, member: usize) -> Sql {
        let name = self.cx.correlation.members.get(member).map(|member| member.name.as_str()).unwrap_or_default();
        Sql::binary(Operator::Equal, Sql::name(ALERT_RULE, Type::String), Sql::text(name))
    }

    fn within(&self, start: &str) -> Sql {
        more(int(start), self.cx.correlation.within)
    }

    /// The step of the moments at which alerts end, each once, of one member or of all.
    fn starts(&mut self, member: Option<usize>) -> Option<From> {
        let mut items = vec![named(int(ALERT_LAST), START)];
        let keys = self.keys(alert_key).into_iter().zip(self.start_keys());
        items.extend(keys.map(|(key, start)| (key, name_of(&start))));
        let group_by = items.len();
        let filter = member.map(|member| self.is_of(member)).into_iter().collect();
        let from = Some(From::Step(ALERTS.to_owned()));
        self.push("starts", Select { items, from, filter, group_by, ..Select::default() })
    }

    /// From each moment: when alerts of so many members were there.
    fn at_least(&mut self, least: usize) -> (Option<From>, Sql, Vec<Sql>) {
        let starts = self.starts(None);
        if least == 1 {
            return (starts, int(START), Vec::new());
        }
        let own: Vec<(Sql, Option<String>)> = [int(START)].into_iter().chain(self.start_keys()).map(same).collect();
        let mut on: Vec<Sql> = equal(&self.start_keys(), &self.keys(alert_key));
        on.push(Sql::binary(Operator::GreaterEqual, int(ALERT_LAST), int(START)));
        on.push(Sql::binary(Operator::LessEqual, int(ALERT_LAST), self.within(START)));
        let mut items = own.clone();
        items.push(same(Sql::name(ALERT_RULE, Type::String)));
        let group_by = items.len();
        items.push(named(Aggregate::new("MIN", int(ALERT_LAST)).into_sql(Type::Int64, false), "member_at"));
        let joins = vec![Join { inner: true, step: ALERTS.to_owned(), on }];
        let members = self.push("member_starts", Select { items, from: starts, joins, group_by, ..Select::default() });
        let group_by = own.len();
        let mut items = own;
        items.push(named(count(), "members"));
        let member_at = int("member_at");
        let enough = i64::try_from(least).unwrap_or(i64::MAX);
        let (times, now) = if least == self.cx.correlation.members.len() {
            (Aggregate::new("MAX", member_at).into_sql(Type::Int64, false), int("members_at"))
        } else {
            let ty = Type::Array(Box::new(Type::Int64));
            let times = sorted(member_at);
            let column = Sql { nullable: false, ..Sql::name("members_at", ty) };
            let nth = Node::Element(Box::new(column), Box::new(Sql::int(enough)));
            (times, Sql::new(nth, Type::Int64, true))
        };
        items.push(named(times, "members_at"));
        let together = self.push("together", Select { items, from: members, group_by, ..Select::default() });
        (together, now, vec![Sql::binary(Operator::GreaterEqual, int("members"), Sql::int(enough))])
    }

    /// From each moment of the first step: when the last step was there, or was not.
    fn chain(&mut self, steps: &[usize], without: Option<usize>) -> Option<(Option<From>, Sql, Vec<Sql>)> {
        let (first, later) = steps.split_first()?;
        let mut from = self.starts(Some(*first));
        let mut now = START.to_owned();
        if !later.is_empty() {
            from = self.begun();
            for step in later {
                let spends = later.iter().filter(|other| *other == step).count();
                (from, now) = self.step(*step, from, &now, spends);
            }
        }
        let Some(step) = without else { return Some((from, int(&now), Vec::new())) };
        let from = self.without(step, from, &now);
        Some((from, self.within(START), Vec::new()))
    }

    /// How many moments of the first step there are that an alert may have begun at, before each and with it.
    fn begun(&mut self) -> Option<From> {
        let starts = Some(From::Step("starts".to_owned()));
        let others = self.keys(|n| format!("other_key_{}", n + 1));
        let mut items = vec![named(int(START), "other_at")];
        items.extend(self.start_keys().into_iter().zip(&others).map(|(key, other)| (key, name_of(other))));
        self.push("other_starts", Select { items, from: starts.clone(), ..Select::default() });
        let mut on = equal(&self.start_keys(), &others);
        on.push(Sql::binary(Operator::LessEqual, int("other_at"), int(START)));
        on.push(Sql::binary(Operator::Greater, self.within("other_at"), int(START)));
        let mut items: Vec<_> = [int(START)].into_iter().chain(self.start_keys()).map(same).collect();
        let group_by = items.len();
        items.push(named(count(), BEGUN));
        let joins = vec![Join { inner: true, step: "other_starts".to_owned(), on }];
        self.push("begun_starts", Select { items, from: starts, joins, group_by, ..Select::default() })
    }

    /// The alerts of a step that may follow: the next one, and as many more as those that begun before may have spent.
    fn step(&mut self, step: usize, from: Option<From>, now: &str, spends: usize) -> (Option<From>, String) {
        let join = self.follow(step, now, true);
        let n = self.number;
        let (following, next, place) = (format!("following_{n}"), format!("next_at_{n}"), format!("place_{n}"));
        let own: Vec<_> = [int(START), int(BEGUN)].into_iter().chain(self.start_keys()).map(same).collect();
        let mut items = own.clone();
        if now != START {
            items.push(same(int(now)));
        }
        let group_by = items.len();
        items.push(named(sorted(int(&format!("step_last_{n}"))), &following));
        let found =
            self.push(&format!("steps_{n}"), Select { items, from, joins: vec![join], group_by, ..Select::default() });
        // An alert that began before may have spent one for each time that the step comes.
        let spends = i64::try_from(spends).unwrap_or(i64::MAX);
        let most = match spends {
            1 => int(BEGUN),
            spends => {
                let spent = Sql::binary(Operator::Subtract, int(BEGUN), Sql::int(1));
                more(Sql::binary(Operator::Multiply, spent, Sql::int(spends)), 1)
            }
        };
        let ints = Type::Array(Box::new(Type::Int64));
        let list = Sql { nullable: false, ..Sql::name(following, ints.clone()) };
        let there = Sql::call("ARRAY_LENGTH", vec![list.clone()], Type::Int64);
        let last = Sql::call("LEAST", vec![most, there], Type::Int64);
        let numbers = Sql::call("GENERATE_ARRAY", vec![Sql::int(1), last], ints);
        let unnest = vec![Unnest { list: numbers, name: place.clone(), offset: None }];
        let at = Sql::new(Node::Element(Box::new(list), Box::new(int(&place))), Type::Int64, false);
        let mut items = own;
        items.push(named(at, &next));
        let group_by = items.len();
        let select = Select { items, from: found, unnest, group_by, ..Select::default() };
        (self.push(&format!("followed_{n}"), select), next)
    }

    /// Nothing of this step follows.
    fn without(&mut self, step: usize, from: Option<From>, now: &str) -> Option<From> {
        let join = self.follow(step, now, false);
        let n = self.number;
        let own: Vec<_> = [int(START)].into_iter().chain(self.start_keys()).map(same).collect();
        let mut items = own.clone();
        if now != START {
            items.push(same(int(now)));
        }
        let group_by = items.len();
        let last = Sql::name(format!("step_last_{n}"), Type::Int64);
        items.push(named(Aggregate::new("COUNT", last).into_sql(Type::Int64, false), "followers"));
        let joins = vec![join];
        let counted = self.push("followers_of", Select { items, from, joins, group_by, ..Select::default() });
        let filter = vec![Sql::binary(Operator::Equal, int("followers"), Sql::int(0))];
        // Of several ways from one start, one.
        let (group_by, items) = (if now == START { 0 } else { own.len() }, own);
        self.push("not_followed", Select { items, from: counted, filter, group_by, ..Select::default() })
    }

    /// The alerts of a step that begin behind the last alert and in time, to be put beside.
    fn follow(&mut self, step: usize, now: &str, inner: bool) -> Join {
        self.number += 1;
        let n = self.number;
        let (first, last) = (format!("step_first_{n}"), format!("step_last_{n}"));
        let there = self.keys(|key| format!("step_{n}_key_{}", key + 1));
        let mut items = vec![named(int(ALERT_FIRST), &first), named(int(ALERT_LAST), &last)];
        items.extend(self.keys(alert_key).into_iter().zip(&there).map(|(key, there)| (key, name_of(there))));
        let filter = vec![self.is_of(step)];
        let name = format!("step_alerts_{n}");
        let from = Some(From::Step(ALERTS.to_owned()));
        self.push(&name, Select { items, from, filter, ..Select::default() });
        let mut on = equal(&self.start_keys(), &there);
        on.push(Sql::binary(Operator::Greater, int(&first), int(now)));
        on.push(Sql::binary(Operator::LessEqual, int(&first), self.within(START)));
        Join { inner, step: name, on }
    }

    /// Keeps what the run tells, in the columns that are told.
    fn told(&mut self, (from, now, mut filter): (Option<From>, Sql, Vec<Sql>)) {
        let (since, until) = self.cx.told();
        match self.cx.request.range {
            None => {
                let end = || micros(run_end(self.cx.every, self.cx.delay));
                let before = |back: i64| match back {
                    0 => end(),
                    back => Sql::binary(Operator::Subtract, end(), Sql::int(back)),
                };
                filter.push(Sql::binary(Operator::GreaterEqual, now.clone(), before(since)));
                filter.push(Sql::binary(Operator::Less, now.clone(), before(until)));
            }
            Some((_, end)) if self.cx.waits() => {
                filter.push(Sql::binary(Operator::Less, now.clone(), Sql::int(end.saturating_sub(until))));
            }
            Some(_) => {}
        }
        let time = |micros| Sql::call("TIMESTAMP_MICROS", vec![micros], Type::Timestamp);
        let mut items = vec![named(time(int(START)), WINDOW_START), named(time(now), WINDOW_END)];
        let outputs = key_names(self.cx.correlation);
        let keys = self.start_keys().into_iter().zip(&self.cx.correlation.keys);
        for ((key, (_, ty)), name) in keys.zip(&outputs) {
            items.extend(output(key, ty, self.cx.correlation.span).ok().map(|key| named(key, name)));
        }
        let order = [WINDOW_START, WINDOW_END].into_iter().chain(outputs.iter().map(String::as_str));
        let order_by = order.map(|name| Order { by: Sql::name(name, Type::String), descending: false }).collect();
        self.query.last = Select { items, from, filter, order_by, ..Select::default() };
    }
}

/// The values of a group as a list, rising.
fn sorted(value: Sql) -> Sql {
    let order_by = vec![Order { by: value.clone(), descending: false }];
    let ty = Type::Array(Box::new(value.ty.clone()));
    Aggregate { order_by, ..Aggregate::new("ARRAY_AGG", value) }.into_sql(ty, false)
}

fn equal(one: &[Sql], other: &[Sql]) -> Vec<Sql> {
    one.iter().zip(other).map(|(one, other)| Sql::binary(Operator::Equal, one.clone(), other.clone())).collect()
}

/// The name of a plain column.
fn name_of(column: &Sql) -> Option<String> {
    match &column.node {
        Node::Column(path) => path.last().cloned(),
        _ => None,
    }
}

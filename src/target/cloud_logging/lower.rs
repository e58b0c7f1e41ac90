//! A bound rule as a filter: what selects its events, and what of it can't be said.
//!
//! The language has neither `case` nor `coalesce` nor row values: the rule is rewritten without them first, tests carried into their arms.
//! What is left must be tests of single fields against constants.

use super::errors;
use super::fields::{Kind, Located, SEVERITIES, locate};
use super::text;
use super::tree::{Filter, Test, Value};
use crate::bind::constant::{IntTest, decided, with_float};
use crate::bind::simplify::{Carry, simplify_rule, subject, with_subject, without_row_values};
use crate::diag::Diagnostic;
use crate::ir::{Comparison, Expr, ExprKind, Function, Literal, Place, Pred, PredKind, Rule, Source, Step, Type};
use crate::source::Span;
use crate::target::names::SEVERITY;
use crate::target::said::{Said, gather};
use crate::target::{Condition, Judges, Lowering, Verdict, windows};

/// The filter of a rule; none where something that selects events can't be said.
pub(super) fn lower(cx: &mut Lowering<'_>) -> Option<Filter> {
    let Some(bound) = without_row_values(cx.bound.clone()) else {
        cx.refuse(errors::too_large(cx.bound.rule.span));
        return None;
    };
    let bound = simplify_rule(bound, Carry::All);
    let rule = &bound.rule;
    let mut lower = Lower {
        source: cx.source,
        place: cx.place,
        elements: Vec::new(),
        untyped: false,
        positive: true,
        undecoded: Vec::new(),
    };
    let mut parts = Vec::new();
    if cx.place.name != "all" {
        parts.push(Filter::Test(Test::LogId(cx.place.name.clone())));
    }
    let mut said = vec![lower.range(cx.request.range, rule, &bound.time)];
    match &rule.each {
        // What reads the elements can't be said either, which says nothing more.
        Some(each) => said.push(Err(vec![errors::cannot(each.list.span, "way to take a list apart")])),
        None => said.extend(rule.filter.iter().map(|pred| lower.pred(pred))),
    }
    for one in said {
        match one {
            Ok(filter) => parts.push(filter),
            Err(findings) => findings.into_iter().for_each(|finding| cx.refuse(finding)),
        }
    }
    if lower.untyped {
        cx.provided(Condition::TypesAsRead);
    }
    let filter = Filter::all(parts);
    for (verdict, span) in lower.undecoded {
        // Where nothing is left to find, nothing is said by saying less.
        if filter == Filter::Const(false) {
            cx.refuse(errors::cannot(span, "`base64_decode`"));
        } else {
            cx.weaken(verdict, errors::undecoded(span, verdict));
        }
    }
    describe(cx, rule);
    (cx.verdict != Verdict::Refused).then_some(filter)
}

/// The verdict's other half: on what it rests, and what entries lack.
fn describe(cx: &mut Lowering<'_>, rule: &Rule) {
    cx.judges = Judges::AllWindows;
    if cx.request.range.is_none() {
        // The caller gives the range, and its schedule ends before now by the delay.
        cx.provided(Condition::EventsArriveWithin(cx.source.delay));
    }
    if cx.source.unique.is_some() {
        cx.provided(Condition::NoDuplicates);
    }
    match &rule.window {
        Some(window) => {
            cx.weaken(Verdict::Wider, errors::selects_only(window.span));
            rule.measures.iter().chain(&rule.show).for_each(|item| cx.leave_out(&item.name));
        }
        None => rule.show.iter().filter(|item| !is_in_entry(&item.value)).for_each(|item| cx.leave_out(&item.name)),
    }
    if !rule.severity.arms.is_empty() {
        cx.leave_out(SEVERITY);
    }
}

/// Whether a reader finds the value in the entry as it stands.
fn is_in_entry(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Read(inner) => matches!(inner.kind, ExprKind::Path(..)),
        ExprKind::Call(Function::Coalesce, values) => values.iter().all(is_in_entry),
        _ => false,
    }
}

/// What lowering knows while it goes through predicates.
pub(super) struct Lower<'a> {
    source: &'a Source,
    place: &'a Place,
    /// Elements of lists, by number: the path of the list.
    elements: Vec<(usize, Element)>,
    /// Whether a part of a payload was read whose type nobody knows.
    untyped: bool,
    /// Whether a test that holds makes the rule hold: not inside of `not`.
    positive: bool,
    /// Tests of text in base64, which no text passes here, and what that makes of the filter.
    undecoded: Vec<(Verdict, Span)>,
}

/// What an element of a list is.
#[derive(Clone)]
enum Element {
    /// The path of the list.
    At(Vec<Step>),
    /// A record: its fields, over the raw element.
    Record(Vec<Expr>),
}

impl Lower<'_> {
    fn range(&mut self, range: Option<(i64, i64)>, rule: &Rule, time: &Expr) -> Said<Filter> {
        let Some(range) = range else { return Ok(Filter::Const(true)) };
        let (from, to) = rule.window.as_ref().map_or(range, |window| windows::events(window, range));
        match self.located(time) {
            Ok(at) if at.kind == Kind::Time => {
                let compare =
                    |comparison, micros| Filter::Test(Test::Compare(at.field.clone(), comparison, Value::Time(micros)));
                Ok(Filter::all(vec![compare(Comparison::GreaterEqual, from), compare(Comparison::Less, to)]))
            }
            _ => Err(vec![errors::other_time(time.span)]),
        }
    }

    fn pred(&mut self, pred: &Pred) -> Said<Filter> {
        match &pred.kind {
            PredKind::Const(value) => Ok(Filter::Const(*value)),
            PredKind::All(preds) => Ok(Filter::all(self.preds(preds)?)),
            PredKind::Any(preds) => Ok(Filter::any(self.preds(preds)?)),
            PredKind::Not(inner) => {
                self.positive = !self.positive;
                let filter = self.pred(inner);
                self.positive = !self.positive;
                Ok(filter?.negate())
            }
            PredKind::Has { list, options, every, nocase } => {
                let test = |options: &[Literal]| {
                    let subject = Expr::new(ExprKind::Element(usize::MAX), list.ty.element()?.clone(), list.span);
                    let kind = PredKind::OneOf { subject, options: options.to_vec(), nocase: *nocase };
                    Some(Pred::new(kind, pred.span))
                };
                let groups: Vec<&[Literal]> =
                    if *every { options.chunks(1).collect() } else { vec![options.as_slice()] };
                let tests = groups.into_iter().filter_map(test).map(|test| self.of_element(usize::MAX, list, &test));
                Ok(Filter::all(gather(tests)?))
            }
            PredKind::Some { element, list, holds, every: false } => self.of_element(*element, list, holds),
            PredKind::Some { list, .. } => Err(vec![errors::cannot(list.span, "test of every element of a list")]),
            PredKind::Found { .. } => Err(vec![errors::cannot(pred.span, "pattern for this entity")]),
            _ => match subject(pred) {
                Some(subject) => self.test(pred, subject),
                None => Err(vec![errors::cannot(pred.span, "comparison of one part of an entry with another")]),
            },
        }
    }

    fn preds(&mut self, preds: &[Pred]) -> Said<Vec<Filter>> {
        gather(preds.iter().map(|pred| self.pred(pred)))
    }

    /// A test of one element at least. A filter's test of a repeated field is just that, but two tests may be true of two elements.
    fn of_element(&mut self, number: usize, list: &Expr, holds: &Pred) -> Said<Filter> {
        let before = self.elements.len();
        let opened = self.open(number, list);
        let filter = opened.and_then(|()| self.pred(holds));
        self.elements.truncate(before);
        let filter = filter?;
        let is_one = |filter: &Filter| matches!(filter, Filter::Test(_) | Filter::Const(false));
        let distributes = match &filter {
            Filter::Any(filters) => filters.iter().all(is_one),
            filter => is_one(filter),
        };
        if distributes {
            Ok(filter)
        } else {
            Err(vec![errors::cannot(holds.span, "way to ask several things of the same element of a list")])
        }
    }

    fn open(&mut self, number: usize, list: &Expr) -> Said<()> {
        match &list.kind {
            ExprKind::Read(inner) => {
                let steps = self.steps(inner)?;
                self.elements.push((number, Element::At(steps)));
                Ok(())
            }
            ExprKind::Rows(rows) if rows.filter.is_none() && rows.lists.len() == 1 => {
                for list in &rows.lists {
                    let steps = self.steps(list)?;
                    self.elements.push((rows.element, Element::At(steps)));
                }
                self.elements.push((number, Element::Record(rows.fields.clone())));
                Ok(())
            }
            _ => Err(vec![errors::cannot(list.span, "computed lists")]),
        }
    }

    /// The path from the record's root that a raw expression, or a value read from one, stands for.
    fn steps(&self, expr: &Expr) -> Said<Vec<Step>> {
        let element =
            |number: usize| self.elements.iter().rev().find(|(of, _)| *of == number).map(|(_, at)| at.clone());
        match &expr.kind {
            ExprKind::Read(inner) => self.steps(inner),
            ExprKind::Record => Ok(Vec::new()),
            ExprKind::Path(inner, steps) => {
                let mut whole = self.steps(inner)?;
                whole.extend(steps.iter().cloned());
                Ok(whole)
            }
            ExprKind::Element(number) => match element(*number) {
                Some(Element::At(steps)) => Ok(steps),
                _ => Err(vec![errors::cannot(expr.span, "whole records of a list")]),
            },
            ExprKind::Member(inner, field) => match &inner.kind {
                ExprKind::Element(number) => match element(*number) {
                    Some(Element::Record(fields)) => match fields.get(*field) {
                        Some(value) => self.steps(value),
                        None => Err(vec![errors::cannot(expr.span, "such part of an element")]),
                    },
                    _ => Err(vec![errors::cannot(expr.span, "such part of an element")]),
                },
                _ => Err(vec![computed(expr)]),
            },
            _ => Err(vec![computed(expr)]),
        }
    }

    /// The field that a value is read from.
    pub(super) fn located(&mut self, expr: &Expr) -> Said<Located> {
        let steps = self.steps(expr)?;
        let Some(at) = locate(self.place, &steps) else {
            if steps.iter().any(|step| matches!(step, Step::Index(_) | Step::Values)) {
                return Err(vec![errors::cannot(expr.span, "way to name one element of a list")]);
            }
            return Err(vec![errors::no_field(self.source, &steps, expr.span)]);
        };
        self.untyped |= at.kind == Kind::Any;
        Ok(at)
    }

    /// A test of one value against constants.
    fn test(&mut self, pred: &Pred, of: &Expr) -> Said<Filter> {
        if let ExprKind::Call(Function::Extract(pattern), args) = &of.kind {
            return match args.as_slice() {
                [text] => self.extracted(pred, pattern, text),
                _ => Err(vec![computed(of)]),
            };
        }
        if matches!(of.kind, ExprKind::Call(Function::Base64Decode, _)) {
            self.undecoded.push((if self.positive { Verdict::Narrower } else { Verdict::Wider }, of.span));
            return Ok(Filter::Const(false));
        }
        let at = self.located(of)?;
        if at.kind == Kind::Severity && of.ty == Type::Text {
            return Ok(severities(&at, pred, of));
        }
        match (&of.ty, at.kind) {
            (Type::Raw, kind) => Ok(raw_present(&at, kind)),
            (Type::Text, Kind::Text | Kind::Any) => text::tests(&at, pred),
            (Type::Ip, Kind::Text | Kind::Any) => Ok(address(&at, pred)),
            (Type::Int, Kind::Int | Kind::Any) | (Type::Float, Kind::Int | Kind::Any) => number(&at, pred, of),
            (Type::Bool, Kind::Bool | Kind::Any) => Ok(truth(&at, pred)),
            (Type::Time, Kind::Time) => time(&at, pred),
            (ty, _) => Err(vec![errors::cannot(of.span, format!("reading of this field as {ty}"))]),
        }
    }
}

fn computed(expr: &Expr) -> Diagnostic {
    let what = match &expr.kind {
        ExprKind::Call(Function::Distance, _) => return errors::local_only(expr.span, "`distance_km`"),
        ExprKind::Call(function, _) => format!("`{}`", function.name()),
        ExprKind::Arithmetic(..) => "arithmetic".to_owned(),
        ExprKind::Json(_) => "way into JSON inside of text".to_owned(),
        _ => "computed values".to_owned(),
    };
    errors::cannot(expr.span, what)
}

/// Whether a field is there: a defaulted one too.
fn exists(at: &Located) -> Filter {
    let exists = Filter::Test(Test::Exists(at.field.clone()));
    match at.kind {
        // Null is there and is no value.
        Kind::Any => Filter::all(vec![exists, Filter::Test(Test::IsNull(at.field.clone())).negate()]),
        _ => exists,
    }
}

/// Whether raw JSON is there: not null, not empty text.
fn raw_present(at: &Located, kind: Kind) -> Filter {
    match kind {
        Kind::Text => text::present(at),
        Kind::Any => {
            let empty = Filter::Test(Test::Matches(at.field.clone(), "^$".to_owned()));
            Filter::all(vec![exists(at), empty.negate()])
        }
        _ => exists(at),
    }
}

/// A severity is one of nine names, so a test of it is a list of those for which it holds.
fn severities(at: &Located, pred: &Pred, of: &Expr) -> Filter {
    let holds = |name: &&'static str| {
        let given = Expr::literal(Literal::Text((*name).to_owned()), of.span);
        decided(&with_subject(pred, &given)) == Some(true)
    };
    let equals = |name: &'static str| {
        let equal = Filter::Test(Test::Compare(at.field.clone(), Comparison::Equal, Value::Name(name)));
        // An entry without a severity compares as the default.
        if name == SEVERITIES[0] { Filter::all(vec![exists(at), equal]) } else { equal }
    };
    Filter::any(SEVERITIES.iter().filter(|name| holds(name)).map(|name| equals(name)).collect())
}

/// A comparison, with the field's presence where an absent one would compare as a default for which it holds.
fn compare(at: &Located, comparison: Comparison, value: Value) -> Filter {
    let of_default = match &value {
        Value::Int(value) => Some(0.cmp(value)),
        Value::Float(value) => 0.0.partial_cmp(value),
        Value::Bool(value) => Some(false.cmp(value)),
        Value::Time(_) | Value::Name(_) => None,
    };
    let default_holds = of_default.is_some_and(|order| match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterEqual => order.is_ge(),
    });
    let test = Filter::Test(Test::Compare(at.field.clone(), comparison, value));
    if at.defaulted && default_holds { Filter::all(vec![exists(at), test]) } else { test }
}

fn number(at: &Located, pred: &Pred, of: &Expr) -> Said<Filter> {
    let (comparison, literal) = match &pred.kind {
        PredKind::Present(_) => return Ok(exists(at)),
        PredKind::OneOf { options, .. } => {
            let equal = |option: &Literal| {
                Pred::new(
                    PredKind::Compare(Comparison::Equal, of.clone(), Expr::literal(option.clone(), of.span)),
                    pred.span,
                )
            };
            let each = options.iter().map(|option| number(at, &equal(option), of));
            return Ok(Filter::any(gather(each)?));
        }
        PredKind::Compare(comparison, left, right) => match (left.as_literal(), right.as_literal()) {
            (_, Some(literal)) => (*comparison, literal),
            (Some(literal), _) => (comparison.flipped(), literal),
            _ => return Err(vec![errors::cannot(pred.span, "comparison of one part of an entry with another")]),
        },
        _ => return Err(vec![errors::cannot(pred.span, "such test of a number")]),
    };
    // The constant is converted to the field's type: a fraction would never equal or pass an int.
    let of_ints = at.kind == Kind::Int || of.ty == Type::Int;
    match literal {
        Literal::Int(value) => Ok(compare(at, comparison, Value::Int(*value))),
        Literal::Float(value) if of_ints => Ok(match with_float(comparison, *value) {
            IntTest::Never => Filter::Const(false),
            IntTest::Always => exists(at),
            IntTest::Int(comparison, bound) => compare(at, comparison, Value::Int(bound)),
        }),
        Literal::Float(value) => Ok(compare(at, comparison, Value::Float(*value))),
        _ => Err(vec![errors::cannot(pred.span, "decimal numbers")]),
    }
}

fn truth(at: &Located, pred: &Pred) -> Filter {
    let equals = |value| compare(at, Comparison::Equal, Value::Bool(value));
    match &pred.kind {
        PredKind::Present(_) => exists(at),
        PredKind::Compare(_, left, right) => {
            let literal = right.as_literal().or(left.as_literal());
            equals(!matches!(literal, Some(Literal::Bool(false))))
        }
        PredKind::OneOf { options, .. } => {
            let values = options.iter().filter_map(|option| match option {
                Literal::Bool(value) => Some(equals(*value)),
                _ => None,
            });
            Filter::any(values.collect())
        }
        _ => equals(true),
    }
}

/// Entries have nanoseconds, the language cuts them to microseconds: a time is its whole microsecond.
fn time(at: &Located, pred: &Pred) -> Said<Filter> {
    let test = |comparison, micros| Filter::Test(Test::Compare(at.field.clone(), comparison, Value::Time(micros)));
    let compared = |comparison, micros: i64| {
        let next = micros.saturating_add(1);
        match comparison {
            Comparison::Less => test(Comparison::Less, micros),
            Comparison::LessEqual => test(Comparison::Less, next),
            Comparison::Greater => test(Comparison::GreaterEqual, next),
            Comparison::GreaterEqual => test(Comparison::GreaterEqual, micros),
            Comparison::Equal => {
                Filter::all(vec![test(Comparison::GreaterEqual, micros), test(Comparison::Less, next)])
            }
        }
    };
    match &pred.kind {
        PredKind::Present(_) => Ok(exists(at)),
        PredKind::Compare(comparison, left, right) => match (left.as_literal(), right.as_literal()) {
            (_, Some(Literal::Time(micros))) => Ok(compared(*comparison, *micros)),
            (Some(Literal::Time(micros)), _) => Ok(compared(comparison.flipped(), *micros)),
            _ => Err(vec![errors::cannot(pred.span, "such test of a time")]),
        },
        PredKind::OneOf { options, .. } => {
            let equal = options.iter().filter_map(|option| match option {
                Literal::Time(micros) => Some(compared(Comparison::Equal, *micros)),
                _ => None,
            });
            Ok(Filter::any(equal.collect()))
        }
        _ => Err(vec![errors::cannot(pred.span, "such test of a time")]),
    }
}

/// A test of an address: what is none, or a range, is in no network. An IPv4 address may be written as IPv6 too.
fn address(at: &Located, pred: &Pred) -> Filter {
    let networks: Vec<ipnet::IpNet> = match &pred.kind {
        PredKind::InNetwork(_, networks) => networks.clone(),
        PredKind::OneOf { options, .. } => options.iter().filter_map(alone).collect(),
        PredKind::Compare(_, left, right) => {
            right.as_literal().or(left.as_literal()).and_then(alone).into_iter().collect()
        }
        // Present: it is an address.
        _ => vec![ipnet::Ipv4Net::default().into(), ipnet::Ipv6Net::default().into()],
    };
    let is_presence = matches!(pred.kind, PredKind::Present(_));
    let within = |network| Filter::Test(Test::InNetwork(at.field.clone(), network));
    let mapped = |network: &ipnet::Ipv4Net| {
        let address = network.network().to_ipv6_mapped();
        ipnet::Ipv6Net::new(address, network.prefix_len() + 96).ok().map(|net| net.trunc().into())
    };
    let tests = networks.iter().map(|network| match network {
        ipnet::IpNet::V4(old) => {
            let both = std::iter::once((*old).into()).chain(mapped(old).filter(|_| !is_presence));
            Filter::any(both.map(within).collect())
        }
        ipnet::IpNet::V6(new) if !is_presence => {
            let all_mapped = mapped(&ipnet::Ipv4Net::default());
            let holds_mapped = new.contains(&std::net::Ipv4Addr::UNSPECIFIED.to_ipv6_mapped());
            let inside = new.prefix_len() >= 96 && new.network().to_ipv4_mapped().is_some();
            match all_mapped {
                // Those are IPv4, and none of them is in an IPv6 network.
                Some(_) if inside => Filter::Const(false),
                Some(all_mapped) if holds_mapped => {
                    Filter::all(vec![within((*new).into()), within(all_mapped).negate()])
                }
                _ => within((*new).into()),
            }
        }
        network => within(*network),
    });
    // `ip_in_net` takes ranges too, which are no addresses.
    let range = Filter::Test(Test::Matches(at.field.clone(), "/".to_owned()));
    match Filter::any(tests.collect()) {
        Filter::Const(found) => Filter::Const(found),
        found => Filter::all(vec![found, range.negate()]),
    }
}

fn alone(literal: &Literal) -> Option<ipnet::IpNet> {
    match literal {
        Literal::Ip(ip) => Some((*ip).into()),
        _ => None,
    }
}

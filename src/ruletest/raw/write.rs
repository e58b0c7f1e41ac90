//! Expressions the other way round: takes an expression over a raw record and the value that it shall have, writes what gives that value.
//!
//! A path is written; of `first_of`, `sum_of` and their like the first term that can be, of `case` the first arm that can give the value; of
//! `concat` the parts between the literals; of arithmetic the side that is not known yet. What can't be turned round is not written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::draft::{Draft, Hop};
use super::witness::{Take, witness};
use crate::eval::clock::time_text;
use crate::eval::expr::{Scope, Subject};
use crate::eval::pattern::Patterns;
use crate::eval::{Json, Value};
use crate::ir::{Arithmetic, Expr, ExprKind, Function, Pattern, Pred, PredKind, Rows, Source, Step, TextTest, Type};

/// Microseconds from 0001-01-01 to 1970-01-01.
const YEAR_ONE: i64 = 62_135_596_800_000_000;

/// Writes one record.
pub(super) struct Writer<'a> {
    source: &'a Source,
    patterns: &'a Patterns,
    /// What is written so far.
    pub(super) draft: Draft,
    /// Where the elements of the enclosing lists are, by the numbers of their binders.
    elements: Vec<(usize, Vec<Hop>)>,
}

impl<'a> Writer<'a> {
    /// Nothing written yet.
    pub(super) fn new(source: &'a Source, patterns: &'a Patterns) -> Writer<'a> {
        Writer { source, patterns, draft: Draft::default(), elements: Vec::new() }
    }

    /// Does something over what is written so far.
    pub(super) fn evaluate<T>(&self, act: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let record = self.draft.json();
        let subject = Subject { source: &self.source.name, fields: &[], record: &record };
        let mut scope = Scope::new(subject, self.patterns);
        self.source.with.iter().for_each(|binding| scope.bind(&binding.value));
        let elements: Vec<(usize, Value)> =
            self.elements.iter().map(|(number, place)| (*number, Value::raw(self.draft.at(place)))).collect();
        within(&mut scope, &elements, act)
    }

    /// Does something, or nothing where it does not work out.
    pub(super) fn attempt(&mut self, act: impl FnOnce(&mut Self) -> bool) -> bool {
        let before = self.draft.clone();
        let done = act(self);
        if !done {
            self.draft = before;
        }
        done
    }

    /// Writes what gives an expression this value; whether that could be done.
    pub(super) fn write(&mut self, expr: &Expr, value: &Value) -> bool {
        let gives = |writer: &Self| writer.evaluate(|scope| scope.value(expr)) == *value;
        gives(self) || self.attempt(|writer| writer.put(expr, value) && gives(writer))
    }

    fn put(&mut self, expr: &Expr, value: &Value) -> bool {
        match &expr.kind {
            ExprKind::Read(inner) => match value {
                Value::List(values) if expr.ty.element().is_some() => self.list(inner, values),
                _ => self.place(inner).zip(raw_json(value)).is_some_and(|(place, raw)| self.draft.set(&place, &raw)),
            },
            ExprKind::With(n) => match self.source.with.get(*n) {
                Some(binding) => self.write(&binding.value, value),
                None => false,
            },
            ExprKind::Member(inner, field) => match &inner.kind {
                ExprKind::Call(Function::Last, args) => match args.first().map(|list| &list.kind) {
                    Some(ExprKind::Rows(rows)) => self.row(rows, 0, &[(*field, value)]),
                    _ => false,
                },
                _ => false,
            },
            ExprKind::Rows(rows) => match value {
                Value::List(records) => records.iter().enumerate().all(|(at, record)| match record {
                    Value::Record(_, fields) => {
                        let present = fields.iter().enumerate().filter(|(_, field)| field.is_present());
                        self.row(rows, at, &present.collect::<Vec<_>>())
                    }
                    _ => false,
                }),
                _ => false,
            },
            ExprKind::Arithmetic(operator, left, right) => self.arithmetic(*operator, left, right, value),
            ExprKind::Call(function, args) => self.call(function, args, value),
            ExprKind::Case(arms, default) => {
                let choices = arms.iter().map(|(pred, arm)| (Some(pred), arm));
                let choices = choices.chain(default.iter().map(|default| (None, &**default)));
                choices.enumerate().any(|(at, (pred, arm))| {
                    self.attempt(|writer| {
                        writer.write(arm, value)
                            && pred.is_none_or(|pred| writer.hold(pred, true))
                            && arms.iter().take(at).all(|(earlier, _)| writer.hold(earlier, false))
                            && writer.evaluate(|scope| scope.value(expr)) == *value
                    })
                })
            }
            ExprKind::Literal(_)
            | ExprKind::Field(_)
            | ExprKind::Element(_)
            | ExprKind::Record
            | ExprKind::Path(..)
            | ExprKind::Json(_)
            | ExprKind::Entries(..)
            | ExprKind::Aggregate(_)
            | ExprKind::Key(_)
            | ExprKind::Measure(_)
            | ExprKind::Look(_) => false,
        }
    }

    fn call(&mut self, function: &Function, args: &[Expr], value: &Value) -> bool {
        let Some(first) = args.first() else { return false };
        let text = value.as_text();
        match function {
            Function::Coalesce | Function::SumOf | Function::Greatest | Function::Least => {
                args.iter().any(|arg| self.write(arg, value))
            }
            Function::Lower | Function::Upper | Function::MaskedNet | Function::SqlTime => {
                let text = value.as_time().map(|time| Value::text(&time_text(time)));
                self.write(first, text.as_ref().unwrap_or(value))
            }
            Function::Concat => text.is_some_and(|text| self.concat(args, text)),
            Function::Extract(pattern) => text.is_some_and(|text| self.extract(first, pattern, text)),
            Function::Base64Decode => text.is_some_and(|text| self.write(first, &Value::text(&STANDARD.encode(text)))),
            Function::Join | Function::Last => self.write(first, &Value::list(vec![value.clone()])),
            Function::Ticks => {
                let ticks = value.as_time().and_then(|time| time.checked_add(YEAR_ONE)?.checked_mul(10));
                ticks.is_some_and(|ticks| self.write(first, &Value::Int(ticks)))
            }
            Function::UnixNanos => {
                let nanos = value.as_time().and_then(|time| time.checked_mul(1_000));
                nanos.is_some_and(|nanos| self.write(first, &Value::Int(nanos)))
            }
            Function::ToFloat => match value {
                Value::Float(float) => self.write(first, &Value::Int(*float as i64)),
                _ => false,
            },
            Function::Length
            | Function::Substring
            | Function::Hash
            | Function::Hour
            | Function::Weekday
            | Function::Size
            | Function::Distance
            | Function::ToDecimal => false,
        }
    }

    /// Writes a text of which a pattern extracts another: one that the source's `where` takes, if it can be.
    fn extract(&mut self, subject: &Expr, pattern: &Pattern, text: &str) -> bool {
        // Who takes a part out of a text has longer texts in the log: those come first.
        let around = [Take::Last, Take::First].map(|take| witness(&pattern.node, Some(text), take));
        let ends = ends(&self.source.filter);
        let with_ends = around.iter().flat_map(|around| ends.iter().map(|end| joined(around, end)));
        let mut candidates: Vec<String> = with_ends.collect();
        candidates.extend(around);
        candidates.push(text.to_owned());
        candidates.retain(|whole| self.patterns.extract(pattern, whole).as_text() == Some(text));
        let filters = &self.source.filter;
        let mut best: Option<(usize, Draft)> = None;
        for whole in candidates {
            let before = self.draft.clone();
            if self.write(subject, &Value::text(&whole)) {
                let held = self.evaluate(|scope| filters.iter().filter(|pred| scope.holds(pred)).count());
                if best.as_ref().is_none_or(|(most, _)| held > *most) {
                    best = Some((held, self.draft.clone()));
                }
            }
            self.draft = before;
        }
        best.map(|(_, draft)| self.draft = draft).is_some()
    }

    /// Writes an id, or into the first part of what makes it that has no value yet.
    pub(super) fn identify(&mut self, unique: &Expr, id: &Value) -> bool {
        self.write(unique, id)
            || match &unique.kind {
                ExprKind::Call(Function::Concat, args) => args.iter().any(|arg| {
                    let known = self.evaluate(|scope| scope.value(arg)).is_present();
                    !known && self.write(arg, id)
                }),
                _ => self.evaluate(|scope| scope.value(unique)).is_present(),
            }
    }

    /// Gives the parts between literals to the other arguments.
    fn concat(&mut self, args: &[Expr], text: &str) -> bool {
        let Some((arg, rest)) = args.split_first() else { return text.is_empty() };
        if let Some(literal) = arg.as_literal().map(Value::literal) {
            let rest_of = literal.as_text().and_then(|literal| text.strip_prefix(literal));
            return rest_of.is_some_and(|text| self.concat(rest, text));
        }
        if rest.is_empty() {
            return self.write(arg, &Value::text(text));
        }
        let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        ends.skip(1).any(|at| {
            let (part, after) = text.split_at(at);
            self.attempt(|writer| writer.write(arg, &Value::text(part)) && writer.concat(rest, after))
        })
    }

    /// Solves for the side that is not known.
    fn arithmetic(&mut self, operator: Arithmetic, left: &Expr, right: &Expr, value: &Value) -> bool {
        let known = |expr: &Expr| number(&self.evaluate(|scope| scope.value(expr)));
        let Some(result) = number(value) else { return false };
        let (side, solved) = match (known(left), known(right)) {
            (None, Some(right)) => (
                left,
                match operator {
                    Arithmetic::Add => result.checked_sub(right),
                    Arithmetic::Subtract => result.checked_add(right),
                    Arithmetic::Multiply => result.checked_div(right),
                    Arithmetic::Divide => result.checked_mul(right),
                },
            ),
            (Some(left), None) => (
                right,
                match operator {
                    Arithmetic::Add => result.checked_sub(left),
                    Arithmetic::Subtract => left.checked_sub(result),
                    Arithmetic::Multiply => result.checked_div(left),
                    Arithmetic::Divide => left.checked_div(result),
                },
            ),
            _ => return false,
        };
        solved.and_then(|solved| of_type(solved, &side.ty)).is_some_and(|solved| self.write(side, &solved))
    }

    /// Writes the elements of a list.
    fn list(&mut self, list: &Expr, values: &[Value]) -> bool {
        values.iter().enumerate().all(|(at, value)| {
            let place = self.element(list, at);
            place.zip(raw_json(value)).is_some_and(|(place, raw)| self.draft.set(&place, &raw))
        })
    }

    /// Writes one row: fields by number, then what the filter needs.
    fn row(&mut self, rows: &Rows, at: usize, fields: &[(usize, &Value)]) -> bool {
        let Some(list) = rows.lists.first() else { return false };
        self.in_element(rows.element, list, at, |writer| {
            let mut written = fields.iter();
            written.all(|(n, value)| rows.fields.get(*n).is_some_and(|field| writer.write(field, value)))
                && rows.filter.as_ref().is_none_or(|filter| writer.hold(filter, true))
        })
    }

    /// Does something in an element of a list.
    pub(super) fn in_element(
        &mut self,
        number: usize,
        list: &Expr,
        at: usize,
        act: impl FnOnce(&mut Self) -> bool,
    ) -> bool {
        let Some(place) = self.element(list, at) else { return false };
        self.elements.push((number, place));
        let done = act(self);
        self.elements.pop();
        done
    }

    /// Gives a raw expression some value, of the type as which the source reads it.
    pub(super) fn raw(&mut self, expr: &Expr) -> bool {
        let Some(place) = self.place(expr) else { return false };
        let mut found = None;
        let mut visit = |read: &Expr| {
            if let ExprKind::Read(inner) = &read.kind
                && self.place(inner).as_ref() == Some(&place)
            {
                found = found.take().or_else(|| some(&read.ty));
            }
        };
        self.source.with.iter().for_each(|binding| binding.value.walk(&mut visit));
        self.source.filter.iter().for_each(|pred| pred.walk(&mut visit));
        self.source.fields.iter().flatten().for_each(|field| field.walk(&mut visit));
        let value = found.and_then(|value| raw_json(&value)).unwrap_or_else(|| Json::Text("x".into()));
        self.draft.set(&place, &value)
    }

    /// Gives a raw object a member.
    pub(super) fn member(&mut self, expr: &Expr, key: &str) -> bool {
        self.place(expr).is_some_and(|mut place| {
            place.push(Hop::Key(key.to_owned()));
            self.draft.set(&place, &Json::Text("x".into()))
        })
    }

    /// Where a raw expression's value is.
    fn place(&self, expr: &Expr) -> Option<Vec<Hop>> {
        match &expr.kind {
            ExprKind::Record => Some(Vec::new()),
            ExprKind::Read(inner) => self.place(inner),
            ExprKind::Json(inner) => self.place(inner).map(|mut place| {
                place.push(Hop::Inside);
                place
            }),
            ExprKind::With(n) => self.place(&self.source.with.get(*n)?.value),
            ExprKind::Element(n) => {
                self.elements.iter().rev().find(|(number, _)| number == n).map(|(_, place)| place.clone())
            }
            ExprKind::Call(Function::Coalesce, args) => self.place(args.first()?),
            ExprKind::Path(inner, steps) => {
                let mut place = self.place(inner)?;
                for step in steps {
                    place.push(match step {
                        Step::Key(key) => Hop::Key(key.clone()),
                        Step::Index(at) => Hop::Index(usize::try_from(*at).unwrap_or_default()),
                        Step::Elements => Hop::Index(0),
                        Step::Values => return None,
                    });
                }
                Some(place)
            }
            _ => None,
        }
    }

    /// Where an element of a list is: the last of its path's `[]` counts them, or the list is one value.
    fn element(&self, list: &Expr, at: usize) -> Option<Vec<Hop>> {
        match &list.kind {
            ExprKind::Read(inner) => self.element(inner, at),
            ExprKind::With(n) => self.element(&self.source.with.get(*n)?.value, at),
            ExprKind::Call(Function::Coalesce, args) => self.element(args.first()?, at),
            ExprKind::Path(inner, steps) if steps.contains(&Step::Elements) => {
                let last = steps.iter().rposition(|step| *step == Step::Elements)?;
                let path =
                    |steps: &[Step]| Expr::new(ExprKind::Path(inner.clone(), steps.to_vec()), Type::Raw, list.span);
                let mut place = self.place(&path(steps.get(..last)?))?;
                place.push(Hop::Index(at));
                for step in steps.get(last + 1..)? {
                    let Step::Key(key) = step else { return None };
                    place.push(Hop::Key(key.clone()));
                }
                Some(place)
            }
            _ => self.place(list).map(|mut place| {
                place.push(Hop::Index(at));
                place
            }),
        }
    }
}

/// The ends of texts that predicates ask for.
fn ends(preds: &[Pred]) -> Vec<String> {
    let mut out = Vec::new();
    for pred in preds {
        match &pred.kind {
            PredKind::All(preds) | PredKind::Any(preds) => out.extend(ends(preds)),
            PredKind::Matches { patterns, .. } => {
                out.extend(patterns.iter().map(|pattern| witness(&pattern.node, None, Take::First)));
            }
            PredKind::Text { test: TextTest::EndsWith | TextTest::Contains, needles, .. } => {
                let texts = needles.iter().filter_map(Expr::as_literal).map(Value::literal);
                out.extend(texts.filter_map(|text| text.as_text().map(str::to_owned)));
            }
            _ => {}
        }
    }
    out
}

/// One text behind the other; what ends the first and begins the second stands once.
fn joined(first: &str, second: &str) -> String {
    let starts = first.char_indices().map(|(at, _)| at);
    let shared = starts.filter_map(|at| first.get(at..)).find(|end| second.starts_with(end)).unwrap_or_default();
    format!("{first}{}", second.get(shared.len()..).unwrap_or_default())
}

fn within<T>(scope: &mut Scope<'_>, elements: &[(usize, Value)], act: impl FnOnce(&mut Scope<'_>) -> T) -> T {
    match elements.split_first() {
        Some(((number, value), rest)) => scope.with_element(*number, value, |scope| within(scope, rest, act)),
        None => act(scope),
    }
}

/// A value as raw JSON; none for types that are never read.
fn raw_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Missing => Json::Null,
        Value::Text(text) => Json::Text(text.clone()),
        Value::Int(number) => Json::Number(number.to_string().into()),
        Value::Float(number) => Json::Number(format!("{number:?}").into()),
        Value::Bool(value) => Json::Bool(*value),
        // In the fewest digits, as most logs write it.
        Value::Time(time) => Json::Text(time_text(*time).replace(".000000Z", "Z").into()),
        Value::Ip(address) => Json::Text(address.to_string().into()),
        Value::List(values) => Json::List(values.iter().map(raw_json).collect::<Option<Vec<_>>>()?.into()),
        Value::Raw(json) => json.clone(),
        Value::Decimal(_) | Value::Duration(_) | Value::Listing { .. } | Value::Record(..) => return None,
    })
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) | Value::Time(number) | Value::Duration(number) => Some(*number),
        _ => None,
    }
}

fn of_type(number: i64, ty: &Type) -> Option<Value> {
    match ty {
        Type::Int => Some(Value::Int(number)),
        Type::Time => Some(Value::Time(number)),
        Type::Duration => Some(Value::Duration(number)),
        _ => None,
    }
}

/// Some value of a type.
pub(super) fn some(ty: &Type) -> Option<Value> {
    Some(match ty {
        Type::Text => Value::text("x"),
        Type::Int => Value::Int(1),
        Type::Float => Value::float(1.5),
        Type::Bool => Value::Bool(true),
        Type::Time => Value::Time(0),
        Type::Duration => Value::Duration(1),
        Type::Ip => Value::ip(std::net::Ipv4Addr::new(192, 0, 2, 1).into()),
        Type::List(element) => Value::list(vec![some(element)?]),
        Type::Decimal | Type::Record(_) | Type::Raw => return None,
    })
}

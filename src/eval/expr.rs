//! Expressions: takes an expression and the scope of one row or one group, gives its value.

use std::sync::Arc;

use super::number::arithmetic;
use super::pattern::Patterns;
use super::read::read;
use super::value::Value;
use crate::ir::{Expr, ExprKind, Rows, Step, Type};
use crate::json::Json;

/// What an event's expressions read: its normalized fields, or its raw record for a rule that was bound.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The name of the source; empty for events of no source, as in unit tests.
    pub source: &'a str,
    /// By field; none for a raw record.
    pub fields: &'a [Value],
    /// Null for an event.
    pub record: &'a Json,
}

/// What the names of expressions stand for, at one row or, after grouping, at one group.
#[derive(Debug)]
pub struct Scope<'a> {
    subject: Subject<'a>,
    patterns: &'a Patterns,
    /// Row values so far.
    with: Vec<Value>,
    /// Enclosing binders' elements, the innermost last.
    elements: Vec<(usize, Value)>,
    /// What is known after grouping; empty before.
    group: Group,
    unreadable: u64,
}

/// The values of one group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// By key.
    pub keys: Vec<Value>,
    /// By aggregate.
    pub aggregates: Vec<Value>,
    /// Those evaluated so far.
    pub measures: Vec<Value>,
    /// What the group's past answers.
    pub answers: Answers,
}

/// What look-backs find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// By look-back; none where the past is not known that far back.
    pub values: Vec<Option<Value>>,
}

impl<'a> Scope<'a> {
    /// A row's scope, with nothing but the event in it.
    #[must_use]
    pub fn new(subject: Subject<'a>, patterns: &'a Patterns) -> Scope<'a> {
        Scope { subject, patterns, with: Vec::new(), elements: Vec::new(), group: Group::default(), unreadable: 0 }
    }

    /// The keys of a group, which has none of its own before.
    pub fn of_group(&mut self, keys: Vec<Value>) {
        self.group.keys = keys;
    }

    /// Evaluates measures one after the other over the keys and aggregates of a group; from there on all three can be read.
    pub fn measure<'m>(&mut self, aggregates: Vec<Value>, measures: impl Iterator<Item = &'m Expr>) {
        let keys = std::mem::take(&mut self.group.keys);
        self.group = Group { keys, aggregates, ..Group::default() };
        for measure in measures {
            let value = self.value(measure);
            self.group.measures.push(value);
        }
    }

    /// From here on look-backs have these answers.
    pub fn answer(&mut self, answers: Answers) {
        self.group.answers = answers;
    }

    /// Whether the past that a look-back asks is known.
    pub(super) fn knows(&self, look: usize) -> bool {
        self.group.answers.values.get(look).is_some_and(Option::is_some)
    }

    /// What [`Scope::measure`] found.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Names the next row value.
    pub fn bind(&mut self, expr: &Expr) {
        let value = self.value(expr);
        self.bind_value(value);
    }

    /// Names the next row value, which was computed elsewhere.
    pub fn bind_value(&mut self, value: Value) {
        self.with.push(value);
    }

    /// Evaluates with an element in scope.
    pub fn with_element<T>(&mut self, number: usize, element: &Value, act: impl FnOnce(&mut Self) -> T) -> T {
        self.elements.push((number, element.clone()));
        let result = act(self);
        self.elements.pop();
        result
    }

    /// How many parts of records existed and did not read as their type, in all evaluations so far.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    pub(super) fn source(&self) -> &str {
        self.subject.source
    }

    pub(super) fn patterns(&self) -> &'a Patterns {
        self.patterns
    }

    /// The value of an expression.
    pub fn value(&mut self, expr: &Expr) -> Value {
        let at = |values: &[Value], n: usize| values.get(n).cloned().unwrap_or_default();
        match &expr.kind {
            ExprKind::Literal(literal) => Value::literal(literal),
            ExprKind::Field(field) => at(self.subject.fields, field.index()),
            ExprKind::With(n) => at(&self.with, *n),
            ExprKind::Element(number) => {
                let binder = self.elements.iter().rev().find(|(bound, _)| bound == number);
                binder.map(|(_, element)| element.clone()).unwrap_or_default()
            }
            ExprKind::Member(record, n) => match self.value(record) {
                Value::Record(_, fields) => at(&fields, *n),
                _ => Value::Missing,
            },
            ExprKind::Record => Value::raw(self.subject.record.clone()),
            ExprKind::Path(inner, steps) => path(self.value(inner), steps),
            ExprKind::Read(inner) => match self.part(inner) {
                Some(part) => part.map(|json| self.read_json(json, &expr.ty)).unwrap_or_default(),
                None => {
                    let value = self.value(inner);
                    self.read(&value, &expr.ty)
                }
            },
            ExprKind::Json(inner) => {
                let value = self.value(inner);
                self.json(value)
            }
            ExprKind::Entries(inner, keys) => entries(&self.value(inner), keys.as_deref()),
            ExprKind::Rows(rows) => self.rows(rows, &expr.ty),
            ExprKind::Arithmetic(operation, left, right) => {
                let left = self.value(left);
                arithmetic(*operation, &left, &self.value(right))
            }
            ExprKind::Call(function, args) => self.call(function, args),
            ExprKind::Case(arms, default) => {
                for (pred, value) in arms {
                    if self.holds(pred) {
                        return self.value(value);
                    }
                }
                default.as_ref().map(|default| self.value(default)).unwrap_or_default()
            }
            ExprKind::Aggregate(n) => at(&self.group.aggregates, *n),
            ExprKind::Key(n) => at(&self.group.keys, *n),
            ExprKind::Measure(n) => at(&self.group.measures, *n),
            ExprKind::Look(n) => self.group.answers.values.get(*n).cloned().flatten().unwrap_or_default(),
        }
    }

    /// The first value that is present. What did not read on the way to it is not counted: another place held the value.
    pub(super) fn first_present(&mut self, exprs: &[Expr]) -> Value {
        let before = self.unreadable;
        for expr in exprs {
            let failed = self.unreadable;
            let value = self.value(expr);
            if value.is_present() {
                self.unreadable = before + (self.unreadable - failed);
                return value;
            }
        }
        Value::Missing
    }

    /// The part of the record that a path leads to, if any, where it stands: nothing is taken out. None where an expression is no path of the
    /// record, or one that may lead to several parts.
    fn part(&self, expr: &Expr) -> Option<Option<&'a Json>> {
        let ExprKind::Path(base, steps) = &expr.kind else { return None };
        let single = base.kind == ExprKind::Record && !steps.iter().any(is_many);
        single.then(|| steps.iter().try_fold(self.subject.record, one_step))
    }

    fn read_json(&mut self, json: &Json, ty: &Type) -> Value {
        let reading = read(json, ty);
        self.unreadable += reading.unreadable;
        reading.value
    }

    fn read(&mut self, value: &Value, ty: &Type) -> Value {
        match (value, ty) {
            (Value::Raw(json), ty) => self.read_json(json, ty),
            (Value::List(elements), Type::List(element)) => {
                Value::list(elements.iter().map(|raw| self.read(raw, element)).collect())
            }
            _ => Value::Missing,
        }
    }

    fn json(&mut self, value: Value) -> Value {
        let parsed = match value {
            Value::Text(text) | Value::Raw(Json::Text(text)) => Json::parse(&text),
            value => return value,
        };
        self.unreadable += u64::from(parsed.is_err());
        parsed.map_or(Value::Missing, Value::raw)
    }

    fn rows(&mut self, rows: &Rows, ty: &Type) -> Value {
        let Some(Type::Record(record)) = ty.element() else { return Value::Missing };
        let mut out = Vec::new();
        for list in &rows.lists {
            for element in self.value(list).elements() {
                let made = self.with_element(rows.element, element, |scope| {
                    let kept = rows.filter.as_ref().is_none_or(|filter| scope.holds(filter));
                    kept.then(|| rows.fields.iter().map(|field| scope.value(field)).collect())
                });
                out.extend(made.map(|fields| Value::Record(Arc::clone(record), fields)));
            }
        }
        Value::list(out)
    }
}

/// The parts of raw JSON that a path leads to.
///
/// Without `[]` and `*` there is one or none. With them it is a list of what the further steps lead to in each element: an element in which
/// they lead to nothing gives none; one in which they lead to null, empty text or an empty list gives a missing element.
fn path(start: Value, steps: &[Step]) -> Value {
    match start {
        Value::Raw(json) => {
            // As long as there is one part, it is looked at where it stands.
            let apart = steps.iter().position(is_many);
            let (single, rest) = steps.split_at(apart.unwrap_or(steps.len()));
            match single.iter().try_fold(&json, one_step) {
                None => Value::Missing,
                Some(part) if rest.is_empty() => Value::raw(part.clone()),
                Some(part) => parts(vec![part.clone()], rest),
            }
        }
        Value::List(elements) => parts(elements.iter().map(raw_of).collect(), steps),
        _ => Value::Missing,
    }
}

/// Whether a step may lead to several parts.
fn is_many(step: &Step) -> bool {
    matches!(step, Step::Elements | Step::Values)
}

fn parts(mut found: Vec<Json>, steps: &[Step]) -> Value {
    for step in steps {
        found = found.iter().flat_map(|json| step_into(json, step)).collect();
    }
    Value::list(found.into_iter().map(Value::raw).collect())
}

/// An element of a list of raw JSON; what is missing was null.
fn raw_of(element: &Value) -> Json {
    match element {
        Value::Raw(json) => json.clone(),
        _ => Json::Null,
    }
}

fn step_into(json: &Json, step: &Step) -> Vec<Json> {
    match (step, json) {
        (Step::Elements, Json::List(elements)) => elements.to_vec(),
        (Step::Values, Json::Object(members)) => members.values().cloned().collect(),
        _ => one_step(json, step).cloned().into_iter().collect(),
    }
}

/// What a step leads to that leads to one part at most.
fn one_step<'j>(json: &'j Json, step: &Step) -> Option<&'j Json> {
    match (step, json) {
        (Step::Key(key), json) => json.member(key),
        (Step::Index(index), Json::List(elements)) => {
            let from_end = usize::try_from(index.unsigned_abs()).ok().and_then(|back| elements.len().checked_sub(back));
            let at = if *index < 0 { from_end } else { usize::try_from(*index).ok() };
            elements.get(at?)
        }
        _ => None,
    }
}

/// `{key, value}` of each member of an object.
fn entries(value: &Value, keys: Option<&[String]>) -> Value {
    let Value::Raw(Json::Object(members)) = value else { return Value::Missing };
    let entry = |(key, value): (&Arc<str>, &Json)| {
        let fields = [("key", Json::Text(Arc::clone(key))), ("value", value.clone())];
        Value::Raw(Json::Object(Arc::new(fields.into_iter().map(|(name, json)| (name.into(), json)).collect())))
    };
    let wanted = |key: &str, value: &Json| {
        keys.is_none_or(|keys| *value != Json::Null && keys.iter().any(|wanted| wanted == key))
    };
    Value::list(members.iter().filter(|(key, value)| wanted(key, value)).map(entry).collect())
}

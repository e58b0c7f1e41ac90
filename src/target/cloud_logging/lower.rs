//! A bound rule → the filter that selects its events.
//!
//! Row values are written out and cases carried into the tests that meet them first, so that what is left compares parts of the entry with
//! constants; everything else is refused.

use chrono::DateTime;

use super::errors;
use super::tree::{Field, Filter, Operator, Value};
use crate::bind::simplify::{Carry, simplify_rule, without_row_values};
use crate::ir::pattern::{Dialect, Node, any_char, hex_braces, literal_node, one_of, print};
use crate::ir::{Comparison, Expr, ExprKind, Function, Literal, Pattern, Pred, PredKind, Rule, Step, TextTest, Type};
use crate::source::Span;
use crate::target::{Condition, Judges, Lowering, Verdict, windows};

/// RE2, as Google's documentation names it; `\b` is ASCII there.
const RE2: Dialect = Dialect { boundary: [r"\b", r"\B"], ends: ["^", "$"], escape: hex_braces, also: "" };

/// The fields that an entry's paths begin with.
const ENTRY: [&str; 17] = [
    "httpRequest",
    "insertId",
    "jsonPayload",
    "labels",
    "logName",
    "metadata",
    "operation",
    "protoPayload",
    "receiveTimestamp",
    "resource",
    "severity",
    "sourceLocation",
    "spanId",
    "split",
    "textPayload",
    "timestamp",
    "trace",
];

/// Lowers a rule; none where it was refused.
pub(super) fn lower(cx: &mut Lowering<'_>) -> Option<Filter> {
    let Some(bound) = without_row_values(cx.bound.clone()) else {
        cx.refuse(errors::cannot(cx.bound.rule.span, "row values, and written out they grow too large"));
        return None;
    };
    let bound = simplify_rule(bound, Carry::All);
    if let Some(each) = &bound.rule.each {
        cx.refuse(errors::cannot(each.list.span, "way to take a list apart"));
    }
    let mut conditions = Vec::new();
    if cx.place.name != "all" {
        conditions.push(Filter::Log(cx.place.name.clone()));
    }
    let range = cx.request.range.map(|range| match &bound.rule.window {
        Some(window) => windows::events(window, range),
        None => range,
    });
    if let Some((from, to)) = range {
        let time = |lowering: &mut Lowering<'_>| field_of(lowering, &bound.time);
        if let Some(field) = time(cx) {
            conditions.push(Filter::Compare(field.clone(), Operator::GreaterEqual, time_value(from)));
            conditions.push(Filter::Compare(field, Operator::Less, time_value(to)));
        }
    }
    for pred in &bound.rule.filter {
        conditions.extend(condition(cx, pred));
    }
    describe(cx, &bound.rule);
    (cx.verdict != Verdict::Refused).then_some(Filter::All(conditions))
}

/// Verdict, conditions and what is left out.
fn describe(cx: &mut Lowering<'_>, rule: &Rule) {
    cx.judges = Judges::AllWindows;
    if cx.request.range.is_none() {
        cx.provided(Condition::EventsArriveWithin(cx.source.delay));
    }
    match &rule.window {
        Some(window) => cx.weaken(Verdict::Wider, errors::selects_only(window.span)),
        None => {
            if cx.source.unique.is_some() {
                cx.provided(Condition::NoDuplicates);
            }
            let computed = rule.show.iter().filter(|item| !in_the_entry(&item.value)).map(|item| item.name.clone());
            computed.collect::<Vec<_>>().iter().for_each(|name| cx.leave_out(name));
            if !rule.severity.arms.is_empty() {
                cx.leave_out("severity");
            }
        }
    }
}

/// Whether a reader finds the value in the entry as it stands.
fn in_the_entry(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Read(inner) => matches!(inner.kind, ExprKind::Path(..)),
        ExprKind::Call(Function::Coalesce, args) => args.iter().all(in_the_entry),
        _ => false,
    }
}

fn condition(cx: &mut Lowering<'_>, pred: &Pred) -> Option<Filter> {
    match &pred.kind {
        PredKind::Const(true) => Some(Filter::All(Vec::new())),
        PredKind::Const(false) => Some(Filter::Not(Box::new(Filter::All(Vec::new())))),
        PredKind::All(preds) => {
            let all: Vec<Option<Filter>> = preds.iter().map(|pred| condition(cx, pred)).collect();
            all.into_iter().collect::<Option<Vec<_>>>().map(Filter::All)
        }
        PredKind::Any(preds) => any(cx, preds),
        PredKind::Not(inner) => condition(cx, inner).map(|filter| Filter::Not(Box::new(filter))),
        PredKind::Present(expr) => present(cx, expr),
        PredKind::Holds(expr) => {
            Some(Filter::Compare(field_of(cx, expr)?, Operator::Equal, Value::Bare("true".to_owned())))
        }
        PredKind::Compare(op, left, right) => compare(cx, *op, left, right, pred.span),
        PredKind::EqualNoCase(left, right) => {
            let text = constant_text(right).or_else(|| constant_text(left));
            let subject = if constant_text(right).is_some() { left } else { right };
            match text {
                Some(text) => matches(cx, subject, &whole(literal_node(&text, true))),
                None => refuse(cx, pred.span, "comparison of one part of an entry with another"),
            }
        }
        PredKind::OneOf { subject, options, nocase } => one_of_constants(cx, subject, options, *nocase),
        PredKind::InNetwork(subject, networks) => {
            let field = field_of(cx, subject)?;
            let mut nets: Vec<Filter> =
                networks.iter().map(|net| Filter::InNetwork(field.clone(), net.to_string())).collect();
            Some(if nets.len() == 1 { nets.remove(0) } else { Filter::Any(nets) })
        }
        PredKind::Text { test, subject, needles, every, nocase } => {
            let texts: Option<Vec<String>> = needles.iter().map(constant_text).collect();
            let Some(texts) = texts else {
                return refuse(cx, pred.span, "comparison of one part of an entry with another");
            };
            let nodes: Vec<Node> = texts.iter().map(|text| sought(*test, literal_node(text, *nocase))).collect();
            every_or_one(cx, subject, nodes, *every)
        }
        PredKind::Matches { subject, patterns, every } => {
            every_or_one(cx, subject, patterns.iter().map(|Pattern { node, .. }| node.clone()).collect(), *every)
        }
        PredKind::Fits { subject, globs, nocase } => {
            matches(cx, subject, &one_of(globs.iter().map(|glob| glob.node(*nocase)).collect()))
        }
        PredKind::Has { list, .. } | PredKind::Some { list, .. } => {
            refuse(cx, list.span, "test of a list's elements that means the same")
        }
        PredKind::Operation { .. } => None,
    }
}

/// `missing or 0`: the one form in which a number that is not there and one that is 0 are surely the same on every reading.
fn any(cx: &mut Lowering<'_>, preds: &[Pred]) -> Option<Filter> {
    let missing = |pred: &Pred| match &pred.kind {
        PredKind::Not(inner) => match &inner.kind {
            PredKind::Present(expr) => Some(expr.clone()),
            _ => None,
        },
        _ => None,
    };
    let zero = |pred: &Pred, of: &Expr| match &pred.kind {
        PredKind::Compare(Comparison::Equal, left, right) => {
            same_path(left, of) && right.as_literal() == Some(&Literal::Int(0))
        }
        _ => false,
    };
    let mut taken: Vec<usize> = Vec::new();
    let mut out = Vec::new();
    for (n, pred) in preds.iter().enumerate() {
        let Some(expr) = missing(pred) else { continue };
        if let Some((m, compared)) = preds.iter().enumerate().find(|(_, other)| zero(other, &expr)) {
            let PredKind::Compare(_, left, _) = &compared.kind else { continue };
            let field = field_of(cx, left)?;
            let other = Filter::Compare(field, Operator::NotEqual, Value::Bare("0".to_owned()));
            out.push(Filter::Not(Box::new(other)));
            taken.extend([n, m]);
        }
    }
    let rest: Vec<Option<Filter>> =
        preds.iter().enumerate().filter(|(n, _)| !taken.contains(n)).map(|(_, pred)| condition(cx, pred)).collect();
    for filter in rest {
        out.push(filter?);
    }
    Some(if out.len() == 1 { out.remove(0) } else { Filter::Any(out) })
}

/// Whether two expressions read the same part, whatever they read it as.
fn same_path(a: &Expr, b: &Expr) -> bool {
    let raw = |expr: &Expr| match &expr.kind {
        ExprKind::Read(inner) => inner.kind.clone(),
        other => other.clone(),
    };
    match (raw(a), raw(b)) {
        (ExprKind::Path(_, a), ExprKind::Path(_, b)) => a == b,
        _ => false,
    }
}

fn present(cx: &mut Lowering<'_>, expr: &Expr) -> Option<Filter> {
    match (&expr.kind, &expr.ty) {
        (ExprKind::Read(_), Type::Text) => matches(cx, expr, &any_char()),
        // A part whose type is not said is there where it is, and not an empty text.
        (ExprKind::Path(..), Type::Raw) => {
            let field = field_of(cx, expr)?;
            let empty = Filter::Compare(field.clone(), Operator::Matches, Value::Text("^$".to_owned()));
            Some(Filter::All(vec![Filter::There(field), Filter::Not(Box::new(empty))]))
        }
        (ExprKind::Read(_), Type::Int | Type::Float | Type::Bool | Type::Time) => {
            Some(Filter::There(field_of(cx, expr)?))
        }
        (ExprKind::Call(Function::Coalesce, args), _) => {
            let any: Vec<Option<Filter>> = args.iter().map(|arg| present(cx, arg)).collect();
            any.into_iter().collect::<Option<Vec<_>>>().map(Filter::Any)
        }
        (ExprKind::Call(Function::Extract(pattern), args), _) if pattern.groups == 0 && args.len() == 1 => {
            matches(cx, args.first()?, &pattern.node)
        }
        (_, Type::Ip) => refuse(cx, expr.span, "way to ask whether a text is an address"),
        _ => refuse(cx, expr.span, "computed values"),
    }
}

fn compare(cx: &mut Lowering<'_>, op: Comparison, left: &Expr, right: &Expr, span: Span) -> Option<Filter> {
    let (op, subject, literal) = match (left.as_literal(), right.as_literal()) {
        (None, Some(literal)) => (op, left, literal),
        (Some(literal), None) => (mirrored(op), right, literal),
        _ => return refuse(cx, span, "comparison of one part of an entry with another"),
    };
    match literal {
        Literal::Text(text) => matches(cx, subject, &whole(literal_node(text, false))),
        Literal::Int(number) => number_test(cx, op, subject, number.to_string()),
        Literal::Float(number) => number_test(cx, op, subject, format!("{number}")),
        Literal::Bool(value) => {
            Some(Filter::Compare(field_of(cx, subject)?, Operator::Equal, Value::Bare(value.to_string())))
        }
        Literal::Time(time) => {
            let field = field_of(cx, subject)?;
            let at = |operator, time: i64| Filter::Compare(field.clone(), operator, time_value(time));
            // Entries have nanoseconds; the language cuts them.
            let next = time.saturating_add(1);
            Some(match op {
                Comparison::Less => at(Operator::Less, *time),
                Comparison::LessEqual => at(Operator::Less, next),
                Comparison::Greater => at(Operator::GreaterEqual, next),
                Comparison::GreaterEqual => at(Operator::GreaterEqual, *time),
                Comparison::Equal => Filter::All(vec![at(Operator::GreaterEqual, *time), at(Operator::Less, next)]),
            })
        }
        Literal::Ip(_) | Literal::Decimal(_) | Literal::Duration(_) => {
            refuse(cx, span, &format!("comparison of {} values", literal.ty()))
        }
    }
}

fn number_test(cx: &mut Lowering<'_>, op: Comparison, subject: &Expr, number: String) -> Option<Filter> {
    let field = field_of(cx, subject)?;
    if field.0.first().is_some_and(|first| first == "jsonPayload") && subject.ty == Type::Int {
        cx.weaken(Verdict::Differs, errors::fractions(subject.span));
    }
    let operator = match op {
        Comparison::Equal => Operator::Equal,
        Comparison::Less => Operator::Less,
        Comparison::LessEqual => Operator::LessEqual,
        Comparison::Greater => Operator::Greater,
        Comparison::GreaterEqual => Operator::GreaterEqual,
    };
    Some(Filter::Compare(field, operator, Value::Bare(number)))
}

fn one_of_constants(cx: &mut Lowering<'_>, subject: &Expr, options: &[Literal], nocase: bool) -> Option<Filter> {
    let texts: Option<Vec<&str>> = options
        .iter()
        .map(|option| match option {
            Literal::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    if let Some(texts) = texts {
        return matches(
            cx,
            subject,
            &one_of(texts.into_iter().map(|text| whole(literal_node(text, nocase))).collect()),
        );
    }
    let each = options.iter().map(|option| {
        compare(cx, Comparison::Equal, subject, &Expr::literal(option.clone(), subject.span), subject.span)
    });
    each.collect::<Option<Vec<_>>>().map(Filter::Any)
}

/// A text in which one of the nodes (or every one) is found.
fn every_or_one(cx: &mut Lowering<'_>, subject: &Expr, nodes: Vec<Node>, every: bool) -> Option<Filter> {
    if !every {
        return matches(cx, subject, &one_of(nodes));
    }
    let all: Option<Vec<Filter>> = nodes.iter().map(|node| matches(cx, subject, node)).collect();
    all.map(Filter::All)
}

fn matches(cx: &mut Lowering<'_>, subject: &Expr, node: &Node) -> Option<Filter> {
    let field = field_of(cx, subject)?;
    Some(Filter::Compare(field, Operator::Matches, Value::Text(print(node, &RE2))))
}

/// The part of the entry that an expression reads.
fn field_of(cx: &mut Lowering<'_>, expr: &Expr) -> Option<Field> {
    let path = match &expr.kind {
        ExprKind::Read(inner) => &inner.kind,
        other => other,
    };
    let steps = match path {
        ExprKind::Path(base, steps) if base.kind == ExprKind::Record => steps,
        _ => return refuse(cx, expr.span, "computed values"),
    };
    let column = cx.place.columns.iter().find(|column| steps.starts_with(&column.path));
    let (mut keys, rest): (Vec<String>, &[Step]) = match column {
        Some(column) => {
            (column.name.split('.').map(str::to_owned).collect(), steps.get(column.path.len()..).unwrap_or_default())
        }
        None => (Vec::new(), steps),
    };
    for step in rest {
        match step {
            Step::Key(key) => keys.push(key.clone()),
            Step::Index(_) | Step::Elements | Step::Values => {
                return refuse(cx, expr.span, "way to name one element of a list");
            }
        }
    }
    let first = keys.first().cloned().unwrap_or_default();
    if !ENTRY.contains(&first.as_str()) {
        cx.refuse(errors::no_entry_field(expr.span, &first));
        return None;
    }
    Some(Field(keys))
}

fn refuse<T>(cx: &mut Lowering<'_>, span: Span, what: &str) -> Option<T> {
    cx.refuse(errors::cannot(span, what));
    None
}

fn constant_text(expr: &Expr) -> Option<String> {
    match expr.as_literal() {
        Some(Literal::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn whole(node: Node) -> Node {
    sought(TextTest::Equals, node)
}

fn sought(test: TextTest, node: Node) -> Node {
    match test {
        TextTest::Contains => node,
        TextTest::StartsWith => Node::Concat(vec![Node::Start, node]),
        TextTest::EndsWith => Node::Concat(vec![node, Node::End]),
        TextTest::Equals => Node::Concat(vec![Node::Start, node, Node::End]),
    }
}

fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Equal => Comparison::Equal,
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
    }
}

fn time_value(us: i64) -> Value {
    let time = DateTime::from_timestamp_micros(us).unwrap_or_default();
    Value::Text(time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
}

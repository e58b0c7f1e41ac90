//! A unit test as written → events and expectations, typed by the stream and the rule.

use std::collections::{BTreeMap, BTreeSet};

use super::errors;
use super::scope::{Names, Resolver, Scope};
use crate::diag::Diagnostic;
use crate::ir::{
    ACROSS, CORRELATION, Constant, Correlation, Expected, ExprKind, FieldId, Given, Level, Literal, Rule, Stream, Test,
    Type,
};
use crate::schema::Schema;
use crate::syntax::ast::{self, Expect, GivenBody, Record};

/// Resolves a test of one of `rules`; what is wrong is said, and gives no test.
pub(super) fn test(
    written: &ast::Test,
    schema: &Schema,
    (rules, correlations): (&[Rule], &[Correlation]),
    names: &Names,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Test> {
    let name = &written.rule;
    let rule = rules.iter().find(|rule| rule.name == name.node).map(|rule| Tested::rule(rule, schema));
    let correlation = || correlations.iter().find(|one| one.name == name.node);
    let Some(rule) = &rule.or_else(|| Some(Tested::correlation(correlation()?, (rules, correlations), schema))) else {
        // A rule that could not be resolved has said so itself.
        if !names.is_broken("rule", &name.node) && !names.is_broken("correlate", &name.node) {
            let known = rules.iter().map(|rule| rule.name.as_str());
            let known = known.chain(correlations.iter().map(|one| one.name.as_str()));
            diagnostics.push(errors::unknown(name.span, "rule", &name.node, known));
        }
        return None;
    };
    let before = diagnostics.len();
    let given: Vec<Given> =
        written.given.iter().filter_map(|given| self::given(given, rule, schema, diagnostics)).collect();
    if written.given.is_empty() {
        diagnostics.push(errors::test(name.span, "a test without events", "write `given invocation [ … ]`"));
    }
    let (mut alerts, mut no_other, mut none) = (Vec::new(), false, None);
    for expect in &written.expect {
        match &expect.node {
            Expect::Alert(bindings) => {
                let mut values: Vec<(String, Constant)> = Vec::new();
                for binding in bindings {
                    if bindings.iter().take_while(|b| b.name.span != binding.name.span).any(|b| b.name == binding.name)
                    {
                        diagnostics.push(errors::duplicate(binding.name.span, "value of", &binding.name.node, None));
                    }
                    values.extend(expected(binding, rule, schema, diagnostics));
                }
                alerts.push(Expected { values, span: expect.span });
            }
            Expect::NoOther => no_other = true,
            Expect::None => {
                no_other = true;
                none = Some(expect.span);
            }
        }
    }
    if written.expect.is_empty() {
        diagnostics.push(errors::test(
            name.span,
            "a test that expects nothing can't fail",
            "write `expect alert`, `expect no alert` or both `expect alert` and `expect no other alert`",
        ));
    }
    if let (Some(none), Some(alert)) = (none, alerts.first()) {
        diagnostics.push(
            errors::test(none, "`expect no alert` beside `expect alert`", "write `expect no other alert`")
                .at(alert.span, "an alert is expected here"),
        );
    }
    if crate::diag::has_errors(diagnostics.get(before..).unwrap_or_default()) {
        return None;
    }
    Some(Test { rule: name.node.clone(), title: written.title.node.clone(), given, alerts, no_other, span: name.span })
}

/// What a test is of.
struct Tested<'a> {
    name: &'a str,
    /// The streams that it reads, by place.
    streams: BTreeSet<usize>,
    /// The sources from which those of the streams borrow what it reads.
    lenders: BTreeSet<&'a str>,
    /// Names and types of the keys, measures and shown items of its alerts.
    values: Vec<(&'a str, &'a Type)>,
}

impl<'a> Tested<'a> {
    fn rule(rule: &'a Rule, schema: &'a Schema) -> Tested<'a> {
        let keys = rule.window.iter().flat_map(|w| &w.keys).map(|k| (k.name.as_str(), &k.value.ty));
        let named = rule.measures.iter().chain(&rule.show).map(|b| (b.name.as_str(), &b.value.ty));
        let lenders = lenders(rule, schema).collect();
        Tested {
            name: &rule.name,
            streams: BTreeSet::from([rule.stream]),
            lenders,
            values: keys.chain(named).collect(),
        }
    }

    fn correlation(
        one: &'a Correlation,
        (rules, all): (&'a [Rule], &'a [Correlation]),
        schema: &'a Schema,
    ) -> Tested<'a> {
        let read = one.reads(all);
        let rules = || rules.iter().filter(|rule| read.contains(rule.name.as_str()));
        let streams = rules().map(|rule| rule.stream).collect();
        let values = one.keys.iter().map(|(name, ty)| (name.as_str(), ty)).collect();
        Tested { name: &one.name, streams, lenders: rules().flat_map(|rule| lenders(rule, schema)).collect(), values }
    }
}

/// The sources of which a rule reads something that its own sources borrow.
fn lenders<'a>(rule: &'a Rule, schema: &'a Schema) -> impl Iterator<Item = &'a str> {
    let sources = schema.sources.iter().filter(|source| source.stream == rule.stream && rule.admits(&source.name));
    let joins = schema.stream_of(rule.stream).map(|stream| sources.flat_map(|source| source.joins_read(rule, stream)));
    joins.into_iter().flatten().map(|join| join.lender.as_str())
}

fn given(written: &ast::Given, rule: &Tested<'_>, schema: &Schema, diagnostics: &mut Vec<Diagnostic>) -> Option<Given> {
    let name = &written.name;
    if let Some(source) = schema.source(&name.node) {
        if !rule.streams.contains(&source.stream) && !rule.lenders.contains(source.name.as_str()) {
            diagnostics.push(errors::test(
                name.span,
                format!("`{}` is no source of the rule's stream", name.node),
                "give events of the stream that the rule reads",
            ));
            return None;
        }
        return match &written.body {
            GivenBody::File(path) => {
                Some(Given::File { source: source.name.clone(), path: path.node.clone(), span: path.span })
            }
            GivenBody::Records(records) => {
                let mut out = Vec::new();
                for record in records {
                    match &record.node {
                        Record::Json(map) => out.push(serde_json::Value::Object(map.clone())),
                        Record::Fields(fields) if fields.is_empty() => out.push(serde_json::Value::Object(serde_json::Map::new())),
                        Record::Fields(_) => diagnostics.push(errors::test(record.span, "fields where a raw record is expected", "`given SOURCE` takes JSON as the cloud writes it: `{ \"requestId\": \"…\" }`; `given STREAM` takes fields")),
                    }
                }
                Some(Given::Records { source: source.name.clone(), records: out })
            }
        };
    }
    let Some((index, stream)) = schema.stream(&name.node).and_then(|i| schema.stream_of(i).map(|s| (i, s))) else {
        let known =
            schema.streams.iter().map(|s| s.name.as_str()).chain(schema.sources.iter().map(|s| s.name.as_str()));
        diagnostics.push(errors::unknown(name.span, "stream or source", &name.node, known));
        return None;
    };
    if !rule.streams.contains(&index) {
        let read = rule.streams.first().and_then(|stream| schema.stream_of(*stream)).map_or("", |s| s.name.as_str());
        diagnostics.push(errors::test(
            name.span,
            format!("rule `{}` does not read `{}`", rule.name, name.node),
            format!("it reads `{read}`: write `given {read} [ … ]`, or `given SOURCE` with a source of that stream"),
        ));
        return None;
    }
    let records = match &written.body {
        GivenBody::Records(records) => records,
        GivenBody::File(path) => {
            diagnostics.push(errors::test(
                path.span,
                "a file holds raw records, not events",
                "write `given SOURCE from …` with the source that wrote them",
            ));
            return None;
        }
    };
    let mut events = Vec::new();
    for record in records {
        let Record::Fields(fields) = &record.node else {
            diagnostics.push(errors::test(
                record.span,
                "a raw record where fields are expected",
                "`given STREAM` takes fields: `{ time = 2026-01-01T01:00Z, caller.id = \"a\" }`",
            ));
            continue;
        };
        let mut event: Vec<(FieldId, Constant)> = Vec::new();
        for field in fields {
            let Some((id, value)) = event_field(field, stream, diagnostics) else { continue };
            if event.iter().any(|(other, _)| *other == id) {
                diagnostics.push(errors::duplicate(field.name.span, "field", &field.name.node, None));
            }
            event.push((id, value));
        }
        let timed = fields.iter().any(|field| stream.field(&field.name.node) == Some(stream.time()));
        if !timed {
            diagnostics.push(errors::test(record.span, "an event without `time`", "write `time = 2026-01-01T01:00Z`"));
        }
        events.push(event);
    }
    Some(Given::Events { stream: index, events })
}

fn event_field(
    binding: &ast::Binding,
    stream: &Stream,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(crate::ir::FieldId, Constant)> {
    let name = &binding.name;
    let Some(id) = stream.field(&name.node) else {
        diagnostics.push(errors::unknown_field(
            name.span,
            &name.node,
            &stream.name,
            stream.fields.iter().map(|f| f.name.as_str()),
        ));
        return None;
    };
    let ty = stream.get(id).map_or(Type::Text, |f| f.ty.clone());
    constant(&binding.value, &ty, diagnostics).map(|value| (id, value))
}

fn expected(
    binding: &ast::Binding,
    rule: &Tested<'_>,
    schema: &Schema,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(String, Constant)> {
    let name = &binding.name;
    let known = &rule.values;
    // What a rule calls so itself comes first.
    let of_alert = Expected::OF_ALERTS.iter().map(|(name, ty)| (*name, ty));
    let Some((_, ty)) = known.iter().copied().chain(of_alert.clone()).find(|(known, _)| *known == name.node) else {
        let names = known.iter().copied().chain(of_alert).map(|(n, _)| n);
        diagnostics.push(errors::unknown(name.span, "key, measure or shown item", &name.node, names));
        return None;
    };
    let value = constant(&binding.value, ty, diagnostics)?;
    if let (Constant::One(Literal::Text(word)), false) = (&value, known.iter().any(|(k, _)| *k == name.node)) {
        let wrong = match name.node.as_str() {
            "severity" if Level::find(word).is_none() => Some(("severity", Level::ALL.map(Level::text).to_vec())),
            "source" if schema.source(word).is_none() && ![ACROSS, CORRELATION].contains(&word.as_str()) => {
                Some(("source", schema.sources.iter().map(|s| s.name.as_str()).collect()))
            }
            _ => None,
        };
        if let Some((what, known)) = wrong {
            diagnostics.push(errors::unknown(binding.value.span, what, word, known));
            return None;
        }
    }
    Some((name.node.clone(), value))
}

/// A constant of a type: a literal, `[ … ]`, or `[{ name = … }]` written as rows.
fn constant(expr: &ast::Expr, ty: &Type, diagnostics: &mut Vec<Diagnostic>) -> Option<Constant> {
    match (&*expr.node, ty) {
        (ast::ExprKind::List(elements), Type::List(element)) if !elements.is_empty() => {
            let elements: Vec<Option<Constant>> = elements.iter().map(|e| constant(e, element, diagnostics)).collect();
            elements.into_iter().collect::<Option<_>>().map(Constant::List)
        }
        (ast::ExprKind::Record(bindings), Type::Record(record)) => {
            let mut out = vec![None; record.fields.len()];
            for binding in bindings {
                let found = record.fields.iter().zip(&mut out).find(|((name, _), _)| *name == binding.name.node);
                let Some(((_, ty), slot)) = found else {
                    let known = record.fields.iter().map(|(name, _)| name.as_str());
                    diagnostics.push(errors::unknown(binding.name.span, "part", &binding.name.node, known));
                    return None;
                };
                if slot.is_some() {
                    diagnostics.push(errors::duplicate(binding.name.span, "part", &binding.name.node, None));
                }
                *slot = Some(constant(&binding.value, ty, diagnostics)?);
            }
            Some(Constant::Record(out))
        }
        (ast::ExprKind::List(elements), Type::List(_)) if elements.is_empty() => {
            diagnostics.push(errors::missing_constant(expr.span, "list"));
            None
        }
        (ast::ExprKind::Literal(ast::Literal::Text(text, _)), _) if text.is_empty() => {
            diagnostics.push(errors::missing_constant(expr.span, "text"));
            None
        }
        (ast::ExprKind::List(_), _) => {
            diagnostics.push(errors::coercion(expr.span, ty, "a list"));
            None
        }
        (ast::ExprKind::Record(_), _) => {
            diagnostics.push(errors::coercion(expr.span, ty, "a record"));
            None
        }
        _ => {
            let (names, operations) = (Names::default(), BTreeMap::new());
            let mut resolver = Resolver::new(&names, &operations, Scope::constants());
            let value = resolver.value(expr, ty);
            diagnostics.append(&mut resolver.diagnostics);
            match value?.kind {
                ExprKind::Literal(literal) => Some(Constant::One(literal)),
                _ => {
                    diagnostics.push(errors::test(expr.span, "expected a constant", "tests are made of constants"));
                    None
                }
            }
        }
    }
}

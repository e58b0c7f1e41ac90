//! A source as written → expressions over the raw record, by field.

use super::errors;
use super::expr::steps;
use super::scope::{Names, Resolver, Scope};
use super::stream::text;
use crate::diag::{Code, Diagnostic};
use crate::ir::{
    Assemble, Binding, Column, ColumnKind, FieldId, FileFormat, Part, Place, PlaceKind, Proviso, Source, Step, Stream,
    Type, Widen,
};
use crate::schema::Schema;
use crate::source::Span;
use crate::syntax::ast::{self, SourceClause, Suffix};

/// Resolves a source; nothing where it can't be used.
pub(super) fn source(
    doc: &ast::Doc,
    written: &ast::Source,
    schema: &Schema,
    names: &Names,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Source> {
    let name = &written.name;
    let Some((stream_index, stream)) =
        schema.stream(&written.stream.node).and_then(|i| schema.stream_of(i).map(|s| (i, s)))
    else {
        if !names.is_broken("stream", &written.stream.node) {
            let known = schema.streams.iter().map(|s| s.name.as_str());
            diagnostics.push(errors::unknown(written.stream.span, "stream", &written.stream.node, known));
        }
        return None;
    };
    if !name.node.contains('.') {
        diagnostics.push(errors::source(
            name.span,
            format!("source `{}` names no cloud", name.node),
            "the cloud is the first part of a source's name: `aws.bedrock`",
        ));
    }
    let count = stream.fields.len();
    let mut source = Source {
        name: name.node.clone(),
        doc: text(doc),
        stream: stream_index,
        files: None,
        places: Vec::new(),
        delay: 0,
        assemble: None,
        widened: Vec::new(),
        unique: None,
        provided: Vec::new(),
        with: Vec::new(),
        filter: Vec::new(),
        fields: vec![None; count],
        joins: Vec::new(),
        absent: vec![None; count],
        enable: Vec::new(),
        traps: Vec::new(),
        span: name.span,
    };
    let before = diagnostics.len();
    let mut resolver = Resolver::new(names, &schema.operations, Scope::source());
    let (mut delay, mut unique) = (None, None);
    let mut given: Vec<(FieldId, Span)> = Vec::new();
    assemble(written, stream, &mut source, &mut resolver);
    for clause in &written.clauses {
        match &clause.node {
            SourceClause::At(at) => place(at, &mut source, &mut resolver.diagnostics),
            SourceClause::Assemble(_) | SourceClause::Join(_) => {}
            SourceClause::Widen(written) => widen(written, stream, &mut source, &mut resolver.diagnostics),
            SourceClause::Delay(written) => {
                if let Some(first) = delay.replace(written.span) {
                    resolver.diagnostics.push(errors::second(written.span, "delay", first));
                }
                if let ast::Literal::Duration(us, _) = written.node {
                    source.delay = us;
                }
            }
            SourceClause::Unique(value) => {
                if let Some(first) = unique.replace(value.span) {
                    resolver.diagnostics.push(errors::second(value.span, "unique", first));
                }
                source.unique = resolver.value(value, &Type::Text);
            }
            SourceClause::Provided(words) => {
                for word in words {
                    match Proviso::WORDS.iter().find(|(known, _)| *known == word.node) {
                        Some((_, proviso)) if source.provided.contains(proviso) => {
                            resolver.diagnostics.push(errors::duplicate(word.span, "proviso", &word.node, None));
                        }
                        Some((_, proviso)) => source.provided.push(*proviso),
                        None => {
                            let known = Proviso::WORDS.map(|(word, _)| word);
                            resolver.diagnostics.push(errors::unknown(word.span, "proviso", &word.node, known));
                        }
                    }
                }
            }
            SourceClause::Where(condition) => source.filter.extend(resolver.pred(condition)),
            SourceClause::With(bindings) => {
                for binding in bindings {
                    let free = resolver.free(&binding.name);
                    let value = resolver.expr(&binding.value, None);
                    if free {
                        resolver.scope.with.push((binding.name.node.clone(), value.as_ref().map(|v| v.ty.clone())));
                    }
                    let value = value.filter(|_| free);
                    source.with.extend(value.map(|value| Binding { name: binding.name.node.clone(), value }));
                }
            }
            SourceClause::Absent(names, reason) => {
                for absent in names {
                    match stream.field(&absent.node) {
                        Some(field) => {
                            let slot = source.absent.get_mut(field.index());
                            if slot.is_some_and(|slot| slot.replace(reason.node.clone()).is_some()) {
                                let diagnostic = errors::duplicate(absent.span, "absent", &absent.node, None);
                                resolver.diagnostics.push(diagnostic.help("one reason for each field is enough"));
                            }
                        }
                        None => {
                            let known = stream.fields.iter().map(|f| f.name.as_str());
                            resolver.diagnostics.push(errors::unknown_field(
                                absent.span,
                                &absent.node,
                                &stream.name,
                                known,
                            ));
                        }
                    }
                }
            }
            SourceClause::Enable(texts) => source.enable.extend(texts.iter().map(|text| text.node.clone())),
            SourceClause::Trap(texts) => source.traps.extend(texts.iter().map(|text| text.node.clone())),
            SourceClause::Field(binding) => {
                let field = &binding.name;
                if field.node == "event.id" {
                    resolver.diagnostics.push(errors::source(
                        field.span,
                        "`event.id` is given by `unique`",
                        "write `unique .requestId`",
                    ));
                    continue;
                }
                let Some(id) = stream.field(&field.node) else {
                    let known = stream.fields.iter().map(|f| f.name.as_str());
                    resolver.diagnostics.push(errors::unknown_field(field.span, &field.node, &stream.name, known));
                    continue;
                };
                if id == stream.event_id() {
                    resolver.diagnostics.push(errors::source(
                        field.span,
                        "`event.id` is given by `unique`",
                        "write `unique` with the value that no other record has",
                    ));
                    continue;
                }
                if given.iter().any(|(other, _)| *other == id) {
                    let first = given.iter().find(|(other, _)| *other == id).map(|(_, span)| *span);
                    resolver.diagnostics.push(errors::duplicate(field.span, "field", &field.node, first));
                    continue;
                }
                given.push((id, field.span));
                let ty = stream.get(id).map_or(Type::Text, |f| f.ty.clone());
                let value = resolver.value(&binding.value, &ty);
                if let Some(slot) = source.fields.get_mut(id.index()) {
                    *slot = value;
                }
            }
        }
    }
    diagnostics.append(&mut resolver.diagnostics);
    if resolver.incomplete || crate::diag::has_errors(diagnostics.get(before..).unwrap_or_default()) {
        return None;
    }
    for (id, span) in given {
        if source.absent.get(id.index()).is_some_and(Option::is_some) {
            let name = stream.get(id).map_or("", |f| f.name.as_str());
            diagnostics.push(errors::source(
                span,
                format!("`{name}` is given and declared absent"),
                "keep one of the two",
            ));
            return None;
        }
    }
    if source.fields.get(stream.time().index()).is_some_and(Option::is_none) {
        diagnostics.push(
            Diagnostic::error(Code::BadSource, format!("source `{}` gives no `time`", name.node))
                .at(name.span, "")
                .help("write `time = .timestamp`"),
        );
        return None;
    }
    // `segment` and its kind copy nothing that is missing: a `where` of constants is folded here once.
    let filter = std::mem::take(&mut source.filter);
    source.filter = match crate::ir::Pred::all(filter, name.span) {
        crate::ir::Pred { kind: crate::ir::PredKind::All(preds), .. } => preds,
        crate::ir::Pred { kind: crate::ir::PredKind::Const(true), .. } => Vec::new(),
        one => vec![one],
    };
    Some(source)
}

fn place(at: &ast::At, source: &mut Source, diagnostics: &mut Vec<Diagnostic>) {
    if at.target.node == "files" {
        if source.files.is_some() {
            diagnostics.push(errors::second_place(at.target.span, "files"));
        }
        match at.place.as_ref().map(|p| (p.node.as_str(), p.span)) {
            Some(("json_lines", _)) | None => source.files = Some(FileFormat::JsonLines { nocase: at.nocase }),
            Some(("otlp", _)) => {
                source.files = Some(FileFormat::Otlp);
                if at.nocase {
                    diagnostics.push(errors::source(
                        at.target.span,
                        "`nocase` is of `json_lines`, `otlp` has one spelling",
                        "leave `nocase` out",
                    ));
                }
            }
            Some((other, span)) => diagnostics.push(errors::unknown(span, "file format", other, FileFormat::WORDS)),
        }
        return;
    }
    source.places.extend(target_place(at, &source.places, diagnostics));
}

/// A place on a target that is not among the places before it.
fn target_place(at: &ast::At, before: &[Place], diagnostics: &mut Vec<Diagnostic>) -> Option<Place> {
    let Some(kind) = PlaceKind::find(&at.target.node) else {
        let known = PlaceKind::ALL.map(PlaceKind::word).into_iter().chain(["files"]);
        diagnostics.push(errors::unknown(at.target.span, "target", &at.target.node, known));
        return None;
    };
    if before.iter().any(|place| place.kind == kind) {
        diagnostics.push(errors::second_place(at.target.span, kind.word()));
        return None;
    }
    if at.nocase {
        diagnostics.push(errors::source(
            at.target.span,
            format!("`nocase` is of files, `{}` has columns", kind.word()),
            "leave `nocase` out",
        ));
        return None;
    }
    let Some(name) = &at.place else {
        diagnostics.push(errors::source(
            at.target.span,
            format!("no place on `{}`", kind.word()),
            "name the log group, table or log",
        ));
        return None;
    };
    let (mut columns, mut constants): (Vec<Column>, Vec<(Vec<Step>, String)>) = (Vec::new(), Vec::new());
    for column in &at.columns {
        if column.path.node.iter().any(|s| matches!(s, Suffix::Values | Suffix::Elements)) {
            diagnostics.push(errors::source(
                column.path.span,
                "a column stands for one part of the record",
                "leave `[]` and `.*` out: what is below the path is found in the column",
            ));
            continue;
        }
        let path: Vec<Step> = steps(&column.path.node);
        let kind = match &column.kind {
            None => ColumnKind::Text,
            Some(word) => match ColumnKind::WORDS.iter().find(|(known, _)| *known == word.node) {
                Some((_, kind)) => *kind,
                None => {
                    diagnostics.push(errors::unknown(
                        word.span,
                        "kind of column",
                        &word.node,
                        ColumnKind::WORDS.map(|(w, _)| w),
                    ));
                    continue;
                }
            },
        };
        if columns.iter().any(|c| c.path == path) || constants.iter().any(|(of, _)| *of == path) {
            diagnostics.push(errors::duplicate(column.path.span, "column for", &column.name.node, None));
            continue;
        }
        if column.quoted {
            constants.push((path, column.name.node.clone()));
            continue;
        }
        columns.push(Column { path, name: column.name.node.clone(), kind });
    }
    // INVARIANT (longest first): the first column that is a prefix of a path is the right one.
    columns.sort_by(|a, b| b.path.len().cmp(&a.path.len()).then_with(|| a.path.cmp(&b.path)));
    Some(Place { kind, name: name.node.clone(), columns, constants })
}

/// The parts of which events are put together; from there on their names stand for them.
fn assemble(written: &ast::Source, stream: &Stream, source: &mut Source, resolver: &mut Resolver<'_>) {
    let mut first = None;
    for clause in &written.clauses {
        let SourceClause::Assemble(assemble) = &clause.node else { continue };
        if let Some(first) = first.replace(clause.span) {
            resolver.diagnostics.push(errors::second(clause.span, "assemble", first));
            continue;
        }
        let names: Vec<&ast::Name> = assemble.parts.iter().map(|part| &part.node.name).collect();
        for (at, name) in names.iter().enumerate() {
            let before = names.iter().take(at).find(|before| before.node == name.node);
            if let Some(before) = before {
                resolver.diagnostics.push(errors::duplicate(name.span, "part", &name.node, Some(before.span)));
            } else if stream.field(&name.node).is_some() {
                resolver.diagnostics.push(errors::shadows_field(name.span, &name.node));
            }
        }
        let key = resolver.value(&assemble.key, &Type::Text);
        let time = resolver.value(&assemble.time, &Type::Time);
        let parts: Vec<Option<Part>> = assemble.parts.iter().map(|part| played(&part.node, resolver)).collect();
        if parts.iter().flatten().all(|part| part.optional) && parts.iter().all(Option::is_some) {
            resolver.diagnostics.push(errors::source(
                clause.span,
                "every part is optional, so any record would be an event",
                "take `optional` from the part that each event has",
            ));
        }
        let ast::Literal::Duration(within, _) = assemble.within.node else { continue };
        let parts: Option<Vec<Part>> = parts.into_iter().collect();
        source.assemble = key.zip(time).zip(parts).map(|((key, time), parts)| Assemble { key, within, time, parts });
        resolver.scope.parts = names.into_iter().map(|name| name.node.clone()).collect();
    }
}

fn played(part: &ast::Part, resolver: &mut Resolver<'_>) -> Option<Part> {
    let filter = resolver.pred(&part.condition);
    let lists = part.lists.as_ref().map(|lists| resolver.value(lists, &Type::List(Box::new(Type::Raw))));
    let order = part.order.as_ref().map(|order| resolver.value(order, &Type::Int));
    let mut places: Vec<Place> = Vec::new();
    for place in &part.places {
        let found = target_place(&place.node, &places, &mut resolver.diagnostics);
        places.extend(found);
    }
    // What was written and failed was said.
    let (lists, order) =
        (lists.map_or(Some(None), |lists| lists.map(Some))?, order.map_or(Some(None), |o| o.map(Some))?);
    Some(Part {
        name: part.name.node.clone(),
        optional: part.optional,
        filter: vec![filter?],
        lists,
        order,
        places,
        span: part.name.span,
    })
}

fn widen(written: &ast::Widen, stream: &Stream, source: &mut Source, diagnostics: &mut Vec<Diagnostic>) {
    let field = stream.field(&written.field.node);
    if field.is_none() {
        let known = stream.fields.iter().map(|f| f.name.as_str());
        diagnostics.push(errors::unknown_field(written.field.span, &written.field.node, &stream.name, known));
    }
    let target = PlaceKind::find(&written.target.node).filter(|kind| *kind == PlaceKind::CloudWatch);
    if target.is_none() {
        let known = [PlaceKind::CloudWatch.word()];
        diagnostics.push(errors::unknown(written.target.span, "target to widen on", &written.target.node, known));
    }
    let (Some(field), Some(target)) = (field, target) else { return };
    if source.widened.iter().any(|widen| (widen.field, widen.target) == (field, target)) {
        diagnostics.push(errors::duplicate(written.field.span, "widen", &written.field.node, None));
        return;
    }
    let keys = written.keys.iter().map(|key| key.node.clone()).collect();
    source.widened.push(Widen { field, target, keys, reason: written.reason.node.clone() });
}

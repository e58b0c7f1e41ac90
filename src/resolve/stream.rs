//! A stream as written → its fields, those of every stream first.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::errors;
use super::expr::type_named;
use super::scope::{Names, Resolver, Scope};
use crate::diag::Diagnostic;
use crate::ir::{ExprKind, Field, RecordType, Stream, Tier, Type};
use crate::syntax::ast::{self, FieldType};

/// Resolves a stream; `common` are the fields of every stream.
pub(super) fn stream(
    doc: &ast::Doc,
    written: &ast::Stream,
    common: &[Field],
    diagnostics: &mut Vec<Diagnostic>,
) -> Stream {
    let mut fields: Vec<Field> = common.to_vec();
    for field in &written.fields {
        if fields.iter().any(|f| f.name == field.name.node) {
            diagnostics.push(errors::duplicate(field.name.span, "field", &field.name.node, None));
            continue;
        }
        let Some(ty) = field_type(&field.ty.node, field.ty.span, diagnostics) else { continue };
        fields.push(Field {
            name: field.name.node.clone(),
            ty,
            tier: if field.content { Tier::Content } else { Tier::Metadata },
            unit: field.unit.as_ref().map(|u| u.node.clone()),
            doc: text(&field.doc),
            otel: field.otel.as_ref().map(|n| n.node.clone()),
            ocsf: field.ocsf.as_ref().map(|n| n.node.clone()),
            default: None,
        });
    }
    let mut stream = Stream { name: written.name.node.clone(), doc: text(doc), fields };
    for field in &written.fields {
        let Some(default) = &field.default else { continue };
        let Some(id) = stream.field(&field.name.node) else { continue };
        let ty = stream.get(id).map_or(Type::Text, |f| f.ty.clone());
        let (names, operations) = (Names::default(), BTreeMap::new());
        let mut resolver = Resolver::new(&names, &operations, Scope::defaults(&stream));
        let value = resolver.value(default, &ty);
        let mut said = resolver.diagnostics;
        diagnostics.append(&mut said);
        // A default over defaults would need an order; there is no use for one.
        if let Some(value) = value {
            let mut nested = false;
            value.walk(&mut |e| {
                if let ExprKind::Field(read) = e.kind {
                    let name = stream.get(read).map_or("", |f| f.name.as_str());
                    nested |= written.fields.iter().any(|f| f.name.node == name && f.default.is_some());
                }
            });
            if nested {
                diagnostics.push(errors::source(
                    default.span,
                    "a default that reads a field with a default",
                    "write out what that field's default is",
                ));
            } else if let Some(field) = stream.fields.get_mut(id.index()) {
                field.default = Some(value);
            }
        }
    }
    stream
}

fn field_type(written: &FieldType, span: crate::source::Span, diagnostics: &mut Vec<Diagnostic>) -> Option<Type> {
    let mut named = |name: &str, span| {
        let ty = type_named(name);
        if ty.is_none() {
            let known = ["text", "int", "float", "decimal", "bool", "time", "duration", "ip", "list of text"];
            diagnostics.push(errors::unknown(span, "type", name, known));
        }
        ty
    };
    match written {
        FieldType::One(name) => named(name, span),
        FieldType::List(name) => named(name, span).map(|ty| Type::List(Box::new(ty))),
        FieldType::Records(fields) => {
            let fields: Option<Vec<(String, Type)>> =
                fields.iter().map(|(name, ty)| named(&ty.node, ty.span).map(|ty| (name.node.clone(), ty))).collect();
            fields.map(|fields| Type::List(Box::new(Type::Record(Arc::new(RecordType { fields })))))
        }
    }
}

/// Doc lines as one text.
pub(super) fn text(doc: &ast::Doc) -> String {
    doc.iter().map(|line| line.node.as_str()).collect::<Vec<_>>().join("\n").trim().to_owned()
}

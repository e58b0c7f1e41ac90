//! Raw values: takes a path into the record, gives the table's column or the part of its JSON, read as a type by the language's rules.

use super::super::errors;
use super::super::library::Own;
use super::super::tree::{Scalar, Type};
use super::window::cut;
use super::{Element, Lower, Value, refuse};
use crate::ir::{self, Column, ColumnKind, Expr, ExprKind, Function, Step};
use crate::source::Span;
use crate::target::said::{Said, gather};

/// A raw value, where it stands.
pub(super) enum Raw<'a> {
    /// A column of a plain type.
    Plain(&'a Column),
    /// A value of type dynamic.
    Json {
        /// It.
        scalar: Scalar,
        /// Whether it is all of a parsed text, which may have been no JSON.
        whole: bool,
    },
    /// What `rest` leads to in each element of a list.
    Elements {
        /// A dynamic value, perhaps no list.
        list: Scalar,
        /// Keys and indices.
        rest: Vec<Step>,
    },
}

impl<'a> Lower<'a> {
    /// Where a raw expression's value stands.
    pub(super) fn raw(&mut self, expr: &Expr) -> Said<Raw<'a>> {
        match &expr.kind {
            ExprKind::Record => self.column(&[], expr.span),
            ExprKind::Path(base, steps) if base.kind == ExprKind::Record => self.column(steps, expr.span),
            ExprKind::Path(base, steps) => match self.raw(base)? {
                Raw::Json { scalar, .. } => into_json(scalar, steps, false, expr.span),
                Raw::Elements { list, mut rest } => {
                    if steps.iter().any(|step| matches!(step, Step::Elements | Step::Values)) {
                        return refuse(errors::deep_list(expr.span));
                    }
                    rest.extend(steps.iter().cloned());
                    Ok(Raw::Elements { list, rest })
                }
                Raw::Plain(column) => refuse(errors::below_column(&self.place.name, steps, column, expr.span)),
            },
            ExprKind::Json(inner) => self.parsed(inner, expr.span),
            ExprKind::With(n) => match self.rule.with.get(*n) {
                Some(binding) => self.raw(&binding.value),
                None => refuse(errors::unbound(expr.span)),
            },
            ExprKind::Element(n) => match self.element(*n) {
                Some(Element::Raw(scalar)) => Ok(Raw::Json { scalar, whole: false }),
                _ => refuse(errors::unbound(expr.span)),
            },
            _ => refuse(errors::list_value("this part of the record", expr.span)),
        }
    }

    pub(super) fn element(&self, number: usize) -> Option<Element> {
        self.elements.iter().rev().find(|(of, _)| *of == number).map(|(_, element)| element.clone())
    }

    /// The column with the longest path that the steps begin with.
    fn column(&mut self, steps: &[Step], span: Span) -> Said<Raw<'a>> {
        let columns: &'a [Column] = &self.place.columns;
        let longest = columns.iter().filter(|c| steps.starts_with(&c.path)).max_by_key(|c| c.path.len());
        let Some(column) = longest else {
            return refuse(errors::no_column(&self.place.name, steps, columns, span));
        };
        let rest = steps.get(column.path.len()..).unwrap_or_default();
        let name = Scalar::Column(super::Name::new(&column.name));
        match column.kind {
            ColumnKind::Dynamic => into_json(name, rest, false, span),
            ColumnKind::Json => {
                let parsed = self.parse(name, &format!("{}_json", column.name));
                into_json(parsed, rest, true, span)
            }
            _ if rest.is_empty() => Ok(Raw::Plain(column)),
            _ => refuse(errors::below_column(&self.place.name, steps, column, span)),
        }
    }

    /// `json(…)`: text is parsed, an object stays.
    fn parsed(&mut self, inner: &Expr, span: Span) -> Said<Raw<'a>> {
        let text = if let ExprKind::Call(Function::Coalesce, parts) = &inner.kind
            && inner.ty == ir::Type::Raw
        {
            Scalar::call("coalesce", gather(parts.iter().map(|part| self.text_column(part)))?)
        } else if inner.ty == ir::Type::Raw {
            match self.raw(inner)? {
                Raw::Plain(_) => self.text_column(inner)?,
                whole @ Raw::Json { whole: true, .. } => return Ok(whole),
                Raw::Json { scalar, .. } => Scalar::call("tostring", [scalar]),
                Raw::Elements { .. } => return refuse(errors::deep_list(span)),
            }
        } else {
            self.value(inner)?.scalar
        };
        let wanted = match &text {
            Scalar::Column(name) => format!("{}_json", name.0),
            Scalar::Call(_, args) => match args.first() {
                Some(Scalar::Member(_, key)) => format!("{key}_json"),
                _ => "parsed_json".to_owned(),
            },
            _ => "parsed_json".to_owned(),
        };
        let scalar = self.parse(text, &wanted);
        Ok(Raw::Json { scalar, whole: true })
    }

    /// The text column in which a raw value stands.
    fn text_column(&mut self, expr: &Expr) -> Said<Scalar> {
        match self.raw(expr)? {
            Raw::Plain(column) if column.kind == ColumnKind::Text => Ok(Scalar::Column(super::Name::new(&column.name))),
            Raw::Plain(column) => refuse(errors::other_kind(&self.place.name, column, &ir::Type::Raw, expr.span)),
            _ => refuse(errors::list_value("the first of several parts of JSON", expr.span)),
        }
    }

    /// Parsed once, in a column of its own.
    fn parse(&mut self, text: Scalar, wanted: &str) -> Scalar {
        self.once(Scalar::call("parse_json", [text]), wanted)
    }

    /// A raw value read as a type.
    pub(super) fn read(&mut self, raw: &Expr, ty: &ir::Type, span: Span) -> Said<Value> {
        if *ty == ir::Type::Decimal {
            return refuse(errors::decimal(span));
        }
        match self.raw(raw)? {
            Raw::Plain(column) => self.read_plain(column, ty, span),
            Raw::Json { whole: true, .. } => refuse(errors::whole_json(span)),
            Raw::Json { scalar, .. } => read_json(scalar, ty, span),
            Raw::Elements { .. } => refuse(errors::list_value("this list", span)),
        }
    }

    fn read_plain(&self, column: &Column, ty: &ir::Type, span: Span) -> Said<Value> {
        let scalar = Scalar::Column(super::Name::new(&column.name));
        let own = |own| Scalar::Own(own, vec![scalar.clone()]);
        let (scalar, ty) = match (column.kind, ty) {
            (ColumnKind::Text, ir::Type::Text) => (scalar, Type::String),
            (ColumnKind::Text, ir::Type::Int) => (own(Own::IntOfText), Type::Long),
            (ColumnKind::Text, ir::Type::Float) => (own(Own::FloatOfText), Type::Real),
            (ColumnKind::Text, ir::Type::Time) => (own(Own::TimeOfText), Type::Datetime),
            (ColumnKind::Text, ir::Type::Ip) => (own(Own::AddressOf), Type::String),
            (ColumnKind::Int, ir::Type::Int) => (scalar, Type::Long),
            (ColumnKind::Int, ir::Type::Text) => (Scalar::call("tostring", [scalar]), Type::String),
            (ColumnKind::Int, ir::Type::Float) => (Scalar::call("todouble", [scalar]), Type::Real),
            // JSON has no number that is not finite.
            (ColumnKind::Float, ir::Type::Float) => (scalar, Type::Real),
            (ColumnKind::Bool, ir::Type::Bool) => (scalar, Type::Bool),
            (ColumnKind::Time, ir::Type::Time) => (cut(scalar), Type::Datetime),
            _ => return refuse(errors::other_kind(&self.place.name, column, ty, span)),
        };
        Ok(Value::new(scalar, ty, true))
    }

    /// Whether a raw value is there: not null, not empty text, not an empty list.
    pub(super) fn raw_present(&mut self, expr: &Expr) -> Said<Scalar> {
        Ok(match self.raw(expr)? {
            Raw::Plain(column) => {
                let test = if column.kind == ColumnKind::Text { "isnotempty" } else { "isnotnull" };
                Scalar::call(test, [Scalar::Column(super::Name::new(&column.name))])
            }
            Raw::Json { whole: true, .. } => return refuse(errors::whole_json(expr.span)),
            Raw::Json { scalar, .. } => Scalar::Own(Own::IsPresent, vec![scalar]),
            Raw::Elements { .. } => return refuse(errors::list_value("`is present`", expr.span)),
        })
    }
}

/// A part of JSON.
fn into_json<'a>(mut scalar: Scalar, steps: &[Step], whole: bool, span: Span) -> Said<Raw<'a>> {
    for (at, step) in steps.iter().enumerate() {
        scalar = match step {
            Step::Key(key) => Scalar::Member(Box::new(scalar), key.clone()),
            Step::Index(index) => Scalar::Element(Box::new(scalar), Box::new(Scalar::Long(*index))),
            Step::Elements => {
                let rest = steps.get(at + 1..).unwrap_or_default();
                if rest.iter().any(|step| matches!(step, Step::Elements | Step::Values)) {
                    return refuse(errors::deep_list(span));
                }
                return Ok(Raw::Elements { list: scalar, rest: rest.to_vec() });
            }
            Step::Values => return refuse(errors::deep_list(span)),
        };
    }
    Ok(Raw::Json { scalar, whole: whole && steps.is_empty() })
}

/// JSON read as a type; what does not read is missing.
pub(super) fn read_json(scalar: Scalar, ty: &ir::Type, span: Span) -> Said<Value> {
    let text = |scalar| Scalar::Own(Own::TextOf, vec![scalar]);
    let (scalar, ty) = match ty {
        ir::Type::Text => (text(scalar), Type::String),
        ir::Type::Int => (Scalar::Own(Own::IntOf, vec![scalar]), Type::Long),
        ir::Type::Float => (Scalar::Own(Own::FloatOf, vec![scalar]), Type::Real),
        ir::Type::Bool => (Scalar::Own(Own::BoolOf, vec![scalar]), Type::Bool),
        ir::Type::Time => (Scalar::Own(Own::TimeOf, vec![scalar]), Type::Datetime),
        // A number is no address, as text neither.
        ir::Type::Ip => (Scalar::Own(Own::AddressOf, vec![text(scalar)]), Type::String),
        ir::Type::Decimal => return refuse(errors::decimal(span)),
        ir::Type::Duration | ir::Type::List(_) | ir::Type::Record(_) | ir::Type::Raw => {
            return refuse(errors::list_value("this value", span));
        }
    };
    Ok(Value::new(scalar, ty, true))
}

/// A part of an element.
pub(super) fn inside(element: Scalar, rest: &[Step]) -> Scalar {
    rest.iter().fold(element, |scalar, step| match step {
        Step::Key(key) => Scalar::Member(Box::new(scalar), key.clone()),
        Step::Index(index) => Scalar::Element(Box::new(scalar), Box::new(Scalar::Long(*index))),
        Step::Elements | Step::Values => scalar,
    })
}

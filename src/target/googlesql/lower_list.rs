//! Lists: takes a list of the language, gives an array, and how its elements are read once `UNNEST` has taken it apart.

use super::errors;
use super::lower::Lower;
use super::lower_raw::{Raw, Reading};
use super::tree::{Aggregate, Node, Operator, Order, QueryForm, Select, Sql, Type, Unnest};
use crate::ir::{self, Expr, ExprKind, Function, Pred, Rows};
use crate::source::Span;
use crate::target::said::{Said, gather};

/// An array and what its elements are.
#[derive(Debug, Clone)]
pub(super) struct List {
    array: Sql,
    form: Form,
}

/// What an array's elements are.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a rule has a handful of lists, each lowered once")]
enum Form {
    /// JSON as it is.
    Raw,
    /// JSON that is read as a scalar type.
    Read(ir::Type),
    /// Values of a scalar type.
    Scalar(ir::Type),
    /// JSON from which records are made.
    Rows(Rows),
}

/// What an element's number stands for while its list is taken apart.
#[derive(Debug, Clone)]
pub(super) enum Element {
    /// JSON.
    Raw(Sql),
    /// JSON that is read as a scalar type.
    Read(Sql, ir::Type),
    /// A value.
    Scalar(Sql),
    /// A record: its fields, over the raw element that `Rows` names.
    Record(Vec<Expr>),
}

/// Whether an array has an element; `NULL` where there is no array.
pub(super) fn is_filled(array: Sql) -> Sql {
    Sql::binary(Operator::Greater, Sql::call("ARRAY_LENGTH", vec![array], Type::Int64), Sql::int(0))
}

impl Lower<'_> {
    /// A list of scalars or records.
    pub(super) fn list(&mut self, expr: &Expr) -> Said<List> {
        let element = expr.ty.element().cloned().unwrap_or(ir::Type::Raw);
        match &expr.kind {
            ExprKind::Read(inner) => {
                let array = match self.raw(inner)? {
                    Raw::List(array) => array,
                    Raw::Json(base, path) => super::lower_raw::listed(&base, &path),
                    Raw::Column(..) => Sql::null(Type::Array(Box::new(Type::Json))),
                };
                Ok(List { array, form: Form::Read(element) })
            }
            ExprKind::Rows(rows) => {
                let lists = rows.lists.iter().map(|list| self.raw_list(list)).collect::<Vec<_>>();
                let mut lists = gather(lists)?;
                let array = match (lists.pop(), lists.is_empty()) {
                    (Some(only), true) => only,
                    (last, _) => {
                        lists.extend(last);
                        let lists =
                            lists.into_iter().map(|list| list.or(Sql::new(Node::Array(Vec::new()), Type::Json, false)));
                        Sql::call("ARRAY_CONCAT", lists.collect(), Type::Array(Box::new(Type::Json)))
                    }
                };
                Ok(List { array, form: Form::Rows((**rows).clone()) })
            }
            ExprKind::Aggregate(_) | ExprKind::Measure(_) => {
                Ok(List { array: self.expr(expr)?, form: Form::Scalar(element) })
            }
            ExprKind::Call(Function::Coalesce, args) => {
                let lists = args.iter().map(|arg| self.list(arg)).collect::<Vec<_>>();
                let lists = gather(lists)?;
                let form = lists.first().map(|list| list.form.clone());
                match form {
                    Some(form) if lists.iter().all(|list| list.form == form) => {
                        let filled = |list: List| list.array.clone().only_if(is_filled(list.array));
                        let arrays: Vec<Sql> = lists.into_iter().map(filled).collect();
                        let array = Sql::call_or_null("COALESCE", arrays, Type::Array(Box::new(Type::Json)));
                        Ok(List { array, form })
                    }
                    _ => Err(vec![no_list(expr.span)]),
                }
            }
            _ if element == ir::Type::Raw => Ok(List { array: self.raw_list(expr)?, form: Form::Raw }),
            _ => Err(vec![no_list(expr.span)]),
        }
    }

    fn raw_list(&mut self, expr: &Expr) -> Said<Sql> {
        Ok(match self.raw(expr)? {
            Raw::List(array) => array,
            Raw::Json(base, path) => super::lower_raw::elements(&base, &path),
            Raw::Column(..) => Sql::null(Type::Array(Box::new(Type::Json))),
        })
    }

    /// Takes a list apart: `number` stands for its elements until [`Lower::close`]. Gives what selects the elements that count.
    pub(super) fn open(
        &mut self,
        list: List,
        number: usize,
        name: &str,
        offset: Option<String>,
    ) -> Said<(Unnest, Vec<Sql>)> {
        let name = self.alias(name);
        let mut filter = Vec::new();
        match list.form {
            Form::Raw => self.elements.push((number, Element::Raw(Sql::name(name.clone(), Type::Json)))),
            Form::Read(ty) => self.elements.push((number, Element::Read(Sql::name(name.clone(), Type::Json), ty))),
            Form::Scalar(ty) => {
                let ty = super::lower_raw::sql_type(&ty);
                self.elements.push((number, Element::Scalar(Sql::name(name.clone(), ty))));
            }
            Form::Rows(rows) => {
                self.elements.push((rows.element, Element::Raw(Sql::name(name.clone(), Type::Json))));
                self.elements.push((number, Element::Record(rows.fields)));
                if let Some(holds) = &rows.filter {
                    filter.push(self.pred(holds)?);
                }
            }
        }
        Ok((Unnest { list: list.array, name, offset }, filter))
    }

    /// Ends what [`Lower::open`] began; `before` is what `elements` held then.
    pub(super) fn close(&mut self, before: usize) {
        self.elements.truncate(before);
    }

    fn element(&self, number: usize) -> Option<&Element> {
        self.elements.iter().rev().find(|(of, _)| *of == number).map(|(_, element)| element)
    }

    /// The element as JSON.
    pub(super) fn raw_element(&mut self, number: usize, span: Span) -> Said<Raw> {
        match self.element(number) {
            Some(Element::Raw(json) | Element::Read(json, _)) => Ok(Raw::Json(json.clone(), Vec::new())),
            _ => Err(vec![no_list(span)]),
        }
    }

    /// The element as a scalar.
    pub(super) fn scalar_element(&mut self, number: usize, reading: Reading, span: Span) -> Said<Sql> {
        match self.element(number).cloned() {
            Some(Element::Scalar(value)) => Ok(value),
            Some(Element::Read(json, ty)) => self.read(&Raw::Json(json, Vec::new()), &ty, reading, span),
            _ => Err(vec![no_list(span)]),
        }
    }

    /// A field of an element that is a record.
    pub(super) fn member(&mut self, of: &Expr, field: usize) -> Said<Expr> {
        let ExprKind::Element(number) = of.kind else { return Err(vec![no_list(of.span)]) };
        match self.element(number) {
            Some(Element::Record(fields)) => fields.get(field).cloned().ok_or_else(|| vec![no_list(of.span)]),
            _ => Err(vec![no_list(of.span)]),
        }
    }

    /// One element at least, or every one of at least one, for which `holds` is true.
    pub(super) fn some(&mut self, number: usize, list: &Expr, holds: &Pred, every: bool) -> Said<Sql> {
        let list = self.list(list)?;
        let before = self.elements.len();
        let opened = self.open(list, number, "element", None);
        let condition = self.pred(holds);
        self.close(before);
        let ((unnest, mut filter), condition) = (opened?, condition?);
        let rows = || Sql::new(Node::CountRows, Type::Int64, false);
        Ok(if every {
            let counted = Aggregate::new("COUNTIF", condition).into_sql(Type::Int64, false);
            let item = Sql::all(vec![
                Sql::binary(Operator::Greater, rows(), Sql::int(0)),
                Sql::binary(Operator::Equal, rows(), counted),
            ]);
            let select = Select { items: vec![(item, None)], unnest: vec![unnest], filter, ..Select::default() };
            // Counting always gives a row.
            Sql { nullable: false, ..Sql::value_of(select, Type::Bool) }
        } else {
            match condition.node {
                Node::All(parts) => filter.extend(parts),
                Node::Bool(true) => {}
                node => filter.push(Sql { node, ..condition }),
            }
            Sql::exists(Select { items: vec![(Sql::int(1), None)], unnest: vec![unnest], filter, ..Select::default() })
        })
    }

    /// How many elements a list has; 0 where there is none.
    pub(super) fn size(&mut self, list: &Expr) -> Said<Sql> {
        let list = self.list(list)?;
        if let Form::Rows(Rows { filter: Some(_), .. }) = list.form {
            return self.of_elements(list, |_, _| Ok(Sql::new(Node::CountRows, Type::Int64, false)));
        }
        Ok(Sql::call("ARRAY_LENGTH", vec![list.array], Type::Int64).or(Sql::int(0)))
    }

    /// Whether a list has an element.
    pub(super) fn list_present(&mut self, list: &Expr) -> Said<Sql> {
        let lowered = self.list(list)?;
        match lowered.form {
            Form::Rows(Rows { filter: Some(_), .. }) => {
                Ok(Sql::binary(Operator::Greater, self.size(list)?, Sql::int(0)))
            }
            _ => Ok(is_filled(lowered.array)),
        }
    }

    /// The elements of a list of text as one text.
    pub(super) fn join(&mut self, list: &Expr) -> Said<Sql> {
        let list = self.list(list)?;
        self.of_elements(list, |value, place| {
            let joined = Aggregate {
                separator: Some(Sql::text("\n")),
                order_by: vec![Order { by: place, descending: false }],
                ..Aggregate::new("STRING_AGG", value?)
            };
            Ok(joined.into_sql(Type::String, true))
        })
    }

    /// The last element of a list that is there.
    pub(super) fn last(&mut self, list: &Expr) -> Said<Sql> {
        let lowered = self.list(list)?;
        let (value, mut select) = self.elements_of(lowered)?;
        select.filter.push(value.clone().is_present());
        select.order_by.iter_mut().for_each(|order| order.descending = true);
        select.limit = Some(1);
        let ty = value.ty.clone();
        select.items = vec![(value, None)];
        Ok(Sql::value_of(select, ty))
    }

    /// A field of the last record of a list.
    pub(super) fn of_last(&mut self, list: &Expr, field: usize) -> Said<Sql> {
        let span = list.span;
        let record =
            Expr::new(ExprKind::Element(usize::MAX), list.ty.element().cloned().unwrap_or(ir::Type::Raw), span);
        let lowered = self.list(list)?;
        let before = self.elements.len();
        let place = self.alias("place");
        let (unnest, filter) = self.open(lowered, usize::MAX, "element", Some(place.clone()))?;
        let value = self.member(&record, field).and_then(|field| self.expr(&field));
        self.close(before);
        let value = value?;
        let ty = value.ty.clone();
        let order_by = vec![Order { by: Sql::name(place, Type::Int64), descending: true }];
        let items = vec![(value, None)];
        let select = Select { items, unnest: vec![unnest], filter, order_by, limit: Some(1), ..Select::default() };
        Ok(Sql::value_of(select, ty))
    }

    /// A list as an array of its present elements: for rows that show it.
    pub(super) fn array(&mut self, list: &Expr) -> Said<Sql> {
        let lowered = self.list(list)?;
        if let Form::Scalar(_) = lowered.form {
            return Ok(lowered.array);
        }
        let (value, mut select) = self.elements_of(lowered)?;
        let ty = Type::Array(Box::new(value.ty.clone()));
        // An array with a NULL in it can't be a result.
        select.filter.push(value.clone().is_present());
        select.items = vec![(value, None)];
        Ok(Sql::new(Node::Query(QueryForm::Array, Box::new(select)), ty, false))
    }

    /// One value over all elements.
    fn of_elements(&mut self, list: List, item: impl FnOnce(Said<Sql>, Sql) -> Said<Sql>) -> Said<Sql> {
        let before = self.elements.len();
        let (number, place) = (usize::MAX, self.alias("place"));
        let (unnest, filter) = self.open(list, number, "element", Some(place.clone()))?;
        let value = self.scalar_element(number, Reading::STRICT, Span::default());
        self.close(before);
        let item = item(value, Sql::name(place, Type::Int64))?;
        let ty = item.ty.clone();
        Ok(Sql::value_of(Select { items: vec![(item, None)], unnest: vec![unnest], filter, ..Select::default() }, ty))
    }

    /// The value of an element, and the query that gives every element in order.
    fn elements_of(&mut self, list: List) -> Said<(Sql, Select)> {
        let before = self.elements.len();
        let (number, place) = (usize::MAX, self.alias("place"));
        let (unnest, filter) = self.open(list, number, "element", Some(place.clone()))?;
        let value = self.scalar_element(number, Reading::STRICT, Span::default());
        self.close(before);
        let order_by = vec![Order { by: Sql::name(place, Type::Int64), descending: false }];
        Ok((value?, Select { unnest: vec![unnest], filter, order_by, ..Select::default() }))
    }
}

fn no_list(span: Span) -> crate::diag::Diagnostic {
    errors::cannot(span, "a list made in this way can't be taken apart", "read the list from a path of the record")
}

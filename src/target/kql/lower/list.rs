//! Lists: their size, their elements, and questions about them.
//!
//! A list in a row is an array in its JSON. Its elements are asked by `mv-apply` and taken apart by `mv-expand`; both would take an object
//! apart too and keep one row for null, so that there is an array with something in it is tested beside.

use super::super::errors;
use super::super::tree::{Infix, Scalar, Stage, Type};
use super::read::{Raw, inside};
use super::{Element, Lower, Truth, Value, refuse};
use crate::ir::{AggregateFunction, Each, Expr, ExprKind, Literal, Pred, PredKind, Step, Type as Ty};
use crate::source::Span;
use crate::target::said::Said;

/// An array, and what its elements are.
struct List {
    /// A dynamic value, perhaps no array.
    array: Scalar,
    /// What leads from an element of the array to an element of the list: nothing there, no element.
    rest: Vec<Step>,
    /// Records made of the elements: the number by which their fields name the element, which elements, the fields.
    records: Option<(usize, Option<Pred>, Vec<Expr>)>,
}

impl Lower<'_> {
    fn list(&mut self, expr: &Expr) -> Said<List> {
        let (raw, records) = match &expr.kind {
            ExprKind::Read(inner) => (inner.as_ref(), None),
            ExprKind::Path(..) | ExprKind::Json(_) => (expr, None),
            ExprKind::Rows(rows) => match rows.lists.as_slice() {
                [only] => (only, Some((rows.element, rows.filter.clone(), rows.fields.clone()))),
                _ => return refuse(errors::deep_list(expr.span)),
            },
            ExprKind::With(n) => match self.rule.with.get(*n) {
                Some(binding) => return self.list(&binding.value),
                None => return refuse(errors::unbound(expr.span)),
            },
            _ => return refuse(errors::list_value("this", expr.span)),
        };
        match self.raw(raw)? {
            Raw::Elements { list, rest } => Ok(List { array: self.once(list, "list_value"), rest, records }),
            // A whole value read as a list: its elements are the array's.
            Raw::Json { scalar, .. } => Ok(List { array: self.once(scalar, "list_value"), rest: Vec::new(), records }),
            Raw::Plain(column) => refuse(errors::other_kind(&self.place.name, column, &expr.ty, expr.span)),
        }
    }

    /// How many elements; 0 of a list that is missing.
    pub(super) fn size(&mut self, args: &[Expr], span: Span) -> Said<Value> {
        let Some(list) = args.first() else { return refuse(errors::unbound(span)) };
        if let Some((set, most)) = self.collected(list)? {
            let length = Scalar::call("min_of", [Scalar::call("array_length", [set]), Scalar::Long(most)]);
            return Ok(Value::new(length, Type::Long, false));
        }
        let list = self.list(list)?;
        if !list.rest.is_empty() || list.records.as_ref().is_some_and(|(_, filter, _)| filter.is_some()) {
            return refuse(errors::list_value("`size`", span));
        }
        Ok(Value::new(Scalar::call("coalesce", [length(list.array), Scalar::Long(0)]), Type::Long, false))
    }

    /// The column of the sorted set behind `values`, and how many of them count.
    fn collected(&mut self, list: &Expr) -> Said<Option<(Scalar, i64)>> {
        let number = match &list.kind {
            ExprKind::Aggregate(n) => *n,
            ExprKind::Measure(n) => match self.rule.measures.get(*n).map(|measure| &measure.value.kind) {
                Some(ExprKind::Aggregate(n)) => *n,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let Some(AggregateFunction::Values(most)) = self.rule.aggregates.get(number).map(|a| &a.function) else {
            return Ok(None);
        };
        let found = self.groups.as_ref().and_then(|groups| groups.aggregates.get(number));
        match found {
            Some(Ok(value)) => Ok(Some((value.scalar.clone(), i64::from(*most)))),
            Some(Err(reasons)) => Err(reasons.clone()),
            None => refuse(errors::unbound(list.span)),
        }
    }

    /// A list that holds one of the constants, or every one.
    pub(super) fn has(
        &mut self,
        list: &Expr,
        options: &[Literal],
        every: bool,
        nocase: bool,
        pred: &Pred,
    ) -> Said<Truth> {
        let join = |tests| if every { Scalar::all(tests) } else { Scalar::any(tests) };
        if let Some((set, most)) = self.collected(list)? {
            let first = Scalar::call("array_slice", [set, Scalar::Long(0), Scalar::Long(most - 1)]);
            let texts = options.iter().map(|option| match option {
                Literal::Text(text) if !nocase => Some(has_element(first.clone(), text)),
                _ => None,
            });
            let tests: Option<Vec<Scalar>> = texts.collect();
            return match tests {
                Some(tests) => Ok(Truth::nullable(join(tests), true)),
                None => refuse(errors::list_value("`has`", pred.span)),
            };
        }
        let element_ty = list.ty.element().cloned().unwrap_or(Ty::Text);
        // As a question about the elements: one of them equals the constant. The number is of no other binder.
        let number = usize::MAX;
        let element = Expr::new(ExprKind::Element(number), element_ty, pred.span);
        let mut tests = Vec::new();
        let groups: Vec<&[Literal]> = if every { options.chunks(1).collect() } else { vec![options] };
        let mut nullable = false;
        for options in groups {
            let kind = PredKind::OneOf { subject: element.clone(), options: options.to_vec(), nocase };
            let truth = self.some(number, list, &Pred::new(kind, pred.span), false, pred.span)?;
            nullable |= truth.nullable;
            tests.push(truth.scalar);
        }
        Ok(Truth::nullable(join(tests), nullable))
    }

    /// One element at least, or every one of at least one, for which the predicate holds.
    pub(super) fn some(&mut self, number: usize, list: &Expr, holds: &Pred, every: bool, span: Span) -> Said<Truth> {
        if self.inside || self.groups.is_some() {
            return refuse(errors::nested_any(span));
        }
        let List { array, rest, records } = self.list(list)?;
        let item = self.names.fresh("list_item");
        let element = inside(Scalar::column(&item), &rest);
        let depth = self.elements.len();
        let mut exists = Vec::new();
        if !rest.is_empty() {
            exists.push(Scalar::call("isnotnull", [element.clone()]));
        }
        self.inside = true;
        let asked = self.about_element(number, element, records, holds, &mut exists);
        self.inside = false;
        self.elements.truncate(depth);
        let asked = asked?;
        let count = |condition: Scalar| Scalar::call("countif", [condition]);
        let value = if every {
            let mut failing = exists.clone();
            failing.push(super::pred::negated(asked.clone()));
            let none_fails = Scalar::infix(count(Scalar::all(failing)), Infix::Equal, Scalar::Long(0));
            let mut there = exists;
            there.push(asked.scalar);
            Scalar::all(vec![none_fails, Scalar::infix(count(Scalar::all(there)), Infix::Greater, Scalar::Long(0))])
        } else {
            exists.push(asked.scalar);
            Scalar::infix(count(Scalar::all(exists)), Infix::Greater, Scalar::Long(0))
        };
        let result = self.names.fresh(if every { "all_items" } else { "any_item" });
        let filled = || Scalar::infix(length(array.clone()), Infix::Greater, Scalar::Long(0));
        // A row whose list is empty would go; with one null element it stays.
        let list = Scalar::iff(filled(), array.clone(), Scalar::Array(vec![Scalar::Null(Type::Dynamic)]));
        self.stages.push(Stage::MvApply { element: item, list, result: result.clone(), value });
        Ok(Truth::nullable(Scalar::all(vec![filled(), Scalar::Column(result)]), true))
    }

    fn about_element(
        &mut self,
        number: usize,
        element: Scalar,
        records: Option<(usize, Option<Pred>, Vec<Expr>)>,
        holds: &Pred,
        exists: &mut Vec<Scalar>,
    ) -> Said<Truth> {
        match records {
            Some((of_fields, filter, fields)) => {
                self.elements.push((of_fields, Element::Raw(element)));
                if let Some(filter) = filter {
                    exists.push(self.truth(&filter)?.scalar);
                }
                self.elements.push((number, Element::Record(fields)));
            }
            None => self.elements.push((number, Element::Raw(element))),
        }
        self.truth(holds)
    }

    /// `each x in LIST`: one row for each element.
    pub(super) fn take_apart(&mut self, each: &Each) -> Said<()> {
        let List { array, rest, records } = self.list(&each.list)?;
        let filled = Scalar::infix(length(array.clone()), Infix::Greater, Scalar::Long(0));
        self.stages.push(Stage::Where(filled));
        let name = self.names.fresh(&each.name);
        self.stages.push(Stage::MvExpand { index: None, element: name.clone(), list: array, ty: Type::Dynamic });
        let element = inside(Scalar::column(&name), &rest);
        if !rest.is_empty() {
            self.stages.push(Stage::Where(Scalar::call("isnotnull", [element.clone()])));
        }
        match records {
            Some((of_fields, filter, fields)) => {
                self.elements.push((of_fields, Element::Raw(element)));
                if let Some(filter) = filter {
                    let kept = self.truth(&filter)?;
                    self.stages.push(Stage::Where(kept.scalar));
                }
                self.elements.push((each.element, Element::Record(fields)));
            }
            None => self.elements.push((each.element, Element::Raw(element))),
        }
        Ok(())
    }
}

fn length(array: Scalar) -> Scalar {
    Scalar::call("array_length", [array])
}

/// A text in a set of texts.
fn has_element(set: Scalar, text: &str) -> Scalar {
    Scalar::call("set_has_element", [set, Scalar::text(text)])
}

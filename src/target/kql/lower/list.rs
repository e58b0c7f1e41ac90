//! Lists: their size, their elements, and questions about them.
//!
//! A list in a row is an array in its JSON. Its elements are asked by `mv-apply` ([`super::elements`]) and taken apart by `mv-expand`; both
//! would take an object apart too and keep one row for null, so that there is an array with something in it is tested beside.

use super::super::errors;
use super::super::tree::{Infix, Scalar, Stage, Type};
use super::elements::or_null;
use super::read::{Raw, inside};
use super::{Element, Lower, Truth, Value, refuse};
use crate::ir::{AggregateFunction, Each, Expr, ExprKind, Literal, Pred, PredKind, Step, Type as Ty};
use crate::source::Span;
use crate::target::said::Said;

/// An array, and what its elements are.
pub(super) struct List {
    /// A dynamic value, perhaps no array.
    pub(super) array: Scalar,
    /// What leads from an element of the array to an element of the list: nothing there, no element.
    pub(super) rest: Vec<Step>,
    /// Records made of the elements.
    pub(super) records: Option<Records>,
}

/// What makes records of elements: the number by which the fields name the element, which elements, the fields.
pub(super) type Records = (usize, Option<Pred>, Vec<Expr>);

impl Lower<'_> {
    pub(super) fn list(&mut self, expr: &Expr) -> Said<List> {
        let (raw, records) = match &expr.kind {
            ExprKind::Read(inner) => (inner.as_ref(), None),
            ExprKind::Path(..) | ExprKind::Json(_) => (expr, None),
            ExprKind::Entries(_, None) => {
                let array = self.entries(std::slice::from_ref(expr))?;
                return Ok(List { array, rest: Vec::new(), records: None });
            }
            ExprKind::Rows(rows) => {
                let records = Some((rows.element, rows.filter.clone(), rows.fields.clone()));
                match rows.lists.as_slice() {
                    lists if lists.iter().all(|list| matches!(list.kind, ExprKind::Entries(_, None))) => {
                        return Ok(List { array: self.entries(lists)?, rest: Vec::new(), records });
                    }
                    [only] => (only, records),
                    _ => return refuse(errors::deep_list(expr.span)),
                }
            }
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
        if let ExprKind::Entries(object, None) = &list.kind {
            let keys = Scalar::call("bag_keys", [self.object(object)?]);
            return Ok(Value::new(Scalar::call("coalesce", [length(keys), Scalar::Long(0)]), Type::Long, false));
        }
        let list = self.list(list)?;
        if !list.rest.is_empty() {
            return refuse(errors::list_value("`size`", span));
        }
        let size = match &list.records {
            Some((number, Some(filter), _)) => self.kept(&list.array, *number, filter)?,
            _ => length(list.array),
        };
        Ok(Value::new(Scalar::call("coalesce", [size, Scalar::Long(0)]), Type::Long, false))
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
        if self.groups.is_some() {
            return refuse(errors::list_value(if every { "`all`" } else { "`any`" }, span));
        }
        let List { array, rest, records } = self.list(list)?;
        let result = self.names.fresh(if every { "all_items" } else { "any_item" });
        self.apply(or_null(array.clone()), None, |lower, item| {
            let element = inside(item, &rest);
            let mut exists = Vec::new();
            if !rest.is_empty() {
                exists.push(Scalar::call("isnotnull", [element.clone()]));
            }
            match records {
                Some((of_fields, filter, fields)) => {
                    lower.elements.push((of_fields, Element::Raw(element)));
                    if let Some(filter) = filter {
                        exists.push(lower.truth(&filter)?.scalar);
                    }
                    lower.elements.push((number, Element::Record(fields)));
                }
                None => lower.elements.push((number, Element::Raw(element))),
            }
            let asked = lower.truth(holds)?;
            let counted = |condition| Scalar::call("countif", [Scalar::all(condition)]);
            let some = |condition| Scalar::infix(counted(condition), Infix::Greater, Scalar::Long(0));
            let holding = [exists.clone(), vec![asked.scalar.clone()]].concat();
            let value = if every {
                let failing = [exists, vec![super::pred::negated(asked)]].concat();
                Scalar::all(vec![Scalar::infix(counted(failing), Infix::Equal, Scalar::Long(0)), some(holding)])
            } else {
                some(holding)
            };
            Ok((Some(result.clone()), value))
        })?;
        Ok(Truth::nullable(Scalar::all(vec![filled(array), Scalar::Column(result)]), true))
    }

    /// `each x in LIST`: one row for each element.
    pub(super) fn take_apart(&mut self, each: &Each) -> Said<()> {
        let List { array, rest, records } = self.list(&each.list)?;
        self.stages.push(Stage::Where(filled(array.clone())));
        let name = self.names.fresh(&each.name);
        self.stages.push(Stage::MvExpand {
            index: None,
            element: name.clone(),
            list: array,
            ty: Type::Dynamic,
            pairs: false,
        });
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

/// There is something in it.
pub(super) fn filled(array: Scalar) -> Scalar {
    Scalar::infix(length(array), Infix::Greater, Scalar::Long(0))
}

/// A text in a set of texts.
fn has_element(set: Scalar, text: &str) -> Scalar {
    Scalar::call("set_has_element", [set, Scalar::text(text)])
}

//! Lists: a test of some element becomes `unnest` and a test of a row.
//!
//! `unnest` gives a row for each element, so an event may get several rows; the pipeline counts it once by its id. Only the positive
//! form can be said so: there is an element. What is no list counts as a list of one there, so the JSON text is asked first whether it
//! is a list. Inside an `or`, where a row without the list may still be wanted, empty text stands for the missing element.

use super::paths::{Base, RawPath};
use super::plan::{Element, Plan, Said};
use super::values::Value;
use crate::ir::pattern::Node;
use crate::ir::{self, ExprKind, Function as F, Pred, PredKind, Step, Type};
use crate::source::Span;
use crate::target::Verdict;
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Command, Field, Function, Term};

/// Whether a field is a list with elements, by its JSON text.
fn has_elements(list: &Field) -> Term {
    let space = || Node::Repeat {
        min: 0,
        max: None,
        greedy: true,
        node: Box::new(Node::Class { negated: false, ranges: vec![('\t', '\r'), (' ', ' ')] }),
    };
    let element = Node::Class { negated: true, ranges: vec![('\t', '\r'), (' ', ' '), (']', ']')] };
    let json = Term::call(Function::JsonStringify, [Term::Field(list.clone())]);
    Term::Like(Box::new(json), Node::Concat(vec![Node::Start, Node::Char('['), space(), element]), false)
}

/// Whether a field is there and no map or list.
fn single(field: &Field) -> Term {
    Value::blank(Term::Field(field.clone())).present()
}

/// Whether a field is a map or list that is not empty.
fn structured(field: &Field) -> Term {
    let json = Term::call(Function::JsonStringify, [Term::Field(field.clone())]);
    let node = Node::Class { negated: false, ranges: vec![('[', '['), ('{', '{')] };
    Term::Like(Box::new(json), Node::Concat(vec![Node::Start, node]), false)
}

/// The test of an element; the guard where the test would hold of nothing.
fn with_guard(there: Term, held: Term, holds: &Pred) -> Term {
    if fails_on_nothing(holds) { held } else { Term::all(vec![there, held]) }
}

/// Whether a predicate is false of an element that is missing.
fn fails_on_nothing(pred: &Pred) -> bool {
    let mut decided = false;
    pred.walk(&mut |expr| decided |= matches!(expr.kind, ExprKind::Case(..)));
    !decided && is_positive(pred)
}

fn is_positive(pred: &Pred) -> bool {
    match &pred.kind {
        PredKind::Const(_) | PredKind::Not(_) => false,
        PredKind::All(preds) => preds.iter().any(is_positive),
        PredKind::Any(preds) => preds.iter().all(is_positive),
        PredKind::Some { holds, .. } => is_positive(holds),
        _ => true,
    }
}

impl Plan<'_> {
    /// A row for each element of `each`'s list, with the element's number bound.
    pub(super) fn each(&mut self, each: &ir::Each) -> Said<()> {
        let span = each.list.span;
        let mut list = each.list.clone();
        while let Some(inner) = self.stands_for(&list) {
            list = inner;
        }
        let ExprKind::Rows(rows) = &list.kind else {
            let there = self.enter(each.element, &list, span)?;
            self.filter(there);
            return Ok(());
        };
        let [one] = rows.lists.as_slice() else {
            return Err(errors::expression(span, "the elements of several lists one after the other"));
        };
        let there = self.enter(rows.element, one, span)?;
        self.filter(there);
        self.elements.insert(each.element, Element::Record(rows.fields.clone()));
        if let Some(filter) = &rows.filter {
            let kept = self.condition(filter, true)?;
            self.filter(kept);
        }
        Ok(())
    }

    /// Some element of the list for which the predicate holds.
    pub(super) fn some(&mut self, element: usize, list: &ir::Expr, holds: &Pred, at: Span) -> Said<Term> {
        if !self.lists {
            return Err(errors::list_here(at));
        }
        if let Some(inner) = self.stands_for(list) {
            return self.some(element, &inner, holds, at);
        }
        match &list.kind {
            ExprKind::Rows(rows) => self.alternatives(&rows.lists, |plan, one| {
                let there = plan.enter(rows.element, one, at)?;
                plan.elements.insert(element, Element::Record(rows.fields.clone()));
                let kept = rows.filter.as_ref().map(|filter| plan.condition(filter, true)).transpose()?;
                let held = plan.condition(holds, true)?;
                let held = Term::all(kept.into_iter().chain([held]).collect());
                Ok(with_guard(there, held, holds))
            }),
            ExprKind::Call(F::Coalesce, lists) => {
                // Which of the lists is there can't be asked beside looking into it.
                self.weaken(Verdict::Wider, true, errors::any_for_first(at));
                self.alternatives(lists, |plan, one| plan.some(element, one, holds, at))
            }
            // A raw value read as a list: its elements, or itself where it is none.
            ExprKind::Read(raw) if raw.ty == Type::Raw => {
                let Some(path) = self.raw_path(raw)? else { return Err(errors::expression(at, "this list")) };
                let steps = path.steps.iter().cloned().chain([Step::Elements]).collect();
                let itself = self.list_field(&path.base, &path.steps, at)?;
                self.alternatives += 1;
                let elements = self.unnest(RawPath { base: path.base, steps }, at)?;
                let terms = [elements, itself].into_iter().map(|field| {
                    let there = single(&field);
                    self.elements.insert(element, Element::Raw(field));
                    Ok(with_guard(there, self.condition(holds, true)?, holds))
                });
                let terms = terms.collect::<Said<Vec<_>>>();
                self.alternatives -= 1;
                terms.map(Term::any)
            }
            _ => {
                let there = self.enter(element, list, at)?;
                Ok(with_guard(there, self.condition(holds, true)?, holds))
            }
        }
    }

    /// One of the terms that the lists give.
    fn alternatives(
        &mut self,
        lists: &[ir::Expr],
        mut each: impl FnMut(&mut Self, &ir::Expr) -> Said<Term>,
    ) -> Said<Term> {
        let several = usize::from(lists.len() > 1);
        self.alternatives += several;
        let terms = lists.iter().map(|one| each(self, one)).collect::<Said<Vec<_>>>();
        self.alternatives -= several;
        terms.map(Term::any)
    }

    /// Takes a list apart, binds its element and gives the condition that the row has one: it may be none of the list's where others
    /// are tested beside it, and the path may go on into what the element lacks.
    fn enter(&mut self, element: usize, list: &ir::Expr, at: Span) -> Said<Term> {
        let raw = match &list.kind {
            ExprKind::Read(inner) => inner,
            _ => list,
        };
        let Some(path) = self.raw_path(raw)? else {
            return Err(errors::expression(at, "the elements of this list"));
        };
        let ends_in_elements = path.steps.last() == Some(&Step::Elements);
        let field = self.unnest(path, at)?;
        let there = match list.ty.element() {
            // Whether null is present is not documented; behind the last step it stands in no log that is known.
            _ if !ends_in_elements => Term::call(Function::IsPresent, [Term::Field(field.clone())]),
            _ if self.alternatives == 0 => Term::constant(true),
            Some(Type::Raw) | None => Term::any(vec![single(&field), structured(&field)]),
            Some(_) => single(&field),
        };
        self.elements.insert(element, Element::Raw(field));
        Ok(there)
    }

    /// Takes every list on the path apart, and gives the field of one element.
    fn unnest(&mut self, path: RawPath, at: Span) -> Said<Field> {
        let mut base = path.base;
        let mut rest = path.steps.as_slice();
        while let Some(n) = rest.iter().position(|step| *step == Step::Elements) {
            let (before, after) = rest.split_at(n);
            let list = self.list_field(&base, before, at)?;
            let element = match self.open.iter().find(|(open, _)| *open == list) {
                Some((_, element)) => element.clone(),
                None => self.take_apart(list),
            };
            base = Base::Made(Field::made(&element));
            rest = after.get(1..).unwrap_or_default();
        }
        self.list_field(&base, rest, at)
    }

    /// The field of a raw value in the parsed record.
    pub(super) fn parsed_field(&mut self, expr: &ir::Expr) -> Said<Option<Field>> {
        let Some(path) = self.raw_path(expr)? else { return Ok(None) };
        self.list_field(&path.base, &path.steps, expr.span).map(Some)
    }

    /// A part of the record that may be a list, a map or single: never a discovered field, for those are single.
    fn list_field(&mut self, base: &Base, steps: &[Step], at: Span) -> Said<Field> {
        match base {
            Base::Record => {
                let record = Base::Made(Field::made(&self.record()));
                self.field(&record, steps, at)
            }
            made => self.field(made, steps, at),
        }
    }

    fn take_apart(&mut self, list: Field) -> String {
        let from = if self.alternatives == 0 {
            self.filter(has_elements(&list));
            list.clone()
        } else {
            let elements = Term::call(Function::If, [has_elements(&list), Term::Field(list.clone()), Term::word("")]);
            self.column(elements, "list")
        };
        let element = self.fresh("item");
        self.commands.push(Command::Unnest(from, element.clone()));
        self.open.push((list, element.clone()));
        self.several_rows = true;
        element
    }

    /// A list as JSON text: of a path that takes nothing apart but its end.
    pub(super) fn list_text(&mut self, list: &ir::Expr) -> Said<Term> {
        if let Some(inner) = self.stands_for(list) {
            return self.list_text(&inner);
        }
        let raw = match &list.kind {
            ExprKind::Read(inner) => inner,
            _ => list,
        };
        // What is no text is an element to it.
        self.untyped = true;
        let path = self.raw_path(raw)?;
        let Some((path, Some((Step::Elements, whole)))) = path.as_ref().map(|path| (path, path.steps.split_last()))
        else {
            return Err(errors::expression(list.span, "this list as a whole"));
        };
        let list = self.list_field(&path.base, whole, list.span)?;
        Ok(Term::call(Function::JsonStringify, [Term::Field(list)]))
    }
}

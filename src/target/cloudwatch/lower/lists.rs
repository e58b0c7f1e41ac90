//! Lists: a test of some element becomes `unnest` and a test of a row.
//!
//! `unnest` gives a row for each element, so an event may get several rows; the pipeline counts it once by its id. Only the positive
//! form can be said so: there is an element. What is no list counts as a list of one, hence the guard `like /^\[/` on its JSON.
//! Inside an `or`, rows without the list are kept by `coalesce(list, "")`.

use super::plan::{Element, Plan, Said};
use super::paths::{Base, RawPath};
use crate::ir::pattern::Node;
use crate::ir::{self, ExprKind, Function as F, Pred, PredKind, Rewrite, Step, Type};
use crate::source::Span;
use crate::target::Verdict;
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Command, Field, Function, Term};

/// The JSON text of a list begins so.
fn is_list(list: Field) -> Term {
    let begins = Node::Concat(vec![Node::Start, Node::Char('[')]);
    let json = Term::call(Function::JsonStringify, [Term::Field(list)]);
    Term::Like(Box::new(json), begins, false)
}

impl<'a> Plan<'a> {
    /// A row for each element of `each`'s list, with the element's number bound.
    pub(super) fn each(&mut self, each: &'a ir::Each) -> Said<()> {
        let mut list = &each.list;
        while let Some(inner) = self.stands_for(list) {
            list = inner;
        }
        let (list, fields, filter) = match &list.kind {
            ExprKind::Rows(rows) => match rows.lists.as_slice() {
                [one] => (one, Some((rows.element, &rows.fields)), rows.filter.as_ref()),
                _ => return Err(errors::expression(each.list.span, "the elements of several lists one after the other")),
            },
            _ => (list, None, None),
        };
        let Some(path) = self.list_path(list, each.list.span)? else {
            return Err(errors::expression(each.list.span, "the elements of this list"));
        };
        let number = fields.map_or(each.element, |(number, _)| number);
        let (element, guards) = self.unnest(path, each.list.span)?;
        self.elements.insert(number, Element::Raw(element));
        if let Some((_, fields)) = fields {
            self.elements.insert(each.element, Element::Record(fields));
        }
        guards.into_iter().for_each(|guard| self.filter(guard));
        if let Some(filter) = filter {
            let kept = self.condition(filter, true)?;
            self.filter(kept);
        }
        Ok(())
    }

    /// Some element of the list for which the predicate holds.
    pub(super) fn some(&mut self, element: usize, list: &'a ir::Expr, holds: &'a Pred, at: Span) -> Said<Term> {
        if !self.lists {
            return Err(errors::list_here(at));
        }
        if let Some(inner) = self.stands_for(list) {
            return self.some(element, inner, holds, at);
        }
        match &list.kind {
            ExprKind::Rows(rows) => {
                let mut terms = Vec::new();
                self.alternatives += usize::from(rows.lists.len() > 1);
                for one in &rows.lists {
                    self.elements.insert(element, Element::Record(&rows.fields));
                    let guards = self.enter(rows.element, one, at)?;
                    let kept = rows.filter.as_ref().map(|filter| self.condition(filter, true)).transpose()?;
                    let held = self.condition(holds, true)?;
                    terms.push(Term::all(guards.into_iter().chain(kept).chain([held]).collect()));
                }
                self.alternatives -= usize::from(rows.lists.len() > 1);
                Ok(Term::any(terms))
            }
            ExprKind::Call(F::Coalesce, lists) => {
                // Which of the lists is there can't be asked beside looking into it.
                self.weaken(Verdict::Wider, true, errors::any_for_first(at));
                let mut terms = Vec::new();
                self.alternatives += 1;
                let loose = std::mem::replace(&mut self.loose, true);
                for one in lists {
                    terms.push(self.some(element, one, holds, at)?);
                }
                self.loose = loose;
                self.alternatives -= 1;
                Ok(Term::any(terms))
            }
            _ => {
                let guards = self.enter(element, list, at)?;
                let held = self.condition(holds, true)?;
                Ok(Term::all(guards.into_iter().chain([held]).collect()))
            }
        }
    }

    /// Takes a list apart, binds its element and gives the conditions under which the row is one of its elements.
    fn enter(&mut self, element: usize, list: &ir::Expr, at: Span) -> Said<Vec<Term>> {
        let Some(path) = self.list_path(list, at)? else {
            return Err(errors::expression(at, "the elements of this list"));
        };
        let (field, guards) = self.unnest(path, at)?;
        self.elements.insert(element, Element::Raw(field));
        Ok(guards)
    }

    /// The path of a list of raw, or of one read from it.
    fn list_path(&mut self, list: &ir::Expr, at: Span) -> Said<Option<RawPath>> {
        let raw = match &list.kind {
            ExprKind::Read(inner) => inner,
            _ => list,
        };
        let path = self.raw_path(raw, at)?;
        Ok(path.map(|mut path| {
            // A raw value that is read as a list is taken apart itself.
            if raw.ty == Type::Raw && list.ty != Type::Raw {
                path.steps.push(Step::Elements);
            }
            path
        }))
    }

    /// Takes every list on the path apart, and gives the field of one element with the guards of the lists.
    fn unnest(&mut self, path: RawPath, at: Span) -> Said<(Field, Vec<Term>)> {
        let mut base = path.base;
        let mut guards = Vec::new();
        let mut rest = path.steps.as_slice();
        while let Some(n) = rest.iter().position(|step| *step == Step::Elements) {
            let (before, after) = rest.split_at(n);
            let list = self.list_field(&base, before, at)?;
            if !self.loose {
                guards.push(is_list(list.clone()));
            }
            let element = match self.open.iter().find(|(open, _)| *open == list) {
                Some((_, element)) => element.clone(),
                None => self.take_apart(list),
            };
            base = Base::Made(Field::made(&element));
            rest = after.get(1..).unwrap_or_default();
        }
        match (base, rest) {
            (Base::Made(field), []) => Ok((field, guards)),
            (base, rest) => Ok((self.field(&base, rest, at)?, guards)),
        }
    }

    /// The field of a list: never a discovered one, for those are leaves.
    fn list_field(&mut self, base: &Base, steps: &[Step], at: Span) -> Said<Field> {
        if let Some(Step::Values) = steps.iter().find(|step| **step == Step::Values) {
            return Err(errors::list_shape(at));
        }
        match base {
            Base::Record => {
                let record = Base::Made(Field::made(&self.record()));
                self.field(&record, steps, at)
            }
            made => self.field(made, steps, at),
        }
    }

    fn take_apart(&mut self, list: Field) -> String {
        let from = match self.alternatives {
            0 => list.clone(),
            _ => self.column(Term::Field(list.clone()).or(Term::word("")), "list"),
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
            return self.list_text(inner);
        }
        let Some(path) = self.list_path(list, list.span)? else {
            return Err(errors::expression(list.span, "this list as a whole"));
        };
        let whole = match path.steps.split_last() {
            Some((Step::Elements, whole)) if !whole.contains(&Step::Elements) => whole,
            _ => return Err(errors::expression(list.span, "this list as a whole")),
        };
        let list = self.list_field(&path.base, whole, list.span)?;
        Ok(Term::call(Function::JsonStringify, [Term::Field(list)]))
    }
}

/// Whether anything below needs a list to be taken apart.
pub(super) fn reads_a_list(pred: &Pred, rows: &dyn Fn(usize) -> Option<ir::Expr>) -> bool {
    let mut found = false;
    pred.walk(&mut |expr| found |= is_listy(expr, rows));
    found |= has_some(pred);
    found
}

fn is_listy(expr: &ir::Expr, rows: &dyn Fn(usize) -> Option<ir::Expr>) -> bool {
    match &expr.kind {
        ExprKind::Rows(_) | ExprKind::Call(F::Join | F::Last, _) => true,
        ExprKind::With(n) => rows(*n).is_some_and(|value| {
            let mut found = false;
            value.walk(&mut |inner| found |= is_listy(inner, rows));
            found
        }),
        _ => false,
    }
}

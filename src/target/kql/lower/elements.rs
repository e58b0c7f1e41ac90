//! Subqueries over the elements of a list: takes what is asked of them, gives the column of the answer.
//!
//! `mv-apply` makes a table of one row's list, and its last operator sums that up into one row. A row whose list is empty would go; with one
//! null element it stays, and what came of that element is not looked at.

use super::super::errors;
use super::super::tree::{Infix, Name, Scalar, Stage, Type};
use super::expr::scalar_type;
use super::list::{List, filled};
use super::read::{Raw, inside, read_json};
use super::{Element, Lower, Value, refuse};
use crate::ir::{self, Expr, ExprKind, Pred};
use crate::source::Span;
use crate::target::said::{Said, gather};

impl Lower<'_> {
    /// One `mv-apply` over a list that is never empty: `sum_up` gives what one aggregate, named or naming its own, makes of all elements.
    pub(super) fn apply(
        &mut self,
        list: Scalar,
        index: Option<Name>,
        sum_up: impl FnOnce(&mut Self, Scalar) -> Said<(Option<Name>, Scalar)>,
    ) -> Said<()> {
        let element = self.names.fresh("list_item");
        let item = Scalar::column(&element);
        let (before, hoisted, depth) = (std::mem::take(&mut self.stages), self.hoisted.clone(), self.elements.len());
        let summed = sum_up(self, item);
        let mut stages = std::mem::replace(&mut self.stages, before);
        // What became a column inside is none outside.
        self.hoisted = hoisted;
        self.elements.truncate(depth);
        stages.push(Stage::Summarize { columns: vec![summed?], by: Vec::new() });
        self.stages.push(Stage::MvApply { element, index, list, stages });
        Ok(())
    }

    /// How many elements of an array a filter keeps; null of no array.
    pub(super) fn kept(&mut self, array: &Scalar, number: usize, filter: &Pred) -> Said<Scalar> {
        let result = self.names.fresh("kept_items");
        self.apply(or_null(array.clone()), None, |lower, item| {
            lower.elements.push((number, Element::Raw(item)));
            let kept = lower.truth(filter)?;
            Ok((Some(result.clone()), Scalar::call("countif", [kept.scalar])))
        })?;
        Ok(Scalar::iff(filled(array.clone()), Scalar::Column(result), Scalar::Null(Type::Long)))
    }

    /// `join`: texts in their order, a line break between.
    pub(super) fn joined(&mut self, args: &[Expr], span: Span) -> Said<Value> {
        let [list] = args else { return refuse(errors::list_value("`join` of several lists", span)) };
        let List { array, rest, records: None } = self.list(list)? else {
            return refuse(errors::list_value("`join`", span));
        };
        let (index, result) = (self.names.fresh("item_at"), self.names.fresh("joined_text"));
        self.apply(or_null(array.clone()), Some(index.clone()), |lower, item| {
            let text = read_json(inside(item, &rest), &ir::Type::Text, span)?.scalar;
            let text = lower.once(text, "text_value");
            lower.stages.push(Stage::Sort(vec![index]));
            let present = Scalar::call("isnotempty", [text.clone()]);
            let texts = Scalar::call("make_list_if", [text, present]);
            Ok((Some(result.clone()), Scalar::call("strcat_array", [texts, Scalar::text("\n")])))
        })?;
        Ok(Value::new(Scalar::iff(filled(array), Scalar::Column(result), Scalar::text("")), Type::String, true))
    }

    /// `last`: the last element that is there, or of the last record its n-th field.
    pub(super) fn last(&mut self, args: &[Expr], field: Option<usize>, whole: &Expr) -> Said<Value> {
        let ([list], Some(ty)) = (args, scalar_type(&whole.ty)) else {
            return refuse(errors::list_value("`last`", whole.span));
        };
        let List { array, rest, records } = self.list(list)?;
        let names = ["item_at", "last_at", "last_value"].map(|name| self.names.fresh(name));
        let [index, last_at, last_value] = names;
        self.apply(or_null(array.clone()), Some(index.clone()), |lower, item| {
            let element = inside(item, &rest);
            let mut counts = Vec::new();
            if !rest.is_empty() {
                counts.push(Scalar::call("isnotnull", [element.clone()]));
            }
            let value = match (records, field) {
                (Some((number, filter, fields)), Some(field)) => {
                    lower.elements.push((number, Element::Raw(element)));
                    if let Some(filter) = filter {
                        counts.push(lower.truth(&filter)?.scalar);
                    }
                    match fields.get(field) {
                        Some(field) => lower.value(field)?,
                        None => return refuse(errors::unbound(whole.span)),
                    }
                }
                (None, None) => {
                    let value = read_json(element, &whole.ty, whole.span)?;
                    counts.push(value.clone().present());
                    value
                }
                _ => return refuse(errors::list_value("`last`", whole.span)),
            };
            let place = Scalar::call("tolong", [Scalar::Column(index)]);
            let place = match Scalar::all(counts) {
                Scalar::Bool(true) => place,
                counts => Scalar::iff(counts, place, Scalar::Long(-1)),
            };
            lower.extend(last_at.clone(), place);
            lower.extend(last_value.clone(), value.scalar);
            Ok((None, Scalar::call("arg_max", [Scalar::column(&last_at), Scalar::column(&last_value)])))
        })?;
        let found = Scalar::infix(Scalar::Column(last_at), Infix::GreaterEqual, Scalar::Long(0));
        let there = Scalar::all(vec![filled(array), found]);
        Ok(Value::new(Scalar::iff(there, Scalar::Column(last_value), Scalar::missing(ty)), ty, true))
    }

    /// The array of `{key, value}` of the members of several objects.
    pub(super) fn entries(&mut self, lists: &[Expr]) -> Said<Scalar> {
        let objects = gather(lists.iter().map(|list| match &list.kind {
            ExprKind::Entries(object, None) => self.object(object),
            _ => refuse(errors::unbound(list.span)),
        }))?;
        let (pair, result) = (self.names.fresh("entry"), self.names.fresh("list_value"));
        self.apply(Scalar::call("pack_array", objects), None, |lower, object| {
            let members = filled(Scalar::call("bag_keys", [object.clone()]));
            let list = Scalar::iff(members, object, Scalar::Array(vec![Scalar::Null(Type::Dynamic)]));
            lower.stages.push(Stage::MvExpand {
                index: None,
                element: pair.clone(),
                list,
                ty: Type::Dynamic,
                pairs: true,
            });
            let part = |at| Scalar::Element(Box::new(Scalar::column(&pair)), Box::new(Scalar::Long(at)));
            let entry = Scalar::call("bag_pack", [Scalar::text("key"), part(0), Scalar::text("value"), part(1)]);
            let there = Scalar::call("isnotnull", [Scalar::column(&pair)]);
            Ok((Some(result.clone()), Scalar::call("make_list_if", [entry, there])))
        })?;
        Ok(Scalar::Column(result))
    }

    /// Raw JSON that may be an object.
    pub(super) fn object(&mut self, object: &Expr) -> Said<Scalar> {
        match self.raw(object)? {
            Raw::Json { scalar, .. } => Ok(scalar),
            _ => refuse(errors::list_value("`entries`", object.span)),
        }
    }
}

/// An array, or a list of one null where it is empty or none.
pub(super) fn or_null(array: Scalar) -> Scalar {
    Scalar::iff(filled(array.clone()), array, Scalar::Array(vec![Scalar::Null(Type::Dynamic)]))
}

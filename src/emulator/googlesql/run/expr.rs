//! The value of an expression for a row.

use std::cmp::Ordering;

use super::{Frame, Runner};
use crate::emulator::googlesql::cast::cast;
use crate::emulator::googlesql::functions::Trouble;
use crate::emulator::googlesql::readings::{EVALUATION, ROW_ORDER, UNSET};
use crate::emulator::googlesql::tree::{Comparison, Element, Expr, Node, Plan};
use crate::emulator::googlesql::value::{Compared, Val, key};
use crate::emulator::{Failure, Kind};
use crate::json::Json;

/// What `=` says; nothing where a value is NULL.
pub(in crate::emulator::googlesql) fn is_equal(one: &Val, other: &Val) -> Option<bool> {
    one.compared(other).map(|compared| compared == Compared::Ordered(Ordering::Equal))
}

impl Runner<'_> {
    pub(super) fn eval(&self, expr: &Expr, frame: &Frame<'_>) -> Result<Val, Failure> {
        self.worked(1)?;
        Ok(match &expr.node {
            Node::Literal(value) => value.clone(),
            Node::Column { up, index } => {
                let mut here = Some(frame);
                for _ in 0..*up {
                    here = here.and_then(|frame| frame.outer);
                }
                self.settled(here.and_then(|frame| frame.row.get(*index)).unwrap_or(&Val::Null))
            }
            Node::Field(of, index) => match self.eval(of, frame)? {
                Val::Struct(values) => self.settled(values.get(*index).unwrap_or(&Val::Null)),
                _ => Val::Null,
            },
            Node::Member(of, name) => match self.eval(of, frame)? {
                Val::Json(json) => json.member(name).cloned().into(),
                _ => Val::Null,
            },
            Node::Element { of, index, kind } => {
                self.element(expr, self.eval(of, frame)?, &self.eval(index, frame)?, *kind)?
            }
            Node::Cast { of, safe } => {
                let value = self.eval(of, frame)?;
                self.safely(cast(&value, &of.ty, &expr.ty), *safe, expr)?
            }
            Node::Not(of) => match self.eval(of, frame)? {
                Val::Bool(value) => Val::Bool(!value),
                _ => Val::Null,
            },
            Node::And(operands) => self.decided(operands, false, frame)?,
            Node::Or(operands) => self.decided(operands, true, frame)?,
            Node::Is { of, what, negated } => {
                let value = self.eval(of, frame)?;
                let is = what.map_or(value.is_null(), |what| value == Val::Bool(what));
                Val::Bool(is != *negated)
            }
            Node::Compare(how, one, other) => compared(*how, &self.eval(one, frame)?, &self.eval(other, frame)?),
            Node::In(of, all) => {
                let of = self.eval(of, frame)?;
                let all = all.iter().map(|one| self.eval(one, frame)).collect::<Result<Vec<_>, _>>()?;
                is_in(&of, all.iter())
            }
            Node::InArray(of, array) => match (self.eval(of, frame)?, self.eval(array, frame)?) {
                (of, Val::Array(all)) => is_in(&of, all.iter()),
                // A NULL array is an empty one here.
                _ => Val::Bool(false),
            },
            Node::InQuery(of, plan) => {
                let rows = self.rows(plan, Some(frame))?;
                is_in(&self.eval(of, frame)?, rows.iter().filter_map(|row| row.first()))
            }
            Node::Case(branches, otherwise) => {
                for (when, then) in branches {
                    if self.eval(when, frame)? == Val::Bool(true) {
                        return self.eval(then, frame);
                    }
                }
                self.eval(otherwise, frame)?
            }
            Node::Coalesce(all) => {
                for one in all {
                    let value = self.eval(one, frame)?;
                    if !value.is_null() {
                        return Ok(value);
                    }
                }
                Val::Null
            }
            Node::Call { function, args, safe } => {
                let args = args.iter().map(|arg| self.eval(arg, frame)).collect::<Result<Vec<_>, _>>()?;
                if !function.sees_nulls && args.iter().any(Val::is_null) {
                    return Ok(Val::Null);
                }
                let value = self.safely((function.body)(&self.moment(), &args), *safe, expr)?;
                self.worked(match &value {
                    Val::Array(elements) => elements.len(),
                    Val::Text(text) => text.len() / 16,
                    _ => 0,
                })?;
                value
            }
            Node::Struct(values) => {
                Val::Struct(values.iter().map(|value| self.eval(value, frame)).collect::<Result<_, _>>()?)
            }
            Node::Array(values) => {
                Val::Array(values.iter().map(|value| self.eval(value, frame)).collect::<Result<_, _>>()?)
            }
            Node::Exists(plan) => Val::Bool(!self.rows(plan, Some(frame))?.is_empty()),
            Node::Scalar(plan) => {
                let mut rows = self.rows(plan, Some(frame))?;
                if rows.len() > 1 {
                    return Err(Failure::stopped("a scalar subquery gives more than one row", Some(expr.at.clone())));
                }
                rows.pop().and_then(|row| row.into_iter().next()).unwrap_or_default()
            }
            Node::ArrayOf(plan) => {
                let mut values: Vec<Val> =
                    self.rows(plan, Some(frame))?.into_iter().filter_map(|row| row.into_iter().next()).collect();
                let differ = values.windows(2).any(|pair| matches!(pair, [one, other] if one != other));
                if !is_sorted(plan) && differ && self.readings.other(ROW_ORDER) {
                    values.reverse();
                }
                values.into()
            }
            Node::Aggregate(_) | Node::Window(_) => {
                return Err(Failure::unknown("an aggregate or window function here", expr.at.clone()));
            }
        })
    }

    /// A stored value, with what the entry leaves out as the reading says.
    pub(in crate::emulator::googlesql) fn settled(&self, value: &Val) -> Val {
        match value {
            Val::Unset(unset) if self.readings.other(UNSET) => unset.default(),
            Val::Unset(_) => Val::Null,
            _ => value.clone(),
        }
    }

    /// The value of what may stop; under SAFE it is NULL then.
    fn safely(&self, value: Result<Val, Trouble>, safe: bool, expr: &Expr) -> Result<Val, Failure> {
        match value {
            Ok(value) => Ok(value),
            Err(Trouble::Stops(_)) if safe => Ok(Val::Null),
            Err(Trouble::Stops(why)) => Err(Failure::stopped(why, Some(expr.at.clone()))),
            Err(Trouble::Unknown(why)) => Err(Failure::unknown(why, expr.at.clone())),
        }
    }

    /// AND (which FALSE decides) or OR (which TRUE does). Another operand may fail: whether that stops the query is open.
    fn decided(&self, operands: &[Expr], by: bool, frame: &Frame<'_>) -> Result<Val, Failure> {
        let (mut decided, mut null, mut failed) = (false, false, None);
        for operand in operands {
            match self.eval(operand, frame) {
                Ok(Val::Bool(value)) => decided |= value == by,
                Ok(_) => null = true,
                Err(failure) if failure.kind == Kind::Stopped => failed = failed.or(Some(failure)),
                Err(failure) => return Err(failure),
            }
        }
        match failed {
            Some(failure) if !decided || self.readings.other(EVALUATION) => Err(failure),
            _ if decided => Ok(Val::Bool(by)),
            _ if null => Ok(Val::Null),
            _ => Ok(Val::Bool(!by)),
        }
    }

    fn element(&self, expr: &Expr, of: Val, index: &Val, kind: Element) -> Result<Val, Failure> {
        match (kind, of, index) {
            (Element::Json, Val::Json(json), Val::Text(name)) => Ok(json.member(name).cloned().into()),
            (Element::Json, Val::Json(Json::List(elements)), Val::Int(index)) => {
                Ok(usize::try_from(*index).ok().and_then(|index| elements.get(index)).cloned().into())
            }
            (Element::Array { base, safe }, Val::Array(elements), Val::Int(index)) => {
                let place = index.checked_sub(base).and_then(|place| usize::try_from(place).ok());
                match place.and_then(|place| elements.get(place)) {
                    Some(element) => Ok(self.settled(element)),
                    None if safe => Ok(Val::Null),
                    None => Err(Failure::stopped(format!("the array has no element {index}"), Some(expr.at.clone()))),
                }
            }
            _ => Ok(Val::Null),
        }
    }
}

/// Whether the rows of a plan come in an order that was asked for.
fn is_sorted(plan: &Plan) -> bool {
    match plan {
        Plan::Sort(..) => true,
        Plan::Limit { input, .. } | Plan::Project(input, _) => is_sorted(input),
        _ => false,
    }
}

fn compared(how: Comparison, one: &Val, other: &Val) -> Val {
    let same = || key(std::slice::from_ref(one)) == key(std::slice::from_ref(other));
    let order = match how {
        Comparison::Distinct => return Val::Bool(!same()),
        Comparison::NotDistinct => return Val::Bool(same()),
        _ => one.compared(other),
    };
    let Some(order) = order else { return Val::Null };
    let Compared::Ordered(order) = order else { return Val::Bool(how == Comparison::Unequal) };
    Val::Bool(match how {
        Comparison::Equal | Comparison::NotDistinct => order.is_eq(),
        Comparison::Unequal | Comparison::Distinct => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterEqual => order.is_ge(),
    })
}

/// TRUE where one is equal, else NULL where a comparison is, else FALSE.
fn is_in<'v>(of: &Val, all: impl Iterator<Item = &'v Val>) -> Val {
    let mut open = false;
    for one in all {
        match is_equal(of, one) {
            Some(true) => return Val::Bool(true),
            Some(false) => {}
            None => open = true,
        }
    }
    if open { Val::Null } else { Val::Bool(false) }
}

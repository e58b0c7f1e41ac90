//! Expressions over a row, or over the rows of a group where a `stats` asks.

use super::functions::{self, Function, time};
use super::order;
use super::reading::Question;
use super::row::{Row, element, member};
use super::stats;
use super::store::seconds;
use super::tree::{Arithmetic, Comparison, Expr, Node, Place};
use super::value::{Cell, Number};
use crate::emulator::{Failure, Readings, Run};

/// What an expression can see besides its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) readings: &'a Readings,
    pub(super) run: &'a Run,
}

/// What an expression is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    Row(&'a Row),
    Group(&'a [&'a Row]),
}

impl Context<'_> {
    pub(super) fn other(&self, question: Question) -> bool {
        self.readings.other(question as usize)
    }

    /// The range, in milliseconds.
    pub(super) fn range(&self, at: &Place) -> Result<(i64, i64), Failure> {
        let missing = || Failure::unknown("the range of the query, which this run does not have", at.clone());
        let from = self.run.from.ok_or_else(missing)?;
        let until = self.run.until.ok_or_else(missing)?;
        Ok((seconds(from), seconds(until)))
    }

    /// The value of an expression.
    pub(super) fn eval(&self, expr: &Expr, scope: Scope<'_>) -> Result<Cell, Failure> {
        let at = &expr.at;
        match &expr.node {
            Node::Text(text) => Ok(Cell::text(text.as_str())),
            Node::Number(number) => Ok(Cell::Number(*number)),
            Node::Period(_) => Err(Failure::rejected("a period is no value", at.clone())),
            Node::Path(segments) => match scope {
                Scope::Row(row) => row.value(segments, self.readings, at),
                Scope::Group(_) => Ok(Cell::Missing),
            },
            Node::Column(name) => match scope {
                Scope::Row(row) => Ok(row.cells.get(name.as_str()).cloned().unwrap_or_default()),
                Scope::Group(_) => Ok(Cell::Missing),
            },
            Node::Member(of, key) => member(&self.eval(of, scope)?, key, self.readings, at),
            Node::Index(of, index) => Ok(element(&self.eval(of, scope)?, *index, self.readings)),
            Node::Call(function, parts) => self.call(*function, parts, scope, at),
            Node::Measure(measure, parts) => match scope {
                Scope::Group(rows) => stats::measure(*measure, parts, rows, self, at),
                Scope::Row(_) => Err(Failure::rejected("it stands in `stats` alone", at.clone())),
            },
            Node::Minus(of) => {
                self.arithmetic(Arithmetic::Subtract, &Cell::whole(0), &self.eval(of, scope)?, at, &of.at)
            }
            Node::Arithmetic(operator, left, right) => {
                let (one, other) = (self.eval(left, scope)?, self.eval(right, scope)?);
                self.arithmetic(*operator, &one, &other, &left.at, &right.at)
            }
            _ => Ok(self.truth(expr, scope)?.map_or(Cell::Missing, Cell::truth)),
        }
    }

    /// Whether a condition holds; none where it neither does nor does not.
    pub(super) fn truth(&self, expr: &Expr, scope: Scope<'_>) -> Result<Option<bool>, Failure> {
        match &expr.node {
            Node::Not(of) => Ok(self.truth(of, scope)?.map(|holds| !holds)),
            Node::All(parts) => self.joined(parts, scope, false),
            Node::Any(parts) => self.joined(parts, scope, true),
            Node::Compare(operator, left, right) => {
                let (left, right) = (self.eval(left, scope)?, self.eval(right, scope)?);
                order::compare(*operator, &left, &right, self.readings, &expr.at)
            }
            Node::In { value, list, negated } => {
                let value = self.eval(value, scope)?;
                if !value.has_value() || matches!(value, Cell::Structure(_)) {
                    return Ok(self.nothing(*negated));
                }
                for one in list {
                    let one = self.eval(one, scope)?;
                    if order::compare(Comparison::Equal, &value, &one, self.readings, &expr.at)? == Some(true) {
                        return Ok(Some(!negated));
                    }
                }
                Ok(Some(*negated))
            }
            Node::Like { value, pattern, negated } => {
                let text = self.eval(value, scope)?.as_text(self.readings, &value.at)?;
                Ok(match text {
                    Some(text) => Some(pattern.is_in(&text, self.readings) != *negated),
                    None => self.nothing(*negated),
                })
            }
            _ => self.eval(expr, scope)?.as_truth(&expr.at),
        }
    }

    /// What a test of no value gives.
    fn nothing(&self, negated: bool) -> Option<bool> {
        if self.other(Question::MissingNegated) { None } else { Some(negated) }
    }

    /// Several conditions, of which one that is `decides` decides.
    fn joined(&self, parts: &[Expr], scope: Scope<'_>, decides: bool) -> Result<Option<bool>, Failure> {
        let mut all = Some(!decides);
        for part in parts {
            match self.truth(part, scope)? {
                Some(holds) if holds == decides => return Ok(Some(decides)),
                Some(_) => {}
                None => all = None,
            }
        }
        Ok(all)
    }

    fn arithmetic(
        &self,
        operator: Arithmetic,
        left: &Cell,
        right: &Cell,
        left_at: &Place,
        right_at: &Place,
    ) -> Result<Cell, Failure> {
        let one = self.operand(left, left_at)?;
        let other = self.operand(right, right_at)?;
        match (one, other) {
            (Some(one), Some(other)) => Ok(functions::number::arithmetic(operator, one, other, self)),
            _ => Ok(Cell::Missing),
        }
    }

    /// A value that is reckoned with; a text that is no number may be one that is none.
    pub(super) fn operand(&self, cell: &Cell, at: &Place) -> Result<Option<Number>, Failure> {
        let number = cell.as_number(self.readings, at)?;
        match (number, cell) {
            (None, Cell::Text(_)) if self.other(Question::NoNumber) => Ok(Some(Number::Real(f64::NAN))),
            (number, _) => Ok(number),
        }
    }

    fn call(&self, function: Function, parts: &[Expr], scope: Scope<'_>, at: &Place) -> Result<Cell, Failure> {
        match (function, parts) {
            (Function::If, [condition, yes, no]) => {
                let holds = self.truth(condition, scope)? == Some(true);
                self.eval(if holds { yes } else { no }, scope)
            }
            (Function::Case, _) => {
                for branch in parts.chunks(2) {
                    match branch {
                        [condition, value] if self.truth(condition, scope)? == Some(true) => {
                            return self.eval(value, scope);
                        }
                        [default] => return self.eval(default, scope),
                        _ => {}
                    }
                }
                Ok(Cell::Missing)
            }
            (Function::Coalesce, _) => {
                for part in parts {
                    let value = self.eval(part, scope)?;
                    let structure = matches!(value, Cell::Structure(_));
                    if value.has_value() && !(structure && self.other(Question::StructureCoalesced)) {
                        return Ok(value);
                    }
                }
                Ok(Cell::Missing)
            }
            (Function::Bin, [Expr { node: Node::Period(period), .. }]) => {
                let time = match scope {
                    Scope::Row(row) => row.value(&["@timestamp".to_owned()], self.readings, at)?,
                    Scope::Group(_) => Cell::Missing,
                };
                time::floor(&time, *period, self, at)
            }
            (Function::DateFloor | Function::DateCeil, [moment, Expr { node: Node::Period(period), .. }]) => {
                let moment = self.eval(moment, scope)?;
                let round = if function == Function::DateFloor { time::floor } else { time::ceil };
                round(&moment, *period, self, at)
            }
            _ => {
                let values = parts.iter().map(|part| self.eval(part, scope)).collect::<Result<Vec<Cell>, Failure>>()?;
                functions::apply(function, &values, self, at)
            }
        }
    }
}

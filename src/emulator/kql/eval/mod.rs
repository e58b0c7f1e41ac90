//! A bound expression and a row → a value.

mod arithmetic;
mod compare;

use super::bound::{Bound, Node, Window};
use super::dynamic::{element, member, plain};
use super::engine::Engine;
use super::functions::{Call, Needs};
use super::readings::NULL_LOGIC;
use super::table::Row;
use super::text::Test;
use super::tree::ListTest;
use super::value::{Cell, Type};
use crate::emulator::Failure;
use crate::json::Json;

pub(super) type Evaluated = Result<Cell, Failure>;

/// A row among its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) rows: &'a [Row],
    pub(super) at: usize,
}

impl Engine<'_> {
    /// The value of an expression that needs no row.
    pub(super) fn value_alone(&self, bound: &Bound) -> Evaluated {
        self.eval(bound, Frame { rows: &[], at: 0 })
    }

    /// Whether a condition holds; null does not.
    pub(super) fn holds(&self, bound: &Bound, frame: Frame<'_>) -> Result<bool, Failure> {
        Ok(self.eval(bound, frame)? == Cell::Bool(true))
    }

    pub(super) fn eval(&self, bound: &Bound, frame: Frame<'_>) -> Evaluated {
        self.step(&bound.at)?;
        match &bound.node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Column(number) => Ok(frame.rows.get(frame.at).map(|row| row.cell(*number)).unwrap_or_default()),
            Node::Arrival => {
                Ok(frame.rows.get(frame.at).and_then(|row| row.arrived).map(Cell::Time).unwrap_or_default())
            }
            Node::Shared(inner) => self.eval(inner, frame),
            Node::Widen(inner) => Ok(widened(self.eval(inner, frame)?, bound.kind)),
            Node::Minus(inner) => {
                let value = self.eval(inner, frame)?;
                self.arithmetic("-", Cell::Long(0), value, inner.kind, bound)
            }
            Node::Arithmetic(word, left, right) => {
                let (one, other) = (self.eval(left, frame)?, self.eval(right, frame)?);
                self.arithmetic(word, one, other, right.kind, bound)
            }
            Node::Compare(word, left, right) => {
                let (one, other) = (self.eval(left, frame)?, self.eval(right, frame)?);
                self.compare(word, &one, &other, &bound.at)
            }
            Node::Chain(all, operands) => self.chain(*all, operands, frame),
            Node::Test(test, left, right) => {
                let (text, search) = (self.eval(left, frame)?, self.eval(right, frame)?);
                self.test(*test, &text, &search, bound).map(Cell::Bool)
            }
            Node::Matches(left, right) => {
                let (text, pattern) = (self.text_at(left, frame)?, self.text_at(right, frame)?);
                Ok(Cell::Bool(self.pattern(&pattern, &right.at)?.is_match(&text)))
            }
            Node::List(test, value, items) => self.list(*test, value, items, bound, frame),
            Node::Between { negated, value, low, high } => {
                let value = self.eval(value, frame)?;
                let from = self.compare(">=", &value, &self.eval(low, frame)?, &bound.at)?;
                let to = self.compare("<=", &value, &self.eval(high, frame)?, &bound.at)?;
                Ok(match (from, to) {
                    (Cell::Bool(from), Cell::Bool(to)) => Cell::Bool((from && to) != *negated),
                    _ => Cell::Null,
                })
            }
            Node::Member(value, key) => Ok(member(&self.eval(value, frame)?, key)),
            Node::Index(value, index) => {
                let value = self.eval(value, frame)?;
                Ok(match self.eval(index, frame)? {
                    Cell::Long(number) => element(&value, number),
                    Cell::Text(key) => member(&value, &key),
                    _ => Cell::Null,
                })
            }
            Node::Call(function, arguments) => {
                let mut given = Vec::new();
                for argument in arguments {
                    given.push(self.eval(argument, frame)?);
                }
                let needs = function.needs(given.len()).unwrap_or_default();
                for ((need, cell), argument) in needs.iter().zip(&mut given).zip(arguments) {
                    if matches!(need, Needs::Text | Needs::Pattern) && !matches!(cell, Cell::Text(_)) {
                        *cell = Cell::Text(self.text(cell, argument)?);
                    }
                }
                if !function.takes_null && given.iter().any(Cell::is_null) {
                    return Ok(bound.kind.nothing());
                }
                let call = Call { engine: self, given: &given, arguments, gives: bound.kind, at: &bound.at };
                (function.call)(&call)
            }
            Node::Choose(arms, last) => {
                for (test, value) in arms {
                    if self.holds(test, frame)? {
                        return self.eval(value, frame);
                    }
                }
                self.eval(last, frame)
            }
            Node::Coalesce(values) => {
                for value in values {
                    let value = self.eval(value, frame)?;
                    if !value.is_null() && value != Cell::text("") {
                        return Ok(value);
                    }
                }
                Ok(bound.kind.nothing())
            }
            Node::Window(window) => self.window(window, bound, frame),
        }
    }

    fn text_at(&self, bound: &Bound, frame: Frame<'_>) -> Result<std::sync::Arc<str>, Failure> {
        self.text(&self.eval(bound, frame)?, bound)
    }

    /// As `tostring` writes it.
    pub(super) fn text(&self, cell: &Cell, bound: &Bound) -> Result<std::sync::Arc<str>, Failure> {
        let unknown = || Failure::unknown("how a real of this size is written is not known here", bound.at.clone());
        self.text_of(cell).ok_or_else(unknown)
    }

    fn test(&self, test: Test, text: &Cell, search: &Cell, bound: &Bound) -> Result<bool, Failure> {
        let (text, search) = (self.text(text, bound)?, self.text(search, bound)?);
        test.holds(&text, &search, self).ok_or_else(|| {
            let message =
                format!("a search for {search:?}, which is not one term of letters and digits, is not known here");
            Failure::unknown(message, bound.at.clone())
        })
    }

    /// What a condition with nulls is, where its other parts do not decide it.
    fn undecided(&self) -> Cell {
        if self.reads_other(NULL_LOGIC) { Cell::Bool(false) } else { Cell::Null }
    }

    fn chain(&self, all: bool, operands: &[Bound], frame: Frame<'_>) -> Evaluated {
        let mut null = false;
        for operand in operands {
            match self.eval(operand, frame)? {
                Cell::Bool(value) if value != all => return Ok(Cell::Bool(value)),
                Cell::Bool(_) => {}
                _ => null = true,
            }
        }
        Ok(if null { self.undecided() } else { Cell::Bool(all) })
    }

    fn list(&self, test: ListTest, value: &Bound, items: &[Bound], bound: &Bound, frame: Frame<'_>) -> Evaluated {
        let value = self.eval(value, frame)?;
        let any = |engine: &Self, item: &Cell| match test {
            ListTest::In { nocase: false, .. } => {
                Ok(engine.compare("==", &value, item, &bound.at)? == Cell::Bool(true))
            }
            ListTest::In { nocase: true, .. } => engine.test(Test::EQUALS_NOCASE, &value, item, bound),
            ListTest::HasAny | ListTest::HasAll => engine.test(Test::HAS, &value, item, bound),
        };
        let mut found = 0;
        let mut count = 0;
        for item in items {
            let item = self.eval(item, frame)?;
            let elements: Vec<Cell> = match &item {
                Cell::Dynamic(Json::List(elements)) => elements.iter().map(|one| plain(Cell::of_json(one))).collect(),
                _ => vec![item],
            };
            for element in &elements {
                self.step(&bound.at)?;
                count += 1;
                found += usize::from(any(self, element)?);
            }
        }
        Ok(Cell::Bool(match test {
            ListTest::In { negated, .. } => (found > 0) != negated,
            ListTest::HasAny => found > 0,
            ListTest::HasAll => found == count,
        }))
    }

    fn window(&self, window: &Window, bound: &Bound, frame: Frame<'_>) -> Evaluated {
        let starts_at = |restart: &Option<Box<Bound>>| -> Result<usize, Failure> {
            let Some(restart) = restart else { return Ok(0) };
            for at in (0..=frame.at).rev() {
                if self.holds(restart, Frame { at, ..frame })? {
                    return Ok(at);
                }
            }
            Ok(0)
        };
        match window {
            Window::Neighbour { value, distance, default } => {
                let here = i64::try_from(frame.at).unwrap_or(i64::MAX);
                let there = here.checked_add(*distance).and_then(|at| usize::try_from(at).ok());
                match there.filter(|at| *at < frame.rows.len()) {
                    Some(at) => self.eval(value, Frame { at, ..frame }),
                    None => Ok(default.clone()),
                }
            }
            Window::Number { first, restart } => {
                let passed = i64::try_from(frame.at - starts_at(restart)?).unwrap_or(i64::MAX);
                Ok(Cell::Long(first.saturating_add(passed)))
            }
            Window::Sum { value, restart } => {
                let mut sum = if bound.kind == Type::Real { Cell::Real(0.0) } else { Cell::Long(0) };
                for at in starts_at(restart)?..=frame.at {
                    let next = self.eval(value, Frame { at, ..frame })?;
                    if !next.is_null() {
                        sum = self.arithmetic("+", sum, next, value.kind, bound)?;
                    }
                }
                Ok(sum)
            }
        }
    }
}

/// A value as one of a wider type.
fn widened(cell: Cell, kind: Type) -> Cell {
    match (cell, kind) {
        (Cell::Null, kind) => kind.nothing(),
        (Cell::Long(value), Type::Real) => Cell::Real(value as f64),
        (cell, _) => cell,
    }
}

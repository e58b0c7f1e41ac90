//! The name of a column that the query does not name.

use crate::emulator::Failure;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::table::Table;
use crate::emulator::kql::tree::{Expr, ExprKind, Name};
use crate::emulator::kql::value::Cell;

/// Functions whose value is called as their first argument is.
const AS_FIRST: &[&str] = &[
    "tostring",
    "tolong",
    "toint",
    "todouble",
    "toreal",
    "todatetime",
    "tobool",
    "totimespan",
    "parse_json",
    "bin",
    "round",
    "startofday",
];

/// Functions whose value has no name of its own.
const NAMELESS: &[&str] = &["tolower", "toupper", "strcat", "iff", "now", "isnull", "coalesce", "not"];

/// What an expression is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator::kql) enum Called {
    Name(String),
    /// `Column1` and so on.
    Nothing,
    /// No page says.
    Unknown,
}

/// Whether a function's value is called as its first argument is.
pub(super) fn called_as_first(function: &str) -> bool {
    AS_FIRST.contains(&function)
}

/// By the expression alone; a path's parts are joined.
pub(in crate::emulator::kql) fn called(expr: &Expr) -> Called {
    match &expr.kind {
        ExprKind::Name(name) => Called::Name(name.clone()),
        ExprKind::Member(value, name) => joined(value, &name.text),
        ExprKind::Index(value, index) => match &index.kind {
            ExprKind::Literal(Cell::Text(key), _) => joined(value, key),
            ExprKind::Literal(Cell::Long(number), _) => joined(value, &number.to_string()),
            _ => Called::Unknown,
        },
        ExprKind::Call(name, arguments) => match arguments.first() {
            Some(first) if called_as_first(&name.text) => called(&first.value),
            _ if NAMELESS.contains(&name.text.as_str()) => Called::Nothing,
            _ => Called::Unknown,
        },
        ExprKind::Literal(..) | ExprKind::Binary(..) | ExprKind::Minus(_) => Called::Nothing,
        _ => Called::Unknown,
    }
}

fn joined(value: &Expr, part: &str) -> Called {
    match called(value) {
        Called::Name(name) => Called::Name(format!("{name}_{part}")),
        other => other,
    }
}

impl Engine<'_> {
    /// A name given by the query, which must be new.
    pub(super) fn new_name(&self, table: &Table, name: &Name) -> Result<String, Failure> {
        if table.column(&name.text).is_some() {
            return Err(Failure::rejected(format!("a column `{}` is there already", name.text), name.at.clone()));
        }
        Ok(name.text.clone())
    }

    /// The name of an expression without one; `nameless` counts those of this operator.
    pub(super) fn automatic_name(&self, expr: &Expr, nameless: &mut usize) -> Result<String, Failure> {
        match called(expr) {
            Called::Name(name) => Ok(name),
            Called::Nothing => {
                *nameless += 1;
                Ok(format!("Column{nameless}"))
            }
            Called::Unknown => Err(Failure::unknown("what this column is called is not known here", expr.at.clone())),
        }
    }
}

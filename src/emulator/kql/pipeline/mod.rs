//! Tabular expressions → tables: sources, declarations, and the operators one after the other.

mod columns;
mod expand;
mod join;
mod names;
mod order;
mod parse_text;
mod summarize;
mod union;

use std::rc::Rc;

use super::bound::Bound;
use super::engine::Engine;
use super::eval::Frame;
use super::scope::{Meaning, Names, Scope};
use super::table::{Field, Row, Table};
use super::tree::{Column, Expr, ExprKind, Let, Name, Named, Operator, OperatorKind, Value};
use super::value::{Cell, Type};
use crate::emulator::Failure;

pub(super) use names::{Called, called};

pub(super) type Rows = Result<Table, Failure>;

/// Functions that give the table that they are given.
const TRANSPARENT: &[&str] = &["materialize", "view"];

impl Engine<'_> {
    /// Adds what lets declare.
    pub(super) fn declare(&self, lets: &[Let], names: &Names) -> Result<Names, Failure> {
        let mut names = names.clone();
        let mut own: Vec<&str> = Vec::new();
        for declared in lets {
            if own.contains(&declared.name.text.as_str()) {
                let message = format!("`{}` is declared twice", declared.name.text);
                return Err(Failure::rejected(message, declared.name.at.clone()));
            }
            own.push(&declared.name.text);
            let meaning = match &declared.value {
                Value::Function(function) => Meaning::Function(Rc::new(function.clone()), names.clone()),
                Value::Expr(expr) if self.is_tabular(expr, &names) => {
                    Meaning::Table(Rc::new(self.table(expr, &names)?))
                }
                Value::Expr(expr) => {
                    let (value, kind) = self.constant(expr, Scope::bare(&names))?;
                    Meaning::Scalar(Rc::new(Bound::constant(value, kind, expr.at.clone())))
                }
            };
            names = names.with(&declared.name.text, meaning);
        }
        Ok(names)
    }

    /// Whether an expression gives rows.
    pub(super) fn is_tabular(&self, expr: &Expr, names: &Names) -> bool {
        match &expr.kind {
            ExprKind::Pipe(..)
            | ExprKind::Datatable(..)
            | ExprKind::Range { .. }
            | ExprKind::Print(_)
            | ExprKind::Union(_) => true,
            ExprKind::Name(name) => match names.get(name) {
                Some(Meaning::Table(_)) => true,
                Some(Meaning::Function(function, _)) => {
                    function.parameters.is_empty() && self.gives_rows(&function.lets, &function.body, names)
                }
                Some(Meaning::Scalar(_)) => false,
                None => self.store.knows(name),
            },
            ExprKind::Call(name, arguments) => match names.get(&name.text) {
                Some(Meaning::Function(function, seen)) => {
                    let mut inner = seen.clone();
                    for parameter in &function.parameters {
                        if matches!(parameter.kind, super::tree::ParameterKind::Tabular(_)) {
                            inner = inner.with(&parameter.name.text, Meaning::Table(Rc::default()));
                        }
                    }
                    self.gives_rows(&function.lets, &function.body, &inner)
                }
                _ => TRANSPARENT.contains(&name.text.as_str()) && !arguments.is_empty(),
            },
            _ => false,
        }
    }

    /// Whether a function's body gives rows: its own lets may name tables.
    fn gives_rows(&self, lets: &[Let], body: &Expr, names: &Names) -> bool {
        let mut names = names.clone();
        for declared in lets {
            if let Value::Expr(expr) = &declared.value
                && self.is_tabular(expr, &names)
            {
                names = names.with(&declared.name.text, Meaning::Table(Rc::default()));
            }
        }
        self.is_tabular(body, &names)
    }

    /// The rows of a tabular expression.
    pub(super) fn table(&self, expr: &Expr, names: &Names) -> Rows {
        self.nested(&expr.at, || {
            let mut table = self.source(expr, names)?;
            if self.dry {
                table.rows.clear();
            }
            self.room(table.rows.len(), &expr.at)?;
            Ok(table)
        })
    }

    fn source(&self, expr: &Expr, names: &Names) -> Rows {
        match &expr.kind {
            ExprKind::Pipe(source, operators) => {
                let source = self.table(source, names)?;
                self.run_operators(source, operators, names)
            }
            ExprKind::Name(name) => match names.get(name) {
                Some(Meaning::Table(table)) => Ok(Table::clone(table)),
                Some(Meaning::Function(function, seen)) if function.parameters.is_empty() => {
                    let inner = self.declare(&function.lets, seen)?;
                    self.table(&function.body, &inner)
                }
                Some(_) => Err(Failure::rejected(format!("`{name}` is no table"), expr.at.clone())),
                None => match self.store.table(name) {
                    Some(table) => Ok(table.clone()),
                    None => Err(Failure::rejected(format!("there is no table `{name}`"), expr.at.clone())),
                },
            },
            ExprKind::Call(name, arguments) => match names.get(&name.text) {
                Some(Meaning::Function(function, seen)) => {
                    let inner = self.with_arguments(name, function, seen, arguments, Scope::bare(names))?;
                    let inner = self.declare(&function.lets, &inner)?;
                    self.table(&function.body, &inner)
                }
                _ => match arguments.as_slice() {
                    [table] if TRANSPARENT.contains(&name.text.as_str()) => self.table(&table.value, names),
                    _ => Err(Failure::rejected(format!("`{}` gives no rows", name.text), expr.at.clone())),
                },
            },
            ExprKind::Datatable(columns, values) => self.datatable(columns, values, expr),
            ExprKind::Range { name, from, to, step } => self.range(name, [from, to, step], names),
            ExprKind::Print(columns) => self.print(columns, names),
            ExprKind::Union(union) => self.union(None, union, names),
            _ => Err(Failure::rejected("a table is expected here", expr.at.clone())),
        }
    }

    /// Runs operators over a table.
    pub(super) fn run_operators(&self, mut table: Table, operators: &[Operator], names: &Names) -> Rows {
        for operator in operators {
            table = self.operator(table, operator, names)?;
            self.room(table.rows.len(), &operator.at)?;
        }
        Ok(table)
    }

    fn operator(&self, table: Table, operator: &Operator, names: &Names) -> Rows {
        let at = &operator.at;
        match &operator.kind {
            OperatorKind::Where(condition) => self.filter(table, condition, names),
            OperatorKind::Extend(columns) => self.extend(table, columns, names),
            OperatorKind::Project(columns) => self.project(table, columns, names),
            OperatorKind::Away(patterns) => self.away(&table, patterns),
            OperatorKind::Keep(patterns) => self.keep(&table, patterns),
            OperatorKind::Reorder(patterns) => self.reorder(&table, patterns),
            OperatorKind::Rename(pairs) => self.rename(table, pairs),
            OperatorKind::Summarize { aggregates, by } => self.summarize(&table, aggregates, by, names, at),
            OperatorKind::Sort(keys) => self.sort(table, keys, names),
            OperatorKind::Top(count, key) => {
                let sorted = self.sort(table, std::slice::from_ref(key), names)?;
                self.take(sorted, count, names)
            }
            OperatorKind::Take(count) => self.take(table, count, names),
            OperatorKind::Distinct(columns) => self.distinct(table, columns, names),
            OperatorKind::Count(name) => {
                let name = name.as_ref().map_or("Count", |name| name.text.as_str());
                let count = i64::try_from(table.rows.len()).unwrap_or(i64::MAX);
                Ok(Table::new(vec![Field::new(name, Type::Long)], vec![vec![Cell::Long(count)]]))
            }
            OperatorKind::Serialize(columns) => {
                let serialized = Table { serialized: true, ..table };
                if columns.is_empty() { Ok(serialized) } else { self.extend(serialized, columns, names) }
            }
            OperatorKind::Union(union) => self.union(Some(table), union, names),
            OperatorKind::Join(join) => self.join(&table, join, names, at),
            OperatorKind::Expand(expand) => self.expand(&table, expand, names),
            OperatorKind::Apply(expand, operators) => self.apply(&table, expand, operators, names),
            OperatorKind::Parse(parse) => self.parse_text(table, parse, names),
            OperatorKind::Nothing => Ok(table),
        }
    }

    /// Binds an expression over a table's rows, and settles their order where it looks around.
    fn bind_over(&self, table: &mut Table, expr: &Expr, names: &Names) -> Result<Bound, Failure> {
        let bound = self.bind(expr, Scope { columns: &table.columns, names })?;
        if bound.looks_around() {
            if !table.serialized {
                let message = "a function of neighbouring rows needs `serialize` or `sort` before it";
                return Err(Failure::rejected(message, bound.at));
            }
            self.settle_order(table);
        }
        Ok(bound)
    }

    /// A value a row.
    fn column_of(&self, table: &Table, bound: &Bound) -> Result<Vec<Cell>, Failure> {
        (0..table.rows.len()).map(|at| self.eval(bound, Frame { rows: &table.rows, at })).collect()
    }

    fn filter(&self, mut table: Table, condition: &Expr, names: &Names) -> Rows {
        let bound = self.bind_over(&mut table, condition, names)?;
        if bound.kind != Type::Bool {
            let message = format!("a bool is expected, not a {}", bound.kind.name());
            return Err(Failure::rejected(message, bound.at));
        }
        let held = self.column_of(&table, &bound)?;
        let mut held = held.into_iter().map(|value| value == Cell::Bool(true));
        table.rows.retain(|_| held.next().unwrap_or_default());
        Ok(table)
    }

    fn datatable(&self, columns: &[Column], values: &[Expr], expr: &Expr) -> Rows {
        let fields: Vec<Field> = columns.iter().map(|column| Field::new(&column.name.text, column.kind)).collect();
        let width = fields.len();
        if width == 0 || !values.len().is_multiple_of(width) {
            return Err(Failure::rejected(format!("the number of values is no multiple of {width}"), expr.at.clone()));
        }
        let names = Names::default();
        let mut cells = Vec::new();
        for (value, field) in values.iter().zip(fields.iter().cycle()) {
            let (cell, kind) = self.constant(value, Scope::bare(&names))?;
            let cell = match (cell, kind, field.kind) {
                (cell, given, wanted) if given == wanted => cell,
                (Cell::Long(number), _, Type::Int | Type::Long) => Cell::Long(number),
                (Cell::Long(number), _, Type::Real) => Cell::Real(number as f64),
                (Cell::Null, _, wanted) => wanted.nothing(),
                (cell, _, Type::Dynamic) => Cell::of_json(&cell.json()),
                (_, given, wanted) => {
                    let message = format!("a {} in a column of {} is not known here", given.name(), wanted.name());
                    return Err(Failure::unknown(message, value.at.clone()));
                }
            };
            cells.push(cell);
        }
        Ok(Table::new(fields, cells.chunks(width).map(<[Cell]>::to_vec).collect()))
    }

    fn range(&self, name: &Name, parts: [&Expr; 3], names: &Names) -> Rows {
        let [from, to, step] = parts;
        let scope = Scope::bare(names);
        let (from, to, step) = (self.constant(from, scope)?, self.constant(to, scope)?, self.constant(step, scope)?);
        let kind = match (from.1, to.1, step.1) {
            (one, other, step) if one.is_whole() && other.is_whole() && step.is_whole() => Type::Long,
            (Type::Time, Type::Time, Type::Span) => Type::Time,
            (Type::Span, Type::Span, Type::Span) => Type::Span,
            _ => return Err(Failure::unknown("a range of values of these types is not known here", name.at.clone())),
        };
        let whole = |cell: &Cell| match cell {
            Cell::Long(value) | Cell::Time(value) | Cell::Span(value) => Some(*value),
            _ => None,
        };
        let mut table = Table { columns: vec![Field::new(&name.text, kind)], rows: Vec::new(), serialized: true };
        let (Some(from), Some(to), Some(step)) = (whole(&from.0), whole(&to.0), whole(&step.0)) else {
            return if self.dry {
                Ok(table)
            } else {
                Err(Failure::unknown("a range with null is not known here", name.at.clone()))
            };
        };
        if step == 0 {
            return Err(Failure::rejected("the step of a range is not 0", name.at.clone()));
        }
        let mut next = Some(from);
        while let Some(value) = next.filter(|value| if step > 0 { *value <= to } else { *value >= to }) {
            self.room(table.rows.len(), &name.at)?;
            let cell = match kind {
                Type::Time => Cell::Time(value),
                Type::Span => Cell::Span(value),
                _ => Cell::Long(value),
            };
            table.rows.push(Row { cells: vec![cell], rank: table.rows.len(), arrived: None });
            next = value.checked_add(step);
        }
        Ok(table)
    }

    fn print(&self, columns: &[Named], names: &Names) -> Rows {
        let mut table = Table::new(Vec::new(), vec![Vec::new()]);
        for (number, column) in columns.iter().enumerate() {
            let bound = self.bind(&column.value, Scope::bare(names))?;
            let name = match column.names.as_slice() {
                [] => format!("print_{number}"),
                [name] => self.new_name(&table, name)?,
                _ => return Err(Failure::unknown("several names of one value are not known here", bound.at)),
            };
            let value = self.value_alone(&bound)?;
            table.set(Field::new(&name, bound.kind), vec![value]);
        }
        Ok(table)
    }
}

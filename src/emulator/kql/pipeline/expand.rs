//! `mv-expand` and `mv-apply`: a row an element.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::emulator::Failure;
use crate::emulator::kql::bound::Bound;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::eval::Frame;
use crate::emulator::kql::pipeline::Rows;
use crate::emulator::kql::pipeline::names::{Called, called};
use crate::emulator::kql::readings::BAG_ORDER;
use crate::emulator::kql::scope::{Meaning, Names, Scope};
use crate::emulator::kql::table::{Field, Row, Table};
use crate::emulator::kql::tree::{Expand, Operator};
use crate::emulator::kql::value::{Cell, Type};
use crate::json::Json;

/// What is expanded: a bound value, and the column that its elements make.
type Expanded = Vec<(Bound, Field)>;

impl Engine<'_> {
    pub(super) fn expand(&self, table: &Table, expand: &Expand, names: &Names) -> Rows {
        let expanded = self.expanded(table, expand, names)?;
        let limit = self.limit(expand, names)?;
        let mut ordered = !table.has_ties();
        let mut out = table.emptied();
        for (at, row) in table.rows.iter().enumerate() {
            let (elements, in_order) = self.elements(table, at, &expanded, expand.pairs)?;
            ordered &= in_order;
            for (number, elements) in elements.into_iter().enumerate().take(limit) {
                let mut one = Table { columns: table.columns.clone(), rows: vec![row.clone()], serialized: false };
                for (element, (_, field)) in elements.into_iter().zip(&expanded) {
                    one.set(field.clone(), vec![element]);
                }
                if let Some(name) = &expand.index {
                    one.set(
                        Field::new(&name.text, Type::Long),
                        vec![Cell::Long(i64::try_from(number).unwrap_or(i64::MAX))],
                    );
                }
                out.rows.append(&mut one.rows);
            }
            self.room(out.rows.len(), &expand.at())?;
        }
        let mut shape = table.emptied();
        for (_, field) in &expanded {
            shape.set(field.clone(), Vec::new());
        }
        if let Some(name) = &expand.index {
            shape.set(Field::new(&name.text, Type::Long), Vec::new());
        }
        out.columns = shape.columns;
        if ordered {
            out.fix_order();
        }
        Ok(out)
    }

    pub(super) fn apply(&self, table: &Table, expand: &Expand, operators: &[Operator], names: &Names) -> Rows {
        let expanded = self.expanded(table, expand, names)?;
        let limit = self.limit(expand, names)?;
        let mut columns: Vec<Field> = expanded.iter().map(|(_, field)| field.clone()).collect();
        if let Some(index) = &expand.index {
            columns.push(Field::new(&index.text, Type::Long));
        }
        // A column that is expanded under its own name is not there twice.
        let kept: Vec<usize> = (0..table.columns.len())
            .filter(|at| table.columns.get(*at).is_some_and(|field| columns.iter().all(|new| new.name != field.name)))
            .collect();
        let outer = table.take_columns(&kept);
        // Names and types are those of a row of nothing.
        let nothing = |field: &Field| field.kind.nothing();
        let blank = Row::new(outer.columns.iter().map(nothing).collect());
        let empty = Table::new(columns.clone(), Vec::new());
        let shape = self.run_operators(empty, operators, &self.seen_by_row(&outer, &blank, names))?;
        let mut out = outer.emptied();
        for field in &shape.columns {
            out.set(field.clone(), Vec::new());
        }
        for (at, row) in outer.rows.iter().enumerate() {
            let mut rows = Vec::new();
            let (elements, in_order) = self.elements(table, at, &expanded, expand.pairs)?;
            for (number, mut cells) in elements.into_iter().enumerate().take(limit) {
                if expand.index.is_some() {
                    cells.push(Cell::Long(i64::try_from(number).unwrap_or(i64::MAX)));
                }
                rows.push(cells);
            }
            let mut inner = Table::new(columns.clone(), rows);
            if in_order {
                inner.fix_order();
            }
            let inner = self.run_operators(inner, operators, &self.seen_by_row(&outer, row, names))?;
            let mut one =
                Table { columns: outer.columns.clone(), rows: vec![row.clone(); inner.rows.len()], serialized: false };
            for (number, field) in inner.columns.iter().enumerate() {
                one.set(field.clone(), inner.rows.iter().map(|row| row.cell(number)).collect());
            }
            out.rows.append(&mut one.rows);
            self.room(out.rows.len(), &expand.at())?;
        }
        out.serialized = false;
        Ok(out)
    }

    /// A row's columns as names, which the operators of `mv-apply` see.
    fn seen_by_row(&self, table: &Table, row: &Row, names: &Names) -> Names {
        let mut seen = names.clone();
        for (field, cell) in table.columns.iter().zip(&row.cells) {
            let value = Bound::constant(cell.clone(), field.kind, 0..0);
            seen = seen.with(&field.name, Meaning::Scalar(Rc::new(value)));
        }
        seen
    }

    fn limit(&self, expand: &Expand, names: &Names) -> Result<usize, Failure> {
        let Some(limit) = &expand.limit else { return Ok(usize::MAX) };
        let limit = self.constant_whole(limit, Scope::bare(names))?;
        Ok(usize::try_from(limit.unwrap_or_default()).unwrap_or_default())
    }

    fn expanded(&self, table: &Table, expand: &Expand, names: &Names) -> Result<Expanded, Failure> {
        let mut out: Expanded = Vec::new();
        for (named, kind) in &expand.columns {
            let bound = self.bind(&named.value, Scope { columns: &table.columns, names })?;
            if bound.kind != Type::Dynamic {
                let message = format!("a dynamic value is expected, not a {}", bound.kind.name());
                return Err(Failure::rejected(message, bound.at));
            }
            let kind = kind.unwrap_or(Type::Dynamic);
            if matches!(kind, Type::Time | Type::Span | Type::Guid) {
                let message = format!("elements as {} are not known here: JSON has none", kind.name());
                return Err(Failure::unknown(message, bound.at));
            }
            let name = match (named.names.as_slice(), called(&named.value)) {
                ([name], _) => name.text.clone(),
                ([], Called::Name(name)) => name,
                _ => return Err(Failure::unknown("what this column is called is not known here", bound.at)),
            };
            out.push((bound, Field::new(&name, kind)));
        }
        Ok(out)
    }

    /// The rows that a row becomes: of each, an element of every value. And whether their order is documented.
    fn elements(
        &self,
        table: &Table,
        at: usize,
        expanded: &Expanded,
        pairs: bool,
    ) -> Result<(Vec<Vec<Cell>>, bool), Failure> {
        let mut lists = Vec::new();
        let mut in_order = true;
        for (bound, field) in expanded {
            let list = match self.eval(bound, Frame { rows: &table.rows, at })? {
                Cell::Dynamic(Json::List(elements)) => elements.to_vec(),
                Cell::Dynamic(Json::Object(members)) => {
                    in_order &= members.len() < 2;
                    self.entries(&members, pairs)
                }
                Cell::Null => vec![Json::Null],
                _ => {
                    let message = "an expansion of what is neither list nor bag is not known here";
                    return Err(Failure::unknown(message, bound.at.clone()));
                }
            };
            lists.push((list, field.kind));
        }
        let count = lists.iter().map(|(list, _)| list.len()).max().unwrap_or_default();
        let row = |number: usize| {
            lists.iter().map(|(list, kind)| self.cast(list.get(number).unwrap_or(&Json::Null), *kind)).collect()
        };
        Ok(((0..count).map(row).collect(), in_order))
    }

    /// A bag a key, or a pair a key.
    fn entries(&self, members: &BTreeMap<Arc<str>, Json>, pairs: bool) -> Vec<Json> {
        let entry = |(key, value): (&Arc<str>, &Json)| {
            if pairs {
                Json::List([Json::Text(key.clone()), value.clone()].into())
            } else {
                Json::Object(Arc::new(BTreeMap::from([(key.clone(), value.clone())])))
            }
        };
        let mut entries: Vec<Json> = members.iter().map(entry).collect();
        if entries.len() > 1 && self.reads_order(BAG_ORDER) {
            entries.reverse();
        }
        entries
    }
}

impl Expand {
    /// Where it stands.
    fn at(&self) -> std::ops::Range<usize> {
        self.columns.first().map_or(0..0, |(named, _)| named.value.at.clone())
    }
}

//! Events of several rows: takes a source's `assemble`, gives a table of events that the query makes, and the stages that make it.
//!
//! The part that each event has is the table's own rows, one a key; each other part that the rule reads is a `let` with one row a key, and is
//! joined. The columns of the table are those of the parts that the rule reads, under the part's name.

use super::elements::or_null;
use super::list::filled;
use super::window::{Range, between, uncut};
use super::{Lower, Names, refuse};
use crate::bind::{BoundRule, told};
use crate::ir::{Assemble, Column, ColumnKind, Expr, ExprKind, Part, Place, Step};
use crate::target::kql::errors;
use crate::target::kql::tree::{Infix, Name, Rows, Scalar, Stage, Type};
use crate::target::said::Said;
use crate::target::{Condition, Lowering};

/// The table of events.
pub(super) struct Table<'a> {
    assemble: &'a Assemble,
    /// Its columns, as those of a place whose records are events.
    pub(super) place: Place,
    /// The part that gives the table its rows.
    head: usize,
    /// The parts, in their order.
    parts: Vec<Played<'a>>,
}

/// A part, where its rows are, and what is taken of it.
struct Played<'a> {
    part: &'a Part,
    place: Place,
    /// Its columns that the rule reads, and their names in the table of events.
    columns: Vec<(Column, Name)>,
    /// Whether the rule reads anything of it.
    read: bool,
    key: Name,
}

/// The table of the events that a rule reads.
pub(super) fn table<'a>(assemble: &'a Assemble, bound: &BoundRule, place: &Place, names: &mut Names) -> Table<'a> {
    let paths = paths(bound);
    let mut parts = Vec::new();
    let mut columns: Vec<Column> = Vec::new();
    for part in &assemble.parts {
        let of_part: Vec<&[Step]> = paths.iter().filter_map(|path| below(path, &part.name)).collect();
        let own = part.places.iter().find(|own| own.kind == place.kind).unwrap_or(place).clone();
        let mut taken: Vec<(Column, Name)> = Vec::new();
        let mut take = |column: &Column, path: Vec<Step>, taken: &mut Vec<(Column, Name)>| {
            // Several paths may lead to one column.
            let name = match taken.iter().find(|(known, _)| known.name == column.name) {
                Some((_, name)) => name.clone(),
                None => {
                    let name = names.fresh(&format!("{}_{}", part.name, column.name));
                    taken.push((column.clone(), name.clone()));
                    name
                }
            };
            if !columns.iter().any(|known| known.path == path) {
                columns.push(Column { path, name: name.0, kind: column.kind });
            }
        };
        if part.lists.is_some() {
            if !of_part.is_empty() {
                let list = Column { path: Vec::new(), name: "list".to_owned(), kind: ColumnKind::Dynamic };
                take(&list, vec![Step::Key(part.name.clone())], &mut taken);
            }
        } else {
            for path in &of_part {
                if let Some(column) = own.columns.iter().find(|column| path.starts_with(&column.path)) {
                    let mut whole = vec![Step::Key(part.name.clone())];
                    whole.extend(column.path.iter().cloned());
                    take(column, whole, &mut taken);
                }
            }
        }
        let key = names.fresh(&format!("{}_key", part.name));
        parts.push(Played { part, place: own, columns: taken, read: !of_part.is_empty(), key });
    }
    columns.sort_by(|a, b| b.path.len().cmp(&a.path.len()).then_with(|| a.path.cmp(&b.path)));
    let head = parts.iter().position(|played| !played.part.optional).unwrap_or(0);
    let place = Place { kind: place.kind, name: place.name.clone(), columns, constants: Vec::new() };
    Table { assemble, place, head, parts }
}

impl Lower<'_> {
    /// The stages that make the table's rows, and the tables that they are joined with.
    pub(super) fn put_together(&mut self, cx: &mut Lowering<'_>, made: &Table<'_>, range: &Range) -> Said<()> {
        cx.provided(Condition::PartsLieWithin(made.assemble.within));
        let Some(head) = made.parts.get(made.head) else { return refuse(errors::unbound(cx.source.span)) };
        self.stages = self.part(made, head, range)?;
        for (at, played) in made.parts.iter().enumerate() {
            if at == made.head || (played.part.optional && !played.read) {
                continue;
            }
            let stages = self.part(made, played, range)?;
            let table = self.names.fresh(&format!("{}_rows", played.part.name));
            self.tables.push((table.clone(), Rows { table: Name::new(&played.place.name), stages }));
            let on = vec![(head.key.clone(), played.key.clone())];
            self.stages.push(Stage::Join { inner: !played.part.optional, table, on });
        }
        Ok(())
    }

    /// One row a key, with the columns that are read, of the rows that play a part.
    fn part(&mut self, made: &Table<'_>, played: &Played<'_>, range: &Range) -> Said<Vec<Stage>> {
        let Assemble { key, within, time, .. } = made.assemble;
        let mut rows = Lower::of((self.rule, time), &played.place, &mut self.names);
        let said = rows.played(key, time, *within, played, range);
        let Lower { names, stages, effects, .. } = rows;
        self.names = names;
        self.effects.provided.extend(effects.provided);
        self.effects.weaker.extend(effects.weaker);
        said.map(|()| stages)
    }

    fn played(&mut self, key: &Expr, time: &Expr, within: i64, played: &Played<'_>, range: &Range) -> Said<()> {
        let part = played.part;
        let time = uncut(self.value(time)?.scalar);
        let time = self.once(time, "row_time");
        // They may lie on either side of the event, whose time is that of any of them.
        let from = Scalar::infix(range.from.clone(), Infix::Subtract, Scalar::Timespan(within));
        let to = Scalar::infix(range.to.clone(), Infix::Add, Scalar::Timespan(within));
        self.stages.push(Stage::Where(between(&time, from, to)));
        let key = self.value(key)?;
        self.stages.push(Stage::Where(key.clone().present()));
        for pred in &part.filter {
            let truth = self.truth(&told(pred.clone(), self.place))?;
            if truth.scalar != Scalar::Bool(true) {
                self.stages.push(Stage::Where(truth.scalar));
            }
        }
        let by = vec![(played.key.clone(), key.scalar)];
        match &part.lists {
            None => {
                let mut args = vec![time];
                let mut columns = vec![(played.key.clone(), Scalar::column(&played.key))];
                for (column, name) in &played.columns {
                    let own = Scalar::Column(Name::new(&column.name));
                    if !args.contains(&own) {
                        args.push(own.clone());
                    }
                    columns.push((name.clone(), own));
                }
                // Without a column to take along, whatever the key has is one row.
                let first = Scalar::call("arg_min", args);
                self.stages.push(Stage::Summarize { columns: vec![(None, first)], by });
                self.stages.push(Stage::Project(columns));
            }
            Some(lists) => self.listed(lists, part, time, by, played)?,
        }
        Ok(())
    }

    /// The elements of a key's rows as one list.
    fn listed(
        &mut self,
        lists: &Expr,
        part: &Part,
        time: Scalar,
        by: Vec<(Name, Scalar)>,
        played: &Played<'_>,
    ) -> Said<()> {
        let list = self.array(lists)?;
        let order = part.order.as_ref().map(|order| self.value(order)).transpose()?;
        let (index, element) = (self.names.fresh("list_place"), self.names.fresh("list_item"));
        let order = order.map(|order| self.once(order.scalar, "row_order"));
        let key = self.once(by.first().map_or(Scalar::Bool(true), |(_, key)| key.clone()), "row_key");
        // A record without elements plays its part all the same.
        let list = if part.optional {
            self.stages.push(Stage::Where(filled(list.clone())));
            list
        } else {
            or_null(list)
        };
        self.stages.push(Stage::MvExpand {
            index: Some(index.clone()),
            element: element.clone(),
            list,
            ty: Type::Dynamic,
            pairs: false,
        });
        let time = self.once(time, "row_time");
        let sorted = [Some(key), order, Some(time), Some(Scalar::Column(index))].into_iter().flatten();
        self.stages.push(Stage::Sort(sorted.filter_map(column_name).collect()));
        let columns = played.columns.iter().map(|(_, name)| (Some(name.clone()), present(Scalar::column(&element))));
        self.stages.push(Stage::Summarize { columns: columns.collect(), by });
        Ok(())
    }

    /// A list of JSON that stands in a row.
    fn array(&mut self, list: &Expr) -> Said<Scalar> {
        match self.raw(list)? {
            super::read::Raw::Elements { list, rest } if rest.is_empty() => Ok(self.once(list, "list_value")),
            _ => refuse(errors::deep_list(list.span)),
        }
    }
}

/// The elements that are there, as a list.
fn present(element: Scalar) -> Scalar {
    Scalar::call("make_list_if", [element.clone(), Scalar::call("isnotnull", [element])])
}

fn column_name(scalar: Scalar) -> Option<Name> {
    match scalar {
        Scalar::Column(name) => Some(name),
        _ => None,
    }
}

/// What stands behind a part's name.
fn below<'p>(path: &'p [Step], part: &str) -> Option<&'p [Step]> {
    match path {
        [Step::Key(first), rest @ ..] if first == part => Some(rest),
        _ => None,
    }
}

/// Every path into the event's record that a rule reads.
fn paths(bound: &BoundRule) -> Vec<Vec<Step>> {
    let mut out: Vec<Vec<Step>> = Vec::new();
    let mut visit = |expr: &Expr| {
        if let ExprKind::Path(base, steps) = &expr.kind
            && base.kind == ExprKind::Record
            && !out.contains(steps)
        {
            out.push(steps.clone());
        }
    };
    let rule = &bound.rule;
    rule.walk(&mut visit);
    bound.time.walk(&mut visit);
    bound.event_id.iter().for_each(|id| id.walk(&mut visit));
    out
}

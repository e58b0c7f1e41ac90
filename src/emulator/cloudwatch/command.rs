//! Commands over rows, one after another: takes the events that a run sees, gives the result.
//!
//! Rows that the documentation does not put in an order share a rank; where a cut goes between two of them, the question is asked.

use std::rc::Rc;
use std::sync::Arc;

use super::eval::{Context, Scope};
use super::order;
use super::pattern::Pattern;
use super::reading::Question;
use super::row::Row;
use super::stats;
use super::store::Event;
use super::tree::{Command, Does, Expr, Group, Item, Join, Name, Node, Place, SortKey};
use super::value::Cell;
use crate::emulator::{Answer, Failure};
use crate::json::Json;

/// Most rows of a result where no `limit` says otherwise.
const DEFAULT_LIMIT: usize = 10_000;
/// Most keys on the right of a `join`.
const MOST_JOIN_KEYS: usize = 50_000;
/// Most rows that `unnest` and `join` may make; a bound of this emulator.
const MOST_ROWS: usize = 250_000;
/// What is shown where nothing says it.
const DEFAULT_COLUMNS: [&str; 2] = ["@timestamp", "@message"];

struct Table<'a> {
    context: Context<'a>,
    /// All events, the newest first.
    events: Vec<Row>,
    rows: Vec<Row>,
    /// What `fields`, `parse` and `stats` show, in their order.
    shown: Vec<String>,
    /// What the last `display` shows.
    displayed: Option<Vec<String>>,
    /// Whether the time and the message are shown too, as where no command chose fields.
    chosen: bool,
    limited: bool,
}

/// Runs commands over events.
pub(super) fn run(commands: &[Command], events: &[Rc<Event>], context: Context<'_>) -> Result<Answer, Failure> {
    let mut events = events.to_vec();
    events.sort_by_key(|event| std::cmp::Reverse(event.time));
    let mut rows: Vec<Row> = Vec::with_capacity(events.len());
    let mut last: Option<i64> = None;
    for event in events {
        let rank = rows.last().map_or(0, |row| row.rank + usize::from(last != Some(event.time)));
        last = Some(event.time);
        rows.push(Row { event: Some(event), cells: Default::default(), rank, sides: Vec::new() });
    }
    let mut table = Table {
        context,
        events: rows.clone(),
        rows,
        shown: Vec::new(),
        displayed: None,
        chosen: false,
        limited: false,
    };
    for command in commands {
        table.step(command)?;
    }
    if !table.limited {
        table.limit(DEFAULT_LIMIT, false);
    }
    table.answer()
}

impl Table<'_> {
    fn step(&mut self, command: &Command) -> Result<(), Failure> {
        match &command.does {
            Does::Source(groups) => self.source(groups),
            Does::Fields(items) => {
                self.set(items)?;
                self.chosen = true;
                items.iter().for_each(|item| self.show(&item.name.name));
                Ok(())
            }
            Does::Display(items) => {
                self.set(items)?;
                self.displayed = Some(items.iter().map(|item| item.name.name.clone()).collect());
                Ok(())
            }
            Does::Filter(condition) => self.filter(condition),
            Does::Parse { from, pattern, names } => self.parse(from.as_ref(), pattern, names),
            Does::Stats { measures, keys } => {
                self.rows = stats::stats(measures, keys, &self.rows, &self.context, &command.at)?;
                self.shown = keys.iter().chain(measures).map(|item| item.name.name.clone()).collect();
                self.displayed = None;
                self.chosen = true;
                Ok(())
            }
            Does::Sort(keys) => self.sort(keys),
            Does::Limit { most, any } => {
                self.limit(*most, *any);
                self.limited = true;
                Ok(())
            }
            Does::Dedup(keys) => self.dedup(keys, &command.at),
            Does::Unnest { list, into } => self.unnest(list, into),
            Does::Join(join) => self.join(join, &command.at),
        }
    }

    fn show(&mut self, name: &str) {
        if !self.shown.iter().any(|shown| shown == name) {
            self.shown.push(name.to_owned());
        }
    }

    fn eval(&self, expr: &Expr, row: &Row) -> Result<Cell, Failure> {
        self.context.eval(expr, Scope::Row(row))
    }

    /// The values of an expression, one a row.
    fn column(&self, expr: &Expr) -> Result<Vec<Cell>, Failure> {
        self.rows.iter().map(|row| self.eval(expr, row)).collect()
    }

    fn source(&mut self, groups: &[Group]) -> Result<(), Failure> {
        let chosen = |group: &str| {
            let name = group.split_once(':').map_or(group, |(_, name)| name);
            groups.iter().any(|chosen| match chosen {
                Group::Named(named) => named == name,
                Group::WithPrefix(prefix) => name.starts_with(prefix),
            })
        };
        let mut kept = Vec::new();
        for row in std::mem::take(&mut self.rows) {
            let group = row.event.as_ref().and_then(|event| event.group.clone());
            let message = "`SOURCE` chooses log groups, and a record does not say its own";
            if chosen(&group.ok_or_else(|| Failure::bad_logs(message))?) {
                kept.push(row);
            }
        }
        self.rows = kept;
        Ok(())
    }

    /// Puts values into rows, by their names.
    fn set(&mut self, items: &[Item]) -> Result<(), Failure> {
        let columns = items.iter().map(|item| self.column(&item.value)).collect::<Result<Vec<Vec<Cell>>, Failure>>()?;
        for (item, column) in items.iter().zip(columns) {
            let name: Arc<str> = item.name.name.as_str().into();
            for (row, cell) in self.rows.iter_mut().zip(column) {
                row.cells.insert(name.clone(), cell);
            }
        }
        Ok(())
    }

    fn filter(&mut self, condition: &Expr) -> Result<(), Failure> {
        let mut kept = Vec::new();
        for row in std::mem::take(&mut self.rows) {
            if self.context.truth(condition, Scope::Row(&row))? == Some(true) {
                kept.push(row);
            }
        }
        self.rows = kept;
        Ok(())
    }

    fn parse(&mut self, from: Option<&Expr>, pattern: &Pattern, names: &[Name]) -> Result<(), Failure> {
        let whole = from.is_none_or(|from| matches!(&from.node, Node::Path(path) if path.concat() == "@message"));
        let readings = self.context.readings;
        let mut rows = std::mem::take(&mut self.rows);
        for row in &mut rows {
            let message = ["@message".to_owned()];
            let (value, at) = match from {
                Some(from) => (self.eval(from, row)?, from.at.clone()),
                None => (row.value(&message, readings, &(0..0))?, 0..0),
            };
            let text = value.as_text(readings, &at)?;
            let too_many = whole && row.event.as_ref().is_some_and(|event| event.fields.too_many());
            let read = text.filter(|_| !(too_many && self.context.other(Question::ParseCap)));
            let taken = read.and_then(|text| pattern.taken(&text, readings)).unwrap_or_default();
            let mut taken = taken.into_iter();
            for name in names {
                let cell = taken.next().flatten().map_or(Cell::Missing, Cell::text);
                row.cells.insert(name.name.as_str().into(), cell);
            }
        }
        self.rows = rows;
        names.iter().for_each(|name| self.show(&name.name));
        Ok(())
    }

    fn sort(&mut self, keys: &[SortKey]) -> Result<(), Failure> {
        let mut columns = Vec::with_capacity(keys.len());
        for key in keys {
            let column = self.column(&key.value)?;
            if column.iter().any(|cell| matches!(cell, Cell::Structure(_))) {
                let message = "where `sort` puts a map or a list; it is documented as not supported";
                return Err(Failure::unknown(message, key.value.at.clone()));
            }
            let descending = key.descending.unwrap_or_else(|| self.context.other(Question::SortDirection));
            columns.push((column, descending));
        }
        let context = self.context;
        let compared = |left: usize, right: usize| {
            let one = |(column, descending): &(Vec<Cell>, bool)| {
                let (left, right) = (column.get(left)?, column.get(right)?);
                let order = match (left.has_value(), right.has_value()) {
                    (true, true) => order::sorted(left, right, context.readings),
                    (false, false) => return None,
                    // Missing values last, or as the least of all.
                    (left, _) => {
                        let last = *descending || !context.other(Question::SortMissing);
                        return Some(if left == last { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater });
                    }
                };
                Some(if *descending { order.reverse() } else { order })
            };
            columns.iter().filter_map(one).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        };
        let mut places: Vec<usize> = (0..self.rows.len()).collect();
        places.sort_by(|left, right| compared(*left, *right));
        let mut sorted: Vec<Row> = Vec::with_capacity(places.len());
        for (number, place) in places.iter().enumerate() {
            let before = number.checked_sub(1).and_then(|before| places.get(before));
            let moved = before.is_some_and(|before| compared(*before, *place).is_ne());
            let rank = sorted.last().map_or(0, |row| row.rank + usize::from(moved));
            sorted.extend(self.rows.get(*place).cloned().map(|row| Row { rank, ..row }));
        }
        self.rows = sorted;
        Ok(())
    }

    /// The first rows; where the cut goes through rows of one rank, which of them is not documented.
    fn limit(&mut self, most: usize, any: bool) {
        if self.rows.len() <= most {
            return;
        }
        let rank = |place: usize| if any { Some(0) } else { self.rows.get(place).map(|row| row.rank) };
        let cut = rank(most);
        if rank(most.saturating_sub(1)) == cut && self.context.other(Question::Ties) {
            let tied = (0..self.rows.len()).filter(|place| rank(*place) == cut);
            let (start, end) = tied.fold((most, most), |(start, end), place| (start.min(place), end.max(place + 1)));
            let taken = most - start;
            self.rows.drain(start..end - taken);
        }
        self.rows.truncate(most);
    }

    /// The first row of each key; rows without one all stay.
    fn dedup(&mut self, keys: &[Expr], at: &Place) -> Result<(), Failure> {
        let columns = keys.iter().map(|key| self.column(key)).collect::<Result<Vec<Vec<Cell>>, Failure>>()?;
        let written = order::keys(&columns, self.context.readings, at)?;
        let mut places = std::collections::BTreeMap::new();
        let mut kept: Vec<Row> = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            let key: Option<Vec<&str>> = written.iter().map(|column| column.get(number)?.as_deref()).collect();
            let Some(key) = key else {
                kept.push(row.clone());
                continue;
            };
            let place = *places.entry(key).or_insert(kept.len());
            match kept.get_mut(place) {
                None => kept.push(row.clone()),
                Some(first) if first.rank == row.rank && self.context.other(Question::Ties) => *first = row.clone(),
                Some(_) => {}
            }
        }
        self.rows = kept;
        Ok(())
    }

    fn unnest(&mut self, list: &Expr, into: &Name) -> Result<(), Failure> {
        let name: Arc<str> = into.name.as_str().into();
        let mut made = Vec::new();
        for (row, value) in self.rows.iter().zip(self.column(list)?) {
            let elements = match value {
                Cell::Structure(Json::List(list)) => {
                    list.iter().map(|element| Cell::of_json(element, self.context.readings)).collect()
                }
                Cell::Missing | Cell::Null if !self.context.other(Question::UnnestMissing) => Vec::new(),
                one => vec![one],
            };
            for element in elements {
                let mut row = row.clone();
                row.cells.insert(name.clone(), element);
                made.push(row);
            }
            if made.len() > MOST_ROWS {
                return Err(Failure::unknown(format!("an `unnest` to more than {MOST_ROWS} rows"), list.at.clone()));
            }
        }
        self.rows = made;
        self.show(&into.name);
        Ok(())
    }

    /// Each row with each event of the other group that has its key.
    fn join(&mut self, join: &Join, at: &Place) -> Result<(), Failure> {
        let readings = self.context.readings;
        let of_group = |row: &&Row| {
            let group = row.event.as_ref().and_then(|event| event.group.as_deref());
            group.is_some_and(|group| group.split_once(':').map_or(group, |(_, name)| name) == join.group)
        };
        let right: Vec<Rc<Row>> = self.events.iter().filter(of_group).cloned().map(Rc::new).collect();
        let key = |row: &Row, path: &[String]| row.value(path, readings, at);
        let left_keys = self.rows.iter().map(|row| key(row, &join.left.key));
        let cells = left_keys.chain(right.iter().map(|row| key(row, &join.right.key)));
        let column = cells.collect::<Result<Vec<Cell>, Failure>>()?;
        let written = order::keys(&[column], readings, at)?.pop().unwrap_or_default();
        let (of_left, of_right) = written.split_at_checked(self.rows.len()).unwrap_or_default();
        let mut by_key: std::collections::BTreeMap<&str, Vec<&Rc<Row>>> = std::collections::BTreeMap::new();
        for (key, row) in of_right.iter().zip(&right) {
            if let Some(key) = key {
                by_key.entry(key).or_default().push(row);
            }
        }
        if by_key.len() > MOST_JOIN_KEYS {
            let message = format!("the right side of a `join` has more than {MOST_JOIN_KEYS} keys");
            return Err(Failure::stopped(message, Some(at.clone())));
        }
        let mut made = Vec::new();
        for (row, key) in self.rows.iter().zip(of_left) {
            let left = Rc::new(row.clone());
            let matches = key.as_deref().and_then(|key| by_key.get(key)).map_or(&[][..], Vec::as_slice);
            let mut together = |right: Option<&Rc<Row>>| {
                let sides = vec![
                    (Arc::from(join.left.alias.as_str()), Some(left.clone())),
                    (Arc::from(join.right.alias.as_str()), right.cloned()),
                ];
                made.push(Row { event: None, cells: Default::default(), rank: row.rank, sides });
            };
            matches.iter().for_each(|right| together(Some(right)));
            if matches.is_empty() && join.outer {
                together(None);
            }
            if made.len() > MOST_ROWS {
                return Err(Failure::unknown(format!("a `join` to more than {MOST_ROWS} rows"), at.clone()));
            }
        }
        self.rows = made;
        (self.shown, self.displayed, self.chosen) = (Vec::new(), None, false);
        Ok(())
    }

    fn answer(self) -> Result<Answer, Failure> {
        let shown = if self.chosen {
            self.shown
        } else {
            let defaults = DEFAULT_COLUMNS.iter().map(|name| (*name).to_owned());
            defaults.chain(self.shown.into_iter().filter(|name| !DEFAULT_COLUMNS.contains(&name.as_str()))).collect()
        };
        let columns = self.displayed.unwrap_or(shown);
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let cell = |name: &String| row.value(std::slice::from_ref(name), self.context.readings, &(0..0));
            let cells = columns.iter().map(cell).collect::<Result<Vec<Cell>, Failure>>()?;
            rows.push(cells.iter().map(Cell::shown).collect());
        }
        Ok(Answer { columns, rows })
    }
}

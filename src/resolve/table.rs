//! Tables: takes a CSV file of the pack, gives what a text is looked up in; a lookup becomes a `case` of equalities, which every stage knows.

use std::collections::BTreeMap;

use super::errors;
use super::list::ReadFile;
use super::scope::Resolver;
use crate::csv;
use crate::diag::Diagnostic;
use crate::ir::{Comparison, Expr, ExprKind, Literal, Pred, PredKind, Type};
use crate::source::{Span, Spanned};
use crate::syntax::ast;

/// How it is written.
pub(super) const LOOKUP: (&str, &str) = ("lookup", "lookup(table, caller.id, \"column\")");

/// Most rows: each is written out in what is emitted, and over that queries pass every target's limit.
const MAX_ROWS: usize = 2_000;
/// Most columns.
const MAX_COLUMNS: usize = 64;
/// Most bytes of a cell.
const MAX_CELL: usize = 4_000;

/// Most nodes of all keys of a lookup.
const MAX_NODES: usize = 100_000;

/// A table: its first column has the keys, each once and never empty.
#[derive(Debug, Clone)]
pub(super) struct Table {
    columns: Vec<String>,
    /// As many cells a row as there are columns; an empty one is missing.
    rows: Vec<Vec<String>>,
}

/// Reads a table's file; what is wrong is said, and gives none.
pub(super) fn table(written: &ast::Table, read: ReadFile<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<Table> {
    let file = &written.file;
    let before = diagnostics.len();
    let text = match read(&file.node) {
        Ok(text) => text,
        Err(why) => {
            diagnostics.push(errors::unreadable_file(file.span, "table", &file.node, &why));
            return None;
        }
    };
    let records = match csv::records(text.trim_start_matches('\u{feff}')) {
        Ok(records) => records,
        Err((line, expected)) => {
            diagnostics.push(errors::table_line(file, line, format!("expected {expected}"), QUOTES));
            return None;
        }
    };
    let mut records = records.into_iter().map(|(line, cells)| (line, trimmed(cells)));
    let Some((line, columns)) = records.next() else {
        diagnostics.push(errors::table(file.span, format!("`{}` is empty", file.node), HEADER));
        return None;
    };
    header(file, line, &columns, diagnostics);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (line, cells) in records {
        let mut wrong = |what: String, help: &str| diagnostics.push(errors::table_line(file, line, what, help));
        let key = cells.first().cloned().unwrap_or_default();
        if cells.len() != columns.len() {
            let what = format!("{} cells, where the first line has {}", cells.len(), columns.len());
            wrong(what, "give each row a cell for each column; what holds a comma stands in quotes");
        } else if key.is_empty() {
            wrong("no key".to_owned(), "the first cell is what is looked up: fill it, or take the row out");
        } else if let Some(first) = lines.get(&key) {
            wrong(format!("the key `{key}` stands on line {first} already"), "keep one of the two rows");
        } else if let Some(long) = cells.iter().find(|cell| cell.len() > MAX_CELL) {
            let what = format!("a cell of {} bytes, at most {MAX_CELL} are taken", long.len());
            wrong(what, "shorten it: a table says who or what, not all about it");
        } else {
            lines.insert(key, line);
            rows.push(cells);
        }
    }
    if rows.is_empty() && diagnostics.len() == before {
        let message = format!("`{}` has no rows below its first line", file.node);
        diagnostics.push(errors::table(
            file.span,
            message,
            "nothing would ever be found: give it a row, or take it out",
        ));
    }
    if rows.len() > MAX_ROWS {
        let message = format!("table of {} rows, at most {MAX_ROWS} are taken", rows.len());
        diagnostics.push(errors::table(file.span, message, "leave out rows that no rule asks for, or split the table"));
    }
    (diagnostics.len() == before).then_some(Table { columns, rows })
}

/// What a table's file is to look like.
const HEADER: &str =
    "a table is CSV: its first line names the columns, of which the first one has the keys: `arn,team,contact`";
/// How cells stand in quotes.
const QUOTES: &str = "a cell in quotes ends with a quote before the next comma; a quote inside of it is written twice";

fn trimmed(cells: Vec<String>) -> Vec<String> {
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

/// The names of the columns: each there, each once.
fn header(file: &Spanned<String>, line: usize, columns: &[String], diagnostics: &mut Vec<Diagnostic>) {
    if columns.len() > MAX_COLUMNS {
        let what = format!("{} columns, at most {MAX_COLUMNS} are taken", columns.len());
        diagnostics.push(errors::table_line(file, line, what, "leave out those that no rule asks for"));
    }
    for (n, name) in columns.iter().enumerate() {
        if name.is_empty() {
            diagnostics.push(errors::table_line(file, line, format!("column {} has no name", n + 1), HEADER));
        } else if columns.iter().take(n).any(|earlier| earlier == name) {
            let what = format!("second column `{name}`");
            diagnostics.push(errors::table_line(file, line, what, "give one of them another name"));
        }
    }
}

impl Table {
    /// The values of a column in the order of the rows, each with the keys of its rows.
    fn values(&self, column: usize) -> Vec<(&str, Vec<Literal>)> {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut out: Vec<(&str, Vec<Literal>)> = Vec::new();
        for row in &self.rows {
            let (Some(key), Some(value)) = (row.first(), row.get(column).filter(|value| !value.is_empty())) else {
                continue;
            };
            let next = out.len();
            let place = *places.entry(value).or_insert(next);
            if place == next {
                out.push((value, Vec::new()));
            }
            if let Some((_, keys)) = out.get_mut(place) {
                keys.push(Literal::Text(key.clone()));
            }
        }
        out
    }
}

impl Resolver<'_> {
    /// `lookup(NAME, key, "column")`: an arm for each value, which holds where the key is one of those of its rows.
    pub(super) fn lookup(
        &mut self,
        table: &ast::Expr,
        key: &ast::Expr,
        column: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        let (word, usage) = LOOKUP;
        let name = match &*table.node {
            ast::ExprKind::Reference(name, suffixes) if suffixes.is_empty() => name,
            _ => return self.wrong(errors::bad_argument(table.span, word, "a table", usage)),
        };
        if self.scope.raw {
            return self.wrong(errors::lookup_in_source(span));
        }
        let names = self.names;
        // What is wrong with the key is said even where the table is not known.
        let key = self.value(key, &Type::Text);
        let Some(table) = names.tables.get(&name.node) else {
            if names.is_broken("table", &name.node) {
                return self.silent();
            }
            return self.wrong(errors::no_table(name.span, &name.node, names.tables.keys().map(String::as_str)));
        };
        let ast::ExprKind::Literal(ast::Literal::Text(wanted, _)) = &*column.node else {
            return self.wrong(errors::bad_argument(column.span, word, "a column's name in quotes", usage));
        };
        let Some(place) = table.columns.iter().position(|known| known == wanted) else {
            let known = table.columns.iter().map(String::as_str);
            let whose = format!("table `{}`", name.node);
            return self.wrong(errors::lacks(column.span, &whose, "column", wanted, known));
        };
        let key = key?;
        let values = table.values(place);
        if values.is_empty() {
            let message = format!("column `{wanted}` of `{}` is empty", name.node);
            return self.wrong(errors::table(column.span, message, "nothing would ever be found: fill a cell of it"));
        }
        // The key stands in each arm.
        let mut nodes = 0;
        key.walk(&mut |_| nodes += 1);
        if nodes * values.len() > MAX_NODES {
            return self.wrong(errors::long_key(key.span));
        }
        let arms = values.into_iter().map(|(value, keys)| {
            let value = Expr::literal(Literal::Text(value.to_owned()), span);
            (Pred::new(one_of(key.clone(), keys, span), span), value)
        });
        Some(Expr::new(ExprKind::Case(arms.collect(), None), Type::Text, span))
    }
}

/// Whether a key is one of some.
fn one_of(key: Expr, mut keys: Vec<Literal>, span: Span) -> PredKind {
    match (keys.pop(), keys.is_empty()) {
        (Some(only), true) => PredKind::Compare(Comparison::Equal, key, Expr::literal(only, span)),
        (last, _) => {
            keys.extend(last);
            PredKind::OneOf { subject: key, options: keys, nocase: false }
        }
    }
}

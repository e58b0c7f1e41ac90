//! `parse` and `parse-where`: a pattern of texts and columns → columns.

use regex::Regex;

use crate::emulator::Failure;
use crate::emulator::kql::dynamic::plain;
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::moment;
use crate::emulator::kql::pipeline::Rows;
use crate::emulator::kql::readings::PARSE_ENDS;
use crate::emulator::kql::scope::Names;
use crate::emulator::kql::table::{Field, Table};
use crate::emulator::kql::tree::{Column, Parse, ParsePart};
use crate::emulator::kql::value::{Cell, Type};

impl Engine<'_> {
    pub(super) fn parse_text(&self, mut table: Table, parse: &Parse, names: &Names) -> Rows {
        let bound = self.bind_over(&mut table, &parse.value, names)?;
        let values = self.column_of(&table, &bound)?;
        let columns: Vec<&Column> = parse
            .parts
            .iter()
            .filter_map(|part| match part {
                ParsePart::Column(column) => Some(column),
                _ => None,
            })
            .collect();
        let inner = pattern(&parse.parts)?;
        let whole = self.pattern(&format!("(?s)^{inner}$"), &bound.at)?;
        // A last column takes what is left.
        let end = if matches!(parse.parts.last(), Some(ParsePart::Text(_))) { "" } else { "$" };
        let within = self.pattern(&format!("(?s)^.*?{inner}{end}"), &bound.at)?;
        let mut made: Vec<Vec<Cell>> = vec![Vec::new(); columns.len()];
        let mut held = Vec::new();
        for value in values {
            let text = self.text(&plain(value), &bound)?;
            let parsed = self.parsed(&text, &whole, &within, &columns, parse)?;
            held.push(parsed.is_some());
            let parsed = parsed.unwrap_or_else(|| columns.iter().map(|column| column.kind.nothing()).collect());
            for (cells, cell) in made.iter_mut().zip(parsed) {
                cells.push(cell);
            }
        }
        for (column, cells) in columns.iter().zip(made) {
            table.set(Field::new(&column.name.text, column.kind), cells);
        }
        if parse.only_matches {
            let mut held = held.into_iter();
            table.rows.retain(|_| held.next().unwrap_or_default());
        }
        Ok(table)
    }

    /// The columns' values; none where the text does not fit.
    fn parsed(
        &self,
        text: &str,
        whole: &Regex,
        within: &Regex,
        columns: &[&Column],
        parse: &Parse,
    ) -> Result<Option<Vec<Cell>>, Failure> {
        let found = match whole.captures(text) {
            Some(found) => Some(found),
            None if within.is_match(text) && self.reads_other(PARSE_ENDS) => within.captures(text),
            None => None,
        };
        let Some(found) = found else { return Ok(None) };
        let mut cells = Vec::new();
        for (number, column) in columns.iter().enumerate() {
            let part = found.get(number + 1).map_or("", |part| part.as_str());
            match typed(part, column)? {
                Some(cell) => cells.push(cell),
                None if parse.relaxed => cells.push(column.kind.nothing()),
                None => return Ok(None),
            }
        }
        Ok(Some(cells))
    }
}

/// A regular expression with a group a column.
fn pattern(parts: &[ParsePart]) -> Result<String, Failure> {
    let mut out = String::new();
    let mut next = parts.iter().skip(1);
    for part in parts {
        let followed_by_skip = matches!(next.next(), Some(ParsePart::Skip));
        match part {
            ParsePart::Skip => out.push_str(".*?"),
            ParsePart::Text(text) => out.push_str(&regex::escape(text)),
            ParsePart::Column(column) if followed_by_skip => out.push_str(match column.kind {
                Type::Text => {
                    let message = "`*` after a column of string: where the column ends is not told";
                    return Err(Failure::rejected(message, column.name.at.clone()));
                }
                Type::Int | Type::Long => r"([-+]?\d+)",
                Type::Real => r"([-+]?\d+(?:\.\d+)?)",
                _ => return Err(Failure::unknown("`*` after such a column is not known here", column.name.at.clone())),
            }),
            ParsePart::Column(_) => out.push_str("(.*?)"),
        }
    }
    Ok(out)
}

/// A part of a text as a value of a column's type; none where it is none.
fn typed(text: &str, column: &Column) -> Result<Option<Cell>, Failure> {
    let trimmed = text.trim();
    Ok(match column.kind {
        Type::Text => Some(Cell::text(text)),
        Type::Int => trimmed.parse::<i32>().ok().map(|value| Cell::Long(i64::from(value))),
        Type::Long => trimmed.parse().ok().map(Cell::Long),
        Type::Real => trimmed.parse().ok().filter(|value: &f64| value.is_finite()).map(Cell::Real),
        Type::Bool => match trimmed {
            "true" => Some(Cell::Bool(true)),
            "false" => Some(Cell::Bool(false)),
            _ => None,
        },
        Type::Time => match moment::time(trimmed) {
            None if trimmed.contains(|c: char| c.is_ascii_digit()) => {
                let message = format!("{trimmed:?} as a datetime is not known here");
                return Err(Failure::unknown(message, column.name.at.clone()));
            }
            ticks => ticks.map(Cell::Time),
        },
        Type::Span => moment::span(trimmed).map(Cell::Span),
        Type::Guid => Cell::guid(trimmed),
        Type::Dynamic => {
            return Err(Failure::unknown("a parsed column of dynamic is not known here", column.name.at.clone()));
        }
    })
}

//! Coverage for a terminal: tables that stay within a line, with sentences wrapped below them.

use super::blocks::{Block, By, Note, Table, blocks, title, totals};
use super::{Coverage, Tagged, matrix};

/// Longest line, in characters, where its words allow it.
const WIDTH: usize = 110;

/// What `coverage` prints of a pack.
#[must_use]
pub fn text(coverage: &Coverage<'_>, by: By) -> String {
    let mut out = format!("{}\n", title(coverage));
    for block in blocks(coverage, by) {
        out.push('\n');
        out.push_str(&of_block(&block));
    }
    out.push('\n');
    totals(coverage).iter().for_each(|note| out.push_str(&of_note(note, 0)));
    out
}

/// What `coverage --by atlas` prints.
#[must_use]
pub fn tagged_text(tagged: &Tagged<'_>) -> String {
    format!("{}\n\n{}", matrix::title(tagged), of_block(&matrix::block(tagged)))
}

fn of_block(block: &Block) -> String {
    let mut out = wrapped(&format!("{}: {}", block.title, block.about), 0, 2);
    for (n, table) in block.tables.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        out.push_str(&of_table(table));
    }
    block.notes.iter().for_each(|note| out.push_str(&of_note(note, 2)));
    out
}

fn of_note(note: &Note, indent: usize) -> String {
    let mut out = format!("{}{}\n", " ".repeat(indent), note.title);
    note.lines.iter().for_each(|line| out.push_str(&wrapped(line, indent + 2, indent + 4)));
    out
}

/// A table, cut into as many as its columns need. What stands before the dot of a column's name has a line of its own.
fn of_table(table: &Table) -> String {
    let longest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let first = longest(&mut table.rows.iter().map(|(rule, _)| rule.as_str()));
    let heads: Vec<(&str, &str)> =
        table.columns.iter().map(|name| name.split_once('.').unwrap_or(("", name.as_str()))).collect();
    let width = |n: usize, head: &(&str, &str)| {
        let cells = table.rows.iter().filter_map(|(_, cells)| cells.get(n).map(String::as_str));
        longest(&mut cells.chain([head.0, head.1]))
    };
    let widths: Vec<usize> = heads.iter().enumerate().map(|(n, head)| width(n, head)).collect();
    let mut out = String::new();
    let mut start = 0;
    while start < widths.len() {
        let mut end = start;
        let mut line = 2 + first;
        while let Some(width) = widths.get(end).filter(|width| end == start || line + 2 + **width <= WIDTH) {
            line += 2 + width;
            end += 1;
        }
        if start > 0 {
            out.push('\n');
        }
        let mut row = |rule: &str, cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> = widths
                .iter()
                .take(end)
                .skip(start)
                .zip(cells.skip(start))
                .map(|(width, cell)| format!("{cell:width$}"))
                .collect();
            out.push_str(format!("  {rule:first$}  {}", cells.join("  ")).trim_end());
            out.push('\n');
        };
        if heads.iter().any(|(cloud, _)| !cloud.is_empty()) {
            row("", &mut heads.iter().map(|(cloud, _)| *cloud));
        }
        row("", &mut heads.iter().map(|(_, name)| *name));
        for (rule, cells) in &table.rows {
            row(rule, &mut cells.iter().map(String::as_str));
        }
        start = end;
    }
    out
}

/// A sentence on as many lines as it needs.
fn wrapped(text: &str, indent: usize, hanging: usize) -> String {
    let mut out = " ".repeat(indent);
    let mut column = indent;
    for (n, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if n > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(hanging));
            column = hanging;
        } else if n > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
    out
}

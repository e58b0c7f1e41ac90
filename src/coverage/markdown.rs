//! Coverage as Markdown, to be pasted where people read it.

use super::blocks::{Block, By, Note, Table, blocks, title, totals};
use super::{Coverage, Tagged, matrix};

/// What `coverage --format markdown` prints of a pack.
#[must_use]
pub fn markdown(coverage: &Coverage<'_>, by: By) -> String {
    let mut out = format!("# Coverage of {}\n", title(coverage));
    blocks(coverage, by).iter().for_each(|block| out.push_str(&of_block(block)));
    out.push_str("\n## In all\n");
    totals(coverage).iter().for_each(|note| out.push_str(&of_note(note)));
    out
}

/// What `coverage --by atlas --format markdown` prints.
#[must_use]
pub fn tagged_markdown(tagged: &Tagged<'_>) -> String {
    format!("# Coverage of {}\n{}", matrix::title(tagged), of_block(&matrix::block(tagged)))
}

fn of_block(block: &Block) -> String {
    let mut out = format!("\n## {}\n\n{}\n", block.title, block.about);
    block.tables.iter().for_each(|table| out.push_str(&of_table(table)));
    block.notes.iter().for_each(|note| out.push_str(&of_note(note)));
    out
}

fn of_table(table: &Table) -> String {
    let mut out = format!(
        "\n| {} | {} |\n|{}\n",
        table.corner,
        table.columns.join(" | "),
        "---|".repeat(table.columns.len() + 1)
    );
    for (rule, cells) in &table.rows {
        // What is no match on all clouds stands out.
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| if cell == "refused" { "**refused**".to_owned() } else { cell.replace('*', "\\*") })
            .collect();
        out.push_str(&format!("| {rule} | {} |\n", cells.join(" | ")));
    }
    out
}

fn of_note(note: &Note) -> String {
    let mut out = format!("\n**{}**\n\n", note.title);
    note.lines.iter().for_each(|line| out.push_str(&format!("- {line}\n")));
    out
}

//! Coverage, arranged for people: a block for each source or for each target, with tables and notes that `text` and `markdown` print.

use std::collections::BTreeMap;

use super::{Coverage, Local, OnSource, OnTarget, OnTargets, RuleOnSource};
use crate::bind::Lack;
use crate::ir::Stream;
use crate::target::{Needs, TARGETS, Verdict};

/// What a block is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A target or the local run: sources across.
    Target,
    /// A source: targets across, then what is to be known of it.
    Source,
}

/// Marks what is left out of what only shows.
const LESS: &str = "*";

/// What stands together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// A source, a target, or the local run.
    pub(super) title: String,
    /// One line on it.
    pub(super) about: String,
    /// Its tables.
    pub(super) tables: Vec<Table>,
    /// What is to be known besides.
    pub(super) notes: Vec<Note>,
}

/// Rules, or entries of a catalogue, down.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// What stands down.
    pub(super) corner: &'static str,
    /// Sources, targets or clouds.
    pub(super) columns: Vec<String>,
    /// A rule and a cell a column; an empty cell is a source that the rule does not read.
    pub(super) rows: Vec<(String, Vec<String>)>,
}

/// A heading and sentences below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) title: &'static str,
    pub(super) lines: Vec<String>,
}

/// The blocks of a pack's coverage, in the order of the schema or of the targets.
pub(super) fn blocks(coverage: &Coverage<'_>, by: By) -> Vec<Block> {
    let mut out: Vec<Block> = match by {
        By::Source => coverage.sources.iter().filter(|on| !on.rules.is_empty()).map(of_source).collect(),
        By::Target => {
            let local = |here: &RuleOnSource<'_>| Some(of_local(&here.local));
            let mut out = vec![Block {
                title: "local".to_owned(),
                about: "the run over archives and files, by the evaluator and by DataFusion alike".to_owned(),
                tables: tables(coverage, local),
                notes: Vec::new(),
            }];
            for (n, target) in TARGETS.iter().enumerate() {
                let info = target.info();
                let cell = |here: &RuleOnSource<'_>| match here.targets.get(n) {
                    None | Some(OnTarget::NoPlace) => None,
                    Some(on) => Some(of_target(on)),
                };
                let tables = tables(coverage, cell);
                if tables.is_empty() {
                    continue;
                }
                out.push(Block {
                    title: info.name.to_owned(),
                    about: info.title.to_owned(),
                    tables,
                    notes: Vec::new(),
                });
            }
            out
        }
    };
    out.extend(correlations(coverage));
    out
}

/// The block of correlations, whatever the others are about.
fn correlations(coverage: &Coverage<'_>) -> Option<Block> {
    let columns = std::iter::once("local").chain(TARGETS.iter().map(|target| target.info().name));
    let row = |on: &OnTargets<'_>| {
        let cells = std::iter::once("runs".to_owned()).chain(on.targets.iter().map(of_target));
        (on.correlation.name.clone(), cells.collect())
    };
    let rows: Vec<_> = coverage.correlations.iter().map(row).collect();
    (!rows.is_empty()).then(|| Block {
        title: "correlations".to_owned(),
        about: "over the alerts of their members on all sources; a query needs all of them, and each exact".to_owned(),
        tables: vec![Table { corner: "rule", columns: columns.map(str::to_owned).collect(), rows }],
        notes: Vec::new(),
    })
}

/// What is said once, above everything.
pub(super) fn title(coverage: &Coverage<'_>) -> String {
    let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let correlations = match coverage.correlations.len() {
        0 => String::new(),
        n => format!(" and {}", many(n, "correlation")),
    };
    let (rules, sources) = (many(coverage.rules.len(), "rule"), many(coverage.sources.len(), "source"));
    format!("{}: {rules}{correlations} on {sources}", coverage.pack)
}

/// What is said once, below everything: how much of each there is, what is seen by no source and no rule, and what the marks mean.
pub(super) fn totals(coverage: &Coverage<'_>) -> Vec<Note> {
    let pairs = || coverage.sources.iter().flat_map(|on| &on.rules);
    let counted = |name: &str, words: &mut dyn Iterator<Item = &'static str>| {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        words
            .filter_map(|word| ORDER.iter().position(|w| *w == word))
            .for_each(|at| *counts.entry(at).or_default() += 1);
        let counts: Vec<String> =
            counts.iter().filter_map(|(at, n)| ORDER.get(*at).map(|word| format!("{n} {word}"))).collect();
        format!("{name}: {}", if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") })
    };
    let mut lines = vec![counted("local", &mut pairs().map(|here| here.local.word()))];
    for (n, target) in TARGETS.iter().enumerate() {
        let mut words = pairs().filter_map(|here| here.targets.get(n)).map(OnTarget::word);
        lines.push(counted(target.info().name, &mut words));
    }
    let mut out = vec![Note { title: "pairs of a rule and a source", lines }];
    let blind: Vec<&str> = coverage.blind_everywhere().iter().map(|rule| rule.name.as_str()).collect();
    if !blind.is_empty() {
        out.push(Note { title: "rules that run on no source", lines: vec![blind.join(", ")] });
    }
    let unread: Vec<String> = coverage
        .sources
        .iter()
        .filter(|on| on.rules.is_empty())
        .map(|on| format!("{} ({})", on.source.name, on.stream.name))
        .collect();
    if !unread.is_empty() {
        out.push(Note { title: "sources that no rule reads", lines: vec![unread.join(", ")] });
    }
    let words = [
        "never: its operations name none of that cloud; refused: the log lacks a field, or the target can't say it",
        "*: without some of what only shows; (2026): needs the newer commands of CloudWatch",
        "`--format json` has the reasons, and the conditions on which a verdict rests",
    ];
    out.push(Note { title: "words and marks", lines: words.map(str::to_owned).to_vec() });
    out
}

/// All words of cells, in the order in which they are counted.
const ORDER: [&str; 8] = ["runs", "exact", "wider", "narrower", "differs", "refused", "never", "no place"];

fn of_source(on: &OnSource<'_>) -> Block {
    let placed: Vec<bool> = TARGETS.iter().map(|target| on.source.place(target.info().place).is_some()).collect();
    let names = |wanted: bool| {
        TARGETS.iter().zip(&placed).filter(move |(_, placed)| **placed == wanted).map(|(target, _)| target.info().name)
    };
    let columns = std::iter::once("local").chain(names(true)).map(str::to_owned).collect();
    let row = |here: &RuleOnSource<'_>| {
        let cells = here.targets.iter().zip(&placed).filter(|(_, placed)| **placed).map(|(cell, _)| of_target(cell));
        (here.rule.name.clone(), std::iter::once(of_local(&here.local)).chain(cells).collect())
    };
    let missing: Vec<&str> = names(false).collect();
    let notes = [
        ("no place on", vec![missing.join(", ")].into_iter().filter(|line| !line.is_empty()).collect()),
        ("switch on", on.source.enable.clone()),
        ("lacks", lacking(&on.lacks)),
        ("traps", on.source.traps.clone()),
        ("blind rules", blind(on)),
    ];
    Block {
        title: on.source.name.clone(),
        about: on.source.doc.lines().next().unwrap_or_default().to_owned(),
        tables: vec![Table { corner: "rule", columns, rows: on.rules.iter().map(row).collect() }],
        notes: notes
            .into_iter()
            .filter(|(_, lines): &(_, Vec<String>)| !lines.is_empty())
            .map(|(title, lines)| Note { title, lines })
            .collect(),
    }
}

/// What a source lacks: fields of one reason on one line, in the order of the stream; those without a reason last.
pub(super) fn lacking(lacks: &[Lack]) -> Vec<String> {
    let mut reasons: Vec<(Option<&str>, Vec<&str>)> = Vec::new();
    for lack in lacks {
        let because = lack.because.as_deref();
        match reasons.iter_mut().find(|(reason, _)| *reason == because) {
            Some((_, names)) => names.push(&lack.name),
            None => reasons.push((because, vec![&lack.name])),
        }
    }
    reasons.sort_by_key(|(because, _)| because.is_none());
    let line = |(because, names): (Option<&str>, Vec<&str>)| {
        format!("{}: {}", names.join(", "), because.unwrap_or("no reason is given"))
    };
    reasons.into_iter().map(line).collect()
}

/// The rules that a source's lack makes blind, and by which fields.
fn blind(on: &OnSource<'_>) -> Vec<String> {
    let blind = |here: &RuleOnSource<'_>| match &here.local {
        Local::Refused(fields, _) => Some(format!("{}: {}", here.rule.name, fields.join(", "))),
        Local::Runs(_) | Local::Never => None,
    };
    on.rules.iter().filter_map(blind).collect()
}

/// A table for each stream: its rules read the same sources. A source without any cell has no column.
fn tables(coverage: &Coverage<'_>, cell: impl Fn(&RuleOnSource<'_>) -> Option<String>) -> Vec<Table> {
    let mut streams: Vec<&Stream> = Vec::new();
    for on in &coverage.sources {
        if !streams.iter().any(|stream| stream.name == on.stream.name) {
            streams.push(on.stream);
        }
    }
    let mut out = Vec::new();
    for stream in streams {
        let shown = |on: &&OnSource<'_>| on.stream.name == stream.name && on.rules.iter().any(|h| cell(h).is_some());
        let sources: Vec<&OnSource<'_>> = coverage.sources.iter().filter(shown).collect();
        let row = |rule: &str| -> Option<(String, Vec<String>)> {
            let on = |on: &&OnSource<'_>| on.rules.iter().find(|here| here.rule.name == rule).and_then(&cell);
            let cells: Vec<Option<String>> = sources.iter().map(on).collect();
            cells
                .iter()
                .any(Option::is_some)
                .then(|| (rule.to_owned(), cells.into_iter().map(Option::unwrap_or_default).collect()))
        };
        let rows: Vec<_> = coverage.rules.iter().filter_map(|rule| row(&rule.name)).collect();
        if !rows.is_empty() {
            out.push(Table {
                corner: "rule",
                columns: sources.iter().map(|on| on.source.name.clone()).collect(),
                rows,
            });
        }
    }
    out
}

fn of_local(local: &Local) -> String {
    marked(local.word(), local.left_out())
}

fn of_target(on: &OnTarget) -> String {
    let OnTarget::Emitted(emission) = on else { return on.word().to_owned() };
    let query = &emission.query;
    // What a refused query would leave out is no matter.
    let left_out: &[String] = if query.verdict == Verdict::Refused { &[] } else { &query.left_out };
    let word = marked(on.word(), left_out);
    match query.needs {
        Some(needs) if needs != Needs::Portable => format!("{word} ({})", needs.text()),
        _ => word,
    }
}

fn marked(word: &str, left_out: &[String]) -> String {
    format!("{word}{}", if left_out.is_empty() { "" } else { LESS })
}

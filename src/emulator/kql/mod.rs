//! KQL as Azure Monitor Logs runs it: query text → rows over raw records.
//!
//! Text → tokens (`lexer`) → tree (`parse`, `tree`) → tables (`pipeline`), whose scalar expressions are bound to names and types (`bind`,
//! `bound`) and then evaluated (`eval`, `functions`, `aggregates`). `store` holds what Log Analytics makes of raw records.

mod aggregates;
mod bind;
mod bound;
mod dynamic;
mod engine;
mod eval;
mod functions;
mod lexer;
mod moment;
mod parse;
mod pipeline;
mod readings;
mod scope;
mod store;
mod table;
mod text;
mod tree;
mod value;

use super::{Answer, Failure, Language, Reading, Readings, Record, Run};
use engine::Engine;
use scope::Names;
use store::Store;
use table::Table;
use tree::Query;

/// Most rows of a result, by the engine's limits.
const MOST_ROWS: usize = 500_000;
/// Most bytes of a result.
const MOST_BYTES: usize = 64 << 20;

/// KQL.
#[derive(Debug)]
pub struct Kql;

impl Language for Kql {
    fn name(&self) -> &'static str {
        "kql"
    }

    fn readings(&self) -> &'static [Reading] {
        readings::READINGS
    }

    fn tree(&self, query: &str) -> Result<String, Failure> {
        Ok(format!("{:?}", parse::parse(query)?))
    }

    fn run(&self, query: &str, logs: &[Record], run: &Run, readings: &Readings) -> Result<Answer, Failure> {
        let tree = parse::parse(query)?;
        let store = Store::new(logs, run, readings)?;
        // What does not fit is rejected whatever the rows are: names and types are settled before any row is looked at.
        rows(&tree, &Engine::new(run, &store, readings, true))?;
        let engine = Engine::new(run, &store, readings, false);
        let mut table = rows(&tree, &engine)?;
        if engine.order_was_asked() {
            table.order_ties();
        }
        limited(table)
    }
}

fn rows(query: &Query, engine: &Engine<'_>) -> Result<Table, Failure> {
    let names = engine.declare(&query.lets, &Names::default())?;
    engine.table(&query.body, &names)
}

/// A result beyond the engine's limits stops the query.
fn limited(table: Table) -> Result<Answer, Failure> {
    if table.rows.len() > MOST_ROWS {
        return Err(Failure::stopped(format!("the result has more than {MOST_ROWS} rows"), None));
    }
    let answer = table.answer();
    let bytes: usize = answer.rows.iter().flatten().map(|value| value.to_string().len()).sum();
    if bytes > MOST_BYTES {
        return Err(Failure::stopped(format!("the result has more than {MOST_BYTES} bytes"), None));
    }
    Ok(answer)
}

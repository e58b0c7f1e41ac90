//! GoogleSQL, as Log Analytics and BigQuery run it: query text → rows over raw log entries and rows of request-response logging.
//!
//! The text becomes tokens ([`lexer`]), sqlparser's tree ([`parse`]), a tree of known names and types ([`bind`]), and rows ([`run`]) of the
//! tables that [`store`] makes of the records.

mod aggregates;
mod bind;
mod calendar;
mod cast;
mod decimal;
mod functions;
mod lexer;
mod parse;
mod readings;
mod run;
mod store;
mod tree;
mod types;
mod value;

use self::run::Runner;
use self::types::{Field, Type};
use self::value::Val;
use super::{Answer, Failure, Language, Reading, Readings, Record, Run, Value};

/// GoogleSQL.
#[derive(Debug)]
pub struct GoogleSql;

impl Language for GoogleSql {
    fn name(&self) -> &'static str {
        "googlesql"
    }

    fn readings(&self) -> &'static [Reading] {
        readings::ALL
    }

    fn tree(&self, query: &str) -> Result<String, Failure> {
        Ok(format!("{:?}", parse::query(query)?))
    }

    fn run(&self, query: &str, logs: &[Record], run: &Run, readings: &Readings) -> Result<Answer, Failure> {
        let bound = bind::query(&parse::query(query)?, readings)?;
        let columns = names(&bound.columns, query)?;
        let runner = Runner::new(logs, run, readings, &bound.ctes);
        let shown = |row: Vec<Val>| {
            row.iter().zip(&*bound.columns).map(|(value, column)| shown(&runner, value, column)).collect()
        };
        let rows = runner.rows(&bound.plan, None)?.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(Answer { columns, rows })
    }
}

/// The names of a result's columns: those without one are called f0_, f1_ and so on. No two are the same.
fn names(columns: &[Field], query: &str) -> Result<Vec<String>, Failure> {
    let mut unnamed = 0..;
    let name =
        |column: &Field| column.name.clone().unwrap_or_else(|| format!("f{}_", unnamed.next().unwrap_or_default()));
    let names: Vec<String> = columns.iter().map(name).collect();
    for (at, name) in names.iter().enumerate() {
        if names.iter().take(at).any(|other| other.eq_ignore_ascii_case(name)) {
            return Err(Failure::rejected(format!("two columns of the result are called {name}"), 0..query.len()));
        }
    }
    Ok(names)
}

/// A value of the result. An array there can't hold NULLs.
fn shown(runner: &Runner<'_>, value: &Val, column: &Field) -> Result<Value, Failure> {
    if let (Val::Array(elements), Type::Array(_)) = (value, &column.ty)
        && elements.iter().any(Val::is_null)
    {
        return Err(Failure::stopped("an array of the result can't have a NULL element", None));
    }
    Ok(settled(runner, value).shown(&column.ty))
}

/// A value with nothing unset in it.
fn settled(runner: &Runner<'_>, value: &Val) -> Val {
    match value {
        Val::Array(values) => Val::Array(values.iter().map(|value| settled(runner, value)).collect()),
        Val::Struct(values) => Val::Struct(values.iter().map(|value| settled(runner, value)).collect()),
        value => runner.settled(value),
    }
}

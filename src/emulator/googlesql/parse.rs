//! Takes a query's text, gives sqlparser's tree of one query.

use std::thread;

use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::{Parser, ParserError};

use super::lexer;
use crate::emulator::Failure;

/// How deep parentheses and subqueries may stand in one another.
const MAX_DEPTH: usize = 50;

/// The stack that sqlparser has: it takes much of it for a level.
const STACK: usize = 64 << 20;

/// Reads one query.
///
/// # Errors
/// Where the text is no query of GoogleSQL, and where it is nested too deep.
pub(super) fn query(text: &str) -> Result<Query, Failure> {
    let failed = || Failure::unknown("a query that could not be read", 0..text.len());
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || read(text));
        reader.map_err(|_| failed())?.join().map_err(|_| failed())?
    })
}

fn read(text: &str) -> Result<Query, Failure> {
    let whole = 0..text.len();
    let tokens = lexer::tokens(text)?;
    let dialect = BigQueryDialect {};
    let mut parser = Parser::new(&dialect).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens);
    let mut statements = parser.parse_statements().map_err(|error| match error {
        ParserError::RecursionLimitExceeded => {
            Failure::unknown(format!("nesting deeper than {MAX_DEPTH}"), whole.clone())
        }
        ParserError::TokenizerError(why) | ParserError::ParserError(why) => {
            let at = lexer::bytes(parser.get_current_token().span);
            if why.contains("token Shift") {
                return Failure::unknown("the operators << and >>", at);
            }
            Failure::rejected(format!("a syntax error: {why}"), at)
        }
    })?;
    match (statements.pop(), statements.pop()) {
        (Some(Statement::Query(query)), None) => Ok(*query),
        (None, _) => Err(Failure::rejected("an empty query", whole)),
        (Some(_), Some(_)) => Err(Failure::rejected("more than one statement", whole)),
        (Some(other), None) => {
            let other = other.to_string();
            let words: Vec<&str> = other.split_whitespace().take(2).collect();
            Err(Failure::rejected(format!("only queries run here, not {}", words.join(" ")), whole))
        }
    }
}

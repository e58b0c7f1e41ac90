//! Tokens → a query's tree: statements here, operators and expressions in files of their own.

mod expression;
mod operators;

use std::ops::Range;

use super::lexer::{Placed, Token, tokens};
use super::tree::{Column, Expr, Function, Let, Name, Parameter, ParameterKind, Query, Value};
use super::value::Type;
use crate::emulator::Failure;

/// Most brackets and calls inside one another; deeper ones are not known here.
const MAX_DEPTH: usize = 100;

/// Words that name a column only in brackets, `['time']`.
const RESERVED: &[&str] = &[
    "and", "bool", "boolean", "date", "datetime", "decimal", "double", "dynamic", "guid", "in", "int", "kind", "let",
    "long", "or", "project", "real", "string", "time", "timespan", "uniqueid",
];

pub(super) use expression::whole;

type Parsed<T> = Result<T, Failure>;

/// Reads a query's text.
pub(super) fn parse(query: &str) -> Parsed<Query> {
    let tokens = tokens(query)?;
    let mut parser = Parser { query, tokens: &tokens, at: 0, depth: 0 };
    let (lets, body) = parser.statements("")?;
    Ok(Query { lets, body })
}

struct Parser<'a> {
    query: &'a str,
    tokens: &'a [Placed<'a>],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn token(&self, ahead: usize) -> &Token<'a> {
        self.tokens.get(self.at + ahead).map_or(&Token::End, |placed| &placed.token)
    }

    /// Where the next token stands.
    fn place(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.query.len()..self.query.len(), |placed| placed.at.clone())
    }

    /// From a place to the last token taken.
    fn since(&self, start: usize) -> Range<usize> {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        start..last.map_or(start, |placed| placed.at.end.max(start))
    }

    fn next_is(&self, mark: &str) -> bool {
        matches!(self.token(0), Token::Mark(next) if *next == mark)
    }

    fn take(&mut self, mark: &str) -> bool {
        let there = self.next_is(mark);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, mark: &str) -> Parsed<()> {
        if self.take(mark) { Ok(()) } else { Err(self.wrong(&format!("`{mark}`"))) }
    }

    fn word(&self) -> Option<&'a str> {
        match self.token(0) {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let there = self.word() == Some(word);
        self.at += usize::from(there);
        there
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.wrong(&format!("`{word}`"))) }
    }

    /// `WORD =`
    fn take_setting(&mut self, word: &str) -> bool {
        let there = self.word() == Some(word) && matches!(self.token(1), Token::Mark("="));
        self.at += if there { 2 } else { 0 };
        there
    }

    /// What stands next, for messages.
    fn found(&self) -> &'a str {
        self.query.get(self.place()).filter(|text| !text.is_empty()).unwrap_or("the end")
    }

    fn wrong(&self, expected: &str) -> Failure {
        Failure::rejected(format!("expected {expected}, found `{}`", self.found()), self.place())
    }

    fn unknown(&self, what: &str) -> Failure {
        Failure::unknown(format!("{what} is not known here"), self.place())
    }

    /// One level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unknown("so deep a nesting"));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// One or more, with commas between.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut out = vec![read(self)?];
        while self.take(",") {
            out.push(read(self)?);
        }
        Ok(out)
    }

    /// None or more up to a closing mark, which is taken.
    fn list_until<T>(&mut self, close: &str, read: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        if self.take(close) {
            return Ok(Vec::new());
        }
        let out = self.list(read)?;
        self.expect(close)?;
        Ok(out)
    }

    /// A name, bare or in brackets.
    fn name(&mut self) -> Parsed<Name> {
        let start = self.place().start;
        if let (Token::Mark("["), Token::Text(text), Token::Mark("]")) = (self.token(0), self.token(1), self.token(2)) {
            let text = text.clone();
            self.at += 3;
            return Ok(Name { text, at: self.since(start) });
        }
        match self.word() {
            Some(word) if RESERVED.contains(&word) => {
                Err(Failure::rejected(format!("`{word}` is a name only in brackets: `['{word}']`"), self.place()))
            }
            Some(word) if !word.starts_with('!') && !word.contains('-') => {
                self.at += 1;
                Ok(Name { text: word.to_owned(), at: self.since(start) })
            }
            _ => Err(self.wrong("a name")),
        }
    }

    /// Statements up to a closing mark or the end: lets, and the one expression.
    fn statements(&mut self, close: &str) -> Parsed<(Vec<Let>, Expr)> {
        let (mut lets, mut body) = (Vec::new(), None);
        let ends = |parser: &Self| match close {
            "" => *parser.token(0) == Token::End,
            close => parser.next_is(close),
        };
        while !ends(self) {
            if (body.is_some() || !lets.is_empty()) && self.take(";") {
                continue;
            }
            if body.is_some() {
                return Err(self.unknown("a second statement that gives rows"));
            }
            match (self.word(), self.token(1)) {
                (Some("let"), _) => lets.push(self.binding()?),
                (Some("set" | "declare" | "alias" | "restrict" | "pattern"), Token::Word(_)) => {
                    return Err(self.unknown(&format!("the statement `{}`", self.found())));
                }
                _ => body = Some(self.pipe()?),
            }
            if !ends(self) {
                self.expect(";")?;
            }
        }
        let body = body.ok_or_else(|| self.wrong("a statement that gives rows"))?;
        Ok((lets, body))
    }

    fn binding(&mut self) -> Parsed<Let> {
        self.expect_word("let")?;
        let name = self.name()?;
        self.expect("=")?;
        let view = self.word() == Some("view") && matches!(self.token(1), Token::Mark("("));
        self.at += usize::from(view);
        let value = if self.begins_function() { Value::Function(self.function()?) } else { Value::Expr(self.pipe()?) };
        Ok(Let { name, value })
    }

    /// Whether brackets and then braces follow.
    fn begins_function(&self) -> bool {
        let (mut ahead, mut open) = (0, 0_usize);
        loop {
            match self.token(ahead) {
                Token::Mark("(") => open += 1,
                Token::Mark(")") => open = open.saturating_sub(1),
                Token::End => return false,
                _ if open == 0 => return false,
                _ => {}
            }
            ahead += 1;
            if open == 0 {
                return matches!(self.token(ahead), Token::Mark("{"));
            }
        }
    }

    fn function(&mut self) -> Parsed<Function> {
        self.expect("(")?;
        let parameters = self.list_until(")", Self::parameter)?;
        self.expect("{")?;
        let (lets, body) = self.nested(|parser| parser.statements("}"))?;
        self.expect("}")?;
        Ok(Function { parameters, lets, body })
    }

    fn parameter(&mut self) -> Parsed<Parameter> {
        let name = self.name()?;
        self.expect(":")?;
        if self.take("(") {
            if self.take("*") {
                self.expect(")")?;
                return Ok(Parameter { name, kind: ParameterKind::Tabular(Vec::new()) });
            }
            let columns = self.list_until(")", Self::column)?;
            return Ok(Parameter { name, kind: ParameterKind::Tabular(columns) });
        }
        let kind = self.type_name()?;
        let default = if self.take("=") { Some(self.expression()?) } else { None };
        Ok(Parameter { name, kind: ParameterKind::Scalar(kind, default) })
    }

    fn column(&mut self) -> Parsed<Column> {
        let name = self.name()?;
        self.expect(":")?;
        Ok(Column { name, kind: self.type_name()? })
    }

    fn type_name(&mut self) -> Parsed<Type> {
        let word = self.word().ok_or_else(|| self.wrong("a type"))?;
        if word == "decimal" {
            return Err(self.unknown("the type `decimal`"));
        }
        let kind = Type::named(word).ok_or_else(|| self.wrong("a type"))?;
        self.at += 1;
        Ok(kind)
    }
}

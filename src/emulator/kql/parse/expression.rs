//! Tokens → expressions, by how tightly their operators bind.

use super::{Parsed, Parser};
use crate::emulator::Failure;
use crate::emulator::kql::lexer::Token;
use crate::emulator::kql::moment;
use crate::emulator::kql::tree::{Expr, ExprKind, ListTest, Name, Named, Union};
use crate::emulator::kql::value::{Cell, Type};
use crate::json::Json;

/// Tests of texts, which bind tighter than arithmetic.
const TEXT_TESTS: &[&str] = &[
    "contains",
    "!contains",
    "contains_cs",
    "!contains_cs",
    "startswith",
    "!startswith",
    "startswith_cs",
    "!startswith_cs",
    "endswith",
    "!endswith",
    "endswith_cs",
    "!endswith_cs",
    "has",
    "!has",
    "has_cs",
    "!has_cs",
    "hasprefix",
    "!hasprefix",
    "hasprefix_cs",
    "!hasprefix_cs",
    "hassuffix",
    "!hassuffix",
    "hassuffix_cs",
    "!hassuffix_cs",
];

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.nested(|parser| parser.chain("or", |parser| parser.chain("and", Self::equality)))
    }

    /// Operands of `and` or of `or`.
    fn chain(&mut self, word: &'static str, operand: impl Fn(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        let first = operand(self)?;
        let start = first.at.start;
        let mut operands = vec![first];
        while self.take_word(word) {
            operands.push(operand(self)?);
        }
        if operands.len() == 1 {
            return operands.pop().ok_or_else(|| self.wrong("a value"));
        }
        Ok(Expr { at: self.since(start), kind: ExprKind::Chain(word, operands) })
    }

    fn equality(&mut self) -> Parsed<Expr> {
        let left = self.relation()?;
        if let Some(mark) = ["==", "!=", "<>"].into_iter().find(|mark| self.take(mark)) {
            let right = self.relation()?;
            return Ok(binary(if mark == "<>" { "!=" } else { mark }, left, right));
        }
        let list = |negated, nocase| Some(ListTest::In { negated, nocase });
        let test = match self.word() {
            Some("in") => list(false, false),
            Some("!in") => list(true, false),
            Some("in~") => list(false, true),
            Some("!in~") => list(true, true),
            Some("has_any") => Some(ListTest::HasAny),
            Some("has_all") => Some(ListTest::HasAll),
            Some("between" | "!between") => return self.between(left),
            _ => None,
        };
        let Some(test) = test else { return Ok(left) };
        self.at += 1;
        self.expect("(")?;
        let values = self.list(Self::pipe)?;
        self.expect(")")?;
        let at = self.since(left.at.start);
        Ok(Expr { at, kind: ExprKind::List(test, Box::new(left), values) })
    }

    fn between(&mut self, value: Expr) -> Parsed<Expr> {
        let negated = self.take_word("!between");
        self.at += usize::from(!negated);
        self.expect("(")?;
        let low = self.sum()?;
        self.expect("..")?;
        let high = self.sum()?;
        self.expect(")")?;
        let at = self.since(value.at.start);
        let (value, low, high) = (Box::new(value), Box::new(low), Box::new(high));
        Ok(Expr { at, kind: ExprKind::Between { negated, value, low, high } })
    }

    fn relation(&mut self) -> Parsed<Expr> {
        let left = self.sum()?;
        let Some(mark) = ["<=", ">=", "<", ">"].into_iter().find(|mark| self.take(mark)) else { return Ok(left) };
        let right = self.sum()?;
        Ok(binary(mark, left, right))
    }

    /// Arithmetic and all that binds tighter.
    pub(super) fn sum(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            parser.arithmetic(&["+", "-"], |parser| parser.arithmetic(&["*", "/", "%"], Self::text_test))
        })
    }

    fn arithmetic(&mut self, marks: &[&'static str], operand: impl Fn(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        let mut left = operand(self)?;
        // A chain nests as deep as it is long.
        let mut length = 0;
        while let Some(mark) = marks.iter().find(|mark| self.take(mark)) {
            let right = operand(self)?;
            left = binary(mark, left, right);
            length += 1;
            if length > super::MAX_DEPTH {
                return Err(self.unknown("so long a chain of arithmetic"));
            }
        }
        Ok(left)
    }

    fn text_test(&mut self) -> Parsed<Expr> {
        let left = self.signed()?;
        if let Some(mark) = ["=~", "!~"].into_iter().find(|mark| self.take(mark)) {
            let right = self.signed()?;
            return Ok(binary(mark, left, right));
        }
        if self.take_word("matches") {
            self.expect_word("regex")?;
            let right = self.signed()?;
            return Ok(binary("matches regex", left, right));
        }
        let word = self.word().and_then(|word| TEXT_TESTS.iter().find(|test| **test == word));
        let Some(word) = word else { return Ok(left) };
        self.at += 1;
        let right = self.signed()?;
        Ok(binary(word, left, right))
    }

    fn signed(&mut self) -> Parsed<Expr> {
        let start = self.place().start;
        let negative = self.take("-");
        if !negative {
            self.take("+");
        }
        let value = self.path()?;
        let at = self.since(start);
        Ok(if negative { Expr { at, kind: ExprKind::Minus(Box::new(value)) } } else { value })
    }

    /// A value and the members and elements taken out of it.
    fn path(&mut self) -> Parsed<Expr> {
        let mut value = self.primary()?;
        let start = value.at.start;
        let mut length = 0;
        loop {
            let kind = if self.take(".") {
                ExprKind::Member(Box::new(value), self.name()?)
            } else if self.take("[") {
                let index = self.expression()?;
                self.expect("]")?;
                ExprKind::Index(Box::new(value), Box::new(index))
            } else {
                return Ok(value);
            };
            value = Expr { at: self.since(start), kind };
            length += 1;
            if length > super::MAX_DEPTH {
                return Err(self.unknown("so long a path"));
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let start = self.place().start;
        let kind = match self.token(0).clone() {
            Token::Long(value) => self.literal(Cell::Long(value), Type::Long),
            Token::Real(value) => self.literal(Cell::Real(value), Type::Real),
            Token::Span(ticks) => self.literal(Cell::Span(ticks), Type::Span),
            Token::Typed(kind, inside) => {
                let (value, kind) = typed(kind, inside, &self.place())?;
                self.literal(value, kind)
            }
            Token::Text(_) => self.texts(),
            Token::Mark("(") => {
                self.at += 1;
                let inner = self.pipe()?;
                self.expect(")")?;
                return Ok(Expr { at: self.since(start), ..inner });
            }
            Token::Mark("*") => {
                self.at += 1;
                ExprKind::Star
            }
            Token::Mark("[") => ExprKind::Name(self.name()?.text),
            Token::Word("true") => self.literal(Cell::Bool(true), Type::Bool),
            Token::Word("false") => self.literal(Cell::Bool(false), Type::Bool),
            Token::Word("dynamic") => {
                self.at += 1;
                self.expect("(")?;
                let value = self.dynamic()?;
                self.expect(")")?;
                ExprKind::Literal(Cell::of_json(&value), Type::Dynamic)
            }
            Token::Word("typeof") => {
                self.at += 1;
                ExprKind::TypeOf(self.type_in_brackets()?)
            }
            Token::Word("datatable") => self.datatable()?,
            Token::Word(_) if matches!(self.token(1), Token::Mark("(")) => {
                let name = self.function_name()?;
                self.expect("(")?;
                ExprKind::Call(name, self.list_until(")", Self::argument)?)
            }
            Token::Word("not") => {
                return Err(Failure::rejected("`not` is a function: `not(…)`", self.place()));
            }
            Token::Word(_) => ExprKind::Name(self.name()?.text),
            _ => return Err(self.wrong("a value")),
        };
        Ok(Expr { at: self.since(start), kind })
    }

    fn literal(&mut self, value: Cell, kind: Type) -> ExprKind {
        self.at += 1;
        ExprKind::Literal(value, kind)
    }

    /// Texts in a row are one.
    fn texts(&mut self) -> ExprKind {
        let mut out = String::new();
        while let Token::Text(text) = self.token(0) {
            out.push_str(text);
            self.at += 1;
        }
        ExprKind::Literal(Cell::text(&out), Type::Text)
    }

    /// A function may be called as a keyword is: `range(…)`.
    fn function_name(&mut self) -> Parsed<Name> {
        let at = self.place();
        let text = self.word().ok_or_else(|| self.wrong("a function"))?.to_owned();
        self.at += 1;
        Ok(Name { text, at })
    }

    /// What is called, or an argument: it may be named, it may be tabular.
    pub(super) fn argument(&mut self) -> Parsed<Named> {
        let named = matches!((self.token(0), self.token(1)), (Token::Word(_), Token::Mark("=")))
            || matches!((self.token(0), self.token(3)), (Token::Mark("["), Token::Mark("=")));
        let names = if named { vec![self.name()?] } else { Vec::new() };
        if named {
            self.expect("=")?;
        }
        Ok(Named { names, value: self.pipe()? })
    }

    pub(super) fn type_in_brackets(&mut self) -> Parsed<Type> {
        if let Token::Typed(word, _) = self.token(0) {
            return Err(Failure::rejected(format!("expected a type in brackets, found `{word}`"), self.place()));
        }
        self.expect("(")?;
        let kind = self.type_name()?;
        self.expect(")")?;
        Ok(kind)
    }

    fn datatable(&mut self) -> Parsed<ExprKind> {
        self.at += 1;
        self.expect("(")?;
        let columns = self.list_until(")", Self::column)?;
        self.expect("[")?;
        let mut values = Vec::new();
        while !self.take("]") {
            let value = self.signed()?;
            let literal = matches!(&value.kind, ExprKind::Literal(..))
                || matches!(&value.kind, ExprKind::Minus(inner) if matches!(inner.kind, ExprKind::Literal(..)));
            if !literal {
                return Err(Failure::rejected("a datatable holds literals alone", value.at));
            }
            values.push(value);
            if !self.take(",") && !self.next_is("]") {
                return Err(self.wrong("`,` or `]`"));
            }
        }
        Ok(ExprKind::Datatable(columns, values))
    }

    /// The inside of `dynamic(…)`.
    fn dynamic(&mut self) -> Parsed<Json> {
        self.nested(|parser| {
            let place = parser.place();
            let negative = parser.take("-");
            let value = match parser.token(0).clone() {
                Token::Long(value) => {
                    Json::Number(if negative { format!("-{value}") } else { value.to_string() }.into())
                }
                Token::Real(value) => Json::Number(format!("{:?}", if negative { -value } else { value }).into()),
                _ if negative => return Err(parser.wrong("a number")),
                Token::Text(text) => Json::Text(text.into()),
                Token::Word("true") => Json::Bool(true),
                Token::Word("false") => Json::Bool(false),
                Token::Word("null") => Json::Null,
                Token::Mark("[") => {
                    parser.at += 1;
                    return Ok(Json::List(parser.list_until("]", Self::dynamic)?.into()));
                }
                Token::Mark("{") => {
                    parser.at += 1;
                    let members = parser.list_until("}", Self::member)?;
                    return Ok(Json::Object(std::sync::Arc::new(members.into_iter().collect())));
                }
                Token::Typed(..) | Token::Span(_) => {
                    return Err(Failure::unknown(
                        "a literal of another type inside of `dynamic(…)` is not known here",
                        place,
                    ));
                }
                _ => return Err(parser.wrong("JSON")),
            };
            parser.at += 1;
            Ok(value)
        })
    }

    fn member(&mut self) -> Parsed<(std::sync::Arc<str>, Json)> {
        let Token::Text(key) = self.token(0).clone() else { return Err(self.wrong("a key in quotes")) };
        self.at += 1;
        self.expect(":")?;
        Ok((key.into(), self.dynamic()?))
    }

    /// A source and its operators; or a scalar, where no operator follows.
    pub(super) fn pipe(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            let start = parser.place().start;
            let source = parser.source()?;
            let operators = parser.operators()?;
            if operators.is_empty() {
                return Ok(source);
            }
            Ok(Expr { at: parser.since(start), kind: ExprKind::Pipe(Box::new(source), operators) })
        })
    }

    fn source(&mut self) -> Parsed<Expr> {
        let start = self.place().start;
        let called = matches!(self.token(1), Token::Mark("("));
        let kind = match self.word() {
            Some("range") if !called => {
                self.at += 1;
                let name = self.name()?;
                self.expect_word("from")?;
                let from = Box::new(self.expression()?);
                self.expect_word("to")?;
                let to = Box::new(self.expression()?);
                self.expect_word("step")?;
                let step = Box::new(self.expression()?);
                ExprKind::Range { name, from, to, step }
            }
            Some("print") => {
                self.at += 1;
                ExprKind::Print(self.list(Self::named)?)
            }
            Some("union") => {
                self.at += 1;
                let union: Union = self.union()?;
                ExprKind::Union(union)
            }
            Some(word @ ("search" | "find" | "externaldata")) => {
                return Err(Failure::unknown(format!("`{word}` is not known here"), self.place()));
            }
            _ => return self.expression(),
        };
        Ok(Expr { at: self.since(start), kind })
    }
}

fn binary(word: &'static str, left: Expr, right: Expr) -> Expr {
    let at = left.at.start..right.at.end;
    Expr { at, kind: ExprKind::Binary(word, Box::new(left), Box::new(right)) }
}

/// A literal of a type, by what stands in its brackets.
fn typed(kind: &str, inside: &str, at: &std::ops::Range<usize>) -> Parsed<(Cell, Type)> {
    // The parser takes any text here, and no page says what it is then.
    let unread = || Failure::unknown(format!("`{kind}({inside})` is not known here"), at.clone());
    let bare = inside.trim_matches(['"', '\'']);
    let to = Type::named(kind)
        .ok_or_else(|| Failure::unknown(format!("the type `{kind}` is not known here"), at.clone()))?;
    if inside == "null" {
        return Ok((Cell::Null, to));
    }
    let value = match to {
        Type::Bool => match inside {
            "true" => Some(Cell::Bool(true)),
            "false" => Some(Cell::Bool(false)),
            _ => None,
        },
        Type::Int => whole(inside).filter(|value| i32::try_from(*value).is_ok()).map(Cell::Long),
        Type::Long => whole(inside).map(Cell::Long),
        Type::Real => match inside {
            "nan" => Some(f64::NAN),
            "+inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            number => number.parse().ok().filter(|value: &f64| value.is_finite()),
        }
        .map(Cell::Real),
        Type::Time => moment::time(bare).map(Cell::Time),
        Type::Span => moment::span(bare).map(Cell::Span),
        Type::Guid => Cell::guid(bare),
        Type::Text | Type::Dynamic => None,
    };
    value.map(|value| (value, to)).ok_or_else(unread)
}

/// A whole number, decimal or hexadecimal.
pub(in crate::emulator::kql) fn whole(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

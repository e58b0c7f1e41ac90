//! Expressions: `or` over `and` over `not` over comparisons over sums over products over powers.

use super::{Parser, Token};
use crate::emulator::Failure;
use crate::emulator::cloudwatch::functions::{self, Function};
use crate::emulator::cloudwatch::pattern::Pattern;
use crate::emulator::cloudwatch::stats::Measure;
use crate::emulator::cloudwatch::tree::{Arithmetic, Comparison, Expr, Node};
use crate::emulator::cloudwatch::value::Number;

/// Most brackets, calls and signs inside one another.
const MAX_DEPTH: usize = 48;
/// Most operators of one rank one after another.
const MAX_CHAIN: usize = 64;

/// Words that are no field where a value is expected.
const RESERVED: [&str; 10] = ["and", "or", "not", "in", "like", "as", "by", "asc", "desc", "into"];

/// A function of other languages that this one has not.
const FOREIGN: &str = "ago";

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, Failure> {
        self.deeper(|parser| parser.joined("or", Self::conjunction, Node::Any))
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Expr, Failure>) -> Result<Expr, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} expressions inside one another");
            return Err(Failure::unknown(message, self.at.clone()));
        }
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn conjunction(&mut self) -> Result<Expr, Failure> {
        self.joined("and", Self::negation, Node::All)
    }

    fn joined(
        &mut self,
        word: &str,
        operand: fn(&mut Self) -> Result<Expr, Failure>,
        node: fn(Vec<Expr>) -> Node,
    ) -> Result<Expr, Failure> {
        let start = self.at.start;
        let first = operand(self)?;
        let mut rest = Vec::new();
        while self.word(word)? {
            rest.push(operand(self)?);
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let all = std::iter::once(first).chain(rest).collect();
        Ok(Expr { node: node(all), at: start..self.end })
    }

    fn negation(&mut self) -> Result<Expr, Failure> {
        let start = self.at.start;
        if self.word("not")? || self.symbol("!")? {
            let of = self.deeper(Self::negation)?;
            return Ok(Expr { node: Node::Not(Box::new(of)), at: start..self.end });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, Failure> {
        let start = self.at.start;
        let left = self.sum()?;
        let operator = match self.token {
            Token::Symbol("=") => Comparison::Equal,
            Token::Symbol("!=") => Comparison::NotEqual,
            Token::Symbol("<") => Comparison::Less,
            Token::Symbol("<=") => Comparison::LessOrEqual,
            Token::Symbol(">") => Comparison::Greater,
            Token::Symbol(">=") => Comparison::GreaterOrEqual,
            _ => return self.membership(start, left),
        };
        self.advance()?;
        if self.token == Token::Symbol("=") {
            return Err(self.expected("a value: equality is written `=`"));
        }
        let right = self.sum()?;
        let node = Node::Compare(operator, Box::new(left), Box::new(right));
        Ok(Expr { node, at: start..self.end })
    }

    fn membership(&mut self, start: usize, left: Expr) -> Result<Expr, Failure> {
        let value = Box::new(left);
        if self.symbol("=~")? {
            let node = Node::Like { value, pattern: self.like()?, negated: false };
            return Ok(Expr { node, at: start..self.end });
        }
        let negated = self.word("not")?;
        let node = if self.word("like")? {
            Node::Like { value, pattern: self.like()?, negated }
        } else if self.word("in")? {
            if self.token == Token::Symbol("(") {
                return Err(Failure::unknown("`in` with a query in brackets", self.at.clone()));
            }
            self.require("[")?;
            let list = self.list(Self::sum)?;
            self.require("]")?;
            Node::In { value, list, negated }
        } else if negated {
            return Err(self.expected("`in` or `like`"));
        } else {
            return Ok(*value);
        };
        Ok(Expr { node, at: start..self.end })
    }

    fn like(&mut self) -> Result<Pattern, Failure> {
        match &self.token {
            Token::Symbol("/") => {
                let (text, at) = self.pattern()?;
                Pattern::regex(&text, &at)
            }
            Token::Text(text) => {
                let part = Pattern::part(text);
                self.advance()?;
                Ok(part)
            }
            _ => Err(self.expected("a text in quotation marks or a pattern between slashes")),
        }
    }

    fn sum(&mut self) -> Result<Expr, Failure> {
        self.chain(Self::product, |token| match token {
            Token::Symbol("+") => Some(Arithmetic::Add),
            Token::Symbol("-") => Some(Arithmetic::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Result<Expr, Failure> {
        self.chain(Self::power, |token| match token {
            Token::Symbol("*") => Some(Arithmetic::Multiply),
            Token::Symbol("/") => Some(Arithmetic::Divide),
            Token::Symbol("%") => Some(Arithmetic::Remainder),
            _ => None,
        })
    }

    fn chain(
        &mut self,
        operand: fn(&mut Self) -> Result<Expr, Failure>,
        operator: fn(&Token) -> Option<Arithmetic>,
    ) -> Result<Expr, Failure> {
        let start = self.at.start;
        let mut left = operand(self)?;
        let mut length = 0;
        while let Some(operator) = operator(&self.token) {
            length += 1;
            if length > MAX_CHAIN {
                let message = format!("more than {MAX_CHAIN} operators one after another");
                return Err(Failure::unknown(message, self.at.clone()));
            }
            self.advance()?;
            let right = operand(self)?;
            let node = Node::Arithmetic(operator, Box::new(left), Box::new(right));
            left = Expr { node, at: start..self.end };
        }
        Ok(left)
    }

    /// `^` binds closest; which of two comes first, and whether a sign does, is not documented.
    fn power(&mut self) -> Result<Expr, Failure> {
        let start = self.at.start;
        let left = self.signed()?;
        if self.token != Token::Symbol("^") {
            return Ok(left);
        }
        if matches!(left.node, Node::Minus(_)) {
            return Err(Failure::unknown("the order of a sign and `^`", left.at));
        }
        self.advance()?;
        let right = self.signed()?;
        if self.token == Token::Symbol("^") {
            return Err(Failure::unknown("the order of two `^`", self.at.clone()));
        }
        let node = Node::Arithmetic(Arithmetic::Power, Box::new(left), Box::new(right));
        Ok(Expr { node, at: start..self.end })
    }

    fn signed(&mut self) -> Result<Expr, Failure> {
        let start = self.at.start;
        if self.symbol("-")? {
            let of = self.deeper(Self::signed)?;
            return Ok(Expr { node: Node::Minus(Box::new(of)), at: start..self.end });
        }
        self.postfix()
    }

    /// A value with what is taken out of it by `.name` and `[index]`.
    pub(super) fn postfix(&mut self) -> Result<Expr, Failure> {
        let start = self.at.start;
        let mut value = self.primary()?;
        let mut length = 0;
        loop {
            let node = if self.symbol("[")? {
                let Token::Number(number) = &self.token else { return Err(self.expected("an index")) };
                let index = number.parse::<i64>().map_err(|_| self.expected("a whole number as index"))?;
                self.advance()?;
                self.require("]")?;
                Node::Index(Box::new(value), index)
            } else if self.symbol(".")? {
                let segments = match self.advance()? {
                    Token::Path { segments, .. } => segments,
                    _ => return Err(self.expected("a name after `.`")),
                };
                let mut segments = segments.into_iter();
                let last = segments.next_back().unwrap_or_default();
                for name in segments {
                    value = Expr { node: Node::Member(Box::new(value), name), at: start..self.end };
                }
                Node::Member(Box::new(value), last)
            } else {
                return Ok(value);
            };
            value = Expr { node, at: start..self.end };
            length += 1;
            if length > MAX_CHAIN {
                return Err(Failure::unknown("so long a way into a value", value.at));
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Failure> {
        let start = self.at.start;
        if self.symbol("(")? {
            let mut inner = self.expression()?;
            self.require(")")?;
            inner.at = start..self.end;
            return Ok(inner);
        }
        if let Some(word) = self.peek_word().filter(|word| RESERVED.contains(&word.as_str())) {
            return Err(self.expected(&format!("a value; `{word}` is a word of the language")));
        }
        if self.token == Token::Symbol("/") {
            return Err(self.expected("a value; a pattern stands after `like`, `=~` or in `parse` alone"));
        }
        if !matches!(self.token, Token::Path { .. } | Token::Number(_) | Token::Text(_) | Token::Period(_)) {
            return Err(self.expected("a value"));
        }
        let at = self.at.clone();
        let node = match self.advance()? {
            Token::Number(number) => Node::Number(Number::read(&number).unwrap_or(Number::Whole(0))),
            Token::Text(text) => Node::Text(text),
            Token::Period(period) => Node::Period(period),
            Token::Path { segments, quoted } if self.token == Token::Symbol("(") && !quoted => {
                self.call(&segments.join("."), at)?
            }
            Token::Path { segments, .. } => Node::Path(segments),
            Token::Symbol(_) | Token::End => return Err(self.expected("a value")),
        };
        Ok(Expr { node, at: start..self.end })
    }

    fn call(&mut self, name: &str, at: std::ops::Range<usize>) -> Result<Node, Failure> {
        self.require("(")?;
        let mut parts = Vec::new();
        let star = self.symbol("*")?;
        if !star && self.token != Token::Symbol(")") {
            parts = self.list(Self::expression)?;
        }
        self.require(")")?;
        let lower = name.to_ascii_lowercase();
        let counts = |least: usize, most: usize| {
            if (least..=most).contains(&parts.len()) {
                return Ok(());
            }
            let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
            let message = format!("`{name}` takes {wanted} values, not {}", parts.len());
            Err(Failure::rejected(message, at.clone()))
        };
        if let Some((measure, least, most)) = Measure::named(&lower) {
            if star && measure != Measure::Count {
                return Err(Failure::rejected(format!("`{name}` takes a value, not `*`"), at));
            }
            counts(least, most)?;
            return Ok(Node::Measure(measure, parts));
        }
        if star {
            return Err(Failure::rejected(format!("`{name}` takes values, not `*`"), at));
        }
        if lower == FOREIGN {
            return Err(Failure::rejected(format!("there is no function `{name}`"), at));
        }
        let Some((function, least, most)) = Function::named(&lower) else {
            return Err(Failure::unknown(format!("the function `{name}`"), at));
        };
        counts(least, most)?;
        if lower == "strcontains"
            && let Some(word) = parts.get_mut(2)
        {
            word.node = match &word.node {
                Node::Path(segments) if segments.concat() == "true" => Node::Number(Number::Whole(1)),
                Node::Path(segments) if segments.concat() == "false" => Node::Number(Number::Whole(0)),
                _ => return Err(Failure::rejected("expected `true` or `false`", word.at.clone())),
            };
        }
        functions::check(function, &parts, &at)?;
        Ok(Node::Call(function, parts))
    }
}

//! Tokens of a filter → its syntax tree.
//!
//! ```text
//! filter   = [ and ]
//! and      = or { [ "AND" ] or }              -- what stands side by side is joined by AND
//! or       = not { "OR" not }                 -- OR binds tighter than AND
//! not      = [ "NOT" | "-" ] primary
//! primary  = "(" and ")" | value | call | ( path | call ) operator values
//! values   = "*" | value | "(" values joined as above ")"
//! path     = word { "." ( word | quoted ) }
//! call     = word "(" [ argument { "," argument } ] ")"
//! argument = path | value | call
//! ```

use super::functions::is_known;
use super::token::{Lexeme, Token, tokens};
use super::tree::{Argument, Call, Expr, Form, Literal, Op, Operand, Part, Path, Place, Values};
use crate::emulator::Failure;

/// The longest filter, in characters.
const MOST_CHARACTERS: usize = 20_000;
/// Most parentheses inside one another that are followed.
const MOST_LEVELS: usize = 64;

/// Reads a filter.
pub(super) fn parse(text: &str) -> Result<Expr, Failure> {
    if text.chars().count() > MOST_CHARACTERS {
        return Err(Failure::rejected("a filter has at most 20,000 characters, comments included", 0..text.len()));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(Expr::And(Vec::new()));
    }
    let mut parser = Parser { text, tokens, at: 0, levels: 0 };
    let expr = parser.joined(Parser::term)?;
    if parser.peek().is_some() {
        return Err(parser.unexpected("the end of the filter"));
    }
    Ok(expr)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Lexeme>,
    at: usize,
    levels: usize,
}

/// What AND, OR and NOT join: comparisons, or the values of one.
trait Joined: Sized {
    fn and(parts: Vec<Self>) -> Self;
    fn or(parts: Vec<Self>) -> Self;
    fn not(part: Self) -> Self;
}

impl Joined for Expr {
    fn and(parts: Vec<Self>) -> Self {
        Expr::And(parts)
    }
    fn or(parts: Vec<Self>) -> Self {
        Expr::Or(parts)
    }
    fn not(part: Self) -> Self {
        Expr::Not(Box::new(part))
    }
}

impl Joined for Values {
    fn and(parts: Vec<Self>) -> Self {
        Values::And(parts)
    }
    fn or(parts: Vec<Self>) -> Self {
        Values::Or(parts)
    }
    fn not(part: Self) -> Self {
        Values::Not(Box::new(part))
    }
}

type Read<'a, T> = fn(&mut Parser<'a>) -> Result<T, Failure>;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|lexeme| &lexeme.token)
    }

    fn next_is(&self, token: &Token) -> bool {
        self.peek() == Some(token)
    }

    fn keyword(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found == word)
    }

    /// The place of the next token; at the end: after the text.
    fn place(&self) -> Place {
        self.tokens.get(self.at).map_or(self.text.len()..self.text.len(), |lexeme| lexeme.at.clone())
    }

    /// The place of the token that was read last.
    fn last(&self) -> Place {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0..0, |lexeme| lexeme.at.clone())
    }

    /// Whether nothing stands between the last token and the next.
    fn adjacent(&self) -> bool {
        self.at < self.tokens.len() && self.last().end == self.place().start
    }

    fn unexpected(&self, expected: &str) -> Failure {
        let at = self.place();
        match self.text.get(at.clone()).filter(|found| !found.is_empty()) {
            Some(found) => Failure::rejected(format!("expected {expected}, found `{found}`"), at),
            None => Failure::rejected(format!("expected {expected}, found the end of the filter"), at),
        }
    }

    fn expect(&mut self, token: &Token, expected: &str) -> Result<(), Failure> {
        if !self.next_is(token) {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads what stands in parentheses.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let open = self.place();
        self.expect(&Token::Open, "`(`")?;
        self.levels += 1;
        if self.levels > MOST_LEVELS {
            return Err(Failure::unknown("more than 64 parentheses inside one another are not followed", open));
        }
        let inner = read(self)?;
        self.expect(&Token::Close, "`)`")?;
        self.levels -= 1;
        Ok(inner)
    }

    /// Parts joined by AND, by nothing, or tighter by OR.
    fn joined<T: Joined>(&mut self, part: Read<'a, T>) -> Result<T, Failure> {
        let mut all = vec![self.either(part)?];
        loop {
            if self.keyword("AND") {
                self.at += 1;
            } else if self.peek().is_none_or(|token| matches!(token, Token::Close | Token::Comma)) {
                break;
            } else if self.adjacent() {
                let message = "what stands side by side without white space is not known";
                return Err(Failure::unknown(message, self.last().start..self.place().end));
            }
            all.push(self.either(part)?);
        }
        Ok(if all.len() > 1 { T::and(all) } else { all.swap_remove(0) })
    }

    fn either<T: Joined>(&mut self, part: Read<'a, T>) -> Result<T, Failure> {
        let mut any = vec![self.negated(part)?];
        while self.keyword("OR") {
            self.at += 1;
            any.push(self.negated(part)?);
        }
        Ok(if any.len() > 1 { T::or(any) } else { any.swap_remove(0) })
    }

    fn negated<T: Joined>(&mut self, part: Read<'a, T>) -> Result<T, Failure> {
        if self.keyword("NOT") {
            self.at += 1;
        } else if self.next_is(&Token::Minus) {
            let minus = self.place();
            self.at += 1;
            if !self.adjacent() {
                return Err(self.unexpected("what `-` negates, right after it"));
            }
            if matches!(self.peek(), Some(Token::Number(_))) {
                let at = minus.start..self.place().end;
                return Err(Failure::unknown("whether this is a negative number or NOT a number is not known", at));
            }
        } else {
            return part(self);
        }
        if self.keyword("NOT") || self.next_is(&Token::Minus) {
            return Err(self.unexpected("one negation alone"));
        }
        Ok(T::not(part(self)?))
    }

    /// A comparison, a group, a function or a value alone.
    fn term(&mut self) -> Result<Expr, Failure> {
        let start = self.place();
        match self.peek().cloned() {
            Some(Token::Open) => self.nested(|parser| parser.joined(Parser::term)),
            Some(Token::Word(word)) if !is_keyword(&word) => match self.operand()? {
                Operand::Path(path) if !self.at_operator() => {
                    let literal = path.word().ok_or_else(|| with_period(&path.at))?;
                    self.check_end_of_value(&literal.at)?;
                    if self.next_is(&Token::Open) && is_known(&literal.text) {
                        let message = format!("whether `{}` is a function or a word here is not known", literal.text);
                        return Err(Failure::unknown(message, literal.at));
                    }
                    Ok(Expr::Global(literal))
                }
                Operand::Call(call) if !self.at_operator() => Ok(Expr::Call(call)),
                left => {
                    let Some(Token::Op(op)) = self.peek().cloned() else { return Err(self.unexpected("an operator")) };
                    self.at += 1;
                    let right = self.values_of(op)?;
                    Ok(Expr::Comparison { left, op, right, at: start.start..self.last().end })
                }
            },
            Some(Token::Quoted(text)) => {
                self.at += 1;
                if self.at_operator() || (self.next_is(&Token::Dot) && self.adjacent()) {
                    return Err(Failure::unknown("whether a field's name may begin with quotes is not known", start));
                }
                let literal = Literal { text, form: Form::Quoted, at: start };
                self.check_end_of_value(&literal.at)?;
                Ok(Expr::Global(literal))
            }
            Some(Token::Number(_)) => {
                let literal = self.literal()?;
                Ok(Expr::Global(literal))
            }
            Some(Token::Star) => Err(Failure::rejected("`*` in a text needs double quotes", start)),
            _ => Err(self.unexpected("a comparison, a function or a value")),
        }
    }

    fn at_operator(&self) -> bool {
        matches!(self.peek(), Some(Token::Op(_)))
    }

    /// A field or a function: at a word.
    fn operand(&mut self) -> Result<Operand, Failure> {
        let at = self.place();
        let Some(Token::Word(name)) = self.peek().cloned() else {
            return Err(self.unexpected("a field or a function"));
        };
        self.at += 1;
        if self.next_is(&Token::Open) && self.adjacent() {
            return Ok(Operand::Call(self.call(name, at)?));
        }
        let mut path = Path { parts: vec![Part { name, at: at.clone() }], at };
        while self.next_is(&Token::Dot) && self.adjacent() {
            self.at += 1;
            let at = self.place();
            let name = match self.peek() {
                Some(Token::Word(name) | Token::Number(name))
                    if name.bytes().all(|b| b.is_ascii_digit() || b == b'.') =>
                {
                    let message = format!("whether `{name}` is an element of a list or a key is not known");
                    return Err(Failure::unknown(message, at));
                }
                Some(Token::Word(name) | Token::Quoted(name)) if self.adjacent() => name.clone(),
                _ => return Err(self.unexpected("a part of the field's name after `.`")),
            };
            self.at += 1;
            path.at.end = at.end;
            path.parts.push(Part { name, at });
        }
        Ok(Operand::Path(path))
    }

    fn call(&mut self, name: String, at: Place) -> Result<Call, Failure> {
        let arguments = self.nested(|parser| {
            let mut arguments = Vec::new();
            while !parser.next_is(&Token::Close) {
                if !arguments.is_empty() {
                    parser.expect(&Token::Comma, "`,` or `)`")?;
                }
                arguments.push(parser.argument()?);
            }
            Ok(arguments)
        })?;
        Ok(Call { name, arguments, at: at.start..self.last().end })
    }

    fn argument(&mut self) -> Result<Argument, Failure> {
        Ok(match self.peek() {
            Some(Token::Word(_)) => match self.operand()? {
                Operand::Path(path) => Argument::Path(path),
                Operand::Call(call) => Argument::Call(call),
            },
            Some(Token::Open) => {
                return Err(Failure::unknown("an argument in parentheses is not known", self.place()));
            }
            _ => Argument::Literal(self.literal()?),
        })
    }

    fn values_of(&mut self, op: Op) -> Result<Values, Failure> {
        if self.next_is(&Token::Star) {
            if op != Op::Has {
                return Err(Failure::rejected(
                    "`*` stands only after `:`; in a text it needs double quotes",
                    self.place(),
                ));
            }
            self.at += 1;
            self.check_end_of_value(&self.last())?;
            return Ok(Values::Star(self.last()));
        }
        self.value()
    }

    fn value(&mut self) -> Result<Values, Failure> {
        if self.next_is(&Token::Open) {
            return self.nested(|parser| parser.joined(Parser::value));
        }
        Ok(Values::One(self.literal()?))
    }

    fn literal(&mut self) -> Result<Literal, Failure> {
        let at = self.place();
        let literal = match self.peek().cloned() {
            Some(Token::Quoted(text)) => Literal { text, form: Form::Quoted, at },
            Some(Token::Number(text)) => Literal { text, form: Form::Number, at },
            Some(Token::Word(text)) if !is_keyword(&text) => Literal { text, form: Form::Word, at },
            Some(Token::Minus) => {
                self.at += 1;
                match self.peek().cloned() {
                    Some(Token::Number(number)) if self.adjacent() => {
                        Literal { text: format!("-{number}"), form: Form::Number, at: at.start..self.place().end }
                    }
                    _ => return Err(Failure::rejected("a text that begins with `-` must be in double quotes", at)),
                }
            }
            Some(Token::Dot) => {
                return Err(Failure::rejected("a text that begins with `.` must be in double quotes", at));
            }
            _ => return Err(self.unexpected("a value")),
        };
        self.at += 1;
        self.check_end_of_value(&literal.at)?;
        Ok(literal)
    }

    /// After a value: what would belong to it, were it in quotes.
    fn check_end_of_value(&self, value: &Place) -> Result<(), Failure> {
        let at = value.start..self.place().end;
        let message = match self.peek() {
            Some(Token::Op(_)) => {
                "a text with an operator in it must be in double quotes, and a comparison has one operator"
            }
            Some(Token::Dot) if self.adjacent() => return Err(with_period(&at)),
            Some(Token::Star) if self.adjacent() => "`*` in a text needs double quotes",
            Some(Token::Open) if self.adjacent() => {
                let text = self.text.get(value.clone()).unwrap_or_default();
                if is_known(text) || text.starts_with('"') {
                    return Err(Failure::unknown("a function or parentheses right after a value are not known", at));
                }
                return Err(Failure::rejected(format!("there is no function `{text}`"), at));
            }
            Some(Token::Word(_) | Token::Number(_) | Token::Quoted(_)) if self.adjacent() => {
                return Err(Failure::unknown("two values without white space between them are not known", at));
            }
            _ => return Ok(()),
        };
        Err(Failure::rejected(message, at))
    }
}

impl Path {
    /// The path as an unquoted text, if it is one word.
    pub(super) fn word(&self) -> Option<Literal> {
        match self.parts.as_slice() {
            [part] => Some(Literal { text: part.name.clone(), form: Form::Word, at: self.at.clone() }),
            _ => None,
        }
    }
}

fn with_period(at: &Place) -> Failure {
    Failure::rejected("a text with `.` in it must be in double quotes", at.clone())
}

fn is_keyword(word: &str) -> bool {
    matches!(word, "AND" | "OR" | "NOT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::Kind;

    fn failure(text: &str) -> Option<Kind> {
        parse(text).err().map(|failure| failure.kind)
    }

    #[test]
    fn a_filter_has_20000_characters() {
        // Characters, not bytes: each of these has two.
        let padded = |characters: usize| format!("a:b --{}", "é".repeat(characters - 6));
        assert_eq!(failure(&padded(20_000)), None);
        assert_eq!(failure(&padded(20_001)), Some(Kind::Rejected));
    }

    #[test]
    fn parentheses_have_a_limit() {
        let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
        assert_eq!(failure(&nested(MOST_LEVELS)), None);
        assert_eq!(failure(&nested(MOST_LEVELS + 1)), Some(Kind::Unknown));
        assert_eq!(failure(&"(".repeat(19_999)), Some(Kind::Unknown));
        assert_eq!(failure(&format!("a:{}", "(".repeat(19_000))), Some(Kind::Unknown));
        assert_eq!(failure(&format!("{}a", "cast(".repeat(3_000))), Some(Kind::Unknown));
    }

    #[test]
    fn a_failure_has_its_place() {
        let place = |text: &str| parse(text).err().and_then(|failure| failure.at);
        assert_eq!(place("a = (b"), Some(6..6));
        assert_eq!(place("é = \"x\" = y"), Some(5..10));
        assert_eq!(place("a = \"\\q\""), Some(5..7));
    }
}

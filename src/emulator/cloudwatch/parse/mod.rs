//! Takes the text of a query, gives its commands in their order.

mod expression;
mod lex;

use lex::{Lexer, Token};

use super::pattern::Pattern;
use super::tree::{Command, Does, Expr, Group, Item, Join, Name, Node, Place, Side, SortKey, written};
use crate::emulator::{Failure, Readings};

/// Most characters of a query.
const LONGEST: usize = 10_000;
/// Most rows that `limit` may ask for.
const MOST_ROWS: usize = 100_000;

/// Commands that are documented, but not known here.
const UNKNOWN: &[&str] = &[
    "addtotals",
    "anomaly",
    "filterindex",
    "pattern",
    "diff",
    "unmask",
    "expand",
    "lookup",
    "autoregress",
    "logcompare",
    "filldown",
    "fillmissing",
    "cidrlookup",
    "outlier",
    "accum",
    "appendcols",
    "sessionize",
    "countfrequent",
    "relevantfields",
    "json",
];

/// Reads a query.
///
/// # Errors
/// Where the language has no such text, and where it has, but it is not known here.
pub(super) fn query(text: &str, readings: &Readings) -> Result<Vec<Command>, Failure> {
    let length = text.chars().count();
    if length > LONGEST {
        return Err(Failure::rejected(
            format!("{length} characters, where a query has at most {LONGEST}"),
            0..text.len(),
        ));
    }
    let mut parser = Parser::new(text, readings)?;
    let mut commands = vec![parser.command()?];
    while parser.symbol("|")? {
        commands.push(parser.command()?);
    }
    match parser.token {
        Token::End => Ok(commands),
        _ => Err(parser.expected("`|` or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    /// The token to be read.
    token: Token,
    at: Place,
    /// Where the token before it ended.
    end: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, readings: &'a Readings) -> Result<Parser<'a>, Failure> {
        let mut lexer = Lexer::new(text, readings);
        let (token, at) = lexer.next()?;
        Ok(Parser { text, lexer, token, at, end: 0, depth: 0 })
    }

    fn advance(&mut self) -> Result<Token, Failure> {
        let (token, at) = self.lexer.next()?;
        self.end = self.at.end;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn expected(&self, what: &str) -> Failure {
        let found = self.text.get(self.at.clone()).filter(|found| !found.is_empty());
        let found = found.map_or("the end".to_owned(), |found| format!("`{found}`"));
        Failure::rejected(format!("found {found}, expected {what}"), self.at.clone())
    }

    fn symbol(&mut self, symbol: &'static str) -> Result<bool, Failure> {
        let there = self.token == Token::Symbol(symbol);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    fn require(&mut self, symbol: &'static str) -> Result<(), Failure> {
        if self.symbol(symbol)? { Ok(()) } else { Err(self.expected(&format!("`{symbol}`"))) }
    }

    /// The token as a word of the language, in small letters.
    fn peek_word(&self) -> Option<String> {
        match &self.token {
            Token::Path { segments, quoted: false } => match segments.as_slice() {
                [word] => Some(word.to_ascii_lowercase()),
                _ => None,
            },
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Result<bool, Failure> {
        let there = self.peek_word().as_deref() == Some(word);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
        let mut all = vec![one(self)?];
        while self.symbol(",")? {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn command(&mut self) -> Result<Command, Failure> {
        let start = self.at.start;
        let word = self.peek_word().ok_or_else(|| self.expected("a command"))?;
        self.advance()?;
        let place = start..self.end;
        let does = match word.as_str() {
            "source" => self.source()?,
            "fields" => Does::Fields(self.list(Self::item)?),
            "display" => Does::Display(self.list(Self::item)?),
            "filter" | "where" => Does::Filter(self.expression()?),
            "parse" => self.parse()?,
            "stats" => self.stats()?,
            "sort" => Does::Sort(self.list(Self::sort_key)?),
            "limit" => self.limit()?,
            "dedup" => Does::Dedup(self.list(Self::expression)?),
            "unnest" => self.unnest()?,
            "join" => Does::Join(self.join()?),
            word => {
                let said = self.text.get(place.clone()).unwrap_or_default();
                return Err(if UNKNOWN.contains(&word) {
                    Failure::unknown(format!("the command `{said}`"), place)
                } else {
                    Failure::rejected(format!("`{said}` is no command"), place)
                });
            }
        };
        Ok(Command { at: start..self.end, does })
    }

    fn source(&mut self) -> Result<Does, Failure> {
        if let Token::Text(name) = &self.token {
            let named = Group::Named(name.clone());
            self.advance()?;
            return Ok(Does::Source(vec![named]));
        }
        if !self.word("loggroups")? {
            return Err(self.expected("the name of a log group, or `logGroups(…)`"));
        }
        self.require("(")?;
        if self.peek_word().as_deref() != Some("nameprefix") {
            return Err(Failure::unknown("log groups that are chosen other than by `namePrefix`", self.at.clone()));
        }
        self.advance()?;
        self.require(":")?;
        self.require("[")?;
        let prefixes = self.list(Self::quoted)?;
        self.require("]")?;
        if self.token == Token::Symbol(",") {
            return Err(Failure::unknown("log groups that are chosen other than by `namePrefix`", self.at.clone()));
        }
        self.require(")")?;
        if prefixes.len() > 5 {
            return Err(Failure::rejected("`SOURCE` takes at most five prefixes", self.at.start..self.end));
        }
        Ok(Does::Source(prefixes.into_iter().map(Group::WithPrefix).collect()))
    }

    fn quoted(&mut self) -> Result<String, Failure> {
        match &self.token {
            Token::Text(text) => {
                let text = text.clone();
                self.advance()?;
                Ok(text)
            }
            _ => Err(self.expected("a text in quotation marks")),
        }
    }

    fn item(&mut self) -> Result<Item, Failure> {
        let value = self.expression()?;
        if self.word("as")? {
            let name = self.name()?;
            return Ok(Item { value, name, alias: true });
        }
        let name = match &value.node {
            Node::Path(path) => written(path),
            _ => self.text.get(value.at.clone()).unwrap_or_default().to_owned(),
        };
        Ok(Item { name: Name { name, at: value.at.clone() }, value, alias: false })
    }

    fn name(&mut self) -> Result<Name, Failure> {
        let at = self.at.clone();
        match &self.token {
            Token::Path { segments, .. } => {
                let name = segments.join(".");
                self.advance()?;
                Ok(Name { name, at })
            }
            _ => Err(self.expected("a name")),
        }
    }

    fn parse(&mut self) -> Result<Does, Failure> {
        let from = match &self.token {
            Token::Text(_) | Token::Symbol("/") => None,
            _ => Some(self.postfix()?),
        };
        match self.peek_word().as_deref() {
            Some(mode @ ("logfmt" | "csv" | "json")) => {
                return Err(Failure::unknown(format!("the mode `{mode}` of `parse`"), self.at.clone()));
            }
            Some("field") => return Err(Failure::unknown("`field` of `parse`", self.at.clone())),
            _ => {}
        }
        let at = self.at.clone();
        if self.token == Token::Symbol("/") {
            let (text, at) = self.pattern()?;
            if let Some(word @ ("multi" | "as")) = self.peek_word().as_deref() {
                return Err(Failure::unknown(format!("`{word}` after the pattern of a `parse`"), self.at.clone()));
            }
            let pattern = Pattern::regex(&text, &at)?;
            let names: Vec<Name> = pattern.names().map(|name| Name { name: name.to_owned(), at: at.clone() }).collect();
            if names.is_empty() {
                return Err(Failure::unknown("a pattern of `parse` without a named group", at));
            }
            return Ok(Does::Parse { from, pattern, names });
        }
        let glob = self.quoted()?;
        if !self.word("as")? {
            return Err(self.expected("`as` and the names of what the stars take"));
        }
        let names = self.list(Self::name)?;
        let stars = glob.matches('*').count();
        if stars != names.len() {
            let message = format!("the glob has {stars} stars, and {} names follow", names.len());
            return Err(Failure::rejected(message, at));
        }
        let pattern = Pattern::glob(&glob, &at)?;
        Ok(Does::Parse { from, pattern, names })
    }

    /// The pattern whose opening slash is the token.
    fn pattern(&mut self) -> Result<(String, Place), Failure> {
        let (text, place) = self.lexer.pattern(self.at.start)?;
        self.at = place.clone();
        self.advance()?;
        Ok((text, place))
    }

    fn stats(&mut self) -> Result<Does, Failure> {
        let measures = self.list(Self::item)?;
        let keys = if self.word("by")? { self.list(Self::item)? } else { Vec::new() };
        if self.peek_word().as_deref() == Some("offset") {
            return Err(Failure::unknown("`offset` of `stats`", self.at.clone()));
        }
        Ok(Does::Stats { measures, keys })
    }

    fn sort_key(&mut self) -> Result<SortKey, Failure> {
        let value = self.expression()?;
        let descending = if self.word("desc")? {
            Some(true)
        } else if self.word("asc")? {
            Some(false)
        } else {
            None
        };
        Ok(SortKey { value, descending })
    }

    fn limit(&mut self) -> Result<Does, Failure> {
        let any = self.word("any")?;
        let Token::Number(number) = &self.token else { return Err(self.expected("a number of rows")) };
        let most = number.parse::<usize>();
        let at = self.at.clone();
        self.advance()?;
        match most {
            Ok(0) => Err(Failure::unknown("a limit of 0", at)),
            Ok(most) if most <= MOST_ROWS => Ok(Does::Limit { most, any }),
            _ => Err(Failure::rejected(format!("a limit is a whole number up to {MOST_ROWS}"), at)),
        }
    }

    fn unnest(&mut self) -> Result<Does, Failure> {
        let list: Expr = self.postfix()?;
        if !self.word("into")? {
            return Err(self.expected("`into` and a name"));
        }
        Ok(Does::Unnest { list, into: self.name()? })
    }

    /// `type=… left=… right=… where a.k=b.k (SOURCE '…')`.
    fn join(&mut self) -> Result<Join, Failure> {
        let (mut kind, mut left, mut right) = ("inner".to_owned(), None, None);
        while self.peek_word().as_deref() != Some("where") {
            let option = self.peek_word().ok_or_else(|| self.expected("`where`"))?;
            let at = self.at.clone();
            self.advance()?;
            self.require("=")?;
            let value = self.name()?.name;
            match option.as_str() {
                "type" if matches!(value.as_str(), "inner" | "left") => kind = value,
                "left" => left = Some(value),
                "right" => right = Some(value),
                _ => return Err(Failure::rejected(format!("`{option}={value}` is nothing that `join` takes"), at)),
            }
        }
        let at = self.at.clone();
        self.advance()?;
        let one = self.join_key()?;
        self.require("=")?;
        let other = self.join_key()?;
        let key = |alias: Option<String>| {
            let alias = alias.unwrap_or_default();
            let found = [&one, &other].into_iter().find(|path| path.first() == Some(&alias))?;
            Some(Side { alias, key: found.get(1..)?.to_vec() })
        };
        let (Some(left), Some(right)) = (key(left), key(right)) else {
            return Err(Failure::rejected("expected a field of the left and one of the right side of `join`", at));
        };
        self.require("(")?;
        if !self.word("source")? {
            return Err(self.expected("`SOURCE`"));
        }
        let group = self.quoted()?;
        self.require(")")?;
        Ok(Join { outer: kind == "left", left, right, group })
    }

    fn join_key(&mut self) -> Result<Vec<String>, Failure> {
        match &self.token {
            Token::Path { segments, .. } if segments.len() > 1 => {
                let path = segments.clone();
                self.advance()?;
                Ok(path)
            }
            _ => Err(self.expected("a field with the alias of its side")),
        }
    }
}

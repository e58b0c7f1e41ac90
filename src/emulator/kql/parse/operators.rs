//! Tokens → the operators of a pipe.

use super::{Parsed, Parser};
use crate::emulator::Failure;
use crate::emulator::kql::lexer::Token;
use crate::emulator::kql::tree::{
    Column, Expand, Join, JoinKind, Named, Operator, OperatorKind, Ordering, Parse, ParsePart, Pattern, Union,
};
use crate::emulator::kql::value::Type;

/// Operators that KQL has and this emulator has not.
const ELSE_KNOWN: &[&str] = &[
    "consume",
    "evaluate",
    "facet",
    "find",
    "fork",
    "getschema",
    "invoke",
    "make-graph",
    "make-series",
    "graph-match",
    "parse-kv",
    "partition",
    "project-by-names",
    "reduce",
    "sample",
    "sample-distinct",
    "scan",
    "search",
    "top-hitters",
    "top-nested",
    "mvexpand",
    "mvapply",
    "filter-out",
];

impl Parser<'_> {
    pub(super) fn operators(&mut self) -> Parsed<Vec<Operator>> {
        let mut out = Vec::new();
        while self.take("|") {
            let start = self.place().start;
            let kind = self.operator()?;
            out.push(Operator { at: self.since(start), kind });
        }
        Ok(out)
    }

    fn operator(&mut self) -> Parsed<OperatorKind> {
        let Some(word) = self.word() else { return Err(self.wrong("an operator")) };
        let place = self.place();
        self.at += 1;
        Ok(match word {
            "where" | "filter" => OperatorKind::Where(self.expression()?),
            "extend" => OperatorKind::Extend(self.list(Self::named)?),
            "project" => OperatorKind::Project(self.list(Self::named)?),
            "project-away" => OperatorKind::Away(self.list(Self::pattern)?),
            "project-keep" => OperatorKind::Keep(self.list(Self::pattern)?),
            "project-reorder" => OperatorKind::Reorder(self.list(Self::reordered)?),
            "project-rename" => OperatorKind::Rename(self.list(|parser| {
                let new = parser.name()?;
                parser.expect("=")?;
                Ok((new, parser.name()?))
            })?),
            "summarize" => self.summarize()?,
            "sort" | "order" => {
                self.expect_word("by")?;
                OperatorKind::Sort(self.list(Self::ordering)?)
            }
            "top" => {
                let count = self.expression()?;
                self.expect_word("by")?;
                OperatorKind::Top(count, self.ordering()?)
            }
            "take" | "limit" => OperatorKind::Take(self.expression()?),
            "distinct" => OperatorKind::Distinct(self.list(Self::named)?),
            "count" => OperatorKind::Count(if self.take_word("as") { Some(self.name()?) } else { None }),
            "serialize" => {
                let ends = self.next_is("|") || self.next_is(")") || self.next_is(";") || *self.token(0) == Token::End;
                OperatorKind::Serialize(if ends { Vec::new() } else { self.list(Self::named)? })
            }
            "union" => OperatorKind::Union(self.union()?),
            "join" => OperatorKind::Join(self.join(false)?),
            "lookup" => OperatorKind::Join(self.join(true)?),
            "mv-expand" => OperatorKind::Expand(self.expand()?),
            "mv-apply" => {
                let expand = self.expand()?;
                self.expect_word("on")?;
                self.expect("(")?;
                OperatorKind::Apply(expand, self.subquery()?)
            }
            "parse" => OperatorKind::Parse(self.parse_text(false)?),
            "parse-where" => OperatorKind::Parse(self.parse_text(true)?),
            "as" => {
                self.name()?;
                OperatorKind::Nothing
            }
            "render" => {
                while !matches!(self.token(0), Token::Mark("|" | ")" | ";" | "}") | Token::End) {
                    self.at += 1;
                }
                OperatorKind::Nothing
            }
            word if ELSE_KNOWN.contains(&word) => {
                return Err(Failure::unknown(format!("the operator `{word}` is not known here"), place));
            }
            word => return Err(Failure::rejected(format!("there is no operator `{word}`"), place)),
        })
    }

    /// The inside of `on (…)`: operators over what was expanded.
    fn subquery(&mut self) -> Parsed<Vec<Operator>> {
        self.nested(|parser| {
            let start = parser.place().start;
            let first = parser.operator()?;
            let mut out = vec![Operator { at: parser.since(start), kind: first }];
            out.extend(parser.operators()?);
            parser.expect(")")?;
            Ok(out)
        })
    }

    /// `[NAME =] x`, or `(NAME, …) = x`.
    pub(super) fn named(&mut self) -> Parsed<Named> {
        if self.next_is("(") && self.names_in_brackets() {
            self.expect("(")?;
            let names = self.list_until(")", Self::name)?;
            self.expect("=")?;
            return Ok(Named { names, value: self.expression()? });
        }
        let named = matches!((self.token(0), self.token(1)), (Token::Word(_), Token::Mark("=")))
            || matches!((self.token(0), self.token(3)), (Token::Mark("["), Token::Mark("=")));
        if !named {
            return Ok(Named { names: Vec::new(), value: self.expression()? });
        }
        let name = self.name()?;
        self.expect("=")?;
        Ok(Named { names: vec![name], value: self.expression()? })
    }

    /// Whether `(a, b, …) =` follows.
    fn names_in_brackets(&self) -> bool {
        let mut ahead = 1;
        while matches!(self.token(ahead), Token::Word(_) | Token::Mark("," | "[" | "]") | Token::Text(_)) {
            ahead += 1;
        }
        matches!((self.token(ahead), self.token(ahead + 1)), (Token::Mark(")"), Token::Mark("=")))
    }

    /// A column's name in which `*` may stand.
    fn pattern(&mut self) -> Parsed<Pattern> {
        let start = self.place().start;
        if self.next_is("[") {
            let name = self.name()?;
            return Ok(Pattern { text: name.text, at: name.at });
        }
        let mut text = String::new();
        let mut end = start;
        loop {
            let place = self.place();
            let joined = text.is_empty() || place.start == end;
            match self.token(0) {
                Token::Word(word) if joined => text.push_str(word),
                Token::Mark("*") if joined => text.push('*'),
                _ if text.is_empty() => return Err(self.wrong("a column")),
                _ => return Ok(Pattern { text, at: start..end }),
            }
            self.at += 1;
            end = place.end;
        }
    }

    fn reordered(&mut self) -> Parsed<(Pattern, Option<bool>)> {
        let pattern = self.pattern()?;
        let ascending = if self.take_word("asc") {
            Some(true)
        } else if self.take_word("desc") {
            Some(false)
        } else {
            None
        };
        Ok((pattern, ascending))
    }

    fn summarize(&mut self) -> Parsed<OperatorKind> {
        self.hints()?;
        let aggregates = if self.word() == Some("by") { Vec::new() } else { self.list(Self::named)? };
        let by = if self.take_word("by") { self.list(Self::named)? } else { Vec::new() };
        Ok(OperatorKind::Summarize { aggregates, by })
    }

    /// `hint.NAME = VALUE`: they change no rows.
    fn hints(&mut self) -> Parsed<()> {
        while self.word() == Some("hint") && matches!(self.token(1), Token::Mark(".")) {
            self.at += 2;
            self.name()?;
            self.expect("=")?;
            self.at += 1;
        }
        Ok(())
    }

    fn ordering(&mut self) -> Parsed<Ordering> {
        let value = self.expression()?;
        let ascending = self.take_word("asc");
        if !ascending {
            self.take_word("desc");
        }
        let mut nulls_first = ascending;
        if self.take_word("nulls") {
            nulls_first = self.take_word("first");
            if !nulls_first {
                self.expect_word("last")?;
            }
        }
        Ok(Ordering { value, ascending, nulls_first })
    }

    pub(super) fn union(&mut self) -> Parsed<Union> {
        let mut union = Union { inner: false, source: None, fuzzy: false, tables: Vec::new() };
        loop {
            self.hints()?;
            if self.take_setting("kind") {
                union.inner = self.take_word("inner");
                if !union.inner {
                    self.expect_word("outer")?;
                }
            } else if self.take_setting("withsource") || self.take_setting("with_source") {
                union.source = Some(self.name()?);
            } else if self.take_setting("isfuzzy") {
                union.fuzzy = self.take_word("true");
                if !union.fuzzy {
                    self.expect_word("false")?;
                }
            } else {
                break;
            }
        }
        union.tables = self.list(|parser| {
            let table = parser.expression()?;
            if parser.next_is("*") {
                return Err(parser.unknown("a union over tables by a pattern"));
            }
            Ok(table)
        })?;
        Ok(union)
    }

    fn join(&mut self, lookup: bool) -> Parsed<Join> {
        self.hints()?;
        let mut kind = if lookup { JoinKind::LeftOuter } else { JoinKind::InnerUnique };
        if self.take_setting("kind") {
            kind = match (self.word(), lookup) {
                (Some("leftouter"), _) => JoinKind::LeftOuter,
                (Some("inner"), _) => JoinKind::Inner,
                (Some("innerunique"), false) => JoinKind::InnerUnique,
                (Some("rightouter"), false) => JoinKind::RightOuter,
                (Some("fullouter"), false) => JoinKind::FullOuter,
                (Some("leftsemi"), false) => JoinKind::LeftSemi,
                (Some("rightsemi"), false) => JoinKind::RightSemi,
                (Some("leftanti" | "anti" | "leftantisemi"), false) => JoinKind::LeftAnti,
                (Some("rightanti" | "rightantisemi"), false) => JoinKind::RightAnti,
                _ => return Err(self.wrong("a kind of join")),
            };
            self.at += 1;
            self.hints()?;
        }
        let right = Box::new(self.sum()?);
        self.expect_word("on")?;
        let on = self.list(Self::expression)?;
        Ok(Join { kind, lookup, right, on })
    }

    fn expand(&mut self) -> Parsed<Expand> {
        let (mut pairs, mut index) = (false, None);
        loop {
            if self.take_setting("kind") || self.take_setting("bagexpansion") {
                pairs = self.take_word("array");
                if !pairs {
                    self.expect_word("bag")?;
                }
            } else if self.take_setting("with_itemindex") {
                index = Some(self.name()?);
            } else {
                break;
            }
        }
        let columns = self.list(|parser| {
            let named = parser.named()?;
            let mut kind: Option<Type> = None;
            if parser.take_word("to") {
                parser.expect_word("typeof")?;
                kind = Some(parser.type_in_brackets()?);
            }
            Ok((named, kind))
        })?;
        let limit = if self.take_word("limit") { Some(self.expression()?) } else { None };
        Ok(Expand { pairs, index, columns, limit })
    }

    fn parse_text(&mut self, only_matches: bool) -> Parsed<Parse> {
        let mut relaxed = false;
        if self.take_setting("kind") {
            relaxed = self.take_word("relaxed");
            if self.word() == Some("regex") {
                return Err(self.unknown("`parse kind=regex`"));
            }
            if !relaxed {
                self.expect_word("simple")?;
            }
        }
        let value = self.expression()?;
        self.expect_word("with")?;
        let mut parts: Vec<ParsePart> = Vec::new();
        loop {
            let after_column = matches!(parts.last(), Some(ParsePart::Column(_)));
            let part = match self.token(0) {
                Token::Mark("*") => ParsePart::Skip,
                Token::Text(text) => ParsePart::Text(text.clone()),
                Token::Word(_) | Token::Mark("[") if after_column => {
                    return Err(self.wrong("a text before the next column"));
                }
                Token::Word(_) | Token::Mark("[") => {
                    let name = self.name()?;
                    let kind = if self.take(":") { self.type_name()? } else { Type::Text };
                    parts.push(ParsePart::Column(Column { name, kind }));
                    continue;
                }
                _ if parts.is_empty() => return Err(self.wrong("a pattern")),
                _ => return Ok(Parse { relaxed, only_matches, value, parts }),
            };
            self.at += 1;
            parts.push(part);
        }
    }
}

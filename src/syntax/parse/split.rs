//! Takes a text that does not parse as a whole, gives the pieces that are read alone: items of a file, clauses of a rule or source.

use std::ops::Range;

use crate::syntax::ast::Broken;
use crate::syntax::comments::{Kind, Token, Tokens};

/// The words that begin an item.
pub(super) const ITEM_WORDS: [&str; 13] = [
    "stream",
    "source",
    "list",
    "table",
    "operations",
    "calendar",
    "prices",
    "rule",
    "signal",
    "correlate",
    "exception",
    "test",
    "dashboard",
];
/// The words that begin a clause of a source; its fields begin with their names.
pub(super) const SOURCE_WORDS: [&str; 12] =
    ["at", "delay", "unique", "provided", "where", "with", "absent", "enable", "trap", "assemble", "widen", "join"];

/// Most open brackets at one place.
const MAX_DEPTH: usize = 64;

/// A walk over the code of a text: words and characters outside of strings, patterns and comments, with the depth of brackets.
struct Walk<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    depth: usize,
}

enum Seen {
    Word(Range<usize>),
    Open(usize),
    Close(usize),
    Doc(Range<usize>),
    Comment,
    Other(Range<usize>),
}

impl Iterator for Walk<'_> {
    type Item = Seen;

    fn next(&mut self) -> Option<Seen> {
        let blank = |token: &Token| matches!(token, Token::Code(c) if c.is_whitespace());
        let (start, token) = self.tokens.by_ref().find(|(_, token)| !blank(token))?;
        let end = self.tokens.at;
        Some(match token {
            Token::Word => Seen::Word(start..end),
            Token::Skip(Kind::Doc) => Seen::Doc(start..end),
            Token::Skip(Kind::Comment) => Seen::Comment,
            Token::Code('(' | '[' | '{') => {
                self.depth += 1;
                Seen::Open(start)
            }
            Token::Code(')' | ']' | '}') => {
                self.depth = self.depth.saturating_sub(1);
                Seen::Close(start)
            }
            // A name in backticks and what follows a dot are no words of the language.
            Token::Code('`' | '.') => {
                let rest = self.text.get(end..).unwrap_or_default();
                if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                    self.tokens.next();
                }
                Seen::Other(start..self.tokens.at)
            }
            Token::Code(_) | Token::Skip(Kind::Text | Kind::Pattern) => Seen::Other(start..end),
        })
    }
}

fn walk(text: &str) -> Walk<'_> {
    Walk { text, tokens: Tokens::new(text), depth: 0 }
}

/// What an item that can't be read would have declared.
pub(super) fn head(piece: &str) -> Option<Broken> {
    let (item, word) = super::item_head(piece);
    let rest = item.get(word.len()..)?.trim_start_matches([' ', '\t', '\r', '\n', '`']);
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
    let name = rest.get(..end).filter(|name| !name.is_empty())?;
    ITEM_WORDS.contains(&word).then(|| Broken { word: word.to_owned(), name: name.to_owned() })
}

/// The first place where brackets are nested too deep for the parser.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut walk = walk(text);
    while let Some(seen) = walk.next() {
        if let Seen::Open(at) = seen
            && walk.depth > MAX_DEPTH
        {
            return Some(at);
        }
    }
    None
}

/// The innermost bracket of a text that is not closed.
pub(super) fn unclosed(text: &str) -> Option<(usize, char)> {
    let mut open: Vec<usize> = Vec::new();
    for seen in walk(text) {
        match seen {
            Seen::Open(at) => open.push(at),
            Seen::Close(_) => _ = open.pop(),
            _ => {}
        }
    }
    let at = open.pop()?;
    Some((at, text.get(at..)?.chars().next()?))
}

/// The last word or operator of code.
pub(super) fn last_code(text: &str) -> Range<usize> {
    let mut last = 0..0;
    for seen in walk(text) {
        let range = match seen {
            Seen::Word(range) | Seen::Other(range) | Seen::Doc(range) => range,
            Seen::Open(at) | Seen::Close(at) => at..at + 1,
            Seen::Comment => continue,
        };
        // Characters of one operator are one: `==`.
        let operator = |range: &Range<usize>| text.get(range.clone()).is_some_and(|t| "=!<>".contains(t));
        last = if last.end == range.start && operator(&range) { last.start..range.end } else { range };
    }
    last
}

/// The items of a file, each with its doc comment, and what stands before the first as a piece of its own.
///
/// An item begins at an item word outside of brackets, or at one in the first column that a name follows: so a missing brace costs one item.
pub(super) fn items(text: &str) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> = Vec::new();
    let mut doc: Option<usize> = None;
    let mut after_item_word = false;
    let mut walk = walk(text);
    loop {
        let depth_at = walk.depth;
        let Some(seen) = walk.next() else { break };
        match seen {
            Seen::Doc(range) => doc = doc.or(Some(range.start)),
            Seen::Word(range) => {
                let word = text.get(range.clone()).unwrap_or_default();
                let first_column = range.start == 0 || text.get(..range.start).is_some_and(|b| b.ends_with('\n'));
                let named = text.get(range.end..).is_some_and(|rest| {
                    rest.starts_with(' ')
                        && rest.trim_start().starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '`')
                });
                if ITEM_WORDS.contains(&word) && !after_item_word && (depth_at == 0 || (first_column && named)) {
                    starts.push(doc.take().unwrap_or(range.start));
                    walk.depth = 0;
                    after_item_word = true;
                } else {
                    after_item_word = false;
                    doc = None;
                }
            }
            Seen::Open(_) | Seen::Close(_) => {
                doc = None;
                after_item_word = false;
            }
            Seen::Other(_) | Seen::Comment => {}
        }
    }
    pieces(text, starts)
}

/// The clauses of an item's body: from the first brace on, at each clause word that stands directly in it.
pub(super) fn clauses(text: &str, words: &[&str], fields: bool) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut end = text.len();
    let mut walk = walk(text);
    let mut previous = ' ';
    while let Some(seen) = walk.next() {
        match seen {
            Seen::Word(range) if walk.depth == 1 => {
                let word = text.get(range.clone()).unwrap_or_default();
                let rest = text.get(range.end..).unwrap_or_default();
                let binds = || {
                    let name_end =
                        rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
                    let after = rest.get(name_end..).unwrap_or_default().trim_start();
                    after.starts_with('=') && !after.starts_with("==") && !after.starts_with("=>")
                };
                // `starts with` and `ends with` are tests, not clauses; `each m in … {` after `=` or `(` is a value.
                let before = text.get(..range.start).unwrap_or_default().trim_end();
                let infix = word == "with" && (before.ends_with("starts") || before.ends_with("ends"));
                let value = word == "each" && (previous == '=' || previous == '(' || previous == ',');
                let named = fields && binds();
                // A clause's word before an operator is a name that was not put in backticks.
                let operator = || {
                    let next = rest.trim_start_matches(super::WHITE);
                    next.starts_with(['=', '<', '>', '+', '*', ',', ')', ']']) || next.starts_with("!=")
                };
                let clause = words.contains(&word) && !infix && !value && !named && !operator();
                let field = named && !before.ends_with(',');
                if clause || field {
                    starts.push(range.start);
                    // A field's name goes on after its dots.
                    previous = ' ';
                    continue;
                }
                previous = 'a';
            }
            Seen::Close(at) if walk.depth == 0 => {
                end = at;
                break;
            }
            Seen::Open(at) | Seen::Close(at) => previous = text.get(at..).and_then(|r| r.chars().next()).unwrap_or(' '),
            Seen::Other(range) => {
                previous = text.get(range).and_then(|r| r.chars().next_back()).unwrap_or(' ');
            }
            _ => {}
        }
    }
    let mut pieces = pieces(text, starts);
    if let Some(last) = pieces.last_mut() {
        last.end = end.max(last.start);
    }
    if pieces.first().is_some_and(|first| first.start == 0) {
        pieces.remove(0);
    }
    pieces
}

fn pieces(text: &str, starts: Vec<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let first = starts.first().copied().unwrap_or(text.len());
    if text.get(..first).is_some_and(|before| super::code_start(before).is_some()) {
        out.push(0..first);
    }
    for (n, start) in starts.iter().enumerate() {
        out.push(*start..starts.get(n + 1).copied().unwrap_or(text.len()));
    }
    out
}

//! Takes a text that does not parse as a whole, gives the pieces that are read alone: items of a file, clauses of a rule or source.

use std::ops::Range;

use crate::syntax::ast::Broken;
use crate::syntax::comments::{Kind, Token, token, value_may_begin, word_end};

/// The words that begin an item.
pub(super) const ITEM_WORDS: [&str; 12] = [
    "stream",
    "source",
    "list",
    "operations",
    "rule",
    "test",
    "signal",
    "correlate",
    "exception",
    "calendar",
    "prices",
    "dashboard",
];
/// The words that begin a clause of a rule.
pub(super) const CLAUSE_WORDS: [&str; 15] = [
    "severity",
    "tags",
    "from",
    "with",
    "each",
    "where",
    "over",
    "let",
    "when",
    "show",
    "mute",
    "respond",
    "benign",
    "owner",
    "references",
];
/// The words that begin a clause of a source; its fields begin with their names.
pub(super) const SOURCE_WORDS: [&str; 9] =
    ["at", "delay", "unique", "where", "with", "absent", "assemble", "widen", "join"];

/// Most open brackets at one place.
const MAX_DEPTH: usize = 64;

/// A walk over the code of a text: words and characters outside of strings, patterns and comments, with the depth of brackets.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// Bytes since which `value_may_begin` looks back.
    seen: usize,
}

enum Seen {
    Word(Range<usize>),
    Open(usize),
    Close(usize),
    Doc(Range<usize>),
    Other,
}

impl Iterator for Walk<'_> {
    type Item = Seen;

    fn next(&mut self) -> Option<Seen> {
        let start = self.at;
        let before = self.text.get(self.seen..start).unwrap_or_default();
        let token = token(self.text, start, value_may_begin(before))?;
        if start - self.seen > 200 {
            self.seen = (start - 100..=start).find(|n| self.text.is_char_boundary(*n)).unwrap_or(start);
        }
        Some(match token {
            Token::Word => {
                self.at = word_end(self.text, start);
                Seen::Word(start..self.at)
            }
            Token::Skip(Kind::Doc, end) => {
                self.at = end;
                Seen::Doc(start..end)
            }
            Token::Skip(_, end) => {
                self.at = end.max(start + 1);
                Seen::Other
            }
            Token::Code(c) => {
                self.at = start + c.len_utf8();
                match c {
                    '(' | '[' | '{' => {
                        self.depth += 1;
                        Seen::Open(start)
                    }
                    ')' | ']' | '}' => {
                        self.depth = self.depth.saturating_sub(1);
                        Seen::Close(start)
                    }
                    // A name in backticks and what follows a dot are no words of the language.
                    '`' | '.' => {
                        if self
                            .text
                            .get(self.at..)
                            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
                        {
                            self.at = word_end(self.text, self.at);
                        }
                        Seen::Other
                    }
                    _ => Seen::Other,
                }
            }
        })
    }
}

fn walk(text: &str) -> Walk<'_> {
    Walk { text, at: 0, depth: 0, seen: 0 }
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

/// The last word or character of code.
pub(super) fn last_code(text: &str) -> Range<usize> {
    let mut last = 0..0;
    let mut at = 0;
    while let Some(start) = super::code_start(text.get(at..).unwrap_or_default()).map(|skipped| at + skipped) {
        let end = match token(text, start, value_may_begin(text.get(..start).unwrap_or_default())) {
            Some(Token::Skip(_, end)) => end,
            Some(Token::Word) => word_end(text, start),
            Some(Token::Code(c)) => start + c.len_utf8(),
            None => break,
        };
        // Characters of one operator are one: `==`.
        let joins =
            matches!(token(text, start, false), Some(Token::Code(c)) if "=!<>".contains(c)) && last.end == start;
        last = if joins { last.start..end } else { start..end };
        at = end.max(start + 1);
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
            Seen::Other => {}
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
                    next.starts_with(['=', '<', '>', '!', '+', '*', ',', ')', ']'])
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
            Seen::Other => {
                let c = text.get(..walk.at).and_then(|r| r.chars().next_back()).unwrap_or(' ');
                if !c.is_whitespace() {
                    previous = c;
                }
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

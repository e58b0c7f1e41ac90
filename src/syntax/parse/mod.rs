//! Text → [`ast`]: the only place that knows pest. What does not parse as a whole is read again piece by piece, so that one slip
//! gives one message and hides nothing.

mod expr;
mod item;
mod literal;
mod names;
mod split;
mod test;

use std::num::NonZeroUsize;

use pest::Parser as _;
use pest::iterators::Pair;

use super::{ast, errors};
use crate::diag::Diagnostic;
use crate::source::{SourceId, Span};

/// Most bytes of one file.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;
/// Most steps that the parser takes for one piece: well over what a file of the greatest size needs.
const MAX_STEPS: usize = 200_000_000;

#[derive(pest_derive::Parser)]
#[grammar = "grammar/skywatch.pest"]
struct Grammar;

type P<'i> = Pair<'i, Rule>;

/// Reads a file: what could be read, and a finding for each thing that could not.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> (ast::File, Vec<Diagnostic>) {
    let mut reader = Reader { source, base: 0, diagnostics: Vec::new() };
    let file = reader.file(text);
    (file, reader.diagnostics)
}

/// Turns pest's pairs into the tree; spans are of the whole file, also when only a piece of it is read.
struct Reader {
    source: SourceId,
    /// Where the piece that is read begins in the file.
    base: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn file(&mut self, text: &str) -> ast::File {
        if text.len() > MAX_FILE_BYTES {
            self.say(errors::too_long(self.at(0..0), text.len()));
            return ast::File::default();
        }
        if let Some(at) = split::too_deep(text) {
            self.say(errors::too_deep(self.at(at..at + 1)));
            return ast::File::default();
        }
        pest::set_call_limit(NonZeroUsize::new(MAX_STEPS));
        match Grammar::parse(Rule::file, text) {
            Ok(pairs) => ast::File {
                items: pairs
                    .flat_map(Pair::into_inner)
                    .filter(|pair| pair.as_rule() == Rule::item)
                    .filter_map(|pair| self.item(pair))
                    .collect(),
            },
            Err(_) => ast::File {
                items: split::items(text).into_iter().filter_map(|range| self.piece(text, range)).collect(),
            },
        }
    }

    /// One item of a file that does not parse as a whole.
    fn piece(&mut self, text: &str, range: std::ops::Range<usize>) -> Option<ast::Item> {
        let piece = text.get(range.clone()).unwrap_or_default();
        self.base = range.start;
        match Grammar::parse(Rule::only_item, piece) {
            Ok(pairs) => {
                let item = pairs.flat_map(Pair::into_inner).find(|pair| pair.as_rule() == Rule::item);
                item.and_then(|pair| self.item(pair))
            }
            Err(error) => {
                if !self.clauses(piece, range.start) {
                    self.base = range.start;
                    self.syntax_error(&error, piece);
                }
                None
            }
        }
    }

    /// Reads a broken rule or source clause by clause; whether that found what is wrong.
    fn clauses(&mut self, piece: &str, base: usize) -> bool {
        let word = item_word(piece);
        let (words, fields): (&[&str], bool) = match word {
            "rule" => (&split::CLAUSE_WORDS, false),
            "source" => (&split::SOURCE_WORDS, true),
            _ => return false,
        };
        let before = self.diagnostics.len();
        let clauses = split::clauses(piece, words, fields);
        let first = clauses.first().map_or(piece.len(), |range| range.start);
        if let Some(open) = piece.get(..first).and_then(|header| header.find('{')) {
            let stray = piece.get(open + 1..first).unwrap_or_default();
            let code = code_start(stray);
            if let Some(at) = code.filter(|at| !stray.get(*at..).unwrap_or_default().starts_with('}')) {
                let start = open + 1 + at;
                self.base = base;
                self.say(errors::unknown_clause(self.at(start..word_end(piece, start)), piece, start, words));
            }
        } else {
            return false;
        }
        for range in clauses {
            let clause = piece.get(range.clone()).unwrap_or_default();
            self.base = base + range.start;
            let parsed = if fields {
                Grammar::parse(Rule::only_source_clause, clause)
            } else {
                Grammar::parse(Rule::only_clause, clause)
            };
            match parsed {
                Ok(pairs) => {
                    // Its own findings (a bad literal, say) belong to it even where a neighbour is broken.
                    for pair in pairs.flat_map(Pair::into_inner) {
                        match pair.as_rule() {
                            Rule::clause => drop(self.clause(pair)),
                            Rule::source_clause => drop(self.source_clause(pair)),
                            _ => {}
                        }
                    }
                }
                Err(error) => self.syntax_error(&error, clause),
            }
        }
        self.diagnostics.len() > before
    }

    fn syntax_error(&mut self, error: &pest::error::Error<Rule>, piece: &str) {
        let at = match error.location {
            pest::error::InputLocation::Pos(at) => at,
            pest::error::InputLocation::Span((start, _)) => start,
        };
        let expected = match &error.variant {
            pest::error::ErrorVariant::ParsingError { positives, .. } => names::expected(positives),
            pest::error::ErrorVariant::CustomError { .. } => {
                self.say(errors::too_deep(self.at(at..at)));
                return;
            }
        };
        let at = at + code_start(piece.get(at..).unwrap_or_default()).unwrap_or(0);
        let end =
            word_end(piece, at).max(at + piece.get(at..).and_then(|r| r.chars().next()).map_or(0, char::len_utf8));
        self.say(errors::unexpected(self.at(at..end), piece, at, &expected));
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn at(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.source, self.base + range.start..self.base + range.end)
    }

    fn span(&self, pair: &P<'_>) -> Span {
        let span = pair.as_span();
        // A pair may end with the white space before what was tried next.
        let end = span.start() + span.as_str().trim_end().len();
        self.at(span.start()..end)
    }
}

/// The first byte of code: what is neither white space nor a comment.
fn code_start(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return None;
        }
        let doc = trimmed.starts_with("///") && !trimmed.starts_with("////");
        if trimmed.starts_with("//") && !doc {
            at += trimmed.find('\n').unwrap_or(trimmed.len());
        } else {
            return Some(at);
        }
    }
}

fn word_end(text: &str, at: usize) -> usize {
    crate::syntax::comments::word_end(text, at)
}

/// The word that an item begins with, behind its doc comment.
fn item_word(piece: &str) -> &str {
    let mut rest = piece;
    loop {
        rest = rest.get(code_start(rest).unwrap_or(rest.len())..).unwrap_or_default();
        if rest.starts_with("///") {
            rest = rest.get(rest.find('\n').unwrap_or(rest.len())..).unwrap_or_default();
        } else {
            return rest.get(..word_end(rest, 0)).unwrap_or_default();
        }
    }
}

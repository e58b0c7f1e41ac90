//! Text → [`ast`]: the only place that knows pest. What does not parse as a whole is read again piece by piece, so that one slip
//! gives one message and hides nothing.

mod correlate;
mod declare;
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

pub use literal::micros;

/// Most bytes of one file.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;
/// Most steps that the parser takes for one piece: well over what a file of the greatest size needs.
const MAX_STEPS: usize = 200_000_000;
/// Most mistakes after which an item is still read.
const MAX_MISTAKES: usize = 100;
/// Most levels of an expression: a chain of n operands has n, since each is applied to all before it.
const MAX_LEVELS: usize = 100;

#[derive(pest_derive::Parser)]
#[grammar = "grammar/skywatch.pest"]
struct Grammar;

type P<'i> = Pair<'i, Rule>;

/// Reads a file: what could be read, and a finding for each thing that could not.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> (ast::File, Vec<Diagnostic>) {
    let mut reader = Reader { source, base: 0, depth: 0, lost: false, diagnostics: Vec::new() };
    // A byte order mark at the start is what some editors write; it is no more than white space.
    let file = match text.strip_prefix('\u{feff}') {
        Some(rest) => reader.file(&format!("   {rest}")),
        None => reader.file(text),
    };
    (file, reader.diagnostics)
}

/// Turns pest's pairs into the tree; spans are of the whole file, also when only a piece of it is read.
struct Reader {
    source: SourceId,
    /// Where the piece that is read begins in the file.
    base: usize,
    /// How many expressions enclose the one that is read.
    depth: usize,
    /// Whether a part of the item that is read was lost, so that what is left of it does not mean what was written.
    lost: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn file(&mut self, text: &str) -> ast::File {
        if text.len() > MAX_FILE_BYTES {
            self.say(errors::too_long(self.at(0..0), text.len()));
            return ast::File::default();
        }
        pest::set_call_limit(NonZeroUsize::new(MAX_STEPS));
        let mut file = ast::File::default();
        if split::too_deep(text).is_none()
            && let Ok(pairs) = Grammar::parse(Rule::file, text)
        {
            for pair in pairs.flat_map(Pair::into_inner).filter(|pair| pair.as_rule() == Rule::item) {
                let text = pair.as_str();
                match self.whole_item(pair) {
                    Some(item) => file.items.push(item),
                    None => file.broken.extend(split::head(text)),
                }
            }
            return file;
        }
        for range in split::items(text) {
            let piece = text.get(range.clone()).unwrap_or_default();
            if self.diagnostics.len() >= MAX_MISTAKES {
                // What follows is most likely no file of rules at all.
                self.base = 0;
                let span = self.at(range.start..range.start);
                self.say(errors::too_many_mistakes(span, MAX_MISTAKES));
                break;
            }
            match self.piece(piece, range.start) {
                Some(item) => file.items.push(item),
                None => file.broken.extend(split::head(piece)),
            }
        }
        file
    }

    /// One item of a file that does not parse as a whole.
    fn piece(&mut self, piece: &str, base: usize) -> Option<ast::Item> {
        self.base = base;
        if let Some(at) = split::too_deep(piece) {
            self.say(errors::too_deep(self.at(at..at + 1)));
            return None;
        }
        match Grammar::parse(Rule::only_item, piece) {
            Ok(pairs) => {
                let item = pairs.flat_map(Pair::into_inner).find(|pair| pair.as_rule() == Rule::item);
                item.and_then(|pair| self.whole_item(pair))
            }
            Err(error) => {
                let (item, word) = item_head(piece);
                if !split::ITEM_WORDS.contains(&word) && word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    let at = piece.len() - item.len();
                    self.say(errors::unknown_item(self.at(at..at + word.len()), word, &split::ITEM_WORDS));
                } else if !self.clauses(piece, base) {
                    self.base = base;
                    self.syntax_error(&error, piece, word, None);
                }
                None
            }
        }
    }

    /// An item, unless a part of it was lost.
    fn whole_item(&mut self, pair: P<'_>) -> Option<ast::Item> {
        self.lost = false;
        self.item(pair).filter(|_| !self.lost)
    }

    /// Reads a broken rule or source clause by clause; whether that found what is wrong.
    fn clauses(&mut self, piece: &str, base: usize) -> bool {
        let (_, word) = item_head(piece);
        let (words, rule): (&[&str], Rule) = match word {
            "rule" | "signal" => (&ast::CLAUSE_WORDS, Rule::only_clause),
            "correlate" => (&ast::CORRELATE_WORDS, Rule::only_correlate_clause),
            "source" => (&split::SOURCE_WORDS, Rule::only_source_clause),
            _ => return false,
        };
        let fields = rule == Rule::only_source_clause;
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
            match Grammar::parse(rule, clause) {
                Ok(pairs) => {
                    // Its own findings (a bad literal, say) belong to it even where a neighbour is broken.
                    for pair in pairs.flat_map(Pair::into_inner) {
                        match pair.as_rule() {
                            Rule::clause => drop(self.clause(pair)),
                            Rule::correlate_clause => drop(self.correlate_clause(pair)),
                            Rule::source_clause => drop(self.source_clause(pair)),
                            _ => {}
                        }
                    }
                }
                Err(error) => {
                    let word = clause.get(..word_end(clause, 0)).unwrap_or_default();
                    self.syntax_error(&error, clause, word, Some((rule, words)));
                }
            }
        }
        self.diagnostics.len() > before
    }

    /// Says what is wrong with a piece that begins with `word`; of a clause, which rule it is read by and which words begin one.
    fn syntax_error(
        &mut self,
        error: &pest::error::Error<Rule>,
        piece: &str,
        word: &str,
        clause: Option<(Rule, &[&'static str])>,
    ) {
        let at = match error.location {
            pest::error::InputLocation::Pos(at) => at,
            pest::error::InputLocation::Span((start, _)) => start,
        };
        let mut expected = match &error.variant {
            pest::error::ErrorVariant::ParsingError { positives, .. } => names::expected(positives),
            pest::error::ErrorVariant::CustomError { .. } => {
                self.say(errors::too_many_steps(self.at(at..at)));
                return;
            }
        };
        let Some(skipped) = code_start(piece.get(at..).unwrap_or_default()) else {
            if let Some((open, bracket)) = split::unclosed(piece) {
                return self.say(errors::unclosed(self.at(open..open + 1), bracket));
            }
            let last = split::last_code(piece);
            return self.say(errors::ends_early(self.at(last), word, &expected));
        };
        let at = at + skipped;
        let mut words: &[&'static str] = &[];
        if let Some((rule, known)) = clause
            && Grammar::parse(rule, piece.get(..at).unwrap_or_default()).is_ok()
        {
            // What stands before is a whole clause: a new one could begin here.
            expected.insert(0, "a clause");
            words = known;
        } else if clause.is_none()
            && piece.get(at..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
            && Grammar::parse(Rule::only_item, piece.get(..at).unwrap_or_default()).is_ok()
        {
            let word = at..word_end(piece, at);
            let text = piece.get(word.clone()).unwrap_or_default();
            return self.say(errors::unknown_item(self.at(word), text, &split::ITEM_WORDS));
        }
        self.say(errors::unexpected(self.at(at..at), piece, at, &expected, words));
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn at(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.source, self.base + range.start..self.base + range.end)
    }

    fn span(&self, pair: &P<'_>) -> Span {
        self.at(pair.as_span().start()..code_end(pair))
    }

    /// Reads something `levels` deeper; gives nothing where that is too deep, which is said once.
    fn deeper<T>(&mut self, levels: usize, span: Span, body: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let before = self.depth;
        self.depth = before.saturating_add(levels);
        let fits = self.depth <= MAX_LEVELS;
        let out = fits.then(|| body(self));
        self.depth = before;
        if !fits {
            self.lost = true;
            self.say(errors::too_many_levels(span));
        }
        out
    }
}

/// Where the code of a pair ends: it may reach over the white space and comments before something optional that did not come.
fn code_end(pair: &P<'_>) -> usize {
    let span = pair.as_span();
    let Some(last) = pair.clone().into_inner().next_back() else {
        return span.start() + span.as_str().trim_end_matches(WHITE).len();
    };
    let mut end = code_end(&last);
    // Behind the last part only brackets and the like may stand.
    while let Some(next) = span.as_str().get(end - span.start()..).and_then(|rest| Some((rest, code_start(rest)?))) {
        let (rest, at) = next;
        end += at + rest.get(at..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8);
    }
    end
}

/// What the grammar skips.
const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The first byte of code: what is neither white space nor a comment.
fn code_start(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let trimmed = rest.trim_start_matches(WHITE);
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

/// An item from its first word on, behind its doc comment, and that word.
fn item_head(piece: &str) -> (&str, &str) {
    let mut rest = piece;
    loop {
        rest = rest.get(code_start(rest).unwrap_or(rest.len())..).unwrap_or_default();
        if rest.starts_with("///") {
            rest = rest.get(rest.find('\n').unwrap_or(rest.len())..).unwrap_or_default();
        } else {
            return (rest, rest.get(..word_end(rest, 0)).unwrap_or_default());
        }
    }
}

//! `// allow NAME: REASON`: takes a pack's comments and what the lints found, gives what is left, and what is wrong with the comments.
//!
//! Behind code such a comment is about its line. On a line of its own it is about what begins on the next line of code: an item, a clause, or
//! that line.

use super::{Context, LINTS, find, unfounded_allow, unused_allow};
use crate::diag::{About, Code, Diagnostic};
use crate::pack::PackFile;
use crate::source::Span;
use crate::syntax::ast::{Item, ItemKind};
use crate::syntax::{Comment, comments};

/// One `allow` of a comment.
struct Allowed {
    about: &'static About,
    /// What it is about.
    over: Span,
    /// The name in the comment.
    at: Span,
    used: bool,
}

/// The findings that no comment allows. `runs` says of which lints findings could have come.
pub(super) fn left(context: &Context<'_>, found: Vec<Diagnostic>, runs: &dyn Fn(&About) -> bool) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let mut allowed = Vec::new();
    for file in &context.pack.files {
        read(context, file, &mut allowed, &mut out);
    }
    out.retain(|_| runs(&unfounded_allow::LINT.about));
    for diagnostic in found {
        let allows = |one: &&mut Allowed| {
            let place = diagnostic.labels.first().map(|label| label.span);
            Code::Lint(one.about) == diagnostic.code && place.is_some_and(|place| covers(one.over, place))
        };
        match allowed.iter_mut().find(allows) {
            Some(one) => one.used = true,
            None => out.push(diagnostic),
        }
    }
    if runs(&unused_allow::LINT.about) {
        // Of a lint that does not run nothing can be said.
        let unused = allowed.iter().filter(|one| !one.used && runs(one.about));
        out.extend(unused.map(|one| unused_allow::finding(one.about, one.at)));
    }
    out
}

fn covers(over: Span, place: Span) -> bool {
    over.source == place.source && over.start <= place.start && place.start < over.end
}

/// The allow comments of one file, and what is wrong with them.
fn read(context: &Context<'_>, file: &PackFile, allowed: &mut Vec<Allowed>, out: &mut Vec<Diagnostic>) {
    let Some(source) = context.pack.sources.get(file.id) else { return };
    let text = source.text.as_str();
    let all = comments(text);
    for comment in &all {
        let body = text.get(comment.range.clone()).unwrap_or_default();
        let Some(said) = body.trim_start_matches('/').trim().strip_prefix("allow ") else { continue };
        let at = |part: &str| {
            let start = part.as_ptr() as usize - text.as_ptr() as usize;
            Span::new(file.id, start..start + part.len())
        };
        let (names, reason) = said.split_once(':').unwrap_or((said, ""));
        let names: Vec<&str> = names.split(',').map(str::trim).collect();
        // A sentence that happens to begin so is none.
        if !names.iter().all(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')) {
            continue;
        }
        let over = over(file, text, comment, &all);
        for name in names {
            match find(name) {
                None => {
                    let known = LINTS.iter().map(|lint| lint.about.name);
                    out.push(unfounded_allow::unknown(name, at(name)).suggest(name, known));
                }
                Some(_) if reason.trim().is_empty() => out.push(unfounded_allow::no_reason(name, at(name))),
                Some(lint) => allowed.push(Allowed { about: &lint.about, over, at: at(name), used: false }),
            }
        }
    }
}

/// What a comment is about.
fn over(file: &PackFile, text: &str, comment: &Comment, all: &[Comment]) -> Span {
    let line = |at: usize| {
        let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let end = text.get(at..).and_then(|behind| behind.find('\n')).map_or(text.len(), |length| at + length);
        Span::new(file.id, start..end)
    };
    if comment.trailing {
        return line(comment.range.start);
    }
    let Some(next) = next_code(text, comment.range.end, all) else { return line(comment.range.start) };
    let begins = |span: &Span| span.start as usize == next;
    // From the doc comment, in and behind which such a comment may stand too.
    let item = |item: &Item| {
        let start = item.doc.first().map_or(item.span().start, |doc| doc.span.start);
        (start as usize..=item.span().start as usize).contains(&next).then_some(Span { start, ..item.span() })
    };
    let whole = file.file.items.iter().find_map(item);
    let clause = || file.file.items.iter().flat_map(clauses).find(begins);
    whole.or_else(clause).unwrap_or_else(|| line(next))
}

/// Where code, or a doc comment, begins behind a comment.
fn next_code(text: &str, from: usize, all: &[Comment]) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        at += rest.len() - rest.trim_start().len();
        match all.iter().find(|comment| comment.range.start == at) {
            Some(comment) => at = comment.range.end,
            None => return (at < text.len()).then_some(at),
        }
    }
}

/// The clauses of a rule or correlation.
fn clauses(item: &Item) -> Vec<Span> {
    match &item.kind {
        ItemKind::Rule(rule) => rule.clauses.iter().map(|clause| clause.span).collect(),
        ItemKind::Correlate(one) => one.clauses.iter().map(|clause| clause.span).collect(),
        _ => Vec::new(),
    }
}

//! What rules and correlations say of themselves: takes it as it is written, gives title and description, severity and tags.

use super::errors;
use crate::diag::Diagnostic;
use crate::ir::Level;
use crate::schema::tags as known;
use crate::source::Spanned;
use crate::syntax::ast;

/// The first line of a doc comment, or the name with spaces; and the lines that follow.
pub(super) fn title_and_description(doc: &ast::Doc, name: &str) -> (String, String) {
    let mut lines = doc.iter().map(|line| line.node.trim());
    let title = lines.next().filter(|t| !t.is_empty()).map_or_else(|| name.replace('_', " "), str::to_owned);
    (title, lines.collect::<Vec<_>>().join("\n").trim().to_owned())
}

/// The severity of a word.
pub(super) fn level(word: &ast::Name, diagnostics: &mut Vec<Diagnostic>) -> Option<Level> {
    let level = Level::find(&word.node);
    if level.is_none() {
        diagnostics.push(errors::unknown(word.span, "severity", &word.node, Level::ALL.map(Level::text)));
    }
    level
}

/// Tags, each of which a pinned list knows.
pub(super) fn tags(written: &[Spanned<String>], diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
    for tag in written {
        if let Err(error) = known::name(&tag.node) {
            diagnostics.push(errors::tag(tag.span, &tag.node, &error));
        }
    }
    written.iter().map(|tag| tag.node.clone()).collect()
}

//! W0322 `left-over-note`: a note to its author that a pack still has.

use super::told::told;
use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::source::Span;
use crate::syntax::comments;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0322",
        name: "left-over-note",
        kind: Kind::Care,
        level: Level::Warn,
        title: "note that was left over",
        why: "A rule with a TODO was to be finished. Alerts come from it all the same, and the note is read by nobody, or, in a text, by whoever is on call. Do it, or
write the ticket's number in another word.",
        bad: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000 // TODO: what is usual here?
}",
        good: "
rule big_answer {
    severity low
    from     invocation
    where    tokens.output > 4_000 // Ten times what is usual here.
}",
    },
    check,
};

const NOTES: [&str; 3] = ["TODO", "FIXME", "XXX"];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for file in &context.pack.files {
        let Some(source) = context.pack.sources.get(file.id) else { continue };
        // Most files have none, and then nothing is to be taken apart.
        if !NOTES.iter().any(|note| source.text.contains(note)) {
            continue;
        }
        let comments = comments(&source.text).into_iter().map(|comment| Span::new(file.id, comment.range));
        comments.for_each(|span| look(context, span, out));
        let docs = file.file.items.iter().flat_map(|item| &item.doc);
        docs.for_each(|line| look(context, line.span, out));
    }
    for (_, texts) in told(context).iter().flat_map(|one| &one.clauses) {
        texts.iter().for_each(|text| look(context, text.span, out));
    }
}

fn look(context: &Context<'_>, span: Span, out: &mut Vec<Diagnostic>) {
    let text = context.text(span);
    for note in NOTES {
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let word = |at: &usize| {
            let (before, behind) = (text.get(..*at), text.get(at.saturating_add(note.len())..));
            !inside(before.and_then(|text| text.chars().next_back()))
                && !inside(behind.and_then(|text| text.chars().next()))
        };
        let Some(at) = text.match_indices(note).map(|(at, _)| at).find(word) else { continue };
        let start = span.range().start.saturating_add(at);
        let place = Span::new(span.source, start..start.saturating_add(note.len()));
        if !out.iter().any(|found| found.labels.first().is_some_and(|label| label.span == place)) {
            out.push(
                LINT.finding(format!("a note was left over: `{note}`"))
                    .at(place, "")
                    .help("do it, or take the note away"),
            );
        }
    }
}

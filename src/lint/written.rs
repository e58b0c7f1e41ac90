//! What lints ask of texts as they were written: takes expressions of the tree, gives the constants, lists and patterns in them.

use std::collections::BTreeSet;

use super::Context;
use crate::source::Span;
use crate::syntax::ast::{self, Comparison, Expr, ExprKind, ItemKind, ListBody, Literal, TestOp};

/// A pattern that was written.
pub(super) struct Written<'a> {
    /// With the slashes.
    pub(super) span: Span,
    /// Without them.
    pub(super) text: &'a str,
    /// Sought in a text (`matches`), and not taken out of it (`extract`).
    pub(super) sought: bool,
}

/// Every pattern of a pack: of tests, of `extract`, of named lists.
pub(super) fn patterns<'a>(context: &Context<'a>) -> Vec<Written<'a>> {
    let mut out = Vec::new();
    let mut add = |expr: &'a Expr, sought: bool| {
        if let ExprKind::Literal(Literal::Pattern(text)) = &*expr.node {
            out.push(Written { span: expr.span, text, sought });
        }
    };
    context.each_written(&mut |expr| match &*expr.node {
        ExprKind::Test(test) => match &*test.right.node {
            ExprKind::List(items) => items.iter().for_each(|item| add(item, true)),
            _ => add(&test.right, true),
        },
        ExprKind::Call(_, arguments, _) => arguments.iter().flat_map(|one| &one.value).for_each(|one| add(one, false)),
        _ => {}
    });
    lists(context).into_iter().flat_map(|(_, items)| items).for_each(|item| add(item, true));
    out
}

/// The pack's lists whose elements are written in it.
pub(super) fn lists<'a>(context: &Context<'a>) -> Vec<(&'a ast::Name, &'a [Expr])> {
    let lists = context.items(|kind| match kind {
        ItemKind::List(list) => Some(list),
        _ => None,
    });
    let elements = |list: &'a ast::List| match &list.body {
        ListBody::Elements(items) => Some((&list.name, items.as_slice())),
        ListBody::File(_) => None,
    };
    lists.into_iter().filter_map(elements).collect()
}

/// Calls `visit` on every test that the pack's rules, exceptions and sources write.
pub(super) fn each_test<'a>(context: &Context<'a>, visit: &mut dyn FnMut(&'a Expr, &'a Comparison)) {
    context.each_written(&mut |expr| {
        if let ExprKind::Test(test) = &*expr.node {
            visit(expr, test);
        }
    });
}

/// Lists that something else than a test asks, by name or place: of one taken as `size(phrases)` every element counts.
pub(super) struct Counted<'a> {
    names: BTreeSet<&'a str>,
    places: BTreeSet<Span>,
}

impl<'a> Counted<'a> {
    /// Those of a pack.
    pub(super) fn of(context: &Context<'a>) -> Counted<'a> {
        let mut tested = BTreeSet::new();
        let mut out = Counted { names: BTreeSet::new(), places: BTreeSet::new() };
        // Outer expressions come first, so a test is known before its right side.
        context.each_written(&mut |expr| match &*expr.node {
            ExprKind::Test(test) => _ = tested.insert(test.right.span),
            ExprKind::Reference(name, _) if !tested.contains(&expr.span) => _ = out.names.insert(&name.node),
            ExprKind::List(_) if !tested.contains(&expr.span) => _ = out.places.insert(expr.span),
            _ => {}
        });
        out
    }

    /// Whether a named list is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether a list without a name is among them.
    pub(super) fn has_at(&self, place: Span) -> bool {
        self.places.contains(&place)
    }
}

/// One of several expressions in a row with what divides it from its neighbour, to be taken away; none where a comment is inside, beside or behind it.
pub(super) fn gone(context: &Context<'_>, row: &[Expr], place: usize) -> Option<Span> {
    let item = row.get(place)?;
    let span = match place.checked_sub(1).and_then(|before| row.get(before)) {
        Some(before) => Span { start: before.span.end, ..item.span },
        None => Span { end: row.get(1)?.span.start, ..item.span },
    };
    let text = context.text(item.span);
    let beside = context.text(Span { end: item.span.start, ..span }).contains("//")
        || context.text(Span { start: item.span.end, ..span }).contains("//");
    let inside = text.contains("//") && !matches!(&*item.node, ExprKind::Literal(_));
    (!beside && !inside && !rest_of_line(context, span).contains("//")).then_some(span)
}

/// What stands behind a place in its line.
fn rest_of_line<'a>(context: &Context<'a>, place: Span) -> &'a str {
    let text = context.pack.sources.get(place.source).map_or("", |source| source.text.as_str());
    text.get(place.end as usize..).and_then(|behind| behind.lines().next()).unwrap_or_default()
}

/// A constant text.
pub(super) fn text_of(expr: &Expr) -> Option<&str> {
    match &*expr.node {
        ExprKind::Literal(Literal::Text(text, _)) => Some(text),
        _ => None,
    }
}

/// A text as the language writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What was written at a place, for a message: in one line, and cut where it is long.
pub(super) fn shown(context: &Context<'_>, span: Span) -> String {
    const LONGEST: usize = 60;
    let line = context.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let cut: String = line.chars().take(LONGEST).collect();
    format!("{} …", cut.trim_end())
}

/// What stands between the two sides of a test; none where a comment does too.
pub(super) fn between(context: &Context<'_>, test: &Comparison) -> Option<Span> {
    let span = Span { start: test.left.span.end, end: test.right.span.start, ..test.left.span };
    (!context.text(span).contains('/')).then_some(span)
}

/// The words of a test as they stand behind its left side, with `not` where it is negated.
pub(super) fn words(op: TestOp, negated: bool) -> String {
    match (op, negated) {
        (TestOp::Equal, true) => "!=".to_owned(),
        (TestOp::NotEqual, true) => "==".to_owned(),
        (op, true) => format!("not {}", op.text()),
        (op, false) => op.text().to_owned(),
    }
}

/// A place without the parentheses around it, where the first thing in them is at `first`; none where a comment is among them.
pub(super) fn bare(context: &Context<'_>, span: Span, first: Span) -> Option<Span> {
    let before = context.text(Span { end: first.start, ..span });
    if !before.chars().all(|c| c == '(' || c.is_whitespace()) {
        return None;
    }
    let mut text = context.text(Span { start: first.start, ..span });
    for _ in before.chars().filter(|c| *c == '(') {
        text = text.trim_end().strip_suffix(')')?;
    }
    let length = u32::try_from(text.trim_end().len()).ok()?;
    let inside = Span { start: first.start, end: first.start.checked_add(length)?, ..span };
    (!context.text(span).contains("//")).then_some(inside)
}

//! Every sentence on what a source borrows from another one.

use super::source;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Type, duration};
use crate::source::Span;

pub(in crate::resolve) fn lends_to_itself(span: Span, name: &str) -> Diagnostic {
    source(
        span,
        format!("`{name}` can't borrow from itself"),
        "name the source of another log; what this one has, `field = .path` reads",
    )
}

pub(in crate::resolve) fn joined_on(span: Span, name: &str, ty: &Type) -> Diagnostic {
    let message = match ty {
        Type::Text => format!("events can't be joined on `{name}`, which is a text of users"),
        ty => format!("events are joined on a text, and `{name}` is {ty}"),
    };
    source(span, message, "join on an id that both logs write, like `request.id`")
}

pub(in crate::resolve) fn gives_no(span: Span, name: &str, field: &str) -> Diagnostic {
    source(
        span,
        format!("`{name}` gives no `{field}`"),
        format!("choose a field that it gives, or declare in `{name}` where its records have it: `{field} = .path`"),
    )
}

pub(in crate::resolve) fn joined_within(span: Span, within: i64, longest: i64) -> Diagnostic {
    let message = match within {
        0 => "events are joined within no time".to_owned(),
        within => format!("events can't be joined within {}: {} is the longest", duration(within), duration(longest)),
    };
    source(span, message, "write how far apart the two logs time one call: `within 15m`")
}

pub(in crate::resolve) fn borrows_id(span: Span) -> Diagnostic {
    source(
        span,
        "`event.id` can't be borrowed: it tells the events of one log apart",
        "write `unique` with the value that no other record of this log has",
    )
}

pub(in crate::resolve) fn borrowed_twice(span: Span, field: &str, first: Span) -> Diagnostic {
    Diagnostic::error(Code::BadSource, format!("`{field}` is borrowed twice"))
        .at(span, "again")
        .at(first, "first")
        .help("keep one of them: an event has one value of a field")
}

pub(in crate::resolve) fn given_and_borrowed(span: Span, field: &str, given: Span) -> Diagnostic {
    Diagnostic::error(Code::BadSource, format!("`{field}` is given and borrowed"))
        .at(span, "borrowed here")
        .at(given, "given here")
        .help("keep one of the two: what the log has itself needs no other log")
}

pub(in crate::resolve) fn given_by_default(span: Span, field: &str, stream: &str) -> Diagnostic {
    source(
        span,
        format!("`{field}` has a value already: the stream `{stream}` makes it of what this source gives"),
        "leave it out of `for`",
    )
}

pub(in crate::resolve) fn lends_what_it_borrows(span: Span, lender: &str, field: &str) -> Diagnostic {
    source(
        span,
        format!("`{lender}` borrows `{field}` itself"),
        "borrow it from the source that gives it: what is borrowed is not lent on",
    )
}

pub(in crate::resolve) fn lent_as_another(
    span: Span,
    field: &str,
    (stream, ty): (&str, &Type),
    (lending, other): (&str, &Type),
) -> Diagnostic {
    source(
        span,
        format!("`{field}` is {ty} in the stream `{stream}`, and {other} in `{lending}`"),
        "borrow fields that both streams declare with one type",
    )
}

pub(in crate::resolve) fn not_lent(span: Span, field: &str, ty: &Type, content: bool) -> Diagnostic {
    let message = match content {
        true => format!("`{field}` can't be borrowed: it is a text of users"),
        false => format!("`{field}` can't be borrowed: it is {ty}"),
    };
    source(span, message, "borrow texts, addresses and ints of the metadata tier")
}

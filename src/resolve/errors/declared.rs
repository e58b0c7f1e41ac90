//! Every sentence on tables, operations, calendars, prices and exceptions.

use std::fmt::Display;

use super::{list, missing_clause, unknown};
use crate::diag::{Code, Diagnostic, nearest};
use crate::source::{Span, Spanned};

pub(in crate::resolve) fn table(span: Span, message: impl Into<String>, help: &str) -> Diagnostic {
    Diagnostic::error(Code::BadTable, message).at(span, "").help(help)
}

/// A line of a table's file that is wrong.
pub(in crate::resolve) fn table_line(
    file: &Spanned<String>,
    line: usize,
    what: impl Display,
    help: &str,
) -> Diagnostic {
    table(file.span, format!("line {line} of `{}`: {what}", file.node), help)
}

pub(in crate::resolve) fn lookup_in_source(span: Span) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, "`lookup` exists only in rules")
        .at(span, "")
        .help("what an archive holds would not change with the table: look the field up where a rule asks for it")
}

pub(in crate::resolve) fn long_key(span: Span) -> Diagnostic {
    table(
        span,
        "a key that is too long to be written out for each value of the table",
        "name it by `with`, and look that up",
    )
}

pub(in crate::resolve) fn no_table<'a>(span: Span, name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let diagnostic = unknown(span, "table", name, known);
    match diagnostic.help {
        Some(_) => diagnostic,
        None => diagnostic.help(format!("declare it: `table {name} from \"{name}.csv\"`")),
    }
}

pub(in crate::resolve) fn no_zone(span: Span, name: &str) -> Diagnostic {
    missing_clause(
        span,
        "calendar",
        name,
        "zone",
        "say whose clock it goes by: `zone \"Europe/Berlin\"`, or `zone \"UTC\"`",
    )
}

pub(in crate::resolve) fn no_hours(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::MissingClause, format!("calendar `{name}` has no hours"))
        .at(span, "")
        .help("write days and times: `mon..fri 07:00..20:00`")
}

pub(in crate::resolve) fn clock(span: Span, written: &str) -> Diagnostic {
    Diagnostic::error(Code::BadLiteral, format!("`{written}` is no time of day"))
        .at(span, "")
        .help("write `00:00` to `24:00`; `22:00..06:00` goes over midnight")
}

pub(in crate::resolve) fn no_time(span: Span) -> Diagnostic {
    Diagnostic::error(Code::BadLiteral, "no time lies between the two")
        .at(span, "")
        .help("a whole day is `00:00..24:00`")
}

pub(in crate::resolve) fn no_prices(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::MissingClause, format!("price list `{name}` has no prices"))
        .at(span, "")
        .help("write `model \"*claude-3-haiku*\" from 2026-01-01 input = 0.25, output = 1.25`")
}

pub(in crate::resolve) fn price(span: Span) -> Diagnostic {
    Diagnostic::error(Code::BadLiteral, "a price has at most nine decimal places, and is below a billion")
        .at(span, "")
        .help("prices are money per million tokens")
}

pub(in crate::resolve) fn which_prices(span: Span, known: &[&str]) -> Diagnostic {
    let lists: Vec<String> = known.iter().map(|name| format!("`cost({name})`")).collect();
    Diagnostic::error(Code::BadArguments, "there are several price lists")
        .at(span, "")
        .help(format!("say which: {}", lists.join(", ")))
}

pub(in crate::resolve) fn taken_by_is(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::DuplicateName, format!("`is {name}` has a meaning already"))
        .at(span, "")
        .help("give the operations another name")
}

pub(in crate::resolve) fn no_operations(span: Span, name: &str) -> Diagnostic {
    list(
        span,
        format!("operations `{name}` name none"),
        "write a cloud and its operations: `aws \"bedrock:DeleteGuardrail\"`",
    )
}

pub(in crate::resolve) fn empty_operation(span: Span) -> Diagnostic {
    Diagnostic::error(Code::EmptyText, "an operation's name is not empty")
        .at(span, "")
        .help("write the cloud's own name; `*` stands for any characters")
}

/// An exception for a pack that is not there to be tuned.
pub(in crate::resolve) fn pack_not_given<'a>(
    span: Span,
    pack: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let help = match nearest(pack, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "give both packs: what an exception is about is read with the rules that it is for".to_owned(),
    };
    Diagnostic::warning(
        Code::UnknownName,
        format!("the pack `{pack}` is not given, so this exception does nothing here"),
    )
    .at(span, "can't be checked without it")
    .help(help)
}

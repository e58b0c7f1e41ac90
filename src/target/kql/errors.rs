//! What this target has to say about what it can't: takes the construct and its place, gives the finding with the way out.

use crate::diag::{Code, Diagnostic};
use crate::ir::{Column, ColumnKind, Step, Type, path_text};
use crate::source::Span;

/// A part of the record for which the table has no column.
pub(super) fn no_column(table: &str, steps: &[Step], known: &[Column], span: Span) -> Diagnostic {
    let path = path_text(steps);
    let paths: Vec<String> = known.iter().map(|column| path_text(&column.path)).collect();
    let diagnostic = Diagnostic::error(Code::NoColumn, format!("table `{table}` has no column for `{path}`"))
        .at(span, "read here")
        .help(format!("name the column in the source: `at kql {table} {{ {path} = COLUMN }}`"));
    match crate::diag::nearest(&path, paths.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`? else name the column in the source")),
        None => diagnostic,
    }
}

/// A part of a value that stands in its column as one piece.
pub(super) fn below_column(table: &str, steps: &[Step], column: &Column, span: Span) -> Diagnostic {
    let message = format!(
        "`{}` lies inside column `{}` of `{table}`, which holds {}",
        path_text(steps),
        column.name,
        holds(column.kind)
    );
    Diagnostic::error(Code::NoColumn, message).at(span, "read here").help(format!(
        "if the column holds JSON, say so in the source: `{} = json({})`",
        path_text(&column.path),
        column.name
    ))
}

/// A column of a kind that the local run can't have read as this type, or not as the same value.
pub(super) fn other_kind(table: &str, column: &Column, ty: &Type, span: Span) -> Diagnostic {
    let message = format!(
        "column `{}` of `{table}` holds {}: what the local run reads as {ty} can't be told from it",
        column.name,
        holds(column.kind)
    );
    Diagnostic::error(Code::NotExpressible, message)
        .at(span, "read here")
        .help("give the column's kind in the source, or read a column that holds the value itself")
}

/// A whole JSON text read as a value.
pub(super) fn whole_json(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, "KQL can't tell JSON that is a single value from text that is no JSON")
        .at(span, "read as a value here")
        .help("read a named part of it")
}

/// Decimals.
pub(super) fn decimal(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, "decimals round differently in KQL")
        .at(span, "a decimal here")
        .help("compute with an int of a smaller unit, or run the rule on the archive")
}

/// A list where KQL would have to compute with its elements.
pub(super) fn list_value(what: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, format!("{what} can't be said in KQL for this list"))
        .at(span, "asked here")
        .help("ask with `any` or `all`, take the list apart with `each`, or run the rule on the archive")
}

/// A path that goes through elements or values in a way that KQL has no operator for.
pub(super) fn deep_list(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::NotExpressible,
        "KQL takes one list apart at a time, and here are lists in lists or values of an object",
    )
    .at(span, "read here")
    .help("name the inner list by an index, or run the rule on the archive")
}

/// A duration times an int, both of the row.
pub(super) fn product(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::NotExpressible,
        "a product of a duration that leaves 64 bits can't be told from a right one in KQL",
    )
    .at(span, "multiplied here")
    .help("multiply by a constant")
}

/// A duration times or by something that needs rounding.
pub(super) fn rounded_duration(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, "KQL rounds durations differently")
        .at(span, "rounded here")
        .help("multiply by an int, or compare with a constant that is already computed")
}

/// A constant past what KQL's types hold.
pub(super) fn out_of_range(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, "KQL's times lie in the years 1 to 9999, its durations within 29,000 years")
        .at(span, "outside of that")
        .help("use a nearer constant")
}

/// A function or aggregate without a counterpart.
pub(super) fn no_counterpart(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, format!("`{name}` has no exact counterpart in KQL"))
        .at(span, "used here")
        .help("leave it to `show`, which may lack it, or run the rule on the archive")
}

/// An aggregate over a type that KQL does not aggregate in the same way.
pub(super) fn aggregate_of(name: &str, ty: &Type, span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, format!("`{name}` of {ty} can't be said exactly in KQL"))
        .at(span, "used here")
        .help("measure something else in `when`, or run the rule on the archive")
}

/// Too many windows hold one event.
pub(super) fn too_many_panes(panes: i64, most: i64, span: Span) -> Diagnostic {
    let message = format!("each event lies in {panes} windows, and KQL would make a row for each");
    Diagnostic::error(Code::NotExpressible, message)
        .at(span, format!("at most {most}"))
        .help("lengthen `every`, or emit without `--from` and `--to`: the last window alone needs no copies")
}

/// More windows than a list of KQL holds.
pub(super) fn too_many_windows(windows: i64, most: i64, span: Span) -> Diagnostic {
    let message = format!("{windows} windows to judge without rows, and KQL counts them in one list");
    Diagnostic::error(Code::NotExpressible, message)
        .at(span, format!("at most {most}"))
        .help("ask for a shorter range, or emit without `--from` and `--to`")
}

/// `first` and `last` of events that share their time.
pub(super) fn ties(name: &str, span: Span) -> Diagnostic {
    Diagnostic::warning(
        Code::Weaker,
        format!("of several events at the same microsecond, `{name}` may take another one in KQL"),
    )
    .at(span, "used here")
    .help("KQL picks a row by one value only, here the time")
}

/// What only exists in a rule that was not bound.
pub(super) fn unbound(span: Span) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, "this part of the rule is not bound to the log").at(span, "read here")
}

fn holds(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::Int => "ints",
        ColumnKind::Float => "floats",
        ColumnKind::Bool => "bools",
        ColumnKind::Time => "times",
        ColumnKind::Dynamic => "JSON values",
        ColumnKind::Json => "JSON text",
    }
}

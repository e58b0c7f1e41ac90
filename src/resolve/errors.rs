//! Every sentence that resolving says.

use crate::diag::{Code, Diagnostic};
use crate::ir::Type;
use crate::source::Span;

pub(super) fn unknown_field<'a>(
    span: Span,
    name: &str,
    stream: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    Diagnostic::error(Code::UnknownField, format!("unknown field `{name}`"))
        .at(span, format!("not in stream `{stream}`"))
        .suggest(name, known)
}

pub(super) fn unknown<'a>(span: Span, what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    Diagnostic::error(Code::UnknownName, format!("unknown {what} `{name}`")).at(span, "").suggest(name, known)
}

pub(super) fn duplicate(span: Span, what: &str, name: &str, first: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::DuplicateName, format!("second {what} `{name}`")).at(span, "again");
    match first {
        Some(first) => diagnostic.at(first, "first").help("give one of them another name"),
        None => diagnostic.help("give it another name"),
    }
}

pub(super) fn shadows_field(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::DuplicateName, format!("`{name}` is a field already"))
        .at(span, "")
        .help("give it another name: a reader must not have to guess which of the two is meant")
}

pub(super) fn type_mismatch(span: Span, expected: &str, found: &Type) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, format!("expected {expected}, found {found}"))
        .at(span, format!("this is {found}"))
}

pub(super) fn incomparable(span: Span, op: &str, left: &Type, right: &Type) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(Code::TypeMismatch, format!("`{op}` can't compare {left} with {right}")).at(span, "");
    match (left, right) {
        (Type::Duration, Type::Int | Type::Float) => {
            diagnostic.help("a duration compares only with a duration: write `5s`, `200ms`")
        }
        (Type::Int | Type::Float, Type::Duration) => {
            diagnostic.help("this field is a bare number in its declared unit: leave the unit out")
        }
        (Type::Ip, Type::Text) => diagnostic.help("write the address without quotes: `source.ip == 203.0.113.7`"),
        (Type::Time, Type::Text) => diagnostic.help("write the time without quotes: `2026-01-31T23:59:00Z`"),
        (Type::Decimal, Type::Float) | (Type::Float, Type::Decimal) => {
            diagnostic.help("a decimal and a float have no common exact type: compare with a whole number or a literal")
        }
        (Type::Int, Type::Text) => diagnostic.help("write the number without quotes"),
        (Type::List(_), _) => diagnostic.help("ask for an element: `xs has \"a\"`, or `any x in xs (…)`"),
        _ => diagnostic,
    }
}

pub(super) fn not_ordered(span: Span, op: &str, ty: &Type) -> Diagnostic {
    let help = match ty {
        Type::Text => {
            "text has no order that all targets share; compare with `==`, `in`, `starts with`, or a number by `length(x)`"
        }
        Type::Ip => "addresses have no order here: write `source.ip in 10.0.0.0/8`",
        _ => "only numbers, times and durations have an order",
    };
    Diagnostic::error(Code::TypeMismatch, format!("`{op}` has no meaning for {ty}")).at(span, "").help(help)
}

pub(super) fn not_a_condition(span: Span, ty: &Type) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, format!("expected a condition, found {ty}"))
        .at(span, "")
        .help("compare it with something: `x == 1`, `x is present`")
}

pub(super) fn condition_as_value(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, "a condition is not a value")
        .at(span, "")
        .help("write `if(condition, a, b)` or `case { condition => a, else => b }`")
}

pub(super) fn empty_text(span: Span) -> Diagnostic {
    Diagnostic::error(Code::EmptyText, "empty text is no value")
        .at(span, "")
        .help("an empty text counts as missing: write `x is missing`, or `x is present`")
}

pub(super) fn unknown_function<'a>(span: Span, name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    Diagnostic::error(Code::UnknownFunction, format!("unknown function `{name}`")).at(span, "").suggest(name, known)
}

pub(super) fn arguments(span: Span, name: &str, usage: &str, found: usize) -> Diagnostic {
    let plural = if found == 1 { "" } else { "s" };
    Diagnostic::error(Code::BadArguments, format!("`{name}` does not take {found} argument{plural}"))
        .at(span, "")
        .help(format!("write `{usage}`"))
}

pub(super) fn bad_argument(span: Span, name: &str, expected: &str) -> Diagnostic {
    Diagnostic::error(Code::BadArguments, format!("`{name}` expects {expected} here")).at(span, "")
}

pub(super) fn filter_here(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`where` inside `{name}`, which is no aggregate"))
        .at(span, "")
        .help("`where` stands inside count, sum, avg, min, max and the other aggregates of `let`")
}

pub(super) fn aggregate_here(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`{name}` is over many events and can't stand here"))
        .at(span, "one event at a time is read here")
        .help("name it in `let` after `over`, and test it in `when`")
}

pub(super) fn aggregate_in_aggregate(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`{name}` inside an aggregate"))
        .at(span, "")
        .help("a measure is over the events of one window, never over other groups")
}

pub(super) fn field_after_grouping(span: Span, name: &str, keys: &[String]) -> Diagnostic {
    let keys = if keys.is_empty() {
        "there are no keys".to_owned()
    } else {
        format!("the keys are {}", keys.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", "))
    };
    Diagnostic::error(Code::WrongPlace, format!("`{name}` has many values in a window"))
        .at(span, format!("neither a key nor a measure: {keys}"))
        .help(format!("add it to `by`, or take one value: `first({name})`, `max({name})`, `values({name}, 10)`"))
}

pub(super) fn without_over(span: Span, clause: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`{clause}` without `over`"))
        .at(span, "")
        .help("add `over 1h by …`, or use `with` and `where`: a rule without `over` alerts on each event")
}

pub(super) fn raw_here(span: Span) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, "raw paths exist only in sources")
        .at(span, "")
        .help("use a field of the stream; a source says where it stands in the raw record")
}

pub(super) fn target_field_here(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`@{name}` is a target's own field and can't stand here"))
        .at(span, "")
        .help("say in `at TARGET PLACE { .raw = Column }` how the target spells a part of the record")
}

pub(super) fn source_only(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`{name}` exists only in sources"))
        .at(span, "")
        .help("use a field of the stream: its source has read it already")
}

pub(super) fn not_yet(span: Span, what: &str, way_out: &str) -> Diagnostic {
    Diagnostic::error(Code::NotYet, format!("`{what}` is not in this version yet"))
        .at(span, "reserved for a later version")
        .help(way_out)
}

pub(super) fn pattern(span: Span, error: crate::ir::pattern::PatternError, text_start: Option<u32>) -> Diagnostic {
    let at = text_start.map_or(span, |start| Span {
        start: start + u32::try_from(error.range.start).unwrap_or(0),
        end: start + u32::try_from(error.range.end.max(error.range.start + 1)).unwrap_or(0),
        ..span
    });
    let diagnostic = Diagnostic::error(Code::BadPattern, error.message).at(at, "");
    match error.help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

pub(super) fn window(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadWindow, message).at(span, "").help(help)
}

pub(super) fn missing_clause(span: Span, name: &str, clause: &str, help: &str) -> Diagnostic {
    Diagnostic::error(Code::MissingClause, format!("rule `{name}` has no `{clause}`")).at(span, "").help(help)
}

pub(super) fn tag(span: Span, tag: &str, error: &crate::schema::tags::TagError) -> Diagnostic {
    use crate::schema::tags::{SCHEMES, TagError, ids};
    let (scheme, id) = tag.split_once(':').unwrap_or((tag, ""));
    let diagnostic = Diagnostic::error(Code::UnknownTag, format!("unknown tag `{tag}`")).at(span, "");
    match error {
        TagError::UnknownScheme => diagnostic.suggest(scheme, SCHEMES),
        TagError::BadForm => diagnostic.help("an ATT&CK technique is written `attack:T1562` or `attack:T1562.008`"),
        TagError::UnknownId => {
            let near = crate::diag::nearest(id, ids(scheme).map(|(id, _)| id));
            match near {
                Some(near) => diagnostic.help(format!("did you mean `{scheme}:{near}`?")),
                None => diagnostic.help(format!("the list of {scheme} ids ships with Skywatch; see docs/language.md")),
            }
        }
    }
}

pub(super) fn key(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadKey, message).at(span, "").help(help)
}

pub(super) fn list(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadList, message).at(span, "").help(help)
}

pub(super) fn source(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadSource, message).at(span, "").help(help)
}

pub(super) fn test(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadTest, message).at(span, "").help(help)
}

pub(super) fn digest(span: Span) -> Diagnostic {
    Diagnostic::error(Code::DigestShown, "`prompt_digest` can't be used as text")
        .at(span, "")
        .help("it may be compared with itself, counted with `distinct` and grouped by: it is a keyed hash that differs between archives and targets")
}

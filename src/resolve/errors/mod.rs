//! Every sentence that resolving says.

mod declared;
mod join;
mod over_time;

pub(super) use declared::*;
pub(super) use join::*;
pub(super) use over_time::*;

use crate::diag::{Code, Diagnostic, one_slip};
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

/// A pack without a rule, a table without a column.
pub(super) fn lacks<'a>(
    span: Span,
    whose: &str,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    Diagnostic::error(Code::UnknownName, format!("{whose} has no {what} `{name}`")).at(span, "").suggest(name, known)
}

pub(super) fn duplicate(span: Span, what: &str, name: &str, first: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::DuplicateName, format!("second {what} `{name}`")).at(span, "again");
    if ["field", "part", "value of", "cloud", "member", "price", "price of"].contains(&what) {
        let diagnostic = first.into_iter().fold(diagnostic, |diagnostic, first| diagnostic.at(first, "first"));
        return diagnostic.help("keep one of them");
    }
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

pub(super) fn hides_field(span: Span, name: &str, field: &str) -> Diagnostic {
    let message = format!("`{name}` would hide the field `{field}`");
    Diagnostic::error(Code::DuplicateName, message)
        .at(span, "")
        .help("give the element another name: a reader must not have to guess which of the two is meant")
}

pub(super) fn dotted_name(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, "a name of your own is one word")
        .at(span, "")
        .help(format!("write `{}`", name.replace('.', "_")))
}

pub(super) fn other_stream(span: Span, source: &str, stream: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`{source}` feeds the stream `{stream}`"))
        .at(span, "not the stream that this rule reads")
        .help(format!("write `from {stream} only {source}`, or name a source of this rule's stream"))
}

pub(super) fn type_mismatch(span: Span, expected: &str, found: &Type) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, format!("expected {expected}, found {found}"))
        .at(span, format!("this is {found}"))
}

/// A value of one type where another is wanted.
pub(super) fn coercion(span: Span, want: &Type, found: impl std::fmt::Display) -> Diagnostic {
    let found = found.to_string();
    let help = match (want, found.as_str()) {
        (Type::Ip, "text") => "write the address without quotes: `203.0.113.7`",
        (Type::Time, "text") => "write the time without quotes: `2026-01-31T23:59:00Z`",
        (Type::Int | Type::Float | Type::Decimal, "text") => "write the number without quotes",
        (Type::Bool, "text") => "write `true` or `false`, without quotes",
        (Type::Text, "int" | "float" | "bool" | "time" | "ip" | "duration") => "a text stands in quotes",
        (Type::Duration, "int" | "float") => "write the unit: `5s`, `200ms`",
        (Type::Int, "float") => "write a whole number",
        (Type::List(_), "text" | "int" | "a record") => "a list stands in brackets: `[ … ]`",
        _ => "",
    };
    let diagnostic = Diagnostic::error(Code::TypeMismatch, format!("expected {want}, found {found}"))
        .at(span, format!("this is {found}"));
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
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
        (Type::Text, Type::Text) => diagnostic.help("texts are joined by `concat(a, b)`"),
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

pub(super) fn foreign_function(span: Span, name: &str, here: &str) -> Diagnostic {
    Diagnostic::error(Code::UnknownFunction, format!("unknown function `{name}`"))
        .at(span, "")
        .help(format!("write `{here}`"))
}

pub(super) fn arguments(span: Span, name: &str, usage: &str, found: usize) -> Diagnostic {
    let plural = if found == 1 { "" } else { "s" };
    Diagnostic::error(Code::BadArguments, format!("`{name}` does not take {found} argument{plural}"))
        .at(span, "")
        .help(format!("write `{usage}`"))
}

pub(super) fn bad_argument(span: Span, name: &str, expected: &str, usage: &str) -> Diagnostic {
    Diagnostic::error(Code::BadArguments, format!("`{name}` expects {expected} here"))
        .at(span, "")
        .help(format!("write `{usage}`"))
}

pub(super) fn not_measurable(span: Span, expected: &str, found: &Type, aggregate: &str) -> Diagnostic {
    let diagnostic = type_mismatch(span, expected, found);
    match (found, aggregate) {
        (Type::List(_), "distinct" | "values" | "top" | "first" | "last") => {
            diagnostic.help("take the list apart with `each x in …`; how long it is says `size(x)`")
        }
        (Type::Text, _) => {
            diagnostic.help("how many different texts there are says `distinct(x)`, which they are `values(x, 10)`")
        }
        _ => diagnostic.help("`distinct(x)` and `values(x, 10)` take any single value"),
    }
}

pub(super) fn else_not_last(span: Span) -> Diagnostic {
    Diagnostic::error(Code::BadArguments, "arms behind `else` are never reached")
        .at(span, "")
        .help("write `else` as the last arm")
}

pub(super) fn no_else(span: Span) -> Diagnostic {
    Diagnostic::error(Code::BadArguments, "`severity case` has no `else`")
        .at(span, "")
        .help("write `else => medium` as its last arm: every alert has a severity")
}

pub(super) fn no_level(span: Span) -> Diagnostic {
    Diagnostic::error(Code::BadArguments, "an arm of `severity case` gives a severity")
        .at(span, "")
        .help("write informational, low, medium, high or critical, without quotes")
}

pub(super) fn field_of_another_stream(span: Span, name: &str, stream: &str, other: &str) -> Diagnostic {
    Diagnostic::error(Code::UnknownField, format!("unknown field `{name}`"))
        .at(span, format!("not in stream `{stream}`"))
        .help(format!("the stream `{other}` has it: a rule reads one stream, named by `from`"))
}

pub(super) fn no_operations_of<'a>(span: Span, name: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let diagnostic = unknown(span, "operations", name, known);
    match diagnostic.help {
        Some(_) => diagnostic,
        None => diagnostic.help(format!("declare them: `operations {name} {{ aws \"…\"  azure \"…\" }}`")),
    }
}

pub(super) fn filter_here(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`where` inside `{name}`, which is no aggregate"))
        .at(span, "")
        .help("`where` stands inside count, sum, avg, min, max and the other aggregates of `let`")
}

pub(super) fn by_here(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`by` inside `{name}`"))
        .at(span, "")
        .help("group in `over 1h by …`: every measure of a rule is over the same groups")
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

pub(super) fn measure_here(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("the measure `{name}` is over many events and can't stand here"))
        .at(span, "one event at a time is read here")
        .help("test it in `when`")
}

pub(super) fn list_as_value(span: Span, name: &str) -> Diagnostic {
    list(span, format!("list `{name}` is no single value"), format!("write `in {name}`, or `any of {name}`"))
}

pub(super) fn null(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(Code::UnknownName, format!("there is no `{word}`"))
        .at(span, "")
        .help("write `x is missing`, or `x is present`: null, empty and absent are the same here")
}

pub(super) fn missing_constant(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::EmptyText, format!("an empty {what} is no value"))
        .at(span, "")
        .help("what is empty counts as missing: leave it out of the event")
}

/// A bare word in a test's event.
pub(super) fn unquoted(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::BadTest, format!("`{name}` is no constant"))
        .at(span, "")
        .help(format!("tests are made of constants; a text stands in quotes: `\"{name}\"`"))
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

pub(super) fn raw_of_parts(span: Span, part: &str) -> Diagnostic {
    Diagnostic::error(
        Code::WrongPlace,
        "events of this source are put together from several records, so a path needs its part",
    )
    .at(span, "")
    .help(format!("name the part that the record plays: `{part}` and the path behind it"))
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

/// A pattern that is not taken; `span` is that of the literal, slashes included.
pub(super) fn pattern(span: Span, text: &str, error: crate::ir::pattern::PatternError) -> Diagnostic {
    // Each slash inside has a backslash before it in the text of the rule, which the pattern's own text lacks.
    let place = |at: usize| {
        let slashes = text.get(..at).unwrap_or(text).matches('/').count();
        span.start + 1 + u32::try_from(at + slashes).unwrap_or(0)
    };
    let (start, end) = (place(error.range.start), place(error.range.end.max(error.range.start + 1)));
    let at = if end < span.end { Span { start, end, ..span } } else { span };
    let diagnostic = Diagnostic::error(Code::BadPattern, error.message).at(at, "");
    match error.help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// What `matches` was given in place of a pattern.
pub(super) fn no_pattern(written: &crate::syntax::ast::Expr) -> Diagnostic {
    use crate::syntax::ast::{ExprKind, Literal};
    let text = match &*written.node {
        ExprKind::Literal(Literal::Text(text, _)) => Some(text.as_str()),
        _ => None,
    };
    expected_pattern(written.span, text)
}

pub(super) fn expected_pattern(span: Span, found: Option<&str>) -> Diagnostic {
    let help = match found {
        Some(text) => format!(
            "a pattern stands between slashes: `/{}/`; a plain text is sought with `contains`",
            text.replace('/', r"\/")
        ),
        None => r"a pattern stands between slashes: `/ignore\s+previous/`".to_owned(),
    };
    list(span, "`matches` takes a pattern", help)
}

/// An element of a list that does not fit what it is compared with.
pub(super) fn odd_item(span: Span, wanted: &Type, found: &str) -> Diagnostic {
    let help = match (wanted, found) {
        (_, "pattern") => "patterns are asked with `matches any of …`",
        (Type::Text, "network") => "networks are compared with an address: `source.ip in …`",
        _ => "all elements have the type of the left side",
    };
    list(span, format!("{found} in a list that is compared with {wanted}"), help)
}

pub(super) fn unquoted_item(span: Span, name: &str) -> Diagnostic {
    list(span, "a list holds constants only", format!("a text stands in quotes: `\"{name}\"`"))
}

pub(super) fn no_list<'a>(
    span: Span,
    word: &str,
    name: &str,
    field: bool,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    if field {
        return list(
            span,
            format!("`{word}` takes a list of constants, not the field `{name}`"),
            "to look for an element in a field that is a list, write `field has \"…\"`; to compare two fields, `==`",
        );
    }
    let diagnostic = unknown(span, "list", name, known);
    match diagnostic.help {
        Some(_) => diagnostic,
        None => diagnostic.help(format!("declare it: `list {name} = [\"…\"]`")),
    }
}

pub(super) fn unreadable_file(span: Span, of: &str, path: &str, why: &str) -> Diagnostic {
    Diagnostic::error(Code::UnreadableFile, format!("{of} file `{path}` can't be read: {why}"))
        .at(span, "")
        .help("the path begins at the pack's folder, where pack.toml stands")
}

pub(super) fn nocase_on(span: Span, found: &Type) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, format!("`nocase` means nothing for {found}"))
        .at(span, format!("this is {found}"))
        .help("only text has a case: leave `nocase` out")
}

pub(super) fn text_in_network(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, "text is in no network")
        .at(span, "this is text")
        .help("a field of type ip is: `source.ip in 10.0.0.0/8`")
}

pub(super) fn window(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadWindow, message).at(span, "").help(help)
}

pub(super) fn missing_clause(span: Span, what: &str, name: &str, clause: &str, help: &str) -> Diagnostic {
    Diagnostic::error(Code::MissingClause, format!("{what} `{name}` has no `{clause}`")).at(span, "").help(help)
}

pub(super) fn tag(span: Span, tag: &str, error: &crate::schema::tags::TagError) -> Diagnostic {
    use crate::schema::tags::{SCHEMES, TagError, ids};
    let (scheme, id) = tag.split_once(':').unwrap_or((tag, ""));
    let diagnostic = Diagnostic::error(Code::UnknownTag, format!("unknown tag `{tag}`")).at(span, "");
    match error {
        TagError::UnknownScheme => {
            let help = match one_slip(scheme, SCHEMES) {
                Some(near) => format!("did you mean `{near}:{id}`?"),
                None => format!("a tag begins with {}", SCHEMES.map(|s| format!("`{s}:`")).join(", ")),
            };
            diagnostic.help(help)
        }
        TagError::BadForm => diagnostic.help("an ATT&CK technique is written `attack:T1562` or `attack:T1562.008`"),
        TagError::UnknownId => match one_slip(id, ids(scheme).map(|(id, _)| id)) {
            Some(near) => {
                let name = ids(scheme).find(|(id, _)| *id == near).map_or("", |(_, name)| name);
                diagnostic.help(format!("did you mean `{scheme}:{near}`, {name}?"))
            }
            None => diagnostic
                .help("ids look like `atlas:AML.T0051` and `owasp:LLM01`; those that are known ship with Skywatch"),
        },
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

pub(super) fn second(span: Span, word: &str, first: Span) -> Diagnostic {
    Diagnostic::error(Code::DuplicateClause, format!("second `{word}`"))
        .at(span, "again")
        .at(first, "first")
        .help(format!("keep one `{word}`"))
}

pub(super) fn second_place(span: Span, target: &str) -> Diagnostic {
    Diagnostic::error(Code::DuplicateClause, format!("second place on `{target}`"))
        .at(span, "again")
        .help("a source has one place on a target: keep one `at`; a pack sets its own in the `[places]` of pack.toml")
}

pub(super) fn test(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadTest, message).at(span, "").help(help)
}

pub(super) fn digest(span: Span) -> Diagnostic {
    Diagnostic::error(Code::DigestShown, "`prompt_digest` can't be used as text")
        .at(span, "")
        .help("it may be compared with itself, counted with `distinct` and grouped by: it is a keyed hash that differs between archives and targets")
}

pub(super) fn found_in_source(span: Span) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, "`found` exists only in rules")
        .at(span, "")
        .help("in a source, ask with `matches`")
}

pub(super) fn found_of_what(span: Span) -> Diagnostic {
    let message = "`found` looks into a field of the stream, not into what is made of one or into elements";
    Diagnostic::error(Code::BadArguments, message).at(span, "").help("name the field: `found(prompt, \"email\")`")
}

pub(super) fn seeks_entity(span: Span, field: &str, entity: &str) -> Diagnostic {
    Diagnostic::error(Code::SeeksRedacted, format!("archives hold no text that this finds in `{field}`"))
        .at(span, format!("redaction takes `{entity}` out"))
        .help(format!("`found({field}, \"{entity}\")` asks for it, also of what an archive no longer holds"))
}

//! Every sentence on look-back, signals and correlations.

use crate::diag::{Code, Diagnostic};
use crate::ir::Type;
use crate::source::Span;

pub(in crate::resolve) fn look_here(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, format!("`{word}` stands only in `when`"))
        .at(span, "")
        .help("it asks the time before a window: put the condition into `when`, behind `over … by …`")
}

pub(in crate::resolve) fn look_key(span: Span) -> Diagnostic {
    Diagnostic::error(Code::BadArguments, "a look-back goes by keys of the rule")
        .at(span, "")
        .help("name one of the keys behind `over … by`, as it is called there")
}

pub(in crate::resolve) fn silent_windows(span: Span, length: &str, most: &str) -> Diagnostic {
    Diagnostic::error(Code::BadWindow, format!("`{length}` are more windows than are judged for one silence"))
        .at(span, "")
        .help(format!("write at most `{most}`, or a longer window"))
}

pub(in crate::resolve) fn baseline_windows(span: Span, length: &str, window: &str, near: &str) -> Diagnostic {
    Diagnostic::error(Code::BadWindow, format!("`{length}` are not whole windows of `{window}`, or too many"))
        .at(span, "")
        .help(format!("a baseline is over windows as long as the rule's: write `{near}`"))
}

pub(in crate::resolve) fn signal_severity(span: Span) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, "a signal has no severity")
        .at(span, "")
        .help("it reaches nobody by itself: leave the severity out, or write `rule`")
}

pub(in crate::resolve) fn correlation_severity(span: Span) -> Diagnostic {
    Diagnostic::error(Code::WrongPlace, "a correlation has one severity")
        .at(span, "")
        .help("it sees alerts, not events: write `severity high`")
}

pub(in crate::resolve) fn deep_correlation(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(Code::BadCorrelation, format!("more than {most} correlations read one another"))
        .at(span, "")
        .help("let it read the rules and signals themselves")
}

pub(in crate::resolve) fn cycle(span: Span, member: &str) -> Diagnostic {
    Diagnostic::error(Code::BadCorrelation, format!("`{member}` would wait for itself"))
        .at(span, "")
        .help("take it out of what it reads")
}

pub(in crate::resolve) fn at_least(span: Span, least: u64, members: usize) -> Diagnostic {
    Diagnostic::error(Code::BadCorrelation, format!("{least} of {members} members can't be"))
        .at(span, "")
        .help(format!("write a number from 1 to {members}"))
}

pub(in crate::resolve) fn early_no(span: Span, member: &str) -> Diagnostic {
    Diagnostic::error(Code::BadCorrelation, format!("`no {member}` stands before the end"))
        .at(span, "")
        .help("what must not come is the last step: `a then b then no c`")
}

pub(in crate::resolve) fn member_key(span: Span, key: &str, member: &str, named: Span, known: &[&str]) -> Diagnostic {
    let known = match known {
        [] => "it has no keys".to_owned(),
        known => format!("its keys are {}", known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")),
    };
    Diagnostic::error(Code::BadCorrelation, format!("`{member}` has no key `{key}`"))
        .at(span, "")
        .at(named, known)
        .help(format!("share a key that all members have, or say what it is called there: `by {key} = …`"))
}

pub(in crate::resolve) fn key_types(span: Span, key: &str, member: &str, before: &Type, found: &Type) -> Diagnostic {
    Diagnostic::error(Code::BadCorrelation, format!("`{key}` is {before}, and {found} in `{member}`"))
        .at(span, "")
        .help("share a key that has one type in all members")
}

pub(in crate::resolve) fn within(span: Span, within: &str, member: &str, window: &str) -> Diagnostic {
    Diagnostic::error(Code::BadCorrelation, format!("`{within}` is shorter than what an alert of `{member}` is about"))
        .at(span, "")
        .help(format!("that takes {window}: write at least that"))
}

//! What can't be said in CloudWatch Logs Insights, or not exactly: one sentence each, with the way out.

use crate::diag::{Code, Diagnostic};
use crate::source::Span;

/// Where everything can be said that this target can't.
const ELSEWHERE: &str = "run it on the archive, or emit it for a target that can";

fn refused(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::NotExpressible, message).at(span, "")
}

fn weaker(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(Code::Weaker, message).at(span, "")
}

/// A function that has no counterpart, or whose counterpart is not documented enough.
pub(super) fn function(span: Span, name: &str) -> Diagnostic {
    refused(span, format!("CloudWatch Logs Insights has no `{name}` that means the same")).help(ELSEWHERE)
}

/// An expression that has no counterpart.
pub(super) fn expression(span: Span, what: &str) -> Diagnostic {
    refused(span, format!("CloudWatch Logs Insights can't say {what}")).help(ELSEWHERE)
}

/// Commands that came after those that were asked for.
pub(super) fn newer(span: Span, used: &[&str]) -> Diagnostic {
    let used = used.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    refused(span, format!("this rule needs {used}, and only commands of 2018–22 may be used"))
        .help("emit it with `--cloudwatch 2026`, or run it on the archive")
}

/// A value that is sought by its key alone.
pub(super) fn by_key(span: Span, key: &str) -> Diagnostic {
    let message = format!(
        "the first `{key}` of the record counts, wherever it stands: whoever makes the request can put another before it"
    );
    weaker(span, message).help("newer commands read the record itself: --cloudwatch 2026")
}

/// A list under `not`, or `all`.
pub(super) fn every_element(span: Span) -> Diagnostic {
    refused(span, "CloudWatch Logs Insights can find an element of a list, but not say that there is none").help(
        "ask for an element that is there (`any`, `contains`) and leave `not` and `all` out, or run it on the archive",
    )
}

/// A list inside an aggregate, a key or a shown item.
pub(super) fn list_here(span: Span) -> Diagnostic {
    refused(span, "CloudWatch Logs Insights can look into a list in `where` only")
        .help("move the test into `where`, or run it on the archive")
}

/// A value that is taken out of a list.
pub(super) fn one_of_a_list(span: Span) -> Diagnostic {
    refused(span, "CloudWatch Logs Insights can't take one value out of a list, or join them")
        .help("test it in `where` with `contains` or `matches`, or run the rule on the archive")
}

/// A duration times or by something that needs rounding.
pub(super) fn rounded_duration(span: Span) -> Diagnostic {
    refused(span, "CloudWatch Logs Insights rounds durations differently")
        .help("compare numbers: divide the duration by `1s` first")
}

/// A list of which the elements can't be reached.
pub(super) fn list_shape(span: Span) -> Diagnostic {
    refused(span, "CloudWatch Logs Insights can't take the values of an object apart, only the elements of a list")
        .help(ELSEWHERE)
}

/// A test that needs the joined text.
pub(super) fn joined_text(span: Span) -> Diagnostic {
    refused(span, "CloudWatch Logs Insights can't join the parts of a list into one text").help(
        "ask for a part of the text with `contains`, or with a pattern without line breaks, `^` and `$`: each part of the list is searched",
    )
}

/// A key that no name can hold.
pub(super) fn odd_key(span: Span, key: &str) -> Diagnostic {
    refused(span, format!("CloudWatch Logs Insights has no way to write the key `{}`", key.escape_debug()))
        .help(ELSEWHERE)
}

/// A text that no literal can hold.
pub(super) fn odd_text(span: Span, text: &str) -> Diagnostic {
    refused(span, format!("CloudWatch Logs Insights has no way to write `{}` as a value", text.escape_debug()))
        .help("leave backslashes and control characters out, or test with `matches`")
}

/// A window that is not made of whole milliseconds.
pub(super) fn window(span: Span) -> Diagnostic {
    refused(span, "CloudWatch Logs Insights counts time in milliseconds")
        .help("make `over` and `every` whole milliseconds")
}

/// A window that may be shorter than a second.
pub(super) fn fractions(span: Span) -> Diagnostic {
    refused(span, "windows of this log are cut by the second, and it may write fractions")
        .help("make `over` and `every` whole seconds")
}

/// A source whose time is not a text of the record.
pub(super) fn clock(span: Span) -> Diagnostic {
    refused(span, "the time of this log is no RFC 3339 text of its record").help("run it on the archive")
}

/// Rows of one event that can't be told from rows of another.
pub(super) fn no_event_id(span: Span) -> Diagnostic {
    refused(
        span,
        "looking into a list gives several rows an event, and this source has no `unique` to count them once by",
    )
    .help("give the source a `unique`, or run the rule on the archive")
}

/// `each` beside a test of another list.
pub(super) fn each_and_list(span: Span) -> Diagnostic {
    refused(span, "rows of `each` can't be told apart once another list is looked into")
        .help("test the element of `each` only, or run it on the archive")
}

/// An aggregate of lists, or by time.
pub(super) fn aggregate(span: Span, name: &str) -> Diagnostic {
    refused(span, format!("CloudWatch Logs Insights has no aggregate that means `{name}`")).help(ELSEWHERE)
}

/// More arms than `case` takes.
pub(super) fn too_many_arms(span: Span, arms: usize) -> Diagnostic {
    refused(span, format!("{arms} arms, and `case` of CloudWatch Logs Insights takes 10")).help(ELSEWHERE)
}

/// The last element is not known; all are tested.
pub(super) fn any_for_last(span: Span) -> Diagnostic {
    weaker(
        span,
        "every element of the list is tested, where only the last one counts: earlier turns of a chat also match",
    )
    .help("run it on the archive for the newest turn alone")
}

/// Which alternative is present can't be asked, where one is a list; all are tested.
pub(super) fn any_for_first(span: Span) -> Diagnostic {
    weaker(span, "every alternative is tested, where only the first one that is present counts")
        .help("run it on the archive for the first one alone")
}

/// The joined text is not there; its parts are compared.
pub(super) fn part_for_whole(span: Span) -> Diagnostic {
    weaker(span, "each part of a list is compared, where the text of all of them joined counts")
        .help("run it on the archive for the joined text")
}

/// Text that goes over the end of a part.
pub(super) fn within_a_part(span: Span) -> Diagnostic {
    weaker(span, "each part of a streamed text is searched, so what is spread over several is not found")
        .help("run it on the archive for the text as a whole")
}

/// `tolower` and `toupper` fold more letters than A–Z.
pub(super) fn folds_more(span: Span, name: &str) -> Diagnostic {
    weaker(span, format!("`{name}` changes other letters than A–Z here"))
        .help("compare with `nocase`, which is printed for A–Z alone")
}

/// Approximate at a cardinality that is not documented.
pub(super) fn approximate_distinct(span: Span) -> Diagnostic {
    weaker(span, "`count_distinct` is approximate where there are very many values")
        .help("one `distinct` alone beside counts, sums, minima and maxima is counted exactly")
}

/// A percentile of unknown definition.
pub(super) fn percentile(span: Span) -> Diagnostic {
    weaker(span, "how `pct` of CloudWatch Logs Insights interpolates is not documented").help(ELSEWHERE)
}

/// A standard deviation of unknown divisor.
pub(super) fn stddev(span: Span) -> Diagnostic {
    weaker(span, "whether `stddev` of CloudWatch Logs Insights divides by n or n - 1 is not documented").help(ELSEWHERE)
}

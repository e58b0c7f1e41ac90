//! What a run has to say to people when it can't be finished: takes the cause, gives the finding.

use datafusion::common::DataFusionError;

use crate::diag::{Code, Diagnostic};
use crate::ir::Rule;

/// DataFusion could not be set up.
pub(super) fn no_session(cause: &DataFusionError) -> Diagnostic {
    Diagnostic::error(Code::RunFailed, format!("can't start the engine: {}", sentence(cause)))
        .help("check that threads and temporary files can be made")
}

/// A rule's plan could not be made or run to its end.
pub(super) fn failed(rule: &Rule, source: &str, memory: usize, cause: &DataFusionError) -> Diagnostic {
    let at = |message: String, help: &str| Diagnostic::error(Code::RunFailed, message).at(rule.span, "").help(help);
    match cause.find_root() {
        DataFusionError::ResourcesExhausted(_) => at(
            format!(
                "rule `{}` needs more memory on `{source}` than the {} that a run may hold",
                rule.name,
                bytes(memory)
            ),
            "narrow its `where`, its keys or the range of the run, or allow more memory",
        ),
        _ => at(
            format!("rule `{}` could not be run on `{source}`: {}", rule.name, sentence(cause)),
            "if the archive's files are whole, this is a fault of Skywatch: please report it",
        ),
    }
}

/// A rule reads what no file of the period has.
pub(super) fn not_archived(rule: &Rule, source: &str, field: &str, why: &str) -> Diagnostic {
    let message = format!("the archive does not hold `{field}` of `{source}`");
    Diagnostic::error(Code::NotArchived, message).at(rule.span, "").help(why)
}

/// The plans of all rules of a source could not be made or run.
pub(super) fn not_run(source: &str, memory: usize, cause: &DataFusionError) -> Diagnostic {
    match cause.find_root() {
        DataFusionError::ResourcesExhausted(_) => {
            let message =
                format!("the rules need more memory on `{source}` than the {} that a run may hold", bytes(memory));
            Diagnostic::error(Code::RunFailed, message).help("run fewer of them, or allow more memory")
        }
        _ => {
            Diagnostic::error(Code::RunFailed, format!("the rules could not be run on `{source}`: {}", sentence(cause)))
        }
    }
}

/// `--from` not before `--to`.
pub(super) fn empty_range(from: &str, to: &str) -> Diagnostic {
    Diagnostic::error(Code::BadArgument, format!("nothing lies between `{from}` and `{to}`"))
        .help("give a start that is before the end")
}

fn sentence(cause: &DataFusionError) -> String {
    cause.strip_backtrace().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn bytes(count: usize) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| count >= *unit && count.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", count / unit),
        None => format!("{count} bytes"),
    }
}

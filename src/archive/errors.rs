//! What the archive has to say to people: takes a path and a cause, gives the finding.

use std::fmt::Display;
use std::path::Path;

use crate::diag::{Code, Diagnostic};

/// A folder or file that could not be read.
pub(super) fn unreadable(path: &Path, cause: impl Display) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("can't read `{}`: {}", path.display(), one_line(cause)))
        .help("check that the path is right and that you may read it")
}

/// A folder or file that could not be written.
pub(super) fn unwritable(path: &Path, cause: impl Display) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("can't write `{}`: {}", path.display(), one_line(cause)))
        .help("check that you may write there and that the disk has room; what was archived before is unharmed")
}

/// A path without any stream below it.
pub(super) fn no_archive(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("no archive at `{}`", path.display()))
        .help(format!("fill one with `skywatch ingest --source SOURCE FILES… --archive {}`", path.display()))
}

/// A file that is no Parquet, or is cut or damaged.
pub(super) fn broken(path: &Path, cause: impl Display) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("`{}` is damaged: {}", path.display(), one_line(cause)))
        .help("remove the file and ingest its logs again")
}

/// A Parquet file that `ingest` did not write.
pub(super) fn foreign(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("`{}` was not written by `skywatch ingest`", path.display()))
        .help("move it out of the archive")
}

/// A file of another stream than its folder's.
pub(super) fn wrong_stream(path: &Path, found: &str, expected: &str) -> Diagnostic {
    let message = format!("`{}` holds the stream `{found}`, but lies with `{expected}`", path.display());
    Diagnostic::error(Code::BadArchive, message).help(format!("move it to the folder `{found}`"))
}

/// A column whose type is not what the stream declares now.
pub(super) fn wrong_type(path: &Path, column: &str, found: &str, expected: &str) -> Diagnostic {
    let message = format!("`{}` has `{column}` as {found}, but the stream declares it as {expected}", path.display());
    Diagnostic::error(Code::BadArchive, message)
        .help("the stream has changed since the file was written: ingest its logs into a new archive")
}

/// A metadata file whose content file is gone.
pub(super) fn no_content(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("`{}` is missing", path.display()))
        .help("the rows of the metadata tier have lost their content: ingest their logs again")
}

/// More files than a run takes.
pub(super) fn too_many_files(path: &Path, limit: usize) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("`{}` holds more than {limit} files", path.display()))
        .help("ingest more logs at a time, or split the archive")
}

/// A stream whose field takes the archive's own column name.
pub(super) fn reserved_column(stream: &str, column: &str) -> Diagnostic {
    let message = format!("stream `{stream}` has a field `{column}`, which the archive keeps for itself");
    Diagnostic::error(Code::BadArchive, message).help("give the field another name")
}

/// A cause that spans lines would break the one-sentence form.
fn one_line(cause: impl Display) -> String {
    cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

//! What the archive has to say to people: takes a path and a cause, gives the finding.

use std::fmt::Display;
use std::path::Path;

use super::KeyPlace;
use crate::diag::{Code, Diagnostic};
use crate::schema::Schema;

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

/// A file that the manifest names and that is gone.
pub(super) fn missing(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("`{}` is missing", path.display()))
        .help("bring it back from a backup, or ingest its logs into a new archive; `skywatch archive verify` lists all that is missing")
}

/// A file of another length than the manifest says.
pub(super) fn wrong_length(path: &Path, found: u64, expected: u64) -> Diagnostic {
    let message = format!("`{}` is damaged: it has {found} bytes, and was written with {expected}", path.display());
    Diagnostic::error(Code::BadArchive, message)
        .help("bring it back from a backup, or ingest its logs into a new archive; `skywatch archive verify` lists all that is damaged")
}

/// More files than a run takes.
pub(super) fn too_many_files(stream: &str, limit: usize) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("the archive has more than {limit} files of `{stream}`"))
        .help("put small files together with `skywatch archive compact`, or split the archive")
}

/// More manifest entries than are read.
pub(super) fn too_many_entries(path: &Path, limit: usize) -> Diagnostic {
    Diagnostic::error(
        Code::BadArchive,
        format!("`{}` has more than {limit} entries since the last whole one", path.display()),
    )
    .help("write a whole one with `skywatch archive compact`")
}

/// A manifest entry that can't be read.
pub(super) fn broken_entry(path: &Path, cause: impl Display) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("`{}` is damaged: {}", path.display(), one_line(cause)))
        .help("bring it back from a backup: without it nobody knows what the archive holds")
}

/// A manifest entry of a later version.
pub(super) fn newer_format(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("`{}` was written by a newer version of Skywatch", path.display()))
        .help("use that version, or a later one")
}

/// A manifest entry that does not follow the one before it.
pub(super) fn broken_chain(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("`{}` does not follow the entry before it", path.display()))
        .help("one of the two was changed or replaced since it was written: bring both back from a backup")
}

/// An archive that another process writes.
pub(super) fn claimed(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::BadArchive, format!("another process is writing into `{}`", path.display()))
        .help("wait until it has ended; rules can be run meanwhile")
}

/// A source that the schema does not have, or that has no files.
pub(super) fn unknown_source(name: &str, schema: &Schema) -> Diagnostic {
    Diagnostic::error(Code::BadArgument, format!("unknown source `{name}`"))
        .suggest(name, schema.sources.iter().map(|source| source.name.as_str()))
}

/// Logs that hold less of a day than the archive.
pub(super) fn fewer_rows(day: &str, read: u64, archived: u64) -> Diagnostic {
    let message = format!("the logs have {read} events of {day}, and the archive has {archived}");
    Diagnostic::error(Code::BadArchive, message)
        .help("nothing was changed; give all logs of the days that are to be replaced")
}

/// A clock that the manifest contradicts.
pub(super) fn wrong_clock(now: &str, written: &str, apart: &str) -> Diagnostic {
    let message = format!("the clock says {now}, but the archive was last changed on {written}: {apart} apart");
    Diagnostic::error(Code::BadArchive, message)
        .help("nothing was removed; where the clock is right, say so with `--at` and the time")
}

/// A place of a key without one.
pub(super) fn no_key(place: &KeyPlace, cause: impl Display) -> Diagnostic {
    Diagnostic::error(Code::ArchiveKey, format!("no key at `{place}`: {}", one_line(cause)))
        .help("make one with `openssl rand -hex 32`, in a file that only you may read")
}

/// A program that does not answer as one that keeps keys.
pub(super) fn no_answer(place: &KeyPlace, cause: impl Display) -> Diagnostic {
    Diagnostic::error(Code::ArchiveKey, format!("no answer from `{place}`: {}", one_line(cause)))
        .help("it is called with `wrap`, `unwrap` or `get`, and takes and gives one JSON object: docs/archive.md")
}

/// A content key that did not wrap a file's data key.
pub(super) fn other_key(place: &KeyPlace, id: &str) -> Diagnostic {
    Diagnostic::error(Code::ArchiveKey, format!("`{place}` is not the key of this content, which is `{id}`"))
        .help("give the key that the logs were ingested with")
}

/// A wrapped data key that can't be unwrapped.
pub(super) fn bad_wrapped(file: &str, cause: impl Display) -> Diagnostic {
    Diagnostic::error(Code::ArchiveKey, format!("the data key of `{file}` can't be unwrapped: {}", one_line(cause)))
        .help("bring its file in `keys` back from a backup")
}

/// A content file whose data key is gone.
pub(super) fn no_data_key(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::ArchiveKey, format!("the data key of `{}` was destroyed", path.display()))
        .help("its text can't be read any more; the metadata tier still can")
}

/// Content is asked for without a key.
pub(super) fn no_content_key(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::ArchiveKey, format!("the text of users in `{}` is encrypted", path.display()))
        .help("give its key: `--content-key file:PATH`, `env:NAME` or `exec:PROGRAM`")
}

/// The cipher refuses; only a broken build can bring that about.
pub(super) fn no_cipher() -> Diagnostic {
    Diagnostic::error(Code::ArchiveKey, "AES-256-GCM does not work on this machine".to_owned())
}

/// The operating system gives no random bytes.
pub(super) fn no_random() -> Diagnostic {
    Diagnostic::error(Code::ArchiveKey, "the operating system gives no random bytes".to_owned())
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

//! What databases of networks have to say to people: takes a path, a line and a cause, gives the finding.

use std::fmt::Display;
use std::path::Path;

use crate::diag::{Code, Diagnostic};

/// The columns that a CSV file may have.
const COLUMNS: &str = "its first line names the columns: `network`, and one or more of `country`, `asn`, `place`, `latitude` with `longitude`";

fn error(message: String) -> Diagnostic {
    Diagnostic::error(Code::BadNetworks, message)
}

/// A file that could not be read.
pub(super) fn unreadable(path: &Path, cause: impl Display) -> Diagnostic {
    error(format!("can't read `{}`: {cause}", path.display()))
        .help("check that the path is right and that you may read it")
}

/// A folder, a pipe.
pub(super) fn no_file(path: &Path) -> Diagnostic {
    error(format!("`{}` is no file", path.display())).help("name each database by itself: `--networks FILE`")
}

/// Another ending.
pub(super) fn unknown_format(path: &Path) -> Diagnostic {
    error(format!("`{}` is called neither .mmdb nor .csv", path.display()))
        .help("give MaxMind's database as it is published, or a CSV file with a column `network`")
}

/// More than anybody publishes.
pub(super) fn too_large(path: &Path, bytes: u64, most: u64) -> Diagnostic {
    error(format!("`{}` has {bytes} bytes, and at most {most} are read", path.display()))
        .help("leave out networks that your callers don't come from")
}

/// More networks than are held.
pub(super) fn too_many(path: &Path, most: usize) -> Diagnostic {
    error(format!("`{}` has more than {most} networks", path.display()))
        .help("leave out networks that your callers don't come from, or use the `.mmdb` of the same database")
}

/// A line that is wrong, and what it should be.
pub(super) fn bad_line(path: &Path, line: u64, expected: &str) -> Diagnostic {
    error(format!("`{}` line {line}: expected {expected}", path.display()))
        .help("mend the line or take it out: nothing was read")
}

/// A network that stands twice.
pub(super) fn twice(path: &Path, first: u32, second: u32) -> Diagnostic {
    error(format!("`{}` line {second}: this network stands on line {first} already", path.display()))
        .help("keep one of the two lines, with all that is known of the network")
}

/// A first line without what is needed.
pub(super) fn no_columns(path: &Path) -> Diagnostic {
    error(format!("`{}` line 1: expected the names of columns", path.display())).help(COLUMNS)
}

/// MaxMind's CSV files that say countries and cities by numbers of another file.
pub(super) fn only_numbers(path: &Path) -> Diagnostic {
    error(format!("`{}` says places by `geoname_id`, which another file explains", path.display()))
        .help("give the `.mmdb` of the same database, which has all in one file")
}

/// A file that is no database in MaxMind's format, or a damaged one.
pub(super) fn damaged(path: &Path, cause: impl Display) -> Diagnostic {
    error(format!("`{}` is no database in MaxMind's format, or damaged: {cause}", path.display()))
        .help("fetch it again; its layout has to be that of GeoLite2 or GeoIP2")
}

/// A database of something else.
pub(super) fn nothing_known(path: &Path, kind: &str) -> Diagnostic {
    error(format!("`{}` ({kind}) knows no country, system number or place", path.display()))
        .help("give a database of countries, cities or autonomous systems")
}

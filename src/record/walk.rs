//! What there is to read: takes arguments, each a file, a folder or `-`, gives inputs in order, and what was passed over with the reason.
//!
//! A file that is named is read whatever it is called, or is an error. In a folder, at any depth, files are read that are called like logs, and
//! all others are listed; the names of the folders between don't matter, as each cloud has keys of its own. Links are not followed there: they
//! lead out of what was named, or round in circles.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::Metadata;
use std::io;
use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use super::Limits;
use super::input::{Input, shown, unreadable};
use crate::diag::{Code, Diagnostic};

/// What arguments stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs {
    /// In the order of the arguments, those of a folder in the order of their names.
    pub inputs: Vec<Input>,
    /// In the same order.
    pub skipped: Vec<Skipped>,
}

/// Something that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path.
    pub name: String,
    /// Why it was.
    pub why: Skip,
}

/// Why something is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// Its name, or a folder's, begins with a dot.
    Hidden,
    /// Somebody is still writing it, or left it behind.
    Temporary,
    /// It holds nothing.
    Empty,
    /// It is not called like a log.
    NotALog,
    /// CloudTrail's digests of its own files.
    Digest,
    /// A body that Bedrock keeps beside its records.
    Body,
    /// A cloud's test of whether it may write there.
    WriteTest,
    /// A symbolic link.
    Link,
    /// Neither file nor folder.
    Special,
    /// It went away meanwhile.
    Gone,
    /// It is there already, by another argument.
    Again,
}

impl Skip {
    /// One word, for counts by reason.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Skip::Hidden => "hidden",
            Skip::Temporary => "temporary",
            Skip::Empty => "empty",
            Skip::NotALog => "not_a_log",
            Skip::Digest => "digest",
            Skip::Body => "body",
            Skip::WriteTest => "write_test",
            Skip::Link => "link",
            Skip::Special => "special",
            Skip::Gone => "gone",
            Skip::Again => "again",
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Skip::Hidden => "hidden",
            Skip::Temporary => "temporary",
            Skip::Empty => "empty",
            Skip::NotALog => "not called like a log (name it to have it read)",
            Skip::Digest => "a digest of CloudTrail's files",
            Skip::Body => "a body that Bedrock keeps beside its records",
            Skip::WriteTest => "a cloud's test of whether it may write",
            Skip::Link => "a symbolic link (name what it leads to)",
            Skip::Special => "neither file nor folder",
            Skip::Gone => "gone since it was found",
            Skip::Again => "named twice",
        })
    }
}

/// Finds what there is to read.
///
/// # Errors
/// An argument that can't be read; a folder below one that can't, for what it holds would be missing unnoticed; a folder past a limit of
/// depth, length of names or number of files.
pub fn inputs<P: AsRef<Path>>(arguments: impl IntoIterator<Item = P>, limits: Limits) -> Result<Inputs, Diagnostic> {
    let mut walk = Walk { found: Inputs::default(), known: BTreeSet::new(), limits };
    for argument in arguments {
        let path = argument.as_ref();
        if path == Path::new("-") {
            walk.add(Input::standard_input());
        } else if path.is_dir() {
            walk.folder(path)?;
        } else {
            walk.add(Input::file(path)?);
        }
    }
    Ok(walk.found)
}

struct Walk {
    found: Inputs,
    /// Identities.
    known: BTreeSet<String>,
    limits: Limits,
}

impl Walk {
    fn add(&mut self, input: Input) {
        if self.known.insert(input.identity().to_owned()) {
            self.found.inputs.push(input);
        } else {
            self.found.skipped.push(Skipped { name: input.name().to_owned(), why: Skip::Again });
        }
    }

    fn folder(&mut self, root: &Path) -> Result<(), Diagnostic> {
        let mut entries = WalkDir::new(root).follow_links(false).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    self.failed(&path, error.depth(), &error.into())?;
                    continue;
                }
            };
            // The root is what was named, whatever its name is.
            if entry.depth() == 0 {
                continue;
            }
            self.within_limits(root, &entry)?;
            let hidden = name_of(&entry).starts_with('.');
            if entry.file_type().is_dir() && !hidden {
                continue;
            }
            if entry.file_type().is_dir() {
                entries.skip_current_dir();
            }
            match entry.metadata() {
                Err(error) => self.failed(entry.path(), entry.depth(), &error.into())?,
                Ok(known) => match skip(&entry, &known) {
                    Some(why) => self.skip(entry.path(), why),
                    None => match Input::found(entry.path(), &known) {
                        Ok(input) => self.add(input),
                        Err(_) if !entry.path().exists() => self.skip(entry.path(), Skip::Gone),
                        Err(diagnostic) => return Err(diagnostic),
                    },
                },
            }
        }
        Ok(())
    }

    fn skip(&mut self, path: &Path, why: Skip) {
        self.found.skipped.push(Skipped { name: shown(path.as_os_str()), why });
    }

    /// What can't be looked at is an error, unless it is no more there.
    fn failed(&mut self, path: &Path, depth: usize, error: &io::Error) -> Result<(), Diagnostic> {
        if error.kind() == io::ErrorKind::NotFound && depth > 0 {
            self.skip(path, Skip::Gone);
            return Ok(());
        }
        Err(unreadable(path, error).help("get the right to read it, or name the folders that are to be read"))
    }

    fn within_limits(&self, root: &Path, entry: &DirEntry) -> Result<(), Diagnostic> {
        let Limits { files, depth, name, .. } = self.limits;
        let past = |what: String, way_out: &str| {
            let message = format!("`{}` {what}", shown(root.as_os_str()));
            Err(Diagnostic::error(Code::UnreadableFile, message).help(way_out))
        };
        if self.found.inputs.len() + self.found.skipped.len() >= files {
            return past(
                format!("holds more than {files} files"),
                "name the folders of a part of it, such as one month",
            );
        }
        if entry.depth() > depth {
            return past(format!("holds folders more than {depth} deep"), "name a folder further down");
        }
        if entry.file_name().len() > name {
            return past(format!("holds names of more than {name} bytes"), "rename the file, or name other folders");
        }
        Ok(())
    }
}

fn name_of(entry: &DirEntry) -> String {
    entry.file_name().to_string_lossy().to_ascii_lowercase()
}

/// Why an entry of a folder is not read.
fn skip(entry: &DirEntry, known: &Metadata) -> Option<Skip> {
    let name = name_of(entry);
    let folder =
        |wanted: &str| entry.path().parent().is_some_and(|above| above.iter().any(|part| part == OsStr::new(wanted)));
    let in_data = entry.path().parent().and_then(Path::file_name) == Some(OsStr::new("data"));
    if name.starts_with('.') {
        Some(Skip::Hidden)
    } else if known.is_symlink() {
        Some(Skip::Link)
    } else if !known.is_file() {
        Some(Skip::Special)
    } else if folder("CloudTrail-Digest") {
        // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
        Some(Skip::Digest)
    } else if in_data && folder("BedrockModelInvocationLogs") {
        // Bodies over 100 KB, and images: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
        Some(Skip::Body)
    } else if name.starts_with("amazon-bedrock-logs-permission-check") || name == "aws-logs-write-test" {
        // No page documents the names; Bedrock and CloudWatch's exports leave them behind.
        Some(Skip::WriteTest)
    } else if is_temporary(&name) {
        Some(Skip::Temporary)
    } else if !is_of_a_log(&name) {
        Some(Skip::NotALog)
    } else if known.len() == 0 {
        Some(Skip::Empty)
    } else {
        None
    }
}

/// What editors, browsers and copying programs write to until they are done.
fn is_temporary(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    name.ends_with('~')
        || ["tmp", "temp", "part", "partial", "filepart", "crdownload", "download", "swp"].contains(&ending)
}

/// Whether a file is called like a log: `x.json`, `x.json.gz`, `x.log.1`; Firehose's and CloudWatch's objects have no ending at all. An
/// underscore begins the names of what programs of big data leave for themselves, such as `_SUCCESS`.
fn is_of_a_log(name: &str) -> bool {
    let mut rest = ["gz", "gzip", "zst", "zstd"]
        .iter()
        .find_map(|packed| name.strip_suffix(packed)?.strip_suffix('.'))
        .unwrap_or(name);
    while let Some((before, ending)) = rest.rsplit_once('.') {
        if !ending.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'_') {
            return ["json", "jsonl", "jsonlines", "ndjson", "log"].contains(&ending) && !name.starts_with('_');
        }
        // A rotation's number or day.
        rest = before;
    }
    !name.starts_with('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logs() {
        for name in [
            "20261103t115959000z_018c5b51.json.gz",
            "pt1h.json",
            "02:00:00_02:59:59_s0.json",
            "000000.gz",
            "to-s3-1-2026-11-03-10-00-00-0f9c3c3e",
            "gateway.jsonl.zst",
            "gateway.log.2026-11-03",
            "gateway.log.1.gz",
            "ip-10.0.0.1",
        ] {
            assert!(is_of_a_log(name), "{name}");
        }
        for name in
            ["a.parquet", "_success", "_x.json", "readme.md", "x.csv.gz", "x.json.bak", "a.zip", "x.json.6ef6d2a1"]
        {
            assert!(!is_of_a_log(name), "{name}");
        }
        for name in ["x.json~", "x.json.tmp", "x.json.gz.part"] {
            assert!(is_temporary(name), "{name}");
        }
    }
}

//! Inputs: takes a path, or standard input, gives what can be read from it, under a name for people and an identity for checkpoints.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

use super::unpack::Sha;
use crate::diag::{Code, Diagnostic};

/// The name and the identity of standard input.
const STANDARD_INPUT: &str = "-";

/// Something that holds records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    name: String,
    identity: String,
    place: Place,
    size: Option<u64>,
    modified: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    StandardInput,
    /// What was named, read wherever the name leads.
    Named(PathBuf),
    /// What was found in a folder, read only if it still is what was found.
    Found(PathBuf),
}

impl Input {
    /// Standard input. It can be read once.
    #[must_use]
    pub fn standard_input() -> Input {
        let name = || STANDARD_INPUT.to_owned();
        Input { name: name(), identity: name(), place: Place::StandardInput, size: None, modified: None }
    }

    /// A file, or a pipe with a name. A pipe can be read once.
    ///
    /// # Errors
    /// What can't be read, or is a folder.
    pub fn file(path: &Path) -> Result<Input, Diagnostic> {
        let failed = |error| unreadable(path, &error);
        let known = fs::metadata(path).map_err(failed)?;
        if known.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        // Whoever writes to a pipe would lose its reader if it were opened to try.
        if known.is_file() {
            File::open(path).map_err(failed)?;
        }
        Input::known(path, &known, Place::Named)
    }

    /// A file that was found in a folder.
    pub(super) fn found(path: &Path, known: &Metadata) -> Result<Input, Diagnostic> {
        Input::known(path, known, Place::Found)
    }

    fn known(path: &Path, known: &Metadata, place: fn(PathBuf) -> Place) -> Result<Input, Diagnostic> {
        let canonical = fs::canonicalize(path).map_err(|error| unreadable(path, &error))?;
        let micros = known.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Input {
            name: shown(path.as_os_str()),
            identity: shown(canonical.as_os_str()),
            place: place(path.to_owned()),
            size: known.is_file().then_some(known.len()),
            modified: micros.and_then(|time| i64::try_from(time.as_micros()).ok()),
        })
    }

    /// What it is called: the path as it was given or found, `-` for standard input. Control characters are escaped.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is: the path without links, `-` for standard input.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Its bytes as stored, when it was found. A pipe has none.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// When it was last written, in microseconds since 1970, when it was found.
    #[must_use]
    pub fn modified(&self) -> Option<i64> {
        self.modified
    }

    /// Whether it can be read again.
    #[must_use]
    pub fn repeats(&self) -> bool {
        self.size.is_some()
    }

    /// The digest of its first bytes, none if it has fewer: whether it is still the file that it was.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn digest_of(&self, bytes: u64) -> io::Result<Option<Sha>> {
        Ok(begun(&mut *self.open()?, bytes)?.map(|hash| hash.finalize().into()))
    }

    /// Its bytes as they are stored.
    ///
    /// # Errors
    /// What can't be read; what was found in a folder and has become a link since, or lies behind one.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.place {
            Place::StandardInput => Ok(Box::new(io::stdin())),
            Place::Named(path) => Ok(Box::new(File::open(path)?)),
            Place::Found(path) if shown(fs::canonicalize(path)?.as_os_str()) != self.identity => {
                Err(io::Error::other("it has become a link since it was found"))
            }
            Place::Found(path) => Ok(Box::new(File::open(path)?)),
        }
    }
}

/// The hash of the first bytes, which are read; none if there are fewer.
pub(super) fn begun(input: &mut dyn Read, bytes: u64) -> io::Result<Option<Sha256>> {
    let mut hash = Hashed(Sha256::new());
    let got = io::copy(&mut input.take(bytes), &mut hash)?;
    Ok((got == bytes).then_some(hash.0))
}

struct Hashed(Sha256);

impl io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A path as text: what is not UTF-8 and control characters, which a terminal would act on, as escapes.
pub(super) fn shown(path: &OsStr) -> String {
    let mut out = String::new();
    for chunk in path.as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
        }
        for byte in chunk.invalid() {
            _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::UnreadableFile, format!("`{}` can't be read: {error}", shown(path.as_os_str())))
}

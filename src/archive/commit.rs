//! One file that is there whole or not at all: bytes go to a temporary name in the same folder, are synced, and then get their name.
//!
//! The name comes from the bytes, so that the same input gives the same name and a repeated run replaces a file by itself.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Bytes of the digest that make a name.
const NAME_BYTES: usize = 8;

/// A file under its temporary name. Dropped without [`Pending::commit`], it is removed.
#[derive(Debug)]
pub(super) struct Pending {
    folder: PathBuf,
    temporary: PathBuf,
    file: Option<BufWriter<File>>,
    digest: Sha256,
}

impl Pending {
    /// Begins a file in `folder`, which is made where it is not there.
    pub(super) fn create(folder: &Path) -> io::Result<Pending> {
        std::fs::create_dir_all(folder)?;
        let mut number = 0u32;
        loop {
            // The dot and the ending keep readers away; process and number keep two writers apart.
            let temporary = folder.join(format!(".{}-{number}.tmp", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => {
                    let file = Some(BufWriter::new(file));
                    return Ok(Pending { folder: folder.to_owned(), temporary, file, digest: Sha256::new() });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1_000 => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The name that belongs to the bytes written so far.
    pub(super) fn name(&self) -> String {
        name_of(&self.digest.clone().finalize())
    }

    /// Syncs the file and gives it its name; a file of that name is replaced.
    pub(super) fn commit(mut self, file_name: &str) -> io::Result<PathBuf> {
        if let Some(file) = self.file.take() {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        }
        let path = self.folder.join(file_name);
        std::fs::rename(&self.temporary, &path)?;
        // The new name itself is durable only once the folder is.
        File::open(&self.folder)?.sync_all()?;
        Ok(path)
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(file) = self.file.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let written = file.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // After `commit` the name is gone already; a failed removal leaves a file that no reader takes.
        _ = std::fs::remove_file(&self.temporary);
    }
}

/// Whether a file's name is one that [`Pending::name`] gives, with this ending.
pub(super) fn is_name(file_name: &str, ending: &str) -> bool {
    file_name.strip_suffix(ending).is_some_and(|stem| {
        stem.len() == 2 * NAME_BYTES && stem.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn name_of(digest: &[u8]) -> String {
    let mut name = String::with_capacity(2 * NAME_BYTES);
    for byte in digest.iter().take(NAME_BYTES) {
        _ = write!(name, "{byte:02x}");
    }
    name
}

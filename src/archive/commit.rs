//! One file that is there whole or not at all: bytes go to a temporary name in the same folder, are synced, and then get their name.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::disk::{Disk, Output, sync_folder};

/// Ending of files that are not whole yet.
pub(super) const TEMPORARY: &str = ".tmp";

/// A file under its temporary name. Dropped without [`Pending::commit`], it is removed.
pub(super) struct Pending {
    folder: PathBuf,
    /// None once it has its own name: another file may have taken this one.
    temporary: Option<PathBuf>,
    file: Option<BufWriter<Box<dyn Output>>>,
    digest: Sha256,
    bytes: u64,
}

/// A file under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) bytes: u64,
    /// SHA-256 of the bytes, in hex.
    pub(super) digest: String,
}

impl Pending {
    /// Begins a file in `folder`, which is made where it is not there.
    pub(super) fn create(disk: &dyn Disk, folder: &Path) -> io::Result<Pending> {
        create_folder(folder)?;
        let mut number = 0u32;
        loop {
            // The dot and the ending keep readers away; process and number keep two files apart.
            let temporary = folder.join(format!(".{}-{number}{TEMPORARY}", std::process::id()));
            match disk.create(&temporary) {
                Ok(file) => {
                    let (folder, file) = (folder.to_owned(), Some(BufWriter::new(file)));
                    return Ok(Pending { folder, temporary: Some(temporary), file, digest: Sha256::new(), bytes: 0 });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1_000 => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// SHA-256 of the bytes written so far, in hex.
    pub(super) fn digest(&self) -> String {
        hex(&self.digest.clone().finalize())
    }

    /// Syncs the file and gives it its name. A file of that name is one that no manifest came to know, and is replaced.
    pub(super) fn commit(mut self, file_name: &str) -> io::Result<Committed> {
        let digest = self.digest();
        if let Some(file) = self.file.take() {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync()?;
        }
        if let Some(temporary) = &self.temporary {
            std::fs::rename(temporary, self.folder.join(file_name))?;
            self.temporary = None;
        }
        // The new name itself is durable only once the folder is.
        sync_folder(&self.folder)?;
        Ok(Committed { bytes: self.bytes, digest })
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(file) = self.file.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let written = file.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // A failed removal leaves a file that no reader takes.
            _ = std::fs::remove_file(temporary);
        }
    }
}

/// Makes a folder and those above it, each durable in the one above.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        create_folder(above)?;
    }
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => other?,
    }
    sync_folder(above.unwrap_or(Path::new(".")))
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

//! The right to change an archive: takes its folder, gives a claim that one process holds at a time. Readers need none and never wait.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::commit::{create_folder, hex};
use super::disk::{Disk, LocalDisk};
use super::errors;
use super::keys::random;
use super::manifest::{Change, Manifest};
use crate::diag::Diagnostic;

/// The file whose lock is the claim. It stays, empty.
const LOCK: &str = "lock";

/// The one writer of an archive. The lock goes with the process, however it ends.
#[derive(Debug)]
pub struct Claim {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    archive: String,
    manifest: Manifest,
    lock: File,
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A process that was forked meanwhile has the file open too, until it runs its own program. What can't be let go ends with this one.
        let _ = self.lock.unlock();
    }
}

impl Claim {
    /// Claims the archive in a folder, which is made where it is not there.
    ///
    /// # Errors
    /// Another process holds it; a manifest that is damaged; a folder that can't be written.
    pub fn take(root: &Path) -> Result<Claim, Diagnostic> {
        Claim::on(root, Arc::new(LocalDisk))
    }

    /// The same, on a disk of the caller's.
    ///
    /// # Errors
    /// As [`Claim::take`].
    pub fn on(root: &Path, disk: Arc<dyn Disk>) -> Result<Claim, Diagnostic> {
        let unwritable = |e| errors::unwritable(root, e);
        create_folder(root).map_err(unwritable)?;
        let lock = OpenOptions::new().create(true).append(true).open(root.join(LOCK)).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(errors::claimed(root)),
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        let manifest = Manifest::read(root)?;
        let archive = match &manifest.archive {
            Some(archive) => archive.clone(),
            None => hex(&random::<16>()?),
        };
        Ok(Claim { root: root.to_owned(), disk, archive, manifest, lock })
    }

    /// The archive's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The archive's own id.
    #[must_use]
    pub fn archive(&self) -> &str {
        &self.archive
    }

    /// What the archive holds.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Makes a change whose files have their names.
    ///
    /// # Errors
    /// An entry that can't be written: then nothing has changed.
    pub(super) fn commit(&mut self, change: Change) -> Result<(), Diagnostic> {
        self.manifest.commit(&self.root, &*self.disk, &self.archive, now(), change)
    }
}

/// Microseconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

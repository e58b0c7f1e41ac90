//! Content files sealed: takes an archive's content key and a file's place, gives what encrypts it (Parquet Modular Encryption, AES-256-GCM,
//! footer included) and what decrypts it. A file that was moved, renamed or changed does not open.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;
use zeroize::Zeroizing;

use super::commit::Pending;
use super::disk::Disk;
use super::errors;
use super::keys::{ContentKey, Secret, Wrapped, random};
use crate::diag::Diagnostic;

/// The folder of the wrapped data keys.
pub(super) const KEYS: &str = "keys";
/// Most bytes of a wrapped key's file.
const MAX_WRAPPED: u64 = 64 << 10;

/// A new data key for the file that will lie at `path` in the archive.
pub(super) struct Seal {
    key: Secret,
    context: String,
}

impl Seal {
    pub(super) fn new(archive: &str, path: &str) -> Result<Seal, Diagnostic> {
        Ok(Seal { key: Zeroizing::new(random()?), context: context(archive, path) })
    }

    /// What a Parquet writer takes. The place is no part of the file: a reader has to know where the file belongs.
    pub(super) fn encryption(
        &self,
    ) -> Result<Arc<FileEncryptionProperties>, datafusion::parquet::errors::ParquetError> {
        FileEncryptionProperties::builder(self.key.to_vec())
            .with_aad_prefix(self.context.clone().into_bytes())
            .with_aad_prefix_storage(false)
            .build()
    }

    /// Writes the data key, wrapped.
    pub(super) fn keep(&self, disk: &dyn Disk, root: &Path, path: &str, key: &ContentKey) -> Result<(), Diagnostic> {
        put(disk, root, path, &key.wrap(&self.key, &self.context)?)
    }
}

/// What opens the content file at a path of the archive.
///
/// # Errors
/// A data key that was destroyed or damaged; a content key that is not the one.
pub(super) fn decryption(
    root: &Path,
    archive: &str,
    path: &str,
    key: &ContentKey,
) -> Result<Arc<FileDecryptionProperties>, Diagnostic> {
    let context = context(archive, path);
    let secret = key.unwrap(&wrapped(root, path)?, &context)?;
    let built = FileDecryptionProperties::builder(secret.to_vec()).with_aad_prefix(context.into_bytes()).build();
    built.map_err(|e| errors::broken(&root.join(path), e))
}

/// Wraps a file's data key by another content key. Gives whether there was anything to do.
pub(super) fn rewrap(
    disk: &dyn Disk,
    root: &Path,
    archive: &str,
    path: &str,
    (old, new): (&ContentKey, &ContentKey),
) -> Result<bool, Diagnostic> {
    let (context, wrapped) = (context(archive, path), wrapped(root, path)?);
    if new.wrapped(&wrapped) {
        return Ok(false);
    }
    let secret = old.unwrap(&wrapped, &context)?;
    put(disk, root, path, &new.wrap(&secret, &context)?)?;
    Ok(true)
}

/// Destroys a file's data key. It is overwritten first: on many disks that reaches the old bytes, on none is it certain.
pub(super) fn destroy(root: &Path, path: &str) -> Result<(), Diagnostic> {
    let place = key_path(root, path);
    let overwrite = || -> io::Result<()> {
        let mut file = match fs::OpenOptions::new().write(true).open(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
        file.write_all(&vec![0; length])?;
        file.sync_all()?;
        fs::remove_file(&place)
    };
    overwrite().map_err(|e| errors::unwritable(&place, e))
}

fn put(disk: &dyn Disk, root: &Path, path: &str, wrapped: &Wrapped) -> Result<(), Diagnostic> {
    let place = key_path(root, path);
    let write = || -> io::Result<()> {
        let mut pending = Pending::create(disk, &root.join(KEYS))?;
        pending.write_all(&serde_json::to_vec(wrapped)?)?;
        pending.commit(&place.file_name().unwrap_or_default().to_string_lossy()).map(|_| ())
    };
    write().map_err(|e| errors::unwritable(&place, e))
}

fn wrapped(root: &Path, path: &str) -> Result<Wrapped, Diagnostic> {
    let place = key_path(root, path);
    let length = match fs::metadata(&place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(errors::no_data_key(&root.join(path))),
        other => other.map_err(|e| errors::unreadable(&place, e))?.len(),
    };
    if length > MAX_WRAPPED {
        return Err(errors::bad_wrapped(path, "its file is too long"));
    }
    let bytes = fs::read(&place).map_err(|e| errors::unreadable(&place, e))?;
    serde_json::from_slice(&bytes).map_err(|e| errors::bad_wrapped(path, e))
}

/// Where a content file's wrapped key lies: file names are unique in an archive.
pub(super) fn key_path(root: &Path, path: &str) -> PathBuf {
    let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
    root.join(KEYS).join(format!("{stem}.json"))
}

/// What a data key and every module of its file are bound to.
fn context(archive: &str, path: &str) -> String {
    format!("skywatch/{archive}/{path}")
}

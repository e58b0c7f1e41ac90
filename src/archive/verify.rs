//! The archive against its manifest: takes a folder, gives what is wrong with it. Reads every byte.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::columns::{SOURCE, columns};
use super::commit::hex;
use super::footer;
use super::keys::ContentKey;
use super::manifest::{FileEntry, Manifest, Stored};
use super::open::Archive;
use super::seal::key_path;
use crate::diag::Diagnostic;
use crate::ir::{Stream, Tier};
use crate::schema::Schema;

/// How a Parquet file with an encrypted footer begins and ends.
const ENCRYPTED: &[u8] = b"PARE";

/// A thing that is wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// How many files were read.
    pub files: usize,
    /// How many of them are encrypted and were not opened, for want of a key.
    pub sealed: usize,
    /// In the order of the manifest.
    pub flaws: Vec<Flaw>,
}

/// Checks the chain of manifest entries, every file's bytes, that no field with text of users is in the metadata tier, and that content is
/// encrypted and has its data key; with the content key also that it opens.
///
/// # Errors
/// A manifest that can't be read: then nobody knows what there should be.
pub fn verify(root: &Path, schema: &Schema, key: Option<&ContentKey>) -> Result<Verified, Diagnostic> {
    let manifest = Manifest::existing(root)?;
    let mut verified = Verified::default();
    // Where a stream has changed or a file is cut, that is one flaw among others; opening fails on the first.
    let archive = Archive::without_files(root, manifest.clone(), key.cloned());
    for file in manifest.files.values() {
        let stream = schema.stream(&file.stream).and_then(|index| schema.streams.get(index));
        for stored in file.stored() {
            verified.files += 1;
            let path = root.join(&stored.path);
            let tier = if file.metadata == *stored { Tier::Metadata } else { Tier::Content };
            if let Err(what) =
                bytes(&path, stored).and_then(|()| tier_of(&archive, file, stored, stream, tier, &mut verified))
            {
                verified.flaws.push(Flaw { path, what });
            }
        }
    }
    for aside in manifest.quarantine.values() {
        verified.files += 1;
        let path = root.join(&aside.file.path);
        if let Err(what) = bytes(&path, &aside.file) {
            verified.flaws.push(Flaw { path, what });
        }
    }
    Ok(verified)
}

/// Whether a file has the bytes that it was written with.
fn bytes(path: &Path, stored: &Stored) -> Result<(), String> {
    let digest = || -> io::Result<(u64, String)> {
        let mut file = File::open(path)?;
        let (mut digest, mut length, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
        loop {
            let got = file.read(&mut buffer)?;
            if got == 0 {
                return Ok((length, hex(&digest.finalize())));
            }
            length += got as u64;
            digest.update(buffer.get(..got).unwrap_or_default());
        }
    };
    match digest() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err("it is missing".to_owned()),
        Err(error) => Err(format!("it can't be read: {error}")),
        Ok((length, _)) if length != stored.bytes => {
            Err(format!("it has {length} bytes, and was written with {}", stored.bytes))
        }
        Ok((_, digest)) if digest != stored.digest => Err("its bytes are not those that were written".to_owned()),
        Ok(_) => Ok(()),
    }
}

/// Whether a file is what its tier may be.
fn tier_of(
    archive: &Archive,
    file: &FileEntry,
    stored: &Stored,
    stream: Option<&Stream>,
    tier: Tier,
    verified: &mut Verified,
) -> Result<(), String> {
    let path = archive.root().join(&stored.path);
    let decryption = match tier {
        Tier::Metadata => None,
        Tier::Content => {
            let ends = fs::read(&path).map_err(|e| e.to_string())?;
            if !ends.starts_with(ENCRYPTED) || !ends.ends_with(ENCRYPTED) {
                return Err("it has text of users and is not encrypted".to_owned());
            }
            if !key_path(archive.root(), &stored.path).is_file() {
                return Err("its data key is missing".to_owned());
            }
            if !archive.has_key() {
                verified.sealed += 1;
                return Ok(());
            }
            Some(archive.decryption(&stored.path).map_err(|diagnostic| diagnostic.message)?)
        }
    };
    let (found, rows) = footer::read(&path, &file.stream, decryption).map_err(|diagnostic| diagnostic.message)?;
    if rows != file.rows {
        return Err(format!("it has {rows} rows, and was written with {}", file.rows));
    }
    if let (Tier::Metadata, Some(stream)) = (tier, stream) {
        let schema = columns(stream, Tier::Metadata);
        let allowed: BTreeSet<&str> =
            schema.fields().iter().map(|field| field.name().as_str()).chain([SOURCE]).collect();
        let known = |name: &str| stream.field(name).is_some();
        if let Some(column) = found.iter().find(|name| known(name) && !allowed.contains(name.as_str())) {
            return Err(format!("the metadata tier has text of users: `{column}`"));
        }
    }
    Ok(())
}

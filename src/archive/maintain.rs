//! What keeps an archive in shape: takes a claim, puts small files together, removes what no manifest names, changes and destroys keys.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::claim::Claim;
use super::columns::has_content;
use super::commit::TEMPORARY;
use super::errors;
use super::keys::ContentKey;
use super::manifest::{Change, Coverage, Deed, FileEntry, MANIFEST, entry_number};
use super::open::Archive;
use super::seal::{KEYS, destroy, key_path, rewrap};
use super::write::{Arrived, Layout, write};
use super::{CONTENT, METADATA, PARQUET, QUARANTINE};
use crate::diag::Diagnostic;
use crate::schema::Schema;

/// Most bytes of a file that others are put together with, and of what comes of it.
const TARGET: u64 = 128 << 20;

/// What [`compact`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    /// Files of the metadata tier before.
    pub before: usize,
    /// And after.
    pub after: usize,
    /// Groups of files that were left alone, because their text of users can't be read without its key.
    pub sealed: usize,
}

/// Puts the small files of each day and source together, and writes a manifest entry that says all, so that earlier ones are history.
/// `target` is how many bytes a file may get; the files that were read are removed by [`gc`].
///
/// # Errors
/// A file that is damaged; an archive that can't be written.
pub fn compact(
    claim: &mut Claim,
    schema: &Schema,
    key: Option<&ContentKey>,
    target: Option<u64>,
) -> Result<Compacted, Diagnostic> {
    let target = target.unwrap_or(TARGET);
    let archive = Archive::open(claim.root(), schema, key.cloned())?;
    let mut done = Compacted { before: claim.manifest().files.len(), ..Compacted::default() };
    let mut manifest = claim.manifest().clone();
    let mut made = 0;
    // What was read in one way, of one day, and has the same tiers.
    let mut groups: BTreeMap<_, Vec<FileEntry>> = BTreeMap::new();
    for file in manifest.files.values() {
        let tiers = file.content.is_some();
        groups
            .entry((file.stream.clone(), file.day, file.coverage.mapping.clone(), tiers))
            .or_default()
            .push(file.clone());
    }
    for ((name, _, _, sealed), files) in groups {
        let Some(stream) = schema.stream(&name).and_then(|index| schema.streams.get(index)) else { continue };
        let bytes = |file: &FileEntry| file.stored().map(|stored| stored.bytes).sum::<u64>();
        for portion in portions(files, target, bytes).into_iter().filter(|portion| portion.len() > 1) {
            if sealed && key.is_none() && has_content(stream) {
                done.sealed += 1;
                continue;
            }
            let mut events = Vec::new();
            for file in &portion {
                archive.read_entry(file, stream, &mut events)?;
            }
            let events = events.into_iter().map(|event| Arrived { event, at: i64::MIN }).collect();
            let coverage = portion.iter().map(|file| file.coverage.clone()).reduce(Coverage::with);
            let mappings =
                coverage.iter().map(|coverage| (coverage.source.clone(), coverage.mapping.clone())).collect();
            let layout = Layout { stream, mappings: &mappings, content: key.filter(|_| sealed), without: &[] };
            for mut file in write(claim, &layout, events, made)? {
                made += 1;
                // How long events took is known of the files before, not of the rows.
                file.coverage = coverage.clone().unwrap_or(file.coverage);
                manifest.files.insert(file.metadata.path.clone(), file);
            }
            portion.iter().for_each(|file| _ = manifest.files.remove(&file.metadata.path));
        }
    }
    done.after = manifest.files.len();
    claim.commit(manifest.whole(Deed::Compact))?;
    Ok(done)
}

/// Files in the order of their names, cut so that each portion has about as many bytes as a file may have.
fn portions(files: Vec<FileEntry>, target: u64, bytes: impl Fn(&FileEntry) -> u64) -> Vec<Vec<FileEntry>> {
    let mut portions: Vec<Vec<FileEntry>> = Vec::new();
    let mut held = u64::MAX;
    for file in files {
        let more = bytes(&file);
        held = held.saturating_add(more);
        match portions.last_mut().filter(|_| held <= target) {
            Some(portion) => portion.push(file),
            None => {
                held = more;
                portions.push(vec![file]);
            }
        }
    }
    portions
}

/// Removes what no manifest entry names: files of runs that were cut off, those that were put together, manifest entries that are history.
/// Gives the removed paths, sorted; with `only_list` nothing is removed. Files that are no archive's stay.
///
/// # Errors
/// A folder that can't be read, a file that can't be removed.
pub fn gc(claim: &Claim, only_list: bool) -> Result<Vec<PathBuf>, Diagnostic> {
    let manifest = claim.manifest();
    let stored = manifest.files.values().flat_map(FileEntry::stored);
    let stored = stored.chain(manifest.quarantine.values().map(|aside| &aside.file));
    let mut named: BTreeSet<PathBuf> = stored.map(|stored| claim.root().join(&stored.path)).collect();
    let sealed = manifest.files.values().filter_map(|file| file.content.as_ref());
    named.extend(sealed.map(|content| key_path(claim.root(), &content.path)));
    let mut orphans = Vec::new();
    for path in own_files(claim.root())? {
        let entry = path.parent().is_some_and(|folder| folder.ends_with(MANIFEST));
        let history = entry && entry_number(&path).is_some_and(|number| number < manifest.whole_since);
        let temporary = path.extension().is_some_and(|ending| ending == TEMPORARY.trim_start_matches('.'));
        if temporary || history || (!entry && !named.contains(&path)) {
            orphans.push(path);
        }
    }
    if !only_list {
        for path in &orphans {
            fs::remove_file(path).map_err(|e| errors::unwritable(path, e))?;
        }
    }
    Ok(orphans)
}

/// The files below an archive's folders whose names are an archive's, sorted.
pub(super) fn own_files(root: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let mut folders = vec![(root.to_owned(), 0)];
    let mut found = Vec::new();
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| errors::unreadable(&folder, e))? {
            let entry = entry.map_err(|e| errors::unreadable(&folder, e))?;
            let kind = entry.file_type().map_err(|e| errors::unreadable(&folder, e))?;
            if kind.is_dir() && depth < 3 {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && depth > 0 && is_own(&entry.path()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file has a name and a place that an archive gives.
fn is_own(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = |up: usize| path.ancestors().nth(up).and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    if name.starts_with('.') && name.ends_with(TEMPORARY) {
        return true;
    }
    let Some((stem, ending)) = name.split_once('.') else { return false };
    let named = stem.split_once('-').is_some_and(|(number, digest)| {
        number.len() == 10
            && number.bytes().all(|b| b.is_ascii_digit())
            && digest.len() >= 16
            && digest.bytes().all(|b| b.is_ascii_hexdigit())
    });
    let of_day = || folder(1).starts_with("day=");
    match ending {
        "json" if folder(1) == MANIFEST => entry_number(path).is_some(),
        "json" => folder(1) == KEYS && named,
        "jsonl" => folder(2) == QUARANTINE && of_day() && named,
        _ => {
            PARQUET.strip_prefix('.') == Some(ending) && [METADATA, CONTENT].contains(&&*folder(2)) && of_day() && named
        }
    }
}

/// Wraps the data key of every content file by another content key. Gives how many were changed; where it was cut off, it goes on.
///
/// # Errors
/// A content key that is not the one; an archive that can't be written.
pub fn rotate(claim: &mut Claim, old: &ContentKey, new: &ContentKey) -> Result<usize, Diagnostic> {
    let mut changed = 0;
    for path in content_paths(claim, &|_| true) {
        changed += usize::from(rewrap(claim.disk(), claim.root(), claim.archive(), &path, (old, new))?);
    }
    claim.commit(Change::new(Deed::Keys))?;
    Ok(changed)
}

/// Destroys the data keys of the content of files that `chosen` takes, and forgets the content. First the manifest, then the keys, then the
/// files: where it is cut off, [`gc`] ends it. Gives how many files lost their content.
///
/// # Errors
/// An archive that can't be written.
pub fn shred(claim: &mut Claim, deed: Deed, chosen: &dyn Fn(&FileEntry) -> bool) -> Result<usize, Diagnostic> {
    let paths = content_paths(claim, chosen);
    let mut change = Change::new(deed);
    for file in claim.manifest().files.values().filter(|file| file.content.is_some() && chosen(file)) {
        change.drop.push(file.metadata.path.clone());
        change.add.push(FileEntry { content: None, ..file.clone() });
    }
    if change.add.is_empty() {
        return Ok(0);
    }
    claim.commit(change)?;
    remove_content(claim, &paths)?;
    Ok(paths.len())
}

fn content_paths(claim: &Claim, chosen: &dyn Fn(&FileEntry) -> bool) -> Vec<String> {
    let files = claim.manifest().files.values().filter(|file| chosen(file));
    files.filter_map(|file| file.content.as_ref()).map(|content| content.path.clone()).collect()
}

/// Destroys keys and files of content that the manifest has forgotten.
pub(super) fn remove_content(claim: &Claim, paths: &[String]) -> Result<(), Diagnostic> {
    paths.iter().try_for_each(|path| destroy(claim.root(), path))?;
    paths.iter().try_for_each(|path| remove(claim, path))
}

/// Removes a file that the manifest has forgotten; one that is gone already is.
pub(super) fn remove(claim: &Claim, path: &str) -> Result<(), Diagnostic> {
    let place = claim.root().join(path);
    match fs::remove_file(&place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(errors::unwritable(&place, error)),
        _ => Ok(()),
    }
}
